from __future__ import annotations

from mockserver.model.settings import SessionRule, Settings
from tests.playbacks import AD, BREAK, CHAPTER, START_PARAMS
from tests.reports import Reports
from tests.tables import every_case

WATCHED = [("play", 1, 0), ("ping", 11, 10), ("sessionEnd", 21, 20)]


def test_every_session_start_is_a_media_start(reports: Reports) -> None:
    metric = reports().metric("a.media.view")
    assert (metric.value, metric.exact, metric.why[0].seqs) == (True, True, (1,))


def test_content_starts_with_the_first_play_outside_ad_breaks(reports: Reports) -> None:
    pre_roll = [("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("play", 1, 0), ("adComplete", 5, 0)]
    assert not reports(*pre_roll, ("adBreakComplete", 5, 0), ("sessionEnd", 6, 0)).content_starts
    report = reports(*pre_roll, ("adBreakComplete", 5, 0), ("play", 6, 0), ("sessionEnd", 7, 1))
    assert report.metric("a.media.play").value is True
    assert report.metric("a.media.play").why[0].seqs == (7,)
    assert report.content_segment_views


def test_flags_that_are_not_set_are_absent_and_exactly_false(reports: Reports) -> None:
    metric = reports(*WATCHED).metric("a.media.complete")
    assert metric.value is None
    assert metric.exact is False


def test_session_complete_completes_wherever_the_playhead_is(reports: Reports) -> None:
    assert reports(("play", 0, 0), ("sessionComplete", 1, 1)).content_completes


def test_time_out_does_not_complete(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("ping", 10, 10), after_s=700)
    assert report.final
    assert not report.content_completes


@every_case(("suppresses", "started"), [(False, True), (True, False)], ids=["a start too", "instead of a start"])
def test_resumed_session_is_a_resume(reports: Reports, suppresses: bool, started: bool) -> None:
    settings = Settings(resume_suppresses_start=suppresses)
    report = reports(*WATCHED, start={"media.resume": True}, settings=settings)
    assert report.metric("a.media.resume").value is True
    assert report.media_starts is started


def test_session_that_was_not_resumed_is_a_start_under_either_setting(reports: Reports) -> None:
    report = reports(*WATCHED, start={"media.resume": False}, settings=Settings(resume_suppresses_start=True))
    assert report.media_starts
    assert not report.content_resumes


def test_content_time_is_wall_time_while_main_content_plays(reports: Reports) -> None:
    report = reports(("play", 2, 0), ("ping", 12, 3), ("pauseStart", 12.75, 4), ("sessionEnd", 20, 4))
    metric = report.metric("a.media.timePlayed")
    assert (metric.value, metric.exact) == (10, 10.75)
    [part] = metric.why
    assert (part.seqs, part.note) == ((2, 4), "playing on main from #2 to #4")


def test_time_before_the_first_play_and_after_the_last_event_counts_nowhere(reports: Reports) -> None:
    report = reports(("ping", 5, 0), ("play", 6, 0), ("ping", 8, 2), after_s=700)
    assert report.content_time_spent_s == 2


def test_tail_after_a_timeout_is_credited_on_request_and_no_longer_than_the_silence(reports: Reports) -> None:
    events = [("play", 0, 0), ("ping", 10, 10)]
    assert reports(*events, after_s=700, settings=Settings(credit_tail_s=10)).content_time_spent_s == 20
    short = Settings(credit_tail_s=60, idle_timeout_s=30)
    report = reports(*events, after_s=700, settings=short)
    assert report.content_time_spent_s == 40
    assert report.metric("a.media.timePlayed").why[-1].note == "playing on main from #2 to 30 s after #3"
    assert any("credit_tail_s" in note.text for note in report.notes)


@every_case("last", ["sessionEnd", "sessionComplete"])
def test_no_tail_is_credited_after_an_end_the_player_reported(reports: Reports, last: str) -> None:
    report = reports(("play", 0, 0), (last, 10, 10), after_s=700, settings=Settings(credit_tail_s=10))
    assert report.content_time_spent_s == 10


def test_no_tail_is_credited_to_an_open_session(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("ping", 10, 10), after_s=5, settings=Settings(credit_tail_s=10))
    assert report.content_time_spent_s == 10


def test_media_time_is_content_and_ad_time_without_gaps_between_ads(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0),
        ("adBreakStart", 10, 10, BREAK),
        ("adStart", 11, 10, AD),
        ("adComplete", 16, 10),
        ("adBreakComplete", 18, 10),
        ("sessionEnd", 20, 12),
    )
    assert report.content_time_spent_s == 12
    assert report.media_time_spent_s == 17
    assert [part.value for part in report.metric("a.media.totalTimePlayed").why] == [10, 2, 5]


@every_case("length", [0, -5])
def test_without_a_length_a_note_replaces_the_average_minute_audience(reports: Reports, length: float) -> None:
    report = reports(*WATCHED, start={"media.length": length})
    assert report.metric("a.media.averageMinuteAudience").value is None
    assert report.average_minute_audience is None
    assert any("media.length" in note.text for note in report.notes)


def test_average_minute_audience_exceeds_one_when_content_is_watched_twice(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("play", 10, 0), ("sessionEnd", 20, 10), start={"media.length": 10})
    assert report.average_minute_audience == 2
    assert [part.value for part in report.metric("a.media.averageMinuteAudience").why] == [20, 10]


@every_case(("media_s", "streams"), [(0, 1), (1799, 1), (1800, 2), (3599, 2), (3600, 3)])
def test_estimated_streams_count_each_started_half_hour(reports: Reports, media_s: int, streams: int) -> None:
    seconds = [*range(0, media_s, 300), media_s]
    events = [("play" if second == 0 else "ping", second, second) for second in seconds]
    report = reports(*events, ("sessionEnd", media_s + 0.001, media_s), start={"media.length": 4000})
    assert report.media_time_spent_s == media_s + 0.001
    assert report.estimated_streams == streams


def test_ads_count_towards_estimated_streams(reports: Reports) -> None:
    ad = [("adBreakStart", 0, 0, BREAK), *(("adStart", 300 * n, 0, AD) for n in range(7)), ("adBreakComplete", 1800, 0)]
    report = reports(*ad)
    assert (report.content_time_spent_s, report.estimated_streams) == (0, 2)


def test_ad_and_chapter_counts_count_starts(reports: Reports) -> None:
    report = reports(
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, AD),
        ("adStart", 3, 0, AD),
        ("adBreakComplete", 6, 0),
        ("chapterStart", 7, 0, CHAPTER),
        ("chapterStart", 8, 0, CHAPTER),
    )
    assert report.metric("a.media.adCount").value == 2
    assert report.metric("a.media.chapterCount").value == 2
    assert report.metric("a.media.adCount").why[0].seqs == (3, 4)


