"""What a plan does to a connection: waiting, resetting, closing, hanging, sending."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from mockserver.clock import Clock
from mockserver.model.journal import Record
from mockserver.model.plan import Close, Effect, Hang, Reset, Send, Sleep
from mockserver.model.vocabulary import Delivery
from mockserver.server.answers import AnswerWriter, Written

__all__ = ["LOOK_S", "execute", "is_gone", "sleep_until"]

LOOK_S = 0.2
"""How often a waiting connection is looked at: aiohttp does not tell a handler that its client left."""


def is_gone(request: web.BaseRequest) -> bool:
    """Tell whether the client has left."""
    return request.transport is None or request.transport.is_closing()


async def sleep_until(clock: Clock, at_ms: int, watched: web.BaseRequest | None = None) -> None:
    """Wait until the emulated clock shows a time, however it gets there.

    Args:
        watched: A request whose client ends the wait by leaving.
    """
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()
    unsubscribe = clock.subscribe(lambda: loop.call_soon_threadsafe(moved.set))
    try:
        while (left_s := clock.real_s_until(at_ms)) != 0:
            if watched is not None:
                if is_gone(watched):
                    return
                left_s = LOOK_S if left_s is None else min(left_s, LOOK_S)
            try:
                await asyncio.wait_for(moved.wait(), left_s)
            except asyncio.TimeoutError:
                continue
            moved.clear()
    finally:
        unsubscribe()


async def execute(
    effects: tuple[Effect, ...], request: web.BaseRequest, record: Record, clock: Clock, writer: AnswerWriter
) -> Written:
    """Carry out effects in order.

    Returns:
        What to give back to aiohttp: the connection stays only after an answer was sent whole.
    """
    try:
        for effect in effects:
            match effect:
                case Sleep(until_ms=until_ms):
                    await sleep_until(clock, until_ms, request)
                case Send(response=response):
                    return writer.write(request, record, response)
                case Reset():
                    _reset(request.transport)
                    record.delivery = Delivery.CUT
                case Close():
                    if request.transport is not None:
                        request.transport.close()
                    record.delivery = Delivery.CUT
                case Hang():
                    await _hang(request)
                    record.delivery = Delivery.CLIENT_GONE
    except asyncio.CancelledError:
        record.delivery = Delivery.CUT
        raise
    return writer.done(500, stays=False)


def _reset(transport: asyncio.Transport | None) -> None:
    """Send a real RST: lingering for 0 seconds, then aborting. Aborting alone reaches the client as a plain close."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _hang(request: web.BaseRequest) -> None:
    while not is_gone(request):  # noqa: ASYNC110 - see LOOK_S
        await asyncio.sleep(LOOK_S)
