"""Time spent, by activity.

Theory of operation. The interval between two events counts as the activity after the first (Adobe, metrics overview of
the Streaming Media guide). Adjacent intervals of the same kind make one stretch; every duration of a report is a sum
over stretches, and the stretches are its explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import accumulate, pairwise
from typing import NamedTuple

from mockserver.model.report import Part
from mockserver.rules.playback import Player, Scope, State, Step
from mockserver.rules.stalls import stalls

__all__ = ["Activity", "Durations", "Stretch", "amount", "place", "seconds", "turns"]


class Activity(Enum):
    """What time counts as. The value completes "... from #3 to #9"."""

    STARTING = "not playing yet"
    MAIN = "playing on main"
    AD = "playing an ad"
    PAUSED = "paused"
    BUFFERING = "buffering"
    STALLED = "stalled"
    GAP = "in an ad break between ads"
    STOPPED = "stopped by an error"


_WAITING = {
    Player.STARTING: Activity.STARTING,
    Player.PAUSED: Activity.PAUSED,
    Player.BUFFERING: Activity.BUFFERING,
    Player.STOPPED: Activity.STOPPED,
}


class Stretch(NamedTuple):
    """Adjacent intervals of one kind.

    Args:
        activity: What the time counts as.
        ad: The number of the open ad; 0 without one.
        chapter: The number of the open chapter; 0 without one.
        first: The step it begins with.
        end: The step at which it ends, itself not included; the number of steps if it lasts to the end.
        ms: Its length.
    """

    activity: Activity
    ad: int
    chapter: int
    first: int
    end: int
    ms: int


class Durations:
    """The steps of a session with their time.

    Args:
        steps: The trace.
        tail_ms: The time credited after the last event.
    """

    def __init__(self, steps: Sequence[Step], tail_ms: int = 0) -> None:
        self.steps = steps
        self.tail_ms = tail_ms
        gaps = [later.ts_ms - step.ts_ms if later.ts_ms > step.ts_ms else 0 for step, later in pairwise(steps)]
        self.elapsed_ms: Sequence[int] = list(accumulate([*gaps, tail_ms], initial=0))
        """Milliseconds elapsed before each step; the last entry is the total."""
        self.stalls: Sequence[tuple[int, int]] = stalls(steps)
        """The stalls: the step each begins with and the step at which it ends, not included."""
        self.stretches: Sequence[Stretch] = self._stretches()

    def of(self, *activities: Activity) -> list[Stretch]:
        """Return the stretches that count as one of the given activities."""
        return [stretch for stretch in self.stretches if stretch.activity in activities]

    def parts(self, stretches: Iterable[Stretch]) -> tuple[Part, ...]:
        """Explain a sum of stretches; adjacent ones of one activity become one part."""
        merged: list[Stretch] = []
        for stretch in stretches:
            last = merged[-1] if merged else None
            if last is not None and last.end == stretch.first and last.activity is stretch.activity:
                merged[-1] = last._replace(end=stretch.end, ms=last.ms + stretch.ms)
            else:
                merged.append(stretch)
        return tuple(self._part(stretch) for stretch in merged if stretch.ms)

    def _part(self, stretch: Stretch) -> Part:
        first, last = self.steps[stretch.first], self.steps[min(stretch.end, len(self.steps) - 1)]
        until = place(last)
        if stretch.end == len(self.steps) and self.tail_ms:
            until = f"{amount(self.tail_ms / 1000)} s after {until}"
        return Part(
            (first.seq,) if first.seq == last.seq else (first.seq, last.seq),
            stretch.ms / 1000,
            f"{stretch.activity.value} from {place(first)} to {until}",
        )

    def _stretches(self) -> list[Stretch]:
        stretches: list[Stretch] = []
        stalled = {n for first, end in self.stalls for n in range(first, end)}
        elapsed_ms = self.elapsed_ms
        state: State | None = None
        known = current = (Activity.STARTING, 0, 0)
        first = 0
        for step in self.steps:
            if step.after is not state:
                state = step.after
                known = _kind(state)
            kind = (Activity.STALLED, *known[1:]) if step.n in stalled else known
            if kind != current:
                if step.n:
                    stretches.append(Stretch(*current, first, step.n, elapsed_ms[step.n] - elapsed_ms[first]))
                current, first = kind, step.n
        if self.steps:
            stretches.append(Stretch(*current, first, len(self.steps), elapsed_ms[-1] - elapsed_ms[first]))
        return stretches


def _kind(state: State) -> tuple[Activity, int, int]:
    scope = state.scope
    if scope is Scope.GAP:
        activity = Activity.GAP
    elif state.player is Player.PLAYING:
        activity = Activity.AD if scope is Scope.AD else Activity.MAIN
    else:
        activity = _WAITING[state.player]
    return activity, state.ad.number if state.ad else 0, state.chapter.number if state.chapter else 0


def turns(steps: Iterable[Step]) -> list[Step]:
    """Return the steps that changed the activity."""
    return [step for step in steps if step.before is not step.after]


def seconds(stretches: Iterable[Stretch]) -> float:
    """Add up stretches, in seconds."""
    return sum(stretch.ms for stretch in stretches) / 1000


def place(step: Step) -> str:
    """Name the journal entry of a step, with the place inside it for a batch."""
    return f"#{step.seq}" if step.item.index is None else f"#{step.seq}[{step.item.index}]"


def amount(value: float) -> str:
    """Format a number for people, to a thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
