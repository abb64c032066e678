"""The room of the checkout: from a cart to orders that are paid into escrow, at a price that was agreed to.

    pricing      what it costs, sans I/O          opening      cart -> reserved, priced, quoted
    quote        paths over the markets           confirming   orders and payment, in one transaction
    vouchers     uses, claimed and given back     outcome      paid or refused
    receipt      what it came to                  keeper       what ends by itself
"""

from functools import partial

from storefront.checkout.keeper import keep_checkouts
from storefront.checkout.outcome import PURPOSE, apply_outcomes
from storefront.checkout.receipt import Receipt, receipt_of
from storefront.checkout.routes import ROUTES
from storefront.work import Shop

__all__ = ["Receipt", "keepers", "receipt_of", "routes", "wire"]
routes: list = ROUTES
keepers: list = [keep_checkouts]


def wire(shop: Shop) -> None:
    shop.settlements.on_many(PURPOSE, partial(apply_outcomes, shop))
