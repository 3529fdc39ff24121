"""The difference between two states of a corpus, down to single annotations.

Annotations are matched by where they stand in the text, and not by their ids, which may be numbers
that shift: a cue that grew by a word has moved, an attribution whose mode was wrong is relabelled.
Where the text of an article itself changed, the old offsets are carried over to the new text first,
so that only what was annotated otherwise is listed.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

from wirecopy import spans
from wirecopy.article import ATTRIBUTION_ROLES, LAYERS, Article
from wirecopy.facts import (
    ATTRIBUTION_FIELDS,
    EVENT_FIELDS,
    Names,
    entity_fact,
    mention_fact,
    metadata_facts,
    place,
    value_fact,
    zone_fact,
)
from wirecopy.outline import Outline, Reason, least_bump, lost_articles, reasons, reused_ids

KINDS = ("added", "removed", "relabelled", "moved", "arguments", "renumbered")
"""What may happen to an annotation. `renumbered` is of ids alone."""
AREAS = ("metadata", *LAYERS)

Item = Mapping[str, Any]


class Change(NamedTuple):
    """One annotation that differs: `old` and `new` are its facts (see `wirecopy.facts`), None where
    there is none."""

    article: str
    layer: str
    kind: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Snapshot:
    """A state of a corpus: its articles by id and its outline. `name` is what a reader calls it."""

    name: str
    version: str
    articles: Mapping[str, Article]
    outline: Outline


@dataclass
class Diff:
    """What changed from one snapshot to another."""

    old_name: str
    new_name: str
    old_version: str
    new_version: str
    added: list[str] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)
    """Reasons by id."""
    lost: list[str] = field(default_factory=list)
    """Ids that are gone without a tombstone."""
    reused: list[str] = field(default_factory=list)
    """Ids that were withdrawn and are used again."""
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Old and new split by id."""
    texts: list[str] = field(default_factory=list)
    """Ids of the articles whose text changed."""
    unread: list[str] = field(default_factory=list)
    """Ids of stand-off articles that changed and whose layers a release does not hold."""
    changes: list[Change] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    @property
    def least_bump(self) -> str:
        return least_bump(self.reasons)

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many changes there are by layer and kind."""
        return Counter((change.layer, change.kind) for change in self.changes)


def compare(old: Snapshot, new: Snapshot) -> Diff:
    """Everything that changed from `old` to `new`."""
    diff = Diff(old.name, new.name, old.version, new.version)
    before, after = old.outline["articles"], new.outline["articles"]
    diff.added = sorted(after.keys() - before.keys())
    diff.lost, diff.reused = lost_articles(old.outline, new.outline), reused_ids(old.outline, new.outline)
    tombstones = new.outline["withdrawn"]
    diff.withdrawn = {i: tombstones[i]["reason"] for i in sorted(before.keys() & tombstones.keys())}
    for article_id in sorted(before.keys() & after.keys()):
        one, other = before[article_id], after[article_id]
        if one["split"] != other["split"]:
            diff.moved[article_id] = one["split"], other["split"]
        if one["text_sha256"] != other["text_sha256"]:
            diff.texts.append(article_id)
        if one["gold_sha256"] == other["gold_sha256"]:
            continue
        if article_id in old.articles and article_id in new.articles:
            diff.changes += compare_articles(old.articles[article_id], new.articles[article_id])
        else:
            diff.unread.append(article_id)
    diff.reasons = reasons(old.outline, new.outline)
    return diff


def compare_articles(old: Article, new: Article) -> list[Change]:
    """Every annotation that differs between two states of one article, layer by layer."""
    if None not in (old["text"], new["text"]) and old["text"] != new["text"]:
        old = carried_over(old, new["text"])
    found = [*_metadata_changes(old, new), *_zone_changes(old, new)]
    entity_ids, entity_changes = _entity_changes(old, new)
    values = _paired_spans(old["values"], new["values"], lambda v: (v["type"], v["value"], v["id"]))
    attributions = _paired_groups(old["attributions"], new["attributions"], lambda a: a["content"])
    events = _paired_groups(old["events"], new["events"], lambda e: e["triggers"])
    ids = {
        "entity": entity_ids,
        "value": _ids(values),
        "attribution": _ids(attributions),
        "event": _ids(events),
    }
    names = Names(old), Names(new)
    found += entity_changes
    found += _span_changes("values", values, value_fact, value_fact, lambda a, b: _same(a, b, "type", "value"))
    found += _attribution_changes(attributions, ids, names)
    found += _event_changes(events, ids, names)
    found += _renumbered(ids)
    return [Change(new["id"], *change) for change in found]


_Found = tuple[str, str, str | None, str | None]
"""A change without its article."""
Pairs = list[tuple[Item | None, Item | None]]
"""Items of the old and the new side that belong together; None where one has no counterpart."""


def _same(a: Item, b: Item, *keys: str) -> bool:
    return all(a[key] == b[key] for key in keys)


def _ids(pairs: Pairs) -> dict[str, str]:
    """The new id of each old one."""
    return {old["id"]: new["id"] for old, new in pairs if old is not None and new is not None}


# Matching


def _matched(old: Sequence[Item], new: Sequence[Item], score: Callable[[Item, Item], tuple | None]) -> Pairs:
    """Pair items, the best score first, each once; those that no score ties together stand alone.

    In the order of the new side, what is gone at the end.
    """
    scored = [(found, i, j) for i, a in enumerate(old) for j, b in enumerate(new) if (found := score(a, b)) is not None]
    scored.sort(key=lambda entry: (tuple(-part for part in entry[0]), entry[1], entry[2]))
    partner_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in scored:
        if i not in taken and j not in partner_of:
            partner_of[j] = i
            taken.add(i)
    pairs: Pairs = [(old[partner_of[j]] if j in partner_of else None, b) for j, b in enumerate(new)]
    return pairs + [(a, None) for i, a in enumerate(old) if i not in taken]


def _shared(a: Item, b: Item) -> int:
    """How many characters two spans share."""
    return max(0, min(a["end"], b["end"]) - max(a["start"], b["start"]))


def _paired_spans(old: Sequence[Item], new: Sequence[Item], label: Callable[[Item], tuple]) -> Pairs:
    """Pair spans: equal bounds before equal labels before long overlap."""

    def score(a: Item, b: Item) -> tuple | None:
        if not spans.overlap(a, b):
            return None
        return spans.same(a, b), sum(x == y for x, y in zip(label(a), label(b), strict=True)), _shared(a, b)

    return _matched(old, new, score)


def _paired_groups(old: Sequence[Item], new: Sequence[Item], anchors: Callable[[Item], Sequence[Item]]) -> Pairs:
    """Pair entities, attributions or events by the spans that they stand on, then by type and id."""

    def score(a: Item, b: Item) -> tuple | None:
        bounds = {(s["start"], s["end"]) for s in anchors(a)}
        equal = sum((s["start"], s["end"]) in bounds for s in anchors(b))
        shared = sum(_shared(s, t) for s in anchors(a) for t in anchors(b))
        return (equal, shared, a["type"] == b["type"], a["id"] == b["id"]) if shared else None

    return _matched(old, new, score)


# Layers


def _metadata_changes(old: Article, new: Article) -> Iterator[_Found]:
    before, after = metadata_facts(old), metadata_facts(new)
    for name in before | after:
        if before.get(name) != after.get(name):
            yield "metadata", "relabelled", before.get(name), after.get(name)


def _span_changes(
    layer: str,
    pairs: Pairs,
    old_fact: Callable[[Any], str],
    new_fact: Callable[[Any], str],
    alike: Callable[[Any, Any], bool],
) -> Iterator[_Found]:
    """The changes of paired spans; `alike` tells whether a pair has equal labels."""
    for old, new in pairs:
        before = None if old is None else old_fact(old)
        after = None if new is None else new_fact(new)
        if old is None or new is None:
            yield layer, "added" if old is None else "removed", before, after
        elif not alike(old, new):
            yield layer, "relabelled", before, after
        elif not spans.same(old, new):
            yield layer, "moved", before, after


def _zone_changes(old: Article, new: Article) -> Iterator[_Found]:
    pairs = _paired_spans(old["zones"], new["zones"], lambda z: (z["kind"], z["continues"]))
    return _span_changes("zones", pairs, zone_fact, zone_fact, lambda a, b: _same(a, b, "kind", "continues"))


def _entity_changes(old: Article, new: Article) -> tuple[dict[str, str], list[_Found]]:
    """The new id of each old entity, and the changes of entities and mentions.

    A mention is relabelled when it went to another entity or level. The type of an entity counts
    once, not once a mention.
    """
    entities = _paired_groups(old["entities"], new["entities"], lambda e: e["mentions"])
    ids = _ids(entities)
    found: list[_Found] = []
    for before, after in entities:
        facts = [None if e is None else entity_fact(e) for e in (before, after)]
        if before is None or after is None:
            found.append(("entities", "added" if before is None else "removed", *facts))
        elif not _same(before, after, "id", "type", "name"):
            found.append(("entities", "relabelled", *facts))

    def mentions(article: Article, known: Mapping[str, str]) -> list[Item]:
        return [
            {**m, "entity": e["id"], "cluster": known.get(e["id"])} for e in article["entities"] for m in e["mentions"]
        ]

    pairs = _paired_spans(
        mentions(old, ids), mentions(new, {i: i for i in ids.values()}), lambda m: (m["cluster"], m["level"])
    )
    fact = lambda m: mention_fact(m, m["entity"])  # noqa: E731
    found += _span_changes("entities", pairs, fact, fact, lambda a, b: _same(a, b, "cluster", "level"))
    return ids, found


def _attribution_changes(pairs: Pairs, ids: Mapping[str, Any], names: tuple[Names, Names]) -> Iterator[_Found]:
    for old, new in pairs:
        titles = _titles(Names.attribution, names, old, new)
        if old is None or new is None:
            yield "attributions", "added" if old is None else "removed", *titles
        else:
            carried = {**old, "source_entity": ids["entity"].get(old["source_entity"], old["source_entity"])}
            carried["parent"] = ids["attribution"].get(old["parent"], old["parent"])
            yield from _field_changes("attributions", ATTRIBUTION_FIELDS, carried, old, new, titles, names)
        for role in ATTRIBUTION_ROLES:
            yield from _spans_of("attributions", role, old, new, role, titles)


def _titles(
    name: Callable[[Names, Item], str], names: tuple[Names, Names], old: Item | None, new: Item | None
) -> tuple[str | None, str | None]:
    """What the two sides call an attribution or an event; None where it is missing."""
    before, after = (None if x is None else name(n, x) for n, x in zip(names, (old, new), strict=True))
    return before, after


def _spans_of(
    layer: str, key: str, old: Item | None, new: Item | None, role: str, titles: tuple[str | None, str | None]
) -> Iterator[_Found]:
    """The changes of the spans that an attribution or an event has under a key."""
    before, after = ([] if item is None else item[key] for item in (old, new))
    facts = [lambda span, title=title: f"{title}: {role} {place(span)}" for title in titles]
    return _span_changes(layer, _paired_spans(before, after, lambda _: ()), *facts, lambda a, b: True)


def _field_changes(
    layer: str,
    fields: Sequence[str],
    carried: Item,
    old: Item,
    new: Item,
    titles: tuple[str, str],
    names: tuple[Names, Names],
) -> Iterator[_Found]:
    """The fields that differ; `carried` is the old item with its references renamed as in the new article."""
    for key in fields:
        if carried.get(key) != new.get(key):
            facts = (f"{t}: {n.field(item, key)}" for t, n, item in zip(titles, names, (old, new), strict=True))
            yield layer, "relabelled", *facts


def _event_changes(pairs: Pairs, ids: Mapping[str, Any], names: tuple[Names, Names]) -> Iterator[_Found]:
    for old, new in pairs:
        titles = _titles(Names.event, names, old, new)
        if old is None or new is None:
            yield "events", "added" if old is None else "removed", *titles
        else:
            yield from _field_changes("events", EVENT_FIELDS, old, old, new, titles, names)
        yield from _spans_of("events", "triggers", old, new, "trigger", titles)
        yield from _argument_changes(old, new, ids, titles, names)


def _argument_changes(
    old: Item | None,
    new: Item | None,
    ids: Mapping[str, Any],
    titles: tuple[str | None, str | None],
    names: tuple[Names, Names],
) -> Iterator[_Found]:
    """Arguments that came, went, or have another filler in the same role."""

    def keyed(side: int, event: Item | None, known: Mapping[str, Any]) -> dict[tuple, str]:
        return {
            (a["role"], *(known.get(kind, {}).get(a[kind], a[kind]) for kind in ("entity", "value", "event"))): (
                f"{titles[side]}: {names[side].argument(a)}"
            )
            for a in (event["arguments"] if event else ())
        }

    before, after = keyed(0, old, ids), keyed(1, new, {})
    gone = [key for key in before if key not in after]
    for key in (k for k in after if k not in before):
        partner = next((g for g in gone if g[0] == key[0]), None)
        if partner is not None:
            gone.remove(partner)
        yield "events", "arguments", before.get(partner), after[key]
    for key in gone:
        yield "events", "arguments", before[key], None


def _renumbered(ids: Mapping[str, Mapping[str, str]]) -> Iterator[_Found]:
    """Ids of values, attributions and events that are others now: one change a layer."""
    for kind, layer in (("value", "values"), ("attribution", "attributions"), ("event", "events")):
        changed = [(old, new) for old, new in ids[kind].items() if old != new]
        if changed:
            yield layer, "renumbered", *(f"ids {', '.join(side)}" for side in zip(*changed, strict=True))


# Another text


def carried_over(article: Article, text: str) -> Article:
    """The article with every span moved to where its characters stand in another state of the text.

    Surfaces stay those of the old text. A span over words that were replaced covers the words that
    replace them; one whose words are all gone becomes empty, and matches nothing.
    """
    blocks = _blocks(article["text"], text)

    def moved(node: Any) -> Any:
        if isinstance(node, list):
            return [moved(item) for item in node]
        if not isinstance(node, dict):
            return node
        carried = {key: moved(item) for key, item in node.items()}
        return {**carried, **_carried_bounds(blocks, node)} if "start" in node else carried

    return {**article, **{layer: moved(article[layer]) for layer in LAYERS}}


class _Block(NamedTuple):
    """A stretch of characters that two texts have in common."""

    old: int
    new: int
    length: int


def _blocks(old: str, new: str) -> list[_Block]:
    """What two texts have in common, by an alignment of words, between two empty blocks at their ends."""
    words = [re.findall(r"\w+|\s+|[^\w\s]", text) for text in (old, new)]
    starts = [[0, *accumulate(map(len, side))] for side in words]
    matches = difflib.SequenceMatcher(None, *words, autojunk=False).get_matching_blocks()
    found = [_Block(starts[0][i], starts[1][j], starts[0][i + n] - starts[0][i]) for i, j, n in matches]
    return [_Block(0, 0, 0), *found]


def _carried_bounds(blocks: Sequence[_Block], span: Item) -> dict[str, int]:
    def before(offset: int) -> int:
        return bisect_right(blocks, offset, key=lambda block: block.old) - 1

    first, last = before(span["start"]), before(span["end"] - 1)
    start = blocks[first].new + min(span["start"] - blocks[first].old, blocks[first].length)
    inside = span["end"] - blocks[last].old
    end = blocks[last].new + inside if inside <= blocks[last].length else blocks[last + 1].new
    return {"start": start, "end": end}
