"""Level 5: agreement between the layers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from wirecopy import shape, spans
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject


@rule("id-repeated", 5, "article")
def id_repeated(subject: Subject) -> Iterator[Finding]:
    """Every id stands once in the article, over all layers.

    References name an id alone; a second owner makes them ambiguous.
    """
    seen: dict[str, str] = {}
    for layer in ("entities", "values", "attributions", "events"):
        for i, item in enumerate(subject.article[layer]):
            place = pointer_to(layer, i, "id")
            if item["id"] in seen:
                yield Finding(
                    place,
                    f'{place} "{item["id"]}" is also the id at {seen[item["id"]]}',
                    "rename one of the two, and what refers to it",
                )
            seen.setdefault(item["id"], place)


@rule("list-order", 5, "article")
def list_order(subject: Subject) -> Iterator[Finding]:
    """Lists of spans, and of things that have spans, are in text order.

    One order for all keeps files comparable, so that a diff shows changes and nothing else.
    """
    article = subject.article
    lists = {("zones",): article["zones"], ("values",): article["values"]}
    lists[("entities",)] = [entity["mentions"][0] for entity in article["entities"]]
    lists[("attributions",)] = [a["content"][0] for a in article["attributions"]]
    lists[("events",)] = [event["triggers"][0] for event in article["events"]]
    for path, span in subject.spans:
        if len(path) == 4:
            lists.setdefault(path[:3], []).append(span)
    for path, found in lists.items():
        keys = [spans.text_order(span) for span in found]
        if keys != sorted(keys):
            i = next(i for i in range(1, len(keys)) if keys[i] < keys[i - 1])
            place = pointer_to(*path, i)
            yield Finding(
                place,
                f"{place} {subject.surface(found[i])} stands after {subject.surface(found[i - 1])}, "
                "which comes later in the text",
                "run scripts/anchor.py on the file: it sorts",
            )


@rule("span-in-boilerplate", 5, "article")
def span_in_boilerplate(subject: Subject) -> Iterator[Finding]:
    """No span but a zone touches boilerplate.

    Boilerplate swallows everything in it, also names of the article's people. A content that an
    advertisement interrupts has one span before and one behind it.
    """
    zones = subject.boilerplate
    ends = [zone["end"] for zone in zones]
    for path, span in subject.annotations:
        i = bisect_right(ends, span["start"])
        if i < len(zones) and spans.overlap(zones[i], span):
            zone, place = zones[i], pointer_to(*path)
            if spans.contains(zone, span):
                relation, remedy = "lies in", "delete it"
            else:
                relation, remedy = "runs into", "end it before the zone; make two spans where a list allows"
            yield Finding(
                place,
                f"{place} {subject.surface(span)} {relation} the {zone['kind']} zone "
                f"{subject.surface(zone)} at [{zone['start']}:{zone['end']}]",
                remedy,
            )


@rule("reference-dangling", 5, "article")
def reference_dangling(subject: Subject) -> Iterator[Finding]:
    """Every reference names something of the right kind in the same article.

    A reference to nothing, or to a value where an entity is meant, leaves a hole in the table.
    """
    for pointer, kind, local_id in _references(subject):
        found = subject.kind_of_id(local_id)
        if found != kind:
            what = f"which is an id of another kind ({found})" if found else "which nothing has as its id"
            known = ", ".join(_nearest_first(local_id, subject.owners(kind))[:8]) or "none"
            yield Finding(
                pointer,
                f'{pointer} is "{local_id}", {what}; expected the id of an {kind}'.replace("an value", "a value"),
                f"correct the id, or add what it names; there are: {known}",
            )


def _nearest_first(wanted: str, ids: Iterable[str]) -> list[str]:
    """The ids, those most like the wanted one first."""
    near = get_close_matches(wanted, list(ids), n=3)
    return near + sorted(set(ids) - set(near))


def _references(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Every reference as (pointer, kind wanted, id named)."""
    for i, attribution in enumerate(subject.article["attributions"]):
        if attribution["source_entity"] is not None:
            yield pointer_to("attributions", i, "source_entity"), "entity", attribution["source_entity"]
        if attribution["parent"] is not None:
            yield pointer_to("attributions", i, "parent"), "attribution", attribution["parent"]
    for i, event in enumerate(subject.article["events"]):
        for j, argument in enumerate(event["arguments"]):
            for kind in ("entity", "value", "event"):
                if argument[kind] is not None:
                    yield pointer_to("events", i, "arguments", j, kind), kind, argument[kind]


@rule("parent-cycle", 5, "article")
def parent_cycle(subject: Subject) -> Iterator[Finding]:
    """Nested attributions form a tree.

    Following parents leads outwards and ends.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        path, current = [attribution["id"]], attribution
        while current is not None and current["parent"] is not None and len(path) <= len(subject.attributions):
            path.append(current["parent"])
            current = subject.attributions.get(current["parent"])
            if path[-1] == path[0]:
                place = pointer_to("attributions", i, "parent")
                yield Finding(place, f"{place} leads back to itself: {' → '.join(path)}", "set the outermost's to null")
                break


@rule("parent-content", 5, "article")
def parent_content(subject: Subject) -> Iterator[Finding]:
    """A nested attribution stands in the content of its parent, and one that stands in a content
    has a parent.

    In "Lee said that Ward had told her to wait", what Ward told is part of what Lee said.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        inner = attribution["content"] + attribution["cue"]
        place = pointer_to("attributions", i, "parent")
        parent = subject.attributions.get(attribution["parent"])
        if parent is not None:
            outside = [s for s in inner if not any(spans.contains(c, s) for c in parent["content"])]
            if outside:
                yield Finding(
                    place,
                    f"{place} is {parent['id']}, but {subject.surface(outside[0])} is not in its content",
                    "extend the parent's content, or set the parent to null",
                )
        elif attribution["parent"] is None:
            for outer in subject.article["attributions"]:
                if outer is not attribution and all(
                    any(spans.contains(c, s) and not spans.same(c, s) for c in outer["content"]) for s in inner
                ):
                    yield Finding(
                        place,
                        f"{place} is null, but {attribution['id']} stands in the content of {outer['id']}",
                        f'set the parent to "{outer["id"]}", or to the innermost such attribution',
                    )
                    break


