"""Margin accounts as the dialect shows them (/sapi/v1/margin): levels, what may be borrowed and taken out, what is lent on which terms.

A caller has at most one cross account, and one isolated account for each symbol; both are accounts of their own in the core, beside the
caller's spot account. They are opened when they are first needed. Values are told in the numeraire and, where the dialect wants it, in BTC.
Rules and numbers are the core's (docs/MARGIN.md); nothing here decides anything.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.commands import open_margin
from engine.types import LEVEL_MAX, PPM, RATE_ONE, AccountStatus, Code, MarginState
from engine.units import SHOWN_DECIMALS, format_ppm, format_units
from engine.views import AssetView, MarginAssetView, MarginSetup
from gateway.dialect import account as accounts
from gateway.dialect import errors, parameters
from gateway.dialect.info import ZERO, price_range
from gateway.dialect.margin_errors import refused_margin
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Ask, AskAll, Listing, Request, Submit, Venue
from gateway.listen_keys import TooManyListenKeys

BTC = "BTC"  # what the dialect sums accounts up in, where it is listed
HOURS_A_DAY, DAYS_A_YEAR = 24, 365
RATE_DECIMALS = 9  # of RATE_ONE
SIMULATED = "simulated"  # what a source of reference prices is called that is made up, and none other
VIP_LEVEL = 0  # there is one set of terms for all
TOKEN_VALID_MS = 24 * 3600 * 1000
ISOLATED_SYMBOLS_MAX, ASSETS_MAX = 5, 20  # in one request

assert RATE_ONE == 10**RATE_DECIMALS

_flag = parameters.one_of({"TRUE": True, "true": True, "True": True, "FALSE": False, "false": False, "False": False})


def flag(name: str, value: Any) -> bool:
    """TRUE or FALSE as texts, in the cases clients send; over JSON also as booleans."""
    return value if isinstance(value, bool) else _flag(name, value)


def _few(most: int) -> Callable[[str, Any], list[str]]:
    """Names, parted by commas."""

    def parse(name: str, value: Any) -> list[str]:
        names = [parameters.symbol(name, part) for part in parameters.text(name, value).split(",")]
        if len(names) > most:
            raise errors.too_many_values(name, most)
        return names

    return parse


few_symbols = _few(ISOLATED_SYMBOLS_MAX)
few_assets = _few(ASSETS_MAX)


PLAIN: Table = TIMING
SYMBOL: Table = TIMING | {"symbol": parameters.symbol}
ISOLATED: Table = TIMING | {"symbols": few_symbols}
ASSET: Table = TIMING | {"asset": parameters.symbol}
COIN: Table = TIMING | {"coin": parameters.symbol, "vipLevel": parameters.integer}
SYMBOL_TERMS: Table = TIMING | {"symbol": parameters.symbol, "vipLevel": parameters.integer}
SYMBOL_TIER: Table = TIMING | {"symbol": parameters.symbol, "tier": parameters.integer}
ASSET_OF_ACCOUNT: Table = TIMING | {"asset": parameters.symbol, "isolatedSymbol": parameters.symbol}
LISTEN_TOKEN: Table = TIMING | {"symbol": parameters.symbol, "isIsolated": flag, "validity": parameters.integer}
NEXT_RATES: Table = TIMING | {"assets": few_assets, "isIsolated": flag}
INVENTORY: Table = TIMING | {"type": parameters.one_of({"MARGIN": 0, "ISOLATED": 1})}


class MarginAsset(NamedTuple):
    """A margin asset, its name and its terms."""

    asset: int
    name: str
    scale: int
    view: MarginAssetView

    def text(self, units: int) -> str:
        return format_units(units, self.scale)


# ---------------------------------------------------------------- looking up


def setup(venue: Venue) -> MarginSetup:
    """Raises DialectError where this venue has no margin."""
    found = venue.machine.margin_setup()
    if found is None:
        raise errors.unsupported()
    return found


def margin_assets(venue: Venue) -> list[MarginAsset]:
    machine = venue.machine
    views = {asset.asset: asset for asset in machine.assets()}
    return [MarginAsset(view.asset, views[view.asset].name, views[view.asset].scale, view) for view in machine.margin_assets()]


def margin_asset(venue: Venue, name: str) -> MarginAsset:
    """Raises DialectError for what is no margin asset."""
    found = next((asset for asset in margin_assets(venue) if asset.name == name), None)
    if found is None:
        raise refused_margin(Code.MARGIN_ASSET)
    return found


def cross_assets(venue: Venue) -> list[MarginAsset]:
    """What a cross account takes: the numeraire and what has a market with it."""
    numeraire = setup(venue).numeraire
    return [asset for asset in margin_assets(venue) if asset.asset == numeraire or asset.view.symbol]


def margin_listing(venue: Venue, name: str) -> Listing:
    """Raises DialectError for a symbol that is not listed, or not for margin."""
    listing = venue.listing(name)
    if listing not in venue.margin_listings():
        raise refused_margin(Code.MARGIN_SYMBOL)
    return listing


def symbol_asked(venue: Venue, params: dict[str, Any], name: str = "symbol", *, isolated: bool | None = None) -> int:
    """Which account a request means: the symbol of an isolated one, 0 for the cross one. `isolated` None: by whether a symbol is sent."""
    if isolated is None:
        isolated = name in params
    if not isolated:
        return 0
    if name not in params:
        raise errors.missing(name)
    return margin_listing(venue, params[name]).symbol


def account_of(venue: Venue, owner: int, symbol: int) -> int:
    """The margin account. Raises DialectError where there is none yet."""
    found = venue.machine.margin_account(owner, symbol)
    if not found:
        raise errors.no_margin_account()
    return found


def with_account(venue: Venue, owner: int, symbol: int, then: Callable[[int], Any]) -> Any:
    """What `then(account)` answers; where the account is not there, it is opened first."""
    setup(venue)
    found = venue.machine.margin_account(owner, symbol)
    if found:
        return then(found)

    def render(outcomes: Sequence) -> Any:
        opened = outcomes[0]
        if opened.code not in (Code.OK, Code.ALREADY_EXISTS):
            raise refused_margin(opened.code)
        return then(int(opened.events.view("<i4")[8]))  # ADMIN_EVENT.account

    return Submit(open_margin(owner, symbol).tobytes(), render)


def told(answer: Any, tell: Callable[[Any], Any]) -> Any:
    """`answer` with its result passed through `tell`, now or once it is there."""
    if isinstance(answer, Submit | Ask | AskAll):
        return answer._replace(render=lambda result: told(answer.render(result), tell))
    return tell(answer)


# ---------------------------------------------------------------- values


def value_of(venue: Venue, asset: int, units: int) -> int:
    """What units of an asset are worth by its index, in the numeraire's units; 0 without a price."""
    index = venue.machine.index(asset)
    return units * index.price // 10**index.price_scale if index is not None else 0


