from __future__ import annotations

import pytest

from mockserver.model.settings import Settings
from tests.server.conftest import PING, START, Running, Start


def names(server: Running) -> list[str]:
    return [view["name"] for view in server.admin("GET", "/namespaces").json()["namespaces"]]


def test_namespaces_by_path_share_nothing(server: Running) -> None:
    sid = server.open_session("/ns/a")
    server.open_session("/ns/b")
    server.ask("POST", "/ns/a/__admin/faults", b'{"fault":{"kind":"close"}}', ("Content-Type", "application/json"))
    server.ask("POST", "/ns/a/__admin/clock", b'{"action":"freeze"}', ("Content-Type", "application/json"))
    for name, faults, frozen in (("a", 1, True), ("b", 0, False)):
        assert server.ask("GET", f"/ns/{name}/__admin/events").json()["meta"]["total"] == 1
        assert server.ask("GET", f"/ns/{name}/__admin/faults").json()["meta"]["total"] == faults
        assert server.ask("GET", f"/ns/{name}/__admin/clock").json()["frozen"] is frozen
    assert server.admin("GET", "/events").json()["meta"]["total"] == 0
    assert server.ask("POST", f"/ns/b/api/v1/sessions/{sid}/events", PING).status == 404
    assert names(server) == ["default", "a", "b"]


def test_location_carries_no_prefix_and_leads_to_the_namespace_that_issued_it(server: Running) -> None:
    location = server.ask("POST", "/ns/team-a/api/v1/sessions", START).header("Location")
    assert str(location).startswith("/api/v1/sessions/")
    assert server.ask("POST", f"{location}/events", PING).status == 204
    assert server.ask("POST", f"/ns/team-a{location}/events", PING).status == 204
    assert server.ask("POST", f"/ns/default{location}/events", PING).status == 404
    entries = server.ask("GET", "/ns/team-a/__admin/events").json()["events"]
    assert [entry["request"]["path"] for entry in entries] == [
        "/ns/team-a/api/v1/sessions",
        f"{location}/events",
        f"/ns/team-a{location}/events",
    ]


@pytest.mark.parametrize("host", ["team-a.localhost", "team-a.localhost:8089", "team-a.LOCALHOST:1"])
def test_namespace_by_host_on_both_apis(server: Running, host: str) -> None:
    assert server.ask("POST", "/api/v1/sessions", START, ("Host", host)).status == 201
    assert server.ask("GET", "/__admin/events", None, ("Host", host)).json()["meta"]["total"] == 1
    assert server.ask("GET", "/ns/team-a/__admin/events").json()["meta"]["total"] == 1
    assert server.admin("GET", "/events").json()["meta"]["total"] == 0


def test_path_comes_before_host(server: Running) -> None:
    server.ask("POST", "/ns/by-path/api/v1/sessions", START, ("Host", "by-host.localhost"))
    assert names(server) == ["default", "by-path"]


def test_reading_an_unknown_namespace_shows_an_empty_one_and_makes_none(server: Running) -> None:
    assert server.ask("GET", "/ns/ghost/__admin/summary").json()["requests"] == 0
    assert server.ask("POST", "/ns/ghost/__admin/events/count", None).json()["count"] == 0
    assert names(server) == ["default"]
    server.ask("POST", "/ns/real/__admin/reset")
    assert names(server) == ["default", "real"]


def test_dropped_namespace_is_gone_and_can_be_made_again(server: Running) -> None:
    sid = server.open_session("/ns/a")
    dropped = server.admin("DELETE", "/namespaces/a")
    assert (dropped.status, dropped.body) == (204, b"")
    assert names(server) == ["default"]
    assert server.ping(sid).status == 404
    assert server.admin("DELETE", "/namespaces/a").status == 404
    server.open_session("/ns/a")
    assert server.ask("GET", "/ns/a/__admin/events").json()["meta"]["total"] == 1


def test_beyond_max_namespaces_is_429_on_both_apis_and_none_is_dropped(start: Start) -> None:
    server = start(Settings(max_namespaces=2))
    server.open_session("/ns/a")
    refused = server.ask("POST", "/ns/b/api/v1/sessions", START)
    assert (refused.status, refused.header("Access-Control-Allow-Origin")) == (429, "*")
    assert "2 namespaces" in refused.json()["message"]
    assert server.ask("POST", "/ns/b/__admin/reset").status == 429
    assert server.ask("GET", "/ns/b/__admin/events").status == 200
    assert names(server) == ["default", "a"]
    assert server.admin("DELETE", "/namespaces/a").status == 204
    server.open_session("/ns/b")
