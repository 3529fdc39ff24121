"""The tasks by name."""

from __future__ import annotations

from wirecopy.scoring import attributions, coreference, events, ner, zones
from wirecopy.scoring.measures import Task

TASKS: dict[str, Task] = {
    task.name: task for task in (zones.TASK, ner.TASK, coreference.TASK, attributions.TASK, events.TASK)
}
