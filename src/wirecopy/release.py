"""A release: tables on disk with their card, manifest and checksums.

A release directory is written beside its place and renamed there when it is whole, so that a build
that fails leaves the earlier release untouched. Nothing in it depends on the clock, the machine, the
locale or the order of the file system.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import wirecopy
from wirecopy import shape
from wirecopy.article import Article, shards_hash
from wirecopy.citation import bibtex, read_citation
from wirecopy.croissant import make_croissant
from wirecopy.outline import OUTLINE_KEYS, Outline, outline_of, outlined
from wirecopy.rules.corpus import SPLITS, Corpus
from wirecopy.spool import SpooledMapping
from wirecopy.tables import CONFIGS, Config, columns, inventory_of, label_names, make_table, stored_schema

Tables = dict[str, dict[str, pa.Table]]
"""Tables by config and split; splits without rows are left out."""


class Shard(NamedTuple):
    """One Parquet file of a table: its number of rows and their content hash."""

    rows: int
    content_sha256: str


Shards = Mapping[str, Mapping[str, list[Shard]]]
"""The shards of every table by config and split, in the order of their rows."""

DOCUMENTS = ("DATASHEET.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-DATA")
CANARY = "wirecopy-canary 7d1f3a52-0c68-4e0b-9a3e-52b6f0c9e8d4"
"""A string that training data filters can look for; it stands in the card of every release."""


@dataclass(frozen=True, slots=True)
class About:
    """What the card and the manifest say of a corpus beside its data."""

    name: str
    version: str
    released: str
    license: str = "cc-by-4.0"
    license_url: str = "https://creativecommons.org/licenses/by/4.0/"
    description: str = (
        "News articles as they are scraped, boilerplate included, with five gold layers on one immutable string: "
        "zones, entities with coreference, values, attributions and events."
    )


def with_restored_texts(about: About) -> About:
    """What is to be said of a release that holds restored texts: they keep their own licences."""
    return replace(about, license="other", license_url="https://spdx.org/licenses/")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a release was made from: hashes of the corpus and schema trees, the outline of the corpus,
    the version of its guidelines (None where it has none), and the sources of the texts of its
    stand-off articles."""

    corpus_sha256: str
    schema_sha256: str
    outline: Outline
    guidelines: str | None
    sources: Mapping[str, Any]


def origin_of(corpus: Corpus) -> Origin:
    """The origin of a release of a corpus folder."""
    return origin_with(corpus, sorted(outlined(corpus.articles.values())), tree_hash(corpus.folder))


def origin_with(corpus: Corpus, outlined_articles: Iterable[tuple[str, str, str]], corpus_sha256: str) -> Origin:
    """As `origin_of`, of a corpus whose articles need not be at hand: with what `wirecopy.outline.outlined` says of
    them, in the order of their ids, and the `tree_hash` of the folder."""
    labels = {inventory: label_names(inventory) for inventory in (*shape.inventories(), "ner_tags")}
    return Origin(
        corpus_sha256,
        tree_hash(shape.schema_folder()),
        outline_of(outlined_articles, corpus.splits, labels, shape.article_schema(), SpooledMapping),
        guidelines_version(corpus.folder),
        corpus.sources,
    )


def origin_in(manifest: Mapping[str, Any], sources: Mapping[str, Any]) -> Origin:
    """The origin that the manifest of a release names; `sources` is the release's own sources.json."""
    outline = {key: manifest[key] for key in OUTLINE_KEYS}
    return Origin(
        **manifest["source"], outline=outline, guidelines=manifest["revisions"]["guidelines"], sources=sources
    )


def articles_by_split(corpus: Corpus) -> dict[str, list[Article]]:
    """The articles of each split, in the order of their ids."""
    by_split: dict[str, list[Article]] = {split: [] for split in SPLITS}
    for article in sorted(corpus.articles.values(), key=lambda a: a["id"]):
        by_split[corpus.split_of[article["id"]]].append(article)
    return by_split


