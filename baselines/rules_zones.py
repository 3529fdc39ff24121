"""Rule-based zones: patterns for the lines that pages are made of, and for widgets glued into a line."""

from __future__ import annotations

import re

from common import Span, lines, span

_LINE_PATTERNS = (
    ("navigation", r"^skip to|^home\b.*>|^\S.* > \S|^home\s+(news|world)|^tags?:|^topics?:|^section:|^back to top|\t.*\t"),
    ("comments", r"^\W*\d*\s*comments?\b|^comments?\s*\(|join the conversation|^have your say"),
    ("share", r"^\W*(share|tweet)|^\W*click to (share|email)|^(facebook|twitter|whatsapp|copy link)\b|^save( article)?$"),
    ("newsletter", r"^\W*(sign up|subscribe)\b|newsletter|in your inbox|enter your email|is on whatsapp"),
    ("poll", r"^\W*((reader )?poll\b|vote in our poll|what do you think)|\bvote now\b|\bsee results\b"),
    ("advertisement", r"^\W*advert(isement|isement\s+story)?\b|^story continues|^sponsored|^\W*ad$|18\+|t&cs apply|buy now"),
    ("paywall", r"free articles? left|subscribers? only|log in to read|unlock this|to continue reading|\bclub\b.*\bjoin"),
    ("related", r"^\d{1,2}\.?\s\s|^\W*(read more|read next|more on|most read|related|watch|next|see also|don.t miss|in pictures)\b\s*[:\-–]?|^\d+\.? +[A-Z].{15,80}[^.]$"),
    ("copyright", r"©|all rights reserved|^\(?(photo|image|picture|credit|graphic|data|source)s?:|^reprints|\b(photo|image|picture)/"),
    ("promo", r"\bon air now\b|listen live|^\W*download (the|our)|^\W*(text us|follow us|win with|tune in)|\bour app\b|\bpodcast\b"),
    ("other", r"^\d+\s*(/|of)?\s*\d+$|min(ute)?s? read|cookies?\b|^listen\b|^ends$|^\*+(\s\*+)*$|^loading"),
)  # fmt: skip
_LINES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _LINE_PATTERNS)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_BYLINE = re.compile(
    rf"^\d\d:\d\d\b.{{0,60}}$|^(by [A-Z]|(published|updated|posted)\b|.{{0,60}}\b(correspondent|reporter|editor)$)"
    rf"|^\W*(\d{{1,2}}[:.]\d\d\s*,?\s*)?\w*,?\s*\d{{1,2}}(st|nd|rd|th)? {_MONTH}[\s,]*(\d{{4}})?[\s,\d:.apm]*$"
    rf"|^\W*\w*,?\s*{_MONTH} \d{{1,2}}, \d{{4}}[\s,\d:.apm]*$",
    re.IGNORECASE,
)
_TAGLINE = re.compile(
    r"^[Aa]dditional reporting by|^[Rr]eporting by|^editing by|contributed to this report|^\W*[A-Z]\w+ [A-Z]\w+ is (a|the) .*(writer|editor|columnist)"
)
_CORRECTION = re.compile(r"^(correction|clarification|editor.s note)\b|earlier version of this", re.IGNORECASE)
_DATELINE = re.compile(r"^[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ' .-]+(, [A-Z][\w. ]+)?( \([^)]+\))? [—–-](?= )")
_WIDGETS = (
    # What has an end of its own,
    ("advertisement", r"(?:ADVERTISEMENT|Advertisement)(?:\s+Story continues(?: below)?)?|Story continues below"),
    (
        "share",
        r"(?:Share(?= ?(?:this|on\b|Tweet|Copy|Facebook|$))|Tweet\b|Tweet(?=[A-Z])|Copy link|on Facebook|WhatsApp(?=$|Comm|Share))(?:(?: ?(?:this|on Facebook|on X|Tweet|WhatsApp|Facebook|Email|Copy link))*)",
    ),
    ("comments", r"(?:\d+ ?[Cc]omments\b|Comments ?\(\d+\))(?:\s+Join the conversation)?"),
    ("promo", r"Text us \d+|Download the app|Listen Live"),
    ("other", r"(?<!\S)\d{1,2}(?: ?/ ?|\s\s)\d{1,2}(?=$|\s*[A-Z][a-z]+:| [A-Z])"),
    # and what goes on to the end of the line or to the next widget.
    ("related", r"(?:Read [Mm]ore|READ MORE|Read next|READ NEXT|Most [Rr]ead|MOST READ)\b"),
    ("newsletter", r"(?:Sign up|SIGN UP|Subscribe to|SUBSCRIBE)\b"),
    ("poll", r"(?:Vote in our poll|READER POLL|Reader poll|POLL|WHAT DO YOU THINK)\b"),
    ("copyright", r"\(?(?:Credit|Image|Photo|Picture|Pic|Graphic|Video)s?: ?|\([A-Z]{2,4} (?:Photo|Image)/|©"),
    ("promo", r"(?:On Air Now|Download our|Follow us)\b"),
    ("advertisement", r"[\U0001F300-\U0001FAFF] ?[A-Z]{3}|Sponsored by\b"),
)
_WIDGET = re.compile("|".join(f"(?P<w{i}>{pattern})" for i, (_, pattern) in enumerate(_WIDGETS)))
_FIRST_OPEN = 5
"""From this place on widgets go on to the next one."""
_RESUMES = re.compile(r"(?<=[a-z.!?])(?=[A-ZÀ-Þ][\w’']+ (?:[\w’']+ ){2})")
_OPEN_END = re.compile(r"[\w,;:]$")


