"""Scoring as a whole: properties on random annotation, predictions that are wrong, signatures, output."""

from __future__ import annotations

import copy
import json
from dataclasses import astuple
from itertools import combinations, pairwise

import numpy as np
import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scorch.scores import b_cubed, ceaf_e, muc

import wirecopy
from conftest import ROOT, run
from planted import base
from wirecopy import cli
from wirecopy.cli import main
from wirecopy.scoring import (
    TASKS,
    Gold,
    GoldError,
    PredictionError,
    compare,
    predictions_of,
    read_gold,
    score,
    score_views,
)
from wirecopy.scoring.coreference import cluster_counts
from wirecopy.scoring.counts import Counts
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.intervals import compare as compare_counts
from wirecopy.scoring.intervals import figures, intervals
from wirecopy.scoring.report import counts_array

TEXT = base()["text"]
KINDS = ("headline", "body", "share", "promo")
FEW = settings(max_examples=60, deadline=None)

# Random annotation of the small article


@st.composite
def spans(draw):
    start = draw(st.integers(0, len(TEXT) - 2))
    end = draw(st.integers(start + 1, min(len(TEXT), start + 30)))
    assume(TEXT[start:end].strip())
    return {"start": start, "end": end, "text": TEXT[start:end]}


@st.composite
def zones(draw):
    cuts = sorted(draw(st.sets(st.integers(0, len(TEXT)), min_size=2, max_size=10)))
    made = []
    for start, end in pairwise(cuts):
        if draw(st.booleans()) and TEXT[start:end].strip():
            kind = draw(st.sampled_from(KINDS))
            made.append({"start": start, "end": end, "text": TEXT[start:end], "kind": kind, "continues": False})
    return made


def named():
    typed = st.tuples(spans(), st.sampled_from(["PERSON", "ORG", "DATE"]))
    return st.lists(typed.map(lambda pair: {**pair[0], "type": pair[1]}), max_size=6)


@st.composite
def clusters(draw):
    mentions = draw(st.lists(spans(), max_size=10, unique_by=lambda s: (s["start"], s["end"])))
    labels = [draw(st.integers(0, 3)) for _ in mentions]
    groups = [[m for m, label in zip(mentions, labels, strict=True) if label == i] for i in range(4)]
    return [group for group in groups if group]


def attributions():
    roles = st.lists(spans(), max_size=2)
    made = st.fixed_dictionaries(
        {
            "content": st.lists(spans(), min_size=1, max_size=2),
            "cue": roles,
            "source": roles,
            "type": st.sampled_from(["direct", "indirect"]),
            "source_entity": st.none(),
            "anonymous": st.booleans(),
        }
    )
    return st.lists(made, max_size=4)


def events():
    arguments = st.tuples(spans(), st.sampled_from(["Agent", "Time"])).map(lambda p: {**p[0], "role": p[1]})
    made = st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Life.Die", "Policy.Decide"]),
            "realis": st.sampled_from(["ACTUAL", "OTHER"]),
            "triggers": st.lists(spans(), min_size=1, max_size=2),
            "arguments": st.lists(arguments, max_size=3),
        }
    )
    return st.lists(made, max_size=3)


LAYERS = {
    "zones": zones(),
    "ner": named(),
    "coreference": clusters(),
    "attributions": attributions(),
    "events": events(),
}


