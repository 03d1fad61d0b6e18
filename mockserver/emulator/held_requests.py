"""Requests that delays of stage ``request`` hold back, in the order in which they are due."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import msgspec

from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest
from mockserver.rules.faults import Strike

__all__ = ["HELD_BODY_BYTES", "HeldRequest", "HeldRequests"]

HELD_BODY_BYTES = 64 * 1024
"""The budget for the bodies of held requests, in bytes for each request that may be held."""


class HeldRequest(msgspec.Struct, eq=False):
    """A request that fault rules of stage ``request`` struck, and that may be held back.

    Args:
        at_ms: When it was received, on the emulated clock.
        due_ms: When to process it, on the emulated clock.
        place: Its place in the order in which requests were received; None when nothing holds it back.
        plan: How to answer it, once it has been processed.
        failure: The exception, if processing it failed.
        forgotten: Whether a reset has removed it.
    """

    request: HttpRequest
    arrival: Arrival
    nth_event: int | None
    strike: Strike
    at_ms: int
    due_ms: int
    place: int | None = None
    plan: AnswerPlan | None = None
    failure: Exception | None = None
    forgotten: bool = False

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.plan is not None or self.failure is not None or self.forgotten


class HeldRequests:
    """The requests that are held back, sorted by when they are due, then by when they were received.

    Threads that wait for the clock may wake up late and in any order. With this queue, the order of processing depends
    on emulated times only, so a recording can be replayed.
    """

    def __init__(self) -> None:
        self.queue: list[tuple[int, int, HeldRequest]] = []
        """A heap of (due time, place in the order in which requests were received, request)."""
        self.size_bytes = 0
        """The size of all their bodies together."""

    def __len__(self) -> int:
        return len(self.queue)

    def add(self, held: HeldRequest, place: int) -> None:
        """Hold a request back.

        Args:
            place: Its place in the order in which requests were received; no other has the same.
        """
        held.place = place
        heappush(self.queue, (held.due_ms, place, held))
        self.size_bytes += len(held.request.body)

    def take_due(self, now_ms: int) -> HeldRequest | None:
        """Remove and return the request that is due first, if any is due."""
        if not self.queue or self.queue[0][0] > now_ms:
            return None
        held = heappop(self.queue)[2]
        self.size_bytes -= len(held.request.body)
        return held

    def take(self, held: HeldRequest) -> bool:
        """Remove a request, due or not.

        Returns:
            Whether it was in the queue.
        """
        rest = [item for item in self.queue if item[2] is not held]
        was_there = len(rest) < len(self.queue)
        heapify(rest)
        self.queue = rest
        if was_there:
            self.size_bytes -= len(held.request.body)
        return was_there

    def clear(self) -> int:
        """Forget all requests.

        Returns:
            How many there were.
        """
        for _, _, held in self.queue:
            held.forgotten = True
        count = len(self.queue)
        self.queue.clear()
        self.size_bytes = 0
        return count
