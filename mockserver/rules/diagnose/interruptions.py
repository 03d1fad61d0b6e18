"""Rules about pauses around and inside ads: a player that pauses its content for an ad is not paused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, number, quoted, seqs_of
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_RIGHT_BEFORE_MS = 500
_SAME_PLACE_S = 0.5
_EVERY = 2
"""So many breaks make it a habit; one may be a viewer who paused."""

_PAUSED_SHARE = 0.8
_LONG_ENOUGH_S = 2


def _pauses_before(case: Case) -> list[tuple[Step, Step]]:
    """Return every adBreakStart after content with the pauseStart right before it; nothing if one has none."""
    found: list[tuple[Step, Step]] = []
    for opening in case.of("adBreakStart"):
        before = case.steps[opening.n - 1] if opening.n else None
        if before is None or opening.before.player is Player.STARTING or opening.before.ad_break is not None:
            continue
        is_right_before = (
            before.event_type == "pauseStart"
            and 0 <= opening.ts_ms - before.ts_ms <= _RIGHT_BEFORE_MS
            and abs(opening.playhead_s - before.playhead_s) <= _SAME_PLACE_S
        )
        if not is_right_before:
            return []
        found.append((before, opening))
    return found if len(found) >= _EVERY else []


def _pause_before_break(case: Case) -> Iterator[Hit]:
    found = _pauses_before(case)
    if found:
        yield Hit(
            seqs_of(*(step for pair in found for step in pair)),
            f"pauseStart came right before each of the {len(found)} ad breaks after content; leave out the pause that "
            "the content element fires when an ad begins.",
        )


def _starts_paused(case: Case) -> list[Step]:
    """Return the adStarts in the state that a pauseStart before the break left, with no play before or in the ad."""
    if _pauses_before(case):
        return []
    endless = {pause.start.before.breaks for pause in case.pauses if _is_endless(pause.start, pause.end)}
    found: list[Step] = []
    for step in case.of("adStart"):
        opened = step.before.ad_break
        if opened is None or opened.before is not Player.PAUSED or opened.number in endless:
            continue
        between = case.steps[opened.step : step.n]
        if not any(each.event_type == "play" for each in (*between, *_inside(case, step))):
            found.append(step)
    return found


def _is_endless(start: Step, end: Step | None) -> bool:
    """Tell whether a pause goes on after the break without a play, which is play.missing-after-break."""
    return start.event_type == "adBreakComplete" and (end is None or end.event_type != "play")


def _inside(case: Case, opening: Step) -> Sequence[Step]:
    """Return the steps from an adStart on while its ad is open."""
    end = opening.n + 1
    while end < len(case.steps) and case.steps[end].after.ad is opening.after.ad:
        end += 1
    return case.steps[opening.n : end]


def _paused(case: Case) -> Iterator[Hit]:
    start = _starts_paused(case)
    if start:
        yield Hit(
            seqs_of(*start),
            f"{counted(len(start), 'ad')} began after a pauseStart that no play had ended, the first of them "
            f"{quoted(start[0].params.get('media.ad.id'))}; leave out the pause that the content element fires when an "
            "ad begins, or send play when the ad plays.",
        )
    for opening in case.of("adStart"):
        if opening.after.ad is None or opening.ignored is not None:
            continue
        inside = _inside(case, opening)
        close = case.steps[inside[-1].n + 1] if inside[-1].n + 1 < len(case.steps) else None
        if close is None or close.event_type != "adComplete" or close.before.player is not Player.PAUSED:
            continue
        paused_s = sum(step.dt_s for step in inside if step.after.player is Player.PAUSED)
        wall_s = (close.ts_ms - opening.ts_ms) / 1000
        if wall_s >= _LONG_ENOUGH_S and paused_s >= _PAUSED_SHARE * wall_s:
            yield Hit(
                seqs_of(*inside, close),
                f"{number(paused_s)} of the {number(wall_s)} s of ad {quoted(opening.params.get('media.ad.id'))} count "
                "as pause although it completed; leave out the pause that the content element fires during ads, or "
                "send play when the ad plays.",
                Severity.ERROR,
                consequence="The time of the ad is lost, and counted as a pause of the viewer.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "ad.pause-before-break",
        Severity.WARNING,
        "a pauseStart up to 0.5 s before each of at least 2 ad breaks after content",
        "Every ad break counts as a pause of the viewer.",
        "our reading of Adobe, metrics: Pause events; players pause their content element for an ad",
        _pause_before_break,
        "a viewer who pauses before one of several breaks; a seek, after which the playhead is elsewhere",
    ),
    Rule(
        "ad.paused",
        Severity.WARNING,
        "an ad that begins while the player is paused, with no play; an error where it completes and at least 80 % of "
        "it were paused",
        "Ad time is at risk: whether an ad plays without a play is not documented.",
        "Adobe, Media Collection API: Timelines, which send play with every ad",
        _paused,
        "a viewer who pauses inside an ad and goes on, or skips it",
    ),
)
