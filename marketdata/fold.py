"""Reads out of two parts: rows that PostgreSQL has up to one position, and the frames after it (the tail). Pure functions.

The rows are what a query with the same bounds and the same limit found; the tail is whole. Everything in the tail is later than every row,
so new ids and times only follow; what the rows say of older orders and transfers, the tail may change.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from engine.types import EventKind, ListStatus, Side
from marketdata.facts import Frame, Terms, amendment_facts, list_facts, order_facts, transfer_facts
from marketdata.intervals import kline_next, kline_open, period
from marketdata.kernels import aggregate, fill_klines, fold_trades, merge_klines
from marketdata.records import AGG_TRADE, KLINE, Amendment, Fill, Kline, OrderList, OrderRecord, PreventedMatch, TransferRecord


class Bounds:
    """Which records are asked for: a range of ids, a range of times, how many, and from which end."""

    def __init__(self, limit: int, *, from_id: int | None = None, start_ns: int | None = None, end_ns: int | None = None):
        self.limit = limit
        self.from_id = 0 if from_id is None else from_id
        self.start_ns = 0 if start_ns is None else start_ns
        self.end_ns = 2**63 - 1 if end_ns is None else end_ns
        self.first = from_id is not None or start_ns is not None  # the first `limit` in the range, else the last

    def admit(self, record_id: int, time_ns: int) -> bool:
        return record_id >= self.from_id and self.start_ns <= time_ns <= self.end_ns

    def cut(self, records: list | np.ndarray):
        """The first or the last `limit` of records in rising order."""
        return records[: self.limit] if self.first else records[max(0, len(records) - self.limit) :]


# ---------------------------------------------------------------- candles


def fold_klines(
    rows: np.ndarray, tail: np.ndarray, interval: str, offset_minutes: int, *, first_ns: int, last_ns: int, limit: int
) -> list[Kline]:
    """At most `limit` candles that open in first_ns … last_ns (both open times of `interval`), those without a trade filled in.

    `rows`: KLINE array of the interval or a finer one: the last candle before `first_ns`, if any, then all from it on (at least as
    many as `limit` candles need). `tail`: TRADE array of the symbol. There is no candle before the symbol's first.
    """
    span = period(interval, offset_minutes)
    traded = np.empty(len(rows) + len(tail), KLINE)
    count = merge_klines(rows, traded, 0, span)
    traded = traded[: fold_trades(tail, traded, count, span)]
    if not len(traded):
        return []
    first_ns = max(first_ns, int(traded["open_ns"][0]))
    count = count_klines(interval, offset_minutes, first_ns=first_ns, last_ns=last_ns, limit=limit)
    filled = np.empty(count, KLINE)
    fill_klines(traded, filled, first_ns, traded["open_ticks"][0], span)
    return [Kline._make(row) for row in filled.tolist()]


def count_klines(interval: str, offset_minutes: int, *, first_ns: int, last_ns: int, limit: int) -> int:
    """How many candles open in first_ns … last_ns, at most `limit`."""
    step_ns = period(interval, offset_minutes).step_ns
    if step_ns:
        return max(0, min(limit, (last_ns - first_ns) // step_ns + 1))
    count = 0
    while first_ns <= last_ns and count < limit:
        first_ns = kline_next(interval, first_ns, offset_minutes)
        count += 1
    return count


def first_open(interval: str, offset_minutes: int, start_ns: int) -> int:
    """The first open time at or after `start_ns`."""
    open_ns = kline_open(interval, start_ns, offset_minutes)
    return open_ns if open_ns == start_ns else kline_next(interval, open_ns, offset_minutes)


# ---------------------------------------------------------------- trades


def fold_trades_from(rows: np.ndarray, tail: np.ndarray, bounds: Bounds) -> np.ndarray:
    """TRADE array: rows, then the tail's trades that are in the bounds."""
    return bounds.cut(np.concatenate([rows, tail[tail["trade_id"] >= bounds.from_id]]))


