"""How orders and order lists are told: placed, cancelled, amended, looked up. Fields that only some orders have appear only there.

Everything is a pure function of the core's events and views, or of marketdata's records; nothing here decides anything.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from engine.types import Code, EventFlag, EventKind, ListStatus, ListType, OrderState, OrderStatus, OrderType, Side, Stp, TimeInForce
from engine.views import ListView, OrderView
from gateway.dialect.errors import EXPIRY_REASONS, NEVER_WORKED, REFUSED_LATER
from gateway.dialect.info import ZERO
from gateway.dialect.records import CONTINGENT, ListEvent, OrderEvent
from gateway.dialect.terms import PEG_TYPES, PRICE_LEVEL, NewOrder
from gateway.dialect.venue import Listing, Request, Venue

NO_LIST = -1  # orderListId of an order that is part of no list
NOT_YET = -1  # workingTime of an order that waits, trailingTime of one that does not follow the price
NO_GROUP = -1  # tradeGroupId of an account that is in no other's group

SIDE_NAMES = tuple(side.name for side in Side)
TYPE_NAMES = tuple(order_type.name for order_type in OrderType)
TIME_IN_FORCE_NAMES = tuple(time_in_force.name for time_in_force in TimeInForce)
STP_NAMES = tuple(mode.name for mode in Stp)
STATUS_NAMES = tuple(status.name for status in OrderStatus)
PEG_NAMES = {peg: name for name, peg in PEG_TYPES.items()}
CONTINGENCIES = {ListType.OCO: "OCO", ListType.OTO: "OTO", ListType.OTOCO: "OTO"}
LIST_STATUS_NAMES = {ListStatus.EXECUTING: ("EXEC_STARTED", "EXECUTING"), ListStatus.ALL_DONE: ("ALL_DONE", "ALL_DONE")}
# As plain integers: comparing with members of an enum is slower, and this is done for every order.
EXPIRED = (int(OrderStatus.EXPIRED), int(OrderStatus.EXPIRED_IN_MATCH))
OPEN_STATUSES = (int(OrderStatus.NEW), int(OrderStatus.PARTIALLY_FILLED), int(OrderStatus.PENDING_NEW))
_TRADE, _PREVENTED, _ACTIVATED = int(EventKind.TRADE), int(EventKind.PREVENTED), int(EventKind.ACTIVATED)
_CANCELED, _LIST = int(EventKind.CANCELED), int(EventKind.LIST)
_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_DISCOUNTED = int(EventFlag.FEE_DISCOUNTED)


# ---------------------------------------------------------------- what only some orders have


def conditional(listing: Listing, request: Request, order: Any, following_ns: int = 0) -> dict:
    """Of a NewOrder, OrderEvent, OrderView or OrderRecord. `following_ns`: since when it follows the price, 0 where that is not known."""
    units = listing.units
    told = {}
    if order.order_type in CONTINGENT:
        told["stopPrice"] = units.ticks_to_price(order.stop_price_ticks)
    if order.trailing_bps:
        told["trailingDelta"] = order.trailing_bps
        told["trailingTime"] = request.time(following_ns) if following_ns and not order.stop_price_ticks else NOT_YET
    if order.iceberg_lots:
        told["icebergQty"] = units.lots_to_quantity(order.iceberg_lots)
    if order.peg:
        told["pegPriceType"] = PEG_NAMES[order.peg]
        if order.peg_offset:
            told |= {"pegOffsetType": PRICE_LEVEL, "pegOffsetValue": order.peg_offset}
        if order.price_ticks:
            told["peggedPrice"] = units.ticks_to_price(order.price_ticks)
    if order.expires_ns:
        told["goodTillDate"] = request.time(order.expires_ns)
    return told


def limit_price(listing: Listing, order: Any) -> str:
    """The price that was asked for: none of a pegged order."""
    return listing.units.ticks_to_price(0 if order.peg else order.price_ticks)


def list_id_of(list_id: int) -> int:
    return list_id or NO_LIST


def expiry_reason(code: int, order_type: int, *, worked: bool = True) -> str:
    """`worked` False: its turn in a list never came."""
    if code == Code.NO_LIQUIDITY and order_type != OrderType.MARKET:
        return "UNFILLED_IOC_QUANTITY_EXPIRED"
    if code == Code.LIST_DONE and not worked:
        return NEVER_WORKED
    return EXPIRY_REASONS.get(Code(code), REFUSED_LATER)


# ---------------------------------------------------------------- placed


def placement(venue: Venue, request: Request, order: NewOrder, events: list[OrderEvent]) -> dict:
    """The answer to an accepted order. `events`: those of its command, from its NEW on."""
    first = events[0]
    listing, units = order.listing, order.listing.units
    at = request.time(first.time_ns)
    answer = {
        "symbol": listing.name,
        "orderId": first.order_id,
        "orderListId": list_id_of(first.list_id),
        "clientOrderId": order.client_id,
        "transactTime": at,
    }
    if order.response == "ACK":
        return answer
    own = [first] if len(events) == 1 else list(_own(events, first.order_id))
    last = own[-1]
    # A market order by value has no quantity of its own: it is what it executed.
    order_lots = last.executed_lots if order.quote_quantity else order.quantity_lots
    waits = first.status == _PENDING_NEW or order.order_type in CONTINGENT
    answer |= {
        "price": units.ticks_to_price(order.price_ticks),
        "origQty": units.lots_to_quantity(order_lots),
        "executedQty": units.lots_to_quantity(last.executed_lots) if last.executed_lots else units.zero_quantity,
        "origQuoteOrderQty": units.quote_text(order.quote_quantity) if order.quote_quantity else units.zero_quote,
        "cummulativeQuoteQty": units.quote_text(last.executed_quote) if last.executed_quote else units.zero_quote,
        "status": STATUS_NAMES[last.status],
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "type": TYPE_NAMES[order.order_type],
        "side": SIDE_NAMES[order.side],
        "workingTime": NOT_YET if waits else at,
        "selfTradePreventionMode": STP_NAMES[order.stp],
    }
    if order.labels:
        answer |= order.labels
    if order.order_type in CONTINGENT or order.iceberg_lots or order.peg or order.expires_ns:
        following_ns = first.time_ns if first.status != _PENDING_NEW else 0
        answer |= conditional(listing, request, order._replace(price_ticks=first.price_ticks), following_ns)
    if last.status in EXPIRED:
        answer["expiryReason"] = expiry_reason(last.code, order.order_type)
    if order.response == "FULL":
        answer["fills"] = [_fill(venue, listing, event) for event in own if event.kind == _TRADE] if len(own) > 1 else []
    prevented = [event for event in own if event.kind == _PREVENTED] if len(own) > 1 else []
    if prevented:
        answer |= _prevented(venue, request.account, listing, prevented)
    return answer


def _own(events: Iterable[OrderEvent], order_id: int) -> Iterator[OrderEvent]:
    """The order's own events as taker, up to where orders that it triggered have their turn."""
    return (event for event in takewhile(_before_triggers, events) if event.kind != _LIST and event.order_id == order_id)


