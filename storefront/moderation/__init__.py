"""Moderation: who may sell and on which terms, the catalog's frame, taxes, the platform's figures, blocking, and the trail."""

from storefront.moderation.routes import HANDLERS
from storefront.work import Shop

routes = HANDLERS
keepers: list = []


def wire(shop: Shop) -> None:
    """This room moves no money."""
