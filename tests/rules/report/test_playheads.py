from __future__ import annotations

from typing import Any

import pytest

from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from tests.reports import Reports
from tests.tables import every_case

LIVE = {"media.contentType": "live", "media.length": 86400}


def reached(report: SessionReport) -> list[int]:
    return [marker for marker in (10, 25, 50, 75, 95) if report.metric(f"a.media.progress{marker}").value]


def test_seconds_seen_twice_are_unique_once(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("pauseStart", 20, 20), ("play", 21, 5), ("ping", 31, 15), ("sessionEnd", 36, 20))
    assert report.content_time_spent_s == 35
    metric = report.metric("a.media.uniqueTimePlayed")
    assert metric.value == 20
    assert [part.note for part in metric.why] == ["playhead 0 to 20"]
    assert metric.why[0].seqs == (2, 3, 4, 6)


def test_range_inside_one_seen_before_does_not_hide_what_follows(reports: Reports) -> None:
    report = reports(
        *(("play", 0, 0), ("pauseStart", 20, 20)),
        *(("play", 21, 5), ("pauseStart", 26, 10)),
        *(("play", 27, 15), ("pauseStart", 37, 25)),
    )
    assert report.unique_time_played_s == 25


def test_seek_forward_adds_nothing_and_leaves_a_gap(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("ping", 10, 10), ("play", 11, 40), ("sessionEnd", 21, 50))
    assert [part.note for part in report.metric("a.media.uniqueTimePlayed").why] == [
        "playhead 0 to 10",
        "playhead 40 to 50",
    ]
    assert report.unique_time_played_s == 20


@every_case(
    ("playhead_s", "unique_s"),
    [(-5, 0), (0, 0), (9.5, 9.5), (11, 11), (11.001, 0)],
    ids=["backwards", "standing", "slower", "at the limit", "beyond it"],
)
def test_playhead_may_run_a_second_ahead_of_the_clock(reports: Reports, playhead_s: float, unique_s: float) -> None:
    report = reports(("play", 0, 20), ("sessionEnd", 10, 20 + playhead_s))
    assert report.unique_time_played_s == pytest.approx(unique_s)


@every_case("speed", [0.75, 1.25, 1.5, 2, 2.1])
def test_content_watched_at_another_speed_was_seen(reports: Reports, speed: float) -> None:
    report = reports(
        ("play", 0, 0), *(("ping", 10 * n, 10 * n * speed) for n in range(1, 7)), start={"media.length": 600}
    )
    assert report.unique_time_played_s == pytest.approx(60 * speed)
    assert report.metric("a.media.segment").value == f"[0-{-(-60 * speed // 60):.0f}]"


def test_a_playhead_that_goes_faster_than_players_play_has_seen_nothing(reports: Reports) -> None:
    report = reports(("play", 0, 0), *(("ping", 10 * n, 25 * n) for n in range(1, 7)), start={"media.length": 600})
    assert report.unique_time_played_s == 0


def test_one_leap_that_would_be_a_possible_speed_is_a_seek(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0), ("ping", 10, 10), ("ping", 20, 35), ("ping", 30, 45), ("sessionEnd", 40, 55),
        start={"media.length": 600},
    )  # fmt: skip
    assert [part.note for part in report.metric("a.media.uniqueTimePlayed").why] == [
        "playhead 0 to 10",
        "playhead 35 to 55",
    ]


def test_a_viewer_who_seeks_keeps_the_speed(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0), ("ping", 10, 15), ("ping", 20, 300), ("ping", 30, 315), ("sessionEnd", 40, 330),
        start={"media.length": 600},
    )  # fmt: skip
    assert [part.note for part in report.metric("a.media.uniqueTimePlayed").why] == [
        "playhead 0 to 15",
        "playhead 300 to 330",
    ]


def test_pauses_buffers_and_ads_see_nothing(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0), ("pauseStart", 10, 10), ("ping", 12, 12), ("bufferStart", 13, 13), ("ping", 14, 14)
    )
    assert report.unique_time_played_s == 10


