"""The gold that predictions are scored against: articles of one split, in the raw or clean view."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import orjson

from wirecopy import shape
from wirecopy.article import Article, shards_hash
from wirecopy.scoring.matching import TokenMap
from wirecopy.views import OffsetMap, clean_text, clean_view

SPLITS = ("train", "validation", "test")
VIEWS = ("raw", "clean")
_FAR = (("touching", 1), ("2 to 99", 99), ("100 to 499", 499))


class GoldError(Exception):
    """The gold cannot be read or is not what it says; the message is for the reader."""


@dataclass(frozen=True)
class Gold:
    """The articles of a split, and where they are from.

    `elsewhere` tells for ids of other splits where they are.
    """

    articles: Sequence[Article]
    split: str = "none"
    version: str = "none"
    elsewhere: dict[str, str] = field(default_factory=dict)

    @cached_property
    def data(self) -> str:
        """Version and content, for signatures: the version and eight digits of the content hash."""
        return f"{self.version}+{content_hash(self.articles)[:8]}"


def content_hash(articles: Sequence[Article]) -> str:
    """SHA-256 of the articles as canonical JSON lines in the order of their ids.

    The same as the manifest of a release gives for a split of the config `articles`.
    """
    digest = hashlib.sha256()
    for article in sorted(articles, key=lambda article: article["id"]):
        digest.update(orjson.dumps(article, option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()


def read_gold(release: Path, split: str) -> Gold:
    """The gold of a split (`train`, `validation`, `test`, or `all`) from a release directory.

    Reads the Parquet files of the config `articles` with pyarrow alone. Stand-off articles
    whose text was not restored are not in it. Raises `GoldError` when the release lacks the split, or holds other
    articles than its manifest says.
    """
    manifest_path = release / "manifest.json"
    if not manifest_path.is_file():
        message = f"{release}: no release there (a release is a folder with a manifest.json)"
        raise GoldError(f"{message}; build one or name another with --release")
    try:
        manifest = orjson.loads(manifest_path.read_bytes())
        version, described = manifest["version"], manifest["configs"]["articles"]["splits"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise GoldError(f"{manifest_path}: not the manifest of a release; get the release anew") from error
    if split != "all" and split not in described:
        raise GoldError(f'{release}: no split "{split}"; it has {", ".join(described)}')
    by_split = {name: _read_split(release, name, described[name]) for name in described}
    articles, elsewhere = [], {}
    for name, part in by_split.items():
        for article in part:
            if split not in ("all", name):
                elsewhere[article["id"]] = f"is in the split {name}, not in {split}"
            else:
                articles.append(article)
    return Gold(sorted(articles, key=lambda a: a["id"]), split, version, elsewhere)


def _read_split(release: Path, split: str, described: dict) -> list[Article]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted((release / "articles").glob(f"{split}-*.parquet"))
    try:
        shards = [pq.read_table(path).to_pylist() for path in files]
    except (pa.ArrowInvalid, OSError) as error:
        raise GoldError(f"{release}: the articles of {split} cannot be read: {str(error).splitlines()[0]}") from error
    if not shards or shards_hash([content_hash(shard) for shard in shards]) != described["content_sha256"]:
        raise GoldError(
            f"{release}: the articles of {split} are not those that manifest.json describes; get the release anew"
        )
    return [article for shard in shards for article in shard]


class GoldArticle:
    """One article of the gold in one view, with what scoring needs to look up in it."""

    def __init__(self, raw: Article, view: str) -> None:
        self.raw = raw
        self.view = view
        self.article = raw if view == "raw" else clean_view(raw)

    @property
    def text(self) -> str:
        return self.article["text"]

    @cached_property
    def tokens(self) -> TokenMap:
        return TokenMap(self.text)

    @cached_property
    def _offsets(self) -> OffsetMap:
        return clean_text(self.raw)[1]

    @cached_property
    def _boilerplate(self) -> list[tuple[int, int]]:
        return [(z["start"], z["end"]) for z in self.raw["zones"] if z["kind"] in shape.boilerplate_kinds()]

    def distance(self, start: int, end: int) -> str:
        """How far from boilerplate a stretch of the view's text lies on the page, as a group's name.

        Counted in characters of the raw text between the stretch and the nearest boilerplate; what
        one character parts, such as a line break, still touches it.
        """
        if self.view == "clean":
            pieces = self._offsets.to_raw(start, end)
            start, end = pieces[0][0], pieces[-1][1]
        if not self._boilerplate:
            return "no boilerplate"
        nearest = min(max(low - end, start - high, 0) for low, high in self._boilerplate)
        return next((name for name, most in _FAR if nearest <= most), "500 and more")
