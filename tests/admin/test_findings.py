"""What is wrong with the traffic of a namespace: computed when somebody asks, and no oftener than needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.admin.diagnosis import Diagnosis
from mockserver.errors import NotFound
from mockserver.model.fault_kind import CloseFault
from mockserver.model.finding import Finding, Thresholds
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery
from mockserver.namespaces import Namespace
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.factories import fault
from tests.playbacks import START_MS, Event, Playground
from tests.tables import every_case

GAP: tuple[Event, ...] = (("play", 1, 0), ("ping", 11, 10), ("ping", 90, 89), ("sessionEnd", 91, 90))
"""A silence of 79 seconds, which is an error."""


JUDGE = "mockserver.admin.diagnosis.diagnose_session"


@pytest.fixture
def ground() -> Playground:
    return Playground()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The sessions whose rules were applied, one after the other."""
    sids: list[str | None] = []

    def noted(case: SessionTraffic) -> list[Finding]:
        sids.append(case.stored.sid if case.stored is not None else None)
        return diagnose_session(case)

    monkeypatch.setattr(JUDGE, noted)
    return sids


def ping(ground: Playground, sid: str, at_s: float, playhead: Any = 0) -> int:
    ground.now_ms = max(ground.now_ms, START_MS + round(at_s * 1000))
    body = {"eventType": "ping", "playerTime": {"playhead": playhead, "ts": START_MS + round(at_s * 1000)}}
    response = ground.post(f"/api/v1/sessions/{sid}/events", body).response
    assert response is not None
    return response.status


def codes(found: list[Finding]) -> set[str]:
    return {finding.code for finding in found}


def fresh(ground: Playground) -> list[Finding]:
    """Compute everything anew."""
    emulator = ground.emulator
    kept, emulator.caches = emulator.caches, type(emulator.caches)()
    try:
        return Diagnosis(Namespace(emulator)).findings()
    finally:
        emulator.caches = kept


# What is found


def test_findings_are_the_worst_first_and_name_their_session(ground: Playground) -> None:
    sid = ground.play(*GAP)
    found = Diagnosis(ground.namespace).findings()
    ranks = [finding.severity.rank for finding in found]
    assert ranks == sorted(ranks)
    assert "ping.gap" in codes(found)
    assert {finding.session_id for finding in found} == {sid}


def test_findings_of_a_session_are_those_of_the_namespace_about_it(ground: Playground) -> None:
    one, other = ground.play(*GAP), ground.play(("play", 0.1, 0), start={"media.id": "x"})
    diagnosis = Diagnosis(ground.namespace)
    assert diagnosis.session_findings(one)
    found = [*diagnosis.session_findings(one), *diagnosis.session_findings(other)]
    assert sorted(found, key=repr) == sorted(diagnosis.findings(), key=repr)


def test_events_refused_for_an_id_that_was_never_issued_are_findings_about_that_id(ground: Playground) -> None:
    assert ping(ground, "stranger", 1, "late") == 400
    diagnosis = Diagnosis(ground.namespace)
    assert "playhead.string" in codes(diagnosis.findings())
    assert diagnosis.session_findings("stranger") == diagnosis.findings()


@every_case("ask", [Diagnosis.session_findings, Diagnosis.report])
def test_session_with_an_unknown_id_is_not_found(ground: Playground, ask: Callable[..., object]) -> None:
    with pytest.raises(NotFound):
        ask(Diagnosis(ground.namespace), "nobody")


def test_report_of_an_id_that_was_never_issued_is_not_found(ground: Playground) -> None:
    assert ping(ground, "stranger", 1) == 404
    with pytest.raises(NotFound):
        Diagnosis(ground.namespace).report("stranger")


def test_caller_may_change_the_list_it_got(ground: Playground) -> None:
    ground.play(*GAP)
    diagnosis = Diagnosis(ground.namespace)
    diagnosis.findings().clear()
    assert diagnosis.findings()


# What is kept


