"""What applied frames say, as rows of history: orders, trades, candles, ledger entries, transfers, listings.

Pure functions of frames, used by all three that must agree: the recorder (rows to write), history (the tail behind the rows) and the audit.
Nothing here knows a database.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from engine.types import (
    ADMIN_COMMAND,
    ADMIN_EVENT,
    HOUSE_FEES,
    LIST_EVENT,
    ORDER_COMMAND,
    ORDER_EVENT,
    TRANSFER_EVENT,
    EventFlag,
    EventKind,
    Kind,
    OrderStatus,
    OrderType,
    Side,
)
from engine.views import Applied
from marketdata.intervals import INTERVALS, period
from marketdata.kernels import fold_trades
from marketdata.loans import margin_entries
from marketdata.records import KLINE, TRADE, OrderList, OrderRecord, PreventedMatch, TransferRecord
from marketdata.reducer import MarketData

KEEP = -1  # in an OrderChange: the number stays as it was
CONTINGENT = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)


class EntryKind(IntEnum):
    """Why a ledger entry was made."""

    TRADE = 1
    FEE = 2
    TRANSFER = 3
    CAPTURE = 4
    HANDOVER = 5  # of a prevented match
    BORROW = 6
    REPAY = 7
    LEND = 8
    REDEEM = 9
    LIQUIDATION = 10  # its fee, or what was left of an account after a bad debt
    BAD_DEBT = 11  # what the insurance paid of it


MARGIN_ENTRIES = {
    EventKind.BORROWED: EntryKind.BORROW, EventKind.REPAID: EntryKind.REPAY, EventKind.LENT: EntryKind.LEND,
    EventKind.REDEEMED: EntryKind.REDEEM, EventKind.LIQUIDATION: EntryKind.LIQUIDATION, EventKind.BAD_DEBT: EntryKind.BAD_DEBT,
}  # fmt: skip


ENTRY = np.dtype(
    [
        ("seq", "<i8"),
        ("line", "<i8"),
        ("account", "<i8"),
        ("asset", "<i8"),
        ("amount", "<i8"),
        ("kind", "<i8"),
        ("reference_hi", "<i8"),
        ("reference_lo", "<i8"),
        ("time_ns", "<i8"),
    ]
)


class Frame(NamedTuple):
    """What history needs of an applied frame."""

    position: int
    time_ns: int
    commands: np.ndarray  # ORDER_COMMAND
    events: np.ndarray  # ORDER_EVENT
    trades: np.ndarray  # TRADE

    @classmethod
    def of(cls, applied: Applied, marketdata: MarketData) -> "Frame":
        """`marketdata` has just applied this frame."""
        assert marketdata.position == applied.position, "market data must apply a frame before its history is taken"
        return cls(applied.position, applied.time_ns, applied.commands, applied.events.view(ORDER_EVENT), marketdata.fresh_trades)


class OrderChange(NamedTuple):
    """What became of an order that was placed in an earlier frame."""

    order_id: int
    status: int
    code: int
    order_lots: int  # KEEP where no event told it
    executed_lots: int
    executed_quote: int
    updated_ns: int
    client_id: str = ""  # where it changed
    price_ticks: int = KEEP  # a pegged order's, once it has one
    activations: int = 0  # ACTIVATED events, and when the first and the last of them were
    activated_first_ns: int = 0
    activated_last_ns: int = 0
    prevented_more: int = 0  # lots, in addition to those before
    prevented_match: int = 0  # the last one, 0 = none

    def applied_to(self, order: OrderRecord) -> OrderRecord:
        """The order afterwards."""
        turn_ns, working_ns = self._times(order)
        return order._replace(
            status=self.status,
            code=self.code,
            price_ticks=order.price_ticks if self.price_ticks == KEEP else self.price_ticks,
            order_lots=order.order_lots if self.order_lots == KEEP else self.order_lots,
            executed_lots=self.executed_lots,
            executed_quote=self.executed_quote,
            updated_ns=self.updated_ns,
            client_id=self.client_id or order.client_id,
            prevented_lots=order.prevented_lots + self.prevented_more,
            prevented_match=self.prevented_match or order.prevented_match,
            turn_ns=turn_ns,
            working_ns=working_ns,
        )

    def _times(self, order: OrderRecord) -> tuple[int, int]:
        """(turn_ns, working_ns) afterwards: the first activation of a list's pending order is its turn, and sets it to work
        unless it still waits for a price."""
        if not self.activations:
            return order.turn_ns, order.working_ns
        turn_ns = order.turn_ns or self.activated_first_ns
        waits = not order.turn_ns and order.order_type in CONTINGENT and self.activations == 1
        return turn_ns, order.working_ns if waits else self.activated_last_ns


# ---------------------------------------------------------------- orders


def order_facts(frames: Sequence[Frame], account: int = 0) -> tuple[dict[int, OrderRecord], dict[int, OrderChange]]:
    """Orders placed in these frames, as the last one left them, and changes of earlier ones, by order id; of one account or of all."""
    events, commands_at = _order_events(frames)
    if account:
        mine = (events["account"] == account) | (events["counter_account"] == account)
        events, commands_at = events[mine], commands_at[mine]
    commands = _join([frame.commands.view(ORDER_COMMAND) for frame in frames], ORDER_COMMAND)
    changes = {change.order_id: change for change in _last_changes(events)}
    _add_names(changes, events, commands, commands_at)
    _add_activations(changes, events)
    _add_prevented(changes, events)
    placed = {}
    for order in _placed(events, commands, commands_at):
        placed[order.order_id] = changes.pop(order.order_id).applied_to(order)
    if account:
        owned = set(events["order_id"][events["account"] == account].tolist())
        owned.update(events["counter_order_id"][events["counter_account"] == account].tolist())
        placed = {order_id: order for order_id, order in placed.items() if order_id in owned}
        changes = {order_id: change for order_id, change in changes.items() if order_id in owned}
    return placed, changes


def _order_events(frames: Sequence[Frame]) -> tuple[np.ndarray, np.ndarray]:
    """The events that changed an order, and for each the index of its command among the commands of all frames."""
    picked, commands_at, before = [], [], 0
    for frame in frames:
        events = frame.events
        kinds = events["kind"]
        events = events[(kinds < EventKind.LIST) & (kinds != EventKind.REJECTED)]
        picked.append(events)
        commands_at.append(events["index"] + before)
        before += len(frame.commands)
    return _join(picked, ORDER_EVENT), np.concatenate([np.empty(0, np.int64), *commands_at])


def _join(arrays: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Records joined byte by byte: joined as records, NumPy would drop their gaps."""
    if not arrays:
        return np.empty(0, dtype)
    raw = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([np.ascontiguousarray(array).view(raw) for array in arrays]).view(dtype)


