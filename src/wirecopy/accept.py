"""The fast accept: many articles judged at once, as columns, and only ever to say yes.

`accepted` reads documents as columns and says of each whether the rules of levels 1 to 5 surely have nothing to say
of it. Whatever it cannot tell for certain is a doubt, and a doubtful document is judged by the rules themselves:
they alone find problems. Each check here names the rules of levels 3 to 5 that it stands for and must doubt at least
what they report; tests hold it to that with every golden and with mistakes planted at random.

Offsets of all articles are laid end to end: a position is the article's place in the joined text plus its
offset in code points.
"""

from __future__ import annotations

import hashlib
import operator
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import regex

from wirecopy import columns, overlap, shape
from wirecopy.article import ATTRIBUTION_ROLES
from wirecopy.rules.corpus import Digest
from wirecopy.rules.entities import PRONOUNS
from wirecopy.rules.layers import TYPES_OF_SOURCE
from wirecopy.rules.registry import rules_of
from wirecopy.rules.surface import FORBIDDEN
from wirecopy.rules.values import day_exists, is_timex
from wirecopy.spans import splits_character

Mask = np.ndarray
"""An array of booleans."""
Indices = np.ndarray
"""An array of integers: positions, codes, or the index of the owner of each item."""

STANDS_FOR: dict[str, str] = {}
"""The rule ids that the checks stand for, with the name of the check."""


class NotTold(Exception):
    """The batch as a whole is beyond the fast accept."""


class Accepted(NamedTuple):
    """What could be told of some documents.

    `sound` says of each whether it surely is an article in which no rule of levels 1 to 5 finds anything; if all
    are, `columns` are the articles taken apart.
    """

    sound: Mask
    columns: Columns | None = None


def accepted(documents: Sequence[bytes]) -> Accepted | None:
    """Which documents surely are sound articles with their texts.

    None when some document keeps the others from being told: it is no JSON, or has not the shape of an article.
    Never raises: what it cannot tell, it doubts.
    """
    content = columns.joined(documents)
    batch = columns.read(content, len(documents), shape.article_arrow_schema())
    if batch is None:
        return None
    sound, lines = said_by(batch, documents, content)
    if not sound.all():
        batch, lines = batch.filter(columns.of_truths(sound)), None
    if not shape.surely_valid_columns(batch):
        return None
    try:
        taken_apart = undoubted_columns(batch, lines)
    except (NotTold, pa.ArrowException, OverflowError):
        return Accepted(np.zeros(len(documents), dtype=bool))
    sound[sound] = ~taken_apart.doubts
    return Accepted(sound, taken_apart if sound.all() else None)


def said_by(batch: pa.RecordBatch, documents: Sequence[bytes], content: bytes) -> tuple[Mask, Sequence[bytes] | None]:
    """Of each document whether its row surely says the same and no key stands in it twice; and the canonical JSON of
    the rows, if it had to be looked at. `content` are the documents joined."""
    if columns.says(batch, content):
        return np.ones(len(documents), dtype=bool), None
    in_order = columns.in_canonical_order(batch)
    if columns.says(in_order, content):
        return np.ones(len(documents), dtype=bool), documents
    lines = columns.lines(in_order)
    same = (document == line or _canonical(document) == line for document, line in zip(documents, lines, strict=True))
    return np.fromiter(same, bool, len(documents)) & free_of_repeated_keys(documents, batch), lines


