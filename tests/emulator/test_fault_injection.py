"""Faults in the path of a request: before the back end sees it, and on its answer."""

from __future__ import annotations

import threading

from mockserver.admin.controls import set_clock
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import CloseFault, DelayFault, Fault, HangFault, ResetFault, StatusFault
from mockserver.model.http import HttpRequest
from mockserver.model.journal import Record
from mockserver.model.results import ClockCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Stage
from mockserver.namespaces import Namespace
from tests.factories import (
    T0,
    answer,
    emulator,
    event,
    fault,
    open_session,
    phase,
    post,
    post_event,
    response,
    send,
    start,
    target,
)
from tests.tables import every_case

BROKEN = StatusFault(code=500)
PREFLIGHT = HttpRequest("OPTIONS", "/api/v1/sessions", "/api/v1/sessions")
SCHEMA = HttpRequest("GET", "/api/v1/schemas/ping", "/api/v1/schemas/ping")


def last_record(back_end: Emulator) -> Record:
    record = back_end.journal.get(back_end.journal.last_seq)
    assert record is not None
    return record


def counters(back_end: Emulator) -> list[tuple[int, int]]:
    return [(rule.seen, rule.applied) for rule in back_end.faults.rules]


# Both stages.


def test_fault_of_stage_request_keeps_the_event_from_the_back_end() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    before = back_end.sessions.get(sid)
    rule = fault(back_end, BROKEN)
    back_end.clock.advance(1_000)
    assert send(back_end, sid, "sessionEnd") == 500
    assert back_end.sessions.get(sid) is before
    record = last_record(back_end)
    assert (record.outcome, record.fault_ids, record.delivery) == (
        Outcome.NOT_PROCESSED, (rule.id,), Delivery.PENDING,
    )  # fmt: skip
    assert record.response is not None
    assert (record.response.status, record.event_type, record.session_id) == (500, "sessionEnd", sid)


def test_fault_of_stage_response_loses_the_answer_to_an_event_that_was_processed() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, stage=Stage.RESPONSE)
    assert send(back_end, sid, "sessionEnd") == 500
    assert phase(back_end, sid).value == "closed"
    assert last_record(back_end).outcome is Outcome.ACCEPTED


def test_session_start_whose_answer_is_lost_leaves_an_orphan_session() -> None:
    back_end = emulator()
    fault(back_end, CloseFault(), stage=Stage.RESPONSE, when=When(event_type="sessionStart"), times=1)
    plan = answer(back_end, post("/api/v1/sessions", start()))
    assert (plan.response, plan.fault) == (None, CloseFault())
    open_session(back_end)
    assert len(back_end.sessions) == 2


@every_case("what", [ResetFault(), CloseFault(), HangFault()])
def test_request_that_gets_no_answer_is_recorded_without_one(what: Fault) -> None:
    back_end = emulator()
    fault(back_end, what)
    plan = answer(back_end, post("/api/v1/sessions", start()))
    assert (plan.fault, plan.response) == (what, None)
    assert last_record(back_end).response is None


def test_rule_of_stage_response_can_match_outcome_and_status() -> None:
    back_end = emulator()
    fault(back_end, BROKEN, stage=Stage.RESPONSE, when=When(outcome=Outcome.SESSION_CLOSED))
    fault(back_end, StatusFault(code=502), stage=Stage.RESPONSE, when=When(status=(400, 404)))
    sid = open_session(back_end)
    assert send(back_end, sid, "sessionEnd", ts=T0) == 204
    assert send(back_end, sid, ts=T0 + 1) == 500
    assert send(back_end, "x") == 502
    assert send(back_end, sid, "nonsense") == 502


# Delays.


def test_delay_of_stage_request_holds_the_request_back_until_the_clock_shows_the_time() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=500))
    fault(back_end, DelayFault(ms=250))
    held = back_end.handle(post_event(sid, event()))
    assert isinstance(held, HeldRequest)
    assert held.due_ms == T0 + 750
    assert len(back_end.journal) == 1, "it is not there before it is processed"
    back_end.clock.advance(750)
    plan = back_end.resume(held)
    assert plan is not None
    assert plan.response is not None
    assert (plan.response.status, plan.record.at_ms, plan.record.fault_ids) == (204, T0 + 750, ("f1", "f2"))


