"""Level 1: the bytes of a file, before anything in it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import declare, rule

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; a hundred times what the longest of articles needs."""

declare(
    "file-unreadable", 1, "path",
    """An article is a regular file that can be read.

    A missing file, a directory under an article's name, a link that leads nowhere or round in a
    circle, or a file without the permission to read it is a hole in the corpus.""",
)  # fmt: skip
declare(
    "file-too-large", 1, "path",
    """An article's file is no larger than 64 MiB.

    What is larger is no article, and reading it could exhaust the machine's memory.""",
)  # fmt: skip


@rule("file-empty", 1, "file")
def file_empty(content: bytes) -> Iterator[Finding]:
    """An article's file is not empty.

    An empty file is the trace of a write that was cut short.
    """
    if not content.strip():
        yield Finding("", "the file is empty", "restore it from version control, or delete it")


@rule("file-encoding", 1, "file")
def file_encoding(content: bytes) -> Iterator[Finding]:
    """An article's file is UTF-8.

    Offsets count code points of the decoded text: another encoding moves or breaks them all.
    """
    for mark, encoding in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if content.startswith(mark):
            yield Finding("", f"the file is {encoding}, expected UTF-8", "save it as UTF-8")
            return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        yield Finding(
            "",
            f"byte {error.start} (line {line}) is 0x{byte:02x}, which is not UTF-8: {error.reason}",
            "save the file as UTF-8; in Windows-1252 or Latin-1 text, quotation marks and accents "
            "are the usual culprits",
            line,
            len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1,
        )


@rule("file-bom", 1, "file")
def file_bom(content: bytes) -> Iterator[Finding]:
    """An article's file does not begin with a byte order mark.

    JSON forbids it (RFC 8259, section 8.1), and parsers differ in whether they take it.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        yield Finding("", "the file begins with a byte order mark", "save it as UTF-8 without BOM")


@rule("json-syntax", 1, "file")
def json_syntax(content: bytes) -> Iterator[Finding]:
    """An article's file is one JSON document (RFC 8259).

    Comments, trailing commas, NaN and Infinity, half surrogate pairs and endless nesting are not
    JSON, whatever some parsers accept.
    """
    try:
        orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        yield Finding(
            "",
            f"not JSON at line {error.lineno}, column {error.colno}: {error.msg.partition(':')[0]}",
            "correct the file at that place; a comma or a quotation mark before it is the usual cause",
            error.lineno,
            error.colno,
        )


@rule("json-duplicate-key", 1, "file")
def json_duplicate_key(content: bytes) -> Iterator[Finding]:
    """No object has the same key twice.

    JSON leaves open which of the two counts, so one reader would see another article than the
    next.
    """
    repeated: list[tuple[dict[str, Any], str]] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated.extend((found, key) for key in found if keys.count(key) > 1)
        return found

    try:
        document = json.loads(content.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=note)
    except (ValueError, RecursionError):
        return  # Not JSON, which json-syntax says; or deeper than any article, which the schema finds.
    for holder, key in repeated:
        place = pointer_to(*_path_to(holder, document), key)
        message = f'the key "{key}" stands twice in one object, here for the last time'
        yield Finding(place, message, "keep the right one of the two")


def _path_to(wanted: dict[str, Any], document: Any) -> tuple[str | int, ...]:
    """The keys and indices that lead to an object of a document; none if it was overwritten there."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, node = waiting.pop()
        if node is wanted:
            return path
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        waiting.extend(((*path, key), item) for key, item in items)
    return ()
