"""The OpenAPI description of the emulated and the admin API, made from the tables that drive them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from mockserver.control import ADMIN, CONTROL_ROUTES, Chunks, Route
from mockserver.dialects.collection.paths import BASE
from mockserver.model.described import about, about_members
from mockserver.model.results import Problem
from mockserver.model.settings import Lifetimes, Settings
from mockserver.model.vocabulary import EVENT_TYPES

__all__ = ["description"]

_REF = "#/components/schemas/{name}"
_API_SCHEMAS: dict[str, Any] = {
    "MediaEvent": {
        "type": "object",
        "description": "An event; its exact shape is the JSON Schema of its type at /api/v1/schemas/{eventType}.",
        "required": ["eventType", "playerTime"],
        "properties": {"eventType": {"enum": list(EVENT_TYPES)}, "playerTime": {"type": "object"}},
    },
    "ApiError": {
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Violation"}},
        },
    },
}
_PART = re.compile(r"{(\w+)}")


def description(version: str) -> dict[str, Any]:
    """Return the document; every path key begins with ``/api`` or ``/__admin``."""
    structs = {kind for route in CONTROL_ROUTES for kind in (route.argument, route.result) if _is_struct(kind)}
    ordered = sorted(structs | {Problem}, key=lambda kind: str(kind.__name__))
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = _api_paths()
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
        "components": {"schemas": {**_described(components, ordered), **_API_SCHEMAS}},
    }


def _described(components: dict[str, dict[str, Any]], records: Iterable[type]) -> dict[str, dict[str, Any]]:
    """Say of records and of their members what their docstrings do."""
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
    """Return all records that these kinds are made of, by name."""
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
        operation["requestBody"] = {"content": {"application/json": {"schema": _schema(route.argument)}}}
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


def _api_paths() -> dict[str, dict[str, Any]]:
    event = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/MediaEvent"}}}}
    message = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApiError"}}}}
    sid = [{"name": "sid", "in": "path", "required": True, "schema": {"type": "string"}}]
    kind = [{"name": "eventType", "in": "path", "required": True, "schema": {"enum": list(EVENT_TYPES)}}]
    batch = {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}
    created = {
        "description": "Created; the session is in Location.",
        "headers": {"Location": {"schema": {"type": "string"}}},
    }
    bad = {"description": "The body fails the schema of its event type.", **message}
    return {
        f"{BASE}/sessions": {
            "post": {"summary": "Open a session.", "requestBody": event, "responses": {"201": created, "400": bad}},
        },
        f"{BASE}/sessions/{{sid}}/events": {
            "post": {
                "summary": "Report one event.",
                "parameters": sid,
                "requestBody": event,
                "responses": {
                    "204": {"description": "Accepted."},
                    "400": bad,
                    "404": {"description": "The session is not known.", **message},
                    "410": {"description": "The session is closed.", **message},
                    "500": {"description": "Server error; only when a fault rule asks for it.", **message},
                },
            },
        },
        f"{BASE}/schemas/{{eventType}}": {
            "get": {
                "summary": "The JSON Schema of an event type.",
                "parameters": kind,
                "responses": {
                    "200": {"description": "The schema, draft-04.", "content": {"application/json": {}}},
                    "404": {"description": "No such event type.", **message},
                },
            },
        },
        f"{BASE}/downloaded": {
            "post": {
                "summary": "Report downloaded content that was played offline.",
                "requestBody": batch,
                "responses": {"201": {"description": "Accepted."}, "400": bad},
            },
        },
    }
