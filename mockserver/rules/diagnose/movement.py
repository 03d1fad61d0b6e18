"""Rules about how the playhead moves: it stops, jumps, runs backwards, drifts, or moves in pauses and ads.

Rules that compare the playhead with the time look only at main content that plays. They do not run if the playhead
counts milliseconds or ``ts`` counts seconds: that is one mistake with its own finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.intervals import DAY_S, Interval, ran_s
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import FASTEST, speeds_around

__all__ = ["RULES"]


def _frozen(session: SessionTraffic) -> Iterator[Hit]:
    stood = session.stalls
    if not stood or session.coarse_step_s is not None:
        return
    longest = max(stood, key=_seconds)
    more = f", and stood still at {counted(len(stood) - 1, 'more place')}" if len(stood) > 1 else ""
    yield Hit(
        seqs_of(*(step for steps in stood for step in steps)),
        f"The playhead stayed at {number(longest[0].playhead_s)} s in {len(longest)} events over "
        f"{number(_seconds(longest))} s of playing{more}; send the current position with every event, and bufferStart "
        "when the player waits for data.",
    )


def _coarse(session: SessionTraffic) -> Iterator[Hit]:
    step_s = session.coarse_step_s
    if step_s is None:
        return
    stood = session.stalls
    between = f", and stood still {counted(len(stood), 'time')} in between" if stood else ""
    yield Hit(
        seqs_of(*(step for interval in session.played for step in (interval.first, interval.last))),
        f"The playhead moves only in steps of {number(step_s)} s{between}; send the current position, to the second or "
        "finer.",
        None if stood else Severity.WARNING,
        consequence=None if stood else "Unique time, progress markers and the content segment are inexact.",
    )


def _seconds(steps: Sequence[Step]) -> float:
    return (steps[-1].ts_ms - steps[0].ts_ms) / 1000


_SEEK_EVENTS = ("pauseStart", "play")
_TO_AND_FRO = 3
"""This many changes of direction are more than a viewer searching for a scene."""


def _jump(session: SessionTraffic) -> Iterator[Hit]:
    if session.playhead_in_ms or session.counts_down or session.coarse_step_s is not None:
        return
    jumps = list(_jumps(session))
    behind = [jump for jump in jumps if 0 <= jump.dp_s < jump.dt_s]
    if behind:
        yield _hit(behind, "send bufferStart when the player waits, and play with the new position after it")
    over = [jump for jump in jumps if not 0 <= jump.dp_s < jump.dt_s]
    turns = sum(1 for first, second in pairwise(over) if (first.dp_s < 0) is not (second.dp_s < 0))
    if over and turns < _TO_AND_FRO:
        yield _hit(over, "send pauseStart before a seek, and play with the new position after it")
    elif over:
        yield Hit(
            _seqs(over),
            f"The playhead jumped back and forth {len(over)} times between {number(min(_playheads(over)))} s and "
            f"{number(max(_playheads(over)))} s while playing, as if two players reported to one session; let only one "
            "of them report, with its own position.",
        )


def _hit(jumps: Sequence[Interval], advice: str) -> Hit:
    first, last = (worst := max(jumps, key=lambda jump: abs(jump.dp_s - jump.dt_s))).first, worst.last
    more = f", and jumped {counted(len(jumps) - 1, 'more time')}" if len(jumps) > 1 else ""
    return Hit(
        _seqs(jumps),
        f"The playhead went from {number(first.playhead_s)} s to {number(last.playhead_s)} s within "
        f"{number((last.ts_ms - first.ts_ms) / 1000)} s of playing{more}; {advice}.",
    )


def _seqs(jumps: Sequence[Interval]) -> tuple[int, ...]:
    return seqs_of(*(step for jump in jumps for step in (jump.first, jump.last)))


def _playheads(jumps: Sequence[Interval]) -> Iterator[float]:
    return (step.playhead_s for jump in jumps for step in (jump.first, jump.last))


def _jumps(session: SessionTraffic) -> Iterator[Interval]:
    """Return the intervals in which the playhead moved more or less than playback moves it."""
    limit_s = session.thresholds.jump_s
    intervals = session.played
    unlike = [
        place for place, interval in enumerate(intervals) if not -limit_s <= interval.dp_s - interval.dt_s <= limit_s
    ]
    speeds = speeds_around([interval.rate for interval in intervals]) if unlike else []
    seeks_ms = sorted(step.ts_ms for step in session.of(*_SEEK_EVENTS)) if unlike else []
    for place in unlike:
        interval = intervals[place]
        if (
            session.spans_clock_change(interval.first.seq, interval.last.seq)
            or _is_near_seek(interval, seeks_ms, session.thresholds)
            or _caught_up(session, interval, limit_s)
        ):
            continue
        around = (*intervals[max(place - 1, 0) : place], *intervals[place + 1 : place + 2])
        if interval.dp_s == 0 and any(other.dp_s == 0 for other in around):
            continue  # A playhead that stops for longer has its own finding: it froze.
        slowest, fastest = speeds[place]
        if session.odd_rate is not None:
            slowest, fastest = min(slowest, session.odd_rate), max(fastest, session.odd_rate)
        if not slowest * interval.dt_s - limit_s <= interval.dp_s <= fastest * interval.dt_s + limit_s:
            yield interval


def _is_near_seek(interval: Interval, seeks_ms: Sequence[int], limits: Thresholds) -> bool:
    """Return whether a pauseStart or play is next to an interval, or in one burst with an event that is."""
    if interval.first.event_type in _SEEK_EVENTS or interval.last.event_type in _SEEK_EVENTS:
        return True
    burst_ms = limits.burst_s * 1000
    for ts_ms in (interval.first.ts_ms, interval.last.ts_ms):
        place = bisect_left(seeks_ms, ts_ms - burst_ms)
        if place < len(seeks_ms) and seeks_ms[place] <= ts_ms + burst_ms:
            return True
    return False


def _caught_up(session: SessionTraffic, interval: Interval, limit_s: float) -> bool:
    """Return whether a live playhead that stopped during an ad break is as far behind the clock as before the break."""
    if not session.is_live:
        return False
    behind_s = _behind_s(interval.last)
    return any(
        opening.n < interval.first.n and abs((_behind_s(opening) - behind_s + DAY_S / 2) % DAY_S - DAY_S / 2) <= limit_s
        for opening in session.of("adBreakStart")
    )


def _behind_s(step: Step) -> float:
    return step.ts_ms / 1000 - step.playhead_s


def _counts_down(session: SessionTraffic) -> Iterator[Hit]:
    if session.counts_down:
        first, last = session.played[0].first, session.played[-1].last
        yield Hit(
            seqs_of(*(step for interval in session.played for step in (interval.first, interval.last))),
            f"The playhead goes down while content plays, from {number(first.playhead_s)} s to "
            f"{number(last.playhead_s)} s, like the remaining time; send the position, counted up from the beginning "
            "of the content.",
        )


def _runs_while_paused(session: SessionTraffic) -> Iterator[Hit]:
    if session.ts_in_seconds or session.playhead_in_ms:
        return
    limits = session.thresholds
    for pause in session.pauses:
        moved_s = ran_s(pause, limits.burst_s) if pause.is_resumed else 0
        if moved_s > limits.moves_while_paused_s:
            yield Hit(
                seqs_of(pause.start, *pause.inside, pause.end),
                f"The playhead moved {number(moved_s)} s between {pause.start.event_type} and play; send play when "
                "playback resumes, and until then the position at which it is paused.",
            )


def _moves_in_ad(session: SessionTraffic) -> Iterator[Hit]:
    limit_s = session.thresholds.moves_in_ad_s
    for opening in session.of("adBreakStart"):
        inside, is_closed = _inside(session.steps, opening)
        moved = [step for step in inside if abs(step.playhead_s - opening.playhead_s) > limit_s]
        if not is_closed:
            # Main content plays after the last ad: the mistake is the missing adBreakComplete.
            moved = [step for step in moved if step.after.ad is not None]
        if moved:
            yield Hit(
                seqs_of(opening, *moved),
                f"The playhead went from {number(opening.playhead_s)} s at adBreakStart to "
                f"{number(moved[-1].playhead_s)} s at {moved[-1].event_type} in the break; send the position in the "
                "main content, which does not change during ads.",
            )


def _inside(steps: Sequence[Step], opening: Step) -> tuple[list[Step], bool]:
    """Return the steps in the break that an adBreakStart opened, and whether it was closed."""
    inside: list[Step] = []
    for n in range(opening.n + 1, len(steps)):
        state = steps[n].after
        if state.ad_break is None or state.breaks != opening.after.breaks:
            return inside, state.ad_break is None
        inside.append(steps[n])
    return inside, False


def _backwards(session: SessionTraffic) -> Iterator[Hit]:
    if session.counts_down:
        return
    back = [interval for interval in session.played if interval.dp_s < -session.thresholds.backwards_s]
    back_s = [interval.dp_s for interval in back]
    steps = [step for interval in back for step in (interval.first, interval.last)]
    for pause in session.pauses:
        if pause.end is not None and pause.end.event_type == "play":
            dp_s = pause.end.playhead_s - pause.start.playhead_s
            if dp_s < -session.thresholds.backwards_s and not (session.is_live and dp_s < -DAY_S / 2):
                back_s.append(dp_s)
                steps += [pause.start, pause.end]
    if back_s:
        yield Hit(
            seqs_of(*steps),
            f"The playhead went back {counted(len(back_s), 'time')}, by up to {number(-min(back_s))} s; no change is "
            "needed if the viewer seeked back.",
        )


def _drift(session: SessionTraffic) -> Iterator[Hit]:
    if session.odd_rate is not None:
        moving = [interval for interval in session.played if interval.rate > 0]
        advice = "send the position in seconds, and take ts from the clock, not from the content"
        if session.odd_rate > FASTEST:
            advice = f"above {number(FASTEST)} it is a seek: {advice}; report fast forward as pauseStart and play"
        yield Hit(
            seqs_of(*(step for interval in moving for step in (interval.first, interval.last))),
            f"The playhead advances {number(session.odd_rate)} s per second of playing; {advice}.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.frozen",
        Severity.ERROR,
        "at least 3 events at one playhead over at least 5 s while main content plays",
        "Counted as a stall, not as content watched.",
        "Adobe, metrics: Stall events",
        _frozen,
        "bursts of an SDK at one playhead; pauses, buffers and ad breaks; ads outside a break, which is "
        "ad.outside-break",
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "playhead.coarse",
        Severity.ERROR,
        "all moves of the playhead are multiples of a step of at least 5 s, and it stands still at least 3 times, or "
        "keeps up with the time in such steps; a warning if that makes no stall",
        "Playing time is counted as stalls.",
        "Adobe, metrics: Stall events",
        _coarse,
        "steps as long as the time between two events; moves of unequal length",
    ),
    Rule(
        "playhead.jump-without-seek",
        Severity.WARNING,
        "while playing, the playhead moves 3 s more or less than the time does, with no pauseStart or play next to it",
        "The seek is not reported, and progress markers are skipped.",
        "recordings: SDKs send pauseStart and play around a seek",
        _jump,
        "the first play, where SDKs go from 0 to the real position; other playback speeds and clock drift; a live "
        "playhead that stood still during an ad break and has caught up with the clock",
    ),
    Rule(
        "playhead.counts-down",
        Severity.ERROR,
        "while content plays, the playhead mostly goes down at normal speed",
        "Progress markers are reached at once, and no content counts as watched.",
        "Adobe, Media Collection API: Sessions request (the playhead is the position)",
        _counts_down,
        "a viewer who seeks back twice",
    ),
    Rule(
        "playhead.runs-while-paused",
        Severity.WARNING,
        "a playhead that moves by more than 1 s between pauseStart or bufferStart and play",
        "Time spent playing is counted as pause or buffer.",
        "our reading: the playhead of a paused player does not move",
        _runs_while_paused,
        "events with the ts of the play, which Adobe's SDKs send after a seek; jumps, which are seeks while paused",
    ),
    Rule(
        "playhead.moves-in-ad",
        Severity.ERROR,
        "a playhead more than 2 s away from that of the adBreakStart during the break",
        "Progress markers and segments count content that was not watched.",
        "Adobe, Events: Ads overview",
        _moves_in_ad,
        "2 s: Adobe's own sample player drifts by 1.15 s",
    ),
    Rule(
        "playhead.backwards",
        Severity.INFO,
        "the playhead goes back by more than 1 s",
        "Content watched again adds to time spent, but not to unique time.",
        "Adobe, metrics: Content time spent, Unique time played",
        _backwards,
        "live content at midnight; differences within 1 s",
    ),
    Rule(
        "playhead.drift",
        Severity.WARNING,
        "over at least 10 s of playing, the playhead mostly advances slower than half or faster than 2.1 times normal "
        "speed",
        "Time spent and unique time do not match.",
        "our reading: players offer half to double speed",
        _drift,
        "single seeks",
        settled_by=("play",),
    ),
)
