"""How much one answer holds: a list ends by its ``limit`` or when it has become large, and ``meta.next`` leads on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["ANSWER_BYTES", "within_answer"]

T = TypeVar("T")

ANSWER_BYTES = 8 * 1024 * 1024
"""About how large a list may become, in bytes of JSON."""


def within_answer(items: Iterable[T], size_of: Callable[[T], int]) -> list[T]:
    """Return the first items that one answer has room for; always one, if there is any.

    Args:
        size_of: About how many bytes one takes.
    """
    kept: list[T] = []
    size_bytes = 0
    for item in items:
        size_bytes += size_of(item)
        if kept and size_bytes > ANSWER_BYTES:
            break
        kept.append(item)
    return kept
