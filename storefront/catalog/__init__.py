"""The room of the catalog: what is for sale, how it is found, what those who bought it say of it, and the sellers' own view of it.

It owns products, variants, images, reviews and wishes. Stock counts are moved by storefront/stock.py, except that sellers set what is
on hand here. No money is moved here.
"""

from storefront.catalog.cards import ImageRef, ProductCard, cards, first_images, images_of
from storefront.catalog.routes import handlers
from storefront.catalog.words import refresh, refresh_category, refresh_seller
from storefront.work import Shop

__all__ = [
    "ImageRef", "ProductCard", "cards", "first_images", "images_of", "keepers", "refresh", "refresh_category", "refresh_seller", "routes",
    "wire",
]  # fmt: skip

routes: list = handlers
keepers: list = []


def wire(shop: Shop) -> None:
    """This room settles nothing."""
