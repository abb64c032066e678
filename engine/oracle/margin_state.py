"""What the machine knows of margin and fees: the rows of docs/MARGIN.md section 9, in tables that hash themselves.

Owns the shape, nothing of the rules. `by_owner` is an index that follows from the MARGIN_ACCOUNT table.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from typing import NamedTuple

from engine.oracle.hashing import Table
from engine.types import VOLUME_DAYS, MarginState
from engine.types import Table as TableNumber

SETUP = 0  # the key of the only row of MARGIN and of DISCOUNT


class Setup(NamedTuple):
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


@dataclass(slots=True)
class MarginAsset:
    """An asset's terms, its pool and its index."""

    asset: int
    symbol: int
    status: int
    price_scale: int
    reserve_ppm: int
    optimal_ppm: int
    base_rate: int
    slope1_rate: int
    slope2_rate: int
    borrow_limit: int
    lent: int = 0
    borrowed: int = 0
    free: int = 0
    shares: int = 0
    hour: int = 0
    cumulative: int = 0
    rate: int = 0
    price: int = 0
    frozen: int = 1
    until_ns: int = 0


class Source(NamedTuple):
    price: int
    time_ns: int


@dataclass(slots=True)
class MarginAccount:
    account: int
    owner: int
    symbol: int  # 0 = cross
    state: int = MarginState.NORMAL
    due_ns: int = 0


@dataclass(slots=True)
class Loan:
    account: int
    asset: int
    principal: int = 0
    interest: int = 0
    index: int = 0

    @property
    def owed(self) -> int:
        return self.principal + self.interest


class Watch(NamedTuple):
    direction: int
    price: int


@dataclass(slots=True)
class FeeAccount:
    pinned: int = 0
    discount: int = 0
    day: int = 0
    today: int = 0
    days: list[int] = field(default_factory=lambda: [0] * VOLUME_DAYS)  # yesterday's first


def _keyed(key, row) -> list[int]:
    return [*(key if isinstance(key, tuple) else (key,)), *(row if isinstance(row, tuple) else (row,))]


def _fields(_key, row) -> list[int]:
    return list(row) if isinstance(row, tuple) else list(astuple(row))


def _fee_account(account: int, row: FeeAccount) -> list[int] | None:
    if not (row.pinned or row.discount or row.day):
        return None
    return [account, row.pinned, row.discount, row.day, row.today, *row.days]


class MarginTables:
    """Every table of margin and fees, each by its key."""

    def __init__(self) -> None:
        self.setups = Table(TableNumber.MARGIN, _fields)  # SETUP -> Setup
        self.assets = Table(TableNumber.MARGIN_ASSET, _fields)
        self.collateral = Table(TableNumber.COLLATERAL, _keyed)  # (asset, tier) -> (limit, ratio_ppm)
        self.sources = Table(TableNumber.SOURCE, _keyed)  # (asset, source) -> Source
        self.accounts = Table(TableNumber.MARGIN_ACCOUNT, _fields)
        self.loans = Table(TableNumber.LOAN, _fields)  # (account, asset)
        self.lenders = Table(TableNumber.LENDER, _keyed)  # (account, asset) -> shares
        self.watches = Table(TableNumber.WATCH, _keyed)  # (account, asset) -> Watch
        self.tiers = Table(TableNumber.TIER, _keyed)  # tier -> volume
        self.discounts = Table(TableNumber.DISCOUNT, _fields)  # SETUP -> (asset, ppm)
        self.fee_accounts = Table(TableNumber.FEE_ACCOUNT, _fee_account)
        self.by_owner: dict[tuple[int, int], int] = {}  # (owner, symbol) -> account

    @property
    def tables(self) -> tuple[Table, ...]:
        """In the order of their numbers."""
        return (self.setups, self.assets, self.collateral, self.sources, self.accounts, self.loans, self.lenders, self.watches,
                self.tiers, self.discounts, self.fee_accounts)  # fmt: skip

    @property
    def setup(self) -> Setup | None:
        return self.setups.get(SETUP)

    @property
    def numeraire(self) -> int:
        """0 while margin is not set up."""
        return self.setup.numeraire if self.setup else 0

    def add_account(self, row: MarginAccount) -> None:
        self.accounts.put(row.account, row)
        self.by_owner[row.owner, row.symbol] = row.account

    def owner(self, account: int) -> int:
        row = self.accounts.get(account)
        return row.owner if row else account

    def loans_of(self, account: int) -> list[Loan]:
        """By rising asset."""
        return sorted((loan for (holder, _), loan in self.loans.items() if holder == account), key=lambda loan: loan.asset)

    def tiers_of(self, asset: int) -> list[tuple[int, int]]:
        """(limit, ratio_ppm) by rising limit."""
        return [row for key, row in sorted(self.collateral.items()) if key[0] == asset]

    def fee_account(self, account: int) -> FeeAccount:
        """The row of a spot account, made where there is none."""
        if account not in self.fee_accounts:
            self.fee_accounts.put(account, FeeAccount())
        return self.fee_accounts[account]

    # ------------------------------------------------------------ snapshots

    _ROWS: dict[str, Callable] = {
        "setups": Setup._make, "assets": lambda row: MarginAsset(*row), "collateral": tuple, "sources": Source._make,
        "accounts": lambda row: MarginAccount(*row), "loans": lambda row: Loan(*row), "lenders": int, "watches": Watch._make,
        "tiers": int, "discounts": tuple, "fee_accounts": lambda row: FeeAccount(*row),
    }  # fmt: skip

    def to_plain(self) -> dict[str, list]:
        """JSON values only."""
        return {name: [[_plain(key), _plain(row)] for key, row in getattr(self, name).items()] for name in self._ROWS}

    @classmethod
    def from_plain(cls, plain: dict[str, list]) -> "MarginTables":
        tables = cls()
        for name, make in cls._ROWS.items():
            for key, row in plain[name]:
                getattr(tables, name).put(tuple(key) if isinstance(key, list) else key, make(row))
        tables.by_owner = {(row.owner, row.symbol): row.account for row in tables.accounts.values()}
        return tables


def _plain(value) -> int | list:
    if isinstance(value, int):
        return int(value)
    return list(value) if isinstance(value, tuple) else list(astuple(value))
