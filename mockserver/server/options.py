"""How a server listens and whom it trusts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from ipaddress import ip_address

__all__ = ["ServerOptions", "is_loopback"]


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What cannot change while a server runs.

    Args:
        host: The address to bind; loopback unless said otherwise.
        port: The port, 0 for a free one.
        admin_port: A port of its own for the admin API, 0 for a free one; None to share the port of the emulated API.
        admin_token: What admin requests must show as ``Authorization: Bearer``; None for no token.
        allow_hosts: Names that admin requests may have in ``Host`` beside IP addresses, ``localhost`` and
            ``*.localhost``.
        admin_allow_origins: Origins of web pages, spelled exactly, that may use the admin API.
        seed: Makes draws repeatable, and session ids if ``seeded_ids``.
        seeded_ids: Whether session ids come from the seed.
        tls_cert: PEM file of the certificate, for https.
        tls_key: PEM file of its key.
        tls: Speak https with a certificate from a CA that is made for it, instead of one of a file.
        tls_ca: PEM file that keeps this CA, made when it is missing; None for a CA that ends with the server.
    """

    host: str = "127.0.0.1"
    port: int = 0
    admin_port: int | None = None
    admin_token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    admin_allow_origins: tuple[str, ...] = ()
    seed: str = "0"
    seeded_ids: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    tls: bool = False
    tls_ca: str | None = None

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.tls or self.tls_cert is not None else "http"

    def effective_token(self) -> str | None:
        """Return the admin token: the given one, or a fresh one when others than this machine can reach the server."""
        if self.admin_token or is_loopback(self.host):
            return self.admin_token or None  # an empty one would let everybody in who shows none
        return secrets.token_urlsafe(24)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
