"""Rows held on disk come back as they went in."""

from __future__ import annotations

import orjson
import pytest

from conftest import run
from wirecopy.release import write_json
from wirecopy.rules.corpus import Digest
from wirecopy.spool import Packed, Spool, SpooledMapping

DIGESTS = [
    Digest(f"articles/ä-{i}.json", f"ä-{i}", bytes([i % 256]) * 32, "gold", i % 2 == 0, ("a1", "a2"), "written", None)
    for i in range(20_000)
]
"""More than is held in memory."""


def entries(n):
    return [(f"article-{i:05}", {"split": None, "story": f"s{i}"}) for i in range(n)]


def test_rows_come_back_in_order_as_often_as_one_likes():
    spool = Spool(Digest._make)
    for packed in (Packed.of(DIGESTS[:1]), Packed.of([]), Packed.of(DIGESTS[1:15_000]), Packed.of(DIGESTS[15_000:])):
        spool.add(packed)
    assert len(spool) == len(DIGESTS)
    assert [*spool] == DIGESTS
    first, second = iter(spool), iter(spool)  # Each keeps its own place.
    assert [next(first) for _ in range(16_000)] == DIGESTS[:16_000]
    assert next(second) == DIGESTS[0]
    assert next(first) == DIGESTS[16_000]


def test_rows_may_be_added_while_others_are_gone_through():
    spool = Spool()
    spool.add(Packed.of([(1,), (2,)]))
    found = iter(spool)
    assert next(found) == (1,)
    spool.add(Packed.of([(3,)]))
    assert next(found) == (2,)
    assert [*spool] == [(1,), (2,), (3,)]


def test_a_full_disk_is_told_once(tmp_path):
    """A limit on the size of files stands for a disk that has no more room."""
    program = tmp_path / "spool.py"
    program.write_text(
        "import resource\n"
        "from wirecopy.spool import Packed, Spool\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "spool = Spool()\n"
        "try:\n    spool.add(Packed.of([(b' ' * (3 << 20),)]))\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    told = run(program)
    assert (told.stdout, told.stderr) == ("File too large\n", "")


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        Packed.of([(1, 2), (3,)])


@pytest.mark.parametrize("n", [0, 1, 1_000, 2_500])
def test_a_mapping_on_disk_is_that_of_its_entries(n):
    expected = dict(entries(n))
    mapping = SpooledMapping(entries(n))
    assert mapping == expected
    assert (len(mapping), list(mapping)) == (n, list(expected))
    assert [mapping[key] for key in reversed(expected)] == list(reversed(expected.values()))
    for absent in ("", "article-00000-", "z"):
        assert absent not in mapping
        with pytest.raises(KeyError):
            mapping[absent]


@pytest.mark.parametrize("n", [0, 1, 1_000, 2_500])
def test_what_is_written_in_pieces_is_what_is_written_whole(tmp_path, n):
    content = {"version": "1.2.3", "articles": dict(entries(n)), "withdrawn": {}, "a": ["ä", None]}
    write_json(tmp_path / "whole.json", content)
    write_json(tmp_path / "pieces.json", {**content, "articles": SpooledMapping(entries(n))})
    whole = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    assert (tmp_path / "whole.json").read_bytes() == whole
    assert (tmp_path / "pieces.json").read_bytes() == whole
