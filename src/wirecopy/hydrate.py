"""Stand-off articles restored: the texts that users bring, or that are public, verified and filled in.

A text is taken only when the SHA-256 of its exact string is the article's. One that nearly matches is
never taken in silence: `compare` says what differs and which lines match, and what of it can be undone.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from wirecopy.article import Article, line_hashes, text_hash
from wirecopy.problems import Problem
from wirecopy.release import About, make_manifest, make_tables, origin_in, parquet_path, write_release
from wirecopy.rules.corpus import SPLITS, Corpus
from wirecopy.validate import check_article

LARGEST_TEXT = 4 * 1024 * 1024
"""Bytes of the largest file that is looked at."""
_MOST_TRIALS = 200_000
"""How many ways of putting no-break spaces back into one line are tried."""


def restored(article: Article, text: str) -> Article:
    """A stand-off article with its text and the surfaces of its spans filled in.

    Raises `ValueError` when the text is not the one that was annotated.
    """
    if text_hash(text) != article["text_sha256"]:
        raise ValueError(f"{article['id']}: the text has SHA-256 {text_hash(text)}, not {article['text_sha256']}")

    def filled(node: Any) -> Any:
        if isinstance(node, list):
            return [filled(item) for item in node]
        if isinstance(node, dict):
            whole = {key: filled(item) for key, item in node.items()}
            return {**whole, "text": text[node["start"] : node["end"]]} if "start" in node else whole
        return node

    return {**filled(article), "text": text, "line_sha256": []}


def standoff_of(by_split: Mapping[str, list[Article]]) -> list[Article]:
    """The articles without text, of all splits."""
    return [article for articles in by_split.values() for article in articles if article["text"] is None]


def with_restored(by_split: Mapping[str, list[Article]], done: Mapping[str, Article]) -> dict[str, list[Article]]:
    """The splits with the restored articles in the place of their stand-off forms."""
    return {split: [done.get(a["id"], a) for a in articles] for split, articles in by_split.items()}


# Near misses


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a text differs from the one that was annotated.

    `lines` are the lines concerned, counted from 1; empty when it is the whole file. `reversible`
    tells whether undoing it gives the annotated text in these lines.
    """

    what: str
    lines: tuple[int, ...]
    reversible: bool

    def __str__(self) -> str:
        return f"{self.what} ({_line_numbers(self.lines)})" if self.lines else self.what


@dataclass
class Comparison:
    """A file's bytes beside the text that an article was annotated on.

    `matching` are the lines of the annotated text, counted from 1, that the file has; `repaired` is
    the annotated text, where undoing the differences gives it.
    """

    differences: list[Difference] = field(default_factory=list)
    matching: list[int] = field(default_factory=list)
    n_lines: int = 0
    repaired: str | None = None


def compare(article: Article, content: bytes) -> Comparison:
    """In what a file differs from the annotated text, told by the hashes of the lines."""
    expected = article["line_sha256"]
    result = Comparison(n_lines=len(expected))
    text = _decoded(content, result.differences)
    text = _plain_line_ends(text, result.differences)
    lines = _trimmed(text.split("\n"), expected, result.differences)
    mended = _mended(lines, expected, result)
    if mended is not None and text_hash("\n".join(mended)) == article["text_sha256"]:
        result.repaired = "\n".join(mended)
    return result


def _decoded(content: bytes, differences: list[Difference]) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(mark):
            name = "UTF-16" if encoding == "utf-16" else "UTF-8 with a byte order mark"
            differences.append(Difference(f"the file is {name}", (), True))
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        differences.append(Difference("the file is not UTF-8, probably Windows-1252", (), True))
        return content.decode("cp1252", errors="replace")


