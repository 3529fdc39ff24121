"""Run every baseline on the test split, raw and clean, and write their predictions and figures.

Predictions go to baselines/predictions/<task>-<system>.jsonl, figures with their signatures to
baselines/results.json, from which `scripts/generate.py` makes the table of the README. With --check
nothing is written, and the status is 1 when a figure differs from results.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

import wirecopy
from rules_attributions import attributions
from rules_entities import clusters, named_spans
from rules_events import events
from rules_zones import zones
from trained import SYSTEMS, trained
from wirecopy.files import write_atomically
from wirecopy.scoring import TASKS, Gold, Report, score_views
from wirecopy.scoring.gold import SPLITS, GoldArticle
from wirecopy.validate import check_corpus

ROOT = Path(__file__).resolve().parents[1]
PREDICTIONS = ROOT / "baselines" / "predictions"
RESULTS = ROOT / "baselines" / "results.json"
RULES: dict[str, Callable[[str], list[Any]]] = {
    "zones": zones,
    "ner": named_spans,
    "coreference": clusters,
    "attributions": attributions,
    "events": events,
}
SHOWN = {
    "zones": ("boilerplate|unit:characters", "zone|match:exact", "clean-text|match:words"),
    "ner": ("entity|match:exact", "span|match:exact"),
    "coreference": ("conll|match:exact|singletons:kept", "lea|match:exact|singletons:kept"),
    "attributions": ("content|match:exact", "content|match:overlap|tokens:word-runs", "joint|match:exact"),
    "events": ("trigger-classification|match:exact", "argument-classification|match:coreferent"),
}
"""The measures of each task that the table shows."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("--rules", action="store_true", help="the rule-based baselines only, which takes seconds")
    options = parser.parse_args(arguments)
    gold = read_corpus(ROOT / "corpus")
    kinds = ("rules",) if options.rules else ("rules", "trained")
    results = [row for kind in kinds for row in run(kind, gold, write=not options.check)]
    if options.check:
        return compare(results, kinds)
    write_atomically(RESULTS, orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"{RESULTS.relative_to(ROOT)}: {len(results)} figures; scripts/generate.py puts them into the README")
    return 0


def read_corpus(folder: Path) -> dict[str, Gold]:
    """The gold of the splits, the same articles as a release of the corpus has."""
    corpus = check_corpus(folder).corpus
    articles = sorted((a for a in corpus.articles.values() if a["text"] is not None), key=lambda a: a["id"])
    return {
        split: Gold([a for a in articles if corpus.split_of[a["id"]] == split], split, wirecopy.__version__)
        for split in SPLITS
    }


def run(kind: str, gold: dict[str, Gold], *, write: bool) -> list[dict[str, Any]]:
    """The figures of all baselines of a kind, `rules` or `trained`."""
    results = []
    for task in RULES if kind == "rules" else SYSTEMS:
        records = [record for view in TASKS[task].views for record in predicted(kind, task, view, gold)]
        if write:
            lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
            write_atomically(PREDICTIONS / f"{task}-{kind}.jsonl", lines)
        for report in score_views(task, gold["test"], records).values():
            results += rows_of(report, kind)
    return results


def predicted(kind: str, task: str, view: str, gold: dict[str, Gold]) -> list[dict[str, Any]]:
    """The predictions for the test articles in one view."""
    system = RULES[task] if kind == "rules" else trained(task, view, gold["train"], gold["validation"])
    texts = {article["id"]: GoldArticle(article, view).text for article in gold["test"].articles}
    return [{"id": article_id, "view": view, task: system(text)} for article_id, text in texts.items()]


def rows_of(report: Report, kind: str) -> list[dict[str, Any]]:
    figures = [report[measure] for measure in SHOWN[report.task.name]]
    return [
        {
            "task": report.task.name,
            "system": kind,
            "view": report.view,
            "measure": figure.measure.id,
            "precision": rounded(figure.precision),
            "recall": rounded(figure.recall),
            "f1": rounded(figure.f1),
            "interval": [rounded(bound) for bound in figure.interval] if figure.interval else None,
            "signature": figure.signature,
        }
        for figure in figures
    ]


def rounded(value: float | None) -> float | None:
    """To three decimals, as the table has it."""
    return None if value is None else round(value, 3)


def compare(results: list[dict[str, Any]], kinds: tuple[str, ...]) -> int:
    """Say which figures are not those of results.json."""
    committed = [row for row in orjson.loads(RESULTS.read_bytes()) if row["system"] in kinds]
    differing = [row for row in results if row not in committed] + [row for row in committed if row not in results]
    for row in differing:
        print(f"{row['task']} {row['system']} {row['measure']}: {row['f1']} {row['signature']}")
    if differing:
        print("the baselines' figures are not those of baselines/results.json; renew them with: make baselines")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
