"""Rules about ad breaks."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about(
    "ad.break-unclosed",
    "ad.break-nested",
    "ad.break-empty",
    "ad.break-split",
    "ad.break-complete-without-start",
    "ad.playback-between",
    "ad.pod-index",
    "ad.pod-second",
    "ad.postroll-after-complete",
)

OPEN: tuple[Event, ...] = (("adBreakStart", 0.001, 0, BREAK), ("adStart", 0.002, 0, AD))
AD_OVER: Event = ("adComplete", 15, 0)


def breaks(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def pod(index: int, second_s: float) -> dict[str, object]:
    return {"media.ad.podIndex": index, "media.ad.podSecond": second_s}


def test_a_good_break_is_fine() -> None:
    assert breaks(*OPEN, ("ping", 10, 0), AD_OVER, ("adBreakComplete", 15, 0), ("play", 15, 0), ("ping", 25, 10)) == []


def test_a_break_that_is_open_when_the_session_ends_is_found() -> None:
    case = case_of(*OPEN, AD_OVER, ("sessionEnd", 16, 0))

    assert fired(RULES, case) == [("ad.break-unclosed", Severity.ERROR, (2, 5))]
    assert said(RULES, case).startswith("The ad break with podIndex 1 was never closed before the session ended;")


def test_a_break_that_is_open_when_the_session_times_out_is_found() -> None:
    assert fired(RULES, case_of(*OPEN, AD_OVER, after_s=700)) == [("ad.break-unclosed", Severity.ERROR, (2, 4))]


def test_a_viewer_who_leaves_inside_an_ad_is_only_a_warning() -> None:
    assert breaks(*OPEN, ("ping", 3, 0), ("sessionEnd", 4, 0)) == [("ad.break-unclosed", Severity.WARNING, (2, 5))]


def test_a_break_that_is_open_at_the_completion_is_found() -> None:
    assert breaks(*OPEN, AD_OVER, ("sessionComplete", 16, 60)) == [("ad.break-unclosed", Severity.ERROR, (2, 5))]


def test_a_break_that_goes_on_is_fine() -> None:
    assert breaks(*OPEN, ("ping", 10, 0)) == []


def test_content_that_plays_on_in_an_open_break_is_found_at_once() -> None:
    case = case_of(*OPEN, AD_OVER, ("play", 15, 0), ("ping", 25, 10))

    assert fired(RULES, case) == [("ad.break-unclosed", Severity.ERROR, (2, 6))]
    assert "when main content had played to 10 s" in said(RULES, case)


def test_a_close_after_content_has_played_does_not_help() -> None:
    found = breaks(*OPEN, AD_OVER, ("play", 15, 0), ("ping", 25, 10), ("adBreakComplete", 35, 20))

    assert found == [("ad.break-unclosed", Severity.ERROR, (2, 6))]


def test_a_play_between_two_ads_is_tolerated() -> None:
    second: Event = ("adStart", 15.2, 0, {**AD, "media.ad.podPosition": 2})
    found = breaks(*OPEN, AD_OVER, ("play", 15.1, 0.5), second, ("adSkip", 20, 1.5), ("adBreakComplete", 20, 1.5))

    assert found == []


def test_a_break_inside_a_break_is_found() -> None:
    found = breaks(*OPEN, AD_OVER, ("adBreakStart", 15, 0, pod(2, 0)), ("adStart", 15, 0, AD))

    assert found == [("ad.break-nested", Severity.WARNING, (2, 5))]


def test_content_that_played_between_two_open_breaks_is_one_finding() -> None:
    found = breaks(*OPEN, AD_OVER, ("play", 15, 0), ("ping", 25, 10), ("adBreakStart", 30, 15, pod(2, 15)))

    assert found == [("ad.break-unclosed", Severity.ERROR, (2, 6))]


def test_content_that_plays_on_in_a_break_without_an_ad_is_found() -> None:
    events = (("adBreakStart", 0, 0, BREAK), ("play", 1, 0), *(("ping", 10 * n, 10 * n) for n in range(1, 5)))

    assert breaks(*events, ("adBreakStart", 50, 49, pod(2, 49))) == [("ad.break-unclosed", Severity.ERROR, (2, 4))]


def test_a_late_first_ad_is_not_content_in_an_open_break() -> None:
    late = (("adBreakStart", 20, 20, BREAK), ("ping", 25, 25), ("adStart", 26, 26, AD), ("adComplete", 41, 26))
    codes = [code for code, *_ in fired(RULES, case_of(("play", 0, 0), *late))]

    assert "ad.break-unclosed" not in codes


def test_a_seek_while_a_break_without_an_ad_is_open_is_not_playback() -> None:
    codes = [
        code for code, *_ in fired(RULES, case_of(("play", 0, 0), ("adBreakStart", 20, 20, BREAK), ("ping", 21, 50)))
    ]

    assert codes == ["ad.pod-second"]


def test_a_break_after_a_break_is_fine() -> None:
    content = (("play", 15.1, 0), ("ping", 25, 10))

    assert breaks(*OPEN, AD_OVER, ("adBreakComplete", 15, 0), *content, ("adBreakStart", 25.1, 10, pod(2, 10))) == []


def split(gap_s: float, playhead_s: float = 0) -> list[Firing]:
    """Play three breaks with an ad each."""
    events: list[Event] = []
    for n in range(3):
        at_s, place_s = n * (5 + gap_s), n * playhead_s
        events += [("adBreakStart", at_s, place_s, pod(n + 1, place_s)), ("adStart", at_s, place_s, AD)]
        events += [("adComplete", at_s + 5, place_s), ("adBreakComplete", at_s + 5, place_s)]
    return breaks(*events)


def test_one_pod_that_is_reported_as_several_breaks_is_found_once() -> None:
    assert split(0.2) == split(2) == [("ad.break-split", Severity.WARNING, (2, 6, 10))]


@every_case(("gap_s", "playhead_s"), [(2.1, 0), (1, 1.1)])
def test_breaks_with_time_or_content_in_between_are_several(gap_s: float, playhead_s: float) -> None:
    assert split(gap_s, playhead_s) == []


def test_a_break_without_an_ad_is_noted() -> None:
    assert breaks(OPEN[0], ("adBreakComplete", 1, 0)) == [("ad.break-empty", Severity.INFO, (2, 3))]


def test_a_break_that_has_not_ended_is_not_yet_empty() -> None:
    assert breaks(OPEN[0], ("ping", 1, 0)) == []


def test_the_end_of_a_break_that_never_began_is_found() -> None:
    assert breaks(("play", 1, 0), ("adBreakComplete", 5, 4)) == [
        ("ad.break-complete-without-start", Severity.WARNING, (3,))
    ]


def test_a_second_end_of_a_break_is_an_end_without_a_break() -> None:
    found = breaks(*OPEN, AD_OVER, ("adBreakComplete", 15, 0), ("adBreakComplete", 15, 0))

    assert found == [("ad.break-complete-without-start", Severity.WARNING, (6,))]


@every_case("event_type", ["play", "pauseStart", "bufferStart", "ping"])
def test_playback_between_the_break_and_its_first_ad_is_found(event_type: str) -> None:
    case = case_of(OPEN[0], (event_type, 0.5, 0), ("adStart", 1.001, 0, AD))

    assert fired(RULES, case) == [("ad.playback-between", Severity.WARNING, (2, 3, 4))]
    assert said(RULES, case).startswith(f"{event_type} was sent in the 1 s between adBreakStart and the first adStart;")


def test_all_playback_before_the_first_ad_is_one_finding() -> None:
    found = breaks(OPEN[0], ("play", 0.5, 0), ("ping", 1, 0), ("adStart", 2, 0, AD))

    assert found == [("ad.playback-between", Severity.WARNING, (2, 3, 4, 5))]


@every_case("at_s", [0.001, 0.002])
def test_playback_at_the_ts_of_the_break_or_the_ad_is_tolerated(at_s: float) -> None:
    assert breaks(*OPEN, ("play", at_s, 0), ("adStart", 15, 0, AD)) == []


def test_playback_between_two_ads_is_not_before_the_first() -> None:
    assert breaks(*OPEN, AD_OVER, ("ping", 15.1, 0), ("adStart", 15.2, 0, AD)) == []


def test_a_negative_pod_index_is_found() -> None:
    assert breaks(("adBreakStart", 1, 0, pod(-1, 0))) == [("ad.pod-index", Severity.WARNING, (2,))]


def test_a_pod_index_for_two_places_is_found() -> None:
    found = breaks(
        ("adBreakStart", 1, 0, pod(1, 0)),
        ("adStart", 1, 0, AD),
        ("adBreakComplete", 16, 0),
        ("adBreakStart", 30, 14, pod(1, 14)),
    )

    assert found == [("ad.pod-index", Severity.WARNING, (2, 5))]


@every_case(("index", "second_s"), [(1, 2), (2, 14), (0, 14)])
def test_the_same_break_again_or_another_index_is_fine(index: int, second_s: float) -> None:
    found = breaks(
        ("adBreakStart", 1, 0, pod(1, 0)),
        ("adStart", 1, 0, AD),
        ("adBreakComplete", 16, 0),
        ("adBreakStart", 30, second_s, pod(index, second_s)),
    )

    assert found == []


def test_a_pod_second_away_from_the_playhead_is_found() -> None:
    case = case_of(("adBreakStart", 1, 20, pod(1, 22.5)))

    assert fired(RULES, case) == [("ad.pod-second", Severity.WARNING, (2,))]
    assert said(RULES, case).startswith("podSecond is 22.5 s but the break began at playhead 20 s;")


def test_a_pod_second_near_the_playhead_is_fine() -> None:
    assert breaks(("adBreakStart", 1, 20, pod(1, 22))) == []


def test_a_playhead_in_milliseconds_is_not_reported_as_a_wrong_pod_second() -> None:
    assert breaks(("play", 1, 0), ("ping", 21, 20_000), ("adBreakStart", 22, 21_000, pod(1, 21))) == []


def test_a_break_after_the_completion_is_found() -> None:
    found = breaks(
        ("sessionComplete", 60, 60), ("adBreakStart", 61, 60, pod(2, 60)), ("adStart", 61, 60, AD),
        ("adSkip", 62, 60), ("adBreakComplete", 62, 60),
    )  # fmt: skip

    assert found == [("ad.postroll-after-complete", Severity.WARNING, (2, 3))]


def test_a_post_roll_before_the_completion_is_fine() -> None:
    found = breaks(
        ("adBreakStart", 61, 60, pod(2, 60)), ("adStart", 61, 60, AD), ("adSkip", 62, 60),
        ("adBreakComplete", 62, 60), ("sessionComplete", 62, 60),
    )  # fmt: skip

    assert found == []


def test_numbers_larger_than_any_float_are_judged_too() -> None:
    assert breaks(("adBreakStart", 1, 0.5, pod(10**400, 10**400))) == [("ad.pod-second", Severity.WARNING, (2,))]
