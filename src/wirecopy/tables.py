"""Articles to Arrow tables: one function per config, each from one article to its rows.

Every config is a `Config` with an explicit Arrow schema. A field with the metadata `labels` holds
label names in the rows and integer codes in the table; `release` publishes it as a ClassLabel. Rows
of every config have the article's id, so that tables can be joined.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import pyarrow as pa

from wirecopy import shape, spans
from wirecopy.article import ATTRIBUTION_ROLES, Article
from wirecopy.views import clean_view, named_spans

Row = dict[str, Any]

NER_TAGS = shape.ner_tags(shape.names("entity_type"), shape.names("value_type"))
"""The BIO tags over the OntoNotes-18 labels, in the order of their codes."""


@dataclass(frozen=True, slots=True)
class Config:
    """One table of the release: its name, what it is for, its columns, and how rows are made of an article.

    `make` takes the article in the view that the table is of: `clean` or not.
    """

    name: str
    description: str
    schema: pa.Schema
    make: Callable[[Article], list[Row]]
    clean: bool = False

    def rows(self, article: Article) -> list[Row]:
        """The rows of an article as it is stored."""
        return self.make(clean_view(article) if self.clean else article)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a stretch of text, with offsets in code points, end exclusive."""

    words: list[str]
    starts: list[int]
    ends: list[int]

    def covered_by(self, span: spans.SpanLike) -> tuple[int, int]:
        """The token span `[first, last + 1)` of the tokens that share a character with a span."""
        first, last = bisect_right(self.ends, span["start"]), bisect_left(self.starts, span["end"])
        return (first, last) if first < last else (0, 0)


@cache
def _tokenizer() -> Any:
    import spacy  # Takes a second to import, and only the tables need it.

    return spacy.blank("en").tokenizer


@lru_cache(4)
def tokenize(text: str) -> Tokens:
    """The tokens of a text by spaCy's rules for English, line by line, white space left out.

    Tokens are a service to the reader of the tables and no part of the gold: where the page glues
    two words together, a token may run over the edge of a span. The tables of an article ask for the same texts:
    the tokens are for reading.
    """
    return _tokenized(text)


def _tokenized(text: str) -> Tokens:
    tokens = Tokens([], [], [])
    for line_start, line in _lines(text):
        for word, start in LINE_TOKENS[line]:
            tokens.words.append(word)
            tokens.starts.append(line_start + start)
            tokens.ends.append(line_start + start + len(word))
    return tokens


class LineTokens(dict[str, list[tuple[str, int]]]):
    """The tokens of lines and where they start, worked out when they are first asked for: every table of an article
    asks for the same lines. `kept` has what an earlier build worked out."""

    MOST = 2_000
    RENEWED = 4_000
    """Lines after which a new tokeniser is taken: it keeps every word that it has met."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[tuple[str, int]]] = {}
        self.n_learnt = 0

    def start(self, kept: dict[str, list[tuple[str, int]]]) -> None:
        """Forget all lines but what was kept."""
        self.clear()
        self.kept, self.n_learnt = kept, 0

    def __missing__(self, line: str) -> list[tuple[str, int]]:
        if len(self) >= self.MOST:
            self.clear()
        found = self.kept.get(line)
        if found is None:
            found = [(token.text, token.idx) for token in _tokenizer()(line) if not token.is_space]
            self.n_learnt += 1
            if self.n_learnt % self.RENEWED == 0:
                _tokenizer.cache_clear()
        self[line] = found
        return found


LINE_TOKENS = LineTokens()


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their offsets."""
    starts = spans.line_starts(text)
    return [(s, line) for s, line in zip(starts, text.split("\n"), strict=True) if line.strip()]


def _label(name: str, inventory: str) -> pa.Field:
    return pa.field(name, pa.int64(), metadata={"labels": inventory})


def _list_of(*fields: pa.Field) -> pa.DataType:
    return pa.list_(pa.struct(fields))


_TEXT, _INT, _BOOL = pa.string(), pa.int64(), pa.bool_()
_SPAN = (pa.field("start", _INT), pa.field("end", _INT), pa.field("text", _TEXT))
_TOKENS = (
    pa.field("tokens", pa.list_(_TEXT)),
    pa.field("token_starts", pa.list_(_INT)),
    pa.field("token_ends", pa.list_(_INT)),
)


def _token_columns(tokens: Tokens) -> Row:
    return {"tokens": tokens.words, "token_starts": tokens.starts, "token_ends": tokens.ends}


def _picked(item: Mapping[str, Any], *keys: str) -> Row:
    return {key: item[key] for key in keys}