def test_unchanged_traffic_is_judged_once(ground: Playground, judged: list[str | None]) -> None:
    sid = ground.play(*GAP)
    first = Diagnosis(ground.namespace).findings()
    again = Diagnosis(ground.namespace).findings()
    assert judged == [sid]
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert Diagnosis(ground.namespace).report(sid) is Diagnosis(ground.namespace).report(sid)


def test_one_more_event_has_only_its_session_judged_again(ground: Playground, judged: list[str | None]) -> None:
    sids = [ground.play(("play", 0.1, 0), start={"media.id": f"clip-{n}"}) for n in range(3)]
    diagnosis = Diagnosis(ground.namespace)
    reports = [diagnosis.report(sid) for sid in sids]
    diagnosis.findings()
    judged.clear()
    assert ping(ground, sids[1], 80, 79) == 204
    found = diagnosis.findings()
    assert judged == [sids[1]]
    assert "ping.gap" in codes(found)
    assert found == fresh(ground)
    assert [diagnosis.report(sid) is report for sid, report in zip(sids, reports, strict=True)] == [True, False, True]


def test_request_that_is_refused_counts_as_a_change(ground: Playground) -> None:
    sid = ground.play(("play", 0.1, 0))
    diagnosis = Diagnosis(ground.namespace)
    assert "playhead.string" not in codes(diagnosis.findings())
    assert ping(ground, sid, 1, "late") == 400
    assert "playhead.string" in codes(diagnosis.findings())


def test_settings_are_obeyed_at_once(ground: Playground, judged: list[str | None]) -> None:
    sid = ground.play(*GAP)
    diagnosis = Diagnosis(ground.namespace)
    assert "ping.gap" in codes(diagnosis.findings())
    report = diagnosis.report(sid)
    ground.emulator.configure(Settings(thresholds=Thresholds(ping_gap_s=100, ping_gap_error_s=100)))
    assert "ping.gap" not in codes(diagnosis.findings())
    assert diagnosis.report(sid) is not report
    assert judged == [sid, sid]


def test_session_that_times_out_meanwhile_is_judged_again(ground: Playground) -> None:
    ground.play(("play", 0.1, 0))
    diagnosis = Diagnosis(ground.namespace)
    assert "session.no-close" not in codes(diagnosis.findings())
    ground.now_ms += 700_000
    assert "session.no-close" in codes(diagnosis.findings())


def test_time_that_closes_nothing_changes_no_finding(ground: Playground, judged: list[str | None]) -> None:
    ground.play(*GAP[:-1])
    first = Diagnosis(ground.namespace).findings()
    ground.now_ms += 300_000
    assert Diagnosis(ground.namespace).findings() == first == fresh(ground)
    assert len(judged) == 2  # the second one is the fresh computation


def test_journal_that_was_reset_and_refilled_to_the_same_length_is_judged_anew(ground: Playground) -> None:
    sid = ground.play(("play", 0.1, 0))
    assert ping(ground, sid, 1, "late") == 400
    diagnosis = Diagnosis(ground.namespace)
    assert "playhead.string" in codes(diagnosis.findings())
    ground.emulator.reset(["journal"])
    for _ in range(3):
        assert ground.post(f"/api/v1/sessions/{sid}/events", {"eventType": "pong"}).record.outcome.value == "invalid"
    found = diagnosis.findings()
    assert "playhead.string" not in codes(found)
    assert found == fresh(ground)


def test_delivery_of_an_older_answer_counts_once_it_is_recorded(ground: Playground) -> None:
    sid = ground.play()
    fault(ground.emulator, CloseFault(), times=1)
    body = {"eventType": "ping", "playerTime": {"playhead": 1, "ts": ground.now_ms}}
    plans = [ground.post(f"/api/v1/sessions/{sid}/events", body) for _ in range(3)]
    assert "http.retry-storm" in codes(Diagnosis(ground.namespace).findings())

    ground.emulator.delivered(plans[0], Delivery.CUT)

    found = codes(Diagnosis(ground.namespace).findings())
    assert found == codes(fresh(ground))
    assert "http.stack-repeat" in found
    assert "http.retry-storm" not in found


