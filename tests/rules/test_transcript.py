"""The transcript in the report of a failing test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.admin import entries, sessions
from mockserver.control import SessionQuery
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import When
from mockserver.model.fault_kind import DelayFault, HangFault, StatusFault
from mockserver.model.http import HttpRequest
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import SessionCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.rules.transcript import transcript
from tests.factories import (
    MINUTE_MS,
    T0,
    answer,
    batch,
    emulator,
    event,
    fault,
    open_session,
    post,
    post_event,
    send,
    target,
)
from tests.tables import every_case

Golden = Callable[[str, str], None]


def written(back_end: Emulator) -> str:
    page = entries.events(target(back_end), Query(limit=MAX_LIMIT))
    known = sessions.sessions(target(back_end), SessionQuery(limit=MAX_LIMIT)).sessions
    return transcript(page.events, known, evicted=page.meta.evicted) + "\n"


def test_nothing_was_received() -> None:
    assert written(emulator()) == "nothing was received\n"


def test_sessions_one_after_the_other(golden: Golden) -> None:
    back_end = emulator()
    first = open_session(back_end, media__id="clip-1")
    second = open_session(back_end, media__id="clip-2")
    for number, sid in enumerate((first, second, first)):
        back_end.clock.advance(10_000)
        send(back_end, sid, "play" if number < 2 else "ping", playhead=12.25 * number)
    send(back_end, first, "sessionEnd", playhead=30)
    sessions.expire_session(target(back_end), None, second)
    sessions.put_session(target(back_end), SessionCommand(sid="mine"))
    golden("transcript/sessions.txt", written(back_end))


def test_session_that_died_of_silence(golden: Golden) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "play")
    back_end.clock.advance(11 * MINUTE_MS)
    send(back_end, sid, "ping", playhead=10)
    send(back_end, "0" * 64, "ping", playhead=20)
    golden("transcript/idle.txt", written(back_end))


def test_faults(golden: Golden) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, StatusFault(code=503), when=When(event_type="play"), times=1)
    fault(back_end, StatusFault(code=500), when=When(event_type="ping"), stage=Stage.RESPONSE)
    fault(back_end, DelayFault(ms=250), when=When(event_type="ping"), stage=Stage.RESPONSE)
    fault(back_end, HangFault(), when=When(event_type="sessionEnd"))
    for event_type in ("play", "play", "ping"):
        answer(back_end, post_event(sid, event(event_type, playhead=1)))
    back_end.delivered(answer(back_end, post_event(sid, event("sessionEnd", playhead=2))), Delivery.CUT)
    golden("transcript/faults.txt", written(back_end))


def test_violations(golden: Golden) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    wrong: list[Any] = [
        event("media.ping"),
        {"eventType": "ping", "playerTime": {"playhead": "ten", "ts": "now"}, "params": 5, "more": 1},
        [],
    ]
    for document in wrong:
        answer(back_end, post_event(sid, document))
    answer(back_end, post(f"/api/v1/sessions/{sid}/events", body=b"{"))
    answer(back_end, post("/api/v1/sessions", event("sessionStart", params={"media.id": "clip-1"})))
    golden("transcript/violations.txt", written(back_end))


def test_requests_without_a_session(golden: Golden) -> None:
    back_end = emulator()
    for method, path in (
        ("OPTIONS", "/api/v1/sessions"),
        ("GET", "/api/v1/schemas/ping"),
        ("GET", "/api/v1/sessions"),
        ("PUT", "/" + "long/" * 40),
    ):
        answer(back_end, HttpRequest(method, path, path))
        back_end.clock.advance(1_500)
    golden("transcript/without_session.txt", written(back_end))


def test_downloaded_content(golden: Golden) -> None:
    back_end = emulator()
    answer(back_end, post("/api/v1/downloaded", batch("play", "ping", "sessionComplete", media__id="offline")))
    answer(back_end, post("/api/v1/downloaded", [event("play")]))
    golden("transcript/downloaded.txt", written(back_end))


def test_long_session_is_shortened(golden: Golden) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    for number in range(1, 101):
        back_end.clock.advance(10_000)
        send(back_end, sid, "ping", playhead=10 * number, ts=T0 + 10_000 * number)
    golden("transcript/long.txt", written(back_end))


def test_session_that_can_be_shown_whole_is_not_shortened() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    for number in range(60):
        send(back_end, sid, "ping", playhead=number)
    assert "more ..." not in written(back_end)
    send(back_end, sid, "ping", playhead=60)
    assert "... 2 more ..." in written(back_end)


def test_dropped_requests_are_counted(golden: Golden) -> None:
    back_end = emulator(Settings(max_entries=4))
    sid = open_session(back_end)
    for number in range(6):
        send(back_end, sid, "ping", playhead=number)
    golden("transcript/evicted.txt", written(back_end))


HOSTILE = "a\nsession x\r\x1b[31m\x00\u202e\u2028 ü" + "é" * 10_000


def test_hostile_content_is_escaped_and_cut_to_length(golden: Golden) -> None:
    back_end = emulator()
    sid = open_session(back_end, media__id=HOSTILE)
    send(back_end, sid, HOSTILE)
    send(back_end, sid, "ping", playhead=10**300)
    answer(back_end, post_event(sid, {**event("ping"), HOSTILE: 1}))
    answer(back_end, HttpRequest("PO\x07ST", "/a\x1bb", "/a\x1bb"))
    golden("transcript/hostile.txt", written(back_end))


@every_case("sign", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u2029", "\u202e", "\x00"])
def test_no_character_of_a_client_breaks_a_line_or_controls_a_terminal(sign: str) -> None:
    back_end = emulator()
    sid = open_session(back_end, media__id=f"a{sign}b")
    send(back_end, sid, f"c{sign}d")
    count = len(entries.events(target(back_end), Query()).events)
    text = written(back_end)
    assert len(text.splitlines()) == 1 + count
    assert sign == "\n" or sign not in text
    assert all(line.isprintable() for line in text.splitlines())
