"""User data of orders that wait, trail, are pegged, belong to lists, or whose matches are prevented."""

import numpy as np
import pytest

from engine import commands as make
from engine.oracle.machine import OracleMachine
from engine.types import Code, Kind, ListType, OrderType, Peg, Side, Stp, SymbolStatus, TimeInForce
from tests.gateway.stream_venue import START_NS, StreamVenue, Subscriber

MS = START_NS // 10**6
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def venue() -> StreamVenue:
    """The last price is 1000 ticks; bob bids 500."""
    venue = StreamVenue(OracleMachine())
    place(venue, venue.bob, SELL, 1000)
    place(venue, venue.alice, BUY, 1000)
    place(venue, venue.bob, BUY, 500, 50)
    return venue


@pytest.fixture
def alice(venue: StreamVenue) -> Subscriber:
    subscriber = Subscriber()
    venue.users.subscribe(venue.alice, subscriber)
    return subscriber


def execute(venue: StreamVenue, command: np.ndarray) -> None:
    assert all(outcome.code == Code.OK for outcome in venue.exchange.execute(command))


def place(venue: StreamVenue, account: int, side: int, price: int = 0, lots: int = 10, order_type: int = OrderType.LIMIT, **terms) -> None:
    execute(venue, make.place(account, venue.symbol, side, order_type, price_ticks=price, quantity_lots=lots, **terms))


def trade_at(venue: StreamVenue, price: int) -> None:
    """Bob trades with himself."""
    place(venue, venue.bob, BUY, price)
    place(venue, venue.bob, SELL, price)


def reports(subscriber: Subscriber) -> list[dict]:
    return [event for event in subscriber.take() if event["e"] in ("executionReport", "listStatus")]


def some(event: dict, names: str) -> dict:
    return {name: event.get(name) for name in names.split()}


def told(event: dict) -> tuple:
    return event["x"], event["i"], event["X"]


# ---------------------------------------------------------------- stops


def test_a_stop_waits_then_works_then_trades(venue, alice):
    place(venue, venue.alice, SELL, 890, order_type=OrderType.STOP_LOSS_LIMIT, stop_price_ticks=900, iceberg_lots=4)
    new, position = alice.take()
    assert some(new, "x X P F w W g o p") == {
        "x": "NEW", "X": "NEW", "P": "9.00000000", "F": "0.00004000", "w": False, "W": None, "g": -1, "o": "STOP_LOSS_LIMIT",
        "p": "8.90000000",
    }  # fmt: skip
    assert [balance["a"] for balance in position["B"]] == ["BTC"]
    venue.tick(1000)
    alice.take()
    trade_at(venue, 899)
    (works,) = reports(alice)
    assert some(works, "x X w W O") == {"x": "NEW", "X": "NEW", "w": True, "W": MS + 1000, "O": MS}
    place(venue, venue.bob, BUY, 890, 3)
    (fill,) = reports(alice)
    assert some(fill, "x X W m P") == {"x": "TRADE", "X": "PARTIALLY_FILLED", "W": MS + 1000, "m": True, "P": "9.00000000"}


def test_who_begins_to_listen_later_sees_that_it_waits(venue):
    place(venue, venue.alice, SELL, 890, order_type=OrderType.STOP_LOSS_LIMIT, stop_price_ticks=900)
    late = Subscriber()
    venue.users.subscribe(venue.alice, late)
    trade_at(venue, 899)
    (works,) = reports(late)
    assert some(works, "x X w") == {"x": "NEW", "X": "NEW", "w": True}


def test_trailing_and_pegged_orders_say_so(venue, alice):
    place(venue, venue.alice, SELL, order_type=OrderType.STOP_LOSS, trailing_bps=500)
    place(venue, venue.alice, SELL, order_type=OrderType.TAKE_PROFIT, trailing_bps=500, stop_price_ticks=1500)
    place(venue, venue.alice, BUY, peg=Peg.PRIMARY)
    place(venue, venue.alice, BUY, 400, time_in_force=TimeInForce.GTD, expires_ns=START_NS + 60 * 10**9)
    now, later, pegged, ending = reports(alice)
    assert some(now, "d D P") == {"d": 500, "D": MS, "P": "0.00000000"}
    assert some(later, "d D P") == {"d": 500, "D": -1, "P": "15.00000000"}
    assert some(pegged, "gP gOT gOV gp p") == {"gP": "PRIMARY_PEG", "gOT": None, "gOV": None, "gp": "5.00000000", "p": "0.00000000"}
    assert some(ending, "f gtd") == {"f": "GTD", "gtd": MS + 60_000}
    venue.tick(61_000)
    expired = reports(alice)[-1]
    assert some(expired, "x X eR i") == {"x": "EXPIRED", "X": "EXPIRED", "eR": "GOOD_TILL_DATE", "i": ending["i"]}


