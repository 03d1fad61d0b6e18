from __future__ import annotations

from mockserver.cli.recording import RecordedCall
from mockserver.cli.session_ids import SessionIds


def call(path: str, status: int = 204, opened: str | None = None) -> RecordedCall:
    return RecordedCall(line=1, at_s=0, method="POST", path=path, headers=(), body=b"", status=status, opened=opened)


def start(opened: str | None = None) -> RecordedCall:
    return call("/api/v1/sessions", 201, opened)


def event(sid: str, status: int = 204) -> RecordedCall:
    return call(f"/api/v1/sessions/{sid}/events", status)


def test_id_of_a_journal_is_replaced_by_the_one_its_request_was_given() -> None:
    ids = SessionIds()
    ids.learn(start("a"), 201, "/api/v1/sessions/A")
    ids.learn(start("b"), 201, "http://host/api/v1/sessions/B/")
    assert ids.translate(event("b")) == "/api/v1/sessions/B/events"
    assert ids.translate(event("a")) == "/api/v1/sessions/A/events"


def test_id_that_a_recording_does_not_tell_is_taken_for_the_session_opened_first() -> None:
    ids = SessionIds()
    ids.learn(start(), 201, "/api/v1/sessions/A")
    ids.learn(start(), 201, "/api/v1/sessions/B")
    assert [ids.translate(event(sid)) for sid in ("x", "x", "y", "x")] == [
        "/api/v1/sessions/A/events",
        "/api/v1/sessions/A/events",
        "/api/v1/sessions/B/events",
        "/api/v1/sessions/A/events",
    ]


def test_id_that_was_unknown_stays_so() -> None:
    ids = SessionIds()
    ids.learn(start(), 201, "/api/v1/sessions/A")
    assert ids.translate(event("bogus", 404)) == "/api/v1/sessions/bogus/events"
    assert ids.translate(event("x")) == "/api/v1/sessions/A/events"


def test_session_that_the_recording_was_refused_has_no_id_to_be_found() -> None:
    ids = SessionIds()
    ids.learn(call("/api/v1/sessions", 400), 201, "/api/v1/sessions/A")
    assert ids.translate(event("x")) == "/api/v1/sessions/x/events"


def test_answer_without_a_session_teaches_nothing() -> None:
    ids = SessionIds()
    ids.learn(start("a"), 400, "")
    ids.learn(start("a"), 201, "")
    assert ids.translate(event("a")) == "/api/v1/sessions/a/events"


def test_prefix_and_query_of_a_path_are_kept() -> None:
    ids = SessionIds()
    ids.learn(start("a"), 201, "/api/v1/sessions/A")
    assert ids.translate(call("/va/api/v1/sessions/a/events?x=/sessions/a")) == (
        "/va/api/v1/sessions/A/events?x=/sessions/a"
    )
    assert ids.translate(call("/api/v1/sessions?x=a")) == "/api/v1/sessions?x=a"
