"""Vouchers as their issuers keep them."""

import asyncio

TEN = {"code": "spring-10", "kind": "percent", "percent": "10"}


async def test_each_issuer_keeps_their_own(world):
    sam, other, mia = await world.seller("sam"), await world.seller("other"), await world.person("mia", role="moderator")
    async with world.client(sam) as client, world.client(other) as stranger, world.client(mia) as office:
        limits = {"usesMax": 5, "usesPerUser": 1, "startsAt": 1, "endsAt": 2_000_000_000_000}
        made = await client.post("/shop/seller/vouchers", json=TEN | limits)
        assert made.status_code == 201
        made = made.json()
        assert (made["code"], made["percent"], made["text"], made["uses"], made["active"]) == ("SPRING-10", "10", "10 % off", 0, True)
        assert (made["startsAt"], made["endsAt"]) == (1, 2_000_000_000_000)
        assert (await stranger.post("/shop/seller/vouchers", json=TEN)).json()["code"] == "ALREADY_EXISTS"
        assert (await stranger.patch(f"/shop/seller/vouchers/{made['id']}", json={"active": False})).status_code == 404
        assert (await office.patch(f"/shop/admin/vouchers/{made['id']}", json={"active": False})).status_code == 404
        assert (await client.patch(f"/shop/seller/vouchers/{made['id']}", json={"active": False})).json()["active"] is False
        five = {"code": "FIVE", "kind": "amount", "amount": "5", "asset": "USDT", "itemsMin": "20"}
        assert (await office.post("/shop/admin/vouchers", json=five)).json()["text"] == "5.000000 USDT off from 20.000000 USDT"
        free = {"code": "FREE", "kind": "free_shipping"}
        assert (await office.post("/shop/admin/vouchers", json=free)).json()["text"] == "Free shipping"
        assert [item["code"] for item in (await client.get("/shop/seller/vouchers")).json()["items"]] == ["SPRING-10"]
        assert (await stranger.get("/shop/seller/vouchers")).json()["items"] == []
        assert {item["code"] for item in (await office.get("/shop/admin/vouchers")).json()["items"]} == {"FIVE", "FREE"}
        assert (await client.post("/shop/admin/vouchers", json=free | {"code": "OTHER"})).json()["code"] == "NOT_ALLOWED"


async def test_percentages_are_exact(world):
    async with world.client(await world.seller("sam")) as client:
        for percent, ppm, text in (("12.5", 125_000, "12.5"), ("0.0001", 1, "0.0001"), ("100", 1_000_000, "100")):
            made = (await client.post("/shop/seller/vouchers", json=TEN | {"percent": percent, "code": f"PPM{ppm}"})).json()
            assert made["percent"] == text
            assert await world.pool.fetchval("SELECT ppm FROM shop_vouchers WHERE code = $1", f"PPM{ppm}") == ppm


FIVE = {"code": "FIVE", "kind": "amount", "amount": "5", "asset": "USDT"}
NO_VOUCHERS = (
    TEN | {"percent": "0"}, TEN | {"percent": "100.1"}, TEN | {"percent": "1.00001"}, TEN | {"percent": None}, TEN | {"amount": "5"},
    TEN | {"code": "a b"}, TEN | {"code": "ab"}, TEN | {"code": "line\n"},
    TEN | {"itemsMin": "5"}, TEN | {"usesMax": 0}, TEN | {"startsAt": 5, "endsAt": 5},
    TEN | {"kind": "free_shipping"}, TEN | {"kind": "gift"}, FIVE | {"asset": None}, FIVE | {"amount": None}, FIVE | {"amount": "0"},
    FIVE | {"asset": "NONE"}, FIVE | {"endsAt": 2**60},
)  # fmt: skip


async def test_what_is_no_voucher_is_said_and_leaves_nothing(world):
    async with world.client(await world.seller("sam")) as client:
        for voucher in NO_VOUCHERS:
            answer = await client.post("/shop/seller/vouchers", json=voucher)
            assert answer.status_code == 400, voucher
            assert answer.json()["code"] in ("INVALID_REQUEST", "INVALID_AMOUNT", "UNKNOWN_ASSET")
    assert await world.pool.fetchval("SELECT count(*) FROM shop_vouchers") == 0


async def test_a_code_is_one_issuers_however_many_ask_at_once(world):
    sellers = [await world.seller(f"seller{n}") for n in range(6)]
    clients = [world.client(seller) for seller in sellers]
    answers = await asyncio.gather(*(client.post("/shop/seller/vouchers", json=TEN) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
