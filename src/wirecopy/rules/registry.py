"""What a rule is, and the one list of them all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LEVELS = {
    1: "the file: bytes and JSON",
    2: "structure: the JSON Schema",
    3: "spans: offsets against the text",
    4: "one layer: each layer in itself",
    5: "across layers: references and agreement",
    6: "the corpus: articles, splits, passes and labels together",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold.

    `scope` says what `check` takes: the bytes of a file (`file`), nothing of its own because the
    schema decides (`structure`), a `Subject` (`article`) or a `Corpus` (`corpus`). `title` says
    what must hold, `rationale` why.
    """

    id: str
    level: int
    scope: str
    severity: str
    title: str
    rationale: str
    check: Callable[[Any], Iterator[Any]] | None


RULES: dict[str, Rule] = {}


def rule(rule_id: str, level: int, scope: str, severity: str = "error") -> Callable:
    """Register the decorated check; its docstring is the rule's title and, below it, rationale."""

    def register(check: Callable) -> Callable:
        declare(rule_id, level, scope, inspect.getdoc(check) or "", severity, check)
        return check

    return register


def declare(
    rule_id: str,
    level: int,
    scope: str,
    documentation: str,
    severity: str = "error",
    check: Callable | None = None,
) -> None:
    """Register a rule; the first paragraph of `documentation` is its title, the rest why it is."""
    title, _, rationale = inspect.cleandoc(documentation).partition("\n\n")
    if rule_id in RULES or not rationale:
        raise ValueError(f"rule {rule_id} is registered twice or lacks a title or a rationale")
    one_line = " ".join(title.split())
    RULES[rule_id] = Rule(rule_id, level, scope, severity, one_line, rationale.strip(), check)


def rules_of(scope: str) -> list[Rule]:
    """The rules of one scope, by level and in the order of their registration."""
    return sorted((r for r in RULES.values() if r.scope == scope), key=lambda r: r.level)
