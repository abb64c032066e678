"""A checkout's content: the priced cart, order by order, as shop_checkouts.content keeps it. Amounts are units of the order's asset."""

import uuid

import msgspec


class Line(msgspec.Struct):
    variant_id: uuid.UUID
    product_id: uuid.UUID
    image_id: uuid.UUID | None
    image: tuple[str, int, int] | None  # alt, width, height
    title: str
    sku: str
    options: dict[str, str]
    quantity: int
    unit_price: int
    discount: int
    tax: int
    tax_included: int
    total: int


class Method(msgspec.Struct):
    """A way of sending it; the order's own price may be 0 by a voucher."""

    method_id: uuid.UUID
    name: str
    price: int
    days_min: int
    days_max: int


class Order(msgspec.Struct):
    seller_id: uuid.UUID
    slug: str
    name: str
    payable_account: int
    asset: int
    commission_ppm: int
    lines: list[Line]
    items_total: int
    discount: int
    shipping: int
    tax: int
    tax_included: int
    total: int
    method: Method
    methods: list[Method]


class Content(msgspec.Struct):
    orders: list[Order]
    voucher: tuple[str, str] | None  # code, text
    tax_text: str

    def totals(self) -> dict[int, int]:
        """What is owed, by asset, before any credit."""
        totals: dict[int, int] = {}
        for order in self.orders:
            totals[order.asset] = totals.get(order.asset, 0) + order.total
        return totals

    def quantities(self) -> dict[uuid.UUID, int]:
        return {line.variant_id: line.quantity for order in self.orders for line in order.lines}


_decoder = msgspec.json.Decoder(Content)


def to_text(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def from_text(text: str) -> Content:
    return _decoder.decode(text)
