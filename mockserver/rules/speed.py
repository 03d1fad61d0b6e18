"""How fast content plays, and from which speed on a moving playhead is a seek.

Adobe's unique time is the union of what was viewed, at whatever speed ("Unique time played"). Players offer half to
double speed, and viewers keep the speed that they choose for a while, also when they seek. So the speed of a stretch is
that of its neighbours, and a single leap among stretches of normal speed is a seek. Report and diagnosis both use this.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FASTEST", "MEASURED_S", "NORMAL", "SLOWEST", "speed_of", "speeds_around"]

SLOWEST = 0.5
"""The slowest speed that players offer."""

NORMAL = 1.0

FASTEST = 2.1
"""The fastest speed that players offer, and a little more; a faster playhead is a seek."""

MEASURED_S = 1.0
"""Stretches must be this long to measure the speed: many players know their position only to the second."""


def speed_of(moved_s: float, took_s: float) -> float:
    """Return seconds of playhead per second; 0 when the stretch is too short to measure."""
    return moved_s / took_s if took_s >= MEASURED_S else 0.0


def speeds_around(rates: Sequence[float]) -> list[tuple[float, float]]:
    """Return for each stretch the slowest and fastest speed at which it may have been played.

    These are normal speed and the speeds of the nearest measured stretches before and after it. A stretch that seeks,
    goes back or does not move is not measured.

    Args:
        rates: Seconds of playhead per second of all stretches in order, 0 where unknown.
    """
    low, high = [NORMAL] * len(rates), [NORMAL] * len(rates)
    for places in (range(len(rates)), range(len(rates) - 1, -1, -1)):
        speed = NORMAL
        for place in places:
            if speed < low[place]:
                low[place] = speed
            elif speed > high[place]:
                high[place] = speed
            rate = rates[place]
            if 0 < rate <= FASTEST:
                speed = max(rate, SLOWEST)
    return list(zip(low, high, strict=True))
