"""Publishing, for real: `huggingface_hub` and `datasets` against a Hub on the loopback, and plain folders."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys

import datasets
import pytest

from hub import TOKEN, Repo, serving
from trials import FERRY

REPO = "org/wirecopy"
FRIDAYS = {"0.1.0": "2024-04-19", "0.1.1": "2024-04-26"}
"""What 0.1.1 corrected."""


@pytest.fixture
def hub():
    with serving() as served:
        yield served


@pytest.fixture
def publish(hub, history, tmp_path):
    """Publish a version of the trial history to the Hub, in a process and a cache of its own."""

    def run(version, *options, **variables):
        command = ["scripts/publish.py", "--repo", REPO, "--release", f"dist/{version}", *options]
        return history.run(*command, **{**environment(hub, tmp_path), **variables})

    return run


@pytest.fixture(scope="module")
def repo_of_both(history, tmp_path_factory):
    """The repository and the large objects of a Hub to which both versions were published."""
    with serving() as hub:
        for version in FRIDAYS:
            command = ["scripts/publish.py", "--repo", REPO, "--release", f"dist/{version}"]
            done = history.run(*command, **environment(hub, tmp_path_factory.mktemp("home")))
            assert done.returncode == 0, done.stderr
        return hub.repos[REPO], hub.objects


@pytest.fixture
def both(hub, repo_of_both):
    """A Hub of its own for a test, with both versions."""
    hub.repos[REPO], hub.objects = copy.deepcopy(repo_of_both)
    return hub


def environment(hub, tmp_path, name="home"):
    return {
        "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / name),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }  # fmt: skip


def python(program, variables):
    """What a program prints, in a process of its own."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


LOAD = """
from datasets import load_dataset
for tag in TAGS:
    train = load_dataset(REPO, split="train", revision=tag)
    values = {value["text"]: value["value"] for row in train for value in row["values"]}
    print(train.info.version, values["Friday"])
"""


def test_release_is_created_uploaded_tagged_and_loaded_back(hub, publish, history):
    done = publish("0.1.0")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"published and loaded back, content as in the manifest: {REPO} at v0.1.0\n"
    steps = [line.split()[0] for line in done.stderr.splitlines() if not line.startswith("Warning")]
    assert steps == ["creating", "uploading", "tagging", "loading"]
    repo = hub.repos[REPO]
    assert len(repo.commits) == 2  # The one that creates the repository, and the release.
    tree = {path: content for path, content in repo.commits[repo.tags["v0.1.0"]].items() if path != ".gitattributes"}
    assert tree == contents(history.release("0.1.0"))


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_two_versions_stand_side_by_side_and_only_what_changed_is_uploaded(both, tmp_path):
    """The correction of a value's day is in one table alone, articles/train: the 32 others are not sent again."""
    repo = both.repos[REPO]
    first, second = (repo.commits[repo.tags[f"v{version}"]] for version in FRIDAYS)
    changed = {path for path in second if second[path] != first[path]}
    assert {path for path in changed if path.endswith(".parquet")} == {"articles/train-00000-of-00001.parquet"}
    program = LOAD.replace("TAGS", "('v0.1.0', 'v0.1.1', 'v0.1.0')").replace("REPO", repr(REPO))
    lines = python(program, environment(both, tmp_path, "reader")).splitlines()
    assert lines == [f"{version} {FRIDAYS[version]}" for version in ("0.1.0", "0.1.1", "0.1.0")]


def test_dry_run_says_what_it_would_do_and_changes_nothing(hub, publish):
    done = publish("0.1.0", "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"create the dataset repository {REPO}"
    assert lines[1].startswith("upload 42 of 42 files (")
    assert "  + manifest.json (" in done.stdout
    assert lines[-2:] == ["tag it v0.1.0", "load it back by its tag and compare content hashes"]
    assert hub.repos == {} and not hub.seen


def test_published_version_may_be_published_again_when_it_is_the_same(both, publish):
    again = publish("0.1.0")
    assert again.returncode == 0, again.stderr
    assert "nothing to upload" in again.stderr
    assert not both.seen


def test_tag_that_exists_with_other_content_is_never_overwritten(both, publish):
    repo = both.repos[REPO]
    tagged = repo.commits[repo.tags["v0.1.0"]]
    repo.tags["v0.1.0"] = repo.commit({**tagged, "LICENSE": b"another"})
    before = dict(repo.tags)
    refused = publish("0.1.0")
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"refused: {REPO} has v0.1.0 already, with other content (LICENSE)")
    assert repo.tags == before and not both.seen


