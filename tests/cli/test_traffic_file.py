"""Which requests a file stands for, and on which line a file goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.traffic_file import TrafficRequest, read_traffic
from mockserver.errors import InvalidInput
from tests.event_files import START_MS, event

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"

CALL: dict[str, Any] = {
    "t": 1.5,
    "method": "POST",
    "path": "/ns/blue/api/v1/sessions?debug=1",
    "headers": {"content-type": "application/json"},
    "body": "{}",
    "status": 201,
}
ENTRY: dict[str, Any] = {
    "seq": 7,
    "at_ms": 1_500,
    "operation": "start",
    "session_id": "abc",
    "event_type": None,
    "event": None,
    "outcome": "opened",
    "violations": [],
    "fault_ids": [],
    "draws": [],
    "request": {
        "method": "POST",
        "path": "http://host/api/v1/sessions",
        "headers": [["A", "1"], ["A", "2"]],
        "body": "//4=",
        "body_encoding": "base64",
    },
    "response": {"status": 201, "headers": [], "body": "", "body_encoding": "utf-8"},
    "delivery": "sent",
}


def read(*lines: Any) -> list[TrafficRequest]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return read_traffic([text.encode() for text in texts], "f")


def call(path: str, status: int | None = 204) -> dict[str, Any]:
    return {**CALL, "path": path, "status": status}


def test_entry_of_a_journal_is_read() -> None:
    (request,) = read(ENTRY)
    assert request.entry is not None
    assert (request.line, request.at_ms, request.sid, request.status) == (1, 1_500, "abc", 201)
    assert (request.path, request.target) == ("/api/v1/sessions", "http://host/api/v1/sessions")
    assert (request.headers, request.body, request.opens) == ((("A", "1"), ("A", "2")), b"\xff\xfe", True)


def test_line_of_a_proxy_is_read_without_namespace_and_time() -> None:
    (request,) = read(CALL)
    assert (request.at_ms, request.entry, request.body) == (None, None, b"{}")
    assert (request.path, request.target) == ("/api/v1/sessions", CALL["path"])


def test_every_sessionstart_of_bare_events_begins_a_session() -> None:
    requests = read(event("sessionStart"), "", event("play"), event("sessionStart", 9), event("ping", 10))
    assert [(request.line, request.path) for request in requests] == [
        (1, "/api/v1/sessions"),
        (3, "/api/v1/sessions/session-1/events"),
        (4, "/api/v1/sessions"),
        (5, "/api/v1/sessions/session-2/events"),
    ]
    assert [request.sid for request in requests] == ["session-1", "session-1", "session-2", "session-2"]
    assert all(request.at_ms is None for request in requests)


def test_bare_event_is_sent_byte_by_byte_as_it_stands() -> None:
    text = '  {"eventType": "sessionStart",  "b": 1, "b": 2.50}'
    assert read(text)[0].body == text.strip().encode()


def test_bare_event_may_say_when_it_arrived() -> None:
    plain = event("sessionStart")
    (request,) = read({"at_ms": START_MS + 5, "event": plain})
    assert (request.at_ms, json.loads(request.body)) == (START_MS + 5, plain)


def test_opened_sessions_get_the_ids_that_later_requests_name() -> None:
    requests = read(
        call("/api/v1/sessions", 400),
        call("/api/v1/sessions", 201),
        call("/api/v1/sessions", 201),
        call("/api/v1/sessions/nobodys/events", 404),
        call("/api/v1/sessions/a/events"),
        call("/api/v1/sessions/b/events"),
        call("/api/v1/sessions/a/events"),
    )
    assert [request.sid for request in requests] == [None, "a", "b", "nobodys", "a", "b", "a"]


def test_recording_without_statuses_is_taken_to_have_gone_well() -> None:
    requests = read(call("/api/v1/sessions", None), call("/api/v1/sessions/a/events", None))
    assert [request.sid for request in requests] == ["a", "a"]


@pytest.mark.parametrize("path", sorted(TRAFFIC.glob("*.ndjson")), ids=lambda path: path.stem)
def test_every_recorded_session_gets_its_id(path: Path) -> None:
    requests = read_traffic(path.read_bytes().splitlines(), path.name)
    named = {request.sid for request in requests if request.path.endswith("/events") and request.method == "POST"}
    assert {request.sid for request in requests if request.opens} == named


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{"], "f:1: not valid JSON: "),
        (["[]"], "f:1: Expected `object`, got `array`"),
        ([{"t": 1}], "f:1: neither an entry of a journal, nor a recorded request, nor an event with its eventType"),
        ([event("sessionStart"), "", {"playerTime": 1}], "f:3: neither an entry of a journal"),
        ([event("play")], "f:1: the first event must be a sessionStart, not 'play'"),
        ([{"event": event("sessionStart")}], "f:1: Object missing required field `at_ms`"),
        ([{"at_ms": 1, "event": []}], "f:1: Expected `object`, got `array`"),
        ([CALL, {**CALL, "t": "x"}], "f:2: /t: Expected `float`, got `str`"),
        ([{**ENTRY, "at_ms": None}], "f:1: /at_ms: Expected `int`, got `null`"),
        ([ENTRY, {**ENTRY, "at_ms": -1}], "f:2: /at_ms: the time of a request is in milliseconds, from 1970 up to"),
        ([ENTRY, {**ENTRY, "at_ms": 10**30}], "f:2: /at_ms: the time of a request is in milliseconds, from 1970 up to"),
        ([ENTRY, {**ENTRY, "held_ms": -5}], "f:2: /held_ms: how long a request was held back is in milliseconds"),
        ([ENTRY, {**ENTRY, "held_ms": 1_501}], "f:2: /held_ms: how long a request was held back is in milliseconds"),
        ([ENTRY, {**ENTRY, "held_ms": 10**30}], "f:2: /held_ms: how long a request was held back is in milliseconds"),
        ([ENTRY, {**ENTRY, "received": -1}], "f:2: /received: the place of a request among those received"),
        ([{**ENTRY, "request": {**ENTRY["request"], "body": "?"}}], "f:1: /request/body: is not base64"),
        ([event("sessionStart"), CALL], "f:2: this is a recorded request, but line 1 is an event"),
        (["", CALL, ENTRY], "f:3: this is an entry of a journal, but line 2 is a recorded request"),
        (["", ""], "f holds no request"),
    ],
)
def test_file_that_cannot_be_used_is_told_with_line_and_reason(lines: list[Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(*lines)
    assert str(caught.value).startswith(message)
