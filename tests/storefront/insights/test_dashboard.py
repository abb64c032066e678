"""Every number of the dashboard equals what comes out when it is counted again, row by row, in Python."""

import datetime
import json
import random
import uuid
from collections import Counter, defaultdict

import pytest

NOW = datetime.datetime(2026, 11, 22, 0, 30, tzinfo=datetime.UTC)  # so that many fall on either side of midnight
PAYMENTS = ("pending", "failed", "held", "held", "released", "refunded", "divided")
FULFILMENTS = ("unfulfilled", "partially_shipped", "shipped", "received", "canceled", "returned")


async def history(world, seller, buyer, products, chance, count):
    """Orders, lines, refunds and counts as they never were, but as the tables allow them."""
    checkout_id = uuid.uuid4()
    await world.pool.execute(
        """INSERT INTO shop_checkouts (checkout_id, user_id, state, address, content, pay_asset, most, legs, rate_source, expires_at,
                                       created_at) VALUES ($1, $2, 'paid', '{}', '{}', 1, 0, '[]', '{}', $3, $3)""",
        checkout_id, buyer.user_id, NOW,
    )  # fmt: skip
    for _ in range(count):
        order_id, product, payment = uuid.uuid4(), chance.choice(products), chance.choice(PAYMENTS)
        placed = NOW - datetime.timedelta(minutes=chance.randrange(40 * 24 * 60))
        paid = placed + datetime.timedelta(minutes=chance.randrange(90)) if chance.random() < 0.9 else None
        quantity, price, asset = chance.randint(1, 4), chance.randint(1, 10**9), product[1]
        total = quantity * price
        held = total if payment == "held" else 0
        await world.pool.execute(
            """INSERT INTO shop_orders (order_id, checkout_id, buyer_id, buyer_account, seller_id, payment, fulfilment, dispute, asset,
                   items_total, total, commission_ppm, held, released, address, placed_at, paid_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 0, $11, $12, '{}', $13, $14)""",
            order_id, checkout_id, buyer.user_id, buyer.account, seller.seller_id, payment, chance.choice(FULFILMENTS),
            chance.choice(("none", "none", "open", "withdrawn")), asset, total, held, total - held, placed, paid,
        )  # fmt: skip
        shipped = chance.randint(0, quantity)
        await world.pool.execute(
            """INSERT INTO shop_order_lines (line_id, order_id, product_id, variant_id, title, sku, options, quantity, unit_price, total,
                                             shipped, returned) VALUES ($1, $2, $3, $4, 't', 's', '{}', $5, $6, $7, $8, $9)""",
            uuid.uuid4(), order_id, product[0].product_id, product[0].variant_id, quantity, price, total, shipped,
            chance.randint(0, shipped),
        )  # fmt: skip
        if chance.random() < 0.4:
            await world.pool.execute(
                "INSERT INTO shop_refunds (refund_id, order_id, amount, state, settlement_id, created_at) VALUES ($1, $2, $3, $4, $1, $5)",
                uuid.uuid4(), order_id, chance.randint(1, total), chance.choice(("settling", "done", "failed")),
                placed + datetime.timedelta(minutes=chance.randrange(3000)),
            )  # fmt: skip
    for product, _ in products:
        for back in range(0, 40, 3):
            await world.pool.execute(
                "INSERT INTO shop_daily_counts VALUES ($1, $2, $3, $4)", NOW.date() - datetime.timedelta(days=back), product.product_id,
                chance.randrange(100), chance.randrange(20),
            )  # fmt: skip


