"""The streams get into the situations in which features meet: counted on the oracle, with seeds that stay the same.

What is compared in them, kernels against oracle, is in tests/engine/test_differential.py and test_differential_margin.py.
"""

import pytest

from engine.oracle.machine import OracleMachine
from tests.engine.situations import Situations
from tests.engine.streams import header
from tests.engine.tight_streams import AuctionStream, CrashStream

COMMANDS_PER_SEED = 3_000
SEEDS = {AuctionStream: range(1, 11), CrashStream: range(1, 17)}
WANTED = {  # so often at least
    AuctionStream: {
        30: [
            "AUCTION to TRADING", "GTD expires in an auction", "a list's order expires: LIST_DONE", "an order of a list is activated",
            "a trailing order is activated", "auction: maker with iceberg_lots", "auction: taker with iceberg_lots", "auction: a rebate",
            "prevented: DECREMENT in an auction", "prevented: TRANSFER in an auction", "prevented: EXPIRE_BOTH",
            "prevented: DECREMENT, maker with iceberg_lots", "prevented: TRANSFER, maker with iceberg_lots", "trade: a rebate",
            "a list's order expires: SELF_TRADE",
        ],
        5: [
            "a pegged leg", "a trailing order is activated in a list", "a pegged order is activated", "an iceberg is activated",
            "auction: taker with expires_ns", "auction: taker with peg", "auction: maker with peg", "prevented: handed over",
            "prevented: DECREMENT in an auction, maker with iceberg_lots", "prevented: DECREMENT in an auction, taker with iceberg_lots",
            "prevented: TRANSFER in an auction, maker with iceberg_lots", "prevented: TRANSFER in an auction, taker with iceberg_lots",
            *(f"prevented: {mode}, {side} with {term}" for mode in ("EXPIRE_BOTH", "EXPIRE_MAKER", "EXPIRE_TAKER", "DECREMENT", "TRANSFER")
              for side in ("maker", "taker") for term in ("list_id", "iceberg_lots") if (mode, side) != ("EXPIRE_TAKER", "taker")),
        ],
        2: ["a list's order expires: NOT_FILLABLE", "prevented: EXPIRE_TAKER, taker with list_id", "auction: maker with expires_ns",
            "countdown fires"],
        1: ["auction: maker with list_id"],
    },
    CrashStream: {
        5: [
            "a liquidation ends after two orders and more", "a liquidation order brings nothing", "a lender wants more than is free",
            "interest of ten hours and more is repaid", "repaid by a fill or a liquidation", "a loan is repaid whole",
            "a loan is repaid in part", "an index is frozen in the upkeep", "trade: a discounted fee", "trade: a rebate",
        ],
        2: ["a liquidation ends", "a bad debt covered", "a bad debt socialised", "dust goes to the insurance", "auction: a discounted fee"],
        1: ["a loan beside another command", "a liquidation fee", "a liquidation cancels an order", "a bad debt's interest forgiven"],
    },
}  # fmt: skip


@pytest.mark.parametrize("make_stream", SEEDS, ids=lambda stream: stream.__name__)
def test_the_stream_gets_there(make_stream):
    situations = Situations()
    for seed in SEEDS[make_stream]:
        situations.begin()
        stream = make_stream(seed)
        machine, commands = OracleMachine(stream.capacity), 0
        while commands < COMMANDS_PER_SEED:
            frame = stream.next_frame()
            applied = machine.apply(header(frame, machine.position + 1), frame.commands)
            stream.learn(applied)
            situations.note(applied)
            commands += len(frame.commands)
        assert machine.validate() == ""
    missed = {name: situations.met[name] for least, names in WANTED[make_stream].items() for name in names if situations.met[name] < least}
    assert missed == {}