def btc_text(venue: Venue, value: int) -> str:
    """A value in the numeraire's units as BTC; zero where BTC has no index."""
    for asset in margin_assets(venue):
        if asset.name == BTC:
            index = venue.machine.index(asset.asset)
            if index is None or not index.price:
                break
            units = abs(value) * 10**index.price_scale // index.price
            return format_units(-units if value < 0 else units, asset.scale)
    return ZERO


def level_text(level_ppm: int) -> str:
    """A margin level; 999 without debt."""
    return format_ppm(min(level_ppm, LEVEL_MAX))


def daily_text(hourly_rate: int) -> str:
    """A day's interest as a share of the principal."""
    return format_units(hourly_rate * HOURS_A_DAY, RATE_DECIMALS)


def leverage(borrow_ppm: int) -> int:
    """The most that an account may hold for one unit of its own, in whole units: its level then is the one at which borrowing ends."""
    return borrow_ppm // (borrow_ppm - PPM)


class Holdings(NamedTuple):
    """One asset of a margin account, in its units."""

    free: int
    locked: int
    principal: int
    interest: int

    @property
    def net(self) -> int:
        return self.free + self.locked - self.principal - self.interest


def holdings(venue: Venue, account: int) -> dict[int, Holdings]:
    """By asset; of account 0 nothing."""
    if not account:
        return {}
    machine = venue.machine
    found = {asset: Holdings(available, held, 0, 0) for asset, available, held in machine.balances(account)}
    for loan in machine.loans(account):
        has = found.get(loan.asset, _NOTHING)
        found[loan.asset] = has._replace(principal=loan.principal, interest=loan.interest)
    return found


