"""One event in the normal shape, which everything behind a dialect reads, whatever the event looked like on the wire.

The normal shape is that of the Media Collection API, whose names people use in conditions, stories and reports::

    {"eventType": "ping", "playerTime": {"ts": 1760000000000, "playhead": 12.5},
     "params": {...}, "qoeData": {...}, "customMetadata": {...}}

Only this module takes an event of that shape apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mockserver.model.vocabulary import Operation

__all__ = ["Event", "event_of", "events_of"]

_NOTHING: Mapping[str, Any] = {}
_NUMBERS = (int, float)
_DOWNLOAD = Operation.DOWNLOAD  # reading an Enum member is slow before Python 3.12


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event of the journal.

    Args:
        seq: Its journal entry; 0 while it has none.
        index: Its place in a request with several events, from 0; None for an event that came alone.
        event_type: Adobe's event type; None when it could not be read.
        ts_ms: When it happened, in milliseconds since 1970 by the player's clock; None when it is missing or not an
            integer.
        playhead_s: The playhead in seconds; None when it is missing or not a number.
        params: Its params; empty when there are none.
        qoe: Its quality of experience, by the keys ``media.qoe.*``; empty when there is none.
        meta: Its custom metadata; empty when there is none.
        normal: The event in the normal shape, valid or not; None when the body could not be read.
        sent: What conditions look at first: the body as it was sent or, in a batch of the normal shape, this event.
        dialect: The name of the dialect; empty for the default one.
    """

    seq: int
    index: int | None
    event_type: str | None
    ts_ms: int | None
    playhead_s: float | None
    params: Mapping[str, Any]
    qoe: Mapping[str, Any]
    meta: Mapping[str, Any]
    normal: Any
    sent: Any
    dialect: str = ""


def event_of(
    normal: Any, seq: int = 0, index: int | None = None, sent: Any = msgspec.UNSET, dialect: str = ""
) -> Event:
    """Read an event in the normal shape; members of a wrong type are left out.

    Args:
        normal: Any JSON value.
        sent: The body as it was sent, if that has another shape.
    """
    members = normal if isinstance(normal, dict) else _NOTHING
    get = members.get
    event_type, time, params, qoe, meta = (
        get("eventType"), get("playerTime"), get("params"), get("qoeData"), get("customMetadata")
    )  # fmt: skip
    ts_ms, playhead_s = (time.get("ts"), time.get("playhead")) if isinstance(time, dict) else (None, None)
    return Event(
        seq,
        index,
        event_type if isinstance(event_type, str) else None,
        ts_ms if type(ts_ms) is int else None,  # isinstance takes a bool for an int, but in JSON it is not a number
        playhead_s if type(playhead_s) in _NUMBERS else None,
        params if isinstance(params, dict) else _NOTHING,
        qoe if isinstance(qoe, dict) else _NOTHING,
        meta if isinstance(meta, dict) else _NOTHING,
        normal,
        normal if sent is msgspec.UNSET else sent,
        dialect,
    )


def events_of(
    operation: Operation, document: Any, normal: Any = msgspec.UNSET, *, seq: int = 0, dialect: str = ""
) -> Sequence[Event]:
    """Return the events of a request: one, or all of a batch; an empty list counts as one event.

    Args:
        operation: What the request asked for.
        document: The body as it was sent.
        normal: The same in the normal shape, a list for several events; left out if ``document`` is in that shape. Then
            only downloaded content is several events: a list posted as an event is one event that is not valid.
    """
    if normal is msgspec.UNSET:
        if operation is _DOWNLOAD and isinstance(document, list) and document:
            return [event_of(each, seq, index, dialect=dialect) for index, each in enumerate(document)]
        return (event_of(document, seq, None, document, dialect),)
    if isinstance(normal, list) and normal:
        return [event_of(each, seq, index, document, dialect) for index, each in enumerate(normal)]
    return (event_of(normal, seq, None, document, dialect),)
