"""A week of the demo's shop: what its people bought, sent, received, disputed, sent back and said, hour by hour.

`plan` draws the week, always the same one for the same beginning; `Week` lives it through the shop's app, each step at its own moment.
How far it has come, and which orders came of it, is kept in a row of shop_settings after every step; a step that was cut off is asked for
again under the same Idempotency-Key.
"""

import datetime
import json
import random
from typing import Any, NamedTuple

from cryptoshop.demo import goods, words
from cryptoshop.demo.floor import Floor, ShopSaysNo
from cryptoshop.demo.goods import DemoProduct, variants
from cryptoshop.demo.markets import MODERATOR, SHOP_MARK
from storefront.work import utc_now

SEED = 20_260_949
CHECKOUTS_PER_DAY = (7, 8, 8, 9, 10, 11, 12)  # from a week ago to today
BUYERS = {"alice": 16, "bob": 11, "carol": 10, "dora": 6, "emil": 6, "fumiko": 6, "grace": 6, "henrik": 5}
PAY_ASSETS = {"": 9, "USDT": 4, "BTC": 3, "ETH": 3, "SOL": 1, "XRP": 1}  # "": what the seller asks for
MOST_PIECES_PER_ORDER = 3
_DAY_H, _LATEST_H = 24.0, 0.3
_MARKET_SAYS_NO = ("NO_LIQUIDITY", "LIMIT_EXCEEDED", "TOO_SMALL", "MARKET_CLOSED", "QUOTE_EXPIRED", "OUT_OF_STOCK")
# Checkouts with a fate of their own, by their number in the week; those are of one seller.
FATES = {
    4: "decided", 9: "returned", 15: "returned", 20: "undeliverable", 24: "canceled", 30: "discounted", 34: "returning", 39: "disputed",
    43: "canceled", 60: "canceled",
}  # fmt: skip


class Step(NamedTuple):
    """At so many hours before the end of the week, `who` does `what`; `order` is "<checkout>/<seller>" or the checkout alone."""

    hours_ago: float
    order: str
    who: str
    what: str
    detail: dict[str, Any]


class _Shelf:
    """What is left of each variant, so that nobody plans to buy what is not there."""

    def __init__(self) -> None:
        self.left = {(product.title, each["sku"]): each["onHand"] for product in goods.PRODUCTS for each in variants(product)}

    def take(self, draw: random.Random, product: DemoProduct, pieces: int) -> tuple[str, str, int] | None:
        each = draw.choice(variants(product))
        key = (product.title, each["sku"])
        pieces = min(pieces, self.left[key] - 1)
        if pieces < 1:
            return None
        self.left[key] -= pieces
        return *key, pieces


def plan() -> list[Step]:
    """All steps of the week in their order."""
    draw = random.Random(SEED)
    shelf, said, reviewed = _Shelf(), list(words.TALKS), dict.fromkeys(words.REVIEWS, 0)
    popularity = {product.title: draw.lognormvariate(0, 0.5) / (1 + product.weight_g / 8000) for product in goods.PRODUCTS}
    hours = sorted(
        (max(_LATEST_H, _DAY_H * (len(CHECKOUTS_PER_DAY) - 1 - day) + _DAY_H * draw.random())
         for day, count in enumerate(CHECKOUTS_PER_DAY) for _ in range(count)), reverse=True,
    )  # fmt: skip
    steps: list[Step] = []
    for number, placed in enumerate(hours):
        fate = FATES.get(number, "")
        on_sale = {title: weight for title, weight in popularity.items() if goods.BY_TITLE[title].days_old * _DAY_H > placed}
        lines = _basket(draw, shelf, on_sale, 1 if fate or draw.random() < 0.82 else 2)
        buyer = _weighted(draw, BUYERS)
        detail = {"lines": [line for lines_of in lines.values() for line in lines_of], "pay": _weighted(draw, PAY_ASSETS)}
        if draw.random() < 0.12 and not fate:
            detail["voucher"] = "WELCOME10"
        steps.append(Step(placed, str(number), buyer, "place", detail))
        for seller, lines_of in lines.items():
            titles = [title for title, _, _ in lines_of]
            steps += _afterwards(draw, placed, f"{number}/{seller}", buyer, seller, fate, titles, said, reviewed)
    steps += [Step(26.0, "", seller, "payout", {}) for seller in ("hearth", "slowcup", "groove")]
    return sorted((step for step in steps if step.hours_ago >= _LATEST_H), key=lambda step: -step.hours_ago)


