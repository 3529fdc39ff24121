"""The planted mistakes: for every rule that judges a file or a corpus, one that breaks it and its twin.

`python tests/planted.py` writes them all to tests/golden/<rule-id>/{bad,good}.json; test_rules.py holds
the files to what this module makes. An article golden is a whole article; a corpus golden is an object of
file contents by path. Each `bad` is one small change of a sound example, and `good` the sound example or
its nearest legal neighbour.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from wirecopy.article import format_article, line_hashes, no_break_spaces, text_hash
from wirecopy.drafts import anchor
from wirecopy.files import write_atomically

GOLDEN = Path(__file__).parent / "golden"
DRAFT = Path(__file__).parent / "draft.json"

Change = Callable[[dict[str, Any]], None]


def base() -> dict[str, Any]:
    """The sound article that the mistakes are planted in."""
    return anchor(orjson.loads(DRAFT.read_bytes()))[0]


def unchanged(article: dict[str, Any]) -> None:
    pass


def set_text(article: dict[str, Any], text: str) -> None:
    article.update(text=text, text_sha256=text_hash(text), text_length=len(text))


def stretch(span: dict[str, Any], article: dict[str, Any], start: int = 0, end: int = 0) -> None:
    """Move the bounds of a span and let its surface follow."""
    span["start"] += start
    span["end"] += end
    span["text"] = article["text"][span["start"] : span["end"]]


def find(article: dict[str, Any], surface: str, **fields: Any) -> dict[str, Any]:
    start = article["text"].index(surface)
    return {"start": start, "end": start + len(surface), "text": surface, **fields}


def extend_last_line(addition: str) -> Change:
    def change(article: dict[str, Any]) -> None:
        set_text(article, article["text"] + addition)
        stretch(article["zones"][-1], article, end=len(addition))

    return change


def append_text(addition: str) -> Change:
    return lambda article: set_text(article, article["text"] + addition)


def cut_flag_in_two(article: dict[str, Any]) -> None:
    extend_last_line(" 🇨🇱")(article)
    last = article["zones"][-1]
    article["zones"].append(find(article, last["text"][-1], kind="other", continues=False))
    stretch(last, article, end=-1)


def split_zone(article: dict[str, Any]) -> None:
    zone = article["zones"][3]
    cut = zone["text"].index(": ") + 1
    article["zones"].insert(4, {**zone, "start": zone["start"] + cut + 1, "text": zone["text"][cut + 1 :]})
    zone.update(end=zone["start"] + cut, text=zone["text"][:cut])


def split_zone_of_two_kinds(article: dict[str, Any]) -> None:
    split_zone(article)
    article["zones"][4]["kind"] = "promo"


def take_text_out(article: dict[str, Any]) -> None:
    article["provenance"] = {"kind": "licensed", "source": "a-source"}
    article["line_sha256"] = line_hashes(article["text"])
    article["no_break_spaces"] = no_break_spaces(article["text"])
    article["text"] = None
    for layer in (article["zones"], article["values"]):
        for span in layer:
            span["text"] = None
    for entity in article["entities"]:
        for mention in entity["mentions"]:
            mention["text"] = None
    for attribution in article["attributions"]:
        for role in ("content", "cue", "source", "addressee"):
            for span in attribution[role]:
                span["text"] = None
    for event in article["events"]:
        for trigger in event["triggers"]:
            trigger["text"] = None


def licensed_with_text(article: dict[str, Any]) -> None:
    article["provenance"] = {"kind": "licensed", "source": "a-source"}


def mention_in_boilerplate(article: dict[str, Any]) -> None:
    mention = find(article, "Harbour", level="NAM")
    article["entities"].insert(4, {"id": "harbour", "type": "FAC", "name": "Harbour", "mentions": [mention]})


def content_over_two_lines(article: dict[str, Any]) -> None:
    content = article["attributions"][0]["content"][0]
    stretch(content, article, start=article["text"].index("By Tamsin") - content["start"])


def source_without_mention(article: dict[str, Any]) -> None:
    article["attributions"][1].update(source_entity="lowe")


def spokesman_of_a_named_body(article: dict[str, Any]) -> None:
    article["attributions"][0].update(source_entity="tarn-ferries", source_type="named_group")


def assign(*path: str | int, to: Any) -> Change:
    """Set what stands at a path of keys and indices."""

    def change(article: dict[str, Any]) -> None:
        holder = article
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = to

    return change


def insert(*path: str | int, item: Callable[[dict[str, Any]], Any]) -> Change:
    """Insert into the list at a path, at the index that ends it."""

    def change(article: dict[str, Any]) -> None:
        holder = article
        for key in path[:-1]:
            holder = holder[key]
        holder.insert(path[-1], item(article))

    return change


ARTICLE_GOLDENS: dict[str, tuple[Change, Change]] = {
    "draft-unanchored": (lambda a: [a["zones"][0].pop(key) for key in ("start", "end")], unchanged),
    "field-missing": (lambda a: a.pop("genre"), unchanged),
    "field-unknown": (assign("zones", 0, "colour", to="red"), unchanged),
    "field-type": (assign("text_length", to="306"), unchanged),
    "field-value": (assign("published", to="21 April 2024"), unchanged),
    "label-unknown": (assign("entities", 0, "type", to="PEOPLE"), unchanged),
    "list-empty": (assign("entities", 0, "mentions", to=[]), unchanged),
    "list-repeats": (assign("topics", to=["labour", "labour"]), assign("topics", to=["labour", "society"])),
    "text-presence": (licensed_with_text, take_text_out),
    "text-hash": (assign("text_sha256", to="0" * 64), unchanged),
    "text-control": (append_text("\r"), append_text("\t")),
    "text-not-nfc": (extend_last_line(" Cafe\u0301"), extend_last_line(" Café")),
    "span-range": (assign("values", 0, "end", to=9999), unchanged),
    "surface-presence": (assign("zones", 0, "text", to=None), unchanged),
    "surface-mismatch": (assign("values", 1, "text", to="Friday "), unchanged),
    "span-edge-space": (lambda a: stretch(a["values"][1], a, end=1), unchanged),
    "span-splits-character": (cut_flag_in_two, extend_last_line(" 🇨🇱")),
    "span-splits-word": (lambda a: stretch(a["values"][1], a, end=-1), unchanged),
    "span-crosses-line": (content_over_two_lines, unchanged),
    "zone-overlap": (lambda a: stretch(a["zones"][3], a, start=-1), unchanged),
    "zone-gap": (lambda a: a["zones"].pop(), unchanged),
    "zone-split": (split_zone, split_zone_of_two_kinds),
    "zone-continues": (assign("zones", 2, "continues", to=True), unchanged),
    "zone-continues-line": (assign("zones", 6, "continues", to=False), unchanged),
    "zone-headline": (assign("title", to="Ferry crews vote"), unchanged),
    "mention-repeated": (insert("entities", 0, "mentions", 2, item=lambda a: find(a, "Tarn Ferries", level="NOM")), unchanged),
    "mention-crossing": (insert("entities", 0, "mentions", 1, item=lambda a: find(a, "crews vote", level="NOM")), unchanged),
    "mention-level": (assign("entities", 0, "mentions", 2, "level", to="NOM"), unchanged),
    "entity-name": (assign("entities", 4, "name", to="Owain Pryce"), assign("entities", 4, "name", to="Pryce")),
    "value-timex": (assign("values", 0, "value", to="2024-02-30"), assign("values", 0, "value", to="2024-02-29")),
    "date-impossible": (assign("published", to="2024-04-31"), assign("published", to="2024-04-30")),
    "value-overlap": (
        insert("values", 3, item=lambda a: {"id": "three", **find(a, "3 May", type="CARDINAL", value=None), "text": "3", "end": a["text"].index("3 May") + 1}),
        unchanged,
    ),
    "role-overlap": (lambda a: stretch(a["attributions"][0]["source"][0], a, end=5), unchanged),
    "attribution-implicit": (assign("attributions", 0, "implicit", to=True), unchanged),
    "attribution-quotes": (assign("attributions", 0, "type", to="mixed"), unchanged),
    "attribution-anonymous": (assign("attributions", 1, "anonymous", to=True), assign("attributions", 0, "anonymous", to=True)),
    "trigger-repeated": (insert("events", 0, "triggers", 1, item=lambda a: a["events"][0]["triggers"][0]), unchanged),
    "event-polarity": (assign("events", 0, "polarity", to="NEGATIVE"), assign("events", 1, "polarity", to="NEGATIVE")),
    "argument-filler": (assign("events", 0, "arguments", 0, "entity", to=None), unchanged),
    "argument-repeated": (insert("events", 0, "arguments", 1, item=lambda a: a["events"][0]["arguments"][0]), unchanged),
    "argument-role": (assign("events", 1, "arguments", 1, "role", to="Person"), unchanged),
    "id-repeated": (assign("values", 0, "id", to="friday"), unchanged),
    "list-order": (lambda a: a["values"].reverse(), unchanged),
    "span-in-boilerplate": (mention_in_boilerplate, unchanged),
    "reference-dangling": (assign("attributions", 1, "source_entity", to="owen-price"), unchanged),
    "parent-cycle": (assign("attributions", 2, "parent", to="a3"), unchanged),
    "parent-content": (assign("attributions", 3, "parent", to=None), unchanged),
    "source-mention": (source_without_mention, spokesman_of_a_named_body),
    "source-type": (assign("attributions", 1, "source_type", to="unnamed_person"), unchanged),
    "value-in-name": (insert("values", 1, item=lambda a: {"id": "tarn", **find(a, "Tarn", type="CARDINAL", value=None)}), unchanged),
    "argument-type": (lambda a: a["events"][0]["arguments"][0].update(entity=None, value="friday"), unchanged),
}  # fmt: skip
"""Changes of the sound article by rule: (bad, good)."""

COMPANIONS = {"parent-cycle": {"parent-content"}}
"""Rules that the mistake of another cannot but break as well."""

FILE_GOLDENS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "file-empty": (lambda content: b"\n", lambda content: content),
    "file-encoding": (lambda content: content.replace("“".encode(), b"\x93"), lambda content: content),
    "file-bom": (lambda content: b"\xef\xbb\xbf" + content, lambda content: content),
    "json-syntax": (
        lambda content: content.replace(b'"text_length": 306', b'"text_length": NaN'),
        lambda content: content,
    ),
    "json-duplicate-key": (
        lambda content: content.replace(b'"genre": "Current",', b'"genre": "Current",\n  "genre": "Opinion",'),
        lambda content: content,
    ),
}
"""Changes of the sound article's bytes by rule: (bad, good)."""


