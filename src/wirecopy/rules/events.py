"""Level 4: events."""

from __future__ import annotations

from collections.abc import Iterator

from wirecopy import shape
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject


@rule("trigger-repeated", 4, "article")
def trigger_repeated(subject: Subject) -> Iterator[Finding]:
    """No trigger stands twice in one event, or in two events of one type.

    One word tells one event of a type; two events of one type under one word are a sum that one
    event stands for.
    """
    seen: dict[tuple[str, int, int], str] = {}
    for i, event in enumerate(subject.article["events"]):
        for j, trigger in enumerate(event["triggers"]):
            key = event["type"], trigger["start"], trigger["end"]
            if key in seen:
                place = pointer_to("events", i, "triggers", j)
                yield Finding(
                    place,
                    f"{place} {subject.surface(trigger)} triggers a {event['type']} in {seen[key]} already",
                    "keep it in one event, or join the two events",
                )
            seen.setdefault(key, event["id"])


@rule("event-polarity", 4, "article")
def event_polarity(subject: Subject) -> Iterator[Finding]:
    """An event with polarity NEGATIVE has not the realis ACTUAL.

    What is said not to have happened is not presented as having happened.
    """
    for i, event in enumerate(subject.article["events"]):
        if event["polarity"] == "NEGATIVE" and event["realis"] == "ACTUAL":
            place = pointer_to("events", i, "realis")
            yield Finding(
                place,
                f"{place} of {subject.surface(event['triggers'][0])} is ACTUAL with polarity NEGATIVE",
                "make the realis OTHER, or the polarity POSITIVE",
            )


@rule("argument-filler", 4, "article")
def argument_filler(subject: Subject) -> Iterator[Finding]:
    """An argument names exactly one of entity, value and event.

    Three columns with one filled keep the table free of mixed types.
    """
    for i, event in enumerate(subject.article["events"]):
        for j, argument in enumerate(event["arguments"]):
            given = [key for key in ("entity", "value", "event") if argument[key] is not None]
            if len(given) != 1:
                place = pointer_to("events", i, "arguments", j)
                found = " and ".join(given) or "none of entity, value and event"
                yield Finding(
                    place,
                    f"{place} ({argument['role']}) names {found}, expected exactly one",
                    "name the one that fills the role and set the others to null",
                )


@rule("argument-repeated", 4, "article")
def argument_repeated(subject: Subject) -> Iterator[Finding]:
    """No filler stands twice in one role of an event.

    An entity fills a role once, however often it is mentioned.
    """
    for i, event in enumerate(subject.article["events"]):
        seen = set()
        for j, argument in enumerate(event["arguments"]):
            key = tuple(argument[name] for name in ("role", "entity", "value", "event"))
            if key in seen:
                place = pointer_to("events", i, "arguments", j)
                yield Finding(place, f"{place} repeats an argument with the role {argument['role']}", "delete it")
            seen.add(key)


@rule("argument-role", 4, "article")
def argument_role(subject: Subject) -> Iterator[Finding]:
    """An argument's role is legal for its event's type.

    The roles of each type stand in schema/labels.json; another role hints at another type.
    """
    for i, event in enumerate(subject.article["events"]):
        legal = shape.labels("event_type")[event["type"]]["roles"]
        for j, argument in enumerate(event["arguments"]):
            if argument["role"] not in legal:
                place = pointer_to("events", i, "arguments", j, "role")
                yield Finding(
                    place,
                    f"{place} is {argument['role']}, which {event['type']} does not have",
                    f"its roles are {', '.join(legal)}; choose one, drop the argument or correct the type",
                )
