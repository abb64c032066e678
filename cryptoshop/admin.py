"""`cryptoshop admin`: what the people who run a venue do by command: administrators, listings, fees, accounts, keys, halts.

Speaks to a running venue: to its command log as an OPERATOR, and to its database. It finds both through DIR/run.json, which the supervisor
writes. Every command leaves its trace in the log, or in the audit table where it concerns a user. Prints what it did; what cannot be done
is one line on stderr and status 1.
"""

import argparse
import asyncio
import contextlib
import getpass
import json
import logging
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import asyncpg
import numpy as np

from cryptoshop import database, preflight
from cryptoshop.errors import StartError
from cryptoshop.filters import (
    EVERYWHERE,
    EVERYWHERE_FILTERS,
    OF_ASSETS,
    OF_MARKETS,
    OFF,
    Market,
    asset_filter,
    everywhere_filter,
    market_filter,
    told,
)
from cryptoshop.listing import (
    DEFAULT_MAX_ORDERS,
    ListingError,
    amount_units,
    asset_command,
    fees_command,
    maker_percent_to_ppm,
    percent_to_ppm,
    symbol_command,
)
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine.commands import admin, transfer
from engine.exchange import ExchangeClient
from engine.log.port import LogError, LogRefused
from engine.replica import ReplicaStopped
from engine.types import (
    FEE_TIERS,
    FIRST_CUSTOMER,
    HOUSE_GATEWAY,
    PPM,
    TIER_AUTOMATIC,
    AccountStatus,
    Code,
    KeyScope,
    Kind,
    Role,
    SymbolStatus,
)
from engine.units import SymbolUnits, format_units
from engine.views import AssetView, SymbolView
from gateway.identity import AccountError, Identity, MasterKeyError, User, load_master_key
from gateway.identity.identity import checked_email
from gateway.identity.passwords import checked_password
from marketdata.rates import parse_sources

REASON_OPERATOR = 2  # TRANSFER_COMMAND.reason of a deposit or withdrawal by command
CONNECT_SECONDS = 5.0
ACCOUNTS_SHOWN = 100
BY_COMMAND = "command line"  # the address in the audit table

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


class Refused(Exception):
    """What was asked for cannot be done; the message is the one line that says why."""


class Office(NamedTuple):
    """Where an operator works."""

    exchange: ExchangeClient
    pool: asyncpg.Pool
    identity: Identity
    source_names: dict[int, str]  # of reference prices, by their numbers


Lines = list[str]
_ROLES = {"user": "a user like any other", "moderator": "a moderator of the shop", "admin": "an administrator"}

# ---------------------------------------------------------------- doors


@contextlib.asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Connected to the running venue of the settings. Raises StartError where there is none."""
    url = settings.running_database_url()
    async with contextlib.AsyncExitStack() as stack:
        try:
            pool = await database.pool(url, connections=2, name="cryptoshop admin")
        except StartError:
            if settings.database_url or preflight.is_open(settings.data_dir):
                raise
            raise settings.not_running() from None  # a killed venue left its run.json behind
        stack.push_async_callback(pool.close)
        try:
            master_key = load_master_key(settings.master_key_path)
            exchange = await ExchangeClient.open(
                settings.resolved_log_url, role=Role.OPERATOR, snapshots=settings.snapshot_dir, connect_timeout=CONNECT_SECONDS
            )
        except (LogError, ReplicaStopped, ValueError, MasterKeyError) as error:
            raise StartError(f"the venue on {settings.data_dir} cannot be used: {error}") from None
        stack.push_async_callback(exchange.close)
        names = {source.number: source.name for source in parse_sources(settings.sources_of_prices)}
        yield Office(exchange, pool, Identity(pool, exchange, master_key), names)


async def execute(exchange: ExchangeClient, command: np.ndarray, refusals: dict[Code, str] | None = None) -> None:
    """Run one command. Raises Refused in the words given for its code, or with the code's name."""
    (outcome,) = await exchange.execute(command)
    if outcome.code != Code.OK:
        code = Code(outcome.code)
        raise Refused((refusals or {}).get(code, f"the core refused it: {code.name}"))


