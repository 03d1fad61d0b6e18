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

__all__ = ["ClockChange", "clock_changes", "same_ts_runs"]

_STEADY_MS = 5_000
"""By how much the difference varies in normal operation: events are delayed on their way, and clocks drift."""

_USUAL_MS = 60_000
"""The longest time of arrival between two events when time goes on as usual."""

_EVENTS = 3
_SPAN_MS = 10_000
"""A difference is steady if it lasts for this many events and this much time of arrival."""

_STANDS_MS = 5_000
"""Events with one ``ts`` that arrive closer together than this come from one call of an SDK."""

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
    ahead_ms = [step.ts_ms - step.item.record.at_ms for step in steps]
    if not ahead_ms or max(ahead_ms) - min(ahead_ms) < set_ms:
        return []
    runs = _steady_runs([item for item in arrived if item.ts_ms is not None and item.index is None])
    found: list[ClockChange] = []
    for old, new in pairwise(runs):
        before, after = old[-1], new[0]
        arrival_ms, ts_ms = after.record.at_ms - before.record.at_ms, _ts_ms(after) - _ts_ms(before)
        if (
            0 <= arrival_ms <= _USUAL_MS
            and abs(ts_ms - arrival_ms) >= set_ms
            and (ts_ms < 0 or ts_ms > arrival_ms)  # otherwise the server's clock was moved on
            and (_is_steady(old) or old[0].event_type == "sessionStart")
            and _is_steady(new)
        ):
            found.append(ClockChange(before, after, ts_ms - arrival_ms))
    return found


def _steady_runs(items: Sequence[Item]) -> list[list[Item]]:
    """Split events where the difference between ``ts`` and arrival changes."""
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
            low_ms, high_ms = ahead_ms - _STEADY_MS, ahead_ms + _STEADY_MS
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
    return runs if len(runs) >= _PAIRS else [run for run in runs if len(run) >= _EVENTS]


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
