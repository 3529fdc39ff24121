"""Drafts: articles in which spans are written as text, and how their offsets are found.

Nobody can count code points. In a draft a span is written as its text (`"Lee"`), as its text in a
bracketed context (`"amid [he] said"`), as its text with the number of its occurrence
(`{"text": "he", "occurrence": 3}`), or shortened with a gap (`"A letter [...] instead."`). A
backslash makes a bracket literal. `anchor` turns a draft into an article, and an article whose text
was corrected into one whose offsets are right again.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from wirecopy import shape, spans
from wirecopy.article import ATTRIBUTION_ROLES, Article, line_hashes, no_break_spaces, spans_of, text_hash
from wirecopy.problems import Finding

GAP = "[...]"
_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "–": "-", "—": "-", "…": "."})
_DEFAULTS: dict[str, dict[str, Any]] = {
    "article": {
        "rights": {"text": "CC-BY-4.0", "annotation": "CC-BY-4.0"},
        "provenance": {"kind": "written", "source": None},
        "line_sha256": [], "no_break_spaces": [],
        "zones": [], "entities": [], "values": [], "attributions": [], "events": [],
    },
    "zone": {"continues": False},
    "value": {"value": None},
    "attribution": {
        "mode": "speech", "cue": [], "source": [], "addressee": [], "source_entity": None,
        "anonymous": False, "implicit": False, "parent": None,
    },
    "event": {"polarity": "POSITIVE", "arguments": []},
    "argument": {"entity": None, "value": None, "event": None},
}  # fmt: skip
_ID_PREFIXES = {"values": "v", "attributions": "a", "events": "ev"}


class DraftError(Exception):
    """Raised by `anchor` with everything that keeps a draft from being anchored."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} spans could not be anchored")
        self.findings = findings


def anchor(draft: dict[str, Any], text: str | None = None) -> tuple[Article, list[str]]:
    """The article that a draft means, in canonical order, and notes on the spans that moved.

    `text` replaces the draft's own text: a corrected one, or that of a licensed article, which is
    used and not stored. Spans that have offsets and fit the text stay as they are, so that
    anchoring an anchored article changes nothing. Raises `DraftError` with all findings, and
    leaves `draft` as it was.
    """
    text = text if text is not None else draft.get("text")
    findings = list(_wrong_types(draft, text))
    if findings:
        raise DraftError(findings)
    if text is not None:
        moves = _Reanchoring(text, draft)
        resolve = lambda pointer, span: _resolve(span, text, pointer, findings, moves)  # noqa: E731
    else:
        moves = None
        resolve = lambda pointer, span: _keep_offsets(span, pointer, findings)  # noqa: E731
    article = _resolved(draft, resolve, findings)
    if findings:
        raise DraftError(findings)
    _fill(article, text)
    _sort(article)
    _number(article)
    if article["provenance"].get("kind") == "licensed":
        if text is not None:
            article["line_sha256"] = line_hashes(text)
            article["no_break_spaces"] = no_break_spaces(text)
        article["text"] = None
        for _, span in spans_of(article):
            span["text"] = None
    return _in_schema_order(article, shape.article_schema()), moves.notes if moves else []


_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _wrong_types(draft: dict[str, Any], text: Any) -> Iterator[Finding]:
    """What in a draft has a type that nothing can be done with."""
    if text is not None and not isinstance(text, str):
        yield Finding("/text", "/text is no string", "write the text of the page, or null")
    if not isinstance(draft.get("id"), str) or not _ID.fullmatch(draft["id"]):
        yield Finding("/id", "/id must be lower-case words joined by hyphens", 'write it like "ferry-crews-vote"')
    if not isinstance(draft.get("provenance", {}), dict):
        yield Finding("/provenance", "/provenance is no object", 'write {"kind": "written", "source": null}')
    for layer in ("entities", "values", "attributions", "events"):
        items = draft.get(layer)
        for i, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict) and not isinstance(item.get("id"), str | None):
                yield Finding(
                    f"/{layer}/{i}/id", f"/{layer}/{i}/id is no string", "write a readable id, or leave it out"
                )
    if text is None and not draft.get("text_sha256"):
        yield Finding("/text", "/text is missing", "put the text of the page in, or name its file with --text")
    if text is not None and _lost_its_surfaces(draft) and draft["text_sha256"] != text_hash(text):
        message = "the spans have offsets and no surfaces, and this is not the text that they belong to"
        yield Finding("/text_sha256", message, "give the text with the SHA-256 that /text_sha256 names")


def _lost_its_surfaces(draft: dict[str, Any]) -> bool:
    """Whether the draft is a stand-off article, whose spans cannot be found again in another text."""
    zones = draft.get("zones")
    first = zones[0] if isinstance(zones, list) and zones else None
    return "text_sha256" in draft and isinstance(first, dict) and "start" in first and first.get("text") is None


