"""The corpus itself, and mistakes planted in its real articles."""

from __future__ import annotations

import copy
from collections import Counter
from itertools import pairwise

import pytest

from conftest import ROOT
from wirecopy.article import format_article
from wirecopy.drafts import anchor
from wirecopy.shape import boilerplate_kinds, labels
from wirecopy.validate import check_bytes, check_corpus
from wirecopy.views import clean_text


@pytest.fixture(scope="module")
def result():
    return check_corpus(ROOT / "corpus")


def written(result):
    """The articles that were written for the corpus, and so have their text."""
    return [article for article in result.corpus.articles.values() if article["text"] is not None]


def test_corpus_has_no_errors_and_no_warnings(result):
    assert result.problems == []


def test_every_file_is_in_its_canonical_form(result):
    """So that a change shows as the lines that it changes, and anchoring again changes nothing."""
    for path, article in {**result.corpus.articles, **result.corpus.passes}.items():
        content = (ROOT / "corpus" / path).read_bytes()
        assert format_article(article) == content, path
        assert format_article(anchor(copy.deepcopy(article))[0]) == content, path


def test_articles_are_as_long_as_news_is(result):
    for article in written(result):
        assert 380 <= len(clean_text(article)[0].split()) <= 1000, article["id"]


def test_articles_are_spread_over_topics_and_publishers(result):
    articles = written(result)
    assert len(articles) >= 60
    topics = Counter(topic for article in articles for topic in article["topics"])
    assert set(topics) == set(labels("topic"))
    assert min(topics.values()) >= 2, topics
    assert len({article["publisher"] for article in articles}) >= 10
    assert len({article["genre"] for article in articles}) >= 10


def test_splits_are_shared_by_topics_and_test_alone_has_publishers_of_its_own(result):
    splits = result.corpus.split_of
    articles = written(result)
    sizes = Counter(splits[article["id"]] for article in articles)
    assert all(
        abs(sizes[split] - share * len(articles)) < 2
        for split, share in {"train": 0.6, "validation": 0.2, "test": 0.2}.items()
    ), sizes
    publishers = {
        split: {article["publisher"] for article in articles if splits[article["id"]] == split} for split in sizes
    }
    assert publishers["test"] - publishers["train"] - publishers["validation"]
    assert publishers["validation"] <= publishers["train"]
    topics = {split: {topic for a in articles if splits[a["id"]] == split for topic in a["topics"]} for split in sizes}
    assert topics["train"] == set(labels("topic"))


def test_every_zone_kind_is_in_five_articles(result):
    kinds = Counter(kind for a in written(result) for kind in {zone["kind"] for zone in a["zones"]})
    assert min(kinds.values()) >= 5, kinds


def test_every_article_has_boilerplate_glued_into_it(result):
    for article in written(result):
        zones = article["zones"]
        assert sum(zone["kind"] in boilerplate_kinds() for zone in zones) >= 6, article["id"]
        assert any(zone["continues"] for zone in zones), article["id"]


def boilerplate_between(article, start, end):
    return any(
        zone["kind"] in boilerplate_kinds() and start <= zone["start"] and zone["end"] <= end
        for zone in article["zones"]
    )


def quotations(article):
    return [attribution for attribution in article["attributions"] if attribution["type"] != "indirect"]


def interrupted_quotation(article):
    return any(
        boilerplate_between(article, before["end"], after["start"])
        for attribution in quotations(article)
        for before, after in pairwise(attribution["content"])
    )


def boilerplate_before_the_cue(article):
    return any(
        boilerplate_between(article, attribution["content"][0]["end"], attribution["cue"][0]["start"])
        for attribution in quotations(article)
        if attribution["cue"]
    )


def quotation_over_paragraphs(article):
    lines = [
        {article["text"].count("\n", 0, span["start"]) for span in attribution["content"]}
        for attribution in quotations(article)
        if attribution["cue"]
    ]
    return any(len(spanned) > 1 for spanned in lines)


def alias(article):
    """A person called by names that have no word in common."""
    for entity in article["entities"]:
        if entity["type"] == "PERSON":
            names = [set(m["text"].lower().split()) for m in entity["mentions"] if m["level"] == "NAM"]
            if any(not one & other for one in names for other in names):
                return True
    return False


