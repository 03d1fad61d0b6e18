"""One request of a recording on its way to a server, and its answer."""

from __future__ import annotations

import asyncio

import msgspec

from mockserver.recordings.call import Ending, RecordedCall

__all__ = ["Answer", "Flight", "Replayed"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a server.

    Args:
        status: The status; None without a complete answer.
        headers: Its header fields.
        body: Its body.
        ending: How the exchange ended.
        reason: The server's message if it refused, or how the connection ended.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    ending: Ending = "answered"
    reason: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """A request that was sent again, with its answer."""

    call: RecordedCall
    path: str
    answer: Answer


class Flight:
    """A request in flight.

    Args:
        call: The recorded request.
        path: The path it is sent to.
        body: The body that is sent, with the session id of the server.
        after: How many requests of the replay were answered before it was sent.
    """

    def __init__(self, call: RecordedCall, path: str, body: bytes, after: int) -> None:
        self.call = call
        self.path = path
        self.body = body
        self.after = after
        self.answer: Answer | None = None
        self.left = asyncio.Event()
        """Set when it was written to the network, or never will be."""
        self.task: asyncio.Task[None] | None = None
        self.twins = 0
        """How many requests that look the same in a journal were answered since it was sent."""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What a journal shows of it: method, path and body."""
        return self.call.method, self.path, self.body

    @property
    def is_over(self) -> bool:
        """Whether it has an answer, or never will have one."""
        return self.answer is not None

    @property
    def is_expected(self) -> bool:
        """Whether the recorded client waited for the answer."""
        return self.call.ending != "unanswered"
