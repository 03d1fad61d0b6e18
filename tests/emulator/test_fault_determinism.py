"""The same seed and the same requests give the same faults, byte for byte; and no rule loses count."""

from __future__ import annotations

import json
import threading
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model import fault_kind as f
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.fault import FaultSpec, Range, When
from mockserver.model.http import HttpRequest
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Stage
from mockserver.namespaces import Namespace
from mockserver.wire.codec import encode
from mockserver.wire.entries import entry
from tests.factories import batch, emulator, event, open_session, post, post_event, send, start

# Any rule.

small = st.integers(0, 3)
outcomes = st.sampled_from(["unknown_session", "session_closed"])
whose = st.sampled_from(["own", "all"])
delays = st.one_of(
    st.builds(f.DelayFault, ms=st.integers(0, 2_000)),
    st.builds(f.DelayFault, lower=st.integers(0, 5), upper=st.integers(5, 900)),
    st.builds(f.DelayFault, median=st.integers(0, 300), sigma=st.floats(0, 2)),
)
simple: st.SearchStrategy[Any] = st.one_of(
    delays,
    st.builds(f.StatusFault, code=st.sampled_from([200, 204, 429, 503]), headers=st.just({"Retry-After": "5"})),
    st.builds(f.OutcomeFault, outcome=outcomes),
    st.builds(f.ExpireFault, sessions=whose),
    st.builds(f.ForgetFault, sessions=whose),
    st.builds(f.DuplicateFault),
    st.builds(f.ResetFault),
    st.builds(f.CloseFault),
    st.builds(f.HangFault),
    st.builds(f.RefuseFault, duration_ms=st.just(50)),
    st.builds(f.TruncateFault, after_bytes=small),
    st.builds(f.GarbleFault),
    st.builds(f.DribbleFault, chunks=st.just(2), total_ms=small),
    st.builds(f.DropHeaderFault, name=st.sampled_from(["Location", "Content-Length"])),
)
items = st.one_of(simple, st.just("pass"), st.builds(f.Pass, repeat=st.integers(1, 3)))
scripts = st.builds(
    f.ResponsesFault,
    responses=st.lists(items, min_size=1, max_size=4).map(tuple),
    then=st.sampled_from(["last", "cycle", "pass"]),
)
ranges = st.builds(Range, at_least=st.none() | st.integers(0, 4), below=st.none() | st.integers(5, 60))
whens = st.builds(
    When,
    event_type=st.sampled_from([None, "ping", ("play", "sessionStart")]),
    operation=st.sampled_from([None, None, None, Operation.PREFLIGHT, (Operation.EVENT, Operation.SCHEMA)]),
    where=st.sampled_from([(), "/playerTime/playhead>2"]),
    nth_session=st.sampled_from([None, None, (1, 3)]),
    nth_event=st.sampled_from([None, None, 1, (2, 4)]),
    in_ad=st.sampled_from([None, None, True, False]),
    in_break=st.sampled_from([None, None, True, False]),
    playhead_s=st.none() | ranges,
    session_age_s=st.none() | ranges,
    media_id=st.sampled_from([None, None, "clip-*"]),
    header=st.sampled_from([(), "content-type*=json"]),
)
numbers: dict[str, Any] = {
    "when": whens,
    "stage": st.sampled_from(Stage),
    "skip": st.integers(0, 2),
    "every": st.integers(1, 3),
    "times": st.none() | st.integers(0, 4),
    "ttl_ms": st.none() | st.just(20_000),
}
specs = st.builds(
    FaultSpec, fault=simple | scripts, probability=st.sampled_from([1, 1, 0.5, 0.9]), **numbers
)  # fmt: skip
rule_lists = st.lists(specs, max_size=5)

# Any requests.

PATHS = {"preflight": "OPTIONS /api/v1/sessions", "schema": "GET /api/v1/schemas/ping", "nothing": "GET /nothing"}
EVENT_TYPES = ["ping", "ping", "ping", "play", "adBreakStart", "adStart", "adComplete", "nonsense", "sessionEnd"]


