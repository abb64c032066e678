"""What it takes to set up margin: from the figures people speak of to the integers of SET_MARGIN, SET_MARGIN_ASSET, SET_COLLATERAL,
SET_TIER and SET_DISCOUNT (docs/MARGIN.md section 7). Exact like cryptoshop/listing.py, and as little acquainted with a venue.

Levels are ratios of what an account has to what it owes; interest is per cent of the principal a day, as people compare it, and kept by
the hour.
"""

import re
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cryptoshop.listing import ListingError, percent_to_ppm
from engine.commands import admin
from engine.types import AMOUNT_MAX, COLLATERAL_TIERS, FEE_TIERS, PPM, RATE_MAX, RATE_ONE, VALUE_MAX, Kind
from engine.units import NUMBER_PATTERN, UnitsError, parse_units
from engine.views import AssetView, MarginAssetView

HOURS_A_DAY = 24
SECOND_NS = 10**9


class Terms(NamedTuple):
    """Of all margin accounts, as texts. Levels, then per cent, then amounts of the numeraire and seconds."""

    transfer: str = "2"  # above it money may be taken out
    borrow: str = "1.5"  # down to it more may be borrowed
    call: str = "1.3"  # at it the owner is told
    liquidation: str = "1.1"  # at it the account is liquidated
    fee: str = "0.5"  # of what a liquidation brings, to the insurance
    slippage: str = "5"  # from the index, of a liquidation's orders
    slice: str = "25"  # of the debt, in one round …
    slice_min: str = "10000"  # … but small debts at once
    deviation: str = "5"  # of a source from the others, before it is left out
    grace: str = "60"  # no liquidation so soon after a halt
    staleness: str = "60"  # after which a source's price is old


class Loans(NamedTuple):
    """On which terms an asset is lent, as texts: per cent a day, per cent of the pool, an amount of the asset."""

    base: str = "0.02"
    slope1: str = "0.03"  # added until `optimal` of the pool is lent
    slope2: str = "0.5"  # added from there to all of it
    optimal: str = "80"
    reserve: str = "10"  # of the interest, to the insurance
    limit: str = ""  # of one account; empty: as much as there is


def terms_command(numeraire: AssetView, terms: Terms) -> np.ndarray:
    """SET_MARGIN. Raises ListingError."""
    levels = {name: level_to_ppm(getattr(terms, name)) for name in ("transfer", "borrow", "call", "liquidation")}
    if not PPM < levels["liquidation"] <= levels["call"] <= levels["borrow"] <= levels["transfer"]:
        raise ListingError("levels must fall from transfer over borrow and call to liquidation, which is above 1")
    shares = {name: percent_to_ppm(getattr(terms, name)) for name in ("fee", "slippage", "slice", "deviation")}
    if levels["liquidation"] * (PPM - shares["slippage"]) <= PPM * PPM:  # docs/MARGIN.md section 1, fair prices
        raise ListingError("liquidation less slippage must stay above 1, or trading at the worst fair price leaves less than is owed")
    return admin(
        Kind.SET_MARGIN, asset=numeraire.asset, **{f"{name}_ppm": value for name, value in (levels | shares).items()},
        slice_min=_units(terms.slice_min, numeraire), grace_ns=_seconds(terms.grace), staleness_ns=_seconds(terms.staleness),
    )  # fmt: skip


def asset_command(asset: AssetView, loans: Loans, *, market: int = 0, price_decimals: int | None = None, borrowable: bool = True,
                  present: MarginAssetView | None = None) -> np.ndarray:  # fmt: skip
    """SET_MARGIN_ASSET. `market`: its symbol with the numeraire; `price_decimals`: prices are those of 10**it units (default: of a whole
    asset; it stays as it was once `present`). Raises ListingError."""
    scale = present.price_scale if present is not None else asset.scale if price_decimals is None else price_decimals
    if present is not None and price_decimals not in (None, scale):
        raise ListingError(f"the prices of {asset.name} are those of 10^{scale} units, and cannot be others")
    return admin(
        Kind.SET_MARGIN_ASSET, asset=asset.asset, symbol=market, scale=scale, status=int(borrowable),
        base_rate=rate_to_hourly(loans.base), slope1_rate=rate_to_hourly(loans.slope1), slope2_rate=rate_to_hourly(loans.slope2),
        optimal_ppm=percent_to_ppm(loans.optimal), reserve_ppm=percent_to_ppm(loans.reserve),
        borrow_limit=_units(loans.limit, asset) if loans.limit else AMOUNT_MAX,
    )  # fmt: skip


