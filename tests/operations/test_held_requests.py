"""What moving the clock does to requests that a delay of stage ``request`` holds back."""

from __future__ import annotations

import pytest

from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import DelayFault
from mockserver.model.journal import Entry
from mockserver.model.plan import Suspended
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand
from mockserver.operations import namespace as n
from tests.factories import T0, emulator, event, fault, post_event


@pytest.fixture
def back_end() -> Emulator:
    """A back end that holds every request back for half a second of its clock, which stands."""
    made = emulator()
    fault(made, DelayFault(ms=500))
    return made


def held_back(back_end: Emulator, event_type: str) -> Suspended:
    held = back_end.handle(post_event("s", event(event_type)))
    assert isinstance(held, Suspended)
    return held


def advance(back_end: Emulator, ms: int) -> None:
    n.set_clock(back_end, ClockCommand(action="advance", ms=ms))


def entries(back_end: Emulator) -> list[Entry]:
    return n.events(back_end, Query()).events


def test_what_is_due_has_been_processed_when_the_move_of_the_clock_is_answered(back_end: Emulator) -> None:
    held_back(back_end, "play")
    held_back(back_end, "ping")
    advance(back_end, 499)
    assert entries(back_end) == []
    advance(back_end, 1)
    assert [(entry.event_type, entry.at_ms) for entry in entries(back_end)] == [("play", T0 + 500), ("ping", T0 + 500)]


def test_who_waits_late_gets_the_answer_of_that_moment_and_nothing_is_processed_twice(back_end: Emulator) -> None:
    held = [held_back(back_end, event_type) for event_type in ("play", "ping")]
    advance(back_end, 500)
    advance(back_end, 3_600_000)
    for late in reversed(held):
        plan = back_end.resume(late.token)
        assert plan is not None
        assert plan.record.at_ms == T0 + 500
    assert len(entries(back_end)) == 2


def test_what_became_due_by_itself_is_processed_before_the_clock_moves_on(back_end: Emulator) -> None:
    held_back(back_end, "ping")
    back_end.clock.advance(700)
    advance(back_end, 60_000)
    (entry,) = entries(back_end)
    assert (entry.at_ms, entry.held_ms) == (T0 + 700, 700)
