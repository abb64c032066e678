"""Races between rooms, over two processes of the shop on one PostgreSQL and one ledger: whoever wins, all rooms tell the same story."""

import asyncio
import dataclasses
import datetime
import itertools
import uuid
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from storefront.checkout.keeper import sweep
from tests.storefront.checkout.buying import opened
from tests.storefront.orders.paid import Line, act, ask, line_ids, paid_order, row

USDT = 10**6
TURNS = 6


class Rivals:
    """People, each of whose requests goes to the one process or to the other."""

    def __init__(self, world, apps, seller, buyer, moderator):
        self.world, self.seller, self.buyer, self.moderator = world, seller, buyer, moderator
        self._apps = itertools.cycle(apps)

    async def ask(self, person: str, method: str, path: str, body: Any = None) -> tuple[int, dict]:
        who, inner = getattr(self, person), next(self._apps)
        shopper = getattr(who, "person", who).shopper

        async def app(scope, receive, send) -> None:
            scope.setdefault("state", {})["shopper"] = shopper
            await inner(scope, receive, send)

        async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.test", timeout=60) as client:
            answer = await client.request(method, f"/shop{path}", json=body)
            assert answer.status_code < 500, answer.text
            return answer.status_code, answer.json()

    async def at_once(self, turn: int, *asked: tuple) -> list[tuple[int, dict]]:
        """All of them, begun in another order each turn; the answers in the order given."""
        begun = [asyncio.ensure_future(self.ask(*asked[(at + turn) % len(asked)])) for at in range(len(asked))]
        answers = await asyncio.gather(*begun)
        for found in await self.world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'"):
            assert await self.world.shop.settlements.ended(found["settlement_id"]) is not None
        await self.world.exchange.caught_up()
        return [answers[(at - turn) % len(asked)] for at in range(len(asked))]

    async def checkout(self, product, **more: Any) -> dict:
        async with self.world.client(self.buyer) as client:
            return await opened(self.world, client, self.buyer, product, **more)

    def held(self, account: int) -> int:
        return sum(self.world.exchange.machine.balance(account, self.world.asset("USDT")))

    async def stock(self, product) -> tuple[int, int, int]:
        """(on hand, reserved, allocated)."""
        return tuple(await self.world.pool.fetchrow(
            "SELECT on_hand, reserved, allocated FROM shop_variants WHERE variant_id = $1", product.variant_id
        ))  # fmt: skip


@pytest.fixture
async def rivals(world):
    first = world.app
    await world.restart()
    people = await world.seller("sam"), await world.person("bea"), await world.person("mo", role="moderator")
    return Rivals(world, (first, world.app), *people)


def won(answer: tuple[int, dict]) -> bool:
    return answer[0] < 300


