"""The flags that say whose certificates a command takes, the same for every command that talks to a server."""

from __future__ import annotations

import argparse
import ssl

from mockserver.address import ServerAddress, server_address, trusting, trusting_anyone
from mockserver.errors import ControlFailed, InvalidInput

__all__ = ["TRUST", "add_trust_arguments", "reach", "trusted_address"]

TRUST = ("ca", "insecure")
"""The arguments that are made of them."""

_CONNECT_S = 10.0


def add_trust_arguments(parser: argparse._ActionsContainer) -> None:
    """Give the parser of a command, or a group of it, ``--ca`` and ``--insecure``, of which one can be given."""
    flags = parser.add_mutually_exclusive_group()
    flags.add_argument(
        "--ca", metavar="FILE", help="trust this CA certificate (PEM), for example one fetched from /__admin/ca.crt"
    )
    flags.add_argument("--insecure", action="store_true", help="take any certificate")


def trusted_address(url: str, arguments: argparse.Namespace) -> ServerAddress:
    """Read an address, where the certificates are taken that the flags say.

    Args:
        url: As the user wrote it.
        arguments: What a parser with :func:`add_trust_arguments` read.

    Raises:
        InvalidInput: It is no address, or the file of ``--ca`` cannot be used.
    """
    return server_address(url, _trust(arguments))


def reach(address: ServerAddress) -> None:
    """Find out whether somebody is there whose certificate is taken, before anything is asked.

    Raises:
        InvalidInput: Nobody is; names the flags that help with a certificate.
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
