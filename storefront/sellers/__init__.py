"""The room of sellers."""

from storefront.work import Shop

routes: list = []
keepers: list = []


def wire(shop: Shop) -> None:
    """Nothing of this room is settled yet."""
