"""Rules about the player's clock: it is wrong, it is set meanwhile, or it stands."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import FIRST_TS_MS, Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, number, seqs_of

__all__ = ["RULES"]

_HALF_HOUR_MS = 1_800_000
_MOST_HOURS = 14
"""No time zone is farther away from UTC."""


def _skew(case: Case) -> Iterator[Hit]:
    limit_ms = case.thresholds.skew_s * 1000
    if case.is_batch or case.ts_in_seconds or not case.steps:
        return
    nearest: int | None = None
    for step in case.steps:
        ahead_ms = step.ts_ms - step.item.record.at_ms
        if abs(ahead_ms) <= limit_ms or step.ts_ms < FIRST_TS_MS:
            return
        if nearest is None or abs(ahead_ms) < abs(nearest):
            nearest = ahead_ms
    if nearest is not None:
        where = "ahead of" if nearest > 0 else "behind"
        hours = _whole_hours(nearest, case.thresholds.timezone_s * 1000)
        if hours is not None:
            text = (
                f"Every ts is {number(hours)} h {where} the clock of the server, to within "
                f"{number(case.thresholds.timezone_s)} s, like local time that is sent as UTC; send milliseconds since "
                "1970 UTC, as Date.now() gives them in every time zone."
            )
        else:
            text = (
                f"Every ts is at least {number(abs(nearest) / 1000)} s {where} the clock of the server; take ts from a "
                "clock that is set right, at the moment of the event."
            )
        yield Hit(seqs_of(*case.steps), text)


def _whole_hours(ahead_ms: int, tolerance_ms: float) -> float | None:
    """Return by how many hours a clock is off if that may be a time zone, of which some differ by half an hour."""
    halves = round(abs(ahead_ms) / _HALF_HOUR_MS)
    is_near = abs(abs(ahead_ms) - halves * _HALF_HOUR_MS) <= tolerance_ms
    return halves / 2 if is_near and 1 <= halves <= 2 * _MOST_HOURS else None


def _clock_set(case: Case) -> Iterator[Hit]:
    for change in case.clock_sets:
        before, after, by_ms = change
        took_s = (after.record.at_ms - before.record.at_ms) / 1000
        effect = "that much is added to the time" if by_ms > 0 else "no time passes until ts has caught up"
        yield Hit(
            seqs_of(before, after),
            f"The player's clock was set {'forward' if by_ms > 0 else 'back'} by {number(abs(by_ms) / 1000)} s between "
            f"{before.event_type or 'event'} and {after.event_type or 'event'}, which arrived {number(took_s)} s "
            f"apart, and {effect}; take the time once from the clock, and count on with one that nobody can set, "
            "such as performance.now().",
        )


def _stands_still(case: Case) -> Iterator[Hit]:
    runs = case.standing
    if not runs:
        return
    longest = max(runs, key=lambda run: run[-1].record.at_ms - run[0].record.at_ms)
    took_s = (longest[-1].record.at_ms - longest[0].record.at_ms) / 1000
    more = f", and {counted(len(runs) - 1, 'more time')} like that" if len(runs) > 1 else ""
    yield Hit(
        seqs_of(*(item for run in runs for item in run)),
        f"{len(longest)} events that arrived over {number(took_s)} s have one ts, {longest[0].ts_ms}{more}; read the "
        "clock anew for every event.",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "ts.skew",
        Severity.WARNING,
        "every ts of a session more than 5 minutes away from the clock of the server",
        "The session is reported for another time, perhaps for another day and visit.",
        "our reading: Adobe documents no comparison of ts with the time of arrival",
        _skew,
        "single events that waited in a queue; downloaded content",
    ),
    Rule(
        "ts.stands-still",
        Severity.ERROR,
        "3 events or more with one ts that arrive over 5 s or more, or 3 pairs of such events",
        "Every duration is 0 while it stands.",
        "Adobe, Media Collection API: Sessions request (ts is the time of the event)",
        _stands_still,
        "bursts of an SDK; events sent again because their answer was lost; a clock of the server that stands or "
        "follows ts",
    ),
    Rule(
        "ts.clock-set",
        Severity.ERROR,
        "the difference between ts and the time of arrival is steady, changes by 30 s or more from one event to the "
        "next, and is steady again",
        "Durations are off by as much as the clock was set, or nothing is counted until ts has caught up.",
        "our reading: durations come from ts (Adobe, metrics overview)",
        _clock_set,
        "events that waited in a queue, time that passes on both clocks, and a clock of the server that is frozen, "
        "moved on or follows ts",
    ),
)
