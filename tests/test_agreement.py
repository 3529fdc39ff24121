"""Agreement: figures worked out by hand on one small article, and the report on the real corpus."""

from __future__ import annotations

import copy
import json

import krippendorff
import pytest

from conftest import ROOT, run
from planted import base, take_text_out
from wirecopy.agreement import GOLD, LINES, UNITS, Agreement, Confusion, LabelCount, Pair, agreements
from wirecopy.agreementreport import as_text
from wirecopy.article import LAYERS
from wirecopy.rules import Corpus
from wirecopy.scoring.gold import GoldArticle
from wirecopy.validate import check_corpus


def second_pass():
    """The small article by an annotator who takes the share bar for a promo, overlooks the last mention
    of Owen Pryce ("him"), and calls "who" nominal."""
    article = base()
    article["zones"][5]["kind"] = "promo"
    pryce = article["entities"][4]["mentions"]
    pryce.pop()
    pryce[1]["level"] = "NOM"
    return article


def agreement_of(first, second):
    return Agreement("a1", "a2", {first["id"]: Pair(GoldArticle(first, "raw"), GoldArticle(second, "raw"))})


@pytest.fixture(scope="module")
def small():
    return agreement_of(base(), second_pass())


def line(title):
    return next(one for one in LINES if one.title == title)


def label(agreement, dimension, name):
    return next(c for c in agreement.labels if (c.dimension, c.label) == (dimension, name))


def test_f1_of_mentions_is_that_of_the_shared_ones(small):
    """14 mentions and 13, 13 shared: 2·13/(14+13)."""
    assert small.f1(line("mentions")) == pytest.approx(26 / 27)


def test_zones_with_bounds_and_kind_differ_in_one_of_eight(small):
    assert small.f1(line("zones with bounds and kind")) == pytest.approx(7 / 8)
    assert small.f1(line("boilerplate, by character")) == 1


def test_kappa_of_zone_kinds(small):
    """247 characters, 13 labelled otherwise: observed 234/247. Both have 27 headline, 12 byline, 157 body,
    26 related, 12 copyright: expected (27² + 12² + 157² + 26² + 12²)/247² = 26342/61009. The rest is
    (234·247 − 26342)/(61009 − 26342)."""
    assert small.kappa("zone kinds") == pytest.approx(31456 / 34667)


def test_alpha_of_zone_kinds(small):
    """494 labels: 54 headline, 24 byline, 314 body, 52 related, 13 share, 13 promo, 24 copyright. Pairs of
    equal ones: 54·53 + 24·23 + 314·313 + 52·51 + 2·13·12 + 24·23 = 105212 of 494·493 = 243542. Observed
    disagreement 13/247, expected 138330/243542."""
    assert small.alpha("zone kinds") == pytest.approx(1 - (13 / 247) / (138330 / 243542))


def test_alpha_is_that_of_the_library(small):
    """The library `krippendorff` makes a matrix for every unit, too much for the characters of a corpus."""
    for units in UNITS:
        theirs = krippendorff.alpha(reliability_data=small._labels[units], level_of_measurement="nominal")
        assert small.alpha(units) == pytest.approx(theirs), units


def test_coefficients_are_one_where_all_is_alike_and_none_where_nothing_is_marked():
    article = base()
    alike = agreement_of(article, article)
    assert {alike.alpha(units) for units in UNITS} == {1.0}
    bare = {**article, "attributions": []}
    assert agreement_of(bare, bare).alpha("content") is None
    assert agreement_of(bare, bare).kappa("content") is None


def test_labels_count_for_each_side_and_for_both(small):
    assert label(small, "entity type", "PERSON") == LabelCount("entity type", "PERSON", 9, 8, 8)
    assert label(small, "entity type", "PERSON").f1 == pytest.approx(16 / 17)
    assert label(small, "zone kind", "share") == LabelCount("zone kind", "share", 13, 0, 0)


def test_further_labels_of_a_layer_are_compared_where_both_have_the_span(small):
    """Of the four pronouns of the first, "him" is no mention of the second: three are left."""
    assert label(small, "mention level", "PRO") == LabelCount("mention level", "PRO", 3, 2, 2)


def test_confusions_name_both_labels_or_nothing(small):
    assert small.confusions == [
        Confusion("zone kind", "promo", "share", 13),
        Confusion("entity type", "PERSON", None, 1),
        Confusion("mention level", "NOM", "PRO", 1),
    ]


def test_agreement_has_no_side():
    one, other = base(), second_pass()
    other["events"][0]["arguments"].pop()
    other["attributions"][1]["source_entity"] = None
    there, back = agreement_of(one, other), agreement_of(other, one)
    for each in LINES:
        assert there.f1(each) == pytest.approx(back.f1(each)), each
        if each.units:
            assert there.alpha(each.units) == pytest.approx(back.alpha(each.units))
    assert there.confusions == back.confusions


def test_an_article_without_text_is_scored_by_its_offsets():
    one, other = base(), second_pass()
    for article in (one, other):
        take_text_out(article)
        article["annotation"]["status"] = "pass"
    gold = copy.deepcopy(one)
    corpus = Corpus(
        ROOT, {"articles/x.json": gold}, {f"passes/{a}/{gold['id']}.json": p for a, p in (("a1", one), ("a2", other))}
    )
    assert agreements(corpus, standoff=False) == []
    found = agreements(corpus, standoff=True)
    assert [(a.first, a.second) for a in found] == [("a1", "a2"), ("a1", GOLD), ("a2", GOLD)]
    assert found[0].f1(line("mentions")) == pytest.approx(26 / 27)
    assert {found[1].f1(each) for each in LINES} == {1.0}


def test_a_figure_under_the_least_is_pointed_out():
    other = base()
    for layer in LAYERS[1:]:
        other[layer] = []
    text = as_text({"written": [agreement_of(base(), other)]})
    assert "under 80.0: content, exact 0.0" in text
    assert "under 80.0: boilerplate" not in text


def test_the_report_covers_every_article_and_layer():
    corpus = check_corpus(ROOT / "corpus").corpus
    covered = {i for kind in (False, True) for a in agreements(corpus, standoff=kind) for i in a.pairs}
    assert covered == {article["id"] for article in corpus.articles.values()}
    assert {each.layer for each in LINES} | {"values"} == set(LAYERS)  # Values are in "names and values".


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    from trials import Checkout

    return Checkout(tmp_path_factory.mktemp("agreement")).folder / "corpus"


def test_the_script_prints_all_formats(trial):
    text = run("scripts/agreement.py", trial)
    assert text.returncode == 0, text.stderr
    assert "written articles, a1 with a2" in text.stdout
    found = json.loads(run("scripts/agreement.py", trial, "--format", "json").stdout)
    figures = {figure["measure"]: figure["f1"] for figure in found["written"][0]["figures"]}
    assert len(figures) == len(LINES) and set(figures.values()) == {1.0}
    assert (
        "| zones: boilerplate, by character | 100.0 |"
        in run("scripts/agreement.py", trial, "--format", "markdown").stdout
    )


def test_the_script_refuses_what_is_no_corpus_and_one_with_errors(trial, tmp_path):
    missing = run("scripts/agreement.py", tmp_path / "nowhere")
    assert missing.returncode == 2 and "no corpus there" in missing.stderr
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "broken.json").write_text("{")
    broken = run("scripts/agreement.py", tmp_path)
    assert broken.returncode == 1 and "json-syntax" in broken.stdout
