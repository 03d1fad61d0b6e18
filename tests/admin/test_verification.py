"""Verification: counts, sequences, near misses and the words for a failing test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.admin import verification
from mockserver.admin.sessions import SessionEntries, session_entries
from mockserver.admin.waiting import Pending
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, Refused
from mockserver.model.query import Query
from mockserver.model.results import Verification, VerifyCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from tests.factories import (
    T0,
    answered,
    awaited,
    batch,
    emulator,
    event,
    open_session,
    post,
    post_event,
    response,
    send,
    target,
)
from tests.tables import every_case

Golden = Callable[[str, str], None]

PINGS = Query(event_type="ping")
LONG_MS = 60_000


def over(pending: Pending[Any]) -> bool:
    """Tell whether waiting longer cannot change the answer."""
    return pending.waiter.satisfied


def verify(back_end: Emulator, **members: Any) -> Verification:
    return answered(verification.verify(target(back_end), VerifyCommand(**members)))


def played() -> tuple[Emulator, str]:
    """A session with a pre-roll, of which the adStart was refused, and two pings."""
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "adBreakStart", ts=T0 + 1)
    response(back_end, post_event(sid, event("adStart", ts=T0 + 2, params={"media.ad.id": "ad-1"})))
    send(back_end, sid, "play", ts=T0 + 3, playhead=0)
    send(back_end, sid, "ping", ts=T0 + 10_000, playhead=10)
    send(back_end, sid, "ping", ts=T0 + 20_000, playhead=20)
    return back_end, sid


# Counts.


@every_case(
    ("numbers", "verified"),
    [
        ({}, True),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"exactly": 3}, False),
        ({"at_most": 2}, True),
        ({"at_most": 1}, False),
        ({"at_least": 1, "at_most": 2}, True),
    ],
)
def test_count_is_verified(numbers: dict[str, int], verified: bool) -> None:
    back_end, _ = played()
    result = verify(back_end, query=PINGS, **numbers)
    assert result.verified is verified
    assert [entry.seq for entry in result.matched] == [5, 6]
    assert result.message.startswith("verified: " if verified else "not verified: ")
    assert result.journal_complete


def test_near_misses_are_the_nearest_entries_and_only_when_there_are_too_few() -> None:
    back_end, _ = played()
    wanted = Query(event_type="ping", where=("/playerTime/playhead=15", "/playerTime/ts>0"))
    result = verify(back_end, query=wanted)
    assert [miss.event.seq for miss in result.near_misses] == [6, 5, 4]
    assert [miss.distance for miss in result.near_misses] == sorted(miss.distance for miss in result.near_misses)
    assert [difference.field for difference in result.near_misses[0].differences] == ["/playerTime/playhead"]
    assert result.near_misses[0].differences[0].actual == 20
    assert verify(back_end, query=PINGS, at_most=1).near_misses == []
    assert verify(back_end, query=PINGS).near_misses == []


def test_entry_that_matches_nothing_of_a_query_is_not_a_near_miss() -> None:
    back_end, _ = played()
    assert verify(back_end, query=Query(event_type="sessionEnd")).near_misses == []


def test_answer_says_when_dropped_entries_could_have_counted() -> None:
    back_end = emulator(Settings(max_entries=2))
    for _ in range(3):
        open_session(back_end)
    result = verify(back_end, query=Query(event_type="sessionStart"), exactly=3)
    assert (result.verified, result.journal_complete) == (False, False)
    assert "1 older entry was dropped" in result.message
    assert verify(back_end, query=Query(since=1), exactly=2).journal_complete


# Sequences.


@every_case(
    ("sequence", "verified"),
    [
        (("sessionStart", "play", "ping"), True),
        (("sessionStart", Query(event_type="ping", where="/playerTime/playhead=20")), True),
        (("ping", "ping"), True),
        (("ping", "ping", "ping"), False),
        (("ping", "play"), False),
        ((Query(event_type="ping", since=5), "ping"), False),
    ],
)
def test_sequence_is_looked_for_in_one_session_with_anything_between(
    sequence: tuple[Query | str, ...], verified: bool
) -> None:
    back_end, sid = played()
    other = open_session(back_end)
    send(back_end, other, "ping", ts=T0 + 30_000)
    assert verify(back_end, sequence=sequence).verified is verified
    assert verify(back_end, sequence=sequence, exactly=int(verified)).verified
    assert sid != other


def test_sequence_is_looked_for_in_order_of_processing_unless_arrival_is_asked_for() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "chapterStart", ts=T0 + 20)
    send(back_end, sid, "adComplete", ts=T0 + 10)
    as_processed, as_arrived = ("adComplete", "chapterStart"), ("chapterStart", "adComplete")
    assert verify(back_end, sequence=as_processed).verified
    assert not verify(back_end, sequence=as_arrived).verified
    assert verify(back_end, sequence=as_arrived, order="arrival").verified
    assert not verify(back_end, sequence=as_processed, order="arrival").verified


def test_number_of_a_sequence_is_a_number_of_sessions() -> None:
    back_end = emulator()
    for _ in range(3):
        sid = open_session(back_end)
        send(back_end, sid, "play", ts=T0 + 1)
        send(back_end, sid, "play", ts=T0 + 2)
    result = verify(back_end, sequence=("sessionStart", "play"), exactly=3)
    assert result.verified
    assert [entry.seq for entry in result.matched] == [1, 2, 4, 5, 7, 8]


def test_items_of_a_batch_are_steps_of_a_sequence() -> None:
    back_end = emulator()
    response(back_end, post("/api/v1/downloaded", batch("play", "adBreakStart", "sessionEnd")))
    assert verify(back_end, sequence=("sessionStart", "adBreakStart", "sessionEnd")).verified
    assert not verify(back_end, sequence=("sessionEnd", "play")).verified
    assert verify(back_end, sequence=(Query(event_type="play", where="/playerTime/playhead=10"),)).verified


def with_a_refused_play() -> tuple[Emulator, str]:
    back_end = emulator()
    sid = open_session(back_end)
    assert response(back_end, post_event(sid, {"eventType": "play"})).status == 400
    send(back_end, sid, "ping", ts=T0 + 10_000, playhead=10)
    return back_end, sid


@every_case(
    ("sequence", "order", "verified"),
    [
        (("sessionStart", "play"), "processing", False),
        (("sessionStart", "ping"), "processing", True),
        (("sessionStart", "play", "ping"), "arrival", True),
        (("sessionStart", Query(event_type="play", status=400), "ping"), "processing", True),
        (("sessionStart", Query(event_type="play", outcome=Outcome.INVALID)), "processing", True),
        (("sessionStart", Query(event_type="play", status=204)), "processing", False),
    ],
)
def test_refused_event_is_a_step_only_if_a_step_names_an_outcome_or_status(
    sequence: tuple[Query | str, ...], order: str, verified: bool
) -> None:
    back_end, _ = with_a_refused_play()
    assert verify(back_end, sequence=sequence, order=order).verified is verified


def test_refused_event_is_a_near_miss_of_a_sequence() -> None:
    back_end, _ = with_a_refused_play()
    result = verify(back_end, sequence=("sessionStart", "play"))
    assert [miss.event.seq for miss in result.near_misses] == [2]
    assert [(one.field, one.actual) for one in result.near_misses[0].differences] == [("outcome", "invalid")]


def test_sequence_that_a_refused_event_seems_to_complete_is_waited_for() -> None:
    back_end, sid = with_a_refused_play()
    pending = awaited(
        verification.verify(target(back_end), VerifyCommand(sequence=("sessionStart", "play"), timeout_ms=LONG_MS))
    )
    response(back_end, post_event(sid, {"eventType": "play"}))
    assert not over(pending)
    send(back_end, sid, "play", ts=T0 + 20_000)
    assert over(pending)
    assert pending.block().verified


# Waiting.


def test_at_least_ends_when_it_is_met() -> None:
    back_end, sid = played()
    asked = target(back_end)
    pending = awaited(verification.verify(asked, VerifyCommand(query=PINGS, at_least=3, timeout_ms=LONG_MS)))
    results: list[Verification] = []
    blocked = threading.Thread(target=lambda: results.append(pending.block()))
    blocked.start()
    send(asked.namespace, sid, "ping", ts=T0 + 30_000, playhead=30)
    blocked.join()
    assert results[0].verified


@every_case("numbers", [{"exactly": 2}, {"at_most": 2}])
def test_exactly_and_at_most_are_judged_when_the_time_is_over(numbers: dict[str, Any]) -> None:
    back_end, sid = played()
    pending = awaited(verification.verify(target(back_end), VerifyCommand(query=PINGS, timeout_ms=LONG_MS, **numbers)))
    assert not over(pending), "there are two now, but the time is not over"
    send(back_end, sid, "ping", ts=T0 + 30_000, playhead=30)
    assert not over(pending)
    assert not pending.finish().verified
    assert len(back_end.waiters) == 0


def test_sequence_is_waited_for() -> None:
    back_end, sid = played()
    pending = awaited(
        verification.verify(target(back_end), VerifyCommand(sequence=("play", "sessionEnd"), timeout_ms=LONG_MS))
    )
    open_session(back_end)
    assert not over(pending)
    send(back_end, sid, "sessionEnd", ts=T0 + 30_000)
    assert over(pending)
    assert pending.block().verified


def test_sequence_found_before_a_reset_of_the_journal_does_not_count_after_it() -> None:
    back_end, sid = played()
    command = VerifyCommand(sequence=("play", "ping"), at_least=2, timeout_ms=LONG_MS)
    pending = awaited(verification.verify(target(back_end), command))
    back_end.reset(("journal",))
    for known in (open_session(back_end), sid):
        assert not over(pending)
        send(back_end, known, "play", ts=T0 + 1)
        send(back_end, known, "ping", ts=T0 + 2)
    assert over(pending)
    assert pending.block().verified


def test_verification_counts_as_a_wait_in_flight() -> None:
    back_end = emulator(Settings(max_waiters=1))
    pending = awaited(verification.verify(target(back_end), VerifyCommand(query=PINGS, timeout_ms=LONG_MS)))
    with pytest.raises(Refused):
        verification.verify(target(back_end), VerifyCommand(query=PINGS, timeout_ms=LONG_MS))
    pending.finish()


def test_command_that_contradicts_itself_is_refused() -> None:
    for command in (VerifyCommand(), VerifyCommand(query=PINGS, timeout_ms=-1), VerifyCommand(sequence=())):
        with pytest.raises(InvalidInput):
            verification.verify(target(emulator()), command)


# Words.


def test_message_of_a_count_that_failed(golden: Golden) -> None:
    back_end, _ = played()
    wanted = Query(event_type="adStart", status=204, where="/params/media.ad.id=ad-1")
    golden("verification/too-few.txt", verify(back_end, query=wanted, at_least=2).message + "\n")


def test_message_without_a_near_miss_counts_what_was_received(golden: Golden) -> None:
    back_end, sid = played()
    for number in range(3):
        response(back_end, post_event(sid, {"eventType": "media.ping", "number": number}))
    response(back_end, post_event(sid, {"eventType": "x\ny" + "z" * 40}))
    for event_type in ("chapterStart", "chapterComplete", "bufferStart", "adBreakComplete"):
        send(back_end, sid, event_type, ts=T0 + 21_000)
    golden("verification/received.txt", verify(back_end, query=Query(event_type="pauseStart")).message + "\n")
    later = verify(back_end, query=Query(event_type="pauseStart", since=back_end.journal.last_seq - 1))
    assert later.message.endswith("\n  received: adBreakComplete x1")
    assert "received" not in verify(emulator(), query=PINGS).message
    assert "received" not in verify(back_end, query=PINGS, at_most=1).message


def test_message_of_too_many(golden: Golden) -> None:
    back_end, _ = played()
    golden("verification/too-many.txt", verify(back_end, query=PINGS, at_most=1).message + "\n")


def test_message_of_a_count_that_held(golden: Golden) -> None:
    back_end, _ = played()
    golden("verification/held.txt", verify(back_end, query=PINGS, exactly=2).message + "\n")


def test_message_of_a_sequence_that_broke_off(golden: Golden) -> None:
    back_end, _ = played()
    open_session(back_end)
    wanted = ("sessionStart", "play", Query(event_type="ping", where="/playerTime/playhead>20"), "sessionEnd")
    golden("verification/sequence.txt", verify(back_end, sequence=wanted).message + "\n")


def test_message_of_an_incomplete_journal(golden: Golden) -> None:
    back_end, sid = played()
    back_end.configure(Settings(max_entries=3))
    send(back_end, sid, "sessionEnd", ts=T0 + 30_000)
    golden("verification/incomplete.txt", verify(back_end, sequence=("sessionStart", "sessionEnd")).message + "\n")


@pytest.mark.parametrize("members", [{}, {"timeout_ms": LONG_MS}, {"exactly": 1}], ids=str)
def test_each_session_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, members: dict[str, Any]) -> None:
    back_end, _ = played()
    open_session(back_end)
    looks: list[str] = []

    def look(emulator: Emulator, sid: str) -> SessionEntries:
        looks.append(sid)
        return session_entries(emulator, sid)

    monkeypatch.setattr(verification, "session_entries", look)
    answer = verification.verify(target(back_end), VerifyCommand(sequence=("sessionStart", "play"), **members))
    assert answered(answer).verified
    assert len(looks) == len(set(looks)) == 2


def test_result_that_more_entries_can_undo_is_checked_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    back_end, _ = played()
    looks: list[str] = []

    def look(emulator: Emulator, sid: str) -> SessionEntries:
        looks.append(sid)
        return session_entries(emulator, sid)

    monkeypatch.setattr(verification, "session_entries", look)
    command = VerifyCommand(sequence=("play",), exactly=0, timeout_ms=LONG_MS)
    pending = awaited(verification.verify(target(back_end), command))
    assert looks == []
    pending.finish()
    assert len(looks) == 1


@every_case(
    ("command", "pointer"),
    [
        (VerifyCommand(query=Query(event_type="eror"), exactly=0, timeout_ms=LONG_MS), "/query/event_type"),
        (VerifyCommand(query=Query(where=("media.id",)), at_most=1, timeout_ms=LONG_MS), "/query/where"),
        (VerifyCommand(sequence=("play", "eror"), exactly=1, timeout_ms=LONG_MS), "/sequence/1"),
    ],
)
def test_what_cannot_be_verified_is_refused_at_once_with_the_place(command: VerifyCommand, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        verification.verify(target(emulator()), command)
    assert refused.value.pointer == pointer
