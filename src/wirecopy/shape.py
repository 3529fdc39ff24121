"""The shape of an article: the JSON Schema and the label inventories, and what follows from them.

`schema/article.schema.json` and `schema/labels.json` are the only hand-written description of the
data. Structural validation, Arrow schemas and label lists are derived from them here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from wirecopy import columns
from wirecopy.problems import Finding, pointer_to

if TYPE_CHECKING:
    import jsonschema

RULE_OF_KEYWORD = {
    "required": "field-missing",
    "additionalProperties": "field-unknown",
    "type": "field-type",
    "enum": "label-unknown",
    "minItems": "list-empty",
    "uniqueItems": "list-repeats",
}
"""Which rule a violated keyword of the JSON Schema falls under; all others are `field-value`."""

_TYPE_NAMES = {
    dict: "an object", list: "a list", str: "a string", int: "an integer",
    float: "a number with a fraction", bool: "true or false", type(None): "null",
}  # fmt: skip


def schema_folder() -> Path:
    """The folder of the schema files: in the installed package, or in the source checkout."""
    packaged = Path(str(files("wirecopy"))) / "schema"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schema"


@cache
def _schema(name: str) -> dict[str, Any]:
    return orjson.loads((schema_folder() / f"{name}.schema.json").read_bytes())


def article_schema() -> dict[str, Any]:
    """The parsed JSON Schema of an article."""
    return _schema("article")


@cache
def inventories() -> dict[str, dict[str, Any]]:
    """The label inventories by name, as `schema/labels.json` has them."""
    return orjson.loads((schema_folder() / "labels.json").read_bytes())["inventories"]


@cache
def labels(inventory: str) -> Mapping[str, dict[str, Any]]:
    """The labels of one inventory by name, in their published order."""
    return {label["name"]: label for label in inventories()[inventory]["labels"]}


@cache
def names(inventory: str) -> tuple[str, ...]:
    """The label names of one inventory in their published order, which is their integer code."""
    return tuple(labels(inventory))


def ner_tags(entity_types: Iterable[str], value_types: Iterable[str]) -> tuple[str, ...]:
    """The BIO tags over entity and value types, in the order of their codes: O, then two for each label."""
    return ("O", *(f"{prefix}-{label}" for label in (*entity_types, *value_types) for prefix in "BI"))


@cache
def boilerplate_kinds() -> frozenset[str]:
    """The zone kinds that are not part of the article."""
    return frozenset(n for n, label in labels("zone_kind").items() if label["part"] == "boilerplate")


def register_schema(register: str) -> dict[str, Any]:
    """The parsed JSON Schema of a register of the corpus: "splits", "sources" or "waivers"."""
    return _schema(register)


@dataclass(frozen=True, slots=True)
class Violation:
    """A structural finding and the id of the rule that it falls under."""

    rule: str
    finding: Finding


@cache
def _fast_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_schema(name))


@cache
def _explaining_validator(name: str) -> jsonschema.protocols.Validator:
    """The validator that says what is wrong, loaded once something is."""
    import jsonschema

    def pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
        """The keyword `pattern`, whose `$` is the end of the string; for Python it is also before a last line feed."""
        if validator.is_type(instance, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")

    return jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": pattern})(_schema(name))


@cache
def _strict_validator() -> jsonschema_rs.Draft4Validator:
    """The schema read by draft 4, for which 1.0 is no integer; it has no keyword that draft 4 reads otherwise."""
    plain = {key: node for key, node in article_schema().items() if key not in ("$schema", "$id")}
    return jsonschema_rs.Draft4Validator(plain)


def surely_valid(article: Any) -> bool:
    """Whether a parsed JSON value surely has the shape of an article, as `violations` would judge it."""
    return _strict_validator().is_valid(article)


_SEEN_IN_COLUMNS = {"type", "pattern", "minLength", "maxLength", "enum", "minItems", "uniqueItems", "minimum"}
_IN_THE_TYPE = {"properties", "required", "additionalProperties", "items"}
"""Keywords that columns of the Arrow schema made of them cannot go against."""
_SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description", "examples", "x-labels"}


Check = Callable[[pa.Array], bool]


def surely_valid_columns(batch: pa.RecordBatch) -> bool:
    """Whether all rows of the articles' Arrow schema surely have the shape of an article, as `violations` would judge
    the documents that they say the same as."""
    return all(check(batch.column(key)) for key, check in _column_checks().items())


@cache
def _column_checks() -> dict[str, Check]:
    return {key: _check_of(node) for key, node in article_schema()["properties"].items()}


def _check_of(node: dict[str, Any]) -> Check:
    """What says whether all values of a column surely are as a node of the schema has them."""
    node = resolve(node)
    if not node.keys() <= _SEEN_IN_COLUMNS | _IN_THE_TYPE | _SAYS_NOTHING:
        return lambda array: False
    check = _check_of_values(node)
    if "null" in node.get("type", ()):
        return lambda array: check(array.drop_null() if array.null_count else array)
    return lambda array: not array.null_count and check(array)


def _check_of_values(node: dict[str, Any]) -> Check:
    """As `_check_of`, for columns without nulls."""
    if "properties" in node:
        fields = {key: _check_of(inner) for key, inner in node["properties"].items()}
        return lambda array: all(check(array.field(key)) for key, check in fields.items())
    if "items" in node:
        return partial(_lists_fit, node, _check_of(node["items"]))
    if node.keys() & {"enum", "pattern"}:
        return _KnownStrings({key: value for key, value in node.items() if key in _SEEN_IN_COLUMNS})
    if node.keys() & {"minLength", "maxLength"}:
        return lambda array: _within(pc.utf8_length(array), node.get("minLength"), node.get("maxLength"))
    return lambda array: _within(array, node.get("minimum"))


def _lists_fit(node: dict[str, Any], check: Check, lists: pa.ListArray) -> bool:
    if "uniqueItems" in node and any(len(set(items)) < len(items) for items in lists.to_pylist()):
        return False
    return _within(pc.list_value_length(lists), node.get("minItems")) and check(lists.flatten())


def _within(array: pa.Array, least: int | None, most: int | None = None) -> bool:
    """Whether all whole numbers of a column lie between bounds."""
    if not len(array) or least is most is None:
        return True
    numbers = columns.to_numbers(array)
    return (least is None or numbers.min() >= least) and (most is None or numbers.max() <= most)


class _KnownStrings:
    """Says whether strings are as a node of the schema has them; the validator is asked once for each."""

    def __init__(self, node: dict[str, Any]) -> None:
        self.validator = jsonschema_rs.Draft202012Validator(node)
        self.known: set[str] = set()

    def __call__(self, strings: pa.StringArray) -> bool:
        unmet = set(strings.unique().to_pylist()) - self.known
        if not all(map(self.validator.is_valid, unmet)):
            return False
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        self.known |= unmet
        return True


_MOST_KNOWN = 100_000


def violations(article: Any) -> list[Violation]:
    """Everything in which a parsed JSON value departs from the shape of an article.

    The verdict is jsonschema-rs's, the explanation jsonschema's. JSON Schema takes 1.0 for an
    integer; here it is none.
    """
    if not _fast_validator("article").is_valid(article):
        if _is_draft(article):
            return [Violation("draft-unanchored", _UNANCHORED)]
        return _explained(_explaining_validator("article"), article)
    return [
        Violation("field-type", _found(pointer, "an integer", "a number with a fraction"))
        for pointer in _floats(article, "")
    ]


_UNANCHORED = Finding(
    "",
    "the file is a draft: it has spans without offsets",
    "run scripts/anchor.py on it, which finds the offsets and names what is ambiguous or absent",
)


def _is_draft(article: Any) -> bool:
    """Whether some zone, or some span in a list of a layer, is written without offsets."""
    if not isinstance(article, dict):
        return False
    layers = [article.get(layer) for layer in ("zones", "values", "entities", "attributions", "events")]
    items = [item for layer in layers if isinstance(layer, list) for item in layer if isinstance(item, dict)]
    nested = [
        span
        for item in items
        for key in ("mentions", "content", "cue", "source", "addressee", "triggers")
        if isinstance(item.get(key), list)
        for span in item[key]
    ]
    flat = [item for item in items if "text" in item]
    return any(
        isinstance(span, str) or (isinstance(span, dict) and not {"start", "end"} & span.keys())
        for span in nested + flat
    )


def register_violations(register: str, content: Any) -> list[Violation]:
    """Everything in which a parsed register departs from its schema."""
    if _fast_validator(register).is_valid(content):
        return []
    return _explained(_explaining_validator(register), content)


def _explained(validator: jsonschema.protocols.Validator, content: Any) -> list[Violation]:
    """What the validator finds, with the fields that one object lacks as one violation."""
    found, lacking = [], set()
    for error in validator.iter_errors(content):
        place = tuple(error.absolute_path)
        if error.validator == "required" and place in lacking:
            continue
        if error.validator == "required":
            lacking.add(place)
        found.append(_explain(error))
    return found


def prediction_schema() -> dict[str, Any]:
    """The parsed JSON Schema of a prediction."""
    return _schema("prediction")


def prediction_violations(record: Any) -> list[Violation]:
    """Everything in which a parsed prediction departs from its schema."""
    if not _fast_validator("prediction").is_valid(record):
        return [_explain(error) for error in _explaining_validator("prediction").iter_errors(record)]
    return [
        Violation("field-type", _found(pointer, "an integer", "a number with a fraction"))
        for pointer in _floats(record, "")
    ]


def _floats(node: Any, pointer: str) -> Iterator[str]:
    """Pointers to the numbers that were written with a fraction or an exponent."""
    if isinstance(node, float):
        yield pointer
    elif isinstance(node, dict):
        for key, item in node.items():
            if not isinstance(item, str):
                yield from _floats(item, f"{pointer}/{key}")
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from _floats(item, f"{pointer}/{i}")


def _found(pointer: str, expected: str, found: str) -> Finding:
    message = f"{pointer or 'the file'} must be {expected}, found {found}"
    return Finding(pointer, message, f"write {expected} there")


def _explain(error: jsonschema.ValidationError) -> Violation:
    rule = RULE_OF_KEYWORD.get(str(error.validator), "field-value")
    place = pointer_to(*error.absolute_path)
    here = place or "the document"
    match error.validator:
        case "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            described = "; ".join(f'"{key}": {_meaning(error.schema, key)}' for key in missing[:3])
            finding = Finding(
                place,
                f"{here} lacks the field{'s' if len(missing) > 1 else ''} {_quoted(missing)}",
                f"add {described}" + ("; …" if len(missing) > 3 else ""),
            )
        case "additionalProperties":
            known = list(error.schema["properties"])
            unknown = [key for key in error.instance if key not in known]
            finding = Finding(
                pointer_to(*error.absolute_path, unknown[0]),
                f"{here} has fields that the schema does not know: {_quoted(unknown)}",
                f"the fields are {_quoted(known)}; delete or rename the others",
            )
        case "type":
            wanted = error.validator_value
            wanted = wanted if isinstance(wanted, list) else [wanted]
            expected = " or ".join(_schema_type_name(name) for name in wanted)
            finding = _found(place, expected, _TYPE_NAMES.get(type(error.instance), "something else"))
        case "enum":
            finding = Finding(
                place,
                f"{here} is {_short(error.instance)}, which is no label of {error.schema.get('x-labels', 'the list')}",
                f"use one of {_quoted(_nearest_first(error.instance, error.validator_value))}",
            )
        case "minItems":
            finding = Finding(
                place, f"{here} is an empty list", "give at least one item, or delete what holds the list"
            )
        case "uniqueItems":
            finding = Finding(place, f"{here} lists something twice", "delete the repetition")
        case "pattern":
            example = error.schema.get("examples", [""])[0]
            finding = Finding(
                place,
                f"{here} is {_short(error.instance)}, which does not match {error.validator_value}",
                f"write it like {_short(example)}",
            )
        case keyword:
            finding = Finding(
                place,
                f"{here} is {_short(error.instance)}, against {keyword} {_short(error.validator_value)}",
                "correct the value",
            )
    return Violation(rule, finding)


def _schema_type_name(name: str) -> str:
    python = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    return _TYPE_NAMES[python.get(name, type(None))]


def _meaning(schema: dict[str, Any], key: str) -> str:
    return resolve(schema["properties"][key]).get("description", "see the schema").rstrip(".")


def resolve(node: dict[str, Any], root: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema node that `node` stands for: its `$ref` into `root` (the schema of an article, if
    not given) followed, and what stands beside the `$ref` kept."""
    while "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**(root or article_schema())["$defs"][node["$ref"].rpartition("/")[2]], **beside}
    return node


