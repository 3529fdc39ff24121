"""Validation: files and folders in, problems out.

`check_bytes` judges one article by levels 1 to 5, `check_corpus` a folder by all six. A critical
failure stops only what depends on it: a file that is not JSON is not judged by the schema, an
article of the wrong shape not by the rules on meaning.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wirecopy import shape
from wirecopy.article import Article
from wirecopy.problems import Finding, Problem, locate
from wirecopy.rules import RULES, Corpus, Subject, rules_of
from wirecopy.rules.file import LARGEST_FILE

_FATAL_FOR_PARSING = {"file-empty", "file-encoding", "json-syntax"}
_REGISTERS = {
    "splits.json": {"stories": [], "withdrawn": []},
    "sources.json": {},
    "waivers.json": [],
}


@dataclass
class Result:
    """What a validation found: problems in the order of files and lines, and what it read."""

    problems: list[Problem] = field(default_factory=list)
    corpus: Corpus | None = None
    n_files: int = 0

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "warning"]


def check_bytes(content: bytes, path: str) -> tuple[Article | None, list[Problem]]:
    """Judge the bytes of one article's file by levels 1 to 5.

    Returns the article (None when it cannot be parsed or has not the right shape) and its problems
    with line and column. `path` is what the problems call the file.
    """
    problems = list(_file_problems(content, path))
    if any(problem.rule in _FATAL_FOR_PARSING for problem in problems):
        return None, problems
    article = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    structural = [_problem(v.rule, path, v.finding) for v in shape.violations(article)]
    problems += structural or check_article(article, path)
    if problems:
        problems = locate(problems, content.decode("utf-8").removeprefix("\ufeff"))
    return None if structural else article, sorted(problems, key=lambda p: p.sort_key)


def check_article(article: Article, path: str = "", text: str | None = None) -> list[Problem]:
    """Judge one article of the right shape by levels 3 to 5.

    `text` is the text of a stand-off article, where it is at hand. Offsets out of range stop the
    levels above.
    """
    subject = Subject(article, text)
    in_range = [_problem("span-range", path, f) for f in RULES["span-range"].check(subject)]
    problems = list(in_range)
    for rule in rules_of("article"):
        if rule.id == "span-range" or (in_range and rule.id not in ("text-presence", "text-hash")):
            continue
        problems += [_problem(rule.id, path, finding) for finding in rule.check(subject)]
    return problems


def _file_problems(content: bytes, path: str) -> Iterator[Problem]:
    """The problems of level 1, up to the first that keeps the bytes from being parsed."""
    for rule in rules_of("file"):
        for finding in rule.check(content):
            yield _problem(rule.id, path, finding)
            if rule.id in _FATAL_FOR_PARSING:
                return


def _problem(rule_id: str, path: str, finding: Finding) -> Problem:
    return Problem(rule_id, RULES[rule_id].severity, path, *finding)


def check_paths(paths: Iterable[Path], progress: Callable[[Iterable], Iterable] = iter) -> Result:
    """Judge what each path names: a corpus folder, a folder of articles, or an article's file.

    A folder that holds `articles/` is a corpus and is judged as a whole. Raises `FileNotFoundError`
    when a path does not exist, and whatever else keeps a folder from being listed (`OSError`).
    """
    result = Result()
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, "no such file or folder", str(path))
        if (path / "articles").is_dir():
            part = check_corpus(path, progress)
        else:
            part = check_files(_json_files(path) if path.is_dir() else [path], progress)
        result.problems += part.problems
        result.n_files += part.n_files
        result.corpus = part.corpus or result.corpus
    result.problems.sort(key=lambda p: p.sort_key)
    return result


def check_files(files: list[Path], progress: Callable[[Iterable], Iterable] = iter) -> Result:
    """Judge each file by levels 1 to 5."""
    result = Result(n_files=len(files))
    for path in progress(files):
        _, problems = check_file(path)
        result.problems += problems
    return result


def check_file(path: Path) -> tuple[Article | None, list[Problem]]:
    """Read one file and judge it by levels 1 to 5; whatever keeps it from being read is a problem."""
    shown = path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            message = f"the file has {size:,} bytes, the most is {LARGEST_FILE:,}"
            return None, [_problem("file-too-large", shown, Finding("", message, "this is no article"))]
        content = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {(error.strerror or str(error)).lower()}"
        hint = "restore it, or take it out of the folder"
        return None, [_problem("file-unreadable", shown, Finding("", message, hint))]
    return check_bytes(content, shown)


def _json_files(folder: Path) -> list[Path]:
    """The .json files in a folder and below it, in the order of their names."""
    found = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        found += [Path(parent, name) for name in files if name.endswith(".json")]
        # os.walk lists a link that leads round in a circle, or nowhere, among the files; a folder
        # under an article's name would pass unseen.
        found += [Path(parent, name) for name in folders if name.endswith(".json")]
    return sorted(found)


def check_corpus(folder: Path, progress: Callable[[Iterable], Iterable] = iter) -> Result:
    """Judge a corpus folder by all six levels.

    A pass is a record of what somebody annotated: it is judged for errors, and warnings are for the
    gold, where there is still something to mend.
    """
    corpus = Corpus(folder)
    result = Result(corpus=corpus)
    unread = []
    files = _json_files(folder / "articles") + _json_files(folder / "passes")
    for path in progress(files):
        relative = path.relative_to(folder).as_posix()
        article, problems = check_file(path)
        gold = relative.startswith("articles/")
        result.problems += [problem for problem in problems if gold or problem.severity == "error"]
        if article is None:
            unread.append(relative)
        elif gold:
            corpus.articles[relative] = article
        else:
            corpus.passes[relative] = article
    corpus.unread = frozenset(unread)
    splits_sound = _read_registers(corpus, result)
    result.n_files += len(files)
    if splits_sound:
        result.problems += _check_together(corpus)
    result.problems.sort(key=lambda p: p.sort_key)
    return result


def _read_registers(corpus: Corpus, result: Result) -> bool:
    """Read splits.json, sources.json and waivers.json into the corpus; False if the splits are unsound,
    without which the articles cannot be judged together."""
    sound = True
    for name, empty in _REGISTERS.items():
        path = corpus.folder / name
        if not os.path.lexists(path):
            continue
        result.n_files += 1
        content, problems = _read_register(path)
        result.problems += problems
        sound = sound and not (problems and name == "splits.json")
        attribute = name.removesuffix(".json")
        setattr(corpus, attribute, empty if problems else content)
    corpus.registered = (corpus.folder / "splits.json").exists()
    return sound


def _read_register(path: Path) -> tuple[Any, list[Problem]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        finding = Finding("", f"the file cannot be read: {(error.strerror or '').lower()}", "restore it")
        return None, [_problem("file-unreadable", path.as_posix(), finding)]
    problems = list(_file_problems(content, path.as_posix()))
    if problems:
        located = locate(problems, content.decode("utf-8", "replace").removeprefix("\ufeff"))
        return None, located
    parsed = orjson.loads(content)
    structural = [
        _problem(violation.rule, path.as_posix(), violation.finding)
        for violation in shape.register_violations(path.stem, parsed)
    ]
    return parsed, locate(structural, content.decode("utf-8"))


def _check_together(corpus: Corpus) -> list[Problem]:
    """The corpus rules, with the places looked up in the files that they name."""
    by_file: dict[str, list[Problem]] = {}
    for rule in rules_of("corpus"):
        for finding in rule.check(corpus):
            path = (corpus.folder / finding.path).as_posix()
            by_file.setdefault(path, []).append(_problem(rule.id, path, Finding(*finding[1:])))
    return [problem for path, problems in by_file.items() for problem in _locate_in(path, problems)]


def _locate_in(path: str, problems: list[Problem]) -> Iterator[Problem] | list[Problem]:
    try:
        return locate(problems, Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return problems
