"""How the corpus wants to be cited: CITATION.cff, and what is derived from it.

CITATION.cff is in the Citation File Format 1.2.0 (doi:10.5281/zenodo.5171937). BibTeX and the
metadata for Zenodo are written from it, so that no two places can disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

Citation = Mapping[str, Any]


def read_citation(folder: Path) -> Citation:
    """The parsed CITATION.cff of a folder; dates are strings."""
    return yaml.load((folder / "CITATION.cff").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def author_names(citation: Citation) -> list[str]:
    """The authors as "Family, Given", or as the name of a group."""
    return [
        author["name"] if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in citation["authors"]
    ]


def bibtex(citation: Citation, version: str) -> str:
    """A BibTeX entry for one version. Names of groups are in double braces, so that BibTeX keeps them whole."""
    authors = [
        f"{{{name}}}" if "name" in author else name
        for name, author in zip(author_names(citation), citation["authors"], strict=True)
    ]
    fields = {
        "title": citation["title"],
        "author": " and ".join(authors),
        "year": citation["date-released"][:4],
        "note": f"Version {version}",
        **{key: citation[key] for key in ("doi", "url") if key in citation},
    }
    width = max(map(len, fields))
    lines = ",\n".join(f"  {key.ljust(width)} = {{{value}}}" for key, value in fields.items())
    return f"@misc{{wirecopy,\n{lines}\n}}"


def zenodo(citation: Citation) -> bytes:
    """The content of .zenodo.json."""
    licence = citation["license"]
    metadata = {
        "title": citation["title"],
        "upload_type": "dataset",
        "description": " ".join(citation["abstract"].split()),
        "creators": [{"name": name} for name in author_names(citation)],
        "version": citation["version"],
        "publication_date": citation["date-released"],
        "language": "eng",
        "license": (licence if isinstance(licence, str) else licence[0]).lower(),
        "access_right": "open",
        "keywords": list(citation["keywords"]),
        "notes": "Texts and annotation: CC-BY-4.0. Code: MIT.",
    }
    return orjson.dumps(metadata, option=orjson.OPT_INDENT_2) + b"\n"


def with_version(cff: str, version: str, released: str) -> str:
    """The text of a CITATION.cff with another version and day of release."""
    cff = re.sub(r"^version: .*$", f"version: {version}", cff, flags=re.MULTILINE)
    return re.sub(r"^date-released: .*$", f'date-released: "{released}"', cff, flags=re.MULTILINE)
