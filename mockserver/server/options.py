"""The options of a server: how it listens and whom it trusts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from ipaddress import ip_address

__all__ = ["ServerOptions", "is_loopback"]


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The options that cannot change while a server runs.

    Args:
        host: The address to bind; loopback by default.
        port: The port, 0 for a free one.
        admin_port: A separate port for the admin API, 0 for a free one; None to share the port of the emulated API.
        admin_token: The token that admin requests must send as ``Authorization: Bearer``; None for no token.
        allow_hosts: Names that admin requests may have in ``Host`` besides IP addresses, ``localhost`` and
            ``*.localhost``.
        namespace_hosts: Host names below which the first part is a namespace, besides ``localhost``: with
            ``mock.example``, ``tv.mock.example`` is the namespace ``tv``. Admin requests may use them too.
        admin_allow_origins: Origins of web pages that may use the admin API, compared exactly.
        seed: Makes draws repeatable, and session ids if ``seeded_ids``.
        seeded_ids: Whether session ids come from the seed.
        tls_cert: PEM file of the certificate, for https.
        tls_key: PEM file of its key.
        tls: Use https with a certificate from a generated CA, instead of one from a file.
        tls_ca: PEM file that keeps this CA, created if missing; None for a CA that is forgotten with the server.
        forward: The endpoint to which each request of a player also goes; None for none.
        forward_answer: Whether the player gets the answer of that endpoint.
    """

    host: str = "127.0.0.1"
    port: int = 0
    admin_port: int | None = None
    admin_token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    namespace_hosts: tuple[str, ...] = ()
    admin_allow_origins: tuple[str, ...] = ()
    seed: str = "0"
    seeded_ids: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    tls: bool = False
    tls_ca: str | None = None
    forward: str | None = None
    forward_answer: bool = False

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.tls or self.tls_cert is not None else "http"

    def effective_token(self) -> str | None:
        """Return the admin token: the given one, or a new one if other machines can reach the server."""
        if self.admin_token or is_loopback(self.host):
            return self.admin_token or None  # an empty token would admit requests without one
        return secrets.token_urlsafe(24)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
