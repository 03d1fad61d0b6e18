from __future__ import annotations

from typing import Any

from mockserver.cli.flight import Answer
from mockserver.cli.replayed_answer import Deviation, compare
from mockserver.recordings.call import Ending, RecordedAnswer, RecordedCall
from tests.tables import every_case


def recorded(
    status: int | None = 404,
    body: bytes = b"",
    *headers: str,
    ending: Ending | None = "answered",
    is_whole: bool = True,
) -> RecordedCall:
    answer = RecordedAnswer(headers=frozenset(name.lower() for name in headers), body=body) if is_whole else None
    return RecordedCall(
        line=1, at_s=0, method="POST", path="/", headers=(), body=b"", status=status, ending=ending, answer=answer
    )


def came(status: int | None = 404, body: bytes = b"", *headers: str, ending: Ending = "answered") -> Answer:
    return Answer(status=status, body=body, headers=tuple((name, "x") for name in headers), ending=ending)


def found(call: RecordedCall, answer: Answer, **more: Any) -> list[str]:
    return list(map(str, compare(call, answer, lambda text: text.replace("old", "new"), **more)))


def test_another_status_is_the_only_difference_that_is_named() -> None:
    assert found(recorded(204, b"a", "Allow"), came(410, b"b")) == ["recorded 204, now 410"]
    assert found(recorded(None, ending="broken"), came(204)) == ["recorded no answer, now 204"]


@every_case("name", ["Location", "Content-Type", "Allow", "Access-Control-Allow-Origin"])
def test_header_fields_of_the_api_are_there_or_not(name: str) -> None:
    assert found(recorded(201, b"", name), came(201, b"", name.lower())) == []
    assert found(recorded(201, b"", name), came(201)) == [f"{name} recorded, missing now"]
    assert found(recorded(201), came(201, b"", name)) == [f"{name} not recorded, present now"]


@every_case("name", ["Date", "X-Mock-Fault", "Connection", "Server", "Content-Length"])
def test_other_header_fields_are_not_compared(name: str) -> None:
    assert found(recorded(201, b"", name), came(201)) == found(recorded(201), came(201, b"", name)) == []


@every_case(
    ("before", "now", "differences"),
    [
        (b'{"a": 1, "b": [1.0, {"c": null}]}', b'{"b":[1,{"c":null}],"a":1}', []),
        (b'{"message": "no old here"}', b'{"message": "no new here"}', []),
        (b'{"a": "x"}', b'{"a": "y"}', ['body /a: recorded "x", now "y"']),
        (b'{"a/b~": [1, 2]}', b'{"a/b~": [1, 3]}', ["body /a~1b~0/1: recorded 2, now 3"]),
        (b'{"a": [1]}', b'{"a": [1, 2]}', ["body /a: recorded [1], now [1, 2]"]),
        (b'{"a": 1}', b'{"b": true}', ["body /a: recorded 1, now null", "body /b: recorded null, now true"]),
        (b"1", b"true", ["body: recorded 1, now true"]),
        (b"plain old", b"plain new", []),
        (b"plain", b"{}", ['body: recorded "plain", now "{}"']),
        (b"", b"x", ['body: recorded "", now "x"']),
        (b"\xff", b"\xff", []),
        (b"\xff", b"\xfe", ['body: recorded "\\\\xff", now "\\\\xfe"']),
        (b"x" * 200, b"", [f'body: recorded "{"x" * 96}..., now ""']),
    ],
)
def test_bodies_are_compared_as_json_or_else_as_text(before: bytes, now: bytes, differences: list[str]) -> None:
    assert found(recorded(404, before), came(404, now)) == differences


def test_recording_without_answers_compares_statuses() -> None:
    assert found(recorded(201, ending="answered", is_whole=False), came(201, b"x", "Location")) == []
    assert found(recorded(None, ending=None, is_whole=False), came(None, ending="broken")) == []


def test_statuses_alone_can_be_compared() -> None:
    assert found(recorded(404, b"a", "Allow"), came(404, b"b"), status_only=True) == []
    assert found(recorded(404), came(204), status_only=True) == ["recorded 404, now 204"]
    assert found(recorded(None, ending="broken"), came(None, ending="unanswered"), status_only=True) == []


def test_broken_connection_and_missing_answer_are_distinguished() -> None:
    assert found(recorded(None, ending="broken"), came(None, ending="broken")) == []
    assert found(recorded(None, ending="broken"), came(None, ending="unanswered")) == [
        "recorded a connection that was reset, closed or cut short, now no answer while the client waited"
    ]
    assert found(recorded(None, ending="unanswered"), came(None, ending="broken")) == [
        "recorded no answer while the client waited, now a connection that was reset, closed or cut short"
    ]


def test_answer_that_no_client_waited_for_is_compared_if_it_arrives() -> None:
    left = recorded(204, b"a", ending="unanswered")
    assert found(left, came(None, ending="unanswered")) == []
    assert found(left, came(204, b"a")) == []
    assert found(left, came(204, b"b")) == ['body: recorded "a", now "b"']
    assert found(left, came(410)) == ["recorded 204, now 410"]
    assert found(left, came(None, ending="broken")) == ["recorded 204, now no answer"]


def test_difference_names_what_differs_for_programs() -> None:
    (difference,) = compare(recorded(404, b'{"a": 1}'), came(404, b'{"a": 2}'), str)
    assert difference == Deviation(of="body", at="/a", recorded=1, now=2)
