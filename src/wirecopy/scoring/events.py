"""Events: triggers and, attached to them, arguments.

The unit of a trigger is a span, of an argument a span or filler attached to a trigger: an event with
two triggers and three arguments has six of them. So a prediction that merges what the article tells
twice and one that does not are scored alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from wirecopy.scoring.counts import Counts, matched, share_right
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import align, bounds
from wirecopy.scoring.measures import ArticleScore, Measure, Task

EXACT = (("match", "exact"),)
COREFERENT = (("match", "coreferent"),)
_ACE = "ACE 2005, with the criteria of Li et al. 2013"
_ATTACHED = "Attached arguments as in Peng et al. 2023 and Huang et al. 2024"
_FILLER = {
    EXACT: " The span must be that of the filler's mention which is nearest to the trigger (the earlier of two as "
    "near); of a value it is the value's, of an event its nearest trigger's.",
    COREFERENT: " The span may be that of any mention of the filler, or of any trigger of an event that fills a role.",
}  # fmt: skip


def _argument_measures(settings: tuple[tuple[str, str], ...]) -> tuple[Measure, Measure]:
    return (
        Measure(
            "argument-identification",
            settings,
            "Arguments, one for each trigger of their event: correct are those attached to a right trigger of "
            "the right "
            "event type with the right span, each filler once." + _FILLER[settings],
            _ATTACHED,
            "Gold: 'slip' Disaster.Natural with Affected 'the road' and Time 'Monday'. Prediction: the same "
            "trigger and "
            "type with Place 'the road' and Time 'June'. One span is right: P = R = F1 = 1/2.",
        ),
        Measure(
            "argument-classification",
            settings,
            "The same, and the role must be right." + _FILLER[settings],
            _ATTACHED,
            "In the example above the role of 'the road' is wrong: P = R = F1 = 0.",
        ),
    )


MEASURES = (
    Measure(
        "trigger-identification",
        EXACT,
        "Triggers: correct are those with the bounds of a gold trigger.",
        _ACE,
        "Gold: [4,8), [20,28). Prediction: [4,8), [20,25), [30,34). One is correct: P = 1/3, R = 1/2, F1 = 2/5.",
    ),
    Measure(
        "trigger-classification",
        EXACT,
        "Triggers with their event type: correct are those with the bounds and type of a gold trigger.",
        _ACE,
        "In the example above, if [4,8) is Life.Die in the gold and Life.Injure in the prediction: P = R = F1 = 0.",
    ),
    *_argument_measures(EXACT),
    *_argument_measures(COREFERENT),
    Measure(
        "realis",
        (("match", "aligned"),),
        "Triggers that are right with their type: the part of them whose realis is right as well; a prediction "
        "that states "
        "none is wrong.",
        "Accuracy; realis as in Rich ERE (Song et al. 2015)",
        "Of four triggers right with their type three have the right realis: 3/4.",
        kind="accuracy",
    ),
)  # fmt: skip


class _Argument(NamedTuple):
    """An argument at one trigger: what it is attached to, its role, and the spans that it may have."""

    attached: Hashable
    role: str
    spans: frozenset[tuple[int, int]]


def score(gold: GoldArticle, predicted: Sequence[Any]) -> ArticleScore:
    """Score the events of one article."""
    events = gold.article["events"]
    typed = [list(_typed(side)) for side in (events, predicted)]
    by_type = matched(*typed)
    with_realis = matched(*(list(_with_realis(side)) for side in (events, predicted)))
    found = list(_predicted_arguments(predicted))
    result = ArticleScore(
        {
            "trigger-identification|match:exact": matched(*([key[1:] for key in side] for side in typed)),
            "trigger-classification|match:exact": by_type,
            "realis|match:aligned": share_right(with_realis.hit_gold, by_type.hit_gold),
        },
        {name: matched(*([key for key in side if key[0] == name] for side in typed)) for name in _types(typed)},
    )
    for match in ("exact", "coreferent"):
        wanted = list(_gold_arguments(gold, match))
        result.counts[f"argument-identification|match:{match}"] = _matched_arguments(wanted, found, roles=False)
        result.counts[f"argument-classification|match:{match}"] = _matched_arguments(wanted, found, roles=True)
    _note_triggers(gold, typed[1], result)
    return result


def _typed(events: Iterable[Any]) -> Iterator[tuple]:
    for event in events:
        for trigger in event["triggers"]:
            yield event["type"], *bounds(trigger)


def _with_realis(events: Iterable[Any]) -> Iterator[tuple]:
    for event in events:
        for trigger in event["triggers"]:
            yield event["type"], *bounds(trigger), event.get("realis")


def _types(typed: Sequence[Sequence[tuple]]) -> list[str]:
    return sorted({key[0] for side in typed for key in side})


def _predicted_arguments(events: Iterable[Any]) -> Iterator[_Argument]:
    for event in events:
        for trigger in event["triggers"]:
            for argument in event["arguments"]:
                yield _Argument((event["type"], *bounds(trigger)), argument["role"], frozenset([bounds(argument)]))


def _gold_arguments(gold: GoldArticle, match: str) -> Iterator[_Argument]:
    spans = _filler_spans(gold)
    for event in gold.article["events"]:
        for trigger in event["triggers"]:
            for argument in event["arguments"]:
                filler = argument["entity"] or argument["value"] or argument["event"]
                allowed = spans[filler] if match == "coreferent" else [_nearest(spans[filler], bounds(trigger))]
                yield _Argument((event["type"], *bounds(trigger)), argument["role"], frozenset(allowed))


def _filler_spans(gold: GoldArticle) -> dict[str, list[tuple[int, int]]]:
    """The spans of everything that can fill a role, by id."""
    article = gold.article
    return {
        **{entity["id"]: [bounds(m) for m in entity["mentions"]] for entity in article["entities"]},
        **{value["id"]: [bounds(value)] for value in article["values"]},
        **{event["id"]: [bounds(t) for t in event["triggers"]] for event in article["events"]},
    }


def _nearest(spans: Iterable[tuple[int, int]], trigger: tuple[int, int]) -> tuple[int, int]:
    return min(spans, key=lambda span: (max(span[0] - trigger[1], trigger[0] - span[1], 0), span))


def _matched_arguments(gold: Sequence[_Argument], predicted: Sequence[_Argument], *, roles: bool) -> Counts:
    """Counts under a greatest one-to-one match of arguments that are attached to the same trigger,
    share a span and, if asked for, have the same role."""
    places: dict[Hashable, list[int]] = {}
    for j, argument in enumerate(predicted):
        for span in argument.spans:
            places.setdefault((argument.attached, argument.role if roles else None, span), []).append(j)
    similarity = {
        (i, j): 1.0
        for i, argument in enumerate(gold)
        for span in argument.spans
        for j in places.get((argument.attached, argument.role if roles else None, span), ())
    }
    keys = ([(a.attached, a.role, sorted(a.spans)) for a in side] for side in (gold, predicted))
    n_hits = len(align(*keys, similarity))
    return Counts(n_hits, len(gold), n_hits, len(predicted))


def _note_triggers(gold: GoldArticle, found: Sequence[tuple], result: ArticleScore) -> None:
    """Count for every gold trigger whether it was found with its type."""
    left = Counter(found)
    for event in gold.article["events"]:
        for trigger in event["triggers"]:
            key = (event["type"], *bounds(trigger))
            hit = left[key] > 0
            left[key] -= hit
            groups = {"realis": event["realis"], "distance from boilerplate": gold.distance(*bounds(trigger))}
            result.note(groups, hit)


def layer_of(gold: GoldArticle) -> list[Any]:
    """The gold events as a prediction, one event for each trigger with the fillers' nearest spans."""
    spans = _filler_spans(gold)

    def shown(start: int, end: int) -> Any:
        return {"start": start, "end": end, "text": gold.text[start:end]}

    return [
        {
            "type": event["type"],
            "realis": event["realis"],
            "triggers": [shown(*bounds(trigger))],
            "arguments": [
                {"role": a["role"], **shown(*_nearest(spans[a["entity"] or a["value"] or a["event"]], bounds(trigger)))}
                for a in event["arguments"]
            ],
        }
        for event in gold.article["events"]
        for trigger in event["triggers"]
    ]


TASK = Task(
    "events",
    "What happens, and who and what takes part",
    MEASURES,
    main="trigger-classification|match:exact",
    score=score,
    layer_of=layer_of,
    label="event type",
    by_label="trigger-classification|match:exact",
    by_group="trigger-classification|match:exact",
)
