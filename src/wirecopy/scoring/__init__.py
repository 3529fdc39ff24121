"""The official scorers: predictions against the gold of a release.

    import wirecopy
    report = wirecopy.score("ner", "dist/VERSION", "predictions.jsonl", split="test")
    report["entity|match:exact"].f1, report["entity|match:exact"].signature

Definitions stand with the measures of each task, and in docs/scoring.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from wirecopy.article import Article
from wirecopy.scoring.gold import Gold, GoldError, read_gold
from wirecopy.scoring.intervals import compare as compare_counts
from wirecopy.scoring.measures import Measure, Record, Task
from wirecopy.scoring.predictions import (
    GoldArticles,
    PredictionError,
    check,
    from_records,
    read_predictions,
)
from wirecopy.scoring.report import Figure, Report
from wirecopy.scoring.tasks import TASKS

__all__ = [
    "TASKS",
    "Comparison",
    "Difference",
    "Figure",
    "Gold",
    "GoldError",
    "PredictionError",
    "Report",
    "compare",
    "predictions_of",
    "read_gold",
    "score",
    "score_views",
]

GoldSource = str | PathLike[str] | Gold | Sequence[Article]
Predictions = str | PathLike[str] | Iterable[Record]


def score(
    task: str, gold: GoldSource, predictions: Predictions, *, split: str = "test", view: str | None = None
) -> Report:
    """Score a system's predictions in one view.

    `task` is one of `zones`, `ner`, `coreference`, `attributions`, `events`. `gold` is a release
    directory, a `Gold`, or articles (then `split` says nothing). `predictions` is the path of a JSON
    Lines file or its records; when they are of both views, `view` says which to score.

    Raises `PredictionError` with all problems of the predictions, `GoldError` when the release is
    not what it should be, `ValueError` for a task or view that does not exist.
    """
    reports = score_views(task, gold, predictions, split=split)
    if view is None and len(reports) > 1:
        raise ValueError(f"the predictions are of the views {' and '.join(reports)}: say which with view=…")
    view = view or next(iter(reports))
    if view not in reports:
        raise ValueError(f"there are no predictions in the {view} view, only in {' and '.join(reports)}")
    return reports[view]


def score_views(task: str, gold: GoldSource, predictions: Predictions, *, split: str = "test") -> dict[str, Report]:
    """One report for each view that the predictions are in; otherwise as `score`."""
    chosen = _task(task)
    source = _gold(gold, split)
    articles = GoldArticles(source)
    if isinstance(predictions, str | PathLike):
        path = Path(predictions)
        lines, name = read_predictions(path), path.as_posix()
    else:
        lines, name = from_records(predictions), "predictions"
    by_view = check(chosen, source, articles, lines, name)
    return {view: _report(chosen, source, articles, view, by_view[view]) for view in sorted(by_view, reverse=True)}


def _task(name: str) -> Task:
    if name not in TASKS:
        raise ValueError(f'there is no task "{name}"; the tasks are {", ".join(TASKS)}')
    return TASKS[name]


def _gold(gold: GoldSource, split: str) -> Gold:
    if isinstance(gold, Gold):
        return gold
    if isinstance(gold, str | PathLike):
        return read_gold(Path(fspath(gold)), split)
    return Gold([article for article in gold if article["text"] is not None])


def _report(task: Task, gold: Gold, articles: GoldArticles, view: str, records: dict[str, Record]) -> Report:
    scores = {
        article_id: task.score(articles.get(article_id, view), records.get(article_id, {}).get(task.name, []))
        for article_id in sorted(articles.by_id)
    }
    return Report(task, gold, view, scores, tuple(i for i in scores if i not in records))


@dataclass(frozen=True, slots=True)
class Difference:
    """The second system's F1 less the first's: with its 95 % interval, and the p value of the
    hypothesis that the two are alike. None where there is nothing to measure."""

    measure: Measure
    signature: str
    first: float | None
    second: float | None
    difference: float | None
    interval: tuple[float, float] | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same articles, measure by measure."""

    first: Report
    second: Report
    differences: dict[str, Difference]


def compare(first: Report, second: Report) -> Comparison:
    """Compare two reports of the same task, articles and view, article by article.

    Raises `ValueError` when they are not of the same.
    """
    ours, theirs = (next(iter(report.figures.values())).signature for report in (first, second))
    if ours != theirs:
        raise ValueError(f"the reports are of different things: {ours} and {theirs}")
    values, spread, p_values = compare_counts(first.task, first.counts, second.counts)
    differences = {}
    for i, figure in enumerate(first.figures.values()):
        other = second.figures[figure.measure.id]
        known = figure.f1 is not None and other.f1 is not None
        interval = None if (spread[i] != spread[i]).any() else (float(spread[i, 0]), float(spread[i, 1]))
        differences[figure.measure.id] = Difference(
            figure.measure,
            figure.signature,
            figure.f1,
            other.f1,
            float(values[i]) if known else None,
            interval if known else None,
            float(p_values[i]) if known and p_values[i] == p_values[i] else None,
        )
    return Comparison(first, second, differences)


def predictions_of(task: str, articles: Iterable[Article], view: str = "raw") -> list[dict[str, Any]]:
    """The gold itself in the form of predictions: an example, and a check that all is well."""
    gold = Gold([*articles])
    chosen = _task(task)
    found = GoldArticles(gold)
    return [{"id": i, "view": view, task: chosen.layer_of(found.get(i, view))} for i in found.by_id]
