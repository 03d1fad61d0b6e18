"""The figures that matter, each explained in a sentence.

Times are those of the session: minutes and seconds since its first event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.report import AdReport
from mockserver.model.vocabulary import ClosedBy
from mockserver.rules.diagnose.wording import counted, listed
from mockserver.rules.report.durations import Activity, Stretch, amount, place, seconds
from mockserver.rules.report.played_session import PlayedSession

__all__ = ["summary"]

_MOST_STRETCHES = 4
_MOST_ADS = 4

_UNCOUNTED = {
    Activity.STARTING: "before the first play",
    Activity.AD: "of ads",
    Activity.GAP: "in ad breaks around ads",
    Activity.PAUSED: "paused",
    Activity.BUFFERING: "buffering",
    Activity.STALLED: "stalled",
    Activity.STOPPED: "stopped by an error",
}
"""Time that is not content time, as it completes "9 s ..."."""

_CLOSES = {
    ClosedBy.SESSION_END: "sessionEnd ended the session",
    ClosedBy.IDLE: "the session timed out without events",
    ClosedBy.STALL: "the session timed out with a playhead that did not move",
    ClosedBy.MAX_AGE: "the session reached its maximum age",
    ClosedBy.EXPIRED: "the session was expired by hand",
}


def summary(played: PlayedSession, ads: Sequence[AdReport]) -> Iterator[str]:
    """Say why starts, time spent, ads and completes are what they are.

    Args:
        played: The session.
        ads: The reports of its ads.
    """
    if not played.steps:
        return
    if played.lacks_beginning:
        yield from _remains(played)
        return
    yield _starts(played)
    yield _content_time(played)
    yield from _media_time(played)
    yield _ads(played, ads)
    yield _completes(played)


def _remains(played: PlayedSession) -> Iterator[str]:
    """Say what is certain about a session whose sessionStart is no longer there."""
    media, play = "Media starts is not known: the sessionStart is no longer there", played.main_play
    if play is None:
        yield f"{media}. Content starts is not known: no play on main content is left."
    else:
        yield f"{media}. Content starts is 1: main content played ({place(play)})."
    yield "Times and counts are not known: they depend on events that are no longer there."
    completes = played.by_type.get("sessionComplete")
    if completes:
        yield f"Content completes is 1: sessionComplete {place(completes[0])} was sent."
    else:
        yield "Content completes is not known: no sessionComplete is left."


def _starts(played: PlayedSession) -> str:
    start, play = played.start, played.main_play
    if start is None:
        media = "Media starts is 0: there is no sessionStart"
    elif played.params.get("media.resume") is True and played.settings.resume_suppresses_start:
        media = f"Media starts is 0: the sessionStart {place(start)} resumes an earlier session (media.resume)"
    else:
        media = f"Media starts is 1: the sessionStart {place(start)}"
    if play is None:
        return (
            f"{media}. Content starts is 0: main content never began to play, which counts as a drop before the start."
        )
    return f"{media}. Content starts is 1: main content began to play at {_at(played, play.n)} ({place(play)})."


def _content_time(played: PlayedSession) -> str:
    durations = played.durations
    main = _joined(durations.of(Activity.MAIN))
    total_s = seconds(main)
    if not main:
        return "Content time spent is 0 s: main content never played."
    ends = [f"from {_at(played, stretch.first)} to {_at(played, stretch.end)}" for stretch in main]
    if len(ends) > _MOST_STRETCHES:
        ends = [f"{len(ends)} times between {_at(played, main[0].first)} and {_at(played, main[-1].end)}"]
    others = {activity: seconds(durations.of(activity)) for activity in _UNCOUNTED}
    uncounted = [f"{amount(spent_s)} s {_UNCOUNTED[activity]}" for activity, spent_s in others.items() if spent_s]
    not_counted = f"; not counted: {listed(uncounted)}" if uncounted else ""
    return f"Content time spent is {_spent(total_s)}: played {listed(ends)}{not_counted}."


def _media_time(played: PlayedSession) -> Iterator[str]:
    content_s, ads_s = (seconds(played.durations.of(activity)) for activity in (Activity.MAIN, Activity.AD))
    if ads_s:
        parts = f"{amount(content_s)} s of content and {amount(ads_s)} s of ads"
        yield f"Media time spent is {_spent(content_s + ads_s)}: {parts}."


def _ads(played: PlayedSession, ads: Sequence[AdReport]) -> str:
    stray = sum(1 for step in played.by_type.get("adStart", ()) if step.ignored is not None)
    outside = f"{counted(stray, 'adStart')} outside an ad break did not count" if stray else ""
    if not ads:
        return f"Ad count is 0: {outside or 'no adStart was sent'}."
    completed = sum(1 for ad in ads if ad.completes)
    breaks = len({ad.break_number for ad in ads})
    cut = [f"ad {ad.number} {_end(ad, final=played.final)}" for ad in ads if not ad.completes]
    cut = [f"{len(cut)} were not"] if len(cut) > _MOST_ADS else cut
    nameless = sum(1 for ad in ads if not ad.reported)
    unseen = f"{counted(nameless, 'ad')} without media.ad.id, in no ad report" if nameless else ""
    how = [f"{completed} completed", *cut, unseen, outside]
    started = f"{counted(len(ads), 'adStart')} in {counted(breaks, 'ad break')}"
    return f"Ad count is {len(ads)}: {started}; {'; '.join(part for part in how if part)}."


def _end(ad: AdReport, *, final: bool) -> str:
    if ad.ended_by is not None:
        return f"was ended by {ad.ended_by}"
    return "was open when the session ended" if final else "is still open"


def _completes(played: PlayedSession) -> str:
    completes = played.by_type.get("sessionComplete", ())
    if completes:
        sent = f"sessionComplete {place(completes[0])} was sent at {_at(played, completes[0].n)}"
        return f"Content completes is 1: {sent}."
    if not played.final:
        return "Content completes is 0: the session is open and no sessionComplete has been sent."
    closed_by = None if played.session is None else played.session.closed_by
    why = _CLOSES.get(closed_by) if closed_by is not None else None
    return f"Content completes is 0: {f'{why} and ' if why else ''}no sessionComplete was sent."


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Join adjacent stretches: the start of a chapter does not interrupt the content."""
    found: list[Stretch] = []
    for stretch in stretches:
        if found and found[-1].end == stretch.first:
            found[-1] = found[-1]._replace(end=stretch.end, ms=found[-1].ms + stretch.ms)
        elif stretch.ms:
            found.append(stretch)
    return found


def _at(played: PlayedSession, n: int) -> str:
    """Return the time of a step, as minutes and seconds; the number after the last one is the end of the session."""
    minutes, rest_ms = divmod(played.durations.elapsed_ms[n], 60_000)
    hours, minutes = divmod(minutes, 60)
    whole_s, part = divmod(rest_ms, 1000)
    text = f"{whole_s:02}{f'.{part // 100}' if part >= 100 else ''}"
    return f"{hours}:{minutes:02}:{text}" if hours else f"{minutes}:{text}"


def _spent(exact_s: float) -> str:
    whole_s = int(round(exact_s, 6))
    return f"{whole_s} s" if whole_s == exact_s else f"{whole_s} s ({amount(exact_s)} s, rounded down)"
