from __future__ import annotations

from typing import Any

from mockserver.control import CONTROL_ROUTES
from mockserver.model.settings import Settings
from tests.server.conftest import Start
from tests.server.running import START, Running, snapshot
from tests.server.wire import Answer
from tests.tables import every_case
from tests.waiting import until

JSON = ("Content-Type", "application/json")


def problem(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer
    assert answer.header("Content-Type") == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert {"title", "detail", "code", "pointer"} <= set(document)
    return document


@every_case(
    "path",
    ["/__admin/nothing", "/__admin/events/1/x", "/__admin/v1/events", "/ns/a/__admin/x"],
)
def test_unknown_route_is_404(server: Running, path: str) -> None:
    for method in ("GET", "POST", "HEAD"):
        answer = server.ask(method, path)
        assert answer.status == 404
        if method != "HEAD":
            assert problem(answer, 404)["code"] == "no_route"
    assert server.admin("GET", "/namespaces").json()["meta"]["total"] == 1


@every_case("path", sorted({route.path for route in CONTROL_ROUTES}))
def test_wrong_method_is_405_with_the_right_ones_in_allow(server: Running, path: str) -> None:
    right = [route.method for route in CONTROL_ROUTES if route.path == path]
    before = snapshot(server.service)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - set(right):
        answer = server.admin(method, path)
        assert problem(answer, 405)["code"] == "no_route"
        assert answer.header("Allow") == ", ".join(right)
    assert snapshot(server.service) == before


@every_case(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/faults", b"", None),
        ("POST", "/faults", b"{", None),
        ("POST", "/faults", b"[]", None),
        ("POST", "/faults", b"null", None),
        ("POST", "/faults", b"\xff", None),
        ("POST", "/faults", b"[" * 100_000, None),
        ("POST", "/faults", b'{"fault":{"kind":"bang"}}', "/fault/kind"),
        ("POST", "/faults", b'{"fault":{"kind":"status"}}', "/fault"),
        ("POST", "/faults", b'{"fault":{"kind":"status","code":"x"}}', "/fault/code"),
        ("POST", "/faults", b'{"fault":{"kind":"status","code":700}}', "/fault/code"),
        ("POST", "/faults", b'{"fault":{"kind":"reset"},"times":-1}', "/times"),
        ("POST", "/faults", b'{"fault":{"kind":"reset"},"when":{"nonsense":1}}', "/when"),
        ("POST", "/faults", b'{"fault":{"kind":"reset"},"nonsense":1}', None),
        ("POST", "/sessions", b'{"phase":"asleep"}', "/phase"),
        ("POST", "/sessions", b'{"sid":"a/b"}', "/sid"),
        ("PATCH", "/settings", b'{"idle_timeout_s":"soon"}', "/idle_timeout_s"),
        ("PATCH", "/settings", b'{"idle_timeout_s":-1}', "/idle_timeout_s"),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"nonsense":1}', None),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"max_entries":0}', "/max_entries"),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"max_entries":%b}' % (b"9" * 5000), None),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"session_rules":[{"where":[]}]}', "/session_rules/0/where"),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"session_rules":[{"where":["x"]}]}', "/session_rules/0/where"),
        ("PATCH", "/settings", b'{"idle_timeout_s":1,"after_end":500}', "/after_end"),
        ("POST", "/clock", b"{}", None),
        ("POST", "/clock", b'{"action":"jump"}', "/action"),
        ("POST", "/clock", b'{"action":"advance"}', "/ms"),
        ("POST", "/clock", b'{"action":"advance","ms":-1}', "/ms"),
        ("POST", "/clock", b'{"action":"advance","hours":1e308}', "/hours"),
        ("POST", "/clock", b'{"action":"advance","minutes":-1}', "/minutes"),
        ("POST", "/clock", b'{"action":"set","at_ms":1,"seconds":1}', "/seconds"),
        ("POST", "/clock", b'{"action":"advance","ms":%b}' % (b"9" * 18), "/ms"),
        ("POST", "/clock", b'{"action":"freeze","ms":1}', "/ms"),
        ("POST", "/clock", b'{"action":"set","at_ms":-1}', "/at_ms"),
        ("POST", "/clock", b'{"action":"rate","rate":0}', "/rate"),
        ("POST", "/reset", b'{"only":["everything"]}', "/only/0"),
        ("POST", "/reset", b'{"all":true}', None),
        ("POST", "/events/wait", b'{"timeout_ms":60001}', "/timeout_ms"),
        ("POST", "/events/wait", b'{"timeout_ms":-1}', "/timeout_ms"),
        ("POST", "/events/wait", b'{"timeout":1}', None),
        ("POST", "/events/count", b'{"query":{"kind":"ping"}}', "/query"),
        ("POST", "/events/find", b'{"query":{"limit":0}}', "/query/limit"),
        ("POST", "/events/find", b'{"at_least":-1}', "/at_least"),
        ("POST", "/verify", b"{}", None),
        ("POST", "/verify", b'{"query":{},"sequence":["play"]}', None),
        ("POST", "/verify", b'{"query":{},"timeout_ms":60001}', "/timeout_ms"),
        ("POST", "/verify", b'{"query":{"event_type":"eror"}}', "/query/event_type"),
        ("POST", "/verify", b'{"sequence":["play","eror"]}', "/sequence/1"),
        ("POST", "/verify", b'{"sequence":["play",{"where":["x"]}]}', "/sequence/1/where"),
        ("DELETE", "/faults", b'{"x":1}', None),
        ("DELETE", "/faults", b"[1]", None),
    ],
)  # fmt: skip
def test_bad_body_is_400_with_a_pointer_and_changes_nothing(
    server: Running, method: str, path: str, body: bytes, pointer: str | None
) -> None:
    server.admin("POST", "/clock", {"action": "freeze"})
    before = snapshot(server.service)
    document = problem(server.admin(method, path, body), 400)
    assert document["code"] == "invalid_input"
    if pointer is not None:
        assert document["pointer"] == pointer
    assert snapshot(server.service) == before


