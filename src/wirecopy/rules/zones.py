"""Level 4: the zones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from wirecopy import shape, spans
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject, quote


def _in_order(subject: Subject) -> list[tuple[int, dict]]:
    return sorted(enumerate(subject.article["zones"]), key=lambda pair: spans.text_order(pair[1]))


@rule("zone-overlap", 4, "article")
def zone_overlap(subject: Subject) -> Iterator[Finding]:
    """Zones do not overlap.

    Each character is of one kind; an overlap would make it article and boilerplate at once.
    """
    for (_, before), (i, zone) in pairwise(_in_order(subject)):
        if spans.overlap(before, zone):
            place = pointer_to("zones", i)
            yield Finding(
                place,
                f"{place} ({zone['kind']}, {subject.surface(zone)}) begins at {zone['start']}, before the "
                f"{before['kind']} zone {subject.surface(before)} ends at {before['end']}",
                "cut one of the two where the other begins or ends",
            )


@rule("zone-gap", 4, "article")
def zone_gap(subject: Subject) -> Iterator[Finding]:
    """Every character but white space lies in a zone.

    A stretch in no zone would be neither kept nor cut in the clean view.
    """
    if subject.text is None:
        return
    covered = 0
    last = len(subject.article["zones"]) - 1
    stops = [(i, z["start"], z["end"]) for i, z in _in_order(subject)]
    for i, start, end in [*stops, (last, len(subject.text), len(subject.text))]:
        gap = subject.text[covered : max(start, covered)]
        if gap.strip():
            at = covered + len(gap) - len(gap.lstrip())
            yield Finding(
                pointer_to("zones", i) if i >= 0 else "/zones",
                f"text[{at}:{at + len(gap.strip())}] lies in no zone: {quote(gap.strip())}",
                "give it a zone of its own, or extend the zone beside it",
            )
        covered = max(covered, end)


@rule("zone-split", 4, "article")
def zone_split(subject: Subject) -> Iterator[Finding]:
    """Neighbouring pieces of one kind in one line are one zone.

    Where one widget ends and the next of its kind begins is anybody's guess; one zone asks nobody to
    guess.
    """
    if subject.text is None:
        return
    for (_, before), (i, zone) in pairwise(_in_order(subject)):
        between = subject.text[before["end"] : zone["start"]]
        if before["kind"] == zone["kind"] and "\n" not in between and not between.strip():
            place = pointer_to("zones", i)
            yield Finding(
                place,
                f"{place} {subject.surface(zone)} goes on with the {zone['kind']} zone {subject.surface(before)} "
                "in the same line",
                "join the two zones",
            )


@rule("zone-continues", 4, "article")
def zone_continues(subject: Subject) -> Iterator[Finding]:
    """`continues` is true only for an article zone that boilerplate parts from one of its kind.

    The clean view joins such a zone to the one before it; elsewhere there is nothing to join.
    """
    boilerplate_kinds = shape.boilerplate_kinds()
    before, parted = None, False
    for i, zone in _in_order(subject):
        place = pointer_to("zones", i, "continues")
        if zone["kind"] in boilerplate_kinds:
            parted = True
            wrong = f"is boilerplate ({zone['kind']})"
        elif before is None:
            wrong = "is the first zone of the article"
        elif before["kind"] != zone["kind"]:
            wrong = f"is {zone['kind']} after {before['kind']}"
        elif not parted:
            wrong = "follows a zone of the article with no boilerplate between"
        else:
            wrong = ""
        if zone["continues"] and wrong:
            yield Finding(place, f"{place} is true, but the zone {wrong}", "set it to false")
        if zone["kind"] not in boilerplate_kinds:
            before, parted = zone, False


@rule("zone-continues-line", 4, "article")
def zone_continues_line(subject: Subject) -> Iterator[Finding]:
    """An article zone in the same line as the one of its kind before it continues it.

    One line of the page holds one paragraph; boilerplate in its middle does not end it.
    """
    if subject.text is None:
        return
    boilerplate_kinds = shape.boilerplate_kinds()
    article_zones = [(i, z) for i, z in _in_order(subject) if z["kind"] not in boilerplate_kinds]
    for (_, before), (i, zone) in pairwise(article_zones):
        between = subject.text[before["end"] : zone["start"]]
        if before["kind"] == zone["kind"] and not zone["continues"] and "\n" not in between and between.strip():
            place = pointer_to("zones", i, "continues")
            yield Finding(
                place,
                f"{place} is false, but {subject.surface(zone)} stands in the same line as the "
                f"{before['kind']} zone before it",
                "set it to true",
            )


@rule("zone-headline", 4, "article")
def zone_headline(subject: Subject) -> Iterator[Finding]:
    """The title of a written article is the words of a headline zone.

    The title is a copy for readers of tables; it must be what the page says. A licensed text may come
    without its headline, and its title is a description of ours.
    """
    if subject.text is None or subject.article["provenance"]["kind"] != "written":
        return
    lines: list[str] = []
    for _, zone in _in_order(subject):
        if zone["kind"] != "headline":
            continue
        surface = subject.text[zone["start"] : zone["end"]]
        if zone["continues"] and lines:
            lines[-1] += f" {surface}"
        else:
            lines.append(surface)
    if not lines:
        yield Finding("/zones", "no zone is a headline", "mark the zone that holds the title")
    elif "".join(subject.article["title"].split()) not in {"".join(line.split()) for line in lines}:
        yield Finding(
            "/title",
            f"/title is {quote(subject.article['title'])}, the headline is {quote(lines[0])}",
            "copy the headline into the title, or correct the zone",
        )