def _canonical(document: bytes) -> bytes | None:
    try:
        return orjson.dumps(orjson.loads(document), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return None


_LABELS = {
    "zone_kind": ("zones", "kind"),
    "entity_type": ("entities", "type"),
    "mention_level": ("entities", "mentions", "level"),
    "value_type": ("values", "type"),
    "attribution_type": ("attributions", "type"),
    "attribution_mode": ("attributions", "mode"),
    "source_type": ("attributions", "source_type"),
    "event_type": ("events", "type"),
    "realis": ("events", "realis"),
    "polarity": ("events", "polarity"),
    "argument_role": ("events", "arguments", "role"),
    "topic": ("topics",),
}
"""Where in an article the labels of each inventory stand that a corpus is expected to use."""


def label_counts(c: Columns) -> dict[str, dict[str, int]]:
    """How often articles taken apart use each label of each inventory, as `rules.corpus.labels_used` counts."""
    counts = {}
    for inventory in _LABELS:
        names = shape.names(inventory)
        found = np.bincount(c.codes(inventory), minlength=len(names)).tolist()
        counts[inventory] = {name: n for name, n in zip(names, found, strict=True) if n}
    return counts


def _labels_of(batch: pa.RecordBatch, inventory: str) -> pa.StringArray:
    """All labels of an inventory in the articles of a batch."""
    column, *fields = _LABELS[inventory]
    labels = batch.column(column).flatten()
    for name in fields:
        labels = labels.field(name) if pa.types.is_struct(labels.type) else labels
        labels = labels.flatten() if pa.types.is_list(labels.type) else labels
    return labels


def digests(c: Columns, places: Iterable[str]) -> list[Digest]:
    """What the corpus rules ask of each of some articles taken apart, as `Digest.of` has it; `places` is where each
    stands."""
    annotation, provenance = c.batch.column("annotation"), c.batch.column("provenance")
    works, owner = _flat(annotation.field("passes"), np.arange(c.n))
    names, ends = works.field("annotator").to_pylist(), np.cumsum(np.bincount(owner, minlength=c.n))
    fields = zip(
        places,
        c.article_ids,
        map(bytes.fromhex, c.batch.column("text_sha256").to_pylist()),
        annotation.field("status").to_pylist(),
        annotation.field("gold").is_valid().to_pylist(),
        [tuple(names[start:end]) for start, end in pairwise([0, *ends.tolist()])],
        provenance.field("kind").to_pylist(),
        provenance.field("source").to_pylist(),
        strict=True,
    )
    return [Digest(*values) for values in fields]


def runs(c: Columns) -> overlap.Runs:
    """The runs of words of articles taken apart, as `overlap.packed_runs` has them."""
    own = ~c.boilerplate
    return overlap.runs_of(c.characters, c.zones.start[own], c.zones.end[own], c.zones.article[own], c.n)


def undoubted_columns(batch: pa.RecordBatch, canonical: Sequence[bytes] | None = None) -> Columns:
    """Articles of the right shape taken apart, with the doubts whether a rule of levels 3 to 5 finds anything in them.
    `canonical` is their canonical JSON, where it is known.

    Raises `NotTold` when they are beyond that, together.
    """
    if STANDS_FOR.keys() != {rule.id for rule in rules_of("article")}:
        raise NotTold  # A rule that no check stands for may say anything.
    taken_apart = Columns(batch, canonical)
    for check in _CHECKS:
        check(taken_apart)
    return taken_apart


class Spans:
    """The spans of one kind in all articles: owner, article, bounds as positions, and surfaces."""

    def __init__(self, c: Columns, items: pa.StructArray, owner: Indices, article: Indices) -> None:
        self.items, self.owner, self.article = items, owner, article
        base, length = c.text_starts[article], c.text_lengths[article]
        start, end = _numbers(items.field("start")), _numbers(items.field("end"))
        if np.any(start >= end) or np.any(end > length) or items.field("text").null_count:
            raise NotTold  # span-range, surface-presence: nothing else can be looked up then.
        self.start, self.end = start + base, end + base

    def __len__(self) -> int:
        return len(self.start)

    @property
    def surfaces(self) -> pa.StringArray:
        return self.items.field("text")

    @cached_property
    def follows(self) -> Mask:
        """For each span but the first whether it has the owner of the one before it."""
        return self.owner[1:] == self.owner[:-1]

    def disordered(self) -> Mask:
        """For each span but the first whether it stands out of text order in its owner's list."""
        before = (self.start[1:] < self.start[:-1]) | (
            (self.start[1:] == self.start[:-1]) & (self.end[1:] > self.end[:-1])
        )
        return self.follows & before


class Columns:
    """A batch of articles taken apart into columns, and the doubts so far."""

    def __init__(self, batch: pa.RecordBatch, canonical: Sequence[bytes] | None = None) -> None:
        self.batch, self._canonical = batch, canonical
        self.n = batch.num_rows
        if not self.n:
            raise NotTold
        self.doubts = np.zeros(self.n, dtype=bool)
        self._places: dict[int, Indices] = {}
        self._codes: dict[str, Indices] = {}
        text = batch.column("text")
        if text.null_count:
            raise NotTold  # Of a stand-off article there is too little to look at.
        self.bytes = _bytes_of(text)
        self.characters = np.frombuffer(self.bytes.tobytes().decode("utf-8").encode("utf-32-le"), dtype=np.int32)
        self.text_lengths = _numbers(pc.utf8_length(text))
        self.text_starts = np.concatenate(([0], np.cumsum(self.text_lengths)))[:-1]
        each = np.arange(self.n)
        self.zones = self._spans(*_flat(batch.column("zones"), each))
        self.entities, self.entity_article = _flat(batch.column("entities"), each)
        self.mentions = self._spans(*_flat_of(self.entities, "mentions"), self.entity_article)
        self.values = self._spans(*_flat(batch.column("values"), each))
        self.attributions, self.attribution_article = _flat(batch.column("attributions"), each)
        self.roles = {
            role: self._spans(*_flat_of(self.attributions, role), self.attribution_article)
            for role in ATTRIBUTION_ROLES
        }
        self.events, self.event_article = _flat(batch.column("events"), each)
        self.triggers = self._spans(*_flat_of(self.events, "triggers"), self.event_article)
        self.arguments, self.argument_event = _flat_of(self.events, "arguments")

    def _spans(self, items: pa.StructArray, owner: Indices, article_of: Indices | None = None) -> Spans:
        return Spans(self, items, owner, owner if article_of is None else article_of[owner])

    def doubt(self, article: Indices, wrong: Mask) -> None:
        """Doubt the articles of the items that may be wrong."""
        self.doubts[article[wrong]] = True

    @cached_property
    def article_ids(self) -> list[str]:
        """The id of each article."""
        return self.batch.column("id").to_pylist()

    @property
    def canonical(self) -> Sequence[bytes]:
        """The canonical JSON of each article."""
        return columns.canonical(self.batch) if self._canonical is None else self._canonical

    def text(self, article: int) -> str:
        return self.batch.column("text")[article].as_py()

    @property
    def all_spans(self) -> list[Spans]:
        return [self.zones, self.mentions, self.values, *self.roles.values(), self.triggers]

    @cached_property
    def joined(self) -> tuple[Indices, Indices, Indices]:
        """The starts, ends and articles of all spans in one: first the zones, then the annotations."""
        spans = self.all_spans
        return tuple(np.concatenate([getattr(s, name) for s in spans]) for name in ("start", "end", "article"))

    @cached_property
    def kinds(self) -> np.ndarray:
        """The properties of each character, and none behind the last."""
        found = np.zeros(len(self.characters) + 1, dtype=np.uint8)
        _PROPERTIES.take(self.characters, out=found[:-1])
        if not found[:-1].all():
            _learn(columns.distinct(self.characters[found[:-1] == 0]))
            _PROPERTIES.take(self.characters, out=found[:-1])
        return found

    @cached_property
    def properties(self) -> np.ndarray:
        """Of each article the properties that some character of it has."""
        return np.bitwise_or.reduceat(self.kinds[:-1], self.text_starts)

    def number_of(self, flag: int, starts: Indices, ends: Indices) -> Indices:
        """How many characters between two places each have a property."""
        if flag not in self._places:
            self._places[flag] = np.flatnonzero((self.kinds & flag) != 0)
        places = self._places[flag]
        return np.searchsorted(places, ends) - np.searchsorted(places, starts)

    def codes(self, inventory: str) -> Indices:
        """The labels of an inventory in all articles by their places in it."""
        if inventory not in self._codes:
            places = columns.of_strings(shape.names(inventory))
            self._codes[inventory] = _numbers(pc.index_in(_labels_of(self.batch, inventory), value_set=places))
        return self._codes[inventory]

    def labelled(self, inventory: str, *labels: str) -> Mask:
        """Of each place of a label of an inventory, whether it has one of these."""
        return np.isin(shape.names(inventory), labels)[self.codes(inventory)]

    @cached_property
    def boilerplate(self) -> Mask:
        """Of each zone, whether it is boilerplate."""
        return self.labelled("zone_kind", *shape.boilerplate_kinds())

    @cached_property
    def named(self) -> Mask:
        """Of each mention, whether it is a name."""
        return self.labelled("mention_level", "NAM")

    @cached_property
    def ids(self) -> dict[str, Indices]:
        """The ids of every layer as numbers that are equal only for equal ids of one article."""
        layers = {
            "entity": (self.entities.field("id"), self.entity_article),
            "value": (self.values.items.field("id"), self.values.article),
            "attribution": (self.attributions.field("id"), self.attribution_article),
            "event": (self.events.field("id"), self.event_article),
            "source": (self.attributions.field("source_entity"), self.attribution_article),
            "parent": (self.attributions.field("parent"), self.attribution_article),
            **{
                f"to {kind}": (self.arguments.field(kind), self.event_article[self.argument_event])
                for kind in ("entity", "value", "event")
            },
        }
        codes = _codes([ids for ids, _ in layers.values()])
        return {
            name: np.where(code < 0, -1, code * self.n + article)
            for (name, (_, article)), code in zip(layers.items(), codes, strict=True)
        }

    @cached_property
    def targets(self) -> dict[str, Indices]:
        """The index of what each reference names among the items of its kind; -1 where it names none."""
        orders = {kind: np.argsort(self.ids[kind], kind="stable") for kind in set(_REFERRING.values())}
        return {name: _index_of(self.ids[name], self.ids[kind], orders[kind]) for name, kind in _REFERRING.items()}


_REFERRING = {
    "source": "entity",
    "parent": "attribution",
    **{f"to {kind}": kind for kind in ("entity", "value", "event")},
}
"""The references, and the kind of what they name."""


def _index_of(references: Indices, ids: Indices, order: Indices) -> Indices:
    if not len(ids):
        return np.full(len(references), -1)
    at = np.minimum(np.searchsorted(ids, references, sorter=order), len(ids) - 1)
    found = order[at]
    return np.where((ids[found] == references) & (references >= 0), found, -1)


# From Arrow to numbers


def _numbers(array: pa.Array) -> Indices:
    return columns.to_numbers(array).astype(np.int64, copy=False)


def _flat(lists: pa.ListArray, owner: Indices) -> tuple[pa.StructArray, Indices]:
    """The items of all lists, and of each item the owner of its list."""
    offsets = columns.to_numbers(lists.offsets)
    items = lists.values.slice(offsets[0], offsets[-1] - offsets[0])
    return items, np.repeat(owner, np.diff(offsets))


def _flat_of(items: pa.StructArray, name: str) -> tuple[pa.StructArray, Indices]:
    """The items of a list that every item has, with the index of that item."""
    return _flat(items.field(name), np.arange(len(items)))


def _bytes_of(strings: pa.StringArray) -> np.ndarray:
    """The UTF-8 bytes of all strings, one behind the other."""
    offsets, data = _offsets_of(strings), strings.buffers()[2]
    return np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]] if data else np.zeros(0, dtype=np.uint8)


