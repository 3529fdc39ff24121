"""Stand-off articles restored, from a folder and over the network, and what near misses are told."""

from __future__ import annotations

import http.server
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from functools import partial

import datasets
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import ROOT, run
from planted import DRAFT, corpus, small
from wirecopy.article import format_article, line_hashes
from wirecopy.cli import main
from wirecopy.drafts import anchor
from wirecopy.hydrate import compare, leaks, restored
from wirecopy.validate import check_article

TEXT = orjson.loads(DRAFT.read_bytes())["text"].replace("Rule", "Rulé").replace("3 May", "3\u00a0May")
LINES = TEXT.split("\n")


def standoff_draft():
    draft = orjson.loads(
        DRAFT.read_bytes().replace(b"Tamsin Rule", "Tamsin Rulé".encode()).replace(b"3 May", "3\u00a0May".encode())
    )
    del draft["text"]
    return {**draft, "provenance": {"kind": "licensed", "source": "tarn-post"}}


@pytest.fixture(scope="module")
def standoff():
    """A stand-off article; its text holds an accent and a no-break space."""
    return anchor(standoff_draft(), TEXT)[0]


def other_text_of(article_id):
    text = f"Ferry crews of {article_id} vote"
    article = small(article_id, text)
    article["provenance"] = {"kind": "licensed", "source": "own-copy"}
    article.update(text=None, line_sha256=line_hashes(text))
    article["zones"][0]["text"] = None
    return article


@pytest.fixture(scope="module")
def built(tmp_path_factory, standoff):
    """A corpus of three written and two stand-off articles, and the release of it."""
    folder = tmp_path_factory.mktemp("standoff")
    files = {**corpus(), f"articles/{standoff['id']}.json": standoff, "articles/lunn.json": other_text_of("lunn")}
    for article in (standoff, other_text_of("lunn")):
        for annotator in ("a1", "a2"):
            work = {"annotator": annotator, "date": "2026-11-22"}
            annotation = {"guidelines": "1.0.0", "status": "pass", "passes": [work], "gold": None}
            files[f"passes/{annotator}/{article['id']}.json"] = {**article, "annotation": annotation}
    stories = [{"story": "real", "split": "test", "articles": [standoff["id"], "lunn"]}]
    files["splits.json"]["stories"] += stories
    files["sources.json"] = {
        "tarn-post": {
            "title": "Ferry crews vote", "publisher": "The Tarn Post", "license": "CC-BY-2.5",
            "attribution": "Text from The Tarn Post", "url": "http://127.0.0.1:1/ferry.txt",
        },
        "own-copy": {
            "title": "Lunn votes", "publisher": "An agency", "license": "LicenseRef-all-rights-reserved",
            "attribution": "An agency", "url": None,
        },
    }  # fmt: skip
    for name, content in files.items():
        path = folder / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(format_article(content))
    made = run("scripts/build.py", "--corpus", folder / "corpus", "--out", folder / "dist", "--version", "1.2.3")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture
def texts(tmp_path):
    """A folder with both texts, under names of no meaning, among other files."""
    folder = tmp_path / "texts"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.bin").write_bytes(TEXT.encode())
    (folder / "deeper" / "b").write_text("Ferry crews of lunn vote", encoding="utf-8")
    (folder / "unrelated.txt").write_text("Nothing of that kind.", encoding="utf-8")
    (folder / "image.png").write_bytes(b"\x89PNG\xff\xfe")
    return folder


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_release_carries_standoff_articles_without_text_and_loads_without_any(built, tmp_path):
    release = built / "dist" / "1.2.3"
    loaded = datasets.load_dataset(str(release), "standoff", cache_dir=str(tmp_path))
    rows = {row["id"]: row for row in loaded["test"]}
    assert set(rows) == {"ferry-crews-vote", "lunn"}
    assert rows["ferry-crews-vote"]["text"] is None
    assert {m["text"] for e in rows["ferry-crews-vote"]["entities"] for m in e["mentions"]} == {None}
    assert "ferry-crews-vote" not in datasets.load_dataset(str(release), cache_dir=str(tmp_path))["test"]["id"]


def test_release_says_nothing_of_the_text_of_a_standoff_article_but_title_and_names(built):
    release = built / "dist" / "1.2.3"
    first, second = (line for line in LINES if len(line) > 40)
    for name, content in files_of(release).items():
        rows = pq.read_table(release / name).to_pylist() if name.endswith(".parquet") else None
        shown = content.decode("utf-8") if rows is None else json.dumps(rows, ensure_ascii=False)
        assert first[10:30] not in shown and second[10:30] not in shown, name


