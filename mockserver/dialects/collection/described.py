"""The Media Collection API in OpenAPI."""

from __future__ import annotations

from typing import Any

from mockserver.dialects.collection.paths import BASE
from mockserver.model.event_types import EVENT_TYPES

__all__ = ["PATHS", "SCHEMAS"]

SCHEMAS: dict[str, Any] = {
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

_EVENT = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/MediaEvent"}}}}
_MESSAGE = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApiError"}}}}
_SID = [{"name": "sid", "in": "path", "required": True, "schema": {"type": "string"}}]
_KIND = [{"name": "eventType", "in": "path", "required": True, "schema": {"enum": list(EVENT_TYPES)}}]
_BATCH = {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}
_CREATED = {
    "description": "Created; the session is in Location.",
    "headers": {"Location": {"schema": {"type": "string"}}},
}
_BAD = {"description": "The body fails the schema of its event type.", **_MESSAGE}
PATHS: dict[str, Any] = {
    f"{BASE}/sessions": {
        "post": {"summary": "Open a session.", "requestBody": _EVENT, "responses": {"201": _CREATED, "400": _BAD}},
    },
    f"{BASE}/sessions/{{sid}}/events": {
        "post": {
            "summary": "Report one event.",
            "parameters": _SID,
            "requestBody": _EVENT,
            "responses": {
                "204": {"description": "Accepted."},
                "400": _BAD,
                "404": {"description": "The session is not known.", **_MESSAGE},
                "410": {"description": "The session is closed.", **_MESSAGE},
                "500": {"description": "Server error; only when a fault rule asks for it.", **_MESSAGE},
            },
        },
    },
    f"{BASE}/schemas/{{eventType}}": {
        "get": {
            "summary": "The JSON Schema of an event type.",
            "parameters": _KIND,
            "responses": {
                "200": {"description": "The schema, draft-04.", "content": {"application/json": {}}},
                "404": {"description": "No such event type.", **_MESSAGE},
            },
        },
    },
    f"{BASE}/downloaded": {
        "post": {
            "summary": "Report downloaded content that was played offline.",
            "requestBody": _BATCH,
            "responses": {"201": {"description": "Accepted."}, "400": _BAD},
        },
    },
}
