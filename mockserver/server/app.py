"""Embedding the emulator in an application of aiohttp, for example for pytest-aiohttp's ``aiohttp_client``."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.site import Site

__all__ = ["SITE", "build_app"]

SITE: web.AppKey[Site] = web.AppKey("mockserver_site", Site)
"""Where an application keeps its site; ``app[SITE].control()`` controls it from a test."""


def build_app(
    settings: Settings | None = None, *, faults: Iterable[FaultSpec] = (), options: ServerOptions | None = None
) -> web.Application:
    """Make an application that answers as the emulated API and the admin API do.

    Its sockets are not its own, so the fault ``refuse`` only resets the connection here, as ``reset`` does.

    Args:
        settings: The settings to start with.
        faults: The fault rules to start with.
        options: Seed and trust; its addresses are not used.

    Raises:
        InvalidInput: Settings or rules cannot be used.
    """
    site = Site(settings, options, faults=faults)
    app = web.Application(handler_args={"auto_decompress": False})
    app[SITE] = site

    async def handle(request: web.Request) -> web.StreamResponse:
        return await site.handle(request)

    app.router.add_route("*", "/{path:.*}", handle)
    return app
