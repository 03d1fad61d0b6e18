"""HTTP archives (HAR 1.2) of browsers, of proxies and our own: the requests to the media APIs that are in them.

The form: http://www.softwareishard.com/blog/har-12-spec/. What the tools make of it: Chromium's ``HAREntry.js``,
Firefox's ``har-builder.js``, WebKit's ``HARBuilder.js``, mitmproxy's ``savehar``, exports of Charles and Proxyman.
Only what is needed is decoded of an entry: an archive may have the videos of a page in it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from mockserver.clock import MAX_TIME_MS
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.http import HttpRequest, HttpResponse, RawHeaders
from mockserver.model.journal import Entry
from mockserver.recordings.call import Ending, RecordedCall, arrival_of, sendable_path, with_ids
from mockserver.recordings.lines import call_of_entry
from mockserver.wire.codec import convert, decode
from mockserver.wire.har import entry_of

__all__ = ["looks_like_har", "read_har"]

_HEAD = re.compile(rb'\s*\{\s*"log"\s*:')
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ABORTED = re.compile(r"abort|cancel|NS_BINDING|stopped", re.IGNORECASE)
"""How browsers report that the page aborted a request, which may still have arrived."""


class _Text(msgspec.Struct):
    """A body: ``postData`` of a request, ``content`` of a response."""

    text: str | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, rename={"post_data": "postData", "body_size": "bodySize"}):
    method: str
    url: str
    headers: list[Any] = []
    post_data: _Text | None = None
    body_size: float | None = None


class _Response(msgspec.Struct, rename={"error": "_error", "failure": "_failureText"}):
    status: float | None = None
    headers: list[Any] = []
    content: _Text | None = None
    error: Any = None
    failure: Any = None


class _Entry(msgspec.Struct, rename={"started": "startedDateTime", "own": "_mockserver"}):
    """An entry. Its answer and time are read only for media traffic."""

    request: _Request
    started: msgspec.Raw = msgspec.Raw(b"null")
    response: msgspec.Raw = msgspec.Raw(b"null")
    own: msgspec.Raw = msgspec.Raw(b"null")


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Archive(msgspec.Struct):
    log: _Log


class _Found(msgspec.Struct, frozen=True):
    """A request that may be media traffic.

    Args:
        number: The number of the entry.
        entry: The entry.
        request: The request as an emulator would see it.
        place: The place of the API: scheme, host, and what comes before its own paths.
        is_certain: Whether the request alone shows that it is media traffic.
    """

    number: int
    entry: _Entry
    request: HttpRequest
    place: tuple[str, str, str]
    is_certain: bool


def looks_like_har(content: bytes) -> bool:
    """Return whether a text is an HTTP archive rather than one document per line."""
    if _HEAD.match(content):
        return True
    try:
        msgspec.json.decode(content.lstrip().partition(b"\n")[0], type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Its members are on separate lines, and others may come first.
        return content.lstrip().startswith(b"{") and b'"log"' in content and b'"entries"' in content
    return False


def read_har(content: bytes, name: str) -> tuple[list[RecordedCall], int, tuple[int, ...]]:
    """Find the media traffic of an archive.

    Args:
        content: The archive.
        name: Its name in messages.

    Returns:
        The media requests in order of time; the number of other requests; the entry numbers of media requests whose
        bodies are missing.

    Raises:
        InvalidInput: It cannot be used; the message names the entry and the reason.
    """
    try:
        entries = msgspec.json.decode(content, type=_Archive).log.entries
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The archive may be large: do not read it again for a better message.
        raise InvalidInput(f"{name} is not a complete HTTP archive (HAR): {error}") from None
    own: list[RecordedCall] = []
    found: list[_Found] = []
    for number, raw in enumerate(entries, 1):
        with _in_entry(name, number):
            entry = decode(raw, _Entry)
            if bytes(entry.own) != b"null":
                own.append(call_of_entry(number, convert(entry_of(decode(raw, dict[str, Any])), Entry)))
            elif (one := _look(number, entry)) is not None:
                found.append(one)
    certain = {one.place for one in found if one.is_certain}
    media = [one for one in found if one.place in certain]
    bodiless = tuple(one.number for one in media if _lost_body(one))
    calls = []
    for one in media:
        if one.number not in bodiless:
            with _in_entry(name, one.number):
                calls.append(_call(one))
    calls.sort(key=lambda call: call.at_s)
    return [*own, *with_ids(calls)], len(entries) - len(own) - len(media), bodiless


@contextmanager
def _in_entry(name: str, number: int) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        at = f" {error.pointer}:" if error.pointer else ""
        raise InvalidInput(f"{name}: entry {number}:{at} {error}") from None


def _look(number: int, entry: _Entry) -> _Found | None:
    """Return an entry that may be media traffic, else None."""
    request = entry.request
    try:
        url = urlsplit(request.url)
    except ValueError:
        return None
    if url.scheme not in ("http", "https"):
        return None
    path = url.path or "/"
    body = _bytes(request.post_data, "/request/postData/text")
    headers = _headers(request.headers, url.netloc)
    asked = HttpRequest(request.method.upper(), path, path, headers, body)
    found = DIALECTS.found(asked)
    if found is None:
        return None
    target = urlunsplit(("", "", found.path, url.query, ""))
    seen = HttpRequest(asked.method, found.path, target, headers, body)
    place = (url.scheme, url.netloc.lower(), path.removesuffix(found.path))
    return _Found(number, entry, seen, place, found.is_certain)


def _headers(fields: list[Any], host: str) -> RawHeaders:
    """Return the header fields without HTTP/2's pseudo-header fields, and with a Host."""
    read: list[tuple[bytes, bytes]] = []
    for field in fields:
        # HAR has objects here; some tools write pairs.
        pair = [field.get("name"), field.get("value")] if isinstance(field, dict) else field
        match pair:
            case [str(name), str(value)] if not name.startswith(":"):
                read.append((name.encode("utf-8", "replace"), value.encode("utf-8", "replace")))
    if not any(name.lower() == b"host" for name, _ in read):
        read.insert(0, (b"Host", host.encode()))
    return tuple(read)


