"""Which articles share stretches of words: the index behind the rule on near-duplicates.

Every run of eight words becomes a number of 40 bits, by the same arithmetic in every process. The index keeps the
numbers with the articles that have them, on disk once there are many, and finds the pairs of articles in different
splits that may share enough. Two different runs may have one number: what it finds are candidates, to be compared
word by word.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wirecopy import columns, shape
from wirecopy.article import Article

RUN_LENGTH = 8
"""Words in a run."""
MOST_HOLDERS = 1_000
"""A run that more articles have than this is what pages say, and no sign that one copies another."""

_FEW_HOLDERS = 8
_ARTICLE_BITS = 24
_HASH_BITS = 40
_ARTICLES = np.uint64((1 << _ARTICLE_BITS) - 1)
_FACTOR = 0x9E3779B97F4A7C15
_PARTS = 256
_PART_BEGINS = np.arange(_PARTS, dtype=np.uint64) << np.uint64(_HASH_BITS + _ARTICLE_BITS - _PARTS.bit_length() + 1)
_KEPT_IN_MEMORY = 1 << 20
"""Runs that wait for being written to disk."""


Runs = tuple[np.ndarray, np.ndarray]
"""The runs of words of some articles: numbers that hold a run above and the index of its article below, distinct and
in rising order; and how many runs each article has."""


class StoredRuns(NamedTuple):
    """The runs of words of some articles in a file, where each part of an index begins and the last ends in it, and
    how many runs each article has."""

    path: Path
    bounds: list[int]
    sizes: np.ndarray

    @classmethod
    def at(cls, path: Path, runs: Runs) -> StoredRuns:
        """Put runs into a file."""
        packed, sizes = runs
        path.parent.mkdir(parents=True, exist_ok=True)
        packed.tofile(path)
        return cls(path, _part_bounds(packed), sizes)


def _part_bounds(packed: np.ndarray) -> list[int]:
    """Where each part of an index begins in runs, and the last ends."""
    return [*np.searchsorted(packed, _PART_BEGINS).tolist(), len(packed)]


def own_text(article: Article) -> str:
    """The text of an article's own zones, boilerplate left out."""
    kinds, text = shape.boilerplate_kinds(), article["text"]
    own = [text[zone["start"] : zone["end"]] for zone in article["zones"] if zone["kind"] not in kinds]
    return "\n".join(own)


def exact_runs(article: Article) -> set[tuple[str, ...]]:
    """The runs of words of an article; words are what white space parts, case folded."""
    words = own_text(article).casefold().split()
    return {tuple(words[i : i + RUN_LENGTH]) for i in range(len(words) - RUN_LENGTH + 1)}


def packed_runs(texts: Sequence[str]) -> Runs:
    """The runs of words of some articles, each given by its own text, for a `RunIndex`."""
    characters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.int32)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    given = np.flatnonzero(lengths)
    ends = np.cumsum(lengths[given])
    return runs_of(characters, ends - lengths[given], ends, given, len(texts))


def runs_of(characters: np.ndarray, starts: np.ndarray, ends: np.ndarray, owners: np.ndarray, n_articles: int) -> Runs:
    """The runs of words of some articles, given by stretches of joined texts: of each its start, end and article.

    Stretches stand in the order of articles and places, none is empty, and no word reaches from one into the next.
    """
    words, n_words = _word_numbers(*_folded(characters, starts, ends))
    owners = np.repeat(owners, n_words)
    numbers = words
    for half in (1, 2, 4):  # Of two runs side by side, one of twice the length.
        numbers = numbers[:-half] * np.uint64(pow(_FACTOR, half, 1 << 64)) + numbers[half:]
    first, last = owners[: len(numbers)], owners[RUN_LENGTH - 1 :]
    whole = first == last
    numbers = _mixed(numbers[whole]) >> np.uint64(64 - _HASH_BITS)
    packed = np.sort((numbers << np.uint64(_ARTICLE_BITS)) | first[whole].astype(np.uint64))
    packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))] if len(packed) else packed
    sizes = np.bincount((packed & _ARTICLES).astype(np.int64), minlength=n_articles)
    return packed, sizes.astype(np.int32)


_UNMET, _WHITE, _LONG = 0, 1, 2
_FOLDS = np.zeros(0x110000, dtype=np.uint8)
"""What each code point that was met so far folds to: white space, a longer string, or else a number for the folded
character; beyond ASCII many characters have one."""


