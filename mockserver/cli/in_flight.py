"""The requests of a recording that are on their way to a server, their answers, and the session ids in both."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.address import ServerAddress
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput
from mockserver.model.http import HttpResponse
from mockserver.recordings.call import MASKED, Ending, RecordedCall
from mockserver.wire.codec import decode

if TYPE_CHECKING:
    import aiohttp  # takes long to import, and only replaying needs it

__all__ = ["GRACE_S", "Answer", "Flight", "InFlight", "Replayed", "SessionIds", "places_for"]

GRACE_S = 1.0
"""How long the end of a replay waits for answers that the recorded client did not wait for."""

_OTHER_PLACES = 32
"""The most requests in flight besides those that are held back as recorded. SDKs send three in parallel; the rest is
for several players and for answers that faults hold back."""

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


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a server.

    Args:
        status: The status; None without a complete answer.
        headers: Its header fields.
        body: Its body.
        ending: How the exchange ended.
        reason: The server's message if it refused, or how the connection ended.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    ending: Ending = "answered"
    reason: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """A request that was sent again, with its answer."""

    call: RecordedCall
    path: str
    answer: Answer


class Flight:
    """A request in flight.

    Args:
        call: The recorded request.
        path: The path it is sent to.
        body: The body that is sent, with the session id of the server.
        after: How many requests of the replay were answered before it was sent.
    """

    def __init__(self, call: RecordedCall, path: str, body: bytes, after: int) -> None:
        self.call = call
        self.path = path
        self.body = body
        self.after = after
        self.answer: Answer | None = None
        self.left = asyncio.Event()
        """Set when it was written to the network, or never will be."""
        self.task: asyncio.Task[None] | None = None
        self.twins = 0
        """How many requests that look the same in a journal were answered since it was sent."""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What a journal shows of it: method, path and body."""
        return self.call.method, self.path, self.body

    @property
    def is_over(self) -> bool:
        """Whether it has an answer, or never will have one."""
        return self.answer is not None

    @property
    def is_expected(self) -> bool:
        """Whether the recorded client waited for the answer."""
        return self.call.ending != "unanswered"


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


