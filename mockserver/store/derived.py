"""What was computed from the journal, kept until what it was computed from changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

__all__ = ["Derived"]

T = TypeVar("T")


class Derived:
    """Answers by name, each with the stamp of what it was computed from; the least recently used ones are dropped.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}

    def get(self, name: Hashable, stamp: Hashable, compute: Callable[[], T]) -> T:
        """Return an answer, computed anew if its stamp is not the one it was computed from."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != stamp:
            kept = (stamp, compute())
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = kept
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return cast(T, kept[1])
