"""The life of a session, as pure functions of the session, the settings and the time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import replace

from mockserver.model.arrival import Opening
from mockserver.model.session import MAX_CONTENT_CHARS, Content, Deadlines, Session
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase
from mockserver.rules.lifecycle import (
    TRANSITIONS,
    Trigger,
    accept,
    deadlines,
    expire,
    fire,
    grace_ms,
    limits,
    open_session,
)
from tests.tables import every_case

MIN_MS = 60_000
HOUR_MS = 60 * MIN_MS
GRACE_MS = 5_000
OPENED_MS = 1_000_000


def session(**members: Any) -> Session:
    fresh = open_session(
        "s", 1, Opening(Content()), playhead_s=0, now_ms=OPENED_MS, rule=None, downloaded=False
    )  # fmt: skip
    return replace(fresh, **members)


def after(known: Session, passed_ms: int, settings: Settings | None = None) -> Session:
    return expire(known, OPENED_MS + passed_ms, limits(settings or Settings(), known.rule))


def sent(known: Session, event_type: str, passed_ms: int = 0, *, ts: int = 0, playhead: float = 0, **set_: Any) -> Any:
    return accept(known, event_type, ts, playhead, OPENED_MS + passed_ms, Settings(**set_))


# The table.


def test_forgotten_is_final_and_closed_leads_only_there() -> None:
    assert TRANSITIONS[Phase.FORGOTTEN] == {}
    assert set(TRANSITIONS[Phase.CLOSED].values()) == {Phase.FORGOTTEN}
    assert set(TRANSITIONS) == set(Phase)


@given(st.lists(st.sampled_from(Trigger), max_size=8))
def test_no_series_of_triggers_brings_a_session_back(triggers: list[Trigger]) -> None:
    ages = [Phase.OPEN, Phase.COMPLETED, Phase.CLOSED, Phase.FORGOTTEN]
    known = session()
    for at_ms, trigger in enumerate(triggers):
        later = fire(known, trigger, at_ms)
        assert ages.index(later.phase) >= ages.index(known.phase)
        assert (later.closed_by, later.closed_ms) == (known.closed_by, known.closed_ms) or known.closed_by is None
        known = later


@every_case(
    ("trigger", "closed_by"),
    [
        (Trigger.END, ClosedBy.SESSION_END),
        (Trigger.IDLE, ClosedBy.IDLE),
        (Trigger.STALL, ClosedBy.STALL),
        (Trigger.MAX_AGE, ClosedBy.MAX_AGE),
        (Trigger.EXPIRE, ClosedBy.EXPIRED),
        (Trigger.COMPLETE_CLOSING, ClosedBy.COMPLETE),
    ],
)
@every_case("phase", [Phase.OPEN, Phase.COMPLETED])
def test_live_session_closes_and_says_why(phase: Phase, trigger: Trigger, closed_by: ClosedBy) -> None:
    closed = fire(session(phase=phase, ad_state="ad"), trigger, 7)
    assert (closed.phase, closed.closed_by, closed.closed_ms) == (Phase.CLOSED, closed_by, 7)
    assert (closed.in_ad, closed.in_break) == (False, False)


def test_forgotten_session_is_in_no_ad_and_in_no_break() -> None:
    forgotten = fire(session(ad_state="ad"), Trigger.FORGET, 7)
    assert (forgotten.phase, forgotten.in_ad, forgotten.in_break) == (Phase.FORGOTTEN, False, False)


# Time.

LIMITS = [
    (600, ClosedBy.IDLE, {}),
    (1800, ClosedBy.STALL, {"last_event_ms": OPENED_MS + 10 * HOUR_MS}),
    (
        86400,
        ClosedBy.MAX_AGE,
        {"last_event_ms": OPENED_MS + 24 * HOUR_MS, "playhead_moved_ms": OPENED_MS + 24 * HOUR_MS},
    ),
]


@every_case(("limit_s", "closed_by", "members"), LIMITS)
def test_default_lifetime_ends_strictly_after_limit_and_grace(
    limit_s: int, closed_by: ClosedBy, members: dict[str, Any]
) -> None:
    known = session(**members)
    deadline_ms = limit_s * 1000 + GRACE_MS
    assert after(known, deadline_ms) is known
    closed = after(known, deadline_ms + 1)
    assert (closed.phase, closed.closed_by, closed.closed_ms) == (Phase.CLOSED, closed_by, OPENED_MS + deadline_ms)


@every_case("name", ["idle_timeout_s", "stall_timeout_s", "max_age_s"])
def test_lifetime_of_one_second_is_one_second(name: str) -> None:
    settings = convert({name: 1}, Settings)
    assert after(session(), 1_000, settings).phase is Phase.OPEN
    assert after(session(), 1_001, settings).phase is Phase.CLOSED


@every_case("idle_s", [600, 1])
def test_grace_that_is_set_applies_to_every_lifetime(idle_s: float) -> None:
    settings = Settings(idle_timeout_s=idle_s, grace_s=2.5)
    last_ms = round((idle_s + 2.5) * 1000)
    assert after(session(), last_ms, settings).phase is Phase.OPEN
    assert after(session(), last_ms + 1, settings).phase is Phase.CLOSED


def test_grace_of_zero_applies_to_the_defaults_too() -> None:
    assert after(session(), 600_001, Settings(grace_s=0)).phase is Phase.CLOSED


def test_session_without_limits_lives_for_ever() -> None:
    settings = Settings(idle_timeout_s=None, stall_timeout_s=None, max_age_s=None)
    assert after(session(), 10**12, settings).phase is Phase.OPEN
    assert deadlines(session(), limits(settings)) == Deadlines()


def test_session_closes_at_the_deadline_that_passed_first_not_when_somebody_looks() -> None:
    settings = Settings(idle_timeout_s=30, stall_timeout_s=20, max_age_s=25)
    closed = after(session(), HOUR_MS, settings)
    assert (closed.closed_by, closed.closed_ms) == (ClosedBy.STALL, OPENED_MS + 20_000)


def test_closed_session_is_forgotten_strictly_after_its_retention_which_has_no_grace() -> None:
    closed = fire(session(), Trigger.END, OPENED_MS)
    assert after(closed, 24 * HOUR_MS) is closed
    assert after(closed, 24 * HOUR_MS + 1).phase is Phase.FORGOTTEN
    assert after(closed, 10**12, Settings(retention_s=None)) is closed


def test_untouched_session_is_closed_and_forgotten_in_one_step() -> None:
    forgotten = after(session(), 10 * 60_000 + GRACE_MS + 24 * HOUR_MS + 1)
    assert (forgotten.phase, forgotten.closed_by) == (Phase.FORGOTTEN, ClosedBy.IDLE)


def test_clock_that_is_set_back_makes_no_session_older_and_opens_none() -> None:
    assert after(session(), -(10**9)).phase is Phase.OPEN
    closed = fire(session(), Trigger.END, OPENED_MS)
    assert after(closed, -(10**9)) is closed


def test_deadlines_are_the_last_milliseconds_of_a_phase() -> None:
    known, lifetimes = session(), limits(Settings())
    until = deadlines(known, lifetimes)
    assert until == Deadlines(
        idle_ms=OPENED_MS + 605_000, stall_ms=OPENED_MS + 1_805_000, max_age_ms=OPENED_MS + 86_405_000
    )
    assert until.idle_ms is not None
    assert expire(known, until.idle_ms, lifetimes) is known
    closed = expire(known, until.idle_ms + 1, lifetimes)
    assert deadlines(closed, lifetimes) == Deadlines(forget_ms=until.idle_ms + 86_400_000)
    assert deadlines(fire(closed, Trigger.FORGET, 0), lifetimes) == Deadlines()


def test_session_rule_replaces_the_lifetimes_it_names_and_no_others() -> None:
    rule = SessionRule(where=("/a=1",), idle_timeout_s=3, max_age_s=None)
    found = limits(Settings(stall_timeout_s=50), rule)
    assert (found.idle_ms, found.stall_ms, found.max_age_ms, found.retention_ms) == (3_000, 50_000, None, 86_400_000)


@every_case(
    ("settings", "rule", "grace"),
    [
        (Settings(), None, {"idle_ms": 5_000, "stall_ms": 5_000, "max_age_ms": 5_000}),
        (Settings(idle_timeout_s=60, stall_timeout_s=None), None, {"idle_ms": 0, "max_age_ms": 5_000}),
        (Settings(grace_s=1.5), None, {"idle_ms": 1_500, "stall_ms": 1_500, "max_age_ms": 1_500}),
        (Settings(), SessionRule(where=("/a=1",), idle_timeout_s=3, max_age_s=None), {"idle_ms": 0, "stall_ms": 5_000}),
    ],
)
def test_each_limit_has_its_own_grace(settings: Settings, rule: SessionRule | None, grace: dict[str, int]) -> None:
    assert grace_ms(settings, rule) == grace


@given(
    st.integers(0, 10**8), st.integers(0, 10**8), st.one_of(st.none(), st.floats(0.001, 10**5)), st.floats(0.001, 10**5)
)
def test_expiring_twice_equals_expiring_once(
    first_ms: int, more_ms: int, idle_s: float | None, retention_s: float
) -> None:
    settings = Settings(idle_timeout_s=idle_s, retention_s=retention_s)
    once = after(session(), first_ms + more_ms, settings)
    assert after(after(session(), first_ms, settings), first_ms + more_ms, settings) == once


# Events.


def test_accepted_event_counts_and_restarts_the_silence() -> None:
    known, outcome = sent(session(), "ping", 5_000, playhead=5)
    assert outcome is Outcome.ACCEPTED
    assert (known.events, known.last_event_ms, known.playhead_s) == (2, OPENED_MS + 5_000, 5)
    assert known.playhead_moved_ms == OPENED_MS + 5_000


@every_case("playhead", [10, 4.999, -1])
def test_only_a_changed_playhead_is_movement(playhead: float) -> None:
    known = session(playhead_s=5)
    assert sent(known, "ping", 9, playhead=playhead)[0].playhead_moved_ms == OPENED_MS + 9
    assert sent(known, "ping", 9, playhead=5.0)[0].playhead_moved_ms == OPENED_MS


@every_case(("ignores", "moved_ms"), [(False, OPENED_MS), (True, OPENED_MS + 50)])
def test_time_in_an_ad_counts_as_a_stalled_playhead_by_default(ignores: bool, moved_ms: int) -> None:
    in_ad, _ = sent(session(ad_state="due"), "adStart", idle_ignores_ads=ignores)
    assert sent(in_ad, "ping", 50, idle_ignores_ads=ignores)[0].playhead_moved_ms == moved_ms
    assert sent(in_ad, "adComplete", 50, idle_ignores_ads=ignores)[0].playhead_moved_ms == moved_ms


@every_case("ends", ["adComplete", "adSkip", "adBreakComplete"])
def test_ad_is_open_between_its_start_and_its_end(ends: str) -> None:
    in_ad, _ = sent(session(ad_state="due"), "adStart")
    assert in_ad.in_ad
    assert sent(in_ad, "ping")[0].in_ad
    assert not sent(in_ad, ends)[0].in_ad


def test_break_is_open_between_its_start_and_its_end_and_ends_the_ad_in_it() -> None:
    known, found = session(), []
    for event_type in ("adBreakComplete", "adBreakStart", "adStart", "adComplete", "adStart", "adBreakComplete"):
        known, _ = sent(known, event_type)
        found.append((known.in_break, known.in_ad))
    assert found == [(False, False), (True, False), (True, True), (True, False), (True, True), (False, False)]


def test_session_complete_keeps_the_session_open_by_default() -> None:
    completed, _ = sent(session(), "sessionComplete")
    assert (completed.phase, completed.complete, completed.closed_by) == (Phase.COMPLETED, True, None)
    later, outcome = sent(completed, "ping", 10)
    assert (later.phase, outcome) == (Phase.COMPLETED, Outcome.ACCEPTED)
    assert sent(later, "sessionEnd", 11)[0].closed_by is ClosedBy.SESSION_END


def test_session_complete_closes_the_session_if_set() -> None:
    closed, outcome = sent(session(), "sessionComplete", ts=100, complete_closes=True)
    assert (closed.phase, closed.closed_by, closed.complete, outcome) == (
        Phase.CLOSED, ClosedBy.COMPLETE, True, Outcome.ACCEPTED,
    )  # fmt: skip
    assert sent(closed, "ping", ts=101, complete_closes=True) == (closed, Outcome.SESSION_CLOSED)


def test_refused_event_changes_nothing() -> None:
    for phase, outcome in ((Phase.CLOSED, Outcome.SESSION_CLOSED), (Phase.FORGOTTEN, Outcome.UNKNOWN_SESSION)):
        known = session(phase=phase)
        assert sent(known, "ping", 5, ts=10**9, playhead=3) == (known, outcome)


# A close overtakes what is older.


def ended(*, ts: int = 1_000, **settings: Any) -> Session:
    closed: Session = sent(session(), "sessionEnd", ts=ts, **settings)[0]
    return closed


@every_case(("ts", "accepted"), [(999, True), (1_000, True), (1_001, False)])
def test_event_not_younger_than_the_closing_one_was_merely_overtaken(ts: int, accepted: bool) -> None:
    late, outcome = sent(ended(), "ping", 10, ts=ts)
    assert outcome is (Outcome.ACCEPTED if accepted else Outcome.SESSION_CLOSED)
    assert (late.phase, late.overtaken, late.events) == (Phase.CLOSED, int(accepted), 2 + int(accepted))


def test_second_session_end_is_never_overtaken() -> None:
    assert sent(ended(), "sessionEnd", ts=1)[1] is Outcome.SESSION_CLOSED


def test_session_complete_that_was_overtaken_by_session_end_still_completes() -> None:
    late, outcome = sent(ended(), "sessionComplete", ts=1)
    assert (late.complete, late.closed_by, outcome) == (True, ClosedBy.SESSION_END, Outcome.ACCEPTED)


@every_case(("passed_ms", "window_s", "accepted"), [(5_000, 5, True), (5_001, 5, False), (1, 0, False)])
def test_overtaken_events_are_accepted_for_the_length_of_the_window(
    passed_ms: int, window_s: float, accepted: bool
) -> None:
    outcome = sent(ended(), "ping", passed_ms, ts=1, reorder_window_s=window_s)[1]
    assert outcome is (Outcome.ACCEPTED if accepted else Outcome.SESSION_CLOSED)


def test_overtaken_events_are_accepted_until_the_window_is_full() -> None:
    known = ended()
    outcomes = []
    for _ in range(4):
        known, outcome = sent(known, "ping", ts=1, reorder_window_n=3)
        outcomes.append(outcome)
    assert outcomes == [Outcome.ACCEPTED] * 3 + [Outcome.SESSION_CLOSED]


def test_nothing_is_overtaken_by_a_timeout() -> None:
    closed = after(session(), HOUR_MS)
    assert sent(closed, "ping", 11 * MIN_MS, ts=-5)[1] is Outcome.SESSION_CLOSED


# Downloaded content.


@every_case(
    ("complete", "over", "closed_by"),
    [(False, False, ClosedBy.SESSION_END), (True, False, ClosedBy.COMPLETE), (True, True, ClosedBy.SESSION_END)],
)
def test_batch_is_over_when_it_arrives(complete: bool, over: bool, closed_by: ClosedBy) -> None:
    opening = Opening(Content(), events=9, complete=complete, ended=over)
    known = open_session("s", 4, opening, playhead_s=1, now_ms=OPENED_MS, rule=None, downloaded=True)
    assert (known.phase, known.closed_by, known.closed_ms) == (Phase.CLOSED, closed_by, OPENED_MS)
    assert (known.events, known.complete, known.number) == (9, complete, 4)
    assert sent(known, "ping", ts=0)[1] is Outcome.SESSION_CLOSED


def test_a_session_keeps_the_beginning_of_long_texts_about_its_content() -> None:
    long = Content(media_id="i" * 256, media_name="n" * 1_000_000)
    opened = open_session("s", 1, Opening(long), playhead_s=0, now_ms=0, rule=None, downloaded=False)
    assert opened.content == Content(media_id="i" * 256, media_name="n" * MAX_CONTENT_CHARS)
