"""How far annotators agree: pass with pass, and the passes with the gold.

Spans are matched by the official scorers. An F1 has no side: each of the two is scored as the
prediction of the other and the counts are added. Beside it stand two figures that are corrected for
chance, over units that both annotators label whether they mark a span there or not: Cohen's kappa
(Cohen 1960) of the kinds of zones over characters, and Krippendorff's alpha for nominal data
(Krippendorff 2004) over the characters, or over the scorer's tokens.

A stand-off article has no text here. It is scored as if each of its characters were a token, and
reported apart from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from wirecopy.article import Article
from wirecopy.rules import Corpus
from wirecopy.scoring import TASKS, events
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.intervals import figures, intervals
from wirecopy.scoring.matching import bounds
from wirecopy.scoring.measures import ArticleScore
from wirecopy.scoring.report import counts_array
from wirecopy.views import named_spans

LEAST = 0.8
"""The figure under which a layer is to be annotated anew with sharper guidelines."""
GOLD = "gold"


class Line(NamedTuple):
    """One line of the summary: the measure of a task whose F1 it shows, and the units whose alpha, if any."""

    layer: str
    title: str
    task: str
    measure: str
    units: str | None = None


_KEPT = "match:exact|singletons:kept"
_OVERLAP = "match:overlap|tokens:word-runs"
LINES = (
    Line("zones", "boilerplate, by character", "zones", "boilerplate|unit:characters", "zone kinds"),
    Line("zones", "zones with bounds and kind", "zones", "zone|match:exact"),
    Line("entities", "mentions", "coreference", f"mentions|{_KEPT}", "mention levels"),
    Line("entities", "coreference, CoNLL", "coreference", f"conll|{_KEPT}"),
    Line("entities", "names and values with type", "ner", "entity|match:exact", "named types"),
    Line("attributions", "content, exact", "attributions", "content|match:exact", "content"),
    Line("attributions", "content, overlap", "attributions", f"content|{_OVERLAP}"),
    Line("attributions", "cue, exact", "attributions", "cue|match:exact", "cue"),
    Line("attributions", "cue, overlap", "attributions", f"cue|{_OVERLAP}"),
    Line("attributions", "source, exact", "attributions", "source|match:exact", "source"),
    Line("attributions", "source, overlap", "attributions", f"source|{_OVERLAP}"),
    Line("attributions", "all three roles, exact", "attributions", "joint|match:exact"),
    Line("attributions", "source entity of aligned pairs", "attributions", "source-entity|match:aligned"),
    Line("events", "triggers", "events", "trigger-identification|match:exact", "event types"),
    Line("events", "triggers with type", "events", "trigger-classification|match:exact"),
    Line("events", "arguments with role", "events", "argument-classification|match:coreferent"),
    Line("events", "realis of agreed triggers", "events", "realis|match:aligned"),
)


class Pair(NamedTuple):
    """Two annotations of one article."""

    first: GoldArticle
    second: GoldArticle


class LabelCount(NamedTuple):
    """How often two annotators gave a label, and how often both gave it at the same place."""

    dimension: str
    label: str
    n_first: int
    n_second: int
    n_shared: int

    @property
    def f1(self) -> float:
        return 2 * self.n_shared / (self.n_first + self.n_second)


class Confusion(NamedTuple):
    """How often one annotator gave one label and the other another at the same place, whoever gave
    which; `second` is None where the other has nothing there."""

    dimension: str
    first: str
    second: str | None
    n: int


@dataclass(frozen=True)
class Agreement:
    """The agreement of two annotators on a set of articles, `pairs` by article id."""

    first: str
    second: str
    pairs: Mapping[str, Pair]

    @cached_property
    def counts(self) -> dict[str, np.ndarray]:
        """By task, the counts of both directions: shape (articles, counted measures, 4), in the order of ids."""
        return {name: self._both_ways(name) for name in TASKS}

    def _both_ways(self, task: str) -> np.ndarray:
        forth = counts_array(TASKS[task], {i: _score(task, p.first, p.second) for i, p in self.pairs.items()})
        back = counts_array(TASKS[task], {i: _score(task, p.second, p.first) for i, p in self.pairs.items()})
        return forth + back[..., [2, 3, 0, 1]]

    def f1(self, line: Line) -> float | None:
        """The F1 of a line over all articles; None where there is nothing to measure."""
        return _known(figures(TASKS[line.task], self.counts[line.task].sum(axis=0))[_place(line), 2])

    def interval(self, line: Line) -> tuple[float, float] | None:
        """The 95 % bootstrap interval of the F1, over articles."""
        low, high = self._intervals[line.task][_place(line), 2]
        return None if np.isnan(low) else (float(low), float(high))

    @cached_property
    def _intervals(self) -> dict[str, np.ndarray]:
        return {name: intervals(task, self.counts[name]) for name, task in TASKS.items()}

    def by_article(self, line: Line) -> dict[str, float | None]:
        """The F1 of a line for each article."""
        values = figures(TASKS[line.task], self.counts[line.task])[:, _place(line), 2]
        return dict(zip(sorted(self.pairs), map(_known, values), strict=True))

    def alpha(self, units: str) -> float | None:
        """Krippendorff's alpha over one of `UNITS`; None where all have one label, and chance is all.

        For nominal labels of two annotators who label every unit, the coincidences need no matrix: a
        unit labelled otherwise is two of them off the diagonal, of n labels in all.
        """
        first, second = self._labels[units]
        counts = np.bincount(np.concatenate([first, second]))
        n = int(counts.sum())
        by_chance = (n**2 - int((counts**2).sum())) / (n - 1)
        return 1 - 2 * int((first != second).sum()) / by_chance if by_chance else None

    def kappa(self, units: str) -> float | None:
        """Cohen's kappa over one of `UNITS`; None where chance explains all."""
        first, second = self._labels[units]
        size = 1 + max(first.max(), second.max())
        by_chance = float(np.bincount(first, minlength=size) @ np.bincount(second, minlength=size)) / len(first) ** 2
        alike = float((first == second).mean())
        return None if by_chance == 1 else (alike - by_chance) / (1 - by_chance)

    @cached_property
    def _labels(self) -> dict[str, np.ndarray]:
        """By what is a unit, the labels of all units as codes from 0: shape (2, units)."""
        return {units: self._coded(label) for units, label in UNITS.items()}

    def _coded(self, label: Callable[[GoldArticle], list[str]]) -> np.ndarray:
        sides = [[x for i in sorted(self.pairs) for x in label(self.pairs[i][side])] for side in (0, 1)]
        code = {name: number for number, name in enumerate(sorted({*sides[0], *sides[1]}))}
        return np.array([[code[name] for name in side] for side in sides])

    @cached_property
    def labels(self) -> list[LabelCount]:
        """The labels of each of `DIMENSIONS`, in the order of their names."""
        rows = []
        for dimension, pairs in self._label_pairs.items():
            first, second, shared = Counter(), Counter(), Counter()
            for (one, other), n in pairs.items():
                first[one] += n
                second[other] += n
                shared[one] += n * (one == other)
            names = sorted({name for name in first | second if name is not None})
            rows += [LabelCount(dimension, name, first[name], second[name], shared[name]) for name in names]
        return rows

    @cached_property
    def confusions(self) -> list[Confusion]:
        """What was labelled otherwise, the most frequent first within each of `DIMENSIONS`."""
        found = []
        for dimension, pairs in self._label_pairs.items():
            counts: Counter[tuple[str, str | None]] = Counter()
            for (one, other), n in pairs.items():
                if one != other:
                    named = sorted(label for label in (one, other) if label is not None)
                    counts[named[0], (*named, None)[1]] += n
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
            found += [Confusion(dimension, *labels, n) for labels, n in ordered]
        return found

    @cached_property
    def _label_pairs(self) -> dict[str, Counter[tuple[str | None, str | None]]]:
        """For each of `DIMENSIONS`, how many places have which label of the first and of the second.

        Places that a side lacks, None, count only where the dimension is the first of its layer, so that
        a missing span counts once.
        """
        pairs = {}
        for dimension, (label, first_of_layer) in DIMENSIONS.items():
            pairs[dimension] = Counter()
            for i in self.pairs:
                one, other = (label(side) for side in self.pairs[i])
                places = one.keys() | other.keys() if first_of_layer else one.keys() & other.keys()
                pairs[dimension].update((one.get(place), other.get(place)) for place in places)
        return pairs


