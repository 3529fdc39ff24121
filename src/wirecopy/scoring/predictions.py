"""Predictions: read, and held against the gold's texts before anything is scored.

A prediction is one object an article and view, of the shape of `schema/prediction.schema.json`.
Everything that is wrong is found in one run and raised together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from wirecopy import shape
from wirecopy.problems import Finding, Problem, locate, pointer_to
from wirecopy.scoring.gold import Gold, GoldArticle
from wirecopy.scoring.measures import Record, Task

_STRUCTURAL = frozenset(shape.RULE_OF_KEYWORD.values()) | {"field-value"}
"""The rules of `shape`: what breaks one of them has no shape to look into."""
ByView = dict[str, dict[str, Record]]
"""Checked predictions by view and article."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record with its number, its source (empty when it comes from a program) and what is wrong
    with it as JSON; `record` is None when it is none."""

    number: int
    source: str
    record: Record | None
    problems: list[Problem]


class PredictionError(ValueError):
    """Predictions that cannot be scored, with all their `problems` in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.sort_key)
        shown = "\n".join(f"{p.path}:{p.line}: {p.message}" for p in self.problems[:5])
        more = f"\nand {len(self.problems) - 5} more" if len(self.problems) > 5 else ""
        super().__init__(f"the predictions cannot be scored:\n{shown}{more}")


class GoldArticles:
    """The articles of a gold by id and view, made when they are first asked for."""

    def __init__(self, gold: Gold) -> None:
        self.by_id = {article["id"]: article for article in gold.articles}
        self._made: dict[tuple[str, str], GoldArticle] = {}

    def get(self, article_id: str, view: str) -> GoldArticle:
        if (article_id, view) not in self._made:
            self._made[article_id, view] = GoldArticle(self.by_id[article_id], view)
        return self._made[article_id, view]


