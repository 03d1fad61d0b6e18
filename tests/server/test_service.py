from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pytest_aiohttp.plugin import AiohttpClient

from mockserver.control import EVENTS
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import DelayFault, DribbleFault, Fault, HangFault
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Outcome, Stage
from mockserver.server.service import SERVICE, build_app
from mockserver.wire.codec import encode
from tests.factories import inside
from tests.server.event_bytes import HOST, JSON, request
from tests.server.running import PING, START
from tests.waiting import GUARD_S, until

HOUR_MS = 3_600_000
START_REQUEST = request("/api/v1/sessions", START)


async def test_app_works_with_the_clients_of_pytest_aiohttp(aiohttp_client: AiohttpClient) -> None:
    app = build_app(Settings(idle_timeout_s=60))
    client = await aiohttp_client(app)
    opened = await client.post("/api/v1/sessions", data=START)
    assert opened.status == 201
    event = await client.post(f"{opened.headers['Location']}/events", data=PING)
    assert (event.status, await event.read()) == (204, b"")
    assert (await client.get("/nowhere")).status == 404
    assert (await client.get("/api/v1/sessions")).status == 405
    page = await (await client.get("/__admin/events?event_type=ping")).json()
    assert page["meta"]["total"] == 1
    refused = await client.get("/__admin/events", headers={"Host": "attacker.example"})
    assert refused.status == 403
    service = app[SERVICE]
    assert service.control().call(EVENTS, Query()).meta.total == 4
    assert service.internal_errors == []


