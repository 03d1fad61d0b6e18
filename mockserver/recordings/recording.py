"""Recorded playback from a file: an exported journal, what a proxy wrote down, or nothing but the events."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from mockserver.clock import MAX_TIME_MS
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.journal import Entry, RecordedRequest, RecordedResponse
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.namespaces import destination
from mockserver.wire.codec import convert, decode

__all__ = [
    "MASKED",
    "Ending",
    "RecordedAnswer",
    "RecordedCall",
    "RecordedLine",
    "body_of",
    "name_of",
    "parse_recording",
    "read_recording",
    "without_origin",
]

MASKED = "***"
"""What stands in a journal for the values of Authorization and Cookie."""

_NAMESPACE = re.compile(r"^/ns/[^/]+(?=/)")
_ENDINGS: dict[Delivery, Ending] = {
    Delivery.SENT: "answered",
    Delivery.CUT: "broken",
    Delivery.CLIENT_GONE: "unanswered",
    Delivery.PENDING: "unanswered",
}
_LONGEST_S = 1e11
"""Three thousand years, and less than the milliseconds since 1970 that somebody may have written by mistake."""

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_JSON = (("Content-Type", "application/json"),)
"""What bare events are taken to have been sent with."""

_OPENED = (200, 201)
_UNKNOWN = 404

Ending = Literal["answered", "broken", "unanswered"]
"""How an exchange ended: with a whole answer, with a connection that was reset, closed or cut short, or with a client
that left (or was given up) before there was an answer."""

Kind = Literal["an entry of a journal", "a recorded request", "an event"]


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is in a journal.

    Args:
        headers: The names of its header fields, in lower case.
        body: Its body.
    """

    headers: frozenset[str]
    body: bytes


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came of it.

    Args:
        line: The line of the file.
        method: The method.
        path: Path and query without a namespace, as they can be sent.
        target: Path and query as recorded.
        headers: The header fields.
        body: The body.
        status: The status of the answer; None if there was none, or not a whole one.
        at_s: When it was sent, in seconds from any beginning. Of a journal: when the server received it.
        at_ms: When it was processed, on the emulated clock in milliseconds since the epoch; None if the file does not
            say.
        sid: The id of the session that it opened, if the file tells, or of the one that it names.
        what: The event type, if it can be read.
        ending: How it ended, if the file tells. ``unanswered`` with an answer: the client left before it came.
        answer: The answer, if the file has more of it than the status.
        entry: The entry, if the file is a journal.
        is_bare: Whether the file has only the event, and not the request.
    """

    line: int
    method: str
    path: str
    target: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes
    status: int | None = None
    at_s: float = 0
    at_ms: int | None = None
    sid: str | None = None
    what: str | None = None
    ending: Ending | None = None
    answer: RecordedAnswer | None = None
    entry: Entry | None = None
    is_bare: bool = False

    @property
    def api_path(self) -> str:
        """The path as the emulated API sees it: without query and namespace, and as it was recorded."""
        return _api_path(self.target)

    @property
    def opens(self) -> bool:
        """Whether it asks for a new session."""
        path = self.api_path
        return DIALECTS.at(path).opens(self.method, path, self.body)

    @property
    def opened(self) -> str | None:
        """The id of the session that it opened, if the file tells."""
        opened = self.opens if self.entry is None else self.entry.outcome is Outcome.OPENED
        return self.sid if opened else None


class RecordedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a recording that is no journal: seconds of the recorder, request and status."""

    t: float
    method: str
    path: str
    status: int | None = None
    headers: dict[str, str] | list[tuple[str, str]] = {}
    body: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The header fields."""
        return tuple(self.headers.items() if isinstance(self.headers, dict) else self.headers)


class _Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """A bare event with the time of its arrival."""

    at_ms: int
    event: msgspec.Raw


def read_recording(source: str) -> list[RecordedCall]:
    """Read a file; see :func:`parse_recording`.

    Args:
        source: Its path, or ``-`` for stdin.

    Raises:
        InvalidInput: It cannot be read or used.
    """
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {source}: {error.strerror or error}") from None
    return parse_recording(content.removeprefix(BOM_UTF8).splitlines(), name_of(source))


def name_of(source: str) -> str:
    """Return what a file is called in messages."""
    return "stdin" if source == "-" else source


def parse_recording(lines: Iterable[bytes], name: str) -> list[RecordedCall]:
    """Read the requests of a file, in its order.

    Args:
        lines: A journal as ``/__admin/export`` gives it; or lines of ``{"t": seconds, "method", "path", "headers",
            "body", "status"}``; or an event a line, ``{"at_ms": ..., "event": {...}}`` to say when it arrived. All of
            one kind.
        name: What the file is called in messages.

    Raises:
        InvalidInput: It cannot be used; says on which line and why.
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
                call = _of_entry(number, document) if kind == "an entry of a journal" else _of_line(number, document)
        except InvalidInput as error:
            at = f" {error.pointer}:" if error.pointer else ""
            raise InvalidInput(f"{name}:{number}:{at} {error}") from None
        calls.append(call)
    if not calls:
        raise InvalidInput(f"{name} holds no request")
    return _with_ids(calls) if first is not None and first[1] == "a recorded request" else calls


