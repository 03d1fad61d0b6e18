"""One session as lanes over time, for a picture."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Lane", "LaneName", "Lanes", "Span"]

LaneName = Literal["playback", "break", "ad", "chapter", "state", "quality", "silence"]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time in which one thing goes on.

    Args:
        kind: What goes on: in the lane ``playback`` one of ``starting main ad paused buffering stalled gap stopped``,
            elsewhere the name of the lane.
        label: The text to show on it.
        from_ms: Its beginning, in ``playerTime.ts``.
        to_ms: Its end.
        first_seq: The journal entry it begins with.
        last_seq: The entry that ended it, or the last one so far.
        ended_by: The event type that ended it; None while it is open.
    """

    kind: str
    label: str
    from_ms: int
    to_ms: int
    first_seq: int
    last_seq: int
    ended_by: str | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of one kind, in order of time; every player state has a lane of its own."""

    name: LaneName
    label: str
    spans: tuple[Span, ...]


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """What went on in a session as the back end sees it, from the events in order of processing.

    Args:
        from_ms: The earliest ``ts``; None when no event was accepted.
        to_ms: The latest ``ts``.
        journal_complete: False if entries were dropped to stay within the limits, so that events may be missing.
    """

    session_id: str
    from_ms: int | None
    to_ms: int | None
    lanes: tuple[Lane, ...]
    journal_complete: bool
