"""``mockserver play``: simulated sessions, so that there is something to look at before the player is ready."""

from __future__ import annotations

import argparse
import secrets
import threading

from mockserver.address import ServerAddress, server_address
from mockserver.cli.pacing import speed_of
from mockserver.clock import RealTime
from mockserver.errors import ControlFailed, InvalidInput
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.player import Sent, SimulatedPlayer

__all__ = ["add_arguments", "run"]

_CONNECT_S = 5.0

_EPILOG = """\
Content on demand is two minutes long and has ads, chapters, a pause and a buffer; live content is left after a minute
and a half. With --speed max the session lies in the past and ends now.

flaws:
{flaws}

exit codes: 0 everything was accepted, 1 something was not, 2 arguments or server cannot be used

examples:
  mockserver play --to http://127.0.0.1:8089 --speed max
  mockserver play --to http://127.0.0.1:8089 --speed 10 --flaw no-play-after-pause
  mockserver play --to http://127.0.0.1:8089/ns/demo --live --sessions 3 --seed 7
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser of the command its arguments."""
    parser.description = "Play simulated sessions against a server, this one or any other."
    width = max(map(len, FLAWS))
    parser.epilog = _EPILOG.format(flaws="\n".join(f"  {name:{width}}  {flaw.__doc__}" for name, flaw in FLAWS.items()))
    parser.add_argument("--to", metavar="URL", required=True, help="address of the server")
    parser.add_argument("--live", action="store_true", help="play live content")
    parser.add_argument("--flaw", choices=tuple(FLAWS), metavar="NAME", help="play like a broken player, see below")
    parser.add_argument("--sessions", type=int, default=1, metavar="N", help="play N sessions, one by one (default: 1)")
    parser.add_argument(
        "--speed", metavar="N", default="1", help="N times as fast as life; max: without waiting (default: 1)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed plays the same sessions")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")


def run(arguments: argparse.Namespace) -> int:
    """Play.

    Returns:
        0 when everything was accepted, otherwise 1.

    Raises:
        InvalidInput: The arguments cannot be used, or the server cannot be reached.
    """
    from mockserver.simulation.content import make_content
    from mockserver.simulation.script import write_script

    speed = speed_of(arguments.speed)
    _reach(server_address(arguments.to), insecure=arguments.insecure)
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    player = SimulatedPlayer(
        arguments.to, lambda seconds: threading.Event().wait(seconds), verify_tls=not arguments.insecure
    )
    refused = 0

    def told(sent: Sent) -> None:
        nonlocal refused
        refused += sent.status not in (201, 204)
        status = "no answer" if sent.status is None else str(sent.status)
        at_s = sent.beat.at_ms / 1000
        print(f"{at_s:9.3f} s  {sent.beat.event_type:<16} @{sent.beat.playhead_s:<9.1f} {status}", flush=True)

    for number in range(arguments.sessions):
        content = make_content(seed + number, live=arguments.live)
        beats = apply_flaw(arguments.flaw, write_script(content, seed + number))
        print(f"session {number + 1}: {content.params['media.name']} (seed {seed + number})", flush=True)
        without_waiting = speed == float("inf")
        start_ms = RealTime().epoch_ms() - (beats[-1].at_ms if without_waiting else 0)
        try:
            player.play(beats, start_ms=start_ms, speed=None if without_waiting else speed, sent=told)
        except ControlFailed as error:
            raise InvalidInput(str(error)) from None
    return 1 if refused else 0


def _reach(address: ServerAddress, *, insecure: bool) -> None:
    connection = address.connection(_CONNECT_S, insecure=insecure)
    try:
        address.open(connection)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    finally:
        connection.close()
