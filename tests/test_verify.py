"""Tampering with a release, and what `wirecopy info` says of it."""

from __future__ import annotations

import json
import shutil

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wirecopy.cli import main
from wirecopy.release import checksums, combined_hash, content_hash, file_hashes
from wirecopy.verify import verify

TABLE = "ner/train-00000-of-00001.parquet"


@pytest.fixture
def sound(history, tmp_path):
    """A release, free to be tampered with."""
    folder = tmp_path / "0.1.1"
    shutil.copytree(history.release("0.1.1"), folder)
    return folder


def sum_up(folder):
    """Write SHA256SUMS anew, as one does who wants to hide something."""
    (folder / "SHA256SUMS").unlink()
    (folder / "SHA256SUMS").write_text(checksums(file_hashes(folder)), encoding="utf-8")


def replace(path, old, new):
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def flip_a_bit(folder):
    content = bytearray((folder / TABLE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / TABLE).write_bytes(content)


def take_a_file(folder):
    (folder / "LICENSE-DATA").unlink()


def take_a_table(folder):
    (folder / TABLE).unlink()
    sum_up(folder)


def leave_a_file(folder):
    (folder / "notes.txt").write_text("?")


def write_table(folder, table):
    pq.write_table(table, folder / TABLE)
    sum_up(folder)


def repeat_a_row(folder):
    table = pq.read_table(folder / TABLE)
    write_table(folder, pa.concat_tables([table, table.slice(0, 1)]))


def change_a_cell(folder):
    table = pq.read_table(folder / TABLE)
    at = table.schema.get_field_index("text")
    write_table(folder, table.set_column(at, "text", pa.array(["x"] * table.num_rows)))


def drop_a_column(folder):
    write_table(folder, pq.read_table(folder / TABLE).drop_columns(["text"]))


def cut_a_table_short(folder):
    (folder / TABLE).write_bytes((folder / TABLE).read_bytes()[:100])
    sum_up(folder)


def rename_a_label(folder):
    replace(folder / "README.md", "'1': byline", "'1': by-line")
    sum_up(folder)


def exchange_two_labels(folder):
    replace(folder / "README.md", "'0': headline", "'0': byline")
    replace(folder / "README.md", "'1': byline", "'1': headline")
    sum_up(folder)


def claim_another_version(folder):
    replace(folder / "README.md", "version: 0.1.1", "version: 0.2.0")
    sum_up(folder)


def claim_other_content(folder):
    digest = json.loads((folder / "manifest.json").read_text())["configs"]["ner"]["content_sha256"]
    replace(folder / "README.md", digest, "0" * 64)
    sum_up(folder)


def point_a_split_elsewhere(folder):
    replace(folder / "README.md", "path: ner/test-", "path: ner/train-")
    sum_up(folder)


def take_a_config_from_the_card(folder):
    replace(folder / "README.md", "- config_name: ner\n", "- config_name: nerve\n")
    sum_up(folder)


def take_the_card_apart(folder):
    (folder / "README.md").write_text("# Wirecopy\n")
    sum_up(folder)


def take_the_manifest(folder):
    (folder / "manifest.json").unlink()
    sum_up(folder)


def break_the_manifest(folder):
    (folder / "manifest.json").write_text("{")
    sum_up(folder)


def empty_the_manifest(folder):
    (folder / "manifest.json").write_text("[]")
    sum_up(folder)


def take_the_checksums(folder):
    (folder / "SHA256SUMS").unlink()


def garble_the_checksums(folder):
    with (folder / "SHA256SUMS").open("a") as file:
        file.write("what is this\n")


def claim_other_rows(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["configs"]["ner"]["splits"]["train"]["content_sha256"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    sum_up(folder)


TAMPERINGS = {
    flip_a_bit: ("file-changed", "the file has SHA-256"),
    take_a_file: ("file-missing", "the file is missing that SHA256SUMS lists"),
    take_a_table: ("table-missing", "the table is missing that the manifest has for ner/train"),
    leave_a_file: ("file-unlisted", "SHA256SUMS does not list the file"),
    repeat_a_row: ("rows-changed", "rows, the manifest"),
    change_a_cell: ("content-changed", "the rows have content"),
    drop_a_column: ("columns-changed", "the columns are not those of the manifest: text"),
    cut_a_table_short: ("table-unreadable", "the table cannot be read"),
    rename_a_label: ("card-labels", "label 1 of zone_tags[] is by-line, the manifest has byline"),
    exchange_two_labels: ("card-labels", "label 0 of"),
    claim_another_version: ("card-version", "articles has version 0.2.0, the manifest 0.1.1"),
    claim_other_content: ("card-content", "ner has content hash sha256:000"),
    point_a_split_elsewhere: ("card-files", "ner has files"),
    take_a_config_from_the_card: ("card-configs", "ner is not in both the card and the manifest"),
    take_the_card_apart: ("card-syntax", "the card has no metadata that can be read"),
    take_the_manifest: ("manifest-missing", "the manifest is missing"),
    break_the_manifest: ("manifest-syntax", "no JSON at line 1"),
    empty_the_manifest: ("manifest-syntax", "the manifest lacks articles, "),
    take_the_checksums: ("checksums-missing", "the list of checksums is missing"),
    garble_the_checksums: ("checksums-syntax", "is no checksum and file name: what is this"),
    claim_other_rows: ("manifest-inconsistent", "the content hash of ner does not follow"),
}
"""What is done to a release, the rule that it falls under, and what is said."""


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_told_with_its_own_message(tamper, sound, capsys):
    rule, message = TAMPERINGS[tamper]
    tamper(sound)
    assert main(["info", str(sound)]) == 1
    out = capsys.readouterr().out
    said = [line for line in out.splitlines() if f"error[{rule}]" in line]
    assert any(message in line for line in said), out


def test_sound_release_is_printed_and_found_sound(sound, capsys):
    assert main(["info", str(sound)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Wirecopy 0.1.1, 2026-11-22\nrevisions: data ")
    assert "articles: 4, withdrawn: 0" in out
    assert out.endswith(": no problems\n")


def test_folder_that_is_not_there_is_status_2(tmp_path, capsys):
    assert main(["info", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err == f"wirecopy: {tmp_path / 'nothing'}: no such folder\n"


def test_other_parquet_writer_changes_checksums_and_no_content(sound):
    """Uncompressed, in row groups of one: other bytes, the same rows."""
    table = pq.read_table(sound / TABLE)
    pq.write_table(table, sound / TABLE, compression="none", row_group_size=1)
    assert [problem.rule for problem in verify(sound)[1]] == ["file-changed"]


def test_whoever_changes_rows_manifest_card_and_checksums_is_caught_by_the_record(sound, history, capsys):
    table = pq.read_table(sound / TABLE)
    table = table.slice(0, table.num_rows - 1)
    pq.write_table(table, sound / TABLE)
    manifest = json.loads((sound / "manifest.json").read_text())
    described = manifest["configs"]["ner"]
    old = described["content_sha256"]
    described["splits"]["train"] = {"rows": table.num_rows, "content_sha256": content_hash(table)}
    described["content_sha256"] = combined_hash({s: e["content_sha256"] for s, e in described["splits"].items()})
    (sound / "manifest.json").write_bytes(orjson.dumps(manifest))
    replace(sound / "README.md", old, described["content_sha256"])
    sum_up(sound)
    assert main(["info", str(sound)]) == 0
    assert main(["info", str(sound), "--record", str(history.folder / "releases")]) == 1
    out = capsys.readouterr().out
    assert "error[record]: ner has content" in out
    assert "make reproduce VERSION=0.1.1" in out


def test_release_that_is_not_recorded_is_told(sound, tmp_path, capsys):
    assert main(["info", str(sound), "--record", str(tmp_path / "releases")]) == 1
    assert "version 0.1.1 is not recorded in" in capsys.readouterr().out
