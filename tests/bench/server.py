"""The servers that are measured, in a process of their own: ``bare``, ``trivial`` and ``mockserver``.

``bounded`` is ``mockserver`` with the default limits of the journal. ``-tls`` after a name makes it serve https, and
``-journal`` makes it write its journal to a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

from aiohttp import web

from mockserver.cli.journal_file import JournalFile
from mockserver.control import COUNT, EVENTS, Control, Route
from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand
from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.runner import Runner, attentive, keep_freed_memory
from mockserver.server.service import Service
from mockserver.server.tls import authority_of, server_context
from tests.bench.events import BODIES, HEADERS, START
from tests.bench.processes import pin

__all__ = ["bare_application", "rss_bytes"]

_FILL_SESSIONS = 100
_PAGE = 100
_PULSE_S = 0.001


def bare_application() -> web.Application:
    """Make what everything is compared with: an aiohttp application that only answers 204."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/api/v1/sessions/{sid}/events", handle)
    return app


@asynccontextmanager
async def _bare(*, tls: bool) -> Any:
    runner = web.AppRunner(bare_application(), access_log=None)
    await runner.setup()
    options = ServerOptions(tls=tls)
    context = server_context(options, authority_of(options), "localhost", ())
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Trivial(asyncio.Protocol):
    """Answers 204 to whatever arrives, so that only the load limits the rate."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@asynccontextmanager
async def _trivial() -> Any:
    server = await asyncio.get_running_loop().create_server(_Trivial, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def _mockserver(service: Service) -> Any:
    runner = Runner(service)
    await runner.start()
    try:
        with attentive():
            yield runner.port
    finally:
        await runner.stop()


class _Pulse:
    """Measures the longest time in which the loop does not turn, in processor time, which others do not change."""

    def __init__(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._beat())
        self._longest_s = 0.0

    async def _beat(self) -> None:
        while True:
            start_s = time.process_time()
            await asyncio.sleep(_PULSE_S)
            self._longest_s = max(self._longest_s, time.process_time() - start_s)

    def end(self) -> float:
        """Stop, and return the longest time in milliseconds."""
        self._task.cancel()
        return self._longest_s * 1000


def rss_bytes() -> int:
    """Return the memory of this process: resident now on Linux, elsewhere the most it ever was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _fill(emulator: Emulator, entries: int) -> dict[str, float]:
    """Record requests, seven in ten of them pings and one in a hundred for a session that is not known."""
    paths = [_opened(emulator) for _ in range(_FILL_SESSIONS)]
    start_s = time.perf_counter()
    for index, body in zip(range(entries), _bodies(), strict=False):
        path = f"/api/v1/sessions/{index:064x}/events" if index % 100 == 99 else paths[index % _FILL_SESSIONS]
        emulator.handle(HttpRequest("POST", path, path, HEADERS, body))
    return {"us_per_event": (time.perf_counter() - start_s) * 1e6 / entries}


def _opened(emulator: Emulator) -> str:
    plan = emulator.handle(HttpRequest("POST", "/api/v1/sessions", "/api/v1/sessions", HEADERS, START))
    assert isinstance(plan, AnswerPlan)
    assert plan.response is not None
    return f"{dict(plan.response.headers)['Location']}/events"


def _bodies() -> Iterator[bytes]:
    kinds = [BODIES[name] for name in ("ping", "ping", "adStart", "ping", "ping", "play", "ping", "ping", "play")]
    kinds.append(BODIES["ping"].replace(b"11.25", b"99.25"))
    for second in count(1_795_216):
        yield from (body.replace(b"1795215", b"%d" % second) for body in kinds)


def _queries(control: Control, rounds: int) -> dict[str, float]:
    """Time counts and pages, each by several filters.

    Returns:
        Milliseconds by what was asked: the median of ``rounds``, or a single time where bodies have to be parsed.
    """
    session_id = control.call(EVENTS, Query(event_type="play", limit=1)).events[0].session_id
    filters = {
        "event_type": Query(event_type="ping", limit=_PAGE),
        "event_type and status": Query(event_type="ping", status=204, limit=_PAGE),
        "session": Query(session_id=session_id, limit=_PAGE),
        "event_type and where": Query(event_type="adStart", where="/params/media.ad.id=001", limit=_PAGE),
        "where alone": Query(where="/playerTime/playhead=99.25", limit=_PAGE),
    }
    times: dict[str, float] = {}
    for name, query in filters.items():
        command = WaitCommand(query=query, at_least=0)
        times[f"count by {name}"] = _median_ms(control, COUNT, command, 1 if query.where else rounds)
        times[f"page by {name}"] = _median_ms(control, EVENTS, query, 1 if query.where else rounds)
    return times


def _median_ms(control: Control, route: Route[Any, Any], argument: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start_s = time.perf_counter()
        control.call(route, argument)
        times.append((time.perf_counter() - start_s) * 1000)
    return statistics.median(times)


@asynccontextmanager
async def _written(journal: JournalFile | None, service: Service) -> Any:
    """Write the journal into a file, if one is given, and remove its folder at the end."""
    if journal is None:
        yield
        return
    journal.begin(service.namespaces)
    try:
        yield
    finally:
        journal.close()
        shutil.rmtree(journal.path.parent)


async def _serve(kind: str) -> None:
    # No limit applies unless asked for: what limits cost is a separate figure.
    roomy = Settings(max_entries=100_000_000, max_journal_bytes=1 << 40)
    kind, _, extra = kind.partition("-")
    tls = extra == "tls"
    journal = JournalFile(Path(mkdtemp()) / "journal.ndjson") if extra == "journal" else None
    made = None if journal is None else journal.watch
    service = Service(Settings() if kind == "bounded" else roomy, ServerOptions(tls=tls), made=made)
    context = {"bare": lambda: _bare(tls=tls), "trivial": _trivial}.get(kind, lambda: _mockserver(service))
    loop = asyncio.get_running_loop()
    pulse: _Pulse | None = None
    async with context() as port, _written(journal, service):
        print(json.dumps({"port": port}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            answer: object = None
            match order.pop("do"):
                case "usage":
                    answer = {"cpu_s": time.process_time(), "rss_bytes": rss_bytes()}
                case "pulse":
                    pulse = _Pulse()
                case "longest":
                    assert pulse is not None
                    answer = pulse.end()
                case "recorded":
                    with service.namespaces.default as emulator:
                        answer = len(emulator.journal)
                case "fill":
                    with service.namespaces.default as emulator:
                        answer = _fill(emulator, **order)
                case "open":
                    with service.namespaces.default as emulator:
                        answer = len([_opened(emulator) for _ in range(order["sessions"])])
                case "queries":
                    answer = _queries(service.control(), **order)
                case unknown:
                    raise ValueError(f"cannot do {unknown}")
            print(json.dumps(answer), flush=True)


def main() -> None:
    pin(None if sys.argv[1] == "-1" else int(sys.argv[1]))
    keep_freed_memory()  # all servers alike: otherwise allocating is a third of what the bare application takes
    asyncio.run(_serve(sys.argv[2]))


if __name__ == "__main__":
    main()
