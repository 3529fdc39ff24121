"""Records as JSON and as columns: nothing is lost or added on the way."""

from __future__ import annotations

import sys

import numpy as np
import orjson
import pyarrow as pa
import pytest

from wirecopy import columns, shape
from wirecopy.tables import CONFIGS, encoded, stored_schema

SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "number": pa.int64(),
        "truth": pa.bool_(),
        "pair": pa.struct({"b": pa.string(), "a": pa.list_(pa.int64())}),
        "items": pa.list_(pa.struct({"z": pa.int64(), "y": pa.list_(pa.string())})),
    }
)
RECORDS = [
    {"text": "a", "number": -1, "truth": True, "pair": {"b": None, "a": []}, "items": [{"z": 1, "y": ["x", None]}]},
    {"text": None, "number": None, "truth": None, "pair": None, "items": None},
    {
        "text": "",
        "number": 1 << 62,
        "truth": False,
        "pair": {"b": "", "a": [1, None]},
        "items": [None, {"z": 2, "y": []}],
    },
    {"text": '\\ " /', "number": 0, "truth": False, "pair": {"b": "\n", "a": None}, "items": []},
]


def read(documents, schema):
    return columns.read(columns.joined(documents), len(documents), schema)


def dumped(record, option=None):
    return orjson.dumps(record, option=option)


def test_records_are_read_as_they_are():
    batch = read(list(map(dumped, RECORDS)), SCHEMA)
    assert batch.equals(pa.RecordBatch.from_pylist(RECORDS, schema=SCHEMA))


def test_records_are_written_in_the_order_of_fields_and_of_keys():
    batch = pa.RecordBatch.from_pylist(RECORDS, schema=SCHEMA)
    for rows, records in ((batch, RECORDS), (batch.slice(1, 2), RECORDS[1:3]), (batch.slice(0, 0), [])):
        assert columns.lines(rows) == list(map(dumped, records))
        assert columns.canonical(rows) == [dumped(record, orjson.OPT_SORT_KEYS) for record in records]


def test_rows_say_only_what_they_are_written_as():
    batch = pa.RecordBatch.from_pylist(RECORDS, schema=SCHEMA)
    documents = list(map(dumped, RECORDS))
    assert columns.says(batch, columns.joined(documents))
    assert not columns.says(batch, columns.joined(documents[:-1]))
    assert not columns.says(batch, columns.joined([*documents, b""]))
    assert not columns.says(batch, columns.joined([*documents[:-1], documents[-1] + b" "]))
    assert not columns.says(batch, columns.joined([documents[0].replace(b"-1", b"-2"), *documents[1:]]))
    assert not columns.says(batch.slice(0, 3), columns.joined(documents))


def test_every_character_is_written_as_canonical_json_has_it():
    characters = [chr(i) for i in range(sys.maxunicode + 1) if not 0xD800 <= i < 0xE000]
    texts = ["".join(characters[i : i + 1_000]) for i in range(0, len(characters), 1_000)]
    batch = pa.RecordBatch.from_pydict({"text": texts})
    assert columns.canonical(batch) == [dumped({"text": text}) for text in texts]
    assert read([dumped({"text": text}) for text in texts[1:]], batch.schema).equals(batch.slice(1))


@pytest.mark.parametrize(
    "document",
    [
        b"[",
        b"null",
        b'{"text": 5}',
        b'{"number": 9223372036854775808}',
        b'{"pair": []}',
        b"",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b'{"text": \x00}',
        b'{"number": "\\u0000"}',
    ],
)
def test_what_are_no_records_of_the_schema_is_not_read(document):
    """The last two would end the process if the reader got to see them."""
    assert read([b"{}", document], SCHEMA) is None


def test_no_documents_are_no_rows():
    assert read([], SCHEMA) is None


@pytest.mark.parametrize("config", CONFIGS.values(), ids=list(CONFIGS))
def test_rows_of_every_config_are_read_from_their_canonical_json(config, written_articles):
    schema = stored_schema(config)
    for article in list(written_articles.values())[:5]:
        rows = encoded(config, config.rows(article))
        expected = pa.RecordBatch.from_pylist(rows, schema=schema)
        assert read([dumped(row, orjson.OPT_SORT_KEYS) for row in rows], schema).equals(expected)


def test_canonical_json_of_articles_is_that_of_their_columns(written_articles):
    articles = list(written_articles.values())
    batch = pa.RecordBatch.from_pylist(articles, schema=shape.article_arrow_schema())
    assert columns.canonical(batch) == [dumped(article, orjson.OPT_SORT_KEYS) for article in articles]


def test_single_columns_are_numpys_arrays_and_back():
    numbers, truths = np.arange(-3, 17), np.arange(20) % 3 == 0
    assert columns.of_numbers(numbers).equals(pa.array(numbers))
    assert columns.of_truths(truths).equals(pa.array(truths))
    assert columns.of_strings(("é", "", "ab")).equals(pa.array(["é", "", "ab"]))
    for at in (0, 1, 7, 8, 20):
        assert columns.to_numbers(pa.array(numbers).slice(at, 9)).tolist() == numbers[at : at + 9].tolist()
        assert columns.to_truths(pa.array(truths).slice(at, 9)).tolist() == truths[at : at + 9].tolist()
    assert columns.to_numbers(pa.array([], pa.int32())).tolist() == []


def test_eight_bytes_from_every_place():
    content = np.frombuffer(b"abcdefghij", dtype=np.uint8)
    found = [int(number).to_bytes(8, "little") for number in columns.eights(content)]
    assert found == [(b"abcdefghij" + bytes(8))[i : i + 8] for i in range(11)]
    assert [int(number).to_bytes(8, "little").count(0xFF) for number in columns.FIRST_BYTES] == list(range(9))


def test_distinct_numbers_are_those_that_occur():
    assert columns.distinct(np.array([7, 0, 7, 3])).tolist() == [0, 3, 7]
    assert columns.distinct(np.array([], dtype=np.int64)).tolist() == []
