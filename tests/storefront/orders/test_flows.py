"""What buyers, sellers and moderators do with an order, over HTTP, and what becomes of money, goods and states."""

import asyncio
import datetime
import uuid

import pytest

from engine.types import HOUSE_FEES
from tests.storefront.orders.paid import Line, act, ask, line_ids, paid_order, row, states, stock_of

USDT = 10**6


@pytest.fixture
async def deal(world):
    """(world, buyer, seller, product)."""
    seller = await world.seller("sam")
    buyer = await world.person("bea")
    product = await world.product(seller, "Lamp", price="20", stock=10)
    return world, buyer, seller, product


async def test_shipped_and_received_the_money_is_the_sellers_less_the_commission(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product, 2), shipping=5 * USDT)
    assert world.balance(buyer.account, "USDT")[0] == "99955.000000"
    await world.check()
    shown = await act(world, buyer, order_id, "", method="GET")
    assert (shown["payment"], shown["held"]["amount"], shown["role"]) == ("held", "45.000000", "buyer")
    assert shown["actions"] == ["cancel", "open_dispute", "message"]
    shown = await act(world, seller, order_id, "shipments", {"carrier": "DHL", "tracking": "42"}, status=201)
    assert (shown["fulfilment"], shown["shipments"][0]["lines"][0]["quantity"]) == ("shipped", 2)
    assert await stock_of(world, product) == (8, 0)
    shown = await act(world, buyer, order_id, "receipt")
    assert (shown["payment"], shown["fulfilment"], shown["escrow"]) == ("released", "received", None)
    assert [entry["text"] for entry in shown["timeline"]] == [
        "Paid; the money is held in escrow.", "Shipped with DHL.", "45.000000 USDT went to the seller.", "Received.",
    ]  # fmt: skip
    assert world.balance(seller.payable, "USDT") == ("42.750000", "0.000000")
    assert world.balance(HOUSE_FEES, "USDT")[0] == "2.250000"
    await world.check()


async def test_cancelled_before_shipping_everything_comes_back_once(deal):
    world, buyer, seller, product = deal
    voucher_id = uuid.uuid4()
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES ($1, 'TEN', 'percent', 100000, now())", voucher_id
    )
    order_id = await paid_order(world, buyer, seller, Line(product, 3, discount=6 * USDT), shipping=5 * USDT, voucher_id=voucher_id)
    assert await stock_of(world, product) == (10, 3)
    shown = await act(world, buyer, order_id, "cancel", {"reason": "changed my mind"})
    assert (shown["payment"], shown["fulfilment"], shown["refunded"]["amount"]) == ("refunded", "canceled", "59.000000")
    assert (await ask(world, buyer, "POST", f"/orders/{order_id}/cancel", {}))[1]["code"] == "NOT_NOW"
    assert await stock_of(world, product) == (10, 0)
    assert world.balance(buyer.account, "USDT") == ("100000.000000", "0.000000")
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 0
    await world.check()


async def test_a_voucher_comes_back_with_the_last_order_of_the_purchase(deal):
    world, buyer, seller, product = deal
    voucher_id = uuid.uuid4()
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES ($1, 'TEN', 'percent', 100000, now())", voucher_id
    )
    first = await paid_order(world, buyer, seller, Line(product), voucher_id=voucher_id)
    checkout_id = (await row(world, first))["checkout_id"]
    second = await paid_order(world, buyer, seller, Line(product), checkout_id=checkout_id)
    await act(world, buyer, first, "cancel", {})
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 1
    await act(world, buyer, second, "cancel", {})
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 0


