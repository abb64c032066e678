"""Margin as a member uses it: lend, move funds in, borrow, buy with borrowed money, repay, be liquidated; and what the pages say of it."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, Desk, operate
from tests.web.outside import Outside
from tests.web.test_trade_page import AXE, findings, number

CENT = Decimal("0.01")
STAKE, AMOUNT = Decimal(12_000), Decimal(9)  # USDT of one's own, ETH bought with it and with what is borrowed
SYMBOL = "ETHUSDT"
PAGES = ("/margin", "/margin/isolated", "/margin/lending", "/margin/history", "/margin/prices")


def asset_row(desk, asset: str):
    return desk.page.locator(f".office tr[data-asset={asset}]")


def fill_dialog(desk, amount: str, button: str) -> None:
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill(amount)
    expect(dialog.locator("button.primary")).to_contain_text(button)
    dialog.locator("button.primary").click()
    expect(dialog).to_have_count(0)


def cells(desk, asset: str) -> dict[str, Decimal]:
    texts = asset_row(desk, asset).locator("td").all_inner_texts()
    return {
        name: number(text) if text != "—" else Decimal(0)
        for name, text in zip(("free", "held", "borrowed", "interest"), texts[1:5], strict=True)
    }


@pytest.fixture(scope="module")
def lender(browser, venue):
    """A member who has put money into the pools, through the page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    desk = Desk(context.new_page(), venue)
    page = desk.log_in("henrik")
    desk.visit("/margin/lending")
    for asset, amount in (("USDT", "50000"), ("ETH", "5")):
        page.get_by_role("button", name=f"Lend {asset}").click()
        fill_dialog(desk, amount, "Lend")
        expect(page.get_by_role("button", name=f"Take out {asset}")).to_be_visible()
    yield desk
    context.close()


