"""HTTP of the webhooks room: a seller's endpoints, their deliveries, sending again, and a test."""

import uuid
from typing import Annotated

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody

from storefront.http import PAGE_DEFAULT, After, Answer, Body, CurrentWork, Limit, cursor, cursor_key, milliseconds
from storefront.sellers import seller_of
from storefront.webhooks import endpoints
from storefront.webhooks.address import URL_MAX
from storefront.webhooks.endpoints import DeliveryRow

Url = Annotated[str, msgspec.Meta(min_length=8, max_length=URL_MAX, pattern=r"^[\x21-\x7e]*$(?!\n)")]
Events = Annotated[list[Annotated[str, msgspec.Meta(max_length=40)]], msgspec.Meta(max_length=40)]


class NewEndpoint(Body):
    """No events: all of them."""

    url: Url
    events: Events = []


class EndpointChange(Body):
    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None


class Endpoint(Answer):
    id: uuid.UUID
    url: str
    events: list[str]
    enabled: bool


class EndpointMade(Endpoint):
    """`secret` is told this once; it is the key of each message's signature."""

    secret: str


class Endpoints(Answer):
    items: list[Endpoint]


class Delivery(Answer):
    """`state` is waiting, delivered or failed; `status` and `error` are the last attempt's; `nextAt` where it waits."""

    id: uuid.UUID
    event_id: int
    type: str
    state: str
    attempts: int
    status: int | None
    error: str
    at: int
    next_at: int | None


class Deliveries(Answer):
    items: list[Delivery]
    next: str


@get("/seller/webhooks")
async def list_endpoints(work: CurrentWork) -> Endpoints:
    """The seller's endpoints."""
    seller = await seller_of(work)
    return Endpoints([Endpoint(*row) for row in await endpoints.endpoints(work.db, seller.seller_id)])


@post("/seller/webhooks", status_code=201)
async def add_endpoint(data: JSONBody[NewEndpoint], work: CurrentWork) -> EndpointMade:
    """A new endpoint, told of events from now on."""
    seller = await seller_of(work)
    row, secret = await endpoints.add_endpoint(work.shop, work.db, seller.seller_id, data.url, data.events, work.now)
    return EndpointMade(*row, secret)


@patch("/seller/webhooks/{webhook_id:uuid}", status_code=200)
async def change_endpoint(webhook_id: FromPath[uuid.UUID], data: JSONBody[EndpointChange], work: CurrentWork) -> Endpoint:
    """Change where, of what, and whether at all the endpoint is told."""
    seller = await seller_of(work)
    row = await endpoints.change_endpoint(
        work.shop, work.db, seller.seller_id, webhook_id, url=data.url, events=data.events, enabled=data.enabled
    )
    return Endpoint(*row)


@delete("/seller/webhooks/{webhook_id:uuid}", status_code=200)
async def remove_endpoint(webhook_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """The endpoint and what is known of its deliveries."""
    seller = await seller_of(work)
    await endpoints.remove_endpoint(work.db, seller.seller_id, webhook_id)
    return {}


@get("/seller/webhooks/{webhook_id:uuid}/deliveries")
async def list_deliveries(webhook_id: FromPath[uuid.UUID], work: CurrentWork, after: After = "",
                          limit: Limit = PAGE_DEFAULT) -> Deliveries:  # fmt: skip
    """What the endpoint was sent, or is to be sent, the last first."""
    seller = await seller_of(work)
    (before,) = cursor_key(after, int) or (None,)
    rows = await endpoints.deliveries(work.db, seller.seller_id, webhook_id, before, limit + 1)
    return Deliveries([_delivery(row) for row in rows[:limit]], cursor(rows[limit - 1].position) if len(rows) > limit else "")


@post("/seller/deliveries/{delivery_id:uuid}/redeliver", status_code=200)
async def redeliver(delivery_id: FromPath[uuid.UUID], work: CurrentWork) -> Delivery:
    """Send it again, under the same id."""
    seller = await seller_of(work)
    return _delivery(await endpoints.redeliver(work.db, seller.seller_id, delivery_id, work.now))


@post("/seller/webhooks/{webhook_id:uuid}/test", status_code=201)
async def send_test(webhook_id: FromPath[uuid.UUID], work: CurrentWork) -> Delivery:
    """An event of type webhook.test, for this endpoint alone."""
    seller = await seller_of(work)
    return _delivery(await endpoints.send_test(work.db, seller.seller_id, webhook_id, work.now))


def _delivery(row: DeliveryRow) -> Delivery:
    next_at = None if row.next_at is None else milliseconds(row.next_at)
    return Delivery(row.delivery_id, row.event_id, row.type, row.state, row.attempts, row.status, row.error, milliseconds(row.at), next_at)


HANDLERS = [list_endpoints, add_endpoint, change_endpoint, remove_endpoint, list_deliveries, redeliver, send_test]
