"""Rules about play, and about unknown event types."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about(
    "event.http-names",
    "play.before-preroll",
    "play.missing-start",
    "play.missing-after-buffer",
    "play.missing-after-pause",
    "play.missing-after-break",
    "play.missing-after-preroll",
    "play.duplicate",
)

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
PLAY: Event = ("play", 0.1, 0)


def playback(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def ad_break(at_s: float, playhead_s: float = 0) -> tuple[Event, ...]:
    """Return a break with an ad of five seconds, as an SDK sends it."""
    end_s = at_s + 5
    return (
        ("adBreakStart", at_s, playhead_s, BREAK),
        ("adStart", at_s + 0.001, playhead_s, AD),
        ("play", at_s + 0.002, playhead_s),
        ("adComplete", end_s, playhead_s),
        ("adBreakComplete", end_s + 0.001, playhead_s),
    )


@every_case(("ahead_s", "severity"), [(0.009, INFO), (0.01, ERROR), (0.3, ERROR), (5, ERROR)])
def test_a_play_before_a_pre_roll_is_found(ahead_s: float, severity: Severity) -> None:
    case = case_of(PLAY, *ad_break(0.1 + ahead_s), ("play", 5.2 + ahead_s, 0))

    assert fired(RULES, case) == [("play.before-preroll", severity, (2, 3))]
    assert said(RULES, case).startswith(f"play was sent {ahead_s:g} s before the adBreakStart of a pre-roll; send the")


def test_a_play_before_a_pre_roll_sets_content_starts_rightly_when_content_was_played() -> None:
    case = case_of(PLAY, *ad_break(0.3), ("play", 5.4, 0), ("ping", 15, 9.6))

    assert fired(RULES, case) == [("play.before-preroll", WARNING, (2, 3))]
    (consequence,) = (hit.consequence for rule in RULES for hit in rule.in_session(case))
    assert consequence is not None
    assert consequence.startswith("Content starts is right here, because content was played")


def test_a_play_more_than_five_seconds_before_a_break_is_content() -> None:
    assert playback(PLAY, *ad_break(5.101)) == []


def test_a_mid_roll_soon_after_play_is_fine() -> None:
    assert playback(("play", 0.1, 120), *ad_break(1, 121)) == []


def test_a_play_inside_a_pre_roll_is_fine() -> None:
    assert playback(*ad_break(0.1), ("play", 5.2, 0), ("play", 6.2, 1)) == []


def test_a_missing_play_is_found_once() -> None:
    case = case_of(*(("ping", 10 * n, 10 * n) for n in range(1, 180)))

    assert fired(RULES, case) == [("play.missing-start", ERROR, tuple(range(2, 181)))]
    assert said(RULES, case).startswith("The playhead went from 10 s to 1790 s without a play on main content; send")


def test_a_play_only_inside_an_ad_does_not_start_main_content() -> None:
    assert playback(*ad_break(0.1), ("pauseStart", 6, 0), ("ping", 10, 4), ("ping", 20, 14)) == [
        ("play.missing-start", ERROR, (6, 7, 8, 9)),
        ("play.missing-after-pause", ERROR, (7, 8, 9)),
    ]


def test_a_player_that_waits_for_its_first_play_is_fine() -> None:
    assert playback(("ping", 10, 120), ("ping", 20, 120), ("sessionEnd", 25, 120)) == []


@every_case(
    ("event_type", "code"),
    [("pauseStart", "play.missing-after-pause"), ("bufferStart", "play.missing-after-buffer")],
)
@every_case(
    "end",
    [
        ("pauseStart", 40, 38), ("bufferStart", 40, 38), ("adBreakStart", 40, 38, BREAK), ("sessionComplete", 40, 38),
        ("sessionEnd", 40, 38),
    ],
)  # fmt: skip
def test_a_missing_play_after_a_pause_or_buffer_is_found_once(event_type: str, code: str, end: Event) -> None:
    case = case_of(PLAY, (event_type, 10, 10), ("ping", 20, 18), ("ping", 30, 28), end)

    assert fired(RULES, case) == [(code, ERROR, (3, 4, 5, 6))]
    assert said(RULES, case) == (
        f"After {event_type} the playhead moved 18 s, and no play was sent until {end[0]}; send play when playback "
        "resumes."
    )


def test_a_missing_play_is_found_in_a_session_that_goes_on() -> None:
    assert playback(PLAY, ("bufferStart", 10, 10), ("ping", 20, 18)) == [("play.missing-after-buffer", ERROR, (3, 4))]


def test_a_pause_that_a_play_ends_has_its_play() -> None:
    assert playback(PLAY, ("pauseStart", 10, 10), ("ping", 20, 18), ("play", 21, 19), ("sessionEnd", 30, 28)) == []


def test_a_pause_in_which_nothing_moves_needs_no_play() -> None:
    assert playback(PLAY, ("pauseStart", 10, 10), ("ping", 20, 11), ("ping", 30, 11), ("sessionEnd", 31, 11)) == []


def test_a_seek_in_a_pause_needs_no_play() -> None:
    assert playback(PLAY, ("pauseStart", 10, 10), ("ping", 20, 45), ("ping", 30, 5), ("sessionEnd", 31, 5)) == []


def test_a_missing_play_after_a_pre_roll_is_found() -> None:
    case = case_of(*ad_break(0.1), ("ping", 8.102, 0), ("ping", 18, 0))

    assert fired(RULES, case) == [("play.missing-after-preroll", WARNING, (6, 7))]
    assert said(RULES, case).startswith(
        "No play was sent within 3 s of the adBreakComplete of a pre-roll, but ping after"
    )


@every_case("event", [("play", 8.1, 0), ("bufferStart", 6, 0), ("sessionEnd", 6, 0)])
def test_a_pre_roll_followed_by_playback_or_the_end_is_fine(event: Event) -> None:
    assert playback(*ad_break(0.1), event, ("ping", 18, 0)) == []


def test_a_pre_roll_of_two_breaks_needs_one_play() -> None:
    assert playback(*ad_break(0.1), *ad_break(5.2), ("play", 10.3, 0), ("ping", 20, 9)) == []


def test_the_last_event_of_a_session_can_be_the_end_of_a_pre_roll() -> None:
    assert playback(*ad_break(0.1)) == []


def test_a_mid_roll_needs_no_play_after_it() -> None:
    assert playback(PLAY, *ad_break(20, 20), ("ping", 35, 30)) == []


def test_plays_while_playing_are_one_note() -> None:
    case = case_of(PLAY, ("play", 2.2, 2), ("play", 20, 20), ("ping", 30, 30))

    assert fired(RULES, case) == [("play.duplicate", INFO, (3, 4))]
    assert said(RULES, case).startswith("2 plays were sent while the player was playing; send play only when playback")


def test_the_plays_of_an_sdk_are_fine() -> None:
    mid_roll = (*ad_break(30, 29), ("play", 35.002, 29))

    assert playback(*ad_break(0.1), ("play", 5.102, 0), ("play", 6.3, 1.25), *mid_roll, ("ping", 45, 39)) == []


def test_a_play_after_a_pause_is_not_a_duplicate() -> None:
    assert playback(PLAY, ("pauseStart", 10, 10), ("play", 12, 10), ("bufferStart", 14, 12), ("play", 15, 12)) == []


@every_case(
    "event_type",
    ["media.play", "pause", "resume", "bufferComplete", "seekStart", "heartbeat", "muteStart", "media.pauseStart"],
)
def test_an_event_type_of_another_api_is_found_once(event_type: str) -> None:
    case = case_of(PLAY, (event_type, 10, 10), (event_type, 20, 20))

    assert fired(RULES, case) == [("event.http-names", ERROR, (3, 4))]
    assert f'"{event_type}" is not an event type' in said(RULES, case)


def test_another_unknown_event_type_is_not_one_of_another_api() -> None:
    assert playback(PLAY, ("pingg", 10, 10)) == []


MIDROLL: tuple[Event, ...] = (
    ("adBreakStart", 20.1, 20, BREAK), ("adStart", 20.1, 20, AD), ("ping", 30, 20), ("adComplete", 35, 20),
    ("adBreakComplete", 35, 20),
)  # fmt: skip


@every_case("event_type", ["pauseStart", "bufferStart"])
def test_a_pause_before_a_break_that_nothing_ends_after_it_is_found(event_type: str) -> None:
    case = case_of(
        ("play", 0, 0), ("ping", 10, 10), (event_type, 20, 20), *MIDROLL, ("ping", 45, 30), ("sessionComplete", 75, 60)
    )

    assert fired(RULES, case) == [("play.missing-after-break", ERROR, (9, 10, 11))]
    left = "paused" if event_type == "pauseStart" else "buffering"
    assert said(RULES, case).startswith(
        f"After adBreakComplete, which left the player {left}, the playhead moved 10 s, and no play was sent until"
    )


def test_a_viewer_who_stays_paused_after_a_break_is_fine() -> None:
    still = (("ping", 45, 20), ("ping", 55, 20), ("play", 60, 20), ("ping", 70, 30))

    assert fired(RULES, case_of(("play", 0, 0), ("ping", 10, 10), ("pauseStart", 20, 20), *MIDROLL, *still)) == []


def test_a_mid_roll_that_interrupted_playback_needs_no_play_after_it() -> None:
    assert fired(RULES, case_of(("play", 0, 0), ("ping", 10, 10), *MIDROLL, ("ping", 45, 30), ("ping", 55, 40))) == []