async def test_body_with_expect_continue_is_read_by_the_app(aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(build_app())
    assert (await client.post("/api/v1/sessions", data=START, expect100=True)).status == 201


async def test_gzipped_body_reaches_the_journal_of_the_app_as_it_was_sent(aiohttp_client: AiohttpClient) -> None:
    app = build_app()
    client = await aiohttp_client(app)
    assert (await client.post("/api/v1/sessions", data=START, compress="gzip")).status == 201
    (entry,) = app[SERVICE].control().call(EVENTS, Query()).events
    assert entry.request.body_encoding == "base64"
    assert entry.event_type == "sessionStart"


async def test_body_in_pieces_is_bounded_in_an_app_too(aiohttp_client: AiohttpClient) -> None:
    app = build_app(Settings(max_incoming_bytes=1_000))
    client, incoming = await aiohttp_client(app), app[SERVICE].incoming

    async def pieces() -> AsyncIterator[bytes]:
        yield b" " * 600
        while not incoming.size_bytes:  # noqa: ASYNC110 - nothing tells that the server has read it
            await asyncio.sleep(0)
        yield b" " * 600

    for path in ("/api/v1/sessions", "/__admin/import"):
        answer = await client.post(path, data=pieces(), headers={"Content-Type": "application/json"})
        assert answer.status == 429
        assert incoming.size_bytes == 0


class Embedded:
    """An application on the sockets of aiohttp, with or without handlers that end when their client leaves."""

    def __init__(self, runner: web.AppRunner, app: web.Application) -> None:
        self.runner = runner
        self.clients: list[asyncio.StreamWriter] = []
        self.emulator = inside(app[SERVICE].namespaces.default)
        self.service = app[SERVICE]

    async def connect(self, raw: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send bytes on a new connection."""
        reader, writer = await asyncio.open_connection(*self.runner.addresses[0])
        self.clients.append(writer)
        writer.write(raw)
        return reader, writer

    async def stop(self) -> None:
        await asyncio.wait_for(self.runner.cleanup(), GUARD_S)

    def delivery(self, seq: int = 1) -> Delivery | None:
        record = self.emulator.journal.get(seq)
        return None if record is None else record.delivery

    async def until(self, condition: Callable[[], object]) -> None:
        await asyncio.to_thread(until, condition)

    async def leave(self, client: asyncio.StreamWriter) -> None:
        """Close the only connection, and return when the server has noticed."""
        client.close()
        await client.wait_closed()
        assert self.runner.server is not None
        server = self.runner.server
        await self.until(lambda: all(each.transport is None for each in server.connections))


Embed = Callable[..., Awaitable[Embedded]]


@pytest.fixture
async def embed(cancels_handlers: bool) -> AsyncIterator[Embed]:
    """Serve applications: ``await embed(fault, Settings(...))``."""
    embedded: list[Embedded] = []

    async def begin(
        fault: FaultSpec, settings: Settings | None = None, middlewares: Iterable[Middleware] = ()
    ) -> Embedded:
        app = build_app(settings, faults=[fault])
        app.middlewares.extend(middlewares)
        runner = web.AppRunner(app, handler_cancellation=cancels_handlers)
        embedded.append(Embedded(runner, app))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return embedded[-1]

    yield begin
    for each in embedded:
        await each.stop()
        for client in each.clients:
            client.close()
            with contextlib.suppress(ConnectionError):
                await client.wait_closed()


@pytest.fixture(params=[False, True], ids=["AppRunner", "TestServer"])
def cancels_handlers(request: pytest.FixtureRequest) -> Any:
    """Whether a server cancels the handler of a client that leaves, by default and in the ``TestServer`` of aiohttp."""
    return request.param


LASTING = pytest.mark.parametrize(
    "fault",
    [HangFault(), DelayFault(ms=HOUR_MS), DribbleFault(total_ms=HOUR_MS, chunks=2)],
    ids=lambda fault: type(fault).__name__,
)


@LASTING
async def test_client_that_leaves_an_app_is_recorded_as_gone_and_its_place_is_free(embed: Embed, fault: Fault) -> None:
    served = await embed(FaultSpec(fault=fault, stage=Stage.RESPONSE), Settings(max_connections=2))
    _, client = await served.connect(START_REQUEST)
    await served.until(lambda: served.delivery(1) is not None)
    assert served.delivery(1) is Delivery.PENDING
    client.close()
    await served.until(lambda: served.delivery(1) is not Delivery.PENDING)
    assert served.delivery(1) is Delivery.CLIENT_GONE
    await served.connect(START_REQUEST)
    await served.until(lambda: served.delivery(2) is not None)
    assert served.delivery(2) is Delivery.PENDING


async def test_client_that_leaves_an_app_is_noticed_although_what_it_sent_is_not_read(embed: Embed) -> None:
    served = await embed(FaultSpec(fault=HangFault(), stage=Stage.RESPONSE, times=1))
    _, client = await served.connect(START_REQUEST + request("/", b"", HOST, method=b"GET") * 1000)
    await served.until(lambda: served.delivery() is not None)
    client.close()
    await served.until(lambda: served.delivery() is not Delivery.PENDING)
    assert served.delivery() is Delivery.CLIENT_GONE


@LASTING
@pytest.mark.parametrize("left", [False, True], ids=["stays", "left"])
async def test_app_that_stops_says_of_each_client_whether_it_was_still_there(
    embed: Embed, fault: Fault, left: bool
) -> None:
    served = await embed(FaultSpec(fault=fault, stage=Stage.RESPONSE))
    reader, client = await served.connect(START_REQUEST)
    await served.until(lambda: served.delivery() is not None)
    if left:
        await served.leave(client)
    await served.stop()
    assert served.delivery() is (Delivery.CLIENT_GONE if left else Delivery.CUT)
    if not left:
        assert b"\r\n\r\n" not in await reader.read()


async def test_request_of_a_client_that_left_an_app_arrives_when_it_would_have(embed: Embed) -> None:
    served = await embed(FaultSpec(fault=DelayFault(ms=HOUR_MS), stage=Stage.REQUEST))
    clock = served.emulator.clock
    clock.freeze()
    due_ms = clock.now_ms() + HOUR_MS
    _, client = await served.connect(START_REQUEST)
    await served.until(lambda: served.emulator.held_count)
    await served.leave(client)
    assert served.emulator.held_count == 1
    clock.advance(HOUR_MS)
    await served.until(lambda: served.delivery() is not None)
    record = served.emulator.journal.get(1)
    assert record is not None
    await served.until(lambda: served.delivery() is not Delivery.SENT)
    assert (record.at_ms, record.outcome, served.delivery()) == (due_ms, Outcome.OPENED, Delivery.CLIENT_GONE)


@pytest.mark.parametrize("left", [False, True], ids=["stays", "left"])
async def test_app_that_stops_records_what_it_held_back(embed: Embed, left: bool) -> None:
    served = await embed(FaultSpec(fault=DelayFault(ms=HOUR_MS), stage=Stage.REQUEST))
    _, client = await served.connect(START_REQUEST)
    await served.until(lambda: served.emulator.held_count)
    if left:
        await served.leave(client)
    await served.stop()
    assert served.delivery() is (Delivery.CLIENT_GONE if left else Delivery.CUT)


async def test_answer_that_a_middleware_gave_up_is_cut(embed: Embed) -> None:
    late = asyncio.Event()

    @web.middleware
    async def impatient(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = asyncio.ensure_future(handler(request))  # noqa: TID251 - it is awaited below
        await late.wait()
        answer.cancel()
        await asyncio.wait([answer])
        return web.Response(status=504)

    served = await embed(FaultSpec(fault=HangFault(), stage=Stage.RESPONSE), middlewares=[impatient])
    reader, _ = await served.connect(START_REQUEST)
    await served.until(lambda: served.delivery() is not None)
    late.set()
    assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 504 Gateway Timeout\r\n"
    await served.until(lambda: served.delivery() is not Delivery.PENDING)
    assert served.delivery() is Delivery.CUT


async def test_tester_who_leaves_an_app_frees_the_places_of_a_stream_and_a_wait(embed: Embed) -> None:
    served = await embed(FaultSpec(fault=HangFault()))
    body = encode(WaitCommand(query=Query(), timeout_ms=GUARD_S * 1000))
    _, watcher = await served.connect(request("/__admin/stream", b"", HOST, method=b"GET"))
    _, waiter = await served.connect(
        request("/__admin/events/wait", body, HOST, JSON, b"Content-Length: %d" % len(body))
    )
    await served.until(lambda: served.emulator.streams and len(served.emulator.waiters))
    watcher.close()
    waiter.close()
    await served.until(lambda: not served.emulator.streams and not len(served.emulator.waiters))
    assert served.service.internal_errors == []
