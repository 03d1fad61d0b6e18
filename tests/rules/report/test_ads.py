from __future__ import annotations

from typing import Any

from mockserver.model.settings import Settings
from tests.playbacks import AD, BREAK, CHAPTER, START_PARAMS
from tests.reports import Reports
from tests.tables import every_case


def test_ad_starts_completes_and_plays(reports: Reports) -> None:
    report = reports(
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 1, 0, AD),
        ("ping", 2, 0),
        ("adComplete", 16, 0),
        ("adBreakComplete", 16, 0),
    )
    [ad] = report.ads
    assert ad.metric("a.media.ad.view").value is True
    assert ad.metric("a.media.ad.complete").value is True
    assert ad.metric("a.media.ad.timePlayed").value == 15
    assert (ad.number, ad.break_number, ad.ended_by, ad.reported) == (1, 1, "adComplete", True)
    assert ad.metric("a.media.ad.timePlayed").why[0].seqs == (3, 5)


@every_case(
    ("ending", "ended_by"),
    [
        (("adSkip", 6, 0), "adSkip"),
        (("adBreakComplete", 6, 0), "adBreakComplete"),
        (("adStart", 6, 0, AD), "adStart"),
        (("adBreakStart", 6, 0, BREAK), "adBreakStart"),
        (("sessionEnd", 6, 0), None),
    ],
)
def test_ad_that_ends_otherwise_is_not_complete(reports: Reports, ending: Any, ended_by: str | None) -> None:
    ad = reports(("adBreakStart", 0, 0, BREAK), ("adStart", 1, 0, AD), ending).ads[0]
    assert ad.ended_by == ended_by
    assert ad.metric("a.media.ad.complete").value is None
    assert ad.time_spent_s == 5


def test_pause_and_buffer_inside_an_ad_are_not_its_time(reports: Reports) -> None:
    report = reports(
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, AD),
        ("pauseStart", 4, 0),
        ("play", 7, 0),
        ("bufferStart", 9, 0),
        ("play", 10, 0),
        ("adComplete", 15, 0),
        ("adBreakComplete", 15, 0),
    )
    assert report.ads[0].time_spent_s == 11
    assert (report.total_pause_duration_s, report.total_buffer_duration_s) == (3, 1)
    assert report.media_time_spent_s == 11


def test_ad_outside_a_break_is_not_an_ad_and_its_time_is_content(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("adStart", 5, 5, AD), ("adComplete", 15, 15), ("sessionEnd", 20, 20))
    assert report.ads == ()
    assert report.ad_count == 0
    assert report.content_time_spent_s == 20


def test_ad_without_an_id_is_reported_nowhere_and_noted(reports: Reports) -> None:
    report = reports(("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, {**AD, "media.ad.id": ""}))
    assert not report.ads[0].reported
    assert any(note.seqs == (3,) and "media.ad.id" in note.text for note in report.notes)


UNCLOSED = [("play", 0, 0), ("adBreakStart", 10, 10, BREAK), ("adStart", 10, 10, AD), ("adComplete", 25, 10)]


@every_case(
    ("reading", "ads", "content_s", "media_s"), [("count", 1, 10, 25), ("void", 0, 30, 30)], ids=["count", "void"]
)
def test_break_that_is_never_closed_counts_or_is_void(
    reports: Reports, reading: Any, ads: int, content_s: float, media_s: float
) -> None:
    report = reports(*UNCLOSED, ("sessionEnd", 30, 10), settings=Settings(unclosed_break=reading))
    assert (len(report.ads), report.ad_count) == (ads, ads)
    assert (report.content_time_spent_s, report.media_time_spent_s) == (content_s, media_s)
    [note] = report.notes
    assert note.seqs == (3,)
    assert note.readings["count"]["content_time_spent_s"] == 10
    assert note.readings["void"]["content_time_spent_s"] == 30
    assert f"unclosed_break={reading}" in note.text


def test_break_of_an_open_session_may_still_be_closed(reports: Reports) -> None:
    report = reports(*UNCLOSED, ("ping", 30, 10), settings=Settings(unclosed_break="void"))
    assert report.ad_count == 1
    assert [note.readings for note in report.notes] == [{}]


def test_break_that_the_next_one_cut_short_is_unclosed_at_once(reports: Reports) -> None:
    events = [*UNCLOSED, ("adBreakStart", 30, 10, BREAK), ("adStart", 30, 10, AD), ("adBreakComplete", 40, 10)]
    report = reports(*events, settings=Settings(unclosed_break="void"))
    assert report.ad_count == 1
    assert report.ads[0].time_spent_s == 10
    assert report.content_time_spent_s == 30


def test_in_a_batch_only_the_break_that_is_never_closed_is_void(reports: Reports) -> None:
    report = reports.batch(
        ("play", 0, 0),
        ("adBreakStart", 10, 10, BREAK),
        ("adStart", 10, 10, AD),
        ("adComplete", 15, 10),
        ("adBreakComplete", 15, 10),
        ("adBreakStart", 20, 15, BREAK),
        ("adStart", 20, 15, AD),
        ("sessionEnd", 30, 15),
        start=START_PARAMS,
        settings=Settings(unclosed_break="void"),
    )
    assert report.ad_count == 1
    assert report.content_time_spent_s == 25
    assert report.metric("a.media.adCount").why[0].seqs == (1,)


def test_chapter_starts_completes_and_plays(reports: Reports) -> None:
    report = reports(
        ("play", 0, 0),
        ("chapterStart", 5, 5, CHAPTER),
        ("pauseStart", 10, 10),
        ("play", 12, 10),
        ("adBreakStart", 15, 13, BREAK),
        ("adStart", 15, 13, AD),
        ("adComplete", 20, 13),
        ("adBreakComplete", 20, 13),
        ("chapterComplete", 24, 17),
        ("ping", 34, 27),
    )
    [chapter] = report.chapters
    assert chapter.metric("a.media.chapter.view").value is True
    assert chapter.metric("a.media.chapter.complete").value is True
    assert chapter.metric("a.media.chapter.timePlayed").value == 5 + 3 + 4
    assert (chapter.number, chapter.ended_by) == (1, "chapterComplete")


@every_case("ending", [("chapterSkip", 6, 6), ("chapterStart", 6, 6, CHAPTER), ("sessionEnd", 6, 6)])
def test_chapter_that_ends_otherwise_is_not_complete(reports: Reports, ending: Any) -> None:
    chapter = reports(("play", 0, 0), ("chapterStart", 1, 1, CHAPTER), ending).chapters[0]
    assert chapter.metric("a.media.chapter.complete").value is None
    assert chapter.time_spent_s == 5
