"""Compares what would be reported of two sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.model.comparison import Change, Tolerance
from mockserver.model.report import Metric, SessionReport
from mockserver.rules.comparison.values import VOLATILE_METRICS, near

__all__ = ["report_changes"]

_AVERAGES = ("average_minute_audience", "average_bitrate")
_SHARE = 0.05
"""Averages over time that differ by less than this share are the same."""


def report_changes(before: SessionReport, after: SessionReport, tolerance: Tolerance) -> Iterator[Change]:
    """Compare the metrics of two reports. Their dimensions differ as the keys do that they come from.

    Args:
        before: The report of the first session.
        after: The report of the second one.
        tolerance: What does not count as a difference.
    """
    yield from _metrics("", before.metrics, after.metrics, tolerance)
    for name, ours, theirs in (("ad", before.ads, after.ads), ("chapter", before.chapters, after.chapters)):
        for one, other in zip(ours, theirs, strict=False):  # how many there are, two metrics of the session say
            yield from _metrics(f"{name} {one.number}", one.metrics, other.metrics, tolerance)
    states = {state.name: state.metrics for state in after.states}
    for state in before.states:
        yield from _metrics(f"state {state.name}", state.metrics, states.pop(state.name, ()), tolerance)
    for name, metrics in states.items():
        yield from _metrics(f"state {name}", (), metrics, tolerance)


def _metrics(of: str, before: Sequence[Metric], after: Sequence[Metric], tolerance: Tolerance) -> Iterator[Change]:
    first = {metric.name: metric.value for metric in before}
    second = {metric.name: metric.value for metric in after}
    for name in dict.fromkeys((*first, *second)):
        if not tolerance.volatile and name in VOLATILE_METRICS:
            continue
        ours, theirs = first.get(name), second.get(name)
        if not near(ours, theirs, _apart(name, ours, tolerance)):
            yield Change(of="metric", event=of, name=name, before=ours, after=theirs)


def _apart(name: str, value: Any, tolerance: Tolerance) -> float:
    if name.endswith("_s"):
        return tolerance.seconds
    return _SHARE * abs(value) if name in _AVERAGES and isinstance(value, (int, float)) else 0.0
