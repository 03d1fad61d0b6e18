"""The answers, header by header."""

from __future__ import annotations

import json
from typing import Any

from mockserver.dialects.collection import answers
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Violation
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from tests.tables import every_case

SID = "a" * 64
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS,POST,PUT",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "Location",
}


def headers(response: HttpResponse) -> dict[str, str]:
    fields = dict(response.headers)
    assert len(fields) == len(response.headers), "no field stands there twice"
    return fields


def message(response: HttpResponse) -> str:
    assert headers(response)["Content-Type"] == "application/json"
    assert headers(response)["Content-Length"] == str(len(response.body))
    assert CORS.items() <= headers(response).items(), "a browser shows its page nothing without them"
    return str(json.loads(response.body)["message"])


def test_opened_session_is_answered_as_in_adobes_samples() -> None:
    response = answers.opened(SID)
    assert (response.status, response.body) == (201, b"")
    assert headers(response) == {
        "Location": f"/api/v1/sessions/{SID}", "Content-Type": "application/octet-stream", "Content-Length": "0",
        **CORS,
    }  # fmt: skip


def test_accepted_event_is_answered_without_body_and_content_headers() -> None:
    assert (answers.ACCEPTED.status, answers.ACCEPTED.body, headers(answers.ACCEPTED)) == (204, b"", CORS)


def test_batch_is_answered_without_location_unless_asked_for() -> None:
    assert "Location" not in headers(answers.downloaded(SID, Settings()))
    assert answers.downloaded(SID, Settings(batch_location=True)) == answers.opened(SID)


def test_rejection_names_the_first_violation_and_lists_all() -> None:
    violations = (Violation("/playerTime/ts", "type", "It is a text."), Violation("", "json", "No."))
    response = answers.rejected(400, violations)
    assert message(response) == "/playerTime/ts: It is a text. (2 problems in all, see errors)"
    assert json.loads(response.body)["errors"] == [
        {"path": "/playerTime/ts", "rule": "type", "detail": "It is a text."},
        {"path": "", "rule": "json", "detail": "No."},
    ]
    assert message(answers.rejected(400, violations[1:])) == "No."


@every_case(("status", "final"), [(400, False), (413, True), (415, False)])
def test_body_that_was_not_read_to_its_end_ends_the_connection(status: int, final: bool) -> None:
    assert answers.rejected(status, (Violation("", "x", "y"),)).final is final


@every_case(
    ("outcome", "after_end", "status", "words"),
    [
        (Outcome.UNKNOWN_SESSION, 410, 404, "is not known"),
        (Outcome.UNKNOWN_SESSION, 204, 404, "is not known"),
        (Outcome.SESSION_CLOSED, 410, 410, "accepts no more events"),
        (Outcome.SESSION_CLOSED, 404, 404, "is closed"),
    ],
)
def test_refusal_says_what_to_do(outcome: Outcome, after_end: Any, status: int, words: str) -> None:
    response = answers.refused(outcome, SID, Settings(after_end=after_end))
    assert response.status == status
    assert words in message(response)
    assert "open a new one with a sessionStart" in message(response)


def test_event_after_the_end_can_be_dropped_silently() -> None:
    assert answers.refused(Outcome.SESSION_CLOSED, SID, Settings(after_end=204)) is answers.ACCEPTED


def test_wrong_path_is_not_found_with_a_hint_where_adobes_sample_is_wrong() -> None:
    assert message(answers.no_route("/x")) == "There is nothing at /x."
    assert "events go to /api/v1/sessions/{sid}/events" in message(answers.no_route(f"/api/v1/{SID}/events"))
    assert len(message(answers.no_route("/" + "x" * 10_000))) < 150


def test_wrong_method_names_the_right_ones() -> None:
    response = answers.method_not_allowed("OPTIONS, POST")
    assert (response.status, headers(response)["Allow"]) == (405, "OPTIONS, POST")
    assert message(response) == "Only OPTIONS and POST are allowed here."


def test_schema_is_json_and_an_unknown_one_lists_those_there_are() -> None:
    response = answers.schema({"type": "object"})
    assert (response.status, json.loads(response.body)) == (200, {"type": "object"})
    assert "there are play, ping" in message(answers.unknown_schema("x", ("play", "ping")))


def preflight(asked: bytes | None = b"content-type,x-a", **settings: Any) -> dict[str, str]:
    fields = () if asked is None else ((b"access-control-Request-headers", asked),)
    response = answers.preflight(HttpRequest("OPTIONS", "/", "/", fields), Settings(**settings))
    assert (response.status, response.body) == (200, b"")
    return headers(response)


def test_preflight_is_answered_with_adobes_headers_and_nothing_to_remember() -> None:
    assert preflight() == {**CORS, "Content-Length": "0"}


def test_preflight_can_mirror_what_is_asked_for_and_be_remembered() -> None:
    assert preflight(cors_allow_any_header=True)["Access-Control-Allow-Headers"] == "content-type,x-a"
    assert preflight(None, cors_allow_any_header=True)["Access-Control-Allow-Headers"] == "Content-Type"
    assert preflight(cors_max_age_s=600)["Access-Control-Max-Age"] == "600"


# Injected answers.


def test_injected_answer_looks_like_the_apis_and_is_marked() -> None:
    response = answers.plain(503, None)
    assert response.status == 503
    assert "injected by the mock server" in message(response)
    assert headers(response.marked("f1"))["X-Mock-Fault"] == "f1"
    assert response.marked(None) is response


@every_case(
    ("code", "phrase"), [(429, "Too many requests"), (502, "Bad gateway"), (599, "Status 599"), (299, "Status 299")]
)
def test_injected_answer_says_what_its_status_means(code: int, phrase: str) -> None:
    assert message(answers.plain(code, None)) == f"{phrase} (injected by the mock server)."


@every_case(
    ("body", "content", "content_type"),
    [
        ("sorry", b"sorry", "text/plain; charset=utf-8"),
        ({"a": [1]}, b'{"a":[1]}', "application/json"),
        ([], b"[]", "application/json"),
        (0, b"0", "application/json"),
        ("", b"", None),
    ],
)
def test_injected_text_is_sent_unchanged_and_anything_else_as_json(
    body: Any, content: bytes, content_type: str | None
) -> None:
    response = answers.plain(500, body)
    assert (response.body, headers(response).get("Content-Type")) == (content, content_type)
    assert headers(response)["Content-Length"] == str(len(content))


@every_case("code", [204, 205, 304])
def test_status_that_has_no_body_gets_none(code: int) -> None:
    response = answers.plain(code, {"a": 1})
    assert (response.body, "Content-Type" in headers(response)) == (b"", False)
    assert ("Content-Length" in headers(response)) is (code == 205)
