"""Closes of ads and chapters with none open: a Complete or a Skip closes either, and players mix them up alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from mockserver.rules.diagnose.rule import Hit
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import number, seqs_of
from mockserver.rules.playback import Step

__all__ = ["closed_twice", "closed_without_start"]

_What = Literal["ad", "chapter"]


def closed_without_start(what: _What) -> Callable[[SessionTraffic], Iterator[Hit]]:
    """Make a check that finds the closes of an ad or chapter that was not started."""
    article = "an" if what == "ad" else "a"

    def check(session: SessionTraffic) -> Iterator[Hit]:
        for step, first in _closes(session, what):
            if first is None:
                yield Hit(
                    seqs_of(step),
                    f"{step.event_type} was sent at playhead {number(step.playhead_s)} s with no {what} open; send "
                    f"{what}Start when {article} {what} begins, and one {what}Complete or {what}Skip when it ends.",
                )

    return check


def closed_twice(what: _What, advice: str) -> Callable[[SessionTraffic], Iterator[Hit]]:
    """Make a check that finds the second closes of an ad or chapter; ``advice`` says which close is for what."""

    def check(session: SessionTraffic) -> Iterator[Hit]:
        for step, first in _closes(session, what):
            if first is not None:
                apart_s = abs(step.ts_ms - first.ts_ms) / 1000
                yield Hit(
                    seqs_of(first, step),
                    f"One {what} was closed by {first.event_type} and, {number(apart_s)} s apart, by "
                    f"{step.event_type}; {advice}.",
                )

    return check


def _closes(session: SessionTraffic, what: _What) -> Iterator[tuple[Step, Step | None]]:
    """Return every close with nothing open, with the first close of what it closes again; of ads, those in a break."""
    starts = ("adBreakStart", "adStart") if what == "ad" else ("chapterStart",)
    first: Step | None = None
    for step in session.in_order(*starts, f"{what}Complete", f"{what}Skip"):
        if step.event_type in starts:
            first = None
        elif (step.before.ad if what == "ad" else step.before.chapter) is not None:
            first = step
        elif what == "chapter" or step.before.ad_break is not None:
            soon = first is not None and abs(step.ts_ms - first.ts_ms) <= session.thresholds.second_close_s * 1000
            yield step, first if soon else None
