"""Every list of the shop bounds its page, and takes no cursor but its own."""

from storefront.app import rooms
from tests.storefront.test_authorization import BUYER, ENDPOINTS, MODERATOR, SELLER, Scene, spelled

BAD = ({"limit": 0}, {"limit": -1}, {"limit": 101}, {"limit": "many"}, {"after": "!"}, {"after": "A" * 2000}, {"after": "W10"})


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
            assert (await client.get(path, params=endpoint.query | {"limit": 1})).status_code == 200