_TOLD = ("order_id", "status", "code", "order_lots", "executed_lots", "executed_quote", "updated_ns")
_CHANGE = np.dtype([(field, "<i8") for field in _TOLD])


def _last_changes(events: np.ndarray) -> Iterable[OrderChange]:
    """The last change of each order, of takers and makers alike."""
    subjects = np.empty(len(events), _CHANGE)
    for field in ("order_id", "status", "code", "order_lots", "executed_lots", "executed_quote"):
        subjects[field] = events[field]
    subjects["updated_ns"] = events["time_ns"]
    told_lots = subjects[_last_of_each(subjects["order_id"])]
    matches = events[(events["kind"] == EventKind.TRADE) | (events["kind"] == EventKind.PREVENTED)]
    makers = np.empty(len(matches), _CHANGE)
    for field in ("order_id", "status", "executed_lots", "executed_quote"):
        makers[field] = matches[f"counter_{field}"]
    makers["code"], makers["order_lots"], makers["updated_ns"] = 0, KEEP, matches["time_ns"]
    both = np.concatenate([subjects, makers])
    both = both[np.argsort(np.concatenate([events["seq"], matches["seq"]]), kind="stable")]
    last = both[_last_of_each(both["order_id"])]
    known = np.searchsorted(told_lots["order_id"], last["order_id"])
    known[known == len(told_lots)] = 0
    if len(told_lots):
        told = told_lots["order_id"][known] == last["order_id"]
        last["order_lots"] = np.where(told, told_lots["order_lots"][known], KEEP)
    return [OrderChange(*row) for row in last.tolist()]


def _last_of_each(ids: np.ndarray) -> np.ndarray:
    """Indices of the last occurrence of each id, by rising id."""
    unique, reverse_first = np.unique(ids[::-1], return_index=True)
    return len(ids) - 1 - reverse_first if len(unique) else np.empty(0, np.int64)


