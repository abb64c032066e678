"""Finding products: full text, filters, facets, sorting, and pages that stay put while things are added and removed.

    Search         what is looked for, checked; `parse` makes one of an HTTP query or of a collection's rule
    search         a page of it, with the total, the facets, and the words that were searched for instead where the given ones find nothing
    product_ids    a page of ids alone

One pass over the products makes `matched`: each with its sort key and with the names of the filters that it fails. Products that fail none
are the result; those that fail none but one facet's own filter are what this facet counts, so each count says how many would be found if
that value were chosen. Every order is by an integer, the greatest first, then by id; a page ends at a (key, id), which stays a place in the
order whatever is added or removed.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, get_args

import asyncpg

from storefront.catalog import spelling
from storefront.catalog.cards import VISIBLE, ProductCard, cards
from storefront.errors import Refusal, ShopError
from storefront.http import PAGE_DEFAULT, Answer, cursor, cursor_key
from storefront.work import Shop, Work

TEXT_MAX = 100
ATTRIBUTE_FILTERS_MAX = 8
_FACET_VALUES_MAX = 50
_ATTRIBUTES_MAX, _ATTRIBUTE_VALUES_MAX = 12, 20

Sort = Literal["relevance", "newest", "price", "-price", "rating", "sold"]
SORTS = get_args(Sort)

# Ratings count from a start of five middling ones, so that one enthusiast does not outweigh two hundred; unrated products come last.
_KEYS: dict[str, str] = {
    "newest": "(extract(epoch FROM p.created_at) * 1000000)::bigint",
    "price": "-p.price_min",
    "-price": "p.price_min",
    "rating": "CASE WHEN p.rating_count = 0 THEN 0 ELSE (p.rating_sum * 1000::bigint + 17500) / (p.rating_count + 5) END",
    "sold": "p.sold::bigint",
}
_RELEVANCE = "(ts_rank(p.words, (SELECT words FROM asked)) * 1000000)::bigint"
CATEGORY_TREE = """
    tree AS (  -- each category (root_id) with itself and all below it
        SELECT category_id AS root_id, category_id FROM shop_categories
        UNION SELECT tree.root_id, child.category_id FROM tree JOIN shop_categories child ON child.parent_id = tree.category_id
    )
"""
# Stemmed; words that are all too common to have a stem, as they stand.
_ASKED = """
    asked AS (
        SELECT CASE WHEN numnode(stems) > 0 THEN stems ELSE websearch_to_tsquery('simple', unaccent($1)) END AS words
        FROM websearch_to_tsquery('english', unaccent($1)) AS stems
    )
"""
_FACETS = f"""
    SELECT 'categories' AS facet, c.slug AS value, c.name AS label, count(*) AS count
    FROM matched JOIN tree USING (category_id) JOIN shop_categories c ON c.category_id = tree.root_id
    WHERE failed <@ '{{category}}' GROUP BY c.slug, c.name
    UNION ALL
    SELECT 'sellers', s.slug, s.name, count(*) FROM matched JOIN shop_sellers s USING (seller_id)
    WHERE failed <@ '{{seller}}' GROUP BY s.slug, s.name
    UNION ALL
    SELECT 'assets', asset::text, '', count(*) FROM matched WHERE failed <@ '{{asset}}' GROUP BY asset
    UNION ALL
    SELECT 'ratings', stars::text, stars || ' and up', count(*)
    FROM matched JOIN generate_series(1, 4) stars ON rating_count > 0 AND rating_sum >= stars * rating_count
    WHERE failed <@ '{{rating}}' GROUP BY stars
    UNION ALL
    (SELECT 'attribute ' || name, value, '', sum(alike.count)
    FROM (SELECT attributes, failed, count(*) FROM matched WHERE cardinality(failed) <= 1 GROUP BY attributes, failed) alike,
        jsonb_each_text(attributes) AS attribute (name, value)
    WHERE failed <@ ARRAY['attribute ' || name] GROUP BY name, value ORDER BY sum(alike.count) DESC, name, value
    LIMIT {_ATTRIBUTES_MAX * _ATTRIBUTE_VALUES_MAX * 4})
