"""Level 4: values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from wirecopy import spans
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject

_YEAR = r"(?:\d{4}|XXXX|\d{3}X?|\d{2}(?:XX)?)"
_MONTH = r"(?:0[1-9]|1[0-2]|XX)"
_DAY = r"(?:0[1-9]|[12]\d|3[01]|XX)"
_WEEK = r"W(?:0[1-9]|[1-4]\d|5[0-3]|XX)"
_CLOCK = r"(?:T(?:[01]\d|2[0-4]|XX)(?::(?:[0-5]\d|XX)(?::[0-5]\d)?)?|T(?:MO|MI|AF|EV|NI|DT))"
_DATE = rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?|-{_WEEK}(?:-(?:[1-7X]|WE))?|-(?:Q[1-4X]|H[12X]|SP|SU|FA|WI))?"
_COUNT = r"(?:\d+(?:\.\d+)?|X)"
_DURATION_DATE = rf"P(?:{_COUNT}(?:DE|CE|ML|Y|Q|M|W|WE|D))+"
_DURATION_TIME = rf"P(?:{_COUNT}D)?T(?:{_COUNT}(?:H|M|S|TI|MO|AF|EV|NI))+"

TIMEX = {
    "DATE": re.compile(rf"(?:{_DATE}|{_DURATION_DATE}|PAST_REF|PRESENT_REF|FUTURE_REF)", re.ASCII),
    "TIME": re.compile(rf"(?:(?:{_DATE})?{_CLOCK}|{_DURATION_TIME}|PAST_REF|PRESENT_REF|FUTURE_REF)", re.ASCII),
}
"""Well-formed TIMEX3 values by value type, after ISO-TimeML (ISO 24617-1:2012)."""


@rule("value-timex", 4, "article")
def value_timex(subject: Subject) -> Iterator[Finding]:
    """A DATE or TIME has a well-formed TIMEX3 value, any other value has none.

    The value is what a program computes with. Calendar dates must exist.
    """
    for i, value in enumerate(subject.article["values"]):
        place = pointer_to("values", i, "value")
        found = value["value"]
        pattern = TIMEX.get(value["type"])
        if pattern is None and found is not None:
            yield Finding(place, f'{place} is "{found}" in a {value["type"]}', "set it to null")
        elif pattern is not None and found is None:
            yield Finding(
                place,
                f"{place} of {subject.surface(value)} is null in a {value['type']}",
                'give the TIMEX3 value, such as "2024-06-10", "P3D" or "2024-06-10T06:00"; "XX" for '
                "parts that cannot be told, PAST_REF or FUTURE_REF when nothing can",
            )
        elif pattern is not None and not is_timex(value["type"], found):
            yield Finding(
                place,
                f'{place} of {subject.surface(value)} is "{found}", no TIMEX3 value of a {value["type"]}',
                'write it like "2024-06-10", "2024-W24", "2024-06-10T06:00", "P3D" or "PT2H"'
                + ("; a clock time makes it a TIME" if "T" in found else ""),
            )


def is_timex(value_type: str, value: str) -> bool:
    """Whether a value is a well-formed TIMEX3 value of a DATE or TIME, and its day in the calendar."""
    return value_type in TIMEX and TIMEX[value_type].fullmatch(value) is not None and day_exists(value)


def day_exists(value: str) -> bool:
    """Whether the value's day, if it is given in full, is in its month."""
    match = re.match(r"(\d{4}|XXXX)-(\d\d)-(\d\d)", value, re.ASCII)
    if match is None:
        return True
    year, month, day = (int(part) for part in (match[1].replace("XXXX", "2000"), match[2], match[3]))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return day <= lengths[month - 1]


@rule("value-overlap", 4, "article")
def value_overlap(subject: Subject) -> Iterator[Finding]:
    """Values do not overlap.

    Values next to each other are two, a range is one; none lies in another.
    """
    ordered = sorted(enumerate(subject.article["values"]), key=lambda pair: spans.text_order(pair[1]))
    for (_, before), (i, value) in pairwise(ordered):
        if spans.overlap(before, value):
            place = pointer_to("values", i)
            yield Finding(
                place,
                f"{place} {subject.surface(value)} overlaps the {before['type']} {subject.surface(before)}",
                "keep the longer one, or part them",
            )


@rule("date-impossible", 4, "article")
def date_impossible(subject: Subject) -> Iterator[Finding]:
    """The day of publication and the days of annotation are in the calendar.

    Relative dates are resolved against the day of publication; from one that never was, they cannot.
    """
    annotation = subject.article["annotation"]
    days = {pointer_to("published"): subject.article["published"]}
    days |= {pointer_to("annotation", "passes", i, "date"): w["date"] for i, w in enumerate(annotation["passes"])}
    if annotation["gold"] is not None:
        days[pointer_to("annotation", "gold", "date")] = annotation["gold"]["date"]
    for place, day in days.items():
        if not day_exists(day):
            yield Finding(place, f"{place} is {day}, a day that its month does not have", "correct the date")
