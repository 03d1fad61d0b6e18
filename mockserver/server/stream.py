"""Server-sent events: every journal entry as it is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from mockserver.admin.paging import block
from mockserver.errors import Refused
from mockserver.namespaces import Namespace
from mockserver.server.effects import is_gone, watching
from mockserver.wire.codec import encode

__all__ = ["EventStream", "Turns", "send"]

T = TypeVar("T")

_KEEP_ALIVE_S = 15
_SENT_AT_ONCE = 64 * 1024
_MOST_DIGITS = 19  # of a Last-Event-ID: more than any seq has, and no work to read


class Turns:
    """Lets long answers take turns with each other and with players, a few milliseconds of work at a time.

    Between two turns the loop serves all connections.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self, work: Callable[[], T]) -> T:
        """Wait for a turn, and do a piece of work in it."""
        async with self._lock:
            await asyncio.sleep(0)
            return work()


async def send(response: web.StreamResponse, content: bytes) -> None:
    """Send a part of an answer as fast as the client reads it."""
    for start in range(0, len(content), _SENT_AT_ONCE):
        await response.write(content[start : start + _SENT_AT_ONCE])


class EventStream:
    """The stream of one client.

    Messages are entries, with their seq as ``id``. ``event: reset`` says that the journal starts from 1 again, ``event:
    evicted`` that entries were dropped before they could be sent.

    Args:
        namespace: The namespace whose journal is streamed.
        turns: Schedules the work of long answers.
    """

    def __init__(self, namespace: Namespace, turns: Turns) -> None:
        self._namespace = namespace
        self._turns = turns
        with namespace as emulator:
            self._sent = emulator.journal.last_seq
        self._reset = False

    async def serve(self, request: web.BaseRequest, headers: dict[str, str]) -> web.StreamResponse:
        """Send entries until the client leaves or the server stops.

        Args:
            request: Its ``Last-Event-ID`` says where to continue; without it, only new entries are sent. One that the
                journal has not reached is from before a reset or an earlier start of the server, and the client is told
                so.

        Raises:
            Refused: There are ``max_streams`` already.
        """
        last_id = request.headers.get("Last-Event-ID", "")
        if last_id.isascii() and last_id.isdigit():
            last = int(last_id[:_MOST_DIGITS])
            self._reset = last > self._sent
            self._sent = min(last, self._sent)
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def recorded(seq: int | None) -> None:
            if seq is None:
                self._reset = True
            loop.call_soon_threadsafe(news.set)

        with self._namespace as emulator:
            most = emulator.settings.max_streams
            if emulator.streams >= most:
                raise Refused(f"there are already {most} streams (setting max_streams)")
            emulator.streams += 1
            stop = emulator.subscribe(recorded)
        try:
            return await self._send(request, headers, news)
        finally:
            with self._namespace as emulator:
                emulator.streams -= 1
                stop()

    async def _send(self, request: web.BaseRequest, headers: dict[str, str], news: asyncio.Event) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": connected\n\n")
        with watching(request, news.set) as look_s:
            while not is_gone(request):
                news.clear()
                await self._send_news(response)
                if not await _has_news(news, request, look_s or _KEEP_ALIVE_S):
                    await response.write(b": keep-alive\n\n")
        return response

    async def _send_news(self, response: web.StreamResponse) -> None:
        while True:
            if self._reset:
                self._reset, self._sent = False, 0
                await response.write(b"event: reset\ndata: {}\n\n")
            with self._namespace as emulator:
                first = emulator.journal.first_seq
            if self._sent < first - 1:
                lost = first - 1 - self._sent
                self._sent = first - 1
                await response.write(b'event: evicted\ndata: {"lost": %d}\n\n' % lost)
            messages, last = await self._turns.take(self._next_messages)
            if not last:
                return
            await send(response, messages)
            if not self._reset:
                self._sent = last

    def _next_messages(self) -> tuple[bytes, int]:
        """Return the next messages, and the seq of the last of them; 0 if there is none."""
        entries = block(self._namespace, self._sent)
        messages = b"".join(b"id: %d\ndata: %s\n\n" % (entry.seq, encode(entry)) for entry in entries)
        return messages, entries[-1].seq if entries else 0


async def _has_news(news: asyncio.Event, request: web.BaseRequest, look_s: float) -> bool:
    """Wait for news, or for the client to leave, to free its place soon; return False when a keep-alive is due."""
    for _ in range(round(_KEEP_ALIVE_S / look_s)):
        try:
            return await asyncio.wait_for(news.wait(), look_s)
        except asyncio.TimeoutError:
            if is_gone(request):
                return True
    return False