def test_restored_release_is_byte_for_byte_that_of_a_build_with_the_texts(built, texts, tmp_path, capsys):
    out = tmp_path / "whole"
    assert main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(out), "--texts", str(texts)]) == 0
    assert "2 of 2 stand-off articles restored" in capsys.readouterr().out
    made = run(
        "scripts/build.py", "--corpus", built / "corpus", "--out", tmp_path, "--version", "1.2.3", "--texts", texts
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert files_of(out) == files_of(tmp_path / "1.2.3")


def test_restored_release_loads_with_the_text_in_every_config(built, texts, tmp_path):
    out = tmp_path / "whole"
    main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(out), "--texts", str(texts)])
    rows = {row["id"]: row for row in datasets.load_dataset(str(out), cache_dir=str(tmp_path))["test"]}
    assert rows["ferry-crews-vote"]["text"] == TEXT
    spans = datasets.load_dataset(str(out), "attributions_clean", cache_dir=str(tmp_path))["test"]
    assert any(span["text"] == "“We asked for talks,”" for row in spans for span in row["spans"])


def test_restored_article_is_the_one_that_was_annotated(standoff):
    draft = {**standoff_draft(), "text": TEXT, "provenance": {"kind": "written", "source": None}}
    written = anchor(draft)[0]
    assert restored(standoff, TEXT) == {**written, "provenance": standoff["provenance"]}
    assert [p for p in check_article(standoff, "x", TEXT) if p.severity == "error"] == []


def test_another_text_is_refused(standoff):
    with pytest.raises(ValueError, match="SHA-256"):
        restored(standoff, TEXT + " ")


NEAR_MISSES = {
    "crlf": (TEXT.replace("\n", "\r\n").encode(), "CR LF", True),
    "bom": (b"\xef\xbb\xbf" + TEXT.encode(), "byte order mark", True),
    "trailing newline": (TEXT.encode() + b"\n", "1 line break too many at the end", True),
    "utf-16": (TEXT.encode("utf-16"), "UTF-16", True),
    "windows-1252": (TEXT.encode("cp1252"), "Windows-1252", True),
    "no-break space": (TEXT.replace("\u00a0", " ").encode(), "no-break spaces turned into spaces (line 3)", True),
    "nfd": (unicodedata.normalize("NFD", TEXT).encode(), "not in normalisation form NFC (line 2)", True),
    "space at the end": (TEXT.replace("May\n", "May \n", 1).encode(), "white space added at the end (line 1)", True),
    "edited": (TEXT.replace("on Friday", "on Saturday").encode(), "edited (line 3)", False),
    "spaces at all ends": (TEXT.replace("\n", "  \n").encode(), "white space added at the end (lines 1-4)", True),
    "line lost": ("\n".join(LINES[:3] + LINES[4:]).encode(), "missing or rewritten (line 4)", False),
    "line added": (
        "\n".join([*LINES[:2], "Advertisement", *LINES[2:]]).encode(),
        "1 line too many after line 2",
        False,
    ),
    "several": (b"\xef\xbb\xbf" + TEXT.replace("\u00a0", " ").replace("\n", "\r\n").encode() + b"\r\n", "CR LF", True),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_miss_is_told_and_undone_only_when_that_gives_the_hash(name, standoff):
    content, says, reversible = NEAR_MISSES[name]
    found = compare(standoff, content)
    assert says in "; ".join(map(str, found.differences))
    assert found.repaired == (TEXT if reversible else None)
    assert found.n_lines == 5


def test_matching_lines_are_told(standoff):
    """Line 3 was edited, the other four match."""
    found = compare(standoff, NEAR_MISSES["edited"][0])
    assert found.matching == [1, 2, 4, 5]


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_miss_is_never_taken_in_silence(name, built, tmp_path, capsys):
    content, says, reversible = NEAR_MISSES[name]
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "near.txt").write_bytes(content)
    (folder / "lunn.txt").write_text("Ferry crews of lunn vote", encoding="utf-8")
    out = tmp_path / "out"
    command = ["hydrate", str(built / "dist" / "1.2.3"), "--out", str(out), "--texts", str(folder)]
    assert main(command) == 1
    told = capsys.readouterr().out
    assert "text-near-miss" in told and says in told and "lines match" in told
    # The other article is restored all the same, and this one is still there without its text.
    assert json.loads((out / "manifest.json").read_text())["configs"]["standoff"]["splits"]["test"]["rows"] == 1
    assert main([*command, "--repair"]) == (0 if reversible else 1)
    assert ("repaired for ferry-crews-vote" in capsys.readouterr().err) == reversible


