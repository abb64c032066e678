"""The three axes: every state is reached, no closed one is left, and whoever may ask for something can be answered."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.errors import Refusal, ShopError
from storefront.orders.lines import share
from storefront.orders.states import (
    ACTIONS,
    AXES,
    DISPUTE_STATES,
    FULFILMENT_STATES,
    PAYMENT_STATES,
    RETURN,
    Standing,
    actions,
    allows,
    payment_event,
    require,
    shipping_event,
    step,
    step_return,
)
from storefront.orders.trail import TOLD

STATES = {"payment": PAYMENT_STATES, "fulfilment": FULFILMENT_STATES, "dispute": DISPUTE_STATES}
FIRST = {"payment": "pending", "fulfilment": "unfulfilled", "dispute": "none"}
EVERY = [Standing(*states) for states in itertools.product(PAYMENT_STATES, FULFILMENT_STATES, DISPUTE_STATES)]


@pytest.mark.parametrize("axis", AXES)
def test_every_state_is_reached_from_the_first_and_no_step_leads_elsewhere(axis):
    reached = {FIRST[axis]}
    while more := {after for (before, _), after in AXES[axis].items() if before in reached} - reached:
        reached |= more
    assert reached == set(STATES[axis])
    assert {before for before, _ in AXES[axis]} <= set(STATES[axis])


def test_a_step_that_is_not_in_the_table_is_refused():
    events = {axis: {event for _, event in AXES[axis]} for axis in AXES}
    for axis in AXES:
        for state, event in itertools.product(STATES[axis], events[axis]):
            if (state, event) in AXES[axis]:
                assert step(axis, state, event) == AXES[axis][state, event]
            else:
                with pytest.raises(ShopError) as refused:
                    step(axis, state, event)
                assert refused.value.refusal is Refusal.NOT_NOW
    with pytest.raises(ShopError):
        step_return("declined", "approve")
    assert {state for state, _ in RETURN} | set(RETURN.values()) == {"requested", "approved", "declined", "received", "refunded"}


def test_what_sellers_are_told_of_are_steps_that_there_are():
    assert {(axis, event) for axis in AXES for _, event in AXES[axis]} >= TOLD.keys()


def test_an_action_is_offered_exactly_where_it_is_not_refused():
    for order in EVERY:
        order = order._replace(returnable=True, reviewable=True, returns=frozenset(("requested",)))  # noqa: PLW2901
        for actor, name in itertools.product(("buyer", "seller", "moderator"), ACTIONS):
            if name in actions(order, actor):
                require(name, order, actor)
                continue
            with pytest.raises(ShopError) as refused:
                require(name, order, actor)
            assert refused.value.refusal is (Refusal.NOT_NOW if ACTIONS[name].actor == actor else Refusal.NOT_ALLOWED)


def test_while_its_money_moves_nothing_else_is_done_with_an_order():
    for order in EVERY:
        settling = order._replace(settling=True, returnable=True, returns=frozenset(("approved",)))
        assert not any(actions(settling, actor) for actor in ("buyer", "seller", "moderator"))
        with pytest.raises(ShopError) as refused:
            require("refund", settling, "seller")
        assert refused.value.refusal is Refusal.SETTLING


def test_a_dispute_leaves_only_its_end_to_be_asked_for():
    """No release and no part of the money back; `refund` is there for giving everything back."""
    order = Standing("held", "shipped", "open")
    assert actions(order, "buyer") == ["withdraw_dispute"]
    assert actions(order, "seller") == ["refund", "reply_dispute"]
    assert actions(order, "moderator") == ["decide"]


def test_the_event_of_a_payment_is_what_the_amounts_say():
    for state in ("held", "released", "divided"):
        for held, released, refunded in itertools.product((0, 7), repeat=3):
            if state != "held" and held:
                continue
            event = payment_event(state, held=held, released=released, refunded=refunded, of_nothing="release" if state == "held" else "")
            if event and (state == "held" or refunded):
                after = step("payment", state, event)
                assert (after == "held") == bool(held)
                assert (after == "refunded") == bool(refunded and not released and not held)


def test_the_event_of_a_shipment_is_what_is_left():
    assert [shipping_event(left, shipped=1, canceling=False) for left in (1, 0)] == ["ship_part", "ship"]
    assert [shipping_event(left, shipped=shipped, canceling=True) for left, shipped in ((1, 0), (1, 1), (0, 1), (0, 0))] == [
        "cancel_part", "cancel_part", "cancel_rest", "cancel",
    ]  # fmt: skip


def test_no_rule_names_a_state_that_does_not_exist():
    for rule in ACTIONS.values():
        assert rule.payment <= set(PAYMENT_STATES) and rule.fulfilment <= set(FULFILMENT_STATES) and rule.dispute <= set(DISPUTE_STATES)
        assert any(allows(rule, order) for order in EVERY)


@given(total=st.integers(0, 10**15), parts=st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_the_parts_of_a_line_add_up_to_the_line(total, parts):
    quantity, before, paid = sum(parts), 0, 0
    for count in parts:
        part = share(total, quantity, before, count)
        assert part >= 0 and abs(part * quantity - total * count) < quantity
        paid, before = paid + part, before + count
    assert paid == total


def test_the_documented_tables_are_these():
    text = (Path(__file__).parents[3] / "docs" / "SHOP.md").read_text()
    rows = [tuple(cell.strip() for cell in line.strip("|\n").split("|")) for line in text.splitlines() if line.startswith("|")]
    steps = [(state, event, after) for table in (*AXES.values(), RETURN) for (state, event), after in table.items()]
    states = {state for table in (*AXES.values(), RETURN) for state, _ in table}
    assert [row for row in rows if len(row) == 3 and row[0] in states] == steps
    for name, rule in ACTIONS.items():
        (shown,) = [row for row in rows if row[0] == name and len(row) == 5]
        assert shown[1] == rule.actor
        for wanted, cell, every in zip(rule[1:], shown[2:], STATES.values(), strict=True):
            assert set(cell.split(", ") if cell != "any" else every) == wanted
