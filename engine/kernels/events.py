"""Writing events: the one place where records of engine/types.py are filled. Each function claims the next record of the buffer.

The buffer always has room: the dispatcher (frame.py) starts no command without EVENTS_MAX records left.
"""

from engine.kernels import inlined_kernel, kernel
from engine.kernels.state import LISTED
from engine.types import EVENT_BYTES, LIST_EVENT, EventFlag, EventKind, OrderStatus, TimeInForce

_EVENT_WORDS = EVENT_BYTES // 8
_LIST_NAME_WORD = LIST_EVENT.fields["client_id"][1] // 8
_RESTED = int(EventFlag.RESTED)
TERMS_SINCE = 3  # rules version that brought docs/ORDERS.md


@inlined_kernel
def _claim(venue, out, kind, code):
    """The place of a new event with its head filled and all else zero."""
    place = venue.events
    venue.events = place + 1
    venue.seq += 1
    words = out.words
    for word in range(place * _EVENT_WORDS, place * _EVENT_WORDS + _EVENT_WORDS):
        words[word] = 0
    event = out.orders[place]
    event.kind = kind
    event.code = code
    event.index = venue.index
    event.seq = venue.seq
    event.time_ns = venue.now
    return place


@inlined_kernel
def order_event(venue, book, out, kind, code, status, order, quantity_lots, update_id, level_lots):
    """An event whose subject is `order`, an ORDER record."""
    event = out.orders[_claim(venue, out, kind, code)]
    event.side = order.side
    event.order_type = order.order_type
    event.time_in_force = order.time_in_force
    event.stp = order.stp
    event.status = status
    event.account = order.account
    event.symbol = order.symbol
    event.order_id = order.order_id
    event.price_ticks = order.price_ticks
    event.quantity_lots = quantity_lots
    event.executed_lots = order.executed_lots
    event.executed_quote = order.executed_quote
    event.update_id = update_id
    event.level_lots = level_lots
    event.order_lots = order.order_lots
    event.prevented_lots = order.prevented_lots
    if order.special != 0:
        _tell_terms(book, event, order)
    if kind == EventKind.NEW and update_id != 0:
        event.flags = _RESTED
    order.updated_ns = venue.now


@kernel
def _tell_terms(book, event, order):
    """What an order has beyond a plain one's fields."""
    if order.special & LISTED != 0:
        event.list_id = book.lists[order.list].list_id
    event.stop_price_ticks = order.stop_price_ticks
    event.iceberg_lots = order.iceberg_lots
    event.expires_ns = order.expires_ns
    event.trailing_bps = order.trailing_bps
    event.peg = order.peg
    event.peg_offset = order.peg_offset
    event.side_effect = order.side_effect


@inlined_kernel
def trade_event(
    venue,
    out,
    kind,
    flags,
    status,
    counter_status,
    taker,
    maker,
    price_ticks,
    quantity_lots,
    fee,
    counter_fee,
    trade_id,
    update_id,
    level_lots,
):
    """One fill, or one that was prevented; `taker` and `maker` are ORDER records after it. PREVENTED has the maker's prevented lots in
    the place of its fee."""
    event = out.orders[_claim(venue, out, kind, 0)]
    event.flags = flags
    event.side = taker.side
    event.order_type = taker.order_type
    event.time_in_force = taker.time_in_force
    event.stp = taker.stp
    event.status = status
    event.counter_status = counter_status
    event.account = taker.account
    event.counter_account = maker.account
    event.symbol = taker.symbol
    event.order_id = taker.order_id
    event.counter_order_id = maker.order_id
    event.price_ticks = price_ticks
    event.quantity_lots = quantity_lots
    event.executed_lots = taker.executed_lots
    event.executed_quote = taker.executed_quote
    event.fee = fee
    event.counter_fee = counter_fee
    event.counter_executed_lots = maker.executed_lots
    event.counter_executed_quote = maker.executed_quote
    event.trade_id = trade_id
    event.update_id = update_id
    event.level_lots = level_lots
    event.order_lots = taker.order_lots
    taker.updated_ns = venue.now
    maker.updated_ns = venue.now


@kernel
def order_rejected(venue, out, command, code, flags, order_id):
    """A refused order command, told in its own fields."""
    event = out.orders[_claim(venue, out, EventKind.REJECTED, code)]
    event.flags = flags
    event.side = command.side
    event.order_type = command.order_type
    event.time_in_force = command.time_in_force
    event.stp = command.stp
    event.status = OrderStatus.REJECTED
    event.account = command.account
    event.symbol = command.symbol
    event.order_id = order_id
    event.price_ticks = command.price_ticks
    event.quantity_lots = command.quantity_lots
    event.order_lots = command.quantity_lots
    if venue.rules_version >= TERMS_SINCE:
        event.stop_price_ticks = command.stop_price_ticks
        event.iceberg_lots = command.iceberg_lots
        event.expires_ns = command.expires_ns if command.time_in_force == TimeInForce.GTD else 0
        event.trailing_bps = command.trailing_bps
        event.peg = command.peg
        event.peg_offset = command.peg_offset
        event.side_effect = command.side_effect


