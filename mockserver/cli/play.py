"""``mockserver play``: play simulated sessions, so that there is something to see before the player is ready."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial

from mockserver.cli.pacing import parsed_speed
from mockserver.cli.remote import add_trust_arguments, reach, trusted_address
from mockserver.cli.terminal import Progress
from mockserver.clock import RealTime
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import ControlFailed, InvalidInput, known_name
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.player import Sent, SimulatedPlayer, start_of
from mockserver.simulation.script import Beat, write_script

__all__ = ["add_arguments", "run"]

_EPILOG = """\
A session that is played faster than real time begins in the past and ends now: its ts stay one second per second, since
Adobe computes all durations from them.

content:
{contents}

flaws:
{flaws}

exit codes: 0 all events were accepted, 1 some were not, 2 arguments or server cannot be used

examples:
  mockserver play --to http://127.0.0.1:8089 --speed max
  mockserver play --to http://127.0.0.1:8089 --speed 10 --flaw no-play-after-pause
  mockserver play --to http://127.0.0.1:8089/ns/demo --content live --sessions 3 --seed 7
  mockserver play --to http://127.0.0.1:8089 --speed max --dialect edge
  mockserver play --to http://127.0.0.1:8089 --concurrent 20 --speed 10
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Play simulated sessions against a server."
    width = max(map(len, FLAWS))
    parser.epilog = _EPILOG.format(
        contents="\n".join(f"  {name:{width}}  {text}" for name, text in CONTENTS.items()),
        flaws="\n".join(f"  {name:{width}}  {flaw.__doc__}" for name, flaw in FLAWS.items()),
    )
    parser.add_argument("--to", metavar="URL", required=True, help="address of the server")
    parser.add_argument(
        "--content",
        type=partial(known_name, names=CONTENTS, what="content"),
        default="vod",
        metavar="NAME",
        help="what to play, see the list below (default: vod)",
    )
    parser.add_argument("--live", dest="content", action="store_const", const="live", help="the same as --content live")
    parser.add_argument(
        "--dialect",
        type=partial(known_name, names=DIALECTS.names, what="dialect"),
        default=DIALECTS.default.name,
        metavar="NAME",
        help="the API to report to: collection, the Media Collection API, or edge, the Media Edge API "
        "(default: collection)",
    )
    parser.add_argument(
        "--flaw",
        type=partial(known_name, names=FLAWS, what="flaw"),
        metavar="NAME",
        help="make this mistake, see the list below",
    )
    parser.add_argument(
        "--sessions", type=int, metavar="N", help="play N sessions (default: 1, or as many as --concurrent)"
    )
    parser.add_argument(
        "--concurrent", type=int, default=1, metavar="N", help="play up to N sessions at once (default: 1, one by one)"
    )
    parser.add_argument(
        "--speed", metavar="N", default="1", help="N times as fast as real time; max: without waiting (default: 1)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed plays the same sessions")
    add_trust_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play sessions.

    Returns:
        0 if all events were accepted, otherwise 1.

    Raises:
        InvalidInput: The arguments cannot be used, or the server cannot be reached.
    """
    speed = parsed_speed(arguments.speed)
    for flag, number in (("--sessions", arguments.sessions), ("--concurrent", arguments.concurrent)):
        if number is not None and number < 1:
            raise InvalidInput(f"{flag} must be 1 or more, not {number}")
    address = trusted_address(arguments.to, arguments)
    reach(address)
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    sessions = arguments.concurrent if arguments.sessions is None else arguments.sessions
    scripts = [_script(arguments, seed + number) for number in range(sessions)]
    events = sum(len(beats) for _, beats in scripts)
    printer = _Printer(sessions, events, is_several=arguments.concurrent > 1)
    players: list[SimulatedPlayer] = []

    def play(number: int) -> None:
        title, beats = scripts[number]
        printer.begin(number + 1, f"{title} (seed {seed + number})")
        pace = None if speed == float("inf") else speed
        player = SimulatedPlayer(arguments.to, DIALECTS.named(arguments.dialect), trust=address.trust)
        players.append(player)
        start_ms = start_of(beats, RealTime().epoch_ms(), speed=pace)
        player.play(beats, start_ms=start_ms, speed=pace, sent=printer.of(number + 1))

    def stop() -> None:
        for player in players:
            player.stop()

    try:
        _play_all(play, stop, sessions, arguments.concurrent)
    except ControlFailed as error:
        raise InvalidInput(str(error)) from None
    finally:
        printer.progress.clear()
    return 1 if printer.refused else 0


def _play_all(play: Callable[[int], None], stop: Callable[[], None], sessions: int, concurrent: int) -> None:
    """Play sessions.

    Args:
        play: Plays one to its end, by its number from 0.
        stop: Stops those that are playing.
        sessions: How many to play.
        concurrent: How many to play at once.
    """
    if concurrent == 1:
        for number in range(sessions):
            play(number)
        return
    with ThreadPoolExecutor(concurrent) as pool:
        try:
            playing = [pool.submit(play, number) for number in range(sessions)]
            for ended in wait(playing, return_when=FIRST_EXCEPTION).done:
                ended.result()
        except BaseException:  # Ctrl-C too: do not wait for the sessions to end
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise


class _Printer:
    """Prints what is played, line by line.

    Args:
        sessions: How many sessions there are.
        events: How many events they have together.
        is_several: Whether several are played at once, so that every line must name its session.
    """

    def __init__(self, sessions: int, events: int, *, is_several: bool) -> None:
        self._width = len(str(sessions)) if is_several else 0
        self._events = events
        self._sent = 0
        self._lock = threading.Lock()
        self.progress = Progress(sys.stderr, time.monotonic)
        self.refused = 0

    def begin(self, number: int, text: str) -> None:
        """Print that a session begins."""
        with self._lock:
            self.progress.clear()
            print(f"session {number}: {text}", flush=True)

    def of(self, number: int) -> Callable[[Sent], None]:
        """Return a function that prints the events of one session."""
        which = f"{number:{self._width}}  " if self._width else ""

        def show(sent: Sent) -> None:
            beat = sent.beat
            status = "no answer" if sent.status is None else str(sent.status)
            with self._lock:
                self.refused += sent.status not in (200, 201, 204)
                self._sent += 1
                self.progress.clear()
                print(
                    f"{which}{beat.at_ms / 1000:9.3f} s  {beat.event_type:<16} @{beat.playhead_s:<9.1f} {status}",
                    flush=True,
                )
                self.progress.show(f"{self._sent} of {self._events} events sent, {self.refused} not accepted")

        return show


def _script(arguments: argparse.Namespace, seed: int) -> tuple[str, list[Beat]]:
    content = make_content(seed, kind=arguments.content)
    try:
        beats = apply_flaw(arguments.flaw, write_script(content, seed))
    except InvalidInput as error:
        raise InvalidInput(f"--flaw: {error}") from None
    return content.params["media.name"], beats