"""


class FacetValue(Answer):
    """A value that can be chosen, and how many products there would be then."""

    value: str
    label: str
    count: int


class AttributeFacet(Answer):
    name: str
    values: list[FacetValue]


class Facets(Answer):
    categories: list[FacetValue]
    sellers: list[FacetValue]
    assets: list[FacetValue]
    ratings: list[FacetValue]
    attributes: list[AttributeFacet]


class ProductPage(Answer):
    """`corrected`: "" or the words that were searched for, since those asked for find nothing."""

    items: list[ProductCard]
    next: str
    total: int
    facets: Facets
    corrected: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Limits of a price are in units of `asset`; of one attribute any of the values, of several each."""

    text: str = ""
    category: str = ""
    seller: str = ""
    asset: int | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    rating: int = 0
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"


class _Place(NamedTuple):
    """Where a page ended."""

    key: int
    product_id: uuid.UUID


_RULE_KEYS = {"q", "category", "seller", "asset", "priceMin", "priceMax", "inStock", "rating", "attr", "sort"}


def parse(shop: Shop, query: Mapping[str, Any]) -> Search:
    """The search that these query parameters of GET /shop/products ask for. Raises INVALID_REQUEST, UNKNOWN_ASSET, INVALID_AMOUNT."""
    if unknown := set(query) - _RULE_KEYS:
        raise ShopError(Refusal.INVALID_REQUEST, f"A search has no {sorted(unknown)[0]!r}.")
    texts = {name: query.get(name) or "" for name in ("q", "category", "seller", "asset", "priceMin", "priceMax")}
    if not all(isinstance(text, str) and len(text) <= TEXT_MAX and "\0" not in text for text in texts.values()):
        raise ShopError(Refusal.INVALID_REQUEST, f"What is searched for has at most {TEXT_MAX} characters.")
    rating, sort = query.get("rating") or 0, query.get("sort") or "relevance"
    if not isinstance(rating, int) or not 0 <= rating <= 5 or sort not in SORTS:
        raise ShopError(Refusal.INVALID_REQUEST)
    limits = texts["priceMin"] or texts["priceMax"]
    if not texts["asset"] and (limits or sort in ("price", "-price")):
        raise ShopError(Refusal.INVALID_REQUEST, "Prices compare within one asset: name the `asset`.")
    asset = shop.asset(texts["asset"]).asset if texts["asset"] else None
    return Search(
        text=" ".join(texts["q"].split()),
        category=texts["category"],
        seller=texts["seller"],
        asset=asset,
        price_min=shop.units(asset, texts["priceMin"]) if texts["priceMin"] else None,
        price_max=shop.units(asset, texts["priceMax"]) if texts["priceMax"] else None,
        in_stock=bool(query.get("inStock")),
        rating=rating,
        attributes=_attributes(query.get("attr") or []),
        sort=sort,
    )


def _attributes(filters: list[str]) -> dict[str, tuple[str, ...]]:
    """ "Material:Walnut", "Material:Oak" -> {"Material": ("Walnut", "Oak")}."""
    chosen: dict[str, tuple[str, ...]] = {}
    if not isinstance(filters, list) or len(filters) > ATTRIBUTE_FILTERS_MAX:
        raise ShopError(Refusal.INVALID_REQUEST, f"At most {ATTRIBUTE_FILTERS_MAX} attributes can be chosen at once.")
    for text in filters:
        name, colon, value = text.partition(":") if isinstance(text, str) and len(text) <= 2 * TEXT_MAX else ("", "", "")
        if not (name and colon and value) or "\0" in text:
            raise ShopError(Refusal.INVALID_REQUEST, "An attribute is chosen as Name:value.")
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


