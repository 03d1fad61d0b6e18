"""What a request means, before the back end has decided anything about it."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.model.event import Event
from mockserver.model.journal import Violation
from mockserver.model.session import Content
from mockserver.model.vocabulary import Operation

__all__ = ["Arrival", "Opening"]


class Opening(msgspec.Struct, frozen=True):
    """What a sessionStart, or a batch of downloaded content, says about the session it opens.

    Args:
        content: What is being played.
        events: How many events came with it: 1, or the length of the batch.
        complete: Whether one of them is a sessionComplete.
        ended: Whether one of them is a sessionEnd.
        start: The sessionStart in the normal shape.
    """

    content: Content
    events: int = 1
    complete: bool = False
    ended: bool = False
    start: Any = None


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A request, read and validated.

    Args:
        operation: What it asks for.
        session_id: The session id of an event, as sent; None for other requests.
        event_type: Adobe's event type if it could be read, even in a body that is not valid.
        document: The parsed body as it was sent; None without a body, or when it is not JSON.
        ts_ms: When a valid event happened, by the player's clock.
        playhead_s: The playhead of a valid event.
        opening: What a valid sessionStart or batch opens.
        violations: Why the body cannot be accepted.
        status: The status that follows from the request alone: 400, 404, 405, 413, 415 or 429 for one that is refused,
            200 for one that is answered without a session; None when the session decides.
        detail: The name of the schema, the allowed methods, or something else that the answer needs.
        dialect: The name of the dialect; the default one leaves it empty.
        later: Further valid events that came in the same request.
        manner: What the dialect needs to write the answer; only the dialect reads it.
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
    dialect: str = ""
    later: tuple[Event, ...] = ()
    manner: Any = None
