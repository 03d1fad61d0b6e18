"""``mockserver replay``: recorded requests sent to a server again, and the statuses compared."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

import msgspec

from mockserver.address import ServerAddress, server_address
from mockserver.cli.recording import MASKED, RecordedCall, read_recording
from mockserver.cli.session_ids import SessionIds
from mockserver.errors import ControlFailed, InvalidInput
from mockserver.wire.codec import decode, encode

__all__ = ["Answer", "Replayed", "add_arguments", "pauses", "replay", "run"]

_TIMEOUT_S = 60
_STALE_S = 15
"""After such a pause a server may have closed the connection; a new one is made, so that this is not taken for a
fault."""

_LONGEST_REASON = 200
_OWN_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Header fields that belong to a connection and not to a request (RFC 9110, 7.6.1), or follow from the request."""

_EPILOG = """\
FILE is a journal (--export-on-exit, or /__admin/export), or lines of
{"t": seconds, "method": ..., "path": ..., "headers": {...}, "body": "...", "status": ...}.
Session ids of the recording are replaced by those that the server gives.

exit codes: 0 all statuses are as recorded, 1 some differ, 2 file or server cannot be used

examples:
  mockserver replay journal.ndjson --to http://127.0.0.1:8089
  mockserver replay journal.ndjson --to http://127.0.0.1:8089 --speed max
  mockserver replay journal.ndjson --to http://127.0.0.1:8089/ns/again --speed 10 --json
"""


class Answer(msgspec.Struct, frozen=True):
    """What a server answered.

    Args:
        status: The status; None without a whole answer.
        location: The ``Location`` header.
        reason: Why, in the server's words, if it refused, or how the connection ended.
    """

    status: int | None
    location: str = ""
    reason: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """A request that was sent again, and what came of it this time."""

    call: RecordedCall
    path: str
    answer: Answer

    @property
    def same(self) -> bool:
        """Whether the status is as recorded."""
        return self.call.status == self.answer.status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser of the command its arguments."""
    parser.description = "Send recorded requests to a server again and compare the statuses of its answers."
    parser.epilog = _EPILOG
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument("--to", metavar="URL", required=True, help="address of the server")
    parser.add_argument(
        "--speed", metavar="N", default="1", help="N times as fast as recorded; max: without waiting (default: 1)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")


def run(arguments: argparse.Namespace) -> int:
    """Replay a recording.

    Returns:
        0 when all statuses are as recorded, otherwise 1.

    Raises:
        InvalidInput: Arguments or file cannot be used, or the server cannot be reached.
    """
    speed = speed_of(arguments.speed)
    address = server_address(arguments.to)
    calls = read_recording(Path(arguments.file))
    waits = pauses(calls, speed, time.monotonic)
    send = _Sender(address, insecure=arguments.insecure)
    pause = threading.Event().wait
    different: list[Replayed] = []
    try:
        for replayed in replay(calls, send, address.path, lambda: pause(next(waits))):
            if not replayed.same:
                different.append(replayed)
                if not arguments.json:
                    print(_line(replayed), flush=True)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    finally:
        send.close()
    if arguments.json:
        print(encode(_result(len(calls), different)).decode())
    else:
        print(f"{len(calls)} requests: {len(calls) - len(different)} same, {len(different)} different")
    return 1 if different else 0


def replay(
    calls: Iterable[RecordedCall],
    send: Callable[[RecordedCall, str], Answer],
    prefix: str = "",
    wait: Callable[[], object] = lambda: None,
) -> Iterator[Replayed]:
    """Send recorded requests, with the session ids that the server gives.

    Args:
        calls: The recording.
        send: Sends one of them to a path.
        prefix: What comes before the paths on that server.
        wait: Called before each; returns when its time has come.
    """
    ids = SessionIds()
    for call in calls:
        path = prefix + ids.translate(call)
        wait()
        answer = send(call, path)
        ids.learn(call, answer.status, answer.location)
        yield Replayed(call, path, answer)


def speed_of(text: str) -> float:
    """Read a factor; infinity for no waiting.

    Raises:
        InvalidInput: It is neither a number more than 0 nor ``max``.
    """
    try:
        speed = float("inf" if text == "max" else text)
    except ValueError:
        speed = 0
    if not speed > 0:
        raise InvalidInput(f"--speed must be a number more than 0, or max; not {text!r}")
    return speed


def pauses(calls: Iterable[RecordedCall], speed: float, monotonic_s: Callable[[], float]) -> Iterator[float]:
    """Give for each request how long to wait before it, in seconds, whatever time the others took.

    A recording whose clock was set back goes on from there without waiting.
    """
    began_s, due_s, last_s = monotonic_s(), 0.0, None
    for call in calls:
        due_s += 0 if last_s is None else max(0.0, call.at_s - last_s) / speed
        last_s = call.at_s
        yield max(0.0, began_s + due_s - monotonic_s())


class _Sender:
    """Sends requests over one connection, made anew when the server ended it."""

    def __init__(self, address: ServerAddress, *, insecure: bool) -> None:
        self._address = address
        self._connection = address.connection(_TIMEOUT_S, insecure=insecure)
        self._used_s = 0.0

    def __call__(self, call: RecordedCall, path: str) -> Answer:
        """Send a request.

        Raises:
            ControlFailed: No connection can be made.
        """
        connection = self._connection
        if connection.sock is not None and time.monotonic() - self._used_s > _STALE_S:
            connection.close()
        if connection.sock is None:
            self._address.open(connection)
        try:
            connection.putrequest(call.method, path, skip_accept_encoding=True)
            for name, value in _sent_headers(call):
                connection.putheader(name, _header_bytes(value))
            if call.body or call.method not in ("GET", "HEAD", "OPTIONS"):
                connection.putheader("Content-Length", str(len(call.body)))
            connection.endheaders(call.body or None)
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            return Answer(None, reason=str(error) or type(error).__name__)
        self._used_s = time.monotonic()
        return Answer(response.status, response.getheader("Location", ""), _reason(response, body))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _sent_headers(call: RecordedCall) -> Iterator[tuple[str, str]]:
    named = {
        part.strip().lower()
        for name, value in call.headers
        if name.lower() == "connection"
        for part in value.split(",")
    }
    for name, value in call.headers:
        if name.lower() not in _OWN_HEADERS | named and value != MASKED:
            yield name, value


def _header_bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _reason(response: HTTPResponse, body: bytes) -> str:
    if response.status < 400:
        return ""
    try:
        message = decode(body, dict[str, Any]).get("message")
    except InvalidInput:
        return ""
    return message[:_LONGEST_REASON] if isinstance(message, str) else ""


def _line(replayed: Replayed) -> str:
    call, answer = replayed.call, replayed.answer
    what = f" ({call.what})" if call.what else ""
    reason = f": {answer.reason}" if answer.reason else ""
    return (
        f"line {call.line}: {call.method} {replayed.path}{what}: recorded {_status(call.status)}, "
        f"now {_status(answer.status)}{reason}"
    )


def _status(status: int | None) -> str:
    return "no answer" if status is None else str(status)


def _result(requests: int, different: list[Replayed]) -> dict[str, Any]:
    return {
        "requests": requests,
        "same": requests - len(different),
        "different": len(different),
        "differences": [
            {
                "line": replayed.call.line,
                "method": replayed.call.method,
                "path": replayed.path,
                "event_type": replayed.call.what,
                "recorded": replayed.call.status,
                "status": replayed.answer.status,
                "reason": replayed.answer.reason,
            }
            for replayed in different
        ],
    }
