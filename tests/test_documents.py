"""What the documents say is so: generated parts are current, snippets run."""

from __future__ import annotations

import re

import jsonschema
import pytest

import wirecopy
from conftest import ROOT, run
from wirecopy import shape
from wirecopy.rules import RULES

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_files_are_what_their_sources_generate():
    checked = run("scripts/generate.py", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_snippets_of_the_readme_run(release, tmp_path):
    """All of them in one program, in the order of the page, in a folder that holds dist/."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / release.name).symlink_to(release)
    snippets = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(snippets) >= 7
    program = tmp_path / "snippets.py"
    program.write_text(f"import os\nos.chdir({str(tmp_path)!r})\n" + "\n".join(snippets), encoding="utf-8")
    ran = run(program, HF_HOME=str(tmp_path / "cache"))
    assert ran.returncode == 0, ran.stderr
    printed = [line for snippet in snippets for line in snippet.splitlines() if line.lstrip().startswith("print(")]
    assert len(ran.stdout.splitlines()) >= len(printed) >= 5


def test_version_is_one_everywhere():
    version = wirecopy.__version__
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {version}," in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"dist/{version}" in README
    assert set(re.findall(r"\b\d+\.\d+\.\d+\b", README)) == {version}


def test_every_rule_is_on_the_rules_page():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for rule_id in RULES:
        assert f"### {rule_id}\n" in page


def every_node(node):
    if isinstance(node, dict):
        yield node
        for item in node.values():
            yield from every_node(item)
    elif isinstance(node, list):
        for item in node:
            yield from every_node(item)


@pytest.mark.parametrize(
    "schema",
    [
        shape.article_schema(),
        shape.prediction_schema(),
        *map(shape.register_schema, ("splits", "sources", "waivers")),
    ],
)
def test_schemas_are_valid_closed_and_documented(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for node in every_node(schema):
        if "properties" in node and "type" in node:
            assert node["additionalProperties"] is False
            for name, field in node["properties"].items():
                described = shape.resolve(field, schema)
                assert described["title"] and described["description"] and described["examples"], name


@pytest.mark.parametrize("schema", [shape.article_schema(), shape.prediction_schema()])
def test_examples_of_the_schema_are_valid(schema):
    for node in every_node(schema):
        if "examples" in node and "title" in node:
            validator = jsonschema.Draft202012Validator({**node, "$defs": schema["$defs"]})
            for example in node["examples"]:
                validator.validate(example)


def test_every_label_has_definition_marked_example_and_known_source():
    import orjson

    document = orjson.loads((ROOT / "schema" / "labels.json").read_bytes())
    for inventory in document["inventories"].values():
        names = [label["name"] for label in inventory["labels"]]
        assert len(names) == len(set(names))
        for label in inventory["labels"]:
            assert label["definition"].endswith(".")
            assert re.search(r"\[[^\]]+\]", label["example"]), label["name"]
            assert label["source"] in document["standards"]


def test_event_types_have_known_roles_and_every_role_is_used():
    roles = set(shape.names("argument_role"))
    used = {role for label in shape.labels("event_type").values() for role in label["roles"]}
    assert used == roles


def test_no_document_names_a_path_of_a_machine():
    for path in [ROOT / "README.md", ROOT / "DATASHEET.md", ROOT / "constraints.txt", *ROOT.glob("docs/*.md")]:
        assert not re.search(
            r"(?<![\w.])/(home|work|tmp|root)/|https?://(localhost|127\.)", path.read_text(encoding="utf-8")
        )
