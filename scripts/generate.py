"""Write what is generated from the schema, the labels, the rules and the corpus into its files.

With --check nothing is written, and the status is 1 when a file differs from what its source makes
now. Generated are: the enumerations of the schemas of articles and predictions, the label tables of
corpus/GUIDELINES.md, docs/rules.md, docs/data.md, docs/scoring.md, the figures of DATASHEET.md and
README.md, the agreement in DATASHEET.md, and the version wherever it is shown: in CITATION.cff,
.zenodo.json and README.md. The version itself stands in src/wirecopy/__init__.py, the day of its
release in CHANGELOG.md.
"""

import argparse
import difflib
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

import wirecopy
from wirecopy import shape
from wirecopy.agreement import agreements
from wirecopy.agreementreport import as_markdown
from wirecopy.article import format_article
from wirecopy.citation import bibtex, with_version, zenodo
from wirecopy.files import write_atomically
from wirecopy.problems import Problem
from wirecopy.report import as_text
from wirecopy.rules import LEVELS, RULES, Corpus, Rule
from wirecopy.rules.corpus import SPLITS
from wirecopy.scoring import TASKS
from wirecopy.scoring.intervals import LEVEL, N_DRAWS
from wirecopy.scoring.measures import Measure, Task
from wirecopy.scoring.render import percent
from wirecopy.tables import CONFIGS, inventory_of, named_spans, tokenize
from wirecopy.validate import check_corpus, check_file
from wirecopy.views import clean_text

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
_BLOCK = re.compile(r"(<!-- generated: (?P<name>\w+)(?: (?P<argument>\w+))? -->\n).*?(<!-- /generated -->)", re.DOTALL)
_ANY_VERSION = re.compile(r"\b\d+\.\d+\.\d+\b")
"""Every version that README.md names is the present one."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args(arguments)
    result = check_corpus(ROOT / "corpus")
    if result.errors:
        sys.stdout.write(as_text(result.errors, result.n_files))
        return 1
    stale = False
    for name, content in generated_files(result.corpus):
        path = ROOT / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == content:
            continue
        stale = True
        if options.check:
            sys.stdout.writelines(
                difflib.unified_diff(old.splitlines(True), content.splitlines(True), name, "generated", n=1)
            )
        else:
            write_atomically(path, content.encode("utf-8"))
            print(f"{name}: written")
    if stale and options.check:
        print("renew them with: python scripts/generate.py")
    return int(stale and options.check)


def generated_files(corpus: Corpus) -> Iterator[tuple[str, str]]:
    """Every file that is generated, or has generated parts, with its content as it must be."""
    cff = with_version((ROOT / "CITATION.cff").read_text(encoding="utf-8"), wirecopy.__version__, released())
    producers: dict[str, Callable[[str], str]] = {
        "labels": label_table,
        "figures": lambda _: figures(corpus),
        "label_figures": lambda _: label_figures(corpus),
        "configs": lambda _: config_table(),
        "bibtex": lambda _: f"```bibtex\n{bibtex(yaml.load(cff, yaml.BaseLoader), wirecopy.__version__)}\n```",
        "baselines": lambda _: baseline_table(),
        "agreement": lambda _: agreement_tables(corpus),
    }
    yield "CITATION.cff", cff
    yield ".zenodo.json", zenodo(yaml.load(cff, yaml.BaseLoader)).decode("utf-8")
    yield "schema/article.schema.json", with_enumerations(shape.article_schema())
    yield "schema/prediction.schema.json", with_enumerations(shape.prediction_schema())
    for name in ("corpus/GUIDELINES.md", "DATASHEET.md", "README.md"):
        text = with_blocks((ROOT / name).read_text(encoding="utf-8"), producers)
        yield name, _ANY_VERSION.sub(wirecopy.__version__, text) if name == "README.md" else text
    yield "docs/rules.md", rules_page()
    yield "docs/data.md", data_page()
    yield "docs/scoring.md", scoring_page()


def released() -> str:
    """The day of the version's release, as its section of the changelog says."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(wirecopy.__version__)}, (\d{{4}}-\d\d-\d\d)$", changelog, re.MULTILINE)
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no section '## {wirecopy.__version__}, YYYY-MM-DD'; add it")
    return found[1]


