"""The compiled core: what happens to the state when commands are applied, one concern a file.

Owns the one decorator, `kernel`, and where compiled code is kept. Importing this package is the only way the project reaches Numba, so
the cache directory is settled here, before Numba is imported: Numba's own cache notices changes of the defining file only, not of
constants and callees elsewhere, so the directory is named by a hash of every source and version that compiled code depends on.

Kernels are deterministic: 64-bit integers only, no clock, no randomness, no allocation per command. State is always an argument.
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from blake3 import blake3

_PACKAGE = Path(__file__).resolve().parent


def sources_digest() -> str:
    """Names everything that compiled code depends on: kernel sources, engine/types.py, Python, compiler and CPU."""
    digest = blake3()
    for path in (*sorted(_PACKAGE.glob("*.py")), _PACKAGE.parent / "types.py"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    versions = [f"{name} {version(name)}" for name in ("numba", "numpy", "llvmlite")]
    # Numba itself keys every entry by CPU name and features; the architecture here only keeps unlike machines apart on shared disks.
    digest.update("\n".join((*versions, platform.python_version(), platform.machine(), platform.processor())).encode())
    return digest.hexdigest()[:24]


def cache_directory() -> Path:
    """Where compiled kernels are kept: $CRYPTOSHOP_CACHE, else the user's cache directory."""
    base = os.environ.get("CRYPTOSHOP_CACHE")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cryptoshop")
    return Path(base) / f"kernels-{sources_digest()}"


CACHE_DIRECTORY = cache_directory()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE_DIRECTORY)

import numba  # noqa: E402  (after the cache directory is settled)
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator  # noqa: E402
from numba.core.codegen import JITCodeLibrary  # noqa: E402
from numba.core.compiler import Compiler  # noqa: E402
from numba.core.registry import CPUDispatcher  # noqa: E402

numba.config.CACHE_DIR = str(CACHE_DIRECTORY)  # where someone imported Numba before us

# "numpy": no check for division by zero; divisors are proven positive at admission. The interpreter's lock is released.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
# Arrays belong to the caller for as long as a kernel runs, so kernels do not count references: each time a table is passed on, that would
# cost two locked instructions, several hundred a command. Such a kernel cannot allocate.
_LEAN = _OPTIONS | {"_nrt": False}
_PART = _LEAN | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class _ByContent(_CacheLocator):
    """Where an entry's machine code lies: by what its source says, not by where the file is or when it was written.

    So every checkout of one state of the sources, and every process, shares what was compiled once.
    """

    def __init__(self, source: str) -> None:
        self._source = Path(source)

    @classmethod
    def from_function(cls, function, source):
        return cls(source)

    def get_cache_path(self):
        return str(CACHE_DIRECTORY / self._source.parent.name)

    def get_source_stamp(self):
        return blake3(self._source.read_bytes()).hexdigest()

    def get_disambiguator(self):
        return "entry"  # a module has one of each name


class _EntryCacheImpl(CompileResultCacheImpl):
    _locator_classes = [_ByContent]


class _EntryCache(FunctionCache):
    _impl_class = _EntryCacheImpl


def _entry(**options):
    def decorated(function):
        dispatcher = numba.njit(**options)(function)
        if not numba.config.DISABLE_JIT:
            dispatcher._cache = _EntryCache(function)
        return dispatcher

    return decorated


class _PartLibrary(JITCodeLibrary):
    """The code of a kernel that only kernels call: kept as it was lowered, for its callers to take in, optimise and translate.

    Numba's own way is to optimise and translate every kernel by itself and once more in each of its callers, up to the entry: most of
    the compile time, for code that nobody runs.
    """

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        return 0  # there is no machine code of its own

    @property
    def codegen(self):
        return self

    def set_env(self, name, env):
        pass  # only code that speaks to the interpreter reads its environment


class _PartCompiler(Compiler):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        codegen = self.state.targetctx.codegen()
        self.state.library = _PartLibrary(codegen, "part")


class _Part(CPUDispatcher):
    def __call__(self, *arguments):
        raise TypeError(f"{self.py_func.__name__} is code of other kernels only; what Python calls is an entry_kernel")


def _part(**options):
    def decorated(function):
        return _Part(function, targetoptions=_PART | options | {"nopython": True}, pipeline_class=_PartCompiler)

    return decorated


# What Python calls.
entry_kernel = _entry(**_LEAN)
# What kernels call: compiled into them, and into nothing else.
kernel = _part()
# For helpers on the hot path: passing the state would cost more than the work.
inlined_kernel = _part(forceinline=True)
# For checks and generators that need arrays of their own.
allocating_kernel = _entry(**_OPTIONS)


def warm(progress=None) -> float:
    """Compile, or load from the cache, every kernel the machine calls; returns the seconds it took (engine/kernels/compiling.py)."""
    from engine.kernels.compiling import warm as warm_kernels  # noqa: PLC0415  (it imports the kernels, which import this package)

    return warm_kernels(progress)
