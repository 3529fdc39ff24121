"""What a measure is, and what scoring one article by the measures of a task gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wirecopy.scoring.counts import NOTHING, Counts
from wirecopy.scoring.gold import VIEWS, GoldArticle

Record = Mapping[str, Any]
"""What a system predicts for one article: its layer of `schema/prediction.schema.json`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a task, with all that a reader needs to know of it.

    `name` and `settings` together are unique in the task and stand in the signature. `kind` is
    `f1` (precision, recall and F1), `accuracy`, or `mean` of the measures named in `parts`.
    """

    name: str
    settings: tuple[tuple[str, str], ...]
    definition: str
    source: str
    example: str
    kind: str = "f1"
    parts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The measure's part of a signature, such as `content|match:exact`."""
        return "|".join([self.name, *(f"{key}:{value}" for key, value in self.settings)])


@dataclass(slots=True)
class ArticleScore:
    """The counts of one article: by measure, and by group for the breakdowns.

    `labels` has full counts by label of what both gold and prediction carry (zone kind, entity
    type). `groups` has counts by (dimension, group) of the gold items only: their recall.
    """

    counts: dict[str, Counts]
    labels: dict[str, Counts] = field(default_factory=dict)
    groups: dict[tuple[str, str], Counts] = field(default_factory=dict)

    def note(self, groups: Mapping[str, str], hit: float) -> None:
        """Count one gold item, found to the degree `hit`, in each of its groups."""
        for key in groups.items():
            self.groups[key] = self.groups.get(key, NOTHING) + Counts(hit, 1)


@dataclass(frozen=True, slots=True)
class Task:
    """A task: its name, which is also its layer in a prediction; its measures; how it is scored.

    `main` is the measure that breakdowns by article are of, `by_label` that of the breakdown by
    label (of the inventory or kind that `label` names), `by_group` that whose recall the breakdowns
    by gold item are of. `layer_of` gives the gold itself in the form of a prediction.
    """

    name: str
    description: str
    measures: tuple[Measure, ...]
    main: str
    score: Callable[[GoldArticle, Any], ArticleScore]
    layer_of: Callable[[GoldArticle], Any]
    label: str | None = None
    by_label: str | None = None
    by_group: str | None = None
    views: tuple[str, ...] = VIEWS

    @property
    def counted(self) -> tuple[Measure, ...]:
        """The measures that have counts of their own, which a mean has not."""
        return tuple(measure for measure in self.measures if measure.kind != "mean")