def test_session_can_die_while_its_event_is_held_back() -> None:
    back_end = emulator(Settings(idle_timeout_s=10))
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=11_000))
    held = back_end.handle(post_event(sid, event()))
    assert isinstance(held, HeldRequest)
    back_end.clock.advance(11_000)
    plan = back_end.resume(held)
    assert plan is not None
    assert plan.response is not None
    assert plan.response.status == 410


def test_delay_before_another_fault_comes_first() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=100))
    fault(back_end, ResetFault())
    held = back_end.handle(post("/api/v1/sessions", start()))
    assert isinstance(held, HeldRequest)
    plan = back_end.resume(held)
    assert plan is not None
    assert (plan.fault, plan.response) == (ResetFault(), None)
    assert last_record(back_end).fault_ids == ("f1", "f2")


def test_delay_of_stage_response_keeps_the_answer_back_after_processing() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=100), stage=Stage.RESPONSE)
    plan = answer(back_end, post_event(sid, event("sessionEnd")))
    assert plan.response is not None
    assert (plan.until_ms, plan.fault, plan.response.status) == (T0 + 100, None, 204)
    assert phase(back_end, sid).value == "closed"


def test_delay_of_the_answer_counts_from_where_the_event_has_moved_the_clock() -> None:
    back_end = emulator()
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=100), stage=Stage.RESPONSE)
    plan = answer(back_end, post_event(sid, event(ts=T0 + 60_000)))
    assert plan.until_ms == T0 + 60_100


def test_delay_of_nothing_holds_nothing_back() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=0))
    assert isinstance(back_end.handle(post("/api/v1/sessions", start())), AnswerPlan)
    assert counters(back_end) == [(1, 1)]


# Which requests.


@every_case(("request_", "operation"), [(PREFLIGHT, Operation.PREFLIGHT), (SCHEMA, Operation.SCHEMA)])
def test_preflights_and_schema_reads_are_struck_only_when_they_are_named(
    request_: HttpRequest, operation: Operation
) -> None:
    back_end = emulator()
    fault(back_end, BROKEN)
    assert response(back_end, request_).status == 200
    assert counters(back_end) == [(0, 0)]
    fault(back_end, StatusFault(code=503), when=When(operation=operation))
    assert response(back_end, request_).status == 503


def test_nth_session_is_the_one_a_start_would_open_and_all_its_events() -> None:
    back_end = emulator()
    fault(back_end, BROKEN, when=When(nth_session=2))
    first = open_session(back_end)
    assert response(back_end, post("/api/v1/sessions", start())).status == 500
    assert response(back_end, post("/api/v1/sessions", start())).status == 500, "it was not opened"
    assert send(back_end, first) == 204
    fault_ids = [rule.id for rule in back_end.faults.rules]
    back_end.faults.remove(fault_ids[0])
    second = open_session(back_end)
    fault(back_end, BROKEN, when=When(nth_session=(2, 7)))
    assert (send(back_end, first), send(back_end, second)) == (204, 500)
    assert send(back_end, "unknown") == 404


@every_case("stage", list(Stage))
def test_in_ad_is_what_the_session_was_before_the_event(stage: Stage) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, when=When(in_ad=True), stage=stage, every=10**9)
    seen = []
    for event_type in ("adBreakStart", "adStart", "ping", "adComplete", "ping", "adStart", "sessionEnd"):
        before = counters(back_end)[0][0]
        send(back_end, sid, event_type, ts=T0)
        seen.append(counters(back_end)[0][0] - before)
    assert seen == [0, 0, 1, 1, 0, 0, 1]


def test_session_that_timed_out_is_not_in_an_ad() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "adStart")
    fault(back_end, BROKEN, when=When(in_ad=True))
    back_end.clock.advance(3_600_000)
    assert send(back_end, sid) == 410


