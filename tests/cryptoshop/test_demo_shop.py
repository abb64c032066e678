"""The demo's shop, set up on a log in memory and a real PostgreSQL: whole, sound, once; and finished where it was cut off."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cryptoshop import database as postgresql
from cryptoshop.demo import goods, setup
from cryptoshop.demo.flow import Walk, ladder
from cryptoshop.demo.markets import MAKERS, SYMBOLS
from cryptoshop.opening import lift_rules
from cryptoshop.roles.common import master_key
from cryptoshop.settings import Settings
from engine import commands
from engine.exchange import ExchangeClient
from engine.log.memory import MemoryLog
from engine.types import Kind, OrderType, Role, Side
from gateway.identity import Identity


class Venue:
    """An open venue with the demo's people and a ladder of quotes, as the back-fill would leave it."""

    def __init__(self, settings: Settings, exchange: ExchangeClient, pool: asyncpg.Pool):
        self.settings, self.exchange, self.pool = settings, exchange, pool

    async def set_up(self) -> None:
        await setup.prepare(self.settings, self.exchange, self.pool, setup.Clock())

    async def quote(self) -> None:
        accounts = await setup.open_accounts(self.settings, self.exchange, Identity(self.pool, self.exchange, master_key(self.settings)))
        await setup.fund(self.exchange, accounts)
        random = setup.np.random.default_rng(1)
        maker = accounts[MAKERS[0]]["account"]
        views = {view.name: view for view in self.exchange.machine.symbols()}
        await setup.execute(self.exchange, commands.admin(Kind.OPEN), *(
            commands.place(maker, views[symbol.name].symbol, Side.BUY if is_buy else Side.SELL, OrderType.LIMIT,
                           price_ticks=int(price / float(symbol.tick)), quantity_lots=int(20 * size / float(symbol.lot)))
            for symbol in SYMBOLS for is_buy, price, size in ladder(Walk(symbol, random), 3)
        ))  # fmt: skip


@pytest.fixture
async def venue(database, tmp_path) -> AsyncIterator[Venue]:
    settings = Settings(tmp_path, database_url=database)
    exchange = await ExchangeClient.open(MemoryLog(), role=Role.OPERATOR)
    pool = await postgresql.pool(database, connections=12)
    venue = Venue(settings, exchange, pool)
    await lift_rules(exchange)
    await setup.list_markets(exchange)
    await venue.quote()
    yield venue
    await pool.close()
    await exchange.close()


async def test_the_shop_is_whole_and_a_second_start_changes_nothing(venue):
    await venue.set_up()
    assert await venue.pool.fetchval("SELECT count(*) FROM shop_products WHERE state = 'active' AND in_stock") == len(goods.PRODUCTS)
    assert await venue.pool.fetchval("SELECT count(DISTINCT product_id) FROM shop_images") == len(goods.PRODUCTS)
    position = venue.exchange.machine.position
    await venue.set_up()
    assert venue.exchange.machine.position == position
