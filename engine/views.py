"""What the core shows to the outside: plain values, detached from its state."""

from typing import NamedTuple

import numpy as np


class ReplicaStopped(Exception):
    """This frame must not be applied by this replica: it contradicts what was applied, or asks for rules it does not know."""


class Applied(NamedTuple):
    """One applied (or skipped) frame and what came of it."""

    position: int
    time_ns: int  # core time at the end of the frame
    origin: int
    number: int
    commands: np.ndarray  # (n,) records of 128 bytes, typed ORDER_COMMAND
    codes: np.ndarray  # (n,) int16, Code of each command
    events: np.ndarray  # (m,) ORDER_EVENT records, by rising index; view the others as TRANSFER_EVENT or ADMIN_EVENT
    skipped: str = ""  # why the frame was not applied


class AssetView(NamedTuple):
    asset: int
    name: str
    scale: int


class SymbolView(NamedTuple):
    symbol: int
    name: str
    base: int
    quote: int
    lot_units: int
    tick_lot_units: int
    max_price_ticks: int
    max_quantity_lots: int
    max_market_lots: int
    min_notional: int
    max_orders: int
    status: int
    last_trade_id: int
    last_update_id: int
    last_price_ticks: int


class AccountView(NamedTuple):
    account: int
    reference: tuple[int, int]
    status: int
    tier: int
    opened_ns: int
    orders_10s: int  # accepted in the current window of ten seconds
    orders_day: int
    group: int = 0  # trade group: an account's id, its own where it is in no other's
    countdown_ns: int = 0  # when its dead man's switch fires; 0 = off


class KeyView(NamedTuple):
    key: int
    account: int
    scopes: int


class OrderView(NamedTuple):
    order_id: int
    account: int
    symbol: int
    side: int
    order_type: int
    time_in_force: int
    stp: int
    price_ticks: int
    order_lots: int
    executed_lots: int
    executed_quote: int
    client_id: str
    placed_ns: int
    updated_ns: int
    # what docs/ORDERS.md adds
    prevented_lots: int = 0
    iceberg_lots: int = 0
    stop_price_ticks: int = 0
    trailing_bps: int = 0
    extreme_ticks: int = 0  # TRACKING: the best price seen; 0 = none yet
    state: int = 0  # OrderState
    peg: int = 0
    peg_offset: int = 0
    side_effect: int = 0
    list_id: int = 0
    expires_ns: int = 0  # GTD

    @property
    def rest_lots(self) -> int:
        return self.order_lots - self.executed_lots - self.prevented_lots


class ListView(NamedTuple):
    """An order list with at least one open order."""

    list_id: int
    account: int
    symbol: int
    list_type: int
    order_ids: tuple[int, ...]  # in the order of its legs, the closed ones too
    client_id: str
    placed_ns: int


class PendingView(NamedTuple):
    transfer_id: tuple[int, int]
    debit: int
    credit: int
    asset: int
    amount: int
    expires_ns: int
    reason: int
    user: tuple[int, int]
    held_ns: int


class ConversionView(NamedTuple):
    """What a CONVERT would do now, were it sent without a limit."""

    code: int  # Code.OK, or why the book cannot do it
    cost: int  # in the asset paid
    received: int  # of the asset bought, net of fees; what exceeds the amount asked for stays the payer's
