"""Applied frames -> the events of the accounts that somebody listens to.

Owns, for each such account, its subscribers and the details of its open orders: loaded from the replica at the first subscription,
followed by events from then on, forgotten with the last. All else is skipped with a few array operations a frame. An event is
encoded once an account and reaches every subscriber in the order of the core's events; the balances that close a frame are the
replica's after it.

A refused order has no id and nothing on the book: its sender alone is answered, no event is made of it.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import orjson

from engine.types import FIRST_CUSTOMER, EventFlag, EventKind, KeyScope, Kind, MarginState, OrderStatus, OrderType, Side
from engine.units import format_units
from engine.views import Applied
from gateway.dialect import events as dialect
from gateway.dialect import margin
from gateway.dialect.answers import trade_group
from gateway.dialect.events import LiveOrder, LoanEvent, MarginEvent, TransferEvent
from gateway.dialect.info import ZERO
from gateway.dialect.records import CONTINGENT, ListEvent, OrderEvent, read_order_events
from gateway.dialect.venue import Listing, Venue
from marketdata.facts import conversion_client_id

_ENDED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH)
_RESTED = int(EventFlag.RESTED)
_DISCOUNTED = int(EventFlag.FEE_DISCOUNTED | EventFlag.COUNTER_FEE_DISCOUNTED)


class Subscriber(Protocol):
    """One connection's interest in one account."""

    key: int  # the API key it came with, by the core's id

    def user_event(self, payload: bytes) -> None:
        """`payload`: the JSON of one event."""

    def user_stream_ended(self) -> None:
        """The key was revoked; no more events come."""


class _Account:
    """One account that is listened to."""

    __slots__ = ("orders", "pending", "subscribers", "touched")

    def __init__(self, orders: dict[int, LiveOrder]) -> None:
        self.orders = orders
        self.subscribers: list[Subscriber] = []
        self.pending: list[dict] = []  # events of the frame being read
        self.touched: dict[int, None] = {}  # assets whose balance this frame may have changed


