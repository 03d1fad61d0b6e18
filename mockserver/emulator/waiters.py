"""Waits for records of the journal. A record wakes the waits that it satisfies; nothing polls."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mockserver.errors import Refused
from mockserver.model.journal import Record

__all__ = ["WaitCheck", "Waiter", "Waiters"]

WaitCheck = Callable[[int, Record], bool]
"""Returns whether a new record, with its seq, ends the wait."""


class Waiter:
    """One wait.

    Args:
        check: Called under the lock of the namespace for every new record.
    """

    def __init__(self, check: WaitCheck) -> None:
        self.check = check
        self._event = threading.Event()
        self._woken: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    @property
    def satisfied(self) -> bool:
        """Whether the wait has been satisfied."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Block until satisfied.

        Returns:
            Whether it was, within ``timeout_s`` real seconds.
        """
        return self._event.wait(timeout_s)

    def on_satisfied(self, call: Callable[[], object]) -> None:
        """Call a function once, in the thread that satisfies the wait; at once if it is satisfied already."""
        with self._lock:
            if not self._event.is_set():
                self._woken.append(call)
                return
        call()

    def satisfy(self) -> None:
        """End the wait."""
        with self._lock:
            self._event.set()
            woken, self._woken = self._woken, []
        for call in woken:
            call()


class Waiters:
    """All waits of a namespace.

    Args:
        max_waiters: Most waits at a time.
    """

    def __init__(self, max_waiters: int) -> None:
        self.max_waiters = max_waiters
        self.waiting: list[Waiter] = []
        """The waits, longest first."""

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, waiter: Waiter) -> None:
        """Begin a wait.

        Raises:
            Refused: There are ``max_waiters`` already.
        """
        if len(self.waiting) >= self.max_waiters:
            raise Refused(f"there are already {self.max_waiters} waits (setting max_waiters)")
        self.waiting.append(waiter)

    def remove(self, waiter: Waiter) -> None:
        """End a wait, satisfied or not."""
        if waiter in self.waiting:
            self.waiting.remove(waiter)

    def recorded(self, seq: int, record: Record) -> None:
        """End the waits that a new record satisfies."""
        for waiter in tuple(self.waiting):
            if not waiter.satisfied and waiter.check(seq, record):
                waiter.satisfy()
