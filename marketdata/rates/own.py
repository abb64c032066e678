"""The venue's own book as a source, and the simulated source of the demo that wanders around it."""

import math
import time
import zlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from engine.types import Side, SymbolStatus
from engine.units import SymbolUnits
from marketdata.rates.quotes import PPM, middle
from marketdata.rates.spec import SourceSpec

_SETTLE_SECONDS = 30.0  # in which the simulated price follows most of a move of the book
_WAVES = ((97.0, 200.0), (389.0, 300.0), (1531.0, 400.0))  # (period in s, height in ppm) of what it adds


class OwnBook:
    """The middle of the book of ASSET/NUMERAIRE here: while the market trades, both sides are there and near to each other.

    Never the last price: one small trade would move it.
    """

    period_seconds = 1.0

    def __init__(self, spec: SourceSpec, exchange: Any) -> None:
        """`exchange`: an ExchangeClient."""
        self.number, self.name = spec.number, spec.name
        self.rejected = 0
        self._exchange = exchange

    async def poll(self, assets: Sequence[str], numeraire: str) -> dict[str, Decimal]:
        """Raises OSError while the replica hears nothing from the log: what it shows is old."""
        if not self._exchange.connected:
            raise OSError("the log is away")
        return self.prices(assets, numeraire)

    def prices(self, assets: Sequence[str], numeraire: str) -> dict[str, Decimal]:
        """Asset -> price, as the replica stands."""
        machine = self._exchange.machine
        views = {asset.asset: asset for asset in machine.assets()}
        wanted = set(assets)
        prices = {}
        for symbol in machine.symbols():
            base, quote = views[symbol.base], views[symbol.quote]
            if base.name not in wanted or quote.name != numeraire or symbol.status != SymbolStatus.TRADING:
                continue
            units = SymbolUnits(symbol, base, quote)
            best = [machine.depth(symbol.symbol, side, 1) for side in (Side.BUY, Side.SELL)]
            if all(len(levels) for levels in best):
                price = middle(*(Decimal(units.ticks_to_price(int(levels[0][0]))) for levels in best))
                if price is not None:
                    prices[base.name] = price
                    continue
            self.rejected += 1
        return prices

    async def close(self) -> None:
        pass


class Simulated:
    """A venue that does not exist: the own book's price of the last half minute, and on it waves that depend on asset and time alone.

    Where the book is gone it stays where it was, as a venue elsewhere would. For demos without a network.
    """

    period_seconds = 1.0

    def __init__(self, spec: SourceSpec, book: OwnBook, *, now: Callable[[], float] = time.time) -> None:
        self.number, self.name = spec.number, spec.name
        self.rejected = 0
        self._book = book
        self._now = now
        self._anchors: dict[str, float] = {}
        self._moved_at = now()

    async def poll(self, assets: Sequence[str], numeraire: str) -> dict[str, Decimal]:
        now = self._now()
        share = 1.0 - math.exp(-max(0.0, now - self._moved_at) / _SETTLE_SECONDS)
        self._moved_at = now
        for asset, price in self._book.prices(assets, numeraire).items():
            anchor = self._anchors.setdefault(asset, float(price))
            self._anchors[asset] = anchor + share * (float(price) - anchor)
        wanted = set(assets)
        return {
            asset: Decimal(repr(anchor * (1.0 + wave_ppm(asset, now) / PPM)))
            for asset, anchor in self._anchors.items()
            if asset in wanted
        }  # fmt: skip

    async def close(self) -> None:
        pass


def wave_ppm(asset: str, seconds: float) -> float:
    """How far the simulated price of the asset is from its anchor at that time; within ±900 ppm."""
    phase = zlib.crc32(asset.encode())
    return sum(height * math.sin(math.tau * seconds / period + phase / period) for period, height in _WAVES)
