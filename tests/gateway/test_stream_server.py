"""The real server on a real socket, a real exchange client over a log in memory: what any websocket client would see."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import random
import time
from collections.abc import AsyncIterator

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.commands import admin, transfer
from engine.exchange import ExchangeClient
from engine.types import ADMIN_EVENT, HOUSE_GATEWAY, Code, KeyScope, Kind, Role
from gateway.gateway import Gateway
from gateway.identity.keys import ApiKey, verify
from gateway.stream import StreamServer
from gateway.streams.conversation import MESSAGE_BYTES_MAX
from gateway.streams.wsapi import METHODS
from marketdata import MarketData

COIN = 10**8
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Keys:
    """API keys in memory where the identity room's database would be; signatures are checked by its own function."""

    def __init__(self) -> None:
        self.rows: dict[str, ApiKey] = {}
        self.verify = verify
        self.asked = 0

    async def key(self, api_key: str) -> ApiKey | None:
        self.asked += 1
        await asyncio.sleep(0.01)
        return self.rows.get(api_key)


class Stage:
    """A venue with two customers, and the stream server in front of it."""

    async def open(self, machine=None) -> None:
        """`machine`: the class of the core's machine (default: the compiled one)."""
        self.marketdata = MarketData()
        roles = Role.OPERATOR | Role.TRADING | Role.CUSTODY
        self.exchange = await ExchangeClient.open("memory:", role=roles, reducers={"marketdata": self.marketdata}, machine=machine)
        await self.admin(Kind.OPEN)
        self.btc, self.usdt = [
            (await self.admin(Kind.ADD_ASSET, name=name, scale=8))["asset"] for name in (b"BTC", b"USDT")
        ]
        self.symbol = (
            await self.admin(
                Kind.ADD_SYMBOL, name=b"BTCUSDT", base=self.btc, quote=self.usdt, value=1000, value2=10, max_orders=200,
                max_price_ticks=10**8, max_quantity_lots=10**8, max_market_lots=10**8, maker_ppm=1000, taker_ppm=1000,
            )
        )["symbol"]  # fmt: skip
        self.keys = Keys()
        self.alice = await self.customer("alice")
        self.bob = await self.customer("bob")
        self.gateway = Gateway(exchange=self.exchange, marketdata=self.marketdata, history=None, identity=self.keys)
        self.server = StreamServer(self.gateway)
        self.port = await self.server.start("127.0.0.1", 0)

    async def close(self) -> None:
        await self.server.stop()
        await self.exchange.close()

    async def admin(self, kind: Kind, **fields) -> dict:
        (outcome,) = await self.exchange.execute(admin(kind, **fields))
        assert outcome.code == Code.OK
        event = outcome.events.view(ADMIN_EVENT)[0]
        return {name: int(event[name]) for name in ("account", "asset", "symbol", "key")}

    async def customer(self, name: str) -> int:
        """An account with money and two API keys: `name` (HMAC) and `name-ed` (Ed25519)."""
        number = len(self.keys.rows) + 1
        account = (await self.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=number))["account"]
        for asset, amount in ((self.btc, 1000 * COIN), (self.usdt, 10_000_000 * COIN)):
            deposit = transfer(
                Kind.TRANSFER, (time.time_ns(), number * 10 + asset), debit=HOUSE_GATEWAY, credit=account, asset=asset,
                amount=amount,
            )  # fmt: skip
            assert (await self.exchange.execute(deposit))[0].code == Code.OK
        public_key = PRIVATE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        scopes = KeyScope.READ | KeyScope.TRADE
        for suffix, kind, number_of in (("", "HMAC", 0), ("-ed", "Ed25519", 1)):
            made = await self.admin(Kind.ADD_KEY, account=account, scopes=scopes, reference_hi=2, reference_lo=number * 2 + number_of)
            self.keys.rows[name + suffix] = ApiKey(
                name + suffix, made["key"], account, number, kind, name.encode(), public_key, scopes
            )
        return account

    async def revoke(self, api_key: str) -> None:
        await self.admin(Kind.SET_KEY, key=self.keys.rows[api_key].key_id, scopes=0)

    @contextlib.asynccontextmanager
    async def client(self, path: str) -> AsyncIterator["Client"]:
        async with connect(f"ws://127.0.0.1:{self.port}{path}", max_size=None) as connection:
            yield Client(connection)


