"""The core's large scenarios do what they say, on small venues: nothing is refused, the venue is sound, the attacks are attacks."""

from xml.etree import ElementTree

import numpy as np
import pytest

from bench import adversary
from bench.large import Measured
from bench.plot import Line, draw
from bench.venues import Size, Venue, traffic
from engine.commands import client_id_digest
from engine.types import FIRST_CUSTOMER, Kind


@pytest.mark.parametrize("skewed", [False, True])
def test_traffic_is_accepted_and_repeats_itself(skewed):
    hashes = set()
    for _ in range(2):
        measured = Measured(Size(accounts=50, symbols=3, orders=400, assets=3), skewed=skewed)
        assert measured.rate(5_000, skewed) > 0
        assert (measured.latencies(16, 20) > 0).all()
        assert measured.venue.machine.symbol(1).last_trade_id > 0
        hashes.add(measured.hash())
    assert len(hashes) == 1


def test_traffic_has_every_kind():
    venue = Venue(Size(20, 2, 100))
    commands = traffic(venue.fill(1), 2_000, 2, 100, skewed=False)
    assert set(commands["kind"].tolist()) == {Kind.PLACE, Kind.REPLACE, Kind.CANCEL}


def test_every_account_has_every_asset():
    venue = Venue(Size(accounts=9_000, symbols=1, orders=0, assets=2))
    for account in (FIRST_CUSTOMER, FIRST_CUSTOMER + 8_999):
        assert [available for _, available, _ in venue.machine.balances(account)] == [10**12, 10**12]


def test_colliding_client_ids_have_one_place():
    account, size = 1007, 1 << 16
    homes = set()
    for client_id in adversary.colliding_client_ids(account, 200):
        low = client_id_digest(client_id)
        spread = (account + (low >> 3) * 0xC2B2AE3D27D4EB4F) * 0x9E3779B97F4A7C15 % 2**64
        homes.add(((spread >> 32) + (low & 7)) % size)
    assert homes == {0}


ATTACKS = [
    adversary.levels, adversary.level, adversary.self_trades, adversary.collisions, adversary.stops, adversary.expiries, adversary.auction,
]  # fmt: skip


@pytest.mark.parametrize("case", ATTACKS)
def test_an_attack_is_made_and_the_venue_stays_sound(case, monkeypatch):
    monkeypatch.setattr(adversary, "TIMES", 1)
    monkeypatch.setattr(adversary, "CANCELS", 20)
    monkeypatch.setattr(adversary, "COLLIDING", 100)
    for result in case(9_000):
        assert result.value > 0


def test_a_plot_is_well_formed():
    drawn = draw("Cost", "how many", "ns", [Line("depth", [(100, 90.0), (1000, 95.5)]), Line("accounts", [(10, 80.0), (1_000_000, 120.0)])])
    root = ElementTree.fromstring(drawn)
    assert len([node for node in root.iter() if node.tag.endswith("polyline")]) == 2
    assert np.isfinite([float(node.get("cx")) for node in root.iter() if node.tag.endswith("circle")]).all()
