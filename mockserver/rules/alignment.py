"""Align the events of one session with the sequence that a test expects.

Both are aligned as ``diff`` aligns texts: a missing step and an unexpected event have a cost, a match has none. A
session is as expected when the cheapest alignment costs nothing, so one computation gives the verdict and the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec

from mockserver.rules.match import Facts
from mockserver.rules.sequence import Expected, Occurs

__all__ = ["Aligned", "HasFacts", "Mark", "align", "as_expected"]

_MISSING = 200
_UNEXPECTED = 200
_DIFFERENT = 300
_DIFFERENT_AMONG_OTHERS = 100
"""Less than a missing step, because unexpected events cost nothing then."""


class HasFacts(Protocol):
    """An event to align."""

    def facts(self) -> Facts:
        """Return what a matcher can look at."""
        ...


class Mark(str, Enum):
    """What one line of an alignment means."""

    FITS = "fits"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DIFFERENT = "different"
    OTHER = "other"


class Aligned(msgspec.Struct, frozen=True):
    """One line of an alignment: a step, an event, or both.

    Args:
        step: The index of the step; None for an event that belongs to no step.
        seen: The index of the event; None for a step that is missing.
    """

    mark: Mark
    step: int | None
    seen: int | None


def as_expected(alignment: Sequence[Aligned]) -> bool:
    """Return whether nothing is missing, unexpected or different."""
    return all(line.mark in (Mark.FITS, Mark.OTHER) for line in alignment)


def align(steps: Sequence[Expected], events: Sequence[HasFacts], *, allow_others: bool = False) -> list[Aligned]:
    """Align what is expected with what was seen, at the least cost.

    Args:
        allow_others: Whether other events may come between the steps, before the first and after the last.

    Returns:
        The lines in order; a step of any number of events has one line for each event, so maybe none.
    """
    return _Alignment(steps, events, allow_others).lines()


class _Alignment:
    """The lowest costs of aligning the remaining steps with the remaining events, from every position."""

    def __init__(self, steps: Sequence[Expected], events: Sequence[HasFacts], allow_others: bool) -> None:
        self._steps = steps
        self._other = Mark.OTHER if allow_others else Mark.UNEXPECTED
        self._other_cost = 0 if allow_others else _UNEXPECTED
        self._different_cost = _DIFFERENT_AMONG_OTHERS if allow_others else _DIFFERENT
        self._count = len(events)
        facts = [event.facts() for event in events]
        self._pairs = [[self._pair(step, fact) for fact in facts] for step in steps]
        self._costs = self._all_costs()

    def _pair(self, step: Expected, facts: Facts) -> int | None:
        """Return the cost of taking an event for a step; None if that is impossible."""
        if step.fits(facts):
            return 0
        if step.occurs is not Occurs.ONCE or _of_another_type(step, facts):
            return None
        distance, _ = step.nearness(facts)
        if distance >= 1:
            return None
        return self._different_cost + int(99 * distance)

    def _all_costs(self) -> list[list[int]]:
        steps, count = self._steps, self._count
        last = [self._other_cost * (count - j) for j in range(count + 1)]
        costs = [last]
        for i in range(len(steps) - 1, -1, -1):
            below, pairs = costs[0], self._pairs[i]
            once = steps[i].occurs is Occurs.ONCE
            without = _MISSING if once else 0
            row = [0] * count + [below[count] + without]
            for j in range(count - 1, -1, -1):
                least = min(below[j] + without, row[j + 1] + self._other_cost)
                pair = pairs[j]
                if pair is not None:
                    least = min(least, (below[j + 1] if once else row[j + 1]) + pair)
                row[j] = least
            costs.insert(0, row)
        return costs

    def lines(self) -> list[Aligned]:
        """Follow the lowest costs; of equal ways, take the one that reads best."""
        lines: list[Aligned] = []
        i = j = 0
        while i < len(self._steps) or j < self._count:
            line, i, j = self._next(i, j)
            if line is not None:
                lines.append(line)
        return lines

    def _next(self, i: int, j: int) -> tuple[Aligned | None, int, int]:
        if i == len(self._steps):
            return Aligned(self._other, None, j), i, j + 1
        costs, occurs = self._costs, self._steps[i].occurs
        cost = costs[i][j]
        if occurs is Occurs.ANYTHING and costs[i + 1][j] == cost:  # as little as possible: the next step comes soon
            return None, i + 1, j
        if j < self._count and (pair := self._pairs[i][j]) is not None:
            after = i + 1 if occurs is Occurs.ONCE else i
            if costs[after][j + 1] + pair == cost:
                return Aligned(Mark.DIFFERENT if pair else Mark.FITS, i, j), after, j + 1
        if occurs is not Occurs.ONCE and costs[i + 1][j] == cost:
            return None, i + 1, j
        if occurs is Occurs.ONCE and costs[i + 1][j] + _MISSING == cost:
            return Aligned(Mark.MISSING, i, None), i + 1, j
        return Aligned(self._other, None, j), i, j + 1


def _of_another_type(step: Expected, facts: Facts) -> bool:
    return any(name == "event_type" and facts.event_type not in wanted for name, wanted in step.matchers[0].fields)
