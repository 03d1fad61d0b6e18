"""Events sent twice: by two trackers for one viewing, by a handler registered twice, or from a queue sent twice.

Two events are the same event sent twice if their bodies are equal, or if they have one type, equal params, one playhead
and are a few milliseconds apart. Good players do that now and then too: an SDK sends a play twice, or repeats a request
because the answer was lost. So there is a finding only for a whole session, all events of a type, or several bodies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from mockserver.model.vocabulary import Delivery
from mockserver.rules.playback import MOST, Step
from mockserver.rules.timeline import Item

__all__ = ["Repetition", "is_answered", "may_repeat", "repetition_of", "retries_of"]

_REDIRECT = 300

_APART_MS = 250
_NEAR_S = 0.5
"""How far apart the two may be in ``ts`` and playhead."""

_STORM_MS = 750
"""Events of one type that follow each other faster are a storm, not one event twice."""

_TWICE = 2
_COPIES = (2, 3)
"""How often everything may be sent; what is sent more often is a storm or a retry."""

_ALL_SHARE = 0.8
_ALL_EVENTS = 4
"""This share of the different events, and at least this many of them, count as all of them."""

_TYPE_EVENTS = 2
"""At least this many different events of one type must be sent, and all of them twice."""

_BODIES = 3
"""If this many different bodies are sent again, a queue was sent twice."""

_OFTEN_ANYWAY = frozenset(
    {"play", "pauseStart", "ping", "bufferStart", "sessionStart", "sessionEnd", "sessionComplete"}
)
"""Types that good players send twice, or only once in a session."""


class Repetition(NamedTuple):
    """What the player sent twice in a session.

    Args:
        pairs: Every repeated event with the one that it repeats.
        of: How many different events came, of the types concerned.
        event_types: The types of which every event was sent twice; empty if the repetition does not depend on types.
        whole: Whether nearly everything was sent twice.
    """

    pairs: Sequence[tuple[Item, Item]]
    of: int
    event_types: Sequence[str] = ()
    whole: bool = False


def may_repeat(steps: Sequence[Step]) -> bool:
    """Check quickly whether looking for repeated events is worthwhile; nearly always it is not.

    Args:
        steps: The accepted events of a session in order of processing.
    """
    last_ms: dict[str, int] = {}
    for step in steps:
        event_type, ts_ms = step.event_type, step.ts_ms
        if step.item.late_ms or ts_ms - last_ms.get(event_type, -_STORM_MS) <= _APART_MS:
            return True
        last_ms[event_type] = ts_ms
    return False


def repetition_of(arrived: Iterable[Item], apart: Collection[int]) -> Repetition | None:
    """Find out whether the player sent the events of a session twice.

    Args:
        arrived: Its events in order of arrival.
        apart: Journal entries that are repeated for another reason.
    """
    firsts: list[Item] = []
    pairs: list[tuple[Item, Item]] = []
    bodies: dict[bytes, Item] = {}
    fresh: dict[str | None, Item] = {}
    newest_ms: dict[str | None, int] = {}
    for item in arrived:
        if not item.accepted or item.index is not None or item.seq in apart or not is_answered(item):
            continue
        first = bodies.setdefault(item.record.body, item)
        if first is item:
            before = fresh.get(item.event_type)
            if before is not None and _are_one(before, item):
                first = before
        if first is item:
            firsts.append(item)
            if (item.ts_ms or 0) - newest_ms.get(item.event_type, -_STORM_MS) >= _STORM_MS:
                fresh[item.event_type] = item
            else:
                fresh.pop(item.event_type, None)
        else:
            pairs.append((first, item))
        newest_ms[item.event_type] = item.ts_ms or 0
    return _judged(firsts, pairs) if pairs else None


def retries_of(arrived: Iterable[Item]) -> list[tuple[Item, Item]]:
    """Return every event that was processed again with the same body, with the first that the player had to doubt.

    Args:
        arrived: The events of a session in order of arrival.
    """
    doubtful: dict[bytes, Item] = {}
    pairs: list[tuple[Item, Item]] = []
    for item in arrived:
        if item.accepted and item.index is None:
            first = doubtful.get(item.record.body)
            if first is not None:
                pairs.append((first, item))
            elif not is_answered(item):
                doubtful[item.record.body] = item
    return pairs


def _bounded(playhead_s: float | None) -> float:
    """Return a playhead that is safe to calculate with: a JSON integer may be larger than any float."""
    return max(-MOST, min(MOST, playhead_s or 0))


def _are_one(first: Item, second: Item) -> bool:
    return (
        abs((second.ts_ms or 0) - (first.ts_ms or 0)) <= _APART_MS
        and abs(_bounded(second.playhead_s) - _bounded(first.playhead_s)) <= _NEAR_S
        and first.event.params == second.event.params
    )


def _judged(firsts: Sequence[Item], pairs: Sequence[tuple[Item, Item]]) -> Repetition | None:
    copies: dict[int, int] = {}
    for first, _ in pairs:
        copies[first.seq] = copies.get(first.seq, 1) + 1
    repeated = max(sum(1 for count in copies.values() if count == often) for often in _COPIES)
    if repeated >= max(_ALL_EVENTS, _ALL_SHARE * len(firsts)):
        return Repetition(pairs, len(firsts), whole=True)
    by_type: dict[str, list[int]] = {}
    for first in firsts:
        if first.event_type is not None and first.event_type not in _OFTEN_ANYWAY:
            by_type.setdefault(first.event_type, []).append(copies.get(first.seq, 1))
    twice = [name for name, often in by_type.items() if set(often) == {_TWICE}]
    families = {_family(name) for name in twice if len(by_type[name]) >= _TYPE_EVENTS}
    doubled = [name for name in twice if _family(name) in families]
    if doubled:
        concerned = [(first, second) for first, second in pairs if first.event_type in doubled]
        return Repetition(concerned, len(concerned), tuple(doubled))
    equal = [(first, second) for first, second in pairs if first.record.body == second.record.body]
    again = {first.seq for first, _ in equal if copies[first.seq] == _TWICE}
    if len(again) >= _BODIES:
        return Repetition([pair for pair in equal if pair[0].seq in again], len(firsts))
    return None


def _family(event_type: str) -> str:
    """Return ``ad``, ``chapter``, ``state``: a handler registered twice sends them all twice."""
    return event_type[: next((n for n, sign in enumerate(event_type) if sign.isupper()), len(event_type))]


def is_answered(item: Item) -> bool:
    """Return whether the player received the answer, perhaps late, so it had no reason to send the event again."""
    record = item.record
    if not record.fault_ids:
        return record.delivery not in (Delivery.CUT, Delivery.CLIENT_GONE)
    return record.delivery is Delivery.SENT and record.response is not None and record.response.status < _REDIRECT
