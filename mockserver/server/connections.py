"""The connections of one port: their limit, and which are closed when it is reached."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from heapq import nsmallest
from typing import Any

from aiohttp import web

from mockserver.model.settings import Settings
from mockserver.server.incoming import Incoming

__all__ = ["LOOK_S", "Connection", "Connections", "Handler", "has_left"]

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

LOOK_S = 0.2
"""How often to check a connection that does not report when its client leaves, in seconds."""

_QUIET = logging.getLogger("mockserver.http")
"""Where aiohttp reports requests that are not HTTP; silent unless a level is set."""

_END = b"\r\n\r\n"
_SPARE_FILES = 64
"""How many of the open files of the process are reserved for other uses than connections."""


class Connection(web.RequestHandler):
    """One connection. It ends if the head of a request does not arrive in time, or if there is no room for it.

    Attributes:
        client_left: Whether it was lost before the server closed it by force.
        heard_s: When something was last received, on the clock of the loop.
    """

    __slots__ = ("_connections", "_half_bytes", "_late", "_look", "_time", "_watchers", "client_left", "heard_s")

    def __init__(self, connections: Connections) -> None:
        loop = asyncio.get_running_loop()
        # The body is recorded as it was on the wire, so aiohttp must not unpack it.
        options: dict[str, Any] = {"access_log": None, "auto_decompress": False, "logger": _QUIET}
        super().__init__(connections, loop=loop, **options)
        self._connections = connections
        self._half_bytes = 0
        self._late: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._time = loop.time
        self._watchers: set[Callable[[], object]] = set()
        self.client_left = False
        self.heard_s = loop.time()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered or has begun to arrive, so that it may be closed at any time."""
        return self._is_waiting and not self._half_bytes

    @property
    def _is_waiting(self) -> bool:
        # Not documented. With an aiohttp that lacks it, heads have no time limit and no idle connection is closed.
        waiter = getattr(self, "_waiter", None)
        return waiter is not None and not waiter.done()

    def data_received(self, data: bytes) -> None:
        """Process received data; if it completes no request, the head of one has begun.

        When aiohttp is given several requests at once and one is not HTTP, it drops the complete ones before it. So it
        is given no more than one head at a time.
        """
        if data.count(_END) > 1:
            for piece in _heads(data):
                super().data_received(piece)
        else:
            super().data_received(data)
        self.heard_s = self._time()
        if self._half_bytes or self._late is not None or self._is_waiting:
            self._watch_head(len(data) if data.strip(b"\r\n") else 0)
        if self._watchers:
            self._look_out()

    def eof_received(self) -> None:
        """Call the watchers once it is closing, for it is not lost before the client has read all that was written."""
        super().eof_received()
        if self._watchers:
            asyncio.get_running_loop().call_soon(self._tell_watchers)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Release the bytes that were counted for it, and call the watchers."""
        self._forget_head()
        self.client_left = self.transport is not None
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()
        self._tell_watchers()

    @contextlib.contextmanager
    def watched_by(self, left: Callable[[], object]) -> Iterator[None]:
        """Call ``left`` when the client leaves, because aiohttp does not tell a handler."""
        self._watchers.add(left)
        self._look_out()
        try:
            yield
        finally:
            self._watchers.discard(left)

    def _tell_watchers(self) -> None:
        if has_left(self.transport):
            for watcher in tuple(self._watchers):
                watcher()

    def _look_out(self) -> None:
        """Check the connection again and again while its end cannot arrive, since aiohttp has stopped reading."""
        with contextlib.suppress(RuntimeError):  # see has_left()
            if self._look is None and self.transport is not None and not self.transport.is_reading():
                self._look = asyncio.get_running_loop().call_later(LOOK_S, self._look_again)

    def _look_again(self) -> None:
        self._look = None
        if self._watchers:
            self._tell_watchers()
            self._look_out()

    def force_close(self) -> None:
        """End the connection at once; a TLS close would wait for the client."""
        transport, self.transport = self.transport, None
        super().force_close()
        if transport is not None:
            transport.abort()

    def _watch_head(self, size_bytes: int) -> None:
        if not self._is_waiting:
            self._forget_head()
            return
        if not self._connections.incoming.take(size_bytes):
            self.force_close()
            return
        self._half_bytes += size_bytes
        if size_bytes and self._late is None:
            patience_s = self._connections.settings().header_timeout_s
            self._late = asyncio.get_running_loop().call_later(patience_s, self.force_close)

    def _forget_head(self) -> None:
        self._connections.incoming.give_back(self._half_bytes)
        self._half_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None


def has_left(transport: asyncio.Transport | None) -> bool:
    """Return whether the client of a connection has left, even if aiohttp does not read it because requests wait."""
    if transport is None or transport.is_closing():
        return True
    try:
        return not transport.is_reading() and _has_ended(transport.get_extra_info("socket"))
    except RuntimeError:  # Python 3.10, after TLS has lost its connection and before it says so
        return True


def _has_ended(connection: socket.socket | None) -> bool:
    """Return whether the client has closed or reset a connection, though data before the end is still unread."""
    if connection is None or connection.fileno() < 0 or not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    poll.register(connection.fileno(), getattr(select, "POLLRDHUP", 0))  # elsewhere than on Linux, POLLHUP may say it
    return bool(poll.poll(0))


def _heads(data: bytes) -> Iterator[bytes]:
    """Cut the data after every head."""
    start = 0
    while (end := data.find(_END, start)) >= 0:
        yield data[start : end + len(_END)]
        start = end + len(_END)
    if start < len(data):
        yield data[start:]


class Connections(web.Server):
    """Creates and keeps track of the connections of one port.

    Args:
        handler: Answers the requests of all of them.
        settings: Returns the settings in force; ``max_connections`` and ``header_timeout_s`` are used.
        incoming: Counts the bytes of requests that have not arrived completely.
        front: Makes the protocol in front of a connection; by default there is none.
    """

    def __init__(
        self,
        handler: Handler,
        settings: Callable[[], Settings],
        incoming: Incoming,
        front: Callable[[Connection], asyncio.Protocol] = lambda connection: connection,
    ) -> None:
        if _QUIET.level == logging.NOTSET:
            _QUIET.setLevel(logging.CRITICAL + 1)
        super().__init__(handler)
        self.settings = settings
        self.incoming = incoming
        self._front = front
        self._open: dict[Connection, None] = {}
        self._begun: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many connections are open or being opened."""
        return len(self._open)

    def __call__(self) -> Connection:
        """Return the protocol for a new connection."""
        return Connection(self)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        if isinstance(handler, Connection):
            self._open.pop(handler, None)
        super().connection_lost(handler, exc)

    def connect(self) -> asyncio.Protocol:
        """Return the protocol for a new connection that is served elsewhere."""
        return self._front(self())

    def serve(self, accepted: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve the socket of an accepted connection, which belongs to this object from now on."""
        connection = self()
        self._open[connection] = None
        task = asyncio.get_running_loop().create_task(self._connect(connection, accepted, tls))  # settle() awaits it
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _connect(self, connection: Connection, accepted: socket.socket, tls: ssl.SSLContext | None) -> None:
        patience_s = None if tls is None else self.settings().header_timeout_s
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._front(connection), accepted, ssl=tls, ssl_handshake_timeout=patience_s
            )
        except (OSError, asyncio.TimeoutError):
            pass  # its client left, or spoke no TLS
        finally:
            if connection.transport is None:
                self._open.pop(connection, None)

    async def settle(self) -> None:
        """Cancel connections that are still being opened. Call it after the last was accepted."""
        await asyncio.sleep(0)  # a task that was cancelled before it began would forget its connection
        begun = tuple(self._begun)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    def most(self) -> int:
        """Return the limit: no more than the process may have files open."""
        most, files = self.settings().max_connections, _open_files()
        return most if files is None else max(1, min(most, files - _SPARE_FILES))

    def make_room(self) -> int:
        """Close the connections that have been idle longest: one in a hundred, so that scans are rare.

        Returns:
            How many were closed.
        """
        idle = [each for each in self._open if each.is_idle]
        closed = nsmallest(max(1, len(self._open) // 100), idle, key=lambda each: each.heard_s)
        for each in closed:
            each.force_close()
        return len(closed)


def _open_files() -> int | None:
    """Return how many files this process may have open; None if that is unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
