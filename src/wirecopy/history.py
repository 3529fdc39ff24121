"""States of a corpus that can be compared: a release, a folder, a git revision, a recorded version.

The record of releases is a folder of files `<version>.json`: the manifest of each release with its
day, the revision it was built from and the SHA-256 of its SHA256SUMS. It is committed, so that no
comparison hangs on a tag that a clone may lack.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

import wirecopy
from wirecopy import shape
from wirecopy.diff import Snapshot
from wirecopy.documents import document_files, documents_in
from wirecopy.outline import make_outline, version_key

RECORD = "releases"
"""The folder of the record, beside the corpus folder."""
_VERSION_LINE = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
_TREES = ("corpus", "schema", "src/wirecopy/__init__.py")


class HistoryError(Exception):
    """A state cannot be found or read; the message says which, and what to do."""


# The record


def read_record(folder: Path) -> dict[str, dict[str, Any]]:
    """The recorded releases by version, the oldest first; none when there is no such folder.

    Raises `HistoryError` for a file that is no record.
    """
    if not folder.is_dir():
        return {}
    found = {path.stem: _read_json(path) for path in folder.glob("*.json")}
    for version, entry in found.items():
        if entry.get("version") != version or not {"date", "revision", "configs", "articles"} <= entry.keys():
            raise HistoryError(f"{folder / version}.json: no record of the release {version}; restore it from git")
    return dict(sorted(found.items(), key=lambda item: version_key(item[0])))


def latest(record: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The record of the highest version, None when nothing is recorded."""
    return next(reversed(record.values()), None)


def _read_json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise HistoryError(f"{path}: no JSON ({error.msg}); restore the file") from error


# Snapshots


def find_snapshot(name: str, repository: Path) -> Snapshot:
    """The state that a name means.

    In this order: the folder of a release; a corpus folder, or a checkout that holds one; a recorded
    version; a revision of the repository. Raises `HistoryError` when it is none of these.
    """
    path = Path(name)
    if (path / "manifest.json").is_file():
        return snapshot_of_release(path)
    if (path / "articles").is_dir():
        return snapshot_of_folder(path.resolve().parent, name, path.resolve().name)
    if (path / "corpus" / "articles").is_dir():
        return snapshot_of_folder(path, name)
    entry = read_record(repository / RECORD).get(name)
    if entry is not None:
        return snapshot_of_revision(repository, entry["revision"], name)
    return snapshot_of_revision(repository, name, name)


def snapshot_of_release(folder: Path) -> Snapshot:
    """The state that a release directory holds."""
    import pyarrow.parquet as pq

    manifest = _read_json(folder / "manifest.json")
    articles = {
        row["id"]: row
        for config in ("articles", "standoff")
        for path in sorted((folder / config).glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    }
    return Snapshot(folder.as_posix(), manifest["version"], articles, manifest)


def snapshot_of_folder(checkout: Path, name: str, corpus: str = "corpus") -> Snapshot:
    """The state of a checkout's working files: its corpus, its schema and its version."""
    folder = checkout / corpus
    documents = (found for path in document_files(folder / "articles") for found in documents_in(path))
    found = [orjson.loads(document.read()) for document in documents]
    splits_path = folder / "splits.json"
    splits = _read_json(splits_path) if splits_path.exists() else {"stories": [], "withdrawn": []}
    schema = _schema_folder(checkout)
    labels = {
        inventory: [label["name"] for label in content["labels"]]
        for inventory, content in _read_json(schema / "labels.json")["inventories"].items()
    }
    labels["ner_tags"] = list(shape.ner_tags(labels["entity_type"], labels["value_type"]))
    outline = make_outline(found, splits, labels, _read_json(schema / "article.schema.json"))
    return Snapshot(name, _version_in(checkout), {article["id"]: article for article in found}, outline)


def snapshot_of_revision(repository: Path, revision: str, name: str) -> Snapshot:
    """The state at a git revision; `HistoryError` when the repository does not have it."""
    with extracted(repository, revision, _TREES) as checkout:
        if not (checkout / "corpus" / "articles").is_dir():
            raise HistoryError(f"{name}: the revision has no corpus/articles")
        return snapshot_of_folder(checkout, name)


def _schema_folder(checkout: Path) -> Path:
    """The checkout's own schema, or this library's for a corpus that has none beside it."""
    return checkout / "schema" if (checkout / "schema" / "labels.json").is_file() else shape.schema_folder()


def _version_in(checkout: Path) -> str:
    path = checkout / "src" / "wirecopy" / "__init__.py"
    found = _VERSION_LINE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found["version"] if found else wirecopy.__version__


# Git


@contextmanager
def extracted(repository: Path, revision: str, paths: tuple[str, ...] = ()) -> Iterator[Path]:
    """A temporary folder with the files of a revision, all or those below some paths.

    Raises `HistoryError` when git lacks the revision.
    """
    commit = resolve_revision(repository, revision)
    tracked = git(repository, "ls-tree", "-r", "--name-only", commit, "--", *paths).splitlines()
    wanted = [path for path in paths if any(t == path or t.startswith(f"{path}/") for t in tracked)]
    if paths and not wanted:
        raise HistoryError(f"{revision}: the revision has none of {', '.join(paths)}")
    with tempfile.TemporaryDirectory() as temporary:
        archive = git_bytes(repository, "archive", "--format=tar", commit, "--", *wanted)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(temporary, filter="data")
        yield Path(temporary)


def resolve_revision(repository: Path, revision: str) -> str:
    """The full hash of a commit; `HistoryError` when the repository does not have it."""
    try:
        return git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
    except HistoryError as error:
        message = (
            f"{revision}: no folder, recorded version or git revision; "
            "in a shallow clone, fetch the history first: git fetch --unshallow"
        )
        raise HistoryError(message) from error


def git(repository: Path, *arguments: str) -> str:
    """What a git command prints; `HistoryError` with git's complaint when it fails."""
    return git_bytes(repository, *arguments).decode("utf-8")


def git_bytes(repository: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise HistoryError("git is not installed, and this needs it") from error
    if done.returncode:
        complaint = done.stderr.decode("utf-8", errors="replace").strip() or f"git {arguments[0]} failed"
        raise HistoryError(complaint.splitlines()[-1])
    return done.stdout
