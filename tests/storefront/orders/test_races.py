"""Two processes of the shop on one PostgreSQL and one ledger, asked for what cannot all be: money moves once, stock comes back once."""

import asyncio
import itertools
import uuid

import pytest
from httpx import ASGITransport, AsyncClient

from engine.types import HOUSE_ESCROW, HOUSE_FEES
from storefront.escrow.release import release_due
from tests.storefront.orders.paid import Line, act, line_ids, paid_order, row, stock_of

USDT = 10**6
TOTAL = 45 * USDT
CODES = {"NOT_NOW", "SETTLING", "INVALID_AMOUNT", "INSUFFICIENT_BALANCE"}
ASKED = {
    "refund": ("seller", "refunds", {"amount": "15"}),
    "refund_all": ("seller", "refunds", {"amount": "45"}),
    "release": ("buyer", "receipt", None),
    "dispute": ("buyer", "dispute", {"reason": "other", "text": "No."}),
}


class Rivals:
    """A buyer and a seller, each of whose requests may go to either process."""

    def __init__(self, world, apps, buyer, seller, product):
        self.world, self.buyer, self.seller, self.product = world, buyer, seller, product
        self._apps = itertools.cycle(apps)

    async def ask(self, person: str, order_id, what: str, body) -> tuple[int, dict]:
        who, inner = getattr(self, person), next(self._apps)
        shopper = who.person.shopper if person == "seller" else who.shopper

        async def app(scope, receive, send) -> None:
            scope.setdefault("state", {})["shopper"] = shopper
            await inner(scope, receive, send)

        async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.test", timeout=60) as client:
            answer = await client.post(f"/shop/orders/{order_id}/{what}", json=body)
            return answer.status_code, answer.json()

    async def shipped_order(self) -> uuid.UUID:
        order_id = await paid_order(self.world, self.buyer, self.seller, Line(self.product, 2), shipping=5 * USDT)
        await act(self.world, self.seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
        return order_id

    async def rest(self) -> None:
        """Until nothing is under way."""
        rows = await self.world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state <> 'done' AND state <> 'failed'")
        assert all([await self.world.shop.settlements.ended(found["settlement_id"]) for found in rows])
        await self.world.exchange.caught_up()

    def money(self) -> tuple[int, ...]:
        machine, usdt = self.world.exchange.machine, self.world.asset("USDT")
        return tuple(sum(machine.balance(account, usdt)) for account in (self.buyer.account, self.seller.payable, HOUSE_FEES, HOUSE_ESCROW))


@pytest.fixture
async def rivals(world):
    first = world.app
    await world.restart()
    seller = await world.seller("sam")
    buyer = await world.person("bea")
    product = await world.product(seller, "Lamp", price="20", stock=100_000)
    return Rivals(world, (first, world.app), buyer, seller, product)


TWICE = (("refund", "refund"), ("release", "release"))
MEETINGS = (*itertools.combinations(ASKED, 2), *TWICE, ("refund", "release", "dispute"), tuple(ASKED) * 2)
ROUNDS = 10


async def test_refund_against_release_against_dispute(rivals):
    """In every pair and all together: ledger and rows agree whoever wins, and no unit is paid twice."""
    for kinds, turn in itertools.product(MEETINGS, range(ROUNDS)):
        order_id = await rivals.shipped_order()
        before = rivals.money()
        asked = kinds[turn % len(kinds):] + kinds[: turn % len(kinds)]  # fmt: skip
        answers = await asyncio.gather(*(rivals.ask(ASKED[kind][0], order_id, *ASKED[kind][1:]) for kind in asked))
        await rivals.rest()
        assert all(status < 300 or answer["code"] in CODES for status, answer in answers), (asked, answers)
        done = {kind for kind, (status, _) in zip(asked, answers, strict=True) if status < 300}
        assert done, (asked, answers)
        order = await row(rivals.world, order_id)
        assert order["held"] + order["released"] + order["refunded"] == order["total"] == TOTAL
        refunds = await rivals.world.pool.fetchval(
            "SELECT coalesce(sum(amount), 0)::bigint FROM shop_refunds WHERE order_id = $1 AND state = 'done'", order_id
        )
        assert refunds == order["refunded"]
        moved = [after - was for was, after in zip(before, rivals.money(), strict=True)]
        assert moved == [order["refunded"], order["released"] - order["commission"], order["commission"], order["held"] - TOTAL]
        if order["dispute"] == "open":
            assert (order["payment"], order["released"]) == ("held", 0)
        if "dispute" in done:
            assert order["dispute"] in ("open", "for_buyer"), "a dispute that was opened stands until it is decided or conceded"
        await _check_trail(rivals.world, order_id, order)
        await rivals.world.check()


async def _check_trail(world, order_id, order) -> None:
    """Every axis' steps join up, from its first state to the one it has."""
    trail = await world.pool.fetch("SELECT axis, before, after FROM shop_transitions WHERE order_id = $1 ORDER BY transition_id", order_id)
    for axis, first in (("payment", "pending"), ("fulfilment", "unfulfilled"), ("dispute", "none")):
        states = [first, *(step["after"] for step in trail if step["axis"] == axis)]
        assert [step["before"] for step in trail if step["axis"] == axis] == states[:-1]
        assert states[-1] == order[axis]


async def test_I6_a_closed_order_has_nothing_in_escrow_in_ledger_and_database(rivals):
    """Whichever way an order is closed, by everybody at once."""
    closing = [("seller", "refunds", {"amount": "45"}), ("buyer", "receipt", None)]
    for turn in range(10):
        order_id = await rivals.shipped_order()
        hold = (await row(rivals.world, order_id))["escrow_hi"], (await row(rivals.world, order_id))["escrow_lo"]
        assert rivals.world.exchange.machine.pending(*hold).amount == TOTAL
        await asyncio.gather(*(rivals.ask(person, order_id, what, body) for person, what, body in closing[:: (-1) ** turn] * 3))
        await rivals.rest()
        order = await row(rivals.world, order_id)
        assert order["payment"] in ("released", "refunded") and order["closed_at"] is not None
        assert (order["held"], order["escrow_hi"], order["escrow_lo"], order["settlement_id"]) == (0, 0, 0, None)
        assert order["released"] + order["refunded"] == TOTAL
        assert rivals.world.exchange.machine.pending(*hold) is None
        await rivals.world.check()


async def test_I11_a_cancelled_order_releases_its_stock_and_its_voucher_exactly_once(rivals):
    """Buyer and seller cancel, and the seller gives everything back, all at once and each twice."""
    world, product = rivals.world, rivals.product
    voucher_id = uuid.uuid4()
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES ($1, 'TEN', 'percent', 100000, now())", voucher_id
    )
    ended = set()
    for turn in range(12):
        order_id = await paid_order(world, rivals.buyer, rivals.seller, Line(product, 3), voucher_id=voucher_id)
        (line,) = await line_ids(world, order_id)
        asked = [
            ("buyer", "cancel", {}), ("seller", "refunds", {"amount": "60"}),
            ("seller", "cancel-lines", {"lines": [{"lineId": line, "quantity": 3}]}),
            ("seller", "shipments", {"carrier": "DHL"}),
        ]  # fmt: skip
        asked = (asked[turn % 4 :] + asked[: turn % 4]) * 2
        before = await stock_of(world, product)
        answers = await asyncio.gather(*(rivals.ask(person, order_id, what, body) for person, what, body in asked))
        await rivals.rest()
        assert all(status < 300 or answer["code"] in CODES for status, answer in answers), answers
        order, after = await row(world, order_id), await stock_of(world, product)
        canceled = order["fulfilment"] == "canceled"
        assert order["fulfilment"] in ("canceled", "shipped")
        assert after == ((before[0], before[1] - 3) if canceled else (before[0] - 3, before[1] - 3))
        uses = await world.pool.fetchval("SELECT count(*) FROM shop_voucher_uses")
        assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == uses
        assert await world.pool.fetchval(
            "SELECT EXISTS (SELECT FROM shop_voucher_uses WHERE checkout_id = $1)", order["checkout_id"]
        ) is not canceled  # fmt: skip
        ended.add(canceled)
    assert True in ended
    await world.check()


async def test_what_is_due_is_released_once_by_the_keepers_of_two_processes(world):
    first = world.shop
    await world.restart()
    seller, buyer = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="20", stock=100)
    orders = [await paid_order(world, buyer, seller, Line(product)) for _ in range(20)]
    for order_id in orders:
        await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    await world.pool.execute("UPDATE shop_orders SET auto_release_at = now()")
    assert sum(await asyncio.gather(*(release_due(shop) for shop in (first, world.shop) * 4))) == 20
    for found in await world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'"):
        await asyncio.gather(*(shop.settlements.ended(found["settlement_id"]) for shop in (first, world.shop)))
    assert await world.pool.fetchval("SELECT count(*) FROM shop_orders WHERE payment = 'released' AND fulfilment = 'received'") == 20
    await world.exchange.caught_up()
    assert world.balance(seller.payable, "USDT")[0] == "380.000000"
    await world.check()
