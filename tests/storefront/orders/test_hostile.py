"""Whatever is sent about an order, the answer is a documented refusal, and nothing is left behind."""

import itertools

from tests.storefront.orders.paid import Line, ask, line_ids, paid_order, row, stock_of

TEXTS = ["", " ", "\0", "a\0b", "x" * 5000, "\x1b[31m", None, 7, [], {}]
AMOUNTS = ["", "-1", "0", "1e3", "NaN", "0.0000001", "9" * 33, "99999999999999999999", "20.000001", "٣", "1\n", None, 1, 1.5]
QUANTITIES = [0, -1, 1000, 2**63, 1.5, "one", None]
IDS = ["", "x", "0" * 32, "00000000-0000-4000-8000-000000000000", "../../etc", "%00", "null", "1" * 300]


def _bodies(line: str):
    for text in TEXTS:
        yield "messages", {"text": text}
        yield "dispute", {"reason": "other", "text": text}
        yield "shipments", {"carrier": text}
        yield "dispute/reply", {"text": text}
    for amount in AMOUNTS:
        yield "refunds", {"amount": amount}
        yield "dispute/decide", {"toBuyer": amount, "text": "x"}
    for quantity in QUANTITIES:
        lines = [{"lineId": line, "quantity": quantity}]
        yield "shipments", {"carrier": "x", "lines": lines}
        yield "cancel-lines", {"lines": lines}
        yield "returns", {"lines": lines, "reason": "x"}
    for line_id in IDS:
        yield "cancel-lines", {"lines": [{"lineId": line_id, "quantity": 1}]}
    for lines in ([], [{"lineId": line, "quantity": 1}] * 2, [{"lineId": line, "quantity": 1}] * 101, {}, None, "x", [[]], [{}]):
        yield "cancel-lines", {"lines": lines}
        yield "returns", {"lines": lines, "reason": "x"}
    for body in (None, [], 1, "x", {"surprise": 1}, {"reason": "x" * 1001}):
        yield "cancel", body
    yield "dispute", {"reason": "boredom", "text": "x"}


async def test_hostile_bodies_paths_and_pages_are_refused_and_change_nothing(world):
    seller, buyer = await world.seller("sam"), await world.person("bea")
    moderator = await world.person("mia", role="moderator")
    product = await world.product(seller, price="20", stock=5)
    order_id = await paid_order(world, buyer, seller, Line(product))
    (line,) = await line_ids(world, order_id)
    before, stock = await row(world, order_id), await stock_of(world, product)
    who = {"cancel": buyer, "messages": buyer, "dispute": buyer, "returns": buyer, "dispute/decide": moderator}
    for what, body in _bodies(line):
        status, answer = await ask(world, who.get(what, seller), "POST", f"/orders/{order_id}/{what}", body)
        assert 400 <= status < 500 and answer["code"] != "INTERNAL", (what, body, status, answer)
    for bad, path in itertools.product(IDS[1:], ("/orders/{}", "/orders/{}/messages", "/orders?after={}", "/seller/orders?after={}")):
        status, answer = await ask(world, seller, "GET", path.format(bad))
        assert 400 <= status < 500, (path, bad, status, answer)
    for query in ("limit=0", "limit=101", "limit=x", "limit=1e9", "state=else"):
        status, answer = await ask(world, seller, "GET", f"/seller/orders?{query}")
        assert (status, answer["code"]) == (400, "INVALID_REQUEST"), query
    assert await row(world, order_id) == before
    assert await stock_of(world, product) == stock
    assert await world.pool.fetchval("SELECT count(*) FROM shop_settlements") == 0
    assert await world.pool.fetchval("SELECT count(*) FROM shop_messages") == 0
    await world.check()
