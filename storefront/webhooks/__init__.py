"""Webhooks: sellers' endpoints are told of what happens to their orders, signed, in order, and again where that failed."""

from storefront.webhooks.delivery import keep_delivering, keep_fanning_out, keep_purging
from storefront.webhooks.routes import HANDLERS
from storefront.work import Shop

routes = HANDLERS
keepers = [keep_fanning_out, keep_delivering, keep_purging]


def wire(shop: Shop) -> None:
    """This room moves no money."""
