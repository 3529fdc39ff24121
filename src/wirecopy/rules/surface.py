"""Level 3: the text, and every span against it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from wirecopy import spans
from wirecopy.article import line_hashes, no_break_spaces, text_hash
from wirecopy.problems import Finding, pointer_to
from wirecopy.rules.registry import rule
from wirecopy.rules.subject import Subject, quote

RUN_ANCHOR = "run scripts/anchor.py on the file"
FORBIDDEN = regex.compile(r"[\p{Cc}\p{Cs}\p{Cn}\ufeff--[\n\t]]", flags=regex.VERSION1)


@rule("text-presence", 3, "article")
def text_presence(subject: Subject) -> Iterator[Finding]:
    """A written article has its text, a licensed one has none.

    The text of a licensed article is somebody else's: the corpus holds its offsets and hashes
    only.
    """
    kind, text = subject.article["provenance"]["kind"], subject.article["text"]
    if kind == "written" and text is None:
        yield Finding("/text", "/text is null in a written article", "put the text in")
    if kind == "licensed" and text is not None:
        yield Finding(
            "/text",
            "/text holds the text of a licensed article",
            "take it out of the corpus: run scripts/anchor.py with --text and the text's own file",
        )


@rule("text-hash", 3, "article")
def text_hash_matches(subject: Subject) -> Iterator[Finding]:
    """text_sha256, text_length and, in a stand-off article, line_sha256 are those of the text.

    They prove that the text is the one that was annotated, and let a stand-off article recognise
    its text and tell in which lines another differs.
    """
    lines = subject.article["line_sha256"]
    if bool(lines) != (subject.article["text"] is None):
        yield Finding(
            "/line_sha256",
            f"/line_sha256 has {len(lines)} hashes in an article {'without' if lines == [] else 'with'} its text",
            f"{RUN_ANCHOR}, with --text for a stand-off article",
        )
    if subject.text is None:
        return
    if lines and subject.article["no_break_spaces"] != no_break_spaces(subject.text):
        yield Finding("/no_break_spaces", "/no_break_spaces are not those of the text", RUN_ANCHOR)
    if lines and lines != line_hashes(subject.text):
        yield Finding("/line_sha256", "/line_sha256 are not the hashes of the text's lines", RUN_ANCHOR)
    found = text_hash(subject.text)
    if subject.article["text_sha256"] != found:
        yield Finding(
            "/text_sha256",
            f"/text_sha256 is {subject.article['text_sha256'][:12]}…, but the text's SHA-256 is {found[:12]}…",
            f"if the text was corrected on purpose, {RUN_ANCHOR}; else restore the text",
        )
    if subject.article["text_length"] != len(subject.text):
        yield Finding(
            "/text_length",
            f"/text_length is {subject.article['text_length']}, but the text has {len(subject.text)} code points",
            f"if the text was corrected on purpose, {RUN_ANCHOR}; else restore the text",
        )


@rule("text-control", 3, "article")
def text_control(subject: Subject) -> Iterator[Finding]:
    """The text holds no control characters but line feed and tab, and no unassigned ones.

    Carriage returns, byte order marks and the like are rewritten by editors, version control and
    loaders, and every offset behind them moves.
    """
    for match in FORBIDDEN.finditer(subject.text or ""):
        yield Finding(
            "/text",
            f"/text[{match.start()}] is U+{ord(match[0]):04X}, a control or unassigned character",
            f"delete the character from the text, then {RUN_ANCHOR}",
        )


@rule("text-not-nfc", 3, "article", severity="warning")
def text_not_nfc(subject: Subject) -> Iterator[Finding]:
    """The text is in Unicode normalisation form C.

    Text is never normalised here, and a decomposed accent may be what the page had; but most often
    it came in by copying, and it makes equal words unequal.
    """
    text = subject.text
    if text is None or unicodedata.is_normalized("NFC", text):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not unicodedata.is_normalized("NFC", line):
            yield Finding(
                "/text",
                f"line {number} of /text is not in normalisation form C",
                "leave it if the page has it so; else compose the accents and run scripts/anchor.py",
            )


@rule("span-range", 3, "article")
def span_range(subject: Subject) -> Iterator[Finding]:
    """Every span has at least one character and ends within the text.

    Offsets are code points, end exclusive. Offsets out of range come from bytes or UTF-16 units
    counted in their place.
    """
    length = subject.article["text_length"] if subject.text is None else len(subject.text)
    for path, span in subject.spans:
        if span["start"] >= span["end"]:
            message = f"is [{span['start']}:{span['end']}], which holds no character"
        elif span["end"] > length:
            message = f"ends at {span['end']}, but the text has {length} code points"
        else:
            continue
        yield Finding(pointer_to(*path), f"{pointer_to(*path)} {message}", RUN_ANCHOR)


@rule("surface-presence", 3, "article")
def surface_presence(subject: Subject) -> Iterator[Finding]:
    """Spans carry their surface exactly when the article carries its text.

    The surface lets a reader of a diff see what is meant; in a stand-off article it would give
    away the text.
    """
    standoff = subject.article["text"] is None
    for path, span in subject.spans:
        place = pointer_to(*path, "text")
        if standoff and span["text"] is not None:
            yield Finding(
                place,
                f"{place} has a surface in a stand-off article",
                f"{RUN_ANCHOR} with --text and the text's file: it takes the surfaces out",
            )
        if not standoff and span["text"] is None:
            yield Finding(place, f"{place} is null, but the article has its text", RUN_ANCHOR)


@rule("surface-mismatch", 3, "article")
def surface_mismatch(subject: Subject) -> Iterator[Finding]:
    """The surface of a span is text[start:end].

    A slip in an offset or a later change of the text shows here before it misleads anybody.
    """
    if subject.text is None:
        return
    for path, span in subject.spans:
        found = subject.text[span["start"] : span["end"]]
        if span["text"] is not None and span["text"] != found:
            place = pointer_to(*path)
            yield Finding(
                place,
                f"{place} says {quote(span['text'])} but text[{span['start']}:{span['end']}] is {quote(found)}",
                _remedy(subject.text, span["text"], found),
            )


def _remedy(text: str, surface: str, found: str) -> str:
    if surface.strip() == found.strip():
        return f"delete the white space at the edge of the surface, or {RUN_ANCHOR}"
    times = text.count(surface)
    if times == 0:
        return "the surface is nowhere in the text: correct it"
    where = f"at {text.index(surface)}" if times == 1 else f"at {times} places"
    return f"the surface stands in the text {where}: {RUN_ANCHOR}"


@rule("span-edge-space", 3, "article")
def span_edge_space(subject: Subject) -> Iterator[Finding]:
    """No span begins or ends with white space.

    A blank edge makes exact match fail for a character that nobody sees.
    """
    if subject.text is None:
        return
    for path, span in subject.spans:
        surface = subject.text[span["start"] : span["end"]]
        if surface != surface.strip():
            place = pointer_to(*path)
            yield Finding(
                place,
                f"{place} begins or ends with white space: {quote(surface)}",
                "move the offsets to the first and last character that is not white space",
            )


@rule("span-splits-character", 3, "article")
def span_splits_character(subject: Subject) -> Iterator[Finding]:
    """No span begins or ends inside a user-perceived character.

    A letter and its combining accent, or the parts of an emoji, are one character to every reader
    (grapheme cluster, Unicode Standard Annex #29).
    """
    if subject.text is None or subject.text.isascii():
        return
    for path, span in subject.spans:
        for edge in ("start", "end"):
            if spans.splits_character(subject.text, span[edge]):
                place = pointer_to(*path, edge)
                yield Finding(
                    place,
                    f"{place} = {span[edge]} cuts a character in two in {subject.surface(span)}",
                    "move the offset before or behind the whole character",
                )


@rule("span-splits-word", 3, "article", severity="warning")
def span_splits_word(subject: Subject) -> Iterator[Finding]:
    """No span begins or ends inside a word, unless the crawler glued two words there.

    A cut between two letters is right where a zone ends in the same place, and a slip elsewhere.
    """
    if subject.text is None:
        return
    seams = {z["start"] for z in subject.article["zones"]} | {z["end"] for z in subject.article["zones"]}
    for path, span in subject.annotations:
        for edge in ("start", "end"):
            if span[edge] not in seams and spans.splits_word(subject.text, span[edge]):
                place = pointer_to(*path)
                yield Finding(
                    place,
                    f"{place} is {subject.surface(span)}, cut out of a longer word at {span[edge]}",
                    "take the whole word, or cut the zones there if two words are glued together",
                )


@rule("span-crosses-line", 3, "article")
def span_crosses_line(subject: Subject) -> Iterator[Finding]:
    """No span crosses a line break.

    A quotation that goes on over paragraphs has one span for each; a zone ends with its line.
    """
    if subject.text is None:
        return
    for path, span in subject.spans:
        position = subject.text.find("\n", span["start"], span["end"])
        if position != -1:
            place = pointer_to(*path)
            yield Finding(
                place,
                f"{place} runs over the line break at {position}: {subject.surface(span)}",
                "make one span for each line",
            )
