"""Margin as a member uses it: lend, move funds in, borrow, buy with borrowed money, repay; and what the pages say about it."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.web.conftest import SIZES, Desk, operate
from tests.web.test_trade_page import AXE, findings, number

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
