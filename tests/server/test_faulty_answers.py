from __future__ import annotations

from typing import Any

import pytest

from mockserver.clock import Clock
from mockserver.server.effects import GARBLED
from tests.server.conftest import SCHEMES, Start, StartWith
from tests.server.running import PING, START, Running
from tests.tables import every_case
from tests.waiting import until

EVENT = {"operation": "event"}
PREFLIGHT = {"operation": "preflight"}


@pytest.fixture
def server(each_scheme: Running) -> Running:
    return each_scheme


@every_case("scheme", SCHEMES)
@every_case(("code", "retry_after"), [(429, "7"), (503, "120")])
def test_overload_is_answered_with_retry_after_on_a_connection_that_stays(
    start_with: StartWith, scheme: str, code: int, retry_after: str
) -> None:
    server = start_with(scheme)
    sid = server.open_session()
    fault = {"kind": "status", "code": code, "headers": {"Retry-After": retry_after}}
    server.add_fault(fault, when=EVENT, times=1)
    with server.connect() as wire:
        answer = wire.ask("POST", f"/api/v1/sessions/{sid}/events", PING)
        assert (answer.status, answer.header("Retry-After")) == (code, retry_after)
        assert wire.ask("POST", f"/api/v1/sessions/{sid}/events", PING).status == 204
    assert server.entry(2)["delivery"] == "sent"


@every_case("scheme", SCHEMES)
@every_case(("outcome", "status"), [("unknown_session", 404), ("session_closed", 410)])
@every_case("stage", ["request", "response"])
def test_outcome_is_answered_although_the_session_is_open(
    start_with: StartWith, scheme: str, outcome: str, status: int, stage: str
) -> None:
    server = start_with(scheme)
    sid = server.open_session()
    fault_id = server.add_fault({"kind": "outcome", "outcome": outcome}, when=EVENT, stage=stage, times=1)
    with server.connect() as wire:
        answer = wire.ask("POST", f"/api/v1/sessions/{sid}/events", PING)
        assert (answer.status, answer.header("X-Mock-Fault")) == (status, fault_id)
        assert wire.ask("POST", f"/api/v1/sessions/{sid}/events", PING).status == 204
    entry = server.entry(2)
    assert (entry["delivery"], entry["response"]["status"]) == ("sent", status)
    assert entry["outcome"] == ("not_processed" if stage == "request" else "accepted")
    server.assert_alive()


@every_case("scheme", SCHEMES)
@every_case("name", ["Location", "location", "Access-Control-Expose-Headers"])
def test_only_the_dropped_header_is_missing(start_with: StartWith, scheme: str, name: str) -> None:
    server = start_with(scheme)
    before = server.ask("POST", "/api/v1/sessions", START)
    fault_id = server.add_fault({"kind": "drop_header", "name": name}, stage="response", times=1)
    with server.connect() as wire:
        answer = wire.ask("POST", "/api/v1/sessions", START)
        assert answer.status == 201
        assert answer.header(name) is None
        assert answer.header("X-Mock-Fault") == fault_id
        assert answer.names == [each for each in before.names if each.lower() != name.lower()] + ["X-Mock-Fault"]
        assert wire.ask("POST", "/api/v1/sessions", START).header(name) is not None
    entry = server.entry(2)
    assert (entry["delivery"], entry["outcome"]) == ("sent", "opened")
    assert [tuple(field) for field in entry["response"]["headers"]] == answer.headers
    server.assert_alive()


def test_several_headers_are_dropped_at_once(server: Running) -> None:
    names = ["Location", "Access-Control-Allow-Origin"]
    server.add_fault({"kind": "drop_header", "name": names}, stage="response")
    answer = server.ask("POST", "/api/v1/sessions", START)
    assert answer.status == 201
    assert [answer.header(name) for name in names] == [None, None]


def test_answer_without_its_length_ends_with_the_connection(server: Running) -> None:
    whole = server.ask("GET", "/api/v1/schemas/play")
    server.add_fault({"kind": "drop_header", "name": "Content-Length"}, when={"operation": "schema"}, stage="response")
    answer = server.ask("GET", "/api/v1/schemas/play")
    assert (answer.header("Content-Length"), answer.header("Connection")) == (None, "close")
    assert answer.body == whole.body


def preflight(server: Running) -> Any:
    return server.ask(
        "OPTIONS",
        "/api/v1/sessions",
        None,
        ("Origin", "https://player.example"),
        ("Access-Control-Request-Method", "POST"),
    )


def test_preflight_fails_when_a_rule_names_it(server: Running) -> None:
    server.add_fault({"kind": "status", "code": 500}, when=PREFLIGHT, times=1)
    assert preflight(server).status == 500
    assert server.last_entry()["delivery"] == "sent"
    assert preflight(server).status == 200
    assert server.ask("POST", "/api/v1/sessions", START).status == 201


def test_preflight_without_its_allowed_origin(server: Running) -> None:
    name = "Access-Control-Allow-Origin"
    assert preflight(server).header(name) is not None
    server.add_fault({"kind": "drop_header", "name": name}, when=PREFLIGHT, stage="response")
    answer = preflight(server)
    assert (answer.status, answer.header(name)) == (200, None)
    assert server.ask("POST", "/api/v1/sessions", START).header(name) is not None