def make_tables(by_split: Mapping[str, list[Article]], progress: Callable[[Iterable], Iterable] = iter) -> Tables:
    """The tables of every config and split that has rows: `standoff` of the articles without text, all
    others of those with."""
    tables: Tables = {}
    for config in progress(list(CONFIGS.values())):
        made = {
            split: make_table(config, [a for a in articles if (a["text"] is None) == (config.name == "standoff")])
            for split, articles in by_split.items()
        }
        made = {split: table for split, table in made.items() if table.num_rows}
        if made:
            tables[config.name] = made
    return tables


def write_release(
    tables: Tables, manifest: dict[str, Any], origin: Origin, about: About, documents: Path, out: Path
) -> None:
    """Write the release directory `out` as a whole; `manifest` is what `make_manifest` says of the tables.

    `documents` is the folder that holds CITATION.cff, the licence, the datasheet and the like; those that
    exist are copied. An earlier `out` is replaced only when the new one is complete.
    """
    with replacing(out) as folder:
        for config, split, table in _each(tables):
            path = folder / parquet_path(config, split)
            path.parent.mkdir(exist_ok=True)
            with parquet_writer(path, CONFIGS[config]) as writer:
                writer.write_table(table)
        write_documents(folder, manifest, origin, about, documents)


def write_documents(folder: Path, manifest: dict[str, Any], origin: Origin, about: About, documents: Path) -> None:
    """Write everything but the tables into a release directory that has these already."""
    write_json(folder / "manifest.json", manifest)
    if origin.sources:
        write_json(folder / "sources.json", dict(origin.sources))
    citation = bibtex(read_citation(documents), about.version)
    described = {**asdict(about), "citation": citation}
    of_tables = {name: digest for name, digest in file_hashes(folder).items() if name.endswith(".parquet")}
    write_json(folder / "croissant.json", make_croissant(manifest, described, of_tables))
    card = make_card(manifest, about, citation)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
    for name in DOCUMENTS:
        if (documents / name).is_file():
            (folder / name).write_bytes((documents / name).read_bytes())
    sums = checksums(file_hashes(folder, of_tables))
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8", newline="\n")


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` when the block ends well, and vanishes when not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    fresh.chmod(0o755)
    retired = fresh.with_name(f"{fresh.name}.old")
    try:
        yield fresh
        if out.exists():
            out.rename(retired)
        fresh.rename(out)
    except BaseException:
        if retired.exists() and not out.exists():
            retired.rename(out)
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(retired, ignore_errors=True)


def _each(tables: Tables) -> Iterator[tuple[str, str, pa.Table]]:
    for config, by_split in tables.items():
        for split, table in by_split.items():
            yield config, split, table


def parquet_path(config: str, split: str, shard: int = 0, n_shards: int = 1) -> str:
    """Where in a release a shard of the table of a config and split is."""
    return f"{config}/{split}-{shard:05}-of-{n_shards:05}.parquet"


def parquet_paths(config: str, split: str, described: Mapping[str, Any]) -> list[str]:
    """Where in a release the shards of a table are; `described` is the split's entry in the manifest."""
    n_shards = len(described.get("shards", (None,)))
    return [parquet_path(config, split, shard, n_shards) for shard in range(n_shards)]


_UNLIKE = {"id", "line_sha256", "name", "text", "text_sha256", "title"}
"""The fields with strings of which hardly two are alike."""


def parquet_writer(path: Path, config: Config) -> pq.ParquetWriter:
    """A writer of one Parquet file of a config with the layout of all releases; each table that it is given is a row
    group.

    Whole numbers other than labels are most of them offsets, and stand as what each adds to the one before. A
    dictionary is for strings that come again. Least and greatest values are kept where they tell which pages have no
    wanted row: in columns of single values, other than texts and hashes. Files are a fifth smaller so than with
    dictionaries and such values for everything.
    """
    leaves = list(_leaves(config.schema))
    numbers = [leaf for leaf, field in leaves if pa.types.is_integer(field.type) and not inventory_of(field)]
    unlike = [leaf for leaf, _ in leaves if leaf.removesuffix(_ITEM).rpartition(".")[2] in _UNLIKE]
    return pq.ParquetWriter(
        path,
        stored_schema(config),
        compression="zstd",
        compression_level=3,
        use_dictionary=[leaf for leaf, _ in leaves if leaf not in {*numbers, *unlike}],
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        write_statistics=[name for name, _ in leaves if "." not in name and name not in _UNLIKE - {"id"}],
        use_content_defined_chunking=True,
        write_page_index=True,
        store_schema=False,
    )


_ITEM = ".list.element"


def _leaves(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[tuple[str, pa.Field]]:
    """The columns that Parquet makes of fields: the path of each, and the field that its values are of."""
    for field in fields:
        path = prefix + field.name
        while pa.types.is_list(field.type):
            path, field = path + _ITEM, field.type.value_field
        if pa.types.is_struct(field.type):
            yield from _leaves(field.type, f"{path}.")
        else:
            yield path, field


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object, which has some key, as indented JSON with sorted keys."""
    with path.open("wb") as file:
        file.write(b"{\n")
        for i, key in enumerate(sorted(content)):
            file.write(b",\n" if i else b"")
            file.writelines(_member(key, content[key]))
        file.write(b"\n}\n")


def _member(key: str, value: Any) -> Iterator[bytes]:
    """The lines of a member of the outermost object; of a mapping that is held on disk, some entries at a time."""
    if not isinstance(value, SpooledMapping):
        yield _dumped({key: value})[2:-2]
        return
    head, tail = f'  "{key}": {{'.encode(), b"\n  }"
    yield head
    for i, some in enumerate(value.together()):
        yield b"," if i else b""
        yield _dumped({key: some})[2 + len(head) : -2 - len(tail)]
    yield tail if value else b"}"


def _dumped(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def file_hashes(folder: Path, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The SHA-256 of every file below a folder by its path, in the order of the paths; `known` ones are not worked
    out again.

    What has a part that begins with a dot in its path is left out.
    """
    known = known or {}
    return {name: known.get(name) or _file_hash(folder / name) for name in _files_below(folder)}


def _files_below(folder: Path) -> list[str]:
    """The paths of the files below a folder, in order, those with a part that begins with a dot left out."""
    found = []
    for parent, folders, files in os.walk(folder, onerror=_raise_unless_absent):
        folders[:] = (name for name in folders if not name.startswith("."))
        paths = (Path(parent, name) for name in files if not name.startswith("."))
        found += [path.relative_to(folder).as_posix() for path in paths if path.is_file()]
    return sorted(found)


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(hashes: Mapping[str, str]) -> str:
    """The lines that `sha256sum` writes and checks, of files with these hashes by path."""
    return "".join(f"{digest}  {name}\n" for name, digest in hashes.items())


# Hashes


def content_hash(table: pa.Table) -> str:
    """SHA-256 of the rows as canonical JSON lines in the order of their ids.

    It is of the data alone: another Parquet writer, compression or row order gives the same.
    """
    digest = hashlib.sha256()
    for row in sorted(table.to_pylist(), key=lambda row: row["id"]):
        digest.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()


def tree_hash(folder: Path) -> str:
    """SHA-256 over the paths and contents of the files below a folder, hidden ones left out."""
    digest = hashlib.sha256()
    for name in _files_below(folder):
        digest.update(checksums({name: _file_hash(folder / name)}).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def shards_of(tables: Tables) -> Shards:
    """The shards of tables that are written as one shard each."""
    return {
        config: {split: [Shard(table.num_rows, content_hash(table))] for split, table in by_split.items()}
        for config, by_split in tables.items()
    }


def make_manifest(shards: Shards, origin: Origin, about: About) -> dict[str, Any]:
    """Rows, columns and content hash of every config and split, the outline of the corpus (see
    `wirecopy.outline`), the hashes and revisions of the source, and what built it.

    Nothing in it names a commit: one that touches neither the corpus nor the schema changes nothing.
    """
    return {
        "name": about.name,
        "version": about.version,
        "configs": {config: _described(config, by_split) for config, by_split in shards.items()},
        "released": about.released,
        **origin.outline,
        "source": {"corpus_sha256": origin.corpus_sha256, "schema_sha256": origin.schema_sha256},
        "revisions": {
            "data": origin.corpus_sha256[:12],
            "schema": wirecopy.SCHEMA_REVISION,
            "guidelines": origin.guidelines,
            "scorer": wirecopy.SCORER_REVISION,
            "library": wirecopy.__version__,
        },
        "built_with": {name: installed_version(name) for name in ("pyarrow", "spacy", "orjson")},
    }


def _described(config: str, by_split: Mapping[str, list[Shard]]) -> dict[str, Any]:
    """What the manifest says of one config; of a table in more than one shard, the shards too."""
    splits: dict[str, Any] = {}
    for split, shards in by_split.items():
        content = shards_hash([shard.content_sha256 for shard in shards])
        splits[split] = {"rows": sum(shard.rows for shard in shards), "content_sha256": content}
        if len(shards) > 1:
            splits[split]["shards"] = [shard._asdict() for shard in shards]
    combined = combined_hash({split: entry["content_sha256"] for split, entry in splits.items()})
    return {"content_sha256": combined, "columns": columns(CONFIGS[config]), "splits": splits}


def guidelines_version(corpus: Path) -> str | None:
    """The version that stands in the corpus' GUIDELINES.md; None without such a file or line."""
    path = corpus / "GUIDELINES.md"
    found = re.search(r"^Version (\d+\.\d+\.\d+)$", path.read_text("utf-8"), re.MULTILINE) if path.is_file() else None
    return found[1] if found else None


def combined_hash(hashes: Mapping[str, str]) -> str:
    """The content hash of a config from those of its splits."""
    lines = "".join(f"{split} {hashes[split]}\n" for split in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


# The card


def make_card(manifest: dict[str, Any], about: About, citation: str) -> str:
    """The release's README.md: metadata that `datasets` and the Hub read, and a description.

    `citation` is a BibTeX entry.

    Version and content hash stand in every config, because they alone tell the cache of `datasets`
    one release from another. The `dataset_info` names features and no splits: with them, loading
    with `filters=` fails.
    """
    configs = manifest["configs"]
    data: dict[str, Any] = {
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "language": ["en"],
        "license": about.license,
        "multilinguality": ["monolingual"],
        "size_categories": [_size_category(sum(n_rows(manifest, name) for name in ("articles", "standoff")))],
        "task_categories": ["token-classification", "text-classification", "other"],
        "task_ids": ["named-entity-recognition", "coreference-resolution"],
        "pretty_name": about.name,
        "tags": ["boilerplate-removal", "quotation-attribution", "event-extraction", "news"],
    }
    entries = {"configs": [_config_entry(name, configs[name], about) for name in configs]}
    metadata = _as_yaml(data) + _features_block(configs) + _as_yaml(entries)
    body = _CARD.format(
        name=about.name,
        version=about.version,
        canary=CANARY,
        configs="\n".join(f"| `{name}` | {CONFIGS[name].description} |" for name in configs),
        rows="\n".join(_rows_line(name, configs[name]["splits"]) for name in configs),
        revisions=", ".join(f"{name} {value}" for name, value in manifest["revisions"].items() if value is not None),
        citation=citation,
        restored=_RESTORED if about.license == "other" else _STANDOFF,
    )
    return f"---\n{metadata}---\n\n{body}"


def _as_yaml(data: Mapping[str, Any]) -> str:
    """Metadata of a card, as `huggingface_hub` writes them."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # The one in C, where it is installed.
    return yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, line_break="\n")


def n_rows(manifest: Mapping[str, Any], config: str) -> int:
    """The rows of all splits of a config; 0 where a release does not have it."""
    return sum(entry["rows"] for entry in manifest["configs"].get(config, {"splits": {}})["splits"].values())


def _config_entry(name: str, described: Mapping[str, Any], about: About) -> dict[str, Any]:
    entry: dict[str, Any] = {"config_name": name}
    if name == next(iter(CONFIGS)):
        entry["default"] = True
    entry["version"] = about.version
    entry["description"] = f"sha256:{described['content_sha256']}"
    entry["data_files"] = data_files(name, described)
    return entry


def data_files(config: str, described: Mapping[str, Any]) -> list[dict[str, str]]:
    """Where the card says that the splits of a config are: a path or, of several shards, a pattern."""
    paths = {split: parquet_paths(config, split, entry) for split, entry in described["splits"].items()}
    return [
        {"split": split, "path": found[0] if len(found) == 1 else f"{config}/{split}-*.parquet"}
        for split, found in paths.items()
    ]


def _size_category(rows: int) -> str:
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for bound, name in bounds if rows < bound), "1M<n<10M")


def _rows_line(name: str, by_split: Mapping[str, Any]) -> str:
    counts = (f"{by_split[split]['rows']:,}" if split in by_split else "–" for split in SPLITS)
    return f"| `{name}` | " + " | ".join(counts) + " |"


def _features_block(configs: Iterable[str]) -> str:
    """The features of configs for the card, in the form that `datasets` reads and writes there.

    Made here, a build need not import `datasets` for it, and its card does not hang on which one is installed.
    """
    infos = [{"config_name": name, "features": _fields(CONFIGS[name].schema)} for name in sorted(configs)]
    return _as_yaml({"dataset_info": infos if len(infos) > 1 else infos[0]})


def _fields(fields: Iterable[pa.Field]) -> list[dict[str, Any]]:
    return [{"name": field.name, **_feature(field)} for field in fields]


def _feature(field: pa.Field) -> dict[str, Any]:
    """What the card says of a field: a ClassLabel where the schema names an inventory."""
    if pa.types.is_list(field.type):
        item = _feature(field.type.value_field)
        return {"list": item.get("dtype") or item.get("struct") or item}
    if pa.types.is_struct(field.type):
        return {"struct": _fields(field.type)}
    if inventory := inventory_of(field):
        names = {str(number): name for number, name in enumerate(label_names(inventory))}
        return {"dtype": {"class_label": {"names": names}}}
    return {"dtype": str(field.type)}


_STANDOFF = """Where the text of an article may not be passed on, the release has its annotation alone, in
the config `standoff`. """
_RESTORED = """**This copy holds restored texts of others under their own licences, some with all rights reserved: it
is for the use of who restored it and may not be passed on.** """
_CARD = """# {name} {version}

News articles as they are scraped, with five gold layers on one immutable string each: zones (article or
boilerplate), entities with coreference, values, attributions (who said what) and events. Offsets are Unicode
code points, end exclusive.

**Texts and annotations were made by large language models and read by no human.** `DATASHEET.md` says exactly
how, and what the corpus is fit for.

```python
from datasets import load_dataset

