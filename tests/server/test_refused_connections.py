from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import warnings
from collections.abc import Iterator
from unittest.mock import AsyncMock

import aiohttp
import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from mockserver import MockServer
from mockserver.errors import ServerFailed
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import RefuseFault
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery
from mockserver.server.gate import Gate
from mockserver.server.incoming import Incoming
from mockserver.server.options import ServerOptions
from mockserver.server.port import Port
from mockserver.server.service import SERVICE, build_app
from tests.server.conftest import SCHEMES, Start, StartWith
from tests.server.running import PING, START, Running
from tests.server.wire import Wire
from tests.tables import every_case
from tests.waiting import GUARD_S, until

LONG_MS = 600_000
"""Longer than any test."""
SHORT_MS = 50
JSON = ("Content-Type", "application/json")


@pytest.fixture
def server(each_scheme: Running) -> Running:
    return each_scheme


def is_refused(port: int, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, port), timeout=GUARD_S).close()
    except ConnectionRefusedError:
        return True
    return False


def refuse(server: Running, duration_ms: int, stage: str = "request") -> None:
    """Let a sessionStart make the server refuse connections."""
    server.add_fault({"kind": "refuse", "duration_ms": duration_ms}, stage=stage, times=1)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.is_reset()


def end_refusal(tester: Wire) -> None:
    """Send a request on an earlier connection; the answer arrives when the server listens again."""
    tester.request("POST", "/__admin/reset", b'{"only": ["faults"]}', JSON)


@every_case("scheme", SCHEMES)
@every_case("stage", ["request", "response"])
def test_refuse_resets_and_then_refuses_new_connections(start_with: StartWith, scheme: str, stage: str) -> None:
    server = start_with(scheme)
    refuse(server, LONG_MS, stage)
    assert is_refused(server.port)
    assert is_refused(server.port)
    emulator = server.emulator
    record = emulator.journal.get(1)
    assert record is not None
    assert (record.delivery, record.fault_ids) == (Delivery.CUT, ("f1",))
    assert len(tuple(emulator.sessions)) == (stage == "response")


@pytest.mark.parametrize("stage", ["request", "response"])
def test_refuse_ends_on_the_same_port_after_real_time_although_the_clock_stands(server: Running, stage: str) -> None:
    port = server.port
    refuse(server, SHORT_MS, stage)
    until(lambda: not is_refused(port))
    assert server.port == port
    assert server.ping(server.open_session()).status == 204
    server.assert_alive()


def test_refuse_happens_as_often_as_its_rule_fires(server: Running) -> None:
    for _ in range(3):
        refuse(server, SHORT_MS)
        until(lambda: not is_refused(server.port))
    server.assert_alive()


