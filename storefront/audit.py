"""Whether the shop's tables and the ledger say the same. For a venue at rest: the log's end, and no request under way.

What a pending settlement is about to change is left out: its next start finishes it.
"""

import asyncpg

from engine.types import HOUSE_ESCROW

_ORDERS = """
SELECT number, asset, held, escrow_hi, escrow_lo, total, released, refunded, payment, payable_account
FROM shop_orders JOIN shop_sellers USING (seller_id)
WHERE NOT EXISTS (SELECT FROM shop_settlements WHERE state IN ('pending', 'stuck')
                  AND subject_id IN (shop_orders.order_id, shop_orders.checkout_id))
"""
_CARDS = "SELECT card_id, account, asset, amount FROM shop_gift_cards WHERE state = 'active'"
_STOCK = "SELECT sku FROM shop_variants WHERE on_hand < 0 OR reserved < 0 OR allocated < 0"
_VOUCHERS = """
SELECT code, uses, (SELECT count(*) FROM shop_voucher_uses kept WHERE kept.voucher_id = shop_vouchers.voucher_id) AS kept FROM shop_vouchers
"""


async def compare(db: asyncpg.Connection | asyncpg.Pool, machine) -> list[str]:
    """What does not hold, a line each; nothing where all does. `machine` is at the log's end."""
    at_rest = not await db.fetchval("SELECT EXISTS (SELECT FROM shop_settlements WHERE state IN ('pending', 'stuck'))")
    orders = await db.fetch(_ORDERS)
    findings = [finding for order in orders for finding in _order(order, machine)]
    if at_rest:
        findings += _escrow(orders, machine)
    for card in await db.fetch(_CARDS):
        if machine.balance(card["account"], card["asset"])[0] != card["amount"]:
            findings.append(f"shop: the gift card {card['card_id']} is not worth what it says")
    findings += [f"shop: the stock of {row['sku']} is below zero" for row in await db.fetch(_STOCK)]
    findings += [f"shop: the voucher {row['code']} counts {row['uses']} uses, {row['kept']} are kept"
                 for row in await db.fetch(_VOUCHERS) if row["uses"] != row["kept"]]  # fmt: skip
    return findings


def _order(order: asyncpg.Record, machine) -> list[str]:
    name = f"shop: order {order['number']}"
    hold = machine.pending(order["escrow_hi"], order["escrow_lo"]) if order["held"] else None
    if order["held"] and (hold is None or (hold.debit, hold.credit, hold.asset, hold.amount) != (
        HOUSE_ESCROW, order["payable_account"], order["asset"], order["held"]
    )):  # fmt: skip
        return [f"{name} says {order['held']} units are in escrow, the ledger does not"]
    if order["payment"] in ("pending", "failed"):
        return [f"{name} is not paid, and money lies on it"] if order["held"] or order["released"] else []
    settled = order["held"] + order["released"] + order["refunded"]
    if settled != order["total"] and not (settled > order["total"] and order["held"] == 0):  # a refund after release comes from the seller
        return [f"{name} of {order['total']} units has {settled} held, released or refunded"]
    return []


def _escrow(orders: list[asyncpg.Record], machine) -> list[str]:
    expected: dict[int, int] = {}
    for order in orders:
        expected[order["asset"]] = expected.get(order["asset"], 0) + order["held"]
    findings = []
    for asset in machine.assets():
        available, held = machine.balance(HOUSE_ESCROW, asset.asset)
        if available:
            findings.append(f"shop: {available} units of {asset.name} lie in escrow for nobody")
        if held != expected.get(asset.asset, 0):
            findings.append(f"shop: {held} units of {asset.name} are held in escrow, the orders say {expected.get(asset.asset, 0)}")
    return findings
