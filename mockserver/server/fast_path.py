"""A fast path for plain events that bypasses aiohttp's request machinery, the most expensive part of an answer.

A thin protocol stands in front of aiohttp's and hands it every byte, except for one case: a read that is exactly one
``POST .../sessions/{sid}/events`` whose header block aiohttp has parsed before, on any connection. Equal bytes have
equal meaning, so the block is looked up instead of parsed, and the event goes straight to its namespace. There is no
second parser here: aiohttp reads a header block that was not seen before, a request in pieces, several requests at a
time, and any request with fields about the connection or the coding of its body.

An event is answered as soon as it is read. A client that closes its connection in the same instant is therefore
recorded as ``sent``, where aiohttp, which answers a turn of the loop later, may have noticed and records
``client_gone``. Asking the system whether the client is still there would cost more than the answer.

aiohttp also handles every event that cannot be answered at once: fault rules, requests that are held back, a closed
gate, a body that is too large. It then sees the same bytes as it would without the fast path. A connection returns to
the fast path only when aiohttp has answered everything it was given.
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

from aiohttp import web

from mockserver.control import ADMIN
from mockserver.model.http import RawHeaders
from mockserver.server.answers import Written
from mockserver.server.connections import Connection, Handler
from mockserver.server.emulated_api import EmulatedApi, Head

__all__ = ["FastPath"]

_EVENT = re.compile(rb"POST ((?:/[\w.-]{1,80}){0,8}/sessions/[0-9a-f]{64}/events) HTTP/1\.1")
"""The request line of a plain event. A target of these characters needs no decoding and has one meaning."""

_ADMIN = ADMIN.encode()
_END = b"\r\n\r\n"
_NOT_PLAIN = frozenset(
    {
        b"authorization",  # the journal masks it; no copy may be kept elsewhere
        b"content-encoding",
        b"cookie",  # likewise
        b"expect",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_MOST_BYTES = 512 * 1024
"""Most bytes of all remembered blocks. Beyond that all are forgotten; those in use are soon remembered again."""

_MOST_BEGINNING = 1024
"""Most bytes of the last request line and header block that a connection keeps."""

_MOST_UNANSWERED = 64 * 1024
"""Most unanswered bytes that aiohttp may hold if the connection is to return to the fast path."""

_LOOK_S = 60
"""How long events may bypass aiohttp, which closes a connection on which it has seen nothing for an hour."""


def _body_size(request: web.BaseRequest) -> int | None:
    """Return the length of a body; None if the header fields leave it uncertain."""
    length = b""
    for name, value in request.raw_headers:
        name = name.lower()
        if name == b"content-length" and not length and value.isdigit():
            length = value
        elif name in (b"content-length", b"transfer-encoding", b"upgrade"):
            return None
    return None if request.method == "CONNECT" else int(length or 0)


def _is_plain(headers: RawHeaders) -> bool:
    """Return whether header fields give the length of the body, and nothing else about it or the connection."""
    names = [name.lower() for name, _ in headers]
    return (
        b"content-length" in names
        and _NOT_PLAIN.isdisjoint(names)
        and all(value.lower() == b"keep-alive" for name, value in headers if name.lower() == b"connection")
    )


class FastPath:
    """The fast path of all connections of one port.

    Args:
        handler: Answers requests that go to aiohttp.
        api: Answers the others.

    Attributes:
        namespaces: Where the requests go.
        is_open: Whether the fast path is in use. It is switched off before the connections are closed.
    """

    def __init__(self, handler: Handler, api: EmulatedApi) -> None:
        self._handler = handler
        self._api = api
        self.namespaces = api.namespaces
        self.is_open = True
        self._blocks: dict[bytes, Head] = {}
        self._blocks_bytes = 0
        self._connections: dict[web.RequestHandler, _Front] = {}
        """The connections that have begun, each with its front."""

    def connect(self, connection: Connection) -> asyncio.Protocol:
        """Make the protocol in front of a new connection."""
        return _Front(self, connection)

    def know(self, front: _Front, connection: Connection) -> None:
        """Register a connection that has begun; with TLS, some never do."""
        self._connections[connection] = front

    def forget(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._connections.pop(connection, None)

    def answer(self, front: _Front, data: bytes) -> bool:
        """Answer the data that a connection has read, if it is a plain event.

        Returns:
            Whether it was answered. If not, nothing has happened, or ``failure`` of its front has the exception.
        """
        head = front.head
        if head is not None and data.startswith(front.beginning):
            head_end = len(front.beginning)
        else:
            line_end = data.find(b"\r\n")
            head_end = data.find(_END, line_end) + 4
            head = self._blocks.get(data[line_end:head_end])
            found = None if head is None else _EVENT.fullmatch(data, 0, line_end)
            if head is None or found is None or _ADMIN in found[1]:
                return False
            front.target = found[1].decode()
            front.beginning, front.head = data[:head_end], head if head_end <= _MOST_BEGINNING else None
        if len(data) - head_end != head.body_size:
            return False
        try:
            return self._api.answer_at_once(front.target, head, data[head_end:], front.transport)
        except Exception as error:  # noqa: BLE001 - it is raised again where aiohttp answers it
            front.failure = error
            return False

    def end_of(self, given: bytes, request: web.BaseRequest) -> int | None:
        """Return where a request that aiohttp has read ends, and remember the header block if the event is plain.

        Args:
            given: What aiohttp was given, from the beginning of the request on.
            request: The request as aiohttp parsed it.

        Returns:
            The offset in ``given``; None if it is uncertain.
        """
        line_end = given.find(b"\r\n")
        head_end = given.find(_END, line_end) + 4
        block = given[line_end:head_end]
        known = self._blocks.get(block)
        if known is not None and request.method == "POST" and given.startswith(b"POST "):
            return head_end + known.body_size
        lines = given.count(b"\r\n", 0, head_end)
        body_size = _body_size(request)
        if (
            body_size is None
            or not given.startswith(request.method.encode())  # aiohttp skips empty lines
            or not lines == given.count(b"\r", 0, head_end) == given.count(b"\n", 0, head_end)
        ):
            return None
        if request.keep_alive and _EVENT.fullmatch(given, 0, line_end) and _is_plain(request.raw_headers):
            self._remember(block, request, body_size)
        return head_end + body_size

    def _remember(self, block: bytes, request: web.BaseRequest, body_size: int) -> None:
        if self._blocks_bytes + len(block) > _MOST_BYTES:
            self._blocks.clear()
            self._blocks_bytes = 0
        names_namespace = self._api.names_namespace(request.headers)
        self._blocks[block] = Head(request.headers, request.raw_headers, names_namespace, body_size)
        self._blocks_bytes += len(block)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request that went to aiohttp, and note whether the connection may return to the fast path."""
        front = self._connections.get(request.protocol)
        if front is None:
            return await self._handler(request)
        if front.failure is not None:
            raise front.failure
        response = await self._handler(request)
        front.answered(request, response)
        return response


