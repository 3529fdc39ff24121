"""The documents of a collection: one article each, in a file of its own or as a line of JSON Lines.

Files end in `.json`, `.jsonl` or `.jsonl.zst` (JSON Lines compressed with Zstandard). A document knows where its
bytes stand and reads them when it is asked, so that whoever works on it can do the reading; of a compressed file
the bytes come along.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple

import orjson
import pyarrow as pa

from wirecopy.rules.file import LARGEST_FILE

LINES, COMPRESSED = ".jsonl", ".jsonl.zst"
SUFFIXES = (".json", LINES, COMPRESSED)
_READ_AHEAD = 1 << 20


class UnreadableError(Exception):
    """A file of the collection cannot be read; `path` is the file, `reason` why, `line` how far it could be."""

    def __init__(self, path: str, reason: str, line: int | None = None) -> None:
        super().__init__(path, reason, line)
        self.path, self.reason, self.line = path, reason, line


class Document(NamedTuple):
    """Where an article stands: the file and, in JSON Lines, the line, counted from 1, and the bytes of either.

    `content` is given where the bytes have been read already, `holder` where they stand in another file. `id` is the
    id that the article seems to have, by the file's name or the line's first field; whoever reads it may find another.
    """

    path: str
    id: str | None = None
    line: int | None = None
    start: int = 0
    length: int = 0
    content: bytes | None = None
    holder: str | None = None

    def read(self) -> bytes:
        """The bytes of the document; `OSError` when they cannot be had."""
        return next(read_each([self]))


def read_each(documents: Iterable[Document]) -> Iterator[bytes]:
    """The bytes of each document; a file that several of them in a row stand in is opened once."""
    opened: tuple[str, IO[bytes]] | None = None
    try:
        for document in documents:
            if document.content is not None:
                yield document.content
            elif document.line is None:
                yield Path(document.path).read_bytes()
            else:
                holder = document.holder or document.path
                if opened is None or opened[0] != holder:
                    if opened is not None:
                        opened[1].close()
                    opened = holder, Path(holder).open("rb")  # noqa: SIM115
                opened[1].seek(document.start)
                yield opened[1].read(document.length).removesuffix(b"\n")
    finally:
        if opened is not None:
            opened[1].close()


_FIRST_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*"([a-z0-9-]+)"')
_ID = re.compile(rb"[a-z0-9-]+")
_BEFORE_ID, _BEHIND_ID = b'"id":"', b'","language":'
"""What stands around the id of an article in canonical JSON, and around no other."""


def is_lines(path: str | Path) -> bool:
    """Whether a file is JSON Lines by its name."""
    return str(path).endswith((LINES, COMPRESSED))


def document_files(folder: Path) -> list[Path]:
    """The files of documents in a folder and below it, in the order of their names; none where there is no folder.

    Raises `OSError` when a folder cannot be listed."""
    found = []
    for parent, folders, files in os.walk(folder, onerror=_raise_unless_absent):
        folders.sort()
        found += [Path(parent, name) for name in files if name.endswith(SUFFIXES)]
        # os.walk lists a link that leads round in a circle, or nowhere, among the files; a folder
        # under an article's name would pass unseen.
        found += [Path(parent, name) for name in folders if name.endswith(SUFFIXES)]
    return sorted(found)


def shown(path: Path) -> str:
    """The path as it is shown in problems."""
    return printable(path.as_posix())


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def printable(text: str) -> str:
    """The text with what stands for undecodable bytes of a file's name escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def size_of(path: str | Path) -> int:
    """The bytes of a file. Raises `OSError` where there is none to read, or a pipe or device, which might not end."""
    info = Path(path).stat()
    if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
        return info.st_size
    raise OSError(errno.EINVAL, "it is no regular file")


