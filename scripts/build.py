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
from wirecopy.cli import CLEAN, FAILED, FINDINGS, add_work_options, fail, progress
from wirecopy.work import WorkError, Workforce, workforce

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if not (options.corpus / "articles").is_dir():
        return fail(f"{options.corpus}: no corpus there (a corpus is a folder that holds articles/)")
    if not (options.corpus / "splits.json").exists():
        return fail(f"{options.corpus}: splits.json is missing; a release needs to know the splits")
    with workforce(options.jobs, options.cluster) as workers:
        return build(options, workers)  # Workers import what they need while this process does.


def build(options: argparse.Namespace, workers: Workforce) -> int:
    """Build the release, and say what was built or why nothing was."""
    from wirecopy.cache import Store
    from wirecopy.changelog import ChangelogError
    from wirecopy.history import HistoryError
    from wirecopy.making import Order, Refused, make, make_with_texts
    from wirecopy.release import n_rows
    from wirecopy.report import as_text
    from wirecopy.tables import CONFIGS

    if unknown := [name for name in options.configs or () if name not in CONFIGS]:
        return fail(f"--configs: there is no {', '.join(unknown)}; the configs are {', '.join(CONFIGS)}")
    out, existed = options.out / options.version, options.out.exists()
    order = Order(options.corpus, out, options.documents, options.record, options.name, options.version)
    store = Store(options.cache) if options.cache else None
    try:
        if options.texts is None:
            manifest = make(order, options.configs or list(CONFIGS), workers, store, progress)
        else:
            manifest = make_with_texts(order, options.texts, progress)
    except (HistoryError, ChangelogError) as error:
        return fail(str(error))
    except Refused as refused:
        sys.stdout.write(as_text(refused.problems, refused.n_files))
        if not existed:
            options.out.rmdir()
        return FINDINGS
    configs = manifest["configs"]
    with_text = f", {n_rows(manifest, 'articles')} articles with text" if "articles" in configs else ""
    print(f"{out}: {len(configs)} config{'s' if len(configs) > 1 else ''}{with_text}")
    return CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus", help="the corpus folder")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder of releases")
    parser.add_argument("--documents", type=Path, default=ROOT, help="the folder of licence, datasheet, …")
    parser.add_argument("--texts", type=Path, help="a folder with the texts of all stand-off articles")
    parser.add_argument("--record", type=Path, help="the record of releases (releases/ beside the corpus)")
    parser.add_argument("--name", default="Wirecopy", help="the name of the corpus")
    parser.add_argument("--configs", nargs="+", metavar="CONFIG", help="the tables to make (all)")
    parser.add_argument("--cache", type=Path, help="a folder that keeps what was made for the next build")
    add_work_options(parser)
    parser.add_argument("--version", default=wirecopy.__version__, help="the version, x.y.z")
    return parser.parse_args(arguments)


def run(arguments: Iterable[str]) -> int:
    try:
        return main(list(arguments))
    except WorkError as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename or 'the build'}: {(error.strerror or str(error)).lower()}")
    except KeyboardInterrupt:
        return FAILED


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
