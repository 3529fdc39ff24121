"""The raw and the clean view of an article, with offsets carried from one to the other.

The raw view is the page as scraped. The clean view has the boilerplate cut out: its text is what
the article zones hold, in order, each stretch of white space and boilerplate between two of them
replaced by a separator. A zone that `continues` the one before is joined to it by one space, or by
none before closing and after opening punctuation; others keep the line breaks that the page has
between them, at least one. White space that no boilerplate interrupts stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from wirecopy import shape, spans
from wirecopy.article import ATTRIBUTION_ROLES, Article, text_hash

_CLOSING = frozenset(",.;:!?)]}%”’»")
_OPENING = frozenset("([{“‘«£$€#")
_ENDING = re.compile(r"'(?:s|d|m|t|ll|re|ve)\b")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of characters that the clean text took from the raw text unchanged."""

    clean_start: int
    raw_start: int
    length: int


class OffsetMap:
    """Carries spans between a raw text and its clean text.

    Both directions keep every character of a span that the other text has. A span that lies in
    boilerplate alone has no clean counterpart; one clean span over a cut has several raw ones.
    """

    def __init__(self, stretches: list[Stretch]) -> None:
        self.stretches = stretches
        self._to_clean = [(s.raw_start, s.clean_start, s.length) for s in stretches]
        self._to_raw = [(s.clean_start, s.raw_start, s.length) for s in stretches]

    def to_clean(self, start: int, end: int) -> tuple[int, int] | None:
        """The clean span of the raw span's characters; None when the clean text has none of them."""
        pieces = _carried(self._to_clean, start, end)
        return (pieces[0][0], pieces[-1][1]) if pieces else None

    def to_raw(self, start: int, end: int) -> list[tuple[int, int]]:
        """The raw spans of the clean span's characters, in text order; separators have none."""
        return _carried(self._to_raw, start, end)


