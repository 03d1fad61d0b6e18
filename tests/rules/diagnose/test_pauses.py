"""Rules about pauseStart and bufferStart."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import Event, case_of
from tests.tables import every_case

RULES = rules_about(
    "pause.duplicate", "buffer.duplicate", "pause.at-end", "buffer.in-pause", "pause.in-buffer", "seek.as-pause"
)

INFO = Severity.INFO
PLAY: Event = ("play", 0.1, 0)


def pauses(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


@every_case(
    ("first", "second", "code"),
    [
        ("pauseStart", "pauseStart", "pause.duplicate"),
        ("bufferStart", "bufferStart", "buffer.duplicate"),
        ("pauseStart", "bufferStart", "buffer.in-pause"),
        ("bufferStart", "pauseStart", "pause.in-buffer"),
    ],
)
def test_impossible_events_of_a_player_are_one_note(first: str, second: str, code: str) -> None:
    once = case_of(PLAY, (first, 10, 10), (second, 12, 10), ("play", 15, 10), (first, 20, 15), (second, 22, 15))

    assert fired(RULES, once) == [(code, INFO, (4, 7))]
    assert said(RULES, once).startswith(f"2 {second}s were sent while the player was ")


@every_case("first", ["pauseStart", "bufferStart"])
@every_case("second", ["pauseStart", "bufferStart"])
def test_events_with_a_play_between_them_are_fine(first: str, second: str) -> None:
    assert pauses(PLAY, (first, 10, 10), ("play", 15, 10), (second, 20, 15), ("play", 25, 15)) == []


def test_a_pause_right_before_the_end_is_found() -> None:
    case = case_of(PLAY, ("pauseStart", 60, 60), ("chapterComplete", 60.05, 60), ("sessionComplete", 60.099, 60))

    assert fired(RULES, case) == [("pause.at-end", INFO, (3, 5))]
    assert said(RULES, case).startswith(
        "pauseStart was sent 99 ms before sessionComplete; do not report the pause event"
    )


@every_case(
    "events",
    [
        (("pauseStart", 60, 60), ("sessionComplete", 60.1, 60)),
        (("pauseStart", 60, 60), ("play", 60.01, 60), ("sessionComplete", 60.02, 60)),
        (("pauseStart", 60, 60), ("sessionEnd", 60.01, 60)),
    ],
)
def test_other_pauses_near_the_end_are_fine(events: tuple[Event, ...]) -> None:
    assert pauses(PLAY, *events) == []


def test_seeks_reported_as_pauses_are_one_note() -> None:
    case = case_of(
        PLAY, ("pauseStart", 10, 10), ("play", 12.9, 13.1), ("pauseStart", 20, 20), ("play", 21, 5), ("ping", 30, 14)
    )

    assert fired(RULES, case) == [("seek.as-pause", INFO, (3, 4, 5, 6))]
    assert said(RULES, case).startswith("2 seeks, the first from 10 s to 13.1 s, were sent as pauseStart and play; no")


@every_case("play", [("play", 13, 40), ("play", 12, 13)])
def test_a_long_pause_or_a_small_step_is_not_a_seek(play: Event) -> None:
    assert pauses(PLAY, ("pauseStart", 10, 10), play) == []