def _add_names(changes: dict[int, OrderChange], events: np.ndarray, commands: np.ndarray, commands_at: np.ndarray) -> None:
    """The client ids that amendments gave."""
    for at in np.flatnonzero(events["kind"] == EventKind.AMENDED):
        if name := client_text(commands["client_id"][commands_at[at]]):
            order_id = int(events["order_id"][at])
            changes[order_id] = changes[order_id]._replace(client_id=name)


def _add_activations(changes: dict[int, OrderChange], events: np.ndarray) -> None:
    """When orders were activated, and the prices that pegged ones took then."""
    for event in events[events["kind"] == EventKind.ACTIVATED]:
        change = changes[int(event["order_id"])]
        now_ns = int(event["time_ns"])
        changes[change.order_id] = change._replace(
            price_ticks=int(event["price_ticks"]),
            activations=change.activations + 1,
            activated_first_ns=change.activated_first_ns or now_ns,
            activated_last_ns=now_ns,
        )


def _add_prevented(changes: dict[int, OrderChange], events: np.ndarray) -> None:
    """What prevented matches took of their two orders."""
    for event in events[events["kind"] == EventKind.PREVENTED]:
        lost = {event["order_id"]: event["quantity_lots"], event["counter_order_id"]: event["counter_prevented_lots"]}
        for order_id, lots in lost.items():
            if lots:
                change = changes[int(order_id)]
                more, match_id = change.prevented_more + int(lots), int(event["trade_id"])
                changes[change.order_id] = change._replace(prevented_more=more, prevented_match=match_id)


_TERMS = ("stop_price_ticks", "iceberg_lots", "trailing_bps", "peg", "peg_offset", "side_effect", "list_id", "expires_ns")
_PLACED = (
    "order_id", "account", "symbol", "side", "order_type", "time_in_force", "stp", "status", "price_ticks", "order_lots", *_TERMS,
)  # fmt: skip


def _placed(events: np.ndarray, commands: np.ndarray, commands_at: np.ndarray) -> Iterable[OrderRecord]:
    """The orders of NEW events, as these left them."""
    is_new = events["kind"] == EventKind.NEW
    news, commands_at = events[is_new], commands_at[is_new]
    if not len(news):
        return
    by_command = news["index"] >= 0
    given = np.zeros(len(news), ORDER_COMMAND)  # of an order that no command placed, nothing is known but its event
    given[by_command] = commands[commands_at[by_command]]
    causes, quote_quantities, client_ids = (given[field].tolist() for field in ("kind", "quote_quantity", "client_id"))
    rows = zip(news[list(_PLACED)].tolist(), news["time_ns"].tolist(), causes, quote_quantities, client_ids, strict=True)
    for values, now_ns, cause, quote_quantity, client_id in rows:
        order = dict(zip(_PLACED, values, strict=True))
        is_convert = cause == Kind.CONVERT  # a ledger command: other fields lie in these bytes
        is_pending = order["status"] == OrderStatus.PENDING_NEW
        by_value = order["order_type"] == OrderType.MARKET and not is_convert  # elsewhere a time may lie there
        yield OrderRecord(
            **order,
            code=0,
            quote_quantity=quote_quantity if by_value else 0,
            executed_lots=0,
            executed_quote=0,
            client_id=conversion_client_id(order["order_id"]) if is_convert else client_text(client_id),
            placed_ns=now_ns,
            updated_ns=now_ns,
            turn_ns=0 if is_pending else now_ns,
            working_ns=0 if is_pending or order["order_type"] in CONTINGENT else now_ns,
        )


def conversion_client_id(order_id: int) -> str:
    """What an order is called that the venue placed for a CONVERT: nobody else named it, and every reader must say the same."""
    return f"convert-{order_id}"


def client_text(raw: bytes) -> str:
    """A client id (or a name) as text, as the machine shows it."""
    return storable(bytes(raw).decode("ascii", "replace"))


def storable(text: str) -> str:
    """Without what PostgreSQL cannot store; the dialect admits only what comes through unchanged."""
    return text.replace("\0", "\ufffd")


# ---------------------------------------------------------------- order lists, amendments, prevented matches