def read_predictions(path: Path) -> list[Line]:
    """The lines of a JSON Lines file; blank ones are passed over, but count.

    Raises `OSError` when the file cannot be read.
    """
    name = path.as_posix()
    lines = path.read_bytes().split(b"\n")
    return [_parsed(line, name, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _parsed(line: bytes, path: str, number: int) -> Line:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        message = f"the line is not JSON: {error.msg.partition(':')[0]} at column {error.colno}"
        hint = "write one object a line, in UTF-8, without a comma between the lines"
        return Line(number, "", None, [_problem(path, number, "json", Finding("", message, hint, number, error.colno))])
    if _is_deep(record):
        finding = Finding("", "the line is nested deeper than any prediction", "write it as the schema says")
        return Line(number, "", None, [_problem(path, number, "json", finding)])
    source = line.decode("utf-8")
    hint = "keep the right one of the two"
    repeated = [Finding("", f'the key "{key}" stands twice in one object', hint) for key in _repeated_keys(source)]
    return Line(number, source, record, [_problem(path, number, "json", finding) for finding in repeated])


def _is_deep(record: Any, most: int = 20) -> bool:
    """Whether lists and objects are nested more than `most` deep, without recursion."""
    level = [record]
    for _ in range(most):
        level = [
            item
            for node in level
            if isinstance(node, dict | list)
            for item in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, dict | list) for node in level)


def _repeated_keys(source: str) -> list[str]:
    """Keys that stand more than once in one object: JSON leaves open which of them counts."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return dict(pairs)

    json.loads(source, object_pairs_hook=note)
    return repeated


def from_records(records: Iterable[Record]) -> list[Line]:
    """Records from a program in the form that `read_predictions` gives, numbered from 1."""
    return [Line(number, "", record, []) for number, record in enumerate(records, start=1)]


def check(task: Task, gold: Gold, articles: GoldArticles, lines: Sequence[Line], path: str) -> ByView:
    """The records of the task by view and id. Raises `PredictionError` with every problem.

    An article without a record is no problem here: it counts as missed.
    """
    by_view: ByView = {}
    problems = [problem for line in lines for problem in line.problems]
    for line in lines:
        if line.record is None:
            continue
        findings = list(_findings(task, gold, articles, by_view, line.record))
        problems += _located([_problem(path, line.number, *finding) for finding in findings], line.source)
        if not any(rule in _STRUCTURAL for rule, _ in findings):
            by_view.setdefault(line.record["view"], {}).setdefault(line.record["id"], line.record)
    if not lines:
        message, hint = "there are no predictions", "write one object a line for each article"
        problems.append(_problem(path, 1, "empty", Finding("", message, hint)))
    if problems:
        raise PredictionError(problems)
    return by_view


def _located(problems: list[Problem], source: str) -> list[Problem]:
    """The problems with their columns, where there is a line to look them up in."""
    if not source:
        return problems
    located = locate([replace(problem, line=None) for problem in problems], source)
    return [replace(p, line=problem.line) for p, problem in zip(located, problems, strict=True)]


def _problem(path: str, line: int, rule: str, finding: Finding) -> Problem:
    return Problem(f"prediction-{rule}", "error", path, *finding[:3], line, finding.column or 1)


def _findings(
    task: Task, gold: Gold, articles: GoldArticles, by_view: ByView, record: Any
) -> Iterator[tuple[str, Finding]]:
    """What is wrong with one record: its shape, else its id and view, else its spans."""
    structural = [(violation.rule, violation.finding) for violation in shape.prediction_violations(record)]
    if structural:
        yield from structural
        return
    place = list(_place_findings(task, gold, articles, by_view, record))
    yield from place
    known = record["id"] in articles.by_id and task.name in record and record["view"] in task.views
    if known:
        yield from _span_findings(task.name, articles.get(record["id"], record["view"]), record)


def _place_findings(
    task: Task, gold: Gold, articles: GoldArticles, by_view: ByView, record: Record
) -> Iterator[tuple[str, Finding]]:
    article_id, view = record["id"], record["view"]
    if article_id not in articles.by_id:
        where = gold.elsewhere.get(article_id, "is no article of the gold")
        yield "id-unknown", Finding("/id", f'"{article_id}" {where}', "correct the id, or delete the line")
    elif article_id in by_view.get(view, {}):
        message = f'"{article_id}" has a prediction in the {view} view already'
        yield "id-repeated", Finding("/id", message, "keep one of the lines")
    if view not in task.views:
        message = f"{task.name} are scored in the {' and '.join(task.views)} view, this is the {view} view"
        yield "view", Finding("/view", message, "predict on the page as scraped, with view raw")
    if task.name not in record:
        message = f'the record has no "{task.name}"'
        yield "layer", Finding("", message, f'add "{task.name}", an empty list if the system found nothing')


def _span_findings(layer: str, gold: GoldArticle, record: Record) -> Iterator[tuple[str, Finding]]:
    """Spans against the text, and what spans of one layer may not do to each other."""
    text = gold.text
    sound = True
    for pointer, span in _spans(record[layer], pointer_to(layer)):
        finding = _span_finding(pointer, span, text, gold.view)
        if finding:
            sound = False
            yield "span", finding
    if sound and layer == "zones":
        yield from _overlapping_zones(record[layer])
    if sound and layer == "coreference":
        yield from _repeated_mentions(record[layer])


def _spans(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Everything below a node that has offsets, with its JSON pointer."""
    if isinstance(node, Mapping):
        if "start" in node:
            yield pointer, node
        for key, item in node.items():
            if not isinstance(item, str):
                yield from _spans(item, f"{pointer}/{key}")
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for i, item in enumerate(node):
            yield from _spans(item, f"{pointer}/{i}")


def _span_finding(pointer: str, span: Any, text: str, view: str) -> Finding | None:
    start, end = span["start"], span["end"]
    if not start < end <= len(text):
        message = f"{pointer} is [{start}, {end}), which is no span of the {view} text of {len(text)} characters"
        return Finding(pointer, message, "count code points, end exclusive, in the view that the record states")
    if not text[start:end].strip():
        message = f"{pointer} is white space alone"
        return Finding(pointer, message, "delete the span, or take the offsets from the view that the record states")
    if span["text"] != text[start:end]:
        there = _shown(text[start:end])
        message = f"{pointer} says {_shown(span['text'])} but text[{start}:{end}] of the {view} view is {there}"
        return Finding(pointer, message, "take offsets and text from the view that the record states, in code points")
    return None


def _shown(text: str, most: int = 60) -> str:
    return json.dumps(text if len(text) <= most else text[: most - 1] + "…", ensure_ascii=False)


def _overlapping_zones(zones: Sequence[Any]) -> Iterator[tuple[str, Finding]]:
    order = sorted(range(len(zones)), key=lambda i: (zones[i]["start"], zones[i]["end"]))
    for i, j in pairwise(order):
        if zones[j]["start"] < zones[i]["end"]:
            message = f"/zones/{j} overlaps /zones/{i}: a character can lie in one zone only"
            yield "overlap", Finding(f"/zones/{j}", message, "cut or delete one of them")


def _repeated_mentions(clusters: Sequence[Any]) -> Iterator[tuple[str, Finding]]:
    first: dict[tuple[int, int], str] = {}
    for pointer, mention in _spans(clusters, "/coreference"):
        earlier = first.setdefault((mention["start"], mention["end"]), pointer)
        if earlier != pointer:
            message = f"{pointer} is the mention {earlier} again: a mention is of one entity only"
            yield "mention-repeated", Finding(pointer, message, "delete one of them")
