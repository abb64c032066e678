"""The demo's shop, set up on a log in memory and a real PostgreSQL: whole, sound, once; and finished where it was cut off."""

import io
import random
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import pytest
from PIL import Image

from cryptoshop import database as postgresql
from cryptoshop.demo import customers, drawings, goods, setup, words
from cryptoshop.demo.customers import Customer, Market
from cryptoshop.demo.drawings import DRAWINGS, SIZE, picture
from cryptoshop.demo.floor import Floor
from cryptoshop.demo.flow import Walk, ladder
from cryptoshop.demo.markets import MAKERS, PEOPLE, SELLERS, SYMBOLS
from cryptoshop.demo.shop import people
from cryptoshop.demo.week import plan
from cryptoshop.opening import lift_rules
from cryptoshop.roles.common import master_key
from cryptoshop.settings import Settings
from engine import commands
from engine.exchange import ExchangeClient
from engine.log.memory import MemoryLog
from engine.types import HOUSE_ESCROW, Kind, OrderType, Role, Side
from gateway.identity import Identity

TABLES = (
    "shop_products", "shop_images", "shop_sellers", "shop_categories", "shop_vouchers", "shop_collections", "shop_orders", "shop_shipments",
    "shop_reviews", "shop_messages", "shop_disputes", "shop_returns", "shop_payouts",
)  # fmt: skip


class Venue:
    """An open venue with the demo's people and a ladder of quotes, as the back-fill would leave it."""

    def __init__(self, settings: Settings, exchange: ExchangeClient, pool: asyncpg.Pool):
        self.settings, self.exchange, self.pool = settings, exchange, pool

    async def set_up(self) -> None:
        await setup.prepare(self.settings, self.exchange, self.pool, setup.Clock())

    async def counts(self) -> dict[str, int]:
        return {table: await self.pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}

    async def check(self) -> None:
        """What must hold at rest: the core's invariants, nothing pending, and that escrow is what the orders say."""
        assert self.exchange.machine.validate() == ""
        assert await self.pool.fetchval("SELECT count(*) FROM shop_settlements WHERE state IN ('pending', 'stuck')") == 0
        assert await self.pool.fetchval("SELECT sum(reserved) FROM shop_variants") == 0
        held = dict(await self.pool.fetch("SELECT asset, sum(held)::bigint FROM shop_orders GROUP BY asset"))
        for asset in self.exchange.machine.assets():
            assert self.exchange.machine.balance(HOUSE_ESCROW, asset.asset) == (0, held.get(asset.asset, 0))

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


class Killed(BaseException):
    """The end of a set-up, between what it asked and the answer."""


