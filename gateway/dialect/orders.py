"""Orders: new, test, cancel, cancel all, cancel-and-replace, amend; and their queries.

A request is checked here as far as it can be without the book (parameters, precision, static filters), becomes one command, and its
answer is read from the events that the command produced. What depends on the state, the core decides.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from engine.commands import client_id_digest
from engine.types import (
    Code,
    EventFlag,
    EventKind,
    Kind,
    OrderFlag,
    OrderStatus,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)
from engine.units import NotAMultiple, TooLarge, TooPrecise, format_ppm
from engine.views import OrderView
from gateway.dialect import errors, parameters
from gateway.dialect.errors import EXPIRY_REASONS, DialectError, refused
from gateway.dialect.info import ZERO
from gateway.dialect.parameters import Table
from gateway.dialect.records import OrderEvent, order_command, read_order_events
from gateway.dialect.venue import Ask, Behind, Listing, Request, Submit, Venue, new_client_id

DAY_NS = 24 * 3600 * 10**9
NO_LIST = -1  # orderListId of an order that is part of no list
STRATEGY_TYPE_MIN = 1_000_000

# What is known but not offered answers as on a symbol that does not have it enabled.
_NOT_OFFERED_TYPES = {
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
_NOT_OFFERED = {
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
    "pegPriceType": "Pegged orders are not supported for this symbol.",
    "pegOffsetType": "Pegged orders are not supported for this symbol.",
    "pegOffsetValue": "Pegged orders are not supported for this symbol.",
}

_RARE = frozenset((*_NOT_OFFERED, "stopPrice", "strategyId", "strategyType"))

_SIDES = {side.name: side for side in Side}
_TYPES = {order_type.name: order_type for order_type in OrderType} | _NOT_OFFERED_TYPES
_TIMES_IN_FORCE = {time_in_force.name: time_in_force for time_in_force in TimeInForce}
_MODES = {mode.name: mode for mode in Stp}
_RESPONSES = {name: name for name in ("ACK", "RESULT", "FULL")}
_RESTRICTIONS = {"ONLY_NEW": OrderFlag.ONLY_NEW, "ONLY_PARTIALLY_FILLED": OrderFlag.ONLY_PARTIALLY_FILLED}

SIDE_NAMES = tuple(side.name for side in Side)
TYPE_NAMES = tuple(order_type.name for order_type in OrderType)
TIME_IN_FORCE_NAMES = tuple(time_in_force.name for time_in_force in TimeInForce)
STP_NAMES = tuple(mode.name for mode in Stp)
STATUS_NAMES = tuple(status.name for status in OrderStatus)
# As plain integers: comparing with members of an enum is slower, and this is done for every order.
_EXPIRED = (int(OrderStatus.EXPIRED), int(OrderStatus.EXPIRED_IN_MATCH))
_TRADE = int(EventKind.TRADE)

TIMING: Table = {"recvWindow": parameters.recv_window_ns, "timestamp": parameters.time_ns}

PLACE: Table = TIMING | {
    "symbol": parameters.symbol,
    "side": parameters.one_of(_SIDES, errors.invalid_side),
    "type": parameters.one_of(_TYPES, errors.invalid_order_type),
    "timeInForce": parameters.one_of(_TIMES_IN_FORCE, errors.invalid_time_in_force),
    "quantity": parameters.number,
    "quoteOrderQty": parameters.number,
    "price": parameters.number,
    "newClientOrderId": parameters.client_id,
    "strategyId": parameters.integer,
    "strategyType": parameters.integer,
    "stopPrice": parameters.number,
    "trailingDelta": parameters.integer,
    "icebergQty": parameters.number,
    "newOrderRespType": parameters.one_of(_RESPONSES),
    "selfTradePreventionMode": parameters.one_of(_MODES),
    "pegPriceType": parameters.text,
    "pegOffsetType": parameters.text,
    "pegOffsetValue": parameters.integer,
}
PLACE_REQUIRED = ("symbol", "side", "type")

TEST: Table = PLACE | {"computeCommissionRates": parameters.boolean}

CANCEL: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "origClientOrderId": parameters.client_id,
    "newClientOrderId": parameters.client_id,
    "cancelRestrictions": parameters.one_of(_RESTRICTIONS, errors.invalid_cancel_restrictions),
}
CANCEL_ALL: Table = TIMING | {"symbol": parameters.symbol}

CANCEL_REPLACE: Table = PLACE | {
    "cancelReplaceMode": parameters.one_of({"STOP_ON_FAILURE": 0, "ALLOW_FAILURE": OrderFlag.ALLOW_FAILURE}),
    "cancelNewClientOrderId": parameters.client_id,
    "cancelOrigClientOrderId": parameters.client_id,
    "cancelOrderId": parameters.integer,
    "cancelRestrictions": CANCEL["cancelRestrictions"],
    "orderRateLimitExceededMode": parameters.one_of({"DO_NOTHING": False, "CANCEL_ONLY": True}),
}
CANCEL_REPLACE_REQUIRED = (*PLACE_REQUIRED, "cancelReplaceMode")

AMEND: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "origClientOrderId": parameters.client_id,
    "newClientOrderId": parameters.client_id,
    "newQty": parameters.number,
}
STATUS: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "origClientOrderId": parameters.client_id,
}
OPEN: Table = TIMING | {"symbol": parameters.symbol}
ALL: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "limit": parameters.limit(1000),
}


class NewOrder(NamedTuple):
    """A checked new order in the core's units."""

    listing: Listing
    side: int
    order_type: int
    time_in_force: int
    stp: int
    price_ticks: int
    quantity_lots: int
    quote_quantity: int
    client_id: str
    response: str  # ACK, RESULT or FULL
    labels: dict[str, int]  # strategyId, strategyType: told back, not kept


