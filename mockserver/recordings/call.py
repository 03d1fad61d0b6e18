"""One recorded request and its result, from any kind of file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from mockserver.dialects.base import Interpreter
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Entry, RecordedRequest, RecordedResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.namespaces import destination
from mockserver.wire.codec import decode

__all__ = [
    "MASKED",
    "Ending",
    "RecordedAnswer",
    "RecordedCall",
    "api_path_of",
    "arrival_of",
    "body_of",
    "bytes_of",
    "event_type_of",
    "sendable_path",
    "with_ids",
    "without_origin",
]

MASKED = "***"
"""The value of Authorization and Cookie in a journal."""

_NAMESPACE = re.compile(r"^/ns/[^/]+(?=/)")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_OPENED = (200, 201)
_UNKNOWN = 404

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
    """One request and its result.

    Args:
        line: The line of the file, or the number of the entry in an HTTP archive.
        method: The method.
        path: Path and query without a namespace, as they can be sent.
        target: Path and query as recorded.
        headers: The header fields.
        body: The body.
        status: The status of the answer; None if there was none, or not a whole one.
        at_s: When it was sent, in seconds from any origin. In a journal: when the server received it.
        at_ms: When it was processed, on the emulated clock in milliseconds since the epoch; None if the file does not
            say.
        sid: The id of the session that it opened, if the file has it, or of the one that it names.
        what: The event type, if it can be read.
        ending: How it ended, if the file says so. ``unanswered`` with an answer: the client left before it arrived.
        answer: The parts of the answer to compare, if the file has more than its status.
        response: The complete answer, perhaps of another server than ours, if the file has it.
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
    response: HttpResponse | None = None
    entry: Entry | None = None
    is_bare: bool = False

    @property
    def api_path(self) -> str:
        """The path as the emulated API sees it: without query and namespace, and as it was recorded."""
        return api_path_of(self.target)

    @property
    def opens(self) -> bool:
        """Whether it asks for a new session."""
        path = self.api_path
        return DIALECTS.at(path).opens(self.method, path, self.body)

    @property
    def opened(self) -> str | None:
        """The id of the session that it opened, if the file has it."""
        opened = self.opens if self.entry is None else self.entry.outcome is Outcome.OPENED
        return self.sid if opened else None


def arrival_of(request: HttpRequest) -> Arrival:
    """Interpret a request as the API at its path does, with the default settings."""
    return _interpreter(DIALECTS.at(request.path).name).read(request)


@cache
def _interpreter(dialect: str) -> Interpreter:
    return DIALECTS.named(dialect).interpreter(Settings())


def with_ids(calls: Iterable[RecordedCall]) -> list[RecordedCall]:
    """Give every request that opened a session the id that later requests name.

    A proxy may not record the id: a new id is assigned to the earliest opened session that has none yet. An id that
    was answered with 404 belonged to no session.
    """
    calls = list(calls)
    knows_statuses = any(call.status is not None for call in calls)
    opened: dict[int, str] = {}
    waiting: list[int] = []
    known: set[str] = set()
    for place, call in enumerate(calls):
        if call.opens:
            if call.sid is not None:
                known.add(call.sid)
            elif call.status in _OPENED or not knows_statuses:
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
    return bytes_of(entry.request, "/request/body")


def bytes_of(recorded: RecordedRequest | RecordedResponse, pointer: str) -> bytes:
    """Return the body of a recorded message.

    Raises:
        InvalidInput: It should be base64 and is not; at ``pointer``.
    """
    if recorded.body_encoding == "utf-8":
        return recorded.body.encode()
    try:
        return base64.b64decode(recorded.body, validate=True)
    except binascii.Error:
        raise InvalidInput("is not base64", pointer=pointer) from None


def event_type_of(path: str, body: bytes) -> str | None:
    """Return the event type in a body, if it can be read."""
    try:
        document = decode(body, dict[str, Any])
    except InvalidInput:
        return None
    return DIALECTS.events(DIALECTS.name_at(path), Operation.EVENT, document)[0].event_type


def sendable_path(target: str) -> str:
    """Return a target as it can be sent to another server: without origin and namespace, and all printable."""
    return _NAMESPACE.sub("", quote(without_origin(target), safe=_PRINTABLE))


def api_path_of(target: str) -> str:
    """Return the path of a target as the emulated API sees it: without query and namespace, and as it was recorded."""
    return destination(without_origin(target).partition("?")[0], "").path


def without_origin(target: str) -> str:
    """Return the path and query of a target, which a proxy may have written down as a whole URL."""
    if "://" in target.partition("?")[0] and not target.startswith("/"):
        return "/" + target.partition("://")[2].partition("/")[2]
    return target