_NOTHING = Holdings(0, 0, 0, 0)


# ---------------------------------------------------------------- accounts


def account(venue: Venue, request: Request) -> dict:
    """The caller's cross account. With where its level stands, and whether a simulated price decides it: our own fields."""
    machine, terms = venue.machine, setup(venue)
    margin = machine.margin_account(request.account, 0)
    held = holdings(venue, margin)
    level = machine.level(margin) if margin else None
    is_active = _is_active(venue, request.account, margin)
    has_room = level is None or level.collateral_level_ppm > terms.transfer_ppm
    numeraire = machine.asset(terms.numeraire)
    return {
        "created": bool(margin),
        "borrowEnabled": is_active,
        "marginLevel": level_text(level.level_ppm if level else LEVEL_MAX),
        "collateralMarginLevel": level_text(level.collateral_level_ppm if level else LEVEL_MAX),
        "totalAssetOfBtc": btc_text(venue, level.assets_value if level else 0),
        "totalLiabilityOfBtc": btc_text(venue, level.debts_value if level else 0),
        "totalNetAssetOfBtc": btc_text(venue, level.assets_value - level.debts_value if level else 0),
        "TotalCollateralValueInUSDT": format_units(level.collateral_value if level else 0, numeraire.scale),
        "totalOpenOrderLossInUSDT": ZERO,
        "tradeEnabled": is_active,
        "transferInEnabled": True,
        "transferOutEnabled": is_active and has_room,
        "accountType": "MARGIN_1",
        "marginLevelStatus": _standing(venue, margin, level.level_ppm if level else LEVEL_MAX),
        "simulated": is_simulated(venue, *(asset.asset for asset in cross_assets(venue))),
        "userAssets": [_user_asset(asset, held.get(asset.asset, _NOTHING)) for asset in cross_assets(venue)],
    }


def _is_active(venue: Venue, owner: int, margin: int) -> bool:
    """Whether the account may trade and borrow."""
    machine = venue.machine
    accounts = (owner, margin) if margin else (owner,)
    if any(machine.account(one).status != AccountStatus.ACTIVE for one in accounts):
        return False
    return not margin or machine.margin(margin).state != MarginState.LIQUIDATING


def _user_asset(asset: MarginAsset, has: Holdings) -> dict:
    return {
        "asset": asset.name,
        "borrowed": asset.text(has.principal),
        "free": asset.text(has.free),
        "interest": asset.text(has.interest),
        "locked": asset.text(has.locked),
        "netAsset": asset.text(has.net),
    }


def isolated_account(venue: Venue, request: Request) -> dict:
    """The caller's isolated accounts; with `symbols`, of these symbols whether they are there or not."""
    setup(venue)
    if "symbols" in request.params:
        listings = [margin_listing(venue, name) for name in request.params["symbols"]]
        return {"assets": [_isolated(venue, request.account, listing) for listing in listings]}
    machine = venue.machine
    views = [machine.margin(margin) for margin in machine.margin_accounts(request.account)]
    listings = [venue.listing_of(view.symbol) for view in views if view.symbol]
    levels = [machine.level(view.account) for view in views if view.symbol]
    assets_value, debts_value = (sum(getattr(level, name) for level in levels) for name in ("assets_value", "debts_value"))
    return {
        "assets": [_isolated(venue, request.account, listing) for listing in listings],
        "totalAssetOfBtc": btc_text(venue, assets_value),
        "totalLiabilityOfBtc": btc_text(venue, debts_value),
        "totalNetAssetOfBtc": btc_text(venue, assets_value - debts_value),
    }


