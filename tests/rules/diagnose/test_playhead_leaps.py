"""Rules about a playhead that leaps, or runs backwards."""

from __future__ import annotations

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.run import diagnose_session
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of

RULES = rules_about("playhead.jump-without-seek", "playhead.counts-down")

ERROR, WARNING = Severity.ERROR, Severity.WARNING
PLAY: Event = ("play", 0, 0)
WATCHED: tuple[Event, ...] = (PLAY, ("ping", 10, 10), ("ping", 20, 20))


def leaps(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_a_jump_without_a_seek_is_found() -> None:
    case = case_of(*WATCHED, ("ping", 30, 50), ("ping", 40, 60))

    assert fired(RULES, case) == [("playhead.jump-without-seek", WARNING, (4, 5))]
    assert said(RULES, case) == (
        "The playhead went from 20 s to 50 s within 10 s of playing; send pauseStart before a seek, and play with the "
        "new position after it."
    )


def test_a_jump_back_without_a_seek_is_found() -> None:
    assert leaps(*WATCHED, ("ping", 30, 5), ("ping", 40, 15)) == [("playhead.jump-without-seek", WARNING, (4, 5))]


def test_a_playhead_that_falls_behind_asks_for_a_buffer() -> None:
    case = case_of(*WATCHED, ("ping", 30, 22), ("ping", 40, 32))

    assert fired(RULES, case) == [("playhead.jump-without-seek", WARNING, (4, 5))]
    assert "send bufferStart when the player waits" in said(RULES, case)


def test_three_seconds_more_than_the_time_are_not_a_jump() -> None:
    assert leaps(*WATCHED, ("ping", 30, 33), ("ping", 40, 43)) == []


def test_a_seek_of_pause_and_play_is_not_a_jump() -> None:
    assert leaps(*WATCHED, ("pauseStart", 25, 25), ("play", 26, 50), ("ping", 36, 60)) == []


def test_a_seek_with_another_event_in_its_burst_is_not_a_jump() -> None:
    burst = (("bitrateChange", 25, 50), ("pauseStart", 25.004, 50), ("play", 25.005, 50))

    assert leaps(*WATCHED, *burst, ("ping", 35, 60)) == []


def test_the_first_play_may_leap_to_where_playback_begins() -> None:
    assert leaps(("play", 0, 0), ("play", 1, 1200), ("ping", 11, 1210)) == []


def test_a_speed_that_viewers_choose_is_not_a_jump() -> None:
    assert leaps(*WATCHED, ("ping", 30, 35), ("ping", 40, 55), ("ping", 50, 75), ("ping", 60, 85)) == []


def test_jumps_that_follow_each_other_are_one_finding() -> None:
    events = (("ping", 30, 100), ("ping", 40, 200), ("ping", 50, 210), ("ping", 60, 220))

    assert leaps(*WATCHED, *events) == [("playhead.jump-without-seek", WARNING, (4, 5, 6))]


def test_jumps_apart_from_each_other_are_one_finding_about_the_largest() -> None:
    case = case_of(
        *WATCHED, ("ping", 30, 50), ("ping", 40, 60), ("ping", 50, 130), ("ping", 60, 140), start={"media.length": 600}
    )

    assert fired(RULES, case) == [("playhead.jump-without-seek", WARNING, (4, 5, 6, 7))]
    assert said(RULES, case).startswith(
        "The playhead went from 60 s to 130 s within 10 s of playing, and jumped 1 more time"
    )


def test_a_playhead_that_leaps_to_and_fro_is_distinguished_from_seeks() -> None:
    events = [("ping", 30 + 10 * n, 300 + 10 * n if n % 2 else 30 + 10 * n) for n in range(8)]
    case = case_of(*WATCHED, *events, start={"media.length": 600})

    assert [code for code, *_ in fired(RULES, case)] == ["playhead.jump-without-seek"]
    assert said(RULES, case).startswith(
        "The playhead jumped back and forth 7 times between 30 s and 370 s while playing, as"
    )


def test_another_speed_is_not_a_jump_even_with_other_events_in_between() -> None:
    events: list[Event] = []
    for n in range(2, 12):
        at_s = 10 * n
        events += [("bitrateChange", at_s, 20 + (at_s - 20) * 1.5), ("ping", at_s + 0.4, 20 + (at_s - 19.6) * 1.5)]

    assert leaps(PLAY, ("ping", 10, 10), *events) == []


LIVE = {"media.contentType": "live", "media.length": 86_400}


def live(behind_s: float) -> list[Firing]:
    """Play a live mid-roll of a minute in which the playhead stands, and go on so far behind the time before."""
    ads: tuple[Event, ...] = (
        ("adBreakStart", 20, 72_020, BREAK), ("adStart", 20, 72_020, AD), ("ping", 50, 72_020),
        ("adComplete", 80, 72_020), ("adBreakComplete", 80, 72_020),
    )  # fmt: skip
    watched = (("play", 0, 72_000), ("ping", 10, 72_010))
    after = (("ping", 90, 72_090 - behind_s), ("ping", 100, 72_100 - behind_s))
    return fired(RULES, case_of(("sessionStart", 0, 72_000), *watched, *ads, *after, start=LIVE))


def test_a_live_playhead_that_stood_in_a_break_may_catch_up() -> None:
    assert live(0) == live(2) == []


def test_a_live_playhead_that_lands_elsewhere_after_a_break_leaps() -> None:
    assert [code for code, *_ in live(30)] == ["playhead.jump-without-seek"]


def test_time_remaining_is_the_only_finding() -> None:
    case = case_of(
        ("play", 0, 600), *(("ping", 10 * n, 600 - 10 * n) for n in range(1, 20)), start={"media.length": 600}
    )

    assert [code for code, *_ in fired(RULES, case)] == ["playhead.counts-down"]
    assert {finding.code for finding in diagnose_session(case)} == {"playhead.counts-down"}
    assert said(RULES, case).startswith(
        "The playhead goes down while content plays, from 600 s to 410 s, like the remaining time; send the position"
    )


def test_a_viewer_who_goes_back_does_not_count_down() -> None:
    assert [code for code, *_ in leaps(*WATCHED, ("ping", 30, 10), ("ping", 40, 0), ("ping", 50, 10))] == [
        "playhead.jump-without-seek"
    ]
