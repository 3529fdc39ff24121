"""Wirecopy: news articles as they are scraped, annotated, validated, released and scored."""

from typing import Any

__version__ = "0.1.0"

_SCORING = ("compare", "score", "score_views")


def __getattr__(name: str) -> Any:
    """The functions of `wirecopy.scoring`, imported when they are first asked for."""
    if name in _SCORING:
        from wirecopy import scoring

        return getattr(scoring, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
