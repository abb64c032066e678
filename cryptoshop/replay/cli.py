"""`cryptoshop replay FILE --format lobster|bitstamp|exchange-core`: real order flow through the real core, with a report.

The report goes to standard output (--json: as one JSON object), progress to standard error. The exit status is 1 where a file cannot be
read as its format says, or where the core broke an invariant.
"""

import argparse
import json
import lzma
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptoshop.errors import StartError
from cryptoshop.replay import bitstamp, exchange_core, lobster
from cryptoshop.replay.report import Report

PROGRESS_SECONDS = 1.0
T = TypeVar("T")
UNREADABLE = (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, IndexError, TypeError)


class Progress:
    """A line on standard error that is written over, at most once a second; nothing for what is done sooner."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PROGRESS_SECONDS
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next, self._shown = now + PROGRESS_SECONDS, True
            sys.stderr.write(f"\r{done:,} of {total:,} ({100 * done // total} %)")
            sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="cryptoshop replay", description="Replay recorded order flow through the core and compare.")
    parser.add_argument("file", type=Path, help="LOBSTER message file, Bitstamp log (.xz or plain), or exchange-core .npz")
    parser.add_argument("--format", required=True, choices=["lobster", "bitstamp", "exchange-core"])
    parser.add_argument("--book", type=Path, help="LOBSTER: the order book file, if it does not lie beside the messages")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    options = parser.parse_args(arguments)
    report = replay(options.file, options.format, book=options.book)
    print(json.dumps(report.plain()) if options.json else report.text())
    return 1 if report.problem else 0


def replay(file: Path, form: str, book: Path | None = None) -> Report:
    """Replay `file` and say what was found. Raises StartError where it cannot be read."""
    run = _read(file, form, book)
    progress = Progress()
    run.run(progress)
    progress.end()
    report = run.report(f"{form}: {file.name}")
    report.state_hash = run.venue.machine.state_hash()
    report.problem = run.venue.machine.validate()
    return report


def _read(file: Path, form: str, book: Path | None):
    if form == "lobster":
        messages = _checked(lobster.read_messages, file)
        rows = _checked(lobster.read_rows, book or lobster.book_path(file))
        if len(messages) != len(rows) or not rows:
            raise StartError(f"{file} has {len(messages)} messages and its book {len(rows)} rows: one row a message is needed")
        return lobster.LobsterReplay(messages, rows)
    if form == "bitstamp":
        return bitstamp.BitstampReplay(_checked(bitstamp.read, file))
    return exchange_core.ExchangeCoreReplay(_checked(exchange_core.read, file))


def _checked(read: Callable[[Path], T], path: Path) -> T:
    try:
        return read(path)
    except FileNotFoundError:
        raise StartError(f"there is no file {path}") from None
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror or error}") from None
    except UNREADABLE as error:
        raise StartError(f"{path} is not in this format ({error})") from None
