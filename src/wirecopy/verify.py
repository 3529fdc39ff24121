"""Verification of a release: whether a directory is what its checksums, its manifest and its card say.

The three are held against the files and against each other, so that whoever changes one of them and
not all is noticed; whoever changes all three is noticed by the committed record of releases.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from wirecopy.article import shards_hash
from wirecopy.history import read_record
from wirecopy.problems import Problem
from wirecopy.release import combined_hash, content_hash, data_files, file_hashes, parquet_paths

_SUM_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>\S.*)")
_NEEDED = {
    "name", "version", "released", "configs", "source", "revisions", "built_with",
    "articles", "withdrawn", "labels", "fields",
}  # fmt: skip
_FETCH_AGAIN = "fetch the release again, or build it: python scripts/build.py"
_BELONG_TOGETHER = "manifest.json and the card are written together: build the release again, and edit neither"


def verify(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The manifest of a release directory (None when it cannot be read) and everything that is wrong.

    Raises `OSError` when the folder is not there.
    """
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder", str(folder))
    problems = list(_checksum_problems(folder))
    manifest, found = _read_manifest(folder)
    problems += found
    if manifest is not None:
        problems += _table_problems(folder, manifest)
        problems += _card_problems(folder, manifest)
    return manifest, sorted(problems, key=lambda problem: problem.sort_key)


def verify_recorded(folder: Path, record: Path | None) -> tuple[dict[str, Any] | None, list[Problem]]:
    """As `verify`, and held against the record of releases in the folder `record`, where one is given.

    Raises `wirecopy.history.HistoryError` when the record cannot be read.
    """
    manifest, problems = verify(folder)
    if manifest is None or record is None:
        return manifest, problems
    entry = read_record(record).get(manifest["version"])
    if entry is not None:
        return manifest, [*problems, *record_problems(folder, manifest, entry)]
    message = f"version {manifest['version']} is not recorded in {record}"
    hint = "record it first: python scripts/record.py"
    return manifest, [*problems, _problem("record", folder / "manifest.json", message, hint)]


def describe(manifest: Mapping[str, Any]) -> str:
    """What a manifest says, for a person: version, source, revisions, and the rows of every table."""
    lines = [f"{manifest['name']} {manifest['version']}, {manifest['released']}"]
    for what in ("revisions", "source", "built_with"):
        lines.append(f"{what.replace('_', ' ')}: " + ", ".join(f"{k} {v}" for k, v in manifest[what].items()))
    n_withdrawn = len(manifest["withdrawn"])
    lines.append(f"articles: {len(manifest['articles']):,}, withdrawn: {n_withdrawn:,}")
    tables = [
        (f"{config}/{split}", f"{entry['rows']:,}", f"sha256:{entry['content_sha256'][:16]}…")
        for config, described in manifest["configs"].items()
        for split, entry in described["splits"].items()
    ]
    name_width, rows_width = (max((len(row[i]) for row in tables), default=0) for i in (0, 1))
    lines += [f"  {name:<{name_width}}  {rows:>{rows_width}} rows  {digest}" for name, rows, digest in tables]
    return "\n".join(lines) + "\n"


