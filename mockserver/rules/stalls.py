"""Find stalls: the playhead does not move although main content plays.

A stall is a run of three or more consecutive events at one playhead while main content plays (Adobe, "Stall events").
How long it must last is not documented: recordings of Adobe's SDKs have several events at one playhead within a second,
so a run must span 5 seconds. A break, a pause or a buffer ends it. It lasts from its first event until the first event
with another playhead, and is no playing time. During an ad that does not count, because it is outside an ad break, the
playhead does not move either: that is no stall, since the time counts as main content (Adobe, "Events request").

Report and diagnosis both use this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.event_types import names
from mockserver.rules.playback import Player, Step

__all__ = ["SHORTEST_S", "stalls"]

SHORTEST_S = 5.0

_EVENTS = 3
_AD_EVENTS = names("ad")


def stalls(steps: Sequence[Step], shortest_s: float = SHORTEST_S) -> list[tuple[int, int]]:
    """Return the stalls: the step at which each begins, and the step before which it ends.

    Args:
        steps: A trace, or its beginning.
        shortest_s: How long a run of events at one playhead must span.
    """
    playheads_s = [step.playhead_s for step in steps]
    threes = zip(playheads_s, playheads_s[1:], playheads_s[2:], strict=False)
    if not any(first_s == second_s == third_s for first_s, second_s, third_s in threes):
        return []  # three events at one playhead make a run, and in most sessions there are none
    return [
        (first, end)
        for first, end in _runs(steps)
        if end - first >= _EVENTS and steps[end - 1].ts_ms - steps[first].ts_ms >= shortest_s * 1000
    ]


def _runs(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """Return the runs of at least two events at one playhead while main content plays."""
    first = 0
    playhead_s: float | None = None  # of the run that goes on; None while no main content plays
    ad_playhead_s: float | None = None
    for n, step in enumerate(steps):
        at_s = step.playhead_s
        if step.ignored is not None and step.event_type in _AD_EVENTS:
            ad_playhead_s = at_s
        elif at_s != ad_playhead_s:
            ad_playhead_s = None
        if ad_playhead_s is None and step.after.player is Player.PLAYING and step.after.ad_break is None:
            if at_s == playhead_s:
                continue
            following_s: float | None = at_s
        else:
            following_s = None
        if playhead_s is not None and n - first > 1:
            yield first, n
        first, playhead_s = n, following_s
    if playhead_s is not None:
        yield first, len(steps)