def test_borrowed_money_buys_and_is_repaid(open_desk, lender):
    desk = open_desk()
    page = desk.log_in("grace")
    before = Decimal(desk.balances()["USDT"][0])

    desk.visit("/margin")
    expect(page.get_by_text("The account opens with the first funds")).to_be_visible()
    page.get_by_role("button", name="Move funds in").click()
    expect(page.get_by_role("dialog")).to_contain_text("Available: ")
    page.get_by_role("dialog").get_by_label("Asset").select_option("USDT")
    fill_dialog(desk, "1000", "Transfer")
    expect(asset_row(desk, "USDT")).to_contain_text("1,000.00")
    assert Decimal(desk.balances()["USDT"][0]) == before - 1000

    page.get_by_role("button", name="Borrow USDT").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"You can borrow [\d,.]+ USDT"))
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"[\d.]+% \([\d.]+% a year\)"))
    fill_dialog(desk, "500", "Borrow")
    expect(asset_row(desk, "USDT").get_by_role("button", name="Repay")).to_be_visible()
    owed = cells(desk, "USDT")
    assert (owed["free"], owed["borrowed"]) == (1500, 500)
    assert 0 < owed["interest"] < 1  # of the first hour, at once
    expect(page.get_by_test_id("margin-level")).to_have_text("2.999")
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuetext", re.compile("Safe"))

    # On the trade page: more than there is, the rest borrowed by the order itself.
    desk.visit("/trade/BTCUSDT")
    desk.await_market()
    desk.choose("Account", "Cross")
    expect(page.get_by_test_id("ticket-level")).to_contain_text("Safe")
    page.keyboard.press("m")
    desk.ticket("Borrow").check()
    desk.ticket("Amount").fill("0.03")
    expect(page.get_by_test_id("loan")).to_contain_text(re.compile(r"Borrows [\d,.]+ USDT"))
    desk.ticket("Amount").press("Enter")
    expect(page.get_by_text(re.compile("Bought 0.03000 BTC at"))).to_be_visible()
    desk.tab("Fills")
    expect(desk.rows().first).to_contain_text("0.03000")
    desk.choose("Account", "Spot")
    expect(desk.rows().filter(has_text="0.03000")).to_have_count(0)  # the spot account has nothing to do with it

    # An order of the margin account is changed where it is listed.
    desk.choose("Account", "Cross")
    desk.tab("Open orders")
    page.keyboard.press("s")
    page.keyboard.press("l")
    desk.until("document.activeElement.value !== ''")
    desk.ticket("Price").fill(str((number(page.get_by_test_id("last-price").inner_text()) * Decimal("1.1")).quantize(CENT)))
    desk.ticket("Borrow").uncheck()
    desk.ticket("Amount").fill("0.002")
    desk.ticket("Amount").press("Enter")
    expect(desk.rows()).to_have_count(1)
    for amount, said in (("0.001", "keeps its place"), ("0.0015", "queues anew")):
        page.get_by_role("button", name=re.compile("Change the order at")).click()
        page.get_by_role("dialog").get_by_label("Amount").fill(amount)
        expect(page.get_by_role("dialog")).to_contain_text(said)
        page.get_by_role("dialog").get_by_role("button", name="Change order").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(desk.rows()).to_contain_text(f"{amount:0<7}")
    page.get_by_role("button", name=re.compile("Cancel the order at")).click()
    expect(desk.rows()).to_have_count(0)
    page.keyboard.press("m")

    # The sale repays what it brings.
    desk.choose("Account", "Cross")
    desk.choose("Side", "Sell")
    desk.ticket("Repay").check()
    desk.ticket("Borrow").uncheck()
    desk.ticket("Amount").fill("0.0299")
    desk.ticket("Amount").press("Enter")
    expect(page.get_by_text(re.compile("Sold 0.02990 BTC at"))).to_be_visible()
    expect(page.get_by_test_id("ticket-level")).to_have_text("No debt")

    desk.visit("/margin/history")
    rows = page.locator(".office-page tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("An order")
    expect(rows.nth(1)).to_contain_text("You")
    page.get_by_role("link", name="Repays").click()
    expect(page.locator(".office-page tbody")).to_contain_text("An order")
    page.get_by_role("link", name="Transfers").click()
    expect(page.locator(".office-page tbody")).to_contain_text("Spot")

    desk.visit("/margin")
    page.get_by_role("button", name="Move out").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Asset").select_option("USDT")
    dialog.get_by_role("button", name="Use all of it").click()
    dialog.get_by_role("button", name="Transfer").click()
    expect(dialog).to_have_count(0)
    expect(asset_row(desk, "USDT")).not_to_contain_text(re.compile(r"\d"))


def test_an_isolated_account_says_at_which_price_it_is_liquidated(open_desk, lender):
    desk = open_desk()
    page = desk.log_in("fumiko")
    desk.visit("/margin/isolated")
    expect(page.get_by_text("No isolated account yet")).to_be_visible()
    page.get_by_role("button", name="Move funds in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To").select_option("BTCUSDT")
    dialog.get_by_label("Asset").select_option("BTC")
    fill_dialog(desk, "0.1", "Transfer")
    expect(page.get_by_role("heading", name="BTC/USDT")).to_be_visible()
    page.get_by_role("button", name="Borrow USDT").click()
    fill_dialog(desk, "3000", "Borrow")
    price = page.get_by_test_id("liquidation-price")
    expect(price).to_contain_text("from the index")
    # 0.1 BTC and 3,000 USDT against 3,000 and an hour's interest: liquidated where 0.1 p + 3,000 = 1.1 · owed
    owed = cells(desk, "USDT")
    expected = (Decimal("1.1") * (owed["borrowed"] + owed["interest"]) - owed["free"]) / Decimal("0.1")
    assert abs(number(re.search(r"[\d,.]+ USDT", price.inner_text())[0]) - expected) < 1

    desk.visit("/trade/BTCUSDT")
    desk.await_market()
    desk.choose("Account", "Isolated")
    expect(page.locator(".margin-line")).to_contain_text("Liquidated at")

    desk.visit("/margin/isolated")
    page.get_by_role("button", name="Repay USDT").click()
    dialog.get_by_role("button", name=re.compile("^Repay what is there$|^Repay all that is owed$")).click()
    dialog.get_by_role("button", name="Repay", exact=True).click()
    expect(dialog).to_have_count(0)
    desk.until("document.querySelector('.office tr[data-asset=USDT]').children[3].innerText.length < 8")


def test_index_prices_name_their_sources(open_desk):
    desk = open_desk()
    page = desk.log_in("fumiko")
    desk.visit("/margin/prices")
    table = page.get_by_role("region", name="Sources of BTC/USDT")
    expect(table).to_contain_text("book")
    expect(table).to_contain_text("simulated")
    expect(page.get_by_text("Simulated source").first).to_be_visible()


def test_what_cannot_be_done_is_said(open_desk, lender):
    desk = open_desk(faults_expected=True)
    page = desk.log_in("emil")
    desk.visit("/margin")
    page.get_by_role("button", name="Move funds in").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Amount")).to_be_focused()
    dialog.get_by_label("Asset").select_option("USDT")
    dialog.get_by_label("Amount").fill("99999999")
    expect(dialog.locator(".field-error")).to_contain_text("Available: ")
    expect(dialog.get_by_role("button", name="Transfer")).to_be_disabled()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Borrow BTC").click()
    expect(dialog).to_contain_text("You can borrow 0.00 BTC")

    page.route("**/sapi/v1/margin/account*", lambda route: route.fulfill(status=500, body="{}"))
    page.reload()
    expect(page.get_by_text("Your margin accounts could not be loaded")).to_be_visible()
    page.unroute("**/sapi/v1/margin/account*")
    page.get_by_role("button", name="Try again").click()
    expect(asset_row(desk, "USDT")).to_be_visible()


def set_levels(venue, **levels: str) -> None:
    operate(venue, "margin", "set", *(text for name, level in levels.items() for text in (f"--{name}", level)))


def test_a_margin_call_is_told_wherever_one_is(open_desk, lender):
    desk = open_desk()
    page = desk.log_in("dora")
    desk.visit("/margin")
    page.get_by_role("button", name="Move funds in").click()
    page.get_by_role("dialog").get_by_label("Asset").select_option("USDT")
    fill_dialog(desk, "100", "Transfer")
    expect(asset_row(desk, "USDT")).to_contain_text("100.00")
    page.get_by_role("button", name="Borrow USDT").click()
    fill_dialog(desk, "150", "Borrow")
    expect(page.get_by_test_id("margin-level")).to_have_text("1.666")
    expect(page.locator(".call-line")).to_have_count(0)
    set_levels(desk.venue, call="1.7", borrow="1.7")
    try:
        page.get_by_role("button", name="Repay USDT").click()  # whatever the account does, its level is looked at again
        fill_dialog(desk, "1", "Repay")
        line = page.locator(".call-line")
        expect(line).to_contain_text("Margin call: the level of your cross account is 1.67")
        expect(page.locator(".gauge")).to_contain_text("Repay or add funds now")
        desk.visit("/shop")
        expect(line).to_contain_text("Margin call")
        line.get_by_role("link", name="Repay or add funds").click()
        expect(page).to_have_url(re.compile("/margin$"))
        page.get_by_role("button", name="Repay USDT").click()
        page.get_by_role("dialog").get_by_role("button", name="Repay all that is owed").click()
        page.get_by_role("dialog").locator("button.primary").click()
        expect(line).to_have_count(0)
        desk.visit("/margin/history/calls")
        expect(page.locator(".office-page tbody")).to_contain_text("Margin call")
    finally:
        set_levels(desk.venue, call="1.3", borrow="1.5")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", list(SIZES))
def test_margin_pages_fit_every_screen_and_everybody(open_desk, lender, tmp_path, width, theme):
    desk = open_desk(width=width, theme=theme)
    desk.page.emulate_media(reduced_motion="reduce", color_scheme=theme)  # colours do not change while they are measured
    page = desk.log_in("henrik")
    for path in PAGES:
        desk.visit(path)
        page.locator(".gauge, table tbody tr, .state").first.wait_for()
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
        if AXE.exists() and width != 1024:
            assert findings(page) == []


# ---------------------------------------------------------------- a liquidation, as its owner sees it


@pytest.fixture(scope="module")
def outside(venue) -> Iterator[Outside]:
    world = Outside(venue)
    yield world
    world.be_silent("ETH")
    world.close()


class Debtor:
    """A member with a loan in the isolated account of ETH/USDT, and a sale open in it."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk = desk
        desk.log_in(name)
        self.csrf = self._get("/account/me")["csrf"]

    def _get(self, path: str) -> dict:
        return self.desk.page.request.get(self.desk.venue.rest_url + path).json()

    def _post(self, path: str, **form: str) -> dict:
        answer = self.desk.page.request.post(self.desk.venue.rest_url + path, form=form, headers={"X-CSRF-Token": self.csrf})
        assert answer.ok, answer.text()
        return answer.json()

    def account(self) -> dict:
        (found,) = self._get(f"/sapi/v1/margin/isolated/account?symbols={SYMBOL}")["assets"]
        return found

    def borrow_and_buy(self) -> None:
        self._post("/sapi/v1/asset/transfer", type="MAIN_ISOLATED_MARGIN", toSymbol=SYMBOL, asset="USDT", amount=str(STAKE))
        of = {"symbol": SYMBOL, "isIsolated": "TRUE"}
        self._post("/sapi/v1/margin/order", side="BUY", type="MARKET", quantity=str(AMOUNT), sideEffectType="MARGIN_BUY", **of)
        above = (Decimal(self.account()["indexPrice"]) * Decimal("1.05")).quantize(CENT)
        self._post("/sapi/v1/margin/order", side="SELL", type="LIMIT", timeInForce="GTC", price=str(above), quantity="1", **of)


@pytest.fixture(scope="module")
def liquidated(browser, venue, outside) -> Iterator[dict]:
    """Whom it happens to, at two tabs, before it does."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    desk = Desk(context.new_page(), venue)
    debtor = Debtor(desk, "bob")
    debtor.borrow_and_buy()
    before = debtor.account()
    trading = Desk(context.new_page(), venue)  # a second tab of the same person
    yield {"desk": desk, "trading": trading, "debtor": debtor, "before": before}
    context.close()


def test_a_fall_is_called_and_then_liquidated_while_the_owner_looks(liquidated, outside):
    desk, trading, debtor, before = (liquidated[name] for name in ("desk", "trading", "debtor", "before"))
    price_of_end = Decimal(before["liquidatePrice"])
    margin, trade = desk.visit("/margin/isolated"), trading.visit(f"/trade/{SYMBOL}")
    trading.await_market()
    trading.choose("Account", "Isolated")
    expect(trading.rows()).to_have_count(1)
    expect(margin.get_by_test_id("liquidation-price")).to_contain_text(f"{price_of_end:,.2f}")
    expect(margin.locator(".call-line")).to_have_count(0)

    outside.say("ETH", (price_of_end * Decimal("1.12")).quantize(CENT))
    for page in (margin, trade):
        expect(page.locator(".call-line")).to_contain_text(re.compile(r"the level of your isolated account of ETHUSDT is 1\.23\d\."))
        expect(page.locator(".call-line")).to_contain_text("Its prices are simulated.")
    expect(margin.locator(".gauge")).to_contain_text("Repay or add funds now")
    expect(trade.get_by_test_id("ticket-level")).to_contain_text("Margin call")
    owed = cells(desk, "USDT")["borrowed"]
    assert owed == Decimal(before["quoteAsset"]["borrowed"]) > 10_000

    outside.say("ETH", (price_of_end * Decimal("0.99")).quantize(CENT))
    for page in (margin, trade):
        expect(page.locator(".call-line")).to_contain_text("Your isolated account of ETHUSDT was liquidated")
    after = debtor.account()
    assert Decimal(after["marginLevel"]) > Decimal("1.3")
    assert Decimal(after["quoteAsset"]["borrowed"]) < owed
    # The page says what the venue does: level, what is left, what is still owed.
    expect(margin.get_by_test_id("margin-level")).to_have_text(re.compile(rf"^{after['marginLevel'][:4]}"))
    left = cells(desk, "ETH"), cells(desk, "USDT")
    assert (left[0]["free"], left[0]["held"]) == (Decimal(after["baseAsset"]["free"]), 0)  # its open sale was cancelled
    assert left[1]["borrowed"] == Decimal(after["quoteAsset"]["borrowed"])
    expect(margin.get_by_text("See what was sold").last).to_be_visible()

    expect(trading.rows()).to_have_count(0)
    expect(trade.locator("[data-asset=USDT]")).to_contain_text(f"owed{Decimal(after['quoteAsset']['borrowed']):,.8f}")
    trading.tab("Order history")
    expect(trading.rows().first).to_contain_text("Liquidation")
    expect(trading.rows().nth(1)).to_contain_text("Cancelled")
    assert [fault for fault in (*desk.faults, *trading.faults) if "401" not in fault] == []


def test_what_was_sold_can_be_read_afterwards(liquidated):
    desk, debtor, before = (liquidated[name] for name in ("desk", "debtor", "before"))
    page = desk.page
    page.locator(".call-line").get_by_role("link", name="See what was sold").click()
    expect(page).to_have_url(re.compile(r"/margin/history/liquidations\?account=ETHUSDT$"))
    rows = page.locator(".office-page tbody tr")
    expect(rows.first).to_contain_text("ETH/USDT")
    sold = sum(number(text) for text in rows.locator("td:nth-child(4)").all_inner_texts())
    left = Decimal(debtor.account()["baseAsset"]["totalAsset"])
    assert sold + left == Decimal(before["baseAsset"]["totalAsset"])

    page.get_by_role("link", name="Margin calls").click()
    expect(page.get_by_text("a source is simulated")).to_be_visible()
    happened = page.locator(".office-page tbody td:nth-child(2)")
    expect(happened.first).to_have_text("Liquidation ended")
    told = happened.all_inner_texts()
    assert re.match(r"Traded on ETH/USDT: brought [\d,.]+ USDT", told[1])
    assert told[-2:] == ["Liquidation began: orders cancelled", "Margin call"]
    page.get_by_role("link", name="Repays").click()
    expect(rows.first).to_contain_text("USDT")

    page.reload()  # who was not there when it happened is told on the account's page
    expect(page.locator(".call-line")).to_have_count(0)
    desk.visit("/margin/isolated")
    expect(page.locator(".last-liquidation")).to_contain_text("Liquidated")
    assert [fault for fault in desk.faults if "401" not in fault] == []


def test_an_operator_is_told_that_a_price_is_simulated(venue, liquidated):
    said = operate(venue, "margin", "show")
    assert re.search(r"^ETH .* simulated$", said, re.MULTILINE)


@pytest.mark.parametrize("width", list(SIZES))
def test_a_liquidated_account_fits_every_screen_and_everybody(open_desk, liquidated, width):
    desk = open_desk(width=width, state=liquidated["desk"].page.context.storage_state())
    desk.page.emulate_media(reduced_motion="reduce")
    page = desk.page
    for path in ("/margin/isolated", f"/margin/history/calls?account={SYMBOL}", f"/margin/history/liquidations?account={SYMBOL}"):
        desk.visit(path)
        page.locator("table tbody td b, table tbody time").first.wait_for()
        page.evaluate("document.fonts.ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
        if AXE.exists() and width != 1024:
            assert findings(page) == []


def test_a_liquidation_waits_while_the_market_is_halted_and_ends_by_itself(liquidated, outside, venue):
    desk, trading, debtor = (liquidated[name] for name in ("desk", "trading", "debtor"))
    desk.visit("/margin/isolated")
    expect(desk.page.get_by_test_id("margin-level")).to_be_visible()
    trading.visit(f"/trade/{SYMBOL}")
    trading.await_market()
    trading.choose("Account", "Isolated")
    price_of_end = Decimal(debtor.account()["liquidatePrice"])
    operate(venue, "halt", SYMBOL)
    try:
        outside.say("ETH", (price_of_end * Decimal("0.99")).quantize(CENT))
        for one in (desk, trading):
            expect(one.page.locator(".call-line")).to_contain_text("Your isolated account of ETHUSDT is being liquidated")
        expect(desk.page.locator(".gauge")).to_contain_text("The exchange is selling what this account has")
        expect(trading.page.locator("button.submit")).to_have_text("This account is being liquidated")
        expect(trading.page.locator("button.submit")).to_be_disabled()
    finally:
        outside.be_silent("ETH")  # the price was not what it seemed
        operate(venue, "resume", SYMBOL)
    for one in (desk, trading):
        expect(one.page.locator(".call-line")).to_contain_text("Your isolated account of ETHUSDT was liquidated")
    expect(trading.page.locator("button.submit")).to_be_enabled()
