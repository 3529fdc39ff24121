"""The typed article: its shape in Python, reading it from bytes, writing it as bytes.

An article is a plain dictionary as parsed from JSON. The classes here give its keys and types to
readers and type checkers and cost nothing at run time; what each field means stands in
`schema/article.schema.json`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

import orjson

LAYERS = ("zones", "entities", "values", "attributions", "events")
ATTRIBUTION_ROLES = ("content", "cue", "source", "addressee")


class Span(TypedDict):
    start: int
    end: int
    text: str | None


class Zone(Span):
    kind: str
    continues: bool


class Mention(Span):
    level: str


class Entity(TypedDict):
    id: str
    type: str
    name: str
    mentions: list[Mention]


class Value(Span):
    id: str
    type: str
    value: str | None


class Attribution(TypedDict):
    id: str
    type: str
    mode: str
    content: list[Span]
    cue: list[Span]
    source: list[Span]
    addressee: list[Span]
    source_entity: str | None
    source_type: str
    anonymous: bool
    implicit: bool
    parent: str | None


class Argument(TypedDict):
    role: str
    entity: str | None
    value: str | None
    event: str | None


class Event(TypedDict):
    id: str
    type: str
    realis: str
    polarity: str
    triggers: list[Span]
    arguments: list[Argument]


class Article(TypedDict):
    id: str
    title: str
    language: str
    published: str
    publisher: str
    genre: str
    topics: list[str]
    rights: dict[str, str]
    provenance: dict[str, Any]
    text: str | None
    text_sha256: str
    text_length: int
    line_sha256: list[str]
    no_break_spaces: list[dict[str, int]]
    zones: list[Zone]
    entities: list[Entity]
    values: list[Value]
    attributions: list[Attribution]
    events: list[Event]
    annotation: dict[str, Any]


def text_hash(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def shards_hash(hashes: Sequence[str]) -> str:
    """The content hash of a table from those of its shards: that of the only one, or the SHA-256 over all."""
    return hashes[0] if len(hashes) == 1 else text_hash("".join(f"{digest}\n" for digest in hashes))


def line_hashes(text: str) -> list[str]:
    """SHA-256 of each line of the text, without its line feed."""
    return [text_hash(line) for line in text.split("\n")]


def no_break_spaces(text: str) -> list[dict[str, int]]:
    """The places of the no-break spaces (U+00A0) by line and column, both counted from 0."""
    return [
        {"line": line, "column": column}
        for line, content in enumerate(text.split("\n"))
        for column, char in enumerate(content)
        if char == "\u00a0"
    ]


def spans_of(article: Article) -> Iterator[tuple[tuple[str | int, ...], Span]]:
    """Every span of every layer, with the keys and indices that lead to it."""
    for i, zone in enumerate(article["zones"]):
        yield ("zones", i), zone
    for i, entity in enumerate(article["entities"]):
        for j, mention in enumerate(entity["mentions"]):
            yield ("entities", i, "mentions", j), mention
    for i, value in enumerate(article["values"]):
        yield ("values", i), value
    for i, attribution in enumerate(article["attributions"]):
        for role in ATTRIBUTION_ROLES:
            for j, span in enumerate(attribution[role]):
                yield ("attributions", i, role, j), span
    for i, event in enumerate(article["events"]):
        for j, trigger in enumerate(event["triggers"]):
            yield ("events", i, "triggers", j), trigger


def format_article(article: Article) -> bytes:
    """The article's file in its one canonical form: UTF-8, two-space indentation, keys in the
    order of the schema, an object without lists or objects in it on one line.

    One span is one line, so that a diff shows one changed span as one changed line.
    """
    return (_format(article, "") + "\n").encode("utf-8")


def _format(node: Any, indent: str) -> str:
    if not isinstance(node, dict | list) or not node or _fits_one_line(node):
        return _one_line(node)
    inner = indent + "  "
    if isinstance(node, list):
        lines = [_format(item, inner) for item in node]
        opening, closing = "[", "]"
    else:
        lines = [f"{_one_line(key)}: {_format(item, inner)}" for key, item in node.items()]
        opening, closing = "{", "}"
    return f"{opening}\n{inner}" + f",\n{inner}".join(lines) + f"\n{indent}{closing}"


def _fits_one_line(node: dict | list) -> bool:
    items = node.values() if isinstance(node, dict) else node
    return not any(isinstance(item, dict | list) for item in items)


def _one_line(node: Any) -> str:
    if isinstance(node, dict):
        pairs = (f"{_one_line(key)}: {_one_line(item)}" for key, item in node.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(_one_line(item) for item in node) + "]"
    return orjson.dumps(node).decode("utf-8")
