"""Waiting for what nobody can be told of."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["GUARD_S", "until"]

GUARD_S = 30
"""After this long a test has failed; nothing waits so long when all is well."""


def until(condition: Callable[[], object], guard_s: float = GUARD_S) -> None:
    """Ask again and again until something holds, and fail when it does not within so many real seconds."""
    end = time.monotonic() + guard_s
    while not condition():
        assert time.monotonic() < end, "it never came true"
