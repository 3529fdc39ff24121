"""Write a synthetic corpus for benchmarks: articles as rich as the real ones, valid by all rules, from a seed.

Nothing here is news or gold: the words are drawn at random, publisher and annotator say "synthetic", and the
corpus is never part of the real one. Article N of a seed is the same whatever the size of the corpus. Waived
is that every article has two passes, as it would be for a collection annotated by machine. Lines are canonical JSON,
files have the form of the corpus.

    python benchmarks/generate.py 20000 FOLDER                     # FOLDER/articles/*.json
    python benchmarks/generate.py 20000 FOLDER --form lines        # FOLDER/articles/part-*.jsonl
    python benchmarks/generate.py 20000 FOLDER --form compressed   # FOLDER/articles/part-*.jsonl.zst
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa

from wirecopy import shape
from wirecopy.article import format_article, text_hash
from wirecopy.rules.corpus import USED_INVENTORIES
from wirecopy.rules.originality import RULES_OF_ORIGINALITY

LINES_IN_A_PART = 2_000
SPLITS = ("train",) * 8 + ("validation", "test")


class Page:
    """An article under construction: text grows at its end, spans are noted as they are written."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pieces: list[str] = []
        self.length = 0
        self.zones: list[dict] = []
        self.entities: dict[str, dict] = {}
        self.values: list[dict] = []
        self.attributions: list[dict] = []
        self.events: list[dict] = []
        self._numbers = count(1)

    def write(self, text: str) -> dict[str, Any]:
        """Append text; the span of it."""
        start = self.length
        self.pieces.append(text)
        self.length += len(text)
        return {"start": start, "end": self.length, "text": text}

    @contextmanager
    def span(self) -> Iterator[dict[str, Any]]:
        """A span over what the block writes, complete when the block ends."""
        span: dict[str, Any] = {"start": self.length}
        first = len(self.pieces)
        yield span
        span.update(end=self.length, text="".join(self.pieces[first:]))

    @contextmanager
    def zone(self, kind: str, continues: bool = False) -> Iterator[None]:
        with self.span() as span:
            yield
        self.zones.append({**span, "kind": kind, "continues": continues})

    def boilerplate(self, kind: str, text: str) -> None:
        with self.zone(kind):
            self.write(text)

    def mention(self, entity: dict, surface: str, level: str) -> dict[str, Any]:
        """Write a mention of an entity, which thereby becomes one of the article."""
        self.entities.setdefault(entity["id"], entity)
        span = self.write(surface)
        entity["mentions"].append({**span, "level": level})
        return span

    def value(self, surface: str, kind: str, timex: str | None = None) -> dict[str, Any]:
        value = {"id": f"v{next(self._numbers)}", **self.write(surface), "type": kind, "value": timex}
        self.values.append(value)
        return value

    def event(self, kind: str, trigger: dict, realis: str, *arguments: tuple[str, str, str]) -> None:
        """Note an event; an argument is a role, "entity" or "value", and an id."""
        self.events.append(
            {
                "id": f"ev{next(self._numbers)}", "type": kind, "realis": realis, "polarity": "POSITIVE",
                "triggers": [trigger],
                "arguments": [
                    {"role": role, "entity": None, "value": None, "event": None, of: local_id}
                    for role, of, local_id in arguments
                ],
            }
        )  # fmt: skip

    def attribution(self, kind: str, content: list[dict], cue: list[dict], source: list[dict], **fields: Any) -> str:
        attribution = {
            "id": f"a{next(self._numbers)}", "type": kind, "mode": "speech", "content": content, "cue": cue,
            "source": source, "addressee": fields.get("addressee", []), "source_entity": fields.get("source_entity"),
            "source_type": fields.get("source_type", "named_person"), "anonymous": fields.get("anonymous", False),
            "implicit": not (cue and source), "parent": fields.get("parent"),
        }  # fmt: skip
        self.attributions.append(attribution)
        return attribution["id"]


# Words

