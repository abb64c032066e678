"""Frames, origins, time, roles, bounded work and order limits: docs/CORE.md sections 1, 2 and 6, in both machines."""

import pytest

from engine import commands as make
from engine.types import (
    ADMIN_EVENT,
    HOUSE_FEES,
    ORIGINS_KEPT,
    RULES_VERSION,
    STEPS_MAX,
    Code,
    EventKind,
    Kind,
    OrderStatus,
    OrderType,
    Pool,
    Role,
    Side,
    Stp,
    TimeInForce,
)
from engine.views import ReplicaStopped
from tests.engine.machines import ALICE, BASE, BOB, CAROL, ORIGINS, QUOTE, SYMBOL, Venue, both_machines, capacity_with, table
from tests.engine.streams import START_NS, Feed, Frame, header

SECOND_NS = 10**9
TICK = make.admin(Kind.TICK)


# ---------------------------------------------------------------- admission


@both_machines
def test_a_frame_is_applied_once_and_in_its_origins_order(make_machine):
    venue = Venue(make_machine)
    before = venue.machine.state_hash()
    place = make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=1)
    number = venue.numbers[1]
    assert venue.send(place, number=number + 2).skipped == "gap"
    assert venue.send(place, number=number - 1).skipped == "duplicate"
    assert venue.send(place, origin=99).skipped == "unknown origin"
    assert venue.send(make.admin(Kind.REGISTER_ORIGIN, role=0), origin=99).skipped == "unknown origin"
    assert venue.send(make.admin(Kind.REGISTER_ORIGIN, role=1), origin=99, number=2).skipped == "unknown origin"
    skipped = venue.send(TICK, make.admin(Kind.REGISTER_ORIGIN, role=1), origin=99)
    assert (skipped.skipped, len(skipped.codes), len(skipped.events)) == ("unknown origin", 0, 0)
    assert venue.machine.open_orders(ALICE) == [] and venue.machine.state_hash() != before  # the position alone moved
    assert venue.codes(place) == [Code.OK]
    assert venue.send(place, number=number + 1).skipped == "duplicate"
    assert len(venue.machine.open_orders(ALICE)) == 1


@both_machines
def test_the_same_number_with_other_commands_stops_the_replica(make_machine):
    venue = Venue(make_machine)
    venue.send(TICK)
    with pytest.raises(ReplicaStopped):
        venue.send(TICK, TICK, number=venue.numbers[1])


@both_machines
def test_unknown_rules_stop_the_replica_and_a_wrong_position_is_an_error(make_machine):
    with pytest.raises(ReplicaStopped):
        Venue(make_machine).send(make.admin(Kind.SET_RULES, value=RULES_VERSION + 1))
    machine = make_machine()
    frame = Frame(1, 1, START_NS, START_NS, make.admin(Kind.REGISTER_ORIGIN, role=1))
    with pytest.raises(Exception, match="2"):
        machine.apply(header(frame, 2), frame.commands)


@both_machines
def test_the_origin_that_was_quiet_for_longest_is_forgotten(make_machine):
    feed = Feed(make_machine())
    for origin in range(2, ORIGINS_KEPT + 1):
        assert not feed.register(origin, Role.CLOCK).skipped
    assert not feed.send(TICK, origin=1).skipped  # so now origin 2 has been quiet for longest
    feed.register(5000, Role.CLOCK)
    assert feed.send(TICK, origin=2).skipped == "unknown origin"
    assert [feed.send(TICK, origin=origin).skipped for origin in (1, 3, 5000)] == ["", "", ""]
    assert not feed.send(make.admin(Kind.REGISTER_ORIGIN, role=Role.CLOCK), origin=2, number=1).skipped


@both_machines
def test_an_origin_registers_itself_once(make_machine):
    venue = Venue(make_machine)
    again = make.admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR, valid_until_ns=1)
    assert venue.codes(again, origin=ORIGINS["clock"]) == [Code.INVALID_ARGUMENT]
    assert venue.codes(again, again, make.admin(Kind.OPEN), origin=50) == [Code.OK, Code.INVALID_ARGUMENT, Code.OK]


