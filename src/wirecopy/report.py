"""Problems as a person or a program wants them: text, JSON, SARIF, GitHub annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

import wirecopy
from wirecopy.problems import Problem
from wirecopy.rules import RULES

RULES_PAGE = "docs/rules.md"


def as_text(problems: Sequence[Problem], n_files: int) -> str:
    """One paragraph a problem, `path:line:column: severity[rule]: message` and the hint below it."""
    blocks = [f"{_place(p)}: {p.severity}[{p.rule}]: {p.message}\nhint: {p.hint}\n" for p in problems]
    return "\n".join([*blocks, summary(problems, n_files) + "\n"])


def summary(problems: Sequence[Problem], n_files: int) -> str:
    """The last line of a report."""
    n_errors = sum(problem.severity == "error" for problem in problems)
    n_warnings = len(problems) - n_errors
    if not problems:
        return f"{_counted(n_files, 'file')}: no problems"
    return f"{_counted(n_files, 'file')}: {_counted(n_errors, 'error')}, {_counted(n_warnings, 'warning')}"


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def _place(problem: Problem) -> str:
    if problem.line is None:
        return problem.path
    return f"{problem.path}:{problem.line}:{problem.column}"


def as_json(problems: Sequence[Problem], n_files: int) -> str:
    """One object: `files`, `errors`, `warnings` (counts) and `problems`, a list of objects."""
    report = {
        "version": wirecopy.__version__,
        "files": n_files,
        "errors": sum(problem.severity == "error" for problem in problems),
        "warnings": sum(problem.severity == "warning" for problem in problems),
        "problems": [
            {
                "rule": p.rule,
                "level": RULES[p.rule].level if p.rule in RULES else None,
                "severity": p.severity,
                "path": p.path,
                "line": p.line,
                "column": p.column,
                "pointer": p.pointer,
                "message": p.message,
                "hint": p.hint,
            }
            for p in problems
        ],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def as_sarif(problems: Sequence[Problem], n_files: int) -> str:
    """SARIF 2.1.0 (OASIS), with every rule that was broken and its rationale."""
    broken = sorted({problem.rule for problem in problems})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "wirecopy validate",
                        "version": wirecopy.__version__,
                        "rules": [
                            {
                                "id": rule_id,
                                **_rule_texts(rule_id),
                            }
                            for rule_id in broken
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(problem, broken.index(problem.rule)) for problem in problems],
            }
        ],
    }
    return orjson.dumps(log, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def _rule_texts(rule_id: str) -> dict[str, Any]:
    """What SARIF says of a rule; nothing of what is no rule, such as a text that could not be fetched."""
    rule = RULES.get(rule_id)
    if rule is None:
        return {}
    return {
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.rationale},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(problem: Problem, rule_index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": problem.path}}
    if problem.line is not None:
        physical["region"] = {"startLine": problem.line, "startColumn": problem.column}
    return {
        "ruleId": problem.rule,
        "ruleIndex": rule_index,
        "level": problem.severity,
        "message": {"text": f"{problem.message}\nhint: {problem.hint}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": problem.pointer}]}],
    }


def as_github(problems: Sequence[Problem], n_files: int) -> str:
    """Workflow commands that GitHub Actions shows beside the lines of a change."""
    lines = []
    for p in problems:
        place = f"file={_property(p.path)}"
        if p.line is not None:
            place += f",line={p.line},col={p.column}"
        lines.append(f"::{p.severity} {place},title={_property(p.rule)}::" + _data(f"{p.message}\nhint: {p.hint}"))
    return "\n".join([*lines, summary(problems, n_files) + "\n"])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"text": as_text, "json": as_json, "sarif": as_sarif, "github": as_github}
"""The renderers by the name that `--format` takes."""
