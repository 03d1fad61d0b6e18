"""What the server shell is told to do with a connection."""

from __future__ import annotations

import msgspec

from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record

__all__ = [
    "Close",
    "Dribble",
    "Effect",
    "Garble",
    "Hang",
    "Plan",
    "Refuse",
    "Reset",
    "Send",
    "Sleep",
    "Suspended",
    "Truncate",
]


class Sleep(msgspec.Struct, frozen=True):
    """Wait until the emulated clock shows ``until_ms``."""

    until_ms: int


class Send(msgspec.Struct, frozen=True):
    """Send an answer whole."""

    response: HttpResponse


class Truncate(msgspec.Struct, frozen=True):
    """Send the first ``after_bytes`` bytes of an answer, counted from the status line, then close."""

    response: HttpResponse
    after_bytes: int


class Garble(msgspec.Struct, frozen=True):
    """Send an answer with bytes that are not HTTP in place of its status line, then close."""

    response: HttpResponse


class Dribble(msgspec.Struct, frozen=True):
    """Send an answer in pieces, spread over milliseconds of the emulated clock."""

    response: HttpResponse
    chunks: int
    total_ms: int


class Reset(msgspec.Struct, frozen=True):
    """Reset the connection (RST)."""


class Close(msgspec.Struct, frozen=True):
    """Close the connection without an answer (FIN)."""


class Hang(msgspec.Struct, frozen=True):
    """Keep the connection open and silent."""


class Refuse(msgspec.Struct, frozen=True):
    """Reset the connection and accept no new ones for so many real milliseconds."""

    duration_ms: int


Effect = Sleep | Send | Truncate | Garble | Dribble | Reset | Close | Hang | Refuse


class Suspended(msgspec.Struct, frozen=True):
    """A request that is held back before the back end sees it.

    Args:
        token: Give it to ``Emulator.resume`` once, when the clock shows ``until_ms`` or when waiting was broken off.
    """

    token: object
    until_ms: int


class Plan(msgspec.Struct, frozen=True, gc=False):
    """How a request is answered.

    Args:
        record: Its place in the journal, for reporting the delivery.
        response: The answer, if it is plainly sent: then ``effects`` is empty.
        effects: What to do instead, in order.
    """

    record: Record
    response: HttpResponse | None
    effects: tuple[Effect, ...] = ()
