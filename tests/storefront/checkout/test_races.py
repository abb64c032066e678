"""Buyers at the same moment, on a real PostgreSQL and a real core: stock, vouchers, clicks, and time that runs out meanwhile."""

import asyncio
import datetime
import uuid
from collections import Counter
from typing import NamedTuple

import pytest

from engine import commands as make
from engine.types import FIRST_CUSTOMER, Kind
from storefront import stock
from storefront.checkout import vouchers
from storefront.checkout.keeper import sweep
from storefront.errors import ShopError
from tests.storefront.checkout.buying import confirm, opened, put_into_cart, start


@pytest.mark.parametrize(
    ("on_hand", "allocated", "threshold", "saleable"),
    [(10, 0, 0, 10), (10, 0, 3, 7), (10, 5, 0, 5), (10, 5, 3, 2), (10, 10, 0, 0), (10, 10, -5, 5)],
)
async def test_I1_saleable_is_on_hand_less_allocated_less_threshold(world, on_hand, allocated, threshold, saleable):
    """Reserved counts as allocated; the formula, the reservation in the database and what shoppers see are one."""
    assert stock.saleable(on_hand, allocated, 0, threshold) == stock.saleable(on_hand, 0, allocated, threshold) == saleable
    product = await world.product(await world.seller("sam"), stock=on_hand, threshold=threshold)
    await world.pool.execute("UPDATE shop_variants SET allocated = $1", allocated)
    bea = await world.person("bea")
    async with world.client(bea) as client:
        answer = await client.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": 99})
        assert answer.status_code == (200 if saleable else 409)
        if saleable:
            assert answer.json()["sellers"][0]["lines"][0]["saleable"] == saleable == answer.json()["count"]
            checkout = (await start(client, await world.address(bea))).json()
            assert checkout["orders"][0]["lines"][0]["quantity"] == saleable
            assert (await confirm(client, checkout)).json()["state"] == "paid"
    assert (await _stock(world))[:3] == (on_hand, 0, allocated + saleable)
    if saleable:
        assert not (await _stock(world)).in_stock


class _Stock(NamedTuple):
    on_hand: int
    reserved: int
    allocated: int
    in_stock: bool


async def _stock(world) -> _Stock:
    """Of the only variant."""
    row = await world.pool.fetchrow(
        "SELECT on_hand, reserved, allocated, in_stock FROM shop_variants JOIN shop_products USING (product_id)"
    )
    return _Stock(*row)


async def _money(world) -> dict[str, int]:
    """Of every asset, all that customers have."""
    machine = world.exchange.machine
    accounts = await world.pool.fetch("SELECT account FROM users UNION ALL SELECT payable_account FROM shop_sellers")
    return {
        name: sum(sum(machine.balance(row["account"], world.asset(name))) for row in accounts) for name in ("USDT", "BTC", "ETH")
    }  # fmt: skip


async def test_I2_last_units_in_every_interleaving(world):
    """200 buyers for the last 10: exactly 10 have one, and nobody else is charged."""
    seller = await world.seller("sam")
    product = await world.product(seller, price="20", stock=10)
    buyers = [await world.person(purse={"USDT": "100"}) for _ in range(200)]
    before = await _money(world)

    async def buy(buyer) -> str:
        async with world.client(buyer) as client:
            address = await world.address(buyer)
            await put_into_cart(client, product)
            answer = await start(client, address)
            if answer.status_code != 201:
                return answer.json()["code"]
            answer = await confirm(client, answer.json())
            return answer.json().get("state") or answer.json()["code"]

    carts = await asyncio.gather(*(buy(buyer) for buyer in buyers), return_exceptions=True)
    outcomes = Counter(outcome if isinstance(outcome, str) else "no cart" for outcome in carts)
    assert outcomes.pop("paid") == 10
    assert set(outcomes) <= {"OUT_OF_STOCK", "no cart"}  # who came late could not even put it into the cart
    assert await _stock(world) == (10, 0, 10, False)
    orders = await world.pool.fetch("SELECT buyer_account, held FROM shop_orders WHERE payment = 'held'")
    payers = {order["buyer_account"] for order in orders}
    assert len(orders) == len(payers) == 10 and await world.pool.fetchval("SELECT count(*) FROM shop_orders") == 10
    for buyer in buyers:
        assert world.balance(buyer.account, "USDT") == ("75.000000" if buyer.account in payers else "100.000000", "0.000000")
    assert before["USDT"] - (await _money(world))["USDT"] == 10 * 25_000_000 == sum(order["held"] for order in orders)
    assert all(payer >= FIRST_CUSTOMER for payer in payers)
    await world.check()


