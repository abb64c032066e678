"""Order lists: OCO, OTO, OTOCO placed, cancelled and looked up.

A request becomes one frame's worth of commands, the list's head and its legs; each leg is an order like any other (terms.py) whose
parameters have the leg's name before theirs. Which leg of a pair is above and which below is checked here, in the words the dialect
has for it; how prices stand to each other, the core decides.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.types import Code, EventKind, Kind, ListType, OrderType, Side, TimeInForce
from gateway.dialect import errors, parameters
from gateway.dialect.answers import STATUS_NAMES, Listed, cancellations, listed, placement
from gateway.dialect.errors import DialectError, cancel_refused, refused
from gateway.dialect.orders import day_range, placement_refused
from gateway.dialect.parameters import Table
from gateway.dialect.records import ListEvent, order_command, read_order_events
from gateway.dialect.terms import COMMON, SIDED, SIDES, TERMS, TIMING, NewOrder, new_order
from gateway.dialect.venue import Ask, Behind, Request, Submit, Venue, new_client_id
from marketdata.records import OrderList, OrderRecord

_STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_TAKES = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)
_PAIRED = (*_STOPS, *_TAKES, OrderType.LIMIT_MAKER)


class _Leg(NamedTuple):
    """How one leg's parameters are named in a request: by a prefix, but for some."""

    sent: Mapping[str, str]  # the order's own name -> the one in the request

    @classmethod
    def named(cls, prefix: str, *, sided: bool = False) -> "_Leg":
        names = {"newClientOrderId": f"{prefix}ClientOrderId"}
        for name in (*TERMS, *(SIDED if sided else ())):
            names.setdefault(name, prefix + name[0].upper() + name[1:])
        return cls(names)

    def table(self) -> Table:
        parsers = TERMS | SIDED
        return {sent: parsers[name] for name, sent in self.sent.items()}

    def order(self, venue: Venue, params: dict[str, Any], **common: Any) -> NewOrder:
        """Raises DialectError."""
        own = {name: params[sent] for name, sent in self.sent.items() if sent in params}
        shared = {name: params[name] for name in ("symbol", "selfTradePreventionMode") if name in params}
        if "icebergQty" in own and own.get("timeInForce") in (TimeInForce.IOC, TimeInForce.FOK):
            name = self.sent["icebergQty"]
            raise DialectError(-1160, f"Parameter '{name}' is not supported if `{self.sent['timeInForce']}` is not GTC.")
        order = new_order(venue, shared | common | own, self.sent)
        return order._replace(response=params.get("newOrderRespType", "RESULT"), side_effect=params.get("sideEffectType", 0))


_ABOVE, _BELOW = _Leg.named("above"), _Leg.named("below")
_WORKING, _PENDING = _Leg.named("working", sided=True), _Leg.named("pending", sided=True)
_PENDING_ABOVE, _PENDING_BELOW = _Leg.named("pendingAbove"), _Leg.named("pendingBelow")
# The former request for an OCO, with names of its own.
_LIMIT = _Leg({"price": "price", "newClientOrderId": "limitClientOrderId", "icebergQty": "limitIcebergQty",
               "strategyId": "limitStrategyId", "strategyType": "limitStrategyType"})  # fmt: skip
_STOP = _Leg({"price": "stopLimitPrice", "newClientOrderId": "stopClientOrderId", "icebergQty": "stopIcebergQty",
              "stopPrice": "stopPrice", "trailingDelta": "trailingDelta", "timeInForce": "stopLimitTimeInForce",
              "strategyId": "stopStrategyId", "strategyType": "stopStrategyType"})  # fmt: skip

_LISTED: Table = COMMON | {"listClientOrderId": parameters.client_id}
_WORKING_TYPES = {"workingType": parameters.one_of({one.name: one for one in (OrderType.LIMIT, OrderType.LIMIT_MAKER)})}
_PENDING_SIDED: Table = {"pendingSide": parameters.one_of(SIDES, errors.invalid_side), "pendingQuantity": parameters.number}

