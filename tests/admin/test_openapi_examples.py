"""The examples in the OpenAPI document are what a server answered; ``make golden`` asks it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from mockserver import MediaServer, MockServer
from mockserver import control as c
from mockserver.control import CONTROL_ROUTES, Chunks, Route
from mockserver.wire.codec import convert, encode
from tests.factories import T0, event, start

LONGEST = 2_000
"""Most characters of an answer that is an example; a longer one shows less than its schema."""
FAULT = {
    "fault": {"kind": "status", "code": 500},
    "when": {"event_type": ["ping"]},
    "times": 2,
    "name": "two bad pings",
}
STORY = {
    "title": "Two pings fail",
    "symptom": "Minutes are missing in the reports.",
    "description": "The back end answers two pings with 500.",
    "player": "Goes on.",
    "faults": [FAULT],
    "expect": [{"says": "It pings on.", "query": {"event_type": ["ping"], "status": [204]}, "at_least": 1}],
}
PLAN = {
    "title": "Our player",
    "content": [{"name": "clips", "events": [{"event_type": "ping", "at_least": 2}], "allow_findings": ["ts.skew"]}],
}
ASKED: tuple[tuple[Route[Any, Any], Any, dict[str, str]], ...] = (
    (c.HEALTH, None, {}),
    (c.READY, None, {}),
    (c.SUMMARY, None, {}),
    (c.SESSIONS, {}, {}),
    (c.SESSION, None, {"sid": "<sid>"}),
    (c.TIMELINE, None, {"sid": "<sid>"}),
    (c.LANES, None, {"sid": "<sid>"}),
    (c.FINDINGS, {"limit": 1}, {}),
    (c.SESSION_FINDINGS, {"limit": 1}, {"sid": "<sid>"}),
    (c.EVENTS, {"event_type": ["ping"]}, {}),
    (c.EVENT, None, {"seq": "2"}),
    (c.COUNT, {"query": {"event_type": ["ping"]}}, {}),
    (c.FIND, {"query": {"outcome": ["invalid"]}}, {}),
    (c.WAIT, {"query": {"event_type": ["sessionStart"]}, "at_least": 1, "timeout_ms": 5_000}, {}),
    (c.VERIFY, {"sequence": [{"event_type": ["sessionStart"]}, {"event_type": ["play"]}]}, {}),
    (c.PLAN, PLAN, {}),
    (c.ADD_FAULT, FAULT, {}),
    (c.FAULTS, {}, {}),
    (c.FAULT, None, {"fault_id": "f1"}),
    (c.PUT_FAULT, {"fault": {"kind": "delay", "ms": 3_000}, "times": 1}, {"fault_id": "f1"}),
    (c.PUT_STORY, STORY, {"name": "two-pings-fail"}),
    (c.START_STORY, None, {"name": "two-pings-fail"}),
    (c.WAIT_STORY, {"since": 0, "timeout_ms": 0}, {"name": "two-pings-fail"}),
    (c.STORY, None, {"name": "two-pings-fail"}),
    (c.STOP_STORY, None, {"name": "two-pings-fail"}),
    (c.PATCH_SETTINGS, {"idle_timeout_s": 30}, {}),
    (c.SETTINGS, None, {}),
    (c.SET_CLOCK, {"action": "advance", "ms": 60_000}, {}),
    (c.CLOCK, None, {}),
    (c.PUT_SESSION, {"sid": "mine", "phase": "closed"}, {}),
    (c.EXPIRE, None, {"sid": "<sid>"}),
    (c.FORGET, None, {"sid": "<sid>"}),
    (c.NAMESPACES, {}, {}),
    (c.RESET, {"only": ["journal", "sessions"]}, {}),
)  # fmt: skip
UNTOLD: dict[str, Any] = {"addPlayers": {"content": "short", "count": 1}}
"""Bodies of requests whose answers differ from run to run."""


def test_examples_are_what_a_server_answers(golden: Callable[[str, str], None]) -> None:
    with MockServer(seed=7) as server:
        server.clock.freeze()
        server.clock.set(T0)
        play(server)
        examples = {name: {"body": body} for name, body in UNTOLD.items()} | dict(asked(server))
    text = json.dumps(examples, indent=1, ensure_ascii=False) + "\n"
    golden("../../mockserver/admin/examples.json", text)


def test_every_request_with_a_body_has_an_example() -> None:
    named = {route.name for route, body, _ in ASKED if body is not None} | UNTOLD.keys()
    assert {
        route.name for route in CONTROL_ROUTES if route.method != "GET" and route.argument not in (None, bytes)
    } <= named


def play(server: MediaServer) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    for document in (start(), event("play"), event("ping", playhead=10, ts=T0 + 10_000), {"eventType": "ping"}):
        known = server.sessions()
        path = f"/api/v1/sessions/{known[0].session_id}/events" if known else "/api/v1/sessions"
        connection.request(
            "POST", path, json.dumps(document), {"Host": "localhost", "Content-Type": "application/json"}
        )
        connection.getresponse().read()
    connection.close()


def asked(server: MediaServer) -> Iterator[tuple[str, dict[str, Any]]]:
    sid = server.sessions()[0].session_id
    for route, body, path in ASKED:
        kind = route.argument
        argument = None if kind is None else encode(body) if kind is bytes else convert(body, kind)
        answer = server.control.call(
            route, argument, **{name: part.replace("<sid>", sid) for name, part in path.items()}
        )
        assert route.result is not Chunks
        text = encode(answer).decode()
        told = {"answer": json.loads(text)} if len(text) <= LONGEST else {}
        yield route.name, ({} if route.method == "GET" or body is None else {"body": body}) | told
