"""What a new version promises the users of the earlier ones, and whether a build keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wirecopy.article import Article
from wirecopy.changelog import correction_line, corrections, undone
from wirecopy.diff import Change
from wirecopy.outline import (
    BUMPS,
    bump_between,
    bumped,
    least_bump,
    lost_articles,
    reasons,
    reused_ids,
    version_key,
)
from wirecopy.problems import Problem

VERSION_PLACE = "src/wirecopy/__init__.py"


def version_problems(manifest: Mapping[str, Any], recorded: Mapping[str, Any] | None) -> list[Problem]:
    """What forbids a release after the latest recorded one: too low a version, a lost article.

    Both are manifests; with nothing recorded, any version may come.
    """
    if recorded is None:
        return []
    return [*_lost(manifest, recorded), *_too_low(manifest, recorded), *_revision_problems(manifest, recorded)]


def undone_problems(changelog: str, articles: Mapping[str, Article]) -> list[Problem]:
    """The corrections of the changelog that the articles have undone.

    Raises `wirecopy.changelog.ChangelogError` when the changelog cannot be read.
    """
    return [
        _problem(
            "correction-undone",
            f"articles/{entry.change.article}.json",
            f"a correction of {entry.version} is undone: {correction_line(entry.change)}",
            "restore the corrected value, or list the change back as a correction in CHANGELOG.md",
        )
        for entry in undone(corrections(changelog), articles)
    ]


def unlisted_problems(changelog: str, version: str, changes: Iterable[Change]) -> list[Problem]:
    """The changes since the last release that the changelog's section of the version does not list."""
    listed = {correction_line(change) for change in corrections(changelog).get(version, [])}
    lines = [correction_line(change) for change in changes]
    return [
        _problem(
            "correction-unlisted",
            "CHANGELOG.md",
            f"the section of {version} does not list: {line}",
            "put what scripts/diff.py --format markdown prints under Data",
        )
        for line in lines
        if line not in listed
    ]


def _lost(manifest: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Problem]:
    for article_id in lost_articles(recorded, manifest):
        yield _problem(
            "article-lost",
            "splits.json",
            f"{article_id} was published in {recorded['version']} and is gone without a tombstone",
            "restore the article, or list it under /withdrawn with the version and the reason",
        )
    for article_id in reused_ids(recorded, manifest):
        yield _problem(
            "article-reused",
            f"articles/{article_id}.json",
            f"the id {article_id} was withdrawn in or before {recorded['version']}",
            "a withdrawn id is not used again: rename the article",
        )


def _too_low(manifest: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Problem]:
    old, new = recorded["version"], manifest["version"]
    if version_key(new) < version_key(old):
        message = f"the version is {new}, and {old} is recorded already"
        yield _problem("version-too-low", VERSION_PLACE, message, f"set the version to {bumped(old, 'patch')} or above")
        return
    found = reasons(recorded, manifest)
    least = least_bump(found)
    if BUMPS.index(bump_between(old, new)) >= BUMPS.index(least):
        return
    because = [reason.what for reason in found if reason.bump == least]
    more = f" and {len(because) - 3} more" if len(because) > 3 else ""
    message = f"the version is {new}, too little after the recorded {old}: {'; '.join(because[:3])}{more}"
    hint = f"that takes a {least} version: set it to {bumped(old, least)} or above"
    yield _problem("version-too-low", VERSION_PLACE, message, hint)


def _revision_problems(manifest: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Problem]:
    """A changed schema under an unchanged revision number."""
    old, new = (m["revisions"]["schema"] for m in (recorded, manifest))
    changed = recorded["fields"] != manifest["fields"] or recorded["labels"] != manifest["labels"]
    if changed and new <= old:
        message = f"fields or labels changed since {recorded['version']}, and the schema revision is still {new}"
        yield _problem("schema-revision", VERSION_PLACE, message, f"set SCHEMA_REVISION to {old + 1}")


def _problem(rule: str, path: str, message: str, hint: str) -> Problem:
    return Problem(rule, "error", path, "", message, hint)
