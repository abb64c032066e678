"""What the venue is: ping, time, exchangeInfo with its filters and rate limits."""

from typing import Any

from engine.types import OrderType, Stp, SymbolStatus
from engine.units import SHOWN_DECIMALS, format_units
from gateway.dialect import errors
from gateway.dialect.venue import WEIGHT_PER_MINUTE, Listing, Request, Venue

ORDER_TYPES = [order_type.name for order_type in OrderType]
STP_MODES = [mode.name for mode in Stp]
PERMISSIONS = ("SPOT",)
REQUESTS_PER_5_MINUTES = 61_000

_STATUS_ASKED = {"TRADING": SymbolStatus.TRADING, "HALT": SymbolStatus.CANCEL_ONLY, "BREAK": None}


def ping(_venue: Venue, _request: Request) -> dict:
    return {}


def time(_venue: Venue, request: Request) -> dict:
    return {"serverTime": request.time(request.now_ns)}


def exchange_info(venue: Venue, request: Request) -> dict:
    params = request.params
    selectors = [name for name in ("symbol", "symbols", "permissions", "symbolStatus") if name in params]
    if len(selectors) > 1 and selectors != ["permissions", "symbolStatus"]:
        raise errors.bad_combination()
    if "symbol" in params:
        listings = [venue.listing(params["symbol"])]
    elif "symbols" in params:
        listings = [venue.listing(name) for name in params["symbols"]]
    else:
        listings = venue.listings()
        if not set(params.get("permissions", PERMISSIONS)) & set(PERMISSIONS):
            listings = []
        listings = with_status(venue, listings, params)
    show_sets = params.get("showPermissionSets", True)
    return {
        "timezone": "UTC",
        "serverTime": request.time(request.now_ns),
        "rateLimits": rate_limits(venue),
        "exchangeFilters": [],
        "symbols": [_symbol(venue, listing, show_sets) for listing in listings],
    }


def my_filters(venue: Venue, request: Request) -> dict:
    listing = venue.listing(request.params["symbol"])
    return {"exchangeFilters": [], "symbolFilters": filters(listing), "assetFilters": []}


def execution_rules(venue: Venue, request: Request) -> dict:
    """No symbol has rules beyond its filters."""
    params = request.params
    if len(params) > 1:
        raise errors.bad_combination()
    if "symbol" in params:
        listings = [venue.listing(params["symbol"])]
    elif "symbols" in params:
        listings = [venue.listing(name) for name in params["symbols"]]
    else:
        listings = with_status(venue, venue.listings(), params)
    return {"symbolRules": [{"symbol": listing.name, "rules": []} for listing in listings]}


def reference_price(venue: Venue, request: Request) -> dict:
    """Prices are made on the book alone."""
    venue.listing(request.params["symbol"])
    raise errors.no_reference_price()


def none_of_symbol(venue: Venue, request: Request) -> list:
    """What exists elsewhere and not here, of one symbol: block trades, allocations."""
    venue.listing(request.params["symbol"])
    return []


def none_at_all(_venue: Venue, _request: Request) -> list:
    """What exists elsewhere and not here: order lists, pairs for margin trading, delistings."""
    return []


def symbol_status(name: str, value: Any) -> SymbolStatus | None:
    """Parser of `symbolStatus`. BREAK is a status that no symbol here ever has."""
    try:
        return _STATUS_ASKED[value]
    except (KeyError, TypeError):
        raise errors.DialectError(-1122, "Invalid symbolStatus.") from None


def with_status(venue: Venue, listings: list[Listing], params: dict) -> list[Listing]:
    """Those whose status is the `symbolStatus` asked for; all where none was."""
    if "symbolStatus" not in params:
        return listings
    wanted = params["symbolStatus"]
    return [listing for listing in listings if venue.machine.symbol(listing.symbol).status == wanted]


def rate_limits(venue: Venue) -> list[dict]:
    weight = venue.weight_per_minute
    return [
        *([_limit("REQUEST_WEIGHT", "MINUTE", 1, weight)] if weight else []),
        *order_limits(venue),
        *([_limit("RAW_REQUESTS", "MINUTE", 5, raw_requests(weight))] if weight else []),
    ]


def raw_requests(weight_per_minute: int) -> int:
    """Requests of any weight in five minutes: the dialect's number, more where more weight is allowed than the dialect's."""
    return max(REQUESTS_PER_5_MINUTES, weight_per_minute * REQUESTS_PER_5_MINUTES // WEIGHT_PER_MINUTE)


def order_limits(venue: Venue) -> list[dict]:
    """The limits of new orders that are set; those of the core, which are the same in every process."""
    per_10s, per_day = venue.machine.order_limits()
    limits = []
    if per_10s:
        limits.append(_limit("ORDERS", "SECOND", 10, per_10s))
    if per_day:
        limits.append(_limit("ORDERS", "DAY", 1, per_day))
    return limits


def _limit(kind: str, interval: str, number: int, limit: int) -> dict:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _symbol(venue: Venue, listing: Listing, show_sets: bool) -> dict:
    units = listing.units
    return {
        "symbol": listing.name,
        "status": venue.status(listing),
        "baseAsset": listing.base.name,
        "baseAssetPrecision": units.base_decimals,
        "quoteAsset": listing.quote.name,
        "quotePrecision": units.quote_decimals,
        "quoteAssetPrecision": units.quote_decimals,
        "baseCommissionPrecision": units.base_decimals,
        "quoteCommissionPrecision": units.quote_decimals,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(listing),
        "permissions": [],
        "permissionSets": [list(PERMISSIONS)] if show_sets else [],
        "defaultSelfTradePreventionMode": Stp.NONE.name,
        "allowedSelfTradePreventionModes": STP_MODES,
    }


def filters(listing: Listing) -> list[dict]:
    """PRICE_FILTER comes first: some clients read filters[0]."""
    view, units = listing.view, listing.units
    min_notional = units.quote_text(view.min_notional)
    most = units.quote_text(units.value(view.max_price_ticks, view.max_quantity_lots))
    lots = {"minQty": units.step_size, "stepSize": units.step_size}
    return [
        {"filterType": "PRICE_FILTER", "minPrice": units.tick_size, "maxPrice": units.ticks_to_price(view.max_price_ticks),
         "tickSize": units.tick_size},
        {"filterType": "LOT_SIZE", **lots, "maxQty": units.lots_to_quantity(view.max_quantity_lots)},
        {"filterType": "MARKET_LOT_SIZE", **lots, "maxQty": units.lots_to_quantity(view.max_market_lots)},
        {"filterType": "NOTIONAL", "minNotional": min_notional, "applyMinToMarket": True, "maxNotional": most,
         "applyMaxToMarket": False, "avgPriceMins": 0},
        {"filterType": "MIN_NOTIONAL", "minNotional": min_notional, "applyToMarket": True, "avgPriceMins": 0},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": view.max_orders},
    ]  # fmt: skip


ZERO = format_units(0, SHOWN_DECIMALS)
