"""The two ways to use a server: in the process, and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import MediaServer, MockServer, Settings, connect
from tests.factories import T0

HEADERS = {"Host": "localhost", "Content-Type": "application/json"}

Post = Callable[..., int]


@pytest.fixture(params=["in process", "over HTTP"])
def server(request: pytest.FixtureRequest) -> Iterator[MediaServer]:
    """A server whose clock is frozen at ``T0``; over HTTP it is a namespace, so its name is in every path."""
    with MockServer(seed=7) as running:
        asked: MediaServer = running if request.param == "in process" else connect(running.url, namespace="suite")
        asked.clock.freeze()
        asked.clock.set(T0)
        yield asked
        assert running.internal_errors == []


class Twins:
    """Two servers that get the same calls: one in its process, the other over HTTP.

    Args:
        local: One, in its process.
        remote: The other, over HTTP.
        behind: The other, in its process too, which is quicker.
    """

    def __init__(self, local: MediaServer, remote: MediaServer, behind: MediaServer) -> None:
        self.local = local
        self.remote = remote
        self.behind = behind

    def both(self, ask: Callable[[MediaServer], Any]) -> Any:
        """Call both; their results, or their errors, must be equal."""
        local, remote = outcome(ask, self.local), outcome(ask, self.remote)
        assert local == remote
        return local


def outcome(ask: Callable[[MediaServer], Any], server: MediaServer) -> Any:
    try:
        return ask(server)
    except Exception as error:  # noqa: BLE001 - it is compared, whatever it is
        return type(error), str(error), getattr(error, "pointer", None)


@pytest.fixture
def twins() -> Iterator[Twins]:
    """Twins with equal seeds and clocks, so that equal requests give equal journals."""
    settings = Settings(max_faults=3)
    with MockServer(settings, seed=7) as one, MockServer(settings, seed=7) as other:
        pair = Twins(one, connect(other.url), other)
        for server in (one, other):
            server.clock.freeze()
            server.clock.set(T0)
        yield pair
        assert one.internal_errors == other.internal_errors == []


@pytest.fixture
def post() -> Iterator[Post]:
    """Send a document as a player does, ``post(server, path, document)``, and return the status.

    A test has one connection to each server: a new one for every request would take longer than the tests.
    """
    connections: dict[str, HTTPConnection] = {}

    def send(server: MediaServer, path: str, document: Any) -> int:
        parts = urlsplit(server.url + path)
        if parts.netloc not in connections:
            connections[parts.netloc] = HTTPConnection(parts.netloc, timeout=10)
        connection = connections[parts.netloc]
        connection.request("POST", parts.path, json.dumps(document), HEADERS)
        with connection.getresponse() as answer:
            answer.read()
            return answer.status

    yield send
    for connection in connections.values():
        connection.close()
