"""Rules about pauseStart and bufferStart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]


def _unlikely(event_type: str, during: Player, message: str) -> Callable[[Case], Iterator[Hit]]:
    """Make a rule about an event that comes while the player is in a state in which it should not."""

    def check(case: Case) -> Iterator[Hit]:
        steps = [step for step in case.of(event_type) if step.before.player is during]
        if steps:
            yield Hit(seqs_of(*steps), message.format(count=counted(len(steps), event_type)))

    return check


def _pause_at_end(case: Case) -> Iterator[Hit]:
    complete = next(case.of("sessionComplete"), None)
    if complete is None:
        return
    limit_ms = complete.ts_ms - case.thresholds.pause_at_end_s * 1000
    for step in reversed(case.steps[: complete.n]):
        if step.event_type == "play" or step.ts_ms <= limit_ms:
            return
        if step.event_type == "pauseStart":
            yield Hit(
                seqs_of(step, complete),
                f"pauseStart came {complete.ts_ms - step.ts_ms} ms before sessionComplete; leave out the pause event "
                "that video elements fire at the end of the content.",
            )
            return


def _seek_as_pause(case: Case) -> Iterator[Hit]:
    limits = case.thresholds
    seeks: list[Step] = []
    for pause in case.pauses:
        start, end = pause.start, pause.end
        if end is None or end.event_type != "play" or start.event_type != "pauseStart":
            continue
        leap_s, took_ms = abs(end.playhead_s - start.playhead_s), end.ts_ms - start.ts_ms
        if leap_s > limits.jump_s and 0 <= took_ms < limits.seek_s * 1000:
            seeks += [start, end]
    if seeks:
        yield Hit(
            seqs_of(*seeks),
            f"{counted(len(seeks) // 2, 'seek')}, the first from {number(seeks[0].playhead_s)} s to "
            f"{number(seeks[1].playhead_s)} s, came as pauseStart and play; nothing needs to be changed, since the API "
            "has no event for a seek.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "pause.duplicate",
        Severity.INFO,
        "a pauseStart while the player is paused",
        "None: the pause is counted once.",
        "Adobe, metrics: Pause events",
        _unlikely("pauseStart", Player.PAUSED, "{count} came while the player was paused; send one for each pause."),
    ),
    Rule(
        "buffer.duplicate",
        Severity.INFO,
        "a bufferStart while the player is buffering",
        "None: the buffer is counted once.",
        "Adobe, metrics: Buffer events",
        _unlikely(
            "bufferStart", Player.BUFFERING, "{count} came while the player was buffering; send one for each buffer."
        ),
    ),
    Rule(
        "pause.at-end",
        Severity.INFO,
        "a pauseStart less than 100 ms before sessionComplete",
        "One pause too many in every session.",
        "recordings of Adobe's own sample player: video elements fire pause before ended",
        _pause_at_end,
    ),
    Rule(
        "buffer.in-pause",
        Severity.INFO,
        "a bufferStart while the player is paused",
        "Pause time becomes buffer time.",
        "source of Adobe's SDKs, which refuse it",
        _unlikely(
            "bufferStart", Player.PAUSED, "{count} came while the player was paused; send bufferStart only in playback."
        ),
    ),
    Rule(
        "pause.in-buffer",
        Severity.INFO,
        "a pauseStart while the player is buffering",
        "Buffer time becomes pause time.",
        "source of Adobe's SDKs, which refuse it",
        _unlikely(
            "pauseStart", Player.BUFFERING, "{count} came while the player was buffering; send play first, or nothing."
        ),
    ),
    Rule(
        "seek.as-pause",
        Severity.INFO,
        "pauseStart and play within 3 s with a jump of more than 3 s",
        "Counted as a pause, with pause time.",
        "source and recordings of Adobe's SDKs, which send seeks like that",
        _seek_as_pause,
    ),
)
