"""Level 6: the corpus as a whole: file names, splits, passes, labels, near-duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from wirecopy import shape
from wirecopy.article import Article
from wirecopy.rules.registry import rule

SPLITS = ("train", "validation", "test")
NEAR_DUPLICATE = 0.3
"""Share of the shorter article's runs of eight words from which two articles are near-duplicates."""
RUN_LENGTH = 8


class CorpusFinding(NamedTuple):
    """A finding of a corpus rule: `path` is the file, relative to the corpus folder."""

    path: str
    pointer: str
    message: str
    hint: str


@dataclass
class Corpus:
    """A corpus folder as read: `articles` and `passes` by path relative to `folder`.

    `splits`, `sources` and `waivers` are the parsed files of those names, or their empty form
    when the folder has none. `registered` tells whether `splits.json` exists: a folder without it
    is a set of articles on its way to becoming a corpus, and the rules on splits keep quiet.
    """

    folder: Path
    articles: dict[str, Article] = field(default_factory=dict)
    passes: dict[str, Article] = field(default_factory=dict)
    splits: dict[str, Any] = field(default_factory=lambda: {"stories": [], "withdrawn": []})
    sources: dict[str, Any] = field(default_factory=dict)
    waivers: list[dict[str, str]] = field(default_factory=list)
    registered: bool = False
    unread: frozenset[str] = frozenset()
    """Paths of articles that have a file but could not be parsed."""

    @property
    def split_of(self) -> dict[str, str]:
        """The split of each article id."""
        return {a: story["split"] for story in self.splits["stories"] for a in story["articles"]}


@rule("file-name", 6, "corpus")
def file_name(corpus: Corpus) -> Iterator[CorpusFinding]:
    """The id of an article is its file name.

    One can then find the file of a row, and no two articles have one id.
    """
    for path, article in {**corpus.articles, **corpus.passes}.items():
        stem = Path(path).stem
        if article["id"] != stem:
            yield CorpusFinding(
                path, "/id", f'/id is "{article["id"]}" in a file named {stem}.json', "rename one of the two"
            )


@rule("article-repeated", 6, "corpus")
def article_repeated(corpus: Corpus) -> Iterator[CorpusFinding]:
    """No two articles have one id or one text.

    The same page twice counts double, and across splits it hands the test to the training.
    """
    for key in ("id", "text_sha256"):
        first: dict[str, str] = {}
        for path, article in corpus.articles.items():
            if article[key] in first:
                yield CorpusFinding(
                    path,
                    f"/{key}",
                    f"/{key} is that of {first[article[key]]} too: {article[key][:40]}",
                    "delete one of the two articles, or correct the id",
                )
            first.setdefault(article[key], path)


