"""HTTP of the catalog: public reading, reviews and wishes of buyers, the sellers' products."""

import re
import uuid
from typing import Annotated, Literal

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from storefront.catalog import goods, images, reviews, search, shelves, suggest, wishes
from storefront.catalog.cards import ImageRef
from storefront.catalog.goods import SellerProduct, SellerProducts, SellerVariant
from storefront.catalog.product import Product, product_page
from storefront.catalog.reviews import Review, ReviewPage
from storefront.catalog.search import ATTRIBUTE_FILTERS_MAX, TEXT_MAX, ProductPage, Sort
from storefront.catalog.shelves import CardPage, Category, Collection, CollectionPage, Home, SellerPage
from storefront.catalog.suggest import Suggestions
from storefront.errors import Refusal, ShopError
from storefront.http import PAGE_DEFAULT, After, AmountText, Answer, AssetName, Body, CurrentWork, Limit, line, prose

Slug = Annotated[str, msgspec.Meta(max_length=120)]
Asked = Annotated[str, QueryParameter(max_length=TEXT_MAX)]
ReviewText = prose(0, 4000)
AttributeName = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\s:\x00-\x1f\x7f][^:\x00-\x1f\x7f]*$(?!\n)")]
Attributes = Annotated[dict[AttributeName, line(1, 60)], msgspec.Meta(max_length=20)]
Options = Annotated[dict[AttributeName, line(1, 60)], msgspec.Meta(max_length=4)]
Weight = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
OnHand = Annotated[int, msgspec.Meta(ge=0, le=goods.ON_HAND_MAX)]
Threshold = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
CategoryId = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_HOST = re.compile(r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?$")
_IMMUTABLE = "public, max-age=31536000, immutable"


class Categories(Answer):
    items: list[Category]


class Collections(Answer):
    items: list[Collection]


class ReviewWanted(Body):
    line_id: uuid.UUID
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)]
    title: line(0, 100) = ""
    text: ReviewText = ""


class ReplyWanted(Body):
    text: prose(1, 2000)


class VariantWanted(Body):
    """`threshold` is kept back from sale; below nothing it lets so many be ordered that are not there yet."""

    sku: line(1, 40)
    price: AmountText
    options: Options = {}
    weight_g: Weight = 0
    on_hand: OnHand = 0
    threshold: Threshold = 0


class ProductWanted(Body):
    title: line(2, 120)
    category_id: CategoryId
    asset: AssetName
    variants: Annotated[list[VariantWanted], msgspec.Meta(min_length=1, max_length=50)]
    description: prose(0, 10_000) = ""
    attributes: Attributes = {}


class ProductChange(Body):
    title: line(2, 120) | msgspec.UnsetType = msgspec.UNSET
    description: prose(0, 10_000) | msgspec.UnsetType = msgspec.UNSET
    category_id: CategoryId | msgspec.UnsetType = msgspec.UNSET
    attributes: Attributes | msgspec.UnsetType = msgspec.UNSET
    state: Literal["draft", "active", "archived"] | msgspec.UnsetType = msgspec.UNSET


class VariantChange(Body):
    price: AmountText | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    weight_g: Weight | msgspec.UnsetType = msgspec.UNSET
    threshold: Threshold | msgspec.UnsetType = msgspec.UNSET
    options: Options | msgspec.UnsetType = msgspec.UNSET


class StockChange(Body):
    """`was`: what was on hand when this was decided."""

    change: Annotated[int, msgspec.Meta(ge=-goods.ON_HAND_MAX, le=goods.ON_HAND_MAX)]
    was: OnHand


class ImageOrder(Body):
    order: Annotated[list[uuid.UUID], msgspec.Meta(max_length=images.IMAGES_MAX)]


class Images(Answer):
    items: list[ImageRef]


# ---------------------------------------------------------------- everybody


@get("/home")
async def home(work: CurrentWork) -> Home:
    """The shop's first page."""
    return await shelves.home(work)


@get("/categories")
async def list_categories(work: CurrentWork) -> Categories:
    """All categories, with how much is for sale in and below each."""
    return Categories(await shelves.categories(work.db))


@get("/collections")
async def list_collections(work: CurrentWork) -> Collections:
    """The collections and how much is in them."""
    return Collections(await shelves.collections(work))


