"""Publishing a release: to a dataset repository of the Hugging Face Hub, or to a plain folder.

A version, once published, is never overwritten. What a broken upload left behind is used by the
next: files that are there are not sent again, and the tag comes last, so that a version either has
its tag and is whole, or has none. This module alone talks to the Hub, and nothing imports it but
`scripts/publish.py`.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

from wirecopy.outline import version_key
from wirecopy.problems import Problem
from wirecopy.release import file_hashes, replacing
from wirecopy.verify import loaded_differences, verify

Say = Callable[[str], None]


class Refused(Exception):
    """Publishing would break a promise; the message says which, and what to do."""


class Broken(Exception):
    """The Hub cannot be reached or does not let us in; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a release to a repository takes.

    `exists` tells whether the repository does, `parent` is the commit that it is at, `tagged`
    whether the version has its tag already; `add` and `delete` are paths.
    """

    repo: str
    tag: str
    exists: bool
    parent: str | None
    tagged: bool
    add: tuple[str, ...]
    delete: tuple[str, ...]


# The Hub


def make_plan(api: HfApi, repo: str, release: Path, version: str) -> Plan:
    """What has to be done to publish a release, read from the repository; nothing is changed.

    Raises `Refused` when the version is published with other content, or a later one is; `Broken`
    when the Hub cannot be asked.
    """
    tag = f"v{version}"
    with _hub_errors():
        try:
            refs = api.list_repo_refs(repo, repo_type="dataset")
        except RepositoryNotFoundError:
            return Plan(repo, tag, False, None, False, tuple(sorted(_files(release))), ())
        tags = {ref.name for ref in refs.tags}
        there = _remote_files(api, repo, tag if tag in tags else "main")
        parent = next((ref.target_commit for ref in refs.branches if ref.name == "main"), None)
    if there.keys() - {"README.md"} and "manifest.json" not in there:
        raise Refused(f"{repo} holds files and no release ({', '.join(sorted(there)[:5])}); name another repository")
    add, delete = _difference(release, there)
    if tag in tags and (add or delete):
        raise Refused(
            f"{repo} has {tag} already, with other content ({', '.join([*add, *delete][:5])}); "
            "a published version is never overwritten: raise the version"
        )
    newest = max((t for t in tags if _is_version_tag(t)), key=_tag_key, default=tag)
    if tag not in tags and _tag_key(newest) > _tag_key(tag):
        raise Refused(f"{repo} has {newest} already, which is later than {tag}; versions are published in order")
    return Plan(repo, tag, True, parent, tag in tags, add, delete)


def carry_out(api: HfApi, plan: Plan, release: Path, private: bool, say: Say) -> None:
    """Create the repository, upload what changed in one commit, and tag it. Raises `Broken`."""
    with _hub_errors():
        if not plan.exists:
            say(f"creating {plan.repo}")
            api.create_repo(plan.repo, repo_type="dataset", private=private, exist_ok=True)
        if plan.add or plan.delete:
            say(f"uploading {_amount(plan, release)} in one commit")
            operations = [CommitOperationAdd(name, str(release / name)) for name in plan.add]
            operations += [CommitOperationDelete(name) for name in plan.delete]
            api.create_commit(
                plan.repo,
                operations,
                commit_message=f"Release {plan.tag.removeprefix('v')}",
                repo_type="dataset",
                parent_commit=plan.parent,
            )
        if not plan.tagged:
            say(f"tagging {plan.tag}")
            commit = api.repo_info(plan.repo, repo_type="dataset", revision="main").sha
            _ensure_complete(api, plan.repo, commit, release)
            api.create_tag(plan.repo, repo_type="dataset", tag=plan.tag, revision=commit)


def _ensure_complete(api: HfApi, repo: str, commit: str, release: Path) -> None:
    """Raise `Refused` unless a commit holds the release and nothing else."""
    add, delete = _difference(release, _remote_files(api, repo, commit))
    if add or delete:
        raise Refused(
            f"{repo} was changed by somebody else meanwhile ({', '.join([*add, *delete][:5])}); run this again"
        )


def describe(plan: Plan, release: Path) -> str:
    """What a plan would do, one step a line."""
    if plan.tagged:
        return f"{plan.repo} has {plan.tag} with the same content: nothing to upload"
    steps = [] if plan.exists else [f"create the dataset repository {plan.repo}"]
    if plan.add or plan.delete:
        steps.append(f"upload {_amount(plan, release)} in one commit:")
        steps += [f"  + {name} ({(release / name).stat().st_size:,} bytes)" for name in plan.add]
        steps += [f"  - {name}" for name in plan.delete]
    return "\n".join([*steps, f"tag it {plan.tag}", "load it back by its tag and compare content hashes"])


def _amount(plan: Plan, release: Path) -> str:
    size = sum((release / name).stat().st_size for name in plan.add)
    deleted = f", deleting {len(plan.delete)}" if plan.delete else ""
    return f"{len(plan.add)} of {len(_files(release))} files ({size / 1e6:.1f} MB){deleted}"


def _files(release: Path) -> dict[str, str]:
    """The SHA-256 of every file of a release by its path."""
    return file_hashes(release)


def _remote_files(api: HfApi, repo: str, revision: str) -> dict[str, str]:
    """The hash that the Hub has of every file: of large files the SHA-256, of others git's blob id."""
    entries = api.list_repo_tree(repo, repo_type="dataset", revision=revision, recursive=True)
    files = (entry for entry in entries if hasattr(entry, "blob_id"))
    return {f.path: f.lfs.sha256 if f.lfs else f.blob_id for f in files if f.path != ".gitattributes"}


