"""The outline of a corpus: what its version promises to users, without the annotations themselves.

An outline says which articles there are, in which split, with which text; which were withdrawn;
which labels in which order; which fields of which type. It is small enough to stand in every
manifest and in the record of releases, and from two outlines follows the least version that may
come after another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

BUMPS = ("none", "patch", "minor", "major")
"""How far a version may have to go up, in rising order."""

Outline = Mapping[str, Any]
"""What `make_outline` returns, or anything that holds the same keys, such as a manifest."""
OUTLINE_KEYS = ("articles", "withdrawn", "labels", "fields")


class Reason(NamedTuple):
    """What changed between two outlines, and the bump that the change asks for.

    `subject` is "articles", "schema" (labels, fields, columns) or "rows".
    """

    bump: str
    subject: str
    what: str


def make_outline(
    articles: Iterable[Mapping[str, Any]],
    splits: Mapping[str, Any],
    labels: Mapping[str, Iterable[str]],
    schema: Mapping[str, Any],
) -> dict[str, Any]:
    """The outline of a corpus.

    `splits` is the parsed splits.json, `labels` the names of every inventory in their order,
    `schema` the parsed JSON Schema of an article.
    """
    return outline_of(sorted(outlined(articles)), splits, labels, schema)


def outlined(articles: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """What the outline takes from each article: id, hash of the text, hash of the record."""
    for article in articles:
        yield article["id"], article["text_sha256"], gold_hash(article)


def outline_of(
    outlined_articles: Iterable[tuple[str, str, str]],
    splits: Mapping[str, Any],
    labels: Mapping[str, Iterable[str]],
    schema: Mapping[str, Any],
    mapping: Callable[[Iterable[tuple[str, dict]]], Mapping[str, dict]] = dict,
) -> dict[str, Any]:
    """As `make_outline`, from what `outlined` says of the articles, in the order of their ids; `mapping` makes of
    their entries what the outline holds."""
    return {
        "articles": mapping(_entries(outlined_articles, splits)),
        "withdrawn": {w["id"]: {"version": w["version"], "reason": w["reason"]} for w in splits["withdrawn"]},
        "labels": {name: list(names) for name, names in labels.items()},
        "fields": dict(schema_fields(schema)),
    }


def _entries(
    outlined_articles: Iterable[tuple[str, str, str]], splits: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """The entry of each article by its id."""
    story_of = {article_id: story for story in splits["stories"] for article_id in story["articles"]}
    for article_id, text_sha256, gold_sha256 in outlined_articles:
        story = story_of.get(article_id, _NO_STORY)
        hashes = {"text_sha256": text_sha256, "gold_sha256": gold_sha256}
        yield article_id, {"split": story["split"], "story": story["story"], **hashes}


_NO_STORY = {"split": None, "story": None}


def gold_hash(article: Mapping[str, Any]) -> str:
    """SHA-256 of an article's record as canonical JSON: metadata, text and all layers."""
    return hashlib.sha256(orjson.dumps(article, option=orjson.OPT_SORT_KEYS)).hexdigest()


