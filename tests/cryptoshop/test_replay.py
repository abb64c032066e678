"""Real order flow through the real core, held to what the recordings themselves published."""

import json

import numpy as np
import pytest

from cryptoshop import cli
from cryptoshop.errors import StartError
from cryptoshop.replay import lobster
from cryptoshop.replay.cli import replay
from engine.types import Side
from tests.data import data_path

L10 = "lobster/AAPL_L10_snip/AAPL_2012-06-21_34200000_57600000_message_10.csv"
L50 = "lobster/AAPL_L50_snip/AAPL_msgs.csv"
BITSTAMP = "bitstamp_l3_2015/2015-05-01.log.xz"


def test_lobster_fifty_levels_equal_the_published_book_on_every_row():
    report = replay(data_path(L50), "lobster")
    assert report["rows equal at all levels (50)"][1:] == (671, 671)
    assert report["rows equal at the best bid and ask"][1:] == (671, 671)
    assert report["executions that hit the order named"][1:] == (56, 56)
    assert report["levels that came into view"].value == 0  # every one of the fifty was known from the seed on
    assert report.problem == ""


def test_lobster_ten_levels_follow_the_best_bid_and_ask():
    report = replay(data_path(L10), "lobster")
    best, hits = report["rows equal at the best bid and ask"], report["executions that hit the order named"]
    assert best.out_of == 998 and best.value >= 950
    assert hits.out_of == 98 and hits.value >= 94
    assert report.problem == ""


def test_bitstamp_books_follow_from_its_orders():
    report = replay(data_path(BITSTAMP), "bitstamp")
    assert report["order messages"].value == 50_414
    names = ("books equal at best bid and ask", "books equal at the top 5 levels", "books equal at all 20 levels")
    agreement = [report[name] for name in names]
    assert [figure.out_of for figure in agreement] == [5011] * 3
    assert [figure.value for figure in agreement] == [4995, 4976, 4941]
    differing = report["books that differ otherwise"].out_of
    explained = report["differing books that were published late"].value + report["differing books that were published early"].value
    assert (differing, explained) == (70, 53)
    assert report["trades of the core, of the venue's"][1:] == (571, 575)
    filled = report["filled orders that the core filled too"]
    assert filled.value == filled.out_of == 576
    assert any("published late" in figure.name for figure in report.figures) and "Why books differ" in report.notes[0]
    assert report.problem == ""


def test_exchange_core_reports_every_event_as_equal(tmp_path):
    """The first 20,000 commands; tests/engine/test_exchange_core.py has all of them, in both machines."""
    with np.load(data_path("exchange_core_stream/first_300k.npz")) as arrays:
        commands, events = arrays["commands"][:20_000], arrays["events"]
    file = tmp_path / "beginning.npz"
    np.savez(file, commands=commands, events=events[events[:, 0] < len(commands)])
    report = replay(file, "exchange-core")
    for name in ("trades equal", "reductions equal", "events in exchange-core's order"):
        assert report[name].value == report[name].out_of > 0, name
    assert report["events that exchange-core does not have"].value == 0 and report.problem == ""


# ---------------------------------------------------------------- a small book by hand: what the mapping does

ROWS = """
1010,5,1000,30,1020,7,990,4
1010,5,1000,30,1020,7,990,4
1010,2,1000,30,1020,7,990,4
1010,2,1000,20,1020,7,990,4
1020,7,1000,20,1030,9,990,4
1020,7,990,4,1030,9,980,8
1020,7,990,4,1030,9,980,8
"""
MESSAGES = """
34200.1,1,50,4,990,1
34200.2,5,0,100,1005,1
34200.3,4,11,3,1010,-1
34200.4,2,20,10,1000,1
34200.5,4,11,2,1010,-1
34200.6,3,21,20,1000,1
34200.700000001,7,0,0,-1,-1
"""


@pytest.fixture
def small_recording(tmp_path):
    messages = tmp_path / "SMALL_message_2.csv"
    messages.write_text(MESSAGES.lstrip())
    (tmp_path / "SMALL_orderbook_2.csv").write_text(ROWS.lstrip())
    return messages


