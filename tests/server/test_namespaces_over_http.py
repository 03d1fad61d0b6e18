"""Which namespace a request over HTTP belongs to, and what counts as a stream."""

from __future__ import annotations

import socket

import httpx

from mockserver import MockServer, Settings
from mockserver.server.guard import is_foreign_page
from tests.factories import event, inside, start
from tests.waiting import GUARD_S, until


def client_of(server: MockServer) -> httpx.Client:
    """Return a client that reads no certificates: that takes longer than a test, and none is needed here."""
    return httpx.Client(base_url=server.url, timeout=GUARD_S, verify=False)


def test_a_session_is_found_behind_a_path_prefix_too() -> None:
    with (
        MockServer(Settings(path_prefixes=("/va",))) as server,
        client_of(server) as client,
    ):
        location = client.post("/ns/blue/va/api/v1/sessions", json=start()).headers["Location"]

        answer = client.post(f"/va{location}/events", json=event())

    assert answer.status_code == 204


def test_a_listener_in_the_process_does_not_count_as_a_stream() -> None:
    with MockServer(Settings(max_streams=1)) as server, client_of(server) as client:
        inside(server._service.namespaces.default).subscribe(lambda seq: None)
        with client.stream("GET", "/__admin/stream") as first:
            second = client.get("/__admin/stream")

            assert (first.status_code, second.status_code) == (200, 429)


def test_a_request_that_a_reset_overtook_gets_no_answer() -> None:
    with MockServer() as server:
        server.clock.freeze()
        rule = server.faults.add(fault={"kind": "delay", "ms": 1000})
        host, port = server.host.split(":")
        with socket.create_connection((host, int(port)), GUARD_S) as raw:
            raw.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            until(lambda: rule.seen)
            server.reset()

            assert raw.recv(100) == b""

        assert server.summary().requests == 0


# Namespaces made by a page of another origin

FOREIGN = {"Origin": "http://evil.example", "Content-Type": "text/plain"}


def test_namespaces_made_by_a_foreign_page_do_not_lock_testers_out() -> None:
    with (
        MockServer(Settings(max_namespaces=20)) as server,
        client_of(server) as client,
    ):
        made = [
            client.post(f"/ns/evil{n}/api/v1/sessions", content="x", headers=FOREIGN).status_code for n in range(30)
        ]
        assert made == [400] * 9 + [429] * 21

        assert client.post("/ns/player/api/v1/sessions", json=start()).status_code == 201
        for number in range(15):
            settings = f"/ns/mine{number}/__admin/settings"
            assert client.patch(settings, json={}).status_code == 200
            assert client.post(f"/ns/mine{number}/api/v1/sessions", json=start()).status_code == 201

        page = client.get("/__admin/namespaces").json()
        assert (page["meta"], len(page["namespaces"])) == ({"total": 20, "evicted": 6, "next": None}, 20)
        assert {f"mine{number}" for number in range(15)} < {view["name"] for view in page["namespaces"]}


def test_what_a_foreign_page_sends_stays_within_the_budget_of_the_server() -> None:
    with (
        MockServer(Settings(max_server_bytes=4_000_000)) as server,
        client_of(server) as client,
    ):
        client.post("/ns/mine/api/v1/sessions", json=start())
        for number in range(60):
            client.post(f"/ns/evil{number % 10}/api/v1/sessions", content="x" * 300_000, headers=FOREIGN)

        kept = [inside(namespace).journal for namespace in server._service.namespaces]
        assert sum(journal.size_bytes for journal in kept) <= 4_000_000
        assert (
            sum(journal.last_seq for journal in kept) == sum(len(journal) + journal.evicted for journal in kept) == 61
        )
        mine = client.get("/ns/mine/__admin/events").json()
        assert (len(mine["events"]), mine["meta"]["evicted"]) == (1, 0)


def test_a_smaller_budget_applies_at_once() -> None:
    with MockServer() as server, client_of(server) as client:
        for _ in range(20):
            client.post("/ns/big/api/v1/sessions", content="x" * 300_000)

        assert client.patch("/__admin/settings", json={"max_server_bytes": 1_000_000}).status_code == 200

        page = client.get("/ns/big/__admin/events").json()
        assert len(page["events"]) + page["meta"]["evicted"] == 20
        assert page["meta"]["evicted"] > 15


def test_an_own_page_and_a_page_of_this_machine_are_not_foreign() -> None:
    own = [{"Origin": "http://tv.local:8089", "Host": "tv.local:8089"}, {"Origin": "http://localhost:3000"}, {}]
    foreign = [{"Origin": "null"}, {"Origin": "http://["}, {"Sec-Fetch-Site": "cross-site"}]
    assert [is_foreign_page(headers) for headers in (*own, *foreign)] == [False] * 3 + [True] * 3
