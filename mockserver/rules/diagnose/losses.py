"""Events that a player sent and that were lost or late on their way, which is not the player's mistake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mockserver.model.event_types import EVENTS
from mockserver.model.vocabulary import Outcome
from mockserver.rules.timeline import Item

__all__ = ["lost_of", "overtaken_of", "sent_again_of"]

_BUSY, _SERVER_ERROR = 429, 500


def _is_failure(item: Item) -> bool:
    """Return whether an event was not processed for a reason that says nothing about it: a fault, a 429 or a 5xx."""
    if item.record.outcome is not Outcome.NOT_PROCESSED:
        return False
    return bool(item.record.fault_ids) or item.status is None or item.status == _BUSY or item.status >= _SERVER_ERROR


def _is_valid(item: Item) -> bool:
    return item.event_type in EVENTS and not item.record.violations


def lost_of(arrived: Iterable[Item], unaccepted: Iterable[Item]) -> Sequence[Item]:
    """Return the events that a fault or a failure kept from the back end, and that were not sent again.

    Args:
        arrived: The events of a session in order of arrival.
        unaccepted: Those that were not processed.
    """
    failed = [item for item in unaccepted if _is_failure(item)]
    if not failed:
        return []
    sent = {item.record.body for item in arrived if item.accepted}
    return [item for item in failed if _is_valid(item) and item.record.body not in sent]


def sent_again_of(arrived: Iterable[Item], unaccepted: Iterable[Item]) -> frozenset[int]:
    """Return the journal entries of events that were processed at a later attempt, after an earlier one had failed.

    Args:
        arrived: The events of a session in order of arrival.
        unaccepted: Those that were not processed.
    """
    failed = {item.record.body for item in unaccepted if _is_failure(item)}
    again = (item.seq for item in arrived if item.accepted and item.record.body in failed)
    return frozenset(again if failed else ())


def overtaken_of(turned_away: Iterable[Item], ends_ms: Iterable[int]) -> Sequence[Item]:
    """Return the events that sessionEnd overtook: they came after it, but are earlier by their ``ts``.

    Args:
        turned_away: What was posted to the session when it took no more events.
        ends_ms: The ``ts`` of each sessionEnd.
    """
    end_ms = max(ends_ms, default=0)
    return [
        item
        for item in turned_away
        if item.ts_ms is not None and item.ts_ms < end_ms and item.event_type != "sessionEnd" and _is_valid(item)
    ]