@get("/collections/{slug:str}")
async def read_collection(
    slug: FromPath[Slug], work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT
) -> CollectionPage:
    """What is in a collection."""
    return await shelves.collection(work, _plain(slug), after, limit)


@get("/products")
async def find_products(
    work: CurrentWork,
    q: Asked = "",
    category: Asked = "",
    seller: Asked = "",
    asset: Asked = "",
    price_min: Annotated[str, QueryParameter(name="priceMin", max_length=32)] = "",
    price_max: Annotated[str, QueryParameter(name="priceMax", max_length=32)] = "",
    in_stock: Annotated[bool, QueryParameter(name="inStock")] = False,
    rating: Annotated[int, QueryParameter(ge=0, le=5)] = 0,
    attr: Annotated[list[str] | None, QueryParameter(max_items=ATTRIBUTE_FILTERS_MAX)] = None,
    sort: FromQuery[Sort] = "relevance",
    after: After = "",
    limit: Limit = PAGE_DEFAULT,
) -> ProductPage:
    """Search and filter. Each count of a facet is how many products there would be if that value were chosen."""
    query = {"q": q, "category": category, "seller": seller, "asset": asset, "priceMin": price_min, "priceMax": price_max}
    wanted = search.parse(work.shop, query | {"inStock": in_stock, "rating": rating, "attr": attr or [], "sort": sort})
    return await search.search(work, wanted, after, limit)


@get("/suggest")
async def suggest_while_typing(work: CurrentWork, q: Asked = "") -> Suggestions:
    """What begins like this."""
    return await suggest.suggest(work.db, _plain(q))


@get("/products/{slug:str}")
async def read_product(slug: FromPath[Slug], work: CurrentWork) -> Product:
    """A product with its variants."""
    return await product_page(work, _plain(slug))


@get("/products/{slug:str}/reviews")
async def list_reviews(
    slug: FromPath[Slug], work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT
) -> ReviewPage:
    """What buyers say of it, latest first."""
    return await reviews.reviews(work.db, _plain(slug), after, limit)


@get("/sellers/{slug:str}")
async def read_seller(slug: FromPath[Slug], work: CurrentWork) -> SellerPage:
    """A seller, and the first page of GET /shop/products?seller=."""
    return await shelves.seller_page(work, _plain(slug))


@get("/images/{image_id:uuid}/{size:str}", media_type="image/webp")
async def read_image(image_id: FromPath[uuid.UUID], size: FromPath[str], work: CurrentWork, request: Request) -> Response[bytes]:
    """An image as WebP, `large` (up to 1600 pixels) or `small` (480). What an id stands for never changes."""
    headers = {"ETag": f'"{image_id}-{size}"', "Cache-Control": _IMMUTABLE, "X-Content-Type-Options": "nosniff"}
    if size in ("large", "small") and headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(await images.image_bytes(work, image_id, size), headers=headers)


@get("/sitemap.xml", media_type="application/xml")
async def sitemap(work: CurrentWork, request: Request) -> Response[str]:
    """The pages of sellers and products, for search engines."""
    host = request.headers.get("host", "")
    if not _HOST.match(host):
        raise ShopError(Refusal.INVALID_REQUEST)
    body = await shelves.sitemap(work.db, f"{request.scope['scheme']}://{host}")
    return Response(body, headers={"Cache-Control": "public, max-age=3600"})


# ---------------------------------------------------------------- buyers


@post("/products/{slug:str}/reviews", status_code=201)
async def post_review(slug: FromPath[Slug], data: JSONBody[ReviewWanted], work: CurrentWork) -> Review:
    """Review what was bought and received, once for each order line."""
    return await reviews.post_review(work, _plain(slug), data.line_id, data.rating, data.title, data.text)


@get("/wishes")
async def list_wishes(work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT) -> CardPage:
    """The user's wishes, latest first."""
    return await wishes.wishes(work, after, limit)


