"""Where a server of this process can be reached, and whom to trust there, as it is told at the start."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.control import ADMIN, CA
from mockserver.server.addresses import addresses_of, loopback_url
from mockserver.server.options import ServerOptions, is_loopback

__all__ = ["Reachable", "reachable", "row_text"]

_Rows = list[tuple[str, str]]


class Reachable(NamedTuple):
    """Where a server can be reached, and whom to trust there.

    Args:
        url: For this machine.
        admin_url: Its admin API, for this machine.
        lan_urls: For others, if it listens on all addresses.
        ca_urls: Where to fetch the certificate of its CA, for this machine first, then for devices; none without a CA.
        ca_pem: The certificate of its CA, if it has one.
    """

    url: str
    admin_url: str
    lan_urls: tuple[str, ...]
    ca_urls: tuple[str, ...]
    ca_pem: str | None

    def device_rows(self) -> _Rows:
        """Tell what to enter on a device."""
        return [("for devices", lan_url) for lan_url in self.lan_urls]

    def ca_rows(self) -> _Rows:
        """Tell how to trust it."""
        if not self.ca_urls:
            return []
        command = f"curl -sko ca.crt {self.ca_urls[0]} && curl --cacert ca.crt {self.url}/api/v1/schemas/ping"
        return [*(("CA to trust", ca_url) for ca_url in self.ca_urls), ("trust it", command)]


def reachable(options: ServerOptions, port: int, admin_port: int, ca_pem: str | None) -> Reachable:
    """Find out where a server can be reached. May take a moment if it is bound to all addresses.

    Args:
        options: How it listens.
        port: The port it got.
        admin_port: The port that its admin API got.
        ca_pem: The certificate of its CA, if it has one.
    """
    url = loopback_url(options.scheme, options.host, port)
    admin_url = loopback_url(options.scheme, options.host, admin_port) + ADMIN
    lan_urls: tuple[str, ...] = ()
    if not is_loopback(options.host):
        known = addresses_of(options.scheme, options.host, port).addresses
        lan_urls = tuple(address.url for address in known if address.kind == "lan" and address.url != url)
    hosts = [lan_url.rpartition(":")[0] for lan_url in lan_urls]
    ca_urls = (admin_url + CA.path, *(f"{host}:{admin_port}{ADMIN}{CA.path}" for host in hosts))
    return Reachable(url, admin_url, lan_urls, ca_urls if ca_pem is not None else (), ca_pem)


def row_text(row: tuple[str, str]) -> str:
    """Write what is told on one line."""
    name, value = row
    return f"  {name:12} {value}"
