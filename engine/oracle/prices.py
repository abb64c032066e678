"""Index prices: docs/MARGIN.md section 3. Sources, medians, and when an index is frozen.

Owns the index of every margin asset; knows nothing of accounts.
"""

from collections.abc import Callable

from engine.oracle.margin_state import MarginAsset, Source
from engine.oracle.records import margin_event
from engine.oracle.state import State
from engine.types import PPM, Code, EventKind


def set_source(state: State, asset: int, source: int, price: int, now: int) -> None:
    """What a source says from now on; 0 withdraws what it said."""
    sources = state.margin.sources
    if price:
        sources.put((asset, source), Source(price, now))
    elif (asset, source) in sources:
        sources.drop((asset, source))


def compute_index(state: State, asset: int, index: int, now: int, emit: Callable) -> None:
    """The index of `asset` from what its sources say; tells whoever listens if it has changed."""
    row, staleness = state.margin.assets[asset], state.margin.setup.staleness_ns
    fresh = [source for source in sources_of(state, asset).values() if is_fresh(state, source, now)]
    kept = _agreeing([source.price for source in fresh], state.margin.setup.deviation_ppm)
    before = row.price, row.frozen
    if len(kept) < 2:
        kept, row.frozen = [], 1
    else:
        row.price, row.frozen = _median(kept), 0
    row.until_ns = min((source.time_ns + staleness for source in fresh), default=0)
    state.margin.assets.touch(asset)
    if (row.price, row.frozen) != before:
        code = Code.INDEX_FROZEN if row.frozen else Code.OK
        emit(index, now, margin_event, kind=EventKind.INDEX, asset=asset, price=row.price, count=len(kept), code=code)


def sources_of(state: State, asset: int) -> dict[int, Source]:
    """By rising number."""
    return {number: source for (of, number), source in sorted(state.margin.sources.items()) if of == asset}


def is_fresh(state: State, source: Source, now: int) -> bool:
    return now - source.time_ns <= state.margin.setup.staleness_ns


def has_price(row: MarginAsset | None) -> bool:
    """Whether decisions may rest on the index of this asset."""
    return row is not None and row.price > 0 and not row.frozen


def _agreeing(prices: list[int], deviation_ppm: int) -> list[int]:
    """Those near the median of all; none where there are fewer than two to agree."""
    if len(prices) < 2:
        return []
    middle = _median(prices)
    return [price for price in prices if abs(price - middle) * PPM <= deviation_ppm * middle]


def _median(prices: list[int]) -> int:
    ordered = sorted(prices)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2
