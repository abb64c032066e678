"""Events reach sellers' endpoints, over real HTTP: in order, signed, again where it failed, and not where it must not."""

import asyncio
import contextlib
import datetime
import random
import uuid

import pytest

from storefront.webhooks import delivery, sending
from storefront.webhooks.address import LOOPBACK
from storefront.webhooks.outbox import tell
from tests.storefront.webhooks.receiver import DROP, HANG, OTHER, receiving, verifies

NEXT_TRY = "SELECT next_at FROM shop_deliveries WHERE state = 'waiting' AND held_until IS NULL AND attempts > 0"
START = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.fixture
async def sam(world):
    world.now = START
    world.shop.endpoint_networks = LOOPBACK
    return await world.seller("sam")


@pytest.fixture
async def session():
    async with sending.open_session(LOOPBACK, 8) as session:
        yield session


async def endpoint(world, seller, url, **fields):
    async with world.client(seller) as client:
        answer = await client.post("/shop/seller/webhooks", json={"url": url} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def told(world, seller, *types):
    return [await tell(world.pool, seller.seller_id, type, {"n": n}, world.clock()) for n, type in enumerate(types)]


async def deliveries(world, seller, hook):
    async with world.client(seller) as client:
        return (await client.get(f"/shop/seller/webhooks/{hook['id']}/deliveries?limit=100")).json()["items"]


def later(world, seconds):
    world.now += datetime.timedelta(seconds=seconds)


@contextlib.asynccontextmanager
async def keeping(*shops):
    """The keepers of processes."""
    tasks = [asyncio.create_task(keeper(shop)) for shop in shops for keeper in (delivery.keep_fanning_out, delivery.keep_delivering)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_I13_order_per_endpoint_is_kept_ids_are_unique_and_a_redelivery_has_the_first_id(world, sam, monkeypatch):
    """Two processes deliver to one endpoint that fails, delays and drops, and to one that is well; events are told all at once."""
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.3)
    chance = random.Random(13)
    mishaps = [chance.choice([200, 200, 200, 500, 503, 429, 408, DROP]) for _ in range(60)]
    mishaps[5] = HANG
    shops = [world.shop, await world.restart()]
    world.shop.endpoint_networks = LOOPBACK
    async with receiving(lambda n: mishaps[n] if n < len(mishaps) else 200) as bad, receiving() as good:
        hooks = [await endpoint(world, sam, receiver.url) for receiver in (bad, good)]

        async def tell_in_turn(order):
            for event in ("order.paid", "order.shipped", "order.received"):
                async with world.pool.acquire() as db, db.transaction():
                    await tell(db, sam.seller_id, event, {"order": order}, world.clock())
                    await asyncio.sleep(0.02)

        async with keeping(*shops):
            await asyncio.gather(*(tell_in_turn(order) for order in range(8)))
            while min(len(bad.accepted), len(good.accepted)) < 24:
                world.now = max(world.now, await world.pool.fetchval(NEXT_TRY) or world.now)
                await asyncio.sleep(0.02)
        rows = {hook["id"]: await deliveries(world, sam, hook) for hook in hooks}
        for receiver, hook in ((bad, hooks[0]), (good, hooks[1])):
            assert all(verifies(hook["secret"], got) for got in receiver.got)
            accepted = [got.content for got in receiver.accepted]
            assert len({content["id"] for content in accepted}) == len(accepted) == 24
            for order in range(8):  # what happened one after the other is told one after the other
                assert [content["type"] for content in accepted if content["data"]["order"] == order] == [
                    "order.paid", "order.shipped", "order.received",
                ]  # fmt: skip
            # None was sent before the former was delivered: each delivery's attempts stand together, and only its last was accepted.
            attempts = [got.delivery for got in receiver.got]
            runs = [name for n, name in enumerate(attempts) if n == 0 or attempts[n - 1] != name]
            assert runs == [got.delivery for got in receiver.accepted]
            assert len(set(runs)) == len(runs)
            assert [row["id"] for row in reversed(rows[hook["id"]])] == runs
            bodies = {got.delivery: {again.body for again in receiver.got if again.delivery == got.delivery} for got in receiver.got}
            assert all(len(same) == 1 for same in bodies.values())
        assert not {got.delivery for got in bad.got} & {got.delivery for got in good.got}
        first = good.got[0]
        async with keeping(*shops), world.client(sam) as client:
            good.came.clear()
            assert (await client.post(f"/shop/seller/deliveries/{first.delivery}/redeliver")).json()["state"] == "waiting"
            await asyncio.wait_for(good.came.wait(), 20)
        again = good.got[-1]
        assert (again.delivery, again.body) == (first.delivery, first.body)


async def test_it_is_tried_nine_times_and_then_given_up_and_the_next_has_its_turn(world, sam, session):
    async with receiving(lambda n: 500 if n < 9 else 200) as receiver:
        hook = await endpoint(world, sam, receiver.url)
        await told(world, sam, "order.paid", "order.shipped")
        assert await delivery.fan_out(world.shop) == 2
        for wait in (0, 10, 60, 600, 600, 600, 600, 600, 600):
            if wait:
                later(world, wait - 1)
                assert await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"])) is None
                assert await delivery.due(world.shop) == []
                later(world, 1)
            assert await delivery.due(world.shop) == [uuid.UUID(hook["id"])]
            assert (await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"]))).status == 500
        newer, older = await deliveries(world, sam, hook)
        assert (older["state"], older["attempts"], older["status"], older["nextAt"]) == ("failed", 9, 500, None)
        assert older["error"] == "the endpoint answered 500"
        assert (newer["state"], newer["attempts"]) == ("waiting", 0)
        assert (await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"]))).delivered
        assert [got.event for got in receiver.got] == ["order.paid"] * 9 + ["order.shipped"]
    attempts = await world.pool.fetch("SELECT status, error, at FROM shop_delivery_attempts ORDER BY attempt_id")
    assert [row["status"] for row in attempts] == [500] * 9 + [200]
    assert attempts[8]["at"] - attempts[0]["at"] == datetime.timedelta(seconds=10 + 60 + 6 * 600)


@pytest.mark.parametrize(
    ("answer", "state"), [(200, "delivered"), (204, "delivered"), (301, "failed"), (400, "failed"), (404, "failed"), (410, "failed"),
                          (408, "waiting"), (429, "waiting"), (500, "waiting"), (503, "waiting"), (DROP, "waiting"), (HANG, "waiting"),
                          (OTHER, "waiting")],
)  # fmt: skip
async def test_what_an_answer_means(monkeypatch, answer, state):
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 2.0)  # of a busy machine, too: the request must have arrived
    async with receiving(lambda _n: answer) as receiver, sending.open_session(LOOPBACK, 1) as session:
        headers = {"X-CryptoShop-Delivery": "d", "X-CryptoShop-Event": "e", "X-CryptoShop-Signature": "s"}
        result = await sending.send(session, receiver.url, b"{}", headers)
    assert ("delivered" if result.delivered else "waiting" if result.retry else "failed") == state
    assert result.status == (answer if isinstance(answer, int) else None)
    assert len(receiver.got) == 1  # no redirect was followed
    assert "SSH" not in result.error  # of what came nothing is told


async def test_a_disabled_endpoint_gets_nothing_and_what_waited_can_be_sent_by_hand(world, sam, session):
    async with receiving() as receiver, world.client(sam) as client:
        hook = await endpoint(world, sam, receiver.url)
        path, hook_id = f"/shop/seller/webhooks/{hook['id']}", uuid.UUID(hook["id"])
        await told(world, sam, "order.paid")
        await delivery.fan_out(world.shop)
        assert (await client.patch(path, json={"enabled": False})).json()["enabled"] is False
        await told(world, sam, "order.shipped")
        await delivery.fan_out(world.shop)
        assert await delivery.deliver_next(world.shop, session, hook_id) is None
        (lost,) = await deliveries(world, sam, hook)
        assert (lost["state"], lost["error"], lost["attempts"]) == ("failed", "the endpoint was disabled", 0)
        again = f"/shop/seller/deliveries/{lost['id']}/redeliver"
        assert (await client.post(again)).json()["code"] == "NOT_NOW"
        assert (await client.post(f"{path}/test")).json()["code"] == "NOT_NOW"
        await client.patch(path, json={"enabled": True})
        assert await delivery.deliver_next(world.shop, session, hook_id) is None
        assert receiver.got == []
        assert (await client.post(again)).json()["state"] == "waiting"
        assert (await delivery.deliver_next(world.shop, session, hook_id)).delivered
        assert [got.delivery for got in receiver.got] == [lost["id"]]


async def test_an_endpoint_is_told_what_it_asked_for_and_nothing_from_before_it_was(world, sam, session):
    other = await world.seller("other")
    await told(world, sam, "order.paid")
    later(world, 1)
    async with receiving() as receiver:
        hook = await endpoint(world, sam, receiver.url + "/shop?key=1", events=["refund.done", "order.paid", "order.paid"])
        assert hook["events"] == ["order.paid", "refund.done"]
        await told(world, sam, "order.shipped", "refund.done")
        await told(world, other, "order.paid")
        await delivery.fan_out(world.shop)
        while await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"])):
            pass
        assert [got.event for got in receiver.got] == ["refund.done"]
        content = receiver.got[0].content
        assert content == {"id": content["id"], "type": "refund.done", "createdAt": int(world.now.timestamp() * 1000), "data": {"n": 1}}


async def test_a_test_event_goes_to_its_endpoint_alone(world, sam, session):
    async with receiving() as one, receiving() as two, world.client(sam) as client:
        hooks = [await endpoint(world, sam, receiver.url, events=["order.paid"]) for receiver in (one, two)]
        answer = await client.post(f"/shop/seller/webhooks/{hooks[0]['id']}/test")
        assert (answer.status_code, answer.json()["type"]) == (201, "webhook.test")
        await delivery.fan_out(world.shop)
        for hook in hooks:
            await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"]))
        assert [got.event for got in one.got] == ["webhook.test"]
        assert verifies(hooks[0]["secret"], one.got[0])
        assert not verifies(hooks[1]["secret"], one.got[0])
        assert two.got == []
        for _ in range(10):
            assert (await client.post(f"/shop/seller/webhooks/{hooks[1]['id']}/test")).status_code == 201
        assert (await client.post(f"/shop/seller/webhooks/{hooks[1]['id']}/test")).json()["code"] == "TOO_MANY"


async def test_what_a_process_was_sending_when_it_died_is_sent_again_under_the_same_id(world, sam, session):
    async with receiving() as receiver:
        hook = await endpoint(world, sam, receiver.url)
        hook_id = uuid.UUID(hook["id"])
        await told(world, sam, "order.paid")
        await delivery.fan_out(world.shop)
        claimed = await delivery._claim(world.shop, hook_id)  # and no more of it is heard
        assert await delivery.deliver_next(world.shop, session, hook_id) is None
        later(world, delivery.HOLD_SECONDS)
        assert (await delivery.deliver_next(world.shop, session, hook_id)).delivered
        assert receiver.got[0].delivery == str(claimed.delivery_id)


async def test_a_secret_that_cannot_be_read_is_a_failed_attempt_and_not_the_end_of_the_keeper(world, sam, session):
    async with receiving() as receiver:
        hook = await endpoint(world, sam, receiver.url)
        await told(world, sam, "order.paid")
        await delivery.fan_out(world.shop)

        def another_key(_sealed):
            raise ValueError

        world.shop.unseal, unseal = another_key, world.shop.unseal
        result = await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"]))
        assert (result.status, result.error, result.retry) == (None, "the venue could not send it", True)
        world.shop.unseal = unseal
        later(world, 10)
        assert (await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"]))).delivered


async def test_two_processes_never_send_one_delivery_at_once(world, sam, session):
    async with receiving() as receiver:
        hook = await endpoint(world, sam, receiver.url)
        await told(world, sam, "order.paid")
        await asyncio.gather(*(delivery.fan_out(world.shop) for _ in range(6)))
        results = await asyncio.gather(*(delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"])) for _ in range(8)))
        assert len([result for result in results if result is not None]) == 1
        assert len(receiver.got) == 1


async def test_an_event_is_told_exactly_when_its_change_is_committed(world, sam):
    async with receiving() as receiver:
        await endpoint(world, sam, receiver.url)
        with pytest.raises(ZeroDivisionError):
            async with world.pool.acquire() as db, db.transaction():
                await tell(db, sam.seller_id, "order.paid", {}, world.clock())
                raise ZeroDivisionError
        assert await delivery.fan_out(world.shop) == 0
        with pytest.raises(ValueError, match="no type"):
            await tell(world.pool, sam.seller_id, "order.eaten", {}, world.clock())


async def test_what_is_old_is_forgotten_and_what_waits_is_not(world, sam, session):
    async with receiving(lambda n: 200 if n == 0 else 500) as receiver:
        hook = await endpoint(world, sam, receiver.url)
        await told(world, sam, "order.paid", "order.shipped")
        await delivery.fan_out(world.shop)
        while await delivery.deliver_next(world.shop, session, uuid.UUID(hook["id"])):
            pass
        later(world, delivery.KEPT.total_seconds() + 1)
        await delivery.purge(world.shop)
        (row,) = await deliveries(world, sam, hook)
        assert (row["type"], row["state"]) == ("order.shipped", "waiting")
        assert await world.pool.fetchval("SELECT count(*) FROM shop_events") == 1
