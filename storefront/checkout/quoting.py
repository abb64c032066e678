"""A quote: what of a checkout is paid from store credit, what with the chosen asset and for how much at most, and until when.

Store credit pays in the asset that is owed, before anything is converted. What a quote was read from is kept with it.
"""

import datetime
import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from storefront.checkout.quote import Leg, Plan, plan, rate_source
from storefront.errors import ShopError
from storefront.moderation.settings import ShopSettings, settings
from storefront.payments.credit import credit_account
from storefront.work import Shop

_REQUOTE = """
UPDATE shop_checkouts SET state = 'open', failure = $9, settlement_id = NULL, pay_asset = $2, most = $3, credit = $4, legs = $5,
                          rate_source = $6, use_credit = $7, expires_at = $8 WHERE checkout_id = $1"""


class Quote(NamedTuple):
    plan: Plan
    credit: dict[int, int]  # asset -> units taken from store credit
    use_credit: bool
    source: dict[str, Any]
    expires_at: datetime.datetime

    def columns(self, reserved_until: datetime.datetime) -> tuple:
        """pay_asset, most, credit, legs, rate_source, use_credit, expires_at; no quote outlives the reservation."""
        return (
            self.plan.asset, self.plan.most, json.dumps(self.credit), json.dumps(self.plan.legs), json.dumps(self.source),
            self.use_credit, min(self.expires_at, reserved_until),
        )  # fmt: skip


def legs_of(row: asyncpg.Record) -> list[Leg]:
    """The legs that a checkout's row keeps."""
    return [Leg(*leg) for leg in json.loads(row["legs"])]


def credit_of(row: asyncpg.Record) -> dict[int, int]:
    return {int(asset): units for asset, units in json.loads(row["credit"]).items()}


def after_credit(totals: Mapping[int, int], credit: Mapping[int, int]) -> dict[int, int]:
    """What is still due, by asset; assets that credit pays wholly are left out."""
    left = {asset: units - credit.get(asset, 0) for asset, units in totals.items()}
    return {asset: units for asset, units in left.items() if units}


async def make_quote(shop: Shop, db: asyncpg.Connection, user_id: int, account: int, totals: Mapping[int, int], pay_asset: int,
                     use_credit: bool, rules: ShopSettings, now: datetime.datetime) -> Quote:  # fmt: skip
    """Raises why the asset cannot pay (NO_LIQUIDITY, TOO_SMALL, MARKET_CLOSED, ACCOUNT_FROZEN …)."""
    machine = shop.exchange.machine
    credit = {}
    if use_credit and (source := await credit_account(db, user_id)) is not None:
        taken = {asset: min(units, machine.balance(source, asset)[0]) for asset, units in totals.items()}
        credit = {asset: units for asset, units in taken.items() if units}
    made = plan(machine, account, after_credit(totals, credit), pay_asset, rules.slippage_ppm)
    if made.refusal is not None:
        raise ShopError(made.refusal)
    expires_at = now + datetime.timedelta(seconds=rules.quote_seconds)
    return Quote(made, credit, use_credit, rate_source(machine, made.legs), expires_at)


async def requote(shop: Shop, db: asyncpg.Connection, checkout_id: uuid.UUID, account: int, row: asyncpg.Record, totals: Mapping[int, int],
                  pay_asset: int, use_credit: bool, now: datetime.datetime, failure: str = "") -> None:  # fmt: skip
    """A new quote for a checkout whose row the caller has locked; it is open afterwards. Raises as `make_quote`."""
    rules = await settings(db)
    quote = await make_quote(shop, db, row["user_id"], account, totals, pay_asset, use_credit, rules, now)
    await db.execute(_REQUOTE, checkout_id, *quote.columns(row["reserved_until"]), failure)
