"""A listening address, which can be released for a while and bound again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from mockserver.errors import ServerFailed
from mockserver.model.settings import Settings
from mockserver.server.connections import Connections, Handler
from mockserver.server.emulated_api import EmulatedApi
from mockserver.server.fast_path import FastPath
from mockserver.server.incoming import Incoming
from mockserver.server.listener import Listener

__all__ = ["Port"]

_LOG = logging.getLogger("mockserver")
_RETRY_S = 0.1
"""How long to wait before trying again to bind an address that another program uses."""

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Errors for an address of a host name that this machine does not have; other addresses of the name may work."""

_Place = tuple[socket.AddressFamily, tuple[Any, ...]]


class Port:
    """The listening sockets of one host and port; a host name may have several.

    Args:
        handler: Answers the requests of all connections.
        tls: For https.
        settings: Returns the settings in force.
        incoming: Counts the bytes of requests that have not arrived completely.
        api: Answers plain events without aiohttp; None if the port has no emulated API.

    Attributes:
        connections: All open connections.
    """

    def __init__(
        self,
        handler: Handler,
        tls: ssl.SSLContext | None,
        settings: Callable[[], Settings],
        incoming: Incoming,
        api: EmulatedApi | None = None,
    ) -> None:
        self._fast_path = None if api is None else FastPath(handler, api)
        if self._fast_path is None:
            self.connections = Connections(handler, settings, incoming)
        else:
            self.connections = Connections(self._fast_path.handle, settings, incoming, self._fast_path.connect)
        self._tls = tls
        self._listeners: list[Listener] = []
        self._places: list[_Place] = []
        self._held: dict[_Place, socket.socket] = {}
        """What keeps the addresses bound while the port is shut."""

    async def open(self, host: str, port: int) -> int:
        """Bind and listen.

        Returns:
            The port, which was chosen if ``port`` is 0.

        Raises:
            ServerFailed: The address cannot be bound.
        """
        try:
            bound = await _bound_to(host.strip("[]"), port)
            self._places = [(each.family, each.getsockname()) for each in bound]
            self._listen(bound)
        except (OSError, OverflowError, UnicodeError) as error:  # no such address, port or name
            reason = getattr(error, "strerror", None) or error
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                reason = "the port is in use; choose another, or 0 for a free one"
            raise ServerFailed(f"cannot listen on {host} port {port}: {reason}") from None
        number: int = self._places[0][1][1]
        return number

    def _listen(self, bound: list[socket.socket]) -> None:
        for each in bound:
            listener = Listener(each, self.connections, self._tls)
            self._listeners.append(listener)
            try:
                listener.begin()
            except OSError:
                self._leave()
                raise

    def _leave(self) -> None:
        for listener in self._listeners:
            listener.leave()
        self._listeners = []

    def shut(self) -> None:
        """Stop listening, so that new connections are refused; open ones stay.

        The addresses stay bound meanwhile, so that the system gives their ports to no other program, neither for
        listening nor for an outgoing connection, which could end up connected to itself.
        """
        self._leave()
        for place in self._places:
            if place in self._held:  # it was about to be reopened
                continue
            with contextlib.suppress(OSError):  # another program was faster; reopen() waits until it is free
                self._held[place] = _bound(place)

    async def reopen(self) -> None:
        """Listen again on the same address; while another program uses it, keep trying."""
        waiting = list(self._places)
        warned = False
        while True:
            waiting = [place for place in waiting if not self._listens_again(place)]
            if not waiting:
                return
            if not warned:
                _LOG.warning("cannot listen on %s port %s again: it is in use; will keep trying", *waiting[0][1][:2])
                warned = True
            await asyncio.sleep(_RETRY_S)

    def _listens_again(self, place: _Place) -> bool:
        try:
            bound = self._held.pop(place) if place in self._held else _bound(place)
        except OSError:
            return False
        listener = Listener(bound, self.connections, self._tls)
        try:
            listener.begin()
        except OSError:
            listener.leave()
            return False
        self._listeners.append(listener)
        return True

    async def close(self) -> None:
        """Stop listening for good. Open connections stay, and aiohttp alone serves them."""
        if self._fast_path is not None:
            self._fast_path.is_open = False
        self._places = []
        self._leave()
        for bound in self._held.values():
            bound.close()
        self._held.clear()
        await self.connections.settle()


async def _bound_to(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to every address of a host."""
    if not 0 <= port <= 65535:  # the resolver may read it as another port
        raise OverflowError("a port must be 0 to 65535")
    found = await _addresses(host or None, port)
    bound: list[socket.socket] = []
    missing: OSError | None = None
    for place in dict.fromkeys((family, address) for family, _, _, _, address in found):
        try:
            bound.append(_bound(place))
        except OSError as error:
            if error.errno in _NOT_HERE:
                missing = error
                continue
            for each in bound:
                each.close()
            raise
    if not bound:
        raise missing or OSError(errno.EADDRNOTAVAIL, "no address")
    return bound


async def _addresses(host: str | None, port: int) -> Sequence[tuple[socket.AddressFamily, int, int, str, Any]]:
    """Look up a host. An address is not looked up in a thread, which would take longer than everything else."""
    flags = socket.AI_PASSIVE | socket.AI_NUMERICHOST
    with contextlib.suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    loop = asyncio.get_running_loop()
    return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)


def _bound(place: _Place) -> socket.socket:
    """Bind a socket as asyncio does for a server, without listening."""
    family, address = place
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # where open and recent connections would block the address
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