def as_gold(task, layer, article_id="random"):
    """An article with the layer of a prediction as its gold."""
    article = {**base(), "id": article_id, "attributions": [], "events": [], "entities": [], "values": []}
    if task == "zones":
        article["zones"] = sorted(layer, key=lambda z: z["start"])
    elif task == "ner":
        article["entities"] = [
            {"id": f"e{i}", "type": s["type"], "name": "x", "mentions": [{**s, "level": "NAM"}]}
            for i, s in enumerate(layer)
        ]
    elif task == "coreference":
        article["entities"] = [
            {"id": f"e{i}", "type": "ORG", "name": "x", "mentions": [{**m, "level": "NAM"} for m in cluster]}
            for i, cluster in enumerate(layer)
        ]
    elif task == "attributions":
        fixed = {"mode": "speech", "addressee": [], "source_type": "other", "implicit": False, "parent": None}
        article["attributions"] = [{**fixed, **a, "id": f"a{i}"} for i, a in enumerate(layer)]
    else:
        article["values"] = [
            {"id": f"v{i}-{j}", "type": "DATE", "value": None, **{k: a[k] for k in ("start", "end", "text")}}
            for i, event in enumerate(layer)
            for j, a in enumerate(event["arguments"])
        ]
        article["events"] = [
            {
                **event,
                "id": f"ev{i}",
                "polarity": "POSITIVE",
                "arguments": [
                    {"role": a["role"], "entity": None, "value": f"v{i}-{j}", "event": None}
                    for j, a in enumerate(event["arguments"])
                ],
            }
            for i, event in enumerate(layer)
        ]
    return article


def scores(task, gold_layer, predicted_layer):
    return TASKS[task].score(GoldArticle(as_gold(task, gold_layer), "raw"), predicted_layer).counts


def outermost_only(task, layer):
    """NER gold is flat: what of a layer is left when it is taken for gold."""
    return TASKS["ner"].layer_of(GoldArticle(as_gold("ner", layer), "raw")) if task == "ner" else layer


def drawn(task):
    return LAYERS[task].map(lambda layer: outermost_only(task, layer))


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
@FEW
def test_any_annotation_against_itself_is_one(task, data):
    layer = data.draw(drawn(task))
    for measure, counts in scores(task, layer, layer).items():
        if measure.startswith("source-entity") or counts.f1 is None:
            continue
        if measure.startswith("clean-text") and not layer:
            continue
        assert counts.f1 == pytest.approx(1), measure


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
@FEW
def test_precision_and_recall_swap_with_the_sides_and_no_figure_leaves_0_to_1(task, data):
    first, second = data.draw(drawn(task)), data.draw(drawn(task))
    there, back = scores(task, first, second), scores(task, second, first)
    for measure, counts in there.items():
        for value in (counts.precision, counts.recall, counts.f1):
            assert value is None or 0 <= value <= 1
        if measure.startswith("clean-text"):
            continue
        mirrored = back[measure]
        swapped = (mirrored.hit_predicted, mirrored.n_predicted, mirrored.hit_gold, mirrored.n_gold)
        assert astuple(counts) == pytest.approx(swapped), measure


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
@FEW
def test_order_of_gold_and_prediction_does_not_matter(task, data):
    first, second = data.draw(drawn(task)), data.draw(drawn(task))
    expected = scores(task, first, second)
    shuffled = scores(task, first[::-1], data.draw(st.permutations(second)))
    for measure, counts in expected.items():
        assert astuple(shuffled[measure]) == pytest.approx(astuple(counts)), measure


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_counts_of_the_articles_add_up_to_the_whole(task, data):
    golds = [as_gold(task, data.draw(drawn(task)), name) for name in "abc"]
    records = {name: {"id": name, "view": "raw", task: data.draw(drawn(task))} for name in "ab"}
    whole = score(task, golds, records.values())
    assert whole.missing == ("c",)
    empty = {"id": "c", "view": "raw", task: []}
    parts = [score(task, [gold], [records.get(gold["id"], empty)]) for gold in golds]
    for measure in TASKS[task].counted:
        added = sum((part[measure.id].counts for part in parts), Counts())
        assert astuple(whole[measure.id].counts) == pytest.approx(astuple(added))


partitions = st.lists(st.integers(0, 5), min_size=1, max_size=14)


@given(gold=partitions, predicted=partitions, shift=st.integers(0, 4))
@settings(max_examples=200, deadline=None)
def test_coreference_is_what_scorch_says(gold, predicted, shift):
    """scorch 0.2.0 gives what the CoNLL reference scorer gives; `shift` leaves mentions to one side alone."""
    sides = []
    for labels, offset in ((gold, 0), (predicted, shift)):
        sides.append([{i + offset for i, label in enumerate(labels) if label == c} for c in sorted(set(labels))])
    counts = cluster_counts(*[[sorted(cluster) for cluster in side] for side in sides])
    assume(counts["mentions"].hit_gold)  # scorch fails where nothing is shared
    for name, reference in (("muc", muc), ("b3", b_cubed), ("ceafe", ceaf_e)):
        if counts[name].n_gold and counts[name].n_predicted:
            found = counts[name]
            assert (found.recall, found.precision, found.f1) == pytest.approx(reference(*sides))