_ONSETS = "b br c cl d dr f g gr h j k l m n p pr r s st t tr v w".split()  # noqa: SIM905
_VOWELS = "a e i o u ai ea ou ó é".split()  # noqa: SIM905
_CODAS = "l ll m n nd r rn s sk t th ck".split()  # noqa: SIM905
_NOUNS = "harbour ferry budget orchard tunnel clinic library quarry bakery timetable levy archive pier".split()  # noqa: SIM905
_VERBS = "delay rebuild inspect repaint close reopen widen survey insure auction".split()  # noqa: SIM905
_MANNERS = "quietly twice again badly early late openly slowly".split()  # noqa: SIM905
_TRADES = ("harbour master", "spokeswoman", "shop steward", "chief inspector", "councillor", "director")
_MONTHS = ("January", "March", "April", "June", "July", "September", "October", "December")
_ADS = ("ADVERTISEMENT", "Sponsored: nights for less", "AD Save on socks 🧦")
_POLLS = ("Vote now: should it stay open?", "QUICK POLL Are you for or against?")


def coined(random: Random, syllables: int = 2) -> str:
    """A word that no language has, capitalised."""
    word = "".join(random.choice(_ONSETS) + random.choice(_VOWELS) for _ in range(syllables)) + random.choice(_CODAS)
    return word.capitalize()


class Cast:
    """Who and what an article is about."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._numbers = count(1)
        self.people = [self._named("PERSON", f"{coined(random)} {coined(random)}") for _ in range(4)]
        self.bodies = [
            self._named("ORG", f"{coined(random, 3)} Ferries"),
            self._named("ORG", f"{coined(random)} Union"),
        ]
        self.places = [self._named("GPE", coined(random, 3)) for _ in range(3)]
        self.sites = [self._named("FAC", f"{coined(random)} Quay"), self._named("FAC", f"{coined(random)} Hall")]
        self.works = [self._named("WORK_OF_ART", f"The {coined(random)} Papers")]

    def _named(self, kind: str, name: str) -> dict[str, Any]:
        return {"id": f"e{next(self._numbers)}", "type": kind, "name": name, "mentions": []}

    def unnamed(self, kind: str, name: str) -> dict[str, Any]:
        return self._named(kind, name)


def phrase(random: Random) -> str:
    """Six words or so that hardly stand together a second time in a hundred thousand articles."""
    words = [random.choice(_VERBS), "the", coined(random).lower(), random.choice(_NOUNS), random.choice(_MANNERS)]
    return " ".join([*words, "near", coined(random).lower()])


def name_of(page: Page, entity: dict) -> dict[str, Any]:
    """Write a name: the full one first, then a person's last."""
    short = entity["name"].split()[-1] if entity["mentions"] and entity["type"] == "PERSON" else entity["name"]
    return page.mention(entity, short, "NAM")


def day(page: Page) -> dict[str, Any]:
    number, month = page.random.randint(1, 28), page.random.randrange(len(_MONTHS))
    code = (1, 3, 4, 6, 7, 9, 10, 12)[month]
    return page.value(f"{number} {_MONTHS[month]}", "DATE", f"2031-{code:02}-{number:02}")


def amount(page: Page) -> dict[str, Any]:
    return page.value(f"£{page.random.randint(2, 990)} million", "MONEY")


def number(page: Page) -> dict[str, Any]:
    return page.value(f"{page.random.randint(13, 9_000):,}", "CARDINAL")


# Paragraphs: each writes one line of the article's body


def closure(page: Page, cast: Cast) -> None:
    body, site, place = page.random.choice(cast.bodies), page.random.choice(cast.sites), page.random.choice(cast.places)
    with page.zone("body"):
        name_of(page, body)
        page.write(f" will {page.random.choice(_MANNERS)} ")
        trigger = page.write("close")
        page.write(" ")
        name_of(page, site)
        page.write(" in ")
        name_of(page, place)
        page.write(" on ")
        when = day(page)
        page.write(", and ")
        lost = number(page)
        page.write(f" jobs that {phrase(page.random)} go with ")
        page.mention(site, "it", "PRO")
        page.write(" at a price of ")
        amount(page)
        page.write(".")
    arguments = [("Agent", "entity", body["id"]), ("Facility", "entity", site["id"]), ("Time", "value", when["id"])]
    page.event("Facility.Close", trigger, "OTHER", *arguments, ("Place", "entity", place["id"]))
    del lost


