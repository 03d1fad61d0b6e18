"""What holds for every report, whatever was sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from tests.playbacks import AD, BREAK, CHAPTER
from tests.reports import Reports

MUTE = {"media.state.name": "mute"}
PARAMS: dict[str, Any] = {
    "adBreakStart": BREAK,
    "adStart": AD,
    "chapterStart": CHAPTER,
    "stateStart": MUTE,
    "stateEnd": MUTE,
}
TYPES = [
    *("play", "ping", "ping", "pauseStart", "bufferStart", "bitrateChange", "error"),
    *("adBreakStart", "adStart", "adStart", "adComplete", "adSkip", "adBreakComplete"),
    *("chapterStart", "chapterComplete", "chapterSkip", "stateStart", "stateEnd", "sessionComplete"),
]
DURATIONS = (
    *("content_time_spent_s", "media_time_spent_s", "unique_time_played_s", "total_pause_duration_s"),
    *("total_buffer_duration_s", "total_stalling_duration_s"),
)

settings = st.builds(
    Settings,
    progress_on_seek=st.sampled_from(["fire", "skip"]),
    segment_format=st.sampled_from(["range", "five_minute"]),
    unclosed_break=st.sampled_from(["count", "void"]),
    error_stops_playback=st.booleans(),
    resume_suppresses_start=st.booleans(),
    bitrate_unit=st.sampled_from(["as-sent", "bps", "kbps"]),
    credit_tail_s=st.sampled_from([0, 10]),
)


@st.composite
def anything(draw: st.DrawFn, longest: int = 30) -> list[Any]:
    """Draw events of any type in order of ts, with playheads that run, stand, jump and go back."""
    events: list[Any] = []
    at_ms, playhead_s = 0, 0.0
    for event_type in draw(st.lists(st.sampled_from(TYPES), max_size=longest)):
        passed_ms = draw(st.sampled_from([0, 1, 500, 3_000, 10_000, 20_000]))
        at_ms += passed_ms
        playhead_s = max(0.0, playhead_s + draw(st.sampled_from([0, 0, passed_ms / 1000, 30, -7])))
        qoe = {"media.qoe.bitrate": draw(st.integers(0, 5000))} if event_type == "bitrateChange" else None
        events.append((event_type, at_ms / 1000, playhead_s, PARAMS.get(event_type), qoe))
    return events


@st.composite
def healthy(draw: st.DrawFn) -> list[Any]:
    """Draw a session of a player whose playhead moves exactly while main content plays."""
    events: list[Any] = [("play", 0.0, 0.0)]
    at_s, playhead_s, plays = 0.0, 0.0, True

    def passes(event_type: str, moves: bool) -> None:
        nonlocal at_s, playhead_s
        passed_s = draw(st.integers(1, 80)) / 8  # eighths of a second add up exactly
        at_s += passed_s
        playhead_s += passed_s if moves else 0
        events.append((event_type, at_s, playhead_s, PARAMS.get(event_type)))

    for what in draw(
        st.lists(st.sampled_from(["ping", "play", "pauseStart", "bufferStart", "break", "chapter", "mute"]))
    ):
        if what == "break":
            passes("adBreakStart", plays)
            passes("adStart", False)
            passes("adComplete", False)
            passes("adBreakComplete", False)
        elif what == "chapter":
            passes("chapterStart", plays)
            passes("chapterComplete", plays)
        elif what == "mute":
            passes("stateStart", plays)
            passes("stateEnd", plays)
        else:
            passes(what, plays)
            plays = what == "play" or (plays and what == "ping")
    passes("sessionEnd", plays)
    return events


def numbers(report: SessionReport) -> Any:
    """Return the values without the journal entries that explain them."""
    measured = [report, *report.ads, *report.chapters, *report.states]
    return [[(metric.name, metric.value, metric.exact) for metric in item.metrics] for item in measured]


def durations(report: SessionReport) -> Any:
    return (
        [getattr(report, name) for name in DURATIONS],
        [ad.time_spent_s for ad in report.ads],
        [chapter.time_spent_s for chapter in report.chapters],
        [state.total_duration_s for state in report.states],
    )


@given(events=anything(), settings=settings)
def test_numbers_of_a_report_agree_whatever_was_sent(reports: Reports, events: list[Any], settings: Settings) -> None:
    report = reports(*events, settings=settings)
    no_number_is_negative(report)
    media_time_is_content_time_and_ad_time(report)
    unique_time_is_at_most_content_time_with_a_tenth_and_a_second_for_each_interval(report, len(events))
    what_explains_a_duration_adds_up_to_it(report)


def no_number_is_negative(report: SessionReport) -> None:
    for item in (report, *report.ads, *report.chapters, *report.states):
        for metric in item.metrics:
            if isinstance(metric.exact, (int, float)):
                assert metric.exact >= 0, metric


def media_time_is_content_time_and_ad_time(report: SessionReport) -> None:
    ad_ms = sum(round(ad.time_spent_s * 1000) for ad in report.ads)
    assert round(report.media_time_spent_s * 1000) == round(report.content_time_spent_s * 1000) + ad_ms


def unique_time_is_at_most_content_time_with_a_tenth_and_a_second_for_each_interval(
    report: SessionReport, number_of_events: int
) -> None:
    assert report.unique_time_played_s <= report.content_time_spent_s * 1.1 + number_of_events + 1e-6


def what_explains_a_duration_adds_up_to_it(report: SessionReport) -> None:
    metrics = [report.metric(name) for name in DURATIONS]
    metrics += [item.metric("time_spent_s") for item in (*report.ads, *report.chapters)]
    metrics += [state.metric("total_duration_s") for state in report.states]
    for metric in metrics:
        assert round(sum(part.value for part in metric.why), 6) == round(metric.exact, 6), metric


@given(events=anything(), settings=settings)
def test_no_time_counts_twice(reports: Reports, events: list[Any], settings: Settings) -> None:
    report = reports(*events, settings=settings, after_s=700)
    counted_s = (
        report.media_time_spent_s
        + report.total_pause_duration_s
        + report.total_buffer_duration_s
        + report.total_stalling_duration_s
    )
    assert counted_s <= max((at_s for _, at_s, *_ in events), default=0) + settings.credit_tail_s + 1e-6


@given(events=healthy())
def test_unique_time_of_a_player_that_never_seeks_is_its_content_time(reports: Reports, events: list[Any]) -> None:
    report = reports(*events)
    assert report.unique_time_played_s == report.content_time_spent_s


@given(data=st.data())
def test_order_of_arrival_inside_the_window_does_not_change_a_report(reports: Reports, data: st.DataObject) -> None:
    times_ms = data.draw(st.lists(st.integers(1, 4_900), min_size=2, max_size=10, unique=True).map(sorted))
    types = st.sampled_from([event_type for event_type in TYPES if event_type != "sessionComplete"])
    events = [
        (event_type, at_ms / 1000, data.draw(st.integers(0, 5)), PARAMS.get(event_type))
        for at_ms in times_ms
        for event_type in [data.draw(types)]
    ]
    shuffled = data.draw(st.permutations(events))
    assert numbers(reports(*shuffled)) == numbers(reports(*events))


@given(events=healthy(), data=st.data())
def test_ping_inside_an_interval_does_not_change_durations(
    reports: Reports, events: list[Any], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(events) - 2))
    (_, at_s, playhead_s, *_), (_, later_s, later_playhead_s, *_) = events[n], events[n + 1]
    ping = ("ping", (at_s + later_s) / 2, (playhead_s + later_playhead_s) / 2)
    ping = (ping[0], round(ping[1] * 1000) / 1000, ping[2])
    assert durations(reports(*events[: n + 1], ping, *events[n + 1 :])) == durations(reports(*events))