def list_facts(frames: Sequence[Frame]) -> dict[int, OrderList]:
    """Order lists that began or ended in these frames, as the last one left them, by list id. Client ids of their orders are left out."""
    found = {}
    for frame in frames:
        events = frame.events
        for event in events[events["kind"] == EventKind.LIST].view(LIST_EVENT):
            ids = tuple(int(event[f"{place}_order_id"]) for place in ("first", "second", "third"))
            found[int(event["list_id"])] = OrderList(
                list_id=int(event["list_id"]),
                account=int(event["account"]),
                symbol=int(event["symbol"]),
                list_type=int(event["list_type"]),
                status=int(event["list_status"]),
                client_id=client_text(event["client_id"]),
                placed_ns=int(event["placed_ns"]),
                updated_ns=int(event["time_ns"]),
                order_ids=tuple(order_id for order_id in ids if order_id),
                client_ids=(),
            )
    return found


class Terms(NamedTuple):
    """What an amended order asked for: as it was placed (seq 0), or after an amendment."""

    order_id: int
    seq: int
    order_lots: int
    client_id: str  # "" where an amendment left it
    time_ns: int


def amendment_facts(frames: Sequence[Frame], order_id: int = 0) -> list[Terms]:
    """The amendments of these frames by rising seq, of one order or of all; before them the terms of those orders that these frames
    placed."""
    events, commands_at = _order_events(frames)
    if order_id:
        mine = events["order_id"] == order_id
        events, commands_at = events[mine], commands_at[mine]
    is_amended = events["kind"] == EventKind.AMENDED
    if not is_amended.any():
        return []
    commands = _join([frame.commands.view(ORDER_COMMAND) for frame in frames], ORDER_COMMAND)
    amended_ids = np.unique(events["order_id"][is_amended])
    placed = (events["kind"] == EventKind.NEW) & np.isin(events["order_id"], amended_ids)
    return [_terms(events[at], commands[commands_at[at]], first) for which, first in ((placed, True), (is_amended, False))
            for at in np.flatnonzero(which)]  # fmt: skip


def _terms(event: np.void, command: np.void, first: bool) -> Terms:
    seq = 0 if first else int(event["seq"])
    return Terms(int(event["order_id"]), seq, int(event["order_lots"]), client_text(command["client_id"]), int(event["time_ns"]))


def prevented_facts(frames: Sequence[Frame], symbol: int = 0) -> list[PreventedMatch]:
    """The prevented matches of these frames in order, of one symbol or of all."""
    found = []
    for frame in frames:
        events = frame.events
        for event in events[(events["kind"] == EventKind.PREVENTED) & ((symbol == 0) | (events["symbol"] == symbol))]:
            found.append(
                PreventedMatch(
                    symbol=int(event["symbol"]),
                    match_id=int(event["trade_id"]),
                    time_ns=int(event["time_ns"]),
                    price_ticks=int(event["price_ticks"]),
                    taker_order=int(event["order_id"]),
                    maker_order=int(event["counter_order_id"]),
                    taker_account=int(event["account"]),
                    maker_account=int(event["counter_account"]),
                    taker_lots=int(event["quantity_lots"]),
                    maker_lots=int(event["counter_prevented_lots"]),
                    taker_side=int(event["side"]),
                    stp=int(event["stp"]),
                    handed_over=int(event["flags"] & EventFlag.HANDED_OVER != 0),
                    seq=int(event["seq"]),
                )
            )
    return found


# ---------------------------------------------------------------- trades and candles


def trades_of(frames: Sequence[Frame], symbol: int = 0) -> np.ndarray:
    """TRADE array of the frames, of one symbol or of all, in order."""
    trades = _join([frame.trades for frame in frames if len(frame.trades)], TRADE)
    return trades[trades["symbol"] == symbol] if symbol else trades


def candles_of(trades: np.ndarray, interval: str, offset_minutes: int = 0) -> np.ndarray:
    """KLINE array out of one symbol's trades, by rising time, candles without a trade left out."""
    klines = np.empty(len(trades), KLINE)
    return klines[: fold_trades(trades, klines, 0, period(interval, offset_minutes))]