def test_earlier_version_is_not_published_over_a_later(both, publish):
    del both.repos[REPO].tags["v0.1.0"]
    refused = publish("0.1.0")
    assert refused.returncode == 1
    assert "has v0.1.1 already, which is later than v0.1.0" in refused.stdout
    assert not both.seen


def test_repository_of_something_else_is_left_alone(hub, publish):
    repo = hub.repos[REPO] = Repo()
    repo.commit({"data.csv": b"1,2"})
    refused = publish("0.1.0")
    assert refused.returncode == 1
    assert "holds files and no release (data.csv)" in refused.stdout
    assert repo.commits[repo.main] == {"data.csv": b"1,2"}


@pytest.mark.parametrize("moment", ["commit", "commit-answer", "tag"])
def test_broken_publication_goes_on_where_it_ended(moment, hub, publish):
    """Before the commit, after it with the answer lost, and before the tag: no table is sent twice, and there
    is one commit of the release."""
    hub.breaks[moment] = 0
    broken = publish("0.1.0")
    assert broken.returncode == 2
    complaint = broken.stderr.splitlines()[-1]
    assert complaint.startswith("wirecopy: the connection broke (")
    assert complaint.endswith("run the same command again, what has arrived is not sent twice")
    assert hub.repos[REPO].tags == {}
    n_put = hub.seen["put"]
    assert n_put > 0
    done = publish("0.1.0")
    assert done.returncode == 0, done.stderr
    assert hub.seen["put"] == n_put
    assert list(hub.repos[REPO].tags) == ["v0.1.0"]
    assert len(hub.repos[REPO].commits) == 2


def test_connection_that_breaks_while_a_table_is_sent_is_no_matter(hub, publish):
    """The client sends that table again by itself: 33 tables, 34 requests."""
    hub.breaks["put"] = 4
    done = publish("0.1.0")
    assert done.returncode == 0, done.stderr
    assert hub.seen["put"] == sum(hub.sent.values()) + 1
    assert list(hub.repos[REPO].tags) == ["v0.1.0"]


def test_killed_upload_goes_on_where_it_ended(hub, publish, history, tmp_path):
    """The process is killed when five tables have arrived: the next run sends the others only. Tables of one content,
    as a raw and a clean view may be, are sent side by side."""
    hub.full = 5
    command = [sys.executable, "scripts/publish.py", "--repo", REPO, "--release", "dist/0.1.0"]
    variables = {**os.environ, "PYTHONPATH": str(history.folder / "src"), **environment(hub, tmp_path)}
    with subprocess.Popen(command, cwd=history.folder, env=variables, stderr=subprocess.DEVNULL) as process:
        assert hub.waiting.wait(timeout=60)
        process.kill()
    arrived = dict(hub.sent)
    assert len(arrived) == 5 and hub.repos[REPO].tags == {}
    hub.full = None
    done = publish("0.1.0")
    assert done.returncode == 0, done.stderr
    assert {oid: hub.sent[oid] for oid in arrived} == arrived
    assert len(hub.objects) > 5


def test_refused_token_is_named(publish, hub):
    refused = publish("0.1.0", HF_TOKEN="hf_bad")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == (
        "wirecopy: the Hub refuses the token (status 401); set HF_TOKEN to one that may write there"
    )
    assert hub.repos == {}


