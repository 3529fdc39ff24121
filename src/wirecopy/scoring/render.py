"""Reports and comparisons as text, JSON and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import orjson

from wirecopy.scoring import Comparison, Difference
from wirecopy.scoring.intervals import N_DRAWS
from wirecopy.scoring.measures import Measure
from wirecopy.scoring.report import Breakdown, Figure, Interval, Report

NONE = "–"


def percent(value: float | None) -> str:
    """A part of 1 as a percentage with one decimal."""
    return NONE if value is None else f"{100 * value:.1f}"


def _range(interval: Interval) -> str:
    return NONE if interval is None else f"{percent(interval[0])}–{percent(interval[1])}"


def _settings(measure: Measure) -> str:
    return " ".join(value for _, value in measure.settings)


def _number(n: float) -> str:
    return f"{n:,.0f}"


# Text


def as_text(reports: Iterable[Report]) -> str:
    """A page for each view: figures in percent with intervals, breakdowns, signature."""
    return "\n".join(_page(report) for report in reports)


def _page(report: Report) -> str:
    blocks = [_heading(report), _figures_text(report), *map(_breakdown_text, report.breakdowns), _footer(report)]
    return "\n\n".join(blocks) + "\n"


def _heading(report: Report) -> str:
    gold = report.gold
    n = len(report.scores)
    lines = [
        f"{report.task.name}: {report.task.description}",
        f"{report.view} view, split {gold.split} of {gold.data}, {n:,} article{'' if n == 1 else 's'}",
    ]
    if report.missing:
        lines.append(f"without a prediction, counted as missed: {', '.join(report.missing)}")
    return "\n".join(lines)


def _figures_text(report: Report) -> str:
    rows = [["measure", "", "P", "R", "F1", "95 %", "macro F1", "gold", "predicted"]]
    for figure in report.figures.values():
        accuracy = figure.measure.kind == "accuracy"
        counts = figure.counts
        rows.append(
            [
                figure.measure.name,
                _settings(figure.measure),
                *(["", ""] if accuracy else [percent(figure.precision), percent(figure.recall)]),
                percent(figure.f1),
                _range(figure.interval),
                percent(figure.macro_f1),
                _number(counts.n_gold) if counts else "",
                _number(counts.n_predicted) if counts and not accuracy else "",
            ]
        )
    return table(rows, left=2)


def _breakdown_text(breakdown: Breakdown) -> str:
    recall_only = all(row.f1 is None for row in breakdown.rows)
    rows = [[f"{breakdown.measure} by {breakdown.dimension}", *([] if recall_only else ["P"]), "R"]]
    rows[0] += ([] if recall_only else ["F1"]) + [breakdown.counted]
    for row in breakdown.rows:
        figures = [row.recall] if recall_only else [row.precision, row.recall, row.f1]
        rows.append([row.group, *map(percent, figures), _number(row.n)])
    return table(rows, left=1)


def _footer(report: Report) -> str:
    main = report.figures[report.task.main]
    return (
        f"Signature of the measure {main.measure.name} ({_settings(main.measure)}); --format json has all:\n"
        f"{main.signature}\n"
        f"In percent. Accuracies stand under F1. Intervals: bootstrap over articles, {N_DRAWS:,} draws."
    )


def table(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows in columns, the first `left` columns flush left, the others right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


# JSON


def as_json(reports: Iterable[Report]) -> str:
    """A list with one object a view; ratios are parts of 1, and null where there is nothing to measure."""
    content = [_report_json(report) for report in reports]
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def _report_json(report: Report) -> dict[str, Any]:
    return {
        "task": report.task.name,
        "view": report.view,
        "split": report.gold.split,
        "data": report.gold.data,
        "missing": list(report.missing),
        "figures": [_figure_json(figure) for figure in report.figures.values()],
        "breakdowns": [
            {
                "dimension": breakdown.dimension,
                "measure": breakdown.measure,
                "counted": breakdown.counted,
                "rows": [
                    {"group": r.group, "n": r.n, "precision": r.precision, "recall": r.recall, "f1": r.f1}
                    for r in breakdown.rows
                ],
            }
            for breakdown in report.breakdowns
        ],
        "articles": {
            article_id: {measure: astuple(counts) for measure, counts in score.counts.items()}
            for article_id, score in report.scores.items()
        },
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    return {
        "measure": figure.measure.id,
        "kind": figure.measure.kind,
        "signature": figure.signature,
        "precision": figure.precision,
        "recall": figure.recall,
        "f1": figure.f1,
        "precision_interval": figure.precision_interval,
        "recall_interval": figure.recall_interval,
        "f1_interval": figure.interval,
        "macro_precision": figure.macro_precision,
        "macro_recall": figure.macro_recall,
        "macro_f1": figure.macro_f1,
        "counts": astuple(figure.counts) if figure.counts else None,
    }


# LaTeX


def as_latex(reports: Iterable[Report]) -> str:
    """A booktabs table for each view, the signature of every row in a comment after it."""
    return "\n".join(_table_latex(report) for report in reports)


def _table_latex(report: Report) -> str:
    lines = [r"\begin{tabular}{llrrrr}", r"\toprule", r"Measure & & P & R & F1 & 95\,\% \\", r"\midrule"]
    for figure in report.figures.values():
        accuracy = figure.measure.kind == "accuracy"
        cells = [
            figure.measure.name,
            _settings(figure.measure),
            *(["", ""] if accuracy else [percent(figure.precision), percent(figure.recall)]),
            percent(figure.f1),
            _range(figure.interval),
        ]
        lines.append(" & ".join(map(_latex, cells)) + rf" \\ % {figure.signature}")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex(text: str) -> str:
    return text.replace("_", r"\_").replace("%", r"\%").replace("–", "--")


FORMATS = {"text": as_text, "json": as_json, "latex": as_latex}
"""The renderers of reports by the name that `--format` takes."""


# Comparisons


def comparison_as_text(comparisons: Iterable[Comparison]) -> str:
    """A table for each view: F1 of both systems, difference, interval and p value."""
    return "\n".join(_comparison_page(comparison) for comparison in comparisons)


def _comparison_page(comparison: Comparison) -> str:
    rows = [["measure", "", "first", "second", "difference", "95 %", "p"]]
    rows += [_difference_cells(difference) for difference in comparison.differences.values()]
    main = comparison.differences[comparison.first.task.main]
    return (
        f"{comparison.first.task.name}, {comparison.first.view} view, {len(comparison.first.scores):,} articles\n\n"
        f"{table(rows, left=2)}\n\n{main.signature}\n"
        f"F1 in percent; the difference is the second less the first. Intervals: paired bootstrap, {N_DRAWS:,} draws; "
        "p: randomisation test, two-sided.\n"
    )


def _difference_cells(difference: Difference) -> list[str]:
    value, interval = difference.difference, difference.interval
    return [
        difference.measure.name,
        _settings(difference.measure),
        percent(difference.first),
        percent(difference.second),
        NONE if value is None else _signed(value),
        NONE if interval is None else f"{_signed(interval[0])} to {_signed(interval[1])}",
        NONE if difference.p_value is None else f"{difference.p_value:.3f}",
    ]


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}"


def comparison_as_json(comparisons: Iterable[Comparison]) -> str:
    """A list with one object a view."""
    content = [
        {
            "task": c.first.task.name,
            "view": c.first.view,
            "differences": [
                {
                    "measure": d.measure.id,
                    "signature": d.signature,
                    "first": d.first,
                    "second": d.second,
                    "difference": d.difference,
                    "interval": d.interval,
                    "p_value": d.p_value,
                }
                for d in c.differences.values()
            ],
        }
        for c in comparisons
    ]
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def comparison_as_latex(comparisons: Iterable[Comparison]) -> str:
    """A booktabs table for each view."""
    return "\n".join(_comparison_latex(comparison) for comparison in comparisons)


def _comparison_latex(comparison: Comparison) -> str:
    lines = [r"\begin{tabular}{llrrrrr}", r"\toprule", r"Measure & & A & B & B $-$ A & 95\,\% & $p$ \\", r"\midrule"]
    for difference in comparison.differences.values():
        lines.append(" & ".join(map(_latex, _difference_cells(difference))) + rf" \\ % {difference.signature}")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


COMPARISON_FORMATS = {"text": comparison_as_text, "json": comparison_as_json, "latex": comparison_as_latex}
"""The renderers of comparisons by the name that `--format` takes."""
