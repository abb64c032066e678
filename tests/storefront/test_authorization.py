"""Nobody reads or changes what belongs to another: every endpoint of the API, asked by everybody.

The table says who may; an endpoint that is not in it fails the test. Who may not gets 401 (nobody signed in), 403 (not such a role) or 404
(not theirs), and the shop's tables are the same afterwards. Who may is not turned away: so a refusal is about who asks, not about the path.
"""

import io
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from storefront.app import rooms

ANONYMOUS, STRANGER, OTHER_SELLER, BUYER, SELLER, MODERATOR = "anonymous", "stranger", "other seller", "buyer", "seller", "moderator"
ACTORS = (ANONYMOUS, STRANGER, OTHER_SELLER, BUYER, SELLER, MODERATOR)
EVERYBODY = frozenset(ACTORS)
MEMBERS = EVERYBODY - {ANONYMOUS}
SELLERS = frozenset((OTHER_SELLER, SELLER))
PARTIES = frozenset((BUYER, SELLER, MODERATOR))
TURNED_AWAY = (401, 403, 404)
PASSING = ("shop_answers", "shop_carts", "shop_daily_counts", "shop_checkouts")  # a guest's cart, counters, an expiry: nobody's property


@dataclass(frozen=True)
class Endpoint:
    allowed: frozenset[str]
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)


def only(*actors: str) -> frozenset[str]:
    return frozenset(actors)


ADDRESS = {"name": "A. Buyer", "line1": "Main Street 1", "line2": "", "city": "Town", "region": "", "postcode": "1", "country": "DE",
           "phone": ""}
METHOD = {"name": "Parcel", "asset": "USDT", "basePrice": "5", "pricePerKg": "0", "freeFrom": None, "weightMaxG": None, "daysMin": 1,
          "daysMax": 3}
VARIANT = {"sku": "new", "options": {}, "price": "10", "weightG": 100, "onHand": 1}
PRODUCT = {"title": "New thing", "description": "", "categoryId": 1, "asset": "USDT", "attributes": {}, "variants": [VARIANT]}
VOUCHER = {"code": "FRESH10", "kind": "percent", "percent": "10"}

