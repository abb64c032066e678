"""A purchase over HTTP, from the cart into escrow, paid in the asset that is owed."""

import datetime
import json
import uuid

import pytest

from storefront.checkout.keeper import sweep
from tests.storefront.checkout.buying import amount, confirm, opened, put_into_cart, start


async def test_a_purchase_ends_in_escrow(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, "Walnut Bowl", price="20", stock=10)
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, quantity=3)
        assert checkout["state"] == "open" and amount(checkout["most"]) == ("USDT", "65.000000") == amount(checkout["expected"])
        assert checkout["conversions"] == [] and checkout["receipt"] is None
        order = checkout["orders"][0]
        assert (order["itemsTotal"]["amount"], order["shipping"]["amount"], order["orderId"]) == ("60.000000", "5.000000", None)
        assert await world.pool.fetchval("SELECT reserved FROM shop_variants") == 3
        answer = await confirm(client, checkout)
        assert answer.status_code == 200, answer.text
        paid = answer.json()
        assert paid["state"] == "paid" and paid["orders"][0]["number"] >= 10001
        assert amount(paid["receipt"]["paid"]) == ("USDT", "65.000000")
        assert (await client.get(f"/shop/checkouts/{checkout['id']}")).json() == paid
        assert (await client.get("/shop/cart")).json()["count"] == 0
    hold = paid["receipt"]["escrows"][0]["hold"]
    pending = world.exchange.machine.pending(int(hold["hi"]), int(hold["lo"]))
    assert (pending.credit, pending.amount) == (seller.payable, 65_000_000)
    assert world.balance(bea.account, "USDT") == ("99935.000000", "0.000000")
    row = await world.pool.fetchrow("SELECT * FROM shop_orders JOIN shop_order_lines USING (order_id)")
    assert (row["payment"], row["held"], row["quantity"], row["shipping_name"]) == ("held", 65_000_000, 3, "Parcel")
    told = await world.pool.fetch("SELECT type, body FROM shop_events ORDER BY event_id")
    assert [event["type"] for event in told] == ["order.paid"]
    stock = await world.pool.fetchrow("SELECT on_hand, reserved, allocated FROM shop_variants")
    assert tuple(stock) == (10, 0, 3)
    assert await world.pool.fetchval("SELECT sold FROM shop_products") == 3
    assert await world.pool.fetchval("SELECT count(*) FROM shop_reservations") == 0
    await world.check()


async def test_a_cart_of_several_sellers_is_one_payment(world):
    sellers = [await world.seller("ann"), await world.seller("ben", shipping="7")]
    bea = await world.person("bea")
    products = [await world.product(seller, price=price) for seller, price in zip(sellers, ("10", "30"), strict=True)]
    async with world.client(bea) as client:
        for product in products:
            await put_into_cart(client, product, 2)
        checkout = (await start(client, await world.address(bea))).json()
        assert [order["seller"]["slug"] for order in checkout["orders"]] == ["ann", "ben"]
        assert amount(checkout["most"]) == ("USDT", "92.000000")
        paid = (await confirm(client, checkout)).json()
    assert len(paid["receipt"]["escrows"]) == 2
    assert await world.pool.fetch("SELECT total FROM shop_orders ORDER BY number") == [(25_000_000,), (67_000_000,)]
    assert await world.pool.fetchval("SELECT count(*) FROM shop_settlements") == 1
    await world.check()


