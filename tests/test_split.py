"""Splits of new stories: whole, stratified, the same every time, and never those of old ones."""

from __future__ import annotations

import json

import pytest

from conftest import run
from planted import small
from wirecopy.article import format_article
from wirecopy.files import write_atomically

PLACED = [{"story": "old", "split": "validation", "articles": ["old"]}]


@pytest.fixture
def corpus(tmp_path):
    """Twenty new articles of two topics by two publishers, in nineteen stories, one old article, and one
    that is stand-off."""
    stories = {"s00": ["n00", "n01"], **{f"s{i:02}": [f"n{i:02}"] for i in range(2, 20)}}
    for i in range(20):
        topics = ["labour"] if i < 10 else ["sport"]
        article = {**small(f"n{i:02}"), "topics": topics, "publisher": "A Post" if i % 5 else "A Courier"}
        write_atomically(tmp_path / "articles" / f"n{i:02}.json", format_article(article))
    write_atomically(tmp_path / "articles" / "old.json", format_article(small("old")))
    write_atomically(tmp_path / "articles" / "far.json", format_article({**small("far"), "text": None}))
    write_atomically(tmp_path / "splits.json", format_article({"stories": PLACED, "withdrawn": []}))
    write_atomically(tmp_path / "stories.json", json.dumps({**stories, "far": ["far"]}).encode())
    return tmp_path


def split(corpus, *more):
    done = run("scripts/split.py", corpus / "stories.json", "--corpus", corpus, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((corpus / "splits.json").read_text())["stories"], done.stdout


def test_topics_are_spread_as_the_shares_ask(corpus):
    """Ten articles of sport: 6, 2 and 2. Of labour ten and the old one in validation: 6.6, 2.2, 2.2."""
    stories, printed = split(corpus)
    rows = {line[:13].strip(): line.split()[-3:] for line in printed.splitlines()}
    assert rows["topic sport"] == ["6", "2", "2"]
    assert rows["topic labour"] == ["7", "2", "2"]
    assert rows["articles"] == ["13", "4", "4"]
    assert stories[0] == PLACED[0]


def test_stories_stay_whole_and_every_run_gives_the_same(corpus):
    stories, _ = split(corpus)
    assert ["n00", "n01"] in [story["articles"] for story in stories]
    write_atomically(corpus / "splits.json", format_article({"stories": PLACED, "withdrawn": []}))
    assert split(corpus)[0] == stories


def test_a_publisher_can_be_kept_for_the_test(corpus):
    stories, _ = split(corpus, "--only-test", "A Courier")
    couriers = {f"n{i:02}" for i in range(0, 20, 5)}
    assert {s["split"] for s in stories if couriers & set(s["articles"])} == {"test"}


def test_old_stories_placed_articles_and_unknown_ones_are_refused_all_at_once(corpus):
    before = (corpus / "splits.json").read_bytes()
    (corpus / "stories.json").write_text('{"old": ["n00"], "new": ["old", "nowhere"]}')
    done = run("scripts/split.py", corpus / "stories.json", "--corpus", corpus)
    assert done.returncode == 1
    for told in ('story "old" has a split', '"old" of the story "new" has a split', "no articles/nowhere.json"):
        assert told in done.stdout
    assert (corpus / "splits.json").read_bytes() == before


def test_what_cannot_be_read_ends_in_a_line(corpus):
    (corpus / "stories.json").write_text("[")
    done = run("scripts/split.py", corpus / "stories.json", "--corpus", corpus)
    assert done.returncode == 2 and "stories.json:1:2: not JSON" in done.stderr and "Traceback" not in done.stderr
