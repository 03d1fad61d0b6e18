"""What monitoring asks for, in the text format of Prometheus.

OpenTelemetry is left out: its collector reads this format, and a test server that sends traces by itself would need the
address of a collector, several packages more, and time on every request.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mockserver.admin.findings import traffic_counts
from mockserver.admin.server import running_version
from mockserver.control import Chunks
from mockserver.latencies import Latencies
from mockserver.namespaces import Namespace, Target

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["metrics"]

_GAUGES = {
    "mockserver_journal_entries": "Entries in the journal.",
    "mockserver_journal_bytes": "Bytes that the journal takes, by its own estimate.",
}
_COUNTS = {
    "mockserver_events": ("event_type", "Entries in the journal by event type."),
    "mockserver_responses": ("status", "Entries in the journal by status of the answer."),
    "mockserver_outcomes": ("outcome", "Entries in the journal by outcome."),
    "mockserver_sessions": ("phase", "Sessions by phase."),
}

_WHOLE = re.compile(rb"^(?P<before>[^#\n].* -?\d+)\.0$", re.MULTILINE)
"""A sample that is a whole number; the library writes all as fractions."""


def metrics(target: Target, argument: None) -> Chunks:
    """Show the counters of all namespaces, and from the second call on how long answers took since the first."""
    from prometheus_client import CollectorRegistry, generate_latest

    namespaces = target.namespaces
    latencies = namespaces.latencies
    if latencies is None:
        # Reading the clock once more costs every answer a little, so it begins with the first request for metrics.
        latencies = namespaces.latencies = Latencies()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(tuple(namespaces), latencies))
    return (_WHOLE.sub(rb"\g<before>", generate_latest(registry)),)


class _Collector:
    """Collects what namespaces count, when it is asked."""

    def __init__(self, namespaces: tuple[Namespace, ...], latencies: Latencies) -> None:
        self._namespaces = namespaces
        self._latencies = latencies

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            InfoMetricFamily,
        )

        build = {"version": running_version(), "python": platform.python_version()}
        yield InfoMetricFamily("mockserver_build", "The version of the server.", value=build)
        took = HistogramMetricFamily(
            "mockserver_answer_seconds",
            "Time to answer requests of players, including the delays of faults, since metrics were first requested.",
        )
        took.add_metric([], self._latencies.buckets(), self._latencies.total_s)
        yield took
        gauges = {name: GaugeMetricFamily(name, text, labels=["namespace"]) for name, text in _GAUGES.items()}
        counts = {
            name: GaugeMetricFamily(name, text, labels=["namespace", label]) for name, (label, text) in _COUNTS.items()
        }
        evicted = CounterMetricFamily(
            "mockserver_journal_evicted", "Entries dropped to stay within the limits.", labels=["namespace"]
        )
        applied = CounterMetricFamily(
            "mockserver_fault_applied", "Requests hit by a fault rule.", labels=["namespace", "fault_id"]
        )
        for namespace in self._namespaces:
            summary = traffic_counts(namespace)
            with namespace as emulator:
                size_bytes, rules = emulator.journal.size_bytes, emulator.faults.rules
            name = namespace.name
            gauges["mockserver_journal_entries"].add_metric([name], summary.requests)
            gauges["mockserver_journal_bytes"].add_metric([name], size_bytes)
            evicted.add_metric([name], summary.evicted)
            for family, counted in (
                ("mockserver_events", summary.events),
                ("mockserver_responses", summary.statuses),
                ("mockserver_outcomes", summary.outcomes),
                ("mockserver_sessions", summary.sessions),
            ):
                for value, count in counted.items():
                    counts[family].add_metric([name, value], count)
            for rule in rules:
                applied.add_metric([name, rule.id], rule.applied)
        yield from gauges.values()
        yield evicted
        yield from counts.values()
        yield applied
