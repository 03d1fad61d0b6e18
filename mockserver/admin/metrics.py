"""Counters in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.admin.findings import traffic_counts
from mockserver.control import Chunks
from mockserver.namespaces import Target

__all__ = ["metrics"]

_FAMILIES = (
    ("mockserver_journal_entries", "Entries in the journal."),
    ("mockserver_journal_bytes", "Bytes that the journal takes, by its own estimate."),
    ("mockserver_journal_evicted_total", "Entries dropped to stay within the limits."),
    ("mockserver_events", "Entries in the journal by event type."),
    ("mockserver_responses", "Entries in the journal by status of the answer."),
    ("mockserver_outcomes", "Entries in the journal by outcome."),
    ("mockserver_sessions", "Sessions by phase."),
    ("mockserver_fault_applied_total", "Requests struck by a fault rule."),
)


def metrics(target: Target, argument: None) -> Chunks:
    """Show the counters of all namespaces."""
    samples: dict[str, list[str]] = {name: [] for name, _ in _FAMILIES}
    for namespace in target.namespaces:
        summary = traffic_counts(namespace)
        with namespace as emulator:
            size_bytes, rules = emulator.journal.size_bytes, emulator.faults.rules
        labels = {"namespace": namespace.name}
        samples["mockserver_journal_entries"].append(_sample(labels, summary.requests))
        samples["mockserver_journal_bytes"].append(_sample(labels, size_bytes))
        samples["mockserver_journal_evicted_total"].append(_sample(labels, summary.evicted))
        for name, label, counts in (
            ("mockserver_events", "event_type", summary.events),
            ("mockserver_responses", "status", summary.statuses),
            ("mockserver_outcomes", "outcome", summary.outcomes),
            ("mockserver_sessions", "phase", summary.sessions),
        ):
            samples[name].extend(_sample({**labels, label: value}, count) for value, count in counts.items())
        samples["mockserver_fault_applied_total"].extend(
            _sample({**labels, "fault_id": rule.id}, rule.applied) for rule in rules
        )
    lines = []
    for name, text in _FAMILIES:
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *(f"{name}{sample}" for sample in samples[name])]
    return (("\n".join(lines) + "\n").encode(),)


def _sample(labels: Mapping[str, str], value: int) -> str:
    shown = ",".join(f'{name}="{_escaped(label)}"' for name, label in labels.items())
    return f"{{{shown}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
