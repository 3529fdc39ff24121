"""A release built of a corpus in one stream: validated, made into tables and written shard by shard.

The articles of each split, in the order of their ids, are cut into shards of `SHARD` articles: the cut hangs on the
ids alone. A shard is one task: its articles are read, judged, and written to one Parquet file for every config, so
that memory is bounded and any process may do any shard. What concerns all articles is judged when all are read;
nothing of a release is seen before everything is sound.
"""

from __future__ import annotations

import errno
import hashlib
import heapq
import pickle
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson
import pyarrow as pa

from wirecopy import columns
from wirecopy.article import Article
from wirecopy.cache import Store, key_of
from wirecopy.documents import Document, Lister, Listing, chunks, file_groups
from wirecopy.overlap import StoredRuns
from wirecopy.problems import Problem
from wirecopy.release import Shard, parquet_path, parquet_writer, tree_hash
from wirecopy.rules.corpus import SPLITS
from wirecopy.rules.originality import all_waived
from wirecopy.spool import Packed, Spool
from wirecopy.tables import CONFIGS, LINE_TOKENS, Config, Row, encoded, stored_schema
from wirecopy.validate import (
    GROUP,
    Finder,
    Finds,
    Group,
    Notes,
    Result,
    content_key,
    documents_of,
    examine,
    finish_corpus,
    open_corpus,
    take_gold,
    take_passes,
    unreadable_problem,
)
from wirecopy.views import clean_view
from wirecopy.work import Workforce

SHARD = 5_000
"""Articles in a shard."""
ROW_GROUP = 1 << 22
"""Bytes of canonical JSON from which rows are a row group, at the end of a group of articles."""
_GATHERED = 1 << 18
"""Bytes of canonical JSON from which rows are made columns together."""
_SPOOL = ".spool"
"""The folder, in that of the tables, of lines that came compressed and of the runs of words of each shard."""
_FEW = 250
"""Articles of a shard whose rows are kept each by itself, and whose tables are finished two at a time."""


class ShardPlace(NamedTuple):
    """Which shard of a split one is. Its Parquet files are `<config>/<name>` as long as they are being made."""

    split: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.split}-{self.number:05}.parquet"


class ShardTask(NamedTuple):
    """The articles of one shard, in the order of their ids."""

    place: ShardPlace
    documents: list[Document]


@dataclass
class MadeShard:
    """What came of a shard: what was found in its articles, the shards of its tables by config, and what
    `wirecopy.outline.outlined` says of the articles. The tables are complete only if nothing that was found is an
    error."""

    finds: Finds
    tables: dict[str, Shard] = field(default_factory=dict)
    outlined: Packed = field(default_factory=lambda: Packed.of([]))


Line = tuple[str, bytes]
"""The id and the canonical JSON of a row."""


