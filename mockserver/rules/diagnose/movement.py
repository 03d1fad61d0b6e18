"""Rules about the movement of the playhead in pauses, ads and over time; leaps and standstills have their own modules.

Main content plays from one event to the next when the first leaves the player playing outside an ad break. Rules that
compare the playhead with the time look at these stretches only, and not at all when the playhead counts milliseconds or
``ts`` counts seconds: that is one mistake with its own finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.motion import DAY_S, ran_s
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import FASTEST

__all__ = ["RULES"]


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


def _backwards(case: Case) -> Iterator[Hit]:
    if case.counts_down:
        return
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
        advice = "send the position in seconds, and ts from the clock, not from the content"
        if case.odd_rate > FASTEST:
            advice = f"above {number(FASTEST)} that counts as a seek: {advice}, and winding as pauseStart and play"
        yield Hit(
            seqs_of(*(step for stretch in moving for step in (stretch.first, stretch.last))),
            f"The playhead advances {number(case.odd_rate)} s per second of playing; {advice}.",
        )


RULES: tuple[Rule, ...] = (
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