# articles


def articles_rows(article: Article) -> list[Row]:
    """One row: the whole record, label names as text."""
    return [dict(article)]


# zones

_ZONES = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("text", _TEXT),
        *_TOKENS,
        pa.field("zone_tags", pa.list_(pa.field("item", _INT, metadata={"labels": "zone_kind"}))),
        pa.field("zones", _list_of(*_SPAN, _label("kind", "zone_kind"), pa.field("boilerplate", _BOOL))),
    ]
)


def zones_rows(article: Article) -> list[Row]:
    """One row: the tokens with the kind of the zone that holds each one's first character, and the
    zones."""
    tokens = tokenize(article["text"])
    kinds = shape.boilerplate_kinds()
    tags, i = [], 0
    for start in tokens.starts:
        while article["zones"][i]["end"] <= start:
            i += 1
        tags.append(article["zones"][i]["kind"])
    zones = [
        {**_picked(z, "start", "end", "text", "kind"), "boilerplate": z["kind"] in kinds} for z in article["zones"]
    ]
    return [
        {**_picked(article, "id", "text"), **_token_columns(tokens), "zone_tags": tags, "zones": zones},
    ]


# ner

_NER = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("article_id", _TEXT),
        pa.field("line", _INT),
        pa.field("line_start", _INT),
        pa.field("text", _TEXT),
        *_TOKENS,
        pa.field("ner_tags", pa.list_(pa.field("item", _INT, metadata={"labels": "ner_tags"}))),
    ]
)


def ner_rows(article: Article) -> list[Row]:
    """One row for each line that is not blank: tokens and BIO tags.

    Tagged are the NAM mentions and the values, of nested ones the outermost. A token has the tag of
    the span that it shares a character with, the first of two. `token_starts` and `token_ends`
    count from the start of the line, which is at `line_start` of the article's text.
    """
    tagged = named_spans(article)
    rows = []
    for number, (line_start, line) in enumerate(_lines(article["text"])):
        tokens = _tokenized(line)
        rows.append(
            {
                "id": f"{article['id']}:{number}",
                "article_id": article["id"],
                "line": number,
                "line_start": line_start,
                "text": line,
                **_token_columns(tokens),
                "ner_tags": _bio(tokens, line_start, tagged),
            }
        )
    return rows


def _bio(tokens: Tokens, line_start: int, tagged: list[Row]) -> list[str]:
    tags, i, begun = [], 0, None
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        start, end = start + line_start, end + line_start
        while i < len(tagged) and tagged[i]["end"] <= start:
            i += 1
        if i < len(tagged) and tagged[i]["start"] < end:
            tags.append(("I-" if begun == i else "B-") + tagged[i]["type"])
            begun = i
        else:
            tags.append("O")
    return tags


# coreference

_COREFERENCE = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("text", _TEXT),
        *_TOKENS,
        pa.field("token_lines", pa.list_(_INT)),
        pa.field(
            "mentions",
            _list_of(
                pa.field("entity", _TEXT),
                _label("type", "entity_type"),
                _label("level", "mention_level"),
                *_SPAN,
                pa.field("token_start", _INT),
                pa.field("token_end", _INT),
            ),
        ),
        pa.field("clusters", pa.list_(pa.list_(pa.list_(_INT)))),
    ]
)


def coreference_rows(article: Article) -> list[Row]:
    """One row: the tokens with the number of their line, the mentions in text order, and the clusters
    as lists of `[first token, last token + 1]`, singletons kept."""
    tokens = tokenize(article["text"])
    starts = spans.line_starts(article["text"])
    mentions, clusters = [], []
    for entity in article["entities"]:
        cluster = []
        for mention in entity["mentions"]:
            first, last = tokens.covered_by(mention)
            cluster.append([first, last])
            mentions.append(
                {
                    "entity": entity["id"],
                    "type": entity["type"],
                    **_picked(mention, "level", "start", "end", "text"),
                    "token_start": first,
                    "token_end": last,
                }
            )
        clusters.append(cluster)
    return [
        {
            **_picked(article, "id", "text"),
            **_token_columns(tokens),
            "token_lines": [spans.line_at(starts, start) for start in tokens.starts],
            "mentions": sorted(mentions, key=spans.text_order),
            "clusters": clusters,
        }
    ]


# attributions

