"""The admin API over HTTP: guard, route, argument, function, answer."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from mockserver.admin.local_control import perform
from mockserver.admin.waiting import Pending
from mockserver.control import ADMIN, CA, CONTROL_ROUTES, RESET, STREAM, Chunks, Route, media_type_of
from mockserver.errors import InvalidInput, MockserverError, NotFound, Refused
from mockserver.model.http import PHRASES, path_of
from mockserver.model.results import Problem
from mockserver.namespaces import DEFAULT, Namespaces, destination
from mockserver.server.bodies import read_pieces
from mockserver.server.effects import is_gone, watching
from mockserver.server.gate import Gate
from mockserver.server.guard import Guard
from mockserver.server.incoming import Incoming
from mockserver.server.page import PAGE, Page
from mockserver.server.stream import EventStream, Turns, send
from mockserver.wire.codec import convert, decode, encode

__all__ = ["AdminApi", "is_admin_path"]

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_QUERY_LISTS = frozenset({"where"})
_PART = re.compile(r"{(\w+)}")
_PAGE = ADMIN + PAGE


def _by_shape(routes: Iterable[Route[Any, Any]]) -> dict[tuple[str | None, ...], dict[str, Route[Any, Any]]]:
    """Return routes by the pieces of their paths, with None for a name (no path has two), and then by method."""
    found: dict[tuple[str | None, ...], dict[str, Route[Any, Any]]] = {}
    for route in routes:
        shape = tuple(None if _PART.fullmatch(piece) else piece for piece in f"{ADMIN}{route.path}".split("/"))
        found.setdefault(shape, {})[route.method] = route
    return found


_ROUTES = _by_shape(CONTROL_ROUTES)


def is_admin_path(path: str) -> bool:
    """Return whether a path, without namespace, belongs to the admin API."""
    return path == ADMIN or path.startswith(ADMIN + "/")


class _NoRoute(MockserverError):
    code = "no_route"

    def __init__(self, message: str, status: int, allow: str = "") -> None:
        super().__init__(message)
        self.status_hint = status
        self.allow = allow


class _Incomplete(InvalidInput):
    """A body is not read to its end, so that no other request can follow on its connection."""


class AdminApi:
    """Answers the requests of testers.

    Args:
        namespaces: The namespaces that they control.
        guard: Decides who may use the admin API.
        gate: Whether players are let in; a reset of the faults opens it.
        incoming: Limits the bytes of requests that have not arrived completely.
        failed: Called with every internal error.
        ca_pem: The certificate of the CA of this server, if it has one.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        guard: Guard,
        gate: Gate,
        incoming: Incoming,
        failed: Callable[[Exception], None],
        *,
        ca_pem: str | None = None,
    ) -> None:
        self._namespaces = namespaces
        self._guard = guard
        self._gate = gate
        self._incoming = incoming
        self._failed = failed
        self._page = Page(guard)
        self._ca_pem = ca_pem
        self._turns = Turns()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; an error becomes a problem document (RFC 9457)."""
        cors = self._guard.cors(request.headers)
        try:
            return await self._answer(request, cors)
        except MockserverError as error:
            return _problem(error, cors)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks, the server goes on and says so
            self._failed(error)
            return _problem(MockserverError(f"internal error: {type(error).__name__}: {error}"), cors)

    async def _answer(self, request: web.BaseRequest, cors: dict[str, str]) -> web.StreamResponse:
        target = path_of(request.raw_path)
        path = destination(target, "").path
        routes, part = _at(path)
        probe = any(route.any_host for route in routes.values())
        where = destination(target, "" if probe else request.headers.get("Host", ""), self._namespaces.hosts)
        if request.method == "OPTIONS" and cors:
            return web.Response(status=204, headers=cors)
        on_page = path in (ADMIN, f"{ADMIN}/", _PAGE) or path.startswith(f"{_PAGE}/")
        if not on_page and not probe:  # a probe answers anybody
            self._guard.check(request.headers)
        if not where.valid:
            raise InvalidInput(f"{(where.namespace or '')[:80]!r} cannot name a namespace")
        if on_page:
            return self._show(request, path[len(ADMIN) :])
        if not routes:
            raise _NoRoute(f"there is no such route; see {ADMIN}/openapi.json", 404)
        route = routes.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            allowed = ", ".join(routes)
            named = " and ".join(allowed.rsplit(", ", 1))
            raise _NoRoute(f"{path} accepts only {named}, not {request.method}", 405, allowed)
        name = where.namespace or DEFAULT
        if route is STREAM:
            return await self._stream(request, name, cors)
        if route is CA:
            return self._ca(cors)
        return await self._perform(request, name, route, part, cors)

    async def _perform(
        self, request: web.BaseRequest, name: str, route: Route[Any, Any], part: str, cors: dict[str, str]
    ) -> web.StreamResponse:
        argument = await self._argument(request, route)
        parts = dict.fromkeys(_PART.findall(route.path), unquote(part))
        do = partial(perform, self._namespaces, name, route, argument, True, **parts)
        answer = await asyncio.to_thread(_written, route, do) if route.slow else _written(route, do)
        if isinstance(answer, Pending):
            await _wait(answer, request)
            answer = await asyncio.to_thread(_written, route, answer.finish)
        if route is RESET and (argument.only is None or "faults" in argument.only):
            await self._gate.reopen_early()
        headers = {**_HEADERS, **cors}
        if route.result is None:
            return web.Response(status=route.status, headers=headers)
        headers["Content-Type"] = media_type_of(route, argument)
        if route.result is Chunks and request.method == "HEAD":
            return web.Response(headers=headers)
        if route.result is Chunks:
            return await self._send_chunks(request, answer, headers)
        return web.Response(status=route.status, headers=headers, body=answer)

    def _show(self, request: web.BaseRequest, path: str) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise _NoRoute(f"the page accepts only GET and HEAD, not {request.method}", 405, "GET, HEAD")
        if path in ("", "/"):
            return self._page.lead_from(request, f"{ADMIN[1:]}{PAGE}/" if not path else f"{PAGE[1:]}/")
        return self._page.answer(request, path[len(PAGE) :])

    async def _stream(self, request: web.BaseRequest, name: str, cors: dict[str, str]) -> web.StreamResponse:
        headers = {**_HEADERS, **cors}
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Type": STREAM.media_type})
        return await EventStream(self._namespaces.peek(name), self._turns).serve(request, headers)

    async def _send_chunks(
        self, request: web.BaseRequest, chunks: Chunks, headers: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        pieces = iter(chunks)
        while piece := await self._turns.take(lambda: next(pieces, b"")):
            await send(response, piece)
        await response.write_eof()
        return response

    def _ca(self, cors: dict[str, str]) -> web.Response:
        """Answer with the CA as PEM: devices install it like DER, and curl, Node.js and Python read nothing else."""
        if self._ca_pem is None:
            raise NotFound(
                "this server has no CA of its own: start it with --tls; with --tls-cert, or without TLS, there is none"
            )
        attachment = {"Content-Type": CA.media_type, "Content-Disposition": 'attachment; filename="mockserver-ca.crt"'}
        return web.Response(headers={**_HEADERS, **cors, **attachment}, body=self._ca_pem.encode("ascii"))

    async def _argument(self, request: web.BaseRequest, route: Route[Any, Any]) -> Any:
        if route.method == "GET":
            if request.can_read_body:
                raise InvalidInput("a GET takes its argument in the query, not in a body")
            return None if route.argument is None else _query(request, route.argument)
        body = await _body(request, route.max_body_mib, self._incoming)
        self._guard.check_content_type(request.headers, body, route.takes)
        if route.argument is bytes:
            return body
        if route.argument is None:
            if body and decode(body, dict[str, Any]):
                raise InvalidInput(f"{route.method} {route.path} accepts no body")
            return None
        return decode(body or b"{}", route.argument)


def _at(path: str) -> tuple[Mapping[str, Route[Any, Any]], str]:
    """Return the routes of a path, by method, and the piece of it that stands for ``{name}``."""
    pieces = tuple(path.split("/"))
    if pieces in _ROUTES:
        return _ROUTES[pieces], ""
    for place, piece in enumerate(pieces):
        routes = _ROUTES.get((*pieces[:place], None, *pieces[place + 1 :]))
        if piece and routes:
            return routes, piece
    return {}, ""


def _query(request: web.BaseRequest, kind: Any) -> Any:
    """Read a query string; a repeated parameter is a list, and so is every ``where``."""
    values: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        given = request.query.getall(name)
        values[name] = given if len(given) > 1 or name in _QUERY_LISTS else given[0]
    return convert(values, kind, strict=False)


async def _body(request: web.BaseRequest, max_mib: int, incoming: Incoming) -> bytes:
    body, problem = await read_pieces(request, max_mib * 2**20, incoming)
    if problem == "too_large":
        raise _Incomplete(f"the body is larger than {max_mib} MiB", status=413)
    if problem == "too_many_bodies":
        raise Refused("too many bodies are arriving at a time (setting max_incoming_bytes); try again")
    if problem is not None:
        request.content.feed_eof()  # nothing may wait for the rest
        raise _Incomplete("the body did not arrive completely")
    return body


def _written(route: Route[Any, Any], do: Callable[[], Any]) -> Any:
    """Call a function and write its answer as JSON, unless it is still pending or has another format."""
    answer = do()
    return answer if route.result in (None, Chunks) or isinstance(answer, Pending) else encode(answer)


async def _wait(pending: Pending[Any], request: web.BaseRequest) -> None:
    """Wait without blocking the loop until the answer is there or the client leaves."""
    try:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        pending.waiter.on_satisfied(lambda: loop.call_soon_threadsafe(over.set))
        end = loop.time() + pending.timeout_s
        with watching(request, over.set) as look_s:
            while not over.is_set() and not is_gone(request) and (left_s := end - loop.time()) > 0:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(over.wait(), left_s if look_s is None else min(left_s, look_s))
    except asyncio.CancelledError:
        pending.finish()
        raise


def _problem(error: MockserverError, cors: dict[str, str]) -> web.Response:
    status = error.status_hint
    document = Problem(
        title=PHRASES[status],
        status=status,
        detail=str(error).encode("utf-8", "backslashreplace").decode(),  # it may quote bytes that are not UTF-8
        code=error.code,
        pointer=error.pointer or None if isinstance(error, InvalidInput) else None,
    )
    headers = {**_HEADERS, **cors, "Content-Type": "application/problem+json"}
    if isinstance(error, _NoRoute) and error.allow:
        headers["Allow"] = error.allow
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    answer = web.Response(status=status, headers=headers, body=encode(document))
    if isinstance(error, _Incomplete):
        answer.force_close()
    return answer
