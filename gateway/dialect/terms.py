"""What a new order asks for: its parameters, checked as far as that goes without the book, in the core's units.

An order is sent alone, or as a leg of a list, where its parameters have other names (`aboveStopPrice`): errors name what was sent.
What depends on the state (filters that are set, balances, the book) the core decides.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.types import BPS, PEG_OFFSET_MAX, TRAILING_PRICE_MAX, Code, Kind, OrderType, Peg, Side, Stp, TimeInForce
from engine.units import NotAMultiple, TooLarge, TooPrecise
from gateway.dialect import errors, parameters
from gateway.dialect.errors import DialectError, refused
from gateway.dialect.parameters import Table
from gateway.dialect.records import CONTINGENT, order_command
from gateway.dialect.venue import Listing, Request, Venue, new_client_id

STRATEGY_TYPE_MIN = 1_000_000
PEG_TYPES = {"PRIMARY_PEG": Peg.PRIMARY, "MARKET_PEG": Peg.MARKET}
PRICE_LEVEL = "PRICE_LEVEL"

SIDES = {side.name: side for side in Side}
TYPES = {order_type.name: order_type for order_type in OrderType}
TIMES_IN_FORCE = {time_in_force.name: time_in_force for time_in_force in TimeInForce}
MODES = {mode.name: mode for mode in Stp}
RESPONSES = {name: name for name in ("ACK", "RESULT", "FULL")}

TIMING: Table = {"recvWindow": parameters.recv_window_ns, "timestamp": parameters.time_ns}

# What one order has; in a list, each leg has it under names of its own.
TERMS: Table = {
    "type": parameters.one_of(TYPES, errors.invalid_order_type),
    "timeInForce": parameters.one_of(TIMES_IN_FORCE, errors.invalid_time_in_force),
    "goodTillDate": parameters.time_ns,
    "price": parameters.number,
    "newClientOrderId": parameters.client_id,
    "strategyId": parameters.integer,
    "strategyType": parameters.integer,
    "stopPrice": parameters.number,
    "trailingDelta": parameters.integer,
    "icebergQty": parameters.number,
    "pegPriceType": parameters.one_of(PEG_TYPES, errors.invalid_peg_price_type),
    "pegOffsetType": parameters.one_of({PRICE_LEVEL: PRICE_LEVEL}, errors.invalid_peg_offset_type),
    "pegOffsetValue": parameters.integer,
}
# What the orders of a list have in common.
COMMON: Table = TIMING | {
    "symbol": parameters.symbol,
    "newOrderRespType": parameters.one_of(RESPONSES),
    "selfTradePreventionMode": parameters.one_of(MODES),
}
SIDED: Table = {"side": parameters.one_of(SIDES, errors.invalid_side), "quantity": parameters.number}
PLACE: Table = COMMON | SIDED | TERMS | {"quoteOrderQty": parameters.number}
PLACE_REQUIRED = ("symbol", "side", "type")

# What most orders do not have; an order without any of it is read faster.
_RARE = frozenset(
    ("goodTillDate", "stopPrice", "trailingDelta", "icebergQty", "pegPriceType", "pegOffsetType", "pegOffsetValue", "strategyId",
     "strategyType")
)  # fmt: skip
_BY_QUANTITY = frozenset((OrderType.STOP_LOSS, OrderType.TAKE_PROFIT))  # and executed as MARKET
_TIMED = frozenset((OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT))
_SENT_AS_NAMED: Mapping[str, str] = {}


class NewOrder(NamedTuple):
    """A checked new order in the core's units."""

    listing: Listing
    side: int
    order_type: int
    time_in_force: int
    stp: int
    price_ticks: int  # 0 where it is pegged, or executes as MARKET
    quantity_lots: int
    quote_quantity: int
    client_id: str
    response: str  # ACK, RESULT or FULL
    labels: dict[str, int]  # strategyId, strategyType: told back, not kept
    stop_price_ticks: int = 0
    trailing_bps: int = 0
    iceberg_lots: int = 0
    peg: int = Peg.NONE
    peg_offset: int = 0
    expires_ns: int = 0  # GTD
    side_effect: int = 0  # SideEffect, of margin accounts

    def command(self, request: Request, kind: Kind = Kind.PLACE, **target: Any) -> bytes:
        """The command that places it; `target`: flags, order_id and target of what a REPLACE cancels."""
        return order_command(
            kind, request.account, self.listing.symbol, key=request.key, valid_until_ns=request.valid_until_ns, side=self.side,
            order_type=self.order_type, time_in_force=self.time_in_force, stp=self.stp, price_ticks=self.price_ticks,
            quantity_lots=self.quantity_lots, quote_quantity=self.quote_quantity, expires_ns=self.expires_ns,
            stop_price_ticks=self.stop_price_ticks, trailing_bps=self.trailing_bps, iceberg_lots=self.iceberg_lots, peg=self.peg,
            peg_offset=self.peg_offset, side_effect=self.side_effect, client_id=self.client_id, **target,
        )  # fmt: skip


