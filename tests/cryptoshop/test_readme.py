"""The README's words are true: its Python runs as it stands, its files are there."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_venue_in_a_notebook_runs_as_written() -> None:
    block = next(block for block in python_blocks() if "from engine import Exchange" in block)
    result = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("[40 40]") and "(40000, 0)" in result.stdout


def test_every_file_that_a_document_names_is_there() -> None:
    missing = [
        f"{document.name}: {target}"
        for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert not missing
