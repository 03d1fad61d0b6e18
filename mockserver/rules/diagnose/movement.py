"""Rules about the movement of the playhead.

Main content plays from one event to the next when the first leaves the player playing outside an ad break. Rules that
compare the playhead with the time look at these stretches only, and not at all when the playhead counts milliseconds or
``ts`` counts seconds: that is one mistake with its own finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.motion import DAY_S, Stretch, plausible_s, ran_s
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_SEEK_EVENTS = ("pauseStart", "play")


def _frozen(case: Case) -> Iterator[Hit]:
    if case.ts_in_seconds:
        return
    run: list[Step] = []
    for step in case.timely:
        plays = step.after.player is Player.PLAYING and step.after.ad_break is None
        if plays and run and step.playhead_s == run[0].playhead_s:
            run.append(step)
        else:
            yield from _stall(case, run)
            run = [step] if plays else []
    yield from _stall(case, run)


def _stall(case: Case, run: Sequence[Step]) -> Iterator[Hit]:
    if len(run) < 3 or run[-1].ts_ms - run[0].ts_ms < case.thresholds.frozen_s * 1000:
        return
    yield Hit(
        seqs_of(*run),
        f"The playhead stayed at {number(run[0].playhead_s)} s in {len(run)} events over "
        f"{number((run[-1].ts_ms - run[0].ts_ms) / 1000)} s of playing; send the position of the moment with every "
        "event, and bufferStart when the player waits for data.",
    )


def _runs_while_paused(case: Case) -> Iterator[Hit]:
    if case.ts_in_seconds or case.playhead_in_ms:
        return
    limits = case.thresholds
    for pause in case.pauses:
        moved_s = ran_s(pause, limits.burst_s) if pause.is_resumed else 0
        if moved_s > limits.moves_while_paused_s:
            yield Hit(
                seqs_of(pause.start, *pause.inside, pause.end),
                f"The playhead moved {number(moved_s)} s between {pause.start.event_type} and play; send play when "
                "playback goes on, and the position at which it stands meanwhile.",
            )


def _moves_in_ad(case: Case) -> Iterator[Hit]:
    limit_s = case.thresholds.moves_in_ad_s
    for opening in case.of("adBreakStart"):
        inside, is_closed = _inside(case.steps, opening)
        moved = [step for step in inside if abs(step.playhead_s - opening.playhead_s) > limit_s]
        if not is_closed:
            # After its last ad main content plays, and what is wrong is the missing adBreakComplete.
            moved = [step for step in moved if step.after.ad is not None]
        if moved:
            yield Hit(
                seqs_of(opening, *moved),
                f"The playhead went from {number(opening.playhead_s)} s at adBreakStart to "
                f"{number(moved[-1].playhead_s)} s at {moved[-1].event_type} in the break; send the position in the "
                "main content, which stands still during ads.",
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


def _jump(case: Case) -> Iterator[Hit]:
    if case.playhead_in_ms:
        return
    limit_s = case.thresholds.jump_s
    stretches = case.stretches
    seeks_ms = sorted(step.ts_ms for step in case.of(*_SEEK_EVENTS))
    run: list[Stretch] = []
    for place, stretch in enumerate(stretches):
        if -limit_s <= stretch.dp_s - stretch.dt_s <= limit_s or _is_near_seek(stretch, seeks_ms, case.thresholds):
            continue
        around = (*stretches[max(place - 1, 0) : place], *stretches[place + 1 : place + 2])
        if _is_jump(stretch, around, case.odd_rate, limit_s):
            if run and run[-1].last is not stretch.first:
                yield _jumps(run)
                run = []
            run.append(stretch)
    if run:
        yield _jumps(run)


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


def _is_jump(stretch: Stretch, around: Sequence[Stretch], usual_rate: float | None, limit_s: float) -> bool:
    if stretch.dp_s == 0 and any(other.dp_s == 0 for other in around):
        return False  # What stood still for longer has its own finding: it froze.
    least_s, most_s = plausible_s(stretch, around, usual_rate)
    return not least_s - limit_s <= stretch.dp_s <= most_s + limit_s


def _jumps(run: Sequence[Stretch]) -> Hit:
    first, last = run[0].first, run[-1].last
    fell_behind = all(0 <= stretch.dp_s < stretch.dt_s for stretch in run)
    advice = "bufferStart when the player waits and play" if fell_behind else "pauseStart before a seek and play"
    return Hit(
        seqs_of(*(step for stretch in run for step in (stretch.first, stretch.last))),
        f"The playhead went from {number(first.playhead_s)} s to {number(last.playhead_s)} s within "
        f"{number((last.ts_ms - first.ts_ms) / 1000)} s of playing; send {advice} with the new position after it.",
    )


def _backwards(case: Case) -> Iterator[Hit]:
    back = [stretch for stretch in case.stretches if stretch.dp_s < -case.thresholds.backwards_s]
    back_s = [stretch.dp_s for stretch in back]
    steps = [step for stretch in back for step in (stretch.first, stretch.last)]
    for pause in case.pauses:
        if pause.end is not None and pause.end.event_type == "play":
            dp_s = pause.end.playhead_s - pause.start.playhead_s
            if dp_s < -case.thresholds.backwards_s and not (case.is_live and dp_s < -DAY_S / 2):
                back_s.append(dp_s)
                steps += [pause.start, pause.end]
    if back_s:
        yield Hit(
            seqs_of(*steps),
            f"The playhead went back {counted(len(back_s), 'time')}, by up to {number(-min(back_s))} s; nothing needs "
            "to be changed if the viewer went back.",
        )


def _drift(case: Case) -> Iterator[Hit]:
    if case.odd_rate is not None:
        moving = [stretch for stretch in case.stretches if stretch.rate > 0]
        yield Hit(
            seqs_of(*(step for stretch in moving for step in (stretch.first, stretch.last))),
            f"The playhead advances {number(case.odd_rate)} s per second of playing; send the position in seconds, and "
            "ts from the clock, not from the content.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.frozen",
        Severity.ERROR,
        "3 events or more at one playhead over 5 s or more while main content plays",
        "Counted as a stall; no content is counted as watched.",
        "Adobe, metrics: Stall events",
        _frozen,
        "bursts of an SDK at one playhead; pauses, buffers and ad breaks",
    ),
    Rule(
        "playhead.runs-while-paused",
        Severity.WARNING,
        "a playhead that moves by more than 1 s between pauseStart or bufferStart and play",
        "Playing time is counted as pause or buffer.",
        "our reading: a player that is paused does not move",
        _runs_while_paused,
        "events with the ts of the play, which Adobe's SDKs send after a seek; leaps, which are seeks while paused",
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
        "playhead.jump-without-seek",
        Severity.WARNING,
        "the playhead moves 3 s more or less than the time while playing, with no pauseStart or play next to it",
        "The seek is not tracked and progress markers are skipped.",
        "recordings: SDKs send pauseStart and play around a seek",
        _jump,
        "the first play, where SDKs go from 0 to the real position; other speeds of playback, drift of a clock",
    ),
    Rule(
        "playhead.backwards",
        Severity.INFO,
        "the playhead goes back by more than 1 s",
        "Content is watched again: time spent grows, unique time does not.",
        "Adobe, metrics: Content time spent, Unique time played",
        _backwards,
        "live content at midnight; differences within 1 s",
    ),
    Rule(
        "playhead.drift",
        Severity.WARNING,
        "the playhead advances slower than half or faster than 2.1 times the time, in most of at least 10 s",
        "Time spent and the content that was watched do not match.",
        "our reading: players offer half to double speed",
        _drift,
        "single seeks",
    ),
)