async def test_lines_that_cannot_be_delivered_come_back_with_their_tax_and_discount(deal):
    world, buyer, seller, product = deal
    other = await world.product(seller, "Vase", price="10", stock=5)
    order_id = await paid_order(world, buyer, seller, Line(product, 3, discount=1, tax=7), Line(other, 1), shipping=5 * USDT)
    lamp, vase = await line_ids(world, order_id)
    shown = await act(world, seller, order_id, "cancel-lines", {"lines": [{"lineId": lamp, "quantity": 1}], "reason": "broken"})
    assert shown["refunded"]["amount"] == "20.000002"  # floor of a third of 60.000006
    assert (shown["payment"], shown["fulfilment"]) == ("held", "unfulfilled")
    assert await stock_of(world, product) == (10, 2)
    await act(world, seller, order_id, "shipments", {"carrier": "DHL", "lines": [{"lineId": lamp, "quantity": 2}]}, status=201)
    assert (await states(world, order_id))[1] == "partially_shipped"
    shown = await act(world, seller, order_id, "cancel-lines", {"lines": [{"lineId": vase, "quantity": 1}]})
    assert (shown["fulfilment"], shown["refunded"]["amount"]) == ("shipped", "30.000002")
    assert shown["autoReleaseAt"] is not None
    shown = await act(world, buyer, order_id, "receipt")
    assert (shown["payment"], shown["released"]["amount"]) == ("divided", "45.000004")
    assert shown["timeline"][-2]["text"] == "45.000004 USDT went to the seller."
    told = await world.pool.fetch("SELECT type FROM shop_events WHERE seller_id = $1 ORDER BY event_id", seller.seller_id)
    assert [event["type"] for event in told] == [
        "order.paid", "refund.done", "order.shipped", "refund.done", "order.released", "order.received",
    ]  # fmt: skip
    await world.check()


async def test_cancelling_the_last_line_gives_shipping_back_too(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product, 2), shipping=5 * USDT)
    (line,) = await line_ids(world, order_id)
    body = {"lines": [{"lineId": line, "quantity": 1}]}
    assert (await act(world, seller, order_id, "cancel-lines", body))["refunded"]["amount"] == "20.000000"
    shown = await act(world, seller, order_id, "cancel-lines", body)
    assert (shown["payment"], shown["fulfilment"], shown["refunded"]["amount"]) == ("refunded", "canceled", "45.000000")
    assert await stock_of(world, product) == (10, 0)
    await world.check()


async def test_a_dispute_freezes_the_money_until_it_is_decided(deal):
    world, buyer, seller, product = deal
    moderator = await world.person("mia", role="moderator")
    order_id = await paid_order(world, buyer, seller, Line(product, 2), shipping=5 * USDT)
    await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    shown = await act(world, buyer, order_id, "dispute", {"reason": "damaged", "text": "It broke."}, status=201)
    assert (shown["dispute"], shown["disputeCase"]["reason"]) == ("open", "damaged")
    for person, what, body in (
        (buyer, "receipt", None), (buyer, "cancel", {}), (seller, "refunds", {"amount": "1"}),
    ):  # fmt: skip
        assert (await ask(world, person, "POST", f"/orders/{order_id}/{what}", body))[1]["code"] == "NOT_NOW"
    await act(world, seller, order_id, "dispute/reply", {"text": "It was whole."})
    assert (await ask(world, buyer, "POST", f"/orders/{order_id}/dispute/decide", {"toBuyer": "1", "text": "x"}))[0] == 403
    answer = await ask(world, moderator, "POST", f"/orders/{order_id}/dispute/decide", {"toBuyer": "45.000001", "text": "x"})
    assert answer[1]["code"] == "INVALID_AMOUNT"
    shown = await act(world, moderator, order_id, "dispute/decide", {"toBuyer": "15", "text": "Both are right."})
    assert (shown["payment"], shown["fulfilment"], shown["dispute"]) == ("divided", "received", "divided")
    assert (shown["disputeCase"]["toBuyer"]["amount"], shown["disputeCase"]["decision"]) == ("15.000000", "Both are right.")
    assert world.balance(seller.payable, "USDT")[0] == "28.500000"
    assert world.balance(buyer.account, "USDT")[0] == "99970.000000"
    status, page = await ask(world, moderator, "GET", "/admin/disputes?state=decided")
    assert (status, page["items"][0]["order"]["id"]) == (200, str(order_id))
    await world.check()


@pytest.mark.parametrize(
    ("to_buyer", "ends"), [("20", ("refunded", "canceled", "for_buyer")), ("0", ("released", "unfulfilled", "for_seller"))]
)
async def test_a_decision_may_be_for_one_side(deal, to_buyer, ends):
    world, buyer, seller, product = deal
    moderator = await world.person("mia", role="moderator")
    order_id = await paid_order(world, buyer, seller, Line(product))
    await act(world, buyer, order_id, "dispute", {"reason": "not_received", "text": "Where?"}, status=201)
    await act(world, moderator, order_id, "dispute/decide", {"toBuyer": to_buyer, "text": "So."})
    assert await states(world, order_id) == ends
    assert await stock_of(world, product) == ((10, 0) if to_buyer == "20" else (10, 1))
    await world.check()


