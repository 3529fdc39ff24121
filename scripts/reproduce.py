"""Rebuild a recorded release from its revision, in a clean checkout, and compare it with the record.

The checkout brings its own code. Where it pins other libraries than are installed here, it gets an
environment of its own as well. Exit status: 0 the same bit for bit, 1 it differs, 2 could not run.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.history import RECORD, HistoryError, extracted, read_record

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        record = read_record(options.repository / RECORD)
        if options.version not in record:
            return fail(f"{options.version}: not recorded; recorded are: {', '.join(record) or 'none'}")
        entry = record[options.version]
        with extracted(options.repository, entry["revision"]) as checkout:
            release = build(checkout, options.version, options.repository)
            differences = list(compare(release, entry))
    except HistoryError as error:
        return fail(str(error))
    for difference in differences:
        print(difference)
    told = "differs from the record" if differences else "the same, bit for bit"
    print(f"{options.version} at {entry['revision'][:12]}: {told}")
    return FINDINGS if differences else CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--repository", type=Path, default=ROOT, help="the checkout with the record")
    return parser.parse_args(arguments)


def build(checkout: Path, version: str, repository: Path) -> Path:
    """Build the checkout's corpus with its own code; the release directory."""
    out = checkout / "rebuilt"
    build_script = checkout / "scripts" / "build.py"
    print(f"building {version} in a clean checkout", file=sys.stderr)
    command = [python_for(checkout, repository), str(build_script), "--out", str(out)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(checkout / "src")}, check=False)
    if done.returncode:
        raise HistoryError(f"{version}: the build of its revision ended with status {done.returncode}, see above")
    return out / version


def python_for(checkout: Path, repository: Path) -> str:
    """The interpreter to build with: this one where the pins are the same, or one made for the checkout."""
    pins = [(folder / "constraints.txt") for folder in (checkout, repository)]
    if not pins[0].is_file() or pins[0].read_bytes() == pins[1].read_bytes():
        return sys.executable
    print("the revision pins other libraries: making an environment for it", file=sys.stderr)
    done = subprocess.run(["make", "-C", str(checkout), "environment"], check=False, stdout=sys.stderr)
    if done.returncode:
        raise HistoryError("the environment of the revision could not be made, see above")
    return str(checkout / ".venv" / "bin" / "python")


def compare(release: Path, entry: dict) -> Iterator[str]:
    """In what a rebuilt release differs from the recorded one."""
    manifest = orjson.loads((release / "manifest.json").read_bytes())
    for config in sorted(manifest["configs"].keys() | entry["configs"].keys()):
        found, recorded = (m["configs"].get(config, {}).get("splits", {}) for m in (manifest, entry))
        for split in sorted(found.keys() | recorded.keys()):
            if found.get(split) != recorded.get(split):
                yield f"{config}/{split}: {found.get(split)}, recorded {recorded.get(split)}"
    if hashlib.sha256((release / "SHA256SUMS").read_bytes()).hexdigest() != entry["sha256sums_sha256"]:
        built, recorded = manifest["built_with"], entry["built_with"]
        cause = "the same libraries" if built == recorded else f"{built}, recorded {recorded}"
        yield f"the files are not the same byte for byte (built with {cause})"


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
