from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.address import server_address, trusting
from mockserver.errors import ControlFailed, InvalidInput
from tests.tables import every_case


@every_case(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8089", "127.0.0.1", 8089, ""),
        ("http://localhost/", "localhost", 80, ""),
        ("https://example.test", "example.test", 443, ""),
        ("http://[::1]:8089/ns/blue/", "::1", 8089, "/ns/blue"),
        ("http://127.0.0.1:8089/__admin", "127.0.0.1", 8089, ""),
        ("http://127.0.0.1:8089/__admin/ui/#/sessions?q=a", "127.0.0.1", 8089, ""),
        ("http://127.0.0.1:8089/ns/blue/__admin/", "127.0.0.1", 8089, "/ns/blue"),
    ],
)
def test_address_is_read(url: str, host: str, port: int, path: str) -> None:
    address = server_address(url)
    assert (address.host, address.port, address.path) == (host, port, path)
    assert address.is_https == url.startswith("https")


@every_case("url", ["localhost:8089", "ftp://x", "http://", "http://x:99999", "http://x?a=1", "http://[x"])
def test_text_that_is_not_an_address_is_refused_with_an_example_or_a_reason(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not the address of a server"):
        server_address(url)


def test_missing_server_is_named(unused_tcp_port: int) -> None:
    address = server_address(f"http://127.0.0.1:{unused_tcp_port}")
    connection = address.connection(5)
    with pytest.raises(ControlFailed, match=f"cannot reach http://127.0.0.1:{unused_tcp_port}: "):
        address.open(connection)
    connection.close()


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), ("x", "there is no certificate")])
def test_file_that_holds_no_ca_is_named(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_text(content, encoding="ascii")
    with pytest.raises(InvalidInput, match=f"cannot trust the CA {path}: {reason}"):
        trusting(path)