async def test_taxes_shipping_and_voucher_come_together(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="100")
    await world.pool.execute(
        "INSERT INTO shop_tax_rates VALUES ('DE', 'standard', 'VAT', 190000, true), ('US', 'standard', 'Sales tax', 70000, false)"
    )
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES (gen_random_uuid(), 'TENTH', 'percent', 100000, now())"
    )
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, voucher="tenth")
        order = checkout["orders"][0]
        assert [order[name]["amount"] for name in ("itemsTotal", "discount", "shipping", "tax", "taxIncluded", "total")] == [
            "100.000000", "10.000000", "5.000000", "0.000000", "14.369748", "95.000000",
        ]  # fmt: skip
        assert checkout["voucher"] == {"code": "TENTH", "text": "10 % off"} and checkout["taxText"] == "VAT 19 % included"
        checkout = (await start(client, await world.address(bea, "US"))).json()
        order = checkout["orders"][0]
        assert (order["tax"]["amount"], order["total"]["amount"]) == ("7.000000", "112.000000")
        assert (await confirm(client, checkout)).json()["state"] == "paid"
    row = await world.pool.fetchrow("SELECT tax, total FROM shop_order_lines")
    assert tuple(row) == (7_000_000, 107_000_000)


async def test_a_seller_hears_once_that_little_is_left(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, stock=5)
    async with world.client(bea) as client:
        for _ in range(3):
            await confirm(client, await opened(world, client, bea, product))
    bodies = [json.loads(row["body"]) for row in await world.pool.fetch("SELECT body FROM shop_events WHERE type = 'stock.low'")]
    assert [(body["variantId"], body["saleable"]) for body in bodies] == [(str(product.variant_id), 3)]


async def test_store_credit_pays_first_and_may_pay_all(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="20")
    reference = (77, 77)
    credit = await world.open_account(reference)
    await world.pool.execute("INSERT INTO shop_credit_accounts VALUES ($1, 77, 77, $2)", bea.user_id, credit)
    await world.deposit(credit, {"USDT": "35"})
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, useCredit=True)
        assert [amount(money) for money in checkout["credit"]] == [("USDT", "25.000000")] and checkout["due"] == []
        assert (await confirm(client, checkout)).json()["state"] == "paid"
        checkout = await opened(world, client, bea, product, useCredit=True)
        assert (amount(checkout["due"][0]), amount(checkout["most"])) == (("USDT", "15.000000"), ("USDT", "15.000000"))
        assert (await confirm(client, checkout)).json()["state"] == "paid"
    assert world.balance(credit, "USDT") == ("0.000000", "0.000000")
    assert world.balance(bea.account, "USDT") == ("99985.000000", "0.000000")
    assert await world.pool.fetch("SELECT from_credit FROM shop_orders ORDER BY number") == [(25_000_000,), (10_000_000,)]
    await world.check()


async def test_what_costs_nothing_is_paid_without_the_ledger(world):
    seller, bea = await world.seller("sam", shipping="0"), await world.person("bea")
    product = await world.product(seller, price="20")
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES (gen_random_uuid(), 'GIFT', 'percent', 1000000, now())"
    )
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, voucher="GIFT")
        paid = (await confirm(client, checkout)).json()
        assert (paid["state"], paid["receipt"]["paid"]["amount"]) == ("paid", "0.000000")
    assert await world.pool.fetchval("SELECT count(*) FROM shop_settlements") == 0
    await world.check()


async def test_what_no_column_holds_is_not_bought_for_nothing_either(world):
    seller, bea = await world.seller("sam", shipping="0"), await world.person("bea")
    product = await world.product(seller, price="4611686018427", stock=999)
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES (gen_random_uuid(), 'GIFT', 'percent', 1000000, now())"
    )
    async with world.client(bea) as client:
        await put_into_cart(client, product, 999)
        for more in ({}, {"voucher": "GIFT"}):
            assert (await start(client, await world.address(bea), **more)).json()["code"] == "INVALID_AMOUNT"
        await put_into_cart(client, product, 0)
        for name in ("ann", "ben", "cid"):
            await put_into_cart(client, await world.product(await world.seller(name, shipping="0"), price="4611686018427", stock=1))
        assert (await start(client, await world.address(bea))).json()["code"] == "INVALID_AMOUNT"


