"""The emulated clock: the only source of time for deadlines, stamps, delays and ``ttl_ms``.

Theory: emulated time is ``base + rate x elapsed``. ``base`` is the emulated time of the last change, ``elapsed`` the
monotonic real time since then. Every command sets a new base, so that only commands that move time make it jump. A
frozen clock keeps its rate, and ``advance``, ``set`` and ``rate`` leave a frozen clock frozen.

A new clock shows real time. Nothing is ever scheduled on it: a waiting thread asks :meth:`Clock.real_s_until` how long
to sleep, and :meth:`Clock.subscribe` wakes it when a command moves the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from mockserver.errors import InvalidInput

__all__ = ["MAX_TIME_MS", "Clock", "ClockState", "RealTime"]

MAX_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the latest that a ``Date`` header can hold: the clock stops there. A ``ts``
beyond it is a mistake, and the clock does not follow it."""


class RealTime(NamedTuple):
    """Where a clock takes real time from; tests pass their own."""

    epoch_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    monotonic_ns: Callable[[], int] = time.monotonic_ns


class ClockState(NamedTuple):
    """What the clock shows: emulated time in milliseconds since the epoch, whether it is frozen, and its speed."""

    now_ms: int
    frozen: bool
    rate: float


class _Hands(NamedTuple):
    """What the time is computed from; replaced as a whole, so that a reader without the lock never sees half a change.

    Args:
        base_ms: The emulated time of the last change.
        base_ns: The monotonic real time of that change.
        rate: Emulated seconds per real second.
        frozen: Whether the clock is stopped.
    """

    base_ms: int
    base_ns: int
    rate: float = 1.0
    frozen: bool = False


class Clock:
    """An emulated clock that can be frozen, advanced, set, sped up and made to follow the events.

    All methods may be called from any thread.
    """

    def __init__(self, real: RealTime | None = None) -> None:
        self._real = real or RealTime()
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[], object]] = []
        self.era = 0
        """How many times the clock was reset. Nothing waits for a time of an earlier era."""
        self._start()

    def _start(self) -> None:
        self._hands = _Hands(self._real.epoch_ms(), self._real.monotonic_ns())
        self.following = False
        """Whether the clock jumps forward to the ``ts`` of accepted events."""

    def now_ms(self) -> int:
        """Return the emulated time in milliseconds since the epoch."""
        while True:
            hands = self._hands
            base_ms, base_ns, rate, frozen = hands
            if frozen:
                return base_ms
            elapsed_ns = self._real.monotonic_ns() - base_ns
            if rate != 1.0:
                elapsed_ns = int(elapsed_ns * rate)
            now_ms = base_ms + elapsed_ns // 1_000_000
            if hands is self._hands:  # no other thread has moved them meanwhile; a lock would do no more
                return now_ms if now_ms < MAX_TIME_MS else MAX_TIME_MS

    @property
    def ahead_ms(self) -> int:
        """How far it is ahead of the time of this machine, in milliseconds."""
        return self.now_ms() - self._real.epoch_ms()

    def state(self) -> ClockState:
        """Return time, frozen and rate, read together."""
        with self._lock:
            return ClockState(self.now_ms(), self._hands.frozen, self._hands.rate)

    def freeze(self) -> None:
        """Stop the clock."""
        with self._lock:
            self._rebase(self.now_ms(), frozen=True)
        self.wake()

    def resume(self) -> None:
        """Let a frozen clock run again, from the time it shows, at its rate."""
        with self._lock:
            self._rebase(self.now_ms(), frozen=False)
        self.wake()

    def advance(self, ms: int) -> None:
        """Move the clock forward.

        Args:
            ms: Milliseconds, 0 or more. To go back, use :meth:`set`.

        Raises:
            InvalidInput: ``ms`` is negative, or the result lies after the year 9999.
        """
        if ms < 0:
            raise InvalidInput(f"cannot advance by {ms} ms: use the action set to go back in time", pointer="/ms")
        with self._lock:
            self._rebase(_within_range(self.now_ms() + ms, "/ms"))
        self.wake()

    def set(self, at_ms: int) -> None:
        """Set the clock to a time, earlier or later.

        Args:
            at_ms: Milliseconds since the epoch.

        Raises:
            InvalidInput: ``at_ms`` lies before 1970 or after the year 9999.
        """
        with self._lock:
            self._rebase(_within_range(at_ms, "/at_ms"))
        self.wake()

    def set_rate(self, rate: float) -> None:
        """Set the speed.

        Args:
            rate: Emulated seconds per real second: more than 0, at most 1,000,000.

        Raises:
            InvalidInput: ``rate`` is outside that range. To stop the clock, use :meth:`freeze`.
        """
        if not 0 < rate <= 1_000_000:
            raise InvalidInput(f"rate must be more than 0 and at most 1000000, not {rate}", pointer="/rate")
        with self._lock:
            self._rebase(self.now_ms(), rate=float(rate))
        self.wake()

    def follow_ts(self) -> None:
        """From now on jump forward to the ``ts`` of every accepted event, never back."""
        with self._lock:
            self.following = True

    def follow(self, ts_ms: int) -> None:
        """Jump to an accepted event's ``ts`` if the clock follows events and the ``ts`` lies ahead.

        Args:
            ts_ms: The event's ``playerTime.ts`` in milliseconds.
        """
        if not self.following or ts_ms > MAX_TIME_MS:
            return
        with self._lock:
            if ts_ms <= self.now_ms():
                return
            self._rebase(ts_ms)
        self.wake()

    def reset(self) -> None:
        """Go back to real time, running, at rate 1. All waits for a time end: it may be years ahead now."""
        with self._lock:
            self._start()
            self.era += 1
        self.wake()

    def wake(self) -> None:
        """Wake all subscribers, so that they look again at what they wait for."""
        with self._lock:
            subscribers = tuple(self._subscribers)
        for changed in subscribers:
            changed()

    def real_s_until(self, at_ms: int) -> float | None:
        """Return how long to sleep until the clock shows a time.

        Args:
            at_ms: Emulated milliseconds since the epoch.

        Returns:
            Real seconds; 0 when the time has come; None when the clock is frozen and will not get there by itself.
        """
        with self._lock:
            missing_ms = min(at_ms, MAX_TIME_MS) - self.now_ms()
            if missing_ms <= 0:
                return 0.0
            return None if self._hands.frozen else missing_ms / 1000 / self._hands.rate

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Call ``changed`` whenever a command moves the clock.

        Returns:
            A function that ends the subscription; calling it twice is harmless.
        """
        with self._lock:
            self._subscribers.append(changed)

        def unsubscribe() -> None:
            with self._lock:
                if changed in self._subscribers:
                    self._subscribers.remove(changed)

        return unsubscribe

    def _rebase(self, now_ms: int, *, rate: float | None = None, frozen: bool | None = None) -> None:
        before = self._hands
        self._hands = _Hands(
            now_ms,
            self._real.monotonic_ns(),
            before.rate if rate is None else rate,
            before.frozen if frozen is None else frozen,
        )


def _within_range(at_ms: int, pointer: str) -> int:
    if not 0 <= at_ms <= MAX_TIME_MS:
        raise InvalidInput(f"{at_ms} ms lies outside 1970 to 9999; the unit is milliseconds", pointer=pointer)
    return at_ms