def numeraire_command(numeraire: AssetView, loans: Loans, *, borrowable: bool = True) -> np.ndarray:
    """SET_MARGIN_ASSET of the numeraire: it has no price and no market. Raises ListingError."""
    return asset_command(numeraire, loans, price_decimals=0, borrowable=borrowable)


def collateral_commands(asset: AssetView, numeraire: AssetView, text: str) -> list[np.ndarray]:
    """SET_COLLATERAL for tiers like "100000:100,500000:80": up to so much of its value counts for so many per cent; "all:90" has no end.

    What is beyond the last tier does not count. Raises ListingError.
    """
    tiers = [part.strip() for part in text.split(",") if part.strip()]
    if len(tiers) > COLLATERAL_TIERS:
        raise ListingError(f"an asset has at most {COLLATERAL_TIERS} tiers of collateral")
    commands, before = [admin(Kind.SET_COLLATERAL, asset=asset.asset, tier=0, value=0)], 0
    for tier, part in enumerate(tiers):
        limit, has_ratio, ratio = part.partition(":")
        if not has_ratio:
            raise ListingError(f"'{part}' is not a tier of collateral: it looks like 100000:90, or all:90")
        value = VALUE_MAX if limit == "all" else min(_units(limit, numeraire), VALUE_MAX)
        if value <= before:
            raise ListingError(f"the limits of tiers must rise: {limit}")
        commands.append(admin(Kind.SET_COLLATERAL, asset=asset.asset, tier=tier, value=value, ratio_ppm=percent_to_ppm(ratio)))
        before = value
    return commands


def tier_commands(numeraire: AssetView, text: str) -> list[np.ndarray]:
    """SET_TIER for "1:100000,2:1000000": from so much volume in 30 days on an account pays the fees of that tier. Raises ListingError."""
    volumes = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        tier, has_volume, volume = part.partition(":")
        if not has_volume or not re.fullmatch("[0-9]{1,2}", tier) or not 1 <= int(tier) < FEE_TIERS:
            raise ListingError(f"'{part}' is not a fee tier by volume: it looks like 1:100000, with a tier from 1 to {FEE_TIERS - 1}")
        volumes[int(tier)] = _units(volume, numeraire)
    return [admin(Kind.SET_TIER, tier=tier, value=volumes.get(tier, 0)) for tier in range(1, FEE_TIERS)]


def discount_command(asset: AssetView | None, percent: str) -> np.ndarray:
    """SET_DISCOUNT: fees paid in this asset are so much less; None: in none. Raises ListingError."""
    return admin(Kind.SET_DISCOUNT, asset=asset.asset if asset else 0, value=percent_to_ppm(percent) if asset else 0)


def level_to_ppm(text: str) -> int:
    """ "1.5" -> 1,500,000. Raises ListingError."""
    try:
        return parse_units(text, 6)
    except UnitsError as error:
        raise ListingError(f"'{text}' is not a level, like 1.5 (at most 6 decimals): {error}") from None


def rate_to_hourly(text: str) -> int:
    """ "0.024" or "0.024%", a day -> its 24th part in RATE_ONE-ths, to the nearest. Raises ListingError."""
    number = text.removesuffix("%")
    if not re.fullmatch(NUMBER_PATTERN, number, re.ASCII):
        raise ListingError(f"'{text}' is not a rate in per cent a day, like 0.02")
    hourly = round(Fraction(number) * RATE_ONE / 100 / HOURS_A_DAY)
    if hourly > RATE_MAX:
        raise ListingError(f"'{text}' a day is more than any rate can be")
    return hourly


def _units(text: str, asset: AssetView) -> int:
    try:
        return parse_units(text, asset.scale)
    except UnitsError as error:
        raise ListingError(f"{text} {asset.name}: {error}") from None


def _seconds(text: str) -> int:
    try:
        return parse_units(text, 9)
    except UnitsError as error:
        raise ListingError(f"'{text}' is not a number of seconds: {error}") from None
