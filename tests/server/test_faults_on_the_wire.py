from __future__ import annotations

import socket
from itertools import product

import pytest

from mockserver.clock import Clock
from mockserver.model.settings import Settings
from tests.server.conftest import SCHEMES, Start, StartWith
from tests.server.running import PING, START, Running
from tests.server.wire import heard
from tests.tables import every_case
from tests.waiting import until

EVENT = {"operation": "event"}


@pytest.fixture
def server(each_scheme: Running) -> Running:
    return each_scheme


@every_case("scheme", SCHEMES)
@every_case("stage", ["request", "response"])
def test_reset_is_seen_as_econnreset(start_with: StartWith, scheme: str, stage: str) -> None:
    server = start_with(scheme)
    fault_id = server.add_fault({"kind": "reset"}, stage=stage)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.is_reset()
    entry = server.last_entry()
    assert (entry["delivery"], entry["fault_ids"], entry["response"]) == (
        "cut",
        [fault_id],
        None if stage == "request" else entry["response"],
    )
    server.assert_alive()


@every_case("scheme", SCHEMES)
@every_case("stage", ["request", "response"])
def test_close_ends_the_connection_without_a_byte(start_with: StartWith, scheme: str, stage: str) -> None:
    server = start_with(scheme)
    server.add_fault({"kind": "close"}, stage=stage)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.socket.recv(1) == b""
    assert server.last_entry()["delivery"] == "cut"
    server.assert_alive()


def test_hang_is_silence_until_the_client_leaves(server: Running) -> None:
    server.add_fault({"kind": "hang"}, when=EVENT)
    sid = server.open_session()
    with server.connect() as wire:
        wire.request("POST", f"/api/v1/sessions/{sid}/events", PING)
        server.wait_for_entries(2)
        assert wire.is_silent()
        assert server.entry(2)["delivery"] == "pending"
    until(lambda: server.entry(2)["delivery"] == "client_gone")
    server.assert_alive()


def test_hang_ends_when_the_server_stops_in_less_than_a_second(server: Running) -> None:
    server.add_fault({"kind": "hang"})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
        assert server.stop() < 1
        assert wire.rest() == b""
    (record,) = (server.emulator.journal.get(1),)
    assert record is not None
    assert record.delivery.value == "cut"


def test_status_is_answered_with_its_headers_body_and_mark(server: Running) -> None:
    fault_id = server.add_fault({"kind": "status", "code": 503, "body": "busy", "headers": {"Retry-After": "5"}})
    answer = server.ask("POST", "/api/v1/sessions", START)
    assert (answer.status, answer.body) == (503, b"busy")
    assert answer.headers == [
        ("Date", "Thu, 09 Oct 2025 08:53:20 GMT"),
        ("Retry-After", "5"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "OPTIONS,POST,PUT"),
        ("Access-Control-Allow-Headers", "Content-Type"),
        ("Access-Control-Expose-Headers", "Location"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "4"),
        ("X-Mock-Fault", fault_id),
    ]
    entry = server.last_entry()
    assert [tuple(field) for field in entry["response"]["headers"]] == answer.headers
    assert (entry["outcome"], entry["delivery"], entry["response"]["body"]) == ("not_processed", "sent", "busy")


def test_status_body_that_is_not_text_is_sent_as_json(server: Running) -> None:
    server.add_fault({"kind": "status", "code": 400, "body": {"message": "no", "n": [1]}})
    answer = server.ask("POST", "/api/v1/sessions", START)
    assert (answer.header("Content-Type"), answer.json()) == ("application/json", {"message": "no", "n": [1]})


def test_status_without_content_keeps_the_connection_usable(server: Running) -> None:
    server.add_fault({"kind": "status", "code": 204}, times=1)
    with server.connect() as wire:
        answer = wire.ask("POST", "/api/v1/sessions", START)
        assert (answer.status, answer.header("Content-Length")) == (204, None)
        assert wire.ask("POST", "/api/v1/sessions", START).status == 201


def test_mark_can_be_switched_off(start: Start) -> None:
    server = start(Settings(fault_header=False))
    server.add_fault({"kind": "status", "code": 500})
    answer = server.ask("POST", "/api/v1/sessions", START)
    assert (answer.status, answer.header("X-Mock-Fault")) == (500, None)


