"""What a test gives a browser so that clients of the Media Edge API, which take no port, find the server."""

from __future__ import annotations

import pytest

from mockserver import InvalidInput, MockServer, connect
from tests.tables import every_case


def rules_of(args: list[str]) -> list[str]:
    (rules,) = (arg for arg in args if arg.startswith("--host-resolver-rules="))
    return rules.partition("=")[2].split(", ")


def test_server_with_tls_has_a_domain_without_port_and_says_how_chromium_finds_it() -> None:
    with MockServer(tls=True) as server:
        assert server.edge_domain == "localhost"
        assert rules_of(server.edge_chromium_args) == [
            f"MAP localhost:443 {server.host}",
            f"MAP edge.adobedc.net:443 {server.host}",
            f"MAP adobedc.demdex.net:443 {server.host}",
        ]
        assert "--disable-features=LocalNetworkAccessChecks" in server.edge_chromium_args


def test_namespace_has_its_own_domain_and_the_real_ones_are_blocked() -> None:
    server = connect("https://127.0.0.1:8443", namespace="blue")

    assert server.edge_domain == "blue.localhost"
    assert rules_of(server.edge_chromium_args) == [
        "MAP blue.localhost:443 127.0.0.1:8443",
        "MAP edge.adobedc.net:443 ~NOTFOUND",
        "MAP adobedc.demdex.net:443 ~NOTFOUND",
    ]


@every_case(
    ("url", "domain", "first"),
    [
        ("https://mock.example", "mock.example", "MAP mock.example:443 mock.example:443"),
        ("https://[::1]:8443", "localhost", "MAP localhost:443 [::1]:8443"),
        ("https://10.0.0.5:8443", "10.0.0.5", "MAP 10.0.0.5:443 10.0.0.5:8443"),
    ],
)
def test_server_elsewhere_is_found_by_its_name(url: str, domain: str, first: str) -> None:
    server = connect(url)

    assert server.edge_domain == domain
    assert rules_of(server.edge_chromium_args)[0] == first


@every_case("what", ["edge_domain", "edge_chromium_args"])
def test_server_without_tls_is_refused_with_advice_to_use_it(what: str) -> None:
    with MockServer() as server, pytest.raises(InvalidInput, match=r"always use https.*tls=True.*--tls"):
        getattr(server, what)


def test_address_that_no_client_takes_and_none_yet_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'fd00::1' is not a domain"):
        assert connect("https://[fd00::1]:8443").edge_domain
    with pytest.raises(InvalidInput, match="start it first"):
        assert MockServer(tls=True).edge_domain
