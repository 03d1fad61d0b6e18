"""docs/scale.md: its nginx configuration, in front of two servers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from mockserver.server.options import ServerOptions
from mockserver.server.runner import ServerThread
from mockserver.server.service import Service
from tests.documents import ROOT, blocks
from tests.factories import event, start
from tests.waiting import until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAMES = [f"team{number}" for number in range(40)]

pytestmark = pytest.mark.nginx


class Answer(NamedTuple):
    status: int
    location: str


class Front:
    """Two servers behind nginx."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.services = [Service(options=ServerOptions(namespace_hosts=("mock.example",))) for _ in range(2)]
        self.threads = [ServerThread(service) for service in self.services]
        for thread in self.threads:
            thread.start()
        [text] = [text for kind, text in blocks(ROOT / "docs" / "scale.md") if kind == "nginx"]
        ports = {"8089": self.port, "9001": self.threads[0].port, "9002": self.threads[1].port}
        for said, real in ports.items():
            text = text.replace(f"127.0.0.1:{said}", f"127.0.0.1:{real}")
        (folder / "nginx.conf").write_text(f"pid {folder}/pid;\n{text}", encoding="utf-8")
        assert NGINX is not None, "nginx is not installed: make test installs it, or leave it out with NO_BROWSER=1"
        self.nginx = subprocess.Popen(
            [NGINX, "-e", str(folder / "errors"), "-p", str(folder), "-c", str(folder / "nginx.conf"),
             "-g", "daemon off; master_process off;"],
        )  # fmt: skip
        until(self.listens)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def post(self, path: str, document: object, host: str = "localhost") -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json", "Host": host})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return Answer(answer.status, answer.getheader("Location") or "")

    def homes(self) -> dict[str, int]:
        """Return which server has which namespace; if both have it, the last one."""
        return {each.name: number for number, service in enumerate(self.services) for each in service.namespaces}

    def close(self) -> None:
        self.nginx.terminate()
        self.nginx.wait(30)
        for thread in self.threads:
            thread.stop()


@pytest.fixture
def front(tmp_path: Path, unused_tcp_port: int) -> Iterator[Front]:
    made = Front(tmp_path, unused_tcp_port)
    yield made
    made.close()


def test_sessions_stay_together_and_a_server_that_stops_moves_only_its_own_namespaces(front: Front) -> None:
    opened = {}
    for name in NAMES:
        answer = front.post(f"/ns/{name}/api/v1/sessions", start())
        assert answer.status == 201
        opened[name] = answer.location
    before = front.homes()
    assert {before[name] for name in NAMES} == {0, 1}
    assert sum(len(service.namespaces) for service in front.services) == len(NAMES) + 2  # each in one server only
    for name, path in opened.items():
        assert front.post(f"/ns/{name}{path}/events", event("ping")).status == 204
        assert front.post(f"{path}/events", event("ping"), f"{name}.mock.example").status == 204
    front.threads[1].stop()
    statuses = {name: front.post(f"/ns/{name}{path}/events", event("ping")).status for name, path in opened.items()}
    assert {name for name, status in statuses.items() if status == 204} == {name for name in NAMES if not before[name]}
    assert {statuses[name] for name in NAMES if before[name]} == {404}  # there is no such session where it is now
