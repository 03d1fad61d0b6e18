"""Waiting for the journal: woken by the record that satisfies, from whichever thread it comes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockserver.admin import entries
from mockserver.admin.waiting import Pending
from mockserver.emulator.waiters import Waiter, Waiters
from mockserver.errors import InvalidInput, Refused
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand, WaitResult
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from tests.factories import answered, awaited, emulator, open_session, send, target
from tests.tables import every_case

RECORD = Record(
    0, Operation.EVENT, "s", "ping", Outcome.ACCEPTED, "POST", "/", (), b"", HttpResponse(204), Delivery.SENT
)
PINGS = Query(event_type="ping")
LONG_MS = 60_000


def over(pending: Pending[Any]) -> bool:
    """Tell whether waiting longer cannot change the answer."""
    return pending.waiter.satisfied


def test_waiter_is_satisfied_once_and_calls_back_once() -> None:
    calls: list[str] = []
    waiter = Waiter(lambda seq, record: True)
    waiter.on_satisfied(lambda: calls.append("early"))
    assert (waiter.satisfied, calls) == (False, [])
    waiter.satisfy()
    waiter.satisfy()
    waiter.on_satisfied(lambda: calls.append("late"))
    assert (waiter.satisfied, waiter.wait(0), calls) == (True, True, ["early", "late"])


def test_waiter_waits_for_a_record_whatever_its_check_says() -> None:
    assert not Waiter(lambda seq, record: True).wait(0)


def test_waiters_beyond_the_limit_are_refused_and_leaving_makes_room() -> None:
    waiters = Waiters(1)
    first = Waiter(lambda seq, record: False)
    waiters.add(first)
    with pytest.raises(Refused, match="max_waiters"):
        waiters.add(Waiter(lambda seq, record: False))
    waiters.remove(first)
    waiters.remove(first)
    waiters.add(first)
    assert len(waiters) == 1


def test_record_wakes_exactly_those_it_satisfies() -> None:
    waiters = Waiters(9)
    all_of_them = [Waiter(lambda seq, record, want=want: seq >= want) for want in (1, 2)]  # type: ignore[misc]
    for waiter in all_of_them:
        waiters.add(waiter)
    waiters.recorded(1, RECORD)
    assert [waiter.satisfied for waiter in all_of_them] == [True, False]
    waiters.recorded(2, RECORD)
    assert [waiter.satisfied for waiter in all_of_them] == [True, True]


# Waits of the emulator.


def test_wait_is_ended_by_a_later_record_of_another_thread() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    asked = target(back_end)
    pending = awaited(entries.wait(asked, WaitCommand(query=PINGS, at_least=2, timeout_ms=LONG_MS)))
    results: list[WaitResult] = []
    blocked = threading.Thread(target=lambda: results.append(pending.block()))
    blocked.start()
    for _ in range(2):
        send(asked.namespace, sid)
    blocked.join()
    (result,) = results
    assert (result.satisfied, result.count, [entry.seq for entry in result.events]) == (True, 2, [2, 3])
    assert len(back_end.waiters) == 0


def test_wait_for_something_already_recorded_returns_at_once() -> None:
    back_end = emulator()
    send(back_end, open_session(back_end))
    answer = entries.wait(target(back_end), WaitCommand(query=PINGS, timeout_ms=LONG_MS))
    assert not isinstance(answer, Pending)
    assert answer.satisfied


def test_wait_that_times_out_reports_what_it_found() -> None:
    back_end = emulator()
    send(back_end, open_session(back_end))
    result = answered(entries.wait(target(back_end), WaitCommand(query=PINGS, at_least=2, timeout_ms=1)))
    assert (result.satisfied, result.count, result.journal_complete) == (False, 1, True)
    assert len(back_end.waiters) == 0


def test_wait_takes_five_seconds_unless_told_otherwise_and_count_and_find_none() -> None:
    assert awaited(entries.wait(target(emulator()), WaitCommand())).timeout_s == 5
    assert not isinstance(entries.count(target(emulator()), WaitCommand()), Pending)
    assert not isinstance(entries.find(target(emulator()), WaitCommand()), Pending)


def test_count_and_find_wait_too_if_asked_to() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    command = WaitCommand(query=PINGS, timeout_ms=LONG_MS)
    counted, found = awaited(entries.count(target(back_end), command)), awaited(entries.find(target(back_end), command))
    send(back_end, sid)
    assert counted.block().count == 1
    assert [entry.seq for entry in found.block().events] == [2]


def test_wait_counts_afresh_after_a_reset_of_the_journal() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid)
    pending = awaited(entries.wait(target(back_end), WaitCommand(query=PINGS, at_least=2, timeout_ms=LONG_MS)))
    back_end.reset(("journal",))
    send(back_end, sid)
    assert not over(pending), "the one before the reset does not count"
    send(back_end, sid)
    assert over(pending)
    assert pending.block().count == 2


def test_wait_looks_only_at_entries_after_since() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    pending = awaited(
        entries.wait(target(back_end), WaitCommand(query=Query(event_type="ping", since=2), timeout_ms=LONG_MS))
    )
    send(back_end, sid)
    assert not over(pending)
    send(back_end, sid)
    assert over(pending)
    pending.finish()


def test_wait_beyond_the_limit_is_refused_and_says_so() -> None:
    back_end = emulator(Settings(max_waiters=1))
    first = awaited(entries.wait(target(back_end), WaitCommand(timeout_ms=LONG_MS)))
    with pytest.raises(Refused, match="1 waits"):
        entries.wait(target(back_end), WaitCommand(timeout_ms=LONG_MS))
    first.finish()
    awaited(entries.wait(target(back_end), WaitCommand(timeout_ms=LONG_MS))).finish()


@every_case(
    ("command", "pointer"),
    [
        (WaitCommand(at_least=-1), "/at_least"),
        (WaitCommand(timeout_ms=-1), "/timeout_ms"),
        (WaitCommand(timeout_ms=60_001), "/timeout_ms"),
        (WaitCommand(query=Query(limit=0)), "/query/limit"),
    ],
)
def test_command_that_cannot_be_used_is_refused_with_the_place(command: WaitCommand, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        entries.wait(target(emulator()), command)
    assert refused.value.pointer == pointer


def test_wait_for_nothing_at_all_is_satisfied() -> None:
    assert answered(entries.wait(target(emulator()), WaitCommand(at_least=0, timeout_ms=LONG_MS))).satisfied