def _offsets_of(strings: pa.StringArray) -> Indices:
    return np.frombuffer(strings.buffers()[1], dtype=np.int32)[strings.offset : strings.offset + len(strings) + 1]


def _codes(arrays: Iterable[pa.StringArray]) -> list[Indices]:
    """Numbers that are equal for equal strings of all arrays, -1 for null."""
    arrays = list(arrays)
    codes = _indices(pa.concat_arrays(arrays).dictionary_encode())
    return np.split(codes, np.cumsum([len(array) for array in arrays])[:-1])


def _indices(encoded: pa.DictionaryArray) -> Indices:
    """The places in the dictionary, -1 for null."""
    return np.where(_given(encoded.indices), _numbers(encoded.indices), -1)


def _is_in(strings: pa.StringArray, wanted: Iterable[str]) -> Mask:
    return columns.to_truths(pc.is_in(strings, value_set=columns.of_strings(tuple(wanted))))


def _given(array: pa.Array) -> Mask:
    return columns.to_truths(array.is_valid())


def _repeated(keys: Indices) -> Mask:
    """Of each key whether an equal one stands elsewhere too."""
    order = np.argsort(keys, kind="stable")
    twin = keys[order[1:]] == keys[order[:-1]]
    found = np.zeros(len(keys), dtype=bool)
    found[order[1:][twin]] = True
    return found