async def test_I2_reservations_of_several_variants_never_pass_what_is_there(world):
    """Baskets that overlap in different orders, taken straight to the stock: no deadlock, nothing oversold, all or none of a basket."""
    seller, bea = await world.seller("sam"), await world.person("bea")
    products = [await world.product(seller, stock=7) for _ in range(3)]
    ids = [product.variant_id for product in products]

    async def reserve(at: int) -> bool:
        checkout_id = uuid.uuid4()
        wanted = {ids[(at + step) % 3]: 1 + (at + step) % 2 for step in range(1 + at % 3)}
        try:
            async with world.pool.acquire() as db, db.transaction():
                await _checkout_row(db, checkout_id, bea.user_id)
                await stock.reserve(db, checkout_id, wanted)
                if at % 5 == 0:
                    await stock.release(db, checkout_id)
            return True
        except ShopError:
            return False

    done = await asyncio.gather(*(reserve(at) for at in range(60)))
    assert 0 < sum(done) < 60
    rows = await world.pool.fetch(
        """SELECT v.reserved, v.on_hand, coalesce(sum(r.quantity), 0) AS kept
           FROM shop_variants v LEFT JOIN shop_reservations r USING (variant_id) GROUP BY v.variant_id"""
    )
    assert all(row["reserved"] == row["kept"] <= row["on_hand"] for row in rows)
    assert await world.pool.fetchval("SELECT count(*) FROM shop_checkouts") == sum(done)


async def _checkout_row(db, checkout_id: uuid.UUID, user_id: int) -> None:
    await db.execute(
        """INSERT INTO shop_checkouts (checkout_id, user_id, address, content, pay_asset, most, legs, rate_source, expires_at, created_at)
           VALUES ($1, $2, '{}', '{}', 1, 0, '[]', '{}', now(), now())""", checkout_id, user_id,
    )  # fmt: skip


async def test_I3_a_reservation_ends_once_and_its_stock_comes_back_once(world):
    """Keepers of several processes, the buyer giving up, and a new checkout, all at once."""
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, stock=5)
    world.now = datetime.datetime.now(datetime.UTC)
    async with world.client(bea) as client:
        address = await world.address(bea)
        for _ in range(5):
            await put_into_cart(client, product, 4)
            checkout = (await start(client, address)).json()
            world.now += datetime.timedelta(minutes=11)
            await asyncio.gather(*(sweep(world.shop) for _ in range(4)), client.delete(f"/shop/checkouts/{checkout['id']}"),
                                 confirm(client, checkout))  # fmt: skip
            assert await world.pool.fetchval("SELECT reserved FROM shop_variants") == 0
    assert await world.pool.fetchval("SELECT count(*) FROM shop_reservations") == 0
    assert await world.pool.fetchval("SELECT in_stock FROM shop_products")
    assert world.balance(bea.account, "USDT")[0] == "100000.000000"


