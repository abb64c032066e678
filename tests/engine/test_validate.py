"""Every invariant of the kernels' state, broken on purpose in the arrays, is named by `validate()`."""

from pathlib import Path

import numpy as np
import pytest

from engine import commands as make
from engine.kernels.state import BUSY, LADDERS
from engine.kernels.validate import INVARIANTS
from engine.kernels.validate_margin import MARGIN_INVARIANTS
from engine.machine import Machine
from engine.types import FIRST_CUSTOMER, HOUSE_GATEWAY, Kind, ListType, OrderType, Side, TimeInForce
from tests.engine.streams import Feed

ALICE, BOB = FIRST_CUSTOMER, FIRST_CUSTOMER + 1


@pytest.fixture
def machine() -> Machine:
    """Two users, an order book with two orders at one price, free rows, holds that expire and one that does not; an iceberg, stops, a
    trailing stop, a list, two timers."""
    machine = Machine()
    feed = Feed(machine).send
    feed(
        *(make.admin(Kind.ADD_ASSET, name=name, scale=8) for name in (b"A", b"B")),
        make.admin(
            Kind.ADD_SYMBOL, name=b"AB", base=1, quote=2, value=1, value2=1, max_price_ticks=1000, max_quantity_lots=1000,
            max_market_lots=1000, max_orders=10,
        ),
        *(make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=number) for number in (1, 2)),
    )  # fmt: skip
    now = machine.now_ns
    deposits = [(account, asset) for account in (ALICE, BOB) for asset in (1, 2)]
    feed(
        *(
            make.transfer(Kind.TRANSFER, (now, n), debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=10_000)
            for n, (account, asset) in enumerate(deposits)
        ),
        *(
            make.transfer(Kind.HOLD, (now, 100 + n), debit=ALICE, credit=BOB, asset=1, amount=5, timeout_ns=timeout)
            for n, timeout in enumerate((0, 10**12, 10**11, 10**13))
        ),
        make.place(ALICE, 1, Side.BUY, price_ticks=10, quantity_lots=3, client_id=b"first"),
        make.place(BOB, 1, Side.BUY, price_ticks=10, quantity_lots=4),
        make.place(ALICE, 1, Side.BUY, price_ticks=9, quantity_lots=1),
        make.place(BOB, 1, Side.SELL, price_ticks=20, quantity_lots=2),
        make.place(BOB, 1, Side.SELL, price_ticks=21, quantity_lots=2),
        make.cancel(BOB, 1, 5),
    )
    feed(make.admin(Kind.SET_RULES, value=3))
    maker = make.place(ALICE, 1, Side.SELL, OrderType.LIMIT_MAKER, price_ticks=30, quantity_lots=2)
    stop = make.place(ALICE, 1, Side.SELL, OrderType.STOP_LOSS, stop_price_ticks=5, quantity_lots=2)
    feed(
        make.place(BOB, 1, Side.SELL, price_ticks=25, quantity_lots=6, iceberg_lots=2),
        make.place(BOB, 1, Side.SELL, OrderType.STOP_LOSS, stop_price_ticks=5, quantity_lots=1),
        make.place(BOB, 1, Side.SELL, OrderType.STOP_LOSS, trailing_bps=100, quantity_lots=1),
        make.place(BOB, 1, Side.BUY, price_ticks=2, quantity_lots=1, time_in_force=TimeInForce.GTD, expires_ns=now + 10**12),
        make.countdown(BOB, 10**10),
        make.place_list(ListType.OCO, maker, stop, client_id=b"both"),
        make.place(BOB, 1, Side.BUY, price_ticks=3, quantity_lots=1),
        make.cancel(BOB, 1, 12),
    )
    assert machine.validate() == ""
    return machine


def _tables(machine: Machine):
    state = machine._state
    return state.venue[0], state.book, state.ledger


def _unbalance(machine):
    _, _, ledger = _tables(machine)
    ledger.balances["available"][np.flatnonzero(ledger.balances["high"] == ALICE)[0]] += 1


def _overdraw(machine):
    _, _, ledger = _tables(machine)
    slots = [np.flatnonzero((ledger.balances["high"] == account) & (ledger.balances["low"] == 1))[0] for account in (ALICE, BOB)]
    ledger.balances["available"][slots] += (-20_000, 20_000)


def _hold_unexplained(machine):
    _, _, ledger = _tables(machine)
    slot = np.flatnonzero((ledger.balances["high"] == ALICE) & (ledger.balances["low"] == 1))[0]
    ledger.balances["available"][slot] -= 1
    ledger.balances["held"][slot] += 1


def _cross(machine):
    _, book, _ = _tables(machine)
    book.levels["price_ticks"][book.ladders["best"][LADDERS + Side.SELL]] = 5


def _miscount(machine):
    _, book, _ = _tables(machine)
    book.levels["lots"][book.ladders["best"][LADDERS + Side.BUY]] += 1


def _jump_the_queue(machine):
    _, book, _ = _tables(machine)
    first = book.levels["head"][book.ladders["best"][LADDERS + Side.BUY]]
    book.orders["priority"][[first, book.orders["next"][first]]] = (2, 1)


def _lose_an_order(machine):
    _, book, _ = _tables(machine)
    book.order_ids["low"][np.flatnonzero(book.order_ids["row"] == 3)[0]] += 8


