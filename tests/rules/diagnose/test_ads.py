"""Rules about single ads."""

from __future__ import annotations

from mockserver.model.finding import Severity
from tests.firings import Firing, downloaded, fired, rules_about, said
from tests.playbacks import AD, BREAK, START_MS, Event, case_of
from tests.tables import every_case

RULES = rules_about(
    "ad.outside-break",
    "ad.complete-without-start",
    "ad.skip-and-complete",
    "ad.no-pings",
    "ad.not-closed",
    "ad.duplicate-start",
    "ad.gap",
    "ad.pod-position",
    "ad.complete-early",
    "ad.length-ms",
    "ad.overrun",
    "ad.length-zero",
    "ad.id-empty",
    "ad.id-placeholder",
)

OPEN: tuple[Event, ...] = (("adBreakStart", 0.001, 0, BREAK), ("adStart", 0.002, 0, AD))
PINGS: tuple[Event, ...] = (("ping", 5, 0), ("ping", 10, 0))
CLOSE: tuple[Event, ...] = (("adComplete", 15.002, 0), ("adBreakComplete", 15.003, 0), ("play", 15.004, 0))


def ads(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def ad(**params: object) -> dict[str, object]:
    return {**AD, **{f"media.ad.{name}": value for name, value in params.items()}}


def test_a_good_ad_is_fine() -> None:
    assert ads(*OPEN, *PINGS, *CLOSE) == []


def test_an_ad_without_a_break_is_found_once() -> None:
    case = case_of(("play", 0.001, 0), ("adStart", 5, 5, AD), ("ping", 10, 5), ("adComplete", 20, 5))

    assert fired(RULES, case) == [("ad.outside-break", Severity.ERROR, (3, 5))]
    assert said(RULES, case).startswith(
        'adStart of ad "ad-1" was sent at playhead 5 s with no ad break open; send adBreak'
    )


def test_every_ad_without_a_break_is_found() -> None:
    found = ads(("adStart", 5, 5, AD), ("adComplete", 20, 5), ("adStart", 20.1, 5, AD), ("adSkip", 22, 5))

    assert found == [("ad.outside-break", Severity.ERROR, (2, 3)), ("ad.outside-break", Severity.ERROR, (4, 5))]


def test_a_close_after_the_break_is_outside_of_it() -> None:
    assert ads(*OPEN, *PINGS, *CLOSE, ("adSkip", 15.1, 0)) == [("ad.outside-break", Severity.ERROR, (9,))]


def test_an_ad_that_arrives_before_its_break_at_one_ts_is_inside() -> None:
    assert ads(("adStart", 1, 0, AD), ("adBreakStart", 1, 0, BREAK), *PINGS, ("adComplete", 16, 0)) == []


def test_a_close_in_a_break_with_no_ad_is_found() -> None:
    found = ads(OPEN[0], ("adComplete", 1, 0), ("adBreakComplete", 2, 0))

    assert found == [("ad.complete-without-start", Severity.ERROR, (3,))]


def test_a_close_long_after_the_first_is_a_close_without_an_ad() -> None:
    found = ads(*OPEN, *PINGS, CLOSE[0], ("adSkip", 16.1, 0), ("adBreakComplete", 16.2, 0))

    assert found == [("ad.complete-without-start", Severity.ERROR, (7,))]


@every_case("closes", [("adComplete", "adSkip"), ("adSkip", "adComplete"), ("adSkip", "adSkip")])
def test_a_second_close_of_one_ad_is_found_in_either_order(closes: tuple[str, str]) -> None:
    found = ads(*OPEN, *PINGS, (closes[0], 15.002, 0), (closes[1], 16.002, 0), ("adBreakComplete", 16.003, 0))

    assert found == [("ad.skip-and-complete", Severity.WARNING, (6, 7))]


def test_a_skip_after_the_close_of_the_ad_before_is_not_a_second_close() -> None:
    assert ads(*OPEN, *PINGS, CLOSE[0], ("adStart", 15.1, 0, ad(podPosition=2)), ("adSkip", 15.5, 0)) == []


def test_a_long_ad_without_pings_is_noted() -> None:
    assert ads(*OPEN, *CLOSE) == [("ad.no-pings", Severity.INFO, (3, 4))]


def test_a_short_ad_needs_no_ping() -> None:
    assert ads(OPEN[0], ("adStart", 0.002, 0, ad(length=12)), ("adComplete", 12.002, 0)) == []


def test_an_ad_of_downloaded_content_needs_no_ping() -> None:
    assert fired(RULES, downloaded(*OPEN, *CLOSE)) == []


@every_case("event", [("adStart", 15.1, 0, ad(podPosition=2)), ("adBreakComplete", 15.1, 0)])
def test_an_ad_that_is_not_closed_before_the_next_thing_is_found(event: Event) -> None:
    assert ads(*OPEN, *PINGS, event) == [("ad.not-closed", Severity.WARNING, (3, 6))]


def test_the_same_ad_start_again_is_not_an_unclosed_ad() -> None:
    case = case_of(*OPEN, ("adStart", 0.003, 0, AD), *PINGS, *CLOSE)

    assert fired(RULES, case) == [("ad.duplicate-start", Severity.ERROR, (3, 4))]
    assert said(RULES, case) == ('adStart of ad "ad-1" was sent again after 1 ms; send one adStart for each ad.')


@every_case(("at_s", "params"), [(0.003, ad(id="ad-2", podPosition=2)), (1.1, AD)])
def test_another_ad_or_the_same_one_later_leaves_the_first_unclosed(at_s: float, params: dict[str, object]) -> None:
    assert "ad.not-closed" in [code for code, *_ in ads(*OPEN, ("adStart", at_s, 0, params), *PINGS, *CLOSE)]


def test_a_length_in_milliseconds_is_not_an_ad_that_was_left_early() -> None:
    case = case_of(OPEN[0], ("adStart", 0.002, 0, ad(length=15_000)), *PINGS, *CLOSE)

    assert fired(RULES, case) == [("ad.length-ms", Severity.WARNING, (3,))]
    assert said(RULES, case).startswith('media.ad.length of ad "ad-1" is 15000, but it ran 15 s; send the length of')


def test_a_long_ad_that_is_left_early_has_its_length_in_seconds() -> None:
    assert [code for code, *_ in ads(OPEN[0], ("adStart", 0.002, 0, ad(length=1000)), *PINGS, *CLOSE)] == [
        "ad.complete-early"
    ]


def test_an_ad_that_the_end_of_the_session_leaves_open_is_fine() -> None:
    assert ads(*OPEN, *PINGS, ("sessionEnd", 12, 0)) == []


def test_a_gap_between_two_ads_of_a_break_is_found() -> None:
    second: Event = ("adStart", 15.253, 0, ad(podPosition=2))
    case = case_of(*OPEN, *PINGS, CLOSE[0], second, ("adSkip", 17, 0))

    assert fired(RULES, case) == [("ad.gap", Severity.WARNING, (6, 7))]
    assert "0.251 s passed between adComplete" in said(RULES, case)


def test_a_quarter_of_a_second_between_two_ads_is_not_a_gap() -> None:
    assert ads(*OPEN, *PINGS, CLOSE[0], ("adStart", 15.252, 0, ad(podPosition=2)), ("adSkip", 17, 0)) == []


def test_time_between_two_breaks_is_not_a_gap() -> None:
    again: Event = ("adBreakStart", 30, 15, {"media.ad.podIndex": 2, "media.ad.podSecond": 15})

    assert ads(*OPEN, *PINGS, *CLOSE, again, ("adStart", 30, 15, AD), ("adSkip", 31, 15)) == []


@every_case(("first", "second"), [(1, 1), (2, 3), (1, 0)])
def test_positions_that_do_not_count_up_from_0_or_1_are_found(first: int, second: int) -> None:
    found = ads(
        OPEN[0],
        ("adStart", 0.002, 0, ad(podPosition=first)),
        ("adSkip", 3, 0),
        ("adStart", 3.1, 0, ad(podPosition=second)),
        ("adSkip", 6, 0),
    )

    assert found == [("ad.pod-position", Severity.WARNING, (3, 5))]


@every_case(("first", "second"), [(0, 1), (1, 2), (1, 3)])
def test_positions_that_count_up_from_0_or_1_are_fine(first: int, second: int) -> None:
    found = ads(
        OPEN[0],
        ("adStart", 0.002, 0, ad(podPosition=first)),
        ("adSkip", 3, 0),
        ("adStart", 3.1, 0, ad(podPosition=second)),
        ("adSkip", 6, 0),
    )

    assert found == []


def test_an_ad_completed_before_four_fifths_of_its_length_is_noted() -> None:
    assert ads(*OPEN, ("adComplete", 11.9, 0)) == [("ad.complete-early", Severity.INFO, (3, 4))]


def test_a_pause_in_an_ad_is_not_time_spent_in_it() -> None:
    paused: tuple[Event, ...] = (("pauseStart", 5, 0), ("ping", 9, 0), ("play", 12, 0))

    assert ads(*OPEN, *paused, ("adComplete", 15.002, 0)) == [("ad.complete-early", Severity.INFO, (3, 7))]


@every_case("close", [("adComplete", 12.01, 0), ("adSkip", 2, 0)])
def test_an_ad_completed_after_four_fifths_or_skipped_is_fine(close: Event) -> None:
    assert ads(*OPEN, ("ping", 1, 0), close) == []


def test_nothing_is_said_about_early_completion_when_ts_counts_seconds() -> None:
    seconds = START_MS // 1000
    at = [(seconds - START_MS + offset) / 1000 for offset in (0, 1, 2, 15)]
    events = (("sessionStart", at[0], 0), ("adBreakStart", at[1], 0, BREAK), ("adStart", at[2], 0, AD))

    assert ads(*events, ("adComplete", at[3], 0)) == []


def test_an_ad_that_takes_longer_than_it_is_long_is_noted() -> None:
    assert ads(*OPEN, *PINGS, ("adComplete", 20.1, 0)) == [("ad.overrun", Severity.INFO, (3, 6))]


def test_an_ad_that_stays_open_while_content_plays_on_is_noted() -> None:
    assert ads(*OPEN, *PINGS, ("ping", 20, 5), ("ping", 30, 15)) == [("ad.overrun", Severity.INFO, (3, 7))]


def test_five_seconds_more_than_its_length_are_fine() -> None:
    assert ads(*OPEN, *PINGS, ("adComplete", 20.002, 0)) == []


@every_case("length", [0, -1])
def test_an_ad_without_a_length_is_noted(length: int) -> None:
    assert ads(OPEN[0], ("adStart", 1, 0, ad(length=length)), ("adComplete", 9, 0)) == [
        ("ad.length-zero", Severity.INFO, (3,))
    ]


def test_an_ad_refused_for_its_missing_length_is_noted() -> None:
    params = {key: value for key, value in AD.items() if key != "media.ad.length"}

    assert ads(OPEN[0], ("adStart", 1, 0, params)) == [("ad.length-zero", Severity.INFO, (3,))]


def test_an_ad_refused_for_another_reason_is_not_an_ad_without_a_length() -> None:
    assert ads(OPEN[0], ("adStart", 1, 0, ad(length="15"))) == []


@every_case("name", ["", " "])
def test_an_empty_id_of_an_ad_is_found(name: str) -> None:
    found = ads(OPEN[0], ("adStart", 1, 0, ad(id=name)), ("ping", 9, 0), ("adComplete", 16, 0))

    assert found == [("ad.id-empty", Severity.ERROR, (3,))]


def test_any_other_id_of_an_ad_is_fine() -> None:
    assert ads(OPEN[0], ("adStart", 1, 0, ad(id="0")), ("ping", 9, 0), ("adComplete", 16, 0)) == []


def test_a_length_larger_than_any_float_is_judged_too() -> None:
    found = ads(OPEN[0], ("adStart", 1, 0.5, ad(length=10**400)), ("adComplete", 2, 0.5))

    assert found == [("ad.complete-early", Severity.INFO, (3, 4))]


@every_case("word", ["N/A", "None", "NaN", "[object Object]"])
def test_a_word_for_nothing_as_an_ad_id_is_found(word: str) -> None:
    case = case_of(OPEN[0], ("adStart", 0.002, 0, ad(id=word)), *PINGS, *CLOSE)

    assert fired(RULES, case) == [("ad.id-placeholder", Severity.WARNING, (3,))]
    assert said(RULES, case) == f'media.ad.id of the ad at playhead 0 s is "{word}"; send the id of the ad.'


def test_a_name_that_contains_such_a_word_is_an_id() -> None:
    assert ads(OPEN[0], ("adStart", 0.002, 0, ad(id="none-1")), *PINGS, *CLOSE) == []
