"""When two values are the same."""

from __future__ import annotations

from typing import Any

__all__ = ["ACROSS_APIS", "MEASURED_KEYS", "VOLATILE_KEYS", "VOLATILE_METRICS", "Drift", "alike", "near"]

ACROSS_APIS = ("analytics.", "visitor.", "appInstallationId", "media.libraryVersion")
"""Beginnings of keys that the Media Edge API lacks, because its datastream or its identityMap says the same."""

VOLATILE_KEYS = frozenset(
    {
        "analytics.aid",
        "analytics.visitorId",
        "appInstallationId",
        "media.libraryVersion",
        "media.qoe.droppedFrames",
        "media.sdkVersion",
        "visitor.aamLocationHint",
        "visitor.customerIDs",
        "visitor.marketingCloudUserId",
    }
)
"""Keys that say who watched, with which version, or what was measured: they differ between any two runs."""

MEASURED_KEYS = frozenset({"media.qoe.timeToStart"})
"""Keys with a measured value that can be given in the wrong unit: only another order of magnitude is a difference."""

VOLATILE_METRICS = frozenset(
    {
        "average_bitrate_bucket",
        "content_segment",
        "dropped_frame_impacted_streams",
        "dropped_frames",
        "seconds_since_last_call",
        "time_to_start_s",
    }
)
"""Metrics of measured values, and those that change at a boundary which two runs may reach by a hair or not."""


def near(one: Any, other: Any, tolerance: float) -> bool:
    """Return whether two values are equal, or numbers that are no further apart than the tolerance."""
    if _numbers(one, other):
        return bool(abs(one - other) <= tolerance)
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)  # to Python, true is 1


def alike(one: Any, other: Any) -> bool:
    """Return whether two values are equal, or numbers of one order of magnitude."""
    return near(one, other, 0) or (_numbers(one, other) and max(one, other) < 10 * min(one, other))


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


class Drift:
    """How far two sessions are apart, so that a delay is reported where it occurs and not at every event after it.

    Args:
        tolerance: How far apart still counts as the same.
        apart: How far they are apart at the beginning.
    """

    def __init__(self, tolerance: float, apart: float = 0.0) -> None:
        self._tolerance = tolerance
        self._apart = apart

    def jumps(self, apart: float, following: float | None) -> bool:
        """Return whether two events are further apart than those before them.

        Args:
            apart: How far these two are apart.
            following: How far the next two are; if nearer to these two than to those before, the change stays.
        """
        if abs(apart - self._apart) <= self._tolerance:
            return False
        if following is None or abs(following - apart) < abs(following - self._apart):
            self._apart = apart
        return True
