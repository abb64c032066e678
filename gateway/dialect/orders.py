"""Orders: new, test, cancel, cancel many, cancel-and-replace, amend, the dead man's switch; and their queries.

A request is checked here as far as it can be without the book (gateway/dialect/terms.py), becomes one command, and its answer is read
from the events that the command produced (gateway/dialect/answers.py). What depends on the state, the core decides.
"""

from itertools import dropwhile, takewhile
from typing import Any, NamedTuple

from engine.commands import client_id_digest
from engine.types import (
    AMOUNT_MAX,
    BOTH_SIDES,
    COUNTDOWN_MAX_NS,
    PPM,
    Code,
    EventFlag,
    EventKind,
    Filter,
    Kind,
    OrderFlag,
    OrderType,
    SymbolStatus,
)
from engine.units import format_ppm
from engine.views import OrderView
from gateway.dialect import errors, parameters
from gateway.dialect.answers import (
    OPEN_STATUSES,
    amended,
    any_order,
    cancellation,
    cancellations,
    effective_mode,
    execution_id,
    is_told_by_history,
    list_id_of,
    open_order,
    placement,
    trade_group,
)
from gateway.dialect.errors import DialectError, cancel_refused, refused
from gateway.dialect.info import ZERO
from gateway.dialect.parameters import Table
from gateway.dialect.records import ListEvent, OrderEvent, order_command, read_order_events
from gateway.dialect.terms import CONTINGENT, PLACE, SIDES, TIMING, NewOrder, new_order, quantity
from gateway.dialect.venue import Ask, Behind, Listing, Request, Submit, Venue, new_client_id
from marketdata.records import Amendment, OrderRecord, PreventedMatch

DAY_NS = 24 * 3600 * 10**9
MS_NS = 10**6

_RESTRICTIONS = {"ONLY_NEW": OrderFlag.ONLY_NEW, "ONLY_PARTIALLY_FILLED": OrderFlag.ONLY_PARTIALLY_FILLED}

TEST: Table = PLACE | {"computeCommissionRates": parameters.boolean}

CANCEL: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "origClientOrderId": parameters.client_id,
    "newClientOrderId": parameters.client_id,
    "cancelRestrictions": parameters.one_of(_RESTRICTIONS, errors.invalid_cancel_restrictions),
}
CANCEL_ALL: Table = TIMING | {"symbol": parameters.symbol, "side": parameters.one_of(SIDES, errors.invalid_side)}
COUNTDOWN: Table = TIMING | {"countdownTime": parameters.integer}

CANCEL_REPLACE: Table = PLACE | {
    "cancelReplaceMode": parameters.one_of({"STOP_ON_FAILURE": 0, "ALLOW_FAILURE": OrderFlag.ALLOW_FAILURE}),
    "cancelNewClientOrderId": parameters.client_id,
    "cancelOrigClientOrderId": parameters.client_id,
    "cancelOrderId": parameters.integer,
    "cancelRestrictions": CANCEL["cancelRestrictions"],
    "orderRateLimitExceededMode": parameters.one_of({"DO_NOTHING": False, "CANCEL_ONLY": True}),
}
CANCEL_REPLACE_REQUIRED = ("symbol", "side", "type", "cancelReplaceMode")

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
AMENDMENTS: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "fromExecutionId": parameters.integer,
    "limit": parameters.limit(1000),
}
PREVENTED: Table = TIMING | {
    "symbol": parameters.symbol,
    "preventedMatchId": parameters.integer,
    "orderId": parameters.integer,
    "fromPreventedMatchId": parameters.integer,
    "limit": parameters.limit(1000),
}


# ---------------------------------------------------------------- placing


def place(venue: Venue, request: Request) -> Submit:
    return placing(venue, request, new_order(venue, request.params))


def placing(venue: Venue, request: Request, order: NewOrder) -> Submit:
    def render(outcomes) -> dict:
        outcome = outcomes[0]
        if outcome.code != Code.OK:
            raise placement_refused(venue, outcome.code)
        return placement(venue, request, order, read_order_events(outcome.events))

    return Submit(order.command(request), render)


def test(venue: Venue, request: Request) -> dict:
    """Everything that can be said without the book; nothing is logged."""
    params = dict(request.params)
    with_rates = params.pop("computeCommissionRates", False)
    order = new_order(venue, params)
    if venue.machine.symbol(order.listing.symbol).status not in (SymbolStatus.TRADING, SymbolStatus.AUCTION):
        raise refused(Code.MARKET_CLOSED)
    _check_filters(venue, order)
    if not with_rates:
        return {}
    maker, taker = account_fees(venue, request.account, order.listing)
    none = {"maker": ZERO, "taker": ZERO}
    return {
        "standardCommissionForOrder": {"maker": maker, "taker": taker},
        "specialCommissionForOrder": none,
        "taxCommissionForOrder": none,
        "discount": discount(venue, request.account, order.listing),
    }