def small(article_id: str, text: str | None = None) -> dict[str, Any]:
    """A sound article of one line."""
    text = text or f"Ferry crews of {article_id} vote"
    return {
        **{key: value for key, value in base().items() if key not in ("entities", "values", "attributions", "events")},
        "id": article_id,
        "title": text,
        "text": text,
        "text_sha256": text_hash(text),
        "text_length": len(text),
        "zones": [{"start": 0, "end": len(text), "text": text, "kind": "headline", "continues": False}],
        "entities": [],
        "values": [],
        "attributions": [],
        "events": [],
    }


def small_pass(article_id: str, annotator: str) -> dict[str, Any]:
    """One annotator's pass over the small article."""
    work = {"annotator": annotator, "date": "2026-11-22"}
    annotation = {"guidelines": "1.0.0", "status": "pass", "passes": [work], "gold": None}
    return {**small(article_id), "annotation": annotation}


def corpus(*, licensed: bool = False) -> dict[str, Any]:
    """A sound corpus of three articles, as file contents by path."""
    files: dict[str, Any] = {}
    for article_id in ("tarn", "holme", "orl"):
        files[f"articles/{article_id}.json"] = small(article_id)
        for annotator in ("a1", "a2"):
            files[f"passes/{annotator}/{article_id}.json"] = small_pass(article_id, annotator)
    files["splits.json"] = {
        "stories": [
            {"story": "tarn-vote", "split": "train", "articles": ["tarn"]},
            {"story": "holme-vote", "split": "validation", "articles": ["holme"]},
            {"story": "orl-vote", "split": "test", "articles": ["orl"]},
        ],
        "withdrawn": [],
    }
    return files


