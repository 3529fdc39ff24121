"""The command line: `wirecopy validate | anchor | show | hydrate | info | score | compare`.

Exit status: 0 clean, 1 findings, 2 the tool itself could not run. Data goes to standard output,
progress and complaints to standard error.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import wirecopy

# No command does linear algebra, and the threads of numpy's library for it cost each process an eighth of a second.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
CLEAN, FINDINGS, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # A terminal that lacks a character is no failure.
    signal.signal(signal.SIGTERM, _end)
    return guarded(options.run, options)


def guarded(run: Callable[[Any], int], options: Any) -> int:
    """Run a command, and turn what keeps it from running into one line and the status for that."""
    try:
        return run(options)
    except BrokenPipeError:
        sys.stderr.close()  # The reader has gone, and so has the place to complain to.
        return FAILED
    except KeyboardInterrupt:
        return fail("interrupted")
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return fail(f"{name}{(error.strerror or str(error)).lower()}")


def _end(number: int, frame: object) -> None:
    """On the signal to end: unwind, so that nothing half-written stays behind."""
    raise SystemExit(128 + number)


def fail(message: str) -> int:
    """Say why the tool could not run, and return the status for that."""
    print(f"wirecopy: {message}", file=sys.stderr)
    return FAILED


def progress(items: Iterable) -> Iterable:
    """The items, with a progress bar on standard error when that is a terminal."""
    from tqdm import tqdm

    return tqdm(items, unit="file", disable=None, leave=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wirecopy", description="Tools of the Wirecopy corpus of annotated news.")
    parser.add_argument("--version", action="version", version=f"wirecopy {wirecopy.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_validate(commands)
    _add_anchor(commands)
    _add_show(commands)
    _add_score(commands)
    _add_compare(commands)
    _add_hydrate(commands)
    _add_info(commands)
    return parser


def _add_validate(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "validate",
        help="check articles and corpora against the schema and the rules",
        description="Check what each PATH names: a corpus folder (one that holds articles/), a folder of "
        "articles, one article's file (.json), or a file of one article a line (.jsonl, .jsonl.zst). Exit status: 0 no "
        "errors, 1 errors found, 2 could not run.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument("--format", choices=("text", "json", "sarif", "github"), default="text")
    command.add_argument("--strict", action="store_true", help="let warnings fail too")
    command.add_argument(
        "--texts", type=Path, metavar="FOLDER",
        help="texts of a corpus's stand-off articles: judge these by all rules, and look for leaks of the texts",
    )  # fmt: skip
    command.add_argument("--cache", type=Path, metavar="FOLDER", help="keep what was found for the next run")
    add_work_options(command)
    command.set_defaults(run=_validate)


def add_work_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who shares the work."""
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes that share the work (1)")
    parser.add_argument("--cluster", metavar="ADDRESS", help="share the work on the Dask scheduler at ADDRESS")


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number of processes")
    return int(text)


def _validate(options: argparse.Namespace) -> int:
    from wirecopy.work import WorkError, workforce

    try:
        with workforce(options.jobs, options.cluster) as workers:  # They import what they need while this process does.
            from wirecopy.cache import Store
            from wirecopy.report import FORMATS
            from wirecopy.validate import check_paths

            store = Store(options.cache) if options.cache else None
            result = check_paths(options.paths, progress, workers, options.texts is not None, store)
    except WorkError as error:
        return fail(str(error))
    if not result.n_files:
        return fail(f"{', '.join(map(str, options.paths))}: no .json or .jsonl files there")
    if options.texts is not None:
        from wirecopy.hydrate import check_with_texts

        if len(options.paths) != 1 or result.corpus is None:
            return fail("--texts goes with one corpus folder")
        if not options.texts.is_dir():
            return fail(f"{options.texts}: no such folder")
        result.problems += check_with_texts(result.corpus, options.texts)
    sys.stdout.write(FORMATS[options.format](result.problems, result.n_files))
    failed = result.problems if options.strict else result.errors
    return FINDINGS if failed else CLEAN


