"""The scorers against figures worked out by hand.

Every case has its arithmetic in its comment. Counts are (hit gold, gold, hit predicted, predicted).
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

from planted import find
from wirecopy import shape
from wirecopy.scoring import TASKS, Gold, predictions_of, score
from wirecopy.scoring.coreference import cluster_counts, matched_partially
from wirecopy.scoring.counts import Counts, matched, ratios
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import TokenMap, align

# Counts


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [
        (Counts(2, 3, 2, 4), F(2, 4), F(2, 3), F(4, 7)),  # 2·(1/2)(2/3)/(1/2+2/3) = (2/3)/(7/6) = 4/7
        (Counts(0, 3, 0, 4), 0, 0, 0),  # nothing right: 0, and no division by 0
        (Counts(0, 3, 0, 0), 0, 0, 0),  # empty prediction
        (Counts(0, 0, 0, 4), 0, 0, 0),  # empty gold
        (Counts(0, 0, 0, 0), None, None, None),  # both empty: nothing to measure
    ],
)
def test_ratios_follow_from_counts(counts, precision, recall, f1):
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx((precision, recall, f1))
    found = ratios(np.array([counts.hit_gold, counts.n_gold, counts.hit_predicted, counts.n_predicted]))
    expected = [np.nan if value is None else float(value) for value in (precision, recall, f1)]
    assert found == pytest.approx(expected, nan_ok=True)


def test_second_of_a_doubled_prediction_is_wrong():
    assert matched("ab", "aab") == Counts(2, 2, 2, 3)
    assert matched("aab", "aa") == Counts(2, 3, 2, 2)  # unless the gold has it twice


# Matching


def test_alignment_maximises_the_sum_and_not_each_pair():
    # Greedy takes (0, 0) = 0.9 and is left with 0.1: 1.0. The best is 0.8 + 0.7 = 1.5.
    similarity = {(0, 0): 0.9, (0, 1): 0.8, (1, 0): 0.7, (1, 1): 0.1}
    assert align(["a", "b"], ["c", "d"], similarity) == [(0, 1), (1, 0)]


def test_alignment_leaves_out_what_is_not_similar():
    assert align(["a", "b"], ["c"], {(1, 0): 0.5}) == [(1, 0)]
    assert align([], ["c"], {}) == []


def test_ties_are_broken_alike_from_either_side():
    ties = {(i, j): 1.0 for i in range(3) for j in range(3)}
    there = align(["a", "b", "c"], ["x", "y", "z"], ties)
    back = align(["z", "x", "y"], ["c", "a", "b"], ties)
    names = {("abc"[i], "xyz"[j]) for i, j in there}
    assert {("cab"[j], "zxy"[i]) for i, j in back} == names


def test_tokens_are_word_runs_and_single_signs():
    text = "Dov’s 24-10 win,\n“no”"
    tokens = TokenMap(text)
    words = [text[s:e] for s, e in zip(tokens.starts, tokens.ends, strict=True)]
    assert words == ["Dov", "’", "s", "24", "-", "10", "win", ",", "“", "no", "”"]
    assert tokens.under([{"start": 1, "end": 7}]) == {0, 1, 2, 3}  # half a token is touched


# Coreference: clusters of letters


def clusters(notation):
    """'abc d' is {a, b, c} and {d}."""
    return [list(word) for word in notation.split()]


COREFERENCE = [
    # name, gold, prediction, {measure: (hit gold, gold, hit predicted, predicted)}
    (
        "one mention moved",
        "abc d",
        "ab cd",
        {
            "mentions": (4, 4, 4, 4),
            # MUC: abc is in 2 pieces: 3−2 = 1 of 2 links. ab is whole: 1; cd is in 2 pieces: 0; of 1+1.
            "muc": (1, 2, 1, 2),
            # B³: 2/3+2/3+1/3+1/1 = 8/3 of 4. Back: 2/2+2/2+1/2+1/2 = 3 of 4.
            "b3": (F(8, 3), 4, 3, 4),
            # CEAFe: 2·2/(3+2) + 2·1/(1+2) = 4/5 + 2/3 = 22/15 of 2.
            "ceafe": (F(22, 15), 2, F(22, 15), 2),
            # LEA: abc has 3 links, ab is found: 3·1/3 = 1; d is no singleton there: 0; of 4. Back: 2·1/1 + 2·0/1.
            "lea": (1, 4, 2, 4),
        },
    ),
    (
        "two entities merged",
        "ab cd",
        "abcd",
        {
            "muc": (2, 2, 2, 3),  # both whole; abcd is in 2 pieces: 4−2 of 3
            "b3": (4, 4, 2, 4),  # whole; back: each mention shares 2 of 4
            "ceafe": (F(2, 3), 2, F(2, 3), 1),  # one pair only: 2·2/(2+4)
            "lea": (4, 4, F(4, 3), 4),  # back: 6 links, ab and cd found: 4·2/6
        },
    ),
    (
        "an entity split",
        "abcd",
        "ab cd",
        {"muc": (2, 3, 2, 2), "b3": (2, 4, 4, 4), "ceafe": (F(2, 3), 1, F(2, 3), 2), "lea": (F(4, 3), 4, 4, 4)},
    ),
    (
        "all apart",
        "abc",
        "a b c",
        {
            "muc": (0, 2, 0, 0),
            "b3": (1, 3, 3, 3),  # 3·1/3
            "ceafe": (F(1, 2), 1, F(1, 2), 3),  # 2·1/(3+1)
            "lea": (0, 3, 0, 3),  # no link; a singleton in a larger entity is not resolved
        },
    ),
    (
        "mentions of one side alone",
        "abc",
        "abx",
        {
            "mentions": (2, 3, 2, 3),
            "muc": (1, 2, 1, 2),  # c is a piece: 3−2; x likewise
            "b3": (F(4, 3), 3, F(4, 3), 3),  # 2/3+2/3+0
            "ceafe": (F(2, 3), 1, F(2, 3), 1),  # 2·2/6
            "lea": (1, 3, 1, 3),  # 3·1/3
        },
    ),
    (
        "singletons right",
        "a b",
        "a b",
        {"muc": (0, 0, 0, 0), "b3": (2, 2, 2, 2), "ceafe": (2, 2, 2, 2), "lea": (2, 2, 2, 2)},
    ),
    ("empty prediction", "ab c", "", {"muc": (0, 1, 0, 0), "b3": (0, 3, 0, 0), "ceafe": (0, 2, 0, 0)}),
    ("empty gold", "", "ab c", {"muc": (0, 0, 0, 1), "b3": (0, 0, 0, 3), "lea": (0, 0, 0, 3)}),
    ("both empty", "", "", {"mentions": (0,) * 4, "muc": (0,) * 4, "b3": (0,) * 4, "ceafe": (0,) * 4, "lea": (0,) * 4}),
]


@pytest.mark.parametrize(("name", "gold", "predicted", "expected"), COREFERENCE, ids=[case[0] for case in COREFERENCE])
def test_coreference_counts_are_those_worked_out(name, gold, predicted, expected):
    counts = cluster_counts(clusters(gold), clusters(predicted))
    for measure, (hit_gold, n_gold, hit_predicted, n_predicted) in expected.items():
        found = counts[measure]
        assert (found.hit_gold, found.hit_predicted) == pytest.approx((float(hit_gold), float(hit_predicted))), measure
        assert (found.n_gold, found.n_predicted) == (n_gold, n_predicted), measure


def test_conll_is_the_mean_of_three():
    counts = cluster_counts(clusters("abc d"), clusters("ab cd"))
    mean = sum(counts[name].f1 for name in ("muc", "b3", "ceafe")) / 3
    assert mean == pytest.approx(989 / 1530)  # (1/2 + 12/17 + 11/15)/3 = (255 + 360 + 374)/510/3


def test_overlapping_mentions_match_equal_bounds_first():
    gold = [[(0, 10), (20, 30)]]
    # (0, 10) is in both and not free for (0, 12); (22, 30) overlaps (20, 30).
    assert matched_partially(gold, [[(0, 10), (22, 30)], [(0, 12)]]) == [[(0, 10), (20, 30)], [(0, 12)]]
    # Nested: of (0, 4) and (0, 9) the second has more of (0, 10): 18/19 against 8/14.
    assert matched_partially([[(0, 10)]], [[(0, 4)], [(0, 9)]]) == [[(0, 4)], [(0, 10)]]
    # Spans that only touch share no character.
    assert matched_partially([[(0, 4)]], [[(4, 8)]]) == [[(4, 8)]]


# Whole articles: the small article of the planted mistakes


@pytest.fixture
def gold(article):
    return GoldArticle(article, "raw")


def scored(task, gold, layer):
    return TASKS[task].score(gold, layer).counts


def values(counts):
    return counts.hit_gold, counts.n_gold, counts.hit_predicted, counts.n_predicted


def nonblank(text):
    return len("".join(text.split()))


def test_zones_count_characters_and_kinds(gold, article):
    zones = TASKS["zones"].layer_of(gold)
    headline, related = zones[0], next(z for z in zones if z["kind"] == "related")
    changed = [z for z in zones if z is not related]
    changed[0] = {**headline, "kind": "byline"}
    counts = scored("zones", gold, changed)
    n_article = sum(nonblank(z["text"]) for z in zones if z["kind"] not in shape.boilerplate_kinds())
    n_boilerplate = sum(nonblank(z["text"]) for z in zones if z["kind"] in shape.boilerplate_kinds())
    n_related = nonblank(related["text"])
    # A headline called a byline is article still; the zone left out is predicted as neither.
    assert values(counts["article|unit:characters"]) == (n_article, n_article, n_article, n_article)
    found = n_boilerplate - n_related
    assert values(counts["boilerplate|unit:characters"]) == (found, n_boilerplate, found, found)
    # 8 zones: one of the wrong kind, one missing. 6 of 8, 6 of 7.
    assert values(counts["zone|match:exact"]) == (6, 8, 6, 7)
    # The related zone is boilerplate: without it nothing of the clean text is lost.
    assert values(counts["clean-text|match:exact"]) == (1, 1, 1, 1)


def test_clean_text_asks_for_white_space_and_continues(gold):
    zones = TASKS["zones"].layer_of(gold)
    plain = [{key: zone[key] for key in zone if key != "continues"} for zone in zones]  # false when left out
    counts = scored("zones", gold, plain)
    # "We asked for" and "talks" come apart by a line break instead of a space.
    assert values(counts["clean-text|match:exact"]) == (0, 1, 0, 1)
    assert values(counts["clean-text|match:words"]) == (1, 1, 1, 1)


def test_token_over_an_edge_is_of_the_zone_where_it_begins(article):
    # "said.Read more" has the edge after the stop: "." ends the body, "Read" begins the boilerplate.
    gold = GoldArticle(article, "raw")
    counts = scored("zones", gold, TASKS["zones"].layer_of(gold))
    text = article["text"]
    boilerplate = [z["text"] for z in article["zones"] if z["kind"] in shape.boilerplate_kinds()]
    n_tokens = sum(len(TokenMap(surface).starts) for surface in boilerplate)
    assert values(counts["boilerplate|unit:tokens|tokens:word-runs"]) == (n_tokens,) * 4
    assert text.count("said.Read") == 1


def test_empty_zones_miss_everything(gold):
    counts = scored("zones", gold, [])
    assert counts["zone|match:exact"].recall == counts["article|unit:characters"].precision == 0
    assert values(counts["clean-text|match:words"]) == (0, 1, 0, 1)


def test_ner_counts_types_and_spans(gold):
    spans = TASKS["ner"].layer_of(gold)
    n = len(spans)
    wrong_type = [{**spans[0], "type": "LAW"}, *spans[1:]]
    counts = scored("ner", gold, wrong_type)
    assert values(counts["entity|match:exact"]) == (n - 1, n, n - 1, n)
    assert values(counts["span|match:exact"]) == (n, n, n, n)
    doubled = scored("ner", gold, [*spans, spans[0]])
    assert values(doubled["entity|match:exact"]) == (n, n, n, n + 1)
    # A nested span beside the right one is one wrong prediction more.
    nested = {**spans[0], "end": spans[0]["start"] + 1}
    assert values(scored("ner", gold, [*spans, nested])["span|match:exact"]) == (n, n, n, n + 1)


def test_ner_by_type_adds_up_to_the_whole(gold):
    spans = TASKS["ner"].layer_of(gold)
    found = TASKS["ner"].score(gold, [{**spans[0], "type": "LAW"}, *spans[1:-1]])
    assert sum(found.labels.values(), Counts()) == found.counts["entity|match:exact"]


def test_attribution_roles_are_scored_one_by_one(gold, article):
    layer = TASKS["attributions"].layer_of(gold)
    n = len(layer)
    changed = [{**layer[0], "cue": []}, *layer[1:]]
    counts = scored("attributions", gold, changed)
    n_cue = sum(bool(a["cue"]) for a in layer)
    assert values(counts["cue|match:exact"]) == (n_cue - 1, n_cue, n_cue - 1, n_cue - 1)
    assert values(counts["content|match:exact"]) == (n, n, n, n)
    assert values(counts["joint|match:exact"]) == (n - 1, n, n - 1, n)


def test_discontinuous_content_may_be_cut_up_otherwise(gold, article):
    layer = TASKS["attributions"].layer_of(gold)
    i = next(i for i, a in enumerate(layer) if len(a["content"]) > 1)
    first, *rest = layer[i]["content"]
    middle = first["start"] + first["text"].index(" ")
    pieces = [
        {"start": first["start"], "end": middle, "text": ""},
        {"start": middle + 1, "end": first["end"], "text": ""},
    ]
    cut = [*layer[:i], {**layer[i], "content": [*pieces, *rest]}, *layer[i + 1 :]]
    assert scored("attributions", gold, cut)["content|match:exact"].f1 == 1
    whole = {"start": first["start"], "end": rest[-1]["end"], "text": ""}  # with the boilerplate between
    merged = [*layer[:i], {**layer[i], "content": [whole]}, *layer[i + 1 :]]
    n = len(layer)
    assert values(scored("attributions", gold, merged)["content|match:exact"]) == (n - 1, n, n - 1, n)


def attribution(article, content, cue="", source=""):
    def spans(surface):
        return [find(article, surface)] if surface else []

    return {"content": spans(content), "cue": spans(cue), "source": spans(source)}


def test_attribution_overlap_is_by_tokens_and_degrees(article):
    gold_attribution = {
        **article["attributions"][0],
        **attribution(article, "Pryce said Ms Lowe", "had told", "him"),
        "source_entity": None,
    }
    article["attributions"] = [gold_attribution]
    gold = GoldArticle(article, "raw")
    predicted = [
        attribution(article, "said Ms Lowe had told", "had told"),
        attribution(article, "broke"),
    ]
    counts = scored("attributions", gold, predicted)
    # Content: gold {Pryce said Ms Lowe}, prediction {said Ms Lowe had told}, shared 3: 3/4 of 1; 3/5 + 0 of 2.
    content = counts["content|match:overlap|tokens:word-runs"]
    assert values(content) == pytest.approx((3 / 4, 1, 3 / 5, 2))
    assert content.f1 == pytest.approx(3 / 7)  # P = 3/10, R = 3/4: 2·(9/40)/(21/20) = 3/7
    # Joint: gold 4 + 2 + 1 tokens, prediction 5 + 2, shared 3 + 2: 5/7 of 1; 5/7 + 0 of 2.
    assert values(counts["joint|match:overlap|tokens:word-runs"]) == pytest.approx((5 / 7, 1, 5 / 7, 2))
    assert values(counts["cue|match:exact"]) == (1, 1, 1, 1)
    assert values(counts["source|match:exact"]) == (0, 1, 0, 0)
    assert values(counts["joint|match:exact"]) == (0, 1, 0, 2)
    # One pair is aligned; the prediction states no type and no source entity, as the gold has none.
    assert values(counts["type|match:aligned"]) == (0, 1, 0, 1)
    assert values(counts["source-entity|match:aligned"]) == (1, 1, 1, 1)


def test_attributions_that_share_the_source_alone_are_not_aligned(article):
    article["attributions"] = [{**article["attributions"][0], **attribution(article, "Crews", "voted", "Pryce")}]
    gold = GoldArticle(article, "raw")
    counts = scored("attributions", gold, [attribution(article, "broke", "told", "Pryce")])
    assert values(counts["source|match:exact"]) == (0, 1, 0, 1)
    assert counts["type|match:aligned"].f1 is None  # no pair, nothing to measure


def test_doubled_attribution_is_wrong_the_second_time(gold):
    layer = TASKS["attributions"].layer_of(gold)
    n = len(layer)
    assert values(scored("attributions", gold, layer + layer[:1])["content|match:exact"]) == (n, n, n, n + 1)


def test_nested_attributions_score_separately(gold, article):
    layer = TASKS["attributions"].layer_of(gold)
    nested = [a["parent"] is not None for a in article["attributions"]]
    inner = [prediction for prediction, is_nested in zip(layer, nested, strict=True) if is_nested]
    n, n_inner = len(layer), sum(nested)
    assert 0 < n_inner < n
    assert values(scored("attributions", gold, inner)["joint|match:exact"]) == (n_inner, n, n_inner, n_inner)


def test_any_mention_of_the_source_entity_is_right(gold, article):
    layer = TASKS["attributions"].layer_of(gold)
    entities = {e["id"]: e for e in article["entities"]}
    i, entity = next(
        (i, entities[a["source_entity"]])
        for i, a in enumerate(article["attributions"])
        if a["source_entity"] and len(entities[a["source_entity"]]["mentions"]) > 1
    )
    other = next(e for e in article["entities"] if e is not entity)
    for mention, right in [(m, True) for m in entity["mentions"]] + [(other["mentions"][0], False), (None, False)]:
        changed = [*layer[:i], {**layer[i], "source_entity": mention}, *layer[i + 1 :]]
        n = len(layer)
        found = scored("attributions", gold, changed)["source-entity|match:aligned"]
        assert values(found) == (n - 1 + right, n, n - 1 + right, n)


def small_events(article):
    """One event with two triggers and two arguments: an entity of two mentions, and a value."""
    text = article["text"]
    crews = next(e for e in article["entities"] if e["id"] == "crews")
    friday = next(v for v in article["values"] if v["text"] == "Friday")
    article["events"] = [
        {
            "id": "vote",
            "type": "Policy.Decide",
            "realis": "ACTUAL",
            "polarity": "POSITIVE",
            "triggers": [find(article, "vote"), find(article, "voted")],
            "arguments": [
                {"role": "Agent", "entity": crews["id"], "value": None, "event": None},
                {"role": "Time", "entity": None, "value": friday["id"], "event": None},
            ],
        }
    ]
    assert text.index("vote") < text.index("voted")
    return crews, friday


def predicted_event(article, trigger, *arguments, kind="Policy.Decide", **more):
    shown = [{"role": role, **{k: span[k] for k in ("start", "end")}} for role, span in arguments]
    return {"type": kind, "triggers": [find(article, trigger)], "arguments": shown, **more}


def test_arguments_are_attached_to_each_trigger(article):
    crews, friday = small_events(article)
    gold = GoldArticle(article, "raw")
    near_first, near_second = crews["mentions"][:2]
    layer = [
        predicted_event(article, "voted", ("Agent", near_second), ("Place", friday), realis="OTHER"),
        predicted_event(article, "strike", ("Agent", near_first)),
    ]
    counts = scored("events", gold, layer)
    # Triggers: gold vote, voted; predicted voted, strike.
    assert values(counts["trigger-identification|match:exact"]) == (1, 2, 1, 2)
    assert values(counts["trigger-classification|match:exact"]) == (1, 2, 1, 2)
    assert values(counts["realis|match:aligned"]) == (0, 1, 0, 1)
    # Arguments: 2 triggers × 2 in the gold; 3 predicted, of which that of "strike" is attached to nothing.
    assert values(counts["argument-identification|match:exact"]) == (2, 4, 2, 3)
    assert values(counts["argument-classification|match:exact"]) == (1, 4, 1, 3)  # Friday is no Place


def test_coreferent_mention_is_right_where_coreference_counts(article):
    crews, _ = small_events(article)
    gold = GoldArticle(article, "raw")
    far = crews["mentions"][0]  # the headline's "Ferry crews"; "Crews" stands next to "voted"
    layer = [predicted_event(article, "voted", ("Agent", far), ("Agent", crews["mentions"][1]))]
    counts = scored("events", gold, layer)
    assert values(counts["argument-classification|match:exact"]) == (1, 4, 1, 2)
    # Both spans are of the one filler, which can be found only once.
    assert values(counts["argument-classification|match:coreferent"]) == (1, 4, 1, 2)
    alone = [predicted_event(article, "voted", ("Agent", far))]
    assert values(scored("events", gold, alone)["argument-classification|match:exact"]) == (0, 4, 0, 1)
    assert values(scored("events", gold, alone)["argument-classification|match:coreferent"]) == (1, 4, 1, 1)


def test_arguments_of_the_wrong_event_type_are_wrong(article):
    crews, _ = small_events(article)
    gold = GoldArticle(article, "raw")
    layer = [predicted_event(article, "voted", ("Agent", crews["mentions"][1]), kind="Labour.Strike")]
    counts = scored("events", gold, layer)
    assert values(counts["trigger-identification|match:exact"]) == (1, 2, 1, 1)
    assert values(counts["trigger-classification|match:exact"]) == (0, 2, 0, 1)
    assert values(counts["argument-identification|match:coreferent"]) == (0, 4, 0, 1)
    assert counts["realis|match:aligned"].f1 is None


def test_events_merged_or_apart_score_alike(article):
    small_events(article)
    gold = GoldArticle(article, "raw")
    apart = TASKS["events"].layer_of(gold)
    merged = [{**apart[0], "triggers": [*apart[0]["triggers"], *apart[1]["triggers"]]}]
    for layer in (apart, merged):
        assert scored("events", gold, layer)["argument-classification|match:coreferent"].f1 == 1


# The worked examples of the measures


@pytest.mark.parametrize("task", TASKS)
def test_every_measure_is_documented_and_unique(task):
    measures = TASKS[task].measures
    assert len({measure.id for measure in measures}) == len(measures)
    for measure in measures:
        assert measure.definition.endswith(".") and measure.source and measure.example.rstrip(".")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("view", ["raw", "clean"])
def test_gold_against_itself_is_one(task, view, article):
    if view not in TASKS[task].views:
        return
    report = score(task, [article], predictions_of(task, [article], view))
    assert {figure.f1 for figure in report.figures.values()} <= {1, None}
    assert report[TASKS[task].main].f1 == 1
    assert {row.recall for breakdown in report.breakdowns for row in breakdown.rows} == {1}


@pytest.mark.parametrize("task", TASKS)
def test_empty_article_and_prediction_have_nothing_to_measure(task, article):
    for layer in ("entities", "values", "attributions", "events"):
        article[layer] = []
    if task == "zones":
        return
    report = score(task, [article], [{"id": article["id"], "view": "raw", task: []}])
    assert {figure.f1 for figure in report.figures.values()} == {None}
    assert Gold([article]).data.startswith("none+")
