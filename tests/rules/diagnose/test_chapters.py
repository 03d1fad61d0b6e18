"""Rules about chapters."""

from __future__ import annotations

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.chapters import RULES
from tests.firings import Firing, fired, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

PLAY: Event = ("play", 0.001, 0)


def chapters(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def chapter(index: int, offset_s: float, length_s: float = 20) -> dict[str, object]:
    return {
        "media.chapter.index": index,
        "media.chapter.offset": offset_s,
        "media.chapter.length": length_s,
    }


FIRST: Event = ("chapterStart", 0.002, 0, chapter(1, 0))


def test_good_chapters_are_fine() -> None:
    second: Event = ("chapterStart", 20, 20, chapter(2, 20))

    assert chapters(PLAY, FIRST, ("ping", 10, 10), ("chapterComplete", 20, 20), second, ("chapterSkip", 25, 25)) == []


def test_a_chapter_that_begins_while_another_is_open_is_found() -> None:
    case = case_of(PLAY, FIRST, ("chapterStart", 20, 20, chapter(2, 20)))

    assert fired(RULES, case) == [("chapter.overlap", Severity.ERROR, (3, 4))]
    assert said(RULES, case).startswith("chapterStart of chapter 2 was sent while chapter 1 was open;")


def test_a_chapter_that_begins_at_the_ts_at_which_another_ends_is_fine() -> None:
    assert chapters(PLAY, FIRST, ("chapterStart", 20, 20, chapter(2, 20)), ("chapterComplete", 20, 20)) == []


def test_a_chapter_that_is_open_when_the_session_ends_is_found() -> None:
    assert chapters(PLAY, FIRST, ("sessionEnd", 5, 5)) == [("chapter.unclosed", Severity.WARNING, (3, 4))]


def test_a_chapter_that_is_open_at_the_completion_is_found() -> None:
    assert chapters(PLAY, FIRST, ("sessionComplete", 60, 60)) == [("chapter.unclosed", Severity.WARNING, (3, 4))]


def test_a_chapter_that_is_open_in_an_open_session_is_fine() -> None:
    assert chapters(PLAY, FIRST, ("ping", 10, 10)) == []


@every_case("event_type", ["chapterComplete", "chapterSkip"])
def test_a_close_with_no_chapter_open_is_found(event_type: str) -> None:
    assert chapters(PLAY, (event_type, 20, 20)) == [("chapter.close-without-start", Severity.ERROR, (3,))]


def test_a_close_long_after_the_first_is_a_close_without_a_chapter() -> None:
    found = chapters(PLAY, FIRST, ("chapterComplete", 20, 20), ("chapterSkip", 21.1, 21))

    assert found == [("chapter.close-without-start", Severity.ERROR, (5,))]


@every_case("closes", [("chapterComplete", "chapterSkip"), ("chapterSkip", "chapterComplete")])
def test_a_second_close_of_one_chapter_is_found_in_either_order(closes: tuple[str, str]) -> None:
    found = chapters(PLAY, FIRST, (closes[0], 20, 20), (closes[1], 21, 21))

    assert found == [("chapter.complete-and-skip", Severity.WARNING, (4, 5))]


def test_a_close_of_the_next_chapter_is_not_a_second_close() -> None:
    next_: Event = ("chapterStart", 20.1, 20, chapter(2, 20))

    assert chapters(PLAY, FIRST, ("chapterComplete", 20, 20), next_, ("chapterSkip", 20.5, 20)) == []


def test_an_offset_away_from_the_playhead_is_noted() -> None:
    case = case_of(PLAY, ("chapterStart", 15, 15, chapter(2, 30)))

    assert fired(RULES, case) == [("chapter.offset-mismatch", Severity.INFO, (3,))]
    assert said(RULES, case).startswith("The offset of chapter 2 is 30 s but it began at playhead 15 s;")


SOUGHT: tuple[Event, ...] = (PLAY, ("ping", 10, 10), ("pauseStart", 12, 12), ("play", 12.1, 450))


def test_a_chapter_that_is_entered_by_a_seek_may_begin_after_its_offset() -> None:
    middle: Event = ("chapterStart", 12.2, 450, chapter(3, 400, 200))

    assert chapters(*SOUGHT, middle) == []
    after_break = ("adBreakStart", 12.1, 450, BREAK), ("adBreakComplete", 20, 450), ("play", 20.1, 450)
    assert chapters(*SOUGHT, *after_break, ("chapterStart", 20.2, 450, chapter(3, 400, 200))) == []


@every_case(
    ("offset_s", "length_s"),
    [(460, 200), (0.45, 449.6), (400, 40)],
    ids=["before it", "a thousandth of it, up to the next", "behind its end"],
)
def test_a_seek_does_not_excuse_an_offset_of_another_place(offset_s: float, length_s: float) -> None:
    found = chapters(*SOUGHT, ("chapterStart", 12.2, 450, chapter(3, offset_s, length_s)))

    assert found == [("chapter.offset-mismatch", Severity.INFO, (6,))]


def test_an_offset_near_the_playhead_is_fine() -> None:
    assert chapters(PLAY, ("chapterStart", 15, 15, chapter(2, 17))) == []


def test_a_completion_after_a_jump_over_the_end_is_found() -> None:
    seek: tuple[Event, ...] = (("pauseStart", 5, 5), ("play", 6, 40))
    case = case_of(PLAY, FIRST, *seek, ("chapterComplete", 6.001, 40))

    assert fired(RULES, case) == [("chapter.complete-after-seek", Severity.WARNING, (3, 5, 6))]
    assert "jumped over its end at 20 s, to 40 s" in said(RULES, case)


def test_a_skip_after_a_jump_over_the_end_is_fine() -> None:
    assert chapters(PLAY, FIRST, ("pauseStart", 5, 5), ("play", 6, 40), ("chapterSkip", 6.001, 40)) == []


def test_a_completion_after_a_jump_inside_the_chapter_is_fine() -> None:
    assert chapters(PLAY, FIRST, ("pauseStart", 5, 5), ("play", 6, 19), ("chapterComplete", 7, 20)) == []


def test_a_completion_at_twice_the_speed_is_fine() -> None:
    assert chapters(PLAY, FIRST, ("ping", 5, 10), ("chapterComplete", 15, 30)) == []


def test_an_index_for_two_places_is_noted() -> None:
    found = chapters(PLAY, FIRST, ("chapterComplete", 20, 20), ("chapterStart", 20, 20, chapter(1, 20)))

    assert found == [("chapter.index", Severity.INFO, (3, 5))]


def test_a_chapter_that_is_played_again_keeps_its_index() -> None:
    found = chapters(PLAY, FIRST, ("chapterSkip", 10, 10), ("play", 11, 0), ("chapterStart", 11.1, 0, chapter(1, 0)))

    assert found == []


def test_a_playhead_in_milliseconds_is_not_reported_as_a_wrong_offset() -> None:
    second: Event = ("chapterStart", 20, 20_000, chapter(2, 20))

    assert chapters(PLAY, FIRST, ("ping", 10, 10_000), ("chapterComplete", 20, 20_000), second) == []


def test_an_offset_larger_than_any_float_is_judged_too() -> None:
    found = chapters(PLAY, ("chapterStart", 1, 0.5, chapter(1, 10**400, 10**400)), ("chapterComplete", 20, 20))

    assert found == [("chapter.offset-mismatch", Severity.INFO, (3,))]


def in_break(at_s: float, event_type: str = "adBreakComplete") -> list[str]:
    """Start a chapter at a second of a mid-roll that ends at 35."""
    events = [
        PLAY, ("ping", 10, 10), ("adBreakStart", 20, 20, BREAK), ("adStart", 20.1, 20, AD), ("adComplete", 34.9, 20),
        (event_type, 35, 20), ("ping", 45, 30), ("chapterStart", at_s, 20, chapter(1, 20)),
    ]  # fmt: skip
    return [code for code, *_ in chapters(*sorted(events, key=lambda event: float(event[1])))]


def test_a_chapter_that_starts_inside_a_break_is_found() -> None:
    assert in_break(30) == ["chapter.in-break"]


@every_case("at_s", [20, 20.009, 34.995, 35])
def test_a_chapter_that_starts_with_an_end_of_the_break_is_fine(at_s: float) -> None:
    assert in_break(at_s) == []


def test_a_chapter_in_a_break_that_is_never_closed_has_another_cause() -> None:
    assert in_break(30, "ping") == []
