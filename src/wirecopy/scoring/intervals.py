"""Uncertainty: bootstrap intervals over articles, and a paired test of two systems.

Articles are the units that are drawn, because what is in one article is not independent. Draws come
from numpy's legacy generator, whose stream is frozen: equal input gives equal intervals everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from wirecopy.scoring.counts import ratios
from wirecopy.scoring.measures import Task

SEED = 20261122
N_DRAWS = 10_000
LEVEL = 0.95
_EXACT_UP_TO = 13
"""Articles up to which the test goes through all 2^n swaps, 8,192 at most, and not through drawn ones."""


def figures(task: Task, counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of all measures of a task: shape (…, counted, 4) to (…, measures, 3).

    A mean is of the parts that there is anything to measure of; NaN where there is nothing.
    """
    found = ratios(counts)
    place = {measure.id: i for i, measure in enumerate(task.counted)}
    columns = []
    for measure in task.measures:
        if measure.kind == "mean":
            columns.append(_mean(found[..., [place[part] for part in measure.parts], :]))
        else:
            columns.append(found[..., place[measure.id], :])
    return np.stack(columns, axis=-2)


def _mean(parts: np.ndarray) -> np.ndarray:
    """The mean over the last axis but one, NaNs left out; NaN where all are."""
    n_known = (~np.isnan(parts)).sum(axis=-2)
    return np.where(n_known > 0, np.nansum(parts, axis=-2) / np.maximum(n_known, 1), np.nan)


def _drawn_sums(counts: np.ndarray) -> np.ndarray:
    """The sums of the counts of n articles drawn with replacement, N_DRAWS times."""
    n_articles = len(counts)
    flat = counts.reshape(n_articles, -1)
    generator = np.random.RandomState(SEED)
    even = np.full(n_articles, 1 / n_articles)
    parts = [generator.multinomial(n_articles, even, size=n) @ flat for n in _blocks(n_articles)]
    return np.concatenate(parts).reshape(N_DRAWS, *counts.shape[1:])


def _blocks(n_articles: int) -> list[int]:
    """N_DRAWS in parts that keep the weights of a part below 80 MB; the stream of draws is the same."""
    size = max(1, min(N_DRAWS, 10_000_000 // n_articles))
    return [min(size, N_DRAWS - done) for done in range(0, N_DRAWS, size)]


def intervals(task: Task, counts: np.ndarray) -> np.ndarray:
    """Percentile bootstrap intervals (Efron 1979) of all figures: shape (measures, 3, 2).

    `counts` has the shape (articles, counted, 4). NaN where there are fewer than two articles, or
    nothing to measure; draws without anything to measure are left out.
    """
    if len(counts) < 2:
        return np.full((len(task.measures), 3, 2), np.nan)
    return _percentiles(figures(task, _drawn_sums(counts)))


def _percentiles(drawn: np.ndarray) -> np.ndarray:
    bounds = np.full((*drawn.shape[1:], 2), np.nan)
    known = ~np.isnan(drawn).all(axis=0)
    if known.any():
        tail = 100 * (1 - LEVEL) / 2
        bounds[known] = np.nanpercentile(drawn[:, known], [tail, 100 - tail], axis=0).T
    return bounds


def compare(task: Task, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The second system's F1 less the first's: differences, their intervals, two-sided p values.

    The intervals are of a paired bootstrap. The p value is that of a randomisation test (Noreen
    1989): the part of the ways to swap the systems' counts article by article that gives at least
    the observed difference; all ways for up to 13 articles, else 10,000 drawn ones and the observed.
    """
    differences = figures(task, second.sum(axis=0))[:, 2] - figures(task, first.sum(axis=0))[:, 2]
    if len(first) < 2:
        return differences, np.full((len(differences), 2), np.nan), np.full(len(differences), np.nan)
    drawn = figures(task, _drawn_sums(second))[..., 2] - figures(task, _drawn_sums(first))[..., 2]
    return differences, _percentiles(drawn), _p_values(task, first, second, differences)


def _p_values(task: Task, first: np.ndarray, second: np.ndarray, observed: np.ndarray) -> np.ndarray:
    gap = (second - first).reshape(len(first), -1)
    moved = np.concatenate([swaps @ gap for swaps in _swaps(len(first))]).reshape(-1, *first.shape[1:])
    one, two = first.sum(axis=0) + moved, second.sum(axis=0) - moved
    swapped = figures(task, two)[..., 2] - figures(task, one)[..., 2]
    # A difference that is equal but for the rounding of sums is as great.
    at_least = np.nan_to_num(np.abs(swapped)) >= np.abs(observed) - 1e-12
    return np.where(np.isnan(observed), np.nan, at_least.mean(axis=0))


def _swaps(n_articles: int) -> Iterator[np.ndarray]:
    """Which articles are swapped, one way a row: all ways, or none and N_DRAWS drawn ones, in blocks."""
    if n_articles <= _EXACT_UP_TO:
        yield np.array(list(product((0, 1), repeat=n_articles)))
        return
    yield np.zeros((1, n_articles), dtype=int)
    generator = np.random.RandomState(SEED)
    for n in _blocks(n_articles):
        yield generator.randint(0, 2, size=(n, n_articles))