def test_live_stream_that_passes_midnight_does_not_seek(reports: Reports) -> None:
    events = [("play", 0, 86390), ("ping", 5, 86395), ("ping", 15, 5), ("sessionEnd", 20, 10)]
    assert reports(*events, start=LIVE).unique_time_played_s == 20
    assert reports(*events, start={"media.length": 86400}).unique_time_played_s == 10


@every_case(
    ("playhead_s", "markers"),
    [
        (5.99, []),
        (6, [10]),
        (15, [10, 25]),
        (30, [10, 25, 50]),
        (45, [10, 25, 50, 75]),
        (57, [10, 25, 50, 75, 95]),
        (60, [10, 25, 50, 75, 95]),
    ],
)
def test_marker_is_reached_at_its_share_of_the_length(reports: Reports, playhead_s: float, markers: list[int]) -> None:
    report = reports(("play", 0, 0), ("sessionEnd", 60, playhead_s))
    assert reached(report) == markers


def test_marker_names_the_event_that_reached_it(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("ping", 5, 5), ("ping", 10, 10), ("ping", 20, 20))
    [part] = report.metric("a.media.progress10").why
    assert (part.seqs, part.value) == ((4,), 10)


@every_case(("on_seek", "markers"), [("fire", [10, 25, 50]), ("skip", [50])])
def test_seek_over_markers_fires_or_skips_them(reports: Reports, on_seek: Any, markers: list[int]) -> None:
    events = [("play", 0, 0), ("ping", 3, 3), ("pauseStart", 3.5, 3.5), ("play", 4, 29), ("sessionEnd", 10, 35)]
    assert reached(reports(*events, settings=Settings(progress_on_seek=on_seek))) == markers


def test_markers_do_not_come_back_after_a_seek_back(reports: Reports) -> None:
    assert reached(reports(("play", 0, 0), ("ping", 20, 20), ("play", 21, 0), ("sessionEnd", 25, 4))) == [10, 25]


@every_case("on_seek", ["fire", "skip"])
def test_no_markers_without_a_length_or_without_a_play_on_main_content(reports: Reports, on_seek: Any) -> None:
    settings = Settings(progress_on_seek=on_seek)
    assert reached(reports(("play", 0, 0), ("ping", 60, 60), start={"media.length": 0}, settings=settings)) == []
    assert reached(reports(("ping", 50, 50), ("ping", 60, 60), settings=settings)) == []


def test_playhead_before_the_first_play_reaches_nothing(reports: Reports) -> None:
    assert reached(reports(("ping", 1, 55), ("play", 2, 0), ("ping", 10, 8))) == [10]


@every_case(
    ("from_s", "to_s", "by_range", "by_five"),
    [
        (0, 48, "[0-1]", "[0-5]"),
        (0, 60, "[0-1]", "[0-5]"),
        (0, 61, "[0-2]", "[0-5]"),
        (290, 350, "[4-6]", "[0-10]"),
        (600, 610, "[10-11]", "[10-15]"),
    ],
)
def test_segment_is_the_range_of_playheads_in_minutes(
    reports: Reports, from_s: float, to_s: float, by_range: str, by_five: str
) -> None:
    events = [("play", 0, from_s), ("sessionEnd", to_s - from_s, to_s)]
    start = {"media.length": 3600}
    assert reports(*events, start=start).metric("a.media.segment").value == by_range
    assert reports(*events, start=start, settings=Settings(segment_format="five_minute")).content_segment == by_five


def test_segment_leaves_out_playheads_that_were_not_played(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("play", 1, 40000), ("ping", 11, 40010), start=LIVE)
    assert report.content_segment == "[666-667]"


def test_segment_of_content_that_never_moved_is_where_it_stood(reports: Reports) -> None:
    assert reports(("play", 0, 120), ("sessionEnd", 1, 120)).content_segment == "[2-3]"


def test_no_segment_without_main_content(reports: Reports) -> None:
    report = reports(("ping", 1, 0), ("sessionEnd", 2, 0))
    assert report.metric("a.media.segment").value is None
    assert report.metric("a.media.segmentView").value is None
