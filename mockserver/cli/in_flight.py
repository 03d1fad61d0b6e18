"""Requests of a recording that are on their way, and the answers as they come in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Protocol

import msgspec

from mockserver.cli.exchange import Answer
from mockserver.cli.recording import RecordedCall
from mockserver.cli.session_ids import SessionIds

__all__ = ["GRACE_S", "Flight", "InFlight", "Leaving", "Replayed", "Send", "places_for"]

GRACE_S = 1.0
"""How long the end of a replay waits for answers that the recorded client did not wait out."""

_OTHER_PLACES = 32
"""Most requests on their way at a time besides those that are held back as recorded. SDKs send three in parallel; the
rest is for many players and for answers that faults hold back."""

_LONGEST_WAIT_S = 86_400.0
"""How long the queue is waited for in one go; there is a limit to what threads can wait, and it is not the same
everywhere."""


def places_for(calls: Iterable[RecordedCall]) -> int:
    """Return how many requests may be on their way at a time so that a recording is sent as it was.

    A journal tells which requests a server held back together before it processed them. All of them are on their way
    again before the first is answered. Whose answers were outstanding together it does not tell.
    """
    came: list[int] = []
    went: list[int] = []
    for call in calls:
        came_ms = round(call.at_s * 1000)
        if call.at_ms is not None and came_ms < call.at_ms:
            came.append(came_ms)
            went.append(call.at_ms)
    went.sort()
    together = (number - bisect_left(went, came_ms) for number, came_ms in enumerate(sorted(came), 1))
    return _OTHER_PLACES + max(together, default=0)


class Leaving(Protocol):
    """An exchange that can be left."""

    def give_up(self) -> None:
        """Leave; the answer is then an ``unanswered`` one."""
        ...


Send = Callable[[RecordedCall, str, Callable[[Answer], object]], Leaving | None]
"""Sends a request to a path and calls back with the answer, from any thread."""


class Replayed(msgspec.Struct, frozen=True):
    """A request that was sent again, and what came of it this time."""

    call: RecordedCall
    path: str
    answer: Answer


class Flight:
    """A request that is on its way.

    Args:
        call: The request.
        path: Where it was sent.
    """

    def __init__(self, call: RecordedCall, path: str) -> None:
        self.call = call
        self.path = path
        self.answer: Answer | None = None
        self.exchange: Leaving | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is an answer, or never will be one."""
        return self.answer is not None

    @property
    def is_expected(self) -> bool:
        """Whether the recorded client waited for the answer; one that left knows nothing of it."""
        return self.call.ending != "unanswered"


class InFlight:
    """What is on its way. Only one thread uses it; answers reach it through a queue.

    Args:
        send: Sends a request.
        ids: The session ids.
        prefix: What comes before the paths on that server.
        places: Most requests that are on their way at a time.
        done: Told of every answer as it comes.
        monotonic_s: The time, in seconds from any beginning.
    """

    def __init__(
        self,
        send: Send,
        ids: SessionIds,
        prefix: str,
        places: int,
        done: Callable[[Replayed], object],
        monotonic_s: Callable[[], float],
    ) -> None:
        self._send = send
        self._ids = ids
        self._prefix = prefix
        self._places = places
        self._done = done
        self._monotonic_s = monotonic_s
        self._arrived: SimpleQueue[tuple[Flight, Answer]] = SimpleQueue()
        self._flights: list[Flight] = []
        self.answered = 0
        """How many answers there are."""

    @property
    def flights(self) -> tuple[Flight, ...]:
        """All that is on its way, the oldest first."""
        return tuple(self._flights)

    def must_wait(self, call: RecordedCall) -> bool:
        """Tell whether a request needs a session id that is not known yet."""
        return self._ids.must_wait(call)

    def send(self, call: RecordedCall) -> Flight:
        """Send a request, with the session id that the server gave."""
        flight = Flight(call, self._prefix + self._ids.translate(call))
        self._ids.sent(call)
        self._flights.append(flight)
        flight.exchange = self._send(call, flight.path, lambda answer: self._arrived.put((flight, answer)))
        return flight

    def wait(self, until: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Take in answers until a condition holds.

        Args:
            until: The condition.
            timeout_s: For how long, in seconds; None for ever.

        Returns:
            Whether it holds.
        """
        ends_s = None if timeout_s is None else self._monotonic_s() + timeout_s
        while True:
            for flight, answer in self._here():
                self._take(flight, answer)
            if until():
                return True
            left_s = None if ends_s is None else ends_s - self._monotonic_s()
            if left_s is not None and left_s <= 0:
                return False
            try:
                self._take(*self._arrived.get(timeout=None if left_s is None else min(left_s, _LONGEST_WAIT_S)))
            except Empty:
                continue

    def give_up(self, flights: Iterable[Flight]) -> None:
        """Leave some of what is on its way, and wait until that is done."""
        left = tuple(flights)
        for flight in left:
            if flight.exchange is not None:
                flight.exchange.give_up()
        self.wait(lambda: all(flight.is_over for flight in left))

    def make_room(self, timeout_s: float | None = None) -> bool:
        """Wait for a free place. What the recorded client did not wait out goes first.

        Returns:
            Whether there is one.
        """
        if len(self._flights) >= self._places:
            self.give_up([flight for flight in self._flights if not flight.is_expected][:1])
        return self.wait(lambda: len(self._flights) < self._places, timeout_s)

    def finish(self) -> None:
        """Wait for all answers that the recorded clients waited for, a moment for the others, and leave the rest."""
        self.wait(lambda: not any(flight.is_expected for flight in self._flights))
        self.wait(lambda: not self._flights, GRACE_S)
        self.give_up(self._flights)

    def _here(self) -> Iterator[tuple[Flight, Answer]]:
        while not self._arrived.empty():
            yield self._arrived.get()

    def _take(self, flight: Flight, answer: Answer) -> None:
        flight.answer = answer
        self._flights.remove(flight)
        self.answered += 1
        self._ids.learn(flight.call, answer.status, answer.location)
        self._done(Replayed(flight.call, flight.path, answer))
