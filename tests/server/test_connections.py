from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from aiohttp import web

from mockserver.control import PATCH_SETTINGS
from mockserver.model.settings import Settings
from mockserver.server.connections import Connection, Connections
from mockserver.server.incoming import Incoming
from mockserver.server.listener import Listener
from tests.server.conftest import Start
from tests.server.running import START, Running
from tests.server.wire import Wire, heard
from tests.waiting import GUARD_S, until

HALF_HEAD = b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nX-Long: "
BODY_HEAD = b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


def used(server: Running) -> Wire:
    """Return a connection that has had an answer and is still open."""
    wire = server.connect()
    assert wire.ask("GET", "/api/v1/schemas/ping").status == 200
    return wire


def change(server: Running, **settings: Any) -> None:
    server.control.call(PATCH_SETTINGS, settings)


def test_head_that_is_not_complete_in_time_ends_its_connection(each_scheme: Running) -> None:
    server = each_scheme
    with server.connect() as fresh, used(server) as after_another:
        change(server, header_timeout_s=0.25)  # not before, because TLS has no more time to begin
        for wire in (fresh, after_another):
            wire.send(HALF_HEAD + b"x" * 1000)
        assert fresh.rest() == after_another.rest() == b""
    assert server.emulator.journal.last_seq == 1
    until(lambda: server.service.incoming.size_bytes == 0)
    server.assert_alive()


def test_head_in_pieces_is_answered_and_idle_connections_and_empty_lines_have_no_time_limit(start: Start) -> None:
    server = start(Settings(header_timeout_s=0.25))
    with used(server) as idle, server.connect() as fresh, server.connect() as spaced:
        spaced.send(b"\r\n\r\n")
        with server.connect() as late:
            late.send(HALF_HEAD)
            assert late.rest() == b""
        change(server, header_timeout_s=GUARD_S)  # a busy machine may pause between two pieces
        for wire in (idle, fresh, spaced):
            for piece in (b"GET /api/v1/sch", b"emas/ping HTTP/1.1\r\nHo", b"st: localhost\r\n\r\n"):
                wire.send(piece)
            assert wire.answer().status == 200
            assert wire.ask("GET", "/api/v1/schemas/ping").status == 200
    assert server.service.incoming.size_bytes == 0


def test_aiohttp_shows_whether_a_connection_waits_for_a_request() -> None:
    assert hasattr(web.RequestHandler, "_waiter"), (
        "aiohttp has renamed what a connection waits with: until Connection._is_waiting finds it, the head of a "
        "request may take for ever, and no idle connection is closed for a new one"
    )


