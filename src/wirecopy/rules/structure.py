"""Level 2: the rules that the JSON Schema decides, by the keyword that fails."""

from wirecopy.rules.registry import declare

declare(
    "draft-unanchored", 2, "structure",
    """A file of the corpus is no draft: all its spans have offsets.

    A draft is for people to write; tables need offsets. Nothing else is said of a draft, because
    most of what it lacks is filled in by anchoring.""",
)  # fmt: skip
declare(
    "field-missing", 2, "structure",
    """Every field of the schema is present.

    Tables have a column for every field; a reader may rely on each, and null says what is not
    known.""",
)  # fmt: skip
declare(
    "field-unknown", 2, "structure",
    """There is no field that the schema does not know.

    An unknown field is a misspelt one or data that would be dropped in silence.""",
)  # fmt: skip
declare(
    "field-type", 2, "structure",
    """Every field has the JSON type that the schema gives.

    Text for a number, a number with a fraction for an offset, or null where something is required
    cannot be stored in a typed table.""",
)  # fmt: skip
declare(
    "field-value", 2, "structure",
    """Every value has the form and range that the schema gives.

    Identifiers, dates, hashes and language tags are joined and compared by machine; a loose form
    breaks that far from its cause.""",
)  # fmt: skip
declare(
    "label-unknown", 2, "structure",
    """Every label is in its inventory in schema/labels.json.

    A label outside the inventory has no code in the published tables and no definition.""",
)  # fmt: skip
declare(
    "list-empty", 2, "structure",
    """Lists that must hold something are not empty.

    An entity without a mention, an attribution without content or an event without a trigger is
    nowhere in the text.""",
)  # fmt: skip
declare(
    "list-repeats", 2, "structure",
    """Lists that are sets repeat nothing.

    A topic given twice counts twice in every statistic.""",
)  # fmt: skip
