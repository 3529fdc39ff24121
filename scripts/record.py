"""Add a built release to the record of releases, releases/<version>.json, to be committed.

The release must have been built from the revision that is checked out: the working copy must be
clean, the release sound, its corpus and schema those of the revision, its version at least what the
data rules ask for, and every correction since the last recorded release listed in CHANGELOG.md. A
version that is recorded already is never changed. Exit status: 0 recorded, 1 refused, 2 could not run.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import orjson

import wirecopy
from wirecopy.changelog import ChangelogError
from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.diff import compare
from wirecopy.files import write_atomically
from wirecopy.history import (
    RECORD,
    HistoryError,
    git,
    latest,
    read_record,
    snapshot_of_folder,
    snapshot_of_revision,
)
from wirecopy.problems import Problem
from wirecopy.promises import undone_problems, unlisted_problems, version_problems
from wirecopy.release import tree_hash
from wirecopy.report import as_text
from wirecopy.verify import verify

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    release, repository = options.release, options.repository
    try:
        manifest, problems = verify(release)
        if not problems:
            problems = [*state_problems(manifest, repository), *promise_problems(manifest, repository)]
        if problems:
            sys.stdout.write(as_text(problems, 1))
            return FINDINGS
        revision = git(repository, "rev-parse", "HEAD").strip()
    except (HistoryError, ChangelogError) as error:
        return fail(str(error))
    sums = hashlib.sha256((release / "SHA256SUMS").read_bytes()).hexdigest()
    entry = {**manifest, "date": manifest["released"], "revision": revision, "sha256sums_sha256": sums}
    path = repository / RECORD / f"{manifest['version']}.json"
    write_atomically(path, orjson.dumps(entry, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    print(f"{path.relative_to(repository)}: recorded {manifest['version']} at {revision[:12]}; now commit it")
    return CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path, nargs="?", default=ROOT / "dist" / wirecopy.__version__)
    parser.add_argument("--repository", type=Path, default=ROOT, help="the checkout that was built")
    return parser.parse_args(arguments)


def state_problems(manifest: dict, repository: Path) -> list[Problem]:
    """In what the checkout is not the one that the release can be rebuilt from."""
    problems = []
    if changed := git(repository, "status", "--porcelain").splitlines():
        message = f"the working copy differs from its revision: {', '.join(line[3:] for line in changed[:5])}"
        problems.append(problem("worktree", repository, message, "commit or undo that, then build again"))
    for tree in ("corpus", "schema"):
        if tree_hash(repository / tree) != manifest["source"][f"{tree}_sha256"]:
            message = f"the release was built from another {tree}/ than the one checked out"
            problems.append(problem("source", repository / tree, message, "build the release again: make release"))
    return problems


def promise_problems(manifest: dict, repository: Path) -> list[Problem]:
    """What the recorded releases and the changelog have against this one."""
    record = read_record(repository / RECORD)
    version = manifest["version"]
    if version in record:
        message = f"{version} is recorded already, at {record[version]['revision'][:12]}"
        return [problem("recorded", repository / RECORD / f"{version}.json", message, "give the release a new version")]
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    new = snapshot_of_folder(repository, version)
    found = [*version_problems(manifest, latest(record)), *undone_problems(changelog, new.articles)]
    if previous := latest(record):
        old = snapshot_of_revision(repository, previous["revision"], previous["version"])
        found += unlisted_problems(changelog, version, compare(old, new).changes)
    return found


def problem(rule: str, path: Path, message: str, hint: str) -> Problem:
    return Problem(rule, "error", path.as_posix(), "", message, hint)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
