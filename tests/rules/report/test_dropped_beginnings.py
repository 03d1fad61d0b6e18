"""Sessions whose first events were dropped: no value that the report cannot know is called exact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from mockserver.admin.sessions import put_session
from mockserver.model.report import Metric, SessionReport
from mockserver.model.results import SessionCommand
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.report.report import build_report
from tests.factories import target
from tests.playbacks import AD, BREAK, Playground, case_of, recorded
from tests.reports import Reports


def without_first(case: SessionTraffic, dropped: int) -> SessionReport:
    """Report what is left of a session when its first accepted events are dropped."""
    items = [step.item for step in case.steps]
    first = {item.seq for item in sorted(items, key=lambda item: item.seq)[:dropped]}
    left = [item for item in items if item.seq not in first]
    return build_report(case.stored, left, case.settings, case.now_ms)


def wrong(left: Iterable[Metric], whole: Iterable[Metric]) -> dict[str, tuple[Any, Any]]:
    """Return the exact values that are not those of the whole session."""
    right = {metric.name: metric.exact for metric in whole}
    return {one.name: (one.exact, right[one.name]) for one in left if one.exact not in (None, right[one.name])}


@pytest.mark.parametrize(
    "name", ["adobe-cc-3.0.3-vod", "adobe-js-3.1.0-realclock-vod", "adobe-sample-seek", "adobe-sample-watch"]
)
def test_exact_values_of_what_is_left_are_those_of_the_whole_session(name: str) -> None:
    ground, sids = recorded(name)
    ground.now_ms += 3_600_000
    for case in map(ground.case, sids):
        whole = without_first(case, 0)
        for n in range(1, len(case.steps)):
            left = without_first(case, n)
            assert wrong((*left.metrics, *left.ratios), (*whole.metrics, *whole.ratios)) == {}
            assert left.reported
            for ours, theirs in ((left.ads, whole.ads), (left.chapters, whole.chapters)):
                for one, same in zip(reversed(ours), reversed(theirs), strict=False):
                    assert wrong(one.metrics, same.metrics) == {}
            for state in left.states:
                assert wrong(state.metrics, whole.state(state.name).metrics) == {}


def test_what_is_left_is_reported_with_what_is_certain_about_it(reports: Reports) -> None:
    ground = Playground(Settings(max_entries=3))
    sid = ground.play(
        ("play", 0, 0),
        ("pauseStart", 10, 10),
        ("ping", 20, 10, None, {"media.qoe.droppedFrames": 7}),
        ("pauseStart", 30, 10),
        ("sessionComplete", 40, 10),
    )
    report = reports.of(ground, sid)
    assert (report.drops_before_start, report.metric("drops_before_start").value) == (None, None)
    assert (report.media_starts, report.content_starts, report.content_time_spent_s) == (None, None, None)
    assert (report.content_completes, report.paused_impacted_streams, report.dropped_frames) == (True, True, 7)
    assert (report.pause_events, report.metric("pause_events").value) == (None, 1)
    assert report.seconds_since_last_call == 0
    assert {ratio.exact for ratio in report.ratios} == {None}
    assert report.notes[0].text == (
        "the sessionStart is no longer there: values without an exact one depend on dropped events, and are computed "
        "from those that are left"
    )
    assert report.summary == (
        "Media starts is not known: the sessionStart is no longer there. Content starts is not known: no play on main "
        "content is left.",
        "Times and counts are not known: they depend on events that are no longer there.",
        "Content completes is 1: sessionComplete #6 was sent.",
    )


def test_a_session_that_never_had_a_sessionstart_has_exact_values(reports: Reports) -> None:
    ground = Playground()
    put_session(target(ground.emulator), SessionCommand(sid="own"))
    ground.post(
        "/api/v1/sessions/own/events",
        {"eventType": "pauseStart", "playerTime": {"playhead": 0, "ts": ground.now_ms}},
    )
    report = reports.of(ground, "own")
    assert (report.media_starts, report.pause_events) == (False, 1)
    assert report.summary[0].startswith("Media starts is 0: there is no sessionStart. ")
    assert report.notes[0].text == "there is no sessionStart: the report lacks its data"


def test_a_play_in_a_break_of_which_the_start_is_missing_is_no_content_start() -> None:
    preroll = (("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("play", 1, 0), ("adComplete", 15, 0))
    case = case_of(*preroll, ("adBreakComplete", 15, 0), ("sessionEnd", 20, 0))
    assert without_first(case, 0).content_starts is False
    assert [without_first(case, n).content_starts for n in range(1, 7)] == [None] * 6
    played = case_of(*preroll, ("adBreakComplete", 15, 0), ("play", 15, 0), ("sessionEnd", 20, 5))
    assert [without_first(played, n).content_starts for n in range(8)] == [True] * 7 + [None]
    assert [without_first(played, n).drops_before_start for n in range(8)] == [False] * 7 + [None]
