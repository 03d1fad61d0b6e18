from __future__ import annotations

from tests.server.conftest import Start
from tests.server.running import PING, START
from tests.tables import every_case


def test_first_label_below_a_configured_host_names_a_namespace(start: Start) -> None:
    server = start(namespace_hosts=("Mock.example",))
    host = ("Host", "tv.mock.EXAMPLE:8089")
    location = server.ask("POST", "/api/v1/sessions", START, host).header("Location")
    assert location is not None
    for _ in range(2):  # the second one takes the fast path
        with server.connect() as wire:
            for _ in range(2):
                assert wire.ask("POST", f"{location}/events", PING, host).status == 204
    assert {namespace.name for namespace in server.service.namespaces} == {"default", "tv"}
    assert server.admin("GET", "/events", None, host).json()["meta"]["total"] == 5
    assert server.admin("GET", "/events", None, ("Host", "mock.example")).json()["meta"]["total"] == 0


@every_case("host", ["tv.mock.example", "tv.xmock.example", "tv.mock.example.evil"])
def test_unconfigured_host_names_no_namespace_and_gets_no_admin_api(start: Start, host: str) -> None:
    server = start(namespace_hosts=() if host == "tv.mock.example" else ("mock.example",))
    assert server.ask("POST", "/api/v1/sessions", START, ("Host", host)).status == 201
    assert [namespace.name for namespace in server.service.namespaces] == ["default"]
    assert server.admin("GET", "/events", None, ("Host", host)).status == 403
