"""A step of a venue's first start, and of the first after an upgrade: OPEN, from which on the log's clock is the time, and the newest
rules, which count from the command on that asks for them. Data that was written under older rules is read by those, as before."""

import argparse
import asyncio
import logging
import sys

from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine import commands
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import RULES_VERSION, Kind, Role
from engine.views import ReplicaStopped


async def open_venue(settings: Settings) -> None:
    """Log OPEN and the newest rules where they are not in the log yet."""
    exchange = await ExchangeClient.open(settings.resolved_log_url, role=Role.OPERATOR, snapshots=settings.snapshot_dir)
    try:
        await lift_rules(exchange)
        if not exchange.machine.opened:
            await exchange.execute(commands.admin(Kind.OPEN))
    finally:
        await exchange.close()
    settings.opened_path.write_text(str(RULES_VERSION))


async def lift_rules(exchange: ExchangeClient) -> None:
    """Ask for the newest rules where older ones are in force."""
    if exchange.machine.rules_version < RULES_VERSION:
        await exchange.execute(commands.admin(Kind.SET_RULES, value=RULES_VERSION))


def main() -> int:
    parser = argparse.ArgumentParser("cryptoshop.opening", description="Open the venue of a running log.")
    add_arguments(parser)
    logging.getLogger().addHandler(logging.NullHandler())  # what is wrong is said here in one line
    try:
        asyncio.run(open_venue(from_arguments(parser.parse_args())))
    except (LogError, ReplicaStopped, TimeoutError) as error:
        print(f"cryptoshop: the venue could not be opened: {error or 'the log did not answer in time'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
