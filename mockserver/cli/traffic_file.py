"""Recorded playback from a file: an exported journal, what a proxy wrote down, or nothing but the events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from mockserver.cli.recording import RecordedLine, body_of, entry_of, without_origin
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.journal import Entry
from mockserver.namespaces import destination
from mockserver.wire.codec import convert, decode

__all__ = ["TrafficRequest", "read_traffic"]

_JSON = (("Content-Type", "application/json"),)
"""What bare events are taken to have been sent with."""

_OPENED = 201
_UNKNOWN = 404

Kind = Literal["an entry of a journal", "a recorded request", "an event"]


class TrafficRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a file.

    Args:
        line: The line of the file.
        at_ms: When it arrived, in milliseconds since the epoch; None if the file does not say.
        method: The method.
        path: The path, without query and namespace.
        target: Path and query as recorded.
        headers: The header fields.
        body: The body.
        status: The status of the recorded answer; None if there was none.
        sid: The id of the session it is to open, if the file tells, or of the one it names.
        entry: The entry, if the file is a journal.
    """

    line: int
    at_ms: int | None = None
    method: str = "POST"
    path: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes
    status: int | None = None
    sid: str | None = None
    entry: Entry | None = None

    @property
    def opens(self) -> bool:
        """Whether it asks for a new session."""
        return DIALECTS.at(self.path).opens(self.method, self.path)


class _Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """A bare event with the time of its arrival."""

    at_ms: int
    event: msgspec.Raw


def read_traffic(lines: Iterable[bytes], name: str) -> list[TrafficRequest]:
    """Read the requests of a file.

    Args:
        lines: A journal as ``/__admin/export`` gives it; or lines of ``{"t", "method", "path", "headers", "body",
            "status"}``; or an event a line, ``{"at_ms": ..., "event": {...}}`` to say when it arrived. All of one kind.
        name: What the file is called in messages.

    Raises:
        InvalidInput: It cannot be used; says on which line and why.
    """
    requests: list[TrafficRequest] = []
    first: tuple[int, Kind] | None = None
    sessions = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            document = decode(line, dict[str, Any])
            kind = _kind(document)
            first = first or (number, kind)
            if kind != first[1]:
                raise InvalidInput(f"this is {kind}, but line {first[0]} is {first[1]}")
            if kind == "an event":
                request = _event(number, line, document, sessions)
                sessions += request.opens
            else:
                request = _entry(number, document) if kind == "an entry of a journal" else _recorded(number, document)
        except InvalidInput as error:
            at = f" {error.pointer}:" if error.pointer else ""
            raise InvalidInput(f"{where}:{at} {error}") from None
        requests.append(request)
    if not requests:
        raise InvalidInput(f"{name} holds no request")
    return _with_ids(requests) if first is not None and first[1] == "a recorded request" else requests


def _kind(document: dict[str, Any]) -> Kind:
    if "request" in document:
        return "an entry of a journal"
    if "method" in document:
        return "a recorded request"
    if "eventType" in document or "event" in document:
        return "an event"
    raise InvalidInput("neither an entry of a journal, nor a recorded request, nor an event with its eventType")


def _entry(number: int, document: dict[str, Any]) -> TrafficRequest:
    entry = entry_of(document)
    return TrafficRequest(
        line=number,
        at_ms=entry.at_ms,
        method=entry.request.method,
        path=_path(entry.request.path),
        target=entry.request.path,
        headers=tuple(entry.request.headers),
        body=body_of(entry),
        status=None if entry.response is None else entry.response.status,
        sid=entry.session_id,
        entry=entry,
    )


def _recorded(number: int, document: dict[str, Any]) -> TrafficRequest:
    line: RecordedLine = convert(document, RecordedLine)
    path = _path(line.path)
    return TrafficRequest(
        line=number,
        method=line.method,
        path=path,
        target=line.path,
        headers=line.fields,
        body=line.body.encode(),
        status=line.status,
        sid=DIALECTS.at(path).session_of(path, line.body.encode()) if line.method == "POST" else None,
    )


def _event(number: int, line: bytes, document: dict[str, Any], sessions: int) -> TrafficRequest:
    at_ms, body = None, line.strip()
    if "eventType" not in document:
        stamped = decode(line, _Stamped)
        at_ms, body = stamped.at_ms, bytes(stamped.event)
        document = decode(body, dict[str, Any])
    opens = document.get("eventType") == "sessionStart"
    if not opens and not sessions:
        raise InvalidInput(f"the first event must be a sessionStart, not {document.get('eventType')!r}")
    sid = f"session-{sessions + opens}"
    api = DIALECTS.default
    path = api.opening_path() if opens else api.event_path(str(document.get("eventType")), sid)
    return TrafficRequest(line=number, at_ms=at_ms, path=path, target=path, headers=_JSON, body=body, sid=sid)


def _with_ids(requests: list[TrafficRequest]) -> list[TrafficRequest]:
    """Tell every request that opens a session the id that later requests name.

    A recording does not say it: an id that is new is taken for the session that was opened first among those that have
    none yet. An id that was answered 404 was nobody's.
    """
    knows_statuses = any(request.status is not None for request in requests)
    opened: dict[int, str] = {}
    waiting: list[int] = []
    known: set[str] = set()
    for place, request in enumerate(requests):
        if request.opens and (request.status == _OPENED or not knows_statuses):
            waiting.append(place)
        elif request.sid is not None and request.sid not in known and request.status != _UNKNOWN:
            known.add(request.sid)
            if waiting:
                opened[waiting.pop(0)] = request.sid
    return [
        replace(request, sid=opened[place]) if place in opened else request for place, request in enumerate(requests)
    ]


def _path(target: str) -> str:
    """Return the path that the emulated API is to see."""
    return destination(without_origin(target).partition("?")[0], "").path
