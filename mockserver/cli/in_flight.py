"""The requests of a recording that are on their way to a server at the same time."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType

from mockserver.address import ServerAddress
from mockserver.cli.flight import Answer, Flight, Replayed
from mockserver.cli.sender import Sender
from mockserver.cli.session_ids import SessionIds
from mockserver.model.http import HttpResponse
from mockserver.recordings.call import RecordedCall

__all__ = ["GRACE_S", "InFlight", "places_for"]

GRACE_S = 1.0
"""How long the end of a replay waits for answers that the recorded client did not wait for."""

_OTHER_PLACES = 32
"""The most requests in flight besides those that are held back as recorded. SDKs send three in parallel; the rest is
for several players and for answers that faults hold back."""


class InFlight:
    """Sends requests and waits for their answers; use it with ``async with``.

    Args:
        address: The server, and whose certificates to trust.
        ids: The session ids.
        places: The most requests in flight at a time.
        timeout_s: How long an answer may pause; None for no limit.
        done: Called with every answer as it arrives.
        grace_s: How long :meth:`finish` waits for answers that the recorded client did not wait for.
    """

    def __init__(
        self,
        address: ServerAddress,
        ids: SessionIds,
        places: int,
        timeout_s: float | None,
        done: Callable[[Replayed], object],
        grace_s: float = GRACE_S,
    ) -> None:
        self._path = address.path
        self._sender = Sender(address, timeout_s)
        self._ids = ids
        self._places = places
        self._done = done
        self._grace_s = grace_s
        self._flights: list[Flight] = []
        self._landed = asyncio.Event()
        self._failure: BaseException | None = None
        self.answered = 0
        """The number of answers."""

    async def __aenter__(self) -> InFlight:
        self._sender.renew()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.give_up(self._flights)
        await self._sender.close()

    @property
    def flights(self) -> tuple[Flight, ...]:
        """The requests in flight, oldest first."""
        return tuple(self._flights)

    def must_wait(self, call: RecordedCall) -> bool:
        """Return whether a request needs a session id that is not known yet."""
        return self._ids.must_wait(call)

    async def send(self, call: RecordedCall) -> Flight:
        """Send a request with the session id of the server, and return when it was written to the network."""
        path, body = self._ids.translate(call)
        flight = Flight(call, self._path + path, body, self.answered)
        self._ids.sent(call)
        self._flights.append(flight)
        flight.task = asyncio.create_task(self._fly(flight))  # noqa: TID251 - it ends with its answer, or is given up
        await flight.left.wait()
        return flight

    async def wait(self, until: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Receive answers until a condition holds.

        Args:
            until: The condition.
            timeout_s: How long to wait, in seconds; None for ever.

        Returns:
            Whether the condition holds.
        """
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._comes(until), timeout_s)
        return until()

    async def _comes(self, until: Callable[[], bool]) -> None:
        while not until():
            if self._failure is not None:
                raise self._failure
            self._landed.clear()
            await self._landed.wait()

    async def give_up(self, flights: Iterable[Flight]) -> None:
        """Give up requests in flight, as a client does that has waited long enough."""
        for flight in (left := tuple(flights)):
            assert flight.task is not None
            flight.task.cancel()
        await self.wait(lambda: all(flight.is_over for flight in left))

    @property
    def has_room(self) -> bool:
        """Whether another request may be sent."""
        return len(self._flights) < self._places

    async def make_room(self, timeout_s: float | None = None) -> bool:
        """Wait for a free place. A request whose answer the recorded client did not wait for is given up first.

        Returns:
            Whether there is a free place.
        """
        if not self.has_room:
            await self.give_up([flight for flight in self._flights if not flight.is_expected][:1])
        return await self.wait(lambda: self.has_room, timeout_s)

    async def finish(self) -> None:
        """Wait for the answers that the recorded clients waited for, a moment for the others, and give up the rest."""
        await self.wait(lambda: not any(flight.is_expected for flight in self._flights))
        await self.wait(lambda: not self._flights, self._grace_s)
        await self.give_up(self._flights)

    async def _fly(self, flight: Flight) -> None:
        try:
            try:
                answer = await self._sender.answer(flight)
            except asyncio.CancelledError:
                answer = Answer(status=None, ending="unanswered", reason="given up")
            flight.answer = answer
            self._flights.remove(flight)
            for other in self._flights:
                other.twins += other.key == flight.key
            self.answered += 1
            whole = None if answer.status is None else HttpResponse(answer.status, answer.headers, answer.body)
            self._ids.learn(flight.call, whole)
            self._done(Replayed(flight.call, flight.path, answer))
        except BaseException as error:  # noqa: BLE001 - raised again in wait()
            self._failure = error
        finally:
            flight.left.set()
            self._landed.set()


def places_for(calls: Iterable[RecordedCall]) -> int:
    """Return how many requests must be in flight at a time to replay a recording faithfully.

    A journal shows which requests a server held back at the same time before it processed them; all of them are in
    flight again before the first is answered. It does not show which answers were outstanding at the same time.
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
