"""Finds which events of two sessions correspond.

Events correspond by meaning: the second ad of one session is the second ad of the other even if its id changed. Of all
ways to pair events of one type in order, that with the fewest events left over is taken, and among those the one in
which the most pairs have the same identity: the id of an ad, the number of a chapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice, takewhile

from msgspec.structs import replace

from mockserver.model.event import Event

__all__ = ["Pair", "aligned", "numbered", "single_events"]

_STATE_NAME = "media.state.name"

_STATE_LISTS = {"statesStart": "stateStart", "statesEnd": "stateEnd"}
_OPENED_BY = {
    "adBreakStart": "media.ad.podIndex",
    "adStart": "media.ad.id",
    "chapterStart": "media.chapter.index",
}
"""The key that says which one it is."""

_CLOSES = {
    "adBreakComplete": "adBreakStart",
    "adComplete": "adStart",
    "adSkip": "adStart",
    "chapterComplete": "chapterStart",
    "chapterSkip": "chapterStart",
}
_GAP = 100
"""What an event without a counterpart costs."""

_OTHER = 1
"""What two events of one type about different things cost."""

_MOST_CELLS = 1_000_000
"""Beyond this, which takes half a second, events are aligned roughly."""

_Kind = tuple[str, str]
Pair = tuple[int | None, int | None]
"""The places of two events that correspond; None for one that is not there."""


def single_events(events: Iterable[Event]) -> Iterator[Event]:
    """Return the events without pings, with ``statesUpdate`` as the stateStart and stateEnd that it stands for."""
    for event in events:
        if event.event_type == "statesUpdate":
            for member, event_type in _STATE_LISTS.items():
                for state in event.params.get(member) or ():
                    name = state.get(_STATE_NAME) if isinstance(state, Mapping) else None
                    yield replace(event, event_type=event_type, params={_STATE_NAME: name})
        elif event.event_type != "ping":
            yield event


def numbered(events: Iterable[Event]) -> list[str]:
    """Return a name for each event: its type, and the how many-th of that type it is."""
    counts: dict[str, int] = {}
    names = []
    for event in events:
        event_type = event.event_type or "?"
        counts[event_type] = counts.get(event_type, 0) + 1
        names.append(f"{event_type} {counts[event_type]}")
    return names


def aligned(before: Sequence[Event], after: Sequence[Event]) -> list[Pair]:
    """Pair the events of two sessions so that as few as possible have no counterpart.

    Returns:
        Places of events that correspond, in order; None on the side that has no such event.
    """
    ours, theirs = _kinds(before), _kinds(after)
    first = sum(1 for _ in takewhile(_equal, zip(ours, theirs, strict=False)))
    most = min(len(ours), len(theirs)) - first
    last = sum(1 for _ in takewhile(_equal, islice(zip(reversed(ours), reversed(theirs), strict=False), most)))
    middle = ours[first : len(ours) - last], theirs[first : len(theirs) - last]
    between = _cheapest(*middle) if len(middle[0]) * len(middle[1]) <= _MOST_CELLS else _roughly(*middle)
    return [
        *((place, place) for place in range(first)),
        *((_moved(one, first), _moved(other, first)) for one, other in between),
        *((len(ours) - left, len(theirs) - left) for left in range(last, 0, -1)),
    ]


def _equal(kinds: tuple[_Kind, _Kind]) -> bool:
    return kinds[0] == kinds[1]


def _moved(place: int | None, by: int) -> int | None:
    return None if place is None else place + by


def _cheapest(before: Sequence[_Kind], after: Sequence[_Kind]) -> Iterator[Pair]:
    """Align two lists as ``diff`` does, but let kinds of one type correspond if that is cheaper than two gaps."""
    rows = [[_GAP * left for left in range(len(after), -1, -1)]]
    """The lowest cost of what is left, from every pair of places; the last row first."""
    for kind in reversed(before):
        below = rows[-1]
        row = [below[-1] + _GAP]
        for place in range(len(after) - 1, -1, -1):
            cost = min(below[place], row[-1]) + _GAP
            if kind[0] == after[place][0]:
                cost = min(cost, below[place + 1] + (0 if kind == after[place] else _OTHER))
            row.append(cost)
        row.reverse()
        rows.append(row)
    rows.reverse()
    one = other = 0
    while one < len(before) or other < len(after):
        here, both = rows[one][other], one < len(before) and other < len(after)
        alike = both and before[one][0] == after[other][0]
        if alike and here == rows[one + 1][other + 1] + (0 if before[one] == after[other] else _OTHER):
            yield one, other
            one, other = one + 1, other + 1
        elif one < len(before) and here == rows[one + 1][other] + _GAP:
            yield one, None
            one += 1
        else:
            yield None, other
            other += 1


def _roughly(before: Sequence[_Kind], after: Sequence[_Kind]) -> Iterator[Pair]:
    """Align two long lists in less time."""
    for tag, first, first_end, second, second_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield from zip(range(first, first_end), range(second, second_end), strict=True)
        else:
            yield from ((place, None) for place in range(first, first_end))
            yield from ((None, place) for place in range(second, second_end))


def _kinds(events: Iterable[Event]) -> list[_Kind]:
    """Return the type of each event, and which ad, break, chapter or state it is about."""
    open_now: dict[str, str] = {}
    kinds = []
    for event in events:
        event_type = event.event_type or ""
        which = ""
        if event_type in ("stateStart", "stateEnd"):  # two states have nothing in common
            event_type += f" {event.params.get(_STATE_NAME, '')}"
        elif event_type in _OPENED_BY:
            which = open_now[event_type] = str(event.params.get(_OPENED_BY[event_type], ""))
        elif event_type in _CLOSES:
            which = open_now.get(_CLOSES[event_type], "")
        kinds.append((event_type, which))
    return kinds
