"""Versions: what a build refuses, what the record holds, what is rebuilt; on a trial corpus with a history."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from conftest import ROOT, run
from planted import small, small_pass
from trials import FERRY, FERRY_FILE, Checkout, write_of_pryce
from wirecopy import making
from wirecopy.cache import Store
from wirecopy.history import HistoryError, find_snapshot, latest, read_record, resolve_revision, snapshot_of_revision
from wirecopy.release import tree_hash
from wirecopy.work import Workforce


@pytest.fixture
def checkout(history, tmp_path):
    """A copy of that checkout, free to be changed."""
    copy = object.__new__(Checkout)
    copy.folder = tmp_path / "checkout"
    shutil.copytree(history.folder, copy.folder, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    return copy


def add_article(checkout):
    for name, content in {
        "articles/dov.json": small("dov"),
        **{f"passes/{annotator}/dov.json": small_pass("dov", annotator) for annotator in ("a1", "a2")},
    }.items():
        path = checkout.folder / "corpus" / name
        path.write_text("{}")
        checkout.change(name, lambda found, content=content: found.update(content))
    story = {"story": "dov-vote", "split": "train", "articles": ["dov"]}
    checkout.change("splits.json", lambda splits: splits["stories"].append(story))


def withdraw_article(checkout):
    for name in ("articles/tarn.json", "passes/a1/tarn.json", "passes/a2/tarn.json"):
        (checkout.folder / "corpus" / name).unlink()
    tombstone = {"id": "tarn", "version": "0.2.0", "reason": "a copy"}

    def change(splits):
        splits["stories"] = [story for story in splits["stories"] if story["articles"] != ["tarn"]]
        splits["withdrawn"].append(tombstone)

    checkout.change("splits.json", change)


def lose_article(checkout):
    withdraw_article(checkout)
    checkout.change("splits.json", lambda splits: splits["withdrawn"].clear())


def move_article(checkout):
    checkout.change("splits.json", lambda splits: splits["stories"][0].update(split="test"))


def correct_article(checkout):
    checkout.change(FERRY_FILE, write_of_pryce)


def change_labels(checkout, change):
    path = checkout.folder / "schema" / "labels.json"
    labels = json.loads(path.read_text(encoding="utf-8"))
    change(labels["inventories"]["zone_kind"]["labels"])
    path.write_text(json.dumps(labels), encoding="utf-8")
    schema = (checkout.folder / "schema" / "article.schema.json").read_text(encoding="utf-8")
    schema = json.loads(schema)
    schema["$defs"]["zone"]["properties"]["kind"]["enum"] = [
        label["name"] for label in labels["inventories"]["zone_kind"]["labels"]
    ]
    (checkout.folder / "schema" / "article.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    init = checkout.folder / "src" / "wirecopy" / "__init__.py"
    init.write_text(init.read_text(encoding="utf-8").replace("SCHEMA_REVISION = 1", "SCHEMA_REVISION = 2"), "utf-8")


def new_label_last(checkout):
    change_labels(checkout, lambda labels: labels.append({**labels[-1], "name": "sitemap"}))


def new_label_first(checkout):
    change_labels(checkout, lambda labels: labels.insert(0, {**labels[-1], "name": "sitemap"}))


REFUSALS = {
    "correction": (correct_article, "0.1.1", "0.1.2", f"the record of article {FERRY} is corrected"),
    "addition": (add_article, "0.1.2", "0.2.0", "article dov is added"),
    "withdrawal": (withdraw_article, "0.1.2", "0.2.0", "article tarn is withdrawn"),
    "new label at the end": (new_label_last, "0.1.2", "0.2.0", "zone_kind has new labels at its end: sitemap"),
    "new label in front": (new_label_first, "0.2.0", "1.0.0", "zone_kind: code 0 was headline and is sitemap"),
    "another split": (move_article, "0.2.0", "1.0.0", "article tarn moved from train to test"),
}
"""A change, a version that says too little, the least that does not, and the reason that is told."""


@pytest.mark.parametrize("name", REFUSALS)
def test_version_that_says_less_than_changed_is_refused_and_the_least_is_built(name, checkout):
    change, too_low, least, reason = REFUSALS[name]
    change(checkout)
    checkout.set_version(too_low)
    refused = checkout.build()
    assert refused.returncode == 1, refused.stderr
    assert f"error[version-too-low]: the version is {too_low}" in refused.stdout
    assert reason in refused.stdout
    assert f"set it to {least} or above" in refused.stdout
    assert not checkout.release(too_low).exists()
    checkout.set_version(least)
    built = checkout.build()
    assert built.returncode == 0, built.stdout + built.stderr


def test_unchanged_corpus_may_be_built_again_under_its_version(checkout):
    assert checkout.build().returncode == 0


def test_version_below_the_recorded_one_is_refused(checkout):
    checkout.set_version("0.1.0")
    refused = checkout.build()
    assert refused.returncode == 1
    assert "the version is 0.1.0, and 0.1.1 is recorded already" in refused.stdout


def test_article_lost_without_a_tombstone_is_refused_under_any_version(checkout):
    lose_article(checkout)
    checkout.set_version("9.0.0")
    refused = checkout.build()
    assert refused.returncode == 1
    assert "tarn was published in 0.1.1 and is gone without a tombstone" in refused.stdout


def test_changed_labels_ask_for_a_new_schema_revision(checkout):
    new_label_last(checkout)
    init = checkout.folder / "src" / "wirecopy" / "__init__.py"
    init.write_text(init.read_text(encoding="utf-8").replace("SCHEMA_REVISION = 2", "SCHEMA_REVISION = 1"), "utf-8")
    checkout.set_version("0.2.0")
    refused = checkout.build()
    assert refused.returncode == 1
    assert "set SCHEMA_REVISION to 2" in refused.stdout


def test_correction_that_returns_to_its_old_value_is_refused(checkout):
    checkout.change(FERRY_FILE, lambda article: article["values"][1].update(value="2024-04-19"))
    checkout.set_version("0.1.2")
    refused = checkout.build()
    assert refused.returncode == 1
    assert "error[correction-undone]: a correction of 0.1.1 is undone" in refused.stdout
    assert '"Friday" DATE 2024-04-19 → [80:86] "Friday" DATE 2024-04-26' in refused.stdout


def test_what_is_kept_from_a_build_hides_no_undone_correction(checkout):
    assert checkout.run("scripts/build.py", "--cache", "kept").returncode == 0
    checkout.change(FERRY_FILE, lambda article: article["values"][1].update(value="2024-04-19"))
    checkout.set_version("0.1.2")
    for _ in range(2):
        refused = checkout.run("scripts/build.py", "--cache", "kept")
        assert refused.returncode == 1
        assert "error[correction-undone]" in refused.stdout


def test_what_was_looked_at_for_undone_corrections_is_not_read_again_unless_it_changed_meanwhile(
    checkout, tmp_path, monkeypatch
):
    looked_at = []
    monkeypatch.setattr(making, "undone_problems", lambda _, articles: looked_at.append([*articles]) or [])
    order = making.Order(checkout.folder / "corpus", tmp_path / "out", checkout.folder, None, "Trial", "1.0.0")

    def make():
        making.make(order, ["articles"], Workforce(), Store(tmp_path / "kept"), iter)
        return looked_at.pop()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(making, "gold_hash", lambda _: "of what somebody wrote")
        assert make() == [FERRY]
    assert make() == [FERRY]
    assert make() == []


def test_unlisted_correction_is_not_recorded(checkout):
    correct_article(checkout)
    checkout.set_version("0.1.2")
    checkout.add_to_changelog("0.1.2", "Corrections.")
    checkout.commit("Release 0.1.2")
    assert checkout.build().returncode == 0
    refused = checkout.run("scripts/record.py", "dist/0.1.2")
    assert refused.returncode == 1
    assert "does not list: ferry-crews-vote attributions relabelled: " in refused.stdout
    assert not (checkout.folder / "releases" / "0.1.2.json").exists()


def test_recorded_version_is_not_recorded_again(checkout):
    assert checkout.build().returncode == 0
    refused = checkout.run("scripts/record.py", "dist/0.1.1")
    assert refused.returncode == 1
    assert "0.1.1 is recorded already" in refused.stdout


def test_release_of_a_changed_working_copy_is_not_recorded(checkout):
    correct_article(checkout)
    checkout.set_version("0.1.2")
    assert checkout.build().returncode == 0
    refused = checkout.run("scripts/record.py", "dist/0.1.2")
    assert refused.returncode == 1
    assert "the working copy differs from its revision" in refused.stdout


def test_first_version_is_built_with_nothing_recorded(tmp_path):
    checkout = Checkout(tmp_path)
    assert read_record(tmp_path / "releases") == {}
    assert latest({}) is None
    assert checkout.build().returncode == 0


# The record and reproduction


def test_record_names_version_day_revision_and_content(history):
    record = read_record(history.folder / "releases")
    assert list(record) == ["0.1.0", "0.1.1"]
    entry = record["0.1.0"]
    assert entry["date"] == "2026-11-22"
    assert history.git("log", "-1", "--format=%s", entry["revision"]).strip() == "Release 0.1.0"
    manifest = json.loads((history.release("0.1.0") / "manifest.json").read_text())
    assert entry["configs"] == manifest["configs"]


def test_commit_that_touches_neither_corpus_nor_schema_changes_nothing(checkout, history):
    (checkout.folder / "NOTES.md").write_text("A note.\n")
    checkout.commit("A note")
    assert checkout.build().returncode == 0
    for path in sorted(history.release("0.1.1").rglob("*")):
        if path.is_file():
            other = checkout.release("0.1.1") / path.relative_to(history.release("0.1.1"))
            assert other.read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("version", ["0.1.0", "0.1.1"])
def test_recorded_version_is_rebuilt_bit_for_bit(version, history):
    done = history.run("scripts/reproduce.py", version)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(rf"{version} at [0-9a-f]{{12}}: the same, bit for bit", done.stdout.splitlines()[-1])


def test_rebuilt_version_that_differs_from_its_record_is_told(checkout):
    path = checkout.folder / "releases" / "0.1.0.json"
    entry = json.loads(path.read_text())
    entry["configs"]["ner"]["splits"]["train"]["content_sha256"] = "0" * 64
    path.write_text(json.dumps(entry))
    done = checkout.run("scripts/reproduce.py", "0.1.0")
    assert done.returncode == 1
    assert "ner/train: " in done.stdout and "0.1.0 at " in done.stdout


@pytest.mark.parametrize("command", [["reproduce.py", "0.9.9"], ["diff.py", "0.9.9", "."], ["diff.py", ".", "nothing"]])
def test_what_is_not_there_is_status_2_in_one_line(command, history):
    done = history.run(f"scripts/{command[0]}", *command[1:])
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("wirecopy: ")


def test_spoilt_record_is_named(checkout):
    (checkout.folder / "releases" / "0.1.0.json").write_text("{")
    done = checkout.build()
    assert done.returncode == 2
    assert "0.1.0.json: no JSON" in done.stderr


def test_every_recorded_revision_holds_the_corpus_that_was_recorded():
    """The record of this repository, where git has the revisions; with nothing recorded, nothing is asked."""
    for version, entry in read_record(ROOT / "releases").items():
        try:
            resolve_revision(ROOT, entry["revision"])
        except HistoryError:
            continue  # A shallow clone.
        found = snapshot_of_revision(ROOT, entry["revision"], version)
        assert found.version == version
        assert found.outline["articles"] == entry["articles"]


# The same difference from everywhere


def test_folders_revisions_versions_and_releases_give_one_difference(history):
    """What 0.1.1 corrected, asked for in four ways."""
    first, second = (entry["revision"] for entry in read_record(history.folder / "releases").values())
    answers = [
        json.loads(history.run("scripts/diff.py", old, new, "--format", "json").stdout)
        for old, new in (("0.1.0", "0.1.1"), (first, second), ("0.1.0", "."), ("dist/0.1.0", "dist/0.1.1"))
    ]
    for answer in answers:
        assert answer["changes"] == answers[0]["changes"]
        assert (answer["least_bump"], answer["least_version"]) == ("patch", "0.1.1")
    assert answers[0]["changes"] == [
        {
            "article": FERRY,
            "layer": "values",
            "kind": "relabelled",
            "old": '[80:86] "Friday" DATE 2024-04-19',
            "new": '[80:86] "Friday" DATE 2024-04-26',
        }
    ]


def test_snapshot_of_a_release_is_that_of_its_revision(history):
    of_release = find_snapshot(str(history.release("0.1.0")), history.folder)
    of_revision = find_snapshot("0.1.0", history.folder)
    assert of_release.articles == of_revision.articles
    for key in ("articles", "withdrawn", "labels", "fields"):
        assert of_release.outline[key] == of_revision.outline[key]


def test_manifest_has_the_version_and_the_revisions_beside_it(history):
    manifest = json.loads((history.release("0.1.1") / "manifest.json").read_text())
    assert manifest["version"] == "0.1.1"
    assert manifest["revisions"] == {
        "data": tree_hash(history.folder / "corpus")[:12],
        "schema": 1,
        "guidelines": None,
        "scorer": 1,
        "library": "0.1.1",
    }


def test_help_of_every_script_says_what_its_status_means():
    for name in ("build", "diff", "publish", "record", "reproduce"):
        told = run(f"scripts/{name}.py", "--help")
        assert told.returncode == 0
        assert "Exit status" in " ".join(told.stdout.split())
