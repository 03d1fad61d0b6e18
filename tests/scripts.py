"""Back ends that received what a simulated player plays, on a clock that goes with it."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.emulator.emulator import Emulator
from mockserver.simulation.script import Beat
from tests.event_files import event_lines
from tests.factories import T0, emulator, post, response

__all__ = ["received"]


def received(beats: Sequence[Beat], *, later_s: int = 700) -> Emulator:
    """Play a script.

    Args:
        later_s: How many seconds after the last event to stop the clock; by default all sessions have ended by then.
    """
    back_end = emulator()
    location = ""
    for beat, document in zip(beats, event_lines(beats), strict=True):
        back_end.clock.set(T0 + beat.at_ms)
        if beat.event_type == "sessionStart":
            response(back_end, post("/api/v1/sessions", document))
            location = "".join(f"/api/v1/sessions/{session.sid}" for session in back_end.sessions)
        elif location:
            response(back_end, post(f"{location}/events", document))
    back_end.clock.advance(later_s * 1000)
    return back_end
