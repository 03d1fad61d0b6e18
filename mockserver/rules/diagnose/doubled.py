"""The rule about events that came twice; other rules see such a session as if they had come once."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.wording import counted, listed, number, seqs_of

__all__ = ["RULES"]

_UNCOUNTED = frozenset(
    {"ping", "play", "pauseStart", "bufferStart", "adBreakComplete", "sessionComplete", "sessionEnd"}
)
"""Events of which a second one changes no figure."""


def _doubled(case: Case) -> Iterator[Hit]:
    repetition = case.repetition
    if repetition is None:
        return
    pairs = repetition.pairs
    apart_ms = max(abs(second.record.at_ms - first.record.at_ms) for first, second in pairs)
    if repetition.whole:
        repeated = len({first.seq for first, _ in pairs})
        text = (
            f"{repeated} of {counted(repetition.of, 'event')} came more than once, up to {apart_ms} ms apart; let one "
            "tracker report a viewing, and register its handlers once"
        )
    elif repetition.event_types:
        text = (
            f"Every {listed(repetition.event_types)} came twice, {len(pairs)} times in all; register the handlers of "
            "these events once"
        )
    else:
        text = (
            f"{len(pairs)} of {counted(repetition.of, 'event')} came again with the same body, up to "
            f"{number(apart_ms / 1000)} s later; take an event out of the queue when it is sent"
        )
    harmless = all(first.event_type in _UNCOUNTED for first, _ in pairs)
    yield Hit(
        seqs_of(*(item for pair in pairs for item in pair)),
        f"{text}.",
        Severity.WARNING if harmless else None,
        consequence="Requests without use; no figure changes." if harmless else None,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "event.doubled",
        Severity.ERROR,
        "nearly all events of a session come twice, or all of one type, or 3 bodies or more; a warning where nothing "
        "is counted twice",
        "Ads, chapters, player states, errors and bitrate changes are counted twice.",
        "our reading: no source mentions a detection of duplicates",
        _doubled,
        "a play that an SDK sends twice, single repetitions, a repetition because the answer was lost, and a ts that "
        "stands still",
    ),
)