PHENOMENA = {
    "a quotation that boilerplate interrupts": interrupted_quotation,
    "boilerplate between a quotation and its cue": boilerplate_before_the_cue,
    "a quotation of several paragraphs after one cue": quotation_over_paragraphs,
    "an orphan quotation": lambda a: any(not x["cue"] and not x["source"] for x in quotations(a)),
    "an anonymous source": lambda a: any(x["anonymous"] for x in a["attributions"]),
    "a document as source": lambda a: any(x["source_type"] == "document" for x in a["attributions"]),
    "an institution as source": lambda a: any(x["source_type"] == "named_group" for x in a["attributions"]),
    "the speech of an unnamed group": lambda a: any(x["source_type"] == "unnamed_group" for x in a["attributions"]),
    "a nested attribution": lambda a: any(x["parent"] for x in a["attributions"]),
    "an alias": alias,
    "an event told again": lambda a: any(len(event["triggers"]) > 1 for event in a["events"]),
    "a negated event": lambda a: any(event["polarity"] == "NEGATIVE" for event in a["events"]),
    "an event planned, feared or supposed": lambda a: any(
        event["realis"] == "OTHER" and event["polarity"] == "POSITIVE" for event in a["events"]
    ),
}


@pytest.mark.parametrize("name", PHENOMENA)
def test_phenomena_that_make_news_hard_are_each_in_eight_articles(result, name):
    assert sum(PHENOMENA[name](article) for article in written(result)) >= 8


def first(article, layer, wanted=lambda item: True):
    return next((i, item) for i, item in enumerate(article[layer]) if wanted(item))


def shifted_offset(a):
    a["values"][0]["start"] += 1
    a["values"][0]["end"] += 1
    return "/values/0"


def offset_beyond_the_text(a):
    a["values"][-1]["end"] = a["text_length"] + 7
    return f"/values/{len(a['values']) - 1}"


def wrong_label(a):
    a["entities"][3]["type"] = "COMPANY"
    return "/entities/3/type"


def unknown_field(a):
    a["events"][0]["tense"] = "PAST"
    return "/events/0/tense"


def missing_field(a):
    del a["attributions"][2]["mode"]
    return "/attributions/2"


def offset_as_text(a):
    a["zones"][1]["start"] = str(a["zones"][1]["start"])
    return "/zones/1/start"


def dangling_entity(a):
    i, attribution = first(a, "attributions", lambda x: x["source_entity"])
    attribution["source_entity"] = "no-such-person"
    return f"/attributions/{i}/source_entity"


def dangling_argument(a):
    i, event = first(a, "events", lambda e: e["arguments"])
    event["arguments"][0].update(entity="no-such-thing", value=None, event=None)
    return f"/events/{i}/arguments/0/entity"


def zone_overlap(a):
    i, zone = first(a, "zones", lambda z: z["start"] > 0)
    before = a["zones"][i - 1]
    before["end"] = zone["start"] + 1
    before["text"] = a["text"][before["start"] : before["end"]]
    return f"/zones/{i}"


def zone_gap(a):
    i, _ = first(a, "zones", lambda z: z["kind"] in boilerplate_kinds() and z["start"] > 0)
    del a["zones"][i]
    return f"/zones/{i}"


def span_in_boilerplate(a):
    zone = next(z for z in a["zones"] if z["kind"] == "related")
    word = zone["text"].split()[0]
    value = {"id": "planted", "start": zone["start"], "end": zone["start"] + len(word), "text": word}
    a["values"].append({**value, "type": "CARDINAL", "value": None})
    a["values"].sort(key=lambda v: v["start"])
    return f"/values/{a['values'].index(next(v for v in a['values'] if v['id'] == 'planted'))}"


def duplicate_id(a):
    a["values"][1]["id"] = a["entities"][0]["id"]
    return "/values/1/id"


def surface_slip(a):
    a["entities"][0]["mentions"][0]["text"] += " "
    return "/entities/0/mentions/0"


def wrong_hash(a):
    a["text_sha256"] = a["text_sha256"][::-1]
    return "/text_sha256"


def impossible_date(a):
    i, value = first(a, "values", lambda v: v["type"] == "DATE")
    value["value"] = "2024-02-31"
    return f"/values/{i}/value"


