"""Processor time of an event under full load: sixteen requests are waiting at every turn of the loop.

Everything is in one process, and only the turns of the loop are measured, so other work on the machine hardly matters.
A server that waits for single requests pays for waking up as well; that costs all servers the same.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, Namespace
from mockserver.server.incoming import Incoming
from mockserver.server.options import ServerOptions
from mockserver.server.port import Port
from mockserver.server.runner import keep_freed_memory
from mockserver.server.service import Service
from mockserver.server.tls import authority_of, server_context
from tests.bench.events import BODIES, HEADERS, START, post
from tests.bench.server import bare_application
from tests.bench.table import Figure

__all__ = ["kernel", "turns"]

_CONNECTIONS = 16
_NAMESPACES = 100
_TURNS = 4
"""How many turns aiohttp needs for a request, at most; the others cost next to nothing."""

_ROUNDS_A_SAMPLE = 100
_ROOMY = Settings(max_entries=100_000_000, max_journal_bytes=1 << 40)
"""No limit applies unless it is measured: what limits cost is a separate figure."""

_Make = Callable[[], Awaitable[tuple[Callable[[], asyncio.BaseProtocol], list[str]]]]
"""Starts a server, and returns what makes the protocol of a connection, and the paths to post to."""


async def _bare() -> tuple[Callable[[], asyncio.BaseProtocol], list[str]]:
    runner = web.AppRunner(bare_application(), access_log=None)
    await runner.setup()
    assert runner.server is not None
    return runner.server, [f"/api/v1/sessions/{number:064x}/events" for number in range(_CONNECTIONS)]


async def _ours(
    settings: Settings = _ROOMY, *, namespaces: int = 1, entries: int = 0
) -> tuple[Callable[[], asyncio.BaseProtocol], list[str]]:
    """Make a server.

    Args:
        namespaces: How many it has; the sessions are in different ones.
        entries: How many pings it has recorded already.
    """
    service = Service(settings)
    port = Port(service.handle, None, lambda: settings, Incoming(lambda: settings), service.api)
    names = [DEFAULT] if namespaces == 1 else [f"bench-{number}" for number in range(namespaces)]
    paths = []
    for number in range(max(_CONNECTIONS, namespaces)):
        name = names[number % namespaces]
        path = _opened(service.namespaces.obtain(name, "admin"))
        paths.append(path if name == DEFAULT else f"/ns/{name}{path}")
    for number in range(entries):
        path = paths[number % _CONNECTIONS]
        service.namespaces.default.handle(HttpRequest("POST", path, path, HEADERS, BODIES["ping"]))
    return port.connections.connect, paths[-_CONNECTIONS:]


def _opened(namespace: Namespace) -> str:
    plan = namespace.handle(HttpRequest("POST", "/api/v1/sessions", "/api/v1/sessions", HEADERS, START))
    assert isinstance(plan, AnswerPlan)
    return f"/api/v1/sessions/{plan.record.session_id}/events"


class _Client:
    """The other end of a connection. It never waits, and its TLS works in memory."""

    def __init__(self, connection: socket.socket, request: bytes, *, tls: bool) -> None:
        self._connection = connection
        self._request = request
        self._tls: ssl.SSLObject | None = None
        if tls:
            any_certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            any_certificate.check_hostname = False
            any_certificate.verify_mode = ssl.CERT_NONE
            self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = any_certificate.wrap_bio(self._in, self._out)

    def shake_hands(self, turn: Callable[[], None]) -> None:
        """Do the TLS handshake; the loop of the server gets a turn after every message."""
        while self._tls is not None:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._connection.sendall(self._out.read())
                turn()
                self._in.write(self._connection.recv(65536))
            else:
                self._connection.sendall(self._out.read())
                turn()
                return

    def send(self) -> None:
        if self._tls is None:
            self._connection.sendall(self._request)
        else:
            self._tls.write(self._request)
            self._connection.sendall(self._out.read())

    def answer(self) -> bytes:
        came = self._connection.recv(65536)
        if self._tls is None:
            return came
        self._in.write(came)
        return self._tls.read(65536)

    def close(self) -> None:
        self._connection.close()


class _Server:
    """A server with its connections, on a loop that turns when it is told to."""

    def __init__(self, loop: asyncio.AbstractEventLoop, make: _Make, body: bytes, *, tls: bool = False) -> None:
        self._loop = loop
        connect, paths = loop.run_until_complete(make())
        context = None
        if tls:
            options = ServerOptions(tls=True)
            context = server_context(options, authority_of(options), "localhost", ())
        self._clients: list[_Client] = []
        for path in paths:
            theirs, ours = socket.socketpair()
            theirs.setblocking(False)
            client = _Client(ours, post(path, body), tls=tls)
            connecting = loop.create_task(loop.connect_accepted_socket(connect, theirs, ssl=context))
            self._turn()
            client.shake_hands(self._turn)
            loop.run_until_complete(connecting)
            self._clients.append(client)
        self.samples_us: list[float] = []

    def sample(self, rounds: int = _ROUNDS_A_SAMPLE) -> None:
        """Answer this many requests of every connection, and keep the processor time of one."""
        used_s = 0.0
        for _ in range(rounds):
            for client in self._clients:
                client.send()
            start_s = time.process_time()
            self._turn()
            used_s += time.process_time() - start_s
            for client in self._clients:
                assert client.answer().startswith(b"HTTP/1.1 204 ")
        self.samples_us.append(used_s * 1e6 / rounds / len(self._clients))

    def end(self) -> None:
        """End all connections, as their clients would."""
        for client in self._clients:
            client.close()
        self._turn()

    def _turn(self) -> None:
        for _ in range(_TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()


def turns(rounds: int, entries: int) -> list[Figure]:
    """Measure an event against a bare application, and a server with much in it against an empty one, by turns.

    Args:
        rounds: How many times each is measured.
        entries: How many entries a large journal has.
    """
    ours: _Make = _ours
    many = partial(_ours, _ROOMY, namespaces=_NAMESPACES)
    full = partial(_ours, _ROOMY, entries=entries)
    bounded = Settings(max_entries=min(entries, Settings().max_entries))
    evicting = partial(_ours, bounded, entries=bounded.max_entries)
    keep_freed_memory()  # for all servers alike
    figures = []
    for what, make, body, tls, goal in (
        ("ping", ours, "ping", False, 2.3),
        ("adStart", ours, "adStart", False, 1.8),
        ("ping by https", ours, "ping", True, None),
        ("adStart by https", ours, "adStart", True, None),
        (f"ping, {_NAMESPACES} namespaces", many, "ping", False, None),
        (f"ping, {entries:,} recorded", full, "ping", False, None),
        (f"ping, {bounded.max_entries:,} recorded, which evicts", evicting, "ping", False, None),
    ):
        bare_us, ours_us = _by_turns((_bare, make), BODIES[body], rounds, tls=tls)
        figures.append(_ratio(f"times as cheap, {what}", bare_us, ours_us, "x bare", goal))
    for what, make in ((f"{entries:,} recorded", full), ("a journal that evicts", evicting)):
        empty_us, ours_us = _by_turns((ours, make), BODIES["ping"], rounds)
        figures.append(_ratio(f"times as cheap, ping, {what}", empty_us, ours_us, "x empty", 0.95))
    return figures


def _by_turns(makes: tuple[_Make, _Make], body: bytes, rounds: int, *, tls: bool = False) -> list[list[float]]:
    """Return what an event took on each of two servers, in microseconds, by round."""
    loop = asyncio.new_event_loop()
    servers = [_Server(loop, make, body, tls=tls) for make in makes]
    for number in range(rounds + 1):
        for server in servers:
            server.sample()
            if not number:
                server.samples_us.clear()  # it was warmed up
    for server in servers:
        server.end()
    loop.close()
    return [server.samples_us for server in servers]


def _ratio(name: str, others_us: list[float], ours_us: list[float], unit: str, goal: float | None) -> Figure:
    ratio = statistics.median(other / own for other, own in zip(others_us, ours_us, strict=True))
    note = f"{statistics.median(ours_us):.1f} us against {statistics.median(others_us):.1f} us"
    return Figure(name, ratio, unit, at_least=goal, note=note)


def kernel(rounds: int) -> list[Figure]:
    """Measure what an event takes in its namespace, without HTTP and socket: the least of many short measurements."""
    figures = []
    for name, goal in (("ping", 6), ("adStart", None)):
        namespace = Service(_ROOMY).namespaces.default
        path = _opened(namespace)
        samples_us = []
        for _ in range(rounds * 20):
            start_s = time.perf_counter()
            for _ in range(100):
                namespace.handle_at_once(HttpRequest("POST", path, path, HEADERS, BODIES[name]))
            samples_us.append((time.perf_counter() - start_s) * 1e4)
        note = f"half of the measurements took up to {statistics.median(samples_us):.1f} us"
        figures.append(Figure(f"namespace alone, {name}", min(samples_us), "us", at_most=goal, note=note))
    return figures
