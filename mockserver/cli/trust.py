"""The flags ``--ca`` and ``--insecure`` of every command that talks to a server."""

from __future__ import annotations

import argparse
import ssl

from mockserver.address import ServerAddress, server_address, trusting, trusting_anyone
from mockserver.errors import ControlFailed, InvalidInput

__all__ = ["TRUST", "add_trust_arguments", "reach", "trusted_address"]

TRUST = ("ca", "insecure")
"""The names of the parsed arguments."""

_CONNECT_S = 10.0


def add_trust_arguments(parser: argparse._ActionsContainer) -> None:
    """Add ``--ca`` and ``--insecure``, which exclude each other, to a parser or a group."""
    flags = parser.add_mutually_exclusive_group()
    flags.add_argument(
        "--ca", metavar="FILE", help="trust this CA certificate (PEM), for example one downloaded from /__admin/ca.crt"
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


def _trust(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    if arguments.insecure:
        return trusting_anyone()
    if arguments.ca is None:
        return None
    try:
        return trusting(arguments.ca)
    except InvalidInput as error:
        raise InvalidInput(f"--ca: {error}") from None
