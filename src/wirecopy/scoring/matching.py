"""What matches what: tokens and characters under spans, and the one-to-one alignment of items."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from wirecopy.spans import SpanLike

TOKENS = "word-runs"
"""The name of the tokens below in signatures."""
_TOKEN = re.compile(r"\w+|[^\w\s]")


def bounds(span: SpanLike) -> tuple[int, int]:
    """A span as a pair of offsets."""
    return span["start"], span["end"]


class TokenMap:
    """The scorer's tokens of a text: every maximal run of word characters (letters, digits and the
    underscore, as Python's `\\w` has them), and every other character that is not white space.

    They need no tokenizer and no model, so that a figure depends on the text and the spans alone.
    """

    def __init__(self, text: str) -> None:
        found = [match.span() for match in _TOKEN.finditer(text)]
        self.starts = [start for start, _ in found]
        self.ends = [end for _, end in found]

    def under(self, spans: Iterable[SpanLike]) -> frozenset[int]:
        """The numbers of the tokens that share a character with one of the spans."""
        touched: set[int] = set()
        for span in spans:
            touched.update(range(bisect_right(self.ends, span["start"]), bisect_left(self.starts, span["end"])))
        return frozenset(touched)


def characters(text: str, spans: Iterable[SpanLike]) -> frozenset[int]:
    """The offsets under the spans that hold no white space.

    Two lists of spans with equal characters cover the same words, however they are cut up.
    """
    return frozenset(i for span in spans for i in range(span["start"], span["end"]) if not text[i].isspace())


def dice(n_shared: float, n_first: float, n_second: float) -> float:
    """Twice what two sets share by what they have (Dice 1945); 0 for two empty ones."""
    return 2 * n_shared / (n_first + n_second) if n_shared else 0.0


def align(
    gold: Sequence[Any], predicted: Sequence[Any], similarity: Mapping[tuple[int, int], float]
) -> list[tuple[int, int]]:
    """The one-to-one alignment with the greatest sum of similarities, as pairs of indices.

    `gold` and `predicted` hold the items' sort keys; `similarity` has the pairs that may be aligned,
    all positive. Among alignments of equal sums the choice depends on the keys alone: neither the
    order of the items nor which side is the gold matters. Pairs come in the order of the gold.
    """
    gold_order = sorted(range(len(gold)), key=gold.__getitem__)
    predicted_order = sorted(range(len(predicted)), key=predicted.__getitem__)
    if [gold[i] for i in gold_order] <= [predicted[j] for j in predicted_order]:
        rows, columns, pairs = gold_order, predicted_order, similarity
        return sorted((rows[r], columns[c]) for r, c in _assignment(_ranked(pairs, rows, columns)))
    rows, columns = predicted_order, gold_order
    pairs = {(j, i): weight for (i, j), weight in similarity.items()}
    return sorted((columns[c], rows[r]) for r, c in _assignment(_ranked(pairs, rows, columns)))


def _ranked(
    pairs: Mapping[tuple[int, int], float], rows: list[int], columns: list[int]
) -> dict[tuple[int, int], float]:
    """The pairs by the ranks of their items, in order."""
    row_rank = {item: rank for rank, item in enumerate(rows)}
    column_rank = {item: rank for rank, item in enumerate(columns)}
    return dict(sorted(((row_rank[r], column_rank[c]), weight) for (r, c), weight in pairs.items()))


def _assignment(pairs: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The pairs of greatest sum, no row and no column twice (Kuhn 1955; Crouse 2016 in SciPy).

    Items that no chain of pairs connects do not compete, so that each connected part is solved alone.
    """
    chosen: list[tuple[int, int]] = []
    for part in _connected(pairs):
        if len(part) == 1:
            chosen += part
            continue
        rows = sorted({r for r, _ in part})
        columns = sorted({c for _, c in part})
        weights = np.zeros((len(rows), len(columns)))
        for r, c in part:
            weights[bisect_left(rows, r), bisect_left(columns, c)] = pairs[r, c]
        for i, j in zip(*linear_sum_assignment(weights, maximize=True), strict=True):
            if weights[i, j] > 0:
                chosen.append((rows[i], columns[j]))
    return chosen


def _connected(pairs: Mapping[tuple[int, int], float]) -> list[list[tuple[int, int]]]:
    """The pairs in groups that share no row and no column with one another."""
    if not pairs:
        return []
    edges = np.array(list(pairs))
    n_rows, n_columns = edges.max(axis=0) + 1
    shape = (n_rows + n_columns, n_rows + n_columns)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1] + n_rows)), shape=shape)
    _, part_of = connected_components(graph, directed=False)
    parts: dict[int, list[tuple[int, int]]] = {}
    for pair, part in zip(pairs, part_of[edges[:, 0]].tolist(), strict=True):
        parts.setdefault(part, []).append(pair)
    return list(parts.values())
