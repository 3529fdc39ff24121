"""Wirecopy: news articles as they are scraped, annotated, validated, released and scored."""

from typing import Any

__version__ = "0.3.2"
"""The version of the data and of the library, x.y.z. Every other place that shows it is generated from here."""

SCHEMA_REVISION = 1
"""Counts the shapes that articles have had: one more with every change of fields or labels."""

SCORER_REVISION = 1
"""Counts the ways of scoring: one more with every change that gives equal predictions other scores."""

_SCORING = ("compare", "score", "score_views")


def __getattr__(name: str) -> Any:
    """The functions of `wirecopy.scoring`, imported when they are first asked for."""
    if name in _SCORING:
        from wirecopy import scoring

        return getattr(scoring, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
