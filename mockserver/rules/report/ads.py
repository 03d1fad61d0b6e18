"""Ads and chapters, each with what its own calls would report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mockserver.model.report import AdReport, ChapterReport, Metric, Part
from mockserver.rules.playback import Ad, Break, Chapter, State, Step
from mockserver.rules.report.dimensions import ad_dimensions, chapter_dimensions
from mockserver.rules.report.durations import Activity, Stretch, place, seconds, turns
from mockserver.rules.report.metrics import AD, CHAPTER, Definition, measured
from mockserver.rules.report.played_session import PlayedSession

__all__ = ["ad_reports", "chapter_reports", "unclosed_breaks"]


class _Opened(NamedTuple):
    """An ad or chapter that was opened: its number, the step that opened it and the one that ended it, if any."""

    number: int
    start: Step
    end: Step | None


def ad_reports(played: PlayedSession) -> Iterator[AdReport]:
    """Report the ads. Only adComplete completes an ad; a skip or the end of its break or session does not."""
    stretches = _by_number(played.durations.of(Activity.AD), lambda stretch: stretch.ad)
    for opened in _all_opened(played.turns, lambda state: state.ad):
        ad, ad_break = opened.start.after.ad, opened.start.after.ad_break
        ad_id = opened.start.params.get("media.ad.id")
        yield AdReport(
            metrics=tuple(_metrics(played, AD, opened, "adComplete", stretches.get(opened.number, []))),
            number=opened.number,
            break_number=ad.break_number if ad else 0,
            ended_by=opened.end.event_type if opened.end else None,
            reported=bool(ad_id),
            dimensions=ad_dimensions(played, opened.start, ad_break.params if ad_break else {}),
        )


def chapter_reports(played: PlayedSession) -> Iterator[ChapterReport]:
    """Report the chapters. A chapter cut short by the next one is incomplete, like a skipped one."""
    stretches = _by_number(played.durations.of(Activity.MAIN), lambda stretch: stretch.chapter)
    for opened in _all_opened(played.turns, lambda state: state.chapter):
        yield ChapterReport(
            metrics=tuple(_metrics(played, CHAPTER, opened, "chapterComplete", stretches.get(opened.number, []))),
            number=opened.number,
            ended_by=opened.end.event_type if opened.end else None,
            dimensions=chapter_dimensions(played, opened.start),
        )


def unclosed_breaks(steps: Sequence[Step], *, final: bool) -> list[Step]:
    """Return the adBreakStarts whose break has no adBreakComplete.

    Args:
        steps: A trace in which all breaks count.
        final: Whether no more events can arrive. Otherwise the last break may still be closed.
    """
    return [
        opened.start
        for opened in _all_opened(turns(steps), lambda state: state.ad_break)
        if (final if opened.end is None else opened.end.event_type != "adBreakComplete")
    ]


def _all_opened(turning: Sequence[Step], which: Callable[[State], Ad | Break | Chapter | None]) -> list[_Opened]:
    found: list[_Opened] = []
    for step in turning:
        before, after = which(step.before), which(step.after)
        if before is after:
            continue
        if before is not None:
            found[-1] = found[-1]._replace(end=step)
        if after is not None:
            found.append(_Opened(after.number, step, None))
    return found


def _by_number(stretches: Sequence[Stretch], number: Callable[[Stretch], int]) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        found.setdefault(number(stretch), []).append(stretch)
    return found


def _metrics(
    played: PlayedSession, table: dict[str, Definition], opened: _Opened, completing: str, stretches: Sequence[Stretch]
) -> Iterator[Metric]:
    start, end = opened.start, opened.end
    yield measured(table["starts"], True, (Part((start.seq,), 1, f"{start.event_type} {place(start)}"),))
    why = (
        () if end is None else (Part((end.seq,), int(end.event_type == completing), f"{end.event_type} {place(end)}"),)
    )
    yield measured(table["completes"], end is not None and end.event_type == completing, why)
    yield measured(table["time_spent_s"], seconds(stretches), played.durations.parts(stretches))