# Which articles


def agreements(corpus: Corpus, *, standoff: bool) -> list[Agreement]:
    """Pass with pass, then each pass with the gold, over the articles with or those without a text.

    The articles are those of `corpus.articles`; a pass is taken when the article names it.
    """
    chosen = {a["id"]: a for a in corpus.articles.values() if (a["text"] is None) is standoff}
    passes: dict[str, dict[str, GoldArticle]] = {}
    for article in chosen.values():
        for work in article["annotation"]["passes"]:
            annotator = work["annotator"]
            found = corpus.passes.get(f"passes/{annotator}/{article['id']}.json")
            if found is not None:
                passes.setdefault(annotator, {})[article["id"]] = _readable(found)
    gold = {i: _readable(article) for i, article in chosen.items()}
    names = sorted(passes)
    sides = [*combinations(names, 2), *((name, GOLD) for name in names)]
    return [_agreement(one, other, {**passes, GOLD: gold}) for one, other in sides]


def _agreement(first: str, second: str, work: Mapping[str, Mapping[str, GoldArticle]]) -> Agreement:
    both = sorted(work[first].keys() & work[second].keys())
    return Agreement(first, second, {i: Pair(work[first][i], work[second][i]) for i in both})


def _readable(article: Article) -> GoldArticle:
    text = article["text"] if article["text"] is not None else "·" * article["text_length"]
    return GoldArticle({**article, "text": text}, "raw")


