"""Steps of a purchase over HTTP, as the checkout's tests take them."""

import uuid
from typing import Any


async def put_into_cart(client, product, quantity: int = 1) -> None:
    answer = await client.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": quantity})
    assert answer.status_code == 200, answer.text


async def start(client, address_id: uuid.UUID, pay_asset: str = "USDT", **more: Any):
    return await client.post("/shop/checkouts", json={"addressId": str(address_id), "payAsset": pay_asset, **more})


async def confirm(client, checkout: dict, **headers: str):
    return await client.post(f"/shop/checkouts/{checkout['id']}/confirm", json={"most": checkout["most"]}, headers=headers)


async def opened(world, client, person, product, *, quantity: int = 1, pay_asset: str = "USDT", country: str = "DE", **more: Any) -> dict:
    """A checkout of one thing, open."""
    await put_into_cart(client, product, quantity)
    answer = await start(client, await world.address(person, country), pay_asset, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def amount(money: dict) -> tuple[str, str]:
    return money["asset"], money["amount"]