def links(cluster):
    """The links of LEA: all pairs, and of a singleton the one to itself."""
    return {frozenset(pair) for pair in combinations(cluster, 2)} or {frozenset(cluster)}


@given(gold=partitions, predicted=partitions, shift=st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_lea_is_what_its_links_say(gold, predicted, shift):
    """By the definition of Moosavi and Strube 2016: sets of links, compared pair by pair."""
    sides = []
    for labels, offset in ((gold, 0), (predicted, shift)):
        sides.append([[i + offset for i, label in enumerate(labels) if label == c] for c in sorted(set(labels))])
    all_links = [set().union(*map(links, side)) for side in sides]
    expected = [
        sum(len(c) * len(links(c) & others) / len(links(c)) for c in side) / sum(map(len, side))
        for side, others in zip(sides, all_links[::-1], strict=True)
    ]
    found = cluster_counts(*sides)["lea"]
    assert [found.recall, found.precision] == pytest.approx(expected)


# Predictions that are wrong


def problems_of(task, article, *records):
    with pytest.raises(PredictionError) as caught:
        score(task, [article], list(records))
    return caught.value.problems


def test_all_problems_come_at_once_with_their_lines(article, tmp_path):
    sound = predictions_of("ner", [article])[0]
    shifted = copy.deepcopy(sound)
    shifted["ner"][0]["start"] += 1
    beyond = copy.deepcopy(sound)
    beyond["ner"][1].update(start=9000, end=9004)
    unlabelled = copy.deepcopy(sound)
    unlabelled["ner"][0]["type"] = "PER"
    lines = [
        orjson.dumps(sound),
        b"",
        b'{"id": "x", ',
        orjson.dumps({**sound, "id": "nobody"}),
        orjson.dumps(shifted),
        orjson.dumps(beyond),
        orjson.dumps(unlabelled),
        orjson.dumps({**sound, "extra": 1}),
        orjson.dumps({"id": sound["id"], "view": "clean"}),
        b"7",
        b'{"id": "x", "id": "y", "view": "raw", "ner": []}',
    ]
    path = tmp_path / "p.jsonl"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(PredictionError) as caught:
        score("ner", [article], path)
    found = {(p.line, p.rule.removeprefix("prediction-")) for p in caught.value.problems}
    assert found >= {
        (3, "json"), (4, "id-unknown"), (5, "span"), (5, "id-repeated"), (6, "span"), (7, "label-unknown"),
        (8, "field-unknown"), (9, "layer"), (10, "field-type"), (11, "json"),
    }  # fmt: skip
    assert all(p.hint and p.message and p.column for p in caught.value.problems)
    assert not {line for line, _ in found} & {1, 2}


@pytest.mark.parametrize(
    ("task", "change", "rule", "part"),
    [
        ("attributions", lambda r: r["attributions"][0].pop("cue"), "field-missing", '"cue"'),
        ("attributions", lambda r: r["attributions"][0]["content"][0].update(text="nothing"), "span", '"nothing"'),
        ("attributions", lambda r: r["attributions"][0].update(type="quoted"), "label-unknown", "quoted"),
        ("events", lambda r: r["events"][0]["arguments"][0].update(role="Actor"), "label-unknown", "Actor"),
        ("events", lambda r: r["events"][0].update(triggers=[]), "list-empty", "triggers"),
        ("ner", lambda r: r["ner"][0].update(start=1.0), "field-type", "fraction"),
        ("ner", lambda r: r["ner"][0].update(start=5, end=5), "span", "[5, 5)"),
        ("ner", lambda r: r["ner"][0].update(start=33, end=34, text="\n"), "span", "white space alone"),
        ("ner", lambda r: r.update(view="neat"), "label-unknown", "neat"),
        ("zones", lambda r: r.update(view="clean"), "view", "raw view"),
        ("zones", lambda r: r["zones"].append({**r["zones"][0]}), "overlap", "/zones/0"),
        ("coreference", lambda r: r["coreference"].append(r["coreference"][0][:1]), "mention-repeated", "one entity"),
    ],
)  # fmt: skip
def test_a_slip_in_a_prediction_is_named(article, task, change, rule, part):
    record = copy.deepcopy(predictions_of(task, [article])[0])
    change(record)
    (problem, *_) = [p for p in problems_of(task, article, record) if p.rule == f"prediction-{rule}"]
    assert part in problem.message


def test_offsets_of_the_other_view_are_errors(article):
    clean = predictions_of("attributions", [article], "clean")[0]
    assert any(p.rule == "prediction-span" for p in problems_of("attributions", article, {**clean, "view": "raw"}))


def test_no_predictions_at_all_are_an_error(article):
    assert problems_of("ner", article)[0].rule == "prediction-empty"


def test_unknown_task_and_view_are_named(article):
    with pytest.raises(ValueError, match='no task "pos"'):
        score("pos", [article], [])
    both = [*predictions_of("ner", [article]), *predictions_of("ner", [article], "clean")]
    assert list(score_views("ner", [article], both)) == ["raw", "clean"]
    with pytest.raises(ValueError, match="say which"):
        score("ner", [article], both)
    assert score("ner", [article], both, view="clean").view == "clean"
    with pytest.raises(ValueError, match="no predictions in the clean view"):
        score("ner", [article], both[:1], view="clean")


def test_line_nested_without_end_is_a_problem_line(article, tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text("[" * 1010 + "]" * 1010, encoding="utf-8")
    with pytest.raises(PredictionError):
        score("ner", [article], path)


# Reports


def many(article, n=6):
    """Articles with different ids, and predictions that lose a span more in each."""
    articles = [{**article, "id": f"article-{i}", "publisher": f"P{i % 2}"} for i in range(n)]
    records = predictions_of("ner", articles)
    for i, record in enumerate(records):
        record["ner"] = record["ner"][i % 4 :]
    return articles, records


def test_missing_article_counts_as_missed(article):
    articles, records = many(article)
    whole, partly = score("ner", articles, records), score("ner", articles, records[:-1])
    assert partly.missing == ("article-5",)
    assert partly["entity|match:exact"].counts.n_gold == whole["entity|match:exact"].counts.n_gold
    assert partly["entity|match:exact"].recall < whole["entity|match:exact"].recall


def test_macro_is_the_mean_over_articles(article):
    articles, records = many(article, 2)  # nothing lost, then one span of n
    n = len(records[0]["ner"])
    figure = score("ner", articles, records)["entity|match:exact"]
    assert figure.recall == pytest.approx((2 * n - 1) / (2 * n))
    second = 2 * (n - 1) / (2 * n - 1)  # P = 1, R = (n−1)/n: F1 = 2(n−1)/(2n−1)
    assert figure.macro_f1 == pytest.approx((1 + second) / 2)


def test_breakdowns_cover_every_article_and_gold_item(article):
    articles, records = many(article)
    report = score("ner", articles, records)
    by = {b.dimension: b for b in report.breakdowns}
    assert [(row.group, row.n) for row in by["publisher"].rows] == [("P0", 3), ("P1", 3)]
    n_gold = report["entity|match:exact"].counts.n_gold
    assert sum(row.n for row in by["type"].rows) == n_gold
    assert sum(row.n for row in by["distance from boilerplate"].rows) == n_gold


def test_distance_is_counted_on_the_page_in_either_view(article):
    raw, clean = GoldArticle(article, "raw"), GoldArticle(article, "clean")
    talks, talks_clean = raw.text.index("talks,"), clean.text.index("talks,")
    assert raw.distance(talks, talks + 5) == clean.distance(talks_clean, talks_clean + 5) == "touching"
    assert raw.distance(0, 5) == "100 to 499"  # the next boilerplate, "Read more", is 125 characters on


def test_signature_has_all_that_the_figure_depends_on(article):
    gold = Gold([article], "test", "1.0.0")
    figure = score("attributions", gold, predictions_of("attributions", [article]))["content|match:exact"]
    assert figure.signature == (
        f"task:attributions|measure:content|match:exact|view:raw|split:test|data:{gold.data}|scorer:1"
        f"|version:{wirecopy.__version__}"
    )
    changed = copy.deepcopy(article)
    changed["title"] += "!"
    assert Gold([changed], "test", "1.0.0").data != gold.data
    reordered = Gold([{**changed, "id": "z"}, article], "test", "1.0.0")
    assert reordered.data == Gold(reordered.articles[::-1], "test", "1.0.0").data


# Intervals and the test


def test_intervals_hold_the_figure_and_are_the_same_again(article):
    articles, records = many(article, 8)
    first, second = (score("ner", articles, records)["entity|match:exact"] for _ in range(2))
    low, high = first.interval
    assert low <= first.f1 <= high and low < high
    assert first.interval == second.interval


def test_one_article_has_no_interval(article):
    figure = score("ner", [article], predictions_of("ner", [article]))["entity|match:exact"]
    assert figure.interval is None and figure.f1 == 1


def test_bootstrap_of_two_articles_is_what_can_be_listed():
    # Recall 0 or 1 of one item each. Draws: both first (1/4), both second (1/4), mixed (1/2): F1 0, 1, 1/2.
    counts = np.zeros((2, 2, 4))
    counts[0] = (0, 1, 0, 1)
    counts[1] = (1, 1, 1, 1)
    assert intervals(TASKS["ner"], counts)[0, 2].tolist() == [0, 1]


def test_p_value_of_three_articles_is_what_can_be_counted():
    # The second system wins each of three articles by the same: of 8 swaps, none and all give as much: 2/8.
    first, second = np.zeros((3, 2, 4)), np.zeros((3, 2, 4))
    first[:], second[:] = (0, 1, 0, 1), (1, 1, 1, 1)
    difference, _, p_value = compare_counts(TASKS["ner"], first, second)
    assert difference[0] == 1 and p_value[0] == 2 / 8


def test_equal_systems_do_not_differ(article):
    articles, records = many(article, 20)  # more than go through all swaps
    report = score("ner", articles, records)
    found = compare(report, score("ner", articles, records)).differences["entity|match:exact"]
    assert (found.difference, found.interval, found.p_value) == (0, (0, 0), 1)


def test_only_the_same_things_are_compared(article):
    reports = [score("ner", [article], predictions_of("ner", [article], view)) for view in ("raw", "clean")]
    with pytest.raises(ValueError, match="different things"):
        compare(*reports)


def test_mean_leaves_out_what_cannot_be_measured():
    task = TASKS["coreference"]
    counts = np.zeros((len(task.counted), 4))
    counts[:] = (1, 2, 1, 2)
    place = [m.id for m in task.counted].index("muc|match:exact|singletons:kept")
    counts[place] = 0  # singletons only: no links
    main_place = [m.id for m in task.measures].index(task.main)
    assert figures(task, counts)[main_place].tolist() == [0.5, 0.5, 0.5]


def test_counts_array_is_in_the_order_of_ids(article):
    articles, records = many(article, 3)
    report = score("ner", articles[::-1], records)
    assert counts_array(report.task, report.scores)[:, 0, 0].tolist() == sorted(report.counts[:, 0, 0], reverse=True)


# The release and the command line


@pytest.fixture(scope="module")
def predictions(release, tmp_path_factory):
    """The gold of the test split as prediction files, by task."""
    folder = tmp_path_factory.mktemp("predictions")
    gold = read_gold(release, "test")
    for task in TASKS:
        records = [r for view in TASKS[task].views for r in predictions_of(task, gold.articles, view)]
        (folder / f"{task}.jsonl").write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return folder


def test_gold_of_a_release_is_the_corpus(release, corpus_articles):
    for article in read_gold(release, "all").articles:
        assert article == corpus_articles[article["id"]]


def test_content_hash_is_that_of_the_manifest(release):
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    digest = manifest["configs"]["articles"]["splits"]["test"]["content_sha256"]
    assert read_gold(release, "test").data == f"{manifest['version']}+{digest[:8]}"


@pytest.mark.parametrize("task", TASKS)
def test_gold_scores_one_from_the_command_line(release, predictions, task, capsys):
    arguments = ["score", task, str(predictions / f"{task}.jsonl"), "--release", str(release), "--format", "json"]
    assert main(arguments) == 0
    reports = json.loads(capsys.readouterr().out)
    assert {figure["f1"] for report in reports for figure in report["figures"]} <= {1.0, None}
    assert [report["view"] for report in reports] == list(TASKS[task].views)


def test_text_and_latex_show_every_measure(release, predictions, capsys):
    arguments = ["score", "ner", str(predictions / "ner.jsonl"), "--release", str(release)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "entity" in text and "raw view" in text and "clean view" in text and "task:ner|measure:entity" in text
    assert main([*arguments, "--format", "latex"]) == 0
    latex = capsys.readouterr().out
    assert latex.count(r"\begin{tabular}") == 2 and "% task:ner|measure:span" in latex


def test_bad_predictions_are_status_1_on_standard_error(release, tmp_path, capsys):
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "nobody", "view": "raw", "ner": []}\n', encoding="utf-8")
    assert main(["score", "ner", str(path), "--release", str(release)]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and f"{path}:1:" in captured.err and "hint: " in captured.err


def test_release_or_file_that_is_not_there_is_status_2(release, tmp_path, capsys):
    missing = str(tmp_path / "none.jsonl")
    assert main(["score", "ner", missing, "--release", str(tmp_path)]) == 2
    assert "no release there" in capsys.readouterr().err
    assert main(["score", "ner", missing, "--release", str(release)]) == 2
    assert "no such file" in capsys.readouterr().err


def test_release_that_was_changed_is_not_scored(release, tmp_path):
    changed = tmp_path / "release"
    (changed / "articles").mkdir(parents=True)
    for name in ("articles/train-00000-of-00001.parquet", "manifest.json"):
        (changed / name).write_bytes((release / name).read_bytes())
    train = (changed / "articles" / "train-00000-of-00001.parquet").read_bytes()
    for split in ("validation", "test"):
        (changed / "articles" / f"{split}-00000-of-00001.parquet").write_bytes(train)
    with pytest.raises(GoldError, match=r"not those that manifest\.json describes"):
        read_gold(changed, "test")


def test_folder_that_is_no_release_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(GoldError, match="not the manifest of a release"):
        read_gold(tmp_path, "test")


def test_split_that_is_not_there_is_named(release):
    with pytest.raises(GoldError, match=r'no split "dev"; it has '):
        read_gold(release, "dev")


def test_command_line_has_the_tasks_of_the_scorers():
    assert tuple(TASKS) == cli._TASKS


def test_compare_prints_difference_and_p(release, predictions, capsys):
    path = str(predictions / "events.jsonl")
    arguments = ["compare", "events", path, path, "--release", str(release)]
    assert main(arguments) == 0
    assert "trigger-classification" in (text := capsys.readouterr().out) and "+0.0" in text
    assert main([*arguments, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["differences"][0]["difference"] == 0
    assert main([*arguments, "--format", "latex"]) == 0


def test_api_is_there_when_asked_for():
    assert wirecopy.score is score
    with pytest.raises(AttributeError):
        _ = wirecopy.nothing


# The baselines


def test_rule_baselines_give_the_committed_figures():
    checked = run("baselines/run.py", "--rules", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_baseline_figure_is_of_the_present_data_and_scorer():
    results = json.loads((ROOT / "baselines" / "results.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    present = {row["signature"].split("|data:")[1] for row in results if row["system"] == "rules"}
    assert {row["signature"].split("|data:")[1] for row in results} == present and len(present) == 1
    assert {row["task"] for row in results if row["system"] == "rules"} == set(TASKS)
    assert {row["task"] for row in results if row["system"] == "trained"} == {"zones", "ner", "attributions"}
    assert all(row["signature"] in readme for row in results), "renew them with: make baselines"
