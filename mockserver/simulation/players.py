"""Simulated players that play at the same time, each in its own thread, against the server that started them."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Mapping, Sequence
from itertools import count

from msgspec.structs import replace

from mockserver.address import namespaced, trusting_anyone
from mockserver.clock import Clock
from mockserver.errors import ControlFailed, InvalidInput, NotFound, Refused
from mockserver.model.player import PlayerCommand, PlayerView
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.player import Sent, SimulatedPlayer, Voice, start_of
from mockserver.simulation.script import Beat, write_script

__all__ = ["MOST_PLAYERS", "Players"]

MOST_PLAYERS = 50
"""How many players can play at once, and how many that have ended are remembered."""

_STOP_S = 2.0
_MOST_SEED = 2**32 - 1
"""Seeds have 32 bits: short enough to write down, and exact in every language."""


class _Run:
    """One player and its thread."""

    def __init__(self, namespace: str, view: PlayerView, beats: Sequence[Beat], voice: Voice) -> None:
        self.namespace = namespace
        self._voice = voice
        self.view = view
        self._beats = beats
        self._player: SimulatedPlayer | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_over(self) -> bool:
        return self.view.state != "running"

    def start(self, url: str, clock: Clock) -> None:
        self._player = SimulatedPlayer(url, self._voice, trust=trusting_anyone())
        self._thread = threading.Thread(target=self._play, args=(self._player, clock), daemon=True)
        self._thread.name = f"mockserver-player-{self.view.id}"
        self._thread.start()

    def stop(self) -> None:
        """Make it stop sending; :meth:`join` waits until it has ended."""
        if not self.is_over and self._player is not None:
            self._player.stop()

    def join(self) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)
        if not self.is_over:
            self.view = replace(self.view, state="stopped")

    def _play(self, player: SimulatedPlayer, clock: Clock) -> None:
        speed = None if self.view.speed == "max" else self.view.speed
        hands = clock.state()
        rate = 0 if hands.frozen else hands.rate
        error: str | None = None
        try:
            start_ms = start_of(self._beats, hands.now_ms, speed=speed, rate=rate)
            player.play(self._beats, start_ms=start_ms, speed=speed, sent=self._sent)
            if not self.view.session_ids and not player.is_stopped:
                error = f"sessionStart was answered {self.view.last_status}"
        except ControlFailed as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - the view of the player reports it; the server goes on
            error = f"{type(failure).__name__}: {failure}"
        over = "stopped" if player.is_stopped else "done" if error is None else "failed"
        self.view = replace(self.view, state=over, error=None if player.is_stopped else error)

    def _sent(self, sent: Sent) -> None:
        before = self.view
        sid = sent.session
        known = before.session_ids if not sid or sid in before.session_ids else (*before.session_ids, sid)
        self.view = replace(
            before,
            session_ids=known,
            events=before.events + 1,
            refused=before.refused + (sent.status not in (200, 201, 204)),
            last_event=sent.beat.event_type,
            last_status=sent.status,
        )


class Players:
    """The simulated players of a server, by namespace. All methods may be called from any thread.

    They play over HTTP, so faults hit them as they hit any client. Stopping one blocks for a moment: do not do
    it on the event loop that answers them.

    Args:
        voices: The APIs in which they can report, by name.
    """

    def __init__(self, voices: Mapping[str, Voice]) -> None:
        self._voices = voices
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._ids = count(1)
        self._url: str | None = None
        self._is_closed = False

    def open(self, url: str) -> None:
        """Allow players to be started from now on.

        Args:
            url: The server's address, as reachable from this machine.
        """
        self._url = url

    def close(self) -> None:
        """Stop all players and refuse new ones, because the server stops."""
        self._url = None
        self._is_closed = True
        self.clear(None)

    def __len__(self) -> int:
        return sum(not run.is_over for run in self._all())

    def views(self, namespace: str) -> list[PlayerView]:
        """Return the players of a namespace, the oldest first."""
        return [run.view for run in self._all() if run.namespace == namespace]

    def add(self, namespace: str, command: PlayerCommand, clock: Clock) -> list[PlayerView]:
        """Start players.

        Args:
            namespace: The namespace they report to.
            clock: Its clock.

        Returns:
            The new players in their initial state.

        Raises:
            InvalidInput: The command cannot be used, or the server has no address of its own or is stopped (409).
            Refused: Too many are playing already.
        """
        _check(command, tuple(self._voices))
        url = self._reachable()
        seed = secrets.randbelow(_MOST_SEED + 1) if command.seed is None else command.seed
        scripts = [_script(command, seed + number) for number in range(command.count)]
        with self._lock:
            playing = sum(not run.is_over for run in self._runs.values())
            if playing + command.count > MOST_PLAYERS:
                raise Refused(f"{playing} players are playing, and at most {MOST_PLAYERS} can at once; stop some first")
            runs = []
            for number, (title, beats) in enumerate(scripts):
                view = PlayerView(
                    id=f"p{next(self._ids)}", content=command.content, title=title, flaw=command.flaw,
                    seed=seed + number, speed=command.speed, dialect=command.dialect,
                )  # fmt: skip
                runs.append(_Run(namespace, view, beats, self._voices[command.dialect]))
            self._runs.update((run.view.id, run) for run in runs)
            over = [player_id for player_id, run in self._runs.items() if run.is_over]
            for player_id in over[:-MOST_PLAYERS]:
                del self._runs[player_id]
            views = [run.view for run in runs]
            for run in runs:
                run.start(namespaced(url, namespace), clock)
        return views

    def _reachable(self) -> str:
        """Return the address of the server; refuse if it has none."""
        if self._url is not None:
            return self._url
        if self._is_closed:
            raise InvalidInput("this server is stopped, so no player can reach it", status=409)
        raise InvalidInput(
            "this server does not listen by itself (it is embedded in an application), so no player can reach "
            "it; use mockserver play --to URL",
            status=409,
        )

    def stop(self, namespace: str, player_id: str) -> PlayerView:
        """Stop a player where it is; one that has already ended is left unchanged.

        Raises:
            NotFound: There is no such player.
        """
        run = self._runs.get(player_id)
        if run is None or run.namespace != namespace:
            raise NotFound(f"there is no player {player_id[:50]!r}")
        _stop([run])
        return run.view

    def clear(self, namespace: str | None) -> None:
        """Stop and forget all players of a namespace; None means every namespace."""
        with self._lock:
            runs = [run for run in self._runs.values() if namespace in (None, run.namespace)]
            for run in runs:
                del self._runs[run.view.id]
        _stop(runs)

    def _all(self) -> list[_Run]:
        with self._lock:
            return list(self._runs.values())


def _stop(runs: Sequence[_Run]) -> None:
    for run in runs:
        run.stop()
    for run in runs:
        run.join()


def _script(command: PlayerCommand, seed: int) -> tuple[str, list[Beat]]:
    content = make_content(seed, kind=command.content)
    return content.params["media.name"], apply_flaw(command.flaw, write_script(content, seed))


def _check(command: PlayerCommand, dialects: tuple[str, ...]) -> None:
    checks = (
        ("count", 1 <= command.count <= MOST_PLAYERS, f"1 to {MOST_PLAYERS}"),
        ("content", command.content in CONTENTS, f"one of {', '.join(CONTENTS)}"),
        ("dialect", command.dialect in dialects, f"one of {', '.join(dialects)}"),
        ("flaw", command.flaw is None or command.flaw in FLAWS, f"one of {', '.join(FLAWS)}"),
        ("speed", _can_be_speed(command.speed), "a number more than 0, or max"),
        ("seed", command.seed is None or 0 <= command.seed <= _MOST_SEED, f"0 to {_MOST_SEED}"),
    )
    for name, holds, wanted in checks:
        if not holds:
            given = getattr(command, name)
            text = f"{given:g}" if isinstance(given, float) else str(given)[:50]
            raise InvalidInput(f"{name} must be {wanted}, not {text}", pointer=f"/{name}")


def _can_be_speed(speed: float | str) -> bool:
    return speed == "max" if isinstance(speed, str) else speed > 0 and math.isfinite(speed)
