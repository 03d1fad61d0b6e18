"""The address of a server as a user writes it, and a connection to it."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPSConnection
from os import PathLike, fspath
from typing import NamedTuple
from urllib.parse import urlsplit

from mockserver.errors import ControlFailed, InvalidInput

__all__ = ["DEFAULT_NAMESPACE", "ServerAddress", "namespaced", "server_address", "trusting", "trusting_anyone"]

DEFAULT_NAMESPACE = "default"
"""The namespace of requests that name none."""


def namespaced(url: str, namespace: str) -> str:
    """Return where a namespace is found below the address of a server."""
    return url if namespace == DEFAULT_NAMESPACE else f"{url}/ns/{namespace}"


class ServerAddress(NamedTuple):
    """Where a server is, and whose certificates are taken there.

    Args:
        url: As it was written, without a slash at the end.
        is_https: Whether it is reached over TLS.
        host: Its name or address.
        port: Its port.
        path: What comes before the paths of the server, such as ``/ns/blue``; mostly nothing.
        trust: Decides whose certificates to take; None for those that the system trusts, or ``SSL_CERT_FILE`` names.
    """

    url: str
    is_https: bool
    host: str
    port: int
    path: str
    trust: ssl.SSLContext | None = None

    def connection(self, timeout_s: float) -> HTTPConnection:
        """Make a connection that is not open yet.

        Args:
            timeout_s: How long one step of it may take, in seconds.
        """
        if not self.is_https:
            return HTTPConnection(self.host, self.port, timeout=timeout_s)
        return HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls())

    def tls(self) -> ssl.SSLContext:
        """Return what decides whose certificates are taken."""
        return ssl.create_default_context() if self.trust is None else self.trust

    def open(self, connection: HTTPConnection) -> None:
        """Open a connection for a command, whose flags are named when the certificate is not trusted.

        Raises:
            ControlFailed: Nothing answers there, or not as it should.
        """
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            given = "" if self.trust is None else " with this --ca"
            raise ControlFailed(
                f"{self.url} shows a certificate that is not trusted{given} ({error.verify_message}); --ca FILE trusts "
                "its CA, which a server with --tls has at /__admin/ca.crt, and --insecure takes any certificate"
            ) from None
        except OSError as error:
            raise ControlFailed(f"cannot reach {self.url}: {error.strerror or error}") from None


def server_address(url: str, trust: ssl.SSLContext | None = None) -> ServerAddress:
    """Read an address.

    Args:
        url: As a user wrote it.
        trust: Decides whose certificates to take; None for those that the system trusts.

    Raises:
        InvalidInput: It is not ``http(s)://host[:port][/path]``.
    """
    url = url.rstrip("/")
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
    """Return what trusts the servers of one CA, and no others.

    Args:
        ca_file: The certificate of the CA, a PEM file.

    Raises:
        InvalidInput: It is not a file with a certificate.
    """
    if not fspath(ca_file):  # which the standard library would take for the CAs of the system
        raise InvalidInput("cannot trust the CA: the name of its file is empty")
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # which those of TLS are too
        reason = "there is no certificate (PEM) in it" if isinstance(error, ssl.SSLError) else error.strerror or error
        raise InvalidInput(f"cannot trust the CA {fspath(ca_file)}: {reason}") from None


def trusting_anyone() -> ssl.SSLContext:
    """Return what takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
