// geseq/cpp-orderbook as a driver's engine. Its reports lack side and price, which are kept here by order id; a modify is a cancel and a new order.
#include "driver.h"

#include "orderbook.hpp"

using orderbook::Decimal;
using orderbook::ExecType;

class CppOrderbookEngine : public orderbook::NotificationInterface<CppOrderbookEngine> {
public:
    CppOrderbookEngine(Reports& reports, int64_t last_id) : _reports(reports), _book(*this), _asked(size_t(last_id) + 1) {}

    void place(const Message& message) {
        _reports.tell(ORDER_ACK, message.side, message.sequence, message.order_id, message.price_ticks, message.quantity);
        add(message, message.side);
        if (message.ioc && _traded < message.quantity)
            _reports.tell(CANCEL_ACK, message.side, message.sequence, message.order_id, message.price_ticks, message.quantity - _traded);
    }

    void cancel(const Message& message) {
        if (!remove(message)) {
            _reports.tell(CANCEL_REJECT, 0, message.sequence, message.order_id, 0, 0);
            return;
        }
        const Asked& asked = _asked[size_t(message.order_id)];
        _reports.tell(CANCEL_ACK, asked.side, message.sequence, message.order_id, asked.price_ticks, _left);
    }

    void modify(const Message& message) {
        if (!remove(message)) {
            _reports.tell(MODIFY_REJECT, 0, message.sequence, message.order_id, 0, 0);
            return;
        }
        const uint8_t side = _asked[size_t(message.order_id)].side;
        _reports.tell(MODIFY_ACK, side, message.sequence, message.order_id, message.price_ticks, message.quantity);
        add(message, side);
    }

    void onExecutionReport(const orderbook::ExecutionReport& report) {
        if (report.exec_type == ExecType::Trade) {
            const auto quantity = uint32_t(report.last_qty.to_int());
            _reports.tell(TRADE, _side, _sequence, int64_t(report.taker_order_id), int64_t(report.last_price.to_int()), quantity,
                          int64_t(report.maker_order_id));
            _traded += quantity;
        } else if (report.exec_type == ExecType::Canceled) {
            _removed = true;
            _left = uint32_t(report.qty.to_int());
        }
    }

private:
    struct Asked {
        int64_t price_ticks;
        uint8_t side;
    };

    void add(const Message& message, uint8_t side) {
        _sequence = message.sequence;
        _side = side;
        _traded = 0;
        if (!message.ioc || message.kind == MODIFY) _asked[size_t(message.order_id)] = {message.price_ticks, side};
        _book.addOrder(uint64_t(message.order_id), orderbook::Type::Limit, side == 0 ? orderbook::Side::Buy : orderbook::Side::Sell,
                       Decimal(uint64_t(message.quantity), 0), Decimal(uint64_t(message.price_ticks), 0),
                       message.ioc && message.kind == NEW ? orderbook::Flag::IoC : orderbook::Flag::None);
    }

    bool remove(const Message& message) {
        _removed = false;
        _book.cancelOrder(uint64_t(message.order_id));
        return _removed;
    }

    Reports& _reports;
    orderbook::OrderBook<CppOrderbookEngine> _book;
    std::vector<Asked> _asked;
    int64_t _sequence = 0;
    uint32_t _traded = 0, _left = 0;
    uint8_t _side = 0;
    bool _removed = false;
};

int main(int argc, char** argv) { return drive<CppOrderbookEngine>(argc, argv); }
