"""The account behind a request: balances, fees, limits, its trades, and the listen keys of its user data."""

from engine.types import AccountStatus
from engine.units import format_units
from gateway.dialect import errors, parameters
from gateway.dialect.answers import list_id_of, trade_group
from gateway.dialect.info import PERMISSIONS, ZERO, order_limits
from gateway.dialect.orders import account_fees, day_range, discount
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Ask, Listing, Request, Venue
from gateway.listen_keys import TooManyListenKeys
from marketdata.records import Fill

ACCOUNT: Table = TIMING | {"omitZeroBalances": parameters.boolean}
COMMISSION: Table = TIMING | {"symbol": parameters.symbol}
MY_TRADES: Table = TIMING | {
    "symbol": parameters.symbol,
    "orderId": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "fromId": parameters.integer,
    "limit": parameters.limit(1000),
}
LISTEN_KEY: Table = {"listenKey": parameters.text}

_PPM_PER_BASIS_POINT = 100


def account(venue: Venue, request: Request) -> dict:
    machine = venue.machine
    view = machine.account(request.account)
    listings = venue.listings()
    maker_ppm, taker_ppm = machine.fees(listings[0].symbol, machine.fee_account(request.account).tier) if listings else (0, 0)
    maker, taker = account_fees(venue, request.account, listings[0]) if listings else (ZERO, ZERO)
    held = {asset: (available, locked) for asset, available, locked in machine.balances(request.account)}
    assets = venue.assets()
    if request.params.get("omitZeroBalances", False):
        assets = [asset for asset in assets if asset.asset in held]
    return {
        "makerCommission": maker_ppm // _PPM_PER_BASIS_POINT,
        "takerCommission": taker_ppm // _PPM_PER_BASIS_POINT,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": maker, "taker": taker, "buyer": ZERO, "seller": ZERO},
        "canTrade": view.status == AccountStatus.ACTIVE,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": request.time(machine.now_ns),
        "accountType": "SPOT",
        "tradeGroupId": trade_group(venue, request.account),
        "balances": [
            {
                "asset": asset.name,
                "free": format_units(held.get(asset.asset, (0, 0))[0], asset.scale),
                "locked": format_units(held.get(asset.asset, (0, 0))[1], asset.scale),
            }
            for asset in assets
        ],
        "permissions": list(PERMISSIONS),
        "uid": request.account,
    }


def commission(venue: Venue, request: Request) -> dict:
    listing = venue.listing(request.params["symbol"])
    maker, taker = account_fees(venue, request.account, listing)
    none = {"maker": ZERO, "taker": ZERO, "buyer": ZERO, "seller": ZERO}
    return {
        "symbol": listing.name,
        "standardCommission": none | {"maker": maker, "taker": taker},
        "specialCommission": none,
        "taxCommission": none,
        "discount": discount(venue, request.account, listing),
    }


def order_counts(venue: Venue, request: Request) -> list[dict]:
    """The limits that are set, with how many orders the account has placed against each."""
    view = venue.machine.account(request.account)
    counts = {"SECOND": view.orders_10s, "DAY": view.orders_day}
    return [{**limit, "count": counts[limit["interval"]]} for limit in order_limits(venue)]


def my_trades(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    timed = "startTime" in params or "endTime" in params
    if timed and ("fromId" in params or "orderId" in params):
        raise errors.bad_combination()

    def render(fills: list[Fill]) -> list[dict]:
        units = listing.units
        return [
            {
                "symbol": listing.name,
                "id": fill.trade_id,
                "orderId": fill.order_id,
                "orderListId": list_id_of(fill.list_id),
                "price": units.ticks_to_price(fill.price_ticks),
                "qty": units.lots_to_quantity(fill.quantity_lots),
                "quoteQty": units.quote_text(fill.quote_quantity),
                **_commission(venue, listing, fill),
                "time": request.time(fill.time_ns),
                "isBuyer": fill.is_buyer,
                "isMaker": fill.is_maker,
                "isBestMatch": True,
            }
            for fill in fills
        ]

    arguments = {
        "account": request.account,
        "symbol": listing.symbol,
        "order_id": params.get("orderId"),
        "from_id": params.get("fromId"),
        "limit": params.get("limit", 500),
        **day_range(params),
    }
    return Ask("my_trades", arguments, render)


def _commission(venue: Venue, listing: Listing, fill: Fill) -> dict:
    asset = listing.base if fill.is_buyer else listing.quote
    if fill.fee_asset:
        asset = venue.machine.asset(fill.fee_asset)
    return {"commission": format_units(fill.fee, asset.scale), "commissionAsset": asset.name}


# ---------------------------------------------------------------- listen keys (retired in the dialect, still used by its clients)


def start_stream(venue: Venue, request: Request) -> dict:
    """The account's listen key by this API key: the one it has, or a new one; for another hour."""
    try:
        return {"listenKey": venue.listen_keys.create(request.account, request.key, request.now_ns)}
    except TooManyListenKeys:
        raise errors.too_busy() from None


def keep_stream(venue: Venue, request: Request) -> dict:
    listen_key = request.params["listenKey"]
    if venue.listener(listen_key, request.now_ns) is None:
        raise errors.unknown_listen_key()
    if not venue.listen_keys.extend(listen_key, request.account, request.now_ns):
        raise errors.unknown_listen_key()
    return {}


def close_stream(venue: Venue, request: Request) -> dict:
    if not venue.listen_keys.close(request.params["listenKey"], request.account, request.now_ns):
        raise errors.unknown_listen_key()
    return {}