OCO: Table = _LISTED | SIDED | _ABOVE.table() | _BELOW.table()
OCO_REQUIRED = ("symbol", "side", "quantity", "aboveType", "belowType")
FORMER_OCO: Table = _LISTED | SIDED | _LIMIT.table() | _STOP.table()
FORMER_OCO_REQUIRED = ("symbol", "side", "quantity", "price", "stopPrice")
OTO: Table = _LISTED | _WORKING.table() | _WORKING_TYPES | _PENDING.table()
OTO_REQUIRED = ("symbol", "workingType", "workingSide", "workingQuantity", "pendingType", "pendingSide", "pendingQuantity")
OTOCO: Table = _LISTED | _WORKING.table() | _WORKING_TYPES | _PENDING_SIDED | _PENDING_ABOVE.table() | _PENDING_BELOW.table()
OTOCO_REQUIRED = ("symbol", "workingType", "workingSide", "workingQuantity", "pendingSide", "pendingQuantity", "pendingAboveType",
                  "pendingBelowType")  # fmt: skip

CANCEL: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderListId": parameters.integer,
    "listClientOrderId": parameters.client_id,
    "newClientOrderId": parameters.client_id,
}
STATUS: Table = TIMING | {"orderListId": parameters.integer, "origClientOrderId": parameters.client_id}
ALL: Table = TIMING | {
    "fromId": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "limit": parameters.limit(1000),
}


# ---------------------------------------------------------------- placing


def place_oco(venue: Venue, request: Request) -> Submit:
    params = request.params
    common = {name: params[name] for name in ("side", "quantity")}
    return _placing(venue, request, ListType.OCO, _pair(venue, params, _ABOVE, _BELOW, common))


def place_former_oco(venue: Venue, request: Request) -> Submit:
    """A LIMIT_MAKER at `price`, and a stop order: with a limit if `stopLimitPrice` is given."""
    params = request.params
    common = {name: params[name] for name in ("side", "quantity")}
    stop = OrderType.STOP_LOSS_LIMIT if "stopLimitPrice" in params else OrderType.STOP_LOSS
    legs = [_STOP.order(venue, params, type=stop, **common), _LIMIT.order(venue, params, type=OrderType.LIMIT_MAKER, **common)]
    return _placing(venue, request, ListType.OCO, legs)


def place_oto(venue: Venue, request: Request) -> Submit:
    legs = [_WORKING.order(venue, request.params), _PENDING.order(venue, request.params)]
    return _placing(venue, request, ListType.OTO, legs)


def place_otoco(venue: Venue, request: Request) -> Submit:
    params = request.params
    common = {"side": params["pendingSide"], "quantity": params["pendingQuantity"]}
    legs = [_WORKING.order(venue, params), *_pair(venue, params, _PENDING_ABOVE, _PENDING_BELOW, common)]
    return _placing(venue, request, ListType.OTOCO, legs)


def _pair(venue: Venue, params: dict[str, Any], above: _Leg, below: _Leg, common: dict[str, Any]) -> list[NewOrder]:
    """The two legs of which one executes, the stop loss first. Raises DialectError."""
    _check_pair(params[above.sent["type"]], params[below.sent["type"]], common["side"])
    legs = [leg.order(venue, params, **common) for leg in (above, below)]
    return sorted(legs, key=lambda order: order.order_type not in _STOPS)


def _check_pair(above: OrderType, below: OrderType, side: Side) -> None:
    buys = side == Side.BUY
    if above not in _PAIRED or below not in _PAIRED:
        raise DialectError(-1158, "Order type not supported in OCO.")
    if above == below == OrderType.LIMIT_MAKER:
        raise DialectError(-1168, "At least one OCO order must be contingent.")
    refusals = (
        (buys and above == OrderType.LIMIT_MAKER, -1165, "A limit order in a buy OCO must be below."),
        (not buys and below == OrderType.LIMIT_MAKER, -1166, "A limit order in a sell OCO must be above."),
        (buys and below in _STOPS, -1196, "A stop loss order in a buy OCO must be above."),
        (not buys and above in _STOPS, -1197, "A stop loss order in a sell OCO must be below."),
        (buys and above in _TAKES, -1198, "A take profit order in a buy OCO must be below."),
        (not buys and below in _TAKES, -1199, "A take profit order in a sell OCO must be above."),
    )
    for is_so, code, text in refusals:
        if is_so:
            raise DialectError(code, text)


def _placing(venue: Venue, request: Request, list_type: ListType, legs: list[NewOrder]) -> Submit:
    head = order_command(
        Kind.PLACE_LIST, request.account, legs[0].listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns,
        list_type=list_type, client_id=request.params.get("listClientOrderId") or new_client_id(),
    )  # fmt: skip

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise placement_refused(venue, _refusal([outcome.code for outcome in outcomes]))
        return _placed(venue, request, legs, [event for outcome in outcomes for event in read_order_events(outcome.events)])

    return Submit(b"".join([head, *(order.command(request) for order in legs)]), render)


