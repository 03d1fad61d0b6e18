"""Writes responses to connections."""

from __future__ import annotations

import asyncio

from aiohttp import web
from msgspec.structs import replace

from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import PHRASES, HttpResponse
from mockserver.model.vocabulary import Delivery
from mockserver.namespaces import Namespace
from mockserver.wire.entries import response_headers

__all__ = ["AnswerWriter", "Written", "render"]


class Written(web.StreamResponse):
    """Tells aiohttp that the answer was already sent, and whether the connection stays open.

    It holds no state of a request, so one per status can serve all requests.
    """

    def __init__(self, status: int, *, stays: bool) -> None:
        super().__init__(status=status)
        self._stays = stays

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open."""
        return self._stays

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing."""

    async def write_eof(self, data: bytes | bytearray | memoryview = b"") -> None:
        """Write nothing."""


def render(response: HttpResponse, at_ms: int, *, bodiless: bool = False) -> bytes:
    """Return a response as bytes of HTTP/1.1.

    Args:
        at_ms: The emulated time of the answer, for ``Date``.
        bodiless: Whether it answers a HEAD: with the length of the body, but without the body.
    """
    head = [f"HTTP/1.1 {response.status} {PHRASES.get(response.status, '')}"]
    head.extend(f"{name}: {value}" for name, value in response_headers(response, at_ms))
    return "\r\n".join((*head, "", "")).encode("latin-1") + (b"" if bodiless else response.body)


class AnswerWriter:
    """Writes answers to connections, caching the bytes of the last 204 for a second, since most events get the same."""

    def __init__(self) -> None:
        self._second = -1
        self._frequent: HttpResponse | None = None
        self._bytes_of_frequent = b""
        self._written: dict[tuple[int, bool], Written] = {}

    def prepare(self, request: web.BaseRequest, plan: AnswerPlan, response: HttpResponse) -> tuple[bytes, bool]:
        """Return the bytes of an answer.

        Returns:
            The bytes, and whether the connection stays open after them.
        """
        stays = (
            request.keep_alive and not response.final and request.version >= (1, 1) and request.content.is_eof()
        )  # after a body that was not read to its end, the next request cannot be found
        if not stays and not response.final:
            response = replace(response, final=True)
        return self.bytes_of(response, plan.record.at_ms, bodiless=request.method == "HEAD"), stays

    def write(
        self, request: web.BaseRequest, namespace: Namespace, plan: AnswerPlan, response: HttpResponse
    ) -> Written:
        """Send an answer, having recorded if the connection ends with it or the delivery is not as planned.

        A test that has the answer finds that in the journal.
        """
        answer, stays = self.prepare(request, plan, response)
        transport = request.transport
        is_gone = transport is None or transport.is_closing()
        delivery = Delivery.CLIENT_GONE if is_gone else Delivery.SENT
        if delivery is not plan.record.delivery or not stays:
            namespace.delivered(plan, delivery, final=not stays)
        if transport is not None and not is_gone:
            transport.write(answer)
        return self.done(response.status, stays=stays)

    def write_at_once(
        self, transport: asyncio.Transport, namespace: Namespace, plan: AnswerPlan, response: HttpResponse
    ) -> None:
        """Send an answer on an open connection, which stays open unless the answer says otherwise."""
        if response.final:
            namespace.delivered(plan, Delivery.SENT, final=True)
        transport.write(self.bytes_of(response, plan.record.at_ms))
        if response.final:
            transport.close()

    def done(self, status: int, *, stays: bool) -> Written:
        """Return what tells aiohttp that nothing is left to write."""
        done = self._written.get((status, stays))
        if done is None:
            done = self._written[status, stays] = Written(status, stays=stays)
        return done

    def bytes_of(self, response: HttpResponse, at_ms: int, *, bodiless: bool = False) -> bytes:
        """Make the bytes of an answer; see :func:`render`."""
        if response.status != 204:
            return render(response, at_ms, bodiless=bodiless)
        second = at_ms // 1000
        if second != self._second or response is not self._frequent:
            self._second, self._frequent, self._bytes_of_frequent = second, response, render(response, at_ms)
        return self._bytes_of_frequent
