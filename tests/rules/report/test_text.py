from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.rules.report.text import report_text
from tests.playbacks import AD, BREAK, recorded
from tests.reports import Reports


def test_report_of_a_recorded_session_as_text(reports: Reports, golden: Callable[[str, str], None]) -> None:
    ground, [sid] = recorded("adobe-js-3.1.0-realclock-vod")
    golden("report/adobe-js-3.1.0-realclock-vod.txt", report_text(reports.of(ground, sid)).replace(sid, "SID") + "\n")


def test_text_says_that_a_report_is_provisional(reports: Reports) -> None:
    report = reports(("play", 0, 0))
    assert report_text(report).splitlines()[0] == f"session {report.session_id}: provisional"


def test_text_says_that_a_session_and_an_ad_appear_in_no_report(reports: Reports) -> None:
    text = report_text(
        reports(("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, {**AD, "media.ad.id": ""}), start={"media.id": ""})
    )
    assert ": provisional, in no report" in text
    assert "ad 1 in break 1: open, in no report" in text


def test_text_shows_both_readings_of_an_unclosed_break(reports: Reports) -> None:
    text = report_text(reports(("play", 0, 0), ("adBreakStart", 10, 10, BREAK), ("sessionEnd", 30, 10)))
    assert "    count: content_time_spent_s 10, media_time_spent_s 10, unique_time_played_s 10, ad_count 0" in text
    assert "    void: content_time_spent_s 30, media_time_spent_s 30, unique_time_played_s 10, ad_count 0" in text


def test_text_of_a_long_explanation_keeps_its_ends(reports: Reports) -> None:
    events: list[Any] = []
    for n in range(20):
        events += [("play", 10 * n, 5 * n), ("pauseStart", 10 * n + 5, 5 * n + 5)]
    lines = report_text(reports(*events)).splitlines()
    assert "      ... 12 more ..." in lines
    assert "               5  playing on main from #2 to #3" in lines
    assert "               5  playing on main from #40 to #41" in lines