ENDPOINTS = {
    # what everybody may see
    "GET /shop/home": Endpoint(EVERYBODY),
    "GET /shop/categories": Endpoint(EVERYBODY),
    "GET /shop/collections": Endpoint(EVERYBODY),
    "GET /shop/collections/{collection}": Endpoint(EVERYBODY),
    "GET /shop/products": Endpoint(EVERYBODY, query={"q": "thing"}),
    "GET /shop/suggest": Endpoint(EVERYBODY, query={"q": "th"}),
    "GET /shop/products/{product_slug}": Endpoint(EVERYBODY),
    "GET /shop/products/{product_slug}/reviews": Endpoint(EVERYBODY),
    "GET /shop/images/{image_id}/{size}": Endpoint(EVERYBODY),
    "GET /shop/sellers/{seller_slug}": Endpoint(EVERYBODY),
    "GET /shop/sitemap.xml": Endpoint(EVERYBODY),
    "GET /shop/vouchers/{code}": Endpoint(EVERYBODY),
    "GET /shop/cart": Endpoint(EVERYBODY),
    "POST /shop/cart/lines": Endpoint(EVERYBODY, {"variantId": "{variant_id}", "quantity": 1}),
    "PUT /shop/cart/lines/{variant_id}": Endpoint(EVERYBODY, {"quantity": 1}),
    "POST /shop/cart/sync": Endpoint(EVERYBODY, {"lines": []}),
    "POST /shop/cart/accept": Endpoint(EVERYBODY),
    # a member's own things
    "POST /shop/cart/merge": Endpoint(MEMBERS),
    "GET /shop/addresses": Endpoint(MEMBERS),
    "POST /shop/addresses": Endpoint(MEMBERS, ADDRESS),
    "PUT /shop/addresses/{address_id}": Endpoint(only(BUYER), ADDRESS),
    "DELETE /shop/addresses/{address_id}": Endpoint(only(BUYER)),
    "GET /shop/wishes": Endpoint(MEMBERS),
    "PUT /shop/wishes/{product_id}": Endpoint(MEMBERS),
    "DELETE /shop/wishes/{product_id}": Endpoint(MEMBERS),
    "GET /shop/credit": Endpoint(MEMBERS),
    "GET /shop/giftcards": Endpoint(MEMBERS),
    "POST /shop/giftcards": Endpoint(MEMBERS, {"asset": "USDT", "amount": "1"}),
    "POST /shop/giftcards/redeem": Endpoint(MEMBERS, {"code": "AAAA-AAAA-AAAA-AAAA"}),
    "GET /shop/holds": Endpoint(MEMBERS),
    "GET /shop/wallet/entries": Endpoint(MEMBERS, query={"asset": "USDT"}),
    "GET /shop/orders": Endpoint(MEMBERS),
    # a purchase
    "POST /shop/checkouts": Endpoint(only(BUYER), {"addressId": "{address_id}", "shipping": {}, "payAsset": "USDT"}),
    "GET /shop/checkouts/{checkout_id}": Endpoint(only(BUYER)),
    "POST /shop/checkouts/{checkout_id}/quote": Endpoint(only(BUYER), {"payAsset": "BTC"}),
    "POST /shop/checkouts/{checkout_id}/confirm": Endpoint(only(BUYER), {"most": {"asset": "USDT", "amount": "1"}}),
    "DELETE /shop/checkouts/{checkout_id}": Endpoint(only(BUYER)),
    "GET /shop/orders/{order_id}": Endpoint(PARTIES),
    "GET /shop/orders/{order_id}/messages": Endpoint(PARTIES),
    "POST /shop/orders/{order_id}/messages": Endpoint(PARTIES, {"text": "Hello"}),
    "POST /shop/orders/{order_id}/cancel": Endpoint(only(BUYER), {"reason": "x"}),
    "POST /shop/orders/{order_id}/receipt": Endpoint(only(BUYER)),
    "POST /shop/orders/{order_id}/dispute": Endpoint(only(BUYER), {"reason": "other", "text": "It is not what I ordered"}),
    "DELETE /shop/orders/{order_id}/dispute": Endpoint(only(BUYER)),
    "POST /shop/orders/{order_id}/returns": Endpoint(only(BUYER), {"lines": [{"lineId": "{line_id}", "quantity": 1}], "reason": "x"}),
    "POST /shop/products/{product_slug}/reviews": Endpoint(only(BUYER), {"lineId": "{line_id}", "rating": 5}),
    "POST /shop/orders/{order_id}/shipments": Endpoint(only(SELLER), {"carrier": "Post", "tracking": "1"}),
    "POST /shop/orders/{order_id}/cancel-lines": Endpoint(only(SELLER), {"lines": [{"lineId": "{line_id}", "quantity": 1}], "reason": "x"}),
    "POST /shop/orders/{order_id}/refunds": Endpoint(only(SELLER), {"amount": "1", "reason": "x"}),
    "POST /shop/orders/{order_id}/dispute/reply": Endpoint(only(SELLER), {"text": "It is"}),
    "POST /shop/orders/{order_id}/dispute/decide": Endpoint(only(MODERATOR), {"toBuyer": "1", "text": "So be it"}),
    "POST /shop/returns/{return_id}/approve": Endpoint(only(SELLER)),
    "POST /shop/returns/{return_id}/decline": Endpoint(only(SELLER)),
    "POST /shop/returns/{return_id}/received": Endpoint(only(SELLER)),
    "POST /shop/reviews/{review_id}/reply": Endpoint(only(SELLER), {"text": "Thank you"}),
    # a seller's own things
    "GET /shop/seller": Endpoint(MEMBERS),
    "POST /shop/seller": Endpoint(MEMBERS, {"name": "A new one", "country": "DE", "about": ""}),
    "PATCH /shop/seller": Endpoint(SELLERS, {"about": "Things"}),
    "GET /shop/seller/balance": Endpoint(SELLERS),
    "GET /shop/seller/entries": Endpoint(SELLERS),
    "GET /shop/seller/payouts": Endpoint(SELLERS),
    "POST /shop/seller/payouts": Endpoint(SELLERS, {"asset": "USDT", "amount": "1"}),
    "GET /shop/seller/dashboard": Endpoint(SELLERS),
    "GET /shop/seller/orders": Endpoint(SELLERS),
    "GET /shop/seller/products": Endpoint(SELLERS),
    "POST /shop/seller/products": Endpoint(SELLERS, PRODUCT),
    "GET /shop/seller/products/{product_id}": Endpoint(only(SELLER)),
    "PATCH /shop/seller/products/{product_id}": Endpoint(only(SELLER), {"description": "More"}),
    "PUT /shop/seller/products/{product_id}/images": Endpoint(only(SELLER), {"order": ["{image_id}"]}),
    "POST /shop/seller/products/{product_id}/images": Endpoint(only(SELLER), b"image"),
    "DELETE /shop/seller/images/{image_id}": Endpoint(only(SELLER)),
    "POST /shop/seller/products/{product_id}/variants": Endpoint(only(SELLER), VARIANT),
    "PATCH /shop/seller/variants/{variant_id}": Endpoint(only(SELLER), {"price": "21"}),
    "POST /shop/seller/variants/{variant_id}/stock": Endpoint(only(SELLER), {"change": 1, "was": 0}),
    "GET /shop/seller/vouchers": Endpoint(SELLERS),
    "POST /shop/seller/vouchers": Endpoint(SELLERS, VOUCHER),
    "PATCH /shop/seller/vouchers/{voucher_id}": Endpoint(only(SELLER), {"active": False}),
    "GET /shop/seller/zones": Endpoint(SELLERS),
    "POST /shop/seller/zones": Endpoint(SELLERS, {"name": "Near", "countries": ["AT"]}),
    "PUT /shop/seller/zones/{zone_id}": Endpoint(only(SELLER), {"name": "Near", "countries": ["AT"]}),
    "DELETE /shop/seller/zones/{zone_id}": Endpoint(only(SELLER)),
    "POST /shop/seller/zones/{zone_id}/methods": Endpoint(only(SELLER), METHOD),
    "PUT /shop/seller/methods/{method_id}": Endpoint(only(SELLER), METHOD),
    "DELETE /shop/seller/methods/{method_id}": Endpoint(only(SELLER)),
    "GET /shop/seller/webhooks": Endpoint(SELLERS),
    "POST /shop/seller/webhooks": Endpoint(SELLERS, {"url": "https://seller.example/hook", "events": []}),
    "PATCH /shop/seller/webhooks/{webhook_id}": Endpoint(only(SELLER), {"enabled": True}),
    "GET /shop/seller/webhooks/{webhook_id}/deliveries": Endpoint(only(SELLER)),
    "POST /shop/seller/webhooks/{webhook_id}/test": Endpoint(only(SELLER)),
    "DELETE /shop/seller/webhooks/{webhook_id}": Endpoint(only(SELLER)),
    "POST /shop/seller/deliveries/{delivery_id}/redeliver": Endpoint(only(SELLER)),
    # moderators
    "GET /shop/admin/audit": Endpoint(only(MODERATOR)),
    "GET /shop/admin/overview": Endpoint(only(MODERATOR)),
    "GET /shop/admin/categories": Endpoint(only(MODERATOR)),
    "POST /shop/admin/categories": Endpoint(only(MODERATOR), {"name": "Fresh things"}),
    "PATCH /shop/admin/categories/{category_id}": Endpoint(only(MODERATOR), {"position": 2}),
    "GET /shop/admin/collections": Endpoint(only(MODERATOR)),
    "POST /shop/admin/collections": Endpoint(only(MODERATOR), {"name": "Fresh row"}),
    "PATCH /shop/admin/collections/{collection}": Endpoint(only(MODERATOR), {"position": 2}),
    "DELETE /shop/admin/collections/{collection}": Endpoint(only(MODERATOR)),
    "GET /shop/admin/disputes": Endpoint(only(MODERATOR)),
    "PATCH /shop/admin/products/{product_id}": Endpoint(only(MODERATOR), {"state": "active"}),
    "PATCH /shop/admin/reviews/{review_id}": Endpoint(only(MODERATOR), {"hidden": False}),
    "GET /shop/admin/sellers": Endpoint(only(MODERATOR)),
    "PATCH /shop/admin/sellers/{seller_id}": Endpoint(only(MODERATOR), {"reserveDays": 1}),
    "POST /shop/admin/sellers/{seller_id}/{decision}": Endpoint(only(MODERATOR), {"note": ""}),
    "GET /shop/admin/settings": Endpoint(only(MODERATOR)),
    "PATCH /shop/admin/settings": Endpoint(only(MODERATOR), {"quoteSeconds": 60}),
    "GET /shop/admin/settlements": Endpoint(only(MODERATOR)),
    "POST /shop/admin/settlements/{settlement_id}/retry": Endpoint(only(MODERATOR)),
    "GET /shop/admin/taxes": Endpoint(only(MODERATOR)),
    "PUT /shop/admin/taxes": Endpoint(only(MODERATOR), {"rates": []}),
    "GET /shop/admin/vouchers": Endpoint(only(MODERATOR)),
    "POST /shop/admin/vouchers": Endpoint(only(MODERATOR), VOUCHER | {"code": "PLATFORM10"}),
    "PATCH /shop/admin/vouchers/{platform_voucher_id}": Endpoint(only(MODERATOR), {"active": False}),
}  # fmt: skip

