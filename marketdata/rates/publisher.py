"""Rates: polls every source for itself and publishes what it says.

A price is sent when it moved by CHANGE_PPM or when the core would soon call it stale, so a quiet market costs a command a source, an asset
and a third of the staleness. A source that fails, hangs or talks nonsense is asked less and less often, and no other one waits for it; its
prices grow old in the core, which drops them by itself. A price that the log cannot take at once is dropped, never queued: the next poll
has a better one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Protocol

import structlog

from engine import commands
from engine.log.port import LogError
from engine.replica import ReplicaStopped
from engine.types import PRICE_MAX, Code
from marketdata.rates.quotes import PPM

POLL_SECONDS = 15.0  # for one answer
PAUSE_SECONDS_MAX = 60.0  # between two polls of a source that fails
CHANGE_PPM = 20
REFRESH_SHARE = 3  # sent again after that part of the staleness
STILL_TRUE_NS = 5 * 10**9  # a price that reaches the core later than this is not taken
PRICES_MAX = 256  # of one source in one frame; the others go with its next poll
_log = structlog.get_logger("rates")


class Source(Protocol):
    """Who says what assets are worth."""

    number: int
    name: str
    period_seconds: float
    rejected: int

    async def poll(self, assets: Sequence[str], numeraire: str) -> dict[str, Decimal]: ...

    async def close(self) -> None: ...


@dataclass
class Health:
    """How a source does."""

    up: bool = False
    failures: int = 0  # in a row
    polls: int = 0
    failed: int = 0
    published: int = 0
    refused: int = 0
    quoted: int = 0  # assets in its last answer
    answered_at: float = 0.0  # loop time
    sent: dict[int, tuple[int, float]] = field(default_factory=dict)  # asset -> (price, loop time)


class Rates:
    """All sources of one venue. `run` ends only by cancellation."""

    def __init__(self, exchange: Any, sources: Sequence[Source], *, now_ns: Callable[[], int] = time.time_ns) -> None:
        """`exchange`: an ExchangeClient with the role RATES."""
        self._exchange = exchange
        self._sources = sources
        self._now_ns = now_ns
        self.health = {source.number: Health() for source in sources}

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for source in self._sources:
                    group.create_task(self._follow(source))
        finally:
            await asyncio.gather(*(source.close() for source in self._sources), return_exceptions=True)

    def counters(self) -> dict[str, float]:
        """For metrics, by the source's name."""
        now = time.monotonic()
        figures: dict[str, float] = {}
        for source in self._sources:
            health, name = self.health[source.number], f"rates_{source.name}"
            figures |= {
                f"{name}_up": int(health.up),
                f"{name}_assets": health.quoted,
                f"{name}_age_seconds": now - health.answered_at if health.answered_at else -1.0,
                f"{name}_polls": health.polls,
                f"{name}_polls_failed": health.failed,
                f"{name}_quotes_rejected": source.rejected,
                f"{name}_prices_published": health.published,
                f"{name}_prices_refused": health.refused,
            }
        return figures

    # ------------------------------------------------------------ one source

    async def _follow(self, source: Source) -> None:
        while True:
            began = time.monotonic()
            pause = await self._turn(source)
            await asyncio.sleep(max(0.0, began + pause - time.monotonic()))

    async def _turn(self, source: Source) -> float:
        """Poll once and publish; returns when to ask again, in seconds from the beginning of this turn."""
        health = self.health[source.number]
        machine = self._exchange.machine
        setup = machine.margin_setup()
        if setup is None:
            return source.period_seconds  # nobody has set up margin yet
        wanted = {machine.asset(view.asset).name: view for view in machine.margin_assets() if view.asset != setup.numeraire}
        health.polls += 1
        try:
            async with asyncio.timeout(POLL_SECONDS):
                prices = await source.poll(list(wanted), machine.asset(setup.numeraire).name)
        except Exception as error:  # noqa: BLE001  a venue elsewhere can fail in any way, and none may reach the others
            self._failed(source, error)
            return min(source.period_seconds * 2.0 ** min(health.failures, 16), PAUSE_SECONDS_MAX)
        self._answered(source, len(prices))
        units = {}
        for name, price in prices.items():
            view = wanted[name]
            value = price_units(price, machine.asset(view.asset).scale, view.price_scale, machine.asset(setup.numeraire).scale)
            if value:
                units[view.asset] = value
            else:
                source.rejected += 1
        await self._publish(source, units, setup.staleness_ns / 1e9)
        return source.period_seconds

    def _failed(self, source: Source, error: Exception) -> None:
        health = self.health[source.number]
        health.failed += 1
        health.failures += 1
        if health.up or health.failures == 1:
            _log.warning("price source failed", source=source.number, name=source.name, reason=f"{type(error).__name__}: {error}"[:300])
        health.up = False

    def _answered(self, source: Source, quoted: int) -> None:
        health = self.health[source.number]
        if not health.up:
            _log.info("price source answers", source=source.number, name=source.name, assets=quoted, after_failures=health.failures)
        health.up, health.failures, health.quoted = True, 0, quoted
        health.answered_at = time.monotonic()

    # ------------------------------------------------------------ publishing

    async def _publish(self, source: Source, prices: dict[int, int], staleness_seconds: float) -> None:
        health = self.health[source.number]
        now = time.monotonic()
        due = {
            asset: price for asset, price in prices.items() if is_due(health.sent.get(asset), price, now, staleness_seconds / REFRESH_SHARE)
        }
        oldest_first = sorted(due, key=lambda asset: health.sent.get(asset, (0, 0.0))[1])[:PRICES_MAX]
        if not oldest_first:
            return
        until_ns = self._now_ns() + STILL_TRUE_NS
        batch = [commands.set_price(asset, source.number, due[asset], valid_until_ns=until_ns) for asset in oldest_first]
        try:
            outcomes = await self._exchange.execute(commands.frame(*batch), STILL_TRUE_NS / 1e9)
        except (LogError, ReplicaStopped) as error:
            health.refused += len(batch)
            _log.warning("prices not published", source=source.number, name=source.name, reason=f"{type(error).__name__}: {error}"[:300])
            return
        for asset, outcome in zip(oldest_first, outcomes, strict=True):
            if outcome.code == Code.OK:
                health.published += 1
                health.sent[asset] = (due[asset], now)
            else:
                health.refused += 1
                _log.warning("price refused", source=source.number, name=source.name, asset=asset, reason=Code(outcome.code).name)


def price_units(price: Decimal, asset_scale: int, price_scale: int, numeraire_scale: int) -> int:
    """The core's price: what 10**price_scale units of the asset are worth in units of the numeraire, to the nearest; 0 beyond its range."""
    units = (price.scaleb(price_scale - asset_scale + numeraire_scale)).to_integral_value(ROUND_HALF_EVEN)
    return int(units) if 0 < units <= PRICE_MAX else 0


def is_due(sent: tuple[int, float] | None, price: int, now: float, refresh_seconds: float) -> bool:
    """Whether a price is to be sent; `sent`: the last one and when."""
    return sent is None or abs(price - sent[0]) * PPM >= sent[0] * CHANGE_PPM and price != sent[0] or now - sent[1] >= refresh_seconds
