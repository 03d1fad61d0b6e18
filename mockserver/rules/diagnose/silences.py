"""The periods in which the player sent nothing.

Every event ends a silence, even one that was refused or came late: the player did send it. The time after the last
event is not a silence, nor is the time after sessionComplete or sessionEnd. If the session was gone before the player
went on, the last silence ends with the first event that was answered so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mockserver.model.vocabulary import Outcome
from mockserver.rules.playback import Step
from mockserver.rules.timeline import Item

__all__ = ["Heard", "Silence", "heard_besides", "silences_of"]

_MOST_MS = 10**15
"""A refused ``ts`` may be any integer; one larger than this is not a time."""


class Heard(NamedTuple):
    """An event that was received, processed or not; its ``ts``, journal entry and type."""

    ts_ms: int
    seq: int
    event_type: str


class Silence(NamedTuple):
    """Time without events.

    Args:
        seconds: How long by ``ts``.
        first: The event before it.
        last: The event after it.
        step: The step that shows what the player was doing meanwhile.
    """

    seconds: float
    first: Heard
    last: Heard
    step: Step


def heard_besides(unaccepted: Iterable[Item], late: Iterable[Step]) -> list[Heard]:
    """Return, sorted by ``ts``, what was received but is not in the trace at its ``ts``.

    Args:
        unaccepted: What was not processed, in order of arrival; nothing counts after the first 410.
        late: What was processed too late.
    """
    heard = [_heard(step) for step in late]
    for item in unaccepted:
        if item.ts_ms is not None and abs(item.ts_ms) < _MOST_MS:
            heard.append(Heard(item.ts_ms, item.seq, item.event_type or "event"))
        if item.record.outcome is Outcome.SESSION_CLOSED:
            break
    return sorted(heard)


def silences_of(
    steps: Sequence[Step], others: Sequence[Heard], *, limit_s: float, ad_limit_s: float, ended: bool
) -> Iterator[Silence]:
    """Return the silences that are longer than the limits.

    Args:
        steps: The steps of the session in order of ``ts``, up to the end of playback.
        others: What else was received, by ``ts``.
        limit_s: How many seconds may pass outside ads.
        ad_limit_s: How many seconds may pass inside an ad.
        ended: Whether the last step is sessionComplete or sessionEnd.
    """
    limit_ms, ad_limit_ms = limit_s * 1000, ad_limit_s * 1000
    least_ms = min(limit_ms, ad_limit_ms)
    for step, end in [(step, end) for step, end in pairwise(steps) if end.ts_ms - step.ts_ms > least_ms]:
        allowed_ms = limit_ms if step.after.ad is None else ad_limit_ms
        if end.ts_ms - step.ts_ms > allowed_ms:
            between = others[_place(others, step.ts_ms + 1) : _place(others, end.ts_ms)]
            yield from _parts(step, (*between, _heard(end)), allowed_ms)
    if steps and others and not ended:
        last = steps[-1]
        following = others[_place(others, last.ts_ms + 1) :]
        yield from _parts(last, following, limit_ms if last.after.ad is None else ad_limit_ms)


def _place(others: Sequence[Heard], ts_ms: int) -> int:
    """Return the index of the first event with this ``ts`` or a later one."""
    return bisect_left(others, (ts_ms,))


def _heard(step: Step) -> Heard:
    return Heard(step.ts_ms, step.seq, step.event_type)


def _parts(step: Step, following: Iterable[Heard], limit_ms: float) -> Iterator[Silence]:
    for first, last in pairwise((_heard(step), *following)):
        if last.ts_ms - first.ts_ms > limit_ms:
            yield Silence((last.ts_ms - first.ts_ms) / 1000, first, last, step)
