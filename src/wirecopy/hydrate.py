"""Stand-off articles restored: the texts that users bring, or that are public, verified and filled in.

A text is taken only when the SHA-256 of its exact string is the article's. One that nearly matches is
never taken in silence: `compare` says what differs and which lines match, and what of it can be undone.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from wirecopy.article import Article, line_hashes, text_hash
from wirecopy.problems import Problem
from wirecopy.release import (
    About,
    make_manifest,
    make_tables,
    origin_in,
    parquet_paths,
    shards_of,
    with_restored_texts,
    write_release,
)
from wirecopy.rules.corpus import SPLITS, Corpus
from wirecopy.validate import check_article

LARGEST_TEXT = 4 * 1024 * 1024
"""Bytes of the largest file that is looked at."""


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

    return {**filled(article), "text": text, "line_sha256": [], "no_break_spaces": []}


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
    mended = _mended(lines, expected, _no_break_columns(article), result)
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


def _no_break_columns(article: Article) -> dict[int, list[int]]:
    """The columns of the no-break spaces of each line that has any."""
    columns: dict[int, list[int]] = {}
    for place in article["no_break_spaces"]:
        columns.setdefault(place["line"], []).append(place["column"])
    return columns


_REWRITTEN = ("edited", "missing or rewritten")


def _mended(
    lines: list[str], expected: list[str], no_break: Mapping[int, list[int]], result: Comparison
) -> list[str] | None:
    """The lines with what can be undone undone; None when some line cannot be brought back."""
    mended: list[str] | None = []
    reasons: dict[str, list[int]] = {}
    for low, high, start, end in _paired(lines, expected):
        found: list[str] | None = []
        for line, number in zip(lines[low:high], range(start, end), strict=False):
            undone = _undone(line, expected[number], no_break.get(number, []))
            if undone is None or high - low != end - start:
                reasons.setdefault(_REWRITTEN[high - low != end - start], []).append(number + 1)
                found = None
            elif undone[1]:
                reasons.setdefault(undone[1], []).append(number + 1)
                found = None if found is None else [*found, undone[0]]
            else:
                result.matching.append(number + 1)
                found = None if found is None else [*found, line]
        if high - low < end - start:
            reasons.setdefault(_REWRITTEN[1], []).extend(range(start + 1 + high - low, end + 1))
            found = None
        elif high - low > end - start:
            many = high - low - (end - start)
            where = f"after line {start}" if start else "before line 1"
            what = f"{many} line{'s' * (many > 1)} too many {where}"
            result.differences.append(Difference(what, (), False))
            found = None
        mended = None if mended is None or found is None else mended + found
    for what, numbers in reasons.items():
        result.differences.append(Difference(what, tuple(sorted(set(numbers))), what not in _REWRITTEN))
    return mended


def _paired(lines: list[str], expected: list[str]) -> list[tuple[int, int, int, int]]:
    """Which lines stand for which of the annotated text: one for one where there are as many, else by
    what lies between lines that are equal."""
    if len(lines) == len(expected):
        return [(0, len(lines), 0, len(expected))]
    matcher = SequenceMatcher(None, line_hashes("\n".join(lines)), expected, autojunk=False)
    return [codes[1:] for codes in matcher.get_opcodes()]


def _undone(line: str, wanted: str, no_break: Sequence[int]) -> tuple[str, str] | None:
    """The line that has the wanted hash, and what had been done to it (nothing: ""); None when no way
    back is found."""
    for variant, what in _variants(line, no_break):
        if text_hash(variant) == wanted:
            return variant, what
    return None


def _variants(line: str, no_break: Sequence[int]) -> Iterator[tuple[str, str]]:
    """What the line may have been before a program changed it, the likeliest first."""
    yield line, ""
    bases = {"": line, "not in normalisation form NFC": unicodedata.normalize("NFC", line)}
    bases["not in normalisation form NFD"] = unicodedata.normalize("NFD", line)
    for what, base in bases.items():
        yield base, what
        lost = _with_no_break_spaces(base, no_break)
        yield lost, ", ".join(filter(None, ["no-break spaces turned into spaces", what]))
        for shorter in (*_without_end(base), *_without_end(lost)):
            yield shorter, ", ".join(filter(None, ["white space added at the end", what]))


def _without_end(line: str) -> Iterator[str]:
    """The line with one, two, … of the spaces and tabs at its end taken off, down to none of them."""
    while line.endswith((" ", "\t")):
        line = line[:-1]
        yield line


def _with_no_break_spaces(line: str, columns: Sequence[int]) -> str:
    """The line with no-break spaces at these columns, where it has spaces there."""
    chars = list(line)
    for column in columns:
        if column < len(chars) and chars[column] == " ":
            chars[column] = "\u00a0"
    return "".join(chars)


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
    near = [path for path, found in compared.items() if found.repaired is not None or _resembles(found, article)]
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


def _resembles(found: Comparison, article: Article) -> bool:
    """Whether a file has lines of the annotated text other than empty ones, as they are or changed in a
    way that can be undone."""
    empty = text_hash("")
    known = {*found.matching, *(number for d in found.differences if d.reversible for number in d.lines)}
    return sum(article["line_sha256"][number - 1] != empty for number in known) > 1


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
    found = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names if not name.endswith(".part")]
    return sorted(path for path in found if path.is_file())


def download(articles: Iterable[Article], sources: Mapping[str, Any], folder: Path) -> list[Problem]:
    """Fetch the public texts of stand-off articles into a folder; what is there and right is not fetched
    again.

    Each is tried three times, and a transfer that breaks goes on where it broke, in the next try or the next
    call. A text that comes and is another is told by `restore`, which looks at the folder next.
    """
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel(logging.ERROR)
    problems = []
    for article in articles:
        url = sources.get(article["provenance"]["source"], {}).get("url")
        target = folder / f"{article['id']}.txt"
        if url is None or (target.is_file() and text_hash(_exact(target.read_bytes()) or "") == article["text_sha256"]):
            continue
        target.unlink(missing_ok=True)
        fetched = pooch.create(folder, "", registry={target.name: None}, urls={target.name: url}, retry_if_failed=2)
        try:
            fetched.fetch(target.name, downloader=_fetch_resuming)
        except (RequestException, OSError, ValueError) as error:
            message = f"{url} could not be fetched: {_first_line(error)}"
            hint = "check the connection and run the same command again; what was fetched is kept"
            problems.append(Problem("text-download", "error", article["id"], "", message, hint))
    return problems


def _fetch_resuming(url: str, output_file: str, fetcher: Any) -> None:
    """Fetch what is still missing of a file, for `pooch`; what has come stays in a `.part` file beside it
    until all has."""
    import requests

    part = Path(fetcher.path) / f".{url.rpartition('/')[2]}.part"
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=20) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()  # It is longer than what the source now has: begin anew, in the next try.
        answer.raise_for_status()
        with part.open("ab" if answer.status_code == requests.codes.partial_content else "wb") as file:
            for chunk in answer.iter_content(64):  # Small, so that little is lost when the connection breaks.
                file.write(chunk)
    shutil.move(part, output_file)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:160] or type(error).__name__


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
            if path.is_file():
                yield path.as_posix(), _words_of(path)


def _words_of(path: Path) -> str:
    """The text of a file; of a JSON or Parquet file all its strings."""
    content = path.read_bytes()
    try:
        if path.suffix == ".parquet":
            return "\n".join(_strings(pq.read_table(path).to_pylist()))
        if path.suffix == ".json":
            return "\n".join(_strings(orjson.loads(content)))
    except (orjson.JSONDecodeError, pa.ArrowInvalid, OSError):
        pass  # It is not what its name says, and is searched as it is.
    return _exact(content) or ""


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _strings(item)


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
    _refuse_to_lose(out, [folder for folder in (release, texts) if folder is not None])
    manifest, by_split, sources = _read_release(release)
    standoff = standoff_of(by_split)
    downloads = out.parent / f".{out.name}.downloads"
    problems = download(standoff, sources, downloads) if fetch else []
    folders = [folder for folder in (texts, downloads if fetch else None) if folder is not None]
    result = restore(standoff, [f for folder in folders for f in text_files(folder)], sources, repair)
    told = {problem.path for problem in problems}
    result.problems = [*problems, *(p for p in result.problems if p.path not in told)]
    if result.articles:
        origin = origin_in(manifest, sources)
        about = with_restored_texts(About(manifest["name"], manifest["version"], manifest["released"]))
        tables = make_tables(with_restored(by_split, result.articles))
        write_release(tables, make_manifest(shards_of(tables), origin, about), origin, about, release, out)
    if not problems:
        shutil.rmtree(downloads, ignore_errors=True)
    return result, len(standoff)


def _refuse_to_lose(out: Path, inputs: Iterable[Path]) -> None:
    """Raise `OSError` when writing to `out` would destroy something that is no release."""
    place = out.resolve()
    for folder in (path.resolve() for path in inputs):
        if place == folder or place in folder.parents or folder in place.parents:
            raise OSError(errno.EINVAL, f"lies in or around {folder}; name another place for the result", str(out))
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise OSError(errno.EEXIST, "exists and is no folder; name another place for the result", str(out))
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.json").is_file():
        raise OSError(
            errno.ENOTEMPTY, "holds something that is no release; name another place for the result", str(out)
        )


def _read_release(release: Path) -> tuple[dict[str, Any], dict[str, list[Article]], dict[str, Any]]:
    """The manifest, the articles by split and the sources of a release; `OSError` when it is broken."""
    try:
        manifest = orjson.loads((release / "manifest.json").read_bytes())
        return manifest, _released_articles(release, manifest), _json_or_empty(release / "sources.json")
    except (orjson.JSONDecodeError, pa.ArrowInvalid, KeyError, TypeError, AttributeError) as error:
        message = f"the release is broken ({_first_line(error)}); `wirecopy info` tells more"
        raise OSError(errno.EINVAL, message, str(release)) from error


def _json_or_empty(path: Path) -> dict[str, Any]:
    return orjson.loads(path.read_bytes()) if path.is_file() else {}


def _released_articles(release: Path, manifest: Mapping[str, Any]) -> dict[str, list[Article]]:
    """The articles of a release by split, those with and those without text, in the order of their ids."""
    by_split: dict[str, list[Article]] = {split: [] for split in SPLITS}
    for config in ("articles", "standoff"):
        for split, entry in manifest["configs"].get(config, {"splits": {}})["splits"].items():
            for path in parquet_paths(config, split, entry):
                by_split[split] += pq.read_table(release / path).to_pylist()
    return {split: sorted(articles, key=lambda a: a["id"]) for split, articles in by_split.items()}
