"""An account's events from real frames of a real core."""

import pytest

from engine.commands import amend, cancel, cancel_all, convert, frame, place, replace, transfer
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_ESCROW, TRANSFER_EVENT, Code, EventKind, Kind, OrderType, Side, Stp, TimeInForce, TransferFlag
from tests.gateway.stream_venue import COIN, START_NS, StreamVenue, Subscriber

REPORT_KEYS = {*"eEscSofqpPFgCxXrilzLnNTtIwmMOZYQWV"}


@pytest.fixture
def venue() -> StreamVenue:
    return StreamVenue()


@pytest.fixture
def alice(venue: StreamVenue) -> Subscriber:
    subscriber = Subscriber()
    venue.users.subscribe(venue.alice, subscriber)
    return subscriber


def execute(venue: StreamVenue, command) -> None:
    assert venue.exchange.execute(command)[0].code == Code.OK


def buy(venue: StreamVenue, price_ticks: int, lots: int, **options) -> None:
    execute(venue, place(venue.alice, venue.symbol, Side.BUY, price_ticks=price_ticks, quantity_lots=lots, **options))


def sell_by_bob(venue: StreamVenue, price_ticks: int, lots: int) -> None:
    execute(venue, place(venue.bob, venue.symbol, Side.SELL, price_ticks=price_ticks, quantity_lots=lots))


def kinds(events: list[dict]) -> list[str]:
    return [event.get("x", event["e"]) for event in events]


def test_a_resting_order_and_its_hold(venue: StreamVenue, alice: Subscriber):
    buy(venue, 5_000_000, 1000, client_id="mine")
    report, position = alice.take()
    assert set(report) == REPORT_KEYS
    expected = {
        "e": "executionReport", "s": "BTCUSDT", "c": "mine", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.01000000",
        "p": "50000.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW", "X": "NEW", "r": "NONE", "i": 1,
        "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None, "t": -1, "w": True, "m": False,
        "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000", "V": "NONE", "T": START_NS // 10**6, "O": START_NS // 10**6,
    }  # fmt: skip
    assert {key: report[key] for key in expected} == expected
    assert position["e"] == "outboundAccountPosition"
    assert set(position) == {"e", "E", "u", "B"}
    assert position["B"] == [{"a": "USDT", "f": "9999500.00000000", "l": "500.00000000"}]


def test_fills_as_maker_and_as_taker(venue: StreamVenue, alice: Subscriber):
    buy(venue, 5_000_000, 1000, client_id="rests")
    sell_by_bob(venue, 5_000_200, 500)
    alice.take()
    sell_by_bob(venue, 5_000_000, 400)
    fill, position = alice.take()
    wanted = {
        "c": "rests", "x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.00400000", "z": "0.00400000", "L": "50000.00000000",
        "n": "0.00000400", "N": "BTC", "t": 1, "m": True, "w": True, "Y": "200.00000000", "Z": "200.00000000",
    }  # fmt: skip
    assert {key: fill[key] for key in wanted} == wanted
    assert {balance["a"] for balance in position["B"]} == {"BTC", "USDT"}
    buy(venue, 5_000_200, 800, client_id="takes", time_in_force=TimeInForce.IOC)
    events = alice.take()
    assert kinds(events) == ["NEW", "TRADE", "EXPIRED", "outboundAccountPosition"]
    assert (events[1]["m"], events[1]["X"], events[1]["n"]) == (False, "PARTIALLY_FILLED", "0.00001000")
    assert (events[2]["X"], events[2]["eR"], events[2]["z"]) == ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED", "0.00500000")
    identifiers = [event["I"] for event in (fill, *events[:3])]
    assert len(set(identifiers)) == 4


def test_market_orders_by_value(venue: StreamVenue, alice: Subscriber):
    sell_by_bob(venue, 5_000_000, 5000)
    command = place(venue.alice, venue.symbol, Side.BUY, OrderType.MARKET, quote_quantity=100 * COIN)
    execute(venue, command)
    new, fill, _ = alice.take()
    assert (new["Q"], new["o"], new["p"]) == ("100.00000000", "MARKET", "0.00000000")
    assert (fill["X"], fill["q"], fill["z"], fill["w"]) == ("FILLED", "0.00200000", "0.00200000", False)
    assert not venue.users._accounts[venue.alice].orders


