"""Large collections: files and lines, one and many processes, fresh and kept, all to the same problems and bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wirecopy
from conftest import ROOT, run
from generate import make_article, write_corpus
from planted import base
from wirecopy import cache, making
from wirecopy.article import format_article
from wirecopy.build import build_tables
from wirecopy.cache import Store
from wirecopy.documents import Lister, chunks, documents_in, file_groups, read_each
from wirecopy.overlap import RUN_LENGTH, RunIndex, StoredRuns, packed_runs
from wirecopy.release import (
    About,
    articles_by_split,
    make_manifest,
    make_tables,
    origin_of,
    shards_of,
    tree_hash,
    write_release,
)
from wirecopy.rules.file import LARGEST_FILE
from wirecopy.scoring import read_gold
from wirecopy.validate import check_corpus, check_files, check_paths
from wirecopy.verify import verify
from wirecopy.work import WorkError, workforce

N = 90


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """One corpus of synthetic articles in three forms."""
    folder = tmp_path_factory.mktemp("forms")
    for form in ("files", "lines", "compressed"):
        write_corpus(N, folder / form, form)
    return folder


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A corpus with mistakes, as files and as lines: three spoilt articles, a near-duplicate, an article twice."""
    folder = tmp_path_factory.mktemp("broken")
    write_corpus(N, folder / "files")
    lines = []
    for path in sorted((folder / "files" / "articles").iterdir()):
        article = orjson.loads(path.read_bytes())
        if path.stem == "synthetic-0000050":  # In train, and now much like 58, which is in validation.
            article = {**make_article(1, 58), "id": article["id"]}
        content = spoilt(int(path.stem[-7:]), orjson.dumps(article))
        path.write_bytes(content)
        lines.append(content)
    lines.append(orjson.dumps(make_article(1, 3)))
    (folder / "lines" / "articles").mkdir(parents=True)
    (folder / "lines" / "articles" / "all.jsonl").write_bytes(b"\n".join(lines) + b"\n\n")
    for name in ("splits.json", "waivers.json"):
        shutil.copy(folder / "files" / name, folder / "lines" / name)
    return folder


def spoilt(index, content):
    """Three articles are spoilt: cut short, with a label that is none, with a wrong length."""
    match index:
        case 11:
            return content[:400]
        case 37:
            return content.replace(b'"genre":"Current"', b'"genre":"Poem"')
        case 64:
            return content.replace(b'"text_length":', b'"text_length":1')
    return content


def build(corpus, out, *options):
    built = run("scripts/build.py", "--corpus", corpus, "--out", out, "--documents", ROOT, *options)
    assert built.returncode == 0, built.stdout + built.stderr
    return out / wirecopy.__version__


def test_build_of_a_config_that_there_is_not_names_those_that_there_are(forms, tmp_path):
    options = ("--corpus", forms / "lines", "--out", tmp_path / "dist", "--documents", ROOT)
    built = run("scripts/build.py", *options, "--configs", "zones", "zoo")
    assert built.returncode == 2
    assert "there is no zoo; the configs are articles, zones, zones_clean, ner" in built.stderr
    assert not (tmp_path / "dist").exists()


def test_build_of_articles_loads_no_library_that_takes_long(forms, tmp_path):
    """Some takes as long to import as a thousand articles to build; pyarrow imports pandas for part of what it does."""
    program = tmp_path / "build.py"
    arguments = ["", "--corpus", str(forms / "lines"), "--out", str(tmp_path), "--documents", str(ROOT)]
    program.write_text(
        f"import runpy, sys\nsys.argv = {[*arguments, '--configs', 'articles']}\n"
        f"try:\n    runpy.run_path({str(ROOT / 'scripts' / 'build.py')!r}, run_name='__main__')\n"
        "except SystemExit as ended:\n    assert not ended.code\n"
        "print(sys.modules.keys() & {'pandas', 'numpy.ma', 'datasets', 'huggingface_hub', 'spacy', 'jsonschema'})\n"
    )
    ran = run(program)
    assert ran.stdout.splitlines()[-1] == "set()", ran.stdout + ran.stderr


