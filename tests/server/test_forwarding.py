"""A server that also forwards requests to a second one, which has other settings or does not exist."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from mockserver import MediaServer, MockServer, Settings, connect
from mockserver.control import IMPORT
from mockserver.model.journal import Entry
from mockserver.server.options import ServerOptions
from mockserver.server.service import SERVICE, build_app
from tests.factories import T0, event, start
from tests.server.running import START, Running
from tests.waiting import GUARD_S, until

NOWHERE = "http://127.0.0.1:9"
"""The discard port, where nobody listens."""

Forwarding = Callable[..., MockServer]


@pytest.fixture
def real() -> Iterator[MockServer]:
    """The server in the place of the real endpoint: it closes a session at sessionComplete."""
    with MockServer(Settings(complete_closes=True), seed=1) as server:
        yield server
        assert server.internal_errors == []


@pytest.fixture
def forwarding(real: MockServer) -> Iterator[Forwarding]:
    """Start a server that forwards to ``real`` or to another address."""
    with ExitStack() as stack:
        servers = []

        def begin(url: str = "", *, answer: bool = False) -> MockServer:
            options = ServerOptions(forward=url or real.url, forward_answer=answer)
            servers.append(stack.enter_context(MockServer(options=options)))
            return servers[-1]

        yield begin
        assert [server.internal_errors for server in servers] == [[]] * len(servers)


def post(server: MockServer, path: str, document: Any, **headers: str) -> tuple[int, str | None]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    fields = {"Content-Type": "application/json", **headers}
    try:
        connection.request("POST", path, json.dumps(document), fields)
        response = connection.getresponse()
        response.read()
        return response.status, response.getheader("Location")
    finally:
        connection.close()


def opened(server: MockServer) -> str:
    status, location = post(server, "/api/v1/sessions", start())
    assert status == 201
    return (location or "").rpartition("/")[2]


def send(server: MockServer, sid: str, event_type: str) -> int:
    document = event(event_type, ts=T0 + 10_000 * server.count(session_id=sid))
    return post(server, f"/api/v1/sessions/{sid}/events", document)[0]


def forwarded(server: MediaServer, count: int) -> list[Entry]:
    until(lambda: len([entry for entry in server.events() if entry.forwarded is not None]) >= count)
    return server.events()


def statuses(entries: list[Entry]) -> list[tuple[int | None, int | None]]:
    return [
        (
            None if entry.response is None else entry.response.status,
            None if entry.forwarded is None or entry.forwarded.response is None else entry.forwarded.response.status,
        )
        for entry in entries
    ]


def test_both_answers_are_recorded_and_the_player_gets_that_of_this_server(
    real: MockServer, forwarding: Forwarding
) -> None:
    server = forwarding()
    sid = opened(server)
    assert [send(server, sid, name) for name in ("play", "sessionComplete", "ping")] == [204, 204, 204]

    entries = forwarded(server, 4)

    assert statuses(entries) == [(201, 201), (204, 204), (204, 204), (204, 410)]
    assert [entry.event_type for entry in real.events()] == ["sessionStart", "play", "sessionComplete", "ping"]
    assert real.sessions()[0].sid != sid
    assert ("Location", f"/api/v1/sessions/{sid}") in entries[0].forwarded.response.headers  # type: ignore[union-attr]


def test_difference_is_a_finding(forwarding: Forwarding) -> None:
    server = forwarding()
    sid = opened(server)
    for name in ("sessionComplete", "ping", "ping"):
        send(server, sid, name)
    forwarded(server, 4)

    [found] = [finding for finding in server.findings() if finding.code.startswith("fidelity.")]

    assert (found.code, found.seqs) == ("fidelity.status", (3, 4))
    assert found.message.startswith("2 requests: the endpoint answered ping with 410, this server with 204")


def test_the_player_gets_the_answer_of_the_endpoint_with_its_own_session_if_that_counts(forwarding: Forwarding) -> None:
    server = forwarding(answer=True)
    sid = opened(server)

    assert sid == server.sessions()[0].sid
    assert [send(server, sid, name) for name in ("play", "sessionComplete", "ping")] == [204, 204, 410]


def test_failure_of_the_endpoint_is_recorded_and_never_reaches_the_player(forwarding: Forwarding) -> None:
    server = forwarding(NOWHERE)
    sid = opened(server)
    assert send(server, sid, "play") == 204

    entries = forwarded(server, 2)

    assert all(entry.forwarded is not None and "Cannot connect" in entry.forwarded.failure for entry in entries)
    [found] = [finding for finding in server.findings() if finding.code.startswith("fidelity.")]
    assert (found.code, found.severity) == ("fidelity.unreachable", "info")


def test_failure_of_the_endpoint_reaches_the_player_if_its_answer_counts(forwarding: Forwarding) -> None:
    server = forwarding(NOWHERE, answer=True)

    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        opened(server)

    assert server.events()[0].delivery == "cut"


def test_request_that_a_fault_keeps_from_the_back_end_is_not_forwarded(
    real: MockServer, forwarding: Forwarding
) -> None:
    server = forwarding()
    sid = opened(server)
    server.faults.add(fault={"kind": "status", "code": 500}, when={"event_type": "play"}, times=1)
    assert [send(server, sid, "play"), send(server, sid, "ping")] == [500, 204]

    forwarded(server, 2)

    assert [entry.event_type for entry in real.events()] == ["sessionStart", "ping"]


def test_forwarded_request_is_not_forwarded_again(forwarding: Forwarding, real: MockServer) -> None:
    first = forwarding()
    assert post(first, "/api/v1/sessions", start(), Via="1.1 mockserver")[0] == 201
    opened(first)
    forwarded(first, 1)

    assert [entry.forwarded is None for entry in first.events()] == [True, False]
    assert len(real.events()) == 1
    assert ("Via", "1.1 mockserver") in real.events()[0].request.headers


def test_events_of_a_session_are_forwarded_in_order_without_waiting(real: MockServer, forwarding: Forwarding) -> None:
    server = forwarding()
    real.faults.add(fault={"kind": "delay", "ms": 200}, when={"event_type": "sessionStart"})
    sid = opened(server)
    names = ["play", "ping", "pauseStart", "play", "sessionEnd"]
    for name in names:
        send(server, sid, name)

    forwarded(server, 6)

    assert [entry.event_type for entry in real.events()] == ["sessionStart", *names]
    assert {entry.outcome.value for entry in real.events()} == {"opened", "accepted"}


def test_path_of_the_endpoint_precedes_that_of_the_request(real: MockServer, forwarding: Forwarding) -> None:
    server = forwarding(f"{real.url}/ns/blue")
    assert post(server, "/ns/red/api/v1/sessions?a=%2F1", start())[0] == 201
    blue = connect(real.url, namespace="blue")
    until(blue.events)  # the namespace is there before the body of its first request has arrived

    assert [entry.request.path for entry in blue.events()] == ["/ns/blue/api/v1/sessions?a=%2F1"]


def test_answers_of_the_endpoint_are_in_the_export_and_judged_again(forwarding: Forwarding) -> None:
    server = forwarding()
    sid = opened(server)
    for name in ("sessionComplete", "ping"):
        send(server, sid, name)
    forwarded(server, 3)
    other = MockServer()

    other.control.call(IMPORT, server.export())

    assert [finding.code for finding in other.findings() if finding.code.startswith("fidelity.")] == ["fidelity.status"]


def test_server_forwards_nothing_by_default(server: Running) -> None:
    assert server.service.api.forwarder is None


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "is silent"])
async def test_app_that_is_cleaned_up_leaves_no_connection_to_the_endpoint(
    aiohttp_client: AiohttpClient, answers: bool
) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def endpoint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(START)
        if answers:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()
        left.set()

    async with await asyncio.start_server(endpoint, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        client = await aiohttp_client(build_app(options=ServerOptions(forward=f"http://127.0.0.1:{port}")))
        assert (await client.post("/api/v1/sessions", data=START)).status == 201
        await asyncio.wait_for(asked.wait(), GUARD_S)
        await client.close()
        await asyncio.wait_for(left.wait(), GUARD_S)


async def test_connection_to_the_endpoint_is_not_used_after_it_was_idle_for_long(
    aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.server.forwarding.IDLE_S", 0)
    connections = []

    async def endpoint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(START):
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(endpoint, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        app = build_app(options=ServerOptions(forward=f"http://127.0.0.1:{port}"))
        client = await aiohttp_client(app)
        server = MediaServer(app[SERVICE].control())
        for count in (1, 2):
            assert (await client.post("/api/v1/sessions", data=START)).status == 201
            await asyncio.to_thread(forwarded, server, count)
            assert len(connections) == count
        await client.close()