def fold_agg_trades(rows: np.ndarray, tail: np.ndarray, bounds: Bounds) -> np.ndarray:
    """AGG_TRADE array: rows, then the aggregates of the tail's trades. No aggregate is in both: its fills are of one frame."""
    fresh = np.empty(len(tail), AGG_TRADE)
    fresh = fresh[: aggregate(tail, fresh)]
    inside = (fresh["agg_id"] >= bounds.from_id) & (fresh["time_ns"] >= bounds.start_ns) & (fresh["time_ns"] <= bounds.end_ns)
    return bounds.cut(np.concatenate([rows, fresh[inside]]))


_SHARED = ("symbol", "trade_id", "price_ticks", "quantity_lots", "quote_quantity", "time_ns", "taker_side")
_TAKERS = (*_SHARED, "taker_account", "taker_order", "taker_fee", "taker_fee_asset")
_MAKERS = (*_SHARED, "maker_account", "maker_order", "maker_fee", "maker_fee_asset")


def fills_of(trades: np.ndarray, account: int, order_id: int = 0) -> list[Fill]:
    """The account's fills (of one order, where given) in a TRADE array; a trade with oneself gives two."""
    mine = trades[(trades["taker_account"] == account) | (trades["maker_account"] == account)]
    fills = []
    for taker, maker in zip(mine[list(_TAKERS)].tolist(), mine[list(_MAKERS)].tolist(), strict=True):
        fills += [_fill(*taker, is_maker=False), _fill(*maker, is_maker=True)]
    return [fill for fill in fills if fill.account == account and order_id in (0, fill.order_id)]


def _fill(symbol, trade_id, price_ticks, quantity_lots, quote_quantity, time_ns, taker_side, account, order_id, fee, fee_asset,
          *, is_maker) -> Fill:  # noqa: PLR0917  # fmt: skip
    """In the order of _TAKERS and _MAKERS."""
    is_buyer = (taker_side == Side.BUY) != is_maker
    return Fill(symbol, trade_id, order_id, account, price_ticks, quantity_lots, quote_quantity, fee, is_buyer, is_maker, time_ns,
                fee_asset=fee_asset)  # fmt: skip


def fold_fills(rows: np.ndarray, tail: np.ndarray, account: int, order_id: int, bounds: Bounds) -> list[Fill]:
    """The account's fills: of `rows` (TRADE array, rising ids), then of the tail.

    A trade with oneself is two fills under one id; they stay on one page, which may so be one longer than the limit. Who goes on from
    the last id + 1 then misses nothing.
    """
    fills = [fill for fill in fills_of(np.concatenate([rows, tail]), account, order_id) if bounds.admit(fill.trade_id, fill.time_ns)]
    on_page = {fill.trade_id for fill in bounds.cut(fills)}
    return [fill for fill in fills if fill.trade_id in on_page]


# ---------------------------------------------------------------- orders


def fold_orders(rows: Iterable[OrderRecord], frames: Sequence[Frame], account: int, symbol: int, bounds: Bounds) -> list[OrderRecord]:
    """The account's orders on the symbol: rows as the tail has changed them, then those the tail placed."""
    placed, changed = order_facts(frames, account)
    orders = [_now(order, changed) for order in rows]
    orders += [order for order in placed.values() if order.symbol == symbol and bounds.admit(order.order_id, order.placed_ns)]
    return bounds.cut(orders)


def fold_order(
    rows: Iterable[OrderRecord], frames: Sequence[Frame], account: int, wanted: Callable[[OrderRecord], bool]
) -> OrderRecord | None:
    """The latest order of the account that is `wanted` as it now is; `rows` are all candidates that were placed before the tail."""
    placed, changed = order_facts(frames, account)
    orders = [order for order in (*(_now(order, changed) for order in rows), *placed.values()) if wanted(order)]
    return max(orders, key=lambda order: order.order_id, default=None)


def renamed_in(frames: Sequence[Frame], account: int) -> list[int]:
    """Orders placed before these frames whose client id they change."""
    _, changed = order_facts(frames, account)
    return [change.order_id for change in changed.values() if change.client_id]


def _now(order: OrderRecord, changed: dict) -> OrderRecord:
    change = changed.get(order.order_id)
    return change.applied_to(order) if change else order


def fold_orders_by_id(rows: Iterable[OrderRecord], frames: Sequence[Frame], account: int, order_ids: Sequence[int]) -> list[OrderRecord]:
    """Those of the account's orders with these ids, by rising id; `rows` are those of the database."""
    placed, changed = order_facts(frames, account)
    found = [_now(order, changed) for order in rows if order.account == account]
    return found + [placed[order_id] for order_id in sorted(order_ids) if order_id in placed]