@every_case("scheme", SCHEMES)
@every_case(
    ("then", "statuses"),
    [("last", [500, 500, 204, 204, 204]), ("pass", [500, 500, 204, 204, 204]), ("cycle", [500, 500, 204, 500, 500])],
)
def test_script_is_followed_request_by_request_on_one_connection(
    start_with: StartWith, scheme: str, then: str, statuses: list[int]
) -> None:
    server = start_with(scheme)
    sid = server.open_session()
    script = [{"kind": "status", "code": 500, "repeat": 2}, "pass"]
    server.add_fault({"kind": "responses", "responses": script, "then": then}, when=EVENT)
    with server.connect() as wire:
        path = f"/api/v1/sessions/{sid}/events"
        assert [wire.ask("POST", path, PING).status for _ in statuses] == statuses


def test_script_may_break_the_connection_in_between(server: Running) -> None:
    sid = server.open_session()
    script = [{"kind": "reset"}, {"kind": "truncate", "after_bytes": 9}, {"kind": "garble"}, {"kind": "close"}, "pass"]
    server.add_fault({"kind": "responses", "responses": script, "then": "pass"}, when=EVENT, stage="response")
    path = f"/api/v1/sessions/{sid}/events"
    with server.connect() as wire:
        wire.request("POST", path, PING)
        assert wire.is_reset()
    for expected in (b"HTTP/1.1 ", GARBLED[:9], b""):
        with server.connect() as wire:
            wire.request("POST", path, PING)
            assert wire.until_end()[:9] == expected
    assert server.ping(sid).status == 204
    assert [server.entry(seq)["delivery"] for seq in range(2, 7)] == ["cut"] * 4 + ["sent"]
    assert {server.entry(seq)["outcome"] for seq in range(2, 7)} == {"accepted"}


FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "code": 500},
    {"kind": "outcome", "outcome": "session_closed"},
    {"kind": "expire"},
    {"kind": "forget", "sessions": "all"},
    {"kind": "delay", "ms": 1000},
    {"kind": "duplicate"},
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "hang"},
    {"kind": "refuse", "duration_ms": 600_000},
    {"kind": "truncate", "after_bytes": 20},
    {"kind": "garble"},
    {"kind": "dribble", "chunks": 4, "total_ms": 300},
    {"kind": "drop_header", "name": "Location"},
    {"kind": "responses", "responses": [{"kind": "status", "code": 500}, "pass"]},
)


def bytes_of_a_run(server: Running) -> list[bytes]:
    """Return the bytes of some answers, one of which contains a session id."""
    answers = []
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        answers.append(wire.until(b"\r\n\r\n"))
        path = answers[0].partition(b"Location: ")[2].partition(b"\r\n")[0].decode() + "/events"
        for _ in range(2):
            wire.request("POST", path, PING)
            answers.append(wire.until(b"\r\n\r\n"))
        wire.request("OPTIONS", path, None, ("Connection", "close"))
        answers.append(wire.until_end())
    return answers


def frozen_server(start: Start, *faults: dict[str, Any]) -> Running:
    """Start a server that answers exactly like every other one with these rules."""
    frozen = Clock()
    frozen.freeze()
    frozen.set(1_760_000_000_000)
    return start(clock=frozen, seeded_ids=True, faults=faults)


@pytest.fixture
def without_rules(start: Start) -> list[bytes]:
    answers = bytes_of_a_run(frozen_server(start))
    assert answers[0].startswith(b"HTTP/1.1 201 Created\r\n")
    return answers


@every_case("fault", FAULTS, ids=lambda fault: str(fault["kind"]))
@every_case("stage", ["request", "response"])
def test_rule_of_probability_zero_changes_no_byte(
    start: Start, without_rules: list[bytes], fault: dict[str, Any], stage: str
) -> None:
    server = frozen_server(start, {"fault": fault, "probability": 0, "stage": stage})
    assert bytes_of_a_run(server) == without_rules


@every_case("fault", FAULTS, ids=lambda fault: str(fault["kind"]))
def test_server_is_alive_and_other_sessions_are_untouched_after_every_kind(
    start: Start, clock: Clock, fault: dict[str, Any]
) -> None:
    server = start(clock=clock, admin_port=0)
    if fault["kind"] == "refuse":
        fault = {**fault, "duration_ms": 1}
    if fault["kind"] == "forget":
        fault = {"kind": "forget"}
    struck, other = server.open_session(), server.open_session()
    before = server.admin("GET", f"/sessions/{other}").json()
    server.add_fault(fault, when={**EVENT, "session_id": struck}, stage="response", times=1)
    with server.connect() as wire:
        wire.request("POST", f"/api/v1/sessions/{struck}/events", PING)
        server.wait_for_entries(3)
        server.advance(1000)
        assert server.admin("GET", f"/sessions/{other}").json() == {**before, "age_ms": 1000}

    def is_answered() -> bool:
        try:
            return server.ping(other).status == 204
        except ConnectionRefusedError:  # not over yet
            return False

    until(is_answered)
    assert server.ask("GET", "/api/v1/schemas/ping").status == 200