LONG = "Crews of the ferries that cross the Tarn voted on Friday to stop work on the third of May over pay"


def same_text_across_splits(files: dict[str, Any]) -> None:
    for article_id, ending in (("tarn", "and hours"), ("holme", "and rest")):
        text = f"{LONG} {ending}"
        files[f"articles/{article_id}.json"] = small(article_id, text)
        for annotator in ("a1", "a2"):
            files[f"passes/{annotator}/{article_id}.json"].update(
                {**small(article_id, text), "annotation": files[f"passes/{annotator}/{article_id}.json"]["annotation"]}
            )


def same_text_in_one_split(files: dict[str, Any]) -> None:
    same_text_across_splits(files)
    files["splits.json"]["stories"][1]["split"] = "train"
    files["splits.json"]["stories"].append({"story": "dov-vote", "split": "validation", "articles": ["dov"]})
    files["articles/dov.json"] = small("dov")
    for annotator in ("a1", "a2"):
        files[f"passes/{annotator}/dov.json"] = small_pass("dov", annotator)


def repeated_article(files: dict[str, Any]) -> None:
    text = files["articles/tarn.json"]["text"]
    for path in ("articles/holme.json", "passes/a1/holme.json", "passes/a2/holme.json"):
        files[path] = {**small("holme", text), "annotation": files[path]["annotation"]}


def with_body(bodies: dict[str, str], person: str | None = None) -> Change:
    """Give the small articles a line of body, and a person who is named in it."""

    def change(files: dict[str, Any]) -> None:
        for path, article in files.items():
            body = bodies.get(article.get("id")) if path != "splits.json" else None
            if body is None:
                continue
            set_text(article, f"{article['text']}\n{body}")
            article["zones"].append(find(article, body, kind="body", continues=False))
            for name in [person] if person and person in body else []:
                mentions = [find(article, name, level="NAM")]
                article["entities"] = [{"id": "person", "type": "PERSON", "name": name, "mentions": mentions}]

    return change


