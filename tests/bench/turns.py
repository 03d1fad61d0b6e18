"""Processor time of an event while a server has enough to do: sixteen requests are there at every turn of its loop.

Everything is in one process, and only the turns of the loop are measured, so that it hardly matters what else the
machine does. A server that waits for single requests pays for waking up as well, whoever it is.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.server.incoming import Incoming
from mockserver.server.port import Port
from mockserver.server.service import Service
from tests.bench.events import BODIES, HEADERS, START, post
from tests.bench.server import bare_application
from tests.bench.table import Figure

__all__ = ["turns"]

_CONNECTIONS = 16
_TURNS = 4
"""How many turns aiohttp needs for a request, at most; the others cost next to nothing."""

_Make = Callable[[], Awaitable[tuple[Callable[[], asyncio.Protocol], list[str]]]]
"""Gives what makes the protocol of a connection, and the paths to post to."""


async def _bare() -> tuple[Callable[[], asyncio.Protocol], list[str]]:
    runner = web.AppRunner(bare_application(), access_log=None)
    await runner.setup()
    assert runner.server is not None
    return runner.server, [f"/api/v1/sessions/{number:064x}/events" for number in range(_CONNECTIONS)]


async def _ours() -> tuple[Callable[[], asyncio.Protocol], list[str]]:
    settings = Settings(max_entries=100_000_000, max_journal_bytes=1 << 40)
    service = Service(settings)
    port = Port(service.handle, None, lambda: settings, Incoming(lambda: settings), service.api)
    paths = []
    for _ in range(_CONNECTIONS):
        start = HttpRequest("POST", "/api/v1/sessions", "/api/v1/sessions", HEADERS, START)
        plan = service.namespaces.default.handle(start)
        assert isinstance(plan, AnswerPlan)
        paths.append(f"/api/v1/sessions/{plan.record.session_id}/events")
    return port.connections.connect, paths


class _Server:
    """A server with its connections, on a loop that turns when it is told to."""

    def __init__(self, loop: asyncio.AbstractEventLoop, make: _Make, body: bytes) -> None:
        self._loop = loop
        connect, paths = loop.run_until_complete(make())
        self._clients: list[tuple[socket.socket, bytes]] = []
        for path in paths:
            theirs, ours = socket.socketpair()
            theirs.setblocking(False)
            loop.run_until_complete(loop.connect_accepted_socket(connect, theirs))
            self._clients.append((ours, post(path, body)))
        self.samples_us: list[float] = []

    def sample(self, rounds: int) -> None:
        """Answer so many requests of every connection, and keep the processor time of each."""
        used_s = 0.0
        for _ in range(rounds):
            for client, request in self._clients:
                client.sendall(request)
            start_s = time.process_time()
            self._turn()
            used_s += time.process_time() - start_s
            for client, _ in self._clients:
                assert client.recv(4096).startswith(b"HTTP/1.1 204 ")
        self.samples_us.append(used_s * 1e6 / rounds / len(self._clients))

    def end(self) -> None:
        """End all connections, as their clients would."""
        for client, _ in self._clients:
            client.close()
        self._turn()

    def _turn(self) -> None:
        for _ in range(_TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()


def turns(rounds: int) -> list[Figure]:
    """Measure an event against a bare application, by turns in one process.

    Args:
        rounds: How often each is measured.
    """
    figures = []
    for name, goal in (("ping", 2.3), ("adStart", 1.8)):
        loop = asyncio.new_event_loop()
        bare, ours = _Server(loop, _bare, BODIES[name]), _Server(loop, _ours, BODIES[name])
        for number in range(rounds + 1):
            for server in (bare, ours):
                server.sample(200)
                if not number:
                    server.samples_us.clear()  # it was warmed up
        ratio = statistics.median(other / own for other, own in zip(bare.samples_us, ours.samples_us, strict=True))
        note = f"{statistics.median(ours.samples_us):.1f} us against {statistics.median(bare.samples_us):.1f} us"
        title = f"times as cheap, {name}, {_CONNECTIONS} at a turn"
        figures.append(Figure(title, ratio, "x bare", at_least=goal, note=note))
        for server in (bare, ours):
            server.end()
        loop.close()
    return figures
