from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.pacing import as_sent
from mockserver.errors import InvalidInput
from mockserver.recordings.call import (
    RecordedAnswer,
    RecordedCall,
    without_origin,
)
from mockserver.recordings.lines import parse_lines
from mockserver.recordings.recording import read_recording
from tests.event_files import START_MS, event
from tests.tables import every_case

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"

PLAIN: dict[str, Any] = {
    "t": 1.5,
    "method": "POST",
    "path": "/api/v1/sessions",
    "headers": {"content-type": "application/json"},
    "body": '{"eventType": "ping"}',
    "status": 201,
}

ENTRY: dict[str, Any] = {
    "seq": 1,
    "at_ms": 1_500,
    "operation": "start",
    "session_id": "abc",
    "event_type": "sessionStart",
    "event": {},
    "outcome": "opened",
    "violations": [],
    "fault_ids": [],
    "draws": [],
    "request": {
        "method": "POST",
        "path": "/ns/blue/api/v1/sessions?a=1",
        "headers": [["A", "1"], ["A", "2"]],
        "body": "//4=",
        "body_encoding": "base64",
    },
    "response": {
        "status": 201,
        "headers": [["Location", "/api/v1/sessions/abc"], ["Date", "today"]],
        "body": "/w==",
        "body_encoding": "base64",
    },
    "delivery": "sent",
}


def read(*lines: Any) -> list[RecordedCall]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return parse_lines([text.encode() for text in texts], "f")


def sent(*lines: Any) -> list[RecordedCall]:
    return as_sent(read(*lines), "f")


def test_line_of_a_recording_is_read() -> None:
    assert read(PLAIN) == [
        RecordedCall(
            line=1,
            at_s=1.5,
            method="POST",
            path="/api/v1/sessions",
            target="/api/v1/sessions",
            headers=(("content-type", "application/json"),),
            body=b'{"eventType": "ping"}',
            status=201,
            what="ping",
            ending="answered",
        )
    ]


def test_entry_of_a_journal_is_read_without_its_namespace() -> None:
    [call] = read(ENTRY)
    assert call.entry is not None
    assert (call.path, call.target) == ("/api/v1/sessions?a=1", "/ns/blue/api/v1/sessions?a=1")
    assert (call.api_path, call.opens, call.opened, call.what) == ("/api/v1/sessions", True, "abc", "sessionStart")
    assert (call.headers, call.body) == ((("A", "1"), ("A", "2")), b"\xff\xfe")
    assert (call.at_s, call.at_ms, call.status, call.ending) == (1.5, 1_500, 201, "answered")
    assert call.answer == RecordedAnswer(headers=frozenset({"location", "date"}), body=b"\xff")


def received(seq: int, at_ms: int, held_ms: int, place: int) -> dict[str, Any]:
    return {**ENTRY, "seq": seq, "at_ms": at_ms, "held_ms": held_ms, "received": place}


def order(calls: list[RecordedCall]) -> list[tuple[int, float, int | None]]:
    return [(call.line, call.at_s, call.at_ms) for call in calls]


def test_held_request_was_sent_that_much_earlier_and_before_those_that_overtook_it() -> None:
    entries = [
        received(4, 1_000, 0, 4),
        received(5, 2_000, 0, 6),
        received(6, 3_500, 2_500, 5),
        received(7, 3_500, 0, 7),
    ]
    assert order(sent(*entries)) == [(1, 1, 1_000), (3, 1, 3_500), (2, 2, 2_000), (4, 3.5, 3_500)]


def test_order_of_reception_counts_also_where_the_clock_was_set_back() -> None:
    entries = [received(1, 9_000, 0, 1), received(2, 1_000, 0, 3), received(3, 2_000, 0, 2), received(4, 500, 0, 4)]
    assert order(sent(*entries)) == [(1, 9, 9_000), (3, 2, 2_000), (2, 1, 1_000), (4, 0.5, 500)]


def test_journal_without_receptions_is_in_order_of_processing() -> None:
    entries = [{**ENTRY, "seq": seq, "at_ms": at_ms} for seq, at_ms in ((1, 3_000), (2, 2_000), (3, 4_000))]
    assert order(sent(*entries)) == [(1, 3, 3_000), (2, 2, 2_000), (3, 4, 4_000)]


def test_journals_that_follow_one_another_in_a_file_stay_apart() -> None:
    journal = [received(1, 1_000, 0, 2), received(2, 2_000, 2_000, 1), received(3, 3_000, 0, 3)]
    lines = [call.line for call in sent(*journal, *journal, *journal[:2])]
    assert lines == [2, 1, 3, 5, 4, 6, 8, 7]


