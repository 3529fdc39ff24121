from __future__ import annotations

import json
import subprocess
import sys

import pytest

from conftest import ROOT, run
from planted import DRAFT, GOLDEN
from wirecopy.cli import main


def test_clean_article_is_status_0(capsys):
    assert main(["validate", str(GOLDEN / "zone-gap" / "good.json")]) == 0
    assert capsys.readouterr().out == "1 file: no problems\n"


def test_findings_are_status_1_on_standard_output(capsys):
    assert main(["validate", str(GOLDEN / "zone-gap" / "bad.json")]) == 1
    captured = capsys.readouterr()
    assert "error[zone-gap]" in captured.out and "hint: " in captured.out
    assert captured.err == ""


def test_warnings_fail_only_when_strict():
    warned = str(GOLDEN / "entity-name" / "bad.json")
    assert main(["validate", warned]) == 0
    assert main(["validate", "--strict", warned]) == 1


def test_path_that_is_not_there_is_status_2(capsys, tmp_path):
    assert main(["validate", str(tmp_path / "nothing")]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"wirecopy: {tmp_path / 'nothing'}: no such file or folder\n"


@pytest.mark.parametrize("arguments", [[], ["validate"], ["validate", "--format", "xml", "x"], ["unknown"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_script_and_command_are_the_same():
    target = GOLDEN / "zone-gap" / "bad.json"
    by_script = run("scripts/validate.py", "--format", "json", target)
    by_command = run("-m", "wirecopy.cli", "validate", "--format", "json", target)
    assert by_script.returncode == by_command.returncode == 1
    assert by_script.stdout == by_command.stdout
    assert json.loads(by_script.stdout)["errors"] == 1


def test_anchor_writes_the_article_and_says_so(tmp_path, capsys):
    path = tmp_path / "draft.json"
    path.write_bytes(DRAFT.read_bytes())
    assert main(["anchor", str(path), "--out", str(tmp_path / "articles")]) == 0
    written = tmp_path / "articles" / "ferry-crews-vote.json"
    assert str(written) in capsys.readouterr().err
    assert main(["validate", str(written)]) == 0
    assert path.read_bytes() == DRAFT.read_bytes()


def test_anchor_reports_all_problems_and_writes_nothing(tmp_path, capsys):
    path = tmp_path / "draft.json"
    path.write_text(DRAFT.read_text(encoding="utf-8").replace('"Tarn Ferries"', '"Tarn Ferry"'), encoding="utf-8")
    before = path.read_bytes()
    assert main(["anchor", str(path)]) == 1
    out = capsys.readouterr().out
    assert "is not in the text" in out and "Tarn Ferries" in out
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"text": 7}', b"null"])
def test_anchor_of_no_draft_is_a_problem_line(tmp_path, content, capsys):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert main(["anchor", str(path)]) == 1
    assert path.read_bytes() == content
    assert f"{path}" in capsys.readouterr().out


def test_show_marks_layers_with_brackets_in_a_pipe(capsys):
    assert main(["show", str(GOLDEN / "zone-gap" / "good.json")]) == 0
    out = capsys.readouterr().out
    assert "[Tarn Ferries|ORG tarn-ferries]" in out
    assert "[[their|PERSON crews] union|ORG the-union]" in out
    assert "share          - Share Copy link" in out
    assert "\033" not in out


def test_show_of_an_article_of_the_wrong_shape_gives_its_problems(capsys):
    assert main(["show", str(GOLDEN / "field-missing" / "bad.json")]) == 1
    assert "field-missing" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    heavy = ("datasets", "pyarrow", "spacy", "jsonschema", "pandas", "tqdm", "numpy", "scipy")
    code = f"import sys, wirecopy.cli; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.strip() == "[]"
