"""Level 6: the corpus as a whole: file names, splits, passes, labels, near-duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from wirecopy import shape
from wirecopy.article import Article
from wirecopy.overlap import RUN_LENGTH, RunIndex, exact_runs
from wirecopy.rules.registry import rule
from wirecopy.spool import Spool

SPLITS = ("train", "validation", "test")
NEAR_DUPLICATE = 0.3
"""Share of the shorter article's runs of eight words from which two articles are near-duplicates."""


class CorpusFinding(NamedTuple):
    """A finding of a corpus rule: `path` is the file, relative to the corpus folder."""

    path: str
    pointer: str
    message: str
    hint: str


class Digest(NamedTuple):
    """What the corpus rules ask of an article.

    `place` is as of `Corpus`, `provenance` the kind. `adjudicated` tells whether somebody is named who decided the
    gold.
    """

    place: str
    id: str
    text_sha256: bytes
    status: str
    adjudicated: bool
    annotators: tuple[str, ...]
    provenance: str
    source: str | None

    @classmethod
    def of(cls, place: str, article: Article) -> Digest:
        annotation, provenance = article["annotation"], article["provenance"]
        annotators = tuple(work["annotator"] for work in annotation["passes"])
        return cls(
            place,
            article["id"],
            bytes.fromhex(article["text_sha256"]),
            annotation["status"],
            annotation["gold"] is not None,
            annotators,
            provenance["kind"],
            provenance["source"],
        )


@dataclass
class Corpus:
    """A corpus folder as read: what the rules ask of its gold and of its passes.

    A place is the path of a file relative to `folder`, in JSON Lines with the line: `articles/a.jsonl:17`.
    `articles` and `passes` hold the articles themselves, where the corpus was read to be kept; `read` reads
    the articles at some places. `splits`, `sources` and `waivers` are the parsed files of those names, or their empty
    form when the folder has none. `registered` tells whether `splits.json` exists: a folder without it is a set of
    articles on its way to becoming a corpus, and the rules on splits keep quiet.
    """

    folder: Path
    articles: dict[str, Article] = field(default_factory=dict)
    passes: dict[str, Article] = field(default_factory=dict)
    splits: dict[str, Any] = field(default_factory=lambda: {"stories": [], "withdrawn": []})
    sources: dict[str, Any] = field(default_factory=dict)
    waivers: list[dict[str, str]] = field(default_factory=list)
    registered: bool = False
    unread: frozenset[str] = frozenset()
    """Ids, as far as they can be told, of articles that are there but could not be parsed."""
    gold_digests: Spool[Digest] = field(default_factory=lambda: Spool(Digest._make))
    pass_digests: Spool[Digest] = field(default_factory=lambda: Spool(Digest._make))
    label_uses: dict[str, Counter[str]] = field(default_factory=dict)
    """How often each label of each inventory is used."""
    runs: RunIndex = field(default_factory=RunIndex)
    material: dict[str, Any] = field(default_factory=dict)
    """What the rules on originality compare, see `wirecopy.rules.originality`."""
    read: Callable[[Iterable[str]], dict[str, Article]] | None = None

    @property
    def split_of(self) -> dict[str, str]:
        """The split of each article id."""
        return {a: story["split"] for story in self.splits["stories"] for a in story["articles"]}

    def waived(self, rule_id: str) -> set[str]:
        """The subjects that a rule is waived for."""
        return {waiver["subject"] for waiver in self.waivers if waiver["rule"] == rule_id}


def file_of(place: str) -> tuple[str, int]:
    """The path and, in JSON Lines, the line of a place in a corpus; line 0 means the whole file."""
    if place.endswith(".json"):
        return place, 0
    path, _, line = place.rpartition(":")
    return path, int(line)


@rule("file-name", 6, "corpus")
def file_name(corpus: Corpus) -> Iterator[CorpusFinding]:
    """The id of an article is its file name.

    One can then find the file of a row, and no two articles have one id. A file of JSON Lines has many
    articles, and a name of its own.
    """
    for digest in chain(corpus.gold_digests, corpus.pass_digests):
        if digest.place.endswith(".json") and digest.id != (stem := PurePosixPath(digest.place).stem):
            message = f'/id is "{digest.id}" in a file named {stem}.json'
            yield CorpusFinding(digest.place, "/id", message, "rename one of the two")


