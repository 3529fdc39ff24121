"""Span arithmetic: the only place that knows what an offset is.

A span is a half-open interval `[start, end)` of Unicode code points of an article's text, as
Python slices count them. Functions take anything that has `start` and `end` keys.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import regex

SpanLike = Mapping[str, Any]


def overlap(a: SpanLike, b: SpanLike) -> bool:
    """Whether two spans share a character."""
    return a["start"] < b["end"] and b["start"] < a["end"]


def contains(outer: SpanLike, inner: SpanLike) -> bool:
    """Whether every character of `inner` lies in `outer`."""
    return outer["start"] <= inner["start"] and inner["end"] <= outer["end"]


def cross(a: SpanLike, b: SpanLike) -> bool:
    """Whether two spans overlap and neither contains the other."""
    return overlap(a, b) and not contains(a, b) and not contains(b, a)


def same(a: SpanLike, b: SpanLike) -> bool:
    """Whether two spans have equal bounds."""
    return a["start"] == b["start"] and a["end"] == b["end"]


def text_order(span: SpanLike) -> tuple[int, int]:
    """Sort key of the text order: earlier start first, then the longer span."""
    return span["start"], -span["end"]


def outermost(spans: Iterable[SpanLike]) -> list[SpanLike]:
    """The spans that no other span of the collection overlaps from further left or further out.

    In text order; where two spans cross, the one that starts first stays.
    """
    kept: list[SpanLike] = []
    for span in sorted(spans, key=text_order):
        if not kept or kept[-1]["end"] <= span["start"]:
            kept.append(span)
    return kept


def line_starts(text: str) -> list[int]:
    """Offsets at which the lines of `text` begin; lines end with a line feed only."""
    starts = [0]
    position = text.find("\n")
    while position != -1:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts


def line_at(starts: Sequence[int], offset: int) -> int:
    """Index of the line that holds `offset`, counted from 0; `starts` is from `line_starts`."""
    return bisect_right(starts, offset) - 1


def splits_character(text: str, offset: int) -> bool:
    """Whether `offset` lies inside one user-perceived character.

    That is an extended grapheme cluster of Unicode Standard Annex #29: a letter and its combining
    marks, an emoji sequence, a flag.
    """
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    if "\n" in (before, after) or (after < "\u0300" and before < "\u0300"):
        return before == "\r" and after == "\n"
    line_start = text.rfind("\n", 0, offset) + 1
    line_end = text.find("\n", offset)
    line = text[line_start : line_end if line_end != -1 else len(text)]
    return offset - line_start not in _character_starts(line)


@lru_cache(maxsize=64)
def _character_starts(line: str) -> frozenset[int]:
    """Where the user-perceived characters of a line begin."""
    return frozenset(match.start() for match in regex.finditer(r"\X", line))


def splits_word(text: str, offset: int) -> bool:
    """Whether `offset` lies between two letters or digits."""
    return 0 < offset < len(text) and text[offset - 1].isalnum() and text[offset].isalnum()
