"""How the playhead moved: the stretches that main content played, and the pauses and buffers in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from mockserver.rules.playback import Player, Step

__all__ = [
    "DAY_S",
    "ENDS",
    "Pause",
    "Stretch",
    "is_in_ms",
    "odd_rate",
    "pauses_of",
    "plausible_s",
    "ran_s",
    "stretches_of",
]

DAY_S = 86400
"""A live playhead is the second of the day and goes back to 0 at midnight."""

ENDS = ("sessionComplete", "sessionEnd")
"""What ends playback."""

_STILLS = ("pauseStart", "bufferStart")
_PAUSE_ENDS = frozenset({"play", "adBreakStart", *_STILLS, *ENDS})

_SLOWEST = 0.5
_FASTEST = 2.1
"""Rates of playback that players offer."""

_MS_RATES = (500, 2000)
"""Seconds of playhead per second of a player that sends milliseconds, slow or fast."""

_MEASURED_S = 1
"""Shorter stretches say nothing about the rate: many players know their position only to the second."""

_ODD_RATE_S = 10
"""A rate is judged when so much was played."""


class Stretch(NamedTuple):
    """From one event to the next while main content plays, both in order.

    Args:
        first: The event from which on it plays.
        last: The next event.
        dt_s: Seconds of ``ts`` between them, never negative.
        dp_s: Seconds that the playhead moved; past midnight it counts on.
        rate: Seconds of playhead per second; 0 when the stretch is too short to tell.
    """

    first: Step
    last: Step
    dt_s: float
    dp_s: float
    rate: float


class Pause(NamedTuple):
    """A pauseStart or bufferStart on main content, what came after it, and what ended it.

    Args:
        start: The pauseStart or bufferStart.
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


def stretches_of(steps: Sequence[Step], *, is_live: bool) -> list[Stretch]:
    """Return all stretches that main content played.

    Args:
        steps: The steps of a session in order of processing, without late ones.
        is_live: Whether the playhead goes back to 0 at midnight.
    """
    found: list[Stretch] = []
    for first, last in pairwise(steps):
        state = first.after
        if state.player is Player.PLAYING and state.ad_break is None:
            dt_ms = last.ts_ms - first.ts_ms
            dp_s = last.playhead_s - first.playhead_s
            if is_live and dp_s < -DAY_S / 2:
                dp_s += DAY_S
            dt_s = dt_ms / 1000 if dt_ms > 0 else 0.0
            found.append(Stretch(first, last, dt_s, dp_s, dp_s / dt_s if dt_s >= _MEASURED_S else 0.0))
    return found


def is_in_ms(stretches: Sequence[Stretch], top_s: float, length_s: float) -> bool:
    """Tell whether the playhead counts milliseconds.

    Args:
        stretches: What was played.
        top_s: The largest playhead; 0 for live content, where it says nothing.
        length_s: The length of the content; 0 when it is not known.
    """
    if length_s > 0 and top_s > 20 * length_s:
        return True
    slow, fast = _MS_RATES
    in_ms = sum(1 for stretch in stretches if slow <= stretch.rate <= fast)
    return in_ms >= 2 and in_ms * 2 > sum(1 for stretch in stretches if stretch.dt_s >= _MEASURED_S)


def odd_rate(stretches: Sequence[Stretch]) -> float | None:
    """Return the rate at which the playhead goes through the session when no player plays like that, else None.

    The median of all stretches in which it moved forward, so that single seeks make no rate.
    """
    moving = [stretch for stretch in stretches if stretch.rate > 0]
    if len(moving) < 2 or sum(stretch.dt_s for stretch in moving) < _ODD_RATE_S:
        return None
    rates = sorted(stretch.rate for stretch in moving)
    low, high = rates[(len(rates) - 1) // 2], rates[len(rates) // 2]
    if low > _FASTEST:
        return low
    return high if high < _SLOWEST else None


def pauses_of(steps: Sequence[Step]) -> list[Pause]:
    """Return all pauses and buffers of main content. ``n`` of every step is its place in ``steps``."""
    found: list[Pause] = []
    for start in steps:
        if start.event_type in _STILLS and start.after.ad_break is None:
            end = start.n + 1
            while end < len(steps) and steps[end].event_type not in _PAUSE_ENDS:
                end += 1
            found.append(Pause(start, steps[start.n + 1 : end], steps[end] if end < len(steps) else None))
    return found


def ran_s(pause: Pause, burst_s: float) -> float:
    """Return how far the playhead went forward inside a pause at a rate of playback, in seconds.

    A leap is a seek while paused, which is fine, and no playback. Nor are events that belong to the play that ends the
    pause: SDKs send them with its ``ts`` and the new playhead.
    """
    ran = 0.0
    before = pause.start
    for step in pause.inside:
        if step.item.late_ms:
            continue
        if pause.is_resumed and pause.end is not None and pause.end.ts_ms - step.ts_ms <= burst_s * 1000:
            break
        dp_s = step.playhead_s - before.playhead_s
        if 0 < dp_s <= _FASTEST * (step.ts_ms - before.ts_ms) / 1000:
            ran += dp_s
        before = step
    return ran


def plausible_s(stretch: Stretch, neighbours: Sequence[Stretch], usual_rate: float | None) -> tuple[float, float]:
    """Return how far the playhead may have moved in a stretch by playback alone, least and most, in seconds.

    Playback goes at the rate of the clock, at the rate of the stretches next to it (viewers change the speed), or at
    the rate of the whole session.
    """
    rates = [1.0] if usual_rate is None else [1.0, usual_rate]
    rates += [min(max(other.rate, _SLOWEST), _FASTEST) for other in neighbours if other.rate > 0]
    return min(rates) * stretch.dt_s, max(rates) * stretch.dt_s