def test_cancels_name_themselves_and_their_order(venue: StreamVenue, alice: Subscriber):
    buy(venue, 4_000_000, 1000, client_id="first")
    buy(venue, 4_000_100, 1000, client_id="second")
    buy(venue, 4_000_200, 1000, client_id="third")
    alice.take()
    execute(venue, cancel(venue.alice, venue.symbol, 1, client_id="the-cancel"))
    report, position = alice.take()
    assert (report["c"], report["C"], report["x"], report["X"], report["w"]) == (
        "the-cancel", "first", "CANCELED", "CANCELED", False,
    )  # fmt: skip
    assert position["B"][0]["a"] == "USDT"
    execute(venue, cancel_all(venue.alice, venue.symbol))
    events = alice.take()
    assert kinds(events) == ["CANCELED", "CANCELED", "outboundAccountPosition"]
    assert [event["C"] for event in events[:2]] == ["second", "third"]
    assert events[2]["B"] == [{"a": "USDT", "f": "10000000.00000000", "l": "0.00000000"}]


def test_replace_and_amend(venue: StreamVenue, alice: Subscriber):
    buy(venue, 4_000_000, 1000, client_id="first")
    alice.take()
    command = replace(
        venue.alice, venue.symbol, Side.BUY, order_id=1, price_ticks=4_100_000, quantity_lots=500, client_id="next"
    )
    execute(venue, command)
    gone, new, _ = alice.take()
    assert (gone["x"], gone["i"], gone["C"]) == ("CANCELED", 1, "first")
    assert (new["x"], new["i"], new["c"], new["C"]) == ("NEW", 2, "next", "")
    execute(venue, amend(venue.alice, venue.symbol, 2, quantity_lots=200, client_id="smaller"))
    report, position = alice.take()
    assert (report["x"], report["X"], report["c"], report["C"], report["q"]) == (
        "REPLACED", "NEW", "smaller", "next", "0.00200000",
    )  # fmt: skip
    assert position["B"] == [{"a": "USDT", "f": "9999918.00000000", "l": "82.00000000"}]
    execute(venue, amend(venue.alice, venue.symbol, 2, quantity_lots=100))
    assert alice.take()[0]["c"] == "smaller"


def test_prevented_self_trades(venue: StreamVenue, alice: Subscriber):
    buy(venue, 4_000_000, 1000, client_id="rests")
    alice.take()
    command = place(venue.alice, venue.symbol, Side.SELL, price_ticks=4_000_000, quantity_lots=300, stp=Stp.EXPIRE_BOTH)
    execute(venue, command)
    events = alice.take()
    assert kinds(events) == ["NEW", "TRADE_PREVENTION", "TRADE_PREVENTION", "outboundAccountPosition"]
    assert [(event["X"], event["i"]) for event in events[1:3]] == [("EXPIRED_IN_MATCH", 2), ("EXPIRED_IN_MATCH", 1)]


def test_a_trade_with_oneself_is_two_reports(venue: StreamVenue, alice: Subscriber):
    buy(venue, 4_000_000, 1000)
    alice.take()
    execute(venue, place(venue.alice, venue.symbol, Side.SELL, price_ticks=4_000_000, quantity_lots=1000))
    new, taker, maker, _ = alice.take()
    assert (taker["m"], maker["m"], taker["t"], maker["t"]) == (False, True, 1, 1)
    assert taker["I"] != maker["I"]
    assert new["i"] == taker["i"] == 2


def test_orders_open_before_the_subscription_are_known(venue: StreamVenue):
    buy(venue, 4_000_000, 1000, client_id="early")
    late = Subscriber()
    venue.users.subscribe(venue.alice, late)
    sell_by_bob(venue, 4_000_000, 1000)
    fill, _ = late.take()
    assert (fill["c"], fill["i"], fill["X"]) == ("early", 1, "FILLED")


