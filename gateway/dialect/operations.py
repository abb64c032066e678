"""Every operation of the venue's public interface: its function, parameters, security and weight.

Operations are called as in the WebSocket API; REST has other names for the same (gateway/rest.py), and a few of its own.
"""

from functools import partial
from typing import Any

from gateway.dialect import account, info, lists, market, orders, parameters, wallet, wallet_account
from gateway.dialect.margin_operations import MARGIN_OPERATIONS
from gateway.dialect.operation import Operation, Security
from gateway.dialect.parameters import Table
from gateway.dialect.terms import PLACE, PLACE_REQUIRED, TIMING

_FEW_SYMBOLS = ((20, 2), (100, 40))


def _window_weight(params: dict[str, Any]) -> int:
    steps = tuple((count, 4 * count) for count in range(1, 51))
    return market.tickers_weight(params, 4, steps, 200)


def _rules_weight(params: dict[str, Any]) -> int:
    return market.tickers_weight(params, 2, tuple((count, 2 * count) for count in range(1, 20)), 40)


def _test_weight(params: dict[str, Any]) -> int:
    return 20 if str(params.get("computeCommissionRates", "")).lower() == "true" else 1


_EXCHANGE_INFO: Table = {
    "symbol": parameters.symbol,
    "symbols": parameters.names,
    "permissions": parameters.name_or_names,
    "showPermissionSets": parameters.boolean,
    "symbolStatus": info.symbol_status,
}
_SYMBOL: Table = {"symbol": parameters.symbol, "symbolStatus": info.symbol_status}
_EXECUTION_RULES: Table = {"symbol": parameters.symbol, "symbols": parameters.names, "symbolStatus": info.symbol_status}
_ALLOCATIONS: Table = TIMING | {
    "symbol": parameters.symbol,
    "fromAllocationId": parameters.integer,
    "orderId": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "limit": parameters.limit(1000),
}
_data = partial(Operation, security=Security.USER_DATA)
_trade = partial(Operation, security=Security.TRADE, fresh=False)
_listen_key = partial(Operation, security=Security.USER_STREAM, weight=2)
_price_weight = partial(market.tickers_weight, one=2, some=(), every=4)
_day_weight = partial(market.tickers_weight, one=2, some=_FEW_SYMBOLS, every=80)
_not_offered = partial(Operation, function=info.ping, table={}, security=Security.TRADE, fresh=False, offered=False)
_wallet = partial(Operation, security=Security.USER_DATA, websocket=False)

