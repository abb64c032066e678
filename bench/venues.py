"""Venues of any size for the core's scenarios: listed, funded and with a full book, made from command arrays, not one by one.

Prices of every symbol: bids at 1 … DEPTH, asks above DEPTH + 1, so that DEPTH + 1 is free for orders that are placed to be taken.
"""

from typing import NamedTuple

import numpy as np

from bench.core import Frames, cut
from engine.commands import admin, frame
from engine.kernels import allocating_kernel
from engine.machine import Machine
from engine.types import (
    ADMIN_COMMAND,
    CAPACITY_MAX,
    FIRST_CUSTOMER,
    FRAME_COMMANDS_MAX,
    HOUSE_GATEWAY,
    INITIAL_CAPACITY,
    ORDER_COMMAND,
    RULES_VERSION,
    STEPS_MAX,
    TRANSFER_COMMAND,
    Kind,
    OrderType,
    Pool,
    Role,
    Side,
    TimeInForce,
)

DEPTH = 500  # ticks on each side, unless a scenario says otherwise
_FUNDS = 10**12
_FRAME_NS = 1_000_000  # between frames, as bench.core.cut has them


class Size(NamedTuple):
    accounts: int
    symbols: int
    orders: int  # resting
    assets: int = 2  # that each account has


class Resting(NamedTuple):
    """The orders that the scenarios move about: where each is, and the id it has when it lies in the book (0 = it does not)."""

    account: np.ndarray
    symbol: np.ndarray
    side: np.ndarray
    price: np.ndarray
    order_id: np.ndarray


