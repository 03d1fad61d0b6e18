"""One session as lanes over time, for a picture."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Lane", "LaneName", "Lanes", "Span"]

LaneName = Literal["playback", "break", "ad", "chapter", "state", "quality", "silence"]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which one thing is going on.

    Args:
        kind: What: in the lane ``playback`` one of ``starting main ad paused buffering stalled gap stopped``, elsewhere
            the name of the lane.
        label: What to write on it.
        from_ms: Its beginning, in ``playerTime.ts``.
        to_ms: Its end.
        first_seq: The journal entry it begins with.
        last_seq: The one that ended it, or the last one there is.
        ended_by: The event type that ended it; None when nothing did so far.
    """

    kind: str
    label: str
    from_ms: int
    to_ms: int
    first_seq: int
    last_seq: int
    ended_by: str | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of one sort, in order of time; every player state has a lane of its own."""

    name: LaneName
    label: str
    spans: tuple[Span, ...]


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """What went on in a session, as the back end understands it, from the events in order of processing.

    Args:
        from_ms: The earliest ``ts``; None when nothing was accepted.
        to_ms: The latest one.
        journal_complete: False if events are missing that were dropped to stay within the limits.
    """

    session_id: str
    from_ms: int | None
    to_ms: int | None
    lanes: tuple[Lane, ...]
    journal_complete: bool
