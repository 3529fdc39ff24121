"""A release made of a corpus folder, or what forbids it.

The corpus must have no errors, the version must promise no less than what changed since the latest recorded release,
and no recorded correction may be undone. The earlier release in the same place stays untouched unless the new one is
complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirecopy.build import build_tables
from wirecopy.cache import Store, key_of
from wirecopy.changelog import corrections
from wirecopy.citation import read_citation
from wirecopy.history import RECORD, latest, read_record
from wirecopy.hydrate import restore, standoff_of, text_files, with_restored
from wirecopy.outline import gold_hash
from wirecopy.problems import Problem
from wirecopy.promises import undone_problems, version_problems
from wirecopy.release import (
    About,
    Origin,
    articles_by_split,
    make_manifest,
    make_tables,
    origin_of,
    origin_with,
    replacing,
    shards_of,
    with_restored_texts,
    write_documents,
    write_release,
)
from wirecopy.rules import Corpus
from wirecopy.validate import Result, check_corpus
from wirecopy.work import Workforce, undisturbed

Progress = Callable[[Iterable], Iterable]


class Refused(Exception):
    """The corpus has errors, or the version promises too little: the problems, and of how many files."""

    def __init__(self, problems: list[Problem], n_files: int) -> None:
        super().__init__(problems, n_files)
        self.problems, self.n_files = problems, n_files


@dataclass(frozen=True)
class Order:
    """What is to be made: the release `version` of `corpus`, in the folder `out`.

    `documents` is the folder of licence, datasheet and the like, `record` that of the recorded releases, or None for
    the one beside the corpus.
    """

    corpus: Path
    out: Path
    documents: Path
    record: Path | None
    name: str
    version: str

    @property
    def about(self) -> About:
        """What the release says of itself; its day stands in CITATION.cff, for a build has no clock of its own."""
        return About(self.name, self.version, read_citation(self.documents)["date-released"])


def make(order: Order, configs: list[str], workers: Workforce, store: Store | None, progress: Progress) -> dict:
    """Make the release in one stream, and return its manifest. `workers` share the work, `store` keeps it for the next
    time. Raises `Refused`."""
    about = order.about  # Read before the long work, for it may be amiss.
    with undisturbed(), replacing(order.out) as folder:
        manifest, origin = _tables_made(order, folder, configs, workers, store, progress)
        write_documents(folder, manifest, origin, about, order.documents)
    return manifest


def _tables_made(
    order: Order, folder: Path, configs: list[str], workers: Workforce, store: Store | None, progress: Progress
) -> tuple[dict[str, Any], Origin]:
    """Write the tables of a release, and say what its manifest is and what it was made from; what else is known of
    every article is let go of."""
    built = build_tables(order.corpus, folder, configs, workers, store, progress)
    result = built.result
    _refuse(result.problems if result.errors else [], result)
    origin = origin_with(result.corpus, built.outlined, built.corpus_sha256)
    manifest = make_manifest(built.shards, origin, order.about)
    _refuse(_promise_problems(manifest, result.corpus, order, store), result)
    return manifest, origin


def make_with_texts(order: Order, texts: Path, progress: Progress) -> dict:
    """Make the release with the texts of stand-off articles restored from a folder, and return its manifest. Raises
    `Refused`."""
    result = check_corpus(order.corpus, progress)
    _refuse(result.problems if result.errors else [], result)
    by_split = articles_by_split(result.corpus)
    restoration = restore(standoff_of(by_split), text_files(texts), result.corpus.sources)
    if restoration.problems:
        raise Refused(restoration.problems, len(restoration.articles))
    tables = make_tables(with_restored(by_split, restoration.articles), progress)
    about = with_restored_texts(order.about)
    origin = origin_of(result.corpus)
    manifest = make_manifest(shards_of(tables), origin, about)
    # Restored texts change the rows and no promise, so the rows are not compared.
    promised = {key: value for key, value in manifest.items() if key != "configs"}
    _refuse(_promise_problems(promised, result.corpus, order), result)
    write_release(tables, manifest, origin, about, order.documents, order.out)
    return manifest


def _refuse(problems: list[Problem], result: Result) -> None:
    if problems:
        raise Refused(problems, result.n_files)


def _promise_problems(
    manifest: dict[str, Any], corpus: Corpus, order: Order, store: Store | None = None
) -> list[Problem]:
    """What forbids this version after the recorded ones."""
    record = read_record(order.record or order.corpus.resolve().parent / RECORD)
    changelog = order.documents / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    return [*version_problems(manifest, latest(record)), *_undone(manifest["articles"], text, corpus, store)]


def _undone(
    published: Mapping[str, Mapping[str, str]], changelog: str, corpus: Corpus, store: Store | None
) -> list[Problem]:
    """The corrections that articles undo; `published` are their outlines, `store` keeps which articles undo none."""
    corrected = sorted({change.article for changes in corrections(changelog).values() for change in changes})
    keys = {a: key_of("undone", changelog, published[a]["gold_sha256"]) for a in corrected if a in published}
    doubtful = {a for a, key in keys.items() if store is None or store.get(key) is None}
    places = [digest.place for digest in corpus.gold_digests if digest.id in doubtful] if doubtful else []
    articles = {article["id"]: article for article in corpus.read(places).values()}
    problems = undone_problems(changelog, articles)
    if store is not None and not problems:
        for article_id, article in articles.items():
            if gold_hash(article) == published[article_id]["gold_sha256"]:  # Else somebody writes to it meanwhile.
                store.put(keys[article_id], b"")
    return problems
