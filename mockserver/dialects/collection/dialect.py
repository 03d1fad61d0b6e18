"""The Media Collection API as one object, through which everything else uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.dialects.base import Described
from mockserver.dialects.collection import answers
from mockserver.dialects.collection.described import PATHS, SCHEMAS
from mockserver.dialects.collection.paths import BASE, OPENING, SESSION_PREFIX, call_of, events_path, found
from mockserver.dialects.collection.reader import Reader
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.model.words import Words
from mockserver.wire.codec import encode

__all__ = ["COLLECTION", "Collection"]


class _Interpreter(Reader):
    """The API under one set of settings: chooses from the answers of :mod:`~mockserver.dialects.collection.answers`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.event_types = self.validators.event_types

    def opened(self, arrival: Arrival, sid: str) -> HttpResponse:
        if arrival.operation is Operation.DOWNLOAD:
            return answers.downloaded(sid, self.settings)
        return answers.opened(sid)

    def accepted(self, arrival: Arrival) -> HttpResponse:
        return answers.ACCEPTED

    def rejected(self, arrival: Arrival) -> HttpResponse:
        return answers.rejected(arrival.status or 400, arrival.violations)

    def refused(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        return answers.refused(outcome, sid, self.settings)

    def turned_away(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        return answers.turned_away(outcome, sid)

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        if arrival.operation is Operation.PREFLIGHT:
            return answers.preflight(request, self.settings)
        if arrival.operation is Operation.SCHEMA:
            schema = self.schema(arrival.detail)
            if schema is None:
                return answers.unknown_schema(arrival.detail, self.event_types)
            return answers.schema(schema)
        if arrival.status == 405:
            return answers.method_not_allowed(arrival.detail)
        return answers.no_route(request.path)

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        return answers.plain(status, body)

    def schema(self, event_type: str) -> dict[str, Any] | None:
        return self.validators.schema(event_type)


class Collection:
    """The Media Collection API, version 1. Its events are in the normal shape."""

    name = "collection"
    bases = (BASE,)
    words = Words(api=name)
    normal = None

    interpreter = _Interpreter
    found = staticmethod(found)
    opening_path = OPENING
    described = Described("Adobe's Media Collection API, emulated.", PATHS, SCHEMAS)

    def opens(self, method: str, path: str, body: bytes) -> bool:
        """Return whether a path asks for a new session, or takes a whole one; whatever the body."""
        return call_of(method, path).operation in (Operation.START, Operation.DOWNLOAD)

    def session_of(self, path: str, body: bytes) -> str | None:
        """Return the session of a path, with or without a prefix, whatever the body; None when it names none."""
        _, found, rest = path.partition(SESSION_PREFIX)
        return rest.partition("/")[0] if found else None

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        """Return the path with another session in it; the body names none."""
        before, found, rest = path.partition(SESSION_PREFIX)
        _, slash, after = rest.partition("/")
        return (f"{before}{found}{sid}{slash}{after}" if found else path), body

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the id at the end of the ``Location`` of a 201, in whatever form."""
        location = answer.field("location") if answer.status == 201 else None
        return location.rstrip("/").rpartition("/")[2] or None if location else None

    def event_path(self, event_type: str, sid: str) -> str:
        """Return the path to which players post the events of a session, of whatever type."""
        return events_path(sid)

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        """Return path and body of an event."""
        return OPENING if sid is None else events_path(sid), encode(event)


COLLECTION = Collection()
