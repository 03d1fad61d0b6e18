from __future__ import annotations

from typing import Any

from mockserver.model.settings import Settings
from tests.playbacks import AD, BREAK
from tests.reports import Reports
from tests.tables import every_case


def bitrate(kbps: int) -> dict[str, Any]:
    return {"media.qoe.bitrate": kbps}


CHANGES = [
    ("play", 0, 0),
    ("bitrateChange", 10, 10, None, bitrate(1000)),
    ("bitrateChange", 20, 20, None, bitrate(3000)),
    ("pauseStart", 30, 30),
    ("play", 130, 30),
    ("sessionEnd", 150, 50),
]


def test_average_bitrate_is_weighted_by_playing_time_from_the_first_value_on(reports: Reports) -> None:
    metric = reports(*CHANGES).metric("a.media.qoe.bitrateAverage")
    assert metric.exact == (1000 * 10 + 3000 * 30) / 40
    assert metric.value == 2500
    assert [(part.seqs, part.value) for part in metric.why] == [((3,), 1000), ((4,), 3000)]


def test_average_bitrate_counts_ads_and_leaves_out_gaps(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0, None, bitrate(1000)),
        ("adBreakStart", 10, 10, BREAK),
        ("ping", 20, 10, None, bitrate(2000)),
        ("adStart", 30, 10, AD),
        ("adComplete", 40, 10),
        ("adBreakComplete", 40, 10),
    )
    assert report.average_bitrate == 1500


@every_case(("kbps", "bucket"), [(0, "0-99"), (99, "0-99"), (100, "100-199"), (850, "800-899"), (3200, "3200-3299")])
def test_average_bitrate_falls_into_buckets_of_a_hundred(reports: Reports, kbps: int, bucket: str) -> None:
    report = reports(("play", 0, 0, None, bitrate(kbps)), ("sessionEnd", 10, 10))
    assert report.metric("a.media.qoe.bitrateAverageBucket").value == bucket


@every_case(
    ("unit", "average", "bucket"),
    [("as-sent", 2_500_000, "2500000-2500099"), ("bps", 2500, "2500-2599"), ("kbps", 2_500_000, "2500000-2500099")],
)
def test_bitrate_is_read_in_the_unit_it_is_sent_in(reports: Reports, unit: Any, average: float, bucket: str) -> None:
    events = [("play", 0, 0, None, bitrate(2_500_000)), ("sessionEnd", 10, 10)]
    report = reports(*events, settings=Settings(bitrate_unit=unit))
    assert (report.average_bitrate, report.average_bitrate_bucket) == (average, bucket)


def test_without_a_bitrate_there_is_no_average(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("sessionEnd", 10, 10, None, bitrate(500)))
    assert report.metric("a.media.qoe.bitrateAverage").value is None
    assert report.metric("a.media.qoe.bitrateAverageBucket").value is None


def test_bitrate_change_events_count_even_without_a_change(reports: Reports) -> None:
    report = reports(("play", 0, 0), *[("bitrateChange", n, n, None, bitrate(500)) for n in (1, 2, 3)])
    assert report.metric("a.media.qoe.bitrateChangeCount").value == 3
    assert report.metric("a.media.qoe.bitrateChange").value is True


def test_other_bitrates_without_the_event_are_not_a_change(reports: Reports) -> None:
    report = reports(("play", 0, 0, None, bitrate(1)), ("ping", 10, 10, None, bitrate(2)))
    assert report.metric("a.media.qoe.bitrateChangeCount").value == 0
    assert report.metric("a.media.qoe.bitrateChange").value is None


def test_buffering_counts_entries_and_time_until_the_state_changes(reports: Reports) -> None:
    report = reports(
        ("bufferStart", 0, 0),
        ("bufferStart", 1, 0),
        ("play", 2, 0),
        ("bufferStart", 10, 8),
        ("ping", 14, 8),
        ("pauseStart", 15, 8),
        ("sessionEnd", 20, 8),
    )
    assert report.metric("a.media.qoe.bufferCount").value == 2
    assert report.metric("a.media.qoe.bufferTime").value == 7
    assert report.metric("a.media.qoe.buffer").value is True


def test_session_without_buffering_has_no_buffer_flag(reports: Reports) -> None:
    report = reports(("play", 0, 0))
    assert report.metric("a.media.qoe.bufferCount").value == 0
    assert report.metric("a.media.qoe.buffer").value is None


