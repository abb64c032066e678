"""The room of escrow: what moves out of it, how a move is settled, and the release that comes by itself."""

from collections.abc import Awaitable

from storefront.work import Shop

routes: list = []


def keep_releasing(shop: Shop) -> Awaitable[None]:
    """The keeper of auto release."""
    from storefront.escrow import release  # noqa: PLC0415 (it builds on the orders, which build on this room)

    return release.keep_releasing(shop)


keepers: list = [keep_releasing]


def wire(_shop: Shop) -> None:
    """The moves' outcomes are wired by the orders room, whose purposes they serve."""
