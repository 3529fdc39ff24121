"""The facts of an article: every annotation as one line of text that names its place and its labels.

A diff shows facts, the changelog lists them, and a fact that was corrected can be looked for in
any later state of the article. Entities are named by their ids, which are readable. Values,
attributions and events are named by the place where they begin, because their ids may be numbers
that shift when one is added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from wirecopy.article import ATTRIBUTION_ROLES, Article

METADATA = ("title", "language", "published", "publisher", "genre", "topics", "rights", "provenance", "annotation")
ATTRIBUTION_FIELDS = ("type", "mode", "source_type", "source_entity", "anonymous", "implicit", "parent")
EVENT_FIELDS = ("type", "realis", "polarity")
ARROW = "→"
_LONGEST, _LONGEST_NAME = 60, 28
"""How many characters of a surface are shown whole, in a fact and in the name of an attribution or event."""

Item = Mapping[str, Any]


def quoted(value: Any, longest: int = _LONGEST) -> str:
    """A value as JSON on one line, shortened in the middle; the arrow is escaped, which parts old from new."""
    if isinstance(value, str) and len(value) > longest:
        value = f"{value[: longest // 2]} … {value[-longest // 3 :]}"
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode("utf-8").replace(ARROW, "\\u2192")


def place(span: Item, longest: int = _LONGEST) -> str:
    """A span as offsets and surface; the offsets alone where the text is not at hand."""
    offsets = f"[{span['start']}:{span['end']}]"
    return offsets if span["text"] is None else f"{offsets} {quoted(span['text'], longest)}"


def zone_fact(zone: Item) -> str:
    return f"{place(zone)} {zone['kind']}" + (" continuing" if zone["continues"] else "")


def entity_fact(entity: Item) -> str:
    return f"entity {entity['id']} {entity['type']} {quoted(entity['name'])}"


def mention_fact(mention: Item, entity_id: str) -> str:
    return f"{place(mention)} {mention['level']} of {entity_id}"


def value_fact(value: Item) -> str:
    return f"{place(value)} {value['type']}" + (f" {value['value']}" if value["value"] is not None else "")


class Names:
    """What the attributions and events of an article are called in its facts, and what their fields refer to.

    An attribution is named by its first content span, an event by its first trigger; where two have the
    same, the id or the type tells them apart.
    """

    def __init__(self, article: Article) -> None:
        self._values = {v["id"]: place(v) for v in article["values"]}
        self._attributions = _named("attribution", article["attributions"], "content", "id")
        self._events = _named("event", article["events"], "triggers", "type")

    def attribution(self, attribution: Item) -> str:
        return self._attributions[attribution["id"]]

    def event(self, event: Item) -> str:
        return self._events[event["id"]]

    def field(self, item: Item, field: str) -> str:
        """A field of an attribution or an event with its value."""
        value = item.get(field)
        if field == "parent" and value is not None:
            value = self._attributions.get(value, value)
        shown = orjson.dumps(value).decode("utf-8") if not isinstance(value, str) else value
        return f"{field} {shown}"

    def argument(self, argument: Item) -> str:
        """The role of an argument and what fills it."""
        known: dict[str, Callable[[str], str]] = {
            "entity": str,
            "value": lambda value_id: self._values.get(value_id, value_id),
            "event": lambda event_id: self._events.get(event_id, event_id),
        }
        fillers = (name(argument[kind]) for kind, name in known.items() if argument[kind] is not None)
        return f"{argument['role']} {' '.join(fillers)}"


def metadata_facts(article: Article) -> dict[str, str]:
    """The fact of each metadata field, of an object of each member: `annotation.guidelines "1.2.0"`."""
    values: dict[str, Any] = {}
    for field in METADATA:
        value = article.get(field)
        values |= {f"{field}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {field: value}
    return {field: f"{field} {quoted(value)}" for field, value in values.items()}


def facts(article: Article) -> Iterator[tuple[str, str]]:
    """Every fact of an article with its layer."""
    names = Names(article)
    for fact in metadata_facts(article).values():
        yield "metadata", fact
    for zone in article["zones"]:
        yield "zones", zone_fact(zone)
    for entity in article["entities"]:
        yield "entities", entity_fact(entity)
        for mention in entity["mentions"]:
            yield "entities", mention_fact(mention, entity["id"])
    for value in article["values"]:
        yield "values", value_fact(value)
    for attribution in article["attributions"]:
        yield from (("attributions", fact) for fact in attribution_facts(attribution, names))
    for event in article["events"]:
        yield from (("events", fact) for fact in event_facts(event, names))


def attribution_facts(attribution: Item, names: Names) -> Iterator[str]:
    name = names.attribution(attribution)
    yield name
    for field in ATTRIBUTION_FIELDS:
        yield f"{name}: {names.field(attribution, field)}"
    for role in ATTRIBUTION_ROLES:
        for span in attribution[role]:
            yield f"{name}: {role} {place(span)}"


def event_facts(event: Item, names: Names) -> Iterator[str]:
    name = names.event(event)
    yield name
    for field in EVENT_FIELDS:
        yield f"{name}: {names.field(event, field)}"
    for trigger in event["triggers"]:
        yield f"{name}: trigger {place(trigger)}"
    for argument in event["arguments"]:
        yield f"{name}: {names.argument(argument)}"


def _named(noun: str, items: Sequence[Item], anchor: str, telling: str) -> dict[str, str]:
    """The name of each item by its id; `anchor` is the key of the spans that it stands on."""
    names = {item["id"]: f"{noun} {place(item[anchor][0], _LONGEST_NAME)}" for item in items}
    shared = Counter(names.values())
    return {
        item["id"]: name + (f" ({item[telling]})" if shared[name] > 1 else "")
        for item in items
        for name in [names[item["id"]]]
    }