def test_status_at_stage_request_leaves_the_session_untouched(server: Running) -> None:
    sid = server.open_session()
    before = server.admin("GET", f"/sessions/{sid}").json()
    server.add_fault({"kind": "status", "code": 500}, when=EVENT, stage="request")
    assert server.ping(sid).status == 500
    assert server.admin("GET", f"/sessions/{sid}").json() == {**before, "struck": 1}


def test_status_at_stage_response_has_processed_the_event(server: Running) -> None:
    sid = server.open_session()
    server.add_fault({"kind": "status", "code": 500}, when=EVENT, stage="response")
    assert server.ping(sid).status == 500
    assert server.admin("GET", f"/sessions/{sid}").json()["events"] == 2
    entry = server.last_entry()
    assert (entry["outcome"], entry["response"]["status"], entry["delivery"]) == ("accepted", 500, "sent")


def test_lost_answer_to_a_session_start_leaves_an_orphan_session(server: Running) -> None:
    server.add_fault({"kind": "reset"}, stage="response", times=1)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.rest() == b""
    server.open_session()
    assert server.admin("GET", "/sessions").json()["meta"]["total"] == 2


class Delayed:
    """A server that delays the answer to an event by six seconds, and the client that sent the event."""

    def __init__(self, server: Running, stage: str) -> None:
        self.server, self.stage = server, stage
        self.sid = server.open_session()
        self.fault_id = server.add_fault({"kind": "delay", "ms": 6000}, when=EVENT, stage=stage)
        self.wire = server.connect()
        self.wire.request("POST", f"/api/v1/sessions/{self.sid}/events", PING)
        server.wait_until_struck(self.fault_id)

    @property
    def recorded(self) -> tuple[int, int, str | None]:
        """The number of entries, the number of events of the session, and the delivery of the answer."""
        events = self.server.admin("GET", f"/sessions/{self.sid}").json()["events"]
        last_seq = self.server.emulator.journal.last_seq
        return last_seq, events, self.server.entry(2)["delivery"] if last_seq == 2 else None


def test_delay_on_a_frozen_clock_waits_for_an_advance(start_with: StartWith) -> None:
    cases = {case: Delayed(start_with(case[0]), case[1]) for case in product(SCHEMES, ("request", "response"))}
    tester = cases["http", "request"].server  # all share one clock
    tester.admin("POST", "/clock", {"action": "advance", "ms": 5999})
    assert heard({case: each.wire for case, each in cases.items()}) == []
    expected = {"request": (1, 1, None), "response": (2, 2, "pending")}
    assert [case for case, each in cases.items() if each.recorded != expected[each.stage]] == []
    tester.admin("POST", "/clock", {"action": "advance", "ms": 1})
    for case, each in cases.items():
        with each.wire as wire:
            assert wire.answer().status == 204, case
        entry = each.server.entry(2)
        assert (entry["delivery"], entry["outcome"], entry["fault_ids"]) == ("sent", "accepted", [each.fault_id]), case
        assert entry["at_ms"] == 1_760_000_000_000 + (6000 if each.stage == "request" else 0), case


def test_delay_ends_on_a_clock_that_is_resumed_or_set_as_well(server: Running) -> None:
    fault_id = server.add_fault({"kind": "delay", "ms": 60_000}, times=2)
    for times, command in enumerate(({"action": "set", "at_ms": 1_760_000_060_000}, {"action": "resume"}), 1):
        with server.connect() as wire:
            wire.request("POST", "/api/v1/sessions", START)
            server.wait_until_struck(fault_id, times)
            server.admin("POST", "/clock", {"action": "rate", "rate": 1_000_000})
            server.admin("POST", "/clock", command)
            assert wire.answer().status == 201


def test_delay_before_a_fault_holds_that_back_too(server: Running) -> None:
    delay = server.add_fault({"kind": "delay", "ms": 1000})
    close = server.add_fault({"kind": "close"})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(delay)
        assert wire.is_silent()
        server.admin("POST", "/clock", {"action": "advance", "ms": 1000})
        assert wire.rest() == b""
    assert server.last_entry()["fault_ids"] == [delay, close]


