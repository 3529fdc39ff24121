"""How long coreference scoring takes: all measures of one document of 3,000 mentions, median of five runs.

Never part of the tests: a busy machine is no failure.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from wirecopy.scoring.coreference import cluster_counts, matched_partially

N_MENTIONS, N_ENTITIES, N_RUNS = 3_000, 800, 5


def main() -> int:
    generator = np.random.RandomState(1)
    gold, predicted = (random_clusters(generator) for _ in range(2))
    for name, call in (
        ("exact mentions", lambda: cluster_counts(gold, predicted)),
        ("overlapping mentions", lambda: cluster_counts(gold, matched_partially(gold, shifted(predicted)))),
    ):
        print(f"{name}: {1000 * median_seconds(call):.0f} ms for {N_MENTIONS:,} mentions")
    return 0


def random_clusters(generator: np.random.RandomState) -> list[list[tuple[int, int]]]:
    """Mentions of three characters, five apart, in random entities."""
    entity_of = generator.randint(0, N_ENTITIES, N_MENTIONS)
    return [[(5 * int(i), 5 * int(i) + 3) for i in np.flatnonzero(entity_of == e)] for e in np.unique(entity_of)]


def shifted(clusters: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    """The mentions moved by one character, so that they overlap and are not equal."""
    return [[(start + 1, end + 1) for start, end in cluster] for cluster in clusters]


def median_seconds(call: Callable[[], Any]) -> float:
    durations = []
    for _ in range(N_RUNS):
        begun = time.perf_counter()
        call()
        durations.append(time.perf_counter() - begun)
    return statistics.median(durations)


if __name__ == "__main__":
    sys.exit(main())
