"""The addresses of this machine, found without sending anything to anybody."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address

__all__ = ["EMULATOR_HOST", "interface_addresses"]

EMULATOR_HOST = "10.0.2.2"
"""Under which an Android emulator reaches the loopback address of the machine it runs on."""

_FAR_AWAY = ("192.0.2.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "2001:db8::1", "fd00::1")
"""One address of every kind of network a machine may have a way to: the networks of documentation (RFC 5737, RFC 3849)
stand for the internet, the private ones (RFC 1918, RFC 4193) for LANs and VPNs."""


def interface_addresses(*, by_name: bool) -> tuple[str, ...]:
    """Return the addresses at which other machines may reach this one, the most likely first.

    Args:
        by_name: Whether to ask the resolver for the name of this machine as well. It mostly answers from a file, but
            may ask a name server and take seconds.
    """
    found = [address for target in _FAR_AWAY if (address := _address_towards(target))]
    if by_name:
        with contextlib.suppress(OSError, UnicodeError):
            found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    return tuple(dict.fromkeys(address for address in found if _is_of_others(address)))


def _address_towards(target: str) -> str:
    """Return the address this machine would send from; connecting a UDP socket chooses it and sends nothing."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((target, 9))
        return str(probe.getsockname()[0])
    return ""


def _is_of_others(address: str) -> bool:
    """Tell whether an address means this machine to others too; a link-local one of IPv6 does not without its link."""
    parsed = ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_unspecified or (parsed.version == 6 and parsed.is_link_local))