def test_a_pegged_stop_without_a_price_to_take(venue, alice):
    place(venue, venue.alice, SELL, order_type=OrderType.STOP_LOSS_LIMIT, stop_price_ticks=900, peg=Peg.PRIMARY, peg_offset=9)
    trade_at(venue, 899)
    new, expired = reports(alice)
    assert some(new, "gP gOV gp") == {"gP": "PRIMARY_PEG", "gOV": 9, "gp": None}
    assert some(expired, "x eR w") == {"x": "EXPIRED", "eR": "REJECTED", "w": False}


# ---------------------------------------------------------------- lists


def pair(venue: StreamVenue, account: int, **terms) -> list[np.ndarray]:
    common = (account, venue.symbol, SELL)
    return [
        make.place(*common, OrderType.STOP_LOSS, stop_price_ticks=900, quantity_lots=10, client_id="down", **terms),
        make.place(*common, OrderType.LIMIT_MAKER, price_ticks=1100, quantity_lots=10, client_id="up", **terms),
    ]


def test_a_pair_and_its_end(venue, alice):
    execute(venue, make.place_list(ListType.OCO, *pair(venue, venue.alice), client_id="pair"))
    begun, down, up = reports(alice)
    assert some(begun, "e s g c l L r C") == {
        "e": "listStatus", "s": "BTCUSDT", "g": 1, "c": "OCO", "l": "EXEC_STARTED", "L": "EXECUTING", "r": "NONE", "C": "pair",
    }  # fmt: skip
    assert begun["O"] == [{"s": "BTCUSDT", "i": down["i"], "c": "down"}, {"s": "BTCUSDT", "i": up["i"], "c": "up"}]
    assert (down["g"], up["g"], down["w"], up["w"]) == (1, 1, False, True)
    place(venue, venue.bob, BUY, 1100)
    ended, fill, done = reports(alice)
    assert some(ended, "x i eR") == {"x": "EXPIRED", "i": down["i"], "eR": "OCO_TRIGGER"}
    assert some(fill, "x i X") == {"x": "TRADE", "i": up["i"], "X": "FILLED"}
    assert some(done, "l L C") == {"l": "ALL_DONE", "L": "ALL_DONE", "C": "pair"}
    assert done["O"] == begun["O"]
    assert not venue.users._accounts[venue.alice].orders


def test_pending_orders_get_their_turn(venue, alice):
    working = make.place(venue.alice, venue.symbol, BUY, price_ticks=950, quantity_lots=10)
    execute(venue, make.place_list(ListType.OTOCO, working, *pair(venue, venue.alice)))
    events = reports(alice)
    assert [event["X"] for event in events[1:]] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    assert all(event["x"] == "NEW" for event in events[1:])
    assert (events[0]["c"], [event["w"] for event in events[1:]]) == ("OTO", [True, False, False])
    place(venue, venue.bob, SELL, 950)
    fill, down, up = reports(alice)
    assert told(fill) == ("TRADE", events[1]["i"], "FILLED")
    assert some(down, "x X w i") == {"x": "NEW", "X": "NEW", "w": False, "i": events[2]["i"]}
    assert some(up, "x X w i") == {"x": "NEW", "X": "NEW", "w": True, "i": events[3]["i"]}
    trade_at(venue, 899)
    assert [event["x"] if "x" in event else event["l"] for event in reports(alice)] == ["EXPIRED", "NEW", "TRADE", "ALL_DONE"]


def test_a_working_order_that_expires(venue, alice):
    working = make.place(venue.alice, venue.symbol, BUY, price_ticks=950, quantity_lots=10, time_in_force=TimeInForce.IOC)
    execute(venue, make.place_list(ListType.OTOCO, working, *pair(venue, venue.alice)))
    expired = [event for event in reports(alice) if event.get("x") == "EXPIRED"]
    assert [event["eR"] for event in expired] == ["UNFILLED_IOC_QUANTITY_EXPIRED", "OTO_PHASE_ONE_EXPIRED", "OTO_PHASE_ONE_EXPIRED"]