_SPACE, _LETTER, _ODD, _JOINS, _MARK, _LINE_FEED, _KNOWN = 1, 2, 4, 8, 16, 32, 64
_PROPERTIES = np.zeros(0x110000, dtype=np.uint8)
"""The properties of every code point that was met so far, 0 of the others."""


def _learn(code_points: np.ndarray) -> None:
    """Work out the properties of characters."""
    for code_point in code_points.tolist():
        character = chr(code_point)
        patterns = ((FORBIDDEN, _ODD), (_FOLDED, _ODD), (_NOT_ALONE, _JOINS), (_SURE_MARKS, _MARK))
        found = sum({flag for pattern, flag in patterns if pattern.match(character)})
        if not unicodedata.is_normalized("NFC", character):
            found |= _JOINS
        found |= _SPACE * character.isspace() | _LETTER * character.isalnum() | _LINE_FEED * (character == "\n")
        _PROPERTIES[code_point] = found | _KNOWN


_NOT_ALONE = regex.compile(r"[^\p{GCB=Other}\p{GCB=LF}]")
"""Characters that may make one user-perceived character with a neighbour (Unicode Standard Annex #29)."""
_FOLDED = regex.compile("[\u017f\u212a]")
"""Characters beyond ASCII whose case folds to a letter of ASCII: they may spell a pronoun."""
_SURE_MARKS = regex.compile(r"""["“”„«»‘]""")
"""Quotation marks that are never apostrophes."""


# The checks. Each stands for rules, and doubts at least the articles that they find something in.

_CHECKS: list[Any] = []


def stands_for(*rule_ids: str) -> Any:
    def register(check: Any) -> Any:
        STANDS_FOR.update(dict.fromkeys(rule_ids, check.__name__))
        _CHECKS.append(check)
        return check

    return register


@stands_for("span-range", "surface-presence", "text-presence", "text-hash")
def _texts(c: Columns) -> None:
    """Ranges and surfaces are established when the columns are made."""
    provenance = c.batch.column("provenance")
    written = _is_in(provenance.field("kind"), ("written",))
    no_lines = _numbers(pc.list_value_length(c.batch.column("line_sha256"))) == 0
    right_length = _numbers(c.batch.column("text_length")) == c.text_lengths
    hashes = c.batch.column("text_sha256").to_pylist()
    offsets = _offsets_of(c.batch.column("text"))
    texts, bounds = c.bytes.tobytes(), pairwise((offsets - offsets[0]).tolist())
    found = (hashlib.sha256(texts[start:end]).hexdigest() for start, end in bounds)
    right_hash = np.fromiter(map(operator.eq, found, hashes), bool, c.n)
    c.doubts |= ~(written & no_lines & right_length & right_hash)
    for i in np.flatnonzero(c.properties & _JOINS):
        c.doubts[i] |= not unicodedata.is_normalized("NFC", c.text(i))


@stands_for("text-control", "text-not-nfc")
def _characters(c: Columns) -> None:
    """Normalisation is looked at with the texts: a text can lack it only if it has a character that joins others."""
    c.doubts |= c.properties & _ODD != 0


@stands_for("surface-mismatch")
def _surfaces(c: Columns) -> None:
    """Each surface is as long as its stretch of the text, and the same. Zones mostly are in order, and together the
    text without what is between them."""
    begins = np.ones(len(c.bytes) + 1, dtype=bool)
    np.not_equal(c.bytes & 0xC0, 0x80, out=begins[:-1])
    place_of = np.flatnonzero(begins)
    starts, ends = place_of[c.joined[0]], place_of[c.joined[1]]
    told = [_bytes_of(spans.surfaces) for spans in c.all_spans]
    lengths = np.concatenate([np.diff(_offsets_of(spans.surfaces)) for spans in c.all_spans])
    fit = lengths == ends - starts
    c.doubt(c.joined[2], ~fit)
    n = len(c.zones)
    zoned = c.bytes[columns.covered(starts[:n], ends[:n], len(c.bytes))]
    first, some = (n, told[1:]) if fit[:n].all() and np.array_equal(zoned, told[0]) else (0, told)
    wrong = ~_same_stretches(c.bytes, starts[first:], np.concatenate(some), lengths[first:])
    c.doubt(c.joined[2][first:], wrong)


