"""Answers that may have to be waited for.

The caller waits for the waiter of a :class:`Pending`, blocking a thread or not, and then finishes it. So the same
operation serves a test that blocks and a server that must not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import Check, Waiter
from mockserver.model.journal import Record
from mockserver.rules.match import Matcher

__all__ = ["Pending", "begin", "counting", "never"]

T = TypeVar("T")


class Pending(Generic[T]):
    """An answer that may have to be waited for.

    Args:
        waiter: Satisfied when waiting longer cannot change the answer; None when there is nothing to wait for.
        timeout_s: How long to wait for it, in real seconds.
        finish: Ends the wait and gives the answer. Must be called once, however the wait ended.
    """

    def __init__(self, waiter: Waiter | None, timeout_s: float, finish: Callable[[], T]) -> None:
        self.waiter = waiter
        self.timeout_s = timeout_s
        self.finish = finish

    def block(self) -> T:
        """Wait in this thread, then give the answer."""
        try:
            if self.waiter is not None:
                self.waiter.wait(self.timeout_s)
        finally:
            answer = self.finish()
        return answer


def begin(
    emulator: Emulator, check: Check, satisfied: bool, timeout_s: float, answer: Callable[[bool], T]
) -> Pending[T]:
    """Start waiting.

    To be called under the lock under which ``satisfied`` was found, so that nothing is recorded between looking and
    waiting.

    Args:
        check: Ends the wait.
        satisfied: Whether there is nothing to wait for.
        timeout_s: How long to wait at most, in real seconds; 0 not at all.
        answer: Gives the answer, told whether the wait was satisfied.

    Raises:
        Refused: Too many waits are in flight.
    """
    waiter = Waiter(check, satisfied=satisfied) if timeout_s > 0 else None
    if waiter is not None and not satisfied:
        emulator.waiters.add(waiter)

    def finish() -> T:
        with emulator.lock:
            if waiter is not None:
                emulator.waiters.remove(waiter)
            return answer(waiter is not None and waiter.satisfied)

    return Pending(waiter, timeout_s, finish)


def counting(emulator: Emulator, matcher: Matcher, at_least: int) -> tuple[Check, bool]:
    """Make a check that counts on from what is there; after a reset of the journal it counts afresh.

    Returns:
        The check, and whether it is met already.
    """
    journal = emulator.journal
    count = journal.count(matcher)
    last = journal.last_seq

    def check(seq: int, record: Record) -> bool:
        nonlocal count, last
        if seq <= last:
            count = 0
        last = seq
        if seq > matcher.since and matcher.matches(journal.facts(record)):
            count += 1
        return count >= at_least

    return check, count >= at_least


def never() -> tuple[Check, bool]:
    """Make a check that waits until the time is over."""
    return (lambda seq, record: False), False
