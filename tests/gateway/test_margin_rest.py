"""Margin over REST around the real Gateway: signed requests, a log in memory, its recorder, PostgreSQL; histories before and after they are
recorded, and the audit of all of it. Time is moved by hand."""

import asyncio
import hashlib
import hmac
import random
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
import pytest_asyncio

from engine.commands import admin, frame, loan, set_price, transfer
from engine.exchange import ExchangeClient
from engine.log.clock import LogClock
from engine.log.memory import MemoryLog
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_GATEWAY, RULES_VERSION, Code, KeyScope, Kind, Role
from gateway.gateway import Gateway
from gateway.identity import Identity
from gateway.limits import Limits
from gateway.rest import trading_app
from marketdata import History, MarketData, Recorder
from marketdata.audit import compare
from tests.gateway.margin_venue import HOURLY, SOURCES, margin_commands

HOUR_NS = 3600 * 10**9
START_NS = 1_700_006_400 * 10**9 + 13 * HOUR_NS + 20 * 60 * 10**9  # 13:20 of some day
USDT, COIN = 10**6, 10**8
READ, TRADE = KeyScope.READ, KeyScope.READ | KeyScope.TRADE


def sign(secret: str, params: dict) -> str:
    """The query string with its signature."""
    sent = urlencode(params)
    return f"{sent}&signature={hmac.new(secret.encode(), sent.encode(), hashlib.sha256).hexdigest()}"


BORROWED = {"isIsolated": "TRUE", "sideEffectType": "MARGIN_BUY"}


