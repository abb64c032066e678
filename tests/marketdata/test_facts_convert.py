"""What frames say of a CONVERT: its orders, its trades and candles, the money of both, and one row of its own kind."""

import numpy as np
import pytest

from engine import Exchange
from engine.commands import convert, frame, transfer
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_FEES, EventKind, Kind, OrderStatus, OrderType, Side, Stp, TransferFlag
from engine.views import Applied
from marketdata import MarketData
from marketdata.facts import EntryKind, Frame, candle_rows, entries_of, order_facts, trades_of, transfer_facts
from marketdata.fold import is_between

NOW_NS = 1_700_000_000 * 10**9
CONVERT_ID, PAID_ID = (NOW_NS, 2**62 - 1), (NOW_NS, 2)
MOST = 2**40


class Scene:
    """Alice owes Bob 700 A and has C only: she sells C for B, and buys A with it."""

    def __init__(self) -> None:
        self.marketdata, self.frames, self.applied = MarketData(), [], []
        self.venue = venue = Exchange(OracleMachine(), clock=lambda: NOW_NS)
        venue.listen(self._on_applied)
        self.a, self.b, self.c = (venue.add_asset(name, 2) for name in "ABC")
        self.ab = venue.add_symbol("AB", self.a, self.b, lot_units=10, tick_lot_units=3, taker_ppm=2000, maker_ppm=1000)
        self.cb = venue.add_symbol("CB", self.c, self.b, lot_units=5, tick_lot_units=2, taker_ppm=2000, maker_ppm=1000)
        self.alice, self.bob = venue.open_account(), venue.open_account()
        for account, asset in ((self.alice, self.c), (self.bob, self.a), (self.bob, self.b)):
            venue.deposit(account, asset, 10**6)
        venue.place(self.bob, self.ab, Side.SELL, 7, 50)
        venue.place(self.bob, self.ab, Side.SELL, 8, 5000)
        venue.place(self.bob, self.cb, Side.BUY, 4, 9000)
        self.before = len(self.frames)
        owed = dict(account=self.alice, asset=self.a, amount=700, most=MOST, symbol=self.ab, via_symbol=self.cb, reason=9, user=(-1, -1))
        venue.apply(
            frame(
                convert(CONVERT_ID, **owed, flags=TransferFlag.LINKED),
                transfer(Kind.TRANSFER, PAID_ID, debit=self.alice, credit=self.bob, asset=self.a, amount=700),
            )
        )
        assert not self.applied[-1].codes.any()

    def _on_applied(self, applied: Applied) -> None:
        self.marketdata.apply(applied)
        self.applied.append(applied)
        self.frames.append(Frame.of(applied, self.marketdata))

    @property
    def last(self) -> list[Frame]:
        return self.frames[self.before :]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_its_orders_are_market_orders_with_a_name_of_the_venues_own(scene: Scene):
    placed, changed = order_facts(scene.last)
    first, second = placed.values()
    assert [(order.symbol, order.side) for order in (first, second)] == [(scene.cb, Side.SELL), (scene.ab, Side.BUY)]
    for order in (first, second):
        assert (order.account, order.order_type, order.stp, order.status) == (
            scene.alice, OrderType.MARKET, Stp.EXPIRE_MAKER, OrderStatus.FILLED,
        )  # fmt: skip
        assert (order.client_id, order.quote_quantity) == (f"convert-{order.order_id}", 0)
        assert order.order_lots == order.executed_lots > 0
    assert len(changed) == 3, "the makers' orders"
    assert order_facts(scene.last, scene.alice) == (placed, {})
    assert order_facts(scene.last, scene.bob) == ({}, changed)


def test_its_trades_make_candles_and_move_all_its_money(scene: Scene):
    trades = trades_of(scene.last)
    assert trades["symbol"].tolist() == [scene.cb, scene.ab, scene.ab]
    assert {symbol for symbol, _, _ in candle_rows(trades)} == {scene.ab, scene.cb}
    entries = entries_of(scene.frames, scene.marketdata)
    assert np.count_nonzero(entries["kind"] == EntryKind.TRANSFER) == 2 * (3 + 1), "three deposits and the payment"
    for account in (scene.alice, scene.bob, HOUSE_FEES):
        for asset in (scene.a, scene.b, scene.c):
            mine = entries[(entries["account"] == account) & (entries["asset"] == asset)]
            assert mine["amount"].sum() == sum(scene.venue.balance(account, asset)), (account, asset)
    assert scene.venue.balance(scene.alice, scene.c)[0] < 10**6


def test_it_is_one_row_of_its_own_kind_and_no_deposit_or_withdrawal(scene: Scene):
    made, ended = transfer_facts(scene.last)
    assert (list(made), ended) == ([CONVERT_ID, PAID_ID], {})
    row = made[CONVERT_ID]
    assert (row.kind, row.ended, row.debit, row.credit, row.asset, row.amount) == (
        EventKind.CONVERTED, 0, scene.alice, 0, scene.a, 700,
    )  # fmt: skip
    assert (row.reason, row.user, row.pending_id) == (9, (-1, -1), (scene.ab + (scene.cb << 32), MOST))
    assert row.released == 10**6 - scene.venue.balance(scene.alice, scene.c)[0]
    asked = [(None, 0), (True, 0), (False, 0), (None, 2), (True, 2), (False, 2)]
    assert [is_between(row, scene.alice, *how) for how in asked] == [True, False, False, False, False, False]
    assert not is_between(row, scene.bob, None, 0)
    assert not is_between(row, 0, None, 0)
