"""How an operator names the sources of prices: one line of text for each."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

SOURCES_MAX = 15
BOOK = "book"
SIMULATED = "simulated"
CRYPTOSHOP = "cryptoshop"
SOURCE_FORMAT = "NUMBER=[NAME:]KIND[@URL]"

_SPEC = re.compile(r"(?P<number>[0-9]{1,2})=(?:(?P<name>[^:@=]*):)?(?P<kind>[a-z0-9]{2,32})(?:@(?P<url>\S{1,512}))?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)


class SourceError(ValueError):
    """A text that names no source; the message says why, in one line."""


class SourceSpec(NamedTuple):
    """A source as configured. `kind`: book, simulated, cryptoshop, or a venue's id in ccxt; `url`: where a cryptoshop is."""

    number: int
    name: str
    kind: str
    url: str = ""

    def text(self) -> str:
        """What parses to this."""
        return f"{self.number}={self.name}:{self.kind}{'@' + self.url if self.url else ''}"


def parse_source(text: str) -> SourceSpec:
    """Raises SourceError."""
    found = _SPEC.fullmatch(text.strip())
    if found is None:
        raise SourceError(f"'{text}' is not a source of prices: it looks like {SOURCE_FORMAT}, for example 3=kraken")
    number, kind, url = int(found["number"]), found["kind"], found["url"] or ""
    name = found["name"] if found["name"] is not None else kind
    if not 1 <= number <= SOURCES_MAX:
        raise SourceError(f"'{text}': sources have the numbers 1 to {SOURCES_MAX}")
    if not _NAME.fullmatch(name):
        raise SourceError(f"'{text}': a source's name is 1 to 24 small letters, digits and _, and begins with a letter")
    if (kind == SIMULATED) != (name == SIMULATED):
        raise SourceError(f"'{text}': the simulated source, and no other, is called {SIMULATED}")
    if (kind == CRYPTOSHOP) != bool(url):
        raise SourceError(f"'{text}': cryptoshop takes the other venue's URL, as in 4=north:cryptoshop@http://10.0.0.7:8080; others none")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise SourceError(f"'{text}': {url} is not a URL that begins with http:// or https://")
    return SourceSpec(number, name, kind, url.rstrip("/"))


def parse_sources(texts: list[str] | tuple[str, ...]) -> tuple[SourceSpec, ...]:
    """All of them, by rising number. Raises SourceError, also where two share a number or a name."""
    specs = sorted(map(parse_source, texts))
    for one, other in zip(specs, specs[1:], strict=False):
        if one.number == other.number:
            raise SourceError(f"two sources of prices have the number {one.number}")
    if len({spec.name for spec in specs}) < len(specs):
        raise SourceError("two sources of prices have the same name")
    return tuple(specs)