# ---------------------------------------------------------------- placing


def place(venue: Venue, request: Request) -> Submit:
    order = new_order(venue, request.params)
    command = order_command(
        Kind.PLACE, request.account, order.listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns, side=order.side,
        order_type=order.order_type, time_in_force=order.time_in_force, stp=order.stp, price_ticks=order.price_ticks,
        quantity_lots=order.quantity_lots, quote_quantity=order.quote_quantity, client_id=order.client_id,
    )  # fmt: skip

    def render(outcomes) -> dict:
        outcome = outcomes[0]
        if outcome.code != Code.OK:
            raise placement_refused(venue, outcome.code)
        return placement(order, request, read_order_events(outcome.events))

    return Submit(command, render)


def test(venue: Venue, request: Request) -> dict:
    """Everything that can be said without the book; nothing is logged."""
    params = dict(request.params)
    with_rates = params.pop("computeCommissionRates", False)
    order = new_order(venue, params)
    if venue.machine.symbol(order.listing.symbol).status != SymbolStatus.TRADING:
        raise refused(Code.MARKET_CLOSED)
    if not with_rates:
        return {}
    maker, taker = account_fees(venue, request.account, order.listing)
    none = {"maker": ZERO, "taker": ZERO}
    return {
        "standardCommissionForOrder": {"maker": maker, "taker": taker},
        "specialCommissionForOrder": none,
        "taxCommissionForOrder": none,
        "discount": no_discount(order.listing),
    }


