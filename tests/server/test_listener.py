from __future__ import annotations

import gc
import socket
import threading
import warnings
from pathlib import Path

import pytest
import trustme

from mockserver.clock import Clock
from mockserver.errors import ServerFailed
from mockserver.server.options import ServerOptions
from mockserver.server.runner import ServerThread
from mockserver.server.service import Service
from tests.server.conftest import Certified, Start
from tests.server.running import PING, START, Running
from tests.tables import every_case
from tests.waiting import until


def failure_of(options: ServerOptions) -> str:
    thread = ServerThread(Service(options=options))
    with pytest.raises(ServerFailed) as caught:
        thread.start()
    thread.stop()
    assert not [other for other in threading.enumerate() if other.name == "mockserver"]
    return str(caught.value)


def test_port_in_use_fails_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert failure_of(ServerOptions(port=port)) == (
            f"cannot listen on 127.0.0.1 port {port}: the port is in use; choose another, or 0 for a free one"
        )


def test_admin_port_in_use_fails_and_frees_the_other_port(unused_tcp_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        admin_port = taken.getsockname()[1]
        said = failure_of(ServerOptions(port=unused_tcp_port, admin_port=admin_port))
        assert said.startswith(f"cannot listen on 127.0.0.1 port {admin_port}: ")
        socket.create_server(("127.0.0.1", unused_tcp_port)).close()


@every_case(
    ("host", "port"),
    [
        ("192.0.2.1", 0),
        ("no-such-host.invalid", 0),
        ("a..b", 0),
        ("x" * 300, 0),
        ("127.0.0.1", 70000),
        ("127.0.0.1", -1),
    ],
)
def test_address_that_cannot_be_bound_fails_with_a_sentence(host: str, port: int) -> None:
    assert failure_of(ServerOptions(host=host, port=port)).startswith(f"cannot listen on {host} port {port}: ")


def test_unusable_certificate_fails_with_a_sentence(tmp_path: Path) -> None:
    missing, wrong = str(tmp_path / "missing.pem"), tmp_path / "wrong.pem"
    wrong.write_text("no certificate", encoding="ascii")
    for path in (missing, str(wrong)):
        assert failure_of(ServerOptions(tls_cert=path, tls_key=path)).startswith(f"cannot use the certificate {path} ")


def test_key_of_another_certificate_fails(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    authority.issue_cert("localhost").cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    options = ServerOptions(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    assert "cannot use the certificate" in failure_of(options)


def test_encrypted_key_fails_without_asking_for_a_password(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    certificate = trustme.CA().issue_cert("localhost")
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    options = ServerOptions(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    assert "cannot use the certificate" in failure_of(options)


@pytest.fixture
def tls_server(start: Start, certified: Certified) -> Running:
    return start(trust=certified.trust, tls_cert=certified.cert, tls_key=certified.key)


def test_plain_http_and_garbage_on_a_tls_port_do_no_harm(tls_server: Running) -> None:
    for raw in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00" * 100, b"\x16\x03\x01\x00\x05abcde", b""):
        with socket.create_connection(("127.0.0.1", tls_server.port), timeout=10) as plain:
            plain.sendall(raw)
    tls_server.assert_alive()


def test_stop_leaves_no_socket_behind(tls_server: Running, start: Start) -> None:
    plain = start()
    gc.collect()  # what earlier tests left behind
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for server in (tls_server, plain):
            server.add_fault({"kind": "hang"})
            with server.connect() as idle, server.connect() as hanging, server.connect() as streaming:
                idle.ask("GET", "/api/v1/schemas/play")
                hanging.request("POST", "/api/v1/sessions", START)
                server.wait_for_entries(2)
                streaming.request("GET", "/__admin/stream")
                streaming.until(b": connected")
                assert server.stop() < 0.5
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


def test_stop_is_fast_with_connections_streams_waits_and_uploads_open(start: Start, clock: Clock) -> None:
    server = start(clock=clock)
    sid = server.open_session()
    emulator = server.emulator
    wires = [server.connect() for _ in range(6)]
    idle, fresh, stream, wait, half_head, half_body = wires
    idle.ask("POST", f"/api/v1/sessions/{sid}/events", PING)
    stream.request("GET", "/__admin/stream")
    stream.until(b": connected")
    body = b'{"query":{"event_type":"sessionEnd"},"timeout_ms":60000}'
    wait.request("POST", "/__admin/events/wait", body, ("Content-Type", "application/json"))
    half_head.send(b"POST /api/v1/sess")
    half_body.send(b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123")
    until(lambda: len(emulator.waiters) == 1)
    assert server.stop() < 0.5
    assert (len(emulator.waiters), len(emulator.subscribers)) == (0, 0)
    for wire in wires:
        wire.rest()
        wire.socket.close()
    assert fresh is wires[1]


def test_stop_can_be_called_again_and_before_a_start(server: Running) -> None:
    ServerThread(Service()).stop()
    server.stop()
    server.stop()


def test_port_can_be_bound_again_at_once_after_a_stop(start: Start, unused_tcp_port: int) -> None:
    first = start(port=unused_tcp_port)
    first.open_session()
    first.stop()
    again = start(port=unused_tcp_port)
    assert again.port == unused_tcp_port
    again.assert_alive()


def test_separate_admin_port_keeps_the_two_apis_apart(start: Start) -> None:
    server = start(admin_port=0)
    assert server.thread.admin_port != server.port
    sid = server.open_session()
    assert server.ping(sid).status == 204
    for path in ("/__admin/health", "/__admin/events", "/ns/a/__admin/events"):
        answer = server.ask("GET", path)
        assert answer.status == 404
        assert answer.header("Access-Control-Allow-Origin") == "*"
    assert server.admin("GET", "/events").json()["meta"]["total"] == 4
    assert server.admin("GET", "/events?outcome=no_route").json()["meta"]["total"] == 2
    with server.connect(server.thread.admin_port) as wire:
        for method, path in (
            ("POST", "/api/v1/sessions"),
            ("GET", "/api/v1/schemas/play"),
            ("GET", "/events"),
            ("GET", "/health"),
            ("GET", "/"),
            ("GET", "/__adminhealth"),
        ):
            answer = wire.ask(method, path)
            assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json"), path
            assert answer.header("Access-Control-Allow-Origin") is None
    assert server.admin("GET", "/events").json()["meta"]["total"] == 4
    assert server.admin("GET", "/health").status == 200


def test_thousand_quick_connections_are_all_served(server: Running) -> None:
    sid = server.open_session()
    for number in range(1000):
        with server.connect() as wire:
            wire.request("POST", f"/api/v1/sessions/{sid}/events", PING)
            if number % 10:
                assert wire.answer().status == 204
    server.wait_for_entries(901)
    server.assert_alive()