class Step(NamedTuple):
    """What is sent, and how much emulated time passes before."""

    gap_ms: int
    what: str
    session: int
    playhead: int


steps = st.lists(
    st.builds(
        Step,
        gap_ms=st.sampled_from([0, 0, 100, 1_000, 10_000]),
        what=st.sampled_from([*EVENT_TYPES, "start", "start", "batch", *PATHS]),
        session=st.integers(0, 3),
        playhead=st.integers(0, 6),
    ),
    max_size=25,
)


def request_of(back_end: Emulator, step: Step) -> HttpRequest:
    if step.what in PATHS:
        method, path = PATHS[step.what].split()
        return HttpRequest(method, path, path)
    if step.what == "start":
        return post("/api/v1/sessions", start(playhead=step.playhead))
    if step.what == "batch":
        return post("/api/v1/downloaded", batch("ping", "sessionEnd"))
    sids = [known.sid for known in back_end.sessions] or ["unknown"]
    return post_event(sids[step.session % len(sids)], event(step.what, playhead=step.playhead))


def played(back_end: Emulator, sequence: list[Step]) -> list[AnswerPlan | None]:
    """Send requests; those that are held back go on when their time has come, whatever was sent meanwhile."""
    plans: list[AnswerPlan | None] = []
    held: list[HeldRequest] = []

    def resume(until_ms: int) -> None:
        for each in sorted(held, key=lambda suspended: suspended.due_ms):
            if each.due_ms <= until_ms:
                held.remove(each)
                plans.append(back_end.resume(each))

    for step in sequence:
        back_end.clock.advance(step.gap_ms)
        resume(back_end.clock.now_ms())
        plan = back_end.handle(request_of(back_end, step))
        held.append(plan) if isinstance(plan, HeldRequest) else plans.append(plan)
    back_end.clock.advance(10**8)
    resume(back_end.clock.now_ms())
    return plans


def sent_alone(back_end: Emulator, gap_ms: int, request: HttpRequest) -> None:
    """Send a request and let time pass until it has been processed."""
    back_end.clock.advance(gap_ms)
    plan = back_end.handle(request)
    if isinstance(plan, HeldRequest):
        back_end.clock.advance(plan.due_ms - back_end.clock.now_ms())
        back_end.resume(plan)


def journal(back_end: Emulator) -> bytes:
    records = ((seq, back_end.journal.get(seq)) for seq in range(1, back_end.journal.last_seq + 1))
    return b"\n".join(
        encode(entry(seq, record, back_end.read(record))) for seq, record in records if record is not None
    )


def shown(plans: list[AnswerPlan | None]) -> bytes:
    return repr([plan and (plan.response, plan.fault, plan.until_ms) for plan in plans]).encode()


