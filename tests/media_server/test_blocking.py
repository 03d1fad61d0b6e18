"""Awaiting what blocks: it holds up neither the loop, nor other waits, nor the end of the loop."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest
import requests

from mockserver import MockServer, VerificationFailed
from mockserver.media_server import SessionHandle
from mockserver.media_server.blocking import in_own_thread


async def test_cancelled_wait_holds_nothing_up() -> None:
    with MockServer() as server:
        waits = [
            server.await_for(event_type="ping", timeout_s=60),
            server.await_verified(event_type="ping", timeout_s=60),
            server.await_for_session(media_id="x", timeout_s=60),
            SessionHandle(server.control, "s").await_for_silence(for_s=3600, timeout_s=60),
        ]

        async def give_up() -> None:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.gather(*waits), 0.05)

        runner = threading.Thread(target=lambda: asyncio.run(give_up()), daemon=True)
        runner.start()
        runner.join(30)  # the waits go on for twice as long
        assert not runner.is_alive()


async def test_a_hundred_waits_on_one_loop_do_not_queue_up_behind_each_other() -> None:
    with MockServer() as server:

        async def play() -> None:
            assert (await server.await_verified(exactly=0, timeout_s=0)).verified
            await in_own_thread(requests.get, f"{server.url}/api/v1/schemas/x", timeout=10)

        waits = [server.await_for(operation="schema", timeout_s=30) for _ in range(100)]
        await asyncio.wait_for(asyncio.gather(*waits, play()), 20)


async def test_wait_that_fails_after_it_was_given_up_is_dropped() -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    others = frozenset(threading.enumerate())
    with MockServer() as server:
        waiting = asyncio.gather(server.await_for(event_type="ping", timeout_s=0.01))
        await asyncio.sleep(0)
        waiting.cancel()  # before the loop can hear of a failure, however soon it comes
        with pytest.raises(asyncio.CancelledError):
            await waiting
        for thread in threading.enumerate():
            if thread.name == "mockserver wait" and thread not in others:
                thread.join(10)
        with pytest.raises(VerificationFailed, match=r"waited 0\.01 s"):
            await server.await_for(event_type="ping", timeout_s=0.01)
    gc.collect()
    assert told == []
