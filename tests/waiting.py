"""Waiting by polling, for what sends no notification."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["GUARD_S", "until"]

GUARD_S = 30
"""A test that waits this long has failed; one that passes never does."""

_PAUSE_S = 0.002
_MOST_S = 0.1
"""The longest time that counts between two checks: in a longer one, the machine was busy with something else."""


def until(condition: Callable[[], object], guard_s: float = GUARD_S) -> None:
    """Check a condition repeatedly until it holds; fail if it does not within this many seconds of checking."""
    waited_s, before_s = 0.0, time.monotonic()
    others = threading.Event()  # never set: between two checks, other threads get the interpreter
    while not condition():
        assert waited_s < guard_s, "the condition never held"
        others.wait(_PAUSE_S)
        now_s = time.monotonic()
        waited_s += min(now_s - before_s, _MOST_S)
        before_s = now_s
