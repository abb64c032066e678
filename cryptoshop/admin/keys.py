"""API keys of accounts."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cryptoshop.admin.office import BY_COMMAND, Office, Refused, find_user
from cryptoshop.admin.words import Lines, columns
from engine.types import KeyScope


async def list_keys(office: Office, given: argparse.Namespace) -> Lines:
    rows = await office.identity.list_keys((await find_user(office, given.account)).account)
    table = [(row.api_key, row.type, _scope_text(row.scopes), f"{row.created_at:%Y-%m-%d %H:%M}", row.label) for row in rows]
    return columns([("API KEY", "TYPE", "SCOPES", "MADE", "LABEL"), *table])


async def create_key(office: Office, given: argparse.Namespace) -> Lines:
    user = await find_user(office, given.account)
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


def scopes(text: str) -> int:
    try:
        return int(np.bitwise_or.reduce([KeyScope[name.strip().upper()] for name in text.split(",")]))
    except KeyError:
        raise argparse.ArgumentTypeError(f"'{text}' is not made of READ, TRADE, WITHDRAW") from None


def _scope_text(scopes: int) -> str:
    return ",".join(scope.name for scope in KeyScope if scopes & scope)


def add_commands(keys: argparse.ArgumentParser, command: Callable[..., argparse.ArgumentParser]) -> None:
    """`command(name, run, about, *positionals, into=…)` adds one."""
    into = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    command("list", list_keys, "list an account's API keys", "ACCOUNT", into=into)
    new_key = command("create", create_key, "make an API key for an account", "ACCOUNT", into=into)
    new_key.add_argument("--label", required=True, metavar="TEXT", help="what it is for")
    new_key.add_argument("--scopes", type=scopes, default=KeyScope.READ | KeyScope.TRADE, metavar="LIST",
                         help="of READ,TRADE,WITHDRAW (default: READ,TRADE)")  # fmt: skip
    new_key.add_argument("--public-key", type=Path, metavar="FILE", help="PEM of an Ed25519 public key; without it the key is HMAC")
    command("revoke", revoke_key, "revoke an API key", "API_KEY", into=into)
