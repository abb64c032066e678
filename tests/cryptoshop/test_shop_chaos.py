"""kill -9 of the shop, of what it stands on, and of everything, while people buy: whatever was answered happened, once, and all adds up.

One venue without the demo. Buyers and sellers ask over HTTP and repeat what was not answered under the same Idempotency-Key; meanwhile the
market they convert on moves. In the end their own books are held against the ledger and the database, and `cryptoshop verify` against all.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import signal
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import psutil
import pytest

from cryptoshop.listing import asset_command, symbol_command
from cryptoshop.settings import Settings
from engine import commands as make
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import HOUSE_ESCROW, HOUSE_GATEWAY, Code, Kind, OrderType, Role, Side
from gateway.identity import Identity, load_master_key
from gateway.identity.passwords import Passwords
from tests.cryptoshop.processes import Serve
from tests.cryptoshop.shop_people import Buyer, Person, Seller
from tests.cryptoshop.test_chaos import verify, wait_for_restart

pytestmark = pytest.mark.timeout(300)
SEED = 4
SCALES = {"USDT": 6, "BTC": 8}
PURSE = {"USDT": 10**6, "BTC": 100}
BUYERS, SELLERS, PRODUCTS, STOCK = 4, 2, 6, 100_000
EVERYTHING = ("shop", "rest", "log", "recorder", "postgres")
KILLS = (*((name,) for name in EVERYTHING), ("shop", "postgres"), EVERYTHING)
ANSWERS_BETWEEN = 12  # at least, so that each kill hits people at work


class Market:
    """The venue from within: what an operator sets up, and a maker whose book moves while people convert."""

    def __init__(self, client: ExchangeClient) -> None:
        self.client = client

    async def done(self, *commands) -> None:
        outcomes = await self.client.execute(make.frame(*commands), timeout=30)
        assert {outcome.code for outcome in outcomes} == {Code.OK}, [Code(outcome.code).name for outcome in outcomes]

    def asset(self, name: str):
        return next(asset for asset in self.client.machine.assets() if asset.name == name)

    async def open(self) -> None:
        await self.done(*(asset_command(name, scale) for name, scale in SCALES.items()))
        await self.done(symbol_command("BTCUSDT", self.asset("BTC"), self.asset("USDT"), tick="0.01", lot="0.0001", taker_ppm=1000))
        self.maker = await self.account((1, 1))
        await self.deposit(self.maker, {"USDT": 10**10, "BTC": 10**6})
        self.symbol = self.client.machine.symbols()[0].symbol
        await self.done(*(self.order(side, 5_000_000 + sign * level * 1000) for side, sign in ((Side.BUY, -1), (Side.SELL, 1))
                          for level in range(1, 40)))  # fmt: skip

    def order(self, side: Side, price_ticks: int):
        return make.place(self.maker, self.symbol, side, OrderType.LIMIT, price_ticks=price_ticks, quantity_lots=50_000)

    async def account(self, reference: tuple[int, int]) -> int:
        await self.done(make.admin(Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1]))
        return self.client.machine.find_account(*reference)

    async def deposit(self, account: int, amounts: dict[str, int]) -> None:
        await self.done(*(
            make.transfer(Kind.TRANSFER, (time.time_ns(), secrets.randbits(62)), debit=HOUSE_GATEWAY, credit=account,
                          asset=self.asset(name).asset, amount=whole * 10 ** SCALES[name]) for name, whole in amounts.items()
        ))  # fmt: skip

    async def move(self, enough: asyncio.Event, chance: random.Random) -> None:
        """Bids that come and go, each its own price."""
        while not enough.is_set():
            with contextlib.suppress(LogError):
                await self.client.execute(self.order(Side.BUY, 5_000_000 - chance.randint(1, 3000)), timeout=2)
                open_orders = self.client.machine.open_orders(self.maker, self.symbol)
                await self.client.execute(make.cancel(self.maker, self.symbol, order_id=chance.choice(open_orders).order_id), timeout=2)
            await asyncio.sleep(0.05)

    def balance(self, account: int, name: str) -> Decimal:
        """Available and held."""
        return Decimal(sum(self.client.machine.balance(account, self.asset(name).asset))).scaleb(-SCALES[name])


class Marketplace:
    """The market, the database, and people with sessions."""

    def __init__(self, serve: Serve, market: Market, pool: asyncpg.Pool) -> None:
        self.serve, self.market, self.pool = serve, market, pool
        self.buyers: list[Buyer] = []
        self.sellers: list[Seller] = []
        self.goods: list[str] = []

    @property
    def people(self) -> list[Person]:
        return [*self.buyers, *self.sellers]

    async def set_up(self) -> None:
        await self.market.open()
        key = load_master_key(Settings(self.serve.data_dir).master_key_path)
        self.identity = Identity(self.pool, self.market.client, key, passwords=Passwords(time_cost=1, memory_kib=64))
        await self.pool.execute("INSERT INTO shop_categories (slug, name) VALUES ('goods', 'Goods')")
        for number in range(SELLERS):
            await self.add_seller(f"seller{number}")
        for number in range(PRODUCTS):
            await self.add_product(number)
        for number in range(BUYERS):
            user_id, known = await self.sign_up(f"buyer{number}")
            await self.market.deposit(known[-1], PURSE)
            address_id = uuid.uuid4()
            await self.pool.execute(
                """INSERT INTO shop_addresses (address_id, user_id, name, line1, city, country, created_at)
                   VALUES ($1, $2, 'A. Buyer', 'Main Street 1', 'Town', 'DE', now())""", address_id, user_id,
            )  # fmt: skip
            self.buyers.append(Buyer(*known, address_id=address_id, goods=self.goods))

    async def sign_up(self, name: str) -> tuple[int, tuple]:
        user = await self.identity.sign_up(f"{name}@shop.test", "correct horse battery staple")
        login = await self.identity.start_session(user)
        return user.user_id, (self.serve.rest_url, login.token, login.session.csrf, user.account)

    async def add_seller(self, name: str) -> None:
        user_id, known = await self.sign_up(name)
        reference = (secrets.randbits(61) + 1, secrets.randbits(61))
        payable, seller_id, zone_id = await self.market.account(reference), uuid.uuid4(), uuid.uuid4()
        await self.pool.execute(
            """INSERT INTO shop_sellers (seller_id, user_id, slug, name, country, state, payable_reference_hi, payable_reference_lo,
                                         payable_account, applied_at)
               VALUES ($1, $2, $3, $3, 'DE', 'approved', $4, $5, $6, now())""", seller_id, user_id, name, *reference, payable,
        )  # fmt: skip
        await self.pool.execute("INSERT INTO shop_shipping_zones VALUES ($1, $2, 'Everywhere', '{}')", zone_id, seller_id)
        await self.pool.execute(
            "INSERT INTO shop_shipping_methods (method_id, zone_id, name, asset, base_price) VALUES ($1, $2, 'Parcel', $3, 5000000)",
            uuid.uuid4(), zone_id, self.market.asset("USDT").asset,
        )  # fmt: skip
        self.sellers.append(Seller(*known, seller_id=seller_id, payable=payable))

    async def add_product(self, number: int) -> None:
        product_id, variant_id, price = uuid.uuid4(), uuid.uuid4(), (20 + number) * 10**6 + 37 * number
        await self.pool.execute(
            """INSERT INTO shop_products (product_id, seller_id, category_id, slug, title, state, asset, price_min, price_max, in_stock,
                                          created_at, updated_at, words)
               SELECT $1, $2, category_id, $3, $3, 'active', $4, $5, $5, true, now(), now(), '' FROM shop_categories""",
            product_id, self.sellers[number % SELLERS].seller_id, f"thing-{number}", self.market.asset("USDT").asset, price,
        )  # fmt: skip
        await self.pool.execute(
            "INSERT INTO shop_variants (variant_id, product_id, sku, price, weight_g, on_hand) VALUES ($1, $2, $3, $4, 500, $5)",
            variant_id, product_id, f"sku-{number}", price, STOCK,
        )  # fmt: skip
        self.goods.append(str(variant_id))

    # ---- chaos

    def answered(self) -> int:
        return sum(person.answers["done"] for person in self.people)

    async def kill(self, names: tuple[str, ...]) -> None:
        """-9, and wait until all run again under other ids."""
        roles = {name: self.serve.role(name).pid for name in names if name != "postgres"}
        server = psutil.Process(self._postmaster()) if "postgres" in names else None
        for pid in (*roles.values(), *([server.pid] if server else ())):
            os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(wait_for_restart, self.serve, roles)
        while server and server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)

    def _postmaster(self) -> int:
        return int((self.serve.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])

    async def at_work(self) -> None:
        """Until people have been answered again."""
        before, until = self.answered(), time.monotonic() + 30
        while self.answered() < before + ANSWERS_BETWEEN:
            assert time.monotonic() < until, f"nobody is answered: {[dict(person.answers) for person in self.people]}"
            await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Until nothing is under way any more, in the shop and at the recorder."""
        until = time.monotonic() + 30
        while await self.pool.fetchval("SELECT count(*) FROM shop_settlements WHERE state = 'pending'"):
            assert time.monotonic() < until, "settlements stay pending"
            await asyncio.sleep(0.1)
        await self.market.client.caught_up(30)


