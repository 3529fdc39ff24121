"""Croissant metadata of a release (MLCommons Croissant 1.0), derived from the configs' schemas.

One record set for each config and split; for each shard of a split that is cut into several. Croissant's
readers reach into one list of objects and no deeper, so what is a list in a list is left out here: the mentions
inside `entities` of `articles`, say, are found in the record sets of `coreference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from wirecopy.tables import CONFIGS

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        term: f"cr:{term}"
        for term in (
            "citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes",
            "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
            "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip
"""The JSON-LD context that the Croissant 1.0 specification gives."""

_DATA_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "bool": "sc:Boolean"}


def make_croissant(manifest: dict[str, Any], about: Mapping[str, str], files: dict[str, str]) -> dict[str, Any]:
    """The content of croissant.json.

    `about` has `description`, `license_url`, `released` (a date) and `citation` (BibTeX); `files` the SHA-256 of every
    Parquet file by its path in the release, which begins `<config>/<split>-`.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest["name"],
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "description": about["description"],
        "license": about["license_url"],
        "datePublished": about["released"],
        "version": manifest["version"],
        "inLanguage": "en",
        "citeAs": about["citation"],
        "distribution": [_file_object(path, digest) for path, digest in sorted(files.items())],
        "recordSet": [_record_set(path) for path in sorted(files)],
    }


def _file_object(path: str, digest: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _record_set(path: str) -> dict[str, Any]:
    config, _, file_name = path.partition("/")
    split, shard, _, n_shards = file_name.removesuffix(".parquet").split("-")
    name = f"{config}/{split}" if n_shards == "00001" else f"{config}/{split}-{shard}"
    fields = [found for field in CONFIGS[config].schema for found in _fields(field, name, path)]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": CONFIGS[config].description,
        "key": {"@id": f"{name}/id"},
        "field": fields,
    }


def _fields(field: pa.Field, record_set: str, path: str) -> Iterator[dict[str, Any]]:
    """The Croissant field of a column; none for a column that is a list in a list."""
    plain = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{field.name}",
        "name": f"{record_set}/{field.name}",
    }
    item = field.type.value_type if pa.types.is_list(field.type) else field.type
    repeated = {"repeated": True} if pa.types.is_list(field.type) else {}
    if pa.types.is_list(item):
        return
    if not pa.types.is_struct(item):
        source = {"fileObject": {"@id": path}, "extract": {"column": field.name}}
        yield {**plain, "dataType": _DATA_TYPES[str(item)], **repeated, "source": source}
        return
    inner_fields = [inner for inner in item if str(inner.type) in _DATA_TYPES]
    yield {
        **plain,
        **repeated,
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{record_set}/{field.name}/{inner.name}",
                "name": f"{record_set}/{field.name}/{inner.name}",
                "dataType": _DATA_TYPES[str(inner.type)],
                "source": {
                    "fileObject": {"@id": path},
                    "extract": {"column": field.name},
                    "transform": {"jsonPath": inner.name},
                },
            }
            for inner in inner_fields
        ],
    }
