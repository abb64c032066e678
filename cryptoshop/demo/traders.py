"""The demo's traders: makers who keep a ladder of quotes, takers who cross it; with them margin traders and the shop's customers. They use
the public API like any client.

Owns nothing of the venue; killed or cut off, they come back and start from what they find. Run by the supervisor with --demo.
"""

import argparse
import asyncio
import json
import os
from decimal import ROUND_DOWN, Decimal

import numpy as np
import structlog

from cryptoshop.demo.borrowers import borrow
from cryptoshop.demo.client import ApiClient, RequestRefused
from cryptoshop.demo.customers import go_shopping
from cryptoshop.demo.flow import Walk, ladder, quantity
from cryptoshop.demo.markets import BORROWERS, MAKERS, SYMBOLS, TAKERS, DemoSymbol
from cryptoshop.observability import configure_logging
from cryptoshop.settings import Settings, add_arguments, from_arguments

LEVELS = 14
MAKER_PAUSE_S = 0.35
TAKER_PAUSE_S = 0.6
RECONNECT_S = 2.0

log = structlog.get_logger("traders")


def exact(value: float, step: str) -> str:
    """`value` as a decimal text, rounded down to whole steps."""
    unit = Decimal(step)
    return format((Decimal(repr(value)) / unit).to_integral_value(ROUND_DOWN) * unit, "f")


class Maker:
    """Quotes every symbol, and moves one quote at a time to where the fair price has gone."""

    def __init__(self, client: ApiClient, random: np.random.Generator) -> None:
        self.client = client
        self.random = random
        self.walks = {symbol.name: Walk(symbol, random) for symbol in SYMBOLS}

    async def run(self) -> None:
        for symbol in SYMBOLS:
            await self.client.try_call("openOrders.cancelAll", symbol=symbol.name)
            last = await self.client.call("ticker.price", symbol=symbol.name)
            walk = self.walks[symbol.name]
            walk.price = float(last["price"]) or walk.price
            for quote in ladder(walk, LEVELS):
                await self.place(symbol, quote)
        while True:
            symbol = SYMBOLS[int(self.random.integers(len(SYMBOLS)))]
            self.walks[symbol.name].step(MAKER_PAUSE_S * len(SYMBOLS))
            await self.refresh(symbol)
            await asyncio.sleep(MAKER_PAUSE_S * (0.5 + self.random.random()))

    async def refresh(self, symbol: DemoSymbol) -> None:
        """Replace the quote that lies farthest off, or add what is missing."""
        quotes = ladder(self.walks[symbol.name], LEVELS)
        mine = await self.client.call("openOrders.status", signed=True, symbol=symbol.name)
        for side in ("BUY", "SELL"):
            orders = sorted((order for order in mine if order["side"] == side), key=lambda order: float(order["price"]))
            wanted = [quote for quote in quotes if quote[0] == (side == "BUY")]
            if len(orders) < LEVELS:
                await self.place(symbol, wanted[int(self.random.integers(max(1, LEVELS - len(orders))))])
                continue
            # A ladder that is too high gives up its highest quote, one that is too low its lowest; each time one moves in.
            middle = float(orders[len(orders) // 2]["price"])
            target = wanted[LEVELS // 2][1]
            stale = orders[-1] if middle > target else orders[0]
            await self.client.try_call("order.cancel", symbol=symbol.name, orderId=stale["orderId"])
            await self.place(symbol, wanted[int(self.random.integers(LEVELS))])

    async def place(self, symbol: DemoSymbol, quote: tuple[bool, float, float]) -> None:
        is_buy, price, size = quote
        await self.client.try_call("order.place", symbol=symbol.name, side="BUY" if is_buy else "SELL", type="LIMIT_MAKER",
                                   price=exact(price, symbol.tick), quantity=exact(size, symbol.lot), newOrderRespType="ACK")  # fmt: skip


class Taker:
    """Buys or sells at the market, in runs: whoever bought last is a little likelier to buy again."""

    def __init__(self, client: ApiClient, random: np.random.Generator) -> None:
        self.client = client
        self.random = random
        self.walks = {symbol.name: Walk(symbol, random) for symbol in SYMBOLS}
        self.mood = {symbol.name: 0.0 for symbol in SYMBOLS}

    async def run(self) -> None:
        while True:
            symbol = SYMBOLS[int(self.random.integers(len(SYMBOLS)))]
            mood = float(np.clip(0.9 * self.mood[symbol.name] + 0.1 * self.random.normal(), -0.4, 0.4))
            self.mood[symbol.name] = mood
            side = "BUY" if self.random.random() < 0.5 + mood else "SELL"
            await self.client.try_call("order.place", symbol=symbol.name, side=side, type="MARKET",
                                       quantity=exact(quantity(self.walks[symbol.name]), symbol.lot), newOrderRespType="ACK")  # fmt: skip
            await asyncio.sleep(self.random.exponential(TAKER_PAUSE_S))


async def trade(kind: type[Maker] | type[Taker], settings: Settings, account: dict, seed: int) -> None:
    """One trader for as long as the process lives, through lost connections and restarts of the venue."""
    while True:
        try:
            async with ApiClient(settings.ws_url, account["apiKey"], account["secret"]) as client:
                await kind(client, np.random.default_rng(seed)).run()
        except (OSError, TimeoutError, RequestRefused) as error:
            log.warning("trader cut off", trader=account["name"], reason=str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001  a demo trader must outlive whatever a connection can throw
            log.warning("trader stumbled", trader=account["name"], reason=repr(error))
        seed += 1000
        await asyncio.sleep(RECONNECT_S)


async def run(settings: Settings) -> None:
    accounts = {account["name"]: account for account in json.loads(settings.demo_path.read_text())["accounts"]}
    seed = int.from_bytes(os.urandom(4), "little")  # each start shows another market
    roles = [(Maker, name) for name in MAKERS] + [(Taker, name) for name in TAKERS]
    traders = (trade(kind, settings, accounts[name], seed + place) for place, (kind, name) in enumerate(roles))
    borrowers = (borrow(settings, accounts[name], seed + place, isolated=bool(place)) for place, name in enumerate(BORROWERS))
    await asyncio.gather(*traders, *borrowers, go_shopping(settings, accounts, seed))


def main() -> None:
    parser = argparse.ArgumentParser("cryptoshop.demo.traders", description="Demo traders on a running demo venue.")
    add_arguments(parser)
    settings = from_arguments(parser.parse_args())
    configure_logging("traders")
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
