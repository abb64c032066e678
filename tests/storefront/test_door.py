"""The door: answers given once under a key, changes taken back with a refusal, and what is turned away before any room is asked."""

import asyncio
import functools

import pytest

from storefront.door import KEY_MAX
from storefront.http import BODY_MAX


def keyed(key):
    return {"Idempotency-Key": key}


async def test_I7_the_same_key_gets_the_stored_answer_and_another_body_is_refused(world):
    buyer = await world.person("buyer")
    async with world.client(buyer) as client:
        wanted = {"asset": "USDT", "amount": "10"}
        first = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
        again = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert again.headers["idempotent-replay"] == "true"
        other = await client.post("/shop/giftcards", json=wanted | {"amount": "11"}, headers=keyed("k"))
        assert (other.status_code, other.json()["code"]) == (422, "KEY_REUSED")
        elsewhere = await client.post("/shop/giftcards/redeem", json={"code": "X"}, headers=keyed("k"))
        assert elsewhere.status_code == 422
        assert len((await client.get("/shop/giftcards")).json()["items"]) == 1
    assert world.balance(buyer.account, "USDT")[0] == "99990.000000"


async def test_I7_requests_under_one_key_at_once_do_the_work_once(world):
    buyer = await world.person("buyer")

    async def buy():
        async with world.client(buyer) as client:
            return await client.post("/shop/giftcards", json={"asset": "USDT", "amount": "10"}, headers=keyed("double-click"))

    answers = await asyncio.gather(*(buy() for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert world.balance(buyer.account, "USDT")[0] == "99990.000000"


async def test_I7_a_refusal_is_an_answer_too_and_leaves_nothing_behind(world):
    poor = await world.person("poor", purse={"USDT": "1"})
    async with world.client(poor) as client:
        wanted = {"asset": "USDT", "amount": "10"}
        first = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
        await world.deposit(poor.account, {"USDT": "100"})
        again = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
        assert (first.status_code, again.status_code) == (409, 409)
        assert first.json() == again.json()
        assert (await client.post("/shop/giftcards", json=wanted, headers=keyed("another"))).status_code == 201
    assert await world.pool.fetchval("SELECT count(*) FROM shop_settlements") == 1


async def test_I7_a_key_is_its_owners(world):
    one, other = await world.person("one"), await world.person("other")
    ids = set()
    for person in (one, other):
        async with world.client(person) as client:
            answer = await client.post("/shop/giftcards", json={"asset": "USDT", "amount": "10"}, headers=keyed("k"))
            ids.add(answer.json()["id"])
    assert len(ids) == 2


async def test_I7_an_answer_lost_on_its_way_is_given_by_the_next_process(world):
    buyer = await world.person("buyer")
    wanted = {"asset": "USDT", "amount": "10"}
    async with world.client(buyer) as client:
        first = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
    await world.restart()
    async with world.client(buyer) as client:
        again = await client.post("/shop/giftcards", json=wanted, headers=keyed("k"))
    assert again.content == first.content


async def test_I7_while_money_is_moving_the_same_key_asks_how_it_ended(world, monkeypatch):
    """The log answers late: the first answer says so and is not kept, the second waits; then all are the same."""
    buyer, settlements, execute = await world.person("buyer"), world.shop.settlements, world.exchange.execute
    gate = asyncio.Event()

    async def late(commands):
        if isinstance(commands, bytes):  # a settlement; accounts are opened at once
            await gate.wait()
        return await execute(commands)

    async def buy():
        async with world.client(buyer) as client:
            return await client.post("/shop/giftcards", json={"asset": "USDT", "amount": "10"}, headers=keyed("k"))

    monkeypatch.setattr(world.exchange, "execute", late)
    with monkeypatch.context() as impatient:
        impatient.setattr(settlements, "ended", functools.partial(settlements.ended, timeout=0.01))
        first = (await buy()).json()
    assert first["state"] == "buying"
    waiting = asyncio.create_task(buy())
    gate.set()
    answers = [await waiting, await buy()]
    assert [answer.json() for answer in answers] == [first | {"state": "active"}] * 2
    assert world.balance(buyer.account, "USDT")[0] == "99990.000000"


@pytest.mark.parametrize(
    ("request_of", "status", "code"),
    [
        ({"content": b"{" + b" " * BODY_MAX + b"}", "headers": {"content-type": "application/json"}}, 413, "TOO_LARGE"),
        ({"content": b"asset=USDT&amount=1", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 415, "NOT_JSON"),
        ({"content": b'{"asset":"USDT","amount":"1"}', "headers": {"content-type": "text/plain"}}, 415, "NOT_JSON"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "INVALID_REQUEST"),
        ({"content": b"[" * 30_000, "headers": {"content-type": "application/json"}}, 400, "INVALID_REQUEST"),
        ({"json": {"asset": "USDT", "amount": "1", "more": 1}}, 400, "INVALID_REQUEST"),
        ({"json": {"asset": "NONE", "amount": "1"}}, 400, "UNKNOWN_ASSET"),
        ({"json": {"asset": "USDT", "amount": "1"}, "headers": keyed("k" * (KEY_MAX + 1))}, 400, "INVALID_REQUEST"),
    ],
)
async def test_what_is_malformed_is_turned_away(world, request_of, status, code):
    buyer = await world.person("buyer")
    async with world.client(buyer) as client:
        answer = await client.post("/shop/giftcards", **request_of)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await world.pool.fetchval("SELECT count(*) FROM shop_answers") == 0
    assert world.balance(buyer.account, "USDT")[0] == "100000.000000"


async def test_a_database_that_is_away_is_said_and_comes_back(world):
    buyer = await world.person("buyer")
    async with world.client(buyer) as client:
        await world.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        answers = [await client.get("/shop/giftcards") for _ in range(30)]
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert answers[-1].status_code == 200