_TABLE = (
    Operation("ping", info.ping, {}, fresh=False),
    Operation("time", info.time, {}, fresh=False),
    Operation("exchangeInfo", info.exchange_info, _EXCHANGE_INFO, weight=20),
    Operation("executionRules", info.execution_rules, _EXECUTION_RULES, weight=_rules_weight),
    Operation("referencePrice", info.reference_price, _SYMBOL, ("symbol",), weight=2),
    Operation("referencePrice.calculation", info.reference_price_calculation, _SYMBOL, ("symbol",), weight=2),
    Operation("auction", info.auction, _SYMBOL, ("symbol",), weight=2),
    Operation("depth", market.depth, market.DEPTH, ("symbol",), weight=market.depth_weight),
    Operation("trades.recent", market.trades, market.TRADES, ("symbol",), weight=25),
    Operation("trades.historical", market.historical_trades, market.HISTORICAL_TRADES, ("symbol",), weight=25),
    Operation("blockTrades.historical", info.none_of_symbol, market.HISTORICAL_TRADES, ("symbol", "fromId"), weight=25),
    Operation("trades.aggregate", market.agg_trades, market.AGG_TRADES, ("symbol",), weight=4),
    Operation("klines", market.klines, market.KLINES, ("symbol", "interval"), weight=2),
    Operation("uiKlines", market.klines, market.KLINES, ("symbol", "interval"), weight=2),
    Operation("avgPrice", market.average_price, market.AVERAGE_PRICE, ("symbol",), weight=2),
    Operation("ticker.24hr", market.ticker_24h, market.TICKER_24H, weight=_day_weight),
    Operation("ticker.tradingDay", market.ticker_day, market.TICKER_DAY, weight=_window_weight),
    Operation("ticker", market.ticker_window, market.TICKER_WINDOW, weight=_window_weight),
    Operation("ticker.price", market.ticker_price, market.TICKER_PRICE, weight=_price_weight),
    Operation("ticker.book", market.ticker_book, market.TICKER_PRICE, weight=_price_weight),
    _trade("order.place", orders.place, PLACE, PLACE_REQUIRED, places_order=True),
    _trade("order.test", orders.test, orders.TEST, PLACE_REQUIRED, weight=_test_weight, fresh=True),
    _trade("order.cancel", orders.cancel, orders.CANCEL, ("symbol",)),
    _trade("order.cancelReplace", orders.cancel_replace, orders.CANCEL_REPLACE, orders.CANCEL_REPLACE_REQUIRED,
           places_order=True),
    _trade("order.amend.keepPriority", orders.amend, orders.AMEND, ("symbol", "newQty"), weight=4),
    _trade("openOrders.cancelAll", orders.cancel_all, orders.CANCEL_ALL, fresh=True),
    _data("order.status", orders.status, orders.STATUS, ("symbol",), weight=4),
    _data("openOrders.status", orders.open_orders, orders.OPEN, weight=lambda params: 6 if "symbol" in params else 80),
    _data("allOrders", orders.all_orders, orders.ALL, ("symbol",), weight=20),
    _data("myTrades", account.my_trades, account.MY_TRADES, ("symbol",),
          weight=lambda params: 5 if "orderId" in params else 20),
    _data("account.status", account.account, account.ACCOUNT, weight=20),
    _data("account.commission", account.commission, account.COMMISSION, ("symbol",), weight=20),
    _data("account.rateLimits.orders", account.order_counts, TIMING, weight=40),
    _data("myFilters", info.my_filters, account.COMMISSION, ("symbol",), weight=40),
    _listen_key("userDataStream.start", account.start_stream, {}),
    _listen_key("userDataStream.ping", account.keep_stream, account.LISTEN_KEY, ("listenKey",)),
    _listen_key("userDataStream.stop", account.close_stream, account.LISTEN_KEY, ("listenKey",)),
    _trade("orderList.place", lists.place_former_oco, lists.FORMER_OCO, lists.FORMER_OCO_REQUIRED, places_order=True),
    _trade("orderList.place.oco", lists.place_oco, lists.OCO, lists.OCO_REQUIRED, places_order=True),
    _trade("orderList.place.oto", lists.place_oto, lists.OTO, lists.OTO_REQUIRED, places_order=True),
    _trade("orderList.place.otoco", lists.place_otoco, lists.OTOCO, lists.OTOCO_REQUIRED, places_order=True),
    _trade("orderList.cancel", lists.cancel, lists.CANCEL, ("symbol",)),
    _data("orderList.status", lists.status, lists.STATUS, weight=4),
    _data("openOrderLists.status", lists.open_lists, TIMING, weight=6),
    _data("allOrderLists", lists.all_lists, lists.ALL, weight=20),
    _data("order.amendments", orders.amendments, orders.AMENDMENTS, ("symbol", "orderId"), weight=4),
    _data("myPreventedMatches", orders.prevented_matches, orders.PREVENTED, ("symbol",),
          weight=lambda params: 20 if "orderId" in params else 2),
    # The project's own (docs/DIALECT.md).
    _trade("countdownCancelAll", orders.countdown, orders.COUNTDOWN, ("countdownTime",)),
    # No smart order routing: so there are no allocations to be listed.
    _data("myAllocations", info.none_of_symbol, _ALLOCATIONS, ("symbol",), weight=20),
    # The rest of the order interface: known, not offered.
    *(_not_offered(name) for name in (
        "orderList.place.opo", "orderList.place.opoco", "sor.order.place", "sor.order.test",
    )),
    Operation("wallet.status", wallet.system_status, wallet.STATUS, websocket=False),
    _wallet("wallet.coins", wallet.coins, wallet.COINS, weight=10),
    _wallet("wallet.fees", wallet.trade_fees, wallet.FEES),
    _wallet("wallet.deposits", wallet.deposits, wallet.TRANSFERS),
    _wallet("wallet.withdrawals", wallet.withdrawals, wallet.TRANSFERS),
    _wallet("wallet.delistings", info.none_at_all, TIMING),
    _wallet("wallet.assets", wallet_account.user_assets, wallet_account.ASSETS, weight=5),
    _wallet("wallet.wallets", wallet_account.wallets, wallet_account.WALLETS, weight=60),
    _wallet("wallet.funding", wallet_account.no_assets, wallet_account.NOTHING),
    _wallet("wallet.assetDetail", wallet_account.asset_detail, wallet_account.ASSET),
    _wallet("wallet.dividends", wallet_account.no_rows, wallet_account.NOTHING, weight=10),
    _wallet("wallet.dust", wallet_account.no_dust, wallet_account.NOTHING),
    _wallet("wallet.keyPermissions", wallet_account.key_permissions, TIMING),
    _wallet("wallet.accountStatus", wallet_account.account_status, TIMING),
    _wallet("wallet.tradingStatus", wallet_account.trading_status, TIMING),
    _wallet("wallet.accountInfo", wallet_account.account_info, TIMING),
    _not_offered("wallet.address", websocket=False),
    _not_offered("wallet.withdraw", websocket=False),
    *MARGIN_OPERATIONS,
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _TABLE}