_ATTRIBUTIONS = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("text", _TEXT),
        *_TOKENS,
        pa.field(
            "attributions",
            _list_of(
                pa.field("id", _TEXT),
                _label("type", "attribution_type"),
                _label("mode", "attribution_mode"),
                _label("source_type", "source_type"),
                pa.field("source_entity", _TEXT),
                pa.field("anonymous", _BOOL),
                pa.field("implicit", _BOOL),
                pa.field("parent", _TEXT),
            ),
        ),
        pa.field("spans", _list_of(pa.field("attribution", _TEXT), _label("role", "attribution_role"), *_SPAN)),
    ]
)
_ATTRIBUTION_FIELDS = ("id", "type", "mode", "source_type", "source_entity", "anonymous", "implicit", "parent")


def attributions_rows(article: Article) -> list[Row]:
    """One row: the attributions, and in a flat list the spans of all their roles, each with the id of
    its attribution."""
    role_spans = [
        {"attribution": a["id"], "role": role, **_picked(span, "start", "end", "text")}
        for a in article["attributions"]
        for role in ATTRIBUTION_ROLES
        for span in a[role]
    ]
    return [
        {
            **_picked(article, "id", "text"),
            **_token_columns(tokenize(article["text"])),
            "attributions": [_picked(a, *_ATTRIBUTION_FIELDS) for a in article["attributions"]],
            "spans": role_spans,
        }
    ]


# events

_EVENTS = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("text", _TEXT),
        *_TOKENS,
        pa.field(
            "events",
            _list_of(
                pa.field("id", _TEXT),
                _label("type", "event_type"),
                _label("realis", "realis"),
                _label("polarity", "polarity"),
            ),
        ),
        pa.field("triggers", _list_of(pa.field("event", _TEXT), *_SPAN)),
        pa.field(
            "arguments",
            _list_of(
                pa.field("event", _TEXT),
                _label("role", "argument_role"),
                pa.field("filler", _TEXT),
                pa.field("filler_kind", _TEXT),
            ),
        ),
        pa.field(
            "fillers",
            _list_of(
                pa.field("id", _TEXT),
                pa.field("kind", _TEXT),
                pa.field("type", _TEXT),
                pa.field("level", _TEXT),
                *_SPAN,
            ),
        ),
    ]
)


def events_rows(article: Article) -> list[Row]:
    """One row: the events; their triggers and arguments in flat lists with the id of the event; and
    every mention of an entity or value that fills a role, with the filler's id."""
    arguments = [
        {"event": e["id"], "role": a["role"], "filler": a[kind], "filler_kind": kind}
        for e in article["events"]
        for a in e["arguments"]
        for kind in ("entity", "value", "event")
        if a[kind] is not None
    ]
    wanted = {argument["filler"] for argument in arguments}
    fillers = [
        {"id": e["id"], "kind": "entity", "type": e["type"], **_picked(m, "level", "start", "end", "text")}
        for e in article["entities"]
        if e["id"] in wanted
        for m in e["mentions"]
    ]
    fillers += [
        {"id": v["id"], "kind": "value", "type": v["type"], "level": None, **_picked(v, "start", "end", "text")}
        for v in article["values"]
        if v["id"] in wanted
    ]
    return [
        {
            **_picked(article, "id", "text"),
            **_token_columns(tokenize(article["text"])),
            "events": [_picked(e, "id", "type", "realis", "polarity") for e in article["events"]],
            "triggers": [
                {"event": e["id"], **_picked(t, "start", "end", "text")}
                for e in article["events"]
                for t in e["triggers"]
            ],
            "arguments": arguments,
            "fillers": sorted(fillers, key=spans.text_order),
        }
    ]


# All configs


def _with_clean(config: Config) -> list[Config]:
    """A task config and its twin in the clean view."""
    clean = f"{config.description} In the clean view: boilerplate cut out, offsets in the clean text."
    raw = f"{config.description} In the raw view: the page as scraped."
    return [
        replace(config, description=raw),
        replace(config, name=f"{config.name}_clean", description=clean, clean=True),
    ]


_ARTICLES = Config(
    "articles",
    "One row per article: metadata, the text as scraped and all five layers, nested.",
    shape.article_arrow_schema(),
    articles_rows,
)
_STANDOFF = Config(
    "standoff",
    "One row per stand-off article: metadata, hashes and all five layers as offsets, without text or surfaces.",
    shape.article_arrow_schema(),
    articles_rows,
)
_TASKS = (
    Config("zones", "Article or boilerplate, and of what kind: tokens with zone tags, and zones.", _ZONES, zones_rows),
    Config(
        "ner", "Named entities and values as BIO tags over the OntoNotes-18 labels, one row per line.", _NER, ner_rows
    ),
    Config("coreference", "Mentions and coreference clusters, with tokens.", _COREFERENCE, coreference_rows),
    Config(
        "attributions", "Who said what: attributions and the spans of their roles.", _ATTRIBUTIONS, attributions_rows
    ),
    Config("events", "Events with triggers and arguments.", _EVENTS, events_rows),
)