def test_missing_text_is_told_with_its_source(built, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    assert main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(out), "--texts", str(tmp_path / "empty")]) == 1
    told = capsys.readouterr().out
    assert "Ferry crews vote, The Tarn Post, CC-BY-2.5" in told and "--download" in told
    assert "Lunn votes, An agency" in told and "your own copy" in told
    assert "0 of 2 stand-off articles restored, nothing written" in told
    assert not out.exists()


@pytest.mark.parametrize("arguments", [[], ["--texts", "nowhere"]])
def test_hydrate_that_cannot_run_is_status_2(built, tmp_path, arguments, capsys):
    assert main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(tmp_path / "x"), *arguments]) == 2
    assert capsys.readouterr().err.startswith("wirecopy: ")
    assert main(["hydrate", str(tmp_path), "--out", str(tmp_path / "x"), "--texts", str(tmp_path)]) == 2


class Server(http.server.ThreadingHTTPServer):
    """A server on the loopback interface whose answers are scripted: a status for each request."""

    def __init__(self, content):
        self.content, self.statuses, self.breaks, self.ranges = content, [], 0, []
        super().__init__(("127.0.0.1", 0), partial(Handler))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        status = self.server.statuses.pop(0) if body and self.server.statuses else 200
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        content = self.server.content[start:] if status == 200 else b""
        self.send_response(206 if start and content else status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.server.ranges.append(start)
        if self.server.breaks:
            self.server.breaks -= 1
            content = content[: len(content) // 2]  # The connection ends before what was announced has come.
        if body:
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    served = Server(TEXT.encode())
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def public(built, server, tmp_path):
    """The release with the public text's address on the loopback server."""
    release = tmp_path / "release"
    shutil.copytree(built / "dist" / "1.2.3", release)
    sources = json.loads((release / "sources.json").read_text())
    sources["tarn-post"]["url"] = f"http://127.0.0.1:{server.server_port}/ferry.txt"
    (release / "sources.json").write_text(json.dumps(sources))
    return release


def test_public_text_is_fetched_and_others_come_from_the_folder(public, texts, tmp_path, capsys):
    (texts / "a.bin").unlink()
    out = tmp_path / "out"
    assert main(["hydrate", str(public), "--out", str(out), "--texts", str(texts), "--download"]) == 0
    assert "2 of 2" in capsys.readouterr().out
    assert list(tmp_path.glob(".out*")) == []


def test_download_is_tried_again_after_an_error_of_the_server(public, server, tmp_path, capsys):
    server.statuses = [503, 503]
    assert main(["hydrate", str(public), "--out", str(tmp_path / "out"), "--download"]) == 1
    told = capsys.readouterr()
    assert "1 of 2" in told.out
    assert told.err == ""


def test_text_that_the_server_lacks_is_told_once_and_without_noise(public, server, tmp_path, capsys):
    server.statuses = [404] * 9
    assert main(["hydrate", str(public), "--out", str(tmp_path / "out"), "--download"]) == 1
    told = capsys.readouterr()
    assert told.out.count("ferry-crews-vote") == 1 and "404" in told.out
    assert told.err == ""


@pytest.mark.parametrize(
    "kind", ["full folder", "texts", "around the texts", "release", "inside the release", "file", "link"]
)
def test_nothing_that_is_no_release_is_ever_replaced(kind, built, texts, tmp_path, capsys):
    release = tmp_path / "release"
    shutil.copytree(built / "dist" / "1.2.3", release)
    out = {
        "full folder": tmp_path / "mine",
        "texts": texts,
        "around the texts": tmp_path,
        "release": release,
        "inside the release": release / "restored",
        "file": tmp_path / "afile",
        "link": tmp_path / "link",
    }[kind]
    if kind == "full folder":
        out.mkdir()
        (out / "precious.txt").write_text("mine")
    elif kind == "file":
        out.write_text("mine")
    elif kind == "link":
        out.symlink_to(texts)
    before = files_of(tmp_path)
    assert main(["hydrate", str(release), "--out", str(out), "--texts", str(texts)]) == 2
    assert "name another place" in capsys.readouterr().err
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("manifest", ["{", "{}", "[]", '{"configs": 7}'])
def test_broken_release_is_a_line_and_status_2(manifest, built, texts, tmp_path, capsys):
    release = tmp_path / "release"
    shutil.copytree(built / "dist" / "1.2.3", release)
    (release / "manifest.json").write_text(manifest)
    assert main(["hydrate", str(release), "--out", str(tmp_path / "out"), "--texts", str(texts)]) == 2
    assert "the release is broken" in capsys.readouterr().err


def test_card_of_a_restored_release_names_the_licences_of_others(built, texts, tmp_path):
    out = tmp_path / "whole"
    main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(out), "--texts", str(texts)])
    card = (out / "README.md").read_text()
    assert "license: other" in card and "may not be passed on" in card


