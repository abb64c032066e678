"""AMEND: an open order's whole quantity is lowered; its place in the queue stays. docs/CORE.md section 3, docs/ORDERS.md section 11."""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.book import next_update_id, rename_order, rest_of, show
from engine.kernels.events import order_event, order_rejected
from engine.kernels.filters import filter_of
from engine.kernels.hashed import row_of
from engine.kernels.selftrade import status_of
from engine.kernels.state import ICEBERG, LISTED
from engine.kernels.terms import name_digest
from engine.kernels.waiting import carries, move_hold
from engine.kernels.working import name_order
from engine.types import Code, EventKind, Filter, OrderState


@kernel
def amend(venue, registry, book, balances, batch, out, at, slot):
    """Amends the open order in a row, 0 where there is none; returns the command's code."""
    command = batch.orders[at]
    order = book.orders[slot]
    digest = name_digest(batch, at)
    code = np.int64(_amendable(registry, book, command, order, slot, digest))
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, command.order_id)
        return code

    # From here on it must succeed.
    if digest != 0:
        rename_order(book, slot, digest)
        name_order(book, slot, batch, at, digest)
    lots = order.order_lots - command.quantity_lots
    if carries(order):
        move_hold(venue, registry, balances, order, -1)
    order.order_lots = command.quantity_lots
    order.amends += 1
    if carries(order):
        move_hold(venue, registry, balances, order, 1)
    update_id = np.int64(0)
    level_lots = np.int64(0)
    if order.state == OrderState.RESTING:
        symbol = registry.symbols[order.symbol]
        if order.special & ICEBERG == 0:
            level = book.levels[order.level]
            level.lots -= lots
            level_lots = level.lots
            update_id = next_update_id(symbol)
        else:
            shown = order.shown_lots
            level_lots = show(venue, book, slot, lots, min(shown, rest_of(order)), False)
            if order.shown_lots != shown:
                update_id = next_update_id(symbol)
            else:
                level_lots = np.int64(0)
    order_event(venue, book, out, EventKind.AMENDED, Code.OK, status_of(order), order, command.quantity_lots, update_id, level_lots)
    return np.int64(Code.OK)


@inlined_kernel
def _amendable(registry, book, command, order, slot, digest):
    if slot == 0:
        return Code.UNKNOWN_ORDER
    if command.quantity_lots <= order.executed_lots + order.prevented_lots or command.quantity_lots >= order.order_lots:
        return Code.AMEND_INVALID
    if order.special & LISTED != 0:
        return Code.AMEND_INVALID
    most = filter_of(registry, np.int64(order.symbol), Filter.MAX_AMENDS)
    if most != 0 and order.amends >= most:
        return Code.MAX_NUM_AMENDS
    if digest != 0:
        holder = row_of(book.client_ids, np.int64(command.account), digest)
        if holder != 0 and holder != slot:
            return Code.DUPLICATE_CLIENT_ID
    return Code.OK
