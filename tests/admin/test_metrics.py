"""The counters in the text format of Prometheus."""

from __future__ import annotations

import platform

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockserver.admin.metrics import metrics
from mockserver.admin.server import running_version
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault_kind import ResetFault
from mockserver.namespaces import Namespaces, Target
from tests.factories import answer, emulator, event, fault, open_session, post_event, send


def metrics_of(*emulators: Emulator) -> str:
    by_name = {emulator.name: emulator for emulator in emulators}
    namespaces = Namespaces(by_name.__getitem__)
    for name in by_name:
        namespaces.obtain(name)
    return b"".join(metrics(Target(namespaces, namespaces.default), None)).decode()


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the text as Prometheus does."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_every_sample_whatever_a_player_sent() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, 'a"b\\c\nd 7.0')
    read = samples(metrics_of(back_end, emulator(name="other")))
    assert read["mockserver_events", frozenset({("namespace", "default"), ("event_type", 'a"b\\c\nd 7.0')})] == 1


def test_build_is_named() -> None:
    ((_, labels),) = [key for key in samples(metrics_of(emulator())) if key[0] == "mockserver_build_info"]
    assert dict(labels) == {"version": running_version(), "python": platform.python_version()}


def test_answers_are_timed_from_the_first_request_for_metrics_on() -> None:
    back_end = emulator()
    namespaces = Namespaces(lambda name: back_end)
    target = Target(namespaces, namespaces.default)
    first = b"".join(metrics(target, None)).decode()
    assert "mockserver_answer_seconds_count 0\n" in first
    assert namespaces.latencies is not None
    for took_s in (0.0001, 0.0002, 0.3, 60):
        namespaces.latencies.add(took_s)
    read = samples(b"".join(metrics(target, None)).decode())
    buckets = {dict(labels)["le"]: value for (name, labels), value in read.items() if name.endswith("_bucket")}
    assert [buckets[le] for le in ("0.0001", "0.00025", "0.25", "0.5", "+Inf")] == [1, 2, 2, 3, 4]
    assert read["mockserver_answer_seconds_sum", frozenset()] == pytest.approx(60.3003)


def test_counters_are_those_of_the_summary() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid)
    send(back_end, "x")
    text = metrics_of(back_end, emulator(name="other"))
    for sample in (
        'mockserver_journal_entries{namespace="default"} 3',
        'mockserver_journal_entries{namespace="other"} 0',
        'mockserver_journal_evicted_total{namespace="default"} 0',
        'mockserver_events{event_type="ping",namespace="default"} 2',
        'mockserver_responses{namespace="default",status="404"} 1',
        'mockserver_outcomes{namespace="default",outcome="unknown_session"} 1',
        'mockserver_sessions{namespace="default",phase="open"} 1',
        f'mockserver_journal_bytes{{namespace="default"}} {back_end.journal.size_bytes}',
    ):
        assert f"\n{sample}\n" in text


def test_firings_of_fault_rules_are_counted() -> None:
    back_end = emulator()
    fault(back_end, ResetFault(), times=1)
    fault(back_end, ResetFault(), times=0)
    answer(back_end, post_event("x", event()))
    text = metrics_of(back_end)
    assert 'mockserver_fault_applied_total{fault_id="f1",namespace="default"} 1\n' in text
    assert 'mockserver_fault_applied_total{fault_id="f2",namespace="default"} 0\n' in text
