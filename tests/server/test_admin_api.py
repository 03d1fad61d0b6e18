from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import quote

import pytest

from mockserver.clock import Clock
from mockserver.control import ADD_PLAYERS, CONTROL_ROUTES, STREAM
from mockserver.model.settings import Settings
from tests.server.conftest import Start
from tests.server.running import PING, PLAY, START, Running
from tests.server.wire import Answer
from tests.tables import every_case
from tests.waiting import GUARD_S, until

NOW_MS = 1_760_000_000_000
ENTRY = {
    "seq", "at_ms", "operation", "session_id", "event_type", "event", "outcome", "violations", "fault_ids", "draws",
    "request", "response", "delivery",
}  # fmt: skip


@pytest.fixture
def server(start: Start, clock: Clock) -> Running:
    return start(clock=clock)


def found(answer: Answer, status: int = 200) -> Any:
    assert (answer.status, answer.header("Content-Type")) == (status, "application/json"), answer
    assert answer.header("Cache-Control") == "no-store"
    return answer.json()


def seqs(server: Running, query: str) -> list[int]:
    return [entry["seq"] for entry in found(server.admin("GET", f"/events?{query}"))["events"]]


def with_traffic(server: Running) -> str:
    """Record 1 a start, 2 a play, 3 a ping, 4 an invalid event, 5 an unknown session, 6 a preflight."""
    sid = server.open_session()
    path = f"/api/v1/sessions/{sid}/events"
    server.ask("POST", path, PLAY)
    server.ask("POST", path, PING)
    server.ask("POST", path, b'{"eventType":"ping"}')
    server.ask("POST", "/api/v1/sessions/unknown/events", PING)
    server.ask("OPTIONS", path)
    return sid


def test_probes_and_version(server: Running) -> None:
    assert found(server.admin("GET", "/health")) == found(server.admin("GET", "/ready")) == {"status": "ok"}
    version = found(server.admin("GET", "/version"))
    assert version["name"] == "media-collection-mockserver"
    assert version["version"][0].isdigit()