class Client:
    """One connection, speaking JSON."""

    _ids = itertools.count(1)

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, (str, bytes)) else orjson.dumps(message).decode())

    async def receive(self) -> dict:
        return orjson.loads(await asyncio.wait_for(self.connection.recv(), 10))

    async def until(self, wanted) -> dict:
        """The next message for which `wanted(message)` is true."""
        while True:
            message = await self.receive()
            if wanted(message):
                return message

    async def call(self, method: str, **params) -> dict:
        request_id = next(self._ids)
        await self.send({"id": request_id, "method": method, "params": params})
        return await self.until(lambda message: message.get("id") == request_id)

    async def signed(self, api_key: str, method: str, **params) -> dict:
        return await self.call(method, **sign(api_key, params))


def sign(api_key: str, params: dict, at_ms: int | None = None) -> dict:
    params = params | {"apiKey": api_key, "timestamp": at_ms or int(time.time() * 1000)}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
    if api_key.endswith("-ed"):
        signature = base64.b64encode(PRIVATE_KEY.sign(payload)).decode()
    else:
        signature = hmac.new(api_key.encode(), payload, hashlib.sha256).hexdigest()
    return params | {"signature": signature}


def order(side: str = "BUY", price: str = "40000.00", quantity: str = "0.01", **more) -> dict:
    return {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity} | more


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.open()
    yield stage
    await stage.close()


# ---------------------------------------------------------------- paths


async def test_every_path_has_its_conversation(stage: Stage):
    for path in ("/ws", "/ws/", "/ws/0", "/stream", "/stream/ws", "/stream/ws/17", "/ws/btcusdt@trade", "/ws/btcusdt@trade/!bookTicker"):
        async with stage.client(path) as client:
            await client.send({"method": "GET_PROPERTY", "params": ["combined"], "id": 1})
            assert await client.receive() == {"result": path == "/stream", "id": 1}
    async with stage.client("/stream?streams=btcusdt@trade/btcusdt@kline_1m@+08:00/%21bookTicker") as client:
        await client.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await client.receive())["result"] == ["btcusdt@trade", "btcusdt@kline_1m@+08:00", "!bookTicker"]
    async with stage.client("/ws-api/v3") as client:
        assert (await client.call("ping"))["result"] == {}


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/ws-api/v4", 404), ("/ws/not a stream", 400), ("/ws?timeUnit=DAY", 400)])
async def test_other_paths_are_refused(stage: Stage, path: str, status: int):
    with pytest.raises(InvalidStatus) as refused:
        async with stage.client(path.replace(" ", "%20")):
            pass
    assert refused.value.response.status_code == status


async def test_a_plain_http_request_is_answered_and_the_server_stays(stage: Stage):
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: venue\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 426")
    writer.close()
    async with stage.client("/ws-api/v3") as client:
        assert (await client.call("ping"))["status"] == 200


# ---------------------------------------------------------------- the WebSocket API