def _check_filters(venue: Venue, order: NewOrder) -> None:
    """The filters that are set and ask for nothing but the order, as the core applies them (docs/ORDERS.md section 2)."""
    limits = venue.filters(order.listing.symbol)
    lots, price = order.quantity_lots, order.price_ticks
    for ticks in (price, order.stop_price_ticks):
        if 0 < ticks < limits.get(Filter.MIN_PRICE_TICKS, 0):
            raise refused(Code.PRICE_FILTER)
    if any(0 < shown < limits.get(Filter.MIN_LOTS, 0) for shown in (lots, order.iceberg_lots)):
        raise refused(Code.LOT_SIZE)
    if order.order_type == OrderType.MARKET and 0 < lots < limits.get(Filter.MIN_MARKET_LOTS, 0):
        raise refused(Code.MARKET_LOT_SIZE)
    if price and order.listing.units.value(price, lots) > limits.get(Filter.MAX_NOTIONAL, AMOUNT_MAX):
        raise refused(Code.NOTIONAL)
    if order.iceberg_lots and -(-lots // order.iceberg_lots) > limits.get(Filter.ICEBERG_PARTS, lots):
        raise refused(Code.ICEBERG_PARTS)


def placement_refused(venue: Venue, code: int) -> DialectError:
    """As `refused`; where too many orders were placed, with the limit in its text."""
    if code != Code.TOO_MANY_ORDERS:
        return refused(code)
    per_10s, per_day = venue.machine.order_limits()
    return errors.too_many_orders(per_10s, "10 SECOND") if per_10s else errors.too_many_orders(per_day, "1 DAY")


# ---------------------------------------------------------------- cancelling


class Target(NamedTuple):
    """Which open order a request means; `order_id` 0: the one called `client_id`."""

    order_id: int
    client_id: str

    def fields(self) -> dict[str, Any]:
        """Of the command that concerns it."""
        return {"order_id": self.order_id, "target": "" if self.order_id else self.client_id}


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
        flags=params.get("cancelRestrictions", 0), client_id=cancel_id, **wanted.fields(),
    )  # fmt: skip

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise cancel_refused(outcomes[0].code)
        return cancelled(venue, request, read_order_events(outcomes[0].events), wanted, cancel_id)

    return Submit(command, render)


def cancelled(venue: Venue, request: Request, events: list[OrderEvent | ListEvent], wanted: Target, cancel_id: str) -> dict:
    """The answer to the cancel of one order: where it was part of a list, for all of that."""
    first = events[0]
    if not first.list_id:
        return cancellation(venue.listing_of(first.symbol), request, first, wanted.client_id, cancel_id)
    return cancellations(venue, request, events, venue.client_id, cancel_id)[0]


def cancel_all(venue: Venue, request: Request) -> Submit:
    """Of one symbol; the project's own: of all where none is named, or of one side only."""
    params = request.params
    symbol = venue.listing(params["symbol"]).symbol if "symbol" in params else 0
    if symbol and "side" not in params:
        return cancel_many(venue, request, Kind.CANCEL_ALL, symbol)
    return cancel_many(venue, request, Kind.MASS_CANCEL, symbol, params.get("side", BOTH_SIDES))


def cancel_many(venue: Venue, request: Request, kind: Kind, symbol: int, side: int = 0) -> Submit:
    command = order_command(kind, request.account, symbol, key=request.key, valid_until_ns=request.valid_until_ns, side=side)
    open_now = {order.order_id: order.client_id for order in venue.machine.open_orders(request.account, symbol)}
    cancel_id = new_client_id()

    def client_id(order_id: int) -> str:
        return open_now.get(order_id) or venue.client_id(order_id)

    def render(outcomes) -> list[dict]:
        if outcomes[0].code not in (Code.OK, Code.WORK_LIMIT):  # so many that the others take another request
            raise cancel_refused(outcomes[0].code)
        return cancellations(venue, request, read_order_events(outcomes[0].events), client_id, cancel_id)

    return Submit(command, render)


