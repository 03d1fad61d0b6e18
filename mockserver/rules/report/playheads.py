"""Which content was seen: intervals of playhead, progress markers, the content segment.

Theory of operation. While main content plays, the content between the playheads of two consecutive events was seen,
unless the playhead moved as it does not in playback: backwards, or further than the time between them allows at the
speed of the session there (:mod:`mockserver.rules.speed`), with one second of tolerance. Such a pair is a seek, across
which nothing was seen. Adobe says only that the back end sums the union of the viewed intervals ("Unique time played");
speeds and tolerance are ours.

The playhead of live content is the second of the day (Adobe, "Sessions request"); passing midnight is no seek.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mockserver.model.report import Part
from mockserver.rules.playback import Step
from mockserver.rules.report.durations import Activity, Durations, amount, place
from mockserver.rules.speed import NORMAL, speed_of, speeds_around

__all__ = ["MARKERS", "WatchedInterval", "markers", "segment", "union", "watched"]

MARKERS = (10, 25, 50, 75, 95)
"""Percent of the length at which Adobe counts progress ("Progress markers")."""

_TOLERANCE_S = 1.0
_DAY_S = 86_400.0


class WatchedInterval(NamedTuple):
    """Content that was seen without a seek: playheads from and to in seconds, and the steps it was seen between."""

    from_s: float
    to_s: float
    first: Step
    last: Step


def watched(durations: Durations, *, live: bool) -> list[WatchedInterval]:
    """Find what was seen, in viewing order. Intervals in which the playhead did not move are left out.

    Args:
        durations: The steps with their time.
        live: Whether the playhead is the second of the day.
    """
    found: list[WatchedInterval] = []
    steps, last_step, elapsed_ms = durations.steps, len(durations.steps) - 1, durations.elapsed_ms
    fastest: dict[int, float] | None = None
    for stretch in durations.of(Activity.MAIN):
        begun: Step | None = None
        for n in range(stretch.first, min(stretch.end, last_step)):
            step, later = steps[n], steps[n + 1]
            moved_s = later.playhead_s - step.playhead_s
            took_s = (elapsed_ms[n + 1] - elapsed_ms[n]) / 1000
            limit_s = took_s * NORMAL + _TOLERANCE_S
            if not 0 <= moved_s <= limit_s and not (live and 0 <= moved_s + _DAY_S <= limit_s):
                # Other speeds are computed only now, because nearly all pairs fit normal speed.
                fastest = _fastest(durations) if fastest is None else fastest
                limit_s = took_s * fastest[n] + _TOLERANCE_S
            if 0 <= moved_s <= limit_s:
                begun = begun or step
                continue
            if begun is not None:
                found.append(WatchedInterval(begun.playhead_s, step.playhead_s, begun, step))
                begun = None
            if live and 0 <= moved_s + _DAY_S <= limit_s:
                found.append(WatchedInterval(step.playhead_s, _DAY_S, step, later))
                found.append(WatchedInterval(0.0, later.playhead_s, step, later))
        if begun is not None:
            last = steps[min(stretch.end, last_step)]
            found.append(WatchedInterval(begun.playhead_s, last.playhead_s, begun, last))
    return [seen for seen in found if seen.to_s > seen.from_s]


def _took_s(durations: Durations, n: int) -> float:
    return (durations.elapsed_ms[n + 1] - durations.elapsed_ms[n]) / 1000


def _fastest(durations: Durations) -> dict[int, float]:
    """Return the fastest speed at which main content may have played between each step and the next, by step."""
    steps, last_step = durations.steps, len(durations.steps) - 1
    playing = [n for each in durations.of(Activity.MAIN) for n in range(each.first, min(each.end, last_step))]
    rates = [speed_of(steps[n + 1].playhead_s - steps[n].playhead_s, _took_s(durations, n)) for n in playing]
    return {n: high for n, (_, high) in zip(playing, speeds_around(rates), strict=True)}


def union(intervals: Iterable[WatchedInterval]) -> tuple[Part, ...]:
    """Merge overlapping intervals into disjoint ones, in order of the playhead, in seconds."""
    groups: list[list[WatchedInterval]] = []
    reached_s = -math.inf
    for seen in sorted(intervals, key=lambda seen: seen.from_s):
        if seen.from_s > reached_s:
            groups.append([])
        groups[-1].append(seen)
        reached_s = max(reached_s, seen.to_s)
    return tuple(_joined(group) for group in groups)


def _joined(group: Sequence[WatchedInterval]) -> Part:
    from_s, to_s = group[0].from_s, max(seen.to_s for seen in group)
    seqs = sorted({seq for seen in group for seq in (seen.first.seq, seen.last.seq)})
    return Part(tuple(seqs), to_s - from_s, f"playhead {amount(from_s)} to {amount(to_s)}")


def markers(
    steps: Sequence[Step],
    intervals: Sequence[WatchedInterval],
    main_play: Step | None,
    length_s: float,
    on_seek: Literal["fire", "skip"],
) -> dict[int, Part]:
    """Find the progress markers that were reached.

    Args:
        steps: The trace.
        intervals: What was seen.
        main_play: The first play on main content; without one there are no markers.
        length_s: The length of the content; without one there are no markers.
        on_seek: Whether a seek over a marker reaches it.

    Returns:
        The markers that were reached, in percent, with the playhead at that moment.
    """
    found: dict[int, Part] = {}
    if main_play is None or not length_s:
        return found
    if on_seek == "skip":
        for marker in MARKERS:
            for seen in intervals:
                if seen.from_s * 100 < marker * length_s <= seen.to_s * 100:
                    found[marker] = _reached(seen.last, seen.to_s, length_s, "watched up to")
                    break
        return found
    waiting = list(MARKERS)
    for step in steps[main_play.n :]:
        while waiting and step.playhead_s * 100 >= waiting[0] * length_s:
            found[waiting.pop(0)] = _reached(step, step.playhead_s, length_s, "playhead")
        if not waiting:
            break
    return found


def _reached(step: Step, playhead_s: float, length_s: float, what: str) -> Part:
    return Part((step.seq,), playhead_s, f"{what} {amount(playhead_s)} of {amount(length_s)} s at {place(step)}")


def segment(
    durations: Durations, intervals: Sequence[WatchedInterval], form: Literal["range", "five_minute"]
) -> tuple[str, Part] | None:
    """Return the content segment: the range of playheads at which main content played, in minutes.

    Playheads between which nothing was seen do not count: SDKs report 0 until they know the real position of a live
    stream (recordings). When the playhead never moved, the playheads at which it played are used.

    Returns:
        The segment and the parts it was computed from; None when main content never played.
    """
    playing = durations.of(Activity.MAIN, Activity.STALLED)
    if intervals:
        lowest = min(intervals, key=lambda seen: seen.from_s)
        highest = max(intervals, key=lambda seen: seen.to_s)
        low_s, high_s, seqs = lowest.from_s, highest.to_s, (lowest.first.seq, highest.last.seq)
    elif playing:
        at = [durations.steps[stretch.first] for stretch in playing]
        low, high = min(at, key=lambda step: step.playhead_s), max(at, key=lambda step: step.playhead_s)
        low_s, high_s, seqs = low.playhead_s, high.playhead_s, (low.seq, high.seq)
    else:
        return None
    grain = 5 if form == "five_minute" else 1
    low_min = math.floor(low_s / 60 / grain) * grain
    high_min = max(math.ceil(high_s / 60 / grain) * grain, low_min + grain)
    return f"[{low_min}-{high_min}]", Part(seqs, f"{amount(low_s)}-{amount(high_s)}", "playheads in seconds")