async def search(work: Work, wanted: Search, after: str = "", limit: int = PAGE_DEFAULT) -> ProductPage:
    """A page in two queries (three more where the words find nothing and are corrected). Raises INVALID_REQUEST for a foreign `after`."""
    place, corrected = _place(wanted, after)
    asked = replace(wanted, text=corrected) if corrected else wanted
    found = await _find(work.db, asked, place, limit)
    if asked.text and not found["hits"] and not after and (corrected := await spelling.correct(work.db, asked.text)):
        found = await _find(work.db, replace(wanted, text=corrected), None, limit)
    page = json.loads(found["page"])
    items = await cards(work, [uuid.UUID(product_id) for _, product_id in page[:limit]])
    return ProductPage(items, _next(wanted, page, limit, corrected), found["total"], _facets(work.shop, found["facets"]), corrected)


async def product_ids(db: asyncpg.Connection, wanted: Search, after: str = "", limit: int = PAGE_DEFAULT) -> tuple[list[uuid.UUID], str]:
    """A page of the search as ids, and where the next begins ("" at the end)."""
    place, _ = _place(wanted, after)
    statement = _Statement(wanted)
    rows = await db.fetch(*statement.page(place, limit + 1))
    page = [(row["key"], str(row["product_id"])) for row in rows]
    return [row["product_id"] for row in rows[:limit]], _next(wanted, page, limit, "")


async def count(db: asyncpg.Connection, wanted: Search) -> int:
    return await db.fetchval(*_Statement(wanted).count())


def _place(wanted: Search, after: str) -> tuple[_Place | None, str]:
    key = cursor_key(after, str, int, uuid.UUID, str)
    if key is None:
        return None, ""
    sort, position, product_id, corrected = key
    if sort != wanted.sort or len(corrected) > TEXT_MAX:
        raise ShopError(Refusal.INVALID_REQUEST, "`after` is not the `next` of an earlier page.")
    return _Place(position, product_id), corrected


def _next(wanted: Search, page: list, limit: int, corrected: str) -> str:
    if len(page) <= limit:
        return ""
    key, product_id = page[limit - 1]
    return cursor(wanted.sort, key, product_id, corrected)


async def _find(db: asyncpg.Connection, wanted: Search, place: _Place | None, limit: int) -> asyncpg.Record:
    return await db.fetchrow(*_Statement(wanted).everything(place, limit + 1))