@rule("source-mention", 5, "article")
def source_mention(subject: Subject) -> Iterator[Finding]:
    """The source span of an attribution holds a mention of its source entity.

    Else the two say different things of who is quoted. Groups are excepted: a spokesman may speak
    for a body that his own sentence does not mention.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        entity = subject.entities.get(attribution["source_entity"])
        if entity is None or not attribution["source"] or attribution["source_type"].endswith("_group"):
            continue
        touched = any(spans.overlap(s, m) for s in attribution["source"] for m in entity["mentions"])
        if not touched:
            place = pointer_to("attributions", i, "source_entity")
            yield Finding(
                place,
                f"{place} is {entity['id']}, but the source {subject.surface(attribution['source'][0])} "
                "holds none of its mentions",
                "name the entity that is mentioned there, or add the mention to the entity",
            )


TYPES_OF_SOURCE = {
    "named_person": ("PERSON",),
    "unnamed_person": ("PERSON",),
    "named_group": ("ORG", "GPE", "NORP", "PERSON", "FAC", "LOC", "EVENT"),
    "unnamed_group": ("ORG", "GPE", "NORP", "PERSON", "FAC", "LOC"),
    "document": ("WORK_OF_ART", "LAW", "ORG", "PRODUCT"),
}
"""The entity types of each source type; any for the others."""


@rule("source-type", 5, "article")
def source_type(subject: Subject) -> Iterator[Finding]:
    """The source type agrees with the source entity.

    A named source is an entity with a name in the article, or a group whose name lists named
    entities ("A and B"); an unnamed one has none. Persons are PERSON, documents are works, laws,
    products or publications.
    """
    named_people = {e["name"] for e in subject.article["entities"] if _is_named(e)}
    for i, attribution in enumerate(subject.article["attributions"]):
        kind = attribution["source_type"]
        entity = subject.entities.get(attribution["source_entity"])
        place = pointer_to("attributions", i, "source_type")
        if entity is None:
            if kind.startswith("named_") and attribution["source_entity"] is None:
                yield Finding(
                    place,
                    f"{place} is {kind}, but source_entity is null",
                    "name the entity, or correct the source type",
                )
            continue
        named = _is_named(entity) or _names_of_group(entity) <= named_people
        if entity["type"] not in TYPES_OF_SOURCE.get(kind, shape.names("entity_type")):
            wrong = f"{entity['id']} is {entity['type']}"
        elif kind.startswith("named_") and not named:
            wrong = f"{entity['id']} has no NAM mention"
        elif kind.startswith("unnamed_") and named:
            wrong = f"{entity['id']} has a name in the article ({entity['name']})"
        else:
            continue
        yield Finding(place, f"{place} is {kind}, but {wrong}", "correct the source type, the entity or its mentions")


def _is_named(entity: dict[str, Any]) -> bool:
    return any(mention["level"] == "NAM" for mention in entity["mentions"])


def _names_of_group(entity: dict[str, Any]) -> set[str]:
    """The names that the name of a group entity lists."""
    return set(re.split(r", and |, | and ", entity["name"]))


@rule("value-in-name", 5, "article")
def value_in_name(subject: Subject) -> Iterator[Finding]:
    """No value overlaps a name, unless the whole name lies inside the value.

    A number in a name is part of the name. With this, NAM mentions and values nest, and the
    outermost of them make a flat OntoNotes-18 tagging.
    """
    names = [m for e in subject.article["entities"] for m in e["mentions"] if m["level"] == "NAM"]
    for i, value in enumerate(subject.article["values"]):
        for name in names:
            inside = spans.contains(value, name) and not spans.same(value, name)
            if spans.overlap(value, name) and not inside:
                place = pointer_to("values", i)
                yield Finding(
                    place,
                    f"{place} {subject.surface(value)} overlaps the name {subject.surface(name)}",
                    "delete the value, or end the name before it",
                )


@rule("argument-type", 5, "article")
def argument_type(subject: Subject) -> Iterator[Finding]:
    """What fills a role is of a type that may fill it.

    schema/labels.json lists for each role the entity types and value types, and whether an event
    may fill it.
    """
    for i, event in enumerate(subject.article["events"]):
        for j, argument in enumerate(event["arguments"]):
            role = shape.labels("argument_role")[argument["role"]]
            wrong = ""
            if (entity := subject.entities.get(argument["entity"])) is not None:
                if entity["type"] not in role["entity_types"]:
                    wrong = f"the {entity['type']} {entity['id']}"
            elif (value := subject.values.get(argument["value"])) is not None:
                if value["type"] not in role["value_types"]:
                    wrong = f"the {value['type']} {subject.surface(value)}"
            elif argument["event"] in subject.events and not role["events"]:
                wrong = f"the event {argument['event']}"
            elif argument["event"] == event["id"]:
                wrong = "its own event"
            if wrong:
                place = pointer_to("events", i, "arguments", j)
                legal = role["entity_types"] + role["value_types"] + (["an event"] if role["events"] else [])
                yield Finding(
                    place,
                    f"{place} fills {argument['role']} with {wrong}",
                    f"{argument['role']} takes {', '.join(legal)}",
                )
