"""The oracle's CONVERT against first principles, and against a stream that must go on converting.

What a walk promises is checked on copies of the venue: the trades bring what was said for what was said, and one lot less would not do.
"""

from collections import Counter

import numpy as np

from engine.oracle.machine import OracleMachine
from engine.types import AMOUNT_MAX, TRANSFER_COMMAND, TRANSFER_EVENT, Code, EventKind, Kind
from tests.engine.streams import LISTED, CollidingStream, header

SEEDS = range(40, 56)
COMMANDS_PER_SEED = 3000
SHARE_DONE = 0.08  # of the CONVERTs under rules that know them, at least; some 13 % is what the stream was made to reach
MET = {
    Code.OK, Code.NOT_PERMITTED, Code.STALE, Code.UNKNOWN_ACCOUNT, Code.ACCOUNT_FROZEN, Code.UNKNOWN_KIND, Code.MARKET_CLOSED,
    Code.MARKET_LOT_SIZE, Code.NOTIONAL, Code.NO_LIQUIDITY, Code.ID_TOO_OLD, Code.EXISTS, Code.ID_ALREADY_FAILED, Code.UNKNOWN_ASSET,
    Code.INVALID_AMOUNT, Code.INSUFFICIENT_AVAILABLE, Code.LINKED_FAILED, Code.LINKED_CHAIN_OPEN, Code.PATH_INVALID, Code.PATH_OVERLAP,
    Code.LIMIT_EXCEEDED,
}  # fmt: skip


def run(seed: int, commands: int):
    """The colliding stream of `seed` on an oracle: (stream, machine, applied) after each frame."""
    stream = CollidingStream(seed)
    machine = OracleMachine(stream.capacity)
    while commands > 0:
        frame = stream.next_frame()
        applied = machine.apply(header(frame, machine.position + 1), frame.commands)
        stream.learn(applied)
        commands -= len(frame.commands)
        yield stream, machine, applied


def test_the_stream_converts_often_alone_linked_and_through_a_second_market():
    codes, done = Counter(), Counter()
    for seed in SEEDS:
        for _, _, applied in run(seed, COMMANDS_PER_SEED):
            if applied.skipped:
                continue
            at = np.flatnonzero(applied.commands["kind"] == Kind.CONVERT)
            codes.update(applied.codes[at].tolist())
            for command in applied.commands.view(TRANSFER_COMMAND)[at[applied.codes[at] == Code.OK]]:
                done["linked" if command["flags"] else "last", "via" if command["via_symbol"] else "one market"] += 1
    tried = codes.total() - codes[Code.UNKNOWN_KIND]
    assert codes[Code.OK] >= SHARE_DONE * tried, codes
    assert set(codes) >= MET, MET - set(codes)
    assert len(done) == 4 and min(done.values()) >= 5, done


def test_a_conversion_costs_and_brings_what_its_event_says_and_takes_no_lot_too_many():
    converted = 0
    for _, machine, applied in (frame for seed in SEEDS[:6] for frame in run(seed, COMMANDS_PER_SEED)):
        if np.isin(applied.commands["kind"], (Kind.SET_FEES, Kind.SET_ACCOUNT_TIER)).any():
            continue  # the rates at the end of the frame may not be those of the trade
        trades = applied.events[applied.events["kind"] == EventKind.TRADE]
        for event in applied.events[applied.events["kind"] == EventKind.CONVERTED].view(TRANSFER_EVENT):
            own = trades[(trades["index"] == event["index"]) & (trades["seq"] < event["seq"])]  # what they trigger comes after it
            command = applied.commands.view(TRANSFER_COMMAND)[event["index"]]
            flows = [_flow(machine, fill) for fill in own]
            moved = Counter()
            for paid, cost, bought, received in flows:
                moved[paid] -= cost
                moved[bought] += received
            asset, paid = int(event["asset"]), _asset_paid(command)
            assert moved.pop(paid) == -event["released"] >= -command["most"]
            assert moved.pop(asset) >= event["amount"] == command["amount"]
            assert all(left >= 0 for left in moved.values()), "of the intermediate nothing is paid that was not bought"
            last = [flow for flow in flows if flow[2] == asset]
            assert sum(flow[3] for flow in last[:-1]) < event["amount"], "the last maker was needed"
            assert _with_one_lot_less(machine, own[-1]) + sum(flow[3] for flow in last[:-1]) < event["amount"]
            converted += 1
    assert converted >= 100


def _flow(machine: OracleMachine, fill: np.void) -> tuple[int, int, int, int]:
    """(asset paid, cost, asset bought, received net of the fee) of the taker of a trade."""
    symbol = machine.symbol(int(fill["symbol"]))
    base = int(fill["quantity_lots"]) * symbol.lot_units
    quote = int(fill["quantity_lots"] * fill["price_ticks"]) * symbol.tick_lot_units
    if fill["side"] == 0:
        return symbol.quote, quote, symbol.base, base - int(fill["fee"])
    return symbol.base, base, symbol.quote, quote - int(fill["fee"])


def _asset_paid(command: np.void) -> int:
    asset = int(command["asset"])
    for market in (int(command["symbol"]), int(command["via_symbol"])):
        if market:
            asset = next(other for other in LISTED[market] if other != asset)
    return asset


def _with_one_lot_less(machine: OracleMachine, fill: np.void) -> int:
    """What a trade's taker would have received, at the same rate of fee, for one lot less: at most what rounding allows."""
    symbol = machine.symbol(int(fill["symbol"]))
    per_lot = symbol.lot_units if fill["side"] == 0 else int(fill["price_ticks"]) * symbol.tick_lot_units
    kept_ppm = 10**6 - machine.fees(symbol.symbol, machine.account(int(fill["account"])).tier)[1]
    return (int(fill["quantity_lots"]) - 1) * per_lot * kept_ppm // 10**6


def test_a_question_about_a_conversion_is_answered_as_the_command_is():
    asked = Counter()
    for stream, machine, _ in run(70, COMMANDS_PER_SEED):
        for symbol, assets in stream.listed.items():
            for asset in assets:
                before = machine.state_hash()
                view = machine.conversion(stream.accounts[0], asset, 1, symbol)
                assert machine.state_hash() == before
                asked[Code(view.code)] += 1
                assert (view.cost > 0) == (view.received >= 1) == (view.code == Code.OK)
    assert machine.conversion(stream.accounts[0], 1, AMOUNT_MAX + 1, 1).code == Code.INVALID_AMOUNT
    assert machine.conversion(1, 1, 1, 1).code == Code.UNKNOWN_ACCOUNT
    assert machine.conversion(stream.accounts[0], 1, 1, 2).code == Code.PATH_INVALID
    assert asked[Code.OK] and len(asked) > 1
