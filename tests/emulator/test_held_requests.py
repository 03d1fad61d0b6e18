"""What a delay of stage ``request`` holds back: when it is processed, and what the journal tells of its arrival."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from mockserver.admin import entries
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import When
from mockserver.model.fault_kind import DelayFault, DuplicateFault, ExpireFault, StatusFault
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Stage
from tests.factories import T0, answer, emulator, event, fault, open_session, post_event, send, target
from tests.tables import every_case


def held_back(back_end: Emulator, event_type: str = "ping", *, playhead: float = 0) -> HeldRequest:
    held = back_end.handle(post_event("s", event(event_type, playhead=playhead)))
    assert isinstance(held, HeldRequest)
    return held


def recorded(back_end: Emulator) -> list[Entry]:
    return entries.events(target(back_end), Query()).events


def shown(back_end: Emulator) -> list[tuple[str | None, int, int, int]]:
    return [
        (entry.event_type, entry.at_ms - T0, entry.held_ms, entry.received or entry.seq) for entry in recorded(back_end)
    ]


def test_request_that_nothing_holds_back_arrived_when_it_was_processed() -> None:
    back_end = emulator()
    fault(back_end, StatusFault(code=500), when=When(event_type="play"))
    fault(back_end, DelayFault(ms=500), stage=Stage.RESPONSE)
    sid = open_session(back_end)
    for event_type in ("play", "ping"):
        back_end.clock.advance(100)
        answer(back_end, post_event(sid, event(event_type)))
    assert shown(back_end) == [("sessionStart", 0, 0, 1), ("play", 100, 0, 2), ("ping", 200, 0, 3)]


@every_case("late_ms", [0, 7, 3_600_000])
def test_request_is_processed_as_of_the_moment_when_it_was_due_however_late_that_is_noticed(late_ms: int) -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500))
    held = held_back(back_end)
    back_end.clock.advance(500 + late_ms)
    back_end.resume(held)
    assert shown(back_end) == [("ping", 500, 500, 1)]


def test_request_whose_wait_was_interrupted_was_held_back_until_then() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500))
    held = held_back(back_end)
    back_end.clock.advance(100)
    back_end.resume(held)
    assert shown(back_end) == [("ping", 100, 100, 1)]


def test_clock_that_was_set_back_meanwhile_gives_no_negative_delay() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500))
    held = held_back(back_end)
    back_end.clock.set(T0 - 60_000)
    back_end.resume(held)
    assert shown(back_end) == [("ping", -60_000, 0, 1)]


def test_both_copies_of_a_request_arrived_as_one_held_back_or_not() -> None:
    back_end = emulator()
    fault(back_end, DuplicateFault(), when=When(event_type="bufferStart"), stage=Stage.RESPONSE)
    fault(back_end, DuplicateFault(), when=When(event_type="pauseStart"))
    for event_type in ("bufferStart", "pauseStart"):
        send(back_end, "s", event_type)
    fault(back_end, DelayFault(ms=500))
    fault(back_end, DuplicateFault(), when=When(event_type="ping"))
    fault(back_end, DuplicateFault(), when=When(event_type="play"), stage=Stage.RESPONSE)
    held = held_back(back_end), held_back(back_end, "play")
    back_end.clock.advance(500)
    for each in held:
        back_end.resume(each)
    copies = [("bufferStart", 0, 0, 1), ("pauseStart", 0, 0, 3), ("ping", 500, 500, 5), ("play", 500, 500, 6)]
    assert shown(back_end) == [copy for copy in copies for _ in range(2)]


def test_request_that_a_fault_ends_after_a_delay_was_held_back_too() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500))
    fault(back_end, StatusFault(code=500))
    held = held_back(back_end)
    back_end.clock.advance(500)
    back_end.resume(held)
    assert shown(back_end) == [("ping", 500, 500, 1)]


def test_due_request_is_processed_before_later_arrivals_even_if_nobody_has_noticed_yet() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=500), when=When(event_type="sessionEnd"))
    held = back_end.handle(post_event(sid, event("sessionEnd")))
    assert isinstance(held, HeldRequest)
    back_end.clock.advance(499)
    assert send(back_end, sid) == 204
    back_end.clock.advance(1)
    assert send(back_end, sid, ts=T0 + 1) == 410
    plan = back_end.resume(held)
    assert plan is not None
    assert plan.response is not None
    assert plan.response.status == 204
    assert shown(back_end)[1:] == [("ping", 499, 0, 3), ("sessionEnd", 500, 500, 2), ("ping", 500, 0, 4)]


def test_due_requests_are_processed_by_time_then_by_arrival_whichever_thread_wakes_up_first() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500), when=When(event_type="play"))
    fault(back_end, DelayFault(ms=200), when=When(event_type=("ping", "bufferStart")))
    names = ("play", "ping", "bufferStart")
    held = [held_back(back_end, name) for name in names]
    back_end.clock.advance(1_000)
    plans = [back_end.resume(each) for each in held]
    assert [plan and plan.record.event_type for plan in plans] == list(names)
    assert [(name, received) for name, _, _, received in shown(back_end)] == [
        ("ping", 2),
        ("bufferStart", 3),
        ("play", 1),
    ]


def test_request_that_was_processed_before_a_reset_still_gets_its_answer() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500), when=When(event_type="play"))
    held = held_back(back_end, "play")
    back_end.clock.advance(500)
    send(back_end, "s")
    back_end.reset(("journal",))
    assert back_end.resume(held) is not None
    assert shown(back_end) == []


def test_order_of_arrival_begins_again_with_the_journal_whatever_was_held_back() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500), when=When(event_type="play"))
    forgotten = held_back(back_end, "play")
    back_end.reset(("journal",))
    send(back_end, "s")
    assert back_end.resume(forgotten) is None
    send(back_end, "s")
    assert [received for _, _, _, received in shown(back_end)] == [1, 2]


def test_faults_that_end_sessions_find_the_session_as_it_is_when_the_request_is_due() -> None:
    back_end = emulator(Settings(idle_timeout_s=10))
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=9_000), when=When(event_type="play"))
    fault(back_end, ExpireFault(), when=When(event_type="play"))
    held = back_end.handle(post_event(sid, event("play")))
    assert isinstance(held, HeldRequest)
    back_end.clock.advance(9_000)
    assert send(back_end, sid) == 410
    back_end.resume(held)


class Step(NamedTuple):
    """What happens next: time passes, then a request arrives, then one that waits wakes up, due or not."""

    gap_ms: int
    event_type: str
    wakes: int | None


@given(
    st.lists(
        st.builds(
            Step,
            st.sampled_from([0, 0, 0, 1, 50, 400]),
            st.sampled_from(["ping", "play", "pauseStart", "bufferStart"]),
            st.one_of(st.none(), st.integers(0, 5)),
        ),
        max_size=20,
    )
)
def test_order_and_time_of_arrival_can_be_derived_from_any_journal(steps: list[Step]) -> None:
    back_end = emulator()
    fault(back_end, DelayFault(lower=0, upper=300), when=When(event_type="play"))
    fault(back_end, DelayFault(ms=100), when=When(event_type=("play", "pauseStart")))
    fault(back_end, DuplicateFault(), when=When(event_type="bufferStart"), every=2)
    waiting: list[HeldRequest] = []
    received: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        back_end.clock.advance(step.gap_ms)
        received.append((number, back_end.clock.now_ms()))
        plan = back_end.handle(post_event("s", event(step.event_type, playhead=number)))
        if isinstance(plan, HeldRequest):
            waiting.append(plan)
        if waiting and step.wakes is not None:
            back_end.resume(waiting.pop(step.wakes % len(waiting)))
    for held in waiting:
        back_end.resume(held)
    told = sorted(recorded(back_end), key=lambda entry: entry.received or entry.seq)
    numbered = [(entry.event["playerTime"]["playhead"], entry.at_ms - entry.held_ms) for entry in told]
    assert list(dict.fromkeys(numbered)) == received