class Stage:
    """BTCUSDT with margin; alice and bob with money and keys, carol with lent pools."""

    async def open(self, database: str) -> None:
        self.now_ns = START_NS
        self.pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
        self.log = MemoryLog(LogClock(wall=lambda: self.now_ns, steady=lambda: 0, jump_limit_ns=2**62))
        marketdata = MarketData()
        self.exchange = await ExchangeClient.open(
            self.log, role=Role.OPERATOR, reducers={"marketdata": marketdata}, machine=OracleMachine, now=lambda: self.now_ns
        )
        self.recorder: asyncio.Task | None = None
        history = History(self.pool, self.exchange, marketdata)
        identity = Identity(self.pool, self.exchange, bytes(range(32)))
        self.gateway = Gateway(exchange=self.exchange, marketdata=marketdata, history=history, identity=identity,
                               limits=Limits(weight_per_minute=0), clock=lambda: self.now_ns, source_names=SOURCES)  # fmt: skip
        await self.run(admin(Kind.SET_RULES, value=RULES_VERSION), admin(Kind.OPEN))
        await self.run(admin(Kind.ADD_ASSET, name=b"BTC", scale=8), admin(Kind.ADD_ASSET, name=b"USDT", scale=6))
        await self.run(admin(Kind.ADD_SYMBOL, name=b"BTCUSDT", base=1, quote=2, value=10_000, value2=1, max_price_ticks=10**8,
                             max_quantity_lots=10**7, max_market_lots=10**7, max_orders=200))  # fmt: skip
        await self.run(*(admin(kind, **fields) for kind, fields in margin_commands(2, {1: 1})))
        await self.price(10_000)
        self.people, self.keys = {}, {}
        for name in ("alice", "bob", "carol"):
            user = self.people[name] = await identity.sign_up(f"{name}@example.com", f"{name}'s password")
            self.keys[name] = await identity.create_key(user.account, "HMAC", "all", scopes=TRADE)
            for asset, amount in ((1, 100 * COIN), (2, 1_000_000 * USDT)):
                self.now_ns += 1
                terms = {"debit": HOUSE_GATEWAY, "credit": user.account, "asset": asset, "amount": amount}
                await self.run(transfer(Kind.TRANSFER, (self.now_ns, 7), **terms))
                if name == "carol":
                    await self.run(loan(Kind.LEND, (self.now_ns, 8), account=user.account, asset=asset, amount=amount))
        self.keys["reader"] = await identity.create_key(self.people["alice"].account, "HMAC", "reading", scopes=READ)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(trading_app(self.gateway)), base_url="http://venue")

    async def close(self) -> None:
        if self.recorder is not None:
            self.recorder.cancel()
            await asyncio.wait([self.recorder])
        await self.http.aclose()
        await self.exchange.close()
        await self.pool.close()

    async def run(self, *commands) -> None:
        outcomes = await self.exchange.execute(frame(*commands))
        assert {outcome.code for outcome in outcomes} == {Code.OK}, [Code(outcome.code).name for outcome in outcomes]

    async def price(self, price: float) -> None:
        await self.run(*(set_price(1, source, round(price * USDT)) for source in SOURCES))

    async def record(self) -> None:
        """What happened so far is in PostgreSQL, and what follows goes there too."""
        if self.recorder is None:
            self.following = Recorder(self.log, self.pool, machine=OracleMachine)
            self.recorder = asyncio.create_task(self.following.run())
        reached = asyncio.create_task(self.following.reached(await self.log.head()))
        await asyncio.wait((reached, self.recorder), timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert reached.done(), self.recorder.exception()

    async def audit(self) -> None:
        """The database says what a machine that is replayed from the log says, and that one is sound."""
        await self.record()
        machine = OracleMachine()

        async def frames():
            for position in range(1, await self.log.head() + 1):
                yield machine.apply(*await anext(self.log.read(position)))

        assert [None async for applied in frames() if machine.validate()] == []
        assert machine.state_hash() == self.exchange.machine.state_hash()
        assert await compare(self.pool, machine) == []

    async def call(self, method: str, path: str, who: str = "alice", **params):
        """The answer, whatever it is; a millisecond later each time."""
        self.now_ns += 10**6
        key = self.keys[who]
        query = sign(key.secret, {"timestamp": self.now_ns // 10**6} | params)
        answer = await self.http.request(method, f"/sapi/v1/{path}?{query}", headers={"X-MBX-APIKEY": key.api_key})
        return answer.json()

    async def transfer(self, kind: str, asset: str, amount: str, who: str = "alice", **more: str) -> int:
        return (await self.call("POST", "asset/transfer", who, type=kind, asset=asset, amount=amount, **more))["tranId"]


@pytest_asyncio.fixture
async def stage(database):
    stage = Stage()
    await stage.open(database)
    yield stage
    await stage.close()


async def both(stage: Stage, check) -> None:
    """`check` holds while everything is in the tail, and when it is in the database."""
    await check()
    await stage.record()
    await check()
    await stage.audit()


async def test_transfers_are_told_both_ways(stage):
    first = await stage.transfer("MAIN_MARGIN", "USDT", "1000")
    await stage.transfer("MARGIN_MAIN", "USDT", "300")
    isolated = await stage.transfer("MAIN_ISOLATED_MARGIN", "BTC", "2", toSymbol="BTCUSDT")

    async def check() -> None:
        told = await stage.call("GET", "asset/transfer", type="MAIN_MARGIN")
        assert (told["total"], [row["tranId"] for row in told["rows"]]) == (1, [first])
        assert {name: told["rows"][0][name] for name in ("asset", "amount", "type", "status")} == {
            "asset": "USDT", "amount": "1000.00000000", "type": "MAIN_MARGIN", "status": "CONFIRMED",
        }  # fmt: skip
        told = await stage.call("GET", "asset/transfer", type="MAIN_ISOLATED_MARGIN", toSymbol="BTCUSDT")
        assert [(row["tranId"], row["toSymbol"]) for row in told["rows"]] == [(isolated, "BTCUSDT")]
        assert (await stage.call("GET", "asset/transfer", type="MAIN_UMFUTURE"))["rows"] == []
        assert (await stage.call("GET", "asset/transfer", "bob", type="MAIN_MARGIN"))["rows"] == []
        told = await stage.call("GET", "margin/transfer")
        assert [(row["type"], row["transFrom"], row["transTo"]) for row in told["rows"]] == [
            ("ROLL_OUT", "CROSS_MARGIN", "SPOT"), ("ROLL_IN", "SPOT", "CROSS_MARGIN"),
        ]  # fmt: skip
        assert (await stage.call("GET", "margin/transfer", type="ROLL_IN", size=1))["total"] == 1
        assert (await stage.call("GET", "margin/transfer", isolatedSymbol="BTCUSDT"))["total"] == 1

    await both(stage, check)


async def test_older_clients_borrow_and_move_in_their_own_words(stage):
    await stage.transfer("MAIN_MARGIN", "BTC", "1")
    borrowed = await stage.call("POST", "margin/loan", asset="USDT", amount="1000")
    repaid = await stage.call("POST", "margin/repay", asset="USDT", amount="100")
    assert await stage.call("POST", "margin/isolated/create", base="BTC", quote="USDT") == {"success": True, "symbol": "BTCUSDT"}
    ends = {"asset": "USDT", "symbol": "BTCUSDT", "transFrom": "SPOT", "transTo": "ISOLATED_MARGIN"}
    went = await stage.call("POST", "margin/isolated/transfer", amount="500", **ends)
    came = await stage.call(
        "POST", "margin/isolated/transfer", amount="50", **ends | {"transFrom": "ISOLATED_MARGIN", "transTo": "CROSS_MARGIN"}
    )
    isolated = await stage.call("POST", "margin/loan", asset="BTC", amount="0.01", isIsolated="TRUE", symbol="BTCUSDT")
    assert [list(answer) for answer in (borrowed, repaid, went, came, isolated)] == [["tranId"]] * 5
    for wrong in ({"transTo": "CROSS_MARGIN"}, {"transFrom": "ISOLATED_MARGIN"}):
        assert (await stage.call("POST", "margin/isolated/transfer", amount="1", **ends | wrong))["code"] == -1130
    assert (await stage.call("POST", "margin/isolated/create", base="USDT", quote="BTC"))["code"] < -3000

    async def check() -> None:
        loans = await stage.call("GET", "margin/loan", asset="USDT")
        assert [(row["txId"], row["principal"], row["status"]) for row in loans["rows"]] == [
            (borrowed["tranId"], "1000.00000000", "CONFIRMED")
        ]
        loans = await stage.call("GET", "margin/loan", asset="BTC", isolatedSymbol="BTCUSDT")
        assert [(row["txId"], row["isolatedSymbol"]) for row in loans["rows"]] == [(isolated["tranId"], "BTCUSDT")]
        paid = await stage.call("GET", "margin/repay", asset="USDT")
        assert [(row["txId"], row["amount"]) for row in paid["rows"]] == [(repaid["tranId"], "100.00000000")]
        moved = await stage.call("GET", "margin/isolated/transfer", symbol="BTCUSDT")
        assert [(row["txId"], row["transFrom"], row["transTo"]) for row in moved["rows"]] == [
            (came["tranId"], "ISOLATED_MARGIN", "CROSS_MARGIN"), (went["tranId"], "SPOT", "ISOLATED_MARGIN"),
        ]  # fmt: skip
        for direction in ({"transTo": "ISOLATED_MARGIN"}, {"transFrom": "SPOT"}):
            moved = await stage.call("GET", "margin/isolated/transfer", symbol="BTCUSDT", **direction)
            assert [row["txId"] for row in moved["rows"]] == [went["tranId"]]

    await both(stage, check)


async def test_lists_and_prevented_matches_of_a_margin_account(stage):
    assert await stage.call("GET", "margin/oto/openOrderList") == []
    assert await stage.call("GET", "margin/myPreventedMatches", symbol="BTCUSDT", orderId=1) == []
    await stage.transfer("MAIN_MARGIN", "USDT", "50000")
    await stage.transfer("MAIN_MARGIN", "BTC", "1")
    pair = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "price": "12000", "stopPrice": "8000"}
    await stage.call("POST", "margin/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")  # nobody offers: no last price
    waits = await stage.call(
        "POST", "margin/order/oto", symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY", workingPrice="9000", workingQuantity="1",
        workingTimeInForce="GTC", pendingType="MARKET", pendingSide="SELL", pendingQuantity="1",
    )  # fmt: skip
    assert "orderListId" in waits, waits
    await stage.call("POST", "margin/order/oco", **pair)
    told = await stage.call("GET", "margin/oto/openOrderList")
    assert [(one["orderListId"], one["contingencyType"]) for one in told] == [(waits["orderListId"], "OTO")]
    assert [order["status"] for order in told[0]["orders"]] == ["NEW", "PENDING_NEW"]
    maker = await stage.call("POST", "margin/order", symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.1",
                             price="9500")  # fmt: skip
    taker = await stage.call("POST", "margin/order", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.1",
                             price="9500", selfTradePreventionMode="EXPIRE_MAKER")  # fmt: skip
    told = await stage.call("GET", "margin/myPreventedMatches", symbol="BTCUSDT", orderId=taker["orderId"])
    assert [(one["makerOrderId"], one["isIsolated"]) for one in told] == [(maker["orderId"], False)]


async def test_loans_interest_and_rates(stage):
    await stage.transfer("MAIN_MARGIN", "BTC", "1")
    await stage.transfer("MAIN_MARGIN", "USDT", "1")
    borrowed = (await stage.call("POST", "margin/borrow-repay", type="BORROW", asset="USDT", amount="1000"))["tranId"]
    stage.now_ns += 55 * 60 * 10**9  # to 14:15: the second started hour
    await stage.run(admin(Kind.TICK))

    async def while_open() -> None:
        told = await stage.call("GET", "margin/interestHistory", asset="USDT")
        assert [(row["type"], row["interest"]) for row in told["rows"]] == [("PERIODIC", "0.01000000"), ("ON_BORROW", "0.01000000")]
        assert {row["principal"] for row in told["rows"]} == {"1000.00000000"}

    await while_open()
    await stage.record()
    await while_open()
    repaid = (await stage.call("POST", "margin/borrow-repay", type="REPAY", asset="USDT", amount="1000.02"))["tranId"]

    async def check() -> None:
        told = await stage.call("GET", "margin/borrow-repay", type="BORROW")
        assert told["total"] == 1
        assert (told["rows"][0]["txId"], told["rows"][0]["amount"], told["rows"][0]["type"]) == (borrowed, "1000.00000000", "MANUAL")
        told = await stage.call("GET", "margin/borrow-repay", type="REPAY", asset="USDT", txId=repaid)
        assert "rows" in told, told
        row = told["rows"][0]
        assert (row["amount"], row["principal"], row["interest"]) == ("1000.02000000", "1000.00000000", "0.02000000")
        told = await stage.call("GET", "margin/interestHistory")
        assert [(row["type"], row["interest"]) for row in told["rows"]] == [("PERIODIC", "0.01000000"), ("ON_BORROW", "0.01000000")]
        rates = await stage.call("GET", "margin/interestRateHistory", asset="USDT")
        assert [row["dailyInterestRate"] for row in rates] == [f"{24 * HOURLY / 10**9:.9f}"] * 2
        assert rates[0]["timestamp"] - rates[1]["timestamp"] == 3_600_000
        flow = await stage.call("GET", "margin/capital-flow")
        kinds = [f"{row['type']} {row['asset']}" for row in flow]
        assert kinds == ["REPAY USDT", "BORROW USDT", "TRANSFER USDT", "TRANSFER BTC"]
        assert (await stage.call("GET", "margin/borrow-repay", "bob", type="REPAY")) == {"rows": [], "total": 0}
        assert (await stage.call("GET", "margin/interestHistory", isolatedSymbol="BTCUSDT"))["rows"] == []

    await both(stage, check)
    assert (await stage.call("GET", "margin/account"))["marginLevel"] == "999.00000000"


async def test_an_order_that_borrows_and_one_that_repays(stage):
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC", "price": "10000"}
    await stage.transfer("MAIN_ISOLATED_MARGIN", "USDT", "6000", toSymbol="BTCUSDT")
    await stage.transfer("MAIN_MARGIN", "BTC", "5", "bob")
    await stage.call("POST", "margin/order", "bob", side="SELL", quantity="1", **order)
    bought = await stage.call("POST", "margin/order", side="BUY", quantity="1", isIsolated="TRUE", sideEffectType="MARGIN_BUY", **order)
    assert (bought["status"], bought["marginBuyBorrowAmount"]) == ("FILLED", "4000.00000000")
    await stage.call("POST", "margin/order", "bob", side="BUY", quantity="0.1", **order)
    sold = await stage.call("POST", "margin/order", side="SELL", quantity="0.1", isIsolated="TRUE", sideEffectType="AUTO_REPAY", **order)

    async def check() -> None:
        told = await stage.call("GET", "margin/borrow-repay", isolatedSymbol="BTCUSDT")
        assert [(row["type"], row["amount"]) for row in told["rows"]] == [("AUTO", "1000.00000000"), ("AUTO", "4000.00000000")]
        orders = await stage.call("GET", "margin/allOrders", symbol="BTCUSDT", isIsolated="TRUE")
        assert [(row["orderId"], row["isIsolated"]) for row in orders] == [(bought["orderId"], True), (sold["orderId"], True)]
        trades = await stage.call("GET", "margin/myTrades", symbol="BTCUSDT", isIsolated="TRUE")
        assert [(row["isBuyer"], row["qty"]) for row in trades] == [(True, "1.00000000"), (False, "0.10000000")]
        assert all(row["isIsolated"] for row in trades)
        found = await stage.call("GET", "margin/order", symbol="BTCUSDT", isIsolated="TRUE", orderId=sold["orderId"])
        assert (found["status"], found["isIsolated"]) == ("FILLED", True)
        assert await stage.call("GET", "margin/allOrderList") == []

    await both(stage, check)


async def test_an_order_is_changed_and_still_repays(stage):
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC"}
    await stage.transfer("MAIN_ISOLATED_MARGIN", "BTC", "1", toSymbol="BTCUSDT")
    await stage.call("POST", "margin/borrow-repay", type="BORROW", asset="USDT", amount="1000", isIsolated="TRUE", symbol="BTCUSDT")
    effect = {"isIsolated": "TRUE", "sideEffectType": "AUTO_REPAY"}
    sale = await stage.call("POST", "margin/order", side="SELL", quantity="0.5", price="11000", **order, **effect)
    mine = {"symbol": "BTCUSDT", "isIsolated": "TRUE"}
    amended = await stage.call("PUT", "margin/order/amend/keepPriority", orderId=sale["orderId"], newQty="0.4", **mine)
    assert (amended["isIsolated"], amended["amendedOrder"]["qty"]) == (True, "0.40000000")
    told = await stage.call("POST", "margin/order/cancelReplace", side="SELL", quantity="0.2", price="10500", isIsolated="TRUE",
                            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=sale["orderId"], **order)  # fmt: skip
    assert (told["cancelResult"], told["newOrderResult"], told["isIsolated"]) == ("SUCCESS", "SUCCESS", True)
    (left,) = await stage.call("GET", "margin/openOrders", **mine)
    assert (left["orderId"], left["price"], left["origQty"]) == (told["newOrderResponse"]["orderId"], "10500.00000000", "0.20000000")
    await stage.transfer("MAIN_MARGIN", "USDT", "5000", "bob")
    await stage.call("POST", "margin/order", "bob", side="BUY", quantity="0.2", price="10500", **order)
    (account,) = (await stage.call("GET", "margin/isolated/account"))["assets"]
    assert account["quoteAsset"]["borrowed"] == "0.00000000"  # nobody had to say again that it repays
    assert await stage.call("GET", "margin/openOrders", **mine) == []


async def test_a_liquidation_from_the_call_to_its_end(stage):
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC"}
    await stage.transfer("MAIN_ISOLATED_MARGIN", "USDT", "4000", toSymbol="BTCUSDT")
    await stage.transfer("MAIN_MARGIN", "BTC", "5", "bob")
    await stage.transfer("MAIN_MARGIN", "USDT", "50000", "bob")
    await stage.call("POST", "margin/order", "bob", side="SELL", quantity="1", price="10000", **order)
    await stage.call("POST", "margin/order", side="BUY", quantity="1", price="10000", **order, **BORROWED)
    await stage.call("POST", "margin/order", "bob", side="BUY", quantity="2", price="6500", **order)
    await stage.price(7_500)
    await stage.run(admin(Kind.TICK))
    await stage.price(6_550)
    for _ in range(5):
        stage.now_ns += 2 * 10**9
        await stage.run(admin(Kind.TICK))

    async def check() -> None:
        told = await stage.call("GET", "margin/forceLiquidationRec", isolatedSymbol="BTCUSDT")
        assert len(told["rows"]) >= 1
        assert {(row["symbol"], row["side"], row["isIsolated"], row["avgPrice"]) for row in told["rows"]} == {
            ("BTCUSDT", "SELL", True, "6500.00000000"),
        }  # fmt: skip
        assert sum(float(row["executedQty"]) for row in told["rows"]) > 0.5
        events = await stage.call("GET", "margin/levelEvents", symbol="BTCUSDT")
        kinds = [row["type"] for row in reversed(events["rows"])]
        assert kinds[:3] == ["MARGIN_CALL", "LIQUIDATION_STARTED", "LIQUIDATION"]
        assert kinds[-1] == "LIQUIDATION_ENDED"
        assert all(row["simulated"] for row in events["rows"])
        assert (await stage.call("GET", "margin/forceLiquidationRec"))["rows"] == []

    await both(stage, check)
    (found,) = (await stage.call("GET", "margin/isolated/account"))["assets"]
    assert found["quoteAsset"]["borrowed"] == "0.00000000"


async def test_a_bad_debt_is_recorded(stage):
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC"}
    await stage.transfer("MAIN_ISOLATED_MARGIN", "USDT", "4000", toSymbol="BTCUSDT")
    await stage.transfer("MAIN_MARGIN", "BTC", "5", "bob")
    await stage.transfer("MAIN_MARGIN", "USDT", "50000", "bob")
    await stage.call("POST", "margin/order", "bob", side="SELL", quantity="1", price="10000", **order)
    await stage.call("POST", "margin/order", side="BUY", quantity="1", price="10000", **order, **BORROWED)
    await stage.call("POST", "margin/order", "bob", side="BUY", quantity="3", price="3000", **order)
    await stage.price(3_050)
    for _ in range(5):
        stage.now_ns += 2 * 10**9
        await stage.run(admin(Kind.TICK))

    async def check() -> None:
        events = await stage.call("GET", "margin/levelEvents", symbol="BTCUSDT")
        assert "BAD_DEBT" in [row["type"] for row in events["rows"]]
        pool = next(row for row in await stage.call("GET", "margin/lending", "carol") if row["asset"] == "USDT")
        assert float(pool["amount"]) < 1_000_000

    await both(stage, check)


async def test_lending_and_the_index_have_their_histories(stage):
    lent = (await stage.call("POST", "margin/lending", "bob", type="LEND", asset="USDT", amount="500"))["tranId"]
    await stage.call("POST", "margin/lending", "bob", type="REDEEM", asset="USDT")
    stage.now_ns += 90 * 10**9
    await stage.price(10_100)

    async def check() -> None:
        told = await stage.call("GET", "margin/lending/history", "bob", asset="USDT")
        assert [(row["type"], row["amount"]) for row in told["rows"]] == [("REDEEM", "500.00000000"), ("LEND", "500.00000000")]
        assert told["rows"][1]["txId"] == lent
        prices = await stage.call("GET", "margin/priceIndex/history", asset="BTC")
        assert [row["price"] for row in prices] == ["10100.00000000", "10000.00000000"]

    await both(stage, check)


async def test_fees_in_the_discount_asset(stage):
    await stage.run(admin(Kind.SET_FEES, symbol=1, maker_ppm=1000, taker_ppm=2000), admin(Kind.SET_DISCOUNT, asset=2, value=250_000))
    assert (await stage.call("POST", "bnbBurn", spotBNBBurn="true"))["spotBNBBurn"] is True
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC", "price": "10000", "quantity": "1"}
    await stage.transfer("MAIN_MARGIN", "USDT", "20000")
    await stage.transfer("MAIN_MARGIN", "BTC", "2", "bob")
    await stage.call("POST", "margin/order", side="BUY", **order)  # the buyer, a maker, would pay 0.001 BTC: a quarter less is 7.5 USDT
    await stage.call("POST", "margin/order", "bob", side="SELL", **order)

    async def check() -> None:
        (mine,) = await stage.call("GET", "margin/myTrades", symbol="BTCUSDT")
        assert (mine["commission"], mine["commissionAsset"]) == ("7.50000000", "USDT")
        (theirs,) = await stage.call("GET", "margin/myTrades", "bob", symbol="BTCUSDT")
        assert (theirs["commission"], theirs["commissionAsset"]) == ("20.00000000", "USDT")

    await both(stage, check)


async def test_a_key_that_may_only_read(stage):
    assert (await stage.call("GET", "margin/account", "reader"))["created"] is False
    for method, path, params in (
        ("POST", "asset/transfer", {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "1"}),
        ("POST", "margin/borrow-repay", {"type": "BORROW", "asset": "USDT", "amount": "1"}),
        ("POST", "margin/order", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}),
        ("POST", "margin/lending", {"type": "LEND", "asset": "USDT", "amount": "1"}),
        ("POST", "margin/isolated/account", {"symbol": "BTCUSDT"}),
        ("POST", "bnbBurn", {"spotBNBBurn": "true"}),
    ):
        assert (await stage.call(method, path, "reader", **params))["code"] == -2015


async def test_what_needs_no_signature_needs_a_key(stage):
    for path in ("margin/allPairs", "margin/allAssets", "margin/priceIndex?symbol=BTCUSDT", "margin/crossMarginCollateralRatio"):
        assert (await stage.http.get(f"/sapi/v1/{path}")).json()["code"] == -2014
        answer = await stage.http.get(f"/sapi/v1/{path}", headers={"X-MBX-APIKEY": stage.keys["alice"].api_key})
        assert answer.status_code == 200
    answer = await stage.http.post("/sapi/v1/userListenToken", headers={"X-MBX-APIKEY": stage.keys["alice"].api_key})
    assert len(answer.json()["token"]) == 64


async def test_a_repeated_request_is_answered_as_the_first(stage):
    stage.now_ns += 10**6
    params = {"timestamp": stage.now_ns // 10**6, "type": "MAIN_MARGIN", "asset": "USDT", "amount": "5"}
    query = sign(stage.keys["alice"].secret, params)
    headers = {"X-MBX-APIKEY": stage.keys["alice"].api_key}
    answers = [(await stage.http.post(f"/sapi/v1/asset/transfer?{query}", headers=headers)).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert [row["free"] for row in (await stage.call("GET", "margin/account"))["userAssets"] if row["asset"] == "USDT"] == ["5.00000000"]


@pytest.mark.parametrize("seed", range(2))
async def test_a_session_of_random_calls_is_recorded_to_the_unit(stage, seed):
    chance = random.Random(seed)
    for _ in range(120):
        who = chance.choice(("alice", "bob"))
        where = {"isIsolated": "TRUE", "symbol": "BTCUSDT"} if chance.random() < 0.5 else {}
        into = {"type": "MAIN_ISOLATED_MARGIN", "toSymbol": "BTCUSDT"} if where else {"type": "MAIN_MARGIN"}
        out = {"type": "ISOLATED_MARGIN_MAIN", "fromSymbol": "BTCUSDT"} if where else {"type": "MARGIN_MAIN"}
        asset, amount = chance.choice((("BTC", "0.3"), ("BTC", "4"), ("USDT", "900"), ("USDT", "20000")))
        order = {"symbol": "BTCUSDT", "isIsolated": "TRUE" if where else "FALSE", "side": chance.choice(("BUY", "SELL")), "type": "LIMIT",
                 "timeInForce": "GTC", "quantity": chance.choice(("0.05", "0.7")), "price": f"{10_000 * chance.uniform(0.98, 1.02):.2f}",
                 "sideEffectType": chance.choice(("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY"))}  # fmt: skip
        path, params = chance.choice((
            ("asset/transfer", into | {"asset": asset, "amount": amount}), ("asset/transfer", out | {"asset": asset, "amount": amount}),
            ("margin/borrow-repay", where | {"type": "BORROW", "asset": asset, "amount": amount}),
            ("margin/borrow-repay", where | {"type": "REPAY", "asset": asset, "amount": amount}),
            ("margin/order", order), ("margin/order", order),
            ("margin/lending", {"type": chance.choice(("LEND", "REDEEM")), "asset": asset, "amount": amount}),
        ))  # fmt: skip
        answer = await stage.call("POST", path, who, **params)
        assert answer.get("code", 0) not in (-1000, -1001, -1007), answer
        if chance.random() < 0.2:
            await stage.price(10_000 * chance.uniform(0.8, 1.2))
        if chance.random() < 0.15:
            stage.now_ns += chance.choice((2, 2, 4000)) * 10**9
            await stage.run(admin(Kind.TICK))
        if chance.random() < 0.05:
            await stage.record()
    await stage.audit()
