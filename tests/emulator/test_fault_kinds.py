"""Faults that concern the back end: sessions that end, requests that arrive twice, answers it would have given."""

from __future__ import annotations

from itertools import count

from mockserver.clock import Clock, RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import When
from mockserver.model.fault_kind import (
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    Fault,
    ForgetFault,
    GarbleFault,
    OutcomeFault,
    RefuseFault,
    ResponsesFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.journal import Record
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Outcome, Stage
from tests.factories import (
    MINUTE_MS,
    T0,
    answer,
    batch,
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
)
from tests.tables import every_case

STAGES = list(Stage)
ENDS = [(ExpireFault, "closed", 410), (ForgetFault, "forgotten", 404)]
End = type[ExpireFault] | type[ForgetFault]
SHAPES: list[Fault] = [
    TruncateFault(after_bytes=20),
    GarbleFault(),
    DribbleFault(chunks=2, total_ms=10),
    DropHeaderFault(name="Location"),
]


def records(back_end: Emulator) -> list[Record]:
    found = [back_end.journal.get(seq) for seq in range(1, back_end.journal.last_seq + 1)]
    return [record for record in found if record is not None]


def applied(back_end: Emulator) -> list[int]:
    return [rule.applied for rule in back_end.faults.rules]


# Sessions that end.


@every_case(("kind", "after", "status"), ENDS)
def test_session_ends_just_before_its_event_is_processed(kind: End, after: str, status: int) -> None:
    back_end = emulator()
    sid, other = open_session(back_end), open_session(back_end)
    fault(back_end, kind(), times=1)
    refused = response(back_end, post_event(sid, event()))
    assert (refused.status, phase(back_end, sid).value, phase(back_end, other).value) == (status, after, "open")
    assert "X-Mock-Fault" not in dict(refused.headers), "the answer is the back end's own"
    assert records(back_end)[-1].fault_ids == ("f1",)
    assert records(back_end)[-1].delivery is Delivery.SENT


@every_case(("kind", "after", "status"), ENDS)
def test_session_ends_just_after_its_event_was_processed(kind: End, after: str, status: int) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, kind(), stage=Stage.RESPONSE, times=1)
    assert send(back_end, sid) == 204
    assert phase(back_end, sid).value == after
    assert send(back_end, sid) == status


@every_case(("kind", "after", "status"), ENDS)
def test_all_sessions_end_at_once(kind: End, after: str, status: int) -> None:
    back_end = emulator()
    sids = [open_session(back_end) for _ in range(3)]
    fault(back_end, kind(sessions="all"), times=1)
    assert send(back_end, sids[0]) == status
    assert {phase(back_end, sid).value for sid in sids} == {after}
    assert phase(back_end, open_session(back_end)).value == "open"


@every_case("stage", STAGES)
def test_rule_that_ends_the_session_of_a_request_without_one_has_struck_all_the_same(stage: Stage) -> None:
    back_end = emulator()
    other = open_session(back_end)
    fault(back_end, ExpireFault(), stage=stage, when=When(session_id="unknown"))
    assert send(back_end, "unknown") == 404
    assert (applied(back_end), phase(back_end, other).value) == ([1], "open")


def test_session_that_a_start_opened_ends_with_its_answer() -> None:
    back_end = emulator()
    fault(back_end, ExpireFault(), stage=Stage.RESPONSE, when=When(event_type="sessionStart"))
    sid = open_session(back_end)
    assert send(back_end, sid) == 410
    fault(back_end, ForgetFault())
    assert phase(back_end, open_session(back_end)).value == "closed", "before it is opened there is nothing to forget"


def test_session_that_is_closed_by_its_own_last_event_stays_so() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, ExpireFault(), stage=Stage.RESPONSE)
    send(back_end, sid, "sessionEnd")
    known = back_end.sessions.get(sid)
    assert known is not None
    assert known.closed_by is not None
    assert known.closed_by.value == "session_end"


# Requests that arrive twice.


