"""What applied frames say of margin, as rows of history: loans, calls, liquidations, bad debts, index prices, rates, ledger entries.

Pure functions of frames, like marketdata/facts.py, which holds what is told of everybody. A loan's events do not carry what its interest
had been before them, so how much it grew is found by following them one after another (`with_growth`); the first of a run takes it from
the last row of the same loan.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.types import HOUR_NS, HOUSE_INSURANCE, HOUSE_LENDING, LOAN_EVENT, MARGIN_EVENT, EventKind

MINUTE_NS = 60 * 10**9
UNKNOWN = -1  # of `grown`: it takes the row before

LOAN_KINDS = (EventKind.BORROWED, EventKind.REPAID, EventKind.LENT, EventKind.REDEEMED)


class LoanRecord(NamedTuple):
    """One change of a loan, or of what a lender has in a pool. BAD_DEBT ends a loan as REPAID does, but nothing is paid."""

    seq: int
    kind: int  # EventKind: BORROWED, REPAID, LENT, REDEEMED, BAD_DEBT
    account: int
    asset: int
    id_hi: int  # of the command; 0 where an order or a liquidation caused it
    id_lo: int
    reason: int
    amount: int
    part: int  # REPAID, BAD_DEBT: of the interest; LENT, REDEEMED: shares
    grown: int  # by how much the interest grew since the change before
    principal: int  # afterwards; LENT, REDEEMED: the lender's shares
    interest: int  # afterwards
    rate: int  # hourly, of the pool
    reserve: int  # REPAID: what of the interest went to the insurance
    time_ns: int


class MarginRecord(NamedTuple):
    """What the core did about an account's level."""

    seq: int
    kind: int  # EventKind: MARGIN_CALL, LIQUIDATION_STARTED, LIQUIDATION, LIQUIDATION_ENDED, BAD_DEBT
    account: int
    asset: int
    symbol: int
    order_id: int
    price_ticks: int
    amount: int
    fee: int
    interest: int
    covered: int
    lost: int
    level_ppm: int
    assets_value: int
    debts_value: int
    time_ns: int


class IndexRecord(NamedTuple):
    """An asset's index at the end of a minute in which it changed."""

    asset: int
    minute_ns: int
    price: int
    sources: int  # how many made it; 0 = frozen
    time_ns: int


class RateRecord(NamedTuple):
    """A pool's rate in an hour in which somebody borrowed, repaid, lent or redeemed."""

    asset: int
    hour: int
    rate: int


Loan = tuple[int, int]  # account, asset


def _events(frames: Iterable, first: EventKind, last: EventKind, dtype: np.dtype) -> Iterable[np.void]:
    for frame in frames:
        kinds = frame.events["kind"]
        some = (kinds >= first) & (kinds <= last)
        if some.any():
            yield from frame.events[some].view(dtype)


# ---------------------------------------------------------------- loans


def loan_facts(frames: Sequence) -> list[LoanRecord]:
    """By rising seq; `grown` is UNKNOWN where the first change of a loan in these frames does not tell it."""
    records = [_loan(event) for event in _events(frames, EventKind.BORROWED, EventKind.REDEEMED, LOAN_EVENT)]
    records += [_written_off(event) for event in _events(frames, EventKind.BAD_DEBT, EventKind.BAD_DEBT, MARGIN_EVENT)]
    records.sort()
    return with_growth(records, {})


def _loan(event: np.void) -> LoanRecord:
    kind = int(event["kind"])
    grown = {EventKind.BORROWED: int(event["part"]), EventKind.REPAID: UNKNOWN}.get(kind, 0)
    return LoanRecord(
        seq=int(event["seq"]), kind=kind, account=int(event["account"]), asset=int(event["asset"]), id_hi=int(event["id_hi"]),
        id_lo=int(event["id_lo"]), reason=int(event["reason"]), amount=int(event["amount"]), part=int(event["part"]), grown=grown,
        principal=int(event["principal"]), interest=int(event["interest"]), rate=int(event["rate"]), reserve=int(event["reserve"]),
        time_ns=int(event["time_ns"]),
    )  # fmt: skip


def _written_off(event: np.void) -> LoanRecord:
    return LoanRecord(
        seq=int(event["seq"]), kind=int(event["kind"]), account=int(event["account"]), asset=int(event["asset"]), id_hi=0, id_lo=0,
        reason=0, amount=int(event["amount"]), part=int(event["interest"]), grown=UNKNOWN, principal=0, interest=0, rate=0, reserve=0,
        time_ns=int(event["time_ns"]),
    )  # fmt: skip


