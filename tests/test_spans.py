from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirecopy import spans


def span(start, end):
    return {"start": start, "end": end}


@pytest.mark.parametrize(
    ("a", "b", "overlap", "contains", "cross"),
    [
        (span(0, 5), span(5, 9), False, False, False),  # Touching is not overlapping: the end is exclusive.
        (span(0, 5), span(4, 9), True, False, True),
        (span(0, 9), span(4, 9), True, True, False),
        (span(0, 5), span(0, 5), True, True, False),
    ],
)
def test_relations_of_two_spans(a, b, overlap, contains, cross):
    assert spans.overlap(a, b) is spans.overlap(b, a) is overlap
    assert spans.contains(a, b) is contains
    assert spans.cross(a, b) is spans.cross(b, a) is cross


def test_outermost_keeps_the_longest_of_nested_and_the_first_of_crossing_spans():
    found = [span(4, 6), span(0, 6), span(5, 9), span(9, 12), span(9, 10)]
    assert spans.outermost(found) == [span(0, 6), span(9, 12)]


bounds = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda b: span(b[0], b[0] + b[1]))


@given(st.lists(bounds))
def test_outermost_spans_never_overlap_and_are_never_inside_another(found):
    kept = spans.outermost(found)
    for i, first in enumerate(kept):
        assert all(not spans.overlap(first, other) for other in kept[i + 1 :])
    assert sorted(kept, key=spans.text_order) == kept


def test_only_line_feeds_end_lines():
    text = "one\u2028two\x0b\nthree"
    starts = spans.line_starts(text)
    assert starts == [0, 9]
    assert [spans.line_at(starts, offset) for offset in (0, 8, 9, 13)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("e\u0301a", [1]),  # A letter and its combining accent.
        ("\U0001f1e8\U0001f1f1", [1]),  # A flag is two regional indicators.
        ("\U0001f469\u200d\U0001f52c!", [1, 2]),  # Woman, joiner, microscope.
        ("ab", []),
        ("a\r\nb", [2]),
        ("▶\n▶", []),
    ],
)
def test_offsets_inside_a_perceived_character_are_told(text, inside):
    assert [i for i in range(len(text) + 1) if spans.splits_character(text, i)] == inside


def test_words_are_split_between_letters_and_digits_only():
    assert [i for i in range(8) if spans.splits_word("5km/h ok", i)] == [1, 2, 7]