def test_duplicate_is_processed_twice_and_answered_by_the_second() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DuplicateFault(), times=1)
    plan = answer(back_end, post_event(sid, event("sessionEnd")))
    first, second = records(back_end)[1:]
    assert plan.record is second
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.SESSION_CLOSED)
    assert plan.response is not None
    assert plan.response.status == 410
    assert (first.fault_ids, second.fault_ids) == (("f1",), ("f1",))
    assert (first.delivery, second.delivery) == (Delivery.CUT, Delivery.SENT)
    assert first.body == second.body


def test_duplicate_of_the_answered_request_leaves_the_client_the_first_answer() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DuplicateFault(), stage=Stage.RESPONSE)
    plan = answer(back_end, post_event(sid, event("sessionEnd")))
    first, second = records(back_end)[1:]
    assert plan.record is first
    assert plan.response is not None
    assert plan.response.status == 204
    assert (second.outcome, second.delivery, second.fault_ids) == (Outcome.SESSION_CLOSED, Delivery.CUT, ("f1",))


@every_case("stage", STAGES)
def test_both_copies_of_a_request_are_processed_at_the_same_instant_however_fast_the_clock_runs(stage: Stage) -> None:
    looks = count()
    back_end = Emulator(clock=Clock(RealTime(lambda: T0, lambda: next(looks) * 1_000_000)))
    fault(back_end, DuplicateFault(), stage=stage)
    sid = open_session(back_end)
    send(back_end, sid)
    starts, pings = records(back_end)[:2], records(back_end)[2:]
    assert starts[0].at_ms == starts[1].at_ms < pings[0].at_ms == pings[1].at_ms


def test_duplicated_session_start_leaves_an_orphan_session() -> None:
    back_end = emulator()
    fault(back_end, DuplicateFault())
    sid = open_session(back_end)
    assert [known.sid for known in back_end.sessions] == [records(back_end)[0].session_id, sid]


def test_rules_of_stage_response_hit_only_the_second_copy() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DuplicateFault(), probability=0.999999)
    fault(back_end, StatusFault(code=503), stage=Stage.RESPONSE)
    assert send(back_end, sid) == 503
    first, second = records(back_end)[1:]
    assert (first.fault_ids, second.fault_ids) == (("f1",), ("f1", "f2"))
    assert applied(back_end) == [1, 1]
    assert (len(first.draws), len(second.draws)) == (1, 0), "what was drawn once stands there once"


def test_delayed_duplicate_arrives_twice_when_it_is_due() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=100))
    fault(back_end, DuplicateFault())
    held = back_end.handle(post_event(sid, event()))
    assert isinstance(held, HeldRequest)
    assert len(records(back_end)) == 1
    back_end.clock.advance(100)
    back_end.resume(held)
    assert [record.at_ms for record in records(back_end)] == [T0, T0 + 100, T0 + 100]


# Answers that the back end would have given.


@every_case("what", SHAPES)
def test_start_that_never_arrives_is_answered_with_a_session_that_does_not_exist(what: Fault) -> None:
    back_end, untouched = emulator(), emulator()
    fault(back_end, what, times=1)
    plan = answer(back_end, post("/api/v1/sessions", start()))
    assert plan.response is not None
    location = dict(plan.response.headers).get("Location")
    assert (plan.response.status, plan.fault) == (201, what)
    if location is None:
        assert isinstance(what, DropHeaderFault)
    else:
        assert send(back_end, location.rpartition("/")[2]) == 404
    record = records(back_end)[0]
    assert (record.outcome, record.session_id, record.delivery) == (Outcome.NOT_PROCESSED, None, Delivery.PENDING)
    assert record.response == plan.response
    assert (len(back_end.sessions), back_end.sessions.opened) == (0, 0)
    assert open_session(back_end) == open_session(untouched), "the ids of real sessions are the same"