def _carried(stretches: list[tuple[int, int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The pieces of a span that lie in stretches, each given by its start here, its start there and its
    length, as they lie there."""
    pieces = []
    for here, there, length in stretches[max(0, bisect_right(stretches, start, key=itemgetter(0)) - 1) :]:
        if here >= end:
            break
        low, high = max(start, here), min(end, here + length)
        if low < high:
            pieces.append((low - here + there, high - here + there))
    return pieces


def clean_text(article: Article) -> tuple[str, OffsetMap]:
    """The clean text of an article and the map between its raw and its clean offsets.

    Raises `ValueError` for a stand-off article: it has no text to clean.
    """
    raw = article["text"]
    if raw is None:
        raise ValueError(f"{article['id']} is a stand-off article without text")
    kinds = shape.boilerplate_kinds()
    kept = [zone for zone in article["zones"] if zone["kind"] not in kinds]
    pieces: list[str] = []
    stretches: list[Stretch] = []
    length = 0
    for before, zone in zip([None, *kept], kept, strict=False):
        if before is not None:
            between = raw[before["end"] : zone["start"]]
            if between.strip():
                separator = _separator(before["end"] - 1, between, zone, raw)
            else:
                separator = between
                stretches.append(Stretch(length, before["end"], len(between)))
            pieces.append(separator)
            length += len(separator)
        surface = raw[zone["start"] : zone["end"]]
        stretches.append(Stretch(length, zone["start"], len(surface)))
        pieces.append(surface)
        length += len(surface)
    return "".join(pieces), OffsetMap(_merged([s for s in stretches if s.length]))


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    """The stretches with those joined that follow each other in both texts."""
    merged: list[Stretch] = []
    for stretch in stretches:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.clean_start + last.length == stretch.clean_start
            and last.raw_start + last.length == stretch.raw_start
        ):
            merged[-1] = Stretch(last.clean_start, last.raw_start, last.length + stretch.length)
        else:
            merged.append(stretch)
    return merged


def _separator(before: int, between: str, zone: dict[str, Any], raw: str) -> str:
    """What stands in the clean text for white space and boilerplate before an article zone."""
    if not zone["continues"]:
        return "\n" * max(1, *(run.count("\n") for run in _blank_runs(between)), 1)
    if _opens(raw, before) or _closes(raw, zone["start"]):
        return ""
    return " "


def _opens(raw: str, at: int) -> bool:
    """Whether the character is opening punctuation; a straight quotation mark opens after white space."""
    if raw[at] in "\"'":
        return at == 0 or raw[at - 1].isspace() or raw[at - 1] in _OPENING
    return raw[at] in _OPENING


def _closes(raw: str, at: int) -> bool:
    """Whether the character is closing punctuation; a straight quotation mark closes when no letter or
    digit follows it, and an apostrophe when it begins an ending such as 's."""
    if raw[at] in "\"'":
        return not raw[at + 1 : at + 2].isalnum() or _ENDING.match(raw, at) is not None
    return raw[at] in _CLOSING


def _blank_runs(between: str) -> list[str]:
    """The maximal runs of white space in a string."""
    runs, current = [], ""
    for char in between:
        if char.isspace():
            current += char
        elif current:
            runs.append(current)
            current = ""
    return [*runs, current] if current else runs


def clean_view(article: Article) -> Article:
    """The article with the boilerplate cut out of its text and every layer carried over.

    Ids stay. Spans of one role that only boilerplate parted become one; the zones left are the
    article's, and a zone that continues another is joined to it.
    """
    text, offsets = clean_text(article)

    def moved(span: Any) -> Any:
        start, end = offsets.to_clean(span["start"], span["end"])
        return {**span, "start": start, "end": end, "text": text[start:end]}

    def moved_and_joined(found: list[Any]) -> list[Any]:
        joined: list[Any] = []
        for before, span in zip([None, *found], found, strict=False):
            if before is not None and _only_boilerplate_between(article, before, span):
                start, end = joined[-1]["start"], moved(span)["end"]
                joined[-1] = {**joined[-1], "end": end, "text": text[start:end]}
            else:
                joined.append(moved(span))
        return joined

    return {
        **article,
        "text": text,
        "text_sha256": text_hash(text),
        "text_length": len(text),
        "zones": _clean_zones(article, moved, text),
        "entities": [{**e, "mentions": [moved(m) for m in e["mentions"]]} for e in article["entities"]],
        "values": [moved(value) for value in article["values"]],
        "attributions": [
            {**a, **{role: moved_and_joined(a[role]) for role in ATTRIBUTION_ROLES}} for a in article["attributions"]
        ],
        "events": [{**e, "triggers": [moved(t) for t in e["triggers"]]} for e in article["events"]],
    }


def _clean_zones(article: Article, moved: Any, text: str) -> list[Any]:
    zones: list[Any] = []
    for zone in article["zones"]:
        if zone["kind"] in shape.boilerplate_kinds():
            continue
        zone = moved(zone)
        if zone["continues"]:
            start = zones[-1]["start"]
            zones[-1] = {**zones[-1], "end": zone["end"], "text": text[start : zone["end"]]}
        else:
            zones.append(zone)
    return zones


def _only_boilerplate_between(article: Article, before: Any, after: Any) -> bool:
    """Whether boilerplate, and nothing else but white space, parts two spans of one line of the
    article."""
    between = {"start": before["end"], "end": after["start"]}
    boilerplate = [z for z in article["zones"] if z["kind"] in shape.boilerplate_kinds() and spans.contains(between, z)]
    position = between["start"]
    rest = ""
    for zone in boilerplate:
        rest += article["text"][position : zone["start"]]
        position = zone["end"]
    rest += article["text"][position : between["end"]]
    continued = any(z["continues"] and z["start"] == after["start"] for z in article["zones"])
    return bool(boilerplate) and not rest.strip() and continued


def named_spans(article: Article) -> list[dict[str, Any]]:
    """The flat OntoNotes-18 annotation: NAM mentions and values with their `type`, outermost only."""
    names = [
        {"start": m["start"], "end": m["end"], "type": e["type"]}
        for e in article["entities"]
        for m in e["mentions"]
        if m["level"] == "NAM"
    ]
    values = [{key: value[key] for key in ("start", "end", "type")} for value in article["values"]]
    return spans.outermost(names + values)
