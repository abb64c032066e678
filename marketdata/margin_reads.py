"""Reads of margin's history: rows of PostgreSQL and the replica's tail, read as one. A part of History (marketdata/history.py).

All are pages of events, newest first, with how many there are in all.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from engine.types import HOUR_NS, EventKind
from marketdata.loans import (
    UNKNOWN,
    IndexRecord,
    LoanRecord,
    MarginRecord,
    RateRecord,
    index_facts,
    loan_facts,
    margin_facts,
    rate_facts,
    unknown_growth,
    with_growth,
)
from marketdata.rows import columns

PAGE_MAX = 1000
OFFSET_MAX = 100_000
TIME_NS_MAX = 2**63 - 1
Record = TypeVar("Record")


class Page(NamedTuple):
    """Part of what was asked for, newest first, and how much there is."""

    records: list
    total: int


class MarginReads:
    """What History reads of margin; `_read` is History's."""

    async def loans(self, account: int, asset: int = 0, kinds: Sequence[int] = (), *, tran_id: int = 0, grown: bool = False,
                    start_ms: int | None = None, end_ms: int | None = None, offset: int = 0, limit: int = 100) -> Page:  # fmt: skip
        """LoanRecords of the account: of one asset or (0) all, of some kinds or all, with an id's lower half, only those by which interest
        grew. Raises HistoryUnavailable."""
        start_ns, end_ns = _times(start_ms, end_ms)
        kinds = tuple(map(int, kinds or _LOAN_KINDS))

        def wanted(loan: LoanRecord) -> bool:
            return (
                loan.account == account and asset in (0, loan.asset) and loan.kind in kinds and tran_id in (0, loan.id_lo)
                and (not grown or loan.grown > 0) and start_ns <= loan.time_ns <= end_ns
            )  # fmt: skip

        offset, limit = _page(offset, limit)
        rows, frames = await self._read(_LOANS, account, asset, list(kinds), tran_id, grown, start_ns, end_ns, offset + limit)
        found, latest = [], {}
        total = 0
        for is_latest, count, *row in rows:
            record = LoanRecord._make(row)
            if is_latest:
                latest[record.account, record.asset] = record.interest
            else:
                found.append(record)
                total = count
        tail = with_growth([loan for loan in loan_facts(frames) if loan.account == account], latest)
        assert all(loan.grown != UNKNOWN or (loan.account, loan.asset) not in latest for loan in tail)
        return _newest(found, total, filter(wanted, tail), offset, limit)

    async def margin_events(self, account: int = 0, kinds: Sequence[int] = (), *, symbol: int = 0, start_ms: int | None = None,
                            end_ms: int | None = None, offset: int = 0, limit: int = 100) -> Page:  # fmt: skip
        """MarginRecords of the account or (0) of all, of some kinds or all. Raises HistoryUnavailable."""
        start_ns, end_ns = _times(start_ms, end_ms)
        kinds = tuple(map(int, kinds or _MARGIN_KINDS))

        def wanted(event: MarginRecord) -> bool:
            return (
                account in (0, event.account) and event.kind in kinds and symbol in (0, event.symbol)
                and start_ns <= event.time_ns <= end_ns
            )  # fmt: skip

        offset, limit = _page(offset, limit)
        rows, frames = await self._read(_MARGIN, account, list(kinds), symbol, start_ns, end_ns, offset + limit)
        found = [MarginRecord._make(row[1:]) for row in rows]
        total = rows[0][0] if rows else 0
        return _newest(found, total, filter(wanted, margin_facts(frames)), offset, limit)

    async def rates(self, asset: int, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 100) -> list[RateRecord]:
        """The pool's rate by the hour in which it changed, newest first. Raises HistoryUnavailable."""
        start_ns, end_ns = _times(start_ms, end_ms)
        _, limit = _page(0, limit)
        rows, frames = await self._read(_RATES, asset, start_ns // HOUR_NS, end_ns // HOUR_NS, limit)
        known = {row[1]: RateRecord._make(row) for row in rows}
        for rate in rate_facts(loan_facts(frames)):
            if rate.asset == asset and start_ns // HOUR_NS <= rate.hour <= end_ns // HOUR_NS:
                known[rate.hour] = rate
        return [known[hour] for hour in sorted(known, reverse=True)][:limit]

    async def index_prices(self, asset: int, *, start_ms: int | None = None, end_ms: int | None = None,
                           limit: int = 100) -> list[IndexRecord]:  # fmt: skip
        """The asset's index at the end of each minute in which it changed, newest first. Raises HistoryUnavailable."""
        start_ns, end_ns = _times(start_ms, end_ms)
        _, limit = _page(0, limit)
        rows, frames = await self._read(_INDEX, asset, start_ns, end_ns, limit)
        known = {row[1]: IndexRecord._make(row) for row in rows}
        for index in index_facts(frames):
            if index.asset == asset and start_ns <= index.time_ns <= end_ns:
                known[index.minute_ns] = index
        return [known[minute] for minute in sorted(known, reverse=True)][:limit]


def _times(start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
    start_ns = 0 if start_ms is None else max(0, start_ms) * 10**6
    end_ns = TIME_NS_MAX if end_ms is None else max(0, end_ms) * 10**6 + 999_999
    return min(start_ns, TIME_NS_MAX), min(end_ns, TIME_NS_MAX)


def _page(offset: int, limit: int) -> tuple[int, int]:
    return max(0, min(offset, OFFSET_MAX)), max(1, min(limit, PAGE_MAX))


def _newest(rows: list[Record], total: int, tail: Iterable[Record], offset: int, limit: int) -> Page:
    """`rows`: the newest offset + limit of the database, newest first; the tail is later than all of them."""
    fresh = list(tail)[::-1]
    return Page([*fresh, *rows][offset : offset + limit], total + len(fresh))


_LOAN_KINDS = (EventKind.BORROWED, EventKind.REPAID, EventKind.LENT, EventKind.REDEEMED, EventKind.BAD_DEBT)
_MARGIN_KINDS = (
    EventKind.MARGIN_CALL,
    EventKind.LIQUIDATION_STARTED,
    EventKind.LIQUIDATION,
    EventKind.LIQUIDATION_ENDED,
    EventKind.BAD_DEBT,
)
LOAN_COLUMNS = LoanRecord._fields
MARGIN_COLUMNS = MarginRecord._fields
INDEX_COLUMNS = IndexRecord._fields
RATE_COLUMNS = RateRecord._fields

# The page, and the last row of each of the account's loans, by which the tail finds how much they grew.
_LOANS = f"""
    (SELECT -seq AS place, false AS is_latest, count(*) OVER () AS total, {columns(LOAN_COLUMNS)} FROM history.loans
    WHERE account = $1 AND ($2 = 0 OR asset = $2) AND kind = ANY($3::smallint[]) AND ($4::bigint = 0 OR id_lo = $4::bigint)
        AND (NOT $5 OR grown > 0) AND time_ns BETWEEN $6 AND $7
    ORDER BY seq DESC LIMIT $8)
    UNION ALL
    (SELECT DISTINCT ON (asset) 0 AS place, true AS is_latest, 0 AS total, {columns(LOAN_COLUMNS)} FROM history.loans
    WHERE account = $1 AND kind <> ALL('{{{EventKind.LENT:d},{EventKind.REDEEMED:d}}}') ORDER BY asset, seq DESC)
"""
_MARGIN = f"""
    SELECT -seq AS place, count(*) OVER () AS total, {columns(MARGIN_COLUMNS)} FROM history.margin_events
    WHERE ($1 = 0 OR account = $1) AND kind = ANY($2::smallint[]) AND ($3 = 0 OR symbol = $3) AND time_ns BETWEEN $4 AND $5
    ORDER BY seq DESC LIMIT $6
"""
_RATES = f"""
    SELECT -hour AS place, {columns(RATE_COLUMNS)} FROM history.rates
    WHERE asset = $1 AND hour BETWEEN $2 AND $3 ORDER BY hour DESC LIMIT $4
"""
_INDEX = f"""
    SELECT -minute_ns AS place, {columns(INDEX_COLUMNS)} FROM history.index_prices
    WHERE asset = $1 AND time_ns BETWEEN $2 AND $3 ORDER BY minute_ns DESC LIMIT $4
"""


# ---------------------------------------------------------------- writing

RATE_UPSERT = """
    INSERT INTO history.rates (asset, hour, rate) SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[])
    ON CONFLICT (asset, hour) DO UPDATE SET rate = excluded.rate
"""
INDEX_UPSERT = f"""
    INSERT INTO history.index_prices ({columns(INDEX_COLUMNS)})
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[])
    ON CONFLICT (asset, minute_ns) DO UPDATE SET price = excluded.price, sources = excluded.sources, time_ns = excluded.time_ns
"""
_INTEREST_BEFORE = """
    SELECT DISTINCT ON (l.account, l.asset) l.account, l.asset, l.interest
    FROM history.loans AS l JOIN unnest($1::integer[], $2::integer[]) AS w (account, asset) ON l.account = w.account AND l.asset = w.asset
    WHERE l.kind <> ALL($3::smallint[])
    ORDER BY l.account, l.asset, l.seq DESC
"""


class MarginRows:
    """The rows of a batch that concern margin (a part of the recorder's)."""

    def __init__(self, frames: Sequence):
        self._loans = loan_facts(frames)
        self._margin = margin_facts(frames)
        self._index = index_facts(frames)
        self._rates = rate_facts(self._loans)

    async def write(self, connection, copy: Callable) -> None:
        """Inside the caller's transaction; `copy(connection, table, columns, rows)`."""
        loans = self._loans
        if unknown := sorted(unknown_growth(loans)):
            rows = await connection.fetch(_INTEREST_BEFORE, *map(list, zip(*unknown, strict=True)),
                                          [int(EventKind.LENT), int(EventKind.REDEEMED)])  # fmt: skip
            loans = with_growth(loans, {(row["account"], row["asset"]): row["interest"] for row in rows})
        await copy(connection, "loans", LOAN_COLUMNS, loans)
        await copy(connection, "margin_events", MARGIN_COLUMNS, self._margin)
        if self._rates:
            await connection.execute(RATE_UPSERT, *map(list, zip(*self._rates, strict=True)))
        if self._index:
            await connection.execute(INDEX_UPSERT, *map(list, zip(*self._index, strict=True)))