def test_hub_that_is_not_there_is_status_2(publish):
    done = publish("0.1.0", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "run the same command again" in done.stderr.splitlines()[-1]


def test_name_that_is_none_is_status_2(history, hub, tmp_path):
    command = ["scripts/publish.py", "--repo", "a/b/c", "--release", "dist/0.1.0"]
    done = history.run(*command, **environment(hub, tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("wirecopy: no name of a repository: ")


def test_unsound_release_is_not_published(hub, publish, history, tmp_path):
    release = tmp_path / "0.1.0"
    shutil.copytree(history.release("0.1.0"), release)
    (release / "LICENSE").write_text("another")
    refused = publish("0.1.0", "--release", str(release))
    assert refused.returncode == 1
    assert "error[file-changed]" in refused.stdout
    assert hub.repos == {}


def test_release_that_is_not_recorded_is_not_published(hub, publish, tmp_path):
    refused = publish("0.1.0", "--record", str(tmp_path / "releases"))
    assert refused.returncode == 1
    assert "record it first" in refused.stdout
    assert hub.repos == {}


# Plain folders


def to_folder(history, folder, version):
    return history.run("scripts/publish.py", "--folder", folder, "--release", f"dist/{version}")


def test_versions_in_a_folder_load_side_by_side(history, tmp_path):
    for version in FRIDAYS:
        done = to_folder(history, tmp_path / "public", version)
        assert done.returncode == 0, done.stderr
    for version, friday in FRIDAYS.items():
        loaded = datasets.load_dataset(str(tmp_path / "public" / version), cache_dir=str(tmp_path / "cache"))
        assert str(loaded["train"].info.version) == version
        assert friday_of(loaded["train"]) == friday


def friday_of(rows):
    article = next(row for row in rows if row["id"] == FERRY)
    return next(value["value"] for value in article["values"] if value["text"] == "Friday")


def test_version_in_a_folder_is_never_overwritten(history, tmp_path):
    assert to_folder(history, tmp_path, "0.1.0").returncode == 0
    again = to_folder(history, tmp_path, "0.1.0")
    assert again.returncode == 0 and "already there" in again.stderr
    (tmp_path / "0.1.0" / "LICENSE").write_text("another")
    refused = to_folder(history, tmp_path, "0.1.0")
    assert refused.returncode == 1
    assert "exists with other content" in refused.stdout
    assert (tmp_path / "0.1.0" / "LICENSE").read_text() == "another"


# Traps of `datasets`


def test_two_releases_in_folders_of_one_name_give_their_own_rows(history, tmp_path):
    """Path and content are not in the key of the cache, but the version and the hash of each config are."""
    for version in FRIDAYS:
        shutil.copytree(history.release(version), tmp_path / version / "wirecopy")
    for version in ("0.1.0", "0.1.1", "0.1.0"):
        loaded = datasets.load_dataset(str(tmp_path / version / "wirecopy"), cache_dir=str(tmp_path / "cache"))
        assert friday_of(loaded["train"]) == FRIDAYS[version]
        assert str(loaded["train"].info.version) == version


def test_release_written_over_another_gives_its_own_rows(history, tmp_path):
    """Also where only the rows differ and the version does not: the hash of the content is in the key."""
    place = tmp_path / "wirecopy"
    for version in ("0.1.0", "0.1.1"):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(history.release(version), place)
        card = (place / "README.md").read_text(encoding="utf-8")
        (place / "README.md").write_text(card.replace("version: 0.1.1", "version: 0.1.0"), encoding="utf-8")
        loaded = datasets.load_dataset(str(place), cache_dir=str(tmp_path / "cache"))
        assert friday_of(loaded["train"]) == FRIDAYS[version]


def test_offline_the_revision_is_ignored_and_the_version_tells(both, tmp_path):
    """Why users assert the version: offline, a pinned 0.1.0 comes as 0.1.1 when that was cached later."""
    reader = environment(both, tmp_path, "reader")
    program = LOAD.replace("REPO", repr(REPO))
    python(program.replace("TAGS", "('v0.1.0', 'v0.1.1')"), reader)
    offline = {**reader, "HF_HUB_OFFLINE": "1"}
    lines = python(program.replace("TAGS", "('v0.1.0',)"), offline).splitlines()
    assert lines == ["0.1.1 2024-04-26"]
    pinned = """
from datasets import load_dataset
from huggingface_hub import snapshot_download
folder = snapshot_download(REPO, repo_type="dataset", revision="v0.1.0")
print(load_dataset(folder, split="train").info.version)
""".replace("REPO", repr(REPO))
    assert python(pinned, reader) == "0.1.0\n"
    assert python(pinned, offline) == "0.1.0\n"
