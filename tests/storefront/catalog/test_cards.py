"""Cards show what is for sale, and a product's row follows its variants and names."""

import uuid

from storefront.catalog import cards, first_images, images_of, refresh, refresh_category, refresh_seller
from storefront.work import Work


async def test_a_card_tells_price_stock_seller_and_category(world):
    seller = await world.seller("sam")
    product = await world.product(seller, "Walnut bowl", price="12.5", stock=3)
    async with world.pool.acquire() as db:
        work = Work(world.shop, db, seller.person.shopper, None)
        (card,) = await cards(work, [product.product_id])
    assert (card.slug, card.title, card.stock, card.wished, card.image) == (product.slug, "Walnut bowl", "low", False, None)
    assert (card.price_min.asset, card.price_min.amount) == ("USDT", "12.500000")
    assert (card.seller.slug, card.seller.rating, card.category.slug) == ("sam", None, "goods")


async def test_cards_keep_the_order_and_leave_out_what_is_not_for_sale(world):
    seller, other = await world.seller(), await world.seller()
    products = [await world.product(seller) for _ in range(3)]
    gone = [await world.product(seller), await world.product(other)]
    await world.pool.execute("UPDATE shop_products SET state = 'blocked' WHERE product_id = $1", gone[0].product_id)
    await world.pool.execute("UPDATE shop_sellers SET state = 'suspended' WHERE seller_id = $1", other.seller_id)
    wanted = [products[2], gone[0], products[0], gone[1], products[1]]
    async with world.pool.acquire() as db:
        found = await cards(Work(world.shop, db, None, None), [product.product_id for product in wanted])
    assert [card.id for card in found] == [products[index].product_id for index in (2, 0, 1)]


async def test_refresh_follows_variants_names_and_categories(world):
    seller = await world.seller("sam")
    product = await world.product(seller, "Café table", price="20", stock=0)
    row = "SELECT price_min, price_max, in_stock, words @@ to_tsquery('simple', $2) AS found FROM shop_products WHERE product_id = $1"
    async with world.pool.acquire() as db, db.transaction():
        await db.execute(
            """INSERT INTO shop_variants (variant_id, product_id, sku, price, on_hand) VALUES ($1, $2, 'large', $3, 5)""",
            uuid.uuid4(), product.product_id, world.units("USDT", "35"),
        )  # fmt: skip
        await refresh(db, product.product_id)
        found = await db.fetchrow(row, product.product_id, "cafe & tab:*")
        assert (found["price_min"], found["price_max"]) == (world.units("USDT", "20"), world.units("USDT", "35"))
        assert found["in_stock"] and found["found"]

        await db.execute("UPDATE shop_sellers SET name = 'Northwind' WHERE seller_id = $1", seller.seller_id)
        await refresh_seller(db, seller.seller_id)
        assert (await db.fetchrow(row, product.product_id, "northwind"))["found"]

        above = await db.fetchval("INSERT INTO shop_categories (slug, name) VALUES ('living', 'Living room') RETURNING category_id")
        below = await db.fetchval("UPDATE shop_categories SET parent_id = $1 WHERE slug = 'goods' RETURNING category_id", above)
        assert below != above
        await refresh_category(db, above)
        assert (await db.fetchrow(row, product.product_id, "living"))["found"]


async def test_images_are_told_by_product_and_by_id(world):
    product = await world.product(await world.seller())
    ids = [uuid.uuid4() for _ in range(2)]
    for place, image_id in enumerate(ids):
        await world.pool.execute(
            "INSERT INTO shop_images VALUES ($1, $2, $3, 'front', 16, 9, '', '')", image_id, product.product_id, 1 - place
        )
    async with world.pool.acquire() as db:
        assert (await first_images(db, [product.product_id]))[product.product_id].id == ids[1]
        found = await images_of(db, [ids[0], uuid.uuid4()])
    assert list(found) == [ids[0]] and (found[ids[0]].width, found[ids[0]].height) == (16, 9)
