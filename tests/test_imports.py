"""Who may import whom: the rooms of the code keep their doors."""

from __future__ import annotations

import ast
from pathlib import Path

from conftest import ROOT

PACKAGE = ROOT / "src" / "wirecopy"
ALLOWED = {
    "__init__": {"scoring"},
    "spans": set(),
    "problems": set(),
    "article": set(),
    "shape": {"columns", "problems"},
    "overlap": {"article", "columns", "shape"},
    "spool": set(),
    "rules": {"article", "overlap", "problems", "shape", "spans", "spool"},
    "columns": set(),
    "accept": {"article", "columns", "overlap", "rules", "shape", "spans"},
    "documents": {"rules"},
    "work": set(),
    "cache": {"files", "shape"},
    "report": {"", "problems", "rules"},
    "drafts": {"article", "problems", "shape", "spans"},
    "files": {"article", "drafts", "problems", "rules"},
    "validate": {
        "accept",
        "article",
        "cache",
        "documents",
        "overlap",
        "problems",
        "rules",
        "shape",
        "spool",
        "work",
    },
    "views": {"article", "shape", "spans"},
    "tables": {"article", "shape", "spans", "views"},
    "croissant": {"tables"},
    "outline": set(),
    "facts": {"article"},
    "diff": {"article", "facts", "outline", "spans"},
    "changelog": {"article", "diff", "facts", "outline", "spans"},
    "diffreport": {"changelog", "diff", "outline"},
    "history": {"", "diff", "documents", "outline", "shape"},
    "citation": set(),
    "release": {"", "article", "citation", "croissant", "outline", "rules", "shape", "spool", "tables"},
    "build": {
        "article",
        "cache",
        "columns",
        "documents",
        "overlap",
        "problems",
        "release",
        "rules",
        "spool",
        "tables",
        "validate",
        "views",
        "work",
    },
    "making": {
        "build",
        "cache",
        "changelog",
        "citation",
        "history",
        "hydrate",
        "outline",
        "problems",
        "promises",
        "release",
        "rules",
        "validate",
        "work",
    },
    "verify": {"article", "history", "problems", "release"},
    "promises": {"article", "changelog", "diff", "outline", "problems"},
    "publish": {"outline", "problems", "release", "verify"},
    "hydrate": {"article", "problems", "release", "rules", "validate"},
    "display": {"article", "shape", "spans"},
    "scoring": {"", "article", "problems", "shape", "spans", "views"},
    "agreement": {"article", "rules", "scoring", "views"},
    "agreementreport": {"agreement", "scoring"},
    "cli": {
        "",
        "cache",
        "display",
        "files",
        "history",
        "hydrate",
        "report",
        "scoring",
        "validate",
        "verify",
        "work",
    },
}
"""What each room may import; "" is the package itself, for its version."""
BUILD_ONLY = {"datasets", "huggingface_hub", "pandas", "spacy"}
NETWORK = {"urllib", "requests", "httpx", "socket", "http", "aiohttp", "pooch"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "wirecopy":
            found |= {f"wirecopy.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def test_every_room_imports_only_what_it_may():
    for path in PACKAGE.rglob("*.py"):
        room = room_of(path)
        rooms = {[*name.split("."), ""][1] for name in imports_of(path) if name.split(".")[0] == "wirecopy"}
        assert rooms - {room} <= ALLOWED[room], path


def test_heavy_libraries_are_imported_for_building_only():
    for path in PACKAGE.rglob("*.py"):
        if room_of(path) not in ("tables", "publish"):
            assert not {name.split(".")[0] for name in imports_of(path)} & BUILD_ONLY, path


def test_only_hydrate_and_publish_touch_the_network():
    for path in PACKAGE.rglob("*.py"):
        if room_of(path) not in ("hydrate", "publish"):
            assert not {name.split(".")[0] for name in imports_of(path)} & NETWORK, path
        if room_of(path) != "publish":
            assert not {name.split(".")[0] for name in imports_of(path)} & {"huggingface_hub"}, path


def test_nothing_imports_publish_but_its_script():
    importers = [
        p.name
        for p in [*PACKAGE.rglob("*.py"), *(ROOT / "scripts").glob("*.py")]
        if "wirecopy.publish" in imports_of(p)
    ]
    assert importers == ["publish.py"]


def test_nothing_imports_the_scripts():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")]:
        assert not {name for name in imports_of(path) if name.split(".")[0] == "scripts"}, path
