from __future__ import annotations

import http.client
from itertools import product
from typing import Any

import httpx
import pytest
import requests

from mockserver.clock import Clock
from mockserver.control import PATCH_SETTINGS
from mockserver.server.effects import GARBLED
from tests.server.conftest import SCHEMES, Start, StartWith
from tests.server.running import PING, START, Running, http_client
from tests.server.wire import Wire, heard
from tests.tables import every_case
from tests.waiting import GUARD_S, until

EVENT = {"operation": "event"}
OUTCOMES = {"request": "not_processed", "response": "accepted"}
KINDS: tuple[dict[str, object], ...] = (
    {"kind": "truncate", "after_bytes": 20},
    {"kind": "garble"},
    {"kind": "dribble", "chunks": 4, "total_ms": 300},
)


@pytest.fixture
def server(each_scheme: Running) -> Running:
    return quiet(each_scheme)


def quiet(server: Running) -> Running:
    """Start a server whose answers do not mention faults, so that they can be compared byte by byte."""
    server.control.call(PATCH_SETTINGS, {"fault_header": False})
    return server


def events_of(sid: str) -> str:
    return f"/api/v1/sessions/{sid}/events"


def whole_answer(wire: Wire, sid: str) -> bytes:
    """Send an event without faults, and return the bytes of its answer."""
    wire.request("POST", events_of(sid), PING)
    return wire.until(b"\r\n\r\n")


@every_case("scheme", SCHEMES)
@every_case("stage", OUTCOMES)
@every_case("after_bytes", [1, 8, 17, 40])
def test_truncate_sends_that_many_bytes_and_ends_the_connection(
    start_with: StartWith, scheme: str, stage: str, after_bytes: int
) -> None:
    server = quiet(start_with(scheme))
    sid = server.open_session()
    with server.connect() as wire:
        whole = whole_answer(wire, sid)
        fault_id = server.add_fault({"kind": "truncate", "after_bytes": after_bytes}, when=EVENT, stage=stage)
        wire.request("POST", events_of(sid), PING)
        assert wire.until_end() == whole[:after_bytes]
    entry = server.last_entry()
    assert (entry["delivery"], entry["outcome"], entry["fault_ids"]) == ("cut", OUTCOMES[stage], [fault_id])
    assert entry["response"]["status"] == 204
    server.assert_alive()


def test_truncate_to_nothing_ends_the_connection_without_a_byte(server: Running) -> None:
    server.add_fault({"kind": "truncate", "after_bytes": 0}, stage="response")
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.until_end() == b""
    assert server.last_entry()["delivery"] == "cut"
    server.assert_alive()


@every_case("scheme", SCHEMES)
@every_case("beyond", [0, 1, 100_000])
def test_truncate_beyond_the_end_sends_everything_and_ends_the_connection(
    start_with: StartWith, scheme: str, beyond: int
) -> None:
    server = quiet(start_with(scheme))
    sid = server.open_session()
    with server.connect() as wire:
        whole = whole_answer(wire, sid)
        rule = {"kind": "truncate", "after_bytes": len(whole) + beyond}
        server.add_fault(rule, when=EVENT, stage="response")
        wire.request("POST", events_of(sid), PING)
        assert wire.until_end() == whole
    assert server.last_entry()["delivery"] == "sent"


def test_truncate_in_the_body_is_an_incomplete_read(start: Start) -> None:
    server = start()
    whole = server.ask("GET", "/api/v1/sessions")
    assert whole.status == 405
    head = len(raw_answer(server, "GET", "/api/v1/sessions")) - len(whole.body)
    rule = {"kind": "truncate", "after_bytes": head + 10}
    server.admin("PATCH", "/settings", {"fault_header": False})
    server.add_fault(rule, stage="response")
    with http_client(server) as client:
        client.request("GET", "/api/v1/sessions")
        with pytest.raises(http.client.IncompleteRead) as caught:
            client.getresponse().read()
    assert caught.value.partial == whole.body[:10]