SENTENCE = "crews that cross the Tarn will stop"
"""Seven words: too few for a near-duplicate article."""


def withdraw(files: dict[str, Any]) -> None:
    files["splits.json"]["withdrawn"].append({"id": "lunn", "version": "0.2.0", "reason": "a copy"})


CORPUS_GOLDENS: dict[str, tuple[Change, Change]] = {
    "file-name": (assign("articles/tarn.json", "id", to="tarn-vote"), unchanged),
    "article-repeated": (repeated_article, unchanged),
    "split-missing": (
        lambda f: (
            f["splits.json"]["stories"].insert(0, {"story": "x", "split": "train", "articles": ["dov"]})
            or f["splits.json"]["stories"].pop(1)
        ),
        unchanged,
    ),
    "split-repeated": (assign("splits.json", "stories", 0, "articles", to=["tarn", "tarn"]), unchanged),
    "article-lost": (assign("splits.json", "stories", 0, "articles", to=["tarn", "lunn"]), withdraw),
    "split-empty": (assign("splits.json", "stories", 1, "split", to="train"), unchanged),
    "pass-missing": (lambda f: f.pop("passes/a2/orl.json"), unchanged),
    "pass-stray": (assign("passes/a1/orl.json", "annotation", "passes", 0, "annotator", to="a2"), unchanged),
    "gold-status": (assign("articles/orl.json", "annotation", "gold", to=None), unchanged),
    "source-unknown": (assign("articles/orl.json", "provenance", "source", to="a-source"), unchanged),
    "near-duplicate": (same_text_across_splits, same_text_in_one_split),
    "name-reused": (
        with_body({"tarn": "Nobody saw Tamsin Rule there.", "orl": "It was Tamsin Rule who rang."}, "Tamsin Rule"),
        with_body({"tarn": "Nobody saw Tamsin Rule there.", "orl": "It was Tamsin Ruel who rang."}, "Tamsin Rule"),
    ),
    "opening-repeated": (
        with_body({"tarn": "On a wet Friday crews met.", "holme": "On a wet Friday nobody came."}),
        with_body({"tarn": "On a wet Friday crews met.", "holme": "On a wet Monday nobody came."}),
    ),
    "sentence-repeated": (
        with_body({"tarn": f"It is clear now. So {SENTENCE}.", "orl": f"We learn that {SENTENCE}."}),
        with_body(
            {
                "tarn": f"It is clear now. So {SENTENCE}.",
                "orl": "We learn that the crews of the Orl will stop work, too.",
            }
        ),
    ),
    "label-unused": (
        unchanged,
        lambda f: f.update({"waivers.json": waivers_for_all_but(("zone_kind/headline", "topic/labour"))}),
    ),
}
"""Changes of the sound corpus by rule: (bad, good)."""

CORPUS_COMPANIONS = {
    "file-name": {"split-missing", "article-lost", "pass-missing", "pass-stray"},
    "split-missing": {"article-lost", "split-empty"},
    "split-repeated": set(),
    "pass-stray": {"pass-missing"},
}


def waivers_for_all_but(used: tuple[str, ...]) -> list[dict[str, str]]:
    from wirecopy import shape
    from wirecopy.rules.corpus import USED_INVENTORIES

    subjects = [f"{inventory}/{name}" for inventory in USED_INVENTORIES for name in shape.names(inventory)]
    return [{"rule": "label-unused", "subject": s, "reason": "a tiny corpus"} for s in subjects if s not in used]


def changed(change: Change, example: dict[str, Any]) -> dict[str, Any]:
    """A changed copy of an example."""
    example = copy.deepcopy(example)
    change(example)
    return example


def goldens() -> dict[str, bytes]:
    """The bytes of every golden file by its path under tests/golden."""
    sound = base()
    files: dict[str, bytes] = {}
    for rule_id, changes in ARTICLE_GOLDENS.items():
        for name, change in zip(("bad", "good"), changes, strict=True):
            files[f"{rule_id}/{name}.json"] = format_article(changed(change, sound))
    for rule_id, rewrites in FILE_GOLDENS.items():
        for name, rewrite in zip(("bad", "good"), rewrites, strict=True):
            files[f"{rule_id}/{name}.json"] = rewrite(format_article(sound))
    for rule_id, changes in CORPUS_GOLDENS.items():
        for name, change in zip(("bad", "good"), changes, strict=True):
            files[f"{rule_id}/{name}.json"] = format_article(changed(change, corpus()))
    return files


def unpack(golden: Path, folder: Path) -> Path:
    """Write the files of a corpus golden into a folder and return it."""
    for name, content in orjson.loads(golden.read_bytes()).items():
        write_atomically(folder / name, format_article(content))
    return folder


if __name__ == "__main__":
    for name, content in goldens().items():
        (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_bytes(content)
