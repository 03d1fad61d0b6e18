"""The metrics of the session itself: starts, time, progress, pauses.

Source of every rule: the metric's page in Adobe's Streaming Media guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.report import Metric, Part
from mockserver.model.vocabulary import ClosedBy
from mockserver.rules.playback import Player, Step
from mockserver.rules.report.durations import Activity, place, seconds
from mockserver.rules.report.metrics import metric
from mockserver.rules.report.played_session import PlayedSession
from mockserver.rules.report.playheads import MARKERS, markers, segment, union

__all__ = ["content_metrics", "counted_events", "entered"]

_STREAM_S = 1800


def content_metrics(played: PlayedSession) -> Iterator[Metric]:
    """Compute the metrics of the session itself, in the order of the report."""
    yield from _starts(played)
    yield from _time(played)
    yield from _progress(played)
    yield from _counts(played)
    yield from _circumstances(played)


def counted_events(steps: Sequence[Step], what: str) -> tuple[Part, ...]:
    """Explain a count of events."""
    return (Part(tuple(step.seq for step in steps), len(steps), what),) if steps else ()


def entered(played: PlayedSession, event_type: str, player: Player) -> list[Step]:
    """Return the events that put the player into a new state; a second pauseStart in a row does not count."""
    return [step for step in played.by_type.get(event_type, ()) if step.before.player is not player]


def _starts(played: PlayedSession) -> Iterator[Metric]:
    start = played.start
    resumed = played.params.get("media.resume") is True
    suppressed = resumed and played.settings.resume_suppresses_start
    seqs = () if start is None else (start.seq,)
    why = [] if start is None else [Part(seqs, int(not suppressed), f"sessionStart {place(start)}")]
    yield metric("media_starts", start is not None and not suppressed, why)
    yield metric("content_starts", played.main_play is not None, _main_play(played))
    completes = played.by_type.get("sessionComplete", ())
    yield metric("content_completes", bool(completes), counted_events(completes[:1], "sessionComplete"))
    yield metric("content_resumes", resumed, [Part(seqs, 1, "media.resume")] if resumed else ())


def _main_play(played: PlayedSession) -> tuple[Part, ...]:
    play = played.main_play
    return () if play is None else (Part((play.seq,), 1, f"first play on main content {place(play)}"),)


def _time(played: PlayedSession) -> Iterator[Metric]:
    durations, length_s = played.durations, played.length_s
    main, ads = durations.of(Activity.MAIN), durations.of(Activity.AD)
    content_why = durations.parts(main)
    content_s, media_s = seconds(main), seconds([*main, *ads])
    yield metric("content_time_spent_s", content_s, content_why)
    yield metric("media_time_spent_s", media_s, (*content_why, *durations.parts(ads)))
    seen = union(played.watched)
    yield metric("unique_time_played_s", float(sum(part.value for part in seen)), seen)
    start_seqs = () if played.start is None else (played.start.seq,)
    yield metric(
        "average_minute_audience",
        content_s / length_s if length_s else None,
        (Part((), content_s, "content time spent"), Part(start_seqs, length_s, "media.length")) if length_s else (),
    )
    streams = int(media_s // _STREAM_S) + 1 if played.steps else 0
    yield metric("estimated_streams", streams, (Part((), media_s, "media time spent, of which 1800 make one"),))


def _progress(played: PlayedSession) -> Iterator[Metric]:
    settings = played.settings
    reached = markers(played.steps, played.watched, played.main_play, played.length_s, settings.progress_on_seek)
    for marker in MARKERS:
        part = reached.get(marker)
        yield metric(f"progress_{marker}", part is not None, () if part is None else (part,))
    found = segment(played.durations, played.watched, settings.segment_format)
    yield metric("content_segment", found[0] if found else None, (found[1],) if found else ())
    yield metric("content_segment_views", played.main_play is not None, _main_play(played))


def _counts(played: PlayedSession) -> Iterator[Metric]:
    ads = [step for step in played.by_type.get("adStart", ()) if step.ignored is None]
    yield metric("ad_count", len(ads), counted_events(ads, "adStart"))
    chapters = played.by_type.get("chapterStart", ())
    yield metric("chapter_count", len(chapters), counted_events(chapters, "chapterStart"))
    pauses = entered(played, "pauseStart", Player.PAUSED)
    yield metric("pause_events", len(pauses), counted_events(pauses, "pauseStart"))
    paused = played.durations.of(Activity.PAUSED)
    yield metric("total_pause_duration_s", seconds(paused), played.durations.parts(paused))
    yield metric("paused_impacted_streams", bool(pauses), counted_events(pauses, "pauseStart"))


def _circumstances(played: PlayedSession) -> Iterator[Metric]:
    session = played.session
    yield metric("seconds_since_last_call", _silence_s(played))
    auth = played.params.get("media.pass.auth")
    start_seqs = () if played.start is None else (played.start.seq,)
    yield metric("authorized", auth, () if auth is None else (Part(start_seqs, auth, "media.pass.auth"),))
    yield metric("federated_data", False)
    batch = session is not None and session.downloaded
    declared = played.params.get("media.downloaded") is True
    why = "sent as one batch" if batch else "media.downloaded"
    yield metric("downloaded", batch or declared, (Part(start_seqs, 1, why),) if batch or declared else ())


def _silence_s(played: PlayedSession) -> float | None:
    """Adobe's older pages: 0 when closed by complete or end, usually 600 after a timeout."""
    session = played.session
    if not played.final or session is None:
        return None
    silent_s = played.silent_ms / 1000
    if session.closed_by is ClosedBy.IDLE:
        # Only the emulator has a grace period: Adobe's back end would have closed it when the timeout ended.
        rule = session.rule
        timeout_s = played.settings.idle_timeout_s
        if rule is not None and isinstance(rule.idle_timeout_s, (int, float)):
            timeout_s = rule.idle_timeout_s
        return silent_s if timeout_s is None else min(silent_s, timeout_s)
    return silent_s
