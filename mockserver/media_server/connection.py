"""A server that runs already."""

from __future__ import annotations

from os import PathLike
from urllib.parse import urlsplit

from mockserver.client import HttpControl
from mockserver.media_server.media_server import MediaServer

__all__ = ["connect"]


def connect(
    url: str,
    *,
    namespace: str | None = None,
    token: str | None = None,
    verify_tls: bool = True,
    ca: str | PathLike[str] | None = None,
) -> MediaServer:
    """Use a server that runs already.

    Args:
        url: Where it listens.
        namespace: The namespace to use; it comes into being with the first request or change.
        token: The admin token, if the server has one.
        verify_tls: False accepts any certificate.
        ca: The certificate of the CA to trust, a PEM file, for a server with ``--tls``.

    Raises:
        InvalidInput: ``url`` is not an http or https address, or ``ca`` cannot be read.
    """
    control = HttpControl(url, namespace=namespace, token=token, verify_tls=verify_tls, ca=ca)
    base = url.rstrip("/")
    authority = urlsplit(base).netloc.rpartition("@")[2]
    if namespace is None:
        return MediaServer(control, url=base, host=authority)
    port = urlsplit(base).port
    host = f"{namespace}.localhost" + ("" if port is None else f":{port}")
    return MediaServer(control, url=f"{base}/ns/{namespace}", host=host)