def _plain_line_ends(text: str, differences: list[Difference]) -> str:
    if "\r" not in text:
        return text
    differences.append(Difference("lines end with CR LF or CR, not LF", (), True))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _trimmed(lines: list[str], expected: list[str], differences: list[Difference]) -> list[str]:
    """The lines with as many empty ones at the end as the annotated text has."""
    empty = text_hash("")
    extra = 0
    while len(lines) > len(expected) and lines[-1] == "":
        lines, extra = lines[:-1], extra + 1
    if extra:
        differences.append(Difference(f"{extra} line break{'s' * (extra > 1)} too many at the end", (), True))
    lacking = 0
    while len(lines) < len(expected) and all(h == empty for h in expected[len(lines) :]):
        lines, lacking = [*lines, ""], lacking + 1
    if lacking:
        differences.append(Difference(f"{lacking} line break{'s' * (lacking > 1)} missing at the end", (), True))
    return lines


def _mended(lines: list[str], expected: list[str], result: Comparison) -> list[str] | None:
    """The lines with what can be undone undone; None when some line cannot be brought back."""
    mended: list[str] | None = []
    reasons: dict[str, list[int]] = {}
    matcher = SequenceMatcher(None, line_hashes("\n".join(lines)), expected, autojunk=False)
    for tag, low, high, expected_low, expected_high in matcher.get_opcodes():
        numbers = list(range(expected_low + 1, expected_high + 1))
        if tag == "equal":
            result.matching += numbers
            found = lines[low:high]
        elif tag == "replace" and high - low == expected_high - expected_low:
            found = [
                _undone(line, wanted) for line, wanted in zip(lines[low:high], expected[expected_low:], strict=False)
            ]
            for number, undone in zip(numbers, found, strict=True):
                reasons.setdefault(undone[1] if undone else "edited", []).append(number)
            found = [undone[0] for undone in found] if all(found) else None
        else:
            found = None
            if numbers:
                reasons.setdefault("missing or rewritten", []).extend(numbers)
            if high > low and tag != "replace":
                result.differences.append(
                    Difference(f"{high - low} lines too many after line {expected_low}", (), False)
                )
        mended = mended + found if mended is not None and found is not None else None
    for what, numbers in reasons.items():
        result.differences.append(Difference(what, tuple(numbers), what not in ("edited", "missing or rewritten")))
    return mended


def _undone(line: str, wanted: str) -> tuple[str, str] | None:
    """The line that has the wanted hash, and what had been done to it; None when no way back is found."""
    for variant, what in _variants(line):
        if text_hash(variant) == wanted:
            return variant, what
    return None


def _variants(line: str) -> Iterator[tuple[str, str]]:
    """What the line may have been before a program changed it, the likeliest first."""
    forms = {form: unicodedata.normalize(form, line) for form in ("NFC", "NFD")}
    yield line.rstrip(), "white space added at the end"
    for form, normal in forms.items():
        yield normal, f"not in normalisation form {form}"
    for base, also in ((line, ""), (forms["NFC"], ", not in NFC"), (forms["NFD"], ", not in NFD")):
        for variant in _with_no_break_spaces(base):
            yield variant, f"no-break spaces turned into spaces{also}"


def _with_no_break_spaces(line: str) -> Iterator[str]:
    """The line with one, two, … of its spaces made no-break spaces, and with all, within reason."""
    places = [i for i, char in enumerate(line) if char == " "]
    trials = 0
    for n in range(1, len(places) + 1):
        trials += math.comb(len(places), n)
        if trials > _MOST_TRIALS:
            break
        for chosen in combinations(places, n):
            chars = list(line)
            for place in chosen:
                chars[place] = "\u00a0"
            yield "".join(chars)
    yield line.replace(" ", "\u00a0")


