"""Questions about what was recorded."""

from __future__ import annotations

import pytest

from mockserver.admin import entries, findings, sessions
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.http import HttpRequest
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand
from mockserver.model.settings import Settings
from tests.factories import (
    T0,
    answered,
    batch,
    emulator,
    event,
    open_session,
    post,
    post_event,
    response,
    send,
    start,
    target,
)


def test_page_lists_entries_in_ascending_order_and_leads_to_the_next_one() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    for number in range(5):
        send(back_end, sid, playhead=number)
    since, pages = 0, []
    while True:
        page = entries.events(target(back_end), Query(event_type="ping", since=since, limit=2))
        pages.append([entry.seq for entry in page.events])
        assert page.meta.evicted == 0
        if page.meta.next is None:
            break
        since = page.meta.next
    assert pages == [[2, 3], [4, 5], [6]]
    assert entries.events(target(back_end), Query(event_type="ping", limit=2)).meta.total == 5


def test_missing_and_dropped_entries_are_distinguished() -> None:
    back_end = emulator(Settings(max_entries=1))
    for _ in range(3):
        open_session(back_end)
    assert entries.event(target(back_end), None, "3").seq == 3
    with pytest.raises(NotFound, match="was dropped to stay within the limits"):
        entries.event(target(back_end), None, "2")
    for seq in ("0", "4", "9" * 18):
        with pytest.raises(NotFound, match="does not exist"):
            entries.event(target(back_end), None, seq)


def test_answers_say_whether_dropped_entries_could_matter() -> None:
    back_end = emulator(Settings(max_entries=3))
    for _ in range(5):
        open_session(back_end)

    def complete(since: int) -> bool:
        return answered(entries.count(target(back_end), WaitCommand(query=Query(since=since)))).journal_complete

    assert [complete(since) for since in (0, 1, 2, 5)] == [False, False, True, True]
    assert not answered(entries.wait(target(back_end), WaitCommand())).journal_complete
    assert entries.events(target(back_end), Query()).meta.evicted == 2


def test_body_is_shown_parsed_and_as_sent() -> None:
    back_end = emulator()
    request = post_event("x", event("ping", ts=10**30))
    back_end.handle(request)
    back_end.handle(post("/api/v1/sessions", body=b"{nope"))
    first, second = entries.events(target(back_end), Query()).events
    assert first.event["playerTime"]["ts"] == 10**30
    assert first.request.body == request.body.decode()
    assert (second.event, second.request.body) == (None, "{nope")


# Timelines.


def test_timeline_shows_arrival_with_refused_events_and_processing_without() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "ping", ts=T0 + 20, playhead=2)
    send(back_end, sid, "nonsense", ts=T0 + 15)
    send(back_end, sid, "play", ts=T0 + 10, playhead=1)
    timeline = sessions.timeline(target(back_end), None, sid)
    assert [(entry.seq, entry.event_type, entry.status) for entry in timeline.arrival] == [
        (1, "sessionStart", 201), (2, "ping", 204), (3, "nonsense", 400), (4, "play", 204),
    ]  # fmt: skip
    assert [(entry.seq, entry.provisional) for entry in timeline.processing] == [(1, False), (4, True), (2, True)]
    assert timeline.journal_complete
    send(back_end, sid, "sessionEnd", ts=T0 + 30)
    assert not any(entry.provisional for entry in sessions.timeline(target(back_end), None, sid).processing)


def test_events_of_a_batch_have_an_index() -> None:
    back_end = emulator()
    response(back_end, post("/api/v1/downloaded", batch("play", "sessionEnd")))
    (session,) = back_end.sessions
    timeline = sessions.timeline(target(back_end), None, session.sid)
    assert [(entry.seq, entry.index, entry.event_type) for entry in timeline.processing] == [
        (1, 0, "sessionStart"), (1, 1, "play"), (1, 2, "sessionEnd"),
    ]  # fmt: skip
    assert timeline.arrival == timeline.processing


def test_timeline_of_an_unknown_session_exists_only_if_somebody_named_it() -> None:
    back_end = emulator()
    with pytest.raises(NotFound, match="'x'"):
        sessions.timeline(target(back_end), None, "x")
    send(back_end, "x")
    assert [entry.status for entry in sessions.timeline(target(back_end), None, "x").arrival] == [404]
    assert sessions.timeline(target(back_end), None, "x").processing == []


def test_looking_changes_nothing() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(10**9)
    before = back_end.sessions.get(sid)
    sessions.timeline(target(back_end), None, sid)
    findings.summary(target(back_end), None)
    assert back_end.sessions.get(sid) is before


# Summary.


def test_summary_counts_requests_events_outcomes_statuses_and_sessions() -> None:
    back_end = emulator()
    sid, other = open_session(back_end), open_session(back_end)
    send(back_end, sid)
    send(back_end, sid, "nonsense")
    send(back_end, sid, "sessionComplete")
    back_end.handle(HttpRequest("OPTIONS", "/api/v1/sessions", "/"))
    back_end.handle(post("/api/v1/sessions", {**start(), "x": 1}))
    back_end.clock.advance(1)
    send(back_end, other, "sessionEnd")
    summary = findings.summary(target(back_end), None)
    assert (summary.requests, summary.evicted) == (8, 0)
    assert summary.events == {"sessionStart": 3, "ping": 1, "nonsense": 1, "sessionComplete": 1, "sessionEnd": 1}
    assert summary.outcomes == {"opened": 2, "accepted": 3, "invalid": 2, "answered": 1}
    assert summary.statuses == {"201": 2, "204": 3, "400": 2, "200": 1}
    assert summary.sessions == {"completed": 1, "closed": 1}


def test_query_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(InvalidInput):
        entries.events(target(emulator()), Query(where="nonsense"))
