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

import wirecopy
from wirecopy.changelog import ChangelogError
from wirecopy.citation import read_citation
from wirecopy.cli import CLEAN, FAILED, FINDINGS, fail, progress
from wirecopy.history import RECORD, HistoryError, latest, read_record
from wirecopy.hydrate import restore, standoff_of, text_files, with_restored
from wirecopy.problems import Problem
from wirecopy.promises import undone_problems, version_problems
from wirecopy.release import (
    About,
    articles_by_split,
    make_manifest,
    make_tables,
    origin_of,
    with_restored_texts,
    write_release,
)
from wirecopy.report import as_text
from wirecopy.rules import Corpus
from wirecopy.validate import check_corpus

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if not (options.corpus / "articles").is_dir():
        return fail(f"{options.corpus}: no corpus there (a corpus is a folder that holds articles/)")
    result = check_corpus(options.corpus, progress)
    if result.errors:
        sys.stdout.write(as_text(result.problems, result.n_files))
        return FINDINGS
    if not result.corpus.registered:
        return fail(f"{options.corpus}: splits.json is missing; a release needs to know the splits")
    about = About(options.name, options.version, released(options.documents))
    by_split = articles_by_split(result.corpus)
    if options.texts is not None:
        restoration = restore(standoff_of(by_split), text_files(options.texts), result.corpus.sources)
        if restoration.problems:
            sys.stdout.write(as_text(restoration.problems, len(restoration.articles)))
            return FINDINGS
        by_split = with_restored(by_split, restoration.articles)
        about = with_restored_texts(about)
    tables, origin = make_tables(by_split, progress), origin_of(result.corpus)
    manifest = make_manifest(tables, origin, about)
    if refusals := promise_problems(manifest, result.corpus, options):
        sys.stdout.write(as_text(refusals, result.n_files))
        return FINDINGS
    out = options.out / options.version
    write_release(tables, manifest, origin, about, options.documents, out)
    print(f"{out}: {len(manifest['configs'])} configs, {sum_rows(manifest, 'articles')} articles with text")
    return CLEAN


def promise_problems(manifest: dict, corpus: Corpus, options: argparse.Namespace) -> list[Problem]:
    """What forbids this version after the recorded ones.

    Restored texts change the rows and no promise, so the rows are not compared then.
    """
    judged = manifest if options.texts is None else {k: v for k, v in manifest.items() if k != "configs"}
    record = read_record(options.record or options.corpus.resolve().parent / RECORD)
    changelog = options.documents / "CHANGELOG.md"
    articles = {article["id"]: article for article in corpus.articles.values()}
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    return [*version_problems(judged, latest(record)), *undone_problems(text, articles)]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus", help="the corpus folder")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder of releases")
    parser.add_argument("--documents", type=Path, default=ROOT, help="the folder of licence, datasheet, …")
    parser.add_argument("--texts", type=Path, help="a folder with the texts of all stand-off articles")
    parser.add_argument("--record", type=Path, help="the record of releases (releases/ beside the corpus)")
    parser.add_argument("--name", default="Wirecopy", help="the name of the corpus")
    parser.add_argument("--version", default=wirecopy.__version__, help="the version, x.y.z")
    return parser.parse_args(arguments)


def released(documents: Path) -> str:
    """The day of the release, as CITATION.cff says: a build has no clock of its own."""
    return read_citation(documents)["date-released"]


def sum_rows(manifest: dict, config: str) -> int:
    return sum(split["rows"] for split in manifest["configs"][config]["splits"].values())


def run(arguments: Iterable[str]) -> int:
    try:
        return main(list(arguments))
    except (HistoryError, ChangelogError) as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename or 'the build'}: {(error.strerror or str(error)).lower()}")
    except KeyboardInterrupt:
        return FAILED


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
