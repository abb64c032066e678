"""The demo's shop goes on: now and then somebody buys, a seller sends what was bought, a buyer confirms it. Through the public HTTP API,
signed in as anyone could be.

Only the people of LIVELY act by themselves, and only their orders are sent; what visitors do as the others is left to them.
"""

import asyncio
import random
import time
import uuid
from typing import Any

import aiohttp
import structlog

from cryptoshop.demo.markets import SELLERS
from cryptoshop.demo.words import ADDRESSES, CARRIERS
from cryptoshop.settings import Settings

LIVELY = ("dora", "emil", "fumiko", "grace", "henrik")
PAUSE_S = 70.0  # between two deeds, about
SHIPPED_AFTER_S, RECEIVED_AFTER_S = 600, 1800
LEFT_TO_SHIP = 2  # of a seller's orders, so that a visitor finds some
STOCK_LOW, DELIVERY = 2, 12
PAY_ASSETS = ("USDT", "BTC", "ETH", "SOL", "XRP")
THINKS_S = 4.0  # at most, before paying
_TIMEOUT_S = 20

log = structlog.get_logger("customers")


class SaidNo(Exception):
    """The venue refused; its code and words."""


class Customer:
    """One person's session, begun when it is first needed and again when it has ended."""

    def __init__(self, rest_url: str, account: dict):
        self.name = account["name"]
        self._account = account
        cookies = aiohttp.CookieJar(unsafe=True)  # also those of a host that is named by its number
        self._http = aiohttp.ClientSession(rest_url, cookie_jar=cookies, timeout=aiohttp.ClientTimeout(_TIMEOUT_S))
        self._csrf = ""

    async def close(self) -> None:
        await self._http.close()

    async def ask(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """The answer's JSON. Raises SaidNo, and what the connection raises."""
        if not self._csrf:
            await self._log_in()
        headers = {"X-CSRF-Token": self._csrf} | ({"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {})
        async with self._http.request(method, path, json=body, params=query, headers=headers) as response:
            answer = await response.json(content_type=None)
            if response.status == 401:
                self._csrf = ""
            if response.status >= 400:
                raise SaidNo(f"{answer.get('code')} {answer.get('message')}")
            return answer

    async def _log_in(self) -> None:
        credentials = {"email": self._account["email"], "password": self._account["password"]}
        async with self._http.post("/account/login", json=credentials) as response:
            answer = await response.json(content_type=None)
            if response.status != 200:
                raise SaidNo(f"{answer.get('code')} {answer.get('message')}")
        self._csrf = answer["csrf"]


class Market:
    """What they do, one deed at a time."""

    def __init__(self, buyers: list[Customer], sellers: list[Customer], draw: random.Random):
        self.buyers, self.sellers, self.draw = buyers, sellers, draw

    async def deed(self) -> None:
        """Half of the time somebody buys; else a seller looks after the orders, or a buyer after what has come."""
        buying, sending, confirming = (self.buy, self.buyers), (self.send, self.sellers), (self.confirm, self.buyers)
        what, who = self.draw.choice((buying, buying, sending, confirming))
        await what(self.draw.choice(who))

    async def buy(self, buyer: Customer) -> None:
        """Look around, look closer, buy one thing, with whatever asset has enough."""
        sort = self.draw.choice(("sold", "newest", "rating"))
        found = (await buyer.ask("GET", "/shop/products", sort=sort, inStock="true", limit=24))["items"]
        product = await buyer.ask("GET", f"/shop/products/{self.draw.choice(found)['slug']}")
        variants = [variant for variant in product["variants"] if variant["saleable"]]
        if not variants:
            return
        variant = self.draw.choice(variants)
        await buyer.ask("PUT", f"/shop/cart/lines/{variant['id']}", {"quantity": 1})
        address = (await buyer.ask("GET", "/shop/addresses"))["items"][0]
        pays = self.draw.choice((variant["price"]["asset"], variant["price"]["asset"], self.draw.choice(PAY_ASSETS)))
        checkout = await buyer.ask("POST", "/shop/checkouts", {"addressId": address["id"], "payAsset": pays})
        await asyncio.sleep(self.draw.random() * THINKS_S)
        await buyer.ask("POST", f"/shop/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]})

    async def send(self, seller: Customer) -> None:
        """Send the oldest order of a lively buyer that has waited long enough; count in what runs out."""
        waiting = (await seller.ask("GET", "/shop/seller/orders", state="to_ship", limit=100))["items"]
        lively = {ADDRESSES[name]["name"] for name in LIVELY}
        ripe = [order for order in waiting if order["buyer"] in lively and time.time() - order["placedAt"] / 1000 > SHIPPED_AFTER_S]
        if ripe and len(waiting) > LEFT_TO_SHIP:
            carrier, prefix = CARRIERS[seller.name]
            parcel = {"carrier": carrier, "tracking": f"{prefix}{self.draw.randrange(10**8):08d}"}
            await seller.ask("POST", f"/shop/orders/{ripe[-1]['id']}/shipments", parcel)
        for product in (await seller.ask("GET", "/shop/seller/products", state="active", limit=100))["items"]:
            for variant in product["variants"]:
                if variant["onHand"] - variant["reserved"] - variant["allocated"] - variant["threshold"] < STOCK_LOW:
                    delivery = {"change": DELIVERY, "was": variant["onHand"]}
                    await seller.ask("POST", f"/shop/seller/variants/{variant['id']}/stock", delivery)

    async def confirm(self, buyer: Customer) -> None:
        """The oldest order that has been under way long enough has come."""
        orders = (await buyer.ask("GET", "/shop/orders", limit=100))["items"]
        coming = [order for order in orders if (order["payment"], order["fulfilment"], order["dispute"]) == ("held", "shipped", "none")]
        if coming and time.time() - coming[-1]["placedAt"] / 1000 > RECEIVED_AFTER_S:
            await buyer.ask("POST", f"/shop/orders/{coming[-1]['id']}/receipt")


async def go_shopping(settings: Settings, accounts: dict[str, dict], seed: int) -> None:
    """Until cancelled, through refusals, lost connections and restarts of the venue."""
    buyers, sellers = ([Customer(settings.rest_url, accounts[name]) for name in names] for names in (LIVELY, SELLERS))
    market = Market(buyers, sellers, random.Random(seed))
    try:
        while True:
            await asyncio.sleep(market.draw.uniform(0.5, 1.5) * PAUSE_S)
            try:
                await market.deed()
            except (SaidNo, OSError, TimeoutError, aiohttp.ClientError) as error:
                log.warning("a customer was turned away", reason=str(error) or type(error).__name__)
            except Exception as error:  # noqa: BLE001  the demo goes on, whatever an answer looks like
                log.warning("a customer stumbled", reason=repr(error))
    finally:
        for customer in (*buyers, *sellers):
            await customer.close()
