"""`python -m bench.compare`: each stream through our matching and through the engines whose drivers are there, turn by turn on one core.

An engine's driver is a program built outside the project (README.md); the variable CRYPTOSHOP_COMPARE_CPPTRADER or
CRYPTOSHOP_COMPARE_CPP_ORDERBOOK names it. All must write the same reports before a ratio is printed. With --stream, a recorded stream
of flash1-dev/matching-engine-benchmark is taken instead of ours, and the SHA-256 that it publishes of its reports is printed.
With --edge-cases, the cases of that benchmark's conformance check are run through every engine and compared.
"""

import argparse
import hashlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from xxhash import xxh3_64_hexdigest

from bench.matching import PINNED, PUBLISHED, pin, room_for_reports, timed_run
from bench.streams import flash
from engine.kernels.matching import MESSAGE, REPORT, Report

ENGINES = {"CppTrader": "CRYPTOSHOP_COMPARE_CPPTRADER", "cpp-orderbook": "CRYPTOSHOP_COMPARE_CPP_ORDERBOOK"}
ROUNDS = 9  # each engine runs once a round, so that what disturbs the machine disturbs all alike
LINES = {  # of the benchmark's canonical text: format of a report, by kind
    Report.ORDER_ACK: "{kind},{sequence},{side},{order_id},{price_ticks},{quantity}",
    Report.TRADE: "{kind},{sequence},{price_ticks},{quantity},{maker_id},{order_id}",
    Report.CANCEL_ACK: "{kind},{sequence},{side},{order_id},{price_ticks}",
    Report.MODIFY_ACK: "{kind},{sequence},{side},{order_id},{price_ticks},{quantity}",
    Report.CANCEL_REJECT: "{kind},{sequence},{order_id}",
    Report.MODIFY_REJECT: "{kind},{sequence},{order_id}",
}


def drivers() -> dict[str, str]:
    """The drivers that are there, by engine."""
    return {name: os.environ[variable] for name, variable in ENGINES.items() if os.environ.get(variable)}


def drive(driver: str, stream: Path) -> tuple[float, np.ndarray]:
    """Seconds of one run of a driver, after one to warm up, and the reports it wrote."""
    written = stream.with_suffix(".reports")
    done = subprocess.run([driver, str(stream), "2", str(written)], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]), np.fromfile(written, REPORT)


def canonical_sha256(reports: np.ndarray) -> str:
    """The hash that the benchmark publishes: of all reports as text, by sequence number and kind."""
    ordered = reports[np.lexsort((reports["kind"], reports["sequence"]))]
    names = REPORT.names
    lines = (LINES[row[0]].format(**dict(zip(names, row, strict=True))) for row in ordered.tolist())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def first_difference(ours: np.ndarray, theirs: np.ndarray) -> str:
    if len(ours) != len(theirs):
        return f"{len(ours)} and {len(theirs)} reports"
    at = int(np.flatnonzero(ours != theirs)[0])
    return f"report {at}: {ours[at]} and {theirs[at]}"


def compare(title: str, messages: np.ndarray, folder: Path, rounds: int) -> bool:
    """Prints messages a second of every engine and our ratio to the fastest of the others; False where reports differ."""
    stream = folder / "stream.bin"
    flash.write(stream, messages)
    room = room_for_reports(messages)
    timed_run(messages, room)
    seconds: dict[str, list[float]] = {"ours": [], **{name: [] for name in drivers()}}
    same = True
    for _ in range(rounds):
        taken, ours = timed_run(messages, room)
        seconds["ours"].append(taken)
        for name, driver in drivers().items():
            taken, theirs = drive(driver, stream)
            seconds[name].append(taken)
            if not np.array_equal(ours, theirs):
                print(f"{title}: {name} writes other reports: {first_difference(ours, theirs)}")
                same = False
    rates = {name: len(messages) / statistics.median(runs) / 1e6 for name, runs in seconds.items()}
    told = "  ".join(f"{name} {rate:5.1f}" for name, rate in rates.items())
    others = [rate for name, rate in rates.items() if name != "ours"]
    ratio = f"  ratio to the faster {rates['ours'] / max(others):.2f}" if others else ""
    print(f"{title:12} {len(messages):>9,} messages  M/s: {told}{ratio}  reports {xxh3_64_hexdigest(ours)}", flush=True)
    return same


def edge_cases(checkout: Path, folder: Path) -> bool:
    """The cases of the benchmark's own list through every engine: the same reports from all?"""
    specification = importlib.util.spec_from_file_location("conformance_check", checkout / "scripts" / "conformance_check.py")
    theirs = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(theirs)
    stream, failed = folder / "case.bin", []
    for name, case in theirs.EDGE_CASES.items():
        messages = np.zeros(len(case), MESSAGE)
        for at, (kind, side, ioc, quantity, order_id, price) in enumerate(case):
            messages[at] = (kind, side, ioc, 0, quantity, at, order_id, price, 0)
        flash.write(stream, messages)
        _, ours = timed_run(messages, np.zeros(4 * len(messages), REPORT))
        wrong = [other for other, driver in drivers().items() if not np.array_equal(ours, drive(driver, stream)[1])]
        print(f"{name:48} {'same reports' if not wrong else 'differs from ' + ', '.join(wrong)}")
        failed += wrong
    print(f"{len(theirs.EDGE_CASES)} cases, compared with {', '.join(drivers()) or 'nobody: no driver is named'}")
    return not failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__.split("\n")[0])
    parser.add_argument("scenarios", nargs="*", help=", ".join(PUBLISHED))
    parser.add_argument("--stream", type=Path, action="append", default=[], help="a recorded stream instead of ours; may be repeated")
    parser.add_argument("--edge-cases", type=Path, metavar="CHECKOUT", help="a checkout of the benchmark, for its list of cases")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    for name, variable in ENGINES.items():
        if name not in drivers():
            print(f"without {name}: {variable} names no driver (bench/compare/README.md)", file=sys.stderr)
    pin()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.edge_cases:
            return 0 if edge_cases(arguments.edge_cases, Path(folder)) else 1
        same = True
        for path in arguments.stream:
            messages = flash.read(path)
            same &= compare(path.stem[:12], messages, Path(folder), arguments.rounds)
            print(f"{'':12} SHA-256 of the canonical reports {canonical_sha256(timed_run(messages, room_for_reports(messages))[1])}")
        for name in arguments.scenarios or ([] if arguments.stream else PUBLISHED):
            messages = flash.generate(name)
            same &= compare(name, messages, Path(folder), arguments.rounds)
            pinned = PINNED[name, flash.ORDERS, flash.SEED]
            assert pinned.startswith(xxh3_64_hexdigest(messages)), f"{name}: another stream than the pinned one"
        return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
