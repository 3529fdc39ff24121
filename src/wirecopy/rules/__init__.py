"""The rules that an article and a corpus must satisfy, by level.

Importing the package registers them all in `RULES`.
"""

from wirecopy.rules import (  # noqa: F401  (imported for the registration)
    attributions,
    corpus,
    entities,
    events,
    file,
    layers,
    originality,
    structure,
    surface,
    values,
    zones,
)
from wirecopy.rules.corpus import Corpus
from wirecopy.rules.registry import LEVELS, RULES, Rule, rules_of
from wirecopy.rules.subject import Subject

__all__ = ["LEVELS", "RULES", "Corpus", "Rule", "Subject", "rules_of"]
