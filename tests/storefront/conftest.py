"""The shop's tests have a marketplace to work on."""

from tests.storefront.world import world

__all__ = ["world"]
