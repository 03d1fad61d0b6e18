"""Recordings with one request or event per line: journals, requests recorded by a proxy, bare events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from mockserver.clock import MAX_TIME_MS
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Entry, RecordedResponse
from mockserver.model.vocabulary import Delivery
from mockserver.recordings.call import (
    Ending,
    RecordedAnswer,
    RecordedCall,
    api_path_of,
    body_of,
    bytes_of,
    event_type_of,
    sendable_path,
    with_ids,
)
from mockserver.wire.codec import convert, decode

__all__ = ["RecordedLine", "call_of_entry", "parse_lines"]

_ENDINGS: dict[Delivery, Ending] = {
    Delivery.SENT: "answered",
    Delivery.CUT: "broken",
    Delivery.CLIENT_GONE: "unanswered",
    Delivery.PENDING: "unanswered",
}
_LONGEST_S = 1e11
"""Three thousand years. Milliseconds since 1970, a likely mistake, are more than this."""

_JSON = (("Content-Type", "application/json"),)
"""The header fields that bare events are assumed to have."""

Kind = Literal["an entry of a journal", "a recorded request", "an event"]


class RecordedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a recording other than a journal: the recorder's time in seconds, request, status and answer."""

    t: float
    method: str
    path: str
    status: int | None = None
    headers: dict[str, str] | list[tuple[str, str]] = {}
    body: str = ""
    answer: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The header fields."""
        return tuple(self.headers.items() if isinstance(self.headers, dict) else self.headers)


class _Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """A bare event with the time of its arrival."""

    at_ms: int
    event: msgspec.Raw


def parse_lines(lines: Iterable[bytes], name: str) -> list[RecordedCall]:
    """Read the requests of a file, in its order.

    Args:
        lines: A journal as ``/__admin/export`` gives it; or lines of ``{"t": seconds, "method", "path", "headers",
            "body", "status"}``; or an event a line, ``{"at_ms": ..., "event": {...}}`` to say when it arrived. All
            lines must be of one kind.
        name: The name of the file in messages.

    Raises:
        InvalidInput: The file cannot be used; the message names the line and the reason.
    """
    calls: list[RecordedCall] = []
    first: tuple[int, Kind] | None = None
    sessions = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = decode(line, dict[str, Any])
            kind = _kind(document)
            first = first or (number, kind)
            if kind != first[1]:
                raise InvalidInput(f"this is {kind}, but line {first[0]} is {first[1]}")
            if kind == "an event":
                call = _of_event(number, line, document, sessions)
                sessions += call.opens
            else:
                call = (
                    call_of_entry(number, convert(document, Entry))
                    if kind == "an entry of a journal"
                    else _of_line(number, document)
                )
        except InvalidInput as error:
            at = f" {error.pointer}:" if error.pointer else ""
            raise InvalidInput(f"{name}:{number}:{at} {error}") from None
        calls.append(call)
    if not calls:
        raise InvalidInput(f"{name} holds no request")
    return with_ids(calls) if first is not None and first[1] == "a recorded request" else calls


def _kind(document: dict[str, Any]) -> Kind:
    if "request" in document:
        return "an entry of a journal"
    if "method" in document:
        return "a recorded request"
    if "eventType" in document or "event" in document:
        return "an event"
    raise InvalidInput("neither an entry of a journal, nor a recorded request, nor an event with its eventType")


def call_of_entry(number: int, entry: Entry) -> RecordedCall:
    """Return the call that an entry of a journal describes.

    Args:
        number: The line of the file, or the number of the entry in an HTTP archive.
        entry: The entry; its event is read from the body again.

    Raises:
        InvalidInput: Its times are impossible, or its body cannot be read.
    """
    _check_times(entry)
    response = entry.response
    whole = response is not None and entry.delivery is not Delivery.CUT
    return RecordedCall(
        line=number,
        method=entry.request.method,
        path=sendable_path(entry.request.path),
        target=entry.request.path,
        headers=tuple(entry.request.headers),
        body=body_of(entry),
        status=response.status if response is not None and whole else None,
        at_s=(entry.at_ms - entry.held_ms) / 1000,
        at_ms=entry.at_ms,
        sid=entry.session_id,
        what=entry.event_type,
        ending=_ENDINGS[entry.delivery],
        answer=None if response is None else _answer(response),
        entry=entry,
    )


def _check_times(entry: Entry) -> None:
    if not 0 <= entry.at_ms <= MAX_TIME_MS:
        raise InvalidInput(
            "the time of a request must be in milliseconds, from 1970 up to the year 9999", pointer="/at_ms"
        )
    if not 0 <= entry.held_ms <= entry.at_ms:
        raise InvalidInput(
            "how long a request was held back must be in milliseconds, 0 or more and no more than at_ms",
            pointer="/held_ms",
        )
    if entry.received < 0:
        raise InvalidInput(
            "the place of a request among those received must be 1 or more, or left out", pointer="/received"
        )


def _answer(response: RecordedResponse) -> RecordedAnswer:
    return RecordedAnswer(
        headers=frozenset(name.lower() for name, _ in response.headers), body=bytes_of(response, "/response/body")
    )


def _of_line(number: int, document: dict[str, Any]) -> RecordedCall:
    line: RecordedLine = convert(document, RecordedLine)
    if not abs(line.t) <= _LONGEST_S:
        raise InvalidInput(f"the time of a request must be in seconds, -1e11 to 1e11, not {line.t:g}", pointer="/t")
    path, body = api_path_of(line.path), line.body.encode()
    dialect = DIALECTS.at(path)
    opened = dialect.opened_by(HttpResponse(line.status, (), line.answer.encode())) if line.status else None
    return RecordedCall(
        line=number,
        method=line.method,
        path=sendable_path(line.path),
        target=line.path,
        headers=line.fields,
        body=body,
        status=line.status or None,  # tools write 0 if there was no answer
        at_s=line.t,
        sid=opened or (dialect.session_of(path, body) if line.method == "POST" else None),
        what=event_type_of(path, body),
        ending=None if line.status is None else "answered" if line.status else "unanswered",
    )


def _of_event(number: int, line: bytes, document: dict[str, Any], sessions: int) -> RecordedCall:
    at_ms, body = None, line.strip()
    if "eventType" not in document:
        stamped = decode(line, _Stamped)
        at_ms, body = stamped.at_ms, bytes(stamped.event)
        document = decode(body, dict[str, Any])
    event_type = document.get("eventType")
    opens = event_type == "sessionStart"
    if not opens and not sessions:
        raise InvalidInput(f"the first event must be a sessionStart, not {event_type!r}")
    sid = f"session-{sessions + opens}"
    api = DIALECTS.default
    path = api.opening_path if opens else api.event_path(str(event_type), sid)
    return RecordedCall(
        line=number, method="POST", path=path, target=path, headers=_JSON, body=body, at_ms=at_ms, sid=sid,
        what=event_type if isinstance(event_type, str) else None, is_bare=True,
    )  # fmt: skip