def new_order(venue: Venue, params: dict[str, Any]) -> NewOrder:
    """Raises DialectError for what no book could accept."""
    listing = venue.listing(params["symbol"])
    order_type = params["type"]
    if isinstance(order_type, str):
        raise errors.order_rejected(order_type)
    labels = {}
    if not _RARE.isdisjoint(params):
        labels = _labels(params)

    price_ticks = quantity_lots = quote_quantity = 0
    if order_type == OrderType.MARKET:
        _refuse(params, "timeInForce", "price")
        if "quoteOrderQty" in params:
            _refuse(params, "quantity")
            quote_quantity = _quote_quantity(listing, params["quoteOrderQty"])
        elif "quantity" in params:
            quantity_lots = _quantity(listing, "quantity", params["quantity"])
            if quantity_lots > listing.view.max_market_lots:
                raise errors.filter_failure("MARKET_LOT_SIZE")
        else:
            raise errors.missing_either("quantity", "quoteOrderQty")
    else:
        if order_type == OrderType.LIMIT_MAKER:
            _refuse(params, "timeInForce")
        elif "timeInForce" not in params:
            raise errors.missing("timeInForce")
        _refuse(params, "quoteOrderQty")
        for name in ("quantity", "price"):
            if name not in params:
                raise errors.missing(name)
        price_ticks = _price(listing, params["price"])
        quantity_lots = _quantity(listing, "quantity", params["quantity"])
        if listing.units.value(price_ticks, quantity_lots) < listing.view.min_notional:
            raise errors.filter_failure("NOTIONAL")

    return NewOrder(
        listing,
        params["side"],
        order_type,
        params.get("timeInForce", TimeInForce.GTC),
        params.get("selfTradePreventionMode", Stp.NONE),
        price_ticks,
        quantity_lots,
        quote_quantity,
        params.get("newClientOrderId") or new_client_id(),
        params.get("newOrderRespType") or ("ACK" if order_type == OrderType.LIMIT_MAKER else "FULL"),
        labels,
    )


def _labels(params: dict[str, Any]) -> dict[str, int]:
    """What is told back and not kept. Raises DialectError for what is not offered."""
    for name, reason in _NOT_OFFERED.items():
        if name in params:
            raise errors.order_rejected(reason)
    _refuse(params, "stopPrice")
    if params.get("strategyType", STRATEGY_TYPE_MIN) < STRATEGY_TYPE_MIN:
        raise DialectError(-1134, "`strategyType` was less than 1000000.")
    return {name: params[name] for name in ("strategyId", "strategyType") if name in params}


def _refuse(params: dict[str, Any], *names: str) -> None:
    for name in names:
        if name in params:
            raise errors.not_required(name)


def _price(listing: Listing, text: str) -> int:
    try:
        ticks = listing.units.price_to_ticks(text)
    except TooPrecise:
        raise errors.too_precise("price") from None
    except (NotAMultiple, TooLarge):
        raise errors.filter_failure("PRICE_FILTER") from None
    if not 0 < ticks <= listing.view.max_price_ticks:
        raise errors.filter_failure("PRICE_FILTER")
    return ticks


def _quantity(listing: Listing, name: str, text: str) -> int:
    try:
        lots = listing.units.quantity_to_lots(text)
    except TooPrecise:
        raise errors.too_precise(name) from None
    except (NotAMultiple, TooLarge):
        raise errors.filter_failure("LOT_SIZE") from None
    if not 0 < lots <= listing.view.max_quantity_lots:
        raise errors.filter_failure("LOT_SIZE")
    return lots


def _quote_quantity(listing: Listing, text: str) -> int:
    try:
        units = listing.units.text_to_quote(text)
    except TooPrecise:
        raise errors.too_precise("quoteOrderQty") from None
    except TooLarge:
        raise errors.filter_failure("NOTIONAL") from None
    if not units or units < listing.view.min_notional:
        raise errors.filter_failure("NOTIONAL")
    return units


def placement_refused(venue: Venue, code: int) -> DialectError:
    """As `refused`; where too many orders were placed, with the limit in its text."""
    if code != Code.TOO_MANY_ORDERS:
        return refused(code)
    per_10s, per_day = venue.machine.order_limits()
    return errors.too_many_orders(per_10s, "10 SECOND") if per_10s else errors.too_many_orders(per_day, "1 DAY")


