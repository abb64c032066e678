"""The shop in a real browser on a real venue: finding, choosing, paying with another asset, and what happens when something is wrong."""

import gzip
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import APP, WAIT_S, Desk
from tests.web.stock import ADDRESS, Person, Stock
from tests.web.test_trade_page import AXE, findings, number
from tests.web.test_unit import FIRST_PAGE_MAX

LAMP, MUG, PEN, PAN = "/shop/p/tansy-desk-lamp", "/shop/p/bramble-mug", "/shop/p/sorrel-pen", "/shop/p/bramble-pan"
TABS_MAX = 120


@pytest.fixture(scope="module")
def stock(venue) -> Iterator[Stock]:
    stocked = Stock(venue)
    yield stocked
    stocked.close()


@pytest.fixture(scope="module")
def person(venue) -> Iterator[Callable[[str], Person]]:
    """A demo user, funded in every asset, signed in at the API."""
    people: dict[str, Person] = {}

    def sign_in(name: str) -> Person:
        if name not in people:
            account = venue.demo_accounts()[name]
            people[name] = Person(venue, account["email"], account["password"], new=False)
        return people[name]

    yield sign_in
    for one in people.values():
        one.close()


def enter(desk: Desk, name: str) -> Page:
    """Signed in as a demo user, without walking through the form."""
    account = desk.venue.demo_accounts()[name]
    answer = desk.page.request.post(desk.venue.rest_url + "/account/login", data={key: account[key] for key in ("email", "password")})
    assert answer.ok, answer.text()
    return desk.page


def put_into_cart(page: Page, desk: Desk, path: str) -> None:
    desk.visit(path)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".in-cart")).to_contain_text("in your cart")


def empty_cart(person: Person) -> None:
    for seller in person.call("GET", "/shop/cart")["sellers"]:
        for line in seller["lines"]:
            person.call("PUT", f"/shop/cart/lines/{line['variantId']}", {"quantity": 0})


def forget_addresses(person: Person) -> None:
    for address in person.call("GET", "/shop/addresses")["items"]:
        person.call("DELETE", f"/shop/addresses/{address['id']}")


def keep_address(person: Person) -> None:
    if not person.call("GET", "/shop/addresses")["items"]:
        person.call("POST", "/shop/addresses", ADDRESS)


def choose_to_pay_with(page: Page, asset: str) -> None:
    page.locator(f".pay-choice[data-asset={asset}] input").check()
    expect(page.locator("button.pay")).to_have_text(re.compile(rf"^Pay (at most )?[\d.,]+ {asset}$"))


# ---------------------------------------------------------------- finding