async def test_a_moderators_word_holds_for_what_is_kept_for_somebody_too(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller)
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product)
        for table, state, before in (("shop_products", "blocked", "active"), ("shop_sellers", "suspended", "approved")):
            await world.pool.execute(f"UPDATE {table} SET state = $1", state)
            answer = await confirm(client, checkout)
            assert (answer.status_code, answer.json()["code"]) == (409, "NOT_NOW")
            await world.pool.execute(f"UPDATE {table} SET state = $1", before)
        await world.pool.execute("UPDATE shop_products SET state = 'archived'")  # by the seller: what is kept stays kept
        assert (await confirm(client, checkout)).json()["state"] == "paid"
    await world.check()


async def test_a_voucher_that_was_switched_off_meanwhile_says_so(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    await world.pool.execute(
        "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES (gen_random_uuid(), 'TEN', 'percent', 100000, now())"
    )
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, await world.product(seller), voucher="TEN")
        await world.pool.execute("UPDATE shop_vouchers SET active = false")
        assert (await confirm(client, checkout)).json()["code"] == "VOUCHER_INVALID"
    assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 0


async def test_a_refused_payment_leaves_the_checkout_open_and_the_next_attempt_has_its_own_orders(world):
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"USDT": "30"})
    product = await world.product(seller, price="20")
    await world.pool.execute(
        """INSERT INTO shop_vouchers (voucher_id, code, kind, amount, asset, uses_max, created_at)
           VALUES (gen_random_uuid(), 'FIVE', 'amount', 5000000, $1, 1, now())""", world.asset("USDT"),
    )  # fmt: skip
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, quantity=2, voucher="FIVE")
        assert checkout["choices"][0]["reason"] == "INSUFFICIENT_BALANCE"
        world.shop.exchange.machine.balance, kept = (lambda *_: (10**12, 0)), world.shop.exchange.machine.balance  # the replica lags
        try:
            answer = await confirm(client, checkout)
        finally:
            world.shop.exchange.machine.balance = kept
        assert (answer.status_code, answer.json()["code"]) == (409, "INSUFFICIENT_BALANCE")
        again = answer.json()["detail"]["checkout"]
        assert (again["state"], again["failure"], again["reservedUntil"]) == ("open", "INSUFFICIENT_BALANCE", checkout["reservedUntil"])
        assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 0
        assert (await confirm(client, again)).json()["code"] == "INSUFFICIENT_BALANCE"  # seen before anything is entered
        await world.deposit(bea.account, {"USDT": "10"})
        paid = (await confirm(client, again)).json()
        assert paid["state"] == "paid" and len(paid["orders"]) == 1
        assert await world.pool.fetchval("SELECT uses FROM shop_vouchers") == 1
    assert await world.pool.fetch("SELECT payment, held FROM shop_orders ORDER BY number") == [("failed", 0), ("held", 40_000_000)]
    assert world.balance(bea.account, "USDT") == ("0.000000", "0.000000")
    await world.check()


async def test_I14_price_shown_locked_and_charged_are_one(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, price="19.99")
    async with world.client(bea) as client:
        await put_into_cart(client, product)
        await world.pool.execute("UPDATE shop_variants SET price = price + 1")
        answer = await start(client, await world.address(bea))
        assert (answer.status_code, answer.json()["code"]) == (409, "PRICE_CHANGED")
        shown = (await client.post("/shop/cart/accept")).json()["totals"][0]
        checkout = (await start(client, await world.address(bea))).json()
        assert checkout["orders"][0]["itemsTotal"] == shown
        await world.pool.execute("UPDATE shop_variants SET price = price * 2")  # locked before
        wrong = checkout | {"most": {"asset": "USDT", "amount": "24.990000"}}
        answer = await confirm(client, wrong)
        assert (answer.json()["code"], answer.json()["detail"]["checkout"]["most"]) == ("PRICE_CHANGED", checkout["most"])
        paid = (await confirm(client, checkout)).json()
        assert paid["receipt"]["paid"] == checkout["most"] == {"asset": "USDT", "amount": "24.990001"}
    assert world.balance(bea.account, "USDT") == ("99975.009999", "0.000000")
    row = await world.pool.fetchrow("SELECT rate_source, expires_at FROM shop_checkouts")
    assert '"position"' in row["rate_source"] and row["expires_at"]


