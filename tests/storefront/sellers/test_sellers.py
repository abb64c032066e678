"""Applying, being approved with an account in the core, the profile; what a crash in between leaves is finished by the next ask."""

import asyncio

import pytest

from engine.log.port import LogUnavailable

APPLICATION = {"name": "Möbel & Söhne", "country": "DE", "about": "Chairs.\nTables."}


@pytest.fixture
async def moderator(world):
    return await world.person("mia", role="moderator")


async def apply(world, person, **changes):
    async with world.client(person) as client:
        return await client.post("/shop/seller", json=APPLICATION | changes)


async def seller_id(world, person):
    return await world.pool.fetchval("SELECT seller_id FROM shop_sellers WHERE user_id = $1", person.user_id)


async def test_from_nobody_to_a_seller_who_is_paid_into_an_account_of_the_core(world, moderator):
    ann = await world.person("ann")
    async with world.client(ann) as client, world.client(moderator) as office:
        assert (await client.get("/shop/seller")).json() == {
            "state": "none", "note": "", "slug": "", "name": "", "about": "", "country": "", "commissionPpm": 50_000, "reservePpm": 0,
            "reserveDays": 0,
        }  # fmt: skip
        answer = await client.post("/shop/seller", json=APPLICATION)
        assert answer.status_code == 201
        assert (answer.json()["state"], answer.json()["slug"]) == ("applied", "mobel-sohne")
        assert (await client.post("/shop/seller", json=APPLICATION)).json()["code"] == "ALREADY_EXISTS"
        assert (await client.get("/shop/seller/zones")).json()["code"] == "NOT_A_SELLER"
        (waiting,) = (await office.get("/shop/admin/sellers?state=applied")).json()["items"]
        assert (waiting["email"], waiting["about"]) == ("ann@shop.test", "Chairs.\nTables.")
        path = f"/shop/admin/sellers/{waiting['id']}"
        assert (await office.post(f"{path}/suspend", json={})).json()["code"] == "NOT_NOW"
        assert (await office.post(f"{path}/approve", json={"note": "Welcome"})).json()["state"] == "approved"
        account = await world.pool.fetchval("SELECT payable_account FROM shop_sellers")
        assert world.exchange.machine.account(account) is not None
        assert (await client.get("/shop/seller")).json()["note"] == "Welcome"
        assert (await client.get("/shop/seller/zones")).json() == {"items": []}
        changed = (await client.patch("/shop/seller", json={"name": "Möbel"})).json()
        assert (changed["name"], changed["slug"], changed["about"]) == ("Möbel", "mobel-sohne", "Chairs.\nTables.")
        terms = await office.patch(path, json={"commissionPpm": 10_000, "reservePpm": 5, "reserveDays": 3})
        assert (terms.json()["commissionPpm"], terms.json()["ownCommissionPpm"]) == (10_000, 10_000)
        assert (await office.patch(path, json={"commissionPpm": None})).json()["commissionPpm"] == 50_000
        assert (await office.get("/shop/admin/sellers?state=approved")).json()["items"][0]["reserveDays"] == 3
        assert (await office.post(f"{path}/suspend", json={"note": "Pause"})).status_code == 200
        assert (await client.get("/shop/seller/zones")).json()["code"] == "NOT_A_SELLER"
        assert (await office.post(f"{path}/approve", json={})).status_code == 200
        assert await world.pool.fetchval("SELECT payable_account FROM shop_sellers") == account
    actions = [row["action"] for row in await world.pool.fetch("SELECT action FROM audit ORDER BY audit_id")]
    assert actions == ["SELLER_APPROVED", "SELLER_TERMS", "SELLER_TERMS", "SELLER_SUSPENDED", "SELLER_APPROVED"]


async def test_a_rejected_applicant_applies_again(world, moderator):
    ann = await world.person("ann")
    await apply(world, ann)
    path = f"/shop/admin/sellers/{await seller_id(world, ann)}"
    async with world.client(moderator) as office:
        assert (await office.post(f"{path}/reject", json={"note": "Say more"})).json()["state"] == "rejected"
        again = (await apply(world, ann, about="Much more")).json()
        assert (again["state"], again["note"], again["about"], again["slug"]) == ("applied", "", "Much more", "mobel-sohne")