def candle_rows(trades: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """(symbol, number of the interval, KLINE array) for every symbol of these trades and every interval."""
    rows = []
    for symbol in np.unique(trades["symbol"]).tolist():
        of_symbol = trades[trades["symbol"] == symbol]
        rows += [(symbol, interval.index, candles_of(of_symbol, name)) for name, interval in INTERVALS.items()]
    return rows


# ---------------------------------------------------------------- the ledger


def entries_of(frames: Sequence[Frame], marketdata: MarketData) -> np.ndarray:
    """ENTRY array: every change of an account's available + held, by rising seq; each event's entries add up to 0 per asset."""
    parts = (
        _trade_entries(trades_of(frames), marketdata), _handover_entries(frames, marketdata), _transfer_entries(frames),
        margin_entries(frames, ENTRY, MARGIN_ENTRIES),
    )  # fmt: skip
    entries = np.concatenate(parts)
    return entries[np.lexsort((entries["line"], entries["seq"]))]


def _trade_entries(trades: np.ndarray, marketdata: MarketData) -> np.ndarray:
    """Eight lines a trade: base and quote change hands, and both fees go to the house; those of fees that are 0 are left out."""
    symbols, which = np.unique(trades["symbol"], return_inverse=True)
    listings = [marketdata.listing(symbol) for symbol in symbols.tolist()]
    base = np.array([listing["base"] for listing in listings], np.int64)[which]
    quote = np.array([listing["quote"] for listing in listings], np.int64)[which]
    base_amount = trades["quantity_lots"] * np.array([listing["lot_units"] for listing in listings], np.int64)[which]
    quote_amount = trades["quote_quantity"]
    taker_buys = trades["taker_side"] == Side.BUY
    buyer = np.where(taker_buys, trades["taker_account"], trades["maker_account"])
    seller = np.where(taker_buys, trades["maker_account"], trades["taker_account"])
    buyer_fee = np.where(taker_buys, trades["taker_fee"], trades["maker_fee"])
    seller_fee = np.where(taker_buys, trades["maker_fee"], trades["taker_fee"])
    buyer_fee_asset = np.where(taker_buys, trades["taker_fee_asset"], trades["maker_fee_asset"])
    seller_fee_asset = np.where(taker_buys, trades["maker_fee_asset"], trades["taker_fee_asset"])
    buyer_pays, seller_pays = np.where(buyer_fee_asset, buyer_fee_asset, base), np.where(seller_fee_asset, seller_fee_asset, quote)
    house = np.full(len(trades), HOUSE_FEES)
    lines = (
        (EntryKind.TRADE, seller, base, -base_amount),
        (EntryKind.TRADE, buyer, base, base_amount),
        (EntryKind.TRADE, buyer, quote, -quote_amount),
        (EntryKind.TRADE, seller, quote, quote_amount),
        (EntryKind.FEE, buyer, buyer_pays, -buyer_fee),
        (EntryKind.FEE, house, buyer_pays, buyer_fee),
        (EntryKind.FEE, seller, seller_pays, -seller_fee),
        (EntryKind.FEE, house, seller_pays, seller_fee),
    )
    entries = np.empty((len(lines), len(trades)), ENTRY)
    for line, (kind, account, asset, amount) in enumerate(lines):
        row = entries[line]
        row["seq"], row["line"], row["kind"] = trades["seq"], line, kind
        row["account"], row["asset"], row["amount"] = account, asset, amount
        row["reference_hi"], row["reference_lo"], row["time_ns"] = trades["symbol"], trades["trade_id"], trades["time_ns"]
    entries = entries.ravel()
    return entries[entries["amount"] != 0]


def _handover_entries(frames: Sequence[Frame], marketdata: MarketData) -> np.ndarray:
    """Four lines for each prevented match by which base and quote changed hands, without fees."""
    lines = []
    for match in prevented_facts(frames):
        if match.handed_over:
            lines += _handover(match, marketdata.listing(match.symbol))
    return np.array(lines, ENTRY)


def _handover(match: PreventedMatch, listing: np.void) -> Iterable[tuple]:
    base_amount = match.taker_lots * int(listing["lot_units"])
    quote_amount = match.price_ticks * match.taker_lots * int(listing["tick_lot_units"])
    buyer, seller = match.taker_account, match.maker_account
    if match.taker_side == Side.SELL:
        buyer, seller = seller, buyer
    moves = (
        (seller, listing["base"], -base_amount),
        (buyer, listing["base"], base_amount),
        (buyer, listing["quote"], -quote_amount),
        (seller, listing["quote"], quote_amount),
    )
    for line, (account, asset, amount) in enumerate(moves):
        yield match.seq, line, account, asset, amount, EntryKind.HANDOVER, match.symbol, match.match_id, match.time_ns


def _transfer_entries(frames: Sequence[Frame]) -> np.ndarray:
    """Two lines for each amount that moved from one account to another; what a CONVERT moved, its trades have told."""
    events = _transfer_events(frames)
    events = events[(events["kind"] == EventKind.TRANSFERRED) | (events["kind"] == EventKind.CAPTURED)]
    entries = np.empty((2, len(events)), ENTRY)
    for line, (account, sign) in enumerate((("debit", -1), ("credit", 1))):
        row = entries[line]
        row["seq"], row["line"], row["time_ns"] = events["seq"], line, events["time_ns"]
        row["account"], row["asset"], row["amount"] = events[account], events["asset"], sign * events["amount"]
        row["kind"] = np.where(events["kind"] == EventKind.CAPTURED, EntryKind.CAPTURE, EntryKind.TRANSFER)
        row["reference_hi"], row["reference_lo"] = events["id_hi"], events["id_lo"]
    return entries.ravel()


def _transfer_events(frames: Sequence[Frame]) -> np.ndarray:
    picked = []
    for frame in frames:
        kinds = frame.events["kind"]
        some = ((kinds >= EventKind.TRANSFERRED) & (kinds <= EventKind.HOLD_EXPIRED)) | (kinds == EventKind.CONVERTED)
        if some.any():
            picked.append(frame.events[some].view(TRANSFER_EVENT))
    return _join(picked, TRANSFER_EVENT)


def transfer_facts(frames: Sequence[Frame]) -> tuple[dict[tuple[int, int], TransferRecord], dict[tuple[int, int], tuple[int, int]]]:
    """Transfers that took effect in these frames, and (EventKind, time in ns) of the end of earlier held ones, by id."""
    made: dict[tuple[int, int], TransferRecord] = {}
    ended: dict[tuple[int, int], tuple[int, int]] = {}
    for event in _transfer_events(frames):
        kind, time_ns = int(event["kind"]), int(event["time_ns"])
        transfer_id = (int(event["id_hi"]), int(event["id_lo"]))
        pending_id = (int(event["pending_hi"]), int(event["pending_lo"]))
        if kind != EventKind.HOLD_EXPIRED:
            made[transfer_id] = _transfer(event, transfer_id, pending_id)
        if kind in (EventKind.CAPTURED, EventKind.RELEASED, EventKind.HOLD_EXPIRED):
            held_id = transfer_id if kind == EventKind.HOLD_EXPIRED else pending_id
            if held_id in made:
                made[held_id] = made[held_id]._replace(ended=kind, ended_ns=time_ns)
            else:
                ended[held_id] = (kind, time_ns)
    return made, ended


def _transfer(event: np.void, transfer_id: tuple[int, int], pending_id: tuple[int, int]) -> TransferRecord:
    return TransferRecord(
        transfer_id=transfer_id,
        pending_id=pending_id,
        kind=int(event["kind"]),
        ended=0,
        debit=int(event["debit"]),
        credit=int(event["credit"]),
        asset=int(event["asset"]),
        amount=int(event["amount"]),
        released=int(event["released"]),
        reason=int(event["reason"]),
        user=(int(event["user_hi"]), int(event["user_lo"])),
        expires_ns=int(event["expires_ns"]),
        time_ns=int(event["time_ns"]),
        ended_ns=0,
    )


# ---------------------------------------------------------------- listings


def listings_of(frames: Sequence[Frame]) -> tuple[list[tuple], list[tuple]]:
    """(asset, name, scale) and (symbol, name, base, quote, lot_units, tick_lot_units) of what these frames listed."""
    assets, symbols = [], []
    for frame in frames:
        events = frame.events.view(ADMIN_EVENT)
        commands = frame.commands.view(ADMIN_COMMAND)
        for event in events[events["kind"] == EventKind.ADMIN]:
            command = commands[event["index"]]
            if event["command"] == Kind.ADD_ASSET:
                assets.append((int(event["asset"]), client_text(command["name"]), int(command["scale"])))
            elif event["command"] == Kind.ADD_SYMBOL:
                numbers = (int(command[field]) for field in ("base", "quote", "value", "value2"))
                symbols.append((int(event["symbol"]), client_text(command["name"]), *numbers))
    return assets, symbols
