"""What validation says to input of every kind: a clear problem line, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planted import base, corpus
from wirecopy.article import format_article
from wirecopy.rules.file import LARGEST_FILE
from wirecopy.shape import _explaining_validator, _fast_validator
from wirecopy.validate import check_bytes, check_corpus, check_file, check_paths


def only(problems):
    assert len(problems) == 1, problems
    return problems[0]


@pytest.mark.parametrize(
    ("content", "rule", "says"),
    [
        (b"", "file-empty", "empty"),
        (b"  \n", "file-empty", "empty"),
        (b"not json", "json-syntax", "line 1, column 1"),
        (b'{"id": "x",}', "json-syntax", "line 1, column 11"),
        (b'{"id": NaN}', "json-syntax", "line 1, column 8"),
        (b'{"id": Infinity}', "json-syntax", "line 1, column 8"),
        (b'{"id": 1e999}', "json-syntax", "line 1"),
        (b'{"id": "\\ud800"}', "json-syntax", "line 1"),
        (b'{"a": 1} {"b": 2}', "json-syntax", "line 1, column 10"),
        ('{"id": "é"}'.encode("latin-1"), "file-encoding", "byte 8 (line 1) is 0xe9"),
        ('{"id": "x"}'.encode("utf-16"), "file-encoding", "UTF-16"),
        (b"\x00\x01\x02", "json-syntax", "line 1, column 1"),
        (b"[" * 3_000_000, "json-syntax", "depth"),
        (b'{"a":' * 1_000_000, "json-syntax", "depth"),
        (b"[]", "field-type", "must be an object, found a list"),
        (b"null", "field-type", "must be an object, found null"),
        (b'"text"', "field-type", "must be an object, found a string"),
    ],
)
def test_bad_bytes_get_one_problem(content, rule, says):
    article, problems = check_bytes(content, "x.json")
    problem = only(problems)
    assert article is None
    assert (problem.rule, problem.path) == (rule, "x.json")
    assert says in problem.message


def test_problems_of_bytes_have_a_place():
    """Line 2 is `  "é": x`: the x is its eighth character, and the Latin-1 é its fourth."""
    lines = '{"a": 1,\n  "é": x\n}'
    syntax = only(check_bytes(lines.encode(), "x.json")[1])
    assert (syntax.line, syntax.column) == (2, 8)
    encoding = only(check_bytes(lines.encode("latin-1"), "x.json")[1])
    assert (encoding.line, encoding.column) == (2, 4)


def test_doubled_key_is_placed_where_it_stands_last(article):
    content = format_article(article).replace(b'"realis": "OTHER"', b'"realis": "ACTUAL", "realis": "OTHER"')
    content = content.replace(b'"realis": "OTHER"', b'"realis":\n "OTHER"')
    problem = only(check_bytes(content, "x.json")[1])
    assert (problem.rule, problem.pointer) == ("json-duplicate-key", "/events/1/realis")
    assert content.decode().split("\n")[problem.line - 1][problem.column - 1 :].startswith('"OTHER"')


def test_nesting_that_json_allows_and_articles_do_not_is_an_unknown_field():
    content = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"
    _, problems = check_bytes(content, "x.json")
    assert "field-unknown" in {problem.rule for problem in problems}


def test_bom_is_reported_and_the_rest_is_judged_all_the_same(article):
    article["genre"] = "Poem"
    _, problems = check_bytes(b"\xef\xbb\xbf" + format_article(article), "x.json")
    assert {problem.rule for problem in problems} == {"file-bom", "label-unknown"}


def test_all_problems_of_a_file_come_in_one_run_in_the_order_of_lines(article):
    article["values"][0]["value"] = "May"
    article["events"][0]["arguments"][0]["entity"] = "nobody"
    article["attributions"][0]["implicit"] = True
    article["title"] = "Another"
    _, problems = check_bytes(format_article(article), "x.json")
    assert [p.rule for p in problems] == ["zone-headline", "value-timex", "attribution-implicit", "reference-dangling"]
    assert [p.line for p in problems] == sorted(p.line for p in problems)


def test_line_and_column_are_those_of_the_value_that_is_wrong(article):
    article["attributions"][1]["source_entity"] = "nobody"
    content = format_article(article)
    problem = only(check_bytes(content, "x.json")[1])
    line = content.decode().split("\n")[problem.line - 1]
    assert line[problem.column - 1 :].startswith('"nobody"')


def test_offsets_with_a_fraction_are_no_integers(article):
    article["values"][0]["start"] = float(article["values"][0]["start"])
    problem = only(check_bytes(json.dumps(article).encode(), "x.json")[1])
    assert (problem.rule, problem.pointer) == ("field-type", "/values/0/start")


def changed_articles():
    """Articles with one thing wrong or odd, for comparing two validators."""
    for key in base():
        for value in (None, 7, 1.5, "", [], {}, True, "x", [1], ["labour", "labour"]):
            yield {**base(), key: value}
        yield {k: v for k, v in base().items() if k != key}
    yield base()


def test_fast_and_explaining_validator_have_the_same_verdict():
    verdicts = []
    for article in changed_articles():
        verdict = _fast_validator("article").is_valid(article)
        assert verdict == _explaining_validator("article").is_valid(article), article
        verdicts.append(verdict)
    assert True in verdicts and False in verdicts


def test_missing_file_folder_and_loop_are_problem_lines(tmp_path):
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "gone.json")
    (tmp_path / "folder.json").mkdir()
    result = check_paths([tmp_path])
    assert {problem.rule for problem in result.problems} == {"file-unreadable"}
    assert [Path(p.path).name for p in result.problems] == ["folder.json", "loop.json", "nowhere.json"]


def test_missing_path_raises_with_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        check_paths([tmp_path / "nothing"])
    assert caught.value.filename.endswith("nothing")


def test_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert only(check_file(path)[1]).rule == "file-too-large"


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


@pytest.mark.parametrize("register", ["splits.json", "sources.json", "waivers.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"7", b'{"x": 1}', b'"x"', b"[[]]"])
def test_bad_register_is_a_problem_of_its_file(tmp_path, register, content):
    result = check_corpus(write(tmp_path, {**corpus(), register: content}))
    assert {problem.path for problem in result.errors} == {(tmp_path / register).as_posix()}


def test_unreadable_article_does_not_count_as_lost(tmp_path):
    result = check_corpus(write(tmp_path, {**corpus(), "articles/tarn.json": b"{"}))
    assert {problem.rule for problem in result.errors} == {"json-syntax"}


def test_folder_of_articles_is_judged_without_corpus_rules(tmp_path):
    write(tmp_path, {"a.json": format_article(base()), "b/c.json": b"{"})
    result = check_paths([tmp_path])
    assert [(p.rule, Path(p.path).name) for p in result.problems] == [("json-syntax", "c.json")]
    assert result.n_files == 2


def test_corpus_without_registers_is_a_corpus_on_its_way(tmp_path):
    write(tmp_path, {"articles/ferry-crews-vote.json": format_article(base())})
    assert check_paths([tmp_path]).problems == []


def test_own_corpus_of_the_same_shape_is_judged_as_ours(tmp_path):
    result = check_paths([write(tmp_path, corpus())])
    assert result.errors == []
    assert {problem.rule for problem in result.warnings} == {"label-unused"}
