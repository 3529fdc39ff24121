"""What a check found, and where in the file it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import json_source_map
from json_source_map.errors import InvalidInputError


class Finding(NamedTuple):
    """What a rule says of one place in an article.

    `pointer` is a JSON pointer (RFC 6901), `message` says what was found against what was
    expected, `hint` what to do. `line` and `column`, counted from 1, are given only where there is
    nothing yet that a pointer could point to.
    """

    pointer: str
    message: str
    hint: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding with its rule and its place.

    `line` and `column` count from 1, the column in code points; both are None when the problem
    is of the whole file or of no file.
    """

    rule: str
    severity: str
    path: str
    pointer: str
    message: str
    hint: str
    line: int | None = None
    column: int | None = None

    @property
    def sort_key(self) -> tuple:
        return self.path, self.line or 0, self.column or 0, self.rule, self.pointer, self.message


def pointer_to(*parts: str | int) -> str:
    """The JSON pointer to a place given by its keys and indices."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def locate(problems: Iterable[Problem], source: str) -> list[Problem]:
    """The problems with line and column, looked up in the text of the JSON file.

    A pointer to something that is not in the file, such as a missing field, gets the place of the
    nearest thing around it that is.
    """
    problems = list(problems)
    if not problems:
        return []
    try:
        places = json_source_map.calculate(source)
    except (ValueError, IndexError, RecursionError, InvalidInputError):
        return problems
    located = []
    for problem in problems:
        if problem.line is not None:
            located.append(problem)
            continue
        pointer = problem.pointer
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        place = places[pointer].value_start
        located.append(replace(problem, line=place.line + 1, column=place.column + 1))
    return located
