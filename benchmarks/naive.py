"""The naive script that everybody writes: json, jsonschema, plain checks, `Dataset.from_list(...).to_parquet`.

Written fairly: the schema is compiled once, nothing is parsed twice, the checks are plain loops that look up what
they need in dictionaries. It checks much less than `wirecopy validate` does, and writes no manifest.

    python benchmarks/naive.py CORPUS OUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import jsonschema

from wirecopy.shape import article_schema, boilerplate_kinds


def main(corpus: Path, out: Path) -> int:
    splits = json.loads((corpus / "splits.json").read_text(encoding="utf-8"))
    split_of = {a: story["split"] for story in splits["stories"] for a in story["articles"]}
    validator = jsonschema.Draft202012Validator(article_schema())
    by_split: dict[str, list] = {"train": [], "validation": [], "test": []}
    seen, problems = set(), []
    for article in articles(corpus / "articles"):
        problems += [error.message for error in validator.iter_errors(article)]
        problems += check(article)
        if article["id"] in seen:
            problems.append(f"{article['id']} is there twice")
        seen.add(article["id"])
        by_split[split_of[article["id"]]].append(article)
    if problems:
        print("\n".join(problems))
        return 1
    datasets.disable_progress_bars()
    for split, found in by_split.items():
        datasets.Dataset.from_list(found).to_parquet(out / f"{split}.parquet")
    return 0


def articles(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.iterdir()):
        with path.open(encoding="utf-8") as file:
            if path.suffix == ".json":
                yield json.load(file)
            else:
                yield from map(json.loads, file)


def check(article: dict[str, Any]) -> list[str]:
    """Offsets, surfaces, zones, references."""
    text, problems = article["text"], []
    entities = {entity["id"] for entity in article["entities"]}
    values = {value["id"] for value in article["values"]}
    boilerplate = [z for z in article["zones"] if z["kind"] in boilerplate_kinds()]
    for span in spans(article):
        if not 0 <= span["start"] < span["end"] <= len(text):
            problems.append(f"{article['id']}: {span} is out of range")
        elif text[span["start"] : span["end"]] != span["text"]:
            problems.append(f"{article['id']}: {span} has another surface")
        elif any(z["start"] < span["end"] and span["start"] < z["end"] for z in boilerplate):
            problems.append(f"{article['id']}: {span} lies in boilerplate")
    end = 0
    for zone in article["zones"]:
        if zone["start"] < end or text[end : zone["start"]].strip():
            problems.append(f"{article['id']}: {zone} overlaps or leaves a gap")
        end = zone["end"]
    for attribution in article["attributions"]:
        if attribution["source_entity"] is not None and attribution["source_entity"] not in entities:
            problems.append(f"{article['id']}: {attribution['id']} has an unknown source")
    for event in article["events"]:
        for argument in event["arguments"]:
            if not {argument["entity"], argument["value"]} & (entities | values):
                problems.append(f"{article['id']}: {event['id']} has an unknown argument")
    return problems


def spans(article: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entity in article["entities"]:
        yield from entity["mentions"]
    yield from article["values"]
    for attribution in article["attributions"]:
        for role in ("content", "cue", "source", "addressee"):
            yield from attribution[role]
    for event in article["events"]:
        yield from event["triggers"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