async def test_a_seller_who_gives_everything_back_concedes(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    await act(world, buyer, order_id, "dispute", {"reason": "other", "text": "No."}, status=201)
    await act(world, seller, order_id, "refunds", {"amount": "20"}, status=201)
    assert await states(world, order_id) == ("refunded", "canceled", "for_buyer")
    assert await stock_of(world, product) == (10, 0)
    await world.check()


async def test_nobody_moderates_an_order_of_their_own(deal):
    world, _, seller, product = deal
    moderator = await world.person("mia", role="moderator")
    order_id = await paid_order(world, moderator, seller, Line(product))
    await act(world, moderator, order_id, "dispute", {"reason": "other", "text": "Mine."}, status=201)
    answer = await ask(world, moderator, "POST", f"/orders/{order_id}/dispute/decide", {"toBuyer": "20", "text": "x"})
    assert answer[1]["code"] == "NOT_ALLOWED"


async def test_auto_release_comes_when_it_is_due_and_not_while_it_is_disputed(deal):
    world, buyer, seller, product = deal
    order_id, disputed = [await paid_order(world, buyer, seller, Line(product)) for _ in range(2)]
    for one in (order_id, disputed):
        await act(world, seller, one, "shipments", {"carrier": "DHL"}, status=201)
    await act(world, buyer, disputed, "dispute", {"reason": "other", "text": "No."}, status=201)
    start = world.clock()
    assert await _release_at(world, start + datetime.timedelta(days=13)) == 0
    assert await _release_at(world, start + datetime.timedelta(days=15)) == 1
    assert await states(world, order_id) == ("released", "received", "none")
    await act(world, buyer, disputed, "dispute", method="DELETE")
    assert await _release_at(world, start + datetime.timedelta(days=28)) == 0, "the days of the dispute do not count"
    assert await _release_at(world, start + datetime.timedelta(days=30)) == 1
    assert await states(world, disputed) == ("released", "received", "withdrawn")
    await world.check()


async def test_the_keeper_releases_by_itself(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    await world.pool.execute("UPDATE shop_orders SET auto_release_at = now() WHERE order_id = $1", order_id)
    async with world.keepers(), asyncio.timeout(30):
        while (await states(world, order_id))[0] != "released":
            await asyncio.sleep(0.02)
    await world.check()


async def _release_at(world, now: datetime.datetime) -> int:
    from storefront.escrow.release import release_due  # noqa: PLC0415

    world.now = now
    released = await release_due(world.shop)
    for settlement in await world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'"):
        await world.shop.settlements.ended(settlement["settlement_id"])
    return released


async def test_returns_go_their_way_and_bring_the_money_back_out_of_what_is_payable(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product, 2), shipping=5 * USDT)
    (line,) = await line_ids(world, order_id)
    await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    await act(world, buyer, order_id, "receipt")
    wanted = {"lines": [{"lineId": line, "quantity": 1}], "reason": "too dark"}
    shown = await act(world, buyer, order_id, "returns", wanted, status=201)
    (back,) = shown["returns"]
    assert (back["state"], back["amount"]["amount"]) == ("requested", "20.000000")
    too_many = {"lines": [{"lineId": line, "quantity": 2}], "reason": "all"}
    assert (await ask(world, buyer, "POST", f"/orders/{order_id}/returns", too_many))[1]["code"] == "NOT_NOW"
    assert (await ask(world, seller, "POST", f"/returns/{back['id']}/received"))[1]["code"] == "NOT_NOW"
    assert (await ask(world, buyer, "POST", f"/returns/{back['id']}/approve"))[1]["code"] == "NOT_ALLOWED"
    assert (await ask(world, seller, "POST", f"/returns/{back['id']}/approve"))[0] == 200
    status, shown = await ask(world, seller, "POST", f"/returns/{back['id']}/received")
    assert (status, shown["returns"][0]["state"], shown["payment"], shown["fulfilment"]) == (200, "refunded", "divided", "received")
    assert await stock_of(world, product) == (9, 0)
    assert world.balance(buyer.account, "USDT")[0] == "99975.000000"
    assert world.balance(seller.payable, "USDT")[0] == "23.750000"
    shown = await act(world, buyer, order_id, "returns", wanted, status=201)
    last = shown["returns"][1]["id"]
    assert (await ask(world, seller, "POST", f"/returns/{last}/approve"))[0] == 200
    await ask(world, seller, "POST", f"/returns/{last}/received")
    assert (await states(world, order_id))[:2] == ("divided", "returned")
    await world.check()


async def test_the_time_of_return_ends(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    assert "request_return" in (await act(world, buyer, order_id, "receipt"))["actions"]
    world.now = world.clock() + datetime.timedelta(days=31)
    assert "request_return" not in (await act(world, buyer, order_id, "", method="GET"))["actions"]
    body = {"lines": [{"lineId": (await line_ids(world, order_id))[0], "quantity": 1}], "reason": "late"}
    assert (await ask(world, buyer, "POST", f"/orders/{order_id}/returns", body))[1]["code"] == "NOT_NOW"


async def test_a_refund_that_the_seller_cannot_pay_is_refused_and_puts_everything_back(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    (line,) = await line_ids(world, order_id)
    await act(world, seller, order_id, "shipments", {"carrier": "DHL"}, status=201)
    await act(world, buyer, order_id, "receipt")
    shown = await act(world, buyer, order_id, "returns", {"lines": [{"lineId": line, "quantity": 1}], "reason": "no"}, status=201)
    return_id = shown["returns"][0]["id"]
    await ask(world, seller, "POST", f"/returns/{return_id}/approve")
    await ask(world, seller, "POST", "/seller/payouts", {"asset": "USDT", "amount": "19"})
    assert world.balance(seller.payable, "USDT")[0] == "0.000000"
    for _ in range(2):
        status, answer = await ask(world, seller, "POST", f"/returns/{return_id}/received")
        assert (status, answer["code"]) == (409, "INSUFFICIENT_BALANCE")
    shown = await act(world, seller, order_id, "", method="GET")
    assert (shown["returns"][0]["state"], shown["payment"], shown["settling"]) == ("approved", "released", False)
    assert [refund["state"] for refund in shown["refunds"]] == ["failed", "failed"]
    assert "INSUFFICIENT_AVAILABLE" in shown["timeline"][-1]["text"]
    assert await stock_of(world, product) == (9, 0)
    await world.check()


async def test_what_was_paid_from_store_credit_comes_back_as_store_credit_and_last(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product, 2), from_credit=15 * USDT)
    await act(world, seller, order_id, "refunds", {"amount": "30"}, status=201)
    assert world.balance(buyer.account, "USDT")[0] == "100000.000000"
    credit = await world.pool.fetchval("SELECT account FROM shop_credit_accounts WHERE user_id = $1", buyer.user_id)
    assert world.balance(credit, "USDT")[0] == "5.000000"
    await act(world, buyer, order_id, "cancel", {})
    assert world.balance(credit, "USDT")[0] == "15.000000"
    await world.check()


async def test_an_order_that_cost_nothing_goes_the_same_ways(deal):
    world, buyer, seller, product = deal
    received, canceled = [await paid_order(world, buyer, seller, Line(product, 1, discount=20 * USDT)) for _ in range(2)]
    await act(world, seller, received, "shipments", {"carrier": "DHL"}, status=201)
    await act(world, buyer, received, "receipt")
    assert (await states(world, received))[:2] == ("released", "received")
    await act(world, buyer, canceled, "cancel", {})
    assert (await states(world, canceled))[:2] == ("refunded", "canceled")
    assert await stock_of(world, product) == (9, 0)
    await world.check()


async def test_orders_are_listed_to_their_parties_page_by_page(deal):
    world, buyer, seller, product = deal
    orders = [str(await paid_order(world, buyer, seller, Line(product))) for _ in range(5)]
    await act(world, seller, orders[0], "shipments", {"carrier": "DHL"}, status=201)
    seen, after = [], ""
    while True:
        status, page = await ask(world, buyer, "GET", f"/orders?limit=2&after={after}")
        assert status == 200
        seen += [item["id"] for item in page["items"]]
        if not (after := page["next"]):
            break
    assert seen == orders[::-1]
    assert page["items"][0]["title"] == product.slug
    _, page = await ask(world, seller, "GET", "/seller/orders?state=to_ship")
    assert [item["id"] for item in page["items"]] == orders[:0:-1]
    assert page["items"][0]["buyer"] == "A. Buyer"
    _, page = await ask(world, seller, "GET", "/seller/orders?state=shipped")
    assert [item["id"] for item in page["items"]] == orders[:1]
    assert (await ask(world, buyer, "GET", "/orders?after=rubbish"))[1]["code"] == "INVALID_REQUEST"
    assert (await ask(world, buyer, "GET", "/seller/orders"))[1]["code"] == "NOT_A_SELLER"


async def test_the_parties_talk(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    for person, text in ((buyer, "When?"), (seller, "Soon."), (buyer, "Thanks.")):
        await act(world, person, order_id, "messages", {"text": text}, status=201)
    _, page = await ask(world, seller, "GET", f"/orders/{order_id}/messages?limit=2")
    assert [(said["author"], said["text"]) for said in page["items"]] == [("buyer", "When?"), ("seller", "Soon.")]
    _, page = await ask(world, seller, "GET", f"/orders/{order_id}/messages?after={page['next']}")
    assert [said["text"] for said in page["items"]] == ["Thanks."]
    for bad in ("", "   ", "a\0b", "x" * 4001):
        assert (await ask(world, buyer, "POST", f"/orders/{order_id}/messages", {"text": bad}))[0] == 400
    assert (await act(world, buyer, order_id, "", method="GET"))["messages"] == 3


async def test_a_click_given_twice_is_one_deed(deal):
    world, buyer, seller, product = deal
    order_id = await paid_order(world, buyer, seller, Line(product))
    async with world.client(seller) as client:
        twice = {"url": f"/shop/orders/{order_id}/refunds", "json": {"amount": "5"}, "headers": {"Idempotency-Key": "once"}}
        answers = [await client.post(**twice) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert (await row(world, order_id))["refunded"] == 5 * USDT


async def test_to_anybody_else_the_order_is_not_there(deal):
    world, buyer, seller, product = deal
    stranger, other_seller = await world.person("eve"), await world.seller("otto")
    order_id = await paid_order(world, buyer, seller, Line(product))
    (line,) = await line_ids(world, order_id)
    lines = [{"lineId": line, "quantity": 1}]
    asked = [
        ("GET", "", None), ("POST", "cancel", {}), ("POST", "receipt", None), ("POST", "dispute", {"reason": "other", "text": "x"}),
        ("DELETE", "dispute", None), ("POST", "returns", {"lines": lines, "reason": "x"}), ("POST", "shipments", {"carrier": "x"}),
        ("POST", "cancel-lines", {"lines": lines}), ("POST", "refunds", {"amount": "1"}), ("POST", "dispute/reply", {"text": "x"}),
        ("GET", "messages", None), ("POST", "messages", {"text": "x"}),
    ]  # fmt: skip
    before = await row(world, order_id)
    for method, what, body in asked:
        path = f"/orders/{order_id}/{what}".rstrip("/")
        for person in (stranger, other_seller):
            assert (await ask(world, person, method, path, body))[1].get("code") == "NOT_FOUND", (method, what)
        assert (await ask(world, None, method, path, body))[1].get("code") == "NOT_LOGGED_IN", (method, what)
    for wrong, what, body in (
        (buyer, "shipments", {"carrier": "x"}), (buyer, "refunds", {"amount": "1"}), (seller, "cancel", {}), (seller, "receipt", None),
    ):  # fmt: skip
        assert (await ask(world, wrong, "POST", f"/orders/{order_id}/{what}", body))[1]["code"] == "NOT_ALLOWED"
    assert await row(world, order_id) == before
    assert (await ask(world, stranger, "GET", "/orders"))[1]["items"] == []


async def test_a_line_of_another_order_is_not_there(deal):
    world, buyer, seller, product = deal
    mine, other = [await paid_order(world, buyer, seller, Line(product)) for _ in range(2)]
    (line,) = await line_ids(world, other)
    for what, body in (("shipments", {"carrier": "x"}), ("cancel-lines", {})):
        answer = await ask(world, seller, "POST", f"/orders/{mine}/{what}", body | {"lines": [{"lineId": line, "quantity": 1}]})
        assert answer[1]["code"] == "NOT_FOUND"
