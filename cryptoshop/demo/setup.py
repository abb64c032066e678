"""The demo's first start: markets, people, traders, a day of history that ran through the core in logged time, and the shop.

Every step looks at what is there and does what is missing, so a set-up that was killed is finished by the next one. Runs as a process of
its own before REST and websockets open; writes DIR/demo.json last.
"""

import argparse
import asyncio
import json
import logging
import os
import secrets
import sys
import time

import asyncpg
import numpy as np

from cryptoshop import database
from cryptoshop.demo.flow import Walk, ladder, quantity
from cryptoshop.demo.margin import MarginSetUp
from cryptoshop.demo.markets import (
    ASSETS,
    BORROWERS,
    FILTERS,
    LENDER,
    MAKER_PPM,
    MAKERS,
    MAX_NOTIONAL,
    MODERATOR,
    ORDERS_PER_10_S,
    ORDERS_PER_DAY,
    PEOPLE,
    SELLERS,
    SHOP_MARK,
    SYMBOLS,
    TAKER_PPM,
    TAKERS,
    DemoSymbol,
)
from cryptoshop.errors import StartError
from cryptoshop.filters import Market, market_filter
from cryptoshop.listing import asset_command, symbol_command
from cryptoshop.opening import lift_rules
from cryptoshop.roles.common import master_key
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine import commands
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import HOUSE_GATEWAY, Code, KeyScope, Kind, OrderType, Role, Side
from engine.units import parse_units
from engine.views import ReplicaStopped, SymbolView
from gateway.identity import Identity

DAY_NS = 86_400 * 10**9
STEP_S = 30
BACKFILL_LEVELS = 3
TAKERS_PER_STEP = 2
FIRST_PASSWORD_BYTES = 9
SEED = 20_100_522


class Clock:
    """The time that frames bring before the venue opens: the real one, or the one of the back-fill."""

    def __init__(self) -> None:
        self.backfill_ns = 0

    def __call__(self) -> int:
        return self.backfill_ns or time.time_ns()


async def execute(exchange: ExchangeClient, *batch: np.ndarray, accept: tuple[Code, ...] = ()) -> list:
    """Run commands; raises StartError naming the first whose code is neither OK nor accepted."""
    outcomes = await exchange.execute(commands.frame(*batch))
    for outcome in outcomes:
        if outcome.code not in (Code.OK, *accept):
            raise StartError(f"the demo's set-up was refused: {Code(outcome.code).name}")
    return outcomes


# ---- markets


async def list_markets(exchange: ExchangeClient) -> None:
    known = {asset.name for asset in exchange.machine.assets()}
    missing = [asset_command(asset.name, asset.scale) for asset in ASSETS if asset.name not in known]
    if missing:
        await execute(exchange, *missing)
    assets = {asset.name: asset for asset in exchange.machine.assets()}
    known = {symbol.name for symbol in exchange.machine.symbols()}
    missing = [
        symbol_command(symbol.name, assets[symbol.base], assets[symbol.quote], tick=symbol.tick, lot=symbol.lot,
                       min_notional=symbol.min_notional, maker_ppm=MAKER_PPM, taker_ppm=TAKER_PPM)
        for symbol in SYMBOLS
        if symbol.name not in known
    ]  # fmt: skip
    if missing:
        await execute(exchange, *missing, commands.admin(Kind.SET_ORDER_LIMITS, value=ORDERS_PER_10_S, value2=ORDERS_PER_DAY))


async def set_filters(exchange: ExchangeClient) -> None:
    """On the demo's markets that have none: what an operator has changed stays."""
    machine = exchange.machine
    names = {symbol.name for symbol in SYMBOLS}
    batch = []
    for view in machine.symbols():
        if view.name in names and not machine.filters(view.symbol):
            market = Market(view, machine.asset(view.base), machine.asset(view.quote))
            wanted = FILTERS | {"max-notional": MAX_NOTIONAL[market.quote.name]}
            batch += [market_filter(market, name, value) for name, value in wanted.items()]
    if batch:
        await execute(exchange, *batch)


