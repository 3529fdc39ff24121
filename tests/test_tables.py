from __future__ import annotations

import pyarrow as pa
import pytest

from wirecopy import shape
from wirecopy.tables import CONFIGS, NER_TAGS, label_names, make_table, named_spans, ner_rows, tokenize
from wirecopy.views import clean_view


def rows(name, article):
    return make_table(CONFIGS[name], [article]).to_pylist()


def test_articles_comes_first_and_every_task_has_a_clean_twin():
    names = list(CONFIGS)
    assert names[0] == "articles"
    tasks = ("zones", "ner", "coreference", "attributions", "events")
    assert names[1:] == [*(name for task in tasks for name in (task, f"{task}_clean")), "standoff"]


def test_ner_tags_are_the_ontonotes_labels_in_their_published_order():
    """The order is the code of a published ClassLabel: it may grow at its end and never change."""
    eighteen = [
        *("PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"),
        *("DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "ORDINAL", "CARDINAL"),
    ]
    assert list(NER_TAGS) == ["O", *(f"{prefix}-{label}" for label in eighteen for prefix in "BI")]


def test_labels_are_published_in_their_order():
    assert label_names("zone_kind")[:4] == ("headline", "byline", "dateline", "body")
    assert label_names("attribution_type") == ("direct", "indirect", "mixed")
    assert label_names("realis") == ("ACTUAL", "GENERIC", "OTHER")


def test_articles_table_holds_the_record_unchanged(article):
    assert rows("articles", article) == [article]


def test_ner_line_by_hand(article):
    """Line 2 is "Crews of Tarn Ferries voted on Friday to strike on 3 May, their union said.Read more: …".

    Its names are Tarn Ferries (ORG) and, as values, Friday and 3 May (DATE). The pronoun, the common
    nouns and what stands in the boilerplate are O.
    """
    line = ner_rows(article)[2]
    tagged = [(word, tag) for word, tag in zip(line["tokens"], line["ner_tags"], strict=True) if tag != "O"]
    assert tagged == [
        ("Tarn", "B-ORG"),
        ("Ferries", "I-ORG"),
        ("Friday", "B-DATE"),
        ("3", "B-DATE"),
        ("May", "I-DATE"),
    ]
    assert (line["id"], line["article_id"], line["line"], line["line_start"]) == (
        "ferry-crews-vote:2",
        "ferry-crews-vote",
        2,
        49,
    )


def test_outermost_of_nested_names_wins(article):
    """A value that holds a whole name is tagged, the name inside it is not."""
    start = article["text"].index("3 May")
    article["values"].append(
        {"id": "x", "start": start - 3, "end": start + 5, "type": "QUANTITY", "value": None, "text": ""}
    )
    assert {"start": start - 3, "end": start + 5, "type": "QUANTITY"} in named_spans(article)
    assert not any(span["start"] == start for span in named_spans(article))


def test_token_glued_to_boilerplate_keeps_the_tag_of_the_span_that_it_shares_a_character_with():
    text = "At 9.40amShare"
    value = {"id": "v1", "start": 3, "end": 9, "text": "9.40am", "type": "TIME", "value": "T09:40"}
    [line] = ner_rows({"id": "x", "text": text, "entities": [], "values": [value]})
    assert dict(zip(line["tokens"], line["ner_tags"], strict=True)) == {"At": "O", "9.40amShare": "B-TIME"}


@pytest.mark.parametrize("text", ["a  b\tc\u00a0d", "One.\n\n Two ", "", "€5m\n“Hi”"])
def test_tokens_are_slices_of_the_text_without_white_space(text):
    tokens = tokenize(text)
    assert tokens.words == [text[s:e] for s, e in zip(tokens.starts, tokens.ends, strict=True)]
    assert "".join(tokens.words) == "".join(text.split())


def test_token_offsets_of_ner_count_from_the_line(written_articles):
    for article in written_articles.values():
        for line in ner_rows(article):
            start = line["line_start"]
            assert article["text"][start : start + len(line["text"])] == line["text"]
            for word, s, e in zip(line["tokens"], line["token_starts"], line["token_ends"], strict=True):
                assert article["text"][start + s : start + e] == line["text"][s:e] == word


def test_bio_tags_of_every_line_are_well_formed_and_tell_the_spans(written_articles):
    for article in written_articles.values():
        for view in (article, clean_view(article)):
            begun = 0
            for line in ner_rows(view):
                before = "O"
                for tag in line["ner_tags"]:
                    assert not tag.startswith("I-") or before[2:] == tag[2:]
                    begun += tag.startswith("B-")
                    before = tag
            assert begun == len(named_spans(view))


def test_clusters_and_mentions_tell_the_same(written_articles):
    for article in written_articles.values():
        [row] = rows("coreference", article)
        clusters = {}
        for mention in row["mentions"]:
            assert row["text"][mention["start"] : mention["end"]] == mention["text"]
            covered = row["token_starts"][mention["token_start"]], row["token_ends"][mention["token_end"] - 1]
            assert covered[0] <= mention["start"] and mention["end"] <= covered[1]
            clusters.setdefault(mention["entity"], []).append([mention["token_start"], mention["token_end"]])
        assert sorted(sorted(c) for c in clusters.values()) == sorted(sorted(c) for c in row["clusters"])


def test_flat_lists_refer_to_what_is_in_their_row(written_articles):
    for article in written_articles.values():
        [row] = rows("attributions", article)
        ids = {a["id"] for a in row["attributions"]}
        assert {span["attribution"] for span in row["spans"]} == ids
        [row] = rows("events", article)
        ids = {event["id"] for event in row["events"]}
        assert {trigger["event"] for trigger in row["triggers"]} == ids
        fillers = {filler["id"] for filler in row["fillers"]}
        for argument in row["arguments"]:
            assert argument["filler"] in (ids if argument["filler_kind"] == "event" else fillers)


def test_clean_rows_hold_no_boilerplate(article):
    [row] = rows("zones_clean", article)
    assert not any(zone["boilerplate"] for zone in row["zones"])
    assert "Share" not in row["text"]
    kinds = [label_names("zone_kind")[tag] for tag in row["zone_tags"]]
    assert set(kinds) == {"headline", "byline", "body"}


def test_every_table_has_one_row_group_worth_of_one_chunk(article):
    for config in CONFIGS.values():
        table = make_table(config, [article, article])
        assert all(column.num_chunks == 1 for column in table.columns)


def test_unknown_label_raises(article):
    article["zones"][0]["kind"] = "unknown"
    with pytest.raises(KeyError):
        make_table(CONFIGS["zones"], [article])


def test_arrow_schema_of_articles_follows_the_json_schema():
    schema = shape.article_arrow_schema()
    assert schema.names == list(shape.article_schema()["properties"])
    assert schema.field("text_length").type == pa.int64()
    mention = schema.field("entities").type.value_type.field("mentions").type.value_type
    assert [field.name for field in mention] == ["start", "end", "text", "level"]