def _line_numbers(numbers: Iterable[int]) -> str:
    """Line numbers as ranges: "lines 1-4, 6"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
    return f"line{'s' if sum(high - low + 1 for low, high in runs) > 1 else ''} {shown}"


# Finding the texts


@dataclass
class Restoration:
    """What became of each stand-off article: restored, or a problem that says why not."""

    articles: dict[str, Article] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def restore(
    articles: Iterable[Article], files: Iterable[Path], sources: Mapping[str, Any], repair: bool = False
) -> Restoration:
    """Restore each stand-off article from the file that has its text, whatever the file is called.

    With `repair`, a file from which reversible changes lead back to the annotated text is taken too,
    with a note. A restored article is judged by the rules before it counts.
    """
    result = Restoration()
    contents = {path: path.read_bytes() for path in files if path.stat().st_size <= LARGEST_TEXT}
    by_hash = _texts_by_hash(contents.values())
    for article in articles:
        text = by_hash.get(article["text_sha256"])
        if text is None:
            text = _from_near_miss(article, contents, sources, repair, result)
        if text is None:
            continue
        problems = [p for p in check_article(article, article["id"], text) if p.severity == "error"]
        result.problems += problems
        if not problems:
            result.articles[article["id"]] = restored(article, text)
    return result


def _texts_by_hash(contents: Iterable[bytes]) -> dict[str, str]:
    return {text_hash(text): text for text in filter(None, map(_exact, contents))}


def _exact(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _from_near_miss(
    article: Article, contents: Mapping[Path, bytes], sources: Mapping[str, Any], repair: bool, result: Restoration
) -> str | None:
    """The text out of the file that is most like it, if that may and can be repaired."""
    compared = {path: compare(article, content) for path, content in contents.items()}
    near = [path for path, found in compared.items() if found.repaired is not None or len(found.matching) > 1]
    if not near:
        result.problems.append(_not_found(article, sources))
        return None
    path = max(near, key=lambda p: (compared[p].repaired is not None, len(compared[p].matching)))
    found = compared[path]
    told = "; ".join(map(str, found.differences)) or "the order of the lines differs"
    matching = f"{len(found.matching)} of {found.n_lines} lines match"
    matching += f" ({_line_numbers(found.matching)})" if found.matching else ""
    if repair and found.repaired is not None:
        result.notes.append(f"{path}: repaired for {article['id']}: {told}")
        return found.repaired
    hint = "run again with --repair, which undoes this" if found.repaired is not None else "bring an unchanged copy"
    message = f"nearly the text of {article['id']}, but not it: {told}; {matching}"
    result.problems.append(Problem("text-near-miss", "error", path.as_posix(), "", message, hint))
    return None


def _not_found(article: Article, sources: Mapping[str, Any]) -> Problem:
    source = sources.get(article["provenance"]["source"], {})
    wanted = ", ".join(filter(None, [source.get("title"), source.get("publisher"), source.get("license")]))
    message = f"no text at hand is that of {article['id']} ({wanted}; SHA-256 {article['text_sha256'][:12]}…)"
    hint = (
        f"fetch it with --download from {source['url']}"
        if source.get("url")
        else "put your own copy into a folder and name it with --texts"
    )
    return Problem("text-missing", "error", article["id"], "", message, hint)


def text_files(folder: Path) -> list[Path]:
    """The regular files in a folder and below it, in the order of their paths."""
    found = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    return sorted(path for path in found if path.is_file())


def download(articles: Iterable[Article], sources: Mapping[str, Any], folder: Path) -> list[Problem]:
    """Fetch the public texts of stand-off articles into a folder, resuming what is there in part.

    A text whose hash is not the article's is told by `restore`, which looks at the folder next.
    """
    from pypdl import Pypdl

    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    for article in articles:
        url = sources.get(article["provenance"]["source"], {}).get("url")
        target = folder / f"{article['id']}.txt"
        if url is None or (target.is_file() and text_hash(_exact(target.read_bytes()) or "") == article["text_sha256"]):
            continue
        done = Pypdl(logger=logging.getLogger(__name__)).start(
            url, str(target), multisegment=False, retries=3, overwrite=True, etag_validation=False, display=False
        )
        if not done or not target.is_file():
            hint = "check the connection and run the same command again: it resumes"
            problems.append(Problem("text-download", "error", article["id"], "", f"{url} could not be fetched", hint))
    return problems


# The texts against the rest


def check_with_texts(corpus: Corpus, folder: Path) -> list[Problem]:
    """Judge the stand-off articles and passes of a corpus by all rules on the texts in a folder, and look
    for the texts where they may not be: in any file beside or below the corpus folder, but for those of
    the folder itself.

    Texts that are not in the folder are passed over.
    """
    by_hash = _texts_by_hash(path.read_bytes() for path in text_files(folder))
    judged = {**corpus.articles, **corpus.passes}
    problems = [
        problem
        for path, article in judged.items()
        if article["text"] is None and article["text_sha256"] in by_hash
        for problem in check_article(article, (corpus.folder / path).as_posix(), by_hash[article["text_sha256"]])
        if path.startswith("articles/") or problem.severity == "error"
    ]
    texts = {a["id"]: by_hash[a["text_sha256"]] for a in judged.values() if a["text_sha256"] in by_hash}
    return problems + leaks(texts, documents_below(corpus.folder.resolve().parent, folder.resolve()))


def documents_below(folder: Path, left_out: Path) -> Iterator[tuple[str, str]]:
    """The path and the words of every text and Parquet file below a folder, but for hidden folders and
    the one left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and Path(parent, n) != left_out)
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix == ".parquet":
                yield path.as_posix(), json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False)
            elif path.is_file() and (content := _exact(path.read_bytes())) is not None:
                yield path.as_posix(), content


