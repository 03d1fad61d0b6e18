"""Players are let into a namespace while the admin API does with its entries what takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.admin import entries, imports, sessions, verification
from mockserver.control import ExportQuery
from mockserver.emulator.state import EmulatorState
from mockserver.errors import InvalidInput
from mockserver.model.journal import Record
from mockserver.model.query import Query
from mockserver.model.results import VerifyCommand, WaitCommand
from mockserver.namespaces import Target
from mockserver.wire.codec import encode
from tests.factories import T0, answered, awaited, emulator, event, inside, open_session, post_event, send, target

EntersWhile = Callable[[Target], None]
BUSY_S = 20


@pytest.fixture
def enters() -> Iterator[EntersWhile]:
    """Enter a namespace from another thread, as a player does; fails if it is locked."""
    with ThreadPoolExecutor(1) as pool:

        def enter(asked: Target) -> None:
            pool.submit(inside, asked.namespace).result(BUSY_S)

        yield enter


def ask(name: str, asked: Target, sid: str) -> Any:
    where = Query(where="/playerTime/playhead>5")
    match name:
        case "find":
            return entries.events(asked, where)
        case "count":
            return entries.count(asked, WaitCommand(query=where, at_least=0))
        case "verify a count":
            return verification.verify(asked, VerifyCommand(query=where, at_least=100))
        case "verify a sequence":
            return verification.verify(asked, VerifyCommand(sequence=("play", "ping", "adStart")))
        case "timeline":
            return sessions.timeline(asked, None, sid)
        case "lanes":
            return sessions.lanes(asked, None, sid)
        case _:
            return list(entries.export(asked, ExportQuery()))


@pytest.mark.parametrize(
    "name", ["find", "count", "verify a count", "verify a sequence", "timeline", "lanes", "export"]
)
def test_bodies_are_parsed_while_players_may_enter(
    monkeypatch: pytest.MonkeyPatch, enters: EntersWhile, name: str
) -> None:
    parse, parsed, asked = EmulatorState.read, list[Record](), list[Target]()

    def read(self: EmulatorState, record: Record) -> Any:
        if asked:
            enters(asked[0])
            parsed.append(record)
        return parse(self, record)

    monkeypatch.setattr(EmulatorState, "read", read)
    back_end = emulator()
    sid = open_session(back_end)
    for number, kind in enumerate(("play", "ping", "ping"), 1):
        send(back_end, sid, kind, ts=T0 + number * 10_000, playhead=number * 10)
    asked.append(target(back_end))
    answered(ask(name, asked[0], sid))
    assert parsed


@pytest.mark.parametrize("sequence", [True, False])
def test_event_that_arrives_while_a_wait_begins_is_not_overlooked(
    monkeypatch: pytest.MonkeyPatch, sequence: bool
) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "play", ts=T0 + 1)
    look = verification.Verifier.look
    late = [post_event(sid, event("ping", ts=T0 + 2))]

    def and_then(self: verification.Verifier) -> int:
        count = look(self)
        if late:
            back_end.handle(late.pop())
        return count

    monkeypatch.setattr(verification.Verifier, "look", and_then)
    what: dict[str, Any] = {"sequence": ("play", "ping")} if sequence else {"query": Query(event_type="ping")}
    answer = verification.verify(target(back_end), VerifyCommand(timeout_ms=60_000, **what))
    assert answered(answer).verified


def test_wait_for_a_sequence_reads_a_session_again_only_for_an_event_that_can_be_a_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    command = VerifyCommand(sequence=("play", "pauseStart"), timeout_ms=60_000)
    pending = awaited(verification.verify(target(back_end), command))
    looks, entries_of = list[str](), sessions.session_entries

    def look(state: Any, sid: str) -> Any:
        looks.append(sid)
        return entries_of(state, sid)

    monkeypatch.setattr(verification, "session_entries", look)
    for number in range(1, 4):
        send(back_end, sid, "ping", ts=T0 + number * 10_000)
    assert not looks
    send(back_end, sid, "play", ts=T0 + 40_000)
    send(back_end, sid, "pauseStart", ts=T0 + 50_000)
    assert looks == [sid, sid]
    assert pending.waiter.satisfied
    pending.finish()


def test_recording_is_not_added_to_what_a_reset_has_emptied_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = target(emulator())
    take_in = EmulatorState.take_in

    def and_reset(self: EmulatorState, *taken: Any) -> None:
        take_in(self, *taken)
        asked.namespace.reset(("journal", "sessions"))

    monkeypatch.setattr(EmulatorState, "take_in", and_reset)
    recording = b"\n".join(encode(event(kind, ts=T0 + 1)) for kind in ("sessionStart", "play"))
    with pytest.raises(InvalidInput, match="was reset while the recording was added"):
        imports.import_recording(asked, recording)
    with asked.namespace as back_end:
        assert (len(back_end.journal), len(back_end.sessions)) == (0, 0)


def test_reset_frees_what_it_has_removed_and_keeps_nothing() -> None:
    asked = target(emulator())
    with asked.namespace as back_end:
        for _ in range(3):
            open_session(back_end)
        removed = (*back_end.journal.contents, *back_end.sessions.contents)
    asked.namespace.reset(("journal", "sessions"))
    assert not any(removed)
    with asked.namespace as back_end:
        assert back_end.take_leftovers() == []
