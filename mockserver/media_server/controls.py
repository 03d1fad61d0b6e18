"""What a test controls on a server: its clock, its fault rules and its simulated players."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, below
from mockserver.model import results as r
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.fault_kind import Fault
from mockserver.model.player import PlayerCommand, PlayerView
from mockserver.model.query import MAX_LIMIT
from mockserver.wire.codec import convert, encode, to_builtins

__all__ = ["FaultHandle", "FaultSet", "PlayerSet", "ServerClock", "brief", "fault_specs"]


class _Part:
    """A part of a server, which the control reaches."""

    def __init__(self, control: Control) -> None:
        self._control = control


class ServerClock(_Part):
    """The emulated clock of a server."""

    @property
    def now_ms(self) -> int:
        """The emulated time in milliseconds since the epoch."""
        return self._control.call(c.CLOCK, None).now_ms

    @property
    def frozen(self) -> bool:
        """Whether the clock is frozen."""
        return self._control.call(c.CLOCK, None).frozen

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0, ms: float = 0) -> r.ClockReading:
        """Move the clock forward by the sum of the arguments."""
        total_ms = _whole(hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + ms, "ms")
        return self._command("advance", ms=total_ms)

    def freeze(self) -> r.ClockReading:
        """Stop the clock."""
        return self._command("freeze")

    def resume(self) -> r.ClockReading:
        """Let a frozen clock run again."""
        return self._command("resume")

    def set(self, at_ms: float) -> r.ClockReading:
        """Set the clock to a time in milliseconds since the epoch, which may be in the past."""
        return self._command("set", at_ms=_whole(at_ms, "at_ms"))

    def rate(self, rate: float) -> r.ClockReading:
        """Set the speed: emulated seconds per real second."""
        return self._command("rate", rate=rate)

    def follow_ts(self) -> r.ClockReading:
        """Make the clock jump forward to the ``ts`` of every accepted event, for players with fast or fake timers."""
        return self._command("follow_ts")

    def reset(self) -> r.ClockReading:
        """Go back to real time."""
        return self._command("reset")

    def _command(self, action: str, **members: float) -> r.ClockReading:
        command = convert({"action": action, **members}, r.ClockCommand)
        return self._control.call(c.SET_CLOCK, command)


def _whole(ms: float, name: str) -> int:
    if not math.isfinite(ms):
        raise InvalidInput(f"{name} must be a number of milliseconds, not {ms}", pointer=f"/{name}")
    return round(ms)


class FaultHandle:
    """A fault rule in force.

    Args:
        rule: The rule as created.
    """

    def __init__(self, control: Control, rule: FaultRule) -> None:
        self._control = control
        self.id = rule.id

    def __repr__(self) -> str:
        return f"<FaultHandle {self.id}>"

    @property
    def rule(self) -> FaultRule:
        """The rule with its current counters."""
        return self._control.call(c.FAULT, None, fault_id=self.id)

    @property
    def seen(self) -> int:
        """The number of requests that matched so far."""
        return self.rule.seen

    @property
    def applied(self) -> int:
        """The number of requests that the fault was applied to so far."""
        return self.rule.applied

    def remove(self) -> None:
        """Remove the rule."""
        self._control.call(c.DELETE_FAULT, None, fault_id=self.id)


class FaultSet(_Part):
    """The fault rules of a server."""

    def add(self, fault: Mapping[str, Any] | Fault | FaultSpec, **members: Any) -> FaultHandle:
        """Add a rule.

        Args:
            fault: The fault, for example ``{"kind": "status", "code": 500}``; or a whole rule.
            **members: The other members of a rule: ``when stage name skip times every probability ttl_ms enabled``.

        Raises:
            InvalidInput: The rule is not valid.
        """
        if isinstance(fault, FaultSpec):
            rule = {**to_builtins(fault), **to_builtins(members)}
        else:
            rule = to_builtins({"fault": fault, **members})
        return FaultHandle(self._control, self._control.call(c.ADD_FAULT, convert(rule, FaultSpec)))

    def list(self) -> list[FaultRule]:
        """Return all rules with their counters."""
        return self._control.call(c.FAULTS, c.PageQuery(limit=MAX_LIMIT)).faults

    def clear(self) -> None:
        """Remove all rules."""
        self._control.call(c.DELETE_FAULTS, None)

    def unfired(self) -> Sequence[FaultRule]:
        """Return the rules that should have been applied by now and never were.

        Disabled rules are left out, and so are rules with a probability below 1 that matched a request.
        """
        return [
            rule
            for rule in self.list()
            if rule.enabled and rule.applied == 0 and rule.times != 0 and rule.probability > 0
            if rule.seen == 0 or rule.probability == 1
        ]


def brief(rule: FaultRule) -> str:
    """Return a fault rule in a few words: its name, or what it does to which requests."""
    kind, when = rule.fault.__struct_config__.tag, encode(rule.when).decode()
    called = rule.name or (kind if when == "{}" else f"{kind} when {when}")
    return f"{rule.id} {called} (seen {rule.seen})"


def fault_specs(rules: Iterable[Mapping[str, Any] | FaultSpec]) -> Sequence[FaultSpec]:
    """Parse the rules that a server starts with.

    Raises:
        InvalidInput: A rule is not valid, or ``rules`` is not a list.
    """
    if isinstance(rules, (str, Mapping, FaultSpec)):
        raise InvalidInput("faults must be a list of rules, even if there is only one", pointer="/faults")
    with below("/faults"):
        return convert([to_builtins(rule) for rule in rules], tuple[FaultSpec, ...])


class PlayerSet(_Part):
    """The simulated players of a server."""

    def start(self, **members: Any) -> list[PlayerView]:
        """Start players that play against the server over HTTP.

        Args:
            **members: The members of a :class:`~mockserver.model.player.PlayerCommand`: ``count content flaw speed
                seed``. By default, one correct player plays a film at normal speed.

        Returns:
            The new players.

        Raises:
            InvalidInput: The arguments are not valid, or the server does not listen on an address.
            Refused: Too many players are playing.
        """
        return self._control.call(c.ADD_PLAYERS, convert(members, PlayerCommand)).players

    def list(self) -> list[PlayerView]:
        """Return the players, playing or finished, oldest first."""
        return self._control.call(c.PLAYERS, None).players

    def stop(self, player_id: str) -> PlayerView:
        """Stop a player.

        Raises:
            NotFound: There is no player with that id.
        """
        return self._control.call(c.STOP_PLAYER, None, player_id=player_id)

    def clear(self) -> None:
        """Stop and forget all players."""
        self._control.call(c.STOP_PLAYERS, None)