@pytest.fixture
def killed_after(monkeypatch):
    """`killed_after(n)`: the n-th request from now on is done, and its answer never arrives."""
    ask, left = Floor.ask, [0]

    async def dying(self, *arguments, **named):
        answer = await ask(self, *arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    monkeypatch.setattr(Floor, "ask", dying)
    return lambda requests: left.__setitem__(0, requests)


async def test_a_set_up_killed_again_and_again_is_finished_once_and_the_ledger_agrees(venue, killed_after, monkeypatch):
    monkeypatch.setattr(drawings, "SIZE", 120)
    for requests in (25, 130, 190, 101, 102, 103):  # among the sellers, the pictures, and the steps of a purchase
        killed_after(requests)
        with pytest.raises(Killed):
            await venue.set_up()
    await venue.set_up()

    steps = Counter(step.what for step in plan())
    sellers = sum(len({goods.BY_TITLE[title].seller for title, _, _ in step.detail["lines"]}) for step in plan() if step.what == "place")
    assert await venue.counts() == {
        "shop_products": len(goods.PRODUCTS), "shop_images": sum(len(goods.pictures(product)) for product in goods.PRODUCTS),
        "shop_sellers": len(goods.SELLERS), "shop_categories": len(goods.CATEGORIES), "shop_vouchers": len(goods.VOUCHERS),
        "shop_collections": len(goods.COLLECTIONS), "shop_orders": sellers, "shop_shipments": steps["ship"],
        "shop_reviews": steps["review"], "shop_messages": steps["say"], "shop_disputes": steps["dispute"],
        "shop_returns": steps["ask_return"], "shop_payouts": steps["payout"],
    }  # fmt: skip
    standing = {tuple(row) for row in await venue.pool.fetch("SELECT DISTINCT payment, fulfilment, dispute FROM shop_orders")}
    assert standing >= {
        ("held", "unfulfilled", "none"), ("held", "shipped", "none"), ("held", "shipped", "open"), ("released", "received", "none"),
        ("refunded", "canceled", "none"), ("divided", "returned", "none"), ("divided", "received", "divided"),
    }  # fmt: skip
    assert await venue.pool.fetchval("SELECT count(DISTINCT seller_id) FROM shop_orders WHERE fulfilment = 'unfulfilled'") == len(SELLERS)
    assert await venue.pool.fetchval("SELECT count(*) FROM shop_checkouts WHERE state = 'paid' AND legs::text <> '[]'") > 10  # converted
    assert await venue.pool.fetchval("SELECT max(placed_at) - min(placed_at) > interval '6 days' FROM shop_orders")
    await venue.check()

    position, rows = venue.exchange.machine.position, await venue.counts()
    await venue.set_up()
    assert (venue.exchange.machine.position, await venue.counts()) == (position, rows)
    await shop_goes_on(venue, monkeypatch)


async def shop_goes_on(venue: Venue, monkeypatch) -> None:
    """A lively buyer buys, the seller sends it, the buyer confirms; the seller counts in what has run out."""
    accounts = await setup.open_accounts(venue.settings, venue.exchange, Identity(venue.pool, venue.exchange, master_key(venue.settings)))
    floor = Floor(venue.pool, venue.exchange, master_key(venue.settings), await people(venue.pool, accounts))
    monkeypatch.setattr(customers, "SHIPPED_AFTER_S", 0)
    monkeypatch.setattr(customers, "RECEIVED_AFTER_S", 0)
    monkeypatch.setattr(customers, "THINKS_S", 0)
    market = Market([Neighbour(floor, "dora")], [Neighbour(floor, name) for name in SELLERS], random.Random(5))
    (dora,) = market.buyers
    mine = "SELECT count(*) FROM shop_orders JOIN users ON user_id = buyer_id WHERE email LIKE 'dora@%'"
    received = f"{mine} AND fulfilment = 'received'"
    before, had = await venue.pool.fetchval(mine), await venue.pool.fetchval(received)
    await market.buy(dora)
    assert await venue.pool.fetchval(mine) == before + 1
    await venue.pool.execute("UPDATE shop_variants SET on_hand = allocated")
    for _ in range(4):
        for seller in market.sellers:
            await market.send(seller)
    for _ in range(10):
        await market.confirm(dora)
    assert await venue.pool.fetchval(received) > had
    assert await venue.pool.fetchval("SELECT min(on_hand - allocated) FROM shop_variants") == customers.DELIVERY
    await venue.check()


class Neighbour(Customer):
    """As a customer, but through the app itself instead of a connection."""

    def __init__(self, floor: Floor, name: str):
        self.name, self._floor = name, floor

    async def ask(self, method, path, body=None, **query):
        return await self._floor.ask(self.name, method, path, body, **{name: str(value) for name, value in query.items()})


@pytest.mark.parametrize("name", sorted(DRAWINGS))
def test_a_drawing_fills_its_picture_with_more_than_its_backdrop(name):
    image = Image.open(io.BytesIO(picture(name, "#3f7f86", "#c0704f", "#f3e9dc")))
    assert image.size == (SIZE, SIZE)
    assert len(image.reduce(8).getcolors(maxcolors=SIZE * SIZE)) > 20


def test_every_product_has_a_drawing_a_category_and_words():
    assert {product.drawing for product in goods.PRODUCTS} == set(DRAWINGS) == set(words.REVIEWS)
    assert {product.category for product in goods.PRODUCTS} <= {category.slug for category in goods.CATEGORIES if category.parent}
    assert {seller.name for seller in goods.SELLERS} == set(SELLERS) == set(words.CARRIERS)
    assert set(words.ADDRESSES) == set(PEOPLE)


def test_nothing_is_bought_before_it_is_for_sale_nor_more_than_there_is():
    on_hand = Counter({(product.title, each["sku"]): each["onHand"] for product in goods.PRODUCTS for each in goods.variants(product)})
    for step in plan():
        for title, sku, pieces in step.detail.get("lines", []) if step.what == "place" else []:
            on_hand[title, sku] -= pieces
            assert step.hours_ago < 24 * goods.BY_TITLE[title].days_old
    assert min(on_hand.values()) > 0
