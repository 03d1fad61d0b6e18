"""Rules about the movement of the playhead."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about("playhead.runs-while-paused", "playhead.moves-in-ad", "playhead.backwards", "playhead.drift")

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
PLAY: Event = ("play", 0, 0)
WATCHED: tuple[Event, ...] = (PLAY, ("ping", 10, 10), ("ping", 20, 20))


def movement(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_a_healthy_session_has_no_finding() -> None:
    assert movement(*WATCHED, ("pauseStart", 25, 25), ("ping", 35, 25), ("play", 36, 25), ("ping", 46, 35.2)) == []


@every_case("event_type", ["pauseStart", "bufferStart"])
def test_a_playhead_that_runs_while_paused_is_found(event_type: str) -> None:
    case = case_of(*WATCHED, (event_type, 21, 21), ("ping", 31, 22.1), ("play", 32, 22.1), ("ping", 42, 32))

    assert fired(RULES, case) == [("playhead.runs-while-paused", WARNING, (5, 6, 7))]
    assert said(RULES, case).startswith(f"The playhead moved 1.1 s between {event_type} and play; send play when")


def test_a_second_of_movement_while_paused_is_fine() -> None:
    assert movement(*WATCHED, ("pauseStart", 21, 21), ("ping", 31, 22), ("play", 32, 22), ("ping", 42, 32)) == []


def test_events_with_the_ts_of_the_play_after_a_seek_are_fine() -> None:
    seek = (("pauseStart", 21, 21), ("chapterSkip", 23, 24.5), ("stateEnd", 23, 24.5, {"media.state.name": "mute"}))

    assert movement(*WATCHED, *seek, ("play", 23, 24.5), ("ping", 33, 34.5)) == []


def test_a_seek_while_paused_is_fine() -> None:
    assert movement(*WATCHED, ("pauseStart", 21, 21), ("ping", 31, 52), ("play", 36, 52), ("ping", 46, 62)) == []


def test_a_pause_that_no_play_ends_is_not_judged_here() -> None:
    assert movement(*WATCHED, ("pauseStart", 21, 21), ("ping", 31, 31), ("sessionEnd", 32, 32)) == []


def test_a_playhead_that_moves_in_a_break_is_found_once_for_each_break() -> None:
    events = [("adBreakStart", 20, 20, BREAK), ("adStart", 20, 20, AD), ("ping", 30, 30), ("adComplete", 35, 35)]
    case = case_of(*WATCHED, *events, ("adBreakComplete", 35, 35), ("ping", 45, 45))

    assert fired(RULES, case) == [("playhead.moves-in-ad", ERROR, (5, 7, 8))]
    assert said(RULES, case).startswith("The playhead went from 20 s at adBreakStart to 35 s at adComplete in the b")


def test_content_after_the_last_ad_of_a_break_that_is_never_closed_is_not_in_it() -> None:
    events = [("adBreakStart", 20, 20, BREAK), ("adStart", 20, 20, AD), ("adComplete", 35, 20), ("ping", 45, 30)]

    assert movement(*WATCHED, *events, ("ping", 55, 40)) == []


def test_two_seconds_in_a_break_are_tolerated() -> None:
    events = [("adBreakStart", 20, 20, BREAK), ("adStart", 20, 20, AD), ("ping", 30, 22), ("adComplete", 35, 22)]

    assert movement(*WATCHED, *events, ("adBreakComplete", 35, 22), ("ping", 45, 32)) == []


def test_a_playhead_that_goes_back_is_a_note() -> None:
    case = case_of(*WATCHED, ("pauseStart", 25, 25), ("play", 26, 5), ("ping", 36, 15))

    assert fired(RULES, case) == [("playhead.backwards", INFO, (5, 6))]
    assert said(RULES, case).startswith("The playhead went back 1 time, by up to 20 s; no change is needed")


def test_a_second_back_is_rounding() -> None:
    assert movement(*WATCHED, ("pauseStart", 25, 25), ("play", 26, 24), ("ping", 36, 34)) == []


def test_live_content_may_pass_midnight() -> None:
    midnight = (("play", 0, 86390), ("ping", 5, 86395), ("ping", 15, 5), ("ping", 25, 15))
    paused = (("play", 0, 86390), ("pauseStart", 9, 86399), ("play", 11, 0), ("ping", 21, 10))
    live = {"media.contentType": "linear", "media.length": 86400}

    assert fired(RULES, case_of(*midnight, start=live)) == []
    assert fired(RULES, case_of(*paused, start=live)) == []


@every_case(("rate", "said_as"), [(4, "4 s"), (0.25, "0.25 s")])
def test_an_implausible_rate_of_the_playhead_is_found_once(rate: float, said_as: str) -> None:
    pings = [("ping", 10 * n, 10 * n * rate) for n in range(1, 5)]
    case = case_of(PLAY, *pings)

    assert fired(RULES, case) == [("playhead.drift", WARNING, (2, 3, 4, 5, 6))]
    assert said(RULES, case).startswith(f"The playhead advances {said_as} per second of playing; ")


def test_a_playhead_too_fast_for_watching_is_said_to_count_as_a_seek() -> None:
    case = case_of(PLAY, *(("ping", 10 * n, 30 * n) for n in range(1, 5)))

    assert "above 2.1 it is a seek" in said(RULES, case)


@every_case("rate", [0.5, 2.1])
def test_speeds_that_players_offer_are_fine(rate: float) -> None:
    assert movement(PLAY, *(("ping", 10 * n, 10 * n * rate) for n in range(1, 5))) == []


@every_case("every_s", [2.4, 10.037, 10.5])
def test_half_speed_in_whole_seconds_is_half_speed(every_s: float) -> None:
    assert movement(PLAY, *(("ping", n * every_s, int(n * every_s / 2)) for n in range(1, 9))) == []


def test_a_seek_does_not_hide_a_slow_playhead() -> None:
    case = case_of(PLAY, *(("ping", 10 * n, 2.5 * n + (300 if n > 4 else 0)) for n in range(1, 9)))

    assert [code for code, *_ in fired(RULES, case)] == ["playhead.drift"]


def test_one_stretch_is_not_a_rate() -> None:
    assert movement(PLAY, ("ping", 10, 60)) == []


def test_nothing_is_said_about_movement_when_the_playhead_is_in_milliseconds() -> None:
    assert movement(PLAY, *(("ping", 10 * n, 10_000 * n) for n in range(1, 5))) == []
