"""Who may use the admin API. Every check runs before anything is touched.

The threat is a web page in the browser of somebody on whose machine the server runs: it can send requests to localhost,
and by DNS rebinding even read the answers. So the admin API answers only to hosts it knows, refuses requests that a
page of another origin caused, takes changes only as JSON, which no page can send across origins unasked, and sends no
CORS headers but to origins that were named at start. On addresses that others can reach a token is needed as well.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from mockserver.errors import Forbidden, InvalidInput
from mockserver.server.options import ServerOptions

__all__ = ["COOKIE", "Guard"]

COOKIE = "mockserver_admin"
"""The cookie that carries the token of the page for people."""

_SAFE_SITES = ("same-origin", "none")


class Guard:
    """Checks admin requests.

    Args:
        options: Names, origins and token that are allowed.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._hosts = frozenset(name.lower() for name in options.allow_hosts)
        self._origins = frozenset(options.admin_allow_origins)
        self._token = options.effective_token()
        self._scheme = options.scheme

    @property
    def token(self) -> str | None:
        """The token that requests must show, if any."""
        return self._token

    def check(self, headers: Mapping[str, str], *, any_host: bool = False) -> None:
        """Let a request pass or refuse it.

        Args:
            headers: The header fields, by case-insensitive name.
            any_host: Whether the route is a probe, which answers whoever asks.

        Raises:
            Forbidden: The request may not use the admin API.
        """
        if any_host:
            return
        host = headers.get("Host", "")
        if not self._known_host(host):
            raise Forbidden(
                f"Host {host[:100]!r} is not known: use an IP address, localhost or *.localhost, or start the server "
                "with --allow-host NAME"
            )
        origin = headers.get("Origin")
        allowed = origin in self._origins
        if origin is not None and not allowed and origin.lower() != f"{self._scheme}://{host}".lower():
            raise Forbidden(
                f"pages of {origin[:100]!r} may not use the admin API; start the server with --admin-allow-origin "
                "to allow them"
            )
        site = headers.get("Sec-Fetch-Site", "none").lower()
        if site not in _SAFE_SITES and not allowed:
            raise Forbidden(f"requests caused by another site ({site[:20]}) may not use the admin API")
        self._check_token(headers)

    def check_content_type(self, headers: Mapping[str, str], body: bytes) -> None:
        """Refuse a body that is not declared as JSON; no body needs no declaration.

        Raises:
            InvalidInput: With status 415.
        """
        declared = headers.get("Content-Type", "").split(";")[0].strip().lower()
        if (body or declared) and declared != "application/json":
            raise InvalidInput(f"Content-Type must be application/json, not {declared[:50] or 'nothing'}", status=415)

    def cors(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the CORS headers for a page of an allowed origin; none for any other."""
        origin = headers.get("Origin")
        if origin is None or origin not in self._origins:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": "Content-Type, Authorization, Last-Event-ID",
            "Vary": "Origin",
        }

    def _known_host(self, host: str) -> bool:
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name == "localhost" or name.endswith(".localhost") or name in self._hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    def _check_token(self, headers: Mapping[str, str]) -> None:
        if self._token is None:
            return
        scheme, _, shown = headers.get("Authorization", "").partition(" ")
        cookies = (part.strip().partition("=") for part in headers.get("Cookie", "").split(";"))
        offered = [value for name, _, value in cookies if name == COOKIE]
        if scheme.lower() == "bearer":
            offered.append(shown)
        token = self._token.encode()
        # Bytes that are no UTF-8 come as surrogates.
        if not any(hmac.compare_digest(value.encode("utf-8", "surrogateescape"), token) for value in offered):
            raise Forbidden("an admin token is needed: send it as Authorization: Bearer TOKEN", status=401)
