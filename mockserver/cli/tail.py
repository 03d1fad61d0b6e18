"""``mockserver tail``: print the requests of a running server from its event stream, reconnected when it breaks."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple

from mockserver.address import ServerAddress, namespaced
from mockserver.cli.remote import add_remote_arguments, token_of, trusted_address
from mockserver.cli.request_line import request_line
from mockserver.cli.terminal import coloured, has_colours
from mockserver.control import ADMIN, STREAM
from mockserver.errors import ControlFailed, InvalidInput
from mockserver.model.journal import Entry
from mockserver.model.results import Problem
from mockserver.namespaces import DEFAULT
from mockserver.wire.codec import decode

__all__ = ["Message", "add_arguments", "follow", "run"]

_SILENCE_S = 60
"""How long a stream may be silent. The server sends a comment every 15 seconds."""

_RETRY_S = 1.0
_MAY_PASS = (429, 500, 502, 503, 504)

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
    add_remote_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Follow a server until Ctrl-C.

    Returns:
        0.

    Raises:
        InvalidInput: The address or the CA file cannot be used, or the server refuses or cannot be reached at the
            start.
    """
    address = trusted_address(arguments.url, arguments)
    namespace = arguments.namespace
    messages = follow(address, namespace, token_of(arguments), wait=threading.Event().wait)
    has_colour = has_colours(sys.stdout)

    def line(data: str) -> str:
        text = request_line(decode(data, Entry), namespace=namespace)
        return coloured(text) if has_colour else text

    try:
        for message in messages:
            if message.event == "entry":
                print(message.data if arguments.json else line(message.data), flush=True)
            else:
                print(_notice(message, address), file=sys.stderr, flush=True)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    except KeyboardInterrupt:
        pass
    return 0


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


class Message(NamedTuple):
    """A message of a stream.

    Args:
        event: ``entry``, ``reset`` and ``evicted`` come from the server; ``connected`` and ``lost`` are about the
            connection.
        data: The entry as JSON; for other messages, details.
        last_id: The ``Last-Event-ID`` to continue after this message.
    """

    event: str
    data: str
    last_id: str


class _Lost(ControlFailed):
    """There is no stream now, but another attempt may succeed."""


def follow(
    address: ServerAddress,
    namespace: str,
    token: str | None,
    *,
    wait: Callable[[float], object],
) -> Generator[Message, None, None]:
    """Yield the messages of a server for ever; after a broken connection, reconnect and continue where it ended.

    Args:
        address: Where the server is, and whose certificates to trust.
        namespace: The namespace to follow.
        token: The token of the admin API, if any.
        wait: Called with a number of seconds before every new attempt.

    Raises:
        ControlFailed: The server cannot be reached at the start, or refuses.
    """
    path = f"{namespaced(address.path, namespace)}{ADMIN}{STREAM.path}"
    headers = {"Accept": "text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    last_id, was_connected = "", False
    while True:
        if last_id:
            headers["Last-Event-ID"] = last_id
        connection = address.connection(_SILENCE_S)
        try:
            response = _open(connection, address, path, headers)
            was_connected = True
            yield Message("connected", "", last_id)
            for message in _messages(response, last_id):
                last_id = message.last_id
                yield message
        except _Lost as error:
            if not was_connected:
                raise
            yield Message("lost", str(error), last_id)
        finally:
            connection.close()
        wait(_RETRY_S)


def _open(connection: HTTPConnection, address: ServerAddress, path: str, headers: dict[str, str]) -> HTTPResponse:
    try:
        address.open(connection)
    except ControlFailed as error:
        raise _Lost(str(error)) from None
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        if response.status == 200 and response.getheader("Content-Type", "").startswith("text/event-stream"):
            return response
        body = response.read(100_000)
    except (OSError, HTTPException) as error:
        raise _Lost(f"{address.url} gave no answer: {str(error) or type(error).__name__}") from None
    refusal = f"{address.url} refuses to stream: {_reason(response.status, body)}"
    raise _Lost(refusal) if response.status in _MAY_PASS else ControlFailed(refusal)


def _reason(status: int, body: bytes) -> str:
    try:
        return decode(body, Problem).detail
    except InvalidInput:
        return f"it answers {status}, so it is not a mockserver"


def _messages(response: HTTPResponse, last_id: str) -> Iterator[Message]:
    event, data = "entry", ""
    while True:
        try:
            line = response.readline().decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise _Lost(f"the connection broke: {str(error) or type(error).__name__}") from None
        if not line:
            raise _Lost("the server closed the stream")
        field, _, value = line.rstrip("\r\n").partition(": ")
        if field == "event":
            event = value
        elif field == "data":
            data = value
        elif field == "id":
            last_id = value
        elif not field and data:
            last_id = "0" if event == "reset" else last_id
            yield Message(event, data, last_id)
            event, data = "entry", ""
