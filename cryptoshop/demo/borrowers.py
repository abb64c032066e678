"""The demo's margin traders: they go long and short on borrowed money, and come back when their level gets low. Through the public REST
API, with keys of their own, as anyone could.

Owns nothing of the venue; killed or cut off, they come back and start from what they find.
"""

import asyncio
import hashlib
import hmac
import time
from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import urlencode

import aiohttp
import numpy as np
import structlog

from cryptoshop.demo.client import RequestRefused
from cryptoshop.demo.markets import LENDING, NUMERAIRE, SYMBOLS, DemoSymbol
from cryptoshop.settings import Settings

PAUSE_S = 9.0  # between two deeds, about
STAKE = "25000"  # of the numeraire, in each account
ISOLATED_SYMBOL = "BTCUSDT"
BOLD_ABOVE, TIMID_BELOW = 2.4, 1.8  # margin level: more is borrowed above, less is owed below
_TIMEOUT_S = 20
_MARKETS = tuple(symbol for symbol in SYMBOLS if symbol.quote == NUMERAIRE and symbol.base in LENDING)

log = structlog.get_logger("borrowers")


class RestClient:
    """Signed requests to /sapi/v1 for one API key. Use as an async context manager."""

    def __init__(self, rest_url: str, api_key: str, secret: str) -> None:
        self._base = f"{rest_url}/sapi/v1/"
        self._secret = secret.encode()
        self._http = aiohttp.ClientSession(headers={"X-MBX-APIKEY": api_key}, timeout=aiohttp.ClientTimeout(_TIMEOUT_S))

    async def __aenter__(self) -> "RestClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, **parameters: Any) -> Any:
        """The answer's JSON. Raises RequestRefused, and what the connection raises."""
        query = urlencode(parameters | {"timestamp": int(time.time() * 1000), "recvWindow": 10_000})
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        async with self._http.request(method, f"{self._base}{path}?{query}&signature={signature}") as response:
            answer = await response.json(content_type=None)
            if response.status >= 400:
                raise RequestRefused(answer.get("code", 0), answer.get("msg", "no reason given"))
            return answer


class Borrower:
    """Trades on a cross account, or on an isolated one."""

    def __init__(self, client: RestClient, random: np.random.Generator, *, isolated: bool) -> None:
        self.client = client
        self.random = random
        self.isolated = isolated
        self.where = {"isIsolated": "TRUE"} if isolated else {"isIsolated": "FALSE"}

    async def run(self) -> None:
        if not await self.level():
            into = {"type": "MAIN_ISOLATED_MARGIN", "toSymbol": ISOLATED_SYMBOL} if self.isolated else {"type": "MAIN_MARGIN"}
            await self.client.call("POST", "asset/transfer", asset=NUMERAIRE, amount=STAKE, **into)
        while True:
            await asyncio.sleep(PAUSE_S * (0.4 + 1.2 * self.random.random()))
            try:
                await self.turn()
            except RequestRefused as refusal:  # a frozen index, an empty pool, a level too low: the next turn sees another market
                log.info("margin trader refused", isolated=self.isolated, code=refusal.code)

    async def level(self) -> float:
        """The account's margin level, 0 where there is no account."""
        if not self.isolated:
            account = await self.client.call("GET", "margin/account")
            return float(account["marginLevel"]) if account["created"] else 0.0
        (account,) = (await self.client.call("GET", "margin/isolated/account", symbols=ISOLATED_SYMBOL))["assets"]
        return float(account["marginLevel"]) if account["isolatedCreated"] else 0.0

    async def turn(self) -> None:
        level = await self.level()
        if level < TIMID_BELOW:
            await self.owe_less()
        elif level > BOLD_ABOVE or self.random.random() < 0.3:
            symbol = _MARKETS[int(self.random.integers(len(_MARKETS)))]
            if self.isolated:
                symbol = next(market for market in _MARKETS if market.name == ISOLATED_SYMBOL)
            await self.trade(symbol, "BUY" if self.random.random() < 0.6 else "SELL", "AUTO_BORROW_REPAY")

    async def trade(self, symbol: DemoSymbol, side: str, side_effect: str) -> None:
        """A market order for a part of what the stake could buy."""
        value = float(STAKE) * (0.05 + 0.25 * self.random.random())
        unit = Decimal(symbol.lot)
        quantity = (Decimal(repr(value / symbol.start_price)) / unit).to_integral_value(ROUND_DOWN) * unit
        await self.client.call("POST", "margin/order", symbol=symbol.name, side=side, type="MARKET", quantity=format(quantity, "f"),
                               sideEffectType=side_effect, newOrderRespType="ACK", **self.where)  # fmt: skip

    async def owe_less(self) -> None:
        """Repays what it has of what it owes, and where that is nothing, sells or buys for it."""
        rows = await self.rows()
        for row in rows:
            free, owed = Decimal(row["free"]), Decimal(row["borrowed"]) + Decimal(row["interest"])
            if owed and free:
                more = {"symbol": ISOLATED_SYMBOL} if self.isolated else {}
                await self.client.call("POST", "margin/borrow-repay", type="REPAY", asset=row["asset"], amount=format(min(free, owed), "f"),
                                       **self.where, **more)  # fmt: skip
                return
        owes_quote = any(row["asset"] == NUMERAIRE and Decimal(row["borrowed"]) for row in rows)
        held = [row["asset"] for row in rows if Decimal(row["free"]) and row["asset"] != NUMERAIRE]
        owed = [row["asset"] for row in rows if Decimal(row["borrowed"]) and row["asset"] != NUMERAIRE]
        wanted = held if owes_quote else owed
        market = next((market for market in _MARKETS if market.base in wanted), None)
        if market is not None:
            await self.trade(market, "SELL" if owes_quote else "BUY", "AUTO_REPAY")

    async def rows(self) -> list[dict]:
        if not self.isolated:
            return (await self.client.call("GET", "margin/account"))["userAssets"]
        (account,) = (await self.client.call("GET", "margin/isolated/account", symbols=ISOLATED_SYMBOL))["assets"]
        return [account["baseAsset"], account["quoteAsset"]]


async def borrow(settings: Settings, account: dict, seed: int, *, isolated: bool) -> None:
    """One margin trader for as long as the process lives, through lost connections and restarts of the venue."""
    while True:
        try:
            async with RestClient(settings.rest_url, account["apiKey"], account["secret"]) as client:
                await Borrower(client, np.random.default_rng(seed), isolated=isolated).run()
        except Exception as error:  # noqa: BLE001  a demo trader must outlive whatever a connection can throw
            log.warning("margin trader stumbled", trader=account["name"], reason=repr(error))
        seed += 1000
        await asyncio.sleep(PAUSE_S)
