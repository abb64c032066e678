"""The demo's shop: sellers with their terms, categories, taxes, goods with their pictures, vouchers, collections, and a week of orders.

All of it is asked of the shop's own app by the people who would ask, at moments of the past weeks: what stands in the database is what
the shop itself would have written. The money of the orders moves in the real ledger, whose log knows no other time than its own:
transfers carry the time of the set-up. Every step looks at what is there and does what is missing, so a set-up that was killed is
finished by the next one; one that was finished is known by a row of shop_settings.
"""

import asyncio
import datetime
import time

import asyncpg

from cryptoshop.demo import goods
from cryptoshop.demo.drawings import picture
from cryptoshop.demo.floor import Floor
from cryptoshop.demo.goods import DemoMethod, DemoProduct, DemoSeller, pictures, variants
from cryptoshop.demo.markets import MODERATOR, SHOP_MARK
from cryptoshop.demo.week import Week
from engine.exchange import ExchangeClient
from storefront.work import Shopper, utc_now

AT_ONCE = 3  # products that are entered side by side: drawing and encoding take a thread each


async def people(pool: asyncpg.Pool, accounts: dict[str, dict]) -> dict[str, Shopper]:
    """The demo's people as the shop sees them, the moderator in office."""
    emails = {person["email"]: name for name, person in accounts.items()}
    await pool.execute("UPDATE users SET role = 'moderator' WHERE email = $1 AND role = 'user'", accounts[MODERATOR]["email"])
    rows = await pool.fetch("SELECT email, user_id, account, role FROM users WHERE email = ANY($1)", list(emails))
    return {emails[row["email"]]: Shopper(row["user_id"], row["account"], row["role"]) for row in rows}


async def fill(pool: asyncpg.Pool, exchange: ExchangeClient, master_key: bytes, accounts: dict[str, dict]) -> None:
    """Whatever is missing of the shop. Raises ShopSaysNo where the shop refuses what the demo asks of it."""
    began = time.monotonic()
    filling = Filling(Floor(pool, exchange, master_key, await people(pool, accounts)), utc_now())
    await filling.frame()
    for seller in goods.SELLERS:
        await filling.seller(seller)
    await filling.products()
    await filling.offers()
    print(f"           shop: {len(goods.PRODUCTS)} products in {time.monotonic() - began:.1f} s", flush=True)
    began = time.monotonic()
    orders = await Week(filling.floor).live()
    print(f"           shop: a week of {orders} orders in {time.monotonic() - began:.1f} s", flush=True)
    await pool.execute(
        """INSERT INTO shop_settings (name, value) VALUES ($1, '{"finished": true}')
           ON CONFLICT (name) DO UPDATE SET value = shop_settings.value || excluded.value""", SHOP_MARK,
    )  # fmt: skip