def _bytes(text: _Text | None, pointer: str) -> bytes:
    if text is None or text.text is None:
        return b""
    if text.encoding != "base64":
        return text.text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text.text, validate=True)
    except binascii.Error:
        raise InvalidInput("is not base64", pointer=pointer) from None


def _lost_body(one: _Found) -> bool:
    """Return whether the recorder dropped the body of a request, as browsers do with beacons."""
    if one.request.body:
        return False
    declared = (one.request.header(b"content-length") or b"").strip()
    return (one.entry.request.body_size or 0) > 0 or (declared.isdigit() and int(declared) > 0)


def _call(one: _Found) -> RecordedCall:
    request = one.request
    arrival = arrival_of(request)
    at_ms = _instant(one.entry.started)
    response = _Response() if bytes(one.entry.response) == b"null" else decode(one.entry.response, _Response)
    answer = _answer(response)
    opened = None if answer is None else DIALECTS.at(request.path).opened_by(answer)
    ending: Ending = "answered"
    if answer is None:
        failure = response.error or response.failure
        ending = "broken" if failure and not _ABORTED.search(str(failure)) else "unanswered"
    return RecordedCall(
        line=one.number,
        method=request.method,
        path=sendable_path(request.target),
        target=request.target,
        headers=tuple((name.decode(), value.decode()) for name, value in request.headers),
        body=request.body,
        status=None if answer is None else answer.status,
        at_s=at_ms / 1000,
        at_ms=at_ms,
        sid=opened or arrival.session_id,
        what=arrival.event_type,
        ending=ending,
        response=answer,
    )


def _instant(raw: msgspec.Raw) -> int:
    try:
        at = msgspec.json.decode(raw, type=datetime)
    except msgspec.DecodeError:
        text = bytes(raw)[:60].decode("utf-8", "replace")
        raise InvalidInput(
            f"the time of a request must be written like 2026-11-30T09:41:00.000Z, not {text}",
            pointer="/startedDateTime",
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    at_ms = (at - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= at_ms <= MAX_TIME_MS:
        raise InvalidInput("the time of a request must be from 1970 up to the year 9999", pointer="/startedDateTime")
    return at_ms


def _answer(response: _Response) -> HttpResponse | None:
    """Return the answer; None if there was none, which tools record as status 0 or -1 or no status."""
    status = int(response.status or 0)
    if not 100 <= status <= 999:
        return None
    headers = tuple(
        (name.decode(), value.decode()) for name, value in _headers(response.headers, "-") if name != b"Host"
    )
    return HttpResponse(status, headers, _bytes(response.content, "/response/content/text"))