@put("/wishes/{product_id:uuid}", status_code=200)
async def wish(product_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """Remember a product."""
    await wishes.wish(work, product_id)
    return {}


@delete("/wishes/{product_id:uuid}", status_code=200)
async def unwish(product_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """Forget it."""
    await wishes.unwish(work, product_id)
    return {}


# ---------------------------------------------------------------- sellers


@get("/seller/products")
async def list_own_products(
    work: CurrentWork,
    only: Annotated[Literal["", "draft", "active", "archived", "blocked"], QueryParameter(name="state")] = "",
    after: After = "",
    limit: Limit = PAGE_DEFAULT,
) -> SellerProducts:
    """The seller's products, latest first; `state`: only those in it."""
    return await goods.products(work, only, after, limit)


@post("/seller/products", status_code=201)
async def add_product(data: JSONBody[ProductWanted], work: CurrentWork) -> SellerProduct:
    """A new product, as a draft. Its prices are in `asset` for good."""
    return await goods.add_product(
        work, title=data.title, description=data.description, category_id=data.category_id, asset=data.asset, attributes=data.attributes,
        variants=data.variants,
    )  # fmt: skip


@get("/seller/products/{product_id:uuid}")
async def read_own_product(product_id: FromPath[uuid.UUID], work: CurrentWork) -> SellerProduct:
    """One of the seller's products, in whatever state."""
    return await goods.product(work, product_id)


@patch("/seller/products/{product_id:uuid}", status_code=200)
async def change_product(product_id: FromPath[uuid.UUID], data: JSONBody[ProductChange], work: CurrentWork) -> SellerProduct:
    """Change what is told of a product, or whether it is for sale."""
    return await goods.change_product(work, product_id, _given(data))


@post("/seller/products/{product_id:uuid}/variants", status_code=201)
async def add_variant(product_id: FromPath[uuid.UUID], data: JSONBody[VariantWanted], work: CurrentWork) -> SellerVariant:
    """Another variant of a product."""
    return await goods.add_variant(work, product_id, data)


@patch("/seller/variants/{variant_id:uuid}", status_code=200)
async def change_variant(variant_id: FromPath[uuid.UUID], data: JSONBody[VariantChange], work: CurrentWork) -> SellerVariant:
    """Change price, weight, options or what is kept back, or take it from sale."""
    return await goods.change_variant(work, variant_id, _given(data))


@post("/seller/variants/{variant_id:uuid}/stock", status_code=200)
async def change_stock(variant_id: FromPath[uuid.UUID], data: JSONBody[StockChange], work: CurrentWork) -> SellerVariant:
    """Count in or out what is on hand, if it still is what it was."""
    return await goods.change_stock(work, variant_id, data.change, data.was)


@post("/seller/products/{product_id:uuid}/images", status_code=201)
async def add_image(
    product_id: FromPath[uuid.UUID], work: CurrentWork, request: Request, alt: Annotated[str, QueryParameter(max_length=200)] = ""
) -> ImageRef:
    """The body is the file: PNG, JPEG or WebP, up to 8 MiB and 40 million pixels."""
    if not request.headers.get("content-type", "").lower().startswith("image/"):
        raise ShopError(Refusal.BAD_IMAGE, "Send the file as the body, with Content-Type: image/png, image/jpeg or image/webp.")
    return await images.add_image(work, product_id, await request.body(), _plain(alt))


@put("/seller/products/{product_id:uuid}/images", status_code=200)
async def order_images(product_id: FromPath[uuid.UUID], data: JSONBody[ImageOrder], work: CurrentWork) -> Images:
    """The order in which a product's images are shown; all are named."""
    return Images(await images.order_images(work, product_id, data.order))


@delete("/seller/images/{image_id:uuid}", status_code=200)
async def remove_image(image_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """Take an image away."""
    await images.remove_image(work, image_id)
    return {}


@post("/reviews/{review_id:uuid}/reply", status_code=200)
async def reply(review_id: FromPath[uuid.UUID], data: JSONBody[ReplyWanted], work: CurrentWork) -> Review:
    """The seller's answer to a review of their product."""
    return await reviews.reply(work, review_id, data.text)


def _given(data: Body) -> dict:
    """The fields that were sent."""
    sent = {name: getattr(data, name) for name in data.__struct_fields__}
    return {name: value for name, value in sent.items() if value is not msgspec.UNSET}


def _plain(text: str) -> str:
    """Text for the database. Raises INVALID_REQUEST for a NUL, which it cannot hold."""
    if "\0" in text:
        raise ShopError(Refusal.INVALID_REQUEST)
    return text


handlers = [
    home, list_categories, list_collections, read_collection, find_products, suggest_while_typing, read_product, list_reviews, read_seller,
    read_image, sitemap, post_review, list_wishes, wish, unwish, list_own_products, add_product, read_own_product, change_product,
    add_variant, change_variant, change_stock, add_image, order_images, remove_image, reply,
]  # fmt: skip
