"""What nothing that reads and writes the same can undercut.

python benchmarks/floor.py bytes CORPUS OUT      # the bytes are read, and that is all
python benchmarks/floor.py write CORPUS OUT      # parsed and written as Parquet in shards, nothing checked
python benchmarks/floor.py columns CORPUS OUT    # the same without Python objects: read as columns, as ours reads
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa

from wirecopy import columns
from wirecopy.build import GROUP, ROW_GROUP, SHARD
from wirecopy.documents import document_files, documents_in, read_each
from wirecopy.release import parquet_path, parquet_writer
from wirecopy.shape import article_arrow_schema
from wirecopy.tables import CONFIGS


def main(what: str, corpus: Path, out: Path) -> int:
    documents = [d for path in document_files(corpus / "articles") for d in documents_in(path)]
    if what == "bytes":
        print(sum(map(len, read_each(documents))))
        return 0
    gc.disable()
    splits = orjson.loads((corpus / "splits.json").read_bytes())
    split_of = {a: story["split"] for story in splits["stories"] for a in story["articles"]}
    writers: dict[str, Writer] = {split: Writer(out, split, MAKERS[what]) for split in ("train", "validation", "test")}
    for document, content in zip(documents, read_each(documents), strict=True):
        writers[split_of[document.id]].add(content)
    for writer in writers.values():
        writer.close()
    return 0


def parsed(contents: list[bytes]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([orjson.loads(content) for content in contents], schema=article_arrow_schema())


def read(contents: list[bytes]) -> pa.RecordBatch:
    return columns.read(columns.joined(contents), len(contents), article_arrow_schema())


MAKERS = {"write": parsed, "columns": read}


class Writer:
    """Writes the articles of a split as a release has them: in shards and row groups of one size."""

    def __init__(self, out: Path, split: str, make: Callable[[list[bytes]], pa.RecordBatch]) -> None:
        self.out, self.split, self.make = out, split, make
        self.contents: list[bytes] = []
        self.batches: list[pa.RecordBatch] = []
        self.writer = None
        self.n_articles = self.n_bytes = 0

    def add(self, content: bytes) -> None:
        self.contents.append(content)
        self.n_articles += 1
        self.n_bytes += len(content)
        if len(self.contents) == GROUP:
            self._gather()
            if self.n_bytes >= ROW_GROUP:
                self._write()
        if self.n_articles % SHARD == 0:
            self.close()

    def _gather(self) -> None:
        if self.contents:
            self.batches.append(self.make(self.contents))
            self.contents = []

    def _write(self) -> None:
        self._gather()
        if not self.batches:
            return
        if self.writer is None:
            path = self.out / parquet_path("articles", self.split, self.n_articles // SHARD)
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = parquet_writer(path, CONFIGS["articles"])
        self.writer.write_table(pa.Table.from_batches(self.batches).combine_chunks())
        self.batches, self.n_bytes = [], 0

    def close(self) -> None:
        self._write()
        if self.writer is not None:
            self.writer.close()
            self.writer = None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