def _kind(document: dict[str, Any]) -> Kind:
    if "request" in document:
        return "an entry of a journal"
    if "method" in document:
        return "a recorded request"
    if "eventType" in document or "event" in document:
        return "an event"
    raise InvalidInput("neither an entry of a journal, nor a recorded request, nor an event with its eventType")


def _of_entry(number: int, document: dict[str, Any]) -> RecordedCall:
    entry = _checked_entry(document)
    response = entry.response
    whole = response is not None and entry.delivery is not Delivery.CUT
    return RecordedCall(
        line=number,
        method=entry.request.method,
        path=_path(entry.request.path),
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


def _checked_entry(document: dict[str, Any]) -> Entry:
    """Read an entry of a journal.

    Raises:
        InvalidInput: It is none, or its times are none that a server can have had.
    """
    entry: Entry = convert(document, Entry)
    if not 0 <= entry.at_ms <= MAX_TIME_MS:
        raise InvalidInput("the time of a request is in milliseconds, from 1970 up to the year 9999", pointer="/at_ms")
    if not 0 <= entry.held_ms <= entry.at_ms:
        raise InvalidInput(
            "how long a request was held back is in milliseconds, 0 or more and no more than at_ms", pointer="/held_ms"
        )
    if entry.received < 0:
        raise InvalidInput("the place of a request among those received is 1 or more, or left out", pointer="/received")
    return entry


def _answer(response: RecordedResponse) -> RecordedAnswer:
    return RecordedAnswer(
        headers=frozenset(name.lower() for name, _ in response.headers), body=_bytes(response, "/response/body")
    )


def _of_line(number: int, document: dict[str, Any]) -> RecordedCall:
    line: RecordedLine = convert(document, RecordedLine)
    if not abs(line.t) <= _LONGEST_S:
        raise InvalidInput(f"the time of a request is in seconds, -1e11 to 1e11, not {line.t:g}", pointer="/t")
    path, body = _api_path(line.path), line.body.encode()
    return RecordedCall(
        line=number,
        method=line.method,
        path=_path(line.path),
        target=line.path,
        headers=line.fields,
        body=body,
        status=line.status,
        at_s=line.t,
        sid=DIALECTS.at(path).session_of(path, body) if line.method == "POST" else None,
        what=_event_type(path, body),
        ending=None if line.status is None else "answered",
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
    path = api.opening_path() if opens else api.event_path(str(event_type), sid)
    return RecordedCall(
        line=number, method="POST", path=path, target=path, headers=_JSON, body=body, at_ms=at_ms, sid=sid,
        what=event_type if isinstance(event_type, str) else None, is_bare=True,
    )  # fmt: skip


def _with_ids(calls: list[RecordedCall]) -> list[RecordedCall]:
    """Tell every request that opened a session the id that later requests name.

    What a proxy wrote down does not say it: an id that is new is taken for the session that was opened first among
    those that have none yet. An id that was answered 404 was nobody's.
    """
    knows_statuses = any(call.status is not None for call in calls)
    opened: dict[int, str] = {}
    waiting: list[int] = []
    known: set[str] = set()
    for place, call in enumerate(calls):
        if call.opens and (call.status in _OPENED or not knows_statuses):
            waiting.append(place)
        elif call.sid is not None and call.sid not in known and call.status != _UNKNOWN:
            known.add(call.sid)
            if waiting:
                opened[waiting.pop(0)] = call.sid
    return [replace(call, sid=opened[place]) if place in opened else call for place, call in enumerate(calls)]


def body_of(entry: Entry) -> bytes:
    """Return the body of a recorded request as it was sent.

    Raises:
        InvalidInput: It should be base64 and is not.
    """
    return _bytes(entry.request, "/request/body")


def _bytes(recorded: RecordedRequest | RecordedResponse, pointer: str) -> bytes:
    if recorded.body_encoding == "utf-8":
        return recorded.body.encode()
    try:
        return base64.b64decode(recorded.body, validate=True)
    except binascii.Error:
        raise InvalidInput("is not base64", pointer=pointer) from None


def _event_type(path: str, body: bytes) -> str | None:
    try:
        document = decode(body, dict[str, Any])
    except InvalidInput:
        return None
    return DIALECTS.events(DIALECTS.name_at(path), Operation.EVENT, document)[0].event_type


def _path(target: str) -> str:
    """Return a target as it can be sent to another server: without origin and namespace, and all printable."""
    return _NAMESPACE.sub("", quote(without_origin(target), safe=_PRINTABLE))


def _api_path(target: str) -> str:
    return destination(without_origin(target).partition("?")[0], "").path


def without_origin(target: str) -> str:
    """Return the path and query of a target, which a proxy may have written down as a whole URL."""
    if "://" in target.partition("?")[0] and not target.startswith("/"):
        return "/" + target.partition("://")[2].partition("/")[2]
    return target
