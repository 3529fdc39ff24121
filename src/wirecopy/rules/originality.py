"""Level 6: no two articles are of one mould: people's names, opening words, sentences."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wirecopy.article import Article
from wirecopy.rules.corpus import Corpus, CorpusFinding, file_of
from wirecopy.rules.registry import rule

N_OPENING = 4
"""How many words open an article."""
SHINGLE = 5
"""The length in words of the runs that sentences are compared by."""
N_LEAST = 8
"""Sentences of fewer words are not compared."""
ALIKE = 0.5
"""The share of the shorter sentence's runs from which two sentences are near-duplicates."""
_CREDITS = ("byline", "tagline", "dateline")
_SENTENCE_END = re.compile(r"(?<=[.!?])[”’\"')\]]*\s+")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


class Sentence(NamedTuple):
    """A sentence of an article's body: where the article is, the index of the zone, and its words."""

    path: str
    zone: int
    words: tuple[str, ...]


class Material(NamedTuple):
    """What these rules compare of an article, beside its id: full names with pointers, the opening, the sentences of
    the body."""

    id: str
    names: dict[str, str]
    opening: tuple[int, tuple[str, ...]]
    sentences: list[Sentence]


RULES_OF_ORIGINALITY = ("name-reused", "opening-repeated", "sentence-repeated")


def material(place: str, article: Article) -> Material | None:
    """What these rules compare of an article; None of one whose text was not written for the corpus."""
    if article["text"] is None or article["provenance"]["kind"] != "written":
        return None
    return Material(article["id"], full_names(article), opening(article), list(body_sentences(place, article)))


def all_waived(corpus: Corpus) -> bool:
    """Whether the corpus waives all these rules, so that nothing need be kept for them."""
    return all("articles/*" in corpus.waived(rule_id) for rule_id in RULES_OF_ORIGINALITY)


@rule("name-reused", 6, "corpus", severity="warning")
def name_reused(corpus: Corpus) -> Iterator[CorpusFinding]:
    """A person's full name stands in the articles of one story alone.

    Unrelated people of one name are one person to a model, and if their articles lie in different
    splits the test repeats a name of the training. Writers are exempt: names in bylines, datelines and
    taglines, and so are articles whose text was not written for the corpus. A corpus of many articles may
    waive this rule and the next two, each for "articles/*".
    """
    first: dict[str, tuple[str, str | None]] = {}
    for path, found, story in _written(corpus, "name-reused"):
        for name, pointer in sorted(found.names.items()):
            before = first.setdefault(name, (path, story))
            if before[0] != path and (story is None or before[1] != story):
                message = f'the person "{name}" is also in {before[0]}, of another story'
                yield CorpusFinding(path, pointer, message, "give one of the two people another name")


@rule("opening-repeated", 6, "corpus", severity="warning")
def opening_repeated(corpus: Corpus) -> Iterator[CorpusFinding]:
    """No two articles begin with the same four words.

    Openings show first when texts are made from one mould, and a model learns the mould.
    """
    first: dict[tuple[str, ...], str] = {}
    for path, found, _ in _written(corpus, "opening-repeated"):
        i, words = found.opening
        if len(words) == N_OPENING and first.setdefault(words, path) != path:
            message = f'begins with the same words as {first[words]}: "{" ".join(words)}"'
            yield CorpusFinding(path, f"/zones/{i}", message, "write another opening for one of the two")


@rule("sentence-repeated", 6, "corpus", severity="warning")
def sentence_repeated(corpus: Corpus) -> Iterator[CorpusFinding]:
    """No sentence of an article's body is nearly one of another story.

    Measured as the share of the shorter sentence's runs of five words that the other has too, from one
    half on, for sentences of eight words and more. Articles of one story may quote the same words.
    """
    sentences = [(s, story) for _, found, story in _written(corpus, "sentence-repeated") for s in found.sentences]
    for one, other in similar_sentences([sentence for sentence, _ in sentences]):
        (first, story), (second, other_story) = sentences[one], sentences[other]
        if first.path == second.path or (story is not None and story == other_story):
            continue
        message = f'"{" ".join(second.words[:N_LEAST])} …" is nearly a sentence of {first.path}'
        yield CorpusFinding(second.path, f"/zones/{second.zone}", message, "write one of the two anew")


def _written(corpus: Corpus, rule_id: str) -> Iterator[tuple[str, Material, str | None]]:
    """What is compared of the articles that were written for the corpus, by place, each with its story; nothing
    when the rule is waived."""
    if "articles/*" in corpus.waived(rule_id):
        return
    story_of = {a: story["story"] for story in corpus.splits["stories"] for a in story["articles"]}
    for place, found in sorted(corpus.material.items(), key=lambda item: file_of(item[0])):
        yield place, found, story_of.get(found.id)


def full_names(article: Article) -> dict[str, str]:
    """The names of people with two words and more, with a pointer to the first mention of each."""
    credits = [(z["start"], z["end"]) for z in article["zones"] if z["kind"] in _CREDITS]
    found: dict[str, str] = {}
    for i, entity in enumerate(article["entities"]):
        mentions = [] if entity["type"] != "PERSON" else entity["mentions"]
        if any(start <= m["start"] < end for m in mentions for start, end in credits):
            continue
        for j, mention in enumerate(mentions):
            if mention["level"] == "NAM" and " " in (mention["text"] or ""):
                found.setdefault(" ".join(mention["text"].split()), f"/entities/{i}/mentions/{j}")
    return found


def opening(article: Article) -> tuple[int, tuple[str, ...]]:
    """The index of the first zone of the body, and its first words in lower case."""
    for i, zone in enumerate(article["zones"]):
        if zone["kind"] == "body":
            return i, _words(zone["text"] or "")[:N_OPENING]
    return 0, ()


def body_sentences(path: str, article: Article) -> Iterator[Sentence]:
    """The sentences of the body; one that boilerplate interrupts is put together again."""
    pieces: list[tuple[int, str]] = []
    for i, zone in enumerate(article["zones"]):
        if zone["kind"] != "body" or zone["text"] is None:
            continue
        if zone["continues"] and pieces:
            pieces[-1] = pieces[-1][0], f"{pieces[-1][1]} {zone['text']}"
        else:
            pieces.append((i, zone["text"]))
    for i, text in pieces:
        for sentence in _SENTENCE_END.split(text):
            words = _words(sentence)
            if len(words) >= N_LEAST:
                yield Sentence(path, i, words)


def similar_sentences(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """The pairs of sentences, by index, that are near-duplicates."""
    shingles = [{s.words[i : i + SHINGLE] for i in range(len(s.words) - SHINGLE + 1)} for s in sentences]
    holders: defaultdict[Any, list[int]] = defaultdict(list)
    for i, runs in enumerate(shingles):
        for run in runs:
            holders[run].append(i)
    shared: Counter[tuple[int, int]] = Counter()
    for found in (found for found in holders.values() if len(found) > 1):
        shared.update((one, other) for k, one in enumerate(found) for other in found[k + 1 :])
    return sorted(p for p, n in shared.items() if n >= ALIKE * min(len(shingles[i]) for i in p))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))
