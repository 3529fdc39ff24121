"""Trial corpora, and a checkout of the project around one, with its own history of releases."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from conftest import ROOT
from planted import base, corpus
from wirecopy.article import format_article
from wirecopy.citation import with_version
from wirecopy.files import write_atomically

DOCUMENTS = ("DATASHEET.md", "CITATION.cff", "LICENSE", "LICENSE-DATA", "constraints.txt", ".gitignore")
FERRY = "ferry-crews-vote"
FERRY_FILE = f"articles/{FERRY}.json"
RELEASED = "2026-11-22"
CHANGELOG = f"# Changelog\n\n## 0.1.0, {RELEASED}\n\nFirst release.\n"

Change = Callable[[dict[str, Any]], Any]


def trial_corpus() -> dict[str, Any]:
    """Four articles, one of them with all layers, as file contents by path."""
    files = corpus()
    files[f"articles/{FERRY}.json"] = base()
    for annotator in ("a1", "a2"):
        work = {"annotator": annotator, "date": "2026-11-22"}
        annotation = {"guidelines": "1.0.0", "status": "pass", "passes": [work], "gold": None}
        files[f"passes/{annotator}/{FERRY}.json"] = {**base(), "annotation": annotation}
    files["splits.json"]["stories"].append({"story": FERRY, "split": "train", "articles": [FERRY]})
    return files


class Checkout:
    """A git checkout of the project's code with a trial corpus: to change, build, record and diff."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("schema", "scripts", "src"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in DOCUMENTS:
            shutil.copy(ROOT / name, folder / name)
        for name, content in trial_corpus().items():
            write_atomically(folder / "corpus" / name, format_article(content))
        (folder / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
        self.set_version("0.1.0")
        self.git("init", "--quiet", "--initial-branch", "main")

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the checkout with the checkout's own code."""
        return subprocess.run(
            [sys.executable, *map(str, command)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src"), **variables},
            check=False,
        )

    def git(self, *arguments: str) -> str:
        names = {f"GIT_{who}_{what}": "trial" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-C", str(self.folder), "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **names}).stdout

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def set_version(self, version: str) -> None:
        path = self.folder / "src" / "wirecopy" / "__init__.py"
        text = re.sub(r'__version__ = "[^"]+"', f'__version__ = "{version}"', path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        cff = self.folder / "CITATION.cff"
        cff.write_text(with_version(cff.read_text(encoding="utf-8"), version, RELEASED), encoding="utf-8")

    def change(self, name: str, change: Change) -> None:
        """Change the content of a file of the corpus."""
        path = self.folder / "corpus" / name
        content = orjson.loads(path.read_bytes())
        change(content)
        write_atomically(path, format_article(content))

    def add_to_changelog(self, version: str, text: str) -> None:
        path = self.folder / "CHANGELOG.md"
        changelog = path.read_text(encoding="utf-8")
        section = f"## {version}, {RELEASED}\n\n### Data\n\n{text}\n"
        path.write_text(changelog.replace("## 0.1", f"{section}\n## 0.1", 1), encoding="utf-8")

    def build(self) -> subprocess.CompletedProcess[str]:
        return self.run("scripts/build.py")

    def release(self, version: str) -> Path:
        return self.folder / "dist" / version

    def release_and_record(self, version: str) -> None:
        """Commit what there is, build it, record it, commit the record."""
        self.commit(f"Release {version}")
        for command in (["scripts/build.py"], ["scripts/record.py", f"dist/{version}"]):
            done = self.run(*command)
            assert done.returncode == 0, done.stdout + done.stderr
        self.commit(f"Record {version}")


def changed(article: dict[str, Any], change: Change) -> dict[str, Any]:
    """A changed copy of an article."""
    article = copy.deepcopy(article)
    change(article)
    return article


def date_a_week_later(article: dict[str, Any]) -> None:
    """A correction: the value of a date."""
    article["values"][1]["value"] = "2024-04-26"


def write_of_pryce(article: dict[str, Any]) -> None:
    """A correction: what was said was written."""
    article["attributions"][1]["mode"] = "writing"


def two_versions(folder: Path) -> Checkout:
    """A checkout in which 0.1.0 and, with one correction, 0.1.1 were released and recorded."""
    checkout = Checkout(folder)
    checkout.release_and_record("0.1.0")
    checkout.change(FERRY_FILE, date_a_week_later)
    checkout.set_version("0.1.1")
    diff = checkout.run("scripts/diff.py", "0.1.0", ".", "--format", "markdown")
    assert diff.returncode == 0, diff.stderr
    checkout.add_to_changelog("0.1.1", diff.stdout)
    checkout.release_and_record("0.1.1")
    return checkout
