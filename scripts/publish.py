"""Publish a release: verify it, upload what changed, tag it, load it back and compare.

To a dataset repository of the Hub (--repo ORG/NAME; the token is taken from HF_TOKEN or the login) or
to a plain folder (--folder PATH, which gets a folder <version>). Only a release that is sound and
recorded is published; a published version is never overwritten; after a broken upload the same
command goes on where it ended. Exit status: 0 published, 1 refused, 2 could not run.
"""

import argparse
import sys
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

import wirecopy
from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.history import RECORD, HistoryError
from wirecopy.publish import Broken, Refused, carry_out, describe, loaded_problems, make_plan, publish_to_folder
from wirecopy.report import as_text
from wirecopy.verify import verify_recorded

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        manifest, problems = verify_recorded(options.release, options.record)
        if not problems:
            publish = to_hub if options.repo else to_folder
            problems = publish(options, manifest)
    except Refused as error:
        print(f"refused: {error}")
        return FINDINGS
    except (Broken, HistoryError) as error:
        return fail(str(error))
    if problems:
        sys.stdout.write(as_text(problems, 1))
        return FINDINGS
    return CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--repo", metavar="ORG/NAME", help="the dataset repository; it is created when missing")
    where.add_argument("--folder", type=Path, help="the folder of published releases")
    parser.add_argument("--release", type=Path, default=ROOT / "dist" / wirecopy.__version__)
    parser.add_argument("--record", type=Path, default=ROOT / RECORD, help="the committed record of releases")
    parser.add_argument("--private", action="store_true", help="create the repository as a private one")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    return parser.parse_args(arguments)


def to_hub(options: argparse.Namespace, manifest: dict) -> list:
    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi()
    plan = make_plan(api, options.repo, options.release, manifest["version"])
    if options.dry_run:
        print(describe(plan, options.release))
        return []
    if plan.tagged:
        say(describe(plan, options.release))
    carry_out(api, plan, options.release, options.private, say)
    say(f"loading {options.repo} back at {plan.tag}")
    return said(list(loaded_problems(options.repo, plan.tag, manifest)), f"{options.repo} at {plan.tag}")


def to_folder(options: argparse.Namespace, manifest: dict) -> list:
    target = options.folder / manifest["version"]
    if options.dry_run:
        print(f"{target} exists" if target.exists() else f"copy {options.release} to {target}")
        return []
    target, copied = publish_to_folder(options.release, options.folder, manifest["version"])
    say(f"{'copied to' if copied else 'already there:'} {target}; loading it back")
    return said(list(loaded_problems(str(target), None, manifest)), str(target))


def said(problems: list, where: str) -> list:
    if not problems:
        print(f"published and loaded back, content as in the manifest: {where}")
    return problems


def say(step: str) -> None:
    print(step, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
