"""The OpenAPI description of the Media Edge API."""

from __future__ import annotations

from typing import Any

from mockserver.dialects.edge.keys import EVENTS
from mockserver.dialects.edge.schemas import DOWNLOADED

__all__ = ["PATHS", "SCHEMAS"]

SCHEMAS: dict[str, Any] = {
    "EdgeRequest": {
        "type": "object",
        "description": "One event: events[0].xdm with eventType, timestamp and mediaCollection.",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": {"type": "object"}}},
    },
    "EdgeProblem": {
        "type": "object",
        "required": ["type", "status", "title"],
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "integer"},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "report": {"type": "object"},
        },
    },
}

_START = {
    "events": [
        {
            "xdm": {
                "eventType": "media.sessionStart",
                "timestamp": "2025-10-09T08:53:20.000Z",
                "mediaCollection": {
                    "playhead": 0,
                    "sessionDetails": {
                        "name": "clip-7",
                        "friendlyName": "A clip",
                        "length": 600,
                        "contentType": "vod",
                        "playerName": "player",
                        "channel": "channel",
                    },
                },
            }
        }
    ]
}
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EdgeRequest"}, "example": _START}},
}
_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/EdgeProblem"}}}}
_HANDLES = {
    "description": "Handles; of a sessionStart with the session id.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_FAULTY = {
    "description": "Handles, and errors: the sessionStart is not valid.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_QUERY = [
    {"name": "configId", "in": "query", "schema": {"type": "string"}, "description": "The datastream."},
    {"name": "requestId", "in": "query", "schema": {"type": "string"}},
]
_ACCEPTED = {"description": "Accepted."}
_BAD = {"description": "The request is not valid.", **_PROBLEM}
_GONE = {"description": "The session is not known or accepts no more events.", **_PROBLEM}
_REFUSED = {
    "description": "Refused, for example 413 for a large body or, by a setting, 410 for a closed session.",
    **_PROBLEM,
}


def _post(name: str, summary: str, parameters: list[Any], **responses: Any) -> dict[str, Any]:
    answers = {name.removeprefix("_"): answer for name, answer in responses.items()} | {"4XX": _REFUSED}
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "parameters": parameters,
            "requestBody": _BODY,
            "responses": answers,
        }
    }


PATHS: dict[str, Any] = {
    "/ee/va/v1/{eventType}": _post(
        "sendEdgeEvent", "Report one media event to the Media Edge API.",
        [
            {
                "name": "eventType", "in": "path", "required": True,
                "schema": {"type": "string", "enum": [*EVENTS, DOWNLOADED]},
            },
            *_QUERY,
        ],
        _200=_HANDLES,
        _204=_ACCEPTED,
        _207=_FAULTY,
        _400=_BAD,
        _404=_GONE,
    ),
    "/ee/v1/interact": _post(
        "interact", "Report events of any kind; a media.sessionStart opens a session.", _QUERY,
        _200=_HANDLES, _207=_FAULTY,
        _400=_BAD, _404=_GONE,
    ),
    "/ee/v1/collect": _post(
        "collect", "Report events of any kind, without an answer.", _QUERY, _204=_ACCEPTED, _400=_BAD, _404=_GONE
    ),
    "/ee/v1/privacy/set-consent": _post("setConsent", "Set a consent.", _QUERY, _200=_HANDLES, _400=_BAD),
    "/ee/v1/identity/acquire": _post("acquireIdentity", "Ask for an identity.", _QUERY, _200=_HANDLES, _400=_BAD),
}  # fmt: skip
