"""Answers that take a wait.

The caller waits for the waiter of a :class:`Pending`, with or without blocking a thread, and then finishes it. So one
function serves both a test, which blocks, and the server, which must not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import WaitCheck, Waiter
from mockserver.model.journal import Record
from mockserver.model.results import MAX_TIMEOUT_MS
from mockserver.namespaces import Namespace
from mockserver.rules.match import Matcher

__all__ = ["Pending", "begin", "begin_silence", "count_reached", "never"]

R = TypeVar("R")
T = TypeVar("T")


class Pending(Generic[T]):
    """An answer that takes a wait.

    Args:
        waiter: Satisfied when waiting longer cannot change the answer.
        timeout_s: How long to wait for it, in real seconds.
        finish: Ends the wait and returns the answer. Must be called exactly once, however the wait ended.
    """

    def __init__(self, waiter: Waiter, timeout_s: float, finish: Callable[[], T]) -> None:
        self.waiter = waiter
        self.timeout_s = timeout_s
        self.finish = finish

    def then(self, answer: Callable[[T], R]) -> Pending[R]:
        """Return the same wait with another answer, which a function makes of this one."""
        return Pending(self.waiter, self.timeout_s, lambda: answer(self.finish()))

    def block(self) -> T:
        """Wait in this thread, then return the answer."""
        try:
            self.waiter.wait(self.timeout_s)
        finally:
            answer = self.finish()
        return answer


def begin(namespace: Namespace, emulator: Emulator, check: WaitCheck, timeout_s: float) -> Pending[bool]:
    """Start a wait, in the same ``with namespace`` block in which the caller has looked.

    Args:
        namespace: The namespace.
        emulator: Its emulator.
        check: Decides when the wait ends.
        timeout_s: Longest wait, in real seconds.

    Returns:
        Whether the check ended the wait.

    Raises:
        Refused: There are too many waits already.
    """
    waiter = Waiter(check)
    emulator.waiters.add(waiter)

    def finish() -> bool:
        with namespace as emulator:
            emulator.waiters.remove(waiter)
            return waiter.satisfied

    return Pending(waiter, timeout_s, finish)


def count_reached(emulator: Emulator, matcher: Matcher, at_least: int, count: int) -> WaitCheck:
    """Make a check that counts entries that match; after a reset of the journal it starts from 0.

    Args:
        at_least: How many entries end the wait.
        count: How many there are so far.
    """
    journal = emulator.journal
    last = journal.last_seq

    def check(seq: int, record: Record) -> bool:
        nonlocal count, last
        if seq <= last:
            count = 0
        last = seq
        if seq > matcher.since and matcher.matches(journal.facts(record)):
            count += 1
        return count >= at_least

    return check


def never(seq: int, record: Record) -> bool:
    """Never end a wait before its time: a check."""
    return False


def begin_silence(
    namespace: Namespace,
    emulator: Emulator,
    matcher: Matcher,
    silence_ms: int,
    timeout_s: float,
    *,
    broken_ends: bool = False,
) -> Pending[bool]:
    """Start a wait for silence on the emulated clock.

    Args:
        namespace: The namespace.
        emulator: Its emulator.
        matcher: Which entries break the silence.
        silence_ms: How long the silence must be in emulated milliseconds, counted from the last entry or from now.
        timeout_s: Longest wait, in real seconds.
        broken_ends: Whether an entry that breaks the silence ends the wait, instead of restarting it.

    Returns:
        Whether the wait ended before its time.

    Raises:
        Refused: There are too many waits already.
    """
    silence = _SilenceWait(namespace, emulator, matcher, silence_ms, broken_ends)
    pending = begin(namespace, emulator, silence.check, timeout_s)
    silence.watch(pending.waiter)

    def finish() -> bool:
        silence.end()
        return pending.finish()

    return Pending(pending.waiter, timeout_s, finish)


class _SilenceWait:
    """One wait for silence. A command to the clock ends it, or a timer while the clock runs.

    The timer ends with the wait, and changes nothing in the emulator. It looks under the lock of the namespace, so it
    never sees a request half recorded.
    """

    def __init__(
        self, namespace: Namespace, emulator: Emulator, matcher: Matcher, silence_ms: int, broken_ends: bool
    ) -> None:
        self._namespace = namespace
        self._clock = namespace.clock
        self._journal = emulator.journal
        self._matcher = matcher
        self._silence_ms = silence_ms
        self._broken_ends = broken_ends
        self._due_ms = self._clock.now_ms() + silence_ms
        self._timer: threading.Timer | None = None
        self._ended = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def check(self, seq: int, record: Record) -> bool:
        """Return whether the silence before this record was long enough, or the record ends the wait.

        Otherwise a record that matches restarts the silence.
        """
        if record.at_ms >= self._due_ms:
            return True
        if seq > self._matcher.since and self._matcher.matches(self._journal.facts(record)):
            self._due_ms = record.at_ms + self._silence_ms
            return self._broken_ends
        return False

    def watch(self, waiter: Waiter) -> None:
        """Satisfy a waiter when the silence has been long enough, whether the clock runs or is moved."""
        self._waiter = waiter
        self._unsubscribe = self._clock.subscribe(self._look)
        self._look()

    def end(self) -> None:
        """Stop watching."""
        self._unsubscribe()
        with self._namespace:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()

    def _look(self) -> None:
        with self._namespace:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._ended:
                return
            left_s = self._clock.real_s_until(self._due_ms)
            if left_s:
                self._timer = threading.Timer(min(left_s, MAX_TIMEOUT_MS / 1000), self._look)
                self._timer.daemon = True
                self._timer.start()
            elif left_s == 0:
                self._waiter.satisfy()