def _isolated(venue: Venue, owner: int, listing: Listing) -> dict:
    machine, terms = venue.machine, setup(venue)
    margin = machine.margin_account(owner, listing.symbol)
    held = holdings(venue, margin)
    level = machine.level(margin) if margin else None
    level_ppm = level.level_ppm if level else LEVEL_MAX
    is_active = _is_active(venue, owner, margin)
    assets = {asset.asset: asset for asset in margin_assets(venue)}
    liquidation_ticks = machine.liquidation_price(margin) if margin else 0
    return {
        **{
            name: _isolated_asset(venue, assets[view.asset], held.get(view.asset, _NOTHING), is_active)
            for name, view in (("baseAsset", listing.base), ("quoteAsset", listing.quote))
        },
        "symbol": listing.name,
        "isolatedCreated": bool(margin),
        "enabled": bool(margin),
        "marginLevel": level_text(level_ppm),
        "marginLevelStatus": _standing(venue, margin, level_ppm),
        "marginRatio": format_units(leverage(terms.borrow_ppm), 0),
        "indexPrice": index_text(venue, listing),
        "simulated": is_simulated(venue, listing.view.base, listing.view.quote),
        "liquidatePrice": listing.units.ticks_to_price(liquidation_ticks),
        "liquidateRate": format_ppm(terms.liquidation_ppm),
        "tradeEnabled": is_active,
    }


def _standing(venue: Venue, margin: int, level_ppm: int) -> str:
    state = venue.machine.margin(margin).state if margin else MarginState.NORMAL
    return level_status(setup(venue), state, level_ppm)


def level_status(terms: MarginSetup, state: int, level_ppm: int) -> str:
    """The dialect's name for where an account stands."""
    if state == MarginState.LIQUIDATING:
        return "FORCE_LIQUIDATION"
    if level_ppm <= terms.liquidation_ppm:
        return "PRE_LIQUIDATION"
    if level_ppm <= terms.call_ppm:
        return "MARGIN_CALL"
    return "EXCESSIVE" if level_ppm > terms.transfer_ppm else "NORMAL"


def _isolated_asset(venue: Venue, asset: MarginAsset, has: Holdings, is_active: bool) -> dict:
    net_value = value_of(venue, asset.asset, abs(has.net))
    return {
        **_user_asset(asset, has),
        "borrowEnabled": is_active and asset.view.borrowable,
        "netAssetOfBtc": btc_text(venue, -net_value if has.net < 0 else net_value),
        "repayEnabled": True,
        "totalAsset": asset.text(has.free + has.locked),
    }


def enable_isolated(venue: Venue, request: Request) -> Any:
    listing = margin_listing(venue, request.params["symbol"])
    return with_account(venue, request.account, listing.symbol, lambda _: {"success": True, "symbol": listing.name})


def account_limit(venue: Venue, request: Request) -> dict:
    """As many isolated accounts as there are symbols."""
    machine = venue.machine
    own = [machine.margin(margin) for margin in machine.margin_accounts(request.account)]
    return {"enabledAccount": sum(bool(view.symbol) for view in own), "maxAccount": len(venue.margin_listings())}


def max_borrowable(venue: Venue, request: Request) -> dict:
    asset = margin_asset(venue, request.params["asset"])
    symbol = symbol_asked(venue, request.params, "isolatedSymbol")
    margin = account_of(venue, request.account, symbol)
    amount = venue.machine.max_borrowable(margin, asset.asset)
    return {"amount": asset.text(amount), "borrowLimit": asset.text(asset.view.borrow_limit)}


def max_transferable(venue: Venue, request: Request) -> dict:
    asset = margin_asset(venue, request.params["asset"])
    symbol = symbol_asked(venue, request.params, "isolatedSymbol")
    margin = account_of(venue, request.account, symbol)
    return {"amount": asset.text(venue.machine.max_transferable(margin, asset.asset))}


def discount(venue: Venue, request: Request) -> dict:
    """Whether the caller pays fees in the discount asset; interest is always owed in what was borrowed."""
    return {"spotBNBBurn": venue.machine.fee_account(request.account).discount, "interestBNBBurn": False}


# ---------------------------------------------------------------- streams


