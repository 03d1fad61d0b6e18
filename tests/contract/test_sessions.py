"""One session as a test uses it, in the process and over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import (
    BlockingCallInLoop,
    InvalidInput,
    MediaServer,
    NotFound,
    SessionHandle,
    SessionReport,
    Severity,
    VerificationFailed,
    any_number_of,
    anything,
)
from mockserver import control as c
from mockserver.model.vocabulary import ClosedBy, Phase
from tests.factories import T0, batch, event, start
from tests.tables import every_case
from tests.waiting import GUARD_S

Post = Callable[..., int]

AD = {"event_type": "adStart", "where": "/params/media.ad.id=ad-1"}


@pytest.fixture
def session(server: MediaServer, post: Post) -> SessionHandle:
    """A session of clip-7 with play, three pings, an ad outside a break and a refused ping; another of clip-8."""
    assert post(server, "/api/v1/sessions", start(media__id="clip-7")) == 201
    handle = server.wait_for_session(media_id="clip-7", timeout_s=60)
    events = f"/api/v1/sessions/{handle.sid}/events"
    assert post(server, events, event("play", ts=T0 + 100)) == 204
    for number in (1, 2, 3):
        assert post(server, events, event("ping", playhead=10 * number, ts=T0 + 10_000 * number)) == 204
    assert post(server, events, event("adStart", playhead=32, ts=T0 + 32_000)) == 204
    assert post(server, events, {"eventType": "ping"}) == 400
    assert post(server, "/api/v1/sessions", start(media__id="clip-8", media__playerName="tv")) == 201
    return handle


@pytest.fixture
def events(session: SessionHandle) -> str:
    return f"/api/v1/sessions/{session.sid}/events"


# Finding it


@every_case(
    ("wanted", "media_id"),
    [
        ({}, "clip-8"),
        ({"media_id": "clip-7"}, "clip-7"),
        ({"player_name": "tv"}, "clip-8"),
        ({"player_name": "player"}, "clip-7"),
        ({"content_type": "vod"}, "clip-8"),
        ({"phase": "open"}, "clip-8"),
        ({"phase": Phase.OPEN, "media_id": "clip-7", "content_type": "vod"}, "clip-7"),
    ],
    ids=str,
)
async def test_newest_matching_session_is_found(
    server: MediaServer, session: SessionHandle, wanted: dict[str, Any], media_id: str
) -> None:
    assert (await server.await_for_session(**wanted)).view.content.media_id == media_id


def test_session_is_found_by_its_id(server: MediaServer, session: SessionHandle) -> None:
    assert server.wait_for_session(session_id=session.sid).sid == session.sid
    assert repr(session) == f"<SessionHandle {session.sid[:8]}...>"


def test_session_that_is_opened_later_is_awaited(server: MediaServer, post: Post) -> None:
    later = threading.Timer(0.05, post, (server, "/api/v1/sessions", start(media__id="7")))
    later.start()
    try:
        assert server.wait_for_session(media_id="7", timeout_s=30).view.content.media_id == "7"
    finally:
        later.join()


def test_session_of_downloaded_content_is_found(server: MediaServer, post: Post) -> None:
    assert post(server, "/api/v1/downloaded", batch("play", "sessionComplete", media__id="offline")) == 201
    handle = server.wait_for_session(media_id="offline")
    handle.assert_sequence("sessionStart", "play", "sessionComplete")


def test_wait_looks_once_more_when_its_time_is_over(
    server: MediaServer, session: SessionHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, looks = server.control.call, []

    def expiring(route: Any, argument: Any, **path: str) -> Any:
        answer = call(route, argument, **path)
        if route is c.SESSIONS:
            looks.append(answer)
            call(c.EXPIRE, None, sid=session.sid)
        return answer

    monkeypatch.setattr(server.control, "call", expiring)
    assert server.wait_for_session(phase="closed", timeout_s=0.01).sid == session.sid
    assert len(looks) == 2


async def test_missing_session_is_a_failure_that_shows_the_others(server: MediaServer, session: SessionHandle) -> None:
    with pytest.raises(VerificationFailed) as caught:
        await server.await_for_session(media_id="clip-9", phase="closed", timeout_s=0.01)
    first, newest, older = str(caught.value).splitlines()
    assert first == "waited 0.01 s for a session with media_id=clip-9 phase=closed; there are 2"
    assert newest.endswith(" clip-8: open, 1 event accepted, content_type=vod, player_name=tv")
    assert older.endswith(" clip-7: open, 6 events accepted, content_type=vod, player_name=player")


def test_missing_session_is_a_failure_that_shows_the_newest_ten(server: MediaServer) -> None:
    with pytest.raises(VerificationFailed, match=r"^waited 0 s for a session; there are none$"):
        server.wait_for_session(timeout_s=0)
    for _ in range(12):
        server.open_session()
    with pytest.raises(VerificationFailed, match="there are 12\n") as caught:
        server.wait_for_session(media_id="x", timeout_s=0)
    assert len(str(caught.value).splitlines()) == 12
    assert str(caught.value).endswith("\n  ... 2 older ...")


# What it is


def test_queries_of_a_session_see_only_this_session(server: MediaServer, session: SessionHandle) -> None:
    assert [entry.seq for entry in session.events()] == [1, 2, 3, 4, 5, 6, 7]
    assert [entry.seq for entry in session.events(event_type="ping", status=204)] == [3, 4, 5]
    assert len(session.timeline.processing) == 6
    assert {finding.session_id for finding in session.findings()} == {session.sid}
    worst = session.findings(min_severity="error")
    assert worst
    assert {finding.severity for finding in worst} == {Severity.ERROR}
    assert session.findings(code=worst[0].code)[0] == worst[0]
    assert isinstance(session.report, SessionReport)
    assert session.report.content_time_spent_s == server.report(session.sid).content_time_spent_s


def test_view_is_fresh(session: SessionHandle, server: MediaServer, post: Post, events: str) -> None:
    assert session.view.phase.value == "open"
    assert session.expire().closed_by is ClosedBy.EXPIRED
    assert session.view.phase.value == "closed"
    assert post(server, events, event("ping")) == 410
    assert session.forget().phase is Phase.FORGOTTEN
    assert post(server, events, event("ping")) == 404


async def test_waiting_counts_this_session_only(session: SessionHandle) -> None:
    assert [entry.seq for entry in await session.await_for(event_type="ping", at_least=4)] == [3, 4, 5, 7]
    with pytest.raises(VerificationFailed):
        await session.await_for(event_type="sessionStart", at_least=2, timeout_s=0)


def test_session_that_was_reset_is_gone(server: MediaServer, session: SessionHandle) -> None:
    assert len(session.wait_for(event_type="sessionStart")) == 1
    server.reset()
    with pytest.raises(NotFound):
        _ = session.view


async def test_blocking_calls_on_a_loop_say_what_to_await(server: MediaServer, session: SessionHandle) -> None:
    for call, instead in (
        (lambda: server.wait_for_session(), "await_for_session"),
        (lambda: session.wait_for(), "await_for"),
        (lambda: session.wait_for_silence(for_s=1), "await_for_silence"),
    ):
        with pytest.raises(BlockingCallInLoop, match=instead):
            call()


# Silence


def test_silence_is_noticed_when_another_thread_advances_the_clock(server: MediaServer, session: SessionHandle) -> None:
    done = threading.Event()

    def advance() -> None:
        while not done.is_set():
            server.clock.advance(seconds=5)

    player = threading.Thread(target=advance)
    player.start()
    try:
        session.wait_for_silence(event_type="ping", for_s=15, timeout_s=GUARD_S)
    finally:
        done.set()
        player.join()
    assert server.clock.now_ms >= T0 + 15_000


async def test_silence_of_a_running_clock_ends_by_itself(server: MediaServer, session: SessionHandle) -> None:
    server.clock.resume()
    server.clock.rate(1_000)
    await session.await_for_silence(event_type="ping", for_s=15, timeout_s=GUARD_S)


def test_request_that_breaks_the_silence_is_named(server: MediaServer, session: SessionHandle) -> None:
    server.clock.advance(seconds=3)
    with pytest.raises(VerificationFailed) as caught:
        session.wait_for_silence(event_type="ping", for_s=15, timeout_s=0.01)
    assert str(caught.value) == (
        f"waited 0.01 s for 15 s of the emulated clock without session_id={session.sid} event_type=ping: "
        "the last was #7 ping, 3.000 s ago on the emulated clock"
    )
    with pytest.raises(VerificationFailed, match=r"event_type=adSkip: none ever arrived$"):
        session.wait_for_silence(event_type="adSkip", for_s=15, timeout_s=0)


# Judging


@every_case(
    "sequence",
    [
        ["sessionStart", "play", "ping", "ping", "ping", "adStart"],
        ["sessionStart", "play", any_number_of("ping"), AD],
        ["sessionStart", anything()],
        [anything(), AD],
        [
            any_number_of("sessionStart", "play", {"event_type": "ping", "status": 204}),
            any_number_of("bufferStart"),
            AD,
        ],
    ],
)
@every_case("order", ["processing", "arrival"])
def test_sequence_that_is_as_expected_passes(session: SessionHandle, sequence: list[Any], order: Any) -> None:
    session.assert_sequence(*sequence, order=order)


def test_sequence_among_others_passes_if_they_are_allowed(session: SessionHandle) -> None:
    session.assert_sequence("play", "adStart", allow_others=True)
    with pytest.raises(VerificationFailed):
        session.assert_sequence("play", "adStart")
    with pytest.raises(VerificationFailed):
        session.assert_sequence("adStart", "play", allow_others=True)


def test_sequence_of_processing_is_not_that_of_arrival(
    server: MediaServer, session: SessionHandle, post: Post, events: str
) -> None:
    post(server, events, event("bufferStart", playhead=30, ts=T0 + 30_500))
    session.assert_sequence("bufferStart", "adStart", allow_others=True)
    session.assert_sequence("adStart", "bufferStart", allow_others=True, order="arrival")
    with pytest.raises(VerificationFailed, match="in order of arrival"):
        session.assert_sequence("bufferStart", "adStart", allow_others=True, order="arrival")


def test_sequence_that_is_not_as_expected_is_explained(session: SessionHandle) -> None:
    with pytest.raises(VerificationFailed) as caught:
        session.assert_sequence("sessionStart", "play", any_number_of("ping"), "adBreakStart", AD, "ping")
    text = str(caught.value)
    assert text.startswith("not the expected sequence, in order of processing: 2 missing\n")
    assert "\n  - adBreakStart " in text
    assert "was not accepted: invalid (400)" in text
    assert f"  error {session.findings()[0].code}: " in text


@every_case(
    ("ask", "text", "pointer"),
    [
        (lambda s, h: h.assert_sequence(), "a sequence needs at least one step", "/sequence"),
        (lambda s, h: h.assert_sequence("play", 3), "a step is an event type", "/sequence/1"),
        (lambda s, h: h.assert_sequence("play", order="random"), "processing or arrival, not 'random'", "/order"),
        (lambda s, h: h.wait_for_silence(for_s=0), "for_s must be a number of seconds", "/for_s"),
        (lambda s, h: h.wait_for_silence(for_s=float("nan")), "for_s must be a number of seconds", "/for_s"),
        (lambda s, h: h.wait_for_silence(for_s=1, timeout_s=61), "timeout_s must be 0 to 60", "/timeout_s"),
        (lambda s, h: h.wait_for_silence(for_s=1, type="ping"), "a query has no field type", ""),
        (lambda s, h: s.wait_for_session(timeout_s=-1), "timeout_s must be 0 to 60", "/timeout_s"),
        (lambda s, h: s.wait_for_session(media="x"), "unknown member `media`", ""),
        (lambda s, h: s.wait_for_session(phase="ended"), "Invalid enum value 'ended'", "/phase"),
        (lambda s, h: s.assert_no_findings("bad"), "Invalid enum value 'bad'", "/min_severity"),
        (lambda s, h: h.assert_no_findings(ignore={"ping.gaps"}), "did you mean ping.gap?", "/ignore"),
        (lambda s, h: s.assert_no_findings(ignore="zzz"), "there is no rule 'zzz'; see docs", "/ignore"),
    ],
)
def test_meaningless_arguments_are_refused(
    server: MediaServer,
    session: SessionHandle,
    ask: Callable[[MediaServer, SessionHandle], Any],
    text: str,
    pointer: str,
) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(server, session)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer


def test_findings_are_a_failure_with_the_entries_concerned(server: MediaServer, session: SessionHandle) -> None:
    found = session.findings(min_severity="warning")
    with pytest.raises(VerificationFailed) as caught:
        session.assert_no_findings()
    first, *lines = str(caught.value).splitlines()
    assert first == f"expected no finding (warning or worse), but there are {len(found)}:"
    assert lines[0] == f"  {found[0].severity.value} {found[0].code}: {found[0].message}"
    assert "#6 adStart +32.000 s" in str(caught.value)
    with pytest.raises(VerificationFailed, match=r"\(error\)"):
        server.assert_no_findings("error")
    with pytest.raises(VerificationFailed, match=f" in session {session.sid[:8]}"):
        server.assert_no_findings("info")


def test_ignored_and_less_severe_findings_do_not_count(server: MediaServer, session: SessionHandle) -> None:
    codes = {finding.code for finding in server.findings()}
    server.assert_no_findings("info", ignore=codes)
    session.assert_no_findings(Severity.INFO, ignore=codes)
    errors = {finding.code for finding in session.findings(min_severity="error")}
    session.assert_no_findings("error", ignore=errors)
    rest = sorted(errors)[1:]
    with pytest.raises(VerificationFailed, match=rf"error, except {' '.join(rest)}\)" if rest else r"\(error\)"):
        session.assert_no_findings("error", ignore=rest)


def test_no_traffic_has_no_findings(server: MediaServer) -> None:
    server.assert_no_findings("info")