def strike(page: Page, cast: Cast) -> None:
    union, employer = cast.bodies[1], cast.bodies[0]
    with page.zone("body"):
        page.write("Members of ")
        name_of(page, union)
        page.write(" ")
        trigger = page.write("struck")
        page.write(" against ")
        name_of(page, employer)
        page.write(" for ")
        page.value(f"{page.random.randint(2, 9)} days", "DATE", f"P{page.random.randint(2, 9)}D")
        page.write(f" after {coined(page.random)} would {phrase(page.random)}; ")
        extent = page.value(f"{page.random.randint(12, 97)} per cent", "PERCENT")
        page.write(" of ")
        page.mention(union, "its", "PRO")
        page.write(f" branches said they {phrase(page.random)}.")
    arguments = [("Entity", "entity", union["id"]), ("Target", "entity", employer["id"])]
    page.event("Labour.Strike", trigger, "ACTUAL", *arguments, ("Extent", "value", extent["id"]))


def quotation(page: Page, cast: Cast) -> None:
    """A direct quotation, now and then one that boilerplate interrupts."""
    person = page.random.choice(cast.people)
    interrupted = page.random.random() < 0.4
    contents = []
    with page.zone("body"):
        with page.span() as content:
            page.write(f"“We {phrase(page.random)} whenever {coined(page.random).lower()} ")
            page.write("comes" if interrupted else f"comes to {phrase(page.random)},”")
        contents.append(content)
        if not interrupted:
            _said(page, person, contents)
    if interrupted:
        page.boilerplate("advertisement", page.random.choice(_ADS))
        with page.zone("body", continues=True):
            with page.span() as content:
                page.write(f"round to {phrase(page.random)},”")
            contents.append(content)
            _said(page, person, contents)


def _said(page: Page, person: dict, contents: list[dict]) -> None:
    page.write(" ")
    cue = page.write(page.random.choice(("said", "told reporters", "insisted")))
    page.write(" ")
    source = name_of(page, person)
    page.write(", ")
    with page.span() as role:
        page.write(f"a {page.random.choice(_TRADES)}")
    person["mentions"].append({**role, "level": "NOM"})
    page.write(f" who used to {phrase(page.random)}.")
    page.attribution("direct", contents, [cue], [source], source_entity=person["id"])


def report(page: Page, cast: Cast) -> None:
    """Indirect speech with another's inside it."""
    outer, inner = page.random.sample(cast.people, 2)
    with page.zone("body"):
        source = name_of(page, outer)
        page.write(" ")
        cue = page.write("said")
        page.write(" ")
        with page.span() as content:
            page.write("that ")
            inner_source = name_of(page, inner)
            page.write(" had ")
            inner_cue = page.write("warned")
            page.write(" ")
            addressee = page.mention(outer, page.random.choice(("her", "him")), "PRO")
            page.write(" ")
            with page.span() as inner_content:
                page.write("not to ")
                page.write(f"{phrase(page.random)} before ")
                day(page)
        page.write(".")
    parent = page.attribution("indirect", [content], [cue], [source], source_entity=outer["id"])
    page.attribution(
        "indirect", [inner_content], [inner_cue], [inner_source],
        addressee=[addressee], source_entity=inner["id"], parent=parent,
    )  # fmt: skip


