"""The offices in a real browser on a real venue: sellers fulfil and are paid, moderators decide, a wallet adds up, a network goes away."""

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.conftest import SIZES, Desk
from tests.web.stock import GOODS, Person, Stock, picture
from tests.web.test_trade_page import findings, number

LAMP, READING_LAMP, _, MUG, PAN = (title for title, *_ in GOODS[:5])


@pytest.fixture(scope="module")
def stock(venue) -> Iterator[Stock]:
    stocked = Stock(venue)
    yield stocked
    stocked.close()


@pytest.fixture(scope="module")
def buyer(venue) -> Iterator[Person]:
    account = venue.demo_accounts()["carol"]
    person = Person(venue, account["email"], account["password"], new=False)
    yield person
    person.close()


def enter(desk: Desk, person: Person) -> Page:
    """Signed in, without walking through the form."""
    answer = desk.page.request.post(desk.venue.rest_url + "/account/login", data={"email": person.email, "password": person.password})
    assert answer.ok, answer.text()
    return desk.page


def buy(stock: Stock, buyer: Person, *titles: str) -> dict:
    """A paid order of one of each."""
    (order,) = stock.buy(buyer, *titles, pay_asset="USDT")["orders"]
    return order


def card(page: Page, name: str):
    return page.get_by_role("region", name=name, exact=True)


def shown_figure(page: Page, name: str) -> str:
    return page.locator(".figure").filter(has_text=name).locator("strong").inner_text()


# ---------------------------------------------------------------- becoming a seller, and selling


def test_somebody_applies_and_a_moderator_approves(open_desk, venue, stock):
    applicant = Person(venue, "fern@example.com")
    desk = open_desk(width=1024)
    page = enter(desk, applicant)
    desk.visit("/seller")
    expect(page.get_by_role("heading", name="Sell on CryptoShop")).to_be_visible()
    page.get_by_label("Name of your shop").fill("Fern and Field")
    page.get_by_label("You ship from").select_option("FR")
    page.get_by_label("About your shop").fill("Plants, grown slowly.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Fern and Field is being looked at")).to_be_visible()

    office = open_desk()
    moderator = enter(office, stock.admin)
    office.visit("/moderate")
    assert int(shown_figure(moderator, "Sellers waiting")) >= 1
    moderator.get_by_role("link", name="Sellers waiting").click()
    card(moderator, "Fern and Field").get_by_role("button", name="Approve").click()
    moderator.get_by_role("dialog").get_by_label("A word to the seller").fill("Welcome.")
    moderator.keyboard.press("Tab")
    moderator.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(card(moderator, "Fern and Field")).to_have_count(0)

    page.reload()
    expect(page.get_by_role("navigation", name="Fern and Field")).to_be_visible()
    assert shown_figure(page, "Orders to ship") == "0"
    desk.visit("/moderate")  # a seller is no moderator
    expect(page.get_by_text("This is for moderators")).to_be_visible()
    applicant.close()


def test_a_product_is_described_pictured_and_put_on_sale(open_desk, stock):
    desk = open_desk()
    page = enter(desk, stock.seller)
    desk.visit("/seller/products")
    page.get_by_role("link", name="Add a product").click()
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("alert")).to_contain_text("A title has at least 2 characters")
    page.get_by_label("Title").fill("Wool blanket")
    page.get_by_label("Description").fill("Warm.")
    page.get_by_label("Category").select_option(str(stock.categories["lighting"]))
    page.get_by_role("button", name="Add an attribute").click()
    page.get_by_label("Attribute 1, name").fill("Material")
    page.get_by_label("Attribute 1, value").fill("Wool")
    page.get_by_label("Price", exact=True).fill("120.50")
    page.get_by_role("button", name="Add options, such as size or colour").click()
    page.get_by_label("Option 1", exact=True).fill("Size")
    page.get_by_label("Values of Size, with commas between").fill("Single, Double")
    page.get_by_role("button", name="Add another option").click()
    page.get_by_label("Option 2", exact=True).fill("Colour")
    page.get_by_label("Values of Colour, with commas between").fill("Moss, Rust")
    rows = page.locator(".matrix tbody tr")
    expect(rows).to_have_count(4)
    expect(page.get_by_label("SKU of Double / Rust")).to_have_value("WOOL-BLANKET-DOUBLE-RUST")
    expect(page.get_by_label("Price of Double / Rust")).to_have_value("120.50")
    page.get_by_label("Price of Double / Rust").fill("160")
    page.get_by_label("On hand of Double / Rust").fill("7")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Wool blanket\s*Draft"))

    files = (("one.png", "#666"), ("two.png", "#363"))
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name=name, mimeType="image/png", buffer=picture(colour, 1)) for name, colour in files]
    )
    page.get_by_label("What one.png shows").fill("A folded blanket")
    page.get_by_label("What two.png shows").fill("A blanket on a chair")
    page.get_by_role("button", name="Add 2 pictures").click()
    pictures = page.locator(".pictures img")
    expect(pictures).to_have_count(2)
    page.get_by_role("button", name="Move picture 2 forward").click()
    expect(pictures.first).to_have_attribute("alt", "A blanket on a chair")
    page.get_by_role("button", name="Put on sale").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Active")

    listed = stock.admin.call("GET", "/shop/products?q=wool+blanket")["items"][0]
    product = stock.admin.call("GET", f"/shop/products/{listed['slug']}")
    assert [image["alt"] for image in product["images"]] == ["A blanket on a chair", "A folded blanket"]
    assert product["attributes"] == {"Material": "Wool"}
    assert {tuple(one["options"].values()): Decimal(one["price"]["amount"]) for one in product["variants"]} == {
        ("Single", "Moss"): Decimal("120.5"), ("Single", "Rust"): Decimal("120.5"),
        ("Double", "Moss"): Decimal("120.5"), ("Double", "Rust"): Decimal(160),
    }  # fmt: skip


