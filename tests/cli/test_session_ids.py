from __future__ import annotations

from mockserver.cli.session_ids import SessionIds
from mockserver.model.http import HttpResponse
from mockserver.recordings.call import RecordedCall


def call(path: str, status: int = 204, opened: str | None = None, line: int = 1) -> RecordedCall:
    return RecordedCall(line=line, method="POST", path=path, target=path, body=b"", status=status, sid=opened)


def start(opened: str | None = None, line: int = 1) -> RecordedCall:
    return call("/api/v1/sessions", 201, opened, line)


def event(sid: str, status: int = 204) -> RecordedCall:
    return call(f"/api/v1/sessions/{sid}/events", status)


def answered(ids: SessionIds, request: RecordedCall, status: int, location: str) -> None:
    ids.sent(request)
    ids.learn(request, HttpResponse(status, (("Location", location),) if location else ()))


def path(ids: SessionIds, request: RecordedCall) -> str:
    return ids.translate(request)[0]


def test_id_of_a_journal_is_replaced_by_the_one_its_request_was_given() -> None:
    ids = SessionIds()
    answered(ids, start("a"), 201, "/api/v1/sessions/A")
    answered(ids, start("b"), 201, "http://host/api/v1/sessions/B/")
    assert path(ids, event("b")) == "/api/v1/sessions/B/events"
    assert path(ids, event("a")) == "/api/v1/sessions/A/events"


def test_answer_without_a_session_maps_no_id() -> None:
    ids = SessionIds()
    answered(ids, start("a"), 400, "")
    answered(ids, start("a"), 201, "")
    assert path(ids, event("a")) == "/api/v1/sessions/a/events"


def test_prefix_and_query_of_a_path_are_kept() -> None:
    ids = SessionIds()
    answered(ids, start("a"), 201, "/api/v1/sessions/A")
    assert path(ids, call("/va/api/v1/sessions/a/events?x=/sessions/a")) == (
        "/va/api/v1/sessions/A/events?x=/sessions/a"
    )
    assert path(ids, call("/api/v1/sessions?x=a")) == "/api/v1/sessions?x=a"


def test_event_waits_for_the_answer_that_brings_its_id() -> None:
    ids = SessionIds()
    assert not ids.must_wait(event("a"))
    ids.sent(start("a"))
    assert ids.must_wait(event("a"))
    assert not ids.must_wait(event("b"))
    assert not ids.must_wait(start("c"))
    ids.learn(start("a"), HttpResponse(201, (("Location", "/api/v1/sessions/A"),)))
    assert not ids.must_wait(event("a"))


def test_event_of_a_session_that_was_not_opened_waits_no_longer_and_keeps_its_id() -> None:
    ids = SessionIds()
    answered(ids, start("a"), 503, "")
    assert not ids.must_wait(event("a"))
    assert path(ids, event("a")) == "/api/v1/sessions/a/events"


def test_ids_in_a_text_are_replaced_only_as_whole_words() -> None:
    ids = SessionIds()
    answered(ids, start("a"), 201, "/api/v1/sessions/A.1")
    assert ids.translate_text("Session a is gone; ask for /sessions/a/events. Not abba, a-b or a.b, but a.") == (
        "Session A.1 is gone; ask for /sessions/A.1/events. Not abba, a-b or a.b, but A.1."
    )
