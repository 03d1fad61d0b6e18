"""Clients in other languages: generated from the OpenAPI document, and the sources in docs/clients.

`make test-clients` installs what they need into ``.venv/clients``: Python packages, Node and its packages. A test that
lacks something fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from mockserver import MockServer
from mockserver.admin.openapi import description
from mockserver.dialects.registry import DIALECTS
from mockserver.wire.codec import encode
from tests.chromium import chromium_path
from tests.documents import ROOT, blocks

TOOLS = Path(sys.prefix) / "clients"
PAGE = ROOT / "docs" / "clients.md"
SOURCES = ROOT / "docs" / "clients"


class Workshop:
    """A folder in which tools and npm packages are at hand.

    Args:
        folder: The folder.
        server: The address of the server, for the clients.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.server = server
        (folder / "node_modules").symlink_to(TOOLS / "node_modules")
        self.write("package.json", '{"type": "module"}')

    def copy(self, *names: str) -> None:
        """Copy sources of docs/clients, as their users do."""
        for name in names:
            shutil.copy(SOURCES / name, self.folder)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command and return what it prints; it must succeed, or fail."""
        tried = [TOOLS / "bin", self.folder / "node_modules" / ".bin"]
        path = os.pathsep.join([*map(str, tried), os.environ["PATH"]])
        environment = {
            **os.environ,
            "PATH": path,
            "MOCKSERVER_URL": self.server,
            "CHROMIUM": chromium_path() or "",
            "NODE_OPTIONS": "--experimental-vm-modules --no-warnings",
            "FORCE_COLOR": "0",
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert (done.returncode != 0) is fails, done.stdout
        return done.stdout


def example(kind: str, word: str) -> str:
    """Return the code block of docs/clients.md that contains a word."""
    [found] = [text for of_kind, text in blocks(PAGE) if of_kind == kind and word in text]
    return found


def report(server: MockServer, *events: dict[str, Any]) -> None:
    """Report events of one session; the first one opens it."""
    path = "/api/v1/sessions"
    for document in events:
        request = Request(server.url + path, json.dumps(document).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            path = f"{answer.headers['Location']}/events" if answer.status == 201 else path


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running
        assert running.internal_errors == []


@pytest.fixture
def workshop(server: MockServer, tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, server.url)


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document in a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(encode(description("1.2.3", DIALECTS, "http://127.0.0.1:8089")))
    return path
