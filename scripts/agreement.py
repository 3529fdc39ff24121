"""Agreement of the annotators: pass with pass, and each pass with the gold, over the corpus.

By layer, by article, by label, and what was confused with what; the figures are those of the official
scorers, with chance-corrected ones where they are defined (see `wirecopy.agreement`). Articles without
a text are reported apart. Exit status: 0 computed, 1 the corpus has errors, 2 there is no corpus.
"""

import argparse
import sys
from pathlib import Path

from wirecopy.agreement import agreements
from wirecopy.agreementreport import FORMATS
from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.report import as_text
from wirecopy.validate import check_corpus

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if not (options.corpus / "articles").is_dir():
        return fail(f"{options.corpus}: no corpus there (a corpus is a folder with a folder articles/)")
    result = check_corpus(options.corpus)
    if result.errors:
        sys.stdout.write(as_text(result.errors, result.n_files))
        return FINDINGS
    reports = {kind: agreements(result.corpus, standoff=kind == "stand-off") for kind in ("written", "stand-off")}
    sys.stdout.write(FORMATS[options.format](reports))
    return CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=ROOT / "corpus")
    parser.add_argument("--format", choices=FORMATS, default="text", help="markdown is the table of the datasheet")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
