"""The room of orders: three axes of state, what each party may ask for, and the audit trail.

What the room offers to the app is looked up when it is asked for, so that importing its tables or its trail, as other rooms do, does not
import the rooms that its handlers build on.
"""

from storefront.work import Shop

keepers: list = []


def __getattr__(name: str) -> list:
    if name != "routes":
        raise AttributeError(name)
    from storefront.moderation import disputes, settlements  # noqa: PLC0415
    from storefront.orders.handlers import ROUTES  # noqa: PLC0415

    return [*ROUTES, *disputes.ROUTES, *settlements.ROUTES]


def wire(shop: Shop) -> None:
    """Every move of escrow ends in this room's outcomes."""
    from storefront.escrow.settling import on  # noqa: PLC0415
    from storefront.orders.outcomes import PURPOSES  # noqa: PLC0415

    for purpose in PURPOSES:
        on(shop.settlements, purpose)
