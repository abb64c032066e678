"""What a cart costs: orders, one for each seller and asset, from lines, a voucher, taxes and shipping. Integers only, and no database.

    total = items_total - discount + shipping + tax          of an order, and without shipping of each line
    Σ lines = order, for items, discount, tax and total      nothing is lost in a split

Roundings: a percent voucher's discount is floored, once for each order; a split of a discount goes by largest remainder, so that it
sums exactly; a line's tax, or what is contained of it, is rounded half up. Shipping bears no tax. A discount never exceeds what it is
taken from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.types import PPM


class Item(NamedTuple):
    """A line before anything is taken off or added."""

    unit_price: int
    quantity: int
    tax_class: str

    @property
    def items_total(self) -> int:
        return self.unit_price * self.quantity


class Goods(NamedTuple):
    """What one order is made of."""

    seller: object  # an id; compared with the voucher's
    asset: int
    items: Sequence[Item]
    shipping: int

    @property
    def items_total(self) -> int:
        return sum(item.items_total for item in self.items)


class Voucher(NamedTuple):
    """`seller` None: for every seller's goods; `asset` None: for orders in any asset (percent and free shipping)."""

    kind: str  # 'percent', 'amount', 'free_shipping'
    seller: object | None = None
    asset: int | None = None
    ppm: int = 0
    amount: int = 0
    items_min: int = 0  # of the goods it holds for, together


class TaxRate(NamedTuple):
    name: str
    ppm: int
    inclusive: bool


@dataclass(frozen=True, slots=True)
class PricedLine:
    discount: int
    tax: int  # added
    tax_included: int  # contained
    total: int


@dataclass(frozen=True, slots=True)
class PricedOrder:
    lines: tuple[PricedLine, ...]
    items_total: int
    discount: int
    shipping: int
    tax: int
    tax_included: int
    total: int


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in parts proportional to the weights, summing exactly; what flooring leaves goes to the largest remainders, the first of
    equal ones first. No part exceeds its weight where amount ≤ Σ weights."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts, remainders = zip(*(divmod(amount * weight, whole) for weight in weights), strict=True)
    parts = list(parts)
    order = sorted(range(len(weights)), key=lambda at: -remainders[at])
    for at in order[: amount - sum(parts)]:
        parts[at] += 1
    return parts


def added_tax(base: int, ppm: int) -> int:
    """Rounded half up."""
    return (2 * base * ppm + PPM) // (2 * PPM)


def contained_tax(base: int, ppm: int) -> int:
    """The part of `base` that is tax, rounded half up."""
    whole = PPM + ppm
    return (2 * base * ppm + whole) // (2 * whole)


def holds_for(voucher: Voucher, orders: Sequence[Goods]) -> list[int]:
    """The places of the orders that the voucher holds for; none where their goods together do not reach its minimum."""
    places = [
        at for at, goods in enumerate(orders)
        if voucher.seller in (None, goods.seller) and voucher.asset in (None, goods.asset)
    ]  # fmt: skip
    return places if sum(orders[at].items_total for at in places) >= voucher.items_min else []


def price(orders: Sequence[Goods], voucher: Voucher | None = None, rates: Mapping[str, TaxRate] | None = None) -> list[PricedOrder]:
    """The orders priced; `rates` by tax class, a class without one pays none."""
    discounts, free = _discounts(orders, voucher)
    return [
        _order(goods, discount, 0 if at in free else goods.shipping, rates or {})
        for at, (goods, discount) in enumerate(zip(orders, discounts, strict=True))
    ]  # fmt: skip


def _discounts(orders: Sequence[Goods], voucher: Voucher | None) -> tuple[list[int], set[int]]:
    """What is taken off each order's items, and which orders are sent for nothing."""
    discounts = [0] * len(orders)
    places = holds_for(voucher, orders) if voucher else []
    if not places:
        return discounts, set()
    totals = [orders[at].items_total for at in places]
    if voucher.kind == "free_shipping":
        return discounts, set(places)
    if voucher.kind == "percent":
        parts = [total * voucher.ppm // PPM for total in totals]
    else:
        parts = largest_remainder(min(voucher.amount, sum(totals)), totals)
    for at, part in zip(places, parts, strict=True):
        discounts[at] = part
    return discounts, set()


def _order(goods: Goods, discount: int, shipping: int, rates: Mapping[str, TaxRate]) -> PricedOrder:
    parts = largest_remainder(discount, [item.items_total for item in goods.items])
    lines = tuple(_line(item, part, rates.get(item.tax_class)) for item, part in zip(goods.items, parts, strict=True))
    tax = sum(line.tax for line in lines)
    return PricedOrder(
        lines, goods.items_total, discount, shipping, tax, sum(line.tax_included for line in lines),
        goods.items_total - discount + shipping + tax,
    )  # fmt: skip


def _line(item: Item, discount: int, rate: TaxRate | None) -> PricedLine:
    base = item.items_total - discount
    if rate is None or not rate.ppm:
        return PricedLine(discount, 0, 0, base)
    if rate.inclusive:
        return PricedLine(discount, 0, contained_tax(base, rate.ppm), base)
    tax = added_tax(base, rate.ppm)
    return PricedLine(discount, tax, 0, base + tax)