# Validation


def test_files_and_lines_and_compressed_lines_are_judged_alike(forms):
    for form in ("files", "lines", "compressed"):
        assert check_paths([forms / form]).problems == []


def test_problem_of_a_line_names_file_line_and_column(broken):
    result = check_corpus(broken / "lines")
    found = {p.rule: p for p in result.problems}
    assert found["json-syntax"].path.endswith("lines/articles/all.jsonl")
    assert found["json-syntax"].line == 12
    assert found["label-unknown"].line == 38
    line = (broken / "lines" / "articles" / "all.jsonl").read_bytes().split(b"\n")[37].decode()
    assert line[found["label-unknown"].column - 1 :].startswith('"Poem"')
    assert found["text-hash"].line == 65


def test_rules_on_the_corpus_hold_over_lines(broken):
    """Article 50 is now 58 with another id: the same text, in another split; and article 3 stands twice."""
    problems = check_corpus(broken / "lines").problems
    repeated = sorted((p.line, p.pointer) for p in problems if p.rule == "article-repeated")
    assert repeated == [(59, "/text_sha256"), (91, "/id"), (91, "/text_sha256")]
    [near] = [p for p in problems if p.rule == "near-duplicate"]
    assert (near.line, near.severity) == (59, "error")
    assert "shares 100% of its runs of 8 words with articles/all.jsonl:51, which is in train" in near.message


def test_files_and_lines_have_the_same_problems(broken):
    files, lines = (check_corpus(broken / form) for form in ("files", "lines"))
    of_files = Counter((p.rule, p.pointer) for p in files.problems)
    of_lines = Counter((p.rule, p.pointer) for p in lines.problems)
    assert of_lines - of_files == Counter({("article-repeated", "/id"): 1, ("article-repeated", "/text_sha256"): 1})
    assert of_files - of_lines == Counter()


@pytest.mark.parametrize("form", ["files", "lines"])
def test_one_process_and_two_and_a_store_find_the_same(form, broken, tmp_path):
    alone = check_corpus(broken / form)
    with workforce(2) as workers:
        assert check_corpus(broken / form, workers=workers, keep=False).problems == alone.problems
    store = Store(tmp_path)
    for _ in range(2):
        assert check_corpus(broken / form, keep=False, store=store).problems == alone.problems


def test_build_finds_what_validation_finds(broken, tmp_path):
    for form in ("files", "lines"):
        built = build_tables(broken / form, tmp_path / form, configs=("articles",))
        assert built.result.problems == check_corpus(broken / form).problems
        assert built.shards == {}


def test_rules_on_originality_hold_over_lines_and_may_be_waived(forms, tmp_path):
    """Synthetic articles are of one mould: without their waiver, they are told so, whether they are kept or not."""
    corpus = tmp_path / "corpus"
    shutil.copytree(forms / "lines", corpus)
    waivers = orjson.loads((corpus / "waivers.json").read_bytes())
    kept = [waiver for waiver in waivers if waiver["rule"] in ("label-unused", "pass-missing")]
    (corpus / "waivers.json").write_bytes(orjson.dumps(kept))
    results = [check_corpus(corpus).problems, check_corpus(corpus, keep=False).problems]
    results.append(build_tables(corpus, tmp_path / "out", ("articles",)).result.problems)
    assert results[0] == results[1] == results[2]
    assert {problem.rule for problem in results[0]} <= {"name-reused", "opening-repeated", "sentence-repeated"}
    assert "opening-repeated" in {problem.rule for problem in results[0]}