PERMITTED = """
operator  place=OK             transfer=OK             open_account=OK             grow=OK             tick=OK
trading   place=OK             transfer=NOT_PERMITTED  open_account=NOT_PERMITTED  grow=NOT_PERMITTED  tick=OK
ledger    place=NOT_PERMITTED  transfer=OK             open_account=NOT_PERMITTED  grow=NOT_PERMITTED  tick=OK
custody   place=NOT_PERMITTED  transfer=OK             open_account=NOT_PERMITTED  grow=NOT_PERMITTED  tick=OK
identity  place=NOT_PERMITTED  transfer=NOT_PERMITTED  open_account=OK             grow=NOT_PERMITTED  tick=OK
clock     place=NOT_PERMITTED  transfer=NOT_PERMITTED  open_account=NOT_PERMITTED  grow=NOT_PERMITTED  tick=OK
"""


@both_machines
def test_a_role_may_send_its_own_kinds_only(make_machine):
    for role, row in table(PERMITTED):
        venue = Venue(make_machine)
        venue.register(77, Role[role.upper()])
        commands = {
            "place": make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=1),
            "transfer": make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=1),
            "open_account": make.admin(Kind.OPEN_ACCOUNT, reference_hi=8, reference_lo=8),
            "grow": make.admin(Kind.GROW, pool=Pool.KEYS, value=8192), "tick": TICK,
        }  # fmt: skip
        codes = venue.codes(*commands.values(), origin=77)
        assert {name: Code(code).name for name, code in zip(commands, codes, strict=True)} == row


@both_machines
def test_a_kind_that_is_none_is_reported_with_nothing_else(make_machine):
    venue = Venue(make_machine)
    odd = make.admin(Kind.SET_KEY, account=ALICE, symbol=SYMBOL, key=1)
    odd["kind"] = 200
    applied = venue.send(odd, origin=ORIGINS["clock"])
    event = applied.events.view(ADMIN_EVENT)[0]
    assert applied.codes.tolist() == [Code.UNKNOWN_KIND] == [event["code"]]
    assert [event[name] for name in ("kind", "command", "account", "key", "symbol", "asset", "value")] == [
        EventKind.ADMIN_REJECTED, 200, 0, 0, 0, 0, 0,
    ]  # fmt: skip


# ---------------------------------------------------------------- time


@both_machines
def test_time_is_the_origins_until_open_and_the_logs_from_the_next_frame_on(make_machine):
    feed = Feed(make_machine())
    log_time, origin_time = START_NS + 7 * SECOND_NS, START_NS + SECOND_NS

    def at(*commands) -> list[int]:
        feed.numbers[1] += 1
        frame = Frame(1, feed.numbers[1], log_time, origin_time, make.frame(*commands))
        return feed.machine.apply(header(frame, feed.machine.position + 1), frame.commands).events["time_ns"].tolist()

    assert at(TICK, make.admin(Kind.OPEN), TICK) == [origin_time + 1, origin_time + 2, origin_time + 3]
    assert feed.machine.opened
    assert at(TICK) == [log_time + 1]
    assert at(TICK, make.admin(Kind.OPEN)) == [log_time + 3, log_time + 4]  # the log's clock stood still: now + 1, then one each
    log_time -= 5 * SECOND_NS
    assert at() == []
    assert feed.machine.now_ns == log_time + 5 * SECOND_NS + 5


# ---------------------------------------------------------------- bounded work


@both_machines
def test_an_order_touches_at_most_STEPS_MAX_makers(make_machine):
    venue = Venue(make_machine, funds=100_000)
    venue.done(*(make.place(BOB, SYMBOL, Side.SELL, price_ticks=1, quantity_lots=1) for _ in range(STEPS_MAX)))
    venue.done(make.place(CAROL, SYMBOL, Side.SELL, price_ticks=1, quantity_lots=1))
    whole = STEPS_MAX + 1
    fill_or_kill = make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=whole, time_in_force=TimeInForce.FOK)
    assert venue.done(fill_or_kill).events[-1]["code"] == Code.NOT_FILLABLE
    event = venue.done(make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=whole)).events[-1]
    assert (event["kind"], event["code"], event["quantity_lots"], event["executed_lots"]) == (
        EventKind.EXPIRED, Code.WORK_LIMIT, 1, STEPS_MAX,
    )  # fmt: skip
    assert venue.machine.best(SYMBOL) == (0, 0, 1, 1)