def new_order(venue: Venue, params: dict[str, Any], sent: Mapping[str, str] = _SENT_AS_NAMED) -> NewOrder:
    """Raises DialectError for what no book could accept. `sent`: under which names the parameters came, where not under their own."""
    listing = venue.listing(params["symbol"])
    order_type = params["type"]
    price_ticks = quantity_lots = quote_quantity = 0
    if order_type == OrderType.MARKET:
        _refuse(params, sent, "timeInForce", "price")
        if "quoteOrderQty" in params:
            _refuse(params, sent, "quantity")
            quote_quantity = _quote_quantity(listing, params["quoteOrderQty"])
        elif "quantity" in params:
            quantity_lots = quantity(listing, "quantity", params["quantity"], sent)
            if quantity_lots > listing.view.max_market_lots:
                raise errors.filter_failure("MARKET_LOT_SIZE")
        else:
            raise errors.missing_either("quantity", "quoteOrderQty")
    else:
        _check_time_in_force(params, sent, order_type)
        _refuse(params, sent, "quoteOrderQty")
        if "quantity" not in params:
            raise _missing("quantity", sent)
        if order_type in _BY_QUANTITY or "pegPriceType" in params:
            _refuse(params, sent, "price")
        elif "price" not in params:
            raise _missing("price", sent)
        else:
            price_ticks = _price(listing, "price", params["price"], sent)
        quantity_lots = quantity(listing, "quantity", params["quantity"], sent)
        if price_ticks and listing.units.value(price_ticks, quantity_lots) < listing.view.min_notional:
            raise errors.filter_failure("NOTIONAL")

    order = NewOrder(
        listing,
        params["side"],
        order_type,
        params.get("timeInForce", TimeInForce.GTC),
        params.get("selfTradePreventionMode", Stp.NONE),
        price_ticks,
        quantity_lots,
        quote_quantity,
        params.get("newClientOrderId") or new_client_id(),
        params.get("newOrderRespType") or ("FULL" if order_type in (OrderType.LIMIT, OrderType.MARKET) else "ACK"),
        {},
    )
    if _RARE.isdisjoint(params) and order_type not in CONTINGENT:
        return order
    return order._replace(**_rare_terms(order, params, sent))


def _check_time_in_force(params: dict[str, Any], sent: Mapping[str, str], order_type: OrderType) -> None:
    given = params.get("timeInForce")
    if order_type in _TIMED:
        if given is None:
            raise _missing("timeInForce", sent)
    elif order_type in _BY_QUANTITY or given != TimeInForce.GTD:  # LIMIT_MAKER may have an end
        _refuse(params, sent, "timeInForce")
    if given == TimeInForce.GTD and "goodTillDate" not in params:
        raise _missing("goodTillDate", sent)


