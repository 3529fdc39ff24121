"""What the documents say is so: generated parts are current, snippets run."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

import wirecopy
from conftest import ROOT, run
from wirecopy import shape
from wirecopy.citation import bibtex, read_citation
from wirecopy.release import CANARY
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


CFF_REQUIRED = ("authors", "cff-version", "message", "title")
"""What the Citation File Format 1.2.0 requires (doi:10.5281/zenodo.5171937, section "Required keys")."""
CFF_KNOWN = {
    "abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers", "keywords",
    "license", "license-url", "message", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "title", "type", "url", "version",
}  # fmt: skip
"""Every key that it allows at the top."""


def test_citation_has_what_its_format_requires_and_nothing_that_it_does_not_know():
    citation = read_citation(ROOT)
    assert all(citation[key] for key in CFF_REQUIRED)
    assert citation.keys() <= CFF_KNOWN
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] in ("dataset", "software")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", citation["date-released"])
    for author in citation["authors"]:
        assert "name" in author or {"family-names", "given-names"} <= author.keys()
    assert set(citation["license"]) <= {"CC-BY-4.0", "MIT"}
    assert len(citation["keywords"]) == len(set(citation["keywords"]))


def test_zenodo_and_bibtex_say_what_the_citation_says():
    citation = read_citation(ROOT)
    metadata = json.loads((ROOT / ".zenodo.json").read_bytes())
    assert metadata["upload_type"] == "dataset"
    assert metadata["version"] == wirecopy.__version__
    assert metadata["creators"] == [{"name": "The Wirecopy maintainers"}]
    assert all(metadata[key] for key in ("title", "description", "license", "publication_date", "keywords"))
    entry = bibtex(citation, wirecopy.__version__)
    assert entry in README
    assert "author = {{The Wirecopy maintainers}}" in entry and f"note   = {{Version {wirecopy.__version__}}}" in entry


def test_bibtex_of_people_has_family_names_first():
    people = [{"family-names": "Lee", "given-names": "Anwen"}, {"name": "The Group"}]
    citation = {"title": "T", "authors": people, "date-released": "2026-11-22", "doi": "10.1/x"}
    assert bibtex(citation, "1.0.0") == (
        "@misc{wirecopy,\n  title  = {T},\n  author = {Lee, Anwen and {The Group}},\n  year   = {2026},\n"
        "  note   = {Version 1.0.0},\n  doi    = {10.1/x}\n}"
    )


def test_card_has_licences_use_limits_citation_and_canary(history):
    card = (history.release("0.1.1") / "README.md").read_text(encoding="utf-8")
    for heading in ("Intended use", "Limits", "Licences", "Citation", "Pin the version"):
        assert f"\n## {heading}\n" in card
    assert "Annotation: CC BY 4.0. Texts written for the corpus: CC BY 4.0." in card
    assert CANARY in card
    assert 'revision="v0.1.1"' in card and "note   = {Version 0.1.1}" in card


def test_commands_of_the_releasing_page_name_scripts_and_targets_that_exist():
    page = (ROOT / "RELEASING.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL))
    scripts, made = re.findall(r"scripts/\w+\.py", commands), re.findall(r"^make (\w+)", commands, flags=re.MULTILINE)
    assert len(scripts) >= 4 and len(made) >= 3
    assert all((ROOT / script).is_file() for script in scripts)
    assert set(made) <= set(targets)


def test_version_is_one_everywhere():
    version = wirecopy.__version__
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {version}," in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"dist/{version}" in README
    assert version in set(re.findall(r"\b\d+\.\d+\.\d+\b", README))


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