def placement(order: NewOrder, request: Request, events: list[OrderEvent]) -> dict:
    """The answer to an accepted order. `events`: those of its command, from its NEW on."""
    order_id = events[0].order_id
    at = request.time(events[0].time_ns)
    listing = order.listing
    if order.response == "ACK":
        return {
            "symbol": listing.name,
            "orderId": order_id,
            "orderListId": NO_LIST,
            "clientOrderId": order.client_id,
            "transactTime": at,
        }
    last = events[-1]
    if last.order_id != order_id:  # its own order on the other side expired last
        last = next(event for event in reversed(events) if event.order_id == order_id)
    units = listing.units
    # A market order by value has no quantity of its own: it is what it executed.
    order_lots = last.executed_lots if order.quote_quantity else order.quantity_lots
    answer = {
        "symbol": listing.name,
        "orderId": order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_id,
        "transactTime": at,
        "price": units.ticks_to_price(order.price_ticks),
        "origQty": units.lots_to_quantity(order_lots),
        "executedQty": units.lots_to_quantity(last.executed_lots) if last.executed_lots else units.zero_quantity,
        "origQuoteOrderQty": units.quote_text(order.quote_quantity) if order.quote_quantity else units.zero_quote,
        "cummulativeQuoteQty": units.quote_text(last.executed_quote) if last.executed_quote else units.zero_quote,
        "status": STATUS_NAMES[last.status],
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "type": TYPE_NAMES[order.order_type],
        "side": SIDE_NAMES[order.side],
        "workingTime": at,
        "selfTradePreventionMode": STP_NAMES[order.stp],
    }
    if order.labels:
        answer |= order.labels
    if last.status in _EXPIRED:
        answer["expiryReason"] = expiry_reason(last.code, order.order_type)
        if last.status == OrderStatus.EXPIRED_IN_MATCH:
            answer["preventedQuantity"] = units.lots_to_quantity(last.quantity_lots)
    if order.response == "FULL":
        answer["fills"] = [_fill(listing, event) for event in events if event.kind == _TRADE] if len(events) > 1 else []
    return answer


def _fill(listing: Listing, event: OrderEvent) -> dict:
    units = listing.units
    buys = event.side == Side.BUY
    return {
        "price": units.ticks_to_price(event.price_ticks),
        "qty": units.lots_to_quantity(event.quantity_lots),
        "commission": units.base_text(event.fee) if buys else units.quote_text(event.fee),
        "commissionAsset": listing.base.name if buys else listing.quote.name,
        "tradeId": event.trade_id,
    }


def expiry_reason(code: int, order_type: int) -> str:
    if code == Code.NO_LIQUIDITY and order_type != OrderType.MARKET:
        return "UNFILLED_IOC_QUANTITY_EXPIRED"
    return EXPIRY_REASONS[Code(code)]


# ---------------------------------------------------------------- cancelling


class Target(NamedTuple):
    """Which open order a request means; `order_id` 0: the one called `client_id`."""

    order_id: int
    client_id: str


def target(venue: Venue, request: Request, id_name: str, client_id_name: str) -> Target:
    """Raises Behind where the answer would need an order that this replica does not know yet."""
    order_id = request.params.get(id_name, 0)
    client_id = request.params.get(client_id_name, "")
    if not order_id:
        if not client_id:
            raise errors.missing_either(client_id_name, id_name)
        return Target(0, client_id)
    order = venue.machine.order(order_id)
    if order is None and not request.caught_up:
        raise Behind
    if order is None or order.account != request.account:  # the core refuses both alike: nothing is told of others' orders
        return Target(order_id, client_id)
    if client_id and order.client_id != client_id:
        raise errors.wrong_client_order_id()
    return Target(order_id, order.client_id)


def cancel(venue: Venue, request: Request) -> Submit:
    params = request.params
    listing = venue.listing(params["symbol"])
    wanted = target(venue, request, "orderId", "origClientOrderId")
    cancel_id = params.get("newClientOrderId") or new_client_id()
    command = order_command(
        Kind.CANCEL, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns,
        flags=params.get("cancelRestrictions", 0), order_id=wanted.order_id, target="" if wanted.order_id else wanted.client_id,
        client_id=cancel_id,
    )  # fmt: skip

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise refused(outcomes[0].code)
        return cancellation(listing, request, read_order_events(outcomes[0].events)[0], wanted.client_id, cancel_id)

    return Submit(command, render)