async def test_I14_an_expired_quote_is_renewed_not_charged(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller)
    world.now = datetime.datetime.now(datetime.UTC)
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product)
        world.now += datetime.timedelta(seconds=61)
        answer = await confirm(client, checkout)
        assert (answer.status_code, answer.json()["code"]) == (409, "QUOTE_EXPIRED")
        renewed = answer.json()["detail"]["checkout"]
        assert renewed["expiresAt"] == checkout["expiresAt"] + 61_000 and renewed["reservedUntil"] == checkout["reservedUntil"]
        assert world.balance(bea.account, "USDT")[0] == "100000.000000"
        world.now += datetime.timedelta(seconds=530)
        answer = await client.post(f"/shop/checkouts/{checkout['id']}/quote", json={"payAsset": "USDT"})
        assert answer.json()["expiresAt"] == checkout["reservedUntil"]  # no quote outlives the reservation
        world.now += datetime.timedelta(seconds=10)
        answer = await confirm(client, answer.json())
        assert (answer.json()["code"], answer.json().get("detail")) == ("QUOTE_EXPIRED", None)
        assert (await client.get(f"/shop/checkouts/{checkout['id']}")).json()["state"] == "expired"


async def test_a_checkout_ends_the_one_before_and_can_be_given_up(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, stock=2)
    async with world.client(bea) as client:
        first = await opened(world, client, bea, product, quantity=2)
        cart = (await client.get("/shop/cart")).json()
        assert (cart["count"], cart["notices"]) == (2, [])  # what the checkout keeps is the buyer's own
        second = await opened(world, client, bea, product, quantity=2)
        assert (await client.get(f"/shop/checkouts/{first['id']}")).json()["state"] == "abandoned"
        assert (await confirm(client, first)).json()["code"] == "NOT_NOW"
        assert (await client.delete(f"/shop/checkouts/{second['id']}")).json() == {}
        assert await world.pool.fetchval("SELECT reserved FROM shop_variants") == 0
        assert (await confirm(client, second)).json()["code"] == "NOT_NOW"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"payAsset": "DOGE"}, "UNKNOWN_ASSET"),
        ({"addressId": str(uuid.uuid4())}, "NOT_FOUND"),
        ({"voucher": "NONE"}, "VOUCHER_INVALID"),
        ({"shipping": {"sam": str(uuid.uuid4())}}, "NO_SHIPPING"),
        ({"shipping": []}, "INVALID_REQUEST"),
        ({"more": 1}, "INVALID_REQUEST"),
    ],
)
async def test_what_cannot_be_opened_leaves_nothing_behind(world, body, code):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller)
    async with world.client(bea) as client:
        address = str(await world.address(bea))
        assert (await client.post("/shop/checkouts", json={"addressId": address, "payAsset": "USDT"})).json()["code"] == "CART_EMPTY"
        await put_into_cart(client, product)
        answer = await client.post("/shop/checkouts", json={"addressId": address, "payAsset": "USDT"} | body)
        assert answer.json()["code"] == code
    assert await world.pool.fetchval("SELECT count(*) FROM shop_checkouts") == 0
    assert await world.pool.fetchval("SELECT reserved FROM shop_variants") == 0


async def test_what_is_left_is_bought_and_nothing_stays_in_the_cart(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller, stock=5)
    async with world.client(bea) as client:
        await put_into_cart(client, product, 5)
        await world.pool.execute("UPDATE shop_variants SET on_hand = 2")
        cart = (await client.get("/shop/cart")).json()
        assert (cart["count"], [notice["code"] for notice in cart["notices"]]) == (2, ["REDUCED"])
        checkout = (await start(client, await world.address(bea))).json()
        assert checkout["orders"][0]["itemsTotal"] == cart["totals"][0]
        assert (await confirm(client, checkout)).json()["state"] == "paid"
        assert (await client.get("/shop/cart")).json()["sellers"] == []


