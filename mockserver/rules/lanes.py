"""What went on in a session, as spans of time in lanes, for a picture beside the report.

The spans come from the same trace and stretches as the report, so picture and numbers agree. Time never runs backwards:
an event with an older ``ts`` than the event processed before it is drawn at the time of that event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

from mockserver.model.lanes import Lane, Span
from mockserver.rules.playback import Ad, Break, Chapter, State, Step
from mockserver.rules.report.durations import Durations, turns

__all__ = ["lanes_of"]

_BITRATE = "media.qoe.bitrate"
_LONGEST_LABEL = 200

_Value = TypeVar("_Value")


def lanes_of(steps: Sequence[Step], *, silence_s: float) -> tuple[int | None, int | None, tuple[Lane, ...]]:
    """Draw a session.

    Args:
        steps: Its trace.
        silence_s: A silence of more than this many seconds is drawn.

    Returns:
        The first and the last ``ts``, None without events; and the lanes that are not empty.
    """
    if not steps:
        return None, None, ()
    picture = _Picture(steps)
    turning = turns(steps)
    lanes = [
        Lane(name="playback", label="Playback", spans=tuple(picture.playback())),
        Lane(name="break", label="Ad breaks", spans=tuple(picture.opened(turning, "break", lambda s: s.ad_break))),
        Lane(name="ad", label="Ads", spans=tuple(picture.opened(turning, "ad", lambda state: state.ad))),
        Lane(name="chapter", label="Chapters", spans=tuple(picture.opened(turning, "chapter", lambda s: s.chapter))),
        *picture.states(turning),
        Lane(name="quality", label="Bitrate", spans=tuple(picture.quality())),
        Lane(name="silence", label="Silence", spans=tuple(picture.silences(silence_s))),
    ]
    return picture.times_ms[0], picture.times_ms[-1], tuple(lane for lane in lanes if lane.spans)


class _Picture:
    """A trace with times that never run backwards."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.times_ms = list(accumulate((step.ts_ms for step in steps), max))

    def span(self, kind: str, label: str, first: Step, end: Step | None) -> Span:
        last = self.steps[-1] if end is None else end
        return Span(
            kind=kind,
            label=label[:_LONGEST_LABEL],
            from_ms=self.times_ms[first.n],
            to_ms=self.times_ms[last.n],
            first_seq=first.seq,
            last_seq=last.seq,
            ended_by=None if end is None else end.event_type,
        )

    def playback(self) -> Iterator[Span]:
        """Draw what the time counts as; chapters and ads have lanes of their own."""
        counts = ((self.steps[stretch.first], stretch.activity) for stretch in Durations(self.steps).stretches)
        for activity, first, end in _lasting(counts):
            yield self.span(activity.name.lower(), activity.value, first, end)

    def opened(
        self, turning: Sequence[Step], kind: str, which: Callable[[State], Break | Ad | Chapter | None]
    ) -> Iterator[Span]:
        """Draw spans that one event opens and another closes."""
        for _, first, end in _lasting((step, which(step.after)) for step in turning):
            yield self.span(kind, _label(kind, first), first, end)

    def states(self, turning: Sequence[Step]) -> Iterator[Lane]:
        """Draw a lane for every player state."""
        spans: dict[str, list[Span]] = {}
        begun: dict[str, Step] = {}
        for step in turning:
            for name in step.before.on.keys() - step.after.on.keys():
                spans.setdefault(name, []).append(self.span("state", name, begun.pop(name), step))
            for name in step.after.on.keys() - step.before.on.keys():
                begun[name] = step
        for name, step in begun.items():
            spans.setdefault(name, []).append(self.span("state", name, step, None))
        for name in sorted(spans):
            yield Lane(name="state", label=name[:_LONGEST_LABEL], spans=tuple(spans[name]))

    def quality(self) -> Iterator[Span]:
        """Draw the bitrate that was last reported."""
        bitrates = ((step, bitrate) for step in self.steps if (bitrate := step.qoe.get(_BITRATE)) is not None)
        for bitrate, first, end in _lasting(bitrates):
            yield self.span("quality", str(bitrate), first, end)

    def silences(self, silence_s: float) -> Iterator[Span]:
        """Draw the times when no event came for too long."""
        for step, following in pairwise(self.steps):
            lasted_ms = self.times_ms[following.n] - self.times_ms[step.n]
            if lasted_ms > silence_s * 1000:
                yield self.span("silence", f"{lasted_ms / 1000:g} s without an event", step, following)


def _lasting(changes: Iterable[tuple[Step, _Value | None]]) -> Iterator[tuple[_Value, Step, Step | None]]:
    """Return each value with the steps between which it holds; None is no value."""
    begun: tuple[_Value, Step] | None = None
    for step, value in changes:
        if value == (None if begun is None else begun[0]):
            continue
        if begun is not None:
            yield *begun, step
        begun = None if value is None else (value, step)
    if begun is not None:
        yield *begun, None


def _label(kind: str, step: Step) -> str:
    """Return the name of a break, an ad or a chapter, from its start event."""
    params = step.params
    match kind:
        case "break":
            name, number = params.get("media.ad.podFriendlyName"), params.get("media.ad.podIndex")
        case "ad":
            name, number = params.get("media.ad.name") or params.get("media.ad.id"), params.get("media.ad.podPosition")
        case _:
            name, number = params.get("media.chapter.friendlyName"), params.get("media.chapter.index")
    return str(name) if name else f"{kind} {number}" if number is not None else kind