def zones(text: str) -> list[Span]:
    """The zones of a page, line by line."""
    found: list[Span] = []
    has_headline = False
    for start, end in lines(text):
        for piece_start, piece_end, kind in _pieces(text, start, end):
            if kind == "" and not has_headline and not _BYLINE.search(text[piece_start:piece_end]):
                kind, has_headline = "headline", True
            piece = span(text, piece_start, piece_end, kind=kind or _article_kind(text[piece_start:piece_end], found))
            if piece["text"]:
                found += _with_dateline(text, piece)
    return _with_captions(continued(found))


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """The pieces of a line with their kinds, "" for what is of the article."""
    line = text[start:end]
    if _CORRECTION.search(line) or _TAGLINE.search(line):
        return [(start, end, "")]
    glued = _glued(text, start, end)
    if any(kind == "" for _, _, kind in glued) or len(glued) > 1:
        return glued
    if len(line) < 300:
        for kind, pattern in _LINES:
            if pattern.search(line):
                return [(start, end, kind)]
    return glued or [(start, end, "")]


def _glued(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    """The pieces into which widgets cut a line; none if there is no widget in it."""
    widgets = list(_WIDGET.finditer(text, start, end))
    pieces, at = [], start
    for match, following in zip(widgets, [*widgets[1:], None], strict=False):
        number = int(match.lastgroup[1:])
        stop = following.start() if following else end
        if number < _FIRST_OPEN:
            stop = match.end()
        elif resumed := _RESUMES.search(text, match.end() + 12, stop):
            stop = resumed.start()
        pieces += [(at, match.start(), ""), (match.start(), stop, _WIDGETS[number][0])]
        at = stop
    return _merged(text, [*pieces, (at, end, "")]) if widgets else []


def _merged(text: str, pieces: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The pieces with signs alone given to the widget before or after, and neighbours of a kind joined."""
    merged: list[tuple[int, int, str]] = []
    for start, end, kind in pieces:
        if not any(character.isalnum() for character in text[start:end]) and kind == "":
            if merged:
                merged[-1] = (merged[-1][0], end, merged[-1][2])
            continue
        if merged and merged[-1][2] == kind:
            merged[-1] = (merged[-1][0], end, kind)
        else:
            merged.append((start if merged else pieces[0][0], end, kind))
    return merged


def _article_kind(line: str, before: list[Span]) -> str:
    if _CORRECTION.search(line):
        return "correction"
    if _TAGLINE.search(line):
        return "tagline"
    has_body = any(zone["kind"] == "body" for zone in before)
    if not has_body and _BYLINE.search(line):
        return "byline"
    if (
        has_body
        and len(line.split()) <= 8
        and not re.search(r"[.!?:,;]$|[.!?,][”’\"']$", line)
        and not line[:1].islower()
    ):
        return "subheading"
    return "body"


def _with_dateline(text: str, zone: Span) -> list[Span]:
    match = _DATELINE.match(zone["text"]) if zone["kind"] == "body" else None
    if not match:
        return [zone]
    cut = zone["start"] + match.end()
    return [span(text, zone["start"], cut, kind="dateline"), span(text, cut, zone["end"], kind="body")]


def continued(zones: list[Span]) -> list[Span]:
    """The zones with those marked that go on with what boilerplate interrupted in mid-sentence."""
    article = {"headline", "byline", "dateline", "body", "subheading", "caption", "tagline", "correction"}
    last, interrupted, found = None, False, []
    for zone in zones:
        if zone["kind"] not in article:
            interrupted = True
        else:
            same = interrupted and last is not None and last["kind"] == zone["kind"]
            zone = {**zone, "continues": bool(same and _OPEN_END.search(last["text"]))}
            last, interrupted = zone, False
        found.append(zone)
    return found


def _with_captions(zones: list[Span]) -> list[Span]:
    """The zones with body lines called captions where a credit follows in one or two short lines."""
    found = [dict(zone) for zone in zones]
    for i, zone in enumerate(found):
        following = [z["kind"] for z in found[i + 1 : i + 3]]
        near_credit = following[:1] == ["copyright"] or following[:2] == ["other", "copyright"]
        if zone["kind"] in ("body", "subheading") and near_credit and len(zone["text"]) < 160:
            zone["kind"] = "caption"
    return found
