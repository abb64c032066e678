"""The web app in a real browser on a real venue: what a visitor sees, what a member does, and that anybody can use it."""

import hashlib
import hmac
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, WEB

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


def number(text: str) -> Decimal:
    """What the page shows, without thousands separators and unit."""
    return Decimal(re.sub(r"[^\d.]", "", text))


# ---------------------------------------------------------------- a visitor


def test_a_visitor_sees_the_market_live(open_desk):
    desk = open_desk()
    page = desk.visit("/")
    desk.await_market()
    expect(page).to_have_url(re.compile("/trade/BTCUSDT$"))
    bids = [Decimal(row.get_attribute("data-price")) for row in page.locator(".ladder.bid [role=option]").all()]
    asks = [Decimal(row.get_attribute("data-price")) for row in page.locator(".ladder.ask [role=option]").all()]
    assert len(bids) >= 5 and len(asks) >= 5
    assert bids == sorted(bids, reverse=True) and asks == sorted(asks, reverse=True)
    expect(page.get_by_test_id("spread")).to_contain_text("bps")
    assert page.locator(".chart-box canvas").count() > 0
    expect(page.locator(".chart-box a[href*=tradingview]")).to_have_count(1)
    assert page.locator(".trades .ladder-row").count() > 10
    expect(page.get_by_role("link", name="Log in to trade")).to_be_visible()
    first_trade = page.locator(".trades .ladder-row").first.inner_text()
    desk.until("text => document.querySelector('.trades .ladder-row').innerText !== text", first_trade)


def test_the_book_on_the_page_is_the_venues(open_desk):
    """After seconds of changes the page's best rows are those of a fresh snapshot with the same update id or later."""
    desk = open_desk()
    page = desk.visit("/trade/ETHUSDT")
    desk.await_market()
    top = "() => document.querySelector('.ladder.bid [role=option]')?.dataset.price"
    for _ in range(40):
        shown = page.evaluate(top)
        best = page.request.get(f"{desk.venue.rest_url}/api/v3/ticker/bookTicker?symbol=ETHUSDT").json()["bidPrice"]
        if Decimal(shown) == Decimal(best):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the page shows {shown}, the venue has {best}")


