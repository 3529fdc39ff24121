"""Reading and writing the files of a corpus so that nothing is ever lost or half-written."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import orjson

from wirecopy.article import format_article
from wirecopy.drafts import DraftError, anchor
from wirecopy.problems import Finding, Problem, locate
from wirecopy.rules.file import json_duplicate_key


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it there: readers see the old or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_text(path: Path) -> str:
    """The text of a UTF-8 file exactly as it is; `OSError` when it is something else."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, f"not UTF-8 at byte {error.start}", str(path)) from error


def anchor_file(
    path: Path, text: str | None = None, out: Path | None = None
) -> tuple[Path | None, list[Problem], list[str]]:
    """Anchor the draft in a file and write the article over it, or to `out`/<id>.json.

    Returns where it was written (None when nothing had to be), what kept it from being anchored,
    and notes on spans that moved. With problems, nothing is written.
    """
    content = path.read_bytes()
    try:
        draft = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        message = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg.partition(':')[0]}"
        finding = Finding("", message, "correct the file at that place", error.lineno, error.colno)
        return None, [_draft_problem(path, finding)], []
    doubled = list(json_duplicate_key(content))
    if doubled:
        return None, locate([_draft_problem(path, finding) for finding in doubled], content.decode("utf-8")), []
    if not isinstance(draft, dict):
        message = "the draft must be an object with the fields of an article"
        return None, [_draft_problem(path, Finding("", message, "write {…} around it"))], []
    try:
        article, notes = anchor(draft, text)
    except DraftError as error:
        problems = [_draft_problem(path, finding) for finding in error.findings]
        located = locate(problems, content.decode("utf-8"))
        return None, sorted(located, key=lambda problem: problem.sort_key), []
    target = path if out is None else out / f"{article.get('id', path.stem)}.json"
    formatted = format_article(article)
    if target.exists() and target.read_bytes() == formatted:
        return None, [], notes
    write_atomically(target, formatted)
    return target, [], notes


def _draft_problem(path: Path, finding: Finding) -> Problem:
    return Problem("draft", "error", path.as_posix(), *finding)
