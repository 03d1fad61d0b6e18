"""Who may use the admin API. Every check runs before a request has any effect.

The threat is a web page in a browser on the machine of the server: it can send requests to localhost, and by DNS
rebinding even read the answers. So the admin API answers only for hosts it knows, refuses requests from pages of other
origins, accepts changes only as JSON, which no page can send across origins without a preflight, and sends CORS headers
only to origins named at the start. On addresses that other machines can reach, it also requires a token. A request with
the token may use any host name, as the services of a container network do: a page that uses rebinding has no token.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from mockserver.errors import Forbidden, InvalidInput
from mockserver.server.options import ServerOptions, is_loopback

__all__ = ["COOKIE", "Guard", "is_foreign_page"]

COOKIE = "mockserver_admin"
"""The cookie with the admin token, percent-encoded, for the web page."""

_SAFE_SITES = ("same-origin", "none")


class Guard:
    """Checks admin requests.

    Args:
        options: Names, origins and token that are allowed.

    Attributes:
        token: The token that requests need, if any.
        scheme: ``http`` or ``https``, as the server is reached.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._hosts = frozenset(name.lower() for name in (*options.allow_hosts, *options.namespace_hosts))
        self._below = (".localhost", *(f".{host.lower()}" for host in options.namespace_hosts))
        self._origins = frozenset(options.admin_allow_origins)
        self.token = options.effective_token()
        self.scheme = options.scheme

    def check(self, headers: Mapping[str, str]) -> None:
        """Refuse a request that may not use the admin API.

        Args:
            headers: The header fields, by case-insensitive name.

        Raises:
            Forbidden: The request may not use the admin API.
        """
        self._check_source(headers, _SAFE_SITES)
        self.check_token(headers)

    def check_page(self, headers: Mapping[str, str], token: str | None = None) -> None:
        """Refuse a request that may not read a file of the page; it needs no token for that.

        A link on another site may open the page: opening it changes nothing and reveals nothing.

        Args:
            headers: The header fields, by case-insensitive name.
            token: The token in its address, if any.

        Raises:
            Forbidden: The request may not read it.
        """
        leads_here = headers.get("Sec-Fetch-Mode", "").lower() == "navigate"
        leads_here = leads_here and headers.get("Sec-Fetch-Dest", "document").lower() == "document"
        sites = (*_SAFE_SITES, "cross-site", "same-site") if leads_here else _SAFE_SITES
        self._check_source(headers, sites, token)

    def _check_source(self, headers: Mapping[str, str], sites: Collection[str], token: str | None = None) -> None:
        host = headers.get("Host", "")
        if any(len(_all(headers, name)) > 1 for name in ("Host", "Origin", "Sec-Fetch-Site")):
            raise Forbidden("a request has one Host, one Origin and one Sec-Fetch-Site at most")
        if not self._known_host(host) and not self._shows_token(headers, token):
            needed = (
                "start the server with --admin-token TOKEN and send that" if self.token is None else "send the token"
            )
            raise Forbidden(
                f"Host {host[:100]!r} is not known: use an IP address, localhost or *.localhost, start the server with "
                f"--allow-host NAME, or {needed} as Authorization: Bearer TOKEN"
            )
        origin = headers.get("Origin")
        allowed = origin in self._origins
        if origin is not None and not allowed and origin.lower() != f"{self.scheme}://{host}".lower():
            raise Forbidden(
                f"pages of {origin[:100]!r} may not use the admin API; start the server with --admin-allow-origin "
                "to allow them"
            )
        site = headers.get("Sec-Fetch-Site", "none").lower()
        if site not in sites and not allowed:
            raise Forbidden(f"requests caused by another site ({site[:20]}) may not use the admin API")

    def check_content_type(self, headers: Mapping[str, str], body: bytes, takes: Collection[str]) -> None:
        """Refuse a body whose Content-Type the route does not take. Without a body, none is needed.

        Raises:
            InvalidInput: With status 415.
        """
        declared = headers.get("Content-Type", "").split(";")[0].strip().lower()
        if (body or declared) and declared not in takes:
            raise InvalidInput(
                f"Content-Type must be {' or '.join(takes)}, not {declared[:50] or 'nothing'}", status=415
            )

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
            name, _, port = name[1:].partition("]")
            if port and not port.startswith(":"):
                return False
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name == "localhost" or name.endswith(self._below) or name in self._hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Refuse a request without the token, if one is needed.

        Raises:
            Forbidden: With status 401.
        """
        if self.token is not None and not self._shows_token(headers):
            raise Forbidden("an admin token is needed: send it as Authorization: Bearer TOKEN", status=401)

    def _shows_token(self, headers: Mapping[str, str], token: str | None = None) -> bool:
        """Return whether a request shows the token of the server, which must have one, in a field or its address."""
        if self.token is None:
            return False
        scheme, _, shown = headers.get("Authorization", "").partition(" ")
        cookies = (part.strip().partition("=") for part in headers.get("Cookie", "").split(";"))
        offered = [kind for name, _, value in cookies if name == COOKIE for kind in (value, unquote(value))]
        if scheme.lower() == "bearer":
            offered.append(shown)
        if token is not None:
            offered.append(token)
        return any(self.accepts(value) for value in offered)

    def accepts(self, token: str) -> bool:
        """Return whether a token is the right one; any is if the server has none."""
        # aiohttp decodes bytes that are not UTF-8 to surrogates.
        return self.token is None or hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode())


def _all(headers: Mapping[str, str], name: str) -> Collection[str]:
    """Return the values of all header fields of a name."""
    many: Callable[[str, Collection[str]], Collection[str]] | None = getattr(headers, "getall", None)
    return (headers[name],) * (name in headers) if many is None else many(name, ())


def is_foreign_page(headers: Mapping[str, str]) -> bool:
    """Return whether a request was caused by a web page of neither this machine nor the host that it calls.

    Args:
        headers: The header fields, by case-insensitive name.
    """
    origin = headers.get("Origin")
    if origin is None:
        return headers.get("Sec-Fetch-Site", "none").lower() not in _SAFE_SITES
    try:
        place = urlsplit(origin)
        host = place.hostname or ""
    except ValueError:
        return True
    return not (is_loopback(host) or host.endswith(".localhost") or place.netloc == headers.get("Host"))