def test_loose_lines_are_judged_as_loose_files_are(tmp_path):
    (tmp_path / "some.jsonl").write_bytes(orjson.dumps(base()) + b"\n\n  \n" + b"{\n" + orjson.dumps(base()))
    result = check_files([tmp_path / "some.jsonl"])
    assert [(p.rule, p.line) for p in result.problems] == [("json-syntax", 4)]
    assert result.problems[0].column == 2


@pytest.mark.parametrize("content", [b"", b"not compressed\n", b"\x28\xb5\x2f\xfd"])
def test_lines_that_cannot_be_read_are_a_problem_of_their_file(content, tmp_path):
    (tmp_path / "some.jsonl.zst").write_bytes(content)
    [problem] = check_paths([tmp_path]).problems
    assert problem.rule == "file-unreadable"
    assert problem.path.endswith("some.jsonl.zst")


def test_compressed_lines_that_break_off_are_judged_as_far_as_they_go(tmp_path):
    lines = b"".join(orjson.dumps(make_article(2, i)) + b"\n" for i in range(300))
    with pa.CompressedOutputStream(str(tmp_path / "some.jsonl.zst"), "zstd") as stream:
        stream.write(lines)
    content = (tmp_path / "some.jsonl.zst").read_bytes()
    (tmp_path / "some.jsonl.zst").write_bytes(content[: len(content) // 2])
    problems = check_paths([tmp_path]).problems
    assert {problem.rule for problem in problems} <= {"file-unreadable", "json-syntax"}
    assert "truncated" in problems[-1].message


def test_documents_of_a_file_of_several_compressed_frames_are_all_there(tmp_path):
    path = tmp_path / "some.jsonl.zst"
    frames = []
    for i in range(2):
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(orjson.dumps(make_article(2, i)) + b"\n")
        frames.append(path.read_bytes())
    path.write_bytes(b"".join(frames))
    assert [(d.line, d.id) for d in documents_in(path)] == [(1, "synthetic-0000000"), (2, "synthetic-0000001")]


def test_id_of_a_line_is_found_however_the_line_is_written(tmp_path):
    article = make_article(2, 7)
    others = {**article, "id": "other"}
    articles = {
        orjson.dumps(article): "synthetic-0000007",
        orjson.dumps(article, option=orjson.OPT_SORT_KEYS): "synthetic-0000007",
        orjson.dumps(dict(sorted(others.items(), reverse=True))): "other",
        json.dumps(others).encode(): "other",
        orjson.dumps({**article, "id": 'so ","language":'}, option=orjson.OPT_SORT_KEYS): 'so ","language":',
        orjson.dumps({"text": '"id":"none","language":"en"'}): None,
        b'","language":': None,
        b"[]": None,
    }
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"\n \t\n".join(articles))
    assert [document.id for document in documents_in(path)] == list(articles.values())
    assert [document.line for document in documents_in(path)] == list(range(1, 2 * len(articles), 2))


def test_chunks_are_bounded_in_number_and_size(forms):
    documents = list(documents_in(forms / "lines" / "articles" / "part-00000.jsonl"))
    assert [len(chunk) for chunk in chunks(documents, most=40)] == [40, 40, 10]
    assert max(len(chunk) for chunk in chunks(documents, most_bytes=60_000)) <= 4


def test_compressed_lines_are_held_on_disk_while_a_build_is_planned(forms, tmp_path):
    path = forms / "compressed" / "articles" / "part-00000.jsonl.zst"
    held = Lister(tmp_path / "spool")([path]).documents
    assert all(document.content is None for document in held)
    lines = (forms / "lines" / "articles" / "part-00000.jsonl").read_bytes().splitlines()
    assert list(read_each(reversed(held))) == lines[::-1]
    build_tables(forms / "compressed", tmp_path / "out", ("articles",))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["articles"]


def test_files_are_listed_by_themselves_where_each_holds_many_articles():
    files = [Path(name) for name in ("a.json", "b.json", "c.jsonl", "d.jsonl.zst", "e.json", "f.json", "g.json")]
    groups = file_groups(files, most=2)
    assert [[str(path)[0] for path in group] for group in groups] == [["a", "b"], ["c"], ["d"], ["e", "f"], ["g"]]


def test_build_tells_of_a_cut_file_whoever_lists_it(forms, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(forms / "compressed", corpus)
    (path,) = (corpus / "articles").iterdir()
    path.write_bytes(path.read_bytes()[:-40_000])
    told = [build_tables(corpus, tmp_path / "one", ("articles",)).result]
    with workforce(2) as workers:
        told.append(build_tables(corpus, tmp_path / "two", ("articles",), workers).result)
    assert told[0].problems == told[1].problems == check_corpus(corpus).problems
    assert told[0].errors[0].rule == "file-unreadable"


# Near-duplicates


def words(random, n):
    return [random.choice("abcdefghij") + str(random.randrange(900)) for _ in range(n)]


def test_index_finds_every_pair_that_shares_enough():
    """Against all pairs compared one by one, over texts that share much, little, or a page's common phrases."""
    random = Random(3)
    common = words(random, 40)
    articles = [words(random, random.randrange(0, 120)) for _ in range(120)]
    for i in range(0, 120, 3):
        source = articles[random.randrange(120)]
        cut = random.randrange(len(source) + 1)
        articles[i] = articles[i][:30] + source[: cut + 20]
    for i in range(1, 120, 3):
        articles[i] = articles[i][: random.randrange(60)] + common
    splits = np.array([i % 3 for i in range(120)])
    index = RunIndex()
    for at in range(0, 120, 50):
        index.add(packed_runs([" ".join(article) for article in articles[at : at + 50]]))
    found = set(index.candidates(splits, 0.3))
    assert share_enough(articles, splits) <= found
    index.close()


def share_enough(articles, splits):
    runs = [{tuple(a[i : i + RUN_LENGTH]) for i in range(len(a) - RUN_LENGTH + 1)} for a in articles]
    return {
        (i, j)
        for i, j in combinations(range(len(articles)), 2)
        if splits[i] != splits[j] and runs[i] and runs[j]
        and len(runs[i] & runs[j]) >= 0.3 * min(len(runs[i]), len(runs[j]))
    }  # fmt: skip


def test_runs_are_of_words_that_any_white_space_parts():
    """Numbers of runs are equal exactly where the runs are, whatever stands between the words."""
    random = Random(9)
    white = [chr(i) for i in range(0x10000) if chr(i).isspace()]
    plain = [words(random, n) for n in (0, 7, 8, 30, 30)]
    plain[4] = ["“café”", *plain[3][1:]]
    spaced = ["".join(random.choice(white) + random.choice(white) + word for word in article) for article in plain]
    packed, sizes = packed_runs([" ".join(article) for article in plain])
    other, other_sizes = packed_runs(spaced)
    assert (packed == other).all()
    assert sizes.tolist() == other_sizes.tolist() == [0, 0, 1, 23, 23]
    assert len(set((packed >> np.uint64(24)).tolist())) == 1 + 23 + 1


def test_runs_are_of_words_whose_case_is_folded_as_python_folds_it():
    """One character may fold to several: words before and behind keep their places."""
    lower = ["die", "straße", "ﬁel", "dem", "café", "auf,", "i̇zmir", "und", "ŉ", "blieb"]
    texts = [" ".join(lower), " ".join(lower).upper(), " ".join(lower).casefold(), " ".join([*lower, lower[1]])]
    for text in texts:
        assert text.casefold().split()[:10] == texts[2].split()
    packed, sizes = packed_runs(["ß", *texts, ""])
    assert sizes.tolist() == [0, 3, 3, 3, 4, 0]
    assert len(set((packed >> np.uint64(24)).tolist())) == 4


def test_index_on_disk_finds_what_it_finds_in_memory(monkeypatch, tmp_path):
    """Some or all of the runs are in its own file, in memory, or in files of others."""
    random = Random(5)
    articles = [words(random, 60) for _ in range(80)]
    articles[7], articles[40] = articles[40] + words(random, 9), list(articles[40])
    splits = np.arange(80) % 2
    found = []
    for limit, every in ((1 << 17, 0), (4, 0), (1 << 17, 2), (4, 3)):
        monkeypatch.setattr("wirecopy.overlap._KEPT_IN_MEMORY", limit)
        index = RunIndex()
        for i, article in enumerate(articles):
            runs = packed_runs([" ".join(article)] if i != 11 else [""])
            index.add(StoredRuns.at(tmp_path / "runs" / str(i), runs) if every and i % every == 0 else runs)
            if i == 30:
                assert list(index.candidates(splits, 0.3)) == []
        found.append(list(index.candidates(splits, 0.3)))
        index.close()
    assert found == [[(7, 40)]] * 4


# Builds


@pytest.fixture(scope="module")
def plain_build(forms, tmp_path_factory):
    return build(forms / "files", tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("form", ["lines", "compressed"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_files_and_lines_and_any_number_of_processes_make_the_same_tables(form, jobs, forms, plain_build, tmp_path):
    out = build(forms / form, tmp_path, "--jobs", jobs)
    tables = {path.relative_to(plain_build) for path in plain_build.rglob("*.parquet")}
    assert {path.relative_to(out) for path in out.rglob("*.parquet")} == tables
    for path in tables:
        assert (out / path).read_bytes() == (plain_build / path).read_bytes(), path
    one, other = (orjson.loads((folder / "manifest.json").read_bytes()) for folder in (out, plain_build))
    del one["source"], other["source"], one["revisions"], other["revisions"]
    assert one == other


def test_build_without_the_articles_says_what_it_made(forms, tmp_path):
    options = ("--corpus", forms / "lines", "--out", tmp_path, "--documents", ROOT, "--configs", "zones")
    built = run("scripts/build.py", *options)
    assert (built.returncode, built.stdout) == (0, f"{tmp_path / wirecopy.__version__}: 1 config\n"), built.stderr


def test_stream_writes_byte_for_byte_what_whole_tables_are(release, tmp_path):
    result = check_corpus(ROOT / "corpus")
    tables, origin = make_tables(articles_by_split(result.corpus)), origin_of(result.corpus)
    about = About("Wirecopy", wirecopy.__version__, orjson.loads((release / "manifest.json").read_bytes())["released"])
    out = tmp_path / release.name
    write_release(tables, make_manifest(shards_of(tables), origin, about), origin, about, ROOT, out)
    assert tree_hash(out) == tree_hash(release)


def test_row_groups_end_by_size_whoever_judges(forms, tmp_path, monkeypatch):
    """At the end of a group of four articles of some 21 KB, from 100 KB on: after eight of the 72. Doubted and sound
    articles make the same bytes."""
    monkeypatch.setattr("wirecopy.build.GROUP", 4)
    monkeypatch.setattr("wirecopy.build.ROW_GROUP", 100_000)
    build_tables(forms / "lines", tmp_path / "sound", ("articles", "ner"))
    monkeypatch.setattr("wirecopy.accept.accepted", lambda documents: None)
    build_tables(forms / "lines", tmp_path / "doubted", ("articles", "ner"))
    for config in ("articles", "ner"):
        name = f"{config}/train-00000-of-00001.parquet"
        assert (tmp_path / "sound" / name).read_bytes() == (tmp_path / "doubted" / name).read_bytes()
    metadata = pq.read_metadata(tmp_path / "sound" / "articles" / "train-00000-of-00001.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [8] * 9


def test_shards_are_cut_by_ids_alone_and_verify_and_load_and_score(forms, tmp_path):
    made = []
    for form, jobs in (("files", 1), ("lines", 2)):
        with workforce(jobs) as workers:
            folder = tmp_path / form
            made.append(build_tables(forms / form, folder, ("articles", "ner"), workers, shard=16))
    assert made[0].shards == made[1].shards
    assert [shard.rows for shard in made[0].shards["articles"]["train"]] == [16, 16, 16, 16, 8]
    names = sorted(path.relative_to(tmp_path / "files").as_posix() for path in (tmp_path / "files").rglob("*.parquet"))
    assert "articles/train-00004-of-00005.parquet" in names
    for name in names:
        assert (tmp_path / "files" / name).read_bytes() == (tmp_path / "lines" / name).read_bytes()
    check_sharded_release(tmp_path / "files", made[0])


def check_sharded_release(folder, built):
    """A release in shards passes verification, loads with `datasets`, and can be scored against."""
    import datasets

    from wirecopy.release import origin_with, write_documents
    from wirecopy.verify import loaded_differences

    origin = origin_with(built.result.corpus, built.outlined, tree_hash(ROOT / "corpus"))
    about = About("Trial", "1.2.3", "2031-05-04")
    manifest = make_manifest(built.shards, origin, about)
    write_documents(folder, manifest, origin, about, ROOT)
    assert verify(folder)[1] == []
    for config, described in manifest["configs"].items():
        loaded = datasets.load_dataset(str(folder), config, cache_dir=str(folder.parent / "cache"))
        assert loaded_differences(config, described, loaded, "1.2.3") == []
    assert len(read_gold(folder, "train").articles) == 72
    path = folder / "articles" / "train-00002-of-00005.parquet"
    path.write_bytes((folder / "articles" / "train-00001-of-00005.parquet").read_bytes())
    assert "content-changed" in {problem.rule for problem in verify(folder)[1]}


def test_a_name_that_is_no_utf8_is_told_alike_by_a_build_and_by_validation(forms, tmp_path):
    corpus = tmp_path / "corpus"
    shutil.copytree(forms / "lines", corpus)
    (corpus / "articles" / os.fsdecode(b"\xff.json")).write_bytes(orjson.dumps(make_article(1, N)))
    built = build_tables(corpus, tmp_path / "out", ("articles",))
    assert {problem.rule for problem in built.result.errors} == {"file-name", "split-missing"}
    assert built.result.problems == check_corpus(corpus).problems


def test_what_lists_the_articles_tells_of_a_full_disk_as_any_file_does(tmp_path):
    """A limit on the size of files stands for a disk that has no more room."""
    program = tmp_path / "plan.py"
    program.write_text(
        "import resource\n"
        "from wirecopy.build import Plan\n"
        "from wirecopy.documents import Document, Listing\n"
        "documents = [Document(f'articles/{i:0100}.json', f'{i:0100}') for i in range(20_000)]\n"
        "plan = Plan()\n"
        "list(plan.take([Listing(documents, [])], {}))\n"
        "assert list(plan.documents(None)) == documents\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "for ask in (lambda: list(plan.documents(None)), lambda: list(plan.take([Listing(documents, [])], {}))):\n"
        "    try:\n        ask()\n"
        "    except OSError as error:\n        print(error.strerror)\n"
    )
    told = run(program).stdout.splitlines()
    assert len(told) == 2
    assert all(line.startswith("the list of the articles cannot be held on disk: ") for line in told)


def test_a_build_that_is_interrupted_leaves_nothing(forms, tmp_path, monkeypatch):
    """Not even what workers write that were still at work."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("wirecopy.build.take_gold", interrupted)
    order = making.Order(forms / "lines", tmp_path / "dist" / "1.2.3", ROOT, tmp_path, "Trial", "1.2.3")
    with workforce(2) as workers:
        with pytest.raises(KeyboardInterrupt):
            making.make(order, ["articles", "ner"], workers, None, iter)
        assert list((tmp_path / "dist").iterdir()) == []
    assert list((tmp_path / "dist").iterdir()) == []


def test_number_of_processes_must_be_one(tmp_path):
    told = run("scripts/build.py", "--jobs", "0")
    assert told.returncode == 2
    assert "0 is no number of processes" in told.stderr


def die(_):
    os._exit(9)


def test_dead_worker_is_told_and_no_traceback():
    with pytest.raises(WorkError, match="a worker process died"), workforce(2) as workers:
        list(workers.map(die, range(3)))


def write_late(path):
    time.sleep(0.4)
    path.write_text("")
    return path


@pytest.mark.parametrize("where", ["while it waits", "between results"])
def test_nobody_writes_any_more_once_work_is_interrupted(where, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    with workforce(2) as workers:
        list(workers.map(write_late, [tmp_path / "first", tmp_path / "second"]))  # All processes are there.
        handler = signal.signal(signal.SIGALRM, interrupted)
        try:
            with (
                pytest.raises(KeyboardInterrupt),
                closing(workers.map(write_late, map(tmp_path.joinpath, "abcd"))) as made,
            ):
                if where == "while it waits":
                    signal.setitimer(signal.ITIMER_REAL, 0.1)
                for _ in made:
                    interrupted()
        finally:
            signal.signal(signal.SIGALRM, handler)
        written = sorted(tmp_path.iterdir())
        time.sleep(1)
        assert sorted(tmp_path.iterdir()) == written


# What is kept


@pytest.fixture
def kept(forms, tmp_path):
    """A build with a store, and how to repeat it: each time to a new folder, checked against a build without."""
    corpus = tmp_path / "corpus"
    shutil.copytree(forms / "files", corpus)

    def repeat():
        folders = [tmp_path / "out" / str(time.perf_counter_ns()) for _ in range(2)]
        with_store = build_tables(corpus, folders[0], ("articles", "ner"), store=Store(tmp_path / "store"), shard=16)
        without = build_tables(corpus, folders[1], ("articles", "ner"), shard=16)
        assert with_store.shards == without.shards
        assert list(with_store.outlined) == list(without.outlined)
        assert with_store.result.problems == without.result.problems
        hashes = [tree_hash(folder) if folder.exists() else None for folder in folders]
        assert hashes[0] == hashes[1]
        return with_store

    repeat()
    return corpus, tmp_path / "store", repeat


def stored(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rebuild_without_a_change_makes_nothing_anew(kept):
    _, store, repeat = kept
    before = stored(store)
    repeat()
    assert stored(store) == before


def test_rebuild_after_one_edit_makes_one_shard_anew(kept):
    """Of seven shards the edit touches one: its result, its two tables, and the rows of one article."""
    corpus, store, repeat = kept
    before = stored(store)
    path = corpus / "articles" / "synthetic-0000042.json"
    article = orjson.loads(path.read_bytes())
    path.write_bytes(format_article({**article, "genre": "Feature"}))
    repeat()
    new = {path: content for path, content in stored(store).items() if path not in before}
    assert len(new) == 4


def test_mistake_after_a_clean_build_is_found_and_mended(kept):
    corpus, _, repeat = kept
    path = corpus / "articles" / "synthetic-0000042.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"genre": "Current"', b'"genre": "Poem"'))
    assert [p.rule for p in repeat().result.errors] == ["label-unknown"]
    path.write_bytes(content)
    assert repeat().result.problems == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "swap", "folder"])
def test_broken_store_costs_time_and_never_correctness(damage, kept):
    _, store, repeat = kept
    files = sorted(stored(store))
    for i, path in enumerate(files):
        content = path.read_bytes()
        match damage:
            case "flip":
                at = 7 * len(content) // 8
                path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            case "cut":
                path.write_bytes(content[:-3])
            case "empty":
                path.write_bytes(b"")
            case "swap":
                path.write_bytes(files[i - 1].read_bytes() if i else content)
            case "folder":
                path.unlink()
                path.mkdir()
    assert repeat().result.problems == []


def test_store_of_other_code_is_not_used(kept, monkeypatch):
    _, store, repeat = kept
    before = set(stored(store))
    monkeypatch.setattr(cache, "code_version", lambda: "another")
    repeat()
    assert len(set(stored(store)) - before) == len(before)


def test_store_that_cannot_be_written_is_done_without(forms, tmp_path):
    (tmp_path / "store").write_text("a file where a folder should be")
    build_tables(forms / "files", tmp_path / "out", ("articles",), store=Store(tmp_path / "store"))
    assert check_paths([forms / "files"], store=Store(tmp_path / "store")).problems == []


def test_line_too_large_is_judged_anew_each_time(sound_article, tmp_path):
    """Its bytes are not read, so that nothing tells it from another."""
    path = tmp_path / "lines.jsonl.zst"
    for length in (LARGEST_FILE + 1, LARGEST_FILE + 1_000):
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write(orjson.dumps(sound_article) + b"\n" + b"1" + b" " * (length - 2) + b"\n")
        problems = check_paths([path], store=Store(tmp_path / "store")).problems
        assert [(p.rule, f"{length:,}" in p.message) for p in problems] == [("file-too-large", True)]


def test_lines_without_an_article_are_a_problem(tmp_path):
    (tmp_path / "blank.jsonl").write_text("\n  \n")
    assert [p.rule for p in check_paths([tmp_path]).problems] == ["file-unreadable"]


def test_pipe_is_not_waited_for(tmp_path):
    for name in ("pipe.json", "pipe.jsonl"):
        os.mkfifo(tmp_path / name)
    assert [p.rule for p in check_paths([tmp_path], store=Store(tmp_path / "s")).problems] == ["file-unreadable"] * 2


# Clusters


def start(*command, log):
    return subprocess.Popen([sys.executable, "-m", *map(str, command)], stdout=log, stderr=log, cwd=ROOT)


def wait_for(condition, process=None, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process is None or process.poll() is None, "ended too early"
        time.sleep(0.02)


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two workers on this machine; its address and the workers' processes."""
    scheduler_file, log = tmp_path / "scheduler.json", (tmp_path / "cluster.log").open("wb")
    common = ("--scheduler-file", scheduler_file)
    processes = [
        start("distributed.cli.dask_scheduler", *common, "--host", "127.0.0.1", "--port", 0, "--no-dashboard", log=log)
    ]
    try:
        wait_for(lambda: scheduler_file.exists() and scheduler_file.stat().st_size, processes[0])
        for i in range(2):
            local = ("--local-directory", tmp_path / f"worker-{i}", "--no-dashboard", "--no-nanny", "--nthreads", 1)
            processes.append(start("distributed.cli.dask_worker", *common, *local, "--host", "127.0.0.1", log=log))
        address = orjson.loads(scheduler_file.read_bytes())["address"]
        wait_for(lambda: (tmp_path / "cluster.log").read_bytes().count(b"Registered to:") == 2, processes[0])
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
        log.close()


def test_cluster_that_loses_a_worker_midway_builds_the_same_bytes(cluster, forms, plain_build, tmp_path):
    address, workers = cluster
    out = tmp_path / "out"
    command = ["scripts/build.py", "--corpus", forms / "lines", "--out", out, "--documents", ROOT]
    building = subprocess.Popen(
        [sys.executable, *map(str, command), "--cluster", address],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    wait_for(lambda: list(out.rglob("*.parquet")), building)
    workers[0].kill()
    told = building.communicate(timeout=120)[0].decode()
    assert building.returncode == 0, told
    for path in plain_build.rglob("*.parquet"):
        assert (out / plain_build.name / path.relative_to(plain_build)).read_bytes() == path.read_bytes(), path


def test_cluster_that_is_not_there_is_told_in_one_line(forms):
    told = run("-m", "wirecopy.cli", "validate", "--cluster", "tcp://127.0.0.1:9", forms / "lines")
    assert told.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in told.stderr
    assert "Traceback" not in told.stderr
