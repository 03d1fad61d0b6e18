"""Rules about a playhead that stands still while main content plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]


def _frozen(case: Case) -> Iterator[Hit]:
    stood = case.standstills
    if not stood or case.coarse_step_s is not None:
        return
    longest = max(stood, key=_seconds)
    more = f", and at {counted(len(stood) - 1, 'more place')}" if len(stood) > 1 else ""
    yield Hit(
        seqs_of(*(step for steps in stood for step in steps)),
        f"The playhead stayed at {number(longest[0].playhead_s)} s in {len(longest)} events over "
        f"{number(_seconds(longest))} s of playing{more}; send the position of the moment with every event, and "
        "bufferStart when the player waits for data.",
    )


def _coarse(case: Case) -> Iterator[Hit]:
    stood = case.standstills
    step_s = case.coarse_step_s
    if step_s is not None:
        yield Hit(
            seqs_of(*(step for steps in stood for step in steps)),
            f"The playhead moves only in steps of {number(step_s)} s, and stood {counted(len(stood), 'time')} in "
            "between; send the position of the moment, to the second at least.",
        )


def _seconds(steps: Sequence[Step]) -> float:
    return (steps[-1].ts_ms - steps[0].ts_ms) / 1000


RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.frozen",
        Severity.ERROR,
        "3 events or more at one playhead over 5 s or more while main content plays",
        "Counted as a stall, and not as content watched.",
        "Adobe, metrics: Stall events",
        _frozen,
        "bursts of an SDK at one playhead; pauses, buffers and ad breaks; ads that do not count for want of a break, "
        "which have their own finding",
    ),
    Rule(
        "playhead.coarse",
        Severity.ERROR,
        "the playhead stands 3 times or more, and all its steps are multiples of one of 5 s or more",
        "Most of the playing time is counted as stalls.",
        "Adobe, metrics: Stall events",
        _coarse,
        "a playhead that is rounded to less than what passes in 3 events",
    ),
)
