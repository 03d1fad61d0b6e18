"""A limit for the bytes of requests that are still arriving, over all connections of a server."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.model.settings import Settings

__all__ = ["Incoming"]


class Incoming:
    """Counts the bytes of request heads and bodies that have not arrived completely yet.

    Args:
        settings: Returns the settings in force; ``max_incoming_bytes`` is used.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.size_bytes = 0
        """The number of bytes."""

    def take(self, size_bytes: int) -> bool:
        """Count more bytes, if there is room for them.

        Returns:
            Whether there was room; if not, nothing was counted.
        """
        if self.size_bytes + size_bytes > self._settings().max_incoming_bytes:
            return False
        self.size_bytes += size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Release bytes that have arrived, or never will."""
        self.size_bytes -= size_bytes