def test_markets_are_found_and_switched(open_desk):
    desk = open_desk()
    page = desk.visit()
    desk.await_market()
    page.keyboard.press("/")
    page.keyboard.type("eth/u")
    expect(page.get_by_role("option", name="ETH/USDT")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/trade/ETHUSDT$"))
    desk.await_market()
    expect(page.locator(".market-name")).to_have_text("ETH/USDT")
    page.go_back()
    expect(page.locator(".market-name")).to_have_text("BTC/USDT")
    desk.visit("/trade/NOSUCH")
    expect(page.get_by_text("There is no market NOSUCH")).to_be_visible()


# ---------------------------------------------------------------- a member trades


def test_a_limit_order_rests_is_marked_and_cancelled(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    before = desk.balances()
    desk.post_only()
    desk.ticket("Amount").fill("2")
    price = desk.ticket("Price").input_value()
    button = page.locator("button.submit")
    expect(button).to_have_text("Buy 2 BTC")
    button.click()

    expect(desk.rows()).to_have_count(1)
    expect(desk.rows().first).to_contain_text("Post-only")
    expect(desk.rows().first).to_contain_text("2.00000")
    assert number(desk.rows().first.locator("td").nth(5).inner_text()) == Decimal(price)
    expect(page.locator(f".ladder.bid .mine[data-price='{price}']")).to_have_count(1)
    expect(page.get_by_text("held by orders")).to_be_visible()
    assert Decimal(desk.balances()["USDT"][1]) > 0

    page.get_by_role("button", name=re.compile("Cancel the order at")).click()
    expect(page.get_by_text("No open orders")).to_be_visible()
    expect(page.locator(".ladder .mine")).to_have_count(0)
    expect(page.get_by_text("held by orders")).to_have_count(0)
    after = desk.balances()
    assert Decimal(after["USDT"][1]) == 0
    assert Decimal(after["BTC"][0]) >= Decimal(before["BTC"][0])
    desk.tab("Order history")
    expect(desk.rows().first).to_contain_text("Cancelled")


def test_an_order_is_changed_in_place(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    price = Decimal(desk.ticket("Price").input_value()) * Decimal("0.95")
    desk.ticket("Price").fill(f"{price:.2f}")
    desk.ticket("Amount").fill("0.5")
    page.keyboard.press("Enter")
    expect(desk.rows()).to_have_count(1)
    page.get_by_role("button", name=re.compile("Change the order at")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("0.2")
    expect(dialog).to_contain_text("keeps its place in the queue")
    page.keyboard.press("Enter")
    expect(desk.rows().first).to_contain_text("0.20000")
    page.get_by_role("button", name=re.compile("Change the order at")).click()
    dialog.get_by_label("Price").fill(f"{price - 100:.2f}")
    expect(dialog).to_contain_text("replaced in one step")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(desk.rows()).to_have_count(1)
    desk.until(
        "price => document.querySelector('.mine tbody tr')?.innerText.replace(/[^0-9.\\t]/g, '').includes(price)", f"{price - 100:.2f}"
    )
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_a_market_order_trades_and_the_money_moves(open_desk):
    desk = open_desk()
    page = desk.log_in("bob")
    before = desk.balances()
    desk.choose("Side", "Sell")
    desk.choose("Order type", "Market")
    desk.ticket("Amount").fill("0.01")
    expect(page.locator(".estimate")).to_contain_text("Average price")
    page.locator("button.submit").click()
    expect(page.get_by_text(re.compile("Sold 0.01000 BTC at"))).to_be_visible()

    desk.tab("Fills")
    expect(desk.rows().first).to_contain_text("Sell")
    expect(desk.rows().first).to_contain_text("Taker")
    after = desk.balances()
    assert Decimal(after["BTC"][0]) == Decimal(before["BTC"][0]) - Decimal("0.01")
    assert Decimal(after["USDT"][0]) > Decimal(before["USDT"][0])
    expect(page.get_by_test_id("available-BTC")).to_have_text(f"{Decimal(after['BTC'][0]):,.8f}")
    expect(page.get_by_test_id("available-USDT")).to_have_text(f"{Decimal(after['USDT'][0]):,.8f}")
    desk.tab("Balances")
    expect(desk.rows().filter(has_text="BTC")).to_contain_text(f"{Decimal(after['BTC'][0]):,.8f}")

    # The other way round, by what to spend.
    desk.choose("Side", "Buy")
    page.get_by_role("button", name="BTC: type the total in USDT instead").click()
    desk.ticket("Total").fill("500")
    page.locator("button.submit").click()
    expect(page.get_by_text(re.compile("Bought 0.0"))).to_be_visible()
    spent = Decimal(after["USDT"][0]) - Decimal(desk.balances()["USDT"][0])
    assert Decimal("490") < spent <= Decimal("500")


def test_a_trade_with_the_keyboard_alone(open_desk):
    desk = open_desk()
    account = desk.venue.demo_accounts()["bob"]
    page = desk.visit("/login")
    desk.until("document.activeElement.name === 'email'")
    press, write = page.keyboard.press, page.keyboard.type
    write(account["email"])
    press("Tab")
    write(account["password"])
    press("Enter")
    desk.await_market()
    press("/")
    write("ethusdt")
    press("Enter")
    desk.await_market()

    press("b")  # the price field of a limit order, filled with the best bid
    desk.until("document.activeElement.name === 'price' && document.activeElement.value !== ''")
    bid = Decimal(desk.ticket("Price").input_value())
    press("ArrowUp")
    assert Decimal(desk.ticket("Price").input_value()) == bid + Decimal("0.01")
    press("Shift+ArrowDown")
    assert Decimal(desk.ticket("Price").input_value()) == bid - Decimal("0.09")
    press("m")
    desk.until("document.activeElement.name === 'size'")
    write("0.02")
    press("Enter")
    expect(page.get_by_text(re.compile("Bought 0.0200 ETH at"))).to_be_visible()
    press("s")
    desk.until("document.activeElement.name === 'size'")
    write("0.02")
    press("Enter")
    expect(page.get_by_text(re.compile("Sold 0.0200 ETH at"))).to_be_visible()


def test_a_slip_is_caught_before_it_is_sent(open_desk):
    desk = open_desk(faults_expected=True)
    page = desk.log_in("alice")
    desk.ticket("Price").fill("100.001")
    desk.ticket("Amount").fill("0.00000001")
    expect(page.get_by_text("Prices move in steps of 0.01")).to_be_visible()
    expect(page.get_by_text("Amounts move in steps of 0.00001 BTC")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No open orders")).to_be_visible()

    desk.ticket("Price").fill("100000")
    desk.ticket("Amount").fill("0.001")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("above the lowest offer")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(desk.ticket("Amount")).to_have_value("0.001")

    # What only the venue can know is told in words, with its code.
    desk.post_only()
    page.route("**/api/v3/order", lambda route: route.continue_(post_data=route.request.post_data.replace("quantity=1", "quantity=400")))
    desk.ticket("Price").fill("20000")
    desk.ticket("Amount").fill("1")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Buy 1 BTC").click()
    expect(page.locator(".refusal")).to_contain_text("You do not have enough available for this order. (-2010)")


def test_a_click_in_the_book_fills_the_price_and_the_slider_the_amount(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    row = page.locator(".ladder.bid [role=option]").nth(3)
    price = row.get_attribute("data-price")
    page.locator(f".ladder.bid [data-price='{price}']").click()
    expect(desk.ticket("Price")).to_have_value(price)
    page.get_by_role("button", name="Use 25 percent").click()
    spent = Decimal(desk.ticket("Amount").input_value()) * Decimal(price)
    quarter = Decimal(desk.balances()["USDT"][0]) / 4
    assert quarter - Decimal(price) * Decimal("0.00001") < spent <= quarter
    page.get_by_label("Group prices by").select_option("10")
    desk.until("[...document.querySelectorAll('.ladder [role=option]')].every(row => Number(row.dataset.price) % 10 === 0)")


def test_candles_page_in_when_dragged_left(open_desk):
    desk = open_desk()
    page = desk.visit()
    desk.await_market()
    desk.choose("Candle width", "1m")
    desk.await_market()
    box = page.locator(".chart-box").bounding_box()
    middle = box["y"] + box["height"] / 3
    pages = []
    page.on("request", lambda request: "endTime=" in request.url and pages.append(request.url))
    for _ in range(30):
        page.mouse.move(box["x"] + 40, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 120, middle, steps=4)
        page.mouse.up()
        if pages:
            break
    assert "/api/v3/klines" in pages[0]
    page.mouse.move(box["x"] + 200, middle)
    expect(page.get_by_test_id("read-out")).to_contain_text(re.compile(r"O.*H.*L.*C.*V"))


# ---------------------------------------------------------------- accounts and keys


def signed_status(rest_url: str, key: str, secret: str) -> tuple[int, dict]:
    query = urllib.parse.urlencode({"timestamp": int(time.time() * 1000)})
    signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    request = urllib.request.Request(f"{rest_url}/api/v3/account?{query}&signature={signature}", headers={"X-MBX-APIKEY": key})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_sign_up_demo_funds_and_an_api_key_that_works_until_revoked(open_desk):
    desk = open_desk()
    page = desk.visit("/signup")
    page.get_by_label("E-mail").fill("dora@example.com")
    page.get_by_label("Password").fill("short")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("at least 8 characters")
    page.get_by_label("Password").fill("a sentence is a good password")
    page.keyboard.press("Enter")
    desk.await_market()
    page.get_by_role("button", name="Get demo USDT").click()
    expect(page.get_by_test_id("available")).not_to_have_text("0.00 USDT")
    page.get_by_role("link", name="Wallet").first.click()
    expect(page.locator("tr[data-asset=USDT]")).to_be_visible()

    page.get_by_role("button", name="Account").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Label").fill("bot")
    page.get_by_role("button", name="Make the key").click()
    key, secret = page.get_by_test_id("api-key").inner_text(), page.get_by_test_id("secret").inner_text()
    status, body = signed_status(desk.venue.rest_url, key, secret)
    assert status == 200 and any(row["asset"] == "USDT" for row in body["balances"])
    page.get_by_role("button", name="I have it").click()
    expect(page.locator(f"tr[data-key='{key}']")).to_contain_text("bot")
    assert secret not in page.content()

    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    assert signed_status(desk.venue.rest_url, key, secret)[1]["code"] == -2015

    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_text("This one")).to_be_visible()
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Log out").last.click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


# ---------------------------------------------------------------- states


def test_a_lost_connection_is_told_and_recovers_by_itself(open_desk):
    desk = open_desk(faults_expected=True)
    page = desk.page
    lines = []
    down = {"is": False}

    def line(socket):
        if down["is"]:
            socket.close(code=1011)
            return
        lines.append((socket, socket.connect_to_server()))

    page.route_web_socket(re.compile("/stream$"), line)
    desk.visit()
    desk.await_market()
    down["is"] = True
    for near, far in lines:
        near.close(code=1011)
        far.close()
    expect(page.locator(".lost-line")).to_contain_text("Connection lost. Prices are")
    expect(page.locator(".ladders.stale")).to_have_count(1)
    down["is"] = False
    expect(page.locator(".lost-line")).to_have_count(0)
    expect(page.locator(".ladders.stale")).to_have_count(0)
    shown = page.locator(".trades .ladder-row").first.inner_text()
    desk.until("text => document.querySelector('.trades .ladder-row').innerText !== text", shown)


def test_loading_has_the_final_geometry_and_errors_have_a_way_out(open_desk):
    desk = open_desk(faults_expected=True)
    page = desk.page
    held = []

    def hold(route) -> None:  # Playwright wants a function of Python's, not a method of list's
        held.append(route)

    page.route("**/api/v3/exchangeInfo*", hold)
    desk.visit()
    expect(page.locator(".ticket .bone").first).to_be_visible()
    bones = page.locator(".chart").bounding_box()
    page.route("**/api/v3/klines*", lambda route: route.fulfill(status=500, body="{}"))
    held[0].continue_()
    expect(page.get_by_text("The candles could not be loaded")).to_be_visible()
    assert page.locator(".chart").bounding_box() == bones
    page.unroute("**/api/v3/klines*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The candles could not be loaded")).to_have_count(0)
    page.unroute("**/api/v3/exchangeInfo*")

    page.route("**/config.json", lambda route: route.abort())
    desk.visit()
    expect(page.get_by_text("The exchange does not answer")).to_be_visible()
    page.unroute("**/config.json")
    desk.await_market()


def test_theme_and_palette_are_chosen_and_kept(open_desk):
    desk = open_desk(theme="light")
    page = desk.visit()
    desk.await_market()
    background = "getComputedStyle(document.querySelector('.book')).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Appearance").click()
    desk.choose("Theme", "Dark")
    desk.choose("Up and down colours", "Green / red")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    desk.await_market()
    assert page.evaluate(background) == dark
    assert page.evaluate("document.documentElement.dataset.palette") == "redgreen"


# ---------------------------------------------------------------- for everybody, at every size


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(open_desk, member, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (make web)")
    desk = open_desk(theme=theme, state=member)
    found = []
    for path in ("/trade/BTCUSDT", "/wallet", "/settings/keys", "/settings/sessions"):
        page = desk.visit(path)
        if path.startswith("/trade"):
            desk.await_market()
        else:
            page.locator("table tbody tr, .state").first.wait_for()
        found += findings(page)
    visitor = open_desk(theme=theme)
    page = visitor.visit("/signup")
    page.get_by_role("heading", name="Sign up").wait_for()
    found += findings(page)
    assert found == []


def findings(page) -> list[str]:
    page.evaluate(AXE.read_text() + ";0")
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {rule['id']} ({rule['impact']}) {rule['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"][:5]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", list(SIZES))
def test_pages_fit_every_screen(open_desk, member, tmp_path, width, theme):
    """Nothing sticks out sideways. With $CRYPTOSHOP_SCREENSHOTS the pictures are kept there."""
    folder = Path(os.environ.get("CRYPTOSHOP_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    desk = open_desk(width=width, theme=theme, state=member)
    for path, name in (("/trade/BTCUSDT", "trade"), ("/wallet", "wallet"), ("/settings/keys", "keys")):
        page = desk.visit(path)
        if name == "trade":
            desk.await_market()
            expect(desk.rows()).to_have_count(2)
        else:
            page.locator("table tbody tr, .state").first.wait_for()
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than the screen"
        picture = folder / f"{name}-{width}-{theme}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 10_000


def test_on_a_phone_the_ticket_comes_from_below(open_desk):
    desk = open_desk(width=390)
    page = desk.log_in("alice")
    expect(page.locator("button.submit")).not_to_be_visible()
    page.locator(".ticket-bar").get_by_role("button", name="Sell").click()
    expect(page.locator("button.submit")).to_be_visible()
    desk.choose("Order type", "Market")
    desk.ticket("Amount").fill("0.001")
    page.locator("button.submit").click()
    expect(page.get_by_text(re.compile("Sold 0.00100 BTC at"))).to_be_visible()
    expect(page.locator("button.submit")).not_to_be_visible()
