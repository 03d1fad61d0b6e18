"""Runs a server: on the running event loop, in its own thread, or in the main thread until a signal stops it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial

from mockserver.admin.local_control import functions
from mockserver.errors import ServerFailed
from mockserver.server.addresses import addresses_of, interface_addresses, loopback_url
from mockserver.server.connections import Handler
from mockserver.server.emulated_api import EmulatedApi
from mockserver.server.in_progress import SHUTDOWN_S
from mockserver.server.options import is_loopback
from mockserver.server.port import Port
from mockserver.server.service import Service
from mockserver.server.tls import server_context

__all__ = ["Runner", "ServerThread", "attentive", "keep_freed_memory", "serve"]

_LOG = logging.getLogger("mockserver")
_SWITCH_S = 0.0005
_PREPARE_S = 0.5
"""How long after the start the functions of the admin API are imported, by another thread: players come first."""

_KEPT_BYTES = 4 * 1024 * 1024
_STOP_S = 15
"""How long a server may take to stop: a tenth of a second, but longer on a machine that is busy with other tests."""

_ADMIT_S = 5
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)  # SIGBREAK is Windows' Ctrl-Break, the only signal that one process can send to another there


class Runner:
    """The listening sockets of a service, on the running loop; keeper of its gate.

    Attributes:
        port: The port of the emulated API.
        admin_port: The port of the admin API.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ports: list[Port] = []
        self._reopening: asyncio.Task[None] | None = None
        self.port = 0
        self.admin_port = 0

    async def start(self) -> None:
        """Bind and listen.

        Raises:
            InvalidInput: A certificate cannot be valid for a name that was given.
            ServerFailed: An address cannot be bound, or certificate or key cannot be used.
        """
        service, options = self._service, self._service.options
        # Only a server for other machines needs its name looked up, which may take seconds.
        addresses = interface_addresses(by_name=not is_loopback(options.host)) if options.tls else ()
        tls = server_context(options, service.authority, socket.gethostname(), addresses)
        api = self._port(service.handle if options.admin_port is None else service.handle_api, tls, service.api)
        self.port = self.admin_port = await api.open(options.host, options.port)
        self._ports.append(api)
        if options.admin_port is not None:
            admin = self._port(service.handle_admin, tls)
            try:
                self.admin_port = await admin.open(options.host, options.admin_port)
            except ServerFailed:
                await self.stop()
                raise
            self._ports.append(admin)
        service.gate.keep(self._gate_moved)
        service.namespaces.players.open(loopback_url(options.scheme, options.host, self.port))
        service.namespaces.reach = partial(addresses_of, options.scheme, options.host, self.port)

    def _port(self, handler: Handler, tls: ssl.SSLContext | None, emulated: EmulatedApi | None = None) -> Port:
        namespaces = self._service.namespaces
        return Port(handler, tls, lambda: namespaces.default.settings, self._service.incoming, emulated)

    async def refuse(self) -> None:
        """Refuse connections to the emulated API until :meth:`admit`."""
        self._service.gate.hold()
        await asyncio.sleep(0)

    async def admit(self) -> None:
        """Undo :meth:`refuse`, and return when the server listens, unless something else keeps its gate closed."""
        self._service.gate.release()
        await self._service.gate.opened()

    async def end_refusals(self) -> None:
        """End the refusals of fault rules, and return when the server listens, unless :meth:`refuse` is in effect."""
        await self._service.gate.reopen_early()

    def _gate_moved(self, closed: bool) -> asyncio.Task[None] | None:
        api = self._ports[0]
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if closed:
            api.shut()
        else:
            self._reopening = asyncio.get_running_loop().create_task(api.reopen())  # stop() awaits it
        return self._reopening

    async def stop(self) -> None:
        """Close the sockets and end requests in progress."""
        players = self._service.namespaces.players
        if len(players):
            await asyncio.to_thread(players.close)
        players.close()
        self._service.gate.leave()
        if self._reopening is not None:
            self._reopening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reopening
        for port in self._ports:
            await port.close()
        transports = [connection.transport for port in self._ports for connection in port.connections.connections]
        for port in self._ports:
            port.connections.pre_shutdown()
        for port in self._ports:
            await port.connections.shutdown(SHUTDOWN_S)  # which aiohttp applies twice
        await self._service.close()
        self._ports.clear()
        for transport in transports:
            if transport is not None:
                transport.abort()  # TLS would wait for the client to close too, and outlive the loop
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn of the loop


