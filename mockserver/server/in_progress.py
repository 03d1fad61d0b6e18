"""The requests that an application is answering on the sockets of another server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from mockserver.server.effects import is_gone

__all__ = ["SHUTDOWN_S", "InProgress"]

SHUTDOWN_S = 0.05
"""How long requests in progress may take to finish when a server stops, in seconds."""


class InProgress:
    """Answers requests in tasks of their own, which a client that leaves does not cancel.

    Some servers cancel the handler of a client that leaves, as aiohttp's ``TestServer`` does, and others do not
    (``handler_cancellation``). The emulator has to go on in both cases: a request that is held back arrives when it is
    due, and the journal says that the client was gone.

    Args:
        answer: Answers one request.
    """

    def __init__(self, answer: Callable[[web.BaseRequest], Coroutine[Any, Any, web.StreamResponse]]) -> None:
        self._answer = answer
        self._tasks: set[asyncio.Task[web.StreamResponse]] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        task = asyncio.get_running_loop().create_task(self._answer(request))  # stop() awaits it
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            if not is_gone(request):
                task.cancel()
            raise
        return task.result()

    async def stop(self, _: web.Application) -> None:
        """End all requests; a fault or a stream would otherwise make aiohttp wait for a minute."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SHUTDOWN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[web.StreamResponse]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # when the handler was cancelled, nothing else takes it