def _add_anchor(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "anchor",
        help="turn drafts into articles: find the offsets of their spans",
        description="Find the offsets of every span of each draft, fill in hashes, ids and defaults, sort, and "
        "write the article over the draft. A file that is in order already is left as it is; one with a span "
        "that is ambiguous or absent is not written. Exit status: 0 all anchored, 1 problems, 2 could not run.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="DRAFT")
    command.add_argument("--text", type=Path, metavar="FILE", help="take the text from FILE (UTF-8, as it is)")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="write to FOLDER/<id>.json instead")
    command.set_defaults(run=_anchor)


def _anchor(options: argparse.Namespace) -> int:
    from wirecopy.files import anchor_file, read_text
    from wirecopy.report import as_text

    text = read_text(options.text) if options.text else None
    problems = []
    for path in options.paths:
        target, found, notes = anchor_file(path, text, options.out)
        problems += found
        for note in notes:
            print(f"{path}: {note}", file=sys.stderr)
        if not found:
            print(f"{path}: {'in order' if target is None else f'anchored, written to {target}'}", file=sys.stderr)
    if problems:
        sys.stdout.write(as_text(problems, len(options.paths)))
    return FINDINGS if problems else CLEAN


def _add_show(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "show",
        help="print articles with their layers marked",
        description="Print each article zone by zone with mentions, values and event triggers in brackets, then its "
        "entities, attributions and events. In colour on a terminal.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="ARTICLE")
    command.add_argument("--text", type=Path, metavar="FILE", help="the text of a stand-off article")
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from wirecopy.display import coloured, plain, show
    from wirecopy.files import read_text
    from wirecopy.report import as_text
    from wirecopy.validate import check_file

    text = read_text(options.text) if options.text else None
    status = CLEAN
    for path in options.paths:
        article, problems = check_file(path)
        unsound = [p for p in problems if p.rule == "span-range"]
        if article is None or unsound:
            sys.stdout.write(as_text(unsound or problems, 1))
            status = FINDINGS
        else:
            sys.stdout.write(show(article, coloured if sys.stdout.isatty() else plain, text))
    return status


_TASKS = ("zones", "ner", "coreference", "attributions", "events")


def _add_score(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "score",
        help="score predictions against the gold of a release",
        description="Score the PREDICTIONS (JSON Lines, one object an article and view, see "
        "schema/prediction.schema.json) and print every figure with a 95 %% interval, breakdowns, and a signature to "
        "paste beside it. An article without a prediction counts as missed. Exit status: 0 scored, 1 the predictions "
        "have errors, 2 could not run.",
    )
    command.add_argument("task", choices=_TASKS, metavar="TASK", help=", ".join(_TASKS))
    command.add_argument("predictions", type=Path, metavar="PREDICTIONS")
    _add_gold_options(command)
    command.set_defaults(run=_score)


def _add_compare(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "compare",
        help="compare two systems' predictions",
        description="Score two systems on the same articles and test, measure by measure, whether they differ: "
        "difference of F1, paired bootstrap interval, and p of a randomisation test. Exit status as of score.",
    )
    command.add_argument("task", choices=_TASKS, metavar="TASK", help=", ".join(_TASKS))
    command.add_argument("first", type=Path, metavar="FIRST")
    command.add_argument("second", type=Path, metavar="SECOND")
    _add_gold_options(command)
    command.set_defaults(run=_compare)


def _add_gold_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--split", choices=("train", "validation", "test", "all"), default="test")
    release = Path("dist", wirecopy.__version__)
    command.add_argument("--release", type=Path, default=release, metavar="DIR", help=f"default: {release.as_posix()}")
    command.add_argument("--format", choices=("text", "json", "latex"), default="text")


def _score(options: argparse.Namespace) -> int:
    from wirecopy.scoring.render import FORMATS

    reports = _reports(options, [options.predictions])
    if isinstance(reports, int):
        return reports
    sys.stdout.write(FORMATS[options.format](reports[0].values()))
    return CLEAN


def _compare(options: argparse.Namespace) -> int:
    from wirecopy.scoring import compare
    from wirecopy.scoring.render import COMPARISON_FORMATS

    reports = _reports(options, [options.first, options.second])
    if isinstance(reports, int):
        return reports
    first, second = reports
    if first.keys() != second.keys():
        return fail(f"{options.first} has the views {', '.join(first)}, {options.second} has {', '.join(second)}")
    compared = [compare(first[view], second[view]) for view in first]
    sys.stdout.write(COMPARISON_FORMATS[options.format](compared))
    return CLEAN


def _reports(options: argparse.Namespace, files: Sequence[Path]) -> list | int:
    """The reports of each file by view, or the exit status when they cannot be had."""
    from wirecopy.report import as_text
    from wirecopy.scoring import GoldError, PredictionError, read_gold, score_views

    problems: list = []
    reports: list = []
    try:
        gold = read_gold(options.release, options.split)
        for path in files:
            try:
                reports.append(score_views(options.task, gold, path))
            except PredictionError as error:
                problems += error.problems
    except GoldError as error:
        return fail(str(error))
    if problems:
        sys.stderr.write(as_text(problems, len(files)))
        return FINDINGS
    return reports


def _add_hydrate(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "hydrate",
        help="restore the texts of a release's stand-off articles",
        description="Write to DIR the RELEASE with every stand-off article restored whose text is in FOLDER, under "
        "whatever name, or can be fetched from its public source. A text counts only with the right SHA-256; of one "
        "that nearly matches it is said what differs. Exit status: 0 all restored, 1 some not, 2 could not run.",
    )
    command.add_argument("release", type=Path, metavar="RELEASE")
    command.add_argument("--out", type=Path, metavar="DIR", required=True)
    command.add_argument("--texts", type=Path, metavar="FOLDER")
    command.add_argument("--download", action="store_true", help="fetch the texts that are public")
    command.add_argument("--repair", action="store_true", help="undo reversible changes of texts that nearly match")
    command.set_defaults(run=_hydrate)


def _hydrate(options: argparse.Namespace) -> int:
    from wirecopy.hydrate import hydrate
    from wirecopy.report import as_text

    if options.texts is not None and not options.texts.is_dir():
        return fail(f"{options.texts}: no such folder")
    if options.texts is None and not options.download:
        return fail("say where the texts come from: --texts FOLDER, --download, or both")
    result, n_standoff = hydrate(options.release, options.out, options.texts, options.download, options.repair)
    for note in result.notes:
        print(note, file=sys.stderr)
    if result.problems:
        sys.stdout.write(as_text(result.problems, n_standoff))
    written = f", written to {options.out}" if result.articles else ", nothing written"
    print(f"{len(result.articles)} of {n_standoff} stand-off articles restored{written}")
    return FINDINGS if result.problems else CLEAN


def _add_info(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "info",
        help="print what a release is, and verify it",
        description="Print name, version, source and tables of the release in DIR, and hold every file, row and label "
        "against its checksums, manifest and card; with --record, against the record of releases too. Exit status: "
        "0 all as it should be, 1 something is not, 2 could not run.",
    )
    command.add_argument("release", type=Path, metavar="DIR")
    command.add_argument("--record", type=Path, metavar="FOLDER", help="the committed record, releases/ of a checkout")
    command.set_defaults(run=_info)


def _info(options: argparse.Namespace) -> int:
    from wirecopy.history import HistoryError
    from wirecopy.report import as_text
    from wirecopy.verify import describe, verify_recorded

    try:
        manifest, problems = verify_recorded(options.release, options.record)
    except HistoryError as error:
        return fail(str(error))
    if manifest is not None:
        sys.stdout.write(describe(manifest) + "\n")
    n_files = sum(path.is_file() for path in options.release.rglob("*"))
    sys.stdout.write(as_text(problems, n_files))
    return FINDINGS if problems else CLEAN


if __name__ == "__main__":
    sys.exit(main())