@kernel
def head_rejected(venue, out, account, symbol, code):
    """A refused order list, or command of the account as a whole."""
    event = out.orders[_claim(venue, out, EventKind.REJECTED, code)]
    event.status = OrderStatus.REJECTED
    event.account = account
    event.symbol = symbol


@kernel
def list_event(venue, out, listed, status):
    """An order list was accepted, or has no open order any more; `listed` is its LIST record."""
    event = out.lists[_claim(venue, out, EventKind.LIST, 0)]
    event.list_type = listed.list_type
    event.list_status = status
    event.account = listed.account
    event.symbol = listed.symbol
    event.list_id = listed.list_id
    event.first_order_id = listed.order_0
    event.second_order_id = listed.order_1
    event.third_order_id = listed.order_2
    event.placed_ns = listed.placed_ns
    words = out.words
    word = (venue.events - 1) * _EVENT_WORDS + _LIST_NAME_WORD
    words[word] = listed.client_0
    words[word + 1] = listed.client_1
    words[word + 2] = listed.client_2
    words[word + 3] = listed.client_3
    words[word + 4] = listed.client_4


@kernel
def countdown_event(venue, out, account, expires_ns, flags):
    """A dead man's switch was set, or fired."""
    event = out.orders[_claim(venue, out, EventKind.COUNTDOWN, 0)]
    event.flags = flags
    event.account = account
    event.expires_ns = expires_ns


@kernel
def transfer_event(venue, out, kind, command, pending, amount, released, expires_ns, debit_balance, credit_balance):
    """A ledger command that took effect between the accounts and in the asset of `pending` (a PENDING record)."""
    event = out.transfers[_claim(venue, out, kind, 0)]
    event.reason = command.reason
    event.debit = pending.debit
    event.credit = pending.credit
    event.asset = pending.asset
    event.id_hi = command.id_hi
    event.id_lo = command.id_lo
    event.pending_hi = command.pending_hi
    event.pending_lo = command.pending_lo
    event.amount = amount
    event.released = released
    event.expires_ns = expires_ns
    event.user_hi = command.user_hi
    event.user_lo = command.user_lo
    _balances_afterwards(event, debit_balance, credit_balance)


@kernel
def hold_expired_event(venue, out, pending, debit_balance, credit_balance):
    """A hold whose time is over; `pending` is its PENDING record."""
    event = out.transfers[_claim(venue, out, EventKind.HOLD_EXPIRED, 0)]
    event.reason = pending.reason
    event.debit = pending.debit
    event.credit = pending.credit
    event.asset = pending.asset
    event.id_hi = pending.id_hi
    event.id_lo = pending.id_lo
    event.released = pending.amount
    event.expires_ns = pending.expires_ns
    event.user_hi = pending.user_hi
    event.user_lo = pending.user_lo
    _balances_afterwards(event, debit_balance, credit_balance)


@inlined_kernel
def _balances_afterwards(event, debit_balance, credit_balance):
    event.debit_available = debit_balance.available
    event.debit_held = debit_balance.held
    event.credit_available = credit_balance.available
    event.credit_held = credit_balance.held


@kernel
def transfer_rejected(venue, out, command, code):
    """A refused ledger command, told in its own fields."""
    event = out.transfers[_claim(venue, out, EventKind.TRANSFER_REJECTED, code)]
    event.reason = command.reason
    event.debit = command.debit
    event.credit = command.credit
    event.asset = command.asset
    event.id_hi = command.id_hi
    event.id_lo = command.id_lo
    event.pending_hi = command.pending_hi
    event.pending_lo = command.pending_lo
    event.amount = command.amount
    event.user_hi = command.user_hi
    event.user_lo = command.user_lo


@kernel
def admin_event(venue, out, kind, code, command_kind, account, key, symbol, asset, value):
    """An administration command: ADMIN where it took effect, ADMIN_REJECTED where not."""
    event = out.admin[_claim(venue, out, kind, code)]
    event.command = command_kind
    event.account = account
    event.key = key
    event.symbol = symbol
    event.asset = asset
    event.value = value


@kernel
def loan_event(venue, out, kind, account, pool, balance, amount, part):
    """Something that an account did with a pool, `balance` its BALANCE record; the caller adds what is of the loan or the command."""
    place = _claim(venue, out, kind, 0)
    event = out.loans[place]
    event.account = account
    event.asset = pool.asset
    event.amount = amount
    event.part = part
    event.rate = pool.rate
    event.available = balance.available
    event.held = balance.held
    event.free = pool.free
    event.borrowed = pool.borrowed
    return place


@kernel
def margin_event(venue, out, kind, code):
    """The place of an event about margin, of which only the head is filled."""
    return _claim(venue, out, kind, code)