def countdown(venue: Venue, request: Request) -> Submit:
    """The dead man's switch. The project's own; the futures dialect has it for each symbol."""
    duration_ns = request.params["countdownTime"] * MS_NS
    if duration_ns > COUNTDOWN_MAX_NS:
        raise errors.beyond("countdownTime", COUNTDOWN_MAX_NS // MS_NS)
    command = order_command(
        Kind.COUNTDOWN, request.account, 0, key=request.key, valid_until_ns=request.valid_until_ns, expires_ns=duration_ns
    )

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise refused(outcomes[0].code)
        fires_ns = read_order_events(outcomes[0].events)[0].expires_ns
        return {"countdownTime": duration_ns // MS_NS, "triggerTime": request.time(fires_ns) if fires_ns else 0}

    return Submit(command, render)


# ---------------------------------------------------------------- cancel and replace


def cancel_replace(venue: Venue, request: Request) -> Submit:
    return replacing(venue, request, new_order(venue, request.params))


def replaced(venue: Venue, request: Request) -> OrderView | None:
    """The open order that a cancel-replace is about, as far as this replica knows it."""
    return _open_order(venue, request.account, target(venue, request, "cancelOrderId", "cancelOrigClientOrderId"))


def replacing(venue: Venue, request: Request, order: NewOrder) -> Submit:
    """Cancels what the request names and places `order`, in one command."""
    params = request.params
    wanted = target(venue, request, "cancelOrderId", "cancelOrigClientOrderId")
    if not params.get("orderRateLimitExceededMode", False):
        _refuse_beyond_limits(venue, request.account)
    cancel_id = params.get("cancelNewClientOrderId") or new_client_id()
    flags = params["cancelReplaceMode"] | params.get("cancelRestrictions", 0)

    def render(outcomes) -> dict:
        outcome = outcomes[0]
        events = read_order_events(outcome.events)
        first = events[0]
        went = list(takewhile(_is_of_cancel, events))
        if first.kind == EventKind.CANCELED:
            gone: dict | DialectError = cancelled(venue, request, went, wanted, cancel_id)
        elif first.flags & EventFlag.CANCEL_LEG:
            gone = refused(first.code)
        else:
            raise placement_refused(venue, outcome.code)  # neither was tried
        placed = None
        rest = list(dropwhile(_is_of_cancel, events))
        if rest and rest[0].kind in (EventKind.NEW, EventKind.REJECTED):
            is_refused = outcome.code != Code.OK
            placed = placement_refused(venue, outcome.code) if is_refused else placement(venue, request, order, rest)
        return both(gone, placed)

    return Submit(order.command(request, Kind.REPLACE, flags=flags, **wanted.fields()), render)


def _is_of_cancel(event: OrderEvent | ListEvent) -> bool:
    return event.kind in (EventKind.CANCELED, EventKind.LIST) or (event.kind == EventKind.REJECTED and event.flags & EventFlag.CANCEL_LEG)


def both(gone: dict | DialectError, placed: dict | DialectError | None) -> dict:
    """The answer to a cancel-replace from those of its two halves; `placed` None: not attempted. Raises where one failed."""
    legs = {
        "cancelResult": _result(gone),
        "newOrderResult": "NOT_ATTEMPTED" if placed is None else _result(placed),
        "cancelResponse": _leg(gone),
        "newOrderResponse": None if placed is None else _leg(placed),
    }
    if isinstance(gone, dict) and isinstance(placed, dict):
        return legs
    if isinstance(gone, dict) or isinstance(placed, dict):
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
    lots = quantity(listing, "newQty", params["newQty"])
    client_id = params.get("newClientOrderId") or new_client_id()
    command = order_command(
        Kind.AMEND, request.account, listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns, quantity_lots=lots,
        client_id=client_id, **wanted.fields(),
    )  # fmt: skip
    known = _open_order(venue, request.account, wanted)
    if known is not None and known.symbol == listing.symbol:
        if known.list_id:
            raise DialectError(-2038, "Order amend is not supported for orders of an order list.")
        if known.order_lots == lots:
            raise DialectError(-2038, "The requested action would change no state; rejecting")
        if known.price_ticks and listing.units.value(known.price_ticks, lots) < listing.view.min_notional:
            raise errors.filter_failure("NOTIONAL")

    def render(outcomes) -> dict:
        if outcomes[0].code != Code.OK:
            raise refused(outcomes[0].code)
        event = read_order_events(outcomes[0].events)[0]
        order = {
            "symbol": listing.name,
            "orderId": event.order_id,
            "orderListId": list_id_of(event.list_id),
            "origClientOrderId": wanted.client_id,
            "clientOrderId": client_id,
        }
        if event.order_type not in CONTINGENT:
            order["workingTime"] = request.time(known.placed_ns if known else event.time_ns)
        return {
            "transactTime": request.time(event.time_ns),
            "executionId": execution_id(event.seq),
            "amendedOrder": order | amended(listing, request, event),
        }

    return Submit(command, render)


def _open_order(venue: Venue, account: int, wanted: Target) -> OrderView | None:
    if wanted.order_id:
        order = venue.machine.order(wanted.order_id)
        return order if order is not None and order.account == account else None
    return venue.machine.order_by_client_id(account, client_id_digest(wanted.client_id))


def amendments(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])

    def render(found: list[Amendment]) -> list[dict]:
        return [
            {
                "symbol": listing.name,
                "orderId": params["orderId"],
                "executionId": execution_id(amendment.seq),
                "origClientOrderId": amendment.former_client_id,
                "newClientOrderId": amendment.client_id,
                "origQty": listing.units.lots_to_quantity(amendment.former_lots),
                "newQty": listing.units.lots_to_quantity(amendment.order_lots),
                "time": request.time(amendment.time_ns),
            }
            for amendment in found
        ]

    arguments = {
        "account": request.account,
        "symbol": listing.symbol,
        "order_id": params["orderId"],
        "from_seq": -(-params.get("fromExecutionId", 0) // execution_id(1)),
        "limit": params.get("limit", 500),
    }
    return Ask("amendments", arguments, render)


# ---------------------------------------------------------------- prevented matches


def prevented_matches(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    if ("preventedMatchId" in params) == ("orderId" in params):
        raise errors.bad_combination() if "orderId" in params else errors.missing_either("preventedMatchId", "orderId")
    if "orderId" not in params and ("fromPreventedMatchId" in params or "limit" in params):
        raise errors.bad_combination()
    group = trade_group(venue, request.account)

    def tell(match: PreventedMatch) -> dict:
        units = listing.units
        told = {
            "symbol": listing.name,
            "preventedMatchId": match.match_id,
            "takerOrderId": match.taker_order,
            "makerSymbol": listing.name,
            "makerOrderId": match.maker_order,
            "tradeGroupId": group,
            "selfTradePreventionMode": effective_mode(match.stp, handed_over=bool(match.handed_over)),
            "price": units.ticks_to_price(match.price_ticks),
        }
        if match.taker_lots:
            told["takerPreventedQuantity"] = units.lots_to_quantity(match.taker_lots)
        if match.maker_lots:
            told["makerPreventedQuantity"] = units.lots_to_quantity(match.maker_lots)
        return told | {"transactTime": request.time(match.time_ns)}

    arguments = {
        "account": request.account,
        "symbol": listing.symbol,
        "match_id": params.get("preventedMatchId"),
        "order_id": params.get("orderId"),
        "from_id": params.get("fromPreventedMatchId"),
        "limit": params.get("limit", 500),
    }
    return Ask("prevented_matches", arguments, lambda found: [tell(match) for match in found])


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
        if not is_told_by_history(order):
            return open_order(listing, request, order)
        order_id = order.order_id

    def render(record) -> dict:
        if record is None or (client_id and record.client_id != client_id):
            raise errors.no_such_order()
        return any_order(listing, request, record)

    which = {"order_id": order_id} if order_id else {"client_id": client_id}
    return Ask("order", {"account": request.account, "symbol": listing.symbol, **which}, render)


def open_orders(venue: Venue, request: Request) -> list[dict] | Ask:
    symbol = 0
    if "symbol" in request.params:
        symbol = venue.listing(request.params["symbol"]).symbol
    orders: list[OrderView] = venue.machine.open_orders(request.account, symbol)
    told = {order.order_id: open_order(venue.listing_of(order.symbol), request, order) for order in orders}
    asked = [order.order_id for order in orders if is_told_by_history(order)]
    if not asked:
        return list(told.values())

    def render(records: list[OrderRecord]) -> list[dict]:
        for record in records:
            if record.status not in OPEN_STATUSES:  # closed meanwhile
                del told[record.order_id]
                continue
            told[record.order_id] = any_order(venue.listing_of(record.symbol), request, record)
        return list(told.values())

    return Ask("orders_by_id", {"account": request.account, "order_ids": asked}, render)


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


# ---------------------------------------------------------------- fees, as orders and accounts show them


def account_fees(venue: Venue, account: int, listing: Listing) -> tuple[str, str]:
    """(maker, taker) rates of the account on the symbol."""
    maker_ppm, taker_ppm = venue.machine.fees(listing.symbol, venue.machine.fee_account(account).tier)
    return format_ppm(maker_ppm), format_ppm(taker_ppm)


def discount(venue: Venue, account: int, listing: Listing) -> dict:
    """Which asset pays fees at a discount, whether the account lets it, and what is left of a fee then."""
    asset, less_ppm = venue.machine.discount()
    if not asset:
        return {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": listing.quote.name, "discount": ZERO}
    return {
        "enabledForAccount": venue.machine.fee_account(account).discount,
        "enabledForSymbol": True,
        "discountAsset": venue.machine.asset(asset).name,
        "discount": format_ppm(PPM - less_ppm),
    }