def cancel_all(venue: Venue, request: Request) -> Submit:
    listing = venue.listing(request.params["symbol"])
    command = order_command(
        Kind.CANCEL_ALL, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns
    )  # fmt: skip
    client_ids = {order.order_id: order.client_id for order in venue.machine.open_orders(request.account, listing.symbol)}
    cancel_id = new_client_id()

    def render(outcomes) -> list[dict]:
        if outcomes[0].code != Code.OK:
            raise refused(outcomes[0].code)
        return [
            cancellation(
                listing, request, event, client_ids.get(event.order_id) or venue.client_id(event.order_id), cancel_id
            )
            for event in read_order_events(outcomes[0].events)
        ]

    return Submit(command, render)


def cancellation(listing: Listing, request: Request, event: OrderEvent, client_id: str, cancel_id: str) -> dict:
    """The answer to a cancel; `event` is its CANCELED, `client_id` the order's, `cancel_id` the cancel's own."""
    units = listing.units
    return {
        "symbol": listing.name,
        "origClientOrderId": client_id,
        "orderId": event.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": cancel_id,
        "transactTime": request.time(event.time_ns),
        "price": units.ticks_to_price(event.price_ticks),
        "origQty": units.lots_to_quantity(event.order_lots),
        "executedQty": units.lots_to_quantity(event.executed_lots),
        "origQuoteOrderQty": ZERO,
        "cummulativeQuoteQty": units.quote_text(event.executed_quote),
        "status": STATUS_NAMES[event.status],
        "timeInForce": TIME_IN_FORCE_NAMES[event.time_in_force],
        "type": TYPE_NAMES[event.order_type],
        "side": SIDE_NAMES[event.side],
        "selfTradePreventionMode": STP_NAMES[event.stp],
    }


# ---------------------------------------------------------------- cancel and replace


def cancel_replace(venue: Venue, request: Request) -> Submit:
    params = request.params
    order = new_order(venue, params)
    listing = order.listing
    wanted = target(venue, request, "cancelOrderId", "cancelOrigClientOrderId")
    if not params.get("orderRateLimitExceededMode", False):
        _refuse_beyond_limits(venue, request.account)
    cancel_id = params.get("cancelNewClientOrderId") or new_client_id()
    command = order_command(
        Kind.REPLACE, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns, side=order.side,
        order_type=order.order_type, time_in_force=order.time_in_force, stp=order.stp,
        flags=params["cancelReplaceMode"] | params.get("cancelRestrictions", 0), order_id=wanted.order_id,
        target="" if wanted.order_id else wanted.client_id, price_ticks=order.price_ticks, quantity_lots=order.quantity_lots,
        quote_quantity=order.quote_quantity, client_id=order.client_id,
    )  # fmt: skip

    def render(outcomes) -> dict:
        outcome = outcomes[0]
        events = read_order_events(outcome.events)
        first = events[0]
        if first.kind == EventKind.CANCELED:
            cancelled, rest = cancellation(listing, request, first, wanted.client_id, cancel_id), events[1:]
        elif first.flags & EventFlag.CANCEL_LEG:
            cancelled, rest = refused(first.code), events[1:]
        else:
            raise placement_refused(venue, outcome.code)  # neither was tried
        placed = None
        if rest:
            is_refused = outcome.code != Code.OK
            placed = placement_refused(venue, outcome.code) if is_refused else placement(order, request, rest)
        return both(cancelled, placed)

    return Submit(command, render)


