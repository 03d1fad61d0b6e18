from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from mockserver.control import EVENTS
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import DelayFault, Fault, HangFault
from mockserver.model.query import Query
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.server.service import SERVICE, build_app
from tests.factories import inside
from tests.server.conftest import PING, START
from tests.server.event_bytes import request
from tests.waiting import until


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


@pytest.mark.parametrize("fault", [HangFault(), DelayFault(ms=3_600_000)], ids=lambda fault: type(fault).__name__)
async def test_client_that_leaves_an_app_with_sockets_of_its_own_is_recorded_as_gone(fault: Fault) -> None:
    app = build_app(faults=[FaultSpec(fault=fault, stage=Stage.RESPONSE)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, client = await asyncio.open_connection(*runner.addresses[0])
    client.write(request("/api/v1/sessions", START))
    journal = inside(app[SERVICE].namespaces.default).journal

    def delivery() -> Delivery | None:
        record = journal.get(1)
        return None if record is None else record.delivery

    await asyncio.to_thread(until, lambda: delivery() is Delivery.PENDING)
    client.close()
    await asyncio.to_thread(until, lambda: delivery() is Delivery.CLIENT_GONE)
    await runner.cleanup()
