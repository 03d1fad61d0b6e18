"""Player states: how often and how long each was on.

They run through play, pause and ads. A session has at most 10 different ones; further ones are dropped, and turning
one on again does not count again (Adobe, "Player state tracking overview"). A state still on at the end lasts until the
last event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mockserver.model.report import Metric, Part, StateReport
from mockserver.rules.playback import Step
from mockserver.rules.report.durations import place
from mockserver.rules.report.metrics import STATE, measured
from mockserver.rules.report.played_session import PlayedSession

__all__ = ["MOST_STATES", "dropped_states", "state_reports"]

MOST_STATES = 10


class _Period(NamedTuple):
    """One time that a state was on."""

    start: Step
    end: Step


def state_reports(played: PlayedSession) -> Iterator[StateReport]:
    """Report the first ten player states, in order of first use."""
    for name, periods in list(_periods(played).items())[:MOST_STATES]:
        yield StateReport(name=name, metrics=tuple(_metrics(played, name, periods)))


def dropped_states(played: PlayedSession) -> list[tuple[str, Step]]:
    """Return the player states beyond the tenth, with the event that first turned each on."""
    return [(name, periods[0].start) for name, periods in list(_periods(played).items())[MOST_STATES:]]


def _periods(played: PlayedSession) -> dict[str, list[_Period]]:
    found: dict[str, list[_Period]] = {}
    for step in played.turns:
        if step.before.on is step.after.on:
            continue
        before, after = step.before.on, step.after.on
        for name in after:
            if name not in before:
                found.setdefault(name, []).append(_Period(step, played.steps[-1]))
        for name in before:
            if name not in after:
                found[name][-1] = found[name][-1]._replace(end=step)
    return found


def _metrics(played: PlayedSession, name: str, periods: list[_Period]) -> Iterator[Metric]:
    definitions = {
        row.name: row._replace(key=f"a.media.states.{name}.{row.key}", label=f"{row.label} {name}")
        if row.name == "impacted_streams"
        else row._replace(key=f"a.media.states.{name}.{row.key}", label=f"{name} {row.label.lower()}")
        for row in STATE.values()
    }
    starts = tuple(period.start.seq for period in periods)
    elapsed_ms = played.durations.elapsed_ms
    lasted = [(elapsed_ms[period.end.n] - elapsed_ms[period.start.n]) / 1000 for period in periods]
    yield measured(definitions["impacted_streams"], True, (Part(starts[:1], 1, "turned on"),))
    yield measured(definitions["count"], len(periods), (Part(starts, len(periods), "turned on"),))
    yield measured(
        definitions["total_duration_s"],
        sum(lasted),
        (
            Part((period.start.seq, period.end.seq), time_s, f"on from {place(period.start)} to {place(period.end)}")
            for period, time_s in zip(periods, lasted, strict=True)
        ),
    )
