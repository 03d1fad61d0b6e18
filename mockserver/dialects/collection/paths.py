"""Find the operation that a method and a path ask for.

Paths: Adobe, Media Collection API reference ("Sessions request", "Events request", "Validating event requests", "Track
downloaded content") and the Swagger file AdobeDocs/analytics-collection-apis ``static/media-collection.json``. A
trailing slash is accepted everywhere, because one of Adobe's samples ("Obtaining a session ID") has one.
"""

from __future__ import annotations

import re

import msgspec

from mockserver.dialects.base import Found
from mockserver.model.http import HttpRequest
from mockserver.model.vocabulary import Operation

__all__ = [
    "BASE",
    "OPENING",
    "SESSION_PREFIX",
    "Call",
    "call_of",
    "docs_typo",
    "events_path",
    "found",
    "posted_to",
    "session_path",
]

BASE = "/api/v1"
OPENING = f"{BASE}/sessions"
"""Where a sessionStart is posted."""
SESSION_PREFIX = f"{OPENING}/"
_SCHEMA_PREFIX = f"{BASE}/schemas/"
_DOWNLOADED = f"{BASE}/downloaded"
_EVENTS = "/events"
_PLACE = re.compile(rf"{BASE}/(?:sessions|downloaded|schemas)(?:/.*)?$")
_HOST = re.compile(r"(?:^|\.)hb-api\.omtrdc\.net$")
"""Adobe's host, below which each customer has one (Media Collection API, "Obtaining a session ID")."""
_EVENT_TYPE, _PLAYER_TIME = b'"eventType"', b'"playerTime"'


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a request asks for.

    Args:
        operation: Its operation; OTHER when there is none.
        argument: The session id of an event as sent, the name of a schema, or the methods that are allowed there.
        exists: Whether the path exists at all, with whatever method.
    """

    operation: Operation
    argument: str = ""
    exists: bool = True


def session_path(sid: str) -> str:
    """Return the value of ``Location``.

    Relative, without prefix and without trailing slash: MediaSDK JS takes the fifth piece between slashes, the mobile
    SDKs anchor their pattern at ``/api/``, and Adobe's newest sample takes what follows the last slash.
    """
    return f"{SESSION_PREFIX}{sid}"


def events_path(sid: str) -> str:
    """Return the path to which the events of a session are posted."""
    return f"{SESSION_PREFIX}{sid}{_EVENTS}"


def found(request: HttpRequest) -> Found | None:
    """Recognize a request to this API among those to any server; None for any other.

    A path is not enough, because many APIs have ``/api/v1/sessions``. Adobe's host is, and so is an event in the body.
    """
    host = (request.header(b"host") or b"").decode("latin-1").partition(":")[0].lower()
    is_certain = bool(_HOST.search(host)) or (_EVENT_TYPE in request.body and _PLAYER_TIME in request.body)
    place = _PLACE.search(request.path)
    if place is not None:
        return Found(place[0], is_certain)
    if not is_certain or request.method not in ("POST", "OPTIONS"):
        return None
    before, base, after = request.path.partition(BASE)  # a path that leads nowhere
    return Found(base + after if base else before, is_certain=True)


def posted_to(method: str, path: str) -> str | None:
    """Return the session id that an event is posted to; None for other requests, and for other forms of its path.

    :func:`call_of` returns it as well, but takes longer.
    """
    if method == "POST" and path.startswith(SESSION_PREFIX) and path.endswith(_EVENTS):
        return path[len(SESSION_PREFIX) : -len(_EVENTS)]
    return None


def call_of(method: str, path: str, prefixes: tuple[str, ...] = ()) -> Call:
    """Find the operation.

    Everything between ``/sessions/`` and ``/events`` is the session id, as sent: clients that misread ``Location`` post
    to ``/sessions//events``, ``/sessions/v1/events`` or with a whole URL in it, and get the 404 of an unknown session.

    Args:
        method: The method, upper case.
        path: The path without query.
        prefixes: Extra leading paths under which the API answers, such as ``/va``.
    """
    prefix = next((prefix for prefix in prefixes if path.startswith(prefix + BASE)), "")
    path = path[len(prefix) :].removesuffix("/")
    if path.startswith(SESSION_PREFIX) and path.endswith(_EVENTS):
        call = Call(Operation.EVENT, path[len(SESSION_PREFIX) : -len(_EVENTS)])
    elif path == OPENING:
        call = Call(Operation.START)
    elif path == _DOWNLOADED:
        call = Call(Operation.DOWNLOAD)
    elif path.startswith(_SCHEMA_PREFIX) and "/" not in path[len(_SCHEMA_PREFIX) :]:
        call = Call(Operation.SCHEMA, path[len(_SCHEMA_PREFIX) :])
    else:
        return Call(Operation.OTHER, exists=False)
    allowed = "GET" if call.operation is Operation.SCHEMA else "POST"
    if method == allowed:
        return call
    if method == "OPTIONS":
        return Call(Operation.PREFLIGHT)
    return Call(Operation.OTHER, f"OPTIONS, {allowed}")


def docs_typo(path: str) -> bool:
    """Return whether a path has the form ``/api/v1/{sid}/events`` of a sample in Adobe's "Queueing events" page."""
    pieces = path.removeprefix(BASE).strip("/").split("/")
    return path.startswith(BASE) and len(pieces) == 2 and pieces[1] == "events" and pieces[0] != "sessions"
