"""How the playhead moved: the intervals in which main content played, and its pauses and buffers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mockserver.rules.playback import Player, Step
from mockserver.rules.speed import FASTEST, MEASURED_S, SLOWEST

__all__ = [
    "DAY_S",
    "ENDS",
    "NEAR_START_S",
    "Interval",
    "Pause",
    "coarse_step_s",
    "counts_down",
    "is_in_ms",
    "odd_rate",
    "pauses_of",
    "played_intervals",
    "played_to_s",
    "plays_by_the_day",
    "ran_s",
]

DAY_S = 86400
"""A live playhead is the second of the day and goes back to 0 at midnight."""

ENDS = ("sessionComplete", "sessionEnd")
"""What ends playback."""

_STILLS = ("pauseStart", "bufferStart")
_BEGIN_PAUSES = frozenset({"adBreakComplete", *_STILLS})
_PAUSE_ENDS = frozenset({"play", "adBreakStart", *_STILLS, *ENDS})

_BEYOND = 20
"""A playhead this many times as large as the length is in another unit, or the length is."""

_LATE_S = 600
"""Shortly after midnight, any content that begins at 0 seems to count the second of the day."""

_COARSE_TIMES = 3
"""A playhead is rounded if it moves in equal steps and differs from the time this often."""

_PACE_S = 1.0
"""A playhead that moves by this much more or less than the time differs from the time."""

_EVEN = 0.02
"""By how much a step may differ from a multiple of the smallest step, as a share of the smallest step."""

_MOST_BACK = 3
"""This many intervals that go back are a countdown; fewer may be a viewer who seeks back."""

_MS_RATES = (500, 2000)
"""Seconds of playhead per second of a player that sends milliseconds, slow or fast."""

NEAR_START_S = 1
"""A playhead below this is the 0 of a player that counts in fractions."""

_ODD_RATE_S = 10
"""How much must have played before a rate is judged."""

_WHOLE_S = 1
"""By how much less a playhead in whole seconds may seem to have moved."""


class Interval(NamedTuple):
    """The time from one event to the next, in order, while main content plays.

    Args:
        first: The event from which content plays.
        last: The next event.
        dt_s: Seconds of ``ts`` between them, never negative.
        dp_s: Seconds that the playhead moved; past midnight it counts on.
        rate: Seconds of playhead per second; 0 when the interval is too short to tell.
    """

    first: Step
    last: Step
    dt_s: float
    dp_s: float
    rate: float


class Pause(NamedTuple):
    """A pause or buffer of main content: what began it, what came after it, and what ended it.

    Args:
        start: The pauseStart or bufferStart; or the adBreakComplete after which the player is still in the pause or
            buffer that began before the break.
        inside: The events up to ``end``.
        end: The next play, pauseStart, bufferStart, adBreakStart, sessionComplete or sessionEnd; None when none came.
    """

    start: Step
    inside: Sequence[Step]
    end: Step | None

    @property
    def is_resumed(self) -> bool:
        """Whether a play ended it."""
        return self.end is not None and self.end.event_type == "play"


def played_intervals(steps: Sequence[Step], *, is_live: bool) -> list[Interval]:
    """Return all intervals in which main content played.

    Args:
        steps: The steps of a session in order of processing, without late ones.
        is_live: Whether the playhead goes back to 0 at midnight.
    """
    found: list[Interval] = []
    for first, last in pairwise(steps):
        state = first.after
        if state.player is Player.PLAYING and state.ad_break is None:
            dt_ms = last.ts_ms - first.ts_ms
            dp_s = last.playhead_s - first.playhead_s
            if is_live and dp_s < -DAY_S / 2:
                dp_s += DAY_S
            dt_s = dt_ms / 1000 if dt_ms > 0 else 0.0
            found.append(Interval(first, last, dt_s, dp_s, dp_s / dt_s if dt_s >= MEASURED_S else 0.0))
    return found


def is_in_ms(intervals: Sequence[Interval], top_s: float, length_s: float) -> bool:
    """Return whether the playhead counts milliseconds: whether it grows by about 1000 per second.

    Args:
        intervals: What was played.
        top_s: The largest playhead; 0 for live content, where it says nothing.
        length_s: The length of the content; 0 when it is not known.
    """
    slow, fast = _MS_RATES
    in_ms = sum(1 for interval in intervals if slow <= interval.rate <= fast)
    is_beyond = length_s > 0 and top_s > _BEYOND * length_s
    return in_ms >= (1 if is_beyond else 2) and in_ms * 2 > _measured(intervals)


def counts_down(intervals: Sequence[Interval]) -> bool:
    """Return whether the playhead decreases as time passes, as the remaining time does."""
    down = sum(1 for interval in intervals if -FASTEST <= interval.rate <= -SLOWEST)
    return down >= _MOST_BACK and down * 2 > _measured(intervals)


def played_to_s(intervals: Sequence[Interval]) -> float | None:
    """Return how far content was played at a speed that players offer; None if most of it was played otherwise."""
    forward = [interval.last.playhead_s for interval in intervals if SLOWEST <= interval.rate <= FASTEST]
    return max(forward) if len(forward) * 2 > _measured(intervals) else None


def plays_by_the_day(intervals: Sequence[Interval], near_s: float) -> bool:
    """Return whether the playhead is the second of the day in UTC, or counts seconds since 1970, at both ends.

    Args:
        intervals: What was played.
        near_s: By how much it may be off.
    """
    if not intervals:
        return False
    ends = (intervals[0].first, intervals[-1].last)
    if any(step.playhead_s < _LATE_S for step in ends):
        return False
    return all(_off_s(step.ts_ms / 1000 - step.playhead_s) <= near_s for step in ends)


def _off_s(behind_s: float) -> float:
    """Return how far a difference is from whole days."""
    return abs((behind_s + DAY_S / 2) % DAY_S - DAY_S / 2)


def _measured(intervals: Sequence[Interval]) -> int:
    return sum(1 for interval in intervals if interval.dt_s >= MEASURED_S)


def coarse_step_s(intervals: Sequence[Interval], stalls: int, least_s: float) -> float | None:
    """Return the size of the steps in which the playhead moves if it changes only in such steps, else None.

    Either it stalls repeatedly, or it keeps up with the time overall although single moves hardly ever match the time.

    Args:
        intervals: What was played.
        stalls: How often the playhead stalled.
        least_s: The smallest step that matters.
    """
    moves_s = [interval.dp_s for interval in intervals if interval.dp_s]
    if not moves_s or (step_s := min(map(abs, moves_s))) < least_s:
        return None
    if any(abs(move_s / step_s - round(move_s / step_s)) > _EVEN for move_s in moves_s):
        return None
    if stalls >= _COARSE_TIMES:
        return step_s
    off = sum(1 for interval in intervals if abs(interval.dp_s - interval.dt_s) > _PACE_S)
    behind_s = sum(interval.dt_s - interval.dp_s for interval in intervals)
    sizes = {round(interval.dp_s / step_s) for interval in intervals}
    is_rounded = off >= _COARSE_TIMES and off * 2 > len(intervals) and min(sizes) >= 0 and len(sizes) > 1
    return step_s if is_rounded and len(moves_s) > 1 and abs(behind_s) <= step_s else None


def odd_rate(intervals: Sequence[Interval]) -> float | None:
    """Return the rate of the playhead through the session if no player plays at such a rate, else None.

    It is the median of all intervals in which the playhead moved forward, so single seeks do not count; None if the
    playhead often goes back as well. At half speed a playhead in whole seconds may seem slower in most intervals, but
    not in all of them together.
    """
    moving = [interval for interval in intervals if interval.rate > 0]
    back = sum(1 for interval in intervals if interval.rate < 0)
    if len(moving) < 2 or back * 3 > len(moving) or sum(interval.dt_s for interval in moving) < _ODD_RATE_S:
        return None
    rates = sorted(interval.rate for interval in moving)
    low, high = rates[(len(rates) - 1) // 2], rates[len(rates) // 2]
    if low > FASTEST:
        return low
    if high >= SLOWEST:
        return None
    played = [interval for interval in moving if interval.rate <= FASTEST]
    moved_s, took_s = sum(interval.dp_s for interval in played), sum(interval.dt_s for interval in played)
    return high if moved_s + _WHOLE_S < SLOWEST * took_s else None


def pauses_of(steps: Sequence[Step]) -> list[Pause]:
    """Return all pauses and buffers of main content. ``n`` of every step is its place in ``steps``."""
    found: list[Pause] = []
    for start in steps:
        if start.event_type not in _BEGIN_PAUSES:  # a ping, nearly always
            continue
        if start.after.ad_break is None if start.event_type in _STILLS else _comes_back(start):
            end = start.n + 1
            while end < len(steps) and steps[end].event_type not in _PAUSE_ENDS:
                end += 1
            found.append(Pause(start, steps[start.n + 1 : end], steps[end] if end < len(steps) else None))
    return found


def _comes_back(step: Step) -> bool:
    """Return whether a break ends here and the player is paused or buffering again, as it was before."""
    ends_break = step.before.ad_break is not None and step.after.ad_break is None
    return ends_break and step.after.player in (Player.PAUSED, Player.BUFFERING)


def ran_s(pause: Pause, burst_s: float) -> float:
    """Return how far the playhead went forward inside a pause at a rate of playback, in seconds.

    A jump does not count: it is a seek while paused, which is fine. Events that belong to the play that ends the pause
    do not count either: SDKs send them with the ``ts`` of that play and the new playhead.
    """
    ran = 0.0
    before = pause.start
    for step in pause.inside:
        if step.item.late_ms:
            continue
        if pause.is_resumed and pause.end is not None and pause.end.ts_ms - step.ts_ms <= burst_s * 1000:
            break
        dp_s = step.playhead_s - before.playhead_s
        if 0 < dp_s <= FASTEST * (step.ts_ms - before.ts_ms) / 1000:
            ran += dp_s
        before = step
    return ran
