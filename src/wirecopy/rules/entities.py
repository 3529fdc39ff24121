"""Level 4: entities and their mentions."""

from __future__ import annotations

from collections.abc import Iterator

from wirecopy import spans
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject

PRONOUNS = frozenset(
    """
    i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself
    she her hers herself it its itself they them their theirs themselves who whom whose
    """.split()  # noqa: SIM905
)
"""English words that are nothing but pronouns wherever they refer."""


def _mentions(subject: Subject) -> list[tuple[int, int, dict, dict]]:
    """Every mention as (entity index, mention index, entity, mention), in text order."""
    found = [
        (i, j, entity, mention)
        for i, entity in enumerate(subject.article["entities"])
        for j, mention in enumerate(entity["mentions"])
    ]
    return sorted(found, key=lambda item: spans.text_order(item[3]))


@rule("mention-repeated", 4, "article")
def mention_repeated(subject: Subject) -> Iterator[Finding]:
    """No two mentions have equal bounds.

    One stretch refers to one thing: twice in one entity counts it double, in two entities says
    that they are the same.
    """
    seen: dict[tuple[int, int], dict] = {}
    for i, j, entity, mention in _mentions(subject):
        bounds = mention["start"], mention["end"]
        if bounds in seen:
            place = pointer_to("entities", i, "mentions", j)
            yield Finding(
                place,
                f"{place} {subject.surface(mention)} of {entity['id']} is also a mention of {seen[bounds]['id']}",
                "keep it in one of the two; if both are one thing, join the entities",
            )
        seen.setdefault(bounds, entity)


@rule("mention-crossing", 4, "article")
def mention_crossing(subject: Subject) -> Iterator[Finding]:
    """Mentions nest or stand apart; none crosses another.

    Base noun phrases are constituents. A crossing is a boundary set one word off.
    """
    opened: list[tuple[int, int, dict, dict]] = []
    for item in _mentions(subject):
        i, j, _, mention = item
        opened = [other for other in opened if other[3]["end"] > mention["start"]]
        for _, _, other_entity, other in opened:
            if spans.cross(other, mention):
                place = pointer_to("entities", i, "mentions", j)
                yield Finding(
                    place,
                    f"{place} {subject.surface(mention)} crosses the mention {subject.surface(other)} "
                    f"of {other_entity['id']}",
                    "move the boundary of one so that they nest or part",
                )
        opened.append(item)


@rule("mention-level", 4, "article")
def mention_level(subject: Subject) -> Iterator[Finding]:
    """Pronouns have level PRO, and nothing longer than two words has.

    Checked in English articles against words that are always pronouns, such as "she" and "whose";
    titles of works and words in capitals ("WHO") may be names all the same.
    """
    if subject.text is None or not subject.article["language"].startswith("en"):
        return
    for i, j, entity, mention in _mentions(subject):
        surface = subject.text[mention["start"] : mention["end"]]
        place = pointer_to("entities", i, "mentions", j, "level")
        may_be_name = entity["type"] == "WORK_OF_ART" or (len(surface) > 1 and surface.isupper())
        if surface.casefold() in PRONOUNS and not may_be_name and mention["level"] != "PRO":
            yield Finding(place, f'{place} of "{surface}" is {mention["level"]}', "write PRO")
        if mention["level"] == "PRO" and len(surface.split()) > 2:
            yield Finding(place, f'{place} of "{surface}" is PRO, but it is a phrase', "write NOM, or cut the span")


@rule("entity-name", 4, "article", severity="warning")
def entity_name(subject: Subject) -> Iterator[Finding]:
    """The canonical name of a named entity of a written article is one of its names in the text.

    The name is the fullest that the article gives. A name found nowhere is misspelt or taken from
    the annotator's own knowledge. In a licensed article a long name may be shortened, so as to repeat
    no stretch of the text.
    """
    if subject.text is None or subject.article["provenance"]["kind"] != "written":
        return
    for i, entity in enumerate(subject.article["entities"]):
        given = [subject.text[m["start"] : m["end"]] for m in entity["mentions"] if m["level"] == "NAM"]
        if given and _bare(entity["name"]) not in {_bare(name) for name in given}:
            place = pointer_to("entities", i, "name")
            yield Finding(
                place,
                f'{place} is "{entity["name"]}", but the article names {entity["id"]} as '
                + ", ".join(f'"{name}"' for name in dict.fromkeys(given)),
                "take the fullest of these",
            )


def _bare(name: str) -> str:
    """The name without a leading article and in one case, with plain spaces."""
    return " ".join(name.split()).casefold().removeprefix("the ")
