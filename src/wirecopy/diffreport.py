"""The difference between two versions as text, JSON, or Markdown for the changelog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from wirecopy.changelog import FENCE, correction_line
from wirecopy.diff import AREAS, KINDS, Diff
from wirecopy.outline import bumped


def as_json(diff: Diff) -> str:
    """One object with the articles, the reasons for the bump, the counts and every change."""
    report: dict[str, Any] = {
        "old": {"name": diff.old_name, "version": diff.old_version},
        "new": {"name": diff.new_name, "version": diff.new_version},
        "articles": {
            "added": diff.added,
            "withdrawn": diff.withdrawn,
            "lost": diff.lost,
            "reused": diff.reused,
            "moved": {i: {"from": old, "to": new} for i, (old, new) in diff.moved.items()},
            "text_changed": diff.texts,
            "not_compared": diff.unread,
        },
        "counts": {f"{layer}/{kind}": n for (layer, kind), n in sorted(diff.counts.items())},
        "changes": [change._asdict() for change in diff.changes],
        "least_bump": diff.least_bump,
        "least_version": bumped(diff.old_version, diff.least_bump),
        "reasons": [reason._asdict() for reason in diff.reasons],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def as_text(diff: Diff) -> str:
    """The articles, the summary table, every change, and the least version with the reasons."""
    lines = [f"{_title(diff.old_name, diff.old_version)} → {_title(diff.new_name, diff.new_version)}", ""]
    lines += [f"{what}: {which}" for what, which in _article_lines(diff)] or ["no article came, went or moved"]
    lines += ["", *_aligned(_summary(diff)), ""]
    article = None
    for change in diff.changes:
        if change.article != article:
            article = change.article
            lines.append(article)
        lines.append("  " + correction_line(change).removeprefix(f"{article} "))
    lines += [""] * bool(diff.changes)
    return "\n".join([*lines, *_verdict(diff)]) + "\n"


def as_markdown(diff: Diff) -> str:
    """The part of a changelog's section under Data: the articles, the summary, the corrections."""
    lines = [f"- {what.capitalize()}: {which}." for what, which in _article_lines(diff)]
    lines += [f"- {reason.what[0].upper()}{reason.what[1:]}." for reason in diff.reasons if reason.subject == "schema"]
    if diff.changes:
        head, *rows = _summary(diff)
        table = [head, ["---", *("---:" for _ in head[1:])], *rows]
        lines += [""] * bool(lines) + [f"| {' | '.join(row)} |" for row in table]
        lines += ["", f"```{FENCE}", *map(correction_line, diff.changes), "```"]
    return "\n".join(lines or ["- No change of the data."]) + "\n"


FORMATS: dict[str, Callable[[Diff], str]] = {"text": as_text, "json": as_json, "markdown": as_markdown}


def _title(name: str, version: str) -> str:
    return name if name == version else f"{name} ({version})"


def _article_lines(diff: Diff) -> list[tuple[str, str]]:
    """What became of whole articles: a heading and the ids, for what there is."""
    found = {
        "articles added": ", ".join(diff.added),
        "articles withdrawn": "; ".join(f"{i} ({reason})" for i, reason in diff.withdrawn.items()),
        "articles lost without a tombstone": ", ".join(diff.lost),
        "ids used again after a withdrawal": ", ".join(diff.reused),
        "articles moved": ", ".join(f"{i} from {old} to {new}" for i, (old, new) in diff.moved.items()),
        "texts changed": ", ".join(diff.texts),
        "articles changed that are not in the tables": ", ".join(diff.unread),
    }
    return [(what, which) for what, which in found.items() if which]


def _summary(diff: Diff) -> list[list[str]]:
    """A table of how many annotations changed: a row a layer, a column a kind of change."""
    counts = diff.counts
    kinds = [k for k in KINDS if k != "renumbered" or any(kind == k for _, kind in counts)]
    titles = {"arguments": "arguments changed"}
    rows = [[area, *(f"{counts[area, kind]:,}" for kind in kinds)] for area in AREAS]
    totals = [f"{sum(counts[area, kind] for area in AREAS):,}" for kind in kinds]
    return [["", *(titles.get(kind, kind) for kind in kinds)], *rows, ["all", *totals]]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _verdict(diff: Diff) -> list[str]:
    if diff.lost or diff.reused:
        ids = ", ".join([*diff.lost, *diff.reused])
        return [f"no version allows this: {ids} (see above); list it under withdrawn in splits.json, for good"]
    least = diff.least_bump
    if least == "none":
        return ["least bump: none, nothing that is published changed"]
    because = [f"  {reason.what}" for reason in diff.reasons if reason.bump == least]
    return [f"least bump: {least}, to {bumped(diff.old_version, least)}, because", *because]