def find_asset(office: Office, name: str) -> AssetView:
    found = next((asset for asset in office.exchange.machine.assets() if asset.name == name), None)
    if found is None:
        raise Refused(f"there is no asset {name}: add it with add-asset, or see the list with assets")
    return found


def find_symbol(office: Office, name: str) -> SymbolView:
    found = next((symbol for symbol in office.exchange.machine.symbols() if symbol.name == name), None)
    if found is None:
        raise Refused(f"there is no symbol {name}: add it with add-symbol, or see the list with symbols")
    return found


async def find_account(office: Office, text: str) -> int:
    """The number of an account given by its number or its owner's address."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        account = int(text)
        if account < FIRST_CUSTOMER or office.exchange.machine.account(account) is None:
            raise Refused(f"there is no account {text}: see the list with accounts")
        return account
    return (await _user(office, text)).account


async def _user(office: Office, text: str) -> User:
    if text.isascii() and text.isdigit() and len(text) < 10:
        user = await office.identity.user(account=int(text))
    else:
        user = await office.identity.user(email=checked_email(text))
    if user is None:
        raise Refused(f"nobody is signed up as {text}: see the list with accounts")
    return user


# ---------------------------------------------------------------- people


async def create_admin(office: Office, given: argparse.Namespace) -> Lines:
    email = checked_email(given.email)
    user = await office.identity.user(email=email)
    if user is None:
        user = await office.identity.sign_up(email, checked_password(_new_password(given.password_stdin), email))
        done = f"{email} is an administrator now, with account {user.account}"
    else:
        done = f"{email}, who was signed up already, is an administrator now; the password is as it was"
    await office.identity.set_role(user, "admin")
    return [done]


async def set_role(office: Office, given: argparse.Namespace) -> Lines:
    user = await _user(office, given.email)
    if given.role != "admin" and user.role == "admin":
        others = await office.pool.fetchval("SELECT count(*) FROM users WHERE role = 'admin' AND user_id <> $1", user.user_id)
        if others == 0:
            raise Refused(f"{user.email} is the only administrator: make another first, with create-admin")
    await office.identity.set_role(user, given.role)
    return [f"{user.email} is {_ROLES[given.role]} now"]


def _new_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(4096).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refused("no terminal to ask for a password at: pipe it in and add --password-stdin")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refused("the two passwords differ")
    return password


async def list_accounts(office: Office, given: argparse.Namespace) -> Lines:
    rows = await office.pool.fetch(
        "SELECT account, email, role FROM users WHERE account > $1 AND strpos(email, $2) > 0 ORDER BY account LIMIT $3",
        given.after, given.search.lower(), ACCOUNTS_SHOWN,
    )  # fmt: skip
    table = [("ACCOUNT", "E-MAIL", "ROLE", "STATUS", "TIER", "BALANCES")]
    for account, email, role in rows:
        view = office.exchange.machine.account(account)
        balances = " ".join(_balance_texts(office, account)) or "-"
        table.append((str(account), email, role, AccountStatus(view.status).name, str(view.tier), balances))
    lines = columns(table)
    if len(rows) == ACCOUNTS_SHOWN:
        lines.append(f"… more with: accounts --after {rows[-1]['account']}")
    return lines


def _balance_texts(office: Office, account: int) -> Iterable[str]:
    machine = office.exchange.machine
    for asset_id, available, held in machine.balances(account):
        asset = machine.asset(asset_id)
        text = f"{amount_text(available, asset)} {asset.name}"
        yield text if not held else f"{text} (+{amount_text(held, asset)} held)"


async def set_account_status(office: Office, given: argparse.Namespace) -> Lines:
    account = await find_account(office, given.account)
    status = AccountStatus.FROZEN if given.command == "freeze" else AccountStatus.ACTIVE
    await execute(office.exchange, admin(Kind.SET_ACCOUNT_STATUS, account=account, status=status))
    meaning = "may cancel, but neither place orders nor send money" if status == AccountStatus.FROZEN else "may trade again"
    return [f"account {account} is {status.name}: it {meaning}"]


async def set_tier(office: Office, given: argparse.Namespace) -> Lines:
    account = await find_account(office, given.account)
    await execute(office.exchange, admin(Kind.SET_ACCOUNT_TIER, account=account, tier=given.tier))
    by_volume = given.tier == TIER_AUTOMATIC
    return [f"account {account} pays the fees of {'the tier of its volume' if by_volume else f'tier {given.tier}'}"]


async def move_money(office: Office, given: argparse.Namespace) -> Lines:
    """A deposit or a withdrawal."""
    account, asset = await find_account(office, given.account), find_asset(office, given.asset)
    amount = amount_units(given.amount, asset)
    await execute(office.exchange, money_command(account, asset.asset, amount if given.command == "deposit" else -amount), {
        Code.INSUFFICIENT_AVAILABLE: f"account {account} has less than that available",
        Code.ACCOUNT_FROZEN: f"account {account} is frozen: unfreeze it first",
        Code.SUPPLY_LIMIT: f"no account can hold that much {asset.name}",
    })  # fmt: skip
    available, _ = office.exchange.machine.balance(account, asset.asset)
    return [f"account {account} has {amount_text(available, asset)} {asset.name} available"]


def money_command(account: int, asset: int, amount: int) -> np.ndarray:
    """A transfer from outside to the account, or, below 0, from it to outside."""
    debit, credit = (HOUSE_GATEWAY, account) if amount > 0 else (account, HOUSE_GATEWAY)
    return transfer(Kind.TRANSFER, (time.time_ns(), secrets.randbits(62) + 1), debit=debit, credit=credit, asset=asset, amount=abs(amount),
                    reason=REASON_OPERATOR)  # fmt: skip


# ---------------------------------------------------------------- listings


async def add_asset(office: Office, given: argparse.Namespace) -> Lines:
    await execute(office.exchange, asset_command(given.name, given.decimals), {
        Code.ALREADY_EXISTS: f"{given.name} is listed already", Code.POOL_FULL: "the table of assets is full",
    })  # fmt: skip
    return [f"{given.name} is listed, with {given.decimals} decimals"]


async def add_symbol(office: Office, given: argparse.Namespace) -> Lines:
    base, quote = find_asset(office, given.base), find_asset(office, given.quote)
    command = symbol_command(
        given.name, base, quote, given.tick, given.lot, min_notional=given.min_notional, max_price=given.max_price,
        max_quantity=given.max_quantity, max_market_quantity=given.max_market_quantity, max_orders=given.max_orders,
        maker_ppm=maker_percent_to_ppm(given.maker), taker_ppm=percent_to_ppm(given.taker),
    )  # fmt: skip
    await execute(office.exchange, command, {
        Code.ALREADY_EXISTS: f"{given.name} is listed already", Code.POOL_FULL: "the table of symbols is full",
    })  # fmt: skip
    return [f"{given.name} is open for trading", *columns([_SYMBOL_HEAD, _symbol_row(office, find_symbol(office, given.name))])]


async def list_assets(office: Office, _given: argparse.Namespace) -> Lines:
    rows = [(asset.name, str(asset.scale)) for asset in office.exchange.machine.assets()]
    return columns([("ASSET", "DECIMALS"), *rows])


async def list_symbols(office: Office, _given: argparse.Namespace) -> Lines:
    return columns([_SYMBOL_HEAD, *(_symbol_row(office, symbol) for symbol in office.exchange.machine.symbols())])


_SYMBOL_HEAD = ("SYMBOL", "STATUS", "TICK", "LOT", "MIN NOTIONAL", "MAX PRICE", "MAX QUANTITY", "MAKER", "TAKER", "LAST")


def _symbol_row(office: Office, symbol: SymbolView) -> tuple[str, ...]:
    machine = office.exchange.machine
    units = SymbolUnits(symbol, machine.asset(symbol.base), machine.asset(symbol.quote))
    maker, taker = machine.fees(symbol.symbol, 0)
    return (
        symbol.name, SymbolStatus(symbol.status).name, plain(units.tick_size), plain(units.step_size),
        plain(units.quote_text(symbol.min_notional)), plain(units.ticks_to_price(symbol.max_price_ticks)),
        plain(units.lots_to_quantity(symbol.max_quantity_lots)), percent_text(maker), percent_text(taker),
        plain(units.ticks_to_price(symbol.last_price_ticks)) if symbol.last_price_ticks else "-",
    )  # fmt: skip


_STATES = {
    "halt": (SymbolStatus.HALTED, "nothing can be done there, not even a cancel"),
    "cancel-only": (SymbolStatus.CANCEL_ONLY, "orders may be cancelled, nothing else"),
    "auction": (SymbolStatus.AUCTION, "orders gather without trading, until resume ends it at one price for all"),
    "resume": (SymbolStatus.TRADING, ""),
}


async def set_symbol_status(office: Office, given: argparse.Namespace) -> Lines:
    symbol = find_symbol(office, given.symbol)
    status, meaning = _STATES[given.command]
    was_auction = symbol.status == SymbolStatus.AUCTION
    refusal = f"{symbol.name} is in an auction whose orders cross, or that is just ending: resume it first"
    if status == symbol.status:
        refusal = f"{symbol.name} is {status.name} already"
    await execute(office.exchange, admin(Kind.SET_SYMBOL_STATUS, symbol=symbol.symbol, status=status), {Code.INVALID_ARGUMENT: refusal})
    if was_auction and status == SymbolStatus.TRADING:
        meaning = "the auction ends at one price for all, then trading goes on"
    return [f"{symbol.name} is {status.name}" + (f": {meaning}" if meaning else "")]


# ---------------------------------------------------------------- filters and groups


async def set_filter(office: Office, given: argparse.Namespace) -> Lines:
    where, name, value = given.where, given.filter, given.value
    if where == EVERYWHERE:
        command = everywhere_filter(name, value)
    elif name in OF_ASSETS:
        command = asset_filter(find_asset(office, where), name, value)
    else:
        command = market_filter(_market(office, where), name, value)
    await execute(office.exchange, command)
    return [f"{name} of {where} is off" if value == OFF else f"{name} of {where} is {value}"]


async def list_filters(office: Office, given: argparse.Namespace) -> Lines:
    machine = office.exchange.machine
    if given.where == EVERYWHERE:
        rows = told(None, machine.filters(0))
        for asset in machine.assets():
            if most := machine.max_asset(asset.asset):
                rows.append((f"{asset.name} max-order", amount_text(most, asset), OF_ASSETS["max-order"]))
    else:
        market = _market(office, given.where)
        rows = told(market, machine.filters(market.view.symbol))
    return columns([("FILTER", "VALUE", "MEANING"), *rows]) if rows else [f"no filter of {given.where} is set"]


def _market(office: Office, name: str) -> Market:
    view = find_symbol(office, name)
    return Market(view, office.exchange.machine.asset(view.base), office.exchange.machine.asset(view.quote))


async def set_group(office: Office, given: argparse.Namespace) -> Lines:
    account, group = await find_account(office, given.account), await find_account(office, given.group)
    await execute(office.exchange, admin(Kind.SET_GROUP, account=account, value=group), {
        Code.INVALID_ARGUMENT: f"account {account} or {group} is a margin account: it is in its owner's group",
    })  # fmt: skip
    if account == group:
        return [f"account {account} is in a trade group of its own"]
    return [f"account {account} is in the trade group of account {group}: where their orders ask for it, they do not trade with each other"]


# ---------------------------------------------------------------- fees and limits


async def fees(office: Office, given: argparse.Namespace) -> Lines:
    """Shows them; with rates, sets those of one tier first."""
    symbol = find_symbol(office, given.symbol)
    machine = office.exchange.machine
    if given.maker is not None or given.taker is not None:
        if not 0 <= given.tier < FEE_TIERS:
            raise ListingError(f"fee tiers are 0 to {FEE_TIERS - 1}, not {given.tier}")
        maker, taker = machine.fees(symbol.symbol, given.tier)
        maker = maker if given.maker is None else maker_percent_to_ppm(given.maker)
        taker = taker if given.taker is None else percent_to_ppm(given.taker)
        await execute(office.exchange, fees_command(symbol.symbol, given.tier, maker, taker))
    tiers = [machine.fees(symbol.symbol, tier) for tier in range(FEE_TIERS)]
    rows = [(str(tier), *map(percent_text, rates)) for tier, rates in enumerate(tiers) if tier in (0, given.tier) or rates != tiers[0]]
    return columns([("TIER", "MAKER", "TAKER"), *rows])


async def order_limits(office: Office, given: argparse.Namespace) -> Lines:
    await execute(office.exchange, admin(Kind.SET_ORDER_LIMITS, value=given.per_10s, value2=given.per_day))
    shown = [f"{limit or 'any number'} {window}" for limit, window in ((given.per_10s, "in 10 s"), (given.per_day, "a day"))]
    return [f"an account may place {' and '.join(shown)}"]


async def open_venue(office: Office, _given: argparse.Namespace) -> Lines:
    if office.exchange.machine.opened:
        return ["the venue is open already"]
    await execute(office.exchange, admin(Kind.OPEN), {Code.ALREADY_OPEN: "the venue is open already"})
    return ["the venue is open: from here on the log's clock is its time"]


# ---------------------------------------------------------------- API keys


async def list_keys(office: Office, given: argparse.Namespace) -> Lines:
    rows = await office.identity.list_keys((await _user(office, given.account)).account)
    table = [(row.api_key, row.type, _scope_text(row.scopes), f"{row.created_at:%Y-%m-%d %H:%M}", row.label) for row in rows]
    return columns([("API KEY", "TYPE", "SCOPES", "MADE", "LABEL"), *table])


async def create_key(office: Office, given: argparse.Namespace) -> Lines:
    user = await _user(office, given.account)
    public_key = _read_text(given.public_key) if given.public_key else None
    new = await office.identity.create_key(user.account, "Ed25519" if public_key else "HMAC", given.label, given.scopes, public_key)
    await office.identity.note(user.user_id, "KEY_BY_OPERATOR", BY_COMMAND, new.api_key)
    return [f"apiKey  {new.api_key}", *([f"secret  {new.secret}   (shown this once)"] if new.secret else [])]


async def revoke_key(office: Office, given: argparse.Namespace) -> Lines:
    key = await office.identity.key(given.api_key)
    if key is None:
        raise Refused("there is no such key, or it is revoked already")
    await office.identity.revoke_key(key.account, given.api_key, address=BY_COMMAND)
    return ["the key is revoked: nothing that comes with it takes effect any more"]


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes()[:4096].decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else 'it is no PEM file'}") from None


def _scopes(text: str) -> int:
    try:
        return int(np.bitwise_or.reduce([KeyScope[name.strip().upper()] for name in text.split(",")]))
    except KeyError:
        raise argparse.ArgumentTypeError(f"'{text}' is not made of READ, TRADE, WITHDRAW") from None


# ---------------------------------------------------------------- words


def columns(rows: list[tuple[str, ...]]) -> Lines:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def plain(decimal: str) -> str:
    """Without the zeros that say nothing."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def amount_text(units: int, asset: AssetView) -> str:
    return plain(format_units(units, asset.scale))


