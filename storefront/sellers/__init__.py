"""Sellers: applying and being approved, the profile, shipping, vouchers."""

from storefront.sellers import routes as _routes
from storefront.sellers.profile import SellerRow, seller_of
from storefront.work import Shop

__all__ = ["SellerRow", "keepers", "routes", "seller_of", "wire"]

routes = [
    _routes.own_seller, _routes.apply, _routes.change_seller, _routes.list_zones, _routes.add_zone, _routes.change_zone,
    _routes.remove_zone, _routes.add_method, _routes.change_method, _routes.remove_method, _routes.list_vouchers, _routes.add_voucher,
    _routes.change_voucher,
]  # fmt: skip
keepers: list = []


def wire(shop: Shop) -> None:
    """This room moves no money."""