def _resolved(draft: dict[str, Any], resolve: Callable, findings: list[Finding]) -> dict[str, Any]:
    """A copy of the draft with the defaults filled in and each span resolved."""

    def items(holder: dict[str, Any], key: str, pointer: str) -> Iterator[tuple[str, Any]]:
        found = holder.get(key, [])
        if not isinstance(found, list):
            findings.append(Finding(f"{pointer}/{key}", f"{pointer}/{key} is no list", "write a list of items"))
            return
        for i, item in enumerate(found):
            yield f"{pointer}/{key}/{i}", item

    def objects(holder: dict[str, Any], key: str, default: str, pointer: str) -> Iterator[tuple[str, dict]]:
        for place, item in items(holder, key, pointer):
            if isinstance(item, dict):
                yield place, {**_DEFAULTS.get(default, {}), **item}
            else:
                findings.append(Finding(place, f"{place} is no object", f"write {{…}} with the fields of a {default}"))

    def span_list(holder: dict[str, Any], key: str, pointer: str) -> list[dict]:
        return [resolve(place, item) for place, item in items(holder, key, pointer)]

    article = {**_DEFAULTS["article"], **draft}
    article["zones"] = [resolve(place, zone) for place, zone in objects(article, "zones", "zone", "")]
    article["values"] = [resolve(place, value) for place, value in objects(article, "values", "value", "")]
    layers: dict[str, list[dict]] = {"entities": [], "attributions": [], "events": []}
    for place, entity in objects(article, "entities", "entity", ""):
        entity["mentions"] = span_list(entity, "mentions", place)
        layers["entities"].append(entity)
    for place, attribution in objects(article, "attributions", "attribution", ""):
        for role in ATTRIBUTION_ROLES:
            attribution[role] = span_list(attribution, role, place)
        layers["attributions"].append(attribution)
    for place, event in objects(article, "events", "event", ""):
        event["triggers"] = span_list(event, "triggers", place)
        event["arguments"] = [argument for _, argument in objects(event, "arguments", "argument", place)]
        layers["events"].append(event)
    return {**article, **layers}


# Finding one span


def _resolve(span: Any, text: str, pointer: str, findings: list[Finding], moves: _Reanchoring) -> dict[str, Any]:
    """The span with its offsets and surface; what keeps it from having them goes to `findings`."""
    if isinstance(span, str):
        span = {"text": span}
    if not isinstance(span, dict):
        findings.append(Finding(pointer, f"{pointer} is no span", 'write "text" or {"text": …}'))
        return {}
    rest = {k: v for k, v in span.items() if k not in ("start", "end", "text", "occurrence")}
    surface, occurrence = span.get("text"), span.get("occurrence")
    try:
        if surface is not None and not isinstance(surface, str):
            raise _Unresolved(f"{pointer}: the text of the span is no string", "write the words of the span")
        if isinstance(span.get("start"), int) and isinstance(span.get("end"), int):
            start, end = moves.place(span["start"], span["end"], surface, pointer)
        elif isinstance(surface, str) and surface:
            start, end = _find(surface, occurrence, text, pointer)
        else:
            raise _Unresolved(f"{pointer} has neither text nor offsets", "write the words of the span")
    except _Unresolved as problem:
        findings.append(Finding(pointer, problem.message, problem.hint))
        return {}
    return {**rest, "start": start, "end": end, "text": text[start:end]}


def _keep_offsets(span: Any, pointer: str, findings: list[Finding]) -> dict[str, Any]:
    """A span of an article whose text is not at hand: it must have its offsets already."""
    if isinstance(span, dict) and isinstance(span.get("start"), int) and isinstance(span.get("end"), int):
        return {**span}
    findings.append(
        Finding(pointer, f"{pointer} has no offsets, and the text is not at hand", "give the text with --text FILE")
    )
    return {}


class _Unresolved(Exception):
    def __init__(self, message: str, hint: str) -> None:
        self.message, self.hint = message, hint


def _find(pattern: str, occurrence: Any, text: str, pointer: str) -> tuple[int, int]:
    """The bounds of the one place that a draft's span text means."""
    compiled = _compile(pattern, pointer)
    places = [(m.start("span"), m.end("span")) for m in compiled.finditer(text)]
    places = list(dict.fromkeys(places))
    if not places:
        raise _Unresolved(f"{pointer}: {_shown(pattern)} is not in the text", _nearest(pattern, text))
    if occurrence is not None:
        if not isinstance(occurrence, int) or not 1 <= occurrence <= len(places):
            raise _Unresolved(
                f"{pointer}: {_shown(pattern)} has no occurrence {occurrence}",
                f"it occurs {len(places)} times, counted from 1",
            )
        return places[occurrence - 1]
    if len(places) > 1:
        raise _Unresolved(
            f"{pointer}: {_shown(pattern)} occurs {len(places)} times",
            "add words around it in a bracketed context, or an occurrence number: "
            + "; ".join(f"{n}: {_in_context(text, *place)}" for n, place in enumerate(places[:8], start=1))
            + ("; …" if len(places) > 8 else ""),
        )
    return places[0]


