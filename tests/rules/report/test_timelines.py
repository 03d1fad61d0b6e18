"""Adobe's own examples: three timelines of the Media Collection API and the sample of the reporting schema."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from tests.playbacks import AD, BREAK, CHAPTER
from tests.reports import Reports
from tests.tables import every_case

LENGTH_S = 60.333


def ad(ad_id: str, length_s: float) -> dict[str, Any]:
    return {**AD, "media.ad.id": ad_id, "media.ad.length": length_s}


TIMELINE_1: list[tuple[Any, ...]] = [
    ("adBreakStart", 0, 0, BREAK),
    ("adStart", 0, 0, ad("001", 15)),
    *(("ping", second, 0) for second in range(1, 15)),
    ("adComplete", 15, 0),
    ("adStart", 15, 0, ad("002", 7)),
    *(("ping", second, 0) for second in range(16, 22)),
    ("adComplete", 22, 0),
    ("adBreakComplete", 22, 0),
    ("play", 22, 0),
    ("ping", 30, 8),
    ("bufferStart", 33, 11),
    ("play", 36, 11),
    ("ping", 40, 15),
    ("adBreakStart", 46, 21, {**BREAK, "media.ad.podIndex": 2, "media.ad.podSecond": 21}),
    ("adStart", 46, 21, ad("003", 8)),
    ("ping", 50, 21),
    ("adComplete", 54, 21),
    ("adBreakComplete", 54, 21),
    ("ping", 60, 27),
    ("pauseStart", 64, 31),
    ("ping", 70, 31),
    ("play", 74, 31),
    ("ping", 80, 37),
    ("sessionComplete", 88, 45),
]

CHAPTERS: list[tuple[Any, ...]] = [
    ("chapterStart", 23, 1, {**CHAPTER, "media.chapter.offset": 1}),
    ("chapterComplete", 45, 20),
    ("chapterStart", 55, 22, {**CHAPTER, "media.chapter.index": 2, "media.chapter.offset": 22}),
    ("chapterComplete", 87, 44),
]


def timeline_2(play_playhead_s: float) -> list[tuple[Any, ...]]:
    return [
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, ad("001", 12)),
        *(("ping", second, 0) for second in range(1, 12)),
        ("adComplete", 12, 0),
        ("adBreakComplete", 12, 0),
        ("play", 12, 0),
        ("ping", 20, 8),
        ("ping", 30, 18),
        ("error", 32, 20),
        ("play", 37, play_playhead_s),
        ("ping", 40, 28),
        ("adBreakStart", 45, 33, {**BREAK, "media.ad.podIndex": 2, "media.ad.podSecond": 33}),
        ("adStart", 45, 33, ad("002", 15)),
        ("sessionEnd", 48, 33),
    ]


def reached(report: SessionReport) -> list[int]:
    return [marker for marker in (10, 25, 50, 75, 95) if getattr(report, f"progress_{marker}")]


def test_timeline_1_of_a_session_watched_to_the_end(reports: Reports) -> None:
    report = reports(*TIMELINE_1, start={"media.length": LENGTH_S})
    assert report.final
    assert report.media_starts
    assert report.content_starts
    assert report.content_completes
    assert report.content_time_spent_s == 45
    assert report.media_time_spent_s == 75
    assert report.unique_time_played_s == 45
    assert report.average_minute_audience == pytest.approx(0.7459, abs=5e-5)
    assert reached(report) == [10, 25, 50]  # 75 % are 45.25 s
    assert (report.pause_events, report.total_pause_duration_s) == (1, 10)
    assert (report.buffer_events, report.total_buffer_duration_s) == (1, 3)
    assert (report.stall_events, report.total_stalling_duration_s) == (0, 0)
    assert report.ad_count == 3
    assert [(item.completes, item.time_spent_s) for item in report.ads] == [(True, 15), (True, 7), (True, 8)]
    assert report.estimated_streams == 1
    assert report.chapter_count == 0
    assert report.seconds_since_last_call == 0
    assert not report.drops_before_start


def test_timeline_1_says_what_content_time_was_summed_from(reports: Reports) -> None:
    metric = reports(*TIMELINE_1, start={"media.length": LENGTH_S}).metric("a.media.timePlayed")
    assert [part.value for part in metric.why] == [11, 10, 10, 14]
    assert sum(part.value for part in metric.why) == metric.exact == metric.value


def test_timeline_3_adds_chapters_whose_time_leaves_out_buffer_pause_and_ads(reports: Reports) -> None:
    report = reports(*sorted([*TIMELINE_1, *CHAPTERS], key=lambda event: event[1]), start={"media.length": LENGTH_S})
    assert report.chapter_count == 2
    assert [(chapter.completes, chapter.time_spent_s) for chapter in report.chapters] == [(True, 19), (True, 22)]
    assert (report.content_time_spent_s, report.media_time_spent_s, report.unique_time_played_s) == (45, 75, 45)
    assert reached(report) == [10, 25, 50]


@every_case("play_playhead_s", [18, 20], ids=["body", "table"])
@every_case(("error_stops", "content_s"), [(False, 33), (True, 28)], ids=["error plays on", "error stops"])
def test_timeline_2_of_a_session_left_during_an_ad(
    reports: Reports, play_playhead_s: float, error_stops: bool, content_s: float
) -> None:
    settings = Settings(error_stops_playback=error_stops)
    report = reports(*timeline_2(play_playhead_s), start={"media.length": LENGTH_S}, settings=settings)
    assert [(item.completes, item.time_spent_s) for item in report.ads] == [(True, 12), (False, 3)]
    assert report.ad_count == 2
    assert report.error_events == 1
    assert not report.content_completes
    assert reached(report) == [10, 25, 50]
    assert report.content_time_spent_s == content_s
    assert report.unique_time_played_s == 25  # 10 s of content in 3 s of the clock are not playback


def test_timeline_2_has_two_readings_because_its_last_break_is_never_closed(reports: Reports) -> None:
    counted = reports(*timeline_2(20), start={"media.length": LENGTH_S})
    voided = reports(*timeline_2(20), start={"media.length": LENGTH_S}, settings=Settings(unclosed_break="void"))
    assert (voided.ad_count, voided.content_time_spent_s, voided.media_time_spent_s) == (1, 36, 48)
    for report in (counted, voided):
        [note] = [note for note in report.notes if note.readings]
        assert note.readings["count"]["ad_count"] == 2
        assert note.readings["count"]["content_time_spent_s"] == 33
        assert note.readings["void"]["ad_count"] == 1
        assert note.readings["void"]["content_time_spent_s"] == 36


def test_numbers_of_the_sample_of_adobes_reporting_schema(reports: Reports) -> None:
    mute, pip = {"media.state.name": "mute"}, {"media.state.name": "pictureInPicture"}
    report = reports(
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, ad("001", 10)),
        ("adSkip", 7, 0),
        ("adBreakComplete", 7, 0),
        ("play", 7, 0, None, {"media.qoe.bitrate": 35, "media.qoe.timeToStart": 1000, "media.qoe.droppedFrames": 5}),
        ("chapterStart", 7.001, 0.001, CHAPTER),
        ("ping", 17, 10),
        ("stateStart", 20, 13, mute),
        ("stateStart", 20, 13, pip),
        ("stateEnd", 23, 16, mute),
        ("stateEnd", 23, 16, pip),
        ("pauseStart", 30, 23),
        ("play", 33, 23),
        ("bitrateChange", 43, 33, None, {"media.qoe.bitrate": 35, "media.qoe.droppedFrames": 30}),
        ("error", 45, 35),
        ("ping", 53, 43),
        ("play", 54, 43),
        ("sessionComplete", 58, 47),
        start={"media.length": 100},
    )
    assert report.metric("a.media.timePlayed").value == 48
    assert report.metric("a.media.totalTimePlayed").value == 55
    assert report.metric("a.media.uniqueTimePlayed").value == 47
    assert report.average_minute_audience == 0.48
    assert report.estimated_streams == 1
    assert (report.pause_events, report.total_pause_duration_s) == (1, 3)
    assert reached(report) == [10, 25]
    assert report.content_segment == "[0-1]"
    assert (report.ad_count, report.chapter_count) == (1, 1)
    assert [(state.name, state.count, state.total_duration_s) for state in report.states] == [
        ("mute", 1, 3),
        ("pictureinpicture", 1, 3),
    ]
    assert report.metric("a.media.qoe.bitrateAverage").value == 35
    assert report.average_bitrate_bucket == "0-99"
    assert report.dropped_frames == 30
    assert report.metric("a.media.qoe.timeToStart").value == 1
    assert report.content_completes
