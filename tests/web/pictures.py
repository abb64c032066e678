"""The pictures of README.md and docs/, taken anew in one go: `make pictures` (about two minutes; needs Chromium). Starts a demo
venue of its own, does what people do in it, and writes docs/images/*.png.

With the data directory of a demo that runs already, it is used instead: `make pictures ARGS=data`.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.cryptoshop.processes import Serve
from tests.web.conftest import CHROMIUM_FLAGS, REPOSITORY, SIZES, Desk, chromium

IMAGES = REPOSITORY / "docs" / "images"
COLOURS = 256  # so chosen that none is off by more than a shade
WIDTH = 1440
TRADER, BORROWER, SHOPPER = "carol", "alice", "carol"
GOODS = "Bookshelf speakers, pair"
ADDRESS = (("Name", "Carol Moreau"), ("Street and number", "8 rue des Tanneurs"), ("Postcode", "69005"), ("City", "Lyon"))


@contextmanager
def demo(data_dir: str | None) -> Iterator[Serve | SimpleNamespace]:
    if data_dir is None:
        with tempfile.TemporaryDirectory() as folder, Serve(Path(folder) / "data", "--demo") as serve:
            yield serve
    else:
        accounts = json.loads((Path(data_dir) / "demo.json").read_text())["accounts"]
        port = json.loads((Path(data_dir) / "run.json").read_text())["http_port"]
        yield SimpleNamespace(rest_url=f"http://127.0.0.1:{port}", demo_accounts=lambda: {one["name"]: one for one in accounts})


@contextmanager
def desk_of(browser: Browser, venue: Serve, name: str, theme: str) -> Iterator[Desk]:
    width, height = SIZES[WIDTH]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, service_workers="block")
    context.set_default_timeout(30_000)
    desk = Desk(context.new_page(), venue)
    desk.log_in(name)
    yield desk
    context.close()


def keep(page: Page, name: str, height: int | None = None) -> None:
    """The page as it is, without messages that pass; `height`: cut there."""
    page.evaluate("document.fonts.ready")
    expect(page.locator(".notice")).to_have_count(0, timeout=20_000)
    page.wait_for_timeout(1_000)  # what moves has come to rest
    file = IMAGES / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=file)
    with Image.open(file) as taken:
        cut = taken.crop((0, 0, taken.width, height or taken.height)).convert("RGB")
    cut.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(file, optimize=True)


def trade_page(browser: Browser, venue: Serve) -> None:
    """Orders of several kinds in the table and on the chart, one being written with what follows it."""
    with desk_of(browser, venue, TRADER, "dark") as desk:
        page = desk.page
        for side, share, size in (("b", 0.9965, "0.15"), ("s", 1.004, "0.20")):
            page.keyboard.press(side)
            price = float(desk.ticket("Price").input_value()) * share
            desk.ticket("Price").fill(f"{price:.2f}")
            desk.ticket("Amount").fill(size)
            desk.ticket("Amount").press("Enter")
            expect(desk.ticket("Amount")).to_have_value("")
        page.keyboard.press("m")
        desk.choose("Side", "Buy")
        desk.ticket("Amount").fill("0.03")
        desk.ticket("Amount").press("Enter")
        expect(desk.ticket("Amount")).to_have_value("")
        page.keyboard.press("l")
        price = float(desk.ticket("Price").input_value()) * 0.9985
        desk.ticket("Price").fill(f"{price:.2f}")
        desk.ticket("Take profit or stop once it is filled").check()
        desk.ticket("Take profit").fill(f"{price * 1.0065:.2f}")
        desk.ticket("Stop price").fill(f"{price * 0.994:.2f}")
        desk.ticket("Amount").fill("0.1")
        desk.ticket("Amount").press("Enter")
        expect(desk.rows()).to_have_count(5)
        desk.ticket("Amount").fill("0.25")
        keep(page, "trade-dark")
        page.get_by_role("button", name="Cancel all").click()


def margin_page(browser: Browser, venue: Serve) -> None:
    with desk_of(browser, venue, BORROWER, "light") as desk:
        desk.visit("/margin/isolated")
        desk.page.get_by_test_id("liquidation-price").wait_for()
        keep(desk.page, "margin", height=490)


def purchase(browser: Browser, venue: Serve) -> None:
    with desk_of(browser, venue, SHOPPER, "light") as desk:
        page = desk.visit("/shop")
        page.locator(".tile").first.wait_for()
        page.keyboard.press("/")
        page.keyboard.type(GOODS)
        page.keyboard.press("Enter")
        page.locator(".results .tile", has_text=GOODS).first.click()
        page.get_by_role("button", name="Add to cart").wait_for()
        keep(page, "shop-product")

        page.get_by_role("button", name="Add to cart").click()
        page.get_by_role("link", name="Go to the cart").click()
        page.get_by_role("link", name="Check out").click()
        page.get_by_role("heading", name="Deliver to").wait_for()
        page.get_by_text(ADDRESS[1][1]).or_(page.get_by_label("Name", exact=True)).first.wait_for()
        if page.get_by_label("Name", exact=True).is_visible():
            for label, text in ADDRESS:
                page.get_by_label(label, exact=True).fill(text)
            page.get_by_label("Country").select_option("FR")
            page.get_by_role("button", name="Use this address").click()
        page.locator(".pay-choice[data-asset=SOL] input").check()
        expect(page.locator("button.pay")).to_contain_text("SOL")
        keep(page, "checkout")
        page.locator("button.pay").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        keep(page, "receipt")


def main(arguments: list[str]) -> None:
    with demo(arguments[0] if arguments else None) as venue, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for take in (trade_page, margin_page, purchase):
            take(browser, venue)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