@rule("article-repeated", 6, "corpus")
def article_repeated(corpus: Corpus) -> Iterator[CorpusFinding]:
    """No two articles have one id or one text.

    The same page twice counts double, and across splits it hands the test to the training.
    """
    for key in ("id", "text_sha256"):
        if _all_differ((getattr(digest, key) for digest in corpus.gold_digests), len(corpus.gold_digests)):
            continue
        first: dict[str | bytes, str] = {}
        for digest in sorted(corpus.gold_digests, key=lambda digest: file_of(digest.place)):
            found = getattr(digest, key)
            if found in first:
                shown = found if isinstance(found, str) else found.hex()
                yield CorpusFinding(
                    digest.place,
                    f"/{key}",
                    f"/{key} is that of {first[found]} too: {shown[:40]}",
                    "delete one of the two articles, or correct the id",
                )
            first.setdefault(found, digest.place)


def _all_differ(values: Iterable[str | bytes], n: int) -> bool:
    """Whether no two of `n` values surely are the same: their hashes differ, which are small."""
    hashes = np.sort(np.fromiter(map(hash, values), np.int64, n))
    return not np.any(hashes[1:] == hashes[:-1])


@rule("split-missing", 6, "corpus")
def split_missing(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Every article is in a split.

    An article in no split would be published nowhere.
    """
    if not corpus.registered:
        return
    split_of = corpus.split_of
    for digest in corpus.gold_digests:
        if digest.id not in split_of:
            yield CorpusFinding(
                digest.place,
                "/id",
                f'"{digest.id}" is in no story of splits.json',
                'add it to the story it belongs to, or add {"story": …, "split": …, "articles": '
                f'["{digest.id}"]}} to /stories',
            )


@rule("split-repeated", 6, "corpus")
def split_repeated(corpus: Corpus) -> Iterator[CorpusFinding]:
    """An article is in one story, and a story in one split.

    An article in two splits is trained on and tested on.
    """
    articles: Counter[str] = Counter()
    stories: Counter[str] = Counter()
    for i, story in enumerate(corpus.splits["stories"]):
        stories[story["story"]] += 1
        if stories[story["story"]] > 1:
            yield CorpusFinding(
                "splits.json",
                f"/stories/{i}/story",
                f'the story "{story["story"]}" is listed twice',
                "join the two entries: a story lies in one split",
            )
        for j, article_id in enumerate(story["articles"]):
            articles[article_id] += 1
            if articles[article_id] > 1:
                yield CorpusFinding(
                    "splits.json",
                    f"/stories/{i}/articles/{j}",
                    f'"{article_id}" is listed twice',
                    "keep it in one story",
                )


@rule("article-lost", 6, "corpus")
def article_lost(corpus: Corpus) -> Iterator[CorpusFinding]:
    """An article that splits.json lists has a file, unless it is listed as withdrawn.

    An id once published is never lost in silence: a withdrawn article leaves its id and the reason.
    """
    stories, withdrawals = corpus.splits["stories"], corpus.splits["withdrawn"]
    absent = {article_id for story in stories for article_id in story["articles"]} | {w["id"] for w in withdrawals}
    absent -= corpus.unread
    for digest in corpus.gold_digests:
        absent.discard(digest.id)
    for i, story in enumerate(stories):
        for j, article_id in enumerate(story["articles"]):
            if article_id in absent:
                yield CorpusFinding(
                    "splits.json",
                    f"/stories/{i}/articles/{j}",
                    f"there is no articles/{article_id}.json",
                    "restore the file, or move the id to /withdrawn with the reason",
                )
    for i, withdrawn in enumerate(withdrawals):
        if withdrawn["id"] not in absent:
            yield CorpusFinding(
                "splits.json",
                f"/withdrawn/{i}/id",
                f'"{withdrawn["id"]}" is withdrawn, but articles/{withdrawn["id"]}.json exists',
                "a withdrawn id is not used again: rename the new article",
            )


@rule("split-empty", 6, "corpus")
def split_empty(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Each of train, validation and test has articles.

    A release with an empty split cannot be loaded.
    """
    if not corpus.registered:
        return
    for split in SPLITS:
        if split not in corpus.split_of.values():
            yield CorpusFinding(
                "splits.json", "/stories", f"no article is in the split {split}", "put at least one story there"
            )


@rule("pass-missing", 6, "corpus")
def pass_missing(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Two independent passes of every gold article are in passes/<annotator>/.

    Agreement can be measured, and the gold questioned, only with the passes at hand. A corpus that a machine
    annotated has none: it says so by a waiver for "articles/*" in waivers.json, or for "articles/" and an id.
    """
    if not corpus.registered:
        return
    waived = corpus.waived("pass-missing")
    if "articles/*" in waived:
        return
    present = {(_annotator_of(digest.place), digest.id) for digest in corpus.pass_digests}
    for digest in corpus.gold_digests:
        if f"articles/{digest.id}" in waived:
            continue
        n_annotators = len(set(digest.annotators))
        if n_annotators < 2:
            yield CorpusFinding(
                digest.place,
                "/annotation/passes",
                f"/annotation/passes names {n_annotators} annotator, expected two",
                "have a second annotator make a pass, blind to the first",
            )
        for i, annotator in enumerate(digest.annotators):
            if (annotator, digest.id) not in present:
                yield CorpusFinding(
                    digest.place,
                    f"/annotation/passes/{i}/annotator",
                    f"there is no valid passes/{annotator}/{digest.id}.json",
                    "add the pass, or correct its problems",
                )


def _annotator_of(place: str) -> str:
    """Whose pass is at a place: the folder that it lies in."""
    return PurePosixPath(place).parent.name


@rule("pass-stray", 6, "corpus")
def pass_stray(corpus: Corpus) -> Iterator[CorpusFinding]:
    """A pass says whose it is, and is over the text of the gold article of its id.

    A pass over another text cannot be compared with the gold. An article may have passes before it has
    gold.
    """
    ids = {digest.id for digest in corpus.pass_digests}
    gold_texts = {digest.id: digest.text_sha256 for digest in corpus.gold_digests if digest.id in ids}
    for found in corpus.pass_digests:
        folder = _annotator_of(found.place)
        if found.status != "pass" or found.annotators != (folder,):
            yield CorpusFinding(
                found.place,
                "/annotation",
                f"/annotation does not say that this is the pass of {folder}",
                f'set status to "pass", passes to the one by "{folder}", gold to null',
            )
        if gold_texts.get(found.id, found.text_sha256) != found.text_sha256:
            yield CorpusFinding(
                found.place,
                "/text_sha256",
                "/text_sha256 differs from that of the article",
                "the pass was made on another text: run scripts/anchor.py on it with the article's text",
            )


@rule("gold-status", 6, "corpus")
def gold_status(corpus: Corpus) -> Iterator[CorpusFinding]:
    """An article in articles/ is gold and says who decided it.

    Passes live in passes/; only adjudicated annotation is published as gold.
    """
    for digest in corpus.gold_digests:
        if digest.status != "gold" or not digest.adjudicated:
            yield CorpusFinding(
                digest.place,
                "/annotation/status",
                f'/annotation has status "{digest.status}"'
                + ("" if digest.adjudicated else ", and gold, the adjudicator, is null"),
                'set status to "gold" and gold to {"annotator": …, "date": …} of who decided',
            )


@rule("source-unknown", 6, "corpus")
def source_unknown(corpus: Corpus) -> Iterator[CorpusFinding]:
    """The source of a licensed article is described in sources.json; a written one has none.

    The description tells a user where the text can be had, and under which licence.
    """
    for digest in corpus.gold_digests:
        if digest.provenance == "licensed" and digest.source not in corpus.sources:
            message = f"/provenance/source is {digest.source or 'null'}, which sources.json lacks"
        elif digest.provenance == "written" and digest.source is not None:
            message = "/provenance/source is given for a written article"
        else:
            continue
        yield CorpusFinding(
            digest.place, "/provenance/source", message, "describe the source there, or correct the key"
        )


@rule("near-duplicate", 6, "corpus")
def near_duplicate(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Articles in different splits are no near-duplicates.

    Measured as the share of the shorter article's runs of eight words, boilerplate left out, that
    the other has as well; from 0.3 on, a model is tested on what it was trained on. Runs that
    more than a thousand articles have bring no two together by themselves.
    """
    split_of = corpus.split_of
    code: dict[str | None, int] = {}
    splits = (split_of.get(digest.id) for digest in corpus.gold_digests)
    codes = np.fromiter((code.setdefault(split, len(code)) for split in splits), np.int16, len(corpus.gold_digests))
    candidates = list(corpus.runs.candidates(codes, NEAR_DUPLICATE))
    likely = {i for pair in candidates for i in pair}
    known = {i: (digest.place, split_of.get(digest.id)) for i, digest in enumerate(corpus.gold_digests) if i in likely}
    pairs = (sorted((known[i], known[j])) for i, j in candidates)
    found = []
    while some := list(islice(pairs, _PAIRS_TOGETHER)):
        read = corpus.read({place for pair in some for place, _ in pair})
        runs = {place: exact_runs(article) for place, article in read.items()}
        for (first, split), (second, _) in some:
            if (share := _share(runs[first], runs[second])) >= NEAR_DUPLICATE:
                found.append((first, second, share, split))
    for first, second, share, split in sorted(found):
        yield CorpusFinding(
            second,
            "/text",
            f"shares {share:.0%} of its runs of {RUN_LENGTH} words with {first}, which is in {split}",
            "put both into one story of splits.json",
        )


_PAIRS_TOGETHER = 1_000
"""Pairs of articles that are read and compared at once."""


def _share(runs: set, others: set) -> float:
    """The share of the smaller set of runs that the other has as well."""
    shorter = min(len(runs), len(others))
    return len(runs & others) / shorter if shorter else 0.0


USED_INVENTORIES = {
    "zone_kind": lambda a: (z["kind"] for z in a["zones"]),
    "entity_type": lambda a: (e["type"] for e in a["entities"]),
    "mention_level": lambda a: (m["level"] for e in a["entities"] for m in e["mentions"]),
    "value_type": lambda a: (v["type"] for v in a["values"]),
    "attribution_type": lambda a: (x["type"] for x in a["attributions"]),
    "attribution_mode": lambda a: (x["mode"] for x in a["attributions"]),
    "source_type": lambda a: (x["source_type"] for x in a["attributions"]),
    "event_type": lambda a: (e["type"] for e in a["events"]),
    "realis": lambda a: (e["realis"] for e in a["events"]),
    "polarity": lambda a: (e["polarity"] for e in a["events"]),
    "argument_role": lambda a: (x["role"] for e in a["events"] for x in e["arguments"]),
    "topic": lambda a: a["topics"],
}
"""The inventories whose every label the corpus is expected to use, with how an article uses them."""


def labels_used(articles: Iterable[Article]) -> dict[str, Counter[str]]:
    """How often articles use each label of each inventory."""
    counts = {inventory: Counter() for inventory in USED_INVENTORIES}
    for article in articles:
        count_labels(counts, article)
    return counts


def count_labels(counts: dict[str, Counter[str]], article: Article) -> None:
    """Add how often an article uses each label."""
    for inventory, used in USED_INVENTORIES.items():
        counts[inventory].update(used(article))


@rule("label-unused", 6, "corpus", severity="warning")
def label_unused(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Every label is used by some article, or waived in waivers.json with the reason.

    A label without an instance can be neither learnt nor tested; readers should know. A waiver for
    a label that has come into use is out of date.
    """
    if not corpus.registered:
        return
    waived = {w["subject"]: i for i, w in enumerate(corpus.waivers) if w["rule"] == "label-unused"}
    known = {f"{inventory}/{name}" for inventory in USED_INVENTORIES for name in shape.names(inventory)}
    for subject in sorted(waived.keys() - known):
        message = f"{subject} is waived, but there is no such label"
        yield CorpusFinding("waivers.json", f"/{waived[subject]}", message, "correct or delete the waiver")
    for inventory in USED_INVENTORIES:
        used = corpus.label_uses.get(inventory, Counter())
        for name in shape.names(inventory):
            subject = f"{inventory}/{name}"
            if used[name] and subject in waived:
                yield CorpusFinding(
                    "waivers.json",
                    f"/{waived[subject]}",
                    f"{subject} is waived as unused, but it is used {used[name]} times",
                    "delete the waiver",
                )
            if not used[name] and subject not in waived:
                yield CorpusFinding(
                    "waivers.json",
                    "",
                    f"no article uses {subject}",
                    f'add {{"rule": "label-unused", "subject": "{subject}", "reason": …}}, or an article',
                )
