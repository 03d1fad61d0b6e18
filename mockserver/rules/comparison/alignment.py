"""Finds which events of two sessions correspond.

Events correspond by meaning: the second ad of one session is the second ad of the other even if its id changed. Of all
ways to pair events of one type in order, that with the fewest events left over is taken, and among those the one in
which the most pairs have the same identity: the id of an ad, the number of a chapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
"""The key that identifies what such an event opens."""

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

_WINDOW = 500
"""Longer sessions are aligned piece by piece; one piece takes a tenth of a second."""

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
    """Return a name for each event: its type, and its number among the events of that type."""
    counts: dict[str, int] = {}
    names = []
    for event in events:
        event_type = event.event_type or "?"
        counts[event_type] = counts.get(event_type, 0) + 1
        names.append(f"{event_type} {counts[event_type]}")
    return names


def aligned(before: Sequence[Event], after: Sequence[Event], window: int = _WINDOW) -> list[Pair]:
    """Pair the events of two sessions so that as few as possible have no counterpart.

    Args:
        before: The events of the first session.
        after: Those of the second one.
        window: How many events of each are looked at together.

    Returns:
        Places of events that correspond, in order; None on the side that has no such event.
    """
    ours, theirs = _kinds(before), _kinds(after)
    first = sum(1 for _ in takewhile(_equal, zip(ours, theirs, strict=False)))
    most = min(len(ours), len(theirs)) - first
    last = sum(1 for _ in takewhile(_equal, islice(zip(reversed(ours), reversed(theirs), strict=False), most)))
    middle = ours[first : len(ours) - last], theirs[first : len(theirs) - last]
    between = _by_windows(*middle, window)
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


def _by_windows(before: Sequence[_Kind], after: Sequence[_Kind], window: int) -> Iterator[Pair]:
    """Align two lists piece by piece, so that the time grows with their length and not with its square.

    Of each window, the pairs of the first three quarters are kept: what comes next cannot change them much.
    """
    one = other = 0
    while len(before) - one > window or len(after) - other > window:
        pairs = [*_cheapest(before[one : one + window], after[other : other + window])]
        kept = _kept(pairs, window * 3 // 4)
        yield from ((_moved(ours, one), _moved(theirs, other)) for ours, theirs in pairs[:kept])
        one += sum(ours is not None for ours, _ in pairs[:kept])
        other += sum(theirs is not None for _, theirs in pairs[:kept])
    rest = _cheapest(before[one:], after[other:])
    yield from ((_moved(ours, one), _moved(theirs, other)) for ours, theirs in rest)


def _kept(pairs: Sequence[Pair], most: int) -> int:
    """Return how many pairs to keep: up to the last two events that correspond within the first ``most`` of both."""
    kept = 0
    for number, (ours, theirs) in enumerate(pairs, 1):
        if ours is not None and theirs is not None and max(ours, theirs) < most:
            kept = number
    return kept or max(1, len(pairs) // 2)


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
