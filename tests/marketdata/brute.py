"""The past, the slow and obvious way: every event, one by one, into lists; every question by looking at all of them."""

from datetime import UTC, datetime, timedelta

from engine.types import ADMIN_COMMAND, ADMIN_EVENT, ORDER_COMMAND, TRANSFER_EVENT, EventKind, Kind, OrderStatus, OrderType
from engine.views import Applied
from marketdata import Fill, Kline, OrderRecord, TransferRecord

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)
TERMS = ("stop_price_ticks", "iceberg_lots", "trailing_bps", "peg", "peg_offset", "side_effect", "list_id", "expires_ns")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def opened(interval: str, time_ns: int, offset_minutes: int = 0) -> int:
    """When the candle around `time_ns` opened, by the calendar of the standard library."""
    local = EPOCH + timedelta(seconds=time_ns // 10**9, minutes=offset_minutes)
    if interval == "1M":
        start = local.replace(day=1, hour=0, minute=0, second=0)
    elif interval == "1w":
        start = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0)
    else:
        step = int(interval[:-1]) * SECONDS[interval[-1]]
        start = local - timedelta(seconds=round((local - EPOCH).total_seconds()) % step)
    return round((start - timedelta(minutes=offset_minutes) - EPOCH).total_seconds()) * 10**9


