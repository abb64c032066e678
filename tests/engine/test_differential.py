"""Kernels against oracle: the same frames, and after every frame the same codes, events and state hash.

The seed is random unless CRYPTOSHOP_SEED names it; it is printed, and a failure prints the frame and a reduced list of commands.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from engine import commands as make
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.types import (
    ADMIN_COMMAND,
    LOAN_KINDS,
    ORDER_COMMAND,
    ORDER_KINDS,
    TRANSFER_COMMAND,
    TRANSFER_KINDS,
    Code,
    EventKind,
    Kind,
    SymbolStatus,
)
from engine.views import Applied, ReplicaStopped
from tests.engine.machines import ALICE, BOB, CAROL, SYMBOL
from tests.engine.streams import CollidingStream, Frame, header
from tests.engine.tight_streams import AuctionStream, CrashStream
from tests.engine.venues import BUY, SELL, STOP_LOSS, OrderVenue

SEED = int(os.environ.get("CRYPTOSHOP_SEED") or random.SystemRandom().randrange(2**32))
EPISODES = 40
COMMANDS_PER_EPISODE = 6_000  # 240,000 in all
AUCTION_EPISODES = 8
VALIDATE_EVERY = 50
SNAPSHOT_EVERY = 60
QUESTIONS = 20  # about conversions, each time it is validated
REDUCTIONS_MAX = 300


class Pair:
    """A kernel machine and an oracle that see the same frames."""

    def __init__(self, capacity: tuple[int, ...]) -> None:
        self.kernels, self.oracle = Machine(capacity), OracleMachine(capacity)

    def apply(self, frame: Frame) -> tuple:
        """Apply to both; returns (what the oracle made of it, how they differ or "")."""
        record = header(frame, self.oracle.position + 1)
        by_oracle = self.oracle.apply(record, frame.commands)
        by_kernels = self.kernels.apply(record, frame.commands.view("V128").copy())
        return by_oracle, _difference(by_oracle, by_kernels) or self.hash_difference()

    def hash_difference(self) -> str:
        expected, actual = self.oracle.state_hash(), self.kernels.state_hash()
        return "" if expected == actual else f"state hash: oracle {expected:#x}, kernels {actual:#x}"

    def validate(self) -> str:
        if self.oracle.state_hash(recount=True) != self.oracle.state_hash():
            return "the oracle's running hash differs from its recount"
        return self.oracle.validate() or self.kernels.validate()

    def answers_difference(self, rng: random.Random) -> str:
        """Ask both what a few conversions would do."""
        for _ in range(QUESTIONS):
            amount, via_symbol = rng.choice((1, 20, 500, 10**6, 10**12, rng.randrange(1, 10**15))), rng.choice((0, 0, 1, 2, 3))
            asked = (rng.randint(15, 20), rng.randint(0, 4), amount, rng.randint(0, 4), via_symbol)
            expected, actual = self.oracle.conversion(*asked), self.kernels.conversion(*asked)
            if expected != actual:
                return f"conversion{asked}: oracle {expected}, kernels {actual}"
        return ""

    def snapshot(self) -> tuple[bytes, bytes]:
        return self.kernels.snapshot(), self.oracle.snapshot()

    @classmethod
    def restore(cls, snapshot: tuple[bytes, bytes]) -> "Pair":
        pair = cls.__new__(cls)
        pair.kernels, pair.oracle = Machine.restore(snapshot[0]), OracleMachine.restore(snapshot[1])
        return pair


def _difference(expected, actual) -> str:
    for name in ("position", "time_ns", "origin", "number", "skipped"):
        if getattr(expected, name) != getattr(actual, name):
            return f"{name}: oracle {getattr(expected, name)!r}, kernels {getattr(actual, name)!r}"
    if expected.codes.tolist() != actual.codes.tolist():
        at = next((n for n, pair in enumerate(zip(expected.codes, actual.codes, strict=False)) if pair[0] != pair[1]), "length")
        return f"codes, first at {at}: oracle {expected.codes.tolist()}, kernels {actual.codes.tolist()}"
    if expected.events.view("V160").tobytes() != actual.events.view("V160").tobytes():
        return _event_difference(expected.events, actual.events)
    return ""


def _event_difference(expected: np.ndarray, actual: np.ndarray) -> str:
    for at, (one, other) in enumerate(zip(expected, actual, strict=False)):
        if one.tobytes() != other.tobytes():
            names = [name for name in expected.dtype.names if one[name] != other[name]]
            fields = ", ".join(f"{name} {one[name]} / {other[name]}" for name in names)
            return f"event {at} (kind {one['kind']} / {other['kind']}, index {one['index']}): oracle / kernels: {fields}"
    return f"oracle has {len(expected)} events, kernels {len(actual)}"


@pytest.mark.parametrize("episode", range(EPISODES))
def test_kernels_equal_oracle(episode, capsys):
    seed = SEED + episode
    if episode == 0:
        with capsys.disabled():
            sys.stdout.write(f"\ndifferential seed: CRYPTOSHOP_SEED={SEED}\n")
    hold_to_each_other(CollidingStream(seed), seed, COMMANDS_PER_EPISODE, Pair.answers_difference)


@pytest.mark.parametrize("episode", range(AUCTION_EPISODES))
def test_kernels_equal_oracle_in_auctions(episode):
    seed = SEED + episode
    hold_to_each_other(AuctionStream(seed), seed, COMMANDS_PER_EPISODE // 2, Pair.answers_difference)


def hold_to_each_other(stream: CollidingStream, seed: int, wanted: int, ask: Callable[[Pair, random.Random], str]) -> None:
    """Both machines apply so many commands of the stream; `ask` compares their answers to questions, "" where they are equal."""
    pair = Pair(stream.capacity)
    agreed, since = pair.snapshot(), []
    commands = frames = 0
    while commands < wanted:
        frame = stream.next_frame()
        since.append(frame)
        applied, difference = pair.apply(frame)
        stream.learn(applied)
        commands, frames = commands + len(frame.commands), frames + 1
        if not difference and frames % VALIDATE_EVERY == 0:
            difference = pair.validate() or ask(pair, random.Random(frames))
        if difference:
            pytest.fail(f"CRYPTOSHOP_SEED={seed}, frame {frames}: {difference}\n{_reduced(agreed, since)}", pytrace=False)
        if frames % SNAPSHOT_EVERY == 0:
            agreed, since = pair.snapshot(), []
            pair = Pair.restore(agreed)
            assert pair.hash_difference() == "", f"after restore, seed {seed}, frame {frames}"


# ---------------------------------------------------------------- more than one command may do


class Both:
    """Both machines as one that a venue of the rules' tests can be built on; what they do differently fails at once."""

    def __init__(self, capacity: tuple[int, ...]) -> None:
        self.pair = Pair(capacity)

    def begin_from(self, snapshot: tuple[bytes, bytes]) -> None:
        self.pair = Pair.restore(snapshot)

    def apply(self, record: np.void, commands: np.ndarray) -> Applied:
        by_oracle = self.pair.oracle.apply(record, commands)
        by_kernels = self.pair.kernels.apply(record, commands)
        assert (_difference(by_oracle, by_kernels) or self.pair.hash_difference() or self.pair.kernels.validate()) == ""
        return by_oracle

    def __getattr__(self, name: str):
        return getattr(self.pair.oracle, name)


