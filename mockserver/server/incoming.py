"""What is still arriving, of all connections of a server: its bytes are bounded, as those of the journals are."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.model.settings import Settings

__all__ = ["Incoming"]


class Incoming:
    """Counts the bytes of request heads and bodies that have not arrived whole yet.

    Args:
        settings: Gives the settings in force: ``max_incoming_bytes`` of them all.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.size_bytes = 0
        """How many bytes there are."""

    def take(self, size_bytes: int) -> bool:
        """Make room for more.

        Returns:
            Whether there is any; if not, nothing was taken.
        """
        if self.size_bytes + size_bytes > self._settings().max_incoming_bytes:
            return False
        self.size_bytes += size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Give back what was taken: it has arrived, or never will."""
        self.size_bytes -= size_bytes
