"""The clean view: what it keeps, how it joins, and that every span survives the trip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirecopy import shape
from wirecopy.article import spans_of
from wirecopy.rules import RULES
from wirecopy.validate import check_article
from wirecopy.views import clean_text, clean_view


def page(*pieces):
    """An article out of (text, kind) and (text, kind, continues); kind None is white space in no zone."""
    text, zones = "", []
    for surface, kind, *continues in pieces:
        if kind:
            zone = {"start": len(text), "end": len(text) + len(surface), "text": surface, "kind": kind}
            zones.append({**zone, "continues": bool(continues and continues[0])})
        text += surface
    return {"id": "x", "text": text, "zones": zones}


AD = ("Advertisement", "advertisement")


@pytest.mark.parametrize(
    ("pieces", "clean"),
    [
        # White space between zones of the article stays as it is.
        ([("One.", "body"), ("\n \n", None), ("Two.", "body")], "One.\n \nTwo."),
        # Boilerplate in a line of its own goes with one of the breaks around it.
        ([("One.", "body"), ("\n", None), AD, ("\n", None), ("Two.", "body")], "One.\nTwo."),
        ([("One.", "body"), ("\n\n", None), AD, ("\n", None), ("Two.", "body")], "One.\n\nTwo."),
        # Zones of two kinds glued together by boilerplate are parted by a line break.
        ([("By Lee", "byline"), AD, ("One.", "body")], "By Lee\nOne."),
        # Boilerplate in a sentence goes with the white space around it.
        ([("We will", "body"), (" ", None), AD, ("  ", None), ("go.", "body", True)], "We will go."),
        ([("We will", "body"), AD, ("go.", "body", True)], "We will go."),
        ([("We will", "body"), ("\n", None), AD, ("\n", None), ("go.", "body", True)], "We will go."),
        # No space before closing and after opening punctuation.
        ([("“We go", "body"), (" ", None), AD, (",” she said.", "body", True)], "“We go,” she said."),
        ([("He won “", "body"), AD, (" ", None), ("gold”.", "body", True)], "He won “gold”."),
        ([('"We go', "body"), AD, ('" she said.', "body", True)], '"We go" she said.'),
        ([("She said", "body"), AD, ('"We go."', "body", True)], 'She said "We go."'),
        ([("the crew", "body"), AD, ("'s vote", "body", True)], "the crew's vote"),
        ([('He won "', "body"), AD, (" ", None), ('gold".', "body", True)], 'He won "gold".'),
        # Of the white space around it, the run with the most breaks counts.
        ([("One.", "body"), ("\n\n", None), AD, ("\n      ", None), ("Two.", "body")], "One.\n\nTwo."),
        # Boilerplate at the edges of the page leaves nothing behind.
        ([AD, ("\n", None), ("One.", "body"), (" ", None), AD], "One."),
        ([AD], ""),
    ],
)
def test_boilerplate_is_cut_and_the_rest_is_joined(pieces, clean):
    assert clean_text(page(*pieces))[0] == clean


def test_offsets_are_carried_both_ways():
    article = page(("We will", "body"), (" ", None), AD, ("  ", None), ("go.", "body", True))
    _, offsets = clean_text(article)
    # raw:   We will Advertisement  go.     clean: We will go.
    assert offsets.to_clean(3, 7) == (3, 7)
    assert offsets.to_clean(23, 25) == (8, 10)
    assert offsets.to_clean(8, 21) is None
    assert offsets.to_clean(0, 26) == (0, 11)
    assert offsets.to_raw(0, 11) == [(0, 7), (23, 26)]
    assert offsets.to_raw(7, 8) == []  # The space that joins is in no page.


def test_standoff_article_without_text_has_no_clean_text():
    with pytest.raises(ValueError, match="stand-off"):
        clean_text({"id": "x", "text": None, "zones": []})


words = st.text(alphabet=st.sampled_from("abé“”\"',.!😀\u00a0 "), min_size=1).filter(lambda s: s == s.strip())
gaps = st.sampled_from(["", " ", "\n", "\n\n", "\u00a0 ", " \t"])
kinds = st.sampled_from(["body", "headline", "advertisement", "share"])


@st.composite
def pages(draw):
    pieces, last, parted = [], None, False
    for surface, kind, gap in draw(st.lists(st.tuples(words, kinds, gaps), min_size=1, max_size=12)):
        boilerplate = kind in shape.boilerplate_kinds()
        continues = not boilerplate and parted and last == kind and draw(st.booleans())
        pieces += [(surface, kind, continues), (gap, None)]
        last, parted = (last, True) if boilerplate else (kind, False)
    return page(*pieces)


@given(pages())
def test_every_stretch_of_the_article_survives_the_trip(article):
    clean, offsets = clean_text(article)
    raw = article["text"]
    for zone in article["zones"]:
        there = offsets.to_clean(zone["start"], zone["end"])
        if zone["kind"] in shape.boilerplate_kinds():
            assert there is None
            continue
        assert clean[slice(*there)] == raw[zone["start"] : zone["end"]]
        assert offsets.to_raw(*there) == [(zone["start"], zone["end"])]


@given(pages())
def test_clean_text_is_the_article_zones_in_order_and_separators(article):
    clean, offsets = clean_text(article)
    back = offsets.to_raw(0, len(clean))
    assert back == sorted(back)
    kept = "".join(article["text"][start:end] for start, end in back)
    expected = "".join(z["text"] for z in article["zones"] if z["kind"] not in shape.boilerplate_kinds())
    assert "".join(kept.split()) == "".join(expected.split()) == "".join(clean.split())


def test_spans_parted_by_boilerplate_alone_become_one(article):
    clean = clean_view(article)
    quote = next(a for a in clean["attributions"] if a["type"] == "direct")
    assert [span["text"] for span in quote["content"]] == ["“We asked for talks,”"]


def test_clean_view_of_every_article_keeps_all_annotation_and_the_rules(written_articles):
    for article in written_articles.values():
        clean = clean_view(article)
        raw_surfaces = [s["text"] for path, s in spans_of(article) if path[0] in ("entities", "values", "events")]
        clean_surfaces = [s["text"] for path, s in spans_of(clean) if path[0] in ("entities", "values", "events")]
        assert clean_surfaces == raw_surfaces
        assert [p for p in check_article(clean) if RULES[p.rule].severity == "error"] == []
        assert not any(z["kind"] in shape.boilerplate_kinds() for z in clean["zones"])


def test_every_span_of_every_article_survives_the_trip(written_articles):
    for article in written_articles.values():
        text, offsets = clean_text(article)
        for path, span in spans_of(article):
            if path[0] == "zones" and span["kind"] in shape.boilerplate_kinds():
                continue
            there = offsets.to_clean(span["start"], span["end"])
            assert text[slice(*there)] == span["text"]
            assert offsets.to_raw(*there) == [(span["start"], span["end"])]
