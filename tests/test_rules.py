"""Every rule is broken by its golden and by nothing in its twin."""

from __future__ import annotations

import pytest

from planted import (
    ARTICLE_GOLDENS,
    COMPANIONS,
    CORPUS_COMPANIONS,
    CORPUS_GOLDENS,
    FILE_GOLDENS,
    GOLDEN,
    goldens,
    unpack,
)
from wirecopy.problems import Problem
from wirecopy.rules import RULES
from wirecopy.validate import check_corpus, check_file

TESTED_ELSEWHERE = {"file-unreadable", "file-too-large"}
"""Rules that no file in version control can break; see test_validate.py."""

ONE_FILE = sorted(ARTICLE_GOLDENS | FILE_GOLDENS)


def rules_in(problems: list[Problem]) -> set[str]:
    return {problem.rule for problem in problems}


def test_every_rule_has_goldens():
    assert set(RULES) == set(ARTICLE_GOLDENS) | set(FILE_GOLDENS) | set(CORPUS_GOLDENS) | TESTED_ELSEWHERE


def test_golden_files_are_the_planted_mistakes():
    committed = {p.relative_to(GOLDEN).as_posix(): p.read_bytes() for p in GOLDEN.rglob("*.json")}
    made = goldens()
    differing = sorted(name for name in committed.keys() | made.keys() if committed.get(name) != made.get(name))
    assert not differing, "renew them with: python tests/planted.py"


@pytest.mark.parametrize("rule_id", ONE_FILE)
def test_planted_mistake_breaks_its_rule_alone(rule_id):
    _, problems = check_file(GOLDEN / rule_id / "bad.json")
    assert rules_in(problems) - COMPANIONS.get(rule_id, set()) == {rule_id}


@pytest.mark.parametrize("rule_id", ONE_FILE)
def test_twin_is_clean(rule_id):
    _, problems = check_file(GOLDEN / rule_id / "good.json")
    assert problems == []


@pytest.mark.parametrize("rule_id", sorted(CORPUS_GOLDENS))
def test_planted_corpus_mistake_breaks_its_rule_alone(rule_id, tmp_path):
    result = check_corpus(unpack(GOLDEN / rule_id / "bad.json", tmp_path))
    allowed = CORPUS_COMPANIONS.get(rule_id, set()) | ({"label-unused"} - {rule_id})
    assert rules_in(result.problems) - allowed == {rule_id}


@pytest.mark.parametrize("rule_id", sorted(CORPUS_GOLDENS))
def test_corpus_twin_is_clean(rule_id, tmp_path):
    result = check_corpus(unpack(GOLDEN / rule_id / "good.json", tmp_path))
    assert rules_in(result.problems) <= ({"label-unused"} - {rule_id})


@pytest.mark.parametrize("rule_id", ONE_FILE)
def test_problems_of_a_file_name_place_and_remedy(rule_id):
    _, problems = check_file(GOLDEN / rule_id / "bad.json")
    for problem in problems:
        assert problem.message and problem.hint
        assert problem.path.endswith("bad.json")
        if RULES[rule_id].level > 1:
            assert problem.line >= 1 and problem.column >= 1


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_rule_is_documented(rule_id):
    rule = RULES[rule_id]
    assert rule.title.endswith(".")
    assert len(rule.rationale) > 40
