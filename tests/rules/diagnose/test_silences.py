"""Rules about silence."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, downloaded, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about("ping.gap", "ping.near-timeout", "ping.ad-gap", "ping.stops-in-pause")

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
PLAY: Event = ("play", 0.1, 0)
AD_OPEN: tuple[Event, ...] = (("adBreakStart", 0.1, 0, BREAK), ("adStart", 0.2, 0, AD))


def silences(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_pings_every_ten_seconds_are_fine() -> None:
    assert silences(PLAY, ("ping", 10, 10), ("ping", 20, 20), ("sessionEnd", 25, 25)) == []


@every_case(
    ("seconds", "expected"),
    [
        (12, []),
        (12.1, [("ping.gap", WARNING, (2, 3))]),
        (60, [("ping.gap", WARNING, (2, 3))]),
        (60.1, [("ping.gap", ERROR, (2, 3))]),
        (540, [("ping.gap", ERROR, (2, 3))]),
        (540.1, [("ping.near-timeout", ERROR, (2, 3))]),
    ],
)
def test_a_silence_is_worse_the_longer_it_is(seconds: float, expected: list[Firing]) -> None:
    assert silences(PLAY, ("ping", 0.1 + seconds, seconds)) == expected


def test_any_event_ends_a_silence() -> None:
    assert silences(PLAY, ("bitrateChange", 9, 9), ("ping", 20, 20)) == []


def test_a_refused_event_ends_a_silence() -> None:
    assert silences(PLAY, ("ping", 10, 10, {"no": 1}), ("ping", 20, 20)) == []


def test_a_silence_between_refused_events_is_found() -> None:
    assert silences(PLAY, ("ping", 10, 10, {"no": 1}), ("ping", 30, 30)) == [("ping.gap", WARNING, (3, 4))]


def test_a_late_event_ends_the_silence_it_lies_in() -> None:
    assert silences(PLAY, ("ping", 10, 10), ("ping", 30, 30), ("ping", 40, 40), ("ping", 20, 20)) == []


def test_silences_are_one_finding_for_each_severity() -> None:
    case = case_of(PLAY, ("ping", 20, 20), ("ping", 40, 40), ("ping", 140, 140), ("ping", 150, 150))

    assert fired(RULES, case) == [("ping.gap", WARNING, (2, 3, 4)), ("ping.gap", ERROR, (4, 5))]


def test_the_message_names_the_longest_silence() -> None:
    assert said(RULES, case_of(PLAY, ("ping", 15, 15), ("ping", 45.5, 45))) == (
        "Outside ads nothing was sent for 30.5 s between ping and ping, with 1 more such gap; send a ping every 10 s "
        "from sessionStart on, even if other events are sent."
    )


def test_the_time_after_the_last_event_is_not_a_silence() -> None:
    assert fired(RULES, case_of(PLAY, ("ping", 10, 10), after_s=5000)) == []


@every_case("end", ["sessionComplete", "sessionEnd"])
def test_time_after_the_end_is_not_a_silence(end: str) -> None:
    assert silences(PLAY, (end, 9, 9), ("ping", 109, 9)) == []


def test_a_silence_that_closed_the_session_is_found_although_its_end_was_refused() -> None:
    assert silences(PLAY, ("ping", 10, 10), ("ping", 900, 20), ("ping", 1800, 30)) == [
        ("ping.near-timeout", ERROR, (3, 4))
    ]


@every_case(
    ("seconds", "expected"),
    [
        (2, []),
        (2.1, [("ping.ad-gap", INFO, (3, 4))]),
        (12, [("ping.ad-gap", INFO, (3, 4))]),
        (12.1, [("ping.ad-gap", WARNING, (3, 4))]),
        (61, [("ping.ad-gap", WARNING, (3, 4))]),
    ],
)
def test_a_silence_in_an_ad_is_worse_the_longer_it_is(seconds: float, expected: list[Firing]) -> None:
    assert silences(*AD_OPEN, ("ping", 0.2 + seconds, 0)) == expected


def test_a_silence_between_ads_is_not_one_inside_an_ad() -> None:
    assert silences(*AD_OPEN, ("adSkip", 0.3, 0), ("adBreakComplete", 9, 0), ("play", 9, 0)) == []


def test_a_pause_without_pings_is_found_once() -> None:
    paused = (PLAY, ("pauseStart", 5, 5), ("play", 35, 5), ("bufferStart", 40, 10), ("play", 53, 10))

    assert silences(*paused) == [("ping.stops-in-pause", WARNING, (3, 4, 5, 6))]


def test_a_pause_shorter_than_a_ping_needs_none() -> None:
    assert silences(PLAY, ("pauseStart", 5, 5), ("play", 17, 5)) == []


def test_a_pause_with_pings_is_fine() -> None:
    assert silences(PLAY, ("pauseStart", 5, 5), ("ping", 15, 5), ("ping", 25, 5), ("play", 30, 5)) == []


def test_pings_that_go_on_for_a_while_did_not_stop_with_the_pause() -> None:
    assert silences(PLAY, ("pauseStart", 5, 5), ("ping", 15, 5), ("play", 40, 5)) == [("ping.gap", WARNING, (4, 5))]


def test_a_pause_of_nine_minutes_without_pings_is_near_the_timeout_too() -> None:
    assert silences(PLAY, ("pauseStart", 5, 5), ("play", 555, 5)) == [
        ("ping.near-timeout", ERROR, (3, 4)),
        ("ping.stops-in-pause", WARNING, (3, 4)),
    ]


def test_downloaded_content_has_pings_every_fifty_seconds() -> None:
    assert fired(RULES, downloaded(PLAY, ("ping", 50, 50), ("pauseStart", 60, 60), ("play", 119, 60))) == []


def test_a_minute_of_silence_in_downloaded_content_is_a_warning_and_has_no_timeout() -> None:
    assert fired(RULES, downloaded(PLAY, ("ping", 61, 61), ("ping", 1200, 1200))) == [("ping.gap", WARNING, (1,))]


def test_nothing_is_said_about_time_when_ts_is_in_seconds() -> None:
    seconds = -1758240000.0
    case = case_of(("sessionStart", seconds, 0), ("play", seconds, 0), ("ping", seconds + 20, 10))

    assert case.ts_in_seconds
    assert fired(RULES, case) == []
