"""The journal says what became of an answer before its client can know, so that a test may look at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.control import ADD_FAULT, SET_CLOCK
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import (
    CloseFault,
    DelayFault,
    DribbleFault,
    Fault,
    GarbleFault,
    RefuseFault,
    ResetFault,
    TruncateFault,
)
from mockserver.model.journal import Record
from mockserver.model.results import ClockCommand
from mockserver.model.vocabulary import Delivery, Stage
from tests.factories import inside
from tests.server.event_bytes import HOST, LENGTH, request
from tests.server.running import PING
from tests.server.twins import Twins, in_memory, opened
from tests.tables import every_case

FAULTS: tuple[tuple[Fault, Delivery], ...] = (
    (DelayFault(ms=50), Delivery.SENT),
    (DribbleFault(chunks=3, total_ms=50), Delivery.SENT),
    (TruncateFault(after_bytes=10), Delivery.CUT),
    (GarbleFault(), Delivery.CUT),
    (CloseFault(), Delivery.CUT),
    (ResetFault(), Delivery.CUT),
    (RefuseFault(duration_ms=50), Delivery.CUT),
)
"""Faults, and what becomes of the answer; a dribbled one has all but its last piece underway before."""


def seen_by_client(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> list[Record | None]:
    """Return a list of what the journal says of the second request whenever its client is written to or cut off."""
    connection, journal = twins.fast.connections[0], inside(twins.fast.service.namespaces.default).journal
    seen: list[Record | None] = []

    def noting(real: Callable[..., None]) -> Callable[..., None]:
        def note(*data: bytes) -> None:
            seen.append(journal.get(2))
            real(*data)

        return note

    for name in ("write", "close", "abort"):
        monkeypatch.setattr(connection, name, noting(getattr(connection, name)))
    return seen


def deliveries(seen: list[Record | None]) -> list[Delivery | None]:
    return [None if record is None else record.delivery for record in seen]


@every_case(("fault", "delivery"), FAULTS, ids=lambda value: type(value).__name__)
def test_delivery_is_recorded_before_the_answer_or_its_end_is_sent(
    fault: Fault, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(twins: Twins) -> None:
        path = await opened(twins)
        await twins.call(SET_CLOCK, ClockCommand(action="freeze"))
        await twins.call(ADD_FAULT, FaultSpec(fault=fault, stage=Stage.RESPONSE, times=1))
        seen = seen_by_client(twins, monkeypatch)
        await twins.send(request(path))
        await twins.call(SET_CLOCK, ClockCommand(action="advance", ms=50))
        underway = 2 if isinstance(fault, DribbleFault) else 0
        assert deliveries(seen)[: underway + 1] == [Delivery.PENDING] * underway + [delivery]

    in_memory(script)


def test_announced_end_of_the_connection_is_recorded_before_it_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(twins: Twins) -> None:
        path = await opened(twins)
        seen = seen_by_client(twins, monkeypatch)
        await twins.send(request(path, PING, HOST, LENGTH, b"Connection: close"))
        (record,) = seen[:1]
        assert record is not None
        assert record.response is not None
        assert record.response.final

    in_memory(script)
