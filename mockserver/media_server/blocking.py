"""Blocking calls: their timeouts, and running them in a thread instead of on a running event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

from mockserver.errors import BlockingCallInLoop, InvalidInput
from mockserver.model.results import MAX_TIMEOUT_MS

__all__ = ["in_own_thread", "refuse_in_loop", "timeout_ms_of"]

T = TypeVar("T")


async def in_own_thread(call: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
    """Make a call in a new thread and return its result.

    Unlike :func:`asyncio.to_thread`, it neither shares a limited pool of threads nor delays the closing of the loop: if
    the caller is cancelled, the call goes on in the background and its result is dropped.

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
        with suppress(RuntimeError):  # the loop is closed, so nobody is waiting
            loop.call_soon_threadsafe(settle, *outcome)

    context = contextvars.copy_context()
    Thread(target=context.run, args=(run,), name="mockserver wait", daemon=True).start()
    return await future


def refuse_in_loop(call: str, instead: str) -> None:
    """Refuse a blocking call while an event loop is running in this thread.

    Args:
        instead: The method to await instead.

    Raises:
        BlockingCallInLoop: A loop is running.
    """
    __tracebackhide__ = True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallInLoop(
        f"{call} would block the running event loop, and the client under test with it: await {instead}() instead"
    )


def timeout_ms_of(timeout_s: object) -> int:
    """Convert a timeout to milliseconds.

    Raises:
        InvalidInput: It is not 0 to 60 seconds.
    """
    if not isinstance(timeout_s, (int, float)) or not 0 <= timeout_s <= MAX_TIMEOUT_MS / 1000:
        raise InvalidInput(
            f"timeout_s must be 0 to {MAX_TIMEOUT_MS // 1000} seconds, not {timeout_s!r}", pointer="/timeout_s"
        )
    return round(timeout_s * 1000)
