"""Buyers and sellers of a running venue, over HTTP: each keeps books of what was answered, and asks again until something is.

A request is repeated, with the same Idempotency-Key, until it is answered for good: through refused connections, 503 and answers that say
money is still moving.
"""

import asyncio
import random
import secrets
import uuid
from collections import Counter
from decimal import Decimal

import httpx

PAUSE_S = 0.1
UNDECIDED = ("confirming", "settling", "pending")


class Silence(Exception):
    """Nobody answered for too long."""


class Person:
    """One signed-in user. `money` is what the answers say has come and gone since the start, by asset."""

    def __init__(self, url: str, token: str, csrf: str, account: int) -> None:
        self.http = httpx.AsyncClient(base_url=url, headers={"Cookie": f"cryptoshop_session={token}", "X-CSRF-Token": csrf}, timeout=10)
        self.account = account
        self.money: dict[str, Decimal] = {}
        self.answers: Counter[str] = Counter()
        self.silent_s = 30.0

    def book(self, asset: str, amount: str | Decimal) -> None:
        self.money[asset] = self.money.get(asset, Decimal()) + Decimal(amount)

    async def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Raises Silence."""
        headers = {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
        until = asyncio.get_running_loop().time() + self.silent_s
        while asyncio.get_running_loop().time() < until:
            try:
                answer = await self.http.request(method, f"/shop{path}", json=body, headers=headers)
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                assert answer.headers["content-type"] == "application/json", (method, path, answer.status_code, answer.text)
                told = answer.json()
                if answer.status_code < 500 and not _under_way(told):
                    self.answers[told.get("code", "done")] += 1
                    return answer.status_code, told
                assert answer.status_code in (200, 201, 503), (answer.status_code, told)
                self.answers["under way" if answer.status_code < 500 else told["code"]] += 1
            await asyncio.sleep(PAUSE_S)
        raise Silence(f"{method} {path}: {dict(self.answers)}")


def _under_way(told: dict) -> bool:
    return told.get("state") in UNDECIDED or told.get("settling") is True


class Buyer(Person):
    """Buys, sometimes cancels, and confirms what has come."""

    def __init__(self, *known, address_id: uuid.UUID, goods: list[str]) -> None:
        super().__init__(*known)
        self.address_id, self.goods = str(address_id), goods
        self.paid: dict[str, dict] = {}  # orders, as the answers to confirming told them
        self.bought: Counter[str] = Counter()  # units by variant
        self.canceled: set[str] = set()
        self.received: set[str] = set()

    async def live(self, enough: asyncio.Event, chance: random.Random) -> None:
        while not enough.is_set():
            await self.purchase(chance.choice(self.goods), chance.randint(1, 3), chance.choice(("USDT", "BTC")), chance.random() < 0.25)
            await self.confirm_what_came()

    async def purchase(self, variant: str, quantity: int, asset: str, cancels: bool) -> None:
        status, cart = await self.ask("PUT", f"/cart/lines/{variant}", {"quantity": quantity})
        assert status == 200, cart
        status, quote = await self.ask("POST", "/checkouts", {"addressId": self.address_id, "shipping": {}, "payAsset": asset})
        if status != 201:
            assert quote["code"] == "SETTLING", quote  # of an attempt before
            return
        status, told = await self.ask("POST", f"/checkouts/{quote['id']}/confirm", {"most": quote["most"]})
        if status != 200:
            assert told["code"] in ("LIMIT_EXCEEDED", "QUOTE_EXPIRED"), told
            return
        while told["receipt"] is None:  # a process that died was told; the recorded history tells the next one
            await asyncio.sleep(PAUSE_S)
            _, told = await self.ask("GET", f"/checkouts/{quote['id']}")
        self.note(told)
        if cancels:
            for order in told["orders"]:
                status, canceled = await self.ask("POST", f"/orders/{order['orderId']}/cancel", {})
                if status == 200:
                    self.canceled.add(order["orderId"])
                    self.book("USDT", canceled["refunded"]["amount"])
                else:
                    assert canceled["code"] in ("NOT_NOW", "SETTLING"), canceled

    def note(self, told: dict) -> None:
        """A paid checkout: what it cost, and what its conversions left over."""
        assert told["state"] == "paid", told
        receipt = told["receipt"]
        self.book(receipt["paid"]["asset"], -Decimal(receipt["paid"]["amount"]))
        if receipt["conversions"]:
            brought = sum(Decimal(one["bought"]["amount"]) for one in receipt["conversions"])
            self.book("USDT", brought - sum(Decimal(one["amount"]) for one in told["due"]))
        for order in told["orders"]:
            assert order["orderId"] not in self.paid
            self.paid[order["orderId"]] = order
            self.bought.update({line["variantId"]: line["quantity"] for line in order["lines"]})

    async def confirm_what_came(self) -> None:
        _, page = await self.ask("GET", "/orders?limit=20")
        for order in page["items"]:
            if order["fulfilment"] == "shipped" and order["payment"] == "held":
                status, told = await self.ask("POST", f"/orders/{order['id']}/receipt")
                if status == 200:
                    self.received.add(order["id"])
                else:
                    assert told["code"] in ("NOT_NOW", "SETTLING"), told


class Seller(Person):
    """Ships, gives a part back now and then, and is paid out."""

    def __init__(self, *known, seller_id: uuid.UUID, payable: int) -> None:
        super().__init__(*known)
        self.seller_id, self.payable = seller_id, payable
        self.shipped: set[str] = set()
        self.refunds: list[tuple[str, str]] = []  # order, amount
        self.payouts: list[str] = []

    async def live(self, enough: asyncio.Event, chance: random.Random) -> None:
        while not enough.is_set():
            await self.work(chance)
            await asyncio.sleep(PAUSE_S)

    async def work(self, chance: random.Random) -> None:
        _, page = await self.ask("GET", "/seller/orders?state=to_ship&limit=20")
        for row in page["items"]:
            status, told = await self.ask("POST", f"/orders/{row['id']}/shipments", {"carrier": "Post"})
            if status == 201:
                self.shipped.add(row["id"])
            else:
                assert told["code"] in ("NOT_NOW", "SETTLING"), told
                continue
            if chance.random() < 0.3:
                status, told = await self.ask("POST", f"/orders/{row['id']}/refunds", {"amount": "1.5", "reason": "A scratch"})
                if status == 201:
                    self.refunds.append((row["id"], "1.5"))
                else:
                    assert told["code"] in ("NOT_NOW", "SETTLING", "INVALID_AMOUNT", "INSUFFICIENT_BALANCE"), told
        await self.pay_out(chance)

    async def pay_out(self, chance: random.Random) -> None:
        _, told = await self.ask("GET", "/seller/balance")
        payable = next((Decimal(row["payable"]) for row in told["balances"] if row["asset"] == "USDT"), Decimal())
        amount = (payable * chance.randint(1, 100) / 100).quantize(Decimal("0.000001"))
        if amount > 0:
            status, told = await self.ask("POST", "/seller/payouts", {"asset": "USDT", "amount": f"{amount:f}"})
            if status == 201:
                assert told["state"] == "done", told
                self.payouts.append(told["id"])
                self.book("USDT", amount)
            else:
                assert told["code"] == "INSUFFICIENT_BALANCE", told