@every_case("held_ms", [-1, 1_501, 10**18, 10**30])
def test_impossible_held_time_is_refused(held_ms: int) -> None:
    with pytest.raises(InvalidInput, match=r"f:2: /held_ms: how long a request was held back must be in mil"):
        read(ENTRY, {**ENTRY, "held_ms": held_ms})


def test_request_may_have_been_held_back_since_the_epoch() -> None:
    assert order(sent({**ENTRY, "held_ms": 1_500})) == [(1, 0, 1_500)]


def test_impossible_place_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"f:2: /received: the place of a request among those received"):
        read(ENTRY, {**ENTRY, "received": -1})


def test_empty_lines_are_passed_over_and_counted() -> None:
    assert [call.line for call in read("", PLAIN, "", "", PLAIN)] == [2, 5]


@every_case("changes", [{"response": None}, {"delivery": "cut"}])
def test_answer_that_did_not_arrive_has_no_status(changes: dict[str, Any]) -> None:
    assert read({**ENTRY, **changes})[0].status is None


@every_case(
    ("changes", "ending"),
    [
        ({}, "answered"),
        ({"delivery": "cut"}, "broken"),
        ({"delivery": "client_gone"}, "unanswered"),
        ({"delivery": "pending", "response": None}, "unanswered"),
    ],
)
def test_delivery_tells_how_the_exchange_ended(changes: dict[str, Any], ending: str) -> None:
    assert read({**ENTRY, **changes})[0].ending == ending


def struck(*fault_ids: str, **changes: Any) -> dict[str, Any]:
    return {**ENTRY, "fault_ids": fault_ids, **changes}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (struck("f1", delivery="cut"), struck("f1"), [2]),
        (struck("f1"), struck("f1", delivery="cut"), [1]),
        (struck("f1", delivery="cut"), struck("f1", "f2", delivery="cut"), [2]),
        (struck("f1", "f2", delivery="cut"), struck("f1", delivery="cut"), [1]),
        (struck("f1", delivery="cut"), struck("f1", delivery="cut"), [1, 2]),
        (struck("f1", delivery="cut"), struck(), [1, 2]),
        (struck("f1", delivery="cut", response=None), struck("f1"), [1, 2]),
        (struck("f1", delivery="cut"), struck("f1", at_ms=1_501), [1, 2]),
        (struck("f1"), struck("f1"), [1, 2]),
    ],
)
def test_request_that_a_fault_duplicated_was_sent_once(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], kept: list[int]
) -> None:
    assert [call.line for call in sent(first, second)] == kept


@every_case(
    ("target", "path"),
    [
        ("http://host/api/v1/sessions", "/api/v1/sessions"),
        ("/a b\x01/%20?q=\u00e9", "/a%20b%01/%20?q=%C3%A9"),
        ("/ns/blue/ns/red/x", "/ns/red/x"),
        ("/ns/blue", "/ns/blue"),
    ],
)
def test_target_is_made_into_a_path_that_can_be_sent(target: str, path: str) -> None:
    assert read({**PLAIN, "path": target})[0].path == path


@every_case(
    ("line", "message"),
    [
        ({**PLAIN, "method": "GET /"}, "f:1: 'GET /' is not a method"),
        ({**PLAIN, "headers": {"a b": "c"}}, "f:1: 'a b' is not a header field that can be sent"),
        ({**PLAIN, "headers": [["a", "x\r\ny: z"]]}, "f:1: 'a' is not a header field that can be sent"),
        (event("sessionStart"), "f:1: a bare event does not say when it was sent and how it was answered"),
    ],
)
def test_request_that_cannot_be_sent_is_reported_with_its_number(line: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sent(line)
    assert str(caught.value).startswith(message)


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*: No such file or directory"):
        read_recording(str(tmp_path / "r.ndjson"))


def test_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode())
    assert read_recording(str(path)).calls == read(PLAIN)


@every_case(
    ("target", "path"),
    [
        ("https://a.example/api/v1/sessions?x=1", "/api/v1/sessions?x=1"),
        ("https://a.example", "/"),
        ("/api?to=http://b.example/", "/api?to=http://b.example/"),
        ("api?to=http://b.example/", "api?to=http://b.example/"),
    ],
)
def test_origin_is_taken_off_where_there_is_one(target: str, path: str) -> None:
    assert without_origin(target) == path


# Sessions, and events without requests.


def proxied(path: str, status: int | None = 204) -> dict[str, Any]:
    return {**PLAIN, "path": path, "status": status}


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