def test_work_beyond_the_steps_of_a_drain_is_divided_alike():
    """Thousands of stops at one price, and an uncross of thousands of pairings, with commands in between."""
    venue = OrderVenue(Both)
    venue.trade_at(100)
    for _ in range(5):
        venue.done(*(venue.order(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95 + at % 3) for at in range(500)))
    venue.done(*(venue.order(BOB, BUY, 250, 90) for _ in range(20)))
    reached = venue.send(
        venue.order(CAROL, BUY, 1, 95), venue.order(CAROL, SELL, 1, 95), venue.order(CAROL, BUY, 1, 1),
        make.cancel(BOB, SYMBOL, 2520), venue.order(CAROL, BUY, 1, 1),
    )  # fmt: skip
    assert reached.codes.tolist() == [Code.OK, Code.OK, Code.MARKET_BUSY, Code.OK, Code.OK]
    assert venue.machine.open_orders(ALICE) == []
    venue.set_status(SymbolStatus.AUCTION)
    for _ in range(9):
        venue.done(*(venue.order(account, side, 1, 120) for account, side in ((BOB, BUY), (CAROL, SELL)) for _ in range(450)))
    resumed = venue.send(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING), venue.order(CAROL, BUY, 1, 1))
    assert resumed.codes.tolist() == [Code.OK, Code.OK]
    assert np.count_nonzero(resumed.events["kind"] == EventKind.TRADE) == 9 * 450