async def test_a_reservation_expires_while_it_is_confirmed(rivals):
    """By the keeper's clock its time is over, by the other's it is not: it is paid or expired, and its stock is one or the other."""
    world, ends = rivals.world, set()
    keeper = dataclasses.replace(world.shop, clock=lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=11))

    async def expire(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await sweep(keeper)

    for turn in range(2 * TURNS):
        product = await world.product(rivals.seller, price="20", stock=3)
        checkout = await rivals.checkout(product, quantity=2)
        if turn == 0:  # one turn in which the keeper comes first, and one in which it comes last; between them they race
            await sweep(keeper)
        before = rivals.held(rivals.buyer.account)
        confirm = ("buyer", "POST", f"/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]})
        (paid,), _ = await asyncio.gather(rivals.at_once(turn, confirm), expire(turn % 7 * 0.007) if turn != 1 else asyncio.sleep(0))
        state = await world.pool.fetchval("SELECT state FROM shop_checkouts WHERE checkout_id = $1", uuid.UUID(checkout["id"]))
        assert state == ("paid" if won(paid) else "expired"), paid
        assert won(paid) or paid[1]["code"] == "QUOTE_EXPIRED"
        assert await rivals.stock(product) == ((3, 0, 2) if won(paid) else (3, 0, 0))
        assert before - rivals.held(rivals.buyer.account) == (world.units("USDT", checkout["most"]["amount"]) if won(paid) else 0)
        ends.add(state)
    assert ends == {"paid", "expired"}
    await world.check()


async def test_a_refund_and_a_payout_of_the_same_money(rivals):
    """The seller has been released 42.75 and gives 40 back while taking all of it out: the ledger lets one of them, never both."""
    world, product = rivals.world, await rivals.world.product(rivals.seller, price="20", stock=1000)
    for turn in range(TURNS):
        order_id = await paid_order(world, rivals.buyer, rivals.seller, Line(product, 2), shipping=5 * USDT)
        await act(world, rivals.seller, order_id, "shipments", {"carrier": "Post"}, status=201)
        await act(world, rivals.buyer, order_id, "receipt")
        payable = world.balance(rivals.seller.payable, "USDT")[0]
        refund = ("seller", "POST", f"/orders/{order_id}/refunds", {"amount": "40"})
        payout = ("seller", "POST", "/seller/payouts", {"asset": "USDT", "amount": payable})
        before = [rivals.held(account) for account in (rivals.buyer.account, rivals.seller.person.account, rivals.seller.payable)]
        answers = await rivals.at_once(turn, refund, payout, refund, payout)
        refunded, paid = won(answers[0]) + won(answers[2]), won(answers[1]) + won(answers[3])
        assert (refunded, paid) in ((1, 0), (0, 1)), answers
        moved = [rivals.held(account) - was for account, was in
                 zip((rivals.buyer.account, rivals.seller.person.account, rivals.seller.payable), before, strict=True)]  # fmt: skip
        given = world.units("USDT", payable)
        assert moved == ([40 * USDT, 0, -38 * USDT] if refunded else [0, given, -given])  # the commission on 40 came back
        order = await row(world, order_id)
        assert order["refunded"] == (40 * USDT if refunded else 0)
        if refunded:  # leave nothing for the next turn
            left = world.balance(rivals.seller.payable, "USDT")[0]
            assert won(await rivals.ask("seller", "POST", "/seller/payouts", {"asset": "USDT", "amount": left}))
    await world.check()


async def test_a_seller_is_suspended_while_their_goods_are_bought(rivals):
    """Who confirms before the suspension has paid, who comes after it is refused and charged nothing; what was paid is still shipped."""
    world = rivals.world
    for turn in range(TURNS):
        product = await world.product(rivals.seller, price="20", stock=3)
        checkout = await rivals.checkout(product)
        before = rivals.held(rivals.buyer.account)
        paid, suspended, offered = await rivals.at_once(
            turn, ("buyer", "POST", f"/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]}),
            ("moderator", "POST", f"/admin/sellers/{rivals.seller.seller_id}/suspend", {"note": "Wait."}),
            ("seller", "PATCH", f"/seller/variants/{product.variant_id}", {"price": "30"}),
        )  # fmt: skip
        assert won(suspended) and (won(paid) or paid[1]["code"] == "NOT_NOW"), (paid, suspended)
        assert won(offered) or offered[1]["code"] == "NOT_A_SELLER"
        assert before - rivals.held(rivals.buyer.account) == (25 * USDT if won(paid) else 0)
        status, late = await rivals.ask("buyer", "PUT", f"/cart/lines/{product.variant_id}", {"quantity": 1})
        assert status == 404 or late["count"] == 0, late
        if won(paid):
            order_id = paid[1]["orders"][0]["orderId"]
            assert won(await rivals.ask("seller", "POST", f"/orders/{order_id}/shipments", {"carrier": "Post"}))
        assert won(await rivals.ask("moderator", "POST", f"/admin/sellers/{rivals.seller.seller_id}/approve", {}))
        if not won(paid):  # the next turn begins with an empty cart, as after a purchase
            assert won(await rivals.ask("buyer", "DELETE", f"/checkouts/{checkout['id']}"))
            assert won(await rivals.ask("buyer", "PUT", f"/cart/lines/{product.variant_id}", {"quantity": 0}))
    await world.check()


async def test_a_price_changes_while_it_is_quoted_and_confirmed(rivals):
    """What is charged is what was quoted; a checkout that is begun has the price that the cart showed, or is refused."""
    world = rivals.world
    for turn in range(TURNS):
        product = await world.product(rivals.seller, price="20", stock=5)
        checkout = await rivals.checkout(product)
        before = rivals.held(rivals.buyer.account)
        change = ("seller", "PATCH", f"/seller/variants/{product.variant_id}", {"price": "31"})
        confirm = ("buyer", "POST", f"/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]})
        paid, changed = await rivals.at_once(turn, confirm, change)
        assert won(paid) and won(changed), (paid, changed)
        assert before - rivals.held(rivals.buyer.account) == 25 * USDT
        address_id = await world.address(rivals.buyer)
        assert won(await rivals.ask("buyer", "PUT", f"/cart/lines/{product.variant_id}", {"quantity": 1}))
        again = change[:3] + ({"price": "42"},)
        begun, changed = await rivals.at_once(
            turn, ("buyer", "POST", "/checkouts", {"addressId": str(address_id), "payAsset": "USDT"}), again
        )  # fmt: skip
        assert won(changed)
        if won(begun):
            assert begun[1]["most"]["amount"] == "36.000000"
            assert won(await rivals.ask("buyer", "POST", f"/checkouts/{begun[1]['id']}/confirm", {"most": begun[1]["most"]}))
        else:
            assert begun[1]["code"] == "PRICE_CHANGED"
            assert won(await rivals.ask("buyer", "PUT", f"/cart/lines/{product.variant_id}", {"quantity": 0}))
    await world.check()


async def test_a_voucher_is_switched_off_while_it_is_confirmed(rivals):
    """Confirmed with the discount that was quoted, or refused and nothing charged; uses are those of the paid."""
    world = rivals.world
    for turn in range(TURNS):
        wanted = {"code": f"OFF{turn}", "kind": "percent", "percent": "10"}
        status, voucher = await rivals.ask("moderator", "POST", "/admin/vouchers", wanted)
        assert status == 201, voucher
        product = await world.product(rivals.seller, price="20", stock=5)
        checkout = await rivals.checkout(product, voucher=f"OFF{turn}")
        before = rivals.held(rivals.buyer.account)
        paid, off = await rivals.at_once(
            turn, ("buyer", "POST", f"/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]}),
            ("moderator", "PATCH", f"/admin/vouchers/{voucher['id']}", {"active": False}),
        )  # fmt: skip
        assert won(off)
        assert won(paid) or paid[1]["code"] in ("VOUCHER_USED_UP", "VOUCHER_INVALID"), paid
        assert before - rivals.held(rivals.buyer.account) == (23 * USDT if won(paid) else 0)
        uses = await world.pool.fetchval("SELECT uses FROM shop_vouchers WHERE voucher_id = $1", uuid.UUID(voucher["id"]))
        assert uses == won(paid)
        if not won(paid):
            assert won(await rivals.ask("buyer", "DELETE", f"/checkouts/{checkout['id']}"))
            assert await rivals.stock(product) == (5, 0, 0)
            assert won(await rivals.ask("buyer", "PUT", f"/cart/lines/{product.variant_id}", {"quantity": 0}))
    await world.check()


async def test_returns_asked_for_at_once_never_bring_back_more_than_was_bought(rivals):
    """Two units: returns of two, two and one at once; then each that there is arrives, twice at once."""
    world, product = rivals.world, await rivals.world.product(rivals.seller, price="20", stock=1000)
    for turn in range(TURNS):
        order_id = await paid_order(world, rivals.buyer, rivals.seller, Line(product, 2), shipping=5 * USDT)
        await act(world, rivals.seller, order_id, "shipments", {"carrier": "Post"}, status=201)
        await act(world, rivals.buyer, order_id, "receipt")
        (line,) = await line_ids(world, order_id)
        asked = [("buyer", "POST", f"/orders/{order_id}/returns", {"lines": [{"lineId": line, "quantity": count}], "reason": "no"})
                 for count in (2, 2, 1, 1)]  # fmt: skip
        answers = await rivals.at_once(turn, *asked)
        returned = sum(count for count, answer in zip((2, 2, 1, 1), answers, strict=True) if won(answer))
        assert returned == 2, answers
        assert all(won(answer) or answer[1]["code"] == "NOT_NOW" for answer in answers)
        before, (on_hand, _, _) = rivals.held(rivals.buyer.account), await rivals.stock(product)
        returns = [str(found["return_id"]) for found in await world.pool.fetch(
            "SELECT return_id FROM shop_returns WHERE order_id = $1", order_id)]  # fmt: skip
        for return_id in returns:
            decided = await rivals.at_once(turn, *(("seller", "POST", f"/returns/{return_id}/{what}") for what in ("approve", "decline")))
            assert sum(map(won, decided)) == 1, decided
        await world.pool.execute("UPDATE shop_returns SET state = 'approved' WHERE order_id = $1", order_id)
        arriving = [("seller", "POST", f"/returns/{return_id}/received") for return_id in returns * 2]
        first = await rivals.at_once(turn, *arriving)
        for return_id in returns:  # who was told SETTLING asks again
            status, told = await ask(world, rivals.seller, "POST", f"/returns/{return_id}/received")
            assert status == 200 or told["code"] == "NOT_NOW", (told, first)
        assert rivals.held(rivals.buyer.account) - before == 40 * USDT
        assert (await rivals.stock(product))[0] == on_hand + 2
        assert (await row(world, order_id))["fulfilment"] == "returned"
    await world.check()


async def test_stock_counted_by_two_at_once_is_counted_once(rivals):
    product = await rivals.world.product(rivals.seller, stock=10)
    for turn in range(TURNS):
        counted = ("seller", "POST", f"/seller/variants/{product.variant_id}/stock", {"change": 3, "was": 10 + 3 * turn})
        answers = await rivals.at_once(turn, *[counted] * 4)
        assert sorted(answer[0] for answer in answers) == [200, 409, 409, 409]
        assert all(answer[1]["detail"] == {"onHand": 13 + 3 * turn} for answer in answers if not won(answer))
    assert (await rivals.stock(product))[0] == 10 + 3 * TURNS