@every_case("noun", ["events", "findings", "sessions", "faults", "namespaces"])
def test_every_list_has_pages_and_refuses_invalid_ones(server: Running, noun: str) -> None:
    for query in ("limit=0", "limit=10001", "limit=many", "since=-1", "nonsense=1"):
        problem(server.admin("GET", f"/{noun}?{query}"), 400)
    page = server.admin("GET", f"/{noun}?since=0&limit=1").json()
    assert len(page[noun]) <= 1
    assert set(page["meta"]) == {"total", "evicted", "next"}


def test_faults_and_namespaces_come_page_by_page(server: Running) -> None:
    for number in range(3):
        server.admin("POST", "/faults", {"name": f"rule {number}", "fault": {"kind": "close"}, "enabled": False})
        server.open_session(f"/ns/n{number}")
    for noun, names in (("faults", ["rule 0", "rule 1", "rule 2"]), ("namespaces", ["default", "n0", "n1", "n2"])):
        found: list[str] = []
        since: int | None = 0
        while since is not None:
            page = server.admin("GET", f"/{noun}?since={since}&limit=2").json()
            found += [member["name"] for member in page[noun]]
            since = page["meta"]["next"]
        assert found == names


@every_case(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=10001", "/limit"),
        ("limit=many", "/limit"),
        ("since=-1", "/since"),
        ("since=", "/since"),
        ("status=ok", "/status"),
        ("outcome=fine", "/outcome"),
        ("operation=ping", "/operation"),
        ("where=params", None),
        ("where=", None),
        ("nonsense=1", None),
        ("%FF=1", None),
        ("limit=1&limit=2", "/limit"),
    ],
)
def test_bad_query_is_400(server: Running, query: str, pointer: str | None) -> None:
    document = problem(server.admin("GET", f"/events?{query}"), 400)
    if pointer is not None:
        assert document["pointer"] == pointer


@every_case("query", ["limit=0", "since=-1", "limit=x", "status=200"])
def test_bad_page_of_sessions_is_400(server: Running, query: str) -> None:
    problem(server.admin("GET", f"/sessions?{query}"), 400)


def test_format_that_cannot_be_exported_is_400(server: Running) -> None:
    assert problem(server.admin("GET", "/export?format=xml"), 400)["pointer"] == "/format"


def test_get_with_a_body_is_400(server: Running) -> None:
    problem(server.admin("GET", "/events", {}), 400)


