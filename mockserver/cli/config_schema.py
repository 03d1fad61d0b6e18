"""The JSON Schema of ``mockserver.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec

from mockserver.cli.flags import FILE_ONLY, Flag, serve_flags
from mockserver.model.fault import FaultSpec
from mockserver.wire.toml_schema import settings_schema, toml_schema

__all__ = ["config_schema"]


def config_schema() -> dict[str, Any]:
    """Return the schema: the keys of the server, those of settings by all their names, and the tables."""
    faults = toml_schema("Fault rules", FaultSpec)
    settings = settings_schema()["properties"]
    properties: dict[str, Any] = {}
    for flag in serve_flags().values():
        for name in flag.names:
            properties[name] = settings[_member(flag, settings)] if flag.setting else _of_server(flag)
    properties["faults"] = {
        "description": "Fault rules, or the path of a file with fault rules.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/FaultSpec"}}],
    }
    for name in FILE_ONLY:
        properties[name] = settings[name]
    for name, schema in settings.items():
        properties.setdefault(name, schema)  # the tables of settings with a dot
    return {
        "$schema": faults["$schema"],
        "title": "Configuration of mockserver",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": faults["$defs"],
    }


def _member(flag: Flag, settings: dict[str, Any]) -> str:
    return next(name for name in flag.names if name in settings)


def _of_server(flag: Flag) -> dict[str, Any]:
    if flag.kind is Path:
        schema: dict[str, Any] = {"type": "string"}
    elif Path in get_args(flag.kind):
        schema = {"type": "array", "items": {"type": "string"}}
    else:
        schema = msgspec.json.schema(flag.kind)
        if "anyOf" in schema:
            schema = {"anyOf": [{"const": "none"} if one == {"type": "null"} else one for one in schema["anyOf"]]}
    if flag.kind is str:
        schema = {"type": ["string", "integer"]}  # a seed may be a number
    if schema.get("type") == "array":
        schema = {"anyOf": [schema, {"type": "string"}]}
    return {**schema, "description": flag.text}