@both_machines
def test_cancel_all_takes_every_order_of_one_account_on_one_symbol(make_machine):
    venue = Venue(make_machine)
    venue.done(make.place(BOB, SYMBOL, Side.BUY, price_ticks=3, quantity_lots=1))
    venue.done(*(make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1 + n % 3, quantity_lots=2) for n in range(9)))
    applied = venue.done(make.cancel_all(ALICE, SYMBOL))
    assert applied.events["order_id"].tolist() == list(range(2, 11))
    assert len(set(applied.events["time_ns"].tolist())) == 1
    assert venue.codes(make.cancel_all(ALICE, SYMBOL)) == [Code.UNKNOWN_ORDER]
    assert venue.balances(ALICE)[QUOTE] == (10_000, 0) and venue.machine.best(SYMBOL) == (3, 1, 0, 0)


@both_machines
def test_capacities_grow_at_the_end_of_the_frame(make_machine):
    venue = Venue(make_machine, capacity=capacity_with(ORDERS=2))
    place = make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=1)
    grow = [make.admin(Kind.GROW, pool=Pool.ORDERS, value=value) for value in (2, 6, 4, 4, 1 << 26)]
    bad = Code.INVALID_ARGUMENT
    assert venue.codes(place, place, *grow, place) == [0, 0, bad, bad, 0, bad, bad, Code.ORDERS_FULL]
    assert venue.codes(place, place, place) == [Code.OK, Code.OK, Code.ORDERS_FULL]
    assert venue.machine.capacity(Pool.ORDERS) == 4 and venue.machine.validate() == ""
    taking = make.place(BOB, SYMBOL, Side.SELL, price_ticks=1, quantity_lots=1, time_in_force=TimeInForce.IOC)
    assert venue.codes(taking) == [Code.OK]  # an order that never rests needs no place


# ---------------------------------------------------------------- order limits


@both_machines
def test_order_limits_count_what_was_accepted_in_windows_of_ten_seconds_and_days(make_machine):
    venue = Venue(make_machine)
    window = START_NS // (10 * SECOND_NS) * 10 * SECOND_NS + 10 * SECOND_NS
    place = make.place(ALICE, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=1)
    poor = make.place(ALICE, SYMBOL, Side.BUY, price_ticks=10**6, quantity_lots=1)
    venue.done(make.admin(Kind.SET_ORDER_LIMITS, value=2, value2=4), time_ns=window)
    many = Code.TOO_MANY_ORDERS
    assert venue.codes(poor, place, place, place, time_ns=window + 10) == [Code.INSUFFICIENT_BALANCE, Code.OK, Code.OK, many]
    assert venue.codes(make.place(BOB, SYMBOL, Side.BUY, price_ticks=1, quantity_lots=1)) == [Code.OK]
    replace = make.replace(ALICE, SYMBOL, Side.BUY, order_id=1, price_ticks=1)
    assert venue.codes(place, replace, place, time_ns=window + 10 * SECOND_NS) == [Code.OK, Code.OK, many]
    assert venue.codes(place, time_ns=window + 20 * SECOND_NS) == [many]  # the day's four are spent
    assert venue.codes(place, time_ns=window + 86_400 * SECOND_NS) == [Code.OK]


# ---------------------------------------------------------------- fills: price, priority, fees, levels


