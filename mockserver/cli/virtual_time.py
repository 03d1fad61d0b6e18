"""Replays a recording on the emulated clock of the server: hours in seconds, with the same lifetimes.

The clock is frozen, and set to the time at which each request was received before the request is sent again. Requests
that the server holds back on the frozen clock, for a ``delay`` or ``dribble``, stay in flight while the clock moves on.
The length of a delay is not known in advance, so the clock moves towards the next request in steps that start small and
double for each request in flight: its answer is late by no more than the time for which it was held.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from mockserver.cli.flight import Flight
from mockserver.cli.in_flight import InFlight
from mockserver.cli.remote import PatientControl
from mockserver.control import CLOCK, EVENTS, FAULTS, SET_CLOCK, Control, PageQuery
from mockserver.errors import ControlFailed, Forbidden, InvalidInput, NotFound
from mockserver.model.journal import Entry
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import ClockCommand, ClockReading
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.recordings.call import RecordedCall, body_of

__all__ = ["VirtualClock", "on_virtual_clock"]

_FIRST_STEP_MS = 100
_LONGEST_MS = 48 * 3600 * 1000
"""How far the clock moves after the last request to release those that are held back: two of the longest delays."""

_LONGEST_FOR_ID_MS = 10 * 60 * 1000
"""How far the clock may run ahead of the recording to get an answer with a session id."""

_LOOKS_S = (0.004, 0.008, 0.012, 0.016, *[0.02] * 23)
"""How long to wait each time for the answer to a request that the server does not hold back. Checks are counted instead
of time, because a machine may pause."""

_REACHES = 10
"""How many times as long a request may take to reach the server."""

_REFUSED_S = 10.0
"""How long a ``refuse`` fault may also refuse the connections that move the clock."""


class VirtualClock:
    """The emulated clock of a server, and the requests that have reached the server.

    Args:
        control: The control of the server.
        monotonic_s: Returns the monotonic time, in seconds.
    """

    def __init__(self, control: Control, monotonic_s: Callable[[], float]) -> None:
        self._control = PatientControl(control)
        self._monotonic_s = monotonic_s
        self._entries_before = 0
        self._may_hold = True
        self.now_ms = 0
        """The time of the clock, in milliseconds since the epoch."""

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze the clock, and restore it at the end, whatever happens.

        Raises:
            InvalidInput: The server has no admin API, or refuses access to it.
        """
        try:
            found = self._reading()
            began_s = self._monotonic_s()
            self.now_ms = self._control.call(SET_CLOCK, ClockCommand(action="freeze")).now_ms
        except Forbidden as error:
            raise InvalidInput(f"--clock virtual: {error}") from None
        except ControlFailed as error:
            raise InvalidInput(
                f"--clock virtual needs the admin API of a mockserver: {error}. If it has its own address, give that "
                "with --admin"
            ) from None
        self._control.patience_s = _REFUSED_S
        try:
            page = self._control.call(EVENTS, Query(limit=1))
            self._entries_before = page.meta.total + page.meta.evicted
            yield
        finally:
            if found.frozen:
                self.set(found.now_ms)
            else:
                self.set(found.now_ms + int((self._monotonic_s() - began_s) * 1000 * found.rate))
                self._control.call(SET_CLOCK, ClockCommand(action="resume"))

    def set(self, at_ms: int) -> None:
        """Set the clock, forward or back."""
        self.now_ms = self._control.call(SET_CLOCK, ClockCommand(action="set", at_ms=at_ms)).now_ms

    def arrivals(self, *, anyway: bool = True) -> int:
        """Return how often the rules of stage ``request`` have matched; they count a request when it arrives.

        Args:
            anyway: Ask the server even if it had no such rule the last time.
        """
        if anyway or self._may_hold:
            page = self._control.call(FAULTS, PageQuery(limit=MAX_LIMIT))
            rules = [rule for rule in page.faults if rule.stage is Stage.REQUEST]
            self._may_hold = bool(rules)
            return sum(rule.seen for rule in rules)
        return 0

    def has_processed(self, flight: Flight) -> bool:
        """Return whether a request is in the journal."""
        return any(_key_of(entry) == flight.key for entry in self._entries((flight,)))

    def has_released(self, flights: Collection[Flight]) -> bool:
        """Return whether the server has processed one of some requests, and no fault holds its answer back."""
        released = Counter(
            _key_of(entry)
            for entry in self._entries(flights)
            if not (entry.delivery is Delivery.PENDING and entry.fault_ids)
        )
        return any(released[flight.key] > flight.twins for flight in flights)

    def _entries(self, flights: Collection[Flight]) -> Iterator[Entry]:
        """Yield the entries of the journal among which those of some requests are, if they are there."""
        since: int | None = self._entries_before + min((flight.after for flight in flights), default=0)
        while since is not None:
            page = self._control.call(EVENTS, Query(since=since))
            yield from page.events
            since = page.meta.next

    def _reading(self) -> ClockReading:
        try:
            return self._control.call(CLOCK, None)
        except NotFound:  # a namespace that nobody has used yet; freezing makes it
            self._control.call(SET_CLOCK, ClockCommand(action="resume"))
            return self._control.call(CLOCK, None)