def leaks(texts: Mapping[str, str], documents: Iterable[tuple[str, str]], run_length: int = 8) -> list[Problem]:
    """Runs of eight words of a stand-off text that occur in documents, the first of each document.

    `texts` are the texts by article id; `documents` pairs of a name and a content.
    """
    holders = {run: name for name, text in texts.items() for run in _word_runs(text, run_length)}
    problems = []
    for name, content in documents:
        for run in _word_runs(content, run_length):
            if run in holders:
                message = f'holds eight words of the text of {holders[run]}: "{" ".join(run)}"'
                problems.append(Problem("text-leak", "error", name, "", message, "take them out"))
                break
    return problems


def _word_runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
    return zip(*(words[i:] for i in range(length)), strict=False)


# A whole release


def hydrate(
    release: Path, out: Path, texts: Path | None = None, fetch: bool = False, repair: bool = False
) -> tuple[Restoration, int]:
    """Write to `out` the release with every stand-off article restored whose text is at hand.

    The texts come from the folder `texts`, or from the public sources when `fetch` is true. Returns
    what became of each article and how many there are. Nothing is written when none is restored. The
    directory is byte for byte what a build with the same texts writes. Raises `FileNotFoundError`
    when `release` is no release.
    """
    manifest = orjson.loads((release / "manifest.json").read_bytes())
    sources = _json_or_empty(release / "sources.json")
    by_split = _released_articles(release, manifest)
    standoff = standoff_of(by_split)
    downloads = out.parent / f".{out.name}.downloads"
    problems = download(standoff, sources, downloads) if fetch else []
    folders = [folder for folder in (texts, downloads if fetch else None) if folder is not None]
    result = restore(standoff, [f for folder in folders for f in text_files(folder)], sources, repair)
    result.problems = [*problems, *result.problems]
    if result.articles:
        origin = origin_in(manifest, sources)
        about = About(manifest["name"], manifest["version"], manifest["released"])
        tables = make_tables(with_restored(by_split, result.articles))
        write_release(tables, make_manifest(tables, origin, about), origin, about, release, out)
    if not result.problems:
        shutil.rmtree(downloads, ignore_errors=True)
    return result, len(standoff)


def _json_or_empty(path: Path) -> dict[str, Any]:
    return orjson.loads(path.read_bytes()) if path.is_file() else {}


def _released_articles(release: Path, manifest: Mapping[str, Any]) -> dict[str, list[Article]]:
    """The articles of a release by split, those with and those without text, in the order of their ids."""
    by_split: dict[str, list[Article]] = {split: [] for split in SPLITS}
    for config in ("articles", "standoff"):
        for split in manifest["configs"].get(config, {"splits": {}})["splits"]:
            by_split[split] += pq.read_table(release / parquet_path(config, split)).to_pylist()
    return {split: sorted(articles, key=lambda a: a["id"]) for split, articles in by_split.items()}
