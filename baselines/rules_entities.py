"""Rule-based names, values and coreference: patterns, small word lists, capital letters."""

from __future__ import annotations

import re

from common import Span, sentences, span

_NUMBER = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|sixty|hundred|dozens?|thousands?|hundreds|half|\d[\d,]*(?:\.\d+)?)"
_VAGUE = r"(?:(?:about|around|nearly|almost|more than|less than|at least|at most|up to|over|under|some) )?"
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.?|Feb\.?|Aug\.?|Sept?\.?|Oct\.?|Nov\.?|Dec\.?)"
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_VALUES = (
    ("TIME", rf"\b\d{{1,2}}(?:[.:]\d\d)? ?(?:a\.m\.|p\.m\.|am\b|pm\b)|\b\d\d:\d\d\b|\b(?:{_DAY}|yesterday|this) (?:morning|afternoon|evening|night)\b|\b(?:last night|tonight|overnight|midnight|noon|midday|dawn)\b"),
    ("TIME", rf"\b{_VAGUE}(?:an?|{_NUMBER})[ -](?:hours?|minutes?|seconds?)\b"),
    ("DATE", rf"\b{_DAY}, {_MONTH} \d{{1,2}}(?:, \d{{4}})?\b|\b(?:{_DAY},? )?\d{{1,2}} {_MONTH}(?: \d{{4}})?\b|\b{_MONTH} \d{{1,2}}(?:, \d{{4}})?\b|\b{_MONTH} \d{{4}}\b"),
    ("DATE", rf"\b(?:last |next |every |this )?{_DAY}\b|\b(?:January|February|April|June|July|August|September|October|November|December)\b|\b(?:19|20)\d\d\b|\b(?:the )?(?:1[89]|20)\d0s\b"),
    ("DATE", rf"\b{_VAGUE}(?:a|an|{_NUMBER})[ -](?:years?|months?|weeks?|days?|nights?|decades?)(?:[ -]old| ago| later| earlier)?\b"),
    ("DATE", r"\b(?:today|yesterday|tomorrow|daily|Christmas|Easter|(?:last|next|this|that|the past) (?:week|weekend|month|year|spring|summer|autumn|winter))\b"),
    ("PERCENT", rf"\b{_VAGUE}\d[\d,.]*(?: ?%| per ?cent\b| percent\b)"),
    ("MONEY", rf"{_VAGUE}(?:US|NZ|A)?[£$€]\d[\d,]*(?:\.\d+)?(?: ?(?:million|billion|bn|m|k)\b)?|\b\d[\d,.]* (?:dollars|pounds|euros|quid|pence)\b"),
    ("QUANTITY", rf"\b{_VAGUE}{_NUMBER}[ -](?:met(?:re|er)s?|km|kilomet(?:re|er)s?|miles?|feet|foot|yards?|inch(?:es)?|lit(?:re|er)s?|kg|kilos?|kilograms?|tonnes?|tons?|hectares?|acres?|degrees?|mph|knots)\b"),
    ("ORDINAL", r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d+(?:st|nd|rd|th))\b"),
    ("CARDINAL", rf"\b{_VAGUE}(?:\d[\d,]*(?:[-–]\d+)+|{_NUMBER})\b"),
)  # fmt: skip
_VALUE_PATTERNS = tuple(
    (kind, re.compile(pattern, 0 if kind in ("DATE", "MONEY") else re.IGNORECASE)) for kind, pattern in _VALUES
)

