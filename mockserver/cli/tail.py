"""``mockserver tail``: print the requests of a running server, line by line."""

from __future__ import annotations

import argparse
import os
import sys
import threading

from mockserver.address import ServerAddress
from mockserver.cli.event_stream import Message, follow
from mockserver.cli.request_line import request_line
from mockserver.cli.trust import add_trust_arguments, trusted_address
from mockserver.control import ADMIN
from mockserver.errors import ControlFailed, InvalidInput
from mockserver.model.journal import Entry
from mockserver.namespaces import DEFAULT
from mockserver.wire.codec import decode

__all__ = ["add_arguments", "run"]

_EPILOG = """\
Requests are printed to stdout, notices to stderr. Stop with Ctrl-C.

exit codes: 0 stopped with Ctrl-C, 2 arguments or server cannot be used

examples:
  mockserver tail http://127.0.0.1:8089
  mockserver tail http://127.0.0.1:8089 --namespace login-test
  mockserver tail http://127.0.0.1:8089 --json | jq .event.eventType
  mockserver tail https://127.0.0.1:8443 --ca ca.crt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print one line for every request that a running server receives from now on."
    parser.epilog = _EPILOG
    parser.add_argument("url", metavar="URL", help="address of the server, or of its admin API if that has its own")
    parser.add_argument("--namespace", metavar="NAME", default=DEFAULT, help="follow this namespace")
    parser.add_argument("--json", action="store_true", help="print the entries as JSON, one per line")
    parser.add_argument("--token", metavar="TOKEN", help="token of the admin API (default: MOCKSERVER_ADMIN_TOKEN)")
    add_trust_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Follow a server until Ctrl-C.

    Returns:
        0.

    Raises:
        InvalidInput: The address or the CA file cannot be used, or the server refuses or cannot be reached at the
            start.
    """
    address = trusted_address(arguments.url.rstrip("/").removesuffix(ADMIN), arguments)
    token = arguments.token or os.environ.get("MOCKSERVER_ADMIN_TOKEN")
    namespace = arguments.namespace
    messages = follow(address, namespace, token, wait=threading.Event().wait)
    try:
        for message in messages:
            if message.event == "entry":
                print(message.data if arguments.json else _line(message.data, namespace), flush=True)
            else:
                print(_notice(message, address), file=sys.stderr, flush=True)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    except KeyboardInterrupt:
        pass
    return 0


def _line(data: str, namespace: str) -> str:
    return request_line(decode(data, Entry), namespace=namespace)


def _notice(message: Message, address: ServerAddress) -> str:
    match message.event:
        case "connected":
            return f"following {address.url}"
        case "lost":
            return f"{message.data}; trying again"
        case "reset":
            return "the journal was reset"
        case "evicted":
            return f"entries were dropped before they could be sent: {message.data}"
        case other:
            return f"{other}: {message.data}"