def _weighted(draw: random.Random, weights: dict[str, float]) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]


def _basket(draw: random.Random, shelf: _Shelf, popularity: dict[str, float], sellers: int) -> dict[str, list[tuple[str, str, int]]]:
    """seller -> (title, SKU, pieces); by the popular things of some sellers."""
    basket: dict[str, list] = {}
    while len(basket) < sellers:
        seller = goods.BY_TITLE[_weighted(draw, popularity)].seller
        if seller in basket:
            continue
        offered = {title: weight for title, weight in popularity.items() if goods.BY_TITLE[title].seller == seller}
        lines = {}
        for _ in range(draw.choices((1, 2, 3), (6, 3, 1))[0]):
            product = goods.BY_TITLE[_weighted(draw, offered)]
            light = product.weight_g < 1000
            taken = shelf.take(draw, product, draw.choices((1, 2, MOST_PIECES_PER_ORDER), (8, 2, 1))[0] if light else 1)
            if taken and product.title not in lines:
                lines[product.title] = taken
        if lines:
            basket[seller] = list(lines.values())
    return basket


def _afterwards(draw: random.Random, placed: float, order: str, buyer: str, seller: str, fate: str, titles: list[str],
                said: list, reviewed: dict[str, int]) -> list[Step]:  # fmt: skip
    """What follows a purchase, hour by hour; what would lie in the future is left out by the caller."""
    shipped = placed - draw.uniform(3, 26)
    received = shipped - draw.uniform(22, 60)
    steps: list[Step] = []

    def does(hours_ago: float, who: str, what: str, **detail: Any) -> None:
        steps.append(Step(hours_ago, order, who, what, detail))

    if draw.random() < 0.16 and placed > 4:
        question, answer = said[draw.randrange(len(said))]
        does(placed - 0.8, buyer, "say", text=question)
        does(placed - 2.9, seller, "say", text=answer)
    if fate == "canceled":
        does(placed - draw.uniform(0.4, 1.6), buyer, "cancel", reason="Ordered twice by mistake.")
        return steps
    if fate == "undeliverable":
        does(placed - 7, seller, "cancel_lines", reason="The last one we have turned out to be faulty. We are sorry.")
        return steps
    carrier, prefix = words.CARRIERS[seller]
    does(shipped, seller, "ship", carrier=carrier, tracking=f"{prefix}{draw.randrange(10**8):08d}")
    if fate in ("decided", "disputed"):
        reason, text, answer, decision = words.DISPUTES["decided" if fate == "decided" else "open"]
        opened = shipped - 20
        does(opened, buyer, "dispute", reason=reason, text=text)
        does(opened - 5, seller, "answer_dispute", text=answer)
        if decision:
            does(opened - 22, MODERATOR, "decide", text=decision)
        return steps
    does(received, buyer, "receive")
    if fate == "discounted":
        does(received - 3, buyer, "say", text="There is a small scratch on the back. I will keep it, I only wanted to tell you.")
        does(received - 6, seller, "refund", reason="For the scratch, with our apologies.")
    if fate in ("returned", "returning"):
        does(received - 4, buyer, "ask_return", reason="Nothing wrong with it, but it is not what I had in mind.")
    if fate == "returned":
        does(received - 9, seller, "approve_return")
        does(received - 34, seller, "take_back")
        return steps
    for title in titles:
        drawing = goods.BY_TITLE[title].drawing
        if draw.random() < 0.75:
            texts = words.REVIEWS[drawing][reviewed[drawing] :] or (draw.choice(words.OTHER_REVIEWS),)
            stars, heading, text = texts[0]
            reviewed[drawing] += 1
            at = received - draw.uniform(2, 30)
            does(at, buyer, "review", product=title, stars=stars, title=heading, text=text)
            if stars < 4 or draw.random() < 0.25:
                does(at - draw.uniform(1, 9), seller, "reply", product=title, text=words.REPLIES[stars])
    return steps


