"""User data of margin accounts: what a listen token opens, and what is told of transfers, loans, orders and levels."""

import asyncio
import time

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from engine.commands import loan, open_margin, place, set_price, transfer
from engine.oracle.machine import OracleMachine
from engine.types import RULES_VERSION, Code, Kind, OrderType, Side, SideEffect
from gateway.dialect.margin import listen_token
from gateway.dialect.venue import Request, Submit
from tests.gateway.margin_venue import SOURCES, margin_commands
from tests.gateway.test_stream_server import COIN, Stage

_ids = iter(range(1, 10**9))


class MarginStage(Stage):
    """Its venue with margin: a bitcoin is worth 10,000 USDT; bob has lent, alice has a cross account with 6,000 USDT."""

    async def open(self, machine=OracleMachine) -> None:
        await super().open(machine)
        await self.admin(Kind.SET_RULES, value=RULES_VERSION)
        for kind, fields in margin_commands(self.usdt, {self.btc: self.symbol}):
            await self.admin(kind, **fields)
        await self.price(10_000)
        for asset, amount in ((self.btc, 100 * COIN), (self.usdt, 1_000_000 * COIN)):
            await self.run(loan(Kind.LEND, self.fresh_id(), account=self.bob, asset=asset, amount=amount))
        await self.run(open_margin(self.alice))
        self.margin = self.exchange.machine.margin_account(self.alice, 0)
        await self.move(self.alice, self.margin, self.usdt, 6_000 * COIN)

    def fresh_id(self) -> tuple[int, int]:
        return time.time_ns(), next(_ids)

    async def run(self, command) -> None:
        assert (await self.exchange.execute(command))[0].code == Code.OK

    async def price(self, price: int) -> None:
        for source in SOURCES:
            await self.run(set_price(self.btc, source, price * COIN))

    async def move(self, debit: int, credit: int, asset: int, amount: int) -> None:
        await self.run(transfer(Kind.TRANSFER, self.fresh_id(), debit=debit, credit=credit, asset=asset, amount=amount))

    async def order(self, account: int, side: Side, lots: int, ticks: int, side_effect: SideEffect = SideEffect.NONE) -> None:
        await self.run(place(account, self.symbol, side, OrderType.LIMIT, quantity_lots=lots, price_ticks=ticks, side_effect=side_effect))

    async def token(self, **params) -> dict:
        """As POST /sapi/v1/userListenToken answers alice's key."""
        request = Request(params, time.time_ns(), self.alice, self.keys.rows["alice"].key_id, caught_up=True)
        answer = listen_token(self.gateway.venue, request)
        while isinstance(answer, Submit):
            answer = answer.render(await self.exchange.execute(answer.commands))
        return answer


@pytest_asyncio.fixture
async def stage():
    stage = MarginStage()
    await stage.open()
    yield stage
    await stage.close()


def of(events: list[dict], kind: str) -> list[dict]:
    return [event for event in events if event["e"] == kind]


async def events_until(client, kind: str) -> list[dict]:
    """What the subscription says, up to the first event of the kind."""
    events = []
    while not events or events[-1]["e"] != kind:
        events.append((await client.receive())["event"])
    return events


async def test_a_token_opens_the_margin_account_and_nothing_else(stage):
    told = await stage.token()
    async with stage.client("/ws-api/v3") as client:
        opened = (await client.call("userDataStream.subscribe.listenToken", listenToken=told["token"]))["result"]
        assert opened == {"subscriptionId": 0, "expirationTime": told["expirationTime"]}
        await stage.order(stage.alice, Side.BUY, 1000, 900_000)  # on the spot account: not told here
        await stage.move(stage.alice, stage.margin, stage.usdt, 100 * COIN)
        update, position = await events_until(client, "outboundAccountPosition")
        assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "USDT", "100.00000000")
        assert position["B"] == [{"a": "USDT", "f": "6100.00000000", "l": "0.00000000"}]


