"""A request's unit of work: who asks, the one transaction in which all is decided, and what follows once that is committed.

    Shopper   a signed-in user; put into scope["state"]["shopper"] by whoever mounts the shop
    Shop      what lives as long as the process: database pool, exchange client, settlements, clock
    Work      what lives as long as a request
    Later     an answer that follows when settlements have ended; whoever is asked again, also after a crash, can make it
"""

import datetime
import ipaddress
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import numpy as np

from engine.exchange import ExchangeClient
from engine.types import AMOUNT_MAX
from engine.units import UnitsError, parse_units
from engine.views import AssetView
from storefront.errors import Refusal, ShopError
from storefront.together import Together

if TYPE_CHECKING:
    from storefront.settlement import Settlements

ID_BITS = 62


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Shopper(NamedTuple):
    user_id: int
    account: int  # the trading account in the core
    role: str  # 'user', 'moderator' or 'admin'

    @property
    def moderates(self) -> bool:
        return self.role in ("moderator", "admin")


@dataclass
class Shop:
    """One process's shop. `seal` and `unseal` keep secrets in the database under the venue's master key; `endpoint_networks` are networks
    in which sellers' endpoints may be besides the public internet."""

    pool: asyncpg.Pool
    exchange: ExchangeClient
    settlements: "Settlements"
    seal: Callable[[bytes], bytes]
    unseal: Callable[[bytes], bytes]
    clock: Callable[[], datetime.datetime] = utc_now
    endpoint_networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()
    _assets: dict[str | int, AssetView] = field(default_factory=dict)
    _together: dict[Callable, Together] = field(default_factory=dict)

    def asset(self, name_or_id: str | int) -> AssetView:
        """Raises UNKNOWN_ASSET."""
        found = self._assets.get(name_or_id)
        if found is None:
            self._assets = {key: asset for asset in self.exchange.machine.assets() for key in (asset.name, asset.asset)}
            found = self._assets.get(name_or_id)
        if found is None:
            raise ShopError(Refusal.UNKNOWN_ASSET)
        return found

    def text(self, asset: int, units: int) -> str:
        """Units of an asset as decimal text, with all of its decimals and no more."""
        scale = self.asset(asset).scale
        whole, part = divmod(abs(units), 10**scale)
        return f"{'-' if units < 0 else ''}{whole}{f'.{part:0{scale}d}' if scale else ''}"

    def units(self, asset: str | int, text: str) -> int:
        """Decimal text as units of an asset, ≥ 0. Raises INVALID_AMOUNT."""
        view = self.asset(asset)
        try:
            units = parse_units(text, view.scale)
        except UnitsError as error:
            raise ShopError(Refusal.INVALID_AMOUNT, f"{text} {view.name}: {error}") from None
        if not 0 <= units <= AMOUNT_MAX:
            raise ShopError(Refusal.INVALID_AMOUNT)
        return units

    def together(self, carry_out: "Callable[[Shop, Sequence[Any]], Awaitable[Sequence[Any]]]") -> Together:
        """Of this process's requests those who ask `carry_out` at once."""
        found = self._together.get(carry_out)
        if found is None:
            found = self._together[carry_out] = Together(partial(carry_out, self))
        return found

    def transfer_id(self) -> tuple[int, int]:
        """A fresh transfer id: core time and 62 random bits."""
        return max(1, self.exchange.machine.now_ns), secrets.randbits(ID_BITS)


class Tell(NamedTuple):
    """Who makes an answer that follows later: `await make(shop, shopper, *arguments)`, a value to encode, or a ShopError raised."""

    name: str
    make: Callable[..., Awaitable[Any]]


_TELLS: dict[str, Tell] = {}


def told_later(name: str) -> Callable[[Callable[..., Awaitable[Any]]], Tell]:
    """Decorates a function of a room for `Work.answer_later`. The name is kept in the database while the answer is not made."""

    def entered(make: Callable[..., Awaitable[Any]]) -> Tell:
        _TELLS[name] = Tell(name, make)
        return _TELLS[name]

    return entered


class Later(NamedTuple):
    """An answer to make once these settlements have ended. As text it outlives its process."""

    tell: Tell
    arguments: list[Any]  # JSON
    settlement_ids: list[uuid.UUID]

    def text(self, status: int) -> bytes:
        return json.dumps([status, self.tell.name, self.arguments, [str(one) for one in self.settlement_ids]]).encode()

    @classmethod
    def of_text(cls, text: bytes) -> tuple[int, "Later"]:
        """The HTTP status that the answer will have, and the answer to make."""
        status, name, arguments, settlement_ids = json.loads(text)
        return status, cls(_TELLS[name], arguments, [uuid.UUID(one) for one in settlement_ids])


class Work:
    """One request. Handlers change the database only through `db`; the Door commits, or takes all back where the answer is an error."""

    def __init__(self, shop: Shop, db: asyncpg.Connection, shopper: Shopper | None, guest: bytes | None):
        self.shop = shop
        self.db = db
        self.guest = guest  # SHA-256 of the guest's cookie; it names a cart, nothing else
        self.now = shop.clock()
        self._shopper = shopper
        self._settled: list[uuid.UUID] = []
        self._later: tuple[Tell, list[Any], Sequence[uuid.UUID]] | None = None

    @property
    def shopper(self) -> Shopper | None:
        return self._shopper

    def user(self) -> Shopper:
        """Raises NOT_LOGGED_IN."""
        if self._shopper is None:
            raise ShopError(Refusal.NOT_LOGGED_IN)
        return self._shopper

    def moderator(self) -> Shopper:
        """Raises NOT_LOGGED_IN, NOT_ALLOWED."""
        if not self.user().moderates:
            raise ShopError(Refusal.NOT_ALLOWED)
        return self._shopper

    async def settle(self, purpose: str, subject_id: uuid.UUID, chain: Sequence[np.ndarray], **detail: Any) -> uuid.UUID:
        """Enter a chain of transfers into the outbox, in this transaction; it is sent to the ledger after the commit."""
        settlement_id = await self.shop.settlements.add(self.db, purpose, subject_id, chain, detail, self.now)
        self._settled.append(settlement_id)
        return settlement_id

    def settling(self, purpose: str, subject_id: uuid.UUID, chain: Sequence[np.ndarray], **detail: Any) -> tuple:
        """As `settle`, where the caller's own statement enters the row: its values, the id first."""
        row = self.shop.settlements.row(purpose, subject_id, chain, detail, self.now)
        self._settled.append(row[0])
        return row

    def answer_later(self, tell: Tell, *arguments: Any, awaiting: Sequence[uuid.UUID] = ()) -> None:
        """`tell` makes the final answer of these arguments (JSON), once the settlements of this request, and those awaited, have ended."""
        self._later = (tell, list(arguments), awaiting)

    @property
    def later(self) -> Later | None:
        if self._later is None:
            return None
        tell, arguments, awaiting = self._later
        return Later(tell, arguments, [*self._settled, *awaiting])

    @property
    def settlement_ids(self) -> Sequence[uuid.UUID]:
        return self._settled
