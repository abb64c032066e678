"""What the venue is: ping, time, exchangeInfo with its filters and rate limits."""

from typing import Any

from engine.types import BPS, PPM, TRAILING_PRICE_MAX, Filter, OrderType, Stp, SymbolStatus
from engine.units import SHOWN_DECIMALS, format_ppm, format_units
from gateway.dialect import errors
from gateway.dialect.venue import SYMBOL_STATUS, WEIGHT_PER_MINUTE, Listing, Request, Venue

ORDER_TYPES = [order_type.name for order_type in OrderType]
STP_MODES = [mode.name for mode in Stp]
PERMISSIONS = ("SPOT",)
MARGIN = "MARGIN"  # of symbols on which margin accounts trade, besides
REQUESTS_PER_5_MINUTES = 61_000
SPARES_MINIMUM, SPARES_MAXIMUM = 1, 2  # bits of NOTIONAL_SPARES_MARKET

_STATUS_ASKED = {name: status for status, name in SYMBOL_STATUS.items()}


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
        wanted = set(params.get("permissions", PERMISSIONS))
        if not wanted & set(PERMISSIONS):
            listings = venue.margin_listings() if MARGIN in wanted else []
        listings = with_status(venue, listings, params)
    show_sets = params.get("showPermissionSets", True)
    on_margin = {listing.symbol for listing in venue.margin_listings()}
    return {
        "timezone": "UTC",
        "serverTime": request.time(request.now_ns),
        "rateLimits": rate_limits(venue),
        "exchangeFilters": exchange_filters(venue),
        "symbols": [_symbol(venue, listing, show_sets, listing.symbol in on_margin) for listing in listings],
    }


def my_filters(venue: Venue, request: Request) -> dict:
    listing = venue.listing(request.params["symbol"])
    assets = ((asset, venue.machine.max_asset(asset.asset)) for asset in (listing.base, listing.quote))
    return {
        "exchangeFilters": exchange_filters(venue),
        "symbolFilters": filters(venue, listing),
        "assetFilters": [
            {"filterType": "MAX_ASSET", "asset": asset.name, "limit": format_units(most, asset.scale)} for asset, most in assets if most
        ],
    }


def execution_rules(venue: Venue, request: Request) -> dict:
    params = request.params
    if len(params) > 1:
        raise errors.bad_combination()
    if "symbol" in params:
        listings = [venue.listing(params["symbol"])]
    elif "symbols" in params:
        listings = [venue.listing(name) for name in params["symbols"]]
    else:
        listings = with_status(venue, venue.listings(), params)
    return {"symbolRules": [{"symbol": listing.name, "rules": price_range(venue, listing)} for listing in listings]}


def price_range(venue: Venue, listing: Listing) -> list[dict]:
    """How far from the last price trades may take place: on both sides alike; a bound that is not set is left out."""
    limits = venue.filters(listing.symbol)
    bounds = {
        f"{side}LimitMult{way}": format_ppm(limits[bound])
        for side in ("bid", "ask")
        for way, bound in (("Up", Filter.RANGE_UP_PPM), ("Down", Filter.RANGE_DOWN_PPM))
        if bound in limits
    }
    return [{"ruleType": "PRICE_RANGE"} | bounds] if bounds else []


def reference_price(venue: Venue, request: Request) -> dict:
    """What the price range is measured from: the last price. Without a range there is nothing that needs one."""
    listing = venue.listing(request.params["symbol"])
    if not price_range(venue, listing):
        raise errors.no_reference_price()
    last = venue.machine.symbol(listing.symbol).last_price_ticks
    price = listing.units.ticks_to_price(last) if last else None
    return {"symbol": listing.name, "referencePrice": price, "timestamp": request.time(request.now_ns)}


def reference_price_calculation(venue: Venue, request: Request) -> dict:
    """It is no mean, and nobody outside makes it."""
    venue.listing(request.params["symbol"])
    raise errors.no_reference_price()


def auction(venue: Venue, request: Request) -> dict:
    """At which price, and how much, would trade if an auction ended now. The project's own."""
    listing = venue.listing(request.params["symbol"])
    nothing = {"indicativePrice": listing.units.ticks_to_price(0), "indicativeQty": listing.units.zero_quantity}
    return {"symbol": listing.name, "status": venue.status(listing)} | (indicative(venue, listing) or nothing)


def indicative(venue: Venue, listing: Listing) -> dict:
    """Where an auction would end now: of a symbol that is in one."""
    if venue.machine.symbol(listing.symbol).status != SymbolStatus.AUCTION:
        return {}
    price_ticks, lots = venue.machine.uncross(listing.symbol)
    return {
        "indicativePrice": listing.units.ticks_to_price(price_ticks),
        "indicativeQty": listing.units.lots_to_quantity(lots),
    }


def none_of_symbol(venue: Venue, request: Request) -> list:
    """What exists elsewhere and not here, of one symbol: block trades, allocations."""
    venue.listing(request.params["symbol"])
    return []


def none_at_all(_venue: Venue, _request: Request) -> list:
    """What exists elsewhere and not here: pairs for margin trading, delistings."""
    return []


def symbol_status(name: str, value: Any) -> SymbolStatus:
    """Parser of `symbolStatus`."""
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