def test_earlier_connections_are_reset_when_used_and_nothing_is_recorded(server: Running) -> None:
    sid = server.open_session()
    path = f"/api/v1/sessions/{sid}/events"
    with server.connect() as kept, server.connect() as fresh, server.connect() as half:
        assert kept.ask("POST", path, PING).status == 204
        half.send(b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123")
        refuse(server, LONG_MS)
        assert server.emulator.journal.last_seq == 3
        kept.request("POST", path, PING)
        assert kept.is_reset()
        fresh.request("GET", "/ns/new/api/v1/schemas/play")
        assert fresh.is_reset()
        half.send(b"4567890")
        assert half.is_reset()
    assert server.emulator.journal.last_seq == 3
    assert len(server.service.namespaces) == 1


def test_earlier_connections_work_again_afterwards(server: Running) -> None:
    sid = server.open_session()
    with server.connect() as kept:
        assert kept.ask("POST", f"/api/v1/sessions/{sid}/events", PING).status == 204
        refuse(server, SHORT_MS)
        until(lambda: not is_refused(server.port))
        assert kept.ask("POST", f"/api/v1/sessions/{sid}/events", PING).status == 204


def test_admin_api_still_answers_on_earlier_connections(server: Running) -> None:
    with server.connect() as kept:
        assert kept.ask("GET", "/__admin/health").status == 200
        refuse(server, LONG_MS)
        assert kept.ask("GET", "/__admin/health").status == 200
        assert kept.ask("GET", "/__admin/events").json()["meta"]["total"] == 1
        kept.request("GET", "/api/v1/schemas/play")
        assert kept.is_reset()


def test_separate_admin_port_accepts_connections_meanwhile(start: Start) -> None:
    server = start(admin_port=0)
    refuse(server, LONG_MS)
    assert is_refused(server.port)
    assert server.admin("GET", "/health").status == 200
    assert server.last_entry()["delivery"] == "cut"
    assert is_refused(server.port)


def test_requests_in_flight_are_answered_meanwhile(server: Running) -> None:
    held = server.add_fault({"kind": "delay", "ms": 1000}, times=1)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(held)
        refuse(server, LONG_MS)
        server.advance(1000)
        assert wire.answer().status == 201


async def test_gate_stays_closed_for_the_longest_of_its_closings() -> None:
    loop, opened = asyncio.get_running_loop(), asyncio.Event()
    moves: list[bool] = []

    def moved(closed: bool) -> None:
        moves.append(closed)
        if not closed:
            opened.set()

    gate = Gate()
    gate.keep(moved)
    began_s = loop.time()
    for duration_s in (0.01, 0.1, 0.001):
        gate.close_for(duration_s)
    await asyncio.wait_for(opened.wait(), GUARD_S)
    assert loop.time() - began_s > 0.09
    assert moves == [True, False]
    assert gate.closed is False


async def test_gate_without_a_keeper_stays_open() -> None:
    gate = Gate()
    gate.close_for(1000)
    gate.hold()
    assert gate.closed is False
    gate.release()


async def test_gate_whose_keeper_left_opens_without_a_call() -> None:
    moves: list[bool] = []
    gate = Gate()
    gate.keep(moves.append)
    gate.close_for(1000)
    gate.hold()
    gate.leave()
    assert (gate.closed, moves) == (False, [True])


@pytest.fixture
def taker() -> Iterator[socket.socket]:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield connection


def test_port_that_somebody_else_took_is_retried_until_it_is_free(
    server: Running, taker: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "mockserver"), server.connect() as tester:
        tester.ask("GET", "/__admin/health")
        refuse(server, LONG_MS)
        taker.bind(("127.0.0.1", server.port))
        taker.listen()
        end_refusal(tester)
        until(lambda: caplog.records)
        assert not server.service.gate.closed
        taker.close()
        assert tester.answer().status == 200
        assert not is_refused(server.port)
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot listen on 127.0.0.1 port {server.port} again: it is in use; will keep trying"
    ]
    server.assert_alive()


def test_system_gives_the_port_to_nobody_else_meanwhile(server: Running) -> None:
    refuse(server, LONG_MS)
    free = [socket.create_server(("127.0.0.1", 0)) for _ in range(200)]
    try:
        assert server.port not in {each.getsockname()[1] for each in free}
    finally:
        for each in free:
            each.close()


@pytest.mark.parametrize("taken", [False, True])
def test_stop_meanwhile_is_fast_and_leaves_nothing_behind(server: Running, taker: socket.socket, taken: bool) -> None:
    gc.collect()  # what earlier tests left behind
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with server.connect() as kept, server.connect() as tester:
            kept.ask("GET", "/api/v1/schemas/play")
            tester.ask("GET", "/__admin/health")
            refuse(server, LONG_MS)
            if taken:
                taker.bind(("127.0.0.1", server.port))
                taker.listen()
                end_refusal(tester)
                until(lambda: not server.service.gate.closed)
            assert server.stop() < 0.5
            assert kept.rest() == b""
        taker.close()
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []
    assert is_refused(server.port)
    socket.create_server(("127.0.0.1", server.port)).close()


async def test_name_with_several_addresses_is_listened_at_again_in_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    def addresses() -> list[tuple[str, int]]:
        return [place[1][:2] for place in port._places if len(port._listeners) == 2]

    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 0)) for n in (1, 2)]
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", AsyncMock(return_value=both))
    port = Port(handle, None, Settings, Incoming(Settings))
    await port.open("localhost", 0)
    before = addresses()
    assert len(before) == 2
    port.shut()
    await asyncio.sleep(0)
    assert all(is_refused(port, host) for host, port in before)
    await port.reopen()
    assert addresses() == before
    assert not any(is_refused(port, host) for host, port in before)
    await port.close()
    assert all(is_refused(port, host) for host, port in before)


async def test_app_with_its_own_sockets_only_resets(aiohttp_client: AiohttpClient) -> None:
    app = build_app(faults=[FaultSpec(fault=RefuseFault(duration_ms=LONG_MS), times=1)])
    client = await aiohttp_client(app)
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/api/v1/sessions", data=START)
    assert (await client.post("/api/v1/sessions", data=START)).status == 201
    assert app[SERVICE].gate.closed is False