def raw_answer(server: Running, method: str, target: str) -> bytes:
    """Return the bytes of an answer with a body, on a connection that stays open."""
    with server.connect() as wire:
        wire.request(method, target)
        head = wire.until(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return head + wire.exactly(int(length))


@every_case("scheme", SCHEMES)
@every_case("stage", OUTCOMES)
def test_garble_replaces_the_status_line_and_ends_the_connection(
    start_with: StartWith, scheme: str, stage: str
) -> None:
    server = quiet(start_with(scheme))
    sid = server.open_session()
    with server.connect() as wire:
        whole = whole_answer(wire, sid)
        fault_id = server.add_fault({"kind": "garble"}, when=EVENT, stage=stage)
        wire.request("POST", events_of(sid), PING)
        assert wire.until_end() == GARBLED + whole[len(b"HTTP/1.1 204 No Content") :]
    entry = server.last_entry()
    assert (entry["delivery"], entry["outcome"], entry["fault_ids"]) == ("cut", OUTCOMES[stage], [fault_id])
    server.assert_alive()


def test_garbled_answer_is_a_bad_status_line(start: Start) -> None:
    server = start()
    server.add_fault({"kind": "garble"}, stage="response")
    with http_client(server) as client:
        client.request("POST", "/api/v1/sessions", START)
        with pytest.raises(http.client.BadStatusLine):
            client.getresponse()


class Dribbled:
    """A server that sends the answer to an event in four pieces, and the client that sent the event."""

    def __init__(self, server: Running, stage: str) -> None:
        self.server = quiet(server)
        self.sid = server.open_session()
        self.wire = server.connect()
        self.whole = whole_answer(self.wire, self.sid)
        rule = {"kind": "dribble", "chunks": 4, "total_ms": 300}
        server.add_fault(rule, when=EVENT, stage=stage, times=1)
        self.wire.request("POST", events_of(self.sid), PING)

    def takes(self, number: int) -> bool:
        """Read the length of the next piece, and return whether it is that piece."""
        begin, end = (len(self.whole) * each // 4 for each in (number, number + 1))
        return self.wire.exactly(end - begin) == self.whole[begin:end]

    def delivery(self) -> Any:
        return self.server.entry(3)["delivery"]


def test_dribble_arrives_in_even_pieces_as_the_clock_advances(start_with: StartWith, clock: Clock) -> None:
    cases = {case: Dribbled(start_with(case[0]), case[1]) for case in product(SCHEMES, OUTCOMES)}
    wires = {case: each.wire for case, each in cases.items()}
    assert [case for case, each in cases.items() if not each.takes(0)] == []
    clock.advance(99)
    assert heard(wires) == []
    for number, ms in ((1, 1), (2, 100), (3, 100)):
        assert [case for case, each in cases.items() if each.delivery() != "pending"] == []
        clock.advance(ms)
        assert [case for case, each in cases.items() if not each.takes(number)] == []
        assert number == 3 or heard(wires) == []
    assert [case for case, each in cases.items() if each.delivery() != "sent"] == []
    for case, each in cases.items():
        with each.wire as wire:
            assert whole_answer(wire, each.sid) == each.whole, case
        each.server.assert_alive()


def test_dribble_in_more_pieces_than_there_are_bytes_sends_one_at_a_time(server: Running) -> None:
    sid = server.open_session()
    with server.connect() as wire:
        whole = whole_answer(wire, sid)
        rule = {"kind": "dribble", "chunks": 1000, "total_ms": len(whole) - 1}
        server.add_fault(rule, when=EVENT, stage="response", times=1)
        wire.request("POST", events_of(sid), PING)
        arrived = wire.exactly(1)
        assert wire.is_silent()
        for _ in range(len(whole) - 1):
            server.advance(1)
            arrived += wire.exactly(1)
        assert arrived == whole
        assert whole_answer(wire, sid) == whole


@every_case("scheme", SCHEMES)
@every_case(("chunks", "total_ms"), [(1, 5000), (3, 0), (1000, 0)])
def test_dribble_that_takes_no_time_needs_no_advance(
    start_with: StartWith, scheme: str, chunks: int, total_ms: int
) -> None:
    server = quiet(start_with(scheme))
    sid = server.open_session()
    server.add_fault({"kind": "dribble", "chunks": chunks, "total_ms": total_ms}, when=EVENT, stage="response")
    with server.connect() as wire:
        assert wire.ask("POST", events_of(sid), PING).status == 204
        assert wire.ask("POST", events_of(sid), PING).status == 204
    assert server.last_entry()["delivery"] == "sent"


def test_dribble_ends_when_the_client_leaves(server: Running) -> None:
    sid = server.open_session()
    server.add_fault({"kind": "dribble", "chunks": 4, "total_ms": 300}, when=EVENT, stage="response")
    with server.connect() as wire:
        wire.request("POST", events_of(sid), PING)
        wire.exactly(1)
        assert server.entry(2)["delivery"] == "pending"
    until(lambda: server.entry(2)["delivery"] == "client_gone")
    assert server.service.namespaces.default.clock._subscribers == []
    server.assert_alive()


def test_dribble_ends_when_the_server_stops(server: Running) -> None:
    server.add_fault({"kind": "dribble", "chunks": 2, "total_ms": 1000}, stage="response")
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        wire.exactly(1)
        assert server.stop() < 1
        wire.rest()
    record = server.emulator.journal.get(1)
    assert record is not None
    assert record.delivery.value == "cut"


def test_dribble_leaves_other_sessions_alone(server: Running) -> None:
    slow, quick = server.open_session(), server.open_session()
    rule = {"kind": "dribble", "chunks": 2, "total_ms": 1000}
    server.add_fault(rule, when={**EVENT, "session_id": slow}, stage="response")
    with server.connect() as wire:
        wire.request("POST", events_of(slow), PING)
        wire.exactly(1)
        assert server.ping(quick).status == 204
        server.advance(1000)
        assert wire.until(b"\r\n\r\n")
    assert server.entry(3)["delivery"] == server.entry(4)["delivery"] == "sent"


@every_case("scheme", SCHEMES)
@every_case("kind", KINDS, ids=lambda kind: str(kind["kind"]))
def test_head_and_old_clients_get_their_broken_answer_too(
    start_with: StartWith, scheme: str, kind: dict[str, object]
) -> None:
    server = quiet(start_with(scheme))
    server.add_fault(kind, when={"operation": ["schema", "other"]}, stage="response", times=2)
    for line in (b"HEAD /api/v1/schemas/play HTTP/1.1\r\nHost: a", b"GET /api/v1/schemas/play HTTP/1.0"):
        with server.connect() as wire:
            wire.send(line + b"\r\nConnection: close\r\n\r\n")
            wire.exactly(10)
            server.advance(1000)
            wire.until_end()
    server.assert_alive()


@every_case("scheme", SCHEMES)
@every_case("kind", [{"kind": "truncate", "after_bytes": 20}, {"kind": "garble"}, {"kind": "close"}],
                         ids=lambda kind: str(kind["kind"]))  # fmt: skip
def test_request_pipelined_behind_a_broken_answer_is_not_processed(
    start_with: StartWith, scheme: str, kind: dict[str, object]
) -> None:
    server = quiet(start_with(scheme))
    sid = server.open_session()
    server.add_fault(kind, when=EVENT, stage="response", times=1)
    head = f"POST {events_of(sid)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(PING)}\r\n\r\n".encode()
    with server.connect() as wire:
        wire.send(3 * (head + PING))
        arrived = wire.until_end()
    assert b"204" not in arrived[20:]
    assert server.ping(sid).status == 204
    assert server.emulator.journal.last_seq == 3


def test_request_pipelined_behind_a_dribble_is_answered_after_it(server: Running) -> None:
    sid = server.open_session()
    rule = {"kind": "dribble", "chunks": 2, "total_ms": 1000}
    server.add_fault(rule, when=EVENT, stage="response", times=1)
    head = f"POST {events_of(sid)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(PING)}\r\n\r\n".encode()
    with server.connect() as wire:
        wire.send(2 * (head + PING))
        wire.exactly(1)
        assert server.emulator.journal.last_seq == 2
        server.advance(1000)
        assert wire.until(b"\r\n\r\n").endswith(b"\r\n\r\n")
        assert wire.answer().status == 204


def test_broken_answer_after_a_delay_comes_after_it(start_with: StartWith, clock: Clock) -> None:
    wires: dict[tuple[str, str], Wire] = {}
    for scheme, kind in product(SCHEMES, KINDS):
        server = quiet(start_with(scheme))
        server.add_fault({"kind": "delay", "ms": 500}, stage="response")
        server.add_fault(kind, stage="response")
        wire = wires[scheme, str(kind["kind"])] = server.connect()
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
    assert heard(wires) == []
    clock.advance(500)
    for case, wire in wires.items():
        with wire:
            assert wire.exactly(4) == (GARBLED[:4] if case[1] == "garble" else b"HTTP"), case


@every_case("scheme", SCHEMES)
@every_case("kind", [*KINDS, {"kind": "reset"}, {"kind": "close"}], ids=lambda kind: str(kind["kind"]))
def test_client_that_left_before_its_fault_is_recorded_as_gone(
    start_with: StartWith, scheme: str, kind: dict[str, object]
) -> None:
    server = quiet(start_with(scheme))
    server.add_fault({"kind": "delay", "ms": 500}, stage="response")
    server.add_fault(kind, stage="response")
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
    until(lambda: server.entry(1)["delivery"] == "client_gone")
    server.assert_alive()


@pytest.mark.parametrize(
    ("kind", "standard", "with_requests", "with_httpx"),
    [
        ({"kind": "reset"}, ConnectionResetError, requests.ConnectionError, httpx.ReadError),
        ({"kind": "close"}, http.client.RemoteDisconnected, requests.ConnectionError, httpx.RemoteProtocolError),
        ({"kind": "garble"}, http.client.BadStatusLine, requests.ConnectionError, httpx.RemoteProtocolError),
        (
            {"kind": "truncate", "after_bytes": 500},
            http.client.IncompleteRead,
            requests.exceptions.ChunkedEncodingError,
            httpx.RemoteProtocolError,
        ),
    ],
    ids=["reset", "close", "garble", "truncate"],
)
def test_clients_raise_their_own_errors(
    start: Start,
    clock: Clock,
    kind: dict[str, object],
    standard: type[Exception],
    with_requests: type[Exception],
    with_httpx: type[Exception],
) -> None:
    server = start(clock=clock)
    server.add_fault(kind, when={"operation": "schema"}, stage="response", times=3)
    path = "/api/v1/schemas/play"
    url = f"http://127.0.0.1:{server.port}{path}"
    with http_client(server) as client:
        client.request("GET", path)
        with pytest.raises(standard):
            client.getresponse().read()
    with pytest.raises(with_requests):
        requests.get(url, timeout=GUARD_S)
    with httpx.Client(timeout=GUARD_S, verify=False) as client:  # reading certificates takes long
        with pytest.raises(with_httpx):
            client.get(url)
        assert requests.get(url, timeout=GUARD_S).status_code == client.get(url).status_code == 200
    server.assert_alive()
