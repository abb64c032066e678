"""Prices of a checkout: sums that hold for every cart (I4), and the roundings that pricing.py names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.checkout.pricing import Goods, Item, TaxRate, Voucher, added_tax, contained_tax, holds_for, largest_remainder, price

AMOUNTS = st.integers(1, 10**15)
ITEMS = st.builds(Item, AMOUNTS, st.integers(1, 999), st.sampled_from(("standard", "reduced", "zero")))
GOODS = st.builds(Goods, st.integers(1, 3), st.integers(1, 2), st.lists(ITEMS, min_size=1, max_size=6), st.integers(0, 10**9))
RATES = st.dictionaries(
    st.sampled_from(("standard", "reduced")), st.builds(TaxRate, st.just("VAT"), st.integers(0, 1_000_000), st.booleans())
)
VOUCHERS = st.none() | st.builds(
    Voucher, st.sampled_from(("percent", "amount", "free_shipping")), st.none() | st.integers(1, 3), st.none() | st.integers(1, 2),
    st.integers(1, 1_000_000), AMOUNTS, st.integers(0, 10**12),
)  # fmt: skip


@given(st.lists(GOODS, min_size=1, max_size=5), VOUCHERS, RATES)
def test_I4_totals_are_sums_of_their_parts(orders, voucher, rates):
    priced = price(orders, voucher, rates)
    for goods, order in zip(orders, priced, strict=True):
        assert order.total == order.items_total - order.discount + order.shipping + order.tax >= 0
        assert order.items_total == sum(item.unit_price * item.quantity for item in goods.items)
        assert order.shipping in (0, goods.shipping)
        for name in ("discount", "tax", "tax_included"):
            assert getattr(order, name) == sum(getattr(line, name) for line in order.lines)
        assert order.total == sum(line.total for line in order.lines) + order.shipping
        for item, line in zip(goods.items, order.lines, strict=True):
            assert line.total == item.items_total - line.discount + line.tax
            assert 0 <= line.discount <= item.items_total and 0 <= line.tax_included <= line.total
    taken = sum(order.discount for order in priced)
    if voucher is None or voucher.kind == "free_shipping":
        assert taken == 0
    elif voucher.kind == "amount":
        places = holds_for(voucher, orders)
        assert taken == min(voucher.amount, sum(orders[at].items_total for at in places))


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.data())
def test_I4_a_split_by_largest_remainder_sums_exactly(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    parts = largest_remainder(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert part <= weight and abs(part * sum(weights) - amount * weight) <= sum(weights)


def test_roundings():
    assert largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert (added_tax(50, 10_000), added_tax(49, 10_000)) == (1, 0)  # 0.5 and 0.49
    assert contained_tax(119, 190_000) == 19
    (order,) = price([Goods(1, 1, [Item(333, 1, "zero")], 0)], Voucher("percent", ppm=100_000))
    assert order.discount == 33


@pytest.mark.parametrize(
    ("voucher", "discounts", "shipping"),
    [
        (Voucher("percent", ppm=100_000), [100, 20, 30], [5, 5, 5]),
        (Voucher("percent", seller=1, ppm=100_000), [100, 0, 30], [5, 5, 5]),
        (Voucher("percent", asset=2, ppm=100_000), [0, 0, 30], [5, 5, 5]),
        (Voucher("amount", asset=1, amount=120), [100, 20, 0], [5, 5, 5]),
        (Voucher("amount", asset=1, amount=5000), [1000, 200, 0], [5, 5, 5]),
        (Voucher("amount", asset=1, amount=120, items_min=1201), [0, 0, 0], [5, 5, 5]),
        (Voucher("free_shipping", seller=2), [0, 0, 0], [5, 0, 5]),
    ],
)
def test_whom_a_voucher_holds_for(voucher, discounts, shipping):
    orders = [Goods(seller, asset, [Item(amount, 1, "zero")], 5) for seller, asset, amount in ((1, 1, 1000), (2, 1, 200), (1, 2, 300))]
    priced = price(orders, voucher)
    assert [order.discount for order in priced] == discounts
    assert [order.shipping for order in priced] == shipping


def test_taxes_by_class_added_or_contained():
    goods = Goods(1, 1, [Item(1000, 1, "standard"), Item(1000, 1, "reduced"), Item(1000, 1, "zero")], 10)
    (order,) = price([goods], None, {"standard": TaxRate("VAT", 190_000, True), "reduced": TaxRate("Sales tax", 70_000, False)})
    assert [(line.tax, line.tax_included, line.total) for line in order.lines] == [(0, 160, 1000), (70, 0, 1070), (0, 0, 1000)]
    assert (order.tax, order.tax_included, order.total) == (70, 160, 3080)
