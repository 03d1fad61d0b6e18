"""A server in the process of the test: its life, its addresses, and what it says when it is used wrongly."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from contextlib import closing
from typing import Any

import aiohttp
import pytest
import requests

from mockserver import (
    BlockingCallInLoop,
    FaultSpec,
    InvalidInput,
    MediaServer,
    MockServer,
    ServerFailed,
    ServerOptions,
    Settings,
    VerificationFailed,
    connect,
)
from mockserver.control import VERIFY, WAIT, Control, Route
from mockserver.media_server import FaultHandle
from mockserver.model import results as r
from mockserver.model.fault_kind import StatusFault
from tests.factories import event, start


def post(server: MediaServer, path: str, document: Any) -> requests.Response:
    return requests.post(server.url + path, json=document, timeout=10)


def open_session(server: MediaServer) -> str:
    location: str = post(server, "/api/v1/sessions", start()).headers["Location"]
    return location.rpartition("/")[2]


def server_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mockserver"]


# Its life


def test_context_manager_serves_and_ends(unused_tcp_port: int) -> None:
    with MockServer(options=ServerOptions(port=unused_tcp_port)) as server:
        assert post(server, "/api/v1/sessions", start()).status_code == 201
        assert len(server_threads()) == 1
    assert server_threads() == []
    with pytest.raises(requests.ConnectionError):
        post(server, "/api/v1/sessions", start())


def test_journal_can_be_read_after_the_end() -> None:
    with MockServer() as server:
        sid = open_session(server)
    assert [entry.session_id for entry in server.events()] == [sid]
    assert "1 event accepted" in server.transcript()
    assert server.export().count(b"\n") == 1


def test_stopping_twice_or_before_the_start_is_harmless() -> None:
    server = MockServer()
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert server_threads() == []


def test_starting_twice_is_refused_also_after_the_end() -> None:
    with MockServer() as server, pytest.raises(ServerFailed, match="started before; make a new one"):
        server.start()
    with pytest.raises(ServerFailed, match="started before; make a new one"):
        server.start()


def test_port_in_use_is_reported_and_leaves_no_thread() -> None:
    with MockServer() as first:
        port = int(first.url.rpartition(":")[2])
        second = MockServer(options=ServerOptions(port=port))
        with pytest.raises(ServerFailed, match=f"cannot listen on 127.0.0.1 port {port}: .*in use"):
            second.start()
        second.stop()
        assert len(server_threads()) == 1


def test_server_whose_port_was_in_use_can_be_started_when_it_is_free(unused_tcp_port: int) -> None:
    options = ServerOptions(port=unused_tcp_port)
    with MockServer(options=options) as first:
        second = MockServer(options=options)
        with pytest.raises(ServerFailed):
            second.start()
    with second:
        assert second.url == first.url
        assert open_session(second)


def test_fifty_servers_start_and_stop_in_little_time() -> None:
    took_s = []
    for _ in range(50):
        began_s = time.monotonic()
        with MockServer() as server:
            assert server.summary().requests == 0
        took_s.append(time.monotonic() - began_s)
    assert server_threads() == []
    assert min(took_s) < 0.2, "the others may have met a machine with something else to do"


def test_error_in_the_block_is_passed_on_and_the_server_ends() -> None:
    with pytest.raises(ZeroDivisionError), MockServer():
        _ = 1 / 0
    assert server_threads() == []


def test_request_that_is_half_sent_does_not_hold_up_the_end() -> None:
    with MockServer() as server:
        host, _, port = server.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as player:
            player.sendall(b"GET /api/v1/schemas/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert player.recv(12) == b"HTTP/1.1 404"
            player.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
            server.stop()  # raises when something holds it up


def test_more_entries_than_a_page_holds_are_all_returned() -> None:
    with MockServer() as server:
        with closing(http.client.HTTPConnection(server.host, timeout=10)) as player:
            for _ in range(1_001):
                player.request("GET", "/api/v1/schemas/x")
                player.getresponse().read()
        assert len(server.events()) == len(server.wait_for(at_least=1_001)) == server.count() == 1_001


# Its addresses


def test_address_is_a_free_loopback_port_without_trailing_slash() -> None:
    with MockServer() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert not server.url.endswith("/")
        assert server.url == server.admin_url == f"http://{server.host}"
        assert repr(server) == f"<MockServer {server.url}>"


def test_server_that_is_not_started_has_no_address() -> None:
    server = MockServer()
    assert (server.url, server.host, server.admin_url) == ("", "", "")
    assert repr(server) == "<MockServer not started>"


def test_port_can_be_chosen(unused_tcp_port: int) -> None:
    with MockServer(options=ServerOptions(port=unused_tcp_port)) as server:
        assert server.host == f"127.0.0.1:{unused_tcp_port}"


def test_admin_api_can_have_a_separate_port() -> None:
    with MockServer(options=ServerOptions(admin_port=0)) as server:
        assert server.admin_url != server.url
        assert requests.get(server.url + "/__admin/summary", timeout=10).status_code == 404
        assert connect(server.admin_url).count() == 1


@pytest.mark.parametrize(("bound", "shown"), [("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")])
def test_address_is_one_that_a_client_can_connect_to(bound: str, shown: str) -> None:
    with MockServer(options=ServerOptions(host=bound)) as server:
        assert server.host.startswith(f"{shown}:")
        assert post(server, "/api/v1/sessions", start()).status_code == 201


def test_token_is_known_where_others_can_reach_the_server() -> None:
    assert MockServer().admin_token is None
    with MockServer(options=ServerOptions(host="0.0.0.0")) as server:
        assert connect(server.admin_url, token=server.admin_token).count() == 0


def test_two_servers_side_by_side_share_nothing() -> None:
    with MockServer() as one, MockServer(Settings(idle_timeout_s=5)) as other:
        sid = open_session(one)
        one.faults.add({"kind": "status", "code": 500})
        one.clock.advance(hours=1)
        assert post(other, f"/api/v1/sessions/{sid}/events", event()).status_code == 404
        assert (len(one.sessions()), len(other.sessions())) == (1, 0)
        assert other.clock.now_ms < one.clock.now_ms
        assert one.settings != other.settings


# Its seed


def test_same_seed_gives_the_same_session_ids() -> None:
    ids = []
    for seed in (7, "7", 8):
        with MockServer(seed=seed) as server:
            ids.append([open_session(server), open_session(server)])
            assert server.seed == str(seed)
    assert ids[0] == ids[1] != ids[2]
    assert ids[0][0] != ids[0][1]


def test_without_a_seed_ids_differ_and_a_seed_for_the_draws_is_chosen() -> None:
    with MockServer() as one, MockServer() as other:
        assert open_session(one) != open_session(other)
        assert one.seed != other.seed


def test_seed_of_the_options_is_obeyed() -> None:
    options = ServerOptions(seed="7", seeded_ids=True)
    with MockServer(options=options) as one, MockServer(seed=7) as other:
        assert one.seed == "7"
        assert open_session(one) == open_session(other)
    assert MockServer(seed=8, options=options).seed == "8"
    assert MockServer(options=ServerOptions(seed="9")).seed == "9"


# Settings and faults to start with


def test_settings_and_faults_to_start_with_are_in_force_and_come_back_with_a_reset() -> None:
    rules: list[dict[str, Any] | FaultSpec] = [
        {"fault": {"kind": "status", "code": 500}, "times": 1},
        FaultSpec(fault=StatusFault(code=503)),
    ]
    with MockServer(Settings(idle_timeout_s=5), faults=rules) as server:
        assert [post(server, "/api/v1/sessions", start()).status_code for _ in range(2)] == [500, 503]
        server.faults.clear()
        server.configure(idle_timeout_s=None)
        server.reset()
        assert [(rule.id, rule.seen) for rule in server.faults.list()] == [("f1", 0), ("f2", 0)]
        assert server.settings.idle_timeout_s == 5


@pytest.mark.parametrize(
    ("arguments", "text", "pointer"),
    [
        ({"settings": Settings(idle_timeout_s=-1)}, "idle_timeout_s must be a number of seconds", "/idle_timeout_s"),
        (
            {"faults": {"fault": {"kind": "reset"}}},
            "faults must be a list of rules, even if there is only one",
            "/faults",
        ),
        ({"faults": FaultSpec(fault=StatusFault(code=500))}, "faults must be a list of rules", "/faults"),
        ({"faults": [{"fault": {"kind": "reset"}}, {"kind": "reset"}]}, "unknown member `kind`", "/faults/1"),
        (
            {"faults": [{"fault": {"kind": "status", "code": "500"}}]},
            "must be a whole number, not '500'",
            "/faults/0/fault/code",
        ),
        ({"faults": [{"fault": {"kind": "reset"}, "skip": -1}]}, "skip must be 0 or more, not -1", "/skip"),
    ],
)
def test_invalid_start_options_are_refused(arguments: dict[str, Any], text: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MockServer(**arguments)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer
    assert server_threads() == []


def test_internal_errors_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockServer() as server:
        assert server.internal_errors == []
        monkeypatch.setattr("mockserver.admin.local_control.functions", lambda: None)
        assert requests.get(server.url + "/__admin/summary", timeout=10).status_code == 500
        (error,) = server.internal_errors
    assert "'NoneType' object is not subscriptable" in str(error)


# Waiting, with and without a loop


def test_wait_returns_the_moment_another_thread_posts() -> None:
    with MockServer() as server:
        player = threading.Thread(target=lambda: open_session(server))
        player.start()
        (entry,) = server.wait_for(event_type="sessionStart", timeout_s=60)
        player.join()
    assert entry.seq == 1


def test_verify_waits_for_what_is_on_its_way() -> None:
    with MockServer() as server:
        player = threading.Thread(target=lambda: open_session(server))
        player.start()
        assert server.verify(["sessionStart"], timeout_s=60).verified
        player.join()


async def test_blocking_calls_on_a_loop_say_what_to_await() -> None:
    with MockServer() as server:
        open_session(server)
        with pytest.raises(BlockingCallInLoop, match=r"wait_for would block .*: await await_for\(\)"):
            server.wait_for(event_type="sessionStart")
        with pytest.raises(BlockingCallInLoop, match=r"verify with timeout_s would block .*: await await_verified\(\)"):
            server.verify(event_type="sessionStart", timeout_s=1)
        assert server.verify(event_type="sessionStart").verified
        assert len(server.events()) == 1


async def test_awaiting_does_not_block_a_client_on_the_same_loop() -> None:
    with MockServer() as server:

        async def play() -> None:
            async with aiohttp.ClientSession(server.url) as client:
                async with client.post("/api/v1/sessions", json=start()) as answer:
                    events = answer.headers["Location"] + "/events"
                for event_type in ("play", "ping"):
                    async with client.post(events, json=event(event_type)) as answer:
                        assert answer.status == 204

        waiting = server.await_for(event_type="ping", timeout_s=60)
        verifying = server.await_verified(["sessionStart", "play", "ping"], timeout_s=60)
        _, pings, verified = await asyncio.gather(play(), waiting, verifying)
        assert [entry.seq for entry in pings] == [3]
        assert verified.verified


async def test_awaiting_with_exactly_and_no_time_judges_at_once() -> None:
    with MockServer() as server:
        assert (await server.await_verified(event_type="ping", exactly=0, timeout_s=0)).verified


@pytest.mark.parametrize("number", [{"exactly": 2}, {"at_most": 2}], ids=str)
def test_number_that_dropped_entries_could_exceed_is_not_verified(number: dict[str, Any]) -> None:
    with MockServer(Settings(max_entries=2)) as server:
        for _ in range(3):
            open_session(server)
        with pytest.raises(VerificationFailed) as failed:
            server.verify(event_type="sessionStart", **number)
        assert str(failed.value).startswith("not verified, since dropped entries could have matched: expected ")
        assert "1 older entry was dropped" in str(failed.value)
        assert server.verify(event_type="sessionStart", at_least=2).verified
        assert server.verify(event_type="sessionStart", since=1, **number).verified


def test_findings_that_dropped_entries_could_have_are_not_ruled_out() -> None:
    with MockServer(Settings(max_entries=3)) as server:
        first = open_session(server)
        server.assert_no_findings("error", ignore="session.no-play")
        for event_type in ("play", "ping", "ping"):
            post(server, f"/api/v1/sessions/{first}/events", event(event_type))
        for asked in (server, server.wait_for_session(), connect(server.url)):
            with pytest.raises(VerificationFailed) as failed:
                asked.assert_no_findings("error")
            assert str(failed.value) == (
                "not verified, since dropped entries could have findings: expected no finding (error), found 0 "
                "(1 older entry was dropped to stay within the limits and not judged)\n"
                "To know, raise max_entries or max_journal_bytes, or reset the server between tests, or ask about one "
                "session whose sessionStart is still in the journal."
            )
        second = open_session(server)
        with pytest.raises(VerificationFailed, match="2 older entries were dropped"):
            server.assert_no_findings("error", ignore="session.no-play")
        server.wait_for_session(session_id=second).assert_no_findings("error", ignore="session.no-play")
        server.reset()
        server.assert_no_findings("info")


def test_findings_that_dropped_sessions_could_have_are_not_ruled_out() -> None:
    with MockServer(Settings(max_sessions=2)) as server:
        sid = [open_session(server) for _ in range(3)][-1]
        with pytest.raises(VerificationFailed) as failed:
            server.assert_no_findings("error", ignore="session.no-play")
        assert (
            "(1 session was dropped to stay within the limits and not judged)\nTo know, raise max_sessions, or"
            in str(failed.value)
        )
        server.wait_for_session(session_id=sid).assert_no_findings("error", ignore="session.no-play")
        server.reset("journal")
        server.assert_no_findings("error")


class LateControl:
    """Answers a wait with "not yet", and the question why not with "it is there"."""

    def __init__(self, verified: bool) -> None:
        self._verified = verified

    def call(self, route: Route[Any, Any], argument: Any, **path: str) -> Any:
        if route is WAIT:
            return r.WaitResult(satisfied=False, count=0, events=[], journal_complete=True)
        assert route is VERIFY
        return r.Verification(
            verified=self._verified, message="what it says", matched=[], near_misses=[], journal_complete=True
        )


def test_wait_does_not_fail_over_what_came_just_after_its_time() -> None:
    on_time: Control = LateControl(verified=True)
    assert MediaServer(on_time).wait_for(timeout_s=1) == []
    with pytest.raises(VerificationFailed, match="waited 1 s\nwhat it says"):
        MediaServer(LateControl(verified=False)).wait_for(timeout_s=1)


def test_added_rule_is_returned_as_a_handle() -> None:
    handle = MockServer().faults.add({"kind": "reset"})
    assert isinstance(handle, FaultHandle)
    assert (handle.id, handle.seen, handle.applied) == ("f1", 0, 0)