def value_without_timex(a):
    i, value = first(a, "values", lambda v: v["type"] == "DATE")
    value["value"] = None
    return f"/values/{i}/value"


def illegal_role(a):
    i, event = first(a, "events", lambda e: e["arguments"])
    event["arguments"][0]["role"] = "Sentence" if event["type"] != "Justice.Sentence" else "Buyer"
    return f"/events/{i}/arguments/0/role"


def negative_and_actual(a):
    i, event = first(a, "events", lambda e: e["realis"] == "ACTUAL")
    event["polarity"] = "NEGATIVE"
    return f"/events/{i}/realis"


def implicit_with_source_and_cue(a):
    i, attribution = first(a, "attributions", lambda x: not x["implicit"])
    attribution["implicit"] = True
    return f"/attributions/{i}/implicit"


def unnamed_source_with_a_name(a):
    i, attribution = first(a, "attributions", lambda x: x["source_type"] == "named_person")
    attribution["source_type"] = "unnamed_person"
    return f"/attributions/{i}/source_type"


def pronoun_as_name(a):
    for i, entity in enumerate(a["entities"]):
        for j, mention in enumerate(entity["mentions"]):
            if mention["text"] in ("he", "she", "his", "her", "their"):
                mention["level"] = "NAM"
                return f"/entities/{i}/mentions/{j}/level"
    raise AssertionError("no pronoun")


def quote_over_advertisement(a):
    i, attribution = first(a, "attributions", lambda x: interrupted(a, x))
    content = attribution["content"]
    content[0]["end"] = content[-1]["end"]
    content[0]["text"] = a["text"][content[0]["start"] : content[0]["end"]]
    del content[1:]
    return f"/attributions/{i}/content/0"


def interrupted(a, attribution):
    content = attribution["content"]
    between = a["text"][content[0]["start"] : content[-1]["end"]]
    inside = [z for z in a["zones"] if content[0]["end"] <= z["start"] and z["end"] <= content[-1]["start"]]
    return "\n" not in between and any(z["kind"] in boilerplate_kinds() for z in inside)


PLANTED = [
    (shifted_offset, "surface-mismatch"),
    (offset_beyond_the_text, "span-range"),
    (wrong_label, "label-unknown"),
    (unknown_field, "field-unknown"),
    (missing_field, "field-missing"),
    (offset_as_text, "field-type"),
    (dangling_entity, "reference-dangling"),
    (dangling_argument, "reference-dangling"),
    (zone_overlap, "zone-overlap"),
    (zone_gap, "zone-gap"),
    (span_in_boilerplate, "span-in-boilerplate"),
    (duplicate_id, "id-repeated"),
    (surface_slip, "surface-mismatch"),
    (wrong_hash, "text-hash"),
    (impossible_date, "value-timex"),
    (value_without_timex, "value-timex"),
    (illegal_role, "argument-role"),
    (negative_and_actual, "event-polarity"),
    (implicit_with_source_and_cue, "attribution-implicit"),
    (unnamed_source_with_a_name, "source-type"),
    (pronoun_as_name, "mention-level"),
    (quote_over_advertisement, "span-in-boilerplate"),
]


@pytest.mark.parametrize(("plant", "rule"), PLANTED, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_mistake_planted_in_a_real_article_is_caught_in_its_line_with_a_remedy(plant, rule, result):
    planted = 0
    turn = [known for known, _ in PLANTED].index(plant)
    # Each mistake goes into a quarter of the articles, so that each article gets a quarter of the mistakes.
    for sound in written(result)[turn % 4 :: 4]:
        article = copy.deepcopy(sound)
        try:
            pointer = plant(article)
        except StopIteration:
            continue  # This article has nothing to plant the mistake in.
        planted += 1
        content = format_article(article)
        _, problems = check_bytes(content, f"{article['id']}.json")
        caught = [p for p in problems if p.rule == rule and p.pointer == pointer]
        assert len(caught) == 1, (article["id"], problems)
        line = content.decode().split("\n")[caught[0].line - 1]
        assert line[caught[0].column - 1 :].strip()
        assert caught[0].hint
    assert planted >= 3
