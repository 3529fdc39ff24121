"""Give new stories their splits: stratified by topic and publisher, articles of one story together.

STORIES is a JSON object with the ids of the articles of each new story. They are added to splits.json;
what stands there is never moved. Topics, publishers and the number of articles are brought as near to
60 / 20 / 20 per cent as whole stories allow: the measure is chi-square, the sum of (found − wanted)² /
wanted over all of them and the splits, made smaller by moving and exchanging stories until nothing
helps. Publishers named with --only-test go to the test split alone. Stand-off articles do not count.
Prints the articles by topic, publisher and split. Exit status: 0 assigned, 1 a story or article cannot
be assigned, 2 something cannot be read.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from wirecopy.article import Article, format_article
from wirecopy.cli import CLEAN, FINDINGS, fail, guarded
from wirecopy.files import write_atomically
from wirecopy.rules.corpus import SPLITS
from wirecopy.scoring.render import table

ROOT = Path(__file__).resolve().parents[1]
SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
ALL = "articles"
"""The label that every article has, and how much more than a topic or publisher it counts."""
WEIGHT = 5


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        articles = {a["id"]: a for a in map(read, sorted((options.corpus / "articles").glob("*.json")))}
        splits, stories = read(options.corpus / "splits.json"), read(options.stories)
    except (OSError, ValueError) as error:
        return fail(str(error))
    problems = [*refused(stories, splits, articles)]
    if problems:
        print("\n".join(problems))
        return FINDINGS
    chosen = assign(stories, splits["stories"], articles, options.only_test)
    splits["stories"] += [{"story": s, "split": chosen[s], "articles": stories[s]} for s in stories]
    write_atomically(options.corpus / "splits.json", format_article(splits))
    print(summary(splits["stories"], articles))
    return CLEAN


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stories", type=Path, metavar="STORIES")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--only-test", nargs="+", default=[], metavar="PUBLISHER")
    return parser.parse_args(arguments)


def read(path: Path) -> Any:
    """The content of a JSON file; `ValueError` names the file if it is not JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error


def refused(stories: dict[str, list[str]], splits: dict, articles: dict[str, Article]) -> Iterator[str]:
    """Why stories cannot be assigned."""
    known = {story["story"] for story in splits["stories"]}
    placed = {i for story in splits["stories"] for i in story["articles"]}
    for story, ids in stories.items():
        if story in known:
            yield f'the story "{story}" has a split; add its new articles there by hand'
        for i in ids:
            if i in placed:
                yield f'"{i}" of the story "{story}" has a split, and a split is never changed'
            if i not in articles:
                yield f'there is no articles/{i}.json for the story "{story}"'


def labels_of(ids: Iterable[str], articles: dict[str, Article]) -> Counter[str]:
    """How many of the articles have each topic and publisher; without the stand-off ones."""
    found: Counter[str] = Counter()
    for article in (articles[i] for i in ids if articles[i]["text"] is not None):
        found.update([ALL, f"publisher {article['publisher']}", *(f"topic {t}" for t in article["topics"])])
    return found


def assign(stories: dict, placed: list[dict], articles: dict[str, Article], only_test: list[str]) -> dict[str, str]:
    """The split of each story."""
    labels = {story: labels_of(ids, articles) for story, ids in stories.items()}
    fixed = {f"publisher {name}" for name in only_test}
    free = [story for story in sorted(stories) if not labels[story].keys() & fixed]
    chosen = {story: "train" if story in free else "test" for story in stories}
    state = {s: labels_of((i for x in placed if x["split"] == s for i in x["articles"]), articles) for s in SPLITS}
    for story, split in chosen.items():
        state[split] += labels[story]
    while step := best_step(state, chosen, free, labels):
        for story, split in step:
            state[chosen[story]] -= labels[story]
            state[split] += labels[story]
            chosen[story] = split
    return chosen


Step = list[tuple[str, str]]
"""Stories with the splits they go to."""


def best_step(state: dict[str, Counter], chosen: dict[str, str], free: list[str], labels: dict) -> Step | None:
    """The move of a story, or the exchange of two, that brings the splits nearest to their shares."""
    wanted = sum(state.values(), Counter())

    def gain(step: Step) -> float:
        changed = {s: Counter(state[s]) for s in SPLITS}
        for story, split in step:
            changed[chosen[story]].subtract(labels[story])
            changed[split].update(labels[story])
        touched = {label for story, _ in step for label in labels[story]}
        return distance(state, wanted, touched) - distance(changed, wanted, touched)

    moves: list[Step] = [[(story, split)] for story in free for split in SPLITS if split != chosen[story]]
    pairs = [(a, b) for a, b in combinations(free, 2) if chosen[a] != chosen[b]]
    steps = moves + [[(a, chosen[b]), (b, chosen[a])] for a, b in pairs]
    best = max(steps, key=gain, default=None)
    return best if best and gain(best) > 1e-9 else None


def distance(state: dict[str, Counter], wanted: Counter, labels: Iterable[str]) -> float:
    """Chi-square of some labels over the splits."""
    return sum(
        (WEIGHT if label == ALL else 1)
        * (state[s][label] - SHARES[s] * wanted[label]) ** 2
        / (SHARES[s] * wanted[label])
        for label in sorted(labels)
        for s in SPLITS
    )


def summary(stories: list[dict], articles: dict[str, Article]) -> str:
    """A table of the articles by topic and publisher and split."""
    by_split = {s: labels_of((i for x in stories if x["split"] == s for i in x["articles"]), articles) for s in SPLITS}
    names = sorted(set().union(*by_split.values()))
    return table([["", *SPLITS], *([name, *(str(by_split[s][name]) for s in SPLITS)] for name in names)], left=1)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
