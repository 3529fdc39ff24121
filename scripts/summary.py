"""Load every config and split of a release through `datasets`, in a fresh cache, and print a table.

Exit status: 0 everything loads with the rows and content hashes that the manifest names, 1 something
does not, 2 there is no release.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import datasets

import wirecopy
from wirecopy.cli import CLEAN, FINDINGS, fail
from wirecopy.rules.corpus import SPLITS
from wirecopy.verify import loaded_differences

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path, nargs="?", default=ROOT / "dist" / wirecopy.__version__)
    release = parser.parse_args(arguments).release
    try:
        manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror.lower()}; build the release first")
    datasets.disable_progress_bars()
    rows, differences = [], []
    with tempfile.TemporaryDirectory() as cache:
        for config, described in manifest["configs"].items():
            loaded = datasets.load_dataset(str(release), config, cache_dir=cache)
            rows.append([config, *(str(len(loaded[s])) if s in loaded else "–" for s in SPLITS), columns(loaded)])
            differences += loaded_differences(config, described, loaded, manifest["version"])
    print_table([["config", *SPLITS, "columns"], *rows])
    for difference in differences:
        print(difference)
    print(f"{release.name}: {'loaded and verified' if not differences else f'{len(differences)} differences'}")
    return FINDINGS if differences else CLEAN


def columns(loaded: datasets.DatasetDict) -> str:
    names = next(iter(loaded.values())).column_names
    return ", ".join(names) if len(names) < 9 else f"{', '.join(names[:6])}, … ({len(names)})"


def print_table(rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
