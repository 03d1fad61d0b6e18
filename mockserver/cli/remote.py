"""A running server that a command talks to: the flags for token and trust, and patience when it refuses connections."""

from __future__ import annotations

import argparse
import os
import ssl
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from mockserver.address import ServerAddress, server_address, trusting, trusting_anyone
from mockserver.cli.flags import Arguments, add_file
from mockserver.clock import RealTime
from mockserver.control import Control, Route
from mockserver.errors import ControlFailed, InvalidInput

if TYPE_CHECKING:
    from mockserver.media_server import MediaServer

__all__ = [
    "REMOTE",
    "PatientControl",
    "add_remote_arguments",
    "add_trust_arguments",
    "reach",
    "refuse",
    "remote_server",
    "token_of",
    "trusted_address",
]

REMOTE = ("token", "ca", "insecure")
"""The arguments of :func:`add_remote_arguments`."""

_CONNECT_S = 10.0
_RETRY_S = 0.05

A = TypeVar("A")
R = TypeVar("R")


def add_remote_arguments(parser: Arguments) -> None:
    """Add ``--token``, ``--ca`` and ``--insecure`` to a parser or a group."""
    parser.add_argument("--token", metavar="TOKEN", help="token of the admin API (default: MOCKSERVER_ADMIN_TOKEN)")
    add_trust_arguments(parser)


def add_trust_arguments(parser: Arguments) -> None:
    """Add ``--ca`` and ``--insecure``, which exclude each other, to a parser or a group."""
    flags = parser.add_mutually_exclusive_group()
    add_file(
        flags,
        "--ca",
        metavar="FILE",
        help="trust this CA certificate (PEM), for example one downloaded from /__admin/ca.crt",
    )
    flags.add_argument("--insecure", action="store_true", help="accept any certificate")


def trusted_address(url: str, arguments: argparse.Namespace) -> ServerAddress:
    """Parse an address, with trust as ``--ca`` and ``--insecure`` say.

    Args:
        url: The address as the user wrote it.
        arguments: The arguments of a parser with :func:`add_trust_arguments`.

    Raises:
        InvalidInput: ``url`` is not an address, or the file of ``--ca`` cannot be used.
    """
    return server_address(url, _trust(arguments))


def reach(address: ServerAddress) -> None:
    """Check that a server can be reached and its certificate is trusted, before sending anything.

    Raises:
        InvalidInput: It cannot; for a certificate the message names the flags that help.
    """
    connection = address.connection(_CONNECT_S)
    try:
        address.open(connection)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    finally:
        connection.close()


def token_of(arguments: argparse.Namespace) -> str | None:
    """Return the admin token of ``--token`` or the environment, if any."""
    return arguments.token or os.environ.get("MOCKSERVER_ADMIN_TOKEN") or None


def remote_server(url: str, arguments: argparse.Namespace, namespace: str | None = None) -> MediaServer:
    """Connect to a running server by the arguments of :func:`add_remote_arguments`.

    Args:
        url: Its address, or that of its admin API.
        arguments: The parsed arguments.
        namespace: The namespace to use; None for the one in ``url``.

    Raises:
        InvalidInput: The address or the CA file cannot be used, or the server cannot be reached.
    """
    from mockserver.media_server import connect

    address = trusted_address(url, arguments)
    reach(address)
    return connect(
        address.url,
        namespace=namespace,
        token=token_of(arguments),
        verify_tls=not arguments.insecure,
        ca=arguments.ca,
    )


def refuse(arguments: argparse.Namespace, names: Iterable[str], why: str) -> None:
    """Refuse arguments that do not go with the others.

    Raises:
        InvalidInput: One of them was given.
    """
    for name in names:
        if getattr(arguments, name) not in (None, False):
            raise InvalidInput(f"--{name.replace('_', '-')} {why}")


def _trust(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    if arguments.insecure:
        return trusting_anyone()
    if arguments.ca is None:
        return None
    try:
        return trusting(arguments.ca)
    except InvalidInput as error:
        raise InvalidInput(f"--ca: {error}") from None


class PatientControl:
    """A control that repeats a call while the server refuses connections.

    Args:
        control: The control to call.

    Attributes:
        patience_s: How long to go on after the first refusal, in real seconds; 0 at first.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._time = RealTime()
        self.patience_s = 0.0

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Call an operation; see :class:`~mockserver.control.Control`."""
        ends_ns: float | None = None
        while True:
            try:
                return self._control.call(route, argument, **path)
            except ControlFailed:
                now_ns = self._time.monotonic_ns()
                ends_ns = now_ns + self.patience_s * 1e9 if ends_ns is None else ends_ns
                if now_ns >= ends_ns:
                    raise
            threading.Event().wait(_RETRY_S)
