"""Orders that wait, follow, hide or belong together, as a member places them on the page; trades of another member set them off."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from playwright.sync_api import expect

from tests.web.conftest import Desk, operate
from tests.web.test_trade_page import AXE, findings, number

CENT = Decimal("0.01")
PUSHES = 60


class Trader:
    """A member who moves the price, through the API of a session."""

    def __init__(self, desk, name: str) -> None:
        self.desk = desk
        desk.log_in(name)
        self.csrf = self._get("/account/me")["csrf"]

    def _get(self, path: str):
        return self.desk.page.request.get(self.desk.venue.rest_url + path).json()

    def buy(self, **terms: str) -> None:
        self.send(side="BUY", **terms)

    def send(self, **terms: str) -> None:
        form = {"symbol": "BTCUSDT", **terms}
        answer = self.desk.page.request.post(f"{self.desk.venue.rest_url}/api/v3/order", form=form, headers={"X-CSRF-Token": self.csrf})
        assert answer.ok, answer.text()

    def last(self) -> Decimal:
        return Decimal(self._get("/api/v3/ticker/price?symbol=BTCUSDT")["price"])

    def best_offer(self) -> Decimal:
        return Decimal(self._get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["askPrice"])

    def best_bid(self) -> Decimal:
        return Decimal(self._get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["bidPrice"])

    def orders_of(self, desk, what: str = "openOrders") -> list[dict]:
        """What the API tells another member of their orders."""
        return desk.page.request.get(f"{desk.venue.rest_url}/api/v3/{what}").json()

    def sell_down_to(self, price: Decimal, done) -> None:
        """As `buy_up_to`, against the bids."""
        for _ in range(PUSHES):
            quantity = Decimal(0)
            for bid, size in self._get("/api/v3/depth?symbol=BTCUSDT&limit=1000")["bids"]:
                quantity += Decimal(size)
                if Decimal(bid) <= price:
                    break
            self.send(side="SELL", type="LIMIT", timeInForce="IOC", price=bid, quantity=str(quantity))
            self.desk.page.wait_for_timeout(100)
            if done():
                return
        raise AssertionError(f"sold down to {price}, and nothing came of it")

    def buy_up_to(self, price: Decimal, done) -> None:
        """Takes all offers below `price` and the first one from it on, again and again, as others offer anew, until `done()`."""
        for _ in range(PUSHES):
            quantity = Decimal(0)
            for offer, size in self._get("/api/v3/depth?symbol=BTCUSDT&limit=1000")["asks"]:
                quantity += Decimal(size)
                if Decimal(offer) >= price:
                    break
            self.buy(type="LIMIT", timeInForce="IOC", price=offer, quantity=str(quantity))
            self.desk.page.wait_for_timeout(100)
            if done():
                return
        raise AssertionError(f"bought up to {price}, and nothing came of it")


def sentence(desk):
    return desk.page.get_by_test_id("sentence")


def submit(desk) -> None:
    desk.page.locator("button.submit").click()


def test_a_stop_waits_and_the_trades_of_others_set_it_off(open_desk):
    desk, other = open_desk(), Trader(open_desk(), "bob")
    page = desk.log_in("alice")
    page.keyboard.press("p")  # the stop's first field, by the keyboard
    desk.until("document.activeElement.name === 'trigger'")
    stop = (max(other.last(), other.best_offer()) * Decimal("1.0002")).quantize(CENT)
    limit = (stop * Decimal("1.02")).quantize(CENT)
    page.keyboard.type(str(stop))
    expect(page.get_by_text("waits for a rise")).to_be_visible()
    desk.ticket("Price").fill(str(limit))
    desk.ticket("Amount").fill("0.01")
    said = re.compile(r"^When BTC rises to [\d,.]+, buy 0\.01 BTC at [\d,.]+ or better\.$")
    expect(sentence(desk)).to_have_text(said)
    expect(page.locator("button.submit")).to_have_text("Place stop: buy 0.01 BTC")
    page.keyboard.press("Enter")

    expect(desk.rows()).to_have_count(1)
    expect(desk.rows().first).to_contain_text("Stop limit")
    expect(desk.rows().first).to_contain_text(f"≥ {stop:,.2f}")
    expect(desk.rows().first).to_contain_text("Waiting")
    expect(page.locator(".ladder .mine")).to_have_count(0)  # nobody sees it in the book

    other.buy_up_to(stop, lambda: desk.rows().count() == 0)
    expect(page.get_by_text(re.compile("^Triggered: buy 0.01000 BTC"))).to_be_visible()
    desk.tab("Order history")
    expect(desk.rows().first).to_contain_text("Stop limit")
    expect(desk.rows().first).to_contain_text("Filled")


def test_a_pair_stands_together_and_the_fill_of_one_takes_the_other_away(open_desk):
    desk, other = open_desk(), Trader(open_desk(), "bob")
    page = desk.log_in("alice")

    def place() -> Decimal:
        profit = (max(other.last(), other.best_offer()) * Decimal("1.0002")).quantize(CENT)
        page.keyboard.press("s")
        page.keyboard.press("o")
        desk.until("document.activeElement.name === 'price'")
        page.keyboard.type(str(profit))
        desk.ticket("Stop price").fill(str((profit * Decimal("0.8")).quantize(CENT)))
        desk.choose("Once triggered", "At market")
        desk.ticket("Amount").fill("0.02")
        expect(sentence(desk)).to_contain_text("The first cancels the other.")
        page.keyboard.press("Enter")
        expect(desk.rows()).to_have_count(2)
        return profit

    place()
    expect(desk.rows().filter(has_text="OCO")).to_have_count(2)
    expect(desk.rows().filter(has_text="Waiting")).to_have_count(1)
    page.get_by_role("button", name=re.compile("Cancel the order at .* bound to it")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancelling it cancels the other too")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name="Cancel both").click()
    expect(page.get_by_text("No open orders")).to_be_visible()

    profit = place()
    other.buy_up_to(profit, lambda: desk.rows().count() == 0)
    desk.tab("Order history")
    expect(desk.rows().nth(0)).to_contain_text(re.compile("Filled|the other order of the pair started"))
    expect(desk.rows().nth(1)).to_contain_text(re.compile("Filled|the other order of the pair started"))
    expect(desk.rows().filter(has_text="the other order of the pair started").first).to_contain_text("Stop market")


def test_what_follows_a_filled_order_is_placed_with_it(open_desk):
    desk, other = open_desk(), Trader(open_desk(), "bob")
    page = desk.log_in("alice")
    page.keyboard.press("b")
    desk.until("document.activeElement.value !== ''")
    price = (Decimal(desk.ticket("Price").input_value()) * Decimal("0.9998")).quantize(CENT)
    desk.ticket("Price").fill(str(price))
    desk.ticket("Amount").fill("0.02")
    desk.ticket("Take profit or stop once it is filled").check()
    expect(page.get_by_text("Type one of the two prices, or both.")).to_be_visible()
    desk.ticket("Take profit").fill(str(price - 1))
    expect(page.get_by_text("Taking profit sells above the order's price")).to_be_visible()
    desk.ticket("Take profit").fill(str((price * Decimal("1.05")).quantize(CENT)))
    desk.ticket("Stop price").fill(str((price * Decimal("0.9")).quantize(CENT)))
    said = re.compile(r"Once all of it is bought: sell 0\.01998 BTC at .* or better; or, when BTC falls to")
    expect(sentence(desk)).to_contain_text(said)
    expect(page.locator("button.submit")).to_have_text("Buy 0.02 BTC, then sell")
    if AXE.exists():
        assert findings(page) == []
    desk.ticket("Amount").press("Enter")
    expect(page.get_by_text("two orders follow once it is filled")).to_be_visible()
    expect(desk.rows()).to_have_count(3)
    expect(desk.rows().filter(has_text="OTO")).to_have_count(3)
    expect(desk.rows().filter(has_text="Pending")).to_have_count(2)

    other.sell_down_to(price, lambda: desk.rows().count() == 2)
    expect(desk.rows().filter(has_text="Sell")).to_have_count(2)
    expect(desk.rows().filter(has_text="Pending")).to_have_count(0)
    expect(desk.rows().filter(has_text="Waiting")).to_have_count(1)  # the stop; the take profit is in the book
    expect(page.locator(".ladder .mine")).to_have_count(0)  # far from the spread
    page.get_by_role("button", name=re.compile("Cancel the order at .* bound to it")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel both").click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_a_changed_order_does_not_place_again_what_was_filled(open_desk):
    desk, other = open_desk(), Trader(open_desk(), "bob")
    page = desk.log_in("alice")
    page.keyboard.press("b")
    desk.until("document.activeElement.value !== ''")
    price = other.best_bid() + CENT  # alone at the best price
    desk.ticket("Price").fill(str(price))
    desk.ticket("Amount").fill("0.5")
    desk.unfold_options()
    desk.ticket("Own orders").select_option("EXPIRE_MAKER")
    desk.ticket("Amount").press("Enter")
    expect(desk.rows()).to_have_count(1)
    other.send(side="SELL", type="LIMIT", timeInForce="IOC", price=str(price), quantity="0.1")
    expect(desk.rows().first).not_to_contain_text(re.compile(r"\b0%"))
    (before,) = other.orders_of(desk)
    filled = Decimal(before["executedQty"])
    assert filled >= Decimal("0.1")
    page.get_by_role("button", name=re.compile("Change the order at")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill(str(filled))
    expect(dialog).to_contain_text("the amount must be above that")
    dialog.get_by_label("Amount").fill("0.5")
    dialog.get_by_label("Price").fill(str((price * Decimal("0.98")).quantize(CENT)))
    expect(dialog).to_contain_text("queue anew")
    dialog.get_by_role("button", name="Change order").click()
    expect(dialog).to_have_count(0)
    expect(desk.rows()).to_have_count(1)
    (after,) = other.orders_of(desk)
    all_orders = other.orders_of(desk, "allOrders?symbol=BTCUSDT")
    done = next(row["executedQty"] for row in all_orders if row["orderId"] == before["orderId"])
    assert Decimal(after["origQty"]) + Decimal(done) == Decimal("0.5")
    assert after["selfTradePreventionMode"] == "EXPIRE_MAKER"  # as it was
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_a_trailing_stop_is_placed_and_says_what_it_follows(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    page.keyboard.press("s")
    page.keyboard.press("t")
    desk.until("document.activeElement.name === 'distance'")
    page.keyboard.type("2.5")
    desk.choose("Once triggered", "At market")
    desk.ticket("Amount").fill("0.01")
    said = re.compile(r"^When BTC falls 2\.5% below its highest price from now on \(now [\d,.]+\), sell 0\.01 BTC")
    expect(sentence(desk)).to_have_text(said)
    page.keyboard.press("Enter")
    expect(desk.rows()).to_have_count(1)
    expect(desk.rows().first).to_contain_text("Trailing market")
    expect(desk.rows().first).to_contain_text("\N{MINUS SIGN}2.5% from high")
    page.get_by_role("button", name=re.compile("Cancel the order at")).click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_an_iceberg_hides_and_good_till_a_date_is_told(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    best = Decimal(desk.ticket("Price").input_value())
    desk.ticket("Price").fill(str((best * Decimal("0.99")).quantize(CENT)))
    desk.ticket("Amount").fill("0.5")
    desk.unfold_options()
    desk.choose("How long", "GTD")
    desk.ticket("Until").fill((datetime.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))  # as the field of the browser has it
    desk.ticket("Show only").fill("0.1")
    expect(page.locator(".extras-said")).to_have_text("GTD, shows 0.1 BTC")
    page.keyboard.press("Enter")
    row = desk.rows().first
    expect(row).to_contain_text("Limit GTD")
    expect(row).to_contain_text("0.4 hidden · 0.50000")
    book = page.request.get(f"{desk.venue.rest_url}/api/v3/depth?symbol=BTCUSDT&limit=1000").json()["bids"]
    price = number(row.locator("td").nth(5).inner_text())
    shown = next(Decimal(size) for level, size in book if Decimal(level) == price)
    assert Decimal("0.1") <= shown < Decimal("0.5")
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_one_side_is_cancelled_and_the_other_stays(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    for key, factor in (("b", "0.95"), ("s", "1.05")):
        page.keyboard.press(key)
        desk.until("document.activeElement.value !== ''")
        best = Decimal(desk.ticket("Price").input_value())
        desk.ticket("Price").fill(str((best * Decimal(factor)).quantize(CENT)))
        desk.ticket("Amount").fill("0.01")
        page.keyboard.press("Enter")
        expect(desk.rows().filter(has_text="Buy" if key == "b" else "Sell")).to_have_count(1)
        expect(desk.ticket("Amount")).to_have_value("")
    page.get_by_role("button", name="Cancel the buys of BTC/USDT").click()
    expect(desk.rows()).to_have_count(1)
    expect(desk.rows().first).to_contain_text("Sell")
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("No open orders")).to_be_visible()


def test_an_auction_is_told_with_the_price_at_which_it_would_end(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    desk.visit("/trade/XRPUSDT")
    desk.await_market()
    operate(desk.venue, "auction", "XRPUSDT")
    try:
        expect(page.locator(".market-name")).to_contain_text("Auction")
        desk.choose("Order type", "Market")
        expect(page.locator("button.submit")).to_have_text("No market orders during the auction")
        desk.choose("Order type", "Limit")
        desk.choose("Side", "Sell")
        bid = Decimal(page.request.get(f"{desk.venue.rest_url}/api/v3/ticker/bookTicker?symbol=XRPUSDT").json()["bidPrice"])
        low = (bid * Decimal("0.97")).quantize(Decimal("0.0001"))  # would trade at once if the market traded, also where it goes meanwhile
        desk.ticket("Price").fill(str(low))
        desk.ticket("Amount").fill("100")
        submit(desk)
        expect(desk.rows().filter(has_text="XRP")).to_have_count(1)
        expect(page.get_by_test_id("indicative")).to_contain_text("XRP")
    finally:
        operate(desk.venue, "resume", "XRPUSDT")
    expect(page.locator(".market-name")).not_to_contain_text("Auction")
    expect(desk.rows().filter(has_text="XRP")).to_have_count(0)
    desk.tab("Fills")
    expect(desk.rows().first).to_contain_text("100.0")


def test_the_dead_mans_switch_is_set_and_taken_off(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    desk.visit("/settings/trading")
    desk.choose("Cancel all open orders after", "1 minute")
    expect(page.get_by_text("On in this browser.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="1 minute")).to_be_checked()
    desk.choose("Cancel all open orders after", "Never")
    expect(page.get_by_text("Off in this browser.")).to_be_visible()


def test_the_ticket_explains_and_refuses_before_it_sends(open_desk):
    desk = open_desk()
    page = desk.log_in("alice")
    desk.choose("Order type", "Stop")
    desk.choose("Side", "Sell")
    last = number(page.get_by_test_id("last-price").inner_text())
    stop = (last * Decimal("0.9")).quantize(CENT)
    desk.ticket("Stop price").fill(str(stop))
    desk.ticket("Price").fill(str((stop * Decimal("1.02")).quantize(CENT)))
    desk.ticket("Amount").fill("0.01")
    expect(page.get_by_text("waits for a fall")).to_be_visible()
    submit(desk)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("above the trigger")
    page.keyboard.press("Escape")
    desk.choose("Order type", "OCO")
    desk.ticket("Take profit").fill(str(stop))
    expect(page.get_by_text(re.compile("Taking profit sells above the last price"))).to_be_visible()
    submit(desk)
    expect(page.get_by_text("No open orders")).to_be_visible()
    if AXE.exists():
        desk.unfold_options()
        assert findings(page) == []


def test_two_tabs_a_lost_answer_and_a_session_that_ends(open_desk):
    desk = open_desk(faults_expected=True)
    page = desk.log_in("alice")
    other = Desk(page.context.new_page(), desk.venue)
    other.visit()
    other.await_market()
    price = (number(page.get_by_test_id("last-price").inner_text()) * Decimal("0.95")).quantize(CENT)
    desk.ticket("Price").fill(str(price))
    desk.ticket("Amount").fill("0.01")
    desk.ticket("Amount").press("Enter")
    for one in (desk, other):
        expect(one.rows()).to_have_count(1)
    expect(desk.ticket("Amount")).to_have_value("")
    other.page.get_by_role("button", name=re.compile("Cancel the order at")).click()
    for one in (desk, other):
        expect(one.rows()).to_have_count(0)

    # The venue takes the order, and the page is reloaded before it hears of that.
    done = []
    page.route("**/api/v3/order", lambda route: done.append(route.fetch().status))
    desk.ticket("Amount").fill("0.02")
    desk.ticket("Amount").press("Enter")
    expect(other.rows()).to_have_count(1)
    assert done == [200]
    page.reload()
    expect(desk.rows()).to_contain_text("0.02000")
    page.unroute("**/api/v3/order")
    page.get_by_role("button", name="Cancel all").click()
    expect(desk.rows()).to_have_count(0)

    # Logged out elsewhere: the ticket says so, and what was typed stays.
    desk.ticket("Price").fill(str(price))
    desk.ticket("Amount").fill("0.03")
    page.context.clear_cookies()
    desk.ticket("Amount").press("Enter")
    expect(page.locator(".ticket [role=alert]")).to_contain_text("You are logged out, so nothing was done.")
    expect(page.get_by_role("link", name="Log in to trade")).to_be_visible()
    expect(desk.ticket("Amount")).to_have_value("0.03")


def test_the_ticket_is_for_everybody_whatever_its_kind(open_desk):
    desk = open_desk()
    page = desk.log_in("emil")
    page.emulate_media(reduced_motion="reduce")
    for account in ("Cross", "Spot"):
        desk.choose("Account", account)
        if account == "Cross":
            expect(page.get_by_text("This margin account is not open yet")).to_be_visible()
            expect(page.get_by_test_id("available")).to_have_text("0.00 USDT")
        for key in "lmpto":
            page.keyboard.press(key)
            desk.until("document.activeElement.closest('.ticket') !== null")
            if page.locator("details.extras:not([open])").count():
                desk.unfold_options()
            desk.ticket("Amount").fill("123456789012345678901234567890")
            assert page.locator(".ticket").evaluate("one => one.scrollWidth <= one.clientWidth"), key
            if AXE.exists():
                assert findings(page) == [], key
            desk.ticket("Amount").fill("")
            page.keyboard.press("Escape")
