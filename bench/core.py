"""The core alone, on one thread: commands a second through `Machine.apply`; risk, matching, settlement, fees, events and hashes are on.

    prepared frames (1,024 commands each, in memory) ──▶ Machine.apply ──▶ Applied (codes, events), dropped

Not in it: the log, sockets, JSON. Every run starts from the same snapshot (listed, funded, book filled) and must end with the pinned
state hash and event hash before its time counts.
"""

import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bench.result import Result
from bench.streams.exchange_core import generate
from engine.commands import admin, frame, transfer
from engine.machine import Machine
from engine.types import FIRST_CUSTOMER, FRAME_COMMANDS_MAX, FRAME_HEADER, HOUSE_GATEWAY, Kind, Role

FRAME_COMMANDS = 1024
RUNS = 5
FUNDS = 10**12  # of each asset, to each user
SIZE = 1_000_000
SEED = 101572685  # of exchange-core's own book-only test
PINNED = {  # (size, seed) -> state hash and event hash at the end
    (20_000, SEED): "99051467592c105f-f978b73843a112bd",
    (300_000, SEED): "c2f2f20732592811-d570695b01b612cb",
    (1_000_000, SEED): "d342090b5f517e8f-d47ad7379f90c53c",
}
EXCHANGE_CORE_BOOK = 10_600_000  # commands a second: its direct book alone, without risk, on the same stream and machine class


class Frames(NamedTuple):
    """Consecutive frames of one origin, starting at a log position."""

    headers: np.ndarray
    commands: list[np.ndarray]


def cut(commands: np.ndarray, position: int, size: int = FRAME_COMMANDS) -> Frames:
    """Commands as frames of `size`; frame numbers equal positions, time goes on by 1 ms a frame."""
    parts = [commands[at : at + size] for at in range(0, len(commands), size)]
    headers = np.zeros(len(parts), FRAME_HEADER)
    headers["origin"] = 1
    headers["position"] = headers["number"] = np.arange(position, position + len(parts))
    headers["origin_time_ns"] = headers["time_ns"] = headers["position"] * 1_000_000
    headers["count"] = [len(part) for part in parts]
    return Frames(headers, parts)


def run(machine: Machine, frames: Frames) -> None:
    for header, commands in zip(frames.headers, frames.commands, strict=True):
        machine.apply(header, commands)


def listing(users: int) -> np.ndarray:
    """One symbol with fees, and funded users."""
    assets = [admin(Kind.ADD_ASSET, name=name, scale=8) for name in (b"BASE", b"QUOTE")]
    symbol = admin(
        Kind.ADD_SYMBOL, name=b"BASEQUOTE", base=1, quote=2, value=1, value2=1, max_price_ticks=10**7, max_quantity_lots=10**6,
        max_market_lots=10**6, max_orders=4096, maker_ppm=1000, taker_ppm=1000,
    )  # fmt: skip
    accounts = [admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=user + 1) for user in range(users)]
    deposits = [
        transfer(
            Kind.TRANSFER, (1_000_000, 2 * user + asset), debit=HOUSE_GATEWAY, credit=FIRST_CUSTOMER + user, asset=asset, amount=FUNDS
        )
        for user in range(users)
        for asset in (1, 2)
    ]
    register = admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR)
    return frame(register, *assets, symbol, *accounts, *deposits)


def exchange_core_1k(size: int = SIZE, seed: int = SEED, runs: int = RUNS) -> Iterator[Result]:
    """exchange-core's stream on a book of 1,000 orders and 1,000 users; one warm-up run, the median of `runs`."""
    stream = generate(size, seed)
    start = Machine()
    run(start, cut(listing(stream.users), 1, FRAME_COMMANDS_MAX))
    run(start, cut(stream.commands[: stream.prefill], start.position + 1))
    image = start.snapshot()
    frames = cut(stream.commands[stream.prefill :], start.position + 1)
    rates, hashes = [], set()
    for _ in range(runs + 1):
        machine = Machine.restore(image)
        begun = time.perf_counter()
        run(machine, frames)
        rates.append(size / (time.perf_counter() - begun))
        hashes.add(f"{machine.state_hash():016x}-{machine.event_hash:016x}")
    assert len(hashes) == 1, f"runs of the same commands ended differently: {hashes}"
    found = hashes.pop()
    assert found == PINNED.get((size, seed), found), f"ended with {found}, not {PINNED[size, seed]}"
    assert machine.symbol(1).last_trade_id == stream.trades, "the core and the generator's book made other trades"
    yield Result(
        "core/exchange-core-1k", "throughput", statistics.median(rates[1:]), "commands/s", found, EXCHANGE_CORE_BOOK, seed
    )