def _difference(release: Path, there: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths to add or replace, and those to delete."""
    files = _files(release)
    add = (name for name in sorted(files) if there.get(name) not in (files[name], _blob_id(release / name)))
    return tuple(add), tuple(sorted(there.keys() - files.keys()))


def _blob_id(path: Path) -> str:
    """The id that git gives a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def _is_version_tag(tag: str) -> bool:
    try:
        return tag.startswith("v") and bool(_tag_key(tag))
    except ValueError:
        return False


def _tag_key(tag: str) -> tuple[int, ...]:
    return version_key(tag.removeprefix("v"))


@contextmanager
def _hub_errors() -> Iterator[None]:
    """Turn what the Hub's library raises into `Broken` with a sentence for the reader.

    The library lets exceptions of its HTTP client through, and wraps some in plain ones, so all are
    caught here.
    """
    try:
        yield
    except (Refused, Broken):
        raise
    except HFValidationError as error:
        raise Broken(f"no name of a repository: {str(error).splitlines()[0]}") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        if status in (401, 403):
            message = f"the Hub refuses the token (status {status}); set HF_TOKEN to one that may write there"
            raise Broken(message) from error
        raise Broken(f"the Hub answered with status {status}: {str(error).splitlines()[0]}") from error
    except Exception as error:
        cause = error.__cause__ or error
        message = f"the connection broke ({type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''})"
        raise Broken(f"{message}; run the same command again, what has arrived is not sent twice") from error


# A plain folder


def publish_to_folder(release: Path, folder: Path, version: str) -> tuple[Path, bool]:
    """Copy a release to `folder`/<version>, whole or not at all.

    Returns where it is and whether it had to be copied. Raises `Refused` when that version is there
    with other content.
    """
    target = folder / version
    if target.exists():
        if file_hashes(target) != file_hashes(release):
            raise Refused(f"{target} exists with other content; a published version is never overwritten")
        return target, False
    with replacing(target) as fresh:
        for name in file_hashes(release):
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(release / name, fresh / name)
        _, problems = verify(fresh)
        if problems:
            raise Refused(f"the copy is not the release: {problems[0].message}")
    return target, True


# Loading back


def loaded_problems(source: str, revision: str | None, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """In what a published release differs from the manifest when it is loaded as users load it.

    Every config is loaded through `datasets`, with a cache of its own; `source` is a repository of
    the Hub with a revision, or a folder without one. Raises `Broken` when the Hub fails.
    """
    import datasets

    datasets.disable_progress_bars()
    hint = "do not announce this version; publish a corrected one with a higher number"
    with tempfile.TemporaryDirectory() as cache, _hub_errors() if revision else nullcontext():
        for config, described in manifest["configs"].items():
            loaded = datasets.load_dataset(source, config, revision=revision, cache_dir=cache)
            for difference in loaded_differences(config, described, loaded, manifest["version"]):
                yield Problem("published", "error", source, "", difference, hint)
