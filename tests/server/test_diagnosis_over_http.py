"""Findings and reports over HTTP, even while players keep posting."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.clock import Clock
from mockserver.model.finding import Finding, Thresholds
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.server.conftest import Start
from tests.server.running import PING, PLAY, Running
from tests.server.wire import Answer
from tests.tables import every_case
from tests.waiting import GUARD_S

JUDGE = "mockserver.admin.diagnosis.diagnose_session"
LATE_PING = PING.replace(b"1760000010000", b"1760000090000").replace(b"10.5", b"89")


@pytest.fixture
def server(start: Start, clock: Clock) -> Running:
    return start(clock=clock)


@pytest.fixture
def sid(server: Running) -> str:
    """A session with a silence of 80 seconds."""
    sid = server.open_session()
    for body in (PLAY, PING, LATE_PING):
        assert server.ask("POST", f"/api/v1/sessions/{sid}/events", body).status == 204
    return sid


def found(server: Running, path: str = "/findings", **query: Any) -> list[str]:
    answer = server.admin("GET", f"{path}?{urlencode(query, doseq=True)}")
    assert answer.status == 200, answer
    return [finding["code"] for finding in answer.json()["findings"]]


def problem(answer: Answer, status: int) -> Any:
    assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")
    return answer.json()


def test_findings_report_and_summary_tell_the_same_story(server: Running, sid: str) -> None:
    codes = found(server)
    assert "ping.gap" in codes
    assert found(server, f"/sessions/{sid}/findings") == codes
    counts = server.admin("GET", "/summary").json()["findings"]
    assert counts["error"] >= 1
    assert sum(counts.values()) == len(codes)
    report = server.admin("GET", f"/sessions/{sid}/report").json()
    assert (report["session_id"], report["final"]) == (sid, False)


def test_query_string_filters(server: Running, sid: str) -> None:
    assert set(found(server, code="ping.gap")) == {"ping.gap"}
    assert set(found(server, code=["ping.gap", "ad.gap"])) == {"ping.gap"}
    assert "ping.gap" in found(server, min_severity="error", session_id=sid)
    assert found(server, session_id="nobody") == []
    assert found(server, since=0, limit=1) == found(server)[:1]


@every_case(
    ("query", "pointer"),
    [
        ("code=ping.gaps", "/code"),
        ("min_severity=bad", "/min_severity"),
        ("limit=0", "/limit"),
        ("limit=x", "/limit"),
        ("since=-1", "/since"),
        ("severity=error", None),
    ],
)
def test_invalid_query_is_400_and_names_the_place(server: Running, sid: str, query: str, pointer: str | None) -> None:
    for path in ("/findings", f"/sessions/{sid}/findings"):
        assert problem(server.admin("GET", f"{path}?{query}"), 400)["pointer"] == pointer


@pytest.mark.parametrize("path", ["/sessions/nobody/findings", "/sessions/nobody/report"])
def test_unknown_session_is_404(server: Running, path: str) -> None:
    assert problem(server.admin("GET", path), 404)["code"] == "not_found"


@every_case("path", ["/findings", "/summary", "/sessions/x/findings", "/sessions/x/report"])
def test_asking_an_unknown_namespace_creates_none(server: Running, path: str) -> None:
    answer = server.ask("GET", f"/ns/unborn/__admin{path}")
    assert answer.status == (404 if "/x/" in path else 200)
    assert [emulator.name for emulator in server.service.namespaces] == ["default"]


def test_reset_removes_findings_and_reports(server: Running, sid: str) -> None:
    assert found(server)
    assert server.admin("POST", "/reset", {}).json()["findings"] == {}
    assert found(server) == []
    assert server.admin("GET", f"/sessions/{sid}/report").status == 404


# Thresholds


def test_thresholds_are_patched_and_given_at_the_start(start: Start, clock: Clock, server: Running, sid: str) -> None:
    changed = {"thresholds": {"ping_gap_s": 100, "ping_gap_error_s": 100}}
    answer = server.admin("PATCH", "/settings", changed)
    assert (answer.status, answer.json()["thresholds"]["ping_gap_s"]) == (200, 100)
    assert "ping.gap" not in found(server)
    tolerant = start(Settings(thresholds=Thresholds(ping_gap_s=100, ping_gap_error_s=100)), clock=clock)
    other = tolerant.open_session()
    for body in (PLAY, PING, LATE_PING):
        assert tolerant.ask("POST", f"/api/v1/sessions/{other}/events", body).status == 204
    assert "ping.gap" not in found(tolerant)


@every_case(
    ("thresholds", "pointer"),
    [
        ({"ping_gap_s": -1}, "/thresholds/ping_gap_s"),
        ({"ping_gap_s": "long"}, "/thresholds/ping_gap_s"),
        ({"retry_storm": 1.5}, "/thresholds/retry_storm"),
        ({"ping_gaps": 1}, "/thresholds"),
        ([], "/thresholds"),
    ],
)
def test_invalid_thresholds_are_400_and_change_nothing(
    server: Running, sid: str, thresholds: Any, pointer: str
) -> None:
    before = found(server)
    refused = problem(server.admin("PATCH", "/settings", {"thresholds": thresholds}), 400)
    assert refused["pointer"] == pointer
    assert server.admin("GET", "/settings").json()["thresholds"]["ping_gap_s"] == 12
    assert found(server) == before


# Players keep posting


def test_players_are_answered_while_a_diagnosis_is_computed(
    server: Running, sid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(case: SessionTraffic) -> list[Finding]:
        begun.set()
        assert go_on.wait(GUARD_S)
        return diagnose_session(case)

    monkeypatch.setattr(JUDGE, slow)
    with server.connect() as asking:
        asking.request("GET", "/__admin/findings")
        assert begun.wait(GUARD_S)
        assert server.ping(sid).status == 204
        assert server.ask("POST", "/api/v1/sessions", b"{}").status == 400
        assert server.admin("GET", "/sessions").json()["meta"]["total"] == 1
        go_on.set()
        first = asking.answer()
    assert first.status == 200
    assert 5 not in {seq for finding in first.json()["findings"] for seq in finding["seqs"]}


def test_fifty_players_are_answered_while_findings_are_read(server: Running) -> None:
    sids = [server.open_session() for _ in range(50)]
    statuses: list[int] = []
    failures: list[BaseException] = []
    begin = threading.Barrier(51)

    def play(sid: str) -> None:
        try:
            begin.wait(GUARD_S)
            with server.connect() as wire:
                for second in range(10, 60, 10):
                    body = {"eventType": "ping", "playerTime": {"playhead": second, "ts": 1_760_000_000_000 + second}}
                    path = f"/api/v1/sessions/{sid}/events"
                    answer = wire.ask("POST", path, json.dumps(body).encode(), ("Content-Type", "application/json"))
                    statuses.append(answer.status)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    players = [threading.Thread(target=play, args=(sid,), daemon=True) for sid in sids]
    for player in players:
        player.start()
    begin.wait(GUARD_S)
    for path in ("/findings", "/summary", f"/sessions/{sids[0]}/findings", f"/sessions/{sids[1]}/report") * 3:
        assert server.admin("GET", path).status == 200
    for player in players:
        player.join(GUARD_S)
    assert failures == []
    assert statuses == [204] * 250
    assert server.admin("GET", f"/sessions/{sids[0]}/report").status == 200
    server.assert_alive()
