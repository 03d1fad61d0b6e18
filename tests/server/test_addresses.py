"""Where players can reach a server."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver import control as c
from mockserver.control import Route
from mockserver.errors import InvalidInput
from mockserver.server.addresses import addresses_of, loopback_url
from mockserver.server.service import SERVICE, build_app
from tests.server.conftest import Start
from tests.server.running import Running
from tests.tables import every_case

LAN = ["192.168.1.20", "172.17.0.1", "2001:db8::20", "169.254.3.4"]


@every_case(
    ("host", "urls", "kinds", "is_open"),
    [
        ("127.0.0.1", ["127.0.0.1", "10.0.2.2"], ["loopback", "emulator"], False),
        ("localhost", ["localhost", "10.0.2.2"], ["loopback", "emulator"], False),
        ("::1", ["[::1]"], ["loopback"], False),
        ("127.0.0.2", ["127.0.0.2"], ["loopback"], False),
        (
            "0.0.0.0",
            ["192.168.1.20", "172.17.0.1", "127.0.0.1", "10.0.2.2"],
            ["lan", "lan", "loopback", "emulator"],
            True,
        ),
        ("::", ["[2001:db8::20]", "[::1]"], ["lan", "loopback"], True),
        ("192.168.1.20", ["192.168.1.20"], ["lan"], True),
        ("mock.test", ["mock.test"], ["name"], True),
    ],
)
def test_addresses_follow_from_what_the_server_is_bound_to(
    host: str, urls: list[str], kinds: list[str], is_open: bool
) -> None:
    found = addresses_of("https", host, 8089, lambda: LAN)
    assert [address.url for address in found.addresses] == [f"https://{url}:8089" for url in urls]
    assert [address.kind for address in found.addresses] == kinds
    assert (found.best, found.open_to_others, found.https) == (f"https://{urls[0]}:8089", is_open, True)


def test_server_bound_to_all_without_a_network_has_a_loopback_address() -> None:
    assert addresses_of("http", "0.0.0.0", 80, list).best == "http://127.0.0.1:80"


@every_case("host", ["[::1]", "::1", "::"])
def test_ipv6_address_is_written_in_brackets(host: str) -> None:
    assert loopback_url("http", host, 1) == "http://[::1]:1"


def test_addresses_of_a_namespace_contain_its_name(server: Running) -> None:
    answer = server.ask("GET", "/ns/a/__admin/addresses").json()
    assert answer["best"] == f"http://127.0.0.1:{server.port}/ns/a"
    assert [address["url"] for address in answer["addresses"]] == [
        f"http://127.0.0.1:{server.port}/ns/a",
        f"http://10.0.2.2:{server.port}/ns/a",
    ]
    assert len(server.service.namespaces) == 1


def test_addresses_are_those_of_the_emulated_api_and_contain_no_token(start: Start) -> None:
    server = start(admin_port=0, admin_token="s3cret")
    answer = server.admin("GET", "/addresses", None, ("Authorization", "Bearer s3cret"))
    assert answer.json()["best"] == f"http://127.0.0.1:{server.port}"
    assert b"s3cret" not in answer.body


def test_qr_code_shows_the_best_address(server: Running) -> None:
    first, second = (server.ask("GET", f"{prefix}/__admin/qr.svg") for prefix in ("", "/ns/a"))
    assert (first.status, first.header("Content-Type")) == (200, "image/svg+xml")
    assert re.fullmatch(rb"<svg [^>]*><g [^>]*>(<path [^>]*/>)+</g></svg>\n?", first.body)
    assert first.body == server.ask("GET", "/__admin/qr.svg").body != second.body


def test_embedded_server_does_not_know_its_addresses() -> None:
    control = build_app()[SERVICE].control()
    routes: tuple[Route[Any, Any], ...] = (c.ADDRESSES, c.QR_CODE)
    for route in routes:
        with pytest.raises(InvalidInput, match="embedded") as raised:
            control.call(route, None)
        assert raised.value.status_hint == 409
