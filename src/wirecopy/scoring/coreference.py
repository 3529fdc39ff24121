"""Coreference: which mentions are of one entity.

Clusters are lists of mentions, a mention is a hashable key (here the bounds of its span), and no
mention is in two clusters of one side. Every measure is computed for the prediction against the
gold (recall) and for the gold against the prediction (precision) by one function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import product
from typing import Any

from wirecopy.scoring.counts import Counts
from wirecopy.scoring.gold import GoldArticle
from wirecopy.scoring.matching import align, bounds, dice
from wirecopy.scoring.measures import ArticleScore, Measure, Task

Clusters = Sequence[Sequence[Hashable]]
Mention = tuple[int, int]

_WORKED = "Gold: {a, b, c}, {d}. Prediction: {a, b}, {c, d}. "
_MEASURES = {
    "mentions": (
        "Mention detection: mentions that gold and prediction share.",
        "The first score of the CoNLL-2011 and 2012 shared tasks (Pradhan et al. 2012)",
        "Gold mentions: a, b, c. Predicted: a, b, x, y. Two are shared: P = 2/4, R = 2/3, F1 = 4/7.",
    ),
    "muc": (
        "Links: an entity of n mentions has n − 1. Missing are as many as it takes to join the pieces into "
        "which the other "
        "side breaks it (a mention that the other side lacks is a piece): R = Σ (n − pieces) / Σ (n − 1). Blind "
        "to singletons.",
        "Vilain et al. 1995",
        _WORKED + "R = ((3−2)+(1−1))/(2+0) = 1/2, P = ((2−1)+(2−2))/(1+1) = 1/2, F1 = 1/2.",
    ),
    "b3": (
        "For each mention, the part of its entity that the entity of the other side that has the mention "
        "shares; 0 for a "
        "mention that the other side lacks. Averaged over mentions.",
        "Bagga and Baldwin 1998; mentions of one side alone as in Pradhan et al. 2014",
        _WORKED + "R = (2/3+2/3+1/3+1/1)/4 = 2/3, P = (2/2+2/2+1/2+1/2)/4 = 3/4, F1 = 12/17.",
    ),
    "ceafe": (
        "Entities aligned one to one with the greatest sum of φ4 = 2·shared/(size + size): R is that sum by the "
        "number of "
        "gold entities, P by that of predicted ones.",
        "Luo 2005",
        _WORKED + "φ4({a,b,c},{a,b}) = 4/5, φ4({d},{c,d}) = 2/3, their sum 22/15: R = P = F1 = 11/15.",
    ),
    "lea": (
        "For each entity the part of its links (all pairs of its mentions) that the other side has, weighted by "
        "its size. A "
        "singleton has one link, to itself, which the other side has if the mention is a singleton there.",
        "Moosavi and Strube 2016",
        _WORKED + "R = (3·1/3 + 1·0)/4 = 1/4, P = (2·1/1 + 2·0/1)/4 = 1/2, F1 = 1/3.",
    ),
}  # fmt: skip
_MATCHES = {
    "exact": "",
    "partial": " Mentions match if they overlap: first those with equal bounds, then the others aligned one to "
    "one with the "
    "greatest sum of 2·shared characters/(length + length).",
}
_SINGLETONS = {"kept": "", "dropped": " Entities of one mention are taken out of either side first."}


def _measures() -> list[Measure]:
    made = []
    for match, singletons in product(_MATCHES, _SINGLETONS):
        settings = (("match", match), ("singletons", singletons))
        note = _MATCHES[match] + _SINGLETONS[singletons]
        for name, (definition, source, example) in _MEASURES.items():
            made.append(Measure(name, settings, definition + note, source, example))
        parts = tuple(m.id for m in made[-4:-1])
        made.append(
            Measure(
                "conll",
                settings,
                "The mean of MUC, B³ and CEAFe; precision and recall are the means of theirs." + note,
                "CoNLL-2012 (Pradhan et al. 2012), after Denis and Baldridge 2009",
                _WORKED + "F1 = (1/2 + 12/17 + 11/15)/3 = 989/1530.",
                "mean",
                parts,
            )
        )
    return made


def muc(clusters: Clusters, others: Clusters) -> tuple[float, float]:
    """Links of `clusters` that `others` have, and links in all."""
    where = _where(others)
    n_found = n_links = 0
    for cluster in clusters:
        known = {where[mention] for mention in cluster if mention in where}
        n_lost = sum(mention not in where for mention in cluster)
        n_found += len(cluster) - len(known) - n_lost
        n_links += len(cluster) - 1
    return n_found, n_links


def b3(clusters: Clusters, others: Clusters) -> tuple[float, float]:
    """The sum over the mentions of `clusters` of how much of their entity `others` keep together, and
    the number of mentions."""
    where = _where(others)
    found = 0.0
    for cluster in clusters:
        shared = Counter(where[mention] for mention in cluster if mention in where)
        found += sum(n * n for n in shared.values()) / len(cluster)
    return found, sum(map(len, clusters))


def ceafe(gold: Clusters, predicted: Clusters) -> float:
    """The similarity of the best one-to-one alignment of entities."""
    where = _where(predicted)
    similarity = {}
    for i, cluster in enumerate(gold):
        for j, n in Counter(where[mention] for mention in cluster if mention in where).items():
            similarity[i, j] = dice(n, len(cluster), len(predicted[j]))
    keys = [sorted(cluster) for cluster in gold], [sorted(cluster) for cluster in predicted]
    return sum(similarity[pair] for pair in align(*keys, similarity))


def lea(clusters: Clusters, others: Clusters) -> tuple[float, float]:
    """The sum over `clusters` of size times part of the links that `others` have, and the sum of sizes."""
    where = _where(others)
    found = 0.0
    for cluster in clusters:
        shared = Counter(where[mention] for mention in cluster if mention in where)
        if len(cluster) == 1:
            found += any(len(others[j]) == 1 for j in shared)
        else:
            n_links = len(cluster) * (len(cluster) - 1) / 2
            found += len(cluster) * sum(n * (n - 1) / 2 for n in shared.values()) / n_links
    return found, sum(map(len, clusters))


def _where(clusters: Clusters) -> dict[Hashable, int]:
    """The number of the cluster that each mention is in."""
    return {mention: i for i, cluster in enumerate(clusters) for mention in cluster}


def cluster_counts(gold: Clusters, predicted: Clusters) -> dict[str, Counts]:
    """All measures of one document, by name."""
    similarity = ceafe(gold, predicted)
    n_shared = len(_where(gold).keys() & _where(predicted).keys())
    counts = {
        "mentions": Counts(n_shared, sum(map(len, gold)), n_shared, sum(map(len, predicted))),
        "ceafe": Counts(similarity, len(gold), similarity, len(predicted)),
    }
    for name, part in (("muc", muc), ("b3", b3), ("lea", lea)):
        counts[name] = Counts(*part(gold, predicted), *part(predicted, gold))
    return counts


def matched_partially(gold: Sequence[Sequence[Mention]], predicted: Sequence[Sequence[Mention]]) -> Clusters:
    """The predicted clusters with every mention that matches a gold mention renamed to it.

    Mentions with equal bounds match; of the others those that overlap, one to one, with the greatest
    sum of Dice coefficients of their characters.
    """
    gold_mentions = {mention for cluster in gold for mention in cluster}
    predicted_mentions = {mention for cluster in predicted for mention in cluster}
    left_gold = sorted(gold_mentions - predicted_mentions)
    left_predicted = sorted(predicted_mentions - gold_mentions)
    pairs = align(left_gold, left_predicted, _overlaps(left_gold, left_predicted))
    renamed = {left_predicted[j]: left_gold[i] for i, j in pairs}
    # What matches nothing must not bear a name of the gold's; it cannot, for equal bounds match.
    return [[renamed.get(mention, mention) for mention in cluster] for cluster in predicted]


def _overlaps(gold: Sequence[Mention], predicted: Sequence[Mention]) -> dict[tuple[int, int], float]:
    """The Dice coefficients of the mentions that overlap; both lists in the order of their starts."""
    similarity, open_gold, i = {}, [], 0
    for j, (start, end) in enumerate(predicted):
        while i < len(gold) and gold[i][0] < end:
            open_gold.append(i)
            i += 1
        open_gold = [k for k in open_gold if gold[k][1] > start]
        for k in open_gold:
            n_shared = min(end, gold[k][1]) - max(start, gold[k][0])
            if n_shared > 0:
                similarity[k, j] = dice(n_shared, end - start, gold[k][1] - gold[k][0])
    return similarity


def score(gold: GoldArticle, predicted: Sequence[Sequence[Any]]) -> ArticleScore:
    """Score the clusters of one article in all four settings."""
    wanted = [[bounds(m) for m in entity["mentions"]] for entity in gold.article["entities"]]
    found = [[bounds(m) for m in cluster] for cluster in predicted]
    result = ArticleScore({})
    for match, singletons in product(_MATCHES, _SINGLETONS):
        least = 2 if singletons == "dropped" else 1
        kept = [c for c in wanted if len(c) >= least], [c for c in found if len(c) >= least]
        pair = (kept[0], matched_partially(*kept)) if match == "partial" else kept
        for name, counts in cluster_counts(*pair).items():
            result.counts[f"{name}|match:{match}|singletons:{singletons}"] = counts
    _note_mentions(gold, found, result)
    return result


def _note_mentions(gold: GoldArticle, predicted: Clusters, result: ArticleScore) -> None:
    """Count the B³ recall of every gold mention in its groups."""
    where = _where(predicted)
    for entity in gold.article["entities"]:
        keys = [bounds(mention) for mention in entity["mentions"]]
        shared = Counter(where[key] for key in keys if key in where)
        for key, mention in zip(keys, entity["mentions"], strict=True):
            recall = shared[where[key]] / len(keys) if key in where else 0.0
            groups = {
                "level": mention["level"],
                "entity type": entity["type"],
                "distance from boilerplate": gold.distance(*key),
            }
            result.note(groups, recall)


def layer_of(gold: GoldArticle) -> list[Any]:
    """The gold clusters as a prediction."""
    return [
        [{"start": m["start"], "end": m["end"], "text": m["text"]} for m in entity["mentions"]]
        for entity in gold.article["entities"]
    ]


TASK = Task(
    "coreference",
    "Which mentions are of one entity",
    tuple(_measures()),
    main="conll|match:exact|singletons:kept",
    score=score,
    layer_of=layer_of,
    by_group="b3|match:exact|singletons:kept",
)
