"""A server that is already running, as it is or prepared for a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any
from urllib.parse import urlsplit

from mockserver.address import server_address
from mockserver.client import HttpControl
from mockserver.control import Control
from mockserver.media_server.controls import fault_specs
from mockserver.media_server.media_server import MediaServer
from mockserver.model import results as r
from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.wire.codec import to_builtins

__all__ = ["PreparedServer", "connect"]


def connect(
    url: str,
    *,
    namespace: str | None = None,
    token: str | None = None,
    verify_tls: bool = True,
    ca: str | PathLike[str] | None = None,
) -> MediaServer:
    """Connect to a server that is already running.

    Args:
        url: Its address, or that of a namespace: ``http://127.0.0.1:8089/ns/blue``.
        namespace: The namespace to use; the first request or change creates it.
        token: The admin token, if the server has one.
        verify_tls: Pass False to accept any certificate.
        ca: A PEM file with the CA certificate to trust, for a server with ``--tls``.

    Raises:
        InvalidInput: ``url`` is not an http or https address, or ``ca`` cannot be read.
    """
    control = HttpControl(url, namespace=namespace, token=token, verify_tls=verify_tls, ca=ca)
    base = server_address(url).url
    parts = urlsplit(base)
    if namespace is not None:
        base += f"/ns/{namespace}"
    _, in_path, name = urlsplit(base).path.rpartition("/ns/")
    if not in_path or "/" in name:
        return MediaServer(control, url=base, host=parts.netloc.rpartition("@")[2])
    port = "" if parts.port is None else f":{parts.port}"
    return MediaServer(control, url=base, host=f"{name}.localhost{port}")


class PreparedServer(MediaServer):
    """A server elsewhere, or a namespace of it, whose reset restores the settings and fault rules of a test.

    Args:
        control: The control of the server.
        url: Where players post to; see :class:`~mockserver.MediaServer`.
        host: The same for clients that take only a host and a port.
        settings: The settings to start with; None keeps those of the server.
        faults: The fault rules to start with.

    Raises:
        InvalidInput: A rule is not valid.
    """

    def __init__(
        self,
        control: Control,
        *,
        url: str,
        host: str,
        settings: Settings | None = None,
        faults: Iterable[Mapping[str, Any] | FaultSpec] = (),
    ) -> None:
        super().__init__(control, url=url, host=host)
        self._start_settings = settings
        self._start_faults = fault_specs(faults)

    def reset(self, *only: str) -> r.Summary:
        """Go back to the start of the test; see :meth:`~mockserver.MediaServer.reset`."""
        summary = super().reset(*only)
        if self._start_settings is not None and (not only or "settings" in only):
            self.configure(**to_builtins(self._start_settings))
        if not only or "faults" in only:
            for spec in self._start_faults:
                self.faults.add(spec)
        return summary
