"""The events of one session as a list, in order of arrival and in order of processing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from mockserver.model.event import Event
from mockserver.model.journal import Record
from mockserver.model.results import TimelineEntry
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome, Phase
from mockserver.rules.match import Facts
from mockserver.rules.ordering import Arrived, Processed, ReorderBuffer

__all__ = ["Item", "Sorting", "facts_of", "items_of", "processed", "sorting", "timeline_entry"]


# Reading an Enum member is slow before Python 3.12, and this happens for every event of a session.
_TAKEN = (Outcome.OPENED, Outcome.ACCEPTED)
_DOWNLOAD = Operation.DOWNLOAD
_WITH_EVENTS = (Operation.EVENT, Operation.START, _DOWNLOAD)


class Item(msgspec.Struct, frozen=True, gc=False):
    """One event of a session.

    Args:
        event: The event.
        record: The journal entry it came with.
        late_ms: By how much it came too late for the back end to sort it.
        provisional: Whether the back end can still sort a later arrival before it.
    """

    event: Event
    record: Record
    late_ms: int = 0
    provisional: bool = False

    @property
    def seq(self) -> int:
        """Its journal entry."""
        return self.event.seq

    @property
    def index(self) -> int | None:
        """Its place in a request with several events, from 0; None for an event that came alone."""
        return self.event.index

    @property
    def event_type(self) -> str | None:
        """Adobe's event type, if it could be read."""
        return self.event.event_type

    @property
    def ts_ms(self) -> int | None:
        """When it happened, by the player's clock, if that is an integer."""
        return self.event.ts_ms

    @property
    def playhead_s(self) -> float | None:
        """The playhead, if it is a number."""
        return self.event.playhead_s

    @property
    def accepted(self) -> bool:
        """Whether the back end processed it."""
        return self.record.outcome in _TAKEN

    @property
    def status(self) -> int | None:
        """The status of the answer; None when there was none."""
        return None if self.record.response is None else self.record.response.status

    def facts(self) -> Facts:
        """Return what a matcher can look at."""
        record = self.record
        return facts_of(
            self.event, record.operation, record.session_id, record.event_type, record.outcome, self.status,
            record.fault_ids,
        )  # fmt: skip


def facts_of(
    event: Event,
    operation: Operation,
    session_id: str | None,
    event_type: str | None,
    outcome: Outcome,
    status: int | None,
    fault_ids: tuple[str, ...],
) -> Facts:
    """Return what a matcher can look at in one event of a session.

    Args:
        event_type: The event type of the request, if the event has none.
    """
    normal = None if event.sent is event.normal else (lambda sent: event.normal)
    return Facts(
        operation, session_id, event.event_type or event_type, lambda: event.sent, outcome, status, fault_ids,
        normal=normal,
    )  # fmt: skip


def items_of(record: Record, events: Sequence[Event]) -> list[Item]:
    """Return the events of one journal entry: one, or all of a batch; an empty batch counts as one."""
    if record.operation not in _WITH_EVENTS:
        return []
    return [Item(_timed(event, record), record) for event in events]


def _timed(event: Event, record: Record) -> Event:
    """Set the time of an accepted event without one, as APIs allow for a sessionStart, to that of its receipt."""
    if event.ts_ms is None and event.dialect and record.outcome in _TAKEN:
        return replace(event, ts_ms=record.at_ms)
    return event


def processed(items: Sequence[Item], settings: Settings, session: Session | None, now_ms: int) -> list[Item]:
    """Return the events of a session, given in order of arrival, in the order in which the back end processes them.

    A batch of downloaded content keeps its own order, for which the client is responsible (Adobe, "Track downloaded
    content").
    """
    return sorting(items, settings).order(session, now_ms)


class Sorting(NamedTuple):
    """Events of one session, sorted as far as they can be while more may arrive.

    Args:
        arrived: The events in order of arrival.
        final: Those whose place in the order of processing is final, in this order.
        buffer: Where the others are.
    """

    arrived: Sequence[Item]
    final: Sequence[Item]
    buffer: ReorderBuffer

    def order(self, session: Session | None, now_ms: int) -> list[Item]:
        """Return all events in the order of processing, as far as it is known now."""
        if any(item.record.operation is _DOWNLOAD for item in self.arrived):
            return list(self.arrived)
        closed = session is None or session.phase in (Phase.CLOSED, Phase.FORGOTTEN)
        return [*self.final, *_placed(self.arrived, self.buffer.tail(now_ms=now_ms, closed=closed))]


def sorting(items: Sequence[Item], settings: Settings, before: Sorting | None = None) -> Sorting:
    """Sort the events of a session, given in order of arrival.

    Args:
        items: The events, all of them.
        settings: How long the back end waits for events, and how it sorts those with equal ``ts``.
        before: How the first of these events were sorted with these settings, to go on from there.
    """
    if before is None:
        arrived, final = [], []
        buffer = ReorderBuffer(
            window_ms=round(settings.reorder_window_s * 1000), window_n=settings.reorder_window_n, ties=settings.ties
        )
    else:
        arrived, final, buffer = [*before.arrived], [*before.final], before.buffer.copy()
    for item in items[len(arrived) :]:
        arrived.append(item)
        event = item.event
        places = buffer.feed(Arrived(event.event_type, event.ts_ms, item.record.at_ms))
        if places:
            final += _placed(arrived, places)
    return Sorting(arrived, final, buffer)


def _placed(arrived: Sequence[Item], places: Iterable[Processed]) -> list[Item]:
    return [
        replace(arrived[place.index], late_ms=place.late_ms, provisional=place.provisional)
        if place.late_ms or place.provisional
        else arrived[place.index]
        for place in places
    ]


def timeline_entry(item: Item) -> TimelineEntry:
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
