"""The difference between two states of a corpus: every kind of change, by name and by number."""

from __future__ import annotations

import copy
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planted import base, set_text, stretch
from trials import changed
from wirecopy import shape
from wirecopy.changelog import ChangelogError, correction_line, corrections, undone
from wirecopy.diff import Snapshot, compare, compare_articles
from wirecopy.diffreport import as_json, as_markdown, as_text
from wirecopy.facts import facts
from wirecopy.outline import make_outline
from wirecopy.release import label_names
from wirecopy.tables import CONFIGS, columns

LABELS = {name: label_names(name) for name in (*shape.inventories(), "ner_tags")}


def snapshot(*articles, version="0.1.0", split="train", withdrawn=(), labels=LABELS, schema=None):
    """A state of a corpus with every article in one split."""
    splits = {
        "stories": [{"story": a["id"], "split": split, "articles": [a["id"]]} for a in articles],
        "withdrawn": [{"id": i, "version": "0.2.0", "reason": "a copy"} for i in withdrawn],
    }
    outline = make_outline(articles, splits, labels, schema or shape.article_schema())
    return Snapshot(version, version, {a["id"]: a for a in articles}, outline)


def said(change):
    """The changes that a change of the sound article makes, as (layer, kind, old, new)."""
    return [tuple(found[1:]) for found in compare_articles(base(), changed(base(), change))]


def drop(*path):
    """Delete what stands at a path of keys and indices."""

    def change(article):
        for key in path[:-1]:
            article = article[key]
        del article[path[-1]]

    return change


def put(*path, to):
    def change(article):
        for key in path[:-1]:
            article = article[key]
        article[path[-1]] = to

    return change


def move_mention_to_another_entity(article):
    article["entities"][2]["mentions"].append(article["entities"][0]["mentions"].pop(2))


def rename_entity(article):
    """A new id for the union, wherever it is referred to: one change, not one a mention."""
    document = orjson.dumps(article).replace(b'"the-union"', b'"crews-union"')
    article.update(orjson.loads(document))


def number_attributions_anew(article):
    """An attribution less at the start, and all later ones one number down."""
    del article["attributions"][0]
    document = orjson.dumps(article["attributions"])
    for number in (2, 3):
        document = document.replace(b'"a%d"' % number, b'"a%d"' % (number - 1))
    article["attributions"] = orjson.loads(document)


CREWS = 'attribution [49:105] "Crews of Tarn  … e on 3 May"'
CONTENT = '[49:105] "Crews of Tarn Ferries voted on Friday to strike on 3 May"'
VOTE, STRIKE = 'event [12:16] "vote"', 'event [20:26] "strike"'
FRIDAY = '[80:86] "Friday" DATE 2024-04-19'

