"""Results kept from one run to the next, under keys that say everything they hang on.

A key is a hash over the contents that went in, the code and the schema that worked on them, and the versions of the
libraries. What cannot be read back exactly as it was written counts as not there: a stale or broken store costs
time and never correctness.
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from wirecopy import shape
from wirecopy.files import write_atomically

_MARK = b"wirecopy-store-1\n"
_LIBRARIES = (
    "arro3-core", "arro3-io", "jsonschema", "jsonschema-rs", "json-source-map", "numpy", "orjson", "pyarrow", "regex",
    "spacy",
)  # fmt: skip


@cache
def code_version() -> str:
    """A hash over the library's own code and schema, and the versions of what it works with."""
    digest = hashlib.sha256()
    for root, pattern in ((Path(__file__).parent, "*.py"), (shape.schema_folder(), "*.json")):
        for path in sorted(root.rglob(pattern)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    versions = [f"{name} {_version(name)}" for name in _LIBRARIES]
    digest.update("\n".join([*versions, sys.version, unicodedata.unidata_version]).encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    """The version of a library: read out of its metadata, for to parse all of that takes long."""
    try:
        metadata = distribution(library).read_text("METADATA") or ""
    except PackageNotFoundError:
        metadata = ""
    return next((line for line in metadata.splitlines() if line.startswith("Version:")), "none")


def key_of(*parts: str | bytes) -> str:
    """A key from everything that a result hangs on beside code and schema."""
    digest = hashlib.sha256(code_version().encode())
    for part in parts:
        content = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(f"{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _seal(key: str, result: bytes) -> bytes:
    """What stands before a result where it is stored: with it, a hash over the key and the result."""
    digest = hashlib.sha256(key.encode())
    digest.update(result)
    return _MARK + digest.digest()


class Store:
    """A folder of results by key. Reading and writing never fail: what cannot be had is None.

    Results may be pickles: a store is for its owner, as a folder of compiled Python is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def get(self, key: str) -> bytes | None:
        """The result under a key, or None when there is none or it is not whole."""
        try:
            stored = self._path(key).read_bytes()
        except OSError:
            return None
        result = stored[len(_MARK) + 32 :]
        return result if stored.startswith(_seal(key, result)) else None

    def put(self, key: str, result: bytes) -> None:
        """Keep a result."""
        with suppress(OSError):
            write_atomically(self._path(key), _seal(key, result) + result)
