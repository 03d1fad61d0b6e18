"""The names that an API has for the parts of an event, for messages to its users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from mockserver.pointer import pointer_of, steps_of

__all__ = ["Words"]

_NAME = re.compile(r"(?<![\w./])[A-Za-z]+(?:\.[A-Za-z]+)*(?![\w/])")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words and units of a dialect.

    Args:
        api: The name of the dialect.
        places: Where the parts of an event of the normal shape are on the wire, as JSON pointers. A part that is not
            listed is below its nearest listed parent; without one it is in the same place as in the normal shape.
        units: The units of the wire where the normal shape has others, by the pointers of the normal shape:
            ``{"/qoeData/media.qoe.timeToStart": "s"}``.
        ping_s: The seconds between pings that clients of this API may use, least and most.
        ad_ping_s: The same inside ads.
        sid_source: Where a player finds the id of its session.
        events_at: Where events are posted.
        names: What is called otherwise on the wire, in messages to people: the normal name, and the other.
        members: The members of an event that the API knows, by the object they are in; empty if it takes no others.
        server_only: The members that only the servers of the API fill in.
    """

    api: str
    places: Mapping[str, str] = _NOTHING
    units: Mapping[str, str] = _NOTHING
    ping_s: tuple[float, float] = (10, 10)
    ad_ping_s: tuple[float, float] = (1, 10)
    sid_source: str = "the end of the Location header of the 201 that answers sessionStart"
    events_at: str = "/api/v1/sessions/{sid}/events"
    names: Mapping[str, str] = _NOTHING
    members: Mapping[str, frozenset[str]] = MappingProxyType({})
    server_only: frozenset[str] = frozenset()

    def place(self, pointer: str) -> str:
        """Return where a part of an event of the normal shape is on the wire.

        Args:
            pointer: JSON pointer into the normal shape.
        """
        steps = steps_of(pointer)
        for length in range(len(steps), 0, -1):
            known = self.places.get(pointer_of(steps[:length]))
            if known is not None:
                return known + pointer_of(steps[length:])
        return pointer

    def name(self, pointer: str) -> str:
        """Return the name of a part of an event on the wire: the last step of its :meth:`place`."""
        steps = steps_of(self.place(pointer))
        return steps[-1] if steps else ""

    def in_unit(self, pointer: str, value_ms: float) -> tuple[float, str]:
        """Return a time of the normal shape as a number in the unit of the wire, and that unit.

        Args:
            pointer: JSON pointer into the normal shape.
            value_ms: The time, in milliseconds.
        """
        return (value_ms / 1000, "s") if self.units.get(pointer) == "s" else (value_ms, "ms")

    def said(self, message: str) -> str:
        """Return a message about an event of the normal shape in the words of the wire."""
        return _NAME.sub(lambda found: self.names.get(found[0], found[0]), message) if self.names else message