def leak(page: Page, cast: Cast) -> None:
    """What an anonymous source and a document say."""
    official = cast.unnamed("PERSON", "an official")
    work = cast.works[0]
    with page.zone("body"):
        source = page.mention(official, "an official", "NOM")
        page.write(" who asked not to be named ")
        cue = page.write("confirmed")
        page.write(" ")
        with page.span() as content:
            page.write(f"that crews {phrase(page.random)} at ")
            page.value(f"{page.random.randint(1, 11)} p.m.", "TIME", f"2031-05-04T{page.random.randint(13, 23)}:00")
        page.write("; ")
        document = name_of(page, work)
        page.write(" ")
        second_cue = page.write("puts it")
        page.write(" ")
        with page.span() as second:
            page.write(f"at “{coined(page.random)} to {phrase(page.random)}”")
        page.write(".")
    page.attribution(
        "indirect", [content], [cue], [source],
        source_entity=official["id"], source_type="unnamed_person", anonymous=True,
    )  # fmt: skip
    fields = {"source_entity": work["id"], "source_type": "document"}
    page.attribution("mixed", [second], [second_cue], [document], **fields)


def market(page: Page, cast: Cast) -> None:
    body = cast.bodies[0]
    with page.zone("body"):
        page.write("Shares in ")
        name_of(page, body)
        page.write(" ")
        trigger = page.write(page.random.choice(("fell", "rose", "slipped")))
        page.write(" ")
        change = page.value(f"{page.random.randint(1, 9)}.{page.random.randint(1, 9)} per cent", "PERCENT")
        page.write(" to ")
        level = page.value(f"{page.random.randint(100, 999)} pence", "MONEY")
        page.write(f" as {coined(page.random)} brokers {phrase(page.random)} on ")
        when = day(page)
        page.write(f", the {coined(page.random)} index {phrase(page.random)} and ")
        page.mention(body, page.random.choice(("the company", "the operator")), "NOM")
        page.write(" declined to comment.")
    arguments = [("Item", "entity", body["id"]), ("Change", "value", change["id"]), ("Level", "value", level["id"])]
    page.event("Market.Move", trigger, "ACTUAL", *arguments, ("Time", "value", when["id"]))


PARAGRAPHS: tuple[Callable[[Page, Cast], None], ...] = (closure, strike, quotation, report, leak, market)


# Articles


def make_article(seed: int, index: int) -> dict[str, Any]:
    """Article number `index` of a seed: about 22 KB as compact JSON, with every layer."""
    random = Random(f"{seed}/{index}")
    page, cast = Page(random), Cast(random)
    title = f"{coined(random)} set to {phrase(random)}"
    page.boilerplate("navigation", "Home > News")
    page.write("\n")
    page.boilerplate("headline", title)
    page.write("\n")
    with page.zone("byline"):
        page.write("By ")
        name_of(page, cast.unnamed("PERSON", f"{coined(random)} {coined(random)}"))
    page.boilerplate("share", "Share this article")
    for i in range(14):
        page.write("\n" if random.random() < 0.7 else "\n\n")
        PARAGRAPHS[(i + index) % len(PARAGRAPHS)](page, cast)
        if random.random() < 0.3:
            page.boilerplate("poll", random.choice(_POLLS))
    page.write("\n")
    page.boilerplate("related", f"Read more: {coined(random)} to {phrase(random)}")
    page.write("\n")
    page.boilerplate("copyright", f"© {coined(random)} Synthetic Media")
    return _record(index, title, page)


def article_id(index: int) -> str:
    return f"synthetic-{index:07}"


def _record(index: int, title: str, page: Page) -> dict[str, Any]:
    text = "".join(page.pieces)
    for entity in page.entities.values():
        entity["mentions"].sort(key=_in_text)
    return {
        "id": article_id(index), "title": title, "language": "en-GB", "published": "2031-05-04",
        "publisher": "Synthetic Benchmark Wire", "genre": "Current", "topics": ["labour"],
        "rights": {"text": "CC-BY-4.0", "annotation": "CC-BY-4.0"},
        "provenance": {"kind": "written", "source": None},
        "text": text, "text_sha256": text_hash(text), "text_length": len(text),
        "line_sha256": [], "no_break_spaces": [], "zones": page.zones,
        "entities": sorted(page.entities.values(), key=lambda entity: _in_text(entity["mentions"][0])),
        "values": page.values,
        "attributions": sorted(page.attributions, key=lambda a: _in_text(a["content"][0])),
        "events": sorted(page.events, key=lambda event: _in_text(event["triggers"][0])),
        "annotation": {
            "guidelines": "1.1.0", "status": "gold",
            "passes": [{"annotator": "synthetic", "date": "2031-05-05"}],
            "gold": {"annotator": "synthetic", "date": "2031-05-05"},
        },
    }  # fmt: skip


