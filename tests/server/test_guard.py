"""Who may use the admin API. A refused request changes nothing, whatever the route."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from mockserver.clock import Clock
from mockserver.control import COMPARISON, CONTROL_ROUTES, STREAM, Route
from mockserver.model.settings import Settings
from tests.factories import inside, story
from tests.server.conftest import Start
from tests.server.running import START, Running, snapshot
from tests.server.wire import Wire
from tests.tables import every_case

BODIES: dict[str, Any] = {
    "/sessions": {"sid": "intruder"},
    "/events/count": {},
    "/events/find": {},
    "/events/wait": {"timeout_ms": 1},
    "/verify": {"query": {}},
    "/faults": {"fault": {"kind": "reset"}},
    "/faults/{fault_id}": {"fault": {"kind": "reset"}},
    "/stories/{name}": {
        "title": "t",
        "symptom": "s",
        "description": "d",
        "player": "p",
        "expect": [{"says": "It comes.", "query": {}}],
    },
    "/stories/{name}/wait": {"timeout_ms": 1},
    "/settings": {"idle_timeout_s": 1},
    "/clock": {"action": "advance", "ms": 1000},
    "/reset": {},
    "/players": {"speed": 0.001},
    "/plan": {"title": "t", "content": [{"name": "any"}]},
    "/import": {"at_ms": 1_760_000_000_000, "event": {"eventType": "play"}},
}
READING = [route for route in CONTROL_ROUTES if route.method == "GET"]
WITH_BODY = [route for route in CONTROL_ROUTES if route.method != "GET"]
GUARDED = [route for route in CONTROL_ROUTES if not route.any_host]
NOT_THERE = ("/ca.crt",)
"""Routes that a server without TLS does not have."""

FOREIGN = {
    "foreign host": {"Host": "attacker.example"},
    "rebound host": {"Host": "attacker.example:8089", "Origin": "http://attacker.example:8089"},
    "host like localhost": {"Host": "localhost.attacker.example"},
    "host behind an address": {"Host": "[::1]attacker.example"},
    "foreign origin": {"Origin": "http://attacker.example"},
    "origin null": {"Origin": "null"},
    "origin of another port": {"Origin": "http://localhost:1"},
    "origin of another scheme": {"Origin": "https://localhost"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "nonsense site": {"Sec-Fetch-Site": "x"},
}


@pytest.fixture
def server(start: Start, clock: Clock) -> Running:
    return with_everything(start(clock=clock))


def with_everything(server: Running) -> Running:
    """Fill a server so that every route has something to read and to change."""
    emulator = inside(server.service.namespaces.obtain("other"))
    emulator.clock.freeze()
    server.service.namespaces.default.clock.freeze()
    assert server.ask("POST", "/ns/other/api/v1/sessions", START).status == 201
    assert server.ask("POST", "/api/v1/sessions", START).status == 201
    server.emulator.stories.put("other", story())
    return server


def path_of(server: Running, route: Route[Any, Any]) -> str:
    sid = next(iter(server.emulator.sessions)).sid
    query = f"?after={sid}" if route is COMPARISON else ""
    path = f"{route.path}{query}".replace("{sid}", sid).replace("{seq}", "1").replace("{name}", "other")
    return path.replace("{fault_id}", "f1").replace("{player_id}", "p1").replace("{code}", "ping.gap")


def body_of(route: Route[Any, Any]) -> bytes | None:
    if route.argument is None or route.method == "GET":
        return None
    return json.dumps(BODIES[route.path]).encode()


def named(route: Route[Any, Any]) -> str:
    return f"{route.method} {route.path}"


def ask(
    wire: Wire, server: Running, route: Route[Any, Any], headers: dict[str, str], prefix: str = ""
) -> tuple[int, Any]:
    body = body_of(route)
    typed = {} if body is None else {"Content-Type": "application/json"}
    path = f"{prefix}/__admin{path_of(server, route)}"
    answer = wire.ask(route.method, path, body, *{"Host": "localhost", **typed, **headers}.items())
    assert not [name for name in answer.names if name.startswith("Access-Control")]
    return answer.status, answer.json() if answer.body else None


class Watched:
    """Reports whether anything has changed since the last call."""

    def __init__(self, server: Running) -> None:
        self._service = server.service
        self._before = snapshot(self._service)

    def has_changed(self) -> bool:
        before, self._before = self._before, snapshot(self._service)
        return self._before != before


def test_foreign_request_is_refused_and_changes_nothing(server: Running) -> None:
    server.add_fault({"kind": "status", "code": 500}, enabled=False)
    wrong: list[tuple[object, ...]] = []
    watched = Watched(server)
    with server.connect() as wire:
        for route, foreign in product(GUARDED, FOREIGN):
            for prefix in ("", "/ns/other", "/ns/new"):
                status, problem = ask(wire, server, route, FOREIGN[foreign], prefix)
                seen = (status, *((problem or {}).get(member) for member in ("status", "code", "title")))
                if seen != (403, 403, "forbidden", "Forbidden"):
                    wrong.append((named(route), foreign, prefix, *seen))
            if watched.has_changed():
                wrong.append((named(route), foreign, "it changed something"))
    assert wrong == []


UNDECLARED = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "")


def test_body_that_is_not_declared_as_json_is_415_and_changes_nothing(server: Running) -> None:
    server.add_fault({"kind": "status", "code": 500}, enabled=False)
    wrong: list[tuple[object, ...]] = []
    watched = Watched(server)
    with server.connect() as wire:
        for route, declared in product(WITH_BODY, UNDECLARED):
            typed = () if not declared else (("Content-Type", f"{declared}; charset=utf-8"),)
            answer = wire.ask(route.method, f"/__admin{path_of(server, route)}", body_of(route) or b"{}", *typed)
            if (answer.status, answer.json()["status"]) != (415, 415):
                wrong.append((named(route), declared, answer))
            if watched.has_changed():
                wrong.append((named(route), declared, "it changed something"))
    assert wrong == []


NO_TOKEN: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer s3cret x"},
    {"Authorization": "Basic s3cret"},
    {"Authorization": "s3cret"},
    {"Cookie": "mockserver_admin=wrong; other=s3cret"},
    {"Cookie": "mockserver_admin"},
)


def test_missing_or_wrong_token_is_401_and_changes_nothing(start: Start, clock: Clock) -> None:
    server = with_everything(start(clock=clock, admin_token="s3cret"))
    answer = server.admin("POST", "/faults", {"fault": {"kind": "reset"}}, ("Authorization", "Bearer s3cret"))
    assert answer.status == 201
    wrong: list[tuple[object, ...]] = []
    watched = Watched(server)
    with server.connect() as wire:
        for route, headers in product(GUARDED, NO_TOKEN):
            status, problem = ask(wire, server, route, headers)
            if (status, (problem or {}).get("code")) != (401, "forbidden"):
                wrong.append((named(route), headers, status, problem))
            if watched.has_changed():
                wrong.append((named(route), headers, "it changed something"))
    assert wrong == []


@every_case(
    "shown",
    [
        ("Authorization", "Bearer s3cret"),
        ("Authorization", "bearer s3cret"),
        ("Cookie", "a=b; mockserver_admin=s3cret"),
    ],
)
def test_right_token_opens_the_admin_api(start: Start, shown: tuple[str, str]) -> None:
    server = start(admin_token="s3cret")
    assert server.admin("GET", "/events", None, shown).status == 200
    refused = server.admin("GET", "/events")
    assert (refused.status, refused.header("WWW-Authenticate")) == (401, "Bearer")


def test_token_of_bytes_that_are_not_text_is_wrong(start: Start) -> None:
    server = start(admin_token="s3cret")
    for field in (b"Authorization: Bearer \xff", b"Cookie: mockserver_admin=\xff"):
        with server.connect() as wire:
            wire.send(b"GET /__admin/events HTTP/1.1\r\nHost: localhost\r\n" + field + b"\r\n\r\n")
            assert wire.answer().status == 401
    server.assert_alive()


@every_case("field", [b"Sec-Fetch-Site: \xff", b"Origin: \xff", b"Host: \xff", b"Content-Type: \xff"])
def test_header_of_bytes_that_are_not_text_is_refused_with_a_message(server: Running, field: bytes) -> None:
    host = b"" if field.startswith(b"Host") else b"Host: localhost\r\n"
    with server.connect() as wire:
        wire.send(b"POST /__admin/reset HTTP/1.1\r\n" + host + field + b"\r\nContent-Length: 2\r\n\r\n{}")
        answer = wire.answer()
    assert (answer.status, answer.json()["status"]) == (415 if b"Type" in field else 403,) * 2
    server.assert_alive()


@every_case("path", ["/health", "/ready"])
def test_probes_answer_everybody(start: Start, path: str) -> None:
    server = start(admin_token="s3cret")
    for headers in ({}, *FOREIGN.values(), {"Host": "-bad-.localhost"}, {"Host": "[x"}):
        with server.connect() as wire:
            answer = wire.ask("GET", f"/__admin{path}", None, *{"Host": "localhost", **headers}.items())
        assert (answer.status, answer.json()) == (200, {"status": "ok"}), headers


@every_case(
    "host",
    [
        "localhost",
        "LOCALHOST:1",
        "team-a.localhost",
        "team-a.LocalHost:8089",
        "127.0.0.1",
        "127.0.0.1:8089",
        "10.0.2.2:8089",
        "192.168.1.20",
        "[::1]",
        "[::1]:8089",
        "[fe80::1]:8089",
        "mock.test",
        "Mock.Test:8089",
    ],
)
def test_known_hosts_are_accepted_and_pages_of_the_same_origin(start: Start, host: str) -> None:
    server = start(allow_hosts=("mock.test",))
    assert server.ask("GET", "/__admin/events", None, ("Host", host)).status == 200
    same = (("Host", host), ("Origin", f"http://{host}"), ("Sec-Fetch-Site", "same-origin"))
    assert server.ask("POST", "/__admin/reset", None, *same).status == 200
    assert server.ask("GET", "/__admin/events", None, ("Host", host), ("Sec-Fetch-Site", "none")).status == 200


@every_case(
    "host",
    [
        "",
        "mock.test.example",
        "x.mock.test",
        "127.0.0.1.example",
        "2130706433",
        "localhost:1:2",
        "::1x",
        "[::1",
        "notlocalhost",
    ],
)
def test_other_hosts_are_refused(start: Start, host: str) -> None:
    server = start(allow_hosts=("mock.test",))
    answer = server.ask("GET", "/__admin/events", None, ("Host", host))
    assert answer.status == (200 if host == "[::1" else 403)


@every_case("host", ["mockserver", "mockserver:8089", "metrics.team.internal"])
def test_requests_with_the_token_may_use_any_host(start: Start, host: str) -> None:
    server = start(admin_token="s3cret")
    for shown in (("Authorization", "Bearer s3cret"), ("Cookie", "mockserver_admin=s3cret")):
        assert server.ask("GET", "/__admin/events", None, ("Host", host), shown).status == 200
    assert server.ask("GET", "/__admin/ui/?token=s3cret", None, ("Host", host)).status == 302


def test_wrong_token_does_not_excuse_an_unknown_host(start: Start) -> None:
    server = start(admin_token="s3cret")
    host, before = ("Host", "mockserver:8089"), snapshot(server.service)
    for shown in ((), (("Authorization", "Bearer wrong"),), (("Cookie", "mockserver_admin=wrong"),)):
        answer = server.ask("POST", "/__admin/reset", None, host, *shown)
        assert (answer.status, snapshot(server.service)) == (403, before)
        assert "send the token as Authorization: Bearer TOKEN" in answer.json()["detail"]
    assert server.ask("GET", "/__admin/ui/?token=wrong", None, host).status == 403


def test_server_without_a_token_refuses_other_hosts_whatever_token_is_sent(start: Start) -> None:
    answer = start().ask("GET", "/__admin/events", None, ("Host", "mockserver"), ("Authorization", "Bearer any"))
    assert answer.status == 403
    assert "start the server with --admin-token TOKEN" in answer.json()["detail"]


ALLOWED = "https://runner.example:3000"
ADMIN_CORS = [
    ("Access-Control-Allow-Origin", ALLOWED),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "Content-Type, Authorization, Last-Event-ID"),
    ("Vary", "Origin"),
]


def test_allowed_origin_gets_exactly_its_cors_headers(start: Start) -> None:
    server = start(admin_allow_origins=(ALLOWED,))
    page = (("Origin", ALLOWED), ("Sec-Fetch-Site", "cross-site"))
    preflight = server.ask(
        "OPTIONS", "/__admin/faults", None, ("Origin", ALLOWED), ("Access-Control-Request-Method", "POST")
    )
    assert (preflight.status, preflight.body) == (204, b"")
    assert [field for field in preflight.headers if field[0] in dict(ADMIN_CORS)] == ADMIN_CORS
    for method, path, status in (("GET", "/events", 200), ("GET", "/nothing", 404), ("POST", "/events", 405)):
        answer = server.ask(method, f"/__admin{path}", None, *page)
        assert answer.status == status
        assert [field for field in answer.headers if field[0] in dict(ADMIN_CORS)] == ADMIN_CORS
    stream = server.connect()
    stream.request("GET", "/__admin/stream", None, *page)
    assert f"Access-Control-Allow-Origin: {ALLOWED}".encode() in stream.until(b"\r\n\r\n")
    stream.socket.close()


@every_case(
    "origin", ["https://runner.example", "http://runner.example:3000", "HTTPS://runner.example:3000", "null", "*"]
)
def test_other_origins_get_neither_an_answer_nor_cors_headers(start: Start, origin: str) -> None:
    server = start(admin_allow_origins=(ALLOWED,))
    for method in ("OPTIONS", "GET"):
        answer = server.ask(method, "/__admin/events", None, ("Origin", origin))
        assert answer.status == 403
        assert not [name for name in answer.names if name.startswith("Access-Control")]


def test_allowed_origin_still_needs_a_known_host_and_the_token(start: Start) -> None:
    server = start(admin_allow_origins=(ALLOWED,), admin_token="s3cret")
    assert server.ask("GET", "/__admin/events", None, ("Origin", ALLOWED)).status == 401
    answer = server.ask("GET", "/__admin/events", None, ("Host", "attacker.example"), ("Origin", ALLOWED))
    assert answer.status == 403


def test_emulated_api_stays_open_to_every_page(start: Start) -> None:
    server = start(admin_token="s3cret", admin_allow_origins=(ALLOWED,))
    foreign = (("Host", "metrics.example.com"), ("Origin", "https://player.example"), ("Sec-Fetch-Site", "cross-site"))
    for method, body, status in (("OPTIONS", None, 200), ("POST", START, 201), ("GET", None, 405)):
        answer = server.ask(method, "/api/v1/sessions", body, *foreign)
        assert (answer.status, answer.header("Access-Control-Allow-Origin")) == (status, "*")
        assert answer.header("Vary") is None


def reading_faults(server: Running, route: Route[Any, Any], prefix: str) -> list[object]:
    """Send GET and HEAD, and return what is wrong with the answers."""
    path = f"{prefix}/__admin{path_of(server, route)}"
    with server.connect() as wire:
        head = wire.ask("HEAD", path)
        if route is STREAM:
            return [head.status] if (head.status, wire.ask("GET", "/__admin/health").status) != (200, 200) else []
        answer = wire.ask("GET", path)
    if route.path in NOT_THERE:
        good = (answer.status, answer.json()["code"]) == (404, "not_found")
    elif answer.status == 200:
        good = answer.header("Content-Type") == route.media_type
    else:
        good = answer.status == 404 and prefix != "" and "{" in route.path
    return [] if good and head.status == answer.status else [head.status, answer]


def test_get_and_head_change_nothing_and_are_not_recorded(server: Running) -> None:
    server.add_fault({"kind": "reset"}, enabled=False)
    wrong: list[tuple[object, ...]] = []
    watched = Watched(server)
    for route, prefix in product(READING, ("", "/ns/other", "/ns/new")):
        faults = reading_faults(server, route, prefix)
        if watched.has_changed():
            faults.append("it changed something")
        if faults:
            wrong.append((named(route), prefix, *faults))
    assert wrong == []


@pytest.mark.parametrize("given", [None, ""])
def test_token_is_made_when_others_can_reach_the_server_and_none_is_given(start: Start, given: str | None) -> None:
    server = start(Settings(), host="0.0.0.0", admin_token=given)
    token = server.service.guard.token
    assert token is not None
    assert len(token) >= 32
    assert server.admin("GET", "/events").status == 401
    assert server.admin("GET", "/events", None, ("Authorization", f"Bearer {token}")).status == 200
    assert server.ask("POST", "/api/v1/sessions", START).status == 201


@every_case("name", ["Origin", "Sec-Fetch-Site", "Host"])
def test_a_second_field_of_the_same_name_is_refused_and_changes_nothing(server: Running, name: str) -> None:
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin", "Host": "localhost"}[name]
    other = {"Origin": "http://attacker.example", "Sec-Fetch-Site": "cross-site", "Host": "attacker.example"}[name]
    before = snapshot(server.service)
    for fields in (((name, own), (name, other)), ((name, other), (name, own)), ((name, own), (name, own))):
        with server.connect() as wire:
            answer = wire.ask("POST", "/__admin/reset", None, *fields)
        assert answer.status in (400, 403)  # aiohttp itself refuses a second Host
    assert snapshot(server.service) == before


def test_a_token_sent_to_a_wrong_place_is_not_recorded(start: Start) -> None:
    token = "sesame-open/1"
    server = start(admin_token=token)
    for path in (f"/__admn/ui/?token={token}", f"/{token}", "/x?t=sesame-open%2F1", f"/__admin-ui?token={token}"):
        server.ask("GET", path, None, ("X-Admin-Token", token), ("Referer", f"http://localhost/?token={token}"))
    authorized = ("Authorization", f"Bearer {token}")
    whole = server.ask("GET", "/__admin/export", None, authorized).body
    assert whole.count(b"\n") == 4
    assert b"sesame" not in whole
    assert b"/__admn/ui/?token=***" in whole
    page = server.ask("GET", "/__admin/events", None, authorized).json()
    assert ["X-Admin-Token", "***"] in page["events"][0]["request"]["headers"]
