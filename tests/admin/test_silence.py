"""Waiting for silence: measured on the emulated clock, however that gets there."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockserver.admin import entries
from mockserver.admin.waiting import Pending
from mockserver.clock import Clock, RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, Refused
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand, WaitResult
from mockserver.model.settings import Settings
from tests.factories import T0, answered, awaited, emulator, open_session, send, target

PINGS = Query(event_type="ping")


def silence(
    back_end: Emulator, ms: int = 15_000, query: Query = PINGS, timeout_ms: int = 60_000
) -> Pending[WaitResult]:
    return awaited(entries.wait(target(back_end), WaitCommand(query=query, silence_ms=ms, timeout_ms=timeout_ms)))


def over(pending: Pending[Any]) -> bool:
    assert pending.waiter is not None
    return pending.waiter.satisfied


@pytest.fixture
def back_end() -> Emulator:
    """An emulator whose clock is frozen."""
    made = emulator()
    made.clock.freeze()
    return made


def test_silence_begins_with_the_call_and_ends_with_the_millisecond(back_end: Emulator) -> None:
    pending = silence(back_end)
    back_end.clock.advance(14_999)
    assert not over(pending)
    back_end.clock.advance(1)
    assert over(pending)
    assert pending.block().satisfied


def test_matching_entry_restarts_the_silence_and_another_does_not(back_end: Emulator) -> None:
    sid = open_session(back_end)
    pending = silence(back_end)
    back_end.clock.advance(10_000)
    send(back_end, sid, "ping")
    back_end.clock.advance(10_000)
    send(back_end, sid, "play")
    assert not over(pending)
    back_end.clock.advance(5_000)
    assert over(pending)
    assert pending.finish().count == 1


def test_entry_after_the_time_does_not_undo_it(back_end: Emulator) -> None:
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    pending = silence(back_end)
    send(back_end, sid, "ping", ts=T0 + 15_000)
    assert over(pending)
    assert pending.finish().satisfied


def test_entry_that_is_the_first_to_notice_the_time_ends_the_wait() -> None:
    now_ns = 0
    real = Emulator(clock=Clock(RealTime(lambda: T0, lambda: now_ns)))
    sid = open_session(real)
    pending = silence(real)
    now_ns = 15_000_000_000
    send(real, sid, "ping")
    assert over(pending)
    pending.finish()


def test_clock_that_is_set_back_makes_it_last_longer(back_end: Emulator) -> None:
    pending = silence(back_end)
    back_end.clock.set(T0 - 10_000)
    back_end.clock.advance(20_000)
    assert not over(pending)
    back_end.clock.advance(5_000)
    assert over(pending)
    pending.finish()


def test_running_clock_ends_it_by_itself() -> None:
    real = Emulator()
    real.clock.set_rate(1_000)
    assert silence(real, 20_000).block().satisfied


def test_clock_that_is_resumed_and_sped_up_ends_it_sooner() -> None:
    real = Emulator()
    real.clock.freeze()
    pending = silence(real, 3_600_000)
    real.clock.resume()
    real.clock.set_rate(1_000_000)
    assert pending.block().satisfied


def test_silence_that_does_not_come_ends_with_the_time(back_end: Emulator) -> None:
    pending = silence(back_end, timeout_ms=1)
    result = pending.block()
    assert not result.satisfied
    assert len(back_end.waiters) == 0


def test_silence_of_no_length_is_there_at_once_if_one_may_wait(back_end: Emulator) -> None:
    at_once, never = (WaitCommand(query=PINGS, silence_ms=0, timeout_ms=timeout_ms) for timeout_ms in (60_000, 0))
    assert answered(entries.wait(target(back_end), at_once)).satisfied
    assert not answered(entries.wait(target(back_end), never)).satisfied


def timers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}


def test_finished_wait_leaves_no_timer_and_no_subscription() -> None:
    real = Emulator()
    before = timers()
    pending = silence(real)
    (timer,) = timers() - before
    pending.finish()
    timer.join()
    real.clock.advance(60_000)
    assert not over(pending)
    assert timers() <= before


def test_waits_for_silence_are_limited_too(back_end: Emulator) -> None:
    back_end.configure(Settings(max_waiters=1))
    pending = silence(back_end)
    with pytest.raises(Refused):
        silence(back_end)
    pending.finish()


def test_silence_of_negative_length_is_refused(back_end: Emulator) -> None:
    with pytest.raises(InvalidInput, match="silence_ms must be 0 or more, not -1") as caught:
        silence(back_end, -1)
    assert caught.value.pointer == "/silence_ms"


def test_counting_may_wait_for_silence(back_end: Emulator) -> None:
    pending = awaited(entries.count(target(back_end), WaitCommand(query=PINGS, silence_ms=1_000, timeout_ms=60_000)))
    back_end.clock.advance(1_000)
    assert pending.block().count == 0
