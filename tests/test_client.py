"""The control over HTTP: addresses, tokens, certificates, namespaces, and servers that are none of ours."""

from __future__ import annotations

import gc
import http.client
import os
import socket
import struct
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import requests

from mockserver import (
    ControlFailed,
    Forbidden,
    InvalidInput,
    MediaServer,
    MockServer,
    Query,
    Refused,
    ServerOptions,
    Settings,
    client,
    connect,
)
from mockserver import control as c
from mockserver.client import HttpControl
from mockserver.model.results import WaitCommand
from mockserver.server.runner import ServerThread
from mockserver.server.service import Service
from tests.factories import event, inside, start
from tests.tables import every_case
from tests.waiting import GUARD_S, until

# Self-signed for localhost, valid until 2126. It protects nothing.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIULWOGnxMU/UEAXm78Rq7oY71/14QwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAzNTI0NloYDzIxMjYxMDI4
MDM1MjQ2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASn9RpJcLyM4pf5VphODK67AvnYvINwWvmIZSVXvrnpsQhcXDr1Kx0L
cYMwtE3OUxUblxAb68X/Kr/SrsIOOcFlo28wbTAdBgNVHQ4EFgQURuZL0++YPGkt
Lj1Ag0eSOPfdCYUwHwYDVR0jBBgwFoAURuZL0++YPGktLj1Ag0eSOPfdCYUwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgNqghsNAcVn/6ArO9lovNyrZagOqodySq5Gypm5oz+UACIQD4
FvKg3gOt5Mi8M4r+NqeRY10vKXk90bG7VonHEswCkw==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmHnJZQOm3H8rglT6
q2xFb5GkvQhj5BYyMjl1eGsoFPShRANCAASn9RpJcLyM4pf5VphODK67AvnYvINw
WvmIZSVXvrnpsQhcXDr1Kx0LcYMwtE3OUxUblxAb68X/Kr/SrsIOOcFl
-----END PRIVATE KEY-----
"""


def post(server: MediaServer, path: str, document: Any) -> int:
    return requests.post(server.url + path, json=document, timeout=10).status_code


@contextmanager
def answering(
    body: bytes = b"<!doctype html><title>It works!</title>",
    *,
    status: int = 200,
    media_type: str = "text/html",
    length: int | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike. Gives its address and the paths it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as the standard library calls them

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}", asked
        finally:
            httpd.shutdown()
            thread.join()


# Addresses


@every_case(
    "url",
    [
        "localhost:8089",
        "127.0.0.1:8089",
        "ftp://localhost",
        "http://",
        "http://localhost:port",
        "http://localhost:99999",
        "http://[::1",
        "http://localhost/?a=b",
        "http://localhost/#top",
        "",
    ],
)
def test_text_that_is_not_an_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not the address of a server"):
        connect(url)


@every_case(
    ("url", "namespace", "shown", "host"),
    [
        ("http://127.0.0.1:8089", None, "http://127.0.0.1:8089", "127.0.0.1:8089"),
        ("http://127.0.0.1:8089/", None, "http://127.0.0.1:8089", "127.0.0.1:8089"),
        ("http://127.0.0.1:8089/", "a", "http://127.0.0.1:8089/ns/a", "a.localhost:8089"),
        ("https://mock.example", "a", "https://mock.example/ns/a", "a.localhost"),
        ("http://mock.example/media/", "a", "http://mock.example/media/ns/a", "a.localhost"),
        ("http://me:secret@mock.example:80/media", None, "http://me:secret@mock.example:80/media", "mock.example:80"),
        ("http://[::1]:8089", None, "http://[::1]:8089", "[::1]:8089"),
        ("http://[::1]", "a", "http://[::1]/ns/a", "a.localhost"),
        ("http://mock.example/ns/team/mock", None, "http://mock.example/ns/team/mock", "mock.example"),
        ("http://127.0.0.1:8089/ns/a", None, "http://127.0.0.1:8089/ns/a", "a.localhost:8089"),
        ("http://127.0.0.1:8089/ns/a/__admin/", None, "http://127.0.0.1:8089/ns/a", "a.localhost:8089"),
    ],
)
def test_addresses_for_players_follow_from_that_of_the_server(
    url: str, namespace: str | None, shown: str, host: str
) -> None:
    server = connect(url, namespace=namespace)
    assert (server.url, server.host) == (shown, host)
    assert repr(server) == f"<MediaServer {shown}>"


def test_path_before_the_admin_api_is_kept() -> None:
    with answering(b'{"count": 3, "journal_complete": true}', media_type="application/json") as (url, asked):
        assert connect(f"{url}/media/", namespace="a b").count() == 3
    assert asked == ["/media/ns/a%20b/__admin/events/count"]


# Servers that are not there, or none of ours


def test_missing_server_is_reported() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ControlFailed, match=rf"^no answer from the server at {url}: .*refused"):
            connect(url).summary()


def test_server_that_hangs_up_is_reported_as_giving_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ControlFailed, match="no answer from the server"):
            connect(f"http://127.0.0.1:{listener.getsockname()[1]}").summary()
        thread.join()


@every_case(
    "ask",
    [
        lambda server: server.summary(),
        lambda server: server.events(),
        lambda server: server.settings,
        lambda server: server.reset(),
        lambda server: server.clock.freeze(),
        lambda server: server.export(),
    ],
    ids=["summary", "events", "settings", "reset", "clock", "export"],
)
def test_page_of_another_server_is_not_taken_for_an_answer(ask: Callable[[MediaServer], Any]) -> None:
    with answering() as (url, _), pytest.raises(ControlFailed, match=f"{url} does not answer .* as this version does"):
        ask(connect(url))


@every_case("status", [301, 404, 500])
def test_error_page_of_another_server_is_shown(status: int) -> None:
    with (
        answering(b"<h1>Oops</h1>", status=status) as (url, _),
        pytest.raises(ControlFailed, match=f"status {status} from something that is not a mockserver: .*Oops"),
    ):
        connect(url).summary()


def test_answer_of_another_version_says_what_is_missing() -> None:
    with (
        answering(b'{"requests": 1}', media_type="application/json") as (url, _),
        pytest.raises(ControlFailed, match=r"does not answer /summary .*: the member `events` is missing$"),
    ):
        connect(url).summary()


def test_missing_route_is_reported() -> None:
    route: c.Route[None, None] = c.Route("fly", "POST", "/fly", "Not there.", status=204)
    with MockServer() as running, pytest.raises(ControlFailed, match=r"^404: there is no such route"):
        connect(running.url).control.call(route, None)


def test_incomplete_export_is_an_error() -> None:
    with (
        answering(b'{"seq": 1}\n', media_type="application/x-ndjson", length=1000) as (url, _),
        pytest.raises(ControlFailed, match="no answer from the server"),
    ):
        connect(url).export()


def test_incomplete_list_is_an_error() -> None:
    with (
        answering(b'{"faults": [', media_type="application/json", length=1000) as (url, _),
        pytest.raises(ControlFailed, match="no answer from the server"),
    ):
        connect(url).faults.list()


@every_case("value", [float("inf"), float("nan")])
def test_number_that_json_cannot_say_is_not_sent_as_null(value: float) -> None:
    with answering() as (url, asked):
        with pytest.raises(InvalidInput) as caught:
            connect(url).configure(session_rules=[{"where": ["/a=1"], "idle_timeout_s": value}])
        assert caught.value.pointer == "/session_rules/0/idle_timeout_s"
        assert asked == []


# Connections


class Peer:
    """A server that serves one connection after the other, each as it is told.

    Args:
        visits: For every connection what to do on it: ``answer``, ``refuse`` or only ``read`` a request, read ``part``
            of one, or ``wait`` until the client closes it. Then the server closes it.

    Attributes:
        asked: The method and path of each request, and the number of its connection.
        closed: One is released for every connection that is closed.
    """

    def __init__(self, *visits: Sequence[str]) -> None:
        self.asked: list[tuple[int, str]] = []
        self.closed = threading.Semaphore(0)
        self._visits = visits
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(GUARD_S)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.control = HttpControl(f"http://127.0.0.1:{self._listener.getsockname()[1]}")

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._thread.join(GUARD_S)
            assert not self._thread.is_alive()
        self._listener.close()

    def gone(self) -> None:
        """Wait until a connection is closed."""
        assert self.closed.acquire(timeout=GUARD_S)

    def _serve(self) -> None:
        for number, steps in enumerate(self._visits):
            connection, _ = self._listener.accept()
            connection.settimeout(GUARD_S)
            with connection, connection.makefile("rb") as received:
                for step in steps:
                    if step == "part":
                        received.read(1)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    elif step == "wait":
                        assert received.read() == b""
                    else:
                        self._read(number, received)
                        answers = {"answer": ANSWERS[self.asked[-1][1]], "refuse": REFUSAL, "read": b""}
                        connection.sendall(answers[step])
            self.closed.release()

    def _read(self, number: int, received: BinaryIO) -> None:
        method, target, _ = received.readline().decode().split()
        length = int(http.client.parse_headers(received)["Content-Length"] or 0)
        received.read(length)
        self.asked.append((number, f"{method} {target.removeprefix(c.ADMIN)}"))


def json_answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


COUNT, FAULTS, CLEAR, IMPORT = "POST /events/count", "GET /faults", "DELETE /faults", "POST /import"
ANSWERS = {
    COUNT: json_answer(b'{"count":3,"journal_complete":true}'),
    FAULTS: json_answer(b'{"faults":[],"meta":{"total":0}}'),
    CLEAR: b"HTTP/1.1 204 No Content\r\n\r\n",
    IMPORT: json_answer(b'{"requests":1,"sessions":[],"left_out":0,"without_body":[],"since":0,"until_ms":0}'),
}
REFUSAL = json_answer(
    b'{"type":"about:blank","title":"","status":429,"detail":"there is no room","code":"limit_reached"}'
).replace(b"200 OK", b"429 Too Many Requests")


def count(peer: Peer) -> int:
    return peer.control.call(c.COUNT, WaitCommand()).count


def test_calls_that_follow_each_other_use_one_connection() -> None:
    with Peer(["answer", "answer", "answer", "wait"]) as peer:
        assert count(peer) == 3
        peer.control.call(c.DELETE_FAULTS, None)
        assert peer.control.call(c.FAULTS, None).faults == []
        peer.control.close()
    assert peer.asked == [(0, COUNT), (0, CLEAR), (0, FAULTS)]


def test_connection_is_not_used_after_a_refusal_that_may_have_left_a_part_of_the_request_unread() -> None:
    with Peer(["answer", "refuse", "wait"], ["answer"]) as peer:
        count(peer)
        with pytest.raises(Refused, match="there is no room"):
            peer.control.call(c.IMPORT, b"{}")
        count(peer)
    assert peer.asked == [(0, COUNT), (0, IMPORT), (1, COUNT)]


def test_connection_that_the_server_closed_meanwhile_is_replaced_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_news = client._has_news

    def has_arrived(connection: http.client.HTTPConnection) -> bool:
        until(lambda: has_news(connection))
        return True

    monkeypatch.setattr(client, "_has_news", has_arrived)  # on a busy machine the end takes its time to arrive
    with Peer(["answer"], ["answer"]) as peer:
        count(peer)
        peer.control.call(c.DELETE_FAULTS, None)
    assert peer.asked == [(0, COUNT), (1, CLEAR)]


@every_case("ask", [count, lambda peer: peer.control.call(c.FAULTS, None)], ids=[COUNT, FAULTS])
def test_question_is_asked_again_if_the_server_closes_the_connection_without_an_answer(
    ask: Callable[[Peer], object],
) -> None:
    with Peer(["answer", "read"], ["answer"]) as peer:
        count(peer)
        ask(peer)
    assert [number for number, _ in peer.asked] == [0, 0, 1]


def test_question_is_asked_again_only_once() -> None:
    with Peer(["answer", "read"], ["read"]) as peer:
        count(peer)
        with pytest.raises(ControlFailed, match="no answer from the server"):
            count(peer)
    assert peer.asked == [(0, COUNT), (0, COUNT), (1, COUNT)]


def test_change_that_the_server_may_have_made_is_not_made_again() -> None:
    with Peer(["answer", "read"]) as peer:
        count(peer)
        with pytest.raises(ControlFailed, match="no answer from the server"):
            peer.control.call(c.DELETE_FAULTS, None)
    assert peer.asked == [(0, COUNT), (0, CLEAR)]


def test_change_that_was_not_sent_completely_is_made_on_a_new_connection() -> None:
    with Peer(["answer", "part"], ["answer"]) as peer:
        count(peer)
        larger_than_all_buffers = b" " * 32 * 1024 * 1024
        assert peer.control.call(c.IMPORT, larger_than_all_buffers).requests == 1
    assert peer.asked == [(0, COUNT), (1, IMPORT)]


def test_connection_is_not_used_after_it_was_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "IDLE_S", -1)
    with Peer(["answer", "wait"], ["answer", "wait"]) as peer:
        count(peer)
        count(peer)
        peer.control.close()
    assert peer.asked == [(0, COUNT), (1, COUNT)]


def test_connection_is_not_used_by_a_process_that_was_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(["answer", "wait"], ["answer", "wait"]) as peer:
        count(peer)
        monkeypatch.setattr(os, "getpid", lambda: 0)
        count(peer)
        peer.control.close()
    assert peer.asked == [(0, COUNT), (1, COUNT)]


def test_client_that_is_closed_keeps_no_connection() -> None:
    with Peer(["answer", "wait"], ["answer", "wait"]) as peer:
        count(peer)
        peer.control.close()
        peer.gone()
        assert count(peer) == 3
        peer.gone()


def test_client_that_is_dropped_closes_its_connection() -> None:
    with Peer(["answer", "wait"]) as peer, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        count(peer)
        del peer.control
        gc.collect()
        peer.gone()
    assert [str(warning.message) for warning in caught] == []


def test_wait_of_one_thread_holds_up_no_other() -> None:
    service = Service()
    thread = ServerThread(service)
    thread.start()
    try:
        with ThreadPoolExecutor(1) as other:
            remote = connect(f"http://127.0.0.1:{thread.port}")
            waits = other.submit(remote.wait_for, event_type="sessionStart", timeout_s=GUARD_S)
            until(lambda: len(inside(service.namespaces.default).waiters))
            assert remote.count() == 0
            assert post(remote, "/api/v1/sessions", start()) == 201
            assert [entry.event_type for entry in waits.result()] == ["sessionStart"]
    finally:
        thread.stop()


def test_threads_that_share_a_client_get_their_own_answers() -> None:
    with MockServer() as running, ThreadPoolExecutor(4) as threads:
        remote = connect(running.url)
        ids = [remote.faults.add({"kind": "hang"}).id for _ in range(4)]

        def ask(fault_id: str) -> list[str]:
            return [remote.control.call(c.FAULT, None, fault_id=fault_id).id for _ in range(25)]

        assert list(threads.map(ask, ids)) == [[fault_id] * 25 for fault_id in ids]


# Streams


def test_export_is_streamed() -> None:
    with MockServer() as running:
        remote = connect(running.url)
        for _ in range(40):
            assert post(remote, "/api/v1/sessions", start(media__name="x" * 10_000)) == 201
        pieces: Iterable[bytes] = remote.control.call(c.EXPORT, c.ExportQuery())
        first = next(iter(pieces))
        assert len(first) < 400_000
        assert remote.export() == running.export()
        assert remote.export().startswith(first)


def test_stream_that_nobody_reads_leaves_no_connection_open() -> None:
    gc.collect()  # what earlier tests left behind
    with MockServer() as running, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        connect(running.url).control.call(c.METRICS, None)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


# Tokens


def test_token_opens_the_admin_api_and_nothing_else_does() -> None:
    with MockServer(options=ServerOptions(admin_token="open sesame")) as running:
        assert running.admin_token == "open sesame"
        assert connect(running.url, token="open sesame").count() == 0
        for token in (None, "sesame"):
            with pytest.raises(Forbidden, match="an admin token is needed") as caught:
                connect(running.url, token=token).count()
            assert caught.value.status_hint == 401
        assert post(running, "/api/v1/sessions", start()) == 201


# Certificates


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[MockServer]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_text(CERTIFICATE, encoding="ascii")
    key.write_text(KEY, encoding="ascii")
    with MockServer(options=ServerOptions(tls_cert=str(certificate), tls_key=str(key))) as running:
        yield running


def test_self_signed_certificate_is_accepted_on_request(tls: MockServer) -> None:
    assert tls.url.startswith("https://")
    assert connect(tls.url, namespace="a", verify_tls=False).count() == 0


def test_self_signed_certificate_is_refused_otherwise_and_the_way_out_is_named(tls: MockServer) -> None:
    with pytest.raises(ControlFailed, match=r"the certificate of https://.* is not trusted: .*; verify_tls=False"):
        connect(tls.url).count()


def test_ca_of_a_server_can_be_trusted(tmp_path: Path) -> None:
    path = tmp_path / "ca.crt"
    with MockServer(tls=True) as running, MockServer(tls=True) as other:
        path.write_text(running.ca_pem, encoding="ascii")
        there = connect(running.url, namespace="a", ca=path)
        assert (there.count(), there.ca_pem) == (0, running.ca_pem)
        with pytest.raises(ControlFailed, match=r"is not trusted with this ca: .*; give the file of its CA"):
            connect(other.url, ca=path).count()


def test_ca_that_cannot_be_used_is_reported_before_any_request(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot trust the CA .*none\.pem: No such file"):
        connect("https://localhost", ca=tmp_path / "none.pem")
    with pytest.raises(InvalidInput, match="cannot trust the CA: the name of its file is empty"):
        connect("https://localhost", ca="")
    with pytest.raises(InvalidInput, match="verify_tls=False accepts any certificate; leave it out, or ca"):
        connect("https://localhost", ca=tmp_path / "none.pem", verify_tls=False)


def test_https_to_a_server_without_it_gets_no_answer() -> None:
    with MockServer() as running, pytest.raises(ControlFailed, match="no answer from the server at https://"):
        connect(running.url.replace("http:", "https:"), verify_tls=False).count()


# Namespaces


def test_namespaces_never_cross() -> None:
    with MockServer() as running:
        one, other = connect(running.url, namespace="one"), connect(running.url, namespace="other")
        assert post(one, "/api/v1/sessions", start()) == 201
        (sid,) = (session.session_id for session in one.sessions())
        one.faults.add({"kind": "status", "code": 500}, when={"event_type": "play"})
        one.configure(idle_timeout_s=5)
        one.clock.freeze()
        events = f"/api/v1/sessions/{sid}/events"
        assert [post(server, events, event("ping")) for server in (one, other, running)] == [204, 404, 204]
        assert (one.count(), other.count(), running.count()) == (3, 1, 0)
        assert (other.sessions(), other.faults.list(), other.settings) == ([], [], Settings())
        assert not other.clock.frozen
        other.reset()
        assert one.count() == 3


def test_reading_a_namespace_does_not_create_it() -> None:
    with MockServer() as running:
        nobody = connect(running.url, namespace="nobody")
        assert (nobody.events(), nobody.sessions(), nobody.transcript()) == ([], [], "nothing was received")
        names = running.control.call(c.NAMESPACES, None).namespaces
    assert [view.name for view in names] == ["default"]


@every_case("name", ["a b", "", "-a", "ü", "a" * 65])
def test_invalid_namespace_is_refused(name: str) -> None:
    with MockServer() as running, pytest.raises(InvalidInput, match="cannot name a namespace"):
        connect(running.url, namespace=name).events()


def test_lists_in_a_query_string_keep_their_meaning() -> None:
    with MockServer() as running:
        post(running, "/api/v1/sessions", start(media__id="ä=&?"))
        post(running, "/api/v1/sessions", start())
        control = HttpControl(running.url)
        where = ("/params/media.id=ä=&?", "/playerTime/playhead=0")
        for query in (Query(where=where), Query(where=where[0]), Query(event_type=("sessionStart",), limit=1)):
            assert [entry.seq for entry in control.call(c.EVENTS, query).events] == [1]