def following(interval: str, open_ns: int, offset_minutes: int = 0) -> int:
    """When the next candle opens."""
    if interval != "1M":
        days = {"1w": 7 * 86_400}.get(interval) or int(interval[:-1]) * SECONDS[interval[-1]]
        return open_ns + days * 10**9
    local = EPOCH + timedelta(seconds=open_ns // 10**9, minutes=offset_minutes)
    later = (local + timedelta(days=32)).replace(day=1)
    return round((later - timedelta(minutes=offset_minutes) - EPOCH).total_seconds()) * 10**9


class Past:
    """Everything that happened."""

    def __init__(self, *, orders: bool = True):
        """Without `orders` it takes trades that nobody placed an order for."""
        self._with_orders = orders
        self.trades: list[dict] = []
        self.orders: dict[int, OrderRecord] = {}
        self.transfers: dict[tuple[int, int], TransferRecord] = {}
        self.units: dict[int, int] = {}  # tick_lot_units by symbol
        self.now_ns = 0
        self._last_of_symbol: dict[int, dict] = {}

    def take(self, applied: Applied) -> None:
        self.now_ns = max(self.now_ns, applied.time_ns)
        commands = applied.commands.view(ORDER_COMMAND)
        for at, event in enumerate(applied.events):
            kind = int(event["kind"])
            if kind >= EventKind.ADMIN:
                self._take_admin(applied.events.view(ADMIN_EVENT)[at], applied.commands.view(ADMIN_COMMAND))
            elif kind >= EventKind.TRANSFERRED:
                self._take_transfer(applied.events.view(TRANSFER_EVENT)[at])
            elif kind < EventKind.LIST and kind != EventKind.REJECTED:
                if self._with_orders:
                    self._take_order(event, commands[event["index"]])
                if kind == EventKind.TRADE:
                    self._take_trade(event, applied.position)

    def _take_admin(self, event, commands) -> None:
        if event["kind"] == EventKind.ADMIN and event["command"] == Kind.ADD_SYMBOL:
            self.units[int(event["symbol"])] = int(commands[event["index"]]["value2"])

    def _take_order(self, event, command) -> None:
        order_id, kind, now_ns = int(event["order_id"]), int(event["kind"]), int(event["time_ns"])
        client_id = bytes(command["client_id"]).decode("ascii", "replace").replace("\0", "\ufffd")
        if command["kind"] == Kind.CONVERT:
            client_id = f"convert-{order_id}"
        if kind == EventKind.NEW:
            by_value = event["order_type"] == OrderType.MARKET and command["kind"] != Kind.CONVERT
            terms = {name: int(event[name]) for name in TERMS}
            is_pending = event["status"] == OrderStatus.PENDING_NEW
            self.orders[order_id] = OrderRecord(
                order_id, int(event["account"]), int(event["symbol"]), int(event["side"]), int(event["order_type"]),
                int(event["time_in_force"]), int(event["stp"]), 0, 0, int(event["price_ticks"]), 0,
                int(command["quote_quantity"]) if by_value else 0, 0, 0, client_id, now_ns, 0, **terms,
                turn_ns=0 if is_pending else now_ns, working_ns=0 if is_pending or event["order_type"] in STOPS else now_ns,
            )  # fmt: skip
        order = self.orders[order_id]
        if kind == EventKind.ACTIVATED:
            works = order.turn_ns or order.order_type not in STOPS
            order = order._replace(
                price_ticks=int(event["price_ticks"]), turn_ns=order.turn_ns or now_ns, working_ns=now_ns if works else order.working_ns
            )
        self.orders[order_id] = order._replace(
            status=int(event["status"]), code=int(event["code"]), order_lots=int(event["order_lots"]),
            executed_lots=int(event["executed_lots"]), executed_quote=int(event["executed_quote"]), updated_ns=now_ns,
            client_id=client_id if kind == EventKind.AMENDED and client_id else order.client_id,
        )  # fmt: skip
        if kind in (EventKind.TRADE, EventKind.PREVENTED):
            maker = self.orders[int(event["counter_order_id"])]
            self.orders[maker.order_id] = maker._replace(
                status=int(event["counter_status"]), code=0, executed_lots=int(event["counter_executed_lots"]),
                executed_quote=int(event["counter_executed_quote"]), updated_ns=now_ns,
            )  # fmt: skip
        if kind == EventKind.PREVENTED:
            for one, lots in ((order_id, event["quantity_lots"]), (maker.order_id, event["counter_prevented_lots"])):
                if lots:
                    known = self.orders[one]
                    more = known.prevented_lots + int(lots)
                    self.orders[one] = known._replace(prevented_lots=more, prevented_match=int(event["trade_id"]))

    def _take_trade(self, event, position: int) -> None:
        names = ("trade_id", "time_ns", "price_ticks", "quantity_lots", "fee", "counter_fee", "account", "counter_account", "order_id",
                 "counter_order_id", "symbol", "side")  # fmt: skip
        trade = {name: int(event[name]) for name in names}
        trade["quote"] = trade["price_ticks"] * trade["quantity_lots"] * self.units[trade["symbol"]]
        trade["of"] = (position, trade["order_id"], trade["price_ticks"])
        last = self._last_of_symbol.get(trade["symbol"])
        trade["agg_id"] = last["agg_id"] + (last["of"] != trade["of"]) if last else 1
        self._last_of_symbol[trade["symbol"]] = trade
        self.trades.append(trade)

    def _take_transfer(self, event) -> None:
        kind, time_ns = int(event["kind"]), int(event["time_ns"])
        ids = [(int(event[f"{name}_hi"]), int(event[f"{name}_lo"])) for name in ("id", "pending", "user")]
        if kind == EventKind.TRANSFER_REJECTED:
            return
        if kind != EventKind.HOLD_EXPIRED:
            numbers = {name: int(event[name]) for name in ("debit", "credit", "asset", "amount", "released", "reason", "expires_ns")}
            self.transfers[ids[0]] = TransferRecord(ids[0], ids[1], kind, 0, user=ids[2], time_ns=time_ns, ended_ns=0, **numbers)
        held = {EventKind.HOLD_EXPIRED: ids[0], EventKind.CAPTURED: ids[1], EventKind.RELEASED: ids[1]}.get(kind)
        if held:
            self.transfers[held] = self.transfers[held]._replace(ended=kind, ended_ns=time_ns)

    # ---------------------------------------------------------------- questions

    def of_symbol(self, symbol: int) -> list[dict]:
        return [trade for trade in self.trades if trade["symbol"] == symbol]

    def klines(self, symbol: int, interval: str, *, start_ns: int | None, end_ns: int | None, limit: int, offset: int) -> list[Kline]:
        trades = self.of_symbol(symbol)
        if not trades:
            return []
        groups: dict[int, list[dict]] = {}
        for trade in trades:
            groups.setdefault(opened(interval, trade["time_ns"], offset), []).append(trade)
        last_ns = opened(interval, min(self.now_ns, self.now_ns if end_ns is None else end_ns), offset)
        if start_ns is None:  # too many to make all of them
            open_ns, close = self._some_before(interval, groups, last_ns, limit, offset)
        else:
            open_ns, close = min(groups), trades[0]["price_ticks"]
            candles = sorted(groups)
            for candle in candles:
                if candle < start_ns:
                    close = groups[candle][-1]["price_ticks"]
            if open_ns < start_ns:
                open_ns = opened(interval, start_ns, offset)
                open_ns = open_ns if open_ns == start_ns else following(interval, open_ns, offset)
        found = []
        while open_ns <= last_ns and len(found) < limit:
            found.append(_kline(groups.get(open_ns, []), open_ns, following(interval, open_ns, offset), close))
            close = found[-1].close_ticks
            open_ns = found[-1].next_ns
        return found

    @staticmethod
    def _some_before(interval: str, groups: dict, last_ns: int, limit: int, offset: int) -> tuple[int, int]:
        open_ns = last_ns
        for _ in range(limit - 1):
            if open_ns <= min(groups):
                break
            open_ns = opened(interval, open_ns - 1, offset)
        open_ns = max(open_ns, min(groups))
        before = [candle for candle in sorted(groups) if candle < open_ns]
        return open_ns, groups[before[-1]][-1]["price_ticks"] if before else 0

    def agg_trades(self, symbol: int) -> list[tuple]:
        """(agg_id, time, price, lots, quote, first id, last id, taker order, symbol, side)"""
        found: dict[int, list[dict]] = {}
        for trade in self.of_symbol(symbol):
            found.setdefault(trade["agg_id"], []).append(trade)
        return [
            (
                agg_id, fills[0]["time_ns"], fills[0]["price_ticks"], sum(fill["quantity_lots"] for fill in fills),
                sum(fill["quote"] for fill in fills), fills[0]["trade_id"], fills[-1]["trade_id"], fills[0]["order_id"], symbol,
                fills[0]["side"],
            )
            for agg_id, fills in found.items()
        ]  # fmt: skip

    def fills(self, account: int, symbol: int) -> list[Fill]:
        found = []
        for t in self.of_symbol(symbol):
            common = (account, t["price_ticks"], t["quantity_lots"], t["quote"])
            sides = (
                ("account", "order_id", "fee", t["side"] == 0, False),
                ("counter_account", "counter_order_id", "counter_fee", t["side"] == 1, True),
            )
            for owner, order_id, fee, is_buyer, is_maker in sides:
                if t[owner] == account:
                    in_list = self.orders[t[order_id]].list_id
                    found.append(
                        Fill(symbol, t["trade_id"], t[order_id], *common, t[fee], is_buyer, is_maker, t["time_ns"], in_list)
                    )
        return found


def _kline(trades: list[dict], open_ns: int, next_ns: int, close: int) -> Kline:
    if not trades:
        return Kline(open_ns, next_ns, close, close, close, close, 0, 0, 0, 0, 0, -1, -1)
    prices = [trade["price_ticks"] for trade in trades]
    bought = [trade for trade in trades if trade["side"] == 0]
    return Kline(
        open_ns, next_ns, prices[0], max(prices), min(prices), prices[-1], sum(trade["quantity_lots"] for trade in trades),
        sum(trade["quote"] for trade in trades), len(trades), sum(trade["quantity_lots"] for trade in bought),
        sum(trade["quote"] for trade in bought), trades[0]["trade_id"], trades[-1]["trade_id"],
    )  # fmt: skip