async def test_a_checkout_is_its_buyers_alone(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller)
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product)
    path = f"/shop/checkouts/{checkout['id']}"
    async with world.client(await world.person()) as other, world.client() as nobody:
        for client, status in ((other, 404), (nobody, 401)):
            assert (await client.get(path)).status_code == status
            assert (await client.delete(path)).status_code == status
            assert (await client.post(f"{path}/quote", json={"payAsset": "USDT"})).status_code == status
            assert (await confirm(client, checkout)).status_code == status
        bea_address = await world.address(bea)
        await put_into_cart(other, product)
        assert (await start(other, bea_address)).status_code == 404


async def test_what_ends_by_itself(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    product = await world.product(seller)
    world.now = datetime.datetime.now(datetime.UTC)
    async with world.client() as guest:
        await put_into_cart(guest, product)
    async with world.client(bea) as client:
        await put_into_cart(client, product)
        await client.post("/shop/cart/accept", headers={"Idempotency-Key": "one"})
        world.now += datetime.timedelta(days=31)
        await sweep(world.shop)
        assert await world.pool.fetchval("SELECT count(*) FROM shop_carts WHERE token_hash IS NOT NULL") == 0
        assert await world.pool.fetchval("SELECT count(*) FROM shop_answers") == 0
        assert (await client.get("/shop/cart")).json()["count"] == 1


async def test_addresses_are_bounded_and_ones_own(world):
    given = {"name": "Bea", "line1": "Main Street 1", "city": "Town", "country": "DE"}
    async with world.client(await world.person("bea")) as client, world.client(await world.person()) as other:
        first = (await client.post("/shop/addresses", json=given)).json()
        path = f"/shop/addresses/{first['id']}"
        changed = await client.put(path, json=given | {"city": "Village", "postcode": "1"})
        assert (changed.json()["city"], changed.json()["id"]) == ("Village", first["id"])
        assert (await other.put(path, json=given)).status_code == 404 and (await other.delete(path)).status_code == 404
        for wrong in (given | {"country": "de"}, given | {"country": "DE\n"}, given | {"name": ""}, given | {"name": " "},
                      given | {"line2": "x" * 201}, given | {"city": "a\x00b"}, {}):
            assert (await client.post("/shop/addresses", json=wrong)).status_code == 400
        for _ in range(19):
            assert (await client.post("/shop/addresses", json=given)).status_code == 201
        assert (await client.post("/shop/addresses", json=given)).json()["code"] == "TOO_MANY"
        assert (await client.delete(path)).status_code == 200
        assert len((await client.get("/shop/addresses")).json()["items"]) == 19


async def test_a_voucher_says_whether_it_holds(world):
    bea = await world.person("bea")
    await world.pool.execute(
        """INSERT INTO shop_vouchers (voucher_id, code, kind, amount, asset, items_min, ends_at, created_at)
           SELECT gen_random_uuid(), code, 'amount', 5500000, $1, 20000000, ends_at::timestamptz, now()
           FROM (VALUES ('GOOD', NULL), ('PAST', '2020-01-01')) AS v (code, ends_at)""", world.asset("USDT"),
    )  # fmt: skip
    async with world.client(bea) as client:
        good = (await client.get("/shop/vouchers/good")).json()
        assert good == {"code": "GOOD", "text": "5.5 USDT off from 20 USDT on", "valid": True, "reason": ""}
        for code in ("PAST", "NEVER", "%00"):
            answer = (await client.get(f"/shop/vouchers/{code}")).json()
            assert not answer["valid"] and answer["reason"]