def test_stock_that_changed_meanwhile_is_not_overwritten(open_desk, stock):
    product = stock.products[READING_LAMP]
    (variant,) = product["variants"]
    desk = open_desk(faults_expected=True)  # the browser reports the 409
    page = enter(desk, stock.seller)
    desk.visit(f"/seller/products/{product['id']}")
    field = page.get_by_label(re.compile("^On hand, "))
    expect(field).to_have_value(str(variant["onHand"]))
    stock.seller.call("POST", f"/shop/seller/variants/{variant['id']}/stock", {"change": -4, "was": variant["onHand"]})
    field.fill(str(variant["onHand"] + 10))
    field.press("Enter")
    conflict = page.locator(".conflict")
    expect(conflict).to_contain_text(f"You saw {variant['onHand']}, but {variant['onHand'] - 4} are on hand by now. Nothing was changed.")
    conflict.get_by_role("button", name="Add 10").click()
    expect(field).to_have_value(str(variant["onHand"] + 6))
    kept = stock.seller.call("GET", f"/shop/seller/products/{product['id']}")["variants"][0]
    assert kept["onHand"] == variant["onHand"] + 6


# ---------------------------------------------------------------- orders and money


def test_an_order_is_shipped_in_parts_by_keyboard_and_its_money_paid_out(open_desk, stock, buyer):
    order = buy(stock, buyer, LAMP, MUG)
    desk = open_desk()
    page = enter(desk, stock.seller)
    desk.visit("/seller")
    before = int(shown_figure(page, "Orders to ship"))
    assert before >= 1
    page.get_by_role("link", name="Orders to ship").click()
    page.get_by_role("link", name=f"#{order['number']}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("To ship")

    page.get_by_label("Carrier").focus()
    page.keyboard.type("DHL")
    page.keyboard.press("Tab")
    page.keyboard.type("JD014600")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Partly shipped")
    page.get_by_label("Carrier").fill("DPD")
    page.get_by_role("button", name="Ship 1 piece").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shipped")
    expect(page.get_by_role("list", name="Shipments").get_by_role("listitem")).to_have_count(2)

    buyer.call("POST", f"/shop/orders/{order['orderId']}/messages", {"text": "Thank you, it is here."})
    buyer.call("POST", f"/shop/orders/{order['orderId']}/receipt", {})
    page.reload()
    expect(page.get_by_role("list", name="Messages")).to_contain_text("Thank you, it is here.")
    assert number(page.get_by_test_id("held").inner_text()) == 0
    assert number(page.get_by_test_id("released").inner_text()) == Decimal(order["total"]["amount"])

    before = Decimal(desk.balances().get("USDT", ("0", "0"))[0])
    page.get_by_role("link", name="Payouts").click()
    payable = number(page.get_by_test_id("payable-USDT").inner_text())
    assert payable > 0
    expect(page.get_by_role("region", name="Entries").get_by_role("link", name="Order released").first).to_be_visible()
    page.get_by_role("button", name="Pay out USDT").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Pay out [0-9.,]+ USDT$")).click()
    expect(page.get_by_test_id("payable-USDT")).to_have_text("0.00")
    expect(card(page, "Payouts").get_by_text("Done").first).to_be_visible()
    assert Decimal(desk.balances()["USDT"][0]) - before == payable


def test_one_click_is_one_refund_even_when_the_answer_is_lost(open_desk, stock, buyer):
    order = buy(stock, buyer, PAN)
    desk = open_desk(faults_expected=True)  # the browser reports the lost answer
    page = enter(desk, stock.seller)
    desk.visit(f"/seller/orders/{order['orderId']}")
    page.get_by_role("button", name="Refund").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("1000000")
    expect(dialog.get_by_text(re.compile("^At most .* can be refunded"))).to_be_visible()
    dialog.get_by_label("Amount").fill("10")
    dialog.get_by_label("Reason, for the buyer").fill("A dent in the rim.")
    keys = []

    def lose(route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/refunds", lose, times=1)
    dialog.get_by_role("button", name="Refund 10.00 USDT").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    page.on("request", lambda request: request.url.endswith("/refunds") and keys.append(request.headers["idempotency-key"]))
    dialog.get_by_role("button", name="Refund 10.00 USDT").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("refunded")).to_have_text("10.00 USDT")
    assert len(keys) == 2 and keys[0] == keys[1]
    (made,) = buyer.call("GET", f"/shop/orders/{order['orderId']}")["refunds"]
    assert (Decimal(made["amount"]["amount"]), made["reason"]) == (10, "A dent in the rim.")


def test_a_dispute_is_answered_and_divided(open_desk, stock, buyer):
    order = buy(stock, buyer, LAMP)
    stock.ship(order["orderId"])
    buyer.call("POST", f"/shop/orders/{order['orderId']}/dispute", {"reason": "damaged", "text": "The shade is cracked."})
    desk = open_desk()
    page = enter(desk, stock.seller)
    desk.visit("/seller")
    page.get_by_role("link", name="Open disputes").click()
    page.get_by_role("link", name=f"#{order['number']}").click()
    expect(page.get_by_text("The shade is cracked.")).to_be_visible()
    page.get_by_label("Your side").fill("It was packed in two boxes.")
    page.get_by_role("button", name="Send your side").click()
    expect(page.locator("blockquote").filter(has_text="It was packed in two boxes.")).to_be_visible()

    office = open_desk()
    moderator = enter(office, stock.admin)
    office.visit("/moderate")
    moderator.get_by_role("link", name="Open disputes").click()
    moderator.get_by_role("link", name=f"#{order['number']}").click()
    expect(moderator.get_by_text("It was packed in two boxes.")).to_be_visible()
    held = number(moderator.get_by_test_id("held").inner_text())
    slider = moderator.get_by_role("slider")
    slider.fill("30")
    expect(slider).to_have_attribute("aria-valuetext", "30%")
    to_buyer = number(moderator.get_by_test_id("to-buyer").inner_text())
    assert abs(to_buyer - held * Decimal("0.3")) <= Decimal("0.01")
    moderator.get_by_label("To the buyer", exact=True).fill("25.5")
    moderator.get_by_label("Why, for both sides").fill("A shade costs that much.")
    moderator.get_by_role("button", name="Divide it so").click()
    expect(moderator.get_by_test_id("refunded")).to_have_text("25.50 USDT")
    assert number(moderator.get_by_test_id("released").inner_text()) == held - Decimal("25.5")
    expect(moderator.get_by_role("heading", name="Decide", exact=True)).to_have_count(0)
    moderator.get_by_role("link", name="Audit").first.click()
    expect(moderator.get_by_role("heading", name="Audit")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Moderator: 25.50 USDT to the buyer")).to_be_visible()


# ---------------------------------------------------------------- a moderator's other rooms


def test_taxes_categories_and_settings_are_kept(open_desk, stock):
    desk = open_desk()
    page = enter(desk, stock.admin)
    desk.visit("/moderate/taxes")
    expect(page.get_by_role("button", name="Save all rates")).to_be_disabled()
    rows = page.locator(".matrix tbody tr")
    before = rows.count()
    page.get_by_role("button", name="Add a rate").click()
    page.get_by_label(f"Country of rate {before + 1}", exact=True).select_option("AT")
    page.get_by_label(f"Percent of rate {before + 1}").fill("20.5")
    page.get_by_role("button", name="Save all rates").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    rates = stock.admin.call("GET", "/shop/admin/taxes")["rates"]
    assert ("AT", 205_000) in {(rate["country"], rate["ppm"]) for rate in rates}
    stock.admin.call("PUT", "/shop/admin/taxes", {"rates": [rate for rate in rates if rate["country"] != "AT"]})

    desk.visit("/moderate/categories")
    page.get_by_role("button", name="Add a category").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Textiles")
    dialog.get_by_label("Commission").fill("2.5")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=re.compile("Textiles"))).to_contain_text("2.5%")

    desk.visit("/moderate/settings")
    page.get_by_label("A quote holds for").fill("75")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    assert stock.admin.call("GET", "/shop/admin/settings")["quoteSeconds"] == 75
    stock.admin.call("PATCH", "/shop/admin/settings", {"quoteSeconds": 60})