articles = load_dataset("PATH_OR_REPO")                # the default config, articles
ner = load_dataset("PATH_OR_REPO", "ner_clean")        # any other
assert str(articles["train"].info.version) == "{version}"  # the release that you mean to use
```

| config | what it holds |
|---|---|
{configs}

Rows of all configs join on the article's id: the column `id`, in `ner` and `ner_clean` the column `article_id`.
Labels are ClassLabels; their definitions stand in `schema/labels.json` of the source repository. Tokens are
spaCy's rules for English and no part of the gold: where a page glues two words together, a token may run over
the edge of a span.

| rows | train | validation | test |
|---|---|---|---|
{rows}

`manifest.json` has a content hash for every config and split, `SHA256SUMS` a checksum for every file;
`wirecopy info FOLDER` verifies both. Revisions behind this version: {revisions}.

## Pin the version

`load_dataset("REPO", revision="v{version}")` loads this version from the Hub. Offline, `datasets` ignores
`revision` and takes the newest version that it has in its cache: keep the `assert` above, or fetch the version with
`huggingface_hub.snapshot_download("REPO", repo_type="dataset", revision="v{version}")` and load the folder.

## Intended use

To train and test systems for boilerplate removal from plain text, named entity recognition, coreference, quotation
attribution and event extraction on news as it is scraped, and to measure what the noise costs, by the raw against the
clean view.

## Limits

Invented news (but for what is in the config `standoff`), written and annotated by language models of one family: a
system's score here is no evidence of its quality on real news, and models of that family may score higher than they
would there. The splits are small; report intervals. Statements about real places and institutions are fiction.
`DATASHEET.md` has the rest.

## Licences

Annotation: CC BY 4.0. Texts written for the corpus: CC BY 4.0. {restored}The field `rights` of every article says so
for the article.

## Citation

```bibtex
{citation}
```

Please keep the test split out of training data; filters can look for this string: `{canary}`.
"""
