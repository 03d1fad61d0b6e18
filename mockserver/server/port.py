"""An address that connections come in at; it can be left for a while and taken again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from mockserver.errors import ServerFailed
from mockserver.server.endpoint import Endpoint
from mockserver.server.fast_path import FastPath

__all__ = ["Port"]

_LOG = logging.getLogger("mockserver")
_BACKLOG = 1024
_RETRY_S = 0.1
"""How long to wait before an address that somebody else has taken is tried again."""

_QUIET = logging.getLogger("mockserver.http")
"""Where aiohttp reports requests that are not HTTP; silent unless somebody gives it a level."""

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_Place = tuple[socket.AddressFamily, tuple[Any, ...]]


class Port:
    """The listening sockets of one host and port, of which a name may have several.

    Args:
        handler: Answers the requests of all connections.
        tls: For https.
        endpoint: Answers plain events without aiohttp; None for a port that has none.

    Attributes:
        protocol: aiohttp's side of the connections. It knows them all.
    """

    def __init__(self, handler: _Handler, tls: ssl.SSLContext | None, endpoint: Endpoint | None = None) -> None:
        if _QUIET.level == logging.NOTSET:
            _QUIET.setLevel(logging.CRITICAL + 1)
        self._fast_path = None if endpoint is None else FastPath(handler, endpoint)
        # The body is kept as it was on the wire, so nothing may unpack it on the way.
        self.protocol = web.Server(
            handler if self._fast_path is None else self._fast_path.handle,
            access_log=None, auto_decompress=False, logger=_QUIET,
        )  # fmt: skip
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self._places: list[_Place] = []
        self._held: dict[_Place, socket.socket] = {}

    async def open(self, host: str, port: int) -> int:
        """Bind and listen.

        Returns:
            The port, which was chosen if ``port`` is 0.

        Raises:
            ServerFailed: The address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self.connect, host.strip("[]"), port, ssl=self._tls, backlog=_BACKLOG)
        except (OSError, OverflowError, UnicodeError) as error:  # no such address, port or name
            reason = getattr(error, "strerror", None) or error
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                reason = "the port is in use; choose another, or 0 for a free one"
            raise ServerFailed(f"cannot listen on {host} port {port}: {reason}") from None
        self._servers.append(server)
        self._places = [(each.family, each.getsockname()) for each in server.sockets]
        bound: int = self._places[0][1][1]
        return bound

    def shut(self) -> None:
        """Listen no more, from the next turn of the loop, so that new connections are refused. Those there are stay.

        The addresses stay bound meanwhile: nobody else is given their ports as free ones, neither for listening nor
        for a connection, which could end up connected to itself.
        """
        asyncio.get_running_loop().call_soon(self._leave, self._take_no_more())

    def _leave(self, servers: list[asyncio.Server]) -> None:
        for server in servers:
            server.close()
        for place in self._places:
            if place in self._held:  # it was about to be reopened
                continue
            with contextlib.suppress(OSError):  # somebody was faster; reopen() waits until it is free
                self._held[place] = _bound(place)

    def _take_no_more(self) -> list[asyncio.Server]:
        """Leave new connections where they are.

        Returns:
            What to close in the next turn of the loop, not before: asyncio forgets a connection that it took in this
            turn, neither serving nor closing it, when its server is closed by then.
        """
        servers, self._servers = self._servers, []
        for server in servers:
            for each in server.sockets:
                with contextlib.suppress(NotImplementedError):  # Windows, where it takes them in a single turn
                    asyncio.get_running_loop().remove_reader(each.fileno())
        return servers

    async def reopen(self) -> None:
        """Listen again where it listened before; as long as somebody else is there, keep trying."""
        waiting = list(self._places)
        warned = False
        while True:
            waiting = [place for place in waiting if not await self._listen_again(place)]
            if not waiting:
                return
            if not warned:
                _LOG.warning("cannot listen on %s port %s again: it is in use; trying on", *waiting[0][1][:2])
                warned = True
            await asyncio.sleep(_RETRY_S)

    async def _listen_again(self, place: _Place) -> bool:
        connection = self._held.pop(place, None)
        try:
            connection = connection or _bound(place)
            connection.listen(_BACKLOG)
        except OSError:
            if connection is not None:
                connection.close()
            return False
        server = await asyncio.get_running_loop().create_server(
            self.connect, sock=connection, ssl=self._tls, backlog=_BACKLOG, start_serving=False
        )
        self._servers.append(server)  # before anything is waited for, so that it is closed in any case
        await server.start_serving()
        return True

    def connect(self) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        handler = self.protocol()
        return handler if self._fast_path is None else self._fast_path.connect(handler)

    async def close(self) -> None:
        """Listen no more, for good. Connections that are there stay, all known to the protocol and in its hands."""
        if self._fast_path is not None:
            self._fast_path.is_open = False
        self._places = []
        servers = self._take_no_more()
        await asyncio.sleep(0)
        for server in servers:
            server.close()
        for connection in self._held.values():
            connection.close()
        self._held.clear()
        await asyncio.sleep(0)  # what was taken last is made known


def _bound(place: _Place) -> socket.socket:
    """Bind a socket as asyncio does for a server, without listening."""
    family, address = place
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # where connections that are there or were there would be in the way
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        connection.setblocking(False)
        connection.bind(address)
    except OSError:
        connection.close()
        raise
    return connection