@contextlib.asynccontextmanager
async def marketplace(data_dir) -> AsyncIterator[Marketplace]:
    with Serve(data_dir, "--request-weight", "0") as serve:
        run = json.loads((data_dir / "run.json").read_text())
        client = await ExchangeClient.open(run["log_url"], role=Role.OPERATOR, connect_timeout=30)
        pool = await asyncpg.create_pool(run["database_url"], min_size=0, max_size=4)
        place = Marketplace(serve, Market(client), pool)
        try:
            await place.set_up()
            yield place
        finally:
            for person in place.people:
                await person.http.aclose()
            await client.close()
            await pool.close()


async def test_kill_9_at_any_moment_of_a_purchase_charges_once_and_loses_nothing(tmp_path) -> None:
    chance = random.Random(SEED)
    async with marketplace(tmp_path / "data") as place:
        enough = asyncio.Event()
        lives = [asyncio.create_task(one.live(enough, random.Random(chance.random()))) for one in (*place.people,)]
        lives.append(asyncio.create_task(place.market.move(enough, random.Random(chance.random()))))
        try:
            for names in chance.sample(KILLS, len(KILLS)):
                await place.at_work()
                await asyncio.sleep(chance.random() * 0.3)
                await place.kill(names)
            await place.at_work()
        finally:
            enough.set()
            await asyncio.gather(*lives)
        await place.settled()
        await _check_purchases(place)
        await _check_money(place)
        await _check_stock(place)
        assert await place.pool.fetchval("SELECT count(*) FROM shop_settlements WHERE state NOT IN ('done', 'failed')") == 0
        assert await place.pool.fetchval("SELECT count(*) FROM shop_orders WHERE settlement_id IS NOT NULL") == 0
    told = await asyncio.to_thread(verify, place.serve)
    assert "compared" in told.partition("shop ")[2].splitlines()[0]