# ---------------------------------------------------------------- the wallet


def test_the_wallet_says_why_money_is_held_and_its_history_adds_up(open_desk, stock, buyer):
    order = buy(stock, buyer, MUG)
    desk = open_desk()
    page = enter(desk, buyer)
    desk.visit("/wallet")
    held = card(page, "What is held, and why")
    expect(held.get_by_role("link", name=re.compile(f"Order {order['number']}"))).to_be_visible()

    page.get_by_role("button", name="Deposit").click()
    page.get_by_role("dialog").get_by_label("Asset").select_option("ETH")
    page.get_by_role("button", name="Deposit demo ETH").click()
    expect(page.get_by_text(re.compile(r"^4\.00 ETH added"))).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Asset").select_option("ETH")
    dialog.get_by_label("Amount").fill("100000000")
    expect(dialog.get_by_text(re.compile("are available"))).to_be_visible()
    dialog.get_by_label("Amount").fill("1.25")
    dialog.get_by_role("button", name="Withdraw 1.25 ETH").click()
    expect(page.get_by_text("1.25 ETH withdrawn")).to_be_visible()

    history = card(page, "History")
    history.get_by_label("History of", exact=True).select_option("ETH")
    rows = history.locator("tbody tr")
    expect(rows.first).to_contain_text("Withdrawal", timeout=15_000)  # by itself, once the recorder's moment has passed
    expect(rows.nth(1)).to_contain_text("Deposit")
    balances = [number(cell) for cell in history.locator("tbody td:last-child").all_inner_texts()]
    free, locked = desk.balances()["ETH"]
    assert balances[0] == Decimal(free) + Decimal(locked)
    assert balances[1] - balances[0] == Decimal("1.25")
    page.get_by_label("Count the total in").select_option("BTC")
    expect(page.get_by_test_id("wallet-total")).to_have_text(re.compile(r"^[\d.,]+ BTC$"))


