"""The effects of faults on a connection: waiting, and sending an answer in pieces, in part, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

from aiohttp import web

from mockserver.clock import Clock
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.fault_kind import (
    CloseFault,
    DribbleFault,
    GarbleFault,
    HangFault,
    RefuseFault,
    TruncateFault,
)
from mockserver.model.http import HttpResponse
from mockserver.model.vocabulary import Delivery
from mockserver.namespaces import Namespace
from mockserver.server.answers import AnswerWriter, Written
from mockserver.server.connections import LOOK_S, Connection, has_left
from mockserver.server.gate import Gate

__all__ = ["GARBLED", "execute", "interrupted", "is_gone", "reset", "sleep_until", "watching"]

GARBLED = b"\x00\xff this is not HTTP \xff\x00"
"""The status line of a garbled answer."""


def is_gone(request: web.BaseRequest) -> bool:
    """Return whether the client has left."""
    return _connection(request) is None


def interrupted(request: web.BaseRequest) -> Delivery:
    """Return what became of an answer that was still to be sent when the server stopped."""
    connection = request.protocol
    gone = connection.client_left if isinstance(connection, Connection) else is_gone(request)
    return Delivery.CLIENT_GONE if gone else Delivery.CUT


def _connection(request: web.BaseRequest) -> asyncio.Transport | None:
    """Return the connection of a request; None if the client has left."""
    transport = request.transport
    return None if has_left(transport) else transport


@contextlib.contextmanager
def watching(request: web.BaseRequest | None, left: Callable[[], object]) -> Iterator[float | None]:
    """Call ``left`` when the client of a request leaves.

    Yields:
        How often to check the connection as well, in seconds; None for never. An application with sockets of its own
        has connections of aiohttp, which do not report it.
    """
    if request is None or not isinstance(request.protocol, Connection):
        yield None if request is None else LOOK_S
        return
    with request.protocol.watched_by(left):
        yield None


async def sleep_until(
    clock: Clock, at_ms: int, watched: web.BaseRequest | None = None, is_over: Callable[[], bool] = lambda: False
) -> None:
    """Wait until the emulated clock reaches a time, in whatever way, or is reset.

    Args:
        watched: A request whose client ends the wait by leaving.
        is_over: Returns whether to stop waiting; called whenever the clock was moved.
    """
    era = clock.era
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()
    unsubscribe = clock.subscribe(lambda: loop.call_soon_threadsafe(moved.set))
    try:
        with watching(watched, moved.set) as look_s:
            while clock.era == era and not is_over() and (left_s := clock.real_s_until(at_ms)) != 0:
                if watched is not None and is_gone(watched):
                    return
                if look_s is not None:
                    left_s = look_s if left_s is None else min(left_s, look_s)
                try:
                    await asyncio.wait_for(moved.wait(), left_s)
                except asyncio.TimeoutError:
                    continue
                moved.clear()
    finally:
        unsubscribe()


async def execute(
    plan: AnswerPlan, request: web.BaseRequest, namespace: Namespace, writer: AnswerWriter, gate: Gate
) -> Written:
    """Carry out a plan, and record in the journal how the answer was delivered, before the client can know.

    Returns:
        The response for aiohttp: the connection stays open only after a complete answer.
    """
    try:
        if plan.until_ms is not None:
            await sleep_until(namespace.clock, plan.until_ms, request)
        if isinstance(plan.fault, RefuseFault):
            gate.close_for(plan.fault.duration_ms / 1000)
        transport = _connection(request)
        if transport is None:
            namespace.delivered(plan, Delivery.CLIENT_GONE)
        elif plan.response is None:
            await _unanswered(plan, request, transport, namespace)
        else:
            return await _answered(plan, plan.response, request, transport, namespace, writer)
    except asyncio.CancelledError:
        namespace.delivered(plan, interrupted(request))
        raise
    return writer.done(500, stays=False)


async def _unanswered(
    plan: AnswerPlan, request: web.BaseRequest, transport: asyncio.Transport, namespace: Namespace
) -> None:
    """End a connection without an answer."""
    if isinstance(plan.fault, HangFault):
        await _hang(request)
        namespace.delivered(plan, Delivery.CLIENT_GONE)
        return
    namespace.delivered(plan, Delivery.CUT)
    if isinstance(plan.fault, CloseFault):
        transport.close()
    else:
        reset(transport)


async def _answered(
    plan: AnswerPlan,
    response: HttpResponse,
    request: web.BaseRequest,
    transport: asyncio.Transport,
    namespace: Namespace,
    writer: AnswerWriter,
) -> Written:
    """Send an answer, changed by the fault of the plan."""
    answer, stays = writer.prepare(request, plan, response)
    match plan.fault:
        case DribbleFault():
            rest = await _dribble(answer, plan.fault, request, namespace.clock)
            namespace.delivered(plan, Delivery.CLIENT_GONE if rest is None else Delivery.SENT, final=not stays)
            if rest is None:
                return writer.done(500, stays=False)
            transport.write(rest)
            return writer.done(response.status, stays=stays)
        case TruncateFault(after_bytes=after_bytes):
            damaged = answer[:after_bytes]
        case GarbleFault():
            damaged = GARBLED + answer[answer.index(b"\r\n") :]
        case _:
            return writer.write(request, namespace, plan, response)
    namespace.delivered(plan, Delivery.SENT if damaged == answer else Delivery.CUT, final=not stays)
    transport.write(damaged)
    return writer.done(500, stays=False)


def reset(transport: asyncio.Transport | None) -> None:
    """Send a real RST, by lingering for 0 seconds and aborting. Aborting alone would look like a plain close."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _dribble(answer: bytes, fault: DribbleFault, request: web.BaseRequest, clock: Clock) -> bytes | None:
    """Write an answer in pieces, the first at once, but the last one not yet when the whole time is over.

    Each piece is sent on its own: asyncio passes it to the network at once and without Nagle's algorithm, and TLS makes
    it a record.

    Returns:
        The last piece; None if the client left before.
    """
    began_ms = clock.now_ms()
    count = max(1, min(fault.chunks, len(answer)))
    for number in range(1, count):
        transport = _connection(request)
        if transport is None:
            return None
        transport.write(answer[len(answer) * (number - 1) // count : len(answer) * number // count])
        await sleep_until(clock, began_ms + fault.total_ms * number // (count - 1), request)
    return None if _connection(request) is None else answer[len(answer) * (count - 1) // count :]


async def _hang(request: web.BaseRequest) -> None:
    left = asyncio.Event()
    with watching(request, left.set) as look_s:
        while not is_gone(request):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(left.wait(), look_s)
            left.clear()
