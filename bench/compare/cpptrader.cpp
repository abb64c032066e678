// CppTrader's MarketManager as a driver's engine. It keeps orders by id itself, so this file keeps none.
#include "driver.h"

#include "trader/matching/market_manager.h"

using namespace CppTrader::Matching;

class CppTraderEngine : private MarketHandler {
public:
    CppTraderEngine(Reports& reports, int64_t) : _reports(reports), _manager(*this) {
        const char name[8] = {'S', 'Y', 'M', 'B', 'O', 'L', 0, 0};
        const Symbol symbol(1, name);
        _manager.AddSymbol(symbol);
        _manager.AddOrderBook(symbol);
        _manager.EnableMatching();
    }

    void place(const Message& message) {
        _reports.tell(ORDER_ACK, message.side, message.sequence, message.order_id, message.price_ticks, message.quantity);
        begin(message);
        const auto lasting = message.ioc ? OrderTimeInForce::IOC : OrderTimeInForce::GTC;
        const auto id = uint64_t(message.order_id), price = uint64_t(message.price_ticks);
        _manager.AddOrder(message.side == 0 ? Order::BuyLimit(id, 1, price, message.quantity, lasting)
                                            : Order::SellLimit(id, 1, price, message.quantity, lasting));
        if (message.ioc && _traded < message.quantity)
            _reports.tell(CANCEL_ACK, message.side, message.sequence, message.order_id, message.price_ticks,
                          message.quantity - uint32_t(_traded));
    }

    void cancel(const Message& message) {
        const Order* order = _manager.GetOrder(uint64_t(message.order_id));
        if (!order) {
            _reports.tell(CANCEL_REJECT, 0, message.sequence, message.order_id, 0, 0);
            return;
        }
        _reports.tell(CANCEL_ACK, uint8_t(order->Side), message.sequence, message.order_id, int64_t(order->Price),
                      uint32_t(order->LeavesQuantity));
        _manager.DeleteOrder(uint64_t(message.order_id));
    }

    void modify(const Message& message) {
        const Order* order = _manager.GetOrder(uint64_t(message.order_id));
        if (!order) {
            _reports.tell(MODIFY_REJECT, 0, message.sequence, message.order_id, 0, 0);
            return;
        }
        begin(message);
        _side = uint8_t(order->Side);
        _reports.tell(MODIFY_ACK, _side, message.sequence, message.order_id, message.price_ticks, message.quantity);
        _manager.ModifyOrder(uint64_t(message.order_id), uint64_t(message.price_ticks), message.quantity);
    }

private:
    void begin(const Message& message) {
        _sequence = message.sequence;
        _side = message.side;
        _traded = 0;
        _maker = 0;
    }

    // Called for the maker first, then for the taker.
    void onExecuteOrder(const Order& order, uint64_t price, uint64_t quantity) override {
        if (_maker == 0) {
            _maker = int64_t(order.Id);
            return;
        }
        _reports.tell(TRADE, _side, _sequence, int64_t(order.Id), int64_t(price), uint32_t(quantity), _maker);
        _traded += quantity;
        _maker = 0;
    }

    Reports& _reports;
    MarketManager _manager;
    int64_t _sequence = 0, _maker = 0;
    uint64_t _traded = 0;
    uint8_t _side = 0;
};

int main(int argc, char** argv) { return drive<CppTraderEngine>(argc, argv); }
