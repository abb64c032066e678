"""What an installed app is made of: manifest, icons, a service worker that knows every file, and how the site serves them."""

import json
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image

from cryptoshop import site
from cryptoshop.settings import Settings
from tests.web.conftest import APP, WEB

ICONS = WEB / "public" / "icons"


@pytest.fixture
def built() -> Path:
    if not (APP / "worker.js").exists():
        pytest.skip("the web app is not built (make web)")
    return APP


def test_the_manifest_names_icons_of_the_sizes_it_says():
    manifest = json.loads((WEB / "public" / "manifest.webmanifest").read_text())
    assert (manifest["scope"], manifest["display"]) == ("/", "standalone")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        file = ICONS / Path(icon["src"]).name
        assert icon["src"] == f"/icons/{file.name}"
        if icon["type"] == "image/png":
            with Image.open(file) as picture:
                assert "x".join(map(str, picture.size)) == icon["sizes"]
        else:
            assert file.read_text().startswith("<svg")


def test_the_worker_keeps_every_file_of_the_app(built):
    worker = (built / "worker.js").read_text()
    assert "__SHELL" not in worker
    kept = json.loads(re.search(r'\["/index\.html"[^\]]*\]', worker)[0])
    there = {f"/{file.relative_to(built).as_posix()}" for file in built.rglob("*") if file.is_file()}
    assert set(kept) == there - {"/worker.js", "/licences.txt"}
    assert len(kept) == len(set(kept))


def test_nothing_of_the_worker_or_the_manifest_comes_from_elsewhere(built):
    for name in ("worker.js", "manifest.webmanifest", "index.html"):
        assert not re.search(r"https?://(?!www\.w3\.org)", (built / name).read_text()), name


def test_packages_are_named_without_addresses():
    assert "resolved" not in (WEB / "package-lock.json").read_text()


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/worker.js", "javascript", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/icons/icon-192.png", "image/png", "no-cache"),
        ("/", "text/html", "no-cache"),
    ],
)
async def test_the_site_serves_them_under_a_strict_policy(built, tmp_path, path, content_type, cache):
    served = site.site_app(Settings(tmp_path, ws_port=9001), site.Health(Settings(tmp_path), None, None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://shop.test") as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert content_type in answer.headers["content-type"]
    assert answer.headers["cache-control"] == cache
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["worker-src"] == policy["manifest-src"] == policy["default-src"] == "'self'"
    assert "script-src" not in policy  # default-src holds: nothing inline, nothing from elsewhere
