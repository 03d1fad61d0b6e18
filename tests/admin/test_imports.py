"""Recordings that are taken into a namespace."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mockserver import InvalidInput, MockServer, Settings
from mockserver.admin import imports
from mockserver.admin.imports import import_recording
from mockserver.errors import Refused
from mockserver.model.fault import When
from mockserver.model.fault_kind import StatusFault
from mockserver.wire.codec import convert
from tests.factories import emulator, event, inside, start, target
from tests.waiting import until

HARS = Path(__file__).parents[2] / "fixtures" / "har"
TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"


@pytest.fixture
def server() -> MockServer:
    return MockServer()


def written(folder: Path, *documents: Any, name: str = "events.ndjson") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


def state(server: MockServer) -> tuple[Any, ...]:
    return server.events(), server.sessions(), server.faults.list(), server.settings


def test_imported_recording_looks_as_if_it_had_been_received(server: MockServer) -> None:
    loaded = server.load(HARS / "safari.har")

    assert (loaded.requests, loaded.left_out, loaded.since) == (5, 1, 0)
    [session] = server.sessions()
    assert loaded.sessions == [session.sid]
    assert (session.events, session.complete, session.closed_by) == (5, True, "idle")
    assert [entry.event_type for entry in server.events(session_id=session.sid)] == [
        "sessionStart", "play", "ping", "ping", "sessionComplete",
    ]  # fmt: skip
    assert server.report(session.sid).session_id == session.sid
    server.assert_no_findings()


def test_import_keeps_earlier_entries_and_later_requests_follow_it(server: MockServer) -> None:
    server.load(TRAFFIC / "adobe-js-3.1.0-vod.ndjson")
    before = server.events()

    loaded = server.load(HARS / "safari.har")

    assert loaded.since == len(before)
    assert server.events()[: len(before)] == before
    assert [session.seq for session in server.sessions()] == [1, 2]


def test_export_imported_elsewhere_gives_the_same_findings_and_reports(server: MockServer, tmp_path: Path) -> None:
    server.load(HARS / "mitmproxy.har")
    path = tmp_path / "journal.ndjson"
    path.write_bytes(server.export())
    other = MockServer()

    other.load(path)

    now_ms = server.clock.freeze().now_ms
    other.clock.freeze()
    other.clock.set(now_ms)

    assert other.findings() == server.findings()
    assert [other.report(one.sid) for one in other.sessions()] == [server.report(one.sid) for one in server.sessions()]
    assert other.export() == server.export()


def test_neither_clock_nor_fault_rules_of_the_server_are_touched(server: MockServer) -> None:
    server.clock.freeze()
    rule = server.faults.add(fault={"kind": "status", "code": 500})
    before = server.clock.now_ms

    server.load(HARS / "safari.har")

    assert server.clock.now_ms == before
    assert rule.applied == 0
    assert all(entry.fault_ids == () for entry in server.events())


def test_recording_with_a_known_session_is_refused_and_changes_nothing(server: MockServer) -> None:
    server.clock.freeze()
    server.load(HARS / "safari.har")
    before = state(server)

    with pytest.raises(InvalidInput, match=r"session '3{64}' is here already: reset first") as refused:
        server.load(HARS / "safari.har")

    assert refused.value.status_hint == 409
    assert state(server) == before


def test_recording_that_is_added_twice_at_once_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    where, content = target(emulator()), (HARS / "safari.har").read_bytes()
    first_time, second = iter([True]), []
    waits = threading.Event()

    class Turn:
        """One import at a time; says when another has to wait."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            if not self._lock.acquire(blocking=False):
                waits.set()
                self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    def take_in(*arguments: Any) -> None:
        if next(first_time, False):
            second.append(threads.submit(import_recording, where, content))
            until(lambda: waits.is_set() or second[0].done())
        before(*arguments)

    before = imports._take_in
    monkeypatch.setattr(imports, "_take_in", take_in)
    monkeypatch.setattr(where.namespace, "importing", Turn())
    with ThreadPoolExecutor(1) as threads:
        assert import_recording(where, content).requests == 5
        with pytest.raises(InvalidInput, match="is here already"):
            second[0].result()
    assert (len(inside(where.namespace).sessions), len(inside(where.namespace).journal)) == (1, 5)


def test_bare_events_get_ids_that_are_free(server: MockServer, tmp_path: Path) -> None:
    path = written(tmp_path, start(), event("play"), start(), event("sessionEnd"))

    first, second = server.load(path), server.load(path)

    assert first.sessions == ["session-1", "session-2"]
    assert second.sessions == ["session-1-2", "session-2-2"]
    assert server.session("session-2-2").closed_by == "session_end"


@pytest.mark.parametrize("name", ["max_entries", "max_journal_bytes", "max_sessions"])
def test_recording_that_does_not_fit_is_refused_and_displaces_nothing(name: str, tmp_path: Path) -> None:
    limits = {"max_entries": 7, "max_journal_bytes": 9_000, "max_sessions": 5}
    server = MockServer(convert({name: limits[name]}, Settings))
    server.clock.freeze()
    server.load(written(tmp_path, start(), event("play")))
    before = state(server)
    documents = {
        "max_entries": [start(), *[event()] * 5],
        "max_journal_bytes": [start(show="x" * 9_000)],
        "max_sessions": [start()] * 5,
    }[name]

    with pytest.raises(Refused, match=name):
        server.load(written(tmp_path, *documents, name="more.ndjson"))

    assert state(server) == before


def test_file_that_cannot_be_used_is_named_with_place_and_reason(server: MockServer, tmp_path: Path) -> None:
    path = written(tmp_path, start(), {"eventType": 7})
    with pytest.raises(InvalidInput, match="cannot read"):
        server.load(tmp_path / "missing.har")
    path.write_text('{"eventType": "sessionStart"}\n{', encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        server.load(path)
    assert str(refused.value).startswith(f"{path}:2: not valid JSON")
    assert server.events() == []


def test_import_wakes_waits() -> None:
    with MockServer() as server:
        server.load(HARS / "safari.har")
        assert len(server.wait_for(event_type="ping", at_least=2, timeout_s=0)) == 2


def test_requests_that_failed_in_the_recording_fire_no_rule_of_that_name(server: MockServer, tmp_path: Path) -> None:
    recorded = MockServer()
    recorded.faults.add(fault=StatusFault(code=500), when=When(event_type="play"))
    recorded.load(HARS / "safari.har")
    path = tmp_path / "journal.ndjson"
    path.write_bytes(recorded.export())
    rule = server.faults.add(fault={"kind": "status", "code": 503})

    server.load(path)

    assert (rule.seen, rule.applied) == (0, 0)
