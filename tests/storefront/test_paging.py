"""Every list of the shop bounds its page, and takes no cursor but its own."""

from storefront.app import rooms
from storefront.http import cursor
from tests.storefront.test_authorization import BUYER, ENDPOINTS, MODERATOR, SELLER, Scene, spelled

BAD = ({"limit": 0}, {"limit": -1}, {"limit": 101}, {"limit": "many"}, {"after": "!"}, {"after": "A" * 2000}, {"after": "W10"})
LARGE, ID = 2**63 - 1, "0b5e8a52-6a0b-4a5e-9c39-5d2f1be1c0de"
FORGED = tuple(
    cursor(*key)
    for key in (
        (LARGE,), (-LARGE,), (LARGE, ID), (-LARGE, ID), (LARGE, LARGE, LARGE), (0, 2**40, 0, 0, False), (LARGE, -LARGE, LARGE, LARGE, True),
        ("2020-01-01T00:00:00", ID), ("0001-01-01T00:00:00+14:00", ID), ("9999-12-31T23:59:59-14:00", ID), ("\x00", ID), (LARGE, LARGE, ID),
    )
)  # fmt: skip


def lists() -> set[str]:
    """What takes a `limit`, as the table of endpoints names it."""
    return {
        f"GET {spelled(path)}" for room in rooms() for handler in room.routes for path in handler.paths
        if {"limit", "after"} <= handler.fn.__annotations__.keys()
    }  # fmt: skip


async def test_every_list_bounds_its_page(world):
    scene = await Scene.of(world)
    assert len(lists()) > 10
    for name in lists():
        endpoint, path = ENDPOINTS[name], scene.filled(name.partition(" ")[2])
        actor = max(endpoint.allowed & {BUYER, SELLER, MODERATOR})
        async with world.client(scene.people[actor]) as client:
            for bad in BAD:
                answer = await client.get(path, params=endpoint.query | bad)
                assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST"), f"{name} with {bad}"
            for forged in FORGED:
                answer = await client.get(path, params=endpoint.query | {"after": forged})
                assert answer.status_code in (200, 400), f"{name} after {forged}"
            assert (await client.get(path, params=endpoint.query | {"limit": 1})).status_code == 200
