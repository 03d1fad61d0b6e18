"""A server in this process."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mockserver.errors import NotFound, ServerFailed
from mockserver.media_server.fault_set import fault_specs
from mockserver.media_server.media_server import MediaServer
from mockserver.model.fault import FaultSpec
from mockserver.model.results import Summary
from mockserver.model.settings import Settings

if TYPE_CHECKING:
    from mockserver.server.options import ServerOptions
    from mockserver.server.runner import ServerThread
    from mockserver.server.site import Site
    from mockserver.server.tls import Authority

__all__ = ["MockServer"]


class MockServer(MediaServer):
    """A server in this process, with a thread and a loop of its own; up in milliseconds.

    Args:
        settings: The settings to start with.
        faults: The fault rules to start with, as dictionaries or records.
        seed: Makes session ids and draws repeatable; without it, and without one in ``options``, ids are random, and a
            seed for the draws is chosen.
        options: How to listen and whom to trust; by default a free port of 127.0.0.1.
        tls: Whether to speak https with a certificate from a CA that is made for it, see :attr:`ca_pem`; a CA, to share
            it among servers.

    Raises:
        InvalidInput: Settings, rules or options cannot be used.
        ServerFailed: The file of the CA cannot be used, or the library that makes certificates is not installed.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        faults: Iterable[Mapping[str, Any] | FaultSpec] = (),
        seed: int | str | None = None,
        options: ServerOptions | None = None,
        tls: bool | Authority = False,
    ) -> None:
        from mockserver.server.options import ServerOptions
        from mockserver.server.site import Site

        options = options or ServerOptions()
        if seed is not None:
            options = replace(options, seed=str(seed), seeded_ids=True)
        elif options.seed == ServerOptions.seed and not options.seeded_ids:
            options = replace(options, seed=str(secrets.randbelow(2**32)))
        if tls:
            options = replace(options, tls=True)
        self.seed = options.seed
        specs = fault_specs(faults)
        self._site: Site = Site(settings, options, faults=specs, authority=None if isinstance(tls, bool) else tls)
        self._thread: ServerThread | None = None
        super().__init__(self._site.control(), url="", host="")

    def start(self) -> MockServer:
        """Start, and return when it listens.

        Raises:
            ServerFailed: It cannot listen, or runs already.
        """
        from mockserver.server.addresses import loopback_url
        from mockserver.server.runner import ServerThread

        if self._thread is not None:
            raise ServerFailed("this server has been started before; make a new one")
        thread = ServerThread(self._site)
        thread.start()
        self._thread = thread
        options = self._site.options
        self.url = loopback_url(options.scheme, options.host, thread.port)
        self.host = self.url.partition("://")[2]
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. The journal can still be read."""
        if self._thread is not None:
            self._thread.stop()

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Let nobody in while the block runs, as a server does that is down: new connections are refused.

        Connections that are open are reset when the emulated API is used on them; such a request is not recorded.
        What is in flight already goes on. Afterwards the server listens on the same port again.

        Raises:
            ServerFailed: The server does not run, or at the end somebody else uses its port.
        """
        if self._thread is None:
            raise ServerFailed("the server does not run")
        self._thread.refuse()
        try:
            yield
        finally:
            self._thread.admit()

    def reset(self, *only: str) -> Summary:
        """Go back to the state after the start; see :meth:`MediaServer.reset`. Refused connections end with faults."""
        summary = super().reset(*only)
        if self._thread is not None and (not only or "faults" in only):
            self._thread.end_refusals()
        return summary

    @property
    def admin_url(self) -> str:
        """Where the admin API listens: ``url``, unless the options give it a port of its own."""
        from mockserver.server.addresses import loopback_url

        if self._thread is None:
            return ""
        options = self._site.options
        return loopback_url(options.scheme, options.host, self._thread.admin_port)

    @property
    def admin_token(self) -> str | None:
        """What the admin API wants to be shown; None when it asks for no token, as on loopback addresses."""
        return self._site.guard.token

    @property
    def ca_pem(self) -> str:
        """The certificate of the CA that a client has to trust, PEM.

        Raises:
            NotFound: The server was not started with ``tls=True``.
        """
        if self._site.authority is None:
            raise NotFound("this server has no CA of its own: start it with tls=True")
        return self._site.authority.ca_pem

    @property
    def internal_errors(self) -> list[Exception]:
        """Errors of the server itself. There should be none; the pytest fixture fails a test over them."""
        return self._site.internal_errors

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