def test_a_visitor_finds_the_shop_at_once_and_walks_in(open_desk, stock):
    desk = open_desk()
    page = desk.visit("/")
    page.get_by_role("link", name="Shop", exact=True).click()
    expect(page).to_have_url(re.compile("/shop$"))
    row = page.get_by_role("region", name="New arrivals")
    expect(row.locator(".tile")).to_have_count(6)
    expect(row.locator(".tile").first).to_be_visible()
    page.get_by_role("navigation", name="Categories").get_by_role("link", name=re.compile("Tansy lamps")).click()
    expect(page).to_have_url(re.compile("/shop/c/lighting-test$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Tansy lamps")
    expect(page.locator(".tile")).to_have_count(3)
    desk.visit("/")  # the root leads back to where one was
    expect(page).to_have_url(re.compile("/shop$"))


def test_search_answers_while_typing_and_the_address_holds_its_state(open_desk, stock):
    desk = open_desk()
    page = desk.visit("/shop")
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("tansy")
    expect(page.get_by_role("option", name="Tansy desk lamp")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/shop/search\?q=tansy$"))
    tiles = page.locator(".results .tile")
    expect(tiles).to_have_count(3)

    page.get_by_role("checkbox", name=re.compile("^Brass")).check()
    expect(tiles).to_have_count(1)
    expect(tiles).to_contain_text("Tansy reading lamp")
    assert "attr=Material%3ABrass" in page.url
    page.get_by_label("Highest price").fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing matches “tansy” with these filters")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Highest price")).to_have_value("100")
    expect(page.get_by_role("checkbox", name=re.compile("^Brass"))).to_be_checked()
    page.get_by_role("link", name="Search without filters").click()
    expect(tiles).to_have_count(3)
    page.get_by_label("Sort by").select_option("-price")
    expect(page).to_have_url(re.compile("sort=-price"))
    expect(tiles.locator(".tile-title")).to_have_text(["Tansy reading lamp", "Tansy desk lamp"])  # prices compare within one asset
    expect(page.get_by_role("button", name="Remove Priced in USDT")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Highest price")).to_have_value("100")
    page.get_by_role("button", name="Remove 0 – 100 USDT").click()
    expect(tiles).to_have_count(1)

    page.keyboard.press("/")
    page.keyboard.type("eth/u")  # the same field finds markets
    expect(page.get_by_role("option", name="ETH/USDT")).to_be_visible()


def test_a_list_grows_as_it_is_scrolled(open_desk, stock):
    desk = open_desk(width=390)
    page = desk.page

    def by_fours(route: Route) -> None:
        url = route.request.url
        route.continue_(url=f"{url}{'&' if '?' in url else '?'}limit=4")

    page.route("**/shop/products*", by_fours)
    desk.visit(f"/shop/search?seller={stock.slug}")
    tiles = page.locator(".results .tile")
    expect(tiles.nth(3)).to_be_visible()
    for _ in range(4):
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(60)
    expect(tiles).to_have_count(9)
    titles = [tile.locator(".tile-title").inner_text() for tile in tiles.all()]
    assert len(set(titles)) == 9


def test_a_product_shows_its_choices_its_pictures_and_what_it_costs(open_desk, stock):
    desk = open_desk()
    page = desk.visit(MUG)
    price = page.locator(".offer .price")
    expect(price).to_contain_text("18.50 USDT")
    page.get_by_label("Show prices in").select_option("BTC")
    expect(price).to_contain_text(re.compile(r"≈ 0\.000\d+ BTC"))
    expect(page.get_by_role("radio", name="Indigo, sold out")).to_be_attached()
    page.get_by_role("radio", name="Indigo, sold out").check(force=True)
    expect(page.get_by_role("button", name="Sold out")).to_be_disabled()
    page.get_by_role("radio", name=re.compile("Large")).check(force=True)
    page.get_by_role("radio", name=re.compile("White")).check(force=True)
    expect(price).to_contain_text("24.00 USDT")
    expect(page.get_by_text("Only 3 left")).to_be_visible()
    expect(page.get_by_text("Your payment is held until you confirm receipt.")).to_be_visible()

    big = page.locator(".gallery [aria-live] img")
    first = big.get_attribute("src")
    page.get_by_role("region", name="Pictures").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name=re.compile("^Picture 2"))).to_have_attribute("aria-current", "true")
    assert big.get_attribute("src") != first
    page.get_by_role("link", name="Hearth and Hand").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hearth and Hand")
    expect(page.locator(".tile")).to_have_count(9)


# ---------------------------------------------------------------- the cart


def test_a_guests_cart_becomes_the_members(open_desk, stock, person):
    empty_cart(person("carol"))
    desk = open_desk()
    page = desk.page
    put_into_cart(page, desk, LAMP)
    desk.visit("/shop/cart")
    page.get_by_role("button", name="One more").click()
    expect(page.locator(".line-total")).to_have_text("179.80 USDT")
    expect(page.locator(".cart-line")).to_have_attribute("data-pending", "false")
    page.get_by_role("link", name="Log in to check out").click()
    account = desk.venue.demo_accounts()["carol"]
    page.get_by_label("E-mail").fill(account["email"])
    page.get_by_label("Password").fill(account["password"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/shop/checkout"))
    desk.visit("/shop/cart")
    expect(page.get_by_role("link", name="Cart, 2 items")).to_be_visible()
    assert person("carol").call("GET", "/shop/cart")["count"] == 2
    empty_cart(person("carol"))


def test_a_quantity_changes_at_once_and_is_corrected_in_sight(open_desk, stock):
    desk = open_desk()
    page = desk.visit(MUG)
    page.get_by_role("radio", name=re.compile("Large")).check(force=True)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".in-cart")).to_contain_text("in your cart")
    desk.visit("/shop/cart")
    quantity = page.get_by_label("Quantity of Bramble mug").get_by_role("textbox")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/shop/cart/lines/*", hold)
    quantity.fill("9")
    page.keyboard.press("Enter")
    expect(page.locator(".line-total")).to_have_text("216.00 USDT")
    expect(page.locator(".cart-line")).to_have_attribute("data-pending", "true")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator(".correction")).to_have_text("Only 3 left, so the quantity is 3.")
    expect(quantity).to_have_value("3")
    expect(page.locator(".line-total")).to_have_text("72.00 USDT")
    page.get_by_role("button", name="Take Bramble mug out of the cart").click()
    expect(page.get_by_text("Your cart is empty")).to_be_visible()


def test_without_a_connection_the_cart_waits_and_is_sent_later(open_desk, stock):
    desk = open_desk(faults_expected=True)
    page = desk.page
    put_into_cart(page, desk, PAN)
    desk.visit("/shop/cart")
    page.route("**/shop/cart/**", lambda route: route.abort())
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_text("No connection to the shop")).to_be_visible()
    expect(page.locator(".line-total")).to_have_text("108.00 USDT")
    page.unroute("**/shop/cart/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("No connection to the shop")).to_have_count(0)
    page.reload()
    expect(page.locator(".line-total")).to_have_text("108.00 USDT")


