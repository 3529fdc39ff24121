"""Attributions: who said what, scored role by role under one alignment of gold and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wirecopy.scoring.counts import Counts, share_right
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import TOKENS, align, bounds, characters, dice
from wirecopy.scoring.measures import ArticleScore, Measure, Task

ROLES = ("content", "cue", "source")
EXACT = (("match", "exact"),)
OVERLAP = (("match", "overlap"), ("tokens", TOKENS))
ALIGNED = (("match", "aligned"),)
_ALIGNMENT = (
    " Gold and predicted attributions are aligned one to one with the greatest sum of the Dice coefficients of "
    "the tokens "
    "of content, cue and source; a pair must share a token of content or of cue."
)
_PARETI = "Exact match of PARC3 (Pareti et al. 2013; Pareti 2015)"
_SOFT = "Span coverage of Johansson and Moschitti 2013, under a one-to-one alignment"


def _role_measures(role: str) -> tuple[Measure, Measure]:
    return (
        Measure(
            role,
            EXACT,
            f"Attributions with a {role}: correct are those whose aligned partner's {role} covers the same "
            f"characters, white "
            "space aside. Into how many spans it is cut makes no difference." + _ALIGNMENT,
            _PARETI,
            f"Gold: two attributions, both with a {role}. Prediction: three, one {role} equal to its partner's: "
            f"P = 1/3, "
            "R = 1/2, F1 = 2/5.",
        ),
        Measure(
            role,
            OVERLAP,
            f"The same by degrees: R is the mean over gold attributions with a {role} of the part of its tokens "
            f"that the "
            f"partner's {role} has, P the mean over predicted ones of the part of theirs." + _ALIGNMENT,
            _SOFT,
            f"One gold {role} of 4 tokens, aligned with a predicted one of 5 that shares 3, and a second predicted one "
            "without a partner: R = (3/4)/1 = 3/4, P = (3/5 + 0)/2 = 3/10, F1 = 3/7.",
        ),
    )


MEASURES = (
    *(measure for role in ROLES for measure in _role_measures(role)),
    Measure(
        "joint",
        EXACT,
        "Attributions: correct are those whose aligned partner has the same content, cue and source, each "
        "exactly or empty "
        "in both." + _ALIGNMENT,
        _PARETI,
        "Gold: two attributions. Prediction: two; of one all three roles are right, of the other cue and content: "
        "P = R = F1 = 1/2.",
    ),
    Measure(
        "joint",
        OVERLAP,
        "The overlap measure for the tokens of the three roles together, each with its role." + _ALIGNMENT,
        _SOFT,
        "One gold attribution with 1 source, 1 cue and 8 content tokens; the aligned prediction has the cue and "
        "6 tokens of "
        "the content and no source: R = 7/10, P = 7/7, F1 = 14/17.",
    ),
    Measure(
        "type",
        ALIGNED,
        "Aligned pairs in which the prediction has the gold's type (direct, indirect, mixed); a prediction that "
        "states none "
        "is wrong." + _ALIGNMENT,
        "Accuracy; the types are those of Pareti et al. 2013",
        "Of four aligned pairs three have the same type: 3/4.",
        kind="accuracy",
    ),
    Measure(
        "source-entity",
        ALIGNED,
        "Aligned pairs in which the predicted source entity is right: its span is that of any mention of the "
        "gold's source "
        "entity, or there is none in both." + _ALIGNMENT,
        "Our own; coreference-aware as the speaker attribution of Vishnubhotla et al. 2022",
        "Gold: the entity with the mentions 'Owen Pryce' and 'he'. 'he' and 'Owen Pryce' are right, 'Ms Lowe' "
        "and nothing "
        "are wrong.",
        kind="accuracy",
    ),
    Measure(
        "anonymous",
        ALIGNED,
        "Aligned pairs in which the prediction says rightly whether the source is kept unnamed; a prediction "
        "that does not "
        "say is wrong." + _ALIGNMENT,
        "Accuracy",
        "Of four aligned pairs three agree: 3/4.",
        kind="accuracy",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Item:
    """An attribution as it is compared: sort key, characters and tokens by role, and its fields."""

    key: tuple
    characters: dict[str, frozenset[int]]
    tokens: dict[str, frozenset[int]]
    fields: Any


def _item(gold: GoldArticle, attribution: Any) -> _Item:
    spans = tuple(tuple(sorted(map(bounds, attribution[role]))) for role in ROLES)
    entity = attribution.get("source_entity")
    details = tuple(str(attribution.get(name)) for name in ("type", "anonymous"))
    return _Item(
        (*spans, *details, str(bounds(entity) if isinstance(entity, dict) else entity)),
        {role: characters(gold.text, attribution[role]) for role in ROLES},
        {role: gold.tokens.under(attribution[role]) for role in ROLES},
        attribution,
    )


def score(gold: GoldArticle, predicted: Sequence[Any]) -> ArticleScore:
    """Score the attributions of one article, nested ones each for itself."""
    wanted = [_item(gold, attribution) for attribution in gold.article["attributions"]]
    found = [_item(gold, attribution) for attribution in predicted]
    pairs = align([item.key for item in wanted], [item.key for item in found], _similarity(wanted, found))
    result = ArticleScore({})
    for role in ROLES:
        result.counts[f"{role}|match:exact"] = _exact(wanted, found, pairs, (role,))
        result.counts[f"{role}|{_joined(OVERLAP)}"] = _overlap(wanted, found, pairs, (role,))
    result.counts["joint|match:exact"] = _exact(wanted, found, pairs, ROLES)
    result.counts[f"joint|{_joined(OVERLAP)}"] = _overlap(wanted, found, pairs, ROLES)
    result.counts |= _accuracies(gold, [(wanted[i].fields, found[j].fields) for i, j in pairs])
    partner = dict(pairs)
    for i, item in enumerate(wanted):
        hit = i in partner and item.characters["content"] == found[partner[i]].characters["content"]
        result.note(_groups(gold, item.fields), hit)
    return result


def _joined(settings: tuple[tuple[str, str], ...]) -> str:
    return "|".join(f"{key}:{value}" for key, value in settings)


def _similarity(gold: Sequence[_Item], predicted: Sequence[_Item]) -> dict[tuple[int, int], float]:
    similarity = {}
    for i, item in enumerate(gold):
        for j, other in enumerate(predicted):
            shared = {role: len(item.tokens[role] & other.tokens[role]) for role in ROLES}
            if shared["content"] or shared["cue"]:
                similarity[i, j] = sum(
                    dice(shared[role], len(item.tokens[role]), len(other.tokens[role])) for role in ROLES
                )
    return similarity


def _exact(
    gold: Sequence[_Item], predicted: Sequence[_Item], pairs: list[tuple[int, int]], roles: Sequence[str]
) -> Counts:
    """Counts of the items that have one of the roles; a pair is right if all the roles are equal."""
    n_gold, n_predicted = (sum(any(item.characters[r] for r in roles) for item in side) for side in (gold, predicted))
    n_hits = sum(
        any(gold[i].characters[r] for r in roles)
        and all(gold[i].characters[r] == predicted[j].characters[r] for r in roles)
        for i, j in pairs
    )
    return Counts(n_hits, n_gold, n_hits, n_predicted)


def _overlap(
    gold: Sequence[_Item], predicted: Sequence[_Item], pairs: list[tuple[int, int]], roles: Sequence[str]
) -> Counts:
    """Counts of the items that have tokens in one of the roles, each a hit to the part that its
    partner has of them."""
    n_gold, n_predicted = ([sum(len(item.tokens[r]) for r in roles) for item in side] for side in (gold, predicted))
    covered_gold = covered_predicted = 0.0
    for i, j in pairs:
        n_shared = sum(len(gold[i].tokens[r] & predicted[j].tokens[r]) for r in roles)
        covered_gold += n_shared / n_gold[i] if n_gold[i] else 0
        covered_predicted += n_shared / n_predicted[j] if n_predicted[j] else 0
    return Counts(covered_gold, sum(map(bool, n_gold)), covered_predicted, sum(map(bool, n_predicted)))


def _accuracies(gold: GoldArticle, pairs: list[tuple[Any, Any]]) -> dict[str, Counts]:
    mentions = {e["id"]: {bounds(m) for m in e["mentions"]} for e in gold.article["entities"]}
    n_entity = 0
    for wanted, found in pairs:
        span = found.get("source_entity")
        if wanted["source_entity"] is None or span is None:
            n_entity += wanted["source_entity"] is None and span is None
        else:
            n_entity += bounds(span) in mentions[wanted["source_entity"]]
    return {
        "type|match:aligned": share_right(sum(w["type"] == f.get("type") for w, f in pairs), len(pairs)),
        "source-entity|match:aligned": share_right(n_entity, len(pairs)),
        "anonymous|match:aligned": share_right(sum(w["anonymous"] is f.get("anonymous") for w, f in pairs), len(pairs)),
    }


def _groups(gold: GoldArticle, attribution: Any) -> dict[str, str]:
    if attribution["anonymous"]:
        naming = "anonymous"
    else:
        naming = "named" if attribution["source_type"].startswith("named") else "unnamed"
    content = attribution["content"]
    return {
        "type": attribution["type"],
        "mode": attribution["mode"],
        "source and cue": "implicit" if attribution["implicit"] else "explicit",
        "naming of the source": naming,
        "distance from boilerplate": gold.distance(content[0]["start"], content[-1]["end"]),
    }


def layer_of(gold: GoldArticle) -> list[Any]:
    """The gold attributions as a prediction; the source entity is given by its first mention."""
    first = {entity["id"]: entity["mentions"][0] for entity in gold.article["entities"]}

    def span(found: Any) -> Any:
        return {key: found[key] for key in ("start", "end", "text")}

    return [
        {
            **{role: [span(s) for s in a[role]] for role in ROLES},
            "type": a["type"],
            "source_entity": span(first[a["source_entity"]]) if a["source_entity"] else None,
            "anonymous": a["anonymous"],
        }
        for a in gold.article["attributions"]
    ]


TASK = Task(
    "attributions",
    "Who says, writes or thinks what",
    MEASURES,
    main="content|match:exact",
    score=score,
    layer_of=layer_of,
    by_group="content|match:exact",
)
