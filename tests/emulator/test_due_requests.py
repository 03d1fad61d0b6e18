"""Requests that were held back and are due: as of when they are processed, and what they leave alone."""

from __future__ import annotations

from itertools import count

import pytest

from mockserver.admin import entries
from mockserver.clock import Clock, RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import When
from mockserver.model.fault_kind import DelayFault, ExpireFault
from mockserver.model.query import Query
from mockserver.model.settings import Settings
from tests.factories import T0, emulator, event, fault, open_session, post_event, send, target
from tests.tables import every_case

FAR_MS = 300_000


def following() -> tuple[Emulator, str]:
    """A back end whose clock follows the events, and a session there."""
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.follow_ts()
    return back_end, sid


def held_back(back_end: Emulator, sid: str, event_type: str, *, ts: int = T0) -> HeldRequest:
    held = back_end.handle(post_event(sid, event(event_type, ts=ts)))
    assert isinstance(held, HeldRequest)
    return held


def times(back_end: Emulator) -> list[int]:
    return [entry.at_ms - T0 for entry in entries.events(target(back_end), Query()).events]


def test_journal_never_goes_back_when_an_event_that_is_due_moves_the_clock() -> None:
    back_end, sid = following()
    fault(back_end, DelayFault(ms=1_000), when=When(event_type=("ping", "play")))
    held_back(back_end, sid, "ping", ts=T0 + FAR_MS)
    held_back(back_end, sid, "play", ts=T0)
    back_end.clock.advance(2_000)
    back_end.catch_up()
    assert times(back_end) == [0, FAR_MS, FAR_MS]


def test_delay_after_an_event_that_moves_the_clock_counts_from_the_new_time() -> None:
    back_end, sid = following()
    fault(back_end, DelayFault(ms=1_000), when=When(event_type=("ping", "play")))
    held_back(back_end, sid, "ping", ts=T0 + FAR_MS)
    back_end.clock.advance(1_000)
    assert held_back(back_end, sid, "play", ts=T0 + FAR_MS).due_ms == T0 + FAR_MS + 1_000


def test_what_becomes_due_because_an_event_moved_the_clock_is_processed_too() -> None:
    back_end, sid = following()
    fault(back_end, DelayFault(ms=1_000), when=When(event_type="ping"))
    fault(back_end, DelayFault(ms=60_000), when=When(event_type="play"))
    held_back(back_end, sid, "ping", ts=T0 + FAR_MS)
    held_back(back_end, sid, "play")
    back_end.clock.advance(1_000)
    back_end.catch_up()
    assert times(back_end) == [0, FAR_MS, FAR_MS]


def test_request_is_processed_after_an_earlier_due_one_however_fast_the_clock() -> None:
    wrong: list[int] = []
    for delay_ms in range(1, 30):
        looks = count()
        back_end = Emulator(clock=Clock(RealTime(lambda: T0, lambda: next(looks) * 1_000_000)))  # noqa: B023
        sid = open_session(back_end)
        fault(back_end, DelayFault(ms=delay_ms), when=When(event_type="play"))
        held_back(back_end, sid, "play")
        for _ in range(20):
            send(back_end, sid)
        played = [
            (entry.at_ms, entry.received or entry.seq) for entry in entries.events(target(back_end), Query()).events
        ]
        if played != sorted(played):
            wrong.append(delay_ms)
    assert wrong == []


def test_due_request_that_expires_all_sessions_finds_them_as_they_were_when_it_was_due() -> None:
    back_end = emulator(Settings(idle_timeout_s=10))
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=9_000), when=When(event_type="play"))
    fault(back_end, ExpireFault(sessions="all"), when=When(event_type="play"))
    held_back(back_end, "another", "play")
    back_end.clock.advance(60_000)
    back_end.catch_up()
    session = back_end.sessions.get(sid)
    assert session is not None
    assert (session.closed_by, session.closed_ms) == ("expired", T0 + 9_000)


def test_request_that_fails_raises_only_for_the_caller_that_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=500), when=When(event_type=("play", "ping")))
    bad, good = held_back(back_end, "s", "play"), held_back(back_end, "s", "ping")
    decide = back_end.back_end.decide_event

    def failing(arrival: object, *more: object) -> object:
        if getattr(arrival, "event_type", None) == "play":
            raise ZeroDivisionError
        return decide(arrival, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(back_end.back_end, "decide_event", failing)
    back_end.clock.advance(500)
    assert send(back_end, "s", "bufferStart") == 404
    assert back_end.resume(good) is not None
    with pytest.raises(ZeroDivisionError):
        back_end.resume(bad)
    assert (back_end.held_count, len(times(back_end))) == (0, 2)


@every_case("parts", [("journal",), ("journal", "sessions", "faults", "clock", "settings")], ids=str)
def test_reset_frees_the_places_of_forgotten_requests_and_ends_their_waits(parts: tuple[str, ...]) -> None:
    back_end = emulator(Settings(max_held=1))
    fault(back_end, DelayFault(ms=500))
    forgotten = held_back(back_end, "s", "play")
    woken: list[bool] = []
    back_end.clock.subscribe(lambda: woken.append(forgotten.is_over))
    back_end.reset(parts)
    assert woken[-1]
    fault(back_end, DelayFault(ms=500))
    held = held_back(back_end, "s", "ping")
    assert back_end.resume(forgotten) is None
    assert back_end.held_count == 1
    assert back_end.resume(held) is not None
    assert (back_end.held_count, len(times(back_end))) == (0, 1)