class TableWriter:
    """Writes the rows of one config, a row group at a time, and hashes them.

    The file is begun with the first row group, and written by `beside` while the next is made. `finish` returns the
    shard, or None when there were no rows.
    """

    def __init__(self, config: Config, path: Path, beside: Beside) -> None:
        self.config, self.path, self.beside = config, path, beside
        self.schema = stored_schema(config)
        self.batches: list[pa.RecordBatch] = []
        self.gathered: list[bytes] = []
        self.n_rows = self.n_bytes = self.n_gathered = 0
        self.hash = _RowHash(in_order="article_id" not in config.schema.names)
        self.writer: Any = None

    def made(self, views: Mapping[bool, Article]) -> list[Line]:
        """The lines of the rows of an article, given in the raw and the clean view."""
        return canonical(encoded(self.config, self.config.make(views[self.config.clean])))

    def columns(self, lines: Iterable[bytes]) -> pa.RecordBatch:
        """The columns of rows."""
        return columns.made_of(list(lines), self.schema)

    def add(self, lines: Sequence[Line]) -> None:
        """Take in rows."""
        self._count(lines)
        for _, line in lines:
            self.gathered.append(line)
            self.n_gathered += len(line)
        if self.n_gathered >= _GATHERED:
            self._gather()

    def add_batch(self, batch: pa.RecordBatch, lines: Iterable[Line]) -> None:
        """Take in rows that are columns already."""
        self._gather()
        self.batches.append(batch)
        self._count(lines)

    def _count(self, lines: Iterable[Line]) -> None:
        for row_id, line in lines:
            self.hash.update(row_id, line)
            self.n_rows += 1
            self.n_bytes += len(line)

    def _gather(self) -> None:
        if self.gathered:
            self.batches.append(self.columns(self.gathered))
            self.gathered, self.n_gathered = [], 0

    def end_group(self) -> None:
        """A group of articles has been taken in: write, if enough has come together."""
        if self.n_bytes >= ROW_GROUP:
            self._gather()
            self.beside.do(self._write, self.batches)
            self.batches, self.n_bytes = [], 0

    def _write(self, batches: list[pa.RecordBatch]) -> None:
        if self.writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = parquet_writer(self.path, self.config)
        self.writer.write_table(pa.Table.from_batches(batches).combine_chunks())

    def finish(self) -> Shard | None:
        """Write what is left, close the file, and say what is in it. Any thread may, once nothing is done beside."""
        self._gather()
        batches, self.batches = self.batches, []
        if batches:
            self._write(batches)
        digest = self.hash.hexdigest()
        if self.writer is None:
            return None
        self.writer.close()
        return Shard(self.n_rows, digest)


