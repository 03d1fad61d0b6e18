from __future__ import annotations

import pytest

from mockserver.rules.report.metrics import RATIOS
from tests.playbacks import AD, BREAK, CHAPTER
from tests.reports import Reports
from tests.tables import every_case

SESSION = [
    ("play", 0, 0, None, {"media.qoe.timeToStart": 2000}),
    ("chapterStart", 0.5, 0.5, CHAPTER),
    ("bufferStart", 10, 10),
    ("play", 12, 10),
    ("pauseStart", 22, 20),
    ("play", 26, 20),
    ("chapterComplete", 36, 30),
    ("chapterStart", 36.001, 30.001, CHAPTER),
    ("adBreakStart", 46, 40, BREAK),
    ("adStart", 46, 40, AD),
    ("adComplete", 61, 40),
    ("adStart", 61, 40, AD),
    ("adSkip", 66, 40),
    ("adBreakComplete", 66, 40),
    ("sessionComplete", 66, 40),
]

EXPECTED = {
    "ads_per_media_stream": 2,
    "chapters_per_media_stream": 2,
    "average_media_time_spent_s": 60,
    "average_content_time_spent_s": 40,
    "average_ad_time_spent_s": 10,
    "average_chapter_time_spent_s": (29.5 + 9.999) / 2,
    "media_completion_rate": 1,
    "content_completion_rate": 1,
    "ad_completion_rate": 0.5,
    "chapter_completion_rate": 0.5,
    "drop_before_start_rate": 0,
    "content_pause_duration_rate": 0.1,
    "content_buffer_duration_rate": 0.05,
    "content_time_to_start_rate": 0.05,
    "ad_time_spent_rate": 0.5,
    "pre_roll_drop_rate": 0,
}


@every_case("name", RATIOS)
def test_ratio_of_one_session(reports: Reports, name: str) -> None:
    assert getattr(reports(*SESSION), name) == pytest.approx(EXPECTED[name])


def test_ratio_without_a_divisor_is_absent(reports: Reports) -> None:
    report = reports(("sessionEnd", 1, 0))
    assert report.ad_completion_rate is None
    assert report.content_pause_duration_rate is None
    assert report.pre_roll_drop_rate == 1


def test_ratio_says_what_is_divided_by_what(reports: Reports) -> None:
    [ratio] = [ratio for ratio in reports(*SESSION).ratios if ratio.name == "ad_completion_rate"]
    assert [(part.value, part.note) for part in ratio.why] == [(1, "Ad completes"), (2, "Ad starts")]