def _score(task: str, gold: GoldArticle, other: GoldArticle) -> ArticleScore:
    return TASKS[task].score(gold, TASKS[task].layer_of(other))


def _place(line: Line) -> int:
    return [measure.id for measure in TASKS[line.task].measures].index(line.measure)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# Labels of units, for kappa and alpha

_NONE = ""
"""The label of a unit that an annotator left unmarked."""


def _zone_kinds(side: GoldArticle) -> list[str]:
    """The zone kind of every character that is not white space."""
    kinds = [_NONE] * len(side.text)
    for zone in side.article["zones"]:
        kinds[zone["start"] : zone["end"]] = [zone["kind"]] * (zone["end"] - zone["start"])
    return [kind for kind, character in zip(kinds, side.text, strict=True) if not character.isspace()]


def _token_labels(side: GoldArticle, spans: Sequence[tuple[Any, str]]) -> list[str]:
    """The label of every token: that of the last span in the list which covers a part of it."""
    labels = [_NONE] * len(side.tokens.starts)
    for span, label in spans:
        for token in side.tokens.under([span]):
            labels[token] = label
    return labels


def _mention_levels(side: GoldArticle) -> list[str]:
    mentions = [(m, m["level"]) for e in side.article["entities"] for m in e["mentions"]]
    return _token_labels(side, sorted(mentions, key=lambda pair: pair[0]["start"] - pair[0]["end"]))


def _named_types(side: GoldArticle) -> list[str]:
    return _token_labels(side, [(span, span["type"]) for span in named_spans(side.article)])


def _role(role: str) -> Callable[[GoldArticle], list[str]]:
    return lambda side: _token_labels(side, [(s, role) for a in side.article["attributions"] for s in a[role]])


def _event_types(side: GoldArticle) -> list[str]:
    return _token_labels(side, sorted(((t, e["type"]) for e in side.article["events"] for t in e["triggers"]), key=str))


UNITS: dict[str, Callable[[GoldArticle], list[str]]] = {
    "zone kinds": _zone_kinds,
    "mention levels": _mention_levels,
    "named types": _named_types,
    "content": _role("content"),
    "cue": _role("cue"),
    "source": _role("source"),
    "event types": _event_types,
}
"""What each character (of zone kinds) or token is labelled with; of nested mentions the shortest counts."""


# Labels of places, for confusions

Labels = dict[Hashable, str]


def _zones(side: GoldArticle) -> Labels:
    kinds = ((offset, z["kind"]) for z in side.article["zones"] for offset in range(z["start"], z["end"]))
    return {offset: kind for offset, kind in kinds if not side.text[offset].isspace()}


def _mentions(label: Callable[[Any, Any], str]) -> Callable[[GoldArticle], Labels]:
    return lambda side: {bounds(m): label(e, m) for e in side.article["entities"] for m in e["mentions"]}


def _values(side: GoldArticle) -> Labels:
    return {bounds(value): value["type"] for value in side.article["values"]}


def _attributions(key: str) -> Callable[[GoldArticle], Labels]:
    return lambda side: {tuple(map(bounds, a["content"])): str(a[key]) for a in side.article["attributions"]}


def _events(key: str) -> Callable[[GoldArticle], Labels]:
    return lambda side: {bounds(t): e[key] for e in side.article["events"] for t in e["triggers"]}


def _arguments(side: GoldArticle) -> Labels:
    return {
        (bounds(event["triggers"][0]), bounds(argument)): argument["role"]
        for event in events.layer_of(side)
        for argument in event["arguments"]
    }


DIMENSIONS: dict[str, tuple[Callable[[GoldArticle], Labels], bool]] = {
    "zone kind": (_zones, True),
    "entity type": (_mentions(lambda e, m: e["type"]), True),
    "mention level": (_mentions(lambda e, m: m["level"]), False),
    "value type": (_values, True),
    "attribution type": (_attributions("type"), True),
    "attribution mode": (_attributions("mode"), False),
    "source type": (_attributions("source_type"), False),
    "event type": (_events("type"), True),
    "realis": (_events("realis"), False),
    "polarity": (_events("polarity"), False),
    "argument role": (_arguments, True),
}
"""Labels by place, and whether a place that one side lacks counts. Places are the characters of zones,
the bounds of mentions, values and triggers, the contents of attributions, and for an argument those of
the trigger and of the filler's nearest mention."""
