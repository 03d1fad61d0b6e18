"""The OpenAPI description of the emulated APIs and the admin API, from the tables that they use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from mockserver.control import ADMIN, CONTROL_ROUTES, Chunks, Route
from mockserver.dialects.base import Dialects
from mockserver.model.described import about, about_members
from mockserver.model.results import Problem
from mockserver.model.settings import Lifetimes, Settings

__all__ = ["description"]

_REF = "#/components/schemas/{name}"
_PART = re.compile(r"{(\w+)}")


def description(version: str, dialects: Dialects) -> dict[str, Any]:
    """Return the document; its paths are those of emulated APIs, or begin with ``/__admin``."""
    structs = {kind for route in CONTROL_ROUTES for kind in (route.argument, route.result) if _is_struct(kind)}
    ordered = sorted(structs | {Problem}, key=lambda kind: str(kind.__name__))
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    described = [dialect.described() for dialect in dialects]
    paths: dict[str, dict[str, Any]] = {path: {**methods} for api in described for path, methods in api.paths.items()}
    schemas = {name: schema for api in described for name, schema in api.schemas.items()}
    for route in CONTROL_ROUTES:
        paths.setdefault(ADMIN + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media Collection API emulator",
            "version": version,
            "description": "Adobe's Media Collection API as emulated, and the admin API that controls the emulation. "
            "Both also answer under /ns/{namespace}.",
        },
        "paths": paths,
        "components": {"schemas": {**_described(components, ordered), **schemas}},
    }


def _described(components: dict[str, dict[str, Any]], records: Iterable[type]) -> dict[str, dict[str, Any]]:
    """Add the docstrings of records and members as descriptions."""
    known = _reachable(records)
    return {name: _with_texts(schema, known[name]) if name in known else schema for name, schema in components.items()}


def _with_texts(schema: dict[str, Any], record: type) -> dict[str, Any]:
    texts = about_members(record)
    if record is Settings:
        texts = {**about_members(Lifetimes), **texts}
    names = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    members = {
        name: {**member, "description": text} if (text := texts.get(names.get(name, name))) else member
        for name, member in schema.get("properties", {}).items()
    }
    title = getattr(record, "title", None)  # of a kind of fault; elsewhere it may be a member
    named = {"title": title} if isinstance(title, str) else {}
    return {**schema, **named, "description": about(record), "properties": members}


def _reachable(kinds: Iterable[Any]) -> dict[str, type]:
    """Return all records that some types contain, by name."""
    found: dict[str, type] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if _is_struct(kind) and kind.__name__ not in found:
            found[kind.__name__] = kind
            waiting += [field.type for field in msgspec.structs.fields(kind)]
    return found


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, msgspec.StructMeta)


def _operation(route: Route[Any, Any]) -> dict[str, Any]:
    parts = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(route.path)
    ]
    operation: dict[str, Any] = {"summary": route.summary, "parameters": parts}
    if route.method == "GET" and _is_struct(route.argument):
        operation["parameters"] = parts + [
            {"name": field.encode_name, "in": "query", "required": False, "schema": _field_schema(field.type)}
            for field in msgspec.structs.fields(route.argument)
        ]
    elif route.argument is not None:
        body = {"type": "string"} if route.argument is bytes else _schema(route.argument)
        operation["requestBody"] = {"content": {media_type: {"schema": body} for media_type in route.takes}}
    answer: dict[str, Any] = {"description": route.summary}
    if route.result is not None:
        schema = {"type": "string"} if route.result is Chunks else _schema(route.result)
        answer["content"] = {route.media_type.split(";")[0]: {"schema": schema}}
    problem = {"description": "A problem.", "content": {"application/problem+json": {"schema": _schema(Problem)}}}
    operation["responses"] = {str(route.status): answer, "default": problem}
    return operation


def _schema(kind: Any) -> dict[str, Any]:
    if _is_struct(kind):
        return {"$ref": _REF.format(name=kind.__name__)}
    return msgspec.json.schema(kind)


def _field_schema(kind: Any) -> dict[str, Any]:
    schemas, _ = msgspec.json.schema_components((kind,), ref_template=_REF)
    return schemas[0]
