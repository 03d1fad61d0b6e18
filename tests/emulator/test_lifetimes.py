"""When sessions close and are forgotten, as a player and the admin API see it."""

from __future__ import annotations

from typing import Any

from msgspec import convert

from mockserver.emulator.emulator import Emulator
from mockserver.model.session import Session
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase
from tests.factories import (
    MINUTE_MS,
    T0,
    batch,
    emulator,
    event,
    open_session,
    phase,
    post,
    post_event,
    response,
    send,
)
from tests.tables import every_case

HOUR_MS = 60 * MINUTE_MS
GRACE_MS = 5_000


def known(back_end: Emulator, sid: str) -> Session:
    found = back_end.sessions.get(sid)
    assert found is not None
    return back_end.refreshed(found)


def status_after(back_end: Emulator, sid: str, ms: int, **event: Any) -> int:
    back_end.clock.advance(ms)
    return send(back_end, sid, **event)


# The three documented limits.


def test_event_after_ten_idle_minutes_and_grace_is_gone() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    assert status_after(back_end, sid, 10 * MINUTE_MS + GRACE_MS) == 204
    assert status_after(back_end, sid, 10 * MINUTE_MS + GRACE_MS + 1) == 410
    assert known(back_end, sid).closed_by is ClosedBy.IDLE


def test_any_accepted_event_restarts_the_ten_minutes_and_a_refused_one_does_not() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(9 * MINUTE_MS)
    assert send(back_end, sid, "error") == 204
    back_end.clock.advance(9 * MINUTE_MS)
    assert send(back_end, sid, "nonsense") == 400
    assert status_after(back_end, sid, 2 * MINUTE_MS) == 410


def test_playhead_that_stands_still_for_thirty_minutes_closes_the_session_although_pings_arrive() -> None:
    back_end = emulator()
    sid = open_session(back_end, playhead=7)
    assert {status_after(back_end, sid, 10_000, playhead=7) for _ in range(180)} == {204}
    assert send(back_end, sid, playhead=7) == 204, "the SDKs end a session themselves after exactly 30:00.0"
    assert status_after(back_end, sid, GRACE_MS + 1, playhead=8) == 410
    assert known(back_end, sid).closed_by is ClosedBy.STALL


