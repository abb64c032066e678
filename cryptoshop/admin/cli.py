"""The command line of `cryptoshop admin`: administrators, listings, fees, accounts, keys, halts, margin.

Every command leaves its trace in the log, or in the audit table where it concerns a user. Prints what it did; what cannot be done is one
line on stderr and status 1.
"""

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from cryptoshop.admin import keys, margin, markets, people
from cryptoshop.admin.office import Office, Refused, open_office, running_settings
from cryptoshop.admin.words import Lines
from cryptoshop.errors import StartError
from cryptoshop.listing import ListingError
from engine.log.port import LogError, LogRefused
from engine.replica import ReplicaStopped
from gateway.identity import AccountError, MasterKeyError

EXAMPLES = """\
a new venue, from nothing to its first trade:
  cryptoshop admin create-admin you@example.org
  cryptoshop admin add-asset BTC --decimals 8
  cryptoshop admin add-asset USDT --decimals 8
  cryptoshop admin add-symbol BTCUSDT --base BTC --quote USDT --tick 0.01 --lot 0.00001 --min-notional 5
  cryptoshop admin deposit you@example.org USDT 10000
  cryptoshop admin keys create you@example.org --label bot --scopes READ,TRADE

day by day:
  cryptoshop admin cancel-only BTCUSDT                   until: resume BTCUSDT
  cryptoshop admin auction BTCUSDT                       orders gather; resume BTCUSDT trades them at one price
  cryptoshop admin set-filter BTCUSDT max-notional 1000000
  cryptoshop admin fees BTCUSDT --tier 3 --maker 0.02 --taker 0.05
  cryptoshop admin tier 17 3                             account 17 pays the fees of tier 3
  cryptoshop admin freeze someone@example.org
  cryptoshop admin set-role someone@example.org moderator
  cryptoshop admin margin show                           loans, levels, pools; margin --help tells how to set them up

An ACCOUNT is an account's number or its owner's e-mail address. Amounts, prices and quantities are plain decimals, fees percent."""


def parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    where.add_argument("--data-dir", type=Path, metavar="DIR", help="of the running venue (default: ./data)")
    where.add_argument("--database-url", metavar="URL", help="default: as the running venue wrote it down")
    where.add_argument("--log", dest="log_url", metavar="URL", help="default: as the running venue wrote it down")
    top = argparse.ArgumentParser("cryptoshop admin", description="Run a venue for others. It must be running: cryptoshop serve.",
                                  epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[where])  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Office, argparse.Namespace], Awaitable[Lines]], about: str, *positionals: str, into=commands):
        added = into.add_parser(name, help=about, description=about, parents=[where])
        added.set_defaults(run=run)
        for positional in positionals:
            added.add_argument(positional.lower(), metavar=positional)
        return added

    people.add_commands(command)
    markets.add_commands(command)
    keys.add_commands(commands.add_parser("keys", help="list, create, revoke API keys"), command)
    margin.add_commands(commands.add_parser("margin", help="margin: terms, assets, pools, fee tiers, discount"), command)
    return top


async def _run(given: argparse.Namespace) -> Lines:
    async with open_office(running_settings(given)) as office:
        return await given.run(office, given)


def main(arguments: list[str]) -> int:
    given = parser().parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # what the rooms below log is said here in one line
    try:
        lines = asyncio.run(_run(given))
    except (Refused, ListingError, AccountError, MasterKeyError) as error:
        raise StartError(str(error)) from None
    except LogRefused as error:
        raise StartError(f"the command log refused it, and nothing has changed: {error}") from None
    except (LogError, ReplicaStopped, TimeoutError) as error:
        raise StartError(f"the exchange did not answer, look whether it took effect: {error or 'time is up'}") from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StartError(f"the database did not answer as it should: {error}") from None
    print("\n".join(lines))
    return 0