def with_growth(records: Iterable[LoanRecord], interest: dict[Loan, int]) -> list[LoanRecord]:
    """The records, by rising seq, with every `grown` that can be known; `interest`: of loans before the first of them."""
    before = dict(interest)
    told = []
    for record in records:
        loan = record.account, record.asset
        if record.kind in (EventKind.LENT, EventKind.REDEEMED):
            told.append(record)
            continue
        if record.grown == UNKNOWN and loan in before:
            record = record._replace(grown=record.interest + record.part - before[loan])  # noqa: PLW2901
        before[loan] = record.interest
        told.append(record)
    return told


def unknown_growth(records: Iterable[LoanRecord]) -> set[Loan]:
    """The loans whose interest before these records must be looked up."""
    return {(record.account, record.asset) for record in records if record.grown == UNKNOWN}


# ---------------------------------------------------------------- calls, liquidations, bad debts


def margin_facts(frames: Sequence) -> list[MarginRecord]:
    """By rising seq."""
    return [_margin(event) for event in _events(frames, EventKind.MARGIN_CALL, EventKind.BAD_DEBT, MARGIN_EVENT)]


def _margin(event: np.void) -> MarginRecord:
    names = ("seq", "kind", "account", "asset", "symbol", "order_id", "price", "amount", "fee", "interest", "covered", "lost", "level_ppm",
             "assets_value", "debts_value", "time_ns")  # fmt: skip
    return MarginRecord(*(int(event[name]) for name in names))


# ---------------------------------------------------------------- index and rates


def index_facts(frames: Sequence) -> list[IndexRecord]:
    """The last index of each asset in each minute, by asset and minute."""
    last: dict[tuple[int, int], IndexRecord] = {}
    for event in _events(frames, EventKind.INDEX, EventKind.INDEX, MARGIN_EVENT):
        asset, time_ns = int(event["asset"]), int(event["time_ns"])
        minute_ns = time_ns // MINUTE_NS * MINUTE_NS
        last[asset, minute_ns] = IndexRecord(asset, minute_ns, int(event["price"]), int(event["count"]), time_ns)
    return [last[key] for key in sorted(last)]


def rate_facts(loans: Iterable[LoanRecord]) -> list[RateRecord]:
    """The last rate of each pool in each hour."""
    last = {(loan.asset, loan.time_ns // HOUR_NS): loan.rate for loan in loans if loan.kind != EventKind.BAD_DEBT}
    return [RateRecord(asset, hour, rate) for (asset, hour), rate in sorted(last.items())]


# ---------------------------------------------------------------- the ledger

# (from, to, amount) of what an event moved; None is the account.
_Move = tuple[int | None, int | None, int]
_MOVES: dict[int, Callable[[np.void], tuple[_Move, ...]]] = {
    EventKind.BORROWED: lambda event: ((HOUSE_LENDING, None, event["amount"]),),
    EventKind.REPAID: lambda event: (
        (None, HOUSE_LENDING, event["amount"] - event["reserve"]),
        (None, HOUSE_INSURANCE, event["reserve"]),
    ),
    EventKind.LENT: lambda event: ((None, HOUSE_LENDING, event["amount"]),),
    EventKind.REDEEMED: lambda event: ((HOUSE_LENDING, None, event["amount"]),),
    EventKind.LIQUIDATION: lambda event: ((None, HOUSE_INSURANCE, event["fee"]),),
    EventKind.BAD_DEBT: lambda event: ((HOUSE_INSURANCE, HOUSE_LENDING, event["covered"]),),
}


def margin_entries(frames: Sequence, dtype: np.dtype, kinds: dict[int, int]) -> np.ndarray:
    """ENTRY array (`dtype`): two lines for each amount that moved. `kinds`: EventKind -> EntryKind. By no order in particular."""
    rows = []
    sources = (*_events(frames, EventKind.BORROWED, EventKind.REDEEMED, LOAN_EVENT),
               *_events(frames, EventKind.LIQUIDATION, EventKind.BAD_DEBT, MARGIN_EVENT))  # fmt: skip
    for event in sources:
        kind = int(event["kind"])
        if kind not in kinds:
            continue
        reference = (int(event["id_hi"]), int(event["id_lo"])) if kind <= EventKind.REDEEMED else (0, int(event["order_id"]))
        line = 0
        for debit, credit, amount in _MOVES[kind](event):
            for account, change in ((debit, -int(amount)), (credit, int(amount))):
                if change:
                    owner = int(event["account"]) if account is None else account
                    rows.append(
                        (int(event["seq"]), line, owner, int(event["asset"]), change, kinds[kind], *reference, int(event["time_ns"]))
                    )
                line += 1
    return np.array(rows, dtype) if rows else np.empty(0, dtype)