def _same_stretches(content: np.ndarray, starts: Indices, strings: np.ndarray, lengths: Indices) -> Mask:
    """Of each string whether the content says the same from a start on. They are compared eight bytes at a time: the
    last eight may overlap those before."""
    n_eights = (lengths + 7) // 8
    owner = np.repeat(np.arange(len(lengths)), n_eights)
    first = np.cumsum(n_eights) - n_eights
    at = np.minimum(8 * (np.arange(len(owner)) - first[owner]), np.maximum(lengths - 8, 0)[owner])
    string = columns.eights(strings)[(np.cumsum(lengths) - lengths)[owner] + at]
    stretch = columns.eights(content)[np.minimum(starts[owner] + at, len(content))]
    counted = columns.FIRST_BYTES[np.minimum(lengths, 8)][owner]
    same = np.ones(len(lengths), dtype=bool)
    same[owner[(stretch ^ string) & counted != 0]] = False
    return same


@stands_for("span-edge-space", "span-splits-character", "span-splits-word", "span-crosses-line")
def _edges(c: Columns) -> None:
    """Where an article begins or ends, a neighbour in the joined text is none. Surfaces say what is in their text, or
    their article is doubted already."""
    kinds, edge = c.kinds, np.zeros(len(c.kinds), dtype=bool)
    edge[c.text_starts] = edge[-1] = True
    start, end, article = c.joined
    c.doubt(article, (kinds[start] | kinds[end - 1]) & _SPACE != 0)
    for spans in c.all_spans:
        if (_bytes_of(spans.surfaces) == ord("\n")).any():
            c.doubt(spans.article, c.number_of(_LINE_FEED, spans.start, spans.end) > 0)
    for at in (start, end):
        joint = np.flatnonzero(((kinds[at] | kinds[at - 1]) & _JOINS != 0) & ~edge[at])
        for i, owner in zip(at[joint].tolist(), article[joint].tolist(), strict=True):
            c.doubts[owner] |= splits_character(c.text(owner), i - int(c.text_starts[owner]))
    edge[c.zones.start] = edge[c.zones.end] = True
    n = len(c.zones)
    for at in (start[n:], end[n:]):
        c.doubt(article[n:], (kinds[at] & kinds[at - 1] & _LETTER != 0) & ~edge[at])


@stands_for("list-order")
def _order(c: Columns) -> None:
    for spans in c.all_spans:
        c.doubt(spans.article[1:], spans.disordered())
    firsts = (c.mentions, c.entity_article), (c.roles["content"], c.attribution_article), (c.triggers, c.event_article)
    for spans, article in firsts:
        first = np.flatnonzero(np.concatenate(([True], ~spans.follows))) if len(spans) else np.zeros(0, int)
        if len(first) != len(article):
            raise NotTold
        start, end = spans.start[first], spans.end[first]
        before = (start[1:] < start[:-1]) | ((start[1:] == start[:-1]) & (end[1:] > end[:-1]))
        c.doubt(article[1:], before & (article[1:] == article[:-1]))


@stands_for("zone-overlap", "zone-gap", "zone-split", "zone-continues", "zone-continues-line")
def _zones(c: Columns) -> None:
    """Zones are in text order and hold more than white space, or their article is doubted already; between them there
    is no more than that."""
    zones = c.zones
    c.doubt(zones.article[1:], zones.follows & (zones.start[1:] < zones.end[:-1]))
    left = ~columns.covered(zones.start, zones.end, len(c.characters)) & (c.kinds[:-1] & _SPACE == 0)
    c.doubts[np.searchsorted(c.text_starts, np.flatnonzero(left), side="right") - 1] = True
    kinds = c.codes("zone_kind")
    continues = columns.to_truths(zones.items.field("continues"))
    same = zones.follows & (kinds[1:] == kinds[:-1])
    c.doubt(zones.article[1:], same & _in_one_line(c, zones.end[:-1], zones.start[1:]))
    c.doubt(zones.article, continues & c.boilerplate)
    kept = np.flatnonzero(~c.boilerplate)
    article, kind, goes_on = zones.article[kept], kinds[kept], continues[kept]
    alike = (article[1:] == article[:-1]) & (kind[1:] == kind[:-1])
    parted = np.diff(kept) > 1
    c.doubt(article[:1], goes_on[:1])
    c.doubt(article[1:], goes_on[1:] & ~(alike & parted))
    in_one_line = _in_one_line(c, zones.end[kept][:-1], zones.start[kept][1:])
    c.doubt(article[1:], alike & ~goes_on[1:] & parted & in_one_line)


def _in_one_line(c: Columns, ends: Indices, starts: Indices) -> Mask:
    return c.number_of(_LINE_FEED, ends, np.maximum(starts, ends)) == 0


