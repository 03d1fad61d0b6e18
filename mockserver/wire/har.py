"""Write the journal as an HTTP archive (HAR 1.2), the format of browsers, proxies and viewers."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mockserver.errors import InvalidInput
from mockserver.model.http import PHRASES
from mockserver.model.journal import Entry, RecordedRequest, RecordedResponse
from mockserver.model.vocabulary import Delivery
from mockserver.wire.codec import encode, to_builtins

__all__ = ["entry_of", "har_entry", "har_pieces"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UNKNOWN = -1
"""The value of the format for unknown sizes and times."""


def har_pieces(blocks: Iterable[Sequence[Entry]], scheme: str, creator: str, version: str) -> Iterator[bytes]:
    """Write an archive piece by piece.

    Args:
        blocks: The entries, some at a time.
        scheme: ``http`` or ``https``; a request does not say which.
        creator: The name of the program that writes it.
        version: The version of that program.
    """
    head = encode({"version": "1.2", "creator": {"name": creator, "version": version}})
    yield b'{"log":' + head[:-1] + b',"entries":['
    separator = b"\n"
    for block in blocks:
        for entry in block:
            yield separator + encode(har_entry(entry, scheme))
            separator = b",\n"
    yield b"\n]}}\n"


def har_entry(entry: Entry, scheme: str) -> dict[str, Any]:
    """Return the entry of an archive.

    What the format has no place for is in ``_mockserver``. An exchange without a complete answer has status 0, as in
    the archives of browsers. Of the time of the exchange, only how long the request was held back is known; the format
    allows no -1 for the other two of the three timings that every entry must have.
    """
    response = None if entry.delivery is Delivery.CUT else entry.response
    return {
        "startedDateTime": _instant(entry.at_ms - entry.held_ms),
        "time": entry.held_ms,
        "request": _request(entry.request, scheme),
        "response": _nothing(entry) if response is None else _response(response),
        "cache": {},
        "timings": {"send": 0, "wait": entry.held_ms, "receive": 0},
        "_mockserver": {
            "seq": entry.seq,
            "received": entry.received or entry.seq,
            "operation": entry.operation.value,
            "session_id": entry.session_id,
            "event_type": entry.event_type,
            "outcome": entry.outcome.value,
            "fault_ids": list(entry.fault_ids),
            "delivery": entry.delivery.value,
            "violations": to_builtins(entry.violations),
            **_rare(entry),
        },
    }


def _rare(entry: Entry) -> dict[str, Any]:
    """Return rare members of an entry, and the part of its answer that the client did not get."""
    rare: dict[str, Any] = {"draws": to_builtins(entry.draws)} if entry.draws else {}
    if entry.dialect:
        rare["dialect"] = entry.dialect
    if entry.response is not None and entry.delivery is Delivery.CUT:
        rare["response"] = to_builtins(entry.response)
    if entry.forwarded is not None:
        rare["forwarded"] = to_builtins(entry.forwarded)
    return rare


def entry_of(written: Any) -> dict[str, Any]:
    """Return the journal entry, as JSON, that :func:`har_entry` wrote; only ``event`` is not read back.

    Args:
        written: The entry of the archive.

    Raises:
        InvalidInput: It is not an entry of a mockserver, or it was changed.
    """
    try:
        own, request, response = written["_mockserver"], written["request"], written["response"]
        held_ms = written["time"]
        started = datetime.fromisoformat(written["startedDateTime"].replace("Z", "+00:00"))
        body = request.get("postData", {})
        content = response["content"]
        answer = own.pop("response", None)
        if answer is None and response["status"]:
            answer = {"status": response["status"], "headers": _pairs(response["headers"]), **_body(content)}
        members = {
            **own,
            "at_ms": round((started - _EPOCH) / timedelta(milliseconds=1)) + held_ms,
            "held_ms": held_ms,
            "event": None,
            "draws": own.get("draws", []),
            "request": {
                "method": request["method"],
                "path": _target(request["url"]),
                "headers": _pairs(request["headers"]),
                **_body(body),
            },
            "response": answer,
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidInput(f"it is not as mockserver writes it: {type(error).__name__} {error}") from None
    if members["received"] == members["seq"]:
        members["received"] = 0
    return members


def _target(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _pairs(headers: Any) -> list[list[str]]:
    return [[header["name"], header["value"]] for header in headers]


def _body(written: Any) -> dict[str, Any]:
    return {"body": written.get("text", ""), "body_encoding": written.get("encoding", "utf-8")}


def _instant(at_ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(request: RecordedRequest, scheme: str) -> dict[str, Any]:
    host = _field(request.headers, "host") or "localhost"
    url = request.path if "://" in request.path.partition("?")[0] else f"{scheme}://{host}{request.path}"
    written: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers),
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(_query_of(request.path), keep_blank_values=True)
        ],
        "headersSize": _UNKNOWN,
        "bodySize": _size(request.body, request.body_encoding),
    }
    if request.body:
        written["postData"] = {"mimeType": _field(request.headers, "content-type") or "", "text": request.body}
        if request.body_encoding == "base64":
            written["postData"]["encoding"] = "base64"
    return written


def _query_of(target: str) -> str:
    try:
        return urlsplit(target).query
    except ValueError:  # a host in brackets that is none
        return ""


def _response(response: RecordedResponse) -> dict[str, Any]:
    size = _size(response.body, response.body_encoding)
    content: dict[str, Any] = {
        "size": size,
        "mimeType": _field(response.headers, "content-type") or "x-unknown",
        "text": response.body,
    }
    if response.body_encoding == "base64":
        content["encoding"] = "base64"
    return {
        "status": response.status,
        "statusText": PHRASES.get(response.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(response.headers),
        "content": content,
        "redirectURL": _field(response.headers, "location") or "" if 300 <= response.status < 400 else "",
        "headersSize": _UNKNOWN,
        "bodySize": size,
    }


def _nothing(entry: Entry) -> dict[str, Any]:
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
        "_error": f"the client got no complete answer: {entry.delivery.value}",
    }


def _headers(fields: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _field(fields: Iterable[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in fields if name.lower() == wanted), None)


def _size(body: str, encoding: str) -> int:
    return len(base64.b64decode(body)) if encoding == "base64" else len(body.encode())
