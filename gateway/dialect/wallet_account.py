"""The wallet's side of one caller (/sapi): balances with their values, wallets, what the API key may do, how the account stands.

Values are told in BTC or another asset by the index prices of margin (docs/MARGIN.md); where there are none, nothing is valued.
"""

from typing import Any

from engine.types import AccountStatus, KeyScope
from engine.units import format_units
from engine.views import AssetView
from gateway.dialect import errors, margin, parameters
from gateway.dialect.info import ZERO
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Request, Venue

ASSETS: Table = TIMING | {"asset": parameters.symbol, "needBtcValuation": parameters.boolean}
WALLETS: Table = TIMING | {"quoteAsset": parameters.symbol}
ASSET: Table = TIMING | {"asset": parameters.symbol}

# What there is nothing of here; clients page through it all the same.
NOTHING: Table = TIMING | {
    "asset": parameters.symbol,
    "accountType": parameters.text,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "current": parameters.integer,
    "size": parameters.integer,
    "limit": parameters.integer,
    "needBtcValuation": parameters.boolean,
}


def user_assets(venue: Venue, request: Request) -> list[dict]:
    """What the spot account has; one asset is told even where there is none of it."""
    params = request.params
    held = {asset: (available, locked) for asset, available, locked in venue.machine.balances(request.account)}
    valued = params.get("needBtcValuation", False)
    rows = []
    for asset in _assets(venue, params):
        available, locked = held.get(asset.asset, (0, 0))
        if available or locked or "asset" in params:
            rows.append(
                {
                    "asset": asset.name,
                    "free": format_units(available, asset.scale),
                    "locked": format_units(locked, asset.scale),
                    "freeze": ZERO,
                    "withdrawing": ZERO,
                    "ipoable": ZERO,
                    "btcValuation": _btc(venue, asset, available + locked) if valued else "0",
                }
            )
    return rows


def _assets(venue: Venue, params: dict[str, Any]) -> list[AssetView]:
    """All of them, or the one asked for. Raises DialectError."""
    if "asset" not in params:
        return venue.assets()
    found = [asset for asset in venue.assets() if asset.name == params["asset"]]
    if not found:
        raise errors.invalid("asset")
    return found


def _btc(venue: Venue, asset: AssetView, units: int) -> str:
    if asset.name == margin.BTC:
        return format_units(units, asset.scale)
    if venue.machine.margin_setup() is None:
        return ZERO
    return margin.btc_text(venue, margin.value_of(venue, asset.asset, units))


def wallets(venue: Venue, request: Request) -> list[dict]:
    """What the caller's accounts are worth: spot, cross margin and isolated margin, less what is owed. In BTC, or in `quoteAsset`."""
    margin.setup(venue)
    machine = venue.machine
    quote = next((asset for asset in margin.margin_assets(venue) if asset.name == request.params.get("quoteAsset", margin.BTC)), None)
    index = machine.index(quote.asset) if quote is not None else None
    if index is None or not index.price:
        raise errors.invalid("quoteAsset")
    spot = sum(margin.value_of(venue, asset, available + locked) for asset, available, locked in machine.balances(request.account))
    own = [machine.margin(account) for account in machine.margin_accounts(request.account)]
    worth = {"Spot": spot, "Cross Margin": 0, "Isolated Margin": 0}
    for view in own:
        level = machine.level(view.account)
        worth["Isolated Margin" if view.symbol else "Cross Margin"] += level.assets_value - level.debts_value
    opened = {"Spot": True, "Cross Margin": any(not view.symbol for view in own), "Isolated Margin": any(view.symbol for view in own)}

    def text(value: int) -> str:
        units = format_units(abs(value) * 10**index.price_scale // index.price, quote.scale)
        return f"-{units}" if value < 0 else units

    return [{"activate": opened[name], "balance": text(value), "walletName": name} for name, value in worth.items()]


def no_assets(_venue: Venue, _request: Request) -> list:
    """Of the funding wallet, which is not here."""
    return []


def no_rows(_venue: Venue, _request: Request) -> dict:
    return {"rows": [], "total": 0}


def no_dust(_venue: Venue, _request: Request) -> dict:
    return {"total": 0, "userAssetDribblets": []}


def asset_detail(venue: Venue, request: Request) -> dict:
    """Of every asset: it comes in and goes out through the operator alone."""
    closed = {"minWithdrawAmount": ZERO, "depositStatus": False, "withdrawFee": "0", "withdrawStatus": False}
    return {asset.name: closed for asset in _assets(venue, request.params)}


def key_permissions(venue: Venue, request: Request) -> dict:
    """What the API key of the request may do; of a signed-in session, what its owner may."""
    key = venue.machine.key(request.key) if request.key else None
    scopes = key.scopes if key is not None else KeyScope.READ | KeyScope.TRADE
    trades = bool(scopes & KeyScope.TRADE)
    has_margin = venue.machine.margin_setup() is not None
    return {
        "ipRestrict": False,
        "enableReading": bool(scopes & KeyScope.READ),
        "enableSpotAndMarginTrading": trades,
        "enableMargin": trades and has_margin,
        "permitsUniversalTransfer": trades and has_margin,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "enableFutures": False,
        "enableVanillaOptions": False,
        "enablePortfolioMarginTrading": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
    }


def account_status(venue: Venue, request: Request) -> dict:
    return {"data": "Normal" if _is_active(venue, request) else "Locked"}


def trading_status(venue: Venue, request: Request) -> dict:
    """No conduct of orders locks an account here; an operator does."""
    return {
        "data": {
            "isLocked": not _is_active(venue, request),
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 0, "IFER": 0, "UFR": 0},
            "updateTime": request.time(venue.machine.now_ns),
        }
    }


def account_info(venue: Venue, request: Request) -> dict:
    return {
        "vipLevel": margin.VIP_LEVEL,
        "isMarginEnabled": venue.machine.margin_account(request.account, 0) != 0 if venue.machine.margin_setup() is not None else False,
        "isFutureEnabled": False,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": False,
    }


def _is_active(venue: Venue, request: Request) -> bool:
    return venue.machine.account(request.account).status == AccountStatus.ACTIVE
