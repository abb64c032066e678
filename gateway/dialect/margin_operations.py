"""The margin operations and their addresses below /sapi/v1: a part of the tables in gateway/dialect/operations.py and gateway/rest.py."""

from functools import partial

from gateway.dialect import account, info, lists, margin, margin_history, margin_loans, margin_orders, orders
from gateway.dialect.operation import Operation, Security
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING

_public = partial(Operation, security=Security.MARKET_DATA, websocket=False)
_data = partial(Operation, security=Security.USER_DATA, websocket=False)
_trade = partial(Operation, security=Security.TRADE, websocket=False, fresh=False)
_move = partial(Operation, security=Security.TRADE, websocket=False)
_key = partial(Operation, security=Security.USER_STREAM, websocket=False)
_LISTEN_KEY: Table = account.LISTEN_KEY | TIMING

MARGIN_OPERATIONS = (
    # what there is
    _public("margin.pairs", margin.cross_pairs, margin.SYMBOL),
    _public("margin.isolated.pairs", margin.isolated_pairs, margin.SYMBOL),
    _public("margin.assets", margin.assets, margin.ASSET),
    _public("margin.priceIndex", margin.price_index, margin.SYMBOL, ("symbol",), weight=10),
    _public("margin.priceIndex.history", margin_history.index_history, margin_history.INDEX, ("asset",), weight=10),
    _public("margin.collateralRatio", margin.collateral_ratios, margin.PLAIN, weight=100),
    _public("margin.inventory", margin.inventory, margin.INVENTORY, weight=50),
    _public("margin.leverageBracket", margin.leverage_bracket, margin.PLAIN),
    _public("margin.delistings", info.none_at_all, margin.PLAIN, weight=100),
    _data("margin.terms", margin.cross_terms, margin.COIN, weight=5),
    _data("margin.isolated.terms", margin.isolated_terms, margin.SYMBOL_TERMS, weight=10),
    _data("margin.isolated.tiers", margin.isolated_tiers, margin.SYMBOL_TIER, ("symbol",)),
    _data("margin.thresholds", margin.thresholds, margin.PLAIN, weight=10),
    _data("margin.nextRates", margin.next_rates, margin.NEXT_RATES, ("assets",), weight=50),
    _data("margin.rates", margin_history.rates, margin_history.RATE, ("asset",)),
    # accounts
    _data("margin.account", margin.account, margin.PLAIN, weight=10),
    _data("margin.isolated.account", margin.isolated_account, margin.ISOLATED, weight=10),
    _move("margin.isolated.enable", margin.enable_isolated, margin.SYMBOL, ("symbol",), weight=10),
    _move("margin.isolated.disable", margin.enable_isolated, margin.SYMBOL, offered=False),
    _data("margin.isolated.limit", margin.account_limit, margin.PLAIN),
    _data("margin.maxBorrowable", margin.max_borrowable, margin.ASSET_OF_ACCOUNT, ("asset",), weight=50),
    _data("margin.maxTransferable", margin.max_transferable, margin.ASSET_OF_ACCOUNT, ("asset",), weight=50),
    _data("margin.events", margin_history.level_events, margin_history.EVENTS),
    # money
    _move("margin.borrowRepay", margin_loans.borrow_repay, margin_loans.BORROW_REPAY, ("asset", "amount", "type"), weight=50),
    _data("margin.loans", margin_history.borrow_repay, margin_history.BORROW_REPAY, weight=10),
    _data("margin.interest", margin_history.interest, margin_history.INTEREST),
    _data("margin.capitalFlow", margin_history.capital_flow, margin_history.FLOW_TABLE, weight=100),
    _data("margin.liquidations", margin_history.liquidations, margin_history.LIQUIDATIONS),
    _move("margin.transfer", margin_loans.move_cross, margin_loans.CROSS_TRANSFER, ("asset", "amount", "type"), weight=20),
    _data("margin.transfers", margin_history.cross_transfers, margin_history.CROSS_TRANSFERS),
    _move("asset.transfer", margin_loans.move, margin_loans.TRANSFER, ("type", "asset", "amount"), weight=30),
    _data("asset.transfers", margin_history.transfers, margin_history.TRANSFERS, ("type",)),
    _data("margin.discount", margin.discount, margin.PLAIN),
    _move("margin.setDiscount", margin_loans.set_discount, margin_loans.DISCOUNT),
    # lending: the project's own
    _public("margin.pools", margin_loans.pools, margin.ASSET),
    _move("margin.lend", margin_loans.lend, margin_loans.LEND, ("type", "asset")),
    _data("margin.lendings", margin_history.lending, margin_history.LENDING),
    # orders
    _trade("margin.order.place", margin_orders.place, margin_orders.PLACE, ("symbol", "side", "type"), places_order=True),
    _trade("margin.order.cancel", margin_orders.cancel, margin_orders.CANCEL, ("symbol",), weight=10),
    _trade("margin.order.cancelReplace", margin_orders.cancel_replace, margin_orders.CANCEL_REPLACE, orders.CANCEL_REPLACE_REQUIRED,
           weight=6, places_order=True),
    _trade("margin.order.amend.keepPriority", margin_orders.amend, margin_orders.AMEND, ("symbol", "newQty"), weight=6),
    _trade("margin.openOrders.cancelAll", margin_orders.cancel_all, margin_orders.CANCEL_ALL, ("symbol",), fresh=True),
    _data("margin.order.status", margin_orders.status, margin_orders.STATUS, ("symbol",), weight=10),
    _data("margin.openOrders", margin_orders.open_orders, margin_orders.OPEN, weight=10),
    _data("margin.allOrders", margin_orders.all_orders, margin_orders.ALL, ("symbol",), weight=100),
    _data("margin.myTrades", margin_orders.my_trades, margin_orders.MY_TRADES, ("symbol",), weight=10),
    _trade("margin.order.oco", margin_orders.oco, margin_orders.OCO, ("symbol", "side", "quantity"), weight=2, places_order=True),
    _trade("margin.order.oto", margin_orders.oto, margin_orders.OTO, lists.OTO_REQUIRED, weight=2, places_order=True),
    _trade("margin.order.otoco", margin_orders.otoco, margin_orders.OTOCO, lists.OTOCO_REQUIRED, weight=2, places_order=True),
    _trade("margin.orderList.cancel", margin_orders.cancel_list, margin_orders.CANCEL_LIST, ("symbol",)),
    _data("margin.orderList.status", margin_orders.list_status, margin_orders.LIST_STATUS, weight=10),
    _data("margin.openOrderLists", margin_orders.open_lists, margin_orders.OPEN_LISTS, weight=10),
    _data("margin.allOrderLists", margin_orders.all_lists, margin_orders.ALL_LISTS, weight=100),
    _data("margin.rateLimits.orders", margin_orders.order_counts, margin_orders.COUNTS, weight=20),
    # streams
    _key("userListenToken", margin.listen_token, margin.LISTEN_TOKEN),
    _key("margin.stream.start", margin.start_stream, margin.PLAIN),
    _key("margin.stream.ping", margin.keep_stream, _LISTEN_KEY, ("listenKey",)),
    _key("margin.stream.stop", margin.close_stream, _LISTEN_KEY, ("listenKey",)),
    _key("margin.isolated.stream.start", margin.start_stream, margin.SYMBOL, ("symbol",)),
    _key("margin.isolated.stream.ping", margin.keep_stream, _LISTEN_KEY | margin.SYMBOL, ("symbol", "listenKey")),
    _key("margin.isolated.stream.stop", margin.close_stream, _LISTEN_KEY | margin.SYMBOL, ("symbol", "listenKey")),
)

