from __future__ import annotations

import orjson
import pytest

from planted import DRAFT, base
from wirecopy.article import format_article, spans_of
from wirecopy.drafts import DraftError, anchor
from wirecopy.files import anchor_file

TEXT = "He said [sic] the he-goat met “Lee” and Lee’s aide. He left."


def draft(mention, text=TEXT):
    return {"id": "x", "text": text, "entities": [{"type": "PERSON", "name": "x", "mentions": [mention]}]}


def only_span(anchored):
    return next(span for _, span in spans_of(anchored))


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ({"text": "aide"}, 46),
        ({"text": "“[Lee]”"}, 31),
        ({"text": "[Lee]’s"}, 40),
        ({"text": "[He] left"}, 52),
        ({"text": "He", "occurrence": 2}, 52),
        ({"text": "\\[sic\\]"}, 8),
        ({"text": "said [\\[sic\\]]"}, 8),
    ],
)
def test_span_is_found_by_text_context_or_occurrence(written, start):
    span = only_span(anchor(draft({**written, "level": "NAM"}))[0])
    assert span["start"] == start
    assert TEXT[span["start"] : span["end"]] == span["text"]


def test_gap_reaches_to_the_nearest_following_words_of_the_line():
    text = "A letter went home. It ended. A reply ended."
    assert (
        only_span(anchor(draft({"text": "A letter [...] ended."}, text))[0])["text"] == "A letter went home. It ended."
    )
    assert only_span(anchor(draft({"text": "home. [It [...].] A"}, text))[0])["text"] == "It ended."


def test_spaces_around_a_gap_are_for_the_reader():
    text = "Four times, he said, it rang."
    assert only_span(anchor(draft({"text": "Four times [...] rang"}, text))[0])["text"] == text.rstrip(".")


def test_gap_does_not_cross_a_line():
    with pytest.raises(DraftError):
        anchor(draft({"text": "one [...] two"}, "one\ntwo"))


def findings_of(written, text=TEXT):
    with pytest.raises(DraftError) as caught:
        anchor(draft(written, text))
    return caught.value.findings


def test_ambiguous_span_is_reported_with_all_candidates():
    [finding] = findings_of({"text": "Lee"})
    assert "occurs 2 times" in finding.message
    assert "1: " in finding.hint and "2: " in finding.hint
    assert "“[Lee]”" in finding.hint and "[Lee]’s" in finding.hint


def test_absent_span_is_reported_with_what_is_nearest():
    [finding] = findings_of({"text": "Lee’s aides"})
    assert "is not in the text" in finding.message
    assert "Lee’s aide" in finding.hint


def test_absent_span_that_differs_in_quotation_marks_says_so():
    [finding] = findings_of({"text": "Lee's aide"})
    assert "quotation marks" in finding.hint
    assert "U+2019" in finding.hint


@pytest.mark.parametrize("written", ["[He", "He]", "[He] [left]", "[[He]]"])
def test_unbalanced_brackets_are_reported(written):
    [finding] = findings_of({"text": written})
    assert "bracket" in finding.message


@pytest.mark.parametrize(
    "mention", [7, None, [], {"level": "NAM"}, {"text": ""}, {"text": 4}, {"text": "He", "occurrence": 9}]
)
def test_what_is_no_span_is_reported_and_not_raised(mention):
    assert len(findings_of(mention)) == 1


@pytest.mark.parametrize("layer", ["zones", "entities", "values", "attributions", "events"])
@pytest.mark.parametrize("content", [7, "x", [7], {"a": 1}])
def test_what_is_no_layer_is_reported_and_not_raised(layer, content):
    with pytest.raises(DraftError):
        anchor({"id": "x", "text": TEXT, layer: content})


def test_all_problems_of_a_draft_are_reported_at_once():
    broken = orjson.loads(DRAFT.read_bytes())
    broken["zones"][0]["text"] = "Nothing like it at all"
    broken["values"][0]["text"] = "the"
    broken["attributions"][1]["cue"] = ["said"]
    with pytest.raises(DraftError) as caught:
        anchor(broken)
    assert [f.pointer for f in caught.value.findings] == ["/zones/0", "/values/0", "/attributions/1/cue/0"]


def test_anchoring_an_anchored_article_changes_no_byte():
    once = format_article(base())
    again, moves = anchor(orjson.loads(once))
    assert format_article(again) == once
    assert moves == []


def test_draft_is_left_as_it_was():
    given = orjson.loads(DRAFT.read_bytes())
    anchor(given)
    assert given == orjson.loads(DRAFT.read_bytes())


def test_article_is_anchored_again_after_its_text_was_corrected(article):
    corrected = article["text"].replace("Ferry crews vote", "The ferry crews voted", 1)
    with pytest.raises(DraftError) as caught:
        anchor(article, corrected)
    # What the correction rewrote is gone; everything behind it is found again.
    assert {f.pointer for f in caught.value.findings} == {"/zones/0", "/entities/0/mentions/0"}
    corrected = article["text"].replace("Ferry crews vote", "Now: Ferry crews vote", 1)
    article["zones"][0] = {"text": "Now[...]in May", "kind": "headline"}
    anchored, moves = anchor(article, corrected)
    assert len(moves) == len(list(spans_of(article))) - 1
    assert all(corrected[s["start"] : s["end"]] == s["text"] for _, s in spans_of(anchored))
    shift = len("Now: ")
    assert anchored["values"][0]["start"] == base()["values"][0]["start"] + shift


def test_licensed_article_gets_offsets_and_keeps_no_text(article):
    given = orjson.loads(DRAFT.read_bytes())
    text = given.pop("text")
    given["provenance"] = {"kind": "licensed", "source": "a-source"}
    anchored, _ = anchor(given, text)
    assert anchored["text"] is None
    assert all(span["text"] is None for _, span in spans_of(anchored))
    assert anchored["text_sha256"] == article["text_sha256"]
    # Without the text, the offsets that it has are kept.
    assert format_article(anchor(anchored)[0]) == format_article(anchored)


def test_missing_ids_are_numbered_in_text_order_around_those_given():
    values = [{"text": t, "type": "DATE", "value": "2024"} for t in ("left", "said", "met")]
    values[1]["id"] = "v2"
    anchored, _ = anchor({"id": "x", "text": TEXT, "values": values})
    assert [(v["text"], v["id"]) for v in anchored["values"]] == [("said", "v2"), ("met", "v1"), ("left", "v3")]


def test_file_with_problems_is_not_written(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(orjson.dumps(draft({"text": "Lee", "level": "NAM"})))
    before = path.read_bytes()
    target, problems, _ = anchor_file(path)
    assert target is None
    assert problems[0].line == 1
    assert path.read_bytes() == before


def test_file_is_written_once_and_then_left(tmp_path):
    path = tmp_path / "ferry-crews-vote.json"
    path.write_bytes(DRAFT.read_bytes())
    assert anchor_file(path)[0] == path
    first = path.read_bytes()
    assert anchor_file(path) == (None, [], [])
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]
