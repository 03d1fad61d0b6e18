"""The records of the admin API as JSON Schemas for OpenAPI, in forms from which code generators make good types.

A member for which the server takes one value or a list is described as the list, because answers have only lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, get_args

import msgspec

from mockserver.model.described import about, about_members, records_in
from mockserver.model.fault_kind import Fault, Pass, SimpleFault
from mockserver.model.settings import Lifetimes, Settings

__all__ = ["REF", "components", "of_json", "plain_schema"]

LABEL = "x-label"
"""What the form on the page calls a kind of fault or a member."""
REF = "#/components/schemas/{name}"
_UNIONS: Mapping[str, tuple[Any, str]] = {
    "Fault": (Fault, "What goes wrong, by ``kind``."),
    "ScriptItem": (SimpleFault | Pass, "One item of a ``responses`` script."),
}
"""The unions of records that have a name of their own."""
_SHORTENED = tuple(REF.format(name=name) for name in ("Query", "ExpectedName", "KeyRule"))
"""Records for which the server also takes a text or a value: a step its event type, a name, the value of a key."""
_OF_CONSTANTS = frozenset({"entries", "name", "ordinal", "value"})
"""Names that every enum constant of Kotlin has already, so that none can be called so."""
_NULL = {"type": "null"}
_JSON_WORDS = {"None": "null", "True": "true", "False": "false"}
_PYTHON = re.compile(r"\b(?:None|True|False)\b")
_LINK = re.compile(r"\[([^]]+)\]\([^)]*\)")
_TYPES = {str: "string", int: "integer"}


def components(records: Iterable[type]) -> dict[str, dict[str, Any]]:
    """Return the schemas of records and of all that they consist of, by name."""
    ordered = sorted(records, key=lambda kind: kind.__name__)
    _, found = msgspec.json.schema_components(ordered, ref_template=REF)
    known = records_in(ordered)
    schemas = {
        name: _record_schema(_simple(schema), known[name]) if name in known else _simple(schema)
        for name, schema in found.items()
    }
    unions = {name: {**_union(kind), "description": text} for name, (kind, text) in _UNIONS.items()}
    return {**schemas, **unions, "SettingsPatch": _patch(schemas["Settings"])}


@cache
def plain_schema(kind: Any) -> dict[str, Any]:
    """Return the schema of a type: a reference, if it is a record."""
    (schema,), _ = msgspec.json.schema_components((kind,), ref_template=REF)
    found: dict[str, Any] = _simple(schema)
    return found


def _record_schema(schema: dict[str, Any], record: Any) -> dict[str, Any]:
    """Add the docstrings of a record and its members, and say which members an answer always has."""
    texts = about_members(record)
    if record is Settings:
        texts = {**about_members(Lifetimes), **texts}
    names = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    members = {}
    for name, member in schema.get("properties", {}).items():
        text = texts.get(names.get(name, name))
        members[name] = _sized(name, _labelled(member)) | ({"description": of_json(text)} if text else {})
    title = getattr(record, "title", None)  # of a kind of fault; elsewhere it may be a member
    named = {LABEL: title} if isinstance(title, str) else {}
    required = _always_there(record, schema.get("required", []))
    return {**schema, **named, "description": of_json(about(record)), "properties": members, "required": required}


def _labelled(member: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a member with its title as a label: generators name classes after titles."""
    return {LABEL if word == "title" else word: value for word, value in member.items()}


def _sized(name: str, member: dict[str, Any]) -> dict[str, Any]:
    """Say that a time or a size needs 64 bits."""
    is_large = name.endswith(("_ms", "_bytes")) or name == "seed"
    return {**member, "format": "int64"} if is_large and "integer" in member.get("type", ()) else member


def of_json(text: str) -> str:
    """Return a description with the words of JSON in place of those of Python, and without links into the documents."""
    text = _LINK.sub(r"\1", text)
    return _PYTHON.sub(lambda found: _JSON_WORDS[found[0]], text)


def _always_there(record: Any, required: list[str]) -> list[str]:
    """Return the members that are always there: of a record that is only answered, also those with a default."""
    config = record.__struct_config__
    if config.forbid_unknown_fields or config.omit_defaults:
        return required
    tag = [config.tag_field] if config.tag_field else []
    fields = msgspec.structs.fields(record)
    return tag + [field.encode_name for field in fields if msgspec.UnsetType not in get_args(field.type)]


def _patch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of changed settings. It has no defaults, because generated code would send them all."""
    members = {
        name: {word: value for word, value in member.items() if word != "default"}
        for name, member in settings["properties"].items()
    }
    return {**settings, "title": "SettingsPatch", "description": "The settings that change.", "properties": members}


def _union(kind: Any) -> dict[str, Any]:
    """Return the schema of records that differ by a tag."""
    (schema,), _ = msgspec.json.schema_components((kind,), ref_template=REF)
    return {"oneOf": schema["anyOf"], "discriminator": schema["discriminator"]}


def _simple(schema: Any) -> Any:
    """Rewrite what msgspec says of types into what generators of code understand."""
    if isinstance(schema, list):
        return [_simple(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {word: _simple(part) for word, part in schema.items() if word != "default" or part not in (None, {})}
    if "enum" in schema:
        schema = {"type": _TYPES[type(schema["enum"][0])], **schema}
        if not _OF_CONSTANTS.isdisjoint(schema["enum"]):
            schema["x-enum-varnames"] = [f"{value}_" if value in _OF_CONSTANTS else value for value in schema["enum"]]
    if schema.get("type") == "number":
        schema["format"] = "double"  # without it some take decimals, and write them as text
    if "prefixItems" in schema:  # a pair of texts
        first, *_ = schema.pop("prefixItems")
        return {**schema, "items": first}
    return _alternatives(schema) if "anyOf" in schema else schema


def _alternatives(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.pop("anyOf")
    if "discriminator" in schema:
        name = "Fault" if "responses" in schema.pop("discriminator")["mapping"] else "ScriptItem"
        return {"$ref": REF.format(name=name), **schema}
    named = [choice for choice in choices if choice != _NULL]
    for choice in named:
        if choice.get("type") == "array" and choice["items"] in named:
            return {**choice, **schema}  # one or many
        if choice.get("$ref") == REF.format(name="ScriptItem"):
            return {**choice, **schema}  # or the word "pass"
        if choice.get("$ref") in _SHORTENED and len(named) > 1:
            return {**choice, **schema}
    if {"type": "string"} in named and {"type": "boolean"} in named:
        return schema  # any value
    if {"type": "string"} in named and {"type": "integer"} in named:
        return {"type": "string", **schema}  # the value of a header field
    if len(named) > 1 and any(choice.get("type") == "number" for choice in named):
        return {**schema, "examples": [1, "max"]}  # a speed: of a number or a word, generators make empty classes
    if len(named) == 1 and isinstance(named[0].get("type"), str) and "enum" not in named[0]:
        return {**named[0], "type": [named[0]["type"], "null"], **schema}
    return {"anyOf": choices, **schema}