def _before_triggers(event: OrderEvent | ListEvent) -> bool:
    return event.kind != _ACTIVATED


def _fill(venue: Venue, listing: Listing, event: OrderEvent) -> dict:
    units = listing.units
    commission, asset = venue.commission(listing, event.fee, event.side, event.flags & _DISCOUNTED)
    return {
        "price": units.ticks_to_price(event.price_ticks),
        "qty": units.lots_to_quantity(event.quantity_lots),
        "commission": commission,
        "commissionAsset": asset,
        "tradeId": event.trade_id,
    }


def _prevented(venue: Venue, account: int, listing: Listing, events: list[OrderEvent]) -> dict:
    quantity = listing.units.lots_to_quantity
    matches = []
    for event in events:
        match = {
            "preventedMatchId": event.trade_id,
            "makerOrderId": event.counter_order_id,
            "price": listing.units.ticks_to_price(event.price_ticks),
        }
        if event.quantity_lots:
            match["takerPreventedQuantity"] = quantity(event.quantity_lots)
        if event.counter_prevented_lots:
            match["makerPreventedQuantity"] = quantity(event.counter_prevented_lots)
        matches.append(match)
    told: dict[str, Any] = {"preventedMatches": matches}
    if lots := sum(event.quantity_lots for event in events):
        told["preventedQuantity"] = quantity(lots)
    if (group := trade_group(venue, account)) != NO_GROUP:
        told["tradeGroupId"] = group
    return told


