"""The event types: one row for each.

What an event does to playback is in :mod:`mockserver.rules.playback_states`; each dialect knows which keys it may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

__all__ = ["EVENTS", "EVENT_TYPES", "EventType", "Family", "names"]

Family = Literal["session", "playback", "quality", "ad", "chapter", "state"]
"""What an event is about."""


class EventType(NamedTuple):
    """One event type.

    Args:
        name: Adobe's name for it, case-sensitive.
        family: What it is about.
        params: Whether it needs params, may have some, or has none.
        metadata: Whether its customMetadata counts; on other events it is accepted and ignored (Adobe, Media Collection
            API: parameters).
    """

    name: str
    family: Family
    params: Literal["required", "optional", "none"] = "none"
    metadata: bool = False


EVENTS: Mapping[str, EventType] = MappingProxyType(
    {
        event.name: event
        for event in (
            EventType("sessionStart", "session", "required", metadata=True),
            EventType("play", "playback"),
            EventType("ping", "playback"),
            EventType("pauseStart", "playback"),
            EventType("bufferStart", "playback"),
            EventType("bitrateChange", "quality"),
            EventType("error", "quality", "optional"),
            EventType("adBreakStart", "ad", "required"),
            EventType("adBreakComplete", "ad"),
            EventType("adStart", "ad", "required", metadata=True),
            EventType("adComplete", "ad"),
            EventType("adSkip", "ad"),
            EventType("chapterStart", "chapter", "required", metadata=True),
            EventType("chapterComplete", "chapter"),
            EventType("chapterSkip", "chapter"),
            EventType("stateStart", "state", "required"),
            EventType("stateEnd", "state", "required"),
            EventType("sessionComplete", "session"),
            EventType("sessionEnd", "session"),
            EventType("statesUpdate", "state", "required"),
        )
    }
)
"""The rows by name.

Nineteen are in Adobe's Swagger file (AdobeDocs/analytics-collection-apis ``static/media-collection.json``, 2026); the
last, ``statesUpdate``, is only on the player state page of Adobe's Streaming Media guide.
"""

EVENT_TYPES: tuple[str, ...] = tuple(EVENTS)
"""Their names, in the order of the table."""


def names(*families: Family) -> frozenset[str]:
    """Return the names of the event types of some families."""
    return frozenset(event.name for event in EVENTS.values() if event.family in families)