def test_requests_are_answered_where_aiohttp_does_not_show_whether_a_connection_waits(
    monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    monkeypatch.setattr(Connection, "_is_waiting", False)
    server = start(Settings(header_timeout_s=0.01))
    with used(server) as first, server.connect() as second:
        second.send(HALF_HEAD)
        assert first.ask("POST", "/api/v1/sessions", START).status == 201
        second.send(b"x\r\nContent-Length: 0\r\n\r\n")
        assert second.answer().status == 400
    assert server.service.incoming.size_bytes == 0


def test_longest_idle_connection_gives_way_to_a_new_one(start: Start) -> None:
    server = start(Settings(max_connections=3))
    with used(server) as first, used(server) as second, used(server) as third:
        assert second.ask("GET", "/api/v1/schemas/ping").status == 200
        with used(server), used(server):
            assert first.rest() == b""
            assert third.rest() == b"" or second.rest() == b""
        server.assert_alive()


def test_connection_with_a_request_in_progress_does_not_give_way_and_new_ones_wait(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = start(
        Settings(max_connections=4),
        faults=({"fault": {"kind": "delay", "ms": 3_600_000}, "stage": "request", "times": 2},),
    )
    emulator = server.emulator
    with caplog.at_level(logging.WARNING, "mockserver"), ExitStack() as stack:
        busy = [stack.enter_context(server.connect()) for _ in range(4)]
        for wire in busy[:2]:
            wire.request("POST", "/api/v1/sessions", START)
        for wire in busy[2:]:
            wire.send(BODY_HEAD + b" ")
        until(lambda: (emulator.held_count, server.service.incoming.size_bytes) == (2, 2))
        waiting = stack.enter_context(server.connect())
        waiting.request("GET", "/api/v1/schemas/ping")
        until(lambda: caplog.records)
        assert waiting.is_silent()
        server.advance(3_600_000)
        assert [wire.answer().status for wire in busy[:2]] == [201, 201]
        assert waiting.answer().status == 200
    assert len({record.getMessage() for record in caplog.records}) == len(caplog.records) == 1
    assert "setting max_connections" in caplog.text


def test_bound_can_be_changed_while_the_server_runs(start: Start) -> None:
    server = start(Settings(max_connections=1))
    with server.connect() as busy:
        busy.send(BODY_HEAD + b" ")
        until(lambda: server.service.incoming.size_bytes == 1)
        with server.connect() as waiting:
            waiting.request("GET", "/api/v1/schemas/ping")
            assert waiting.is_silent()
            with server.service.namespaces.default as emulator:
                emulator.configure(Settings(max_connections=2))
            assert waiting.answer().status == 200


def test_separate_admin_port_has_its_own_bound(start: Start) -> None:
    server = start(Settings(max_connections=1), admin_port=0)
    with server.connect() as busy:
        busy.send(BODY_HEAD)
        assert server.admin("GET", "/health").status == 200


def test_body_for_which_there_is_no_room_is_answered_429_and_recorded(start: Start) -> None:
    server = start(Settings(max_incoming_bytes=150_000))
    with server.connect() as first, server.connect() as second:
        first.send(BODY_HEAD + b" " * 90_000)
        until(lambda: server.service.incoming.size_bytes == 90_000)  # the two might arrive piece by piece in turn
        second.send(BODY_HEAD + b" " * 70_000)
        answer = second.answer()
        assert answer.status == 429
        assert server.last_entry()["violations"][0]["rule"] == "bodies"
        assert server.ping(server.open_session()).status == 204
        until(lambda: server.service.incoming.size_bytes == 90_000)
        first.send(b" " * 10_000)
        assert first.answer().status == 400
    until(lambda: server.service.incoming.size_bytes == 0)
    server.assert_alive()


def test_admin_body_for_which_there_is_no_room_is_answered_429_and_changes_nothing(start: Start) -> None:
    server = start(Settings(max_incoming_bytes=10_000))
    body = b'{"max_held": 1, "bitrate_unit":' + b" " * 20_000 + b'"bps"}'
    with server.connect() as wire:
        wire.send(b"PATCH /__admin/settings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body))  # fmt: skip
        wire.send(body)
        answer = wire.answer()
    assert (answer.status, answer.json()["code"]) == (429, "limit_reached")
    assert server.emulator.settings.max_held == 256
    assert server.service.incoming.size_bytes == 0


def test_head_for_which_there_is_no_room_ends_its_connection(start: Start) -> None:
    server = start(Settings(max_incoming_bytes=5_000))
    with server.connect() as first, server.connect() as second:
        for wire in (first, second):
            wire.send(HALF_HEAD + b"x" * 3_000)
            until(lambda: server.service.incoming.size_bytes > 3_000)
        assert second.rest() == b""
        first.send(b"\r\n\r\n")
        assert first.answer().status == 400
    assert server.service.incoming.size_bytes == 0


def test_body_must_be_complete_in_time_however_often_a_piece_arrives(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.server.bodies.LONGEST_BODY_S", 0)
    with server.connect() as wire:
        wire.send(BODY_HEAD + b" ")
        assert wire.answer().status == 400
    assert server.last_entry()["violations"][0]["rule"] == "body-incomplete"


def test_no_more_than_half_of_the_connections_may_hang(start: Start) -> None:
    server = start(Settings(max_connections=4), faults=({"fault": {"kind": "hang"}, "when": {"operation": "start"}},))
    with ExitStack() as stack:
        hanging = [stack.enter_context(server.connect()) for _ in range(3)]
        for number, wire in enumerate(hanging, 1):
            wire.request("POST", "/api/v1/sessions", START)
            server.wait_for_entries(number)
        assert hanging[2].rest() == b""
        assert server.last_entry()["delivery"] == "cut"
        assert heard(dict(enumerate(hanging[:2]))) == []
        assert server.ask("GET", "/api/v1/schemas/ping").status == 200


class NoFiles(socket.socket):
    """A listening socket of a system that has no file descriptors left for a while."""

    left = 0
    asked = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.asked += 1
        if self.left:
            self.left -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.fixture
def listening() -> Iterator[NoFiles]:
    with NoFiles() as connection:
        connection.bind(("127.0.0.1", 0))
        connection.setblocking(False)
        yield connection


async def test_connections_the_system_refuses_are_logged_once_and_retried_ever_less_often(
    listening: NoFiles, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="here")

    known = Connections(handle, Settings, Incoming(Settings))
    listener = Listener(listening, known, None)
    listening.left = 3
    with caplog.at_level(logging.WARNING, "mockserver"):
        listener.begin()
        began_s = asyncio.get_running_loop().time()
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"here")
        assert asyncio.get_running_loop().time() - began_s > 0.3
    assert listening.asked <= 5
    assert [record.getMessage() for record in caplog.records] == [
        "cannot take connections: Too many open files; will try again"
    ]
    writer.close()
    listener.leave()
    await known.settle()
    await known.shutdown(0.05)


async def test_where_the_loop_cannot_watch_a_socket_connections_are_accepted_within_the_bound(
    listening: NoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop of Windows has no add_reader."""

    def cannot(*unused: object) -> None:
        raise NotImplementedError

    asked, began, goes_on = list[str](), asyncio.Event(), asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        began.set()
        if request.path == "/first":
            await goes_on.wait()
        return web.Response(text="here")

    known = Connections(handle, lambda: Settings(max_connections=1), Incoming(Settings))
    listener = Listener(listening, known, None)
    monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", cannot)
    listening.left = 1
    listener.begin()
    clients = []
    for path in ("/first", "/second"):
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        clients.append((reader, writer))
    await began.wait()
    assert (asked, len(known)) == (["/first"], 1)
    goes_on.set()
    for reader, writer in clients:
        assert (await reader.read()).endswith(b"here")
        writer.close()
    assert asked == ["/first", "/second"]
    address = listening.getsockname()
    listener.leave()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    await known.settle()
    await known.shutdown(0.05)


def test_every_port_bounds_requests_that_arrive_in_pieces(start: Start) -> None:
    server = start(Settings(max_incoming_bytes=5_000, header_timeout_s=0.05), admin_port=0)
    for port in (server.port, server.thread.admin_port):
        with server.connect(port) as large, server.connect(port) as slow:
            large.send(HALF_HEAD + b"x" * 6_000)
            assert large.rest() == b""
            slow.send(HALF_HEAD)
            assert slow.rest() == b""
    until(lambda: server.service.incoming.size_bytes == 0)
