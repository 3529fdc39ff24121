"""An article with its layers marked, for reading in a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wirecopy import shape, spans
from wirecopy.article import Article

Paint = Callable[[str, str], str]

_COLOURS = {
    "PERSON": "36", "ORG": "35", "GPE": "33", "LOC": "33", "FAC": "33", "NORP": "34",
    "boilerplate": "90", "label": "2", "cue": "32", "source": "36", "content": "0", "addressee": "34",
    "heading": "1", "event": "31", "value": "32",
}  # fmt: skip


def plain(text: str, style: str) -> str:
    """The text as it is."""
    return text


def coloured(text: str, style: str) -> str:
    """The text in the terminal colour of a style (ANSI SGR codes)."""
    code = _COLOURS.get(style, "34")
    return f"\033[{code}m{text}\033[0m"


def show(article: Article, paint: Paint = plain, text: str | None = None) -> str:
    """The article zone by zone with mentions, values and triggers bracketed, then the lists of
    attributions and events.

    A zone that continues the one before it is marked `+`. `text` is the text of a stand-off
    article; without it, offsets stand in for surfaces.
    """
    text = text if text is not None else article["text"]
    lines = [paint(f"{article['id']}: {article['title']}", "heading"), _metadata(article), ""]
    if text is not None:
        lines += [*_zones(article, text, paint), ""]
    lines += [*_entities(article, text, paint), ""]
    lines += [*_attributions(article, text, paint), ""]
    lines += _events(article, text, paint)
    return "\n".join(lines) + "\n"


def _metadata(article: Article) -> str:
    topics = "; ".join(article["topics"])
    facts = (article["publisher"], article["published"], article["language"], article["genre"], topics)
    return " · ".join(facts)


def _zones(article: Article, text: str, paint: Paint) -> Iterator[str]:
    marks = _marks(article)
    width = max(map(len, shape.names("zone_kind"))) + 1
    for zone in article["zones"]:
        boilerplate = zone["kind"] in shape.boilerplate_kinds()
        label = (zone["kind"] + ("+" if zone["continues"] else "")).ljust(width)
        if boilerplate:
            shown = paint(text[zone["start"] : zone["end"]], "boilerplate")
        else:
            shown = _marked(text, zone, [m for m in marks if spans.overlap(zone, m)], paint)
        yield f"{paint(label, 'label')} {'-' if boilerplate else '|'} {shown}"


def _marks(article: Article) -> list[dict[str, Any]]:
    """What is bracketed in the running text: mentions, values and triggers with their labels."""
    marks = [
        {**mention, "label": f"{entity['type']} {entity['id']}", "style": entity["type"]}
        for entity in article["entities"]
        for mention in entity["mentions"]
    ]
    marks += [{**v, "label": _value_label(v), "style": "value"} for v in article["values"]]
    marks += [
        {**trigger, "label": f"{event['type']} {event['id']}", "style": "event"}
        for event in article["events"]
        for trigger in event["triggers"]
    ]
    return sorted(marks, key=spans.text_order)


def _value_label(value: dict[str, Any]) -> str:
    return f"{value['type']} {value['value']}" if value["value"] else value["type"]


def _marked(text: str, zone: dict[str, Any], marks: list[dict[str, Any]], paint: Paint) -> str:
    """The zone's text with each mark as `[surface|label]`, nested marks nested."""
    out, closing, position = [], [], zone["start"]

    def close(until: int) -> None:
        nonlocal position
        while closing and closing[-1]["end"] <= until:
            mark = closing.pop()
            out.append(text[position : mark["end"]] + paint(f"|{mark['label']}]", mark["style"]))
            position = max(position, mark["end"])

    for mark in marks:
        close(mark["start"])
        out.append(text[position : mark["start"]] + paint("[", mark["style"]))
        position = mark["start"]
        closing.append(mark)
    close(zone["end"])
    return "".join(out) + text[position : zone["end"]]


def _joined(found: list[dict[str, Any]], text: str | None) -> str:
    surfaces = (text[s["start"] : s["end"]] if text else f"[{s['start']}:{s['end']}]" for s in found)
    return " … ".join(surfaces)


def _entities(article: Article, text: str | None, paint: Paint) -> Iterator[str]:
    yield paint(f"entities ({len(article['entities'])})", "heading")
    for entity in article["entities"]:
        mentions = ", ".join(_joined([m], text) + f"/{m['level']}" for m in entity["mentions"])
        yield f"  {paint(entity['type'], entity['type'])} {entity['id']} ({entity['name']}): {mentions}"


def _attributions(article: Article, text: str | None, paint: Paint) -> Iterator[str]:
    yield paint(f"attributions ({len(article['attributions'])})", "heading")
    for a in article["attributions"]:
        flags = [name for name in ("anonymous", "implicit") if a[name]]
        flags += [f"in {a['parent']}"] if a["parent"] else []
        facts = (a["type"], a["mode"], a["source_type"], f"source_entity={a['source_entity']}", *flags)
        yield f"  {a['id']} " + paint(", ".join(facts), "label")
        for role in ("source", "cue", "addressee", "content"):
            if a[role]:
                yield f"      {role.ljust(9)} " + paint(_joined(a[role], text), role)


def _events(article: Article, text: str | None, paint: Paint) -> Iterator[str]:
    yield paint(f"events ({len(article['events'])})", "heading")
    for event in article["events"]:
        facts = event["realis"] + (" NEGATIVE" if event["polarity"] == "NEGATIVE" else "")
        yield f"  {event['id']} {paint(event['type'], 'event')} {facts}: {_joined(event['triggers'], text)}"
        for argument in event["arguments"]:
            filler = argument["entity"] or argument["value"] or argument["event"]
            yield f"      {argument['role'].ljust(9)} {filler}"
