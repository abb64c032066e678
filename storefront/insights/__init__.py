"""Figures for sellers: what is looked at, put into carts, bought and sent back."""

from storefront.insights.counters import carted, keep_counts, viewed
from storefront.insights.routes import HANDLERS
from storefront.work import Shop

__all__ = ["carted", "keepers", "routes", "viewed", "wire"]

routes = HANDLERS
keepers = [keep_counts]


def wire(shop: Shop) -> None:
    """This room moves no money."""
