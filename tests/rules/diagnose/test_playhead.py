"""Rules about the value of the playhead."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import Firing, fired, fired_in_traffic, rules_about, said, start_body
from tests.playbacks import AD, BREAK, START_MS, Event, Playground, case_of
from tests.tables import every_case

RULES = rules_about(
    "playhead.string",
    "playhead.ms",
    "media.length-too-small",
    "playhead.over-length",
    "playhead.live-range",
    "playhead.live-zero",
    "playhead.live-late",
    "playhead.live-timezone",
    "playhead.negative",
)

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
LIVE: dict[str, Any] = {"media.contentType": "live", "media.length": 86400}
NOON_S = START_MS // 1000 % 86400
"""The second of the day in UTC at which test sessions begin."""


def vod(*events: Event, length_s: float = 60) -> list[Firing]:
    return fired(RULES, case_of(*events, start={"media.length": length_s}))


def live(first_s: float, *, start_s: float = 0) -> SessionTraffic:
    """Return a live session whose playhead begins at ``first_s``."""
    return case_of(
        ("sessionStart", 0, start_s), ("play", 0.1, start_s), ("play", 1, first_s), ("ping", 11, first_s + 10),
        ("ping", 21, first_s + 20), start=LIVE,
    )  # fmt: skip


def test_a_healthy_session_has_no_finding() -> None:
    assert vod(("play", 0.1, 0), ("ping", 10, 9.9), ("ping", 20, 19.9), ("sessionComplete", 60, 60)) == []


def test_a_playhead_in_milliseconds_is_found_by_the_length_and_nothing_else_is() -> None:
    assert vod(("play", 0.1, 0), ("ping", 2, 1900)) == [("playhead.ms", ERROR, (1, 2, 3))]


def test_a_playhead_in_milliseconds_is_found_by_its_growth() -> None:
    case = case_of(("play", 0.1, 0), ("ping", 10, 9_900), ("ping", 20, 19_900), start={"media.length": 7200})

    assert fired(RULES, case) == [("playhead.ms", ERROR, (1, 2, 3, 4))]
    assert said(RULES, case) == (
        "The playhead counts milliseconds and reached 19900 of content that is 7200 s long; send seconds."
    )


def test_one_leap_that_looks_like_milliseconds_is_a_seek() -> None:
    assert vod(("play", 0.1, 0), ("ping", 1.2, 1200), ("ping", 11.2, 1210), length_s=7200) == []


def test_twenty_times_the_length_is_merely_too_long() -> None:
    assert vod(("play", 0.1, 0), ("ping", 9, 1200)) == [("playhead.over-length", WARNING, (3,))]


def test_a_length_that_is_too_small_is_not_a_playhead_in_milliseconds() -> None:
    case = case_of(("play", 0.1, 0), *(("ping", 10 * n, 10 * n) for n in range(1, 60)), start={"media.length": 10})

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("media.length-too-small", ERROR)]
    assert said(RULES, case) == (
        "media.length is 10, but content played at normal speed to 590 s, and 10 min are 600 s; send the length of the "
        "main content in seconds."
    )


def test_a_seek_beyond_the_length_does_not_make_the_length_short() -> None:
    assert vod(("play", 0.1, 0), ("ping", 10, 10), ("pauseStart", 11, 11), ("play", 12, 100)) == [
        ("playhead.over-length", WARNING, (5,))
    ]


def test_a_length_equal_to_that_of_the_first_ad_has_its_own_finding() -> None:
    preroll = (("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("adComplete", 15, 0), ("adBreakComplete", 15, 0))

    assert vod(*preroll, ("play", 15, 0), ("ping", 25, 10), ("ping", 35, 20), ("ping", 45, 30), length_s=15) == []


def test_a_playhead_beyond_the_length_is_found_once() -> None:
    case = case_of(("play", 0.1, 55), ("ping", 6.2, 61.1), ("ping", 16.2, 71.1))

    assert fired(RULES, case) == [("playhead.over-length", WARNING, (3, 4))]
    assert said(RULES, case).startswith("The playhead went to 71.1 s although media.length is 60 s; send the position")


def test_a_second_beyond_the_length_is_fine() -> None:
    assert vod(("play", 0.1, 55), ("sessionComplete", 6, 61)) == []


@every_case("playhead_s", [-1, 86400, START_MS / 1000])
def test_a_live_playhead_that_is_not_a_second_of_the_day_is_found(playhead_s: float) -> None:
    case = case_of(("play", 0.1, playhead_s), ("ping", 9, playhead_s), start=LIVE)

    assert fired(RULES, case) == [("playhead.live-range", ERROR, (2, 3))]


def test_the_second_of_the_day_in_utc_is_fine() -> None:
    assert fired(RULES, live(NOON_S + 1)) == []


def test_live_content_may_pass_midnight() -> None:
    case = case_of(("play", 0.1, 86390), ("ping", 9.1, 86399), ("ping", 19.1, 9), start=LIVE)

    assert fired(RULES, case) == []


def test_a_live_playhead_that_counts_from_zero_is_a_note() -> None:
    case = live(1)

    assert fired(RULES, case) == [("playhead.live-zero", INFO, (1, 3))]
    assert said(RULES, case).startswith("The live playhead counts up from 0 and was 1 s at play; send the second of")


def test_a_live_playhead_that_leaves_zero_at_once_is_fine() -> None:
    assert fired(RULES, live(40_001)) == []


@every_case(("hours", "said_as"), [(2, "2 hours ahead of"), (-1, "1 hour behind"), (14, "10 hours behind")])
def test_a_live_playhead_in_local_time_is_a_note(hours: int, said_as: str) -> None:
    local_s = (NOON_S + 1 + hours * 3600) % 86400
    case = live(local_s, start_s=local_s - 1)

    assert fired(RULES, case) == [("playhead.live-timezone", INFO, (2, 5))]
    assert f"The live playhead is {said_as} the second of the day in UTC" in said(RULES, case)


def test_a_live_playhead_off_by_a_part_of_an_hour_is_not_local_time() -> None:
    assert fired(RULES, live(NOON_S - 3600 + 45, start_s=NOON_S - 3600 + 44)) == []


def test_a_playhead_below_zero_is_found_once() -> None:
    case = case_of(("play", 0.1, -0.5), ("ping", 9, -1))

    assert fired(RULES, case) == [("playhead.negative", WARNING, (2, 3))]
    assert said(RULES, case).startswith("play has the playhead -0.5 s; send the position in the main content")


def test_a_playhead_of_zero_is_fine() -> None:
    assert vod(("play", 0.1, 0)) == []


def test_a_playhead_that_is_not_a_number_is_found() -> None:
    case = case_of(("play", 0.1, 0), ("ping", 9, "9"), ("ping", 19, None))

    assert fired(RULES, case) == [("playhead.string", ERROR, (3, 4))]
    assert '"playhead" is the string "9"' in said(RULES, case)


def test_a_session_start_whose_playhead_is_not_a_number_is_found_in_the_traffic() -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", start_body(playerTime={"playhead": "0", "ts": START_MS}))

    assert fired_in_traffic(RULES, ground) == [("playhead.string", ERROR, (1,))]


def test_another_mistake_in_a_refused_event_is_not_about_the_playhead() -> None:
    assert vod(("play", 0.1, 0), ("ping", 9, 9, {"no": 1})) == []


def live_after(unknown_s: float, first_s: float = 0) -> list[Firing]:
    """Play live content whose position is known only after a while."""
    unknown = [("ping", at_s, first_s) for at_s in (5, 15, 25) if at_s < unknown_s]
    known = [("ping", at_s, NOON_S + at_s) for at_s in (unknown_s, unknown_s + 10, unknown_s + 20)]
    return fired(RULES, case_of(("sessionStart", 0, 0), ("play", 0.1, first_s), *unknown, *known, start=LIVE))


@every_case("first_s", [0, 0.4])
def test_a_live_playhead_that_is_zero_while_content_plays_is_found(first_s: float) -> None:
    assert [(code, severity) for code, severity, _ in live_after(10, first_s)] == [("playhead.live-late", WARNING)]
    assert [(code, severity) for code, severity, _ in live_after(30, first_s)] == [("playhead.live-late", WARNING)]


def test_a_live_playhead_that_is_zero_for_two_seconds_is_fine() -> None:
    assert live_after(2) == []


def test_a_live_playhead_that_counts_from_zero_is_not_late() -> None:
    assert "playhead.live-late" not in [code for code, *_ in fired(RULES, live(0))]