def test_mock_server_refuses_connections_for_a_block() -> None:
    with MockServer() as server:
        port = int(server.host.rpartition(":")[2])
        kept = Wire(socket.create_connection(("127.0.0.1", port)))
        assert kept.ask("GET", "/api/v1/schemas/play").status == 200
        with kept:
            with server.refusing_connections():
                assert is_refused(port)
                with server.refusing_connections():
                    assert is_refused(port)
                assert is_refused(port)
                kept.request("GET", "/api/v1/schemas/play")
                assert kept.is_reset()
            assert not is_refused(port)
        with pytest.raises(ZeroDivisionError), server.refusing_connections():
            raise ZeroDivisionError
        assert not is_refused(port)
        assert [entry.operation.value for entry in server.events(operation=["schema", "start"])] == ["schema"]
        assert server.internal_errors == []


def test_stopped_mock_server_cannot_refuse() -> None:
    server = MockServer()
    with pytest.raises(ServerFailed, match="is not running"), server.refusing_connections():
        pass
    with server:
        pass
    with pytest.raises(ServerFailed, match="is not running"), server.refusing_connections():
        pass


def test_mock_server_may_be_stopped_while_it_refuses() -> None:
    with MockServer() as server, server.refusing_connections():
        server.stop()
    assert server.internal_errors == []


def test_mock_server_reports_that_somebody_took_its_port(monkeypatch: pytest.MonkeyPatch, taker: socket.socket) -> None:
    with MockServer() as server:
        port = int(server.host.rpartition(":")[2])
        refusing = server.refusing_connections()
        refusing.__enter__()
        taker.bind(("127.0.0.1", port))
        taker.listen()
        monkeypatch.setattr("mockserver.server.runner._ADMIT_S", 0.3)
        with pytest.raises(ServerFailed, match=f"port {port} again: the port is in use"):
            refusing.__exit__(None, None, None)
        taker.close()
        until(lambda: not is_refused(port))
        assert server.internal_errors == []


def test_block_that_refuses_on_a_mock_server_continues_while_a_rule_refuses() -> None:
    rule = {"fault": {"kind": "refuse", "duration_ms": LONG_MS}, "stage": "response", "times": 1}
    with MockServer(options=ServerOptions(), faults=[rule]) as server:
        port = int(server.host.rpartition(":")[2])
        with Wire(socket.create_connection(("127.0.0.1", port))) as wire:
            wire.request("POST", "/api/v1/sessions", START)
            assert wire.is_reset()
        with server.refusing_connections():
            assert is_refused(port)
        assert is_refused(port)


def test_last_accepted_connection_is_answered_or_reset() -> None:
    with MockServer() as server:
        port = int(server.host.rpartition(":")[2])
        for _ in range(50):
            with Wire(socket.create_connection(("127.0.0.1", port))) as wire:
                with server.refusing_connections():
                    pass
                with contextlib.suppress(ConnectionError):
                    assert wire.ask("GET", "/api/v1/schemas/play").status == 200
        gc.collect()


@every_case("scheme", SCHEMES)
@every_case("only", [None, ["faults"]])
def test_reset_of_the_faults_ends_what_a_rule_began(start_with: StartWith, scheme: str, only: list[str] | None) -> None:
    server = start_with(scheme)
    with server.connect() as tester:
        tester.request("GET", "/__admin/health")
        assert tester.answer().status == 200
        refuse(server, LONG_MS)
        assert is_refused(server.port)
        body = b"{}" if only is None else b'{"only": ["faults"]}'
        tester.request("POST", "/__admin/reset", body, JSON)
        assert tester.answer().status == 200
    assert not is_refused(server.port)


def test_reset_of_something_else_leaves_connections_refused(server: Running) -> None:
    with server.connect() as tester:
        refuse(server, LONG_MS)
        tester.request("POST", "/__admin/reset", b'{"only": ["journal"]}', JSON)
        assert tester.answer().status == 200
    assert is_refused(server.port)


def test_reset_in_process_ends_it_and_keeps_what_a_block_refuses() -> None:
    with MockServer() as server:
        port = int(server.url.rpartition(":")[2])
        server.faults.add({"kind": "refuse", "duration_ms": LONG_MS})
        with socket.create_connection(("127.0.0.1", port), timeout=GUARD_S) as connection:
            connection.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        assert is_refused(port)
        with server.refusing_connections():
            server.reset()
            assert is_refused(port)
        assert not is_refused(port)