# ---- people and traders


async def open_accounts(settings: Settings, exchange: ExchangeClient, identity: Identity) -> dict[str, dict]:
    """Name -> account with its password and keys, each written down as soon as it exists."""
    draft = settings.data_dir / "secrets" / "demo-accounts.json"
    people = json.loads(draft.read_text()) if draft.exists() else {}
    for name in (*PEOPLE, *MAKERS, *TAKERS, LENDER, *BORROWERS, MODERATOR, *SELLERS):
        fresh = {"name": name, "email": f"{name}@demo.invalid", "password": secrets.token_urlsafe(FIRST_PASSWORD_BYTES)}
        person = people.setdefault(name, fresh)
        write_private(draft, people)
        if "account" not in person:
            person["account"] = (await identity.sign_up(person["email"], person["password"])).account
        if "apiKey" not in person:
            key = await identity.create_key(person["account"], "HMAC", "demo", KeyScope.READ | KeyScope.TRADE | KeyScope.WITHDRAW)
            person |= {"apiKey": key.api_key, "secret": key.secret}
        write_private(draft, people)
    return people


async def fund(exchange: ExchangeClient, accounts: dict[str, dict]) -> None:
    """Deposits for those who have nothing of an asset yet; sellers earn theirs."""
    assets = {asset.name: asset for asset in exchange.machine.assets()}
    deposits = []
    funded = {name: accounts[name] for name in (*PEOPLE, *MAKERS, *TAKERS, LENDER, *BORROWERS)}
    for asset in ASSETS:
        for name, person in funded.items():
            known = assets[asset.name]
            if sum(exchange.machine.balance(person["account"], known.asset)) == 0:
                amount = parse_units(asset.person_gets if name in (*PEOPLE, *BORROWERS) else asset.trader_gets, known.scale)
                deposits.append(commands.transfer(Kind.TRANSFER, (exchange.machine.now_ns + 1, secrets.randbits(62)), debit=HOUSE_GATEWAY,
                                                  credit=person["account"], asset=known.asset, amount=amount))  # fmt: skip
    if deposits:
        await execute(exchange, *deposits)


# ---- a day of history


