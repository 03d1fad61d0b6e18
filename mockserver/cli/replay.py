"""``mockserver replay``: send recorded requests to a server again, and compare its answers with the recorded ones."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from typing import Any

import msgspec

from mockserver.address import ServerAddress
from mockserver.cli.flags import add_file
from mockserver.cli.flight import Replayed
from mockserver.cli.in_flight import GRACE_S, InFlight, places_for
from mockserver.cli.pacing import as_sent, one_by_one, parsed_speed, recorded_pace
from mockserver.cli.remote import add_remote_arguments, reach, remote_server, trusted_address
from mockserver.cli.replayed_answer import Deviation, compare
from mockserver.cli.session_ids import SessionIds
from mockserver.cli.terminal import Progress
from mockserver.errors import ControlFailed, InvalidInput
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.recording import Recording, read_recording
from mockserver.wire.codec import encode

__all__ = ["add_arguments", "run"]

_TIMEOUT_S = 60
_LONGEST_TIMEOUT_S = 86_400

_EPILOG = """\
FILE is a journal (--export-on-exit, or /__admin/export), or has one request per line:
{"t": seconds, "method": ..., "path": ..., "headers": {...}, "body": "...", "status": ...}.
The requests of a journal are sent in the order and at the times at which the server received them, even those that a
delay held back. Session ids of the recording are replaced by those of the server.

--clock real sends each request at its time, even while earlier ones wait for their answers: up to 32 at a time, plus as
many as a delay held back together. An event that needs the session id of an outstanding answer waits for it.
--speed max sends one request after the other, because a recording does not say which requests overlapped.
--clock virtual freezes the clock of the server, sets it to the time of each request before sending it, and restores the
clock at the end. Requests that a fault holds back stay in flight while the clock moves on.

The comparison covers status, ending of the connection, header fields of the API and body, as far as FILE has them: a
journal has all, other lines only the status. If the recorded client left without an answer, no answer now
counts as the same.
A server with the same --seed and --faults injects the same faults into the same requests in the same order: use
--clock virtual, or --speed max if no delay let requests overtake each other.

exit codes: 0 all answers are as recorded, 1 some differ, 2 file or server cannot be used

examples:
  mockserver replay journal.ndjson --to http://127.0.0.1:8089
  mockserver replay journal.ndjson --to http://127.0.0.1:8089 --clock virtual
  mockserver replay recording.ndjson --to http://127.0.0.1:8089 --speed max --status-only
  mockserver replay journal.ndjson --to http://127.0.0.1:8089/ns/again --speed 10 --json
