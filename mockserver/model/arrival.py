"""What a request turned out to mean, before the back end has decided anything about it."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.model.journal import Violation
from mockserver.model.session import Content
from mockserver.model.vocabulary import Operation

__all__ = ["Arrival", "Opening"]


class Opening(msgspec.Struct, frozen=True):
    """What a sessionStart, or a batch of downloaded content, says about the session it opens.

    Args:
        content: What is being played.
        events: How many events came with it: 1, or the length of the batch.
        complete: Whether a sessionComplete is among them.
        ended: Whether a sessionEnd is among them.
    """

    content: Content
    events: int = 1
    complete: bool = False
    ended: bool = False


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A request, read and validated.

    Args:
        operation: What it asks for.
        session_id: The session id of the path, as sent, for events; None otherwise.
        event_type: The event type if it could be read, even of a body that is not valid.
        document: The parsed body; None when there is none or it is no JSON.
        ts_ms: ``playerTime.ts`` of a valid event.
        playhead_s: ``playerTime.playhead`` of a valid event.
        opening: What a valid sessionStart or batch opens.
        violations: Why the body cannot be accepted.
        status: The status that follows from the request alone: 400, 404, 405, 413 or 415 for one that goes no further,
            200 for one that is answered without a session; None when the session decides.
        detail: The name of the schema, the allowed methods, or what else the answer needs.
    """

    operation: Operation
    session_id: str | None = None
    event_type: str | None = None
    document: Any = None
    ts_ms: int = 0
    playhead_s: float = 0.0
    opening: Opening | None = None
    violations: tuple[Violation, ...] = ()
    status: int | None = None
    detail: str = ""