def test_everything_is_empty_after_a_reset(ground: Playground) -> None:
    sid = ground.play(*GAP)
    diagnosis = Diagnosis(ground.namespace)
    diagnosis.report(sid)
    assert diagnosis.findings()
    ground.emulator.reset(["journal", "sessions"])
    assert diagnosis.findings() == []
    caches = ground.emulator.caches
    assert [len(kept) for kept in (caches.findings, caches.traffic, caches.reports)] == [0, 0, 0]
    with pytest.raises(NotFound):
        diagnosis.report(sid)


def test_evicted_entries_are_no_longer_judged() -> None:
    ground = Playground(Settings(max_entries=3))
    sid = ground.play(*GAP[:3])
    diagnosis = Diagnosis(ground.namespace)
    first = diagnosis.findings()
    assert "ping.gap" in codes(first)
    for at_s in (95, 100, 105):
        assert ping(ground, sid, at_s, at_s - 1) == 204
    found = diagnosis.findings()
    assert "ping.gap" not in codes(found)
    assert found == fresh(ground)


def test_sessions_beyond_the_cache_are_not_judged_more_often(
    ground: Playground, judged: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sids = [ground.play(("play", 0.1, 0), start={"media.id": f"clip-{n}"}) for n in range(40)]
    monkeypatch.setattr(ground.emulator.caches.traffic, "_room", 20)
    diagnosis = Diagnosis(ground.namespace)
    diagnosis.findings()
    judged.clear()
    assert ping(ground, sids[0], 1, 1) == 204
    assert diagnosis.findings() == fresh(ground)
    assert judged[:1] == [sids[0]]
    assert len(judged) == 1 + 40  # once for the new event, and everything for the fresh computation


def test_cached_findings_equal_fresh_ones_whatever_arrives(ground: Playground) -> None:
    diagnosis = Diagnosis(ground.namespace)
    sids: list[str] = []
    for n in range(12):
        sids.append(ground.play(("play", 0.1, 0), start={"media.id": f"clip-{n % 4}"}))
        ping(ground, sids[n // 2], 10 + 7 * n, 9 + 7 * n)
        ping(ground, sids[n // 3], 5, "late" if n % 3 else 5)
        assert diagnosis.findings() == fresh(ground)


# Threads


def test_event_is_processed_while_a_diagnosis_is_computed(ground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    sid = ground.play(*GAP[:3])
    begun, go_on = threading.Event(), threading.Event()

    def slow(case: SessionTraffic) -> list[Finding]:
        begun.set()
        assert go_on.wait(10)
        return diagnose_session(case)

    monkeypatch.setattr(JUDGE, slow)
    found: list[list[Finding]] = []
    asking = threading.Thread(target=lambda: found.append(Diagnosis(ground.namespace).findings()), daemon=True)
    asking.start()
    assert begun.wait(10)
    assert ping(ground, sid, 95, 94) == 204
    assert Diagnosis(ground.namespace).report(sid).session_id == sid
    with ground.namespace as emulator:
        emulator.configure(Settings(thresholds=Thresholds(ping_gap_s=100, ping_gap_error_s=100)))
    go_on.set()
    asking.join(10)
    assert "ping.gap" in codes(found[0])  # by the settings of the moment at which it was asked
    assert "ping.gap" not in codes(Diagnosis(ground.namespace).findings())


def test_many_readers_get_correct_answers_while_events_arrive(ground: Playground) -> None:
    sids = [ground.play(("play", 0.1, 0), start={"media.id": f"clip-{n}"}) for n in range(5)]
    answers: list[list[Finding]] = []
    failures: list[BaseException] = []
    begin = threading.Barrier(5)

    def ask() -> None:
        try:
            begin.wait(10)
            for _ in range(20):
                answers.append(Diagnosis(ground.namespace).findings())
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in asking:
        thread.start()
    begin.wait(10)
    for second in range(1, 41):
        assert ping(ground, sids[second % 5], second * 2, second * 2) == 204
    for thread in asking:
        thread.join(30)
    assert failures == []
    assert len(answers) == 80
    assert Diagnosis(ground.namespace).findings() == fresh(ground)
