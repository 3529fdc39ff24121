"""What the baselines share: spans of a text, its lines and its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Span = dict[str, Any]

_SENTENCE_END = re.compile(r"(?<=[.!?])[”’\"')]*\s+(?=[“‘\"'(]*[A-Z0-9])")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Rev|St|Co|No|Capt|Col|Gen|Sgt|Lt|Gov|Sen|Rep|Jan|Feb|Aug|Sept|Oct|Nov|Dec|[A-Z])\.$")  # fmt: skip


def span(text: str, start: int, end: int, **fields: Any) -> Span:
    """A span of a text with its surface, white space at its edges cut off."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return {"start": start, "end": end, "text": text[start:end], **fields}


def lines(text: str) -> Iterator[tuple[int, int]]:
    """The bounds of the lines that are not blank, white space at their edges left out."""
    for match in re.finditer(r"[^\n]+", text):
        found = span(text, *match.span())
        if found["text"]:
            yield found["start"], found["end"]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The bounds of the sentences; a line break ends one, a stop after an abbreviation does not."""
    for line_start, line_end in lines(text):
        start = line_start
        for match in _SENTENCE_END.finditer(text, line_start, line_end):
            if not _ABBREVIATION.search(text[start : match.start()]):
                yield start, match.start() + len(match.group().rstrip())
                start = match.end()
        yield start, line_end
