"""One budget of bytes for a whole server: every namespace has a share, and the largest share shrinks first.

A share grows by pieces, so that most requests need only a comparison; a namespace that has used up a piece asks for the
next one. When nothing is left, the largest share shrinks. Another thread may be using that namespace, so the share is
only marked as owing, and the next thread outside any namespace makes the namespace fit: see :meth:`Budget.collect`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["PIECE", "Budget", "Share"]

PIECE = 64 * 1024
"""How much a share grows at a time."""


class Share:
    """The bytes that one namespace may take.

    Args:
        budget: The budget of the server.
        give_way: Makes the namespace fit into its share; returns False if it is in use.

    Attributes:
        granted: The number of bytes.
    """

    __slots__ = ("_budget", "give_way", "granted")

    def __init__(self, budget: Budget, give_way: Callable[[], bool]) -> None:
        self._budget = budget
        self.give_way = give_way
        self.granted = 0

    def ask(self, size_bytes: int) -> int:
        """Ask for this many bytes in all, and return how many are granted, which may be fewer or more."""
        return self._budget.grant(self, size_bytes)

    def grow(self, size_bytes: int) -> int:
        """Ask for this many bytes in all if fewer are granted, and return how many are granted then."""
        return self.granted if size_bytes <= self.granted else self.ask(size_bytes)

    def owe(self) -> None:
        """Have ``give_way`` called soon, outside any namespace, as if the share had shrunk."""
        self._budget.owing.add(self)

    def leave(self) -> None:
        """Return the whole share for good."""
        self._budget.leave(self)


class Budget:
    """The bytes of a server. All methods may be called from any thread.

    Args:
        max_bytes: The size of the budget.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._shares: set[Share] = set()
        self._granted = 0
        self.owing: set[Share] = set()
        """Shares that shrank, and whose namespaces do not fit yet."""

    @property
    def granted_bytes(self) -> int:
        """The bytes of all shares together."""
        return self._granted

    def join(self, give_way: Callable[[], bool]) -> Share:
        """Make an empty share.

        Args:
            give_way: See :class:`Share`.
        """
        share = Share(self, give_way)
        with self._lock:
            self._shares.add(share)
        return share

    def leave(self, share: Share) -> None:
        """Take back a share."""
        with self._lock:
            if share in self._shares:
                self._shares.discard(share)
                self.owing.discard(share)
                self._granted -= share.granted

    def grant(self, share: Share, size_bytes: int) -> int:
        """Change the size of a share if that is fair: no share shrinks in favour of a larger one.

        Returns:
            The new size of the share.
        """
        wanted = -(-size_bytes // PIECE) * PIECE
        with self._lock:
            missing = wanted - share.granted - (self._max_bytes - self._granted)
            if missing > 0 and share in self._shares:
                largest = max(self._shares, key=_size)
                if largest.granted < wanted:
                    return share.granted
                self._resize(largest, largest.granted - missing)
            self._resize(share, wanted)
            return share.granted

    def limit(self, max_bytes: int) -> None:
        """Change the size of the budget; if it is too small now, the largest shares shrink to equal sizes."""
        with self._lock:
            self._max_bytes = max_bytes
            left, most = max_bytes, 0
            sizes = sorted(self._shares, key=_size)
            for place, share in enumerate(sizes):
                most = max(0, left // (len(sizes) - place))
                if share.granted > most:
                    break
                left -= share.granted
            else:
                return
            for share in sizes[place:]:
                self._resize(share, most)

    def collect(self) -> None:
        """Make namespaces fit whose shares shrank, except those in use. Call it outside any namespace."""
        for share in tuple(self.owing):
            if share.give_way():
                self.owing.discard(share)

    def _resize(self, share: Share, size_bytes: int) -> None:
        self._granted += size_bytes - share.granted
        if size_bytes < share.granted:
            self.owing.add(share)
        share.granted = size_bytes


def _size(share: Share) -> int:
    return share.granted