def schema_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a JSON Schema on every depth with their types, such as `zones[].start` and `integer`."""

    def walk(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        kinds = node.get("type", "string")
        kind = next(k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null")
        if kind == "array":
            yield from walk(node["items"], f"{path}[]")
        elif kind == "object":
            for name, inner in node["properties"].items():
                yield from walk(inner, f"{path}.{name}" if path else name)
        else:
            yield path, kind

    return walk(schema, "")


def lost_articles(old: Outline, new: Outline) -> list[str]:
    """Ids that the old outline has and the new one has lost: neither an article nor a tombstone is left."""
    known = new["articles"].keys() | new["withdrawn"].keys()
    return sorted((old["articles"].keys() | old["withdrawn"].keys()) - known)


def reused_ids(old: Outline, new: Outline) -> list[str]:
    """Ids that were withdrawn and are used again."""
    return sorted(old["withdrawn"].keys() & new["articles"].keys())


def reasons(old: Outline, new: Outline) -> list[Reason]:
    """Everything that changed from one outline to another, the weightiest first."""
    found = [*_article_reasons(old, new), *_label_reasons(old, new)]
    found += _named_reasons("field", old["fields"], new["fields"])
    if "configs" in old and "configs" in new:
        found += _config_reasons(old["configs"], new["configs"])
    return sorted(found, key=lambda reason: -BUMPS.index(reason.bump))


def least_bump(found: Iterable[Reason]) -> str:
    """The least bump that covers all reasons."""
    return max((reason.bump for reason in found), key=BUMPS.index, default="none")


def _article_reasons(old: Outline, new: Outline) -> Iterator[Reason]:
    for article_id in sorted(new["articles"].keys() - old["articles"].keys()):
        yield Reason("minor", "articles", f"article {article_id} is added")
    for article_id in sorted(old["articles"].keys() - new["articles"].keys()):
        yield Reason("minor", "articles", f"article {article_id} is withdrawn")
    for article_id in sorted(old["articles"].keys() & new["articles"].keys()):
        before, after = old["articles"][article_id], new["articles"][article_id]
        if before["split"] != after["split"]:
            yield Reason("major", "articles", f"article {article_id} moved from {before['split']} to {after['split']}")
        if before["text_sha256"] != after["text_sha256"]:
            yield Reason("major", "articles", f"the text of article {article_id} changed")
        elif before["gold_sha256"] != after["gold_sha256"]:
            yield Reason("patch", "articles", f"the record of article {article_id} is corrected")


def _label_reasons(old: Outline, new: Outline) -> Iterator[Reason]:
    for inventory in sorted(old["labels"].keys() | new["labels"].keys()):
        before, after = old["labels"].get(inventory, []), new["labels"].get(inventory, [])
        if before == after:
            continue
        if after[: len(before)] == before:
            yield Reason("minor", "schema", f"{inventory} has new labels at its end: {', '.join(after[len(before) :])}")
        else:
            at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(after))
            found = after[at] if at < len(after) else "no label"
            yield Reason("major", "schema", f"{inventory}: code {at} was {before[at]} and is {found}")


def _named_reasons(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Reason]:
    """Reasons from two mappings of names to types."""
    for name in sorted(new.keys() - old.keys()):
        yield Reason("minor", "schema", f"{kind} {name} is added")
    for name in sorted(old.keys() - new.keys()):
        yield Reason("major", "schema", f"{kind} {name} is gone")
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield Reason("major", "schema", f"{kind} {name} was {old[name]} and is {new[name]}")


def _config_reasons(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    """Reasons from the configs of two manifests: their columns, and rows that differ."""
    yield from _named_reasons("config", dict.fromkeys(old, "a table"), dict.fromkeys(new, "a table"))
    for config in sorted(old.keys() & new.keys()):
        yield from _named_reasons(f"column of {config}:", old[config]["columns"], new[config]["columns"])
        before, after = old[config]["splits"], new[config]["splits"]
        for split in sorted(before.keys() | after.keys()):
            if before.get(split) != after.get(split):
                yield Reason("patch", "rows", f"the rows of {config}/{split} differ")


# Versions


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version x.y.z; `ValueError` when it is none."""
    numbers = version.split(".")
    if len(numbers) != 3 or not all(n.isascii() and n.isdigit() and str(int(n)) == n for n in numbers):
        raise ValueError(f"{version!r} is no version of the form x.y.z")
    return tuple(map(int, numbers))


def bump_between(old: str, new: str) -> str:
    """How far a version lies above another: "none" where it is the same or below."""
    before, after = version_key(old), version_key(new)
    if after <= before:
        return "none"
    return next(bump for bump, a, b in zip(("major", "minor", "patch"), before, after, strict=True) if a != b)


def bumped(version: str, bump: str) -> str:
    """The version that lies one bump above another."""
    major, minor, patch = version_key(version)
    nexts = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, nexts.get(bump, (major, minor, patch))))