async def test_I3_I9_a_payment_that_ends_after_the_reservations_time_is_neither_expired_nor_oversold(world):
    """The log answers late: meanwhile the time runs out and keepers sweep. The goods stay the payer's; then the payment counts."""
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, stock=1)
    world.now = datetime.datetime.now(datetime.UTC)
    async with world.client(bea) as client, world.client(await world.person()) as rival:
        checkout = await opened(world, client, bea, product)
        execute, gate = world.exchange.execute, asyncio.Event()

        async def late(commands):
            await gate.wait()
            return await execute(commands)

        world.exchange.execute = late
        paying = asyncio.create_task(confirm(client, checkout))
        while await world.pool.fetchval("SELECT state FROM shop_checkouts") != "confirming":
            await asyncio.sleep(0.01)
        world.now += datetime.timedelta(hours=1)
        assert await sweep(world.shop) == 0
        assert (await rival.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": 1})).json()["code"] == "OUT_OF_STOCK"
        assert (await client.delete(f"/shop/checkouts/{checkout['id']}")).json()["code"] == "SETTLING"
        assert (await start(client, await world.address(bea))).json()["code"] == "SETTLING"
        gate.set()
        assert (await paying).json()["state"] == "paid"
        world.exchange.execute = execute
    assert await sweep(world.shop) == 0
    assert (await _stock(world))[:3] == (1, 0, 1)
    await world.check()


async def test_I3_a_payment_refused_after_the_reservations_time_gives_the_stock_back(world):
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"USDT": "30"})
    product = await world.product(seller, stock=1)
    world.now = datetime.datetime.now(datetime.UTC)
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product)
        execute = world.exchange.execute

        async def late(commands):
            world.now += datetime.timedelta(hours=1)
            await world.operate(make.transfer(Kind.TRANSFER, world.shop.transfer_id(), debit=bea.account, credit=seller.payable,
                                              asset=world.asset("USDT"), amount=30_000_000))  # fmt: skip
            return await execute(commands)

        world.exchange.execute = late
        answer = await confirm(client, checkout)
        world.exchange.execute = execute
        assert (answer.json()["code"], answer.json()["detail"]["checkout"]["state"]) == ("INSUFFICIENT_BALANCE", "expired")
    assert (await _stock(world))[:3] == (1, 0, 0)
    assert await world.pool.fetchval("SELECT count(*) FROM shop_reservations") == 0


async def test_I5_a_voucher_for_five_uses_among_a_hundred(world):
    seller = await world.seller("sam")
    product = await world.product(seller, price="20", stock=1000)
    await world.pool.execute(
        """INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, uses_max, uses_per_user, created_at)
           VALUES (gen_random_uuid(), 'HALF', 'percent', 500000, 5, 1, now())"""
    )
    buyers = [await world.person(purse={"USDT": "100"}) for _ in range(100)]

    async def buy(buyer) -> str:
        async with world.client(buyer) as client:
            await put_into_cart(client, product)
            answer = await start(client, await world.address(buyer), voucher="HALF")
            if answer.status_code == 201:
                answer = await confirm(client, answer.json())
            return answer.json().get("state") or answer.json()["code"]

    outcomes = Counter(await asyncio.gather(*(buy(buyer) for buyer in buyers)))
    assert outcomes == {"paid": 5, "VOUCHER_USED_UP": 95}
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 5
    assert await world.pool.fetchval("SELECT count(*) FROM shop_voucher_uses") == 5
    spent = [world.balance(buyer.account, "USDT")[0] for buyer in buyers]
    assert Counter(spent) == {"85.000000": 5, "100.000000": 95}
    checkout_id = await world.pool.fetchval("SELECT checkout_id FROM shop_voucher_uses LIMIT 1")

    async def give_back() -> bool:
        async with world.pool.acquire() as db, db.transaction():
            return await vouchers.give_back(db, checkout_id)

    assert sorted(await asyncio.gather(*(give_back() for _ in range(8)))) == [False] * 7 + [True]
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 4
    await world.check()


