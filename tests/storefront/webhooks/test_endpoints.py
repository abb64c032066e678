"""Sellers keep their endpoints; nobody else sees them, and a secret is told once."""

import asyncio
import uuid

from storefront.webhooks.endpoints import ENDPOINTS_MAX

HOOK = {"url": "https://shop.example.org/hook"}


async def test_endpoints_are_made_changed_and_removed_by_their_owner(world):
    sam, other = await world.seller("sam"), await world.seller("other")
    sealed = []
    world.shop.seal = lambda secret: sealed.append(secret) or b"sealed"
    async with world.client(sam) as client, world.client(other) as stranger, world.client(await world.person()) as nobody:
        made = (await client.post("/shop/seller/webhooks", json=HOOK | {"events": ["order.shipped", "order.paid"]})).json()
        assert (made["events"], made["enabled"]) == (["order.paid", "order.shipped"], True)
        assert made["secret"].startswith("whsec_")
        assert sealed == [made["secret"].encode()]
        assert await world.pool.fetchval("SELECT sealed_secret FROM shop_webhooks") == b"sealed"
        path = f"/shop/seller/webhooks/{made['id']}"
        test = (await client.post(f"{path}/test")).json()
        for answer in (
            await stranger.patch(path, json={"enabled": False}), await stranger.delete(path), await stranger.get(f"{path}/deliveries"),
            await stranger.post(f"{path}/test"), await stranger.post(f"/shop/seller/deliveries/{test['id']}/redeliver"),
            await client.post(f"/shop/seller/deliveries/{uuid.uuid4()}/redeliver"),
        ):  # fmt: skip
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert (await nobody.post("/shop/seller/webhooks", json=HOOK)).json()["code"] == "NOT_A_SELLER"
        changed = (await client.patch(path, json={"url": "https://shop.example.org/new", "events": []})).json()
        assert changed == {"id": made["id"], "url": "https://shop.example.org/new", "events": [], "enabled": True}
        assert (await client.get("/shop/seller/webhooks")).json() == {"items": [changed]}
        assert [item["id"] for item in (await client.get(f"{path}/deliveries")).json()["items"]] == [test["id"]]
        assert (await client.delete(path)).json() == {}
        assert (await client.get("/shop/seller/webhooks")).json() == {"items": []}
        assert await world.pool.fetchval("SELECT count(*) FROM shop_deliveries") == 0


async def test_a_secret_lies_nowhere_in_the_clear_also_not_in_the_answer_that_a_repeated_request_gets(world):
    def turned(secret):
        return bytes(byte ^ 0x55 for byte in secret)

    world.shop.seal = world.shop.unseal = turned
    async with world.client(await world.seller("sam")) as client:
        made, again = [await client.post("/shop/seller/webhooks", json=HOOK, headers={"Idempotency-Key": "one"}) for _ in range(2)]
        refused = [await client.post("/shop/seller/webhooks", json={"url": "x"}, headers={"Idempotency-Key": "two"}) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, made.json())
    assert [answer.json()["code"] for answer in refused] == ["INVALID_REQUEST"] * 2
    secret = made.json()["secret"].encode()
    for column in ("sealed_secret FROM shop_webhooks", "body FROM shop_answers WHERE status = 201"):
        (stored,) = [row[0] for row in await world.pool.fetch(f"SELECT {column}")]
        assert secret not in stored
        assert secret in turned(stored)


async def test_what_is_no_endpoint_is_said_and_leaves_nothing(world):
    async with world.client(await world.seller("sam")) as client:
        for change in ({"url": "ftp://example.org"}, {"url": "http://10.0.0.1/"}, {"url": "http://x"  + "y" * 600}, {"url": "http://a b"},
                       {"events": ["order.eaten"]}, {"events": ["webhook.test"]}, {"events": ["x"] * 50}, {"url": None}):  # fmt: skip
            answer = await client.post("/shop/seller/webhooks", json=HOOK | change)
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST"), change
        assert (await client.get("/shop/seller/webhooks")).json() == {"items": []}


async def test_there_are_never_more_than_five(world):
    async with world.client(await world.seller("sam")) as client:
        answers = await asyncio.gather(*(client.post("/shop/seller/webhooks", json=HOOK) for _ in range(ENDPOINTS_MAX + 4)))
        assert sorted(answer.status_code for answer in answers) == [201] * ENDPOINTS_MAX + [409] * 4


async def test_deliveries_come_in_pages(world):
    async with world.client(await world.seller("sam")) as client:
        hook = (await client.post("/shop/seller/webhooks", json=HOOK)).json()
        made = [(await client.post(f"/shop/seller/webhooks/{hook['id']}/test")).json()["id"] for _ in range(5)]
        path, seen, after = f"/shop/seller/webhooks/{hook['id']}/deliveries", [], ""
        while True:
            page = (await client.get(path, params={"limit": 2, "after": after})).json()
            seen += [item["id"] for item in page["items"]]
            if not (after := page["next"]):
                break
        assert seen == made[::-1]
        for after in ("nonsense", "WyJhIl0", "W10", "WzFlOTld", "WzEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzXQ"):
            assert (await client.get(path, params={"after": after})).status_code == 400
