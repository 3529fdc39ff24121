"""Level 1: the bytes of a file, before anything in it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from wirecopy.problems import Finding
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
        )


@rule("json-duplicate-key", 1, "file")
def json_duplicate_key(content: bytes) -> Iterator[Finding]:
    """No object has the same key twice.

    JSON leaves open which of the two counts, so one reader would see another article than the
    next.
    """
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return found

    try:
        json.loads(content.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=note)
    except (ValueError, RecursionError):
        return  # Not JSON, which json-syntax says; or deeper than any article, which the schema finds.
    for key in repeated:
        yield Finding("", f'the key "{key}" stands twice in one object', "keep the right one of the two")
