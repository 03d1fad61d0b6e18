"""What stands behind the dialects works on a session of the Media Edge API as on any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from mockserver import MockServer, VerificationFailed
from mockserver.cli import main
from mockserver.control import EXPORT, ExportQuery
from mockserver.dialects.edge.dialect import EDGE
from mockserver.simulation.content import make_content
from mockserver.simulation.player import SimulatedPlayer
from mockserver.simulation.script import write_script
from tests.factories import T0


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        running.clock.set(T0)
        running.clock.follow_ts()
        yield running


def play(server: MockServer) -> str:
    """Play a viewing with ads and return its session."""
    beats = write_script(make_content(1), 1)
    SimulatedPlayer(server.url, EDGE).play(beats, start_ms=T0, speed=None, sent=lambda sent: None)
    return server.sessions()[-1].sid


def test_verification_waiting_and_near_misses_read_what_was_sent_and_the_normal_shape(server: MockServer) -> None:
    play(server)
    server.verify(["sessionStart", "adBreakStart", "adStart", "adComplete", "adBreakComplete", "sessionComplete"])
    for where in ("/params/media.ad.podPosition=1", "/events/0/xdm/mediaCollection/advertisingDetails/podPosition=1"):
        assert server.wait_for(event_type="adStart", where=where)
    with pytest.raises(VerificationFailed, match="adStart"):
        server.verify(event_type="adStart", where="/params/media.ad.podPosition=77", exactly=1)


def test_timeline_transcript_and_findings_know_its_events(server: MockServer) -> None:
    sid = play(server)
    types = {entry.event_type for entry in server.timeline(sid).processing}
    assert {"sessionStart", "play", "adStart", "ping", "sessionComplete"} <= types
    assert "adStart" in server.transcript()
    assert {finding.code for finding in server.findings(min_severity="warning")} == set()


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({"event_type": "ping", "nth_event": 2}, "ping"),
        ({"event_type": "adComplete", "in_ad": True}, "adComplete"),
        ({"event_type": "adBreakStart", "where": "/params/media.ad.podIndex=2"}, "adBreakStart"),
        ({"event_type": "play", "playhead_s": {"at_least": 1}}, "play"),
    ],
)
def test_faults_in_terms_of_playback_hit_it(server: MockServer, when: dict[str, Any], struck: str) -> None:
    rule = server.faults.add(when=when, fault={"kind": "status", "code": 503}, times=1)
    play(server)
    (entry,) = server.events(fault_id=rule.id)
    assert (entry.event_type, entry.response.status if entry.response else None) == (struck, 503)
    body = json.loads(entry.response.body if entry.response else "")
    assert body["type"].endswith("EXEG-0000-503")


@pytest.mark.parametrize("kind", ["ndjson", "har"])
def test_exported_session_is_judged_and_replayed(
    server: MockServer, tmp_path: Path, kind: Literal["ndjson", "har"]
) -> None:
    play(server)
    file = tmp_path / f"journal.{kind}"
    file.write_bytes(b"".join(map(bytes, server.control.call(EXPORT, ExportQuery(format=kind)))))
    assert main(["diagnose", str(file)]) == 0
    assert main(["report", str(file)]) == 0
    assert main(["replay", str(file), "--to", server.url, "--speed", "max", "--status-only"]) == 0
    assert [session.dialect for session in server.sessions()] == ["edge", "edge"]
