"""Rules about requests that found no session or no route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.http import HttpRequest
from mockserver.rules.diagnose.addressing import RULES
from tests.firings import fired, fired_in_traffic, traffic_of
from tests.playbacks import START_MS, Playground
from tests.tables import every_case

ERROR = Severity.ERROR
PING: dict[str, Any] = {"eventType": "ping", "playerTime": {"playhead": 1, "ts": START_MS + 1000}}


def ask(ground: Playground, method: str, target: str, headers: Mapping[str, str] | None = None) -> None:
    fields = tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
    ground.emulator.handle(HttpRequest(method, target.partition("?")[0], target, fields))


def messages(ground: Playground) -> str:
    return "\n".join(hit.message for rule in RULES for hit in rule.in_traffic(traffic_of(ground)))


# Ids


def test_events_are_sent_before_there_is_an_id() -> None:
    ground = Playground()
    for sid in ("", "undefined", "null", "v1"):
        ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert fired_in_traffic(RULES, ground) == [("session.event-before-sid", ERROR, (1, 2, 3, 4))]


def test_an_id_with_something_around_it_is_unknown() -> None:
    ground = Playground()
    sid = ground.play()
    ground.post(f"/api/v1/sessions/{sid}%2F/events", PING)
    ground.post(f"/api/v1/sessions/{sid}//events", PING)
    ask(ground, "POST", f"/api/v1/sessions/{sid}?from=app/events")

    assert fired_in_traffic(RULES, ground) == [("session.sid-decorated", ERROR, (2, 3, 4))]


@every_case("times", [1, 3])
def test_an_unknown_id_is_reported_with_where_the_right_one_comes_from(times: int) -> None:
    ground = Playground()
    for _ in range(times):
        ground.post("/api/v1/sessions/abcdef/events", PING)

    assert fired_in_traffic(RULES, ground) == [("session.unknown-id", ERROR, tuple(range(1, times + 1)))]
    assert "never issued; take the id from the end of the Location header of the 201" in messages(ground)


def test_a_session_that_the_server_has_dropped_was_issued() -> None:
    ground = Playground()
    sid = ground.play()
    ground.emulator.sessions.clear()
    ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert "which this server has dropped" in messages(ground)


def test_a_session_start_does_not_belong_to_another_session() -> None:
    ground = Playground()
    sid = ground.play()
    ground.post(f"/api/v1/sessions/{sid}/events", {**PING, "eventType": "sessionStart"})

    assert fired(RULES, ground.case(sid)) == [("session.start-on-events", ERROR, (2,))]


# Paths and methods


def test_the_older_heartbeat_protocol_is_recognised() -> None:
    ground = Playground()
    ask(ground, "GET", "/?s:event:type=start&s:asset:type=main")

    assert fired_in_traffic(RULES, ground) == [("http.heartbeat-protocol", ERROR, (1,))]


@every_case(
    ("method", "path", "code", "says"),
    [
        ("POST", "/api/v1/abcdef/events", "path.docs-typo", "post to /api/v1/sessions/{sid}/events"),
        ("POST", "/va/api/v1/sessions", "path.prefix", 'add "/va" to the setting path_prefixes'),
        ("POST", "/a/b/api/v1/sessions/x/events", "path.prefix", '"/a/b"'),
        ("POST", "/va/api/v1/downloaded/", "path.prefix", '"/va"'),
        ("POST", "/API/V1/sessions", "path.case", "use /api/v1/sessions."),
        ("POST", "/api/v1/Sessions/x/Events", "path.case", "use /api/v1/sessions/{sid}/events."),
        ("POST", "/api/v1/sessions/x/event", "path.unknown", "post to /api/v1/sessions/{sid}/events"),
        ("POST", "/api/v1/session", "path.unknown", "post to /api/v1/sessions."),
        ("POST", "/api/v2/sessions", "path.unknown", "post to /api/v1/sessions."),
        ("POST", "//api/v1/sessions", "path.unknown", "POST //api/v1/sessions was answered 404"),
        (
            "POST",
            "/http://h/api/v1/sessions/x/events",
            "path.unknown",
            "append Location to the scheme and host only, because it is an absolute path",
        ),
        ("POST", "/collect", "path.unknown", "post a sessionStart to /api/v1/sessions and events to"),
        ("PUT", "/collect", "path.unknown", "PUT /collect was answered 404"),
        ("GET", "/api/v1/sessions", "http.method", "GET /api/v1/sessions was answered 405; use POST"),
        ("PUT", "/api/v1/sessions/x/events", "http.method", "use POST"),
        ("GET", "/va/api/v1/sessions", "path.prefix", '"/va"'),
    ],
)
def test_a_wrong_path_or_method_is_reported_with_the_right_one(method: str, path: str, code: str, says: str) -> None:
    ground = Playground()
    ask(ground, method, path)

    assert fired_in_traffic(RULES, ground) == [(code, ERROR, (1,))]
    assert says in messages(ground)


@every_case(("path", "code"), [("/va/api/v1/sessions", "path.prefix"), ("/elsewhere", "path.unknown")])
def test_a_preflight_to_a_wrong_path_is_reported_as_the_browser_sends_no_more(path: str, code: str) -> None:
    ground = Playground()
    ask(ground, "OPTIONS", path, {"Access-Control-Request-Method": "POST"})

    assert fired_in_traffic(RULES, ground) == [(code, ERROR, (1,))]


@every_case(
    ("method", "target", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/favicon.ico", {}),
        ("GET", "/settings/?job_id=abc", {}),
        ("HEAD", "/robots.txt", {}),
        ("GET", "/api/v1/sessions", {"Sec-Fetch-Mode": "navigate"}),
        ("GET", "/api/v9", {"Sec-Fetch-Mode": "navigate"}),
        ("OPTIONS", "/api/v1/sessions", {"Access-Control-Request-Method": "POST"}),
        ("OPTIONS", "/api/v2/sessions", {}),
        ("OPTIONS", "/elsewhere", {"Access-Control-Request-Method": "GET"}),
        ("OPTIONS", "/elsewhere", {}),
        ("OPTIONS", "/b/ss/suite/10/JS/s123", {"Access-Control-Request-Method": "POST"}),
        ("POST", "/b/ss/suite/10/JS/s123", {}),
        ("POST", "/id?d_visid_ver=5", {}),
    ],
)
def test_requests_that_no_player_sent_are_not_reported(method: str, target: str, headers: dict[str, str]) -> None:
    ground = Playground()
    ask(ground, method, target, headers)

    assert fired_in_traffic(RULES, ground) == []


def test_requests_to_one_path_are_one_finding_in_each_session() -> None:
    ground = Playground()
    sid, other = ground.play(), ground.play(start={"media.id": "clip-8"})
    for one in (sid, sid, other):
        ground.post(f"/va/api/v1/sessions/{one}/events", PING)

    hits = [hit for rule in RULES for hit in rule.in_traffic(traffic_of(ground))]
    assert [(hit.session_id, hit.seqs) for hit in hits] == [(sid, (3, 4)), (other, (5,))]
    assert hits[0].message.startswith("POST /va/api/v1/sessions/{sid}/events was answered 404 2 times: ")


def test_a_namespace_is_not_a_prefix() -> None:
    ground = Playground()
    for path in ("/va/api/v1/sessions", "/api/v1/session", "/b/ss/suite/1", "/elsewhere"):
        ground.emulator.handle(HttpRequest("POST", path, f"/ns/suite{path}"))

    assert fired_in_traffic(RULES, ground) == [
        ("path.prefix", ERROR, (1,)), ("path.unknown", ERROR, (2,)), ("path.unknown", ERROR, (4,)),
    ]  # fmt: skip
    assert 'nothing answers below "/va"' in messages(ground)
    assert "POST /api/v1/session was answered 404" in messages(ground)
