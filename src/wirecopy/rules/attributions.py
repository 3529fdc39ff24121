"""Level 4: attributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from wirecopy import spans
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject, role_spans

_QUOTATION_MARK = re.compile(r"""["“”„«»‘]|(?<!\w)'|'(?!\w)""")
"""What opens or closes a quotation and is no apostrophe."""


@rule("role-overlap", 4, "article")
def role_overlap(subject: Subject) -> Iterator[Finding]:
    """The spans of one attribution do not overlap, within a role or across roles.

    A word is content, cue, source or addressee; in one role, an equal or overlapping span counts
    its characters twice. Spans of different attributions may nest.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        for (first_role, _, first), (role, j, span) in combinations(role_spans(attribution), 2):
            if spans.overlap(first, span):
                place = pointer_to("attributions", i, role, j)
                yield Finding(
                    place,
                    f"{place} {subject.surface(span)} overlaps the {first_role} {subject.surface(first)}",
                    "cut the content around the other span and make it two spans, or delete one",
                )


@rule("attribution-implicit", 4, "article")
def attribution_implicit(subject: Subject) -> Iterator[Finding]:
    """`implicit` is true exactly when there is no source span or no cue span.

    The field repeats what the spans say so that tables can be filtered by it.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        missing = [role for role in ("source", "cue") if not attribution[role]]
        if attribution["implicit"] != bool(missing):
            place = pointer_to("attributions", i, "implicit")
            state = f"no {' and no '.join(missing)}" if missing else "both source and cue"
            yield Finding(
                place,
                f"{place} is {str(attribution['implicit']).lower()}, but the attribution has {state}",
                f"set it to {str(bool(missing)).lower()}, or correct the spans",
            )


@rule("attribution-quotes", 4, "article")
def attribution_quotes(subject: Subject) -> Iterator[Finding]:
    """Direct content with a cue, and mixed content, hold quotation marks of their own.

    An answer of a printed interview and the middle paragraph of a long quotation, which have no cue
    of their own, may do without. Quotation marks that belong to an attribution inside the content are
    that one's.
    """
    if subject.text is None:
        return
    for i, attribution in enumerate(subject.article["attributions"]):
        place = pointer_to("attributions", i, "type")
        inner = _content_of_children(subject, attribution["id"])
        quoted = any(
            not any(s["start"] <= mark.start() < s["end"] for s in inner)
            for span in attribution["content"]
            for mark in _QUOTATION_MARK.finditer(subject.text, span["start"], span["end"])
        )
        if attribution["type"] == "mixed" and not quoted:
            yield Finding(
                place,
                f"{place} is mixed, but the content has no quotation mark of its own: "
                f"{subject.surface(attribution['content'][0])}",
                "make it indirect, or take the quotation marks into the content",
            )
        if attribution["type"] == "direct" and not quoted and attribution["cue"]:
            yield Finding(
                place,
                f"{place} is direct, but the content has no quotation mark: "
                f"{subject.surface(attribution['content'][0])}",
                "make it indirect, or take the quotation marks into the content",
            )


def _content_of_children(subject: Subject, parent: str) -> list[dict]:
    return [
        span
        for attribution in subject.article["attributions"]
        if attribution["parent"] == parent and attribution["type"] != "indirect"
        for span in attribution["content"]
    ]


@rule("attribution-anonymous", 4, "article")
def attribution_anonymous(subject: Subject) -> Iterator[Finding]:
    """An anonymous source is not a named one.

    Anonymous means that the article says the name is withheld.
    """
    for i, attribution in enumerate(subject.article["attributions"]):
        if attribution["anonymous"] and attribution["source_type"].startswith("named_"):
            place = pointer_to("attributions", i, "anonymous")
            yield Finding(
                place,
                f"{place} is true, but the source type is {attribution['source_type']}",
                "set it to false, or correct the source type",
            )