@stands_for("zone-headline")
def _headline(c: Columns) -> None:
    headline = np.flatnonzero(c.labelled("zone_kind", "headline"))
    titles = c.batch.column("title").take(columns.of_numbers(c.zones.article[headline]))
    equal = columns.to_truths(pc.equal(titles, c.zones.surfaces.take(columns.of_numbers(headline))))
    c.doubt(c.zones.article[headline], columns.to_truths(c.zones.items.field("continues"))[headline])
    titled = np.zeros(c.n, dtype=bool)
    titled[c.zones.article[headline[equal]]] = True
    c.doubts |= ~titled


@stands_for("mention-repeated", "mention-crossing")
def _nesting(c: Columns) -> None:
    """Outer mentions are peeled off layer by layer; what is inside must end inside."""
    order = np.lexsort((-c.mentions.end, c.mentions.start))
    start, end, article = c.mentions.start[order], c.mentions.end[order], c.mentions.article[order]
    c.doubt(article[1:], (start[1:] == start[:-1]) & (end[1:] == end[:-1]))
    while len(start):
        reach = np.concatenate(([-1], np.maximum.accumulate(end)[:-1]))
        inside = start < reach
        c.doubt(article, inside & (end > reach))
        start, end, article = start[inside], end[inside], article[inside]


@stands_for("mention-level", "entity-name")
def _mentions(c: Columns) -> None:
    surfaces = c.mentions.surfaces
    pronoun = _is_in(pc.ascii_lower(surfaces), sorted(PRONOUNS))
    called_pronoun = c.labelled("mention_level", "PRO")
    unlisted = np.flatnonzero(called_pronoun & ~pronoun)
    phrases = surfaces.take(columns.of_numbers(unlisted)).to_pylist()
    c.doubt(c.mentions.article, pronoun & ~called_pronoun)
    c.doubt(c.mentions.article[unlisted], np.fromiter((len(phrase.split()) > 2 for phrase in phrases), bool))
    given, right = (np.zeros(len(c.entities), dtype=bool) for _ in range(2))
    given[c.mentions.owner[c.named]] = True
    for alike in (pc.equal, _alike):
        mention = np.flatnonzero(c.named & ~right[c.mentions.owner])
        owner = c.mentions.owner[mention]
        names = c.entities.field("name").take(columns.of_numbers(owner))
        equal = columns.to_truths(alike(names, surfaces.take(columns.of_numbers(mention))))
        right[owner[equal]] = True
    c.doubt(c.entity_article, given & ~right)


def _alike(names: pa.StringArray, called: pa.StringArray) -> pa.BooleanArray:
    """Whether names are the same but for case and an article before them; beyond ASCII, case is folded otherwise."""
    plain = pc.and_(pc.string_is_ascii(names), pc.string_is_ascii(called))
    return pc.and_(plain, pc.equal(_bare(names), _bare(called)))


