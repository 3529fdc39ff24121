from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planted import base

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project with its Python, and extra environment variables."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, **variables},
        check=False,
    )


@pytest.fixture(scope="session")
def sound_article():
    return base()


@pytest.fixture
def article(sound_article):
    """The sound small article, free to be changed."""
    return copy.deepcopy(sound_article)


@pytest.fixture(scope="session")
def corpus_articles():
    """The gold articles of the real corpus by id."""
    from wirecopy.validate import check_corpus

    return {a["id"]: a for a in check_corpus(ROOT / "corpus").corpus.articles.values()}


@pytest.fixture(scope="session")
def written_articles(corpus_articles):
    """Those of them that have their text."""
    return {article_id: a for article_id, a in corpus_articles.items() if a["text"] is not None}


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """A release of the real corpus, built as `make release` builds it."""
    import wirecopy

    out = tmp_path_factory.mktemp("dist")
    built = run("scripts/build.py", "--out", out)
    assert built.returncode == 0, built.stdout + built.stderr
    return out / wirecopy.__version__


@pytest.fixture(scope="session")
def history(tmp_path_factory):
    """A checkout around a trial corpus in which 0.1.0 and, with one correction, 0.1.1 were released and recorded."""
    from trials import two_versions

    return two_versions(tmp_path_factory.mktemp("history"))
