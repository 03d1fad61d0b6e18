"""The player's clock compared with the server's: ``ts`` and time of arrival within one session.

Either clock may show any time: a test freezes and sets the server's, a player under test uses a fake one, a recording
is replayed within a second. So the difference itself proves nothing. If the player's clock was set, there are two
periods of steady difference, each long enough, and a change between them while time of arrival went on as usual. If
``ts`` stands still, events that arrived seconds apart have equal ``ts``. If the server's clock stands still or follows
``ts``, neither is visible, and there is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mockserver.rules.diagnose.repetition import is_answered
from mockserver.rules.playback import Step
from mockserver.rules.timeline import Item

__all__ = ["ClockChange", "clock_changes", "same_ts_runs", "slight_clock_changes"]

_STEADY_MS = 5_000
"""By how much the difference varies in normal operation: events are delayed on their way, and clocks drift."""

_CLOSE_MS, _SLIGHT_MS, _MOST_SLIGHT_MS = 250, 1_000, 30_000
"""How closely a difference must keep to one value for a slight change to be seen, and how large that change is."""

_USUAL_MS = 60_000
"""The longest time of arrival between two events when time goes on as usual."""

_EVENTS = 3
_SPAN_MS = 10_000
"""A difference is steady if it lasts for this many events and this much time of arrival."""

_STANDS_MS = 5_000
"""Events with one ``ts`` that arrive closer together than this come from one call of an SDK."""

_MOMENT_MS = 1_000
"""Events with one ``ts`` that arrive closer together are parts of one burst; the network may delay the others."""

_PAIRS = 3
"""Two events with one ``ts`` may be a coincidence; this many pairs are not."""


class ClockChange(NamedTuple):
    """The player's clock was set between two events.

    Args:
        before: The last event by the old clock.
        after: The first event by the new one.
        by_ms: By how much it was set forward; negative when it was set back.
    """

    before: Item
    after: Item
    by_ms: int


def clock_changes(arrived: Iterable[Item], steps: Sequence[Step], set_ms: float) -> list[ClockChange]:
    """Return where the player's clock was set.

    Args:
        arrived: The events of a session in order of arrival.
        steps: The accepted ones.
        set_ms: How much the difference must change; the network may cause smaller changes.
    """
    if not _differ(steps, set_ms):
        return []
    found: list[ClockChange] = []
    for change, old, new in _changes(arrived, _STEADY_MS):
        arrival_ms = change.after.record.at_ms - change.before.record.at_ms
        ts_ms = arrival_ms + change.by_ms
        if (
            abs(change.by_ms) >= set_ms
            and (ts_ms < 0 or ts_ms > arrival_ms)  # otherwise the server's clock was moved on
            and (_is_steady(old) or old[0].event_type == "sessionStart")
            and (
                _is_steady(new) or (change.by_ms > 0 and _is_steady(old))
            )  # no queue makes events come before their ts
        ):
            found.append(change)
    return found


def slight_clock_changes(arrived: Iterable[Item], steps: Sequence[Step], set_ms: float) -> list[ClockChange]:
    """Return where the difference between ``ts`` and arrival changed by seconds, and kept still before and after.

    The clock was set, or the network became slower or faster. Arguments as of :func:`clock_changes`, for larger ones.
    """
    if not _differ(steps, _SLIGHT_MS):
        return []
    return [
        change
        for change, old, new in _changes(arrived, _CLOSE_MS)
        if _SLIGHT_MS <= abs(change.by_ms) < min(set_ms, _MOST_SLIGHT_MS) and _is_steady(old) and _is_steady(new)
    ]


def _differ(steps: Sequence[Step], least_ms: float) -> bool:
    ahead_ms = [step.ts_ms - step.item.record.at_ms for step in steps]
    return bool(ahead_ms) and max(ahead_ms) - min(ahead_ms) >= least_ms


def _changes(arrived: Iterable[Item], steady_ms: int) -> Iterator[tuple[ClockChange, Sequence[Item], Sequence[Item]]]:
    """Return every change of the difference while arrivals went on as usual, with the events before and after it."""
    runs = _steady_runs([item for item in arrived if item.ts_ms is not None and item.index is None], steady_ms)
    for old, new in pairwise(runs):
        before, after = old[-1], new[0]
        arrival_ms = after.record.at_ms - before.record.at_ms
        if 0 <= arrival_ms <= _USUAL_MS:
            yield ClockChange(before, after, _ts_ms(after) - _ts_ms(before) - arrival_ms), old, new


def _steady_runs(items: Sequence[Item], steady_ms: int) -> list[list[Item]]:
    """Split events where the difference between ``ts`` and arrival changes by more than ``steady_ms``."""
    runs: list[list[Item]] = []
    run: list[Item] = []
    low_ms = high_ms = 0
    for item in items:
        ahead_ms = (item.ts_ms or 0) - item.record.at_ms
        if run and low_ms <= ahead_ms <= high_ms:
            run.append(item)
        else:
            run = [item]
            runs.append(run)
            low_ms, high_ms = ahead_ms - steady_ms, ahead_ms + steady_ms
    return runs


def _is_steady(run: Sequence[Item]) -> bool:
    return len(run) >= _EVENTS and run[-1].record.at_ms - run[0].record.at_ms >= _SPAN_MS


def same_ts_runs(arrived: Iterable[Item], steps: Sequence[Step]) -> list[Sequence[Item]]:
    """Return the runs of events with one ``ts`` that arrived seconds apart.

    Events that may be a repetition, by the network or after a lost answer, are left out.

    Args:
        arrived: The events of a session in order of arrival.
        steps: The accepted ones in order of processing.
    """
    if not any(first.ts_ms == second.ts_ms or second.item.late_ms for first, second in pairwise(steps)):
        return []
    runs = [
        run
        for run in _runs(item for item in arrived if item.index is None and item.accepted)
        if run[-1].record.at_ms - run[0].record.at_ms >= _STANDS_MS and all(map(is_answered, run))
    ]
    return runs if len(runs) >= _PAIRS else [run for run in runs if _moments(run) >= _EVENTS]


def _moments(run: Sequence[Item]) -> int:
    """Return at how many moments the events of a run arrived."""
    return 1 + sum(second.record.at_ms - first.record.at_ms >= _MOMENT_MS for first, second in pairwise(run))


def _runs(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """Return the runs of neighbouring events with one ``ts``."""
    run: list[Item] = []
    last: Item | None = None
    for item in items:
        if last is not None and item.ts_ms == last.ts_ms is not None:
            run = run or [last]
            run.append(item)
        elif run:
            yield run
            run = []
        last = item
    if run:
        yield run


def _ts_ms(item: Item) -> int:
    return item.ts_ms or 0