class Filling:
    """Brings the shop to what goods.py says. `now` is when the set-up began."""

    def __init__(self, floor: Floor, now: datetime.datetime):
        self.floor = floor
        self.now = now
        self._category_ids: dict[str, int] = {}
        self._threads = asyncio.Semaphore(AT_ONCE)

    # ---- the platform's

    async def frame(self) -> None:
        """Categories and taxes."""
        there = (await self.floor.ask(MODERATOR, "GET", "/shop/admin/categories"))["items"]
        self._category_ids = {category["slug"]: category["id"] for category in there}
        for position, category in enumerate(goods.CATEGORIES):
            if category.slug not in self._category_ids:
                parent = {"parentId": self._category_ids[category.parent]} if category.parent else {}
                made = await self.floor.ask(MODERATOR, "POST", "/shop/admin/categories", parent | {
                    "slug": category.slug, "name": category.name, "position": position, "taxClass": category.tax_class,
                })  # fmt: skip
                self._category_ids[category.slug] = made["id"]
        rates = [dict(zip(("country", "taxClass", "name", "ppm", "inclusive"), rate, strict=True)) for rate in goods.TAX_RATES]
        if not (await self.floor.ask(MODERATOR, "GET", "/shop/admin/taxes"))["rates"]:
            await self.floor.ask(MODERATOR, "PUT", "/shop/admin/taxes", {"rates": rates})

    async def offers(self) -> None:
        """Vouchers and collections."""
        for issuer, voucher in goods.VOUCHERS:
            person, path = (issuer, "/shop/seller/vouchers") if issuer else (MODERATOR, "/shop/admin/vouchers")
            there = {each["code"] for each in (await self.floor.ask(person, "GET", path))["items"]}
            if voucher["code"] not in there:
                await self.floor.ask(person, "POST", path, voucher, at=self._ago(10))
        there = {each["slug"] for each in (await self.floor.ask(MODERATOR, "GET", "/shop/admin/collections"))["items"]}
        titles = {product.drawing: product.title for product in goods.PRODUCTS}
        ids = dict(await self.floor.shop.pool.fetch("SELECT title, product_id::text FROM shop_products"))
        for position, (slug, name, rule, drawings) in enumerate(goods.COLLECTIONS):
            if slug not in there:
                held = {"rule": rule} if rule is not None else {"products": [ids[titles[drawing]] for drawing in drawings]}
                await self.floor.ask(
                    MODERATOR, "POST", "/shop/admin/collections", held | {"slug": slug, "name": name, "position": position}
                )

    # ---- sellers

    async def seller(self, seller: DemoSeller) -> None:
        """Applied, approved, with their terms and shipping."""
        floor, since = self.floor, self._ago(75)
        state = (await floor.ask(seller.name, "GET", "/shop/seller"))["state"]
        if state == "none":
            application = {"name": seller.title, "country": seller.country, "about": seller.about}
            await floor.ask(seller.name, "POST", "/shop/seller", application, at=since)
        if state in ("none", "applied"):
            waiting = (await floor.ask(MODERATOR, "GET", "/shop/admin/sellers", state="applied", limit="100"))["items"]
            seller_id = next(each["id"] for each in waiting if each["name"] == seller.title)
            terms = {"commissionPpm": seller.commission_ppm, "reservePpm": seller.reserve_ppm, "reserveDays": 30 * bool(seller.reserve_ppm)}
            await floor.ask(MODERATOR, "PATCH", f"/shop/admin/sellers/{seller_id}", terms)
            await floor.ask(MODERATOR, "POST", f"/shop/admin/sellers/{seller_id}/approve", {"note": "Welcome."}, at=since)
        for name, countries, methods in ((seller.home, seller.near, seller.methods), ("Rest of the world", (), (seller.abroad,))):
            await self._zone(seller, name, countries, methods)

    async def _zone(self, seller: DemoSeller, name: str, countries: tuple[str, ...], methods: tuple[DemoMethod, ...]) -> None:
        zones = {zone["name"]: zone for zone in (await self.floor.ask(seller.name, "GET", "/shop/seller/zones"))["items"]}
        zone = zones.get(name) or await self.floor.ask(seller.name, "POST", "/shop/seller/zones", {"name": name, "countries": countries})
        there = {method["name"] for method in zone["methods"]}
        for method in methods:
            if method.name not in there:
                await self.floor.ask(seller.name, "POST", f"/shop/seller/zones/{zone['id']}/methods", {
                    "name": method.name, "asset": seller.asset, "basePrice": method.base, "pricePerKg": method.per_kg,
                    "freeFrom": method.free_from or None, "daysMin": method.days[0], "daysMax": method.days[1],
                })  # fmt: skip

    # ---- goods

    async def products(self) -> None:
        """All of them active, with their pictures."""
        there: dict[str, dict] = {}
        for seller in goods.SELLERS:
            page = await self.floor.ask(seller.name, "GET", "/shop/seller/products", limit="100")
            there |= {product["title"]: product for product in page["items"]}
        tasks = [asyncio.create_task(self._product(product, there.get(product.title))) for product in goods.PRODUCTS]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _product(self, product: DemoProduct, found: dict | None) -> None:
        async with self._threads:
            at = self._ago(product.days_old)
            if found is None:
                found = await self.floor.ask(product.seller, "POST", "/shop/seller/products", self._body(product), at=at)
            if found["state"] != "draft":
                return
            for alt, (colour, accent), (zoom, x, y) in pictures(product)[len(found["images"]) :]:
                drawn = await asyncio.to_thread(picture, product.drawing, colour, accent, product.backdrop, zoom=zoom, at=(x, y))
                path = f"/shop/seller/products/{found['id']}/images"
                await self.floor.ask(product.seller, "POST", path, drawn, at=at, content_type="image/webp", alt=alt)
            await self.floor.ask(product.seller, "PATCH", f"/shop/seller/products/{found['id']}", {"state": "active"}, at=at)

    def _body(self, product: DemoProduct) -> dict:
        seller = next(seller for seller in goods.SELLERS if seller.name == product.seller)
        return {
            "title": product.title, "description": product.description, "categoryId": self._category_ids[product.category],
            "asset": seller.asset, "attributes": product.attributes, "variants": variants(product),
        }  # fmt: skip

    def _ago(self, days: float) -> datetime.datetime:
        return self.now - datetime.timedelta(days=days)