def both(cancelled: dict | DialectError, placed: dict | DialectError | None) -> dict:
    """The answer to a cancel-replace from those of its two halves; `placed` None: not attempted. Raises where one failed."""
    legs = {
        "cancelResult": _result(cancelled),
        "newOrderResult": "NOT_ATTEMPTED" if placed is None else _result(placed),
        "cancelResponse": _leg(cancelled),
        "newOrderResponse": None if placed is None else _leg(placed),
    }
    if isinstance(cancelled, dict) and isinstance(placed, dict):
        return legs
    if isinstance(cancelled, dict) or isinstance(placed, dict):
        raise DialectError(-2021, "Order cancel-replace partially failed.", 409, data=legs)
    raise DialectError(-2022, "Order cancel-replace failed.", 400, data=legs)


def _result(leg: dict | DialectError) -> str:
    return "SUCCESS" if isinstance(leg, dict) else "FAILURE"


def _leg(leg: dict | DialectError) -> dict:
    return leg if isinstance(leg, dict) else leg.body()


def _refuse_beyond_limits(venue: Venue, account: int) -> None:
    """Without CANCEL_ONLY, an account that may not place more orders has nothing cancelled either."""
    per_10s, per_day = venue.machine.order_limits()
    if not (per_10s or per_day):
        return
    counts = venue.machine.account(account)
    if per_10s and counts.orders_10s >= per_10s:
        raise errors.too_many_orders(per_10s, "10 SECOND")
    if per_day and counts.orders_day >= per_day:
        raise errors.too_many_orders(per_day, "1 DAY")


# ---------------------------------------------------------------- amending


def amend(venue: Venue, request: Request) -> Submit:
    params = request.params
    listing = venue.listing(params["symbol"])
    wanted = target(venue, request, "orderId", "origClientOrderId")
    lots = _quantity(listing, "newQty", params["newQty"])
    client_id = params.get("newClientOrderId") or new_client_id()
    command = order_command(
        Kind.AMEND, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns, order_id=wanted.order_id,
        target="" if wanted.order_id else wanted.client_id, quantity_lots=lots, client_id=client_id,
    )  # fmt: skip
    known = _open_order(venue, request.account, wanted)
    if known is not None and known.symbol == listing.symbol:
        if known.order_lots == lots:
            raise DialectError(-2038, "The requested action would change no state; rejecting")
        if listing.units.value(known.price_ticks, lots) < listing.view.min_notional:
            raise errors.filter_failure("NOTIONAL")

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise refused(outcomes[0].code)
        event = read_order_events(outcomes[0].events)[0]
        placed_ns = known.placed_ns if known else event.time_ns
        return {
            "transactTime": request.time(event.time_ns),
            "executionId": execution_id(event.seq),
            "amendedOrder": {
                "symbol": listing.name,
                "orderId": event.order_id,
                "orderListId": NO_LIST,
                "origClientOrderId": wanted.client_id,
                "clientOrderId": client_id,
                "workingTime": request.time(placed_ns),
                **_amended(listing, event),
            },
        }

    return Submit(command, render)


def _open_order(venue: Venue, account: int, wanted: Target) -> OrderView | None:
    if wanted.order_id:
        order = venue.machine.order(wanted.order_id)
        return order if order is not None and order.account == account else None
    return venue.machine.order_by_client_id(account, client_id_digest(wanted.client_id))


def _amended(listing: Listing, event: OrderEvent) -> dict:
    units = listing.units
    return {
        "price": units.ticks_to_price(event.price_ticks),
        "qty": units.lots_to_quantity(event.order_lots),
        "executedQty": units.lots_to_quantity(event.executed_lots),
        "preventedQty": ZERO,
        "quoteOrderQty": ZERO,
        "cumulativeQuoteQty": units.quote_text(event.executed_quote),
        "status": STATUS_NAMES[event.status],
        "timeInForce": TIME_IN_FORCE_NAMES[event.time_in_force],
        "type": TYPE_NAMES[event.order_type],
        "side": SIDE_NAMES[event.side],
        "selfTradePreventionMode": STP_NAMES[event.stp],
    }


def execution_id(seq: int) -> int:
    """The id of an execution report: two for each event, since a trade is reported to its taker and its maker."""
    return 2 * seq


# ---------------------------------------------------------------- queries


