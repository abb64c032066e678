"""Counting attempts: windows, subjects, bounded memory; and how many passwords are checked at a time."""

import asyncio

import pytest

from gateway.identity import AccountError, attempts
from gateway.identity.attempts import Attempts, Limit, network
from gateway.identity.errors import Refusal
from gateway.identity.passwords import CONCURRENT, WAITING
from tests.gateway.identity.conftest import quick_passwords

LIMIT = Limit("tries", 3, 60)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_window_admits_so_many_and_then_a_new_one_begins():
    clock = Clock()
    counted = Attempts(clock)
    for _ in range(3):
        counted.count(LIMIT, "alice")
    clock.now = 45.5
    with pytest.raises(AccountError) as raised:
        counted.count(LIMIT, "alice")
    assert raised.value.refusal is Refusal.TOO_MANY_ATTEMPTS
    assert raised.value.retry_after == 15
    counted.count(LIMIT, "bob")
    counted.count(Limit("other tries", 1, 60), "alice")
    clock.now = 60.0
    counted.count(LIMIT, "alice")


def test_a_success_starts_afresh():
    counted = Attempts(Clock())
    for _ in range(10):
        counted.count(LIMIT, "alice", "::1")
        counted.forget(LIMIT, "alice", "::1")


def test_memory_is_bounded_and_the_busiest_stay(monkeypatch):
    monkeypatch.setattr(attempts, "SUBJECTS_KEPT", 100)
    counted = Attempts(Clock())
    for number in range(1000):
        if number in (0, 90, 180):
            counted.count(LIMIT, "guesser")
        counted.count(LIMIT, number)
        assert len(counted._counts) <= 100
        if 180 <= number < 270:
            with pytest.raises(AccountError):
                counted.count(LIMIT, "guesser")


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.1", "192.0.2.1"), ("unknown", "unknown"),
     ("x" * 1000, "x" * 64)],
)  # fmt: skip
def test_whom_an_address_stands_for(address, stands_for):
    assert network(address) == stands_for


async def test_few_passwords_are_checked_at_a_time_few_wait_and_the_rest_are_refused():
    passwords = quick_passwords()
    running = most = 0
    loop = asyncio.get_running_loop()
    stored = await passwords.hash("correct horse")
    verify = passwords._verify

    def watched(*arguments):
        nonlocal running, most
        running += 1
        most = max(most, running)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
        running -= 1
        return verify(*arguments)

    passwords._verify = watched
    answers = await asyncio.gather(*(passwords.matches(stored, "correct horse") for _ in range(WAITING + 5)), return_exceptions=True)
    assert answers[:WAITING] == [True] * WAITING
    assert [answer.refusal for answer in answers[WAITING:]] == [Refusal.BUSY] * 5
    assert most == CONCURRENT
    assert await passwords.matches(stored, "correct horse")
    assert not await passwords.matches("no hash at all", "correct horse")