def listen_token(venue: Venue, request: Request) -> Any:
    """A token by which `userDataStream.subscribe.listenToken` opens a margin account's events; for a day, or as long as is asked for."""
    params = request.params
    validity_ms = params.get("validity", TOKEN_VALID_MS)
    if not 0 < validity_ms <= TOKEN_VALID_MS:
        raise errors.invalid("validity")

    def token(margin: int) -> dict:
        name = _listen_key(venue, request, margin, validity_ms * 10**6)
        return {"token": name, "expirationTime": request.time(request.now_ns + validity_ms * 10**6)}

    return with_account(venue, request.account, symbol_asked(venue, params, isolated=params.get("isIsolated", False)), token)


def _listen_key(venue: Venue, request: Request, margin: int, *valid_ns: int) -> str:
    try:
        return venue.listen_keys.create(margin, request.key, request.now_ns, *valid_ns)
    except TooManyListenKeys:
        raise errors.too_busy() from None


def start_stream(venue: Venue, request: Request) -> Any:
    """A listen key of a margin account; retired in the dialect like that of the spot account, and as much in use."""
    symbol = symbol_asked(venue, request.params)
    return with_account(venue, request.account, symbol, lambda margin: {"listenKey": _listen_key(venue, request, margin)})


def keep_stream(venue: Venue, request: Request) -> dict:
    margin = account_of(venue, request.account, symbol_asked(venue, request.params))
    return accounts.keep_stream(venue, request._replace(account=margin))


def close_stream(venue: Venue, request: Request) -> dict:
    margin = account_of(venue, request.account, symbol_asked(venue, request.params))
    return accounts.close_stream(venue, request._replace(account=margin))


# ---------------------------------------------------------------- what there is


def cross_pairs(venue: Venue, request: Request) -> list[dict]:
    return _pairs(venue, request, cross=True)


def isolated_pairs(venue: Venue, request: Request) -> list[dict]:
    return _pairs(venue, request, cross=False)


def _pairs(venue: Venue, request: Request, *, cross: bool) -> list[dict]:
    listings = venue.margin_listings(cross=cross)
    if "symbol" in request.params:
        wanted = venue.listing(request.params["symbol"])
        listings = [listing for listing in listings if listing is wanted]
    return [
        {
            "id": listing.symbol,
            "symbol": listing.name,
            "base": listing.base.name,
            "quote": listing.quote.name,
            "isMarginTrade": True,
            "isBuyAllowed": True,
            "isSellAllowed": True,
        }
        for listing in listings
    ]


def assets(venue: Venue, request: Request) -> list[dict]:
    wanted = request.params.get("asset")
    return [
        {
            "assetFullName": asset.name,
            "assetName": asset.name,
            "isBorrowable": asset.view.borrowable,
            "isMortgageable": bool(venue.machine.collateral_tiers(asset.asset)),
            "userMinBorrow": ZERO,
            "userMinRepay": ZERO,
        }
        for asset in margin_assets(venue)
        if wanted in (None, asset.name)
    ]