class BackFill:
    """Runs a day of quotes and trades through the core, `STEP_S` seconds a frame, in the time that the frames bring."""

    def __init__(self, exchange: ExchangeClient, clock: Clock, accounts: dict[str, dict]) -> None:
        self.exchange = exchange
        self.clock = clock
        self.makers = [accounts[name]["account"] for name in MAKERS]
        self.takers = [accounts[name]["account"] for name in TAKERS]
        self.random = np.random.default_rng(SEED)
        self.markets = [(Walk(symbol, self.random), symbol, self.view(symbol)) for symbol in SYMBOLS]

    def view(self, symbol: DemoSymbol) -> SymbolView:
        return next(view for view in self.exchange.machine.symbols() if view.name == symbol.name)

    async def run(self, now_ns: int) -> int:
        """From a day before `now_ns`, or from where an earlier run was cut off, to `now_ns`. Returns the number of commands."""
        begin = max(now_ns - DAY_NS, self.exchange.machine.now_ns)
        steps = max(1, (now_ns - begin) // (STEP_S * 10**9))
        sent = 0
        for step in range(steps):
            self.clock.backfill_ns = begin + step * STEP_S * 10**9
            batch = commands.frame(*(command for market in self.markets for command in self.step(*market)))
            await self.exchange.execute(batch)
            sent += len(batch)
            if step % (steps // 8 or 1) == 0:
                print(f"           back-fill {100 * step // steps:3d} %  {sent:,} commands", flush=True)
        return sent

    def step(self, walk: Walk, symbol: DemoSymbol, view: SymbolView) -> list[np.ndarray]:
        """One symbol's commands of one step: new quotes around the new price, then the trades that cross them."""
        walk.step(STEP_S)
        maker = self.makers[int(self.random.integers(len(self.makers)))]
        batch = [commands.cancel_all(account, view.symbol) for account in self.makers]
        for is_buy, price, size in ladder(walk, BACKFILL_LEVELS):
            batch.append(commands.place(maker, view.symbol, Side.BUY if is_buy else Side.SELL, OrderType.LIMIT_MAKER,
                                        price_ticks=max(1, int(price / float(symbol.tick))),
                                        quantity_lots=max(1, int(size / float(symbol.lot)))))  # fmt: skip
        for _ in range(1 + int(self.random.integers(TAKERS_PER_STEP))):
            taker = self.takers[int(self.random.integers(len(self.takers)))]
            side = Side.BUY if self.random.random() < 0.5 else Side.SELL
            batch.append(commands.place(taker, view.symbol, side, OrderType.MARKET,
                                        quantity_lots=max(1, int(quantity(walk) / float(symbol.lot)))))  # fmt: skip
        return batch


# ---- all of it


def write_private(path, value) -> None:
    """Replace a file that holds secrets, readable by its owner only, in one step."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_demo_file(settings: Settings, accounts: dict[str, dict]) -> None:
    shown = ("name", "apiKey", "secret", "email", "password")
    write_private(settings.demo_path, {"rest": settings.rest_url, "ws": settings.ws_url,
                                       "accounts": [{key: person[key] for key in shown} for person in accounts.values()]})  # fmt: skip


async def set_up(settings: Settings) -> None:
    clock = Clock()
    exchange = await ExchangeClient.open(settings.resolved_log_url, role=Role.OPERATOR, snapshots=settings.snapshot_dir, now=clock)
    pool = await database.pool(settings.running_database_url())
    try:
        await prepare(settings, exchange, pool, clock)
    finally:
        await pool.close()
        await exchange.close()


async def prepare(settings: Settings, exchange: ExchangeClient, pool: asyncpg.Pool, clock: Clock) -> None:
    """All that is missing of the demo, on a log and a database that are there."""
    began = time.monotonic()
    now_ns = time.time_ns()
    if not exchange.machine.opened:
        clock.backfill_ns = max(now_ns - DAY_NS, exchange.machine.now_ns)
    await lift_rules(exchange)
    await list_markets(exchange)
    await set_filters(exchange)
    accounts = await open_accounts(settings, exchange, Identity(pool, exchange, master_key(settings)))
    await fund(exchange, accounts)
    if not exchange.machine.opened:
        sent = await BackFill(exchange, clock, accounts).run(now_ns)
        clock.backfill_ns = 0
        await execute(exchange, commands.admin(Kind.OPEN))
        print(f"           back-fill 100 %  {sent:,} commands in {time.monotonic() - began:.1f} s", flush=True)
    await MarginSetUp(exchange, accounts).run()
    write_demo_file(settings, accounts)
    if not await shop_is_there(pool):
        from cryptoshop.demo.shop import fill  # noqa: PLC0415  (the shop's app is heavy, and later starts do without it)

        await fill(pool, exchange, master_key(settings), accounts)


async def shop_is_there(pool: asyncpg.Pool) -> bool:
    """Whether an earlier start has finished the demo's shop."""
    return await pool.fetchval("SELECT (value ->> 'finished')::boolean FROM shop_settings WHERE name = $1", SHOP_MARK) is True


def main() -> int:
    parser = argparse.ArgumentParser("cryptoshop.demo.setup", description="The demo's first start, on a running log and database.")
    add_arguments(parser)
    logging.getLogger().addHandler(logging.NullHandler())  # what is wrong is said here in one line
    try:
        asyncio.run(set_up(from_arguments(parser.parse_args())))
    except (StartError, LogError, ReplicaStopped, TimeoutError) as error:
        print(f"cryptoshop: the demo could not be set up: {error or 'the log did not answer in time'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