async def test_I5_one_user_in_many_tabs_uses_a_voucher_as_often_as_it_says(world):
    """The claims themselves, at once, with carts of their own."""
    bea = await world.person("bea")
    voucher_id = await world.pool.fetchval(
        """INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, uses_per_user, created_at)
           VALUES (gen_random_uuid(), 'TWICE', 'percent', 500000, 2, now()) RETURNING voucher_id"""
    )

    async def claim() -> bool:
        checkout_id = uuid.uuid4()
        try:
            async with world.pool.acquire() as db, db.transaction():
                await _checkout_row(db, checkout_id, bea.user_id)
                await vouchers.claim(db, voucher_id, checkout_id, bea.user_id, world.clock())
            return True
        except ShopError:
            return False

    assert sum(await asyncio.gather(*(claim() for _ in range(20)))) == 2
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 2


async def test_I8_a_double_click_is_one_payment(world):
    """With the same key, with other keys, without any, in two tabs: everybody sees the one purchase."""
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="20")
    async with world.client(bea) as client, world.client(bea) as tab:
        checkout = await opened(world, client, bea, product)
        keys = [{"Idempotency-Key": key} for key in ("a", "a", "b", "c")] + [{}, {}]
        answers = await asyncio.gather(*(confirm(at % 2 and tab or client, checkout, **headers) for at, headers in enumerate(keys)))
        assert [answer.json()["state"] for answer in answers] == ["paid"] * 6
        assert len({answer.json()["orders"][0]["orderId"] for answer in answers}) == 1
    assert world.balance(bea.account, "USDT") == ("99975.000000", "0.000000")
    assert await world.pool.fetchval("SELECT count(*) FROM shop_orders") == 1
    assert await world.pool.fetchval("SELECT count(*) FROM shop_settlements") == 1
    await world.check()


async def test_I8_two_tabs_with_a_checkout_each_pay_once(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="20", stock=10)
    async with world.client(bea) as one, world.client(bea) as two:
        address = await world.address(bea)
        await put_into_cart(one, product)

        async def buy(client) -> str:
            answer = await start(client, address)
            if answer.status_code == 201:
                answer = await confirm(client, answer.json())
            return answer.json().get("state") or answer.json()["code"]

        outcomes = await asyncio.gather(buy(one), buy(two))
    assert outcomes.count("paid") == 1 and set(outcomes) <= {"paid", "NOT_NOW", "SETTLING", "CART_EMPTY"}
    assert world.balance(bea.account, "USDT")[0] == "99975.000000"
    assert (await _stock(world))[1:3] == (0, 1)


async def test_I8_an_outcome_is_applied_once_whoever_brings_it(world):
    """The process dies after the ledger paid and before the database knew; three others bring the outcome at once."""
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="20")
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product)
    dying = world.shop.settlements

    async def dies(_fates) -> None:
        raise asyncio.CancelledError

    dying._end = dies
    async with world.client(bea) as client:
        dying.ended = lambda settlement_id: asyncio.wait([dying.dispatch(settlement_id)], timeout=0.5)
        assert (await confirm(client, checkout)).json()["state"] == "confirming"
    assert world.balance(bea.account, "USDT")[0] == "99975.000000"
    settlement_id = await world.pool.fetchval("SELECT settlement_id FROM shop_checkouts")
    shops = [await world.restart() for _ in range(3)]
    for shop in shops:
        await shop.exchange.caught_up()
    ended = await asyncio.gather(*(shop.settlements.ended(settlement_id) for shop in shops))
    assert all(settlement.done for settlement in ended)
    assert (await _stock(world))[1:3] == (0, 1)
    assert await world.pool.fetchval("SELECT count(*) FROM shop_transitions") == 1
    async with world.client(bea) as client:
        paid = (await client.get(f"/shop/checkouts/{checkout['id']}")).json()
        assert paid["state"] == "paid" and paid["receipt"]["paid"] == checkout["most"]
    assert world.balance(bea.account, "USDT")[0] == "99975.000000"
    await world.check()