CASES = {
    "nothing": (lambda a: None, []),
    "a zone of another kind": (
        put("zones", 5, "kind", to="comments"),
        [("zones", "relabelled", '[170:185] "Share Copy link" share', '[170:185] "Share Copy link" comments')],
    ),
    "a mention gone": (
        drop("entities", 0, "mentions", 2),
        [("entities", "removed", '[107:112] "their" PRO of crews', None)],
    ),
    "a mention of another level": (
        put("entities", 0, "mentions", 1, "level", to="NAM"),
        [("entities", "relabelled", '[49:54] "Crews" NOM of crews', '[49:54] "Crews" NAM of crews')],
    ),
    "a mention of another entity": (
        move_mention_to_another_entity,
        [
            (
                "entities", "relabelled", '[107:112] "their" PRO of crews',
                '[107:112] "their" PRO of tarn-ferries',
            )
        ],
    ),
    "an entity of another type counts once": (
        put("entities", 0, "type", to="NORP"),
        [("entities", "relabelled", 'entity crews PERSON "ferry crews"', 'entity crews NORP "ferry crews"')],
    ),
    "an entity of another id counts once": (
        rename_entity,
        [("entities", "relabelled", 'entity the-union ORG "crews\' union"', 'entity crews-union ORG "crews\' union"')],
    ),
    "a value one character shorter": (
        lambda a: stretch(a["values"][1], a, end=-1),
        [("values", "moved", FRIDAY, '[80:85] "Frida" DATE 2024-04-19')],
    ),
    "a value of another day": (
        put("values", 1, "value", to="2024-04-26"),
        [("values", "relabelled", FRIDAY, '[80:86] "Friday" DATE 2024-04-26')],
    ),
    "a value gone": (drop("values", 1), [("values", "removed", FRIDAY, None)]),
    "a cue moved": (
        lambda a: stretch(a["attributions"][0]["cue"][0], a, start=-6),
        [
            (
                "attributions", "moved", f'{CREWS}: cue [119:123] "said"',
                f'{CREWS}: cue [113:123] "union said"',
            )
        ],
    ),
    "a cue gone": (
        put("attributions", 0, "cue", to=[]),
        [("attributions", "removed", f'{CREWS}: cue [119:123] "said"', None)],
    ),
    "an attribution in writing": (
        put("attributions", 0, "mode", to="writing"),
        [
            (
                "attributions", "relabelled", f"{CREWS}: mode speech",
                f"{CREWS}: mode writing",
            )
        ],
    ),
    "an attribution gone and the others numbered anew": (
        number_attributions_anew,
        [
            ("attributions", "removed", CREWS, None),
            ("attributions", "removed", f'{CREWS}: content {CONTENT}', None),
            ("attributions", "removed", f'{CREWS}: cue [119:123] "said"', None),
            ("attributions", "removed", f'{CREWS}: source [107:118] "their union"', None),
            ("attributions", "renumbered", "ids a2, a3", "ids a1, a2"),
        ],
    ),
    "an event that did not happen": (
        put("events", 1, "polarity", to="NEGATIVE"),
        [("events", "relabelled", f"{STRIKE}: polarity POSITIVE", f"{STRIKE}: polarity NEGATIVE")],
    ),
    "an argument gone": (
        drop("events", 0, "arguments", 0),
        [("events", "arguments", f"{VOTE}: Agent crews", None)],
    ),
    "an argument filled by another": (
        put("events", 0, "arguments", 0, "entity", to="the-union"),
        [("events", "arguments", f"{VOTE}: Agent crews", f"{VOTE}: Agent the-union")],
    ),
    "another title": (
        put("title", to="Ferry crews vote"),
        [("metadata", "relabelled", 'title "Ferry crews vote to strike in May"', 'title "Ferry crews vote"')],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_change_is_told_as_what_it_is(name):
    change, expected = CASES[name]
    assert said(change) == expected


def test_change_back_is_the_change_with_its_sides_exchanged():
    """What is added one way is removed the other."""
    swapped = {"added": "removed", "removed": "added"}
    for change, _ in CASES.values():
        one, other = base(), changed(base(), change)
        there = {(c.layer, c.kind, c.old, c.new) for c in compare_articles(one, other)}
        back = {(c.layer, swapped.get(c.kind, c.kind), c.new, c.old) for c in compare_articles(other, one)}
        assert there == back


def test_old_facts_are_in_the_old_article_and_new_ones_in_the_new():
    for change, _ in CASES.values():
        one, other = base(), changed(base(), change)
        for found in compare_articles(one, other):
            if found.kind != "renumbered":
                assert found.old is None or (found.layer, found.old) in set(facts(one))
                assert found.new is None or (found.layer, found.new) in set(facts(other))


def leaves(node, path=()):
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(item, (*path, key))
    else:
        yield path, node


@given(st.data())
def test_no_change_of_any_annotation_stays_untold(data):
    """Every label, offset and name of every layer, changed one at a time, makes at least one change."""
    article = base()
    layers = ("zones", "entities", "values", "attributions", "events")
    places = [
        (path, value) for layer in layers for path, value in leaves(article[layer], (layer,)) if path[-1] != "text"
    ]
    path, value = data.draw(st.sampled_from(places))
    if path[-1] in ("start", "end"):
        other = value + 1
    else:
        other = (not value) if isinstance(value, bool) else f"{value}-x"
    assert compare_articles(article, changed(article, put(*path, to=other)))


def test_corrected_text_moves_offsets_and_changes_no_annotation():
    """Two words more at the start: every span moves by 10, and none is listed."""
    old = base()
    new = copy.deepcopy(old)
    set_text(new, "Breaking: " + old["text"])
    for path, value in list(leaves({k: new[k] for k in ("zones", "entities", "values", "attributions", "events")})):
        if path[-1] in ("start", "end"):
            put(*path, to=value + 10)(new)
    assert compare_articles(old, new) == []
    diff = compare(snapshot(old), snapshot(new))
    assert (diff.texts, diff.least_bump) == (["ferry-crews-vote"], "major")


def test_replaced_word_carries_its_span_along():
    """“Friday” becomes “Saturday” in text and span: the value is not removed and added, it is the same."""
    old, text = base(), base()["text"].replace("Friday", "Saturday", 1)
    at = old["text"].index("Friday")
    new = copy.deepcopy(old)
    set_text(new, text)
    for path, value in list(leaves({k: new[k] for k in ("zones", "entities", "values", "attributions", "events")})):
        if path[-1] in ("start", "end") and value > at:
            put(*path, to=value + 2)(new)
    assert compare_articles(old, new) == []


# Articles and bumps


def small(name, **fields):
    return {**base(), "id": name, **fields}


def with_label(inventory, *names):
    return {**LABELS, inventory: names}


SCHEMA = shape.article_schema()
WITHOUT_GENRE = {**SCHEMA, "properties": {k: v for k, v in SCHEMA["properties"].items() if k != "genre"}}
KINDS = LABELS["zone_kind"]

BUMPS = {
    "nothing": (snapshot(base()), snapshot(base()), "none"),
    "a correction": (snapshot(base()), snapshot(changed(base(), CASES["a mention gone"][0])), "patch"),
    "an article more": (snapshot(base()), snapshot(base(), small("b")), "minor"),
    "an article withdrawn": (snapshot(base(), small("b")), snapshot(base(), withdrawn=["b"]), "minor"),
    "a label more at the end": (snapshot(), snapshot(labels=with_label("zone_kind", *KINDS, "x")), "minor"),
    "a label more in front": (snapshot(), snapshot(labels=with_label("zone_kind", "x", *KINDS)), "major"),
    "a label less": (snapshot(), snapshot(labels=with_label("zone_kind", *KINDS[:-1])), "major"),
    "two labels exchanged": (
        snapshot(), snapshot(labels=with_label("zone_kind", KINDS[1], KINDS[0], *KINDS[2:])), "major",
    ),
    "a field more": (snapshot(schema=WITHOUT_GENRE), snapshot(), "minor"),
    "a field less": (snapshot(), snapshot(schema=WITHOUT_GENRE), "major"),
    "another split": (snapshot(base()), snapshot(base(), split="test"), "major"),
    "another text": (snapshot(base()), snapshot(small("ferry-crews-vote", text_sha256="0" * 64)), "major"),
}  # fmt: skip


@pytest.mark.parametrize("name", BUMPS)
def test_bump_follows_from_what_changed(name):
    old, new, bump = BUMPS[name]
    assert compare(old, new).least_bump == bump


def test_entity_type_at_the_end_of_its_list_moves_the_codes_of_the_tags():
    """The tags of values stand behind those of entities: 1 + 2 × 11 = 23 is B-DATE, and becomes B-X."""
    types = (*LABELS["entity_type"], "X")
    labels = {**LABELS, "entity_type": types, "ner_tags": shape.ner_tags(types, LABELS["value_type"])}
    diff = compare(snapshot(), snapshot(labels=labels))
    assert diff.least_bump == "major"
    assert "ner_tags: code 23 was B-DATE and is B-X" in [reason.what for reason in diff.reasons]


def test_lost_article_is_no_matter_of_a_version():
    diff = compare(snapshot(base(), small("b")), snapshot(base()))
    assert diff.lost == ["b"]
    assert "no version allows this: b" in as_text(diff)


def test_withdrawn_id_is_not_used_again():
    assert compare(snapshot(withdrawn=["b"]), snapshot(small("b"))).reused == ["b"]


def test_fields_of_the_schema_are_the_columns_of_the_table():
    types = {"string": "string", "integer": "int64", "boolean": "bool"}
    fields = make_outline([], {"stories": [], "withdrawn": []}, {}, SCHEMA)["fields"]
    assert {name: types[kind] for name, kind in fields.items()} == columns(CONFIGS["articles"])


# Reports


@pytest.fixture
def diff():
    """One value redated, one cue gone, one article more."""
    both = changed(
        base(), lambda a: (put("values", 1, "value", to="2024-04-26")(a), put("attributions", 0, "cue", to=[])(a))
    )
    return compare(snapshot(base()), snapshot(both, small("b"), version="0.2.0"))


def test_text_has_articles_table_list_and_verdict(diff):
    text = as_text(diff)
    assert text.startswith("0.1.0 → 0.2.0\n\narticles added: b\n")
    row = next(line for line in text.splitlines() if line.startswith("values"))
    assert row.split() == ["values", "0", "0", "1", "0", "0"]
    assert f'  values relabelled: {FRIDAY} → [80:86] "Friday" DATE 2024-04-26\n' in text
    assert text.endswith("least bump: minor, to 0.2.0, because\n  article b is added\n")


def test_json_has_every_change_with_both_sides(diff):
    report = orjson.loads(as_json(diff))
    assert report["articles"]["added"] == ["b"]
    assert report["counts"] == {"attributions/removed": 1, "values/relabelled": 1}
    assert [change["kind"] for change in report["changes"]] == ["relabelled", "removed"]
    assert (report["least_bump"], report["least_version"]) == ("minor", "0.2.0")


def test_markdown_in_a_changelog_reads_back_as_the_same_changes(diff):
    changelog = (
        f"# Changelog\n\n## 0.2.0, 2026-12-01\n\n### Data\n\n{as_markdown(diff)}\n## 0.1.0, 2026-11-22\n\nFirst.\n"
    )
    assert corrections(changelog) == {"0.1.0": [], "0.2.0": diff.changes}


def test_arrow_in_a_surface_does_not_break_a_line_of_corrections():
    old = small("b", title="A → B")
    changes = compare_articles(old, {**old, "title": "A → C"})
    changelog = "## 0.2.0, 2026-12-01\n\n```corrections\n" + correction_line(changes[0]) + "\n```\n"
    assert corrections(changelog)["0.2.0"] == changes


def test_line_that_is_no_correction_is_named():
    with pytest.raises(ChangelogError, match=r"the corrections of 0\.2\.0 have a line that is none: whatever"):
        corrections("## 0.2.0, 2026-12-01\n\n```corrections\nwhatever\n```\n")


# Corrections undone


def listed(*states):
    """The corrections that lead from each state to the next, as of 0.1.1, 0.1.2, …"""
    return {f"0.1.{i}": compare_articles(old, new) for i, (old, new) in enumerate(pairwise(states), start=1)}


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("nothing",)])
def test_correction_whose_old_value_returns_is_found(name):
    right = changed(base(), CASES[name][0])
    found = undone(listed(base(), right), {right["id"]: base()})
    expected = [change for change in compare_articles(base(), right) if change.kind != "renumbered"]
    assert {entry.change for entry in found} == set(expected)
    assert {entry.version for entry in found} == {"0.1.1"}


def test_addition_that_vanishes_is_found():
    less = changed(base(), drop("values", 1))
    found = undone(listed(less, base()), {less["id"]: less})
    assert [entry.change.new for entry in found] == [FRIDAY]


def test_addition_that_was_moved_since_has_not_vanished():
    less, moved = changed(base(), drop("values", 1)), changed(base(), lambda a: stretch(a["values"][1], a, end=-1))
    assert undone(listed(less, base()), {less["id"]: moved}) == []


def test_correction_stands_while_it_stands():
    right = changed(base(), CASES["a cue gone"][0])
    assert undone(listed(base(), right), {right["id"]: right}) == []


def test_correction_that_is_taken_back_in_the_changelog_is_taken_back():
    right = changed(base(), CASES["a cue gone"][0])
    assert undone(listed(base(), right, base()), {right["id"]: base()}) == []


def test_correction_of_one_of_two_events_on_one_trigger_is_no_matter_of_the_other():
    two = changed(base(), lambda a: a["events"].insert(1, {**a["events"][0], "id": "ev9", "type": "Life.Die"}))
    right = changed(two, put("events", 1, "polarity", to="NEGATIVE"))
    assert undone(listed(two, right), {two["id"]: right}) == []
