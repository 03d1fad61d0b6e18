"""Answers end by bytes as well as by count, and what is large keeps no player waiting."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockserver.admin import entries, paging
from mockserver.admin.local_control import LocalControl
from mockserver.admin.paging import block
from mockserver.control import EVENTS, FIND, FINDINGS, SESSIONS, VERIFY, WAIT, FindingQuery, SessionQuery
from mockserver.emulator.emulator import Emulator
from mockserver.model.query import Query
from mockserver.model.results import VerifyCommand, WaitCommand
from mockserver.wire.codec import encode
from tests.factories import emulator, open_session, post, start, target
from tests.tables import every_case
from tests.waiting import GUARD_S

LARGE = 900_000


def large(count: int = 20) -> Emulator:
    known = emulator()
    for _ in range(count):
        known.handle(post("/nowhere", "x" * LARGE))
    return known


def control(known: Emulator) -> LocalControl:
    return LocalControl(target(known).namespaces, known.name)


def test_an_answer_ends_when_it_is_large_and_the_pages_have_everything() -> None:
    asked = control(large())
    seqs: list[int] = []
    since: int | None = 0
    while since is not None:
        answer = asked.call(EVENTS, Query(since=since, limit=10_000))
        assert len(encode(answer)) < paging.ANSWER_BYTES + LARGE
        assert answer.meta.total == 20 - len(seqs)
        seqs += [entry.seq for entry in answer.events]
        since = answer.meta.next
    assert seqs == [*range(1, 21)]


def test_one_entry_is_in_an_answer_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ANSWER_BYTES", 1)
    answer = control(large(2)).call(EVENTS, Query())
    assert ([entry.seq for entry in answer.events], answer.meta.next) == ([1], 1)


def test_find_wait_and_verify_end_alike_and_count_everything() -> None:
    asked, query = control(large()), Query(limit=10_000)
    found = asked.call(FIND, WaitCommand(query=query))
    waited = asked.call(WAIT, WaitCommand(query=query, at_least=20))
    verified = asked.call(VERIFY, VerifyCommand(query=query, exactly=20))
    assert (found.meta.total, found.meta.next, waited.count, verified.verified) == (20, len(found.events), 20, True)
    assert 0 < len(found.events) == len(waited.events) == len(verified.matched) < 20


def test_a_list_of_sessions_ends_alike_in_both_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    known = emulator()
    for _ in range(7):
        known.handle(post("/api/v1/sessions", start(media__name="n" * 5_000)))
    monkeypatch.setattr(paging, "ANSWER_BYTES", 3_000)
    asked = control(known)
    first = asked.call(SESSIONS, SessionQuery())
    assert ([view.seq for view in first.sessions], first.meta.next) == ([1, 2, 3], 3)
    assert [view.seq for view in asked.call(SESSIONS, SessionQuery(since=3)).sessions] == [4, 5, 6]
    newest = asked.call(SESSIONS, SessionQuery(before=8))
    assert ([view.seq for view in newest.sessions], newest.meta.next) == ([5, 6, 7], 5)
    assert max(len(encode(view)) for view in first.sessions) < 1_100


def test_a_list_of_findings_ends_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    known = emulator()
    for _ in range(5):
        known.handle(post("/api/v2/sessions", {}))
    asked = control(known)
    every = asked.call(FINDINGS, FindingQuery())
    monkeypatch.setattr(paging, "ANSWER_BYTES", 1)
    one = asked.call(FINDINGS, FindingQuery())
    assert (one.findings, one.meta.next) == (every.findings[:1], 1 if len(every.findings) > 1 else None)


@pytest.mark.parametrize("limit", [None, 7])
def test_entries_of_all_pages_are_put_together(limit: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from mockserver.media_server import questions

    known = emulator()
    for _ in range(12):
        known.handle(post("/nowhere", "x" * 500))
    monkeypatch.setattr(paging, "ANSWER_BYTES", 4_000)
    query: dict[str, Any] = {} if limit is None else {"limit": limit}
    found = questions.entries(control(known), query)
    assert [entry.seq for entry in found] == [*range(1, (limit or 12) + 1)]
    assert len(questions.wait_for(control(known), 12, 1, {})) == 12
    assert questions.transcript_of(control(known)).count("/nowhere") == 12


# Nobody waits for it


def test_a_block_is_small_in_number_and_in_bytes() -> None:
    namespace = target(large(3)).namespace
    assert [entry.seq for entry in block(namespace, 0)] == [1]
    assert [entry.seq for entry in block(namespace, 2)] == [3]
    assert block(namespace, 3) == []
    known = emulator()
    for _ in range(200):
        known.handle(post("/nowhere", "x"))
    small = block(target(known).namespace, 10)
    assert [entry.seq for entry in small] == [*range(11, 11 + len(small))]
    assert 1 < len(small) < 100


@every_case("waits", [False, True])
def test_players_are_served_while_bodies_are_searched(waits: bool) -> None:
    known = emulator()
    open_session(known)
    namespace = target(known).namespace
    let_in: list[bool] = []

    def enter() -> None:
        with namespace:
            let_in.append(True)

    read = known.journal._read

    def looked_at(record: Any) -> Any:
        player = threading.Thread(target=enter, daemon=True)
        player.start()
        player.join(GUARD_S)
        return read(record)

    known.journal._read = looked_at
    query = Query(where="/eventType=sessionStart")
    if waits:
        result = entries.wait(target(known), WaitCommand(query=query, timeout_ms=1_000))
        assert not hasattr(result, "finish")
    else:
        assert entries.events(target(known), query).meta.total == 1
    assert let_in == [True]