def effective_mode(stp: int, *, handed_over: bool) -> str:
    """The mode by which a match was prevented: TRANSFER is DECREMENT where nothing changed hands."""
    return STP_NAMES[Stp.DECREMENT if stp == Stp.TRANSFER and not handed_over else stp]


def trade_group(venue: Venue, account: int) -> int:
    """The trade group an account is in; NO_GROUP where that is its own alone."""
    view = venue.machine.account(account)
    return view.group if view is not None and view.group not in (0, account) else NO_GROUP


# ---------------------------------------------------------------- cancelled


def cancellation(listing: Listing, request: Request, event: OrderEvent, client_id: str, cancel_id: str) -> dict:
    """The answer to a cancel; `event` is its CANCELED, `client_id` the order's, `cancel_id` the cancel's own."""
    units = listing.units
    answer = {
        "symbol": listing.name,
        "origClientOrderId": client_id,
        "orderId": event.order_id,
        "orderListId": list_id_of(event.list_id),
        "clientOrderId": cancel_id,
        "transactTime": request.time(event.time_ns),
        "price": limit_price(listing, event),
        "origQty": units.lots_to_quantity(event.order_lots),
        "executedQty": units.lots_to_quantity(event.executed_lots),
        "origQuoteOrderQty": ZERO,
        "cummulativeQuoteQty": units.quote_text(event.executed_quote),
        "status": STATUS_NAMES[event.status],
        "timeInForce": TIME_IN_FORCE_NAMES[event.time_in_force],
        "type": TYPE_NAMES[event.order_type],
        "side": SIDE_NAMES[event.side],
        "selfTradePreventionMode": STP_NAMES[event.stp],
    } | conditional(listing, request, event)
    if event.prevented_lots:
        answer["preventedQuantity"] = units.lots_to_quantity(event.prevented_lots)
    return answer


def cancellations(venue: Venue, request: Request, events: Iterable[OrderEvent | ListEvent], client_id: Callable[[int], str],
                  cancel_id: str) -> list[dict]:  # fmt: skip
    """The answers to what one command cancelled, in order: of an order list, one for all its orders where the last of them went.
    `client_id`: of an order, by its id."""
    answers, of_lists = [], {}
    for event in events:
        if event.kind == _CANCELED:
            told = cancellation(venue.listing_of(event.symbol), request, event, client_id(event.order_id), cancel_id)
            if event.list_id:
                of_lists.setdefault(event.list_id, []).append(told)
            else:
                answers.append(told)
        elif event.kind == _LIST and event.list_id in of_lists:
            told = listed(venue, request, Listed.of_event(event, client_id))
            answers.append(told | {"orderReports": of_lists.pop(event.list_id)})
        elif event.kind == _ACTIVATED:
            break  # from here on other orders have their turn
    return answers


# ---------------------------------------------------------------- looked up


def open_order(listing: Listing, request: Request, order: OrderView) -> dict:
    if order.state == OrderState.PENDING:
        status = OrderStatus.PENDING_NEW
    else:
        status = OrderStatus.PARTIALLY_FILLED if order.executed_lots else OrderStatus.NEW
    working_ns = order.placed_ns if order.state == OrderState.RESTING else 0
    return _order(listing, request, order, status, 0, working_ns, order.placed_ns if order.state != OrderState.PENDING else 0)


def is_told_by_history(order: OrderView) -> bool:
    """Whether there is something to say of an open order that only its history knows: when it began to work or to follow the price,
    which match was prevented."""
    works = order.state == OrderState.RESTING
    began_later = (works and order.order_type in CONTINGENT) or (order.list_id != 0 and (works or order.trailing_bps != 0))
    return began_later or order.prevented_lots != 0


