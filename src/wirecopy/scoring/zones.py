"""Zones: what is the article and what is boilerplate, scored by character, token, zone and text.

The gold of the task is the raw view; the clean view has no boilerplate left to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wirecopy import shape
from wirecopy.scoring.counts import Counts, matched, share_right, total
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import TOKENS
from wirecopy.scoring.measures import ArticleScore, Measure, Task
from wirecopy.views import clean_text

_ARTICLE, _BOILERPLATE = 1, 2
_CLASSES = {"article": _ARTICLE, "boilerplate": _BOILERPLATE}
_OVERLAP = (
    "Precision and recall of the main content, as in the evaluation of web page cleaning (CleanEval 2007), by offset "
    "instead of by an alignment of texts"
)

CHARACTERS = ("unit", "characters")
WORDS = (("unit", "tokens"), ("tokens", TOKENS))

MEASURES = (
    *(
        Measure(
            name,
            (CHARACTERS,),
            f"Characters other than white space that lie in zones of the {name}: correct are those that do in gold and "
            "prediction. A character in no predicted zone is predicted as neither.",
            _OVERLAP,
            f"10 characters are {name} in the gold, 8 in the prediction, 6 in both: P = 6/8, R = 6/10, "
            "F1 = 2·6/(8+10) = 12/18.",
        )
        for name in _CLASSES
    ),
    *(
        Measure(
            name,
            WORDS,
            f"The same for tokens; a token is of the {name} when its first character is.",
            _OVERLAP,
            f"Of 'the kilnShare' and 'said', 'kilnShare' is one token and counts for the article, where it "
            f"begins. With "
            f"3 tokens of the {name} in the gold, 4 in the prediction and 3 in both: P = 3/4, R = 3/3, F1 = 6/7.",
        )
        for name in _CLASSES
    ),
    Measure(
        "zone",
        (("match", "exact"),),
        "Zones: correct are those with the start, end and kind of a gold zone.",
        "Exact match of typed spans, as in CoNLL-2003 (Tjong Kim Sang and De Meulder 2003)",
        "Gold: headline [0,5), body [6,20). Prediction: headline [0,5), body [6,12), share [12,20). One is correct: "
        "P = 1/3, R = 1/2, F1 = 2/5.",
    ),
    Measure(
        "clean-text",
        (("match", "exact"),),
        "Articles whose clean text, made from the predicted zones by the rules of the clean view, is the gold's to the "
        "last character, white space included. It takes a right `continues` wherever boilerplate interrupts.",
        "Our own; the strictest question that one can ask of an extractor",
        "Two of three articles come out exactly: 2/3.",
        kind="accuracy",
    ),
    Measure(
        "clean-text",
        (("match", "words"),),
        "Articles whose clean text is the gold's, white space left out of both.",
        "Our own",
        "One more article differs by a missing line break alone: 3/3 where the exact rate is 2/3.",
        kind="accuracy",
    ),
)  # fmt: skip


def score(gold: GoldArticle, predicted: Sequence[Any]) -> ArticleScore:
    """Score the zones of one article; `predicted` zones do not overlap (the reader sees to it)."""
    zones = sorted(({"continues": False, **zone} for zone in predicted), key=lambda zone: zone["start"])
    gold_classes, predicted_classes = (_classes(gold.text, z) for z in (gold.article["zones"], zones))
    firsts = np.array(gold.tokens.starts, dtype=int)
    counts: dict[str, Counts] = {}
    for code, characters, words in zip(_CLASSES.values(), MEASURES[:2], MEASURES[2:4], strict=True):
        counts[characters.id] = _shared(gold_classes == code, predicted_classes == code)
        counts[words.id] = _shared(gold_classes[firsts] == code, predicted_classes[firsts] == code)
    labels = _labels(gold.article["zones"], zones)
    counts[MEASURES[4].id] = total(labels.values())
    gold_text, predicted_text = (clean_text({**gold.article, "zones": z})[0] for z in (gold.article["zones"], zones))
    found = bool(zones)
    counts[MEASURES[5].id] = share_right(int(found and gold_text == predicted_text), 1)
    counts[MEASURES[6].id] = share_right(int(found and gold_text.split() == predicted_text.split()), 1)
    return ArticleScore(counts, labels)


def _classes(text: str, zones: Sequence[Any]) -> np.ndarray:
    """The class of every character: 0 for white space and what lies in no zone."""
    classes = np.zeros(len(text), dtype=np.uint8)
    for zone in zones:
        boilerplate = zone["kind"] in shape.boilerplate_kinds()
        classes[zone["start"] : zone["end"]] = _BOILERPLATE if boilerplate else _ARTICLE
    classes[[i for i, character in enumerate(text) if character.isspace()]] = 0
    return classes


def _shared(gold: np.ndarray, predicted: np.ndarray) -> Counts:
    n_hits = int((gold & predicted).sum())
    return Counts(n_hits, int(gold.sum()), n_hits, int(predicted.sum()))


def _labels(gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, Counts]:
    """Counts of exact zones by kind."""
    keys = [[(z["kind"], z["start"], z["end"]) for z in zones] for zones in (gold, predicted)]
    kinds = sorted({key[0] for side in keys for key in side})
    return {kind: matched(*([key for key in side if key[0] == kind] for side in keys)) for kind in kinds}


def layer_of(gold: GoldArticle) -> list[Any]:
    """The gold zones as a prediction."""
    return [{key: zone[key] for key in ("start", "end", "text", "kind", "continues")} for zone in gold.article["zones"]]


TASK = Task(
    "zones",
    "What on the page is the article, and what boilerplate of which kind",
    MEASURES,
    main=f"boilerplate|{':'.join(CHARACTERS)}",
    score=score,
    layer_of=layer_of,
    label="kind",
    by_label="zone|match:exact",
    views=("raw",),
)
