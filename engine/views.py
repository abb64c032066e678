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


# ---------------------------------------------------------------- margin and fees (docs/MARGIN.md)


class MarginSetup(NamedTuple):
    numeraire: int
    call_ppm: int
    liquidation_ppm: int
    borrow_ppm: int
    transfer_ppm: int
    fee_ppm: int
    slippage_ppm: int
    slice_ppm: int
    deviation_ppm: int
    slice_min: int
    grace_ns: int
    staleness_ns: int


class MarginAssetView(NamedTuple):
    asset: int
    symbol: int  # its market with the numeraire; 0 = none
    borrowable: bool
    price_scale: int
    reserve_ppm: int
    optimal_ppm: int
    base_rate: int  # hourly; RATE_ONE is the whole principal
    slope1_rate: int
    slope2_rate: int
    borrow_limit: int


class PoolView(NamedTuple):
    """What lenders put into one asset's pool. `rate` is that of the present hour."""

    asset: int
    lent: int
    borrowed: int
    free: int
    shares: int
    rate: int


class SourceView(NamedTuple):
    source: int
    price: int
    time_ns: int
    fresh: bool


class IndexView(NamedTuple):
    asset: int
    price: int  # numeraire units for 10^price_scale units; 0 = none yet
    price_scale: int
    frozen: bool
    sources: tuple[SourceView, ...]  # by number


class MarginView(NamedTuple):
    account: int
    owner: int
    symbol: int  # 0 = cross
    state: int  # MarginState
    due_ns: int  # when it is looked at next, if no price moves; 0 = it has no debt


class LoanView(NamedTuple):
    asset: int
    principal: int
    interest: int


class LevelView(NamedTuple):
    """Levels in ppm, values in the numeraire's units."""

    level_ppm: int
    collateral_level_ppm: int
    assets_value: int
    collateral_value: int
    debts_value: int


class FeeAccountView(NamedTuple):
    account: int
    pinned: bool
    discount: bool
    tier: int
    volume_30d: int  # of the 30 whole days before today, in the numeraire's units
    volume_today: int
