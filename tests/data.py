"""Where the recordings are that some tests replay. They are never part of the project."""

import os
from pathlib import Path

import pytest

_DATA = Path(os.environ.get("CRYPTOSHOP_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def data_path(relative: str) -> Path:
    """The recording at `relative` below $CRYPTOSHOP_DATA (default ../shared/data); skips the test by name where it is absent."""
    path = _DATA / relative
    if not path.exists():
        pytest.skip(f"recording {relative} is not on this machine (set CRYPTOSHOP_DATA)")
    return path
