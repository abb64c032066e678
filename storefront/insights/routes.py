"""HTTP of the insights room: the seller's dashboard."""

import uuid
from typing import Literal

import asyncpg
from litestar import get
from litestar.params import FromQuery

from storefront.catalog.cards import ImageRef
from storefront.http import Answer, AssetName, CurrentWork, Money
from storefront.insights import dashboard
from storefront.sellers import seller_of
from storefront.work import Shop

Days = Literal[7, 30, 90]
RETURNS_DECIMALS, RATING_DECIMALS = 4, 2


class WeekInfo(Answer):
    orders: int
    sales: list[Money]


class Conversion(Answer):
    views: int
    carts: int
    orders: int


class NumbersInfo(Answer):
    """`held` lies in escrow, `payable` can be paid out; `returnsRate` of the items shipped, `averageRating` 1 to 5."""

    to_ship: int
    disputes: int
    held: list[Money]
    payable: list[Money]
    this_week: WeekInfo
    last_week: WeekInfo
    conversion: Conversion
    returns_rate: float | None
    average_rating: float | None


class DayInfo(Answer):
    """`day` is a date (UTC); amounts are in the dashboard's asset."""

    day: str
    orders: int
    sales: str
    refunds: str
    views: int


class TopProductInfo(Answer):
    slug: str
    title: str
    image: ImageRef | None
    quantity: int
    sales: Money


class Dashboard(Answer):
    numbers: NumbersInfo
    series: list[DayInfo]
    asset: str
    top_products: list[TopProductInfo]


@get("/seller/dashboard")
async def seller_dashboard(work: CurrentWork, days: FromQuery[Days] = 30, asset: FromQuery[AssetName | None] = None) -> Dashboard:
    """Sales, what is to be done, conversion and returns; series and top products in one asset (the usual one where none is named)."""
    seller = await seller_of(work, also_suspended=True)
    shop, today = work.shop, work.now.date()
    chosen = shop.asset(asset).asset if asset else await dashboard.usual_asset(work.db, seller.seller_id)
    chosen = shop.exchange.machine.assets()[0].asset if chosen is None else chosen
    found = await dashboard.numbers(work.db, seller.seller_id, today, days)
    payable = {asset: available for asset, available, _ in shop.exchange.machine.balances(seller.payable_account) if available}
    numbers = NumbersInfo(
        found.to_ship, found.disputes, _money(shop, found.held), _money(shop, payable),
        WeekInfo(found.this_week.orders, _money(shop, found.this_week.sales)),
        WeekInfo(found.last_week.orders, _money(shop, found.last_week.sales)),
        Conversion(found.views, found.carts, found.orders), dashboard.rate(found.returned, found.shipped, RETURNS_DECIMALS),
        dashboard.rate(seller.rating_sum, seller.rating_count, RATING_DECIMALS),
    )  # fmt: skip
    series = [
        DayInfo(day.day.isoformat(), day.orders, shop.text(chosen, day.sales), shop.text(chosen, day.refunds), day.views)
        for day in await dashboard.series(work.db, seller.seller_id, chosen, today, days)
    ]
    top = await dashboard.top_products(work.db, seller.seller_id, chosen, today, days)
    images = await _images(work.db, [product.product_id for product in top])
    name = shop.asset(chosen).name
    return Dashboard(numbers, series, name, [
        TopProductInfo(product.slug, product.title, images.get(product.product_id), product.quantity,
                       Money(name, shop.text(chosen, product.sales))) for product in top
    ])  # fmt: skip


async def _images(db: asyncpg.Connection, product_ids: list[uuid.UUID]) -> dict[uuid.UUID, ImageRef]:
    """The first of each product that has any."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (product_id) product_id, image_id, alt, width, height FROM shop_images
           WHERE product_id = ANY($1) ORDER BY product_id, position, image_id""", product_ids,
    )  # fmt: skip
    return {row[0]: ImageRef(*row[1:]) for row in rows}


def _money(shop: Shop, sums: dict[int, int]) -> list[Money]:
    return [Money(shop.asset(asset).name, shop.text(asset, units)) for asset, units in sums.items()]


HANDLERS = [seller_dashboard]
