"""The emulated API over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from aiohttp import web

from mockserver.emulator.held_requests import HeldRequest
from mockserver.errors import Refused
from mockserver.latencies import Latencies
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest, RawHeaders, RequestProblem, path_of
from mockserver.model.vocabulary import Delivery
from mockserver.namespaces import Namespace, Namespaces, destination
from mockserver.server.answers import AnswerWriter, Written
from mockserver.server.bodies import read_pieces
from mockserver.server.effects import execute, interrupted, reset, sleep_until
from mockserver.server.forwarding import Forwarder, answer_of
from mockserver.server.gate import Gate
from mockserver.server.guard import is_foreign_page
from mockserver.server.incoming import Incoming

__all__ = ["EmulatedApi", "Head"]


class Head(NamedTuple):
    """The header fields of a request that is repeated often.

    Args:
        fields: The fields by name.
        headers: The fields as received.
        names_namespace: Whether ``Host`` may name a namespace.
        body_size: The length of the body in bytes.
    """

    fields: Mapping[str, str]
    headers: RawHeaders
    names_namespace: bool
    body_size: int


class EmulatedApi:
    """Answers the requests of players.

    Args:
        namespaces: Where their requests go.
        gate: Whether they are let in.
        incoming: Limits the bytes of requests that have not arrived completely.
        failed: Called with every internal error.
        forwarder: Sends requests on to another endpoint as well.

    Attributes:
        namespaces: Where their requests go.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        gate: Gate,
        incoming: Incoming,
        failed: Callable[[Exception], None],
        forwarder: Forwarder | None = None,
    ) -> None:
        self.forwarder = forwarder
        self.namespaces = namespaces
        self._gate = gate
        self._incoming = incoming
        self._below = tuple(f".{host.lower()}" for host in namespaces.hosts)
        self._failed = failed
        self._writer = AnswerWriter()
        self._waiting = 0
        """The number of requests that faults make wait for their answers."""

    def handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer one request, and note how long that took if metrics were asked for."""
        latencies = self.namespaces.latencies
        return self._handle(request) if latencies is None else self._timed(request, latencies)

    async def _timed(self, request: web.BaseRequest, latencies: Latencies) -> web.StreamResponse:
        begun_s = time.perf_counter()
        try:
            return await self._handle(request)
        finally:
            latencies.add(time.perf_counter() - begun_s)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. The common case, an event that arrived completely and has no fault, never waits."""
        try:
            self._admit(request)
            target = request.raw_path
            if not target.isascii():
                target = target.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            path = path_of(target) if "?" in target or target[:1] != "/" else target
            namespace, path, problem, is_open = self._find(path, request.headers)
            max_body_bytes = namespace.settings.max_body_bytes
            content = request.content
            if content.is_eof() and content.exception() is None:
                body = content.read_nowait()
                if len(body) > max_body_bytes:
                    body, problem = b"", problem or "too_large"
            else:
                body, cut_short = await read_pieces(request, max_body_bytes, self._incoming)
                problem = problem or cut_short
                self._admit(request)  # the gate may have been closed meanwhile
            namespace = self._issuer(path, body) if is_open else namespace
            asked = HttpRequest(request.method, path, target, request.raw_headers, body, problem)
            plan = await _plan(namespace, asked, request)
            if plan is None:
                return self._hung_up(request)  # a reset has forgotten the request, so it gets no answer
            answered = None if self.forwarder is None else await self._forward(asked, plan, namespace, request)
            if answered is not None:
                return answered
            if plan.response is None or not plan.is_plain:
                plan = plan.without_body()
                del asked, body  # the journal may drop the body before such an answer is over
                return await self._execute(plan, request, namespace)
            written = self._writer.write(request, namespace, plan, plan.response)
            if problem == "incomplete":
                self._hung_up(request)  # after half a body, the next request cannot be found
            return written
        except ConnectionError:
            return self._writer.done(500, stays=False)
        except Exception as error:
            self._failed(error)
            raise

    async def _forward(
        self, asked: HttpRequest, plan: AnswerPlan, namespace: Namespace, request: web.BaseRequest
    ) -> web.StreamResponse | None:
        """Forward a request, and answer it if the player is to get the answer of the other endpoint."""
        forwarder = self.forwarder
        assert forwarder is not None
        forwarding = forwarder.begin(namespace, asked, plan) if forwarder.takes(asked, plan) else None
        if forwarding is None or not forwarder.is_answer or not plan.is_plain:
            return None
        # A client that leaves must not take the request from the endpoint.
        response = (await asyncio.shield(forwarding)).response
        if response is not None:
            return self._writer.write(request, namespace, plan, answer_of(response))
        namespace.delivered(plan, Delivery.CUT)
        return self._hung_up(request)

    def answer_at_once(self, target: str, head: Head, body: bytes, transport: asyncio.Transport) -> bool:
        """Answer a request as :meth:`handle` would, if it can be answered at once and completely.

        Args:
            target: The target of a POST, a path and nothing else.
            head: The header fields, none of which says anything about the connection or the coding of the body.
            body: The whole body.
            transport: A connection that is open, and stays so.

        Returns:
            Whether it is answered; if not, nothing has happened.
        """
        if self._gate.closed or self.forwarder is not None:
            return False
        namespaces = self.namespaces
        try:
            if head.names_namespace or len(namespaces) > 1 or target.startswith("/ns/"):
                namespace, path, problem, _ = self._find(target, head.fields)
                if problem is not None:
                    return False
            else:
                namespace, path = namespaces.default, target
            plan = namespace.handle_at_once(HttpRequest("POST", path, target, head.headers, body))
        except Exception as error:
            self._failed(error)
            raise
        if plan is None or plan.response is None:
            return False
        self._writer.write_at_once(transport, namespace, plan, plan.response)
        return True

    async def _execute(self, plan: AnswerPlan, request: web.BaseRequest, namespace: Namespace) -> web.StreamResponse:
        """Carry out a fault, which may take as long as the client stays.

        Such faults may occupy half of ``max_connections``. Beyond that, a connection is closed at once, without an
        answer.
        """
        if self._waiting >= max(1, self.namespaces.default.settings.max_connections // 2):
            namespace.delivered(plan, Delivery.CUT)
            return self._hung_up(request)
        self._waiting += 1
        try:
            return await execute(plan, request, namespace, self._writer, self._gate)
        finally:
            self._waiting -= 1

    def _hung_up(self, request: web.BaseRequest) -> Written:
        """Close a connection after what was already written to it; return that nothing else is to be written."""
        if request.transport is not None:
            request.transport.close()
        return self._writer.done(500, stays=False)

    def _admit(self, request: web.BaseRequest) -> None:
        """Accept a request, or reset its connection if the gate is closed.

        Raises:
            ConnectionResetError: It was reset; the request is not recorded.
        """
        if self._gate.closed:
            reset(request.transport)
            raise ConnectionResetError

    def names_namespace(self, headers: Mapping[str, str]) -> bool:
        """Return whether ``Host`` may name a namespace."""
        host = headers.get("Host", "").lower()
        return any(below in host for below in self._below)

    def _find(self, path: str, headers: Mapping[str, str]) -> tuple[Namespace, str, RequestProblem | None, bool]:
        """Find the namespace a request is for, and the path as its emulator sees it.

        Returns:
            The namespace; the path; what is wrong with the name, if anything; and whether no namespace was named
            although there are several, so that the session decides.
        """
        namespaces = self.namespaces
        if path.startswith("/ns/") or self.names_namespace(headers):
            host = headers.get("Host", "")
            named = destination(path, host, namespaces.hosts)
            if not named.valid:
                return namespaces.default, named.path, "bad_namespace", False
            if named.namespace is not None:
                known = namespaces.get(named.namespace)
                if known is not None:
                    return known, named.path, None, False
                try:
                    made = namespaces.obtain(named.namespace, "page" if is_foreign_page(headers) else "player")
                    return made, named.path, None, False
                except Refused:
                    return namespaces.default, named.path, "too_many_namespaces", False
        if len(namespaces) > 1:
            return self._issuer(path, b""), path, None, True
        return namespaces.default, path, None, False

    def _issuer(self, path: str, body: bytes) -> Namespace:
        """Return the namespace that issued the session of a request, which may lack the prefix."""
        namespaces = self.namespaces
        sid = namespaces.default.dialects.at(path).session_of(path, body)
        return namespaces.default if sid is None else namespaces.for_session(sid)


async def _plan(namespace: Namespace, asked: HttpRequest, request: web.BaseRequest) -> AnswerPlan | None:
    """Process a request, and wait where a fault holds it back.

    Returns:
        How to answer it; None when a reset overtook it.
    """
    plan = namespace.handle(asked)
    return await _held_back(namespace, plan, request) if isinstance(plan, HeldRequest) else plan


async def _held_back(namespace: Namespace, held: HeldRequest, request: web.BaseRequest) -> AnswerPlan | None:
    """Wait until a delayed request is due.

    Returns:
        How to answer it; None when a reset overtook it.
    """
    try:
        await sleep_until(namespace.clock, held.due_ms, is_over=lambda: held.is_over)
    except asyncio.CancelledError:
        plan = namespace.resume(held)  # the server stops: what it has received is recorded all the same
        if plan is not None:
            namespace.delivered(plan, interrupted(request))
        raise
    return namespace.resume(held)