def test_refusals_are_no_events(venue: StreamVenue, alice: Subscriber):
    outcome = venue.exchange.execute(place(venue.alice, venue.symbol, Side.BUY, price_ticks=5_000_000, quantity_lots=10**8))[0]
    assert outcome.code == Code.INSUFFICIENT_BALANCE
    assert alice.take() == []


def test_deposits_and_holds(venue: StreamVenue, alice: Subscriber):
    venue.exchange.deposit(venue.alice, venue.btc, 5 * COIN)
    update, position = alice.take()
    assert update == {"e": "balanceUpdate", "E": START_NS // 10**6, "a": "BTC", "d": "5.00000000", "T": START_NS // 10**6}
    assert position["B"] == [{"a": "BTC", "f": "1005.00000000", "l": "0.00000000"}]
    venue.exchange.withdraw(venue.alice, venue.btc, 5 * COIN)
    assert alice.take()[0]["d"] == "-5.00000000"
    hold = dict(debit=venue.alice, credit=HOUSE_ESCROW, asset=venue.btc)
    execute(venue, transfer(Kind.HOLD, (venue.time_ns, 1), amount=3 * COIN, **hold))
    lock, position = alice.take()
    assert (lock["e"], lock["d"]) == ("externalLockUpdate", "3.00000000")
    assert position["B"] == [{"a": "BTC", "f": "997.00000000", "l": "3.00000000"}]
    execute(venue, transfer(Kind.CAPTURE, (venue.time_ns, 2), pending_id=(venue.time_ns, 1), amount=COIN))
    unlock, update, position = alice.take()
    assert (unlock["d"], update["d"]) == ("-3.00000000", "-1.00000000")
    assert position["B"] == [{"a": "BTC", "f": "999.00000000", "l": "0.00000000"}]


def test_an_expired_hold_comes_back(venue: StreamVenue, alice: Subscriber):
    hold = dict(debit=venue.alice, credit=HOUSE_ESCROW, asset=venue.btc, amount=COIN, timeout_ns=10**9)
    execute(venue, transfer(Kind.HOLD, (venue.time_ns, 1), **hold))
    alice.take()
    venue.tick(1001)
    lock, position = alice.take()
    assert (lock["e"], lock["d"]) == ("externalLockUpdate", "-1.00000000")
    assert position["B"][0]["f"] == "1000.00000000"


def test_a_revoked_key_ends_its_subscriptions_only(venue: StreamVenue):
    key = venue.add_key(venue.alice)
    by_key, by_session, other = Subscriber(key), Subscriber(0), Subscriber(key)
    for account, subscriber in ((venue.alice, by_key), (venue.alice, by_session), (venue.bob, other)):
        venue.users.subscribe(account, subscriber)
    venue.revoke(key)
    assert (by_key.is_ended, by_session.is_ended, other.is_ended) == (True, False, False)
    buy(venue, 4_000_000, 1000)
    assert by_key.take() == []
    assert len(by_session.take()) == 2


def test_nothing_is_kept_for_accounts_nobody_listens_to(venue: StreamVenue):
    first, second = Subscriber(), Subscriber()
    venue.users.subscribe(venue.alice, first)
    venue.users.subscribe(venue.alice, second)
    venue.users.unsubscribe(venue.alice, first)
    buy(venue, 4_000_000, 1000)
    assert (len(first.take()), len(second.take())) == (0, 2)
    venue.users.unsubscribe(venue.alice, second)
    venue.users.unsubscribe(venue.alice, second)
    assert venue.users.accounts == 0
    assert not venue.users._watched.any()
    buy(venue, 4_000_000, 1000)
    assert second.take() == []


def test_frames_of_several_commands_keep_the_order(venue: StreamVenue, alice: Subscriber):
    commands = frame(
        place(venue.alice, venue.symbol, Side.BUY, price_ticks=4_000_000, quantity_lots=100),
        transfer(Kind.TRANSFER, (venue.time_ns, 9), debit=venue.alice, credit=venue.bob, asset=venue.btc, amount=COIN),
        cancel(venue.alice, venue.symbol, 1),
    )
    venue.exchange.execute(commands)
    assert kinds(alice.take()) == ["NEW", "balanceUpdate", "CANCELED", "outboundAccountPosition"]


# ---------------------------------------------------------------- CONVERT


@pytest.mark.parametrize("machine", [OracleMachine, None], ids=["oracle", "kernels"])
def test_a_conversion_is_told_as_the_orders_it_is(machine):
    """Alice owes 0.01 BTC and pays with ETH: it is sold for what BTC costs, past an order of her own, and the BTC goes to Bob."""
    venue = StreamVenue(machine and machine())
    ethusdt = venue.list_symbol("ETHUSDT")
    eth = venue.exchange.machine.symbol(ethusdt).base
    venue.exchange.deposit(venue.alice, eth, 10 * COIN)
    execute(venue, place(venue.bob, ethusdt, Side.BUY, price_ticks=200_000, quantity_lots=10**6))
    execute(venue, place(venue.alice, venue.symbol, Side.SELL, price_ticks=5_000_000, quantity_lots=100, client_id="in-the-way"))
    sell_by_bob(venue, 5_000_000, 700)
    sell_by_bob(venue, 5_100_000, 5000)
    alice, bob = Subscriber(), Subscriber()
    venue.users.subscribe(venue.alice, alice)
    venue.users.subscribe(venue.bob, bob)
    terms = dict(account=venue.alice, asset=venue.btc, amount=COIN // 100, most=COIN, symbol=venue.symbol, via_symbol=ethusdt)
    paid = dict(debit=venue.alice, credit=venue.bob, asset=venue.btc, amount=COIN // 100)
    convert_id = (venue.time_ns, 0x7FFF_FFFF_FFFF_FFFF)
    outcomes = venue.exchange.execute(
        frame(
            convert(convert_id, **terms, user=(-1, -1), flags=TransferFlag.LINKED),  # bytes that no client id may have
            transfer(Kind.TRANSFER, (venue.time_ns, 2), **paid),
        )
    )
    assert [outcome.code for outcome in outcomes] == [Code.OK, Code.OK]
    converted = outcomes[0].events[-1:].view(TRANSFER_EVENT)[0]
    assert converted["kind"] == EventKind.CONVERTED
    events = alice.take()
    assert kinds(events) == ["NEW", "TRADE", "NEW", "TRADE_PREVENTION", "TRADE", "TRADE", "balanceUpdate", "outboundAccountPosition"]
    sold, new, done = events[1], events[2], events[5]
    assert (sold["s"], sold["S"], sold["o"], sold["X"], sold["c"]) == ("ETHUSDT", "SELL", "MARKET", "FILLED", f"convert-{sold['i']}")
    assert (new["s"], new["S"], new["o"], new["c"], new["Q"]) == ("BTCUSDT", "BUY", "MARKET", f"convert-{new['i']}", "0.00000000")
    assert (done["i"], done["c"], done["X"], done["q"]) == (new["i"], new["c"], "FILLED", done["z"])
    assert (events[3]["c"], events[6]["d"]) == ("in-the-way", "-0.01000000")
    told = {balance["a"]: (balance["f"], balance["l"]) for balance in events[7]["B"]}
    assert set(told) == {"BTC", "USDT", "ETH"}
    for asset, name in ((venue.btc, "BTC"), (venue.usdt, "USDT"), (eth, "ETH")):
        available, held = venue.exchange.balance(venue.alice, asset)
        assert told[name] == (f"{available / COIN:.8f}", f"{held / COIN:.8f}")
    assert converted["released"] == 10 * COIN - venue.exchange.balance(venue.alice, eth)[0]
    assert kinds(bob.take()) == ["TRADE", "TRADE", "TRADE", "balanceUpdate", "outboundAccountPosition"]
    assert not venue.users._accounts[venue.alice].orders
    assert [venue.venue.client_id(order) for order in (sold["i"], new["i"])] == [sold["c"], new["c"]]
    assert venue.marketdata.ticker(venue.symbol).trades == 2
