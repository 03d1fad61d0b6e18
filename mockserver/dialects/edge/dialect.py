"""The Media Edge API as one object, the only entrance to the modules of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.dialects.base import Described, Found
from mockserver.dialects.edge.answers import HINT, Answers
from mockserver.dialects.edge.described import PATHS, SCHEMAS
from mockserver.dialects.edge.normal import WORDS, normal_of, wire_of
from mockserver.dialects.edge.paths import (
    BASES,
    OPENING,
    call_of,
    event_path,
    found,
    opened_by,
    opens,
    session_of,
    with_session,
)
from mockserver.dialects.edge.reader import Reader
from mockserver.dialects.edge.schemas import DOWNLOADED
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.wire.codec import encode

__all__ = ["EDGE", "Edge"]

_DATASTREAM = "00000000-0000-4000-8000-000000000000"
_OPENINGS = ("sessionStart", DOWNLOADED)


class _Interpreter(Reader):
    """The API under one set of settings."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.event_types = self.validators.event_types
        self._answers = Answers()

    def opened(self, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer a request that opened a session."""
        return self._answers.opened(arrival, None if arrival.operation is Operation.DOWNLOAD else sid)

    def accepted(self, arrival: Arrival) -> HttpResponse:
        """Answer an event that was accepted."""
        return self._answers.accepted(arrival)

    def rejected(self, arrival: Arrival) -> HttpResponse:
        """Answer a request that cannot be accepted."""
        return self._answers.rejected(arrival)

    def refused(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer an event of a session that is unknown or closed."""
        closed = outcome is Outcome.SESSION_CLOSED
        return self._answers.turned_away(arrival, self.settings.edge_after_end if closed else 404)

    def turned_away(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer as if the session were unknown or closed; this API has one answer for both."""
        return self.refused(outcome, arrival, sid)

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        """Answer a request that needs no session."""
        if arrival.operation is Operation.PREFLIGHT:
            return self._answers.preflight(request, arrival.manner, self.settings.cors_max_age_s)
        if arrival.status == 404:
            return self._answers.no_route(arrival.manner, request.path)
        if arrival.status == 405:
            return self._answers.method_not_allowed(arrival.manner)
        return self._answers.answered(arrival.manner, arrival.detail)

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        """Answer with any status and body."""
        return self._answers.plain(status, body, arrival.manner)

    def schema(self, event_type: str) -> dict[str, Any] | None:
        """Return the schema of the ``xdm`` of an event type; None when there is none."""
        return self.validators.schema(event_type)


class Edge:
    """The Media Edge API."""

    name = "edge"
    bases = BASES
    words = WORDS

    def normal(self, document: Any) -> Any:
        """Convert a parsed body to the normal shape."""
        return normal_of(document)

    def interpreter(self, settings: Settings) -> _Interpreter:
        """Make the interpreter that reads and answers requests under these settings."""
        return _Interpreter(settings)

    def opens(self, method: str, path: str, body: bytes) -> bool:
        """Return whether a request opens a session: by its path, or by its body where any event can be sent."""
        call = call_of(path)
        if method != "POST" or call is None:
            return False
        return call.event_type in _OPENINGS or (call.form != "media" and opens(body))

    def found(self, request: HttpRequest) -> Found | None:
        """Return whether a request to any server is one to this API."""
        return found(request)

    def session_of(self, path: str, body: bytes) -> str | None:
        """Return the session that a body names."""
        return session_of(body)

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        """Return the body with another session in it; a path names none."""
        return path, with_session(body, sid)

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the id in the handle ``media-analytics:new-session``."""
        return opened_by(answer.body)

    def opening_path(self) -> str:
        """Return the path to which players post a sessionStart."""
        return OPENING

    def event_path(self, event_type: str, sid: str) -> str:
        """Return the path to which players post an event."""
        return event_path(event_type)

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        """Return target and body of an event; after the sessionStart the target has the location hint of its answer."""
        document = wire_of(event, sid)
        event_type = document["events"][0]["xdm"]["eventType"].removeprefix("media.")
        hint = None if sid is None else HINT
        return f"{event_path(event_type, hint)}?configId={_DATASTREAM}", encode(document)

    def described(self) -> Described:
        """Describe its paths for OpenAPI."""
        return Described(PATHS, SCHEMAS)


EDGE = Edge()
