"""The addresses of a server; those of this machine are found without contacting any other."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from mockserver.model.results import Address, Addresses
from mockserver.server.options import is_loopback

__all__ = ["EMULATOR_HOST", "addresses_of", "interface_addresses", "loopback_url"]

_Address = IPv4Address | IPv6Address

EMULATOR_HOST = "10.0.2.2"
"""The address by which an Android emulator reaches the loopback address of its machine."""

_FAR_AWAY = ("192.0.2.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "2001:db8::1", "fd00::1")
"""One address of every kind of network that a machine may have a route to: documentation networks (RFC 5737, RFC 3849)
represent the internet, private networks (RFC 1918, RFC 4193) LANs and VPNs."""


def loopback_url(scheme: str, host: str, port: int) -> str:
    """Return the URL of a server for this machine: loopback in place of 0.0.0.0 or ::, which are no destinations.

    Args:
        host: The address the server is bound to.
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
    """Return the addresses of a server. May take a moment if it is bound to all addresses.

    Args:
        host: The address it is bound to.
        lan: Returns the addresses of this machine on its networks.
    """
    own = Address(url=loopback_url(scheme, host, port), kind="loopback")
    bound = _read(host)
    known = [own]
    if bound is None and not is_loopback(host):
        known = [Address(url=own.url, kind="name")]
    elif bound is not None and bound.is_unspecified:
        known[:0] = (
            Address(url=_url(scheme, address, port), kind="lan")
            for address in map(ip_address, lan())
            if address.version == bound.version and not address.is_link_local
        )
    elif bound is not None and not bound.is_loopback:
        known = [Address(url=own.url, kind="lan")]
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


def interface_addresses(*, by_name: bool) -> tuple[str, ...]:
    """Return the addresses by which other machines may reach this one, most likely first.

    Args:
        by_name: Whether to resolve the name of this machine as well. The answer usually comes from a file, but may come
            from a name server and take seconds.
    """
    found = [address for target in _FAR_AWAY if (address := _address_towards(target))]
    if by_name:
        with contextlib.suppress(OSError, UnicodeError):
            found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    return tuple(dict.fromkeys(address for address in found if _is_of_others(address)))


def _address_towards(target: str) -> str:
    """Return the address that this machine would send from; connecting a UDP socket chooses one and sends nothing."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((target, 9))
        return str(probe.getsockname()[0])
    return ""


def _is_of_others(address: str) -> bool:
    """Return whether other machines can use an address; a link-local IPv6 address is useless without its interface."""
    parsed = ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_unspecified or (parsed.version == 6 and parsed.is_link_local))
