"""The web app's own unit tests, and how much the first page weighs."""

import gzip
import re
import shutil
import subprocess

import pytest

from tests.web.conftest import APP, WEB

FIRST_PAGE_MAX = 250_000  # bytes of JavaScript, gzipped


def test_unit_tests_of_the_web_app():
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no Node on PATH")
    if not (WEB / "node_modules" / "vitest").exists():
        pytest.skip("the web app's packages are not installed (make web)")
    run = subprocess.run([npm, "test"], cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_first_page_is_light():
    if not (APP / "index.html").exists():
        pytest.skip("the web app is not built (make web)")
    page = (APP / "index.html").read_text()
    scripts = re.findall(r'(?:src|href)="/([^"]+\.js)"', page)
    assert any(script.startswith("assets/") for script in scripts)
    assert sum(len(gzip.compress((APP / script).read_bytes())) for script in scripts) <= FIRST_PAGE_MAX


def test_nothing_is_loaded_from_elsewhere():
    if not (APP / "index.html").exists():
        pytest.skip("the web app is not built (make web)")
    for file in (APP / "index.html", *APP.glob("assets/*.css")):
        assert not re.search(r"""(?:src|href)=["']?https?:|url\(["']?https?:""", file.read_text()), file.name
