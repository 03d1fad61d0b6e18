"""``mockserver health``: check whether a server is alive, for the health checks of containers."""

from __future__ import annotations

import argparse
import os
from http.client import HTTPException
from pathlib import Path

from mockserver.address import ServerAddress, server_address, trusting_anyone
from mockserver.cli.flags import add_file
from mockserver.cli.remote import add_trust_arguments, trusted_address
from mockserver.control import ADMIN, HEALTH
from mockserver.errors import ControlFailed, InvalidInput

__all__ = ["add_arguments", "run"]

_TIMEOUT_S = 3.0

_EPILOG = """\
Without URL it checks the server on this machine that the environment variables and mockserver.toml configure, on its
admin port if it has one. With https it accepts any certificate of that server.

exit codes: 0 the server is alive, 1 it is not, 2 arguments or configuration cannot be used

examples:
  mockserver health
  mockserver health http://127.0.0.1:8089
  HEALTHCHECK CMD ["mockserver", "health"]               in a Dockerfile
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Check whether a server is alive."
    parser.epilog = _EPILOG
    parser.add_argument("url", metavar="URL", nargs="?", help="address of the server, or of its admin API")
    add_file(parser, "--config", metavar="FILE", help="read this file instead of mockserver.toml")
    add_trust_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check whether a server is alive.

    Returns:
        0.

    Raises:
        InvalidInput: Arguments or configuration cannot be used.
        ControlFailed: The server is not alive.
    """
    if arguments.url is None:
        address = _configured(arguments.config)
    else:
        address = trusted_address(arguments.url, arguments)
    connection = address.connection(_TIMEOUT_S)
    try:
        address.open(connection)
        connection.request("GET", f"{ADMIN}{HEALTH.path}")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise ControlFailed(f"no answer from the server at {address.url}: {reason}") from None
    finally:
        connection.close()
    if status != 200:
        raise ControlFailed(f"{address.url} answers {status}")
    print("ok")
    return 0


def _configured(config: str | None) -> ServerAddress:
    """Return the address of the server that the environment configures."""
    from mockserver.cli.configuration import configure
    from mockserver.cli.flags import serve_flags
    from mockserver.server.addresses import loopback_url

    options = configure(serve_flags(), {"config": config}, os.environ, Path.cwd(), "0").options
    port = options.port if options.admin_port is None else options.admin_port
    if port == 0:
        raise InvalidInput("the server takes any free port (port 0), so its address is not known: give the URL")
    url = loopback_url(options.scheme, options.host, port)
    return server_address(url, trusting_anyone() if options.scheme == "https" else None)
