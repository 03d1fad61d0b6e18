from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.recording import RecordedAnswer, RecordedCall, read_recording, without_origin
from mockserver.errors import InvalidInput

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


def read(folder: Path, *lines: Any) -> list[RecordedCall]:
    path = folder / "r.ndjson"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return read_recording(path)


def test_line_of_a_recording_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN) == [
        RecordedCall(
            line=1,
            at_s=1.5,
            method="POST",
            path="/api/v1/sessions",
            headers=(("content-type", "application/json"),),
            body=b'{"eventType": "ping"}',
            status=201,
            what="ping",
            ending="answered",
        )
    ]


def test_entry_of_a_journal_is_read_without_its_namespace(tmp_path: Path) -> None:
    assert read(tmp_path, ENTRY) == [
        RecordedCall(
            line=1,
            at_s=1.5,
            method="POST",
            path="/api/v1/sessions?a=1",
            headers=(("A", "1"), ("A", "2")),
            body=b"\xff\xfe",
            status=201,
            opened="abc",
            what="sessionStart",
            at_ms=1_500,
            ending="answered",
            answer=RecordedAnswer(headers=frozenset({"location", "date"}), body=b"\xff"),
            seq=1,
            received=1,
        )
    ]


def received(seq: int, at_ms: int, held_ms: int, place: int) -> dict[str, Any]:
    return {**ENTRY, "seq": seq, "at_ms": at_ms, "held_ms": held_ms, "received": place}


def order(calls: list[RecordedCall]) -> list[tuple[int, float, int | None]]:
    return [(call.line, call.at_s, call.at_ms) for call in calls]


def test_what_was_held_back_was_sent_that_much_earlier_and_before_what_overtook_it(tmp_path: Path) -> None:
    entries = [
        received(4, 1_000, 0, 4),
        received(5, 2_000, 0, 6),
        received(6, 3_500, 2_500, 5),
        received(7, 3_500, 0, 7),
    ]
    assert order(read(tmp_path, *entries)) == [(1, 1, 1_000), (3, 1, 3_500), (2, 2, 2_000), (4, 3.5, 3_500)]


def test_order_of_reception_counts_also_where_the_clock_was_set_back(tmp_path: Path) -> None:
    entries = [received(1, 9_000, 0, 1), received(2, 1_000, 0, 3), received(3, 2_000, 0, 2), received(4, 500, 0, 4)]
    assert order(read(tmp_path, *entries)) == [(1, 9, 9_000), (3, 2, 2_000), (2, 1, 1_000), (4, 0.5, 500)]


def test_journal_without_receptions_is_in_order_of_processing(tmp_path: Path) -> None:
    entries = [{**ENTRY, "seq": seq, "at_ms": at_ms} for seq, at_ms in ((1, 3_000), (2, 2_000), (3, 4_000))]
    assert order(read(tmp_path, *entries)) == [(1, 3, 3_000), (2, 2, 2_000), (3, 4, 4_000)]


def test_journals_that_follow_one_another_in_a_file_stay_apart(tmp_path: Path) -> None:
    journal = [received(1, 1_000, 0, 2), received(2, 2_000, 2_000, 1), received(3, 3_000, 0, 3)]
    lines = [call.line for call in read(tmp_path, *journal, *journal, PLAIN, PLAIN, *journal[:2])]
    assert lines == [2, 1, 3, 5, 4, 6, 7, 8, 10, 9]


@pytest.mark.parametrize("held_ms", [-1, 1_501, 10**18, 10**30])
def test_time_for_which_nothing_can_have_been_held_back_is_refused(tmp_path: Path, held_ms: int) -> None:
    with pytest.raises(InvalidInput, match=r"r.ndjson:2: /held_ms: how long a request was held back is in milliseco"):
        read(tmp_path, ENTRY, {**ENTRY, "held_ms": held_ms})


def test_request_may_have_been_held_back_since_the_epoch(tmp_path: Path) -> None:
    assert order(read(tmp_path, {**ENTRY, "held_ms": 1_500})) == [(1, 0, 1_500)]


def test_place_that_no_request_can_have_had_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"r.ndjson:2: /received: the place of a request among those received"):
        read(tmp_path, ENTRY, {**ENTRY, "received": -1})


def test_empty_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    assert [call.line for call in read(tmp_path, "", PLAIN, "", "", ENTRY)] == [2, 5]


@pytest.mark.parametrize("changes", [{"response": None}, {"delivery": "cut"}])
def test_answer_that_did_not_arrive_is_no_status(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert read(tmp_path, {**ENTRY, **changes})[0].status is None


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({}, "answered"),
        ({"delivery": "cut"}, "broken"),
        ({"delivery": "client_gone"}, "unanswered"),
        ({"delivery": "pending", "response": None}, "unanswered"),
    ],
)
def test_delivery_tells_how_the_exchange_ended(tmp_path: Path, changes: dict[str, Any], ending: str) -> None:
    assert read(tmp_path, {**ENTRY, **changes})[0].ending == ending


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
def test_what_a_fault_made_the_server_process_twice_was_sent_once(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], kept: list[int]
) -> None:
    assert [call.line for call in read(tmp_path, first, second)] == kept


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://host/api/v1/sessions", "/api/v1/sessions"),
        ("/a b\x01/%20?q=\u00e9", "/a%20b%01/%20?q=%C3%A9"),
        ("/ns/blue/ns/red/x", "/ns/red/x"),
        ("/ns/blue", "/ns/blue"),
    ],
)
def test_target_is_made_into_a_path_that_can_be_sent(tmp_path: Path, target: str, path: str) -> None:
    assert read(tmp_path, {**PLAIN, "path": target})[0].path == path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ":2: not valid JSON: "),
        ("[]", ":2: Expected `object`, got `array`"),
        ({"t": 1}, ":2: Object missing required field `method`"),
        ({**PLAIN, "t": "x"}, ":2: /t: Expected `float`, got `str`"),
        ({**PLAIN, "t": 1_760_000_000_000}, ":2: /t: the time of a request is in seconds, -1e11 to 1e11, not 1.76e+12"),
        ({**PLAIN, "t": -1e308}, ":2: /t: the time of a request is in seconds"),
        ({**ENTRY, "at_ms": 10**30}, ":2: /at_ms: the time of a request is in milliseconds, from 1970 up to the year"),
        ({**ENTRY, "at_ms": -1}, ":2: /at_ms: the time of a request is in milliseconds, from 1970 up to the year"),
        ({**ENTRY, "at_ms": -(10**400)}, ":2: "),
        ({**PLAIN, "method": "GET /"}, ":2: 'GET /' is not a method"),
        ({**PLAIN, "headers": {"a b": "c"}}, ":2: 'a b' is not a header field that can be sent"),
        ({**PLAIN, "headers": [["a", "x\r\ny: z"]]}, ":2: 'a' is not a header field that can be sent"),
        ({**ENTRY, "at_ms": None}, ":2: /at_ms: Expected `int`, got `null`"),
        ({**ENTRY, "request": {**ENTRY["request"], "body": "?"}}, ":2: /request/body: is not base64"),
        ({**ENTRY, "response": {**ENTRY["response"], "body": "?"}}, ":2: /response/body: is not base64"),
    ],
)
def test_line_that_cannot_be_used_is_told_with_its_number(tmp_path: Path, line: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, PLAIN, line)
    assert str(caught.value).startswith(f"{tmp_path / 'r.ndjson'}{message}")


def test_file_without_a_request_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no request"):
        read(tmp_path, "", "")


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*: No such file or directory"):
        read_recording(tmp_path / "r.ndjson")


@pytest.mark.parametrize(
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
