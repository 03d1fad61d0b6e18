"""Holding back the garbage collector, which keeps players waiting while it runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["put_off"]

_MANY = 10_000


@contextmanager
def put_off() -> Iterator[None]:
    """Hold back the garbage collector while many objects are made that are part of no cycle.

    Walking over them again and again takes a fifth of the time of a diagnosis. Afterwards it would walk over all of
    them at once. So in a process that froze its objects when it began to serve, these are frozen too: the collector
    ignores them, and they are freed when nothing refers to them. Cycles that are garbage by then stay; there are few.
    """
    was_on, before = gc.isenabled(), gc.get_count()[0]
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] - before > _MANY and gc.get_freeze_count():
            gc.freeze()
        if was_on:
            gc.enable()
