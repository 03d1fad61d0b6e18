from __future__ import annotations

from typing import Any

from mockserver.model.settings import Settings
from tests.playbacks import AD, BREAK
from tests.reports import Reports
from tests.tables import every_case

NAMELESS = {**AD, "media.ad.id": ""}


def test_a_session_with_an_ad_in_the_middle_is_described_in_sentences(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0),
        ("adBreakStart", 22, 22, BREAK),
        ("adStart", 22, 22, AD),
        ("adComplete", 31, 22),
        ("adBreakComplete", 31, 22),
        ("pauseStart", 35.5, 26.5),
        ("sessionComplete", 40, 26.5),
    )

    assert report.summary == (
        "Media starts is 1: the sessionStart #1. Content starts is 1: main content began to play at 0:00 (#2).",
        "Content time spent is 26 s (26.5 s, rounded down): played from 0:00 to 0:22 and from 0:31 to 0:35.5; "
        "not counted: 9 s of ads and 4.5 s paused.",
        "Media time spent is 35 s (35.5 s, rounded down): 26.5 s of content and 9 s of ads.",
        "Ad count is 1: 1 adStart in 1 ad break; 1 completed.",
        "Content completes is 1: sessionComplete #8 was sent at 0:40.",
    )


def test_numbers_of_the_sentences_are_those_of_the_metrics(reports: Reports) -> None:
    report = reports(("play", 1, 0), ("pauseStart", 11, 10), ("play", 111, 10), ("sessionEnd", 141, 40))

    assert f"Content time spent is {report.metric('content_time_spent_s').value} s: played" in report.summary[1]
    assert (
        "from 0:01 to 0:11 and from 1:51 to 2:21; not counted: 1 s before the first play and 100 s paused"
        in (report.summary[1])
    )


@every_case(
    ("events", "sentence"),
    [
        ([("sessionEnd", 3, 0)], "Content time spent is 0 s: main content never played."),
        (
            [("sessionEnd", 3, 0)],
            "Content completes is 0: sessionEnd ended the session and no sessionComplete was sent.",
        ),
        ([("ping", 3, 0)], "Content completes is 0: the session is open and no sessionComplete has been sent."),
        ([("ping", 3, 0)], "Ad count is 0: no adStart was sent."),
        ([("adStart", 3, 0, AD)], "Ad count is 0: 1 adStart outside an ad break did not count."),
        (
            [("adBreakStart", 1, 0, BREAK), ("adStart", 1, 0, AD), ("adSkip", 4, 0), ("adStart", 4, 0, NAMELESS)],
            "Ad count is 2: 2 adStarts in 1 ad break; 0 completed; ad 1 was ended by adSkip; ad 2 is still "
            "open; 1 ad without media.ad.id, in no ad report.",
        ),
        (
            [event for n in range(5) for event in (("play", 10 * n, 5 * n), ("pauseStart", 10 * n + 5, 5 * n + 5))],
            "Content time spent is 25 s: played 5 times between 0:00 and 0:45; not counted: 20 s paused.",
        ),
    ],
)  # fmt: skip
def test_missing_and_incomplete_things_are_mentioned(reports: Reports, events: list[Any], sentence: str) -> None:
    assert sentence in reports(*events).summary


def test_a_resumed_session_that_counts_no_start_says_why(reports: Reports) -> None:
    report = reports(("play", 0, 0), start={"media.resume": True}, settings=Settings(resume_suppresses_start=True))

    assert report.summary[0].startswith("Media starts is 0: the sessionStart #1 resumes an earlier session")