class ServerThread:
    """A server with its own event loop and thread, so that a test may block or run its own loop.

    Args:
        service: What to serve.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._runner: Runner | None = None
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)
        self.port = 0
        self.admin_port = 0

    def start(self) -> None:
        """Start the server, and return when it listens.

        Raises:
            ServerFailed: It cannot listen.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """End requests in progress, close all connections and return when the thread has ended."""
        if self._loop is not None and self._ended is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_STOP_S)
            if self._thread.is_alive():
                raise ServerFailed(f"the server did not stop within {_STOP_S} s")

    def refuse(self) -> None:
        """Refuse connections to the emulated API until :meth:`admit`, and reset open ones when they are used.

        Raises:
            ServerFailed: The server does not run.
        """
        if not self._call(Runner.refuse):
            raise ServerFailed("the server is not running")

    def admit(self) -> None:
        """Undo :meth:`refuse`, and return when the server listens again, unless it was stopped.

        Raises:
            ServerFailed: Its port is in use; the server goes on trying.
        """
        self._listen_again(Runner.admit)

    def end_refusals(self) -> None:
        """End the refusals of ``refuse`` faults, and return when the server listens again, if it is running."""
        self._listen_again(Runner.end_refusals)

    def _listen_again(self, how: Callable[[Runner], Coroutine[None, None, None]]) -> None:
        try:
            self._call(how)
        except concurrent.futures.TimeoutError:
            raise ServerFailed(f"cannot listen on port {self.port} again: the port is in use") from None

    def _call(self, what: Callable[[Runner], Coroutine[None, None, None]]) -> bool:
        """Run a coroutine on the server's loop and wait for it; return False if there is no server."""
        if self._runner is None or self._loop is None or not self._thread.is_alive():
            return False
        asyncio.run_coroutine_threadsafe(what(self._runner), self._loop).result(_ADMIT_S)
        return True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that started this one
            if self._ready.is_set():
                _LOG.exception("the server thread broke")
                self._service.internal_errors.append(ServerFailed(f"the server thread broke: {error}"))
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        runner = Runner(self._service)
        await runner.start()
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._runner = runner
        self.port, self.admin_port = runner.port, runner.admin_port
        self._ready.set()
        try:
            await self._ended.wait()
        finally:
            await runner.stop()


def serve(service: Service, ready: Callable[[int, int], None]) -> None:
    """Serve in this thread, which must be the main one, until SIGINT or SIGTERM (on Windows Ctrl-C or Ctrl-Break).

    Args:
        service: What to serve.
        ready: Called once when the server listens, with its port and that of the admin API. From then on a signal ends
            the server in good order.

    Raises:
        ServerFailed: It cannot listen.
    """
    asyncio.run(_serve_until_signal(service, ready))


async def _serve_until_signal(service: Service, ready: Callable[[int, int], None]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    runner = Runner(service)
    await runner.start()
    with _signals(loop, ended.set), attentive():
        preparing = loop.call_later(_PREPARE_S, loop.run_in_executor, None, _prepare)
        try:
            ready(runner.port, runner.admin_port)
            await ended.wait()
        finally:
            preparing.cancel()
            await runner.stop()


def _prepare() -> None:
    """Import what the first request to the admin API would have to wait for; see :func:`functions`."""
    functions()
    gc.freeze()


def keep_freed_memory() -> None:
    """Let the C library keep small amounts of freed memory instead of returning them to the system.

    For every read of a connection asyncio allocates 256 KB and frees them, which otherwise may take longer than the
    rest of an answer. glibc keeps what is smaller than the largest block that was ever freed; see mallopt(3),
    ``M_MMAP_THRESHOLD``. Elsewhere this has no effect.
    """
    bytearray(_KEPT_BYTES)


@contextlib.contextmanager
def attentive() -> Iterator[None]:
    """Tune the interpreter for a process that only serves, so that players wait as little as possible.

    Another thread answers large requests to the admin API. Python may switch away from it after half a millisecond
    instead of five, because an answer to a player takes several such switches. Players wait while the garbage
    collector runs, so it ignores the objects that exist already. Freed memory is kept.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    keep_freed_memory()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before_s)


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, end: Callable[[], object]) -> Iterator[None]:
    """Make the signals call ``end`` on the loop."""

    def wake(*unused: object) -> None:
        loop.call_soon_threadsafe(end)

    before = {}
    for number in _SIGNALS:
        before[number] = signal.getsignal(number)
        try:
            loop.add_signal_handler(number, end)
        except NotImplementedError:  # Windows, whose loop is woken by a plain handler
            signal.signal(number, wake)
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