def _symbol(venue: Venue, listing: Listing, show_sets: bool, on_margin: bool) -> dict:
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
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": listing.view.max_price_ticks <= TRAILING_PRICE_MAX,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": on_margin,
        "filters": filters(venue, listing),
        "permissions": [],
        "permissionSets": [[*PERMISSIONS, MARGIN] if on_margin else list(PERMISSIONS)] if show_sets else [],
        "defaultSelfTradePreventionMode": Stp.NONE.name,
        "allowedSelfTradePreventionModes": STP_MODES,
    } | indicative(venue, listing)


def filters(venue: Venue, listing: Listing) -> list[dict]:
    """What is set for the symbol, in the documented order. PRICE_FILTER comes first: some clients read filters[0]."""
    view, units, limits = listing.view, listing.units, venue.filters(listing.symbol)
    min_lots, min_market_lots = (limits.get(one, 1) for one in (Filter.MIN_LOTS, Filter.MIN_MARKET_LOTS))
    return [
        {"filterType": "PRICE_FILTER", "minPrice": units.ticks_to_price(limits.get(Filter.MIN_PRICE_TICKS, 1)),
         "maxPrice": units.ticks_to_price(view.max_price_ticks), "tickSize": units.tick_size},
        *_percent_price(listing, limits),
        {"filterType": "LOT_SIZE", "minQty": units.lots_to_quantity(min_lots), "stepSize": units.step_size,
         "maxQty": units.lots_to_quantity(view.max_quantity_lots)},
        *_notional(listing, limits),
        *_count(limits, Filter.ICEBERG_PARTS, "ICEBERG_PARTS", "limit"),
        {"filterType": "MARKET_LOT_SIZE", "minQty": units.lots_to_quantity(max(min_lots, min_market_lots)), "stepSize": units.step_size,
         "maxQty": units.lots_to_quantity(view.max_market_lots)},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": view.max_orders},
        *_count(limits, Filter.MAX_ALGO_ORDERS, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
        *_count(limits, Filter.MAX_ICEBERG_ORDERS, "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders"),
        *([{"filterType": "MAX_POSITION", "maxPosition": units.base_text(limits[Filter.MAX_POSITION])}]
          if Filter.MAX_POSITION in limits else []),
        *_trailing_delta(limits),
        *_count(limits, Filter.MAX_AMENDS, "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends"),
        *_count(limits, Filter.MAX_LISTS, "MAX_NUM_ORDER_LISTS", "maxNumOrderLists"),
    ]  # fmt: skip


def exchange_filters(venue: Venue) -> list[dict]:
    limits = venue.filters(0)
    return [
        *_count(limits, Filter.EXCHANGE_MAX_ORDERS, "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders"),
        *_count(limits, Filter.EXCHANGE_MAX_ALGO_ORDERS, "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
        *_count(limits, Filter.EXCHANGE_MAX_ICEBERG_ORDERS, "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders"),
        *_count(limits, Filter.EXCHANGE_MAX_LISTS, "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists"),
    ]


def _count(limits: dict[int, int], which: Filter, name: str, field: str) -> list[dict]:
    return [{"filterType": name, field: limits[which]}] if which in limits else []


def _percent_price(listing: Listing, limits: dict[int, int]) -> list[dict]:
    """Of a side that has no bound above, the multiplier is so high that no price can pass it; below, 0."""
    sides = (Filter.BID_UP_PPM, Filter.BID_DOWN_PPM, Filter.ASK_UP_PPM, Filter.ASK_DOWN_PPM)
    if not any(side in limits for side in sides):
        return []
    unbounded = listing.view.max_price_ticks * PPM
    up, down, ask_up, ask_down = (
        format_ppm(limits.get(side, otherwise)) for side, otherwise in zip(sides, (unbounded, 0, unbounded, 0), strict=True)
    )
    return [
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": up, "bidMultiplierDown": down, "askMultiplierUp": ask_up,
         "askMultiplierDown": ask_down, "avgPriceMins": 0},
    ]  # fmt: skip


def _notional(listing: Listing, limits: dict[int, int]) -> list[dict]:
    view, units = listing.view, listing.units
    spares = limits.get(Filter.NOTIONAL_SPARES_MARKET, 0)
    most = limits.get(Filter.MAX_NOTIONAL, units.value(view.max_price_ticks, view.max_quantity_lots))
    min_notional, min_to_market = units.quote_text(view.min_notional), not spares & SPARES_MINIMUM
    return [
        {"filterType": "MIN_NOTIONAL", "minNotional": min_notional, "applyToMarket": min_to_market, "avgPriceMins": 0},
        {"filterType": "NOTIONAL", "minNotional": min_notional, "applyMinToMarket": min_to_market, "maxNotional": units.quote_text(most),
         "applyMaxToMarket": Filter.MAX_NOTIONAL in limits and not spares & SPARES_MAXIMUM, "avgPriceMins": 0},
    ]  # fmt: skip


def _trailing_delta(limits: dict[int, int]) -> list[dict]:
    bounds = {
        "minTrailingAboveDelta": limits.get(Filter.MIN_TRAILING_ABOVE),
        "maxTrailingAboveDelta": limits.get(Filter.MAX_TRAILING_ABOVE),
        "minTrailingBelowDelta": limits.get(Filter.MIN_TRAILING_BELOW),
        "maxTrailingBelowDelta": limits.get(Filter.MAX_TRAILING_BELOW),
    }
    if all(bound is None for bound in bounds.values()):
        return []
    widest = {name: 1 if name.startswith("min") else BPS - 1 for name in bounds}
    return [{"filterType": "TRAILING_DELTA"} | {name: bound or widest[name] for name, bound in bounds.items()}]


ZERO = format_units(0, SHOWN_DECIMALS)