async def _check_purchases(place: Marketplace) -> None:
    """What was answered as paid is there once, and nothing else is."""
    told = {order_id: order for buyer in place.buyers for order_id, order in buyer.paid.items()}
    assert len(told) == sum(len(buyer.paid) for buyer in place.buyers) > 20
    rows = await place.pool.fetch("SELECT * FROM shop_orders WHERE payment NOT IN ('pending', 'failed')")
    assert {str(row["order_id"]) for row in rows} == told.keys()
    for row in rows:
        assert Decimal(told[str(row["order_id"])]["total"]["amount"]) == Decimal(row["total"]).scaleb(-6)
    assert await place.pool.fetchval("SELECT count(*) FROM shop_checkouts WHERE state = 'confirming'") == 0
    canceled = {order_id for buyer in place.buyers for order_id in buyer.canceled}
    assert {str(row["order_id"]) for row in rows if row["fulfilment"] == "canceled"} == canceled
    shipped = {order_id for seller in place.sellers for order_id in seller.shipped}
    assert {str(row["order_id"]) for row in rows if row["fulfilment"] in ("shipped", "received")} == shipped
    received = {order_id for buyer in place.buyers for order_id in buyer.received}
    assert {str(row["order_id"]) for row in rows if row["fulfilment"] == "received"} == received
    assert canceled and received and len({row["pay_asset"] for row in await place.pool.fetch("SELECT pay_asset FROM shop_checkouts")}) == 2


async def _check_money(place: Marketplace) -> None:
    """Everybody's own books against the ledger; what was refunded is known from the sellers' answers."""
    owners = {order_id: buyer for buyer in place.buyers for order_id in buyer.paid}
    for seller in place.sellers:
        for order_id, amount in seller.refunds:
            owners[order_id].book("USDT", amount)
        assert place.market.balance(seller.account, "USDT") == seller.money.get("USDT", 0)
        done = await place.pool.fetch("SELECT payout_id FROM shop_payouts WHERE seller_id = $1 AND state = 'done'", seller.seller_id)
        assert {str(row["payout_id"]) for row in done} == set(seller.payouts)
        earned = await place.pool.fetchval(
            "SELECT sum(released - commission)::bigint FROM shop_orders WHERE seller_id = $1", seller.seller_id
        )
        assert place.market.balance(seller.payable, "USDT") == Decimal(earned).scaleb(-6) - seller.money.get("USDT", 0)
    for buyer in place.buyers:
        for asset, whole in PURSE.items():
            assert place.market.balance(buyer.account, asset) == whole + buyer.money.get(asset, 0), (asset, buyer.account)
    assert any(seller.payouts for seller in place.sellers) and any(seller.refunds for seller in place.sellers)
    assert place.market.client.machine.balance(HOUSE_ESCROW, place.market.asset("USDT").asset)[0] == 0
    assert place.market.client.machine.validate() == ""


async def _check_stock(place: Marketplace) -> None:
    """What was bought, less what was cancelled, has left or is promised."""
    bought, left = Counter(), Counter()
    for buyer in place.buyers:
        bought.update(buyer.bought)
        for order_id, order in buyer.paid.items():
            units = {line["variantId"]: line["quantity"] for line in order["lines"]}
            if order_id in buyer.canceled:
                bought.subtract(units)
            elif any(order_id in seller.shipped for seller in place.sellers):
                left.update(units)
    kept = dict(await place.pool.fetch("SELECT variant_id::text, sum(quantity) FROM shop_reservations GROUP BY 1"))
    for row in await place.pool.fetch("SELECT variant_id::text, on_hand, allocated, reserved FROM shop_variants"):
        variant = row["variant_id"]
        assert (STOCK - row["on_hand"], row["allocated"]) == (left[variant], bought[variant] - left[variant])
        assert row["reserved"] == kept.get(variant, 0)
