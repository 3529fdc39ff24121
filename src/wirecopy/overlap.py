"""Which articles share stretches of words: the index behind the rule on near-duplicates.

Every run of eight words becomes a number of 40 bits, by the same arithmetic in every process. The index keeps the
numbers with the articles that have them, on disk once there are many, and finds the pairs of articles in different
splits that may share enough. Two different runs may have one number: what it finds are candidates, to be compared
word by word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from wirecopy import shape
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
_PARTS = 64
_KEPT_IN_MEMORY = 1 << 17
"""Runs of each part that wait for being written to disk."""


def own_text(article: Article) -> str:
    """The text of an article's own zones, boilerplate left out, case folded."""
    kinds, text = shape.boilerplate_kinds(), article["text"]
    own = [text[zone["start"] : zone["end"]] for zone in article["zones"] if zone["kind"] not in kinds]
    return "\n".join(own).casefold()


def exact_runs(article: Article) -> set[tuple[str, ...]]:
    """The runs of words of an article; words are what white space parts."""
    words = own_text(article).split()
    return {tuple(words[i : i + RUN_LENGTH]) for i in range(len(words) - RUN_LENGTH + 1)}


def packed_runs(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The runs of words of some articles, each given by its own text, for a `RunIndex`.

    Numbers that hold a run above and the index of its article below, distinct and in rising order; and how many
    runs each article has.
    """
    encoded = [text.encode("utf-8") for text in texts]
    codes = np.frombuffer(b"\n".join(encoded), dtype=np.uint8)
    words, starts = _word_numbers(codes)
    owners = np.searchsorted(np.cumsum([len(content) + 1 for content in encoded]), starts, side="right")
    n_runs = max(0, len(words) - RUN_LENGTH + 1)
    numbers = np.zeros(n_runs, dtype=np.uint64)
    for i in range(RUN_LENGTH if n_runs else 0):
        numbers = numbers * np.uint64(_FACTOR) + words[i : i + n_runs]
    whole = owners[:n_runs] == owners[RUN_LENGTH - 1 :] if n_runs else np.zeros(0, dtype=bool)
    numbers = _mixed(numbers[whole]) >> np.uint64(64 - _HASH_BITS)
    packed = np.sort((numbers << np.uint64(_ARTICLE_BITS)) | owners[:n_runs][whole].astype(np.uint64))
    packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))] if len(packed) else packed
    sizes = np.bincount((packed & _ARTICLES).astype(np.int64), minlength=len(texts))
    return packed, sizes.astype(np.int32)


def _word_numbers(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number for each word in UTF-8 bytes, and where it starts.

    It is made of the first eight bytes, the last eight and the length: long words that differ between may have one.
    """
    inked = np.zeros(len(codes) + 2, dtype=bool)
    inked[1:-1] = ~_white(codes)
    edges = np.flatnonzero(inked[1:] != inked[:-1])
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    padded = np.concatenate((codes, np.zeros(8, dtype=np.uint8)))
    eights = np.lib.stride_tricks.as_strided(padded[:8].view("<u8"), (len(codes) + 1,), (1,))
    first = eights[starts] & _FIRST_BYTES[np.minimum(lengths, 8)]
    last = np.where(lengths > 8, eights[np.maximum(ends - 8, 0)], 0)
    return _mixed(first * np.uint64(_FACTOR) + _mixed(last) + lengths.astype(np.uint64)), starts


_FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
"""What keeps the first bytes of eight, by their number."""
_BEYOND_ASCII = {chr(i).encode("utf-8") for i in range(128, 0x10000) if chr(i).isspace()}


def _white(codes: np.ndarray) -> np.ndarray:
    """Whether each byte of UTF-8 text is of white space, as `str.split` takes it."""
    white = (codes == 0x20) | (codes - np.uint8(0x09) < 5) | (codes - np.uint8(0x1C) < 4)
    leads = np.flatnonzero((codes == 0xC2) | (codes - np.uint8(0xE1) < 3))
    if len(leads):
        padded = np.append(codes, np.zeros(2, dtype=np.uint8))
        found = padded[leads[:, None] + np.arange(3)]
        for sequence in _BEYOND_ASCII:
            at = leads[(found[:, : len(sequence)] == np.frombuffer(sequence, dtype=np.uint8)).all(axis=1)]
            for i in range(len(sequence)):
                white[at + i] = True
    return white


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers whose every bit hangs on every bit of those given (the finaliser of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(33))


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
        runs, in rising order. `splits` has a number for the split of every article.

        Pairs are counted over the runs that few articles have. What the others can add is no more than how many of
        them an article has; only where that alone could be enough are they looked at one by one.
        """
        needed = 0.99 * share * np.concatenate([np.zeros(0, dtype=np.int32), *self._sizes])
        n_common = np.zeros(self.n_articles, dtype=np.int64)
        found = []
        for part in range(_PARTS):
            _, articles, sizes = _grouped(self._part(part))
            common = np.repeat(sizes > _FEW_HOLDERS, sizes)
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
            _, articles, sizes = _grouped(self._part(part))
            pairs = _pairs_of(articles, sizes, _FEW_HOLDERS + 1, MOST_HOLDERS, commonplace)
            found.append(_counted(pairs, splits))
        pairs, shared = _summed(found)
        first, second = pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)
        # The runs that few have may add to it: a tenth of what is needed is enough for a closer look.
        return pairs[shared >= 0.1 * np.minimum(needed[first], needed[second])].tolist()

    def close(self) -> None:
        for file in self._files:
            if file is not None:
                file.close()


def _grouped(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The runs and articles of sorted packed numbers, and how many articles have each run."""
    hashes, articles = packed >> np.uint64(_ARTICLE_BITS), packed & _ARTICLES
    begins = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1]))) if len(packed) else np.zeros(0, int)
    return hashes, articles, np.diff(np.append(begins, len(packed)))


def _pairs_of(
    articles: np.ndarray, sizes: np.ndarray, least: int, most: int, among: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """The pairs of articles that have one run, packed into one number each, for the runs that some number of
    articles have; with `among`, the pairs of which at least one is among these."""
    begins = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[(sizes >= least) & (sizes <= most)]).tolist():
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