async def test_names_that_are_alike_or_have_no_letters_get_slugs_of_their_own(world):
    people = [await world.person() for _ in range(6)]
    names = ["Oak", "Oak", "Oak", "木", "木工", "!!"]
    answers = await asyncio.gather(*(apply(world, person, name=name + " ") for person, name in zip(people, names, strict=True)))
    assert [answer.status_code for answer in answers] == [201] * 6
    slugs = {answer.json()["slug"] for answer in answers}
    assert len(slugs) == 6
    assert {"oak", "seller"} <= slugs


async def test_one_user_applies_once_however_often_at_once(world):
    ann = await world.person("ann")
    answers = await asyncio.gather(*(apply(world, ann) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_approvals_at_once_open_one_account(world, moderator):
    ann = await world.person("ann")
    await apply(world, ann)
    path = f"/shop/admin/sellers/{await seller_id(world, ann)}/approve"
    async with world.client(moderator) as office:
        answers = await asyncio.gather(*(office.post(path, json={}) for _ in range(6)))
    assert {answer.json()["state"] for answer in answers} == {"approved"}
    reference = await world.pool.fetchrow("SELECT payable_reference_hi, payable_reference_lo, payable_account FROM shop_sellers")
    assert world.exchange.machine.find_account(reference[0], reference[1]) == reference[2]


async def test_an_approval_that_dies_after_the_core_opened_the_account_finds_it_again(world, moderator):
    ann = await world.person("ann")
    await apply(world, ann)
    path = f"/shop/admin/sellers/{await seller_id(world, ann)}/approve"
    await world.pool.execute("ALTER TABLE shop_sellers ADD CONSTRAINT crash CHECK (state <> 'approved')")
    async with world.client(moderator) as office:
        assert (await office.post(path, json={})).status_code == 500  # after the core, before the database
    row = await world.pool.fetchrow("SELECT * FROM shop_sellers")
    assert (row["state"], row["payable_account"]) == ("applied", None)
    opened = world.exchange.machine.find_account(row["payable_reference_hi"], row["payable_reference_lo"])
    assert opened
    await world.pool.execute("ALTER TABLE shop_sellers DROP CONSTRAINT crash")
    await world.restart()
    async with world.client(moderator) as office:
        assert (await office.post(path, json={})).json()["state"] == "approved"
    assert await world.pool.fetchval("SELECT payable_account FROM shop_sellers") == opened


async def test_without_the_log_nobody_is_approved_and_later_they_are(world, moderator, monkeypatch):
    ann = await world.person("ann")
    await apply(world, ann)
    path = f"/shop/admin/sellers/{await seller_id(world, ann)}/approve"

    async def away(*_arguments, **_options):
        raise LogUnavailable("away")

    async with world.client(moderator) as office:
        with monkeypatch.context() as patch:
            patch.setattr(world.exchange, "execute", away)
            assert (await office.post(path, json={})).json()["code"] == "UNAVAILABLE"
        assert await world.pool.fetchval("SELECT state FROM shop_sellers") == "applied"
        assert (await office.post(path, json={})).json()["state"] == "approved"


NO_APPLICATIONS = (
    {"name": "x"}, {"name": " " * 10}, {"name": "a\u0000b"}, {"name": "two\nlines"}, {"name": "n" * 61}, {"country": "de"},
    {"country": "DE\n"}, {"country": "DEU"}, {"about": "a" * 4001}, {"about": "\u0000"}, {"name": None}, {"more": 1},
)  # fmt: skip


async def test_what_is_no_application_is_said_and_leaves_nothing(world):
    ann = await world.person("ann")
    for body in NO_APPLICATIONS:
        answer = await apply(world, ann, **body)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST"), body
    async with world.client(ann) as client:
        answer = await client.post("/shop/seller", content=b'{"name": "\xff"}', headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert await world.pool.fetchval("SELECT count(*) FROM shop_sellers") == 0
