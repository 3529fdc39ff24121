"""The result of scoring: every figure with its signature, interval and average, and the breakdowns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wirecopy.scoring.counts import NOTHING, Counts
from wirecopy.scoring.gold import Gold
from wirecopy.scoring.intervals import figures, intervals
from wirecopy.scoring.measures import ArticleScore, Measure, Task
from wirecopy.scoring.signature import signature

Interval = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over the split.

    `precision`, `recall` and `f1` are micro figures, from the sums of the articles' counts; an
    accuracy is all three. `interval` is the 95 % bootstrap interval of F1. `macro_f1` is the mean of
    the F1 of the articles that have anything to measure. None where there is nothing to measure.
    """

    measure: Measure
    signature: str
    precision: float | None
    recall: float | None
    f1: float | None
    interval: Interval
    precision_interval: Interval
    recall_interval: Interval
    macro_precision: float | None
    macro_recall: float | None
    macro_f1: float | None
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Row:
    """One group of a breakdown, with the `n` articles or gold items in it. Without predicted items
    to count, only `recall` is known."""

    group: str
    n: float
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One measure, group by group of a dimension; `counted` says what the groups are of."""

    dimension: str
    measure: str
    counted: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Report:
    """The scores of one system on one split in one view.

    `report["content|match:exact"].f1` is a figure; `scores` has the counts by article and `missing`
    the articles without a prediction, which count as missed.
    """

    task: Task
    gold: Gold
    view: str
    scores: Mapping[str, ArticleScore]
    missing: tuple[str, ...]

    def __getitem__(self, measure: str) -> Figure:
        return self.figures[measure]

    @cached_property
    def counts(self) -> np.ndarray:
        """Counts by article (in the order of ids), measure and the four fields of `Counts`."""
        return counts_array(self.task, self.scores)

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """The figures by the id of their measure, in the task's order."""
        micro = figures(self.task, self.counts.sum(axis=0))
        macro = _mean_over_articles(figures(self.task, self.counts))
        spread = intervals(self.task, self.counts)
        sums = {m.id: Counts(*s) for m, s in zip(self.task.counted, self.counts.sum(axis=0).tolist(), strict=True)}
        return {
            measure.id: Figure(
                measure,
                signature(self.task, measure, self.gold, self.view),
                *map(_known, micro[i]),
                *(_known_interval(spread[i, k]) for k in (2, 0, 1)),
                *map(_known, macro[i]),
                sums.get(measure.id),
            )
            for i, measure in enumerate(self.task.measures)
        }

    @cached_property
    def breakdowns(self) -> tuple[Breakdown, ...]:
        """The main measure by publisher, topic and genre of the articles; by label; by gold item."""
        by_article = {
            "publisher": lambda article: [article["publisher"]],
            "topic": lambda article: article["topics"],
            "genre": lambda article: [article["genre"]],
        }
        found = [self._by_article(name, groups) for name, groups in by_article.items()]
        if self.task.label:
            found.append(self._by_label())
        return (*found, *self._by_group())

    def _by_article(self, dimension: str, groups: Callable[[Mapping], Sequence[str]]) -> Breakdown:
        ids: dict[str, list[str]] = {}
        for article in self.gold.articles:
            for group in groups(article):
                ids.setdefault(group, []).append(article["id"])
        place = [measure.id for measure in self.task.measures].index(self.task.main)
        rows = []
        for group, members in sorted(ids.items()):
            counts = counts_array(self.task, {i: self.scores[i] for i in members}).sum(axis=0)
            rows.append(Row(group, len(members), *map(_known, figures(self.task, counts)[place])))
        return Breakdown(dimension, self.task.main, "articles", tuple(rows))

    def _by_label(self) -> Breakdown:
        counts: dict[str, Counts] = {}
        for score in self.scores.values():
            for label, found in score.labels.items():
                counts[label] = counts.get(label, NOTHING) + found
        rows = [Row(label, c.n_gold, c.precision, c.recall, c.f1) for label, c in sorted(counts.items())]
        return Breakdown(self.task.label or "", self.task.by_label or "", "gold", tuple(rows))

    def _by_group(self) -> list[Breakdown]:
        counts: dict[str, dict[str, Counts]] = {}
        for score in self.scores.values():
            for (dimension, group), found in score.groups.items():
                groups = counts.setdefault(dimension, {})
                groups[group] = groups.get(group, NOTHING) + found
        return [
            Breakdown(
                dimension,
                self.task.by_group or "",
                "gold",
                tuple(Row(group, c.n_gold, None, c.recall, None) for group, c in sorted(groups.items())),
            )
            for dimension, groups in counts.items()
        ]


def counts_array(task: Task, scores: Mapping[str, ArticleScore]) -> np.ndarray:
    """Counts of the articles in the order of their ids: shape (articles, counted, 4)."""
    rows = [
        [[c.hit_gold, c.n_gold, c.hit_predicted, c.n_predicted] for c in (scores[i].counts[m.id] for m in task.counted)]
        for i in sorted(scores)
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(task.counted), 4)


def _mean_over_articles(by_article: np.ndarray) -> np.ndarray:
    n_known = (~np.isnan(by_article)).sum(axis=0)
    return np.where(n_known > 0, np.nansum(by_article, axis=0) / np.maximum(n_known, 1), np.nan)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _known_interval(pair: np.ndarray) -> Interval:
    return None if np.isnan(pair).any() else (float(pair[0]), float(pair[1]))
