"""Validation: files and folders in, problems out.

`check_bytes` judges one article by levels 1 to 5, `check_corpus` a folder by all six. A critical
failure stops only what depends on it: a file that is not JSON is not judged by the schema, an
article of the wrong shape not by the rules on meaning.

Many documents are judged in groups. `examine` first asks `wirecopy.accept` which documents of a group are surely
sound; every other is judged by `check_bytes`, which alone finds problems. A group's findings and what level 6
asks of its articles are a `Finds`; groups may be worked on by other processes.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from wirecopy import accept, shape
from wirecopy.article import Article
from wirecopy.cache import Store, key_of
from wirecopy.documents import (
    Document,
    UnreadableError,
    chunks,
    document_files,
    documents_in,
    is_lines,
    printable,
    read_each,
    shown,
    size_of,
)
from wirecopy.overlap import Runs, StoredRuns, own_text, packed_runs
from wirecopy.problems import Finding, Problem, locate
from wirecopy.rules import RULES, Corpus, Subject, rules_of
from wirecopy.rules.corpus import Digest, count_labels, file_of, labels_used
from wirecopy.rules.file import LARGEST_FILE
from wirecopy.rules.originality import Material, all_waived, material
from wirecopy.spool import Packed
from wirecopy.work import Workforce, undisturbed

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
    splits_sound: bool = True
    """Whether splits.json could be read; without it, articles cannot be judged together."""

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
        problems = locate(problems, _decoded(content))
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


@dataclass
class Finds:
    """What was found in a group of documents: the problems of levels 1 to 5, and what level 6 asks of the articles.

    The digests and the runs of words are of the articles that could be read, in their order; `unread` has the ids of
    the others as far as they can be told. `articles` is filled where they are to be kept.
    """

    problems: list[Problem] = field(default_factory=list)
    n_documents: int = 0
    digests: Packed = field(default_factory=lambda: Packed.of([]))
    label_uses: dict[str, Counter[str]] = field(default_factory=dict)
    runs: Runs | StoredRuns = field(default_factory=lambda: packed_runs([]))
    unread: list[str] = field(default_factory=list)
    material: dict[str, Material] = field(default_factory=dict)
    articles: list[Article] = field(default_factory=list)


class Group:
    """Documents that were judged together. `columns` are the articles taken apart, when all are surely sound."""

    def __init__(
        self,
        contents: Sequence[bytes | Problem],
        verdicts: Sequence[Verdict] | None = None,
        columns: accept.Columns | None = None,
    ) -> None:
        self._contents, self._verdicts, self.columns = contents, verdicts, columns

    @property
    def judged(self) -> Iterator[Verdict]:
        """Of each document the article, None when it has no right shape, and its problems. Articles that nobody has
        looked at yet are parsed one by one: all of them at once take much room."""
        if self._verdicts is None:
            return ((orjson.loads(content), []) for content in self._contents)
        return iter(self._verdicts)

    @property
    def problems(self) -> list[Problem]:
        """The problems of all documents."""
        return [problem for _, problems in self._verdicts or () for problem in problems]


Verdict = tuple[Article | None, list[Problem]]


def examine(documents: Sequence[Document]) -> Group:
    """Judge documents by levels 1 to 5."""
    contents = _contents_of(documents)
    sound, accepted = _accepted(contents)
    if sound.all() and accepted is not None:
        return Group(contents, columns=accepted.columns)
    verdicts = [
        (orjson.loads(content), []) if surely else _judged(document, content)
        for document, content, surely in zip(documents, contents, sound, strict=True)
    ]
    return Group(contents, verdicts)


def _accepted(contents: Sequence[bytes | Problem]) -> tuple[np.ndarray, accept.Accepted | None]:
    """Of each document whether it surely is sound, and what was told of those that could be.

    Documents that keep the others from being told are set aside.
    """
    sound = np.zeros(len(contents), dtype=bool)
    among = [i for i, content in enumerate(contents) if isinstance(content, bytes)]
    accepted = accept.accepted([contents[i] for i in among])
    if accepted is None:
        among = [i for i in among if _has_shape(contents[i])]
        accepted = accept.accepted([contents[i] for i in among])
    if accepted is not None:
        sound[among] = accepted.sound
    return sound, accepted


def _contents_of(documents: Sequence[Document]) -> list[bytes | Problem]:
    """The bytes of each document, or what keeps them from being read."""
    if all(document.line is not None and document.length <= LARGEST_FILE for document in documents):
        with suppress(OSError):
            return list(read_each(documents))
    return [_content_of(document) for document in documents]


def _content_of(document: Document) -> bytes | Problem:
    """The bytes of a document, or what keeps them from being read."""
    path = Path(document.path)
    try:
        size = _size(document)
        if size > LARGEST_FILE:
            message = f"the {_unit(document)} has {size:,} bytes, the most is {LARGEST_FILE:,}"
            finding = Finding("", message, "this is no article", document.line, document.line and 1)
            return _problem("file-too-large", shown(path), finding)
        return document.read()
    except OSError as error:
        return _unreadable(shown(path), (error.strerror or str(error)).lower())


def _size(document: Document) -> int:
    return size_of(document.path) if document.line is None else document.length


def _unit(document: Document) -> str:
    return "file" if document.line is None else "line"


def _unreadable(path: str, reason: str, line: int | None = None) -> Problem:
    message = f"the file cannot be read: {reason}"
    return _problem(
        "file-unreadable", path, Finding("", message, "restore it, or take it out of the folder", line, line and 1)
    )


def _has_shape(content: bytes) -> bool:
    """Whether bytes surely are an article of the right shape, but for keys that stand twice."""
    try:
        return shape.surely_valid(orjson.loads(content))
    except orjson.JSONDecodeError:
        return False


def _judged(document: Document, content: bytes | Problem) -> Verdict:
    """The verdict of the rules themselves on one document."""
    if isinstance(content, Problem):
        return None, [content]
    article, problems = check_bytes(content, shown(Path(document.path)))
    if document.line is not None:
        problems = [replace(p, line=document.line, column=p.column or 1) for p in problems]
    return article, problems


def check_file(path: Path) -> Verdict:
    """Read one file and judge it by levels 1 to 5; whatever keeps it from being read is a problem."""
    document = Document(os.fspath(path))
    return _judged(document, _content_of(document))


GROUP = 128
"""Articles that are judged together."""


class Notes:
    """Takes down what was found in documents, group after group, and what level 6 asks of their articles: with
    `original` also what the rules on originality compare."""

    def __init__(self, finds: Finds, root: Path, original: bool) -> None:
        self.finds, self._root, self._original = finds, f"{root.as_posix()}/", original
        self._digests: list[Digest] = []
        self._runs: list[Runs] = [packed_runs([])]
        self._n_indexed = 0
        finds.label_uses = labels_used([])

    def take(self, documents: Sequence[Document], group: Group) -> None:
        """Take down a group of documents that were judged."""
        self.finds.problems += group.problems
        if group.columns is None:
            self._take_articles(documents, group)
        else:
            self._take_columns(documents, group.columns)
        if self._original:
            self._take_material(documents, group)

    def _take_articles(self, documents: Sequence[Document], group: Group) -> None:
        texts = []
        for document, (article, _) in zip(documents, group.judged, strict=True):
            if article is None:
                self.finds.unread.append(document.id or "")
                continue
            self._digests.append(Digest.of(self._place_of(document), article))
            texts.append(own_text(article) if article["text"] is not None else "")
            count_labels(self.finds.label_uses, article)
        self._take_runs(packed_runs(texts))

    def _take_columns(self, documents: Sequence[Document], columns: accept.Columns) -> None:
        self._digests += accept.digests(columns, map(self._place_of, documents))
        for inventory, counts in accept.label_counts(columns).items():
            self.finds.label_uses[inventory].update(counts)
        self._take_runs(accept.runs(columns))

    def _take_runs(self, runs: Runs) -> None:
        packed, sizes = runs
        self._runs.append((packed + np.uint64(self._n_indexed), sizes))
        self._n_indexed += len(sizes)

    def _take_material(self, documents: Sequence[Document], group: Group) -> None:
        for document, (article, _) in zip(documents, group.judged, strict=True):
            place = self._place_of(document)
            if article is not None and (found := material(place, article)) is not None:
                self.finds.material[place] = found

    def _place_of(self, document: Document) -> str:
        """Where a document stands in the corpus: its path below the folder, in JSON Lines with the line."""
        relative = document.path.removeprefix(self._root)
        return relative if document.line is None else f"{relative}:{document.line}"

    def finish(self) -> None:
        """Everything has been taken down."""
        self.finds.digests = Packed.of(self._digests)
        packed, sizes = (np.concatenate(arrays) for arrays in zip(*self._runs, strict=True))
        self.finds.runs = np.sort(packed), sizes


@dataclass(frozen=True)
class Finder:
    """Judges chunks of documents: the work of one task.

    `root` is the corpus folder, where there is one, and with it is noted what level 6 asks; with `original` also
    what the rules on originality compare. `keep` keeps the articles; `store` keeps what was found for the next time.
    """

    root: Path | None = None
    keep: bool = False
    store: Store | None = None
    original: bool = False

    def __call__(self, documents: Sequence[Document]) -> Finds:
        if self.store is None or self.keep:
            return self.find(documents)
        key = self._key(documents)
        stored = None if key is None else self.store.get(key)
        if stored is not None:
            return pickle.loads(stored)
        finds = self.find(documents)
        if key is not None and key == self._key(documents):  # Else somebody writes to the files meanwhile.
            self.store.put(key, pickle.dumps(finds))
        return finds

    def _key(self, documents: Sequence[Document]) -> str | None:
        return content_key("finds", documents, str(self.root), str(self.original))

    def find(self, documents: Sequence[Document]) -> Finds:
        """Judge documents, and take down what was found."""
        finds = Finds(n_documents=len(documents))
        notes = Notes(finds, self.root, self.original) if self.root is not None else None
        for at in range(0, len(documents), GROUP):
            some = documents[at : at + GROUP]
            group = examine(some)
            if notes is None:
                finds.problems += group.problems
            else:
                notes.take(some, group)
            if self.keep:
                finds.articles += [article for article, _ in group.judged if article is not None]
        if notes is not None:
            notes.finish()
        return finds


def content_key(what: str, documents: Sequence[Document], *more: str) -> str | None:
    """The key of a result that hangs on documents, their places and contents; None when one cannot be read, or is
    too large to be."""
    parts: list[str | bytes] = [what, *more]
    try:
        if any(_size(document) > LARGEST_FILE for document in documents):
            return None
        for document, content in zip(documents, read_each(documents), strict=True):
            parts += [document.path, str(document.line), hashlib.sha256(content).digest()]
    except OSError:
        return None
    return key_of(*parts)


def documents_of(files: Iterable[Path], problems: list[Problem]) -> Iterator[Document]:
    """The documents of files; what keeps a file of JSON Lines from being read is added to the problems."""
    for path in files:
        try:
            yield from documents_in(path)
        except UnreadableError as error:
            problems.append(unreadable_problem(error))


def unreadable_problem(error: UnreadableError) -> Problem:
    """The problem of a file of JSON Lines that cannot be read to its end."""
    return _unreadable(shown(Path(error.path)), error.reason, error.line or None)


def check_paths(
    paths: Iterable[Path],
    progress: Callable[[Iterable], Iterable] = iter,
    workers: Workforce | None = None,
    keep: bool = True,
    store: Store | None = None,
) -> Result:
    """Judge what each path names: a corpus folder, a folder of articles, or a file of one or, in JSON Lines, many.

    A folder that holds `articles/` is a corpus and is judged as a whole. `workers` share the work, `store` keeps
    what is found for the next time, `keep` keeps the articles of a corpus. Raises `FileNotFoundError`
    when a path does not exist, and whatever else keeps a folder from being listed (`OSError`).
    """
    result = Result()
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, "no such file or folder", str(path))
        if (path / "articles").is_dir():
            part = check_corpus(path, progress, workers, keep, store)
        else:
            part = check_files(document_files(path) if path.is_dir() else [path], progress, workers, store)
        result.problems += part.problems
        result.n_files += part.n_files
        result.corpus = part.corpus or result.corpus
    result.problems.sort(key=lambda p: p.sort_key)
    return result


def check_files(
    files: list[Path],
    progress: Callable[[Iterable], Iterable] = iter,
    workers: Workforce | None = None,
    store: Store | None = None,
) -> Result:
    """Judge each file by levels 1 to 5."""
    result = Result(n_files=len(files))
    documents = documents_of(progress(files), result.problems)
    for finds in (workers or Workforce()).map(Finder(store=store), chunks(documents)):
        result.problems += finds.problems
    return result


def check_corpus(
    folder: Path,
    progress: Callable[[Iterable], Iterable] = iter,
    workers: Workforce | None = None,
    keep: bool = True,
    store: Store | None = None,
) -> Result:
    """Judge a corpus folder by all six levels; `keep` keeps the articles in the result's corpus.

    A pass is a record of what somebody annotated: it is judged for errors, and warnings are for the
    gold, where there is still something to mend.
    """
    result, gold, passes = open_corpus(folder)
    for files, take in ((gold, take_gold), (passes, take_passes)):
        documents = documents_of(progress(files), result.problems)
        finder = Finder(folder, keep, store, original=take is take_gold and not all_waived(result.corpus))
        for finds in (workers or Workforce()).map(finder, chunks(documents)):
            take(result, finds)
    finish_corpus(result)
    return result


def open_corpus(folder: Path) -> tuple[Result, list[Path], list[Path]]:
    """A result to be filled for a corpus folder, with its registers read, and its files of gold and of passes."""
    result = Result(corpus=Corpus(folder, read=partial(_read_places, folder)))
    result.splits_sound = _read_registers(result.corpus, result)
    gold, passes = document_files(folder / "articles"), document_files(folder / "passes")
    result.n_files += len(gold) + len(passes)
    return result, gold, passes


def take_gold(result: Result, finds: Finds) -> None:
    """Add what was found in gold articles."""
    corpus = result.corpus
    result.problems += finds.problems
    corpus.gold_digests.add(finds.digests)
    corpus.runs.add(finds.runs)
    corpus.material.update(finds.material)
    corpus.unread |= {local for local in finds.unread if local}
    corpus.articles.update(_by_place(finds))
    for inventory, counts in finds.label_uses.items():
        corpus.label_uses.setdefault(inventory, Counter()).update(counts)


def take_passes(result: Result, finds: Finds) -> None:
    """Add what was found in passes."""
    result.problems += [problem for problem in finds.problems if problem.severity == "error"]
    result.corpus.pass_digests.add(finds.digests)
    result.corpus.passes.update(_by_place(finds))


def _by_place(finds: Finds) -> Iterator[tuple[str, Article]]:
    """The articles that were kept, each with its place."""
    if finds.articles:
        yield from zip((Digest(*row).place for row in finds.digests.rows()), finds.articles, strict=True)


def finish_corpus(result: Result) -> None:
    """Judge the articles together, once all have been taken in, and put the problems into their order."""
    if result.splits_sound:
        with undisturbed():
            result.problems += _check_together(result.corpus)
    result.corpus.runs.close()
    result.problems.sort(key=lambda p: p.sort_key)


def _read_places(folder: Path, places: Iterable[str]) -> dict[str, Article]:
    """The articles at places of a corpus that have been read before; each file is gone through once."""
    by_file: dict[str, dict[int, str]] = {}
    for place in places:
        path, line = file_of(place)
        by_file.setdefault(path, {})[line] = place
    return {
        wanted[document.line or 0]: orjson.loads(document.read().removeprefix(codecs.BOM_UTF8))
        for path, wanted in by_file.items()
        for document in documents_in(folder / path)
        if (document.line or 0) in wanted
    }


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
    found: list[tuple[str, int, Problem]] = []
    for rule in rules_of("corpus"):
        for finding in rule.check(corpus):
            relative, line = file_of(finding.path)
            path = corpus.folder / relative
            what = finding._replace(message=printable(finding.message))
            found.append((path.as_posix(), line, _problem(rule.id, shown(path), Finding(*what[1:]))))
    found.sort(key=lambda item: item[:2])
    return [
        problem
        for path, group in groupby(found, key=lambda item: item[0])
        for problem in _located_in(path, [(line, problem) for _, line, problem in group])
    ]


def _located_in(path: str, found: list[tuple[int, Problem]]) -> list[Problem]:
    """The problems of one file with line and column; in JSON Lines each looked up in its own line."""
    try:
        if not is_lines(path):
            return locate([problem for _, problem in found], _decoded(Path(path).read_bytes()))
        by_line = {line: [p for _, p in group] for line, group in groupby(found, key=lambda item: item[0])}
        located = []
        for document in documents_in(Path(path)):
            if document.line in by_line:
                problems = locate(by_line[document.line], _decoded(document.read()))
                located += [replace(p, line=document.line, column=p.column or 1) for p in problems]
        return located
    except (OSError, UnicodeDecodeError, UnreadableError):
        return [problem for _, problem in found]


def _decoded(content: bytes) -> str:
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
