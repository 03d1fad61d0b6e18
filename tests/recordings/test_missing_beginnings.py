"""Recordings that began in the middle of a session: no player is accused of lacking what it may have sent before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mockserver import MediaServer, Settings
from mockserver.admin.local_control import LocalControl
from mockserver.media_server.comparing import judged
from mockserver.model.finding import Severity
from mockserver.namespaces import DEFAULT
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import parse_recording, read_recording
from tests.event_files import event
from tests.factories import target
from tests.playbacks import AD, BREAK, Playground

FIXTURES = Path(__file__).parents[2] / "fixtures"


def of_calls(calls: Sequence[RecordedCall]) -> MediaServer:
    return MediaServer(LocalControl(judge_file(calls, Settings(), leave_open=False), DEFAULT))


def of_content(content: bytes) -> MediaServer:
    return MediaServer(judged(parse_recording(content, "recording"), Settings(), leave_open=False))


def mistakes(server: MediaServer) -> set[tuple[str | None, str]]:
    return {(one.session_id, one.code) for one in server.findings(min_severity=Severity.WARNING)}


@pytest.mark.parametrize(
    "name",
    [
        "traffic/adobe-cc-3.0.3-vod.ndjson",
        "traffic/adobe-js-3.1.0-realclock-vod.ndjson",
        "traffic/adobe-sample-seek.ndjson",
        "traffic-edge/alloy-2.33.1-vod.ndjson",
        "har/charles.har",
    ],
)
def test_a_recording_that_begins_later_has_no_mistakes_that_the_whole_one_does_not_have(name: str) -> None:
    calls = read_recording(str(FIXTURES / name)).calls
    whole = mistakes(of_calls(calls))
    more = {n: found for n in range(1, len(calls)) if (found := mistakes(of_calls(calls[n:])) - whole)}
    assert more == {}


def test_an_exported_journal_without_its_beginning_is_judged_and_reported_as_on_the_server() -> None:
    ground = Playground(Settings(max_entries=5))
    sid = ground.play(
        ("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("play", 0, 0), ("ping", 10, 0), ("adComplete", 15, 0),
        ("adBreakComplete", 15, 0), ("ping", 20, 5), ("ping", 30, 15), ("sessionEnd", 35, 20),
    )  # fmt: skip
    there = MediaServer(LocalControl(target(ground.emulator).namespaces, DEFAULT))
    again = of_content(there.export())
    assert mistakes(again) == mistakes(there) == set()
    assert again.report(sid).drops_before_start is None
    assert again.report(sid).summary == there.report(sid).summary
    assert again.session(sid).events == 6


def test_a_player_that_never_opened_a_session_is_blamed() -> None:
    def call(event_type: str, at_s: float, status: int) -> dict[str, Any]:
        body = json.dumps(event(event_type, at_s, at_s))
        return {"t": at_s, "method": "POST", "path": "/api/v1/sessions/abc/events", "body": body, "status": status}

    refused = [json.dumps(call("ping", n * 10, 404)).encode() for n in range(1, 5)]
    server = of_content(b"\n".join(refused))
    assert (None, "session.unknown-id") in mistakes(server) or ("abc", "session.unknown-id") in mistakes(server)


def test_a_player_that_forgets_to_play_after_a_sessionstart_is_blamed() -> None:
    events = [event("sessionStart"), *(event("ping", n * 10, n * 10) for n in range(1, 5))]
    server = of_content(b"\n".join(json.dumps(one).encode() for one in events))
    assert "play.missing-start" in {code for _, code in mistakes(server)}
