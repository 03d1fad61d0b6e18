"""Where clients of the Media Edge API find a server: by a domain without a port, and always with https."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from mockserver.errors import InvalidInput
from mockserver.server.options import is_loopback

__all__ = ["ADOBE_HOSTS", "EdgeAddress", "edge_address"]

ADOBE_HOSTS = ("edge.adobedc.net", "adobedc.demdex.net")
"""Where alloy posts by default; to the second one first, unless ``thirdPartyCookiesEnabled`` is false."""

_DOMAIN = re.compile(r"[a-z0-9.-]+")
"""What alloy takes as ``edgeDomain`` (alloy 2.33.1, ``utils/validation/domainValidator.js``)."""

_NOWHERE = "~NOTFOUND"


class EdgeAddress(NamedTuple):
    """Where a server is for these clients.

    Args:
        domain: What to configure in the client.
        listens_at: The host and port of the server.
        is_namespace: Whether the domain stands for a namespace, which other domains do not lead to.
    """

    domain: str
    listens_at: str
    is_namespace: bool

    def chromium_args(self) -> list[str]:
        """Return the arguments with which Chromium finds the server, and a page of the internet may talk to it."""
        elsewhere = _NOWHERE if self.is_namespace else self.listens_at
        rules = [f"MAP {self.domain}:443 {self.listens_at}"]
        rules += [f"MAP {host}:443 {elsewhere}" for host in ADOBE_HOSTS if host != self.domain]
        return [f"--host-resolver-rules={', '.join(rules)}", "--disable-features=LocalNetworkAccessChecks"]


def edge_address(url: str, host: str) -> EdgeAddress:
    """Find out where a server is for these clients.

    Args:
        url: Its base URL.
        host: Its host and port for clients that take no path.

    Raises:
        InvalidInput: It speaks plain http, has no address yet, or its address is not a domain.
    """
    if not url:
        raise InvalidInput("this server has no address yet: start it first")
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise InvalidInput(
            "clients that take an Edge domain always use https, and this server speaks plain http: start it with "
            "tls=True, @pytest.mark.media_server(tls=True) or mockserver serve --tls"
        )
    name = urlsplit(f"https://{host}").hostname or ""
    domain = "localhost" if is_loopback(name) else name
    if not _DOMAIN.fullmatch(domain):
        raise InvalidInput(f"{domain!r} is not a domain that these clients accept (a-z, 0-9, dots and hyphens)")
    authority = parts.netloc.rpartition("@")[2]
    listens_at = authority if parts.port is not None else f"{authority}:443"
    return EdgeAddress(domain, listens_at, is_namespace=name != parts.hostname)
