"""What moving the clock does to requests that a delay of stage ``request`` holds back."""

from __future__ import annotations

import pytest

from mockserver.admin import controls, entries
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import When
from mockserver.model.fault_kind import DelayFault
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from tests.factories import T0, emulator, event, fault, open_session, post_event, send, target
from tests.tables import every_case


@pytest.fixture
def back_end() -> Emulator:
    """A back end that holds every request back for half a second of its clock, which stands."""
    made = emulator()
    fault(made, DelayFault(ms=500))
    return made


def held_back(back_end: Emulator, event_type: str) -> HeldRequest:
    held = back_end.handle(post_event("s", event(event_type)))
    assert isinstance(held, HeldRequest)
    return held


def advance(back_end: Emulator, ms: int) -> None:
    controls.set_clock(target(back_end), ClockCommand(action="advance", ms=ms))


def recorded(back_end: Emulator) -> list[Entry]:
    return entries.events(target(back_end), Query()).events


def test_what_is_due_has_been_processed_when_the_move_of_the_clock_is_answered(back_end: Emulator) -> None:
    held_back(back_end, "play")
    held_back(back_end, "ping")
    advance(back_end, 499)
    assert recorded(back_end) == []
    advance(back_end, 1)
    assert [(entry.event_type, entry.at_ms) for entry in recorded(back_end)] == [("play", T0 + 500), ("ping", T0 + 500)]


def test_who_waits_late_gets_the_answer_of_that_moment_and_nothing_is_processed_twice(back_end: Emulator) -> None:
    held = [held_back(back_end, event_type) for event_type in ("play", "ping")]
    advance(back_end, 500)
    advance(back_end, 3_600_000)
    for late in reversed(held):
        plan = back_end.resume(late)
        assert plan is not None
        assert plan.record.at_ms == T0 + 500
    assert len(recorded(back_end)) == 2


def test_due_request_is_processed_before_the_clock_is_set_back(back_end: Emulator) -> None:
    held_back(back_end, "ping")
    back_end.clock.advance(700)
    controls.set_clock(target(back_end), ClockCommand(action="set", at_ms=T0 - 60_000))
    (entry,) = recorded(back_end)
    assert (entry.at_ms, entry.held_ms) == (T0 + 500, 500)


@every_case("steps_ms", [[660_000], [500, 659_500], [300_000, 360_000]], ids=str)
def test_delay_of_half_a_second_costs_no_session_its_life_however_far_the_clock_jumps(steps_ms: list[int]) -> None:
    back_end = emulator(Settings(idle_timeout_s=600))
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=500), when=When(event_type="ping"))
    held = back_end.handle(post_event(sid, event("ping")))
    assert isinstance(held, HeldRequest)
    for ms in steps_ms:
        advance(back_end, ms)
    plan = back_end.resume(held)
    assert plan is not None
    assert (plan.record.outcome, plan.record.at_ms) == (Outcome.ACCEPTED, T0 + 500)
    assert send(back_end, sid, "bufferStart") == 410, "ten minutes after that ping"


@pytest.mark.parametrize("parts", [("clock",), ("sessions",), ("settings",), ("faults",)], ids=str)
def test_what_is_due_has_been_processed_before_something_else_is_reset(
    back_end: Emulator, parts: tuple[str, ...]
) -> None:
    held_back(back_end, "ping")
    back_end.clock.advance(500)
    back_end.reset(parts)
    assert [entry.at_ms for entry in recorded(back_end)] == [T0 + 500]
