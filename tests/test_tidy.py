"""What must never be in the tree: imports against the layers, clocks and I/O in the core, leftovers, machine paths."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "gateway", "marketdata", "storefront", "cryptoshop", "bench")

# package -> the project's packages that it may import
LAYERS = {
    "engine": {"engine"},
    "marketdata": {"engine", "marketdata"},
    "gateway": {"engine", "marketdata", "gateway"},
    "storefront": {"engine", "marketdata", "storefront"},
}
ENGINE_LAYERS = {  # below the façade: what each part of engine may import of engine
    "engine.types": set(),
    "engine.views": {"engine.types"},
    "engine.kernels": {"engine.types", "engine.kernels"},
    "engine.oracle": {"engine.types", "engine.views", "engine.oracle"},
    "engine.machine": {"engine.types", "engine.views", "engine.kernels"},
}
# The deterministic part: nothing there may read a clock, draw a number, speak to the world or log.
DETERMINISTIC = ("engine/kernels", "engine/oracle", "engine/machine.py", "engine/types.py", "engine/views.py", "engine/commands.py")
BANNED_IN_THE_CORE = {"asyncio", "socket", "time", "random", "logging", "structlog", "asyncpg", "threading", "secrets", "uuid", "datetime"}
# The one exception, with its reason: the kernels' package compiles at start, under a file lock, and says how long it took.
MAY_TAKE_TIME = {("engine/kernels/__init__.py", "time"), ("engine/kernels/compiling.py", "time")}

REGISTRY_HOSTS = "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "deb" + r"\.debian"))
LEFTOVERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "static" not in path.parts]


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module that the file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module.split(".")[0] in PACKAGES:
                found |= {f"{node.module}.{alias.name}" for alias in node.names if (ROOT / node.module.replace(".", "/")).is_dir()}
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_packages_import_downwards_only(package: str) -> None:
    against = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] == package
        for name in imports(path)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] not in LAYERS[package]
    ]
    assert not against


@pytest.mark.parametrize("part", ENGINE_LAYERS)
def test_the_core_imports_downwards_only(part: str) -> None:
    allowed = ENGINE_LAYERS[part] | {"engine"}
    against = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        if module_name(path) == part or module_name(path).startswith(part + ".")
        for name in imports(path)
        if name.split(".")[0] == "engine" and not any(name == door or name.startswith(door + ".") for door in allowed if door != "engine")
        if name != "engine"
    ]
    assert not against


def test_no_clock_chance_or_io_in_the_core() -> None:
    against = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        if str(path.relative_to(ROOT)).startswith(DETERMINISTIC)
        for name in imports(path)
        if name.split(".")[0] in BANNED_IN_THE_CORE and (str(path.relative_to(ROOT)), name.split(".")[0]) not in MAY_TAKE_TIME
    ]
    assert not against


def test_kernels_know_no_floats() -> None:
    """No float literal and no true division in a kernel: money is integers."""
    against = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "engine" / "kernels").glob("*.py"))
        if path.name not in ("__init__.py", "compiling.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(getattr(node, "value", None), float) or isinstance(getattr(node, "op", None), ast.Div)
    ]
    assert not against


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_print_is_for_the_command_line() -> None:
    speakers = ("cryptoshop", "bench")
    against = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] not in speakers
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not against


def test_nothing_is_left_over_and_no_machine_shows() -> None:
    machine_paths = re.compile(r"(^|[^A-Za-z0-9_.-])/(work|farm|root)/")
    hosts = re.compile(REGISTRY_HOSTS)
    against = []
    for path in tracked():
        if path.suffix in (".png", ".gz", ".ico", ".woff2") or path.stat().st_size > 2_000_000:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if LEFTOVERS.search(line) or machine_paths.search(line) or hosts.search(line):
                against.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not against


def test_ruff_is_content() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format", "concise", *PACKAGES, "tests"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-1000:]
