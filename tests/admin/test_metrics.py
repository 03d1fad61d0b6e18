"""The counters in the text format of Prometheus."""

from __future__ import annotations

import re

from mockserver.admin.metrics import metrics
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault_kind import ResetFault
from mockserver.namespaces import Namespaces, Target
from tests.factories import answer, emulator, event, fault, open_session, post_event, send

SAMPLE = re.compile(r'[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+\} \d+')


def metrics_of(*emulators: Emulator) -> str:
    by_name = {emulator.name: emulator for emulator in emulators}
    namespaces = Namespaces(by_name.__getitem__)
    for name in by_name:
        namespaces.obtain(name)
    return b"".join(metrics(Target(namespaces, namespaces.default), None)).decode()


def test_every_line_is_a_comment_or_a_sample() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, 'a"b\\c\nd')
    fault(back_end, ResetFault(), times=0)
    lines = metrics_of(back_end, emulator(name="other")).splitlines()
    assert all(line.startswith(("# HELP ", "# TYPE ")) or SAMPLE.fullmatch(line) for line in lines)
    assert 'mockserver_events{namespace="default",event_type="a\\"b\\\\c\\nd"} 1' in lines


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
        'mockserver_events{namespace="default",event_type="ping"} 2',
        'mockserver_responses{namespace="default",status="404"} 1',
        'mockserver_outcomes{namespace="default",outcome="unknown_session"} 1',
        'mockserver_sessions{namespace="default",phase="open"} 1',
        f'mockserver_journal_bytes{{namespace="default"}} {back_end.journal.size_bytes}',
    ):
        assert f"\n{sample}\n" in text


def test_strikes_of_fault_rules_are_counted() -> None:
    back_end = emulator()
    fault(back_end, ResetFault(), times=1)
    fault(back_end, ResetFault(), times=0)
    answer(back_end, post_event("x", event()))
    text = metrics_of(back_end)
    assert 'mockserver_fault_applied_total{namespace="default",fault_id="f1"} 1\n' in text
    assert 'mockserver_fault_applied_total{namespace="default",fault_id="f2"} 0\n' in text
