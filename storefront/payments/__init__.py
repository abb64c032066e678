"""Money that is not an order's: store credit, gift cards, what sellers are paid out, and why something is held.

Every balance here is the ledger's own; the room's tables say only what was asked for and which settlement carries it out.
"""

from storefront.payments import gift_cards, payouts
from storefront.payments.routes import routes
from storefront.work import Shop

__all__ = ["keepers", "routes", "wire"]

keepers: list = []


def wire(shop: Shop) -> None:
    gift_cards.wire(shop.settlements)
    payouts.wire(shop)