def _key_of(entry: Entry) -> tuple[str, str, bytes]:
    """Return what is the same in an entry of the journal and in the request; see :attr:`Flight.key`."""
    return entry.request.method, entry.request.path, body_of(entry)


async def on_virtual_clock(calls: Iterable[RecordedCall], in_flight: InFlight, clock: VirtualClock) -> None:
    """Send each request at its time on the emulated clock, and wait until it has reached the server.

    Args:
        calls: The requests in the order in which to send them. Requests that are not from a journal have no time on
            that clock: the first is sent at the present time of the clock, the others with their recorded spacing.
        in_flight: Sends them.
        clock: The clock, frozen.
    """
    mover = _Mover(in_flight, clock)
    offset_ms: int | None = None
    last_ms: int | None = None
    for call in calls:
        at_ms = round(call.at_s * 1000)
        if call.at_ms is None:
            if offset_ms is None:
                offset_ms = clock.now_ms - at_ms
            at_ms += offset_ms
        if last_ms is None or at_ms < last_ms:
            mover.go_back(at_ms)  # from the present, or as the recorded clock did
        else:
            await mover.go_to(at_ms)
        last_ms = at_ms
        await mover.go_until(lambda: not in_flight.must_wait(call), _LONGEST_FOR_ID_MS)  # noqa: B023
        await in_flight.make_room(0)
        if not await mover.go_until(lambda: in_flight.has_room, _LONGEST_MS):
            await in_flight.give_up(in_flight.flights[:1])
        await mover.send(call)
    await mover.go_until(lambda: not any(flight.is_expected for flight in in_flight.flights), _LONGEST_MS)
    # Requests that the recorded client did not wait for were processed as well, when their delay was over.
    await mover.go_to(max((flight.call.at_ms or 0 for flight in in_flight.flights), default=0))
    await mover.comes(lambda: not in_flight.flights)
    await in_flight.give_up(in_flight.flights)


class _Mover:
    """Moves the clock so that requests that are held back are released in time."""

    def __init__(self, in_flight: InFlight, clock: VirtualClock) -> None:
        self._in_flight = in_flight
        self._clock = clock
        self._steps: dict[Flight, tuple[int, int]] = {}

    async def send(self, call: RecordedCall) -> None:
        """Send a request, and wait for its answer or until it has reached the server."""
        in_flight, clock = self._in_flight, self._clock
        arrivals = clock.arrivals(anyway=False)
        flight = await in_flight.send(call)
        for look_s in _LOOKS_S * _REACHES:
            if await in_flight.wait(lambda: flight.is_over, look_s):
                return
            # A request that is held back is not in the journal yet, but the rule that holds it back has counted it.
            if clock.has_processed(flight) or clock.arrivals() > arrivals:
                break
        if flight.is_expected:
            first_ms = call.at_ms - clock.now_ms if call.at_ms is not None else 0
            self._steps[flight] = (clock.now_ms, first_ms if first_ms > 0 else _FIRST_STEP_MS)

    def go_back(self, at_ms: int) -> None:
        """Set the clock back."""
        self._clock.set(at_ms)
        self._steps = dict.fromkeys(self._steps, (at_ms, _FIRST_STEP_MS))

    async def go_to(self, at_ms: int) -> None:
        """Move the clock forward to a time, unless it has passed."""
        while self._next_ms() <= at_ms:
            due = self._step()
            await self._in_flight.wait(lambda: all(flight.is_over for flight in due), _LOOKS_S[0])  # noqa: B023
        if at_ms > self._clock.now_ms:
            self._clock.set(at_ms)

    async def go_until(self, condition: Callable[[], bool], most_ms: int) -> bool:
        """Move the clock forward step by step until a condition holds.

        Args:
            condition: The condition to wait for.
            most_ms: How far to move the clock, in milliseconds.

        Returns:
            Whether the condition holds.
        """
        if await self.comes(condition):
            return True
        ends_ms = self._clock.now_ms + most_ms
        while self._next_ms() <= ends_ms:
            self._step()
            if await self.comes(condition):
                return True
        return False

    async def comes(self, condition: Callable[[], bool]) -> bool:
        """Receive the answers that are on their way, with the clock as it is.

        Args:
            condition: What they may bring about; called after each.

        Returns:
            Whether the condition holds.
        """
        for look_s in _LOOKS_S:
            if await self._in_flight.wait(condition, look_s):
                return True
            if not self._clock.has_released(self._in_flight.flights):
                break
        return await self._in_flight.wait(condition, _LOOKS_S[0])  # for what was sent before the server said so

    def _next_ms(self) -> float:
        """Return when to check again whether a request was released; infinity if none is held back."""
        self._steps = {flight: step for flight, step in self._steps.items() if not flight.is_over}
        return min((began_ms + after_ms for began_ms, after_ms in self._steps.values()), default=math.inf)

    def _step(self) -> list[Flight]:
        """Move the clock to where a request may be released; return those for which it was moved."""
        at_ms = int(self._next_ms())
        if at_ms > self._clock.now_ms:
            self._clock.set(at_ms)
        due = [flight for flight, (began_ms, after_ms) in self._steps.items() if began_ms + after_ms <= at_ms]
        for flight in due:
            began_ms, after_ms = self._steps[flight]
            self._steps[flight] = (began_ms, max(after_ms * 2, _FIRST_STEP_MS))
        return due
