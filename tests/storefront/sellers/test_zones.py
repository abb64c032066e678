"""Shipping as sellers keep it."""

import asyncio

from storefront.sellers.zones import METHODS_MAX, ZONES_MAX

ZONE = {"name": "Home", "countries": ["DE", "AT", "DE"]}
METHOD = {"name": "Parcel", "asset": "USDT", "basePrice": "4.5", "pricePerKg": "1", "freeFrom": "100", "weightMaxG": 31_500, "daysMin": 1,
          "daysMax": 3}  # fmt: skip


async def test_zones_and_methods_are_made_changed_and_removed_by_their_owner(world):
    sam, other = await world.seller("sam"), await world.seller("other")
    async with world.client(sam) as client, world.client(other) as stranger:
        zone = (await client.post("/shop/seller/zones", json=ZONE)).json()
        assert zone["countries"] == ["AT", "DE"]
        method = await client.post(f"/shop/seller/zones/{zone['id']}/methods", json=METHOD)
        assert method.status_code == 201
        method = method.json()
        assert method == METHOD | {"id": method["id"], "basePrice": "4.500000", "pricePerKg": "1.000000", "freeFrom": "100.000000"}
        changed = METHOD | {"asset": "BTC", "basePrice": "0.00000001", "pricePerKg": "0", "freeFrom": None, "weightMaxG": None}
        method = (await client.put(f"/shop/seller/methods/{method['id']}", json=changed)).json()
        assert (method["basePrice"], method["freeFrom"]) == ("0.00000001", None)
        for answer in (
            await stranger.put(f"/shop/seller/zones/{zone['id']}", json=ZONE | {"name": "Mine"}),
            await stranger.delete(f"/shop/seller/zones/{zone['id']}"),
            await stranger.post(f"/shop/seller/zones/{zone['id']}/methods", json=METHOD),
            await stranger.put(f"/shop/seller/methods/{method['id']}", json=METHOD),
            await stranger.delete(f"/shop/seller/methods/{method['id']}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        home = next(item for item in (await client.get("/shop/seller/zones")).json()["items"] if item["name"] == "Home")
        assert home == zone | {"methods": [method]}
        assert (await client.put(f"/shop/seller/zones/{zone['id']}", json={"name": "Rest", "countries": []})).json()["countries"] == []
        assert (await client.delete(f"/shop/seller/methods/{method['id']}")).json() == {}
        assert (await client.delete(f"/shop/seller/methods/{method['id']}")).status_code == 404
        assert (await client.delete(f"/shop/seller/zones/{zone['id']}")).json() == {}
        assert [item["name"] for item in (await client.get("/shop/seller/zones")).json()["items"]] == ["Everywhere"]


NO_METHODS = (
    ({"asset": "DOGE"}, "UNKNOWN_ASSET"), ({"basePrice": "0.0000001"}, "INVALID_AMOUNT"), ({"basePrice": "-1"}, "INVALID_REQUEST"),
    ({"basePrice": "1e3"}, "INVALID_REQUEST"), ({"freeFrom": "0"}, "INVALID_REQUEST"), ({"daysMin": 4}, "INVALID_REQUEST"),
    ({"daysMax": 400}, "INVALID_REQUEST"), ({"weightMaxG": 0}, "INVALID_REQUEST"), ({"weightMaxG": 2**40}, "INVALID_REQUEST"),
    ({"basePrice": "9" * 30}, "INVALID_AMOUNT"), ({"name": ""}, "INVALID_REQUEST"),
)  # fmt: skip


async def test_what_is_no_method_is_said_and_leaves_nothing(world):
    async with world.client(await world.seller("sam")) as client:
        zone = (await client.get("/shop/seller/zones")).json()["items"][0]
        for change, code in NO_METHODS:
            answer = await client.post(f"/shop/seller/zones/{zone['id']}/methods", json=METHOD | change)
            assert (answer.status_code, answer.json()["code"]) == (400, code), change
        assert (await client.get("/shop/seller/zones")).json()["items"] == [zone]


async def test_there_are_never_more_zones_and_methods_than_may_be(world):
    sam = await world.seller("sam")
    async with world.client(sam) as client:
        answers = await asyncio.gather(*(client.post("/shop/seller/zones", json=ZONE) for _ in range(ZONES_MAX + 4)))
        assert sorted(answer.status_code for answer in answers) == [201] * (ZONES_MAX - 1) + [409] * 5
        path = f"/shop/seller/zones/{next(answer.json()['id'] for answer in answers if answer.status_code == 201)}/methods"
        answers = await asyncio.gather(*(client.post(path, json=METHOD) for _ in range(METHODS_MAX + 2)))
        assert sorted(answer.status_code for answer in answers) == [201] * METHODS_MAX + [409] * 2