def test_pause_is_one_period_however_often_it_is_reported(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0), ("pauseStart", 5, 5), ("ping", 15, 5), ("pauseStart", 20, 5), ("play", 25, 5), ("ping", 30, 10)
    )
    assert report.metric("a.media.pauseCount").value == 1
    assert report.metric("a.media.pauseTime").value == 20
    assert report.metric("a.media.pause").value is True


def test_pause_that_was_interrupted_is_two(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("pauseStart", 5, 5), ("bufferStart", 7, 5), ("pauseStart", 9, 5), ("play", 10, 5))
    assert (report.pause_events, report.total_pause_duration_s, report.total_buffer_duration_s) == (2, 3, 2)


def test_player_that_was_paused_before_an_ad_break_stays_paused_after_it(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0),
        ("pauseStart", 5, 5),
        ("adBreakStart", 7, 5, BREAK),
        ("adStart", 7, 5, AD),
        ("adComplete", 17, 5),
        ("adBreakComplete", 17, 5),
        ("play", 20, 5),
    )
    assert (report.pause_events, report.total_pause_duration_s) == (1, 5)


def test_session_without_pause_has_no_pause_flag(reports: Reports) -> None:
    report = reports(*WATCHED)
    assert report.metric("a.media.pause").value is None
    assert report.metric("a.media.pauseCount").value == 0


@every_case(("last", "expected"), [("sessionEnd", 0), ("sessionComplete", 0)])
def test_seconds_since_last_call_are_zero_after_an_end_by_the_player(
    reports: Reports, last: str, expected: float
) -> None:
    report = reports(("play", 0, 0), (last, 10, 10), after_s=700)
    assert report.metric("a.media.secondsSinceLastCall").value == expected


def test_seconds_since_last_call_are_600_after_a_silence(reports: Reports) -> None:
    assert reports(("play", 0, 0), after_s=700).seconds_since_last_call == 600


def test_seconds_since_last_call_follow_the_session_rule(reports: Reports) -> None:
    rule = SessionRule(where=("/params/media.id=clip-7",), idle_timeout_s=40)
    report = reports(("play", 0, 0), after_s=700, settings=Settings(session_rules=(rule,)))
    assert report.seconds_since_last_call == 40


def test_open_session_has_no_time_since_its_last_call(reports: Reports) -> None:
    assert reports(("play", 0, 0)).metric("a.media.secondsSinceLastCall").value is None


def test_authorized_is_the_value_as_sent(reports: Reports) -> None:
    assert reports(*WATCHED, start={"media.pass.auth": "TRUE"}).metric("a.media.pass.auth").value == "TRUE"
    assert reports(*WATCHED).metric("a.media.pass.auth").value is None


def test_nothing_is_federated(reports: Reports) -> None:
    assert reports(*WATCHED).metric("a.media.federated").value is None


def test_live_session_marked_as_not_downloaded_is_not_downloaded(reports: Reports) -> None:
    assert reports(*WATCHED, start={"media.downloaded": False}).metric("a.media.downloaded").value is None


def test_batch_is_downloaded_whether_it_says_so_or_not(reports: Reports) -> None:
    for said in ({}, {"media.downloaded": True}):
        report = reports.batch(("play", 0, 0), ("sessionEnd", 10, 10), start={**START_PARAMS, **said})
        assert report.metric("a.media.downloaded").value is True
