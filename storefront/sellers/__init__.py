"""Sellers: applying and being approved, the profile, shipping, vouchers."""

from storefront.sellers.profile import SellerRow, seller_of
from storefront.sellers.routes import HANDLERS
from storefront.work import Shop

__all__ = ["SellerRow", "keepers", "routes", "seller_of", "wire"]

routes = HANDLERS
keepers: list = []


def wire(shop: Shop) -> None:
    """This room moves no money."""
