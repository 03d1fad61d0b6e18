"""Which namespace a request over HTTP belongs to, and what counts as a stream."""

from __future__ import annotations

import socket

import httpx

from mockserver import MockServer, Settings
from tests.factories import event, inside, start
from tests.waiting import GUARD_S


def test_a_session_is_found_behind_a_path_prefix_too() -> None:
    with (
        MockServer(Settings(path_prefixes=("/va",))) as server,
        httpx.Client(base_url=server.url, timeout=GUARD_S) as client,
    ):
        location = client.post("/ns/blue/va/api/v1/sessions", json=start()).headers["Location"]

        answer = client.post(f"/va{location}/events", json=event())

    assert answer.status_code == 204


def test_a_listener_in_the_process_takes_no_place_of_a_stream() -> None:
    with MockServer(Settings(max_streams=1)) as server:
        inside(server._site.namespaces.default).listen(lambda seq: None)
        with httpx.stream("GET", f"{server.url}/__admin/stream", timeout=GUARD_S) as first:
            second = httpx.get(f"{server.url}/__admin/stream", timeout=GUARD_S)

            assert (first.status_code, second.status_code) == (200, 429)


def test_a_request_that_a_reset_overtook_gets_no_answer() -> None:
    with MockServer() as server:
        server.clock.freeze()
        rule = server.faults.add(fault={"kind": "delay", "ms": 1000})
        host, port = server.host.split(":")
        with socket.create_connection((host, int(port)), GUARD_S) as raw:
            raw.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            while rule.seen == 0:
                pass  # the request is on its way; the timeout of the test is the guard
            server.reset()

            assert raw.recv(100) == b""

        assert server.summary().requests == 0
