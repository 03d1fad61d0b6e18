"""Running a server in a thread of its own, or in this one until a signal ends it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator

from mockserver.errors import ServerFailed
from mockserver.server.listener import Listener
from mockserver.server.site import Site

__all__ = ["ServerThread", "run"]

_LOG = logging.getLogger("mockserver")
_STOP_S = 5
_ADMIT_S = 5
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)  # SIGBREAK is Windows' Ctrl-Break, the only one that a process can send to another there


class ServerThread:
    """A server on a loop of its own in a thread of its own, so that a test may block or run a loop as it likes.

    Args:
        site: What to serve.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._listener: Listener | None = None
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)
        self.port = 0
        self.admin_port = 0

    def start(self) -> None:
        """Start, and return when the server listens.

        Raises:
            ServerFailed: It cannot listen.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """End what is in progress, close all connections and return when the thread has ended."""
        if self._loop is not None and self._ended is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_STOP_S)
            if self._thread.is_alive():
                raise ServerFailed(f"the server did not stop within {_STOP_S} s")

    def refuse(self) -> None:
        """Refuse connections to the emulated API until :meth:`admit`; resets those that are open when they are used.

        Raises:
            ServerFailed: The server does not run.
        """
        if not self._call(Listener.refuse):
            raise ServerFailed("the server does not run")

    def admit(self) -> None:
        """Take :meth:`refuse` back, and return when the server listens again; one that was stopped stays so.

        Raises:
            ServerFailed: Its port is in use; the server goes on trying.
        """
        self._listen_again(Listener.admit)

    def end_refusals(self) -> None:
        """End what rules of kind ``refuse`` began, and return when the server listens again, if it runs."""
        self._listen_again(Listener.end_refusals)

    def _listen_again(self, how: Callable[[Listener], Coroutine[None, None, None]]) -> None:
        try:
            self._call(how)
        except concurrent.futures.TimeoutError:
            raise ServerFailed(f"cannot listen on port {self.port} again: the port is in use") from None

    def _call(self, what: Callable[[Listener], Coroutine[None, None, None]]) -> bool:
        """Run something on the server's loop to its end; False when there is no server."""
        if self._listener is None or self._loop is None or not self._thread.is_alive():
            return False
        asyncio.run_coroutine_threadsafe(what(self._listener), self._loop).result(_ADMIT_S)
        return True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that started this one
            if self._ready.is_set():
                _LOG.exception("the server thread broke")
                self._site.internal_errors.append(ServerFailed(f"the server thread broke: {error}"))
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        listener = Listener(self._site)
        await listener.start()
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._listener = listener
        self.port, self.admin_port = listener.port, listener.admin_port
        self._ready.set()
        try:
            await self._ended.wait()
        finally:
            await listener.stop()


def run(site: Site, ready: Callable[[int, int], None]) -> None:
    """Serve in this thread, which has to be the main one, until SIGINT or SIGTERM (on Windows Ctrl-C or Ctrl-Break).

    Args:
        site: What to serve.
        ready: Called once when the server listens, with its port and that of the admin API. From then on a signal ends
            the server in good order.

    Raises:
        ServerFailed: It cannot listen.
    """
    asyncio.run(_serve_until_signal(site, ready))


async def _serve_until_signal(site: Site, ready: Callable[[int, int], None]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    listener = Listener(site)
    await listener.start()
    with _signals(loop, ended.set):
        try:
            ready(listener.port, listener.admin_port)
            await ended.wait()
        finally:
            await listener.stop()


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, end: Callable[[], object]) -> Iterator[None]:
    """Call ``end`` on the loop instead of what the signals do by themselves."""

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
