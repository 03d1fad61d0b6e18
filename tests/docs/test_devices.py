"""docs/devices.md says of each line whether it was tried; the lines of trust that are said to run are run here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests

from mockserver import MockServer
from tests.docs.test_pages import node
from tests.documents import ROOT, section
from tests.waiting import GUARD_S

PAGE = ROOT / "docs" / "devices.md"
FETCH = "fetch(process.argv[1]).then((answer) => console.log(answer.status), (error) => console.log(error.cause.code))"
RUN = {"Web SDK (alloy)", "Node.js", "Python", "curl", "Chromium"}
"""Lines that tests run: alloy in tests/server/page, curl in docs/https.md, Chromium in docs/edge.md, others here."""


def rows(title: str) -> dict[str, str]:
    lines = [line.strip("| ").split(" | ") for line in section(PAGE, title).splitlines() if line.startswith("| ")]
    return {cells[0]: cells[-1] for cells in lines[1:]}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(tls=True) as running:
        yield running


@pytest.fixture
def ca(server: MockServer, tmp_path: Path) -> Path:
    path = tmp_path / "ca.crt"
    path.write_text(str(server.ca_pem), encoding="ascii")
    return path


def test_every_line_says_how_it_was_tried() -> None:
    lines = rows("The address") | rows("Trust in the CA")
    allowed = r"(run|run in Chromium|by hand, .+|recorded|not tried)"
    assert {name: tried for name, tried in lines.items() if not re.fullmatch(allowed, tried)} == {}
    assert {name for name, tried in lines.items() if tried.startswith("run")} == RUN


def test_node_trusts_the_ca_that_its_variable_names(server: MockServer, ca: Path) -> None:
    url = f"{server.url}/api/v1/schemas/ping"
    variables = {name: value for name, value in os.environ.items() if name != "NODE_EXTRA_CA_CERTS"}
    for more, said in (({}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"), ({"NODE_EXTRA_CA_CERTS": str(ca)}, "200")):
        done = subprocess.run(
            [node(), "-e", FETCH, url],
            env={**variables, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stdout.strip() == said, done.stderr


def test_requests_and_httpx_trust_the_file_they_are_given(
    server: MockServer, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{server.url}/api/v1/schemas/ping"
    assert requests.get(url, verify=str(ca), timeout=GUARD_S).status_code == 200
    assert httpx.get(url, verify=server.ssl_context(), timeout=GUARD_S).status_code == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    assert requests.get(url, timeout=GUARD_S).status_code == 200
    assert httpx.get(url, timeout=GUARD_S).status_code == 200
