"""Agreement as text, as JSON, and as the Markdown table of the datasheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from wirecopy.agreement import GOLD, LEAST, LINES, Agreement, Line
from wirecopy.scoring.render import NONE, percent, table

N_CONFUSIONS = 6
"""How many confusions of a dimension the text shows."""
_MAIN = tuple(line for line in LINES if line.units)
"""The lines that the table by article shows."""

Reports = Mapping[str, Sequence[Agreement]]
"""Agreements by what their articles are: `written`, `stand-off`."""


def as_text(reports: Reports) -> str:
    """Every figure in percent, alpha and kappa as parts of 1; by article, by label, and what was confused."""
    blocks = [block for kind, agreements in reports.items() for block in _pages(kind, agreements)]
    return "\n\n".join(blocks) + "\n"


def _pages(kind: str, agreements: Sequence[Agreement]) -> list[str]:
    blocks = []
    for agreement in agreements:
        title = f"{kind} articles, {_title(agreement)}: {len(agreement.pairs)} articles"
        blocks.append(f"{title}\n\n{table(_rows(agreement), left=2)}")
        blocks += [_low(agreement)] * bool(_low(agreement))
        blocks += [_by_article(agreement), _by_label(agreement), _confusions(agreement)]
    return blocks


def _title(agreement: Agreement) -> str:
    return f"{agreement.first} with {agreement.second}"


def _rows(agreement: Agreement) -> list[list[str]]:
    rows = [["layer", "", "F1", "95 %", "alpha", "kappa"]]
    layer = None
    for line in LINES:
        spread = agreement.interval(line)
        rows.append(
            [
                line.layer if line.layer != layer else "",
                line.title,
                percent(agreement.f1(line)),
                NONE if spread is None else f"{percent(spread[0])}–{percent(spread[1])}",
                _coefficient(agreement.alpha(line.units)) if line.units else "",
                _coefficient(agreement.kappa(line.units)) if line.units == "zone kinds" else "",
            ]
        )
        layer = line.layer
    return rows


def _coefficient(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _low(agreement: Agreement) -> str:
    """What is under the least figure, overall and by article."""
    low = [f"under {percent(LEAST)}: {line.title} {percent(f1)}" for line, f1 in _under(agreement)]
    return "\n".join(low)


def _under(agreement: Agreement) -> list[tuple[Line, float]]:
    found = ((line, agreement.f1(line)) for line in LINES)
    return [(line, f1) for line, f1 in found if f1 is not None and f1 < LEAST]


def _by_article(agreement: Agreement) -> str:
    columns = [agreement.by_article(line) for line in _MAIN]
    rows = [["article", *(line.title.split(",")[0] for line in _MAIN)]]
    rows += [[i, *(percent(column[i]) for column in columns)] for i in sorted(agreement.pairs)]
    return table(rows, left=1)


def _by_label(agreement: Agreement) -> str:
    rows = [["by label", "", agreement.first, agreement.second, "both", "F1"]]
    for count in agreement.labels:
        numbers = (f"{n:,}" for n in (count.n_first, count.n_second, count.n_shared))
        rows.append([count.dimension, count.label, *numbers, percent(count.f1)])
    return table(rows, left=2)


def _confusions(agreement: Agreement) -> str:
    rows = [["confused", "", "", "times"]]
    for dimension in dict.fromkeys(c.dimension for c in agreement.confusions):
        found = [c for c in agreement.confusions if c.dimension == dimension][:N_CONFUSIONS]
        rows += [[c.dimension, c.first, c.second or "nothing", f"{c.n:,}"] for c in found]
    return table(rows, left=3)


def as_json(reports: Reports) -> str:
    """One object: by kind of article a list of agreements with all figures, as parts of 1."""
    content = {kind: [_agreement_json(a) for a in agreements] for kind, agreements in reports.items()}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode("utf-8") + "\n"


def _agreement_json(agreement: Agreement) -> dict[str, Any]:
    return {
        "first": agreement.first,
        "second": agreement.second,
        "articles": sorted(agreement.pairs),
        "figures": [
            {
                "layer": line.layer,
                "task": line.task,
                "measure": line.measure,
                "f1": agreement.f1(line),
                "interval": agreement.interval(line),
                "units": line.units,
                "alpha": agreement.alpha(line.units) if line.units else None,
                "kappa": agreement.kappa(line.units) if line.units else None,
                "by_article": agreement.by_article(line),
            }
            for line in LINES
        ],
        "labels": [{**c._asdict(), "f1": c.f1} for c in agreement.labels],
        "confusions": [c._asdict() for c in agreement.confusions],
    }


def as_markdown(reports: Reports) -> str:
    """The table of the datasheet: F1 of pass with pass and of the passes with the gold, kind by kind."""
    return "\n\n".join(_markdown_table(kind, agreements) for kind, agreements in reports.items() if agreements)


def _markdown_table(kind: str, agreements: Sequence[Agreement]) -> str:
    blind = [a for a in agreements if a.second != GOLD]
    n_articles = len(agreements[0].pairs)
    head = [f"{kind}, {n_articles} articles", *map(_title, agreements), "alpha", "kappa"]
    rows = [head, ["---", *("---:" for _ in head[1:])]]
    for line in LINES:
        cells = [percent(agreement.f1(line)) for agreement in agreements]
        alphas = [_coefficient(a.alpha(line.units)) if line.units else "" for a in blind]
        kappas = [_coefficient(a.kappa(line.units)) if line.units == "zone kinds" else "" for a in blind]
        rows.append([f"{line.layer}: {line.title}", *cells, " ".join(alphas), " ".join(kappas)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


FORMATS = {"text": as_text, "json": as_json, "markdown": as_markdown}
"""The renderers by the name that `--format` takes."""
