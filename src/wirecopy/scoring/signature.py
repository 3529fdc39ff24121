"""Signatures: what a figure is of, in one line that can be pasted beside it."""

from __future__ import annotations

import wirecopy
from wirecopy.scoring.gold import Gold
from wirecopy.scoring.measures import Measure, Task


def signature(task: Task, measure: Measure, gold: Gold, view: str) -> str:
    """All that a figure depends on beside the predictions, as `key:value` pairs joined by bars.

    `data` is the version of the release and eight digits of the content hash of the articles scored,
    `scorer` the revision of the scorers and `version` that of the program.
    """
    parts = {
        "task": task.name,
        "measure": measure.name,
        **dict(measure.settings),
        "view": view,
        "split": gold.split,
        "data": gold.data,
        "scorer": str(wirecopy.SCORER_REVISION),
        "version": wirecopy.__version__,
    }
    return "|".join(f"{key}:{value}" for key, value in parts.items())