class InFlight:
    """Sends requests and waits for their answers; use it with ``async with``.

    Args:
        address: The server, and whose certificates to trust.
        ids: The session ids.
        places: The most requests in flight at a time.
        timeout_s: How long an answer may pause; None for no limit.
        done: Called with every answer as it arrives.
        grace_s: How long :meth:`finish` waits for answers that the recorded client did not wait for.
    """

    def __init__(
        self,
        address: ServerAddress,
        ids: SessionIds,
        places: int,
        timeout_s: float | None,
        done: Callable[[Replayed], object],
        grace_s: float = GRACE_S,
    ) -> None:
        self._address = address
        self._ids = ids
        self._places = places
        self._tls = address.tls() if address.is_https else True
        self._timeout_s = timeout_s
        self._done = done
        self._grace_s = grace_s
        self._flights: list[Flight] = []
        self._landed = asyncio.Event()
        self._connections: aiohttp.ClientSession
        self._users: dict[aiohttp.ClientSession, int] = {}
        self._refuses = False
        self._failure: BaseException | None = None
        self.answered = 0
        """The number of answers."""

    async def __aenter__(self) -> InFlight:
        self._renew()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.give_up(self._flights)
        for connections in self._users:
            await connections.close()

    @property
    def flights(self) -> tuple[Flight, ...]:
        """The requests in flight, oldest first."""
        return tuple(self._flights)

    def must_wait(self, call: RecordedCall) -> bool:
        """Return whether a request needs a session id that is not known yet."""
        return self._ids.must_wait(call)

    async def send(self, call: RecordedCall) -> Flight:
        """Send a request with the session id of the server, and return when it was written to the network."""
        path, body = self._ids.translate(call)
        flight = Flight(call, self._address.path + path, body, self.answered)
        self._ids.sent(call)
        self._flights.append(flight)
        flight.task = asyncio.create_task(self._fly(flight))  # noqa: TID251 - it ends with its answer, or is given up
        await flight.left.wait()
        return flight

    async def wait(self, until: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Receive answers until a condition holds.

        Args:
            until: The condition.
            timeout_s: How long to wait, in seconds; None for ever.

        Returns:
            Whether the condition holds.
        """
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._comes(until), timeout_s)
        return until()

    async def _comes(self, until: Callable[[], bool]) -> None:
        while not until():
            if self._failure is not None:
                raise self._failure
            self._landed.clear()
            await self._landed.wait()

    async def give_up(self, flights: Iterable[Flight]) -> None:
        """Give up requests in flight, as a client does that has waited long enough."""
        for flight in (left := tuple(flights)):
            assert flight.task is not None
            flight.task.cancel()
        await self.wait(lambda: all(flight.is_over for flight in left))

    @property
    def has_room(self) -> bool:
        """Whether another request may be sent."""
        return len(self._flights) < self._places

    async def make_room(self, timeout_s: float | None = None) -> bool:
        """Wait for a free place. A request whose answer the recorded client did not wait for is given up first.

        Returns:
            Whether there is a free place.
        """
        if not self.has_room:
            await self.give_up([flight for flight in self._flights if not flight.is_expected][:1])
        return await self.wait(lambda: self.has_room, timeout_s)

    async def finish(self) -> None:
        """Wait for the answers that the recorded clients waited for, a moment for the others, and give up the rest."""
        await self.wait(lambda: not any(flight.is_expected for flight in self._flights))
        await self.wait(lambda: not self._flights, self._grace_s)
        await self.give_up(self._flights)

    async def _fly(self, flight: Flight) -> None:
        try:
            try:
                answer = await self._answer(flight)
            except asyncio.CancelledError:
                answer = Answer(status=None, ending="unanswered", reason="given up")
            flight.answer = answer
            self._flights.remove(flight)
            for other in self._flights:
                other.twins += other.key == flight.key
            self.answered += 1
            whole = None if answer.status is None else HttpResponse(answer.status, answer.headers, answer.body)
            self._ids.learn(flight.call, whole)
            self._done(Replayed(flight.call, flight.path, answer))
        except BaseException as error:  # noqa: BLE001 - raised again in wait()
            self._failure = error
        finally:
            flight.left.set()
            self._landed.set()

    async def _answer(self, flight: Flight) -> Answer:
        import aiohttp

        connections = self._connections
        self._users[connections] += 1
        try:
            return await self._when_let_in(connections, flight)
        except aiohttp.SocketTimeoutError:
            return Answer(status=None, ending="unanswered", reason=f"none within {self._timeout_s:g} s")
        except (aiohttp.ClientError, _Lost, OSError, ValueError) as error:
            self._renew()
            reason = "connection refused" if _is_refusal(error) else str(error)
            return Answer(status=None, ending="broken", reason=reason or type(error).__name__)
        finally:
            self._users[connections] -= 1
            if connections is not self._connections and not self._users[connections]:
                del self._users[connections]
                await connections.close()

    async def _when_let_in(self, connections: aiohttp.ClientSession, flight: Flight) -> Answer:
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

    def _renew(self) -> None:
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


async def _headers_left(_: Any, trace: Any, sent: Any) -> None:
    flight: Flight = trace.trace_request_ctx
    if not flight.body:
        flight.left.set()


async def _body_left(_: Any, trace: Any, sent: Any) -> None:
    trace.trace_request_ctx.left.set()


def _is_refusal(error: BaseException) -> bool:
    return isinstance(getattr(error, "os_error", None), ConnectionRefusedError)


def places_for(calls: Iterable[RecordedCall]) -> int:
    """Return how many requests must be in flight at a time to replay a recording faithfully.

    A journal shows which requests a server held back at the same time before it processed them; all of them are in
    flight again before the first is answered. It does not show which answers were outstanding at the same time.
    """
    came: list[int] = []
    went: list[int] = []
    for call in calls:
        came_ms = round(call.at_s * 1000)
        if call.at_ms is not None and came_ms < call.at_ms:
            came.append(came_ms)
            went.append(call.at_ms)
    went.sort()
    together = (number - bisect_left(went, came_ms) for number, came_ms in enumerate(sorted(came), 1))
    return _OTHER_PLACES + max(together, default=0)


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


_ID = re.compile(r"[A-Za-z0-9_~-]+(?:\.+[A-Za-z0-9_~-]+)*")


class SessionIds:
    """Learns session ids from answers and puts them into later requests."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def sent(self, call: RecordedCall) -> None:
        """Note that a request was sent; if it opens a session, later requests to that session must wait for its id."""
        if call.opened is not None:
            self._asked.add(call.opened)

    def must_wait(self, call: RecordedCall) -> bool:
        """Return whether the session id that a request needs is in an answer that has not arrived yet."""
        sid = _named(call)
        return sid is not None and sid not in self._known and sid in self._asked

    def translate(self, call: RecordedCall) -> tuple[str, bytes]:
        """Return path and body of a request with the session id of the server."""
        given = self._known.get(_named(call) or "")
        if given is None:
            return call.path, call.body
        return DIALECTS.at(call.path).addressed(call.path, call.body, given)

    def translate_text(self, text: str) -> str:
        """Replace recorded session ids in a text by those of the server."""
        return _ID.sub(lambda found: self._known.get(found[0], found[0]), text)

    def learn(self, call: RecordedCall, answer: HttpResponse | None) -> None:
        """Note the session id in an answer, or that there is none.

        Args:
            call: The request.
            answer: Its answer; None without a complete one.
        """
        if call.opened is None:
            return
        self._asked.discard(call.opened)
        given = None if answer is None else DIALECTS.at(call.path).opened_by(answer)
        if given is not None:
            self._known[call.opened] = given


def _named(call: RecordedCall) -> str | None:
    return DIALECTS.at(call.path).session_of(call.path, call.body)
