"""What an emulator makes of the traffic of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mockserver import MediaServer, Settings
from mockserver.admin.local_control import LocalControl
from mockserver.model.fault import When
from mockserver.model.fault_kind import StatusFault
from mockserver.model.journal import Entry
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.namespaces import DEFAULT, Namespaces
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.lines import parse_lines
from mockserver.wire.codec import to_builtins
from tests import factories
from tests.event_files import START_MS, event
from tests.tables import every_case

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"


def judged(content: bytes, settings: Settings | None = None, *, leave_open: bool = False) -> MediaServer:
    requests = parse_lines(content.splitlines(), "f")
    return MediaServer(LocalControl(judge_file(requests, settings or Settings(), leave_open=leave_open), DEFAULT))


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@every_case("path", sorted(TRAFFIC.glob("*.ndjson")), ids=lambda path: path.stem)
def test_recorded_clients_are_answered_as_they_were(path: Path) -> None:
    recorded = [json.loads(line)["status"] for line in path.read_text(encoding="utf-8").splitlines()]
    patient = Settings(idle_timeout_s=None, stall_timeout_s=None, max_age_s=None)
    entries = judged(path.read_bytes(), patient).events()
    assert [entry.response.status for entry in entries if entry.response] == recorded


@every_case("name", ["hang", "reset"])
def test_start_that_was_not_answered_gave_the_player_no_session_to_play_or_close(name: str) -> None:
    path = TRAFFIC.with_name("traffic-edge") / f"alloy-2.33.1-fault-start-{name}.ndjson"
    server = judged(path.read_bytes())

    assert [entry.delivery for entry in server.events()] == [Delivery.CLIENT_GONE]
    assert server.findings() == []


def test_events_arrive_at_their_ts() -> None:
    entries = judged(lines(event("sessionStart"), event("play", 2), event("ping", 12))).events()
    assert [entry.at_ms - START_MS for entry in entries] == [0, 2_000, 12_000]


def test_events_that_say_when_they_arrived_arrive_then() -> None:
    stamped = [
        {"at_ms": START_MS + at_ms, "event": event(name, at_s)}
        for at_ms, name, at_s in ((100, "sessionStart", 0), (9_000, "play", 8), (9_500, "ping", 400))
    ]
    entries = judged(lines(*stamped)).events()
    assert [entry.at_ms - START_MS for entry in entries] == [100, 9_000, 9_500]


def test_session_that_is_never_closed_is_closed_by_its_timeout() -> None:
    (session,) = judged(lines(event("sessionStart"), event("play", 1))).sessions()
    assert (session.closed_by, session.closed_ms) == ("idle", START_MS + 1_000 + 605_000)


def test_session_that_is_never_closed_can_stay_open() -> None:
    server = judged(lines(event("sessionStart"), event("play", 1)), leave_open=True)
    assert [session.phase.value for session in server.sessions()] == ["open"]
    assert server.clock.now_ms == START_MS + 1_000


def test_session_closed_by_silence_refuses_later_events() -> None:
    entries = judged(lines(event("sessionStart"), event("play", 1), event("ping", 700, 699))).events()
    assert [entry.outcome.value for entry in entries] == ["opened", "accepted", "session_closed"]


def test_settings_are_obeyed() -> None:
    content = lines(event("sessionStart"), event("play", 1), event("ping", 11))
    entries = judged(content, Settings(idle_timeout_s=5)).events()
    assert entries[-1].outcome.value == "session_closed"


def test_no_limit_makes_it_forget_anything() -> None:
    settings = Settings(max_entries=1, max_journal_bytes=1, max_sessions=1)
    server = judged(lines(event("sessionStart"), event("play", 1), event("sessionStart", 2)), settings)
    assert (len(server.events()), len(server.sessions())) == (3, 2)


def test_session_whose_start_is_not_in_the_file_is_opened_without_one() -> None:
    call = {"t": 0, "method": "POST", "path": "/api/v1/sessions/abc/events", "body": json.dumps(event("play", 1))}
    server = judged(lines({**call, "status": 204}, {**call, "path": "/api/v1/sessions/gone/events", "status": 404}))
    assert [session.session_id for session in server.sessions()] == ["abc"]
    assert [entry.outcome.value for entry in server.events()] == ["accepted", "unknown_session"]


def test_time_without_any_ts_stands_still() -> None:
    call = {"t": 3, "method": "POST", "path": "/api/v1/sessions", "body": "no JSON", "status": 400}
    server = judged(lines(call))
    assert [entry.at_ms for entry in server.events()] == [0]


def shown(entry: Entry) -> Entry:
    """Return an entry without what belongs to the server that wrote the file."""
    response = None if entry.response is None else replace(entry.response, body="")
    return replace(entry, response=response)


def test_journal_is_read_back_unchanged_with_faults_and_sessions_that_a_test_closed() -> None:
    emulator = factories.emulator()
    factories.fault(emulator, StatusFault(code=500), when=When(event_type="play"), stage=Stage.REQUEST, times=1)
    factories.fault(emulator, StatusFault(code=503), when=When(event_type="pauseStart"), times=1)
    server = MediaServer(LocalControl(Namespaces(lambda name: emulator), DEFAULT))
    sid = factories.open_session(emulator)
    statuses = []
    for at_s, event_type in enumerate(("play", "play", "pauseStart", "ping"), 1):
        server.clock.advance(seconds=1)
        statuses.append(factories.send(emulator, sid, event_type, ts=factories.T0 + at_s * 1000, playhead=at_s))
    server.expire(sid)
    statuses.append(factories.send(emulator, sid, ts=factories.T0 + 5000))
    server.forget(sid)
    statuses.append(factories.send(emulator, sid, ts=factories.T0 + 6000))
    factories.response(emulator, factories.post("/api/v1/sessions", body=b"x" * (emulator.settings.max_body_bytes + 1)))
    assert statuses == [500, 204, 503, 204, 410, 404]

    again = judged(server.export(), leave_open=True)

    assert [shown(entry) for entry in again.events()] == [shown(entry) for entry in server.events()]
    assert again.findings() == server.findings()
    assert again.sessions() == server.sessions()
    assert to_builtins(again.report(sid)) == to_builtins(server.report(sid))


def test_answers_of_the_recorded_server_decide_what_happened() -> None:
    events = "/api/v1/sessions/abc/events"
    content = lines(
        *(
            {"t": at_s, "method": "POST", "path": path, "body": json.dumps(body), "status": status}
            for at_s, path, body, status in (
                (0, "/api/v1/sessions", factories.start(), 503),
                (1, "/api/v1/sessions", factories.start(), 201),
                (2, events, event("play", at_s=2), 204),
                (3, events, event("ping", at_s=3), 500),
                (4, events, event("ping", at_s=4), 302),
                (5, events, event("ping", at_s=5), 410),
                (6, events, event("ping", at_s=6), 410),
            )
        )
    )

    server = judged(content)

    assert [(entry.outcome.value, entry.response.status) for entry in server.events() if entry.response] == [
        ("not_processed", 503), ("opened", 201), ("accepted", 204), ("not_processed", 500), ("not_processed", 302),
        ("session_closed", 410), ("session_closed", 410),
    ]  # fmt: skip
    [session] = server.sessions()
    assert (session.closed_by, session.events) == ("expired", 2)