# Paths whose parameter is called the same for two kinds of thing.
SPELLED = {
    "/shop/products/{slug}": "{product_slug}", "/shop/sellers/{slug}": "{seller_slug}", "/shop/collections/{slug}": "{collection}",
    "/shop/admin/collections/{slug}": "{collection}", "/shop/admin/vouchers/{voucher_id}": "{platform_voucher_id}",
}  # fmt: skip


async def test_every_endpoint_answers_those_who_may_and_nobody_else(world):
    scene = await Scene.of(world)
    wrong = []
    for name in sorted(ENDPOINTS, key=lambda name: name.startswith("DELETE")):  # what ends a thing comes after what looks at it
        before = await fingerprint(world)
        for actor in ACTORS:
            if actor not in ENDPOINTS[name].allowed:
                status = (await scene.ask(actor, name)).status_code
                if status not in TURNED_AWAY or (actor == ANONYMOUS and status != 401):
                    wrong.append(f"{name} answered {actor} with {status}")
        if await fingerprint(world) != before:
            wrong.append(f"{name} changed something for somebody who may not")
        actor = max(ENDPOINTS[name].allowed & {BUYER, SELLER, MODERATOR})
        answer = await scene.ask(actor, name)
        if answer.status_code in TURNED_AWAY or answer.status_code >= 500:
            wrong.append(f"{name} answered {actor}, who may, with {answer.status_code} {answer.text[:150]}")
    assert wrong == []


