"""gateway/rest.py around the real Gateway: a log in memory, a replica, PostgreSQL, real users and keys; requests as clients send them."""

import base64
import hashlib
import hmac
import random
import time
from urllib.parse import quote, urlencode

import asyncpg
import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.commands import admin, transfer
from engine.exchange import ExchangeClient
from engine.types import ADMIN_EVENT, HOUSE_GATEWAY, RULES_VERSION, Code, KeyScope, Kind, Role
from gateway.dialect.venue import Principal
from gateway.gateway import Gateway
from gateway.identity import Identity
from gateway.limits import Limits
from gateway.rest import BODY_MAX, ROUTES, trading_app
from marketdata import History, MarketData

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCOPES = KeyScope.READ | KeyScope.TRADE
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"}


class Stage:
    """BTCUSDT and two people, alice with keys of both types."""

    async def open(self, database: str) -> None:
        self.pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
        self.marketdata = MarketData()
        roles = Role.OPERATOR | Role.TRADING | Role.IDENTITY | Role.CUSTODY
        self.exchange = await ExchangeClient.open("memory:", role=roles, reducers={"marketdata": self.marketdata})
        history = History(self.pool, self.exchange, self.marketdata)
        self.identity = Identity(self.pool, self.exchange, bytes(range(32)))
        self.gateway = Gateway(
            exchange=self.exchange, marketdata=self.marketdata, history=history, identity=self.identity, limits=Limits()
        )
        await self.list_market()
        self.alice, self.bob = [await self.identity.sign_up(f"{name}@example.com", f"{name}'s password") for name in ("alice", "bob")]
        for user in (self.alice, self.bob):
            await self.deposit(user.account, self.btc, 100 * 10**8)
            await self.deposit(user.account, self.usdt, 1_000_000 * 10**6)
        self.hmac_key = await self.identity.create_key(self.alice.account, "HMAC", "trading", scopes=SCOPES)
        self.reader = await self.identity.create_key(self.alice.account, "HMAC", "reading", scopes=KeyScope.READ)
        self.bobs = await self.identity.create_key(self.bob.account, "HMAC", "trading", scopes=SCOPES)
        self.private_key = Ed25519PrivateKey.generate()
        pem = self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.ed25519_key = await self.identity.create_key(self.alice.account, "Ed25519", "signing", scopes=SCOPES, public_key=pem)
        self.principal: Principal | None = None
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self._with_session(trading_app(self.gateway))), base_url="http://venue")

    def _with_session(self, app):
        """As the session middleware does for a browser that is signed in."""

        async def wrapped(scope, receive, send):
            if self.principal is not None:
                scope.setdefault("state", {})["principal"] = self.principal
            await app(scope, receive, send)

        return wrapped

    async def close(self) -> None:
        await self.http.aclose()
        await self.exchange.close()
        await self.pool.close()

    async def admin(self, kind: Kind, **fields) -> dict[str, int]:
        outcome = (await self.exchange.execute(admin(kind, **fields)))[0]
        assert outcome.code == Code.OK
        event = outcome.events.view(ADMIN_EVENT)[0]
        return {name: int(event[name]) for name in ("asset", "symbol", "account", "key")}

    async def list_market(self) -> None:
        await self.admin(Kind.SET_RULES, value=RULES_VERSION)
        await self.admin(Kind.OPEN)
        self.btc = (await self.admin(Kind.ADD_ASSET, name=b"BTC", scale=8))["asset"]
        self.usdt = (await self.admin(Kind.ADD_ASSET, name=b"USDT", scale=6))["asset"]
        await self.admin(
            Kind.ADD_SYMBOL, name=b"BTCUSDT", base=self.btc, quote=self.usdt, value=10_000, value2=1, max_price_ticks=10**8,
            max_quantity_lots=10**7, max_market_lots=10**7, min_notional=5 * 10**6, max_orders=200, maker_ppm=1000, taker_ppm=1000,
        )  # fmt: skip
        await self.admin(Kind.SET_ORDER_LIMITS, value=0, value2=100_000)

    async def deposit(self, account: int, asset: int, amount: int) -> None:
        transfer_id = (time.time_ns(), random.getrandbits(62))
        command = transfer(Kind.TRANSFER, transfer_id, debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=amount)
        assert (await self.exchange.execute(command))[0].code == Code.OK

    def sign(self, payload: str, key=None) -> str:
        return hmac.new((key or self.hmac_key).secret.encode(), payload.encode(), hashlib.sha256).hexdigest()

    async def signed(self, method: str, path: str, key=None, *, in_body: bool = False, headers=None, **params) -> httpx.Response:
        key = key or self.hmac_key
        sent = urlencode({"timestamp": int(time.time() * 1000)} | params)
        sent += f"&signature={self.sign(sent, key)}"
        headers = {"X-MBX-APIKEY": key.api_key} | (headers or {})
        if in_body:
            return await self.http.request(method, path, content=sent, headers=headers)
        return await self.http.request(method, f"{path}?{sent}", headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(module_database):
    stage = Stage()
    await stage.open(module_database)
    yield stage
    await stage.close()


def told(answer: httpx.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["msg"]


# ---------------------------------------------------------------- requests and answers


async def test_public_answers_carry_their_headers(stage):
    answer = await stage.http.get("/api/v3/ping")
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    before = int(answer.headers["x-mbx-used-weight-1m"])
    after = int((await stage.http.get("/api/v3/exchangeInfo")).headers["x-mbx-used-weight-1m"])
    assert after - before == 20 or after == 20  # a new minute may have begun


async def test_old_paths_and_new_ones(stage):
    for path in ("/api/v1/time", "/api/v3/time", "/api/v3/time/"):
        assert abs((await stage.http.get(path)).json()["serverTime"] - time.time() * 1000) < 60_000
    micro = await stage.http.get("/api/v3/time", headers={"X-MBX-TIME-UNIT": "microsecond"})
    assert micro.json()["serverTime"] > 10**15
    assert told(await stage.http.get("/api/v3/time", headers={"X-MBX-TIME-UNIT": "HOUR"})) == (
        400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.",
    )  # fmt: skip


async def test_what_does_not_exist_is_answered_in_json(stage):
    answer = await stage.http.get("/api/v3/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, -1000)
    answer = await stage.http.post("/api/v3/depth")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert told(answer)[2] == "Request method 'POST' is not supported."
    assert "x-mbx-used-weight-1m" in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sapi/v1/convert/tradeFlow"), ("POST", "/sapi/v1/margin/exchange-small-liability"), ("GET", "/fapi/v1/positionRisk")],
)
async def test_what_is_not_offered_is_refused_in_the_dialects_words(stage, method, path):
    answer = await stage.http.request(method, path)
    assert told(answer) == (400, -1020, "This operation is not supported.")
    assert "x-mbx-used-weight-1m" in answer.headers


async def test_browsers_may_ask_first(stage):
    answer = await stage.http.options("/api/v3/order")
    assert answer.status_code == 204
    assert "X-MBX-APIKEY" in answer.headers["access-control-allow-headers"]
    head = await stage.http.head("/api/v3/ping")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "2")


async def test_too_much_is_refused(stage):
    assert told(await stage.http.post("/api/v3/order", content=b"x" * (BODY_MAX + 1))) == (
        413, -1101, "Too many parameters sent for this endpoint.",
    )  # fmt: skip
    many = "&".join(f"p{number}=1" for number in range(100))
    assert told(await stage.http.get(f"/api/v3/depth?{many}"))[1] == -1101
    assert told(await stage.http.get("/api/v3/depth?symbol=BTCUSDT&symbol=BTCUSDT")) == (
        400, -1101, "Duplicate values for a parameter detected.",
    )  # fmt: skip
    assert told(await stage.http.get("/api/v3/depth?symbol=BTCUSDT&foo=1")) == (
        400, -1101, "Too many parameters; expected '1' and received '2'.",
    )  # fmt: skip


# ---------------------------------------------------------------- who asks


async def test_signed_requests_by_query_body_and_both(stage):
    assert (await stage.signed("GET", "/api/v3/account")).status_code == 200
    assert (await stage.signed("POST", "/api/v3/order/test", in_body=True, **ORDER)).json() == {}
    query, body = urlencode({"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}), "quantity=1&price=100"
    body += f"&timestamp={int(time.time() * 1000)}"
    body += f"&signature={stage.sign(query + body)}"
    answer = await stage.http.post(f"/api/v3/order/test?{query}", content=body, headers={"X-MBX-APIKEY": stage.hmac_key.api_key})
    assert answer.json() == {}


async def test_hexadecimal_of_any_case(stage):
    sent = f"timestamp={int(time.time() * 1000)}"
    url = f"/api/v3/account?{sent}&signature={stage.sign(sent).upper()}"
    assert (await stage.http.get(url, headers={"X-MBX-APIKEY": stage.hmac_key.api_key})).status_code == 200


@pytest.mark.parametrize("encode", [quote, str], ids=["percent-encoded", "as it is"])
async def test_ed25519(stage, encode):
    sent = f"omitZeroBalances=true&timestamp={int(time.time() * 1000)}"
    signature = base64.b64encode(stage.private_key.sign(sent.encode())).decode()
    headers = {"X-MBX-APIKEY": stage.ed25519_key.api_key}
    assert (await stage.http.get(f"/api/v3/account?{sent}&signature={encode(signature)}", headers=headers)).status_code == 200
    assert told(await stage.http.get(f"/api/v3/account?{sent}1&signature={encode(signature)}", headers=headers))[1] == -1022


async def test_who_is_not_let_in(stage):
    now = int(time.time() * 1000)
    headers = {"X-MBX-APIKEY": stage.hmac_key.api_key}
    assert told(await stage.http.get("/api/v3/account")) == (401, -2014, "API-key format invalid.")
    assert told(await stage.http.get("/api/v3/account", headers={"X-MBX-APIKEY": b"\xe9"})) == (401, -2014, "API-key format invalid.")
    assert told(await stage.http.get("/api/v3/account", headers={"X-MBX-APIKEY": "k" * 64})) == (
        401, -2015, "Invalid API-key, IP, or permissions for action.",
    )  # fmt: skip
    assert told(await stage.http.get("/api/v3/account", headers=headers)) == (
        400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
    )  # fmt: skip
    assert told(await stage.http.get(f"/api/v3/account?timestamp={now}&signature=00", headers=headers)) == (
        400, -1022, "Signature for this request is not valid.",
    )  # fmt: skip
    signature = stage.sign("")
    assert told(await stage.http.get(f"/api/v3/account?signature={signature}", headers=headers)) == (
        400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
    )  # fmt: skip
    assert told(await stage.signed("GET", "/api/v3/account", timestamp=now - 6000)) == (
        400, -1021, "Timestamp for this request is outside of the recvWindow.",
    )  # fmt: skip
    assert told(await stage.signed("GET", "/api/v3/account", timestamp=now + 5000)) == (
        400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.",
    )  # fmt: skip
    assert told(await stage.signed("GET", "/api/v3/account", recvWindow=60001)) == (
        400, -1102, "'recvWindow' contains unexpected value. Cannot be greater than 60000.",
    )  # fmt: skip
    assert (await stage.signed("GET", "/api/v3/account", timestamp=now * 1000)).status_code == 200


async def test_a_key_does_what_it_may(stage):
    assert (await stage.signed("GET", "/api/v3/account", stage.reader)).status_code == 200
    assert told(await stage.signed("POST", "/api/v3/order", stage.reader, **ORDER)) == (
        401, -2015, "Invalid API-key, IP, or permissions for action.",
    )  # fmt: skip


async def test_a_revoked_key_is_refused_at_once(stage):
    key = await stage.identity.create_key(stage.alice.account, "HMAC", "short-lived", scopes=SCOPES)
    assert (await stage.signed("GET", "/api/v3/account", key)).status_code == 200
    assert await stage.identity.revoke_key(stage.alice.account, key.api_key)
    for method, path, params in (("GET", "/api/v3/account", {}), ("POST", "/api/v3/order", ORDER)):
        assert told(await stage.signed(method, path, key, **params))[:2] == (401, -2015)


async def test_a_signed_in_session_needs_no_signature(stage):
    stage.principal = Principal(stage.bob.account, 0, int(SCOPES))
    try:
        account = (await stage.http.get("/api/v3/account")).json()
        assert account["uid"] == stage.bob.account
        order = (await stage.http.post("/api/v3/order", data=ORDER)).json()
        assert order["status"] == "NEW"
        assert (await stage.http.delete(f"/api/v3/order?symbol=BTCUSDT&orderId={order['orderId']}")).json()["status"] == "CANCELED"
    finally:
        stage.principal = None


# ---------------------------------------------------------------- trading


async def test_orders_and_their_counts(stage):
    placed = await stage.signed("POST", "/api/v3/order", in_body=True, **ORDER)
    assert placed.json()["status"] == "NEW"
    assert int(placed.headers["x-mbx-order-count-10s"]) >= 1
    assert int(placed.headers["x-mbx-order-count-1d"]) >= 1
    order_id = placed.json()["orderId"]
    sold = (await stage.signed("POST", "/api/v3/order", stage.bobs, **ORDER | {"side": "SELL", "quantity": "0.4"})).json()
    assert (sold["status"], sold["fills"][0]["commission"]) == ("FILLED", "0.04000000")
    replaced = await stage.signed(
        "POST", "/api/v3/order/cancelReplace", **ORDER, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order_id
    )
    assert replaced.json()["cancelResponse"]["executedQty"] == "0.40000000"
    new_id = replaced.json()["newOrderResponse"]["orderId"]
    amended = await stage.signed("PUT", "/api/v3/order/amend/keepPriority", symbol="BTCUSDT", orderId=new_id, newQty="0.5")
    assert amended.json()["amendedOrder"]["qty"] == "0.50000000"
    failed = await stage.signed(
        "POST", "/api/v3/order/cancelReplace", **ORDER, cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=order_id
    )
    assert (failed.status_code, failed.json()["code"]) == (409, -2021)
    assert len((await stage.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT")).json()) == 2
    assert len((await stage.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")).json()) == 2


async def test_history_knows_at_once_what_was_answered(stage):
    first = (await stage.signed("POST", "/api/v3/order", **ORDER, newClientOrderId="once")).json()
    await stage.signed("POST", "/api/v3/order", stage.bobs, **ORDER | {"side": "SELL"})
    order = (await stage.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="once")).json()
    assert (order["orderId"], order["status"]) == (first["orderId"], "FILLED")
    assert (await stage.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT")).json()[-1] == order
    mine = (await stage.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=first["orderId"])).json()
    assert [(trade["isMaker"], trade["isBuyer"], trade["qty"]) for trade in mine] == [(True, True, "1.00000000")]
    assert (await stage.http.get("/api/v3/trades?symbol=BTCUSDT&limit=1")).json()[0]["id"] == mine[0]["id"]
    assert (await stage.http.get("/api/v3/aggTrades?symbol=BTCUSDT&limit=1")).json()[0]["l"] == mine[0]["id"]
    kline = (await stage.http.get("/api/v3/klines?symbol=BTCUSDT&interval=1d&limit=1")).json()[0]
    assert float(kline[5]) >= 1
    week = (await stage.http.get("/api/v3/ticker?symbol=BTCUSDT&windowSize=7d")).json()
    day = (await stage.http.get("/api/v3/ticker/tradingDay?symbol=BTCUSDT")).json()
    assert week["lastId"] == day["lastId"] == mine[0]["id"]
    deposits = (await stage.signed("GET", "/sapi/v1/capital/deposit/hisrec", coin="BTC")).json()
    assert [deposit["amount"] for deposit in deposits] == ["100.00000000"]


async def test_lists_stops_and_switches(stage):
    """Each of their requests by its method and path, with the history behind it."""
    market = {"symbol": "BTCUSDT"}
    pair = market | {"side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": "900000", "belowType": "STOP_LOSS",
                     "belowStopPrice": "10"}  # fmt: skip
    oco = (await stage.signed("POST", "/api/v3/orderList/oco", in_body=True, **pair)).json()
    former = market | {"side": "SELL", "quantity": "1", "price": "900000", "stopPrice": "10"}
    assert (await stage.signed("POST", "/api/v3/order/oco", **former)).json()["contingencyType"] == "OCO"
    working = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "10", "workingQuantity": "1", "workingTimeInForce": "GTC"}
    pending = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "1"}
    oto = (await stage.signed("POST", "/api/v3/orderList/oto", **market, **working, **pending)).json()
    assert [one["status"] for one in oto["orderReports"]] == ["NEW", "PENDING_NEW"]
    both = {"pendingSide": "SELL", "pendingQuantity": "1", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "900000",
            "pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "10"}  # fmt: skip
    assert len((await stage.signed("POST", "/api/v3/orderList/otoco", **market, **working, **both)).json()["orders"]) == 3
    lists = (await stage.signed("GET", "/api/v3/openOrderList")).json()
    assert (len(lists), lists[0]) == (4, (await stage.signed("GET", "/api/v3/orderList", orderListId=oco["orderListId"])).json())
    assert (await stage.signed("GET", "/api/v3/allOrderList", limit=4)).json() == lists
    gone = (await stage.signed("DELETE", "/api/v3/orderList", **market, orderListId=oco["orderListId"])).json()
    assert gone["listOrderStatus"] == "ALL_DONE"
    ended = (await stage.signed("GET", "/api/v3/order", **market, orderId=gone["orders"][0]["orderId"])).json()
    assert (ended["status"], ended["orderListId"], ended["stopPrice"]) == ("CANCELED", oco["orderListId"], "10.00000000")
    orders = (await stage.signed("GET", "/api/v3/openOrders")).json()
    assert [order["status"] for order in orders].count("PENDING_NEW") == 3
    assert (await stage.signed("GET", "/api/v3/myPreventedMatches", **market, preventedMatchId=1)).json() == []
    assert (await stage.signed("GET", "/api/v3/order/amendments", **market, orderId=1)).json() == []
    assert (await stage.signed("POST", "/api/v3/countdownCancelAll", countdownTime=0)).json() == {"countdownTime": 0, "triggerTime": 0}
    assert (await stage.http.get("/api/v3/auction?symbol=BTCUSDT")).json()["status"] == "TRADING"
    assert len((await stage.signed("DELETE", "/api/v3/openOrders", side="BUY")).json()) == 2
    assert len((await stage.signed("DELETE", "/api/v3/openOrders")).json()) == 1
    assert (await stage.signed("GET", "/api/v3/openOrderList")).json() == []


async def test_what_is_not_offered(stage):
    asked = (("POST", "/api/v3/orderList/opo"), ("POST", "/api/v3/sor/order"), ("POST", "/sapi/v1/capital/withdraw/apply"))
    for method, path in asked:
        answer = await stage.signed(method, path, symbol="BTCUSDT", whatever="1")
        assert told(answer) == (400, -1020, "This operation is not supported.")


async def test_a_listen_key_takes_only_the_api_key(stage):
    headers = {"X-MBX-APIKEY": stage.hmac_key.api_key}
    key = (await stage.http.post("/api/v3/userDataStream", headers=headers)).json()["listenKey"]
    assert (await stage.http.put(f"/api/v3/userDataStream?listenKey={key}", headers=headers)).json() == {}
    assert (await stage.http.delete(f"/api/v1/userDataStream?listenKey={key}", headers=headers)).json() == {}
    assert told(await stage.http.put(f"/api/v3/userDataStream?listenKey={key}", headers=headers)) == (
        400, -1125, "This listenKey does not exist.",
    )  # fmt: skip


async def test_limits_hold(stage):
    stage.gateway.limits, before = Limits(weight_per_minute=30), stage.gateway.limits
    try:
        answers = [await stage.http.get("/api/v3/exchangeInfo") for _ in range(2)]
    finally:
        stage.gateway.limits = before
    assert [answer.status_code for answer in answers] == [200, 429]
    assert (answers[1].json()["code"], 1 <= int(answers[1].headers["retry-after"]) <= 60) == (-1003, True)
    assert answers[1].headers["x-mbx-used-weight-1m"] == "40"


# ---------------------------------------------------------------- anything at all

_NAMES = [
    "symbol", "symbols", "orderId", "price", "quantity", "side", "type", "limit", "startTime", "endTime", "fromId", "interval",
    "recvWindow", "timestamp", "signature", "newClientOrderId", "cancelReplaceMode", "cancelOrderId", "timeInForce", "windowSize",
    "timeZone", "coin", "listenKey", "newQty", "x",
]  # fmt: skip
_VALUES = [
    "BTCUSDT", "NOPE", "", "0", "1", "-1", "1.5", "9" * 19, "9" * 25, "100", "BUY", "SELL", "LIMIT", "MARKET", "GTC", "1m", "1d", "7d",
    "%00", "%ff", "[", '["BTCUSDT"]', "true", "null", "ü", "STOP_ON_FAILURE", "1700000000000", "99999999999999", "+", "a" * 300,
]  # fmt: skip


async def test_no_request_gets_more_than_an_error(stage):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(1200):
        path, methods = chance.choice(list(ROUTES.items()))
        method = chance.choice([*methods, "GET", "PATCH"])
        params = {chance.choice(_NAMES): chance.choice(_VALUES) for _ in range(chance.randrange(7))}
        if chance.random() < 0.7:
            params.pop("signature", None)
            params.pop("timestamp", None)
            answer = await stage.signed(method, path, in_body=chance.random() < 0.3, **params)
        else:
            sent = "&".join(f"{name}={value}" for name, value in params.items()).encode()
            headers = {"X-MBX-APIKEY": chance.choice(["", "x", stage.hmac_key.api_key])}
            answer = await stage.http.request(method, path, content=sent, headers=headers)
        assert answer.status_code < 500, (seed, method, path, params, answer.text)
        body = answer.json()
        assert answer.status_code in (200, 409) or body["code"] < 0
    assert stage.exchange.machine.validate() == ""
