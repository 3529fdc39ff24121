"""Rule-based events: a word list of triggers, and the nearest value and name of the sentence."""

from __future__ import annotations

import re
from typing import Any

from common import Span, sentences
from rules_entities import named_spans
from wirecopy import shape

_TRIGGERS = {
    "Life.Die": "died dies dead killed death deaths drowned",
    "Life.Injure": "injured injuries hurt wounded",
    "Life.Marry": "married marry wedding wed",
    "Life.Be-Born": "born",
    "Movement.Transport": "flown driven travelled evacuated drove flew shipped",
    "Transaction.Transfer-Ownership": "sold bought sale purchase sells buys acquired acquisition stolen",
    "Transaction.Transfer-Money": "paid donated loan loans compensation refunds funding",
    "Conflict.Attack": "attack attacked attacks shot stabbed bombing fired",
    "Conflict.Demonstrate": "protest protests protested demonstration rally",
    "Contact.Meet": "met meeting talks summit",
    "Contact.Phone-Write": "letter letters phoned rang emailed wrote",
    "Personnel.Elect": "elected election",
    "Personnel.Nominate": "nominated",
    "Personnel.Start-Position": "appointed hired",
    "Personnel.End-Position": "resigned sacked retired fired",
    "Justice.Arrest-Jail": "arrested arrest arrests detained custody",
    "Justice.Charge-Indict": "charged charges",
    "Justice.Convict": "convicted guilty conviction",
    "Justice.Sentence": "sentenced jailed sentence",
    "Justice.Fine": "fined fine",
    "Justice.Trial-Hearing": "trial hearing",
    "Justice.Sue": "sued lawsuit suing",
    "Justice.Appeal": "appeal appealed",
    "Justice.Acquit": "acquitted cleared",
    "Justice.Release-Parole": "released bail",
    "Justice.Investigate": "investigation inquiry investigating search",
    "Justice.Escape": "escaped escape",
    "Disaster.Natural": "flood floods flooding earthquake landslide storm slip",
    "Disaster.Accident": "crash crashed collapsed collapse fire explosion burst bursts",
    "Health.Outbreak": "outbreak cases case infected",
    "Policy.Decide": "voted vote approved ban banned",
    "Agreement.Conclude": "agreement deal treaty settled",
    "Labour.Strike": "strike strikes walkout",
    "Product.Launch": "launch launched unveiled",
    "Science.Discover": "discovered discovery",
    "Contest.Result": "won beat lost defeat victory win",
    "Contest.Award": "award awarded prize",
    "Market.Move": "rose fell dropped climbed surged",
    "Facility.Open": "opened reopened opening",
    "Facility.Close": "closed closure closing shut",
}
_TYPE_OF = {word: kind for kind, words in _TRIGGERS.items() for word in words.split()}
_TRIGGER = re.compile(rf"\b(?:{'|'.join(sorted(_TYPE_OF, key=len, reverse=True))})\b", re.IGNORECASE)
_UNREAL = re.compile(
    r"\b(?:will|would|could|may|might|should|if|plans?|not|never|n.t|to)\s+(?:\w+\s+)?$", re.IGNORECASE
)
_VALUES = {"Time": ("DATE", "TIME"), "Money": ("MONEY",), "Price": ("MONEY",), "Change": ("PERCENT",), "Score": ("CARDINAL",)}  # fmt: skip
_NAMES = (
    "Person",
    "Victim",
    "Defendant",
    "Agent",
    "Entity",
    "Org",
    "Place",
    "Affected",
    "Winner",
    "Facility",
    "Matter",
)


def events(text: str) -> list[dict[str, Any]]:
    """One event for each trigger of the list, of one type a word."""
    named = named_spans(text)
    found = []
    for start, end in sentences(text):
        inside = [s for s in named if start <= s["start"] < end]
        for match in _TRIGGER.finditer(text, start, end):
            kind = _TYPE_OF[match.group().lower()]
            found.append(
                {
                    "type": kind,
                    "realis": "OTHER" if _UNREAL.search(text[start : match.start()]) else "ACTUAL",
                    "triggers": [{"start": match.start(), "end": match.end(), "text": match.group()}],
                    "arguments": _arguments(kind, match.start(), inside),
                }
            )
    return found


def _arguments(kind: str, at: int, named: list[Span]) -> list[Span]:
    """For each role of the event type the nearest span of a type that may fill it, no span twice."""
    roles = shape.labels("event_type")[kind]["roles"]
    found: list[Span] = []
    for role in [*(r for r in _VALUES if r in roles), *(r for r in _NAMES if r in roles)]:
        allowed = _VALUES.get(role) or tuple(shape.labels("argument_role")[role]["entity_types"])
        free = [s for s in named if s["type"] in allowed and not any(s["start"] == f["start"] for f in found)]
        if free:
            nearest = min(free, key=lambda s: (abs(s["start"] - at), s["start"]))
            found.append({"role": role, **{key: nearest[key] for key in ("start", "end", "text")}})
    return found
