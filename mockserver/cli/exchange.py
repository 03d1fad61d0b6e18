"""Requests of a recording on connections to a server, several at a time, and what comes back on each."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Any, cast

import msgspec

from mockserver.address import ServerAddress
from mockserver.cli.recording import MASKED, Ending, RecordedCall
from mockserver.errors import InvalidInput
from mockserver.wire.codec import decode

__all__ = ["Answer", "Connections", "Exchange"]

_CONNECT_S = 10.0
_REFUSED_S = 10.0
"""How long a server may refuse connections in the middle of a replay. That the recording has the request shows that it
did reach the server."""
_RETRY_S = 0.05

_LONGEST_REASON = 200
_OWN_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Header fields that belong to a connection and not to a request (RFC 9110, 7.6.1), or follow from the request."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered.

    Args:
        status: The status; None without a whole answer.
        headers: Its header fields.
        body: Its body.
        ending: How the exchange ended.
        reason: Why, in the server's words, if it refused, or how the connection ended.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    ending: Ending = "answered"
    reason: str = ""

    @property
    def location(self) -> str:
        """The ``Location`` header."""
        return next((value for name, value in self.headers if name.lower() == "location"), "")


class _WholeHead(HTTPResponse):
    """A response that is broken when it ends within its header; the standard library takes that for the end of it."""

    def begin(self) -> None:
        """Read the status line and the header.

        Raises:
            IncompleteRead: The connection ended before the empty line.
        """
        lines = _Lines(self.fp)
        self.fp = cast(Any, lines)
        super().begin()
        if self.fp is cast(Any, lines):
            self.fp = lines.file
        if lines.last not in (b"\r\n", b"\n"):
            raise IncompleteRead(lines.last)


class _Lines:
    """A file that remembers the last line that was read from it."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self.file.readline(limit)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class Exchange:
    """One request that was sent, and its answer when it is there.

    Args:
        connection: What it was sent on.
    """

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.socket: socket.socket | None = connection.sock
        self.is_given_up = False

    def give_up(self) -> None:
        """Leave, as a client does that has waited long enough; the answer is then an ``unanswered`` one."""
        self.is_given_up = True
        if self.socket is not None:
            with suppress(OSError):  # the server may have been faster
                # The plain one: that of TLS would take the connection apart while another thread reads from it.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def receive(self) -> Answer:
        """Wait for the answer."""
        try:
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, HTTPException, ValueError) as error:
            self.connection.close()
            if self.is_given_up:
                return Answer(status=None, ending="unanswered", reason="given up")
            if isinstance(error, TimeoutError):
                return Answer(status=None, ending="unanswered", reason=f"nothing in {self.connection.timeout:g} s")
            return Answer(status=None, ending="broken", reason=str(error) or type(error).__name__)
        return Answer(
            status=response.status,
            headers=tuple(response.getheaders()),
            body=body,
            reason=_reason(response.status, body),
        )


class Connections:
    """Connections to a server, made as they are needed and used again.

    Requests are written by the thread that sends them, one after the other, so that they leave in this order; the
    answers are read by threads.

    Args:
        address: The server, and whose certificates are taken there.
        places: Most answers that are waited for at a time.
        timeout_s: How long an answer may pause; None for as long as it likes.
    """

    def __init__(self, address: ServerAddress, *, places: int, timeout_s: float | None) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._idle: list[HTTPConnection] = []
        self._open: set[Exchange] = set()
        self._refuses = False
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(places, thread_name_prefix="replay")
        self._pause = threading.Event().wait

    def open(self) -> None:
        """Make the first connection.

        Raises:
            ControlFailed: Nothing answers there, or not as it should.
        """
        connection = self._new()
        self._address.open(connection)
        self._ready(connection)
        self._idle.append(connection)

    def send(self, call: RecordedCall, path: str, answered: Callable[[Answer], object]) -> Exchange | None:
        """Send a request.

        Args:
            call: The request.
            path: Where to.
            answered: Called once with the answer, by another thread.

        Returns:
            The exchange, or None if the request could not be sent; ``answered`` has been called with the reason.
        """
        try:
            connection = self._connected()
        except OSError as error:
            answered(Answer(status=None, ending="broken", reason=str(error)))
            return None
        exchange = Exchange(connection)
        with self._lock:
            self._open.add(exchange)
        try:
            _write(connection, call, path)
        except OSError as error:
            # A server may answer before it ends the connection, which is for the reader to find out.
            if not isinstance(error, (BrokenPipeError, ConnectionResetError)):
                with self._lock:
                    self._open.discard(exchange)
                self._broken(connection)
                answered(Answer(status=None, ending="broken", reason=str(error)))
                return None
        self._readers.submit(self._receive, exchange, answered)
        return exchange

    def close(self) -> None:
        """Close all connections, and leave what is still open."""
        with self._lock:
            open_exchanges = tuple(self._open)
        for exchange in open_exchanges:
            exchange.give_up()
        self._readers.shutdown()
        for connection in self._idle:
            connection.close()

    def _receive(self, exchange: Exchange, answered: Callable[[Answer], object]) -> None:
        answer = exchange.receive()
        with self._lock:
            self._open.discard(exchange)
        if answer.ending != "answered":
            self._broken(exchange.connection)
        elif exchange.connection.sock is not None:
            with self._lock:
                self._idle.append(exchange.connection)
        answered(answer)

    def _broken(self, connection: HTTPConnection) -> None:
        """Close a connection, and the idle ones too: a server that refuses from now on would reset them."""
        connection.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for other in idle:
            other.close()

    def _connected(self) -> HTTPConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            if not _is_ended(connection):
                return connection
            connection.close()
        connection = self._new()
        for _ in range(0 if self._refuses else round(_REFUSED_S / _RETRY_S)):
            try:
                connection.connect()
                break
            except ConnectionRefusedError:
                self._pause(_RETRY_S)
        else:
            self._refuses = True  # nobody is waited for twice
            connection.connect()
        self._refuses = False
        self._ready(connection)
        return connection

    def _new(self) -> HTTPConnection:
        connection = self._address.connection(_CONNECT_S)
        connection.response_class = _WholeHead
        return connection

    def _ready(self, connection: HTTPConnection) -> None:
        connection.timeout = self._timeout_s
        connection.sock.settimeout(self._timeout_s)


def _is_ended(connection: HTTPConnection) -> bool:
    """Tell whether the server has ended an idle connection, which must not be taken for an answer to a request."""
    if connection.sock is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _write(connection: HTTPConnection, call: RecordedCall, path: str) -> None:
    connection.putrequest(call.method, path, skip_accept_encoding=True)
    for name, value in _sent_headers(call):
        connection.putheader(name, _header_bytes(value))
    if call.body or call.method not in ("GET", "HEAD", "OPTIONS"):
        connection.putheader("Content-Length", str(len(call.body)))
    connection.endheaders(call.body or None)


def _sent_headers(call: RecordedCall) -> Iterator[tuple[str, str]]:
    named = {
        part.strip().lower()
        for name, value in call.headers
        if name.lower() == "connection"
        for part in value.split(",")
    }
    for name, value in call.headers:
        if name.lower() not in _OWN_HEADERS | named and value != MASKED:
            yield name, value


def _header_bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _reason(status: int, body: bytes) -> str:
    if status < 400:
        return ""
    try:
        message = decode(body, dict[str, Any]).get("message")
    except InvalidInput:
        return ""
    return message[:_LONGEST_REASON] if isinstance(message, str) else ""