def test_conditions_on_the_body_must_all_hold() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, when=When(where=("/playerTime/playhead>10", "/eventType=ping")))
    assert [send(back_end, sid, name, playhead=at) for name, at in (("ping", 11), ("ping", 10), ("play", 11))] == [
        500, 204, 204,
    ]  # fmt: skip


def test_rule_ends_after_its_ttl_on_the_emulated_clock() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, ttl_ms=1_000)
    back_end.clock.advance(999)
    assert send(back_end, sid) == 500
    back_end.clock.advance(1)
    assert send(back_end, sid) == 204


def test_rule_that_is_over_stays_over_when_the_clock_goes_back() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, ttl_ms=1_000)
    for at_ms, status in ((T0 - 5_000, 500), (T0 + 999, 500), (T0 + 1_000, None), (T0, 204)):
        set_clock(target(back_end), ClockCommand(action="set", at_ms=at_ms))
        assert status is None or send(back_end, sid) == status


# What is sent and recorded.


def test_injected_answer_is_marked_unless_that_is_switched_off() -> None:
    for on, mark in ((True, "f1"), (False, None)):
        back_end = emulator(Settings(fault_header=on), faults=(FaultSpec(fault=BROKEN),))
        answered = response(back_end, post("/api/v1/sessions", start()))
        assert dict(answered.headers).get("X-Mock-Fault") == mark


def test_rule_that_never_fires_changes_nothing_byte_for_byte() -> None:
    plain, ruled = emulator(), emulator()
    for stage in Stage:
        fault(ruled, BROKEN, probability=0, stage=stage)
        fault(ruled, DelayFault(ms=9), probability=0, stage=stage)
    requests = [PREFLIGHT, SCHEMA, post("/api/v1/sessions", start()), post("/x"), post_event("x", event())]
    for request in requests:
        assert answer(plain, request).response == answer(ruled, request).response
    assert [record and record.fault_ids for record in map(ruled.journal.get, range(1, 6))] == [()] * 5
    assert last_record(ruled).draws == ()


def test_journal_has_the_draws_whether_they_fired_or_not() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, probability=0.5)
    fault(back_end, BROKEN, probability=0.5, stage=Stage.RESPONSE)
    fired = []
    for _ in range(30):
        send(back_end, sid)
        record = last_record(back_end)
        fired.append(tuple((draw.fault_id, draw.fired) for draw in record.draws))
        assert record.fault_ids == tuple(draw.fault_id for draw in record.draws if draw.fired)
    assert set(fired) == {(("f1", True),), (("f1", False), ("f2", True)), (("f1", False), ("f2", False))}


def test_counters_are_exact_under_threads() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, skip=10, every=3, times=100)
    statuses: list[int] = []

    def play() -> None:
        for _ in range(100):
            statuses.append(send(namespace, sid))

    namespace = Namespace(back_end)
    threads = [threading.Thread(target=play) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters(back_end) == [(400, 100)]
    assert (statuses.count(500), statuses.count(204)) == (100, 300)
    assert len(back_end.journal) == 401


def test_request_that_is_held_back_is_forgotten_by_a_reset() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500))
    held = back_end.handle(post("/api/v1/sessions", start()))
    assert isinstance(held, HeldRequest)
    back_end.reset(["journal", "sessions", "faults"])
    assert back_end.resume(held) is None
    assert (len(back_end.journal), len(back_end.sessions)) == (0, 0)


def test_more_requests_than_may_be_held_back_are_answered_429() -> None:
    back_end = emulator(Settings(max_held=1))
    fault(back_end, DelayFault(ms=500))
    held = back_end.handle(post("/api/v1/sessions", start()))
    assert isinstance(held, HeldRequest)
    refused = answer(back_end, post("/api/v1/sessions", start()))
    assert refused.response is not None
    assert (refused.response.status, refused.record.violations[0].rule) == (429, "held")
    back_end.resume(held)
    assert isinstance(back_end.handle(post("/api/v1/sessions", start())), HeldRequest)
