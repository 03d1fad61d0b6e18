"""Waiting until nothing has come for a while, on the emulated clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.pending import Pending, begin
from mockserver.emulator.waiters import Waiter
from mockserver.model.journal import Record
from mockserver.model.results import MAX_TIMEOUT_MS
from mockserver.rules.match import Matcher

__all__ = ["begin_silence"]

T = TypeVar("T")


def begin_silence(
    emulator: Emulator,
    matcher: Matcher,
    silence_ms: int,
    timeout_s: float,
    answer: Callable[[bool], T],
    *,
    broken_ends: bool = False,
) -> Pending[T]:
    """Start waiting for silence; to be called under the lock of the emulator.

    Args:
        matcher: Which entries break the silence.
        silence_ms: For how many emulated milliseconds none may come, counted from the last one or from now.
        timeout_s: How long to wait at most, in real seconds; 0 not at all.
        answer: Gives the answer, told whether the wait was satisfied.
        broken_ends: Whether an entry that breaks the silence ends the wait as well, instead of beginning it afresh.

    Raises:
        Refused: Too many waits are in flight.
    """
    silence = _Silence(emulator, matcher, silence_ms, broken_ends)
    pending = begin(emulator, silence.check, silence_ms == 0, timeout_s, answer)
    if pending.waiter is None or pending.waiter.satisfied:
        return pending
    silence.watch(pending.waiter)

    def finish() -> T:
        silence.end()
        return pending.finish()

    return Pending(pending.waiter, timeout_s, finish)


class _Silence:
    """One silence under way. It ends by a command to the clock, or by a timer while the clock runs.

    The timer belongs to the wait: it ends with it, and changes nothing in the emulator. Whoever looks holds the lock of
    the emulator, so that no request is half recorded then.
    """

    def __init__(self, emulator: Emulator, matcher: Matcher, silence_ms: int, broken_ends: bool) -> None:
        self._clock = emulator.clock
        self._journal = emulator.journal
        self._matcher = matcher
        self._silence_ms = silence_ms
        self._broken_ends = broken_ends
        self._due_ms = self._clock.now_ms() + silence_ms
        self._lock = emulator.lock
        self._timer: threading.Timer | None = None
        self._ended = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def check(self, seq: int, record: Record) -> bool:
        """Tell whether it had been silent for long enough before this record, or this record ends the wait.

        If not, count afresh from it.
        """
        if record.at_ms >= self._due_ms:
            return True
        if seq > self._matcher.since and self._matcher.matches(self._journal.facts(record)):
            self._due_ms = record.at_ms + self._silence_ms
            return self._broken_ends
        return False

    def watch(self, waiter: Waiter) -> None:
        """Satisfy a waiter when the time has come, however the clock gets there."""
        self._waiter = waiter
        self._unsubscribe = self._clock.subscribe(self._look)
        self._look()

    def end(self) -> None:
        """Stop watching."""
        self._unsubscribe()
        with self._lock:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()

    def _look(self) -> None:
        with self._lock:
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
