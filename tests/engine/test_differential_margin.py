"""Kernels against oracle where margin accounts trade, borrow and are liquidated: as tests/engine/test_differential.py, with its seed."""

import random

import pytest

from engine.types import FIRST_CUSTOMER
from tests.engine.margin_streams import MarginStream
from tests.engine.test_differential import SEED, Pair, hold_to_each_other
from tests.engine.tight_streams import CrashStream

EPISODES = 16
COMMANDS_PER_EPISODE = 6_000
CRASH_EPISODES = 12


@pytest.mark.parametrize("episode", range(EPISODES))
def test_kernels_equal_oracle_with_margin(episode):
    seed = SEED + episode
    hold_to_each_other(MarginStream(seed, orders=episode % 4 > 0), seed, COMMANDS_PER_EPISODE, answers_difference)


@pytest.mark.parametrize("episode", range(CRASH_EPISODES))
def test_kernels_equal_oracle_in_crashes(episode):
    seed = SEED + episode
    hold_to_each_other(CrashStream(seed), seed, COMMANDS_PER_EPISODE // 2, answers_difference)


def answers_difference(pair: Pair, rng: random.Random) -> str:
    """Ask both everything about a few accounts and all assets."""
    accounts = [0, 15, 99, *(rng.randrange(FIRST_CUSTOMER, FIRST_CUSTOMER + 24) for _ in range(8))]
    asked = [("margin_setup",), ("margin_assets",), ("fee_tiers",), ("discount",)]
    asked += [(name, asset) for name in ("pool", "index", "collateral_tiers") for asset in range(5)]
    asked += [(name, account) for name in ("margin", "owner", "margin_accounts", "loans", "watches") for account in accounts]
    for account in accounts:
        if pair.oracle.margin(account):
            asked += [("level", account), ("liquidation_price", account)]
            asked += [(name, account, asset) for name in ("max_borrowable", "max_transferable") for asset in range(1, 4)]
        if pair.oracle.account(account):
            asked += [("fee_account", account), *(("margin_account", account, symbol) for symbol in range(4))]
            asked += [("lender", account, asset) for asset in range(1, 4)]
    for name, *arguments in asked:
        expected, actual = (getattr(machine, name)(*arguments) for machine in (pair.oracle, pair.kernels))
        if expected != actual:
            return f"{name}{tuple(arguments)}: oracle {expected}, kernels {actual}"
    return ""
