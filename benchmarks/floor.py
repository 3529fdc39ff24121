"""What nothing that reads and writes the same can undercut.

python benchmarks/floor.py bytes CORPUS OUT      # the bytes are read, and that is all
python benchmarks/floor.py write CORPUS OUT      # parsed and written as Parquet in shards, nothing checked
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from wirecopy.build import GROUP, ROW_GROUP, SHARD
from wirecopy.documents import document_files, documents_in, read_each
from wirecopy.release import parquet_path, parquet_writer
from wirecopy.shape import article_arrow_schema


def main(what: str, corpus: Path, out: Path) -> int:
    if what == "bytes":
        print(sum(map(len, contents(corpus))))
        return 0
    gc.disable()
    splits = orjson.loads((corpus / "splits.json").read_bytes())
    split_of = {a: story["split"] for story in splits["stories"] for a in story["articles"]}
    writers: dict[str, Writer] = {split: Writer(out, split) for split in ("train", "validation", "test")}
    for content in contents(corpus):
        article = orjson.loads(content)
        writers[split_of[article["id"]]].add(article, len(content))
    for writer in writers.values():
        writer.close()
    return 0


def contents(corpus: Path) -> Iterator[bytes]:
    return read_each(d for path in document_files(corpus / "articles") for d in documents_in(path))


class Writer:
    """Writes the articles of a split as a release has them: in shards and row groups of one size."""

    def __init__(self, out: Path, split: str) -> None:
        self.out, self.split = out, split
        self.articles: list[dict] = []
        self.batches: list[pa.RecordBatch] = []
        self.writer = None
        self.n_articles = self.n_bytes = 0

    def add(self, article: dict, n_bytes: int) -> None:
        self.articles.append(article)
        self.n_articles += 1
        self.n_bytes += n_bytes
        if len(self.articles) == GROUP:
            self._gather()
            if self.n_bytes >= ROW_GROUP:
                self._write()
        if self.n_articles % SHARD == 0:
            self.close()

    def _gather(self) -> None:
        if self.articles:
            self.batches.append(pa.RecordBatch.from_pylist(self.articles, schema=article_arrow_schema()))
            self.articles = []

    def _write(self) -> None:
        self._gather()
        if not self.batches:
            return
        if self.writer is None:
            path = self.out / parquet_path("articles", self.split, self.n_articles // SHARD)
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = parquet_writer(path, article_arrow_schema())
        self.writer.write_table(pa.Table.from_batches(self.batches).combine_chunks())
        self.batches, self.n_bytes = [], 0

    def close(self) -> None:
        self._write()
        if self.writer is not None:
            self.writer.close()
            self.writer = None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
