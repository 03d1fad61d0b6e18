"""How long answers took, as a histogram: it counts, and keeps no answer."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

__all__ = ["Latencies"]

_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Latencies:
    """Counts answers by how long they took.

    Attributes:
        total_s: How long all took together, in seconds.
    """

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self.total_s = 0.0

    def add(self, took_s: float) -> None:
        """Count an answer."""
        self._counts[bisect_left(_BOUNDS_S, took_s)] += 1
        self.total_s += took_s

    def buckets(self) -> list[tuple[str, int]]:
        """Return how many answers took at most each number of seconds, as Prometheus writes it; the last is +Inf."""
        names = [*map(str, _BOUNDS_S), "+Inf"]
        return list(zip(names, accumulate(self._counts), strict=True))