def any_order(listing: Listing, request: Request, record: Any) -> dict:
    """`record`: marketdata's OrderRecord."""
    answer = _order(listing, request, record, record.status, record.quote_quantity, record.working_ns, record.turn_ns)
    if record.status in EXPIRED and record.code:
        answer["expiryReason"] = expiry_reason(record.code, record.order_type, worked=record.turn_ns != 0)
    if record.prevented_match:
        answer["preventedMatchId"] = record.prevented_match
    return answer


def _order(listing: Listing, request: Request, order: Any, status: int, quote_quantity: int, working_ns: int, turn_ns: int) -> dict:
    units = listing.units
    placed = request.time(order.placed_ns)
    answer = {
        "symbol": listing.name,
        "orderId": order.order_id,
        "orderListId": list_id_of(order.list_id),
        "clientOrderId": order.client_id,
        "price": limit_price(listing, order),
        "origQty": units.lots_to_quantity(order.order_lots),
        "executedQty": units.lots_to_quantity(order.executed_lots),
        "cummulativeQuoteQty": units.quote_text(order.executed_quote),
        "status": STATUS_NAMES[status],
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "type": TYPE_NAMES[order.order_type],
        "side": SIDE_NAMES[order.side],
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        "time": placed,
        "updateTime": request.time(order.updated_ns),
        "isWorking": working_ns != 0,
        "workingTime": request.time(working_ns) if working_ns else NOT_YET,
        "origQuoteOrderQty": units.quote_text(quote_quantity),
        "selfTradePreventionMode": STP_NAMES[order.stp],
    }
    answer |= conditional(listing, request, order, turn_ns)
    if order.prevented_lots:
        answer["preventedQuantity"] = units.lots_to_quantity(order.prevented_lots)
    return answer


# ---------------------------------------------------------------- amended


def amended(listing: Listing, request: Request, event: OrderEvent) -> dict:
    """The terms of an amended order; `event` is its AMENDED."""
    units = listing.units
    return {
        "price": limit_price(listing, event),
        "qty": units.lots_to_quantity(event.order_lots),
        "executedQty": units.lots_to_quantity(event.executed_lots),
        "preventedQty": units.lots_to_quantity(event.prevented_lots),
        "quoteOrderQty": ZERO,
        "cumulativeQuoteQty": units.quote_text(event.executed_quote),
        "status": STATUS_NAMES[event.status],
        "timeInForce": TIME_IN_FORCE_NAMES[event.time_in_force],
        "type": TYPE_NAMES[event.order_type],
        "side": SIDE_NAMES[event.side],
        "selfTradePreventionMode": STP_NAMES[event.stp],
    } | conditional(listing, request, event)


def execution_id(seq: int) -> int:
    """The id of an execution report: two for each event, since a trade is reported to its taker and its maker."""
    return 2 * seq


# ---------------------------------------------------------------- order lists


class Listed(NamedTuple):
    """What is told of an order list, wherever it was found."""

    symbol: int
    list_id: int
    list_type: int
    status: int  # ListStatus
    client_id: str
    time_ns: int
    orders: list[tuple[int, str]]  # (order id, client id) in the order of the legs

    @classmethod
    def of_event(cls, event: ListEvent, client_id: Callable[[int], str]) -> "Listed":
        orders = [(order_id, client_id(order_id)) for order_id in event.order_ids]
        return cls(event.symbol, event.list_id, event.list_type, event.list_status, event.name, event.time_ns, orders)

    @classmethod
    def of_view(cls, view: ListView, client_id: Callable[[int], str]) -> "Listed":
        orders = [(order_id, client_id(order_id)) for order_id in view.order_ids]
        return cls(view.symbol, view.list_id, view.list_type, ListStatus.EXECUTING, view.client_id, view.placed_ns, orders)


def listed(venue: Venue, request: Request, found: Listed) -> dict:
    name = venue.listing_of(found.symbol).name
    status_type, order_status = LIST_STATUS_NAMES[found.status]
    return {
        "orderListId": found.list_id,
        "contingencyType": CONTINGENCIES[found.list_type],
        "listStatusType": status_type,
        "listOrderStatus": order_status,
        "listClientOrderId": found.client_id,
        "transactionTime": request.time(found.time_ns),
        "symbol": name,
        "orders": [{"symbol": name, "orderId": order_id, "clientOrderId": client_id} for order_id, client_id in found.orders],
    }