def _in_text(span: dict[str, Any]) -> tuple[int, int]:
    return span["start"], -span["end"]


# Corpora


def write_corpus(n_articles: int, folder: Path, form: str = "files", seed: int = 1, jobs: int = 1) -> None:
    """Write a corpus folder of synthetic articles: `form` is "files", "lines" or "compressed"."""
    (folder / "articles").mkdir(parents=True)
    parts = [range(i, min(i + LINES_IN_A_PART, n_articles)) for i in range(0, n_articles, LINES_IN_A_PART)]
    write = partial(_write_part, folder / "articles", form, seed)
    if jobs == 1:
        used = list(map(write, parts))
    else:
        with ProcessPoolExecutor(jobs) as executor:
            used = list(executor.map(write, parts))
    _write_json(folder / "splits.json", _splits(n_articles))
    _write_json(folder / "waivers.json", _waivers(set().union(*used)))


def _write_part(folder: Path, form: str, seed: int, indices: range) -> set[str]:
    """Write some articles, and say which labels they use."""
    used: set[str] = set()

    def articles() -> Iterator[dict[str, Any]]:
        for index in indices:
            article = make_article(seed, index)
            used.update(_labels_of(article))
            yield article

    if form == "files":
        for article in articles():
            (folder / f"{article['id']}.json").write_bytes(format_article(article))
        return used
    name = folder / f"part-{indices.start // LINES_IN_A_PART:05}.jsonl"
    lines = (orjson.dumps(article, option=orjson.OPT_SORT_KEYS) + b"\n" for article in articles())
    if form == "compressed":
        with pa.CompressedOutputStream(str(name) + ".zst", "zstd") as stream:
            _write_lines(stream, lines)
    else:
        with name.open("wb") as stream:
            _write_lines(stream, lines)
    return used


def _write_lines(stream: Any, lines: Iterable[bytes]) -> None:
    for line in lines:
        stream.write(line)


def _labels_of(article: dict[str, Any]) -> Iterator[str]:
    for inventory, labels in USED_INVENTORIES.items():
        yield from (f"{inventory}/{label}" for label in labels(article))


def _splits(n_articles: int) -> dict[str, Any]:
    """Ten stories, or as many as there are articles; eight in train, one each in validation and test."""
    stories = [
        {"story": f"synthetic-story-{i}", "split": split, "articles": list(map(article_id, range(i, n_articles, 10)))}
        for i, split in enumerate(SPLITS)
    ]
    return {"stories": [story for story in stories if story["articles"]], "withdrawn": []}


def _waivers(used: set[str]) -> list[dict[str, str]]:
    known = [f"{inventory}/{name}" for inventory in USED_INVENTORIES for name in shape.names(inventory)]
    waivers = [("label-unused", label, "synthetic") for label in known if label not in used]
    waivers.append(("pass-missing", "articles/*", "synthetic: nobody annotated these"))
    waivers += [(rule_id, "articles/*", "synthetic: made from one mould") for rule_id in RULES_OF_ORIGINALITY]
    return [dict(zip(("rule", "subject", "reason"), waiver, strict=True)) for waiver in waivers]


def _write_json(path: Path, content: Any) -> None:
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n_articles", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--form", choices=("files", "lines", "compressed"), default="files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    write_corpus(options.n_articles, options.folder, options.form, options.seed, options.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
