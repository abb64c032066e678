"""The room of the cart: what a guest or a user means to buy, with the prices they saw."""

from storefront.cart.routes import ROUTES
from storefront.work import Shop

__all__ = ["keepers", "routes", "wire"]
routes: list = ROUTES
keepers: list = []


def wire(shop: Shop) -> None:
    """A cart moves no money."""