def _folded(characters: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, ...]:
    """Characters case folded, as `_FOLDS` has them, and the stretches in what they fold to."""
    folded = _FOLDS.take(characters)
    if not folded.all():
        for code_point in columns.distinct(characters[folded == _UNMET]).tolist():
            _FOLDS[code_point] = _fold_of(chr(code_point))
        folded = _FOLDS.take(characters)
    places = np.flatnonzero(folded == _LONG)
    if not len(places):
        return folded, starts, ends
    strings = [chr(code_point).casefold() for code_point in characters[places].tolist()]
    lengths = np.array([len(string) for string in strings])
    folded[places] = [_number_of(string[0]) for string in strings]
    more = np.array([_number_of(character) for string in strings for character in string[1:]], dtype=np.uint8)
    folded = np.insert(folded, np.repeat(places + 1, lengths - 1), more)
    added = np.concatenate(([0], np.cumsum(lengths - 1)))
    return folded, *(at + added[np.searchsorted(places, at)] for at in (starts, ends))


def _fold_of(character: str) -> int:
    fold = character.casefold()
    return _WHITE if character.isspace() else _LONG if len(fold) > 1 else _number_of(fold)


def _number_of(character: str) -> int:
    code_point = ord(character)
    return code_point if _LONG < code_point < 0x80 else 0x80 | (code_point * _FACTOR >> 57) & 0x7F