# ---------------------------------------------------------------- reducing a failure


def _reduced(agreed: tuple[bytes, bytes], frames: list[Frame]) -> str:
    """The fewest commands found that still make the two differ, starting from the last state they agreed on."""
    flat = [(at, command) for at, frame in enumerate(frames) for command in range(len(frame.commands))]

    def differs(kept: list[tuple[int, int]]) -> bool:
        pair = Pair.restore(agreed)
        for at, frame in enumerate(frames):
            chosen = [command for owner, command in kept if owner == at]
            try:
                if pair.apply(frame._replace(commands=frame.commands[chosen]))[1]:
                    return True
            except ReplicaStopped:  # a duplicate of a frame of which something was left out
                return False
        return bool(pair.validate())

    kept = _smallest(flat, differs)
    lines = [f"frame +{at}, origin {frames[at].origin}: {_readable(frames[at].commands[n : n + 1])}" for at, n in kept]
    return f"reduced to {len(kept)} of {len(flat)} commands since the last snapshot:\n" + "\n".join(lines)


def _smallest(items: list, fails: Callable[[list], bool]) -> list:
    """Leave out ever smaller runs of `items` for as long as what is left still fails."""
    run, attempts = len(items) // 2, 0
    while run >= 1:
        at = 0
        while at < len(items) and attempts < REDUCTIONS_MAX:
            attempts += 1
            without = items[:at] + items[at + run :]
            if fails(without):
                items = without
            else:
                at += run
        run //= 2
    return items


def _readable(command: np.ndarray) -> str:
    kind = int(command["kind"][0])
    dtype = ORDER_COMMAND if kind in ORDER_KINDS else TRANSFER_COMMAND if kind in (*TRANSFER_KINDS, *LOAN_KINDS) else ADMIN_COMMAND
    record = command.view(dtype)[0]
    return ", ".join(f"{name}={record[name]}" for name in dtype.names if record[name])


# ---------------------------------------------------------------- the same for every hash seed


def test_state_hash_does_not_depend_on_the_hash_seed():
    hashes = {_hash_in_subprocess(hash_seed) for hash_seed in ("0", "1", "4242")}
    assert len(hashes) == 1 and len(hashes.pop().split()) == 6


def _hash_in_subprocess(hash_seed: str) -> str:
    program = "from tests.engine.test_differential import final_hashes; import sys; sys.stdout.write(final_hashes())"
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def final_hashes(seed: int = 7, commands: int = 2000) -> str:
    """State hashes of oracle and kernels after a short stream of each kind."""
    return " ".join(_final_hashes(make_stream(seed), commands) for make_stream in (CollidingStream, AuctionStream, CrashStream))


def _final_hashes(stream: CollidingStream, commands: int) -> str:
    pair = Pair(stream.capacity)
    while commands > 0:
        frame = stream.next_frame()
        applied, difference = pair.apply(frame)
        assert difference == ""
        stream.learn(applied)
        commands -= len(frame.commands)
    return f"{pair.oracle.state_hash()} {pair.kernels.state_hash()}"