def _lose_a_name(machine):
    _, book, _ = _tables(machine)
    book.client_ids["low"][np.flatnonzero(book.client_ids["high"] == ALICE)[0]] += 1


def _cut_a_roster(machine):
    _, book, _ = _tables(machine)
    book.rosters["count"][np.flatnonzero(book.rosters["high"] == BOB)[0]] -= 1


def _free_twice(machine):
    venue, book, _ = _tables(machine)
    book.orders["next"][venue["orders_free"]] = venue["orders_free"]


def _lose_a_level(machine):
    venue, _, _ = _tables(machine)
    venue["levels_free"] = 0


def _lose_a_node(machine):
    venue, _, _ = _tables(machine)
    venue["nodes_top"] += 1


def _disorder_the_heap(machine):
    _, _, ledger = _tables(machine)
    ledger.pending["expires_ns"][ledger.expiries[1]] += 10**15


def _misplace_in_the_heap(machine):
    _, _, ledger = _tables(machine)
    ledger.expiries[[1, 2]] = ledger.expiries[[2, 1]]


def _forget_an_id(machine):
    venue, _, _ = _tables(machine)
    venue["transfers_count"] -= 1


def _row_of(machine, order_id):
    return np.flatnonzero(machine._state.book.orders["order_id"] == order_id)[0]


def _show_too_much(machine):
    """The level's sums agree with it."""
    _, book, _ = _tables(machine)
    row = _row_of(machine, 6)
    book.orders["shown_lots"][row] += 1
    book.levels["lots"][book.orders["level"][row]] += 1
    book.hidden[book.orders["level"][row]] -= 1


def _move_a_stop(machine):
    _, book, _ = _tables(machine)
    book.orders["stop_price_ticks"][_row_of(machine, 7)] += 1


def _miscount_stops(machine):
    machine._state.registry.symbols["stops"][1] += 1


def _lose_a_follower(machine):
    machine._state.registry.symbols["tracking_last"][1] = 0


def _forget_a_leg(machine):
    machine._state.book.lists["row_1"][1] = 0


def _put_off_a_timer(machine):
    machine._state.registry.accounts["countdown_ns"][BOB] += 1


def _lose_a_timer(machine):
    venue, _, _ = _tables(machine)
    venue["timers"] -= 1


def _miscount_icebergs(machine):
    machine._state.registry.accounts["icebergs"][BOB] += 1


def _reach_a_stop(machine):
    machine._state.registry.symbols["low_ticks"][1] = 5


def _be_busy_with_nothing(machine):
    machine._state.registry.symbols["special"][1] |= BUSY


BREAKS = [
    ("SUM_ZERO", _unbalance),
    ("NO_CUSTOMER_BELOW_ZERO", _overdraw),
    ("HELD_EXPLAINED", _hold_unexplained),
    ("BOOK_NOT_CROSSED", _cross),
    ("LEVELS_ADD_UP", _miscount),
    ("FIFO", _jump_the_queue),
    ("INDEX_COMPLETE", _lose_an_order),
    ("INDEX_COMPLETE", _lose_a_name),
    ("ACCOUNT_LISTS", _cut_a_roster),
    ("FREE_LISTS", _free_twice),
    ("FREE_LISTS", _lose_a_level),
    ("FREE_LISTS", _lose_a_node),
    ("PENDING_ORDERED", _disorder_the_heap),
    ("PENDING_ORDERED", _misplace_in_the_heap),
    ("IDS_BOUNDED", _forget_an_id),
    ("ICEBERG_SHOWN", _show_too_much),
    ("STOPS_PLACED", _move_a_stop),
    ("STOPS_PLACED", _miscount_stops),
    ("TRAILING_BOUNDED", _lose_a_follower),
    ("LISTS_COMPLETE", _forget_a_leg),
    ("TIMERS_COMPLETE", _put_off_a_timer),
    ("TIMERS_COMPLETE", _lose_a_timer),
    ("COUNTS_AGREE", _miscount_icebergs),
    ("BACKLOG_COMPLETE", _reach_a_stop),
    ("BACKLOG_COMPLETE", _be_busy_with_nothing),
]


@pytest.mark.parametrize(("name", "breaks"), BREAKS, ids=lambda value: getattr(value, "__name__", value))
def test_validate_names_the_invariant_that_is_broken(machine, name, breaks):
    breaks(machine)
    assert machine.validate().split(":")[0] == name


def test_every_invariant_is_broken_once():
    """Those of margin are broken in test_kernels_margin.py."""
    assert {name for name, _ in BREAKS} == {name for name, _ in INVARIANTS} - {name for name, _ in MARGIN_INVARIANTS}


def test_the_rule_books_name_every_invariant_in_this_order():
    """A page that says more of what an earlier one has names it again."""
    docs, named = Path(__file__).resolve().parents[2] / "docs", {}
    for page, section in (("CORE.md", "## 8. Invariants"), ("ORDERS.md", "## 12. Invariants"), ("MARGIN.md", "## 10. Invariants")):
        text = (docs / page).read_text().split(section)[1].split("\n## ")[0].partition("\n")[2]
        named |= dict.fromkeys(item.split()[0] for item in text.split("·"))
    assert list(named) == [name for name, _ in INVARIANTS]