class Week:
    """Lives the plan."""

    def __init__(self, floor: Floor):
        self.floor = floor
        self.pool = floor.shop.pool
        self.end = utc_now()
        self.orders: dict[str, str] = {}  # "<checkout>/<seller>" -> order id
        self._variants: dict[tuple[str, str], str] = {}
        self._sellers = {seller.title: seller.name for seller in goods.SELLERS}
        self._addresses: dict[str, str] = {}

    async def live(self) -> int:
        """From where an earlier start was cut off to the end; returns the number of orders."""
        done = await self._resume()
        await self._keep(done)
        rows = await self.pool.fetch("SELECT title, sku, variant_id::text FROM shop_variants JOIN shop_products USING (product_id)")
        self._variants = {(row["title"], row["sku"]): row["variant_id"] for row in rows}
        await self._move_in()
        steps = plan()
        await self.floor.settle_left(self._at(steps[min(done, len(steps) - 1)]))
        for number, step in enumerate(steps[done:], done):
            if step.what in ("place", "payout") or step.order in self.orders:
                await getattr(self, f"_{step.what}")(step)
            await self._keep(number + 1)
        await self._looks()
        return len(self.orders)

    # ---- how far it has come

    async def _resume(self) -> int:
        row = await self.pool.fetchval("SELECT value FROM shop_settings WHERE name = $1", SHOP_MARK)
        kept = json.loads(row) if row else {}
        self.end = datetime.datetime.fromisoformat(kept["end"]) if "end" in kept else self.end
        self.orders = kept.get("orders", {})
        return kept.get("steps", 0)

    async def _keep(self, steps: int) -> None:
        await self.pool.execute(
            """INSERT INTO shop_settings (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            SHOP_MARK, json.dumps({"end": self.end.isoformat(), "steps": steps, "orders": self.orders}),
        )  # fmt: skip

    def _at(self, step: Step) -> datetime.datetime:
        return self.end - datetime.timedelta(hours=step.hours_ago)

    async def _ask(self, step: Step, method: str, path: str, body: Any = None, *, part: str = "") -> Any:
        """As the step's person, at its moment; a POST under a key of the step's own."""
        key = f"demo {step.order} {step.what} {step.hours_ago:.4f} {part}".strip() if method == "POST" else ""
        return await self.floor.ask(step.who, method, path, body, at=self._at(step), key=key)

    # ---- buying

    async def _move_in(self) -> None:
        """Everybody has an address."""
        for buyer, address in words.ADDRESSES.items():
            there = (await self.floor.ask(buyer, "GET", "/shop/addresses"))["items"]
            if not there:
                there = [await self.floor.ask(buyer, "POST", "/shop/addresses", address, at=self.end - datetime.timedelta(9))]
            self._addresses[buyer] = there[0]["id"]

    async def _place(self, step: Step) -> None:
        """Fill the cart and pay. Where the market has too little to convert, in what the seller asks for; where that fails, not at all."""
        owed = goods.ASSET_OF[goods.BY_TITLE[step.detail["lines"][0][0]].seller]
        for asset in dict.fromkeys((step.detail["pay"] or owed, owed)):
            for title, sku, pieces in step.detail["lines"]:
                await self._ask(step, "PUT", f"/shop/cart/lines/{self._variants[title, sku]}", {"quantity": pieces})
            wanted = {"addressId": self._addresses[step.who], "payAsset": asset, "voucher": step.detail.get("voucher", "")}
            try:
                checkout = await self._ask(step, "POST", "/shop/checkouts", wanted, part=asset)
                await self._ask(step, "POST", f"/shop/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]}, part=f"pay {asset}")
            except ShopSaysNo as no:
                if no.code not in _MARKET_SAYS_NO:
                    raise
                continue
            paid = await self._ask(step, "GET", f"/shop/checkouts/{checkout['id']}")
            for order in paid["orders"]:
                self.orders[f"{step.order}/{self._sellers[order['seller']['name']]}"] = order["orderId"]
            break
        for title, sku, _ in step.detail["lines"]:  # left over where a step that was cut off is done again
            await self._ask(step, "PUT", f"/shop/cart/lines/{self._variants[title, sku]}", {"quantity": 0})

    async def _order(self, step: Step) -> dict:
        return await self._ask(step, "GET", f"/shop/orders/{self.orders[step.order]}")

    async def _on_order(self, step: Step, action: str, body: Any = None) -> dict:
        return await self._ask(step, "POST", f"/shop/orders/{self.orders[step.order]}/{action}", body)

    async def _say(self, step: Step) -> None:
        await self._on_order(step, "messages", step.detail)

    async def _cancel(self, step: Step) -> None:
        await self._on_order(step, "cancel", step.detail)

    async def _receive(self, step: Step) -> None:
        await self._on_order(step, "receipt")

    async def _dispute(self, step: Step) -> None:
        await self._on_order(step, "dispute", step.detail)

    async def _ask_return(self, step: Step) -> None:
        lines = [{"lineId": line["id"], "quantity": line["quantity"]} for line in (await self._order(step))["lines"]]
        await self._on_order(step, "returns", step.detail | {"lines": lines})

    async def _review(self, step: Step) -> None:
        detail = step.detail
        line = next(line for line in (await self._order(step))["lines"] if line["title"] == detail["product"])
        said = {"lineId": line["id"], "rating": detail["stars"], "title": detail["title"], "text": detail["text"]}
        await self._ask(step, "POST", f"/shop/products/{line['productSlug']}/reviews", said, part=line["id"][:8])

    # ---- selling

    async def _ship(self, step: Step) -> None:
        await self._on_order(step, "shipments", step.detail)

    async def _cancel_lines(self, step: Step) -> None:
        line = (await self._order(step))["lines"][0]
        await self._on_order(step, "cancel-lines", step.detail | {"lines": [{"lineId": line["id"], "quantity": line["quantity"]}]})

    async def _refund(self, step: Step) -> None:
        """A tenth of the goods' price."""
        total = (await self._order(step))["itemsTotal"]
        units = self.floor.shop.units(total["asset"], total["amount"]) // 10
        await self._on_order(step, "refunds", step.detail | {"amount": self._round(total["asset"], units)})

    async def _answer_dispute(self, step: Step) -> None:
        await self._on_order(step, "dispute/reply", step.detail)

    async def _decide(self, step: Step) -> None:
        """Half for each."""
        held = (await self._order(step))["held"]
        amount = self._round(held["asset"], self.floor.shop.units(held["asset"], held["amount"]) // 2)
        await self._on_order(step, "dispute/decide", step.detail | {"toBuyer": amount})

    async def _approve_return(self, step: Step) -> None:
        await self._ask(step, "POST", f"/shop/returns/{(await self._order(step))['returns'][0]['id']}/approve")

    async def _take_back(self, step: Step) -> None:
        await self._ask(step, "POST", f"/shop/returns/{(await self._order(step))['returns'][0]['id']}/received")

    async def _reply(self, step: Step) -> None:
        review_id = await self.pool.fetchval(
            """SELECT r.review_id::text FROM shop_reviews r JOIN shop_order_lines l USING (line_id)
               WHERE l.order_id = $1 AND l.title = $2""",
            self.orders[step.order], step.detail["product"],
        )  # fmt: skip
        if review_id:
            await self._ask(step, "POST", f"/shop/reviews/{review_id}/reply", {"text": step.detail["text"]})

    async def _payout(self, step: Step) -> None:
        """Half of what is there."""
        for balance in (await self._ask(step, "GET", "/shop/seller/balance"))["balances"]:
            asset = balance["asset"]
            units = self.floor.shop.units(asset, balance["payable"]) // 2
            if units:
                await self._ask(step, "POST", "/shop/seller/payouts", {"asset": asset, "amount": self._round(asset, units)})

    def _round(self, asset: str, units: int) -> str:
        """To cents, or to a hundred-thousandth of a coin, where that leaves something."""
        grain = 10 ** (self.floor.shop.asset(asset).scale - (2 if asset == "USDT" else 5))
        return self.floor.shop.text(self.floor.shop.asset(asset).asset, max(1, units // grain) * grain)

    # ---- looking

    async def _looks(self) -> None:
        """How often products were looked at and put into carts, day by day, more often what sells; and what some wish for."""
        draw = random.Random(SEED)
        rows = await self.pool.fetch("SELECT product_id, sold FROM shop_products ORDER BY title")
        counts = []
        for days_ago in range(len(CHECKOUTS_PER_DAY) - 1, -1, -1):
            day = (self.end - datetime.timedelta(days_ago)).date()
            for row in rows:
                views = round((14 + 7 * row["sold"]) * draw.uniform(0.6, 1.4) * (1.2 - 0.07 * days_ago))
                counts.append((day, row["product_id"], views, round(views * draw.uniform(0.03, 0.12))))
        for number, row in enumerate(rows):
            if number % 7 == 3:
                buyer = list(BUYERS)[number % 3]
                await self.floor.ask(buyer, "PUT", f"/shop/wishes/{row['product_id']}", at=self.end - datetime.timedelta(hours=number))
        await self.pool.executemany(
            "INSERT INTO shop_daily_counts (day, product_id, views, carts) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", counts
        )
