"""Releases, loaded through the real `datasets` in a fresh cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import datasets
import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets.info import DatasetInfo, DatasetInfosDict
from huggingface_hub import DatasetCardData

import wirecopy
from conftest import ROOT, run
from wirecopy.release import content_hash, tree_hash, write_release
from wirecopy.tables import CONFIGS, inventory_of, label_names, make_table

VERSION = wirecopy.__version__


@pytest.fixture
def load(tmp_path):
    """`load_dataset` with a cache of its own."""
    return lambda path, config=None, **options: datasets.load_dataset(
        str(path), config, cache_dir=str(tmp_path / "cache"), **options
    )


@pytest.fixture(scope="session")
def manifest(release):
    return json.loads((release / "manifest.json").read_text())


def features_of(config):
    """The features that `datasets` is to see: ClassLabels where the schema names an inventory."""

    def feature(field):
        if pa.types.is_list(field.type):
            return datasets.List(feature(field.type.value_field))
        if pa.types.is_struct(field.type):
            return {inner.name: feature(inner) for inner in field.type}
        if inventory := inventory_of(field):
            return datasets.ClassLabel(names=list(label_names(inventory)))
        return datasets.Value(str(field.type))

    return datasets.Features({field.name: feature(field) for field in CONFIGS[config].schema})


def test_standoff_is_a_config_when_there_are_standoff_articles(manifest, corpus_articles):
    expected = set(CONFIGS) if any(a["text"] is None for a in corpus_articles.values()) else set(CONFIGS) - {"standoff"}
    assert set(manifest["configs"]) == expected


@pytest.mark.parametrize("config", CONFIGS)
def test_every_config_loads_with_the_rows_features_version_and_hash_of_the_manifest(config, release, manifest, load):
    if config not in manifest["configs"]:
        pytest.skip("no stand-off article in the corpus")
    loaded = load(release, config)
    described = manifest["configs"][config]["splits"]
    assert {split: len(data) for split, data in loaded.items()} == {s: d["rows"] for s, d in described.items()}
    for split, data in loaded.items():
        assert data.features == features_of(config)
        assert str(data.info.version) == VERSION
        assert content_hash(data.data.table) == described[split]["content_sha256"]


def test_the_card_describes_features_as_datasets_itself_does(release, manifest):
    infos = {name: DatasetInfo(features=features_of(name)) for name in manifest["configs"]}
    written = DatasetCardData()
    DatasetInfosDict(infos).to_dataset_card_data(written)
    card = DatasetCardData(dataset_info=written["dataset_info"]).to_yaml()
    assert f"{card}\nconfigs:\n" in (release / "README.md").read_text(encoding="utf-8")


def test_articles_is_the_default_and_gives_back_the_gold(release, corpus_articles, load):
    loaded = {row["id"]: row for split in load(release).values() for row in split}
    assert loaded == {article_id: a for article_id, a in corpus_articles.items() if a["text"] is not None}


def test_class_labels_survive_loading(release, load):
    tags = load(release, "ner")["train"].features["ner_tags"].feature
    assert isinstance(tags, datasets.ClassLabel)
    assert tags.names == list(label_names("ner_tags"))
    kinds = load(release, "zones")["train"].features["zones"].feature["kind"]
    assert kinds.names == list(label_names("zone_kind"))


def test_rows_of_every_config_join_on_the_article(release, load):
    articles = {row["id"]: row for row in load(release)["test"]}
    for config in CONFIGS.keys() - {"standoff"}:
        key = "article_id" if config.startswith("ner") else "id"
        for row in load(release, config)["test"]:
            assert row[key] in articles
    for row in load(release, "ner")["test"]:
        article = articles[row["article_id"]]
        assert article["text"][row["line_start"] :].startswith(row["text"])


def test_filters_and_streaming_work(release, load):
    some = load(release, "ner")["train"][0]["article_id"]
    filtered = load(release, "ner", split="train", filters=[("article_id", "==", some)])
    assert {row["article_id"] for row in filtered} == {some}
    streamed = load(release, "events", split="test", streaming=True)
    assert [row["id"] for row in streamed] == [row["id"] for row in load(release, "events")["test"]]


def test_two_releases_of_one_name_give_their_own_rows(release, tmp_path, load):
    """`datasets` keys its cache by the card alone; the content hash in each config tells releases apart."""
    other = tmp_path / "other" / release.name
    shutil.copytree(release, other)
    table = pq.read_table(other / "articles" / "test-00000-of-00001.parquet")
    titles = pa.array(["changed"] * table.num_rows)
    table = table.set_column(table.schema.get_field_index("title"), "title", titles)
    pq.write_table(table, other / "articles" / "test-00000-of-00001.parquet")
    card = (other / "README.md").read_text()
    old = json.loads((release / "manifest.json").read_text())["configs"]["articles"]["content_sha256"]
    (other / "README.md").write_text(card.replace(old, "0" * 64))
    assert load(release)["test"]["title"] != ["changed"] * table.num_rows
    assert list(load(other)["test"]["title"]) == ["changed"] * table.num_rows


def test_parquet_has_the_promised_layout(release):
    for path in sorted(release.rglob("*.parquet")):
        metadata = pq.ParquetFile(path).metadata
        column = metadata.row_group(0).column(0)
        assert column.compression == "ZSTD"
        assert column.has_offset_index and column.has_column_index


def test_offsets_are_stored_as_differences_and_labels_by_a_dictionary(release):
    encodings = {}
    for config in ("articles", "ner"):
        group = pq.ParquetFile(release / config / "train-00000-of-00001.parquet").metadata.row_group(0)
        columns = (group.column(number) for number in range(group.num_columns))
        encodings |= {f"{config}.{c.path_in_schema.replace('.list.element', '')}": set(c.encodings) for c in columns}
    for column in ("articles.text_length", "articles.entities.mentions.start", "ner.token_ends", "ner.line_start"):
        assert encodings[column] == {"DELTA_BINARY_PACKED", "RLE"}, column
    for column in ("articles.zones.kind", "articles.topics", "ner.tokens", "ner.ner_tags", "ner.article_id"):
        assert encodings[column] == {"PLAIN", "RLE", "RLE_DICTIONARY"}, column
    for column in ("articles.id", "articles.text", "articles.zones.text", "articles.entities.name"):
        assert encodings[column] == {"PLAIN", "RLE"}, column


def test_least_and_greatest_values_are_kept_of_what_rows_are_chosen_by(release):
    for config, kept in (("articles", ["id", "text_length", "published"]), ("ner", ["id", "article_id", "line"])):
        group = pq.ParquetFile(release / config / "train-00000-of-00001.parquet").metadata.row_group(0)
        columns = {c.path_in_schema: c for c in (group.column(number) for number in range(group.num_columns))}
        assert all(columns[name].statistics.has_min_max and columns[name].has_column_index for name in kept)
        assert {name for name, column in columns.items() if column.statistics} <= {
            *kept,
            "language",
            "publisher",
            "genre",
            "line_start",
        }
        assert all(column.has_offset_index for column in columns.values())


def test_checksums_cover_every_file(release):
    lines = (release / "SHA256SUMS").read_text().splitlines()
    listed = dict(reversed(line.split("  ", 1)) for line in lines)
    files = {p.relative_to(release).as_posix() for p in release.rglob("*") if p.is_file()}
    assert listed.keys() == files - {"SHA256SUMS"}
    for name, expected in listed.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == expected


def test_two_builds_in_two_places_with_other_seeds_and_locales_are_byte_identical(release, tmp_path):
    copied = tmp_path / "elsewhere"
    for folder in ("corpus", "schema", "scripts", "src"):
        shutil.copytree(ROOT / folder, copied / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("DATASHEET.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-DATA"):
        shutil.copy(ROOT / name, copied / name)
    built = run(
        copied / "scripts" / "build.py", PYTHONHASHSEED="4711", LC_ALL="C", TZ="Pacific/Auckland",
        PYTHONPATH=str(copied / "src"),
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    other = copied / "dist" / VERSION
    names = {p.relative_to(release) for p in release.rglob("*") if p.is_file()}
    assert names == {p.relative_to(other) for p in other.rglob("*") if p.is_file()}
    differing = [str(name) for name in sorted(names) if (release / name).read_bytes() != (other / name).read_bytes()]
    assert differing == []


def test_content_hash_is_of_the_rows_and_not_of_their_order_or_file(article):
    second = {**article, "id": "a-second"}
    config = CONFIGS["articles"]
    one = make_table(config, [article, second])
    other = make_table(config, [second, article])
    assert content_hash(one) == content_hash(other)
    changed = {**second, "title": "x"}
    assert content_hash(make_table(config, [article, changed])) != content_hash(one)


def test_failed_build_leaves_the_earlier_release_untouched(tmp_path, corpus_articles):
    out = tmp_path / "1.0.0"
    out.mkdir()
    (out / "manifest.json").write_text("earlier")
    with pytest.raises(AttributeError):
        write_release({"articles": {"train": None}}, None, None, None, tmp_path, out)
    assert [p.name for p in tmp_path.iterdir()] == ["1.0.0"]
    assert (out / "manifest.json").read_text() == "earlier"


def test_build_refuses_a_corpus_with_errors_and_names_them(tmp_path, corpus_articles):
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    path = sorted((tmp_path / "corpus" / "articles").iterdir())[0]
    content = json.loads(path.read_text(encoding="utf-8"))
    content["zones"][0]["kind"] = "headlines"
    path.write_text(json.dumps(content), encoding="utf-8")
    built = run("scripts/build.py", "--corpus", tmp_path / "corpus", "--out", tmp_path / "dist")
    assert built.returncode == 1
    assert "label-unknown" in built.stdout
    assert not (tmp_path / "dist").exists()


def test_build_without_a_corpus_says_so(tmp_path):
    built = run("scripts/build.py", "--corpus", tmp_path / "nothing")
    assert built.returncode == 2
    assert "no corpus there" in built.stderr
    assert "Traceback" not in built.stderr


def test_summary_tells_a_release_that_is_not_what_its_manifest_says(release, tmp_path):
    other = tmp_path / "x"
    shutil.copytree(release, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["configs"]["ner"]["splits"]["test"]["rows"] += 1
    (other / "manifest.json").write_text(json.dumps(manifest))
    told = run("scripts/summary.py", other)
    assert told.returncode == 1
    assert "ner/test" in told.stdout


def test_tree_hash_sees_names_and_contents_and_no_hidden_files(tmp_path):
    (tmp_path / "a").write_text("1")
    first = tree_hash(tmp_path)
    (tmp_path / ".hidden").write_text("2")
    assert tree_hash(tmp_path) == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert tree_hash(tmp_path) != first


def test_tree_hash_is_over_the_lines_of_sha256sum_in_the_order_of_the_paths(tmp_path):
    contents = {"a-b/c.txt": b"1", "a/d.txt": b"2", os.fsdecode(b"a/\xff.txt"): b"3"}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  ".encode() + os.fsencode(name) for name, content in contents.items()
    ]
    assert tree_hash(tmp_path) == hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def test_croissant_is_valid_and_loads_what_the_tables_hold(release, load):
    """A wrong checksum in croissant.json fails here, on loading."""
    dataset = mlcroissant.Dataset(jsonld=release / "croissant.json")
    assert dataset.metadata.issues.errors == set()
    for config in ("attributions", "ner"):
        rows = load(release, config)["test"]
        records = list(dataset.records(f"{config}/test"))
        assert [r[f"{config}/test/id"].decode() for r in records] == list(rows["id"])
    record = next(iter(dataset.records("attributions/test")))
    row = load(release, "attributions")["test"][0]
    starts = [span["attributions/test/spans/start"] for span in record["attributions/test/spans"]]
    assert starts == [span["start"] for span in row["spans"]]


def test_summary_has_a_row_for_every_config_and_a_dash_for_a_split_without_rows(release, manifest):
    told = run("scripts/summary.py", release)
    assert told.returncode == 0, told.stdout + told.stderr
    rows = {line.split()[0]: line.split()[1:4] for line in told.stdout.splitlines()[1:-1]}
    for config, described in manifest["configs"].items():
        splits = described["splits"]
        assert rows[config] == [str(splits[s]["rows"]) if s in splits else "–" for s in ("train", "validation", "test")]