CONFIGS: dict[str, Config] = {
    config.name: config for config in (_ARTICLES, *(c for task in _TASKS for c in _with_clean(task)), _STANDOFF)
}
"""All configs by name, the default first. `standoff` is of articles without text, all others of articles with."""


def label_names(inventory: str) -> tuple[str, ...]:
    """The names of a field's labels in the order of their codes."""
    return NER_TAGS if inventory == "ner_tags" else shape.names(inventory)


@cache
def _codes(inventory: str) -> dict[str, int]:
    return {name: code for code, name in enumerate(label_names(inventory))}


def make_table(config: Config, articles: Iterable[Article]) -> pa.Table:
    """The rows of the articles, in their order, as one Arrow table of the config's schema.

    Raises `KeyError` for a label that is not in its inventory. The table is one chunk per column, so
    that equal rows make equal Parquet bytes.
    """
    schema = stored_schema(config)
    batches = [make_batch(config, config.rows(article)) for article in articles]
    return pa.Table.from_batches(batches, schema=schema).combine_chunks()


@cache
def stored_schema(config: Config) -> pa.Schema:
    """The Arrow schema of a config's tables: that of the config without metadata, on every depth."""
    return pa.schema([_bare(field) for field in config.schema])


def encoded(config: Config, rows: Iterable[Row]) -> list[Row]:
    """The rows with integer codes for labels, as they are stored."""
    return list(map(_row_encoder(config), rows))


def make_batch(config: Config, rows: Iterable[Row]) -> pa.RecordBatch:
    """Rows as Arrow columns."""
    return pa.RecordBatch.from_pylist(encoded(config, rows), schema=stored_schema(config))


def _bare(field: pa.Field) -> pa.Field:
    """The field without metadata, on every depth."""
    return pa.field(field.name, _bare_type(field.type))


def _bare_type(arrow_type: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(arrow_type):
        return pa.struct([_bare(field) for field in arrow_type])
    if pa.types.is_list(arrow_type):
        return pa.list_(_bare_type(arrow_type.value_type))
    return arrow_type


def inventory_of(field: pa.Field) -> str | None:
    """The inventory whose labels a field holds, or None."""
    return (field.metadata or {}).get(b"labels", b"").decode() or None


def _has_labels(field: pa.Field) -> bool:
    if pa.types.is_list(field.type):
        return _has_labels(field.type.value_field)
    if pa.types.is_struct(field.type):
        return any(_has_labels(inner) for inner in field.type)
    return inventory_of(field) is not None


Encoder = Callable[[Any], Any]


@cache
def _row_encoder(config: Config) -> Encoder:
    """What puts codes for the labels in a row of a config."""
    if not any(_has_labels(field) for field in config.schema):
        return lambda row: row
    return _struct_encoder(config.schema)


def _struct_encoder(fields: Iterable[pa.Field]) -> Encoder:
    coded = [(field.name, _encoder(field)) for field in fields if _has_labels(field)]
    plain = [field.name for field in fields if not _has_labels(field)]

    def encode(value: Row) -> Row:
        found = {name: value[name] for name in plain}
        for name, inner in coded:
            found[name] = inner(value[name])
        return found

    return encode


def _encoder(field: pa.Field) -> Encoder:
    """What puts codes for the labels in the value of a field that holds some."""
    if pa.types.is_list(field.type):
        inner = _encoder(field.type.value_field)
        return lambda items: [inner(item) for item in items]
    if pa.types.is_struct(field.type):
        return _struct_encoder(list(field.type))
    return _codes(inventory_of(field)).__getitem__


def columns(config: Config) -> dict[str, str]:
    """The columns of a config on every depth with their types, such as `zones[].start` and `int64`; of a
    column of labels, the inventory."""
    found: dict[str, str] = {}

    def walk(field: pa.Field, path: str) -> None:
        if pa.types.is_list(field.type):
            walk(field.type.value_field, f"{path}[]")
        elif pa.types.is_struct(field.type):
            for inner in field.type:
                walk(inner, f"{path}.{inner.name}")
        else:
            inventory = inventory_of(field)
            found[path] = f"label of {inventory}" if inventory else str(field.type)

    for field in config.schema:
        walk(field, field.name)
    return found
