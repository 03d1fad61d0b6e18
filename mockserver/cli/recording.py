"""Recorded requests from a file: an exported journal, or what a proxy wrote down of a player."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from mockserver.clock import MAX_TIME_MS
from mockserver.errors import InvalidInput
from mockserver.model.journal import Entry, RecordedRequest, RecordedResponse
from mockserver.model.vocabulary import Delivery
from mockserver.wire.codec import convert, decode

__all__ = [
    "MASKED",
    "Ending",
    "RecordedAnswer",
    "RecordedCall",
    "RecordedLine",
    "body_of",
    "entry_of",
    "read_recording",
    "without_origin",
]

MASKED = "***"
"""What stands in a journal for the values of Authorization and Cookie."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
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


Ending = Literal["answered", "broken", "unanswered"]
"""How an exchange ended: with a whole answer, with a connection that was reset, closed or cut short, or with a client
that left (or was given up) before there was an answer."""


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
        at_s: When it was sent, in seconds from any beginning. Of a journal: when the server received it.
        path: Path and query, without a namespace.
        headers: The header fields.
        status: The status of the answer; None if there was none, or not a whole one.
        opened: The id of the session that it opened, if the recording knows.
        what: The event type, if the recording knows.
        at_ms: When it was processed, on the emulated clock in milliseconds since the epoch; None if the file is no
            journal.
        ending: How it ended, if the recording knows. ``unanswered`` with an answer: the client left before it came.
        answer: The answer, if the recording has more of it than the status.
        fault_ids: The fault rules that were applied.
        seq: Its place in the journal; 0 if the file is none.
        received: Its place in the order in which the server received the requests; 0 if the file is no journal.
    """

    line: int
    at_s: float
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int | None
    opened: str | None = None
    what: str | None = None
    at_ms: int | None = None
    ending: Ending | None = None
    answer: RecordedAnswer | None = None
    fault_ids: tuple[str, ...] = ()
    seq: int = 0
    received: int = 0


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


def read_recording(path: Path) -> list[RecordedCall]:
    """Read a recording, one request a line, in the order in which they were sent.

    An entry of a journal was sent when the server received it: before what overtook it while a delay held it back.
    What a ``duplicate`` fault made the server process twice was sent once, and is read as one request.

    Args:
        path: A journal as ``/__admin/export`` gives it, or lines of ``{"t": seconds, "method", "path", "headers",
            "body", "status"}``.

    Raises:
        InvalidInput: It cannot be read; says on which line and why.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    calls = [_call(number, line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    copies = {_copy_of(*pair) for pair in pairwise(calls)}
    calls = [call for call in calls if call.line not in copies]
    if not calls:
        raise InvalidInput(f"{path} holds no request")
    return _as_received(calls)


def _as_received(calls: list[RecordedCall]) -> list[RecordedCall]:
    """Sort the entries of a journal as they were received.

    A file may hold several journals, one after the other; each is sorted alone.
    """
    journal, last_seq = 0, 0
    places: dict[int, tuple[int, int]] = {}
    for call in calls:
        if call.seq <= last_seq:
            journal += 1
        last_seq = call.seq
        places[call.line] = (journal, call.received)
    return sorted(calls, key=lambda call: places[call.line])


def _call(number: int, line: bytes, where: str) -> RecordedCall:
    try:
        document = decode(line, dict[str, Any])
        call = _of_journal(number, document) if "request" in document else _of_line(number, document)
    except InvalidInput as error:
        at = f" {error.pointer}:" if error.pointer else ""
        raise InvalidInput(f"{where}:{at} {error}") from None
    if not _TOKEN.fullmatch(call.method):
        raise InvalidInput(f"{where}: {call.method[:50]!r} is not a method")
    for name, value in call.headers:
        if not _TOKEN.fullmatch(name) or any(character in value for character in "\r\n\0"):
            raise InvalidInput(f"{where}: {name[:50]!r} is not a header field that can be sent")
    return call


def _of_journal(number: int, document: dict[str, Any]) -> RecordedCall:
    entry = entry_of(document)
    response = entry.response
    whole = response is not None and entry.delivery is not Delivery.CUT
    return RecordedCall(
        line=number,
        at_s=(entry.at_ms - entry.held_ms) / 1000,
        at_ms=entry.at_ms,
        method=entry.request.method,
        path=_path(entry.request.path),
        headers=tuple(entry.request.headers),
        body=body_of(entry),
        status=response.status if response is not None and whole else None,
        opened=entry.session_id if entry.outcome.value == "opened" else None,
        what=entry.event_type,
        ending=_ENDINGS[entry.delivery],
        answer=None if response is None else _answer(response),
        fault_ids=entry.fault_ids,
        seq=entry.seq,
        received=entry.received or entry.seq,
    )


def entry_of(document: dict[str, Any]) -> Entry:
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


def _copy_of(first: RecordedCall, second: RecordedCall) -> int | None:
    """Return the line of the one of two requests that a ``duplicate`` fault made out of the other.

    They stand next to each other, were processed in the same millisecond, name the same rule, and the answer to the
    copy was kept back. A client that sends a request again right after such a fault is no copy: the rule either did
    not strike it, or did the same to it.
    """
    if (first.at_ms, first.method, first.path, first.headers, first.body) != (
        second.at_ms, second.method, second.path, second.headers, second.body,
    ):  # fmt: skip
        return None
    before, after = set(first.fault_ids), set(second.fault_ids)
    if not before & after:
        return None
    cut_first, cut_second = (call.ending == "broken" and call.answer is not None for call in (first, second))
    if cut_first and (not cut_second or before < after):
        return first.line
    return second.line if cut_second and (not cut_first or after < before) else None


def _of_line(number: int, document: dict[str, Any]) -> RecordedCall:
    line: RecordedLine = convert(document, RecordedLine)
    if not abs(line.t) <= _LONGEST_S:
        raise InvalidInput(f"the time of a request is in seconds, -1e11 to 1e11, not {line.t:g}", pointer="/t")
    return RecordedCall(
        line=number,
        at_s=line.t,
        method=line.method,
        path=_path(line.path),
        headers=line.fields,
        body=line.body.encode(),
        status=line.status,
        ending=None if line.status is None else "answered",
        what=_event_type(line.body),
    )


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


def _event_type(body: str) -> str | None:
    try:
        document = decode(body, dict[str, Any])
    except InvalidInput:
        return None
    name = document.get("eventType")
    return name if isinstance(name, str) else None


def _path(target: str) -> str:
    """Return a target as it can be sent to another server: without origin and namespace, and all printable."""
    return _NAMESPACE.sub("", quote(without_origin(target), safe=_PRINTABLE))


def without_origin(target: str) -> str:
    """Return the path and query of a target, which a proxy may have written down as a whole URL."""
    if "://" in target.partition("?")[0] and not target.startswith("/"):
        return "/" + target.partition("://")[2].partition("/")[2]
    return target
