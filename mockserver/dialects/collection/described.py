"""The Media Collection API in OpenAPI."""

from __future__ import annotations

from typing import Any

from mockserver.dialects.collection.paths import BASE
from mockserver.model.event_types import EVENT_TYPES

__all__ = ["PATHS", "SCHEMAS"]

_START = {
    "eventType": "sessionStart",
    "playerTime": {"playhead": 0, "ts": 1760000000000},
    "params": {
        "analytics.trackingServer": "stats.example.com",
        "analytics.reportSuite": "suite",
        "visitor.marketingCloudOrgId": "0123456789ABCDEF01234567@AdobeOrg",
        "media.id": "clip-7",
        "media.length": 600,
        "media.contentType": "vod",
        "media.playerName": "player",
        "media.channel": "channel",
    },
}
_PING = {"eventType": "ping", "playerTime": {"playhead": 10, "ts": 1760000010000}}
_BATCH = [_START, {"eventType": "sessionEnd", "playerTime": {"playhead": 600, "ts": 1760000600000}}]

SCHEMAS: dict[str, Any] = {
    "MediaEvent": {
        "type": "object",
        "description": "An event; its exact shape is the JSON Schema of its type at /api/v1/schemas/{eventType}.",
        "required": ["eventType", "playerTime"],
        "properties": {
            "eventType": {"type": "string", "enum": list(EVENT_TYPES)},
            "playerTime": {"$ref": "#/components/schemas/PlayerTime"},
            "params": {"type": "object", "additionalProperties": True},
            "customMetadata": {"type": "object", "additionalProperties": {"type": "string"}},
            "qoeData": {"type": "object", "additionalProperties": True},
        },
    },
    "PlayerTime": {
        "type": "object",
        "required": ["playhead", "ts"],
        "properties": {
            "playhead": {
                "type": "number",
                "format": "double",
                "description": "The position in the content, in seconds.",
            },
            "ts": {
                "type": "integer",
                "format": "int64",
                "description": "When it happened, in milliseconds since 1970.",
            },
        },
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

_EVENT = {"$ref": "#/components/schemas/MediaEvent"}
_MESSAGE = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApiError"}}}}


def _body(schema: Any, example: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


_SID = [{"name": "sid", "in": "path", "required": True, "schema": {"type": "string"}}]
_KIND = [{"name": "eventType", "in": "path", "required": True, "schema": {"type": "string", "enum": list(EVENT_TYPES)}}]
_CREATED = {
    "description": "Created; the session is in Location.",
    "headers": {"Location": {"schema": {"type": "string"}}},
}
_BAD = {"description": "The body fails the schema of its event type.", **_MESSAGE}
_REFUSALS = {
    "4XX": {"description": "Refused, for example 405 for the method or 413 for a large body.", **_MESSAGE},
    "500": {"description": "Server error; only when a fault rule asks for it.", **_MESSAGE},
}
PATHS: dict[str, Any] = {
    f"{BASE}/sessions": {
        "post": {
            "operationId": "startSession",
            "summary": "Open a session.",
            "requestBody": _body(_EVENT, _START),
            "responses": {"201": _CREATED, "400": _BAD, **_REFUSALS},
        },
    },
    f"{BASE}/sessions/{{sid}}/events": {
        "post": {
            "operationId": "sendEvent",
            "summary": "Report one event.",
            "parameters": _SID,
            "requestBody": _body(_EVENT, _PING),
            "responses": {
                "204": {"description": "Accepted."},
                "400": _BAD,
                "404": {"description": "The session is not known.", **_MESSAGE},
                "410": {"description": "The session is closed.", **_MESSAGE},
                **_REFUSALS,
            },
        },
    },
    f"{BASE}/schemas/{{eventType}}": {
        "get": {
            "operationId": "getEventSchema",
            "summary": "The JSON Schema of an event type.",
            "parameters": _KIND,
            "responses": {
                "200": {
                    "description": "The schema, draft-04.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
                "404": {"description": "No such event type.", **_MESSAGE},
                **_REFUSALS,
            },
        },
    },
    f"{BASE}/downloaded": {
        "post": {
            "operationId": "sendDownloaded",
            "summary": "Report downloaded content that was played offline.",
            "requestBody": _body({"type": "array", "items": _EVENT}, _BATCH),
            "responses": {"201": {"description": "Accepted."}, "400": _BAD, **_REFUSALS},
        },
    },
}
