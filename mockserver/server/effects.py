"""What a plan does to a connection: waiting, and sending an answer whole, in pieces, in part, or not at all."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from aiohttp import web

from mockserver.clock import Clock
from mockserver.model.journal import Record
from mockserver.model.plan import Close, Dribble, Effect, Garble, Hang, Refuse, Reset, Send, Sleep, Truncate
from mockserver.model.vocabulary import Delivery
from mockserver.server.answers import AnswerWriter, Written
from mockserver.server.doorway import Doorway

__all__ = ["GARBLED", "LOOK_S", "execute", "is_gone", "reset", "sleep_until"]

LOOK_S = 0.2
"""How often a waiting connection is looked at: aiohttp does not tell a handler that its client left."""

GARBLED = b"\x00\xff this is not HTTP \xff\x00"
"""What a garbled answer has for a status line."""


def is_gone(request: web.BaseRequest) -> bool:
    """Tell whether the client has left."""
    return _connection(request) is None


def _connection(request: web.BaseRequest) -> asyncio.Transport | None:
    """Return the connection of a request; None when the client has left."""
    transport = request.transport
    return None if transport is None or transport.is_closing() else transport


async def sleep_until(
    clock: Clock, at_ms: int, watched: web.BaseRequest | None = None, is_over: Callable[[], bool] = lambda: False
) -> None:
    """Wait until the emulated clock shows a time, however it gets there, or is reset.

    Args:
        watched: A request whose client ends the wait by leaving.
        is_over: Tells whether there is nothing to wait for any more; asked whenever the clock was moved.
    """
    era = clock.era
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()
    unsubscribe = clock.subscribe(lambda: loop.call_soon_threadsafe(moved.set))
    try:
        while clock.era == era and not is_over() and (left_s := clock.real_s_until(at_ms)) != 0:
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
    effects: tuple[Effect, ...],
    request: web.BaseRequest,
    record: Record,
    clock: Clock,
    writer: AnswerWriter,
    doorway: Doorway,
) -> Written:
    """Carry out effects in order, and note in the record what became of the answer.

    Returns:
        What to give back to aiohttp: the connection stays only after an answer was sent whole.
    """
    try:
        for effect in effects:
            if isinstance(effect, Sleep):
                await sleep_until(clock, effect.until_ms, request)
            else:
                return await _finish(effect, request, record, clock, writer, doorway)
    except asyncio.CancelledError:
        record.delivery = Delivery.CUT
        raise
    return writer.done(500, stays=False)


async def _finish(
    effect: Send | Truncate | Garble | Dribble | Reset | Close | Hang | Refuse,
    request: web.BaseRequest,
    record: Record,
    clock: Clock,
    writer: AnswerWriter,
    doorway: Doorway,
) -> Written:
    """Carry out the effect that decides what the client gets."""
    if isinstance(effect, Refuse):
        doorway.close_for(effect.duration_ms / 1000)
    transport = _connection(request)
    if transport is None:
        record.delivery = Delivery.CLIENT_GONE
        return writer.done(500, stays=False)
    match effect:
        case Send(response=response):
            return writer.write(request, record, response)
        case Dribble(response=response):
            answer, stays = writer.prepare(request, record, response)
            if await _dribble(answer, effect, request, clock):
                record.delivery = Delivery.SENT
                return writer.done(response.status, stays=stays)
            record.delivery = Delivery.CLIENT_GONE
        case Truncate(response=response) | Garble(response=response):
            answer, _ = writer.prepare(request, record, response)
            damaged = _damaged(effect, answer)
            transport.write(damaged)
            record.delivery = Delivery.SENT if damaged == answer else Delivery.CUT
        case Reset() | Refuse():
            reset(transport)
            record.delivery = Delivery.CUT
        case Close():
            transport.close()
            record.delivery = Delivery.CUT
        case Hang():
            await _hang(request)
            record.delivery = Delivery.CLIENT_GONE
    return writer.done(500, stays=False)


def reset(transport: asyncio.Transport | None) -> None:
    """Send a real RST: lingering for 0 seconds, then aborting. Aborting alone reaches the client as a plain close."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _damaged(effect: Truncate | Garble, answer: bytes) -> bytes:
    if isinstance(effect, Truncate):
        return answer[: effect.after_bytes]
    return GARBLED + answer[answer.index(b"\r\n") :]


async def _dribble(answer: bytes, effect: Dribble, request: web.BaseRequest, clock: Clock) -> bool:
    """Write an answer in pieces, the first at once, the last when the whole time is over.

    Each leaves on its own: asyncio hands every piece to the network at once and without Nagle's algorithm, and TLS
    makes a record of it.

    Returns:
        Whether the client stayed to the end.
    """
    began_ms = clock.now_ms()
    count = max(1, min(effect.chunks, len(answer)))
    for number in range(count):
        if number:
            await sleep_until(clock, began_ms + effect.total_ms * number // (count - 1), request)
        transport = _connection(request)
        if transport is None:
            return False
        transport.write(answer[len(answer) * number // count : len(answer) * (number + 1) // count])
    return True


async def _hang(request: web.BaseRequest) -> None:
    while not is_gone(request):  # noqa: ASYNC110 - see LOOK_S
        await asyncio.sleep(LOOK_S)
