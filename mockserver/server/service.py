"""All parts of a server except its sockets, and the choice of the part that answers a request."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from aiohttp import web

from mockserver.admin.local_control import LocalControl
from mockserver.clock import Clock
from mockserver.control import Control
from mockserver.dialects.base import Dialects
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec
from mockserver.model.http import path_of
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, LOCALHOST, Namespaces, destination
from mockserver.rules.faults import check_spec
from mockserver.rules.settings import check_settings
from mockserver.server.admin_api import AdminApi, is_admin_path
from mockserver.server.emulated_api import EmulatedApi
from mockserver.server.forwarding import Forwarder
from mockserver.server.gate import Gate
from mockserver.server.guard import Guard
from mockserver.server.in_progress import InProgress
from mockserver.server.incoming import Incoming
from mockserver.server.options import ServerOptions
from mockserver.server.page import lead_to_page, leads_to_page
from mockserver.server.tls import Authority, authority_of
from mockserver.stories.book import StoryBook

__all__ = ["SERVICE", "Service", "build_app"]

_LOG = logging.getLogger("mockserver")
_MOST_ERRORS = 100
"""The most internal errors kept; each keeps its request alive."""


class Service:
    """A server without its sockets.

    Args:
        settings: The settings with which every namespace starts.
        options: Seed and trust.
        faults: The fault rules with which every namespace starts.
        clock: The clock of the default namespace; a real one by default.
        stories: The stories that can be started, in all namespaces; those of the package by default.
        made: Called with the emulator of every new namespace, before its first request.
        authority: The CA for the option ``tls``; by default the one of ``tls_ca``, or a new one.
        dialects: The APIs that are emulated; those of the package by default.

    Attributes:
        authority: The CA, if the server has one.
        api: Answers the requests of players.

    Raises:
        InvalidInput: Settings, rules or options cannot be used.
        ServerFailed: The file of the CA cannot be used, or the library for it is not installed.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        options: ServerOptions | None = None,
        *,
        faults: Iterable[FaultSpec] = (),
        clock: Clock | None = None,
        stories: StoryBook | None = None,
        made: Callable[[Emulator], object] | None = None,
        authority: Authority | None = None,
        dialects: Dialects = DIALECTS,
    ) -> None:
        self.options = options or ServerOptions()
        self.authority = authority_of(self.options, authority)
        self._settings, self._faults = settings or Settings(), tuple(faults)
        book = StoryBook() if stories is None else stories

        def make(name: str) -> Emulator:
            emulator = Emulator(
                self._settings,
                name=name,
                seed=self.options.seed,
                seeded_ids=self.options.seeded_ids,
                faults=self._faults,
                clock=clock if name == DEFAULT else None,
                stories=book,
                dialects=dialects,
            )
            if self.guard.token is not None:
                emulator.journal.hide(self.guard.token)
            if made is not None:
                made(emulator)
            return emulator

        self.guard = Guard(self.options)
        self.namespaces = Namespaces(make, self.options.scheme, (*LOCALHOST, *self.options.namespace_hosts))
        self._bases = dialects.bases
        self.internal_errors: list[Exception] = []
        self.gate = Gate()
        self.incoming = Incoming(lambda: self.namespaces.default.settings)
        forward = self.options.forward
        forwarder = None if forward is None else Forwarder(forward, dialects, is_answer=self.options.forward_answer)
        self.api = EmulatedApi(self.namespaces, self.gate, self.incoming, partial(self._failed, "emulated"), forwarder)
        self._admin = AdminApi(
            self.namespaces,
            self.guard,
            self.gate,
            self.incoming,
            partial(self._failed, "admin"),
            ca_pem=None if self.authority is None else self.authority.ca_pem,
        )

    def restart_with(self, settings: Settings, faults: Iterable[FaultSpec]) -> None:
        """Change what namespaces start with, and make the same changes in those that there are.

        Raises:
            InvalidInput: A setting or a rule is wrong; nothing has changed in any namespace.
        """
        specs = tuple(faults)
        check_settings(settings)
        for spec in specs:
            check_spec(spec)
        self._settings, self._faults = settings, specs
        for namespace in self.namespaces.with_unlisted():
            with namespace as emulator:
                emulator.restart_with(settings, specs)
        self.namespaces.keep_limits()

    async def close(self) -> None:
        """Cancel what is being forwarded, and close the connections to the other endpoint; no request may follow."""
        if self.api.forwarder is not None:
            await self.api.forwarder.close()

    def control(self, namespace: str = DEFAULT) -> Control:
        """Return the control of a namespace in this process."""
        return LocalControl(self.namespaces, namespace)

    # None of these is a coroutine function: each returns the coroutine of the answering part, which saves one.

    def handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer a request to the shared port: the emulated API and the admin API."""
        if not request.raw_path.startswith(self._bases):
            if is_admin_path(destination(path_of(request.raw_path), "").path):
                return self._admin.handle(request)
            if leads_to_page(request):
                return lead_to_page(request)
        return self.api.handle(request)

    def handle_api(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer a request to a port that has only the emulated API."""
        return self.api.handle(request)

    def handle_admin(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer a request to a port that has only the admin API."""
        if leads_to_page(request):
            return lead_to_page(request)
        return self._admin.handle(request)

    def _failed(self, api: str, error: Exception) -> None:
        _LOG.exception("internal error in the %s API", api, exc_info=error)
        if len(self.internal_errors) < _MOST_ERRORS:
            self.internal_errors.append(error)


SERVICE: web.AppKey[Service] = web.AppKey("mockserver_service", Service)
"""Where an application keeps its service; ``app[SERVICE].control()`` controls it from a test."""


def build_app(
    settings: Settings | None = None, *, faults: Iterable[FaultSpec] = (), options: ServerOptions | None = None
) -> web.Application:
    """Return an application with the emulated API and the admin API.

    The application does not own its sockets, so the fault ``refuse`` only resets the connection here, as ``reset``
    does. The settings ``max_connections`` and ``header_timeout_s`` do not apply. When several requests arrive at once,
    aiohttp drops the valid ones before a malformed one. All other limits hold.

    Args:
        settings: The settings to start with.
        faults: The fault rules to start with.
        options: Seed and trust; its addresses are not used.

    Raises:
        InvalidInput: Settings or rules cannot be used.
    """
    service = Service(settings, options, faults=faults)
    app = web.Application(handler_args={"auto_decompress": False})
    app[SERVICE] = service

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await service.handle(request)

    in_progress = InProgress(answer)

    async def clean_up(app: web.Application) -> None:
        await in_progress.stop(app)  # those that began since the shutdown
        await service.close()

    app.router.add_route("*", "/{path:.*}", in_progress.handle)
    app.on_shutdown.append(in_progress.stop)
    app.on_cleanup.append(clean_up)
    return app
