"""Rules about a playhead that leaps, or runs backwards, while main content plays.

Main content plays from one event to the next when the first leaves the player playing outside an ad break. Nothing is
said when the playhead counts milliseconds or ``ts`` counts seconds: that is one mistake with its own finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.motion import DAY_S, Stretch
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import speeds_around

__all__ = ["RULES"]

_SEEK_EVENTS = ("pauseStart", "play")
_TO_AND_FRO = 3
"""So many changes of direction are no viewer who looks for a place."""


def _jump(case: Case) -> Iterator[Hit]:
    if case.playhead_in_ms or case.counts_down or case.coarse_step_s is not None:
        return
    leaps = list(_leaps(case))
    behind = [leap for leap in leaps if 0 <= leap.dp_s < leap.dt_s]
    if behind:
        yield _hit(behind, "send bufferStart when the player waits and play with the new position after it")
    over = [leap for leap in leaps if not 0 <= leap.dp_s < leap.dt_s]
    turns = sum(1 for first, second in pairwise(over) if (first.dp_s < 0) is not (second.dp_s < 0))
    if over and turns < _TO_AND_FRO:
        yield _hit(over, "send pauseStart before a seek and play with the new position after it")
    elif over:
        yield Hit(
            _seqs(over),
            f"The playhead leapt to and fro {len(over)} times between {number(min(_playheads(over)))} s and "
            f"{number(max(_playheads(over)))} s while playing, as when two players report to one session; let one of "
            "them report, with the position at which it plays.",
        )


def _hit(leaps: Sequence[Stretch], advice: str) -> Hit:
    first, last = (worst := max(leaps, key=lambda leap: abs(leap.dp_s - leap.dt_s))).first, worst.last
    more = f", and {counted(len(leaps) - 1, 'more time')} like that" if len(leaps) > 1 else ""
    return Hit(
        _seqs(leaps),
        f"The playhead went from {number(first.playhead_s)} s to {number(last.playhead_s)} s within "
        f"{number((last.ts_ms - first.ts_ms) / 1000)} s of playing{more}; {advice}.",
    )


def _seqs(leaps: Sequence[Stretch]) -> tuple[int, ...]:
    return seqs_of(*(step for leap in leaps for step in (leap.first, leap.last)))


def _playheads(leaps: Sequence[Stretch]) -> Iterator[float]:
    return (step.playhead_s for leap in leaps for step in (leap.first, leap.last))


def _leaps(case: Case) -> Iterator[Stretch]:
    """Return the stretches in which the playhead moved more or less than playback moves it."""
    limit_s = case.thresholds.jump_s
    stretches = case.stretches
    unlike = [
        place for place, stretch in enumerate(stretches) if not -limit_s <= stretch.dp_s - stretch.dt_s <= limit_s
    ]
    speeds = speeds_around([stretch.rate for stretch in stretches]) if unlike else []
    seeks_ms = sorted(step.ts_ms for step in case.of(*_SEEK_EVENTS)) if unlike else []
    for place in unlike:
        stretch = stretches[place]
        if (
            case.spans_clock_set(stretch.first.seq, stretch.last.seq)
            or _is_near_seek(stretch, seeks_ms, case.thresholds)
            or _caught_up(case, stretch, limit_s)
        ):
            continue
        around = (*stretches[max(place - 1, 0) : place], *stretches[place + 1 : place + 2])
        if stretch.dp_s == 0 and any(other.dp_s == 0 for other in around):
            continue  # What stood still for longer has its own finding: it froze.
        slowest, fastest = speeds[place]
        if case.odd_rate is not None:
            slowest, fastest = min(slowest, case.odd_rate), max(fastest, case.odd_rate)
        if not slowest * stretch.dt_s - limit_s <= stretch.dp_s <= fastest * stretch.dt_s + limit_s:
            yield stretch


def _is_near_seek(stretch: Stretch, seeks_ms: Sequence[int], limits: Thresholds) -> bool:
    """Tell whether a pauseStart or play is next to a stretch, or in one burst with what is."""
    if stretch.first.event_type in _SEEK_EVENTS or stretch.last.event_type in _SEEK_EVENTS:
        return True
    burst_ms = limits.burst_s * 1000
    for ts_ms in (stretch.first.ts_ms, stretch.last.ts_ms):
        place = bisect_left(seeks_ms, ts_ms - burst_ms)
        if place < len(seeks_ms) and seeks_ms[place] <= ts_ms + burst_ms:
            return True
    return False


def _caught_up(case: Case, stretch: Stretch, limit_s: float) -> bool:
    """Tell whether a live playhead, which stood during an ad break, is as far behind the clock as before the break."""
    if not case.is_live:
        return False
    behind_s = _behind_s(stretch.last)
    return any(
        opening.n < stretch.first.n and abs((_behind_s(opening) - behind_s + DAY_S / 2) % DAY_S - DAY_S / 2) <= limit_s
        for opening in case.of("adBreakStart")
    )


def _behind_s(step: Step) -> float:
    return step.ts_ms / 1000 - step.playhead_s


def _counts_down(case: Case) -> Iterator[Hit]:
    if case.counts_down:
        first, last = case.stretches[0].first, case.stretches[-1].last
        yield Hit(
            seqs_of(*(step for stretch in case.stretches for step in (stretch.first, stretch.last))),
            f"The playhead goes down while content plays, from {number(first.playhead_s)} s to "
            f"{number(last.playhead_s)} s, like the time that remains; send the position, which counts up from the "
            "beginning of the content.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.jump-without-seek",
        Severity.WARNING,
        "the playhead moves 3 s more or less than the time while playing, with no pauseStart or play next to it",
        "The seek is not tracked and progress markers are skipped.",
        "recordings: SDKs send pauseStart and play around a seek",
        _jump,
        "the first play, where SDKs go from 0 to the real position; other speeds of playback, drift of a clock; a live "
        "playhead that stood during an ad break and is back where it was behind the clock",
    ),
    Rule(
        "playhead.counts-down",
        Severity.ERROR,
        "the playhead goes down in most of the stretches that are played, at the pace of the clock",
        "Progress markers are reached at the start, and no content counts as watched.",
        "Adobe, Media Collection API: Sessions request (the playhead is the position)",
        _counts_down,
        "a viewer who goes back twice",
    ),
)
