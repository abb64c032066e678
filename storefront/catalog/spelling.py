"""Words that find nothing, and what was probably meant: the word with two neighbouring letters swapped where that finds something, else
the most similar word of a title, by trigrams (which know little of swapped letters in short words).

Nothing is learnt or kept: the titles of what is for sale are the dictionary.
"""

import re

import asyncpg

from storefront.catalog.cards import VISIBLE

SIMILAR_MIN = 0.25  # of the trigrams of a word; a swap of two letters in the middle of six leaves three of seven
_WORDS_MAX = 8
_SWAPS_MAX = 20  # letters of a word among which they are looked for
_TITLES_MAX = 200  # looked through for each word
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_KNOWN = f"""
    SELECT asked.word FROM unnest($1::text[]) AS asked (word)
    WHERE EXISTS (
        SELECT FROM shop_products p JOIN shop_sellers s USING (seller_id)
        WHERE {VISIBLE} AND p.words @@ (plainto_tsquery('english', unaccent(asked.word)) || plainto_tsquery('simple', unaccent(asked.word)))
    )
"""
_LIKELY = f"""
    SELECT asked.word, likely.word AS meant FROM unnest($1::text[]) AS asked (word), LATERAL (
        SELECT word FROM (
            SELECT lower(p.title) AS title FROM shop_products p JOIN shop_sellers s USING (seller_id)
            WHERE asked.word <% lower(p.title) AND {VISIBLE}
            ORDER BY word_similarity(asked.word, lower(p.title)) DESC, p.product_id LIMIT {_TITLES_MAX}
        ) near, regexp_split_to_table(near.title, '[^[:alnum:]]+') AS word
        WHERE length(word) > 1 GROUP BY word
        ORDER BY similarity(word, asked.word) DESC, abs(length(word) - length(asked.word)), word LIMIT 1
    ) likely WHERE similarity(likely.word, asked.word) >= {SIMILAR_MIN}
"""


async def correct(db: asyncpg.Connection, text: str) -> str:
    """The text with each unknown word replaced by the most similar one of a title, or left out where none is like it. "" where
    that is no other text."""
    words = [word.lower() for word in _WORD.findall(text)][:_WORDS_MAX]
    unknown = set(words) - await _known(db, set(words))
    if not unknown:
        return ""
    meant = await _swapped(db, unknown)
    async with db.transaction():
        await db.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {SIMILAR_MIN}")  # of the operator <%
        meant |= dict(await db.fetch(_LIKELY, list(unknown - set(meant))))
    corrected = [word if word not in unknown else meant.get(word, "") for word in words]
    return " ".join(filter(None, corrected))


async def _known(db: asyncpg.Connection, words: set[str]) -> set[str]:
    return {row["word"] for row in await db.fetch(_KNOWN, list(words))}


async def _swapped(db: asyncpg.Connection, words: set[str]) -> dict[str, str]:
    """Of those that are a known word with two neighbours swapped: that word."""
    swaps = {
        word[:place] + word[place + 1] + word[place] + word[place + 2 :]: word
        for word in sorted(words) for place in range(min(len(word), _SWAPS_MAX) - 1)
    }  # fmt: skip
    return {swaps[known]: known for known in sorted(await _known(db, set(swaps)))}
