"""cryptoshop.margin: from figures people speak of to commands, and the core takes them."""

import pytest

from cryptoshop.listing import ListingError
from cryptoshop.margin import (
    Loans,
    Terms,
    asset_command,
    collateral_commands,
    discount_command,
    level_to_ppm,
    numeraire_command,
    rate_to_hourly,
    terms_command,
    tier_commands,
)
from engine.exchange import Exchange
from engine.oracle.machine import OracleMachine
from engine.types import RATE_ONE, VALUE_MAX, Code


@pytest.fixture
def venue() -> Exchange:
    venue = Exchange(OracleMachine(), clock=lambda: 10**18)
    btc, usdt = venue.add_asset("BTC", 8), venue.add_asset("USDT", 6)
    venue.add_symbol("BTCUSDT", btc, usdt, lot_units=10_000)
    return venue


def run(venue: Exchange, *commands) -> None:
    for command in commands:
        assert venue.execute(command)[0].code == Code.OK


def test_the_usual_terms_are_taken(venue):
    btc, usdt = venue.machine.assets()
    run(venue, terms_command(usdt, Terms()), numeraire_command(usdt, Loans()), asset_command(btc, Loans(limit="50"), market=1),
        *collateral_commands(btc, usdt, "1000000:95,5000000:80"), *collateral_commands(usdt, usdt, "all:100"),
        *tier_commands(usdt, "1:100000,2:1000000"), discount_command(btc, "25"))  # fmt: skip
    machine = venue.machine
    setup = machine.margin_setup()
    assert (setup.transfer_ppm, setup.borrow_ppm, setup.call_ppm, setup.liquidation_ppm) == (2_000_000, 1_500_000, 1_300_000, 1_100_000)
    assert (setup.slice_min, setup.grace_ns, setup.fee_ppm) == (10_000 * 10**6, 60 * 10**9, 5_000)
    bitcoin = next(view for view in machine.margin_assets() if view.asset == btc.asset)
    assert (bitcoin.symbol, bitcoin.price_scale, bitcoin.borrow_limit, bitcoin.borrowable) == (1, 8, 50 * 10**8, True)
    assert machine.collateral_tiers(btc.asset) == [(10**12, 950_000), (5 * 10**12, 800_000)]
    assert machine.collateral_tiers(usdt.asset) == [(VALUE_MAX, 1_000_000)]
    assert machine.fee_tiers() == {1: 100_000 * 10**6, 2: 10**6 * 10**6}
    assert machine.discount() == (btc.asset, 250_000)


def test_tiers_are_replaced_as_a_whole(venue):
    btc, usdt = venue.machine.assets()
    run(venue, terms_command(usdt, Terms()), numeraire_command(usdt, Loans()), asset_command(btc, Loans(), market=1))
    run(venue, *collateral_commands(btc, usdt, "10:95,20:80,30:70"), *collateral_commands(btc, usdt, "15:90"))
    assert venue.machine.collateral_tiers(btc.asset) == [(15 * 10**6, 900_000)]
    run(venue, *tier_commands(usdt, "1:10,2:20"), *tier_commands(usdt, "3:30"), discount_command(btc, "5"), discount_command(None, ""))
    assert venue.machine.fee_tiers() == {3: 30 * 10**6}
    assert venue.machine.discount() == (0, 0)


def test_terms_change_and_the_price_stays(venue):
    btc, usdt = venue.machine.assets()
    run(venue, terms_command(usdt, Terms()), numeraire_command(usdt, Loans()), asset_command(btc, Loans(), market=1))
    present = next(view for view in venue.machine.margin_assets() if view.asset == btc.asset)
    run(venue, asset_command(btc, Loans(base="0.1"), market=1, borrowable=False, present=present))
    with pytest.raises(ListingError, match="cannot be others"):
        asset_command(btc, Loans(), market=1, price_decimals=9, present=present)


def test_rates_are_by_the_hour():
    assert rate_to_hourly("0.024") == RATE_ONE // 100_000
    assert rate_to_hourly("0.024%") == RATE_ONE // 100_000
    assert level_to_ppm("1.5") == 1_500_000
    for wrong in ("", "x", "-1", "1000000"):
        with pytest.raises(ListingError):
            rate_to_hourly(wrong)


@pytest.mark.parametrize(
    "terms",
    [
        {"borrow": "3"}, {"liquidation": "1"}, {"call": "1.05"}, {"fee": "x"}, {"grace": "-1"}, {"slice_min": "0.0000001"},
        {"slippage": "10"}, {"liquidation": "1.05"},
    ],  # fmt: skip
)
def test_terms_that_cannot_be(venue, terms):
    with pytest.raises(ListingError):
        terms_command(venue.machine.assets()[1], Terms(**terms))


@pytest.mark.parametrize("tiers", ["10", "10:x", "20:90,10:80", "x:10", ",".join(f"{n}:1" for n in range(1, 12))])
def test_tiers_that_cannot_be(venue, tiers):
    btc, usdt = venue.machine.assets()
    with pytest.raises(ListingError):
        collateral_commands(btc, usdt, tiers)


@pytest.mark.parametrize("tiers", ["0:10", "32:10", "1", "x:1", "1:x"])
def test_volumes_that_cannot_be(venue, tiers):
    with pytest.raises(ListingError):
        tier_commands(venue.machine.assets()[1], tiers)
