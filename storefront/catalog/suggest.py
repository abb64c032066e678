"""While somebody types: products, categories and whole queries that begin as the text does. The last word is taken as a beginning."""

import re
from collections import Counter

import asyncpg

from storefront.catalog.cards import VISIBLE, ImageRef, Named, image_ref
from storefront.http import Answer

_PRODUCTS_MAX, _CATEGORIES_MAX, _QUERIES_MAX = 4, 2, 2
_TITLES_MAX = 50  # from which queries are made
_WORD = re.compile(r"[^\W_]+")
_ASKED = """
    split AS (
        SELECT word, place, max(place) OVER () AS last
        FROM regexp_split_to_table(unaccent(lower($1)), '[^[:alnum:]]+') WITH ORDINALITY AS words (word, place) WHERE word <> ''
    ), asked AS (  -- in titles, categories and attributes only
        SELECT to_tsquery('simple', string_agg('''' || word || CASE WHEN place = last THEN ''':*AB' ELSE ''':AB' END, ' & ')) AS words
        FROM split
    )
"""
_PRODUCTS = f"""
    WITH {_ASKED}
    SELECT p.slug, p.title, image.image_id, image.alt, image.width, image.height
    FROM shop_products p JOIN shop_sellers s USING (seller_id)
    LEFT JOIN LATERAL (
        SELECT image_id, alt, width, height FROM shop_images i WHERE i.product_id = p.product_id ORDER BY i.position, i.image_id LIMIT 1
    ) image ON true
    WHERE {VISIBLE} AND p.words @@ (SELECT words FROM asked)
    ORDER BY ts_rank(p.words, (SELECT words FROM asked)) DESC, p.sold DESC, p.product_id LIMIT {_TITLES_MAX}
"""
_CATEGORIES = f"""
    WITH {_ASKED}
    SELECT slug, name FROM shop_categories
    WHERE setweight(to_tsvector('simple', unaccent(name)), 'A') @@ (SELECT words FROM asked)
    ORDER BY length(name), name LIMIT {_CATEGORIES_MAX}
"""


class ProductHint(Answer):
    slug: str
    title: str
    image: ImageRef | None


class Suggestions(Answer):
    products: list[ProductHint]
    categories: list[Named]
    queries: list[str]


async def suggest(db: asyncpg.Connection, text: str) -> Suggestions:
    """At most eight suggestions in all, in two queries."""
    if not _WORD.search(text):
        return Suggestions([], [], [])
    rows = await db.fetch(_PRODUCTS, text)
    return Suggestions(
        [ProductHint(row["slug"], row["title"], image_ref(row) if row["image_id"] else None) for row in rows[:_PRODUCTS_MAX]],
        [Named(row["slug"], row["name"]) for row in await db.fetch(_CATEGORIES, text)],
        _queries(text, [row["title"] for row in rows]),
    )


def _queries(text: str, titles: list[str]) -> list[str]:
    """The text with its last word completed as most titles have it."""
    *before, beginning = _WORD.findall(text.lower())
    completions = Counter(
        word for title in titles for word in set(_WORD.findall(title.lower())) if word.startswith(beginning) and word not in before
    )
    likely = sorted(completions, key=lambda word: (-completions[word], word))[:_QUERIES_MAX]
    return [" ".join((*before, word)) for word in likely]