_NAME_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]*[\w]|[A-Z]\."
_NAME = re.compile(rf"(?:{_NAME_WORD})(?: (?:of|and|de|da|del|van|von|the|for|&|(?:{_NAME_WORD}))(?= (?:{_NAME_WORD}))| (?:{_NAME_WORD}))*")  # fmt: skip
_TITLES = frozenset(["Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Professor", "Sir", "Dame", "Lord", "Lady", "Rev", "Father", "Sister", "Capt", "Captain", "Col", "Colonel", "Gen", "General", "Sgt", "Sergeant", "Detective", "Constable", "Inspector", "Judge", "Justice", "Recorder", "President", "Minister", "Senator", "Councillor", "Cllr", "Mayor", "Chief", "Superintendent", "Officer"])  # fmt: skip
_TYPES_BY_LAST_WORD = {
    "ORG": "Ltd Limited Inc plc PLC Corp Company Group Council Ministry Department Office Agency Authority Commission Committee Court Police University College School Academy Bank Party Union Club FC United Federation Association Society Institute Foundation Trust Board Service Services Times Post Echo News Wire Courier Herald Gazette Ferries Airlines Railways Health Hospital Parliament Senate Army Navy",
    "FAC": "Bridge Road Street Avenue Lane Terrace Square Airport Stadium Arena Hall Station Tower Castle House Farm Harbour Harbor Port Pier Quay Dam Tunnel Theatre Museum Prison Park Mill Market",
    "LOC": "River Lake Sea Ocean Bay Island Islands Mountains Mountain Mount Hill Hills Valley Coast Peninsula Desert Forest Beach Point Head Strait Gulf Bank",
    "EVENT": "Cup Games Olympics Championship Championships Festival War Awards Prix Marathon Derby League",
    "LAW": "Act Bill Treaty Constitution Code Directive",
}  # fmt: skip
_TYPE_OF_LAST_WORD = {word: kind for kind, words in _TYPES_BY_LAST_WORD.items() for word in words.split()}
_PLACES = frozenset(["Afghanistan", "Africa", "Argentina", "Asia", "Australia", "Austria", "Belgium", "Brazil", "Britain", "Bulgaria", "Canada", "Chile", "China", "Colombia", "Cuba", "Denmark", "Egypt", "England", "Europe", "Finland", "France", "Germany", "Ghana", "Greece", "Hungary", "India", "Indonesia", "Iran", "Iraq", "Ireland", "Israel", "Italy", "Jamaica", "Japan", "Kenya", "Leitrim", "London", "Malaysia", "Mexico", "Netherlands", "Newcastle", "Nigeria", "Norway", "Pakistan", "Paris", "Peru", "Poland", "Portugal", "Romania", "Russia", "Rome", "Scotland", "Singapore", "Spain", "Sweden", "Switzerland", "Sydney", "Taiwan", "Thailand", "Tokyo", "Turkey", "Uganda", "Ukraine", "Vietnam", "Wales", "Wellington", "Auckland", "Dublin", "Lima", "Leeds", "Leicester", "Hull", "York", "Manchester", "Birmingham", "Berlin", "Brussels", "Madrid", "Washington"])  # fmt: skip
_PEOPLES = frozenset(["African", "American", "Argentine", "Asian", "Australian", "Austrian", "Belgian", "Brazilian", "British", "Bulgarian", "Canadian", "Catholic", "Chilean", "Chinese", "Christian", "Colombian", "Cuban", "Danish", "Democrat", "Democratic", "Democrats", "Dutch", "Egyptian", "English", "European", "Finnish", "French", "German", "Greek", "Hungarian", "Indian", "Iranian", "Iraqi", "Irish", "Israeli", "Italian", "Jamaican", "Japanese", "Jewish", "Kenyan", "Kiwi", "Korean", "Māori", "Maori", "Mexican", "Muslim", "Nigerian", "Norwegian", "Pakistani", "Peruvian", "Polish", "Portuguese", "Republican", "Republicans", "Romanian", "Russian", "Scottish", "Spanish", "Swedish", "Swiss", "Thai", "Turkish", "Ukrainian", "Vietnamese", "Welsh"])  # fmt: skip
_NOT_NAMES = frozenset(["A", "About", "After", "All", "Also", "An", "And", "Another", "Any", "As", "At", "Before", "But", "By", "Can", "Did", "Do", "Each", "Even", "Every", "Few", "For", "From", "Had", "Has", "Have", "He", "Her", "Here", "Hers", "His", "How", "However", "I", "If", "In", "Inside", "Into", "Is", "It", "Its", "Just", "Last", "Later", "Like", "Many", "May", "Maybe", "More", "Most", "My", "Neither", "No", "Nobody", "None", "Nor", "Not", "Nothing", "Now", "Of", "On", "Once", "One", "Only", "Or", "Other", "Our", "Out", "Outside", "Over", "People", "Perhaps", "Please", "She", "Since", "So", "Some", "Still", "Such", "Than", "That", "The", "Their", "Them", "Then", "There", "These", "They", "This", "Those", "Though", "Three", "Through", "To", "Today", "Tomorrow", "Two", "Under", "Until", "Up", "Was", "We", "Were", "What", "When", "Where", "Which", "While", "Who", "Why", "Will", "With", "Without", "Would", "Yes", "Yesterday", "Yet", "You", "Your"])  # fmt: skip
_PLACE_BEFORE = re.compile(r"\b(?:in|near|outside|from|across|around|of|to) $")


def named_spans(text: str) -> list[Span]:
    """Names and values, none inside another."""
    taken: list[Span] = []
    for kind, pattern in _VALUE_PATTERNS:
        for match in pattern.finditer(text):
            _add(taken, span(text, *match.span(), type=kind))
    people: set[str] = set()
    for start, end in _names(text):
        found = _typed(text, start, end, people)
        if found:
            _add(taken, found)
    return sorted(taken, key=lambda s: s["start"])


def _add(taken: list[Span], new: Span) -> None:
    if new["text"] and not any(new["start"] < old["end"] and old["start"] < new["end"] for old in taken):
        taken.append(new)


