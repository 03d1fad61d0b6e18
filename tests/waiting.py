"""Waiting for what nobody can be told of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["GUARD_S", "until"]

GUARD_S = 30
"""After this long a test has failed; nothing waits so long when all is well."""

_PAUSE_S = 0.002


def until(condition: Callable[[], object], guard_s: float = GUARD_S) -> None:
    """Ask again and again until something holds, and fail when it does not within so many real seconds."""
    end = time.monotonic() + guard_s
    others = threading.Event()  # never set: between two looks, what is waited for gets the interpreter
    while not condition():
        assert time.monotonic() < end, "it never came true"
        others.wait(_PAUSE_S)
