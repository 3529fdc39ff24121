"""Trained baselines: conditional random fields for zones, names and the roles of attributions.

Linear-chain CRFs (Lafferty et al. 2001) by CRFsuite over the scorer's tokens, with features of
words, shapes and lines. Trained on train; the regularisation that does best on validation is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import sklearn_crfsuite

from common import Span, span
from rules_zones import continued
from wirecopy.scoring import Gold, score
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import TokenMap
from wirecopy.views import named_spans

Tagged = tuple[list[dict[str, Any]], list[str]]
GRID = ((0.01, 0.01), (0.1, 0.01), (0.5, 0.05))
"""Weights of the L1 and L2 penalties that are tried, in this order."""
N_ITERATIONS = 80
_WIDGET_WORDS = frozenset(["advertisement", "comments", "cookies", "copy", "credit", "email", "enter", "image", "link", "listen", "newsletter", "photo", "poll", "read", "related", "share", "sign", "subscribe", "tweet", "vote", "watch", "whatsapp"])  # fmt: skip
_CUE_WORDS = frozenset(["according", "added", "admitted", "announced", "asked", "asks", "believes", "claimed", "denied", "expects", "feared", "insisted", "says", "said", "say", "tells", "thought", "told", "warned", "wrote", "writes"])  # fmt: skip
_QUOTES = frozenset('“”‘’"')


class Tagger:
    """A CRF that tags the tokens of a text, one sequence for each of its `units`."""

    def __init__(self, labels_of: Callable[[GoldArticle], list[Span]], whole_text: bool) -> None:
        self.labels_of = labels_of
        self.whole_text = whole_text
        self.model: sklearn_crfsuite.CRF | None = None

    def train(self, articles: Sequence[GoldArticle], l1: float, l2: float) -> None:
        """Learn from the gold of the articles."""
        sequences = [
            pair for gold in articles for pair in self._sequences(gold.text, _bio(gold.text, self.labels_of(gold)))
        ]
        self.model = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=l1, c2=l2, max_iterations=N_ITERATIONS)
        self.model.fit([x for x, _ in sequences], [y for _, y in sequences])

    def spans(self, text: str) -> list[Span]:
        """The labelled spans of a text."""
        tokens = TokenMap(text)
        tags = [tag for x, _ in self._sequences(text, None) for tag in self.model.predict_single(x)]
        found: list[Span] = []
        previous = "O"
        for start, end, tag in zip(tokens.starts, tokens.ends, tags, strict=True):
            if tag[0] == "I" and previous[1:] == tag[1:]:
                found[-1] = {**span(text, found[-1]["start"], end), "label": tag[2:]}
            elif tag != "O":
                found.append({**span(text, start, end), "label": tag[2:]})
            previous = tag
        return found

    def _sequences(self, text: str, tags: list[str] | None) -> list[Tagged]:
        features, lines = _features(text)
        tags = tags or [""] * len(features)
        if self.whole_text:
            return [(features, tags)]
        cuts = [i for i in range(len(lines)) if i == 0 or lines[i] != lines[i - 1]] + [len(lines)]
        return [(features[a:b], tags[a:b]) for a, b in pairwise(cuts)]


def _bio(text: str, spans: list[Span]) -> list[str]:
    """A BIO tag for every token: that of the first span that it touches."""
    tokens = TokenMap(text)
    tags = ["O"] * len(tokens.starts)
    for found in sorted(spans, key=lambda s: s["start"]):
        inside = sorted(i for i in tokens.under([found]) if tags[i] == "O")
        for place, i in enumerate(inside):
            tags[i] = ("I-" if place else "B-") + found["label"]
    return tags


def _shape(word: str) -> str:
    mapped = re.sub(r"\d", "0", re.sub(r"[^\W\d_]", lambda m: "X" if m.group().isupper() else "x", word))
    return re.sub(r"(.)\1{2,}", r"\1\1", mapped)


def _features(text: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The features of every token, and the number of its line."""
    tokens = TokenMap(text)
    words = [text[s:e] for s, e in zip(tokens.starts, tokens.ends, strict=True)]
    lines = [0] * len(words)
    for i in range(1, len(words)):
        lines[i] = lines[i - 1] + ("\n" in text[tokens.ends[i - 1] : tokens.starts[i]])
    line_words: dict[int, list[str]] = {}
    for word, line in zip(words, lines, strict=True):
        line_words.setdefault(line, []).append(word)
    quoted, features = 0, []
    for i, word in enumerate(words):
        quoted = _quoted(word, quoted, i > 0 and lines[i] != lines[i - 1])
        glued = i > 0 and tokens.ends[i - 1] == tokens.starts[i]
        found = {"bias": 1.0, **_word_features(word, "0"), "quoted": bool(quoted), "glued": glued}
        for offset in (-2, -1, 1, 2):
            if 0 <= i + offset < len(words) and lines[i + offset] == lines[i]:
                found |= _word_features(words[i + offset], str(offset), near=abs(offset) == 1)
        found |= _line_features(line_words[lines[i]], lines[i], max(line_words, default=0))
        features.append(found)
    return features, lines


def _quoted(word: str, depth: int, new_line: bool) -> int:
    if new_line:
        depth = 0
    if word in "“‘":
        return 1
    if word == "”":
        return 0
    return 1 - depth if word == '"' else depth