def _word_numbers(folded: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number for each word of the stretches, and how many words each stretch has.

    It is made of the first eight characters, the last eight and the length: long words that differ between may have
    one.
    """
    inked = np.zeros(len(folded) + 2, dtype=bool)
    inked[1:-1] = columns.covered(starts, ends, len(folded)) & (folded != _WHITE)
    begins = np.zeros(len(folded) + 1, dtype=bool)
    begins[starts] = True
    first = np.flatnonzero(inked[1:] & (begins | ~inked[:-1]))
    last = np.flatnonzero(inked[:-1] & (begins | ~inked[1:]))
    lengths = last - first
    eights = columns.eights(folded)
    heads = eights[first] & columns.FIRST_BYTES[np.minimum(lengths, 8)]
    numbers = heads * np.uint64(_FACTOR) + lengths.astype(np.uint64)
    long = np.flatnonzero(lengths > 8)
    numbers[long] += _mixed(eights[last[long] - 8])
    return _mixed(numbers), np.diff(np.searchsorted(first, np.append(starts, len(folded))))


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers whose every bit hangs on every bit of those given (the finaliser of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(33))


class RunIndex:
    """The runs of many articles, each article given by its number, in the order in which they are added."""

    def __init__(self) -> None:
        self._waiting: list[list[np.ndarray]] = [[] for _ in range(_PARTS)]
        self._n_waiting = 0
        self._file: Any = None
        self._written: list[list[tuple[int, int]]] = [[] for _ in range(_PARTS)]
        self._stored: list[tuple[StoredRuns, np.uint64]] = []
        self._sizes: list[np.ndarray] = []
        self.n_articles = 0

    def add(self, runs: Runs | StoredRuns) -> None:
        """Take in the runs of the next articles. A file that they stand in has to stay until the last question."""
        first, sizes = np.uint64(self.n_articles), runs[-1]
        self.n_articles += len(sizes)
        self._sizes.append(sizes)
        if isinstance(runs, StoredRuns):
            self._stored.append((runs, first))
            return
        numbered = runs[0] + first
        for waiting, (start, end) in zip(self._waiting, pairwise(_part_bounds(numbered)), strict=True):
            waiting.append(numbered[start:end])
        self._n_waiting += len(numbered)
        if self._n_waiting > _KEPT_IN_MEMORY:
            self._write()

    def _write(self) -> None:
        """Write to disk what waits for it."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="wirecopy-runs-")  # noqa: SIM115
        self._file.seek(0, os.SEEK_END)
        for written, waiting in zip(self._written, self._waiting, strict=True):
            written.append((self._file.tell(), sum(map(len, waiting))))
            self._file.writelines(waiting)
            waiting.clear()
        self._n_waiting = 0

    def _part(self, part: int) -> np.ndarray:
        """The runs of a part, those with one number beside each other, each by rising article."""
        packed = np.concatenate([self._read(part), *self._waiting[part], *self._read_stored(part)])
        packed.sort()
        return packed

    def _read(self, part: int) -> np.ndarray:
        """What was written of a part."""
        written = self._written[part]
        packed = np.empty(sum(n for _, n in written), dtype=np.uint64)
        end = 0
        for at, n in written:
            self._file.seek(at)
            self._file.readinto(packed[end : end + n])
            end += n
        return packed

    def _read_stored(self, part: int) -> Iterator[np.ndarray]:
        """What files of others have of a part."""
        for runs, first in self._stored:
            start, end = runs.bounds[part : part + 2]
            yield np.fromfile(runs.path, np.uint64, end - start, offset=start * first.itemsize) + first

    def _shared(self, part: int) -> np.ndarray:
        """The runs of a part that several articles have."""
        packed = self._part(part)
        shared = np.zeros(len(packed) + 1, dtype=bool)
        shared[1:-1] = (packed[1:] ^ packed[:-1]) <= _ARTICLES
        return packed[shared[1:] | shared[:-1]]

    def candidates(self, splits: np.ndarray, share: float) -> Iterator[tuple[int, int]]:
        """The pairs of articles of different splits that share at least about this part of the shorter one's
        runs, in rising order. `splits` has a number for the split of every article.

        Pairs are counted over the runs that few articles have. What the others can add is no more than how many of
        them an article has; only where that alone could be enough are they looked at one by one.
        """
        needed = 0.99 * share * np.concatenate([np.zeros(0, dtype=np.int32), *self._sizes])
        n_common = np.zeros(self.n_articles, dtype=np.int64)
        found = []
        for part in range(_PARTS):
            articles, sizes = _grouped(self._shared(part))
            if (often := sizes > _FEW_HOLDERS).any():
                common = np.repeat(often, sizes)
                n_common += np.bincount(articles[common].astype(np.int64), minlength=self.n_articles)
            found.append(_counted(_pairs_of(articles, sizes, 2, _FEW_HOLDERS), splits))
        commonplace = (n_common >= needed) & (needed > 0)
        pairs, shared = _summed(found)
        first, second = pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)
        most = shared + np.minimum(n_common[first], n_common[second])
        enough = most >= np.minimum(needed[first], needed[second])
        likely = set(pairs[enough].tolist())
        if commonplace.any():
            likely.update(self._commonplace_pairs(commonplace, splits, needed))
        yield from sorted((pair >> 32, pair & 0xFFFFFFFF) for pair in likely)

    def _commonplace_pairs(self, commonplace: np.ndarray, splits: np.ndarray, needed: np.ndarray) -> list[int]:
        """The pairs that may share enough by runs that many articles have."""
        found = []
        for part in range(_PARTS):
            articles, sizes = _grouped(self._shared(part))
            pairs = _pairs_of(articles, sizes, _FEW_HOLDERS + 1, MOST_HOLDERS, commonplace)
            found.append(_counted(pairs, splits))
        pairs, shared = _summed(found)
        first, second = pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)
        # The runs that few have may add to it: a tenth of what is needed is enough for a closer look.
        return pairs[shared >= 0.1 * np.minimum(needed[first], needed[second])].tolist()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _grouped(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The articles of sorted packed numbers, and how many articles have each run."""
    bounds = np.flatnonzero((packed[1:] ^ packed[:-1]) > _ARTICLES) + 1
    sizes = np.diff(np.concatenate(([0], bounds, [len(packed)])))
    return packed & _ARTICLES, sizes if len(packed) else sizes[:0]


def _pairs_of(
    articles: np.ndarray, sizes: np.ndarray, least: int, most: int, among: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """The pairs of articles that have one run, packed into one number each, for the runs that some number of
    articles have; with `among`, the pairs of which at least one is among these."""
    begins = np.cumsum(sizes) - sizes
    for size in columns.distinct(sizes[(sizes >= least) & (sizes <= most)]).tolist():
        holders = articles[begins[sizes == size][:, None] + np.arange(size)]
        if among is not None:
            holders = holders[among[holders].any(axis=1)]
        for i in range(size - 1):
            pairs = (holders[:, i, None] << np.uint64(32)) | holders[:, i + 1 :]
            yield pairs if among is None else pairs[among[holders[:, i, None]] | among[holders[:, i + 1 :]]]


def _counted(pairs: Iterator[np.ndarray], splits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of articles of different splits, and how often each occurs."""
    found = [np.zeros(0, dtype=np.uint64), *(array.ravel() for array in pairs)]
    joined = np.concatenate(found)
    apart = splits[joined >> np.uint64(32)] != splits[joined & np.uint64(0xFFFFFFFF)]
    return np.unique(joined[apart], return_counts=True)


def _summed(counted: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The counts of several parts put together."""
    pairs, at = np.unique(np.concatenate([found for found, _ in counted]), return_inverse=True)
    return pairs, np.bincount(at, np.concatenate([n for _, n in counted]), len(pairs))
