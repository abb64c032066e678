"""Paid orders as the checkout makes them: rows, allocated stock, and the checkout's chain of transfers, without its quote."""

import json
import uuid
from typing import NamedTuple

from engine import commands as make
from engine.types import HOUSE_ESCROW, Code, Kind
from storefront.ledger import Reason, uuid_pair
from storefront.orders.trail import advance
from storefront.payments.credit import open_credit_account
from storefront.settlement import chain_bytes

ADDRESS = {"name": "A. Buyer", "line1": "Main Street 1", "line2": "", "city": "Town", "region": "", "postcode": "12345", "country": "DE",
           "phone": ""}  # fmt: skip


class Line(NamedTuple):
    product: object
    quantity: int = 1
    discount: int = 0
    tax: int = 0


async def paid_order(world, buyer, seller, *lines: Line, shipping: int = 0, from_credit: int = 0, commission_ppm: int = 50_000,
                     voucher_id: uuid.UUID | None = None, checkout_id: uuid.UUID | None = None) -> uuid.UUID:  # fmt: skip
    """Amounts in units of USDT. An order of `checkout_id` joins that purchase."""
    asset, order_id, hold = world.asset("USDT"), uuid.uuid4(), world.shop.transfer_id()
    priced = []
    for line in lines:
        price = await world.pool.fetchval("SELECT price FROM shop_variants WHERE variant_id = $1", line.product.variant_id)
        priced.append((line, price))
    items = sum(price * line.quantity for line, price in priced)
    discount, tax = sum(line.discount for line in lines), sum(line.tax for line in lines)
    total = items - discount + shipping + tax
    async with world.pool.acquire() as db, db.transaction():
        if checkout_id is None:
            checkout_id = await _purchase(db, buyer, asset, total, voucher_id, world.clock())
        await db.execute(
            """INSERT INTO shop_orders (order_id, checkout_id, buyer_id, buyer_account, seller_id, asset, items_total, discount, shipping,
                                        tax, total, from_credit, commission_ppm, escrow_hi, escrow_lo, address, shipping_name, placed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'Parcel', $17)""",
            order_id, checkout_id, buyer.user_id, buyer.account, seller.seller_id, asset, items, discount, shipping, tax, total,
            from_credit, commission_ppm, *(hold if total else (0, 0)), json.dumps(ADDRESS), world.clock(),
        )  # fmt: skip
        for line, price in priced:
            await _add_line(db, order_id, line, price)
        credit = await open_credit_account(world.shop, db, buyer.user_id) if from_credit else 0
    if credit:
        await world.deposit(credit, {"USDT": world.text("USDT", from_credit)})
    if total:
        await _pay(world, buyer, seller, order_id, hold, total, credit, from_credit)
    async with world.pool.acquire() as db, db.transaction():
        await advance(db, order_id, "payment", "settled", actor="system", now=world.clock())
    return order_id


async def _purchase(db, buyer, asset: int, total: int, voucher_id: uuid.UUID | None, now) -> uuid.UUID:
    checkout_id = uuid.uuid4()
    await db.execute(
        """INSERT INTO shop_checkouts (checkout_id, user_id, state, address, content, voucher_id, pay_asset, most, legs, rate_source,
                                       expires_at, created_at)
           VALUES ($1, $2, 'paid', '{}', '{}', $3, $4, $5, '[]', '{}', $6, $6)""",
        checkout_id, buyer.user_id, voucher_id, asset, total, now,
    )  # fmt: skip
    if voucher_id:
        await db.execute("INSERT INTO shop_voucher_uses VALUES ($1, $2, $3, $4)", voucher_id, checkout_id, buyer.user_id, now)
        await db.execute("UPDATE shop_vouchers SET uses = uses + 1 WHERE voucher_id = $1", voucher_id)
    return checkout_id


async def _add_line(db, order_id: uuid.UUID, line: Line, price: int) -> None:
    variant_id = line.product.variant_id
    await db.execute(
        """INSERT INTO shop_order_lines (line_id, order_id, product_id, variant_id, title, sku, options, quantity, unit_price, discount,
                                         tax, total)
           VALUES ($1, $2, $3, $4, $5, 'sku', '{}', $6, $7, $8, $9, $10)""",
        uuid.uuid4(), order_id, line.product.product_id, variant_id, line.product.slug, line.quantity, price, line.discount, line.tax,
        price * line.quantity - line.discount + line.tax,
    )  # fmt: skip
    await db.execute("UPDATE shop_variants SET allocated = allocated + $2 WHERE variant_id = $1", variant_id, line.quantity)


async def _pay(world, buyer, seller, order_id, hold, total, credit, from_credit) -> None:
    asset, user = world.asset("USDT"), uuid_pair(order_id)
    paying = [(buyer.account, total - from_credit), (credit, from_credit)]
    chain = [
        make.transfer(Kind.TRANSFER, world.shop.transfer_id(), debit=account, credit=HOUSE_ESCROW, asset=asset, amount=amount,
                      reason=Reason.PAYMENT, user=user) for account, amount in paying if amount
    ]  # fmt: skip
    chain.append(make.transfer(Kind.HOLD, hold, debit=HOUSE_ESCROW, credit=seller.payable, asset=asset, amount=total,
                               reason=Reason.ESCROW, user=user))  # fmt: skip
    assert {outcome.code for outcome in await world.exchange.execute(chain_bytes(chain))} == {Code.OK}


async def row(world, order_id):
    return await world.pool.fetchrow("SELECT * FROM shop_orders WHERE order_id = $1", order_id)


async def states(world, order_id) -> tuple[str, str, str]:
    order = await row(world, order_id)
    return order["payment"], order["fulfilment"], order["dispute"]


async def line_ids(world, order_id) -> list[str]:
    rows = await world.pool.fetch("SELECT line_id FROM shop_order_lines WHERE order_id = $1 ORDER BY title", order_id)
    return [str(found["line_id"]) for found in rows]


async def stock_of(world, product) -> tuple[int, int]:
    """(on hand, allocated)."""
    return tuple(await world.pool.fetchrow("SELECT on_hand, allocated FROM shop_variants WHERE variant_id = $1", product.variant_id))


async def ask(world, person, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
    """One request below /shop."""
    async with world.client(person) as client:
        answer = await client.request(method, f"/shop{path}", json=body)
        return answer.status_code, answer.json()


async def act(world, person, order_id, what: str, body: dict | None = None, *, method: str = "POST", status: int = 200) -> dict:
    """A request about an order that must succeed with this status."""
    found, answer = await ask(world, person, method, f"/orders/{order_id}/{what}" if what else f"/orders/{order_id}", body)
    assert found == status, answer
    return answer
