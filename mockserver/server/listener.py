"""Listening: where, when, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial

from mockserver.errors import ServerFailed
from mockserver.server.addresses import addresses_of, loopback_url
from mockserver.server.entrance import Entrance
from mockserver.server.interfaces import interface_addresses
from mockserver.server.options import is_loopback
from mockserver.server.site import Site
from mockserver.server.tls import server_context

__all__ = ["Listener"]

_SHUTDOWN_S = 0.05
"""How long requests in progress may take to finish at the end. aiohttp takes 0 for "for ever", and applies it twice."""


class Listener:
    """The listening sockets of a site, on the running loop; keeper of its doorway.

    Attributes:
        port: The port of the emulated API.
        admin_port: The port of the admin API.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._entrances: list[Entrance] = []
        self._reopening: asyncio.Task[None] | None = None
        self.port = 0
        self.admin_port = 0

    async def start(self) -> None:
        """Bind and listen.

        Raises:
            InvalidInput: A certificate cannot be valid for a name that was given.
            ServerFailed: An address cannot be bound, or certificate or key cannot be used.
        """
        site, options = self._site, self._site.options
        # Only who listens to others has to be found by name; looking it up may take seconds.
        addresses = interface_addresses(by_name=not is_loopback(options.host)) if options.tls else ()
        tls = server_context(options, site.authority, socket.gethostname(), addresses)
        api = Entrance(site.handle if options.admin_port is None else site.handle_api, tls)
        self.port = self.admin_port = await api.open(options.host, options.port)
        self._entrances.append(api)
        if options.admin_port is not None:
            admin = Entrance(site.handle_admin, tls)
            try:
                self.admin_port = await admin.open(options.host, options.admin_port)
            except ServerFailed:
                await self.stop()
                raise
            self._entrances.append(admin)
        site.doorway.keep(self._doorway_moved)
        site.namespaces.players.open(loopback_url(options.scheme, options.host, self.port))
        site.namespaces.reach = partial(addresses_of, options.scheme, options.host, self.port)

    async def refuse(self) -> None:
        """Refuse connections to the emulated API until :meth:`admit`."""
        self._site.doorway.hold()
        await asyncio.sleep(0)

    async def admit(self) -> None:
        """Take :meth:`refuse` back, and return when the server listens, unless something else closes its doorway."""
        self._site.doorway.release()
        await self._site.doorway.opened()

    async def end_refusals(self) -> None:
        """End what fault rules began, and return when the server listens, unless :meth:`refuse` still holds."""
        await self._site.doorway.end_time()

    def _doorway_moved(self, closed: bool) -> asyncio.Task[None] | None:
        api = self._entrances[0]
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if closed:
            api.shut()
        else:
            self._reopening = asyncio.get_running_loop().create_task(api.reopen())  # stop() awaits it
        return self._reopening

    async def stop(self) -> None:
        """Close the sockets and end what is in progress."""
        players = self._site.namespaces.players
        if len(players):
            await asyncio.to_thread(players.close)
        players.close()
        self._site.doorway.leave()
        if self._reopening is not None:
            self._reopening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reopening
        protocols = [entrance.protocol for entrance in self._entrances]
        for entrance in self._entrances:
            await entrance.close()
        transports = [connection.transport for protocol in protocols for connection in protocol.connections]
        for protocol in protocols:
            protocol.pre_shutdown()
        for protocol in protocols:
            await protocol.shutdown(_SHUTDOWN_S)
        self._entrances.clear()
        for transport in transports:
            if transport is not None:
                transport.abort()  # TLS would wait for the goodbye of its client, and outlive the loop
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn of the loop
