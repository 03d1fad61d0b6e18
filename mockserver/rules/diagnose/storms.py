"""Rules about events that come far too often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]

_TYPES = (
    "play", "pauseStart", "bufferStart", "bitrateChange", "error", "stateStart", "stateEnd", "statesUpdate",
    "chapterStart", "chapterSkip",
)  # fmt: skip
_STORM = 20
_STORM_MS = 10_000
"""No viewer and no network changes anything so often in so short a time."""

_OFTEN_PINGS = 20
_OFTEN_S = 5
_OFTEN_SHARE = 0.5


def _storm(case: Case) -> Iterator[Hit]:
    if case.standing or case.ts_in_seconds:
        return
    for event_type in _TYPES:
        steps = case.by_type.get(event_type, ())
        worst = _densest(steps)
        if len(worst) >= _STORM:
            yield Hit(
                seqs_of(*worst),
                f"{len(worst)} {event_type} events came within {number((worst[-1].ts_ms - worst[0].ts_ms) / 1000)} s, "
                f"{len(steps)} in all; send it when something changes, not with every callback of the player.",
            )


def _densest(steps: Sequence[Step]) -> Sequence[Step]:
    """Return the most steps that lie within the time of a storm."""
    if len(steps) < _STORM:
        return ()
    best = first = 0
    span = (0, 0)
    for last in range(len(steps)):
        while steps[last].ts_ms - steps[first].ts_ms > _STORM_MS:
            first += 1
        if last + 1 - first > best:
            best, span = last + 1 - first, (first, last + 1)
    return steps[slice(*span)]


def _pings_often(case: Case) -> Iterator[Hit]:
    pings = [step for step in case.by_type.get("ping", ()) if step.after.ad_break is None]
    if len(pings) <= _OFTEN_PINGS or case.standing or case.ts_in_seconds:
        return
    shortest_ms, longest_ms = case.thresholds.too_fast_s * 1000, _OFTEN_S * 1000
    often = [last for first, last in pairwise(pings) if shortest_ms <= last.ts_ms - first.ts_ms < longest_ms]
    if len(often) >= _OFTEN_PINGS and len(often) >= _OFTEN_SHARE * len(pings):
        every_s = sorted(last.ts_ms - first.ts_ms for first, last in pairwise(pings))[len(pings) // 2] / 1000
        yield Hit(
            seqs_of(*often),
            f"{counted(len(often), 'ping')} of main content came less than {_OFTEN_S} s after the one before, mostly "
            f"{number(every_s)} s; send one every 10 s outside ads.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "event.storm",
        Severity.WARNING,
        "20 events of one type or more within 10 s, such as play, pauseStart, bitrateChange, error or stateStart",
        "Every one of them is counted: changes, pauses and errors that no viewer saw.",
        "our reading: players fire callbacks far more often than something changes",
        _storm,
        "pings, which have rules of their own; 19 events within 10 s",
    ),
    Rule(
        "ping.too-often",
        Severity.INFO,
        "at least 20 pings of main content, and half of all, come 0.5 to 5 s after the one before",
        "Requests without use: ten times as many as the API asks for.",
        "Adobe, Events: Ping (every 10 s)",
        _pings_often,
        "pings in ad breaks, which may come every second",
    ),
)
