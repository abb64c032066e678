"""The state hash of docs/CORE.md section 7, kept table by table.

A `Table` owns rows by key and the sum of their hashes. Whoever changes a row says so with `touch`; the row is hashed again when the sum
is next asked for. `recount` hashes everything anew and must give the same sum.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from engine.types import MIX_MULTIPLIER, MIX_SEED
from engine.types import Table as TableNumber

WORD = 2**64


def mix(accumulator: int, value: int) -> int:
    """One step of the hash; `value` may be negative and is taken as two's complement."""
    product = ((accumulator ^ (value % WORD)) * MIX_MULTIPLIER) % WORD
    return product ^ (product >> 32)


def mix_all(accumulator: int, values: Iterable[int]) -> int:
    for value in values:
        accumulator = mix(accumulator, value)
    return accumulator


def words(raw: bytes, size: int) -> list[int]:
    """`raw`, filled up with zeros to `size` bytes, as little-endian 64-bit words."""
    padded = raw.ljust(size, b"\0")
    return [int.from_bytes(padded[at : at + 8], "little") for at in range(0, size, 8)]


@lru_cache(maxsize=1024)
def digest(client_id: bytes, size: int) -> int:
    """The signed 64-bit digest by which client ids compare; 0 for an empty one."""
    if not client_id.strip(b"\0"):
        return 0
    value = mix_all(MIX_SEED, words(client_id, size))
    signed = value - WORD if value >= WORD // 2 else value
    return signed or 1


class Table(dict):
    """Rows by key. `fields(key, row)` gives the integers that are hashed, or None for a row that does not count."""

    def __init__(self, number: TableNumber, fields: Callable) -> None:
        super().__init__()
        self._seed = mix(MIX_SEED, number)
        self._fields = fields
        self._hashes: dict = {}
        self._changed: set = set()
        self._sum = 0

    def touch(self, key) -> None:
        """The row of `key` was added, changed or removed."""
        self._changed.add(key)

    def put(self, key, row) -> None:
        self[key] = row
        self._changed.add(key)

    def drop(self, key):
        self._changed.add(key)
        return self.pop(key)

    def total(self) -> int:
        """The sum of the row hashes mod 2^64."""
        for key in self._changed:
            self._sum -= self._hashes.pop(key, 0)
            row_hash = self._hash(key)
            if row_hash is not None:
                self._hashes[key] = row_hash
                self._sum += row_hash
        self._changed.clear()
        return self._sum % WORD

    def recount(self) -> int:
        """The same sum from nothing."""
        return sum(self._hash(key) or 0 for key in self) % WORD

    def _hash(self, key) -> int | None:
        row = self.get(key)
        fields = None if row is None else self._fields(key, row)
        return None if fields is None else mix_all(self._seed, fields)