@both_machines
def test_a_fill_is_at_the_makers_price_in_priority_with_fees_rounded_up(make_machine):
    venue = Venue(make_machine, value=10, value2=3, maker_ppm=1_000, taker_ppm=2_500)
    venue.done(
        make.place(BOB, SYMBOL, Side.SELL, price_ticks=12, quantity_lots=4),
        make.place(BOB, SYMBOL, Side.SELL, price_ticks=11, quantity_lots=2),
        make.place(CAROL, SYMBOL, Side.SELL, price_ticks=11, quantity_lots=5),
    )
    events = venue.done(make.place(ALICE, SYMBOL, Side.BUY, price_ticks=12, quantity_lots=8)).events
    trades = events[events["kind"] == EventKind.TRADE]
    assert trades["counter_order_id"].tolist() == [2, 3, 1]
    assert trades["price_ticks"].tolist() == [11, 11, 12] and trades["quantity_lots"].tolist() == [2, 5, 1]
    assert trades["fee"].tolist() == [1, 1, 1]  # of 20, 50 and 10 base units, 0.25 %, up to a whole unit
    assert trades["counter_fee"].tolist() == [1, 1, 1]  # of 66, 165 and 36 quote units, 0.1 %, up to a whole unit
    assert trades["update_id"].tolist() == [4, 5, 6] and trades["level_lots"].tolist() == [5, 0, 3]
    assert trades["status"].tolist() == [OrderStatus.PARTIALLY_FILLED] * 2 + [OrderStatus.FILLED]
    assert venue.balances(ALICE) == {BASE: (10_000 + 80 - 3, 0), QUOTE: (10_000 - 267, 0)}
    assert venue.balances(HOUSE_FEES) == {BASE: (3, 0), QUOTE: (3, 0)}
    assert venue.balances(CAROL) == {BASE: (9950, 0), QUOTE: (10_000 + 165 - 1, 0)}


BY_QUOTE = """
buy   quote_quantity=100   lots=9    left_after=6     status=FILLED
buy   quote_quantity=50    lots=5    left_after=0     status=FILLED
buy   quote_quantity=83    lots=8    left_after=0     status=FILLED
buy   quote_quantity=500   lots=10   left_after=395   status=EXPIRED
sell  quote_quantity=100   lots=11   left_after=1     status=FILLED
"""


@both_machines
def test_market_orders_by_quote_spend_what_buys_whole_lots(make_machine):
    """Asks 5 at 10 and 5 at 11; bids 20 at 9."""
    for side, row in table(BY_QUOTE):
        venue = Venue(make_machine)
        venue.done(
            make.place(BOB, SYMBOL, Side.SELL, price_ticks=10, quantity_lots=5),
            make.place(BOB, SYMBOL, Side.SELL, price_ticks=11, quantity_lots=5),
            make.place(BOB, SYMBOL, Side.BUY, price_ticks=9, quantity_lots=20),
        )
        budget = int(row["quote_quantity"])
        last = venue.done(make.place(ALICE, SYMBOL, Side[side.upper()], OrderType.MARKET, quote_quantity=budget)).events[-1]
        outcome = (OrderStatus(last["status"]).name, last["executed_lots"], budget - last["executed_quote"], last["order_lots"])
        assert outcome == (row["status"], int(row["lots"]), int(row["left_after"]), int(row["lots"])), row


@both_machines
def test_self_trade_prevention_takes_the_makers_it_should(make_machine):
    for stp, left in ((Stp.NONE, []), (Stp.EXPIRE_TAKER, [1]), (Stp.EXPIRE_MAKER, [2]), (Stp.EXPIRE_BOTH, [])):
        venue = Venue(make_machine)
        venue.done(make.place(ALICE, SYMBOL, Side.SELL, price_ticks=10, quantity_lots=3))
        venue.done(make.place(ALICE, SYMBOL, Side.BUY, price_ticks=10, quantity_lots=3, stp=stp))
        assert [order.order_id for order in venue.machine.open_orders(ALICE)] == left, stp


@both_machines
def test_an_amended_order_keeps_its_place_and_a_replaced_one_loses_it(make_machine):
    venue = Venue(make_machine)
    venue.done(*(make.place(owner, SYMBOL, Side.SELL, price_ticks=10, quantity_lots=5) for owner in (ALICE, BOB, CAROL)))
    venue.done(make.amend(ALICE, SYMBOL, 1, quantity_lots=2), make.replace(BOB, SYMBOL, Side.SELL, order_id=2, price_ticks=10))
    events = venue.done(make.place(CAROL, SYMBOL, Side.BUY, price_ticks=10, quantity_lots=12, stp=Stp.NONE)).events
    trades = events[events["kind"] == EventKind.TRADE]
    assert trades["counter_order_id"].tolist() == [1, 3, 4] and trades["quantity_lots"].tolist() == [2, 5, 5]
