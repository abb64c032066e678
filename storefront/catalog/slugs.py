"""Names for addresses: what a title leaves when only small letters, digits and hyphens may stay."""

import re
import unicodedata

SLUG_MAX = 80  # of what comes from the title; a number may follow
_SMALL = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"})


def slug_of(title: str, otherwise: str = "product") -> str:
    """2 to SLUG_MAX characters of a-z, 0-9 and single hyphens; `otherwise` where the title has none of them."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_SMALL)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_MAX].strip("-")
    return slug if len(slug) >= 2 else f"{otherwise}-{slug}".strip("-")


def numbered(slug: str, number: int) -> str:
    """The n-th of that name."""
    return slug if number == 1 else f"{slug}-{number}"
