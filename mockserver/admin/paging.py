"""The size of answers: a list ends at its ``limit`` or when it is large, and ``meta.next`` leads to the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["ANSWER_BYTES", "within_answer"]

T = TypeVar("T")

ANSWER_BYTES = 8 * 1024 * 1024
"""The approximate largest size of a list, in bytes of JSON."""


def within_answer(items: Iterable[T], size_of: Callable[[T], int]) -> list[T]:
    """Return the first items for which one answer has room; at least one, if there is any.

    Args:
        size_of: Returns about how many bytes an item takes.
    """
    kept: list[T] = []
    size_bytes = 0
    for item in items:
        size_bytes += size_of(item)
        if kept and size_bytes > ANSWER_BYTES:
            break
        kept.append(item)
    return kept