def test_the_table_has_every_endpoint():
    offered = {
        f"{method} {spelled(path)}" for room in rooms() for handler in room.routes for path in handler.paths
        for method in handler.http_methods if method not in ("OPTIONS", "HEAD")
    }  # fmt: skip
    assert offered == set(ENDPOINTS)


def spelled(path: str) -> str:
    """A handler's path as the table has it: parameters without their types, and named for one kind of thing."""
    path = "/shop" + re.sub(r"{(\w+):\w+}", r"{\1}", path)
    for prefix, parameter in SPELLED.items():
        if path.startswith(prefix):
            return path.replace(prefix, prefix.rpartition("/")[0] + "/" + parameter, 1)
    return path


async def fingerprint(world) -> dict[str, Any]:
    """A digest of each of the shop's tables."""
    names = [row[0] for row in await world.pool.fetch("SELECT tablename FROM pg_tables WHERE tablename LIKE 'shop\\_%'")]
    tables = sorted(set(names) - set(PASSING))
    parts = ", ".join(f"(SELECT sum(hashtextextended(t::text, 0)) FROM {name} t) AS {name}" for name in tables)
    return dict(await world.pool.fetchrow(f"SELECT {parts}"))


class Scene:
    """A marketplace in which every kind of thing exists once, and belongs to somebody."""

    def __init__(self, world, people: dict[str, Any]):
        self.world = world
        self.people = people
        self.names: dict[str, str] = {"size": "small", "decision": "approve"}

    @classmethod
    async def of(cls, world) -> "Scene":
        seller, other = await world.seller("sam"), await world.seller("olga")
        people = {ANONYMOUS: None, STRANGER: await world.person("eve"), OTHER_SELLER: other, BUYER: await world.person("bea"),
                  SELLER: seller, MODERATOR: await world.person("mo", role="moderator")}  # fmt: skip
        scene = cls(world, people)
        product = await world.product(seller, stock=100)
        await scene.fill_carts(await world.product(await world.seller("tom")))
        scene.names |= {"product_id": product.product_id, "product_slug": product.slug, "variant_id": product.variant_id, "category_id": 1,
                        "seller_slug": seller.slug, "seller_id": seller.seller_id, "method_id": seller.method_id}  # fmt: skip
        scene.names["address_id"] = await world.address(people[BUYER])
        await scene.make_goods()
        await scene.make_orders()
        return scene

    async def fill_carts(self, product) -> None:
        """Everybody but the buyer wants something, so that a checkout is refused for its address and not for its emptiness."""
        for actor in MEMBERS - {BUYER}:
            async with self.world.client(self.people[actor]) as client:
                answer = await client.post("/shop/cart/lines", json={"variantId": str(product.variant_id), "quantity": 1})
                assert answer.status_code == 201, answer.text

    async def ask(self, actor: str, name: str):
        method, _, path = name.partition(" ")
        endpoint = ENDPOINTS[name]
        sent: dict[str, Any] = {"params": endpoint.query}
        if endpoint.body == b"image":
            sent |= {"content": _png(), "headers": {"content-type": "image/png"}}
        elif endpoint.body is not None:
            sent["json"] = self.filled(endpoint.body)
        async with self.world.client(self.people[actor]) as client:
            return await client.request(method, self.filled(path), **sent)

    def filled(self, value: Any) -> Any:
        """With the names of the scene's things in it."""
        match value:
            case str():
                return value.format(**self.names) if "{" in value else value
            case dict():
                return {key: self.filled(part) for key, part in value.items()}
            case list():
                return [self.filled(part) for part in value]
        return value

    async def made(self, actor: str, name: str) -> dict:
        answer = await self.ask(actor, name)
        assert answer.status_code in (200, 201), f"{name}: {answer.text}"
        return answer.json()

    async def make_goods(self) -> None:
        self.names["image_id"] = (await self.made(SELLER, "POST /shop/seller/products/{product_id}/images"))["id"]
        self.names["zone_id"] = (await self.made(SELLER, "POST /shop/seller/zones"))["id"]
        voucher = await self.made(SELLER, "POST /shop/seller/vouchers")
        self.names |= {"voucher_id": voucher["id"], "code": voucher["code"]}
        self.names["platform_voucher_id"] = (await self.made(MODERATOR, "POST /shop/admin/vouchers"))["id"]
        self.names["webhook_id"] = (await self.made(SELLER, "POST /shop/seller/webhooks"))["id"]
        self.names["collection"] = (await self.made(MODERATOR, "POST /shop/admin/collections"))["slug"]
        await self.made(BUYER, "POST /shop/addresses")

    async def make_orders(self) -> None:
        """A received order with a review and a return; another one, paid; and an open checkout."""
        received = await self.paid_order()
        self.names |= {"order_id": received["id"], "line_id": received["lines"][0]["id"]}
        await self.made(SELLER, "POST /shop/orders/{order_id}/shipments")
        await self.made(BUYER, "POST /shop/orders/{order_id}/receipt")
        review = await self.made(BUYER, "POST /shop/products/{product_slug}/reviews")
        returned = await self.made(BUYER, "POST /shop/orders/{order_id}/returns")
        self.names |= {"review_id": review["id"], "return_id": returned["returns"][0]["id"]}
        delivery_id = uuid.uuid4()
        await self.world.pool.execute(
            """INSERT INTO shop_deliveries (delivery_id, webhook_id, event_id, state, next_at)
               SELECT $1, $2, max(event_id), 'failed', now() FROM shop_events""", delivery_id, uuid.UUID(str(self.names["webhook_id"])),
        )  # fmt: skip
        settlement_id = await self.world.pool.fetchval("SELECT settlement_id FROM shop_settlements LIMIT 1")
        waiting = await self.paid_order()
        self.names |= {"delivery_id": delivery_id, "settlement_id": settlement_id, "order_id": waiting["id"]}
        await self.made(BUYER, "POST /shop/cart/lines")
        self.names["checkout_id"] = (await self.made(BUYER, "POST /shop/checkouts"))["id"]

    async def paid_order(self) -> dict:
        await self.made(BUYER, "POST /shop/cart/lines")
        checkout = await self.made(BUYER, "POST /shop/checkouts")
        async with self.world.client(self.people[BUYER]) as client:
            answer = await client.post(f"/shop/checkouts/{checkout['id']}/confirm", json={"most": checkout["most"]})
            assert answer.status_code == 200, answer.text
            return (await client.get(f"/shop/orders/{answer.json()['orders'][0]['orderId']}")).json()


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#336699").save(out, "PNG")
    return out.getvalue()
