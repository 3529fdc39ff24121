"""The changelog as a record of corrections.

The section of a version may hold fenced blocks of the kind `corrections`, which `scripts/diff.py
--format markdown` writes: one change a line, `article layer kind: old fact → new fact`. They make
it possible to notice when a correction is undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from wirecopy import spans
from wirecopy.article import Article
from wirecopy.diff import KINDS, Change
from wirecopy.facts import ARROW, facts
from wirecopy.outline import version_key

NOTHING = "nothing"
FENCE = "corrections"
_SECTION = re.compile(r"^## (?P<version>\d+\.\d+\.\d+), (?P<date>\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_BLOCK = re.compile(rf"^```{FENCE}\n(?P<lines>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(rf"(?P<article>\S+) (?P<layer>\S+) (?P<kind>{'|'.join(KINDS)}): (?P<old>.+) {ARROW} (?P<new>.+)")


class ChangelogError(ValueError):
    """The changelog has a line that cannot be read as a correction."""


class Undone(NamedTuple):
    """A correction that was undone: what the changelog says, and what the article has now."""

    version: str
    change: Change


def correction_line(change: Change) -> str:
    """A change as one line of a changelog."""
    return f"{change.article} {change.layer} {change.kind}: {change.old or NOTHING} {ARROW} {change.new or NOTHING}"


def corrections(changelog: str) -> dict[str, list[Change]]:
    """The corrections that a changelog lists, by version, the oldest version first.

    Raises `ChangelogError` for a line in a block of corrections that is none.
    """
    sections = list(_SECTION.finditer(changelog))
    ends = [section.start() for section in sections[1:]] + [len(changelog)]
    found = {
        section["version"]: list(_listed(changelog[section.end() : end], section["version"]))
        for section, end in zip(sections, ends, strict=True)
    }
    return dict(sorted(found.items(), key=lambda item: version_key(item[0])))


def _listed(section: str, version: str) -> Iterator[Change]:
    for block in _BLOCK.finditer(section):
        for line in block["lines"].splitlines():
            match = _LINE.fullmatch(line)
            if match is None:
                raise ChangelogError(f"the corrections of {version} have a line that is none: {line}")
            old, new = (None if match[side] == NOTHING else match[side] for side in ("old", "new"))
            yield Change(match["article"], match["layer"], match["kind"], old, new)


def undone(listed: Mapping[str, Iterable[Change]], articles: Mapping[str, Article]) -> list[Undone]:
    """The corrections whose old value has returned.

    `listed` has the corrections by version, the oldest first; a later one overrules an earlier. A
    fact that was taken out and stands again is a return, and so is one that was added and stands no
    more. To go back on purpose, list that as a correction too.
    """
    wrong: dict[_Key, Undone] = {}
    wanted: dict[_Key, Undone] = {}
    for version, changes in listed.items():
        for change in changes:
            for fact, verdict, other in ((change.old, wrong, wanted), (change.new, wanted, wrong)):
                if fact is not None:
                    key = change.article, change.layer, fact
                    verdict[key] = Undone(version, change)
                    other.pop(key, None)
    present = {(a["id"], layer, fact) for a in articles.values() for layer, fact in facts(a)}
    returned = [entry for key, entry in wrong.items() if key in present]
    added = {key: entry for key, entry in wanted.items() if entry.change.old is None and key[0] in articles}
    vanished = [entry for key, entry in added.items() if key not in present and not _stands_nearby(key, present)]
    return sorted([*returned, *vanished], key=lambda entry: (entry.change.article, entry.change.layer, entry.version))


_Key = tuple[str, str, str]
"""An article's id, a layer and a fact."""
_BOUNDS = re.compile(r"(\d+):(\d+)")
_SURFACE = re.compile(r'"(?:[^"\\]|\\.)*"')


def _stands_nearby(key: _Key, present: Iterable[_Key]) -> bool:
    """Whether an article has the same fact of a place that overlaps: the annotation was moved since."""
    bounds = _bounds(key[2])
    return bounds is not None and any(
        other[:2] == key[:2]
        and _without_place(other[2]) == _without_place(key[2])
        and spans.overlap(bounds, _bounds(other[2]))
        for other in present
    )


def _bounds(fact: str) -> dict[str, int] | None:
    match = _BOUNDS.search(_SURFACE.sub("", fact))
    return {"start": int(match[1]), "end": int(match[2])} if match else None


def _without_place(fact: str) -> str:
    return _BOUNDS.sub("", _SURFACE.sub("", fact))
