"""What a dialect function works on: the venue as this process sees it, one request, and the three things it may answer.

Sans-I/O. A dialect function takes (venue, request) and returns the result itself (anything orjson encodes),
or a `Submit` (commands to be logged and how their outcomes are told), or an `Ask` (a read of recorded history and how its rows
are told); or raises DialectError.
"""

import base64
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.types import KeyScope, Side, SymbolStatus
from engine.units import SymbolUnits, format_units
from engine.views import AssetView, SymbolView
from gateway.dialect import errors
from gateway.listen_keys import Listener

SYMBOL_STATUS = {
    SymbolStatus.TRADING: "TRADING",
    SymbolStatus.CANCEL_ONLY: "BREAK",
    SymbolStatus.HALTED: "HALT",
    SymbolStatus.AUCTION: "AUCTION_MATCH",
}

WEIGHT_PER_MINUTE = 6_000  # of requests, for one address: the dialect's usual limit

CLIENT_ID_LENGTH = 22
CLIENT_ID_BYTES = 15  # of randomness, 5 bits a letter, above what the letters can show


class Principal(NamedTuple):
    """On whose behalf a request is made. `key` is the core's id of the API key, 0 for a signed-in web session."""

    account: int
    key: int
    scopes: int


class Request(NamedTuple):
    """One request, its parameters parsed by the operation's own table (absent ones are not in `params`)."""

    params: dict[str, Any]
    now_ns: int
    account: int = 0
    key: int = 0
    valid_until_ns: int = 0
    microseconds: bool = False
    caught_up: bool = False  # the replica has reached the log's head since the request came in

    def time(self, time_ns: int) -> int:
        """A time as this client wants it: in ms, or in µs."""
        return time_ns // 1_000 if self.microseconds else time_ns // 1_000_000

    def time_of_ms(self, time_ms: int) -> int:
        return time_ms * 1_000 if self.microseconds else time_ms


class Submit(NamedTuple):
    """Commands to log, and how to tell their outcomes; `render` may raise DialectError, or answer with another step."""

    commands: bytes
    render: Callable[[Sequence], Any]


class Ask(NamedTuple):
    """A read of marketdata.History: `await history.<method>(**arguments)`, and how to tell what it returns."""

    method: str
    arguments: dict[str, Any]
    render: Callable[[Any], Any]


class AskAll(NamedTuple):
    """Several reads, and how to tell what they return, in the same order."""

    asks: list[Ask]
    render: Callable[[list], Any]


class Behind(Exception):
    """The answer needs an order that this replica does not know; ask again once it has caught up with the log."""


class Listing(NamedTuple):
    """A symbol with its assets and units. Its status and last trade change: ask the machine for those."""

    symbol: int
    name: str
    base: AssetView
    quote: AssetView
    units: SymbolUnits
    view: SymbolView


class Venue:
    """One process's sight of the exchange: its replica's machine and its market data, with names and units looked up once."""

    def __init__(self, exchange: Any, marketdata: Any, recent_client_ids: Any, listen_keys: Any, *,
                 weight_per_minute: int = WEIGHT_PER_MINUTE, source_names: dict[int, str] | None = None) -> None:  # fmt: skip
        """`source_names`: what the sources of reference prices are called, by their numbers."""
        self.exchange = exchange
        self.source_names = source_names or {}
        self.marketdata = marketdata
        self.recent_client_ids = recent_client_ids
        self.listen_keys = listen_keys
        self.weight_per_minute = weight_per_minute  # what one address may ask; 0 = no limit
        self._listings: dict[str, Listing] = {}
        self._names: dict[int, Listing] = {}

    @property
    def machine(self) -> Any:
        return self.exchange.machine

    def listing(self, name: str) -> Listing:
        """Raises DialectError -1121 for a name that is not listed."""
        listing = self._listings.get(name)
        if listing is None:
            self._look_up()
            listing = self._listings.get(name)
            if listing is None:
                raise errors.invalid_symbol()
        return listing

    def listing_of(self, symbol: int) -> Listing:
        if symbol not in self._names:
            self._look_up()
        return self._names[symbol]

    def listings(self) -> list[Listing]:
        self._look_up()
        return list(self._listings.values())

    def margin_listings(self, *, cross: bool = False) -> list[Listing]:
        """Symbols that isolated accounts (or cross ones) trade on; none where there is no margin. (docs/MARGIN.md section 1)"""
        setup = self.machine.margin_setup()
        if setup is None:
            return []
        taken = {view.asset for view in self.machine.margin_assets() if not cross or view.symbol or view.asset == setup.numeraire}
        return [listing for listing in self.listings() if listing.view.base in taken and listing.view.quote in taken]

    def listener(self, listen_key: str, now_ns: int) -> Listener | None:
        """Who listens with this key; None where it, or the right to read of the API key it was made with, is no more."""
        listener = self.listen_keys.listener(listen_key, now_ns)
        if listener is not None and listener.key:
            key = self.machine.key(listener.key)
            if key is None or not key.scopes & KeyScope.READ:
                return None
        return listener

    def assets(self) -> list[AssetView]:
        return self.machine.assets()

    def status(self, listing: Listing) -> str:
        return SYMBOL_STATUS[self.machine.symbol(listing.symbol).status]

    def filters(self, symbol: int) -> dict[int, int]:
        """{Filter: value} of what is set for the symbol; symbol 0: for the whole exchange."""
        return self.machine.filters(symbol)

    def commission(self, listing: Listing, fee: int, side: int, discounted: int = 0) -> tuple[str, str]:
        """(amount, asset) of a trade's fee, as its payer is told: in the asset received, or in the one in which fees are cheaper."""
        if discounted:
            asset = self.machine.asset(self.machine.discount()[0])
        else:
            asset = listing.base if side == Side.BUY else listing.quote
        return format_units(fee, asset.scale), asset.name

    def client_id(self, order_id: int) -> str:
        """The client id of an order that is open, or was until a moment ago; "" for others."""
        order = self.machine.order(order_id)
        return order.client_id if order is not None else self.recent_client_ids.get(order_id)

    def _look_up(self) -> None:
        """Symbols are only ever added; so what is known stays true."""
        symbols = self.machine.symbols()
        if len(symbols) == len(self._listings):
            return
        for view in symbols:
            if view.name not in self._listings:
                base, quote = self.machine.asset(view.base), self.machine.asset(view.quote)
                listing = Listing(view.symbol, view.name, base, quote, SymbolUnits(view, base, quote), view)
                self._listings[view.name] = self._names[view.symbol] = listing


def new_client_id() -> str:
    """A fresh client order id, for clients that sent none."""
    return base64.b32hexencode(secrets.token_bytes(CLIENT_ID_BYTES))[:CLIENT_ID_LENGTH].decode()
