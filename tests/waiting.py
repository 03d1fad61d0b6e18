"""Waiting by polling, for what sends no notification."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["GUARD_S", "until"]

GUARD_S = 30
"""A test that waits this long has failed; one that passes never does."""

_PAUSE_S = 0.002


def until(condition: Callable[[], object], guard_s: float = GUARD_S) -> None:
    """Check a condition repeatedly until it holds; fail if it does not within this many real seconds."""
    end = time.monotonic() + guard_s
    others = threading.Event()  # never set: between two checks, other threads get the interpreter
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        others.wait(_PAUSE_S)