"""


class _Different(msgspec.Struct, frozen=True):
    """A request whose answer differs from the recording."""

    replayed: Replayed
    differences: tuple[Deviation, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Send recorded requests to a server again and compare its answers."
    parser.epilog = _EPILOG
    add_file(parser, "file", metavar="FILE", help="the recording, or - for stdin")
    parser.add_argument("--to", metavar="URL", required=True, help="address of the server")
    parser.add_argument("--speed", metavar="N", help="N times as fast as recorded; max: without waiting (default: 1)")
    parser.add_argument(
        "--clock",
        choices=("real", "virtual"),
        default="real",
        help="replay in real time, or on the emulated clock of the server (default: real)",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=float,
        help=f"with --clock real: how long to wait for an answer (default: {_TIMEOUT_S})",
    )
    parser.add_argument("--status-only", action="store_true", help="compare only the statuses")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")
    parser.add_argument("--admin", metavar="URL", help="address of the admin API, if it has its own")
    add_remote_arguments(parser)


def run(arguments: argparse.Namespace, *, grace_s: float = GRACE_S) -> int:
    """Replay a recording.

    Args:
        arguments: The arguments of the command.
        grace_s: How long to wait at the end for answers that the recorded client did not wait for.

    Returns:
        0 if all answers are as recorded, otherwise 1.

    Raises:
        InvalidInput: Arguments or file cannot be used, or the server cannot be reached.
    """
    is_virtual = arguments.clock == "virtual"
    speed = parsed_speed("1" if arguments.speed is None else arguments.speed)
    _check(arguments, is_virtual=is_virtual)
    address = trusted_address(arguments.to, arguments)
    recording = read_recording(arguments.file)
    calls = as_sent(recording.calls, recording.name)
    timeout_s = None if is_virtual else _TIMEOUT_S if arguments.timeout is None else arguments.timeout
    places = places_for(calls)
    ids = SessionIds()
    different: list[_Different] = []
    progress = Progress(sys.stderr, time.monotonic)
    answers = itertools.count(1)

    def answered(replayed: Replayed) -> None:
        found = compare(replayed.call, replayed.answer, ids.translate_text, status_only=arguments.status_only)
        if found:
            different.append(_Different(replayed, found))
            if not arguments.json:
                progress.clear()
                print(_line(different[-1], recording), flush=True)
        progress.show(f"{next(answers)} of {len(calls)} requests answered, {len(different)} different")

    if recording.note:
        print(recording.note, file=sys.stderr)
    reach(address)
    try:
        in_flight = InFlight(address, ids, places, timeout_s, answered, grace_s)
        asyncio.run(_play(arguments, calls, in_flight, speed, address))
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    finally:
        progress.clear()
    if arguments.json:
        print(encode(_result(len(calls), different)).decode())
    else:
        print(f"{len(calls)} requests: {len(calls) - len(different)} same, {len(different)} different")
    return 1 if different else 0


def _check(arguments: argparse.Namespace, *, is_virtual: bool) -> None:
    """Refuse options that are for the other clock.

    Raises:
        InvalidInput: One of them was given.
    """
    if is_virtual and arguments.speed not in (None, "max"):
        raise InvalidInput("--speed is for --clock real; a replay on the virtual clock never waits")
    if is_virtual and arguments.timeout is not None:
        raise InvalidInput("--timeout is for --clock real; on a frozen clock an answer may have to wait for the clock")
    if not is_virtual and arguments.admin is not None:
        raise InvalidInput("--admin is for --clock virtual")
    if arguments.timeout is not None and not 0 < arguments.timeout <= _LONGEST_TIMEOUT_S:
        raise InvalidInput(
            f"--timeout must be more than 0 and at most {_LONGEST_TIMEOUT_S} s, not {arguments.timeout:g}"
        )


async def _play(
    arguments: argparse.Namespace, calls: list[RecordedCall], in_flight: InFlight, speed: float, address: ServerAddress
) -> None:
    async with in_flight:
        if arguments.clock == "virtual":
            from mockserver.cli.virtual_time import VirtualClock, on_virtual_clock

            clock = VirtualClock(remote_server(arguments.admin or address.url, arguments).control, time.monotonic)
            with clock.frozen():
                await on_virtual_clock(calls, in_flight, clock)
        elif speed == float("inf"):
            await one_by_one(calls, in_flight)
        else:
            await recorded_pace(calls, in_flight, speed, time.monotonic)


def _line(different: _Different, recording: Recording) -> str:
    replayed = different.replayed
    call, answer = replayed.call, replayed.answer
    what = f" ({call.what})" if call.what else ""
    differences = "; ".join(map(str, different.differences))
    reason = f": {answer.reason}" if answer.reason and different.differences[0].of in ("status", "ending") else ""
    return f"{recording.unit} {call.line}: {call.method} {replayed.path}{what}: {differences}{reason}"


def _result(requests: int, different: list[_Different]) -> dict[str, Any]:
    return {
        "requests": requests,
        "same": requests - len(different),
        "different": len(different),
        "differences": [_entry(found) for found in sorted(different, key=lambda found: found.replayed.call.line)],
    }


def _entry(different: _Different) -> dict[str, Any]:
    replayed = different.replayed
    return {
        "line": replayed.call.line,
        "method": replayed.call.method,
        "path": replayed.path,
        "event_type": replayed.call.what,
        "recorded": replayed.call.status,
        "status": replayed.answer.status,
        "reason": replayed.answer.reason,
        "details": different.differences,
    }
