"""JSON Schemas of TOML files, by which editors complete and check them."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from mockserver.model.described import about, about_members, records_in
from mockserver.model.settings import Lifetimes, Settings
from mockserver.model.story import Story

__all__ = ["settings_schema", "story_schema", "toml_schema"]

_NONE = {"const": "none"}
_NULL = {"type": "null"}


def toml_schema(title: str, root: type) -> dict[str, Any]:
    """Return the schema of a file that holds one record.

    Args:
        title: What the file is.
        root: The record.

    Returns:
        A schema with the records inside it under ``$defs``, all with the texts of their docstrings, and without null,
        which TOML does not have.
    """
    (reference,), schemas = _components(root)
    for name, record in records_in((root,)).items():
        schemas[name] = {**schemas[name], **_described(schemas[name], record)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **reference,
        "$defs": _without_null(schemas),
    }


def story_schema() -> dict[str, Any]:
    """Return the schema of story files."""
    schema = toml_schema("Story of mockserver", Story)
    schema["$defs"]["Story"]["properties"]["settings"] = settings_schema()
    return schema


def settings_schema() -> dict[str, Any]:
    """Return the schema of a table of settings, where the word ``none`` stands for no limit."""
    _, schemas = _components(Settings)
    texts = {**about_members(Lifetimes), **about_members(Settings)}
    properties: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        schema = _inlined(schemas["Settings"]["properties"][field.encode_name], schemas)
        schema = _without_null(schema, none=True)
        if field.name in texts:
            schema["description"] = texts[field.name]
        properties[field.encode_name] = schema
        table, dot, member = field.encode_name.partition(".")
        if dot:
            inner = properties.setdefault(table, {"type": "object", "properties": {}, "additionalProperties": False})
            inner["properties"][member] = schema
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _components(root: type) -> tuple[Any, dict[str, Any]]:
    references, schemas = msgspec.json.schema_components((root,), ref_template="#/$defs/{name}")
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])  # old versions of msgspec leave the indentation in
    return references, schemas


def _described(schema: dict[str, Any], record: type) -> dict[str, Any]:
    texts = about_members(record)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    members = {
        name: {**member, "description": texts[names[name]]} if names.get(name) in texts else member
        for name, member in schema.get("properties", {}).items()
    }
    return {"description": about(record), "properties": members}


def _inlined(schema: Any, schemas: dict[str, Any]) -> Any:
    """Put the records in place of the references to them."""
    if isinstance(schema, list):
        return [_inlined(part, schemas) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {word: part for word, part in schema.items() if word != "$ref"}
        return {**_inlined(schemas[schema["$ref"].rpartition("/")[2]], schemas), **rest}
    return {word: _inlined(part, schemas) for word, part in schema.items()}


def _without_null(schema: Any, *, none: bool = False) -> Any:
    """Leave out null, or put the word ``none`` in its place."""
    if isinstance(schema, list):
        return [_without_null(part, none=none) for part in schema if none or part != _NULL]
    if not isinstance(schema, dict):
        return schema
    if schema == _NULL:
        return _NONE
    return {word: _without_null(part, none=none) for word, part in schema.items() if (word, part) != ("default", None)}