def record_problems(folder: Path, manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[Problem]:
    """In what a release differs from the record that was committed of its version."""
    hint = "this is not the release that was recorded: rebuild that with make reproduce VERSION=" + entry["version"]
    for config in sorted(manifest["configs"].keys() | entry["configs"].keys()):
        found, recorded = (m["configs"].get(config, {}).get("content_sha256") for m in (manifest, entry))
        if found != recorded:
            message = f"{config} has content {_short(found)}, the record has {_short(recorded)}"
            yield _problem("record", folder / "manifest.json", message, hint)
    sums = folder / "SHA256SUMS"
    if sums.is_file() and hashlib.sha256(sums.read_bytes()).hexdigest() != entry["sha256sums_sha256"]:
        yield _problem("record", sums, "some file is not byte for byte the recorded one", hint)


def _problem(rule: str, path: Path, message: str, hint: str = _FETCH_AGAIN) -> Problem:
    return Problem(rule, "error", path.as_posix(), "", message, hint)


def _short(digest: str | None) -> str:
    return f"{digest[:12]}…" if digest else "nothing"


def loaded_differences(config: str, described: Mapping[str, Any], loaded: Mapping[str, Any], version: str) -> list[str]:
    """What differs between a config as `datasets` loaded it (tables by split) and its description in the
    manifest."""
    expected = described["splits"]
    found = {split: _found(data.data.table, expected.get(split, {})) for split, data in loaded.items()}
    differences = [
        f"{config}/{split}: {found.get(split)}, the manifest has {expected.get(split)}"
        for split in sorted(found.keys() | expected.keys())
        if found.get(split) != expected.get(split)
    ]
    versions = {split: str(data.info.version) for split, data in loaded.items()}
    return differences + [
        f"{config}/{split}: version {told}, the manifest has {version}"
        for split, told in sorted(versions.items())
        if told != version
    ]


def _found(table: pa.Table, expected: Mapping[str, Any]) -> dict[str, Any]:
    """A table described as the manifest does, in the shards that it expects."""
    shards, at = [], 0
    for shard in expected.get("shards", []):
        shards.append({"rows": shard["rows"], "content_sha256": content_hash(table.slice(at, shard["rows"]))})
        at += shard["rows"]
    if at != table.num_rows or not shards:
        return {"rows": table.num_rows, "content_sha256": content_hash(table)}
    content = shards_hash([shard["content_sha256"] for shard in shards])
    return {"rows": table.num_rows, "content_sha256": content, "shards": shards}


# SHA256SUMS


def _checksum_problems(folder: Path) -> Iterator[Problem]:
    """Files that changed, are missing, or are not listed."""
    path = folder / "SHA256SUMS"
    if not path.is_file():
        yield _problem("checksums-missing", path, "the list of checksums is missing")
        return
    listed: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            yield _problem("checksums-syntax", path, f"line {number} is no checksum and file name: {line[:80]}")
        else:
            listed[match["name"]] = match["digest"]
    found = {name: digest for name, digest in file_hashes(folder).items() if name != "SHA256SUMS"}
    for name in sorted(listed.keys() - found.keys()):
        yield _problem("file-missing", folder / name, "the file is missing that SHA256SUMS lists")
    for name in sorted(found.keys() - listed.keys()):
        yield _problem(
            "file-unlisted", folder / name, "SHA256SUMS does not list the file", f"delete it, or {_FETCH_AGAIN}"
        )
    for name in sorted(found.keys() & listed.keys()):
        if found[name] != listed[name]:
            message = f"the file has SHA-256 {_short(found[name])}, SHA256SUMS has {_short(listed[name])}"
            yield _problem("file-changed", folder / name, message)


# manifest.json


def _read_manifest(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    path = folder / "manifest.json"
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError:
        message = "the manifest is missing: this is no release, or half of one"
        return None, [_problem("manifest-missing", path, message)]
    except orjson.JSONDecodeError as error:
        return None, [
            _problem("manifest-syntax", path, f"no JSON at line {error.lineno}: {error.msg.partition(':')[0]}")
        ]
    lacking = sorted(_NEEDED - manifest.keys()) if isinstance(manifest, dict) else sorted(_NEEDED)
    if lacking:
        return None, [_problem("manifest-syntax", path, f"the manifest lacks {', '.join(lacking)}")]
    return manifest, []


def _table_problems(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Tables whose rows, columns or label codes are not as the manifest describes them."""
    for config, described in manifest["configs"].items():
        hashes = {split: entry["content_sha256"] for split, entry in described["splits"].items()}
        if combined_hash(hashes) != described["content_sha256"]:
            message = f"the content hash of {config} does not follow from those of its splits"
            yield _problem("manifest-inconsistent", folder / "manifest.json", message)
        for split, entry in described["splits"].items():
            shards = entry.get("shards", [entry])
            if shards_hash([shard["content_sha256"] for shard in shards]) != entry["content_sha256"]:
                message = f"the content hash of {config}/{split} does not follow from those of its shards"
                yield _problem("manifest-inconsistent", folder / "manifest.json", message)
            for name, shard in zip(parquet_paths(config, split, entry), shards, strict=True):
                path = folder / name
                if path.is_file():
                    yield from _one_table_problems(path, described["columns"], shard, manifest["labels"])
                else:
                    message = f"the table is missing that the manifest has for {config}/{split}"
                    yield _problem("table-missing", path, message)


def _one_table_problems(
    path: Path, columns: Mapping[str, str], entry: Mapping[str, Any], labels: Mapping[str, list[str]]
) -> Iterator[Problem]:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        yield _problem("table-unreadable", path, f"the table cannot be read: {str(error).splitlines()[0]}")
        return
    types = {name: "int64" if kind.startswith("label of ") else kind for name, kind in columns.items()}
    found = dict(_leaves(table.schema))
    if found != types:
        differing = sorted(name for name in found.keys() | types.keys() if found.get(name) != types.get(name))
        message = f"the columns are not those of the manifest: {', '.join(differing)}"
        yield _problem("columns-changed", path, message)
        return
    if table.num_rows != entry["rows"]:
        yield _problem("rows-changed", path, f"the table has {table.num_rows:,} rows, the manifest {entry['rows']:,}")
    digest = content_hash(table)
    if digest != entry["content_sha256"]:
        message = f"the rows have content {_short(digest)}, the manifest has {_short(entry['content_sha256'])}"
        yield _problem("content-changed", path, message)


def _leaves(fields: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The columns of an Arrow schema on every depth with their types."""
    for field in fields:
        name, kind = f"{prefix}{field.name}", field.type
        while pa.types.is_list(kind):
            name, kind = f"{name}[]", kind.value_type
        if pa.types.is_struct(kind):
            yield from _leaves(kind, f"{name}.")
        else:
            yield name, str(kind)


# README.md


def _card_problems(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """What the card tells `datasets` otherwise than the manifest: versions, hashes, files, labels."""
    path = folder / "README.md"
    try:
        front = path.read_text(encoding="utf-8").split("---\n")[1]
        card = yaml.safe_load(front)
        configs = {entry["config_name"]: entry for entry in card["configs"]}
        infos = {entry["config_name"]: entry for entry in card["dataset_info"]}
    except (OSError, UnicodeDecodeError, IndexError, KeyError, TypeError, yaml.YAMLError):
        yield _problem("card-syntax", path, "the card has no metadata that can be read")
        return
    for config in sorted(configs.keys() | manifest["configs"].keys()):
        if config not in configs or config not in manifest["configs"] or config not in infos:
            yield _problem("card-configs", path, f"{config} is not in both the card and the manifest", _BELONG_TOGETHER)
            continue
        for what, told, expected in _told(config, configs[config], manifest):
            if told != expected:
                message = f"{config} has {what} {told}, the manifest {expected}"
                yield _problem(f"card-{what.split()[0]}", path, message, _BELONG_TOGETHER)
        yield from _label_problems(path, config, infos[config]["features"], manifest)


def _told(config: str, entry: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What the card says of a config beside what it must say."""
    described = manifest["configs"][config]
    yield "version", str(entry.get("version")), manifest["version"]
    yield "content hash", entry.get("description"), f"sha256:{described['content_sha256']}"
    told, expected = entry.get("data_files", []), data_files(config, described)
    yield "files", *({file["split"]: file["path"] for file in files} for files in (told, expected))


def _label_problems(path: Path, config: str, features: Any, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Label columns whose names the card gives otherwise than the manifest."""
    named = dict(_label_names(features, ""))
    for column, kind in manifest["configs"][config]["columns"].items():
        if not kind.startswith("label of "):
            continue
        expected = manifest["labels"].get(kind.removeprefix("label of "))
        told = named.get(column)
        if told == expected:
            continue
        pairs = zip(told or [], expected or [], strict=False)
        at = next((i for i, (one, other) in enumerate(pairs) if one != other), None)
        if at is None:
            message = f"{config}: {column} has {len(told or [])} labels, the manifest {len(expected or [])}"
        else:
            message = f"{config}: label {at} of {column} is {told[at]}, the manifest has {expected[at]}"
        yield _problem("card-labels", path, message, _BELONG_TOGETHER)


def _label_names(features: Any, prefix: str) -> Iterator[tuple[str, list[str]]]:
    """The label names of every ClassLabel column in the features of a card."""
    for feature in features:
        yield from _names_in(feature, f"{prefix}{feature['name']}")


def _names_in(node: Mapping[str, Any], name: str) -> Iterator[tuple[str, list[str]]]:
    """The label names in one feature: a list of something, an object, or a ClassLabel."""
    inner = node.get("list")
    if isinstance(inner, list):
        yield from _label_names(inner, f"{name}[].")
    elif isinstance(inner, dict):
        yield from _names_in(inner, f"{name}[]")
    elif "struct" in node:
        yield from _label_names(node["struct"], f"{name}.")
    dtype = node.get("dtype")
    label = dtype.get("class_label") if isinstance(dtype, dict) else node.get("class_label")
    if label is not None:
        names = label["names"]
        yield name, list(names.values()) if isinstance(names, dict) else list(names)
