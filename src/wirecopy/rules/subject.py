"""What the article rules look at: the article, with what several of them need worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from wirecopy import shape, spans
from wirecopy.article import ATTRIBUTION_ROLES, Article, Span, Zone, spans_of


class Subject:
    """One structurally valid article under examination.

    `text` is None for a stand-off article whose text is not at hand; rules that compare with the
    text then have nothing to say. That offsets are in range is established by the rule `span-range`:
    after a failure there, no rule on spans runs.
    """

    def __init__(self, article: Article, text: str | None = None) -> None:
        self.article = article
        self.text = article["text"] if text is None else text

    @cached_property
    def spans(self) -> list[tuple[tuple[str | int, ...], Span]]:
        """Every span with the keys that lead to it."""
        return list(spans_of(self.article))

    @cached_property
    def annotations(self) -> list[tuple[tuple[str | int, ...], Span]]:
        """Every span of a layer other than the zones."""
        return [(path, span) for path, span in self.spans if path[0] != "zones"]

    @cached_property
    def boilerplate(self) -> list[Zone]:
        """The zones that are boilerplate, in text order."""
        kinds = shape.boilerplate_kinds()
        return sorted((z for z in self.article["zones"] if z["kind"] in kinds), key=spans.text_order)

    @cached_property
    def entities(self) -> dict[str, dict[str, Any]]:
        return {entity["id"]: entity for entity in self.article["entities"]}

    @cached_property
    def values(self) -> dict[str, dict[str, Any]]:
        return {value["id"]: value for value in self.article["values"]}

    @cached_property
    def attributions(self) -> dict[str, dict[str, Any]]:
        return {attribution["id"]: attribution for attribution in self.article["attributions"]}

    @cached_property
    def events(self) -> dict[str, dict[str, Any]]:
        return {event["id"]: event for event in self.article["events"]}

    def owners(self, kind: str) -> dict[str, dict[str, Any]]:
        """What can be referred to as an "entity", "value", "attribution" or "event", by id."""
        return getattr(self, {"entity": "entities"}.get(kind, f"{kind}s"))

    def kind_of_id(self, local_id: str) -> str | None:
        """What in the article has this id: "entity", "value", "attribution", "event" or None."""
        kinds = ("entity", "value", "attribution", "event")
        return next((kind for kind in kinds if local_id in self.owners(kind)), None)

    def surface(self, span: Span) -> str:
        """The span's characters for a message; its offsets where the text is not at hand."""
        if self.text is None:
            return f"[{span['start']}:{span['end']}]"
        return quote(self.text[span["start"] : span["end"]])


def quote(surface: str, width: int = 60) -> str:
    """The surface as one line in quotation marks, cut in its middle when it is long."""
    shown = surface.replace("\n", "\\n").replace("\t", "\\t").replace("\u00a0", "\\u00a0")
    if len(shown) > width:
        shown = f"{shown[: width // 2]}…{shown[-width // 2 + 1 :]}"
    return f'"{shown}"'


def role_spans(attribution: dict[str, Any]) -> list[tuple[str, int, Span]]:
    """The spans of all roles of an attribution as (role, index, span)."""
    return [(r, j, s) for r in ATTRIBUTION_ROLES for j, s in enumerate(attribution[r])]