def _bare(names: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(pc.utf8_lower(names), r"^the ", "")


@stands_for("value-timex", "value-overlap", "date-impossible")
def _values(c: Columns) -> None:
    values = c.values
    c.doubt(values.article[1:], values.follows & (values.start[1:] < values.end[:-1]))
    dated = c.labelled("value_type", "DATE", "TIME")
    given = values.items.field("value")
    c.doubt(values.article, dated != _given(given))
    kinds, strings = shape.names("value_type"), given.dictionary_encode()
    pairs = _indices(strings) * len(kinds) + c.codes("value_type")
    known = strings.dictionary.to_pylist()
    for pair in columns.distinct(pairs[_given(given)]).tolist():
        if not _known_timex(kinds[pair % len(kinds)], known[pair // len(kinds)]):
            c.doubt(values.article, _given(given) & (pairs == pair))
    annotation = c.batch.column("annotation")
    works, owner = _flat(annotation.field("passes"), np.arange(c.n))
    each = np.arange(c.n)
    gold = annotation.field("gold").field("date")
    for days, article in ((c.batch.column("published"), each), (works.field("date"), owner), (gold, each)):
        wrong = [day for day in pc.unique(days).to_pylist() if day is not None and not _known_day(day)]
        c.doubt(article, _is_in(days, wrong))


_known_timex = lru_cache(65_536)(is_timex)
_known_day = lru_cache(65_536)(day_exists)


@stands_for("value-in-name")
def _names(c: Columns) -> None:
    """A value that shares a character with a name is doubted, also where the name lies inside it."""
    touched = _touched(c.mentions.start[c.named], c.mentions.end[c.named], c.values.start, c.values.end)
    c.doubt(c.values.article, touched)


def _touched(starts: Indices, ends: Indices, span_starts: Indices, span_ends: Indices) -> Mask:
    """Of each span whether it shares a character with an interval."""
    order = np.argsort(starts, kind="stable")
    reach = np.concatenate(([-1], np.maximum.accumulate(ends[order])))
    return reach[np.searchsorted(starts, span_ends, side="left", sorter=order)] > span_starts


def _depth(starts: Indices, ends: Indices, at: Indices) -> Indices:
    """How many intervals cover the character at each position."""
    return np.searchsorted(np.sort(starts), at, side="right") - np.searchsorted(np.sort(ends), at, side="right")


@stands_for("span-in-boilerplate")
def _boilerplate(c: Columns) -> None:
    starts, ends = c.zones.start[c.boilerplate], c.zones.end[c.boilerplate]
    start, end, article = (array[len(c.zones) :] for array in c.joined)
    c.doubt(article, _touched(starts, ends, start, end))


@stands_for("role-overlap", "attribution-implicit", "attribution-anonymous")
def _attributions(c: Columns) -> None:
    start, end, owner = (
        np.concatenate([getattr(spans, name) for spans in c.roles.values()]) for name in ("start", "end", "owner")
    )
    order = np.lexsort((start, owner))
    overlap = (owner[order][1:] == owner[order][:-1]) & (start[order][1:] < end[order][:-1])
    c.doubt(c.attribution_article[owner[order][1:]], overlap)
    lacking = np.zeros(len(c.attributions), dtype=bool)
    for role in ("source", "cue"):
        lacking |= _numbers(pc.list_value_length(c.attributions.field(role))) == 0
    c.doubt(c.attribution_article, lacking != columns.to_truths(c.attributions.field("implicit")))
    anonymous, kinds = c.attributions.field("anonymous"), c.attributions.field("source_type")
    c.doubt(c.attribution_article, columns.to_truths(anonymous) & columns.to_truths(pc.starts_with(kinds, "named_")))


@stands_for("attribution-quotes")
def _quotes(c: Columns) -> None:
    """Marks in a content, less those in the contents inside it, count only if no apostrophe could be meant."""
    content = c.roles["content"]
    own = np.bincount(content.owner, c.number_of(_MARK, content.start, content.end), len(c.attributions))
    parent = c.targets["parent"]
    children = np.bincount(parent[parent >= 0], own[parent >= 0], len(c.attributions))
    has_cue = _numbers(pc.list_value_length(c.attributions.field("cue"))) > 0
    needs = c.labelled("attribution_type", "mixed") | (c.labelled("attribution_type", "direct") & has_cue)
    c.doubt(c.attribution_article, needs & ~(own > children))


@stands_for("trigger-repeated", "event-polarity")
def _events(c: Columns) -> None:
    kinds, triggers = c.codes("event_type"), c.triggers
    order = np.lexsort((triggers.end, triggers.start, kinds[triggers.owner]))
    start, end, kind = triggers.start[order], triggers.end[order], kinds[triggers.owner][order]
    twin = (start[1:] == start[:-1]) & (end[1:] == end[:-1]) & (kind[1:] == kind[:-1])
    c.doubt(triggers.article[order][1:], twin)
    c.doubt(c.event_article, c.labelled("polarity", "NEGATIVE") & c.labelled("realis", "ACTUAL"))


@stands_for("argument-filler", "argument-repeated", "argument-role", "argument-type")
def _arguments(c: Columns) -> None:
    event, article = c.argument_event, c.event_article[c.argument_event]
    given = [_given(c.arguments.field(kind)) for kind in ("entity", "value", "event")]
    c.doubt(article, np.sum(given, axis=0) != 1)
    roles = c.codes("argument_role")
    filler = np.max([c.ids[f"to {kind}"] for kind in ("entity", "value", "event")], axis=0)
    by_role = (event * len(shape.names("argument_role")) + roles).astype(np.int64)
    order = np.lexsort((filler, by_role))
    twin = (by_role[order][1:] == by_role[order][:-1]) & (filler[order][1:] == filler[order][:-1])
    c.doubt(article[order][1:], twin)
    c.doubt(article, ~_legal_roles()[c.codes("event_type")[event], roles])
    for kind, inventory in (("entity", "entity_type"), ("value", "value_type")):
        found = c.targets[f"to {kind}"]
        named = found >= 0
        c.doubt(article[named], ~_fillers(inventory)[roles[named], c.codes(inventory)[found[named]]])
    other = c.targets["to event"]
    takes_events = np.array([shape.labels("argument_role")[name]["events"] for name in shape.names("argument_role")])
    c.doubt(article, (other >= 0) & (~takes_events[roles] | (other == event)))


@cache
def _legal_roles() -> np.ndarray:
    """By event type and role, whether the type has the role."""
    types = shape.labels("event_type").values()
    return np.array([[role in kind["roles"] for role in shape.names("argument_role")] for kind in types])


@cache
def _fillers(inventory: str) -> np.ndarray:
    """By role and type, whether something of the type may fill the role."""
    roles = shape.labels("argument_role").values()
    return np.array([[name in role[f"{inventory}s"] for name in shape.names(inventory)] for role in roles])


@stands_for("id-repeated", "reference-dangling")
def _references(c: Columns) -> None:
    owned = np.concatenate([c.ids[kind] for kind in ("entity", "value", "attribution", "event")])
    c.doubts[owned[_repeated(owned)] % c.n] = True
    for name, found in c.targets.items():
        references = c.ids[name]
        dangling = (references >= 0) & (found < 0)
        c.doubts[references[dangling] % c.n] = True


@stands_for("parent-cycle", "parent-content")
def _parents(c: Columns) -> None:
    parent = c.targets["parent"]
    above = parent
    for _ in range(4):
        above = np.where(above >= 0, parent[above], -1)
    c.doubt(c.attribution_article, above >= 0)  # Deeper than five, or a circle.
    content, cue = c.roles["content"], c.roles["cue"]
    key = content.owner * (len(c.characters) + 1) + content.start
    if np.any(np.diff(key) < 0):
        raise NotTold  # Contents out of order cannot be searched.
    for spans in (content, cue):
        nested = parent[spans.owner] >= 0
        wanted = parent[spans.owner[nested]] * (len(c.characters) + 1) + spans.start[nested]
        at = np.searchsorted(key, wanted, side="right") - 1
        holds = (content.owner[at] == parent[spans.owner[nested]]) & (content.end[at] >= spans.end[nested])
        c.doubt(spans.article[nested], ~((at >= 0) & holds))
    free = np.zeros(len(c.attributions), dtype=bool)
    free[cue.owner[_depth(content.start, content.end, cue.start) == 0]] = True
    free[content.owner[_depth(content.start, content.end, content.start) == 1]] = True
    c.doubt(c.attribution_article, (c.ids["parent"] < 0) & ~free)


@stands_for("source-mention", "source-type")
def _sources(c: Columns) -> None:
    kinds, types = c.codes("source_type"), c.codes("entity_type")
    names = shape.names("source_type")
    is_group = np.array([name.endswith("_group") for name in names])[kinds]
    is_named = np.array([name.startswith("named_") for name in names])[kinds]
    is_unnamed = np.array([name.startswith("unnamed_") for name in names])[kinds]
    entity = c.targets["source"]
    known = entity >= 0
    c.doubt(c.attribution_article, ~known & is_named)
    named = np.zeros(len(c.entities), dtype=bool)
    named[c.mentions.owner[c.named]] = True
    listed = _shares_name(c, named)
    for sign in ("and ", ", "):
        listed |= columns.to_truths(pc.match_substring(c.entities.field("name"), sign))
    at, article = entity[known], c.attribution_article[known]
    c.doubt(article, ~_source_types()[kinds[known], types[at]])
    c.doubt(article, (is_named[known] & ~named[at]) | (is_unnamed[known] & (named[at] | listed[at])))
    sources = c.roles["source"]
    judged = np.flatnonzero(known[sources.owner] & ~is_group[sources.owner])
    touched = np.zeros(len(c.attributions), dtype=bool)
    touched[sources.owner[judged[_touch(c, sources, judged, entity)]]] = True
    asked = np.zeros(len(c.attributions), dtype=bool)
    asked[sources.owner[judged]] = True
    c.doubt(c.attribution_article, asked & ~touched)


def _touch(c: Columns, sources: Spans, judged: Indices, entity: Indices) -> Mask:
    """Whether the last mention of the source entity that begins before a source's end reaches into it."""
    size = len(c.characters) + 1
    key = c.mentions.owner * size + c.mentions.start
    wanted = entity[sources.owner[judged]]
    at = np.searchsorted(key, wanted * size + sources.end[judged], side="left") - 1
    found = np.maximum(at, 0)
    return (at >= 0) & (c.mentions.owner[found] == wanted) & (c.mentions.end[found] > sources.start[judged])


def _shares_name(c: Columns, named: Mask) -> Mask:
    """Of each entity whether some entity with a name in its article has the same canonical name."""
    keys = _codes([c.entities.field("name")])[0] * c.n + c.entity_article
    return np.isin(keys, keys[named], kind="table")


@cache
def _source_types() -> np.ndarray:
    """By source type and entity type, whether a source of the one may be an entity of the other."""
    types = shape.names("entity_type")
    return np.array([[t in TYPES_OF_SOURCE.get(kind, types) for t in types] for kind in shape.names("source_type")])


def free_of_repeated_keys(contents: Sequence[bytes], batch: pa.RecordBatch) -> Mask:
    """For each article of the right shape, given by its bytes and as a row, whether surely no object in it has a key
    twice.

    The bytes have at least as many keys as the objects have; a string may look like more. All are counted together
    first.
    """
    if _n_keys_at_most(b"\n".join(contents)) == _n_keys(batch):
        return np.ones(len(contents), dtype=bool)  # None has fewer than its keys, so none has more.
    enough = (_n_keys_at_most(content) == _n_keys(batch.slice(i, 1)) for i, content in enumerate(contents))
    return np.fromiter(enough, bool, len(contents))


def _n_keys_at_most(content: bytes) -> int:
    """How many colons in JSON have a quotation mark before them, white space aside."""
    codes = np.frombuffer(content, dtype=np.uint8)
    before = np.flatnonzero(codes == ord(":")) - 1
    while (spaces := np.flatnonzero(codes[before] <= ord(" "))).size:
        before[spaces] -= 1
    return int(np.count_nonzero(codes[before] == ord('"')))


def _n_keys(batch: pa.RecordBatch) -> int:
    """The number of keys in all objects of the articles of a batch."""

    def count(array: pa.Array) -> int:
        if pa.types.is_list(array.type):
            return count(array.flatten())
        if not pa.types.is_struct(array.type):
            return 0
        given = array.filter(array.is_valid()) if array.null_count else array
        return len(given) * given.type.num_fields + sum(map(count, given.flatten()))

    return batch.num_rows * batch.num_columns + sum(map(count, batch.columns))