# ---------------------------------------------------------------- without a network


def test_what_was_seen_is_there_offline_and_the_cart_comes_back(open_desk, stock):
    desk = open_desk(faults_expected=True, with_worker=True)  # the browser reports every request that finds no network
    page, context, pan = desk.page, desk.page.context, stock.products[PAN]["slug"]
    desk.visit("/shop")
    desk.until("() => !!navigator.serviceWorker.controller")
    desk.visit(f"/shop/p/{stock.products[LAMP]['slug']}")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".in-cart")).to_contain_text("1 in your cart")
    desk.visit(f"/shop/p/{pan}")
    expect(page.get_by_role("button", name="Add to cart")).to_be_enabled()
    desk.until("async (slug) => !!(await caches.match('/shop/products/' + slug))", pan)
    desk.until("async () => !!(await caches.match('/shop/home'))")

    context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name=PAN)).to_be_visible()
    expect(page.locator(".offline-line")).to_contain_text("You are offline. You see what was here")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".in-cart")).to_contain_text("1 in your cart")
    page.get_by_role("link", name=re.compile("^Cart")).click()
    lamp = page.locator(".cart-line").filter(has_text=LAMP)
    lamp.get_by_role("button", name="One more").click()
    expect(lamp.get_by_role("textbox")).to_have_value("2")
    expect(page.locator(".offline-line")).to_contain_text("Your cart is kept and sent when you are back.")
    page.reload()
    expect(page.locator(".cart-line")).to_have_count(2)

    sent = []
    page.on("request", lambda request: request.url.endswith("/shop/cart/sync") and sent.append(request.post_data_json))
    context.set_offline(False)
    expect(page.locator(".offline-line")).to_have_count(0)
    desk.until("() => !document.querySelector('.cart-line[data-pending=true]')")
    assert {line["quantity"] for line in sent[-1]["lines"]} == {1, 2}
    cart = page.request.get(desk.venue.rest_url + "/shop/cart").json()
    assert {line["title"]: line["quantity"] for group in cart["sellers"] for line in group["lines"]} == {LAMP: 2, PAN: 1}
    kept = page.evaluate(
        """async () => {
            const urls = async (name) => (await (await caches.open(name)).keys()).map((request) => request.url);
            return (await Promise.all((await caches.keys()).map(urls))).flat();
        }"""
    )
    assert not [url for url in kept if re.search("/account|/api/|/shop/(cart|orders|checkouts|seller|admin|holds|credit)", url)]