def status(venue: Venue, request: Request) -> dict | Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    order_id, client_id = params.get("orderId", 0), params.get("origClientOrderId", "")
    if not order_id and not client_id:
        raise errors.missing_either("origClientOrderId", "orderId")
    order = _open_order(venue, request.account, Target(order_id, client_id))
    if order is not None and order.symbol == listing.symbol:
        if client_id and order.client_id != client_id:
            raise errors.no_such_order()
        return open_order(listing, request, order)

    def render(record) -> dict:
        if record is None or (client_id and record.client_id != client_id):
            raise errors.no_such_order()
        return any_order(listing, request, record)

    which = {"order_id": order_id} if order_id else {"client_id": client_id}
    return Ask("order", {"account": request.account, "symbol": listing.symbol, **which}, render)


def open_orders(venue: Venue, request: Request) -> list[dict]:
    symbol = 0
    if "symbol" in request.params:
        symbol = venue.listing(request.params["symbol"]).symbol
    orders: Iterable[OrderView] = venue.machine.open_orders(request.account, symbol)
    return [open_order(venue.listing_of(order.symbol), request, order) for order in orders]


def all_orders(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    arguments = {
        "account": request.account,
        "symbol": listing.symbol,
        "order_id_from": params.get("orderId"),
        "limit": params.get("limit", 500),
        **day_range(params),
    }
    return Ask("orders", arguments, lambda records: [any_order(listing, request, record) for record in records])


def day_range(params: dict[str, Any]) -> dict[str, int | None]:
    """startTime and endTime as the history's arguments. Raises DialectError where they are more than a day apart."""
    start_ns, end_ns = params.get("startTime"), params.get("endTime")
    if start_ns is not None and end_ns is not None and end_ns - start_ns > DAY_NS:
        raise DialectError(-1127, "More than 24 hours between startTime and endTime.")
    return {"start_ms": to_ms(start_ns), "end_ms": to_ms(end_ns)}


def to_ms(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // 1_000_000


def open_order(listing: Listing, request: Request, order: OrderView) -> dict:
    state = OrderStatus.PARTIALLY_FILLED if order.executed_lots else OrderStatus.NEW
    return _order(listing, request, order, state, 0)


def any_order(listing: Listing, request: Request, record: Any) -> dict:
    """`record`: marketdata's OrderRecord."""
    answer = _order(listing, request, record, record.status, record.quote_quantity)
    if record.status in _EXPIRED and record.code:
        answer["expiryReason"] = expiry_reason(record.code, record.order_type)
    return answer


def _order(listing: Listing, request: Request, order: Any, state: int, quote_quantity: int) -> dict:
    units = listing.units
    placed = request.time(order.placed_ns)
    return {
        "symbol": listing.name,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_id,
        "price": units.ticks_to_price(order.price_ticks),
        "origQty": units.lots_to_quantity(order.order_lots),
        "executedQty": units.lots_to_quantity(order.executed_lots),
        "cummulativeQuoteQty": units.quote_text(order.executed_quote),
        "status": STATUS_NAMES[state],
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "type": TYPE_NAMES[order.order_type],
        "side": SIDE_NAMES[order.side],
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        "time": placed,
        "updateTime": request.time(order.updated_ns),
        "isWorking": True,
        "workingTime": placed,
        "origQuoteOrderQty": units.quote_text(quote_quantity),
        "selfTradePreventionMode": STP_NAMES[order.stp],
    }


# ---------------------------------------------------------------- fees, as orders and accounts show them


def account_fees(venue: Venue, account: int, listing: Listing) -> tuple[str, str]:
    """(maker, taker) rates of the account on the symbol."""
    view = venue.machine.account(account)
    maker_ppm, taker_ppm = venue.machine.fees(listing.symbol, view.tier if view else 0)
    return format_ppm(maker_ppm), format_ppm(taker_ppm)


def no_discount(listing: Listing) -> dict:
    """Fees are taken from what is received; no asset pays them at a discount."""
    return {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": listing.quote.name, "discount": ZERO}