def with_blocks(text: str, producers: dict[str, Callable[[str], str]]) -> str:
    """The text with the inside of every generated block made anew."""
    return _BLOCK.sub(lambda m: f"{m[1]}{producers[m['name']](m['argument'] or '')}\n{m[4]}", text)


# The schema and the guidelines


def with_enumerations(schema: dict[str, Any]) -> str:
    """The schema with each enumeration that names inventories filled from labels.json."""

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            filled = {key: fill(item) for key, item in node.items()}
            if "x-labels" in node:
                filled["enum"] = [name for inventory in node["x-labels"].split() for name in shape.names(inventory)]
            return filled
        return [fill(item) for item in node] if isinstance(node, list) else node

    return orjson.dumps(fill(schema), option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def label_table(inventory: str) -> str:
    """The labels of an inventory as a Markdown table."""
    labels = shape.labels(inventory).values()
    extra = {"part": "part", "roles": "roles"}
    if inventory == "argument_role":
        header, extra = ["filled by"], {}
    else:
        header = [title for key, title in extra.items() if all(key in label for label in labels)]
    rows = [["label", *header, "definition", "example"]]
    for label in labels:
        cells = (
            [", ".join(v) if isinstance(v := label[key], list) else v for key in header] if extra else [_fillers(label)]
        )
        rows.append([f"`{label['name']}`", *cells, label["definition"], label["example"]])
    return markdown_table(rows)


def _fillers(role: dict[str, Any]) -> str:
    entity_types = (
        "any entity"
        if len(role["entity_types"]) == len(shape.names("entity_type"))
        else ", ".join(role["entity_types"])
    )
    return ", ".join(filter(None, [entity_types, *role["value_types"], "an event" if role["events"] else ""]))


def markdown_table(rows: list[list[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


# docs/rules.md


def rules_page() -> str:
    """Every rule with its rationale, an example that breaks it and one that does not."""
    parts = [
        "# The rules\n",
        "Generated by `scripts/generate.py` from the rules in `src/wirecopy/rules/` and their goldens in "
        "`tests/golden/`. `wirecopy validate` checks all of them.\n",
        markdown_table([["level", "what it looks at", "rules"], *_level_rows()]) + "\n",
    ]
    for level, title in LEVELS.items():
        parts.append(f"## Level {level}, {title}\n")
        parts += [_rule_entry(rule) for rule in RULES.values() if rule.level == level]
    return "\n".join(parts)


def _level_rows() -> list[list[str]]:
    return [
        [str(level), title, ", ".join(f"[`{r.id}`](#{r.id})" for r in RULES.values() if r.level == level)]
        for level, title in LEVELS.items()
    ]


def _rule_entry(rule: Rule) -> str:
    severity = "" if rule.severity == "error" else " (warning)"
    entry = f"### {rule.id}\n\n**{rule.title}**{severity}\n\n{' '.join(rule.rationale.split())}\n"
    examples = {"path": _no_examples, "file": _byte_examples, "corpus": _corpus_examples}
    return entry + examples.get(rule.scope, _article_examples)(rule)


def _no_examples(rule: Rule) -> str:
    """For what no file in version control can be."""
    return ""


def _byte_examples(rule: Rule) -> str:
    """The first line in which the bytes that break the rule differ from those that do not."""
    golden = GOLDEN / rule.id
    _, problems = check_file(golden / "bad.json")
    bad, good = ((golden / f"{name}.json").read_bytes().split(b"\n") for name in ("bad", "good"))
    shown = next((b, g) for b, g in zip(bad, good, strict=False) if b != g)
    return _not_so_but_so(_first_problem(rule, problems), *map(_printable, shown))


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", errors="backslashreplace").replace("\ufeff", "\\ufeff")
    return text if len(text) <= 80 else f"{text[:76]} …"


def _corpus_examples(rule: Rule) -> str:
    """The part of a register, or of an article, that breaks the rule, and the same part of the twin."""
    golden = GOLDEN / rule.id
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, content in orjson.loads((golden / "bad.json").read_bytes()).items():
            write_atomically(folder / name, format_article(content))
        problem = _first_problem(rule, check_corpus(folder).problems)
        name = Path(problem.path).relative_to(folder).as_posix()
    bad, good = (orjson.loads((golden / f"{twin}.json").read_bytes()) for twin in ("bad", "good"))
    if name not in bad:
        return f"\nThe message: `{name}`: {problem.message} — {problem.hint}.\n"
    shown = [f"{name}: {_shortened(part)}" for part in _same_part(bad[name], good[name], problem.pointer)]
    return _not_so_but_so(problem, *shown)


def _article_examples(rule: Rule) -> str:
    """The part of an article that breaks the rule, and the same part of the twin."""
    golden = GOLDEN / rule.id
    _, problems = check_file(golden / "bad.json")
    bad, good = (orjson.loads((golden / f"{twin}.json").read_bytes()) for twin in ("bad", "good"))
    problem = _first_problem(rule, problems)
    if problem.pointer == "":
        return f"\nThe message: {problem.message} — {problem.hint}.\n"
    return _not_so_but_so(problem, *map(_shortened, _same_part(bad, good, problem.pointer)))


def _first_problem(rule: Rule, problems: list[Problem]) -> Problem:
    return next(problem for problem in problems if problem.rule == rule.id)


def _not_so_but_so(problem: Problem, bad: str, good: str) -> str:
    text = f"\nNot so:\n\n```json\n{bad}\n```\n\n{problem.message} — {problem.hint}.\n"
    return text + (f"\nBut so:\n\n```json\n{good}\n```\n" if good != bad else "")


def _same_part(bad: Any, good: Any, pointer: str) -> tuple[Any, Any]:
    """The smallest object or list that both documents have around a place; a field of the document
    itself stands alone in its object."""
    field = pointer.split("/")[1]
    while pointer and (_at(good, pointer) is None or not isinstance(_at(bad, pointer), dict)):
        pointer = pointer.rpartition("/")[0]
    if pointer or not isinstance(bad, dict):
        return _at(bad, pointer), _at(good, pointer)
    return {field: bad.get(field)}, {field: good.get(field)}


def _at(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _shortened(node: Any) -> str:
    def cut(item: Any) -> Any:
        if isinstance(item, str) and len(item) > 70:
            return f"{item[:34]} … {item[-30:]}"
        if isinstance(item, dict):
            return {key: cut(value) for key, value in item.items()}
        return [cut(value) for value in item] if isinstance(item, list) else item

    return format_article(cut(node)).decode("utf-8").strip()


# docs/data.md


def data_page() -> str:
    """The data dictionary: fields of an article, columns of every config, all labels."""
    parts = [
        "# The data\n",
        "Generated by `scripts/generate.py` from `schema/` and the tables of `src/wirecopy/tables.py`. Offsets are "
        "Unicode code points, end exclusive.\n",
        "## An article\n",
        markdown_table([["field", "type", "meaning"], *_field_rows(shape.article_schema(), "")]) + "\n",
        "## The configs\n",
    ]
    for config in CONFIGS.values():
        if config.name in ("articles", "standoff") or config.name.endswith("_clean"):
            continue
        parts.append(f"### {config.name}, {config.name}_clean\n")
        parts.append(config.description.partition(" In the raw view")[0] + "\n")
        parts.append(markdown_table([["column", "type"], *_column_rows(config.schema)]) + "\n")
    parts.append("`articles` and `standoff` have the fields of an article as above, label names as text.\n")
    parts.append("## The labels\n")
    for name, inventory in shape.inventories().items():
        parts.append(f"### {name}\n\n{inventory['description']}\n\n{label_table(name)}\n")
    return "\n".join(parts)


def _field_rows(node: dict[str, Any], prefix: str, root: dict[str, Any] | None = None) -> Iterator[list[str]]:
    root = root or node
    for key, field in node["properties"].items():
        field = shape.resolve(field, root)
        kind = field.get("type", "string")
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        if "x-labels" in field:
            inventories = field["x-labels"].split()
            page = "" if root is shape.article_schema() else "data.md"
            kind = "label of " + " or ".join(f"[{inventory}]({page}#{inventory})" for inventory in inventories)
        name = f"{prefix}{key}"
        items = shape.resolve(field.get("items", {}), root)
        yield [f"`{name}`", kind, field["description"]]
        if "properties" in field:
            yield from _field_rows(field, f"{name}.", root)
        elif "properties" in items:
            yield from _field_rows(items, f"{name}[].", root)


def _column_rows(schema: Any) -> Iterator[list[str]]:
    for field in schema:
        yield from _column(field, field.name)


def _column(field: Any, name: str) -> Iterator[list[str]]:
    import pyarrow as pa

    if pa.types.is_list(field.type):
        yield from _column(field.type.value_field, f"{name}[]")
    elif pa.types.is_struct(field.type):
        for inner in field.type:
            yield from _column(inner, f"{name}.{inner.name}")
    else:
        inventory = inventory_of(field)
        yield [f"`{name}`", f"ClassLabel of {inventory}" if inventory else str(field.type)]


# Figures of the corpus


def figures(corpus: Corpus) -> str:
    """How much there is of everything, by split and in all."""
    articles = [a for a in corpus.articles.values() if a["text"] is not None]
    columns = [[a for a in articles if corpus.split_of.get(a["id"]) == split] for split in SPLITS] + [articles]
    counts: dict[str, Callable[[dict[str, Any]], int]] = {
        "articles": lambda a: 1,
        "characters, page as scraped": lambda a: len(a["text"]),
        "characters, clean view": lambda a: len(clean_text(a)[0]),
        "tokens, page as scraped": lambda a: len(tokenize(a["text"]).words),
        "tokens, clean view": lambda a: len(tokenize(clean_text(a)[0]).words),
        "zones": lambda a: len(a["zones"]),
        "zones of boilerplate": lambda a: sum(z["kind"] in shape.boilerplate_kinds() for z in a["zones"]),
        "entities": lambda a: len(a["entities"]),
        "mentions": lambda a: sum(len(e["mentions"]) for e in a["entities"]),
        "named spans (OntoNotes-18)": lambda a: len(named_spans(a)),
        "named spans with a token over their edge": misaligned,
        "values": lambda a: len(a["values"]),
        "attributions": lambda a: len(a["attributions"]),
        "contents that boilerplate interrupts": interrupted,
        "events": lambda a: len(a["events"]),
        "triggers": lambda a: sum(len(e["triggers"]) for e in a["events"]),
        "arguments": lambda a: sum(len(e["arguments"]) for e in a["events"]),
    }
    rows = [["", *SPLITS, "all"]]
    rows += [[name, *(f"{sum(map(count, column)):,}" for column in columns)] for name, count in counts.items()]
    return markdown_table(rows)


def misaligned(article: dict[str, Any]) -> int:
    """How many named spans do not begin and end where tokens do."""
    tokens = tokenize(article["text"])
    starts, ends = set(tokens.starts), set(tokens.ends)
    return sum(span["start"] not in starts or span["end"] not in ends for span in named_spans(article))


def interrupted(article: dict[str, Any]) -> int:
    """How many contents have boilerplate between their first and their last character."""
    kinds = shape.boilerplate_kinds()
    boilerplate = [zone for zone in article["zones"] if zone["kind"] in kinds]
    return sum(
        any(a["content"][0]["start"] < z["start"] and z["end"] < a["content"][-1]["end"] for z in boilerplate)
        for a in article["attributions"]
    )


def agreement_tables(corpus: Corpus) -> str:
    """The agreement of the passes, of the articles with and without a text."""
    return as_markdown({kind: agreements(corpus, standoff=kind == "stand-off") for kind in ("written", "stand-off")})


def label_figures(corpus: Corpus) -> str:
    """How often each topic, genre, publisher, zone kind, entity type, … occurs."""
    articles = list(corpus.articles.values())
    counted = {
        "publisher": Counter(a["publisher"] for a in articles),
        "language": Counter(a["language"] for a in articles),
        "genre": Counter(a["genre"] for a in articles),
        "topic": Counter(t for a in articles for t in a["topics"]),
        "zone kind": Counter(z["kind"] for a in articles for z in a["zones"]),
        "entity type (mentions)": Counter(e["type"] for a in articles for e in a["entities"] for _ in e["mentions"]),
        "mention level": Counter(m["level"] for a in articles for e in a["entities"] for m in e["mentions"]),
        "value type": Counter(v["type"] for a in articles for v in a["values"]),
        "attribution type": Counter(x["type"] for a in articles for x in a["attributions"]),
        "attribution mode": Counter(x["mode"] for a in articles for x in a["attributions"]),
        "source type": Counter(x["source_type"] for a in articles for x in a["attributions"]),
        "event type": Counter(e["type"] for a in articles for e in a["events"]),
        "realis": Counter(e["realis"] for a in articles for e in a["events"]),
    }
    rows = [["", "how many of each"]]
    for name, counter in counted.items():
        ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
        rows.append([name, ", ".join(f"{label} {n:,}" for label, n in ordered)])
    return markdown_table(rows)


def config_table() -> str:
    return markdown_table(
        [["config", "what it holds"], *([f"`{config.name}`", config.description] for config in CONFIGS.values())]
    )


# docs/scoring.md and the baselines


def scoring_page() -> str:
    """Every measure of every task with definition, source and worked example, and the form of a prediction."""
    parts = [
        "# Scoring\n",
        "Generated by `scripts/generate.py` from the measures in `src/wirecopy/scoring/` and from "
        "`schema/prediction.schema.json`.\n",
        _SCORING_INTRODUCTION.format(n_draws=f"{N_DRAWS:,}", level=f"{LEVEL:.0%}"),
    ]
    for task in TASKS.values():
        parts.append(f"## {task.name}\n\n{task.description}. {_views_of(task)}\n")
        parts.append(markdown_table([["measure", "what it is", "source", "worked example"], *_measure_rows(task)]))
        parts.append("")
    fields = _field_rows(shape.prediction_schema(), "")
    parts += ["## A prediction\n", shape.prediction_schema()["description"] + "\n"]
    parts.append(markdown_table([["field", "type", "meaning"], *fields]) + "\n")
    return "\n".join(parts)


_SCORING_INTRODUCTION = """## What all measures share

Counts of articles are added over the split (micro); precision, recall and F1 follow from the sums. Nothing
predicted of what there is gives precision 0, something predicted where there is nothing gives recall 0, and
where there is nothing in either there is nothing to measure: `–`, and `null` in JSON. The macro figures are
means over the articles that have anything to measure. A prediction given twice is wrong the second time. An
article without a prediction counts as missed.

Tokens are runs of word characters (letters, digits, underscore) and every other single character that is not
white space; signatures call them `word-runs`. The scorer has no other tokenizer, so a figure depends on text
and spans alone.

Intervals are {level} percentile bootstrap intervals (Efron 1979) over articles, {n_draws} draws with a fixed
seed. `wirecopy compare` gives the difference of two systems with a paired bootstrap interval and the two-sided
p of a randomisation test (Noreen 1989), exact for up to 13 articles.

Breakdowns are of one measure a task: by publisher, topic (an article counts for each of its topics) and genre
with precision and recall; by label where gold and prediction both have one; and by properties of the gold
items, as recall. The distance from boilerplate is that of the gold item on the page, in characters; what one
character parts, touches.

A signature has all that a figure depends on beside the predictions: task, measure and its settings, view,
split, version and content hash of the articles scored, version of the definitions (`scorer`) and of the
program.
"""


def _views_of(task: Task) -> str:
    return f"Scored in the {' and the '.join(task.views)} view{'s' if len(task.views) > 1 else ''}."


def _measure_rows(task: Task) -> Iterator[list[str]]:
    for measure in task.measures:
        yield [f"`{measure.id}`", measure.definition, measure.source, measure.example]


def baseline_table() -> str:
    """The figures of baselines/results.json, one row a figure."""
    results = orjson.loads((ROOT / "baselines" / "results.json").read_bytes())
    rows = [["task", "system", "view", "measure", "P", "R", "F1", "95 %"]]
    for row in results:
        low, high = row["interval"] or (None, None)
        accuracy = _measure_named(row["task"], row["measure"]).kind == "accuracy"
        figures = [row["f1"]] if accuracy else [row["precision"], row["recall"], row["f1"]]
        cells = [*["" for _ in range(3 - len(figures))], *map(percent, figures)]
        settings = row["measure"].replace("|", ", ").replace(":", " ")
        rows.append([row["task"], row["system"], row["view"], settings, *cells, f"{percent(low)}–{percent(high)}"])
    signatures = "\n".join(f"{percent(row['f1']):>5}  {row['system']:<7}  {row['signature']}" for row in results)
    folded = f"<details><summary>F1 with signatures</summary>\n\n```\n{signatures}\n```\n\n</details>"
    return f"{markdown_table(rows)}\n\n{folded}"


def _measure_named(task: str, measure: str) -> Measure:
    return next(m for m in TASKS[task].measures if m.id == measure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
