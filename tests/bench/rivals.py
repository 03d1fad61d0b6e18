"""Other mock servers, each in a process of its own: what an event costs them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.processes import ROOT, Child
from tests.bench.table import Figure

__all__ = ["Program", "node_double", "rivals"]

_HERE = Path(__file__).parent
_FOLDER = ROOT / ".venv" / "rivals"
_START_S = 60
_END_S = 10
_WARM_UP = 4
"""For how many rounds each server is used before it is measured: Java compiles while it runs."""
_EVENTS = r"/api/v1/sessions/[0-9a-f]{64}/events"
_PYTEST_HTTPSERVER = f"""
import re, sys, threading
from pytest_httpserver import HTTPServer
server = HTTPServer(port=int(sys.argv[1]), threaded=True)
server.expect_request(re.compile({f"^{_EVENTS}$"!r}), method="POST").respond_with_data(status=204)
server.start()
threading.Event().wait()
"""


class Program:
    """A program that serves a port, measured from outside, by ``/proc``.

    Args:
        name: For messages.
        command: What is started; it is given the port as its last argument, or in place of ``{port}``.
        core: The core it keeps to.

    Raises:
        RuntimeError: It does not serve.
    """

    def __init__(self, name: str, command: list[str], core: int | None) -> None:
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        filled = [part.replace("{port}", str(self.port)) for part in command]
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        self._process = subprocess.Popen(
            [*pinned, *(filled if filled != command else [*command, str(self.port)])],
            cwd=_HERE, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.ready = {"port": self.port}
        self._wait(name)

    def _wait(self, name: str) -> None:
        pause = threading.Event()
        for _ in range(_START_S * 10):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self._process.poll() is not None:
                break
            pause.wait(0.1)
        self.__exit__()
        raise RuntimeError(f"{name} does not serve")

    def ask(self, **command: Any) -> dict[str, float]:
        """Return the processor time and the memory that it has used: all that it can be asked for."""
        assert command == {"do": "usage"}
        process = Path("/proc") / str(self._process.pid)
        used = process.joinpath("stat").read_text().rpartition(")")[2].split()
        pages = int(process.joinpath("statm").read_text().split()[1])
        return {
            "cpu_s": (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK"),
            "rss_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        }

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def node_double(core: int | None) -> Program | None:
    """Start the double on node:http; None where there is no node, or no ``/proc`` to measure it by."""
    node = shutil.which("node")
    if node is None or not Path("/proc/self/stat").exists():
        return None
    return Program("the double on node:http", [node, str(_HERE / "double.mjs")], core)


def _npm(package: str) -> Path:
    """Install a package of npm, unless it is there, and return its folder."""
    folder = _FOLDER / "node_modules" / package.rpartition("@")[0]
    if not folder.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(_FOLDER), package)
    return folder


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)


def _wiremock(core: int | None) -> Program:
    jar = next(_npm("wiremock@3.13.2").rglob("*.jar"))
    mappings = _FOLDER / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    stub = {"request": {"method": "POST", "urlPathPattern": _EVENTS}, "response": {"status": 204}}
    mappings.joinpath("events.json").write_text(json.dumps(stub), encoding="utf-8")
    command = ["java", "-jar", str(jar), "--root-dir", str(mappings.parent), "--port", "{port}", "--disable-banner"]
    return Program("WireMock", command, core)


def _pytest_httpserver(core: int | None) -> Program:
    folder = _FOLDER / "python"
    if not folder.exists():
        _run(sys.executable, "-m", "uv", "pip", "install", "--target", str(folder), "pytest-httpserver==1.2.0")
    script = _FOLDER / "httpserver.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(folder)!r})\n{_PYTEST_HTTPSERVER}", encoding="utf-8")
    return Program("pytest-httpserver", [sys.executable, str(script)], core)


def _mockoon(core: int | None) -> Program:
    folder = _npm("@mockoon/cli@9.9.0")
    answer = {
        "uuid": "b1", "body": "", "latency": 0, "statusCode": 204, "label": "", "headers": [], "bodyType": "INLINE",
        "filePath": "", "databucketID": "", "sendFileAsBody": False, "rules": [], "rulesOperator": "OR",
        "disableTemplating": False, "fallbackTo404": False, "default": True, "crudKey": "id", "callbacks": [],
    }  # fmt: skip
    route = {
        "uuid": "a1", "type": "http", "documentation": "", "method": "post",
        "endpoint": "api/v1/sessions/:sid/events", "responses": [answer], "responseMode": None,
        "streamingMode": None, "streamingInterval": 0,
    }  # fmt: skip
    environment = {
        "uuid": "e1", "lastMigration": 33, "name": "events", "endpointPrefix": "", "latency": 0, "port": 3000,
        "hostname": "127.0.0.1", "folders": [], "routes": [route], "rootChildren": [{"type": "route", "uuid": "a1"}],
        "proxyMode": False, "proxyHost": "", "proxyRemovePrefix": False, "cors": True, "headers": [],
        "tlsOptions": {"enabled": False, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "", "caPath": "",
                       "passphrase": ""},
        "proxyReqHeaders": [], "proxyResHeaders": [], "data": [], "callbacks": [],
    }  # fmt: skip
    data = _FOLDER / "mockoon.json"
    data.write_text(json.dumps(environment), encoding="utf-8")
    command = ["node", str(folder / "bin" / "run.js"), "start", "--repair", "--data", str(data), "--port", "{port}"]
    return Program("Mockoon", command, core)


_RIVALS: dict[str, Callable[[int | None], Program]] = {
    "WireMock 3.13.2": _wiremock,
    "pytest-httpserver 1.2.0": _pytest_httpserver,
    "Mockoon 9.9.0": _mockoon,
}


def rivals(load: Child, core: int | None, rounds: int, seconds: float) -> list[Figure]:
    """Measure what a ping costs other servers, by turns, and how much memory they have at the end.

    Missing servers are installed below ``.venv``; the table names those that cannot be.

    Args:
        load: The load generator.
        core: Where the servers run.
        rounds: How many times each is measured.
        seconds: How long each time.
    """
    from tests.bench.throughput import Run, by_turns

    missing: list[Figure] = []
    with contextlib.ExitStack() as servers:
        bare = Run(servers.enter_context(Child("server", core, "bare")), False, "ping")
        runs = {"mockserver": Run(servers.enter_context(Child("server", core, "mockserver")), True, "ping")}
        node = node_double(core)
        if node is not None:
            runs["double on node:http"] = Run(servers.enter_context(node), True, "ping")
        for name, begin in _RIVALS.items():
            try:
                runs[name] = Run(servers.enter_context(begin(core)), False, "ping")
            except (RuntimeError, OSError, StopIteration, subprocess.SubprocessError) as error:
                missing.append(Figure(f"times as cheap, {name}", None, note=f"cannot be installed here: {error}"))
        by_turns([bare, *runs.values()], load, rounds, seconds, warm_up=_WARM_UP)
        memory = {name: run.server.ask(do="usage")["rss_bytes"] for name, run in runs.items()}
    figures = [Figure("bare application", None, note=bare.note())]
    for name, run in runs.items():
        figures += [
            run.cheaper(bare, f"times as cheap, {name}", note=f"{memory[name] / 1e6:,.0f} MB at the end; {run.note()}"),
            run.against(bare, "rate", f"events/s, {name}", "x bare"),
            run.against(bare, "p99_ms", f"p99, {name}", "x bare"),
        ]
    return [*figures, *missing]