# ---------------------------------------------------------------- buying


def test_a_purchase_in_another_asset(open_desk, stock, person):
    empty_cart(person("bob"))
    forget_addresses(person("bob"))
    desk = open_desk()
    page = enter(desk, "bob")
    before = desk.balances()
    put_into_cart(page, desk, LAMP)
    page.get_by_role("link", name="Go to the cart").click()
    page.get_by_role("link", name="Check out").click()
    for label, text in (("Name", "Bob Example"), ("Street and number", "Rue du Lac 3"), ("Postcode", "75001"), ("City", "Paris")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Country").select_option("FR")
    page.get_by_role("button", name="Use this address").click()
    expect(page.locator("button.pay")).to_have_text("Pay 94.80 USDT")
    page.get_by_role("radio", name=re.compile("Express")).check()
    expect(page.locator("button.pay")).to_have_text("Pay 104.40 USDT")
    choose_to_pay_with(page, "ETH")
    expect(page.locator(".quote-ring")).to_contain_text("Quote holds for")
    most = number(page.get_by_test_id("most").inner_text())
    assert page.locator("button.pay").inner_text() == f"Pay at most {page.get_by_test_id('most').inner_text()}"
    page.locator("button.pay").click()

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    paid = number(page.get_by_test_id("paid").inner_text())
    assert 0 < paid <= most
    after = desk.balances()
    assert Decimal(before["ETH"][0]) - Decimal(after["ETH"][0]) == paid
    conversion = page.locator(".conversion")
    expect(conversion).to_have_count(1)
    expect(conversion).to_contain_text("Average price")
    expect(conversion.get_by_role("link", name="ETH/USDT")).to_have_attribute("href", "/trade/ETHUSDT")
    expect(page.locator(".escrows")).to_contain_text("104.40 USDT held until you confirm receipt")
    expect(page.get_by_role("link", name="Cart, empty")).to_be_visible()

    page.get_by_role("link", name=re.compile("^Order 1")).first.click()
    expect(page.get_by_role("heading", level=2, name="Held until you confirm receipt")).to_be_visible()
    expect(page.get_by_role("region", name="What happened")).to_contain_text("Paid; the money is held in escrow.")
    expect(page.get_by_test_id("paid")).to_contain_text("ETH")
    expect(page.get_by_role("region", name="Delivery")).to_contain_text("Rue du Lac 3, 75001 Paris, France")


def test_a_purchase_with_the_keyboard_alone(open_desk, stock, person):
    empty_cart(person("carol"))
    forget_addresses(person("carol"))
    desk = open_desk()
    page = enter(desk, "carol")
    desk.visit("/shop")
    press, write = page.keyboard.press, page.keyboard.type
    focused = """() => {
        const { activeElement: one } = document;
        return one.getAttribute('aria-label') || one.labels?.[0]?.innerText || one.innerText || '';
    }"""

    def tab_to(text: str) -> None:
        for _ in range(TABS_MAX):
            press("Tab")
            if re.search(text, page.evaluate(focused)):
                return
        raise AssertionError(f"Tab never comes to {text}")

    expect(page.locator(".tile").first).to_be_visible()
    press("/")
    write("sorrel pen")
    expect(page.get_by_role("option", name="Sorrel pen")).to_be_visible()
    press("Enter")
    expect(page.locator(".tile")).to_have_count(1)
    tab_to("^Sorrel pen$")
    press("Enter")
    expect(page.get_by_role("button", name="Add to cart")).to_be_enabled()
    tab_to("Add to cart")
    press("Enter")
    expect(page.locator(".in-cart")).to_contain_text("1 in your cart")
    tab_to("Go to the cart")
    press("Enter")
    expect(page.get_by_role("link", name="Check out")).to_be_visible()
    tab_to("^Check out$")
    press("Enter")
    expect(page.get_by_label("Street and number")).to_be_visible()
    address = {"Name": "Carol Example", "Street": "Lindenweg 7", "Postcode": "04109", "City": "Leipzig", "Country": "Germany"}
    for field, text in address.items():
        tab_to(f"^{field}")
        write(text)
    tab_to("Use this address")
    press("Enter")
    expect(page.locator("button.pay")).to_be_enabled()
    tab_to("^BTC")  # the chosen one of the group; arrows move in it
    press("ArrowDown")
    expect(page.locator("button.pay")).to_have_text(re.compile("^Pay at most .* ETH$"))
    tab_to("^Pay at most")
    press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_a_market_that_moved_charges_nothing_and_brings_a_new_quote(open_desk, stock, person):
    empty_cart(person("bob"))
    keep_address(person("bob"))
    desk = open_desk(faults_expected=True)
    page = enter(desk, "bob")
    put_into_cart(page, desk, PAN)
    desk.visit("/shop/checkout")
    choose_to_pay_with(page, "BTC")
    before = desk.balances()

    def moved(route: Route) -> None:
        checkout_id = urlsplit(route.request.url).path.split("/")[-2]
        quote = person("bob").call("POST", f"/shop/checkouts/{checkout_id}/quote", {"payAsset": "BTC"})
        words = "The market has moved beyond the most you agreed to. Nothing was charged."
        route.fulfill(status=409, json={"code": "LIMIT_EXCEEDED", "message": words, "detail": {"checkout": quote}})

    page.route("**/confirm", moved)
    page.locator("button.pay").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("LIMIT_EXCEEDED")
    expect(alert).to_contain_text("Nothing was charged.")
    expect(alert).to_contain_text(f"The new quote is {page.get_by_test_id('most').inner_text()} at most.")
    assert desk.balances() == before
    page.unroute("**/confirm")
    page.locator("button.pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_a_quote_that_ends_is_renewed_and_a_reservation_that_ends_is_told(open_desk, stock, person):
    empty_cart(person("bob"))
    keep_address(person("bob"))
    desk = open_desk()
    page = enter(desk, "bob")
    page.clock.install()
    put_into_cart(page, desk, PAN)
    desk.visit("/shop/checkout")
    choose_to_pay_with(page, "BTC")
    with page.expect_response(lambda response: response.url.endswith("/quote") and response.ok):
        page.clock.fast_forward(61_000)
    expect(page.locator("button.pay")).to_have_text(re.compile("^Pay at most .* BTC$"))
    page.clock.fast_forward(600_000)
    expect(page.get_by_text("No longer set aside for you")).to_be_visible()
    page.get_by_role("button", name="Set aside again").click()
    expect(page.locator("button.pay")).not_to_have_text("Getting a quote…")
    empty_cart(person("bob"))


# ---------------------------------------------------------------- after buying


def test_a_dispute_is_opened_decided_and_its_refund_seen(open_desk, stock, person):
    buyer = person("alice")
    empty_cart(buyer)
    paid = stock.buy(buyer, "Tansy desk lamp", pay_asset="BTC")
    order_id = paid["orders"][0]["orderId"]
    stock.ship(order_id)
    desk = open_desk()
    page = enter(desk, "alice")
    before = Decimal(desk.balances()["USDT"][0])
    desk.visit("/shop/orders")
    page.get_by_role("link", name=re.compile("Tansy desk lamp")).first.click()
    expect(page.get_by_role("region", name="Where it stands")).to_contain_text("On its way")
    page.get_by_role("button", name="Something is wrong").click()
    page.get_by_role("radio", name="It is damaged").check()
    page.get_by_label("Tell what happened").fill("The shade is cracked.")
    page.get_by_role("button", name="Open a dispute").click()
    expect(page.get_by_text("In dispute")).to_be_visible()
    expect(page.get_by_role("button", name="I have received it")).to_have_count(0)
    page.get_by_label("Write to Hearth and Hand").fill("Would a new shade be possible?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("Would a new shade be possible?")

    stock.seller.call("POST", f"/shop/orders/{order_id}/dispute/reply", {"text": "We are sorry."})
    stock.admin.call("POST", f"/shop/orders/{order_id}/dispute/decide", {"toBuyer": "60", "text": "The picture shows the crack."})
    page.reload()
    expect(page.get_by_test_id("decision")).to_contain_text("The picture shows the crack. 60.00 USDT to you.")
    expect(page.get_by_test_id("refund")).to_contain_text("60.00 USDT given back")
    expect(page.get_by_text("60.00 USDT came back to you, 34.80 USDT went to the seller.")).to_be_visible()
    assert Decimal(desk.balances()["USDT"][0]) - before == 60
    page.get_by_role("button", name="Account").click()
    page.get_by_role("link", name="Orders").last.click()
    expect(page.get_by_role("link", name=re.compile("Tansy desk lamp")).first).to_contain_text("Settled in parts")


def test_receipt_is_confirmed_and_the_goods_reviewed(open_desk, stock, person):
    buyer = person("alice")
    empty_cart(buyer)
    order_id = stock.buy(buyer, "Sorrel notebook", pay_asset="USDT")["orders"][0]["orderId"]
    stock.ship(order_id)
    desk = open_desk()
    page = enter(desk, "alice")
    desk.visit(f"/shop/orders/{order_id}")
    page.get_by_role("button", name="I have received it").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, pay 18.90 USDT").click()
    expect(page.get_by_role("heading", level=2, name="Paid to the seller")).to_be_visible()
    page.get_by_role("button", name="Review it").click()
    page.get_by_role("radio", name="4 stars").check(force=True)
    page.get_by_label("In one line").fill("Lies flat")
    page.get_by_role("button", name="Publish the review").click()
    expect(page.get_by_text("Thank you for the review")).to_be_visible()
    desk.visit("/shop/p/sorrel-notebook")
    expect(page.get_by_role("region", name="Reviews")).to_contain_text("Lies flat")
    expect(page.locator(".histogram li").nth(1)).to_contain_text("1")


def test_an_order_is_cancelled_and_wishes_are_kept(open_desk, stock, person):
    buyer = person("alice")
    empty_cart(buyer)
    order_id = stock.buy(buyer, "Bramble pan", pay_asset="USDT")["orders"][0]["orderId"]
    desk = open_desk()
    page = enter(desk, "alice")
    before = Decimal(desk.balances()["USDT"][0])
    desk.visit(f"/shop/orders/{order_id}")
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_text("Cancelled, refunded")).to_be_visible()
    assert Decimal(desk.balances()["USDT"][0]) - before == Decimal("58.90")

    for product in buyer.call("GET", "/shop/wishes?limit=100")["items"]:
        buyer.call("DELETE", f"/shop/wishes/{product['id']}")
    desk.visit(PEN)
    heart = page.get_by_role("button", name="Sorrel pen: keep in wishes")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    desk.visit("/shop/wishes")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Sorrel pen: keep in wishes").click()
    expect(page.get_by_text("No wishes yet")).to_be_visible()


def test_a_gift_card_becomes_credit(open_desk, stock):
    desk = open_desk()
    page = enter(desk, "alice")
    desk.visit("/shop/credit")
    page.get_by_label("Worth").fill("25")
    page.get_by_label("In", exact=True).select_option("USDT")
    page.get_by_role("button", name="Buy a card of 25.00 USDT").click()
    code = page.get_by_test_id("gift-code").inner_text()
    page.get_by_role("button", name="I have it").click()
    page.get_by_label("Have a code?").fill(code)
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_role("region", name="Store credit")).to_contain_text("25.00 USDT")
    expect(page.get_by_role("region", name="History of your credit").first).to_contain_text("+25.00 USDT", timeout=WAIT_S * 1000)


# ---------------------------------------------------------------- states


def test_every_state_is_designed(open_desk, stock):
    """Loading has the final geometry; an error says its code and the way out; old is said to be old; what is not there is told."""
    desk = open_desk(faults_expected=True)
    page = desk.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/shop/home", hold)
    desk.visit("/shop")
    expect(page.locator(".tile .bone").first).to_be_visible()
    bones = page.locator(".row .tiles .picture").first.bounding_box()
    held[0].continue_()
    expect(page.locator(".row .tile-title").first).to_be_visible()
    picture = page.locator(".row .tiles .picture").first.bounding_box()
    assert abs(picture["width"] - bones["width"]) < 1 and abs(picture["height"] - bones["height"]) < 1

    busy = {"code": "BUSY", "message": "Too much to do at this moment. Try again."}
    page.route("**/shop/products*", lambda route: route.fulfill(status=503, json=busy))
    desk.visit("/shop/search?q=tansy")
    expect(page.get_by_text("The list could not be loaded")).to_be_visible()
    expect(page.locator(".state .code")).to_have_text("BUSY")
    page.unroute("**/shop/products*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".tile")).to_have_count(3)

    desk.visit("/shop/p/no-such-thing")
    expect(page.get_by_text("This product is not here")).to_be_visible()
    expect(page.locator(".state .code")).to_have_text("NOT_FOUND")
    desk.visit("/shop/nowhere")
    expect(page.get_by_text("There is no such page in the shop")).to_be_visible()
    desk.visit("/shop/search?q=zzzzqqq")
    expect(page.get_by_text("Nothing matches “zzzzqqq”")).to_be_visible()
    desk.visit("/shop/orders")
    expect(page.get_by_text("Log in to see your orders")).to_be_visible()
    desk.visit("/shop/cart")
    expect(page.get_by_text("Your cart is empty")).to_be_visible()


def test_what_could_not_be_read_again_is_greyed_with_its_age(open_desk, stock):
    desk = open_desk(faults_expected=True)
    page = desk.page
    page.clock.install()
    desk.visit("/shop")
    expect(page.locator(".tile").first).to_be_visible()
    page.locator(".tile-link").first.click()
    expect(page.get_by_role("button", name="Add to cart")).to_be_visible()
    page.route("**/shop/home", lambda route: route.abort())
    page.clock.fast_forward(40_000)
    page.go_back()
    expect(page.locator(".stale-line")).to_contain_text(re.compile(r"This is \d+ s old"))
    expect(page.locator(".stale .tile").first).to_be_visible()
    page.unroute("**/shop/home")
    page.clock.fast_forward(5_000)
    expect(page.locator(".stale-line")).to_have_count(0)


# ---------------------------------------------------------------- for everybody, at every size, at little weight


@pytest.fixture(scope="module")
def pages(stock, person) -> list[tuple[str, str, str]]:
    """(name, path, what says that it is there) of every page, with something in it; Bob's."""
    buyer = person("bob")
    empty_cart(buyer)
    keep_address(buyer)
    order_id = stock.buy(buyer, "Sorrel cards", pay_asset="ETH")["orders"][0]["orderId"]
    for title in ("Tansy desk lamp", "Sorrel pen"):
        buyer.call("POST", "/shop/cart/lines", {"variantId": stock.products[title]["variants"][0]["id"], "quantity": 2})
    return [
        ("home", "/shop", ".tile"),
        ("search", "/shop/search?q=tansy&inStock=true", ".results .tile"),
        ("product", MUG, ".offer"),
        ("seller", f"/shop/s/{stock.slug}", ".tile"),
        ("cart", "/shop/cart", ".cart-line"),
        ("checkout", "/shop/checkout", ".pay-choice"),
        ("orders", "/shop/orders", ".order-row-text"),
        ("order", f"/shop/orders/{order_id}", ".receipt"),
        ("credit", "/shop/credit", ".credit-body"),
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1440, "light"), (1024, "dark"), (390, "light")])
def test_pages_fit_every_screen_and_axe_finds_nothing_serious(open_desk, pages, tmp_path, width, theme):
    """Nothing sticks out sideways. With $CRYPTOSHOP_SCREENSHOTS the pictures are kept there."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (make web)")
    folder = Path(os.environ.get("CRYPTOSHOP_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    desk = open_desk(width=width, theme=theme)
    page = enter(desk, "bob")
    found = []
    for name, path, sign in pages:
        desk.visit(path)
        page.locator(sign).first.wait_for()
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than the screen"
        picture = folder / f"shop-{name}-{width}-{theme}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 10_000
        if width == 1440:
            found += findings(page)
    assert found == []


def test_the_shop_is_light_and_does_not_pay_for_the_exchange(open_desk, stock):
    def scripts(path: str, sign: str) -> set[str]:
        desk = open_desk()
        page = desk.visit(path)
        page.locator(sign).first.wait_for()
        loaded = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        return {path for url in loaded if re.match(r"/assets/.*\.js$", path := urlsplit(url).path)}

    shop, trade = scripts("/shop", ".tile"), scripts("/trade/BTCUSDT", ".ladder.bid [role=option]")
    assert sum(len(gzip.compress((APP / name.lstrip("/")).read_bytes())) for name in shop) <= FIRST_PAGE_MAX
    assert sum(len(gzip.compress((APP / name.lstrip("/")).read_bytes())) for name in trade) <= FIRST_PAGE_MAX
    assert any("/trade-" in name for name in trade) and not any("/shop-" in name for name in trade)
    assert any("/shop-" in name for name in shop) and not any("/trade-" in name for name in shop)