class Venue:
    """A machine that is sent arrays of commands."""

    def __init__(self, size: Size, max_price_ticks: int = 10**6, also: dict[Pool, int] | None = None) -> None:
        """`also`: what other pools must have room for."""
        self.size = size
        wants = {Pool.ACCOUNTS: size.accounts + FIRST_CUSTOMER, Pool.ORDERS: size.orders + 2048, Pool.SYMBOLS: size.symbols} | (also or {})
        capacity = list(INITIAL_CAPACITY)
        for pool, wanted in wants.items():
            capacity[pool] = min(max(capacity[pool], 1 << (wanted - 1).bit_length()), CAPACITY_MAX[pool])
        self.machine = Machine(tuple(capacity))
        self.send(frame(admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR), admin(Kind.SET_RULES, value=RULES_VERSION)))
        self.send(frame(*(admin(Kind.ADD_ASSET, name=b"A%d" % asset, scale=8) for asset in range(1, size.assets + 1))))
        self._list(max_price_ticks)
        self._open_and_fund()

    def send(self, commands: np.ndarray, size: int = FRAME_COMMANDS_MAX) -> None:
        """Applies commands in frames of `size`. Raises AssertionError where one is refused."""
        frames = self.frames(commands, size)
        for header, part in zip(frames.headers, frames.commands, strict=True):
            codes = self.machine.apply(header, part).codes
            assert not codes.any(), f"a command of kind {part['kind'][codes != 0][0]} was refused with {codes[codes != 0][0]}"

    def frames(self, commands: np.ndarray, size: int = FRAME_COMMANDS_MAX) -> Frames:
        """The commands as the machine's next frames."""
        return cut(commands, self.machine.position + 1, size)

    def _list(self, max_price_ticks: int) -> None:
        listed = np.zeros(self.size.symbols, ADMIN_COMMAND)
        numbers = np.arange(self.size.symbols)
        listed["kind"] = Kind.ADD_SYMBOL
        listed["base"] = 1 + numbers % self.size.assets
        listed["quote"] = 1 + (numbers + 1) % self.size.assets
        listed["value"] = listed["value2"] = 1
        listed["max_price_ticks"], listed["max_quantity_lots"], listed["max_market_lots"] = max_price_ticks, 10**6, 10**6
        listed["max_orders"] = STEPS_MAX
        listed["maker_ppm"] = listed["taker_ppm"] = 1000
        listed["name"] = [b"S%d" % number for number in numbers]
        self.send(listed.view(ORDER_COMMAND))

    def _open_and_fund(self) -> None:
        for first in range(0, self.size.accounts, FRAME_COMMANDS_MAX):
            opened = np.zeros(min(FRAME_COMMANDS_MAX, self.size.accounts - first), ADMIN_COMMAND)
            opened["kind"] = Kind.OPEN_ACCOUNT
            opened["reference_hi"] = 1
            opened["reference_lo"] = 1 + first + np.arange(len(opened))
            self.send(opened.view(ORDER_COMMAND))
        for first in range(0, self.size.accounts * self.size.assets, FRAME_COMMANDS_MAX):
            numbers = np.arange(first, min(first + FRAME_COMMANDS_MAX, self.size.accounts * self.size.assets))
            self.send(self.deposits(FIRST_CUSTOMER + numbers // self.size.assets, 1 + numbers % self.size.assets))

    def deposits(self, accounts: np.ndarray, assets: np.ndarray, amount: int = _FUNDS) -> np.ndarray:
        """At most a frame of them."""
        moved = np.zeros(len(accounts), TRANSFER_COMMAND)
        moved["kind"] = Kind.TRANSFER
        moved["debit"], moved["credit"], moved["asset"], moved["amount"] = HOUSE_GATEWAY, accounts, assets, amount
        moved["id_hi"] = (self.machine.position + 1) * _FRAME_NS + np.arange(len(accounts))
        return moved.view(ORDER_COMMAND)

    def fill(self, seed: int, skewed: bool = False, depth: int = DEPTH) -> Resting:
        """Rests `size.orders` orders: of any account, on any symbol (by Zipf's law where `skewed`), anywhere in the depth."""
        rng = np.random.RandomState(seed)
        count = self.size.orders
        account = FIRST_CUSTOMER + (rng.random_sample(count) * self.size.accounts).astype(np.int64)
        symbol = 1 + (zipf(rng, self.size.symbols, count) if skewed else (rng.random_sample(count) * self.size.symbols).astype(np.int64))
        side = (rng.random_sample(count) < 0.5).astype(np.int64)
        away = (rng.random_sample(count) * depth).astype(np.int64)
        price = np.where(side == Side.BUY, depth - away, depth + 2 + away)
        placed = np.zeros(count, ORDER_COMMAND)
        placed["kind"], placed["order_type"], placed["time_in_force"] = Kind.PLACE, OrderType.LIMIT, TimeInForce.GTC
        placed["account"], placed["symbol"], placed["side"], placed["price_ticks"], placed["quantity_lots"] = (
            account,
            symbol,
            side,
            price,
            10,
        )
        self.send(placed)
        return Resting(account, symbol, side, price, np.arange(1, count + 1))


def zipf(rng: np.random.RandomState, ranks: int, count: int) -> np.ndarray:
    """Draws of 0 … ranks − 1, the n-th with a probability as 1 / n."""
    shares = np.cumsum(1.0 / np.arange(1, ranks + 1))
    return np.searchsorted(shares / shares[-1], rng.random_sample(count), side="right").clip(0, ranks - 1)


def traffic(resting: Resting, count: int, seed: int, last_order_id: int, skewed: bool, depth: int = DEPTH) -> np.ndarray:
    """`count` commands on resting orders, chosen alike or by Zipf's law: most are replaced one tick away, some cancelled and later placed
    again; six in a hundred are an order inside the spread and the immediate order of another account that takes it."""
    rng = np.random.RandomState(seed)
    orders = len(resting.account)
    chosen = rng.permutation(orders)[zipf(rng, orders, count)] if skewed else (rng.random_sample(count) * orders).astype(np.int64)
    commands = np.zeros(count, ORDER_COMMAND)
    commands["order_type"], commands["time_in_force"] = OrderType.LIMIT, TimeInForce.GTC
    _write(commands, resting, chosen, rng.random_sample(count), last_order_id, depth)
    return commands


@allocating_kernel
def _write(commands, resting, chosen, luck, last_order_id, depth):
    at = 0
    while at < commands.size:
        command, order, draw = commands[at], chosen[at], luck[at]
        command.account, command.symbol = resting.account[order], resting.symbol[order]
        command.side, command.quantity_lots = resting.side[order], 10
        if draw < 0.03 and at + 1 < commands.size:
            command.kind = Kind.PLACE
            command.price_ticks = depth + 1
            taker = commands[at + 1]
            other = chosen[at + 1]
            same = resting.account[other] == resting.account[order]
            taker.kind = Kind.CANCEL if same else Kind.PLACE
            taker.account, taker.symbol = resting.account[other], resting.symbol[order]
            taker.side, taker.quantity_lots, taker.price_ticks = 1 - resting.side[order], 10, depth + 1
            taker.time_in_force = TimeInForce.IOC
            if same:  # nobody takes from himself: the offer is withdrawn by its id
                taker.order_id = last_order_id + 1
                last_order_id += 1
            else:
                last_order_id += 2
            at += 2
            continue
        if resting.order_id[order] == 0:
            command.kind = Kind.PLACE
        elif draw < 0.13:
            command.kind = Kind.CANCEL
            command.order_id = resting.order_id[order]
            resting.order_id[order] = 0
            at += 1
            continue
        else:
            command.kind = Kind.REPLACE
            command.order_id = resting.order_id[order]
            step = 1 if draw < 0.56 else -1
            low, high = (1, depth) if resting.side[order] == Side.BUY else (depth + 2, 2 * depth + 1)
            resting.price[order] = min(max(resting.price[order] + step, low), high)
        command.price_ticks = resting.price[order]
        last_order_id += 1
        resting.order_id[order] = last_order_id
        at += 1
