"""https with a generated certificate, from a CA that devices can be told to trust."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.clock import RealTime
from mockserver.errors import InvalidInput
from mockserver.server.addresses import interface_addresses
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from mockserver.server.tls import Authority, certificate_names
from mockserver.wire.codec import encode
from tests.server.conftest import Start
from tests.server.running import START, Running
from tests.server.tls_clients import ca_of, certificate_of, connected, failure_of, trusting
from tests.tables import every_case
from tests.waiting import GUARD_S

NOW_MS = 1_760_000_000_000
DAY_S = 86_400
CA_FILE = "mockserver-ca.crt"


@pytest.fixture
def server(start: Start) -> Running:
    server = start(tls=True)
    server.trust = trusting(server)
    return server


def names_of(server: Running) -> set[str]:
    return {value for _, value in certificate_of(server)["subjectAltName"]}


# Clients that trust the CA


@every_case("host", ["localhost", "127.0.0.1"])
def test_client_that_trusts_the_ca_reaches_the_server(server: Running, host: str) -> None:
    connection = http.client.HTTPSConnection(host, server.port, timeout=GUARD_S, context=trusting(server))
    connection.request("POST", "/api/v1/sessions", START)
    assert connection.getresponse().status == 201
    connection.close()


def test_archive_of_the_journal_has_the_addresses_of_https(server: Running) -> None:
    server.ask("GET", "/api/v1/schemas/ping")
    archive = json.loads(server.admin("GET", "/export?format=har").body)
    assert [entry["request"]["url"].partition("://")[0] for entry in archive["log"]["entries"]] == ["https"]


def test_requests_reaches_the_server_with_the_file_it_serves(server: Running, tmp_path: Path) -> None:
    answer = server.admin("GET", "/ca.crt")
    path = tmp_path / CA_FILE
    path.write_bytes(answer.body)
    for host in ("localhost", "127.0.0.1"):
        url = f"https://{host}:{server.port}/api/v1/schemas/ping"
        assert requests.get(url, verify=str(path), timeout=GUARD_S).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=GUARD_S)


def test_strict_client_finds_nothing_wrong_with_the_certificate(server: Running) -> None:
    context = trusting(server)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    with connected(server, context) as secure:
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_ca_of_another_server_is_not_trusted(server: Running, start: Start) -> None:
    other = start(tls=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        connected(server, trusting(other))


def test_separate_admin_port_has_the_same_certificate_authority(start: Start) -> None:
    server = start(tls=True, admin_port=0)
    server.trust = trusting(server)
    assert server.admin("GET", "/ca.crt").body.decode() == ca_of(server)
    assert server.ask("GET", "/api/v1/schemas/ping").status == 200


# What the certificate contains


def test_certificate_is_valid_for_every_name_the_server_may_be_reached_by(start: Start) -> None:
    server = start(tls=True, host="0.0.0.0", allow_hosts=("media.test",))
    names = names_of(server)
    assert {"localhost", "*.localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "10.0.2.2", "media.test"} <= names
    assert f"{socket.gethostname().partition('.')[0].lower()}.local" in names
    assert {found for found in interface_addresses(by_name=True) if ":" not in found} <= names
    assert "0.0.0.0" not in names
    for host in ("media.test", "10.0.2.2"):
        certificate_of(server, host)


def test_certificate_is_valid_for_397_days_of_which_one_is_past(server: Running) -> None:
    seen = certificate_of(server)
    begin, end = ssl.cert_time_to_seconds(seen["notBefore"]), ssl.cert_time_to_seconds(seen["notAfter"])
    assert end - begin == 397 * DAY_S
    assert 0 <= RealTime().epoch_ms() / 1000 - (begin + DAY_S) < 60


def test_certificate_is_for_servers_and_its_key_is_ecdsa(server: Running) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = ssl.get_server_certificate(("127.0.0.1", server.port), timeout=GUARD_S)
    certificate = x509.load_pem_x509_certificate(raw.encode())
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.SERVER_AUTH in usage
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


@every_case(
    ("host", "host_name", "expected"),
    [
        ("127.0.0.1", "box", ["box", "box.local"]),
        ("0.0.0.0", "Box.example.test", ["box.example.test", "box.local"]),
        ("::", "box.local", ["box.local"]),
        ("[fe80::1%eth0]", "box", ["fe80::1", "box", "box.local"]),
        ("media.test", "no_name", ["media.test"]),
        ("192.0.2.7", "", ["192.0.2.7"]),
        ("192.0.2.7", "b" * 64, ["192.0.2.7"]),
        ("192.0.2.7", "xn--bcher-kva", ["192.0.2.7", "xn--bcher-kva", "xn--bcher-kva.local"]),
    ],
)
def test_names_are_those_of_host_machine_addresses_and_options_each_once(
    host: str, host_name: str, expected: list[str]
) -> None:
    options = ServerOptions(host=host, allow_hosts=("a.test", "*.b.test", "LOCALHOST", "192.0.2.9"))
    names = certificate_names(options, host_name, ("192.0.2.9", "2001:db8::9"))
    fixed = ["localhost", "*.localhost", "127.0.0.1", "::1", "10.0.2.2"]
    assert list(names) == [*fixed, *expected, "192.0.2.9", "2001:db8::9", "a.test", "*.b.test"]
    Authority.generate().certify(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), names, NOW_MS)


@every_case("name", ["my_host", "a..b", "-a", "a b", "a:80", "r3---sn", ""])
def test_name_that_a_certificate_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="of --allow-host or --namespace-host is not valid in a certificate"):
        certificate_names(ServerOptions(allow_hosts=("good.test", name)), "box", ())


def test_own_addresses_are_addresses_that_others_can_use() -> None:
    for address in interface_addresses(by_name=True):
        assert not address.startswith(("127.", "fe80:", "0.0.0.0"))
        assert address != "::1"
    assert set(interface_addresses(by_name=False)) <= set(interface_addresses(by_name=True))


def test_unknown_host_name_is_not_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> Any:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert interface_addresses(by_name=True) == interface_addresses(by_name=False)


def test_server_on_loopback_does_not_resolve_the_name_of_the_machine(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    real = socket.getaddrinfo

    def listening(*given: Any, **more: Any) -> Any:
        asked.append(given[0])
        return real(*given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", listening)
    start(tls=True)
    assert socket.gethostname() not in asked
    start(tls=True, host="0.0.0.0")
    assert socket.gethostname() in asked


# The certificate of the CA, downloaded from the server


@pytest.fixture
def guarded(start: Start) -> Running:
    server = start(tls=True, admin_token="s3cret")
    server.trust = trusting(server)
    return server


@every_case("prefix", ["", "/ns/other"])
@every_case("host", ["localhost", "192.168.0.7:8089", "media.example", "attacker.example"])
def test_anybody_can_download_the_ca_as_a_file_that_devices_install(guarded: Running, prefix: str, host: str) -> None:
    path = f"{prefix}/__admin/ca.crt"
    with guarded.connect() as wire:
        answer = wire.ask("GET", path, None, ("Host", host))
        assert (answer.status, answer.body.decode()) == (200, ca_of(guarded))
        assert answer.header("Content-Type") == "application/x-x509-ca-cert"
        assert answer.header("Content-Disposition") == f'attachment; filename="{CA_FILE}"'
        head = wire.ask("HEAD", path, None, ("Host", host))
        assert (head.status, head.header("Content-Length")) == (200, str(len(answer.body)))
        assert wire.ask("POST", path, None, ("Host", host)).status == 405
        for other in ("/events", "/settings", "/openapi.json", "/ca.crt/", "/ca.key"):
            assert wire.ask("GET", f"{prefix}/__admin{other}", None, ("Host", "localhost")).status == 401


def test_server_with_another_certificate_or_none_says_why_it_has_no_ca(start: Start) -> None:
    certificate = str(Path(__file__).parents[1] / "cli" / "tls" / "localhost.pem")
    plain = start(admin_token="s3cret")
    given = start(tls_cert=certificate, trust=ssl.create_default_context(cafile=certificate))
    for server in (plain, given):
        answer = server.admin("GET", "/ca.crt")
        assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")
        assert "no CA of its own: start it with --tls" in answer.json()["detail"]


def test_private_keys_cannot_be_downloaded(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ca.pem"
    server = start(tls=True, tls_ca=str(path))
    server.trust = trusting(server)
    secret = path.read_text("ascii").splitlines()[1]
    assert "PRIVATE KEY" in path.read_text("ascii")
    server.open_session()
    shown = [server.admin("GET", route).body for route in ("/ca.crt", "/settings", "/events", "/export", "/version")]
    shown += [repr(server.service.options).encode(), repr(server.service.authority).encode(), encode(server.entry(1))]
    out, err = capfd.readouterr()
    for text in (*map(bytes.decode, shown), caplog.text, out, err):
        assert "PRIVATE KEY" not in text
        assert secret not in text
    assert sorted(tmp_path.iterdir()) == [path]


# Options and the library


@every_case(
    ("options", "said"),
    [
        ({"tls": True, "tls_cert": "c.pem"}, "leave out tls_cert and tls_key, or tls"),
        ({"tls": True, "tls_key": "k.pem"}, "leave out tls_cert and tls_key, or tls"),
        ({"tls_ca": "ca.pem"}, "tls_ca needs tls: set tls too"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Service(options=ServerOptions(**options))


def test_missing_library_is_reported_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    for options in ({}, {"tls_ca": str(tmp_path / "ca.pem")}):
        assert 'pip install "media-collection-mockserver[tls]"' in failure_of(tls=True, **options)
    assert list(tmp_path.iterdir()) == []
    Service()
