"""The report of one session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.model.report import Note, SessionReport
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.rules.playback import Step, trace
from mockserver.rules.report.ads import ad_reports, chapter_reports, unclosed_breaks
from mockserver.rules.report.content import content_metrics
from mockserver.rules.report.dimensions import built_in_segments, session_dimensions
from mockserver.rules.report.durations import amount, place
from mockserver.rules.report.played_session import PlayedSession, is_final
from mockserver.rules.report.quality import quality_metrics, unsourced_errors
from mockserver.rules.report.ratios import ratio_metrics
from mockserver.rules.report.remains import remaining, remaining_chapter, remaining_state, unknown
from mockserver.rules.report.states import MOST_STATES, dropped_states, state_reports
from mockserver.rules.report.summary import summary
from mockserver.rules.timeline import Item

__all__ = ["build_report"]

_READ_DIFFERENTLY = ("content_time_spent_s", "media_time_spent_s", "unique_time_played_s", "ad_count")


def build_report(
    session: Session | None,
    items: Sequence[Item],
    settings: Settings,
    now_ms: int,
    steps: Sequence[Step] | None = None,
) -> SessionReport:
    """Compute what Adobe's back end would report about a session.

    Args:
        session: The session in its present state; None when it is no longer known.
        items: Its accepted events in order of processing.
        settings: The report options.
        now_ms: The current time of the emulated clock, in milliseconds since the epoch.
        steps: The trace of the events, if the caller has it already.

    Returns:
        The report. While the session is open it is provisional: computed as if the session closed now.
    """
    if steps is None:
        steps = trace(items, error_stops_playback=settings.error_stops_playback)
    played = PlayedSession(session, steps, settings)
    unclosed = unclosed_breaks(steps, final=is_final(session))
    notes: list[Note] = []
    if unclosed:
        voided = PlayedSession(session, _without(items, unclosed, settings), settings)
        notes.append(_two_readings(unclosed, played, voided))
        played = voided if settings.unclosed_break == "void" else played
    metrics = (*content_metrics(played), *quality_metrics(played))
    ads, chapters, states = tuple(ad_reports(played)), tuple(chapter_reports(played)), tuple(state_reports(played))
    ratios = tuple(ratio_metrics(metrics, ads, chapters))
    if played.lacks_beginning:
        metrics, ratios = tuple(remaining(metrics)), tuple(map(unknown, ratios))
        chapters, states = tuple(map(remaining_chapter, chapters)), tuple(map(remaining_state, states))
    return SessionReport(
        session_id=played.session_id,
        as_of_ms=now_ms,
        final=played.final,
        reported=played.is_reported,
        summary=tuple(summary(played, ads)),
        metrics=metrics,
        ratios=ratios,
        ads=ads,
        chapters=chapters,
        states=states,
        dimensions=session_dimensions(played),
        built_in_segments=tuple(built_in_segments(played)),
        notes=(*notes, *_notes(played)),
    )


def _without(items: Sequence[Item], unclosed: Sequence[Step], settings: Settings) -> list[Step]:
    """Trace the events as if the given breaks had never been opened."""
    return trace(
        items, error_stops_playback=settings.error_stops_playback,
        void_breaks=frozenset((step.seq, step.item.index) for step in unclosed),
    )  # fmt: skip


def _two_readings(unclosed: Sequence[Step], counted: PlayedSession, voided: PlayedSession) -> Note:
    def numbers(played: PlayedSession) -> dict[str, Any]:
        exact = {metric.name: metric.exact for metric in content_metrics(played)}
        return {name: exact[name] for name in _READ_DIFFERENTLY}

    settings = counted.settings
    places = ", ".join(place(step) for step in unclosed)
    return Note(
        seqs=tuple(step.seq for step in unclosed),
        text=f"no adBreakComplete closes the ad break of {places}. Adobe says that ads then count as main content, but "
        "reports an ad as soon as it starts. Both readings are given; "
        f"this report follows unclosed_break={settings.unclosed_break}",
        readings={"count": numbers(counted), "void": numbers(voided)},
    )


def _notes(played: PlayedSession) -> Iterator[Note]:
    start = played.start
    if played.lacks_beginning:
        yield Note(
            seqs=(),
            text="the sessionStart is no longer there: values without an exact one depend on dropped events, and are "
            "computed from those that are left",
        )
    elif start is None:
        yield Note(seqs=(), text="there is no sessionStart: the report lacks its data")
    else:
        seqs = (start.seq,)
        if not played.params.get("media.id"):
            yield Note(seqs=seqs, text="media.id is empty: the session appears in no report")
        if not played.length_s:
            yield Note(seqs=seqs, text="media.length is missing or 0: no progress markers, no average minute audience")
    if not played.final:
        yield Note(seqs=(), text="the session is open: these would be the numbers if it closed now")
    if played.durations.tail_ms:
        yield Note(
            seqs=(played.steps[-1].seq,),
            text=f"{amount(played.durations.tail_ms / 1000)} s after the last event are credited (credit_tail_s)",
        )
    nameless = [step for step in played.by_type.get("adStart", ()) if not step.params.get("media.ad.id")]
    if nameless:
        yield Note(seqs=_seqs(nameless), text="media.ad.id is empty: the ad appears in no ad report")
    dropped = dropped_states(played)
    if dropped:
        names = ", ".join(name for name, _ in dropped)
        yield Note(
            seqs=_seqs([step for _, step in dropped]),
            text=f"only {MOST_STATES} player states of a session are reported; these are dropped: {names}",
        )
    unsourced = unsourced_errors(played)
    if unsourced:
        yield Note(
            seqs=_seqs(unsourced),
            text="errors are counted but not listed: they lack an id, or the source player or external",
        )


def _seqs(steps: Sequence[Step]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(step.seq for step in steps))
