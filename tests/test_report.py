from __future__ import annotations

import json

import pytest

from planted import GOLDEN
from wirecopy.problems import Problem, locate, pointer_to
from wirecopy.report import FORMATS
from wirecopy.validate import check_file

PROBLEMS = [
    Problem("surface-mismatch", "error", "a/x.json", "/values/1", 'says "Lee "', "delete it", 118, 21),
    Problem("entity-name", "warning", "a/y: 100%.json", "/entities/0", "is\nodd", "take it"),
]


def test_text_has_place_code_message_hint_and_counts():
    assert FORMATS["text"](PROBLEMS, 1200) == (
        'a/x.json:118:21: error[surface-mismatch]: says "Lee "\nhint: delete it\n\n'
        "a/y: 100%.json: warning[entity-name]: is\nodd\nhint: take it\n\n"
        "1,200 files: 1 error, 1 warning\n"
    )


def test_text_of_no_problems_says_so():
    assert FORMATS["text"]([], 1) == "1 file: no problems\n"


def test_json_has_every_field_of_every_problem():
    report = json.loads(FORMATS["json"](PROBLEMS, 2))
    assert (report["files"], report["errors"], report["warnings"]) == (2, 1, 1)
    assert report["problems"][0] == {
        "rule": "surface-mismatch",
        "level": 3,
        "severity": "error",
        "path": "a/x.json",
        "line": 118,
        "column": 21,
        "pointer": "/values/1",
        "message": 'says "Lee "',
        "hint": "delete it",
    }


def test_sarif_results_point_to_their_rules_and_places():
    log = json.loads(FORMATS["sarif"](PROBLEMS, 2))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result, problem in zip(run["results"], PROBLEMS, strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == problem.rule
        [location] = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == problem.path
        assert result["level"] == problem.severity
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 118, "startColumn": 21}


def test_github_commands_are_escaped():
    first, second, summary = FORMATS["github"](PROBLEMS, 2).splitlines()
    assert first == '::error file=a/x.json,line=118,col=21,title=surface-mismatch::says "Lee "%0Ahint: delete it'
    assert second == "::warning file=a/y%3A 100%25.json,title=entity-name::is%0Aodd%0Ahint: take it"
    assert summary == "2 files: 1 error, 1 warning"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_real_problems(name):
    _, problems = check_file(GOLDEN / "span-in-boilerplate" / "bad.json")
    assert "span-in-boilerplate" in FORMATS[name](problems, 1)


def test_pointers_escape_tilde_and_slash():
    assert pointer_to("a/b", 0, "c~d") == "/a~1b/0/c~0d"


def test_problem_of_a_missing_field_is_placed_at_what_should_hold_it():
    source = '{\n "é": 1,\n "zones": [{"start": 1}]}'
    [problem] = locate([Problem("x", "error", "x", "/zones/0/end", "", "")], source)
    assert (problem.line, problem.column) == (3, 12)