def documents_in(path: Path) -> Iterator[Document]:
    """The documents of a file. Raises `UnreadableError` when a file of JSON Lines cannot be read to its end.

    Lines without anything but white space are passed over. Of a line that is longer than any article may be, the
    document has that length and no content.
    """
    name, number, empty = os.fspath(path), 0, True
    if not is_lines(path):
        length = 0
        with suppress(OSError):  # Which whoever reads it will meet.
            length = size_of(path)
        yield Document(name, path.stem, length=length)
        return
    try:
        size_of(path)
        with _opened(path) as stream:
            start, is_compressed = 0, name.endswith(COMPRESSED)
            for number, (line, length) in enumerate(_lines(stream), start=1):
                if not line.isspace():
                    empty = False
                    keep = is_compressed and length <= LARGEST_FILE
                    content = line.removesuffix(b"\n") if keep else None
                    yield Document(name, _id_in(line), number, start, length, content)
                start += length
    except (OSError, pa.ArrowException) as error:
        raise UnreadableError(name, (getattr(error, "strerror", None) or str(error)).lower(), number) from error
    if empty:
        raise UnreadableError(name, "it has no articles")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.name.endswith(COMPRESSED):
        with path.open("rb") as file, pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd") as stream:
            yield io.BufferedReader(stream, _READ_AHEAD)
    else:
        with path.open("rb", buffering=_READ_AHEAD) as stream:
            yield stream


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The lines of a stream and their lengths; of one that is longer than any article may be, the beginning."""
    while line := stream.readline(LARGEST_FILE + 1):
        length, last = len(line), line
        while length > LARGEST_FILE and last and not last.endswith(b"\n"):
            last = stream.readline(_READ_AHEAD)
            length += len(last)
        yield line, length


def _id_in(line: bytes) -> str | None:
    """The id of the article in a line of JSON; None when there is none that can be told."""
    if found := _FIRST_ID.match(line):
        return found[1].decode("ascii")
    end = line.rfind(_BEHIND_ID)
    if end > 0 and (found := _ID.fullmatch(line, line.rfind(_BEFORE_ID, 0, end) + len(_BEFORE_ID), end)):
        return found[0].decode("ascii")
    try:
        article = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    local = article.get("id") if isinstance(article, dict) else None
    return local if isinstance(local, str) else None


class Listing(NamedTuple):
    """The documents of some files, and what kept files of JSON Lines from being read to their end."""

    documents: list[Document]
    unreadable: list[UnreadableError]


@dataclass(frozen=True)
class Lister:
    """Lists the documents of files: the work of one task.

    Lines that come compressed are moved to a file in the folder `spool`, so that many documents can be held.
    """

    spool: Path

    def __call__(self, files: Iterable[Path]) -> Listing:
        listing = Listing([], [])
        for path in files:
            try:
                for document in _spooled(documents_in(path), self.spool):
                    listing.documents.append(document)
            except UnreadableError as error:
                listing.unreadable.append(error)
        return listing


def _spooled(documents: Iterable[Document], folder: Path) -> Iterator[Document]:
    """The documents with the content of each moved to a file in a folder."""
    spool: IO[bytes] | None = None
    try:
        for document in documents:
            if document.content is None:
                yield document
                continue
            if spool is None:
                folder.mkdir(parents=True, exist_ok=True)
                spool = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115
            start = spool.tell()
            spool.write(document.content)
            length = len(document.content)
            yield document._replace(content=None, holder=spool.name, start=start, length=length)
    finally:
        if spool is not None:
            spool.close()


def file_groups(files: Iterable[Path], most: int = 500) -> list[list[Path]]:
    """The files in groups that may be listed apart: each file of JSON Lines by itself, others some together."""
    groups: list[list[Path]] = []
    for of_lines, found in groupby(files, key=is_lines):
        some = list(found)
        size = 1 if of_lines else most
        groups += [some[i : i + size] for i in range(0, len(some), size)]
    return groups


def chunks(documents: Iterable[Document], most: int = 256, most_bytes: int = 16 << 20) -> Iterator[list[Document]]:
    """The documents in groups of bounded number and, where it is known, size."""
    group: list[Document] = []
    size = 0
    for document in documents:
        group.append(document)
        size += document.length
        if len(group) == most or size > most_bytes:
            yield group
            group, size = [], 0
    if group:
        yield group
