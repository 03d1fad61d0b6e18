"""Under which addresses this server can be reached."""

from __future__ import annotations

from ipaddress import ip_address

__all__ = ["loopback_url"]


def loopback_url(scheme: str, host: str, port: int) -> str:
    """Return how this machine reaches a server; an address that means all is none to connect to.

    Args:
        host: What the server is bound to.
    """
    host = host.strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        return f"{scheme}://{host}:{port}"
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"{scheme}://{address if address.version == 4 else f'[{address}]'}:{port}"