class UserFeed:
    """Subscriptions to accounts, and what is sent on them."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._accounts: dict[int, _Account] = {}
        self._watched = np.zeros(1024, bool)  # by account id
        # How what happened to an order is told; of what is refused, its sender alone hears, and a switch speaks by its cancels.
        self._told: dict[int, Callable] = {
            EventKind.NEW: self._new,
            EventKind.RESTED: self._change,
            EventKind.TRADE: self._trade,
            EventKind.CANCELED: self._change,
            EventKind.EXPIRED: self._change,
            EventKind.AMENDED: self._change,
            EventKind.REJECTED: _pass_over,
            EventKind.ACTIVATED: self._change,
            EventKind.PREVENTED: self._prevented,
            EventKind.LIST: self._list,
            EventKind.COUNTDOWN: _pass_over,
        }

    # ------------------------------------------------------------ subscriptions

    def subscribe(self, account: int, subscriber: Subscriber) -> None:
        """From the next applied frame on."""
        watched = self._accounts.get(account)
        if watched is None:
            orders = {view.order_id: LiveOrder.from_view(view) for view in self._venue.machine.open_orders(account)}
            watched = self._accounts[account] = _Account(orders)
            if account >= len(self._watched):
                self._watched = np.concatenate([self._watched, np.zeros(account, bool)])
            self._watched[account] = True
        watched.subscribers.append(subscriber)

    def unsubscribe(self, account: int, subscriber: Subscriber) -> None:
        """Does nothing where it is not subscribed."""
        watched = self._accounts.get(account)
        if watched is None or subscriber not in watched.subscribers:
            return
        watched.subscribers.remove(subscriber)
        if not watched.subscribers:
            del self._accounts[account]
            self._watched[account] = False

    @property
    def accounts(self) -> int:
        """How many accounts are listened to."""
        return len(self._accounts)

    # ------------------------------------------------------------ frames

    def applied(self, applied: Applied) -> None:
        """Publish what a frame did to the accounts listened to."""
        events = applied.events
        if not self._accounts or not len(events):
            return
        kinds = events["kind"]
        self._revocations(events[kinds == EventKind.ADMIN])
        told = (kinds < EventKind.ADMIN) | (kinds >= EventKind.MARGIN_CALL)
        concerned = events[(self._is_watched(events["account"]) | self._is_watched(events["counter_account"])) & told]
        if not len(concerned):
            return
        for run in _runs(concerned):
            if run["kind"][0] < EventKind.TRANSFERRED:
                for event in read_order_events(run):
                    self._told[event.kind](event, applied.commands)
            elif run["kind"][0] <= EventKind.CONVERTED:
                for event in dialect.transfer_events(run):
                    self._transfer(event)
            elif run["kind"][0] <= EventKind.REDEEMED:
                for event in dialect.loan_events(run):
                    self._loan(event)
            else:
                for event in dialect.margin_events(run):
                    self._margin(event)
        self._flush(applied.time_ns)

    def _is_watched(self, accounts: np.ndarray) -> np.ndarray:
        """Which of these account ids are listened to; ids beyond the table are not."""
        return self._watched[np.where((accounts >= 0) & (accounts < len(self._watched)), accounts, 0)]

    def _flush(self, time_ns: int) -> None:
        for account, watched in list(self._accounts.items()):
            if watched.touched:
                watched.pending.append(dialect.account_position(time_ns, self._balances(account, watched.touched)))
                watched.touched = {}
            pending, watched.pending = watched.pending, []
            for event in pending:
                payload = orjson.dumps(event)
                for subscriber in list(watched.subscribers):
                    subscriber.user_event(payload)

    def _balances(self, account: int, assets: dict[int, None]) -> list[tuple[str, str, str]]:
        balances = []
        for asset in assets:
            view = self._venue.machine.asset(asset)
            available, held = self._venue.machine.balance(account, asset)
            balances.append((view.name, format_units(available, view.scale), format_units(held, view.scale)))
        return balances

    # ------------------------------------------------------------ orders

    def _new(self, event: OrderEvent, commands: np.ndarray) -> None:
        watched = self._accounts.get(event.account)
        if watched is None:
            return
        listing = self._venue.listing_of(event.symbol)
        client_id, quote_quantity = _terms(event, commands)
        order = watched.orders[event.order_id] = LiveOrder.from_event(event, client_id, quote_quantity)
        watched.pending.append(dialect.placed(listing, order, event))
        if event.flags & _RESTED or event.order_type in CONTINGENT:
            _touch_hold(watched, listing, order)

    def _change(self, event: OrderEvent, commands: np.ndarray) -> None:
        watched = self._accounts.get(event.account)
        order = watched.orders.get(event.order_id) if watched is not None else None
        if order is None:  # what a prevented match ended is told with that match
            return
        listing = self._venue.listing_of(event.symbol)
        _touch_hold(watched, listing, order)
        if event.kind == EventKind.CANCELED:
            watched.pending.append(dialect.canceled(listing, order, event, _cancel_id(event, commands)))
        elif event.kind == EventKind.EXPIRED:
            watched.pending.append(dialect.expired(listing, order, event))
        elif event.kind == EventKind.ACTIVATED:
            order.activated(event)
            watched.pending.append(dialect.activated(listing, order, event))
        elif event.kind == EventKind.AMENDED:
            former = order.client_id
            order.client_id = commands[event.index]["client_id"].decode("ascii", "replace") or former
            order.order_lots = event.order_lots
            watched.pending.append(dialect.amended(listing, order, event, former))
        if event.kind in (EventKind.CANCELED, EventKind.EXPIRED):
            del watched.orders[event.order_id]

    def _trade(self, event: OrderEvent, _commands: np.ndarray) -> None:
        listing = self._venue.listing_of(event.symbol)
        sides = (
            (event.account, event.order_id, event.executed_lots, event.executed_quote, event.status),
            (event.counter_account, event.counter_order_id, event.counter_executed_lots, event.counter_executed_quote,
             event.counter_status),
        )  # fmt: skip
        for is_maker, (account, order_id, executed_lots, executed_quote, status) in enumerate(sides):
            watched = self._accounts.get(account)
            if watched is None:
                continue
            order = watched.orders[order_id]
            order.executed_lots, order.executed_quote = executed_lots, executed_quote
            if order.quote_quantity:
                order.order_lots = executed_lots
            watched.pending.append(dialect.traded(self._venue, listing, order, event, bool(is_maker)))
            watched.touched[listing.view.base] = watched.touched[listing.view.quote] = None
            if event.flags & _DISCOUNTED:
                watched.touched[self._venue.machine.discount()[0]] = None
            if status in _ENDED:
                del watched.orders[order_id]

    def _prevented(self, event: OrderEvent, _commands: np.ndarray) -> None:
        listing = self._venue.listing_of(event.symbol)
        sides = (
            (event.account, event.order_id, event.quantity_lots, event.status),
            (event.counter_account, event.counter_order_id, event.counter_prevented_lots, event.counter_status),
        )
        for is_maker, (account, order_id, lots, status) in enumerate(sides):
            watched = self._accounts.get(account)
            if watched is None or not (lots or status in _ENDED):
                continue
            order = watched.orders[order_id]
            order.prevented_lots += lots
            group = trade_group(self._venue, account)
            watched.pending.append(dialect.prevented(listing, order, event, bool(is_maker), group))
            watched.touched[listing.view.base] = watched.touched[listing.view.quote] = None
            if status in _ENDED:
                del watched.orders[order_id]

    def _list(self, event: ListEvent, _commands: np.ndarray) -> None:
        watched = self._accounts.get(event.account)
        if watched is not None:
            client_ids = [self._venue.client_id(order_id) for order_id in event.order_ids]
            watched.pending.append(dialect.list_status(self._venue.listing_of(event.symbol), event, client_ids))

    # ------------------------------------------------------------ transfers

    def _transfer(self, event: TransferEvent) -> None:
        if event.kind in (EventKind.TRANSFER_REJECTED, EventKind.CONVERTED):
            return  # what was converted, the reports of its trades and the balances after them tell
        moved = event.amount if event.kind in (EventKind.TRANSFERRED, EventKind.CAPTURED) else 0
        locked = event.amount if event.kind == EventKind.HELD else 0
        if event.kind in (EventKind.CAPTURED, EventKind.RELEASED, EventKind.HOLD_EXPIRED):
            locked = -event.amount - event.released
        self._account_moved(event, event.debit, -moved, locked)
        self._account_moved(event, event.credit, moved, 0)

    def _account_moved(self, event: TransferEvent, account: int, moved: int, locked: int) -> None:
        watched = self._accounts.get(account)
        if watched is None or account < FIRST_CUSTOMER or not (moved or locked):
            return
        asset = self._venue.machine.asset(event.asset)
        if locked:
            watched.pending.append(dialect.lock_update(event.time_ns, asset.name, format_units(locked, asset.scale)))
        if moved:
            watched.pending.append(dialect.balance_update(event.time_ns, asset.name, format_units(moved, asset.scale)))
        watched.touched[event.asset] = None

    # ------------------------------------------------------------ margin

    def _loan(self, event: LoanEvent) -> None:
        """What was borrowed, repaid, lent or redeemed: the balance it moved, and the debt that is left."""
        watched = self._accounts.get(event.account)
        if watched is None:
            return
        asset = self._venue.machine.asset(event.asset)
        comes = event.kind in (EventKind.BORROWED, EventKind.REDEEMED)
        moved = format_units(event.amount if comes else -event.amount, asset.scale)
        watched.pending.append(dialect.balance_update(event.time_ns, asset.name, moved))
        if event.kind in (EventKind.BORROWED, EventKind.REPAID):
            kind = "BORROW" if event.kind == EventKind.BORROWED else "REPAY"
            owed = format_units(event.principal, asset.scale), format_units(event.interest, asset.scale)
            watched.pending.append(dialect.liability_change(event.time_ns, asset.name, kind, event.id_lo or event.seq, *owed))
        watched.touched[event.asset] = None

    def _margin(self, event: MarginEvent) -> None:
        """Calls and liquidations, as the levels they are about; a bad debt, as a debt that is gone."""
        watched = self._accounts.get(event.account)
        if watched is None:
            return
        if event.kind == EventKind.BAD_DEBT:
            asset = self._venue.machine.asset(event.asset)
            watched.pending.append(dialect.liability_change(event.time_ns, asset.name, "BAD_DEBT", event.seq, ZERO, ZERO))
        elif event.kind == EventKind.LIQUIDATION:
            if event.fee:
                asset = self._venue.machine.asset(event.asset)
                watched.pending.append(dialect.balance_update(event.time_ns, asset.name, format_units(-event.fee, asset.scale)))
            watched.touched[event.asset] = None
        else:
            state = {EventKind.MARGIN_CALL: MarginState.CALLED, EventKind.LIQUIDATION_STARTED: MarginState.LIQUIDATING}
            terms = self._venue.machine.margin_setup()
            status = margin.level_status(terms, state.get(event.kind, MarginState.NORMAL), event.level_ppm)
            simulated = margin.is_simulated(self._venue, *(asset.asset for asset in margin.margin_assets(self._venue)))
            level = margin.level_text(event.level_ppm)
            watched.pending.append(dialect.level_status_change(event.time_ns, level, status, simulated=simulated))

    # ------------------------------------------------------------ revocations

    def _revocations(self, events: np.ndarray) -> None:
        for event in dialect.admin_events(events) if len(events) else ():
            if event.command != Kind.SET_KEY or event.value & KeyScope.READ:
                continue
            for account in (event.account, *self._venue.machine.margin_accounts(event.account)):
                watched = self._accounts.get(account)
                for subscriber in list(watched.subscribers) if watched else ():
                    if subscriber.key == event.key:
                        self.unsubscribe(account, subscriber)
                        subscriber.user_stream_ended()


def _terms(event: OrderEvent, commands: np.ndarray) -> tuple[str, int]:
    """(client id, quote quantity) of a NEW order, out of its command."""
    if event.index < 0:  # no command placed it
        return "", 0
    command = commands[event.index]
    if command["kind"] == Kind.CONVERT:
        return conversion_client_id(event.order_id), 0
    quote_quantity = int(command["quote_quantity"]) if event.order_type == OrderType.MARKET else 0
    return command["client_id"].decode("ascii", "replace"), quote_quantity


def _cancel_id(event: OrderEvent, commands: np.ndarray) -> str:
    """The cancel's own client id, "" where it has none."""
    if event.index < 0 or commands[event.index]["kind"] not in (Kind.CANCEL, Kind.CANCEL_LIST):
        return ""
    return commands[event.index]["client_id"].decode("ascii", "replace")


def _pass_over(_event: OrderEvent, _commands: np.ndarray) -> None:
    return


def _touch_hold(watched: _Account, listing: Listing, order: LiveOrder) -> None:
    watched.touched[listing.view.quote if order.side == Side.BUY else listing.view.base] = None


def _runs(events: np.ndarray) -> list[np.ndarray]:
    """`events` cut where the record layout changes, so that each run reads as one family and the order is kept."""
    family = np.searchsorted((EventKind.TRANSFERRED, EventKind.BORROWED, EventKind.MARGIN_CALL), events["kind"], side="right")
    cuts = np.flatnonzero(family[1:] != family[:-1]) + 1
    return np.split(events, cuts)
