"""Under which addresses this server can be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from mockserver.model.addresses import Address, Addresses
from mockserver.server.interfaces import EMULATOR_HOST, interface_addresses
from mockserver.server.options import is_loopback

__all__ = ["addresses_of", "loopback_url"]

_Address = IPv4Address | IPv6Address


def loopback_url(scheme: str, host: str, port: int) -> str:
    """Return how this machine reaches a server; an address that means all is none to connect to.

    Args:
        host: What the server is bound to.
    """
    address = _read(host)
    if address is None:
        return f"{scheme}://{host}:{port}"
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return _url(scheme, address, port)


def addresses_of(
    scheme: str,
    host: str,
    port: int,
    lan: Callable[[], Sequence[str]] = lambda: interface_addresses(by_name=True),
) -> Addresses:
    """Return under which addresses a server can be reached. May take a moment if it is bound to all.

    Args:
        host: What it is bound to.
        lan: Finds the addresses of this machine on its networks.
    """
    own = Address(url=loopback_url(scheme, host, port), kind="loopback")
    bound = _read(host)
    known: list[Address] = []
    if bound is None and not is_loopback(host):
        known.append(Address(url=own.url, kind="name"))
    elif bound is not None and bound.is_unspecified:
        known += [
            Address(url=_url(scheme, address, port), kind="lan")
            for address in map(ip_address, lan())
            if address.version == bound.version and not address.is_link_local
        ]
        known.append(own)
    elif bound is not None and not bound.is_loopback:
        known.append(Address(url=own.url, kind="lan"))
    else:
        known.append(own)
    if (bound is None and is_loopback(host)) or bound in (ip_address("127.0.0.1"), ip_address("0.0.0.0")):
        known.append(Address(url=f"{scheme}://{EMULATOR_HOST}:{port}", kind="emulator"))
    return Addresses(addresses=known, best=known[0].url, open_to_others=not is_loopback(host), https=scheme == "https")


def _read(host: str) -> _Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _url(scheme: str, address: _Address, port: int) -> str:
    return f"{scheme}://{address if address.version == 4 else f'[{address}]'}:{port}"
