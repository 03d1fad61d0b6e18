"""What differs between two sessions of one viewing, and between two recordings."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.results import SessionView

__all__ = ["USUAL", "Change", "ChangeKind", "Comparison", "Moment", "Row", "SessionComparison", "Tolerance"]

ChangeKind = Literal[
    "event", "key", "playhead", "time", "interval", "pings", "metric", "finding"
]  # fmt: skip
"""What can differ."""


class Tolerance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What does not count as a difference.

    Args:
        seconds: How far times and playheads may be apart; two runs of one viewing are never equal to the second.
        volatile: Whether what differs between any two runs counts: ids of the viewer, versions, notes, measured values.
        ignore: Names of keys, event types, metrics and findings, or kinds of differences, that do not count; ``*``
            stands for any text.
    """

    seconds: float = 2.0
    volatile: bool = False
    ignore: tuple[str, ...] = ()


USUAL = Tolerance()
"""What does not count by default."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between two sessions.

    Args:
        of: What differs: whether there is an ``event``, a ``key`` of it, its ``playhead``, its ``time``,
            the ``interval`` between pings or their number (``pings``), a ``metric`` of the report, a ``finding``.
        event: The event, such as ``adStart 2`` for the second one, or the ad or chapter of a metric; empty for the
            session as a whole.
        name: The key in the normal shape, the metric, the code of the finding, or where the pings were sent;
            empty for the event itself.
        before: What the first session has; None for nothing.
        after: What the second one has; None for nothing.
        before_seq: The journal entry of the event in the first session; None if it has none.
        after_seq: The same of the second session.
    """

    of: ChangeKind
    event: str = ""
    name: str = ""
    before: Any = None
    after: Any = None
    before_seq: int | None = None
    after_seq: int | None = None

    @property
    def what(self) -> str:
        """What differs, in words."""
        if self.of == "interval":
            return f"seconds between pings {self.name}"
        if self.of == "finding":
            return f"finding {self.name}"
        return " ".join(part for part in (self.event, self.name) if part)

    def __str__(self) -> str:
        if self.of in ("event", "finding") and None in (self.before, self.after):
            return f"{self.what}: {'missing now' if self.after is None else 'new'}"
        return f"{self.what} ({self.of}): {_shown(self.before)} before, {_shown(self.after)} now"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """An event in one of two sessions that are shown side by side.

    Args:
        seq: Its journal entry.
        index: Its place in a request with several events; None for an event that came alone.
        event_type: Its type.
        at_s: Seconds since the first event of its session, by the player's clock; None if either is unknown.
        playhead_s: Its playhead.
    """

    seq: int
    index: int | None
    event_type: str | None
    at_s: float | None
    playhead_s: float | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Two events that correspond, or one that has no counterpart.

    Args:
        before: The event of the first session.
        after: The event of the second session.
        changes: How they differ, as places in the list of changes.
    """

    before: Moment | None
    after: Moment | None
    changes: tuple[int, ...] = ()


class SessionComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two sessions of one viewing.

    Args:
        before: The first one.
        after: The second one.
        changes: What differs: events in order of time, then pings, the report, the findings.
        rows: The events of both except pings, side by side.
    """

    before: SessionView
    after: SessionView
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two recordings.

    Args:
        pairs: Sessions that correspond, in order of opening of the first recording.
        missing: Sessions only in the first recording.
        new: Sessions only in the second recording.
    """

    pairs: tuple[SessionComparison, ...]
    missing: tuple[SessionView, ...]
    new: tuple[SessionView, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.new or any(pair.changes for pair in self.pairs))


def _shown(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()