def test_metrics_count_what_was_recorded(server: Running) -> None:
    with_traffic(server)
    answer = server.admin("GET", "/metrics")
    assert (answer.status, answer.header("Content-Type")) == (200, "text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    assert 'mockserver_journal_entries{namespace="default"} 6' in lines
    assert 'mockserver_events{event_type="ping",namespace="default"} 3' in lines
    assert 'mockserver_responses{namespace="default",status="204"} 2' in lines


@pytest.mark.parametrize("fast_path", [True, False])
def test_answers_of_both_paths_are_timed_once_metrics_were_asked_for(start: Start, fast_path: bool) -> None:
    server = start(Settings(fast_path=fast_path))
    sid = server.open_session()
    server.admin("GET", "/metrics")
    for _ in range(3):
        assert server.ping(sid).status == 204
    assert "mockserver_answer_seconds_count 3\n" in server.admin("GET", "/metrics").body.decode()


def test_openapi_lists_every_route_of_all_apis(server: Running) -> None:
    paths = found(server.admin("GET", "/openapi.json"))["paths"]
    assert {path for path in paths if not path.startswith("/__admin")} == {
        "/api/v1/sessions",
        "/api/v1/sessions/{sid}/events",
        "/api/v1/schemas/{eventType}",
        "/api/v1/downloaded",
        "/ee/va/v1/{eventType}",
        "/ee/v1/interact",
        "/ee/v1/collect",
        "/ee/v1/privacy/set-consent",
        "/ee/v1/identity/acquire",
    }
    listed = {(method.upper(), path) for path in paths for method in paths[path] if path.startswith("/__admin")}
    assert listed == {(route.method, f"/__admin{route.path}") for route in CONTROL_ROUTES}


def test_openapi_names_the_server_and_the_namespace_that_were_asked(server: Running, start: Start) -> None:
    for asked, prefix in ((server, ""), (server, "/ns/blue"), (start(), "/ns/blue")):
        answer = found(asked.ask("GET", f"{prefix}/__admin/openapi.json"))
        own = f"http://127.0.0.1:{asked.port}"
        assert [one["url"] for one in answer["servers"]] == [own + prefix, f"{own}/ns/{{namespace}}"]
        assert list(answer)[:3] == ["openapi", "info", "servers"]


def test_summary_counts_by_type_outcome_status_and_phase(server: Running) -> None:
    with_traffic(server)
    summary = found(server.admin("GET", "/summary"))
    expected = {
        "requests": 6,
        "events": {"sessionStart": 1, "play": 1, "ping": 3},
        "outcomes": {"opened": 1, "accepted": 2, "invalid": 1, "unknown_session": 1, "answered": 1},
        "statuses": {"201": 1, "204": 2, "400": 1, "404": 1, "200": 1},
        "sessions": {"open": 1},
        "evicted": 0,
    }
    assert {name: summary[name] for name in expected} == expected


def test_sessions_are_listed_and_shown_with_their_deadlines(server: Running) -> None:
    sid = with_traffic(server)
    page = found(server.admin("GET", "/sessions"))
    assert page["meta"] == {"total": 1, "evicted": 0, "next": None}
    (listed,) = page["sessions"]
    assert listed == found(server.admin("GET", f"/sessions/{sid}"))
    assert (listed["session_id"], listed["phase"], listed["closed_by"], listed["events"]) == (sid, "open", None, 3)
    assert listed["deadlines"] == {
        "idle_ms": NOW_MS + 605_000,
        "stall_ms": NOW_MS + 1_805_000,
        "max_age_ms": NOW_MS + 86_405_000,
        "forget_ms": None,
    }


def test_sessions_are_paged(server: Running) -> None:
    sids = [server.open_session() for _ in range(3)]
    first = found(server.admin("GET", "/sessions?limit=2"))
    assert ([view["sid"] for view in first["sessions"]], first["meta"]["next"]) == (sids[:2], 2)
    rest = found(server.admin("GET", f"/sessions?limit=2&since={first['meta']['next']}"))
    assert ([view["sid"] for view in rest["sessions"]], rest["meta"]["next"]) == (sids[2:], None)


def test_session_can_be_opened_closed_expired_and_forgotten_without_a_client(server: Running) -> None:
    fresh = found(server.admin("POST", "/sessions", {}), 201)
    assert len(fresh["sid"]) == 64
    assert server.ping(fresh["sid"]).status == 204
    mine = found(server.admin("POST", "/sessions", {"sid": "mine", "phase": "closed"}), 201)
    assert (mine["sid"], mine["phase"], mine["closed_by"]) == ("mine", "closed", "expired")
    assert server.ping("mine").status == 410
    assert found(server.admin("POST", "/sessions", {"sid": "mine"}), 201)["phase"] == "open"
    assert server.ping("mine").status == 204
    assert found(server.admin("POST", "/sessions/mine/expire"))["closed_by"] == "expired"
    assert server.ping("mine").status == 410
    assert found(server.admin("POST", "/sessions/mine/forget", {}))["phase"] == "forgotten"
    assert server.ping("mine").status == 404
    assert found(server.admin("GET", "/sessions/mine"))["phase"] == "forgotten"


def test_timeline_shows_both_orders(server: Running) -> None:
    sid = with_traffic(server)
    timeline = found(server.admin("GET", f"/sessions/{sid}/timeline"))
    assert (timeline["session_id"], timeline["journal_complete"]) == (sid, True)
    assert [item["seq"] for item in timeline["arrival"]] == [1, 2, 3, 4]
    assert [(item["event_type"], item["status"]) for item in timeline["processing"]] == [
        ("sessionStart", 201),
        ("play", 204),
        ("ping", 204),
    ]


def test_entry_has_the_documented_members(server: Running) -> None:
    sid = with_traffic(server)
    page = found(server.admin("GET", "/events"))
    assert page["meta"] == {"total": 6, "evicted": 0, "next": None}
    assert page["events"] == [server.entry(seq) for seq in range(1, 7)]
    assert all(set(entry) == ENTRY for entry in page["events"])
    entry = server.entry(3)
    assert (entry["seq"], entry["at_ms"], entry["operation"], entry["session_id"]) == (3, NOW_MS, "event", sid)
    assert (entry["event"], entry["outcome"], entry["delivery"]) == (json.loads(PING), "accepted", "sent")
    assert server.entry(4)["violations"][0].keys() == {"path", "rule", "detail"}


@pytest.fixture
def recorded(server: Running) -> Running:
    with_traffic(server)
    return server


@every_case(
    ("query", "expected"),
    [
        ("event_type=ping", [3, 4, 5]),
        ("event_type=play&event_type=sessionStart", [1, 2]),
        ("outcome=accepted", [2, 3]),
        ("outcome=invalid&outcome=unknown_session", [4, 5]),
        ("status=204", [2, 3]),
        ("status=400&status=404", [4, 5]),
        ("status=404&outcome=accepted", []),
        ("operation=preflight", [6]),
        ("session_id=unknown", [5]),
        ("fault_id=f1", []),
        ("since=4", [5, 6]),
        ("since=99", []),
        (f"where={quote('/playerTime/playhead>10')}", [3, 5]),
        (f"where={quote('/playerTime/playhead>11')}", []),
        (f"where={quote('/params/media.id=v1')}&where={quote('/eventType*=Start')}", [1]),
        (f"where={quote('/params/media.id=v1')}&event_type=ping", []),
        (f"where={quote('/eventType!=ping')}", [1, 2, 6]),
    ],
)
def test_events_are_filtered_by_the_query_string(recorded: Running, query: str, expected: list[int]) -> None:
    assert seqs(recorded, query) == expected


def test_events_are_paged_by_since_limit_and_next(server: Running) -> None:
    with_traffic(server)
    since, pages = 0, []
    while True:
        page = found(server.admin("GET", f"/events?limit=4&since={since}"))
        pages.append([entry["seq"] for entry in page["events"]])
        if page["meta"]["next"] is None:
            break
        since = page["meta"]["next"]
    assert pages == [[1, 2, 3, 4], [5, 6]]


def test_dropped_entries_are_reported(start: Start) -> None:
    server = start(Settings(max_entries=2))
    with_traffic(server)
    page = found(server.admin("GET", "/events"))
    assert ([entry["seq"] for entry in page["events"]], page["meta"]["evicted"]) == ([5, 6], 4)
    assert found(server.admin("POST", "/events/count", {})) == {"count": 2, "journal_complete": False}
    assert "dropped" in server.admin("GET", "/events/1").json()["detail"]


def test_count_and_find(server: Running) -> None:
    with_traffic(server)
    pings = {"query": {"event_type": ["ping"], "where": ["/playerTime/playhead=10.5"]}}
    assert found(server.admin("POST", "/events/count", pings)) == {"count": 2, "journal_complete": True}
    page = found(server.admin("POST", "/events/find", {"query": {"event_type": "ping", "limit": 1}}))
    assert [entry["seq"] for entry in page["events"]] == [3]
    assert page["meta"] == {"total": 3, "evicted": 0, "next": 3}


def test_wait_is_satisfied_by_a_later_request(server: Running) -> None:
    answers: list[Any] = []
    command = {"query": {"event_type": "ping"}, "at_least": 2, "timeout_ms": 60_000}
    waiting = threading.Thread(target=lambda: answers.append(server.admin("POST", "/events/wait", command)))
    sid = server.open_session()
    waiting.start()
    until(lambda: len(server.emulator.waiters) == 1)
    server.ping(sid)
    assert not answers
    server.ping(sid)
    waiting.join(GUARD_S)
    result = found(answers[0])
    assert (result["satisfied"], result["count"], result["journal_complete"]) == (True, 2, True)
    assert [entry["seq"] for entry in result["events"]] == [2, 3]


def test_unsatisfied_wait_is_answered_200_as_well(server: Running) -> None:
    result = found(server.admin("POST", "/events/wait", {"query": {"event_type": "ping"}, "timeout_ms": 1}))
    assert result == {"satisfied": False, "count": 0, "events": [], "journal_complete": True}
    assert found(server.admin("POST", "/events/wait", {"at_least": 0, "timeout_ms": 60_000}))["satisfied"] is True
    assert found(server.admin("POST", "/events/wait", {"timeout_ms": 0}))["satisfied"] is False


def test_verify_shows_the_nearest_request(server: Running) -> None:
    with_traffic(server)
    met = found(server.admin("POST", "/verify", {"query": {"event_type": "play"}, "exactly": 1}))
    assert (met["verified"], [entry["seq"] for entry in met["matched"]], met["near_misses"]) == (True, [2], [])
    missed = found(
        server.admin("POST", "/verify", {"query": {"event_type": "play", "where": "/playerTime/playhead=5"}})
    )
    assert set(missed) == {"verified", "message", "matched", "near_misses", "journal_complete"}
    assert (missed["verified"], missed["near_misses"][0]["event"]["seq"]) == (False, 2)
    sequence = {"sequence": ["sessionStart", {"event_type": "ping"}]}
    assert found(server.admin("POST", "/verify", sequence))["verified"] is True


def test_faults_are_added_listed_counted_replaced_and_removed(server: Running) -> None:
    spec = {
        "name": "five hundreds",
        "fault": {"kind": "status", "code": 500},
        "when": {"event_type": ["ping"]},
        "times": 1,
    }
    rule = found(server.admin("POST", "/faults", spec), 201)
    assert (rule["id"], rule["seen"], rule["applied"], rule["name"]) == ("f1", 0, 0, "five hundreds")
    sid = server.open_session()
    assert [server.ping(sid).status for _ in range(3)] == [500, 204, 204]
    rule = found(server.admin("GET", "/faults/f1"))
    assert (rule["seen"], rule["applied"]) == (3, 1)
    assert seqs(server, "fault_id=f1") == [2]
    replaced = found(server.admin("PUT", "/faults/f1", {"fault": {"kind": "status", "code": 503}}))
    again = found(server.admin("PUT", "/faults/f1", {**replaced, "id": "f9", "seen": 7}))
    assert again == {**replaced, "created_ms": again["created_ms"]}, "what was answered may be sent back"
    assert (replaced["id"], replaced["fault"]["code"], replaced["seen"]) == ("f1", 503, 0)
    assert server.ping(sid).status == 503
    server.add_fault({"kind": "close"}, enabled=False)
    page = found(server.admin("GET", "/faults"))
    assert ([rule["id"] for rule in page["faults"]], page["meta"]["total"]) == (["f1", "f2"], 2)
    removed = server.admin("DELETE", "/faults/f1")
    assert (removed.status, removed.body) == (204, b"")
    assert server.ping(sid).status == 204
    assert server.admin("DELETE", "/faults").status == 204
    assert found(server.admin("GET", "/faults"))["faults"] == []


def test_settings_are_shown_and_patched_and_act_on_open_sessions(server: Running) -> None:
    sid = server.open_session()
    before = found(server.admin("GET", "/settings"))
    after = found(server.admin("PATCH", "/settings", {"idle_timeout_s": 1, "cors.max_age": 5}))
    assert after == {**before, "idle_timeout_s": 1, "cors.max_age": 5}
    assert found(server.admin("GET", "/settings")) == after
    server.admin("POST", "/clock", {"action": "advance", "ms": 1001})
    assert server.ping(sid).status == 410
    assert found(server.admin("GET", f"/sessions/{sid}"))["closed_by"] == "idle"
    assert server.ask("OPTIONS", "/api/v1/sessions").header("Access-Control-Max-Age") == "5"


def test_clock_obeys_commands_and_answers_its_time(server: Running) -> None:
    standing = {"frozen": True, "rate": 1.0}
    assert found(server.admin("GET", "/clock")) == {"now_ms": NOW_MS, **standing}
    for command, expected in (
        ({"action": "advance", "ms": 5}, {"now_ms": NOW_MS + 5, **standing}),
        ({"action": "set", "at_ms": NOW_MS}, {"now_ms": NOW_MS, **standing}),
        (
            {"action": "advance", "hours": 1, "minutes": 2, "seconds": 3.5, "ms": 4},
            {"now_ms": NOW_MS + 3_723_504, **standing},
        ),
        ({"action": "set", "at_ms": 7}, {"now_ms": 7, **standing}),
        ({"action": "rate", "rate": 60}, {"now_ms": 7, "frozen": True, "rate": 60.0}),
        ({"action": "freeze"}, {"now_ms": 7, "frozen": True, "rate": 60.0}),
        ({"action": "follow_ts"}, {"now_ms": 7, "frozen": True, "rate": 60.0}),
    ):
        assert found(server.admin("POST", "/clock", command)) == expected
    server.open_session()
    assert found(server.admin("GET", "/clock"))["now_ms"] == NOW_MS
    assert found(server.admin("POST", "/clock", {"action": "resume"}))["frozen"] is False
    reading = found(server.admin("POST", "/clock", {"action": "reset"}))
    assert (reading["frozen"], reading["rate"]) == (False, 1.0)
    assert reading["now_ms"] > NOW_MS


def test_reset_restores_the_state_after_the_start(start: Start, clock: Clock) -> None:
    server = start(Settings(idle_timeout_s=30), clock=clock, faults=({"fault": {"kind": "reset"}, "enabled": False},))
    server.add_fault({"kind": "close"}, when={"event_type": "play"})
    with_traffic_but_play = server.open_session()
    server.admin("PATCH", "/settings", {"idle_timeout_s": 1})
    summary = found(server.admin("POST", "/reset"))
    assert (summary["requests"], summary["sessions"]) == (0, {})
    assert [rule["id"] for rule in found(server.admin("GET", "/faults"))["faults"]] == ["f1"]
    assert found(server.admin("GET", "/settings"))["idle_timeout_s"] == 30
    assert found(server.admin("GET", "/clock"))["frozen"] is False
    assert server.ping(with_traffic_but_play).status == 404
    assert server.last_entry()["seq"] == 1


@pytest.mark.parametrize("part", ["journal", "sessions", "faults", "clock", "settings"])
def test_reset_of_one_part_leaves_the_others(server: Running, part: str) -> None:
    server.open_session()
    server.add_fault({"kind": "close"}, enabled=False)
    server.admin("PATCH", "/settings", {"idle_timeout_s": 1})
    assert found(server.admin("POST", "/reset", {"only": [part]}))["requests"] == (0 if part == "journal" else 1)
    left = {
        "journal": found(server.admin("GET", "/events"))["meta"]["total"] == 1,
        "sessions": found(server.admin("GET", "/sessions"))["meta"]["total"] == 1,
        "faults": found(server.admin("GET", "/faults"))["meta"]["total"] == 1,
        "clock": found(server.admin("GET", "/clock"))["frozen"],
        "settings": found(server.admin("GET", "/settings"))["idle_timeout_s"] == 1,
    }
    assert [name for name, is_left in left.items() if not is_left] == [part]


def test_export_is_the_journal_line_by_line(server: Running) -> None:
    with_traffic(server)
    for query in ("", "?format=ndjson"):
        answer = server.admin("GET", f"/export{query}")
        assert (answer.status, answer.header("Content-Type")) == (200, "application/x-ndjson")
        lines = [json.loads(line) for line in answer.body.splitlines()]
        assert lines == found(server.admin("GET", "/events"))["events"]
    server.admin("POST", "/reset")
    assert server.admin("GET", "/export").body == b""


def test_admin_requests_are_not_recorded(server: Running) -> None:
    for route in CONTROL_ROUTES:
        if route not in (STREAM, ADD_PLAYERS):  # one does not end, and players are clients
            server.admin(route.method, route.path, {"timeout_ms": 0} if route.path == "/events/wait" else None)
    assert found(server.admin("GET", "/events"))["meta"]["total"] == 0
    assert server.ask("POST", "/api/v1/sessions", START).status == 201


def test_a_client_that_waits_for_100_continue_sends_its_body(server: Running) -> None:
    body = b'{"idle_timeout_s": 7}'
    with server.connect() as wire:
        fields = b"Host: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
        wire.send(b"PATCH /__admin/settings HTTP/1.1\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body))
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().json()["idle_timeout_s"] == 7
