"""Two servers that differ only in the fast path, with connections in memory and on one clock.

Each step is done to both. Then they are compared: every byte they wrote, how connections ended, and all their state.
"""

from __future__ import annotations

import asyncio
import re
import selectors
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from aiohttp import web

from mockserver.clock import Clock, RealTime
from mockserver.control import Route
from mockserver.emulator.emulator import Emulator
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT
from mockserver.server.incoming import Incoming
from mockserver.server.options import ServerOptions
from mockserver.server.port import Port
from mockserver.server.service import Service
from tests.factories import T0
from tests.server.event_bytes import events, request
from tests.server.running import START, snapshot

__all__ = ["Connection", "Twins", "in_memory", "opened"]

_REAL_DATE = re.compile(rb"(?<=\r\nDate: )[^\r\n]*(?=\r\nServer: )")
"""The date in an answer that aiohttp itself makes, from the clock of the machine. Our own answers have no Server."""


class _Selector(selectors.DefaultSelector):
    """Asks its loop how long to wait when nothing is left to do."""

    def __init__(self, rest: Callable[[float | None], float | None]) -> None:
        super().__init__()
        self._rest = rest

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout == 0 else self._rest(timeout))


class Loop(asyncio.SelectorEventLoop):
    """A loop on which no time passes while anything happens, so that both servers see the same time.

    When nothing is left to do, it wakes those who wait in :meth:`idle`. If nobody does, its time jumps to that of the
    next scheduled call.
    """

    def __init__(self) -> None:
        self._now_s = 0.0
        self._asked: list[asyncio.Future[None]] = []
        super().__init__(_Selector(self._rest))

    def time(self) -> float:
        return self._now_s

    async def idle(self) -> None:
        """Return when nothing is left to do."""
        asked = self.create_future()
        self._asked.append(asked)
        await asked

    def _rest(self, wait_s: float | None) -> float | None:
        if not self._asked:
            self._now_s += wait_s or 0
            return None if wait_s is None else 0
        for asked in self._asked:
            asked.set_result(None)
        self._asked.clear()
        return 0


class Connection(asyncio.Transport):
    """A connection in memory, which records what the server does to it."""

    def __init__(self, port: Port) -> None:
        super().__init__()
        self._protocol = port.connections.connect()
        self._closing = False
        self.written = b""
        self.end = ""
        """How the server, or its client, ended the connection."""
        self._protocol.connection_made(self)

    def feed(self, data: bytes) -> None:
        """Give the server something to read, unless the connection has ended."""
        if not self._closing:
            self._protocol.data_received(data)

    def leave(self, error: Exception | None) -> None:
        """End the connection as a client does: in good order, or with an error."""
        if not self._closing:
            if error is None:
                self._protocol.eof_received()
            self._end("client", error)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self.written += data

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return True

    def close(self) -> None:
        self._end("close", None)

    def abort(self) -> None:
        self._end("abort", None)

    def pause_reading(self) -> None:
        """Do nothing: tests never send enough to need a pause."""

    def resume_reading(self) -> None:
        """Do nothing, like :meth:`pause_reading`."""

    def _end(self, end: str, error: Exception | None) -> None:
        if not self._closing:
            self._closing, self.end = True, end
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)


class Twin:
    """One of the two servers."""

    def __init__(self, *, fast_path: bool, connections: int, **settings: Any) -> None:
        self.elapsed_ms = 0
        clock = Clock(RealTime(lambda: T0 + self.elapsed_ms, lambda: self.elapsed_ms * 1_000_000))
        self.service = Service(
            Settings(fast_path=fast_path, **settings), ServerOptions(seeded_ids=True), clock=clock, made=_stand_still
        )
        self.service.gate.keep(lambda closed: None)
        self.seen_by_aiohttp = 0
        self.port = Port(self._handle, None, Settings, Incoming(Settings), self.service.api)
        self.connections = [Connection(self.port) for _ in range(connections)]

    def _handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        self.seen_by_aiohttp += 1
        return self.service.handle(request)

    def state(self) -> dict[str, Any]:
        """Return everything that must be equal in both."""
        remembered = snapshot(self.service)
        for namespace in remembered.values():
            del namespace["settings"]["fast_path"]
        return {
            "remembered": remembered,
            "answers": [(_REAL_DATE.sub(b"*", each.written), each.end) for each in self.connections],
            "errors": [repr(error) for error in self.service.internal_errors],
        }


class Twins:
    """Both servers.

    Args:
        loop: Tells when a step has no further effect.
        connections: How many connections each has.
        **settings: The settings of both.
    """

    def __init__(self, loop: Loop, connections: int = 3, **settings: Any) -> None:
        self._loop = loop
        self.fast = Twin(fast_path=True, connections=connections, **settings)
        self.slow = Twin(fast_path=False, connections=connections, **settings)

    @property
    def spared(self) -> int:
        """How many requests the fast path answered without aiohttp."""
        return self.slow.seen_by_aiohttp - self.fast.seen_by_aiohttp

    def sid(self, number: int = 0, namespace: str = DEFAULT) -> str:
        """Return the id of an opened session, or one that does not exist."""
        found = next((each for each in self.fast.service.namespaces if each.name == namespace), None)
        if found is None:
            return "0" * 64
        with found as emulator:
            sids = [session.sid for session in emulator.sessions]
        return sids[number % len(sids)] if sids else "0" * 64

    async def do(self, step: Callable[[Twin], object]) -> None:
        """Do something to both, wait until nothing more happens, and compare."""
        for twin in (self.fast, self.slow):
            step(twin)
        await self._loop.idle()
        assert self.fast.state() == self.slow.state()

    async def send(self, data: bytes, connection: int = 0) -> bytes:
        """Send to both.

        Returns:
            What both have answered.
        """
        before = len(self.fast.connections[connection].written)
        await self.do(lambda twin: twin.connections[connection].feed(data))
        return self.fast.connections[connection].written[before:]

    async def leave(self, connection: int = 0, error: Exception | None = None) -> None:
        """End a connection of both, as a client does."""
        await self.do(lambda twin: twin.connections[connection].leave(error))

    async def call(self, route: Route[Any, Any], argument: Any = None, namespace: str = DEFAULT, **parts: Any) -> None:
        """Call a route of the admin API of both."""
        await self.do(lambda twin: twin.service.control(namespace).call(route, argument, **parts))

    async def end(self) -> None:
        """Stop both servers, as a runner does."""
        for twin in (self.fast, self.slow):
            await twin.port.close()
            twin.port.connections.pre_shutdown()
            await twin.port.connections.shutdown(0.01)
            for connection in twin.connections:
                connection.abort()
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _stand_still(emulator: Emulator) -> None:
    """Freeze the clock of a namespace, unless it is the default one, whose clock the test moves."""
    if emulator.name != DEFAULT:
        emulator.clock.freeze()
        emulator.clock.set(T0)


def in_memory(script: Callable[[Twins], Awaitable[None]], connections: int = 3, **settings: Any) -> Twins:
    """Run a script with twins on a loop of their own, then stop them."""

    async def run() -> Twins:
        twins = Twins(loop, connections, **settings)
        try:
            await script(twins)
        finally:
            await twins.end()
        return twins

    with closing(Loop()) as loop:
        return loop.run_until_complete(run())


async def opened(twins: Twins, prefix: str = "", namespace: str = "default") -> str:
    """Open a session on a connection, and return the path of its events."""
    assert await twins.send(request(f"{prefix}/api/v1/sessions", START))
    return events(twins.sid(-1, namespace), prefix)