def test_lobster_seeds_named_orders_and_takes_over_levels_that_come_into_view(small_recording):
    run = lobster.LobsterReplay(lobster.read_messages(small_recording), lobster.read_rows(lobster.book_path(small_recording)))
    run.run()
    report = run.report("small")
    assert report["rows equal at all levels (2)"][1:] == (6, 6)
    assert report["executions that hit the order named"][1:] == (2, 2)
    assert report["levels that came into view"].value == 2
    for name in ("hidden executions, not sent", "halts, not sent", "partial cancels", "deletions"):
        assert report[name].value == 1, name
    assert report["seeded orders with an id"].value == 3  # 11, 20 and 21; their sizes are what the messages take from them
    assert run.venue.levels(Side.BUY, 5) == [(990, 4), (980, 8)]
    assert lobster.read_messages(small_recording)[-1].time_ns == 34_200_700_000_001


def test_lobster_notices_a_book_that_is_not_what_the_messages_make(small_recording):
    book = small_recording.with_name("SMALL_orderbook_2.csv")
    book.write_text(book.read_text().replace("1010,2,1000,20", "1010,2,1000,19"))
    assert replay(small_recording, "lobster")["rows equal at all levels (2)"][1:] == (5, 6)


def test_replay_command_prints_a_report_or_json(small_recording, capsys):
    assert cli.main(["replay", str(small_recording), "--format", "lobster"]) == 0
    assert "executions that hit the order named" in capsys.readouterr().out
    assert cli.main(["replay", str(small_recording), "--format", "lobster", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["problem"] == "" and len(plain["stateHash"]) == 16
    assert {"name": "rows equal at all levels (2)", "value": 6, "outOf": 6} in plain["figures"]


@pytest.mark.parametrize("form", ["lobster", "bitstamp", "exchange-core"])
def test_a_file_that_is_not_of_the_format_is_one_clear_line(form, tmp_path, capsys):
    for content in (b"", b"nonsense\n", b"\xff\xfe\x00"):
        file = tmp_path / "message.csv"
        file.write_bytes(content)
        (tmp_path / "orderbook.csv").write_bytes(content)
        assert cli.main(["replay", str(file), "--format", form]) == 1
        said = capsys.readouterr().err
        assert said.startswith("cryptoshop: ") and said.count("\n") == 1
    with pytest.raises(StartError, match="there is no file"):
        replay(tmp_path / "message_absent.csv", form)


IMPOSSIBLE = {
    "lobster": "34200.1,1,50,0,990,1\n",
    "bitstamp": '1430438404518 order_created {"price": "99999999.00", "amount": "1.0", "id": 1, "order_type": 0}\n',
    "bitstamp side": '1430438404518 order_created {"price": "9.00", "amount": "1.0", "id": 1, "order_type": 2}\n',
    "bitstamp amount": '1430438404518 order_created {"price": "9.00", "amount": "-1.0", "id": 1, "order_type": 1}\n',
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_values_that_cannot_be_are_refused_at_the_door(case, tmp_path):
    file = tmp_path / "message.csv"
    file.write_text(IMPOSSIBLE[case])
    with pytest.raises(StartError, match="is not in this format"):
        replay(file, case.split()[0])


def test_an_exchange_core_command_about_no_order_is_refused(tmp_path):
    file = tmp_path / "odd.npz"
    np.savez(file, commands=np.array([[2, 9, 1, 0, 0, 0, 1, -1]], np.int32), events=np.zeros((0, 8), np.int32))
    with pytest.raises(StartError, match="command 0 is not one"):
        replay(file, "exchange-core")


def test_a_published_book_that_crosses_itself_cannot_be_seeded(small_recording):
    book = small_recording.with_name("SMALL_orderbook_2.csv")
    book.write_text(book.read_text().replace("1010,5,1000,30,", "1010,5,1010,30,"))
    with pytest.raises(StartError, match="WOULD_TAKE"):
        replay(small_recording, "lobster")


def test_lobster_wants_a_row_for_each_message(small_recording):
    small_recording.write_text(MESSAGES.lstrip() + "34200.8,5,0,1,1,1\n")
    with pytest.raises(StartError, match="8 messages and its book 7 rows"):
        replay(small_recording, "lobster")