@settings(max_examples=3 * settings().max_examples // 2)
@given(rule_lists, steps)
def test_same_seed_and_same_requests_give_the_same_journal_and_the_same_answers(
    rules: list[FaultSpec], sequence: list[Step]
) -> None:
    one, two = emulator(faults=rules), emulator(faults=rules)
    assert shown(played(one, sequence)) == shown(played(two, sequence))
    assert journal(one) == journal(two)
    assert one.faults.rules == two.faults.rules
    assert list(one.sessions) == list(two.sessions)


@given(rule_lists, steps)
def test_requests_read_back_from_a_journal_give_that_journal_again(
    rules: list[FaultSpec], sequence: list[Step]
) -> None:
    one, two = emulator(faults=rules), emulator(faults=rules)
    for step in sequence:
        sent_alone(one, step.gap_ms, request_of(one, step))
    recorded = [json.loads(line) for line in journal(one).splitlines()]
    arrived = [each for each in recorded if each["delivery"] != Delivery.CUT.value]  # the copies were made here
    assert len(arrived) == len(sequence)
    for step, each in zip(sequence, arrived, strict=True):
        said = each["request"]
        headers = tuple((name.encode(), value.encode()) for name, value in said["headers"])
        request = HttpRequest(said["method"], said["path"], said["path"], headers, said["body"].encode())
        sent_alone(two, step.gap_ms, request)
    assert journal(one) == journal(two)


@settings(max_examples=3 * settings().max_examples // 2)
@given(rule_lists, simple | scripts, st.fixed_dictionaries(numbers), steps)
def test_rule_of_probability_0_changes_nothing_byte_for_byte(
    rules: list[FaultSpec], what: f.Fault, members: dict[str, Any], sequence: list[Step]
) -> None:
    never = FaultSpec(fault=what, probability=0, **members)
    without, ruled = emulator(faults=rules), emulator(faults=[*rules, never])
    assert shown(played(without, sequence)) == shown(played(ruled, sequence))
    assert journal(without) == journal(ruled)
    assert without.faults.rules == ruled.faults.rules[:-1]
    assert ruled.faults.rules[-1].applied == 0
    assert list(without.sessions) == list(ruled.sessions)


@given(rule_lists, steps)
def test_what_never_reached_the_back_end_changed_no_session(rules: list[FaultSpec], sequence: list[Step]) -> None:
    back_end = emulator(faults=rules)
    for step in sequence:
        request, before, last = request_of(back_end, step), list(back_end.sessions), back_end.journal.last_seq
        sent_alone(back_end, step.gap_ms, request)
        made = [back_end.journal.get(seq) for seq in range(last + 1, back_end.journal.last_seq + 1)]
        if [record.outcome for record in made if record is not None] == [Outcome.NOT_PROCESSED]:
            assert list(back_end.sessions) == before


# Counters.

counted = st.lists(
    st.tuples(
        st.sampled_from([f.StatusFault(code=500), f.DuplicateFault(), f.GarbleFault(), f.CloseFault()]),
        st.sampled_from(Stage),
        st.integers(0, 20),
        st.integers(1, 4),
        st.none() | st.integers(0, 30),
        st.sampled_from([1, 0.5]),
    ),
    min_size=3,
    max_size=3,
)


@settings(max_examples=settings().max_examples // 4)
@given(counted)
def test_counters_add_up_under_threads_and_no_rule_fires_too_often(drawn: list[tuple[Any, ...]]) -> None:
    types = ("ping", "play", "pauseStart")
    back_end = emulator()
    sid = open_session(back_end)
    for event_type, (what, stage, skip, every, times, probability) in zip(types, drawn, strict=True):
        spec = FaultSpec(
            fault=what, when=When(event_type=event_type), stage=stage, skip=skip, every=every, times=times,
            probability=probability,
        )  # fmt: skip
        back_end.faults.add(spec, back_end.clock.now_ms())
    threads_count, rounds = 4, 15
    namespace = Namespace(back_end)

    def play() -> None:
        for _ in range(rounds):
            for event_type in types:
                namespace.handle(post_event(sid, event(event_type)))

    threads = [threading.Thread(target=play) for _ in range(threads_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    records = [back_end.journal.get(seq) for seq in range(1, back_end.journal.last_seq + 1)]
    for rule, (what, _, skip, every, times, probability) in zip(back_end.faults.rules, drawn, strict=True):
        total = threads_count * rounds
        turns = (total - skip) // every
        draws = [draw for record in records if record for draw in record.draws if draw.fault_id == rule.id]
        struck = sum(rule.id in record.fault_ids for record in records if record)
        assert rule.seen == total
        assert struck == rule.applied * (2 if isinstance(what, f.DuplicateFault) else 1)
        if probability == 1:
            assert rule.applied == min(turns, turns if times is None else times)
        else:
            assert len(draws) == turns
            assert rule.applied == sum(draw.fired for draw in draws) <= (turns if times is None else times)
    assert send(back_end, sid, "bufferStart") == 204
