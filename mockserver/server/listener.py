"""Listening: sockets, TLS and an orderly end."""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from mockserver.errors import ServerFailed
from mockserver.server.addresses import addresses_of, loopback_url
from mockserver.server.options import ServerOptions
from mockserver.server.site import Site

__all__ = ["Listener"]

_BACKLOG = 1024
_SHUTDOWN_S = 0.05
"""How long requests in progress may take to finish at the end. aiohttp takes 0 for "for ever", and applies it twice."""

_QUIET = logging.getLogger("mockserver.http")
"""Where aiohttp reports requests that are not HTTP; silent unless somebody gives it a level."""

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """The listening sockets of a site, on the running loop.

    Attributes:
        port: The port of the emulated API.
        admin_port: The port of the admin API.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._servers: list[tuple[asyncio.Server, web.Server]] = []
        self.port = 0
        self.admin_port = 0
        if _QUIET.level == logging.NOTSET:
            _QUIET.setLevel(logging.CRITICAL + 1)

    async def start(self) -> None:
        """Bind and listen.

        Raises:
            ServerFailed: An address cannot be bound, or certificate or key cannot be used.
        """
        options = self._site.options
        tls = _tls(options)
        shared = options.admin_port is None
        self.port = await self._listen(self._site.handle if shared else self._site.handle_api, options.port, tls)
        self.admin_port = self.port
        if options.admin_port is not None:
            try:
                self.admin_port = await self._listen(self._site.handle_admin, options.admin_port, tls)
            except ServerFailed:
                await self.stop()
                raise
        self._site.namespaces.players.open(loopback_url(options.scheme, options.host, self.port))
        self._site.namespaces.reach = partial(addresses_of, options.scheme, options.host, self.port)

    async def _listen(self, handler: _Handler, port: int, tls: ssl.SSLContext | None) -> int:
        host = self._site.options.host
        # The body is kept as it was on the wire, so nothing may unpack it on the way.
        protocol = web.Server(handler, access_log=None, auto_decompress=False, logger=_QUIET)
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(protocol, host.strip("[]"), port, ssl=tls, backlog=_BACKLOG)
        except (OSError, OverflowError, UnicodeError) as error:  # no such address, port or name
            reason = getattr(error, "strerror", None) or error
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                reason = "the port is in use; choose another, or 0 for a free one"
            raise ServerFailed(f"cannot listen on {host} port {port}: {reason}") from None
        self._servers.append((server, protocol))
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Close the sockets and end what is in progress."""
        players = self._site.namespaces.players
        if len(players):
            await asyncio.to_thread(players.close)
        players.close()
        for server, _ in self._servers:
            server.close()
        transports = [connection.transport for _, protocol in self._servers for connection in protocol.connections]
        for _, protocol in self._servers:
            protocol.pre_shutdown()
        for _, protocol in self._servers:
            await protocol.shutdown(_SHUTDOWN_S)
        self._servers.clear()
        for transport in transports:
            if transport is not None:
                transport.abort()  # TLS would wait for the goodbye of its client, and outlive the loop
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn of the loop


def _tls(options: ServerOptions) -> ssl.SSLContext | None:
    if options.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # With an empty password an encrypted key is refused; without one OpenSSL would ask for it on the terminal.
        context.load_cert_chain(options.tls_cert, options.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ServerFailed(f"cannot use the certificate {options.tls_cert} with its key: {error}") from None
    return context
