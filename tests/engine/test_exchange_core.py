"""300,000 commands of exchange-core's own performance stream, through both machines, against the events its book gave for them.

How their commands become ours, and our events theirs, is in cryptoshop/replay/exchange_core.py.
"""

from collections import Counter

import numpy as np
import pytest

from cryptoshop.replay.exchange_core import REDUCED, TRADE, ExchangeCoreReplay, read
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.views import Applied
from tests.data import data_path


class Pair:
    """Both machines as one: every frame must leave them in the same state, with the same events. Queries go to the kernels."""

    def __init__(self) -> None:
        self._kernels, self.oracle = Machine(), OracleMachine()
        self.frames = 0

    def apply(self, header: np.void, commands: np.ndarray) -> Applied:
        self.frames += 1
        applied, expected = self._kernels.apply(header, commands), self.oracle.apply(header, commands)
        assert applied.codes.tolist() == expected.codes.tolist()
        assert applied.events.view("V160").tobytes() == expected.events.view("V160").tobytes()
        assert self._kernels.state_hash() == self.oracle.state_hash(), f"state after frame {self.frames}"
        return applied

    def __getattr__(self, name: str):
        return getattr(self._kernels, name)


@pytest.mark.timeout(300)
def test_exchange_core_stream():
    recording = read(data_path("exchange_core_stream/first_300k.npz"))
    pair = Pair()
    replay = ExchangeCoreReplay(recording, pair)
    replay.run()
    assert len(recording.requests) == 300_000 and pair.frames > 300_000 // 64
    assert replay.events == recording.events
    assert Counter(peer.kind for _, peer in replay.events) == {TRADE: 12_254, REDUCED: 43_451}
    assert (replay.bids_not_moved, replay.budgets_refused) == (0, 0)
    assert pair.validate() == pair.oracle.validate() == ""
    assert pair.state_hash() == pair.oracle.state_hash(recount=True)
