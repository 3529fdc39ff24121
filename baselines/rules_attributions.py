"""Rule-based attributions: cue verbs, quotation marks, and the noun phrase beside the cue."""

from __future__ import annotations

import re
from typing import Any

from common import Span, lines, sentences, span

_VERBS = [
    "said",
    "says",
    "told",
    "tells",
    "added",
    "adds",
    "insisted",
    "claimed",
    "claims",
    "warned",
    "warns",
    "argued",
    "argues",
    "admitted",
    "admits",
    "denied",
    "denies",
    "announced",
    "announces",
    "promised",
    "reported",
    "reports",
    "wrote",
    "writes",
    "thought",
    "thinks",
    "believes",
    "believed",
    "feared",
    "fears",
    "hopes",
    "hoped",
    "asked",
    "asks",
    "replied",
    "explained",
    "confirmed",
    "conceded",
    "noted",
    "notes",
    "recalled",
    "suggested",
    "urged",
    "reckoned",
    "reckons",
    "joked",
    "sighed",
    "shouted",
    "vowed",
    "stressed",
    "declared",
    "testified",
    "accused",
    "blamed",
    "estimated",
    "predicted",
    "expects",
    "expected",
]
_CUE = re.compile(rf"\b(?:(?:had|has|have|was|were) (?:not )?)?(?:{'|'.join(_VERBS)})\b|\b[Aa]ccording to\b")
_QUOTED = re.compile(r"“[^“”\n]+”?|(?<![\w’])‘(?:[^‘’\n]|(?<=\w)’(?=\w))+’?|\"[^\"\n]+\"?")
_NOUN_PHRASE = r"(?:[\w’'.-]+(?: [\w’'.-]+){0,7})"
_SUBJECT = re.compile(
    rf"(?:^|[,;:.!?”’\"] ?|\b(?:and|but|when|as|while|that) )({_NOUN_PHRASE}(?:, [^,”\"“]{{1,40}},)?) $"
)
_PRONOUNS = frozenset(["he", "she", "they", "it", "I", "we"])
_ADDRESSEE = re.compile(r" (?:the |a |his |her |their )?[\w’]+(?: [A-Z]\w+)?(?=[,: ] ?)")


def attributions(text: str) -> list[dict[str, Any]]:
    """Quotations with the cue beside them, then clauses after a cue outside quotation marks."""
    found: list[dict[str, Any]] = []
    for start, end in lines(text):
        quotes = [m for m in _QUOTED.finditer(text, start, end) if len(m.group().split()) >= 3]
        found += _quoted(text, start, end, quotes)
        found += _indirect(text, start, end, quotes)
    return found


def _quoted(text: str, start: int, end: int, quotes: list[re.Match]) -> list[dict[str, Any]]:
    """One attribution for the quotations of a line, the first cue outside them, and its subject."""
    outside = [c for c in _CUE.finditer(text, start, end) if not _inside(c.start(), quotes)]
    content = [span(text, *q.span()) for q in quotes if q.start() == start or _separate(text, q)]
    if not content:
        return []
    near = [c for c in outside if min(abs(c.start() - s["end"]) for s in content) < 90]
    cue = near[0] if near else None
    return [_made(text, content, cue, _source(text, cue, start, end, quotes) if cue else None, "direct")]


def _separate(text: str, quote: re.Match) -> bool:
    """Whether a quotation is a sentence, or ends like one: not a quoted word in the writer's own."""
    inner = quote.group().strip("“”‘’\"'")
    return inner[:1].isupper() or inner.endswith((",", ".", "?", "!"))


def _inside(offset: int, quotes: list[re.Match]) -> bool:
    return any(q.start() <= offset < q.end() for q in quotes)


def _source(text: str, cue: re.Match, start: int, end: int, quotes: list[re.Match]) -> Span | None:
    """The noun phrase that follows a cue after a quotation, else the one that ends before the cue."""
    before = text[start : cue.start()]
    after_quote = re.search(r"[,?!.]?[”’\"] ?$", before)
    if after_quote or text[cue.start() : cue.end()].lower() == "according to":
        match = re.compile(rf" ({_NOUN_PHRASE}(?:, [^.“‘\"\n]{{1,60}})?)").match(text, cue.end(), end)
        if match and not _inside(match.start(1), quotes):
            found = span(text, match.start(1), match.end(1))
            return span(text, found["start"], found["end"] - len(found["text"]) + len(found["text"].rstrip(".,;:")))
    match = _SUBJECT.search(before)
    if match and not _inside(start + match.start(1), quotes):
        return span(text, start + match.start(1), start + match.start(1) + len(match[1].rstrip(",")))
    return None


def _indirect(text: str, start: int, end: int, quotes: list[re.Match]) -> list[dict[str, Any]]:
    """The clauses after a cue, up to the end of the sentence, or before one that ends the sentence."""
    found = []
    for sentence_start, sentence_end in sentences(text):
        if not start <= sentence_start < end:
            continue
        for cue in _CUE.finditer(text, sentence_start, sentence_end):
            if _inside(cue.start(), quotes) or any(_separate(text, q) and _near(q, cue) for q in quotes):
                continue
            source = _source(text, cue, sentence_start, sentence_end, quotes)
            content = _clause(text, cue, source, sentence_start, sentence_end)
            if content and len(content["text"].split()) >= 2:
                mixed = any(q.start() >= content["start"] and q.end() <= content["end"] for q in quotes)
                found.append(_made(text, [content], cue, source, "mixed" if mixed else "indirect"))
    return found


def _near(quote: re.Match, cue: re.Match) -> bool:
    return min(abs(quote.end() - cue.start()), abs(quote.start() - cue.end())) < 60


def _clause(text: str, cue: re.Match, source: Span | None, start: int, end: int) -> Span | None:
    rest = cue.end()
    if source and source["start"] > cue.start():
        rest = source["end"]
    if cue.group().endswith(("told", "tells", "urged", "asked")):
        match = _ADDRESSEE.match(text, rest, end)
        rest = match.end() if match else rest
    after = span(text, rest, end)
    begins = re.match(r"(?:[,:] ?)?(?:that )?", after["text"])
    content = span(text, after["start"] + (begins.end() if begins else 0), end)
    stripped = content["text"].rstrip(".,;")
    if len(stripped.split()) >= 3:
        return span(text, content["start"], content["start"] + len(stripped))
    before = text[start : source["start"] if source and source["start"] < cue.start() else cue.start()].rstrip(" ,")
    return span(text, start, start + len(before)) if len(before.split()) >= 3 else None


def _made(text: str, content: list[Span], cue: re.Match | None, source: Span | None, kind: str) -> dict[str, Any]:
    return {
        "content": content,
        "cue": [span(text, *cue.span())] if cue else [],
        "source": [source] if source and source["text"] else [],
        "type": kind,
        "source_entity": source if source and source["text"] else None,
        "anonymous": bool(source and re.search(r"not (?:to )?be named|anonym", source["text"])),
    }
