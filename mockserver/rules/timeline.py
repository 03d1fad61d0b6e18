"""The events of one session as a list, in order of arrival and in order of processing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mockserver.model.journal import Record
from mockserver.model.results import TimelineEntry
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome, Phase
from mockserver.rules.match import Facts
from mockserver.rules.ordering import Arrived, processing_order

__all__ = ["Item", "items_of", "processed", "shown"]

_NUMBERS = (int, float)


class Item(msgspec.Struct, frozen=True):
    """One event of a session.

    Args:
        seq: Its journal entry.
        index: Its place in a batch of downloaded content, from 0; None for an event of its own.
        event: The event as it was sent; None when it could not be read.
        ts_ms: ``playerTime.ts``, if it is there and an integer.
        playhead_s: ``playerTime.playhead``, if it is there and a number.
        late_ms: By how much it came too late to be sorted in.
        provisional: Whether a later arrival can still be sorted before it.
    """

    seq: int
    index: int | None
    record: Record
    event: Any
    event_type: str | None
    ts_ms: int | None
    playhead_s: float | None
    late_ms: int = 0
    provisional: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the back end processed it."""
        return self.record.outcome in (Outcome.OPENED, Outcome.ACCEPTED)

    @property
    def status(self) -> int | None:
        """The status of the answer; None when there was none."""
        return None if self.record.response is None else self.record.response.status

    def facts(self) -> Facts:
        """Tell what a matcher can ask."""
        record = self.record
        event_type = self.event_type or record.event_type
        return Facts(
            record.operation,
            record.session_id,
            event_type,
            lambda: self.event,
            record.outcome,
            self.status,
            record.fault_ids,
        )


def items_of(seq: int, record: Record, document: Any) -> list[Item]:
    """Return the events of one journal entry: one, or as many as a batch holds; an empty batch counts as one."""
    if record.operation not in (Operation.START, Operation.EVENT, Operation.DOWNLOAD):
        return []
    if record.operation is Operation.DOWNLOAD and isinstance(document, list) and document:
        return [_item(seq, index, record, event) for index, event in enumerate(document)]
    return [_item(seq, None, record, document)]


def _item(seq: int, index: int | None, record: Record, event: Any) -> Item:
    members = event if isinstance(event, dict) else {}
    time = members.get("playerTime")
    ts_ms = time.get("ts") if isinstance(time, dict) else None
    playhead_s = time.get("playhead") if isinstance(time, dict) else None
    event_type = members.get("eventType")
    return Item(
        seq,
        index,
        record,
        event,
        event_type if isinstance(event_type, str) else None,
        ts_ms if type(ts_ms) is int else None,  # a bool, which JSON calls no number, is an int to isinstance
        playhead_s if type(playhead_s) in _NUMBERS else None,
    )


def processed(items: Sequence[Item], settings: Settings, session: Session | None, now_ms: int) -> list[Item]:
    """Bring the events of a session, given in order of arrival, into the order in which the back end processes them.

    A batch of downloaded content keeps its own order, which is the client's to keep (Adobe, "Track downloaded
    content").
    """
    if any(item.index is not None for item in items):
        return list(items)
    closed = session is None or session.phase in (Phase.CLOSED, Phase.FORGOTTEN)
    order = processing_order(
        [Arrived(item.event_type, item.ts_ms, item.record.at_ms) for item in items],
        window_ms=round(settings.reorder_window_s * 1000),
        window_n=settings.reorder_window_n,
        ties=settings.ties,
        now_ms=now_ms,
        closed=closed,
    )
    return [
        replace(items[place.index], late_ms=place.late_ms, provisional=place.provisional)
        if place.late_ms or place.provisional
        else items[place.index]
        for place in order
    ]


def shown(item: Item) -> TimelineEntry:
    """Return an event as the admin API shows it."""
    return TimelineEntry(
        seq=item.seq,
        index=item.index,
        at_ms=item.record.at_ms,
        event_type=item.event_type,
        ts_ms=item.ts_ms,
        playhead_s=item.playhead_s,
        outcome=item.record.outcome,
        status=item.status,
        fault_ids=item.record.fault_ids,
        late_ms=item.late_ms,
        provisional=item.provisional,
    )
