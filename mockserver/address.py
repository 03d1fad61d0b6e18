"""The address of a server as a user writes it, and a connection to it."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPSConnection
from os import PathLike, fspath
from typing import NamedTuple
from urllib.parse import urlsplit

from mockserver.errors import ControlFailed, InvalidInput

__all__ = [
    "ADMIN",
    "DEFAULT_NAMESPACE",
    "IDLE_S",
    "ServerAddress",
    "namespaced",
    "server_address",
    "trusting",
    "trusting_anyone",
]

ADMIN = "/__admin"
"""The path of the admin API below the address of a server."""

DEFAULT_NAMESPACE = "default"
"""The namespace of requests that name none."""

IDLE_S = 4
"""How long a connection may be idle and still be used: servers and proxies close idle ones, the first after 5 s."""


def namespaced(url: str, namespace: str) -> str:
    """Return the address of a namespace, below the address of a server."""
    return url if namespace == DEFAULT_NAMESPACE else f"{url}/ns/{namespace}"


class ServerAddress(NamedTuple):
    """Where a server is, and whose certificates are trusted there.

    Args:
        url: As it was written, without a slash at the end.
        is_https: Whether the server uses TLS.
        host: Its name or address.
        port: Its port.
        path: What comes before the paths of the server, such as ``/ns/blue``; usually empty.
        trust: The certificates to trust; None for those of the system, or of ``SSL_CERT_FILE``.
    """

    url: str
    is_https: bool
    host: str
    port: int
    path: str
    trust: ssl.SSLContext | None = None

    def connection(self, timeout_s: float) -> HTTPConnection:
        """Make a connection; it is not open yet.

        Args:
            timeout_s: How long each step on it may take, in seconds.
        """
        if not self.is_https:
            return HTTPConnection(self.host, self.port, timeout=timeout_s)
        return HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls())

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context: whose certificates are trusted."""
        return ssl.create_default_context() if self.trust is None else self.trust

    def open(self, connection: HTTPConnection) -> None:
        """Open a connection for a command; its error messages name the flags of commands.

        Raises:
            ControlFailed: The server cannot be reached, or its certificate is not trusted.
        """
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            given = "" if self.trust is None else " with this --ca"
            raise ControlFailed(
                f"{self.url} shows a certificate that is not trusted{given} ({error.verify_message}); --ca FILE trusts "
                "its CA (a server with --tls serves it at /__admin/ca.crt), and --insecure accepts any certificate"
            ) from None
        except OSError as error:
            raise ControlFailed(f"cannot reach {self.url}: {error.strerror or error}") from None


def server_address(url: str, trust: ssl.SSLContext | None = None) -> ServerAddress:
    """Read an address.

    Args:
        url: As a user wrote it; that of its admin API or of its page, as a browser shows it, leads to the server too.
        trust: The certificates to trust; None for those of the system.

    Raises:
        InvalidInput: It is not ``http(s)://host[:port][/path]``.
    """
    url = f"{url.rstrip('/')}/".partition(f"{ADMIN}/")[0].rstrip("/")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput(f"{url!r} is not the address of a server: the port or the host is wrong") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput(f"{url!r} is not the address of a server; write it like http://127.0.0.1:8089")
    is_https = parts.scheme == "https"
    return ServerAddress(url, is_https, parts.hostname, port or (443 if is_https else 80), parts.path, trust)


def trusting(ca_file: str | PathLike[str]) -> ssl.SSLContext:
    """Make a TLS context that trusts the servers of one CA, and no others.

    Args:
        ca_file: The certificate of the CA, a PEM file.

    Raises:
        InvalidInput: The file cannot be read or has no certificate in it.
    """
    if not fspath(ca_file):  # the standard library would take that for the CAs of the system
        raise InvalidInput("cannot trust the CA: the name of its file is empty")
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # errors of TLS are OSErrors too
        reason = "there is no certificate (PEM) in it" if isinstance(error, ssl.SSLError) else error.strerror or error
        raise InvalidInput(f"cannot trust the CA {fspath(ca_file)}: {reason}") from None


def trusting_anyone() -> ssl.SSLContext:
    """Make a TLS context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
