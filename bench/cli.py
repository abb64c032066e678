"""`cryptoshop bench [SCENARIO …] [--json]`: the registry of scenarios, and how their figures are told.

A scenario is a function that yields Results, each only after what it measured was found to be right.
"""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path

from bench.result import Result

Scenario = Callable[..., Iterator[Result]]

# name -> "module:function"; a scenario's module is loaded when it is run
SCENARIOS = {
    "core/exchange-core-1k": "bench.core:exchange_core_1k",
    "core/large": "bench.large:large",
    "core/latency": "bench.large:latency",
    "core/scaling": "bench.large:scaling",
    "core/adversary": "bench.adversary:adversary",
    "core/matching-static": "bench.matching:static",
    "core/matching-normal": "bench.matching:normal",
    "core/matching-swing-25": "bench.matching:swing_25",
    "core/matching-swing-40": "bench.matching:swing_40",
    "core/matching-flash-crash": "bench.matching:flash_crash",
    "durable/ack": "bench.durable:durable_ack",
    "durable/throughput": "bench.durable:durable_throughput",
    "stream/json-orders": "bench.stream:json_orders",
    "checkout": "bench.shop:checkout",
    "browsing": "bench.shop:browsing",
}


def scenario(name: str) -> Scenario:
    module, function = SCENARIOS[name].split(":")
    return getattr(import_module(module), function)


def commit() -> str:
    """The commit that is measured, or "" outside a repository."""
    command = ["git", "-C", str(Path(__file__).resolve().parents[1]), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine() -> str:
    """The processor, Python and compiler that the figures belong to."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = f"{len(names)} x {names[0]}" if names else processor
    return f"{processor}, {platform.system()}, Python {platform.python_version()}, numba {version('numba')}"


def main(argv: list[str] | None = None) -> int:
    """Runs the scenarios named (all without a name) and prints their figures; 1 where one ended other than it must."""
    parser = argparse.ArgumentParser(prog="cryptoshop bench", description=__doc__.split("\n")[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--size", type=int, help="commands of a core scenario's stream (default: the pinned one)")
    parser.add_argument("--seed", type=int, help="seed of a scenario's stream (default: the pinned one)")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    measured_on, measured_at = machine(), commit()
    failed = False
    for name in arguments.scenarios or SCENARIOS:
        try:
            run = scenario(name)
            asked = {"size": arguments.size, "seed": arguments.seed}
            taken = {option: value for option, value in asked.items() if value is not None and option in signature(run).parameters}
            for result in run(**taken):
                print(_line(result, measured_at, measured_on, arguments.json), flush=True)
        except Exception as error:  # whatever a scenario stumbles over, the others are still run, and the exit code tells
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            failed = True
    return 1 if failed else 0


def _line(result: Result, measured_at: str, measured_on: str, as_json: bool) -> str:
    if as_json:
        return json.dumps(result._asdict() | {"commit": measured_at, "machine": measured_on})
    against = f"  (baseline {result.baseline:,.4g} {result.unit})" if result.baseline else ""
    return f"{result.scenario:24} {result.metric:24} {result.value:>14,.4g} {result.unit}{against}  hash {result.hash}"