def test_client_that_gives_up_during_a_delay_is_recorded_as_gone(server: Running) -> None:
    server.add_fault({"kind": "delay", "ms": 6000}, stage="response")
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
    until(lambda: server.entry(1)["delivery"] == "client_gone")
    assert server.admin("GET", "/sessions").json()["meta"]["total"] == 1
    server.assert_alive()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_client_that_leaves_is_noticed_although_what_it_sent_is_not_read(start_with: StartWith, scheme: str) -> None:
    server = start_with(scheme)
    server.add_fault({"kind": "hang"}, times=1, stage="response")
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
        wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
    until(lambda: server.entry(1)["delivery"] == "client_gone")
    assert server.emulator.journal.last_seq == 1


def test_client_that_ends_its_stream_has_left_although_it_has_answers_to_read(start: Start) -> None:
    server = start()
    server.add_fault({"kind": "hang"}, when={"operation": "start"}, stage="response")
    count = 2000  # their answers are more than the system takes
    with server.connect() as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(b"GET /api/v1/schemas/sessionStart HTTP/1.1\r\nHost: localhost\r\n\r\n" * count)
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(count + 1)
        assert server.entry(count + 1)["delivery"] == "pending"
        wire.socket.shutdown(socket.SHUT_WR)
        until(lambda: server.entry(count + 1)["delivery"] == "client_gone")


def test_request_held_back_is_processed_although_its_client_has_gone(server: Running) -> None:
    fault_id = server.add_fault({"kind": "delay", "ms": 6000})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
    server.admin("POST", "/clock", {"action": "advance", "ms": 6000})
    server.wait_for_entries(1)
    until(lambda: server.entry(1)["delivery"] == "client_gone")
    assert server.entry(1)["outcome"] == "opened"


def test_delays_end_when_the_server_stops(server: Running) -> None:
    fault_id = server.add_fault({"kind": "delay", "ms": 6000}, times=1)
    with server.connect() as early, server.connect() as late:
        early.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
        server.add_fault({"kind": "delay", "ms": 6000}, stage="response")
        late.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(1)
        assert server.stop() < 1
        assert early.rest() == late.rest() == b""
    record = server.emulator.journal.get(1)
    assert record is not None
    assert record.delivery.value == "cut"


@every_case("scheme", SCHEMES)
@every_case("kind", ["reset", "close", "hang"])
def test_fault_on_one_connection_leaves_the_others_alone(start_with: StartWith, scheme: str, kind: str) -> None:
    server = start_with(scheme)
    sid = server.open_session()
    path = f"/api/v1/sessions/{sid}/events"
    with server.connect() as kept, server.connect() as struck:
        assert kept.ask("POST", path, PING).status == 204
        assert struck.ask("POST", path, PING).status == 204
        server.add_fault({"kind": kind}, when=EVENT, times=1)
        struck.request("POST", path, PING)
        server.wait_for_entries(4)
        assert kept.ask("POST", path, PING).status == 204
        if kind != "hang":
            assert struck.rest() == b""


def test_delivery_says_whether_each_answer_was_sent(server: Running) -> None:
    server.open_session()
    server.add_fault({"kind": "close"}, times=1)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        assert wire.rest() == b""
    server.add_fault({"kind": "hang"})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_for_entries(3)
        assert [server.entry(seq)["delivery"] for seq in (1, 2, 3)] == ["sent", "cut", "pending"]
    until(lambda: server.entry(3)["delivery"] == "client_gone")


def test_fault_does_not_touch_preflights_or_the_admin_api(server: Running) -> None:
    server.add_fault({"kind": "reset"})
    assert server.ask("OPTIONS", "/api/v1/sessions").status == 200
    assert server.ask("GET", "/api/v1/schemas/play").status == 200
    assert server.admin("GET", "/faults").json()["faults"][0]["seen"] == 0


def test_rule_of_probability_zero_changes_no_byte(start: Start) -> None:
    answers = []
    for faults in ((), ({"fault": {"kind": "reset"}, "probability": 0},)):
        standing = Clock()
        standing.freeze()
        standing.set(1_760_000_000_000)
        server = start(clock=standing, seeded_ids=True, faults=faults)
        with server.connect() as wire:
            wire.request("POST", "/api/v1/sessions", START, ("Connection", "close"))
            answers.append(wire.rest())
    assert answers[0] == answers[1]