def percent_text(ppm: int) -> str:
    shown = abs(ppm) * 100
    return ("-" if ppm < 0 else "") + plain(f"{shown // PPM}.{shown % PPM:06d}") + "%"


def _scope_text(scopes: int) -> str:
    return ",".join(scope.name for scope in KeyScope if scopes & scope)


# ---------------------------------------------------------------- command line


def count(text: str) -> int:
    """A number from 0, small enough for the core."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 999999999")
    return int(text)


def _tier(text: str) -> int:
    tier = count(text)
    if tier >= FEE_TIERS:
        raise argparse.ArgumentTypeError(f"tiers are 0 to {FEE_TIERS - 1}")
    return tier


def _tier_of_account(text: str) -> int:
    return TIER_AUTOMATIC if text == "auto" else _tier(text)


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    where.add_argument("--data-dir", type=Path, metavar="DIR", help="of the running venue (default: ./data)")
    where.add_argument("--database-url", metavar="URL", help="default: as the running venue wrote it down")
    where.add_argument("--log", dest="log_url", metavar="URL", help="default: as the running venue wrote it down")
    parser = argparse.ArgumentParser("cryptoshop admin", description="Run a venue for others. It must be running: cryptoshop serve.",
                                     epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[where])  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Office, argparse.Namespace], Awaitable[Lines]], about: str, *positionals: str, into=commands):
        added = into.add_parser(name, help=about, description=about, parents=[where])
        added.set_defaults(run=run)
        for positional in positionals:
            added.add_argument(positional.lower(), metavar=positional)
        return added

    new_admin = command("create-admin", create_admin, "make someone an administrator, signing them up where needed", "EMAIL")
    new_admin.add_argument("--password-stdin", action="store_true", help="read the password from the first line of stdin")
    role = command("set-role", set_role, "make someone a moderator of the shop, an administrator, or neither", "EMAIL")
    role.add_argument("role", choices=tuple(_ROLES), metavar="ROLE", help="user, moderator or admin")
    new_asset = command("add-asset", add_asset, "list an asset", "NAME")
    new_asset.add_argument("--decimals", type=count, required=True, metavar="N", help="its smallest unit is 10^-N (0 to 9)")
    _add_symbol_arguments(command("add-symbol", add_symbol, "list a market and open it", "NAME"))
    command("assets", list_assets, "list the assets")
    command("symbols", list_symbols, "list the markets")
    command("open", open_venue, "let the log's clock be the venue's time, for ever; serve has done it")
    command("halt", set_symbol_status, "stop a market: no orders, no cancels", "SYMBOL")
    command("cancel-only", set_symbol_status, "let a market's orders be cancelled, nothing else", "SYMBOL")
    command("auction", set_symbol_status, "let orders gather without trading; resume then trades them at one price for all", "SYMBOL")
    command("resume", set_symbol_status, "let a market trade again; ends an auction", "SYMBOL")
    _add_filter_arguments(command)
    command(
        "set-group",
        set_group,
        "put an account into the trade group of another (of its own: ACCOUNT ACCOUNT): their orders can ask not to trade with each other",
        "ACCOUNT",
        "GROUP",
    )
    rates = command("fees", fees, "show a market's fees, or set those of one tier", "SYMBOL")
    rates.add_argument("--tier", type=_tier, default=0, metavar="N", help="which tier of accounts (default: 0)")
    rates.add_argument("--maker", metavar="PERCENT", help="e.g. 0.08; below 0, as --maker=-0.01, a rebate")
    rates.add_argument("--taker", metavar="PERCENT", help="e.g. 0.1")
    tier = command("tier", set_tier, "let an account pay the fees of a tier", "ACCOUNT")
    tier.add_argument("tier", type=_tier_of_account, metavar="TIER", help="a number, or auto: by its volume (admin margin tiers)")
    limits = command("order-limits", order_limits, "how many orders an account may place")
    limits.add_argument("--per-10s", type=count, required=True, metavar="N", help="in ten seconds, 0 = any number")
    limits.add_argument("--per-day", type=count, required=True, metavar="N", help="in a day (UTC), 0 = any number")
    people = command("accounts", list_accounts, f"list accounts, their owners and balances, {ACCOUNTS_SHOWN} at a time")
    people.add_argument("action", nargs="?", choices=("list",), help=argparse.SUPPRESS)
    people.add_argument("--search", default="", metavar="TEXT", help="only owners whose address contains this")
    people.add_argument("--after", type=count, default=0, metavar="ACCOUNT", help="only accounts with a higher number")
    command("deposit", move_money, "credit an account from outside", "ACCOUNT", "ASSET", "AMOUNT")
    command("withdraw", move_money, "debit an account to outside", "ACCOUNT", "ASSET", "AMOUNT")
    command("freeze", set_account_status, "let an account cancel only", "ACCOUNT")
    command("unfreeze", set_account_status, "end that", "ACCOUNT")
    keys = commands.add_parser("keys", help="list, create, revoke API keys").add_subparsers(dest="action", required=True, metavar="ACTION")
    command("list", list_keys, "list an account's API keys", "ACCOUNT", into=keys)
    new_key = command("create", create_key, "make an API key for an account", "ACCOUNT", into=keys)
    new_key.add_argument("--label", required=True, metavar="TEXT", help="what it is for")
    new_key.add_argument("--scopes", type=_scopes, default=KeyScope.READ | KeyScope.TRADE, metavar="LIST",
                         help="of READ,TRADE,WITHDRAW (default: READ,TRADE)")  # fmt: skip
    new_key.add_argument("--public-key", type=Path, metavar="FILE", help="PEM of an Ed25519 public key; without it the key is HMAC")
    command("revoke", revoke_key, "revoke an API key", "API_KEY", into=keys)
    from cryptoshop import admin_margin  # it stands on this module

    admin_margin.add_commands(commands.add_parser("margin", help="margin: terms, assets, pools, fee tiers, discount"), command)
    return parser


def _add_symbol_arguments(new_symbol: argparse.ArgumentParser) -> None:
    for name, about in (("base", "asset that is traded"), ("quote", "asset it is paid in")):
        new_symbol.add_argument(f"--{name}", required=True, metavar="ASSET", help=about)
    new_symbol.add_argument("--tick", required=True, metavar="PRICE", help="step of prices, e.g. 0.01")
    new_symbol.add_argument("--lot", required=True, metavar="QUANTITY", help="step of quantities, e.g. 0.00001")
    new_symbol.add_argument("--min-notional", default="0", metavar="AMOUNT", help="least value of an order, in quote (default: 0)")
    new_symbol.add_argument("--max-price", default="", metavar="PRICE", help="default: 100 million ticks")
    new_symbol.add_argument("--max-quantity", default="", metavar="QUANTITY", help="of one order (default: as much as can be counted)")
    new_symbol.add_argument("--max-market-quantity", default="", metavar="QUANTITY", help="of one market order (default: the same)")
    new_symbol.add_argument("--max-orders", type=count, default=DEFAULT_MAX_ORDERS, metavar="N",
                            help=f"open at a time per account (default: {DEFAULT_MAX_ORDERS})")  # fmt: skip
    new_symbol.add_argument("--maker", default="0.1", metavar="PERCENT", help="fee (default: 0.1)")
    new_symbol.add_argument("--taker", default="0.1", metavar="PERCENT", help="fee (default: 0.1)")


def _add_filter_arguments(command: Callable[..., argparse.ArgumentParser]) -> None:
    setter = command("set-filter", set_filter, "set a limit that orders must keep, or take it off", "WHERE", "FILTER", "VALUE")
    setter.formatter_class = argparse.RawDescriptionHelpFormatter
    setter.epilog = _filters_help()
    shower = command("filters", list_filters, "show the limits that are set")
    shower.add_argument("where", nargs="?", default=EVERYWHERE, metavar="WHERE", help=f"a market, or {EVERYWHERE} (default)")


def _filters_help() -> str:
    """What there is to be set, with an example of each."""
    rows = [("of a market, e.g. set-filter BTCUSDT max-notional 9000000", "", "")]
    rows += [(f"  {name}", known.example, known.about) for name, known in OF_MARKETS.items()]
    rows += [(f"of an account over {EVERYWHERE} markets, e.g. set-filter {EVERYWHERE} max-orders 1000", "", "")]
    rows += [(f"  {name}", known.example, known.about) for name, known in EVERYWHERE_FILTERS.items()]
    rows += [("of an asset, e.g. set-filter BTC max-order 100", "", "")]
    rows += [(f"  {name}", "100", about) for name, about in OF_ASSETS.items()]
    width = max(len(name) for name, example, _ in rows if example)
    lines = [f"{name.ljust(width)}  {example.ljust(9)}{about}" if example else name for name, example, about in rows]
    return "\n".join([*lines, f"VALUE is written as in the examples, or {OFF}."])


def _settings(given: argparse.Namespace) -> Settings:
    """Those of the running venue; its log's address and the sources of its prices from run.json unless they were given."""
    defaults = argparse.ArgumentParser()
    add_arguments(defaults)
    settings = from_arguments(argparse.Namespace(**(vars(defaults.parse_args([])) | vars(given))))
    with contextlib.suppress(OSError, ValueError, KeyError):
        told = json.loads(settings.run_path.read_text())
        return replace(settings, log_url=settings.log_url or told["log_url"],
                       price_sources=settings.price_sources or tuple(told.get("price_sources", ())))  # fmt: skip
    return settings


async def _run(given: argparse.Namespace) -> Lines:
    async with open_office(_settings(given)) as office:
        return await given.run(office, given)


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
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
