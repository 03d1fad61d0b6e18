"""Waiting for a blocking call without blocking the running loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

__all__ = ["in_own_thread"]

T = TypeVar("T")


async def in_own_thread(call: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
    """Return what a call returns, made in a thread of its own.

    Unlike the threads of :func:`asyncio.to_thread`, which are few and which a loop that closes waits for, it holds
    nothing up: when the caller is cancelled the call goes on alone, and what comes of it is dropped.

    Raises:
        BaseException: Whatever the call raises.
    """
    __tracebackhide__ = True
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        if not future.done():
            set_outcome(outcome)

    def run() -> None:
        __tracebackhide__ = True
        outcome: tuple[Callable[[Any], None], Any]
        try:
            outcome = (future.set_result, call(*arguments, **keywords))
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            outcome = (future.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, *outcome)

    context = contextvars.copy_context()
    Thread(target=context.run, args=(run,), name="mockserver wait", daemon=True).start()
    return await future
