"""The addresses and the CA of a server of this process, as printed at the start."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.control import ADMIN, CA
from mockserver.server.addresses import addresses_of, loopback_url
from mockserver.server.options import ServerOptions, is_loopback

__all__ = ["Reachable", "reachable", "row_text"]

_Rows = list[tuple[str, str]]


class Reachable(NamedTuple):
    """The addresses and the CA of a server.

    Args:
        url: The emulated API, from this machine.
        admin_url: The admin API, from this machine.
        lan_urls: The emulated API from other machines, if it listens on all addresses.
        ca_urls: Where to download the CA certificate, from this machine first, then from devices; empty without a CA.
        ca_pem: The CA certificate, if any.
    """

    url: str
    admin_url: str
    lan_urls: tuple[str, ...]
    ca_urls: tuple[str, ...]
    ca_pem: str | None

    def device_rows(self) -> _Rows:
        """Return the rows with addresses to enter on a device."""
        return [("for devices", lan_url) for lan_url in self.lan_urls]

    def ca_rows(self) -> _Rows:
        """Return the rows that say how to trust the CA."""
        if not self.ca_urls:
            return []
        command = f"curl -sko ca.crt {self.ca_urls[0]} && curl --cacert ca.crt {self.url}/api/v1/schemas/ping"
        return [*(("CA to trust", ca_url) for ca_url in self.ca_urls), ("trust it", command)]


def reachable(options: ServerOptions, port: int, admin_port: int, ca_pem: str | None) -> Reachable:
    """Find the addresses of a server. May take a moment if it is bound to all addresses.

    Args:
        options: How it listens.
        port: The port of the emulated API.
        admin_port: The port of the admin API.
        ca_pem: The CA certificate, if any.
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
    """Format a row as one line."""
    name, value = row
    return f"  {name:12} {value}"