class _Statement:
    """The SQL of a search, with its parameters; what users send is only ever a parameter."""

    def __init__(self, wanted: Search):
        self._wanted = wanted
        self._parameters: list[Any] = []
        ctes = [CATEGORY_TREE]
        hits = [VISIBLE]
        if wanted.text:
            self._bind(wanted.text)  # $1 of _ASKED
            ctes.append(_ASKED)
            hits.append("p.words @@ (SELECT words FROM asked)")
        if wanted.in_stock:
            hits.append("p.in_stock")
        key = _KEYS.get(wanted.sort) or (_RELEVANCE if wanted.text else _KEYS["sold"])
        ctes.append(f"""
            matched AS (
                SELECT p.product_id, p.category_id, p.seller_id, p.asset, p.attributes, p.rating_sum, p.rating_count, {key} AS key,
                    {self._failed()} AS failed
                FROM shop_products p JOIN shop_sellers s USING (seller_id) WHERE {" AND ".join(hits)}
            )""")
        self._with = f"WITH RECURSIVE {', '.join(ctes)}"

    def page(self, place: _Place | None, limit: int) -> tuple:
        return f"{self._with} {self._page(place, limit)}", *self._parameters

    def count(self) -> tuple:
        return f"{self._with} SELECT count(*) FROM matched WHERE failed = '{{}}'", *self._parameters

    def everything(self, place: _Place | None, limit: int) -> tuple:
        """One row: hits (by words alone), total, page ([[key, id] …] as JSON), facets ([[facet, value, label, count] …] as JSON)."""
        return f"""
            {self._with}, page AS ({self._page(place, limit)}), facets AS ({_FACETS})
            SELECT (SELECT count(*) FROM matched) AS hits, (SELECT count(*) FROM matched WHERE failed = '{{}}') AS total,
                (SELECT coalesce(json_agg(json_build_array(key, product_id) ORDER BY key DESC, product_id DESC), '[]') FROM page) AS page,
                (SELECT coalesce(json_agg(json_build_array(facet, value, label, count) ORDER BY count DESC, value), '[]') FROM facets)
                    AS facets
            """, *self._parameters

    def _page(self, place: _Place | None, limit: int) -> str:
        after = f"AND (key, product_id) < ({self._bind(place.key)}::bigint, {self._bind(place.product_id)}::uuid)" if place else ""
        return f"""SELECT key, product_id FROM matched WHERE failed = '{{}}' {after}
                   ORDER BY key DESC, product_id DESC LIMIT {self._bind(limit)}"""

    def _failed(self) -> str:
        """An array of the names of the filters that a product fails; a facet has the name of its filter."""
        wanted, cases = self._wanted, []
        if wanted.category:
            slug = self._bind(wanted.category)
            within = f"SELECT tree.category_id FROM tree JOIN shop_categories c ON c.category_id = tree.root_id WHERE c.slug = {slug}"
            cases.append(("'category'", f"p.category_id IN ({within})"))
        if wanted.seller:
            cases.append(("'seller'", f"s.slug = {self._bind(wanted.seller)}"))
        if wanted.asset is not None:  # limits of a price mean nothing in another asset, so there nothing fails them
            asset = self._bind(wanted.asset)
            cases.append(("'asset'", f"p.asset = {asset}"))
            if wanted.price_min is not None:
                cases.append(("'price'", f"p.asset <> {asset} OR p.price_max >= {self._bind(wanted.price_min)}"))
            if wanted.price_max is not None:
                cases.append(("'price'", f"p.asset <> {asset} OR p.price_min <= {self._bind(wanted.price_max)}"))
        if wanted.rating:
            cases.append(("'rating'", f"p.rating_count > 0 AND p.rating_sum >= {self._bind(wanted.rating)} * p.rating_count"))
        for name, values in wanted.attributes.items():
            name_at, values_at = self._bind(name), self._bind(list(values))
            has_one = f"coalesce(p.attributes ->> {name_at}::text = ANY({values_at}::text[]), false)"
            cases.append((f"'attribute ' || {name_at}::text", has_one))
        fails = ", ".join(f"CASE WHEN {passes} THEN NULL ELSE {name} END" for name, passes in cases)
        return f"array_remove(ARRAY[{fails}]::text[], NULL)"

    def _bind(self, value: Any) -> str:
        self._parameters.append(value)
        return f"${len(self._parameters)}"


def _facets(shop: Shop, rows: str) -> Facets:
    """Of each facet its most frequent values; of the attributes those that most products have."""
    by_facet: dict[str, list[FacetValue]] = {}
    for facet, value, label, number in json.loads(rows):
        by_facet.setdefault(facet, []).append(FacetValue(value, label or value, number))
    for asset in by_facet.get("assets", []):
        asset.value = asset.label = shop.asset(int(asset.value)).name
    by_facet.get("ratings", []).sort(key=lambda stars: stars.value, reverse=True)
    attributes = [
        AttributeFacet(facet.removeprefix("attribute "), values[:_ATTRIBUTE_VALUES_MAX])
        for facet, values in by_facet.items() if facet.startswith("attribute ")
    ]  # fmt: skip
    attributes.sort(key=lambda facet: (-sum(value.count for value in facet.values), facet.name))
    plain = (by_facet.get(facet, [])[:_FACET_VALUES_MAX] for facet in ("categories", "sellers", "assets", "ratings"))
    return Facets(*plain, attributes=attributes[:_ATTRIBUTES_MAX])