@rule("split-missing", 6, "corpus")
def split_missing(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Every article is in a split.

    An article in no split would be published nowhere.
    """
    if not corpus.registered:
        return
    split_of = corpus.split_of
    for path, article in corpus.articles.items():
        if article["id"] not in split_of:
            yield CorpusFinding(
                path,
                "/id",
                f'"{article["id"]}" is in no story of splits.json',
                'add it to the story it belongs to, or add {"story": …, "split": …, "articles": '
                f'["{article["id"]}"]}} to /stories',
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
    present = {article["id"] for article in corpus.articles.values()}
    present |= {Path(path).stem for path in corpus.unread if path.startswith("articles/")}
    for i, story in enumerate(corpus.splits["stories"]):
        for j, article_id in enumerate(story["articles"]):
            if article_id not in present:
                yield CorpusFinding(
                    "splits.json",
                    f"/stories/{i}/articles/{j}",
                    f"there is no articles/{article_id}.json",
                    "restore the file, or move the id to /withdrawn with the reason",
                )
    for i, withdrawn in enumerate(corpus.splits["withdrawn"]):
        if withdrawn["id"] in present:
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

    Agreement can be measured, and the gold questioned, only with the passes at hand.
    """
    if not corpus.registered:
        return
    for path, article in corpus.articles.items():
        annotators = [work["annotator"] for work in article["annotation"]["passes"]]
        if len(set(annotators)) < 2:
            yield CorpusFinding(
                path,
                "/annotation/passes",
                f"/annotation/passes names {len(set(annotators))} annotator, expected two",
                "have a second annotator make a pass, blind to the first",
            )
        for i, annotator in enumerate(annotators):
            if f"passes/{annotator}/{article['id']}.json" not in corpus.passes:
                yield CorpusFinding(
                    path,
                    f"/annotation/passes/{i}/annotator",
                    f"there is no valid passes/{annotator}/{article['id']}.json",
                    "add the pass, or correct its problems",
                )


@rule("pass-stray", 6, "corpus")
def pass_stray(corpus: Corpus) -> Iterator[CorpusFinding]:
    """A pass says whose it is, and is over the text of the gold article of its id.

    A pass over another text cannot be compared with the gold. An article may have passes before it has
    gold.
    """
    by_id = {article["id"]: article for article in corpus.articles.values()}
    for path, found in corpus.passes.items():
        folder = Path(path).parent.name
        annotation = found["annotation"]
        gold = by_id.get(found["id"])
        if annotation["status"] != "pass" or [w["annotator"] for w in annotation["passes"]] != [folder]:
            yield CorpusFinding(
                path,
                "/annotation",
                f"/annotation does not say that this is the pass of {folder}",
                f'set status to "pass", passes to the one by "{folder}", gold to null',
            )
        if gold is None:
            continue
        if gold["text_sha256"] != found["text_sha256"]:
            yield CorpusFinding(
                path,
                "/text_sha256",
                "/text_sha256 differs from that of the article",
                "the pass was made on another text: run scripts/anchor.py on it with the article's text",
            )


@rule("gold-status", 6, "corpus")
def gold_status(corpus: Corpus) -> Iterator[CorpusFinding]:
    """An article in articles/ is gold and says who decided it.

    Passes live in passes/; only adjudicated annotation is published as gold.
    """
    for path, article in corpus.articles.items():
        annotation = article["annotation"]
        if annotation["status"] != "gold" or annotation["gold"] is None:
            yield CorpusFinding(
                path,
                "/annotation/status",
                f'/annotation has status "{annotation["status"]}"'
                + (", and gold, the adjudicator, is null" if annotation["gold"] is None else ""),
                'set status to "gold" and gold to {"annotator": …, "date": …} of who decided',
            )


@rule("source-unknown", 6, "corpus")
def source_unknown(corpus: Corpus) -> Iterator[CorpusFinding]:
    """The source of a licensed article is described in sources.json; a written one has none.

    The description tells a user where the text can be had, and under which licence.
    """
    for path, article in corpus.articles.items():
        provenance = article["provenance"]
        if provenance["kind"] == "licensed" and provenance["source"] not in corpus.sources:
            message = f"/provenance/source is {provenance['source'] or 'null'}, which sources.json lacks"
        elif provenance["kind"] == "written" and provenance["source"] is not None:
            message = "/provenance/source is given for a written article"
        else:
            continue
        yield CorpusFinding(path, "/provenance/source", message, "describe the source there, or correct the key")


@rule("near-duplicate", 6, "corpus")
def near_duplicate(corpus: Corpus) -> Iterator[CorpusFinding]:
    """Articles in different splits are no near-duplicates.

    Measured as the share of the shorter article's runs of eight words, boilerplate left out, that
    the other has as well; from 0.3 on, a model is tested on what it was trained on.
    """
    runs = {path: _runs(article) for path, article in corpus.articles.items() if article["text"]}
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(runs):
        for run in runs[path]:
            holders[run].append(path)
    shared: Counter[tuple[str, str]] = Counter()
    for paths in holders.values():
        for i, first in enumerate(paths):
            shared.update((first, second) for second in paths[i + 1 :])
    split_of_article = corpus.split_of
    split_of = {path: split_of_article.get(corpus.articles[path]["id"]) for path in runs}
    for (first, second), count in sorted(shared.items()):
        share = count / min(len(runs[first]), len(runs[second]))
        if share >= NEAR_DUPLICATE and split_of[first] != split_of[second]:
            yield CorpusFinding(
                second,
                "/text",
                f"shares {share:.0%} of its runs of {RUN_LENGTH} words with {first}, which is in {split_of[first]}",
                "put both into one story of splits.json",
            )


def _runs(article: Article) -> set[int]:
    """Hashes of the runs of words in the article's own zones.

    Python's hash of a tuple of strings differs from process to process; it is only compared, and
    never shown.
    """
    kinds = shape.boilerplate_kinds()
    words = [
        word
        for zone in article["zones"]
        if zone["kind"] not in kinds
        for word in article["text"][zone["start"] : zone["end"]].casefold().split()
    ]
    return {hash(tuple(words[i : i + RUN_LENGTH])) for i in range(len(words) - RUN_LENGTH + 1)}


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


def label_counts(articles: dict[str, Article]) -> dict[str, Counter[str]]:
    """How often each label of each inventory is used."""
    counts = {inventory: Counter() for inventory in USED_INVENTORIES}
    for article in articles.values():
        for inventory, used in USED_INVENTORIES.items():
            counts[inventory].update(used(article))
    return counts


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
    for inventory, used in label_counts(corpus.articles).items():
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