@every_case(
    ("method", "path"),
    [
        ("GET", "/sessions/x"),
        ("GET", "/sessions/x/timeline"),
        ("POST", "/sessions/x/expire"),
        ("POST", "/sessions/x/forget"),
        ("GET", "/events/1"),
        ("GET", "/events/0"),
        ("GET", "/faults/f1"),
        ("DELETE", "/faults/f1"),
        ("PUT", "/faults/f1"),
        ("DELETE", "/namespaces/x"),
    ],
)
def test_missing_things_are_404(server: Running, method: str, path: str) -> None:
    body = {"fault": {"kind": "reset"}} if method == "PUT" else None
    assert problem(server.admin(method, path, body), 404)["code"] == "not_found"


def test_seq_that_is_not_a_number_is_400(server: Running) -> None:
    for seq in ("x", "-1", "1.5", "9" * 30, "%D9%A1"):
        problem(server.admin("GET", f"/events/{seq}"), 400)


def test_parts_of_a_path_are_decoded_once(server: Running) -> None:
    for part, told in (("a%2Fb", "a/b"), ("%31", "1"), ("a%252Fb", "a%2Fb"), ("%ff", "\ufffd"), ("a%0Ab", "a\\nb")):
        document = problem(server.admin("DELETE", f"/players/{part}"), 404)
        assert document["detail"] == f"there is no player '{told}'"
    for path in ("/events/1%2Fx/", "/%65vents"):
        assert problem(server.admin("GET", path), 404)["code"] == "no_route"


def test_default_namespace_cannot_be_dropped(server: Running) -> None:
    assert problem(server.admin("DELETE", "/namespaces/default"), 409)["title"] == "Conflict"


@every_case("name", ["-a", "a%20b", "a" * 65, ".a", "a,b"])
def test_invalid_name_of_a_namespace_is_400_on_both_apis(server: Running, name: str) -> None:
    problem(server.ask("GET", f"/ns/{name}/__admin/events"), 400)
    assert server.ask("POST", f"/ns/{name}/api/v1/sessions", START).status == 400
    assert server.admin("GET", "/namespaces").json()["meta"]["total"] == 1


def test_admin_body_beyond_eight_mebibytes_is_413(server: Running) -> None:
    answer = server.admin("POST", "/faults", b" " * (8 * 1024 * 1024 + 1))
    problem(answer, 413)
    server.assert_alive()


def test_half_sent_admin_body_does_no_harm(server: Running) -> None:
    for framing in (b"Content-Length: 20\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
        with server.connect() as wire:
            wire.send(
                b"POST /__admin/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + framing
            )
            server.assert_alive()
    server.assert_alive()


def test_bad_chunk_in_an_admin_body_is_answered_or_closed(server: Running) -> None:
    with server.connect() as wire:
        wire.send(
            b"POST /__admin/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
        )
        server.assert_alive()
        wire.send(b"zz\r\n")
        said = wire.rest()
    assert said == b"" or b" 400 " in said.split(b"\r\n")[0]
    server.assert_alive()


def test_too_many_faults_are_429(start: Start) -> None:
    server = start(Settings(max_faults=1))
    server.add_fault({"kind": "reset"})
    assert problem(server.admin("POST", "/faults", {"fault": {"kind": "reset"}}), 429)["code"] == "limit_reached"


def test_too_many_waits_are_429_and_a_finished_one_makes_room(start: Start) -> None:
    server = start(Settings(max_waiters=1))
    emulator = server.emulator
    with server.connect() as wire:
        body = b'{"timeout_ms":60000}'
        wire.request("POST", "/__admin/events/wait", body, JSON)
        until(lambda: len(emulator.waiters) == 1)
        assert problem(server.admin("POST", "/events/wait", {}), 429)["title"] == "Too Many Requests"
        server.open_session()
        assert wire.answer().json()["satisfied"] is True
    assert server.admin("POST", "/events/wait", {}).json()["satisfied"] is True


def test_wait_whose_client_has_left_makes_room(start: Start) -> None:
    server = start(Settings(max_waiters=1))
    emulator = server.emulator
    with server.connect() as wire:
        wire.request("POST", "/__admin/events/wait", b'{"timeout_ms":60000}', JSON)
        until(lambda: len(emulator.waiters) == 1)
    until(lambda: len(emulator.waiters) == 0)