def _compile(pattern: str, pointer: str) -> re.Pattern[str]:
    """A regular expression for a draft's span text, with the span in the group `span`.

    It matches at every position, so that overlapping places are all found.
    """
    out, opened, closed, position = [], False, False, 0
    pattern = re.sub(r" *\[\.\.\.\] *", GAP, pattern)  # Spaces around a gap are for the reader.
    while position < len(pattern):
        char = pattern[position]
        if pattern.startswith(GAP, position):
            out.append(r"[^\n]*?")
            position += len(GAP)
            continue
        if char == "\\" and position + 1 < len(pattern) and pattern[position + 1] in "[]\\":
            out.append(re.escape(pattern[position + 1]))
            position += 2
            continue
        if char == "[" and not opened:
            out.append("(?P<span>")
            opened = True
        elif char == "]" and opened and not closed:
            out.append(")")
            closed = True
        elif char in "[]":
            raise _Unresolved(
                f"{pointer}: the brackets in {_shown(pattern)} do not make one pair",
                "bracket the span once; write a bracket of the text itself as \\[ or \\]",
            )
        else:
            out.append(re.escape(char))
        position += 1
    if opened != closed:
        raise _Unresolved(f"{pointer}: a bracket in {_shown(pattern)} is not closed", "close it behind the span")
    body = "".join(out)
    return re.compile(f"(?={body})" if opened else f"(?=(?P<span>{body}))")


def _literal(pattern: str) -> str:
    """The pattern's words without its brackets, for comparing with the text."""
    return re.sub(r"\\([\[\]\\])|[\[\]]", lambda m: m[1] or "", pattern.replace(GAP, " "))


def _nearest(pattern: str, text: str) -> str:
    """What in the text is most like a span that is not in it."""
    wanted = _literal(pattern)
    folded_text = text.translate(_ALIKE).casefold()
    at = folded_text.find(wanted.translate(_ALIKE).casefold()) if len(folded_text) == len(text) else -1
    if at != -1:
        found = text[at : at + len(wanted)]
        odd = sorted({c for c in found if not c.isascii() or c.isupper()} - set(wanted))
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in odd[:4])
        return f"the text differs in case, quotation marks, dashes or kinds of space: it has {_shown(found)}" + (
            f", with {named}" if named else ""
        )
    words = [match.span() for match in re.finditer(r"\S+", text)]
    width = max(1, len(wanted.split()))
    windows = {text[words[i][0] : words[min(i + width, len(words)) - 1][1]]: words[i][0] for i in range(len(words))}
    near = difflib.get_close_matches(wanted, windows, n=3, cutoff=0.6)
    if not near:
        return "nothing in the text is like it; copy the words from the text"
    return "the nearest in the text: " + "; ".join(f"{_shown(n)} at {windows[n]}" for n in near)


def _in_context(text: str, start: int, end: int, width: int = 20) -> str:
    before, after = text[max(0, start - width) : start], text[end : end + width]
    return _shown(f"{before}[{text[start:end]}]{after}", 2 * width + 40)


def _shown(text: str, width: int = 80) -> str:
    text = text.replace("\n", "\\n").replace("\u00a0", "\\u00a0")
    if len(text) > width:
        text = f"{text[: width // 2]}…{text[-width // 2 :]}"
    return f'"{text}"'