@every_case("what", SHAPES)
def test_event_that_never_arrives_is_answered_as_it_would_be_and_changes_nothing(what: Fault) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    known = back_end.sessions.get(sid)
    fault(back_end, what, when=When(where="/playerTime/ts>0"))
    back_end.clock.advance(1_000)
    statuses = []
    for request in (
        post_event(sid, event("sessionEnd")),
        post_event(sid, event("nonsense")),
        post_event("unknown", event("sessionEnd")),
    ):
        answered = answer(back_end, request).record.response
        assert answered is not None
        statuses.append(answered.status)
    assert statuses == [204, 400, 404]
    assert back_end.sessions.get(sid) is known
    assert send(back_end, sid) == 204
    back_end.clock.advance(11 * MINUTE_MS)
    late = answer(back_end, post_event(sid, event("sessionEnd"))).record.response
    assert late is not None
    assert late.status == 410


def test_event_that_never_arrives_does_not_move_the_clock_that_follows_it() -> None:
    back_end = emulator(Settings(idle_timeout_s=10))
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    fault(back_end, GarbleFault())
    plan = answer(back_end, post_event(sid, event(ts=T0 + 60_000)))
    assert plan.record.response is not None
    assert (plan.record.response.status, plan.record.at_ms, back_end.clock.now_ms()) == (410, T0, T0)


@every_case("what", SHAPES)
def test_answer_of_a_processed_request_is_shaped_and_recorded(what: Fault) -> None:
    back_end = emulator()
    fault(back_end, what, stage=Stage.RESPONSE)
    plan = answer(back_end, post("/api/v1/sessions", start()))
    assert len(back_end.sessions) == 1
    assert plan.response is plan.record.response
    assert plan.response is not None
    assert (plan.response.status, plan.record.outcome) == (201, Outcome.OPENED)
    assert dict(plan.response.headers)["X-Mock-Fault"] == "f1"


def test_downloaded_content_that_never_arrives_opens_nothing() -> None:
    back_end = emulator()
    fault(back_end, DropHeaderFault(name="Content-Type"))
    assert response(back_end, post("/api/v1/downloaded", batch("sessionEnd"))).status == 201
    assert len(back_end.sessions) == 0


# Outcomes, refusals, scripts.


@every_case(("outcome", "status"), [("unknown_session", 404), ("session_closed", 410)])
@every_case("after_end", [204, 404, 410])
@every_case("stage", STAGES)
def test_injected_outcome_has_its_status_whatever_after_end_says(
    outcome: str, status: int, after_end: int, stage: Stage
) -> None:
    back_end = emulator(Settings(after_end=after_end))  # type: ignore[arg-type]
    sid = open_session(back_end)
    fault(back_end, OutcomeFault(outcome=outcome), stage=stage)  # type: ignore[arg-type]
    assert send(back_end, sid) == status
    assert phase(back_end, sid).value == "open"


def test_refusal_reaches_the_server_and_leaves_no_answer() -> None:
    back_end = emulator()
    fault(back_end, RefuseFault(duration_ms=300))
    plan = answer(back_end, post("/api/v1/sessions", start()))
    assert (plan.fault, plan.response, plan.record.response) == (RefuseFault(duration_ms=300), None, None)


def test_script_mixes_all_kinds_in_the_order_of_requests() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    script = ResponsesFault(
        responses=("pass", StatusFault(code=503, repeat=2), OutcomeFault(outcome="unknown_session"), ExpireFault()),
        then="pass",
    )
    fault(back_end, script)
    assert [send(back_end, sid) for _ in range(6)] == [204, 503, 503, 404, 410, 410]
    assert [record.fault_ids for record in records(back_end)[1:]] == [(), ("f1",), ("f1",), ("f1",), ("f1",), ()]
    assert applied(back_end) == [6]


def test_dropped_cors_header_is_missing_at_either_stage() -> None:
    for stage in STAGES:
        back_end = emulator()
        fault(back_end, DropHeaderFault(name="access-control-allow-origin"), stage=stage)
        assert "Access-Control-Allow-Origin" not in dict(response(back_end, post("/api/v1/sessions", start())).headers)
