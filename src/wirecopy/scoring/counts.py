"""Counts, and the ratios that follow from them.

Only counts are stored and added; precision, recall and F1 are derived at the end. A part of the
corpus is scored by adding the counts of its articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is in gold and prediction, and how much of each the other has.

    `hit_gold` is the part of the `n_gold` gold items that the prediction has, `hit_predicted` the
    part of the `n_predicted` predicted items that the gold has. Under a one-to-one match the two
    hits are equal; where items match by degrees, or as clusters, they are fractions and differ.
    """

    hit_gold: float = 0
    n_gold: float = 0
    hit_predicted: float = 0
    n_predicted: float = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hit_gold + other.hit_gold,
            self.n_gold + other.n_gold,
            self.hit_predicted + other.hit_predicted,
            self.n_predicted + other.n_predicted,
        )

    @property
    def precision(self) -> float | None:
        """The part of the prediction that is right; 0 where nothing was predicted of what there is,
        None where there is nothing in either."""
        return _ratio(self.hit_predicted, self.n_predicted, self.n_gold)

    @property
    def recall(self) -> float | None:
        """The part of the gold that was found; 0 where something was predicted and there is nothing,
        None where there is nothing in either."""
        return _ratio(self.hit_gold, self.n_gold, self.n_predicted)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, 0 if both are 0, None if there are none."""
        if self.precision is None or self.recall is None:
            return None
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


NOTHING = Counts()


def _ratio(hit: float, n: float, n_other: float) -> float | None:
    if n:
        return min(1.0, hit / n)  # The sum of fractions may pass the whole by a rounding error.
    return 0.0 if n_other else None


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    return sum(counts, NOTHING)


def matched(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> Counts:
    """Counts of items that match if they are equal, each at most once: of a doubled prediction the
    second is wrong, unless the gold has the item twice as well."""
    gold_items, predicted_items = Counter(gold), Counter(predicted)
    n_hits = (gold_items & predicted_items).total()
    return Counts(n_hits, gold_items.total(), n_hits, predicted_items.total())


def share_right(n_right: float, n: float) -> Counts:
    """Counts of an accuracy: `n_right` of `n` decisions; precision, recall and F1 all equal it."""
    return Counts(n_right, n, n_right, n)


def ratios(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of many counts at once: shape (…, 4) to shape (…, 3), NaN for None.

    The same as the properties of `Counts`.
    """
    hit_gold, n_gold, hit_predicted, n_predicted = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    nothing = (n_gold == 0) & (n_predicted == 0)
    precision = np.where(nothing, np.nan, np.minimum(1.0, hit_predicted / np.maximum(n_predicted, _TINY)))
    recall = np.where(nothing, np.nan, np.minimum(1.0, hit_gold / np.maximum(n_gold, _TINY)))
    both = precision + recall
    f1 = np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1.0), both)
    return np.stack([precision, recall, f1], axis=-1)


_TINY = 1e-300
"""In place of a denominator of 0, whose numerator is 0 as well."""
