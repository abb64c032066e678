"""One real venue for all clients' tests: `cryptoshop serve --demo` on free ports, stopped at the end."""

import time
from collections.abc import Iterator

import pytest

from cryptoshop import cli
from tests.clients.venue import ClientVenue
from tests.cryptoshop.processes import Serve

PRICES_S = 30  # until the demo's sources of prices have spoken
QUIET_TRADERS = ("emil", "fumiko", "grace", "henrik")


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with Serve(tmp_path_factory.mktemp("clients") / "data", "--demo") as serve:
        yield serve


@pytest.fixture(scope="session")
def venue(serve: Serve) -> ClientVenue:
    """URLs and demo accounts of the running venue."""
    return ClientVenue(serve.rest_url, serve.ws_url, serve.demo_accounts())


@pytest.fixture(scope="session")
def operator(serve: Serve, venue: ClientVenue):
    """Runs a line of `cryptoshop admin`."""

    def run(line: str) -> None:
        assert cli.main(["admin", *line.split(), "--data-dir", str(serve.data_dir)]) == 0

    return run


@pytest.fixture(scope="session")
def lending(venue: ClientVenue) -> None:
    """Once there are prices by which the venue lends."""
    client = venue.python_binance()
    until = time.monotonic() + PRICES_S
    while client.get_margin_price_index(symbol="BTCUSDT")["frozen"]:
        assert time.monotonic() < until, "the demo's sources say nothing"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def quiet(operator, venue: ClientVenue) -> str:
    """A market where nobody trades but the tests: QUIETUSDT, tick 0.01, lot 0.001; the last price is 100."""
    operator("add-asset QUIET --decimals 8")
    operator("add-symbol QUIETUSDT --base QUIET --quote USDT --tick 0.01 --lot 0.001 --min-notional 1")
    for name in QUIET_TRADERS:
        operator(f"deposit {venue.accounts[name]['email']} QUIET 1000")
    operator("set-filter QUIETUSDT iceberg-parts 20")
    operator("set-filter QUIETUSDT max-amends 3")
    trade_at(venue, 100)
    return "QUIETUSDT"


def trade_at(venue: ClientVenue, price: float, quantity: float = 1) -> None:
    """Henrik trades with himself; what waits on the way to the price trades first."""
    client = venue.python_binance("henrik")
    terms = {"symbol": "QUIETUSDT", "quantity": f"{quantity:.3f}", "price": f"{price:.2f}"}
    client.order_limit_buy(**terms)
    client.order_limit_sell(**terms)