def _names(text: str) -> list[tuple[int, int]]:
    """Runs of capitalised words, words left out at the front that begin a sentence or are titles."""
    found = []
    begins = {start for start, _ in sentences(text)}
    for match in _NAME.finditer(text):
        start, end = match.span()
        words = match.group().split(" ")
        while words and (words[0] in _NOT_NAMES or words[0].rstrip(".") in _TITLES):
            start += len(words.pop(0)) + 1
        surface = " ".join(words)
        if not words or len(surface) < 2 or (len(words) == 1 and start in begins and not _known(surface, text)):
            continue
        if surface.isupper() and len(surface) > 5:
            continue
        end -= 2 if surface.endswith(("’s", "'s")) else 0
        found.append((start, end))
    return found


def _known(word: str, text: str) -> bool:
    """Whether a word that begins a sentence is a name: it is on a list, or stands elsewhere in mid-sentence."""
    bare = re.escape(word.removesuffix("’s").removesuffix("'s"))
    return word in _PLACES or word in _PEOPLES or bool(re.search(rf"[a-z,] {bare}\b", text))


def _typed(text: str, start: int, end: int, people: set[str]) -> Span:
    """The name with its type, by its words and what stands before it; `people` collects surnames."""
    surface = text[start:end]
    words = surface.split(" ")
    titled = text[:start].rstrip(" .").rsplit(" ", 1)[-1].rsplit("\n", 1)[-1] in _TITLES
    if surface in _PEOPLES:
        kind = "NORP"
    elif surface in _PLACES or words[-1] in _PLACES:
        kind = "GPE"
    elif words[-1] in people or titled:
        kind = "PERSON"
    elif words[-1] in _TYPE_OF_LAST_WORD:
        kind = _TYPE_OF_LAST_WORD[words[-1]]
    elif len(words) == 1 and surface.isupper():
        kind = "ORG"
    elif len(words) == 1 and _PLACE_BEFORE.search(text[:start]):
        kind = "GPE"
    elif len(words) in (1, 2, 3) and not {"of", "and", "the", "for", "&"} & set(words):
        kind = "PERSON"
    else:
        kind = "ORG"
    if kind == "PERSON":
        people.add(words[-1])
        people.add(words[0])
    return span(text, start, end, type=kind)


# Coreference

_PRONOUNS = {
    **dict.fromkeys(["he", "him", "his", "himself", "she", "her", "hers", "herself"], ("PERSON",)),
    **dict.fromkeys(["it", "its", "itself"], ("ORG", "GPE", "FAC", "PRODUCT")),
    **dict.fromkeys(["they", "them", "their", "theirs"], ("ORG", "NORP")),
}
_PRONOUN = re.compile(rf"\b(?:{'|'.join(_PRONOUNS)})\b", re.IGNORECASE)
_DEFINITE = re.compile(r"\b[Tt]he ([a-z]+(?:-[a-z]+)?)(?= (?:of|in|at|on|to|was|is|had|has|said|who|which|that|and|would|will|were)\b|[.,;:’”'\"])")  # fmt: skip
_NAMED = frozenset(["PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"])


def clusters(text: str) -> list[list[Span]]:
    """Names that are equal or share a surname, each pronoun with the last name that it may stand for,
    and `the` with the same noun."""
    names = [s for s in named_spans(text) if s["type"] in _NAMED]
    marks = [("name", s) for s in names]
    marks += [("pronoun", span(text, *m.span())) for m in _PRONOUN.finditer(text)]
    marks += [("definite", span(text, *m.span())) for m in _DEFINITE.finditer(text)]
    seen: set[tuple[int, int]] = set()
    marks = [m for m in marks if not ((key := (m[1]["start"], m[1]["end"])) in seen or seen.add(key))]
    marks.sort(key=lambda mark: mark[1]["start"])
    groups: list[list[Span]] = []
    by_key: dict[tuple[str, str], int] = {}
    last: dict[str, int] = {}
    for sort, mark in marks:
        index = _group_of(sort, mark, by_key, last)
        if index is None and sort == "pronoun":
            continue
        if index is None:
            index = len(groups)
            groups.append([])
        groups[index].append({key: mark[key] for key in ("start", "end", "text")})
        if sort != "pronoun":
            for key in _keys(sort, mark):
                by_key.setdefault(key, index)
        if sort == "name":
            last[mark["type"]] = index
    return groups


def _keys(sort: str, mark: Span) -> list[tuple[str, str]]:
    if sort == "definite":
        return [("definite", mark["text"].lower())]
    keys = [("name", mark["text"])]
    if mark["type"] == "PERSON":
        keys.append(("surname", mark["text"].split(" ")[-1]))
    return keys


def _group_of(sort: str, mark: Span, by_key: dict[tuple[str, str], int], last: dict[str, int]) -> int | None:
    if sort == "pronoun":
        candidates = [last[kind] for kind in _PRONOUNS[mark["text"].lower()] if kind in last]
        return max(candidates, default=None)
    return next((by_key[key] for key in _keys(sort, mark) if key in by_key), None)
