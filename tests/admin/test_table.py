"""Every route of the admin API leads to a function, in the process as over HTTP."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mockserver import control as c
from mockserver.admin.local_control import LocalControl, perform
from mockserver.admin.waiting import Pending
from mockserver.control import CONTROL_ROUTES, ExportQuery, FindingQuery, Route, SessionQuery
from mockserver.errors import InvalidInput, MockserverError, NotFound, Refused
from mockserver.model import results as r
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import ResetFault
from mockserver.model.player import PlayerCommand
from mockserver.model.query import Query
from mockserver.model.results import Addresses
from mockserver.model.settings import Settings
from mockserver.model.story import StoryWait
from mockserver.namespaces import Namespaces
from mockserver.wire.codec import encode
from tests.factories import emulator, inside, open_session, send, start, story
from tests.tables import every_case

STORY = story()
RESET = FaultSpec(fault=ResetFault(), times=0)
ARGUMENTS: dict[Route[Any, Any], Any] = {
    c.SESSIONS: SessionQuery(),
    c.PUT_SESSION: r.SessionCommand(),
    c.EVENTS: Query(),
    c.COUNT: r.WaitCommand(),
    c.FIND: r.WaitCommand(),
    c.WAIT: r.WaitCommand(timeout_ms=0),
    c.VERIFY: r.VerifyCommand(query=Query()),
    c.ADD_FAULT: RESET,
    c.PUT_FAULT: RESET,
    c.PUT_STORY: STORY,
    c.WAIT_STORY: StoryWait(timeout_ms=0),
    c.PATCH_SETTINGS: {"max_age_s": 5},
    c.SET_CLOCK: r.ClockCommand(action="freeze"),
    c.RESET: r.ResetCommand(only=()),
    c.ADD_PLAYERS: PlayerCommand(),
    c.COMPARISON: c.ComparisonQuery(after="nobody"),
    c.FINDINGS: FindingQuery(),
    c.SESSION_FINDINGS: FindingQuery(),
    c.EXPORT: ExportQuery(),
    c.IMPORT: encode(start()),
    c.PLAN: b'title = "t"\ncontent = [{ name = "all" }]',
}
ROUTES = [route for route in CONTROL_ROUTES if route not in (c.STREAM, c.CA)]


def shown(route: Route[Any, Any]) -> str:
    return f"{route.method} {route.path}"


def namespaces(settings: Settings | None = None) -> Namespaces:
    known = Namespaces(lambda name: emulator(settings, name=name))
    known.players.open("http://127.0.0.1:9")  # where nobody listens
    known.reach = lambda: Addresses(addresses=[], best="http://127.0.0.1:9", open_to_others=False, https=False)
    return known


def path_of(route: Route[Any, Any], known: Namespaces) -> dict[str, str]:
    """Fill the path of a route with what exists in the namespace ``a``."""
    back_end = inside(known.obtain("a"))
    back_end.stories.put("a", STORY)
    found = {
        "sid": open_session(back_end),
        "seq": "1",
        "name": "a",
        "code": "ping.gap",
        "fault_id": back_end.faults.add(RESET, 0).id,
    }
    if route is c.STOP_PLAYER:
        found["player_id"] = known.players.add("a", PlayerCommand(), back_end.clock)[0].id
    return {name: value for name, value in found.items() if f"{{{name}}}" in route.path}


def is_record(kind: Any) -> bool:
    return isinstance(kind, msgspec.StructMeta)


@every_case("route", ROUTES, ids=shown)
def test_every_route_but_those_of_the_server_itself_has_a_function_that_answers_what_the_route_says(
    route: Route[Any, Any],
) -> None:
    known = namespaces()
    path = path_of(route, known)
    argument = c.ComparisonQuery(after=path["sid"]) if route is c.COMPARISON else ARGUMENTS.get(route)
    answer = LocalControl(known, "a").call(route, argument, **path)
    if route.result is None:
        assert answer is None
    elif route.result is c.Chunks:
        assert b"".join(answer)
    elif is_record(route.result):
        assert isinstance(answer, route.result)
        encode(answer)
    else:
        assert isinstance(answer, dict)


def test_routes_are_distinct_and_say_what_they_are_for() -> None:
    assert len({(route.method, route.path) for route in CONTROL_ROUTES}) == len(CONTROL_ROUTES)
    assert all(route.summary.endswith(".") and route.path.startswith("/") for route in CONTROL_ROUTES)
    assert all(route.path.count("{") <= 1 for route in CONTROL_ROUTES), "the server looks them up by their one name"
    routes = {value for _, value in inspect.getmembers(c) if isinstance(value, Route)}
    assert routes == set(CONTROL_ROUTES)


def test_no_get_changes_anything() -> None:
    assert [shown(route) for route in CONTROL_ROUTES if route.method == "GET" and route.changes] == []


@every_case("route", [route for route in ROUTES if not route.changes], ids=shown)
def test_asking_an_unknown_namespace_creates_none(route: Route[Any, Any]) -> None:
    known = namespaces()
    path = {name: "1" for name in ("sid", "seq", "name", "fault_id", "code") if f"{{{name}}}" in route.path}
    with suppress(NotFound):
        LocalControl(known, "unborn").call(route, ARGUMENTS.get(route), **path)
    assert [back_end.name for back_end in known] == ["default"]


def test_change_creates_the_namespace() -> None:
    known = namespaces()
    LocalControl(known, "a").call(c.SET_CLOCK, r.ClockCommand(action="freeze"))
    assert [back_end.name for back_end in known] == ["default", "a"]
    assert known.obtain("a").clock.state().frozen


def test_wait_on_a_namespace_that_does_not_exist_yet_ends_with_its_first_request() -> None:
    known = namespaces()
    pending = perform(known, "a", c.WAIT, r.WaitCommand(timeout_ms=60_000))
    assert isinstance(pending, Pending)
    send(inside(known.obtain("a")), "x")
    assert pending.block().satisfied


def test_mistakes_are_raised_as_they_are() -> None:
    control = LocalControl(namespaces(), "default")
    with pytest.raises(NotFound):
        control.call(c.SESSION, None, sid="nope")
    with pytest.raises(InvalidInput):
        control.call(c.VERIFY, r.VerifyCommand())
    with pytest.raises(MockserverError):
        LocalControl(namespaces(), "not a name").call(c.SUMMARY, None)


def test_namespaces_are_listed_in_order_of_creation_and_dropped() -> None:
    known = namespaces()
    open_session(inside(known.obtain("b")))
    known.obtain("a")
    control = LocalControl(known, "default")
    page = control.call(c.NAMESPACES, None)
    assert [(view.name, view.requests, view.sessions) for view in page.namespaces] == [
        ("default", 0, 0), ("b", 1, 1), ("a", 0, 0),
    ]  # fmt: skip
    assert page.meta.total == 3
    control.call(c.DELETE_NAMESPACE, None, name="b")
    assert control.call(c.NAMESPACES, None).meta.total == 2
    with pytest.raises(NotFound):
        control.call(c.DELETE_NAMESPACE, None, name="b")


def test_server_reports_that_it_is_alive_and_what_it_is() -> None:
    control = LocalControl(namespaces(), "default")
    assert control.call(c.HEALTH, None) == control.call(c.READY, None) == r.Health()
    version = control.call(c.VERSION, None)
    assert (version.name, version.api) == ("media-collection-mockserver", "media-collection/v1")
    assert version.version[0].isdigit()


def test_a_change_that_is_refused_makes_no_namespace() -> None:
    known = namespaces()
    with pytest.raises(NotFound):
        LocalControl(known, "unborn").call(c.DELETE_FAULT, None, fault_id="f9")
    assert [emulator.name for emulator in known] == ["default"]


def test_a_change_for_which_there_is_no_room_is_refused_and_changes_nothing() -> None:
    known = namespaces()
    inside(known.default).configure(replace(known.default.settings, max_namespaces=1))
    with pytest.raises(Refused):
        LocalControl(known, "unborn").call(c.PATCH_SETTINGS, {"idle_timeout_s": 5})
    assert known.peek("unborn").settings.idle_timeout_s == 600
