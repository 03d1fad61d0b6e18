"""Events as bytes: plain ones, and all the ways not to be one."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.factories import T0
from tests.server.running import PING

__all__ = ["AD", "FIELDS", "HOST", "JSON", "LENGTH", "NEVER_AT_ONCE", "events", "request"]

HOST = b"Host: localhost"
JSON = b"Content-Type: application/json"
AD = json.dumps(
    {
        "eventType": "adStart",
        "playerTime": {"playhead": 3, "ts": T0 + 3000},
        "params": {"media.ad.id": "a", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"},
    }
).encode()


def request(
    target: str, body: bytes = PING, *fields: bytes, method: bytes = b"POST", version: bytes = b"HTTP/1.1"
) -> bytes:
    """Write a request; without fields it is a plain one."""
    lines = fields or (HOST, JSON, b"Content-Length: %d" % len(body))
    return b"%s %s %s\r\n%s\r\n\r\n%s" % (method, target.encode(), version, b"\r\n".join(lines), body)


def events(sid: str, prefix: str = "") -> str:
    return f"{prefix}/api/v1/sessions/{sid}/events"


NEVER_AT_ONCE: dict[str, Callable[[str], bytes]] = {
    "other method": lambda path: request(path, method=b"PUT"),
    "method in lower case": lambda path: request(path, method=b"post"),
    "query": lambda path: request(f"{path}?x=1"),
    "slash at the end": lambda path: request(f"{path}/"),
    "two slashes": lambda path: request(path.replace("/v1/", "/v1//")),
    "absolute": lambda path: request(f"http://localhost{path}"),
    "escape": lambda path: request(path.replace("/v1", "/%76%31")),
    "session id in capitals": lambda path: request(path[:22] + path[22:-7].upper() + path[-7:]),
    "path of the admin API": lambda path: request(path.replace("/api/v1", "/__admin")),
    "path of the admin API of a namespace": lambda path: request(path.replace("/api/v1", "/ns/team/__admin")),
    "HTTP/1.0": lambda path: request(path, version=b"HTTP/1.0"),
    "two spaces": lambda path: request(path).replace(b"POST ", b"POST  ", 1),
    "line feed alone": lambda path: request(path).replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n", 1),
    "empty line first": lambda path: b"\r\n" + request(path),
    "one more byte": lambda path: request(path) + b" ",
    "empty line after it": lambda path: request(path) + b"\r\n",
    "two at a time": lambda path: request(path) * 2,
    "two at a time, the second cut": lambda path: (request(path) * 2)[:-1],
}


LENGTH = b"Content-Length: %d" % len(PING)
FIELDS: dict[str, tuple[bytes, ...]] = {
    "Connection: close": (HOST, LENGTH, b"Connection: close"),
    "Connection: Close": (HOST, LENGTH, b"connection: Close"),
    "Connection with several": (HOST, LENGTH, b"Connection: keep-alive, close"),
    "two Connection": (HOST, LENGTH, b"Connection: keep-alive", b"Connection: close"),
    "Proxy-Connection": (HOST, LENGTH, b"Proxy-Connection: close"),
    "Expect": (HOST, LENGTH, b"Expect: 100-continue"),
    "upgrade": (HOST, LENGTH, b"Connection: Upgrade", b"Upgrade: websocket"),
    "chunked": (HOST, b"Transfer-Encoding: chunked"),
    "chunked and a length": (HOST, LENGTH, b"Transfer-Encoding: chunked"),
    "gzip": (HOST, LENGTH, b"Content-Encoding: gzip"),
    "two lengths": (HOST, LENGTH, LENGTH),
    "two different lengths": (HOST, LENGTH, b"Content-Length: 3"),
    "no length": (HOST, JSON),
    "length with a sign": (HOST, b"Content-Length: +%d" % len(PING)),
    "length too short": (HOST, b"Content-Length: %d" % (len(PING) - 1)),
    "length too long": (HOST, b"Content-Length: %d" % (len(PING) + 1)),
    "two Host": (HOST, HOST, LENGTH),
    "no Host": (JSON, LENGTH),
    "Authorization": (HOST, LENGTH, b"Authorization: Bearer s3cret"),
    "Cookie": (HOST, LENGTH, b"cookie: s3cret"),
    "folded": (HOST, LENGTH, b"X-A: 1\r\n  2"),
    "space before the colon": (HOST, LENGTH, b"X-A : 1"),
    "a bare line feed": (HOST, LENGTH, b"X-A: 1\nX-B: 2"),
    "a bare carriage return": (HOST, LENGTH, b"X-A: 1\rX-B: 2"),
    "a zero": (HOST, LENGTH, b"X-A: 1\x002"),
}
