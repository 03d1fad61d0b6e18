"""A server in this process."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mockserver.errors import InvalidInput, NotFound, ServerFailed
from mockserver.media_server.controls import fault_specs
from mockserver.media_server.media_server import MediaServer
from mockserver.model.fault import FaultSpec
from mockserver.model.results import Summary
from mockserver.model.settings import Settings

if TYPE_CHECKING:
    from mockserver.server.options import ServerOptions
    from mockserver.server.runner import ServerThread
    from mockserver.server.service import Service
    from mockserver.server.tls import Authority

__all__ = ["MockServer"]


class MockServer(MediaServer):
    """A server in this process, with its own thread and event loop; starts in milliseconds.

    Args:
        settings: The settings to start with.
        faults: The fault rules to start with, as dictionaries or records.
        seed: Makes session ids and fault draws repeatable. Without a seed here or in ``options``, session ids are
            random and a seed for the draws is chosen.
        options: How to listen and whom to trust; by default on a free port of 127.0.0.1.
        tls: True to use https with a certificate from a generated CA, see :attr:`ca_pem`; or a CA that several servers
            share.

    Raises:
        InvalidInput: Settings, rules or options are not valid.
        ServerFailed: The CA file cannot be used, or the library that makes certificates is not installed.
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
        from mockserver.server.service import Service

        if isinstance(settings, Mapping):
            raise InvalidInput("settings must be mockserver.Settings(...), not a dictionary", pointer="/settings")
        options = options or ServerOptions()
        if seed is not None:
            options = replace(options, seed=str(seed), seeded_ids=True)
        elif options.seed == ServerOptions.seed and not options.seeded_ids:
            options = replace(options, seed=str(secrets.randbelow(2**32)))
        if tls:
            options = replace(options, tls=True)
        self.seed = options.seed
        specs = fault_specs(faults)
        self._service: Service = Service(
            settings, options, faults=specs, authority=None if isinstance(tls, bool) else tls
        )
        self._thread: ServerThread | None = None
        super().__init__(self._service.control(), url="", host="")

    def start(self) -> MockServer:
        """Start the server, and return when it listens.

        Raises:
            ServerFailed: It cannot listen, or has been started before.
        """
        from mockserver.server.addresses import loopback_url
        from mockserver.server.runner import ServerThread

        if self._thread is not None:
            raise ServerFailed("this server has been started before; make a new one")
        thread = ServerThread(self._service)
        thread.start()
        self._thread = thread
        options = self._service.options
        self.url = loopback_url(options.scheme, options.host, thread.port)
        self.host = self.url.partition("://")[2]
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. The journal can still be read."""
        if self._thread is not None:
            self._thread.stop()

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Refuse new connections while the block runs, as if the server were down.

        An open connection is reset by its next request to the emulated API, which is not recorded. Requests already
        under way continue. Afterwards the server listens on the same port again.

        Raises:
            ServerFailed: The server is not running, or another program took its port meanwhile.
        """
        if self._thread is None:
            raise ServerFailed("the server is not running")
        self._thread.refuse()
        try:
            yield
        finally:
            self._thread.admit()

    def reset(self, *only: str) -> Summary:
        """Go back to the state at the start; see :meth:`MediaServer.reset`. Resetting faults ends refusals."""
        summary = super().reset(*only)
        if self._thread is not None and (not only or "faults" in only):
            self._thread.end_refusals()
        return summary

    @property
    def admin_url(self) -> str:
        """The base URL of the admin API: ``url``, unless the options give it its own port."""
        from mockserver.server.addresses import loopback_url

        if self._thread is None:
            return ""
        options = self._service.options
        return loopback_url(options.scheme, options.host, self._thread.admin_port)

    @property
    def admin_token(self) -> str | None:
        """The token that admin requests need; None if they need none, as on loopback addresses."""
        return self._service.guard.token

    @property
    def ca_pem(self) -> str:
        """The CA certificate that clients must trust, as PEM.

        Raises:
            NotFound: The server was not started with ``tls=True``.
        """
        if self._service.authority is None:
            raise NotFound("this server has no CA of its own: start it with tls=True")
        return self._service.authority.ca_pem

    @property
    def internal_errors(self) -> list[Exception]:
        """Errors of the server itself. There should be none; the pytest fixture fails a test if there are any."""
        return self._service.internal_errors

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
