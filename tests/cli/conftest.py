"""A server in this process for the commands that talk to one, and the command line as a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.cli.forked import CAN_FORK, Forked, Forker
from tests.server.running import Running

Process: TypeAlias = "subprocess.Popen[str] | Forked"
StartProcess = Callable[..., Process]
Fetch = Callable[..., tuple[int, bytes]]
MakeServer = Callable[..., Running]

WITH_SIGNALS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where Ctrl-C is switched off
sys.stderr.isatty = lambda: {terminal}
from mockserver.cli import main
sys.exit(main())
"""


def send_request(url: str, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response: HTTPResponse = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ready(process: Process) -> dict[str, Any]:
    """Return the line with which a server says that it listens."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


@pytest.fixture
def fetch() -> Fetch:
    return send_request


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    started: list[Running] = []

    def make(**options: Any) -> Running:
        started.append(Running(Service(options=ServerOptions(**options))))
        return started[-1]

    yield make
    for running in started:
        running.thread.stop()


@pytest.fixture
def server(make_server: MakeServer) -> Running:
    return make_server()


def _alone(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables of this process and the given ones, without any other variable of ``mockserver``."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    return {**ours, **variables}


@pytest.fixture
def start_anew(tmp_path: Path) -> Iterator[StartProcess]:
    """Start ``mockserver`` as a process, in an empty folder and with only the given variables."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, terminal: bool = False, **variables: str) -> Process:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", WITH_SIGNALS.format(terminal=terminal), *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env=_alone(variables),
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartProcess]:
    """Start ``mockserver`` as ``start_anew`` does, but as a fork without imports where the system can fork."""
    if not CAN_FORK:
        yield request.getfixturevalue("start_anew")
        return
    forker: Forker = request.getfixturevalue("forker")
    started: list[Forked] = []

    def start(*arguments: str, terminal: bool = False, **variables: str) -> Process:
        started.append(forker.start(arguments, tmp_path, _alone(variables), terminal))
        return started[-1]

    yield start
    for process in started:
        process.close()
