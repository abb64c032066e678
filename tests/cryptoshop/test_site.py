"""cryptoshop/site.py: files by name and nothing but files, whatever the path and the Host header say."""

import httpx
import pytest

from cryptoshop import site
from cryptoshop.roles import rest
from cryptoshop.settings import Settings


@pytest.fixture
async def client(tmp_path, monkeypatch):
    app = tmp_path / "app"
    (app / "assets").mkdir(parents=True)
    (app / "index.html").write_text("the app")
    (app / "assets" / "one.js").write_text("one")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(site, "APP_DIR", app)
    monkeypatch.setattr(rest, "trading_app", lambda gateway: None)
    monkeypatch.setattr(rest, "identity_app", lambda identity, demo: None)
    served = rest.http_app(Settings(tmp_path, ws_port=9001), _Gateway(), None)
    transport = httpx.ASGITransport(served, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


class _Gateway:
    identity = exchange = history = None


async def test_files_are_served_and_other_paths_are_the_app(client):
    assert (await client.get("/assets/one.js")).text == "one"
    for path in ("/", "/trade/BTCUSDT", "/assets"):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (200, "the app")


@pytest.mark.parametrize(
    "path",
    ["/assets/none.js", "/%00", "/one%00.js", "/" + "a" * 5000, "/" + "a/" * 3000, "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/.env"],
)
async def test_what_is_no_file_is_not_found(client, path):
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (404, "not found\n")


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("shop.example:8080", "shop.example"),
        ("[::1]:8080", "[::1]"),
        ("x;script-src", "127.0.0.1"),
        ("a@b:99999", "127.0.0.1"),
        ("[::1", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_the_websocket_address_follows_a_host_that_is_one(client, host, named):
    told = await client.get("/config.json", headers={"host": host})
    assert told.json()["ws"] == f"ws://{named}:9001"
    policy = (await client.get("/", headers={"host": host})).headers["content-security-policy"]
    assert f"connect-src 'self' ws://{named}:9001 wss://{named}:9001;" in policy


async def test_a_target_that_is_no_path(client):
    """OPTIONS * is such a one."""
    told = []

    async def send(message: dict) -> None:
        told.append(message)

    scope = {"type": "http", "method": "OPTIONS", "path": "*", "raw_path": b"*", "query_string": b"", "headers": [], "root_path": ""}
    await client._transport.app(scope, None, send)
    assert told[0]["status"] < 500
