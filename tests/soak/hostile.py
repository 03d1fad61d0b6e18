"""Hostile requests: recorded traffic with mutations of its structure, all drawn from one seed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

__all__ = ["BROKEN", "HALF", "Hostile", "Request"]

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"

_JUNK: tuple[Any, ...] = (
    None, True, "", " ", 0, -1, 1.5, 10**30, -(10**400), 1e308, "ÿ\u2028", "\ud800", "x" * 5_000, [], {}, [[[[[]]]]],
    {"": None}, {"media.ad.name": {}}, "2025-01-01", "NaN", [1, "2", None], {"a" * 1_000: 1},
)  # fmt: skip
_TYPES = (b"application/json", b"application/json; charset=utf-8", b"text/plain", b"application/xml", b"")
_HEADERS = (
    b"Content-Encoding: gzip", b"Content-Encoding: br", b"Origin: http://evil.example", b"Origin: null",
    b"Sec-Fetch-Site: cross-site", b"Cookie: a=b; mockserver_admin=x", b"Authorization: Basic eDp5",
    b"X-Long: " + b"y" * 4_000, b"Accept-Encoding: *", b"X-Forwarded-For: ::1", b"X-Latin: \xe9\xff",
    b"Access-Control-Request-Method: POST", b"Range: bytes=0-1", b"If-None-Match: *", b"Via: 1.1 x",
)  # fmt: skip
_PATHS = (
    "/", "/api", "/api/v1", "/api/v1/sessions/", "/api/v1/sessions//events", "/api/v1/schemas/ping", "/%00", "//",
    "/api/v1/schemas/" + "z" * 2_000, "/api/v1/sessions/%2e%2e/events", "/ns/", "/ns/-/api/v1/sessions",
    "/favicon.ico", "/ee/va/v1/sessionStart?configId=x", "/ee/va/v1/ping", "/api/v1/sessions?" + "q=1&" * 500,
    "/../..", "/api/v1/downloaded",
)  # fmt: skip
_ADMIN_GETS = (
    "health", "ready", "events", "events?limit=3", "events?where=/a/b=c", "events?since=-1", "events?limit=9999999999",
    "events/0", "events/%ff", "sessions?limit=1", "sessions/nobody", "sessions/nobody/report", "faults", "clock",
    "settings", "version", "namespaces", "openapi.json", "ui/", "ui/../../etc/passwd", "nothing", "stories",
)  # fmt: skip
_ADMIN_POSTS = ("faults", "events/wait", "events/verify", "settings", "clock", "faults/f1", "stories/none/start")

BROKEN = (
    b"BREW / HTTP/1.1\r\n\r\n",
    b"\x00\xff\xfe no HTTP\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nNo Colon\r\n\r\n",
    b"GET /half HTTP/1.1\r\nHo",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
)
"""Bytes that are not a request. The server need not answer them, and may close the connection."""

HALF = (
    b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
    b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)
"""Requests with half a body. Their client leaves, so they need no answer, but the journal may have them."""


class Request(NamedTuple):
    """A valid HTTP request, however hostile.

    Args:
        raw: Its bytes.
        method: The method.
        is_admin: Whether it is for the admin API, and so not in the journal.
    """

    raw: bytes
    method: str
    is_admin: bool


class Hostile:
    """Makes any number of requests.

    Args:
        seed: The same one makes the same requests, as long as the same session ids are given to :meth:`opened`.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._recorded = [json.loads(line) for path in sorted(TRAFFIC.rglob("*.ndjson")) for line in _lines(path)]
        self._sids = ["0" * 64]

    def opened(self, sid: str) -> None:
        """Note that a session was opened, so that further events are sent to it."""
        if len(self._sids) < 500:
            self._sids.append(sid)
        else:
            self._sids[self._random.randrange(500)] = sid

    def batch(self) -> list[Request]:
        """Return requests to be sent in one go."""
        return [self._request() for _ in range(self._random.choice((1, 1, 2, 4, 8, 16)))]

    def broken(self) -> bytes:
        """Return what to send after a batch: nothing most of the time, otherwise bytes that are not a whole request."""
        return self._random.choice((*BROKEN, *HALF)) if self._random.random() < 0.02 else b""

    def _request(self) -> Request:
        if self._random.random() < 0.08:
            return self._admin()
        draw = self._random
        recorded = draw.choice(self._recorded)
        method, path, body = recorded["method"], recorded["path"], recorded.get("body", "").encode()
        if "/events" in path and draw.random() < 0.9:
            path = f"/api/v1/sessions/{draw.choice(self._sids)}/events"
        headers = [b"Content-Type: " + (_TYPES[0] if draw.random() < 0.9 else draw.choice(_TYPES))]
        if draw.random() < 0.6:
            body = self._mutated(body)
        if draw.random() < 0.15:
            path = draw.choice(_PATHS)
        if draw.random() < 0.1:
            method = draw.choice(("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "PROPFIND"))
        if draw.random() < 0.15 and path.startswith("/api"):
            path = f"/ns/n{draw.randrange(100)}{path}"
        if draw.random() < 0.3:
            headers += {line.partition(b":")[0]: line for line in draw.sample(_HEADERS, draw.randint(1, 3))}.values()
        return Request(_raw(method, path, headers, body, chunked=draw.random() < 0.05), method, False)

    def _admin(self) -> Request:
        draw = self._random
        headers = [draw.choice(_HEADERS)] if draw.random() < 0.2 else []
        name = draw.choice(("", "", "/ns/n1", "/ns/unknown"))
        if draw.random() < 0.7:
            method, path, body = draw.choice(("GET", "GET", "GET", "HEAD", "OPTIONS")), draw.choice(_ADMIN_GETS), b""
        else:
            method, path = draw.choice(("POST", "PATCH", "PUT")), draw.choice(_ADMIN_POSTS)
            headers.append(b"Content-Type: application/json")
            body = json.dumps({"hostile": draw.choice(_JUNK)}).encode()
        return Request(_raw(method, f"{name}/__admin/{path}", headers, body), method, True)

    def _mutated(self, body: bytes) -> bytes:
        draw = self._random
        kind = draw.random()
        if kind < 0.1:
            return body[: draw.randrange(len(body) + 1)]
        if kind < 0.15:
            return gzip.compress(body, 1)
        if kind < 0.2:
            place = draw.randrange(len(body) + 1)
            return body[:place] + draw.randbytes(draw.randint(1, 8)) + body[place:]
        if kind < 0.21:
            return b"[" * draw.choice((10, 1_000, 100_000))
        if kind < 0.2105:
            return b'{"params": "' + b"m" * draw.choice((100_000, 1_000_000, 1_100_000)) + b'"}'
        try:
            document = json.loads(body)
        except ValueError:
            return body
        for _ in range(draw.randint(1, 3)):
            document = self._changed(document)
        return json.dumps(document).encode()

    def _changed(self, document: Any) -> Any:
        """Change one member somewhere in a document."""
        draw = self._random
        holder, key = document, None
        while isinstance(holder, (dict, list)) and holder:
            key = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
            if draw.random() < 0.5 or not isinstance(holder[key], (dict, list)) or not holder[key]:
                break
            holder = holder[key]
        if key is None or not isinstance(holder, (dict, list)):
            return deepcopy(draw.choice(_JUNK))
        if draw.random() < 0.3:
            del holder[key]
        else:
            holder[key] = deepcopy(draw.choice(_JUNK))
        return document


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text(encoding="utf-8").splitlines() if '"method"' in line)


def _raw(method: str, path: str, headers: list[bytes], body: bytes, *, chunked: bool = False) -> bytes:
    head = [f"{method} {path} HTTP/1.1".encode(), b"Host: 127.0.0.1", *headers]
    if chunked:
        head.append(b"Transfer-Encoding: chunked")
        half = len(body) // 2
        body = (
            b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part) + b"0\r\n\r\n"
        )
    elif body or method in ("POST", "PUT", "PATCH"):
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join((*head, b"", body))