def test_transfer_that_breaks_goes_on_where_it_broke(public, server, tmp_path, capsys):
    server.breaks = 1
    main(["hydrate", str(public), "--out", str(tmp_path / "out"), "--download"])
    assert "1 of 2" in capsys.readouterr().out
    first, second = server.ranges
    assert first == 0 and 0 < second <= len(TEXT.encode()) // 2


def test_next_call_goes_on_where_the_last_one_broke(public, server, tmp_path, capsys):
    """Three tries each bring half of what is missing: 1/2, 3/4 and 7/8; the next call asks for the rest."""
    server.breaks = 3
    command = ["hydrate", str(public), "--out", str(tmp_path / "out"), "--download"]
    main(command)
    assert "text-download" in capsys.readouterr().out
    main(command)
    assert "1 of 2" in capsys.readouterr().out
    n = len(TEXT.encode())
    assert len(server.ranges) == 4
    assert server.ranges[0] == 0 < server.ranges[1] <= n // 2
    assert server.ranges == sorted(server.ranges) and server.ranges[3] > n // 2


def test_changed_public_text_is_a_near_miss(public, server, tmp_path, capsys):
    server.content = TEXT.replace("Friday", "Sunday").encode()
    assert main(["hydrate", str(public), "--out", str(tmp_path / "out"), "--download"]) == 1
    told = capsys.readouterr().out
    assert "text-near-miss" in told and "edited (line 3)" in told
    assert not (tmp_path / "out").exists()


def test_server_that_is_not_there_is_a_problem_line(built, tmp_path, capsys):
    assert main(["hydrate", str(built / "dist" / "1.2.3"), "--out", str(tmp_path / "out"), "--download"]) == 1
    assert "text-download" in capsys.readouterr().out


def test_killing_it_leaves_no_half_written_directory(built, texts, tmp_path):
    """Ended at several moments, the place of the result is whole or empty, and nothing lies beside it."""
    place = tmp_path / "place"
    place.mkdir()
    release = built / "dist" / "1.2.3"
    for wait in (0.3, 0.8, 1.2, 1.6, 2.0, 2.4):
        command = [sys.executable, "-m", "wirecopy.cli", "hydrate", str(release)]
        process = subprocess.Popen(
            [*command, "--out", str(place / "out"), "--texts", str(texts)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(wait)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert {p.name for p in place.iterdir()} <= {"out"}
        if (place / "out").exists():
            assert (place / "out" / "SHA256SUMS").is_file()


def test_leak_of_eight_words_is_found_and_seven_are_none():
    text = "one two three four five six seven eight nine"
    documents = [("a", "x One, two three: four five six SEVEN eight y"), ("b", "two three four five six seven eight")]
    assert [p.path for p in leaks({"t": text}, documents)] == ["a"]


def test_validation_with_the_texts_judges_standoff_articles_by_all_rules(built, texts, tmp_path, capsys):
    shutil.copytree(built / "corpus", tmp_path / "corpus")
    assert main(["validate", str(tmp_path / "corpus"), "--texts", str(texts)]) == 0
    path = tmp_path / "corpus" / "articles" / "ferry-crews-vote.json"
    article = orjson.loads(path.read_bytes())
    article["values"][0]["end"] += 1
    path.write_bytes(format_article(article))
    assert main(["validate", str(tmp_path / "corpus")]) == 0
    capsys.readouterr()
    assert main(["validate", str(tmp_path / "corpus"), "--texts", str(texts)]) == 1
    assert "span-edge-space" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["notes.md", "corpus/articles/x.txt", "dist/1.0.0/a.parquet"])
def test_leak_of_a_text_anywhere_beside_the_corpus_is_found(name, built, texts, tmp_path, capsys):
    shutil.copytree(built / "corpus", tmp_path / "place" / "corpus")
    sentence = LINES[2]
    leak = tmp_path / "place" / name
    leak.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        pq.write_table(pa.table({"text": [sentence]}), leak)
    else:
        leak.write_text(f"He wrote: {sentence}", encoding="utf-8")
    assert main(["validate", str(tmp_path / "place" / "corpus"), "--texts", str(texts)]) == 1
    told = capsys.readouterr().out
    assert "text-leak" in told and name in told