MARGIN_ROUTES: dict[str, dict[str, str]] = {
    f"/sapi/v1/{path}": methods
    for path, methods in {
        "margin/allPairs": {"GET": "margin.pairs"},
        "margin/isolated/allPairs": {"GET": "margin.isolated.pairs"},
        "margin/allAssets": {"GET": "margin.assets"},
        "margin/priceIndex": {"GET": "margin.priceIndex"},
        "margin/priceIndex/history": {"GET": "margin.priceIndex.history"},
        "margin/crossMarginCollateralRatio": {"GET": "margin.collateralRatio"},
        "margin/available-inventory": {"GET": "margin.inventory"},
        "margin/leverageBracket": {"GET": "margin.leverageBracket"},
        "margin/delist-schedule": {"GET": "margin.delistings"},
        "margin/crossMarginData": {"GET": "margin.terms"},
        "margin/isolatedMarginData": {"GET": "margin.isolated.terms"},
        "margin/isolatedMarginTier": {"GET": "margin.isolated.tiers"},
        "margin/tradeCoeff": {"GET": "margin.thresholds"},
        "margin/next-hourly-interest-rate": {"GET": "margin.nextRates"},
        "margin/interestRateHistory": {"GET": "margin.rates"},
        "margin/account": {"GET": "margin.account"},
        "margin/isolated/account": {
            "GET": "margin.isolated.account", "POST": "margin.isolated.enable", "DELETE": "margin.isolated.disable"
        },
        "margin/isolated/accountLimit": {"GET": "margin.isolated.limit"},
        "margin/maxBorrowable": {"GET": "margin.maxBorrowable"},
        "margin/maxTransferable": {"GET": "margin.maxTransferable"},
        "margin/levelEvents": {"GET": "margin.events"},
        "margin/borrow-repay": {"GET": "margin.loans", "POST": "margin.borrowRepay"},
        "margin/interestHistory": {"GET": "margin.interest"},
        "margin/capital-flow": {"GET": "margin.capitalFlow"},
        "margin/forceLiquidationRec": {"GET": "margin.liquidations"},
        "margin/transfer": {"GET": "margin.transfers", "POST": "margin.transfer"},
        "asset/transfer": {"GET": "asset.transfers", "POST": "asset.transfer"},
        "bnbBurn": {"GET": "margin.discount", "POST": "margin.setDiscount"},
        "margin/lending": {"GET": "margin.pools", "POST": "margin.lend"},
        "margin/lending/history": {"GET": "margin.lendings"},
        "margin/order": {"GET": "margin.order.status", "POST": "margin.order.place", "DELETE": "margin.order.cancel"},
        "margin/order/cancelReplace": {"POST": "margin.order.cancelReplace"},
        "margin/order/amend/keepPriority": {"PUT": "margin.order.amend.keepPriority"},
        "margin/order/oco": {"POST": "margin.order.oco"},
        "margin/order/oto": {"POST": "margin.order.oto"},
        "margin/order/otoco": {"POST": "margin.order.otoco"},
        "margin/orderList": {"GET": "margin.orderList.status", "DELETE": "margin.orderList.cancel"},
        "margin/openOrderList": {"GET": "margin.openOrderLists"},
        "margin/allOrderList": {"GET": "margin.allOrderLists"},
        "margin/openOrders": {"GET": "margin.openOrders", "DELETE": "margin.openOrders.cancelAll"},
        "margin/allOrders": {"GET": "margin.allOrders"},
        "margin/myTrades": {"GET": "margin.myTrades"},
        "margin/rateLimit/order": {"GET": "margin.rateLimits.orders"},
        "userListenToken": {"POST": "userListenToken"},
        "userDataStream": {"POST": "margin.stream.start", "PUT": "margin.stream.ping", "DELETE": "margin.stream.stop"},
        "userDataStream/isolated": {
            "POST": "margin.isolated.stream.start", "PUT": "margin.isolated.stream.ping", "DELETE": "margin.isolated.stream.stop"
        },
    }.items()
}  # fmt: skip