async def recount(world, seller, asset, days):
    """The dashboard, from all rows there are."""

    async def rows(table):
        return [dict(row) for row in await world.pool.fetch(f"SELECT * FROM {table}")]

    def money(sums):
        names = {world.asset(name): name for name in ("USDT", "BTC", "ETH")}
        return sorted((names[number], world.text(names[number], units)) for number, units in sums.items())

    def week(last):
        within = [order for order in paid if 0 <= (last - order["day"]).days < 7]
        sums = Counter()
        for order in within:
            sums[order["asset"]] += order["total"]
        return {"orders": len(within), "sales": money(sums)}

    def in_span(day):
        return 0 <= (NOW.date() - day).days < days

    mine = [order for order in await rows("shop_orders") if order["seller_id"] == seller.seller_id]
    paid = [order for order in mine if order["payment"] not in ("pending", "failed")]
    for order in paid:
        order["day"] = (order["paid_at"] or order["placed_at"]).astimezone(datetime.UTC).date()
    spanned = {order["order_id"]: order for order in paid if in_span(order["day"])}
    lines = [line for line in await rows("shop_order_lines") if line["order_id"] in spanned]
    products = {row["product_id"]: row for row in await rows("shop_products") if row["seller_id"] == seller.seller_id}
    counts = [row for row in await rows("shop_daily_counts") if row["product_id"] in products and in_span(row["day"])]
    held, series, top = Counter(), defaultdict(Counter), defaultdict(Counter)
    for order in mine:
        held[order["asset"]] += order["held"]
    for order in spanned.values():
        if order["asset"] == asset:
            series[order["day"]] += Counter(orders=1, sales=order["total"])
    orders = {order["order_id"]: order for order in mine}
    for refund in await rows("shop_refunds"):
        order = orders.get(refund["order_id"])
        if order and order["asset"] == asset and refund["state"] == "done":
            series[refund["created_at"].astimezone(datetime.UTC).date()]["refunds"] += refund["amount"]
    for row in counts:
        if products[row["product_id"]]["asset"] == asset:
            series[row["day"]]["views"] += row["views"]
    for line in lines:
        if spanned[line["order_id"]]["asset"] == asset:
            top[line["product_id"]] += Counter(quantity=line["quantity"], sales=line["total"])
    shipped = sum(line["shipped"] for line in lines)
    name = next(name for name in ("USDT", "BTC", "ETH") if world.asset(name) == asset)
    span = [NOW.date() - datetime.timedelta(days=back) for back in reversed(range(days))]
    return {
        "numbers": {
            "toShip": sum(o["payment"] in ("held", "released", "divided") and o["fulfilment"] in FULFILMENTS[:2] for o in mine),
            "disputes": sum(order["dispute"] == "open" for order in mine),
            "held": money(+held),
            "payable": [("BTC", "0.50000000")],
            "thisWeek": week(NOW.date()),
            "lastWeek": week(NOW.date() - datetime.timedelta(days=7)),
            "conversion": {what: sum(row[what] for row in counts) for what in ("views", "carts")} | {"orders": len(spanned)},
            "returnsRate": pytest.approx(sum(line["returned"] for line in lines) / shipped, abs=5e-5),
            "averageRating": 4.33,
        },
        "series": [
            {"day": str(day), "orders": series[day]["orders"], "sales": world.text(name, series[day]["sales"]),
             "refunds": world.text(name, series[day]["refunds"]), "views": series[day]["views"]} for day in span
        ],
        "asset": name,
        "topProducts": sorted(
            ({"slug": products[product]["slug"], "title": products[product]["title"], "image": None, "quantity": sums["quantity"],
              "sales": {"asset": name, "amount": world.text(name, sums["sales"])}} for product, sums in top.items()),
            key=lambda row: -float(row["sales"]["amount"]),
        )[:5],
    }  # fmt: skip


def plain(dashboard):
    """Lists of Money as sorted pairs."""
    shown = json.loads(json.dumps(dashboard))
    numbers = shown["numbers"]
    for place, name in ((numbers, "held"), (numbers, "payable"), (numbers["thisWeek"], "sales"), (numbers["lastWeek"], "sales")):
        place[name] = sorted((money["asset"], money["amount"]) for money in place[name])
    return shown


async def test_every_number_is_what_the_rows_say(world):
    world.now = NOW
    chance = random.Random(5)
    sam, other, buyer = await world.seller("sam"), await world.seller("other"), await world.person("bea")
    for seller in (sam, other):
        products = [(await world.product(seller, asset=name), world.asset(name)) for name in ("USDT", "BTC") for _ in range(6)]
        await history(world, seller, buyer, products, chance, 120)
    await world.deposit(sam.payable, {"BTC": "0.5"})
    await world.pool.execute("UPDATE shop_sellers SET rating_sum = 13, rating_count = 3 WHERE seller_id = $1", sam.seller_id)
    async with world.client(sam) as client:
        for days, name in ((7, "USDT"), (30, "USDT"), (30, "BTC"), (90, "ETH")):
            answer = await client.get("/shop/seller/dashboard", params={"days": days, "asset": name})
            assert answer.status_code == 200, answer.text
            assert plain(answer.json()) == await recount(world, sam, world.asset(name), days)


async def test_a_new_sellers_dashboard_is_empty_and_names_an_asset(world):
    world.now = NOW
    sam = await world.seller("sam")
    async with world.client(sam) as client, world.client(await world.person()) as nobody:
        shown = (await client.get("/shop/seller/dashboard?days=7")).json()
        assert shown["numbers"]["returnsRate"] is None
        assert shown["numbers"]["averageRating"] is None
        assert [day["orders"] for day in shown["series"]] == [0] * 7
        assert shown["series"][-1]["day"] == "2026-11-22"
        assert shown["topProducts"] == []
        await world.product(sam, asset="ETH")
        assert (await client.get("/shop/seller/dashboard")).json()["asset"] == "ETH"
        for query in ("days=8", "days=x", "asset=NONE"):
            assert (await client.get(f"/shop/seller/dashboard?{query}")).status_code == 400
        assert (await nobody.get("/shop/seller/dashboard")).json()["code"] == "NOT_A_SELLER"
