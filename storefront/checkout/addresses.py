"""Addresses of a user: /shop/addresses. A checkout keeps a copy of its own, so changing one changes no order."""

import uuid

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from storefront.errors import Refusal, ShopError
from storefront.http import Answer, Body, Country, CurrentWork, as_uuid, line

ADDRESSES_MAX = 20
_COLUMNS = "address_id, name, line1, line2, city, region, postcode, country, phone"


class AddressGiven(Body):
    name: line(1, 100)
    line1: line(1, 200)
    city: line(1, 100)
    country: Country
    line2: line(0, 200) = ""
    region: line(0, 100) = ""
    postcode: line(0, 20) = ""
    phone: line(0, 30) = ""


class Address(Answer):
    id: uuid.UUID
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postcode: str
    country: str
    phone: str


class Addresses(Answer):
    items: list[Address]


def address_of(row) -> Address:
    """From a row with the columns of shop_addresses."""
    return Address(*(row[name.strip()] for name in _COLUMNS.split(",")))


@get("/addresses")
async def list_addresses(work: CurrentWork) -> Addresses:
    """The user's addresses, newest first."""
    rows = await work.db.fetch(
        f"SELECT {_COLUMNS} FROM shop_addresses WHERE user_id = $1 ORDER BY created_at DESC, address_id", work.user().user_id
    )
    return Addresses([address_of(row) for row in rows])


@post("/addresses", status_code=201)
async def add_address(data: JSONBody[AddressGiven], work: CurrentWork) -> Address:
    """A new address; at most 20."""
    user_id = work.user().user_id
    await work.db.execute("SELECT FROM users WHERE user_id = $1 FOR NO KEY UPDATE", user_id)  # two at once may not pass the limit
    if await work.db.fetchval("SELECT count(*) FROM shop_addresses WHERE user_id = $1", user_id) >= ADDRESSES_MAX:
        raise ShopError(Refusal.TOO_MANY, f"There are at most {ADDRESSES_MAX} addresses.")
    row = await work.db.fetchrow(
        f"""INSERT INTO shop_addresses ({_COLUMNS}, user_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            RETURNING {_COLUMNS}""", uuid.uuid4(), *_values(data), user_id, work.now,
    )  # fmt: skip
    return address_of(row)


@put("/addresses/{address_id:str}")
async def change_address(address_id: FromPath[str], data: JSONBody[AddressGiven], work: CurrentWork) -> Address:
    """Replace an address."""
    row = await work.db.fetchrow(
        f"""UPDATE shop_addresses SET ({_COLUMNS}) = ROW(address_id, $3, $4, $5, $6, $7, $8, $9, $10)
            WHERE address_id = $1 AND user_id = $2 RETURNING {_COLUMNS}""", as_uuid(address_id), work.user().user_id, *_values(data),
    )  # fmt: skip
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return address_of(row)


@delete("/addresses/{address_id:str}", status_code=200)
async def remove_address(address_id: FromPath[str], work: CurrentWork) -> dict[str, str]:
    """Forget an address."""
    gone = await work.db.fetchval(
        "DELETE FROM shop_addresses WHERE address_id = $1 AND user_id = $2 RETURNING true", as_uuid(address_id), work.user().user_id
    )
    if not gone:
        raise ShopError(Refusal.NOT_FOUND)
    return {}


def _values(data: AddressGiven) -> tuple[str, ...]:
    return data.name, data.line1, data.line2, data.city, data.region, data.postcode, data.country, data.phone


ROUTES = [list_addresses, add_address, change_address, remove_address]