def _rare_terms(order: NewOrder, params: dict[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    """What only some orders have, as fields of NewOrder."""
    listing, order_type = order.listing, order.order_type
    terms: dict[str, Any] = {"labels": _labels(params)}
    if order_type in CONTINGENT:
        if "stopPrice" not in params and "trailingDelta" not in params:
            raise errors.missing_either(sent.get("stopPrice", "stopPrice"), sent.get("trailingDelta", "trailingDelta"))
        if "stopPrice" in params:
            terms["stop_price_ticks"] = _price(listing, "stopPrice", params["stopPrice"], sent)
        if "trailingDelta" in params:
            terms["trailing_bps"] = _trailing(listing, params["trailingDelta"])
    else:
        _refuse(params, sent, "stopPrice", "trailingDelta")
    if order.time_in_force == TimeInForce.GTD:
        terms["expires_ns"] = params["goodTillDate"]
    else:
        _refuse(params, sent, "goodTillDate")
    if "icebergQty" in params:
        terms["iceberg_lots"] = _iceberg(order, params["icebergQty"], params, sent)
    return terms | _peg(order, params, sent)


def _labels(params: dict[str, Any]) -> dict[str, int]:
    if params.get("strategyType", STRATEGY_TYPE_MIN) < STRATEGY_TYPE_MIN:
        raise DialectError(-1134, "`strategyType` was less than 1000000.")
    return {name: params[name] for name in ("strategyId", "strategyType") if name in params}


def _trailing(listing: Listing, bps: int) -> int:
    if listing.view.max_price_ticks > TRAILING_PRICE_MAX:
        raise errors.order_rejected("Trailing stop orders are not supported for this symbol.")
    if not 0 < bps < BPS:
        raise errors.filter_failure("TRAILING_DELTA")
    return bps


def _iceberg(order: NewOrder, text: str, params: dict[str, Any], sent: Mapping[str, str]) -> int:
    """How many lots are shown at a time; an iceberg quantity of 0 is none."""
    if order.order_type == OrderType.MARKET or order.order_type in _BY_QUANTITY:
        _refuse(params, sent, "icebergQty")
    if order.time_in_force not in (TimeInForce.GTC, TimeInForce.GTD):
        _refuse(params, sent, "icebergQty")
    if not text.strip("0."):
        return 0
    lots = quantity(order.listing, "icebergQty", text, sent)
    if lots > order.quantity_lots:
        raise errors.order_rejected("IcebergQty exceeds QTY.")
    return lots


def _peg(order: NewOrder, params: dict[str, Any], sent: Mapping[str, str]) -> dict[str, int]:
    names = [sent.get(name, name) for name in ("pegOffsetType", "pegOffsetValue")]
    if ("pegOffsetType" in params) != ("pegOffsetValue" in params):
        raise DialectError(-1128, f"Fields [{', '.join(names)}] must be sent together or omitted entirely.")
    if "pegPriceType" not in params:
        _refuse(params, sent, "pegOffsetType", "pegOffsetValue")
        return {}
    if order.order_type == OrderType.MARKET or order.order_type in _BY_QUANTITY:
        raise errors.order_rejected("This order type may not use pegged price.")
    peg, offset = params["pegPriceType"], params.get("pegOffsetValue", 0)
    if order.order_type == OrderType.LIMIT_MAKER and peg != Peg.PRIMARY:
        raise errors.order_rejected("This price peg cannot be used with this order type.")
    if order.order_type == OrderType.LIMIT and peg == Peg.PRIMARY and order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
        raise refused(Code.INVALID_ORDER)
    if offset > PEG_OFFSET_MAX:
        raise errors.beyond(names[1], PEG_OFFSET_MAX)
    return {"peg": peg, "peg_offset": offset}


def _missing(name: str, sent: Mapping[str, str]) -> DialectError:
    return errors.missing(sent.get(name, name))


def _refuse(params: dict[str, Any], sent: Mapping[str, str], *names: str) -> None:
    for name in names:
        if name in params:
            raise errors.not_required(sent.get(name, name))


def _price(listing: Listing, name: str, text: str, sent: Mapping[str, str]) -> int:
    try:
        ticks = listing.units.price_to_ticks(text)
    except TooPrecise:
        raise errors.too_precise(sent.get(name, name)) from None
    except (NotAMultiple, TooLarge):
        raise errors.filter_failure("PRICE_FILTER") from None
    if not 0 < ticks <= listing.view.max_price_ticks:
        raise errors.filter_failure("PRICE_FILTER")
    return ticks


def quantity(listing: Listing, name: str, text: str, sent: Mapping[str, str] = _SENT_AS_NAMED) -> int:
    """A quantity in lots. Raises DialectError where it is none that an order may have."""
    try:
        lots = listing.units.quantity_to_lots(text)
    except TooPrecise:
        raise errors.too_precise(sent.get(name, name)) from None
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
