"""Build a release of a corpus: validate it, make its tables, write dist/<version>/.

The version must promise no less than what changed since the latest recorded release, and no recorded
correction may be undone. The earlier release of that version stays untouched unless the new one is
complete. Exit status: 0 built, 1 the corpus has errors or the version is refused, 2 the build could
not run.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson

import wirecopy
from wirecopy.article import Article
from wirecopy.build import build_tables
from wirecopy.cache import Store, key_of
from wirecopy.changelog import ChangelogError, corrections
from wirecopy.citation import read_citation
from wirecopy.cli import CLEAN, FAILED, FINDINGS, add_work_options, fail, progress
from wirecopy.history import RECORD, HistoryError, latest, read_record
from wirecopy.hydrate import restore, standoff_of, text_files, with_restored
from wirecopy.problems import Problem
from wirecopy.promises import undone_problems, version_problems
from wirecopy.release import (
    About,
    articles_by_split,
    make_manifest,
    make_tables,
    n_rows,
    origin_of,
    origin_with,
    replacing,
    shards_of,
    with_restored_texts,
    write_documents,
    write_release,
)
from wirecopy.report import as_text
from wirecopy.rules import Corpus
from wirecopy.tables import CONFIGS
from wirecopy.validate import Result, check_corpus
from wirecopy.work import WorkError, workforce

ROOT = Path(__file__).resolve().parents[1]


class Refused(Exception):
    """The corpus has errors, or the version promises too little: the problems, and of how many files."""

    def __init__(self, problems: list[Problem], n_files: int) -> None:
        super().__init__(problems, n_files)
        self.problems, self.n_files = problems, n_files


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if not (options.corpus / "articles").is_dir():
        return fail(f"{options.corpus}: no corpus there (a corpus is a folder that holds articles/)")
    if not (options.corpus / "splits.json").exists():
        return fail(f"{options.corpus}: splits.json is missing; a release needs to know the splits")
    existed = options.out.exists()
    try:
        manifest = build_with_texts(options) if options.texts is not None else build(options)
    except Refused as refused:
        sys.stdout.write(as_text(refused.problems, refused.n_files))
        if not existed:
            options.out.rmdir()
        return FINDINGS
    out = options.out / options.version
    configs = manifest["configs"]
    with_text = f", {n_rows(manifest, 'articles')} articles with text" if "articles" in configs else ""
    print(f"{out}: {len(configs)} config{'s' if len(configs) > 1 else ''}{with_text}")
    return CLEAN


def build(options: argparse.Namespace) -> dict:
    """Build the release in one stream, and return its manifest."""
    store = Store(options.cache) if options.cache else None
    about = About(options.name, options.version, released(options.documents))
    with replacing(options.out / options.version) as folder:
        with workforce(options.jobs, options.cluster) as workers:
            built = build_tables(options.corpus, folder, options.configs, workers, store, progress)
        result = built.result
        refuse(result.problems if result.errors else [], result)
        origin = origin_with(result.corpus, built.outlined, built.corpus_sha256)
        manifest = make_manifest(built.shards, origin, about)
        refuse(promise_problems(manifest, result.corpus, options, store), result)
        write_documents(folder, manifest, origin, about, options.documents)
    return manifest


def build_with_texts(options: argparse.Namespace) -> dict:
    """Build a release with the texts of stand-off articles restored, and return its manifest."""
    result = check_corpus(options.corpus, progress)
    refuse(result.problems if result.errors else [], result)
    by_split = articles_by_split(result.corpus)
    restoration = restore(standoff_of(by_split), text_files(options.texts), result.corpus.sources)
    if restoration.problems:
        raise Refused(restoration.problems, len(restoration.articles))
    tables = make_tables(with_restored(by_split, restoration.articles), progress)
    about = with_restored_texts(About(options.name, options.version, released(options.documents)))
    origin = origin_of(result.corpus)
    manifest = make_manifest(shards_of(tables), origin, about)
    # Restored texts change the rows and no promise, so the rows are not compared.
    promised = {key: value for key, value in manifest.items() if key != "configs"}
    refuse(promise_problems(promised, result.corpus, options), result)
    write_release(tables, manifest, origin, about, options.documents, options.out / options.version)
    return manifest


def refuse(problems: list[Problem], result: Result) -> None:
    if problems:
        raise Refused(problems, result.n_files)


def promise_problems(
    manifest: dict, corpus: Corpus, options: argparse.Namespace, store: Store | None = None
) -> list[Problem]:
    """What forbids this version after the recorded ones."""
    record = read_record(options.record or options.corpus.resolve().parent / RECORD)
    changelog = options.documents / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    corrected = {change.article for changes in corrections(text).values() for change in changes}
    places = {d.id: place for place, d in corpus.gold_digests.items() if d.id in corrected}
    articles = {article["id"]: article for article in corpus.read(places.values()).values()}
    return [*version_problems(manifest, latest(record)), *undone_in(articles, text, store)]


def undone_in(articles: dict[str, Article], changelog: str, store: Store | None) -> list[Problem]:
    """The corrections that articles undo; `store` keeps which articles undo none."""
    if store is None:
        return undone_problems(changelog, articles)
    keys = {article_id: key_of("undone", changelog, orjson.dumps(article)) for article_id, article in articles.items()}
    doubtful = {article_id: a for article_id, a in articles.items() if store.get(keys[article_id]) is None}
    problems = undone_problems(changelog, doubtful)
    if not problems:
        for article_id in doubtful:
            store.put(keys[article_id], b"")
    return problems


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus", help="the corpus folder")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder of releases")
    parser.add_argument("--documents", type=Path, default=ROOT, help="the folder of licence, datasheet, …")
    parser.add_argument("--texts", type=Path, help="a folder with the texts of all stand-off articles")
    parser.add_argument("--record", type=Path, help="the record of releases (releases/ beside the corpus)")
    parser.add_argument("--name", default="Wirecopy", help="the name of the corpus")
    parser.add_argument("--configs", nargs="+", choices=CONFIGS, default=list(CONFIGS), help="the tables to make")
    parser.add_argument("--cache", type=Path, help="a folder that keeps what was made for the next build")
    add_work_options(parser)
    parser.add_argument("--version", default=wirecopy.__version__, help="the version, x.y.z")
    return parser.parse_args(arguments)


def released(documents: Path) -> str:
    """The day of the release, as CITATION.cff says: a build has no clock of its own."""
    return read_citation(documents)["date-released"]


def run(arguments: Iterable[str]) -> int:
    try:
        return main(list(arguments))
    except (HistoryError, ChangelogError, WorkError) as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename or 'the build'}: {(error.strerror or str(error)).lower()}")
    except KeyboardInterrupt:
        return FAILED


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
