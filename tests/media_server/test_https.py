"""A server in this process that speaks https, and its client's trust in it."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from mockserver import InvalidInput, MockServer, NotFound, ServerOptions, connect
from mockserver.server.tls import Authority


def test_server_speaks_https_and_gives_clients_what_they_need_to_trust_it() -> None:
    with MockServer(tls=True) as server:
        assert server.url == f"https://{server.host}"
        assert server.admin_url == server.url
        for host in (server.host, server.host.replace("127.0.0.1", "localhost")):
            url = f"https://{host}/api/v1/schemas/ping"
            with urllib.request.urlopen(url, context=server.ssl_context(), timeout=10) as answer:
                assert answer.status == 200
        assert server.ca_pem.startswith("-----BEGIN CERTIFICATE-----")
        assert server.count(operation="schema") == 2


def test_each_server_has_its_own_ca_unless_they_share_one() -> None:
    shared = Authority.generate()
    servers = [MockServer(tls=True), MockServer(tls=True), MockServer(tls=shared), MockServer(tls=shared)]
    assert len({server.ca_pem for server in servers}) == 3
    assert servers[2].ca_pem == servers[3].ca_pem == shared.ca_pem


def test_ca_can_be_kept_in_a_file(tmp_path: Path) -> None:
    options = ServerOptions(tls=True, tls_ca=str(tmp_path / "ca.pem"))
    assert MockServer(options=options).ca_pem == MockServer(options=options).ca_pem


def test_server_without_one_has_no_ca() -> None:
    with MockServer() as server:
        for asked in (server, connect(server.url)):
            with pytest.raises(NotFound, match="this server has no CA of its own: start it with"):
                assert asked.ca_pem
            with pytest.raises(NotFound):
                asked.ssl_context()
        assert server.url.startswith("http://")


def test_generated_certificate_beside_a_given_one_is_refused() -> None:
    with pytest.raises(InvalidInput, match="leave out tls_cert"):
        MockServer(tls=True, options=ServerOptions(tls_cert="c.pem"))
