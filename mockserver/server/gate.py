"""Whether the emulated API accepts connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Gate"]


class Gate:
    """The gate for connections to the emulated API, which can be closed for a while or until it is released.

    The owner of the listening sockets is its keeper. Without a keeper, as in an application that has its own sockets,
    it is always open. All methods must be called on the event loop of the keeper.

    Attributes:
        closed: Whether it is closed: new connections are refused, and open ones may not be used.
    """

    def __init__(self) -> None:
        self.closed = False
        self._keeper: Callable[[bool], asyncio.Task[None] | None] | None = None
        self._opening: asyncio.Task[None] | None = None
        self._holds = 0
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, keeper: Callable[[bool], asyncio.Task[None] | None]) -> None:
        """Call ``keeper`` whenever the gate closes (True) or opens (False); it may return a task to wait for."""
        self._keeper = keeper

    def leave(self) -> None:
        """Remove the keeper; the gate opens and stays open."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._keeper = self._opening = None
        self._holds = 0
        self.closed = False

    def close_for(self, duration_s: float) -> None:
        """Close it for this many real seconds; if it is closed, keep it closed at least that long."""
        if self._keeper is None:
            return
        loop = asyncio.get_running_loop()
        end_s = loop.time() + duration_s
        if self._timer is not None:
            if self._timer.when() >= end_s:
                return
            self._timer.cancel()
        self._timer = loop.call_at(end_s, self._time_is_over)
        self._notify()

    async def reopen_early(self) -> None:
        """End :meth:`close_for` early, and return when connections are accepted again, unless it is held closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._time_is_over()
        await self.opened()

    async def opened(self) -> None:
        """Return when the keeper has finished opening."""
        if self._opening is not None:
            await asyncio.wait([self._opening])

    def hold(self) -> None:
        """Close it until :meth:`release` is called as often."""
        self._holds += 1
        self._notify()

    def release(self) -> None:
        """Undo one :meth:`hold`."""
        self._holds -= 1
        self._notify()

    def _time_is_over(self) -> None:
        self._timer = None
        self._notify()

    def _notify(self) -> None:
        closed = self._keeper is not None and (self._holds > 0 or self._timer is not None)
        if closed is not self.closed and self._keeper is not None:
            self.closed = closed
            self._opening = self._keeper(closed)