async def test_public_requests_and_their_rate_limits(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        reply = await client.call("time")
        assert set(reply) == {"id", "status", "result", "rateLimits"}
        assert abs(reply["result"]["serverTime"] - time.time() * 1000) < 60_000
        assert reply["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"
        assert "rateLimits" not in await client.call("time", returnRateLimits=False)
        assert (await client.call("v3/exchangeInfo"))["result"]["symbols"][0]["symbol"] == "BTCUSDT"
    async with stage.client("/ws-api/v3?returnRateLimits=false") as client:
        assert "rateLimits" not in await client.call("time")
        assert "rateLimits" in await client.call("time", returnRateLimits=True)
    async with stage.client("/ws-api/v3?timeUnit=microsecond") as client:
        assert (await client.call("time"))["result"]["serverTime"] > 10**15


async def test_orders_from_placing_to_cancelling(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        reply = await client.signed("alice", "order.place", **order(newClientOrderId="first"))
        assert reply["status"] == 200
        assert (reply["result"]["orderId"], reply["result"]["status"], reply["result"]["clientOrderId"]) == (1, "NEW", "first")
        assert [limit["rateLimitType"] for limit in reply["rateLimits"]][-1] == "REQUEST_WEIGHT"
        sold = await client.signed("bob", "order.place", **order("SELL"))
        assert (sold["result"]["status"], sold["result"]["fills"][0]["price"]) == ("FILLED", "40000.00000000")
        placed = await client.signed("alice", "order.place", **order(price="39000"))
        order_id = placed["result"]["orderId"]
        open_orders = await client.signed("alice", "openOrders.status", symbol="BTCUSDT")
        assert [one["orderId"] for one in open_orders["result"]] == [order_id]
        replaced = await client.signed(
            "alice", "order.cancelReplace", **order(price="38000"), cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order_id
        )
        assert replaced["result"]["cancelResult"] == replaced["result"]["newOrderResult"] == "SUCCESS"
        new_id = replaced["result"]["newOrderResponse"]["orderId"]
        cancelled = await client.signed("alice", "order.cancel", symbol="BTCUSDT", orderId=new_id)
        assert cancelled["result"]["status"] == "CANCELED"
        again = await client.signed("alice", "order.cancel", symbol="BTCUSDT", orderId=new_id)
        assert (again["status"], again["error"]) == (400, {"code": -2011, "msg": "Unknown order sent."})
        balances = (await client.signed("alice", "account.status"))["result"]["balances"]
        assert {one["asset"]: one["locked"] for one in balances}["USDT"] == "0.00000000"


@pytest.mark.parametrize(
    ("message", "code", "request_id"),
    [
        ("{", -1135, None),
        (b"\xff\x00", -1135, None),
        ("[]", -1135, None),
        ("[" * 10_000, -1135, None),
        ('{"id":7,"params":{}}', -1135, 7),
        ('{"id":7,"method":5}', -1135, 7),
        ('{"id":[7],"method":"ping"}', -1135, None),
        ('{"id":true,"method":"ping"}', -1135, None),
        (f'{{"id":{2**63},"method":"ping"}}', -1135, None),
        (f'{{"id":{-(2**63) - 1},"method":"ping"}}', -1135, None),
        (f'{{"id":{10**30},"method":5}}', -1135, None),
        ('{"id":7,"method":"ping","params":[]}', -1135, 7),
        ('{"id":"a","method":"order.plaice"}', -1020, "a"),
        ('{"id":null,"method":"wallet.coins"}', -1020, None),
        ('{"id":1,"method":"depth","params":{"symbol":"NOPE"}}', -1121, 1),
        ('{"id":1,"method":"depth"}', -1102, 1),
        ('{"id":1,"method":"order.place","params":{}}', -1102, 1),
        ('{"id":1,"method":"order.place","params":{"apiKey":5}}', -1102, 1),
        ('{"id":1,"method":"order.place","params":{"apiKey":"x y\\u0000"}}', -2014, 1),
        ('{"id":1,"method":"order.place","params":{"apiKey":"nobody","signature":"00"}}', -2015, 1),
        ('{"id":1,"method":"order.place","params":{"apiKey":"alice"}}', -1102, 1),
        ('{"id":1,"method":"order.place","params":{"apiKey":"alice","signature":"00","timestamp":1}}', -1022, 1),
        ('{"id":1,"method":"ping","params":{"returnRateLimits":"perhaps"}}', -1130, 1),
        ('{"id":1,"method":"userDataStream.subscribe"}', -1102, 1),
        ('{"id":1,"method":"userDataStream.unsubscribe","params":{"subscriptionId":5}}', -2036, 1),
    ],
)
async def test_what_is_wrong_is_answered_and_the_connection_stays(stage: Stage, message, code: int, request_id):
    async with stage.client("/ws-api/v3") as client:
        await client.send(message)
        reply = await client.receive()
        assert reply["error"]["code"] == code
        assert reply["id"] == request_id
        assert reply["status"] >= 400
        assert (await client.call("ping"))["status"] == 200


async def test_unknown_parameters_are_passed_over_and_old_requests_refused(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        assert (await client.signed("alice", "order.place", **order(postOnly=1)))["status"] == 200
        stale = await client.call("order.place", **sign("alice", order(), int(time.time() * 1000) - 60_000))
        assert stale["error"]["code"] == -1021
        early = await client.call("order.place", **sign("alice", order(), int(time.time() * 1000) + 60_000))
        assert early["error"]["code"] == -1021
        poor = await client.signed("alice", "order.place", **order(quantity="900"))
        assert poor["error"] == {"code": -2010, "msg": "Account has insufficient balance for requested action."}


async def test_requests_are_taken_up_in_order_also_while_a_key_is_looked_up(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        for number in range(50):
            api_key = ("alice", "bob", "alice-ed")[number % 3]
            await client.send({"id": number, "method": "order.place", "params": sign(api_key, order(price=f"{30_000 + number}"))})
        replies = [await client.receive() for _ in range(50)]
        assert [reply["id"] for reply in replies] == list(range(50))
        assert [reply["result"]["orderId"] for reply in replies] == list(range(1, 51))
        assert stage.keys.asked == 3


async def test_thousands_of_requests_in_flight(stage: Stage):
    async with stage.client("/ws-api/v3?returnRateLimits=false") as client:
        count = 3000
        for number in range(count):
            params = order("BUY" if number % 2 else "SELL", price="40000", quantity="0.001")
            await client.send({"id": number, "method": "order.place", "params": sign("alice", params | {"newClientOrderId": f"n{number}"})})
        replies = [await client.receive() for _ in range(count)]
    assert [reply["id"] for reply in replies] == list(range(count))
    assert {reply["status"] for reply in replies} == {200}
    assert stage.exchange.machine.open_orders(stage.alice) == []
    assert stage.exchange.machine.validate() == ""


async def test_logon_is_for_ed25519_keys(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        assert (await client.signed("alice", "session.logon"))["error"]["code"] == -4056
        status = (await client.signed("alice-ed", "session.logon"))["result"]
        assert set(status) == {"apiKey", "authorizedSince", "connectedSince", "returnRateLimits", "serverTime", "userDataStream"}
        assert status["apiKey"] == "alice-ed"
        placed = await client.call("order.place", **order(), timestamp=int(time.time() * 1000))
        assert placed["status"] == 200
        assert (await client.call("order.place", **order()))["error"]["code"] == -1102
        other = await client.signed("bob", "order.place", **order("SELL", price="50000"))
        assert stage.exchange.machine.order(other["result"]["orderId"]).account == stage.bob
        assert (await client.call("session.logout"))["result"]["apiKey"] is None
        gone = await client.call("order.place", **order(), timestamp=int(time.time() * 1000))
        assert gone["error"]["code"] == -1102


async def test_user_data_on_the_same_socket(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        assert (await client.signed("alice", "userDataStream.subscribe.signature"))["result"] == {"subscriptionId": 0}
        again = await client.signed("alice-ed", "userDataStream.subscribe.signature")
        assert again["error"] == {"code": -2035, "msg": "User Data Stream subscription already active."}
        assert (await client.signed("bob", "userDataStream.subscribe.signature"))["result"] == {"subscriptionId": 1}
        assert (await client.call("session.subscriptions"))["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]
        assert (await client.call("session.status"))["result"]["userDataStream"] is True
        await client.signed("alice", "order.place", **order())
        report = await client.until(lambda message: message.get("event", {}).get("e") == "executionReport")
        assert (report["subscriptionId"], report["event"]["x"]) == (0, "NEW")
        position = await client.receive()
        assert position["event"]["B"] == [{"a": "USDT", "f": "9999600.00000000", "l": "400.00000000"}]
        assert (await client.call("userDataStream.unsubscribe", subscriptionId=0))["result"] == {}
        ended = await client.receive()
        assert (ended["subscriptionId"], ended["event"]["e"]) == (0, "eventStreamTerminated")
        assert (await client.call("userDataStream.unsubscribe"))["status"] == 200
        assert (await client.receive())["subscriptionId"] == 1


async def test_logout_ends_the_subscription_of_the_logon_only(stage: Stage):
    async with stage.client("/ws-api/v3") as client:
        assert (await client.call("userDataStream.subscribe"))["error"]["code"] == -1102
        await client.signed("alice-ed", "session.logon")
        assert (await client.call("userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
        assert (await client.signed("bob", "userDataStream.subscribe.signature"))["result"] == {"subscriptionId": 1}
        await client.call("session.logout")
        assert (await client.receive())["subscriptionId"] == 0
        assert (await client.call("session.subscriptions"))["result"] == [{"subscriptionId": 1}]


async def test_a_revoked_key_is_silenced_at_once(stage: Stage):
    async with stage.client("/ws-api/v3") as client, stage.client("/ws-api/v3") as logged_on:
        await client.signed("alice", "userDataStream.subscribe.signature")
        await logged_on.signed("alice-ed", "session.logon")
        await logged_on.call("userDataStream.subscribe")
        await stage.revoke("alice")
        ended = await client.receive()
        assert (ended["subscriptionId"], ended["event"]["e"]) == (0, "eventStreamTerminated")
        assert (await client.signed("alice", "order.place", **order()))["error"]["code"] == -2015
        await stage.revoke("alice-ed")
        assert (await logged_on.receive())["event"]["e"] == "eventStreamTerminated"
        refused = await logged_on.call("order.place", **order(), timestamp=int(time.time() * 1000))
        assert (refused["status"], refused["error"]["code"]) == (401, -2015)
        assert (await logged_on.call("session.status"))["result"]["apiKey"] is None


async def test_listen_keys_open_unwrapped_events(stage: Stage):
    async with stage.client("/ws-api/v3") as api:
        started = await api.call("userDataStream.start", apiKey="alice")
        listen_key = started["result"]["listenKey"]
        async with stage.client(f"/ws/{listen_key}") as client, stage.client(f"/stream?streams={listen_key}") as combined:
            await asyncio.sleep(0)
            await api.signed("alice", "order.place", **order())
            assert (await client.receive())["e"] == "executionReport"
            assert (await client.receive())["e"] == "outboundAccountPosition"
            event = await combined.receive()
            assert (event["stream"], event["data"]["e"]) == (listen_key, "executionReport")
            await stage.revoke("alice")
            with pytest.raises(ConnectionClosed) as closed:
                await client.receive()
            assert closed.value.rcvd.code == 1008


async def test_a_listen_key_opens_nothing_once_its_api_key_is_revoked(stage: Stage):
    async with stage.client("/ws-api/v3") as api, stage.client("/ws") as market:
        listen_key = (await api.call("userDataStream.start", apiKey="alice"))["result"]["listenKey"]
        await stage.revoke("alice")
        with pytest.raises(InvalidStatus):
            async with stage.client(f"/ws/{listen_key}"):
                pass
        await market.send({"method": "SUBSCRIBE", "params": [listen_key], "id": 1})
        assert (await market.receive())["error"]["msg"] == "Invalid request: invalid stream"
        others = (await api.call("userDataStream.start", apiKey="alice-ed"))["result"]["listenKey"]
        assert others != listen_key  # nor is it given a new life by another key of the account
        assert (await api.call("userDataStream.ping", apiKey="alice-ed", listenKey=listen_key))["error"]["code"] == -1125
        assert (await api.call("userDataStream.ping", apiKey="alice-ed", listenKey=others))["result"] == {}


# ---------------------------------------------------------------- market streams


async def test_a_book_kept_by_diffs_equals_the_core_under_load(stage: Stage):
    """The documented procedure over real sockets, while two accounts trade."""
    draw = random.Random(5)
    async with stage.client("/ws/btcusdt@depth@100ms") as stream, stage.client("/ws-api/v3?returnRateLimits=false") as api:
        diffs: list[dict] = []

        async def trade() -> None:
            for number in range(40):
                for one in range(40):
                    params = order(
                        draw.choice(("BUY", "SELL")), f"{40_000 + draw.randrange(-30, 30)}", f"0.{draw.randrange(1, 999):03d}",
                        newClientOrderId=f"t{number}-{one}",
                    )  # fmt: skip
                    await api.send({"id": one, "method": "order.place", "params": sign(draw.choice(("alice", "bob")), params)})
                for _ in range(40):
                    await api.receive()
                if number % 8 == 7:
                    await api.signed("alice", "openOrders.cancelAll", symbol="BTCUSDT")

        trading = asyncio.create_task(trade())
        diffs.append(await stream.receive())
        async with stage.client("/ws-api/v3") as reader:
            snapshot = (await reader.call("depth", symbol="BTCUSDT", limit=5000))["result"]
        await trading
        last = stage.exchange.machine.update_id(stage.symbol)
        while diffs[-1]["u"] < last:
            diffs.append(await stream.receive())
        book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
        known = snapshot["lastUpdateId"]
        fresh = [diff for diff in diffs if diff["u"] > known]
        assert fresh[0]["U"] <= known + 1
        assert all(later["U"] == earlier["u"] + 1 for earlier, later in itertools.pairwise(diffs))
        for diff in fresh:
            for side, changes in (("bids", diff["b"]), ("asks", diff["a"])):
                for price, quantity in changes:
                    book[side][price] = quantity
                    if quantity == "0.00000000":
                        del book[side][price]
        final = (await api.call("depth", symbol="BTCUSDT", limit=5000))["result"]
        assert final["lastUpdateId"] == last
        assert book == {side: dict(final[side]) for side in ("bids", "asks")}
        assert last > 500


async def test_two_listeners_get_the_same_bytes_in_their_own_envelopes(stage: Stage):
    async with stage.client("/ws/btcusdt@trade") as raw, stage.client("/stream?streams=btcusdt@trade") as combined:
        async with stage.client("/ws-api/v3") as api:
            await api.signed("alice", "order.place", **order())
            await api.signed("bob", "order.place", **order("SELL"))
        trade = await raw.receive()
        assert trade["t"] == 1
        assert await combined.receive() == {"stream": "btcusdt@trade", "data": trade}


# ---------------------------------------------------------------- bad manners


async def test_an_oversized_message_costs_its_connection_only(stage: Stage):
    async with stage.client("/ws") as other:
        async with stage.client("/ws") as client:
            with contextlib.suppress(ConnectionClosed):
                await client.connection.send("x" * (MESSAGE_BYTES_MAX + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await client.receive()
            assert closed.value.rcvd.code == 1009
        await other.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert (await other.receive())["result"] == []


async def test_a_flood_of_messages_is_cut_off(stage: Stage):
    async with stage.client("/ws") as client:
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(200):
                await client.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            while True:
                await client.receive()
        assert closed.value.rcvd.code == 1008


async def test_a_consumer_that_does_not_read_is_cut_off_and_others_are_served(stage: Stage):
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port, limit=1024)
    request = "GET /ws-api/v3 HTTP/1.1\r\nHost: venue\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    writer.write(request.encode())
    await reader.readuntil(b"\r\n\r\n")
    question = b'{"id":"' + b"x" * 30_000 + b'","method":"ping"}'
    frame = b"\x81\xfe" + len(question).to_bytes(2, "big") + bytes(4) + question
    writer.transport.pause_reading()
    with contextlib.suppress(ConnectionError):
        for _ in range(3000):
            writer.write(frame)
            await writer.drain()
            if stage.server.counts["slow_consumers"]:
                break
    assert stage.server.counts["slow_consumers"] == 1
    writer.close()
    async with stage.client("/ws-api/v3") as client:
        assert (await client.call("ping"))["status"] == 200


async def test_fuzz_never_stops_the_server(stage: Stage):
    """Random bytes, mutilated requests and every method with senseless parameters."""
    draw = random.Random(3)
    senseless = (None, True, -1, 2**70, 1e308, "", "x" * 600, "\u0000", [], {}, [[[]]], "0", "BTCUSDT", "é", ["BTCUSDT"] * 200)
    names = ("symbol", "orderId", "timestamp", "limit", "symbols", "price", "quantity", "side", "type", "interval", "startTime")
    async with stage.client("/ws-api/v3?returnRateLimits=false") as client:
        for method in METHODS:
            for _ in range(6):
                params = {name: draw.choice(senseless) for name in draw.sample(names, draw.randrange(4))}
                if draw.random() < 0.5:
                    params |= {"apiKey": draw.choice(("alice", "", 5, None)), "signature": draw.choice(senseless)}
                await client.send(b"" + orjson.dumps({"id": 1, "method": method, "params": _json(params)}))
                reply = await client.receive()
                assert reply.get("status") in (200, 400, 401, 403, 409, 429, 503, 504), (method, params, reply)
    whole = orjson.dumps({"id": 1, "method": "SUBSCRIBE", "params": ["btcusdt@trade"]})
    for path in ("/ws", "/ws-api/v3", "/stream"):
        for _ in range(40):
            async with stage.client(path) as client:
                for _ in range(3):
                    cut = bytearray(whole)
                    for _ in range(draw.randrange(4)):
                        cut[draw.randrange(len(cut))] = draw.randrange(256)
                    with contextlib.suppress(ConnectionClosed):
                        await client.connection.send(bytes(cut[: draw.randrange(len(cut) + 1)]), text=True)
                client.connection.transport.write(bytes(draw.randrange(256) for _ in range(20)))
                client.connection.transport.close()  # a half frame would keep a closing handshake waiting
    async with stage.client("/ws-api/v3") as client:
        assert (await client.call("ping"))["status"] == 200
    assert not stage.exchange.failed.done()


def _json(value):
    """Integers beyond 64 bits as floats, which orjson can write."""
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items()}
    return float(value) if type(value) is int and abs(value) > 2**63 else value


async def test_shutdown_says_goodbye(stage: Stage):
    async with stage.client("/ws") as raw, stage.client("/stream") as combined, stage.client("/ws-api/v3") as api:
        stopping = asyncio.create_task(stage.server.stop())
        assert (await raw.receive())["e"] == "serverShutdown"
        assert (await combined.receive())["stream"] == "!serverShutdown"
        assert (await api.receive())["event"]["e"] == "serverShutdown"
        with pytest.raises(ConnectionClosed) as closed:
            await raw.receive()
        assert closed.value.rcvd.code == 1001
        await stopping
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", stage.port)