def test_a_cancelled_list_names_its_cancel(venue, alice):
    execute(venue, make.place_list(ListType.OCO, *pair(venue, venue.alice)))
    alice.take()
    command = make.cancel_list(venue.alice, venue.symbol, 1)
    command["client_id"] = b"bye"
    execute(venue, command)
    down, up, done = reports(alice)
    assert [(event["x"], event["c"], event["C"]) for event in (down, up)] == [("CANCELED", "bye", "down"), ("CANCELED", "bye", "up")]
    assert done["l"] == "ALL_DONE"


# ---------------------------------------------------------------- prevented matches, switches, auctions


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Stp.EXPIRE_TAKER, [("taker", "EXPIRED_IN_MATCH", "0.00010000", False)]),
        (Stp.EXPIRE_MAKER, [("maker", "EXPIRED_IN_MATCH", "0.00020000", False)]),
        (Stp.EXPIRE_BOTH, [("taker", "EXPIRED_IN_MATCH", "0.00010000", False), ("maker", "EXPIRED_IN_MATCH", "0.00020000", False)]),
        (Stp.DECREMENT, [("taker", "EXPIRED_IN_MATCH", "0.00010000", True), ("maker", "NEW", "0.00010000", True)]),
    ],
)
def test_a_prevented_match(venue, alice, mode, expected):
    place(venue, venue.alice, SELL, 2000, 20)
    maker = reports(alice)[0]["i"]
    place(venue, venue.alice, BUY, 2000, 10, stp=mode)
    events = [event for event in reports(alice) if event["x"] != "NEW"]
    ids = {"maker": maker, "taker": maker + 1}
    assert [(event["i"], event["X"], event["B"], "pl" in event) for event in events] == [(ids[one], *rest) for one, *rest in expected]
    for event in events:
        assert some(event, "x v u U Cs pL A") == {
            "x": "TRADE_PREVENTION", "v": 1, "u": -1, "U": ids["maker"] + ids["taker"] - event["i"], "Cs": "BTCUSDT",
            "pL": "20.00000000", "A": event["B"],
        }  # fmt: skip
    open_ids = {order.order_id for order in venue.exchange.machine.open_orders(venue.alice)}
    assert set(venue.users._accounts[venue.alice].orders) == open_ids


def test_what_was_prevented_adds_up(venue, alice):
    place(venue, venue.alice, SELL, 2000, 30)
    for _ in range(2):
        place(venue, venue.alice, BUY, 2000, 10, stp=Stp.DECREMENT)
    of_maker = [event for event in reports(alice) if event.get("x") == "TRADE_PREVENTION" and event["S"] == "SELL"]
    assert [(event["B"], event["A"], event["pY"]) for event in of_maker] == [
        ("0.00010000", "0.00010000", "0.00200000"), ("0.00010000", "0.00020000", "0.00200000"),
    ]  # fmt: skip


def test_a_transfer_tells_the_balances_of_both(venue, alice):
    bob = Subscriber()
    venue.users.subscribe(venue.bob, bob)
    execute(venue, make.admin(Kind.SET_GROUP, account=venue.bob, value=venue.alice))
    place(venue, venue.bob, SELL, 600, 10, stp=Stp.TRANSFER)
    bob.take()
    place(venue, venue.alice, BUY, 600, 10, stp=Stp.TRANSFER)
    for subscriber, group in ((alice, -1), (bob, venue.alice)):
        *_, report, position = subscriber.take()
        assert some(report, "x X u") == {"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH", "u": group}
        assert {balance["a"] for balance in position["B"]} == {"BTC", "USDT"}


def test_the_switch_cancels(venue, alice):
    place(venue, venue.alice, BUY, 400)
    execute(venue, make.countdown(venue.alice, 5 * 10**9))
    alice.take()
    venue.tick(6000)
    (gone,) = reports(alice)
    assert some(gone, "x X c C") == {"x": "CANCELED", "X": "CANCELED", "c": gone["C"], "C": gone["C"]}


def test_an_auctions_trades_are_told_to_both(venue, alice):
    execute(venue, make.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.AUCTION))
    place(venue, venue.alice, BUY, 1200)
    place(venue, venue.bob, SELL, 800)
    assert [told(event) for event in reports(alice)] == [("NEW", 4, "NEW")]
    execute(venue, make.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.TRADING))
    (fill,) = reports(alice)
    assert some(fill, "x X m") == {"x": "TRADE", "X": "FILLED", "m": True}
