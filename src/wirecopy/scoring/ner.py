"""Named entities: the flat OntoNotes-18 annotation (names and values, of nested spans the outermost)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wirecopy.scoring.counts import matched, total
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import bounds
from wirecopy.scoring.measures import ArticleScore, Measure, Task
from wirecopy.views import named_spans

MEASURES = (
    Measure(
        "entity",
        (("match", "exact"),),
        "Spans with a type: correct are those with the start, end and type of a gold span, each gold span once.",
        "CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), with spans for tags, so that no tokenization comes between",
        "Gold: PERSON [0,4), DATE [9,15). Prediction: PERSON [0,4), TIME [9,15), ORG [20,25). One is correct: "
        "P = 1/3, R = 1/2, F1 = 2·1/(3+2) = 2/5.",
    ),
    Measure(
        "span",
        (("match", "exact"),),
        "The same, whatever the type.",
        "MUC-7 (Chinchor 1998), where text and type are scored apart",
        "In the example above two are correct: P = 2/3, R = 2/2, F1 = 4/5.",
    ),
)


def score(gold: GoldArticle, predicted: Sequence[Any]) -> ArticleScore:
    """Score the typed spans of one article; a span predicted twice is wrong the second time."""
    wanted = named_spans(gold.article)
    typed = [[(span["type"], *bounds(span)) for span in side] for side in (wanted, predicted)]
    types = sorted({key[0] for side in typed for key in side})
    labels = {name: matched(*([key for key in side if key[0] == name] for side in typed)) for name in types}
    spans = matched(map(bounds, wanted), map(bounds, predicted))
    result = ArticleScore({MEASURES[0].id: total(labels.values()), MEASURES[1].id: spans}, labels)
    found = set(typed[1])
    for span, key in zip(wanted, typed[0], strict=True):
        result.note({"distance from boilerplate": gold.distance(*bounds(span))}, key in found)
    return result


def layer_of(gold: GoldArticle) -> list[Any]:
    """The gold spans as a prediction."""
    return [{**span, "text": gold.text[span["start"] : span["end"]]} for span in named_spans(gold.article)]


TASK = Task(
    "ner",
    "Names and values with the eighteen types of OntoNotes",
    MEASURES,
    main="entity|match:exact",
    score=score,
    layer_of=layer_of,
    label="type",
    by_label="entity|match:exact",
    by_group="entity|match:exact",
)
