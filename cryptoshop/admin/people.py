"""Administrators, accounts, their money, their fee tiers and trade groups."""

import argparse
import getpass
import secrets
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

from cryptoshop.admin.office import Office, Refused, execute, find_account, find_asset, find_user
from cryptoshop.admin.words import Lines, amount_text, columns, count, tier_of_account
from cryptoshop.listing import amount_units
from engine.commands import admin, transfer
from engine.types import HOUSE_GATEWAY, TIER_AUTOMATIC, AccountStatus, Code, Kind
from gateway.identity.identity import checked_email
from gateway.identity.passwords import checked_password

REASON_OPERATOR = 2  # TRANSFER_COMMAND.reason of a deposit or withdrawal by command
ACCOUNTS_SHOWN = 100
_ROLES = {"user": "a user like any other", "moderator": "a moderator of the shop", "admin": "an administrator"}


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
    user = await find_user(office, given.email)
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


async def set_group(office: Office, given: argparse.Namespace) -> Lines:
    account, group = await find_account(office, given.account), await find_account(office, given.group)
    await execute(office.exchange, admin(Kind.SET_GROUP, account=account, value=group), {
        Code.INVALID_ARGUMENT: f"account {account} or {group} is a margin account: it is in its owner's group",
    })  # fmt: skip
    if account == group:
        return [f"account {account} is in a trade group of its own"]
    return [f"account {account} is in the trade group of account {group}: where their orders ask for it, they do not trade with each other"]


# ---------------------------------------------------------------- command line


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """`command(name, run, about, *positionals)` adds one."""
    new_admin = command("create-admin", create_admin, "make someone an administrator, signing them up where needed", "EMAIL")
    new_admin.add_argument("--password-stdin", action="store_true", help="read the password from the first line of stdin")
    role = command("set-role", set_role, "make someone a moderator of the shop, an administrator, or neither", "EMAIL")
    role.add_argument("role", choices=tuple(_ROLES), metavar="ROLE", help="user, moderator or admin")
    people = command("accounts", list_accounts, f"list accounts, their owners and balances, {ACCOUNTS_SHOWN} at a time")
    people.add_argument("action", nargs="?", choices=("list",), help=argparse.SUPPRESS)
    people.add_argument("--search", default="", metavar="TEXT", help="only owners whose address contains this")
    people.add_argument("--after", type=count, default=0, metavar="ACCOUNT", help="only accounts with a higher number")
    command("deposit", move_money, "credit an account from outside", "ACCOUNT", "ASSET", "AMOUNT")
    command("withdraw", move_money, "debit an account to outside", "ACCOUNT", "ASSET", "AMOUNT")
    command("freeze", set_account_status, "let an account cancel only", "ACCOUNT")
    command("unfreeze", set_account_status, "end that", "ACCOUNT")
    tier = command("tier", set_tier, "let an account pay the fees of a tier", "ACCOUNT")
    tier.add_argument("tier", type=tier_of_account, metavar="TIER", help="a number, or auto: by its volume (admin margin tiers)")
    command(
        "set-group",
        set_group,
        "put an account into the trade group of another (of its own: ACCOUNT ACCOUNT): their orders can ask not to trade with each other",
        "ACCOUNT",
        "GROUP",
    )