def test_playhead_that_moves_either_way_keeps_the_session_open() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    statuses = {status_after(back_end, sid, 9 * MINUTE_MS, playhead=number // 2 % 2) for number in range(60)}
    assert statuses == {204}


def test_session_older_than_a_day_is_gone_however_lively() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    for minute in range(5, 24 * 60 + 1, 5):
        assert status_after(back_end, sid, 5 * MINUTE_MS, playhead=minute) == 204
    assert status_after(back_end, sid, GRACE_MS, playhead=1.5) == 204
    assert status_after(back_end, sid, 1, playhead=2.5) == 410
    assert known(back_end, sid).closed_by is ClosedBy.MAX_AGE


def test_closed_session_answers_404_when_its_retention_is_over() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    assert send(back_end, sid, "sessionEnd", ts=T0 + 1) == 204
    assert status_after(back_end, sid, 24 * HOUR_MS, ts=T0 + 2) == 410
    assert status_after(back_end, sid, 1, ts=T0 + 2) == 404
    assert phase(back_end, sid) is Phase.FORGOTTEN


@every_case("name", ["idle_timeout_s", "stall_timeout_s", "max_age_s"])
def test_lifetime_that_is_set_to_one_second_is_one_second(name: str) -> None:
    for ms, status in ((1_000, 204), (1_001, 410)):
        back_end = emulator(convert({name: 1}, Settings))
        assert status_after(back_end, open_session(back_end), ms) == status


def test_event_on_an_id_that_was_never_issued_is_not_found() -> None:
    assert send(emulator(), "f" * 64) == 404


# At run time.


def test_new_lifetimes_act_at_once_on_open_sessions() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(5_000)
    back_end.configure(Settings(idle_timeout_s=4))
    assert send(back_end, sid) == 410


def test_longer_lifetimes_keep_open_what_would_have_closed_and_reopen_nothing() -> None:
    back_end = emulator(Settings(idle_timeout_s=10))
    early = open_session(back_end)
    back_end.clock.advance(9_000)
    late = open_session(back_end)
    back_end.clock.advance(2_000)
    back_end.configure(Settings(idle_timeout_s=1_000))
    assert (send(back_end, early), status_after(back_end, late, 900_000)) == (410, 204)
    assert known(back_end, early).closed_ms == T0 + 10_000


def test_shorter_retention_forgets_at_once_and_a_longer_one_brings_nothing_back() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "sessionEnd", ts=T0 + 1)
    back_end.clock.advance(10_000)
    back_end.configure(Settings(retention_s=5))
    assert send(back_end, sid, ts=T0 + 2) == 404
    back_end.configure(Settings())
    assert send(back_end, sid, ts=T0 + 2) == 404


def test_closed_session_stays_closed_when_the_clock_is_set_back() -> None:
    back_end = emulator()
    sid, other = open_session(back_end), open_session(back_end)
    back_end.clock.advance(11 * MINUTE_MS)
    back_end.settle()
    back_end.clock.set(T0)
    assert (phase(back_end, sid), send(back_end, other)) == (Phase.CLOSED, 410)


def test_clock_that_is_set_back_makes_an_open_session_no_older() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.set(T0 - 48 * HOUR_MS)
    assert send(back_end, sid) == 204
    assert status_after(back_end, sid, 9 * MINUTE_MS) == 204


def test_session_rule_is_fixed_when_the_session_opens() -> None:
    rule = SessionRule(where=("/params/media.id=short",), idle_timeout_s=5)
    back_end = emulator(Settings(session_rules=(rule,)))
    short, ordinary = open_session(back_end, media__id="short"), open_session(back_end)
    back_end.configure(Settings())
    after_the_change = open_session(back_end, media__id="short")
    back_end.clock.advance(5_001)
    assert [send(back_end, sid) for sid in (short, ordinary, after_the_change)] == [410, 204, 204]


def test_first_session_rule_that_matches_decides_and_leaves_other_lifetimes_alone() -> None:
    rules = (
        SessionRule(where=("/params/media.id=a", "/params/media.length>1000"), idle_timeout_s=1),
        SessionRule(where=("/params/media.id=a",), idle_timeout_s=10),
        SessionRule(where=("/eventType=sessionStart",), idle_timeout_s=20),
    )
    back_end = emulator(Settings(session_rules=rules, max_age_s=30))
    first, second = open_session(back_end, media__id="a"), open_session(back_end)
    back_end.clock.advance(10_001)
    assert (send(back_end, first), send(back_end, second)) == (410, 204)
    assert status_after(back_end, second, 20_000) == 410


# Settings about the end of a session.


def test_session_complete_leaves_the_session_open_unless_a_setting_closes_it() -> None:
    for closes, status in ((False, 204), (True, 410)):
        back_end = emulator(Settings(complete_closes=closes))
        sid = open_session(back_end)
        assert send(back_end, sid, "sessionComplete", ts=T0 + 5) == 204
        assert send(back_end, sid, ts=T0 + 6) == status
        assert send(back_end, sid, ts=T0 + 4) == 204, "it was merely overtaken"


@every_case("status", [410, 204, 404])
def test_status_after_the_end_is_a_setting(status: Any) -> None:
    back_end = emulator(Settings(after_end=status))
    sid = open_session(back_end)
    assert send(back_end, sid, "sessionEnd", ts=T0 + 1) == 204
    assert send(back_end, sid, ts=T0 + 2) == status
    last = back_end.journal.get(back_end.journal.last_seq)
    assert last is not None
    assert last.outcome is Outcome.SESSION_CLOSED
    assert known(back_end, sid).events == 2
    back_end.clock.advance(25 * HOUR_MS)
    assert send(back_end, sid, ts=T0 + 3) == 404


def test_time_inside_ads_is_not_a_stall_if_the_setting_says_so() -> None:
    for ignores, status in ((False, 410), (True, 204)):
        back_end = emulator(Settings(idle_ignores_ads=ignores))
        sid = open_session(back_end)
        send(back_end, sid, "adBreakStart")
        send(back_end, sid, "adStart")
        statuses = [status_after(back_end, sid, 5 * MINUTE_MS) for _ in range(7)]
        assert statuses[-1] == status


def test_close_takes_effect_in_order_of_processing() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    assert send(back_end, sid, "sessionEnd", ts=T0 + 1_000) == 204
    assert send(back_end, sid, "chapterComplete", ts=T0 + 996) == 204
    assert send(back_end, sid, "ping", ts=T0 + 1_000) == 204
    assert send(back_end, sid, "ping", ts=T0 + 1_001) == 410
    assert send(back_end, sid, "sessionEnd", ts=T0 + 1_000) == 410
    assert [send(back_end, sid, "ping", ts=T0) for _ in range(9)] == [204] * 8 + [410], "ten events and no more"
    other = open_session(back_end)
    send(back_end, other, "sessionEnd", ts=T0 + 1_000)
    assert status_after(back_end, other, 5_000, ts=T0) == 204
    assert status_after(back_end, other, 1, ts=T0) == 410


def test_event_after_a_batch_of_downloaded_content_finds_its_session_closed() -> None:
    back_end = emulator(Settings(batch_location=True))
    answered = response(back_end, post("/api/v1/downloaded", batch("play", "sessionEnd")))
    sid = dict(answered.headers)["Location"].rpartition("/")[2]
    assert send(back_end, sid) == 410


# A clock that follows the events.


def test_clock_that_follows_jumps_to_the_ts_of_accepted_events_and_never_back() -> None:
    back_end = emulator()
    back_end.clock.follow_ts()
    sid = open_session(back_end, ts=T0 + 60_000)
    assert send(back_end, sid, ts=T0 + 120_000, playhead=60) == 204
    assert send(back_end, sid, ts=T0 + 90_000, playhead=30) == 204
    assert back_end.clock.now_ms() == T0 + 120_000
    entry = back_end.journal.get(2)
    assert entry is not None
    assert entry.at_ms == T0 + 120_000


def test_silence_is_measured_by_the_clock_that_follows() -> None:
    back_end = emulator()
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    assert send(back_end, sid, ts=T0 + 11 * MINUTE_MS) == 410


def test_event_that_is_refused_does_not_move_the_clock() -> None:
    back_end = emulator()
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    send(back_end, sid, "sessionEnd", ts=T0 + 10)
    far = T0 + 10**9
    assert send(back_end, sid, ts=far) == 410
    assert send(back_end, "unknown", ts=far) == 404
    assert send(back_end, sid, "nonsense", ts=far) == 400
    assert back_end.clock.now_ms() == T0 + 10


# The order of checks.


@every_case(
    ("check_order", "statuses"),
    [("schema-first", [400, 400, 400, 400]), ("session-first", [400, 410, 410, 404])],
)
def test_setting_decides_whether_a_bad_body_or_a_bad_session_is_noticed_first(
    check_order: Any, statuses: list[int]
) -> None:
    back_end = emulator(Settings(check_order=check_order, idle_timeout_s=60))
    ended, expired = open_session(back_end), open_session(back_end)
    send(back_end, ended, "sessionEnd", ts=T0 + 1)
    back_end.clock.advance(61_000)
    sids = [open_session(back_end), ended, expired, "x"]
    assert [response(back_end, post_event(sid, {"eventType": "ping"})).status for sid in sids] == statuses


def test_bad_body_right_after_the_end_finds_the_session_closed_if_that_is_noticed_first() -> None:
    back_end = emulator(Settings(check_order="session-first"))
    sid = open_session(back_end)
    send(back_end, sid, "sessionEnd", ts=T0 + 1)
    assert response(back_end, post_event(sid, event("nonsense"))).status == 410
