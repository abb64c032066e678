"""The command line: one word for each thing a person does with a venue.

Owns the list of commands; each is a module with `main(arguments)`, imported only when asked for, so that `--help` is instant.
"""

import importlib
import os
import sys

from cryptoshop.errors import StartError

USAGE = """\
usage: cryptoshop COMMAND [options]        (cryptoshop COMMAND --help tells more)

run a venue
  serve [--demo]      everything: log, database, recorder, shop, REST, websockets; Ctrl-C stops it
  log | recorder | rest | stream | shop | rates
                      one role alone, for a running data directory
run it for others
  admin               first administrator, assets, symbols, accounts, keys, fees, halt
  verify              recompute everything from the log and compare it with the database
look and measure
  replay FILE         real order flow (LOBSTER, Bitstamp, exchange-core) through the real core, with a report
  bench [SCENARIO]    speed, each with a correctness hash that is checked first

the first minute:  cryptoshop serve --demo --data-dir ./data   then open http://127.0.0.1:8080
"""

_COMMANDS = {
    "serve": "cryptoshop.supervisor",
    "log": "cryptoshop.roles.log",
    "recorder": "cryptoshop.roles.recorder",
    "rest": "cryptoshop.roles.rest",
    "stream": "cryptoshop.roles.stream",
    "shop": "cryptoshop.roles.shop",
    "rates": "cryptoshop.roles.rates",
    "admin": "cryptoshop.admin.cli",
    "verify": "cryptoshop.verify",
    "replay": "cryptoshop.replay.cli",
    "bench": "bench.cli",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (0 done, 1 could not, 2 wrong usage)."""
    try:
        try:
            return run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, like `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    module = _COMMANDS.get(arguments[0])
    if module is None:
        print(f"cryptoshop: there is no command '{arguments[0]}' (cryptoshop --help lists them)", file=sys.stderr)
        return 2
    try:
        return importlib.import_module(module).main(arguments[1:]) or 0
    except StartError as error:
        print(f"cryptoshop: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
