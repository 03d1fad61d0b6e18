"""The connections over which a recording is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mockserver.address import ServerAddress
from mockserver.cli.flight import Answer, Flight
from mockserver.errors import InvalidInput
from mockserver.recordings.call import MASKED, RecordedCall
from mockserver.wire.codec import decode

if TYPE_CHECKING:
    import aiohttp  # takes long to import, and only replaying needs it

__all__ = ["Sender"]

_CONNECT_S = 10.0
_REFUSED_S = 10.0
"""How long a server may refuse connections during a replay. A recorded request did reach the server, so it is tried
again."""
_RETRY_S = 0.05

_LONGEST_REASON = 200
_OWN_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Header fields that belong to the connection, not to the request (RFC 9110, 7.6.1), or follow from the request."""

_UNASKED_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Header fields that aiohttp would add."""


class _Lost(Exception):
    """A connection that ended without a complete answer."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself, as it does a GET or OPTIONS whose connection ended."""
    import aiohttp

    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Lost(str(error) or type(error).__name__) from error


class Sender:
    """Sends recorded requests as they are, each once, and without following redirects.

    Args:
        address: The server, and whose certificates to trust.
        timeout_s: How long an answer may pause; None for no limit.
    """

    def __init__(self, address: ServerAddress, timeout_s: float | None) -> None:
        self._address = address
        self._tls = address.tls() if address.is_https else True
        self._timeout_s = timeout_s
        self._connections: aiohttp.ClientSession
        self._users: dict[aiohttp.ClientSession, int] = {}
        """How many requests use each set of connections."""
        self._refuses = False

    def renew(self) -> None:
        """Use new connections from now on: a server that refuses connections would reset the idle ones."""
        import aiohttp

        left = aiohttp.TraceConfig()
        left.on_request_headers_sent.append(_headers_left)
        left.on_request_chunk_sent.append(_body_left)
        self._connections = aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            skip_auto_headers=_UNASKED_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=self._timeout_s),
            trace_configs=[left],
        )
        self._users[self._connections] = 0

    async def close(self) -> None:
        """Close all connections."""
        for connections in self._users:
            await connections.close()

    async def answer(self, flight: Flight) -> Answer:
        """Send a request, and return its answer or how the connection ended."""
        import aiohttp

        connections = self._connections
        self._users[connections] += 1
        try:
            return await self._when_accepted(connections, flight)
        except aiohttp.SocketTimeoutError:
            return Answer(status=None, ending="unanswered", reason=f"none within {self._timeout_s:g} s")
        except (aiohttp.ClientError, _Lost, OSError, ValueError) as error:
            self.renew()
            reason = "connection refused" if _is_refusal(error) else str(error)
            return Answer(status=None, ending="broken", reason=reason or type(error).__name__)
        finally:
            self._users[connections] -= 1
            if connections is not self._connections and not self._users[connections]:
                del self._users[connections]
                await connections.close()

    async def _when_accepted(self, connections: aiohttp.ClientSession, flight: Flight) -> Answer:
        """Send a request as soon as the server accepts connections; once it refused for too long, do not wait again."""
        import aiohttp

        waits = 0 if self._refuses else round(_REFUSED_S / _RETRY_S)
        while True:
            try:
                answer = await self._exchange(connections, flight)
            except aiohttp.ClientConnectorError as error:
                if not _is_refusal(error) or not waits:
                    self._refuses = _is_refusal(error)
                    raise
            else:
                self._refuses = False
                return answer
            waits -= 1
            await asyncio.sleep(_RETRY_S)

    async def _exchange(self, connections: aiohttp.ClientSession, flight: Flight) -> Answer:
        from yarl import URL

        call, address = flight.call, self._address
        path, _, query = flight.path.partition("?")
        url = URL.build(
            scheme="https" if address.is_https else "http", host=address.host, port=address.port, path=path,
            query_string=query, encoded=True,
        )  # fmt: skip
        async with connections.request(
            call.method, url, headers=tuple(_sent_headers(call)), data=flight.body or None,
            allow_redirects=False, trace_request_ctx=flight,
        ) as response:  # fmt: skip
            body = await response.read()
        headers = tuple(response.headers.items())
        return Answer(status=response.status, headers=headers, body=body, reason=_reason(response.status, body))


async def _headers_left(_: Any, trace: Any, sent: Any) -> None:
    flight: Flight = trace.trace_request_ctx
    if not flight.body:
        flight.left.set()


async def _body_left(_: Any, trace: Any, sent: Any) -> None:
    trace.trace_request_ctx.left.set()


def _is_refusal(error: BaseException) -> bool:
    return isinstance(getattr(error, "os_error", None), ConnectionRefusedError)


def _sent_headers(call: RecordedCall) -> Iterator[tuple[str, str]]:
    named = {
        part.strip().lower()
        for name, value in call.headers
        if name.lower() == "connection"
        for part in value.split(",")
    }
    for name, value in call.headers:
        if name.lower() not in _OWN_HEADERS | named and value != MASKED:
            yield name, value


def _reason(status: int, body: bytes) -> str:
    if status < 400:
        return ""
    try:
        message = decode(body, dict[str, Any]).get("message")
    except InvalidInput:
        return ""
    return message[:_LONGEST_REASON] if isinstance(message, str) else ""
