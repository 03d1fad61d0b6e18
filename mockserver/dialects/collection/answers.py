"""The answers of the Media Collection API, with exactly Adobe's headers.

Headers: Adobe, "Sessions request", "Events request" and the quick start of the Media Collection API. Error answers have
the CORS headers too: without them a page in a browser gets "network error" instead of 400, 404 or 410.
"""

from __future__ import annotations

from typing import Any

from mockserver.dialects.collection.paths import BASE, docs_typo, session_path
from mockserver.model.http import PHRASES, WITHOUT_BODY, HttpRequest, HttpResponse
from mockserver.model.journal import Violation
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from mockserver.wire.codec import encode

__all__ = [
    "ACCEPTED",
    "CORS",
    "downloaded",
    "method_not_allowed",
    "no_route",
    "opened",
    "plain",
    "preflight",
    "refused",
    "rejected",
    "schema",
    "turned_away",
    "unknown_schema",
]

CORS: tuple[tuple[str, str], ...] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "OPTIONS,POST,PUT"),
    ("Access-Control-Allow-Headers", "Content-Type"),
    ("Access-Control-Expose-Headers", "Location"),
)

ACCEPTED = HttpResponse(204, CORS)
"""The answer to every event that is accepted: no body, no content headers."""

_JSON = "application/json"


def opened(sid: str) -> HttpResponse:
    """Answer a sessionStart: 201 with a relative ``Location`` and an empty octet-stream, as in Adobe's samples."""
    return HttpResponse(201, (("Location", session_path(sid)), *_EMPTY, *CORS))


def downloaded(sid: str, settings: Settings) -> HttpResponse:
    """Answer a batch of downloaded content: 201, without ``Location`` unless ``batch_location`` asks for one."""
    return opened(sid) if settings.batch_location else HttpResponse(201, (*_EMPTY, *CORS))


_EMPTY = (("Content-Type", "application/octet-stream"), ("Content-Length", "0"))


def rejected(status: int, violations: tuple[Violation, ...]) -> HttpResponse:
    """Answer a request whose body cannot be accepted: 400, 413 or 415.

    The member ``message`` is Adobe's (Swagger ``ApiError``); ``errors`` is an addition, which that contract allows.
    """
    first = violations[0]
    more = f" ({len(violations)} problems in all, see errors)" if len(violations) > 1 else ""
    return _json(status, {"message": first.text + more, "errors": violations}, final=status == 413)


def refused(outcome: Outcome, sid: str, settings: Settings) -> HttpResponse:
    """Answer an event of a session that is unknown or closed."""
    if outcome is Outcome.UNKNOWN_SESSION or settings.after_end == 410:
        return turned_away(outcome, sid)
    if settings.after_end == 204:
        return ACCEPTED
    return _json(404, {"message": f"{_session(sid)} is closed; open a new one with a sessionStart."})


def turned_away(outcome: Outcome, sid: str) -> HttpResponse:
    """Answer an event of an unknown session (404) or a closed one (410), whatever ``after_end`` is.

    Args:
        outcome: UNKNOWN_SESSION or SESSION_CLOSED.
        sid: The session; empty for a request that names none.
    """
    if outcome is Outcome.UNKNOWN_SESSION:
        return _json(404, {"message": f"{_session(sid)} is not known; open a new one with a sessionStart."})
    message = f"{_session(sid)} is closed and accepts no more events; open a new one with a sessionStart."
    return _json(410, {"message": message})


def no_route(path: str) -> HttpResponse:
    """Answer a path that does not exist."""
    hint = f"; events go to {BASE}/sessions/{{sid}}/events" if docs_typo(path) else ""
    return _json(404, {"message": f"There is nothing at {_short(path)}{hint}."})


def method_not_allowed(allowed: str) -> HttpResponse:
    """Answer a method that a path does not allow."""
    return _json(405, {"message": f"Only {allowed.replace(', ', ' and ')} are allowed here."}, (("Allow", allowed),))


def unknown_schema(name: str, known: tuple[str, ...]) -> HttpResponse:
    """Answer a read of a schema that does not exist. Undocumented by Adobe; 404 is our choice."""
    return _json(404, {"message": f"There is no schema {_short(name)}; there are {', '.join(known)}."})


def schema(document: dict[str, Any]) -> HttpResponse:
    """Answer a schema read."""
    return _json(200, document)


def preflight(request: HttpRequest, settings: Settings) -> HttpResponse:
    """Answer a CORS preflight.

    200 with an empty body: the status is undocumented, and MediaSDK JS works with it. No ``Access-Control-Max-Age`` by
    default, as in Adobe's answers, so that browsers ask before nearly every ping, as they do in production.
    """
    cors = dict(CORS)
    asked = request.header(b"access-control-request-headers")
    if settings.cors_allow_any_header and asked:
        cors["Access-Control-Allow-Headers"] = asked.decode("latin-1")
    if settings.cors_max_age_s is not None:
        cors["Access-Control-Max-Age"] = str(settings.cors_max_age_s)
    return HttpResponse(200, (*cors.items(), ("Content-Length", "0")))


def plain(status: int, body: Any) -> HttpResponse:
    """Answer with any status and body.

    Args:
        status: The status.
        body: Text is sent as it is, anything else as JSON; None gives a message in the style of the API.
    """
    if body is None:
        phrase = PHRASES.get(status, f"Status {status}").capitalize()
        body = {"message": f"{phrase} (injected by the mock server)."}
    content = body.encode() if isinstance(body, str) else encode(body)
    if status in WITHOUT_BODY:
        content = b""
    fields = [*CORS]
    if content:
        fields.append(("Content-Type", "text/plain; charset=utf-8" if isinstance(body, str) else _JSON))
    if status not in (204, 304):
        fields.append(("Content-Length", str(len(content))))
    return HttpResponse(status, tuple(fields), content)


def _json(
    status: int, document: dict[str, Any], extra: tuple[tuple[str, str], ...] = (), *, final: bool = False
) -> HttpResponse:
    body = encode(document)
    headers = (("Content-Type", _JSON), ("Content-Length", str(len(body))), *extra, *CORS)
    return HttpResponse(status, headers, body, final)


def _session(sid: str) -> str:
    return f"Session {_short(sid)}" if sid else "The session"


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