class _Front(asyncio.Protocol):
    """The protocol in front of a connection.

    Attributes:
        transport: The connection; valid from its beginning on.
        beginning: The last request line and header block of a plain event, as most players send the same ones again.
        head: What the block means; None before the first.
        target: The target in the line.
        failure: The exception when answering an event at once; aiohttp is given the request and raises it.
    """

    __slots__ = ("_connection", "_fast_path", "_is_idle", "_looked_s", "_time", "_unanswered", "beginning", "failure",
                 "head", "target", "transport")  # fmt: skip

    def __init__(self, fast_path: FastPath, connection: Connection) -> None:
        self._fast_path = fast_path
        self._connection = connection
        self._time = asyncio.get_running_loop().time
        self._looked_s = self._time()
        """When aiohttp last saw data of the connection."""
        self._is_idle = True
        """Whether aiohttp has answered everything it was given."""
        self._unanswered: bytes | None = b""
        """The bytes it was given and has not answered; None if unknown, and the connection never returns."""
        self.transport: asyncio.Transport
        self.beginning = b""
        self.head: Head | None = None
        self.target = ""
        self.failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._fast_path.know(self, self._connection)
        self._connection.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fast_path.forget(self._connection)
        self._connection.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._connection.heard_s = now_s = self._time()
        if (
            self._is_idle
            and self._fast_path.is_open
            and now_s - self._looked_s < _LOOK_S
            and not self.transport.is_closing()
            and self._fast_path.answer(self, data)
        ):
            latencies = self._fast_path.namespaces.latencies
            if latencies is not None:
                latencies.add(self._time() - now_s)
            return
        self._is_idle = False
        if self._unanswered is not None:
            self._unanswered = self._unanswered + data if len(self._unanswered) < _MOST_UNANSWERED else None
        self._connection.data_received(data)

    def eof_received(self) -> None:
        self._connection.eof_received()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def answered(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Note the answer that aiohttp is about to return.

        The connection returns to the fast path only if the answer is already written and the connection stays open.
        """
        given, self._unanswered = self._unanswered, None
        if given is None or not isinstance(response, Written) or not response.keep_alive:
            return
        end = self._fast_path.end_of(given, request)
        if end is None or end > len(given):
            return
        self._unanswered = given[end:]
        self._is_idle = not self._unanswered
        self._looked_s = self._time()
