"""A demo venue, a headless Chromium, and desks: one page each, that remembers what went wrong in it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.cryptoshop.processes import Serve

REPOSITORY = Path(__file__).parents[2]
APP = REPOSITORY / "cryptoshop" / "static" / "app"
WEB = REPOSITORY / "web"
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_S = 15
SIZES = {1440: (1440, 900), 1024: (1024, 768), 390: (390, 844)}


def chromium() -> str | None:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


# Module-scoped on purpose: the browser's event loop must not be around when other modules' asynchronous tests run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium on PATH")
    if not (APP / "index.html").exists():
        pytest.skip("the web app is not built (make web)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def venue(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with Serve(tmp_path_factory.mktemp("venue") / "data", "--demo") as serve:
        yield serve


def _told(message: ConsoleMessage) -> str:
    return f"{message.text} {message.location.get('url', '')}"


class Desk:
    """A browser page at one person's desk, with the steps that many tests take."""

    def __init__(self, page: Page, venue: Serve) -> None:
        self.page = page
        self.venue = venue
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.faults.append(_told(message)))

    def visit(self, path: str = "/trade/BTCUSDT") -> Page:
        self.page.goto(self.venue.rest_url + path)
        return self.page

    def log_in(self, name: str) -> Page:
        """Through the form, as a demo user; ends on the live trade page."""
        account = self.venue.demo_accounts()[name]
        page = self.visit("/login")
        page.get_by_label("E-mail").fill(account["email"])
        page.get_by_label("Password").fill(account["password"])
        page.keyboard.press("Enter")
        return self.await_market()

    def await_market(self) -> Page:
        page = self.page
        page.locator(".ladder.bid [role=option]").first.wait_for()
        page.get_by_test_id("read-out").wait_for(state="attached")
        return page

    def until(self, expression: str, argument: object = None) -> None:
        """Waits for a true expression. The page's own policy forbids eval, so Playwright's wait_for_function cannot."""
        until = time.monotonic() + WAIT_S
        while not self.page.evaluate(expression, argument):
            assert time.monotonic() < until, f"not within {WAIT_S} s: {expression}"
            self.page.wait_for_timeout(50)

    def balances(self) -> dict[str, tuple[str, str]]:
        """asset -> (free, locked), as the API tells this session."""
        rows = self.page.request.get(self.venue.rest_url + "/api/v3/account").json()["balances"]
        return {row["asset"]: (row["free"], row["locked"]) for row in rows}

    def ticket(self, label: str):
        return self.page.get_by_role("region", name="Place an order").get_by_label(label, exact=True)

    def choose(self, group: str, option: str) -> None:
        self.page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option, exact=True).check()

    def unfold_options(self) -> None:
        """Shows what most orders do without."""
        self.page.locator("details.extras:not([open]) summary").click()

    def post_only(self) -> None:
        self.unfold_options()
        self.ticket("Post-only: refused if it would trade at once").check()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def rows(self):
        """The rows of the table below the chart."""
        return self.page.locator(".mine tbody tr")


def operate(venue: Serve, *words: str) -> str:
    """What the venue's operator does, as they do it, and what they are told: `cryptoshop admin …`."""
    command = [sys.executable, "-m", "cryptoshop.cli", "admin", *words, "--data-dir", str(venue.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def open_desk(browser: Browser, venue: Serve) -> Iterator[Callable[..., Desk]]:
    """open_desk(width=1440, theme="dark", state=None) -> Desk; every desk is closed at the end, and must not have seen an error."""
    with ExitStack() as stack:
        desks: list[Desk] = []

        def open_one(width: int = 1440, theme: str = "dark", state: dict | None = None, faults_expected: bool = False,
                     with_worker: bool = False) -> Desk:  # fmt: skip
            w, h = SIZES[width]
            # Without a service worker every request is one that a test can hold back or answer otherwise.
            context = browser.new_context(
                viewport={"width": w, "height": h}, color_scheme=theme, storage_state=state,
                service_workers="allow" if with_worker else "block",
            )  # fmt: skip
            context.set_default_timeout(WAIT_S * 1000)
            stack.callback(context.close)
            desk = Desk(context.new_page(), venue)
            if not faults_expected:
                desks.append(desk)
            return desk

        yield open_one
        for desk in desks:
            # The browser itself reports the 401 that tells a visitor from a member.
            assert [fault for fault in desk.faults if "401" not in fault] == []


@pytest.fixture(scope="module")
def member(browser: Browser, venue: Serve) -> dict:
    """The storage state of a logged-in demo user with open orders and fills, for tests that only look."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    desk = Desk(context.new_page(), venue)
    page = desk.log_in("carol")
    for side, price in (("b", 0.97), ("s", 1.03)):
        page.keyboard.press(side)
        best = float(desk.ticket("Price").input_value())
        desk.ticket("Price").fill(f"{best * price:.2f}")
        desk.ticket("Amount").fill("0.15")
        page.keyboard.press("Enter")
        page.locator(".notice.good").first.wait_for()
    desk.choose("Order type", "Market")
    desk.ticket("Amount").fill("0.03")
    page.keyboard.press("Enter")
    page.get_by_text("Sold 0.03000 BTC").wait_for()
    state = context.storage_state()
    context.close()
    return state
