"""Calls to a server that a fault makes refuse connections for a while."""

from __future__ import annotations

import math
import threading
from typing import TypeVar

from mockserver.clock import RealTime
from mockserver.control import Control, Route
from mockserver.errors import ControlFailed
from mockserver.model.fault_kind import RefuseFault, ResponsesFault
from mockserver.model.story import Story

__all__ = ["PatientControl", "longest_outage_s"]

_RETRY_S = 0.05

A = TypeVar("A")
R = TypeVar("R")


class PatientControl:
    """A control that repeats a call while the server refuses connections.

    Args:
        control: The control to call.
        patience_s: How long to go on after the first refusal, in real seconds.
    """

    def __init__(self, control: Control, patience_s: float = 0) -> None:
        self._control = control
        self._time = RealTime()
        self.patience_s = patience_s

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Call an operation; see :class:`~mockserver.control.Control`."""
        ends_ns: float | None = None
        while True:
            try:
                return self._control.call(route, argument, **path)
            except ControlFailed:
                now_ns = self._time.monotonic_ns()
                ends_ns = now_ns + self.patience_s * 1e9 if ends_ns is None else ends_ns
                if now_ns >= ends_ns:
                    raise
            threading.Event().wait(_RETRY_S)


def longest_outage_s(story: Story) -> float:
    """Return how long the faults of a story can make the server refuse connections, in seconds; 0 if they cannot.

    One fault may follow the other, but not for longer than the story is watched.
    """
    outages_s = 0.0
    for rule in story.faults:
        items = rule.fault.responses if isinstance(rule.fault, ResponsesFault) else (rule.fault,)
        longest_ms = max((item.duration_ms for item in items if isinstance(item, RefuseFault)), default=0)
        if longest_ms:
            outages_s += math.inf if rule.times is None else rule.times * longest_ms / 1000
    return min(outages_s, story.watch_s)