def _nearest_first(found: Any, labels: list[str]) -> list[str]:
    """The labels, those most like what was found first."""
    near = get_close_matches(str(found), labels, n=3, cutoff=0.5)
    return near + [label for label in labels if label not in near]


def _quoted(words: list[str], most: int = 12) -> str:
    shown = ", ".join(_short(word) for word in words[:most])
    return shown + (f" and {len(words) - most} more (see schema/)" if len(words) > most else "")


def _short(value: Any, width: int = 60) -> str:
    """The value as JSON, cut to a readable length."""
    if isinstance(value, dict | list):
        return f"{_TYPE_NAMES[type(value)]} of {len(value)} items"
    shown = orjson.dumps(value).decode("utf-8")
    return shown if len(shown) <= width else shown[: width - 2] + '…"'


@cache
def article_arrow_schema() -> pa.Schema:
    """The Arrow schema of an article record: one field per field of the JSON Schema, in order."""
    properties = article_schema()["properties"]
    return pa.schema([pa.field(name, _arrow(node)) for name, node in properties.items()])


def _arrow(node: dict[str, Any]) -> pa.DataType:
    node = resolve(node)
    kind = node.get("type", "string")
    kind = next(name for name in kind if name != "null") if isinstance(kind, list) else kind
    match kind:
        case "object":
            return pa.struct([pa.field(k, _arrow(v)) for k, v in node["properties"].items()])
        case "array":
            return pa.list_(_arrow(node["items"]))
        case "integer":
            return pa.int64()
        case "boolean":
            return pa.bool_()
        case "string":
            return pa.string()
    raise TypeError(f"the schema has a type that tables cannot hold: {kind}")
