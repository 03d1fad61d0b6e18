"""Every route, called in the process and over HTTP: the same answers and the same refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mockserver import MediaServer, Query
from mockserver import control as c
from mockserver.control import CONTROL_ROUTES, STREAM, Chunks, Route
from mockserver.model import player as p
from mockserver.model import results as r
from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import HangFault, StatusFault
from mockserver.model.finding import Severity
from mockserver.model.story import StoryWait
from mockserver.model.vocabulary import Outcome, Phase
from mockserver.wire.codec import encode
from tests.contract.conftest import Post, Twins
from tests.factories import event, start, story
from tests.openapi import document, refusals
from tests.tables import every_case
from tests.waiting import until

SPEC = FaultSpec(fault=StatusFault(code=503, headers={"Retry-After": "5"}), when=When(event_type="error"), name="later")
AT_THE_START = p.PlayerCommand(content="live", speed=1e-6, seed=7)
"""A player whose second event is a thousand seconds away."""
TOLD = story(
    Expectation(says="It pings on.", query=Query(event_type="ping", status=204), at_least=2),
    Expectation(says="It plays.", sequence=("sessionStart", "play")),
    Expectation(says="It sends no unknown keys.", no_findings=("params.unknown",)),
    settings={"idle_timeout_s": 60},
)
OTHER = story(faults=(FaultSpec(fault=StatusFault(code=500), when=When(event_type="ping", nth_session=(1, 2))),))
CROWDED = story(faults=(SPEC, SPEC, SPEC, SPEC))
PLAN = b"""
title = "What is asked"
[[content]]
name = "all"
events = [{ event_type = "ping", at_least = 9 }, { event_type = "sessionStart", params."media.id" = "V1" }]
[[expect]]
says = "It pings."
query = { event_type = "ping" }
"""
SEQUENCE = (Query(event_type="sessionStart"), "play", "ping")

RECORDING = b"\n".join(encode(event) for event in (start(), event("play"), event("sessionEnd")))

ANSWERED: list[tuple[Route[Any, Any], Any, dict[str, str]]] = [
    (c.HEALTH, None, {}),
    (c.READY, None, {}),
    (c.VERSION, None, {}),
    (c.METRICS, None, {}),
    (c.OPENAPI, None, {}),
    (c.SUMMARY, None, {}),
    (c.SESSIONS, c.SessionQuery(), {}),
    (c.SESSIONS, c.SessionQuery(since=1, limit=1), {}),
    (c.SESSIONS, c.SessionQuery(before=2, q="V1", phase=(Phase.OPEN, Phase.CLOSED), findings=True), {}),
    (c.SESSIONS, c.SessionQuery(phase=Phase.OPEN, findings=False), {}),
    (c.PUT_SESSION, r.SessionCommand(), {}),
    (c.PUT_SESSION, r.SessionCommand(sid="mine", phase=Phase.CLOSED), {}),
    (c.SESSION, None, {"sid": "<sid>"}),
    (c.EXPIRE, None, {"sid": "<sid>"}),
    (c.FORGET, None, {"sid": "<sid>"}),
    (c.TIMELINE, None, {"sid": "<sid>"}),
    (c.LANES, None, {"sid": "<sid>"}),
    (c.SESSION_FINDINGS, c.FindingQuery(), {"sid": "<sid>"}),
    (c.SESSION_FINDINGS, c.FindingQuery(min_severity=Severity.WARNING), {"sid": "<sid>"}),
    (c.SESSION_FINDINGS, c.FindingQuery(), {"sid": "undefined"}),
    (c.REPORT, None, {"sid": "<sid>"}),
    (c.COMPARISON, c.ComparisonQuery(after="<sid>", seconds=1.5, ignore="media.*"), {"sid": "<sid>"}),
    (c.FINDINGS, c.FindingQuery(), {}),
    (c.FINDINGS, c.FindingQuery(code=("params.unknown", "session.event-before-sid"), limit=1), {}),
    (c.FINDINGS, c.FindingQuery(code="session.event-before-sid", since=1), {}),
    (c.RULE, None, {"code": "ping.gap"}),
    (c.EVENTS, Query(), {}),
    (c.EVENTS, Query(event_type=("ping", "play"), status=204, where=("/playerTime/playhead>5",), limit=1), {}),
    (c.EVENTS, Query(outcome=Outcome.INVALID, since=1), {}),
    (c.EVENTS, c.EventQuery(q="ping -status:4xx", skip=1, limit=1), {}),
    (c.EVENTS, c.EventQuery(finding="params", min_severity=Severity.WARNING), {}),
    (c.SESSIONS, c.SessionQuery(q="finding:params", findings=True, sort="-events", skip=0), {}),
    (c.EXPORT, c.ExportQuery(event_type="ping", q="invalid"), {}),
    (c.COUNT, r.WaitCommand(query=Query(event_type="ping")), {}),
    (c.FIND, r.WaitCommand(query=Query(status=(204, 201))), {}),
    (c.WAIT, r.WaitCommand(query=Query(event_type="play"), at_least=1, timeout_ms=5_000), {}),
    (c.EVENT, None, {"seq": "2"}),
    (c.VERIFY, r.VerifyCommand(query=Query(event_type="ping", status=500)), {}),
    (c.VERIFY, r.VerifyCommand(sequence=SEQUENCE, order="arrival"), {}),
    (c.PLAN, PLAN, {}),
    (c.FAULTS, None, {}),
    (c.FAULTS, c.PageQuery(limit=1), {}),
    (c.ADD_FAULT, SPEC, {}),
    (c.DELETE_FAULTS, None, {}),
    (c.FAULT, None, {"fault_id": "f1"}),
    (c.PUT_FAULT, SPEC, {"fault_id": "f1"}),
    (c.DELETE_FAULT, None, {"fault_id": "f1"}),
    (c.STORIES, None, {}),
    (c.STORY, None, {"name": "told"}),
    (c.STORY, None, {"name": "other"}),
    (c.PUT_STORY, OTHER, {"name": "new"}),
    (c.START_STORY, None, {"name": "other"}),
    (c.START_STORY, None, {"name": "told"}),
    (c.WAIT_STORY, StoryWait(timeout_ms=0), {"name": "told"}),
    (c.WAIT_STORY, StoryWait(), {"name": "other"}),
    (c.STOP_STORY, None, {"name": "told"}),
    (c.STOP_STORY, None, {"name": "other"}),
    (c.ARMED, None, {}),
    (c.SETTINGS, None, {}),
    (c.PATCH_SETTINGS, {"thresholds": {"jump_s": 30}}, {}),
    (c.PATCH_SETTINGS, {"idle_timeout_s": 5, "session_rules": [{"where": ["/params/media.id=a"]}]}, {}),
    (c.CLOCK, None, {}),
    (c.SET_CLOCK, r.ClockCommand(action="advance", ms=700_000), {}),
    (c.RESET, r.ResetCommand(only=("journal", "faults")), {}),
    (c.NAMESPACES, None, {}),
    (c.NAMESPACES, c.PageQuery(since=1), {}),
    (c.DELETE_NAMESPACE, None, {"name": "other"}),
    (c.PLAYERS, None, {}),
    (c.ADD_PLAYERS, AT_THE_START, {}),
    (c.STOP_PLAYER, None, {"player_id": "<player>"}),
    (c.STOP_PLAYERS, None, {}),
    (c.ADDRESSES, None, {}),
    (c.QR_CODE, None, {}),
    (c.EXPORT, c.ExportQuery(), {}),
    (c.EXPORT, c.ExportQuery(format="har"), {}),
    (c.IMPORT, RECORDING, {}),
]

REFUSED: list[tuple[Route[Any, Any], Any, dict[str, str]]] = [
    (c.IMPORT, b"{", {}),
    (c.IMPORT, b"", {}),
    (c.IMPORT, b'{"log": {"entries": []}}', {}),
    (c.IMPORT, b'{"eventType": "ping"}', {}),
    (c.SESSIONS, c.SessionQuery(since=-1), {}),
    (c.SESSIONS, c.SessionQuery(limit=0), {}),
    (c.SESSIONS, c.SessionQuery(before=-1), {}),
    (c.PUT_SESSION, r.SessionCommand(sid="no spaces"), {}),
    (c.SESSION, None, {"sid": "nobody"}),
    (c.EXPIRE, None, {"sid": "nobody"}),
    (c.FORGET, None, {"sid": "nobody"}),
    (c.TIMELINE, None, {"sid": "nobody"}),
    (c.LANES, None, {"sid": "nobody"}),
    (c.SESSION_FINDINGS, c.FindingQuery(), {"sid": "nobody"}),
    (c.REPORT, None, {"sid": "nobody"}),
    (c.COMPARISON, c.ComparisonQuery(after="nobody"), {"sid": "nobody"}),
    (c.COMPARISON, c.ComparisonQuery(after="nobody", seconds=-1), {"sid": "nobody"}),
    (c.REPORT, None, {"sid": "undefined"}),
    (c.FINDINGS, c.FindingQuery(code="ping.none"), {}),
    (c.FINDINGS, c.FindingQuery(since=-1), {}),
    (c.FINDINGS, c.FindingQuery(limit=0), {}),
    (c.RULE, None, {"code": "ping.none"}),
    (c.EVENTS, Query(limit=10_001), {}),
    (c.EVENTS, Query(where=("playhead",)), {}),
    (c.EVENTS, c.EventQuery(q="sesion:1"), {}),
    (c.EVENTS, c.EventQuery(skip=-1), {}),
    (c.EXPORT, c.ExportQuery(q="status:teapot"), {}),
    (c.SESSIONS, c.SessionQuery(q="severity:bad"), {}),
    (c.SESSIONS, c.SessionQuery(skip=-1), {}),
    (c.COUNT, r.WaitCommand(at_least=-1), {}),
    (c.FIND, r.WaitCommand(query=Query(since=-1)), {}),
    (c.WAIT, r.WaitCommand(timeout_ms=60_001), {}),
    (c.EVENT, None, {"seq": "99"}),
    (c.EVENT, None, {"seq": "first"}),
    (c.VERIFY, r.VerifyCommand(), {}),
    (c.PLAN, b'title = "t"', {}),
    (c.PLAN, b"\xff", {}),
    (c.VERIFY, r.VerifyCommand(sequence=()), {}),
    (c.VERIFY, r.VerifyCommand(query=Query(), exactly=1, at_least=1), {}),
    (c.ADD_FAULT, FaultSpec(fault=StatusFault(code=99)), {}),
    (c.ADD_FAULT, FaultSpec(fault=HangFault(), probability=1.5), {}),
    (c.FAULT, None, {"fault_id": "f99"}),
    (c.PUT_FAULT, SPEC, {"fault_id": "f99"}),
    (c.PUT_FAULT, FaultSpec(fault=HangFault(), every=0), {"fault_id": "f1"}),
    (c.DELETE_FAULT, None, {"fault_id": "f99"}),
    (c.STORY, None, {"name": "tol"}),
    (c.PUT_STORY, TOLD, {"name": "Told"}),
    (c.PUT_STORY, TOLD, {"name": "flap-500"}),
    (c.PUT_STORY, story(Expectation(says="?")), {"name": "told"}),
    (c.PUT_STORY, story(settings={"idle_timeout": 1}), {"name": "told"}),
    (c.PUT_STORY, story(faults=(FaultSpec(fault=HangFault(), every=0),)), {"name": "told"}),
    (c.START_STORY, None, {"name": "tol"}),
    (c.START_STORY, None, {"name": "crowded"}),
    (c.WAIT_STORY, StoryWait(timeout_ms=60_001), {"name": "told"}),
    (c.WAIT_STORY, StoryWait(since=-1), {"name": "told"}),
    (c.WAIT_STORY, StoryWait(), {"name": "tol"}),
    (c.STOP_STORY, None, {"name": "tol"}),
    (c.PATCH_SETTINGS, {"idle_timeout_s": -1}, {}),
    (c.PATCH_SETTINGS, {"idle_timout_s": 1}, {}),
    (c.PATCH_SETTINGS, {"thresholds": {"jump_s": -1}}, {}),
    (c.PATCH_SETTINGS, {"thresholds": {"jumps_s": 1}}, {}),
    (c.PATCH_SETTINGS, {"session_rules": [{"where": []}]}, {}),
    (c.SET_CLOCK, r.ClockCommand(action="advance"), {}),
    (c.SET_CLOCK, r.ClockCommand(action="advance", ms=-1), {}),
    (c.SET_CLOCK, r.ClockCommand(action="freeze", ms=1), {}),
    (c.SET_CLOCK, r.ClockCommand(action="rate", rate=0), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(count=0), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(count=51), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(content="opera"), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(flaw="none"), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(content="short", flaw="ads-never-closed"), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(speed=0), {}),
    (c.ADD_PLAYERS, p.PlayerCommand(seed=-1), {}),
    (c.STOP_PLAYER, None, {"player_id": "p99"}),
    (c.DELETE_NAMESPACE, None, {"name": "nobody"}),
    (c.DELETE_NAMESPACE, None, {"name": "default"}),
]


def title(case: Any) -> str | None:
    return f"{case.method} {case.path}" if isinstance(case, Route) else None


@pytest.fixture
def busy(twins: Twins, post: Post) -> Twins:
    """Twins with the same traffic, one request of which was hit by a fault, and with a second namespace."""
    for server in (twins.local, twins.behind):
        keep_busy(server, post)
    return twins


@pytest.fixture
def state(busy: Twins) -> list[Any]:
    """The state of ``busy`` at the beginning, and after calls that change nothing."""
    return state_of(busy)


def keep_busy(server: MediaServer, post: Post) -> None:
    server.faults.add({"kind": "status", "code": 500}, when={"event_type": "bufferStart"}, times=1)
    for name, told in (("told", TOLD), ("other", OTHER), ("crowded", CROWDED)):
        server.stories.put(told, name=name)
    server.stories.start("told")
    assert post(server, "/api/v1/sessions", start()) == 201
    events = f"/api/v1/sessions/{server.sessions()[0].session_id}/events"
    for body in (event("play"), event("ping", playhead=10), event("bufferStart"), {"eventType": "ping"}):
        post(server, events, body)
    assert post(server, "/api/v1/sessions/undefined/events", event("ping")) == 404
    assert post(server, "/ns/other/api/v1/sessions", start()) == 201
    post(server, "/api/v1/downloaded", [start(media__id="offline")])


def playing(server: MediaServer) -> str:
    """Start a player that sends one event and then waits; return its id."""
    (player,) = server.control.call(c.ADD_PLAYERS, AT_THE_START).players
    wait_for_its_start(server)
    return player.id


def wait_for_its_start(server: MediaServer) -> None:
    until(lambda: server.control.call(c.PLAYERS, None).players[0].events >= 1, guard_s=10)


def _compares(argument: Any) -> bool:
    return isinstance(argument, c.ComparisonQuery) and argument.after == "<sid>"


COMPARABLE: dict[Route[Any, Any], Callable[[Any, str], Any]] = {
    # As a document, since JSON has lists where this has tuples.
    c.OPENAPI: lambda answer, port: json.loads(json.dumps(answer).replace(port, "PORT")),
    c.QR_CODE: lambda answer, port: b"".join(answer).startswith(b"<svg"),
    c.ADDRESSES: lambda answer, port: json.loads(encode(answer).decode().replace(port, "PORT")),
    c.ARMED: lambda answer, port: replace(answer, ahead_ms=0, started_ms=0),
    c.EXPORT: lambda answer, port: b"".join(answer).replace(port.encode(), b"PORT"),
}
"""Makes answers of two servers comparable that depend on the port, or on the time of the start."""


def asking(route: Route[Any, Any], argument: Any, path: dict[str, str]) -> Callable[[MediaServer], Any]:
    def ask(server: MediaServer) -> Any:
        sid = server.sessions()[0].session_id
        player = playing(server) if "<player>" in path.values() else ""
        answer = server.control.call(
            route,
            replace(argument, after=sid) if _compares(argument) else argument,
            **{name: part.replace("<sid>", sid).replace("<player>", player) for name, part in path.items()},
        )
        if route is c.ADD_PLAYERS:
            wait_for_its_start(server)
        if route in COMPARABLE:
            return COMPARABLE[route](answer, server.url.rpartition(":")[2])
        return b"".join(answer) if route.result is Chunks else answer

    return ask


def reads(route: Route[Any, Any]) -> bool:
    return route.method == "GET" or route in (c.COUNT, c.FIND, c.WAIT, c.VERIFY)


@every_case(("route", "argument", "path"), [case for case in ANSWERED if reads(case[0])], ids=title)
def test_answer_is_the_same_in_process_and_over_http_and_reading_changes_nothing(
    busy: Twins, state: list[Any], route: Route[Any, Any], argument: Any, path: dict[str, str]
) -> None:
    answer = busy.both(asking(route, argument, path))
    assert not isinstance(answer, tuple), answer
    assert answer is not None
    assert state_of(busy) == state


@pytest.mark.parametrize(("route", "argument", "path"), [case for case in ANSWERED if not reads(case[0])], ids=title)
def test_answer_and_state_afterwards_are_the_same_in_process_and_over_http(
    busy: Twins, route: Route[Any, Any], argument: Any, path: dict[str, str]
) -> None:
    answer = busy.both(asking(route, argument, path))
    assert not isinstance(answer, tuple), answer
    assert (answer is None) == (route.result is None)
    assert_documented(route, argument, answer)
    state_of(busy)


def assert_documented(route: Route[Any, Any], argument: Any, answer: Any) -> None:
    """Assert that OpenAPI describes this body, unless it has a short form, and this answer."""
    operation = document()["paths"][c.ADMIN + route.path][route.method.lower()]
    if route.method != "GET" and route.argument not in (None, bytes):
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        is_short = isinstance(argument, r.VerifyCommand) and "play" in (argument.sequence or ())
        assert is_short or refusals(body, json.loads(encode(argument))) == []
    if route.result not in (None, Chunks):
        content = operation["responses"][str(route.status)]["content"]["application/json"]["schema"]
        assert refusals(content, json.loads(encode(answer))) == []


def state_of(twins: Twins) -> list[Any]:
    """Return the whole state of twins, which must be equal.

    Both are asked in their processes; that HTTP answers the same is tested with each route.
    """
    one, other = state_of_one(twins.local), state_of_one(twins.behind)
    assert one == other
    return one


def state_of_one(server: MediaServer) -> list[Any]:
    return [
        server.control.call(c.SUMMARY, None),
        server.sessions(),
        server.faults.list(),
        server.stories.list(),
        server.settings,
        server.control.call(c.CLOCK, None),
        server.control.call(c.NAMESPACES, None),
    ]


@every_case(("route", "argument", "path"), REFUSED, ids=title)
def test_refusal_is_the_same_in_process_and_over_http_and_changes_nothing(
    busy: Twins, state: list[Any], route: Route[Any, Any], argument: Any, path: dict[str, str]
) -> None:
    kind, message, _ = busy.both(asking(route, argument, path))
    assert kind.__module__ == "mockserver.errors"
    assert message
    assert state_of(busy) == state


def test_fault_rules_beyond_the_limit_are_refused_alike(busy: Twins) -> None:
    for _ in range(2):
        busy.both(lambda server: server.control.call(c.ADD_FAULT, SPEC))
    kind, message, _ = busy.both(lambda server: server.control.call(c.ADD_FAULT, SPEC))
    assert kind.__name__ == "Refused"
    assert "max_faults" in message


def test_every_route_is_called_here() -> None:
    asked = {(route.method, route.path) for route, *_ in ANSWERED}
    assert asked == {(route.method, route.path) for route in CONTROL_ROUTES if route not in (STREAM, c.CA)}
