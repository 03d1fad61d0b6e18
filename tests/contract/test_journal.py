"""Questions of a test about the traffic, in the process and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import InvalidInput, MediaServer, NotFound, Query, VerificationFailed
from mockserver.media_server import questions as module
from mockserver.model.vocabulary import Operation, Outcome
from tests.factories import T0, event, start
from tests.tables import every_case

Post = Callable[..., int]


@pytest.fixture
def sid(server: MediaServer, post: Post) -> str:
    """A session with play, two pings (the second invalid) and adStart; a second session without events."""
    assert post(server, "/api/v1/sessions", start(media__id="clip-7")) == 201
    (session,) = server.sessions()
    events = f"/api/v1/sessions/{session.session_id}/events"
    assert post(server, events, event("play", ts=T0 + 1)) == 204
    assert post(server, events, event("ping", playhead=10, ts=T0 + 10_000)) == 204
    assert post(server, events, {"eventType": "ping"}) == 400
    assert post(server, events, event("adStart", playhead=20, ts=T0 + 20_000)) == 204
    assert post(server, "/api/v1/sessions", start(media__id="other")) == 201
    return session.session_id


@every_case(
    ("query", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"event_type": "ping"}, [3, 4]),
        ({"event_type": ["play", "adStart"]}, [2, 5]),
        ({"event_type": []}, []),
        ({"outcome": "accepted"}, [2, 3, 5]),
        ({"outcome": Outcome.INVALID}, [4]),
        ({"status": 400}, [4]),
        ({"status": (400, 201)}, [1, 4, 6]),
        ({"operation": Operation.START}, [1, 6]),
        ({"operation": ["start", "schema"]}, [1, 6]),
        ({"where": "/params/media.id=clip-7"}, [1]),
        ({"where": ["/playerTime/playhead>5", "/playerTime/playhead<15"]}, [3]),
        ({"where": ["/params/media.id*=clip", "/playerTime/playhead=0"]}, [1]),
        ({"where": ["/params/media.id!=clip-7"], "event_type": "sessionStart"}, [6]),
        ({"where": ["media.id=clip-7", "playhead=0"]}, [1]),
        ({"where": "playhead>5", "status": 204}, [3, 5]),
        ({"where": "eventType=ping"}, [3, 4]),
        ({"fault_id": "f1"}, []),
        ({"session_id": "nobody"}, []),
        ({"since": 4}, [5, 6]),
        ({"limit": 2}, [1, 2]),
        ({"since": 1, "limit": 2, "status": 204}, [2, 3]),
    ],
    ids=str,
)
def test_events_are_chosen_by_every_field_of_a_query(
    server: MediaServer, sid: str, query: dict[str, Any], seqs: list[int]
) -> None:
    assert [entry.seq for entry in server.events(**query)] == seqs
    if "limit" not in query:
        assert server.count(**query) == len(seqs)


def test_events_are_chosen_by_session(server: MediaServer, sid: str) -> None:
    assert [entry.seq for entry in server.events(session_id=sid)] == [1, 2, 3, 4, 5]


def test_events_are_chosen_by_the_beginning_of_a_session_id(server: MediaServer, sid: str) -> None:
    assert [entry.seq for entry in server.events(session_id=f"{sid[:8]}*")] == [1, 2, 3, 4, 5]
    assert server.count(session_id=[f"{sid[:8]}*", "nobody"], event_type="play") == 1
    assert server.events(session_id=sid[:8]) == []


def test_events_are_chosen_by_the_fault_that_hit_them(server: MediaServer, sid: str, post: Post) -> None:
    rule = server.faults.add({"kind": "status", "code": 503})
    assert post(server, "/api/v1/sessions", start()) == 503
    assert [(entry.seq, entry.fault_ids) for entry in server.events(fault_id=rule.id)] == [(7, (rule.id,))]


def test_all_events_are_returned_however_many_a_page_holds(
    server: MediaServer, sid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open_session()
    monkeypatch.setattr(module, "MAX_LIMIT", 2)
    assert [entry.seq for entry in server.events()] == [1, 2, 3, 4, 5, 6]
    assert [entry.seq for entry in server.events(status=204)] == [2, 3, 5]
    assert [session.seq for session in server.sessions()] == [1, 2, 3]


def test_more_session_ids_than_a_request_line_holds_can_be_asked_about(server: MediaServer, sid: str) -> None:
    others = [f"{number:064d}" for number in range(200)]
    assert len(server.events(session_id=[*others, sid])) == 5


def test_entry_shows_the_request_and_its_answer(server: MediaServer, sid: str) -> None:
    (entry,) = server.events(event_type="ping", status=400)
    assert entry.event == {"eventType": "ping"}
    assert json.loads(entry.request.body) == {"eventType": "ping"}
    assert entry.request.path.endswith(f"/api/v1/sessions/{sid}/events")
    assert [violation.path for violation in entry.violations] == ["/playerTime"]
    assert entry.response is not None
    assert entry.response.status == 400
    assert entry.at_ms == T0
    assert entry.delivery.value == "sent"


def test_wait_returns_at_once_if_enough_entries_match(server: MediaServer, sid: str) -> None:
    assert [entry.seq for entry in server.wait_for(event_type="ping", at_least=2, timeout_s=60)] == [3, 4]


def test_failed_wait_says_how_long_and_shows_the_nearest_entry(server: MediaServer, sid: str) -> None:
    with pytest.raises(VerificationFailed) as caught:
        server.wait_for(event_type="ping", status=500, timeout_s=0)
    first, second, *near = str(caught.value).splitlines()
    assert first == "waited 0 s"
    assert second == "not verified: expected at least 1 with event_type=ping status=500, found 0"
    assert "    #3 ping (204): status is 204, expected 500" in near


async def test_await_for_does_the_same_as_wait_for(server: MediaServer, sid: str) -> None:
    assert [entry.seq for entry in await server.await_for(event_type="play", timeout_s=60)] == [2]
    with pytest.raises(VerificationFailed, match="waited 0 s\nnot verified"):
        await server.await_for(event_type="chapterStart", timeout_s=0)


@every_case(
    "expected",
    [
        {"event_type": "ping"},
        {"event_type": "ping", "exactly": 2},
        {"event_type": "ping", "at_least": 1, "at_most": 2},
        {"event_type": "chapterStart", "exactly": 0},
        {"sequence": ["sessionStart", "play", "ping", "adStart"]},
        {"sequence": ["play", {"event_type": "ping", "status": 204, "where": ["/playerTime/playhead=10"]}]},
        {"sequence": [Query(event_type="sessionStart"), {"outcome": ["accepted"]}], "order": "arrival"},
        {"sequence": ["sessionStart"], "exactly": 2},
    ],
    ids=str,
)
async def test_met_expectation_is_verified(server: MediaServer, sid: str, expected: dict[str, Any]) -> None:
    assert server.verify(**expected).verified
    assert server.verification(**expected).verified
    assert (await server.await_verified(**expected, timeout_s=0)).verified


@every_case(
    ("expected", "text"),
    [
        ({"event_type": "ping", "exactly": 1}, "expected exactly 1 with event_type=ping, found 2"),
        ({"event_type": "ping", "at_most": 1}, "expected at most 1 with event_type=ping, found 2"),
        ({"event_type": "ping", "at_least": 3}, "expected at least 3 with event_type=ping, found 2"),
        ({"sequence": ["ping", "play"]}, "expected at least 1 with the sequence event_type=ping -> event_type=play"),
        ({"sequence": ["play", {"event_type": "ping", "status": 500}]}, "#3 ping (204): status is 204, expected 500"),
    ],
    ids=str,
)
async def test_unmet_expectation_fails_with_the_nearest_entry(
    server: MediaServer, sid: str, expected: dict[str, Any], text: str
) -> None:
    result = server.verification(**expected)
    assert not result.verified
    assert text in result.message
    with pytest.raises(VerificationFailed) as caught:
        server.verify(**expected)
    assert str(caught.value) == result.message
    with pytest.raises(VerificationFailed) as caught:
        await server.await_verified(**expected, timeout_s=0)
    assert str(caught.value) == result.message


def test_verification_shows_what_matched_and_whether_nothing_was_dropped(
    server: MediaServer, sid: str, post: Post
) -> None:
    result = server.verify(["play", "ping"])
    assert [entry.seq for entry in result.matched] == [2, 3]
    assert result.journal_complete
    server.configure(max_entries=2)
    post(server, "/api/v1/sessions", start())
    assert server.verification(event_type="play").journal_complete is False


def test_timeline_has_both_orders(server: MediaServer, sid: str) -> None:
    timeline = server.timeline(sid)
    assert [step.event_type for step in timeline.arrival] == ["sessionStart", "play", "ping", "ping", "adStart"]
    assert [step.event_type for step in timeline.processing] == ["sessionStart", "play", "ping", "adStart"]


def test_summary_counts(server: MediaServer, sid: str) -> None:
    summary = server.summary()
    assert (summary.requests, summary.statuses, summary.sessions) == (6, {"201": 2, "204": 3, "400": 1}, {"open": 2})


def test_export_is_one_entry_a_line(server: MediaServer, sid: str) -> None:
    entries = [json.loads(line) for line in server.export().splitlines()]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[3]["response"]["status"] == 400


def test_export_of_nothing_is_empty(server: MediaServer) -> None:
    assert server.export() == b""


def test_transcript_is_grouped_by_session(server: MediaServer, sid: str) -> None:
    text = server.transcript()
    assert f"session {sid[:8]}... clip-7: open, 4 events accepted" in text
    assert "/playerTime" in text
    assert text.index("clip-7") < text.index("adStart") < text.index("other: open, 1 event accepted")


def test_transcript_of_a_long_journal_shows_the_newest_and_says_what_is_missing(
    server: MediaServer, sid: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.configure(max_entries=5)
    post(server, "/api/v1/sessions", start())
    monkeypatch.setattr(module, "MAX_LIMIT", 3)
    first, second, *rest = server.transcript().splitlines()
    assert first == "(2 older requests were dropped to stay within the limits)"
    assert second == "(2 older requests are not shown)"
    assert [line.split("#")[1][0] for line in rest if "#" in line] == ["5", "6", "7"]


@every_case(
    ("ask", "text", "pointer"),
    [
        (lambda s: s.events(type="ping"), "a query has no field type; its fields are session_id event_type", ""),
        (lambda s: s.count(exactly=1), "a query has no field exactly", ""),
        (lambda s: s.events(status="ok"), "must be a whole number, a list or null, not 'ok'", "/status"),
        (lambda s: s.events(outcome="good"), "Invalid enum value 'good'", "/outcome"),
        (lambda s: s.events(where=["playhead"]), "is not a condition", "/where"),
        (lambda s: s.events(limit=0), "limit must be 1 to 10000, not 0", "/limit"),
        (lambda s: s.events(since=-1), "since must be 0 or more, not -1", "/since"),
        (lambda s: s.wait_for(timeout_s=61), "timeout_s must be 0 to 60 seconds, not 61", "/timeout_s"),
        (lambda s: s.wait_for(timeout_s=float("nan")), "timeout_s must be 0 to 60 seconds, not nan", "/timeout_s"),
        (lambda s: s.wait_for(at_least=-1), "at_least must be 0 or more, not -1", "/at_least"),
        (lambda s: s.wait_for(at_least="all"), "must be a whole number, not 'all'", "/at_least"),
        (lambda s: s.wait_for(timeout_s=None), "timeout_s must be 0 to 60 seconds, not None", "/timeout_s"),
        (lambda s: s.verify(timeout_s=-1), "timeout_s must be 0 to 60 seconds, not -1", "/timeout_s"),
        (lambda s: s.verify("play"), "a sequence is a list of event types or queries", "/sequence"),
        (lambda s: s.verify({"event_type": "play"}), "a sequence is a list of event types or queries", "/sequence"),
        (lambda s: s.verify([]), "a sequence needs at least one step", "/sequence"),
        (lambda s: s.verify(["play", 3]), "must be an object or text, not 3", "/sequence/1"),
        (lambda s: s.verify(["play", {"type": "x"}]), "unknown member `type`", "/sequence/1"),
        (lambda s: s.verify(["play"], session_id="x"), "session_id cannot be combined with a sequence", ""),
        (lambda s: s.verify(exactly=1, at_least=1), "give either exactly, or at_least and at_most", "/exactly"),
        (lambda s: s.verify(at_least=2, at_most=1), "at_least is more than at_most", "/at_least"),
        (lambda s: s.verify(["play"], order="random"), "Invalid enum value 'random'", "/order"),
    ],
)
def test_meaningless_query_is_refused(
    server: MediaServer, ask: Callable[[MediaServer], Any], text: str, pointer: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(server)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer


@every_case(
    "ask",
    [
        lambda s: s.events(event_type="pnig"),
        lambda s: s.count(event_type=["play", "pnig"]),
        lambda s: s.wait_for(event_type="pnig"),
        lambda s: s.verify(event_type="pnig", exactly=0),
        lambda s: s.verify(["sessionStart", "pnig"]),
        lambda s: s.verify([{"event_type": "pnig"}], exactly=0),
        lambda s: s.faults.add({"kind": "status", "code": 500}, when={"event_type": "pnig"}),
        lambda s: s.faults.add({"kind": "reset"}, when={"event_type": ["ping", "pnig"]}),
    ],
)
def test_unknown_event_type_cannot_be_queried(server: MediaServer, ask: Callable[[MediaServer], Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(server)
    assert '"pnig" is not an event type; did you mean ping?' in str(caught.value)
    assert 'where: "/eventType=pnig"' in str(caught.value)
    assert server.faults.list() == []


def test_a_wrong_event_type_that_a_player_sent_is_found_by_its_body(server: MediaServer, post: Post) -> None:
    assert post(server, "/api/v1/sessions/unknown/events", event("pnig")) == 400
    assert [entry.event_type for entry in server.events(where="/eventType=pnig")] == ["pnig"]


def test_timeline_of_an_unknown_session_is_not_found(server: MediaServer) -> None:
    with pytest.raises(NotFound, match="there is no session 'nobody'"):
        server.timeline("nobody")
