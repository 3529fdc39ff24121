"""Which articles share stretches of words: the index behind the rule on near-duplicates.

Every run of eight words becomes a number of 40 bits, by the same arithmetic in every process. The index keeps the
numbers with the articles that have them, on disk once there are many, and finds the pairs of articles in different
splits that may share enough. Two different runs may have one number: what it finds are candidates, to be compared
word by word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from wirecopy import shape
from wirecopy.article import Article

RUN_LENGTH = 8
"""Words in a run."""
MOST_HOLDERS = 1_000
"""A run that more articles have than this is what pages say, and no sign that one copies another."""

_ARTICLE_BITS = 24
_HASH_BITS = 40
_ARTICLES = np.uint64((1 << _ARTICLE_BITS) - 1)
_FACTOR = 0x9E3779B97F4A7C15
_PARTS = 64
_KEPT_IN_MEMORY = 1 << 17
"""Runs of each part that wait for being written to disk."""


def own_words(article: Article) -> list[str]:
    """The words of an article's own zones, boilerplate left out, case folded."""
    kinds, text = shape.boilerplate_kinds(), article["text"]
    own = [text[zone["start"] : zone["end"]] for zone in article["zones"] if zone["kind"] not in kinds]
    return "\n".join(own).casefold().split()


def exact_runs(article: Article) -> set[tuple[str, ...]]:
    """The runs of words of an article."""
    words = own_words(article)
    return {tuple(words[i : i + RUN_LENGTH]) for i in range(len(words) - RUN_LENGTH + 1)}


def run_numbers(article: Article) -> np.ndarray:
    """The runs of words of an article as distinct numbers of 40 bits, in rising order.

    A polynomial over the bytes of the run, taken from sums over the whole text, and mixed.
    """
    joined = " ".join(own_words(article))
    codes = np.frombuffer(joined.encode("utf-8"), dtype=np.uint8)
    starts = np.concatenate(([0], np.flatnonzero(codes == 32) + 1))
    if len(starts) < RUN_LENGTH or not joined:
        return np.zeros(0, dtype=np.uint64)
    powers, inverses = _powers(1 << len(codes).bit_length())
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes + np.uint64(1)) * powers[: len(codes)], out=sums[1:])
    ends = np.append(starts[RUN_LENGTH:] - 1, len(codes))
    firsts = starts[: len(ends)]
    return np.unique(_mixed((sums[ends] - sums[firsts]) * inverses[firsts]) >> np.uint64(64 - _HASH_BITS))


@cache
def _powers(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The first powers of the factor and of its inverse, modulo 2**64."""
    return tuple(_geometric(factor, n) for factor in (_FACTOR, pow(_FACTOR, -1, 1 << 64)))


def _geometric(factor: int, n: int) -> np.ndarray:
    found = np.full(n, factor, dtype=np.uint64)
    found[0] = 1
    return np.cumprod(found, dtype=np.uint64)


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers whose every bit hangs on every bit of those given (the finaliser of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(33))


def packed_runs(numbers: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The runs of some articles for a `RunIndex`: numbers that hold a run above and the index of its article below,
    in rising order; and how many runs each article has."""
    sizes = np.array([len(found) for found in numbers], dtype=np.int32)
    if not sizes.sum():
        return np.zeros(0, dtype=np.uint64), sizes
    owners = np.repeat(np.arange(len(numbers), dtype=np.uint64), sizes)
    return np.sort((np.concatenate(numbers) << np.uint64(_ARTICLE_BITS)) | owners), sizes


class RunIndex:
    """The runs of many articles, each article given by its number, in the order in which they are added."""

    def __init__(self) -> None:
        self._waiting: list[list[np.ndarray]] = [[] for _ in range(_PARTS)]
        self._n_waiting = [0] * _PARTS
        self._files: list[Any] = [None] * _PARTS
        self._sizes: list[np.ndarray] = []
        self.n_articles = 0

    def add(self, packed: np.ndarray, sizes: np.ndarray) -> None:
        """Take in the runs of the next articles, as `packed_runs` gives them."""
        numbered = packed + np.uint64(self.n_articles)
        self.n_articles += len(sizes)
        self._sizes.append(sizes)
        shift = np.uint64(_HASH_BITS + _ARTICLE_BITS - _PARTS.bit_length() + 1)
        bounds = np.searchsorted(numbered >> shift, np.arange(_PARTS + 1, dtype=np.uint64))
        for part in range(_PARTS):
            if bounds[part] < bounds[part + 1]:
                self._put(part, numbered[bounds[part] : bounds[part + 1]])

    def _put(self, part: int, packed: np.ndarray) -> None:
        self._waiting[part].append(packed)
        self._n_waiting[part] += len(packed)
        if self._n_waiting[part] > _KEPT_IN_MEMORY:
            if self._files[part] is None:
                self._files[part] = tempfile.TemporaryFile(prefix="wirecopy-runs-")  # noqa: SIM115
            self._files[part].write(np.concatenate(self._waiting[part]).tobytes())
            self._waiting[part], self._n_waiting[part] = [], 0

    def _part(self, part: int) -> np.ndarray:
        """The runs of a part, those with one number beside each other, each by rising article."""
        arrays = list(self._waiting[part])
        if (file := self._files[part]) is not None:
            file.seek(0)
            arrays.append(np.frombuffer(file.read(), dtype=np.uint64))
        return np.sort(np.concatenate(arrays)) if arrays else np.zeros(0, dtype=np.uint64)

    def candidates(self, splits: np.ndarray, share: float) -> Iterator[tuple[int, int]]:
        """The pairs of articles of different splits that share at least about this part of the shorter one's
        runs, in rising order. `splits` has a number for the split of every article."""
        counts = [_shared_pairs(self._part(part), splits) for part in range(_PARTS)]
        n_runs = np.concatenate([np.zeros(0, dtype=np.int32), *self._sizes])
        pairs, at = np.unique(np.concatenate([found for found, _ in counts]), return_inverse=True)
        shared = np.bincount(at, np.concatenate([n for _, n in counts]), len(pairs))
        for pair, n in zip(pairs.tolist(), shared.tolist(), strict=True):
            first, second = pair >> 32, pair & 0xFFFFFFFF
            if n >= 0.99 * share * min(n_runs[first], n_runs[second]):
                yield first, second

    def close(self) -> None:
        for file in self._files:
            if file is not None:
                file.close()


def _shared_pairs(packed: np.ndarray, splits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of articles of different splits that share runs, packed into one number each, and how many."""
    hashes, articles = packed >> np.uint64(_ARTICLE_BITS), packed & _ARTICLES
    begins = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1]))) if len(packed) else np.zeros(0, int)
    sizes = np.diff(np.append(begins, len(packed)))
    found = [np.zeros(0, dtype=np.uint64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= MOST_HOLDERS)]).tolist():
        holders = articles[begins[sizes == size][:, None] + np.arange(size)]
        for i in range(size - 1):
            first, second = holders[:, i, None], holders[:, i + 1 :]
            differ = splits[first] != splits[second]
            found.append(((first << np.uint64(32)) | second)[differ])
    return np.unique(np.concatenate(found), return_counts=True)