def index_text(venue: Venue, listing: Listing) -> str:
    """The index of the base in the quote asset, from their prices in the numeraire; zero where one has none."""
    base, quote = venue.machine.index(listing.view.base), venue.machine.index(listing.view.quote)
    if base is None or quote is None or not base.price or not quote.price:
        return ZERO
    # base units are worth price_b / 10^scale_b numeraire units each; one whole base asset is 10^base.scale of them.
    shown = base.price * 10 ** (quote.price_scale + listing.base.scale + SHOWN_DECIMALS)
    return format_units(shown // (quote.price * 10 ** (base.price_scale + listing.quote.scale)), SHOWN_DECIMALS)


def is_simulated(venue: Venue, *assets: int) -> bool:
    """Whether a source of an asset's index is made up. It counts while it is old too: a frozen index stays where its sources left it."""
    indexes = filter(None, map(venue.machine.index, assets))
    return any(venue.source_names.get(source.source) == SIMULATED for index in indexes for source in index.sources)


def price_index(venue: Venue, request: Request) -> dict:
    """With three fields of the project's own: whether the index stands still, the sources behind it, and whether one of them is made up."""
    listing = margin_listing(venue, request.params["symbol"])
    machine = venue.machine
    indexes = [machine.index(asset.asset) for asset in (listing.base, listing.quote)]
    if not all(index.price for index in indexes):
        raise refused_margin(Code.INDEX_FROZEN)
    numeraire = machine.asset(setup(venue).numeraire)
    return {
        "calcTime": request.time(machine.now_ns),
        "price": index_text(venue, listing),
        "symbol": listing.name,
        "frozen": any(index.frozen for index in indexes),
        "simulated": is_simulated(venue, *(asset.asset for asset in (listing.base, listing.quote))),
        "sources": [
            source
            for asset, index in zip((listing.base, listing.quote), indexes, strict=True)
            for source in _sources(venue, request, asset, index, numeraire)
        ],
    }


def _sources(venue: Venue, request: Request, asset: AssetView, index: Any, numeraire: AssetView) -> list[dict]:
    return [
        {
            "asset": asset.name,
            "number": source.source,
            "name": venue.source_names.get(source.source, f"source {source.source}"),
            "price": format_units(source.price * 10**asset.scale // 10**index.price_scale, numeraire.scale),
            "time": request.time(source.time_ns),
            "fresh": source.fresh,
        }
        for source in index.sources
    ]


def cross_terms(venue: Venue, request: Request) -> list[dict]:
    wanted = request.params.get("coin")
    return [
        {
            "vipLevel": VIP_LEVEL,
            "coin": asset.name,
            "transferIn": True,
            "borrowable": asset.view.borrowable,
            "dailyInterest": daily_text(venue.machine.pool(asset.asset).rate),
            "yearlyInterest": format_units(venue.machine.pool(asset.asset).rate * HOURS_A_DAY * DAYS_A_YEAR, RATE_DECIMALS),
            "borrowLimit": asset.text(asset.view.borrow_limit),
            "marginablePairs": [
                listing.name for listing in venue.margin_listings(cross=True) if asset.asset in (listing.view.base, listing.view.quote)
            ],
        }
        for asset in cross_assets(venue)
        if wanted in (None, asset.name)
    ]


def isolated_terms(venue: Venue, request: Request) -> list[dict]:
    terms = setup(venue)
    by_id = {asset.asset: asset for asset in margin_assets(venue)}
    return [
        {
            "vipLevel": VIP_LEVEL,
            "symbol": listing.name,
            "leverage": str(leverage(terms.borrow_ppm)),
            "data": [
                {
                    "coin": asset.name,
                    "dailyInterest": daily_text(venue.machine.pool(asset.asset).rate),
                    "borrowLimit": asset.text(asset.view.borrow_limit),
                }
                for asset in (by_id[listing.view.base], by_id[listing.view.quote])
            ],
        }
        for listing in _listings_asked(venue, request)
    ]


def _listings_asked(venue: Venue, request: Request) -> list[Listing]:
    if "symbol" in request.params:
        return [margin_listing(venue, request.params["symbol"])]
    return venue.margin_listings()


def isolated_tiers(venue: Venue, request: Request) -> list[dict]:
    """There is one tier."""
    terms = setup(venue)
    listing = margin_listing(venue, request.params["symbol"])
    by_id = {asset.asset: asset for asset in margin_assets(venue)}
    base, quote = by_id[listing.view.base], by_id[listing.view.quote]
    if request.params.get("tier", 1) != 1:
        return []
    return [
        {
            "symbol": listing.name,
            "tier": 1,
            "effectiveMultiple": str(leverage(terms.borrow_ppm)),
            "initialRiskRatio": format_ppm(terms.borrow_ppm),
            "liquidationRiskRatio": format_ppm(terms.liquidation_ppm),
            "baseAssetMaxBorrowable": base.text(base.view.borrow_limit),
            "quoteAssetMaxBorrowable": quote.text(quote.view.borrow_limit),
        }
    ]


def collateral_ratios(venue: Venue, _request: Request) -> list[dict]:
    """Assets with the same tiers together. Beyond the last tier nothing counts."""
    numeraire = venue.machine.asset(setup(venue).numeraire)
    groups: dict[tuple, list[str]] = {}
    for asset in margin_assets(venue):
        groups.setdefault(tuple(venue.machine.collateral_tiers(asset.asset)), []).append(asset.name)
    return [{"collaterals": _collaterals(tiers, numeraire), "assetNames": names} for tiers, names in groups.items()]


def _collaterals(tiers: Sequence[tuple[int, int]], numeraire: AssetView) -> list[dict]:
    rows, below = [], 0
    for limit, ratio_ppm in tiers:
        rows.append(
            {
                "minUsdValue": format_units(below, numeraire.scale),
                "maxUsdValue": format_units(limit, numeraire.scale),
                "discountRate": format_ppm(ratio_ppm),
            }
        )
        below = limit
    return [*rows, {"minUsdValue": format_units(below, numeraire.scale), "discountRate": ZERO}]


def thresholds(venue: Venue, _request: Request) -> dict:
    """The levels at which borrowing ends, the owner is called, and liquidation begins."""
    terms = setup(venue)
    return {
        "normalBar": format_ppm(terms.borrow_ppm),
        "marginCallBar": format_ppm(terms.call_ppm),
        "forceLiquidationBar": format_ppm(terms.liquidation_ppm),
    }


def leverage_bracket(venue: Venue, _request: Request) -> list[dict]:
    """One bracket: how far an asset can be borrowed does not depend on how much of it is."""
    terms = setup(venue)
    return [
        {
            "assetNames": [asset.name for asset in cross_assets(venue) if asset.view.borrowable],
            "rank": 1,
            "brackets": [
                {
                    "leverage": leverage(terms.borrow_ppm),
                    "maxDebt": None,
                    "maintenanceMarginRate": (terms.liquidation_ppm - PPM) / PPM,  # numbers, as in the dialect
                    "initialMarginRate": (terms.borrow_ppm - PPM) / PPM,
                    "fastNum": 0,
                }
            ],
        }
    ]


def liquidation_fees(venue: Venue, _request: Request) -> list[dict]:
    """What a liquidation takes of what it sells, the same of every asset."""
    fee_ppm = setup(venue).fee_ppm
    return [{"asset": asset.name, "riskBasedLiquidationRatio": format_ppm(fee_ppm)} for asset in margin_assets(venue)]


def priced_pairs(venue: Venue, _request: Request) -> dict:
    """The pairs on which trades are bound to a range of prices."""
    return {"crossMarginSymbols": [listing.name for listing in venue.margin_listings(cross=True) if price_range(venue, listing)]}


def restricted_assets(_venue: Venue, _request: Request) -> dict:
    """No asset is: what is lent has its limit, and what counts as collateral its tiers."""
    return {"openLongRestrictedAsset": [], "maxCollateralExceededAsset": []}


def next_rates(venue: Venue, request: Request) -> list[dict]:
    """What the coming hour will cost as the pools stand now: a rate holds for a whole clock hour, by the use of the pool at its start."""
    names = request.params["assets"]
    return [
        {"asset": asset.name, "nextHourlyInterestRate": format_units(next_rate(asset, venue.machine.pool(asset.asset)), RATE_DECIMALS)}
        for asset in (margin_asset(venue, name) for name in names)
    ]


def next_rate(asset: MarginAsset, pool: Any) -> int:
    """The hourly rate by the present use of the pool (docs/MARGIN.md section 2)."""
    terms = asset.view
    used = min(pool.borrowed * PPM // pool.lent, PPM) if pool.lent else 0
    if used <= terms.optimal_ppm:
        return terms.base_rate + terms.slope1_rate * used // terms.optimal_ppm
    return terms.base_rate + terms.slope1_rate + terms.slope2_rate * (used - terms.optimal_ppm) // (PPM - terms.optimal_ppm)


def inventory(venue: Venue, request: Request) -> dict:
    """What the pools have free; cross and isolated accounts borrow from the same."""
    return {
        "assets": {asset.name: asset.text(venue.machine.pool(asset.asset).free) for asset in margin_assets(venue) if asset.view.borrowable},
        "updateTime": request.time(venue.machine.now_ns),
    }
