"""Escrow's arithmetic against a ledger: whatever is released, refunded and split, nothing is lost, made or left lying."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import commands as make
from engine.exchange import Exchange
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_ESCROW, HOUSE_FEES, HOUSE_GATEWAY, ORDER_COMMAND, PPM, Code, Kind
from storefront.escrow.moves import Escrow, Reserve, back_as_credit, commission_of, divide, give_back
from storefront.ledger import Reason
from storefront.settlement import chain_bytes

DAY_NS = 86_400 * 10**9
AMOUNTS = st.integers(1, 10**12) | st.integers(1, 30)


class Venue:
    """A ledger with one paid order: a trading account, store credit, a payable account."""

    def __init__(self, total: int, from_credit: int, commission_ppm: int, reserve_ppm: int):
        self.venue = Exchange(OracleMachine(), clock=lambda: 10**18)
        self.asset = self.venue.add_asset("USDT", 6)
        self.buyer, self.credit, self.payable = (self.venue.open_account() for _ in range(3))
        self._ids = itertools.count(1)
        chain = [
            make.transfer(Kind.TRANSFER, self.new_id(), debit=HOUSE_GATEWAY, credit=HOUSE_ESCROW, asset=self.asset, amount=total),
            make.transfer(Kind.HOLD, (10**18, 0), debit=HOUSE_ESCROW, credit=self.payable, asset=self.asset, amount=total),
        ]
        self.execute(chain)
        self.escrow = Escrow(
            user=(1, 2), asset=self.asset, total=total, from_credit=from_credit, held=total, released=0, refunded=0,
            commission_ppm=commission_ppm, buyer=self.buyer, credit=self.credit, payable=self.payable, hold=(10**18, 0),
            reserve_ppm=reserve_ppm, reserve_ns=DAY_NS,
        )  # fmt: skip

    def new_id(self) -> tuple[int, int]:
        return 10**18, next(self._ids)

    def execute(self, chain) -> list[int]:
        commands = np.frombuffer(bytearray(chain_bytes(chain)), ORDER_COMMAND)
        return [outcome.code for outcome in self.venue.execute(commands)]

    def perform(self, move) -> None:
        assert set(self.execute(move.chain)) == {Code.OK} if move.chain else move.after == self.escrow
        for command in move.chain:
            assert (command["user_hi"][0], command["user_lo"][0]) == self.escrow.user
            assert command["reason"][0] in set(Reason)
        self.escrow = move.after

    def reserve(self) -> Reserve | None:
        pending = self.venue.machine.pending(*self.escrow.reserve_hold)
        return None if pending is None else Reserve(pending.amount, DAY_NS)

    def check(self) -> None:
        """I6, in the numbers and in the ledger."""
        escrow = self.escrow
        assert escrow.held + escrow.released + escrow.refunded == escrow.total
        assert min(escrow.held, escrow.released, escrow.refunded) >= 0
        assert self.venue.balance(HOUSE_ESCROW, self.asset) == (0, escrow.held)
        commission = escrow.released * escrow.commission_ppm // PPM
        assert self.venue.balance(HOUSE_FEES, self.asset)[0] == commission == escrow.commission
        assert sum(self.venue.balance(self.payable, self.asset)) == escrow.released - commission
        as_credit = max(0, escrow.refunded - (escrow.total - escrow.from_credit))
        assert self.venue.balance(self.credit, self.asset)[0] == as_credit
        assert self.venue.balance(self.buyer, self.asset)[0] == escrow.refunded - as_credit
        assert self.venue.machine.validate() == ""


@given(
    total=AMOUNTS, credit_share=st.integers(0, 100), commission_ppm=st.sampled_from((0, 1, 50_000, 333_333, PPM)) | st.integers(0, PPM),
    reserve_ppm=st.sampled_from((0, 100_000, PPM)),
    moves=st.lists(st.tuples(st.integers(0, 110), st.integers(0, 110)), max_size=8),
)  # fmt: skip
def test_I6_escrow_in_is_released_and_refunded_and_held(total, credit_share, commission_ppm, reserve_ppm, moves):
    venue = Venue(total, total * credit_share // 100, commission_ppm, reserve_ppm)
    for to_seller, to_buyer in moves:
        seller_units, buyer_units = venue.escrow.held * to_seller // 100, venue.escrow.held * to_buyer // 100
        if seller_units + buyer_units > venue.escrow.held:
            with pytest.raises(ValueError):
                divide(venue.escrow, venue.new_id, to_seller=seller_units, to_buyer=buyer_units)
            continue
        if venue.escrow.held:
            venue.perform(divide(venue.escrow, venue.new_id, to_seller=seller_units, to_buyer=buyer_units, reserve=venue.reserve()))
        elif to_buyer <= 100:
            venue.perform(give_back(venue.escrow, venue.new_id, venue.escrow.released * to_buyer // 100, venue.reserve()))
        venue.check()
    venue.perform(divide(venue.escrow, venue.new_id, to_seller=venue.escrow.held, reserve=venue.reserve()))
    venue.check()
    assert venue.escrow.held == 0, "a closed order has nothing in escrow"


@given(total=AMOUNTS, ppm=st.integers(0, PPM), parts=st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_commission_does_not_depend_on_how_many_moves_it_took(total, ppm, parts):
    venue = Venue(total, 0, ppm, 0)
    for part in parts:
        venue.perform(divide(venue.escrow, venue.new_id, to_seller=venue.escrow.held * part // 100))
    venue.perform(divide(venue.escrow, venue.new_id, to_seller=venue.escrow.held))
    assert venue.venue.balance(HOUSE_FEES, venue.asset)[0] == commission_of(total, ppm)


def test_of_two_moves_made_at_once_the_ledger_does_one():
    venue = Venue(100, 0, 50_000, 0)
    release = divide(venue.escrow, venue.new_id, to_seller=100)
    refund = divide(venue.escrow, venue.new_id, to_buyer=40)
    assert set(venue.execute(refund.chain)) == {Code.OK}
    assert Code.PENDING_ALREADY_RELEASED in venue.execute(release.chain)
    venue.escrow = refund.after
    venue.check()


def test_store_credit_comes_back_last_and_as_store_credit():
    venue = Venue(100, 30, 0, 0)
    assert [back_as_credit(venue.escrow._replace(refunded=done), 20) for done in (0, 50, 60, 70, 80)] == [0, 0, 10, 20, 20]
    for _ in range(5):
        venue.perform(divide(venue.escrow, venue.new_id, to_buyer=20))
        venue.check()
    assert venue.venue.balance(venue.credit, venue.asset) == (30, 0)


def test_a_refund_after_release_takes_the_reserve_first_and_never_more_than_there_is():
    venue = Venue(1000, 0, 100_000, 200_000)
    venue.perform(divide(venue.escrow, venue.new_id, to_seller=1000))
    assert venue.venue.balance(venue.payable, venue.asset) == (720, 180)
    paid_out = make.transfer(Kind.TRANSFER, venue.new_id(), debit=venue.payable, credit=venue.buyer, asset=venue.asset, amount=720)
    assert venue.execute([paid_out]) == [Code.OK]
    too_much = give_back(venue.escrow, venue.new_id, 300, venue.reserve())
    assert Code.INSUFFICIENT_AVAILABLE in venue.execute(too_much.chain)
    venue.perform(give_back(venue.escrow, venue.new_id, 100, venue.reserve()))
    assert venue.venue.balance(venue.payable, venue.asset) == (0, 90)
    assert venue.venue.balance(HOUSE_FEES, venue.asset) == (90, 0)
    venue.perform(give_back(venue.escrow, venue.new_id, 100, venue.reserve()))
    assert venue.venue.balance(venue.payable, venue.asset) == (0, 0)
    assert venue.escrow.reserve_hold == (0, 0)
