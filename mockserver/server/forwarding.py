"""Forwarding: each request of a player also goes to a real endpoint, so that both answers can be compared.

Forwarding is configured only when the server is started, and to one endpoint only. Without ``forward_answer`` the
player does not notice it: the player is answered first, and a failure of the endpoint is only recorded.

Each server gives a session its own id. The player knows only one of them; the forwarder replaces it with the other on
the way to the endpoint, and back in the answers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from weakref import WeakValueDictionary

import aiohttp
from msgspec.structs import replace
from yarl import URL

from mockserver.address import IDLE_S, server_address
from mockserver.dialects.base import Dialects
from mockserver.errors import InvalidInput
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Forwarded
from mockserver.model.vocabulary import Outcome
from mockserver.namespaces import Namespace

__all__ = ["Forwarder", "answer_of"]

_TIMEOUT_S = 10
_MOST_WAITING = 1_000
_MOST_SESSIONS = 10_000
_MOST_BODY_BYTES = 1024 * 1024
_VIA = "1.1 mockserver"
"""Marks a forwarded request, so that two mockservers never forward to each other in a circle."""

_ON_THE_WAY = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Header fields that are about one connection (RFC 9110, 7.6.1), or follow from the rest."""

_UNPACKED = _ON_THE_WAY | {"content-encoding"}


class Forwarder:
    """Sends requests on to another endpoint; requests of one session are sent one after the other.

    Args:
        url: The endpoint, ``https://host`` with a path if need be; the path of the request is appended.
        dialects: The APIs.
        is_answer: Whether the player gets the answer of the endpoint.

    Raises:
        InvalidInput: ``url`` is not an address.
    """

    def __init__(self, url: str, dialects: Dialects, *, is_answer: bool) -> None:
        self.is_answer = is_answer
        self._url = server_address(url).url
        self._dialects = dialects
        self._client: aiohttp.ClientSession | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._theirs: OrderedDict[str, str] = OrderedDict()
        """The session ids of the endpoint, by the session ids of this server."""
        self._tasks: set[asyncio.Task[Forwarded]] = set()

    def takes(self, request: HttpRequest, plan: AnswerPlan) -> bool:
        """Return whether to forward a request: it is complete, the back end saw it, and it was not forwarded before."""
        via = (request.header(b"via") or b"").decode("latin-1")
        return request.problem is None and plan.record.outcome is not Outcome.NOT_PROCESSED and _VIA not in via

    def begin(self, namespace: Namespace, request: HttpRequest, plan: AnswerPlan) -> asyncio.Task[Forwarded] | None:
        """Forward a request and record the result; return None if too many requests are already on their way.

        Await the task to get the answer; a failure of the endpoint is never raised.
        """
        if len(self._tasks) >= _MOST_WAITING:
            namespace.forwarded(plan, Forwarded(None, f"not forwarded: {_MOST_WAITING} requests are on their way"))
            return None
        task = asyncio.get_running_loop().create_task(self._forward(namespace, request, plan))  # close() awaits it
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel the requests that are on their way, and close the connections to the endpoint."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _forward(self, namespace: Namespace, request: HttpRequest, plan: AnswerPlan) -> Forwarded:
        sid = plan.record.session_id
        turn = asyncio.Lock() if sid is None else self._turns.setdefault(sid, asyncio.Lock())
        async with turn:
            forwarded = await self._exchange(request, sid)
        namespace.forwarded(plan, forwarded)
        return forwarded

    async def _exchange(self, request: HttpRequest, sid: str | None) -> Forwarded:
        dialect = self._dialects.at(request.path)
        path, body = request.path, request.body
        theirs = self._theirs.get(sid or "")
        if theirs is not None:
            path, body = dialect.addressed(path, body, theirs)
        try:
            response = await asyncio.wait_for(self._send(request, path, body), _TIMEOUT_S)
        except asyncio.TimeoutError:
            return Forwarded(None, f"no answer within {_TIMEOUT_S} s")
        except (aiohttp.ClientError, OSError, ValueError, InvalidInput) as error:
            return Forwarded(None, str(error) or type(error).__name__)
        if sid is not None and theirs is None and (theirs := dialect.opened_by(response)) is not None:
            self._theirs[sid] = theirs
            if len(self._theirs) > _MOST_SESSIONS:
                self._theirs.popitem(last=False)
        return Forwarded(response if sid is None or theirs is None else _with_sid(response, theirs, sid))

    async def _send(self, request: HttpRequest, path: str, body: bytes) -> HttpResponse:
        if self._client is None:
            # aiohttp does not repeat a POST that came when the endpoint was just closing the connection
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            )
        query = request.target.partition("?")[2]
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers
            if name.decode("latin-1").lower() not in _ON_THE_WAY
        ]
        async with self._client.request(
            request.method, URL(self._url + path + (f"?{query}" if query else ""), encoded=True),
            headers=[*headers, ("Via", _VIA)], data=body or None, allow_redirects=False,
        ) as answer:  # fmt: skip
            content = await answer.content.read(_MOST_BODY_BYTES + 1)
            while len(content) <= _MOST_BODY_BYTES and not answer.content.at_eof():
                content += await answer.content.read(_MOST_BODY_BYTES + 1 - len(content))
            if len(content) > _MOST_BODY_BYTES:
                raise InvalidInput(f"its answer is larger than {_MOST_BODY_BYTES} bytes")
            fields = tuple(
                (str(name), value) for name, value in answer.headers.items() if name.lower() not in _UNPACKED
            )
            return HttpResponse(answer.status, fields, content)


def answer_of(response: HttpResponse) -> HttpResponse:
    """Return an answer of the endpoint as it can be sent to the player."""
    if response.status in (204, 304):
        return response
    return replace(response, headers=(*response.headers, ("Content-Length", str(len(response.body)))))


def _with_sid(response: HttpResponse, theirs: str, ours: str) -> HttpResponse:
    return replace(
        response,
        headers=tuple((name, value.replace(theirs, ours)) for name, value in response.headers),
        body=response.body.replace(theirs.encode(), ours.encode()),
    )