def _refusal(codes: list[int]) -> int:
    """Why a list was refused: the head's code, or that of the leg that was to blame."""
    return next((code for code in codes if code not in (Code.OK, Code.LIST_LEG_REFUSED)), Code.LIST_INVALID)


def _placed(venue: Venue, request: Request, legs: list[NewOrder], events: list) -> dict:
    first: ListEvent = events[0]
    client_ids = {order_id: order.client_id for order_id, order in zip(first.order_ids, legs, strict=True)}
    news = {event.order_id: event for event in events if event.kind == EventKind.NEW}
    later = [event for event in events[1:] if event.kind != EventKind.NEW]
    reports = [placement(venue, request, order, [news[order_id], *later]) for order_id, order in zip(client_ids, legs, strict=True)]
    return listed(venue, request, Listed.of_event(first, client_ids.__getitem__)) | {"orderReports": reports}


# ---------------------------------------------------------------- cancelling


def cancel(venue: Venue, request: Request) -> Submit:
    params = request.params
    listing = venue.listing(params["symbol"])
    list_id, name = params.get("orderListId", 0), params.get("listClientOrderId", "")
    if "orderListId" not in params and not name:
        raise errors.missing_either("orderListId", "listClientOrderId")
    if list_id and name:
        found = venue.machine.order_list(list_id)
        if found is None and not request.caught_up:
            raise Behind
        if found is not None and found.account == request.account and found.client_id != name:
            raise refused(Code.UNKNOWN_LIST)
    cancel_id = params.get("newClientOrderId") or new_client_id()
    command = order_command(
        Kind.CANCEL_LIST, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns,
        order_id=list_id, target="" if list_id else name, client_id=cancel_id,
    )  # fmt: skip

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise cancel_refused(outcomes[0].code)
        return cancellations(venue, request, read_order_events(outcomes[0].events), venue.client_id, cancel_id)[0]

    return Submit(command, render)


# ---------------------------------------------------------------- queries


def _found(venue: Venue, request: Request, found: OrderList) -> dict:
    orders = list(zip(found.order_ids, found.client_ids, strict=True))
    one = Listed(found.symbol, found.list_id, found.list_type, found.status, found.client_id, found.placed_ns, orders)
    return listed(venue, request, one)


def status(venue: Venue, request: Request) -> Ask:
    params = request.params
    list_id, name = params.get("orderListId"), params.get("origClientOrderId")
    if list_id is None and name is None:
        raise errors.missing_either("orderListId", "origClientOrderId")

    def render(found: list[OrderList]) -> dict:
        if not found or (name is not None and found[0].client_id != name):
            raise errors.no_such_list()
        return _found(venue, request, found[0])

    which = {"list_id": list_id} if list_id is not None else {"client_id": name}
    return Ask("order_lists", {"account": request.account, "limit": 1, **which}, render)


def open_lists(venue: Venue, request: Request) -> Ask:
    arguments = {"account": request.account, "only_open": True}
    return Ask("order_lists", arguments, lambda found: [_found(venue, request, one) for one in found])


def open_one_to_others(venue: Venue, request: Request) -> Ask:
    """Of the open lists, those in which one order waits for another, and how each of their orders stands."""

    def with_statuses(found: list[OrderList]) -> list | Ask:
        waiting = [one for one in found if one.list_type != ListType.OCO]
        ids = [order_id for one in waiting for order_id in one.order_ids]
        return Ask("orders_by_id", {"account": request.account, "order_ids": ids}, lambda orders: told(waiting, orders)) if ids else []

    def told(waiting: list[OrderList], orders: list[OrderRecord]) -> list[dict]:
        status = {order.order_id: STATUS_NAMES[order.status] for order in orders}
        rows = [_found(venue, request, one) for one in waiting]
        for order in (order for row in rows for order in row["orders"]):
            order["status"] = status[order["orderId"]]
        return rows

    return Ask("order_lists", {"account": request.account, "only_open": True}, with_statuses)


def all_lists(venue: Venue, request: Request) -> Ask:
    params = request.params
    if "fromId" in params and ("startTime" in params or "endTime" in params):
        raise errors.bad_combination()
    arguments = {
        "account": request.account,
        "from_id": params.get("fromId"),
        "limit": params.get("limit", 500),
        **day_range(params),
    }
    return Ask("order_lists", arguments, lambda found: [_found(venue, request, one) for one in found])
