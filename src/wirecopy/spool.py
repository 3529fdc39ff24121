"""Rows held on disk: what is known of every article of a large collection, in the room of a few.

Whoever makes rows may pack them, so that they travel and are put away as they are. From some size on, what is held
lives in a temporary file without a name, and goes with it.
"""

from __future__ import annotations

import marshal
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row", bound=tuple)
Value = TypeVar("Value")
_IN_MEMORY = 1 << 20
"""Bytes up to which a spool does without a file."""
_TOGETHER = 1_000
"""Entries of a mapping that are packed together."""


class Packed(NamedTuple):
    """Some rows, as bytes, and how many they are: tuples of equal length of what `marshal` takes."""

    content: bytes
    n: int

    @classmethod
    def of(cls, rows: Sequence[tuple]) -> Packed:
        return cls(marshal.dumps(list(zip(*rows, strict=True))), len(rows))

    def rows(self) -> Iterator[tuple]:
        return zip(*marshal.loads(self.content), strict=True)


class Spool(Generic[Row]):
    """Rows in the order in which they were added, on disk once they are many. They can be gone through any number of
    times, also by several iterators of one thread; some are in memory at a time. `make` makes what a row is from a
    tuple."""

    def __init__(self, make: Callable[[tuple], Row] = tuple) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="wirecopy-spool-")  # noqa: SIM115
        self._make, self._added = make, []
        self._end = self._n = 0

    def add(self, packed: Packed) -> None:
        """Take in some rows."""
        self._file.seek(self._end)
        self._file.write(packed.content)
        self._added.append((self._end, len(packed.content), packed.n))
        self._end += len(packed.content)
        self._n += packed.n

    def together(self, index: int) -> Iterator[Row]:
        """The rows that were added together, by how many times something had been added before."""
        start, length, n = self._added[index]
        self._file.seek(start)
        return map(self._make, Packed(self._file.read(length), n).rows())

    def __del__(self) -> None:
        with suppress(OSError):  # What could not be written before cannot be now.
            self._file.close()

    def __iter__(self) -> Iterator[Row]:
        for index in range(len(self._added)):
            yield from self.together(index)

    def __len__(self) -> int:
        return self._n


class SpooledMapping(Mapping[str, Value]):
    """A mapping on disk, made of its entries in the rising order of their keys. To ask for keys in that order is
    fast."""

    def __init__(self, entries: Iterable[tuple[str, Value]]) -> None:
        self._spool: Spool[tuple[str, Value]] = Spool()
        self._firsts: list[str] = []
        self._loaded: tuple[int, dict[str, Value]] = (-1, {})
        entries = iter(entries)
        while some := list(islice(entries, _TOGETHER)):
            self._firsts.append(some[0][0])
            self._spool.add(Packed.of(some))

    def together(self) -> Iterator[dict[str, Value]]:
        """The entries, some at a time."""
        for index in range(len(self._firsts)):
            yield dict(self._spool.together(index))

    def __getitem__(self, key: str) -> Value:
        index = bisect_right(self._firsts, key) - 1
        if index < 0:
            raise KeyError(key)
        if index != self._loaded[0]:
            self._loaded = index, dict(self._spool.together(index))
        return self._loaded[1][key]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._spool)

    def __len__(self) -> int:
        return len(self._spool)
