"""Rules about a playhead that stands still."""

from __future__ import annotations

from mockserver.model.finding import Severity
from mockserver.rules.diagnose import breaks, movement
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about("playhead.frozen", "playhead.coarse")

ERROR, WARNING = Severity.ERROR, Severity.WARNING
PLAY: Event = ("play", 0, 0)
WATCHED: tuple[Event, ...] = (PLAY, ("ping", 10, 10), ("ping", 20, 20))


def standstill(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_a_frozen_playhead_is_found_once() -> None:
    case = case_of(*WATCHED, ("ping", 30, 20), ("ping", 40, 20), ("ping", 50, 30))

    assert fired(RULES, case) == [("playhead.frozen", ERROR, (4, 5, 6))]
    assert said(RULES, case).startswith(
        "The playhead stayed at 20 s in 3 events over 20 s of playing; send the current posi"
    )


def test_three_events_within_five_seconds_are_a_burst() -> None:
    assert standstill(*WATCHED, ("bitrateChange", 22, 20), ("error", 22.9, 20), ("ping", 30, 27.9)) == []


def test_five_seconds_at_one_playhead_are_frozen() -> None:
    assert standstill(*WATCHED, ("bitrateChange", 22, 20), ("error", 25, 20), ("ping", 35, 30)) == [
        ("playhead.frozen", ERROR, (4, 5, 6))
    ]


@every_case("event_type", ["pauseStart", "bufferStart"])
def test_a_playhead_may_stand_still_while_paused_or_buffering(event_type: str) -> None:
    assert standstill(*WATCHED, (event_type, 21, 20), ("ping", 31, 20), ("ping", 41, 20), ("play", 42, 20)) == []


def test_a_playhead_may_stand_still_in_a_break() -> None:
    events = [("adBreakStart", 20, 20, BREAK), ("adStart", 20, 20, AD), ("ping", 30, 20), ("adComplete", 35, 20)]

    assert standstill(*WATCHED, *events, ("adBreakComplete", 35, 20), ("ping", 45, 30)) == []


def test_a_playhead_may_stand_still_after_the_content_is_complete() -> None:
    assert standstill(*WATCHED, ("sessionComplete", 22, 22), ("ping", 32, 22), ("ping", 42, 22), ("ping", 52, 22)) == []


def test_an_ad_that_does_not_count_is_neither_a_standstill_nor_a_stall() -> None:
    ad = (("adStart", 20, 20, AD), ("ping", 25, 20), ("ping", 30, 20), ("adComplete", 35, 20))

    assert standstill(*WATCHED, *ad, ("ping", 45, 30)) == []


def test_several_standstills_are_one_finding_about_the_longest() -> None:
    case = case_of(
        *WATCHED, ("ping", 30, 20), ("ping", 40, 20), ("ping", 50, 27.3), ("ping", 60, 37), ("ping", 70, 37),
        ("ping", 80, 37), ("ping", 90, 37), ("ping", 100, 47),
    )  # fmt: skip

    assert [code for code, *_ in fired(RULES, case)] == ["playhead.frozen"]
    assert "stayed at 37 s in 4 events over 30 s of playing, and stood still at 1 more place" in said(RULES, case)


def pings(step_s: int, *, shift_s: float = 0) -> tuple[Event, ...]:
    """Return ten minutes of pings whose playhead is known only in steps."""
    return tuple(("ping", at_s, (at_s + shift_s) // step_s * step_s) for at_s in range(10, 600, 10))


def test_a_playhead_in_steps_is_one_finding_that_says_so() -> None:
    case = case_of(PLAY, *pings(30), start={"media.length": 600})

    assert [code for code, *_ in fired(RULES, case)] == ["playhead.coarse"]
    assert said(RULES, case) == (
        "The playhead moves only in steps of 30 s, and stood still 20 times in between; send the current position, to "
        "the second or finer."
    )


@every_case("step_s", [8, 12, 15, 20])
def test_a_playhead_in_steps_without_a_stall_is_a_warning_and_not_a_jump(step_s: int) -> None:
    case = case_of(PLAY, *pings(step_s), start={"media.length": 600})

    assert [(code, severity) for code, severity, _ in fired(movement.RULES, case)] == [("playhead.coarse", WARNING)]


def test_a_short_session_in_coarse_steps_is_neither_frozen_nor_fast() -> None:
    case = case_of(PLAY, *pings(30)[:6], ("sessionEnd", 70, 60), start={"media.length": 600})

    assert [(code, severity) for code, severity, _ in fired(movement.RULES, case)] == [("playhead.coarse", ERROR)]


def test_a_speed_that_moves_in_equal_steps_is_not_rounding() -> None:
    case = case_of(PLAY, *(("ping", n * 10, n * 11) for n in range(1, 7)), start={"media.length": 600})

    assert fired(movement.RULES, case) == []


def test_a_live_stall_that_catches_up_is_not_a_coarse_step() -> None:
    stall = [("ping", at_s, 30) for at_s in (40, 50, 60)]
    case = case_of(PLAY, *pings(10)[:3], *stall, *(("ping", at_s, at_s) for at_s in range(70, 120, 10)))

    assert "playhead.coarse" not in {code for code, *_ in fired(movement.RULES, case)}


@every_case("step_s", [1, 10])
def test_a_playhead_in_steps_without_a_stall_is_fine(step_s: int) -> None:
    assert standstill(PLAY, *pings(step_s)) == []


def test_stalls_at_any_place_are_not_steps() -> None:
    events: list[Event] = []
    at_s, playhead_s = 0, 0.0
    for moved_s in (10, 9.7, 10.2, 10):
        for _ in range(3):
            at_s += 10
            events.append(("ping", at_s, playhead_s))
        playhead_s += moved_s

    assert [code for code, *_ in standstill(PLAY, *events)] == ["playhead.frozen"]


def test_a_rounded_playhead_is_the_only_cause_that_is_named() -> None:
    midroll = {"media.ad.podIndex": 1, "media.ad.podSecond": 315}
    ad = (("adBreakStart", 315, 300, midroll), ("adStart", 315, 300, AD), ("adComplete", 330, 300))
    case = case_of(
        PLAY, *pings(30)[:31], *ad, ("adBreakComplete", 330, 300), ("ping", 340, 300), ("ping", 350, 330),
        start={"media.length": 600},
    )  # fmt: skip

    found = {code for code, *_ in fired((*movement.RULES, *breaks.RULES), case)}
    assert found == {"playhead.coarse"}
