"""How records become rows of the schema `history` and rows become records: the columns, in one place for writer and readers."""

from collections.abc import Iterable, Sequence

import numpy as np

from engine.types import AMOUNT_MAX
from marketdata.facts import ENTRY, Terms
from marketdata.records import KLINE, TRADE, OrderList, OrderRecord, PreventedMatch, TransferRecord

ORDER_COLUMNS = OrderRecord._fields
PREVENTED_COLUMNS = PreventedMatch._fields
TERMS_COLUMNS = Terms._fields
LIST_COLUMNS = (
    "list_id", "account", "symbol", "list_type", "status", "client_id", "placed_ns", "updated_ns", "first_order", "second_order",
    "third_order",
)  # fmt: skip
TRADE_COLUMNS = TRADE.names
KLINE_COLUMNS = KLINE.names
ENTRY_COLUMNS = ENTRY.names
TRANSFER_COLUMNS = (
    "id_hi", "id_lo", "pending_hi", "pending_lo", "kind", "ended", "debit", "credit", "asset", "amount", "released", "reason",
    "user_hi", "user_lo", "expires_ns", "time_ns", "ended_ns",
)  # fmt: skip


def columns(names: Sequence[str], table: str = "") -> str:
    """The names for a SELECT list, of `table` where one is given."""
    return ", ".join(f"{table}.{name}" if table else name for name in names)


def order_row(order: OrderRecord) -> tuple:
    return tuple(order)


def list_row(found: OrderList) -> tuple:
    return (*found[:8], *found.order_ids, *[0] * (3 - len(found.order_ids)))


def order_list(row: Sequence) -> OrderList:
    """`row`: LIST_COLUMNS, then the client ids of the three orders (None where there is none)."""
    orders = [(order_id, name or "") for order_id, name in zip(row[8:11], row[11:14], strict=True) if order_id]
    return OrderList(*row[:8], *(tuple(column) for column in zip(*orders, strict=True)))


def transfer_row(transfer: TransferRecord) -> tuple:
    transfer_id, pending_id, *between, user, expires_ns, time_ns, ended_ns = transfer
    return (*transfer_id, *pending_id, *between, *user, expires_ns, time_ns, ended_ns)


def transfer_record(row: Sequence) -> TransferRecord:
    id_hi, id_lo, pending_hi, pending_lo, *between, user_hi, user_lo, expires_ns, time_ns, ended_ns = row
    return TransferRecord((id_hi, id_lo), (pending_hi, pending_lo), *between, (user_hi, user_lo), expires_ns, time_ns, ended_ns)


def record_array(rows: Iterable[Sequence], dtype: np.dtype) -> np.ndarray:
    """Rows with the dtype's fields in its order, as an array."""
    return np.array([tuple(row) for row in rows], dtype)


# A batch knows only its own part of a candle: the first part opens it, the last closes it. Sums stay at AMOUNT_MAX.
KLINE_UPSERT = f"""
    INSERT INTO history.klines AS k (symbol, interval, {columns(KLINE_COLUMNS)})
    SELECT * FROM unnest($1::integer[], $2::smallint[], {", ".join(f"${place + 3}::bigint[]" for place in range(len(KLINE_COLUMNS)))})
    ON CONFLICT (symbol, interval, open_ns) DO UPDATE SET
        high_ticks = greatest(k.high_ticks, excluded.high_ticks),
        low_ticks = least(k.low_ticks, excluded.low_ticks),
        close_ticks = excluded.close_ticks,
        volume_lots = least(k.volume_lots + excluded.volume_lots, {AMOUNT_MAX}),
        quote_quantity = least(k.quote_quantity + excluded.quote_quantity, {AMOUNT_MAX}),
        trades = k.trades + excluded.trades,
        taker_buy_lots = least(k.taker_buy_lots + excluded.taker_buy_lots, {AMOUNT_MAX}),
        taker_buy_quote = least(k.taker_buy_quote + excluded.taker_buy_quote, {AMOUNT_MAX}),
        last_trade_id = excluded.last_trade_id
"""