def _word_features(word: str, place: str, near: bool = True) -> dict[str, Any]:
    lower = word.lower()
    found = {f"{place}:word": lower, f"{place}:shape": _shape(word)}
    if near:
        found |= {f"{place}:suffix": lower[-3:], f"{place}:prefix": lower[:3], f"{place}:cue": lower in _CUE_WORDS}
    return found


def _line_features(words: list[str], line: int, last_line: int) -> dict[str, Any]:
    lower = {word.lower() for word in words}
    return {
        "line:first": words[0].lower(),
        "line:second": words[1].lower() if len(words) > 1 else "",
        "line:last": words[-1] if not words[-1].isalnum() else "word",
        "line:length": min(len(words) // 5, 10),
        "line:widget": len(lower & _WIDGET_WORDS),
        "line:place": "first" if line < 3 else "last" if line > last_line - 5 else "middle",
        "line:quote": bool(lower & _QUOTES),
    }


# Layers


def _zone_labels(gold: GoldArticle) -> list[Span]:
    return [{**zone, "label": zone["kind"]} for zone in gold.article["zones"]]


def _name_labels(gold: GoldArticle) -> list[Span]:
    return [{**found, "label": found["type"]} for found in named_spans(gold.article)]


def _role_labels(gold: GoldArticle) -> list[Span]:
    """Roles of the attributions that stand in no other: the tags cannot nest."""
    outer = [a for a in gold.article["attributions"] if a["parent"] is None]
    return [{**found, "label": role} for role in ("cue", "source", "content") for a in outer for found in a[role]]


def zones_of(tagger: Tagger, text: str) -> list[Span]:
    """Zones by the tags, cut at line breaks, since a zone lies in one line."""
    found = []
    for zone in tagger.spans(text):
        start = zone["start"]
        for piece in zone["text"].split("\n"):
            cut = span(text, start, start + len(piece), kind=zone["label"])
            if cut["text"]:
                found.append(cut)
            start += len(piece) + 1
    return continued(found)


def names_of(tagger: Tagger, text: str) -> list[Span]:
    """Names and values by the tags."""
    return [span(text, s["start"], s["end"], type=s["label"]) for s in tagger.spans(text)]


def attributions_of(tagger: Tagger, text: str) -> list[dict[str, Any]]:
    """An attribution for each cue, with the contents and the source nearest to it in its line; contents
    that no cue takes are attributions of their own."""
    spans = tagger.spans(text)
    made: list[dict[str, Any]] = []
    for line in _by_line(text, spans):
        roles = {role: [s for s in line if s["label"] == role] for role in ("cue", "source", "content")}
        in_line = [
            {"content": [], "cue": [_plain(cue)], "source": [_plain(s) for s in _nearest(cue, roles["source"])]}
            for cue in roles["cue"]
        ]
        for content in roles["content"]:
            cued = [a for a in in_line if a["cue"]]
            taker = min(cued, key=lambda a, found=content: _distance(a["cue"][0], found), default=None)
            if taker is None:
                in_line.append({"content": [_plain(content)], "cue": [], "source": []})
            else:
                taker["content"].append(_plain(content))
        made += [a for a in in_line if a["content"]]
    return [_with_fields(attribution) for attribution in made]


def _with_fields(attribution: dict[str, Any]) -> dict[str, Any]:
    marked = [s["text"][:1] in _QUOTES for s in attribution["content"]]
    kind = "direct" if all(marked) else "indirect"
    if not all(marked) and any(set(s["text"]) & _QUOTES - {"’"} for s in attribution["content"]):
        kind = "mixed"
    source = attribution["source"][0] if attribution["source"] else None
    return {**attribution, "type": kind, "source_entity": source, "anonymous": False}


def _plain(found: Span) -> Span:
    return {key: found[key] for key in ("start", "end", "text")}


def _distance(a: Span, b: Span) -> int:
    return max(a["start"] - b["end"], b["start"] - a["end"], 0)


def _nearest(cue: Span, sources: list[Span]) -> list[Span]:
    return [min(sources, key=lambda s: _distance(s, cue))] if sources else []


def _by_line(text: str, spans: list[Span]) -> list[list[Span]]:
    grouped: dict[int, list[Span]] = {}
    for found in spans:
        grouped.setdefault(text.count("\n", 0, found["start"]), []).append(found)
    return list(grouped.values())


SYSTEMS: dict[str, tuple[Callable[[GoldArticle], list[Span]], bool, Callable[[Tagger, str], list[Any]]]] = {
    "zones": (_zone_labels, True, zones_of),
    "ner": (_name_labels, False, names_of),
    "attributions": (_role_labels, False, attributions_of),
}
"""By task: the labels to learn, whether a text is one sequence or a line is, and tags to predictions."""


def trained(task: str, view: str, train: Gold, validation: Gold) -> Callable[[str], list[Any]]:
    """The system of a task, trained in a view, with the penalties that do best on validation."""
    labels_of, whole_text, layer_of = SYSTEMS[task]
    examples = [GoldArticle(article, view) for article in train.articles]
    best: tuple[float, Tagger] | None = None
    for l1, l2 in GRID:
        tagger = Tagger(labels_of, whole_text)
        tagger.train(examples, l1, l2)
        predictions = [
            {"id": article["id"], "view": view, task: layer_of(tagger, GoldArticle(article, view).text)}
            for article in validation.articles
        ]
        report = score(task, validation, predictions)
        f1 = report[report.task.main].f1 or 0.0
        if best is None or f1 > best[0]:
            best = (f1, tagger)
    chosen = best[1]
    return lambda text: layer_of(chosen, text)
