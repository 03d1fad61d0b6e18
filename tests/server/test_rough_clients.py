"""Clients that are slow, broken, hostile or old: each is answered or disconnected, and nobody else notices."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys

import pytest
from aiohttp import http_parser, web, web_protocol

from mockserver.model.settings import Settings
from mockserver.server import bodies
from tests.server.conftest import Start
from tests.server.running import PING, PLAY, START, Running
from tests.tables import every_case
from tests.waiting import until

HOST = b"Host: localhost\r\n"
CHUNKED = b"POST /api/v1/sessions HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def sized(size: int, *more: bytes) -> bytes:
    lines = (HOST, b"Content-Length: %d\r\n" % size, *more)
    return b"POST /api/v1/sessions HTTP/1.1\r\n" + b"".join(lines) + b"\r\n"


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    sid = server.open_session()
    path = f"/api/v1/sessions/{sid}/events".encode()
    ping = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(PING) + PING
    bad = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}"
    schema = b"GET /api/v1/schemas/play HTTP/1.1\r\n" + HOST + b"\r\n"
    with server.connect() as wire:
        wire.send((ping + bad + schema) * 20)
        assert [wire.answer().status for _ in range(60)] == [204, 400, 200] * 20
    server.wait_for_entries(61)
    assert [server.entry(seq)["response"]["status"] for seq in range(2, 8)] == [204, 400, 200] * 2
    server.assert_alive()


def test_good_requests_that_came_before_a_malformed_one_are_answered_and_recorded(server: Running) -> None:
    good = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n"
    with_body = b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 8\r\n\r\nab\r\n\r\ncd"
    with server.connect() as wire:
        wire.send(good + with_body + good + b"NOT HTTP\r\n\r\n")
        assert [wire.answer().status for _ in range(4)] == [404, 404, 404, 400]
    server.wait_for_entries(3)
    assert server.entry(2)["request"]["body"] == "ab\r\n\r\ncd"
    server.assert_alive()


@pytest.mark.parametrize("fast_path", [True, False])
def test_good_requests_before_a_malformed_one_are_answered_on_every_port(start: Start, fast_path: bool) -> None:
    server = start(Settings(fast_path=fast_path), admin_port=0)
    for port, path, status in ((server.port, "/nowhere", 404), (server.thread.admin_port, "/__admin/version", 200)):
        good = b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        with server.connect(port) as wire:
            wire.send(good + good + b"NOT HTTP\r\n\r\n")
            assert [wire.answer().status for _ in range(3)] == [status, status, 400]


def test_pipelined_requests_behind_a_delayed_one_wait_for_it(start: Start) -> None:
    server = start()
    server.admin("POST", "/clock", {"action": "freeze"})
    sid = server.open_session()
    server.add_fault({"kind": "delay", "ms": 1000}, when={"event_type": "play"}, stage="response")
    path = f"/api/v1/sessions/{sid}/events"
    with server.connect() as wire:
        wire.request("POST", path, PLAY)
        wire.request("GET", "/nowhere")
        server.wait_for_entries(2)
        assert wire.is_silent()
        server.admin("POST", "/clock", {"action": "advance", "ms": 1000})
        assert [wire.answer().status, wire.answer().status] == [204, 404]


def test_half_sent_head_is_not_a_request(server: Running) -> None:
    with server.connect() as wire:
        wire.send(b"POST /api/v1/sessions HTTP/1.1\r\nHost: loc")
    server.assert_alive()
    assert server.entry(1)["operation"] == "schema"


@pytest.mark.parametrize("head", [sized(len(START)), CHUNKED + b"%x\r\n" % len(START)])
def test_half_sent_body_is_recorded_as_incomplete_and_its_client_as_gone(server: Running, head: bytes) -> None:
    with server.connect() as wire:
        wire.send(head + START[:40])
        server.assert_alive()
    server.wait_for_entries(2)
    until(lambda: server.entry(2)["delivery"] == "client_gone")
    entry = server.entry(2)
    assert (entry["operation"], entry["outcome"], entry["response"]["status"]) == ("start", "invalid", 400)
    assert [violation["rule"] for violation in entry["violations"]] == ["body-incomplete"]
    assert entry["request"]["body"] == START[:40].decode()
    server.assert_alive()


def test_dribbled_request_is_put_together(server: Running) -> None:
    with server.connect() as wire:
        raw = sized(len(START)) + START
        for index in range(len(raw)):
            wire.send(raw[index : index + 1])
        assert wire.answer().status == 201
    server.assert_alive()


def test_expect_continue_is_answered_100_once(server: Running) -> None:
    with server.connect() as wire:
        wire.send(sized(len(START), b"Expect: 100-continue\r\n"))
        assert wire.answer().status == 100
        wire.send(START)
        assert wire.answer().status == 201
        assert wire.is_silent()
        wire.send(sized(len(START), b"Expect: 100-continue\r\n") + START)
        assert wire.answer().status == 201


def test_expect_continue_of_a_body_too_large_is_refused_before_it_is_sent(start: Start) -> None:
    server = start(Settings(max_body_bytes=100))
    with server.connect() as wire:
        wire.send(sized(101, b"Expect: 100-continue\r\n"))
        assert wire.answer().status == 413


def test_chunked_body_is_read_whole(server: Running) -> None:
    with server.connect() as wire:
        wire.send(CHUNKED)
        for begin in range(0, len(START), 50):
            piece = START[begin : begin + 50]
            wire.send(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece))
        wire.send(b"0\r\nTrailer: x\r\n\r\n")
        assert wire.answer().status == 201
        assert wire.ask("GET", "/api/v1/schemas/play").status == 200
    assert server.entry(1)["request"]["body"] == START.decode()


BAD_CHUNKS = (b"zz\r\n", b"-1\r\n", b"3\r\nabcXX", b"ffffffffffffffffff\r\n", b"3\nabc\n0\n\n")


@every_case("at_once", [True, False])
def test_bad_chunk_is_answered_400_or_closed_at_once(server: Running, at_once: bool) -> None:
    wires = {bad: server.connect() for bad in BAD_CHUNKS}
    for bad, wire in wires.items():
        if at_once:
            wire.send(CHUNKED + bad)
        else:
            wire.send(CHUNKED + b"1\r\n{\r\n")
            server.assert_alive()
            wire.send(bad)
    for bad, wire in wires.items():
        with wire:
            said = wire.rest()
        assert said == b"" or b" 400 " in said.split(b"\r\n")[0], bad
        server.assert_alive()


def test_aiohttp_shows_the_queue_that_reveals_a_bad_chunk() -> None:
    assert hasattr(web.RequestHandler, "_messages"), (
        "aiohttp has renamed the queue of a connection: until bodies._queued() finds it, a bad chunk is answered "
        "after 2 s instead of at once, and a chunked body may not pause for longer"
    )


def test_bad_chunk_is_not_waited_for_long_where_aiohttp_shows_no_queue(
    monkeypatch: pytest.MonkeyPatch, server: Running
) -> None:
    monkeypatch.setattr(bodies, "_queued", lambda request: None)
    monkeypatch.setattr(bodies, "_CHUNK_TIMEOUT_S", 0.4)
    monkeypatch.setattr(bodies, "_BODY_TIMEOUT_S", 3600)
    with server.connect() as wire:
        wire.send(CHUNKED + b"1\r\n{\r\n")
        server.assert_alive()
        wire.send(b"zz\r\n")
        said = wire.rest()
    assert said == b"" or b" 400 " in said.split(b"\r\n")[0]
    server.assert_alive()


def test_bad_chunk_is_400_with_aiohttps_parser_in_plain_python_too(
    monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    monkeypatch.setattr(web_protocol, "HttpRequestParser", http_parser.HttpRequestParserPy)
    server = start()
    for path in (b"/api/v1/sessions", b"/__admin/reset"):
        with server.connect() as wire:
            wire.send(CHUNKED.replace(b"/api/v1/sessions", path) + b"1\r\n{\r\n")
            server.assert_alive()
            wire.send(b"zz\r\n")
            assert wire.answer().status == 400
        server.assert_alive()


def test_too_large_body_by_length_is_413_and_nothing_of_it_is_kept(start: Start) -> None:
    server = start(Settings(max_body_bytes=1000))
    with server.connect() as wire:
        wire.send(sized(10_000_000))
        assert wire.answer().status == 413
    entry = server.entry(1)
    assert (entry["outcome"], entry["request"]["body"], entry["event"]) == ("invalid", "", None)
    server.assert_alive()


def test_client_that_sends_all_of_a_too_large_body_first_can_read_the_413(start: Start) -> None:
    server = start(Settings(max_body_bytes=1000))
    with server.connect() as wire:
        wire.send(sized(3_000_000) + b" " * 3_000_000)
        assert wire.answer().status == 413
    server.assert_alive()


def test_too_large_body_in_chunks_is_413_as_soon_as_it_is_known(start: Start) -> None:
    server = start(Settings(max_body_bytes=1000))
    with server.connect() as wire:
        wire.send(CHUNKED + (b"1f4\r\n" + b" " * 500 + b"\r\n") * 3)
        assert wire.answer().status == 413
    assert server.entry(1)["request"]["body"] == ""
    server.assert_alive()


def test_body_of_exactly_the_limit_is_read(start: Start) -> None:
    server = start(Settings(max_body_bytes=len(START)))
    assert server.ask("POST", "/api/v1/sessions", START).status == 201
    assert server.ask("POST", "/api/v1/sessions", START + b" ").status == 413


def test_http_1_0_is_answered_and_closed(server: Running) -> None:
    with server.connect() as wire:
        wire.send(b"POST /api/v1/sessions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(START), START))
        assert wire.answer().status == 201
        assert wire.rest() == b""


def test_absolute_target_is_taken_for_its_path(server: Running) -> None:
    answer = server.ask("POST", "http://acme.hb-api.example/api/v1/sessions?x=1", START)
    assert answer.status == 201
    assert str(answer.header("Location")).startswith("/api/v1/sessions/")
    assert server.entry(1)["request"]["path"] == "http://acme.hb-api.example/api/v1/sessions?x=1"
    assert server.ask("GET", "http://localhost/__admin/health").status == 200


@every_case(
    "target",
    ["/%E2%82%AC", "/api/v1/sessions/%00/events", "/%zz", "/api/v1/schemas/%FF", "//api//v1", "/a?b=%FF#c"],
)
def test_odd_target_is_404_and_recorded_as_sent(server: Running, target: str) -> None:
    method = "POST" if target.endswith("events") else "GET"
    assert server.ask(method, target, PING if method == "POST" else None).status == 404
    assert server.last_entry()["request"]["path"] == target
    server.assert_alive()


@every_case(
    "raw",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\r\n\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
        b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"No colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Bad name: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
        "GET /\u20ac HTTP/1.1\r\n".encode() + HOST + b"\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n{}",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: a\r\n" % number for number in range(1000)) + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda raw: f"{raw[:80]!a}-{len(raw)}",
)
def test_bytes_that_are_not_http_are_answered_400_or_closed(server: Running, raw: bytes) -> None:
    with server.connect() as wire:
        with contextlib.suppress(ConnectionError):  # the end may come before all is sent
            wire.send(raw)
        said = wire.rest()
    assert said == b"" or b" 400 " in said.split(b"\r\n")[0]
    server.assert_alive()


def test_hundred_headers_are_fine(server: Running) -> None:
    answer = server.ask("POST", "/api/v1/sessions", START, *((f"X-{number}", "a" * 50) for number in range(100)))
    assert answer.status == 201
    assert len(server.entry(1)["request"]["headers"]) == 102


@every_case("protocol", [b"websocket", b"h2c", b"other"])
def test_upgrade_is_declined_by_answering_the_request(server: Running, protocol: bytes) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAMAAABkAAQ\r\n" % protocol
    with server.connect() as wire:
        wire.send(b"GET /nowhere HTTP/1.1\r\n" + HOST + upgrade + b"\r\n")
        assert wire.answer().status == 404
        for _ in range(2):
            wire.send(sized(len(START), upgrade) + START)
            assert wire.answer().status == 201
        wire.send(sized(len(START), upgrade))
        server.assert_alive()
        wire.send(START)
        assert wire.answer().status == 201
        assert wire.ask("GET", "/api/v1/schemas/play").status == 200
    server.assert_alive()


def test_connect_is_answered_at_once(server: Running) -> None:
    with server.connect() as wire:
        wire.send(b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert wire.answer().status == 404
    server.assert_alive()


def test_header_bytes_that_are_not_text_are_kept(server: Running) -> None:
    with server.connect() as wire:
        wire.send(sized(len(START), b"X-Odd: \xff\xe4\r\n", b"User-Agent: \xe2\x82\xac\r\n") + START)
        assert wire.answer().status == 201
    assert ["X-Odd", "\xff\xe4"] in server.entry(1)["request"]["headers"]


def test_numbers_beyond_every_type_are_recorded_and_shown(server: Running) -> None:
    body = START.replace(b'"media.length":60', b'"media.length":' + b"9" * 300)
    assert server.ask("POST", "/api/v1/sessions", body).status in (201, 400)
    assert server.ask("POST", "/api/v1/sessions", body.replace(b"9" * 300, b"9" * 6000)).status == 400
    assert server.admin("GET", "/events").status == 200
    assert json.loads(server.admin("GET", "/export").body.splitlines()[0])["seq"] == 1
    server.assert_alive()


def test_requests_that_are_not_http_write_nothing_to_stderr() -> None:
    program = (
        "import socket\n"
        "from mockserver.server.runner import ServerThread\n"
        "from mockserver.server.service import Service\n"
        "thread = ServerThread(Service())\n"
        "thread.start()\n"
        "for raw in (b'garbage\\r\\n\\r\\n', b'GET / HTTP/1.1\\r\\n\\r\\n'):\n"
        "    with socket.create_connection(('127.0.0.1', thread.port), timeout=10) as connection:\n"
        "        connection.sendall(raw)\n"
        "        while connection.recv(4096):\n"
        "            pass\n"
        "thread.stop()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_requests_that_are_not_http_can_be_logged(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "mockserver.http"), server.connect() as wire:
        wire.send(b"garbage\r\n\r\n")
        wire.rest()
    assert [record.name for record in caplog.records] == ["mockserver.http"]
