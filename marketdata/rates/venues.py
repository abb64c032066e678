"""Venues elsewhere, through ccxt: their tickers, and how their clocks differ from ours.

Only the middle of best bid and best ask counts, never a last price. A ticker with a time of its own must be fresh by the venue's own
clock, whose offset is measured, so neither a venue whose clock is wrong nor ours being wrong makes prices look old or new.
"""

import asyncio
import importlib
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from marketdata.rates.quotes import middle
from marketdata.rates.spec import CRYPTOSHOP, SourceError, SourceSpec

REQUEST_MS = 8_000
STALE_MS = 60_000  # of a ticker's own time
AHEAD_MS = 5_000  # a ticker may be this much from the future of its venue's clock
REFRESH_SECONDS = 600.0  # after which markets and clock are asked for again
SINGLE_TICKERS_MAX = 50  # of a venue that tells one market at a time


class CcxtVenue:
    """One venue. Its first poll connects; `close` lets go."""

    period_seconds = 2.0

    def __init__(self, spec: SourceSpec, *, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6, paced: bool = True) -> None:
        """`paced`: no more requests than the venue allows, as ccxt knows it. Raises SourceError where ccxt does not know the venue."""
        self.number, self.name = spec.number, spec.name
        self.rejected = 0  # tickers that were not believed
        self._exchange = _client(spec, paced)
        self._now_ms = now_ms
        self._clock_ahead_ms = 0  # the venue's, of ours
        self._refresh_at = 0.0

    async def poll(self, assets: Sequence[str], numeraire: str) -> dict[str, Decimal]:
        """Asset -> price, of those assets that trade there against the numeraire. Raises what ccxt raises."""
        await self._refresh()
        wanted = {f"{asset}/{numeraire}": asset for asset in assets}
        markets = self._exchange.markets
        wanted = {symbol: asset for symbol, asset in wanted.items() if symbol in markets and markets[symbol].get("active") is not False}
        if not wanted:
            return {}
        try:
            tickers = await self._tickers(list(wanted))
        except Exception:
            self._refresh_at = 0.0  # a market may have gone
            raise
        prices = {}
        for symbol, asset in wanted.items():
            price = self._price(tickers.get(symbol))
            if price is None:
                self.rejected += 1
            else:
                prices[asset] = price
        return prices

    async def close(self) -> None:
        await self._exchange.close()

    async def _refresh(self) -> None:
        now = time.monotonic()
        if now < self._refresh_at:
            return
        await self._exchange.load_markets(True)
        if self._exchange.has.get("fetchTime"):
            asked = self._now_ms()
            told = await self._exchange.fetch_time()
            self._clock_ahead_ms = int(told) - (asked + self._now_ms()) // 2
        self._refresh_at = now + REFRESH_SECONDS

    async def _tickers(self, symbols: list[str]) -> dict[str, Any]:
        if self._exchange.has.get("fetchTickers"):
            return await self._exchange.fetch_tickers(symbols)
        tickers = await asyncio.gather(*(self._exchange.fetch_ticker(symbol) for symbol in symbols[:SINGLE_TICKERS_MAX]))
        return {ticker["symbol"]: ticker for ticker in tickers}

    def _price(self, ticker: dict[str, Any] | None) -> Decimal | None:
        if ticker is None or not self._is_fresh(ticker.get("timestamp")):
            return None
        return middle(ticker.get("bid"), ticker.get("ask"))

    def _is_fresh(self, timestamp: int | None) -> bool:
        if timestamp is None:
            return True  # as of the answer
        age_ms = self._now_ms() + self._clock_ahead_ms - timestamp
        if -AHEAD_MS <= age_ms <= STALE_MS:
            return True
        self._refresh_at = 0.0  # the venue's clock, or ours, may have been set
        return False


def _client(spec: SourceSpec, paced: bool) -> Any:
    """ccxt's asynchronous client. Raises SourceError."""
    venue_id = "binance" if spec.kind == CRYPTOSHOP else spec.kind
    ccxt = importlib.import_module("ccxt.async_support")  # heavy: only where a venue is configured
    if venue_id not in ccxt.exchanges:
        raise SourceError(f"source {spec.number}: ccxt knows no venue '{spec.kind}'")
    config: dict[str, Any] = {"timeout": REQUEST_MS, "enableRateLimit": paced, "options": {"fetchMarkets": {"types": ["spot"]}}}
    if spec.kind == CRYPTOSHOP:
        public = f"{spec.url}/api/v3"
        config["urls"] = {"api": {"public": public, "private": public, "v1": f"{spec.url}/api/v1", "sapi": f"{spec.url}/sapi/v1"}}
        config["options"] |= {"fetchCurrencies": False, "fetchMargins": False}
    elif venue_id != "binance":
        del config["options"]["fetchMarkets"]  # its meaning differs from venue to venue
    return getattr(ccxt, venue_id)(config)
