"""The bodies of requests that arrive in pieces, within limits of size, of time, and of what may be arriving at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sized

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from mockserver.model.http import RequestProblem
from mockserver.server.connections import LOOK_S
from mockserver.server.incoming import Incoming

__all__ = ["LONGEST_BODY_S", "read_pieces"]

_BODY_TIMEOUT_S = 30
"""How long a body may pause before the request counts as incomplete."""

LONGEST_BODY_S = 120
"""How long a body may take from beginning to end, however often a piece of it arrives."""

_CHUNK_TIMEOUT_S = 2
"""How long a chunked body may pause, if aiohttp does not report malformed chunks."""

_BROKEN = (web.RequestPayloadError, HttpProcessingError, asyncio.TimeoutError)
"""Errors of a body that cannot be read to its end; the middle one comes from aiohttp's parser in pure Python."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


async def read_pieces(
    request: web.BaseRequest, max_bytes: int, incoming: Incoming
) -> tuple[bytes, RequestProblem | None]:
    """Read a body.

    Returns:
        The body as far as it arrived, and what is wrong with it. A body that is too large, or for which there is no
        room, is not kept.
    """
    if (request.content_length or 0) > max_bytes:
        return b"", "too_large"
    _go_on(request)
    pieces: list[bytes] = []
    size = 0
    last_s = asyncio.get_running_loop().time() + LONGEST_BODY_S
    try:
        while not request.content.at_eof():
            piece = await _next_piece(request, last_s)
            if size + len(piece) > max_bytes:
                return b"", "too_large"
            if not incoming.take(len(piece)):
                return b"", "too_many_bodies"
            size += len(piece)
            pieces.append(piece)
    except (*_BROKEN, ConnectionError):
        return b"".join(pieces), "incomplete"
    finally:
        incoming.give_back(size)
    return b"".join(pieces), None


def _go_on(request: web.BaseRequest) -> None:
    """Answer ``Expect: 100-continue``, which curl sends before a large body; it waits a second for the answer."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(_CONTINUE)


async def _next_piece(request: web.BaseRequest, last_s: float) -> bytes:
    """Wait for more of a body.

    Args:
        last_s: When the body has to be complete, on the clock of the loop.

    Raises:
        asyncio.TimeoutError: Nothing arrived for too long, or nothing can arrive because a chunk was malformed.
    """
    if asyncio.get_running_loop().time() > last_s:
        raise asyncio.TimeoutError
    chunked = "Transfer-Encoding" in request.headers
    patience_s = _CHUNK_TIMEOUT_S if chunked and _queued(request) is None else _BODY_TIMEOUT_S
    for _ in range(round(patience_s / LOOK_S)):
        try:
            return await asyncio.wait_for(request.content.readany(), LOOK_S)
        except asyncio.TimeoutError:
            if _queued(request):
                break
    raise asyncio.TimeoutError


def _queued(request: web.BaseRequest) -> Sized | None:
    """Return what aiohttp has read after the request; None for an aiohttp that does not expose it.

    aiohttp does not report a malformed chunk to the reader of the body. It queues an error as the next request, the
    only thing that can follow half a body. The queue is not documented. Without it, a malformed chunk is noticed only
    by waiting, so a chunked body may not pause longer than :data:`_CHUNK_TIMEOUT_S`.
    """
    return getattr(request.protocol, "_messages", None)
