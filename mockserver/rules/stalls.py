"""Find stalls: the playhead does not move although main content plays.

A stall is a run of three or more consecutive events at one playhead while main content plays (Adobe, "Stall events").
How long it must last is not documented: recordings of Adobe's SDKs have several events at one playhead within a second,
so a run must span 5 seconds. A break, a pause or a buffer ends it. It lasts from its first event until the first event
with another playhead, and is no playing time. During an ad that does not count, because it is outside an ad break, the
playhead does not move either: that is no stall, since the time counts as main content (Adobe, "Events request").

Report and diagnosis both use this.
"""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.model.event_types import names
from mockserver.rules.playback import Step

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
    found: list[tuple[int, int]] = []
    first: int | None = None
    playhead_s = 0.0
    ad_playhead_s: float | None = None

    def close(end: int) -> None:
        long_enough = (
            first is not None
            and end - first >= _EVENTS
            and steps[end - 1].ts_ms - steps[first].ts_ms >= shortest_s * 1000
        )
        if first is not None and long_enough:
            found.append((first, end))

    for step in steps:
        if step.ignored is not None and step.event_type in _AD_EVENTS:
            ad_playhead_s = step.playhead_s
        elif step.playhead_s != ad_playhead_s:
            ad_playhead_s = None
        plays = ad_playhead_s is None and step.plays_main
        if plays and first is not None and step.playhead_s == playhead_s:
            continue
        close(step.n)
        first, playhead_s = (step.n if plays else None), step.playhead_s
    close(len(steps))
    return found
