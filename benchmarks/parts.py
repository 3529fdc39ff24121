"""What the parts of validation cost: reading, structure, rules, each on the same synthetic articles.

    python benchmarks/parts.py                    # writes benchmarks/results/parts.md
    python benchmarks/parts.py --articles 256 --rounds 1 --results FOLDER    # a quick look

In each round every part works through all articles, group after group, one part after the other, so that whatever
else the machine does hits all of them. Figures are medians over rounds, in microseconds of user and system time an
article. The two that take milliseconds an article, jsonschema and the rules one by one, get the first group alone.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import orjson
import pyarrow as pa

from generate import make_article
from wirecopy import accept, columns, shape
from wirecopy.validate import GROUP, check_article

RESULTS = Path(__file__).resolve().parent / "results"


class Group(NamedTuple):
    """Some articles in every form that a part asks for."""

    contents: list[bytes]
    articles: list[dict[str, Any]]
    batch: pa.RecordBatch
    taken_apart: accept.Columns


Part = Callable[[Group], Any]


def structure(batch: pa.RecordBatch, contents: list[bytes]) -> bool:
    """Whether the documents are what their columns say, and these have the right shape."""
    sound, _ = accept.said_by(batch, contents, columns.joined(contents))
    return sound.all() and shape.surely_valid_columns(batch)


def read(contents: list[bytes]) -> pa.RecordBatch:
    return columns.read(columns.joined(contents), len(contents), shape.article_arrow_schema())


VALIDATOR = jsonschema.Draft202012Validator(shape.article_schema())
PARTS: dict[str, Part] = {
    "parsing (orjson)": lambda group: [orjson.loads(content) for content in group.contents],
    "structure, jsonschema": lambda group: [list(VALIDATOR.iter_errors(article)) for article in group.articles],
    "structure, ours": lambda group: structure(group.batch, group.contents),
    "objects to columns": lambda group: pa.RecordBatch.from_pylist(group.articles, schema=shape.article_arrow_schema()),
    "reading as columns, ours": lambda group: read(group.contents),
    "canonical JSON of columns": lambda group: columns.canonical(group.batch),
    "rules one by one": lambda group: [check_article(article) for article in group.articles],
    "rules on columns, ours": lambda group: accept.undoubted_columns(group.batch),
    "runs of words": lambda group: accept.runs(group.taken_apart),
}
SLOW = {"structure, jsonschema", "rules one by one"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_024)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if min(options.articles, options.rounds) < 1:
        parser.error("--articles and --rounds are at least 1")
    groups = [made(range(at, at + GROUP)) for at in range(0, options.articles, GROUP)]
    gc.disable()
    rounds = [{name: microseconds(name, groups) for name in PARTS} for _ in range(options.rounds)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in PARTS}
    report = "\n".join(table(medians, groups, options.rounds)) + "\n"
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "parts.md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return 0


def made(indices: range) -> Group:
    contents = [orjson.dumps(make_article(1, index), option=orjson.OPT_SORT_KEYS) for index in indices]
    articles = [orjson.loads(content) for content in contents]
    batch = read(contents)
    return Group(contents, articles, batch, accept.undoubted_columns(batch))


def microseconds(name: str, groups: Sequence[Group]) -> float:
    groups = groups[:1] if name in SLOW else groups
    begun = time.process_time()
    for group in groups:
        PARTS[name](group)
    return 1e6 * (time.process_time() - begun) / sum(len(group.articles) for group in groups)


def table(medians: dict[str, float], groups: Sequence[Group], n_rounds: int) -> list[str]:
    contents = [content for group in groups for content in group.contents]
    size = sum(map(len, contents)) / len(contents)
    parsing, structure = medians["parsing (orjson)"], medians["structure, jsonschema"]
    lines = [
        "# Parts of validation",
        "",
        f"Written by benchmarks/parts.py: {len(contents):,} synthetic articles of {size:,.0f} bytes on average,",
        f"medians over {n_rounds} rounds of user and system time. The machine was shared: compare ratios.",
        "",
        "| part | µs an article | times parsing | jsonschema ÷ this |",
        "|---|---|---|---|",
    ]
    for name, each in medians.items():
        faster = f"{structure / each:,.0f}" if name.startswith("structure") else "–"
        lines.append(f"| {name} | {each:,.0f} | {each / parsing:.2f} | {faster} |")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