class Beside:
    """Does one thing at a time in a thread of its own: what Arrow does there leaves Python free."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1)
        self._doing: Future | None = None

    def do(self, function: Callable[..., None], *arguments: Any) -> None:
        """Begin a thing, once the one before is done; raises what that one raised."""
        self.wait()
        self._doing = self._executor.submit(function, *arguments)

    def wait(self) -> None:
        """Wait until nothing is being done; raises what it raised."""
        doing, self._doing = self._doing, None
        if doing is not None:
            doing.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()


def canonical(rows: Iterable[Row]) -> list[Line]:
    """The lines of rows."""
    return [(row["id"], orjson.dumps(row, option=orjson.OPT_SORT_KEYS)) for row in rows]


class _RowHash:
    """The content hash of rows: SHA-256 of their canonical JSON, line by line, in the order of their ids.

    Rows that do not come `in_order` wait in a temporary file.
    """

    def __init__(self, in_order: bool) -> None:
        self._digest = hashlib.sha256()
        self._spool = None if in_order else tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115
        self._places: list[tuple[str, int, int]] = []
        self._length = 0

    def update(self, row_id: str, line: bytes) -> None:
        if self._spool is None:
            self._digest.update(line)
            self._digest.update(b"\n")
            return
        self._spool.write(line + b"\n")
        self._places.append((row_id, self._length, len(line) + 1))
        self._length += len(line) + 1

    def hexdigest(self) -> str:
        for _, start, length in sorted(self._places):
            self._spool.seek(start)
            self._digest.update(self._spool.read(length))
        if self._spool is not None:
            self._spool.close()
        return self._digest.hexdigest()


# One shard


@dataclass(frozen=True)
class Maker:
    """Makes shards: the work of one task. `root` is the corpus folder, `folder` takes the Parquet files, `store`
    keeps what was made for the next time; `original` is as of `wirecopy.validate.Finder`."""

    root: Path
    folder: Path
    configs: tuple[str, ...]
    store: Store | None = None
    original: bool = False

    def __call__(self, task: ShardTask) -> MadeShard:
        made = self._made(task)
        made.finds.runs = StoredRuns.at(self.folder / _SPOOL / f"{task.place.name}.runs", made.finds.runs)
        return made

    def _made(self, task: ShardTask) -> MadeShard:
        """What came of a shard, made or kept."""
        if self.store is None:
            return self.make(task)
        key = self._key(task)
        kept = None if key is None else self._kept(key, task)
        if kept is None:
            kept = self.make(task)
            if key is not None and key == self._key(task):  # Else somebody writes to the files meanwhile.
                self._keep(key, task, kept)
        return kept

    def _key(self, task: ShardTask) -> str | None:
        return content_key("shard", task.documents, str(self.root), task.place.split, str(self.original), *self.configs)

    def make(self, task: ShardTask) -> MadeShard:
        """Judge the articles of a shard and, as long as there is no error, write its tables."""
        made = MadeShard(Finds(n_documents=len(task.documents)))
        notes, sound, outlined = Notes(made.finds, self.root, self.original), True, []
        few = len(task.documents) <= _FEW
        store = self.store if few else None
        with Beside() as beside:
            writers = [
                TableWriter(CONFIGS[name], self.folder / name / task.place.name, beside) for name in self.configs
            ]
            for at in range(0, len(task.documents), GROUP):
                documents = task.documents[at : at + GROUP]
                group = examine(documents)
                notes.take(documents, group)
                sound = sound and not any(p.severity == "error" for p in group.problems)
                if sound:
                    outlined += _write_group(group, writers, store)
                    for writer in writers:
                        writer.end_group()
            beside.wait()
        with ThreadPoolExecutor(2 if few else 1) as finishing:
            finished = dict(zip(self.configs, finishing.map(TableWriter.finish, writers), strict=True))
        notes.finish()
        made.tables = {name: shard for name, shard in finished.items() if shard is not None}
        made.outlined = Packed.of(outlined)
        return made

    def _kept(self, key: str, task: ShardTask) -> MadeShard | None:
        """What was kept of a shard, its Parquet files written to their place; None when not all is there."""
        stored = self.store.get(key)
        if stored is None:
            return None
        made: MadeShard = pickle.loads(stored)
        for name in made.tables:
            content = self.store.get(key_of("table", key, name))
            if content is None:
                return None
            path = self.folder / name / task.place.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return made

    def _keep(self, key: str, task: ShardTask, made: MadeShard) -> None:
        for name in made.tables:
            self.store.put(key_of("table", key, name), (self.folder / name / task.place.name).read_bytes())
        self.store.put(key, pickle.dumps(made))


def _write_group(group: Group, writers: Sequence[TableWriter], store: Store | None) -> Iterator[tuple[str, str, str]]:
    """Give a group of sound articles to the writers, each those of its kind; what `wirecopy.outline.outlined` says of
    each.

    `store`, if given, keeps the rows of each article for the next time.
    """
    if group.columns is not None:
        yield from _write_columns(group, writers, store)
        return
    articles = [article for article, _ in group.judged]
    for article, (article_id, line) in zip(articles, canonical(articles), strict=True):
        digest = hashlib.sha256(line).digest()
        standoff = article["text"] is None
        wanted = [writer for writer in writers if (writer.config.name == "standoff") == standoff]
        _write_article(article, digest, wanted, store)
        yield article_id, article["text_sha256"], digest.hex()


def _write_columns(group: Group, writers: Sequence[TableWriter], store: Store | None) -> Iterator[tuple[str, str, str]]:
    """As `_write_group`, of articles that all have their texts and are columns."""
    ids, lines = group.columns.article_ids, group.columns.canonical
    digests = [hashlib.sha256(line).digest() for line in lines]
    views = [writer for writer in writers if writer.config.name not in ("articles", "standoff")]
    for writer in writers:
        if writer.config.name == "articles":
            writer.add_batch(group.columns.batch, zip(ids, lines, strict=True))
    if views:
        for (article, _), digest in zip(group.judged, digests, strict=True):
            _write_article(article, digest, views, store)
    texts = group.columns.batch.column("text_sha256").to_pylist()
    yield from zip(ids, texts, map(bytes.hex, digests), strict=True)


def _write_article(article: Article, digest: bytes, writers: Sequence[TableWriter], store: Store | None) -> None:
    """Give an article to the writers; `digest` is over all of it."""
    if store is not None:
        _write_kept(article, digest, writers, store)
        return
    views = _views(article, writers)
    for writer in writers:
        writer.add(writer.made(views))


def _views(article: Article, writers: Iterable[TableWriter]) -> dict[bool, Article]:
    """The raw and, if some writer asks for it, the clean view of an article."""
    needs_clean = any(writer.config.clean for writer in writers)
    return {False: article, True: clean_view(article) if needs_clean else article}


def _write_kept(article: Article, digest: bytes, writers: Sequence[TableWriter], store: Store) -> None:
    """Give the rows of an article to the writers, made anew only if no earlier build kept them; `digest` is over all
    of the article."""
    if not writers:
        return
    key = key_of("rows", digest, *(writer.config.name for writer in writers))
    kept = store.get(key)
    tables = _made_anew(article, writers, store) if kept is None else pickle.loads(kept)
    if kept is None:
        store.put(key, pickle.dumps(tables))
    for writer, (batch, lines) in zip(writers, tables, strict=True):
        writer.add_batch(pa.ipc.read_record_batch(pa.py_buffer(batch), writer.schema), lines)


def _made_anew(article: Article, writers: Sequence[TableWriter], store: Store) -> list[tuple[bytes, list[Line]]]:
    """The rows of an article for each writer, as columns without their schema and as lines. They are made without
    the tokeniser, which takes a second to load, where the lines of the text are as they were."""
    key = key_of("tokens", article["id"])
    kept = store.get(key)
    LINE_TOKENS.start({} if kept is None else orjson.loads(kept))
    views = _views(article, writers)
    made = [writer.made(views) for writer in writers]
    if LINE_TOKENS.n_learnt:
        store.put(key, orjson.dumps(LINE_TOKENS))
    columns_made = [writer.columns(line for _, line in lines) for writer, lines in zip(writers, made, strict=True)]
    return [(batch.serialize().to_pybytes(), lines) for batch, lines in zip(columns_made, made, strict=True)]


# The whole release


@dataclass
class Built:
    """A corpus judged and made into tables: the result of validation, the hash of the corpus folder, the shards by
    config and split, and the outlines of the articles of each split. All but the result are of use only when that has
    no errors."""

    result: Result
    corpus_sha256: str = ""
    shards: dict[str, dict[str, list[Shard]]] = field(default_factory=dict)
    outlines: dict[str, Spool[tuple[str, str, str]]] = field(default_factory=lambda: {s: Spool() for s in SPLITS})

    @property
    def outlined(self) -> Iterator[tuple[str, str, str]]:
        """What `wirecopy.outline.outlined` says of the articles, in the order of their ids."""
        return heapq.merge(*self.outlines.values())


def build_tables(
    corpus: Path,
    folder: Path,
    configs: Sequence[str] = tuple(CONFIGS),
    workers: Workforce | None = None,
    store: Store | None = None,
    progress: Callable[[Iterable], Iterable] = iter,
    shard: int = SHARD,
) -> Built:
    """Judge a corpus folder and write the Parquet files of its configs into `folder`, as a release has them.

    A split is cut into shards of `shard` articles. `workers` share the work, `store` keeps it for the next time.

    Of errors, the result tells all that `wirecopy.validate.check_corpus` finds; there are no tables then.
    """
    workers = workers or Workforce()
    with ThreadPoolExecutor(1) as aside:
        hashed = aside.submit(tree_hash, corpus)
        built, made = _made(corpus, folder, configs, workers, store, progress, shard)
        finish_corpus(built.result)
        shutil.rmtree(folder / _SPOOL, ignore_errors=True)
        if not built.result.errors:
            built.corpus_sha256 = hashed.result()
            built.shards = _put_in_place(folder, made, configs)
    return built


def _made(
    corpus: Path,
    folder: Path,
    configs: Sequence[str],
    workers: Workforce,
    store: Store | None,
    progress: Callable[[Iterable], Iterable],
    shard: int,
) -> tuple[Built, list[tuple[ShardPlace, dict[str, Shard]]]]:
    """All documents of a corpus judged one by one and written: the tables of each shard."""
    result, gold, passes = open_corpus(corpus)
    built, made_shards = Built(result), []
    original = not all_waived(result.corpus)
    with closing(Plan()) as plan:
        with closing(workers.map(Lister(folder / _SPOOL), progress(file_groups(gold)))) as listings:
            result.problems += plan.take(listings, result.corpus.split_of)
        del gold, listings  # As soon as they are listed, the files need not be held.
        maker = Maker(corpus, folder, tuple(configs), store, original)
        shards = plan.shards(shard)
        with closing(workers.map(maker, plan.tasks(progress(shards), shard))) as made:
            for of, shard_made in zip(shards, made, strict=True):
                take_gold(result, shard_made.finds)
                built.outlines[of.split].add(shard_made.outlined)
                made_shards.append((of, shard_made.tables))
        loose, of_passes = plan.documents(None), documents_of(progress(passes), result.problems)
        for documents, take in ((loose, take_gold), (of_passes, take_passes)):
            finder = Finder(corpus, store=store, original=original and take is take_gold)
            for finds in workers.map(finder, chunks(documents)):
                take(result, finds)
    return built, made_shards


class Plan:
    """The documents of a corpus by split, in the order of their ids. They wait on disk, for there may be many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # In memory, and from some size on in a temporary file.
        self._database.execute("CREATE TABLE document (split, id, path, line, start, length, holder)")
        self._counts: Counter[str | None] = Counter()

    def take(self, listings: Iterable[Listing], split_of: Mapping[str, str]) -> Iterator[Problem]:
        """Take in the documents of listings; yields the problems of what could not be read."""
        for listing in listings:
            splits = [split_of.get(document.id) for document in listing.documents]
            rows = (
                (split, _encoded(d.id), _encoded(d.path), d.line, d.start, d.length, _encoded(d.holder))
                for split, d in zip(splits, listing.documents, strict=True)
            )
            with _as_os_error():
                self._database.executemany("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._counts.update(splits)
            yield from map(unreadable_problem, listing.unreadable)

    def documents(self, split: str | None) -> Iterator[Document]:
        """The documents of a split; of None those that are in no split."""
        query = "SELECT path, id, line, start, length, holder FROM document WHERE split IS ? ORDER BY id, path, line"
        with _as_os_error():
            for path, article_id, line, start, length, holder in self._database.execute(query, [split]):
                yield Document(_decoded(path), _decoded(article_id), line, start, length, None, _decoded(holder))

    def shards(self, size: int) -> list[ShardPlace]:
        """The shards that there are, each of so many articles."""
        return [ShardPlace(split, i) for split in SPLITS for i in range(-(-self._counts[split] // size))]

    def tasks(self, shards: Iterable[ShardPlace], size: int) -> Iterator[ShardTask]:
        """The task of each shard, in the order of `shards`."""
        documents = {split: self.documents(split) for split in SPLITS}
        for of in shards:
            yield ShardTask(of, list(islice(documents[of.split], size)))

    def close(self) -> None:
        self._database.close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What keeps a database from being written or read, such as a full disk, raised as of any other file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(errno.EIO, f"the list of the articles cannot be held on disk: {error}") from error


def _encoded(text: str | None) -> bytes | None:
    """A text that may stand for undecodable bytes of a file's name, which a database takes for none."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _decoded(content: bytes | None) -> str | None:
    """The text that `_encoded` was given."""
    return None if content is None else content.decode("utf-8", "surrogatepass")


def _put_in_place(
    folder: Path, made: Sequence[tuple[ShardPlace, dict[str, Shard]]], configs: Sequence[str]
) -> dict[str, dict[str, list[Shard]]]:
    """Give the files their names, which say how many there are; the shards by config and split."""
    shards: dict[str, dict[str, list[Shard]]] = {}
    for config in CONFIGS:
        if config not in configs:
            continue
        for split in SPLITS:
            found = [(of, tables[config]) for of, tables in made if of.split == split and config in tables]
            for i, (of, shard) in enumerate(found):
                (folder / config / of.name).rename(folder / parquet_path(config, split, i, len(found)))
                shards.setdefault(config, {}).setdefault(split, []).append(shard)
    return shards