def fold_list_ids(rows: Iterable[tuple[int, int]], frames: Sequence[Frame], account: int) -> dict[int, int]:
    """The list ids of the account's orders that are part of one: `rows` (order id, list id), then those of the tail."""
    placed, _ = order_facts(frames, account)
    return dict(rows) | {order.order_id: order.list_id for order in placed.values() if order.list_id}


# ---------------------------------------------------------------- order lists, amendments, prevented matches


def fold_lists(
    rows: Iterable[OrderList], frames: Sequence[Frame], account: int, wanted: Callable[[OrderList], bool], bounds: Bounds
) -> list[OrderList]:
    """The account's order lists that are `wanted` as they now are: `rows`, then those that the tail began."""
    told = list_facts(frames)
    placed, _ = order_facts(frames, account)
    found = []
    for row in rows:
        now = told.pop(row.list_id, row)
        found.append(row._replace(status=now.status, updated_ns=now.updated_ns))
    for fresh in told.values():
        if fresh.account == account and all(order_id in placed for order_id in fresh.order_ids):
            found.append(fresh._replace(client_ids=tuple(placed[order_id].client_id for order_id in fresh.order_ids)))
    return bounds.cut([one for one in found if wanted(one) and bounds.admit(one.list_id, one.placed_ns)])


def is_open_list(found: OrderList) -> bool:
    return found.status == ListStatus.EXECUTING


def fold_amendments(
    rows: Iterable[Terms], frames: Sequence[Frame], account: int, symbol: int, order_id: int, bounds: Bounds
) -> list[Amendment]:
    """How the account's order was changed, by rising seq. `rows`: all of its terms that the database has, as it was placed first."""
    placed, _ = order_facts(frames, account)
    terms = list(rows)
    if not terms and (order_id not in placed or placed[order_id].symbol != symbol):
        return []
    found = []
    for one in sorted(terms + amendment_facts(frames, order_id), key=lambda terms: terms.seq):
        name = one.client_id or (found[-1].client_id if found else "")  # an amendment may leave it
        found.append(one._replace(client_id=name))
    amendments = [
        Amendment(now.seq, before.order_lots, now.order_lots, before.client_id, now.client_id, now.time_ns)
        for before, now in zip(found, found[1:], strict=False)
    ]
    return bounds.cut([amendment for amendment in amendments if amendment.seq >= bounds.from_id])


def fold_prevented(
    rows: Iterable[PreventedMatch], fresh: Iterable[PreventedMatch], wanted: Callable[[PreventedMatch], bool], bounds: Bounds
) -> list[PreventedMatch]:
    """Prevented matches that are `wanted`: `rows`, then those of the tail."""
    found = [*rows, *(match for match in fresh if wanted(match))]
    return bounds.cut([match for match in found if match.match_id >= bounds.from_id])


# ---------------------------------------------------------------- transfers


def fold_transfers(
    rows: Iterable[TransferRecord], frames: Sequence[Frame], wanted: Callable[[TransferRecord], bool], offset: int, limit: int
) -> list[TransferRecord]:
    """Transfers that are `wanted`, newest first, from the `offset`-th on; `rows` are the newest offset + limit of the database."""
    made, ended = transfer_facts(frames)
    transfers = [transfer for transfer in reversed(made.values()) if wanted(transfer)]
    for transfer in rows:
        kind, ended_ns = ended.get(transfer.transfer_id, (transfer.ended, transfer.ended_ns))
        transfers.append(transfer._replace(ended=kind, ended_ns=ended_ns))
    return transfers[offset : offset + limit]


def is_between(transfer: TransferRecord, account: int, incoming: bool | None, counterparty: int) -> bool:
    """Whether it moves from or to the account, in that direction, with that other side (0: any). A CONVERT has no direction."""
    if transfer.kind == EventKind.CONVERTED:
        return transfer.debit == account and incoming is None and counterparty == 0
    comes = transfer.credit == account and counterparty in (0, transfer.debit)
    goes = transfer.debit == account and counterparty in (0, transfer.credit)
    return comes if incoming else goes if incoming is False else comes or goes
