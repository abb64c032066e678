"""Compiled kernels are never stale: another source means another cache directory, whatever Numba itself would have noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.kernels.arithmetic import ceil_ppm

ENGINE = Path(__file__).resolve().parents[2] / "engine"
HASHED = """
import sys
from engine.kernels.state import create
from engine.kernels.statehash import state_hash
import numpy as np
found = state_hash(create((2,) * 7), np.array([[1, 2, 3, 4]]))
sys.stdout.write(str(found) + " " + str(sum(state_hash.stats.cache_hits.values())))
"""


def run(program: str, home: Path, **environment: str) -> str:
    """The program's output, with `home` first on its path."""
    settings = os.environ | {"PYTHONPATH": str(home)} | environment
    done = subprocess.run([sys.executable, "-c", program], cwd=home, env=settings, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("name", "former", "edited"), [("types.py", "ORIGIN = 11", "ORIGIN = 12")])
def test_an_edited_constant_is_served_although_the_old_cache_exists(tmp_path, name, former, edited):
    """The constant lives in another file than the kernel that uses it, which is where Numba's own cache goes stale."""
    copy = tmp_path / "engine"
    shutil.copytree(ENGINE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    cache = {"CRYPTOSHOP_CACHE": str(tmp_path / "cache")}
    first, hits = run(HASHED, tmp_path, **cache).split()
    assert hits == "0"
    again, hits = run(HASHED, tmp_path, **cache).split()
    assert (again, hits) == (first, "1")

    source = (copy / name).read_text()
    assert former in source
    (copy / name).write_text(source.replace(former, edited))
    changed, hits = run(HASHED, tmp_path, **cache).split()
    assert changed != first
    assert hits == "0"
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_what_is_only_code_of_other_kernels_says_so():
    with pytest.raises(TypeError, match="ceil_ppm is code of other kernels only"):
        ceil_ppm(1, 1)


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> dict[str, str]:
    """Settings under which kernels are compiled with every index checked, into a cache of their own."""
    return {"NUMBA_BOUNDSCHECK": "1", "CRYPTOSHOP_CACHE": str(tmp_path_factory.mktemp("checked"))}


def test_no_kernel_reaches_outside_its_arrays(checked):
    """Short streams of colliding commands, of auctions and of crashes, with every index checked, end as without the checks."""
    program = "import sys; from tests.engine.test_differential import final_hashes; sys.stdout.write(final_hashes(11, 2000))"
    found = run(program, ENGINE.parent, **checked)
    hashes = found.split()
    assert hashes[::2] == hashes[1::2] and len(hashes) == 6
    assert found == run(program, ENGINE.parent)


def test_the_rules_hold_with_every_index_checked(checked):
    """The tests of the rules on the kernels, of the kernels' own parts, and of every number at its extremes."""
    suite = [*ENGINE.parent.glob("tests/engine/test_rules_*.py"), *ENGINE.parent.glob("tests/engine/test_kernels_*.py")]
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "-k", "kernels or extremes", *map(str, suite), "tests/engine/test_extremes.py"]
    assert " passed" in run(f"import pytest, sys; sys.exit(pytest.main({arguments!r}))", ENGINE.parent, **checked)