def test_what_a_member_puts_into_the_cart_of_a_page_loaded_offline_is_sent_with_their_session(open_desk, stock, buyer):
    desk = open_desk(faults_expected=True, with_worker=True)
    page, context, pan = desk.page, desk.page.context, stock.products[PAN]["slug"]
    enter(desk, buyer)
    desk.visit(f"/shop/p/{pan}")
    desk.until("() => !!navigator.serviceWorker.controller")
    page.reload()
    expect(page.get_by_role("button", name="Add to cart")).to_be_enabled()
    desk.until("async (slug) => !!(await caches.match('/shop/products/' + slug))", pan)

    context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".in-cart")).to_contain_text("1 in your cart")
    desk.visit("/shop/checkout")
    expect(page.get_by_text("To see your checkout you need a connection.")).to_be_visible()
    with page.expect_response(lambda response: "/shop/cart/" in response.url and response.ok):
        context.set_offline(False)
    cart = page.request.get(desk.venue.rest_url + "/shop/cart").json()
    assert {line["title"]: line["quantity"] for group in cart["sellers"] for line in group["lines"]} == {PAN: 1}


def test_a_new_version_is_offered_and_used(open_desk):
    desk = open_desk(with_worker=True)
    page = desk.visit("/shop")
    desk.until("() => !!navigator.serviceWorker.controller")
    page.evaluate("async () => { await navigator.serviceWorker.register('/worker.js?newer') }")  # another script in the same place
    line = page.locator(".version-line")
    expect(line).to_contain_text("A new version is here.")
    with page.expect_navigation():
        line.get_by_role("button", name="Use it").click()
    expect(line).to_have_count(0)


# ---------------------------------------------------------------- states, accessibility, screens


def test_what_cannot_be_loaded_says_so_and_comes_back(open_desk, stock):
    desk = open_desk(faults_expected=True)
    page = enter(desk, stock.seller)
    page.route("**/shop/seller/vouchers", lambda route: route.abort())
    desk.visit("/seller/vouchers")
    expect(page.get_by_text("This could not be loaded")).to_be_visible()
    page.unroute("**/shop/seller/vouchers")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No vouchers yet")).to_be_visible()
    busy = {"code": "BUSY", "message": "Too much to do at this moment. Try again."}
    page.route("**/shop/seller/dashboard**", lambda route: route.fulfill(status=503, json=busy))
    desk.visit("/seller")
    expect(page.get_by_text(busy["message"])).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_offices_fit_every_screen_and_everybody(open_desk, stock, buyer, theme):
    """Nothing sticks out sideways, and axe finds nothing serious. With $CRYPTOSHOP_SCREENSHOTS pictures are taken and kept there."""
    folder = os.environ.get("CRYPTOSHOP_SCREENSHOTS")
    (order,) = stock.seller.call("GET", "/shop/seller/orders?state=all&limit=1")["items"]
    product = stock.products[MUG]["id"]
    pages = {
        stock.seller: {
            "seller": "/seller", "orders": "/seller/orders/all", "seller-order": f"/seller/orders/{order['id']}",
            "products": "/seller/products", "product": f"/seller/products/{product}", "new-product": "/seller/products/new",
            "shipping": "/seller/shipping", "payouts": "/seller/payouts", "profile": "/seller/profile",
        },
        stock.admin: {
            "moderate": "/moderate", "moderate-dispute": f"/moderate/disputes/{order['id']}", "moderate-audit": "/moderate/audit",
        },
        buyer: {"wallet": "/wallet", "apply": "/seller"},
    }  # fmt: skip
    found = []
    for person, places in pages.items():
        desk = open_desk(theme=theme)
        page = enter(desk, person)
        for name, path in places.items():
            desk.visit(path)
            page.locator("main table tbody tr:not(:has(.bone)), main .state, main .figure strong, main form").first.wait_for()
            page.evaluate("document.fonts.ready")
            for width, (w, h) in SIZES.items():
                page.set_viewport_size({"width": w, "height": h})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
                if folder:
                    page.screenshot(path=Path(folder) / f"{name}-{width}-{theme}.png")
            page.set_viewport_size(dict(zip(("width", "height"), SIZES[1440], strict=True)))
            found += findings(page)
    assert found == []
