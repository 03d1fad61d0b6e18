from __future__ import annotations

import asyncio
import http.client
import json
import socket
from typing import Any

import pytest

from mockserver.admin.paging import block
from mockserver.model.journal import Entry
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespace
from mockserver.server import stream as streaming
from mockserver.server.stream import Turns
from tests.server.conftest import Start
from tests.server.running import Running
from tests.server.wire import Wire
from tests.tables import every_case
from tests.waiting import GUARD_S, until


class Listener:
    """A client of the stream that reads one message after the other."""

    def __init__(self, server: Running, last_event_id: str | None = None, prefix: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=GUARD_S)
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self._connection.request("GET", f"{prefix}/__admin/stream", headers=headers)
        self._response = self._connection.getresponse()
        assert (self._response.status, self._response.getheader("Content-Type")) == (200, "text/event-stream")
        assert self.message() == {"": "connected"}

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._connection.close()

    def message(self) -> dict[str, Any] | None:
        """Return the next message, None at the end."""
        fields: dict[str, Any] = {}
        while line := self._response.readline().rstrip(b"\n"):
            name, _, value = line.decode().partition(": ")
            fields[name] = json.loads(value) if name == "data" else value
        return fields or None


def number(stream: Listener) -> int:
    sent = stream.message()
    assert sent is not None
    return int(sent["id"])


def test_entries_are_sent_as_they_are_recorded(server: Running) -> None:
    server.open_session()
    with Listener(server) as stream:
        sid = server.open_session()
        assert stream.message() == {"id": "2", "data": server.entry(2)}
        server.ping(sid)
        assert stream.message() == {"id": "3", "data": server.entry(3)}


def test_last_event_id_resumes_where_the_stream_ended(server: Running) -> None:
    with server.connect() as wire:
        for _ in range(450):
            wire.ask("OPTIONS", "/api/v1/sessions")
    with Listener(server, "2") as stream:
        assert [number(stream) for _ in range(448)] == list(range(3, 451))
        server.open_session()
        assert number(stream) == 451


@every_case("last", ["x", "-1", "\u00b2", ""])
def test_last_event_id_that_is_no_number_means_from_now_on(start: Start, last: str) -> None:
    server = start()
    server.open_session()
    with Listener(server, last) as stream:
        server.open_session()
        assert number(stream) == 2


@every_case("last", ["2", "9" * 5000])
def test_last_event_id_from_before_a_reset_gets_the_reset_and_all_since(start: Start, last: str) -> None:
    server = start()
    server.open_session()
    server.open_session()
    server.admin("POST", "/reset")
    server.open_session()
    with Listener(server, last) as stream:
        assert stream.message() == {"event": "reset", "data": {}}
        server.open_session()
        assert [number(stream), number(stream)] == [1, 2]


def test_entries_dropped_before_they_could_be_sent_are_reported(start: Start) -> None:
    server = start(Settings(max_entries=2))
    for _ in range(5):
        server.open_session()
    with Listener(server, "1") as stream:
        assert stream.message() == {"event": "evicted", "data": {"lost": 2}}
        assert [number(stream), number(stream)] == [4, 5]


def test_reset_is_announced_and_seq_starts_again(server: Running) -> None:
    server.open_session()
    with Listener(server) as stream:
        server.admin("POST", "/reset")
        assert stream.message() == {"event": "reset", "data": {}}
        server.open_session()
        assert number(stream) == 1


def test_stream_of_a_future_namespace_sees_its_first_request(server: Running) -> None:
    with Listener(server, prefix="/ns/later") as stream:
        assert server.admin("GET", "/namespaces").json()["meta"]["total"] == 1
        server.open_session()
        server.open_session("/ns/later")
        sent = stream.message()
        assert sent is not None
        assert (sent["id"], sent["data"]["request"]["path"]) == ("1", "/ns/later/api/v1/sessions")


def test_too_many_streams_are_429_and_one_that_ends_makes_room(start: Start) -> None:
    server = start(Settings(max_streams=1))
    with Listener(server):
        refused = server.admin("GET", "/stream")
        assert (refused.status, refused.json()["code"]) == (429, "limit_reached")
    until(lambda: server.emulator.subscribers == ())
    with Listener(server):
        assert len(server.emulator.subscribers) == 1


def test_streams_end_when_the_server_stops(server: Running) -> None:
    with Listener(server) as one, Listener(server) as two:
        assert server.stop() < 0.5
        assert one.message() is two.message() is None


# Large amounts and slow readers


def waiting(server: Running) -> Wire:
    """Return a connection of a slow reader, with a small buffer in the system."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.connect(("127.0.0.1", server.port))
    return Wire(connection)


def test_a_stream_whose_reader_waits_reads_no_further(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(namespace: Namespace, since: int) -> list[Entry]:
        entries = block(namespace, since)
        read.extend(entry.seq for entry in entries)
        return entries

    monkeypatch.setattr(streaming, "block", counted)
    with server.connect() as wire:
        for _ in range(60):
            wire.ask("POST", "/nowhere", b"x" * 300_000)
    with waiting(server) as wire, server.connect() as player:
        wire.request("GET", "/__admin/stream", None, ("Last-Event-ID", "0"))
        wire.until(b": connected")
        until(lambda: len(read) > 0)
        for _ in range(200):
            player.ask("OPTIONS", "/api/v1/sessions")
        assert len(read) < 30
    with Listener(server, "0") as other:
        assert [number(other) for _ in range(260)] == [*range(1, 261)]


async def test_between_two_turns_the_loop_serves_everybody_else() -> None:
    turns, served = Turns(), 0
    seen: list[int] = []

    async def busy() -> None:
        for _ in range(20):
            await turns.take(lambda: seen.append(served))

    async def serve() -> None:
        nonlocal served
        while len(seen) < 60:
            served += 1
            await asyncio.sleep(0)

    await asyncio.gather(serve(), busy(), busy(), busy())
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("form", ["ndjson", "har"])
def test_players_are_answered_while_nobody_reads_an_export(server: Running, form: str) -> None:
    sid = server.open_session()
    with server.connect() as wire:
        for _ in range(20):
            wire.ask("POST", "/nowhere", b"x" * 900_000)
    with server.connect() as wire:
        wire.request("GET", f"/__admin/export?format={form}")
        wire.until(b"\r\n\r\n")
        assert server.ping(sid).status == 204
    whole = http.client.HTTPConnection("127.0.0.1", server.port, timeout=GUARD_S)
    whole.request("GET", f"/__admin/export?format={form}")
    assert len(whole.getresponse().read()) > 20 * 900_000
    whole.close()
