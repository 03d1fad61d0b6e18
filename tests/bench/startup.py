"""Start and stop: of a server for one test, of the command, and of a pytest run that does not use the plugin."""

from __future__ import annotations

import asyncio
import compileall
import importlib.util
import json
import socket
import statistics
import subprocess
import sys
import threading
import time

from aiohttp import web

from mockserver import MockServer
from tests.bench.events import BODIES, post
from tests.bench.processes import ROOT
from tests.bench.server import bare_application
from tests.bench.table import Figure

__all__ = ["command", "fixture", "plugin"]

_HEAVY = ("aiohttp", "asyncio", "jsonschema", "jsonschema_rs", "msgspec", "faker")
_TIMEOUT_S = 30


def fixture(rounds: int) -> list[Figure]:
    """Measure start, first answer and stop of a server in a thread, against a bare application."""
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(_lifetime_ms(_BareThread))
        ours.append(_lifetime_ms(MockServer))
    ratio = statistics.median(own / other for own, other in zip(ours, bare, strict=True))
    note = f"{statistics.median(ours):.2f} ms against {statistics.median(bare):.2f} ms"
    return [Figure("start, first answer, stop", ratio, "x bare", at_most=1.5, note=note)]


class _BareThread:
    def __init__(self) -> None:
        self._listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.host = ""

    def start(self) -> None:
        self._thread.start()
        self._listens.wait()

    async def _serve(self) -> None:
        runner = web.AppRunner(bare_application(), access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.host = f"127.0.0.1:{runner.addresses[0][1]}"
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._listens.set()
        await self._ended.wait()
        await runner.cleanup()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


def _lifetime_ms(make: type[MockServer] | type[_BareThread]) -> float:
    start_s = time.perf_counter()
    server = make()
    server.start()
    _first_answer(server.host)
    server.stop()
    return (time.perf_counter() - start_s) * 1000


def _first_answer(host: str) -> None:
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=_TIMEOUT_S) as connection:
        connection.sendall(post("/api/v1/sessions/x/events", BODIES["ping"]))
        if not connection.recv(4096).startswith(b"HTTP/1.1 "):
            raise RuntimeError("the first answer is not HTTP")


def _compile() -> None:
    """Compile the package, as an installer does: with PYTHONDONTWRITEBYTECODE, each start would do it again."""
    compileall.compile_dir(ROOT / "mockserver", quiet=1)


def plugin(rounds: int) -> list[Figure]:
    """Measure what importing the plugin costs a pytest run that does not use it, and what it pulls in."""
    if importlib.util.find_spec("mockserver.pytest_plugin") is None:
        return [Figure("import of the plugin", None, note="mockserver.pytest_plugin is absent")]
    code = (
        "import sys, time, json, pytest; start = time.perf_counter(); import mockserver.pytest_plugin;"
        "print(json.dumps([(time.perf_counter() - start) * 1000, sorted(sys.modules)]))"
    )
    _compile()
    times = []
    modules: list[str] = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1]
            return [Figure("import of the plugin", None, note=f"fails: {reason}")]
        took_ms, modules = json.loads(done.stdout)
        times.append(took_ms)
    heavy = [name for name in _HEAVY if name in modules]
    note = f"beside pytest; imports {', '.join(heavy) or 'none of ' + ', '.join(_HEAVY)}"
    return [Figure("import of the plugin", statistics.median(times), "ms", at_most=5, note=note)]


def command(rounds: int) -> list[Figure]:
    """Measure the command from start to first answer against an import of aiohttp."""
    _compile()
    ours, imports = [], []
    for _ in range(rounds):
        start_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", "from aiohttp import web"], cwd=ROOT, timeout=_TIMEOUT_S, check=True)
        imports.append((time.perf_counter() - start_s) * 1000)
        took_ms = _command_ms()
        if isinstance(took_ms, str):
            return [Figure("mockserver serve to first answer", None, note=took_ms)]
        ours.append(took_ms)
    ratio = statistics.median(own / other for own, other in zip(ours, imports, strict=True))
    note = f"{statistics.median(ours):.0f} ms against {statistics.median(imports):.0f} ms for `from aiohttp import web`"
    return [Figure("mockserver serve to first answer", ratio, "x import", at_most=1.3, note=note)]


def _command_ms() -> float | str:
    """Return the time in milliseconds, or why there is none."""
    start_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--ready-json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("{"):
            _, complaint = process.communicate(timeout=_TIMEOUT_S)
            return f"does not start: {(complaint.strip().splitlines() or [line.strip()])[-1]}"
        _first_answer(json.loads(line)["url"].rstrip("/"))
        return (time.perf_counter() - start_s) * 1000
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
