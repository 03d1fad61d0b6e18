"""The OpenAPI description of the emulated APIs and the admin API, from the tables that they use."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from mockserver.address import DEFAULT_NAMESPACE, namespaced
from mockserver.admin.schemas import REF, components, of_json, plain_schema
from mockserver.control import ADMIN, CONTROL_ROUTES, EVENT, EXPORT, PLAN, Chunks, Route, SettingsPatch
from mockserver.dialects.base import Dialects
from mockserver.model.described import about_members, is_record
from mockserver.model.results import Problem
from mockserver.model.tracking_plan import TrackingPlan
from mockserver.wire.codec import decode

__all__ = ["description", "servers"]

_PART = re.compile(r"{(\w+)}")
_TEXT = {"type": "string"}
_PARTS = {
    "sid": "The session id.",
    "seq": "The number of the entry in the journal.",
    "code": "The code of a finding, such as `ping.gap`.",
    "fault_id": "The id of the rule.",
    "name": "The name.",
    "player_id": "The id of the player.",
}
_SUBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "server": (
        "The server itself.",
        ("health", "ready", "version", "metrics", "openapi.json", "ca.crt", "summary", "addresses", "qr.svg"),
    ),
    "sessions": ("Viewings, from sessionStart to their end.", ("sessions",)),
    "findings": ("What is wrong with the traffic, and whether it is as planned.", ("findings", "rules", "plan")),
    "events": (
        "The journal: every request that a player sent, and its answer.",
        ("events", "verify", "stream", "export", "import"),
    ),
    "faults": ("Failures that a test asks for.", ("faults",)),
    "stories": ("Scenarios that a player must survive, with a verdict.", ("stories",)),
    "settings": ("How a namespace behaves.", ("settings", "armed", "reset")),
    "clock": ("The emulated clock.", ("clock",)),
    "namespaces": ("Many testers on one server.", ("namespaces",)),
    "players": ("Simulated players.", ("players",)),
}
"""What routes are about, in one sentence, and the first parts of their paths."""
_SCHEME = "adminToken"
_ABOUT = """\
Adobe's Media Collection API and Media Edge API as emulated, and the admin API that controls the emulation: its paths
begin with `/__admin`. Everything also answers under `/ns/{namespace}`, for one tester among many."""


def description(
    version: str, dialects: Dialects, address: str = "", namespace: str = DEFAULT_NAMESPACE
) -> dict[str, Any]:
    """Return the document; its paths are those of emulated APIs, or begin with ``/__admin``.

    Args:
        version: The version of the server.
        dialects: The emulated APIs.
        address: The address of the server; empty for the one that the document was read from.
        namespace: The namespace that the document was read from.
    """
    described = {dialect.name: dialect.described for dialect in dialects}
    paths: dict[str, dict[str, Any]] = {}
    for name, api in described.items():
        for path, methods in api.paths.items():
            paths[path] = {
                method: {"tags": [name], "security": [], **operation} for method, operation in methods.items()
            }
    for route in CONTROL_ROUTES:
        paths.setdefault(ADMIN + route.path, {})[route.method.lower()] = _operation(route)
    records = {kind for route in CONTROL_ROUTES for kind in _in_bodies(route) if is_record(kind)}
    records |= {Problem, TrackingPlan}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media Collection API emulator",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": servers(address, namespace),
        "tags": [
            *({"name": name, "description": api.about} for name, api in described.items()),
            *({"name": name, "description": about} for name, (about, _) in _SUBJECTS.items()),
        ],
        "paths": paths,
        "components": {
            "schemas": {
                **components(records),
                **{name: schema for api in described.values() for name, schema in api.schemas.items()},
            },
            "securitySchemes": {
                _SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The admin token; needed if the server was started with one.",
                }
            },
        },
    }


def servers(address: str, namespace: str) -> list[dict[str, Any]]:
    """Return the servers of the document; for the arguments see :func:`description`."""
    return [
        {"url": namespaced(address, namespace) or "/", "description": "This server."},
        {
            "url": f"{address}/ns/{{namespace}}",
            "description": "One namespace of it.",
            "variables": {"namespace": {"default": namespace, "description": "Its name."}},
        },
    ]


def _in_bodies(route: Route[Any, Any]) -> tuple[Any, ...]:
    return (route.result,) if route.method == "GET" else (route.argument, route.result)


def _operation(route: Route[Any, Any]) -> dict[str, Any]:
    examples = _examples().get(route.name, {})
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [name for name, (_, places) in _SUBJECTS.items() if route.path.split("/")[1] in places],
        "summary": route.summary,
        "security": [] if route.any_host else [{_SCHEME: []}, {}],
        "parameters": [_part(route, name) for name in _PART.findall(route.path)],
    }
    if route.method == "GET" and is_record(route.argument):
        operation["parameters"] += _query(route.argument)
    elif route.argument is not None:
        operation["requestBody"] = {"required": True, "content": _body(route, examples.get("body"))}
    answer: dict[str, Any] = {"description": route.summary}
    if route.result is not None:
        answer["content"] = _answer(route, examples.get("answer"))
    problem = {"description": "A problem.", "content": {"application/problem+json": {"schema": plain_schema(Problem)}}}
    operation["responses"] = {str(route.status): answer, "4XX": problem, "default": problem}
    return operation


def _part(route: Route[Any, Any], name: str) -> dict[str, Any]:
    schema = {"type": "integer"} if route is EVENT else _TEXT
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": _PARTS[name]}


def _query(record: type) -> list[dict[str, Any]]:
    texts = about_members(record)
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": False,
            "schema": _without_null(plain_schema(field.type)),
            "description": of_json(texts[field.name]),
        }
        for field in msgspec.structs.fields(record)
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema for a query string, which has no null: a parameter is left out."""
    if isinstance(schema.get("type"), list):
        return {**schema, "type": schema["type"][0]}
    first, *others = schema.get("anyOf", (schema,))
    return schema if not others else first


def _body(route: Route[Any, Any], example: Any) -> dict[str, Any]:
    if route.argument is bytes:
        document = plain_schema(TrackingPlan) if route is PLAN else {}
        kinds = {"application/json": document, "application/octet-stream": {"type": "string", "format": "binary"}}
        shown = {} if example is None else {"example": example}
        # Generators take the first: a plan is a record there, a recording is bytes.
        return {
            media_type: {"schema": kinds.get(media_type, _TEXT), **(shown if media_type == "application/json" else {})}
            for media_type in (route.takes if route is PLAN else reversed(route.takes))
        }
    changes = {"$ref": REF.format(name="SettingsPatch")}
    schema = changes if route.argument is SettingsPatch else plain_schema(route.argument)
    return {media_type: {"schema": schema, "example": example} for media_type in route.takes}


def _answer(route: Route[Any, Any], example: Any) -> dict[str, Any]:
    schema = _TEXT if route.result is Chunks else plain_schema(route.result)
    shown = {} if example is None else {"example": example}
    har = {"application/json": {"schema": {"type": "object"}}} if route is EXPORT else {}
    return {route.media_type.split(";")[0]: {"schema": schema, **shown}, **har}


@cache
def _examples() -> dict[str, dict[str, Any]]:
    """Return bodies and answers by the name of their route; a test asked a server for them."""
    from importlib import resources  # takes long to import, and few ask for the document

    found: dict[str, dict[str, Any]] = decode(
        resources.files("mockserver.admin").joinpath("examples.json").read_bytes(), dict[str, Any]
    )
    return found
