"""What changed between two versions of the corpus, article by article and span by span.

OLD and NEW are each a release directory, a corpus folder or a checkout that holds one ("." is the
working copy), a recorded version such as 0.1.0, or any git revision. The last lines name the least
version that may be given to NEW. Exit status: 0 compared, 1 an article was lost or an id used again,
2 one of the two cannot be read.
"""

import argparse
import sys
from pathlib import Path

from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.diff import compare
from wirecopy.diffreport import FORMATS
from wirecopy.history import HistoryError, find_snapshot

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        old, new = (find_snapshot(name, options.repository) for name in (options.old, options.new))
    except HistoryError as error:
        return fail(str(error))
    diff = compare(old, new)
    sys.stdout.write(FORMATS[options.format](diff))
    return FINDINGS if diff.lost or diff.reused else CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("--format", choices=FORMATS, default="text", help="markdown is for the changelog")
    parser.add_argument("--repository", type=Path, default=ROOT, help="where versions and revisions are looked up")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