def test_last_value_of_dropped_frames_wins_even_if_it_is_smaller(reports: Reports) -> None:
    def frames(count: int) -> dict[str, Any]:
        return {"media.qoe.droppedFrames": count}

    report = reports(("play", 0, 0, None, frames(30)), ("ping", 10, 10, None, frames(4)))
    assert report.metric("a.media.qoe.droppedFrameCount").value == 4
    assert report.metric("a.media.qoe.droppedFrames").value is True
    reset = reports(("play", 0, 0, None, frames(30)), ("ping", 10, 10, None, frames(0)))
    assert reset.metric("a.media.qoe.droppedFrameCount").value == 0
    assert reset.metric("a.media.qoe.droppedFrames").value is None


def test_dropped_frames_that_were_never_sent_are_unknown_not_zero(reports: Reports) -> None:
    report = reports(("play", 0, 0))
    assert report.dropped_frames is None
    assert not report.dropped_frame_impacted_streams


def error(error_id: str, source: str) -> dict[str, Any]:
    return {"media.qoe.errorID": error_id, "media.qoe.errorSource": source}


def test_errors_are_counted_and_their_ids_listed_once_by_source(reports: Reports) -> None:
    report = reports(
        ("error", 1, 0, None, error("p1", "player")),
        ("error", 2, 0, None, error("p2", "player")),
        ("error", 3, 0, None, error("p1", "player")),
        ("error", 4, 0, None, error("x1", "external")),
        ("error", 5, 0, {"media.errorId": "p3", "media.errorSource": "player"}),
    )
    assert report.metric("a.media.qoe.errorCount").value == 5
    assert report.metric("a.media.qoe.error").value is True
    assert report.metric("a.media.qoe.playerSdkErrors").value == ("p1", "p2", "p3")
    assert report.metric("a.media.qoe.externalErrors").value == ("x1",)
    assert report.metric("a.media.qoe.playerSdkErrors").why[0].seqs == (2, 4)
    assert report.notes == reports().notes


def test_error_without_id_or_known_source_is_counted_and_noted_but_not_listed(reports: Reports) -> None:
    report = reports(("error", 1, 0), ("error", 2, 0, None, error("e", "network")))
    assert report.error_events == 2
    assert report.player_sdk_error_ids is None
    assert any(note.seqs == (2, 3) for note in report.notes)


def test_session_without_error_has_no_error_flag(reports: Reports) -> None:
    report = reports(("play", 0, 0))
    assert report.metric("a.media.qoe.errorCount").value == 0
    assert report.metric("a.media.qoe.error").value is None


def test_time_to_start_comes_in_milliseconds_and_is_reported_in_whole_seconds(reports: Reports) -> None:
    metric = reports(("play", 0, 0, None, {"media.qoe.timeToStart": 1900})).metric("a.media.qoe.timeToStart")
    assert (metric.value, metric.exact) == (1, 1.9)


def test_frames_per_second_are_the_last_sent(reports: Reports) -> None:
    events = [
        ("play", 0, 0, None, {"media.qoe.framesPerSecond": 60}),
        ("ping", 9, 9, None, {"media.qoe.framesPerSecond": 30}),
    ]
    assert reports(*events).metric("fps").value == 30


@every_case("ending", [[("sessionEnd", 5, 0)], [("sessionComplete", 5, 0)]], ids=["end", "complete"])
def test_session_that_ends_before_main_content_dropped_before_start(reports: Reports, ending: list[Any]) -> None:
    pre_roll = [("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("play", 1, 0)]
    assert reports(*pre_roll, *ending).metric("a.media.qoe.dropBeforeStart").value is True
    assert not reports(("play", 0, 0), *ending).drops_before_start


def test_open_session_has_not_dropped_yet(reports: Reports) -> None:
    assert not reports().drops_before_start
    assert reports(after_s=700).drops_before_start


def test_quality_in_older_forms_is_read_where_it_was_accepted(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0, None, {"bitrate": 500}),
        ("bitrateChange", 10, 10, {"media.qoe.bitrate": 1500}),
        ("sessionEnd", 20, 20),
        settings=Settings(docs_lenient=True),
    )
    assert report.average_bitrate == 1000
