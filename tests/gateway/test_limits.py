"""gateway/limits.py: weights by address, across processes; and gateway/listen_keys.py, the other shared table."""

import multiprocessing

import pytest

from gateway.dialect.errors import DialectError
from gateway.limits import BAN_MIN_MS, REFUSALS_BEFORE_BAN, SLOTS, Limits, Used, client_address
from gateway.listen_keys import SLOTS as KEY_SLOTS
from gateway.listen_keys import VALID_NS, Listener, ListenKeys

MINUTE = 1_700_000_100  # a time at which a minute and a window of five begin
ADDRESS = "203.0.113.7"


class Clock:
    def __init__(self) -> None:
        self.now = float(MINUTE)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(limits: Limits, weight: int = 1) -> DialectError:
    with pytest.raises(DialectError) as caught:
        limits.charge(ADDRESS, weight)
    return caught.value


def test_weight_is_counted_by_minute_and_address(clock):
    limits = Limits(clock=clock)
    assert limits.charge(ADDRESS, 20) == Used(20, 1)
    assert limits.charge(ADDRESS, 5) == Used(25, 2)
    assert limits.charge("203.0.113.8", 1) == Used(1, 1)
    clock.now += 60
    assert limits.used(ADDRESS) == Used(0, 2)
    assert limits.charge(ADDRESS, 1) == Used(1, 3)
    clock.now += 300
    assert limits.charge(ADDRESS, 1) == Used(1, 1)


def test_too_much_weight_is_told_to_wait_for_the_next_minute(clock):
    limits = Limits(weight_per_minute=10, clock=clock)
    clock.now += 18
    limits.charge(ADDRESS, 10)
    error = refused(limits)
    assert (error.code, error.status, error.headers) == (-1003, 429, ((b"retry-after", b"42"),))
    assert error.text == (
        "Too much request weight used; current limit is 10 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    clock.now += 42
    assert limits.charge(ADDRESS, 1) == Used(1, 3)


def test_requests_are_counted_too(clock):
    limits = Limits(requests_per_5_minutes=2, clock=clock)
    limits.charge(ADDRESS, 0)
    limits.charge(ADDRESS, 0)
    assert refused(limits, 0).status == 429


def test_who_does_not_back_off_is_banned_twice_as_long_each_time(clock):
    limits = Limits(weight_per_minute=1, clock=clock)
    for ban in (BAN_MIN_MS, 2 * BAN_MIN_MS):
        limits.charge(ADDRESS, 1)
        for _ in range(REFUSALS_BEFORE_BAN):
            assert refused(limits).status == 429
        error = refused(limits)
        until_ms = int(clock.now * 1000) + ban
        assert (error.status, error.headers) == (418, ((b"retry-after", str(ban // 1000).encode()),))
        assert f"IP banned until {until_ms}." in error.text
        assert refused(limits).status == 418
        clock.now += ban / 1000


def test_loopback_is_an_address_like_any_other(clock):
    with pytest.raises(DialectError):
        Limits(weight_per_minute=1, clock=clock).charge("127.0.0.1", 5)


def test_without_a_limit_all_is_counted_and_served(clock):
    limits = Limits(weight_per_minute=0, clock=clock)
    assert [limits.charge("127.0.0.1", 50_000).weight for _ in range(3)] == [50_000, 100_000, 150_000]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"), ("203.0.113.7", "198.51.100.1", "203.0.113.7"), ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"), ("::1", "198.51.100.1", "198.51.100.1"), ("127.0.0.1", ",", "127.0.0.1"),
    ],
)  # fmt: skip
def test_behind_a_proxy_the_client_counts(peer, forwarded, address):
    assert client_address(peer, forwarded) == address


def test_more_addresses_than_rows(clock):
    limits = Limits(clock=clock)
    for number in range(SLOTS + SLOTS // 4):
        assert limits.charge(f"2001:db8::{number:x}", 3).weight == 3


def _charge_elsewhere(path) -> None:
    limits = Limits(path, clock=Clock())
    for _ in range(10):
        limits.charge(ADDRESS, 2)


def test_processes_count_together(tmp_path, clock):
    limits = Limits(tmp_path / "limits", clock=clock)
    limits.charge(ADDRESS, 1)
    process = multiprocessing.get_context("spawn").Process(target=_charge_elsewhere, args=(tmp_path / "limits",))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert limits.used(ADDRESS) == Used(21, 11)


# ---------------------------------------------------------------- listen keys

NOW = MINUTE * 10**9


def test_an_account_has_one_key_of_each_api_key_for_an_hour():
    keys = ListenKeys()
    key = keys.create(17, 3, NOW)
    assert len(key) == 64
    assert keys.create(17, 3, NOW + 1) == key
    assert keys.listener(key, NOW) == Listener(17, 3)
    assert keys.create(18, 0, NOW) != key
    other = keys.create(17, 4, NOW)
    assert (keys.listener(key, NOW), keys.listener(other, NOW)) == (Listener(17, 3), Listener(17, 4))
    assert keys.listener(key, NOW + 1 + VALID_NS) is None
    assert keys.create(17, 3, NOW + 2 + VALID_NS) != key


def test_extending_and_closing_take_the_owner():
    keys = ListenKeys()
    key = keys.create(17, 3, NOW)
    assert not keys.extend(key, 18, NOW)
    assert keys.extend(key, 17, NOW + VALID_NS - 1)
    assert keys.listener(key, NOW + VALID_NS + 1) == Listener(17, 3)
    assert not keys.close(key, 18, NOW)
    assert keys.close(key, 17, NOW)
    assert keys.listener(key, NOW) is None
    assert not keys.close(key, 17, NOW)


@pytest.mark.parametrize("text", ["", "x", "0" * 64, "z" * 64, "é" * 64, "0" * 63 + "-", "1" * 65])
def test_other_texts_are_no_keys(text):
    assert ListenKeys().listener(text, NOW) is None


def test_accounts_whose_rows_collide():
    keys = ListenKeys()
    named = {account: keys.create(account, 0, NOW) for account in (5, 5 + KEY_SLOTS, 6)}
    assert len(set(named.values())) == 3
    assert all(keys.listener(key, NOW) == Listener(account, 0) for account, key in named.items())
    assert all(keys.create(account, 0, NOW) == key for account, key in named.items())


def test_tables_on_the_same_file_are_one(tmp_path):
    mine, others = ListenKeys(tmp_path / "keys"), ListenKeys(tmp_path / "keys")
    key = mine.create(17, 3, NOW)
    assert others.listener(key, NOW) == Listener(17, 3)
    assert others.close(key, 17, NOW)
    assert mine.listener(key, NOW) is None
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