async def test_loans_are_told_with_what_is_owed(stage):
    async with stage.client("/ws-api/v3") as client:
        await client.call("userDataStream.subscribe.listenToken", listenToken=(await stage.token())["token"])
        await stage.run(loan(Kind.BORROW, (time.time_ns(), 77), account=stage.margin, asset=stage.btc, amount=COIN // 10))
        update, liability, position = await events_until(client, "outboundAccountPosition")
        assert (update["a"], update["d"]) == ("BTC", "0.10000000")
        told = {name: liability[name] for name in ("e", "a", "t", "T", "p", "i")}
        assert told == {"e": "USER_LIABILITY_CHANGE", "a": "BTC", "t": "BORROW", "T": 77, "p": "0.10000000", "i": "0.00000100"}
        assert position["B"] == [{"a": "BTC", "f": "0.10000000", "l": "0.00000000"}]
        await stage.run(loan(Kind.REPAY, stage.fresh_id(), account=stage.margin, asset=stage.btc, amount=COIN // 20))
        (liability,) = of(await events_until(client, "outboundAccountPosition"), "USER_LIABILITY_CHANGE")
        assert (liability["t"], liability["p"], liability["i"]) == ("REPAY", "0.05000100", "0.00000000")


async def test_an_order_that_borrows_and_its_report(stage):
    async with stage.client("/ws-api/v3") as client:
        await client.call("userDataStream.subscribe.listenToken", listenToken=(await stage.token())["token"])
        await stage.order(stage.bob, Side.SELL, 100_000, 1_000_000)  # 1 BTC at 10,000
        await stage.order(stage.margin, Side.BUY, 100_000, 1_000_000, SideEffect.MARGIN_BUY)
        events = await events_until(client, "outboundAccountPosition")
        assert [event["e"] for event in events] == [
            "balanceUpdate", "USER_LIABILITY_CHANGE", "executionReport", "executionReport", "outboundAccountPosition",
        ]  # fmt: skip
        assert [report["x"] for report in of(events, "executionReport")] == ["NEW", "TRADE"]
        assert events[0]["d"] == "4000.00000000"
        assert {entry["a"] for entry in events[-1]["B"]} == {"BTC", "USDT"}


async def test_a_call_a_liquidation_and_its_end(stage):
    async with stage.client("/ws-api/v3") as client:
        await client.call("userDataStream.subscribe.listenToken", listenToken=(await stage.token())["token"])
        await stage.order(stage.bob, Side.SELL, 100_000, 1_000_000)
        await stage.order(stage.margin, Side.BUY, 100_000, 1_000_000, SideEffect.MARGIN_BUY)
        await events_until(client, "outboundAccountPosition")
        await stage.price(5_000)  # 0.999 BTC for 4,000 USDT: 1.249
        await stage.admin(Kind.TICK)
        called = (await events_until(client, "MARGIN_LEVEL_STATUS_CHANGE"))[-1]
        assert (called["s"], called["l"][:4]) == ("MARGIN_CALL", "1.24")
        assert "sim" not in called  # its sources are real ones
        await stage.order(stage.bob, Side.BUY, 200_000, 430_000)
        await stage.price(4_350)
        await stage.admin(Kind.TICK)
        events = await events_until(client, "MARGIN_LEVEL_STATUS_CHANGE")
        assert events[-1]["s"] == "FORCE_LIQUIDATION"
        async with asyncio.timeout(20):
            while (await stage.admin(Kind.TICK)) and not any(event["e"] == "executionReport" for event in events):
                events.append((await client.receive())["event"])
            while events[-1]["e"] != "MARGIN_LEVEL_STATUS_CHANGE" or events[-1]["s"] == "FORCE_LIQUIDATION":
                await stage.admin(Kind.TICK)
                events.append((await client.receive())["event"])
        assert events[-1]["s"] == "EXCESSIVE"
        assert {report["c"] for report in of(events, "executionReport")} == {""}  # nobody gave these orders a name


async def test_a_newer_token_prolongs_and_an_old_one_ends(stage):
    short = await stage.token(validity=1_000)
    async with stage.client("/ws-api/v3") as client:
        first = (await client.call("userDataStream.subscribe.listenToken", listenToken=short["token"]))["result"]
        longer = await stage.token()
        second = (await client.call("userDataStream.subscribe.listenToken", listenToken=longer["token"]))["result"]
        assert (second["subscriptionId"], second["expirationTime"] > first["expirationTime"]) == (0, True)
        unknown = await client.call("userDataStream.subscribe.listenToken", listenToken="x" * 64)
        assert unknown["error"] == {"code": -1125, "msg": "This listenKey does not exist."}
        assert (await client.call("userDataStream.unsubscribe", subscriptionId=0))["result"] == {}
        assert (await client.receive())["event"]["e"] == "eventStreamTerminated"
        await client.call("userDataStream.subscribe.listenToken", listenToken=(await stage.token(validity=300))["token"])
        ended = await client.receive()
        assert ended["event"]["e"] == "eventStreamTerminated"


async def test_a_revoked_key_ends_the_margin_stream_too(stage):
    async with stage.client("/ws-api/v3") as client, stage.client("/ws") as old:
        token = (await stage.token())["token"]
        await client.call("userDataStream.subscribe.listenToken", listenToken=token)
        await old.send({"id": 1, "method": "SUBSCRIBE", "params": [token]})
        assert (await old.receive())["result"] is None
        await stage.revoke("alice")
        assert (await client.receive())["event"]["e"] == "eventStreamTerminated"
        assert (await client.call("userDataStream.subscribe.listenToken", listenToken=token))["error"]["code"] == -1125
        with pytest.raises(ConnectionClosed):
            await old.receive()
