"""Requests that delays of stage ``request`` hold back, in the order in which their time comes."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import msgspec

from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest
from mockserver.model.plan import Plan
from mockserver.rules.faults import Strike

__all__ = ["Held", "Holding"]


class Held(msgspec.Struct, eq=False):
    """A request that fault rules of stage ``request`` struck, and that may be held back.

    Args:
        at_ms: When it arrived, on the emulated clock.
        place: Its place in order of arrival; None when nothing holds it back.
        plan: How to answer it, once it was processed.
    """

    request: HttpRequest
    arrival: Arrival
    nth_event: int | None
    strike: Strike
    at_ms: int
    place: int | None = None
    plan: Plan | None = None


class Holding:
    """What is held back and was not processed yet, first what is due first, then what arrived first.

    Who waits for the clock may wake up in any order, and late; with this queue the order of processing follows from the
    emulated times alone, so that a recording can be replayed.
    """

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Held]] = []

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, held: Held, place: int, until_ms: int) -> None:
        """Hold a request back.

        Args:
            place: Its place in order of arrival; no other has the same.
            until_ms: When it is due, on the emulated clock.
        """
        held.place = place
        heappush(self._queue, (until_ms, place, held))

    def due(self, now_ms: int) -> Iterator[Held]:
        """Take out what is due, one after the other."""
        while self._queue and self._queue[0][0] <= now_ms:
            yield heappop(self._queue)[2]

    def take(self, held: Held) -> bool:
        """Take a request out, due or not.

        Returns:
            Whether it was there.
        """
        rest = [item for item in self._queue if item[2] is not held]
        was_there = len(rest) < len(self._queue)
        heapify(rest)
        self._queue = rest
        return was_there

    def clear(self) -> None:
        """Forget everything."""
        self._queue.clear()