class _Reanchoring:
    """Finds spans that have offsets already again, after their text was corrected.

    The surfaces of the spans, zones above all, tell what the old text was. Where old and new text
    agree, offsets are carried over; a span whose own words changed is looked for around the place where
    it should be.
    """

    def __init__(self, text: str, draft: dict[str, Any]) -> None:
        self.text = text
        self.notes: list[str] = []
        old = _old_text(draft)
        self.unchanged = draft.get("text_sha256") == text_hash(text) or old == text[: len(old)]
        self.blocks = [] if self.unchanged else _equal_blocks(old, text)

    def place(self, start: int, end: int, surface: str | None, pointer: str) -> tuple[int, int]:
        if surface is None or (self.unchanged and self.text[start:end] == surface):
            return start, end
        expected = self._carried(start)
        places = [m.start() for m in re.finditer(f"(?={re.escape(surface)})", self.text)] if surface else []
        if not places:
            raise _Unresolved(f"{pointer}: {_shown(surface)} is no longer in the text", _CORRECT_SURFACE)
        nearest = sorted(places, key=lambda place: abs(place - expected))
        if len(nearest) > 1 and abs(nearest[0] - expected) == abs(nearest[1] - expected):
            raise _Unresolved(
                f"{pointer}: {_shown(surface)} stands equally near at {nearest[0]} and {nearest[1]}",
                "replace start and end by an occurrence number or a bracketed context",
            )
        found = nearest[0], nearest[0] + len(surface)
        if found != (start, end):
            self.notes.append(f"{pointer} {_shown(surface)} moved from [{start}:{end}] to [{found[0]}:{found[1]}]")
        return found

    def _carried(self, offset: int) -> int:
        """Where the character at an old offset should be in the new text."""
        shift = 0
        for old, new, length in self.blocks:
            if offset < old:
                break
            shift = new - old
            if offset < old + length:
                break
        return offset + shift


_CORRECT_SURFACE = "where the correction touched a span, write the span's new words, at least those of its zone"


def _old_text(draft: dict[str, Any]) -> str:
    """What the text was by the surfaces of the zones, with spaces where no zone is."""
    chars: list[str] = []
    zones = draft.get("zones")
    for zone in zones if isinstance(zones, list) else []:
        if isinstance(zone, dict) and isinstance(zone.get("start"), int) and isinstance(zone.get("text"), str):
            chars += " " * (zone["start"] + len(zone["text"]) - len(chars))
            chars[zone["start"] : zone["start"] + len(zone["text"])] = zone["text"]
    return "".join(chars)


def _equal_blocks(old: str, new: str) -> list[tuple[int, int, int]]:
    """Stretches that two texts share, in order, word by word: (old offset, new offset, length)."""
    sides = [[(m.start(), m[0]) for m in re.finditer(r"\S+", text)] for text in (old, new)]
    words = [[word for _, word in side] for side in sides]
    matcher = difflib.SequenceMatcher(None, *words, autojunk=False)
    return [
        (sides[0][a + i][0], sides[1][b + i][0], len(words[0][a + i]))
        for a, b, n in matcher.get_matching_blocks()
        for i in range(n)
    ]


# Putting the article in order


def _fill(article: dict[str, Any], text: str | None) -> None:
    if text is not None:
        article["text"] = text
        article["text_sha256"] = text_hash(text)
        article["text_length"] = len(text)


def _sort(article: dict[str, Any]) -> None:
    for entity in article["entities"]:
        entity["mentions"].sort(key=spans.text_order)
    for attribution in article["attributions"]:
        for role in ATTRIBUTION_ROLES:
            attribution[role].sort(key=spans.text_order)
    roles = {name: i for i, name in enumerate(shape.names("argument_role"))}
    for event in article["events"]:
        event["triggers"].sort(key=spans.text_order)
        event["arguments"].sort(key=lambda a: (roles.get(str(a.get("role")), len(roles)), *map(str, a.values())))
    article["zones"].sort(key=spans.text_order)
    article["values"].sort(key=spans.text_order)
    for layer, key in (("entities", "mentions"), ("attributions", "content"), ("events", "triggers")):
        article[layer].sort(key=lambda item, key=key: [spans.text_order(span) for span in item[key]])


def _number(article: dict[str, Any]) -> None:
    """Give ids to what has none: a slug of the name to entities, the next number to the others."""
    layers = ("entities", "values", "attributions", "events")
    used = {item["id"] for layer in layers for item in article[layer] if item.get("id")}
    for entity in article["entities"]:
        if not entity.get("id"):
            entity["id"] = _free(_slug(str(entity.get("name", ""))) or "entity", used)
    for layer, prefix in _ID_PREFIXES.items():
        number = 0
        for item in article[layer]:
            while not item.get("id"):
                number += 1
                if f"{prefix}{number}" not in used:
                    item["id"] = f"{prefix}{number}"
                    used.add(item["id"])


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:48].strip("-")


def _free(slug: str, used: set[str]) -> str:
    candidate, number = slug, 1
    while candidate in used:
        number += 1
        candidate = f"{slug}-{number}"
    used.add(candidate)
    return candidate


def _in_schema_order(node: Any, schema: dict[str, Any]) -> Any:
    """The node with the keys of its objects in the schema's order, unknown ones last."""
    schema = shape.resolve(schema)
    if isinstance(node, dict) and "properties" in schema:
        known = {k: _in_schema_order(node[k], s) for k, s in schema["properties"].items() if k in node}
        return {**known, **{k: v for k, v in node.items() if k not in known}}
    if isinstance(node, list) and "items" in schema:
        return [_in_schema_order(item, schema["items"]) for item in node]
    return node
