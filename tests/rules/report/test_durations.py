from __future__ import annotations

from typing import Any

from mockserver.rules.report.durations import Activity, Durations, amount
from tests.playbacks import AD, BREAK, START_PARAMS, case_of
from tests.reports import Reports
from tests.tables import every_case


def test_stretches_cover_the_whole_session_without_a_gap() -> None:
    case = case_of(
        ("play", 1, 0),
        ("ping", 5, 4),
        ("adBreakStart", 8, 7, BREAK),
        ("adStart", 9, 7, AD),
        ("pauseStart", 10, 7),
        ("play", 12, 7),
        ("adBreakComplete", 15, 7),
        ("bufferStart", 18, 10),
        ("sessionEnd", 20, 10),
    )
    durations = Durations(case.steps)
    assert [(stretch.activity, stretch.ms) for stretch in durations.stretches] == [
        (Activity.STARTING, 1000),
        (Activity.MAIN, 7000),
        (Activity.GAP, 1000),
        (Activity.AD, 1000),
        (Activity.PAUSED, 2000),
        (Activity.AD, 3000),
        (Activity.MAIN, 3000),
        (Activity.BUFFERING, 2000),
    ]
    ends = [stretch.end for stretch in durations.stretches]
    assert [stretch.first for stretch in durations.stretches] == [0, *ends[:-1]]
    assert ends[-1] == len(case.steps)


def test_course_without_events_has_no_time() -> None:
    durations = Durations([])
    assert durations.stretches == []
    assert list(durations.elapsed_ms) == [0, 0]


def test_stopped_is_neither_playing_nor_paused() -> None:
    case = case_of(("play", 0, 0), ("error", 5, 5), ("ping", 10, 5))
    assert Activity.STOPPED not in {stretch.activity for stretch in Durations(case.steps).stretches}


def stall(*playheads: float, every_s: float = 10, then: Any = ("sessionEnd",)) -> list[Any]:
    events: list[Any] = [("play", 0, playheads[0])]
    events += [("ping", n * every_s, playhead) for n, playhead in enumerate(playheads) if n]
    return [*events, (then[0], len(playheads) * every_s, then[1] if len(then) > 1 else playheads[-1] + every_s)]


def test_three_events_at_one_playhead_are_a_stall_until_the_playhead_moves(reports: Reports) -> None:
    report = reports(*stall(0, 10, 10, 10))
    assert report.metric("a.media.qoe.stallCount").value == 1
    assert report.metric("a.media.qoe.stallTime").value == 30
    assert report.metric("a.media.qoe.stall").value is True
    assert report.content_time_spent_s == 10
    assert report.metric("a.media.qoe.stallCount").why[0].seqs == (3, 4, 5)
    assert report.metric("a.media.qoe.stallTime").why[0].note == "stalled from #3 to #6"


def test_two_events_at_one_playhead_are_not_a_stall(reports: Reports) -> None:
    report = reports(*stall(0, 10, 10))
    assert report.stall_events == 0
    assert report.metric("a.media.qoe.stall").value is None


@every_case(("every_s", "stalls"), [(2.499, 0), (2.5, 1)])
def test_stall_spans_five_seconds(reports: Reports, every_s: float, stalls: int) -> None:
    assert reports(*stall(5, 5, 5, every_s=every_s)).stall_events == stalls


@every_case("event_type", ["pauseStart", "bufferStart", "adBreakStart"])
def test_pause_buffer_and_break_end_a_stall_without_movement(reports: Reports, event_type: str) -> None:
    params = BREAK if event_type == "adBreakStart" else None
    report = reports(("play", 0, 5), ("ping", 4, 5), ("ping", 8, 5), (event_type, 10, 5, params), ("ping", 20, 5))
    assert report.total_stalling_duration_s == 10
    assert report.content_time_spent_s == 0


def test_pause_in_between_prevents_a_stall(reports: Reports) -> None:
    report = reports(("play", 0, 5), ("ping", 4, 5), ("pauseStart", 6, 5), ("play", 8, 5), ("ping", 12, 5))
    assert report.stall_events == 0


def test_two_stalls_are_two(reports: Reports) -> None:
    report = reports(*stall(0, 10, 10, 10, 20, 20, 20))
    assert report.stall_events == 2
    assert report.total_stalling_duration_s == 60


def test_stalled_time_belongs_to_no_chapter(reports: Reports) -> None:
    chapter = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 20}
    report = reports(("play", 0, 0), ("chapterStart", 1, 1, chapter), *stall(0, 10, 10, 10)[1:])
    assert report.chapters[0].time_spent_s == 9


def test_ad_that_does_not_count_is_content_and_not_a_stall(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0),
        ("adStart", 10, 10, AD),
        *(("ping", second, 10) for second in range(11, 25)),
        ("adComplete", 25, 10),
        ("ping", 35, 20),
    )
    assert (report.stall_events, report.content_time_spent_s) == (0, 35)


def test_content_that_stands_after_an_ad_that_did_not_count_is_a_stall_again(reports: Reports) -> None:
    report = reports(("adStart", 0, 0, AD), ("adComplete", 1, 0), ("play", 1, 0), *stall(0, 10, 10, 10)[1:])
    assert report.stall_events == 1


def test_parts_of_a_batch_name_the_place_in_it(reports: Reports) -> None:
    report = reports.batch(("play", 0, 0), ("ping", 10, 10), ("sessionEnd", 20, 20), start=START_PARAMS)
    [part] = report.metric("a.media.timePlayed").why
    assert (part.seqs, part.note) == ((1,), "playing on main from #1[1] to #1[3]")


@every_case(("value", "text"), [(0, "0"), (10, "10"), (1.5, "1.5"), (83752.25, "83752.25"), (1e7, "10000000")])
def test_amounts_are_written_to_a_thousandth(value: float, text: str) -> None:
    assert amount(value) == text
