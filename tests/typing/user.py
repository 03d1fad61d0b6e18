"""Code of a user, read by mypy in ``make check`` and never run: every ``assert_type`` is a promise."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import assert_type

from mockserver import (
    Entry,
    FaultHandle,
    FaultSpec,
    Finding,
    InvalidInput,
    MediaServer,
    MockServer,
    MockserverError,
    Query,
    SessionHandle,
    SessionReport,
    SessionRule,
    Settings,
    VerificationFailed,
    any_number_of,
    anything,
    build_app,
    connect,
)
from mockserver.model.fault import FaultRule
from mockserver.model.results import ClockReading, SessionView, Summary, Timeline, Verification

__all__ = ["use"]


async def use(media_server: MediaServer) -> None:
    with MockServer(Settings(idle_timeout_s=5, session_rules=(SessionRule(where=("/a=1",)),)), seed=7) as server:
        assert_type(server, MockServer)
        assert_type(server.seed, str)
        assert_type(server.internal_errors, list[Exception])
        assert_type(server.admin_token, str | None)
        media_server = server
    assert_type(connect("http://127.0.0.1:8089", namespace="a", token=None), MediaServer)
    assert_type(media_server.url, str)
    assert_type(media_server.host, str)

    assert_type(media_server.events(event_type="ping", status=[204, 400], limit=5), list[Entry])
    assert_type(media_server.count(outcome="accepted"), int)
    assert_type(media_server.wait_for(event_type="ping", at_least=2, timeout_s=0.5), list[Entry])
    assert_type(await media_server.await_for(event_type="ping"), list[Entry])
    assert_type(media_server.verify(["play", {"event_type": "ping"}, Query(status=204)], exactly=1), Verification)
    assert_type(await media_server.await_verified(event_type="ping", timeout_s=1), Verification)
    assert_type(media_server.verification(event_type="ping").verified, bool)
    assert_type(media_server.transcript(), str)
    assert_type(media_server.summary(), Summary)
    assert_type(media_server.export(), bytes)

    assert_type(media_server.sessions(), list[SessionView])
    assert_type(media_server.open_session(phase="closed"), SessionView)
    assert_type(media_server.expire("sid"), SessionView)
    assert_type(media_server.forget("sid"), SessionView)
    assert_type(media_server.timeline("sid"), Timeline)
    session = media_server.wait_for_session(media_id="clip-7", phase="open", timeout_s=5)
    assert_type(session, SessionHandle)
    assert_type(await media_server.await_for_session(), SessionHandle)
    assert_type(session.view, SessionView)
    assert_type(session.report, SessionReport)
    assert_type(session.timeline, Timeline)
    assert_type(session.events(event_type="ping"), list[Entry])
    assert_type(session.findings(min_severity="error"), list[Finding])
    assert_type(await session.await_for(event_type="ping"), list[Entry])
    session.wait_for_silence(event_type="ping", for_s=15)
    session.assert_sequence("sessionStart", any_number_of("ping", {"status": 204}), anything(), order="arrival")
    session.assert_no_findings("error", ignore={"ping.gap"})
    media_server.assert_no_findings(ignore="ping.gap")
    assert_type(media_server.settings, Settings)
    assert_type(media_server.configure(idle_timeout_s=None), Settings)
    assert_type(media_server.reset("journal"), Summary)

    assert_type(media_server.clock.now_ms, int)
    assert_type(media_server.clock.advance(minutes=10.5), ClockReading)
    rule = media_server.faults.add({"kind": "status", "code": 500}, when={"event_type": "ping"}, times=2)
    assert_type(rule, FaultHandle)
    assert_type(rule.applied, int)
    assert_type(media_server.faults.list(), list[FaultRule])
    assert_type(media_server.faults.unfired(), Sequence[FaultRule])

    assert issubclass(InvalidInput, MockserverError)
    assert issubclass(VerificationFailed, AssertionError)
    specs: list[FaultSpec] = []
    assert_type(build_app(faults=specs).frozen, bool)
