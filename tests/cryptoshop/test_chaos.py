"""kill -9 of any or all roles at any moment: everything acknowledged is there, nothing is applied twice.

One demo venue for the whole module, with demo traders running, so that every kill hits a busy venue.
"""

import contextlib
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import httpx
import psutil
import pytest

from tests.cryptoshop.processes import Serve
from tests.cryptoshop.signed import SignedClient

pytestmark = pytest.mark.timeout(600)
SYMBOL = "BTCUSDT"
ROLES = ("log", "recorder", "rest", "stream")


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with Serve(tmp_path_factory.mktemp("chaos") / "data", "--demo") as serve:
        yield serve


def test_the_snippet_of_the_banner_trades_when_pasted(venue: Serve) -> None:
    snippet = re.search(r"^import json, ccxt$.*?^print\(exchange\.create_order.*?$", venue.output(), re.DOTALL | re.MULTILINE)
    result = subprocess.run([sys.executable, "-c", snippet.group()], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    last, status = result.stdout.split()
    assert float(last) > 0 and status == "closed"


class Clerk(threading.Thread):
    """Places resting orders as fast as they are acknowledged, and remembers what was acknowledged and what is uncertain."""

    def __init__(self, venue: Serve, label: str) -> None:
        super().__init__(daemon=True)
        self.venue = venue
        self.label = label
        self.acknowledged: dict[str, int] = {}  # client id -> order id
        self.uncertain: set[str] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        with SignedClient(self.venue.rest_url, self.venue.demo_accounts()["alice"]) as client:
            for number in itertools.count(1):
                if self.enough.is_set():
                    return
                client_id = f"{self.label}-{number}"
                try:
                    self.place(client, client_id)
                except httpx.HTTPError:
                    self.uncertain.add(client_id)
                    time.sleep(0.05)

    def place(self, client: SignedClient, client_id: str) -> None:
        status, reply = client.request("POST", "/api/v3/order", symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC",
                                       quantity="0.0001", price="50000", newClientOrderId=client_id)  # fmt: skip
        if status == 200:
            self.acknowledged[client_id] = reply["orderId"]
            client.request("DELETE", "/api/v3/order", symbol=SYMBOL, origClientOrderId=client_id)
        elif status >= 500:
            self.uncertain.add(client_id)
            time.sleep(0.05)

    def finish(self) -> None:
        self.enough.set()
        self.join(30)
        assert not self.is_alive()


def wait_for_restart(venue: Serve, killed: dict[str, int]) -> None:
    """Until every killed role runs under another id and the venue is ready."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(LookupError, psutil.Error, httpx.HTTPError):
            renewed = all(venue.role(name).pid != pid for name, pid in killed.items())
            if renewed and httpx.get(f"{venue.rest_url}/health/ready", timeout=3).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"roles {sorted(killed)} did not come back:\n{venue.output()[-3000:]}")


def orders_of(venue: Serve, label: str) -> dict[str, list[int]]:
    """Client id -> order ids of every order in alice's history that a clerk of this label placed."""
    found: dict[str, list[int]] = {}
    with SignedClient(venue.rest_url, venue.demo_accounts()["alice"]) as client:
        first = 1
        while True:
            status, page = client.request("GET", "/api/v3/allOrders", symbol=SYMBOL, orderId=first, limit=1000)
            assert status == 200, page
            for order in page:
                if order["clientOrderId"].startswith(f"{label}-"):
                    found.setdefault(order["clientOrderId"], []).append(order["orderId"])
            if len(page) < 1000:
                return found
            first = page[-1]["orderId"] + 1


def check(venue: Serve, clerk: Clerk) -> None:
    """Acknowledged orders are there under the id that was acknowledged; no client id became two orders."""
    found = orders_of(venue, clerk.label)
    missing = {name: number for name, number in clerk.acknowledged.items() if found.get(name) != [number]}
    assert not missing
    assert all(len(numbers) == 1 for numbers in found.values())
    assert set(found) <= set(clerk.acknowledged) | clerk.uncertain


def verify(venue: Serve) -> str:
    """What `cryptoshop verify` reports, after it found nothing wrong."""
    result = subprocess.run([sys.executable, "-m", "cryptoshop.cli", "verify", "--data-dir", str(venue.data_dir)], capture_output=True,
                            text=True, timeout=240, check=False)  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "state hash" in result.stdout
    return result.stdout


@pytest.mark.parametrize("roles", [*((name,) for name in ROLES), ROLES], ids=[*ROLES, "all-roles"])
def test_kill_9_of_roles_loses_and_repeats_nothing(venue: Serve, roles: tuple[str, ...]) -> None:
    clerk = Clerk(venue, f"{'-'.join(roles)[:12]}{random.randrange(10**6)}")
    clerk.start()
    for _ in range(2):
        time.sleep(0.3 + random.random())
        killed = {}
        for name in roles:
            killed[name] = venue.role(name).pid
            os.kill(killed[name], signal.SIGKILL)
        wait_for_restart(venue, killed)
    before = len(clerk.acknowledged)
    until = time.monotonic() + 20
    while len(clerk.acknowledged) < before + 3 and time.monotonic() < until:
        time.sleep(0.05)
    clerk.finish()
    assert len(clerk.acknowledged) >= before + 3, "orders are not acknowledged again after the restart"
    check(venue, clerk)


def test_kill_9_of_everything_then_verify(venue: Serve) -> None:
    clerk = Clerk(venue, f"power{random.randrange(10**6)}")
    clerk.start()
    time.sleep(1.5)
    venue.kill_everything()
    clerk.finish()
    assert clerk.acknowledged
    venue.start()
    check(venue, clerk)
    assert re.search(r"database +compared", verify(venue))


def test_ctrl_c_stops_everything_within_seconds_and_leaves_nothing_running(venue: Serve) -> None:
    processes = venue.everything()
    assert venue.stop() == 0
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive
    assert "everything acknowledged is in the log" in venue.output()


def test_verify_starts_the_database_of_a_venue_that_does_not_run(venue: Serve) -> None:
    assert venue.process is None
    assert re.search(r"database +compared", verify(venue))