def test_bare_event_is_sent_byte_for_byte() -> None:
    text = '  {"eventType": "sessionStart",  "b": 1, "b": 2.50}'
    assert read(text)[0].body == text.strip().encode()


def test_bare_event_may_say_when_it_arrived() -> None:
    plain = event("sessionStart")
    (request,) = read({"at_ms": START_MS + 5, "event": plain})
    assert (request.at_ms, json.loads(request.body)) == (START_MS + 5, plain)


def test_opened_sessions_get_the_ids_that_later_requests_name() -> None:
    requests = read(
        proxied("/api/v1/sessions", 400),
        proxied("/api/v1/sessions", 201),
        proxied("/api/v1/sessions", 201),
        proxied("/api/v1/sessions/nobodys/events", 404),
        proxied("/api/v1/sessions/a/events"),
        proxied("/api/v1/sessions/b/events"),
        proxied("/api/v1/sessions/a/events"),
    )
    assert [request.sid for request in requests] == [None, "a", "b", "nobodys", "a", "b", "a"]


def test_recording_without_statuses_is_taken_to_have_gone_well() -> None:
    requests = read(proxied("/api/v1/sessions", None), proxied("/api/v1/sessions/a/events", None))
    assert [request.sid for request in requests] == ["a", "a"]


@every_case("path", sorted(TRAFFIC.glob("*.ndjson")), ids=lambda path: path.stem)
def test_every_recorded_session_gets_its_id(path: Path) -> None:
    requests = read_recording(str(path)).calls
    named = {request.sid for request in requests if request.api_path.endswith("/events") and request.method == "POST"}
    assert {request.sid for request in requests if request.opens} == named


@every_case(
    ("lines", "message"),
    [
        (["{"], "f:1: not valid JSON: "),
        (["[]"], "f:1: must be an object, not a list"),
        ([{"t": 1}], "f:1: neither an entry of a journal, nor a recorded request, nor an event with its eventType"),
        ([event("sessionStart"), "", {"playerTime": 1}], "f:3: neither an entry of a journal"),
        ([event("play")], "f:1: the first event must be a sessionStart, not 'play'"),
        ([{"event": event("sessionStart")}], "f:1: the member `at_ms` is missing"),
        ([{"at_ms": 1, "event": []}], "f:1: must be an object, not a list"),
        ([PLAIN, {**PLAIN, "t": "x"}], "f:2: /t: must be a number, not 'x'"),
        (
            [PLAIN, {**PLAIN, "t": 1_760_000_000_000}],
            "f:2: /t: the time of a request must be in seconds, -1e11 to 1e11, not",
        ),
        ([PLAIN, {**PLAIN, "t": -1e308}], "f:2: /t: the time of a request must be in seconds"),
        ([{**ENTRY, "at_ms": -(10**400)}], "f:1: "),
        ([{**ENTRY, "response": {**ENTRY["response"], "body": "?"}}], "f:1: /response/body: is not base64"),
        ([{**ENTRY, "at_ms": None}], "f:1: /at_ms: must be a whole number, not null"),
        (
            [ENTRY, {**ENTRY, "at_ms": -1}],
            "f:2: /at_ms: the time of a request must be in milliseconds, from 1970 up to",
        ),
        (
            [ENTRY, {**ENTRY, "at_ms": 10**30}],
            "f:2: /at_ms: the time of a request must be in milliseconds, from 1970 up to",
        ),
        ([ENTRY, {**ENTRY, "held_ms": -5}], "f:2: /held_ms: how long a request was held back must be in milliseconds"),
        (
            [ENTRY, {**ENTRY, "held_ms": 1_501}],
            "f:2: /held_ms: how long a request was held back must be in milliseconds",
        ),
        (
            [ENTRY, {**ENTRY, "held_ms": 10**30}],
            "f:2: /held_ms: how long a request was held back must be in milliseconds",
        ),
        ([ENTRY, {**ENTRY, "received": -1}], "f:2: /received: the place of a request among those received"),
        ([{**ENTRY, "request": {**ENTRY["request"], "body": "?"}}], "f:1: /request/body: is not base64"),
        ([event("sessionStart"), PLAIN], "f:2: this is a recorded request, but line 1 is an event"),
        (["", PLAIN, ENTRY], "f:3: this is an entry of a journal, but line 2 is a recorded request"),
        (["", ""], "f holds no request"),
    ],
)
def test_file_that_cannot_be_used_is_reported_with_line_and_reason(lines: list[Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(*lines)
    assert str(caught.value).startswith(message)
