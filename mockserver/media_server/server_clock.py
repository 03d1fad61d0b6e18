"""The clock of a server, for tests."""

from __future__ import annotations

import math

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput
from mockserver.model import results as r
from mockserver.wire.codec import convert

__all__ = ["ServerClock"]


class ServerClock:
    """The emulated clock of a server.

    Args:
        control: The control of the server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

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
        command: r.ClockCommand = convert({"action": action, **members}, r.ClockCommand)
        return self._control.call(c.SET_CLOCK, command)


def _whole(ms: float, name: str) -> int:
    if not math.isfinite(ms):
        raise InvalidInput(f"{name} must be a number of milliseconds, not {ms}", pointer=f"/{name}")
    return round(ms)
