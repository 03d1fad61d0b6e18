"""One budget of bytes for a whole server: every namespace has a share of it, and the largest gives way first.

A share grows by the piece, so that a request costs nothing but a comparison; only who has used up a piece asks for the
next one. When nothing is left, the largest share shrinks. Its namespace may be in use by another thread just then: it
is noted as owing, and made to fit as soon as somebody who is in no namespace comes by, see :meth:`Budget.collect`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["PIECE", "Budget", "Share"]

PIECE = 64 * 1024
"""By how much a share grows."""


class Share:
    """What one namespace may take.

    Args:
        budget: Of what.
        give_way: Makes the namespace fit into its share; False if it is in use just now.

    Attributes:
        granted: How many bytes.
    """

    __slots__ = ("_budget", "give_way", "granted")

    def __init__(self, budget: Budget, give_way: Callable[[], bool]) -> None:
        self._budget = budget
        self.give_way = give_way
        self.granted = 0

    def ask(self, size_bytes: int) -> int:
        """Ask for room for so many bytes in all; the answer is what there is, which may be less, or more."""
        return self._budget.grant(self, size_bytes)

    def leave(self) -> None:
        """Give everything back, for good."""
        self._budget.leave(self)


class Budget:
    """The bytes of a server. All methods may be called from any thread.

    Args:
        max_bytes: How many there are.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._shares: set[Share] = set()
        self._granted = 0
        self.owing: set[Share] = set()
        """Those that shrank, and whose namespaces do not fit yet."""

    @property
    def granted_bytes(self) -> int:
        """How much all shares have together."""
        return self._granted

    def join(self, give_way: Callable[[], bool]) -> Share:
        """Make a share, an empty one.

        Args:
            give_way: See :class:`Share`.
        """
        share = Share(self, give_way)
        with self._lock:
            self._shares.add(share)
        return share

    def leave(self, share: Share) -> None:
        """Take a share back."""
        with self._lock:
            if share in self._shares:
                self._shares.discard(share)
                self.owing.discard(share)
                self._granted -= share.granted

    def grant(self, share: Share, size_bytes: int) -> int:
        """Bring a share to a size, or as near to it as is fair: nobody gives way to one that is larger.

        Returns:
            The size of the share from now on.
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
        """Have so many bytes from now on; if they are fewer, the largest shares shrink to one size."""
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
        """Make every namespace fit whose share shrank. Who calls must be in no namespace; one in use has to wait."""
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
